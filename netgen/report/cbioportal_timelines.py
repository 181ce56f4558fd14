"""Timelines of cBioPortal: what happened to a patient, in days from the diagnosis. No absolute date is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.days import to_days

if TYPE_CHECKING:
    from netgen.cohort import Cohort
    from netgen.errors import Findings

_HEAD: Final = ("PATIENT_ID", "START_DATE", "STOP_DATE", "EVENT_TYPE")
_TREATMENT_TYPES: Final = {"surgery": "Surgery", "radiotherapy": "Radiation Therapy"}
# Date of a patient -> the status that happened then.
_STATUSES: Final = {
    "date_diagnosis": "Diagnosis", "date_advanced": "Advanced disease", "date_last_contact": "Last follow up",
    "date_death": "Deceased",
}  # fmt: skip


def timelines(cohort: Cohort, left: Findings) -> dict[str, pd.DataFrame]:
    """Return the timelines of a cohort by name: treatment, status, specimen, sequencing, imaging, labtest.

    Parameters
    ----------
    cohort
        The cohort.
    left
        Receives the number of patients whose dates cannot be counted from a diagnosis.

    Returns
    -------
    dict
        Only tables with rows. Offsets of a source that has no dates are counted from its own day 0 if it gives no
        diagnosis.
    """
    zero = _day_zero(cohort, left)
    made = {
        "treatment": _treatments(cohort),
        "status": _statuses(cohort),
        "specimen": _sample_dates(cohort, "date_collection", "SPECIMEN"),
        "sequencing": _sample_dates(cohort, "date_sequencing_report", "SEQUENCING"),
        "imaging": _imaging(cohort),
        "labtest": _laboratory(cohort),
    }
    placed = {name: _place(frame, zero) for name, frame in made.items()}
    return {name: frame for name, frame in placed.items() if len(frame)}


def _day_zero(cohort: Cohort, left: Findings) -> pd.Series:
    """Return the day number of day 0 of every patient, missing where there is none."""
    frame = cohort.patients
    offset = (frame["time_base"] == "offset").to_numpy(dtype=bool, na_value=False)
    diagnosis = to_days(frame["date_diagnosis"])
    zero = np.where(np.isnan(diagnosis) & offset, 0.0, diagnosis)
    dated = frame[list(_STATUSES)].notna().any(axis=1).to_numpy(dtype=bool)
    lost = int((np.isnan(zero) & dated).sum())
    if lost:
        left.add(
            "I_ROWS_IGNORED",
            f"The dates of {lost} patients without a date of diagnosis are not exported: nothing to count them from.",
            column="date_diagnosis",
        )
    return pd.Series(zero, index=pd.Index(frame["patient_id"]))


def _place(frame: pd.DataFrame, zero: pd.Series) -> pd.DataFrame:
    """Return events with days in place of dates, sorted; those without a day are left out."""
    start = frame["patient_id"].map(zero).astype("float64").to_numpy()
    days = {name: pd.Series(to_days(frame[name]) - start).round().astype("Int64") for name in ("start", "stop")}
    rest = frame.drop(columns=["patient_id", "start", "stop", "event_type"]).reset_index(drop=True)
    out = pd.DataFrame({
        "PATIENT_ID": frame["patient_id"].reset_index(drop=True),
        "START_DATE": days["start"],
        "STOP_DATE": days["stop"],
        "EVENT_TYPE": frame["event_type"].reset_index(drop=True),
    }).join(rest)  # fmt: skip
    rest = rest.loc[:, rest.notna().any()]
    out = out[out["START_DATE"].notna()][[*_HEAD, *rest.columns]]
    return out.sort_values(list(_HEAD), kind="stable", ignore_index=True)


def _events(
    frame: pd.DataFrame, start: str, event_type: str, stop: str | None = None, **cells: pd.Series
) -> pd.DataFrame:
    none = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[ns]")
    return pd.DataFrame(
        {
            "patient_id": frame["patient_id"],
            "start": frame[start],
            "stop": none if stop is None else frame[stop],
            "event_type": pd.Series(event_type, index=frame.index, dtype="string"),
            **cells,
        }
    )


def _treatments(cohort: Cohort) -> pd.DataFrame:
    frame = cohort.treatments
    kinds = frame["regimen_class"].map(lambda word: _TREATMENT_TYPES.get(word, "Medical Therapy"), na_action="ignore")
    return _events(
        frame,
        "date_start",
        "TREATMENT",
        "date_end",
        TREATMENT_TYPE=kinds.astype("string").fillna("Medical Therapy"),
        SUBTYPE=frame["regimen_class"],
        AGENT=frame["regimen"].fillna(frame["regimen_class"]),
        LINE_NUMBER=frame["line_number"],
        INTENT=frame["intent"],
        ONGOING=frame["ongoing"],
        REASON_FOR_TERMINATION=frame["end_reason"],
        BEST_RESPONSE=frame["best_response"],
    )


def _statuses(cohort: Cohort) -> pd.DataFrame:
    patients, seen = cohort.patients, cohort.assessments
    parts = [
        _events(patients, column, "STATUS", STATUS=pd.Series(word, index=patients.index, dtype="string"))
        for column, word in _STATUSES.items()
    ]
    parts.append(
        _events(
            seen,
            "date",
            "STATUS",
            STATUS=seen["overall_response"],
            CRITERIA=seen["criteria"],
            MODALITY=seen["modality"],
            SUM_DIAMETERS_MM=seen["sum_diameters_mm"],
        )
    )
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _sample_dates(cohort: Cohort, column: str, event_type: str) -> pd.DataFrame:
    return _events(cohort.samples, column, event_type, SAMPLE_ID=cohort.samples["sample_id"])


def _imaging(cohort: Cohort) -> pd.DataFrame:
    frame = cohort.imaging
    return _events(
        frame, "date", "IMAGING", DIAGNOSTIC_TYPE=frame["modality"], TRACER=frame["tracer"], RESULT=frame["result"],
        SUV_MAX=frame["suv_max"], KRENNING=frame["krenning"], NETPET=frame["netpet"],
    )  # fmt: skip


def _laboratory(cohort: Cohort) -> pd.DataFrame:
    frame = cohort.biomarkers[cohort.biomarkers["date"].notna()]
    number = frame["value"].map(lambda value: f"{value:g}", na_action="ignore").astype("string")
    return _events(
        frame, "date", "LAB_TEST", TEST=frame["biomarker"], RESULT=frame["result"].fillna(number), UNIT=frame["unit"]
    )
