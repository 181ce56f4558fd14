"""Segments of copy number: ``.seg`` (DNAcopy, IGV, cBioPortal), and tables of copies (FACETS, ASCAT, PURPLE, PCGR).

A file without a sample column is one sample. Segments become values of genes by the rules of ``cna_levels`` and
``cna_genes``; they need positions of genes (``gene_spans``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import InputError
from netgen.genomics.cna_genes import call_genes
from netgen.genomics.copynumber import rename_only_sample
from netgen.genomics.gene_spans import no_positions
from netgen.genomics.segment_rows import parse_segments
from netgen.genomics.sequencing_file import SequencingFile

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames
    from netgen.genomics.gene_spans import GeneSpans
    from netgen.genomics.segment_rows import SegmentFile

_ENDING: Final = re.compile(
    r"(?:\.(?:gz|bgz|txt|tsv|csv|seg|segments?|cns|call|bintest|cna|cnv|cncf|purple|somatic|hg19|hg38|grch3[78]|facets"
    r"|ascat|segmetrics|bwa|sorted|markdup|md|bqsr|recal|final|dedup))+$",
    re.IGNORECASE,
)


def read_segments(
    path: Path,
    *,
    findings: Findings,
    sample_id: str | None = None,
    known_samples: Collection[str] = (),
    names: GeneNames | None = None,  # noqa: ARG001 - all readers of single files have it; here the spans name the genes
    spans: GeneSpans | None = None,
    build: str | None = None,
) -> SequencingFile:
    """Return the copy number of genes of a file of segments.

    Parameters
    ----------
    path
        Tab-separated table of segments with log2 ratios (``.seg``) or copies.
    findings
        Collects segments that cannot be used, and events that cover too little of a gene (W_CNA_PARTIAL).
    sample_id
        Sample that a file of one sample belongs to; None = the sample column, else the file name.
    known_samples
        Samples of the study, to find the one that the file is named after.
    names
        Not used: the genes are those of ``spans``.
    spans
        Where genes lie.
    build
        Build that is declared for the file; None = not stated.

    Returns
    -------
    SequencingFile
        Kind ``segments``. Every sample of the file is profiled for ``cna``, for the genes of ``spans``; genes that the
        segments do not cover are rows with a missing value.

    Raises
    ------
    InputError
        If the file is no table of segments (E_FILE_FORMAT, E_COLUMN_MISSING), ``spans`` are missing
        (E_NO_GENE_POSITIONS) or on another build (E_BUILD_MIXED), or one sample is named for several (E_VALUE).
    """
    if spans is None:
        raise no_positions(path, "Segments need the positions of genes to become values of genes, found none.")
    check_builds(path, build, spans)
    known = build or spans.build
    found = parse_segments(
        path, findings=findings, default_sample=sample_id or name_of_file(path, known_samples), build=known
    )
    table, samples = call_genes(found.table, spans.table), found.samples
    if sample_id is not None:
        table, samples = rename_only_sample(table, samples, sample_id, path)
    report_partial(table, path, findings)
    return segment_file(path, "segments", table, samples, found, known, spans.genes)


def segment_file(
    path: Path, kind: str, table: pd.DataFrame, samples: tuple[str, ...], found: SegmentFile, build: str | None,
    genes: Collection[str],
) -> SequencingFile:  # fmt: skip
    """Return the genes of a file of segments in the shape of all sequencing files.

    Parameters
    ----------
    path, kind
        The file and its format.
    table
        ``schema.COPY_NUMBER``.
    samples
        Samples, under the names of the study.
    found
        The segments.
    build
        Build of the file; None = not known.
    genes
        Genes that the segments could tell of.

    Returns
    -------
    SequencingFile
        All samples profiled for ``cna``.
    """
    return SequencingFile(
        path=path,
        kind=kind,
        samples=samples,
        profiled={"cna": samples},
        genes={"cna": tuple(sorted(genes))},
        copy_number=table.assign(file=pd.Series(str(path), index=table.index, dtype="string")),
        build=build,
        n_records=found.n_records,
        dropped=found.dropped,
    )


def check_builds(path: Path, build: str | None, spans: GeneSpans) -> None:
    """Refuse positions of genes that are on another build than the segments.

    Parameters
    ----------
    path
        The file of segments.
    build
        Its build; None = not stated.
    spans
        Where genes lie.

    Raises
    ------
    InputError
        If both are known and differ (E_BUILD_MIXED).
    """
    if build is not None and spans.build is not None and build != spans.build:
        raise InputError(
            "E_BUILD_MIXED",
            f"Segments and positions of genes must be on one genome build, found {build} and {spans.build}.",
            fix="Give the panel or gene model of the segments' build.",
            file=str(path),
        )


def name_of_file(path: Path, known_samples: Collection[str]) -> str:
    """Return the sample that a file is named after.

    Parameters
    ----------
    path
        The file.
    known_samples
        Samples of the study.

    Returns
    -------
    str
        The longest known sample that the name is or begins with (followed by ``.``, ``_`` or ``-``); else the name
        without endings such as ``.call.cns`` or ``.seg``.
    """
    stem = _ENDING.sub("", path.name)
    known = [one for one in known_samples if re.match(rf"{re.escape(one)}(?:[._-]|$)", path.name)]
    return max(known, key=len, default=stem or path.name)


def report_partial(table: pd.DataFrame, path: Path, findings: Findings) -> None:
    """Say which deep losses and amplifications cover too little of a gene to be called.

    Parameters
    ----------
    table
        ``schema.COPY_NUMBER``.
    path
        Where it comes from.
    findings
        Receives W_CNA_PARTIAL.
    """
    rows = table[table["partial"].fillna(value=False).astype(bool)]
    if len(rows):
        listed = ", ".join(f"{gene} in {sample}" for sample, gene in zip(rows["sample_id"], rows["gene"], strict=True))
        findings.add(
            "W_CNA_PARTIAL",
            f"A deep loss or an amplification must cover more than half of a gene, found less in {len(rows)} cases: "
            f"{listed[:160]}{' ...' if len(listed) > 160 else ''}.",
            fix="They are not called; look at the segments if the gene matters.",
            file=str(path),
        )
