"""The clinical half of a ``tables`` source: one file per table, in any column naming."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.cells import is_null
from netgen.clinical.columns import map_columns, report_missing
from netgen.clinical.files import RawTable, keep_rows, read_text_table
from netgen.clinical.lines import derive_lines
from netgen.clinical.lines_rules import LineRules
from netgen.clinical.recorded_endpoints import RecordedSpec, parse_recorded_endpoints
from netgen.clinical.regimens import load_drugs, read_drug_file
from netgen.clinical.table_parser import ParsedTable, ParseOptions, parse_table
from netgen.errors import Findings, InputError, SchemaError
from netgen.provenance import describe_file
from netgen.sources.tables import ClinicalTables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgen.clinical.regimens import DrugBook
    from netgen.provenance import InputFile
    from netgen.schema import Table
    from netgen.study import LineSettings, SourceSpec, Study, TableSpec

OTHER_TABLES: Final = ("treatments", "drugs", "assessments", "imaging", "biomarkers")


def read_clinical_tables(source: SourceSpec, study: Study, *, findings: Findings) -> ClinicalTables:
    """Return the clinical tables that a source names.

    Rows that ``where`` and ``where_present`` do not select are left out and counted, and what other tables say of their
    patients with them. Without a samples table every patient has one sample: the ``sample_id`` column of the patient
    table, else the patient's own id. Without treatments, lines of treatment are derived from the drugs.

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
    tables["samples"], sample_file = _samples(source, study, patients, findings)
    tables["recorded_endpoints"] = parse_recorded_endpoints(
        raw,
        patient_ids=patients.ids,
        specs=recorded_specs(source, study),
        renamed=mapping,
        on_duplicate=study.read.on_duplicate,
        findings=findings,
    )
    inputs = [_describe(source.tables["patients"].file, "patients", raw), *sample_file]
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
    others = _ids_of(unselected, patients) - set(patients.ids)
    excluded = patients.excluded.assign(step="de-duplicated")
    selected = {name: frame.loc[~frame["patient_id"].isin(others)] for name, frame in tables.items()}
    return ClinicalTables(
        tables=with_lines(selected, study.lines, findings=findings),
        n_rows=len(raw.frame) + len(unselected.frame),
        attrition={
            "selected": {"not_selected": len(unselected.frame)},
            "de-duplicated": count_duplicates(patients),
        },
        exclusions=excluded.reindex(columns=["patient_id", "step", "reason"]).astype("string"),
        inputs=tuple(inputs),
    )


def with_lines(
    tables: Mapping[str, pd.DataFrame], settings: LineSettings, *, findings: Findings
) -> dict[str, pd.DataFrame]:
    """Return the tables with lines of treatment derived from the drugs, where the source gives no treatments.

    Parameters
    ----------
    tables
        Canonical tables of a source, drugs and treatments among them.
    settings
        Parameters of the derivation, and a file that adds to the drug dictionary.
    findings
        Receives ``W_DRUGS_NOT_USED`` if both are given, and what the derivation has to say.

    Returns
    -------
    dict of str to DataFrame
        The same tables; ``treatments`` is new if it was derived.
    """
    drugs, given = tables["drugs"], tables["treatments"]
    if not len(drugs):
        return dict(tables)
    if len(given):
        findings.add(
            "W_DRUGS_NOT_USED",
            f"Lines of treatment are given ({len(given)} rows): {len(drugs)} drug records were not made into lines.",
            fix="Remove treatments to have the lines derived, or remove drugs.",
        )
        return dict(tables)
    pairs = [pair.partition("->") for pair in settings.maintenance]
    rules = LineRules(
        window=settings.window,
        gap=settings.gap,
        local_as_line=settings.local_as_line,
        maintenance=tuple((first.strip(), second.strip()) for first, _, second in pairs),
    )
    book = drug_book(settings, findings)
    lines = derive_lines(drugs, tables["patients"], tables["assessments"], rules=rules, book=book, findings=findings)
    return {**tables, "treatments": lines}


def drug_book(settings: LineSettings, findings: Findings) -> DrugBook:
    """Return the drug dictionary of a study.

    Parameters
    ----------
    settings
        Names the file that adds to the bundled dictionary, or none.
    findings
        Receives what is wrong with that file.

    Returns
    -------
    DrugBook
        Names, classes and regimens.
    """
    return load_drugs(None if settings.drugs is None else read_drug_file(settings.drugs, findings=findings))


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


