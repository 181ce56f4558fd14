"""Endpoints: from dated tables to one time, one event and one reason per patient (DOMAIN 2).

``derive_endpoint`` is the only way from tables to outcomes; every analysis reads its result. Months are for display.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen.clinical.days import canonical, day_of, to_days
from netgen.clinical.derivation import DERIVATIONS, derive_recorded
from netgen.clinical.draft import flag_partial, restart_at, settle_time_zero, split_draft
from netgen.clinical.endpoint_kinds import CUSTOM
from netgen.clinical.endpoint_list import list_endpoints
from netgen.clinical.endpoint_spec import EndpointSpec
from netgen.clinical.entry_step import add_entry
from netgen.clinical.inputs import Inputs
from netgen.clinical.overall_survival import find_survival
from netgen.clinical.rows import counted, warn_once
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from netgen.errors import Findings

__all__ = ["Endpoint", "EndpointSpec", "derive_endpoint", "find_cutoff", "list_endpoints"]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint of a cohort: who has which outcome, who was left out and why.

    Attributes
    ----------
    name, line, origin, entry_rule
        What was derived: ``os``, the line number or None, ``advanced``, ``none`` ...
    table
        One row per analysed patient, sorted by ``patient_id``: patient_id, line_number, endpoint, time_days (whole
        days, or 0.5 by the time-zero rule), event (True = happened), entry_days (NaN = from the origin), origin_date,
        end_date, end_reason (the rule that decided), competing (0 censored, 1 event, 2 competing event; missing where
        undefined), time_min, time_max (what partial dates allow), flags (joined by ";").
    excluded
        patient_id, endpoint, reason; every patient of the cohort is here or in ``table``.
    """

    name: str
    line: int | None
    origin: str
    entry_rule: str
    table: pd.DataFrame
    excluded: pd.DataFrame


def derive_endpoint(
    tables: Mapping[str, pd.DataFrame],
    spec: EndpointSpec,
    *,
    data_cutoff: date | None = None,
    responses: pd.DataFrame | None = None,
    findings: Findings,
) -> Endpoint:
    """Return one endpoint for every patient: an outcome with the rule that decided it, or a reason for having none.

    Parameters
    ----------
    tables
        Canonical tables, dates clamped (``clamp_dates``); those the endpoint does not need may be absent.
    spec
        The endpoint.
    data_cutoff
        Administrative end of observation; with ``date_data_cutoff`` of the patient the earlier counts. Not applied to
        recorded endpoints, nor - as a calendar date - to patients whose dates are day offsets.
    responses
        For dor: patient_id, line_number, bor, first_response_date; None = unconfirmed responses of the assessments.
    findings
        Receives what a reader of the result must know, once per cohort with counts; E_DATE_ORDER for negative times.

    Returns
    -------
    Endpoint
        Independent of the order of rows.

    Raises
    ------
    AnalysisError
        E_ENDPOINT_UNAVAILABLE if the tables do not carry the endpoint, E_ENTRY_UNDECIDED if delayed entry is not
        settled, E_CONFIG if a named column is not a date.

    Notes
    -----
    1. Origin and end date with its rule; patients without either are left out with a reason.
    2. Time = end - origin in days, the time-zero rule, entry, landmark, the partial-date rule, in this order.
    """
    patients = canonical(tables, "patients").drop_duplicates("patient_id")
    patients = patients.sort_values("patient_id", kind="stable").reset_index(drop=True)
    inputs = Inputs(
        tables=tables,
        patients=patients,
        ids=pd.Index(patients["patient_id"]),
        spec=spec,
        cutoff=find_cutoff(patients, data_cutoff),
        survival=find_survival(patients),
        responses=responses,
        findings=findings,
    )
    if spec.source == "recorded":
        draft = derive_recorded(inputs)
    elif spec.kind in DERIVATIONS:
        draft = DERIVATIONS[spec.kind](inputs)
    else:
        known = ", ".join(name for name in DERIVATIONS if name != CUSTOM)
        raise AnalysisError(
            "E_ENDPOINT_UNAVAILABLE",
            f"Endpoint {spec.kind} cannot be derived; known are {known}.",
            fix=f"Use one of them, or say what {spec.name} counts with events.",
        )
    draft, n_zero = settle_time_zero(draft, spec.time_zero)
    _tell_time_zero(n_zero, spec, findings)
    draft, rule = add_entry(draft, inputs)
    draft = restart_at(draft, spec.landmark)
    draft = flag_partial(draft, drop=spec.partial_dates == "exclude")
    table, excluded = split_draft(draft, name=spec.name, line=spec.line, with_competing=spec.has_competing)
    return Endpoint(name=spec.name, line=spec.line, origin=spec.origin, entry_rule=rule, table=table, excluded=excluded)


def find_cutoff(patients: pd.DataFrame, data_cutoff: date | None) -> NDArray[np.float64]:
    """Return the day of administrative censoring of each patient; +inf where there is none.

    Parameters
    ----------
    patients
        Canonical ``patients``.
    data_cutoff
        Cut-off of the study; patients with day offsets have only their own.

    Returns
    -------
    array
        (n,) day numbers.
    """
    own = np.where(patients["date_data_cutoff"].isna(), np.inf, to_days(patients["date_data_cutoff"]))
    if data_cutoff is None:
        return own
    offset = (patients["time_base"] == "offset").to_numpy(dtype=bool, na_value=False)
    return np.where(offset, own, np.fmin(own, day_of(data_cutoff)))


def _tell_time_zero(n: int, spec: EndpointSpec, findings: Findings) -> None:
    done = {"half_day": "set to half a day", "exclude": "left out", "keep": "kept"}[spec.time_zero]
    if n:
        warn_once(
            findings,
            "W_TIME_ZERO",
            f"{spec.name} from {spec.origin}: {counted(n)} with a time of 0 days, {done}.",
            fix="Check the dates, or choose time_zero = half_day, exclude or keep.",
            rule="V29",
        )
