"""SC10: nine patients sequenced at different times, one of them after death."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.cox import scan_cox
from netgen.association.km import kaplan_meier
from netgen.association.riskset import build_risk_sets
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import AnalysisError, Findings
from tests.clinical.literal import make_tables, patient, specimen

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
