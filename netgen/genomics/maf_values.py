"""Numbers of a MAF: read counts, allele fractions, population frequencies, in the ways real files write them.

Counts are ``t_alt_count`` / ``t_ref_count``, or a depth with one of them, or a depth with a fraction, or QCMG's lists
of bases (``C:6[33.3],9[35.3],T:16[28.2]``: reads on either strand). Fractions come as 0-1, in percent, or with a
percent sign; which, is decided per column and said in W_UNIT.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.genomics.coded import Coded, first_rows, recode, texts
from netgen.genomics.maf_text import NO_NUMBER, NUMBER_NULLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.errors import Findings

_NULLS: Final = frozenset({*NUMBER_NULLS, "[Not Available]", "[Not Applicable]", "#N/A", "Unknown", "unknown"})
_PERCENT_COLUMNS: Final = frozenset({"i_TumorVAF_WU"})  # percent by definition, even if no value exceeds 1
_QCMG: Final = re.compile(r"([ACGT]):(\d+)\[[\d.]+\],(\d+)\[[\d.]+\]")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where values stand, for messages: file, column name, and the file line of each row."""

    file: str
    column: str
    lines: NDArray[np.int64]


def parse_floats(column: Coded, *, place: Place, findings: Findings) -> NDArray[np.float64]:
    """Return a text column as numbers, NaN for blanks and null tokens.

    A percent sign divides by 100. A text that is no number is reported once per column and becomes NaN.

    Parameters
    ----------
    column
        Texts.
    place, findings
        Where they stand; collects E_VALUE.

    Returns
    -------
    ndarray of float
        Shape (n,).
    """
    numbers = np.full(len(column.values) + 1, np.nan)
    bad: list[int] = []
    for code, value in enumerate(column.values):
        text = value.strip()
        if text in _NULLS:
            continue
        try:
            numbers[code] = float(text[:-1]) / 100 if text.endswith("%") else float(text)
        except ValueError:
            bad.append(code)
    _report_no_numbers(column, bad, place=place, findings=findings)
    return numbers[column.codes]


def parse_integers(
    column: Coded | NDArray[np.int64] | None, n: int, *, place: Place, findings: Findings
) -> NDArray[np.int64]:
    """Return a column as whole numbers, ``NO_NUMBER`` where there is none.

    Parameters
    ----------
    column
        Texts, numbers already, or None for no such column.
    n
        Number of rows.
    place, findings
        Where they stand; collects E_VALUE for texts that are no whole number.

    Returns
    -------
    ndarray of int64
        Shape (n,).
    """
    if column is None:
        return np.full(n, NO_NUMBER, dtype=np.int64)
    if not isinstance(column, Coded):
        return column
    numbers = parse_floats(column, place=place, findings=findings)
    whole = (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**53)  # beyond that a float is no exact integer
    broken = ~np.isnan(numbers) & ~whole
    if broken.any():
        codes = sorted({int(code) for code in column.codes[broken]})
        _report_no_numbers(column, codes, place=place, findings=findings)
    return np.where(whole, numbers, NO_NUMBER).astype(np.int64)


