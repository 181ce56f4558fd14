"""Delayed entry (DOMAIN 2.10): a decision, never a silent default.

Who could only be in the cohort after surviving to be sequenced is at risk from the day the result was available, not
from the origin. Whether that is so is a fact about the study. ``decide_entry`` reads it from the samples where they
settle it and stops where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.clinical.days import Dated, find_places, pick_first, read_dates
from netgen.clinical.rows import counted, warn_once
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from netgen.errors import Findings


_REMEDY: Final = (
    'State entry_rule = "none" if archived tissue was sequenced irrespective of survival, "sequencing_report" if'
    " patients had to survive until they were sequenced; report both if in doubt."
)


@dataclass(frozen=True, kw_only=True)
class Sequencing:
    """When and why n patients were sequenced.

    Attributes
    ----------
    sampled
        The patient has a tumour sample.
    report, collection
        Earliest report and earliest collection of the tumour samples.
    n_clinical, n_research, n_unknown
        Sampled patients whose samples are all clinical, all research_retrospective, anything else.
    n_dated
        Patients with a report date, or a recorded entry time.
    n_after_exit
        Patients with a report after death or last contact.
    """

    sampled: NDArray[np.bool_]
    report: Dated
    collection: Dated
    n_clinical: int
    n_research: int
    n_unknown: int
    n_dated: int
    n_after_exit: int


def find_sequencing(samples: pd.DataFrame, ids: pd.Index, exit_day: NDArray[np.float64]) -> Sequencing:
    """Return when and why each patient was sequenced; normal and cfDNA samples do not count.

    Parameters
    ----------
    samples
        Canonical ``samples``.
    ids
        Unique patient ids.
    exit_day
        (n,) day of death of the dead, of last contact of the others; NaN = not known.

    Returns
    -------
    Sequencing
        In the order of ``ids``.
    """
    tumour = ~samples["sample_class"].isin(["normal", "cfdna"]).to_numpy(dtype=bool, na_value=False)
    frame = samples[tumour & samples["patient_id"].isin(ids).to_numpy(dtype=bool)].reset_index(drop=True)
    place, n = find_places(ids, frame["patient_id"]), len(ids)
    report, collection = read_dates(frame, "date_sequencing_report"), read_dates(frame, "date_collection")
    sampled = np.bincount(place, minlength=n) > 0
    context = frame["sequencing_context"].fillna("unknown")
    clinical = _all_of(place, (context == "clinical").to_numpy(dtype=bool), n) & sampled
    research = _all_of(place, (context == "research_retrospective").to_numpy(dtype=bool), n) & sampled
    after = np.zeros(n, dtype=bool)
    after[place[report.low > exit_day[place]]] = True
    first = report.at(pick_first(place, n, [report.day]))
    return Sequencing(
        sampled=sampled,
        report=first,
        collection=collection.at(pick_first(place, n, [collection.day])),
        n_clinical=int(clinical.sum()),
        n_research=int(research.sum()),
        n_unknown=int((sampled & ~clinical & ~research).sum()),
        n_dated=int((~np.isnan(first.day)).sum()),
        n_after_exit=int(after.sum()),
    )


def _all_of(place: NDArray[np.intp], mask: NDArray[np.bool_], n: int) -> NDArray[np.bool_]:
    none: NDArray[np.bool_] = np.bincount(place[~mask], minlength=n) == 0
    return none


def decide_entry(
    sequencing: Sequencing,
    *,
    rule: str,
    recorded: bool,
    n_recorded_entry: int = 0,
    n_computable: int = 0,
    n_after_exit: int | None = None,
    findings: Findings,
) -> str:
    """Return the entry rule to apply: the one asked for, or with ``auto`` the one the study itself settles.

    Parameters
    ----------
    sequencing
        When and why patients were sequenced.
    rule
        auto, none, sequencing_report, sample_collection or custom; anything but auto is returned as it is.
    recorded
        The endpoint is taken from the source, so that entry can only come with it or from a timeline of day offsets.
    n_recorded_entry
        Patients for whom the source gives an entry time with the endpoint.
    n_computable
        Patients whose report date can be placed on the time axis of the endpoint.
    n_after_exit
        Patients sequenced after death or last contact; None = as counted from the samples.
    findings
        Receives W_ENTRY_NOT_USED and W_ENTRY_UNKNOWN.

    Returns
    -------
    str
        none, sequencing_report, sample_collection or custom.

    Raises
    ------
    AnalysisError
        E_ENTRY_UNDECIDED if ``auto`` cannot tell.

    Notes
    -----
    ``auto``, first that applies:

    1. All tumour samples research_retrospective: none, with W_ENTRY_NOT_USED if the source gives entry times.
    2. A recorded endpoint comes with its own entry times and none is after the exit: custom.
    3. Nothing can be known - no tumour sample at all, or a recorded endpoint without any usable date: none, with
       W_ENTRY_UNKNOWN.
    4. All clinical, report dates known, none after death or last contact: sequencing_report.
    5. E_ENTRY_UNDECIDED with the counts. A report after death means retrospective sequencing, for which entry at the
       report would be wrong.
    """
    if rule != "auto":
        return rule
    n_sampled = int(sequencing.sampled.sum())
    n_after = sequencing.n_after_exit if n_after_exit is None else n_after_exit
    if n_sampled and sequencing.n_research == n_sampled:
        if n_recorded_entry:
            warn_once(
                findings,
                "W_ENTRY_NOT_USED",
                f"{counted(n_recorded_entry, 'patient')} with an entry time, but all sequencing is "
                "research_retrospective: no delayed entry was applied.",
                fix='State entry_rule = "custom" to use the entry times, or "none" to say that they do not count.',
            )
        return "none"
    if n_recorded_entry and n_after == 0:
        return "custom"
    if not n_recorded_entry and (n_sampled == 0 or (recorded and n_computable == 0 and sequencing.n_dated == 0)):
        warn_once(
            findings,
            "W_ENTRY_UNKNOWN",
            "Nothing says when or why the patients were sequenced: no delayed entry was applied.",
            fix='State sequencing_context in [study], or entry_rule = "none" or "sequencing_report".',
        )
        return "none"
    if sequencing.n_clinical == n_sampled and n_computable and n_after == 0:
        return "sequencing_report"
    raise AnalysisError("E_ENTRY_UNDECIDED", _undecided(sequencing, n_recorded_entry, n_after), fix=_REMEDY)


def _undecided(sequencing: Sequencing, n_recorded_entry: int, n_after: int) -> str:
    n = counted(int(sequencing.sampled.sum()), "sequenced patient")
    dated = max(sequencing.n_dated, n_recorded_entry)
    return (
        f"Delayed entry must be decided: of {n} {sequencing.n_clinical} are marked clinical, {sequencing.n_research}"
        f" research_retrospective, {sequencing.n_unknown} unknown; {dated} have a date, {n_after} of them after"
        " death or last contact."
    )
