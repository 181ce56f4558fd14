"""How each endpoint fills its draft: start, end, event and reasons for having none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.days import canonical
from netgen.clinical.derivation_lines import derive_dor, derive_line_end, derive_pfs, derive_ttnt
from netgen.clinical.disease_survival import split_causes
from netgen.clinical.draft import exclude, fill_outcome, flag, is_kept, set_dates, start_draft
from netgen.clinical.endpoint_kinds import CUSTOM
from netgen.clinical.named_sources import decide_custom
from netgen.clinical.origin import find_origin
from netgen.clinical.overall_survival import find_survival_end
from netgen.clinical.recorded import read_recorded
from netgen.clinical.rows import counted, warn_once
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgen.clinical.inputs import Inputs
    from netgen.clinical.origin import Origin
    from netgen.errors import Findings


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
    draft = fill_outcome(_start_survival(inputs), find_survival_end(inputs.survival, inputs.cutoff), inputs)
    _tell_survival(draft, inputs)
    return draft


def derive_dss(inputs: Inputs) -> pd.DataFrame:
    """Return the draft of disease-specific survival: deaths from other causes compete (DOMAIN 2.1).

    Parameters
    ----------
    inputs
        Tables and choices.

    Returns
    -------
    DataFrame
        The draft, before the time-zero rule; who died of an unknown cause is left out, ``cause_of_death_unknown``.

    Raises
    ------
    AnalysisError
        E_ENDPOINT_UNAVAILABLE if the cause is known for fewer than 90 % of the deaths.
    """
    outcome = find_survival_end(inputs.survival, inputs.cutoff)
    kept = is_kept(fill_outcome(_start_survival(inputs), outcome, inputs))
    outcome, unknown = split_causes(inputs.patients, outcome, kept)
    draft = exclude(fill_outcome(_start_survival(inputs), outcome, inputs), unknown, "cause_of_death_unknown")
    _tell_survival(draft, inputs)
    return draft


def derive_custom(inputs: Inputs) -> pd.DataFrame:
    """Return the draft of an endpoint of one's own, declared as lists of events and censorings (DOMAIN 2).

    Parameters
    ----------
    inputs
        Tables and choices.

    Returns
    -------
    DataFrame
        The draft, before the time-zero rule.
    """
    survival, spec = inputs.survival, inputs.spec
    origin = find_origin(inputs.tables, inputs.patients, spec.origin, spec.line)
    outcome, before = decide_custom(inputs, origin.dated)
    draft = exclude(start_draft(inputs.ids), survival.contradiction, "vital_contradiction")
    deadly = any(name.partition(":")[0] == "death" for name in (*spec.events, *spec.competing))
    draft = exclude(draft, survival.undated & deadly, "death_date_missing")
    draft = exclude(draft, survival.blank & deadly, "status_missing")
    draft = flag(draft, survival.undated & (not deadly), "death_date_missing")
    draft = _start_at(draft, origin, inputs)
    draft = exclude(draft, before, "event_before_origin")
    return fill_outcome(draft, outcome, inputs, endless="no_end_date")


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


DERIVATIONS: Final[dict[str, Callable[[Inputs], pd.DataFrame]]] = {
    "os": derive_os,
    "dss": derive_dss,
    "pfs": derive_pfs,
    "ttp": derive_pfs,
    "ttnt": derive_ttnt,
    "ttf": derive_line_end,
    "ttd": derive_line_end,
    "dot": derive_line_end,
    "dor": derive_dor,
    CUSTOM: derive_custom,
}


def _start_survival(inputs: Inputs) -> pd.DataFrame:
    """Leave out who has no usable vital status or origin, and set the origin of the others."""
    survival, spec = inputs.survival, inputs.spec
    draft = exclude(start_draft(inputs.ids), survival.contradiction, "vital_contradiction")
    draft = exclude(draft, survival.undated, "death_date_missing")
    draft = exclude(draft, survival.blank, "status_missing")
    return _start_at(draft, find_origin(inputs.tables, inputs.patients, spec.origin, spec.line), inputs)


def _start_at(draft: pd.DataFrame, origin: Origin, inputs: Inputs) -> pd.DataFrame:
    draft = exclude(draft, np.isnan(origin.dated.day), origin.reason)
    if inputs.spec.partial_dates in ("auto", "bounds"):
        draft = exclude(draft, origin.year_only, "diagnosis_year_only")
    draft = flag(draft, origin.from_diagnosis, "advanced_from_diagnosis")
    draft = flag(draft, inputs.survival.unknown, "vital_unknown")
    return set_dates(draft, "start", origin.dated)


def _tell_survival(draft: pd.DataFrame, inputs: Inputs) -> None:
    """Say how many died without a date and how many have an unknown vital status."""
    survival, findings = inputs.survival, inputs.findings
    _tell_undated_deaths(int(survival.undated.sum()), findings)
    unknown = int((survival.unknown & is_kept(draft)).sum())
    if unknown:
        warn_once(
            findings,
            "W_VITAL_UNKNOWN",
            f"Vital status of {counted(unknown)} is unknown; censored at the last contact.",
            fix="Ask the registry; loss to follow-up is not independent of the outcome.",
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
