"""From the cells of a MAF row to a variant: alleles and position, effect class, protein change.

Rules (DOMAIN 1.4.1, 1.4.2):

1. The alternative allele is ``Tumor_Seq_Allele2`` unless it is blank, malformed or the reference; then ``..._Allele1``.
2. A class is read in any known spelling. A blank one is derived from the consequence, else from the protein change,
   and said in W_VARIANT_CLASS_DERIVED; a spelling that is not known becomes "Unknown", which is not altering.
3. A protein change that says "unchanged" on a frameshift, in-frame, nonsense or missense row is wrong and left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.genomics.alleles import trim_pairs
from netgen.genomics.classes import (
    CLASS_RANK,
    class_from_protein_change,
    most_severe,
    normalize_class,
)
from netgen.genomics.coded import Coded, as_objects, first_rows, pair, recode, replace_some, replace_values
from netgen.genomics.maf_text import NO_NUMBER
from netgen.genomics.protein import changed_protein_changes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.errors import Findings

_NULLS: Final = frozenset({"", "NA", "N/A", "NAN", "NULL", "NONE", ".", "-", "?", "[NOT AVAILABLE]", "#N/A"})
_ALLELE: Final = re.compile(r"[ACGTN]+")
_NO_ALLELE: Final = frozenset({"", "NA", "N/A", "NULL", "NONE", ".", "?", "NAN"})
# Classes that cannot leave the protein as it is.
_CHANGING: Final = frozenset(
    {
        "Frame_Shift_Del",
        "Frame_Shift_Ins",
        "In_Frame_Del",
        "In_Frame_Ins",
        "Nonsense_Mutation",
        "Missense_Mutation",
    }
)


@dataclass(frozen=True, kw_only=True)
class Alleles:
    """Trimmed alleles and positions, one per row.

    Attributes
    ----------
    pos
        (n,) 1-based; ``NO_NUMBER`` = unknown.
    ref, alt
        Trimmed alleles, missing where the row has no usable pair.
    lost
        (n,) True where alleles are given but none differs from the reference.
    """

    pos: NDArray[np.int64]
    ref: Coded
    alt: Coded
    lost: NDArray[np.bool_]


def clean_text(column: Coded) -> Coded:
    """Return texts without blanks around them; null tokens become missing.

    Parameters
    ----------
    column
        Texts as written.

    Returns
    -------
    Coded
        The cleaned column.
    """
    stripped = [value.strip() for value in column.values]
    return replace_values(column, [None if text in _NULLS or text.upper() in _NULLS else text for text in stripped])


def read_alleles(
    start: NDArray[np.int64], end: NDArray[np.int64], ref: Coded, allele1: Coded, allele2: Coded
) -> Alleles:
    """Return the trimmed alleles of each row and their position.

    Parameters
    ----------
    start, end
        (n,) MAF positions, ``NO_NUMBER`` = not given. For an insertion these are the bases before and behind it; where
        they are equal the insertion lies behind that base.
    ref, allele1, allele2
        Alleles as written.

    Returns
    -------
    Alleles
        Pairs that cannot be used are missing; ``pos`` is then the start as given.
    """
    given = np.zeros(len(ref), dtype=bool)
    vocabulary: dict[str, int] = {}
    coded = []
    for column in (ref, allele1, allele2):
        written = recode(column, lambda text: None if text.strip().upper() in _NO_ALLELE else text)
        given |= written.present
        clean = recode(written, _allele)
        lookup = np.array([vocabulary.setdefault(str(value), len(vocabulary)) for value in clean.values] + [-1])
        coded.append(lookup[clean.codes])
    reference, first, second = coded
    alt = np.where((second >= 0) & (second != reference), second, first)
    alt = np.where((alt >= 0) & (alt != reference) & (reference >= 0), alt, -1)
    values = as_objects(vocabulary)
    usable = alt >= 0
    pos = start.copy()
    insertion = usable & (reference == vocabulary.get("-", -2)) & (start != NO_NUMBER)
    behind = np.where((end != NO_NUMBER) & (end != start), np.maximum(start, end), start + 1)
    pos[insertion] = behind[insertion]
    rows = np.flatnonzero(usable)
    pairs, refs, alts = pair(Coded(reference[rows].astype(np.int32), values), Coded(alt[rows].astype(np.int32), values))
    shift, trimmed_ref, trimmed_alt = trim_pairs([values[code] for code in refs], [values[code] for code in alts])
    pos[rows] = np.where(start[rows] == NO_NUMBER, NO_NUMBER, pos[rows] + shift[pairs])
    codes = np.full(len(ref), -1, dtype=np.int32)
    codes[rows] = pairs
    return Alleles(
        pos=pos,
        ref=recode(Coded(codes, trimmed_ref), lambda value: value),
        alt=recode(Coded(codes, trimmed_alt), lambda value: value),
        lost=given & ~usable,
    )


def _allele(text: str) -> str | None:
    """Return bases in upper case, "-" for a run of dashes, None for anything else."""
    bases = text.strip().upper()
    if not bases.strip("-"):
        return "-"
    return bases if _ALLELE.fullmatch(bases) else None


def read_classes(
    written: Coded,
    consequence: Coded,
    protein: Coded,
    alleles: Alleles,
    *,
    lines: NDArray[np.int64],
    findings: Findings,
    file: str,
) -> Coded:
    """Return the MAF class of each row, missing where the file gives none and none follows from the rest.

    Parameters
    ----------
    written, consequence
        Variant class and consequence as written.
    protein
        Normalised protein changes.
    alleles
        Trimmed alleles; they decide between insertion and deletion.
    lines, findings, file
        Source lines; collects W_VARIANT_CLASS_UNKNOWN and W_VARIANT_CLASS_DERIVED.

    Returns
    -------
    Coded
        Classes of ``CLASSES``.
    """
    known = [normalize_class(value) for value in written.values]
    _report_unknown(written, known, lines=lines, findings=findings, file=file)
    column = recode(
        written,
        dict(zip(written.values, ["Unknown" if name is None else name or None for name in known], strict=True)).get,
    )
    blank = ~column.present
    if blank.any():
        column = _derive(column, consequence, protein)
        derived = blank & column.present
        if derived.any():
            findings.add(
                "W_VARIANT_CLASS_DERIVED",
                f"A variant class is needed; {int(derived.sum())} rows have none and got it from their consequence or"
                " protein change.",
                fix="Check that the protein changes are written in HGVS style.",
                file=file,
                row=int(lines[np.flatnonzero(derived)[0]]),
                column="Variant_Classification",
            )
    return _settle(column, alleles)


def _derive(column: Coded, consequence: Coded, protein: Coded) -> Coded:
    """Fill blank classes from the consequence, then from the protein change."""
    by_term = recode(consequence, lambda text: normalize_class(most_severe(text)) or None)
    by_change = recode(protein, class_from_protein_change)
    filled = column
    for source in (by_term, by_change):
        gaps = ~filled.present & source.present
        codes = np.where(gaps, source.codes + len(filled.values), filled.codes).astype(np.int32)
        filled = recode(Coded(codes, np.concatenate([filled.values, source.values])), lambda value: value)
    return filled


def _settle(column: Coded, alleles: Alleles) -> Coded:
    """Give the open classes (``Frame_Shift_*`` ...) their ending, by the lengths of the alleles."""
    if not any(str(value).endswith("*") for value in column.values):
        return column
    growth = _lengths(alleles.alt) - _lengths(alleles.ref)
    vocabulary = {name: place for place, name in enumerate(CLASS_RANK)}
    codes = np.array([vocabulary.get(str(value), -1) for value in column.values] + [-1], dtype=np.int32)[column.codes]
    for place, value in enumerate(column.values):
        if not str(value).endswith("*"):
            continue
        rows = column.codes == place
        shifts = (growth % 3 != 0) if value == "Indel_*" else np.full(len(rows), str(value).startswith("Frame_Shift"))
        for shifted, stem in ((True, "Frame_Shift_"), (False, "In_Frame_")):
            mine = rows & (shifts == shifted)
            codes[mine] = np.where(growth[mine] > 0, vocabulary[stem + "Ins"], vocabulary[stem + "Del"])
    return Coded(codes, as_objects(vocabulary))


def _lengths(column: Coded) -> NDArray[np.int64]:
    sizes = np.array([0 if value == "-" else len(value) for value in column.values] + [0], dtype=np.int64)
    return sizes[column.codes]


def read_protein_changes(column: Coded) -> Coded:
    """Return protein changes in one spelling; texts that are none become missing.

    Parameters
    ----------
    column
        Changes as written.

    Returns
    -------
    Coded
        For example ``p.R175H``.
    """
    return replace_some(column, changed_protein_changes(column.values))


def drop_contradictions(
    protein: Coded, classes: Coded, *, lines: NDArray[np.int64], findings: Findings, file: str
) -> Coded:
    """Return protein changes without those that say "unchanged" where the class says changed.

    Parameters
    ----------
    protein
        Normalised protein changes.
    classes
        MAF classes.
    lines, findings, file
        Source lines; collects W_PROTEIN_CHANGE.

    Returns
    -------
    Coded
        The column, missing in those rows.
    """
    silent = np.array([value.endswith("=") for value in protein.values] + [False], dtype=bool)[protein.codes]
    changing = np.array([value in _CHANGING for value in classes.values] + [False], dtype=bool)[classes.codes]
    wrong = np.flatnonzero(silent & changing)
    if not wrong.size:
        return protein
    row = int(wrong[0])
    findings.add(
        "W_PROTEIN_CHANGE",
        f"A {classes.values[classes.codes[row]]} changes the protein; {wrong.size} rows name a change that does not,"
        " and are kept without it.",
        file=file,
        row=int(lines[row]),
        value=str(protein.values[protein.codes[row]]),
    )
    codes = protein.codes.copy()
    codes[wrong] = -1
    return Coded(codes, protein.values)


def _report_unknown(
    written: Coded, known: list[str | None], *, lines: NDArray[np.int64], findings: Findings, file: str
) -> None:
    if None not in known:
        return
    first, count = first_rows(written)
    for code, name in enumerate(known):
        if name is None and count[code]:
            findings.add(
                "W_VARIANT_CLASS_UNKNOWN",
                f"A MAF class or a known synonym is needed, found {written.values[code]!r} in {int(count[code])} rows;"
                " they are kept as Unknown, which does not count as an alteration.",
                fix="Use a class of the MAF specification.",
                file=file,
                row=int(lines[first[code]]),
                column="Variant_Classification",
                value=str(written.values[code]),
            )
