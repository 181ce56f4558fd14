"""Forest plot: hazard ratios of features, and of the origins within a feature, with their numbers as text.

A row that has no estimate shows its reason in place of the interval. An interval that leaves the axis ends in an arrow.
The text columns stand at fixed distances (points) from the axes, so that they line up at any size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.plots.style import (
    GREY,
    LARGE,
    MM,
    NORMAL,
    PALETTE,
    POINT,
    SMALL,
    Width,
    format_p,
    new_figure,
    styled,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

    from matplotlib.axes import Axes

COLUMNS: Final = (
    "feature", "level", "n_altered", "n_profiled", "events_altered", "hr", "hr_lo", "hr_hi", "p", "q", "status", "note",
)  # fmt: skip
REASONS: Final[dict[str, str]] = {
    "too_few_altered": "not tested: too few altered",
    "too_few_unaltered": "not tested: too few unaltered",
    "all_altered": "not tested: all altered",
    "none_altered": "not tested: none altered",
    "no_events": "not estimable: no events",
    "too_few_events": "not tested: too few events",
    "not_profiled": "not profiled",
    "untestable_discrete": "not tested: no p-value below alpha attainable",
    "degenerate": "not estimable: no information",
    "not_estimable": "not estimable",
}
SIGNS: Final = "\N{DAGGER}\N{DOUBLE DAGGER}\N{SECTION SIGN}\N{PILCROW SIGN}#"
DASH: Final = "\N{EN DASH}"
LEFT, RIGHT = "\N{LEFTWARDS ARROW}", "\N{RIGHTWARDS ARROW}"
STRIPE: Final = "#F3F3F3"
ROW_POINTS, GAP, INDENT = 11.0, 9.0, 7.0
NOTES_TOP = 35.0  # points below the axes
LIMITS: Final = (0.05, 20.0)
TICKS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


class TextColumn(NamedTuple):
    """One column of text beside the axes: heading, cells, width in points."""

    heading: str
    cells: list[str]
    width: float


def plot_forest(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    limits: tuple[float, float] | None = None,
    q_label: str = "q",
    width: Width = "double",
) -> Axes:
    """Draw one row per feature, in the order of the table, with rows of level 1 indented below it.

    Missing numbers are printed as a dash. A row without ``hr`` shows its status in words where the interval would be.

    Parameters
    ----------
    table
        ``feature`` (text), ``level`` (0 = feature, 1 = a part of the feature above, such as an origin), ``n_altered``,
        ``n_profiled``, ``events_altered``, ``hr``, ``hr_lo``, ``hr_hi`` (altered against unaltered), ``p``, ``q``,
        ``status`` (as in ``associations.tsv``), ``note`` (printed below, with a sign at the name; blank = none).
    ax
        Axes to draw on; it needs room for the text on both sides and for notes below. Made if None, with that room.
    title
        Heading, left-aligned.
    limits
        Ends of the axis; chosen from the estimates within 0.05 to 20 if None.
    q_label
        Heading of the column ``q``, for example "q (BH)".
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    Axes
        The axes; ``ax.figure`` is the figure.

    Raises
    ------
    ValueError
        If a column is missing, the table is empty, or the limits are not positive and increasing.
    """
    _check(table, limits)
    rows = table.reset_index(drop=True)
    signs = _note_signs(rows)
    left, right = _left_columns(rows, signs), _right_columns(rows, q_label)
    ends = limits if limits is not None else _limits(rows)
    with styled():
        if ax is None:
            ax = _make_axes(rows, left, right, signs, width, titled=bool(title))
        _set_axes(ax, len(rows), ends)
        _draw_stripes(ax, len(rows), _width(left), _width(right))
        for number, row in enumerate(rows.to_dict("records")):
            _draw_row(ax, row, len(rows) - 1 - number, ends)
        _write_columns(ax, rows, left, right)
        for number, (note, sign) in enumerate(signs.items()):
            place = (-_width(left), -NOTES_TOP - 7 * number)
            _write(ax, f"{sign} {note}", (0, 0), "axes fraction", place, {"fontsize": SMALL})
        if title:
            style = {"fontsize": LARGE, "fontweight": "bold"}
            _write(ax, title, (0, 1), "axes fraction", (-_width(left), 22), style)
    return ax


def format_hr(hr: float, lo: float, hi: float) -> str:
    """Return a hazard ratio with its interval as journals print it.

    Parameters
    ----------
    hr
        Estimate; NaN = none.
    lo
        Lower limit; NaN = none.
    hi
        Upper limit; NaN = none.

    Returns
    -------
    str
        Two decimals below 10, one up to 100; beyond 0.01 and 100 the limit with a sign; a dash where there is none.
    """
    if np.isnan(hr):
        return DASH
    return f"{_number(hr)} ({_number(lo)}{DASH}{_number(hi)})"


def _number(value: float) -> str:
    if np.isnan(value):
        return "NA"
    if value < 0.01:
        return "<0.01"
    if value > 100:
        return ">100"
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}"


def _check(table: pd.DataFrame, limits: tuple[float, float] | None) -> None:
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise ValueError(f"The table needs the columns {', '.join(COLUMNS)}, found no {', '.join(missing)}.")
    if table.empty:
        raise ValueError("The table needs at least one row, found none.")
    if limits is not None and not 0 < limits[0] < 1 < limits[1]:
        raise ValueError(f"limits must be positive with 1 between them, found {limits[0]:g} and {limits[1]:g}.")


def _note_signs(rows: pd.DataFrame) -> dict[str, str]:
    """Give every different note a sign, in order of appearance."""
    notes = list(dict.fromkeys(note for note in rows["note"].fillna("").astype(str) if note.strip()))
    return {note: SIGNS[i % len(SIGNS)] * (1 + i // len(SIGNS)) for i, note in enumerate(notes)}


def _left_columns(rows: pd.DataFrame, signs: dict[str, str]) -> list[TextColumn]:
    notes = rows["note"].fillna("").astype(str)
    names = [f"{name}{signs.get(note, '')}" for name, note in zip(rows["feature"], notes, strict=True)]
    counts = [f"{_count(a)}/{_count(n)}" for a, n in zip(rows["n_altered"], rows["n_profiled"], strict=True)]
    events = [_count(value) for value in rows["events_altered"]]
    first = _column("Feature", names)
    indent = INDENT if (rows["level"] == 1).any() else 0.0
    return [
        first._replace(width=first.width + indent),
        _column("Altered/profiled", counts),
        _column("Events if altered", events),
    ]


def _right_columns(rows: pd.DataFrame, q_label: str) -> list[TextColumn]:
    numbers = [rows[name].to_numpy(np.float64, na_value=np.nan) for name in ("hr", "hr_lo", "hr_hi", "p", "q")]
    ratios = [format_hr(float(hr), float(lo), float(hi)) for hr, lo, hi in zip(*numbers[:3], strict=True)]
    return [
        _column("HR (95% CI)", ratios),
        _column("p", [format_p(float(value)) for value in numbers[3]]),
        _column(q_label, [format_p(float(value)) for value in numbers[4]]),
    ]


def _column(heading: str, cells: list[str]) -> TextColumn:
    widest = max(text_width(heading, weight="bold"), *(text_width(cell) * 1.1 for cell in cells))
    return TextColumn(heading, cells, widest + GAP)


def _count(value: object) -> str:
    return DASH if pd.isna(value) else str(int(value))  # type: ignore[call-overload]  # a number of the table


def _width(columns: list[TextColumn]) -> float:
    return sum(column.width for column in columns)


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Return ticks that hold all intervals, within ``LIMITS`` and at least from 0.5 to 2."""
    values = rows[["hr", "hr_lo", "hr_hi"]].to_numpy(np.float64, na_value=np.nan)
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (min(values.min(), 0.5), max(values.max(), 2.0)) if len(values) else (0.5, 2.0)
    below = [tick for tick in TICKS if LIMITS[0] <= tick <= low]
    above = [tick for tick in TICKS if high <= tick <= LIMITS[1]]
    return (below[-1] if below else LIMITS[0], above[0] if above else LIMITS[1])


