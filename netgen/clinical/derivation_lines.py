"""Endpoints that begin with a line of treatment: pfs, ttp, dor, ttnt, ttf, ttd and dot (DOMAIN 2.2-2.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgen.clinical.course import find_course
from netgen.clinical.days import canonical
from netgen.clinical.draft import exclude, fill_outcome, flag, is_kept, set_dates, start_draft
from netgen.clinical.pfs import find_pfs
from netgen.clinical.responders import find_responses, read_responses
from netgen.clinical.rows import counted, warn_once
from netgen.clinical.treatment_end import COMPLETION, decide_line_end, decide_next_line, find_line_end
from netgen.clinical.tte import censor_competing

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from netgen.clinical.days import Dated
    from netgen.clinical.endpoint_spec import EndpointSpec
    from netgen.clinical.inputs import Inputs
    from netgen.errors import Findings


def derive_pfs(inputs: Inputs) -> pd.DataFrame:
    """Return the draft of progression-free survival or time to progression of a line (DOMAIN 2.2, 2.4).

    Parameters
    ----------
    inputs
        Tables and choices. With kind ttp deaths without progression are censored and keep the code 2.

    Returns
    -------
    DataFrame
        The draft, before the time-zero rule.
    """
    spec = inputs.spec
    found = find_pfs(inputs.tables, inputs.ids, spec, survival=inputs.survival, cutoff=inputs.cutoff)
    draft = _start_line(found.start, inputs)
    for name, mask in found.flags.items():
        draft = flag(draft, mask, name)
    outcome = censor_competing(found.outcome) if spec.kind == "ttp" else found.outcome
    draft = fill_outcome(draft, outcome, inputs)
    _tell_pfs(draft, found.flags, found.n_same_day, spec, inputs.findings)
    return draft


def derive_dor(inputs: Inputs) -> pd.DataFrame:
    """Return the draft of the duration of response: responders only, ended as progression-free survival (DOMAIN 2.7).

    Parameters
    ----------
    inputs
        Tables and choices; without ``responses`` the unconfirmed response is found in the assessments.

    Returns
    -------
    DataFrame
        The draft, before the time-zero rule. Left out: ``no_response``, ``response_date_missing`` (only the recorded
        best response says so), ``censored_before_response``.
    """
    spec, line = inputs.spec, int(inputs.spec.line or 0)
    found = find_pfs(inputs.tables, inputs.ids, spec, survival=inputs.survival, cutoff=inputs.cutoff)
    first, undated = find_responses(inputs.tables, inputs.ids, line, clinical_pd=spec.clinical_pd, cutoff=inputs.cutoff)
    if inputs.responses is not None:
        first = read_responses(inputs.responses, inputs.ids, line)
    draft = _start_line(found.start, inputs)
    draft = exclude(draft, np.isnan(first.day) & undated, "response_date_missing")
    draft = exclude(draft, np.isnan(first.day), "no_response")
    draft = exclude(draft, found.outcome.dated.day < first.day, "censored_before_response")
    for name, mask in found.flags.items():
        draft = flag(draft, mask, name)
    return fill_outcome(set_dates(draft, "start", first), found.outcome, inputs)


def derive_ttnt(inputs: Inputs) -> pd.DataFrame:
    """Return the draft of the time to the next treatment (DOMAIN 2.5).

    Parameters
    ----------
    inputs
        Tables and choices.

    Returns
    -------
    DataFrame
        The draft, before the time-zero rule.
    """
    course = find_course(canonical(inputs.tables, "treatments"), inputs.ids, int(inputs.spec.line or 0))
    outcome = decide_next_line(course, inputs.survival, deaths=inputs.spec.deaths, cutoff=inputs.cutoff)
    return fill_outcome(_flag_follow_up(_start_line(course.start, inputs), inputs), outcome, inputs)


def derive_line_end(inputs: Inputs) -> pd.DataFrame:
    """Return the draft of the time to the end of a line: ttf, ttd, or dot with first and last day (DOMAIN 2.5, 2.6).

    Parameters
    ----------
    inputs
        Tables and choices.

    Returns
    -------
    DataFrame
        The draft, before the time-zero rule. A planned end has the flag ``planned_completion``, or is left out with
        that reason; an end that is inferred, contradicted or not given the flag ``line_end_unknown``.
    """
    spec = inputs.spec
    course = find_course(canonical(inputs.tables, "treatments"), inputs.ids, int(spec.line or 0))
    completion = spec.completion if spec.kind == "ttf" else "event"
    outcome = decide_line_end(course, inputs.survival, completion=completion, cutoff=inputs.cutoff)
    draft = _flag_follow_up(_start_line(course.start, inputs), inputs)
    planned = np.isin(outcome.reason, (f"stop_{COMPLETION}", f"censored_{COMPLETION}"))
    draft = flag(draft, planned, "planned_completion")
    draft = flag(draft, find_line_end(course)[1], "line_end_unknown")
    if completion == "exclude":
        draft = exclude(draft, planned, "planned_completion")
    return fill_outcome(draft, outcome, inputs, inclusive=spec.kind == "dot")


def _start_line(start: Dated, inputs: Inputs) -> pd.DataFrame:
    draft = exclude(start_draft(inputs.ids), np.isnan(start.day), "line_not_started")
    draft = exclude(draft, inputs.survival.contradiction, "vital_contradiction")
    return set_dates(draft, "start", start)


def _flag_follow_up(draft: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Flag whose censoring rests on a vital status that is not known."""
    draft = flag(draft, inputs.survival.undated, "death_date_missing")
    return flag(draft, inputs.survival.unknown | inputs.survival.blank, "vital_unknown")


def _tell_pfs(
    draft: pd.DataFrame, flags: dict[str, NDArray[np.bool_]], n_same_day: int, spec: EndpointSpec, findings: Findings
) -> None:
    kept, what = is_kept(draft), f"{spec.name} from {spec.origin}"
    no_assessment = kept & (draft["end_reason"] == "censored_no_assessment").to_numpy(dtype=bool)
    for code, n, text, fix in (
        ("W_ASSESS_DUP", n_same_day, "set aside for another of the same date (RECIST first, then the worse)",
         "Keep one assessment per date."),
        ("W_PD_CONFLICT", int((flags["pd_conflict"] & kept).sum()),
         "with recorded and assessed progression more than 28 days apart; the earlier counts", "Correct the dates."),
        ("W_PD_DATE_MISSING", int((flags["pd_date_missing"] & kept).sum()),
         "ended the line for progression without a date of it; "
         + ("it is dated at the end of the line" if spec.pd_date_from_end else "censored"),
         "Give date_progression, or set pd_date_from_end."),
        ("W_NO_ASSESSMENT", int(no_assessment.sum()),
         "without event and without any assessment; censored at the start of the line",
         'Give assessments, or set censor_at = "last_contact".'),
    ):  # fmt: skip
        if n:
            unit = "assessment" if code == "W_ASSESS_DUP" else "patient"
            warn_once(findings, code, f"{what}: {counted(n, unit)} {text}.", fix=fix)
