"""The frame behind the swimmer figure."""

from __future__ import annotations

from netgen.association.line_history import build_history
from netgen.association.timeline import tabulate_timeline
from tests.association.therapy_cases import small_cohort

ASSESSMENTS = """
    patient_id,date,overall_response,criteria
    A,2020-03-01,PR,RECIST1.1
    A,2020-04-01,PR,RECIST1.1
    A,2020-06-01,PD,RECIST1.1
    C,2020-04-01,CR,RECIST1.1
"""


def rows_of(table, patient):
    own = table.loc[table["patient_id"] == patient]
    return [tuple(x) for x in own[["kind", "start_days", "label"]].itertuples(index=False)]


def test_timeline__bars_and_markers_in_days_from_advanced_disease(tmp_path):
    cohort = small_cohort(tmp_path, assessments=ASSESSMENTS)
    table = tabulate_timeline(cohort, build_history(cohort))
    assert rows_of(table, "A") == [
        ("bar", 30, ""), ("bar", 161, ""), ("death", 366, ""), ("progression", 152, ""), ("response", 60, "PR"),
    ]  # fmt: skip
    assert rows_of(table, "C") == [("bar", 10, ""), ("ongoing", 731, ""), ("response", 91, "CR")]
    assert rows_of(table, "D") == [("bar", 10, ""), ("followed", 731, "")]
    assert rows_of(table, "E") == [("death", 61, "")]
    bars = table.loc[table["kind"] == "bar"].set_index(["patient_id", "line"])
    assert bars.loc[("C", 1), "end_days"] == 731  # ongoing: to the last contact
    assert not bars.loc[("C", 1), "end_known"]
    assert bars.loc[("A", 1), "end_days"] == 152


def test_timeline__without_advanced_disease_counts_from_line_1(tmp_path):
    patients = """
        patient_id,origin,date_diagnosis,date_last_contact,vital_status,synchronous_metastases
        B,thymic,2020-01-01,2022-01-01,alive,false
        C,lung,2020-01-01,2022-01-01,alive,false
    """
    treatments = """
        patient_id,line_number,regimen_class,date_start,date_end
        B,1,ssa,2020-02-01,2020-06-01
    """
    cohort = small_cohort(tmp_path, patients=patients, treatments=treatments)
    table = tabulate_timeline(cohort, build_history(cohort))
    assert table["patient_id"].unique().tolist() == ["B"]
    assert table.loc[table["kind"] == "bar", "start_days"].tolist() == [0]
