"""The workbook: values keep their kind, nothing runs, the same tables are the same bytes."""

from __future__ import annotations

import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from netgen.report.xlsx import name_sheets, neutralise, write_workbook
from netgen.research_use import RESEARCH_USE

BEGINNINGS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    '=HYPERLINK("http://example.org","x")',
    "\uff1d1+1",
    "-inf",
]


def write(tmp_path, tables, columns=None, name="tables.xlsx"):
    path = tmp_path / name
    write_workbook(tables, path, columns=columns or {})
    return path


def table():
    return pd.DataFrame(
        {
            "feature": pd.array(["MEN1", "ATRX", pd.NA], dtype="string"),
            "n": pd.array([7, pd.NA, 0], dtype="Int64"),
            "hr": [0.5, np.nan, np.inf],
            "tested": pd.array([True, False, pd.NA], dtype="boolean"),
            "day": pd.to_datetime(["2024-02-29", None, "1890-01-01"]),
        }
    )


def rows_of(path, sheet):
    return [list(row) for row in load_workbook(path)[sheet].iter_rows(values_only=True)]


def test_workbook__keeps_numbers_truth_dates_and_blanks(tmp_path):
    head, first, second, third = rows_of(write(tmp_path, {"associations": table()}), "associations")
    assert head == ["feature", "n", "hr", "tested", "day"]
    assert first[:4] == ["MEN1", 7, 0.5, True]
    assert [type(value) for value in first[1:4]] == [int, float, bool]
    assert (first[4].year, first[4].month, first[4].day) == (2024, 2, 29)
    assert second == ["ATRX", None, None, False, None]
    assert third == [None, 0, "inf", None, "1890-01-01"]


def test_workbook__writes_integers_beyond_double_precision_as_text(tmp_path):
    frame = pd.DataFrame({"seed": pd.array([2**53, 14008333218449105019 % 2**63], dtype="Int64")})
    got = rows_of(write(tmp_path, {"t": frame}), "t")
    assert got[1:] == [[2**53], [str(14008333218449105019 % 2**63)]]


@pytest.mark.parametrize("text", HOSTILE)
def test_workbook__no_text_runs_as_a_formula(tmp_path, text):
    frame = pd.DataFrame({text: pd.array([text, "safe"], dtype="string")})
    book = load_workbook(write(tmp_path, {"t": frame}, {"t": {text: text}}))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if cell.value.lstrip()[:1] in BEGINNINGS]
    assert book["t"]["A2"].value.startswith("'")
    assert book["t"]["A2"].value[1:].strip() == text.strip()


@pytest.mark.parametrize("text", ["-", "-5", "+0.3", "-1e-5", "MEN1", "p.R460*", "2-3", "a=b", "'quoted", ""])
def test_neutralise__leaves_data_alone(text):
    assert neutralise(text) == text


@given(st.text(max_size=20))
def test_neutralise__twice_is_once_and_never_begins_like_a_formula(text):
    once = neutralise(text)
    assert neutralise(once) == once
    number = re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", once, re.IGNORECASE)
    assert once == "-" or number or once.lstrip()[:1] not in BEGINNINGS


def test_workbook__text_like_an_error_code_stays_text(tmp_path):
    frame = pd.DataFrame({"x": pd.array(["#REF!", "#N/A"], dtype="string")})
    sheet = load_workbook(write(tmp_path, {"t": frame}))["t"]
    assert [(sheet[f"A{row}"].value, sheet[f"A{row}"].data_type) for row in (2, 3)] == [("#REF!", "s"), ("#N/A", "s")]


def test_workbook__control_characters_become_visible(tmp_path):
    frame = pd.DataFrame({"x": pd.array(["a\x00b\x1fc"], dtype="string")})
    assert rows_of(write(tmp_path, {"t": frame}), "t")[1] == ["a\ufffdb\ufffdc"]


def test_workbook__a_text_too_long_for_a_cell_is_cut_and_says_so():
    got = neutralise("x" * 40_000)
    assert len(got) == 32_767
    assert got.endswith("(cut: see the TSV)")


def test_workbook__header_is_frozen_and_filtered(tmp_path):
    sheet = load_workbook(write(tmp_path, {"associations": table()}))["associations"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:E4"
    assert sheet["A1"].font.b


def test_workbook__last_sheet_explains_every_column_and_says_what_it_is_not_for(tmp_path):
    tables = {"a": table()[["feature", "n"]], "b": table()[["hr"]]}
    path = write(tmp_path, tables, {"a": {"feature": "gene or pathway", "n": "patients"}})
    assert load_workbook(path).sheetnames == ["a", "b", "columns"]
    assert rows_of(path, "columns") == [
        ["sheet", "column", "meaning"],
        ["a", "feature", "gene or pathway"],
        ["a", "n", "patients"],
        ["b", "hr", None],
        [None, None, RESEARCH_USE],
    ]


def test_workbook__same_tables_are_the_same_bytes_and_other_tables_are_not(tmp_path):
    one = write(tmp_path, {"t": table()}, name="one.xlsx").read_bytes()
    assert one == write(tmp_path, {"t": table()}, name="two.xlsx").read_bytes()
    assert one != write(tmp_path, {"t": table().assign(n=1)}, name="three.xlsx").read_bytes()


def test_workbook__holds_no_date_of_writing_no_macro_no_link(tmp_path):
    with zipfile.ZipFile(write(tmp_path, {"t": table()})) as archive:
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
        assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"1980-01-01T00:00:00Z"}
        names = archive.namelist()
        sheets = b"".join(archive.read(name) for name in names if "worksheets/" in name)
    assert not [name for name in names if "vba" in name.lower() or "externalLink" in name]
    assert b"<f>" not in sheets
    assert b"<f " not in sheets
    assert b"hyperlink" not in sheets.lower()


def test_workbook__an_empty_table_keeps_its_header(tmp_path):
    path = write(tmp_path, {"t": table().iloc[:0]})
    assert rows_of(path, "t") == [["feature", "n", "hr", "tested", "day"]]
    assert load_workbook(path)["t"].auto_filter.ref == "A1:E1"


def test_workbook__two_columns_of_one_name_are_both_there(tmp_path):
    frame = pd.DataFrame([[1, 2]], columns=["n", "n"])
    assert rows_of(write(tmp_path, {"t": frame}), "t") == [["n", "n"], [1, 2]]


def test_name_sheets__are_short_allowed_and_different():
    long = "a" * 40
    assert name_sheets(["a/b:c", "A_B_C", long, long + "b", "'x'", "", "columns", "columns"]) == [
        "a_b_c",
        "A_B_C_2",
        "a" * 31,
        "a" * 29 + "_2",
        "x",
        "table",
        "columns",
        "columns_2",
    ]
