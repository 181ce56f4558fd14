"""Progression-free survival of a line (DOMAIN 2.2): the first of progression and death before the next line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgen.clinical.course import ADEQUATE, Course, Progression, find_assessments, find_course, find_progression
from netgen.clinical.days import Dated, canonical, exact, largest, pick_first
from netgen.clinical.tte import Outcome, Source, decide_outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from netgen.clinical.endpoints import EndpointSpec
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
    cut-off. Witness: a loop in ``tests/properties/test_endpoint_properties.py``.
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
    limit = np.fmin(cutoff, np.inf if ignore else course.stop.day)
    adequate = _adequate(course, seen, ignore=ignore)
    events = _event_sources(course, progression, survival, spec)
    censors = _censor_sources(course, adequate, survival, spec, limit, cutoff)
    outcome = decide_outcome(events, censors, cutoff=cutoff)
    outcome, missed = _censor_missed(outcome, course, adequate, spec.assessment_interval_days)
    started = ~np.isnan(course.start.day)
    flags = {
        "pd_conflict": progression.conflict & started,
        "pd_at_next_line": progression.moved & started,
        "pd_after_next_line": progression.dropped & started,
        "pd_date_missing": progression.undated,
        "missed_assessments": missed,
        "late_death": _is_late(outcome, course, seen, spec.max_death_gap_days),
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
    limit: NDArray[np.float64],
    cutoff: NDArray[np.float64],
) -> tuple[Source, ...]:
    n = len(limit)
    stopped = (course.stop.day <= cutoff) & (spec.new_therapy != "ignore")
    if spec.censor_at == "last_contact":
        alive = survival.death.filled(survival.contact)
        alive = Dated(*(np.where(part < start, start, part) for part, start in zip(alive, course.start, strict=True)))
        return (
            Source(reason="censored_new_therapy", dated=course.stop.only(stopped)),
            Source(reason="censored_last_contact", dated=alive.only(~stopped)),
            Source(reason="censored_cutoff", dated=exact(cutoff).only((alive.day > cutoff) & ~stopped)),
        )
    rows = adequate[adequate["day"].to_numpy() <= limit[adequate["place"]]]
    day = rows["day"].to_numpy()
    last = _dated(rows).at(pick_first(rows["place"].to_numpy(), n, [-day]))
    return (
        Source(reason="censored_new_therapy", dated=last.only(stopped)),
        Source(reason="censored_last_assessment", dated=last.only(~stopped)),
        Source(reason="censored_no_assessment", dated=course.start),
    )


def _adequate(course: Course, seen: pd.DataFrame, *, ignore: bool) -> pd.DataFrame:
    """Assessments of the line that showed no progression; of later lines too if those are ignored."""
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
    before = _dated(rows).at(pick_first(rows["place"].to_numpy(), n, [-rows["day"].to_numpy()])).filled(course.start)
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


def _dated(frame: pd.DataFrame) -> Dated:
    return Dated(*(frame[name].to_numpy(dtype=np.float64) for name in ("day", "low", "high")))
