"""VEP's ``CSQ``: which of its entries speak of an allele, and which one is told.

The order of the fields is read from the header, never assumed. Values are percent-decoded. ``CSQ`` is not split when a
multi-allelic record is: entries are picked by ``ALLELE_NUM``, else by their ``Allele`` in VEP's own spelling.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from netgen.genomics.alleles import trim_allele
from netgen.genomics.classes import consequence_rank, most_severe, normalize_protein_change

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIELDS: Final = {
    "allele": "Allele", "allele_num": "ALLELE_NUM", "terms": "Consequence", "symbol": "SYMBOL", "feature": "Feature",
    "hgvsc": "HGVSc", "hgvsp": "HGVSp", "protein_position": "Protein_position", "amino_acids": "Amino_acids",
    "biotype": "BIOTYPE", "pick": "PICK", "mane": "MANE_SELECT", "canonical": "CANONICAL", "exon": "EXON",
}  # fmt: skip
_FORMAT: Final = re.compile(r"Format:\s*([^\"]+)")
_FREQUENCY: Final = re.compile(r"MAX_AF|gnomAD[eg]?(?:_[A-Za-z]+)*_AF", re.IGNORECASE)
_OUTSIDE: Final = frozenset({"upstream_gene_variant", "downstream_gene_variant", "intergenic_variant"})


@dataclass(frozen=True, kw_only=True, eq=False)  # compared by identity: a header is parsed once
class CsqFormat:
    """Where each field of ``CSQ`` stands; -1 = the header does not announce it.

    Attributes
    ----------
    width
        Number of fields.
    allele, allele_num, terms, symbol, feature, hgvsc, hgvsp, protein_position, amino_acids, biotype, exon
        Fields of one transcript.
    pick, mane, canonical
        Fields that single out a transcript.
    frequencies
        Population frequencies.
    """

    width: int
    allele: int
    allele_num: int
    terms: int
    symbol: int
    feature: int
    hgvsc: int
    hgvsp: int
    protein_position: int
    amino_acids: int
    biotype: int
    pick: int
    mane: int
    canonical: int
    exon: int
    frequencies: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """What one allele does to one transcript.

    Attributes
    ----------
    terms
        Sequence Ontology terms joined by ``&``.
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


@lru_cache(maxsize=256)
def parse_csq_format(description: str) -> CsqFormat | None:
    """Return the fields that the header announces.

    Parameters
    ----------
    description
        Description of the INFO field ``CSQ``.

    Returns
    -------
    CsqFormat or None
        None if it announces no fields, or not those that are needed (Allele, Consequence, SYMBOL).
    """
    match = _FORMAT.search(description)
    if match is None:
        return None
    names = [name.strip(" '") for name in match.group(1).split("|")]
    place = {name: number for number, name in reversed(list(enumerate(names)))}
    if not {"Allele", "Consequence", "SYMBOL"} <= set(place):
        return None
    return CsqFormat(
        width=len(names),
        frequencies=tuple(number for number, name in enumerate(names) if _FREQUENCY.fullmatch(name)),
        **{attribute: place.get(name, -1) for attribute, name in _FIELDS.items()},
    )


def vep_alleles(ref: str, alts: Sequence[str]) -> list[str]:
    """Return the alternative alleles as VEP writes them in ``Allele``.

    Parameters
    ----------
    ref
        Reference allele of the record.
    alts
        All its alternative alleles.

    Returns
    -------
    list of str
        If one of them is longer or shorter than the reference and all alleles begin with one base, that base is taken
        off all of them, and ``-`` stands for nothing. Otherwise they stay as they are.
    """
    plain = [alt for alt in alts if alt.isalpha()]
    if any(len(alt) != len(ref) for alt in plain) and all(alt[:1] == ref[:1] for alt in plain):
        return [alt[1:] or "-" if alt.isalpha() else alt for alt in alts]
    return list(alts)


