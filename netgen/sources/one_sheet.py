"""The one-sheet spreadsheet of a clinic as a source: patients, lines and alterations in one row each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from netgen import schema
from netgen.clinical.onesheet import parse_one_sheet
from netgen.clinical.onesheet import read_one_sheet as read_form
from netgen.clinical.recorded_endpoints import parse_recorded_endpoints
from netgen.errors import SchemaError
from netgen.genomics.copynumber import CopyNumber
from netgen.genomics.coverage import ProfileEvidence, resolve_profiles
from netgen.genomics.genes import normalize_gene_list
from netgen.genomics.notation import parse_alterations
from netgen.genomics.panels import Panel, read_panel, whole_panel
from netgen.provenance import describe_file
from netgen.sources.clinical_tables import clinical_options, count_duplicates, recorded_specs, with_constants
from netgen.sources.knowledge import gene_names
from netgen.sources.tables import ClinicalTables, SequencingTables, SourceTables, read_sequencing_half

if TYPE_CHECKING:
    from netgen.clinical.files import RawTable
    from netgen.clinical.onesheet import OneSheetTables
    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames
    from netgen.study import SourceSpec, Study


def read_one_sheet(source: SourceSpec, study: Study, *, findings: Findings) -> SourceTables:
    """Return the tables of a one-sheet form.

    A blank ``alterations`` cell means not profiled; ``none`` means profiled, nothing found.

    Parameters
    ----------
    source
        Its ``path`` is the workbook or text file; ``assay`` or ``panels`` stand in for a blank ``panel`` cell.
    study
        For the reading settings and recorded endpoints.
    findings
        Collects everything that is wrong, with row and column of the form.

    Returns
    -------
    SourceTables
        Both halves.

    Raises
    ------
    InputError
        If the file cannot be read.
    SchemaError
        If it has no column for the patient.
    """
    assert source.path is not None
    form = read_form(source.path, findings=findings)
    options = clinical_options(source, study, schema.PATIENTS, schema.SAMPLES)
    sheet = parse_one_sheet(form, findings=findings, options=options)
    if "patient_id" not in sheet.patients.columns.sources:
        raise SchemaError(findings)
    endpoints = parse_recorded_endpoints(
        form.wide,
        patient_ids=sheet.patients.ids,
        specs=recorded_specs(source, study),
        on_duplicate=study.read.on_duplicate,
        findings=findings,
    )
    tables = {name: schema.empty(schema.TABLES[name]) for name in ("assessments",)}
    tables |= {
        **sheet.tables,
        "patients": with_constants(sheet.tables["patients"], source),
        "recorded_endpoints": endpoints,
    }
    n_rows = len(form.wide.frame)
    excluded = sheet.excluded.assign(step="de-duplicated").reindex(columns=["patient_id", "step", "reason"])
    return SourceTables(
        clinical=ClinicalTables(
            tables=tables,
            n_rows=n_rows,
            attrition={"de-duplicated": count_duplicates(sheet.patients)},
            exclusions=excluded.astype("string"),
            inputs=(describe_file(source.path, role="one_sheet", n_rows=n_rows),),
        ),
        sequencing=read_sequencing_half(
            lambda found: _read_sequencing(sheet, form.panels, source, gene_names(study), found),
            study,
            findings=findings,
        ),
    )


def _read_sequencing(
    sheet: OneSheetTables, panel_sheet: RawTable | None, source: SourceSpec, names: GeneNames, findings: Findings
) -> SequencingTables:
    written = sheet.alterations.set_index("sample_id")
    file = str(written["file"].iloc[0]) if len(written) else ""
    found = parse_alterations(written["alterations"], findings=findings, file=file, rows=written["row"], names=names)
    inherited = parse_alterations(
        written["germline_findings"], findings=findings, file=file, rows=written["row"], column="germline_findings",
        germline=True, names=names,
    )  # fmt: skip
    variants = pd.concat([found.variants, found.germline, inherited.variants, inherited.germline], ignore_index=True)
    variants = schema.conform(variants, schema.VARIANTS)
    panels = [
        *_panels(panel_sheet, names, findings),
        *(read_panel(path, findings=findings, names=names) for path in source.panels),
    ]
    profiled = written.loc[written.index.isin(found.profiled)]
    declared = whole_panel(source.assay) if source.assay is not None else None
    if declared is None and len(panels) == 1:
        declared = panels[0]
    coverage = resolve_profiles(
        ProfileEvidence(sample_panels=profiled["panel_id"].dropna(), file_samples=set(profiled.index)),
        variants=variants.loc[variants["sample_id"].isin(profiled.index)],
        copy_number=_as_measured(found.copy_number, profiled.index),
        fusions=found.fusions if len(found.fusions) else None,
        panels=panels,
        declared=declared,
        assume_profiled=source.assume_profiled,
        findings=findings,
        source=source.name,
    )
    return SequencingTables(variants=variants, copy_number=found.copy_number, fusions=found.fusions, coverage=coverage)


def _as_measured(table: pd.DataFrame, samples: pd.Index) -> CopyNumber | None:
    """Take the copy number of a form as measured in every profiled sample, for the genes that occur."""
    if table.empty:
        return None
    return CopyNumber(table=table, samples=tuple(samples), genes=tuple(sorted(table["gene"].unique())))


def _panels(sheet: RawTable | None, names: GeneNames, findings: Findings) -> list[Panel]:
    """Panels of the sheet ``panels``: one row each, genes separated by blanks, commas or semicolons."""
    if sheet is None:
        return []
    frame = sheet.frame.reindex(columns=["panel_id", "name", "assay_type", "size_mb", "genes"])
    panels = []
    for row in frame.loc[frame["panel_id"].notna()].to_dict("records"):
        name = str(row["panel_id"])
        text = "" if pd.isna(row["genes"]) else str(row["genes"])
        genes = [gene for gene in re.split(r"[\s,;]+", text) if gene]
        whole = whole_panel(str(row["assay_type"])) if pd.notna(row["assay_type"]) else None
        panels.append(
            Panel(
                panel_id=name,
                name=name if pd.isna(row["name"]) else str(row["name"]),
                genes=()
                if whole and not genes
                else tuple(normalize_gene_list(genes, findings=findings, names=names, file=sheet.file)),
                size_mb=None if pd.isna(row["size_mb"]) else float(str(row["size_mb"]).replace(",", ".")),
                assay_type="panel" if pd.isna(row["assay_type"]) else str(row["assay_type"]),
                genes_mode="all" if whole and not genes else "list",
            )
        )
    return panels
