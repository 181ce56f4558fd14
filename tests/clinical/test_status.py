"""Status columns: the table of DOMAIN 1.11, line by line."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.clinical.status import (
    check_status_against,
    decode_events,
    decode_vital_status,
    is_status_column,
    read_status_map,
)
from netgen.errors import Findings, InputError
from tests.clinical.make_cells import cells, values


def vital(*texts: str | None, name: str = "vital_status", **options: object) -> tuple[list[object], Findings]:
    findings = Findings()
    return values(decode_vital_status(cells(*texts, name=name), findings=findings, **options)), findings


def events(*texts: str | None, name: str = "OS_STATUS", **options: object) -> tuple[list[object], Findings]:
    findings = Findings()
    return values(decode_events(cells(*texts, name=name), findings=findings, **options)), findings


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        *[(text, "dead") for text in (
            "1:DECEASED", "Deceased", "DEAD", "died", "Death", "d", "1:anything", "DOD", "DOC", "DUK", "D of UC",
            "Died perioperatively", "Died of other causes", "Deceased - Of Disease", "Deceased - Of Unknown Cause",
        )],
        *[(text, "alive") for text in (
            "0:LIVING", "Living", "ALIVE", "a", "alive_with_disease", "AWD", "AWD-M", "NED", "NED-M", "0:x",
            "Alive - Without Disease", "Alive - Disease Status Unknown",
        )],
        *[(text, "unknown") for text in (
            "lost", "Lost to follow-up", "Lost at follow up", "unknown", "UNKNOWN", "Not Reported", "No Follow Up",
        )],
        *[(text, None) for text in ("", "NA", "[Not Available]", None)],
    ],
)  # fmt: skip
def test_decode_vital_status__words_and_prefixes(text: str | None, decoded: str | None) -> None:
    found, findings = vital(text)
    assert found == [decoded]
    assert findings.codes() == ({"W_VITAL_UNKNOWN"} if decoded == "unknown" else set())


@pytest.mark.parametrize("name", ["dead", "Death", "DECEASED", "patient_dead"])
def test_decode_vital_status__yes_in_a_column_named_after_death(name: str) -> None:
    assert vital("Yes", "FALSE", "no", "true", name=name)[0] == ["dead", "alive", "alive", "dead"]


def test_decode_vital_status__yes_elsewhere_is_no_status() -> None:
    found, findings = vital("yes", name="vital_status")
    assert found == [None]
    assert [(item.code, item.row) for item in findings] == [("E_VALUE", 2)]


def test_decode_vital_status__zero_and_one() -> None:
    assert vital("0", "1", "1.0", "NA")[0] == ["alive", "dead", "dead", None]
    assert vital("0", "Died perioperatively")[0] == ["alive", "dead"]


def test_decode_vital_status__one_and_two_without_dates_is_ambiguous() -> None:
    found, findings = vital("1", "2", "1")
    assert found == [None, None, None]
    [item] = findings
    assert item.code == "E_STATUS_AMBIGUOUS"
    assert "1, 2" in item.message
    assert "3 rows" in item.message


def test_decode_vital_status__one_and_two_are_resolved_by_dates_of_death() -> None:
    found, findings = vital("1", "2", "1", "2", has_death_date=np.array([False, True, False, True]))
    assert found == ["alive", "dead", "alive", "dead"]
    assert findings.codes() == {"I_STATUS_RESOLVED"}


@pytest.mark.parametrize("dates", [[True, True], [False, False], [True, False]])
def test_decode_vital_status__dates_that_do_not_fit_resolve_nothing(dates: list[bool]) -> None:
    found, findings = vital("1", "2", has_death_date=np.array(dates))
    assert found == [None, None]
    assert findings.codes() == {"E_STATUS_AMBIGUOUS"}


def test_decode_vital_status__a_declared_map_wins() -> None:
    found, findings = vital(
        "1",
        "2",
        "1.0",
        "Living",
        status_map={"1": "dead", "2": "alive"},
        has_death_date=np.array([False, True, False, False]),
    )
    assert found == ["dead", "alive", "dead", "alive"]
    assert not len(findings)


def test_decode_vital_status__a_declared_map_must_hold_every_number() -> None:
    found, findings = vital("1", "3", status_map={"1": "dead", "2": "alive"})
    assert found == ["dead", None]
    assert [(item.code, item.row) for item in findings] == [("E_VALUE", 3)]


def test_decode_vital_status__other_codes_must_be_declared() -> None:
    assert vital("0", "1", "9")[1].codes() == {"E_STATUS_AMBIGUOUS"}
    assert vital("0", "1", "9", status_map={"0": "alive", "1": "dead", "9": "unknown"})[0] == [
        "alive",
        "dead",
        "unknown",
    ]


def test_decode_vital_status__inverse_coding_is_seen_from_dates_of_death() -> None:
    found, findings = vital("1", "0", "1", has_death_date=np.array([False, True, False]))
    assert found == ["dead", "alive", "dead"]
    assert findings.codes() == {"E_STATUS_INVERTED"}


def test_decode_vital_status__a_share_of_deaths_that_contradicts_the_dates_is_suspect() -> None:
    texts = ["1"] * 30
    _, findings = vital(*texts, has_death_date=np.arange(30) < 3)
    assert findings.codes() == {"W_STATUS_SUSPECT"}
    _, findings = vital(*texts, has_death_date=np.ones(30, dtype=bool))
    assert not len(findings)


# ------------------------------------------------------------------ events


def test_decode_events__cnsr_is_inverse() -> None:
    found, findings = events("0", "1", "2", None, name="CNSR")
    assert found == [True, False, False, None]
    assert not len(findings)
    assert events("0", "1", name="PFS_CNSR")[0] == [True, False]


def test_decode_events__census_is_not_censoring_but_censored_must_be_declared() -> None:
    assert events("alive", "dead", name="census status")[0] == [False, True]
    found, findings = events("TRUE", "FALSE", name="CENSORED")
    assert found == [None, None]
    assert findings.codes() == {"E_STATUS_AMBIGUOUS"}
    assert events("TRUE", "FALSE", name="CENSORED", status_map={"TRUE": "none", "FALSE": "event"})[0] == [False, True]


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("1:Recurred/Progressed", True),
        ("0:DiseaseFree", False),
        ("Recurred/Progressed", True),
        ("DiseaseFree", False),
        ("1:Progressed", True),
        ("Progressed", True),
        ("Not Progressed", False),
        ("0:Not Progressed", False),
        ("0:CENSORED", False),
        ("1:PROGRESSION", True),
        ("event", True),
        ("no", False),
        ("1", True),
        ("0", False),
        ("", None),
        ("None", None),
        ("[Not Available]", None),
    ],
)
def test_decode_events__endpoint_words(text: str, happened: bool | None) -> None:
    found, findings = events(text, name="PFS_STATUS", endpoint="pfs")
    assert found == [happened]
    assert not len(findings)


def test_decode_events__a_blank_status_is_never_censored() -> None:
    assert events("0:LIVING", None, "")[0] == [False, None, None]


def test_decode_events__other_deaths_are_no_event_of_disease_specific_survival() -> None:
    texts = ("DOD", "DOC", "DUK", "NED", "AWD")
    assert events(*texts, endpoint="dss")[0] == [True, False, None, False, False]
    assert events(*texts, endpoint="os")[0] == [True, True, True, False, False]


def test_decode_events__one_two_coding_is_ambiguous_without_declaration() -> None:
    assert events("1", "2")[1].codes() == {"E_STATUS_AMBIGUOUS"}
    assert events("1", "2", status_map={"1": "none", "2": "event"})[0] == [False, True]


def test_is_status_column__words_prefixes_and_codes_only() -> None:
    assert is_status_column(cells("1:Yes", "0:No", None))
    assert is_status_column(cells("0", "1", "NA"))
    assert not is_status_column(cells("never", "former"))
    assert not is_status_column(cells(None, "NA"))
    assert not is_status_column(cells("0", "2"))


# ------------------------------------------------------------------ maps and cross-checks


def test_read_status_map__pairs() -> None:
    assert read_status_map("1=dead, 2=alive") == {"1": "dead", "2": "alive"}
    with pytest.raises(InputError, match="such as 1=dead"):
        read_status_map("1:dead")
    with pytest.raises(InputError, match="dead, alive, event, none or unknown as meaning, got 'perhaps'"):
        read_status_map("1=perhaps")


def test_check_status_against__inverted_coding_is_an_error() -> None:
    coded = pd.Series([True, True, False], dtype="boolean")
    findings = Findings()
    words = cells("Living", "Living", "Died of Disease", name="death_from_cancer")
    assert check_status_against(coded, words, name="overall_survival", findings=findings) == 3
    [item] = findings
    assert (item.code, item.column, item.row) == ("E_STATUS_INVERTED", "death_from_cancer", 2)
    assert "contradict each other in 3 of 3 rows" in item.message


def test_check_status_against__single_contradictions_are_a_warning() -> None:
    coded = pd.Series([True, False, False, pd.NA], dtype="boolean")
    findings = Findings()
    words = cells("dead", "alive", "dead", "dead")
    assert check_status_against(coded, words, name="os", findings=findings) == 1
    assert [(item.code, item.row) for item in findings] == [("W_STATUS_SUSPECT", 4)]


def test_check_status_against__numbers_and_unknown_say_nothing() -> None:
    coded = pd.Series([True, False], dtype="boolean")
    findings = Findings()
    assert check_status_against(coded, cells("0", "unknown"), name="os", findings=findings) == 0
    assert not len(findings)
