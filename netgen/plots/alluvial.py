"""Alluvial figure: which class of treatment followed which, one panel per group.

A column is a line of treatment, a block a class or the reason why there was no further line, and its height a share of
the patients of the group. Patients who leave treatment end in the column of the line they did not receive, so that the
columns become shorter. Blocks bear their names and numbers; those too small for that are hatched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.plots.regimen_look import EDGE, hatched, in_order, legend_handles, look_of, thin_hatching
from netgen.plots.style import NORMAL, POINT, SMALL, WIDTHS_MM, Width, new_figure, styled, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

FLOW_COLUMNS: Final = ("group", "from_line", "from_class", "to", "count")
BLOCK: Final = 0.44  # width of a block, columns are 1 apart
GAP: Final = 0.012  # between blocks, in shares of a group
BODY, SIDE, BETWEEN, TOP, BOTTOM, LEGEND_ROW = 62.0, 3.0, 4.0, 11.0, 5.0, 4.2  # mm


class Block(NamedTuple):
    """One block: column (from 0), state, patients, lower edge and height."""

    column: int
    state: str
    patients: int
    bottom: float
    height: float


def plot_alluvial(
    flows: pd.DataFrame,
    axes: Sequence[Axes] | None = None,
    *,
    order: Sequence[str] | None = None,
    title: str = "",
    width: Width = "double",
) -> list[Axes]:
    """Draw the ways from line to line of every group.

    Nothing is counted here but sums of the given counts.

    Parameters
    ----------
    flows
        One row per group, line and pair of states: ``group``, ``from_line``, ``from_class``, ``to`` (a class, or why
        there was no further line), ``count``.
    axes
        One per group; made if None.
    order
        Groups in the order of panels; as they appear in ``flows`` if None.
    title
        Heading of the figure that is made.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    list of Axes
        One per group.

    Raises
    ------
    ValueError
        If a column is missing, no row is left, or the number of axes differs from that of the groups.
    """
    missing = [name for name in FLOW_COLUMNS if name not in flows.columns]
    if missing:
        raise ValueError(f"flows needs the columns {', '.join(FLOW_COLUMNS)}, found no {', '.join(missing)}.")
    rows = flows.loc[flows["count"] > 0]
    groups = [name for name in (order or list(dict.fromkeys(rows["group"]))) if (rows["group"] == name).any()]
    if not groups:
        raise ValueError("flows needs at least one row with patients, found none.")
    if axes is not None and len(axes) != len(groups):
        raise ValueError(f"one panel per group is needed: {len(groups)} groups, {len(axes)} axes.")
    states = in_order([*rows["from_class"], *rows["to"]])
    with styled(), thin_hatching():
        panels = _make_axes(len(groups), states, title, width) if axes is None else list(axes)
        for ax, group in zip(panels, groups, strict=True):
            _draw_group(ax, rows.loc[rows["group"] == group], str(group))
    return panels


def stack_blocks(flows: pd.DataFrame) -> list[Block]:
    """Return the blocks of one group, column by column.

    Parameters
    ----------
    flows
        Rows of one group.

    Returns
    -------
    list of Block
        The first column holds everybody who left line 1; each further one those who left the line before, by what
        followed. Heights are shares of the first column; a gap lies between two blocks; columns hang from 1.
    """
    first = int(flows["from_line"].min())
    columns = [flows.loc[flows["from_line"] == first].groupby("from_class")["count"].sum()]
    columns += [own.groupby("to")["count"].sum() for _, own in flows.groupby("from_line", sort=True)]
    total = int(columns[0].sum())
    blocks = []
    for place, counts in enumerate(columns):
        top = 1.0
        for state in in_order(counts.index):
            height = float(counts[state]) / total
            blocks.append(Block(place, str(state), int(counts[state]), top - height, height))
            top -= height + GAP
    return blocks


def _make_axes(n: int, states: list[str], title: str, width: Width) -> list[Axes]:
    """Panels side by side, the legend below."""
    whole = WIDTHS_MM[width]
    per_row = 6 if width == "double" else 3
    legend = LEGEND_ROW * int(np.ceil(len(states) / per_row)) + 2
    height = BODY + TOP + BOTTOM + legend
    fig = new_figure(width, height)
    wide = (whole - 2 * SIDE - BETWEEN * (n - 1)) / n
    if title:
        fig.text(SIDE / whole, 1 - 2.5 / height, title, ha="left", va="top", fontsize=7, fontweight="bold")
    fig.legend(
        handles=legend_handles(states, short=True), loc="lower left", bbox_to_anchor=(SIDE / whole, 0.5 / height),
        ncols=per_row, handlelength=1.6, handleheight=1.0, borderpad=0, borderaxespad=0, columnspacing=1.2,
        labelspacing=0.35,
    )  # fmt: skip
    left = [SIDE + i * (wide + BETWEEN) for i in range(n)]
    return [fig.add_axes((x / whole, (BOTTOM + legend) / height, wide / whole, BODY / height)) for x in left]


def _draw_group(ax: Axes, flows: pd.DataFrame, group: str) -> None:
    blocks = stack_blocks(flows)
    place = {(block.column, block.state): block for block in blocks}
    leaving = {key: block.bottom + block.height for key, block in place.items()}
    arriving = dict(leaving)
    first, total = int(flows["from_line"].min()), sum(block.patients for block in blocks if block.column == 0)
    ordered = {state: i for i, state in enumerate(in_order([*flows["from_class"], *flows["to"]]))}
    steps = sorted(
        flows[["from_line", "from_class", "to", "count"]].itertuples(index=False),
        key=lambda row: (row[0], ordered[row[1]], ordered[row[2]]),
    )
    for line, start, to, count in steps:
        source, target, share = (line - first, start), (line - first + 1, to), count / total
        _ribbon(ax, line - first, leaving[source], arriving[target], share, look_of(start).color)
        leaving[source] -= share
        arriving[target] -= share
    low = min(0.0, *(block.bottom for block in blocks))
    last = max(block.column for block in blocks)
    ax.set_xlim(-BLOCK / 2 - 0.02, last + BLOCK / 2 + 0.02)
    ax.set_ylim(low - 0.01, 1.01)
    for block in blocks:
        _draw_block(ax, block, high=1.02 - low)
    ax.set_xticks(range(last + 1), [f"line {first + i}" for i in range(last + 1)])
    ax.tick_params(length=0)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    room = ax.get_window_extent().width / ax.figure.dpi / POINT
    ax.set_title(_heading(group, total, room), loc="left", fontsize=NORMAL, fontweight="bold", pad=3)


def _heading(group: str, total: int, room: float) -> str:
    """Return name and number of a group, cut to a width in points."""
    end = f" (n = {total})"
    cut = group
    while len(cut) > 1 and text_width(cut + end, NORMAL, "bold") > room:
        cut = cut.rstrip("\N{HORIZONTAL ELLIPSIS}")[:-1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    return cut + end


def _ribbon(ax: Axes, column: int, start: float, stop: float, share: float, color: str) -> None:
    """Draw a band from the right edge of a block to the left edge of one in the next column."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    a, b = column + BLOCK / 2, column + 1 - BLOCK / 2
    middle = (a + b) / 2
    points = [(a, start), (middle, start), (middle, stop), (b, stop), (b, stop - share), (middle, stop - share),
              (middle, start - share), (a, start - share), (a, start)]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(points, codes), facecolor=color, alpha=0.35, lw=0, zorder=1))


