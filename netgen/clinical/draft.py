"""The working table of an endpoint: one row per patient, everyone with an outcome or a reason.

Each step takes the draft and returns a new one. A patient who is left out keeps the first reason. Columns: patient_id,
start, start_low, start_high, end, end_low, end_high (day numbers, NaN where the source gives no dates), time, time_min,
time_max, entry (days, NaN = from the origin), event, end_reason, competing, reason ("" = analysed), flags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.days import Dated, to_dates
from netgen.clinical.rows import row_finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.clinical.inputs import Inputs
    from netgen.clinical.tte import Outcome
    from netgen.errors import Finding

PARTIAL_LIMIT: Final = 31  # days between the shortest and the longest possible time; more is flagged (DOMAIN 1.13)
_TIMES: Final = ("time", "time_min", "time_max")


def start_draft(ids: pd.Index) -> pd.DataFrame:
    """Return an empty draft of the given patients.

    Parameters
    ----------
    ids
        Unique patient ids.

    Returns
    -------
    DataFrame
        Nobody has an outcome or a reason yet.
    """
    n = len(ids)
    numbers = ("start", "start_low", "start_high", "end", "end_low", "end_high", *_TIMES, "entry")
    draft = pd.DataFrame({name: np.full(n, np.nan) for name in numbers})
    draft.insert(0, "patient_id", pd.Series(ids, dtype="string"))
    texts = {name: pd.Series([""] * n, dtype="string") for name in ("end_reason", "reason", "flags")}
    return draft.assign(event=np.zeros(n, dtype=bool), competing=pd.Series([pd.NA] * n, dtype="Int64"), **texts)


def exclude(draft: pd.DataFrame, mask: NDArray[np.bool_], reason: str) -> pd.DataFrame:
    """Return the draft with a reason for the masked patients who have none yet.

    Parameters
    ----------
    draft
        The draft.
    mask
        (n,) who is left out.
    reason
        Reason code.

    Returns
    -------
    DataFrame
        A new draft.
    """
    return draft.assign(reason=draft["reason"].mask(mask & (draft["reason"] == "").to_numpy(dtype=bool), reason))


def flag(draft: pd.DataFrame, mask: NDArray[np.bool_], name: str) -> pd.DataFrame:
    """Return the draft with a flag added to the masked patients.

    Parameters
    ----------
    draft
        The draft.
    mask
        (n,) who gets the flag.
    name
        Name of the flag.

    Returns
    -------
    DataFrame
        A new draft.
    """
    if not mask.any():
        return draft
    flags = draft["flags"]
    return draft.assign(flags=flags.mask(mask, (flags + ";" + name).str.lstrip(";")))


def is_kept(draft: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which patients are still analysed.

    Parameters
    ----------
    draft
        The draft.

    Returns
    -------
    array
        (n,) bool.
    """
    return (draft["reason"] == "").to_numpy(dtype=bool)


def set_dates(draft: pd.DataFrame, name: str, dated: Dated) -> pd.DataFrame:
    """Return the draft with start or end dates and their intervals.

    Parameters
    ----------
    draft
        The draft.
    name
        start or end.
    dated
        (n,) dates.

    Returns
    -------
    DataFrame
        A new draft.
    """
    return draft.assign(**{name: dated.day, f"{name}_low": dated.low, f"{name}_high": dated.high})


def add_times(draft: pd.DataFrame, *, inclusive: bool = False) -> pd.DataFrame:
    """Return the draft with end minus start, and the shortest and longest time the intervals allow, never below 0.

    Parameters
    ----------
    draft
        With start and end.
    inclusive
        First and last day both count: one day more (duration of treatment, DOMAIN 2.6).

    Returns
    -------
    DataFrame
        A new draft; time_min <= time <= time_max.
    """
    extra = 1.0 if inclusive else 0.0
    time = (draft["end"] - draft["start"]).to_numpy() + extra
    shortest = (draft["end_low"] - draft["start_high"]).to_numpy() + extra
    longest = (draft["end_high"] - draft["start_low"]).to_numpy() + extra
    return draft.assign(
        time=time,
        time_min=np.fmin(np.fmax(shortest, extra), time),
        time_max=np.fmax(longest, time),
    )


def fill_outcome(
    draft: pd.DataFrame,
    outcome: Outcome,
    inputs: Inputs,
    *,
    inclusive: bool = False,
    endless: str = "last_contact_missing",
) -> pd.DataFrame:
    """Return the draft with end, event and times; who ends before the start is left out, with a finding.

    Parameters
    ----------
    draft
        With start.
    outcome
        What ended the time of each patient.
    inputs
        Cut-off, patients and collector; E_DATE_ORDER is added unless the patient has one for negative times already.
    inclusive
        First and last day both count.
    endless
        Reason of who has no end date.

    Returns
    -------
    DataFrame
        Left out: ``origin_after_cutoff``, ``endless``, ``negative_time``.
    """
    draft = set_dates(draft, "end", outcome.dated).assign(
        event=outcome.event,
        end_reason=pd.Series(outcome.reason, dtype="string"),
        competing=pd.Series(outcome.competing, dtype="Int64"),
    )
    draft = exclude(draft, (draft["start"] > inputs.cutoff).to_numpy(dtype=bool), "origin_after_cutoff")
    draft = exclude(draft, np.isnan(outcome.dated.day), endless)
    draft = add_times(draft, inclusive=inclusive)
    negative = is_kept(draft) & (draft["end"] < draft["start"]).to_numpy(dtype=bool)
    known = {item.patient_id for item in inputs.findings if item.rule == "V29"}
    for row in np.flatnonzero(negative):
        if draft["patient_id"].iloc[row] not in known:
            inputs.findings.extend([_negative(inputs.patients, int(row), draft, inputs.spec.origin)])
    return exclude(draft, negative, "negative_time")


