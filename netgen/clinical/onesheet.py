"""Read the one-sheet form: from one row per patient to the tables of a cohort.

Blank ``alterations`` means not profiled, the word ``none`` profiled with nothing found; the text itself is parsed by
the genomics side. A patient has one sample, ``<patient_id>-T``, if any of its columns is filled. A PET result has no
date in this form. Line k + 1 without line k is ``E_LINE_GAP``. Findings name the column of the form (``L2_start``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.cells import WORDY_NULLS, drop_nulls, fold_name, is_null
from netgen.clinical.columns import map_columns
from netgen.clinical.files import RawTable, keep_rows, read_text_table
from netgen.clinical.onesheet_form import (
    BIOMARKERS,
    COHORT_SHEET,
    LINE,
    LINE_FIELDS,
    MORE_LINE_FIELDS,
    PANELS_SHEET,
    PET,
    SAMPLE_FIELDS,
    sample_name,
)
from netgen.clinical.sheets import sheet_names
from netgen.clinical.table_parser import ParsedTable, ParseOptions, parse_table
from netgen.errors import Findings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_ALTERATIONS: Final = ("alterations", "germline_findings")
_SAMPLE_TARGETS: Final = frozenset(SAMPLE_FIELDS) | {"sample_id", "date_collection_day", "date_sequencing_report_day"}


@dataclass(frozen=True, kw_only=True)
class OneSheet:
    """The form as written, with its sheet of panels if there is one."""

    wide: RawTable
    panels: RawTable | None = None


@dataclass(frozen=True, kw_only=True)
class OneSheetTables:
    """Tables of a cohort from the one-sheet form.

    Attributes
    ----------
    tables
        patients, samples, treatments, imaging, biomarkers: tables of the schema.
    alterations
        patient_id, sample_id, panel_id, alterations, germline_findings (text; missing = not profiled), file, row: one
        row per sample.
    excluded
        patient_id and reason of patients left out on request.
    patients
        What else was learnt about the patients table.
    """

    tables: Mapping[str, pd.DataFrame]
    alterations: pd.DataFrame
    excluded: pd.DataFrame
    patients: ParsedTable


def read_one_sheet(
    path: str | Path, *, findings: Findings, sheet: str | int | None = None, header_row: int | None = None
) -> OneSheet:
    """Return the form that a CSV, TSV or XLSX file holds.

    Parameters
    ----------
    path
        The file.
    findings
        Receives what :func:`netgen.clinical.files.read_text_table` reports.
    sheet
        Sheet of the workbook; None = ``cohort`` if there is one, else the first.
    header_row
        Row of the header, from 1.

    Returns
    -------
    OneSheet
        The form and the sheet ``panels``.
    """
    path = Path(path)
    names = _sheets_of(path)
    if sheet is None and COHORT_SHEET in names:
        sheet = COHORT_SHEET
    wide = read_text_table(path, findings=findings, sheet=sheet, header_row=header_row)
    panels = None
    if PANELS_SHEET in names and sheet != PANELS_SHEET:
        panels = read_text_table(path, findings=findings, sheet=PANELS_SHEET)
    return OneSheet(wide=wide, panels=panels)


def _sheets_of(path: Path) -> list[str]:
    """Return the sheet names of a workbook; none for other files, which the reader deals with."""
    if not path.is_file():
        return []
    with path.open("rb") as handle:
        is_archive = handle.read(4) == b"PK\x03\x04"
    return sheet_names(path.read_bytes(), label=path.name) if is_archive else []


def parse_one_sheet(
    sheet: OneSheet,
    *,
    findings: Findings,
    options: ParseOptions | None = None,
    mapping: Mapping[str, str] | None = None,
) -> OneSheetTables:
    """Return the tables of a form.

    Parameters
    ----------
    sheet
        The form.
    findings
        Receives everything that is wrong, with line and column of the form.
    options
        How to read dates, statuses and duplicates.
    mapping
        Name in the form -> source column, for columns with other names.

    Returns
    -------
    OneSheetTables
        Tables meet on patient_id.
    """
    options = options or ParseOptions()
    wide = _with_form_names(sheet.wide, mapping or {})
    special, lines = _special_columns(wide)
    sample_map = {
        target: names[0]
        for target, names in map_columns(wide, schema.SAMPLES, findings=Findings()).sources.items()
        if target in _SAMPLE_TARGETS
    }
    used = (
        set(special.values()) | set(sample_map.values()) | {name for line in lines.values() for name in line.values()}
    )
    own = replace(wide, frame=wide.frame.drop(columns=sorted(used)))
    rest = {target: source for target, source in (mapping or {}).items() if source in own.frame.columns}
    patients = parse_table(
        own, schema.PATIENTS, mapping=rest, options=_limited(options, schema.PATIENTS), findings=findings
    )
    ids = patients.ids.where(_first_rows(patients, wide))
    parts = _Parts(wide=wide, ids=ids, options=options, findings=findings)
    samples, alterations = _read_samples(parts, sample_map, special)
    tables = {
        "patients": patients.table,
        "samples": samples,
        "treatments": _read_lines(parts, lines),
        "imaging": _read_pet(parts, special),
        "biomarkers": _read_biomarkers(parts, special, samples),
    }
    return OneSheetTables(tables=tables, alterations=alterations, excluded=patients.excluded, patients=patients)


def _with_form_names(wide: RawTable, mapping: Mapping[str, str]) -> RawTable:
    """Return the form with the columns that the user names for lines, samples and results under those names."""
    names = {fold_name(target): target for target in mapping}
    renamed = {
        mapping[target]: target
        for folded, target in names.items()
        if (LINE.fullmatch(folded) or folded in {*PET, *BIOMARKERS, *_ALTERATIONS, *SAMPLE_FIELDS.values()})
        and mapping[target] in wide.frame.columns
    }
    return replace(wide, frame=wide.frame.rename(columns=renamed))


def _special_columns(wide: RawTable) -> tuple[dict[str, str], dict[int, dict[str, str]]]:
    """Return the columns of results and alterations, and for each line our column -> column of the form."""
    special: dict[str, str] = {}
    lines: dict[int, dict[str, str]] = {}
    fields = LINE_FIELDS | MORE_LINE_FIELDS
    for name in map(str, wide.frame.columns):
        folded = fold_name(name)
        match = LINE.fullmatch(folded)
        if match:
            lines.setdefault(int(match[1]), {})[fields[match[2]]] = name
        elif folded in {*PET, *BIOMARKERS, *_ALTERATIONS}:
            special.setdefault(folded, name)
    return special, dict(sorted(lines.items()))


def _limited(options: ParseOptions, table: schema.Table) -> ParseOptions:
    """Return the options with the constants that a table has columns for."""
    return replace(options, constants={key: value for key, value in options.constants.items() if key in table.names})


def _first_rows(patients: ParsedTable, wide: RawTable) -> NDArray[np.bool_]:
    """Tell which rows of the form are in the patients table, so that a repeated row brings nothing twice."""
    kept = np.zeros(len(wide.frame), dtype=bool)
    kept[patients.kept] = True
    return kept


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """The form, the patient of every row, and how to read it."""

    wide: RawTable
    ids: pd.Series
    options: ParseOptions
    findings: Findings

    def filled(self, names: list[str]) -> NDArray[np.bool_]:
        """Tell which rows have a patient and hold something in one of the columns."""
        out = np.zeros(len(self.ids), dtype=bool)
        for name in names:
            keep = WORDY_NULLS if fold_name(name) in _ALTERATIONS else frozenset()
            out |= ~is_null(self.wide.frame[name], unknown=name not in _ALTERATIONS, keep=keep)
        return out & self.ids.notna().to_numpy()

    def parse(
        self,
        table: schema.Table,
        columns: Mapping[str, str],
        rows: NDArray[np.bool_],
        fixed: Mapping[str, str | pd.Series],
        optional: frozenset[str] = frozenset(),
    ) -> pd.DataFrame:
        """Return a table from some columns and rows of the form, with further columns of fixed content."""
        frame = self.wide.frame[list(dict.fromkeys(columns.values()))].copy()
        frame["patient_id"] = self.ids
        for name, value in fixed.items():
            frame[name] = pd.Series(value, index=frame.index, dtype="string")
        part = keep_rows(replace(self.wide, frame=frame), rows)
        options = replace(_limited(self.options, table), optional=self.options.optional | optional)
        local = Findings()
        parsed = parse_table(part, table, mapping=dict(columns), options=options, findings=local)
        self.findings.extend(item for item in local if item.code not in {"I_COLUMN_MAPPED", "W_PHI"})
        return parsed.table


def _read_samples(
    parts: _Parts, columns: Mapping[str, str], special: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the samples, and the alterations of each as text."""
    texts = [special[name] for name in _ALTERATIONS if name in special]
    rows = parts.filled([*columns.values(), *texts])
    fixed: dict[str, str | pd.Series] = {"sample_class": "tumour"}
    if "sample_id" not in columns:
        fixed["sample_id"] = parts.ids.map(sample_name, na_action="ignore")
    samples = parts.parse(schema.SAMPLES, columns, rows, fixed)
    out = samples[["patient_id", "sample_id", "panel_id", "file", "row"]].copy()
    at = pd.Index(parts.wide.rows.array)
    places = at.get_indexer(pd.Index(samples["row"].array))
    for name in reversed(_ALTERATIONS):
        text = pd.Series(index=parts.ids.index, dtype="string")
        if name in special:
            text = drop_nulls(parts.wide.frame[special[name]], keep=WORDY_NULLS)
        out.insert(3, name, text.iloc[places].array)
    return samples, out


