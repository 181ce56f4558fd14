"""Kaplan-Meier figure: curves, confidence bands, censoring, medians, and the numbers at risk below.

The curve of a group is solid while at least 5 patients are at risk and dotted behind that. Groups differ in dashes as
well as in colour. The table below gives "at risk (events so far)", as KMunicate recommends (Morris et al., BMJ Open
2019;9:e030215). Times are days everywhere; only tick labels and medians are printed in months or years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from netgen.plots.style import (
    DASHES,
    DAYS_PER,
    DOTTED,
    GREY,
    MM,
    NORMAL,
    PALETTE,
    POINT,
    SMALL,
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

CURVE_COLUMNS: Final = ("group", "time_days", "survival", "lo", "hi", "n_risk", "n_event", "n_censor")
RISK_COLUMNS: Final = ("group", "time_days", "n_risk", "cum_events")
TAIL: Final = 5
TABLE_TOP, TABLE_ROW = 31.0, 8.5  # points below the axes: the heading of the table, then one row per group
LEGEND_ROW = 8.6  # points of one row of the legend
LABEL_GAP = 16.0  # points between the names of the groups and the axes: half a number of the table


class Curve(NamedTuple):
    """One group, sorted by time, beginning at survival 1; ``reliable`` is the last row with enough at risk, or -1."""

    name: str
    time: NDArray[np.float64]
    survival: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    n_censor: NDArray[np.float64]
    reliable: int
    color: str
    dashes: Any


def plot_km(
    curves: pd.DataFrame,
    risk_table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    unit: str = "months",
    xlabel: str = "",
    ylabel: str = "Survival probability",
    annotation: str = "",
    order: Sequence[str] | None = None,
    width: Width = "single",
) -> Axes:
    """Draw Kaplan-Meier curves with the numbers at risk aligned below.

    Nothing is estimated here: the curves are drawn as given. Rows with a missing time are passed over; limits that are
    missing leave the band out there.

    Parameters
    ----------
    curves
        One row per group and exit time: ``group``, ``time_days``, ``survival`` (just after the time), ``lo``, ``hi``
        (limits, log-log), ``n_risk`` (just before the time), ``n_event``, ``n_censor``. A group may begin with a row of
        survival 1, at time 0 or at the time it is conditional on; otherwise it begins at time 0.
    risk_table
        One row per group and tabulated time: ``group``, ``time_days``, ``n_risk``, ``cum_events`` (events up to that
        time). The times are the ticks of the axis, the same for all groups.
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
        Text in a free corner, for example the test and its p-value.
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

    Notes
    -----
    The median is read off the curve as R's ``survfit`` does: the first time with survival below 0.5; where survival
    equals 0.5 on an interval, its midpoint.
    """
    _check(curves, risk_table, unit)
    groups = _curves(curves, order)
    absent = [curve.name for curve in groups if curve.name not in set(risk_table["group"])]
    if absent:
        raise ValueError(f"The risk table needs every group of the curves, found no row of {', '.join(absent)}.")
    with styled():
        if ax is None:
            ax = _make_axes(groups, width, titled=bool(title))
        for curve in groups:
            _draw_curve(ax, curve)
        medians = [median_of_curve(curve.time, curve.survival) for curve in groups]
        _draw_medians(ax, groups, medians)
        last = max(float(risk_table["time_days"].max()), *(float(curve.time[-1]) for curve in groups))
        times = set_survival_axes(ax, risk_table, last, unit)
        ax.set_xlabel(xlabel or f"Time ({unit})")
        ax.set_ylabel(ylabel)
        _draw_legend(ax, groups, medians, unit, title)
        annotate_groups(ax, groups, annotation)
        draw_risk_table(ax, risk_table[risk_table["time_days"].isin(times)], groups)
    return ax


def median_of_curve(time: NDArray[np.float64], survival: NDArray[np.float64]) -> float:
    """Return the median of a step curve.

    Parameters
    ----------
    time
        Sorted times, the first with survival 1.
    survival
        Survival just after each time.

    Returns
    -------
    float
        First time with survival below 0.5; the midpoint where survival equals 0.5 on an interval; NaN if never reached.
    """
    below = np.flatnonzero(survival < 0.5 - 1e-8)
    equal = np.flatnonzero(np.abs(survival - 0.5) <= 1e-8)
    if len(equal):
        return float((time[equal[0]] + time[below[0]]) / 2) if len(below) else float(time[equal[0]])
    return float(time[below[0]]) if len(below) else float("nan")


def _check(curves: pd.DataFrame, risk_table: pd.DataFrame, unit: str) -> None:
    for name, frame, columns in (("curves", curves, CURVE_COLUMNS), ("risk_table", risk_table, RISK_COLUMNS)):
        missing = [column for column in columns if column not in frame.columns]
        if missing:
            raise ValueError(f"{name} needs the columns {', '.join(columns)}, found no {', '.join(missing)}.")
    if unit not in DAYS_PER:
        raise ValueError(f"unit must be one of {', '.join(DAYS_PER)}, found {unit!r}.")
    if curves["time_days"].notna().sum() == 0:
        raise ValueError("curves needs at least one row with a time, found none.")


def _curves(frame: pd.DataFrame, order: Sequence[str] | None) -> list[Curve]:
    frame = frame[frame["time_days"].notna()]
    names = list(order) if order is not None else [str(name) for name in frame["group"].unique()]
    out = []
    for number, name in enumerate(name for name in names if (frame["group"] == name).any()):
        rows = frame[frame["group"] == name].sort_values("time_days", kind="stable")
        columns = {column: rows[column].to_numpy(np.float64) for column in CURVE_COLUMNS[1:]}
        if columns["survival"][0] < 1 or columns["n_event"][0] + columns["n_censor"][0] > 0:
            first = {"time_days": 0.0, "survival": 1.0, "lo": 1.0, "hi": 1.0, "n_risk": columns["n_risk"][0]}
            columns = {key: np.concatenate([[first.get(key, 0.0)], values]) for key, values in columns.items()}
        enough = np.flatnonzero(columns["n_risk"] >= TAIL)
        out.append(
            Curve(
                name=name,
                time=columns["time_days"],
                survival=columns["survival"],
                lo=columns["lo"],
                hi=columns["hi"],
                n_censor=columns["n_censor"],
                reliable=int(enough[-1]) if len(enough) else -1,
                color=PALETTE[number % len(PALETTE)],
                dashes=DASHES[number % len(DASHES)],
            )
        )
    return out


def _make_axes(groups: list[Curve], width: Width, *, titled: bool) -> Axes:
    """Return axes in a new figure with room for the names on the left and the table below."""
    names = max(text_width(curve.name) for curve in groups)
    left = max(names + LABEL_GAP + 4, 32.0) * POINT
    bottom = (TABLE_TOP + TABLE_ROW * (len(groups) + 1)) * POINT
    top = (LEGEND_ROW * len(groups) + (18.0 if titled else 8.0)) * POINT
    right = 14.0 * POINT
    plot = 48 * MM if width == "single" else 70 * MM
    fig = new_figure(width, (bottom + plot + top) / MM)
    wide, high = fig.get_size_inches()
    return fig.add_axes((left / wide, bottom / high, (wide - left - right) / wide, plot / high))


def _draw_curve(ax: Axes, curve: Curve) -> None:
    k = curve.reliable
    style: dict[str, Any] = {"drawstyle": "steps-post", "color": curve.color, "solid_capstyle": "butt"}
    if k > 0:
        ax.plot(curve.time[: k + 1], curve.survival[: k + 1], ls=curve.dashes, label=f"_curve {curve.name}", **style)
    if k < len(curve.time) - 1:
        start = max(k, 0)
        ax.plot(curve.time[start:], curve.survival[start:], ls=DOTTED, label=f"_tail {curve.name}", **style)
    for part, alpha in ((slice(0, max(k, 0) + 1), 0.16), (slice(max(k, 0), None), 0.07)):
        time, lo, hi = curve.time[part], curve.lo[part], curve.hi[part]
        if len(time) > 1:
            ax.fill_between(time, lo, hi, step="post", color=curve.color, alpha=alpha, lw=0, zorder=1)
    ticks = curve.n_censor > 0
    ax.plot(
        curve.time[ticks], curve.survival[ticks], ls="none", marker="|", ms=4.5, mew=0.7, color=curve.color,
        label=f"_censored {curve.name}",
    )  # fmt: skip


def _draw_medians(ax: Axes, groups: list[Curve], medians: list[float]) -> None:
    """Draw the way from survival 0.5 down to the time axis."""
    reached = [value for value in medians if not np.isnan(value)]
    if reached:
        ax.plot([0, max(reached)], [0.5, 0.5], lw=0.4, color=GREY, label="_half", zorder=0.5)
    for curve, value in zip(groups, medians, strict=True):
        if not np.isnan(value):
            ax.plot([value] * 2, [0, 0.5], lw=0.4, color=curve.color, label=f"_median {curve.name}", zorder=0.5)


def _draw_legend(ax: Axes, groups: list[Curve], medians: list[float], unit: str, title: str) -> None:
    """Put one line sample per group above the axes, where it can hide no curve, and the title on top."""
    from matplotlib.lines import Line2D

    handles, labels = [], []
    for curve, value in zip(groups, medians, strict=True):
        text = "not reached" if np.isnan(value) else f"{value / DAYS_PER[unit]:.1f} {unit}"
        handles.append(Line2D([], [], color=curve.color, ls=curve.dashes))
        labels.append(f"{curve.name} (median {text})")
    ax.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0, 1), handlelength=3.2, borderaxespad=0.3, borderpad=0,
        labelspacing=0.3, handletextpad=0.6,
    )  # fmt: skip
    ax.set_title(title, loc="left", y=1.0, pad=LEGEND_ROW * len(groups) + 6)  # y: do not search for a place


def annotate_groups(ax: Axes, groups: list[Curve], text: str) -> None:
    """Write the text at the upper right, or at the lower left if a curve stays high.

    Parameters
    ----------
    ax
        Axes with the curves.
    groups
        The curves drawn.
    text
        What to write; blank = nothing.
    """
    if not text:
        return
    half = ax.get_xlim()[1] / 2
    late = [float(curve.survival[np.searchsorted(curve.time, half, side="right") - 1]) for curve in groups]
    reach = [value for value, curve in zip(late, groups, strict=True) if curve.time[-1] > half]
    x, y, side, edge = (
        (0.985, 0.98, "right", "top") if max(reach, default=0.0) < 0.8 else (0.02, 0.03, "left", "bottom")
    )
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}
    ax.text(x, y, text, transform=ax.transAxes, ha=side, va=edge, multialignment=side, bbox=box, zorder=5)


def set_survival_axes(ax: Axes, risk_table: pd.DataFrame, last: float, unit: str) -> NDArray[np.float64]:
    """Set limits and ticks; return the tabulated times that are printed, so many that no numbers overlap.

    Parameters
    ----------
    ax
        Axes to set.
    risk_table
        ``time_days`` of the numbers at risk.
    last
        End of the time axis, days.
    unit
        days, months or years.

    Returns
    -------
    NDArray[np.float64]
        Times that get a tick and a column of numbers, days.
    """
    ax.set_xlim(0, last * 1.01)
    ax.set_ylim(0, 1.03)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    times = np.unique(risk_table["time_days"].to_numpy(np.float64))
    pairs = zip(risk_table["n_risk"], risk_table["cum_events"], strict=True)
    needed = max(text_width(_cell(at_risk, events)) for at_risk, events in pairs) + 4
    wide = ax.get_window_extent().width / ax.figure.dpi / POINT
    closest = float(np.diff(times).min()) / (last * 1.01) * wide if len(times) > 1 else needed
    times = times[:: max(1, int(np.ceil(needed / closest)))]
    ax.set_xticks(times, [f"{round(time / DAYS_PER[unit], 1):g}" for time in times])
    return times


def _cell(at_risk: float, events: float) -> str:
    return f"{int(at_risk)} ({int(events)})"


def draw_risk_table(ax: Axes, risk_table: pd.DataFrame, groups: list[Curve]) -> None:
    """Write the numbers under their ticks; positions are points below the axes, so the height of the axes is free.

    Parameters
    ----------
    ax
        Axes with the curves.
    risk_table
        ``group, time_days, n_risk, cum_events`` at the printed times.
    groups
        The groups, in the order of the rows.
    """
    left = -(LABEL_GAP + max(text_width(curve.name) for curve in groups))
    fixed: dict[str, Any] = {
        "textcoords": "offset points",
        "va": "center",
        "fontsize": NORMAL,
        "annotation_clip": False,
    }
    corner: dict[str, Any] = {"xy": (0, 0), "xycoords": "axes fraction", "ha": "left", **fixed}
    ax.annotate("At risk (events)", xytext=(left, -TABLE_TOP), fontweight="bold", **corner)
    if any(curve.reliable < len(curve.time) - 1 for curve in groups):
        note = {**corner, "xy": (1, 0), "ha": "right", "fontsize": SMALL, "color": GREY}
        ax.annotate(f"dotted: fewer than {TAIL} at risk", xytext=(0, -TABLE_TOP), **note)
    for number, curve in enumerate(groups, start=1):
        down = -(TABLE_TOP + TABLE_ROW * number)
        ax.annotate(curve.name, xytext=(left, down), color=curve.color, **corner)
        rows = risk_table[risk_table["group"] == curve.name].sort_values("time_days")
        for time, at_risk, events in zip(rows["time_days"], rows["n_risk"], rows["cum_events"], strict=True):
            ax.annotate(
                _cell(at_risk, events), xy=(float(time), 0), xycoords=("data", "axes fraction"),
                xytext=(0, down), ha="center", **fixed,
            )  # fmt: skip