def _negative(patients: pd.DataFrame, row: int, draft: pd.DataFrame, origin: str) -> Finding:
    days = f"{draft['end'].iloc[row] - draft['start'].iloc[row]:.0f}"
    return row_finding(
        patients,
        row,
        code="E_DATE_ORDER",
        message=f"Observation must not end before it begins ({origin}), found a time of {days} days.",
        fix="Correct the origin, the last contact or the date of death.",
        value=days,
        rule="V29",
    )


def settle_time_zero(draft: pd.DataFrame, policy: str) -> tuple[pd.DataFrame, int]:
    """Return the draft after the time-zero rule (DOMAIN 2.9), and how many analysed patients it concerned.

    Parameters
    ----------
    draft
        With times.
    policy
        half_day: 0 becomes 0.5. exclude: left out, reason ``time_zero``. keep: stays 0.

    Returns
    -------
    draft
        The new draft; half_day and keep set the flag ``time_zero``.
    n
        Patients with a time of 0.
    """
    zero = is_kept(draft) & (draft["time"] == 0).to_numpy(dtype=bool)
    if policy == "exclude":
        return exclude(draft, zero, "time_zero"), int(zero.sum())
    if policy == "half_day":
        draft = draft.assign(**{name: draft[name].mask(zero & (draft[name] == 0), 0.5) for name in _TIMES})
    return flag(draft, zero, "time_zero"), int(zero.sum())


def restart_at(draft: pd.DataFrame, landmark: int | None) -> pd.DataFrame:
    """Return the draft with time restarted at the landmark for those at risk there (DOMAIN 2.10).

    Parameters
    ----------
    draft
        With times and entry.
    landmark
        Days after the origin; None changes nothing.

    Returns
    -------
    DataFrame
        Left out are patients whose time is not longer (``before_landmark``) and who entered later
        (``entry_after_landmark``).
    """
    if landmark is None:
        return draft
    draft = exclude(draft, (draft["time"] <= landmark).to_numpy(dtype=bool), "before_landmark")
    draft = exclude(draft, (draft["entry"] > landmark).to_numpy(dtype=bool), "entry_after_landmark")
    times = {name: np.fmax(draft[name].to_numpy() - landmark, 0.0) for name in _TIMES}
    return draft.assign(**times, entry=(draft["entry"] - landmark).clip(lower=0.0))


def flag_partial(draft: pd.DataFrame, *, drop: bool) -> pd.DataFrame:
    """Return the draft with the flag ``partial_date`` where the possible times differ by more than 31 days.

    Parameters
    ----------
    draft
        With times.
    drop
        Leave these patients out instead, reason ``partial_date``.

    Returns
    -------
    DataFrame
        The new draft.
    """
    wide = (draft["time_max"] - draft["time_min"] > PARTIAL_LIMIT).to_numpy(dtype=bool)
    return exclude(draft, wide, "partial_date") if drop else flag(draft, wide, "partial_date")


def split_draft(
    draft: pd.DataFrame, *, name: str, line: int | None, with_competing: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of analysed patients and the table of excluded ones, both sorted by ``patient_id``.

    Parameters
    ----------
    draft
        The finished draft.
    name
        Endpoint name.
    line
        Line number, None where the endpoint has none.
    with_competing
        The endpoint has competing risks; otherwise ``competing`` is missing.

    Returns
    -------
    table
        Columns of :class:`netgen.clinical.endpoints.Endpoint`.
    excluded
        patient_id, endpoint, reason.
    """
    draft = draft.sort_values("patient_id", kind="stable").reset_index(drop=True)
    kept = draft[is_kept(draft)].reset_index(drop=True)
    left = draft[~is_kept(draft)].reset_index(drop=True)
    none = pd.Series([pd.NA] * len(kept), dtype="Int64")
    table = pd.DataFrame(
        {
            "patient_id": kept["patient_id"],
            "line_number": none if line is None else none.fillna(line),
            "endpoint": pd.Series([name] * len(kept), dtype="string"),
            "time_days": kept["time"],
            "event": kept["event"].astype(bool),
            "entry_days": kept["entry"],
            "origin_date": to_dates(kept["start"].to_numpy()),
            "end_date": to_dates(kept["end"].to_numpy()),
            "end_reason": kept["end_reason"],
            "competing": kept["competing"] if with_competing else none,
            "time_min": kept["time_min"],
            "time_max": kept["time_max"],
            "flags": kept["flags"],
        }
    )
    endpoint = pd.Series([name] * len(left), dtype="string")
    return table, pd.DataFrame({"patient_id": left["patient_id"], "endpoint": endpoint, "reason": left["reason"]})
