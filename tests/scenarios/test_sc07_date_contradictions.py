"""SC07: seven patients, each with one problem; one pass lists all of them, and those in error can be left out."""

from __future__ import annotations

from datetime import date

import pytest

from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.clinical.validate import check_clinical, invalid_patients
from netgen.errors import Findings, SchemaError
from tests.clinical.literal import line, make_tables, patient, scan, specimen

DEAD = {"vital_status": "dead", "date_last_contact": "2021-01-15"}


@pytest.fixture
def tables():
    return make_tables(
        patients=[
            patient("P1", date_diagnosis="2021-03-10", date_advanced=None, date_last_contact=None, vital_status="dead",
                    date_death="2021-02-10"),
            patient("P2", date_death="2023-02-01"),
            patient("P3"),
            patient("P4"),
            patient("P5", **DEAD, date_death="2021-02-01"),
            patient("P6", ki67_pct=250.0),
            patient("P7", **DEAD),
        ],
        treatments=[
            line(1, "P3", start="2020-05-01", date_progression="2020-05-01", ongoing=True),
            line(1, "P4", start="2020-03-01"),
            line(3, "P4", start="2020-09-01", ongoing=True),
            line(1, "P7", start="2020-03-01"),
        ],
        samples=[specimen("P5", date_sequencing_report="2021-03-13")],  # 40 days after death
        assessments=[scan("2020-06-01", "SD", "P7")],
    )  # fmt: skip


@pytest.fixture
def findings(tables):
    collector = Findings()
    check_clinical(tables, findings=collector, today=date(2026, 3, 1))
    return collector


def test_sc07_one_pass_lists_all_seven(findings):
    table = findings.to_frame()
    table = table[table["rule"] != "V25"]  # seven patients of one origin
    assert sorted(table[["patient_id", "code", "rule"]].itertuples(index=False, name=None)) == [
        ("P1", "E_DATE_ORDER", "V07"),
        ("P2", "E_VITAL_CONTRADICTION", "V06"),
        ("P3", "E_PD_BEFORE_START", "V13"),
        ("P4", "E_LINE_GAP", "V11"),
        ("P5", "W_SEQ_AFTER_DEATH", "V07"),
        ("P6", "E_RANGE", "V16"),
        ("P7", "W_DEATH_DATE_MISSING", "V05"),
    ]
    assert (table["fix"] != "").all()
    assert table.set_index("patient_id").loc["P1", ["column", "value"]].tolist() == ["date_diagnosis", "2021-03-10"]


def test_sc07_the_errors_stop_the_command(findings):
    with pytest.raises(SchemaError) as caught:
        findings.raise_errors()
    assert str(caught.value).count("\n") == 4  # five errors


def test_sc07_invalid_patients_are_left_out_with_reasons(findings):
    assert invalid_patients(findings) == {
        "P1": "date_order",
        "P2": "vital_contradiction",
        "P3": "pd_before_start",
        "P4": "line_gap",
        "P6": "range",
    }


def test_sc07_dead_without_a_date_is_left_out_of_overall_survival_only(tables, findings):
    invalid = invalid_patients(findings)
    kept = {name: table[~table["patient_id"].isin(invalid)].reset_index(drop=True) for name, table in tables.items()}
    survival = derive_endpoint(kept, EndpointSpec(name="os", entry_rule="none"), findings=Findings())
    assert survival.table["patient_id"].tolist() == ["P5"]
    assert survival.excluded.to_numpy().tolist() == [["P7", "os", "death_date_missing"]]
    pfs = derive_endpoint(kept, EndpointSpec(name="pfs", entry_rule="none"), findings=Findings())
    assert pfs.table["patient_id"].tolist() == ["P7"]