def _make_axes(
    rows: pd.DataFrame, left: list[TextColumn], right: list[TextColumn], signs: dict[str, str], width: Width,
    *, titled: bool,
) -> Axes:  # fmt: skip
    """Return axes in a new figure with room for the text around them."""
    bottom = (NOTES_TOP + 7 * len(signs)) * POINT
    top = (32.0 if titled else 18.0) * POINT
    plot = ROW_POINTS * len(rows) * POINT
    fig = new_figure(width, (bottom + plot + top) / MM)
    wide, high = fig.get_size_inches()
    start, end = (_width(left) + 6) * POINT, (_width(right) + 4) * POINT
    if wide - start - end < 25 * MM:
        raise ValueError("The text leaves no room for the plot: choose width 'double' or shorter feature names.")
    return fig.add_axes((start / wide, bottom / high, (wide - start - end) / wide, plot / high))


def _set_axes(ax: Axes, n: int, ends: tuple[float, float]) -> None:
    ax.set_xscale("log")
    ax.set_xlim(*ends)
    ax.set_ylim(-0.5, n - 0.5)
    ticks = [tick for tick in TICKS if ends[0] <= tick <= ends[1]]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.axvline(1, color="black", lw=0.5, zorder=1, label="_one")
    ax.set_xlabel("Hazard ratio, altered against unaltered")
    for side, x, text in (("left", 0, f"{LEFT} lower if altered"), ("right", 1, f"higher if altered {RIGHT}")):
        _write(ax, text, (x, 0), "axes fraction", (0, -28), {"fontsize": SMALL, "color": GREY, "ha": side})


