"""Patients in the report: Table 1 and what belongs to it say what the result tables say."""

from __future__ import annotations

import dataclasses
import re

import pandas as pd
import pytest

import netgen as ng
from netgen.association.describe import describe_cohort
from netgen.association.describe_results import HEADER
from netgen.report.page.section_table1 import render
from netgen.report.summary import p_text, ratio
from netgen.report.table_one_html import render_table_one, words
from tests.report.page.section_reader import Shown, results

EVIL = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def cohort():
    return ng.read_cohort("demo")


@pytest.fixture(scope="module")
def described(cohort):
    return describe_cohort(cohort, tests=True, permutations=300)


@pytest.fixture(scope="module")
def selected(cohort):
    """Nine patients were never sequenced, five of them were in a registry with another Ki-67."""
    gone = sorted(cohort.patients["patient_id"])[:9]
    left = {"samples": cohort.samples.loc[~cohort.samples["patient_id"].isin(gone)]}
    for name in ("profiles", "variants", "copy_number", "fusions"):
        table = getattr(cohort, name)
        left[name] = table.loc[table["sample_id"].isin(left["samples"]["sample_id"])]
    return dataclasses.replace(cohort, **left)


def page_of(cohort, described):
    return Shown(render(results(cohort, described)))


def test_render_table1__cells_are_those_of_the_table_in_its_order(cohort, described):
    rows = page_of(cohort, described).tables["table1-main"]
    groups = list(dict.fromkeys(described.table1["group"]))
    sizes = described.table1.loc[described.table1["variable"] == HEADER, "text"]
    names = ["All" if group == "all" else group for group in groups]
    assert rows[0] == [
        "Characteristic", *(f"{name} n = {n}" for name, n in zip(names, sizes, strict=True)), "Difference", "p",
    ]  # fmt: skip
    body = described.table1.loc[described.table1["variable"] != HEADER]
    expected = []
    for _, own in body.groupby("variable", sort=False):
        unit = f", {own['unit'].iloc[0]}" if own["unit"].iloc[0] else ""
        expected.append([own["label"].iloc[0] + unit, *[""] * len(groups)])
        expected += [[words(level), *part["text"]] for level, part in own.groupby("level", sort=False)]
    assert [row[: len(groups) + 1] for row in rows[1:]] == expected


def test_render_table1__is_the_table_of_the_separate_file(cohort, described):
    plain = re.sub(r"<br>", " ", render_table_one(described, title=""))
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", plain)
    shown = [cell for row in page_of(cohort, described).tables["table1-main"] for cell in row]
    assert shown == cells


def test_render_table1__missing_values_have_rows_of_their_own_that_are_marked(cohort, described):
    page = page_of(cohort, described)
    rows = [row for row in page.tables["table1-main"] if row[0] == "missing"]
    table = described.table1.loc[described.table1["level"] == "missing"]
    assert [row[1:5] for row in rows] == [list(own["text"]) for _, own in table.groupby("variable", sort=False)]
    assert sum(given.get("class") == "missing" for tag, given in page.elements if tag == "tr") == len(rows) > 0


def test_render_table1__differences_and_tests_stand_with_their_variable(cohort, described):
    rows = {row[0]: row[-2:] for row in page_of(cohort, described).tables["table1-main"]}
    for name, label in (("age_at_diagnosis", "Age at diagnosis, years"), ("sex", "Sex")):
        own = described.table1.loc[described.table1["variable"] == name].iloc[0]
        assert rows[label] == [f"{own['smd']:.2f}", p_text(own["p"])]
    assert rows["Carcinoid type"][0] == "not finite"
    assert rows["bone"][0] != "" == rows["Metastatic sites"][0]  # several per patient: compared level by level


def test_render_table1__without_tests_there_is_no_p(cohort):
    head = page_of(cohort, describe_cohort(cohort)).tables["table1-main"][0]
    assert "p" not in head
    assert "Difference" in head


def test_render_table1__missingness_counts_are_those_of_the_table(cohort, described):
    page = page_of(cohort, described)
    rows = page.rows("table1-missingness")
    whole = described.missingness.set_index(["label", "group"])
    assert rows  # the demo lacks PET results
    for label, cells in rows.items():
        for group, cell in cells.items():
            if group != "Variable":
                own = whole.loc[(label, group if group != "All" else "all")]
                assert cell == f"{own['n_missing']}/{own['n_group']}"
    lacking = described.missingness.loc[described.missingness["n_missing"] > 0, "label"]
    assert set(rows) == set(lacking)