def read_counts(
    alt: NDArray[np.int64], ref: NDArray[np.int64], depth: NDArray[np.int64], fraction: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return alternative and reference reads and the allele fraction of each row, each from what is given.

    Parameters
    ----------
    alt, ref, depth
        (n,) reads, ``NO_NUMBER`` = not given.
    fraction
        (n,) allele fraction 0-1 as the file gives it, NaN = not given.

    Returns
    -------
    tuple of arrays
        Alternative reads, reference reads (``NO_NUMBER`` = unknown), allele fraction (NaN = unknown).

    Notes
    -----
    1. Missing reads: ``alt = round(fraction * depth)``, ``ref = depth - alt`` (not below 0).
    2. Fraction: ``alt / (alt + ref)`` where both are known and their sum is positive; else the one given; else
       ``alt / depth``.
    """
    alt, ref = alt.copy(), ref.copy()
    has_depth = depth > 0
    derived = (alt < 0) & has_depth & np.isfinite(fraction)
    alt[derived] = np.rint(fraction[derived] * depth[derived]).astype(np.int64)
    derived = (ref < 0) & (alt >= 0) & has_depth
    ref[derived] = np.maximum(depth[derived] - alt[derived], 0)
    alt[alt < 0] = NO_NUMBER
    ref[ref < 0] = NO_NUMBER
    vaf = fraction.copy()
    both = (alt >= 0) & (ref >= 0)
    total = np.where(both, alt + ref, 0)
    vaf[total > 0] = alt[total > 0] / total[total > 0]
    return alt, ref, vaf


def scale_fractions(values: NDArray[np.float64], *, place: Place, findings: Findings) -> NDArray[np.float64]:
    """Return allele fractions between 0 and 1; a column in percent is divided by 100.

    A column is in percent if more than half of its positive values exceed 1.

    Parameters
    ----------
    values
        (n,) numbers as written, NaN = missing.
    place, findings
        Where they stand; collects W_UNIT for a column in percent, E_RANGE for values outside 0-100.

    Returns
    -------
    ndarray of float
        Shape (n,); values out of range become NaN.
    """
    positive = values[values > 0]
    if positive.size and (np.mean(positive > 1) > 0.5 or place.column in _PERCENT_COLUMNS):
        findings.add(
            "W_UNIT",
            f"A fraction is between 0 and 1; {place.column} goes up to {positive.max():g} and was read as percent.",
            fix="Give fractions if these are not percentages.",
            file=place.file,
            column=place.column,
        )
        values = values / 100
    off = np.flatnonzero((values < 0) | (values > 1))
    if off.size:
        findings.add(
            "E_RANGE",
            f"{place.column} must be a fraction (0-1) or a percentage (0-100), {off.size} values are neither.",
            file=place.file,
            row=int(place.lines[off[0]]),
            column=place.column,
            value=f"{values[off[0]]:g}",
            rule="V16",
        )
        values = np.where((values < 0) | (values > 1), np.nan, values)
    return values


def largest_frequency(columns: Sequence[Coded], places: Sequence[Place], *, findings: Findings) -> NDArray[np.float64]:
    """Return the largest population frequency of each row, NaN where no column gives one.

    Parameters
    ----------
    columns
        One or more columns of frequencies.
    places, findings
        Where each column stands; collects E_VALUE and E_RANGE.

    Returns
    -------
    ndarray of float
        Shape (n,).
    """
    largest = np.full(len(columns[0]), np.nan)
    for column, place in zip(columns, places, strict=True):
        # "0.0002&0.01" (several alleles at one site) and "0.001/23" (VEP: frequency and count) keep the frequencies
        plain = recode(column, lambda text: _largest_text(text) if "&" in text or "/" in text else text)
        numbers = parse_floats(plain, place=place, findings=findings)
        off = np.flatnonzero((numbers < 0) | (numbers > 1))
        if off.size:
            message = f"{place.column} must be between 0 and 1, {off.size} values are not."
            findings.add("E_RANGE", message, file=place.file, row=int(place.lines[off[0]]), column=place.column)
            numbers = np.where((numbers < 0) | (numbers > 1), np.nan, numbers)
        largest = np.fmax(largest, numbers)
    return largest


def count_bases(column: Coded, ref: Coded, alt: Coded) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return alternative and reference reads from QCMG's list of bases; ``NO_NUMBER`` unless both alleles are one base.

    Parameters
    ----------
    column
        Texts such as ``C:6[33.33],9[35.33],T:16[28.25],30[34.2]``: base, reads and mean quality on either strand.
    ref, alt
        Trimmed alleles.

    Returns
    -------
    tuple of arrays
        Alternative and reference reads, shape (n,).
    """
    counts = [{base: int(fwd) + int(rev) for base, fwd, rev in _QCMG.findall(text)} for text in column.values]
    alt_reads = np.full(len(column), NO_NUMBER, dtype=np.int64)
    ref_reads = alt_reads.copy()
    for row, (ref_base, alt_base) in enumerate(zip(texts(ref), texts(alt), strict=True)):
        found = counts[column.codes[row]] if column.codes[row] >= 0 else {}
        if found and ref_base in _BASES and alt_base in _BASES:
            alt_reads[row], ref_reads[row] = found.get(str(alt_base), 0), found.get(str(ref_base), 0)
    return alt_reads, ref_reads


_BASES: Final = frozenset("ACGT")


def _largest_text(text: str) -> str:
    parts = [part.split("/")[0].strip() for part in text.split("&")]
    given = [part for part in parts if part not in _NULLS]
    try:
        return max(given, key=float, default="")
    except ValueError:
        return text


def _report_no_numbers(column: Coded, codes: list[int], *, place: Place, findings: Findings) -> None:
    if not codes:
        return
    first, count = first_rows(column)
    codes = [code for code in codes if count[code]]
    if not codes:
        return
    row = min(int(first[code]) for code in codes)
    value = column.values[column.codes[row]]
    findings.add(
        "E_VALUE",
        f"{place.column} must be a number, found {value!r}; {sum(int(count[code]) for code in codes)} such values.",
        fix="Mend the value or leave it blank.",
        file=place.file,
        row=int(place.lines[row]),
        column=place.column,
        value=value,
    )