def _ids_of(raw: RawTable, patients: ParsedTable) -> set[str]:
    """Patients of rows of the same file that were not parsed."""
    return {str(cell).strip() for name in patients.columns.sources["patient_id"] for cell in raw.frame[name].dropna()}


def _read(spec: TableSpec, findings: Findings) -> tuple[RawTable, RawTable]:
    """Read a file; return the selected rows, and the others."""
    raw = read_text_table(spec.file, findings=findings, sheet=spec.sheet, header_row=spec.header_row)
    keep = np.ones(len(raw.frame), dtype=bool)
    for column in (*spec.where, *spec.where_present):
        if column not in raw.frame.columns:
            report_missing(raw, column, findings, why="It is to select rows.")
            continue
        cells = raw.frame[column].str.strip()
        if column in spec.where:
            keep &= cells.isin(spec.where[column]).to_numpy(dtype=bool, na_value=False)
        else:
            keep &= ~is_null(cells)
    if len(keep) and not keep.any():
        findings.add(
            "E_CONFIG",
            f"where and where_present must keep some rows, they keep none of {len(keep)}.",
            fix="Check how the values are written.",
            file=raw.file,
        )
    return keep_rows(raw, keep), keep_rows(raw, ~keep)


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
    names = {name for table in tables for name in table.names} | _offsets(*tables)
    return ParseOptions(
        date_order=study.read.date_order,
        status_map=study.read.status_map or None,
        on_duplicate=study.read.on_duplicate,
        constants={key: value for key, value in source.set.items() if key in names},
    )


def _offsets(*tables: Table) -> set[str]:
    """Names under which dates may be given as days after a day 0."""
    return {f"{column.name}_day" for table in tables for column in table.columns if column.kind == "date"}


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
    declared = set(schema.PATIENTS.names) | set(schema.SAMPLES.names) | _offsets(schema.PATIENTS, schema.SAMPLES)
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


def _samples(
    source: SourceSpec, study: Study, patients: ParsedTable, findings: Findings
) -> tuple[pd.DataFrame, list[InputFile]]:
    """Read the samples table, or give every patient one sample; also return the file read."""
    options = clinical_options(source, study, schema.SAMPLES)
    if "samples" in source.tables:
        raw, _ = _read(source.tables["samples"], findings)
        mapping = source.tables["samples"].columns
        parsed = parse_table(raw, schema.SAMPLES, mapping=mapping, options=options, findings=findings)
        if "sample_id" not in parsed.columns.sources:
            raise SchemaError(findings)
        return parsed.table, [_describe(source.tables["samples"].file, "samples", raw)]
    table = patients.table
    ids = table["sample_id"] if "sample_id" in table.columns else table["patient_id"]
    frame = pd.DataFrame({"sample_id": ids.astype("string"), "patient_id": table["patient_id"]})
    for key in schema.SAMPLES.names:
        if key in table.columns and key not in frame.columns and key not in schema.PATIENTS.names:
            frame[key] = table[key]
    frame = frame.loc[frame["sample_id"].notna()].assign(sample_class="tumour")
    for key, value in options.constants.items():
        frame[key] = value
    return schema.conform(frame, schema.SAMPLES), []


def count_duplicates(patients: ParsedTable) -> dict[str, int]:
    """Return why rows are not a patient of the cohort.

    Parameters
    ----------
    patients
        The parsed patient table.

    Returns
    -------
    dict of str to int
        duplicate_identical (rows beyond the first of a patient), duplicate_conflict (patients left out, as listed),
        duplicate_conflict_rows (their further rows), patient_id_missing; only those that occur.
    """
    conflicts = int(patients.ids.isin(patients.excluded["patient_id"]).sum())
    unnamed = int(patients.ids.isna().sum())
    counts = {
        "duplicate_identical": len(patients.ids) - len(patients.table) - conflicts - unnamed,
        "duplicate_conflict": len(patients.excluded),
        "duplicate_conflict_rows": conflicts - len(patients.excluded),
        "patient_id_missing": unnamed,
    }
    return {reason: n for reason, n in counts.items() if n}


def _describe(path: Path, role: str, raw: RawTable) -> InputFile:
    return describe_file(path, role=role, n_rows=len(raw.frame))
