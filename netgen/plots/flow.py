"""Flow figure: a box per step, an arrow to the next, and beside the arrow who was left out and why.

Steps that follow the same one are drawn beside each other, or below each other along a rail where they would become too
narrow. Text is wrapped to its box and every box is as high as its text, so long lists of reasons only make the figure
longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.plots.style import GREY, MM, NORMAL, POINT, WIDTHS_MM, Width, new_figure, styled, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

FLOW_COLUMNS: Final = ("step", "after", "reason", "text")
# Geometry in mm.
EDGE: Final = 2.0  # around everything
PADDING: Final = 1.4  # between text and box
GAP: Final = 5.0  # between two boxes without exclusions
SIDE: Final = 6.0  # between an arrow and the box of exclusions
BETWEEN: Final = 4.0  # two columns
INDENT: Final = 6.0  # of steps along a rail
HANGING: Final = 2.0  # of the further lines of a reason
NARROW: Final = 52.0  # a column is not made narrower
SHARE: Final = 0.5  # of a column that a step takes; the rest is for exclusions
WIDEST: Final = 62.0  # a step is not made wider
SLACK: Final = 1.03  # hinted letters are a little wider than measured
LINE: Final = NORMAL * 1.25 * POINT / MM  # height of a line of text
HEAD: Final = 4.0  # arrow heads, points
FILL: Final = "#F2F2F2"


class Box(NamedTuple):
    """A rectangle with text, mm from the upper left corner, y downwards."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    kind: str

    @property
    def middle(self) -> float:
        """Centre, horizontally."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height


class Arrow(NamedTuple):
    """A broken line, mm, and whether it has a head at its last point."""

    points: tuple[tuple[float, float], ...]
    head: bool = True


class Layout(NamedTuple):
    """Boxes, arrows and the height they take, mm."""

    boxes: list[Box]
    arrows: list[Arrow]
    height: float


class _Step(NamedTuple):
    label: str
    text: str
    excluded: tuple[tuple[str, str], ...]
    children: tuple[str, ...]


def plot_flow(
    steps: pd.DataFrame, ax: Axes | None = None, *, title: str = "", width: Width = "double", left_out: str = "Left out"
) -> Axes:
    """Draw a flow of patients.

    Nothing is computed here: numbers are printed as given. Rows of an unknown step are an error, not passed over.

    Parameters
    ----------
    steps
        One row per box and one per reason, in the order of the figure: ``step`` (its label, unique), ``after`` (the
        step it follows, blank for the first), ``reason`` (blank for the box itself), ``text`` (the number).
    ax
        Axes to draw on; they must be high enough. Made if None, as high as needed.
    title
        Heading, left-aligned.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).
    left_out
        Heading of the boxes with reasons.

    Returns
    -------
    Axes
        The axes, without frame; data units are mm from the upper left corner. ``ax.figure`` is the figure.

    Raises
    ------
    ValueError
        If a column is missing, a step has no box or follows none before it, or the axes are too low.
    """
    tree = _read(steps)
    with styled():
        if ax is None:
            plan = lay_out(tree, WIDTHS_MM[width], left_out)
            above = 6.0 if title else 0.0
            height = plan.height + above
            fig = new_figure(width, height)
            ax = fig.add_axes((0, 0, 1, plan.height / height))
        else:
            box = ax.get_window_extent()
            unit = ax.figure.dpi * MM
            plan = lay_out(tree, box.width / unit, left_out)
            if plan.height > box.height / unit + 0.01:
                have = box.height / unit
                raise ValueError(f"The flow needs {plan.height:.0f} mm of height, the axes have {have:.0f}.")
        extent = ax.get_window_extent()
        ax.set_xlim(0, extent.width / (ax.figure.dpi * MM))
        ax.set_ylim(extent.height / (ax.figure.dpi * MM), 0)
        ax.set_axis_off()
        _draw(ax, plan)
        if title:
            ax.set_title(title, loc="left", x=EDGE / WIDTHS_MM[width], pad=1)
    return ax


def _read(steps: pd.DataFrame) -> dict[str, _Step]:
    missing = [name for name in FLOW_COLUMNS if name not in steps.columns]
    if missing:
        raise ValueError(f"steps needs the columns {', '.join(FLOW_COLUMNS)}, found no {', '.join(missing)}.")
    frame = steps[list(FLOW_COLUMNS)].astype("string").fillna("")
    boxes = frame.loc[frame["reason"] == ""]
    if len(boxes) == 0 or boxes["step"].duplicated().any() or set(frame["step"]) != set(boxes["step"]):
        raise ValueError("every step needs exactly one row without a reason.")
    names = list(boxes["step"])
    for i, (name, after) in enumerate(zip(names, boxes["after"], strict=True)):
        if (after not in names[:i]) if i else bool(after):
            raise ValueError(f"step {name!r} follows {after!r}, which is no step before it.")
    reasons = frame.loc[frame["reason"] != ""]
    out = {}
    for name, text in zip(names, boxes["text"], strict=True):
        own = reasons.loc[reasons["step"] == name]
        children = tuple(boxes.loc[boxes["after"] == name, "step"])
        out[name] = _Step(name, text, tuple(zip(own["reason"], own["text"], strict=True)), children)
    return out


def lay_out(tree: dict[str, _Step], width: float, left_out: str) -> Layout:
    """Return where boxes and arrows go.

    Parameters
    ----------
    tree
        Steps by name, the first without a predecessor.
    width
        Of the figure, mm.
    left_out
        Heading of the boxes with reasons.

    Returns
    -------
    Layout
        Inside the width; nothing overlaps.
    """
    plan = Layout([], [], 0.0)
    first = next(iter(tree))
    bottom = _place(tree, first, EDGE, EDGE, width - 2 * EDGE, plan, left_out)
    return plan._replace(height=bottom + EDGE)


def _place(tree: dict[str, _Step], name: str, x: float, y: float, width: float, plan: Layout, left_out: str) -> float:
    """Place a step and all that follow it in a column; return how far down they go."""
    step = tree[name]
    own = min(width * SHARE, WIDEST)
    lines = (*wrap(step.label, own - 2 * PADDING), f"n = {step.text}")
    box = Box(x, y, own, len(lines) * LINE + 2 * PADDING, lines, "step")
    plan.boxes.append(box)
    children = step.children
    each = (width - BETWEEN * (len(children) - 1)) / max(len(children), 1)
    if len(children) > 1 and each < NARROW:
        return _along_rail(tree, box, children, width, plan, left_out)
    if len(children) <= 1:
        return max([box.bottom, *(_follow(tree, box, child, x, width, plan, left_out) for child in children)])
    bus = box.bottom + GAP / 2
    ends = []
    for i, child in enumerate(children):
        left = x + i * (each + BETWEEN)
        start = Box(left, box.y, min(each * SHARE, WIDEST), bus - box.y, (), "bus")
        plan.arrows.append(Arrow(((box.middle, box.bottom), (box.middle, bus), (start.middle, bus)), head=False))
        ends.append(_follow(tree, start, child, left, each, plan, left_out))
    return max(ends)


def _follow(
    tree: dict[str, _Step], parent: Box, name: str, x: float, width: float, plan: Layout, left_out: str
) -> float:
    """Place a step below its predecessor in the same column, with who was left out beside the arrow."""
    top = parent.bottom + GAP
    middle = x + min(width * SHARE, WIDEST) / 2
    beside = _reasons(tree[name], middle + SIDE, parent.bottom + GAP / 2, x + width, left_out)
    if beside is not None:
        plan.boxes.append(beside)
        top = beside.bottom + GAP / 2
        level = beside.y + beside.height / 2
        plan.arrows.append(Arrow(((parent.middle, level), (beside.x, level))))
    plan.arrows.append(Arrow(((parent.middle, parent.bottom), (parent.middle, top))))
    return _place(tree, name, x, top, width, plan, left_out)


def _along_rail(
    tree: dict[str, _Step], box: Box, children: tuple[str, ...], width: float, plan: Layout, left_out: str
) -> float:
    """Place steps below each other, indented, on a line that comes down from their predecessor."""
    rail, y = box.x + INDENT / 2, box.bottom
    inner = width - INDENT
    for child in children:
        beside = _reasons(tree[child], box.x + INDENT + SIDE, y + GAP / 2, box.x + width, left_out)
        top = y + GAP
        if beside is not None:
            plan.boxes.append(beside)
            top = beside.bottom + GAP / 2
            level = beside.y + beside.height / 2
            plan.arrows.append(Arrow(((rail, level), (beside.x, level))))
        enter = top + PADDING + LINE / 2
        plan.arrows.append(Arrow(((rail, box.bottom), (rail, enter), (box.x + INDENT, enter))))
        y = _place(tree, child, box.x + INDENT, top, inner, plan, left_out)
    return y


def _reasons(step: _Step, x: float, y: float, right: float, left_out: str) -> Box | None:
    """Return the box of who was left out on the way to a step; None if nobody was."""
    if not step.excluded:
        return None
    inner = right - x - 2 * PADDING
    lines = wrap(left_out, inner)
    for reason, n in step.excluded:
        lines += [("  " if i else "") + line for i, line in enumerate(wrap(f"{reason}: {n}", inner - HANGING))]
    widest = max(text_width(line.strip(), NORMAL) * POINT / MM + HANGING * line.startswith("  ") for line in lines)
    width = min(right - x, widest * SLACK + 2 * PADDING)
    return Box(x, y, width, len(lines) * LINE + 2 * PADDING, tuple(lines), "excluded")


def wrap(text: str, width: float) -> list[str]:
    """Return the lines of a text that fit a width; a word that is too long is broken.

    Parameters
    ----------
    text
        One paragraph.
    width
        In mm; a little of it is kept free.

    Returns
    -------
    list of str
        At least one line.
    """
    wide = width / SLACK * MM / POINT
    lines, line = [], ""
    for word in _pieces(text, wide):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, NORMAL) > wide:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def _pieces(text: str, wide: float) -> Iterator[str]:
    """Words, cut where one alone is wider than a line."""
    for word in text.split():
        rest = word
        while text_width(rest, NORMAL) > wide and len(rest) > 1:
            cut = next(n for n in range(len(rest) - 1, 0, -1) if n == 1 or text_width(rest[:n], NORMAL) <= wide)
            yield rest[:cut]
            rest = rest[cut:]
        yield rest


def _draw(ax: Axes, plan: Layout) -> None:
    from matplotlib.patches import FancyArrowPatch, Rectangle

    for points, head in plan.arrows:
        line = points[:-1] if head else points
        ax.plot(*zip(*line, strict=True), color=GREY, lw=0.6, solid_capstyle="butt", zorder=1)
        if head:
            ax.add_patch(
                FancyArrowPatch(points[-2], points[-1], arrowstyle="-|>", mutation_scale=HEAD, color=GREY, lw=0.6,
                                shrinkA=0, shrinkB=0, zorder=1)
            )  # fmt: skip
    for box in plan.boxes:
        excluded = box.kind == "excluded"
        ax.add_patch(
            Rectangle((box.x, box.y), box.width, box.height, facecolor="white" if excluded else FILL,
                      edgecolor=GREY if excluded else "black", lw=0.5, ls="--" if excluded else "-", zorder=2)
        )  # fmt: skip
        _write(ax, box, excluded=excluded)


def _write(ax: Axes, box: Box, *, excluded: bool) -> None:
    """Reasons on the left, a step in the middle with its number bold."""
    for i, line in enumerate(box.lines):
        y = box.y + PADDING + (i + 0.5) * LINE
        indent = HANGING if line.startswith("  ") else 0.0
        x, align = (box.x + PADDING + indent, "left") if excluded else (box.middle, "center")
        bold = not excluded and i == len(box.lines) - 1
        ax.text(x, y, line.strip(), ha=align, va="center_baseline", size=NORMAL, zorder=3,
                weight="bold" if bold else "normal")  # fmt: skip
