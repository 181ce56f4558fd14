"""Canonical tables from literal rows, so that a test shows one clinical situation and nothing else."""

from __future__ import annotations

import re

import pandas as pd

from netgen.schema import TABLES, conform


def make_table(name: str, *rows: dict) -> pd.DataFrame:
    """Return a canonical table; dates are written as YYYY-MM-DD, YYYY-MM, YYYY or, as day offsets, as whole numbers."""
    frame = pd.DataFrame(list(rows))
    for column in TABLES[name].columns:
        if column.kind == "date" and column.name in frame.columns:
            read = [read_date(value) for value in frame[column.name]]
            frame[column.name] = pd.Series([day for day, _ in read], dtype="datetime64[ns]")
            frame[f"{column.name}_precision"] = pd.Series([precision for _, precision in read], dtype="string")
    return conform(frame, TABLES[name])


def make_tables(**tables: list) -> dict:
    """Return canonical tables by name from lists of rows."""
    return {name: make_table(name, *rows) for name, rows in tables.items()}


def read_date(value: object) -> tuple:
    """Return the date, imputed where partial, and its precision."""
    if pd.isna(value) or value == "":
        return pd.NaT, pd.NA
    if isinstance(value, int | float):
        return pd.Timestamp(0) + pd.Timedelta(days=int(value)), "day"
    if re.fullmatch(r"\d{4}", value):
        return pd.Timestamp(f"{value}-07-01"), "year"
    if re.fullmatch(r"\d{4}-\d{2}", value):
        return pd.Timestamp(f"{value}-15"), "month"
    return pd.Timestamp(value), "day"


def patient(patient_id: str = "P1", **values: object) -> dict:
    """Return a plausible patient, alive, followed for three years; ``values`` replace columns."""
    base = {
        "patient_id": patient_id,
        "origin": "lung",
        "date_diagnosis": "2020-01-10",
        "date_advanced": "2020-02-01",
        "date_last_contact": "2023-02-01",
        "vital_status": "alive",
    }
    return base | values


def line(number: int = 1, patient_id: str = "P1", start: object = "2020-03-01", **values: object) -> dict:
    """Return a palliative line of treatment."""
    return {
        "patient_id": patient_id,
        "line_number": number,
        "intent": "palliative",
        "regimen_class": "ssa",
        "date_start": start,
    } | values


def scan(date: object, response: str, patient_id: str = "P1", **values: object) -> dict:
    """Return a RECIST assessment by CT."""
    return {
        "patient_id": patient_id,
        "date": date,
        "criteria": "RECIST1.1",
        "overall_response": response,
        "modality": "CT",
    } | values


def specimen(patient_id: str = "P1", **values: object) -> dict:
    """Return a tumour sample."""
    return {"sample_id": f"{patient_id}-T", "patient_id": patient_id, "sample_class": "tumour"} | values
