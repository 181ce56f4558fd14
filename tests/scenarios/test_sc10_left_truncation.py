"""SC10: nine patients sequenced at different times, one of them after death."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import netgen as ng
from netgen.association.cox import scan_cox
from netgen.association.km import kaplan_meier
from netgen.association.riskset import build_risk_sets
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import AnalysisError, Findings
from tests.clinical.literal import make_tables, patient, specimen
from tests.study_files import write_files

ENTRY = (0, 3, 1, 5, 2, 6, 0, 4, 20)
EXIT = (4, 6, 8, 9, 12, 15, 10, 7, 14)
EVENT = (1, 1, 0, 1, 1, 0, 1, 1, 1)
ALTERED = np.array([1, 0, 0, 1, 0, 0, 0, 1])


def tables(context):
    people, samples = [], []
    for number, (entry, end, event) in enumerate(zip(ENTRY, EXIT, EVENT, strict=True), 1):
        date = f"2020-02-{end + 1:02d}"
        fate = {"vital_status": "dead", "date_death": date} if event else {}
        people.append(patient(f"P{number}", date_last_contact=date, **fate))
        report = f"2020-02-{entry + 1:02d}"
        samples.append(specimen(f"P{number}", date_sequencing_report=report, sequencing_context=context))
    return make_tables(patients=people, samples=samples)


def derive(rule, *, context="clinical", findings=None):
    spec = EndpointSpec(name="os", entry_rule=rule)
    return derive_endpoint(tables(context), spec, findings=Findings() if findings is None else findings)


def coefficient(table, *, entry):
    risk = build_risk_sets(table["time_days"], table["event"], entry=table["entry_days"] if entry else None)
    fit = scan_cox(risk, ALTERED[None, :].astype(np.int8))
    return fit.coef[0], fit.se[0], fit.score_chi2[0]


@pytest.mark.parametrize("context", ["clinical", "unknown", None])
def test_sc10_auto_stops(context):
    with pytest.raises(AnalysisError, match="9 have a date, 1 of them after") as caught:
        derive("auto", context=context)
    assert caught.value.finding.code == "E_ENTRY_UNDECIDED"


def test_sc10_auto_knows_research_on_archived_tissue():
    endpoint = derive("auto", context="research_retrospective")
    assert (endpoint.entry_rule, len(endpoint.table)) == ("none", 9)


def test_sc10_entry_at_the_report():
    findings = Findings()
    endpoint = derive("sequencing_report", findings=findings)
    assert endpoint.table["entry_days"].tolist() == list(ENTRY[:8])
    assert endpoint.excluded.to_numpy().tolist() == [["P9", "os", "entry_after_exit"]]
    [item] = list(findings)
    assert item.code == "W_ENTRY_AFTER_EXIT"
    assert "1 patient entered" in item.message


def test_sc10_risk_sets_and_curve():
    table = derive("sequencing_report").table
    curve = kaplan_meier(table["time_days"], table["event"], entry=table["entry_days"])
    died = curve.n_event > 0
    assert curve.time[died].tolist() == [4, 6, 7, 9, 10, 12]
    assert curve.n_risk[died].tolist() == [5, 6, 6, 4, 3, 2]
    expected = [0.8, 0.666667, 0.555556, 0.416667, 0.277778, 0.138889]
    assert curve.survival[died] == pytest.approx(expected, abs=5e-7)


def test_sc10_hazard_ratio_with_and_without_truncation():
    table = derive("sequencing_report").table
    assert coefficient(table, entry=True) == pytest.approx((2.087641, 1.164331, 4.478779), abs=1e-6)
    assert coefficient(table, entry=False)[:2] == pytest.approx((1.915661, 1.160013), abs=1e-6)


# end to end: a study of dates on disk

STUDY = """
    [study]
    sequencing_context = "clinical"
    [[source]]
    kind = "tables"
    patients = "patients.csv"
    samples = "samples.csv"
    alterations = { file = "genes.csv", layout = "matrix" }
    [endpoints.os]
    origin = "advanced"
    [association]
    endpoints = ["os"]
    strata = "none"
    model = false
    min_altered = 2
    """


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    ids = [f"P{number}" for number in range(1, 10)]
    died = np.array(EVENT) == 1
    last = pd.Series([f"2020-02-{end + 1:02d}" for end in EXIT])
    patients = pd.DataFrame(
        {
            "patient_id": ids, "date_advanced": "2020-02-01", "date_last_contact": last,
            "vital_status": np.where(died, "dead", "alive"), "date_death": last.where(died, ""),
        }
    )  # fmt: skip
    samples = pd.DataFrame(
        {
            "sample_id": [f"{one}-T" for one in ids], "patient_id": ids, "sample_class": "tumour",
            "date_sequencing_report": [f"2020-02-{day + 1:02d}" for day in ENTRY],
        }
    )  # fmt: skip
    files = {
        "study.toml": STUDY,
        "patients.csv": patients.to_csv(index=False),
        "samples.csv": samples.to_csv(index=False),
        "genes.csv": pd.DataFrame({"patient_id": ids, "TP53": [*ALTERED.tolist(), 0]}).to_csv(index=False),
    }
    return ng.read_cohort(write_files(tmp_path_factory.mktemp("sc10"), files) / "study.toml")


@pytest.fixture(scope="module")
def result(study):
    return ng.associate(study, entry_rule="sequencing_report")


def test_sc10_associate_stops_when_entry_is_undecided(study):
    with pytest.raises(AnalysisError, match="9 have a date, 1 of them after death") as caught:
        ng.associate(study)
    assert caught.value.finding.code == "E_ENTRY_UNDECIDED"
    assert "entry_rule" in caught.value.finding.fix


def test_sc10_associate_counts_who_was_sequenced_after_death(result):
    row = result.table.iloc[0]
    assert (row["feature"], row["entry_rule"], row["n_total"]) == ("TP53", "sequencing_report", 8)
    assert row[["n_altered", "events_altered", "events_unaltered"]].tolist() == [3, 3, 3]
    out = result.exclusions.loc[result.exclusions["endpoint"] == "os", ["patient_id", "reason"]]
    assert out.to_numpy().tolist() == [["P9", "entry_after_exit"]]
    assert "W_ENTRY_AFTER_EXIT" in {item.code for item in result.findings.of("W")}


def test_sc10_associate_shows_the_left_truncated_curve(result):
    curve = result.curves[result.curves["grouping"] == "all"]
    died = curve[curve["n_event"] > 0]
    assert died["time_days"].tolist() == [4, 6, 7, 9, 10, 12]
    assert died["n_risk"].tolist() == [5, 6, 6, 4, 3, 2]
    expected = [0.8, 0.666667, 0.555556, 0.416667, 0.277778, 0.138889]
    assert died["survival"].tolist() == pytest.approx(expected, abs=5e-7)
    row = result.km.set_index("grouping").loc["all"]
    assert (row["n"], row["events"], row["t0_conditional"], row["median"]) == (8, 6, 0, 9)


def test_sc10_associate_log_rank_is_the_score_test_of_the_truncated_risk_sets(result):
    """No two deaths on one day: the log-rank statistic is the score statistic 4.478779."""
    from scipy.stats import chi2

    assert result.table["p_logrank_asymptotic"].iloc[0] == pytest.approx(chi2.sf(4.478779, 1), abs=1e-7)


def test_sc10_associate_without_entry_keeps_all_nine(study):
    row = ng.associate(study, entry_rule="none").table.iloc[0]
    assert (row["entry_rule"], row["n_total"]) == ("none", 9)