def _read_lines(parts: _Parts, lines: Mapping[int, Mapping[str, str]]) -> pd.DataFrame:
    """Return the lines of treatment; a line after an empty one is reported."""
    tables = [schema.empty(schema.TREATMENTS)]
    before = np.ones(len(parts.ids), dtype=bool)
    expected = 1
    for number, columns in lines.items():
        rows = parts.filled(list(columns.values()))
        gap = rows & ~before if number == expected else rows
        _report_gaps(parts, gap, number, columns)
        fixed = {"line_number": str(number)} | ({} if "intent" in columns else {"intent": "palliative"})
        if rows.any():
            tables.append(parts.parse(schema.TREATMENTS, columns, rows, fixed))
        before, expected = rows, number + 1
    return _stack(tables)


def _report_gaps(parts: _Parts, gap: NDArray[np.bool_], number: int, columns: Mapping[str, str]) -> None:
    for place in np.flatnonzero(gap):
        patient = str(parts.ids.iloc[place])
        parts.findings.add(
            "E_LINE_GAP",
            f"Line {number} of {patient} is filled, but line {number - 1} is empty.",
            fix="Number the lines 1, 2, 3 without a gap.",
            file=parts.wide.file,
            row=int(parts.wide.rows.iloc[place]),
            column=columns.get("date_start", next(iter(columns.values()))),
            rule="V11",
            patient_id=patient,
        )


