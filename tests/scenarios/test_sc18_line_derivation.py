"""SC18: lines of therapy from drug records, and the endpoints of these lines."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.clinical.lines import derive_lines
from netgen.clinical.lines_rules import LineRules
from netgen.errors import Findings
from tests.clinical.literal import make_tables, patient, scan

# drug, first day, last day, background; the radioligand was given on four days
GIVEN = [
    ("lanreotide", "2020-01-10", "2020-09-30", None),
    ("capecitabine", "2020-10-05", "2021-05-10", None),
    ("temozolomide", "2020-10-15", "2021-02-28", None),
    ("lanreotide", "2020-11-01", None, True),
    ("embolisation", "2021-03-12", None, None),
    ("CAPTEM", "2021-12-01", None, None),
    ("cisplatin+etoposide", "2022-03-01", None, None),
    ("carboplatin", "2022-03-25", None, None),
    *[("177Lu-DOTATATE", day, None, None) for day in ("2022-08-01", "2022-10-01", "2022-12-01", "2023-02-01")],
]
PROGRESSIONS = ("2020-09-15", "2022-02-20")
LINES = [
    (1, "lanreotide", "ssa", "2020-01-10", "2020-09-30", False),
    (2, "capecitabine+temozolomide", "chemo_alkylating", "2020-10-05", "2021-05-10", False),
    (3, "capecitabine+temozolomide", "chemo_alkylating", "2021-12-01", "2022-02-28", True),
    (4, "cisplatin+etoposide", "chemo_platinum", "2022-03-01", "2022-07-31", False),
    (5, "177Lu-DOTATATE", "prrt", "2022-08-01", "2023-02-01", False),
]


def _tables(*, flagged: bool = True, reverse: bool = False) -> dict:
    """With ``flagged`` the second lanreotide is marked as background, else only the tumour is marked as functional."""
    ill = patient(
        date_diagnosis="2019-11-20", date_advanced="2020-01-01", date_last_contact="2023-06-01",
        functional_status="functional",
    )  # fmt: skip
    names = ("drug", "date_start", "date_end", "background_ssa")
    drugs = [dict(zip(names, row, strict=True), patient_id="P1") for row in GIVEN]
    if not flagged:
        drugs = [row | {"background_ssa": None} for row in drugs]
    return make_tables(
        patients=[ill], drugs=drugs[::-1] if reverse else drugs, assessments=[scan(day, "PD") for day in PROGRESSIONS]
    )


def _derive(tables: dict, rules: LineRules | None = None) -> tuple[pd.DataFrame, Findings]:
    findings = Findings()
    lines = derive_lines(tables["drugs"], tables["patients"], tables["assessments"], rules=rules, findings=findings)
    return lines, findings


def _short(lines: pd.DataFrame) -> list[tuple]:
    own = lines[lines["intent"] == "palliative"]
    start, end = (own[name].dt.strftime("%Y-%m-%d") for name in ("date_start", "date_end"))
    return list(
        zip(own["line_number"], own["regimen"], own["regimen_class"], start, end, own["rechallenge"], strict=True)
    )


@pytest.mark.parametrize("flagged", [True, False])
@pytest.mark.parametrize("reverse", [False, True])
def test_sc18_line_derivation(flagged: bool, reverse: bool) -> None:
    lines, findings = _derive(_tables(flagged=flagged, reverse=reverse))
    assert _short(lines) == LINES
    assert lines["background_ssa"].tolist() == [False, True, True, True, True, False]
    reasons = lines["derivation_reason"].tolist()
    assert "205 days" in reasons[2]
    assert "carboplatin replaces cisplatin" in reasons[3]
    assert findings.codes() == set()


def test_sc18_an_embolisation_is_an_event_beside_the_lines() -> None:
    lines, _ = _derive(_tables())
    event = lines[lines["intent"] == "local_only"]
    assert event["regimen_class"].tolist() == ["locoregional_liver"]
    assert event["date_start"].tolist() == [pd.Timestamp("2021-03-12")]
    assert event["line_number"].tolist() == [6]
    assert event["number_in_intent"].tolist() == [1]
    assert "local_therapy" in lines["derivation_flags"].iloc[1]


def test_sc18_an_embolisation_is_a_line_if_asked() -> None:
    lines, _ = _derive(_tables(), LineRules(local_as_line=True))
    # ends on the day before: 2021-03-11; capecitabine goes on until 2021-05-10 beside the embolisation
    assert [row[1:4] for row in _short(lines)][1:4] == [
        ("capecitabine+temozolomide", "chemo_alkylating", "2020-10-05"),
        ("capecitabine+embolisation", "locoregional_liver", "2021-03-12"),
        ("capecitabine+temozolomide", "chemo_alkylating", "2021-12-01"),
    ]
    assert lines["date_end"].iloc[1] == pd.Timestamp("2021-03-11")
    assert len(lines) == 6


def test_sc18_a_longer_gap_joins_the_two_captem_lines() -> None:
    lines, _ = _derive(_tables(), LineRules(gap=240))
    own = _short(lines)
    assert [row[2:4] for row in own] == [
        ("ssa", "2020-01-10"),
        ("chemo_alkylating", "2020-10-05"),
        ("chemo_platinum", "2022-03-01"),
        ("prrt", "2022-08-01"),
    ]
    assert own[1][4] == "2022-02-28"


@pytest.mark.parametrize(
    ("name", "line", "days", "event"),
    [("ttp", 1, 249, True), ("ttnt", 1, 269, True), ("ttnt", 2, 422, True), ("dot", 2, 218, True)],
)
def test_sc18_times_of_the_lines(name: str, line: int, days: int, event: bool) -> None:
    tables = _tables()
    tables["treatments"] = _derive(tables)[0]
    spec = EndpointSpec(name=name, origin=f"line:{line}", entry_rule="none")
    table = derive_endpoint(tables, spec, findings=Findings()).table
    assert (table["time_days"].tolist(), table["event"].tolist()) == ([days], [event])


def test_sc18_a_local_procedure_censors_progression_only_if_asked() -> None:
    tables = _tables()
    tables["treatments"] = _derive(tables)[0]
    seen = [scan("2020-12-20", "SD"), scan("2021-04-20", "SD"), *(scan(day, "PD") for day in PROGRESSIONS)]
    tables |= make_tables(assessments=seen)
    times = {}
    for asked in (False, True):
        spec = EndpointSpec(name="pfs", origin="line:2", entry_rule="none", censor_at_local=asked)
        table = derive_endpoint(tables, spec, findings=Findings()).table
        times[asked] = (table["end_date"].iloc[0], bool(table["event"].iloc[0]), table["flags"].iloc[0])
    assert times[True][:2] == (pd.Timestamp("2020-12-20"), False)
    assert times[False][0] > pd.Timestamp("2021-03-12")
    assert "local_therapy" in times[False][2]