def test_render_table1__without_missing_values_says_so(cohort, described):
    full = dataclasses.replace(described, missingness=described.missingness.assign(n_missing=0))
    assert "No variable has missing values." in page_of(cohort, full).paragraphs


def test_render_table1__everybody_sequenced_is_not_compared(cohort, described):
    assert "Not compared: everybody was sequenced." in page_of(cohort, described).paragraphs


def test_render_table1__sequenced_and_other_patients_as_in_the_table(selected):
    found = describe_cohort(selected, permutations=300)
    page = page_of(selected, found)
    rows = page.tables["table1-selection"][1:]
    table = found.selection
    assert len(table) == len(rows)
    for row, own in zip(rows, table.to_dict("records"), strict=True):
        assert row[:4] == [own["label"], words(own["level"]), own["sequenced"], own["not_sequenced"]]
        assert row[5] == ("\N{EN DASH}" if pd.isna(own["p"]) else p_text(own["p"]))
        if pd.notna(own["smd"]):
            assert row[4] == ratio(own["smd"])
    os = table.loc[table["kind"] == "survival"].iloc[0]
    said = next(text for text in page.paragraphs if text.startswith("Overall survival, sequenced"))
    assert f"hazard ratio {ratio(os['hr'])} ({ratio(os['hr_lo'])} to {ratio(os['hr_hi'])})" in said
    assert f"p = {p_text(os['p'])}" in said
    assert said.endswith(os["note"])
    assert found.plan["selection_rule"] in page.paragraphs


def test_render_table1__a_clear_difference_carries_its_warning(selected):
    found = describe_cohort(selected, permutations=300)
    clear = found.selection["clear"].mask(found.selection["variable"] == "ki67_pct", other=True)
    rows = page_of(selected, dataclasses.replace(found, selection=found.selection.assign(clear=clear))).tables
    marked = {row[0] for row in rows["table1-selection"][1:] if row[7].startswith("W_SELECTION sequenced patients")}
    assert "Ki-67" in marked
    assert "Sex" not in marked


def test_render_table1__burden_without_panel_size_is_only_counted(cohort, described):
    page = page_of(cohort, described)
    assert "No burden for 34 of 34 samples: the size of the panel is not known." in page.paragraphs
    assert "table1-tmb" not in page.tables


def test_render_table1__burden_has_limits_patient_and_warnings(cohort):
    sized = dataclasses.replace(cohort, panels=cohort.panels.assign(size_mb=[1.2, 0.5][: len(cohort.panels)]))
    found = describe_cohort(sized, permutations=100)
    page = page_of(sized, found)
    head, *rows = page.tables["table1-tmb"]
    assert head[0] == "Patient"
    owner = cohort.samples.set_index("sample_id")["patient_id"]
    table = found.tmb.set_index("sample_id")
    assert len(rows) == table["tmb"].notna().sum() > 0
    for row in rows:
        own = table.loc[row[1]]
        assert row[0] == owner[row[1]]
        assert row[4] == f"{ratio(own['tmb'])} ({ratio(own['tmb_lo'])} to {ratio(own['tmb_hi'])})"
        assert row[7].startswith("W_TMB_PANEL_SMALL") == ("W_TMB_PANEL_SMALL" in own["warnings"])
    assert any(row[7] for row in rows)
    assert set(page.patients) <= set(cohort.patients["patient_id"])


def test_render_table1__masked_tables_withhold_counts(cohort):
    found = describe_cohort(cohort, permutations=100, mask_below=5)
    page = page_of(cohort, found)
    cells = {cell for row in page.tables["table1-main"][1:] for cell in row[1:5]}
    assert "<5" in cells
    assert "withheld" in {cell for row in page.tables["table1-missingness"][1:] for cell in row[1:]}
    assert any("Counts from 1 to 4 are printed as <5" in text for text in page.paragraphs)
    assert page.patients == []


def test_render_table1__hostile_levels_stay_text(cohort, described):
    table = described.table1
    evil = table.assign(level=table["level"].mask(table["level"] == "female", EVIL), group=table["group"])
    section = render(results(cohort, dataclasses.replace(described, table1=evil)))
    assert "<img" not in section.body
    assert EVIL.replace("_", " ") in {row[0] for row in Shown(section).tables["table1-main"]}


def test_render_table1__research_use_is_said_once_by_the_page(cohort, described):
    assert "not a medical device" not in page_of(cohort, described).text
