"""A study whose names and texts mean harm: everything is shown as text, nothing is run, nothing leaves its place."""

from __future__ import annotations

import json
import re

import pytest

from netgen.report.write import list_files
from tests.report.page_reader import PageReader
from tests.report.report_studies import FILE, FOLDERS, FORMULA, HARM, IMAGE, QUOTES, SCRIPT

pytestmark = pytest.mark.repeats


def test_hostile__is_shown_as_text_and_nothing_is_injected(hostile_report):
    html = (hostile_report / "report.html").read_text(encoding="utf-8")
    page = PageReader(html)
    elements = {name for name, _ in page.elements}
    assert elements.isdisjoint({"img", "iframe", "object", "embed", "base", "form", "foreignobject"})
    assert [given for name, given in page.elements if any(key.startswith("on") for key in given)] == []
    scripts = [given for name, given in page.elements if name == "script"]
    assert [given for given in scripts if given.get("type") != "application/json"] == [{}]
    assert f"{IMAGE}{QUOTES}" in page.text
    assert f"{SCRIPT}{FORMULA}" in page.text
    features = {line[0] for table in page.tables if table.id.startswith("associations-os") for line in table.rows}
    assert {harm.upper() for harm in HARM} <= features  # genes, in upper case
    assert FORMULA in features  # a pathway
    assert FILE in page.text
    for block in re.findall(r'<script type="application/json".*?>(.*?)</script>', html, re.DOTALL):
        json.loads(block)
        assert "<" not in block


def test_hostile__formulas_are_neutralised_in_every_table(hostile_report):
    found = 0
    for path in hostile_report.rglob("*.tsv"):
        for cell in re.split(r"[\t\n]", path.read_text(encoding="utf-8")):
            assert cell in {"-", ""} or cell[0] not in "=+-@\r" or _is_number(cell), (path, cell)
            found += cell.startswith(("'=cmd", "'=CMD"))
    assert found > 20


def test_hostile__formulas_are_neutralised_in_the_workbook(hostile_report):
    from openpyxl import load_workbook

    found = 0
    for sheet in load_workbook(hostile_report / "tables.xlsx"):
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            assert cell.data_type != "f", cell
            assert cell.hyperlink is None
            if isinstance(cell.value, str):
                assert cell.value[:1] not in {"=", "@", "+"} or _is_number(cell.value), cell.value
                found += cell.value.lower().startswith("'=cmd")
    assert found > 20


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_hostile__methods_hold_no_markup(hostile_report):
    text = (hostile_report / "methods.md").read_text(encoding="utf-8")
    assert re.findall(r"(?<!\\)<[a-zA-Z/]", text) == []
    assert "alert(1)" in text


def test_hostile__names_stay_within_the_folder(hostile_report):
    names = list_files(hostile_report)
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9_./-]+", name)] == []
    assert {name.partition("/")[0] for name in names if "/" in name} == set(FOLDERS)
