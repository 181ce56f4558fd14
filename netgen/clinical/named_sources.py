"""The dates behind the names of ``source_names``: any endpoint of one's own, decided like the built-in ones.

The earliest of ``events`` and ``competing`` counts; without one the latest of ``censor`` up to the end of observation.
``stop_at`` and the data cut-off end the observation: what comes after that day does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netgen.clinical.course import (
    Course,
    find_assessments,
    find_course,
    find_local_therapy,
    find_progression,
    open_course,
)
from netgen.clinical.days import Dated, canonical, exact, not_before
from netgen.clinical.entry import find_sequencing
from netgen.clinical.origin import read_date_column
from netgen.clinical.pfs import find_adequate, last_dated
from netgen.clinical.treatment_end import find_line_end
from netgen.clinical.tte import Outcome, Source, censor_competing, decide_outcome

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from netgen.clinical.inputs import Inputs


@dataclass(frozen=True, kw_only=True)
class _Data:
    """What the sources read: the line or open time that begins at the origin, and its assessments."""

    inputs: Inputs
    start: Dated
    course: Course
    seen: pd.DataFrame


def decide_custom(inputs: Inputs, start: Dated) -> tuple[Outcome, NDArray[np.bool_]]:
    """Return the outcome of a custom endpoint, and who had an event before the origin.

    Parameters
    ----------
    inputs
        Tables and choices.
    start
        (n,) origins; NaN = none.

    Returns
    -------
    outcome
        ``end_reason`` is the name of the source that decided: ``pd_radiological``, ``pd_clinical`` or ``pd_recorded``
        for progression, otherwise the name as written; ``censored_`` before it for censorings, ends of observation and
        competing events; ``censored_cutoff`` at the data cut-off.
    before
        (n,) an event other than death, or the end of observation, is dated before the origin: never at risk.
    """
    spec = inputs.spec
    data = _read_data(inputs, start)
    events = [
        item
        for code, names in ((1, spec.events), (2, spec.competing))
        for name in names
        for item in _event_sources(name, data, code)
    ]
    stops = [item for name in spec.stop_at for item in _event_sources(name, data, 0)]
    before = np.zeros(len(start.day), dtype=bool)
    for item in (*events, *stops):
        before |= (item.dated.day < start.day) & (not item.reason.startswith("death"))
    limit = np.fmin.reduce([inputs.cutoff, *(item.dated.day for item in stops)])
    names = spec.censor or ("last_contact",)
    censors = [item for name in names for item in _censor_sources(name, data, limit)]
    if "last_contact" in names:
        beyond = (inputs.survival.contact.day > limit) | (inputs.survival.death.day > limit)
        for item in stops:
            last = item.dated.only(beyond & (item.dated.day == limit))
            censors.append(Source(reason=f"censored_{item.reason}", dated=last))
        censors.append(Source(reason="censored_cutoff", dated=exact(limit).only(beyond & (limit == inputs.cutoff))))
    return censor_competing(decide_outcome(events, censors, cutoff=limit)), before


def _read_data(inputs: Inputs, start: Dated) -> _Data:
    treatments, line = canonical(inputs.tables, "treatments"), inputs.spec.line
    course = find_course(treatments, inputs.ids, line) if line else open_course(treatments, inputs.ids, start)
    seen, _ = find_assessments(canonical(inputs.tables, "assessments"), treatments, inputs.ids, course.line)
    return _Data(inputs=inputs, start=start, course=course, seen=seen if line else seen.assign(line=0.0))


def _event_sources(name: str, data: _Data, code: int) -> list[Source]:
    if name == "progression":
        return _progressions(data, code)
    return [Source(reason=name, dated=_find_date(name, data), competing=code)]


def _find_date(name: str, data: _Data) -> Dated:
    """Date of an event by its name, see ``source_names``."""
    inputs = data.inputs
    kind, _, argument = name.partition(":")
    if kind == "death":
        cause = inputs.patients["cause_of_death"].fillna("unknown").to_numpy(dtype=object)
        return inputs.survival.death.only((cause == argument) | (argument == ""))
    if kind == "column":
        return read_date_column(inputs.patients, argument, setting=f"{inputs.spec.name}: column:")
    if kind == "sequencing":
        nowhere = np.full(len(inputs.ids), np.nan)
        return find_sequencing(canonical(inputs.tables, "samples"), inputs.ids, nowhere).report
    return _find_treatment_date(kind, argument, data)


def _find_treatment_date(kind: str, argument: str, data: _Data) -> Dated:
    treatments, ids = canonical(data.inputs.tables, "treatments"), data.inputs.ids
    if kind == "line":
        return find_course(treatments, ids, int(argument)).start
    if kind == "local_therapy":
        return find_local_therapy(treatments, ids, data.start)
    return data.course.stop if kind == "next_line" else find_line_end(data.course)[0]


def _progressions(data: _Data, code: int) -> list[Source]:
    spec = data.inputs.spec
    found = find_progression(
        data.course,
        data.seen,
        clinical_pd=spec.clinical_pd,
        beyond_next_line=spec.line is None,
        pd_date_from_end=spec.pd_date_from_end,
    )
    return [
        Source(reason="pd_radiological", dated=found.radiological, competing=code),
        Source(reason="pd_clinical", dated=found.clinical, competing=code),
        Source(reason="pd_recorded", dated=found.recorded, competing=code),
        Source(reason="pd_line_end", dated=found.line_end, competing=code),
    ]


def _censor_sources(name: str, data: _Data, limit: NDArray[np.float64]) -> list[Source]:
    reason = f"censored_{name}"
    if name == "last_contact":
        survival = data.inputs.survival
        contact = not_before(survival.contact, data.start) if data.inputs.spec.line else survival.contact
        return [Source(reason="censored_death", dated=survival.death), Source(reason=reason, dated=contact)]
    if name == "origin":
        return [Source(reason=reason, dated=data.start)]
    if name == "last_assessment":
        rows = find_adequate(data.course, data.seen, ignore=False)
        return [
            Source(reason=reason, dated=last_dated(rows[rows["day"].to_numpy() <= limit[rows["place"]]], len(limit)))
        ]
    return [Source(reason=reason, dated=_find_date(name, data))]
