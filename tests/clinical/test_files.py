"""Tables of text from files: encodings, line ends, separators, headers, broken rows, workbooks."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.clinical.files import RawTable, as_raw_table, keep_rows, read_text_table
from netgen.clinical.grid import clean_text
from netgen.errors import Findings, InputError
from tests.clinical.make_cells import values


def read(path: Path, content: bytes | str, **options: object) -> tuple[RawTable, Findings]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    findings = Findings()
    return read_text_table(path, findings=findings, **options), findings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "table.txt"


# ------------------------------------------------------------------ text layer


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
def test_read_text_table__recognises_the_separator(file: Path, separator: str) -> None:
    text = "patient_id|sex\nP1|female\n007|\n".replace("|", separator)
    raw, findings = read(file, text)
    assert list(raw.frame.columns) == ["patient_id", "sex"]
    assert values(raw.frame["patient_id"]) == ["P1", "007"]
    assert values(raw.frame["sex"]) == ["female", None]
    assert raw.rows.tolist() == [2, 3]
    assert raw.file == "table.txt"
    assert not len(findings)


def test_read_text_table__all_columns_are_text(file: Path) -> None:
    raw, _ = read(file, "a,b\n1,2.50\n")
    assert all(dtype == "string" for dtype in raw.frame.dtypes)
    assert raw.rows.dtype == "Int64"
    assert values(raw.frame["b"]) == ["2.50"]


def test_read_text_table__commas_in_names_do_not_hide_the_tab(file: Path) -> None:
    raw, _ = read(file, "id\tmutations in TP53, ATRX, CIC\nP1\tyes\n")
    assert list(raw.frame.columns) == ["id", "mutations in TP53, ATRX, CIC"]


def test_read_text_table__logs_semicolons_with_decimal_commas(file: Path) -> None:
    raw, findings = read(file, "id;ki67\nP1;25,5\nP2;30\n")
    assert raw.decimal_comma
    assert values(raw.frame["ki67"]) == ["25,5", "30"]
    assert [item.code for item in findings] == ["I_LOCALE"]


def test_read_text_table__semicolons_alone_are_no_locale(file: Path) -> None:
    raw, findings = read(file, "id;note\nP1;a, b\n")
    assert not raw.decimal_comma
    assert not len(findings)


def test_read_text_table__a_given_separator_wins(file: Path) -> None:
    raw, _ = read(file, "a|b\n1|2\n", separator="|")
    assert values(raw.frame["b"]) == ["2"]


def test_read_text_table__reads_one_column(file: Path) -> None:
    raw, _ = read(file, "patient_id\nP1\nP2\n")
    assert values(raw.frame["patient_id"]) == ["P1", "P2"]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("id,name\nP1,José\n".encode(), None),
        ("id,name\nP1,José\n".encode("utf-8-sig"), None),
        ("id,name\nP1,José\n".encode("latin-1"), "Windows-1252"),
        ("id\tname\nP1\tJosé\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_read_text_table__reads_encodings(file: Path, data: bytes, encoding: str | None) -> None:
    raw, findings = read(file, data)
    assert list(raw.frame.columns) == ["id", "name"]
    assert values(raw.frame["name"]) == ["José"]
    assert [item.code for item in findings] == ([] if encoding is None else ["I_ENCODING"])
    assert all(encoding in item.message for item in findings)


def test_read_text_table__windows_dash_is_a_dash(file: Path) -> None:
    raw, _ = read(file, b"id,ki67\nP1,20\x9625\n")
    assert values(raw.frame["ki67"]) == ["20\u201325"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_read_text_table__reads_line_ends(file: Path, end: str) -> None:
    raw, _ = read(file, f"id,sex{end}P1,f{end}P2,m{end}")
    assert values(raw.frame["id"]) == ["P1", "P2"]
    assert values(raw.frame["sex"]) == ["f", "m"]
    assert raw.rows.tolist() == [2, 3]


def test_read_text_table__removes_carriage_returns_inside_lines(file: Path) -> None:
    raw, findings = read(file, "id\tsex\r\textra\nP1\tf\r\t1\nP2\tm\r\t2\n")
    assert values(raw.frame["extra"]) == ["1", "2"]
    assert values(raw.frame["sex"]) == ["f", "m"]
    assert [(item.code, item.message) for item in findings] == [
        ("I_STRIP", "3 carriage returns inside lines were removed.")
    ]


def test_read_text_table__strips_blanks_and_no_break_spaces(file: Path) -> None:
    raw, findings = read(file, "id \tgroup\nP1\tA\u00a0\nP2\t A\nP3\tA\u00a0b\nP4\t \n")
    assert list(raw.frame.columns) == ["id", "group"]
    assert values(raw.frame["group"]) == ["A", "A", "A b", None]
    item = next(iter(findings))
    assert (item.code, item.column, item.row) == ("I_STRIP", "group", 2)
    assert item.message == "Blanks around 3 values were removed."


def test_read_text_table__other_null_tokens_stay_text(file: Path) -> None:
    raw, _ = read(file, "id,a\nP1,NA\nP2,.\nP3,[Not Available]\n")
    assert values(raw.frame["a"]) == ["NA", ".", "[Not Available]"]


# ------------------------------------------------------------------ comments and header


@pytest.mark.parametrize("n_comments", [0, 1, 3, 4, 5])
def test_read_text_table__any_number_of_comment_rows(file: Path, n_comments: int) -> None:
    raw, _ = read(file, "#A\tB\n" * n_comments + "PATIENT_ID\tSEX\nP1\tMale\n")
    assert list(raw.frame.columns) == ["PATIENT_ID", "SEX"]
    assert raw.header_line == n_comments + 1
    assert raw.rows.tolist() == [n_comments + 2]
    assert len(raw.comments) == n_comments


def test_read_text_table__a_stray_quote_in_a_comment_hides_nothing(file: Path) -> None:
    raw, _ = read(file, '#Name\t"open quote\n#STRING\tSTRING\nPATIENT_ID\tSEX\nP1\tMale\n')
    assert values(raw.frame["PATIENT_ID"]) == ["P1"]


def test_read_text_table__blank_line_before_the_header(file: Path) -> None:
    raw, _ = read(file, "#A\tB\n\nPATIENT_ID\tSEX\nP1\tMale\n")
    assert raw.header_line == 3
    assert raw.rows.tolist() == [4]


def test_read_text_table__help_row_under_the_header(file: Path) -> None:
    raw, _ = read(file, "patient_id,sex\n#pseudonym,list\nP1,f\n")
    assert values(raw.frame["patient_id"]) == ["P1"]
    assert raw.rows.tolist() == [3]


def test_read_text_table__a_hash_in_the_data_is_data(file: Path) -> None:
    raw, _ = read(file, "id,sex\nP1,f\n#2,m\n#N/A,f\n")
    assert values(raw.frame["id"]) == ["P1", "#2", "#N/A"]


def test_read_text_table__an_excel_error_under_the_header_is_no_help_row(file: Path) -> None:
    raw, _ = read(file, "stage,id\n#N/A,P1\n")
    assert values(raw.frame["id"]) == ["P1"]


def test_read_text_table__header_row_passes_over_a_title(file: Path) -> None:
    raw, _ = read(file, "Cohort of 2023\n\nid,sex\nP1,f\n", header_row=3)
    assert values(raw.frame["sex"]) == ["f"]
    assert raw.rows.tolist() == [4]


def test_read_text_table__refuses_a_title_as_header(file: Path) -> None:
    with pytest.raises(InputError, match=r"looks like a title.*header_row = 3"):
        read(file, "Cohort of 2023\n\nid,sex\nP1,f\nP2,m\n")


def test_read_text_table__header_row_beyond_the_file(file: Path) -> None:
    with pytest.raises(InputError, match="header in row 9"):
        read(file, "id,sex\nP1,f\n", header_row=9)


def test_read_text_table__trailing_empty_columns_and_rows_vanish(file: Path) -> None:
    raw, findings = read(file, "id\tsex\t\t\nP1\tf\t\t\n\t\t\t\n\n")
    assert list(raw.frame.columns) == ["id", "sex"]
    assert len(raw.frame) == 1
    assert not len(findings)


def test_read_text_table__blank_rows_between_rows_are_counted(file: Path) -> None:
    raw, findings = read(file, "id,sex\nP1,f\n,\n\nP2,m\n")
    assert raw.rows.tolist() == [2, 5]
    assert [(item.code, item.message) for item in findings] == [("I_ROWS_IGNORED", "2 blank rows were passed over.")]


def test_read_text_table__a_column_without_name_is_kept_if_filled(file: Path) -> None:
    raw, _ = read(file, ",id\n1,P1\n2,P2\n")
    assert list(raw.frame.columns) == ["unnamed_1", "id"]


def test_read_text_table__repeated_names_get_a_number_and_are_remembered(file: Path) -> None:
    raw, _ = read(file, "id,IMPACT,IMPACT,IMPACT_2\nP1,a,b,c\n")
    assert list(raw.frame.columns) == ["id", "IMPACT", "IMPACT_2_", "IMPACT_2"]
    assert raw.repeated == frozenset({"IMPACT"})


def test_read_text_table__empty_table_keeps_its_columns(file: Path) -> None:
    raw, _ = read(file, "#A\tB\nPATIENT_ID\tSEX")
    assert list(raw.frame.columns) == ["PATIENT_ID", "SEX"]
    assert len(raw.frame) == 0
    assert all(dtype == "string" for dtype in raw.frame.dtypes)


# ------------------------------------------------------------------ rows that cannot be trusted


def test_read_text_table__a_cut_last_row_is_named_and_left_out(file: Path) -> None:
    raw, findings = read(file, "id,a,b,c\nP1,1,2,3\nP2,1,2")
    assert values(raw.frame["id"]) == ["P1"]
    [item] = findings
    assert (item.code, item.row, item.file) == ("E_ROW_TRUNCATED", 3, "table.txt")
    assert "Need 4 fields" in item.message
    assert "found 3" in item.message
    assert "ends in the middle" in item.message


def test_read_text_table__a_short_row_in_the_middle_is_not_called_cut(file: Path) -> None:
    raw, findings = read(file, "id,a\nP1\nP2,2\n")
    assert values(raw.frame["id"]) == ["P2"]
    [item] = findings
    assert (item.code, item.row) == ("E_ROW_TRUNCATED", 2)
    assert "middle" not in item.message


def test_read_text_table__too_many_fields_are_named_but_empty_ones_forgiven(file: Path) -> None:
    raw, findings = read(file, "id\ta\nP1\t1\t\nP2\t2\tx\n")
    assert values(raw.frame["id"]) == ["P1"]
    [item] = findings
    assert (item.code, item.row) == ("E_ROW_TRUNCATED", 3)
    assert "Need 2 fields as in the header, found 3" in item.message


def test_read_text_table__a_header_without_row_name_column_is_refused(file: Path) -> None:
    with pytest.raises(InputError, match="header has 2 fields and every row 3"):
        read(file, "a\tb\n1\tx\ty\n2\tx\ty\n")


def test_read_text_table__quoted_fields_hold_separators_quotes_and_line_breaks(file: Path) -> None:
    raw, _ = read(file, 'id,note\nP1,"a, ""b"""\nP2,"two\nlines"\nP3,c\n')
    assert values(raw.frame["note"]) == ['a, "b"', "two\nlines", "c"]
    assert raw.rows.tolist() == [2, 3, 5]


