"""SC01: status columns in every coding decode to the same truth, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.clinical.status import decode_events, decode_vital_status, read_status_map
from netgen.clinical.table_parser import ParseOptions
from netgen.errors import Findings
from tests.clinical.make_cells import cells, raw_table, values
from tests.clinical.parsing import parse_patients


def test_sc01_words_and_prefixes() -> None:
    findings = Findings()
    column = cells(
        "1:DECEASED", "0:LIVING", "Dead", "alive", "DECEASED", "0:CENSORED", "1:PROGRESSION", "lost to follow-up",
        name="OS_STATUS",
    )  # fmt: skip
    assert values(decode_events(column, findings=findings)) == [True, False, True, False, True, False, True, False]
    assert [item.code for item in findings] == ["W_VITAL_UNKNOWN"]


def test_sc01_cnsr_is_inverse() -> None:
    findings = Findings()
    assert values(decode_events(cells("0", "1", "2", name="CNSR"), findings=findings)) == [True, False, False]
    assert not len(findings)


def test_sc01_one_two_without_dates_is_ambiguous() -> None:
    findings = Findings()
    decode_vital_status(cells("1", "2", "1", "2"), findings=findings)
    assert [item.code for item in findings] == ["E_STATUS_AMBIGUOUS"]


def test_sc01_one_two_with_dates_of_death_is_resolved() -> None:
    findings = Findings()
    dates = np.array([False, True, False, True])
    found = decode_vital_status(cells("1", "2", "1", "2"), findings=findings, has_death_date=dates)
    assert values(found == "dead") == [False, True, False, True]
    assert [item.code for item in findings] == ["I_STATUS_RESOLVED"]


@pytest.mark.parametrize("status_map", [{"1": "dead", "2": "alive"}, read_status_map("1=dead,2=alive")])
def test_sc01_a_declared_map_gives_the_inverse(status_map: dict[str, str]) -> None:
    findings = Findings()
    found = decode_vital_status(cells("1", "2", "1", "2"), findings=findings, status_map=status_map)
    assert values(found == "dead") == [True, False, True, False]
    assert not len(findings)


def test_sc01_in_a_table_of_patients() -> None:
    raw = raw_table(patient_id=["P1", "P2", "P3"], vital_status=["1", "2", "1"], date_death=[None, "2021-05-01", None])
    findings = Findings()
    assert values(parse_patients(raw, findings=findings)["vital_status"]) == ["alive", "dead", "alive"]
    assert findings.codes() == {"I_STATUS_RESOLVED"}
    options = ParseOptions(status_map={"1": "dead", "2": "alive"})
    assert values(parse_patients(raw, options=options, findings=Findings())["vital_status"]) == [
        "dead",
        "alive",
        "dead",
    ]
