"""Exons that a variant names, and skipping of MET exon 14.

An exon is taken from a flag of the one-sheet form (``ex14skip``, ``ex19del``), else from a column ``exon`` or
``exon_number`` (``14``, ``14/21``) if the table has one. Exons are not worked out from residues or positions, with one
exception: MET exon 14, whose loss activates the gene and is reported in many ways.

MET exon 14 is residues 963-1010 and coding bases 2888-3028 of the canonical transcript (NM_000245, ENST00000397752),
GRCh37 7:116411903-116412043, GRCh38 7:116771849-116771989. It is skipped (``exon_skip`` true) if

1. the flag says so;
2. a Splice_Site variant is named by a residue of the exon (``X963_splice`` ... ``X1010_splice``), by a base of an
   intron next to it (``c.2888-1``, ``c.3028+1``), by a position at its two splice sites, by its first or last residue,
   or by a column that says exon 14;
3. a deletion takes the exon out in frame (from residue 963-965 to 1008-1010).

It may be skipped (``exon_skip`` missing, flag ``possible_exon_skip``) by a substitution of D1010, whose codon holds the
last base of the exon, or of that base where no residue is stated; by a variant of class Intron or Splice_Region within
30 bases before or 8 behind the exon; and by a Splice_Site variant of MET that says nothing of its place. RNA decides
those.

Limits. A residue is read as one of the canonical transcript, of NM_001127500 (18 residues longer) only where
``transcript_id`` says so; coding positions of both are known. A deletion that begins in another exon and branch-point
variants further away are not found.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

POSSIBLE_SKIP: Final = "possible_exon_skip"
MET_EXON: Final = 14
_FLAG: Final = re.compile(r"ex(\d+)(del|ins|skip)")
_NUMBER: Final = re.compile(r"(?:ex(?:on)?\s*)?(\d+)(?:\.0)?(?:\s*/\s*\d+)?", re.IGNORECASE)
_FIRST, _LAST = 963, 1010
_LONGER: Final = {"NM_001127500": 18, "ENST00000318493": 18}
_ACCEPTORS: Final = frozenset({2888, 2942})  # first base of the exon in the two transcripts
_DONORS: Final = frozenset({3028, 3082})  # its last base
_GENOMIC: Final = {"GRCh37": (116411903, 116412043), "GRCh38": (116771849, 116771989)}
_NEAR: Final = (30, 8)  # bases before and behind the exon that may matter
_OFFSET: Final = re.compile(r"(?<![\d*+-])(\d+)([+-]\d+)")
_READ: Final = (
    "variant_class", "change_type", "ref_aa", "first_aa", "last_aa", "hgvsc", "transcript_id", "build", "pos", "ref",
    "exon",
)  # fmt: skip


def annotate_exons(variants: pd.DataFrame) -> pd.DataFrame:
    """Return which exon each variant names, and whether that exon is skipped.

    Parameters
    ----------
    variants
        ``schema.VARIANTS`` with the columns ``protein_changes.FACTS``; perhaps ``exon`` or ``exon_number``.

    Returns
    -------
    DataFrame
        ``exon`` (Int64, missing where not stated) and ``exon_skip`` (boolean; missing = it may be). Same index.

    Notes
    -----
    Rules and limits in the module docstring; witnesses in ``tests/actionability/test_alterations.py``.
    """
    exon = _by_level(variants["flags"], lambda text: _flag(text)[0])
    for name in ("exon", "exon_number"):
        if name in variants:
            exon = exon.fillna(_by_level(variants[name], _exon_number))
    skip = _by_level(variants["flags"], lambda text: int(_flag(text)[1] == "skip")).eq(1).fillna(value=False)
    met = (variants["gene"].eq("MET").fillna(value=False) & ~skip).to_numpy(dtype=bool)
    if met.any():
        skip[met] = _judge_met(variants[met].assign(exon=exon[met]))
        exon[met & skip.fillna(value=False).to_numpy(dtype=bool)] = MET_EXON
    return pd.DataFrame({"exon": exon, "exon_skip": skip}, index=variants.index)


def _flag(text: str) -> tuple[int | None, str]:
    found = next((match for item in text.split(";") if (match := _FLAG.fullmatch(item))), None)
    return (int(found[1]), found[2]) if found else (None, "")


def _exon_number(text: str) -> int | None:
    match = _NUMBER.fullmatch(text.strip())
    return int(match[1]) if match else None


def _by_level(column: pd.Series, read: Callable[[str], int | None]) -> pd.Series:
    """Apply a reader to the distinct texts of a column; Int64, missing where it returns None."""
    codes, levels = pd.factorize(column)
    known = pd.array([*(read(str(level)) for level in levels), None], dtype="Int64")
    return pd.Series(known[codes], index=column.index)


def _judge_met(rows: pd.DataFrame) -> pd.Series:
    """Return true, false or missing (it may be) for variants of MET, each distinct variant judged once."""
    table = rows.reindex(columns=list(_READ)).astype("string").fillna("")
    codes, levels = pd.factorize(pd.MultiIndex.from_frame(table))
    verdicts = [_judge(dict(zip(_READ, level, strict=True))) for level in levels]
    return pd.Series(pd.array(verdicts, dtype="boolean")[codes], index=rows.index)


def _judge(row: dict[str, Any]) -> bool | None:
    shift = _LONGER.get(row["transcript_id"].split(".")[0], 0)
    first, last = (int(row[name]) - shift if row[name] else None for name in ("first_aa", "last_aa"))
    whole = first in range(_FIRST, _FIRST + 3) and last in range(_LAST - 2, _LAST + 1)
    if row["change_type"] in {"inframe_del", "delins"} and whole:
        return True
    if row["variant_class"] == "Splice_Site":
        exon = None if not row["exon"] else row["exon"] == str(MET_EXON)
        told = [_at_residue(row, first), _at_base(row["hgvsc"], None), _at_position(row, (2, 2)), exon]
        evidence = [one for one in told if one is not None]
        return any(evidence) if evidence else None
    if row["variant_class"] in {"Intron", "Splice_Region"}:
        near = _at_base(row["hgvsc"], _NEAR) or _at_position(row, _NEAR)
        return None if near else False
    last_codon = row["change_type"] == "missense" and row["ref_aa"] == "D" and first == _LAST
    last_base = row["variant_class"] == "Missense_Mutation" and first is None and _is_last_base(row)
    return None if last_codon or last_base else False


def _at_residue(row: dict[str, Any], first: int | None) -> bool | None:
    if first is None:
        return None
    return _FIRST <= first <= _LAST if row["ref_aa"] == "" else first in {_FIRST, _LAST}


def _at_base(hgvsc: str, limits: tuple[int, int] | None) -> bool | None:
    """Tell whether a coding change names a base of an intron next to the exon, within limits before and behind it."""
    if not hgvsc:
        return None
    before, behind = limits or (10**9, 10**9)
    ends = [(int(base), int(offset)) for base, offset in _OFFSET.findall(hgvsc)]
    return any(
        (base in _ACCEPTORS and -before <= offset < 0) or (base in _DONORS and 0 < offset <= behind)
        for base, offset in ends
    )


def _is_last_base(row: dict[str, Any]) -> bool:
    return row["build"] in _GENOMIC and row["pos"] == str(_GENOMIC[row["build"]][1])


def _at_position(row: dict[str, Any], limits: tuple[int, int]) -> bool | None:
    """Tell whether the bases that change lie within limits before or behind the exon, not in it."""
    if row["build"] not in _GENOMIC or not row["pos"]:
        return None
    start, end = _GENOMIC[row["build"]]
    first = int(row["pos"]) - (row["ref"] == "-")  # an insertion lies between two bases
    last = int(row["pos"]) + max(len(row["ref"]), 1) - 1
    return (first < start and last >= start - limits[0]) or (last > end and first <= end + limits[1])
