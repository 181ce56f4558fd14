"""``BCSQ`` of bcftools csq: its entries, the one that is told of an allele, and protein changes as HGVS spells them.

An entry is ``consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change``; the last three are missing
where no codon is touched, and the transcript where only introns or non-coding exons are. A ``*`` before a consequence
(it lies behind an earlier stop of the same haplotype) is taken off. An entry ``@123`` says that this record is told,
together with others of its codon, by the record at position 123: it tells nothing itself.

``BCSQ`` names no allele: entries are matched by their ``dna_change``; one without it holds for every allele. Where a
shifted frame ends before the old one, bcftools may say ``stop_gained&frameshift``: it is told as a frameshift unless
the first residue that differs is the stop.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.genomics.alleles import trim_allele
from netgen.genomics.transcripts import Consequence, rank_transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORMAT: Final = re.compile(r"Format:\s*'?Consequence\|gene\|transcript\|biotype", re.IGNORECASE)
_SIDE: Final = r"(\d+)([A-Z*]+)(?:\.\.(\d+))?"
_CHANGE: Final = re.compile(rf"{_SIDE}(?:>{_SIDE})?")
_DNA: Final = re.compile(r"\d+([A-Za-z]+)>([A-Za-z]+)")


class BcsqEntry(NamedTuple):
    """One entry; what it does not say is empty.

    Attributes
    ----------
    terms, gene, transcript_id, biotype, strand, protein, dna
        Its fields, ``terms`` without ``*``.
    """

    terms: str
    gene: str
    transcript_id: str
    biotype: str
    strand: str
    protein: str
    dna: str


def is_bcsq_format(description: str) -> bool:
    """Tell whether a header announces ``BCSQ``.

    Parameters
    ----------
    description
        Description of the INFO field.

    Returns
    -------
    bool
        True if its format begins as bcftools writes it.
    """
    return _FORMAT.search(description) is not None


def parse_bcsq(value: str) -> list[BcsqEntry]:
    """Return the entries of a value; references to another record are left out.

    Parameters
    ----------
    value
        Value of ``BCSQ``; empty or ``.`` if absent.

    Returns
    -------
    list of BcsqEntry
        In the order in which they stand.
    """
    entries = []
    for text in value.split(","):
        if not text or text[0] in "@.":
            continue
        fields = (text + "||||||").split("|")[:7]
        entries.append(BcsqEntry(fields[0].lstrip("*"), *fields[1:]))
    return entries


def join_entries(entries: Sequence[BcsqEntry]) -> list[BcsqEntry]:
    """Return entries with those of one transcript joined: bcftools tells ``splice_region`` apart from ``missense``.

    Parameters
    ----------
    entries
        Entries of one allele.

    Returns
    -------
    list of BcsqEntry
        An entry without a protein change goes into the first of its transcript that has one; the terms are joined.
    """
    joined = [one for one in entries if one.protein or not one.transcript_id]
    place = {one.transcript_id: at for at, one in reversed(list(enumerate(joined))) if one.transcript_id}
    for one in entries:
        if one.protein or not one.transcript_id:
            continue
        at = place.setdefault(one.transcript_id, len(joined))
        if at == len(joined):
            joined.append(one)
        else:
            terms = dict.fromkeys([*joined[at].terms.split("&"), *one.terms.split("&")])
            joined[at] = joined[at]._replace(terms="&".join(terms))
    return joined


@lru_cache(maxsize=1 << 14)
def choose_bcsq(
    bcsq: str, *, ref: str, alts: tuple[str, ...], number: int, transcripts: frozenset[str]
) -> Consequence | None:
    """Return the consequence that is told of one allele.

    Parameters
    ----------
    bcsq
        Value of ``BCSQ``.
    ref, alts
        Alleles of the record.
    number
        Which alternative allele, from 1.
    transcripts
        Transcripts that the user prefers.

    Returns
    -------
    Consequence or None
        None if no entry speaks of the allele.
    """
    entries = join_entries(_of_allele(parse_bcsq(bcsq), ref, alts[number - 1], alone=len(alts) == 1))
    if not entries:
        return None
    best = min(
        entries,
        key=lambda one: rank_transcript(one.terms, one.gene, one.transcript_id, one.biotype, transcripts=transcripts),
    )
    return to_consequence(best)


def to_consequence(entry: BcsqEntry, protein: str = "") -> Consequence:
    """Return what an entry says.

    Parameters
    ----------
    entry
        One entry.
    protein
        Protein of its transcript; empty if not known.

    Returns
    -------
    Consequence
        Without coding change, exon and population frequency, which bcftools does not give.
    """
    change = protein_change(entry.protein, entry.terms, protein)
    terms = entry.terms.split("&")
    if "frameshift" in terms and "stop_gained" in terms:
        terms.remove("stop_gained" if change is None or "fs" in change else "frameshift")
    return Consequence(
        terms="&".join(terms),
        symbol=entry.gene,
        transcript_id=entry.transcript_id or None,
        hgvsc=None,
        hgvsp=change,
        population_af=None,
        exon=None,
    )


def _of_allele(entries: Sequence[BcsqEntry], ref: str, alt: str, *, alone: bool) -> list[BcsqEntry]:
    """Return the entries of an allele and those that name none; all of them if one allele stands alone unmatched."""
    wanted = trim_allele(0, ref.upper(), alt.upper())[1:]
    matched = [one for one in entries if not one.dna or wanted in _dna_alleles(one.dna)]
    return matched if matched or not alone else list(entries)


@lru_cache(maxsize=4096)
def _dna_alleles(dna: str) -> tuple[tuple[str, str], ...]:
    return tuple(trim_allele(0, found[1].upper(), found[2].upper())[1:] for found in _DNA.finditer(dna))


# ---------------------------------------------------------------- protein change
def protein_change(change: str, terms: str, protein: str = "") -> str | None:
    """Return an amino-acid change of bcftools in the spelling of HGVS, one letter a residue.

    Parameters
    ----------
    change
        ``600V>600E``, ``60S`` (nothing changes), ``1LRLF*>1LTTIQH*`` (a frameshift: both proteins to their ends), or
        the brief form ``25E..329>25G..94``.
    terms
        Consequences of the entry.
    protein
        The whole protein, where it is known: bcftools shows no more than the residues of the codons that change.

    Returns
    -------
    str or None
        None where the residues do not say it: no change is given, several residues stay the same, the difference lies
        outside what the brief form shows.

    Notes
    -----
    1. A lost start is ``p.M1?``.
    2. A frameshift is told from the first residue that differs; ``*N`` counts from it to the new stop, ``*?`` if there
       is none. If that residue is the stop itself, it is a nonsense change.
    3. A lost stop is an extension of unknown length, ``p.*260Gext*?``.
    4. Otherwise what both share is taken off, first in front, then behind; what is left is a substitution, a deletion,
       a duplication, an insertion between two residues that are known, else a deletion-insertion. A change in a repeat
       is told at its last possible place, as far as the protein is known.

    Witness: ``tests/genomics/test_bcsq.py``, worked by hand.

    Examples
    --------
    >>> protein_change("600V>600E", "missense")
    'p.V600E'
    >>> protein_change("1LRLFFY*>1LTTIQH*", "frameshift")
    'p.R2Tfs*6'
    """
    names = set(terms.split("&"))
    if "start_lost" in names:
        return "p.M1?"
    found = _CHANGE.fullmatch(change)
    if found is None:
        return None
    position, before, _, _, after, end = found.groups()
    first = int(position)
    if after is None:
        return f"p.{before}{position}=" if len(before) == 1 else None
    if "frameshift" in names:
        return _frameshift(first, before, after, int(end) if end else None)
    if end is not None:
        return None
    return _extension(first, before, after) if "stop_lost" in names else _in_frame(first, before, after, protein)


def _frameshift(first: int, before: str, after: str, end: int | None) -> str | None:
    """Return the shift from the first residue that differs; ``end`` is the place of the new stop in the brief form."""
    at = _shared(before, after)
    if at >= min(len(before), len(after)) or before[at] == "*":
        return None
    head = f"p.{before[at]}{first + at}{after[at]}"
    if after[at] == "*":
        return head
    if end is not None:
        return f"{head}fs*{end - first - at + 1}"
    stop = after.find("*", at)
    return f"{head}fs*{stop - at + 1}" if stop > 0 else f"{head}fs*?"


def _extension(first: int, before: str, after: str) -> str | None:
    at = before.find("*")
    if at < 0 or at >= len(after) or before[:at] != after[:at]:
        return None
    return f"p.*{first + at}{after[at]}ext*?"


def _in_frame(first: int, before: str, after: str, protein: str) -> str | None:
    """Return what is left when the shared residues are taken off; in the whole protein if it agrees."""
    last = first - 1 + len(before)
    if "*" not in after and protein[first - 1 : last] == before:
        first, before, after = 1, protein, protein[: first - 1] + after + protein[last:]
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    gone, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if not gone and not new:
        return None
    start = first + head
    if gone:
        if len(gone) == len(new) == 1:
            return f"p.{gone}{start}{new}"
        return f"p.{_span(start, gone)}{'delins' + new if new else 'del'}"
    copied = before[:head].endswith(new)
    if copied:
        return f"p.{_span(start - len(new), new)}dup"
    if head and tail:
        return f"p.{before[head - 1]}{start - 1}_{before[head]}{start}ins{new}"
    return f"p.{_span(first, before)}delins{after}"


def _span(start: int, residues: str) -> str:
    last = f"_{residues[-1]}{start + len(residues) - 1}" if len(residues) > 1 else ""
    return f"{residues[0]}{start}{last}"


def _shared(one: str, two: str) -> int:
    """Return how many letters two texts share from their beginning."""
    count = 0
    while count < min(len(one), len(two)) and one[count] == two[count]:
        count += 1
    return count
