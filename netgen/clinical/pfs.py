"""Progression-free survival of a line (DOMAIN 2.2): the first of progression and death before the next line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgen.clinical.course import (
    ADEQUATE,
    Course,
    Progression,
    find_assessments,
    find_course,
    find_local_therapy,
    find_progression,
)
from netgen.clinical.days import Dated, canonical, exact, largest, not_before, pick_first
from netgen.clinical.tte import Outcome, Source, decide_outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from netgen.clinical.endpoint_spec import EndpointSpec
    from netgen.clinical.overall_survival import Survival


@dataclass(frozen=True, kw_only=True)
class LineOutcome:
    """Start and outcome of a line, flags (name -> patients), and how many assessments lost to another of the day."""

    start: Dated
    outcome: Outcome
    flags: dict[str, NDArray[np.bool_]]
    n_same_day: int


def find_pfs(
    tables: Mapping[str, pd.DataFrame],
    ids: pd.Index,
    spec: EndpointSpec,
    *,
    survival: Survival,
    cutoff: NDArray[np.float64],
) -> LineOutcome:
    """Return progression-free survival of one line for every patient.

    Parameters
    ----------
    tables
        Canonical tables; ``treatments`` and ``assessments`` are read.
    ids
        Unique patient ids, the order of everything returned.
    spec
        The endpoint; ``origin`` is ``line:k``.
    survival
        Life and death of the patients.
    cutoff
        (n,) day of administrative censoring, +inf where there is none.

    Returns
    -------
    LineOutcome
        ``start`` is NaN for patients without the line.

    Notes
    -----
    Sources of events, in order: ``pd_radiological``, ``pd_clinical``, ``pd_recorded`` (kind unknown), ``pd_line_end``
    (only with ``pd_date_from_end``), ``death`` (before the next line starts, whatever the policy), ``new_therapy``
    (only under that policy). Sources of censoring: the last adequate assessment up to the next line
    (``censored_new_therapy`` if that line is why, else ``censored_last_assessment``), else the start of the line
    (``censored_no_assessment``). With ``censor_at = "last_contact"``: the start of the next line, the last contact, the
    cut-off. With ``censor_at_local`` a local procedure ends the follow-up like a new line (``censored_local_therapy``);
    a progression on its day still counts. Witness: a loop in ``tests/properties/test_endpoint_properties.py``.
    """
    treatments, assessments = canonical(tables, "treatments"), canonical(tables, "assessments")
    course = find_course(treatments, ids, int(spec.line or 0))
    seen, n_same_day = find_assessments(assessments, treatments, ids, course.line)
    ignore = spec.new_therapy == "ignore"
    progression = find_progression(
        course,
        seen,
        clinical_pd=spec.clinical_pd,
        beyond_next_line=ignore,
        pd_date_from_end=spec.pd_date_from_end,
    )
    stop = course.stop.only(np.full(len(ids), not ignore))
    local = find_local_therapy(treatments, ids, course.start)
    local = local.only(~(local.day >= stop.day))
    observed = np.fmin(cutoff, local.day) if spec.censor_at_local else cutoff
    adequate = find_adequate(course, seen, ignore=ignore)
    events = _event_sources(course, progression, survival, spec)
    stops = (("new_therapy", stop), ("local_therapy", local.only(np.full(len(ids), spec.censor_at_local))))
    censors = _censor_sources(course, adequate, survival, spec, stops, cutoff)
    outcome = decide_outcome(events, censors, cutoff=observed)
    outcome, missed = _censor_missed(outcome, course, adequate, spec.assessment_interval_days)
    started = ~np.isnan(course.start.day)
    flags = {
        "pd_conflict": progression.conflict & started,
        "pd_at_next_line": progression.moved & started,
        "pd_after_next_line": progression.dropped & started,
        "pd_date_missing": progression.undated,
        "missed_assessments": missed,
        "late_death": _is_late(outcome, course, seen, spec.max_death_gap_days),
        "local_therapy": (local.day <= outcome.dated.day) | (spec.censor_at_local & (local.day <= cutoff)),
    }
    return LineOutcome(start=course.start, outcome=outcome, flags=flags, n_same_day=n_same_day)


def _event_sources(
    course: Course, progression: Progression, survival: Survival, spec: EndpointSpec
) -> tuple[Source, ...]:
    death = survival.death
    before_next = ~(death.day >= course.stop.day) & (death.day >= course.start.day)
    sources: tuple[Source, ...] = (
        Source(reason="pd_radiological", dated=progression.radiological, competing=1),
        Source(reason="pd_clinical", dated=progression.clinical, competing=1),
        Source(reason="pd_recorded", dated=progression.recorded, competing=1),
        Source(reason="pd_line_end", dated=progression.line_end, competing=1),
        Source(reason="death", dated=death.only(before_next), competing=2),
    )
    if spec.new_therapy == "event":
        sources += (Source(reason="new_therapy", dated=course.stop, competing=1),)
    return sources


def _censor_sources(
    course: Course,
    adequate: pd.DataFrame,
    survival: Survival,
    spec: EndpointSpec,
    stops: tuple[tuple[str, Dated], ...],
    cutoff: NDArray[np.float64],
) -> tuple[Source, ...]:
    """Until when the patient was known without event, told by what ended the follow-up: the first of ``stops``."""
    limit = np.fmin.reduce([cutoff, *(dated.day for _, dated in stops)])
    free, ended = np.ones(len(cutoff), dtype=bool), []
    for name, dated in stops:
        mask = free & (dated.day <= limit)
        ended.append((name, dated, mask))
        free = free & ~mask
    if spec.censor_at == "last_contact":
        alive = not_before(survival.death.filled(survival.contact), course.start)
        return (
            *(Source(reason=f"censored_{name}", dated=dated.only(mask)) for name, dated, mask in ended),
            Source(reason="censored_last_contact", dated=alive.only(free)),
            Source(reason="censored_cutoff", dated=exact(cutoff).only((alive.day > cutoff) & free)),
        )
    rows = adequate[adequate["day"].to_numpy() <= limit[adequate["place"]]]
    last = last_dated(rows, len(limit))
    return (
        *(Source(reason=f"censored_{name}", dated=last.only(mask)) for name, _, mask in ended),
        Source(reason="censored_last_assessment", dated=last.only(free)),
        Source(reason="censored_no_assessment", dated=course.start),
    )


def find_adequate(course: Course, seen: pd.DataFrame, *, ignore: bool) -> pd.DataFrame:
    """Return the assessments of a line that showed no progression, on or after its start.

    Parameters
    ----------
    course
        The line.
    seen
        Assessments of :func:`netgen.clinical.course.find_assessments`.
    ignore
        Those of later lines too.

    Returns
    -------
    DataFrame
        Rows of ``seen``.
    """
    of_line = seen["line"] >= course.line if ignore else seen["line"] == course.line
    rows = seen[of_line & seen["response"].isin(ADEQUATE)]
    return rows[rows["day"].to_numpy() >= course.start.day[rows["place"]]]


def _censor_missed(
    outcome: Outcome, course: Course, adequate: pd.DataFrame, interval: int | None
) -> tuple[Outcome, NDArray[np.bool_]]:
    """Censor progressions after two missed assessments at the last one before the gap (FDA-type sensitivity)."""
    n = len(outcome.event)
    if interval is None:
        return outcome, np.zeros(n, dtype=bool)
    rows = adequate[adequate["day"].to_numpy() < outcome.dated.day[adequate["place"]]]
    before = last_dated(rows, n).filled(course.start)
    progressed = np.array([str(reason).startswith("pd_") for reason in outcome.reason], dtype=bool)
    missed = progressed & (outcome.dated.day - before.day > 2 * interval)
    changed = replace(
        outcome,
        dated=before.only(missed).filled(outcome.dated.only(~missed)),
        event=outcome.event & ~missed,
        reason=np.where(missed, "censored_missed_assessments", outcome.reason),
        competing=np.where(missed, 0, outcome.competing),
    )
    return changed, missed


def _is_late(outcome: Outcome, course: Course, seen: pd.DataFrame, gap: int) -> NDArray[np.bool_]:
    """Which deaths came long after the last assessment or the end of the line."""
    n = len(outcome.event)
    rows = seen[(seen["line"] == course.line) & (seen["response"] != "ND")]
    rows = rows[rows["day"].to_numpy() <= outcome.dated.day[rows["place"]]]
    last = largest(rows["place"].to_numpy(), rows["day"].to_numpy(), n)
    ended = np.where(course.end.day <= outcome.dated.day, course.end.day, np.nan)
    followed = np.fmax(np.fmax(last, ended), course.start.day)
    late: NDArray[np.bool_] = (outcome.reason == "death") & (outcome.dated.day - followed > gap)
    return late


def last_dated(rows: pd.DataFrame, n: int) -> Dated:
    """Return the latest of the rows of each of n patients.

    Parameters
    ----------
    rows
        place, day, low, high.
    n
        Number of patients.

    Returns
    -------
    Dated
        NaN where a patient has no row.
    """
    dated = Dated(*(rows[name].to_numpy(dtype=np.float64) for name in ("day", "low", "high")))
    return dated.at(pick_first(rows["place"].to_numpy(), n, [-dated.day]))
