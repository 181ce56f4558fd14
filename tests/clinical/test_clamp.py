"""Imputed dates are moved into the interval that the other dates allow; dates known to the day never move."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen.clinical.clamp import clamp_dates
from netgen.errors import Findings
from tests.clinical.literal import line, make_tables, patient, scan


def clamp(**tables):
    findings = Findings()
    return clamp_dates(make_tables(**tables), findings=findings), list(findings)


def days(frame, column, row=0):
    return [str(frame[name].iloc[row].date()) for name in (column, f"{column}_earliest", f"{column}_latest")]


def codes(findings):
    return [(item.code, item.column, item.patient_id, item.value) for item in findings]


def test_clamp__leaves_exact_tables_alone():
    tables = make_tables(patients=[patient()], treatments=[line()])
    findings = Findings()
    out = clamp_dates(tables, findings=findings)
    assert out["patients"] is tables["patients"]
    assert len(findings) == 0


def test_clamp__moves_advanced_disease_up_to_diagnosis():
    out, findings = clamp(patients=[patient(date_diagnosis="2020-02-20", date_advanced="2020-02")])
    assert days(out["patients"], "date_advanced") == ["2020-02-20", "2020-02-20", "2020-02-29"]
    assert codes(findings) == [("W_DATE_CLAMPED", "date_advanced", "P1", "2020-02")]


def test_clamp__moves_diagnosis_down_to_the_first_line():
    out, findings = clamp(
        patients=[patient(date_diagnosis="2020", date_advanced=None)], treatments=[line(start="2020-03-01")]
    )
    assert days(out["patients"], "date_diagnosis") == ["2020-03-01", "2020-01-01", "2020-03-01"]
    assert [item.code for item in findings] == ["W_DATE_CLAMPED"]


def test_clamp__keeps_an_imputed_date_that_fits_and_gives_its_bounds():
    out, findings = clamp(patients=[patient(date_advanced="2020-02")])
    assert days(out["patients"], "date_advanced") == ["2020-02-15", "2020-02-01", "2020-02-29"]
    assert findings == []


def test_clamp__never_moves_a_death_known_to_the_year_before_the_last_contact():
    out, _ = clamp(patients=[patient(vital_status="dead", date_last_contact="2022-08-14", date_death="2022")])
    assert days(out["patients"], "date_death") == ["2022-08-14", "2022-08-14", "2022-12-31"]


def test_clamp__death_follows_a_last_contact_that_is_partial_itself():
    out, _ = clamp(patients=[patient(vital_status="dead", date_last_contact="2022-09", date_death="2022")])
    assert days(out["patients"], "date_last_contact") == ["2022-09-15", "2022-09-01", "2022-09-30"]
    assert days(out["patients"], "date_death") == ["2022-09-15", "2022-09-01", "2022-12-31"]


@pytest.mark.parametrize(
    ("tables", "earliest"),
    [
        ({"treatments": [line(start="2021-05-03", date_end="2022-10-05")]}, "2022-10-05"),
        ({"treatments": [line(start="2021-05-03", date_progression="2022-10-06")]}, "2022-10-06"),
        ({"assessments": [scan("2022-10-07", "SD")]}, "2022-10-07"),
        ({"imaging": [{"patient_id": "P1", "date": "2022-10-08", "modality": "CT"}]}, "2022-10-08"),
    ],
)
def test_clamp__death_is_after_every_other_event(tables, earliest):
    people = [patient(vital_status="dead", date_last_contact="2022-08-14", date_death="2022")]
    out, _ = clamp(patients=people, **tables)
    assert days(out["patients"], "date_death") == [earliest, earliest, "2022-12-31"]


def test_clamp__lines_start_strictly_one_after_the_other():
    out, _ = clamp(
        patients=[patient()],
        treatments=[line(1, start="2020-05-20"), line(2, start="2020-05"), line(3, start="2020-05-25")],
    )
    assert days(out["treatments"], "date_start", row=1) == ["2020-05-21", "2020-05-21", "2020-05-24"]


def test_clamp__two_partial_lines_of_one_month_stay_in_order():
    out, _ = clamp(patients=[patient()], treatments=[line(1, start="2020-05"), line(2, start="2020-05")])
    assert days(out["treatments"], "date_start", row=0) == ["2020-05-15", "2020-05-01", "2020-05-30"]
    assert days(out["treatments"], "date_start", row=1) == ["2020-05-16", "2020-05-02", "2020-05-31"]


def test_clamp__progression_comes_after_the_start_of_its_line():
    out, _ = clamp(patients=[patient()], treatments=[line(1, start="2020-05-20", date_progression="2020-05")])
    assert days(out["treatments"], "date_progression") == ["2020-05-21", "2020-05-21", "2020-05-31"]


def test_clamp__a_line_starts_before_its_progression():
    out, _ = clamp(patients=[patient()], treatments=[line(1, start="2020-05", date_progression="2020-05-10")])
    assert days(out["treatments"], "date_start") == ["2020-05-09", "2020-05-01", "2020-05-09"]


def test_clamp__a_missing_progression_binds_nothing():
    people = [patient(vital_status="dead", date_last_contact="2020-06-30", date_death="2020-06")]
    out, findings = clamp(patients=people, treatments=[line(1, start="2020-06-30")])
    assert days(out["patients"], "date_death") == ["2020-06-30", "2020-06-30", "2020-06-30"]
    assert [item.code for item in findings] == ["W_DATE_CLAMPED"]


def test_clamp__assessed_progression_of_a_named_line_comes_after_its_start():
    out, _ = clamp(
        patients=[patient()],
        treatments=[line(1, start="2020-05-20")],
        assessments=[scan("2020-05", "PD", line_number=1), scan("2020-05", "SD")],
    )
    assert days(out["assessments"], "date", row=0) == ["2020-05-21", "2020-05-21", "2020-05-31"]
    assert days(out["assessments"], "date", row=1) == ["2020-05-15", "2020-05-01", "2020-05-31"]


def test_clamp__a_partial_date_between_partial_dates_respects_both():
    out, _ = clamp(patients=[patient(date_diagnosis="2021", date_advanced="2021-03", date_last_contact="2023-01-01")])
    assert days(out["patients"], "date_diagnosis") == ["2021-03-15", "2021-01-01", "2021-03-31"]
    assert days(out["patients"], "date_advanced") == ["2021-03-15", "2021-03-01", "2021-03-31"]


def test_clamp__says_when_no_day_is_left():
    out, findings = clamp(patients=[patient(date_diagnosis="2020-03-10", date_advanced="2020-02")])
    assert codes(findings) == [("E_DATE_ORDER", "date_advanced", "P1", "2020-02")]
    assert days(out["patients"], "date_advanced") == ["2020-02-15", "2020-02-01", "2020-02-29"]


def test_clamp__only_palliative_lines_follow_advanced_disease():
    out, findings = clamp(
        patients=[patient(date_advanced="2020-06")],
        treatments=[line(1, start="2020-05-01", intent="neoadjuvant"), line(1, start="2020-06-10")],
    )
    assert days(out["patients"], "date_advanced") == ["2020-06-10", "2020-06-01", "2020-06-10"]
    assert [item.code for item in findings] == ["W_DATE_CLAMPED"]


def test_clamp__twice_is_once():
    once, _ = clamp(
        patients=[patient(date_diagnosis="2021", date_advanced="2021-03", date_last_contact="2023")],
        treatments=[line(1, start="2021")],
    )
    findings = Findings()
    twice = clamp_dates(once, findings=findings)
    for name in once:
        pd.testing.assert_frame_equal(once[name], twice[name])
    assert len(findings) == 0


def test_clamp__does_not_depend_on_the_order_of_rows():
    tables = make_tables(
        patients=[
            patient("P2", date_advanced="2020"),
            patient("P1", date_diagnosis="2020-02", date_advanced="2020-02"),
        ],
        treatments=[line(2, "P2", start="2020-05"), line(1, "P2", start="2020-05"), line(1, "P1", start="2020-02-20")],
    )
    backwards = {name: table.iloc[::-1].reset_index(drop=True) for name, table in tables.items()}
    one, other = Findings(), Findings()
    forth, back = clamp_dates(tables, findings=one), clamp_dates(backwards, findings=other)
    assert one.items == other.items
    for name in forth:
        pd.testing.assert_frame_equal(forth[name], back[name].iloc[::-1].reset_index(drop=True))


def test_clamp__a_year_gives_way_to_a_month_not_the_other_way_round():
    out, findings = clamp(patients=[patient(date_advanced="2020")], treatments=[line(1, start="2020-05")])
    assert days(out["treatments"], "date_start") == ["2020-05-15", "2020-05-01", "2020-05-31"]
    assert days(out["patients"], "date_advanced") == ["2020-05-15", "2020-01-10", "2020-05-31"]
    assert [item.column for item in findings] == ["date_advanced"]