def _read_pet(parts: _Parts, special: Mapping[str, str]) -> pd.DataFrame:
    """Return the PET results, without a date."""
    tables = [schema.empty(schema.IMAGING)]
    for name, modality in PET.items():
        if name in special:
            rows = parts.filled([special[name]])
            columns = {"result": special[name]}
            tables.append(parts.parse(schema.IMAGING, columns, rows, {"modality": modality}, frozenset({"date"})))
    return _stack(tables)


def _read_biomarkers(parts: _Parts, special: Mapping[str, str], samples: pd.DataFrame) -> pd.DataFrame:
    """Return TMB and MSI; they belong to the sample if the patient has one."""
    tables = [schema.empty(schema.BIOMARKERS)]
    of_patient = samples.drop_duplicates("patient_id").set_index("patient_id")["sample_id"]
    for name, (biomarker, column, unit) in BIOMARKERS.items():
        if name in special:
            rows = parts.filled([special[name]])
            fixed: dict[str, str | pd.Series] = {"biomarker": biomarker, "sample_id": parts.ids.map(of_patient)}
            if unit:
                fixed["unit"] = unit
            tables.append(parts.parse(schema.BIOMARKERS, {column: special[name]}, rows, fixed))
    return _stack(tables)


def _stack(tables: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        return tables[0]
    return pd.concat(filled, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
