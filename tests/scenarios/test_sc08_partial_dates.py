"""SC08: advanced disease known to the month, death known to the year."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen.clinical.clamp import clamp_dates
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import Findings
from tests.clinical.literal import line, make_tables, patient


@pytest.fixture
def clamped():
    findings = Findings()
    tables = make_tables(
        patients=[
            patient(
                date_diagnosis="2021-03-20", date_advanced="2021-03", date_last_contact="2022-08-14",
                vital_status="dead", date_death="2022",
            )
        ],
        treatments=[line(1, start="2021-04-02")],
    )  # fmt: skip
    assert tables["patients"]["date_advanced"].tolist() == [pd.Timestamp("2021-03-15")]  # imputed
    assert tables["patients"]["date_death"].tolist() == [pd.Timestamp("2022-07-01")]
    return clamp_dates(tables, findings=findings), findings


def test_sc08_both_dates_are_clamped(clamped):
    tables, findings = clamped
    assert tables["patients"]["date_advanced"].tolist() == [pd.Timestamp("2021-03-20")]
    assert tables["patients"]["date_death"].tolist() == [pd.Timestamp("2022-08-14")]
    assert [(item.code, item.column) for item in findings] == [
        ("W_DATE_CLAMPED", "date_advanced"),
        ("W_DATE_CLAMPED", "date_death"),
    ]


def test_sc08_overall_survival_has_bounds(clamped):
    tables, _ = clamped
    endpoint = derive_endpoint(tables, EndpointSpec(name="os", entry_rule="none"), findings=Findings())
    [row] = endpoint.table[["time_days", "event", "time_min", "time_max", "flags"]].to_numpy().tolist()
    assert row == [512.0, True, 501.0, 651.0, "partial_date"]


def test_sc08_uncertain_times_can_be_left_out(clamped):
    tables, _ = clamped
    spec = EndpointSpec(name="os", entry_rule="none", partial_dates="exclude")
    endpoint = derive_endpoint(tables, spec, findings=Findings())
    assert endpoint.excluded["reason"].tolist() == ["partial_date"]
