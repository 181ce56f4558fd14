"""Figures of curves over time that are read point by point: Kaplan-Meier and cumulative incidence.

The script moves a line over the drawing, by pointer or keys, from one of a list of times to the next: every time at
which a curve steps, and every month. What it then says is written here, once, by the same rules and formatters as the
tables; the script only looks it up. Without a script the numbers at the tabulated times are in a table below.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.plots.incidence import plot_incidence
from netgen.plots.km import plot_km
from netgen.report.figures import risk_table
from netgen.report.page.figure_card import embed, scale_of
from netgen.report.page.markup import tag
from netgen.report.summary import DAYS_PER_MONTH, months

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from netgen.plots.style import Width
    from netgen.report.page.markup import Child, Markup

MOST: Final = 240  # times at which the line may stand
MANY: Final = 1000  # steps; a curve of more is drawn to a tenth of a point, a fifth of a pixel
PARTS: Final = ("_curve", "_line", "_tail", "_censored")  # of a curve, in the labels of the drawing
TO: Final = "\N{EN DASH}"


class Reading(NamedTuple):
    """A step curve at some times; NaN where it says nothing."""

    value: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    n_risk: NDArray[np.float64]


class Series(NamedTuple):
    """One curve: printed name, group of the numbers at risk, colour, and its steps sorted by time."""

    name: str
    group: str
    color: str
    steps: pd.DataFrame


def embed_km(
    curves: pd.DataFrame,
    *,
    title: str,
    description: str,
    annotation: str = "",
    ylabel: str = "Survival probability",
    order: Sequence[str] | None = None,
    width: Width = "single",
    key: str = "",
    note: Child = None,
) -> Markup:
    """Return a Kaplan-Meier figure in which survival, limits and numbers at risk are read at any time.

    Parameters
    ----------
    curves
        Steps of one endpoint, grouping and entry rule, as ``plot_km`` reads them.
    title, description
        Heading, and what is to be seen.
    annotation
        Text in the drawing, for example the test and its p-value.
    ylabel
        What the curve is.
    order
        Groups in the order of colours and rows; as they appear in ``curves`` if None.
    width
        Of the drawing: single (89 mm) or double (183 mm).
    key
        Id of the figure, unique in the page; from the content if blank.
    note
        What must be said below the figure.

    Returns
    -------
    Markup
        A ``<figure>``.

    Notes
    -----
    Between two steps survival is that of the step before; patients at risk at a time are those of the next exit time,
    as in ``netgen.association.km.survival_at`` and in the numbers below the curves. Before the time a curve is
    conditional on, it says nothing. Witness: ``km.tsv`` at its horizons, in the tests.
    """
    rows = curves.loc[curves["time_days"].notna()]
    table = risk_table(rows)
    axes = plot_km(rows, table, annotation=annotation, ylabel=ylabel, order=order, width=width)
    series = [Series(name, name, _color(axes, name), _sorted(rows, name)) for name in _order(rows, order)]
    return _embed(axes, series, table, title, description, "survival", key=key, note=note)


def embed_incidence(
    curves: pd.DataFrame,
    *,
    title: str,
    description: str,
    annotation: str = "",
    order: Sequence[str] | None = None,
    width: Width = "single",
    key: str = "",
    note: Child = None,
) -> Markup:
    """Return a cumulative incidence figure in which incidence, limits and numbers at risk are read at any time.

    Parameters
    ----------
    curves
        Steps of one endpoint and grouping, as ``plot_incidence`` reads them, with ``cause`` (1 = the event) and
        ``n_event`` (of the cause).
    title, description
        Heading, and what is to be seen.
    annotation
        Text in the drawing.
    order
        Groups in the order of colours and rows; as they appear in ``curves`` if None.
    width
        Of the drawing.
    key
        Id of the figure, unique in the page; from the content if blank.
    note
        What must be said below the figure.

    Returns
    -------
    Markup
        A ``<figure>``.
    """
    rows = curves.loc[curves["time_days"].notna()]
    table = risk_table(rows.loc[rows["cause"] == 1])
    axes = plot_incidence(rows, table, annotation=annotation, order=order, width=width)
    groups, causes = _order(rows, order), list(dict.fromkeys(rows["cause_name"]))
    series = []
    for group in groups:
        for cause in causes:
            own = rows.loc[(rows["group"] == group) & (rows["cause_name"] == cause)]
            if len(own):
                name = f"{group}, {cause}" if len(groups) > 1 else str(cause)
                series.append(Series(name, group, _color(axes, f"{group} {cause}"), _sorted(own, group)))
    return _embed(axes, series, table, title, description, "incidence", key=key, note=note)


def read_steps(steps: pd.DataFrame, times: NDArray[np.float64], value: str = "survival") -> Reading:
    """Return what a step curve says at some times.

    Parameters
    ----------
    steps
        Of one curve, sorted: ``time_days``, ``value``, ``lo``, ``hi``, ``n_risk``. The first row is where it begins.
    times
        Days.
    value
        Column of the curve.

    Returns
    -------
    Reading
        Value and limits of the last step at or before the time, nothing before the first; patients at risk of the next
        exit time at or after it, 0 behind the last.
    """
    exits = steps["time_days"].to_numpy(np.float64)
    past = np.searchsorted(exits, times, side="right")
    upcoming = np.searchsorted(exits, times, side="left")
    value_, lo, hi = (np.append(np.nan, steps[name].to_numpy(np.float64))[past] for name in (value, "lo", "hi"))
    return Reading(value_, lo, hi, np.append(steps["n_risk"].to_numpy(np.float64), 0.0)[upcoming])


def hover_times(steps: pd.DataFrame, last: float) -> NDArray[np.float64]:
    """Return the times at which the line may stand.

    Parameters
    ----------
    steps
        All curves: ``time_days``.
    last
        End of the axis, days.

    Returns
    -------
    ndarray
        Sorted days to the end of axis and curves: every step and every month. Where these are more than ``MOST``, as
        many days evenly spaced, and every month as long as there are not more of them.
    """
    exits = steps["time_days"].to_numpy(np.float64)
    last = max(last, float(exits.max()))
    grid = np.arange(0.0, last + 1e-9, DAYS_PER_MONTH)
    every = np.unique(np.concatenate([grid, exits]))
    if len(every) <= MOST:
        return every
    spaced = np.rint(np.linspace(0.0, last, MOST))
    return np.unique(np.concatenate([grid, spaced]) if len(grid) <= MOST else spaced)


def probability_text(value: float, lo: float, hi: float) -> str:
    """Return a probability with its limits.

    Parameters
    ----------
    value, lo, hi
        Between 0 and 1; NaN = not known.

    Returns
    -------
    str
        Two decimals; en dashes for what is not known.
    """
    if math.isnan(value):
        return TO
    limits = TO.join("" if math.isnan(limit) else f"{limit:.2f}" for limit in (lo, hi))
    return f"{value:.2f} ({limits})"


def _embed(
    axes: Axes,
    series: list[Series],
    table: pd.DataFrame,
    title: str,
    description: str,
    value: str,
    *,
    key: str,
    note: Child,
) -> Markup:
    return embed(
        axes,
        title=title,
        description=description,
        key=key,
        kind="steps",
        digits=2 if max(len(one.steps) for one in series) <= MANY else 1,
        note=note,
        table=_numbers(series, table, value),
        data=_hover(axes, series, float(table["time_days"].max()), value),
    )


def _hover(axes: Axes, series: list[Series], last: float, value: str) -> dict[str, Any]:
    """Return what the script looks up: the times with their places; of each curve text, place and numbers at risk."""
    scale = scale_of(axes)
    times = hover_times(pd.concat([one.steps for one in series]), last)
    curves = []
    for one in series:
        read = read_steps(one.steps, times, value)
        texts = [probability_text(*row) for row in zip(*read[:3], strict=True)]
        high = [None if np.isnan(y) else round(float(y), 1) for y in scale.down(read.value)]
        curves.append(
            {
                "name": one.name,
                "color": one.color,
                "read": _changes(list(zip(texts, high, strict=True))),
                "risk": _changes([(f"{int(n)}",) for n in read.n_risk]),
            }
        )
    return {
        "page": [round(size, 2) for size in scale.page],
        "box": [round(scale.box.y, 1), round(scale.box.y + scale.box.height, 1)],
        "x": [round(float(x), 1) for x in scale.across(times)],
        "time": [f"{months(float(day))} months (day {round(float(day), 1):g})" for day in times],
        "value": value.capitalize(),
        "curves": curves,
    }


def _changes(values: list[tuple[Any, ...]]) -> list[list[Any]]:
    """Keep the first of equal neighbours, each behind its place in the list."""
    return [[place, *value] for place, value in enumerate(values) if place == 0 or value != values[place - 1]]


def _numbers(series: list[Series], table: pd.DataFrame, value: str) -> Markup:
    """Return the curves at the tabulated times, as a table."""
    head = ("Group", "Months", "At risk", "Events so far", f"{value.capitalize()} (95 % CI)")
    lines = []
    for one in series:
        days = np.unique(table["time_days"].to_numpy(np.float64))
        read = read_steps(one.steps, days, value)
        exits = one.steps["time_days"].to_numpy(np.float64)
        past = np.searchsorted(exits, days, side="right")
        events = np.append(0.0, one.steps["n_event"].cumsum().to_numpy(np.float64))[past]
        for day, event, *curve, n_risk in zip(days, events, *read, strict=True):
            cells = (months(float(day)), f"{int(n_risk)}", f"{int(event)}", probability_text(*curve))
            lines.append(tag("tr", tag("th", one.name, scope="row"), [tag("td", cell, class_="num") for cell in cells]))
    heading = tag("thead", tag("tr", [tag("th", name, scope="col") for name in head]))
    return tag("div", tag("table", heading, tag("tbody", lines), class_="plain"), class_="scroll")


def _order(rows: pd.DataFrame, order: Sequence[str] | None) -> list[str]:
    """Return the groups in the order of the drawing."""
    known = [str(name) for name in dict.fromkeys(rows["group"])]
    return known if order is None else [name for name in order if name in known]


def _sorted(rows: pd.DataFrame, group: str) -> pd.DataFrame:
    return rows.loc[rows["group"] == group].sort_values("time_days", kind="stable")


def _color(axes: Axes, name: str) -> str:
    """Return the colour a curve was drawn in, from whichever of its parts there is."""
    labels = {f"{part} {name}" for part in PARTS}
    return next(str(line.get_color()) for line in axes.lines if line.get_label() in labels)
