"""Everything genomic of a cBioPortal study folder in one call: variants, copy number, fusions, and who was profiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from netgen import schema
from netgen.errors import Findings
from netgen.genomics.alleles import normalize_build
from netgen.genomics.cbioportal import find_study_files, locate_study, read_case_lists, read_gene_panel_matrix
from netgen.genomics.copynumber import CopyNumber, read_copy_number
from netgen.genomics.coverage import ProfileEvidence, StudyCoverage, resolve_profiles
from netgen.genomics.fusions import read_legacy_fusions, read_structural_variants
from netgen.genomics.maf import MafFile, read_maf
from netgen.genomics.panel_files import find_panels_beside, read_panel_file
from netgen.genomics.profile_files import parse_meta
from netgen.genomics.textfile import read_head

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgen.genomics.cbioportal import StudyFolder
    from netgen.genomics.gene_names import GeneNames
    from netgen.genomics.genes import ExcelPolicy
    from netgen.genomics.panels import Panel


@dataclass(frozen=True, kw_only=True)
class StudyGenomics:
    """The genomic half of a study.

    Attributes
    ----------
    folder
        Its files, the clinical ones included.
    mafs
        What each MAF holds, with the rows left out.
    variants
        Table ``variants`` of ``netgen.schema``, not yet filtered.
    copy_number, fusions
        Tables of ``netgen.schema``; None = the study has no such data.
    coverage
        Tables ``profiles``, ``panels``, ``panel_genes``.
    files
        Role, path and number of rows (genes of a panel, samples of a case list) of every file read.
    """

    folder: StudyFolder
    mafs: tuple[MafFile, ...]
    variants: pd.DataFrame
    copy_number: pd.DataFrame | None
    fusions: pd.DataFrame | None
    coverage: StudyCoverage
    files: tuple[tuple[str, Path, int], ...]


def read_study_genomics(
    path: Path,
    *,
    findings: Findings,
    folder: StudyFolder | None = None,
    panels: Sequence[Panel] = (),
    declared: Panel | None = None,
    assume_profiled: bool = False,
    sample_panels: pd.Series | None = None,
    names: GeneNames | None = None,
    build: str | None = None,
    excel_dates: ExcelPolicy = "error",
    source: str = "",
) -> StudyGenomics:
    """Return the genomic data of a cBioPortal study folder.

    Parameters
    ----------
    path
        Study folder, or one that holds nothing else.
    findings
        Collects what the readers of the single files report, E_NO_PANEL included.
    folder
        Its files if they are known already.
    panels
        Panels beside those in the folder.
    declared, assume_profiled
        See ``coverage.resolve_profiles``.
    sample_panels
        Panel of each sample from the clinical sample table, indexed by ``sample_id``; used where there is no matrix.
    names
        Gene names; the bundled ones if None.
    build
        Genome build of variants that state none; None = that of ``meta_study.txt``.
    excel_dates
        See ``maf.read_maf``.
    source
        See ``coverage.resolve_profiles``.

    Returns
    -------
    StudyGenomics
        Tables, not yet filtered.

    Raises
    ------
    InputError
        If the folder or one of its files is unusable as a whole.

    Notes
    -----
    The build of ``meta_study.txt`` (``reference_genome``) is that of variants that state none. Panels that the study
    names but does not hold are looked for beside it (``panel_files.find_panels_beside``).
    """
    folder = folder or find_study_files(locate_study(path), findings=findings)
    stated = build or normalize_build(folder.meta.get("reference_genome", ""))
    mafs = tuple(
        read_maf(file.path, findings=findings, build=stated, names=names, excel_dates=excel_dates)
        for file in folder.of("mutations")
    )
    variants = _stack([maf.variants for maf in mafs])
    copy_numbers = [read_copy_number(file.path, findings=findings, names=names) for file in folder.of("cna")]
    copy_number = _join_copy_number(copy_numbers)
    structural = [
        read_structural_variants(file.path, findings=findings, names=names) for file in folder.of("structural_variants")
    ]
    legacy = [read_legacy_fusions(file.path, findings=findings, names=names) for file in folder.of("legacy_fusions")]
    fusions = pd.concat([*structural, *legacy], ignore_index=True) if structural or legacy else None
    matrices = [
        read_gene_panel_matrix(file.path, findings=findings, stable_ids=folder.stable_ids())
        for file in folder.of("panel_matrix")
    ]
    matrix = _join_matrices(matrices)
    panel_paths = [*folder.panels, *_panels_beside(folder, matrix, sample_panels, panels)]
    own_panels = [read_panel_file(one, findings=findings) for one in panel_paths]
    evidence = ProfileEvidence(
        panel_matrix=matrix,
        sample_panels=sample_panels,
        case_lists=read_case_lists(folder.case_lists, findings=findings),
        sequenced_samples=sorted({sample for maf in mafs for sample in maf.sequenced_samples or ()}),
        file_samples=sorted({sample for maf in mafs for sample in maf.samples}),
        gene_panels=folder.gene_panels(),
        fusions_follow_mutations=bool(legacy) and not structural,
    )
    coverage = resolve_profiles(
        evidence,
        variants=variants if mafs else None,
        copy_number=copy_number,
        fusions=fusions,
        panels=[*panels, *own_panels],
        declared=declared,
        assume_profiled=assume_profiled,
        findings=findings,
        source=source,
    )
    return StudyGenomics(
        folder=folder,
        mafs=mafs,
        variants=variants,
        copy_number=_drop_uncovered(copy_number.table, coverage) if copy_number else None,
        fusions=fusions,
        coverage=coverage,
        files=(
            *(("maf", maf.path, maf.n_rows) for maf in mafs),
            *_files(folder, "cna", [len(one.genes) for one in copy_numbers]),
            *_files(folder, "structural_variants", [len(one) for one in structural]),
            *_files(folder, "legacy_fusions", [len(one) for one in legacy]),
            *_files(folder, "panel_matrix", [len(one) for one in matrices]),
            *(("panel", path, len(panel.genes)) for path, panel in zip(panel_paths, own_panels, strict=True)),
            *(("case_list", path, _n_samples(path)) for path in folder.case_lists),
        ),
    )


def _files(folder: StudyFolder, kind: str, n_rows: Sequence[int]) -> list[tuple[str, Path, int]]:
    return [(kind, file.path, n) for file, n in zip(folder.of(kind), n_rows, strict=True)]


def _n_samples(path: Path) -> int:
    lists = read_case_lists([path], findings=Findings())
    return len({sample for samples in lists.values() for sample in samples})


def _drop_uncovered(table: pd.DataFrame, coverage: StudyCoverage) -> pd.DataFrame:
    """Leave out missing values of genes that the panel of the sample lacks: the panel says so already."""
    panel = table["sample_id"].map(coverage.profiles.set_index("sample_id")["cna"])
    whole = coverage.panels.loc[(coverage.panels["genes_mode"] == "all").fillna(value=False), "panel_id"]
    listed = pd.MultiIndex.from_frame(coverage.panel_genes[["panel_id", "gene"]])
    on_panel = pd.MultiIndex.from_arrays([panel.fillna(""), table["gene"]]).isin(listed) | panel.isin(whole).to_numpy()
    known = table["value"].notna().to_numpy() | on_panel | panel.isna().to_numpy()
    return table[known].reset_index(drop=True)


def _join_matrices(parts: Sequence[pd.DataFrame]) -> pd.DataFrame | None:
    """Return several panel matrices as one; of two panels for one sample the first counts."""
    if len(parts) < 2:
        return parts[0] if parts else None
    whole = parts[0].set_index("sample_id")
    for part in parts[1:]:
        whole = whole.combine_first(part.set_index("sample_id"))
    return whole.rename_axis("sample_id").sort_index().reset_index().astype("string")


def _panels_beside(
    folder: StudyFolder, matrix: pd.DataFrame | None, sample_panels: pd.Series | None, given: Sequence[Panel]
) -> list[Path]:
    """Return files of panels that the study names and that neither its folder nor the user gives."""
    named = set(folder.gene_panels().values())
    if matrix is not None:
        named |= {str(one) for column in matrix.columns.drop("sample_id") for one in matrix[column].dropna().unique()}
    if sample_panels is not None:
        named |= {str(one) for one in sample_panels.dropna().unique()}
    held = {parse_meta(read_head(path)).get("stable_id", "") for path in folder.panels}
    return find_panels_beside(folder.folder, named - held - {panel.panel_id for panel in given})


def _stack(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    if not parts:
        return schema.empty(schema.VARIANTS)
    return parts[0] if len(parts) == 1 else schema.conform(pd.concat(parts, ignore_index=True), schema.VARIANTS)


def _join_copy_number(parts: Sequence[CopyNumber]) -> CopyNumber | None:
    """Return several files as one; a gene and sample in two of them is taken from the first."""
    if len(parts) < 2:
        return parts[0] if parts else None
    table = pd.concat([part.table for part in parts], ignore_index=True).drop_duplicates(["sample_id", "gene"])
    return CopyNumber(
        table=table.sort_values(["sample_id", "gene"]).reset_index(drop=True),
        samples=tuple(sorted({sample for part in parts for sample in part.samples})),
        genes=tuple(sorted({gene for part in parts for gene in part.genes})),
    )
