"""Overall survival, recorded endpoints and what all endpoints share: literal patients, literal outcomes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from netgen.clinical.clamp import clamp_dates
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint, list_endpoints
from netgen.errors import AnalysisError, Findings
from netgen.schema import RECORDED_ENDPOINTS, conform
from tests.clinical.linear import build_linear, read_linear
from tests.clinical.literal import line, make_tables, patient, scan, specimen

COLUMNS = [
    "patient_id", "line_number", "endpoint", "time_days", "event", "entry_days", "origin_date", "end_date",
    "end_reason", "competing", "time_min", "time_max", "flags",
]  # fmt: skip


def derive(tables, *, findings=None, data_cutoff=None, entry_rule="none", name="os", **choices):
    spec = EndpointSpec(name=name, entry_rule=entry_rule, **choices)
    collector = Findings() if findings is None else findings
    return derive_endpoint(tables, spec, data_cutoff=data_cutoff, findings=collector)


def outcome(endpoint):
    """Time, event and reason of each analysed patient."""
    table = endpoint.table
    return {
        row.patient_id: (row.time_days, row.event, row.end_reason)
        for row in table[["patient_id", "time_days", "event", "end_reason"]].itertuples(index=False)
    }


def reasons(endpoint):
    return dict(zip(endpoint.excluded["patient_id"], endpoint.excluded["reason"], strict=True))


def one(*people, **settings):
    return derive(make_tables(patients=list(people)), **settings)


def test_derive_os__counts_from_advanced_disease_to_death():
    endpoint = one(patient(vital_status="dead", date_death="2020-02-21", date_last_contact="2020-02-21"))
    assert outcome(endpoint) == {"P1": (20.0, True, "death")}
    assert (endpoint.name, endpoint.line, endpoint.origin, endpoint.entry_rule) == ("os", None, "advanced", "none")


def test_derive_os__censors_at_the_last_contact():
    assert outcome(one(patient(date_last_contact="2020-03-01"))) == {"P1": (29.0, False, "censored_last_contact")}


def test_derive_os__table_has_the_declared_columns_and_types():
    endpoint = one(patient("B"), patient("A"), patient("C", date_last_contact=None))
    assert list(endpoint.table.columns) == COLUMNS
    assert list(endpoint.table["patient_id"]) == ["A", "B"]
    assert endpoint.table["event"].dtype == bool
    assert endpoint.table["time_days"].dtype == np.float64
    assert endpoint.table["competing"].isna().all()
    assert endpoint.table["line_number"].isna().all()
    assert list(endpoint.excluded.columns) == ["patient_id", "endpoint", "reason"]
    assert reasons(endpoint) == {"C": "last_contact_missing"}
    assert endpoint.table["origin_date"].iloc[0] == pd.Timestamp("2020-02-01")
    assert endpoint.table["end_date"].iloc[0] == pd.Timestamp("2023-02-01")


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (patient(date_last_contact="2020-03-01"), (29.0, False, "censored_last_contact")),
        (patient(date_last_contact="2020-03-10"), (29.0, False, "censored_cutoff")),
        (patient(vital_status="dead", date_death="2020-03-01", date_last_contact="2020-02-20"), (29.0, True, "death")),
        (
            patient(vital_status="dead", date_death="2020-03-02", date_last_contact="2020-02-20"),
            (29.0, False, "censored_cutoff"),
        ),
    ],
)
def test_derive_os__censors_at_the_cutoff(person, expected):
    assert outcome(one(person, data_cutoff=date(2020, 3, 1))) == {"P1": expected}
    own = person | {"date_data_cutoff": "2020-03-01"}
    assert outcome(one(own)) == {"P1": expected}
    assert outcome(one(own, data_cutoff=date(2022, 1, 1))) == {"P1": expected}


def test_derive_os__leaves_out_who_began_after_the_cutoff():
    assert reasons(one(patient(), data_cutoff=date(2020, 1, 31))) == {"P1": "origin_after_cutoff"}


def test_derive_os__calendar_cutoff_does_not_touch_day_offsets():
    person = patient(date_diagnosis=0, date_advanced=10, date_last_contact=500, time_base="offset")
    assert outcome(one(person, data_cutoff=date(1971, 1, 1))) == {"P1": (490.0, False, "censored_last_contact")}
    own = person | {"date_data_cutoff": 110}
    assert outcome(one(own)) == {"P1": (100.0, False, "censored_cutoff")}


def test_derive_os__unknown_status_is_censored_and_told():
    findings = Findings()
    endpoint = one(patient(vital_status="unknown"), patient("P2"), findings=findings)
    assert outcome(endpoint)["P1"] == (1096.0, False, "censored_last_contact")
    assert endpoint.table["flags"].tolist() == ["vital_unknown", ""]
    [item] = list(findings)
    assert item.code == "W_VITAL_UNKNOWN"
    assert "1 patient " in item.message


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"vital_status": "dead"}, "death_date_missing"),
        ({"vital_status": None}, "status_missing"),
        ({"date_death": "2023-02-01"}, "vital_contradiction"),
        ({"vital_status": "unknown", "date_death": "2023-02-01"}, "vital_contradiction"),
        ({"date_advanced": None}, "date_advanced_missing"),
        ({"date_last_contact": None}, "last_contact_missing"),
        ({"date_last_contact": "2020-01-31"}, "negative_time"),
    ],
)
def test_derive_os__gives_a_reason_for_everyone_left_out(values, reason):
    endpoint = one(patient(**values))
    assert len(endpoint.table) == 0
    assert reasons(endpoint) == {"P1": reason}


def test_derive_os__negative_time_is_an_error_said_once():
    findings = Findings()
    for _ in range(2):
        one(patient(date_last_contact="2020-01-31"), findings=findings)
    [item] = list(findings)
    assert (item.code, item.rule, item.patient_id, item.value) == ("E_DATE_ORDER", "V29", "P1", "-1")


def test_derive_os__a_death_without_date_is_told_once_for_all_endpoints():
    findings = Findings()
    for origin in ("dx", "advanced"):
        one(patient(vital_status="dead"), origin=origin, findings=findings)
    assert [item.code for item in findings] == ["W_DEATH_DATE_MISSING"]


@pytest.mark.parametrize(("origin", "time"), [("dx", 52.0), ("advanced", 30.0), ("line:1", 20.0), ("line:2", 5.0),
                                              ("sequencing", 10.0), ("date_referral", 40.0)])  # fmt: skip
def test_derive_os__counts_from_any_origin(origin, time):
    tables = make_tables(
        patients=[patient(date_last_contact="2020-03-02")],
        treatments=[line(1, start="2020-02-11"), line(2, start="2020-02-26")],
        samples=[
            specimen(date_sequencing_report="2020-02-21"),
            specimen(date_sequencing_report="2020-02-25", sample_id="later"),
            specimen(date_sequencing_report="2020-02-12", sample_id="blood", sample_class="normal"),
        ],
    )
    tables["patients"] = tables["patients"].assign(date_referral=pd.Timestamp("2020-01-22"))
    assert outcome(derive(tables, origin=origin))["P1"][0] == time


def test_derive_os__an_origin_must_be_a_date_column():
    with pytest.raises(AnalysisError, match="origin must name a date column of patients, found 'ki67_pct'"):
        one(patient(), origin="ki67_pct")


def test_derive_os__without_the_line_there_is_no_time():
    tables = make_tables(patients=[patient()], treatments=[line(1)])
    assert reasons(derive(tables, origin="line:2")) == {"P1": "line_not_started"}


def test_derive_os__synchronous_metastases_begin_at_diagnosis():
    endpoint = one(patient(date_advanced=None, synchronous_metastases=True, date_last_contact="2020-01-20"))
    assert outcome(endpoint)["P1"][0] == 10.0
    assert endpoint.table["flags"].tolist() == ["advanced_from_diagnosis"]


def test_derive_os__knows_the_shortest_and_longest_time():
    endpoint = one(patient(date_advanced="2020-02", date_last_contact="2020-04-01"))
    [row] = endpoint.table[["time_days", "time_min", "time_max", "flags"]].to_numpy().tolist()
    assert row == [46.0, 32.0, 60.0, ""]  # 15, 29 and 1 February to 1 April


def test_derive_os__flags_times_uncertain_by_more_than_31_days():
    person = patient(date_advanced="2020", date_last_contact="2021-04-01")
    assert one(person).table["flags"].tolist() == ["partial_date"]
    assert reasons(one(person, partial_dates="exclude")) == {"P1": "partial_date"}


def test_derive_os__no_survival_from_a_diagnosis_known_to_the_year():
    person = patient(date_diagnosis="2020")
    assert reasons(one(person, origin="dx")) == {"P1": "diagnosis_year_only"}
    assert reasons(one(person, origin="dx", partial_dates="impute")) == {}
    assert reasons(one(person, origin="advanced")) == {}


def test_derive_os__bounds_end_at_the_cutoff():
    person = patient(vital_status="dead", date_last_contact="2020-05-01", date_death="2020-05")
    row = one(person, data_cutoff=date(2020, 5, 20)).table.iloc[0]
    assert (row["time_days"], row["time_min"], row["time_max"]) == (104.0, 90.0, 109.0)


def test_derive_os__golden_cohort(reference):
    golden = read_linear(reference).sort_values("patient_id")
    table = derive(clamp_dates(build_linear(golden), findings=Findings())).table
    assert table["patient_id"].tolist() == golden["patient_id"].tolist()
    assert table["time_days"].tolist() == golden["os_days"].tolist()
    assert table["event"].tolist() == (golden["os_event"] == 1).tolist()
    assert (table["time_min"] == table["time_max"]).all()


def test_derive__says_which_endpoints_there_are():
    known = r"Endpoint xyz cannot be derived; known are os, dss, pfs, ttp, ttnt, ttf, ttd, dot, dor\."
    with pytest.raises(AnalysisError, match=known):
        one(patient(), name="xyz")


@pytest.mark.parametrize(
    ("choice", "value"),
    [("new_therapy", "drop"), ("time_zero", "half"), ("entry_rule", "report"), ("source", "file"), ("landmark", 0)],
)
def test_spec__refuses_what_is_not_a_choice(choice, value):
    with pytest.raises(AnalysisError, match=choice) as caught:
        EndpointSpec(name="os", **{choice: value})
    assert caught.value.finding.code == "E_CONFIG"


def test_spec__fills_the_default_origin():
    assert EndpointSpec(name="os").origin == "advanced"
    assert EndpointSpec(name="pfs").origin == "line:1"
    assert EndpointSpec(name="dfs", source="recorded").origin == "recorded"
    assert (EndpointSpec(name="pfs", origin="line:12").line, EndpointSpec(name="os").line) == (12, None)


def recorded(*rows, patients=("A", "B", "C", "D", "E", "F"), **settings):
    frame = pd.DataFrame(list(rows), columns=["patient_id", "time_days", "event", "time_text", "entry_days"]).assign(
        endpoint="os", file="clinical.txt", row=range(6, 6 + len(rows))
    )
    tables = make_tables(patients=[{"patient_id": name} for name in patients])
    tables["recorded_endpoints"] = conform(frame, RECORDED_ENDPOINTS)
    return derive(tables, source="recorded", **settings)


def test_recorded__takes_complete_rows_and_says_why_not_the_others():
    findings = Findings()
    endpoint = recorded(
        ("A", 180.0, True, "5.9", None),
        ("B", 365.0, None, "12.0", None),
        ("C", None, True, None, None),
        ("D", None, False, "-Inf", None),
        ("E", -3.0, False, "-3", None),
        findings=findings,
    )
    assert outcome(endpoint) == {"A": (180.0, True, "recorded_event")}
    assert reasons(endpoint) == {
        "B": "status_missing", "C": "time_missing", "D": "time_invalid", "E": "time_invalid", "F": "not_recorded",
    }  # fmt: skip
    said = [(item.code, item.patient_id, item.row, item.value) for item in findings]
    assert said == [
        ("W_TIME_INVALID", "D", 9, "-Inf"),
        ("W_TIME_INVALID", "E", 10, "-3"),
        ("W_ENDPOINT_PRECOMPUTED", "", None, ""),
    ]
    assert endpoint.table["origin_date"].isna().all()


def test_recorded__a_time_must_be_finite():
    endpoint = recorded(("A", np.inf, True, None, None), ("B", 0.0, True, None, None), patients=("A", "B"))
    assert reasons(endpoint) == {"A": "time_invalid"}
    assert outcome(endpoint) == {"B": (0.5, True, "recorded_event")}


def test_recorded__is_told_once():
    findings = Findings()
    for _ in range(2):
        recorded(("A", 180.0, True, "180", None), patients=("A",), findings=findings)
    assert [item.code for item in findings] == ["W_ENDPOINT_PRECOMPUTED"]


def test_recorded__rows_that_differ_are_a_conflict_and_equal_ones_are_one():
    endpoint = recorded(
        ("A", 180.0, True, "180", None), ("A", 180.0, True, "180", None),
        ("B", 180.0, True, "180", None), ("B", 190.0, True, "190", None),
        patients=("A", "B"),
    )  # fmt: skip
    assert outcome(endpoint) == {"A": (180.0, True, "recorded_event")}
    assert reasons(endpoint) == {"B": "duplicate_conflict"}


def test_recorded__says_what_the_source_records():
    tables = make_tables(patients=[patient()])
    with pytest.raises(AnalysisError, match=r"records no endpoint dfs\. It records: none"):
        derive(tables, name="dfs", source="recorded")


def test_list_endpoints__is_what_can_be_derived():
    tables = make_tables(
        patients=[patient()],
        treatments=[line(1, date_progression="2020-05-01"), line(2, start="2020-06-01"),
                    line(1, start="2020-05-02", intent="adjuvant")],
    )  # fmt: skip
    tables["recorded_endpoints"] = conform(
        pd.DataFrame({"patient_id": ["P1"], "endpoint": ["dfs"]}), RECORDED_ENDPOINTS
    )
    found = [(spec.name, spec.origin, spec.source) for spec in list_endpoints(tables)]
    assert found == [
        ("os", "advanced", "derived"),
        ("pfs", "line:1", "derived"),
        ("pfs", "line:2", "derived"),
        ("ttp", "line:1", "derived"),
        ("ttp", "line:2", "derived"),
        ("ttnt", "line:1", "derived"),
        ("ttnt", "line:2", "derived"),
        ("dfs", "recorded", "recorded"),
    ]


def test_list_endpoints__falls_back_to_diagnosis_and_needs_follow_up():
    assert [s.origin for s in list_endpoints(make_tables(patients=[patient(date_advanced=None)]))] == ["dx"]
    assert list_endpoints(make_tables(patients=[patient(date_last_contact=None)])) == []
    assert list_endpoints({}) == []


def test_list_endpoints__no_progression_without_any_information_about_it():
    tables = make_tables(patients=[patient()], treatments=[line(1)])
    assert [spec.name for spec in list_endpoints(tables)] == ["os", "ttnt"]
    tables = make_tables(patients=[patient()], treatments=[line(1)], assessments=[scan("2020-05-01", "SD")])
    assert [spec.name for spec in list_endpoints(tables)] == ["os", "pfs", "ttp", "ttnt"]


def test_derive__a_cohort_without_patients_is_empty_not_an_error():
    endpoint = derive(make_tables(patients=[]))
    assert len(endpoint.table) == 0
    assert len(endpoint.excluded) == 0
    assert list(endpoint.table.columns) == COLUMNS


@pytest.mark.shared
def test_recorded__an_export_with_infinite_and_zero_times(shared):
    """TCGA LAML as maftools ships it: blank, 0 and -Inf among the times; everyone is accounted for."""
    path = next((shared / "data" / "tcga_laml_maftools").glob("*annot*"))
    clinical = pd.read_csv(path, sep="\t", dtype="string", keep_default_na=False)
    time = pd.to_numeric(clinical["days_to_last_followup"].replace("-Inf", "-inf"), errors="coerce")
    event = pd.to_numeric(clinical["Overall_Survival_Status"], errors="coerce")
    ids = clinical["Tumor_Sample_Barcode"].str.replace(r"[^A-Za-z0-9._-]", "", regex=True)
    tables = make_tables(patients=[{"patient_id": name} for name in ids])
    tables["recorded_endpoints"] = conform(
        pd.DataFrame(
            {
                "patient_id": ids, "endpoint": "os", "time_days": time, "event": event.map({1: True, 0: False}),
                "time_text": clinical["days_to_last_followup"].replace({"NA": pd.NA, "": pd.NA}),
            }
        ),
        RECORDED_ENDPOINTS,
    )  # fmt: skip
    endpoint = derive(tables, source="recorded")
    counts = endpoint.excluded["reason"].value_counts().to_dict()
    assert len(endpoint.table) + len(endpoint.excluded) == len(clinical)
    assert counts.get("time_invalid", 0) == int(np.isinf(time).sum()) == 12
    assert int((endpoint.table["flags"] == "time_zero").sum()) == int(((time == 0) & event.notna()).sum())
