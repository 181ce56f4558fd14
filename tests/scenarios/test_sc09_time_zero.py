"""SC09: a death on the day of the origin."""

from __future__ import annotations

import pytest

from netgen.association.km import kaplan_meier
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import Findings
from tests.clinical.literal import make_tables, patient

DAYS = {"A": (0, True), "B": (5, True), "C": (8, False), "D": (10, True)}


def derive(policy, findings):
    people = []
    for name, (day, died) in DAYS.items():
        date = f"2020-02-{day + 1:02d}"
        fate = {"vital_status": "dead", "date_death": date} if died else {}
        people.append(patient(name, date_last_contact=date, **fate))
    spec = EndpointSpec(name="os", entry_rule="none", time_zero=policy)
    return derive_endpoint(make_tables(patients=people), spec, findings=findings)


def survival(endpoint):
    curve = kaplan_meier(endpoint.table["time_days"], endpoint.table["event"])
    return {t: s for t, s, d in zip(curve.time, curve.survival, curve.n_event, strict=True) if d}


def test_sc09_half_a_day_by_default():
    findings = Findings()
    endpoint = derive("half_day", findings)
    assert endpoint.table["time_days"].tolist() == [0.5, 5.0, 8.0, 10.0]
    assert endpoint.table["flags"].tolist() == ["time_zero", "", "", ""]
    assert [item.code for item in findings] == ["W_TIME_ZERO"]
    assert survival(endpoint) == pytest.approx({0.5: 0.75, 5.0: 0.5, 10.0: 0.0})


def test_sc09_left_out_on_request():
    endpoint = derive("exclude", Findings())
    assert len(endpoint.table) == 3
    assert endpoint.excluded.to_numpy().tolist() == [["A", "os", "time_zero"]]
    assert survival(endpoint)[5.0] == pytest.approx(2 / 3)


def test_sc09_kept_on_request():
    assert derive("keep", Findings()).table["time_days"].tolist() == [0.0, 5.0, 8.0, 10.0]
