"""Delayed entry: how it is decided, when it must be asked for, and what it does to each patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.clinical.clamp import clamp_dates
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.clinical.entry import decide_entry, find_sequencing
from netgen.errors import AnalysisError, Findings
from netgen.schema import RECORDED_ENDPOINTS, conform
from tests.clinical.linear import build_linear, read_linear
from tests.clinical.literal import line, make_tables, patient, scan, specimen

REPORT = "2020-05-01"  # 90 days after advanced disease
CLINICAL = {"sequencing_context": "clinical"}
RESEARCH = {"sequencing_context": "research_retrospective"}


def derive(tables, *, findings=None, name="os", **choices):
    collector = Findings() if findings is None else findings
    return derive_endpoint(tables, EndpointSpec(name=name, **choices), findings=collector)


def cohort(*samples, people=("P1", "P2")):
    return make_tables(patients=[patient(name) for name in people], samples=list(samples))


def entries(endpoint):
    return dict(zip(endpoint.table["patient_id"], endpoint.table["entry_days"].astype(object), strict=True))


def reasons(endpoint):
    return dict(zip(endpoint.excluded["patient_id"], endpoint.excluded["reason"], strict=True))


def sample(name, report=REPORT, **values):
    return specimen(name, date_sequencing_report=report, **values)


def test_auto__research_on_archived_tissue_needs_no_delayed_entry():
    endpoint = derive(cohort(sample("P1", **RESEARCH), sample("P2", report="2024-01-01", **RESEARCH)))
    assert endpoint.entry_rule == "none"
    assert endpoint.table["entry_days"].isna().all()


def test_auto__clinical_sequencing_enters_at_the_report():
    endpoint = derive(cohort(sample("P1", **CLINICAL), sample("P2", report="2020-01-20", **CLINICAL)))
    assert endpoint.entry_rule == "sequencing_report"
    assert entries(endpoint) == {"P1": 90.0, "P2": 0.0}


@pytest.mark.parametrize(
    ("samples", "counts"),
    [
        ((sample("P1", **CLINICAL), sample("P2", report="2023-02-02", **CLINICAL)), "2 are marked clinical, 0 resea"),
        ((sample("P1", **CLINICAL), sample("P2", **RESEARCH)), "1 are marked clinical, 1 research_retrospective"),
        ((sample("P1"), sample("P2", sequencing_context="unknown")), "2 unknown; 2 have a date, 0 of them after"),
        ((sample("P1", report=None, **CLINICAL), sample("P2", report=None, **CLINICAL)), "0 unknown; 0 have a date"),
        ((sample("P1", report=None),), "of 1 sequenced patient 0 are marked clinical"),
    ],
    ids=["after last contact", "mixed", "unknown", "no dates", "nothing known"],
)  # fmt: skip
def test_auto__stops_with_the_counts_when_it_cannot_tell(samples, counts):
    with pytest.raises(AnalysisError, match=counts) as caught:
        derive(cohort(*samples))
    assert caught.value.finding.code == "E_ENTRY_UNDECIDED"
    assert "sequencing_report" in caught.value.finding.fix
    assert "none" in caught.value.finding.fix


def test_auto__a_report_on_the_day_of_the_last_contact_is_not_after_it():
    endpoint = derive(cohort(sample("P1", **CLINICAL), sample("P2", report="2023-02-01", **CLINICAL)))
    assert endpoint.entry_rule == "sequencing_report"
    assert reasons(endpoint) == {"P2": "entry_after_exit"}


def test_auto__one_of_several_reports_after_death_is_enough_to_stop():
    samples = (sample("P1", **CLINICAL), sample("P1", report="2024-01-01", sample_id="second", **CLINICAL))
    with pytest.raises(AnalysisError, match="1 of them after death or last contact"):
        derive(cohort(*samples, people=("P1",)))


def test_auto__without_any_tumour_sample_nothing_is_known():
    findings = Findings()
    endpoint = derive(cohort(sample("P1", sample_class="normal", **CLINICAL)), findings=findings)
    assert endpoint.entry_rule == "none"
    assert [item.code for item in findings] == ["W_ENTRY_UNKNOWN"]


def test_auto__survival_from_sequencing_enters_at_its_origin():
    endpoint = derive(cohort(sample("P1"), sample("P2")), origin="sequencing")
    assert endpoint.entry_rule == "none"
    assert reasons(endpoint) == {}


def test_report__patients_who_were_not_sequenced_stay_and_are_flagged():
    endpoint = derive(cohort(sample("P1")), entry_rule="sequencing_report")
    assert endpoint.table[["patient_id", "flags"]].to_numpy().tolist() == [["P1", ""], ["P2", "not_sequenced"]]
    assert np.isnan(entries(endpoint)["P2"])


def test_report__sequenced_without_a_date_cannot_be_placed():
    endpoint = derive(cohort(sample("P1"), sample("P2", report=None)), entry_rule="sequencing_report")
    assert reasons(endpoint) == {"P2": "entry_date_missing"}


def test_report__the_earliest_tumour_sample_counts():
    samples = [
        sample("P1", report="2020-06-01"),
        sample("P1", report="2020-05-01", sample_id="first"),
        sample("P1", report="2020-02-11", sample_id="blood", sample_class="normal"),
        sample("P1", report="2020-02-12", sample_id="plasma", sample_class="cfdna"),
    ]
    assert entries(derive(cohort(*samples, people=("P1",)), entry_rule="sequencing_report")) == {"P1": 90.0}


def test_report__of_a_line_begins_at_the_start_of_the_line():
    tables = cohort(sample("P1"), sample("P2", report="2020-03-01"))
    tables |= make_tables(
        treatments=[line(1, "P1", start="2020-03-01"), line(1, "P2", start="2020-04-01")],
        assessments=[scan("2020-09-01", "SD", "P1"), scan("2020-09-01", "SD", "P2")],
    )
    assert entries(derive(tables, name="pfs", entry_rule="sequencing_report")) == {"P1": 61.0, "P2": 0.0}


def test_entry_on_or_after_exit__is_left_out_and_counted():
    findings = Findings()
    samples = [sample("P1", report="2023-02-01"), sample("P2", report="2023-01-31"), sample("P3", report="2024-01-01")]
    tables = cohort(*samples, people=("P1", "P2", "P3"))
    endpoint = derive(tables, entry_rule="sequencing_report", findings=findings)
    assert entries(endpoint) == {"P2": 1095.0}
    assert reasons(endpoint) == {"P1": "entry_after_exit", "P3": "entry_after_exit"}
    [item] = list(findings)
    assert item.code == "W_ENTRY_AFTER_EXIT"
    assert "2 patients entered" in item.message


def test_collection__enters_at_the_collection():
    tables = cohort(specimen("P1", date_collection="2020-02-11"), specimen("P2", date_collection="2020-01-01"))
    endpoint = derive(tables, entry_rule="sample_collection")
    assert endpoint.entry_rule == "sample_collection"
    assert entries(endpoint) == {"P1": 10.0, "P2": 0.0}


def test_custom__enters_at_a_date_column():
    tables = cohort()
    tables["patients"] = tables["patients"].assign(date_consent=pd.to_datetime(["2020-02-06", None]))
    endpoint = derive(tables, entry_rule="custom", entry_column="date_consent")
    assert entries(endpoint) == {"P1": 5.0}
    assert reasons(endpoint) == {"P2": "entry_date_missing"}


def test_custom__needs_the_name_of_the_column():
    with pytest.raises(AnalysisError, match="entry_column must name a date column"):
        derive(cohort(), entry_rule="custom")


def test_a_rule_without_any_date__is_refused():
    with pytest.raises(AnalysisError, match='entry_rule = "sequencing_report" needs dates') as caught:
        derive(cohort(sample("P1", report=None)), entry_rule="sequencing_report")
    assert caught.value.finding.code == "E_ENDPOINT_UNAVAILABLE"


def recorded(samples=(), *, entry=(None, None), offset=False, **choices):
    tables = make_tables(
        patients=[{"patient_id": name, "time_base": "offset" if offset else "calendar"} for name in ("P1", "P2")],
        samples=list(samples),
    )
    frame = pd.DataFrame({"patient_id": ["P1", "P2"], "time_days": [400.0, 300.0], "event": True, "entry_days": entry})
    tables["recorded_endpoints"] = conform(frame.assign(endpoint="os"), RECORDED_ENDPOINTS)
    return derive(tables, source="recorded", **choices)


def test_recorded__nothing_known_means_no_delayed_entry_and_a_warning():
    findings = Findings()
    endpoint = recorded([specimen("P1"), specimen("P2")], findings=findings)
    assert endpoint.entry_rule == "none"
    assert {item.code for item in findings} == {"W_ENTRY_UNKNOWN", "W_ENDPOINT_PRECOMPUTED"}


def test_recorded__own_entry_times_are_used():
    endpoint = recorded(entry=(30.0, 40.0))
    assert endpoint.entry_rule == "custom"
    assert entries(endpoint) == {"P1": 30.0, "P2": 40.0}


def test_recorded__own_entry_times_after_the_exit_must_be_decided():
    with pytest.raises(AnalysisError, match="2 have a date, 1 of them after"):
        recorded(entry=(30.0, 301.0))
    endpoint = recorded(entry=(30.0, 301.0), entry_rule="sequencing_report")
    assert entries(endpoint) == {"P1": 30.0}
    assert reasons(endpoint) == {"P2": "entry_after_exit"}
    assert recorded(entry=(30.0, 301.0), entry_rule="none").table["entry_days"].isna().all()


def test_recorded__research_needs_no_delayed_entry():
    assert recorded([specimen("P1", **RESEARCH), specimen("P2", **RESEARCH)], entry=(30.0, 301.0)).entry_rule == "none"


def test_recorded__a_timeline_of_day_offsets_gives_the_entry():
    samples = [
        specimen("P1", date_sequencing_report=50, **CLINICAL),
        specimen("P2", date_sequencing_report=-20, **CLINICAL),
    ]
    endpoint = recorded(samples, offset=True)
    assert endpoint.entry_rule == "sequencing_report"
    assert entries(endpoint) == {"P1": 50.0, "P2": 0.0}
    late = [samples[0], specimen("P2", date_sequencing_report=310, **CLINICAL)]
    with pytest.raises(AnalysisError, match="1 of them after death or last contact"):
        recorded(late, offset=True)


def test_recorded__calendar_dates_cannot_be_placed_without_an_origin():
    samples = [sample("P1", **CLINICAL), sample("P2", **CLINICAL)]
    with pytest.raises(AnalysisError, match="Delayed entry must be decided"):
        recorded(samples)
    with pytest.raises(AnalysisError, match="needs dates on the time axis of os"):
        recorded(samples, entry_rule="sequencing_report")


def test_find_sequencing__counts_patients_not_samples():
    tables = cohort(
        sample("P1", **CLINICAL), sample("P1", sample_id="second", **CLINICAL), sample("P2", **RESEARCH),
        sample("P3", **CLINICAL), sample("P3", sample_id="other", **RESEARCH), people=("P1", "P2", "P3", "P4"),
    )  # fmt: skip
    found = find_sequencing(tables["samples"], pd.Index(["P1", "P2", "P3", "P4"]), np.full(4, np.nan))
    assert (found.n_clinical, found.n_research, found.n_unknown, found.n_dated) == (1, 1, 1, 3)
    assert found.sampled.tolist() == [True, True, True, False]


def test_landmark__restarts_for_those_at_risk():
    tables = cohort(sample("P1", report="2020-02-21"), sample("P2", report="2020-05-11"), people=("P1", "P2", "P3"))
    tables["patients"].loc[2, "date_last_contact"] = pd.Timestamp("2020-05-01")
    endpoint = derive(tables, landmark=90, entry_rule="none")
    assert endpoint.table["time_days"].tolist() == [1006.0, 1006.0]
    assert reasons(endpoint) == {"P3": "before_landmark"}
    endpoint = derive(tables, landmark=90, entry_rule="sequencing_report")
    assert reasons(endpoint) == {"P2": "entry_after_landmark", "P3": "before_landmark"}
    assert entries(endpoint) == {"P1": 0.0}


def test_golden_cohort__enters_at_the_report(reference):
    golden = read_linear(reference).sort_values("patient_id")
    tables = clamp_dates(build_linear(golden, sequencing_context="clinical"), findings=Findings())
    endpoint = derive(tables)
    assert endpoint.entry_rule == "sequencing_report"
    assert endpoint.table["entry_days"].tolist() == golden["seq_day"].tolist()
    assert len(endpoint.excluded) == 0
    with pytest.raises(AnalysisError, match="of 34 sequenced patients 0 are marked clinical"):
        derive(build_linear(golden, sequencing_context=None))


@pytest.mark.shared
def test_recorded__real_layout_with_reports_after_the_exit(shared):
    """GENIE BPC (simulated): entry is the first sequencing report; 11 of 207 cancers end on or before it."""
    folder = shared / "data" / "genie_bpc_simulated_nsclc"
    keys = ["record_id", "ca_seq"]
    cancers = pd.read_csv(folder / "ca_dx_index.tsv", sep="\t").drop_duplicates(keys)
    reports = pd.read_csv(folder / "cpt.tsv", sep="\t").groupby(keys)["dx_cpt_rep_days"].min()
    cancers = cancers.join(reports, on=keys)
    ids = cancers["record_id"] + "-" + cancers["ca_seq"].astype(str)
    tables = make_tables(patients=[{"patient_id": name} for name in ids])
    frame = pd.DataFrame({"patient_id": ids, "time_days": cancers["tt_os_dx_days"], "endpoint": "os"})
    frame = frame.assign(event=cancers["os_dx_status"] == 1, entry_days=cancers["dx_cpt_rep_days"])
    tables["recorded_endpoints"] = conform(frame, RECORDED_ENDPOINTS)
    with pytest.raises(AnalysisError, match="of them after death or last contact"):
        derive(tables, source="recorded")
    endpoint = derive(tables, source="recorded", entry_rule="sequencing_report")
    counts = endpoint.excluded["reason"].value_counts()
    late = (cancers["dx_cpt_rep_days"] >= cancers["tt_os_dx_days"]).sum()
    assert counts["entry_after_exit"] == late == 11
    assert len(endpoint.table) + len(endpoint.excluded) == len(cancers) == 207


def test_auto__says_so_where_given_entry_times_do_not_count():
    findings = Findings()
    sequencing = find_sequencing(
        cohort(sample("P1", **RESEARCH), sample("P2", **RESEARCH))["samples"],
        pd.Index(["P1", "P2"], dtype="string"),
        np.array([np.inf, np.inf]),
    )
    rule = decide_entry(sequencing, rule="auto", recorded=True, n_recorded_entry=2, findings=findings)
    assert (rule, findings.codes()) == ("none", {"W_ENTRY_NOT_USED"})
