"""When a line of treatment ends and when the next one begins (DOMAIN 2.5, 2.6): ttf, ttd, dot and ttnt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.clinical.days import Dated, exact, not_before
from netgen.clinical.tte import Outcome, Source, censor_competing, decide_outcome
from netgen.schema import TREATMENTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.clinical.course import Course
    from netgen.clinical.overall_survival import Survival

END_REASONS: Final[tuple[str, ...]] = next(item.values for item in TREATMENTS.columns if item.name == "end_reason")
COMPLETION: Final = "completion"


def find_line_end(course: Course) -> tuple[Dated, NDArray[np.bool_]]:
    """Return the last day of a line, and where it is not recorded.

    Parameters
    ----------
    course
        The line.

    Returns
    -------
    end
        ``date_end``, unless the line is marked as ongoing; else the day before the next line starts (DOMAIN 2.8 L8);
        NaN where neither is known.
    unknown
        (n,) started, and the end is inferred, contradicted by ``ongoing``, or neither given nor ongoing.
    """
    recorded = course.end.only(~course.ongoing)
    before = not_before(Dated(*(part - 1.0 for part in course.stop)), course.start)
    end = recorded.filled(before.only(~np.isnan(course.stop.day)))
    contradicted = course.ongoing & (~np.isnan(course.end.day) | ~np.isnan(course.stop.day))
    silent = ~course.ongoing & np.isnan(course.end.day)
    return end, (contradicted | silent) & ~np.isnan(course.start.day)


def decide_line_end(course: Course, survival: Survival, *, completion: str, cutoff: NDArray[np.float64]) -> Outcome:
    """Return when treatment stopped for any reason: the end of the line or death (DOMAIN 2.5).

    Parameters
    ----------
    course
        The line.
    survival
        Life and death of the patients.
    completion
        event: a planned end counts; censor: it is a censoring. Who is left out for it is the caller's business.
    cutoff
        (n,) day of administrative censoring, +inf where there is none.

    Returns
    -------
    Outcome
        Sources of events, in order: ``stop_<end_reason>`` (``stop_unknown`` where none is recorded), ``death``. Sources
        of censoring: ``censored_completion`` (if asked), else ``censored_last_contact``, ``censored_cutoff``.
    """
    end, _ = find_line_end(course)
    why = np.where(np.isin(course.end_reason, END_REASONS), course.end_reason, "unknown")
    death = survival.death.only(survival.death.day >= course.start.day)
    stops = [Source(reason=f"stop_{name}", dated=end.only(why == name), competing=1) for name in END_REASONS]
    died = Source(reason="death", dated=death, competing=1)
    if completion != "censor":
        return decide_outcome((*stops, died), censor_alive(survival, course.start, cutoff), cutoff=cutoff)
    completed = end.only((why == COMPLETION) & (end.day <= cutoff))
    observed = np.fmin(cutoff, completed.day)
    events = [source for source in stops if source.reason != f"stop_{COMPLETION}"]
    free = np.isnan(completed.day)
    censors = [Source(reason=item.reason, dated=item.dated.only(free))
               for item in censor_alive(survival, course.start, cutoff)]  # fmt: skip
    planned = Source(reason=f"censored_{COMPLETION}", dated=completed)
    return decide_outcome((*events, died), (planned, *censors), cutoff=observed)


def decide_next_line(course: Course, survival: Survival, *, deaths: str, cutoff: NDArray[np.float64]) -> Outcome:
    """Return when the next line began (DOMAIN 2.5).

    Parameters
    ----------
    course
        The line.
    survival
        Life and death of the patients.
    deaths
        Death before the next line is the event, or competing.
    cutoff
        (n,) day of administrative censoring, +inf where there is none.

    Returns
    -------
    Outcome
        Sources of events: ``next_line``, ``death`` (``censored_death`` with code 2 if competing). Sources of censoring:
        ``censored_last_contact``, ``censored_cutoff``.
    """
    death = survival.death.only(survival.death.day >= course.start.day)
    code = 2 if deaths == "competing" else 1
    events = (
        Source(reason="next_line", dated=course.stop, competing=1),
        Source(reason="death", dated=death, competing=code),
    )
    return censor_competing(decide_outcome(events, censor_alive(survival, course.start, cutoff), cutoff=cutoff))


def censor_alive(survival: Survival, start: Dated, cutoff: NDArray[np.float64]) -> tuple[Source, ...]:
    """Return the censorings of who is known alive: at the last contact, or at the cut-off if that is earlier.

    Parameters
    ----------
    survival
        Life and death of the patients.
    start
        (n,) origins of time; a contact before it is moved to it, since the patient was alive then.
    cutoff
        (n,) day of administrative censoring, +inf where there is none.

    Returns
    -------
    tuple of Source
        ``censored_last_contact`` and ``censored_cutoff``.
    """
    alive = not_before(survival.contact, start)
    beyond = (alive.day > cutoff) | (survival.death.day > cutoff)
    return (
        Source(reason="censored_last_contact", dated=alive),
        Source(reason="censored_cutoff", dated=exact(cutoff).only(beyond)),
    )
