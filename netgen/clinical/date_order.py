"""The order of clinical events as a net of dates (DOMAIN 1.16): lower bounds are pushed forward, upper bounds back.

birth <= diagnosis <= advanced disease <= line 1 < line 2 < ...; start of a line <= its end; start < progression;
diagnosis, advanced disease <= last contact; everything <= death. A date known to the day stays what it is, a partial
date takes the tighter of its own interval and what its neighbours allow, and a missing date passes that on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.days import find_places, largest, smallest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Days = dict[str, NDArray[np.float64]]  # node -> day number of each row

BIRTH: Final = "patients.birth_date"
DIAGNOSIS: Final = "patients.date_diagnosis"
ADVANCED: Final = "patients.date_advanced"
CONTACT: Final = "patients.date_last_contact"
DEATH: Final = "patients.date_death"
START: Final = "treatments.date_start"
END: Final = "treatments.date_end"
PROGRESSION: Final = "treatments.date_progression"
ASSESSMENT: Final = "assessments.date"
IMAGING: Final = "imaging.date"
NODES: Final = (BIRTH, DIAGNOSIS, ADVANCED, CONTACT, DEATH, START, END, PROGRESSION, ASSESSMENT, IMAGING)


@dataclass(frozen=True, kw_only=True)
class DateNet:
    """Who is ordered before whom: rows by table, the patient and the line of each, which dates are fixed."""

    n: int
    place: dict[str, NDArray[np.intp]]  # table -> patient of each row, n = unknown patient
    rank: NDArray[np.intp]  # treatments: 0, 1, ... within palliative intent, -1 otherwise
    line: NDArray[np.intp]  # assessments: row of treatments whose progression it is, len(treatments) = none
    fixed: dict[str, NDArray[np.bool_]]  # known to the day


def table_of(node: str) -> str:
    """Return the table of a node such as ``patients.date_death``.

    Parameters
    ----------
    node
        Name of a node.

    Returns
    -------
    str
        Name of its table.
    """
    return node.partition(".")[0]


def column_of(node: str) -> str:
    """Return the column of a node such as ``patients.date_death``.

    Parameters
    ----------
    node
        Name of a node.

    Returns
    -------
    str
        Name of its column.
    """
    return node.partition(".")[2]


def build_net(used: dict[str, pd.DataFrame], partial: dict[str, NDArray[np.bool_]]) -> DateNet:
    """Return the net of a cohort.

    Parameters
    ----------
    used
        Canonical ``patients``, ``treatments``, ``assessments`` and ``imaging``.
    partial
        Node -> which of its dates are known only to the month or year.

    Returns
    -------
    DateNet
        Lines are ordered by their number within palliative intent; other intents are bounded by death only. An
        assessment is ordered after its line only if it is a progression that names the line.
    """
    ids = pd.Index(used["patients"]["patient_id"])
    first = ids[~ids.duplicated()]
    n = len(ids)
    rows = np.flatnonzero(~ids.duplicated())

    def locate(frame: pd.DataFrame) -> NDArray[np.intp]:
        return np.append(rows, n)[find_places(first, frame["patient_id"])]

    lines, seen = used["treatments"], used["assessments"]
    place = {name: locate(used[name]) for name in ("treatments", "assessments", "imaging")}
    palliative = (lines["intent"].isna() | (lines["intent"] == "palliative")).to_numpy(dtype=bool, na_value=False)
    number = lines["line_number"].to_numpy(dtype=np.float64, na_value=np.nan)
    usable = palliative & ~np.isnan(number) & (place["treatments"] < n)
    rank = np.full(len(lines), -1, dtype=np.intp)
    order = pd.DataFrame({"place": place["treatments"][usable], "number": number[usable]})
    rank[usable] = order.groupby("place")["number"].rank(method="first").to_numpy(dtype=np.intp) - 1
    return DateNet(
        n=n,
        place=place,
        rank=rank,
        line=_find_line_rows(seen, place, number, usable),
        fixed={
            node: ~partial[node] & used[table_of(node)][column_of(node)].notna().to_numpy(dtype=bool) for node in NODES
        },
    )


def _find_line_rows(
    seen: pd.DataFrame, place: dict[str, NDArray[np.intp]], number: NDArray[np.float64], usable: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Treatment row of each progression that names its line; one past the end for the others."""
    progressed = (seen["overall_response"] == "PD").to_numpy(dtype=bool, na_value=False)
    progressed &= ~seen["is_baseline"].fillna(value=False).to_numpy(dtype=bool)
    keys = pd.MultiIndex.from_arrays([place["treatments"][usable], number[usable]])
    once = ~keys.duplicated()
    named = seen["line_number"].to_numpy(dtype=np.float64, na_value=np.nan)
    found = keys[once].get_indexer(pd.MultiIndex.from_arrays([place["assessments"], named]))
    rows = np.append(np.flatnonzero(usable)[once], len(number))[found]
    return np.where(progressed, rows, len(number)).astype(np.intp)


