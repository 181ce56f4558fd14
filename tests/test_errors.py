"""Findings are gathered once each, know their severity, and compose the sentence a user reads."""

from __future__ import annotations

import re

import pytest

from netgen.errors import CODES, AnalysisError, Finding, Findings, InputError, NetgenError, SchemaError


def test_codes__begin_with_their_severity_and_are_told_in_words():
    assert [code for code in CODES if not re.fullmatch(r"[EWI](_[A-Z0-9]+)+", code)] == []
    assert [code for code, text in CODES.items() if len(text.split()) < 3 or text != text.strip()] == []


def test_finding__refuses_a_code_that_is_not_in_the_catalogue():
    with pytest.raises(KeyError, match="unknown message code 'E_NEW'"):
        Finding(code="E_NEW", message="x")


@pytest.mark.parametrize(("code", "severity"), [("E_RANGE", "E"), ("W_TAIL", "W"), ("I_STRIP", "I")])
def test_finding__severity_is_the_first_letter(code, severity):
    assert Finding(code=code, message="x").severity == severity


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({}, "E_RANGE: Need 0 to 4, found 9. Mend it."),
        ({"file": "a.csv"}, "E_RANGE: a.csv: Need 0 to 4, found 9. Mend it."),
        ({"file": "a.csv", "row": 3}, "E_RANGE: a.csv:3: Need 0 to 4, found 9. Mend it."),
        (
            {"file": "a.csv", "row": 3, "column": "ecog_ps"},
            "E_RANGE: a.csv:3 [ecog_ps]: Need 0 to 4, found 9. Mend it.",
        ),
        ({"row": 3}, "E_RANGE: row 3: Need 0 to 4, found 9. Mend it."),
        ({"column": "ecog_ps"}, "E_RANGE: [ecog_ps]: Need 0 to 4, found 9. Mend it."),
    ],
)
def test_finding__says_what_is_needed_what_was_found_where_and_what_to_do(place, text):
    assert str(Finding(code="E_RANGE", message="Need 0 to 4, found 9.", fix="Mend it.", **place)) == text


def test_finding__without_a_remedy_ends_with_the_message():
    assert str(Finding(code="W_TAIL", message="Few at risk.")) == "W_TAIL: Few at risk."


def test_findings__keep_the_order_and_each_fact_once():
    findings = Findings()
    findings.add("W_TAIL", "few", value=3, row=2)
    findings.add("E_RANGE", "wide")
    findings.add("W_TAIL", "few", value="3", row=2)
    findings.extend([Finding(code="E_RANGE", message="wide"), Finding(code="I_STRIP", message="blank")])
    assert [item.code for item in findings] == ["W_TAIL", "E_RANGE", "I_STRIP"]
    assert len(findings) == 3
    assert findings.codes() == {"W_TAIL", "E_RANGE", "I_STRIP"}
    assert [item.message for item in findings.of("W")] == ["few"]


def test_findings__begun_with_items_know_them():
    findings = Findings([Finding(code="E_RANGE", message="wide")])
    findings.add("E_RANGE", "wide")
    assert len(findings) == 1


def test_findings__may_be_extended_with_themselves():
    findings = Findings([Finding(code="E_RANGE", message="wide")])
    findings.extend(findings)
    assert len(findings) == 1


def test_findings__tell_apart_what_differs_in_one_part():
    findings = Findings()
    for part in ({}, {"row": 1}, {"column": "x"}, {"value": "x"}, {"patient_id": "P1"}, {"rule": "V02"}):
        findings.add("E_RANGE", "wide", **part)
    assert len(findings) == 6


def test_to_frame__has_the_same_columns_with_and_without_findings():
    columns = ["severity", "code", "file", "row", "column", "value", "rule", "patient_id", "message", "fix"]
    findings = Findings()
    assert list(findings.to_frame().columns) == columns
    findings.add(
        "E_RANGE", "wide", file="a.csv", row=7, column="age", value=999, rule="V16", patient_id="P1", fix="Mend."
    )
    findings.add("W_TAIL", "few")
    frame = findings.to_frame()
    assert list(frame.columns) == columns
    assert frame["row"].dtype == "Int64"
    assert frame.iloc[0].tolist() == ["E", "E_RANGE", "a.csv", 7, "age", "999", "V16", "P1", "wide", "Mend."]
    assert frame["row"].isna().tolist() == [False, True]


def test_raise_errors__raises_all_of_them_at_once():
    findings = Findings()
    findings.add("W_TAIL", "few")
    findings.raise_errors()
    findings.add("E_RANGE", "wide")
    findings.add("E_VALUE", "odd")
    with pytest.raises(SchemaError, match=r"E_RANGE: wide\nE_VALUE: odd") as caught:
        findings.raise_errors()
    assert caught.value.findings is findings


def test_exceptions__are_netgen_errors_that_carry_their_finding():
    with pytest.raises(NetgenError, match=r"E_FILE_FORMAT: a.csv:3: Need a table. Save it as CSV.") as caught:
        raise InputError("E_FILE_FORMAT", "Need a table.", fix="Save it as CSV.", file="a.csv", row=3)
    assert caught.value.finding.row == 3
    with pytest.raises(NetgenError, match=r"E_ENTRY_UNDECIDED: decide\. Use --entry-rule none\.") as caught:
        raise AnalysisError("E_ENTRY_UNDECIDED", "decide.", fix="Use --entry-rule none.")
    assert caught.value.finding.severity == "E"