@lru_cache(maxsize=1 << 14)  # variants recur between the patients of a cohort
def choose_consequence(
    csq: str, layout: CsqFormat, *, ref: str, alts: tuple[str, ...], number: int
) -> Consequence | None:
    """Return the consequence that is told of one allele.

    Parameters
    ----------
    csq
        Value of ``CSQ``: entries joined by commas.
    layout
        Where the fields stand.
    ref, alts
        Alleles of the record.
    number
        Which alternative allele, from 1.

    Returns
    -------
    Consequence or None
        None if no entry speaks of the allele.

    Notes
    -----
    The first entry by: flagged PICK; has a gene; lies in the gene rather than beside it; MANE Select; canonical;
    protein coding; most severe consequence; transcript id. (A canonical transcript of the neighbour must not hide a
    change inside a gene, so "in the gene" stands before "canonical".)
    """
    if not csq:
        return None
    rows = [_split(entry, layout.width) for entry in csq.split(",")]
    if len(alts) > 1:
        rows = _of_allele(rows, layout, ref, alts, number)
    if not rows:
        return None
    best = rows[0] if len(rows) == 1 else min(rows, key=lambda row: _rank(row, layout))
    coding = _decode(best[layout.hgvsc]).rsplit(":", 1)[-1]
    return Consequence(
        terms=best[layout.terms],
        symbol=_decode(best[layout.symbol]),
        transcript_id=best[layout.feature] or None,
        hgvsc=coding if coding.startswith("c.") else None,
        hgvsp=_protein_change(best, layout),
        population_af=_frequency(best, layout),
        exon=best[layout.exon] or None,
    )


def _split(entry: str, width: int) -> list[str]:
    """Return the fields of an entry and an empty one behind them, which is what position -1 reads."""
    row = (entry + "|").split("|")
    return row if len(row) > width else [*row, *[""] * (width + 1 - len(row))]


def _of_allele(rows: list[list[str]], layout: CsqFormat, ref: str, alts: Sequence[str], number: int) -> list[list[str]]:
    """Return the entries of one allele: by number, by VEP's spelling, by the trimmed spelling."""
    numbered = [row for row in rows if row[layout.allele_num] == str(number)]
    if numbered:
        return numbered
    wanted = vep_alleles(ref, alts)[number - 1]
    found = [row for row in rows if row[layout.allele] == wanted]
    if found:
        return found
    trimmed = trim_allele(0, ref, alts[number - 1])[2]
    return [row for row in rows if row[layout.allele] == trimmed]


def _rank(row: Sequence[str], layout: CsqFormat) -> tuple[bool, bool, bool, bool, bool, bool, int, str]:
    worst, severity = _worst(row[layout.terms])
    return (
        row[layout.pick] != "1",
        not row[layout.symbol],
        worst in _OUTSIDE,
        not row[layout.mane],
        row[layout.canonical] != "YES",
        row[layout.biotype] != "protein_coding",
        severity,
        row[layout.feature],
    )


@lru_cache(maxsize=4096)
def _worst(terms: str) -> tuple[str, int]:
    term = most_severe(terms)
    return term, consequence_rank(term)


def _decode(text: str) -> str:
    return unquote(text) if "%" in text else text


def _protein_change(row: Sequence[str], layout: CsqFormat) -> str | None:
    """Return HGVSp, else a substitution from position and residues."""
    written = row[layout.hgvsp]
    if written:
        return normalize_protein_change(_decode(written))
    position = row[layout.protein_position].split("/")[0]
    residues = re.fullmatch(r"([A-Z])/([A-Z*])", row[layout.amino_acids])
    if residues is None or not position.isdecimal():
        return None
    return f"p.{residues.group(1)}{position}{residues.group(2)}"


def _frequency(row: Sequence[str], layout: CsqFormat) -> float | None:
    """Return the largest of the population frequencies; a field may hold several values."""
    values = []
    for column in layout.frequencies:
        for part in row[column].split("&") if row[column] else ():
            try:
                values.append(float(part))
            except ValueError:  # population names stand beside the numbers in some custom fields
                continue
    return max(values, default=None)
