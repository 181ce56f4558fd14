"""Progression-free survival: one clinical situation per case, line 1 starting on 2020-03-01.

Days from the start: 2020-05-01 is 61, 2020-07-01 is 122, 2020-09-01 is 184, 2020-11-01 is 245.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from netgen.clinical.attribution import attribute_lines, resolve_same_day
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import AnalysisError, Findings
from tests.clinical.linear import build_linear, read_linear
from tests.clinical.literal import line, make_tables, patient, scan

ALIVE = [patient()]
DEAD = [patient(vital_status="dead", date_death="2020-11-01", date_last_contact="2020-11-01")]
TWO_LINES = [line(1), line(2, start="2020-09-01")]


def derive(findings=None, data_cutoff=None, choices=None, **tables):
    spec = EndpointSpec(**{"name": "pfs", "entry_rule": "none"} | (choices or {}))
    collector = Findings() if findings is None else findings
    return derive_endpoint(make_tables(**tables), spec, data_cutoff=data_cutoff, findings=collector)


def pfs(**tables):
    """Time, event, reason and flags of the one patient."""
    endpoint = derive(**tables)
    assert len(endpoint.excluded) == 0
    row = endpoint.table.iloc[0]
    return row["time_days"], bool(row["event"]), row["end_reason"], row["flags"]


def alive(lines, *scans):
    return {"patients": ALIVE, "treatments": lines, "assessments": list(scans)}


def dead(lines, *scans):
    return {"patients": DEAD, "treatments": lines, "assessments": list(scans)}


# What was seen: tables, then time, event, end_reason, flags.
CASES = {
    "assessed progression": (
        alive([line(1)], scan("2020-05-01", "SD"), scan("2020-07-01", "PD")),
        (122.0, True, "pd_radiological", ""),
    ),
    "the first of several progressions": (
        alive([line(1)], scan("2020-07-01", "PD"), scan("2020-05-01", "PD")),
        (61.0, True, "pd_radiological", ""),
    ),
    "clinical progression counts": (
        alive([line(1)], scan("2020-07-01", "PD", criteria="clinician", modality="clinical")),
        (122.0, True, "pd_clinical", ""),
    ),
    "recorded progression of unknown kind": (
        alive([line(1, date_progression="2020-07-01")]),
        (122.0, True, "pd_recorded", ""),
    ),
    "recorded radiological progression": (
        alive([line(1, date_progression="2020-07-01", progression_type="radiological")]),
        (122.0, True, "pd_radiological", ""),
    ),
    "biochemical progression never counts": (
        alive([line(1, date_progression="2020-07-01", progression_type="biochemical")], scan("2020-09-01", "SD")),
        (184.0, False, "censored_last_assessment", ""),
    ),
    "a biochemical progression does not hide the one that is seen": (
        alive([line(1, date_progression="2020-05-01", progression_type="biochemical")], scan("2020-09-01", "PD")),
        (184.0, True, "pd_radiological", ""),
    ),
    "death without progression": (
        dead([line(1)], scan("2020-07-01", "SD")),
        (245.0, True, "death", ""),
    ),
    "progression before death": (
        dead([line(1)], scan("2020-07-01", "PD")),
        (122.0, True, "pd_radiological", ""),
    ),
    "progression on the day of death is the progression": (
        dead([line(1)], scan("2020-11-01", "PD")),
        (245.0, True, "pd_radiological", ""),
    ),
    "a late death is flagged": (
        dead([line(1)], scan("2020-05-01", "SD")),
        (245.0, True, "death", "late_death"),  # 184 days after the scan
    ),
    "a death within 183 days of the end of the line is not": (
        dead([line(1, date_end="2020-05-02")], scan("2020-05-01", "SD")),
        (245.0, True, "death", ""),
    ),
    "censored at the last adequate assessment": (
        alive([line(1)], scan("2020-05-01", "PR"), scan("2020-07-01", "NON_CR_NON_PD"), scan("2020-09-01", "NE")),
        (122.0, False, "censored_last_assessment", ""),
    ),
    "censored at the start without any": (
        alive([line(1)], scan("2020-07-01", "NE")),
        (0.5, False, "censored_no_assessment", "time_zero"),
    ),
    "a baseline scan is no assessment": (
        alive([line(1)], scan("2020-03-05", "SD", is_baseline=True)),
        (0.5, False, "censored_no_assessment", "time_zero"),
    ),
    "a scan on the first day belongs to what was before": (
        alive([line(1)], scan("2020-03-01", "PD"), scan("2020-05-01", "SD")),
        (61.0, False, "censored_last_assessment", ""),
    ),
    "new therapy without progression": (
        alive(TWO_LINES, scan("2020-07-01", "SD"), scan("2020-11-01", "PD")),
        (122.0, False, "censored_new_therapy", ""),
    ),
    "a scan on the day of the next line is of this line": (
        alive(TWO_LINES, scan("2020-09-01", "PD")),
        (184.0, True, "pd_radiological", ""),
    ),
    "death after the next line is no event": (
        dead(TWO_LINES, scan("2020-07-01", "SD")),
        (122.0, False, "censored_new_therapy", ""),
    ),
    "death on the day of the next line is no event": (
        dead([line(1), line(2, start="2020-11-01")], scan("2020-07-01", "SD")),
        (122.0, False, "censored_new_therapy", ""),
    ),
    "best supportive care is no new therapy": (
        dead([line(1), line(2, start="2020-09-01", regimen_class="best_supportive_care")], scan("2020-07-01", "SD")),
        (245.0, True, "death", ""),
    ),
    "an adjuvant course is no next line": (
        dead([line(1), line(2, start="2020-09-01", intent="adjuvant")], scan("2020-07-01", "SD")),
        (245.0, True, "death", ""),
    ),
    "assessment and chart within 28 days: the assessment": (
        alive([line(1, date_progression="2020-06-03")], scan("2020-07-01", "PD")),
        (122.0, True, "pd_radiological", ""),
    ),
    "assessment and chart further apart: the earlier": (
        alive([line(1, date_progression="2020-06-02")], scan("2020-07-01", "PD")),
        (93.0, True, "pd_recorded", "pd_conflict"),
    ),
    "seen up to 28 days into the next line: at its start": (
        alive([line(1, date_progression="2020-09-29"), line(2, start="2020-09-01")]),
        (184.0, True, "pd_recorded", "pd_at_next_line"),
    ),
    "seen later than that: not of this line": (
        alive([line(1, date_progression="2020-09-30"), line(2, start="2020-09-01")], scan("2020-07-01", "SD")),
        (122.0, False, "censored_new_therapy", "pd_after_next_line"),
    ),
    "an assessment attributed to this line counts into the next": (
        alive(TWO_LINES, scan("2020-09-15", "PD", line_number=1)),
        (184.0, True, "pd_radiological", "pd_at_next_line"),
    ),
    "a progression on or before the start is none": (
        alive([line(1, date_progression="2020-03-01")], scan("2020-07-01", "SD")),
        (122.0, False, "censored_last_assessment", ""),
    ),
    "ended for progression, no date": (
        alive([line(1, date_end="2020-09-01", end_reason="progression")], scan("2020-07-01", "SD")),
        (122.0, False, "censored_last_assessment", "pd_date_missing"),
    ),
    "dead without a date": (
        alive([line(1)], scan("2020-07-01", "SD")) | {"patients": [patient(vital_status="dead")]},
        (122.0, False, "censored_last_assessment", ""),
    ),
    "RECIST outweighs a clinician of the same day": (
        alive([line(1)], scan("2020-07-01", "PD", criteria="clinician"), scan("2020-07-01", "SD")),
        (122.0, False, "censored_last_assessment", ""),
    ),
    "the worse of two equal assessments of a day": (
        alive([line(1)], scan("2020-07-01", "SD"), scan("2020-07-01", "PD")),
        (122.0, True, "pd_radiological", ""),
    ),
}


@pytest.mark.parametrize(("tables", "expected"), CASES.values(), ids=CASES.keys())
def test_derive_pfs(tables, expected):
    assert pfs(**tables) == expected


# The same situations under another choice.
CHOICES = {
    "new therapy is the event": (
        {"new_therapy": "event"},
        alive(TWO_LINES, scan("2020-07-01", "SD")),
        (184.0, True, "new_therapy", ""),
    ),
    "new therapy after progression changes nothing": (
        {"new_therapy": "event"},
        alive(TWO_LINES, scan("2020-07-01", "PD")),
        (122.0, True, "pd_radiological", ""),
    ),
    "progression on the day of the new therapy is the progression": (
        {"new_therapy": "event"},
        alive(TWO_LINES, scan("2020-09-01", "PD")),
        (184.0, True, "pd_radiological", ""),
    ),
    "new therapy ignored: the next progression": (
        {"new_therapy": "ignore"},
        alive(TWO_LINES, scan("2020-07-01", "SD"), scan("2020-11-01", "PD")),
        (245.0, True, "pd_radiological", ""),
    ),
    "new therapy ignored: the last assessment": (
        {"new_therapy": "ignore"},
        alive(TWO_LINES, scan("2020-07-01", "SD"), scan("2020-11-01", "SD")),
        (245.0, False, "censored_last_assessment", ""),
    ),
    "new therapy ignored: a later death still is no event": (
        {"new_therapy": "ignore"},
        dead(TWO_LINES, scan("2020-07-01", "SD")),
        (122.0, False, "censored_last_assessment", ""),
    ),
    "clinical progression does not count": (
        {"clinical_pd": False},
        alive(
            [line(1, date_progression="2020-05-01", progression_type="clinical")],
            scan("2020-07-01", "PD", criteria="clinician", modality="clinical"),
            scan("2020-09-01", "SD"),
        ),
        (184.0, False, "censored_last_assessment", ""),
    ),
    "censored at the last contact": (
        {"censor_at": "last_contact"},
        alive([line(1)], scan("2020-07-01", "SD")),
        (1067.0, False, "censored_last_contact", ""),
    ),
    "last contact ends at the next line": (
        {"censor_at": "last_contact"},
        alive(TWO_LINES, scan("2020-07-01", "SD")),
        (184.0, False, "censored_new_therapy", ""),
    ),
    "last contact when the next line is ignored": (
        {"censor_at": "last_contact", "new_therapy": "ignore"},
        alive(TWO_LINES, scan("2020-07-01", "SD")),
        (1067.0, False, "censored_last_contact", ""),
    ),
    "dated at the end of the line": (
        {"pd_date_from_end": True},
        alive([line(1, date_end="2020-09-01", end_reason="progression")], scan("2020-07-01", "SD")),
        (184.0, True, "pd_line_end", "pd_date_missing"),
    ),
    "but not after a biochemical progression": (
        {"pd_date_from_end": True},
        alive(
            [
                line(
                    1,
                    date_end="2020-09-01",
                    end_reason="progression",
                    date_progression="2020-08-01",
                    progression_type="biochemical",
                )
            ],
            scan("2020-07-01", "SD"),
        ),
        (122.0, False, "censored_last_assessment", ""),
    ),
    "two assessments were missed": (
        {"assessment_interval_days": 60},
        alive([line(1)], scan("2020-05-01", "SD"), scan("2020-09-01", "PD")),
        (61.0, False, "censored_missed_assessments", "missed_assessments"),  # 123 days > 2 x 60
    ),
    "one was missed": (
        {"assessment_interval_days": 62},
        alive([line(1)], scan("2020-05-01", "SD"), scan("2020-09-01", "PD")),
        (184.0, True, "pd_radiological", ""),
    ),
    "all were missed": (
        {"assessment_interval_days": 60},
        alive([line(1)], scan("2020-09-01", "PD")),
        (0.5, False, "censored_missed_assessments", "missed_assessments;time_zero"),
    ),
    "death after missed assessments stays an event": (
        {"assessment_interval_days": 60},
        dead([line(1)], scan("2020-05-02", "SD")),
        (245.0, True, "death", ""),
    ),
    "the second line": (
        {"origin": "line:2"},
        dead(TWO_LINES, scan("2020-07-01", "PD"), scan("2020-10-01", "SD")),
        (61.0, True, "death", ""),
    ),
    "a longer gap before death is allowed": (
        {"max_death_gap_days": 184},
        dead([line(1)], scan("2020-05-01", "SD")),
        (245.0, True, "death", ""),
    ),
}


@pytest.mark.parametrize(("choices", "tables", "expected"), CHOICES.values(), ids=CHOICES.keys())
def test_derive_pfs__under_another_choice(choices, tables, expected):
    assert pfs(choices=choices, **tables) == expected


CUTOFF = date(2020, 8, 1)


@pytest.mark.parametrize(
    ("people", "lines", "scans", "expected"),
    [
        (ALIVE, [line(1)], [scan("2020-07-01", "SD"), scan("2020-09-01", "PD")],
         (122.0, False, "censored_last_assessment")),
        (DEAD, [line(1)], [scan("2020-07-01", "SD")], (122.0, False, "censored_last_assessment")),
        (ALIVE, TWO_LINES, [scan("2020-07-01", "SD")], (122.0, False, "censored_last_assessment")),
        (ALIVE, [line(1)], [scan("2020-08-01", "PD")], (153.0, True, "pd_radiological")),
    ],
)  # fmt: skip
def test_derive_pfs__nothing_after_the_cutoff_is_seen(people, lines, scans, expected):
    assert pfs(patients=people, treatments=lines, assessments=scans, data_cutoff=CUTOFF)[:3] == expected


def test_derive_pfs__censored_at_the_cutoff_when_alive_later():
    choices = {"censor_at": "last_contact"}
    found = pfs(patients=ALIVE, treatments=[line(1)], data_cutoff=CUTOFF, choices=choices)
    assert found[:3] == (153.0, False, "censored_cutoff")


def test_derive_pfs__needs_a_line():
    with pytest.raises(AnalysisError, match="pfs must start with a line of treatment, found origin 'advanced'"):
        derive(patients=ALIVE, choices={"origin": "advanced"})


@pytest.mark.parametrize(
    ("people", "lines", "reason"),
    [
        (ALIVE, [], "line_not_started"),
        (ALIVE, [line(1, intent="adjuvant")], "line_not_started"),
        ([patient(date_death="2020-11-01")], [line(1)], "vital_contradiction"),
    ],
)
def test_derive_pfs__gives_a_reason_for_everyone_left_out(people, lines, reason):
    excluded = derive(patients=people, treatments=lines).excluded
    assert excluded[["patient_id", "endpoint", "reason"]].to_numpy().tolist() == [["P1", "pfs", reason]]


def test_derive_pfs__says_line_and_leaves_competing_undefined():
    endpoint = derive(patients=ALIVE, treatments=TWO_LINES, choices={"origin": "line:2"})
    assert (endpoint.line, endpoint.origin) == (2, "line:2")
    assert endpoint.table["line_number"].tolist() == [2]
    assert endpoint.table["competing"].isna().all()


def test_derive_pfs__tells_what_the_reader_must_know_once():
    findings = Findings()
    for _ in range(2):
        derive(
            findings,
            patients=[patient("A"), patient("B"), patient("C"), patient("D")],
            treatments=[
                line(1, "A", date_progression="2020-05-01"),
                line(1, "B", date_end="2020-06-01", end_reason="progression"),
                line(1, "C"),
                line(1, "D"),
            ],
            assessments=[
                scan("2020-07-01", "PD", "A"),
                scan("2020-05-01", "SD", "B"),
                scan("2020-05-01", "SD", "B"),
            ],
        )
    said = {item.code: item.message for item in findings}
    assert len(findings) == 5
    assert set(said) == {"W_ASSESS_DUP", "W_PD_CONFLICT", "W_PD_DATE_MISSING", "W_NO_ASSESSMENT", "W_TIME_ZERO"}
    assert "2 patients without event and without any assessment" in said["W_NO_ASSESSMENT"]
    assert "1 assessment set aside for another of the same date" in said["W_ASSESS_DUP"]


def test_derive_pfs__bounds_come_from_the_date_that_decided():
    endpoint = derive(patients=ALIVE, treatments=[line(1)], assessments=[scan("2020-07", "PD")])
    row = endpoint.table.iloc[0]
    assert (row["time_days"], row["time_min"], row["time_max"], row["flags"]) == (136.0, 122.0, 152.0, "")


def test_derive_pfs__golden_cohort(reference):
    golden = read_linear(reference).sort_values("patient_id")
    spec = EndpointSpec(name="pfs", entry_rule="none")
    table = derive_endpoint(build_linear(golden), spec, findings=Findings()).table
    assert table["patient_id"].tolist() == golden["patient_id"].tolist()
    assert table["time_days"].tolist() == golden["pfs_days"].tolist()
    assert table["event"].tolist() == (golden["pfs_type"] != 0).tolist()
    kind = table["end_reason"].map({"pd_radiological": 1, "death": 2}).fillna(0).astype(int)
    assert kind.tolist() == golden["pfs_type"].tolist()


def test_attribute__latest_start_before_the_date():
    tables = make_tables(
        treatments=[*TWO_LINES, line(3, start="2020-09-02", intent="adjuvant"), line(1, "P2")],
        assessments=[
            scan("2020-03-01", "SD"), scan("2020-03-02", "SD"), scan("2020-09-01", "SD"), scan("2020-09-02", "SD"),
            scan("2021-01-01", "SD"), scan("2020-02-01", "SD", line_number=2), scan("2020-05-01", "SD", "P2"),
            scan("2020-05-01", "SD", "P3"),
        ],
    )  # fmt: skip
    found = attribute_lines(tables["assessments"], tables["treatments"])
    assert found.dtype == "Int64"
    assert found.astype(object).where(found.notna(), None).tolist() == [None, 1, 1, 2, 2, 2, 1, None]


def test_resolve__keeps_one_per_date_and_line():
    frame = make_tables(
        assessments=[
            scan("2020-05-01", "NE"), scan("2020-05-01", "CR"), scan("2020-05-01", "PR"),
            scan("2020-06-01", "PD", line_number=1), scan("2020-06-01", "SD", line_number=2),
            scan("2020-07-01", "PD", criteria="Choi"), scan("2020-07-01", "SD", criteria="mRECIST"),
        ]
    )["assessments"]  # fmt: skip
    kept = resolve_same_day(frame).sort_index()
    assert kept["overall_response"].tolist() == ["PR", "PD", "SD", "PD"]
    again = resolve_same_day(frame.iloc[::-1]).sort_index()
    pd.testing.assert_frame_equal(kept, again)
