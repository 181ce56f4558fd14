"""A cBioPortal study folder as a source: clinical files, mutations, copy number, structural variants, coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from netgen import schema
from netgen.clinical.cbioportal_clinical import read_cbioportal_clinical
from netgen.genomics.cbioportal import StudyFolder, find_study_files
from netgen.genomics.copynumber import CopyNumber, read_copy_number
from netgen.genomics.coverage import ProfileEvidence, resolve_profiles
from netgen.genomics.fusions import read_legacy_fusions, read_structural_variants
from netgen.genomics.maf import read_maf
from netgen.genomics.panels import read_panel, whole_panel
from netgen.genomics.profile_files import read_case_lists, read_gene_panel_matrix
from netgen.provenance import InputFile, describe_file
from netgen.sources.clinical_tables import clinical_options, recorded_specs, with_constants
from netgen.sources.tables import ClinicalTables, SequencingTables, SourceTables

if TYPE_CHECKING:
    from netgen.errors import Findings
    from netgen.study import SourceSpec, Study


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
    clinical = read_cbioportal_clinical(
        source.path,
        findings=findings,
        options=clinical_options(source, study, schema.PATIENTS, schema.SAMPLES),
        specs=recorded_specs(source, study),
    )
    folder = find_study_files(source.path, findings=findings)
    sequencing = _read_sequencing(folder, source, study, clinical.samples, findings)
    tables = {
        name: schema.empty(schema.TABLES[name]) for name in ("treatments", "assessments", "imaging", "biomarkers")
    }
    tables["patients"] = with_constants(clinical.patients, source)
    tables["samples"] = clinical.samples
    tables["recorded_endpoints"] = clinical.recorded_endpoints
    excluded = clinical.excluded.assign(step="de-duplicated").reindex(columns=["patient_id", "step", "reason"])
    return SourceTables(
        clinical=ClinicalTables(
            tables=tables,
            n_rows=len(clinical.patients) + len(excluded),
            attrition={"de-duplicated": {"duplicate_conflict": len(excluded)} if len(excluded) else {}},
            exclusions=excluded.astype("string"),
            inputs=tuple(
                describe_file(item.path, role=item.kind, n_rows=len(frame))
                for kind, frame in (("clinical_patient", clinical.patients), ("clinical_sample", clinical.samples))
                for item in folder.of(kind)
            ),
        ),
        sequencing=sequencing,
    )


def _read_sequencing(
    folder: StudyFolder, source: SourceSpec, study: Study, samples: pd.DataFrame, findings: Findings
) -> SequencingTables:
    inputs: list[InputFile] = []
    build = (
        source.genome
        or study.genome
        or {"hg19": "GRCh37", "hg38": "GRCh38"}.get(folder.meta.get("reference_genome", ""))
    )
    mafs = []
    for item in folder.of("mutations"):
        maf = read_maf(item.path, findings=findings, build=build, excel_dates=study.read.excel_dates)
        mafs.append(maf)
        inputs.append(describe_file(item.path, role="maf", n_rows=maf.n_rows))
    copy_number = _read_copy_number(folder, inputs, findings)
    fusions = _read_fusions(folder, inputs, findings)
    panels = []
    for path in (*folder.panels, *source.panels):
        panels.append(read_panel(path, findings=findings))
        inputs.append(describe_file(path, role="panel", n_rows=len(panels[-1].genes)))
    declared = whole_panel(source.assay) if source.assay is not None else None
    if declared is None and len(source.panels) == 1:
        declared = panels[-1]
    variants = pd.concat([maf.variants for maf in mafs], ignore_index=True) if mafs else None
    coverage = resolve_profiles(
        _evidence(folder, samples, [maf.sequenced_samples or () for maf in mafs], inputs, findings),
        variants=variants,
        copy_number=copy_number,
        fusions=fusions,
        panels=panels,
        declared=declared,
        assume_profiled=source.assume_profiled,
        findings=findings,
        source=source.name or folder.folder.name,
    )
    return SequencingTables(
        variants=schema.empty(schema.VARIANTS) if variants is None else variants,
        copy_number=schema.empty(schema.COPY_NUMBER) if copy_number is None else copy_number.table,
        fusions=schema.empty(schema.FUSIONS) if fusions is None else fusions,
        coverage=coverage,
        inputs=tuple(inputs),
    )


def _evidence(
    folder: StudyFolder,
    samples: pd.DataFrame,
    sequenced: list[tuple[str, ...]],
    inputs: list[InputFile],
    findings: Findings,
) -> ProfileEvidence:
    """Gather what the folder says about who was profiled for what."""
    matrix = None
    for item in folder.of("panel_matrix")[:1]:
        matrix = read_gene_panel_matrix(item.path, findings=findings, stable_ids=folder.stable_ids())
        inputs.append(describe_file(item.path, role="panel_matrix", n_rows=len(matrix)))
    inputs += [describe_file(path, role="case_list", n_rows=1) for path in folder.case_lists]
    sample_panels = samples.set_index("sample_id")["panel_id"].dropna()
    return ProfileEvidence(
        panel_matrix=matrix,
        sample_panels=sample_panels if len(sample_panels) else None,
        case_lists=read_case_lists(folder.case_lists, findings=findings),
        sequenced_samples={sample for one in sequenced for sample in one},
        gene_panels=folder.gene_panels(),
        fusions_follow_mutations=bool(folder.of("legacy_fusions")),
    )


def _read_copy_number(folder: StudyFolder, inputs: list[InputFile], findings: Findings) -> CopyNumber | None:
    files = folder.of("cna")
    if not files:
        return None
    copy_number = read_copy_number(files[0].path, findings=findings)
    inputs.append(describe_file(files[0].path, role="cna", n_rows=len(copy_number.genes)))
    return copy_number


def _read_fusions(folder: StudyFolder, inputs: list[InputFile], findings: Findings) -> pd.DataFrame | None:
    for kind, read in (("structural_variants", read_structural_variants), ("legacy_fusions", read_legacy_fusions)):
        for item in folder.of(kind):
            fusions = read(item.path, findings=findings)
            inputs.append(describe_file(item.path, role=kind, n_rows=len(fusions)))
            return fusions
    return None