def _draw_block(ax: Axes, block: Block, *, high: float) -> None:
    """Draw a filled block with name and number where they fit, else hatched."""
    from matplotlib.patches import Rectangle

    look = look_of(block.state)
    corner, middle = (block.column - BLOCK / 2, block.bottom), block.bottom + block.height / 2
    ax.add_patch(
        Rectangle(corner, BLOCK, block.height, facecolor=look.color, edgecolor=EDGE, lw=0.3, zorder=2,
                  label=f"_block {block.column} {block.state}")
    )  # fmt: skip
    window, per_point = ax.get_window_extent(), 1 / ax.figure.dpi / POINT
    room = (
        BLOCK / (ax.get_xlim()[1] - ax.get_xlim()[0]) * window.width * per_point,
        block.height / high * window.height * per_point,
    )
    n = block.patients
    text = _fitting([f"{look.name} {n}", f"{look.name}\n{n}", f"{look.short} {n}", f"{look.short}\n{n}"], room)
    if look.hatch and not text:
        ax.add_patch(hatched(Rectangle(corner, BLOCK, block.height, zorder=2.5), look))
    if text:
        ax.text(block.column, middle, text, ha="center", va="center", fontsize=SMALL, color=look.ink, zorder=3,
                linespacing=1.0)  # fmt: skip


def _fitting(texts: list[str], room: tuple[float, float]) -> str:
    """Return the first text that fits into width and height in points; blank if none does."""
    for text in texts:
        lines = text.split("\n")
        if max(text_width(line, SMALL) for line in lines) <= room[0] - 1 and len(lines) * (SMALL + 1) <= room[1]:
            return text
    return ""
