"""How each endpoint fills its draft: start, end, event and reasons for having none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.days import canonical
from netgen.clinical.draft import add_times, exclude, flag, is_kept, set_dates, start_draft
from netgen.clinical.origin import find_origin
from netgen.clinical.overall_survival import Survival, find_survival_end
from netgen.clinical.pfs import find_pfs
from netgen.clinical.recorded import read_recorded
from netgen.clinical.rows import counted, row_finding, warn_once
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from netgen.clinical.endpoints import EndpointSpec
    from netgen.clinical.tte import Outcome
    from netgen.errors import Finding, Findings


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What every derivation reads: tables, unique sorted patients and their ids, the choices, the cut-off, survival."""

    tables: Mapping[str, pd.DataFrame]
    patients: pd.DataFrame
    ids: pd.Index
    spec: EndpointSpec
    cutoff: NDArray[np.float64]
    survival: Survival
    findings: Findings


def derive_os(inputs: Inputs) -> pd.DataFrame:
    """Return the draft of overall survival from any origin (DOMAIN 2.1).

    Parameters
    ----------
    inputs
        Tables and choices.

    Returns
    -------
    DataFrame
        The draft, before the time-zero rule.
    """
    survival, spec, findings = inputs.survival, inputs.spec, inputs.findings
    origin = find_origin(inputs.tables, inputs.patients, spec.origin, spec.line)
    draft = exclude(start_draft(inputs.ids), survival.contradiction, "vital_contradiction")
    draft = exclude(draft, survival.undated, "death_date_missing")
    draft = exclude(draft, survival.blank, "status_missing")
    draft = exclude(draft, np.isnan(origin.dated.day), origin.reason)
    if spec.partial_dates == "auto":
        draft = exclude(draft, origin.year_only, "diagnosis_year_only")
    draft = flag(draft, origin.from_diagnosis, "advanced_from_diagnosis")
    draft = flag(draft, survival.unknown, "vital_unknown")
    draft = _fill(set_dates(draft, "start", origin.dated), find_survival_end(survival, inputs.cutoff), inputs)
    _tell_undated_deaths(int(survival.undated.sum()), findings)
    unknown = int((survival.unknown & is_kept(draft)).sum())
    if unknown:
        warn_once(
            findings,
            "W_VITAL_UNKNOWN",
            f"Vital status of {counted(unknown)} is unknown; censored at the last contact.",
            fix="Ask the registry; loss to follow-up is not independent of the outcome.",
        )
    return draft


def derive_pfs(inputs: Inputs) -> pd.DataFrame:
    """Return the draft of progression-free survival of a line (DOMAIN 2.2).

    Parameters
    ----------
    inputs
        Tables and choices.

    Returns
    -------
    DataFrame
        The draft, before the time-zero rule.

    Raises
    ------
    AnalysisError
        E_CONFIG if the origin is not the start of a line.
    """
    spec = inputs.spec
    if spec.line is None:
        raise AnalysisError("E_CONFIG", f"pfs must start with a line of treatment, found origin {spec.origin!r}.",
                            fix='Use origin = "line:1".')  # fmt: skip
    found = find_pfs(inputs.tables, inputs.ids, spec, survival=inputs.survival, cutoff=inputs.cutoff)
    draft = exclude(start_draft(inputs.ids), np.isnan(found.start.day), "line_not_started")
    draft = exclude(draft, inputs.survival.contradiction, "vital_contradiction")
    for name, mask in found.flags.items():
        draft = flag(draft, mask, name)
    draft = _fill(set_dates(draft, "start", found.start), found.outcome, inputs)
    _tell_pfs(draft, found.flags, found.n_same_day, spec, inputs.findings)
    return draft


def derive_recorded(inputs: Inputs) -> pd.DataFrame:
    """Return the draft of an endpoint that the source gives ready-made (DOMAIN 1.17).

    Parameters
    ----------
    inputs
        Tables and choices.

    Returns
    -------
    DataFrame
        The draft, before the time-zero rule.

    Raises
    ------
    AnalysisError
        E_ENDPOINT_UNAVAILABLE if the source gives none of that name.
    """
    name = inputs.spec.name
    names = sorted(canonical(inputs.tables, "recorded_endpoints")["endpoint"].dropna().unique())
    if name not in names:
        raise AnalysisError(
            "E_ENDPOINT_UNAVAILABLE",
            f"The source records no endpoint {name}.",
            fix=f"It records: {', '.join(names) or 'none'}.",
        )
    rows = read_recorded(inputs.tables, inputs.ids, name, findings=inputs.findings)
    warn_once(
        inputs.findings,
        "W_ENDPOINT_PRECOMPUTED",
        f"{name} is taken as the source gives it: its rules, origin and censoring cannot be checked or changed.",
        fix="Give dates to have it derived.",
    )
    draft = start_draft(inputs.ids)
    for reason in rows["reason"].unique():
        if reason:
            draft = exclude(draft, (rows["reason"] == reason).to_numpy(), str(reason))
    time = rows["time_days"].to_numpy()
    event = rows["event"].to_numpy(dtype=bool)
    return draft.assign(
        time=time,
        time_min=time,
        time_max=time,
        entry=rows["entry_days"].to_numpy(),
        event=event,
        end_reason=pd.Series(np.where(event, "recorded_event", "recorded_censoring"), dtype="string"),
    )


DERIVATIONS: Final[dict[str, Callable[[Inputs], pd.DataFrame]]] = {"os": derive_os, "pfs": derive_pfs}


def _fill(draft: pd.DataFrame, outcome: Outcome, inputs: Inputs) -> pd.DataFrame:
    """Add end, event and times; leave out who has no end, starts after the cut-off, or ends before the start."""
    draft = set_dates(draft, "end", outcome.dated).assign(
        event=outcome.event,
        end_reason=pd.Series(outcome.reason, dtype="string"),
        competing=pd.Series(outcome.competing, dtype="Int64"),
    )
    draft = exclude(draft, (draft["start"] > inputs.cutoff).to_numpy(dtype=bool), "origin_after_cutoff")
    draft = exclude(draft, np.isnan(outcome.dated.day), "last_contact_missing")
    draft = add_times(draft)
    negative = is_kept(draft) & (draft["time"] < 0).to_numpy(dtype=bool)
    known = {item.patient_id for item in inputs.findings if item.rule == "V29"}
    for row in np.flatnonzero(negative):
        if draft["patient_id"].iloc[row] not in known:
            inputs.findings.extend([_negative(inputs.patients, int(row), draft, inputs.spec.origin)])
    return exclude(draft, negative, "negative_time")


def _negative(patients: pd.DataFrame, row: int, draft: pd.DataFrame, origin: str) -> Finding:
    days = f"{draft['time'].iloc[row]:.0f}"
    return row_finding(
        patients,
        row,
        code="E_DATE_ORDER",
        message=f"Observation must not end before it begins ({origin}), found a time of {days} days.",
        fix="Correct the origin, the last contact or the date of death.",
        value=days,
        rule="V29",
    )


def _tell_undated_deaths(n: int, findings: Findings) -> None:
    if n:
        warn_once(
            findings,
            "W_DEATH_DATE_MISSING",
            f"{counted(n)} died without a date of death and cannot be part of overall survival.",
            fix="Give date_death; the month or the year is enough.",
            rule="V05",
        )


def _tell_pfs(
    draft: pd.DataFrame, flags: dict[str, NDArray[np.bool_]], n_same_day: int, spec: EndpointSpec, findings: Findings
) -> None:
    kept, what = is_kept(draft), f"pfs from {spec.origin}"
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