def _draw_stripes(ax: Axes, n: int, left: float, right: float) -> None:
    """Shade every other row across the axes and the text columns (widths in points)."""
    from matplotlib.patches import Rectangle

    wide = ax.get_window_extent().width / ax.figure.dpi / POINT
    for y in range(1, n, 2):
        place = ((-left - 3) / wide, y - 0.5)
        ax.add_patch(
            Rectangle(place, 1 + (left + right + 5) / wide, 1, transform=ax.get_yaxis_transform(), color=STRIPE, lw=0,
                      clip_on=False, zorder=0)
        )  # fmt: skip


def _draw_row(ax: Axes, row: dict[Hashable, Any], y: int, ends: tuple[float, float]) -> None:
    """Draw the interval and estimate of one row, or say why there is none."""
    hr, lo, hi = (float(row[name]) if pd.notna(row[name]) else np.nan for name in ("hr", "hr_lo", "hr_hi"))
    if np.isnan(hr):
        text = REASONS.get(str(row["status"]), str(row["status"]).replace("_", " "))
        box = {"facecolor": STRIPE if y % 2 else "white", "edgecolor": "none", "pad": 1}
        ax.text(
            np.sqrt(ends[0] * ends[1]), y, text, ha="center", va="center", color=GREY, style="italic", fontsize=SMALL,
            bbox=box, zorder=2,
        )  # fmt: skip
        return
    main = row["level"] == 0
    color = PALETTE[0] if main else GREY
    inside = ends[0] <= hr <= ends[1]
    start, end = max(lo if not np.isnan(lo) else hr, ends[0]), min(hi if not np.isnan(hi) else hr, ends[1])
    if start < end:
        ax.plot([start, end], [y, y], color=color, lw=1.0 if main else 0.7, solid_capstyle="butt", label="_interval")
    for limit, edge, marker in ((lo, ends[0], "<"), (hi, ends[1], ">")):
        outside = limit < edge if marker == "<" else limit > edge
        if outside:
            ax.plot([edge], [y], marker=marker, ms=3.5, mew=0, color=color, clip_on=False, label="_arrow")
    if inside:
        face = color if main else "white"
        shape, size = ("s", 4.0) if main else ("D", 3.0)
        ax.plot([hr], [y], marker=shape, ms=size, mew=0.7, mec=color, mfc=face, ls="none", label="_estimate", zorder=3)


def _write_columns(ax: Axes, rows: pd.DataFrame, left: list[TextColumn], right: list[TextColumn]) -> None:
    """Write the text columns; the first is left-aligned, the others centred under their headings."""
    n = len(rows)
    offset = -_width(left)
    for number, column in enumerate([*left, *right]):
        base = 0 if number < len(left) else 1
        if number == len(left):
            offset = GAP / 2
        first = number == 0
        place = offset if first else offset + column.width / 2
        align = "left" if first else "center"
        _write(ax, column.heading, (base, 1), "axes fraction", (place, 8), {"ha": align, "fontweight": "bold"})
        for i, cell in enumerate(column.cells):
            part = rows.loc[i, "level"] == 1
            style: dict[str, Any] = {"color": GREY if part else "black", "ha": align}
            shift = INDENT if first and part else 0.0
            _write(ax, cell, (base, n - 1 - i), ("axes fraction", "data"), (place + shift, 0), style)
        offset += column.width


def _write(
    ax: Axes, text: str, xy: tuple[float, float], coords: str | tuple[str, str], offset: tuple[float, float],
    style: dict[str, Any],
) -> None:  # fmt: skip
    """Write text at a distance in points from a place on the axes."""
    ax.annotate(
        text, xy=xy, xycoords=coords, xytext=offset, textcoords="offset points", va="center", annotation_clip=False,
        **{"fontsize": NORMAL, **style},
    )  # fmt: skip
