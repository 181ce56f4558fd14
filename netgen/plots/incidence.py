"""Cumulative incidence figure: one line per group and cause, and the numbers at risk below.

Groups differ in colour, causes in dashes; the confidence band is that of the first cause. Like a Kaplan-Meier curve a
line is dotted where fewer than 5 patients are at risk. Times are days; tick labels are printed in months or years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from netgen.plots.km import (
    LABEL_GAP,
    LEGEND_ROW,
    TABLE_ROW,
    TABLE_TOP,
    TAIL,
    Curve,
    annotate_groups,
    draw_risk_table,
    set_survival_axes,
)
from netgen.plots.style import (
    DASHES,
    DAYS_PER,
    DOTTED,
    MM,
    PALETTE,
    POINT,
    WIDTHS_MM,
    Width,
    new_figure,
    styled,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

INCIDENCE_COLUMNS: Final = ("group", "cause_name", "time_days", "incidence", "lo", "hi", "n_risk")
RISK_COLUMNS: Final = ("group", "time_days", "n_risk", "cum_events")
SPARSE: Final = (0, (1, 4))  # the tail of other causes than the first
SAMPLE: Final = 30.0  # points of a line sample of the legend with its gaps


class Line(NamedTuple):
    """One cause of one group, sorted by time, from 0 on; ``reliable`` is the last row with enough at risk, or -1."""

    group: str
    cause: str
    time: NDArray[np.float64]
    incidence: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    reliable: int
    color: str
    number: int


def plot_incidence(
    curves: pd.DataFrame,
    risk_table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    unit: str = "months",
    xlabel: str = "",
    ylabel: str = "Cumulative incidence",
    annotation: str = "",
    order: Sequence[str] | None = None,
    width: Width = "single",
) -> Axes:
    """Draw cumulative incidences of competing events with the numbers at risk aligned below.

    Nothing is estimated here: the lines are drawn as given. Rows with a missing time are passed over; limits that are
    missing leave the band out there.

    Parameters
    ----------
    curves
        One row per group, cause and exit time: ``group``, ``cause_name``, ``time_days``, ``incidence`` (just after the
        time), ``lo``, ``hi``, ``n_risk`` (just before the time). Each line begins with a row of incidence 0. The causes
        are drawn in the order in which they appear, the first as the one of interest.
    risk_table
        One row per group and tabulated time: ``group``, ``time_days``, ``n_risk``, ``cum_events`` (events of the first
        cause up to that time). The times are the ticks of the axis, the same for all groups.
    ax
        Axes to draw on; it needs room above for the legend, below for the table, on the left for the names. Made if
        None, with that room.
    title
        Heading, left-aligned.
    unit
        Of the printed times: days, months (30.4375 days) or years.
    xlabel
        Label of the time axis; "Time (unit)" if empty.
    ylabel
        Label of the other axis.
    annotation
        Text in a free corner, for example the tests and their p-values.
    order
        Groups in the order of colours and rows; as they appear in ``curves`` if None.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    Axes
        The axes; ``ax.figure`` is the figure.

    Raises
    ------
    ValueError
        If a column is missing, the unit is unknown, no row is left, or the table lacks a group.
    """
    _check(curves, risk_table, unit)
    lines = _lines(curves, order)
    groups = list(dict.fromkeys(line.group for line in lines))
    absent = sorted(set(groups).difference(risk_table["group"]))
    if absent:
        raise ValueError(f"The risk table needs every group of the curves, found no row of {', '.join(absent)}.")
    causes = list(dict.fromkeys(line.cause for line in lines))
    with styled():
        frame = [_as_curve(next(line for line in lines if line.group == group)) for group in groups]
        wide = _free_width(groups, width) if ax is None else ax.get_window_extent().width / ax.figure.dpi / POINT
        legend = _arrange(groups if len(groups) > 1 else [], causes, wide)
        if ax is None:
            ax = _make_axes(frame, width, titled=bool(title), legend_rows=legend.rows)
        for line in lines:
            _draw_line(ax, line)
        last = max(float(risk_table["time_days"].max()), *(float(line.time[-1]) for line in lines))
        times = set_survival_axes(ax, risk_table, last, unit)
        ax.set_xlabel(xlabel or f"Time ({unit})")
        ax.set_ylabel(ylabel)
        _draw_legend(ax, legend, {line.group: line.color for line in lines}, title)
        annotate_groups(ax, frame, annotation)
        draw_risk_table(ax, risk_table[risk_table["time_days"].isin(times)], frame)
    return ax


def _check(curves: pd.DataFrame, risk_table: pd.DataFrame, unit: str) -> None:
    for name, frame, columns in (("curves", curves, INCIDENCE_COLUMNS), ("risk_table", risk_table, RISK_COLUMNS)):
        missing = [column for column in columns if column not in frame.columns]
        if missing:
            raise ValueError(f"{name} needs the columns {', '.join(columns)}, found no {', '.join(missing)}.")
    if unit not in DAYS_PER:
        raise ValueError(f"unit must be one of {', '.join(DAYS_PER)}, found {unit!r}.")
    if curves["time_days"].notna().sum() == 0:
        raise ValueError("curves needs at least one row with a time, found none.")


def _lines(frame: pd.DataFrame, order: Sequence[str] | None) -> list[Line]:
    frame = frame[frame["time_days"].notna()]
    names = list(order) if order is not None else [str(name) for name in frame["group"].unique()]
    causes = [str(name) for name in frame["cause_name"].unique()]
    out = []
    for number, name in enumerate(name for name in names if (frame["group"] == name).any()):
        for place, cause in enumerate(causes):
            rows = frame[(frame["group"] == name) & (frame["cause_name"] == cause)]
            rows = rows.sort_values("time_days", kind="stable")
            if len(rows) == 0:
                continue
            columns = {column: rows[column].to_numpy(np.float64) for column in INCIDENCE_COLUMNS[2:]}
            enough = np.flatnonzero(columns["n_risk"] >= TAIL)
            out.append(
                Line(
                    group=name,
                    cause=cause,
                    time=columns["time_days"],
                    incidence=columns["incidence"],
                    lo=columns["lo"],
                    hi=columns["hi"],
                    reliable=int(enough[-1]) if len(enough) else -1,
                    color=PALETTE[number % len(PALETTE)],
                    number=place,
                )
            )
    return out


def _as_curve(line: Line) -> Curve:
    """Return what the frame of a Kaplan-Meier figure reads: name, colour, times."""
    return Curve(
        name=line.group,
        time=line.time,
        survival=line.incidence,
        lo=line.lo,
        hi=line.hi,
        n_censor=np.zeros(len(line.time)),
        reliable=line.reliable,
        color=line.color,
        dashes="solid",
    )


def _make_axes(groups: list[Curve], width: Width, *, titled: bool, legend_rows: int) -> Axes:
    """Return axes in a new figure with room for the names on the left, the table below and the legend above."""
    names = max(text_width(curve.name) for curve in groups)
    left = max(names + LABEL_GAP + 4, 32.0) * POINT
    bottom = (TABLE_TOP + TABLE_ROW * (len(groups) + 1)) * POINT
    top = (LEGEND_ROW * legend_rows + (18.0 if titled else 8.0)) * POINT
    plot = 48 * MM if width == "single" else 70 * MM
    fig = new_figure(width, (bottom + plot + top) / MM)
    wide, high = fig.get_size_inches()
    return fig.add_axes((left / wide, bottom / high, (wide - left - 14.0 * POINT) / wide, plot / high))


def _draw_line(ax: Axes, line: Line) -> None:
    k, name = line.reliable, f"{line.group} {line.cause}"
    style: dict[str, Any] = {"drawstyle": "steps-post", "color": line.color, "solid_capstyle": "butt"}
    if k > 0:
        dashes = DASHES[line.number % len(DASHES)]
        ax.plot(line.time[: k + 1], line.incidence[: k + 1], ls=dashes, label=f"_line {name}", **style)
    if k < len(line.time) - 1:
        start = max(k, 0)
        dots = DOTTED if line.number == 0 else SPARSE
        ax.plot(line.time[start:], line.incidence[start:], ls=dots, label=f"_tail {name}", **style)
    if line.number == 0 and len(line.time) > 1:
        ax.fill_between(line.time, line.lo, line.hi, step="post", color=line.color, alpha=0.12, lw=0, zorder=1)


class Legend(NamedTuple):
    """Groups (none if there is only one) and causes, beside each other in two columns or below each other in one."""

    groups: list[str]
    causes: list[str]
    columns: int
    fits: bool = True

    @property
    def rows(self) -> int:
        """Rows it takes."""
        if self.columns == 1:
            return len(self.groups) + len(self.causes)
        return max(len(self.groups), len(self.causes))


def _free_width(groups: list[str], width: Width) -> float:
    """Points from the axis of a figure that will be made to its right edge."""
    return WIDTHS_MM[width] * MM / POINT - max(text_width(name) for name in groups) - LABEL_GAP - 18.0


def _arrange(groups: list[str], causes: list[str], wide: float) -> Legend:
    """Take two columns if they fit beside each other."""
    if not groups:
        return Legend(groups, causes, 1)
    needed = sum(max(text_width(name) for name in names) + SAMPLE for names in (groups, causes))
    fits = max(text_width(name) for name in (*groups, *causes)) + SAMPLE <= wide
    return Legend(groups, causes, 2 if needed <= wide else 1, fits)


def _draw_legend(ax: Axes, legend: Legend, colors: dict[str, str], title: str) -> None:
    """Put groups by colour and causes by dashes above the axes, where they can hide no line, and the title on top."""
    from matplotlib.lines import Line2D

    neutral = "#000000" if legend.groups else next(iter(colors.values()))
    left = [Line2D([], [], color=colors[group], ls="solid") for group in legend.groups]
    right = [Line2D([], [], color=neutral, ls=DASHES[i % len(DASHES)]) for i in range(len(legend.causes))]
    names = [list(legend.groups), list(legend.causes)]
    if legend.columns == 2:  # filled column by column: both need as many entries
        for handles, texts in zip((left, right), names, strict=True):
            blank = legend.rows - len(texts)
            handles.extend([Line2D([], [], ls="none")] * blank)
            texts.extend([""] * blank)
    ax.legend(
        [*left, *right], [*names[0], *names[1]], loc="lower left" if legend.fits else "lower right",
        bbox_to_anchor=(0 if legend.fits else 1, 1), ncols=legend.columns,
        handlelength=3.2, borderaxespad=0.3, borderpad=0, labelspacing=0.3, handletextpad=0.6, columnspacing=1.6,
    )  # fmt: skip
    ax.set_title(title, loc="left", y=1.0, pad=LEGEND_ROW * legend.rows + 6)
