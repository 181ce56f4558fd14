"""The clinical half of a ``tables`` source: one file per table, in any column naming."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.cells import is_null
from netgen.clinical.columns import map_columns, report_missing
from netgen.clinical.files import RawTable, keep_rows, read_text_table
from netgen.clinical.recorded_endpoints import RecordedSpec, parse_recorded_endpoints
from netgen.clinical.table_parser import ParsedTable, ParseOptions, parse_table
from netgen.errors import Findings, InputError, SchemaError
from netgen.provenance import describe_file
from netgen.sources.tables import ClinicalTables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgen.provenance import InputFile
    from netgen.schema import Table
    from netgen.study import SourceSpec, Study, TableSpec

OTHER_TABLES: Final = ("treatments", "assessments", "imaging", "biomarkers")


def read_clinical_tables(source: SourceSpec, study: Study, *, findings: Findings) -> ClinicalTables:
    """Return the clinical tables that a source names.

    Rows that ``where`` and ``where_present`` do not select are left out and counted. Without a samples table every
    patient has one sample: the ``sample_id`` column of the patient table, else the patient's own id.

    Parameters
    ----------
    source
        A ``tables`` source with a patients table.
    study
        For the reading settings and recorded endpoints.
    findings
        Collects everything that is wrong.

    Returns
    -------
    ClinicalTables
        Canonical tables with the source's constants (``set``) filled in.

    Raises
    ------
    InputError
        If the source names no patients table, or a file cannot be read.
    """
    if "patients" not in source.tables:
        raise InputError(
            "E_CONFIG",
            "a tables source needs patients.",
            fix='Add patients = "patients.csv".',
            file=str(study.file or ""),
        )
    raw, unselected = _read(source.tables["patients"], findings)
    mapping = _with_patient_id(raw, source.tables["patients"].columns, findings)
    patients = parse_table(
        raw,
        schema.PATIENTS,
        mapping=mapping,
        options=clinical_options(source, study, schema.PATIENTS),
        findings=findings,
    )
    if "patient_id" not in patients.columns.sources:
        raise SchemaError(findings)
    tables = {"patients": with_constants(patients.table, source)}
    tables["samples"] = _samples(source, study, patients, findings)
    tables["recorded_endpoints"] = parse_recorded_endpoints(
        raw,
        patient_ids=patients.ids,
        specs=recorded_specs(source, study),
        renamed=mapping,
        on_duplicate=study.read.on_duplicate,
        findings=findings,
    )
    inputs = [_describe(source.tables["patients"].file, "patients", raw)]
    for name in OTHER_TABLES:
        tables[name] = schema.empty(schema.TABLES[name])
        if name in source.tables:
            other, _ = _read(source.tables[name], findings)
            options = clinical_options(source, study, schema.TABLES[name])
            columns = source.tables[name].columns
            tables[name] = parse_table(
                other, schema.TABLES[name], mapping=columns, options=options, findings=findings
            ).table
            inputs.append(_describe(source.tables[name].file, name, other))
    excluded = patients.excluded.assign(step="de-duplicated")
    return ClinicalTables(
        tables=tables,
        n_rows=len(raw.frame) + unselected,
        attrition={
            "selected": {"not_selected": unselected},
            "de-duplicated": _duplicates(raw, patients),
        },
        exclusions=excluded.reindex(columns=["patient_id", "step", "reason"]).astype("string"),
        inputs=tuple(inputs),
    )


def _with_patient_id(
    raw: RawTable, mapping: Mapping[str, str | list[str]], findings: Findings
) -> Mapping[str, str | list[str]]:
    """Take a sample column as the patient where a table has no patient column: one tumour per patient."""
    if "patient_id" in mapping or "patient_id" in map_columns(raw, schema.PATIENTS, findings=Findings()).sources:
        return mapping
    sample = map_columns(raw, schema.SAMPLES, findings=Findings()).sources.get("sample_id")
    if sample is None:
        return mapping
    findings.add(
        "I_COLUMN_MAPPED",
        f"there is no patient column; {sample[0]} is read as patient and sample: one sample per patient.",
        fix="Name the patient column if a patient can have several samples.",
        file=raw.file,
        column=sample[0],
    )
    return {**mapping, "patient_id": sample[0]}


def _read(spec: TableSpec, findings: Findings) -> tuple[RawTable, int]:
    """Read a file and keep the selected rows; also return how many were not selected."""
    raw = read_text_table(spec.file, findings=findings, sheet=spec.sheet, header_row=spec.header_row)
    keep = np.ones(len(raw.frame), dtype=bool)
    for column in (*spec.where, *spec.where_present):
        if column not in raw.frame.columns:
            report_missing(raw, column, findings, why="to select rows")
            continue
        cells = raw.frame[column].str.strip()
        if column in spec.where:
            keep &= cells.isin(spec.where[column]).to_numpy(dtype=bool, na_value=False)
        else:
            keep &= ~is_null(cells)
    return keep_rows(raw, keep), int((~keep).sum())


def clinical_options(source: SourceSpec, study: Study, *tables: Table) -> ParseOptions:
    """Return how the clinical tables of a source are read.

    Parameters
    ----------
    source
        Its ``set`` gives constants.
    study
        Its reading settings.
    *tables
        Constants are kept for the columns these tables declare.

    Returns
    -------
    ParseOptions
        For ``parse_table``.
    """
    names = {name for table in tables for name in table.names}
    return ParseOptions(
        date_order=study.read.date_order,
        status_map=study.read.status_map or None,
        on_duplicate=study.read.on_duplicate,
        constants={key: value for key, value in source.set.items() if key in names},
    )


def with_constants(patients: pd.DataFrame, source: SourceSpec) -> pd.DataFrame:
    """Return the patients with every constant that no table declares as a column, so that it can stratify.

    Parameters
    ----------
    patients
        Canonical patients.
    source
        Its ``set`` gives constants.

    Returns
    -------
    DataFrame
        More columns.
    """
    declared = set(schema.PATIENTS.names) | set(schema.SAMPLES.names)
    extra = {key: value for key, value in source.set.items() if key not in declared}
    return patients.assign(
        **{key: pd.Series(value, index=patients.index, dtype="string") for key, value in extra.items()}
    )


def recorded_specs(source: SourceSpec, study: Study) -> list[RecordedSpec]:
    """Return the ready-made endpoints that the study or the source names, the source's own first.

    Parameters
    ----------
    source
        Its endpoints replace those of the study.
    study
        Endpoints for all sources.

    Returns
    -------
    list of RecordedSpec
        Sorted by name.
    """
    requests = {name: request for name, request in {**study.endpoints, **source.endpoints}.items() if request.time}
    return [
        RecordedSpec(
            name=name,
            time=request.time,
            event=str(request.event),
            unit=request.unit,
            entry=request.entry,
            status_map=request.status_map,
            check_against=request.check_against,
        )
        for name, request in sorted(requests.items())
    ]


def _samples(source: SourceSpec, study: Study, patients: ParsedTable, findings: Findings) -> pd.DataFrame:
    options = clinical_options(source, study, schema.SAMPLES)
    if "samples" in source.tables:
        raw, _ = _read(source.tables["samples"], findings)
        mapping = source.tables["samples"].columns
        return parse_table(raw, schema.SAMPLES, mapping=mapping, options=options, findings=findings).table
    table = patients.table
    ids = table["sample_id"] if "sample_id" in table.columns else table["patient_id"]
    frame = pd.DataFrame({"sample_id": ids.astype("string"), "patient_id": table["patient_id"]})
    for key in schema.SAMPLES.names:
        if key in table.columns and key not in frame.columns and key not in schema.PATIENTS.names:
            frame[key] = table[key]
    frame = frame.loc[frame["sample_id"].notna()].assign(sample_class="tumour")
    for key, value in options.constants.items():
        frame[key] = value
    return schema.conform(frame, schema.SAMPLES)


def _duplicates(raw: RawTable, patients: ParsedTable) -> dict[str, int]:
    """Rows that are not a patient of their own: identical repeats, conflicts, and rows without an id."""
    conflicts = int(patients.ids.isin(patients.excluded["patient_id"]).sum())
    unnamed = int(patients.ids.isna().sum())
    repeats = len(raw.frame) - len(patients.table) - conflicts - unnamed
    counts = {"duplicate_identical": repeats, "duplicate_conflict": conflicts, "patient_id_missing": unnamed}
    return {reason: n for reason, n in counts.items() if n}


def _describe(path: Path, role: str, raw: RawTable) -> InputFile:
    return describe_file(path, role=role, n_rows=len(raw.frame))
