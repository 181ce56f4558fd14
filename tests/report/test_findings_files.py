"""Findings for people and for programs say the same."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from netgen.errors import AnalysisError, Findings
from netgen.report.findings_files import render_findings, write_findings
from netgen.report.write import MARK, list_files


@pytest.fixture
def findings():
    found = Findings()
    found.add("I_STRIP", "blanks", file="a.csv")
    found.add("W_TAIL", "few at risk")
    found.add("E_RANGE", "too large.", file="a.csv", row=3, column="ki67_pct", value="250", fix="Mend it.", rule="V16")
    return found


def test_write_findings__as_table_and_as_json(findings, tmp_path):
    write_findings(findings, tmp_path / "out")
    assert [name for name in list_files(tmp_path / "out") if name != MARK] == ["findings.json", "findings.tsv"]
    table = pd.read_csv(tmp_path / "out" / "findings.tsv", sep="\t", dtype="string", keep_default_na=False)
    assert table["code"].tolist() == ["I_STRIP", "W_TAIL", "E_RANGE"]
    assert table["row"].tolist() == ["NA", "NA", "3"]
    records = json.loads((tmp_path / "out" / "findings.json").read_text())
    assert records[2] == {
        "severity": "E", "code": "E_RANGE", "file": "a.csv", "row": 3, "column": "ki67_pct", "value": "250",
        "rule": "V16", "patient_id": "", "message": "too large.", "fix": "Mend it.",
    }  # fmt: skip
    assert records[0]["row"] is None


def test_write_findings__of_a_clean_study(tmp_path):
    write_findings(Findings(), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "findings.json").read_text()) == []
    assert (tmp_path / "out" / "findings.tsv").read_text().count("\n") == 1


def test_write_findings__refuses_a_folder_in_use(findings, tmp_path):
    write_findings(findings, tmp_path / "out")
    with pytest.raises(AnalysisError, match="E_OUTPUT_EXISTS"):
        write_findings(findings, tmp_path / "out")
    write_findings(Findings(), tmp_path / "out", force=True)
    assert json.loads((tmp_path / "out" / "findings.json").read_text()) == []


def test_render_findings__errors_first_and_counted(findings):
    assert render_findings(findings).splitlines() == [
        "E_RANGE: a.csv:3 [ki67_pct]: too large. Mend it.",
        "W_TAIL: few at risk",
        "I_STRIP: a.csv: blanks",
        "1 errors, 1 warnings, 1 notes.",
    ]
    assert render_findings(findings, errors_only=True).splitlines() == [
        "E_RANGE: a.csv:3 [ki67_pct]: too large. Mend it.", "1 errors, 1 warnings, 1 notes.",
    ]  # fmt: skip
    assert render_findings(Findings()) == "0 errors, 0 warnings, 0 notes."