def test_read_text_table__stray_quotes_in_tab_files_are_text(file: Path) -> None:
    raw, findings = read(file, 'id\tsize\nP1\t"5 cm\nP2\t6 cm\n')
    assert values(raw.frame["size"]) == ['"5 cm', "6 cm"]
    assert not len(findings)


def test_read_text_table__stray_quotes_do_not_swallow_the_rows_between_them(file: Path) -> None:
    raw, findings = read(file, 'id\tsize\nP1\t"\nP2\t"5 cm"\nP3\t"\n')
    assert values(raw.frame["id"]) == ["P1", "P2", "P3"]
    assert values(raw.frame["size"]) == ['"', "5 cm", '"']
    assert raw.rows.tolist() == [2, 3, 4]
    assert not len(findings)


def test_read_text_table__quoted_header_with_a_line_break(file: Path) -> None:
    raw, _ = read(file, 'id,"age\n(years)"\nP1,50\n')
    assert list(raw.frame.columns) == ["id", "age\n(years)"]
    assert raw.rows.tolist() == [4 - 1]


@pytest.mark.parametrize("ragged", [False, True])
def test_read_text_table__fast_and_tolerant_paths_agree_with_splitting_by_hand(file: Path, ragged: bool) -> None:
    rng = np.random.default_rng(5)
    rows = [[f"P{i}", *(rng.choice(["", "a", "NA", "7.0", " x"], size=4).tolist())] for i in range(400)]
    lines = ["\t".join(row) for row in rows]
    if ragged:
        lines.insert(200, "bad")
    raw, findings = read(file, "\n".join(["id\ta\tb\tc\td", *lines]) + "\n")
    expected = [[cell.strip() or None for cell in row] for row in rows]
    assert [values(raw.frame.loc[i]) for i in range(400)] == expected
    assert ("E_ROW_TRUNCATED" in findings.codes()) == ragged
    numbers = list(range(2, 402)) if not ragged else [*range(2, 202), *range(203, 403)]
    assert raw.rows.tolist() == numbers


