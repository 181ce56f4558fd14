"""Dates as written: ISO 8601 with reduced precision, national orders when declared, day offsets as days after 1970.

Rules (DOMAIN 1.0, 1.13):

1. ``YYYY-MM-DD``, ``YYYY-MM`` and ``YYYY`` (also with ``/`` or ``.``, as ``YYYYMMDD``, or with a time of day, which is
   dropped), and English month names (``5 Mar 2021``, ``05MAR2021``, ``Mar 2021``), stand for themselves. ``03/2021``
   is a month. An unknown part may be written ``XX``, ``UN``, ``UNK``, ``??`` or ``00``.
2. ``dd/mm/yyyy`` and ``mm/dd/yyyy`` need a declared order. Without one, a value with both parts up to 12 is
   ``E_DATE_AMBIGUOUS``; a part over 12 can only be the day.
3. A year of two digits is ``E_DATE_TWO_DIGIT``; all else, also numbers that spreadsheets use for dates, is
   ``E_DATE_SYNTAX``.
4. A month is imputed as its 15th, a year as 1 July. Nothing is clamped here: that needs the other dates of the patient.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.clinical.cells import as_text, by_word, flag_words, is_null, report
from netgen.clinical.units import DAYS_PER
from netgen.clinical.values import parse_numbers

if TYPE_CHECKING:
    from netgen.clinical.cells import Cells
    from netgen.errors import Findings

FIRST_YEAR: Final = 1850
LAST_YEAR: Final = 2150
LARGEST_OFFSET: Final = 60_000  # days: longer than any life
_EPOCH: Final = date(1970, 1, 1)

_TIME_OF_DAY: Final = re.compile(r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?(?:Z|[-+]\d{2}:?\d{2}))?$")
_UNKNOWN: Final = r"X{2}|UN|UNK|\?{2}|00"
_ISO: Final = re.compile(rf"(\d{{4}})(?:([-/.])(\d{{1,2}}|{_UNKNOWN})(?:\2(\d{{1,2}}|{_UNKNOWN}))?)?", re.IGNORECASE)
_COMPACT: Final = re.compile(r"((?:18|19|20|21)\d{2})(\d{2})(\d{2})")
_NATIONAL: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_MONTH_YEAR: Final = re.compile(r"(\d{1,2})[-/.](\d{4})")
_NAMED: Final = re.compile(
    rf"(?:(\d{{1,2}}|{_UNKNOWN})[-/. ]?)?([A-Za-z]{{3,9}})\.?[-/. ,]{{0,2}}(\d{{4}})", re.IGNORECASE
)
_NAMED_US: Final = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.IGNORECASE)
_TWO_DIGIT: Final = re.compile(r"\d{1,2}([-/.])(?:\d{1,2}|[A-Za-z]{3,9})\1\d{2}|[A-Za-z]{3,9}[-/. ']{1,2}\d{2}")
_SERIAL: Final = re.compile(r"[1-6]\d{4}(?:\.\d+)?")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip


class Reading(NamedTuple):
    """One date as read: the imputed day and its precision, or the code of what is wrong."""

    day: date | None
    precision: str = ""
    code: str = ""


_NOTHING: Final = Reading(None)
_BAD: Final = Reading(None, code="E_DATE_SYNTAX")
_NEEDS: Final = {
    "E_DATE_AMBIGUOUS": ("a date whose day and month can be told apart", "Write YYYY-MM-DD, or give --date-order."),
    "E_DATE_TWO_DIGIT": ("a year of four digits", "Write YYYY-MM-DD."),
    "E_DATE_SYNTAX": (
        "a date as YYYY-MM-DD, YYYY-MM or YYYY",
        "Correct the date. Days from a day 0 belong in a column named <date>_day.",
    ),
}


def read_date(word: str, *, date_order: str | None = None) -> Reading:
    """Return what one date says.

    Parameters
    ----------
    word
        Text without outer blanks.
    date_order
        ``dmy`` or ``mdy``: how ``03/04/2021`` is meant; None = not declared.

    Returns
    -------
    Reading
        The day (imputed if partial) with precision day, month or year, or None with a code.
    """
    text = _TIME_OF_DAY.sub("", word)
    if match := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        parts = match.groups()
        year, month, day = (parts[0], parts[2], parts[3]) if match.re is _ISO else parts
        return _build(year, month, day)
    if match := _NATIONAL.fullmatch(text):
        return _read_national(match[1], match[3], match[4], date_order)
    if match := _MONTH_YEAR.fullmatch(text):
        return _build(match[2], match[1], None)
    if match := _NAMED.fullmatch(text):
        return _build(match[3], _month_number(match[2]), match[1])
    if match := _NAMED_US.fullmatch(text):
        return _build(match[3], _month_number(match[1]), match[2])
    return Reading(None, code="E_DATE_TWO_DIGIT") if _TWO_DIGIT.fullmatch(text) else _BAD


def _read_national(first: str, second: str, year: str, date_order: str | None) -> Reading:
    """Read a date written day first or month first."""
    if date_order is None:
        if int(first) <= 12 and int(second) <= 12:
            return Reading(None, code="E_DATE_AMBIGUOUS")
        date_order = "dmy" if int(first) > 12 else "mdy"
    day, month = (first, second) if date_order == "dmy" else (second, first)
    return _build(year, month, day)


def _month_number(name: str) -> str | None:
    """Return the number of an English month name of at least three letters."""
    found = [place for place, month in enumerate(_MONTHS, 1) if month.startswith(name.casefold())]
    return str(found[0]) if len(found) == 1 else "0" if name.casefold() not in {"un", "unk"} else None


def _build(year: str, month: str | None, day: str | None) -> Reading:
    """Put a date together; unknown parts are imputed."""
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return _BAD
    if month is None or not month.isdigit() or month == "00":
        known_day = day is not None and day.isdigit() and day != "00"
        return _BAD if known_day else Reading(date(int(year), 7, 1), "year")
    if not 1 <= int(month) <= 12:
        return _BAD
    if day is None or not day.isdigit() or day == "00":
        return Reading(date(int(year), int(month), 15), "month")
    try:
        return Reading(date(int(year), int(month), int(day)), "day")
    except ValueError:
        return _BAD


def parse_dates(cells: Cells, *, findings: Findings, date_order: str | None = None) -> tuple[pd.Series, pd.Series]:
    """Return the dates of a column and how precisely each is known.

    Null tokens and ``unknown`` are missing. A value that is no date is missing and reported.

    Parameters
    ----------
    cells
        The column.
    findings
        Receives one ``E_DATE_*`` per value that cannot be read.
    date_order
        ``dmy``, ``mdy`` or None.

    Returns
    -------
    tuple of pandas.Series
        datetime64[ns] with partial dates imputed, and precision (day, month, year; missing = no date).
    """
    null = is_null(cells.text, unknown=True)
    texts = cells.text.mask(null)
    readings = by_word(texts, lambda word: read_date(word, date_order=date_order), missing=_NOTHING)
    codes = np.array([reading.code for reading in readings], dtype=object)
    for code, (need, fix) in _NEEDS.items():
        bad = (codes == code).astype(bool)
        if code == "E_DATE_SYNTAX":
            _report_serials(cells, bad, findings)
            bad &= ~flag_words(cells.text, _is_serial)
        report(cells, bad, findings, code=code, need=need, fix=fix)
    index = cells.text.index
    days = pd.Series(np.array([reading.day for reading in readings], dtype="datetime64[ns]"), index=index)
    return days, as_text([reading.precision or pd.NA for reading in readings], index)


def _is_serial(word: str) -> bool:
    return bool(_SERIAL.fullmatch(word))


def _report_serials(cells: Cells, bad: np.ndarray, findings: Findings) -> None:
    """Report numbers that look like the serial dates of a spreadsheet, with the day they would mean."""
    for place in np.flatnonzero(bad):
        word = str(cells.text.iloc[place])
        if _is_serial(word):
            meant = date(1899, 12, 30) + timedelta(days=int(float(word)))
            one = np.zeros(len(bad), dtype=bool)
            one[place] = True
            report(
                cells,
                one,
                findings,
                code="E_DATE_SYNTAX",
                need="a date as YYYY-MM-DD",
                fix=f"It looks like a spreadsheet serial ({meant.isoformat()}): export the column as text.",
            )


def parse_day_offsets(cells: Cells, *, findings: Findings, unit: str = "days") -> tuple[pd.Series, pd.Series]:
    """Return day offsets as days after 1970-01-01, with precision ``day``.

    Null tokens are missing. ``-Inf``, which some exports write for "never", is missing with ``W_TIME_INVALID``.

    Parameters
    ----------
    cells
        The column.
    findings
        Receives ``W_TIME_INVALID`` for infinite values, ``E_VALUE`` for what is no whole number of days and
        ``E_RANGE`` for offsets longer than any life.
    unit
        days, weeks, months or years of the column; only days must be whole.

    Returns
    -------
    tuple of pandas.Series
        datetime64[ns] and precision.
    """
    infinite = flag_words(cells.text, lambda word: "inf" in word.casefold())
    report(cells, infinite, findings, code="W_TIME_INVALID", need="a finite number of days", fix="It is missing.")
    finite = replace(cells, text=cells.text.mask(infinite))
    values = parse_numbers(finite, findings=findings, need="a number of days") * DAYS_PER[unit]
    broken = (values.notna() & (values != np.rint(values))).to_numpy() & (unit == "days")
    report(cells, broken, findings, code="E_VALUE", need="a whole number of days", fix="Round it, or name the unit.")
    far = (values.abs() > LARGEST_OFFSET).to_numpy(dtype=bool)
    report(
        cells, far, findings, code="E_RANGE", need=f"an offset of at most {LARGEST_OFFSET} days", fix="Check the unit."
    )
    good = values.mask(broken | far)
    present = good.notna()
    days = np.rint(good.fillna(0)).astype("int64").to_numpy().astype("datetime64[D]").astype("datetime64[ns]")
    precision = present.map({True: "day", False: pd.NA}).astype("string")
    return pd.Series(days, index=cells.text.index).where(present), precision


def date_bounds(values: pd.Series, precision: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the earliest and the latest day that each date can mean.

    Parameters
    ----------
    values
        datetime64[ns], as :func:`parse_dates` gives them.
    precision
        day, month or year of each value, same index; missing = day.

    Returns
    -------
    tuple of pandas.Series
        First and last day of the month or year; the date itself at day precision; NaT where there is no date.
    """
    days = values.to_numpy().astype("datetime64[D]")
    first, last = days.copy(), days.copy()
    for name, unit in (("month", "M"), ("year", "Y")):
        where = (precision == name).to_numpy(dtype=bool, na_value=False)
        period = days[where].astype(f"datetime64[{unit}]")
        first[where] = period.astype("datetime64[D]")
        last[where] = (period + 1).astype("datetime64[D]") - 1
    return (
        pd.Series(first.astype("datetime64[ns]"), index=values.index),
        pd.Series(last.astype("datetime64[ns]"), index=values.index),
    )


def date_text(values: pd.Series, precision: pd.Series, *, offset: bool = False) -> pd.Series:
    """Return dates as they would be written: ISO 8601 at their precision, or the day offset.

    Parameters
    ----------
    values
        datetime64[ns].
    precision
        day, month or year of each value, same index.
    offset
        The dates are day offsets.

    Returns
    -------
    pandas.Series
        dtype "string"; missing = no date.
    """
    present = values.notna()
    if offset:
        days = (values - pd.Timestamp(_EPOCH)).dt.days
        return pd.Series(days.astype("Int64").astype("string").where(present), dtype="string")
    full = values.dt.strftime("%Y-%m-%d").astype("string")
    month = (precision == "month").fillna(value=False)
    year = (precision == "year").fillna(value=False)
    text = full.mask(month, full.str[:7]).mask(year, full.str[:4]).where(present)
    return pd.Series(text, dtype="string")
