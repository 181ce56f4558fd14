"""Dates as written: a literal table of what each form means."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.clinical.dates import date_bounds, date_text, parse_dates, parse_day_offsets, read_date
from netgen.errors import Findings
from tests.clinical.make_cells import cells


def days(series: pd.Series) -> list[str | None]:
    return [None if pd.isna(value) else value.strftime("%Y-%m-%d") for value in series]


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2021-03-05", "2021-03-05", "day"),
        ("2021/3/5", "2021-03-05", "day"),
        ("2021.03.05", "2021-03-05", "day"),
        ("20210305", "2021-03-05", "day"),
        ("2021-03-05T10:30:00Z", "2021-03-05", "day"),
        ("2021-03-05 00:00:00", "2021-03-05", "day"),
        ("2021-03", "2021-03-15", "month"),
        ("2021-02", "2021-02-15", "month"),
        ("03/2021", "2021-03-15", "month"),
        ("2021-03-XX", "2021-03-15", "month"),
        ("2021-03-UN", "2021-03-15", "month"),
        ("2021", "2021-07-01", "year"),
        ("2021-XX-XX", "2021-07-01", "year"),
        ("2021-00-00", "2021-07-01", "year"),
        ("25/12/2020", "2020-12-25", "day"),
        ("12/25/2020", "2020-12-25", "day"),
        ("5 Mar 2021", "2021-03-05", "day"),
        ("05-Mar-2021", "2021-03-05", "day"),
        ("05MAR2021", "2021-03-05", "day"),
        ("March 5, 2021", "2021-03-05", "day"),
        ("Mar 2021", "2021-03-15", "month"),
        ("UN-MAR-2021", "2021-03-15", "month"),
        ("2020-02-29", "2020-02-29", "day"),
    ],
)
def test_read_date__forms_that_stand_for_themselves(text: str, day: str, precision: str) -> None:
    reading = read_date(text)
    assert (str(reading.day), reading.precision, reading.code) == (day, precision, "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("03/04/2021", "E_DATE_AMBIGUOUS"),
        ("05.03.2021", "E_DATE_AMBIGUOUS"),
        ("5-3-2021", "E_DATE_AMBIGUOUS"),
        ("05/03/21", "E_DATE_TWO_DIGIT"),
        ("21-03-05", "E_DATE_TWO_DIGIT"),
        ("5-Mar-21", "E_DATE_TWO_DIGIT"),
        ("Mar-21", "E_DATE_TWO_DIGIT"),
        ("44000", "E_DATE_SYNTAX"),
        ("2021-02-30", "E_DATE_SYNTAX"),
        ("2021-13-01", "E_DATE_SYNTAX"),
        ("13/13/2020", "E_DATE_SYNTAX"),
        ("2021-UN-05", "E_DATE_SYNTAX"),
        ("1066-01-01", "E_DATE_SYNTAX"),
        ("0", "E_DATE_SYNTAX"),
        ("soon", "E_DATE_SYNTAX"),
        ("1-Mar", "E_DATE_SYNTAX"),
        ("Foo 2020", "E_DATE_SYNTAX"),
    ],
)
def test_read_date__forms_that_are_refused(text: str, code: str) -> None:
    assert read_date(text) == (None, "", code)


@pytest.mark.parametrize(
    ("order", "text", "day"),
    [
        ("dmy", "03/04/2021", "2021-04-03"),
        ("mdy", "03/04/2021", "2021-03-04"),
        ("dmy", "5.3.2021", "2021-03-05"),
        ("dmy", "2021-03-05", "2021-03-05"),
        ("dmy", "12/25/2020", None),
        ("mdy", "25/12/2020", None),
    ],
)
def test_read_date__a_declared_order_is_kept(order: str, text: str, day: str | None) -> None:
    reading = read_date(text, date_order=order)
    assert (None if reading.day is None else str(reading.day)) == day
    assert reading.code == ("" if day else "E_DATE_SYNTAX")


def test_parse_dates__reports_each_bad_value_with_its_line() -> None:
    findings = Findings()
    column = cells("2021-03-05", "03/04/2021", "05/03/21", "soon", "unknown", None, "NA", "2021", name="date_death")
    found, precision = parse_dates(column, findings=findings)
    assert days(found) == ["2021-03-05", None, None, None, None, None, None, "2021-07-01"]
    assert [None if pd.isna(value) else value for value in precision] == ["day", *[None] * 6, "year"]
    assert found.dtype == "datetime64[ns]"
    assert precision.dtype == "string"
    assert sorted((item.code, item.row, item.value) for item in findings) == [
        ("E_DATE_AMBIGUOUS", 3, "03/04/2021"),
        ("E_DATE_SYNTAX", 5, "soon"),
        ("E_DATE_TWO_DIGIT", 4, "05/03/21"),
    ]


def test_parse_dates__says_what_a_serial_would_mean() -> None:
    findings = Findings()
    parse_dates(cells("44000"), findings=findings)
    [item] = findings
    assert item.code == "E_DATE_SYNTAX"
    assert "2020-06-18" in item.fix  # 44000 days after 1899-12-30


def test_parse_dates__an_empty_column_has_no_dates() -> None:
    found, precision = parse_dates(cells(), findings=Findings())
    assert len(found) == 0
    assert found.dtype == "datetime64[ns]"
    assert len(precision) == 0


def test_parse_day_offsets__are_days_after_1970() -> None:
    findings = Findings()
    found, precision = parse_day_offsets(cells("0", "31", "-1", "365.0", "NA"), findings=findings)
    assert days(found) == ["1970-01-01", "1970-02-01", "1969-12-31", "1971-01-01", None]
    assert precision.tolist()[:4] == ["day"] * 4
    assert pd.isna(precision.iloc[4])
    assert not len(findings)


def test_parse_day_offsets__reports_what_is_no_whole_number_of_days() -> None:
    findings = Findings()
    found, _ = parse_day_offsets(cells("-Inf", "1.5", "99999", "x", "7"), findings=findings)
    assert days(found) == [None, None, None, None, "1970-01-08"]
    assert sorted((item.code, item.row) for item in findings) == [
        ("E_RANGE", 4), ("E_VALUE", 3), ("E_VALUE", 5), ("W_TIME_INVALID", 2),
    ]  # fmt: skip


def test_parse_day_offsets__months_are_rounded_to_days() -> None:
    found, _ = parse_day_offsets(cells("12", "1.5"), findings=Findings(), unit="months")
    assert days(found) == ["1971-01-01", "1970-02-16"]  # 365.25 -> 365; 45.656 -> 46


def test_date_bounds__of_day_month_and_year() -> None:
    column = cells("2021-03-05", "2020-02", "2021-12", "2022", "NA")
    first, last = date_bounds(*parse_dates(column, findings=Findings()))
    assert days(first) == ["2021-03-05", "2020-02-01", "2021-12-01", "2022-01-01", None]
    assert days(last) == ["2021-03-05", "2020-02-29", "2021-12-31", "2022-12-31", None]


def test_sc08_bounds_of_the_partial_dates() -> None:
    found, precision = parse_dates(cells("2021-03", "2022"), findings=Findings())
    assert days(found) == ["2021-03-15", "2022-07-01"]
    first, last = date_bounds(found, precision)
    assert days(first) == ["2021-03-01", "2022-01-01"]
    assert days(last) == ["2021-03-31", "2022-12-31"]


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31)), st.sampled_from(["%Y-%m-%d", "%Y-%m", "%Y"]))
def test_date_text__writes_what_was_read(day: date, form: str) -> None:
    text = day.strftime(form)
    found, precision = parse_dates(cells(text), findings=Findings())
    assert date_text(found, precision).tolist() == [text]
    first, last = date_bounds(found, precision)
    assert first.iloc[0].date() <= day <= last.iloc[0].date()
    assert first.iloc[0] <= found.iloc[0] <= last.iloc[0]
    before = first.iloc[0].date() - timedelta(days=1)
    assert before.strftime(form) != text


def test_date_text__writes_offsets_back() -> None:
    column = cells("0", "-17", "1500", None)
    found, precision = parse_day_offsets(column, findings=Findings())
    assert [None if pd.isna(value) else value for value in date_text(found, precision, offset=True)] == [
        "0", "-17", "1500", None,
    ]  # fmt: skip
