"""Which transcript speaks for an allele: one order for VEP, SnpEff and bcftools csq.

An annotation lists what an allele does to every transcript that it touches; one of them is told. The order is that of
DOMAIN 1.4.5, with two refinements that keep a neighbour from hiding a change inside a gene:

1. flagged by the annotator's own pick (VEP's ``PICK``);
2. has a gene;
3. lies in the gene rather than beside it;
4. MANE Select;
5. canonical;
6. named in the user's list of transcripts;
7. protein coding;
8. most severe consequence (Ensembl's order, ``classes``);
9. transcript id, so that the choice never depends on the order of the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from netgen.genomics.classes import consequence_rank, most_severe

if TYPE_CHECKING:
    from collections.abc import Collection

Rank = tuple[bool, bool, bool, bool, bool, bool, bool, int, str]

_OUTSIDE: Final = frozenset(
    {"upstream_gene_variant", "downstream_gene_variant", "intergenic_variant", "intergenic_region", "intergenic"}
)
_CODING: Final = frozenset({"protein_coding", "coding"})


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """What one allele does to one transcript.

    Attributes
    ----------
    terms
        Sequence Ontology terms (or those of bcftools csq) joined by ``&``.
    symbol
        Gene symbol as written, empty if there is none.
    transcript_id, hgvsc, hgvsp
        Transcript, coding change and protein change (``p.``, one letter); None if not given.
    population_af
        Largest population frequency; None if not given.
    exon
        Number of the exon as written (``14/21``); None if not given.
    """

    terms: str
    symbol: str
    transcript_id: str | None
    hgvsc: str | None
    hgvsp: str | None
    population_af: float | None
    exon: str | None


def rank_transcript(
    terms: str,
    symbol: str,
    transcript_id: str,
    biotype: str,
    *,
    picked: bool = False,
    mane: bool = False,
    canonical: bool = False,
    transcripts: Collection[str] = frozenset(),
) -> Rank:
    """Return the place of one entry in the order of this module; the smallest is told.

    Parameters
    ----------
    terms, symbol, transcript_id, biotype
        What the entry says; empty where it does not.
    picked, mane, canonical
        Flags of the annotator.
    transcripts
        Transcripts that the user prefers, with or without version.

    Returns
    -------
    tuple
        Compares as the order says.
    """
    worst, severity = _worst(terms)
    return (
        not picked,
        not symbol,
        worst in _OUTSIDE,
        not mane,
        not canonical,
        not (transcripts and is_listed(transcript_id, transcripts)),
        biotype not in _CODING,
        severity,
        transcript_id,
    )


def is_listed(transcript_id: str, transcripts: Collection[str]) -> bool:
    """Tell whether a transcript is in a list, whatever its version.

    Parameters
    ----------
    transcript_id
        For example ``ENST00000288602.11``.
    transcripts
        Ids with a version (which then has to agree) or without one.

    Returns
    -------
    bool
        True if it is.
    """
    return transcript_id in transcripts or transcript_id.split(".", maxsplit=1)[0] in transcripts


@lru_cache(maxsize=4096)
def _worst(terms: str) -> tuple[str, int]:
    term = most_severe(terms)
    return term, consequence_rank(term)
