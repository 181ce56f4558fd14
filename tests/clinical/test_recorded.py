"""Ready-made endpoints: which columns form a pair, and what their values mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from netgen import schema
from netgen.clinical.recorded_endpoints import RecordedSpec, find_recorded_endpoints, parse_recorded_endpoints
from netgen.errors import Findings
from tests.clinical.make_cells import raw_table, values

if TYPE_CHECKING:
    import pandas as pd

    from netgen.clinical.files import RawTable


def found(raw: RawTable) -> tuple[dict[str, tuple[tuple[str, ...], str, str | None]], Findings]:
    findings = Findings()
    specs = find_recorded_endpoints(raw, findings=findings)
    return {spec.name: (spec.time, spec.event, spec.unit) for spec in specs}, findings


def recorded(raw: RawTable, **options: object) -> tuple[pd.DataFrame, Findings]:
    findings = Findings()
    return parse_recorded_endpoints(raw, patient_ids=raw.frame["id"], findings=findings, **options), findings


# ------------------------------------------------------------------ pairs


def test_find_recorded_endpoints__cbioportal_pairs() -> None:
    raw = raw_table(
        OS_STATUS=["1"], OS_MONTHS=["1"], PFS_STATUS=["1"], PFS_DAYS=["1"], XYZ_STATUS=["0:no"], XYZ_YEARS=["1"]
    )
    specs, findings = found(raw)
    assert specs == {
        "os": (("OS_MONTHS",), "OS_STATUS", "months"),
        "pfs": (("PFS_DAYS",), "PFS_STATUS", "days"),
        "xyz": (("XYZ_YEARS",), "XYZ_STATUS", "years"),
    }
    assert not len(findings)


def test_find_recorded_endpoints__display_names() -> None:
    raw = raw_table(**{"Overall Survival (Months)": ["1"], "Overall Survival Status": ["0:LIVING"]})
    assert found(raw)[0] == {"os": (("Overall Survival (Months)",), "Overall Survival Status", "months")}


def test_find_recorded_endpoints__tcga_cdr_with_any_prefix_is_in_days() -> None:
    raw = raw_table(**{"CDR_OS": ["0"], "CDR_OS.time": ["5"], "CDR_PFI": ["0"], "CDR_PFI.time": ["5"]})
    assert found(raw)[0] == {
        "os": (("CDR_OS.time",), "CDR_OS", "days"), "pfi": (("CDR_PFI.time",), "CDR_PFI", "days"),
    }  # fmt: skip


def test_find_recorded_endpoints__genie_takes_the_finest_unit_and_keeps_its_names() -> None:
    raw = raw_table(
        os_dx_status=["1"], tt_os_dx_days=["30"], tt_os_dx_mos=["1"], tt_os_dx_yrs=["0.1"], os_adv_status=["1"],
        tt_os_adv_mos=["1"],
    )  # fmt: skip
    assert found(raw)[0] == {
        "os_dx": (("tt_os_dx_days",), "os_dx_status", "days"),
        "os_adv": (("tt_os_adv_mos",), "os_adv_status", "months"),
    }


def test_find_recorded_endpoints__two_claims_on_one_name_keep_their_own() -> None:
    raw = raw_table(A_OS=["1"], A_OS_MONTHS=["1"], B_OS=["1"], B_OS_MONTHS=["1"])
    assert sorted(found(raw)[0]) == ["a_os", "b_os"]
    raw = raw_table(OS=["1"], OS_MONTHS=["1"], B_OS=["1"], B_OS_MONTHS=["1"])
    assert sorted(found(raw)[0]) == ["b_os", "os"]


def test_find_recorded_endpoints__a_status_of_something_else_is_no_endpoint() -> None:
    raw = raw_table(SMOKING_STATUS=["never"], SMOKING_YEARS=["5"], MGMT_STATUS=["yes"])
    specs, findings = found(raw)
    assert specs == {}
    assert not len(findings)


def test_find_recorded_endpoints__halves_of_known_endpoints_are_reported() -> None:
    specs, findings = found(raw_table(OS_MONTHS=["1"], VITAL_STATUS=["0"], DFS_STATUS=["0:DiseaseFree"]))
    assert specs == {}
    assert [(item.code, item.column) for item in findings] == [
        ("W_ENDPOINT_INCOMPLETE", "OS_MONTHS"), ("W_ENDPOINT_INCOMPLETE", "DFS_STATUS"),
    ]  # fmt: skip
    assert "[endpoints.os] event" in findings.items[0].fix
    assert "[endpoints.dfs] time" in findings.items[1].fix


def test_find_recorded_endpoints__half_a_pair_of_an_endpoint_that_the_user_names_is_no_news() -> None:
    findings = Findings()
    raw = raw_table(OVERALL_SURVIVAL_STATUS=["1"], PFS_MONTHS=["2"])
    find_recorded_endpoints(raw, findings=findings, named={"os"})
    assert [item.column for item in findings] == ["PFS_MONTHS"]


# ------------------------------------------------------------------ values


def test_parse_recorded_endpoints__months_and_prefixed_statuses() -> None:
    raw = raw_table(
        id=["P2", "P1", "P3"],
        OS_MONTHS=["73.8", "12", "[Not Available]"],
        OS_STATUS=["0:LIVING", "1:DECEASED", "LIVING"],
    )
    table, findings = recorded(raw)
    assert values(table["patient_id"]) == ["P1", "P2", "P3"]
    assert values(table["endpoint"]) == ["os"] * 3
    assert values(table["time_days"]) == [365.0, 2246.0, None]
    assert values(table["event"]) == [True, False, False]
    assert values(table["time_text"]) == ["12", "73.8", None]
    assert values(table["status_text"]) == ["1:DECEASED", "0:LIVING", "LIVING"]
    assert values(table["row"]) == [3, 2, 4]
    assert list(table.columns) == list(schema.empty(schema.RECORDED_ENDPOINTS).columns)
    assert [(item.code, item.row) for item in findings] == [("W_TIME_INVALID", 4), ("W_ENDPOINT_PRECOMPUTED", None)]
    assert "2 of 3 rows are complete" in findings.items[-1].message


def test_parse_recorded_endpoints__a_blank_status_is_missing_never_censored() -> None:
    raw = raw_table(id=["P1", "P2"], OS_MONTHS=["5", "6"], OS_STATUS=[None, "0:LIVING"])
    table, findings = recorded(raw)
    assert values(table["event"]) == [None, False]
    [item] = [item for item in findings if item.code == "W_ENDPOINT_INCOMPLETE"]
    assert item.row == 2
    assert "not taken as censored" in item.message


def test_parse_recorded_endpoints__impossible_times_are_missing() -> None:
    raw = raw_table(id=["P1", "P2", "P3", "P4"], OS_DAYS=["-Inf", "0", "-7", "12.0"], OS_STATUS=["1", "1", "0", "0"])
    table, findings = recorded(raw)
    assert values(table["time_days"]) == [None, 0.0, None, 12.0]
    assert values(table["time_text"]) == ["-Inf", "0", "-7", "12.0"]
    [item] = [item for item in findings if item.code == "W_TIME_INVALID"]
    assert "in 2 rows" in item.message


def test_parse_recorded_endpoints__named_columns_are_coalesced() -> None:
    spec = RecordedSpec(name="OS", time=("days_to_death", "days_to_last_followup"), event="vital_status")
    raw = raw_table(
        id=["P1", "P2", "P3"], days_to_death=["10", "[Not Applicable]", "NA"], days_to_last_followup=[None, "20", "NA"],
        vital_status=["1", "0", "0"],
    )  # fmt: skip
    table, _ = recorded(raw, specs=[spec])
    assert values(table["time_days"]) == [10.0, 20.0, None]
    assert values(table["event"]) == [True, False, False]
    assert values(table["endpoint"]) == ["os"] * 3


def test_parse_recorded_endpoints__units_entry_and_declared_coding() -> None:
    spec = RecordedSpec(
        name="os", time=("t",), event="e", unit="months", entry="start", status_map={"1": "none", "2": "event"}
    )
    raw = raw_table(id=["P1", "P2"], t=["12", "24"], e=["1", "2"], start=["2", "-1"])
    table, _ = recorded(raw, specs=[spec])
    assert values(table["time_days"]) == [365.0, 730.0]
    assert values(table["event"]) == [False, True]
    assert values(table["entry_days"]) == [61.0, -30.0]  # 60.875 and -30.4375


def test_parse_recorded_endpoints__specs_may_use_the_names_of_the_mapping() -> None:
    spec = RecordedSpec(name="os", time=("time",), event="event", unit="days")
    raw = raw_table(**{"id": ["P1"], "follow up": ["5"], "census": ["dead"]})
    table, _ = recorded(raw, specs=[spec], renamed={"time": "follow up", "event": "census"})
    assert values(table["time_days"]) == [5.0]
    assert values(table["event"]) == [True]


@pytest.mark.parametrize(("unit", "code"), [(None, "E_TIME_UNIT"), ("fortnights", "E_TIME_UNIT")])
def test_parse_recorded_endpoints__a_unit_is_never_guessed(unit: str | None, code: str) -> None:
    spec = RecordedSpec(name="os", time=("time",), event="event", unit=unit)
    table, findings = recorded(raw_table(id=["P1"], time=["5"], event=["1"]), specs=[spec])
    assert table.empty
    assert [item.code for item in findings if item.severity == "E"] == [code]


def test_parse_recorded_endpoints__an_unlabelled_known_pair_must_be_declared() -> None:
    _, findings = recorded(raw_table(id=["P1"], os_time=["5"], os_event=["1"]))
    assert findings.codes() == {"E_TIME_UNIT"}
    spec = RecordedSpec(name="os", time=("os_time",), event="os_event", unit="months")
    table, findings = recorded(raw_table(id=["P1"], os_time=["12"], os_event=["1"]), specs=[spec])
    assert values(table["time_days"]) == [365.0]
    assert findings.codes() == {"W_ENDPOINT_PRECOMPUTED"}


def test_parse_recorded_endpoints__missing_columns_are_named() -> None:
    spec = RecordedSpec(name="os", time=("OS_MONTHS",), event="OS_STATE")
    table, findings = recorded(raw_table(id=["P1"], OS_MONTHS=["5"], OS_STATUS=["1"]), specs=[spec])
    assert table.empty
    [item] = [item for item in findings if item.severity == "E"]
    assert (item.code, item.column) == ("E_COLUMN_MISSING", "OS_STATE")
    assert "OS_STATUS" in item.fix


def test_parse_recorded_endpoints__inverted_coding_is_seen_in_a_column_of_words() -> None:
    raw = raw_table(
        id=["P1", "P2", "P3"], overall_survival_months=["5", "6", "7"], overall_survival=["1", "1", "0"],
        death_from_cancer=["Living", "Living", "Died of Disease"],
    )  # fmt: skip
    _, findings = recorded(raw)
    [item] = [item for item in findings if item.severity == "E"]
    assert (item.code, item.column) == ("E_STATUS_INVERTED", "death_from_cancer")
    spec = RecordedSpec(
        name="os", time=("overall_survival_months",), event="overall_survival", status_map={"0": "dead", "1": "alive"}
    )
    table, findings = recorded(raw, specs=[spec])
    assert values(table["event"]) == [False, False, True]
    assert not findings.of("E")


def test_parse_recorded_endpoints__check_against_names_the_witness() -> None:
    spec = RecordedSpec(name="pfs", time=("PFS_DAYS",), event="PFS", check_against="course")
    raw = raw_table(id=["P1", "P2"], PFS_DAYS=["5", "6"], PFS=["1", "0"], course=["Not Progressed", "Progressed"])
    assert "E_STATUS_INVERTED" in recorded(raw, specs=[spec])[1].codes()


def test_parse_recorded_endpoints__rows_of_one_patient_are_one() -> None:
    raw = raw_table(
        id=["P1", "P1", "P2", "P2", None],
        OS_MONTHS=["5", "5.0", "6", "7", "8"],
        OS_STATUS=["1", "1:DECEASED", "0", "0", "0"],
    )
    table, findings = recorded(raw)
    assert values(table["patient_id"]) == ["P1", "P2"]
    assert [item.value for item in findings if item.code == "E_DUP_CONFLICT"] == ["P2 os"]
    table, findings = recorded(raw, on_duplicate="exclude")
    assert values(table["patient_id"]) == ["P1"]
    assert "W_DUP_EXCLUDED" in findings.codes()


def test_parse_recorded_endpoints__lost_patients_are_censored_with_a_warning() -> None:
    table, findings = recorded(raw_table(id=["P1"], OS_MONTHS=["5"], OS_STATUS=["Lost to follow-up"]))
    assert values(table["event"]) == [False]
    assert "W_VITAL_UNKNOWN" in findings.codes()


def test_parse_recorded_endpoints__a_table_without_endpoints() -> None:
    table, findings = recorded(raw_table(id=["P1"], sex=["f"]))
    assert table.empty
    assert table.dtypes.to_dict() == schema.empty(schema.RECORDED_ENDPOINTS).dtypes.to_dict()
    assert not len(findings)
