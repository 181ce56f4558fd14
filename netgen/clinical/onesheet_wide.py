"""Write tables back as the one-sheet form: the inverse of :func:`netgen.clinical.onesheet.parse_one_sheet`.

The form holds one sample, one result per PET and per biomarker and any number of lines for a patient. Tables that
hold more are refused: half of a cohort in a form that looks whole would be worse than none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netgen import schema
from netgen.clinical.dates import date_text
from netgen.clinical.onesheet_form import (
    BIOMARKERS,
    COLUMNS,
    LINE_FIELDS,
    MORE_LINE_FIELDS,
    PET,
    SAMPLE_FIELDS,
    sample_name,
)
from netgen.clinical.values import number_text
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALTERATIONS = ("alterations", "germline_findings")
_HIDDEN = {"ki67_low", "ki67_high", "ki67_text", "time_base", "file", "row"}


def to_wide(tables: Mapping[str, pd.DataFrame], *, alterations: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the one-sheet form of the tables of a cohort, all text.

    Missing values are blank (NA). Partial dates keep their precision, Ki-67 its text; day offsets stand in columns
    named ``<date>_day``.

    Parameters
    ----------
    tables
        patients, and any of samples, treatments, imaging, biomarkers.
    alterations
        patient_id, alterations, germline_findings (text), as read from a form.

    Returns
    -------
    pandas.DataFrame
        dtype "string", one row per patient in their order: the columns of the form, the lines, then all other columns
        that hold something.

    Raises
    ------
    AnalysisError
        If a patient has two samples, or two results of one kind.
    """
    patients = tables["patients"]
    ids = patients["patient_id"]
    offset = (patients["time_base"] == "offset").fillna(value=False)
    found = _columns_of(patients, schema.PATIENTS, offset)
    found["ki67_pct"] = patients["ki67_text"].fillna(found["ki67_pct"])
    parts = {name: text for name, text in found.items() if name not in _HIDDEN}
    parts |= _sample_columns(tables.get("samples"), ids, offset)
    parts |= _result_columns(tables, ids)
    if alterations is not None:
        parts |= {name: _align(alterations, alterations[name], ids, "alterations") for name in _ALTERATIONS}
    lines = _line_columns(tables.get("treatments"), ids, offset)
    standard = {name: parts.pop(name, pd.Series(index=ids.index, dtype="string")) for name in COLUMNS}
    more = {name: text for name, text in parts.items() if text.notna().any()}
    wide = pd.DataFrame(standard | lines | more, index=ids.index)
    empty = [name for name in wide if f"{name}_day" in wide and wide[name].isna().all()]
    return wide.drop(columns=empty).astype("string").reset_index(drop=True)


def _columns_of(frame: pd.DataFrame, table: schema.Table, offset: pd.Series) -> dict[str, pd.Series]:
    """Return every column of a table as text, day offsets apart."""
    out: dict[str, pd.Series] = {}
    companions = {f"{column.name}_precision" for column in table.columns if column.kind == "date"}
    kinds = {column.name: column.kind for column in table.columns}
    for name in map(str, frame.columns):
        if name in companions:
            continue
        if kinds.get(name) == "date":
            precision = frame[f"{name}_precision"]
            out[name] = date_text(frame[name], precision).mask(offset)
            out[f"{name}_day"] = date_text(frame[name], precision, offset=True).where(offset)
        else:
            out[name] = _text(frame[name], kinds.get(name, "str"))
    return out


def _text(values: pd.Series, kind: str) -> pd.Series:
    """Return a column as text, numbers in their shortest form."""
    if kind in {"float", "int"}:
        return values.map(lambda value: number_text(float(value)), na_action="ignore").astype("string")
    if kind == "bool":
        return values.map({True: "yes", False: "no"}).astype("string")
    return values.astype("string")


