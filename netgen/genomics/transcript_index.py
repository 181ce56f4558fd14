"""Transcripts at or beside an allele of which bcftools csq says nothing.

``csq`` lists an intron only where no transcript has more to say, and then by gene and biotype; and it knows nothing
beside a gene. So that a missense change in a minor transcript does not hide that the canonical one has an intron there,
and a change of a promoter is not lost, what is missing is added here, as VEP would list it: ``intron`` or
``non_coding`` for a transcript that spans the allele, ``upstream_gene_variant`` and ``downstream_gene_variant`` within
5000 bases of one where no transcript spans it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.genomics.bcsq import BcsqEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd

BESIDE: Final = 5000  # bases, as VEP
_FIELDS: Final = (
    "chrom", "transcript_id", "gene", "biotype", "strand", "transcript_start", "transcript_end", "mane", "canonical",
)  # fmt: skip


class Transcript(NamedTuple):
    """A transcript.

    Attributes
    ----------
    chrom, transcript_id, gene, biotype, strand, start, end, mane, canonical
        As in ``gene_models.read_gene_models``; ``start`` and ``end`` are its own.
    exons
        Start and end of each exon.
    coding
        Start, end and phase (0, 1, 2) of each coding part.
    """

    chrom: str
    transcript_id: str
    gene: str
    biotype: str
    strand: str
    start: int
    end: int
    mane: bool
    canonical: bool
    exons: tuple[tuple[int, int], ...]
    coding: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class TranscriptIndex:
    """Transcripts of each chromosome, sorted by their start.

    Attributes
    ----------
    transcripts, starts, reaches
        Chromosome -> transcripts, their starts, and the largest end up to each of them.
    """

    transcripts: dict[str, list[Transcript]]
    starts: dict[str, list[int]]
    reaches: dict[str, list[int]]

    def find(self, chrom: str, start: int, end: int) -> list[Transcript]:
        """Return the transcripts that overlap an interval.

        Parameters
        ----------
        chrom, start, end
            Interval, 0-based and half-open.

        Returns
        -------
        list of Transcript
            By start and id.
        """
        if chrom not in self.transcripts:
            return []
        first = bisect_right(self.reaches[chrom], start)
        last = bisect_left(self.starts[chrom], end)
        return [one for one in self.transcripts[chrom][first:last] if one.end > start]


def index_transcripts(models: pd.DataFrame, parts: pd.DataFrame) -> TranscriptIndex:
    """Return an index of transcripts.

    Parameters
    ----------
    models, parts
        ``gene_models.read_gene_models`` and ``gene_models.read_transcript_parts``.

    Returns
    -------
    TranscriptIndex
        Of all rows of ``models``.
    """
    exons: dict[str, list[tuple[int, int]]] = {}
    coding: dict[str, list[tuple[int, int, int]]] = {}
    columns = (parts[name].tolist() for name in ("transcript_id", "type", "start", "end", "phase"))
    for name, kind, start, end, phase in zip(*columns, strict=True):
        exons.setdefault(name, []).append((start, end))  # some files give a coding transcript no exons
        if kind == "CDS":
            coding.setdefault(name, []).append((start, end, int(phase) if phase in {"1", "2"} else 0))
    transcripts: dict[str, list[Transcript]] = {}
    for row in zip(*(models[name].tolist() for name in _FIELDS), strict=True):
        one = Transcript._make((*row, tuple(exons.get(row[1], ())), tuple(sorted(coding.get(row[1], ())))))
        transcripts.setdefault(one.chrom, []).append(one)
    for rows in transcripts.values():
        rows.sort(key=lambda one: (one.start, one.transcript_id))
    return TranscriptIndex(
        transcripts=transcripts,
        starts={chrom: [one.start for one in rows] for chrom, rows in transcripts.items()},
        reaches={chrom: list(accumulate((one.end for one in rows), max)) for chrom, rows in transcripts.items()},
    )


def complete_entries(
    entries: Sequence[BcsqEntry], index: TranscriptIndex, chrom: str, start: int, end: int
) -> list[BcsqEntry]:
    """Return entries with those of transcripts that csq passes over.

    Parameters
    ----------
    entries
        What csq says of an allele.
    index
        The transcripts.
    chrom, start, end
        Reference bases of the allele, 0-based and half-open.

    Returns
    -------
    list of BcsqEntry
        An entry of csq without a transcript stays only if no transcript of its gene is found.
    """
    named = {one.transcript_id for one in entries}
    spanning = [one for one in index.find(chrom, start, end) if one.transcript_id not in named]
    added = [found for one in spanning if (found := _inside(one, start, end))]
    genes = {one.gene for one in added}
    kept = [one for one in entries if one.transcript_id or one.gene not in genes]
    return kept + added or _beside(index.find(chrom, start - BESIDE, end + BESIDE), start)


def _inside(one: Transcript, start: int, end: int) -> BcsqEntry | None:
    """Return what an allele does inside a transcript that csq does not list; None in an exon that codes."""
    in_exon = any(first < end and start < last for first, last in one.exons)
    if in_exon and one.coding:
        return None
    return _entry("non_coding" if in_exon else "intron", one)


def _beside(transcripts: Collection[Transcript], start: int) -> list[BcsqEntry]:
    """Return what an allele does that lies before or behind transcripts."""
    return [
        _entry(
            "upstream_gene_variant" if (start < one.start) == (one.strand == "+") else "downstream_gene_variant", one
        )
        for one in transcripts
    ]


def _entry(terms: str, one: Transcript) -> BcsqEntry:
    return BcsqEntry(terms, one.gene, one.transcript_id, one.biotype, one.strand, "", "")
