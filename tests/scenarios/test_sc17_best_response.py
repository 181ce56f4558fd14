"""SC17: best overall response, unconfirmed and confirmed, of eleven patients."""

from __future__ import annotations

import dataclasses

import pytest

from netgen.association.response import response
from netgen.clinical.eligibility import derive_groups
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.clinical.response import best_responses, is_control, is_response
from netgen.errors import Findings
from tests.clinical.literal import line, make_tables, patient, scan
from tests.demo_run import demo_cohort

# patient, assessments as (day of the line, response), unconfirmed, confirmed
PATIENTS = [
    ("a", [(56, "PR"), (112, "PR")], "PR", "PR"),
    ("b", [(56, "PR"), (70, "SD")], "PR", "SD"),
    ("c", [(28, "PR"), (35, "PD")], "PR", "PD"),
    ("d", [(30, "SD"), (60, "PD")], "PD", "PD"),
    ("e", [(30, "SD")], "NE", "NE"),
    ("f", [(50, "SD"), (100, "PR"), (140, "NE"), (170, "PR")], "PR", "PR"),
    ("g", [(50, "CR"), (85, "CR"), (120, "PD")], "CR", "CR"),
    ("h", [(50, "CR"), (80, "PR")], "CR", "SD"),
    ("i", [], "NE", "NE"),
    ("j", [(50, "SD"), (100, "PR")], "SD", "SD"),
    ("k", [(50, "NON_CR_NON_PD"), (110, "NON_CR_NON_PD")], "NON_CR_NON_PD", "NON_CR_NON_PD"),
]
START = 1000


def _tables(reverse: bool = False) -> dict:
    ill = [patient(name, date_diagnosis=0, date_advanced=500, date_last_contact=2000) for name, *_ in PATIENTS]
    ill[8] |= {"vital_status": "dead", "date_death": START + 20, "date_last_contact": START + 20}
    lines = [line(1, name, START) for name, *_ in PATIENTS] + [line(2, "j", START + 90)]
    scans = [scan(START + day, word, name) for name, rows, *_ in PATIENTS for day, word in rows]
    rows = {"patients": ill, "treatments": lines, "assessments": scans}
    return make_tables(**{name: part[::-1] if reverse else part for name, part in rows.items()})


@pytest.mark.parametrize("reverse", [False, True])
def test_sc17_best_response(reverse: bool) -> None:
    findings = Findings()
    found = best_responses(_tables(reverse), lines=[1], sd_min_days=42, confirm_days=28, findings=findings)
    assert found["patient_id"].tolist() == [name for name, *_ in PATIENTS]
    assert found["bor"].tolist() == [plain for _, _, plain, _ in PATIENTS]
    assert found["bor_confirmed"].tolist() == [strict for *_, strict in PATIENTS]
    assert found.set_index("patient_id")["flags"].to_dict() == {
        name: {"h": "pr_after_cr", "i": "no_assessment"}.get(name, "") for name, *_ in PATIENTS
    }
    assert findings.codes() == {"W_RESP_PR_AFTER_CR"}


def test_sc17_response_and_control_rates() -> None:
    plain = best_responses(_tables(), lines=[1], findings=Findings())["bor"]
    strict = best_responses(_tables(), lines=[1], confirmed=True, findings=Findings())["bor"]
    assert [int(is_response(bor).sum()) for bor in (plain, strict)] == [6, 3]
    assert [int(is_control(bor).sum()) for bor in (plain, strict)] == [8, 7]
    assert len(plain) == 11


@pytest.mark.parametrize(("confirmed", "responses", "controlled"), [(False, 6, 8), (True, 3, 7)])
def test_sc17_rates_of_the_whole_analysis(confirmed: bool, responses: int, controlled: int) -> None:
    tables = _tables()
    tables["patients"] = derive_groups(tables["patients"])
    cohort = dataclasses.replace(demo_cohort(), **tables, profiles=demo_cohort().profiles.iloc[:0])
    found = response(cohort, confirmed=confirmed)
    rows = found.table.loc[(found.table["kind"] == "all") & (found.table["denominator"] == "started")]
    assert rows[["metric", "a", "n"]].to_numpy().tolist() == [["ORR", responses, 11], ["DCR", controlled, 11]]
    assert set(found.table["confirmed"]) == {confirmed}
    assert "W_RESP_PR_AFTER_CR" in found.findings.codes()
    lasts = found.durations.set_index(["endpoint", "variable"])
    assert lasts.loc[("dor", "all"), "n"] + lasts.loc[("dor", "all"), "n_excluded"] == 11


def test_sc17_a_response_lasts_until_progression() -> None:
    """Patient g: complete response on day 50, progression on day 120."""
    spec = EndpointSpec(name="dor", origin="line:1", entry_rule="none")
    for confirmed in (False, True):
        responses = best_responses(_tables(), lines=[1], confirmed=confirmed, findings=Findings())
        table = derive_endpoint(_tables(), spec, responses=responses, findings=Findings()).table
        row = table.set_index("patient_id").loc["g"]
        assert (row["time_days"], row["event"]) == (70, True)
