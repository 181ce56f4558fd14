"""Sequencing files without a clinical table: every tumour sample stands for a patient of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from netgen import schema
from netgen.clinical.files import RawTable
from netgen.clinical.table_parser import parse_table
from netgen.errors import InputError
from netgen.sources.clinical_tables import clinical_options, with_constants
from netgen.sources.sequencing import assemble_tables, read_files
from netgen.sources.tables import ClinicalTables, SourceTables, add_measured, read_sequencing_half

if TYPE_CHECKING:
    from netgen.clinical.table_parser import ParseOptions
    from netgen.errors import Findings
    from netgen.study import SourceSpec, Study

_TABLES = ("treatments", "assessments", "imaging", "biomarkers", "recorded_endpoints")


def read_loose_files(source: SourceSpec, study: Study, *, findings: Findings) -> SourceTables:
    """Return the tables of files alone.

    Parameters
    ----------
    source
        ``variants`` names the files; ``set`` what is known of all patients and samples, such as ``oncotree_code``.
    study
        For the genome, the reference and the reading settings.
    findings
        Collects everything that is wrong.

    Returns
    -------
    SourceTables
        ``patient_id`` is the name of the sample. Biomarkers that the files give are among the clinical tables.

    Raises
    ------
    InputError
        If a file that is named does not exist, or no sample is in any of them (E_NO_VARIANTS).
    """
    found = read_files(source, study, (), findings=findings)
    if not found.samples and not findings.of("E"):
        raise InputError("E_NO_VARIANTS", "The files name no tumour sample.", fix="Check which files were given.")
    names = pd.Series(found.samples, dtype="string")
    patients = _table(
        names, schema.PATIENTS, ("patient_id",), clinical_options(source, study, schema.PATIENTS), findings
    )
    options = clinical_options(source, study, schema.SAMPLES)
    options = replace(options, constants={"sample_class": "tumour", **options.constants})
    samples = _table(names, schema.SAMPLES, ("sample_id", "patient_id"), options, findings)
    tables = {name: schema.empty(schema.TABLES[name]) for name in _TABLES}
    clinical = ClinicalTables(
        tables={**tables, "patients": with_constants(patients, source), "samples": samples},
        n_rows=len(names),
    )
    sequencing = read_sequencing_half(
        lambda own: assemble_tables(found, source, study, None, findings=own), study, findings=findings
    )
    return SourceTables(clinical=add_measured(clinical, sequencing), sequencing=sequencing)


def _table(
    names: pd.Series, table: schema.Table, ids: tuple[str, ...], options: ParseOptions, findings: Findings
) -> pd.DataFrame:
    """Return a clinical table of names only: one row is parsed with the constants of the source and stands for all."""
    cells = pd.DataFrame({name: ["x"] for name in ids}, dtype="string")
    raw = RawTable(frame=cells, rows=pd.Series([pd.NA], dtype="Int64"), file="")
    row = parse_table(raw, table, options=options, findings=findings).table.drop(columns=["file", "row"])
    rows = row.loc[row.index.repeat(len(names))].reset_index(drop=True)
    return schema.conform(rows.assign(**dict.fromkeys(ids, names)), table)
