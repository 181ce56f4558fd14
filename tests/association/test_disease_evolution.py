"""New lesions, paired Ki-67 and grades, patient by patient."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.disease_evolution import NO_KI67, describe_evolution, find_ki67_pairs
from netgen.association.line_history import build_history
from netgen.association.signed_rank import signed_rank
from netgen.association.therapy_tables import Labels
from tests.association.therapy_cases import everybody, small_cohort

# A: primary and two metastases. B: two primaries, dated. C: one sample. D: two undated ones. E: two on one day.
SAMPLES = """
    sample_id,patient_id,sample_type,date_collection,ki67_pct,who_grade
    A1,A,primary,2019-12-01,15,G2
    A2,A,metastasis,2020-02-01,30,
    A3,A,metastasis,2020-12-01,45,G3
    B1,B,primary,2020-01-01,25 %,
    B2,B,primary,2021-01-01,20-30,
    C1,C,primary,2020-01-01,22,
    D1,D,primary,,22,
    D2,D,unknown,,35,
    E1,E,primary,2020-01-05,22,
    E2,E,primary,2020-01-05,28,
    F1,F,primary,2020-01-05,>20,
    F2,F,metastasis,2020-03-05,2,
    F3,F,primary,2020-01-20,12,
"""
ASSESSMENTS = """
    patient_id,date,overall_response,new_lesion,is_baseline
    A,2020-01-20,ND,true,true
    A,2020-03-20,SD,false,
    A,2020-06-01,PD,true,
    A,2020-08-01,SD,false,
    B,2020-05-01,SD,false,
    C,2020-05-01,SD,,
"""


def test_pairs__one_per_patient(tmp_path):
    pairs = find_ki67_pairs(small_cohort(tmp_path, samples=SAMPLES))
    columns = ["patient_id", "kind", "ki67_first", "ki67_last", "change", "days", "grade_first", "grade_last"]
    assert pairs[columns].to_numpy().tolist() == [
        ["A", "primary_metastasis", 15, 45, 30, 366, "G2", "G3"],
        ["B", "first_last", 25, 25, 0, 366, "G3", "G3"],
        ["F", "primary_metastasis", 12, 2, -10, 45, "G2", "G1"],
    ]


def test_pairs__from_biomarkers(tmp_path):
    samples = "sample_id,patient_id,sample_type\nA1,A,primary\nA2,A,metastasis\n"
    biomarkers = "patient_id,sample_id,biomarker,value,date\nA,A1,Ki-67,10,\nA,A2,KI67,40,\nB,,KI67,5,2020-01-01\n"
    biomarkers += "B,,KI67,22,2021-01-01\nB,,CGA,900,2021-01-01\n"
    pairs = find_ki67_pairs(small_cohort(tmp_path, samples=samples, biomarkers=biomarkers))
    assert pairs[["patient_id", "kind", "change"]].to_numpy().tolist() == [
        ["A", "primary_metastasis", 30],
        ["B", "first_last", 17],
    ]


def test_evolution__of_ki67_and_grade(tmp_path):
    cohort = small_cohort(tmp_path, samples=SAMPLES)
    groups = Labels("g", np.array(["x", "x", "x", "y", "y", "y"]), ("x", "y"))
    found = describe_evolution(cohort, build_history(cohort), [everybody(6), groups], max_line=1)
    rows = found.table.loc[found.table["grouping"] == "all"].set_index("item")
    assert rows.loc["ki67_change", ["n", "count", "value"]].tolist() == [3, 2, 0]
    assert rows.loc["ki67_change", "p"] == signed_rank([30, 0, -10]).p == 1
    assert rows.loc["ki67_escalation", ["n", "count"]].tolist() == [3, 1]
    assert rows.loc["ki67_escalation", "value"] == pytest.approx(1 / 3)
    own = found.migration.loc[found.migration["group"] == "x", ["grade_first", "grade_last", "count"]]
    assert own.to_numpy().tolist() == [["G2", "G3", 1], ["G3", "G3", 1]]


def test_evolution__counts_patients_with_new_lesions_per_line(tmp_path):
    cohort = small_cohort(tmp_path, assessments=ASSESSMENTS)
    found = describe_evolution(cohort, build_history(cohort), [everybody(6)], max_line=3).table
    rows = found.loc[found["item"] == "new_lesion"].set_index("line")
    assert rows[["n", "count"]].to_numpy().tolist() == [[2, 1], [1, 0], [0, 0]]  # the baseline scan of A is not counted
    assert rows.loc[3, "status"] == "not_available"


def test_evolution__without_data_says_what_is_missing(tmp_path):
    cohort = small_cohort(tmp_path)
    found = describe_evolution(cohort, build_history(cohort), [everybody(6)], max_line=2)
    assert found.table["status"].unique().tolist() == ["not_available"]
    assert NO_KI67 in set(found.table["note"])
    assert len(found.pairs) == len(found.migration) == 0
