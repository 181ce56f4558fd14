"""A cBioPortal study folder as a source: clinical files, timelines, mutations, copy number, fusions, coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netgen import schema
from netgen.clinical.cbioportal_clinical import CbioportalClinical, read_cbioportal_clinical
from netgen.clinical.timelines import Timelines, read_timelines
from netgen.genomics.cbioportal import StudyFolder, find_study_files, locate_study
from netgen.genomics.panels import read_panel, whole_panel
from netgen.genomics.study_genomics import read_study_genomics
from netgen.provenance import describe_file
from netgen.sources.clinical_tables import clinical_options, drug_book, recorded_specs, with_constants, with_lines
from netgen.sources.knowledge import gene_names
from netgen.sources.tables import ClinicalTables, SequencingTables, SourceTables, no_rows, read_sequencing_half

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.study import LineSettings, SourceSpec, Study


def read_cbioportal(source: SourceSpec, study: Study, *, findings: Findings) -> SourceTables:
    """Return the tables of a study folder.

    Parameters
    ----------
    source
        Its ``path`` is the folder; ``assay``, ``panels`` and ``set`` say what the folder does not.
    study
        For the reading settings and recorded endpoints.
    findings
        Collects everything that is wrong, in all files.

    Returns
    -------
    SourceTables
        Both halves.
    """
    assert source.path is not None
    folder = find_study_files(locate_study(source.path), findings=findings)
    clinical = read_cbioportal_clinical(
        folder.folder,
        findings=findings,
        paths=_clinical_paths(folder),
        options=clinical_options(source, study, schema.PATIENTS, schema.SAMPLES),
        specs=recorded_specs(source, study),
    )
    timelines = read_timelines(
        folder.folder,
        paths=[file.path for file in folder.of("timeline")],
        patients=clinical.patients,
        samples=clinical.samples,
        book=drug_book(study.lines, findings),
        findings=findings,
    )
    sequencing = read_sequencing_half(
        lambda found: _sequencing_half(folder, clinical, source, study, found), study, findings=findings
    )
    return SourceTables(
        clinical=_clinical_half(clinical, timelines, source, study.lines, findings), sequencing=sequencing
    )


def _clinical_paths(folder: StudyFolder) -> dict[str, Path]:
    """Return the first file of each clinical role; further ones have been reported."""
    roles = {"patients": folder.of("clinical_patient"), "samples": folder.of("clinical_sample")}
    return {role: files[0].path for role, files in roles.items() if files}


def _sequencing_half(
    folder: StudyFolder, clinical: CbioportalClinical, source: SourceSpec, study: Study, findings: Findings
) -> SequencingTables:
    names = gene_names(study)
    panels = [read_panel(path, findings=findings, names=names) for path in source.panels]
    declared = panels[0] if len(panels) == 1 else None
    genomics = read_study_genomics(
        folder.folder,
        findings=findings,
        folder=folder,
        panels=panels,
        declared=whole_panel(source.assay) if source.assay is not None else declared,
        assume_profiled=source.assume_profiled,
        sample_panels=clinical.samples.set_index("sample_id")["panel_id"].dropna(),
        names=names,
        build=source.genome or study.genome,
        excel_dates=study.read.excel_dates,
        source=source.namespace or folder.folder.name,
    )
    return SequencingTables(
        variants=genomics.variants,
        copy_number=schema.empty(schema.COPY_NUMBER) if genomics.copy_number is None else genomics.copy_number,
        fusions=schema.empty(schema.FUSIONS) if genomics.fusions is None else genomics.fusions,
        coverage=genomics.coverage,
        dropped=pd.concat([no_rows(), *(maf.dropped for maf in genomics.mafs)], ignore_index=True),
        inputs=tuple(describe_file(path, role=role, n_rows=n) for role, path, n in genomics.files),
    )


def _clinical_half(
    clinical: CbioportalClinical,
    timelines: Timelines,
    source: SourceSpec,
    lines: LineSettings,
    findings: Findings,
) -> ClinicalTables:
    tables = {
        "patients": with_constants(timelines.patients, source),
        "samples": timelines.samples,
        "treatments": schema.empty(schema.TREATMENTS),
        "drugs": timelines.drugs,
        "assessments": timelines.assessments,
        "imaging": timelines.imaging,
        "biomarkers": pd.concat(
            [part for part in (clinical.biomarkers, timelines.biomarkers) if len(part)] or [clinical.biomarkers],
            ignore_index=True,
        ),
        "recorded_endpoints": clinical.recorded_endpoints,
    }
    excluded = clinical.excluded.assign(step="de-duplicated").reindex(columns=["patient_id", "step", "reason"])
    n_rows = {"patients": len(clinical.patients), "samples": len(clinical.samples)}
    return ClinicalTables(
        tables=with_lines(tables, lines, findings=findings),
        n_rows=len(clinical.patients) + len(excluded),
        attrition={"de-duplicated": {"duplicate_conflict": len(excluded)} if len(excluded) else {}},
        exclusions=excluded.astype("string"),
        inputs=tuple(
            describe_file(path, role=f"clinical_{role.removesuffix('s')}", n_rows=n_rows[role])
            for role, path in clinical.files
        )
        + tuple(describe_file(path, role="timeline", n_rows=n) for path, n in timelines.files),
    )
