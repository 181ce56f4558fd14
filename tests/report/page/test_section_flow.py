"""The flow of patients in the report: figure, reasons with their counts, and on demand who was left out."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

import netgen as ng
from netgen.association.describe import describe_cohort
from netgen.errors import Findings
from netgen.report.describe_files import flow_labels
from netgen.report.page.section_flow import render
from tests.report.page.section_reader import Shown, results
from tests.study_files import write_files

PATIENTS = """
    patient_id,origin,ki67_pct,days,dead
    A1,lung,30,100,1
    A2,lung,30,200,0
    A2,lung,30,200,0
    B1,lung,10,300,1
    B2,thymic,40,,1
    B3,thymic,50,500,1
"""
STUDY = """
    [study]
    [[source]]
    kind = "tables"
    patients = "patients.csv"
    alterations = { file = "genes.csv", layout = "matrix" }
    [endpoints.os]
    time = "days"
    event = "dead"
    unit = "days"
    [eligibility]
    ki67_above = 20
"""
GENES = "patient_id,TP53\nA1,1\nA2,0\nB3,\n"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flow")
    write_files(folder, {"patients.csv": PATIENTS, "study.toml": STUDY, "genes.csv": GENES})
    return ng.read_cohort(folder / "study.toml")


@pytest.fixture(scope="module")
def described(cohort):
    return describe_cohort(cohort, permutations=100)


def shown(cohort, described):
    return Shown(render(results(cohort, described)))


def test_render_flow__counts_who_was_left_out_by_step_and_reason(cohort, described):
    page = shown(cohort, described)
    rows = {(row[0], row[1]): row[2] for row in page.tables["flow-reasons"][1:]}
    assert rows == {  # by hand from the tables above
        ("de-duplicated", "duplicate identical"): "1",
        ("eligible", "ki67 not above"): "1",
        ("OS: with follow-up", "time missing"): "1",
        ("OS: profiled for a feature", "not profiled"): "1",
    }
    assert page.paragraphs[0] == "Rows of patients that were read: 6. Eligible patients: 4."


def test_render_flow__numbers_are_those_of_the_table(cohort, described):
    page = shown(cohort, described)
    labelled = flow_labels(described.boxes)
    reasons = labelled.loc[labelled["reason"] != ""]
    assert [row[:3] for row in page.tables["flow-reasons"][1:]] == reasons[
        ["step", "reason", "text"]
    ].to_numpy().tolist()
    svg = render(results(cohort, described)).body
    for row in labelled.loc[labelled["reason"] == ""].itertuples():
        assert f"n = {row.text}" in svg
        assert f"{row.step}: {row.text}" in page.text  # said to those who do not see it


def test_render_flow__a_reason_carries_the_warning_that_was_given(cohort, described):
    page = shown(cohort, described)
    warnings = {row[1]: row[3] for row in page.tables["flow-reasons"][1:]}
    assert warnings["duplicate identical"].startswith("W_DUP_IDENTICAL identical rows, one kept")
    assert warnings["ki67 not above"] == ""
    quiet = dataclasses.replace(described, findings=Findings())
    assert {row[3] for row in shown(cohort, quiet).tables["flow-reasons"][1:]} == {""}


def test_render_flow__lists_patients_in_a_fold(cohort, described):
    page = shown(cohort, described)
    assert [row[0] for row in page.tables["flow-patients"][1:]] == described.exclusions["patient_id"].tolist()
    assert set(page.patients) == {"B1", "B2", "B3"}
    assert "The patients who were left out (3)" in page.text
    order = [
        tag for tag, given in page.elements if tag in {"details", "svg"} or given.get("id", "").startswith("flow-")
    ]
    assert order.index("svg") < order.index("details")
    body = render(results(cohort, described)).body
    assert (
        body.index('id="flow-reasons"')
        < body.index("The patients who were left out")
        < body.index('id="flow-patients"')
    )


def test_render_flow__without_exclusions_says_so():
    cohort = ng.read_cohort("demo")
    page = Shown(render(results(cohort, describe_cohort(cohort, permutations=100))))
    assert "Nobody was left out at any step." in page.paragraphs
    assert page.tables == {}


def test_render_flow__names_nobody_where_small_counts_are_withheld(cohort):
    page = shown(cohort, describe_cohort(cohort, permutations=100, mask_below=5))
    assert page.patients == []
    assert "flow-patients" not in page.tables
    assert {row[2] for row in page.tables["flow-reasons"][1:]} == {"<5"}
    assert "Small counts are withheld; nobody is listed." in page.paragraphs


def test_render_flow__undecided_entry_stands_below(cohort, described):
    findings = Findings()
    findings.add("W_ENTRY_UNDECIDED", "flow of os: it must be decided.", fix="State entry_rule.")
    page = shown(cohort, dataclasses.replace(described, findings=findings))
    assert "W_ENTRY_UNDECIDED flow of os: it must be decided. State entry_rule." in page.text


def test_render_flow__hostile_text_stays_text(cohort, described):
    evil = "</td><script>alert(1)</script>"
    boxes = described.boxes.assign(
        reason=described.boxes["reason"].mask(described.boxes["reason"] == "ki67_not_above", evil)
    )
    exclusions = pd.DataFrame({"patient_id": [evil], "step": [f"os: {evil}"], "reason": [evil]}, dtype="string")
    section = render(results(cohort, dataclasses.replace(described, boxes=boxes, exclusions=exclusions)))
    page = Shown(section)
    assert "<script>alert" not in section.body
    assert page.patients == [evil]
    assert page.tables["flow-patients"][1][0] == evil
    assert evil in {row[1] for row in page.tables["flow-reasons"]}
