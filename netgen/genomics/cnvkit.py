"""CNVkit's segments: ``.cns`` (log2 ratios) and ``.call.cns`` (with integer copies ``cn``), one sample per file.

Positions are 0-based and half-open. The ``gene`` column names the genes of each segment, which suffices where no
positions of genes are known; with positions the overlap decides. ``.cnr`` and ``.cnn`` hold bins, not segments, and are
refused. Integer copies win over ratios: ``call`` may have corrected them for purity.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import InputError
from netgen.genomics.cna_genes import call_genes, call_named_genes
from netgen.genomics.gene_spans import genes_of_text, no_positions
from netgen.genomics.genes import normalize_genes
from netgen.genomics.segment_rows import parse_segments
from netgen.genomics.segments import check_builds, name_of_file, report_partial, segment_file

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames
    from netgen.genomics.gene_spans import GeneSpans
    from netgen.genomics.segment_rows import SegmentFile
    from netgen.genomics.sequencing_file import SequencingFile

_BINS: Final = re.compile(r"\.cn[rn](?:\.(?:txt|tsv|gz))*$", re.IGNORECASE)
_SEGMENTS: Final = re.compile(r"\.cns(?:\.(?:txt|tsv|gz))*$", re.IGNORECASE)


def read_cnvkit(
    path: Path,
    *,
    findings: Findings,
    sample_id: str | None = None,
    known_samples: Collection[str] = (),
    names: GeneNames | None = None,
    spans: GeneSpans | None = None,
    build: str | None = None,
) -> SequencingFile:
    """Return the copy number of genes of a CNVkit file of segments.

    Parameters
    ----------
    path
        ``.cns``, ``.call.cns``, or the answer of ``genemetrics``.
    findings
        Collects segments that cannot be used, gene symbols, and events that cover too little of a gene
        (W_CNA_PARTIAL).
    sample_id
        Sample of the file; None = from the file name.
    known_samples
        Samples of the study.
    names
        Gene names; the bundled ones if None.
    spans
        Where genes lie; None = the file's own ``gene`` column.
    build
        Build that is declared for the file; None = not stated.

    Returns
    -------
    SequencingFile
        Kind ``cnvkit``.

    Raises
    ------
    InputError
        If the file holds bins (E_FILE_FORMAT), is no table of segments (E_COLUMN_MISSING), or names no gene while no
        positions are known (E_NO_GENE_POSITIONS).
    """
    if _BINS.search(path.name):
        raise _refuse_bins(path)
    if spans is not None:
        check_builds(path, build, spans)
    known = build or (spans.build if spans is not None else None)
    sample = sample_id or name_of_file(path, known_samples)
    found = parse_segments(path, findings=findings, default_sample=sample, build=known, zero_based=True)
    if not {"probes", "cn"} & set(found.header) and not _SEGMENTS.search(path.name):
        raise _refuse_bins(path)
    if spans is None:
        named = _genes(found, path, findings, names)
        table, genes = _by_name(found, named, path), {gene for one in named for gene in one}
    else:
        table, genes = call_genes(found.table, spans.table), set(spans.genes)
    report_partial(table, path, findings)
    return segment_file(path, "cnvkit", table, found.samples, found, known, genes)


def _by_name(found: SegmentFile, genes: list[list[str]], path: Path) -> pd.DataFrame:
    if not any(genes):
        raise no_positions(path, "Segments need positions of genes or a gene column that names them, found neither.")
    return call_named_genes(found.table, genes)


def _genes(found: SegmentFile, path: Path, findings: Findings, names: GeneNames | None) -> list[list[str]]:
    """Return the current symbols of the genes of each segment."""
    if "gene" not in found.header:
        return [[] for _ in found.fields]
    place = found.header.index("gene")
    written = [genes_of_text(fields[place]) if place < len(fields) else [] for fields in found.fields]
    symbols = pd.Series(sorted({gene for genes in written for gene in genes}), dtype="string")
    resolved = normalize_genes(symbols, findings=findings, names=names, file=str(path), column="gene").gene
    current = {str(old): str(new) for old, new in zip(symbols, resolved, strict=True) if not pd.isna(new)}
    return [sorted({current[gene] for gene in genes if gene in current}) for genes in written]


def _refuse_bins(path: Path) -> InputError:
    return InputError(
        "E_FILE_FORMAT",
        "Segments are needed, found CNVkit's bins (.cnr or .cnn).",
        fix="Give the .cns or .call.cns that CNVkit writes beside it.",
        file=str(path),
    )
