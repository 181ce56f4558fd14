"""Move imputed dates into the interval that the other dates of the patient allow (DOMAIN 1.13).

A date known to the month or year was imputed (the 15th, 1 July) when it was read. The order of events leaves it less
room than its month or year (``date_order``); the date is moved to the nearest day of what is left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.date_order import NODES, build_net, column_of, push_backward, push_forward, table_of
from netgen.clinical.days import Dated, canonical, is_partial, read_dates, to_dates
from netgen.clinical.rows import row_finding, show_day, sort_findings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from netgen.clinical.date_order import DateNet, Days
    from netgen.errors import Finding, Findings

_TABLES: Final = ("patients", "treatments", "assessments", "imaging")


def clamp_dates(tables: Mapping[str, pd.DataFrame], *, findings: Findings) -> dict[str, pd.DataFrame]:
    """Return the tables with every imputed date inside the interval that the order of events allows.

    Dates known to the day are never moved. A column that holds a partial date gets the companions
    ``<name>_earliest`` and ``<name>_latest``, the bounds that ``time_min`` and ``time_max`` of an endpoint come from.

    Parameters
    ----------
    tables
        Canonical tables; ``patients``, ``treatments``, ``assessments`` and ``imaging`` are read, the others are
        passed on.
    findings
        Receives W_DATE_CLAMPED for each date that was moved and E_DATE_ORDER where no day is left.

    Returns
    -------
    dict of str to DataFrame
        The same tables in the same row order; the input is not changed.

    Notes
    -----
    1. Lower bound of a partial date: the latest lower bound of the dates before it; upper bound: the earliest upper
       bound of the dates after it; both within its own month or year. For a neighbour known to the day both are that
       day; a missing date passes on the bounds of its own neighbours.
    2. The imputed day is moved to the nearest day in between, dates known to the month first, those known to the year
       around them; if an earlier event of the same precision then lies later, to that day.
    3. A death known only to the year is therefore never placed before the last contact.

    Last contact is bounded by diagnosis and advanced disease below and by death above. Witness: scenario SC08 and
    ``tests/clinical/test_clamp.py``.
    """
    out = dict(tables)
    used = {name: canonical(tables, name) for name in _TABLES}
    partial = {node: is_partial(used[table_of(node)], column_of(node)) for node in NODES}
    if not any(mask.any() for mask in partial.values()):
        return out
    precision = {node: used[table_of(node)][f"{column_of(node)}_precision"] for node in NODES}
    placed, bounds = _place(used, partial, precision)
    for node in NODES:
        name, column = table_of(node), column_of(node)
        if partial[node].any():
            _report(used[name], column, partial[node], placed[node], bounds[node], findings)
            used[name] = out[name] = _write(used[name], column, placed[node], bounds[node], partial[node])
    return out


def _place(
    used: dict[str, pd.DataFrame], partial: dict[str, NDArray[np.bool_]], precision: dict[str, pd.Series]
) -> tuple[Days, dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]]:
    """Day of every date after clamping, and its bounds; months are placed first and years around them."""
    net = build_net(used, partial)
    dated = {node: read_dates(used[table_of(node)], column_of(node)) for node in NODES}
    low = push_forward(net, {node: dated[node].low for node in NODES})
    high = push_backward(net, {node: dated[node].high for node in NODES})
    placed = {node: dated[node].day.copy() for node in NODES}
    for tier in ("month", "year"):
        now = {
            node: partial[node]
            & (precision[node] == tier).to_numpy(dtype=bool, na_value=False)
            & (low[node] <= high[node])
            for node in NODES
        }
        if any(mask.any() for mask in now.values()):
            moved = _place_tier(net, dated, placed, now)
            placed = {node: np.where(now[node], moved[node], placed[node]) for node in NODES}
            net = replace(net, fixed={node: net.fixed[node] | now[node] for node in NODES})
    return placed, {node: (low[node], high[node]) for node in NODES}


def _place_tier(net: DateNet, dated: dict[str, Dated], placed: Days, now: dict[str, NDArray[np.bool_]]) -> Days:
    """Move the dates of one precision to the nearest day that what is fixed leaves them, earlier events first."""
    low = push_forward(net, {node: np.where(net.fixed[node], placed[node], dated[node].low) for node in NODES})
    high = push_backward(net, {node: np.where(net.fixed[node], placed[node], dated[node].high) for node in NODES})
    inside = {node: np.clip(placed[node], low[node], high[node]) for node in NODES}
    known = {node: np.where(net.fixed[node], placed[node], np.where(now[node], inside[node], np.nan)) for node in NODES}
    ordered = push_forward(net, known)
    return {node: np.fmin(ordered[node], high[node]) for node in NODES}


def _write(
    frame: pd.DataFrame,
    column: str,
    day: NDArray[np.float64],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    partial: NDArray[np.bool_],
) -> pd.DataFrame:
    """Put the new days and the bounds into a copy of the table; a date without an admissible day keeps its own."""
    own = read_dates(frame, column)
    narrowed = partial & (bounds[0] <= bounds[1])
    dated = Dated(day, np.where(narrowed, bounds[0], own.low), np.where(narrowed, bounds[1], own.high))
    names = (column, f"{column}_earliest", f"{column}_latest")
    return frame.assign(
        **{name: pd.Series(to_dates(part), index=frame.index) for name, part in zip(names, dated, strict=True)}
    )


def _report(
    frame: pd.DataFrame,
    column: str,
    partial: NDArray[np.bool_],
    placed: NDArray[np.float64],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    findings: Findings,
) -> None:
    """Say which dates were moved and which cannot be placed, by patient."""
    low, high = bounds
    old = read_dates(frame, column).day
    items: list[Finding] = []
    for row in np.flatnonzero(partial & ((low > high) | (placed != old))).tolist():
        if low[row] > high[row]:
            code, fix = "E_DATE_ORDER", "Correct the dates that contradict it."
            text = f"{column} cannot be before {show_day(low[row])} nor after {show_day(high[row])}: no day is left."
        else:
            code, fix = "W_DATE_CLAMPED", "Give the exact date if it can be found."
            text = (
                f"{column} is known only in part; imputed as {show_day(old[row])} it was moved to"
                f" {show_day(placed[row])} (allowed: {show_day(low[row])} to {show_day(high[row])})."
            )
        shown = show_day(old[row], precision=frame[f"{column}_precision"].iloc[row])
        items.append(row_finding(frame, row, code=code, message=text, fix=fix, column=column, value=shown, rule="1.13"))
    findings.extend(sort_findings(items))
