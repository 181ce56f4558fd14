"""Endpoints: from dated tables to one time, one event and one reason per patient (DOMAIN 2).

``derive_endpoint`` is the only way from tables to outcomes; every analysis reads its result. Months are for display.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from netgen.clinical.days import canonical, day_of, to_days
from netgen.clinical.derivation import DERIVATIONS, Inputs, derive_recorded
from netgen.clinical.draft import flag_partial, restart_at, settle_time_zero, split_draft
from netgen.clinical.entry_step import add_entry
from netgen.clinical.overall_survival import find_survival
from netgen.clinical.rows import counted, warn_once
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from netgen.errors import Findings

_LINE: Final = re.compile(r"line:([1-9][0-9]*)")
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "source": ("derived", "recorded"),
    "new_therapy": ("censor", "event", "ignore"),
    "censor_at": ("assessment", "last_contact"),
    "time_zero": ("half_day", "exclude", "keep"),
    "entry_rule": ("auto", "none", "sequencing_report", "sample_collection", "custom"),
    "partial_dates": ("auto", "impute", "exclude"),
}
_ORIGINS: Final[dict[str, str]] = {"os": "advanced", "pfs": "line:1"}


@dataclass(frozen=True, kw_only=True)
class EndpointSpec:
    """What an endpoint is: the choices of DOMAIN 2 that decide its numbers.

    Attributes
    ----------
    name
        os, pfs, or the name of a recorded endpoint.
    origin
        dx, advanced, line:k, sequencing or a date column of ``patients``. Blank: advanced for os, line:1 for pfs,
        recorded for recorded endpoints.
    source
        derived from dates, or recorded: taken as the source gives it.
    new_therapy
        A new line before any progression: censor, event or ignore (2.2).
    clinical_pd
        A progression seen only clinically counts.
    censor_at
        PFS without event ends at the last adequate assessment, or at last_contact (real-world).
    time_zero
        half_day, exclude or keep a time of 0 (2.9).
    max_death_gap_days
        A death without progression longer after the last assessment is flagged ``late_death``.
    assessment_interval_days
        Censor progressions after two missed assessments of this interval; None = no schedule.
    entry_rule
        auto, none, sequencing_report, sample_collection, or custom (the recorded entry, or ``entry_column``).
    entry_column
        Date column of ``patients`` for custom entry of a derived endpoint.
    landmark
        Restart time at this day for those still at risk; None = no landmark.
    pd_date_from_end
        A line that ended for progression without a date progressed on its last day (V14).
    partial_dates
        auto: impute, but no survival from a diagnosis known only to the year. impute: that as well. exclude: leave out
        times uncertain by more than 31 days. For bounds, analyse ``time_min`` and ``time_max``.

    Raises
    ------
    AnalysisError
        E_CONFIG for a value that is not one of the permitted ones.
    """

    name: str
    origin: str = ""
    source: Literal["derived", "recorded"] = "derived"
    new_therapy: Literal["censor", "event", "ignore"] = "censor"
    clinical_pd: bool = True
    censor_at: Literal["assessment", "last_contact"] = "assessment"
    time_zero: Literal["half_day", "exclude", "keep"] = "half_day"
    max_death_gap_days: int = 183
    assessment_interval_days: int | None = None
    entry_rule: Literal["auto", "none", "sequencing_report", "sample_collection", "custom"] = "auto"
    entry_column: str = ""
    landmark: int | None = None
    pd_date_from_end: bool = False
    partial_dates: Literal["auto", "impute", "exclude"] = "auto"

    def __post_init__(self) -> None:
        if not self.origin:
            default = "recorded" if self.source == "recorded" else _ORIGINS.get(self.name, "advanced")
            object.__setattr__(self, "origin", default)
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in _CHOICES and value not in _CHOICES[item.name]:
                allowed = ", ".join(_CHOICES[item.name])
                raise AnalysisError("E_CONFIG", f"{item.name} must be one of {allowed}, found {value!r}.")
        for name in ("max_death_gap_days", "assessment_interval_days", "landmark"):
            value = getattr(self, name)
            if value is not None and value < (0 if name == "max_death_gap_days" else 1):
                raise AnalysisError("E_CONFIG", f"{name} must be a positive number of days, found {value}.")

    @property
    def line(self) -> int | None:
        """Line number of an origin ``line:k``, else None."""
        match = _LINE.fullmatch(self.origin)
        return int(match[1]) if match else None


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
    tables: Mapping[str, pd.DataFrame], spec: EndpointSpec, *, data_cutoff: date | None = None, findings: Findings
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
        findings=findings,
    )
    if spec.source == "recorded":
        draft = derive_recorded(inputs)
    elif spec.name in DERIVATIONS:
        draft = DERIVATIONS[spec.name](inputs)
    else:
        known = ", ".join(sorted(DERIVATIONS))
        raise AnalysisError("E_ENDPOINT_UNAVAILABLE", f"Endpoint {spec.name} cannot be derived; known are {known}.")
    draft, n_zero = settle_time_zero(draft, spec.time_zero)
    _tell_time_zero(n_zero, spec, findings)
    draft, rule = add_entry(draft, inputs)
    draft = restart_at(draft, spec.landmark)
    draft = flag_partial(draft, drop=spec.partial_dates == "exclude")
    table, excluded = split_draft(draft, name=spec.name, line=spec.line, with_competing=False)
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


def list_endpoints(tables: Mapping[str, pd.DataFrame]) -> list[EndpointSpec]:
    """Return what can be derived from the tables, with default choices: os, pfs of each line, recorded endpoints.

    Parameters
    ----------
    tables
        Canonical tables.

    Returns
    -------
    list of EndpointSpec
        os first (from advanced disease, else from diagnosis), then pfs by line, then recorded endpoints by name. An
        endpoint that can be derived and is recorded as well is listed twice, derived first.
    """
    patients, treatments = canonical(tables, "patients"), canonical(tables, "treatments")
    found: list[EndpointSpec] = []
    followed = patients["date_last_contact"].notna() | patients["date_death"].notna()
    followed &= patients["vital_status"].notna()
    synchronous = (
        patients["synchronous_metastases"].fillna(value=False).astype(bool) & patients["date_diagnosis"].notna()
    )
    for origin, has in (
        ("advanced", patients["date_advanced"].notna() | synchronous),
        ("dx", patients["date_diagnosis"].notna()),
    ):
        if not found and (followed & has).any():
            found.append(EndpointSpec(name="os", origin=origin))
    if treatments["date_progression"].notna().any() or len(canonical(tables, "assessments")):
        started = treatments[treatments["date_start"].notna() & treatments["line_number"].notna()]
        palliative = started["intent"].isna() | (started["intent"] == "palliative")
        lines = sorted({int(number) for number in started.loc[palliative, "line_number"]})
        found += [EndpointSpec(name="pfs", origin=f"line:{line}") for line in lines]
    names = sorted({str(name) for name in canonical(tables, "recorded_endpoints")["endpoint"].dropna()})
    return found + [EndpointSpec(name=name, source="recorded") for name in names]


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
