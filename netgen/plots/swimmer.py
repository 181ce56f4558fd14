"""Swimmer figure: one bar per patient, coloured by class of treatment, with responses, progressions and the end.

A thin grey line is follow-up without treatment. Classes differ in hatching as well as in colour, events in the shape of
their markers.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from netgen.plots.regimen_look import EDGE, hatched, in_order, legend_handles, look_of, thin_hatching
from netgen.plots.style import DAYS_PER, GREY, NORMAL, POINT, SMALL, WIDTHS_MM, Width, new_figure, styled, text_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

TIMELINE: Final = ("patient_id", "kind", "line", "regimen_class", "start_days", "end_days", "label")
NO_GROUP: Final = "no group"
ENDS: Final = ("death", "ongoing", "followed")
# kind or response -> marker, face, name in the legend
MARKERS: Final[dict[str, tuple[str, str, str]]] = {
    "CR": ("*", "#FFFFFF", "complete response"),
    "PR": ("^", "#FFFFFF", "partial response"),
    "progression": ("X", "#000000", "progression"),
    "death": ("s", "#000000", "death"),
    "ongoing": (">", "#000000", "treatment ongoing"),
    "followed": ("|", "#000000", "last contact"),
}
BAR: Final = 0.72  # height of a bar, rows are 1 apart
ROW_MM, MIN_ROW_MM, MOST_MM = 3.1, 0.7, 225.0
NAMED_MM: Final = 1.9  # rows at least this high bear the id of the patient
TOP_MM, BOTTOM_MM, LEGEND_MM, RIGHT_MM = 8.0, 9.0, 4.2, 4.0
STEPS: Final = (1, 2, 3, 6, 12, 24, 36, 60, 120)


def order_by_follow_up(timeline: pd.DataFrame, groups: pd.Series | None = None, order: Sequence[str] = ()) -> list[str]:
    """Return patients by group, the longest follow-up first.

    Parameters
    ----------
    timeline
        As for ``plot_swimmer``.
    groups
        Group of each patient, indexed by ``patient_id``; None = one group. Patients without a group come last.
    order
        Groups in their order; others behind them by name.

    Returns
    -------
    list of str
        Every patient of the timeline once.
    """
    end = timeline.loc[timeline["kind"].isin(ENDS)].groupby("patient_id")["start_days"].max()
    last = timeline.groupby("patient_id")[["start_days", "end_days"]].max().max(axis=1)
    length = end.reindex(last.index).fillna(last)
    place = {group: i for i, group in enumerate(order)}

    def key(patient: str) -> tuple[int, str, float, str]:
        group = "" if groups is None else _text(groups.get(patient))
        last = len(place) + (group == NO_GROUP)
        return place.get(group, last), group, -float(length[patient]), patient

    return sorted((str(patient) for patient in length.index), key=key)


def order_as_drawn(patients: Iterable[str], timeline: pd.DataFrame) -> list[str]:
    """Return patients in the order of another figure, those that it does not show by follow-up behind them.

    Parameters
    ----------
    patients
        Of the other figure, for example the columns of an oncoprint.
    timeline
        As for ``plot_swimmer``.

    Returns
    -------
    list of str
        Every patient of the timeline once.
    """
    rest = order_by_follow_up(timeline)
    known = set(rest)
    return [one for one in dict.fromkeys([*map(str, patients), *rest]) if one in known]


def plot_swimmer(
    timeline: pd.DataFrame,
    ax: Axes | None = None,
    *,
    order: Sequence[str] | None = None,
    groups: pd.Series | None = None,
    group_order: Sequence[str] = (),
    title: str = "",
    unit: str = "months",
    width: Width = "double",
) -> Axes:
    """Draw the course of every patient.

    Parameters
    ----------
    timeline
        One row per bar or marker: ``patient_id``, ``kind`` (bar, response, progression, death, ongoing, followed),
        ``line``, ``regimen_class``, ``start_days`` (the day of a marker), ``end_days`` (of a bar), ``label`` (CR or PR
        of a response).
    ax
        Axes to draw on; made with room for the legend if None.
    order
        Patients from top to bottom, for example those of the oncoprint; others are left out. None = by group, the
        longest follow-up first.
    groups
        Group of each patient, indexed by ``patient_id``, named at the right of the bars.
    group_order
        Groups in their order.
    title
        Heading, left-aligned.
    unit
        Of the axis: days, months (30.4375 days) or years.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    Axes
        The axes; row i of the order is at y = i, counted downwards.

    Raises
    ------
    ValueError
        If a column is missing, the unit is unknown, or no patient of the order has a row.
    """
    missing = [name for name in TIMELINE if name not in timeline.columns]
    if missing:
        raise ValueError(f"timeline needs the columns {', '.join(TIMELINE)}, found no {', '.join(missing)}.")
    if unit not in DAYS_PER:
        raise ValueError(f"unit must be one of {', '.join(DAYS_PER)}, found {unit!r}.")
    known = set(timeline["patient_id"])
    wanted = order_by_follow_up(timeline, groups, group_order) if order is None else [str(one) for one in order]
    patients = [one for one in wanted if one in known]
    if not patients:
        raise ValueError("timeline needs at least one patient of the order, found none.")
    rows = timeline.loc[timeline["patient_id"].isin(patients)]
    with styled(), thin_hatching():
        if ax is None:
            ax = _make_axes(rows, patients, groups, title, width)
        _draw(ax, rows, {patient: i for i, patient in enumerate(patients)})
        _set_axes(ax, rows, patients, unit)
        _name_groups(ax, patients, groups)
        if title:
            ax.set_title(title, loc="left", pad=4)
    return ax


def _make_axes(rows: pd.DataFrame, patients: list[str], groups: pd.Series | None, title: str, width: Width) -> Axes:
    """Axes with names on the left and the legend below."""
    from matplotlib.lines import Line2D

    whole = WIDTHS_MM[width]
    per_row = 6 if width == "double" else 3
    classes = in_order(rows.loc[rows["kind"] == "bar", "regimen_class"].dropna())
    marks = [name for name in MARKERS if ((rows["kind"] == name) | (rows["label"] == name)).any()]
    lines = int(np.ceil(len(classes) / per_row) + np.ceil(len(marks) / per_row))
    body = len(patients) * max(MIN_ROW_MM, min(ROW_MM, MOST_MM / len(patients)))
    body = max(body, 12.0)
    legend = LEGEND_MM * lines + 1
    height = body + (TOP_MM if title else 3.0) + BOTTOM_MM + legend
    fig = new_figure(width, height)
    named = body / len(patients) >= NAMED_MM
    left = max(text_width(name, SMALL) for name in patients) * POINT * 25.4 + 4 if named else 6.0
    names = [] if groups is None else [_text(groups.get(patient)) for patient in patients]
    sizes = [f"(n = {n})" for n in {names.count(name) for name in set(names)} if n > 1]
    wide = [text_width(name) * POINT * 25.4 + 3 for name in names] + [text_width(n) * POINT * 25.4 for n in sizes]
    right = RIGHT_MM + max(wide, default=0.0)
    boxes = legend_handles(classes)
    points = [
        Line2D(
            [],
            [],
            ls="none",
            marker=MARKERS[name][0],
            mfc=MARKERS[name][1],
            mec="#000000",
            mew=0.5,
            ms=4,
            label=MARKERS[name][2],
        )
        for name in marks
    ]
    low = 0.5 + LEGEND_MM * int(np.ceil(len(marks) / per_row))
    for handles, y in ((boxes, low), (points, 0.5)):
        fig.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(left / whole, y / height), ncols=per_row,
            handlelength=1.6, handleheight=1.0, borderpad=0, borderaxespad=0, columnspacing=1.2, labelspacing=0.35,
        )  # fmt: skip
    bottom = (BOTTOM_MM + legend) / height
    return fig.add_axes((left / whole, bottom, (whole - left - right) / whole, body / height))


def _draw(ax: Axes, rows: pd.DataFrame, place: dict[str, int]) -> None:
    from matplotlib.patches import Rectangle

    ends = rows.loc[rows["kind"].isin(ENDS)]
    for patient, end in zip(ends["patient_id"], ends["start_days"].astype(float), strict=True):
        ax.plot([0, end], [place[patient]] * 2, color="#B4B4B4", lw=0.8, zorder=1, label="_followed")
    for row in rows.loc[rows["kind"] == "bar"].to_dict("records"):
        look, start = look_of(str(row["regimen_class"])), float(row["start_days"])
        corner, length = (start, place[row["patient_id"]] - BAR / 2), max(float(row["end_days"]) - start, 1.0)
        name = f"_bar {row['patient_id']} {row['line']}"
        ax.add_patch(Rectangle(corner, length, BAR, fc=look.color, ec=EDGE, lw=0.3, zorder=2, label=name))
        if look.hatch:
            ax.add_patch(hatched(Rectangle(corner, length, BAR, zorder=2.5), look))
    high = ax.get_window_extent().height / ax.figure.dpi / POINT / len(place)
    size = float(np.clip(high * 0.62, 1.6, 4.2))
    for name, (marker, face, _) in MARKERS.items():
        own = rows.loc[(rows["kind"] == name) | ((rows["kind"] == "response") & (rows["label"] == name))]
        if len(own):
            ax.plot(
                own["start_days"].to_numpy(dtype=np.float64), [place[one] for one in own["patient_id"]], ls="none",
                marker=marker, ms=size, mfc=face, mec="#000000", mew=0.4, zorder=4, clip_on=False,
                label=f"_marker {name}",
            )  # fmt: skip


def _set_axes(ax: Axes, rows: pd.DataFrame, patients: list[str], unit: str) -> None:
    last = float(np.nanmax(rows[["start_days", "end_days"]].to_numpy(dtype=np.float64)))
    first = min(0.0, float(rows["start_days"].min()))
    ax.set_xlim(first, max(last, 1.0) * 1.02)
    ax.set_ylim(len(patients) - 0.4, -0.6)
    per = DAYS_PER[unit]
    span = (last - first) / per
    if unit == "days":
        step = float(10 ** max(0, int(np.floor(np.log10(max(span, 1))))))
    else:
        step = float(next((step for step in STEPS if span / step <= 10), STEPS[-1]))
    ticks = np.arange(0, last / per + 1e-9, step)
    ax.set_xticks(ticks * per, [f"{tick:g}" for tick in ticks])
    ax.set_xlabel(f"Time from advanced disease ({unit})")
    high = ax.get_window_extent().height / ax.figure.dpi * 25.4 / len(patients)
    if high >= NAMED_MM:
        ax.set_yticks(range(len(patients)), patients, fontsize=SMALL)
    else:
        ax.set_yticks([])
    ax.tick_params(axis="y", length=0)


def _name_groups(ax: Axes, patients: list[str], groups: pd.Series | None) -> None:
    """Bracket each run of patients of one group at the right."""
    if groups is None:
        return
    labels = [_text(groups.get(patient)) for patient in patients]
    edges = [0, *(i for i in range(1, len(labels)) if labels[i] != labels[i - 1]), len(labels)]
    fixed: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "clip_on": False}
    for start, stop in pairwise(edges):
        ax.plot(
            [1.012] * 2, [start - 0.36, stop - 1 + 0.36], color=GREY, lw=1.2, label=f"_group {labels[start]}", **fixed
        )
        text = f"{labels[start]}\n(n = {stop - start})" if stop - start > 1 else labels[start]
        ax.text(1.022, (start + stop - 1) / 2, text, ha="left", va="center", fontsize=NORMAL, **fixed)


def _text(group: object) -> str:
    return NO_GROUP if group is None or str(group) in {"nan", "<NA>", ""} else str(group)
