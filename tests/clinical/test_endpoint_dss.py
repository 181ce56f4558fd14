"""Disease-specific survival: other deaths compete, unknown causes are left out, too many of them refuse it."""

from __future__ import annotations

from datetime import date

import pytest

from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import AnalysisError, Findings
from tests.clinical.literal import make_tables, patient


def derive(causes, findings=None, **more):
    people = [patient("A0")] + [
        patient(
            f"D{i:02d}", vital_status="dead", date_death="2021-02-01", date_last_contact="2021-01-01", cause_of_death=c
        )
        for i, c in enumerate(causes)
    ]
    spec = EndpointSpec(name="dss", entry_rule="none")
    collector = Findings() if findings is None else findings
    return derive_endpoint(make_tables(patients=people), spec, findings=collector, **more)


def test_dss__counts_deaths_from_the_tumour_and_lets_others_compete():
    table = derive(["tumour", "treatment", "other"]).table
    columns = ["patient_id", "time_days", "event", "competing", "end_reason"]
    assert table[columns].to_numpy().tolist() == [
        ["A0", 1096.0, False, 0, "censored_last_contact"],
        ["D00", 366.0, True, 1, "death_tumour"],
        ["D01", 366.0, False, 2, "censored_death_treatment"],
        ["D02", 366.0, False, 2, "censored_death_other"],
    ]


def test_dss__nine_of_ten_causes_are_enough_and_the_tenth_is_left_out():
    endpoint = derive(["tumour"] * 9 + ["unknown"])
    assert endpoint.excluded.to_numpy().tolist() == [["D09", "dss", "cause_of_death_unknown"]]
    assert int(endpoint.table["event"].sum()) == 9


@pytest.mark.parametrize("missing", ["unknown", None])
def test_dss__is_refused_below_90_percent(missing):
    with pytest.raises(
        AnalysisError, match=r"at least 90 % of the deaths, found 8 of 9 \(89 %\)\. .*or use os"
    ) as caught:
        derive(["tumour"] * 8 + [missing])
    assert caught.value.finding.code == "E_ENDPOINT_UNAVAILABLE"


def test_dss__only_deaths_that_are_seen_count_for_the_90_percent():
    endpoint = derive(["unknown", None], data_cutoff=date(2020, 12, 1))
    assert not endpoint.table["event"].any()
    assert endpoint.table["end_reason"].unique().tolist() == ["censored_cutoff"]
