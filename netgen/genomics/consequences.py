"""Consequences of alleles that no annotator has seen, from a reference sequence and gene models.

The work is done by the ``norm`` and ``csq`` of bcftools, which pysam carries, each in one child process for all alleles
of a cohort: ``csq`` keeps state between calls and can end its process, which must not be netgen's. It gets our own VCF
(``bcftools``) and only those gene models that an allele can touch (``gene_models``).

Each allele is told by itself: two substitutions of one codon are two changes, also where one molecule carries both.
``csq`` is given the left-aligned allele; an indel in a repeat across the end of an exon is told where it then lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.genomics.bcftools import call_csq, left_align
from netgen.genomics.bcsq import join_entries, parse_bcsq, to_consequence
from netgen.genomics.fasta import link_fasta, place_alleles
from netgen.genomics.gene_models import read_gene_models, read_transcript_parts, write_gene_models
from netgen.genomics.transcript_index import BESIDE, complete_entries, index_transcripts
from netgen.genomics.transcripts import rank_transcript
from netgen.genomics.translation import read_protein

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from netgen.errors import Findings
    from netgen.genomics.bcsq import BcsqEntry
    from netgen.genomics.fasta import Fasta
    from netgen.genomics.transcript_index import Transcript
    from netgen.genomics.transcripts import Consequence, Rank

_ALLELE: Final = ["chrom", "pos", "ref", "alt"]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What consequences are called from.

    Attributes
    ----------
    fasta
        Genome sequence (plain or bgzip), with or without index.
    gff
        Gene models, GFF3 of Ensembl or GENCODE, plain or gzip.
    transcripts
        Transcripts that the user prefers, with or without version.
    """

    fasta: Path
    gff: Path
    transcripts: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Called:
    """What bcftools tells of alleles, and what it was told from.

    Attributes
    ----------
    sites
        ``bcftools.SITES``: ``id`` is the number of the row, ``bcsq`` its entries.
    models
        The transcripts near the alleles (``gene_models.read_gene_models``).
    parts
        Their exons and coding parts (``gene_models.read_transcript_parts``).
    fasta
        The sequence, under the names of the models.
    """

    sites: pd.DataFrame
    models: pd.DataFrame
    parts: pd.DataFrame
    fasta: Fasta


def call_consequences(alleles: pd.DataFrame, *, reference: Reference, findings: Findings) -> list[Consequence | None]:
    """Return what each allele does.

    Parameters
    ----------
    alleles
        ``chrom``, ``pos``, ``ref``, ``alt`` as in the VCF (or trimmed, with ``-``); any index, repeats allowed.
    reference
        Sequence and gene models.
    findings
        Collects alleles that cannot be placed on the sequence (W_REF_MISMATCH).

    Returns
    -------
    list of Consequence or None
        One for each row; None where the allele is not near a gene, is symbolic, or was reported.

    Raises
    ------
    InputError
        If the sequence or the gene models cannot be used.

    Notes
    -----
    The transcript is chosen as for any annotation (``transcripts``), MANE Select and canonical as the GFF3 tags them.
    What bcftools leaves out (introns beside exons of other transcripts, what lies beside a gene) is added first
    (``transcript_index``). Witness: bcftools' own tests, see ``tests/genomics/test_csq_reference.py``.
    """
    groups = alleles.groupby(_ALLELE, sort=False, dropna=False).ngroup()
    distinct = alleles.loc[~groups.duplicated().to_numpy(), _ALLELE].reset_index(drop=True)
    with TemporaryDirectory(prefix="netgen_csq_") as folder:
        called = call_entries(distinct, reference=reference, folder=Path(folder), findings=findings)
        chosen = _choose(called, reference.transcripts)
    return [chosen.get(group) for group in groups]


def call_entries(alleles: pd.DataFrame, *, reference: Reference, folder: Path, findings: Findings) -> Called:
    """Return what each allele does to each transcript, as bcftools writes it.

    Parameters
    ----------
    alleles, reference
        As in :func:`call_consequences`.
    folder
        Temporary folder.
    findings
        As in :func:`call_consequences`.

    Returns
    -------
    Called
        Entries and what they were called from; a row that could not be placed has no entry.
    """
    models = read_gene_models(reference.gff)
    fasta = link_fasta(reference.fasta, folder, dict.fromkeys(models["chrom"]))
    placed = left_align(place_alleles(alleles, fasta, findings=findings), fasta)
    near = models[_touched(models, placed)]
    parts = read_transcript_parts(reference.gff, near)
    if near.empty:
        return Called(sites=placed.assign(bcsq=""), models=near, parts=parts, fasta=fasta)
    write_gene_models(near, parts, folder / "models.gff3")
    sites = call_csq(placed, fasta, folder / "models.gff3", source=reference.gff)
    return Called(sites=sites, models=near, parts=parts, fasta=fasta)


def _touched(models: pd.DataFrame, placed: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which transcripts have a gene on or near an allele."""
    touched = np.zeros(len(models), dtype=bool)
    for chrom, alleles in placed.groupby("chrom"):
        here = models["chrom"].eq(chrom).to_numpy(dtype=bool)
        starts = alleles["pos"].to_numpy() - 1  # sorted
        ends = np.maximum.accumulate(starts + alleles["ref"].str.len().to_numpy(dtype=np.int64))
        before = np.searchsorted(starts, models["end"].to_numpy()[here] + BESIDE)
        touched[here] = (before > 0) & (ends[np.maximum(before - 1, 0)] > models["start"].to_numpy()[here] - BESIDE)
    return touched


def _choose(called: Called, transcripts: frozenset[str]) -> dict[int, Consequence]:
    """Return number of an allele -> what is told of it."""
    index = index_transcripts(called.models, called.parts)
    known = {one.transcript_id: one for rows in index.transcripts.values() for one in rows}
    chosen: dict[int, Consequence] = {}

    @cache
    def protein_of(transcript_id: str) -> str:
        return read_protein(known[transcript_id], called.fasta) if transcript_id in known else ""

    columns = [called.sites[name].tolist() for name in ("id", "chrom", "pos", "ref", "alt", "bcsq")]
    for number, chrom, pos, ref, alt, bcsq in zip(*columns, strict=True):
        start, end = _interval(pos, ref, alt)
        entries = complete_entries(join_entries(parse_bcsq(bcsq)), index, chrom, start, end)
        if entries:
            best = min(entries, key=lambda one: _rank(one, known, transcripts))
            chosen[number] = to_consequence(best, protein_of(best.transcript_id) if "inframe" in best.terms else "")
    return chosen


def _interval(pos: int, ref: str, alt: str) -> tuple[int, int]:
    """Return the reference bases that change, 0-based and half-open; for an insertion the bases on its two sides."""
    if len(ref) == 1 and len(alt) > 1:
        return pos - 1, pos + 1
    return (pos, pos - 1 + len(ref)) if len(ref) != len(alt) else (pos - 1, pos - 1 + len(ref))


def _rank(entry: BcsqEntry, known: Mapping[str, Transcript], transcripts: frozenset[str]) -> Rank:
    model = known.get(entry.transcript_id)
    return rank_transcript(
        entry.terms,
        entry.gene,
        entry.transcript_id,
        entry.biotype,
        mane=model is not None and model.mane,
        canonical=model is not None and model.canonical,
        transcripts=transcripts,
    )
