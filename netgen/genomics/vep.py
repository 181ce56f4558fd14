"""VEP's ``CSQ``: which of its entries speak of an allele, and which one is told.

The order of the fields is read from the header, never assumed. Values are percent-decoded. ``CSQ`` is not split when a
multi-allelic record is: entries are picked by ``ALLELE_NUM``, else by their ``Allele`` in VEP's own spelling. Of
several entries that speak of the allele, ``transcripts`` says which is told. SnpEff (``ann``) shares all but the names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from netgen.genomics.alleles import trim_allele
from netgen.genomics.classes import normalize_protein_change
from netgen.genomics.protein import RESIDUES
from netgen.genomics.transcripts import Consequence, rank_transcript

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgen.genomics.transcripts import Rank

# Attribute of CsqFormat -> names of the field, the best first.
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "allele": ("Allele",), "allele_num": ("ALLELE_NUM",), "terms": ("Consequence",), "symbol": ("SYMBOL",),
    "feature": ("Feature",), "hgvsc": ("HGVSc",), "hgvsp": ("HGVSp",), "protein_position": ("Protein_position",),
    "amino_acids": ("Amino_acids",), "biotype": ("BIOTYPE",), "pick": ("PICK",), "mane": ("MANE_SELECT", "MANE"),
    "canonical": ("CANONICAL",), "exon": ("EXON",),
}  # fmt: skip
_FORMAT: Final = re.compile(r"Format:\s*([^\"]+)")
# Most of HGVSp; written out here, several times faster than by the general rules, which say the same.
_SUBSTITUTION: Final = re.compile(r"(?:[^:]*:)?p\.([A-Z][a-z]{2})([0-9]+)([A-Z][a-z]{2})")
_SUBSTITUTES: Final = RESIDUES.keys() - {"Xaa"}  # behind a position it is a stop
_FREQUENCY: Final = re.compile(r"MAX_AF|gnomAD[eg]?(?:_[A-Za-z]+)*_AF", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, eq=False)  # compared by identity: a header is parsed once
class CsqFormat:
    """Where each field of an entry stands; -1 = the header does not announce it.

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
    snpeff
        ``Allele`` is the alternative allele as the record writes it, not VEP's spelling, and of equal entries the first
        is that of the canonical transcript.
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
    snpeff: bool = False


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
    return place_fields(match.group(1), _FIELDS) if match else None


def place_fields(text: str, fields: Mapping[str, tuple[str, ...]], *, snpeff: bool = False) -> CsqFormat | None:
    """Return where the fields stand that a description lists.

    Parameters
    ----------
    text
        Names joined by ``|``.
    fields
        Attribute of ``CsqFormat`` -> names that the field may have, the best first; what is left out is never given.
    snpeff
        As in ``CsqFormat``.

    Returns
    -------
    CsqFormat or None
        None without allele, consequence or symbol.
    """
    names = [name.strip(" '") for name in text.split("|")]
    place = {name: number for number, name in reversed(list(enumerate(names)))}
    found = {
        attribute: next((place[name] for name in fields.get(attribute, ()) if name in place), -1)
        for attribute in _FIELDS
    }
    if min(found["allele"], found["terms"], found["symbol"]) < 0:
        return None
    frequencies = tuple(number for number, name in enumerate(names) if _FREQUENCY.fullmatch(name))
    return CsqFormat(width=len(names), frequencies=frequencies, snpeff=snpeff, **found)


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
    csq: str,
    layout: CsqFormat,
    *,
    ref: str,
    alts: tuple[str, ...],
    number: int,
    transcripts: frozenset[str] = frozenset(),
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
    transcripts
        Transcripts that the user prefers.

    Returns
    -------
    Consequence or None
        None if no entry speaks of the allele.

    Notes
    -----
    A record with one alternative allele may still carry the entries of others (it was split after it was annotated):
    then, too, only those of its allele count.
    """
    entries = csq.split(",") if csq else []
    rows = _picked(entries, layout) if entries and len(alts) == 1 else []
    if not rows:
        rows = _of_record([_split(entry, layout.width) for entry in entries], layout, ref, alts, number)
    if not rows:
        return None
    best = rows[0] if len(rows) == 1 else min(rows, key=lambda row: _rank(row, layout, transcripts))
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


def _picked(entries: Sequence[str], layout: CsqFormat) -> list[list[str]]:
    """Return the entries that are flagged, if all begin with one allele: what nobody picked need not be split."""
    if layout.allele != 0 or not 0 < layout.pick < layout.width - 1:
        return []
    allele = f"{entries[0].partition('|')[0]}|"
    if not all([entry.startswith(allele) for entry in entries]):  # noqa: C419  # a list is faster for so few
        return []
    rows = [_split(entry, layout.width) for entry in entries if "|1|" in entry]
    return [row for row in rows if row[layout.pick] == "1"]


def _of_record(rows: list[list[str]], layout: CsqFormat, ref: str, alts: Sequence[str], number: int) -> list[list[str]]:
    """Return the entries of one allele; of a lone allele all of them, unless they speak of several."""
    if len(alts) > 1:
        return _of_number(rows, layout, number) or _of_allele(rows, layout, ref, alts, number)
    if len(rows) > 1 and len({row[layout.allele] for row in rows}) > 1:
        return _of_allele(rows, layout, ref, alts, number)
    return rows


def _of_number(rows: list[list[str]], layout: CsqFormat, number: int) -> list[list[str]]:
    return [row for row in rows if row[layout.allele_num] == str(number)]


def _of_allele(rows: list[list[str]], layout: CsqFormat, ref: str, alts: Sequence[str], number: int) -> list[list[str]]:
    """Return the entries of one allele: by the annotator's spelling, by the trimmed spelling."""
    wanted = alts[number - 1] if layout.snpeff else vep_alleles(ref, alts)[number - 1]
    found = [row for row in rows if row[layout.allele] == wanted]
    if found:
        return found
    trimmed = trim_allele(0, ref, alts[number - 1])[2]
    return [row for row in rows if row[layout.allele] == trimmed]


def _rank(row: Sequence[str], layout: CsqFormat, transcripts: frozenset[str]) -> Rank:
    rank = rank_transcript(
        row[layout.terms],
        row[layout.symbol],
        row[layout.feature],
        row[layout.biotype],
        picked=row[layout.pick] == "1",
        mane=bool(row[layout.mane]),
        canonical=row[layout.canonical] == "YES",
        transcripts=transcripts,
    )
    return (*rank[:-1], "") if layout.snpeff else rank


def _decode(text: str) -> str:
    return unquote(text) if "%" in text else text


def _protein_change(row: Sequence[str], layout: CsqFormat) -> str | None:
    """Return HGVSp, else a substitution from position and residues."""
    written = row[layout.hgvsp]
    if written:
        plain = _SUBSTITUTION.fullmatch(written)
        before, number, after = plain.groups() if plain is not None else ("", "", "")
        if before != after and before in RESIDUES and after in _SUBSTITUTES:
            return f"p.{RESIDUES[before]}{number}{RESIDUES[after]}"
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
