"""Ki-67 as pathologists write it: a value, a range, or a bound (DOMAIN 1.14).

``25``, ``25 %``, ``25,5%``   value 25 (25.5), low = high = value
``20-25``, ``20 to 25 %``     low 20, high 25, value 22.5
``>20``, ``>=20``             low 20, high 100, no value
``<=20``, ``<1``              low 0, high 20 (1), no value

Whether a bound belongs to its interval is told by the text, which is kept: ``>`` and ``<`` exclude it. So a tumour of
``>20`` is above 20 % although its low bound is 20, and one of ``>=20`` may be exactly 20.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.clinical.cells import by_word, drop_nulls, flag_words, is_null, report, report_once

if TYPE_CHECKING:
    from netgen.clinical.cells import Cells
    from netgen.errors import Findings

THRESHOLD: Final = 20.0  # LINEAR: Ki-67 strictly above 20 %
_NUMBER: Final = r"(\d+(?:[.,]\d+)?)"
_VALUE: Final = re.compile(rf"{_NUMBER} ?%?")
_RANGE: Final = re.compile(rf"{_NUMBER} ?%? ?(?:[-\u2010-\u2015\u2212]|to) ?{_NUMBER} ?%?")
_BOUND: Final = re.compile(rf"(>=|<=|=>|=<|>|<|\u2265|\u2264) ?{_NUMBER} ?%?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?: .*)?|\d{1,2}[-. ][A-Za-z]{3}(?:[-. ]\d{2,4})?|[A-Za-z]{3}[- ]\d{2}")


class Ki67(NamedTuple):
    """One Ki-67 entry in percent; NaN where there is no value."""

    pct: float
    low: float
    high: float


_NOTHING: Final = Ki67(np.nan, np.nan, np.nan)


def read_ki67(word: str) -> Ki67 | None:
    """Return value and bounds of one entry; None if it cannot be read.

    Parameters
    ----------
    word
        Text without outer blanks.

    Returns
    -------
    Ki67 or None
        Percentages as written, also outside 0 to 100.
    """
    if match := _VALUE.fullmatch(word):
        value = _float(match[1])
        return Ki67(value, value, value)
    if match := _RANGE.fullmatch(word.casefold()):
        low, high = _float(match[1]), _float(match[2])
        return Ki67((low + high) / 2, low, high)
    if match := _BOUND.fullmatch(word):
        value = _float(match[2])
        above = match[1] in {">", ">=", "=>", "\u2265"}
        return Ki67(np.nan, value, 100.0) if above else Ki67(np.nan, 0.0, value)
    return None


def _float(text: str) -> float:
    return float(text.replace(",", "."))


def parse_ki67(cells: Cells, *, findings: Findings, code: str = "E_VALUE") -> pd.DataFrame:
    """Return the Ki-67 columns of the patients table.

    Null tokens are missing. An entry that cannot be read or lies outside 0 to 100 is missing in the numeric columns and
    reported; its text is kept.

    Parameters
    ----------
    cells
        The column.
    findings
        Receives ``E_RANGE`` for entries outside 0-100 or with low above high, ``code`` for entries that cannot be
        read, and ``W_UNIT`` if all values are at most 1, which looks like fractions.
    code
        Code for entries that cannot be read.

    Returns
    -------
    pandas.DataFrame
        ki67_pct, ki67_low, ki67_high (float64 percent), ki67_text (string); same index.
    """
    null = is_null(cells.text, unknown=True)
    entries = by_word(cells.text, read_ki67)
    unread = ~flag_words(cells.text, lambda word: read_ki67(word) is not None) & ~null
    table = np.array(
        [_NOTHING if entry is None or gap else entry for entry, gap in zip(entries, null, strict=True)], dtype=float
    ).reshape(-1, 3)
    wrong = (table[:, 2] > 100) | (table[:, 1] > table[:, 2])
    dates = flag_words(cells.text, lambda word: bool(_DATE.fullmatch(word)))
    need = "Ki-67 such as 25, 25.5 %, 20-25, >20 or <=20"
    report(
        cells,
        unread & dates,
        findings,
        code=code,
        need=need,
        fix="It looks like a range that a spreadsheet turned into a date: type it again in a text cell.",
    )
    report(cells, unread & ~dates, findings, code=code, need=need, fix="Correct the entry, or leave the cell empty.")
    report(cells, wrong, findings, code="E_RANGE", need="Ki-67 between 0 and 100 %", fix="Correct it.", rule="V16")
    table[wrong] = np.nan
    values = table[:, 0][~np.isnan(table[:, 0])]
    small = (table[:, 0] <= 1) & (len(values) >= 3) & bool((values <= 1).all())
    report_once(
        cells,
        small,
        findings,
        code="W_UNIT",
        message="All {n} Ki-67 values are at most 1 %: they look like fractions, but were not converted.",
        fix="If they are fractions, write them as percentages.",
    )
    out = pd.DataFrame(table, columns=["ki67_pct", "ki67_low", "ki67_high"], index=cells.text.index)
    out["ki67_text"] = drop_nulls(cells.text, unknown=True)
    return out


def classify_ki67(patients: pd.DataFrame, *, threshold: float = THRESHOLD) -> pd.Series:
    """Return whether each Ki-67 is strictly above a threshold: eligible, ineligible, borderline or missing.

    Parameters
    ----------
    patients
        Table with ki67_low, ki67_high and ki67_text.
    threshold
        Percent.

    Returns
    -------
    pandas.Series
        dtype "string". ``borderline``: the interval holds values on both sides, so nobody can tell; ``missing``: no
        entry.
    """
    low, high = patients["ki67_low"], patients["ki67_high"]
    open_low = patients["ki67_text"].str.match(r"\s*>(?!\s*=)").fillna(value=False).astype(bool)
    out = pd.Series("borderline", index=patients.index, dtype="string")
    out = out.mask((low > threshold) | (open_low & (low >= threshold)), "eligible")
    out = out.mask(high <= threshold, "ineligible")
    return out.mask(low.isna() | high.isna(), "missing")
