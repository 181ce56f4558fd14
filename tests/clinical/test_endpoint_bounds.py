"""An endpoint at both ends of what its partial dates allow."""

from __future__ import annotations

import pandas as pd

from netgen.clinical.bounds import at_bound
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import Findings
from tests.clinical.literal import make_tables, patient, specimen


def derive(*people, samples=(), **choices):
    tables = make_tables(patients=list(people), samples=list(samples))
    return derive_endpoint(tables, EndpointSpec(**{"name": "os"} | choices), findings=Findings())


def test_at_bound__takes_the_shortest_and_the_longest_times():
    vague = patient("P2", vital_status="dead", date_death="2021-02")
    endpoint = derive(patient("P1"), vague, partial_dates="bounds")
    assert endpoint.table["time_days"].tolist() == [1096.0, 380.0]
    low, high = at_bound(endpoint, "min"), at_bound(endpoint, "max")
    assert low.table["time_days"].tolist() == [1096.0, 366.0]
    assert high.table["time_days"].tolist() == [1096.0, 393.0]
    assert low.table["flags"].tolist() == ["", "at_min"]
    assert high.table["flags"].tolist() == ["", "at_max"]
    assert (endpoint.table["flags"] == "").all()
    columns = ["patient_id", "event", "end_reason", "end_date", "time_min", "time_max"]
    pd.testing.assert_frame_equal(low.table[columns], endpoint.table[columns])


def test_at_bound__exact_dates_change_nothing():
    endpoint = derive(patient("P1"), patient("P2", vital_status="dead", date_death="2021-02-01"))
    for bound in ("min", "max"):
        pd.testing.assert_frame_equal(at_bound(endpoint, bound).table, endpoint.table)


def test_at_bound__a_time_that_shrinks_to_0_is_half_a_day():
    endpoint = derive(patient(vital_status="dead", date_death="2020-02", date_last_contact="2020-02-01"))
    assert at_bound(endpoint, "min").table["time_days"].tolist() == [0.5]


def test_at_bound__who_would_enter_after_the_exit_is_left_out_and_listed():
    late = patient("P2", vital_status="dead", date_death="2021-02", date_last_contact="2021-01-31")
    reports = [
        specimen(name, date_sequencing_report="2021-02-10", sequencing_context="clinical") for name in ("P1", "P2")
    ]
    endpoint = derive(patient("P1"), late, samples=reports, entry_rule="sequencing_report")
    assert endpoint.table["entry_days"].tolist() == [375.0, 375.0]
    low = at_bound(endpoint, "min")
    assert low.table["patient_id"].tolist() == ["P1"]
    assert low.excluded.to_numpy().tolist() == [["P2", "os", "entry_after_exit"]]
    assert len(at_bound(endpoint, "max").table) == 2


def test_partial_dates_bounds__does_not_place_a_diagnosis_known_to_the_year():
    endpoint = derive(patient(date_diagnosis="2020"), origin="dx", partial_dates="bounds")
    assert endpoint.excluded["reason"].tolist() == ["diagnosis_year_only"]