# ------------------------------------------------------------------ what is no table


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"\xef\xbb\xbf \n", "an empty file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "Git-LFS pointer.*git lfs pull"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old .xls file or a workbook with a password"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary data"),
        (b"# only\n# comments\n", "Need a header row, found none"),
        (b"\x1f\x8b\x08broken", "intact gzip file"),
    ],
)
def test_read_text_table__refuses_what_is_no_table(file: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(file, content)


def test_read_text_table__refuses_lock_files_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lock file of an open spreadsheet"):
        read(tmp_path / "~$cohort.xlsx", b"\x05Maria" + b" " * 50)


def test_read_text_table__missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E_FILE_MISSING"):
        read_text_table(tmp_path / "no.csv", findings=Findings())
    with pytest.raises(InputError, match="found a folder"):
        read_text_table(tmp_path, findings=Findings())


def test_read_text_table__reads_gzip(file: Path) -> None:
    raw, _ = read(file, gzip.compress(b"id,a\nP1,1\n"))
    assert values(raw.frame["id"]) == ["P1"]


def test_read_text_table__a_sheet_of_a_text_file_is_refused(file: Path) -> None:
    with pytest.raises(InputError, match="Need a workbook"):
        read(file, "id\nP1\n", sheet="Table S1")


def test_keep_rows__keeps_lines(file: Path) -> None:
    raw, _ = read(file, "id,a\nP1,1\nP2,2\nP3,3\n")
    kept = keep_rows(raw, np.array([True, False, True]))
    assert kept.rows.tolist() == [2, 4]
    assert kept.frame.index.tolist() == [0, 1]


def test_as_raw_table__first_row_is_on_line_2() -> None:
    raw = as_raw_table(pd.DataFrame({"a": ["x", None]}), file="t")
    assert raw.rows.tolist() == [2, 3]
    assert values(raw.frame["a"]) == ["x", None]


# ------------------------------------------------------------------ workbooks


def save(path: Path, rows: list[list[object]], *, title: str = "Sheet", **more: list[list[object]]) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for name, content in more.items():
        other = workbook.create_sheet(name)
        for row in content:
            other.append(row)
    workbook.save(path)
    return path


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


def test_read_sheet__typed_cells_become_text_that_means_the_same(book: Path) -> None:
    save(
        book,
        [
            ["id", "date", "moment", "whole", "half", "third", "truth", "text", "gap"],
            [
                "007",
                date(2021, 3, 5),
                pd.Timestamp("2021-03-05 13:30").to_pydatetime(),
                12.0,
                0.5,
                1 / 3,
                True,
                " 20-25 ",
                None,
            ],
        ],
    )
    raw = read_text_table(book, findings=Findings())
    assert values(raw.frame.iloc[0]) == [
        "007", "2021-03-05", "2021-03-05 13:30:00", "12", "0.5", "0.3333333333333333", "TRUE", "20-25", None,
    ][: raw.frame.shape[1]]  # fmt: skip
    assert list(raw.frame.columns) == ["id", "date", "moment", "whole", "half", "third", "truth", "text", "gap"]


def test_read_sheet__percent_format_keeps_its_sign(book: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["id", "ki67", "plain"])
    sheet.append(["P1", 0.255, 0.255])
    sheet["B2"].number_format = "0.0%"
    workbook.save(book)
    raw = read_text_table(book, findings=Findings())
    assert values(raw.frame.iloc[0]) == ["P1", "25.5%", "0.255"]


def test_read_sheet__1904_workbooks_are_converted(book: Path) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    workbook = openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    workbook.active.append(["id", "date"])
    workbook.active.append(["P1", pd.Timestamp("2020-02-29").to_pydatetime()])
    workbook.save(book)
    raw = read_text_table(book, findings=Findings())
    assert values(raw.frame["date"]) == ["2020-02-29"]


def test_read_sheet__by_name_number_and_default(book: Path) -> None:
    save(book, [["id"], ["P1"]], title="Patients", Samples=[["id"], ["S1"]])
    findings = Findings()
    assert values(read_text_table(book, findings=findings).frame["id"]) == ["P1"]
    assert [item.code for item in findings] == ["I_SHEET"]
    for sheet in ("Samples", "samples ", 2):
        assert values(read_text_table(book, findings=Findings(), sheet=sheet).frame["id"]) == ["S1"]


def test_read_sheet__unknown_sheets_are_refused_with_the_nearest(book: Path) -> None:
    save(book, [["id"], ["P1"]], title="Patients")
    with pytest.raises(InputError, match=r"no sheet 'Patinets'.*Did you mean 'Patients'"):
        read_text_table(book, findings=Findings(), sheet="Patinets")
    with pytest.raises(InputError, match="number from 1 to 1, got 0"):
        read_text_table(book, findings=Findings(), sheet=0)


def test_read_sheet__two_level_header(book: Path) -> None:
    save(
        book,
        [
            ["Supplementary table"],
            [],
            ["Identity", None, "Clinical details", None],
            ["sample id", "source", "stage", "months"],
            ["L1", "here", "IA", 12],
            [None, None, None, None],
        ],
    )
    raw = read_text_table(book, findings=Findings(), header_row=3)
    assert list(raw.frame.columns) == ["sample id", "source", "stage", "months"]
    assert values(raw.frame.iloc[0]) == ["L1", "here", "IA", "12"]
    assert raw.rows.tolist() == [5]
    with pytest.raises(InputError, match="looks like a title"):
        read_text_table(book, findings=Findings())


def test_read_sheet__two_levels_need_to_be_named(book: Path) -> None:
    save(book, [["Identity", None, "Clinical", None], ["id", "source", "stage", "grade"], ["L1", "a", "IA", "x"]])
    with pytest.raises(InputError, match=r"two levels.*header_row = 1"):
        read_text_table(book, findings=Findings())


def test_read_sheet__short_rows_are_complete(book: Path) -> None:
    save(book, [["id", "a", "b"], ["P1", "x"], ["P2", "y", "z"]])
    raw = read_text_table(book, findings=Findings())
    assert values(raw.frame["b"]) == [None, "z"]


def test_read_sheet__wrong_declared_dimension(book: Path, tmp_path: Path) -> None:
    save(book, [["id", "a"], ["P1", "x"], ["P2", "y"]])
    broken = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert b'<dimension ref="A1:B3"' in content
                content = content.replace(b'<dimension ref="A1:B3"', b'<dimension ref="A1"')
            target.writestr(name, content)
    assert values(read_text_table(broken, findings=Findings()).frame["a"]) == ["x", "y"]


def test_read_sheet__formulas_without_a_stored_value_are_reported(book: Path) -> None:
    save(book, [["id", "age"], ["P1", "=10+20"]])
    findings = Findings()
    read_text_table(book, findings=findings)
    [item] = findings
    assert (item.code, item.row, item.column) == ("E_VALUE", 2, "B2")
    assert "formula" in item.message


def test_read_sheet__refuses_other_archives_and_bombs(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    with pytest.raises(InputError, match="OpenDocument"):
        read_text_table(path, findings=Findings())
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (40 << 20))
    with pytest.raises(InputError, match="zip bomb"):
        read_text_table(path, findings=Findings())


def test_read_sheet__refuses_entity_declarations(tmp_path: Path, book: Path) -> None:
    save(book, [["id"], ["P1"]])
    path = tmp_path / "entities.xlsx"
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/workbook.xml":
                content = b'<!DOCTYPE lolz [<!ENTITY lol "lol">]>' + content
            target.writestr(name, content)
    with pytest.raises(InputError, match="document type declarations"):
        read_text_table(path, findings=Findings())


def test_read_sheet__damaged_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\x03\x04" + b"\0" * 200)
    with pytest.raises(InputError, match="intact workbook"):
        read_text_table(path, findings=Findings())
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
    with pytest.raises(InputError, match="intact workbook"):
        read_text_table(path, findings=Findings())


def test_read_sheet__workbook_without_text(book: Path) -> None:
    save(book, [])
    with pytest.raises(InputError, match="Need a sheet with text"):
        read_text_table(book, findings=Findings())


# ------------------------------------------------------------------ properties

_CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8)


@given(st.lists(st.lists(_CELL, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(["\t", ",", ";"]))
def test_read_text_table__reads_back_what_a_csv_writer_wrote(rows: list[list[str]], separator: str) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["id", "a", "b"], *([f"P{i}", *row[1:]] for i, row in enumerate(rows))])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(buffer.getvalue(), encoding="utf-8")
        findings = Findings()
        raw = read_text_table(path, findings=findings)
    expected = [[clean_text(cell) or None for cell in row[1:]] for row in rows]
    assert [values(raw.frame.loc[i, ["a", "b"]]) for i in range(len(rows))] == expected
    assert values(raw.frame["id"]) == [f"P{i}" for i in range(len(rows))]
    assert "E_ROW_TRUNCATED" not in findings.codes()
