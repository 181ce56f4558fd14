"""From text columns to numbers, truth values, categories, lists and times; nothing is guessed without a word.

Every parser takes a column (:class:`Cells`) and returns a Series on the same index. A null token of the column's kind
is missing; a value that cannot be read is missing and reported with its line. For columns that were recognised by a
synonym the caller passes ``code="W_VALUE"``: what we took for a number need not be one, so the study goes on.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.cells import (
    NULLS,
    UNKNOWNS,
    Cells,
    as_text,
    by_word,
    drop_nulls,
    flag_words,
    fold,
    is_null,
    report,
    report_once,
    report_words,
    vocabulary,
)
from netgen.clinical.units import DAYS_PER
from netgen.errors import Findings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.schema import Column

_PLAIN: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_INFINITE: Final = re.compile(r"[-+]?inf(?:inity)?", re.IGNORECASE)
_COMMA_PROOF: Final = re.compile(r"[-+]?(?:\d+,(?:\d{1,2}|\d{4,})|0,\d+|\d{1,3}(?:\.\d{3})+,\d+) ?%?")
_GROUPED_COMMA: Final = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_GROUPED_POINT: Final = re.compile(r"[-+]?\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_ONE_COMMA: Final = re.compile(r"[-+]?\d*,\d+")
_LIST_MARKS: Final = re.compile(r"[;,|]")


def number_text(value: float) -> str:
    """Return the shortest decimal text that gives the number back.

    Parameters
    ----------
    value
        A finite number.

    Returns
    -------
    str
        Whole numbers have no decimal point.
    """
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value))


def parse_numbers(
    cells: Cells, *, findings: Findings, need: str = "a number", code: str = "E_VALUE", percent: bool = False
) -> pd.Series:
    """Return the numbers of a column.

    Null tokens and ``unknown`` are missing. ``1,5`` is 1.5 and ``1.234,5`` is 1234.5; ``1,234`` is read only if another
    value of the column, or of the file, shows that the comma is decimal. Infinite values are refused.

    Parameters
    ----------
    cells
        The column.
    findings
        Receives one finding per value that is no number.
    need
        What the column needs, for the message.
    code
        Code of these findings.
    percent
        A ``%`` behind the number is allowed and dropped.

    Returns
    -------
    pandas.Series
        float64, missing = NaN.
    """
    null = is_null(cells.text, unknown=True)
    comma = cells.decimal_comma or bool(_matches(cells.text, _COMMA_PROOF).any())
    values = by_word(cells.text, lambda word: _number(word, comma, percent), missing=np.nan).astype(np.float64)
    values[null] = np.nan
    bad = ~null & ~np.isfinite(values)
    doubtful = bad & np.isnan(values) & _matches(cells.text, re.compile(r"[-+]?\d{1,3}[.,]\d{3}"))
    report(
        cells,
        doubtful,
        findings,
        code=code,
        need=need,
        fix="Write it without a thousands mark and with a decimal point: it can be read in two ways.",
    )
    report(cells, bad & ~doubtful, findings, code=code, need=need, fix="Correct the value, or leave the cell empty.")
    values[bad] = np.nan
    return pd.Series(values, index=cells.text.index, dtype="float64")


def _matches(text: pd.Series, pattern: re.Pattern[str]) -> NDArray[np.bool_]:
    return flag_words(text, lambda word: bool(pattern.fullmatch(word)))


def _number(word: str, comma: bool, percent: bool) -> float:  # noqa: FBT001
    """Return the number a word stands for; NaN if it is none or can be read in two ways."""
    if percent and word.endswith("%"):
        word = word[:-1].rstrip()
    word = word.replace("\u2212", "-")
    if _INFINITE.fullmatch(word):
        return -math.inf if word.startswith("-") else math.inf
    if _PLAIN.fullmatch(word):
        grouped = comma and re.fullmatch(r"[-+]?[1-9]\d{0,2}\.\d{3}", word)
        return math.nan if grouped else float(word)
    if _GROUPED_POINT.fullmatch(word):
        return float(word.replace(".", "").replace(",", "."))
    if _ONE_COMMA.fullmatch(word):
        doubtful = not comma and _GROUPED_COMMA.fullmatch(word)
        return math.nan if doubtful else float(word.replace(",", "."))
    return float(word.replace(",", "")) if _GROUPED_COMMA.fullmatch(word) else math.nan


def parse_integers(cells: Cells, *, findings: Findings, code: str = "E_VALUE") -> pd.Series:
    """Return the whole numbers of a column; ``2.0`` is 2, ``2.5`` is reported.

    Parameters
    ----------
    cells
        The column.
    findings
        Receives one finding per value that is no whole number.
    code
        Code of these findings.

    Returns
    -------
    pandas.Series
        Int64.
    """
    values = parse_numbers(cells, findings=findings, need="a whole number", code=code)
    broken = (values.notna() & (values != np.floor(values))).to_numpy()
    report(cells, broken, findings, code=code, need="a whole number", fix="Correct the value, or leave the cell empty.")
    return values.mask(broken).astype("Int64")


def parse_booleans(cells: Cells, *, column: str, findings: Findings, code: str = "E_VALUE") -> pd.Series:
    """Return the truth values of a column.

    Words are those of ``value_map.yaml``: the column's own table first, then ``truth``. ``unknown`` is missing.

    Parameters
    ----------
    cells
        The column.
    column
        Our name of it.
    findings
        Receives one finding per word that is in neither table.
    code
        Code of these findings.

    Returns
    -------
    pandas.Series
        boolean.
    """
    words = vocabulary("truth") | vocabulary(column)
    null = is_null(cells.text, unknown=True)
    known = flag_words(cells.text, lambda word: fold(word) in words)
    report(cells, ~null & ~known, findings, code=code, need="yes or no", fix="Correct the value, or leave it empty.")
    truth = flag_words(cells.text, lambda word: words.get(fold(word)) == "true")
    return pd.Series(truth, index=cells.text.index).astype("boolean").mask(null | ~known)


def parse_categories(cells: Cells, *, column: Column, findings: Findings, code: str = "E_VALUE") -> pd.Series:
    """Return our values of a column with a vocabulary.

    A word is a value or a synonym of ``value_map.yaml`` without regard to case; only then is it tried as a null
    token, so ``none`` is the syndrome "none". ``unknown`` is a value where the vocabulary has it and missing
    elsewhere.

    Parameters
    ----------
    cells
        The column.
    column
        Its declaration.
    findings
        Receives ``W_VALUE`` if that is the code.
    code
        ``E_VALUE``: an unknown word stays, for the check of the whole table to report. ``W_VALUE``: it is missing and
        reported here.

    Returns
    -------
    pandas.Series
        dtype "string".
    """
    allowed = {fold(value): value for value in column.values}
    synonyms = {word: value for word, value in vocabulary(column.name).items() if value in column.values}
    words = synonyms | allowed
    if "unknown" in column.values:
        words = dict.fromkeys(UNKNOWNS, "unknown") | words
    nulls = NULLS | UNKNOWNS

    def translate(word: str) -> object:
        value = words.get(fold(word)) or words.get(word.casefold())
        return value or (pd.NA if word.casefold() in nulls else None)

    values = by_word(cells.text, translate, missing=pd.NA)
    strange = flag_words(cells.text, lambda word: translate(word) is None)
    if code == "W_VALUE":
        need = f"one of {', '.join(column.values)}"
        report_words(cells, strange, findings, code=code, need=need, fix="It was left missing; the column is kept.")
        values[strange] = pd.NA
    else:
        values[strange] = cells.text[strange]
    return as_text(values, cells.text.index)


def parse_lists(cells: Cells, *, column: str) -> pd.Series:
    """Return lists with their items joined by ``;``, each item once, in the order given.

    Items are separated by ``;``, ``,`` or ``|``. An item with a synonym in ``value_map.yaml`` gets our word; others
    stay.

    Parameters
    ----------
    cells
        The column.
    column
        Our name of it.

    Returns
    -------
    pandas.Series
        dtype "string"; missing = no item.
    """
    words = vocabulary(column)

    def translate(word: str) -> object:
        items = [item.strip() for item in _LIST_MARKS.split(word)]
        known = [words.get(fold(item), item) for item in items if item.casefold() not in NULLS]
        return ";".join(dict.fromkeys(known)) or pd.NA

    return as_text(by_word(cells.text, translate), cells.text.index)


def parse_text(cells: Cells, *, column: str) -> pd.Series:
    """Return free text with null tokens as missing; names of biomarkers become ours where we know them.

    Parameters
    ----------
    cells
        The column.
    column
        Our name of it.

    Returns
    -------
    pandas.Series
        dtype "string".
    """
    text = drop_nulls(cells.text)
    if column != "biomarker":
        return text
    words = vocabulary(column)
    return as_text(by_word(text, lambda word: words.get(fold(word), word)), text.index)


def parse_fractions(cells: Cells, *, findings: Findings, unit: str | None = None, code: str = "E_VALUE") -> pd.Series:
    """Return fractions between 0 and 1; values with ``%`` and values over 1 are percentages.

    Parameters
    ----------
    cells
        The column.
    findings
        Receives ``W_UNIT`` once if values in (1, 100] were divided by 100.
    unit
        ``"percent"``: every value is one; None = decided value by value.
    code
        Code for values that are no number.

    Returns
    -------
    pandas.Series
        float64; a value over 100 stays, for the range check to report.
    """
    values = parse_numbers(cells, findings=findings, need="a fraction between 0 and 1", code=code, percent=True)
    signed = _matches(cells.text, re.compile(r".*%"))
    large = ((values > 1) & (values <= 100)).to_numpy(dtype=bool) & ~signed
    if unit == "percent":
        return values / 100
    report_once(
        cells,
        large,
        findings,
        code="W_UNIT",
        message="A fraction over 1 in {n} rows: read as a percentage and divided by 100.",
    )
    return values.mask(large | signed, values / 100)


def parse_times(cells: Cells, *, unit: str, findings: Findings) -> pd.Series:
    """Return times in whole days; what is no finite time of at least 0 is missing and reported.

    Null tokens are missing without a word here: what a missing time means is the caller's business.

    Parameters
    ----------
    cells
        The column.
    unit
        days, weeks, months or years.
    findings
        Receives one ``W_TIME_INVALID`` with the number of values that are text, infinite or negative.

    Returns
    -------
    pandas.Series
        float64 days, rounded: months * 30.4375, years * 365.25.
    """
    local = Findings()
    values = parse_numbers(cells, findings=local)
    bad = ~is_null(cells.text, unknown=True) & ~(values >= 0).to_numpy(dtype=bool)
    report_once(
        cells,
        bad,
        findings,
        code="W_TIME_INVALID",
        message="No finite number of 0 or more in {n} rows, first '{value}': the time is missing.",
        fix="Correct them, or leave the cells empty.",
    )
    return (values.mask(bad) * DAYS_PER[unit]).round()
