"""One literal case per cross-table rule: what violates it, and the nearest that does not."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from netgen import schema
from netgen.clinical.clamp import clamp_dates
from netgen.clinical.validate import RULES, check_clinical, describe_rules, invalid_patients
from netgen.errors import CODES, Findings
from tests.clinical.linear import build_linear, read_linear
from tests.clinical.literal import line, make_tables, patient, scan, specimen

TODAY = date(2026, 3, 1)


def find(tables: dict, *, data_cutoff: date | None = None) -> list:
    findings = Findings()
    check_clinical(tables, findings=findings, today=TODAY, data_cutoff=data_cutoff)
    return list(findings)


def said(tables: dict, **settings) -> list[tuple[str, str, str, str]]:
    """Rule, code, patient and value of everything found, V25 (few patients) aside."""
    return [
        (item.rule, item.code, item.patient_id, item.value) for item in find(tables, **settings) if item.rule != "V25"
    ]


def dead(**values):
    return patient(vital_status="dead", **values)


# Rule, tables that violate it, what is said; then tables that do not.
CASES = [
    (
        "V01",
        {"patients": [patient()], "samples": [specimen("P9")]},
        ("V01", "E_FOREIGN_KEY", "P9", "P9"),
        {"patients": [patient()], "samples": [specimen()]},
    ),
    (
        "V01",
        {"patients": [patient()], "imaging": [{"patient_id": "P9", "date": "2020-05-01", "modality": "CT"}]},
        ("V01", "E_FOREIGN_KEY", "P9", "P9"),
        {"patients": [patient()], "imaging": [{"patient_id": "P1", "date": "2020-05-01", "modality": "CT"}]},
    ),
    (
        "V01",
        {"patients": [patient()], "samples": [specimen()],
         "biomarkers": [{"patient_id": "P1", "sample_id": "P1-X", "biomarker": "MSI"}]},
        ("V01", "E_FOREIGN_KEY", "P1", "P1-X"),
        {"patients": [patient()], "biomarkers": [{"patient_id": "P1", "sample_id": "P1-X", "biomarker": "MSI"}]},
    ),
    (
        "V03",
        {"patients": [patient("P1", sex="male", age_at_diagnosis=61), patient("P2", sex="male", age_at_diagnosis=62)]},
        ("V03", "W_DUP_SUSPECT", "P2", "P2"),
        {"patients": [patient("P1", sex="male", age_at_diagnosis=61),
                      patient("P2", sex="male", age_at_diagnosis=62.5)]},
    ),
    (
        "V04",
        {"patients": [patient(birth_date="2020-01-11")]},
        ("V04", "E_DATE_ORDER", "P1", "2020-01-10"),
        {"patients": [patient(birth_date="2020-01-10")]},
    ),
    (
        "V04",
        {"patients": [patient(date_advanced="2020-01-09")]},
        ("V04", "E_DATE_ORDER", "P1", "2020-01-09"),
        {"patients": [patient(date_advanced="2020-01-10")]},
    ),
    (
        "V04",
        {"patients": [patient()], "treatments": [line(1, start="2020-01-31", date_end="2020-06-01")]},
        ("V04", "E_DATE_ORDER", "P1", "2020-01-31"),
        {"patients": [patient()], "treatments": [line(1, start="2020-02-01", date_end="2020-06-01")]},
    ),
    (
        "V04",
        {"patients": [patient()], "samples": [specimen(date_collection="2019-10-11")]},
        ("V04", "W_COLLECTION_EARLY", "P1", "2019-10-11"),
        {"patients": [patient()], "samples": [specimen(date_collection="2019-10-12")]},
    ),
    (
        "V05",
        {"patients": [dead()]},
        ("V05", "W_DEATH_DATE_MISSING", "P1", ""),
        {"patients": [dead(date_death="2023-02-01")]},
    ),
    (
        "V06",
        {"patients": [patient(date_death="2023-02-01")]},
        ("V06", "E_VITAL_CONTRADICTION", "P1", "2023-02-01"),
        {"patients": [patient()]},
    ),
    (
        "V07",
        {"patients": [dead(date_death="2023-02-01")], "assessments": [scan("2023-02-02", "SD")]},
        ("V07", "E_DATE_ORDER", "P1", "2023-02-02"),
        {"patients": [dead(date_death="2023-02-01")], "assessments": [scan("2023-02-01", "SD")]},
    ),
    (
        "V07",
        {"patients": [dead(date_death="2023-02-01")], "samples": [specimen(date_sequencing_report="2023-03-13")]},
        ("V07", "W_SEQ_AFTER_DEATH", "P1", "2023-03-13"),
        {"patients": [dead(date_death="2023-02-01")], "samples": [specimen(date_sequencing_report="2023-02-01")]},
    ),
    (
        "V08",
        {"patients": [dead(date_death="2023-01-31")]},
        ("V08", "E_DATE_ORDER", "P1", "2023-02-01"),
        {"patients": [dead(date_death="2023-02-01")]},
    ),
    (
        "V09",
        {"patients": [patient(date_data_cutoff="2023-01-31")]},
        ("V09", "W_AFTER_CUTOFF", "P1", "2023-02-01"),
        {"patients": [patient(date_data_cutoff="2023-02-01")]},
    ),
    (
        "V10",
        {"patients": [patient(date_last_contact="2026-03-02")]},
        ("V10", "E_DATE_FUTURE", "P1", "2026-03-02"),
        {"patients": [patient(date_last_contact="2026-03-01")]},
    ),
    (
        "V11",
        {"patients": [patient()], "treatments": [line(1), line(3, start="2020-09-01", ongoing=True)]},
        ("V11", "E_LINE_GAP", "P1", "3"),
        {"patients": [patient()], "treatments": [line(1), line(2, start="2020-09-01", ongoing=True)]},
    ),
    (
        "V11",
        {"patients": [patient()], "treatments": [line(1), line(2, start="2020-03-01", ongoing=True)]},
        ("V11", "E_LINE_ORDER", "P1", "2020-03-01"),
        {"patients": [patient()],
         "treatments": [line(1), line(1, start="2020-03-01", intent="adjuvant"),
                        line(2, start="2020-03-02", ongoing=True)]},
    ),
    (
        "V12",
        {"patients": [patient()], "treatments": [line(1, date_end="2020-02-29")]},
        ("V12", "E_DATE_ORDER", "P1", "2020-02-29"),
        {"patients": [patient()], "treatments": [line(1, date_end="2020-03-01")]},
    ),
    (
        "V12",
        {"patients": [patient()],
         "treatments": [line(1, date_end="2020-09-30"), line(2, start="2020-09-01", ongoing=True)]},
        ("V12", "W_LINE_OVERLAP", "P1", "2020-09-30"),
        {"patients": [patient()],
         "treatments": [line(1, date_end="2020-09-29"), line(2, start="2020-09-01", ongoing=True)]},
    ),
    (
        "V13",
        {"patients": [patient()], "treatments": [line(1, date_progression="2020-03-01", ongoing=True)]},
        ("V13", "E_PD_BEFORE_START", "P1", "2020-03-01"),
        {"patients": [patient()], "treatments": [line(1, date_progression="2020-03-02", ongoing=True)]},
    ),
    (
        "V13",
        {"patients": [patient()],
         "treatments": [line(1, date_progression="2020-09-30"), line(2, start="2020-09-01", ongoing=True)]},
        ("V13", "W_PD_AFTER_NEXT_LINE", "P1", "2020-09-30"),
        {"patients": [patient()],
         "treatments": [line(1, date_progression="2020-09-29"), line(2, start="2020-09-01", ongoing=True)]},
    ),
    (
        "V13",
        {"patients": [patient()], "treatments": [line(1, date_progression="2020-06-01", ongoing=True)],
         "assessments": [scan("2020-06-30", "PD")]},
        ("V13", "E_PD_CONFLICT", "P1", "2020-06-01"),
        {"patients": [patient()], "treatments": [line(1, date_progression="2020-06-01", ongoing=True)],
         "assessments": [scan("2020-06-29", "PD")]},
    ),
    (
        "V14",
        {"patients": [patient()],
         "treatments": [line(1, date_end="2020-06-01", end_reason="progression")]},
        ("V14", "W_PD_DATE_MISSING", "P1", ""),
        {"patients": [patient()],
         "treatments": [line(1, date_end="2020-06-01", end_reason="progression")],
         "assessments": [scan("2020-05-30", "PD")]},
    ),
    (
        "V15",
        {"patients": [patient()], "treatments": [line(1, date_end="2020-06-01", ongoing=True)]},
        ("V15", "W_LINE_END_UNKNOWN", "P1", "2020-06-01"),
        {"patients": [patient()], "treatments": [line(1, date_end="2020-06-01")]},
    ),
    (
        "V15",
        {"patients": [patient()], "treatments": [line(1)]},
        ("V15", "W_LINE_END_UNKNOWN", "P1", ""),
        {"patients": [dead(date_death="2023-02-01")], "treatments": [line(1)]},
    ),
    (
        "V16",
        {"patients": [patient(ki67_pct=250.0, ki67_low=250.0, ki67_high=250.0)]},
        ("V16", "E_RANGE", "P1", "250"),
        {"patients": [patient(ki67_pct=100.0)]},
    ),
    (
        "V16",
        {"patients": [patient(ecog_ps=5)]},
        ("V16", "E_RANGE", "P1", "5"),
        {"patients": [patient(ecog_ps=4)]},
    ),
    (
        "V16",
        {"patients": [patient()], "samples": [specimen(tumour_purity=1.2)]},
        ("V16", "E_RANGE", "P1", "1.2"),
        {"patients": [patient()], "samples": [specimen(tumour_purity=1.0)]},
    ),
    (
        "V16",
        {"patients": [patient()], "biomarkers": [{"patient_id": "P1", "biomarker": "TMB", "value": 1001.0}]},
        ("V16", "E_RANGE", "P1", "1001"),
        {"patients": [patient()], "biomarkers": [{"patient_id": "P1", "biomarker": "CGA", "value": 1001.0}]},
    ),
    (
        "V17",
        {"patients": [patient(who_grade="G3", ki67_pct=20.0)]},
        ("V17", "W_GRADE_CONFLICT", "P1", "G3"),
        {"patients": [patient(who_grade="G3", ki67_pct=20.0, mitotic_count_2mm2=21.0)]},
    ),
    (
        "V17",
        {"patients": [patient(who_grade="G1", ki67_pct=3.0)]},
        ("V17", "W_GRADE_CONFLICT", "P1", "G1"),
        {"patients": [patient(who_grade="G2", ki67_pct=2.0)]},  # the mitoses, not known, may be why
    ),
    (
        "V17",
        {"patients": [patient(who_grade="G2", ki67_low=20.0, ki67_high=100.0, ki67_text=">20")]},
        ("V17", "W_GRADE_CONFLICT", "P1", "G2"),
        {"patients": [patient(who_grade="G2", ki67_low=20.0, ki67_high=100.0, ki67_text=">=20")]},
    ),
    (
        "V18",
        {"patients": [patient(differentiation="well", oncotree_code="LUNE")]},
        ("V18", "W_DIFFERENTIATION_CONFLICT", "P1", "well"),
        {"patients": [patient(differentiation="poor", oncotree_code="LUNE")]},
    ),
    (
        "V19",
        {"patients": [patient(oncotree_code="TNET")]},
        ("V19", "W_ORIGIN_CONFLICT", "P1", "TNET"),
        {"patients": [patient(oncotree_code="ALUCA")]},
    ),
    (
        "V19",
        {"patients": [patient(origin="duodenal", oncotree_code="PANET")]},
        ("V19", "W_ORIGIN_CONFLICT", "P1", "PANET"),
        {"patients": [patient(origin="duodenopancreatic", oncotree_code="SBWDNET")]},
    ),
    (
        "V24",
        {"patients": [patient()],
         "treatments": [line(1, best_response="PR", date_progression="2020-04-12", ongoing=True)]},
        ("V24", "W_RESPONSE_SUSPECT", "P1", "PR"),
        {"patients": [patient()],
         "treatments": [line(1, best_response="PR", date_progression="2020-04-13", ongoing=True)]},
    ),
    (
        "V29",
        {"patients": [patient(date_last_contact="2020-01-31")]},
        ("V29", "E_DATE_ORDER", "P1", "2020-01-31"),
        {"patients": [patient(date_last_contact="2020-02-02")]},
    ),
    (
        "V29",
        {"patients": [patient(date_last_contact="2020-02-01")]},
        ("V29", "W_TIME_ZERO", "P1", "2020-02-01"),
        {"patients": [patient(date_last_contact="2020-02-02")]},
    ),
]  # fmt: skip
IDS = [f"{number}-{rule}" for number, (rule, *_) in enumerate(CASES)]


@pytest.mark.parametrize(("rule", "wrong", "expected", "right"), CASES, ids=IDS)
def test_rule__says_what_violates_it_and_nothing_else(rule, wrong, expected, right):
    assert said(make_tables(**wrong)) == [expected]
    assert said(make_tables(**right)) == []
    assert rule == expected[0]


def test_every_rule_has_a_case_and_a_text():
    tested = {rule for rule, *_ in CASES} | {"V25"}
    assert tested == {rule.id for rule in RULES}
    table = describe_rules()
    assert list(table.columns) == ["id", "severity", "text"]
    assert table["text"].str.len().min() > 20


def test_every_finding_says_how_to_mend_it():
    for _, wrong, *_ in CASES:
        for item in find(make_tables(**wrong)):
            assert item.fix
            assert item.rule
            assert item.code in CODES


def degenerate(*people):
    tables = make_tables(patients=[patient(f"P{i}", origin=o, vital_status=v) for i, (o, v) in enumerate(people)])
    tables["patients"].loc[tables["patients"]["vital_status"] == "dead", "date_death"] = pd.Timestamp("2023-02-01")
    return [item.message for item in find(tables) if item.code == "W_ORIGIN_DEGENERATE"]


def test_v25__one_origin_only():
    assert degenerate(("lung", "dead"), ("lung", "alive")) == [
        "All 2 patients are of one origin (lung): origins cannot be compared."
    ]


def test_v25__duodenal_and_pancreatic_are_one_group():
    assert len(degenerate(("duodenal", "dead"), ("pancreatic", "alive"))) == 1


def test_v25__all_deaths_in_one_origin():
    assert degenerate(("lung", "dead"), ("thymic", "alive")) == ["All deaths are of one origin (lung)."]


def test_v25__an_origin_without_deaths():
    people = (("lung", "dead"), ("thymic", "alive"), ("pancreatic", "dead"))
    assert degenerate(*people) == ["No patient of origin thymic died."]


def test_v25__silent_when_origins_can_be_compared():
    assert degenerate(("lung", "dead"), ("thymic", "dead")) == []


def test_partial_date__is_no_violation_if_one_of_its_days_fits():
    tables = make_tables(patients=[patient(date_diagnosis="2020-02-20", date_advanced="2020-02")])
    assert said(tables) == []
    tables = make_tables(patients=[patient(date_diagnosis="2020-03-01", date_advanced="2020-02")])
    assert said(tables) == [("V04", "E_DATE_ORDER", "P1", "2020-02")]


def test_day_offsets__have_no_future_and_no_calendar_cutoff():
    tables = make_tables(
        patients=[
            patient(
                date_diagnosis=0, date_advanced=10, date_last_contact=40_000, time_base="offset", sex="male",
                age_at_diagnosis=50,
            ),
            patient(
                "P2", date_diagnosis=0, date_advanced=10, date_last_contact=40_000, time_base="offset", sex="male",
                age_at_diagnosis=50,
            ),
        ]
    )  # fmt: skip
    assert said(tables, data_cutoff=date(2021, 1, 1)) == []


def test_day_offsets__are_shown_as_days():
    tables = make_tables(patients=[patient(date_diagnosis=20, date_advanced=10, time_base="offset")])
    [item] = [item for item in find(tables) if item.rule == "V04"]
    assert item.value == "day 10"
    assert "day 20" in item.message


def test_study_cutoff__applies_to_calendar_dates():
    tables = make_tables(patients=[patient()], samples=[specimen(date_sequencing_report="2023-01-15")])
    assert said(tables, data_cutoff=date(2023, 1, 1)) == [("V09", "W_AFTER_CUTOFF", "P1", "2023-02-01")]


def test_file_and_line__are_given_where_the_table_knows_them():
    tables = make_tables(patients=[patient(ecog_ps=7)])
    tables["patients"] = tables["patients"].assign(file="clinical.csv", row=12)
    [item] = [item for item in find(tables) if item.rule == "V16"]
    assert (item.file, item.row, item.column) == ("clinical.csv", 12, "ecog_ps")


def test_finding_of_a_reader__is_completed_not_repeated():
    tables = make_tables(patients=[patient(ecog_ps=7)])
    tables["patients"] = tables["patients"].assign(file="clinical.csv", row=12)
    findings = Findings()
    findings.add("E_RANGE", "as the reader says it", file="clinical.csv", row=12, column="ecog_ps", value=7, rule="V16")
    check_clinical(tables, findings=findings, today=TODAY)
    [item] = [item for item in findings if item.code == "E_RANGE"]
    assert (item.message, item.patient_id) == ("as the reader says it", "P1")


def test_order_of_rows__changes_nothing():
    tables = make_tables(
        patients=[patient("P2", ecog_ps=7), patient("P1", date_death="2023-01-01"), patient("P3", birth_date="2021")],
        treatments=[line(3, "P2"), line(1, "P2", start="2020-04-01"), line(1, "P1", date_end="2019-01-01")],
    )
    backwards = {name: table.iloc[::-1].reset_index(drop=True) for name, table in tables.items()}
    assert find(tables) == find(backwards)
    assert len(find(tables)) >= 5


def test_empty_study__has_no_findings():
    assert find({}) == []


def test_golden_cohort__has_no_errors(reference):
    items = find(build_linear(read_linear(reference)))
    assert {item.code for item in items} <= {"W_DUP_SUSPECT", "W_LINE_END_UNKNOWN"}


def test_invalid_patients__gives_the_first_error_of_each():
    findings = Findings()
    tables = make_tables(
        patients=[patient("P2", ecog_ps=7), patient("P1", date_death="2023-01-01"), patient("P3")],
        treatments=[line(2, "P2", start="2020-04-01", ongoing=True)],
    )
    check_clinical(tables, findings=findings, today=TODAY)
    assert invalid_patients(findings) == {"P1": "vital_contradiction", "P2": "line_gap"}


def test_invalid_patients__traces_a_line_of_a_file_to_its_patient():
    findings = Findings()
    findings.add("E_RANGE", "Ki-67", file="clinical.csv", row=5, column="ki67_pct", value=250)
    findings.add("E_RANGE", "nobody", file="other.csv", row=5)
    tables = make_tables(patients=[patient("P6")])
    tables["patients"] = tables["patients"].assign(file="clinical.csv", row=5)
    assert invalid_patients(findings) == {}
    assert invalid_patients(findings, tables=tables) == {"P6": "range"}


def test_check__after_clamping_does_not_repeat_what_clamping_said():
    findings = Findings()
    tables = clamp_dates(
        make_tables(patients=[patient(date_diagnosis="2020-03-10", date_advanced="2020-02")]), findings=findings
    )
    check_clinical(tables, findings=findings, today=TODAY)
    check_clinical(tables, findings=findings, today=TODAY)
    assert [(item.code, item.rule) for item in findings] == [("E_DATE_ORDER", "1.13")]


def test_v25__counts_recorded_deaths():
    tables = make_tables(patients=[patient("A", origin="lung"), patient("B", origin="thymic")])
    recorded = pd.DataFrame(
        {"patient_id": ["A", "B"], "endpoint": "os", "time_days": [5.0, 6.0], "event": [True, True]}
    )
    tables["recorded_endpoints"] = schema.conform(recorded, schema.RECORDED_ENDPOINTS)
    findings = Findings()
    check_clinical(tables, findings=findings, today=TODAY)
    assert "W_ORIGIN_DEGENERATE" not in findings.codes()
