"""The genomic half of a ``tables`` source: variant files, ready-made gene tables, panels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.cells import is_null
from netgen.clinical.columns import report_missing
from netgen.clinical.files import RawTable, read_text_table
from netgen.errors import Findings, InputError, SchemaError
from netgen.genomics.coverage import ProfileEvidence, resolve_profiles
from netgen.genomics.gene_names import load_gene_names
from netgen.genomics.gene_table import parse_carriers, parse_matrix
from netgen.genomics.maf import read_maf
from netgen.genomics.panels import Panel, read_panel, whole_panel
from netgen.genomics.textfile import read_head
from netgen.genomics.vcf import VcfFile, read_vcfs
from netgen.provenance import InputFile, describe_file
from netgen.sources.tables import SequencingTables, no_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.study import AlterationsSpec, SourceSpec, Study


def read_sequencing(
    source: SourceSpec, study: Study, samples: pd.DataFrame, patients: pd.DataFrame, *, findings: Findings
) -> SequencingTables:
    """Return variants, gene calls and coverage of a source.

    A sample that no file speaks of was not sequenced. Variants of samples that no patient has are reported and dropped
    when the matrix is built.

    Parameters
    ----------
    source
        Variant files, panels or assay, ready-made gene table.
    study
        For the genome and the reading settings.
    samples, patients
        Clinical tables of the same source.
    findings
        Collects everything that is wrong.

    Returns
    -------
    SequencingTables
        Before the variant policy.
    """
    panels = [read_panel(path, findings=findings) for path in source.panels]
    inputs = [
        describe_file(path, role="panel", n_rows=len(panel.genes))
        for path, panel in zip(source.panels, panels, strict=True)
    ]
    build = source.genome or study.genome
    variants, evidence, dropped, files = _read_variants(source, study, samples, build, findings)
    _check_links(variants, samples, findings)
    calls = None
    if source.alterations is not None:
        calls, described = _read_calls(source.alterations, patients, samples, findings)
        files = [*files, described]
    coverage = resolve_profiles(
        evidence,
        variants=variants if len(variants) or source.variants else None,
        panels=panels,
        declared=_declared(source, panels),
        assume_profiled=source.assume_profiled,
        findings=findings,
        source=source.name,
    )
    return SequencingTables(
        variants=variants, calls=calls, coverage=coverage, dropped=dropped, inputs=(*inputs, *files)
    )


def _check_links(variants: pd.DataFrame, samples: pd.DataFrame, findings: Findings) -> None:
    """Refuse files whose samples all belong to nobody: their ids do not fit (a few are a warning of the matrix)."""
    if len(variants) and len(samples) and not variants["sample_id"].isin(samples["sample_id"]).any():
        names = sorted(variants["sample_id"].dropna().unique())
        findings.add(
            "E_FOREIGN_KEY",
            f"none of the {len(names)} samples of the variant files (such as {names[0]}) belongs to a patient "
            f"(whose samples are such as {samples['sample_id'].iloc[0]}).",
            fix="Name the column that holds the sample (--sample-id), or give a samples table.",
            column="sample_id",
            rule="V01",
        )


def _declared(source: SourceSpec, panels: Sequence[Panel]) -> Panel | None:
    """Return the assay, or the only panel, that stands for every sample of the source."""
    if source.assay is not None:
        return whole_panel(source.assay)
    return panels[0] if len(panels) == 1 else None


def _read_variants(
    source: SourceSpec, study: Study, samples: pd.DataFrame, build: str | None, findings: Findings
) -> tuple[pd.DataFrame, ProfileEvidence, pd.DataFrame, list[InputFile]]:
    """Read every variant file by its content; also return who was sequenced and which rows could not be used."""
    parts: list[pd.DataFrame] = []
    dropped = [no_rows()]
    inputs: list[InputFile] = []
    sequenced: set[str] = set()
    own_files: set[str] = set()
    known = tuple(samples["sample_id"].dropna())
    names = load_gene_names()
    paths = _expand(source)
    is_vcf = {path: read_head(path).startswith((b"##fileformat=VCF", b"BCF")) for path in paths}
    vcfs = [path for path in paths if is_vcf[path]]
    for vcf in read_vcfs(vcfs, findings=findings, known_samples=known, names=names):
        parts.append(vcf.variants)
        own_files.update(vcf.samples)
        dropped.append(_dropped(vcf))
        inputs.append(describe_file(vcf.path, role="vcf", n_rows=vcf.n_records))
    for path in (path for path in paths if not is_vcf[path]):
        maf = read_maf(path, findings=findings, build=build, names=names, excel_dates=study.read.excel_dates)
        parts.append(maf.variants)
        dropped.append(maf.dropped)
        sequenced.update(maf.sequenced_samples or ())
        own_files.update(maf.samples)
        inputs.append(describe_file(path, role="maf", n_rows=maf.n_rows))
    variants = (
        schema.conform(pd.concat(parts, ignore_index=True), schema.VARIANTS) if parts else schema.empty(schema.VARIANTS)
    )
    if build is not None:
        variants["build"] = variants["build"].fillna(build)
    panels = samples.set_index("sample_id")["panel_id"].dropna()
    evidence = ProfileEvidence(
        sample_panels=panels if len(panels) else None, sequenced_samples=sequenced, file_samples=own_files
    )
    return variants, evidence, pd.concat(dropped, ignore_index=True), inputs


def _dropped(vcf: VcfFile) -> pd.DataFrame:
    """Count the alleles of a VCF that gave no row; reference calls of the tumour are none."""
    sample = vcf.samples[0] if len(vcf.samples) == 1 else None
    rows = [{"sample_id": sample, "reason": reason, "n": n} for reason, n in sorted(vcf.n_dropped.items()) if n]
    return pd.DataFrame(rows, columns=list(no_rows().columns)).astype(no_rows().dtypes.to_dict())


def _expand(source: SourceSpec) -> list[Path]:
    """Files that the patterns of a source name, each once, sorted within a pattern."""
    paths: list[Path] = []
    for pattern in source.variants:
        full = (source.base / pattern).absolute()
        found = sorted(Path(full.anchor).glob(str(full.relative_to(full.anchor)))) if _has_wildcard(pattern) else [full]
        if not found or not found[0].exists():
            raise InputError(
                "E_FILE_MISSING", f"no variant file matches {pattern!r}.", fix="Check the path.", file=str(full)
            )
        for folder in (item for item in found if item.is_dir()):
            raise InputError(
                "E_FILE_FORMAT",
                "a variant file is needed, found a folder.",
                fix=f"Name the files in it, for example {folder.name}/*.maf.",
                file=str(folder),
            )
        paths += [item for item in found if item not in paths]
    return paths


def _has_wildcard(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[")


def _read_calls(
    spec: AlterationsSpec, patients: pd.DataFrame, samples: pd.DataFrame, findings: Findings
) -> tuple[pd.DataFrame, InputFile]:
    """Read a ready-made gene table; its ids are patients, or samples in a matrix."""
    raw = read_text_table(spec.file, findings=findings, sheet=spec.sheet, header_row=spec.header_row)
    name = raw.file
    id_column, gene_column = spec.id_column or str(raw.frame.columns[0]), spec.gene_column or "gene"
    named = [id_column, *(spec.genes if spec.layout == "matrix" else [gene_column])]
    absent = [column for column in named if column not in raw.frame.columns]
    for column in absent:
        report_missing(raw, column, findings, why="It is named under alterations.")
    if absent:
        raise SchemaError(findings)
    if spec.layout == "matrix":
        calls = parse_matrix(
            raw.frame, id_column, gene_columns=spec.genes or None, findings=findings, file=name, rows=raw.rows
        )
    else:
        calls = parse_carriers(
            raw.frame,
            id_column,
            gene_column,
            profiled_ids=_profiled(spec, patients, raw),
            genes=spec.genes or None,
            findings=findings,
            file=name,
            rows=raw.rows,
        )
    described = describe_file(spec.file, role="alterations", n_rows=len(raw.frame))
    return _on_samples(calls, samples, findings, name), described


def _on_samples(calls: pd.DataFrame, samples: pd.DataFrame, findings: Findings, file: str) -> pd.DataFrame:
    """Give each sample the calls under its own name, else those of its patient; report the calls of nobody."""
    owners = samples.dropna(subset=["sample_id"]).drop_duplicates("sample_id").set_index("sample_id")["patient_id"]
    name = owners.index.to_series().where(owners.index.isin(calls.index), owners)
    name = name[name.isin(calls.index)]
    lost = calls.index.difference(pd.Index(name))
    if len(lost):
        findings.add(
            "W_PATIENT_UNLINKED",
            f"{len(lost)} of {len(calls)} gene calls belong to no patient with a sample ({lost[0]} ...).",
            fix="Add them, or check how their ids are written.",
            file=file,
            value=lost[0],
            rule="V01",
        )
    return calls.loc[name].set_axis(pd.Index(name.index, dtype="string", name="sample_id"))


def _profiled(spec: AlterationsSpec, patients: pd.DataFrame, raw: RawTable) -> list[str]:
    """Patients who were sequenced: all of the source, or those in whom a column is filled."""
    if spec.profiled is None:
        raise InputError(
            "E_NO_PANEL",
            "a carrier list does not say who was sequenced, so wild type cannot be told from not profiled.",
            fix='Add profiled = "all", or the name of a patient column that is filled for the sequenced ones.',
            file=raw.file,
        )
    if spec.profiled == "all":
        return list(patients["patient_id"])
    if spec.profiled not in patients.columns:
        raise InputError(
            "E_COLUMN_MISSING",
            f"profiled must name a patient column; {spec.profiled!r} is not one.",
            fix="Check the name against the patients table.",
            file=raw.file,
        )
    filled = ~np.asarray(is_null(patients[spec.profiled].astype("string")))
    return list(patients.loc[filled, "patient_id"])