def push_forward(net: DateNet, own: Days) -> Days:
    """Return the dates of every node (node -> days), those not fixed raised to the latest date before them.

    Parameters
    ----------
    net
        The order.
    own
        Node -> day of each row before the step, NaN where there is none.

    Returns
    -------
    dict of str to array
        The same nodes; a missing date of a patient or line start passes its lower bound on.
    """

    def up(node: str, before: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(net.fixed[node], own[node], np.fmax(own[node], before))

    out = {BIRTH: own[BIRTH]}
    out[DIAGNOSIS] = up(DIAGNOSIS, out[BIRTH])
    out[ADVANCED] = up(ADVANCED, out[DIAGNOSIS])
    out[CONTACT] = up(CONTACT, out[ADVANCED])
    out[START] = own[START].copy()
    before = np.append(out[ADVANCED], np.nan)
    for rank in range(int(net.rank.max(initial=-1)) + 1):
        rows = np.flatnonzero(net.rank == rank)
        place = net.place["treatments"][rows]
        raised = np.where(net.fixed[START][rows], own[START][rows], np.fmax(own[START][rows], before[place]))
        out[START][rows] = raised
        before[place] = np.fmax(before[place], raised + 1)
    out[END] = _where_dated(own[END], up(END, out[START]))
    out[PROGRESSION] = _where_dated(own[PROGRESSION], up(PROGRESSION, out[START] + 1))
    starts = np.append(out[START], np.nan)[net.line]
    out[ASSESSMENT] = _where_dated(own[ASSESSMENT], up(ASSESSMENT, starts + 1))
    out[IMAGING] = own[IMAGING]
    before = np.fmax(out[ADVANCED], out[CONTACT])
    for node in (START, END, PROGRESSION, ASSESSMENT, IMAGING):
        before = np.fmax(before, largest(net.place[table_of(node)], out[node], net.n + 1)[: net.n])
    out[DEATH] = up(DEATH, before)
    return out


def push_backward(net: DateNet, own: Days) -> Days:
    """Return the dates of every node (node -> days), those not fixed lowered to the earliest date after them.

    Parameters
    ----------
    net
        The order.
    own
        Node -> day of each row before the step, NaN where there is none.

    Returns
    -------
    dict of str to array
        The same nodes; a missing date of a patient or line start passes its upper bound on.
    """

    def down(node: str, after: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(net.fixed[node], own[node], np.fmin(own[node], after))

    out = {DEATH: own[DEATH]}
    death = np.append(out[DEATH], np.nan)
    out[CONTACT] = down(CONTACT, out[DEATH])
    for node in (END, PROGRESSION, ASSESSMENT, IMAGING):
        out[node] = _where_dated(own[node], down(node, death[net.place[table_of(node)]]))
    n_lines = len(own[START])
    latest = smallest(net.line, out[ASSESSMENT], n_lines + 1)[:n_lines] - 1
    latest = np.fmin(np.fmin(latest, out[END]), np.fmin(out[PROGRESSION] - 1, death[net.place["treatments"]]))
    out[START] = down(START, latest)
    after = np.full(net.n + 1, np.nan)
    for rank in range(int(net.rank.max(initial=-1)), -1, -1):
        rows = np.flatnonzero(net.rank == rank)
        place = net.place["treatments"][rows]
        lowered = np.where(net.fixed[START][rows], own[START][rows], np.fmin(out[START][rows], after[place]))
        out[START][rows] = lowered
        after[place] = np.fmin(after[place], lowered - 1)
    first_line = smallest(np.where(net.rank >= 0, net.place["treatments"], -1), out[START], net.n)
    later = np.fmin(first_line, np.fmin(out[CONTACT], out[DEATH]))
    out[ADVANCED] = down(ADVANCED, later)
    out[DIAGNOSIS] = down(DIAGNOSIS, np.fmin(out[ADVANCED], later))
    out[BIRTH] = down(BIRTH, out[DIAGNOSIS])
    return out


def _where_dated(own: NDArray[np.float64], bound: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(own), np.nan, bound)