def _align(frame: pd.DataFrame, text: pd.Series, ids: pd.Series, what: str) -> pd.Series:
    """Return one text per patient; two for one patient cannot be written."""
    owner = frame["patient_id"]
    twice = owner[owner.duplicated() & owner.notna()]
    if len(twice):
        raise AnalysisError(
            "E_CONFIG",
            f"The one-sheet form holds one entry of {what} per patient, found more for {twice.iloc[0]}.",
            fix="Export several tables instead.",
        )
    lookup = pd.Series(text.array, index=pd.Index(owner.array))
    return pd.Series(lookup.reindex(pd.Index(ids.array)).array, index=ids.index).astype("string")


def _sample_columns(samples: pd.DataFrame | None, ids: pd.Series, offset: pd.Series) -> dict[str, pd.Series]:
    if samples is None or samples.empty:
        return {}
    theirs = samples["patient_id"].isin(ids[offset])
    found = _columns_of(samples, schema.SAMPLES, theirs)
    names = SAMPLE_FIELDS | {f"{name}_day": f"{name}_day" for name in SAMPLE_FIELDS}
    out = {names[name]: _align(samples, text, ids, "samples") for name, text in found.items() if name in names}
    default = samples["patient_id"].map(sample_name, na_action="ignore").astype("string")
    if not samples["sample_id"].equals(default):
        out["sample_id"] = _align(samples, samples["sample_id"], ids, "samples")
    return out


def _result_columns(tables: Mapping[str, pd.DataFrame], ids: pd.Series) -> dict[str, pd.Series]:
    """Return PET results and biomarkers."""
    out: dict[str, pd.Series] = {}
    imaging, biomarkers = tables.get("imaging"), tables.get("biomarkers")
    if imaging is not None:
        _refuse_others(imaging["modality"], set(PET.values()), "imaging")
        for name, modality in PET.items():
            rows = imaging[(imaging["modality"] == modality).fillna(value=False)]
            out[name] = _align(rows, rows["result"], ids, name)
    if biomarkers is not None:
        _refuse_others(biomarkers["biomarker"], {item[0] for item in BIOMARKERS.values()}, "biomarkers")
        for name, (biomarker, column, _) in BIOMARKERS.items():
            rows = biomarkers[(biomarkers["biomarker"] == biomarker).fillna(value=False)]
            out[name] = _align(rows, _text(rows[column], "float" if column == "value" else "str"), ids, name)
    return out


def _refuse_others(found: pd.Series, known: set[str], what: str) -> None:
    others = sorted(set(found.dropna()) - known)
    if others:
        raise AnalysisError(
            "E_CONFIG",
            f"The one-sheet form has no column for {what} of {others[0]}.",
            fix="Export several tables instead.",
        )


def _line_columns(treatments: pd.DataFrame | None, ids: pd.Series, offset: pd.Series) -> dict[str, pd.Series]:
    """Return L1_regimen ... of every line; further fields of a line only if they hold something."""
    out: dict[str, pd.Series] = {}
    if treatments is None:
        return out
    fields = LINE_FIELDS | MORE_LINE_FIELDS
    for number in sorted(int(value) for value in treatments["line_number"].dropna().unique()):
        rows = treatments[(treatments["line_number"] == number).fillna(value=False)]
        found = _columns_of(rows, schema.TREATMENTS, rows["patient_id"].isin(ids[offset]))
        going = (rows["ongoing"] & rows["date_end"].isna()).fillna(value=False)
        end = "date_end_day" if found["date_end_day"].notna().any() else "date_end"
        found[end] = found[end].mask(going, "ongoing")
        found["ongoing"] = found["ongoing"].mask(going)
        if (rows["intent"] == "palliative").fillna(value=False).all():
            found["intent"] = pd.Series(index=rows.index, dtype="string")
        for name, column in fields.items():
            text = _align(rows, found[column], ids, f"line {number}")
            if name in LINE_FIELDS or text.notna().any():
                out[f"L{number}_{name}"] = text
    return out
