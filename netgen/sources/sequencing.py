"""The genomic half of a ``tables`` source: sequencing files of any kind, ready-made gene tables, panels."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.cells import is_null
from netgen.clinical.columns import report_missing
from netgen.clinical.files import RawTable, read_text_table
from netgen.errors import InputError, SchemaError
from netgen.genomics.consequences import Reference
from netgen.genomics.coverage import resolve_profiles
from netgen.genomics.gene_table import parse_carriers, parse_matrix
from netgen.genomics.joined_files import JoinedFiles, join_files
from netgen.genomics.panels import Panel, read_panel, whole_panel
from netgen.genomics.recognise import list_files
from netgen.genomics.sequencing_files import Reading, read_sequencing_files
from netgen.provenance import InputFile, describe_file
from netgen.sources.knowledge import gene_names
from netgen.sources.tables import SequencingTables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames
    from netgen.study import AlterationsSpec, SourceSpec, Study


def read_sequencing(
    source: SourceSpec, study: Study, samples: pd.DataFrame, patients: pd.DataFrame, *, findings: Findings
) -> SequencingTables:
    """Return variants, copy number, fusions, gene calls and coverage of a source.

    A sample that no file speaks of was not sequenced. Rows of samples that no patient has are reported and dropped when
    the matrix is built.

    Parameters
    ----------
    source
        Variant files, panels or assay, ready-made gene table.
    study
        For the genome, the reference and the reading settings.
    samples, patients
        Clinical tables of the same source.
    findings
        Collects everything that is wrong.

    Returns
    -------
    SequencingTables
        Before the variant policy.
    """
    found = read_files(source, study, samples["sample_id"].dropna(), findings=findings)
    _check_links(found, samples, findings)
    by_sample = samples.set_index("sample_id")["panel_id"].dropna()
    tables = assemble_tables(found, source, study, by_sample if len(by_sample) else None, findings=findings)
    if source.alterations is None:
        return tables
    calls, described = _read_calls(source.alterations, patients, samples, findings)
    return dataclasses.replace(tables, calls=calls, inputs=(*tables.inputs, described))


def read_files(source: SourceSpec, study: Study, known: Iterable[str], *, findings: Findings) -> JoinedFiles:
    """Return what the sequencing files of a source hold.

    Parameters
    ----------
    source
        Names the files.
    study
        For the genome, the reference and the reading settings.
    known
        Tumour samples of the study.
    findings
        Collects everything that is wrong.

    Returns
    -------
    JoinedFiles
        All files as one.

    Raises
    ------
    SchemaError
        If one of them cannot be read: all have been looked at, and nothing else can be said without it.
    """
    reading, paths = _reading(source, study, tuple(known), gene_names(study)), _expand(source, findings)
    files = read_sequencing_files(paths, reading, findings=findings)
    if len(files) < len(paths):
        raise SchemaError(findings)
    return join_files(files, build=reading.build)


def assemble_tables(
    found: JoinedFiles, source: SourceSpec, study: Study, sample_panels: pd.Series | None, *, findings: Findings
) -> SequencingTables:
    """Return the genomic half of a source: what its files hold, and who was profiled for what.

    Parameters
    ----------
    found
        Of :func:`read_files`.
    source, study
        For panels, assay and names of genes.
    sample_panels
        Panel of each sample that has one of its own, indexed by ``sample_id``; None = no sample has.
    findings
        Collects everything that is wrong.

    Returns
    -------
    SequencingTables
        Without ready-made calls.
    """
    names = gene_names(study)
    panels = [read_panel(path, findings=findings, names=names) for path in source.panels]
    inputs = [
        describe_file(path, role="panel", n_rows=len(panel.genes))
        for path, panel in zip(source.panels, panels, strict=True)
    ]
    inputs += [describe_file(file.path, role=file.kind, n_rows=file.n_records) for file in found.files]
    coverage = resolve_profiles(
        dataclasses.replace(found.evidence, sample_panels=sample_panels),
        variants=found.variants if found.carries("mutations") or source.variants else None,
        copy_number=found.copy_number,
        fusions=found.fusions if found.carries("structural_variants") else None,
        panels=panels,
        declared=_declared(source, panels),
        assume_profiled=source.assume_profiled,
        findings=findings,
        source=source.name,
    )
    return SequencingTables(
        variants=found.variants,
        copy_number=schema.empty(schema.COPY_NUMBER) if found.copy_number is None else found.copy_number.table,
        fusions=found.fusions,
        coverage=coverage,
        biomarkers=found.biomarkers,
        dropped=found.dropped,
        inputs=tuple(inputs),
    )


def _reading(source: SourceSpec, study: Study, known: Sequence[str], names: GeneNames) -> Reading:
    given = study.reference
    reference = None
    if given.fasta is not None and given.gff is not None:
        reference = Reference(fasta=given.fasta, gff=given.gff, transcripts=frozenset(given.transcripts))
    return Reading(
        names=names,
        known_samples=known,
        build=source.genome or study.genome,
        reference=reference,
        transcripts=frozenset(given.transcripts),
        positions=(*source.panels, *([given.gff] if given.gff is not None else [])),
        excel_dates=study.read.excel_dates,
        threads=study.threads,
    )


def _check_links(found: JoinedFiles, samples: pd.DataFrame, findings: Findings) -> None:
    """Refuse files whose samples all belong to nobody: their ids do not fit (a few are a warning of the matrix)."""
    names = found.samples
    if names and len(samples) and not samples["sample_id"].isin(names).any():
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


def _expand(source: SourceSpec, findings: Findings) -> list[Path]:
    """Files that the patterns of a source name, each once, sorted within a pattern; a folder stands for its files."""
    paths: list[Path] = []
    for pattern in source.variants:
        full = (source.base / pattern).absolute()
        wild = _has_wildcard(pattern) and not full.exists()
        found = sorted(Path(full.anchor).glob(str(full.relative_to(full.anchor)))) if wild else [full]
        if not found or not found[0].exists():
            raise InputError(
                "E_FILE_MISSING", f"no variant file matches {pattern!r}.", fix="Check the path.", file=str(full)
            )
        paths += [one for item in found for one in (list_files(item, findings=findings) if item.is_dir() else [item])]
    return list(dict.fromkeys(paths))


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
