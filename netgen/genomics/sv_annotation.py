"""Which genes a structural variant touches, read from the annotation of its record (``CSQ``, ``ANN`` or ``BCSQ``).

A breakend lies in one place, and the annotation lists the genes around it: the one that holds it is told, in the order
of ``transcripts.rank_transcript``; genes that are only near it (upstream, downstream, intergenic) are not touched.

A symbolic record (``<DEL>``, ``<DUP>``, ``<INV>``) spans an interval, and the annotation lists every gene of it. What
breaks a gene is a breakpoint inside it, so genes that lie within the interval as a whole are not told: a deletion of
many genes is a matter of copy number. Which end of the interval lies in which gene follows from the exons that VEP
says are covered (``4-7/7``) and the strand:

- exons up to the last but not the first: the head of the gene is outside the interval. It begins in the gene (``one``)
  on the forward strand and ends in it (``two``) on the reverse strand;
- exons from the first but not to the last: the reverse;
- neither the first nor the last: both ends lie in the gene;
- introns alone, all in one: both ends lie in an intron, and no exon is touched (``intronic``);
- without such numbers the place is unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from netgen.genomics.breakends import Strand, read_strand
from netgen.genomics.gene_names import NO_GENE
from netgen.genomics.transcripts import rank_transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from netgen.genomics.transcripts import Rank

_NAMED: Final = re.compile(r"(?:Format:|annotations:)\s*['\"]?\[?([^'\"\]]+)", re.IGNORECASE)
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "terms": ("consequence", "annotation"),
    "symbol": ("symbol", "gene_name", "gene"),
    "transcript": ("feature", "feature_id", "transcript"),
    "biotype": ("biotype", "transcript_biotype"),
    "strand": ("strand",),
    "exon": ("exon",),
    "intron": ("intron",),
    "rank": ("rank",),
    "pick": ("pick",),
    "mane": ("mane_select", "mane"),
    "canonical": ("canonical",),
}
_OUTSIDE: Final = frozenset(
    {"upstream_gene_variant", "downstream_gene_variant", "intergenic_variant", "intergenic_region", "intergenic"}
)
_WHOLE: Final = frozenset(
    {"transcript_ablation", "transcript_amplification", "feature_ablation", "gene_ablation", "feature_amplification"}
)
_RANGE: Final = re.compile(r"(\d+)(?:-(\d+))?/(\d+)")


class TouchedGene(NamedTuple):
    """A gene with a breakpoint in it.

    Attributes
    ----------
    symbol
        As written.
    strand
        Strand of the gene; empty if not given.
    transcript, intron
        Transcript that is told, and the number of the intron with the breakpoint (``5/22``); empty if it is in an exon
        or not given.
    """

    symbol: str
    strand: Strand
    transcript: str
    intron: str


class TouchedGenes(NamedTuple):
    """Genes of the two ends of an event, and what else the annotation says.

    Attributes
    ----------
    one, two
        Gene at the first and at the second end; None if no gene is touched there or it is not known which.
    placed
        False where it is not known which of the two genes is at which end.
    intronic
        True if both ends lie in one intron.
    """

    one: TouchedGene | None
    two: TouchedGene | None
    placed: bool = True
    intronic: bool = False


class _Entry(NamedTuple):
    gene: TouchedGene
    terms: frozenset[str]
    exon: str
    rank: Rank


def entry_fields(description: str) -> tuple[str, ...]:
    """Return the names of the fields of one annotation entry, in order.

    Parameters
    ----------
    description
        What the header says of ``CSQ``, ``ANN`` or ``BCSQ``: ``... Format: Allele|Consequence|...``.

    Returns
    -------
    tuple of str
        Names as written; empty if the description names none.
    """
    found = _NAMED.search(description)
    return tuple(name.strip() for name in found[1].split("|")) if found and "|" in found[1] else ()


def find_gene_at(value: str, layout: Sequence[str]) -> TouchedGene | None:
    """Return the gene that holds a breakend.

    Parameters
    ----------
    value
        Value of the annotation field of the breakend's record.
    layout
        Names of the fields of an entry.

    Returns
    -------
    TouchedGene or None
        None if no gene holds it.
    """
    return _best(one for one in _entries(value, layout) if not one.terms <= _OUTSIDE and "&" not in one.gene.symbol)


def find_fused_genes(value: str, layout: Sequence[str]) -> TouchedGenes:
    """Return the pair of genes that an entry such as SnpEff's ``gene_fusion`` names (``EML4&ALK``).

    Parameters
    ----------
    value, layout
        See :func:`find_gene_at`.

    Returns
    -------
    TouchedGenes
        Two genes of unknown place; without any if no entry names a pair.
    """
    for entry in sorted(_entries(value, layout), key=lambda one: one.rank):
        pair = entry.gene.symbol.split("&")
        if len(pair) == 2 and all(pair):
            one, two = (TouchedGene(symbol, "", "", "") for symbol in pair)
            return TouchedGenes(one, two, placed=False)
    return TouchedGenes(None, None)


def find_genes_of_interval(value: str, layout: Sequence[str]) -> TouchedGenes:
    """Return the genes in which an interval begins and ends.

    Parameters
    ----------
    value
        Value of the annotation field of a symbolic record.
    layout
        Names of the fields of an entry.

    Returns
    -------
    TouchedGenes
        Genes that lie within the interval as a whole are not among them.
    """
    best: dict[str, _Entry] = {}
    for entry in _entries(value, layout):
        if entry.terms <= _OUTSIDE or "&" in entry.gene.symbol:
            continue
        known = best.get(entry.gene.symbol)
        if known is None or entry.rank < known.rank:
            best[entry.gene.symbol] = entry
    places = [(_place(entry), entry) for entry in best.values()]

    def at(*wanted: str) -> TouchedGene | None:
        return _best(entry for place, entry in places if place in wanted)

    one, two = at("one", "both"), at("two", "both")
    if one or two:
        return TouchedGenes(one, two)
    inside = at("intronic")
    if inside:
        return TouchedGenes(inside, inside, intronic=True)
    unplaced = sorted((entry for place, entry in places if place == "unknown"), key=lambda entry: entry.rank)
    genes = [entry.gene for entry in unplaced[:2]]
    return (
        TouchedGenes(genes[0], genes[1] if len(genes) > 1 else None, placed=False)
        if genes
        else TouchedGenes(None, None)
    )


def _place(entry: _Entry) -> str:
    """Which end of the interval lies in the gene: one, two, both, whole, intronic or unknown."""
    exons, introns = _RANGE.fullmatch(entry.exon), _RANGE.fullmatch(entry.gene.intron)
    if entry.terms & _WHOLE:
        return "whole"
    if exons is None:
        within = introns is not None and introns[2] in {None, introns[1]}
        return "intronic" if within else "unknown"
    head, tail = int(exons[1]) > 1, int(exons[2] or exons[1]) < int(exons[3])  # parts that lie outside the interval
    if head == tail:
        return "both" if head else "whole"
    if not entry.gene.strand:
        return "unknown"
    return "one" if head == (entry.gene.strand == "+") else "two"


def _best(entries: Iterable[_Entry]) -> TouchedGene | None:
    chosen = min(entries, key=lambda one: one.rank, default=None)
    return None if chosen is None else chosen.gene


def _entries(value: str, layout: Sequence[str]) -> list[_Entry]:
    """Entries that name a gene."""
    if not value:
        return []
    read = _reader(layout)
    out = []
    for text in value.split(","):
        parts = text.split("|")
        symbol = unquote(read(parts, "symbol")).strip()
        if symbol.upper() in NO_GENE:
            continue
        terms = read(parts, "terms")
        transcript, intron = read(parts, "transcript"), read(parts, "intron")
        if not intron and "intron" in terms:
            intron = read(parts, "rank")
        rank = rank_transcript(
            terms, symbol, transcript, read(parts, "biotype"), picked=bool(read(parts, "pick")),
            mane=bool(read(parts, "mane")), canonical=read(parts, "canonical") == "YES",
        )  # fmt: skip
        gene = TouchedGene(symbol, read_strand(read(parts, "strand")), transcript, intron)
        out.append(_Entry(gene, frozenset(terms.split("&")), read(parts, "exon"), rank))
    return out


def _reader(layout: Sequence[str]) -> Callable[[list[str], str], str]:
    """Return a function that reads a field of an entry; a field that is not there is empty."""
    names = [name.casefold() for name in layout]
    places = {
        field: next((names.index(one) for one in spellings if one in names), -1) for field, spellings in _FIELDS.items()
    }

    def read(parts: list[str], field: str) -> str:
        place = places[field]
        return parts[place].strip() if 0 <= place < len(parts) else ""

    return read
