"""Eligibility and the groups of origin and histology."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen.clinical.eligibility import (
    HISTOLOGY_RULES,
    LINEAR_CRITERIA,
    EligibilityCriteria,
    derive_groups,
    select_eligible,
)
from netgen.errors import Findings
from netgen.schema import PATIENTS, TABLES
from tests.clinical.linear import build_linear, read_linear
from tests.clinical.literal import make_table, patient


def reasons(*people, findings=None, **criteria):
    collector = Findings() if findings is None else findings
    eligible, excluded = select_eligible(
        make_table("patients", *people), criteria=EligibilityCriteria(**criteria), findings=collector
    )
    return list(eligible), dict(zip(excluded["patient_id"], excluded["reason"], strict=True))


def test_select__admits_everyone_by_default():
    assert reasons(patient("B"), patient("A", origin=None)) == (["A", "B"], {})


@pytest.mark.parametrize(
    ("value", "reason"),
    [("well", None), ("poor", "differentiation_not_eligible"), ("unknown", "differentiation_missing"),
     (None, "differentiation_missing")],
)  # fmt: skip
def test_select__asks_for_differentiation(value, reason):
    _, excluded = reasons(patient(differentiation=value), differentiation=("well",))
    assert excluded == ({} if reason is None else {"P1": reason})


@pytest.mark.parametrize(
    ("origin", "reason"),
    [("duodenal", None), ("other", "origin_not_eligible"), ("unknown", "origin_missing"), (None, "origin_missing")],
)
def test_select__asks_for_origin(origin, reason):
    _, excluded = reasons(patient(origin=origin), origins=LINEAR_CRITERIA.origins)
    assert excluded == ({} if reason is None else {"P1": reason})


def test_select__asks_for_advanced_disease():
    people = [
        patient("A"),
        patient("B", date_advanced=None),
        patient("C", date_advanced=None, synchronous_metastases=True),
    ]
    assert reasons(*people, require_advanced=True) == (["A", "C"], {"B": "date_advanced_missing"})


def test_select__gives_the_first_reason_in_the_order_of_the_flow():
    criteria = {"differentiation": ("well",), "ki67_above": 20.0, "require_advanced": True, "origins": ("lung",)}
    nobody = {"differentiation": "poor", "ki67_pct": 2.0, "date_advanced": None, "origin": "other"}
    steps = [
        ({}, "differentiation_not_eligible"),
        ({"differentiation": "well"}, "ki67_not_above"),
        ({"ki67_pct": 25.0}, "date_advanced_missing"),
        ({"date_advanced": "2020-02-01"}, "origin_not_eligible"),
    ]
    for better, reason in steps:
        nobody = nobody | better
        assert reasons(patient(**nobody), **criteria) == ([], {"P1": reason})
    assert reasons(patient(**nobody | {"origin": "lung"}), **criteria) == (["P1"], {})


@pytest.mark.parametrize(
    ("low", "high", "text", "reason"),
    [
        (20.0, 20.0, "20", "ki67_not_above"),
        (20.1, 20.1, "20.1", None),
        (20.0, 100.0, ">20", None),
        (20.0, 100.0, "> 20 %", None),
        (20.0, 100.0, ">=20", "ki67_borderline"),
        (20.0, 25.0, "20-25", "ki67_borderline"),
        (0.0, 20.0, "<=20", "ki67_not_above"),
        (None, None, None, "ki67_missing"),
    ],
)
def test_select__reads_ki67_as_an_interval(low, high, text, reason):
    findings = Findings()
    row = patient(ki67_low=low, ki67_high=high, ki67_text=text)
    _, excluded = reasons(row, ki67_above=20.0, findings=findings)
    assert excluded == ({} if reason is None else {"P1": reason})
    expected = [("W_KI67_BORDERLINE", "P1", text)] if reason == "ki67_borderline" else []
    assert [(item.code, item.patient_id, item.value) for item in findings] == expected


def test_select__takes_a_value_without_bounds():
    people = [patient("A", ki67_pct=20.0), patient("B", ki67_pct=20.5)]
    assert reasons(*people, ki67_above=20.0) == (["B"], {"A": "ki67_not_above"})


def test_select__accounts_for_everyone():
    people = [patient(f"P{i}", ki67_pct=float(i)) for i in range(40)]
    eligible, excluded = reasons(*people, ki67_above=20.0)
    assert len(eligible) + len(excluded) == 40
    assert not set(eligible) & set(excluded)


def test_linear_criteria__admit_the_golden_cohort(reference):
    patients = build_linear(read_linear(reference))["patients"]
    eligible, excluded = select_eligible(patients, criteria=LINEAR_CRITERIA, findings=Findings())
    assert (len(eligible), len(excluded)) == (34, 0)


@pytest.mark.parametrize(
    ("origin", "group3", "group2"),
    [
        ("thymic", "thymic", "thoracic"),
        ("lung", "lung", "thoracic"),
        ("duodenal", "duodenopancreatic", "duodenopancreatic"),
        ("pancreatic", "duodenopancreatic", "duodenopancreatic"),
        ("duodenopancreatic", "duodenopancreatic", "duodenopancreatic"),
        ("other", pd.NA, pd.NA),
        ("unknown", pd.NA, pd.NA),
        (None, pd.NA, pd.NA),
    ],
)
def test_groups__of_origin(origin, group3, group2):
    out = derive_groups(make_table("patients", patient(origin=origin)))
    assert out["origin_group3"].tolist() == [group3]
    assert out["origin_group2"].tolist() == [group2]


@pytest.mark.parametrize(
    ("values", "group"),
    [
        ({"carcinoid_type": "atypical"}, "lung_atypical_carcinoid"),
        ({"carcinoid_type": "typical", "who_grade": "G3"}, "lung_typical_carcinoid"),
        ({"origin": "thymic", "carcinoid_type": "nos"}, "thymic_carcinoid_nos"),
        ({"origin": "pancreatic", "who_grade": "G3"}, "duodenopancreatic_net_g3"),
        ({"origin": "pancreatic", "carcinoid_type": "typical"}, "unknown"),
        ({"morphology_icdo3": "8013/3"}, "lung_lcnec"),
        ({"morphology_icdo3": "8249/3"}, "lung_atypical_carcinoid"),
        ({"origin": "duodenal", "morphology_icdo3": "8249/3"}, "duodenopancreatic_net_g2_g3"),
        ({"morphology_icdo3": "8240/3"}, "unknown"),
        ({"carcinoid_type": "na"}, "unknown"),
        ({"origin": "other", "who_grade": "G1"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_groups__of_histology_are_mapped_never_guessed(values, group):
    assert derive_groups(make_table("patients", patient(**values)))["histology_group"].tolist() == [group]


def test_groups__of_histology_can_be_configured():
    rules = (("any", "who_grade", "G3", "high_grade"),)
    out = derive_groups(make_table("patients", patient(who_grade="G3"), patient("P2", who_grade="G1")), rules=rules)
    assert out["histology_group"].tolist() == ["lung_high_grade", "unknown"]


def test_histology_rules__use_the_vocabulary_of_the_schema():
    for site, column, value, _ in HISTOLOGY_RULES:
        assert site in {"any", "thoracic", "duodenopancreatic"}
        values = TABLES["patients"].column(column).values
        assert not values or value in values


def test_groups__keep_rows_and_columns():
    table = make_table("patients", patient("B"), patient("A"))
    out = derive_groups(table)
    assert out["patient_id"].tolist() == ["B", "A"]
    assert set(out.columns) == set(table.columns) | {"origin_group3", "origin_group2", "histology_group"}
    assert {item.name for item in PATIENTS.columns} <= set(out.columns)
