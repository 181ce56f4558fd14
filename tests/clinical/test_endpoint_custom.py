"""Endpoints of one's own: which dates count, what competes, what ends the observation, and the built-in ones as data.

Advanced disease is 2020-02-01, line 1 starts on 2020-03-01 (day 29), the living are last seen on 2023-02-01 (day 1096).
"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import AnalysisError, Findings
from tests.clinical.linear import build_linear, read_linear
from tests.clinical.literal import line, make_tables, patient, scan, specimen

TWO_LINES = [line(1, date_end="2020-08-01"), line(2, start="2020-09-01")]


def with_relapse(when, **values):
    """A patient with an extra date column, as a reader leaves it."""
    tables = make_tables(patients=[patient(**values)])
    return tables | {"patients": tables["patients"].assign(date_relapse=pd.to_datetime(pd.Series([when])))}


def died(**values):
    return patient(vital_status="dead", date_death="2021-02-01", date_last_contact="2021-01-01", **values)


def derive(tables, findings=None, data_cutoff=None, **choices):
    spec = EndpointSpec(**{"name": "mine", "entry_rule": "none"} | choices)
    collector = Findings() if findings is None else findings
    return derive_endpoint(tables, spec, data_cutoff=data_cutoff, findings=collector)


def outcome(tables, **choices):
    endpoint = derive(tables, **choices)
    assert len(endpoint.excluded) == 0
    row = endpoint.table.iloc[0]
    code = None if pd.isna(row["competing"]) else int(row["competing"])
    return row["time_days"], bool(row["event"]), code, row["end_reason"]


def reason(tables, **choices):
    endpoint = derive(tables, **choices)
    assert len(endpoint.table) == 0
    return endpoint.excluded["reason"].item()


def test_custom__a_date_column_and_death_whichever_comes_first():
    events = ["column:date_relapse", "death"]
    assert outcome(with_relapse("2020-05-01"), events=events) == (90.0, True, None, "column:date_relapse")
    assert outcome(with_relapse(None), events=events) == (1096.0, False, None, "censored_last_contact")
    dead = with_relapse(None, vital_status="dead", date_death="2021-02-01", date_last_contact="2021-01-01")
    assert outcome(dead, events=events) == (366.0, True, None, "death")
    assert outcome(dead, events=["column:date_relapse"], competing=["death"]) == (366.0, False, 2, "censored_death")
    assert outcome(dead, events=["column:date_relapse"]) == (366.0, False, None, "censored_death")


def test_custom__who_had_the_event_before_the_origin_was_never_at_risk():
    assert reason(with_relapse("2020-01-31"), events=["column:date_relapse"]) == "event_before_origin"
    assert outcome(with_relapse("2020-02-01"), events=["column:date_relapse"])[:2] == (0.5, True)


def test_custom__the_cut_off_ends_the_observation():
    tables = with_relapse("2020-05-01")
    cut = date(2020, 4, 1)
    assert outcome(tables, events=["column:date_relapse"], data_cutoff=cut) == (60.0, False, None, "censored_cutoff")


def test_custom__who_died_behind_the_end_of_observation_was_alive_at_it():
    tables = make_tables(patients=[died()], treatments=[line(1, start="2021-01-15")])
    cut = outcome(tables, events=["death"], data_cutoff=date(2021, 1, 10))
    assert cut == (344.0, False, None, "censored_cutoff")
    assert outcome(tables, events=["death"], stop_at=["line:1"]) == (349.0, False, None, "censored_line:1")
    both = outcome(tables, events=["death"], stop_at=["line:1"], data_cutoff=date(2021, 1, 10))
    assert both == (344.0, False, None, "censored_cutoff")


def test_custom__deaths_by_cause():
    tables = make_tables(patients=[died(cause_of_death="treatment")])
    assert outcome(tables, events=["death:treatment"]) == (366.0, True, None, "death:treatment")
    by_tumour = outcome(tables, events=["death:tumour"], competing=["death"])
    assert by_tumour == (366.0, False, 2, "censored_death")
    blank = make_tables(patients=[died()])
    assert outcome(blank, events=["death:unknown"]) == (366.0, True, None, "death:unknown")


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"events": ["progression"]}, (151.0, True, None, "pd_radiological")),
        ({"events": ["progression"], "origin": "line:1"}, (122.0, True, None, "pd_radiological")),
        ({"events": ["progression"], "origin": "line:2"}, (61.0, True, None, "pd_radiological")),
        ({"events": ["progression"], "origin": "dx"}, (173.0, True, None, "pd_radiological")),
        ({"events": ["next_line"]}, (29.0, True, None, "next_line")),
        ({"events": ["next_line"], "origin": "line:1"}, (184.0, True, None, "next_line")),
        ({"events": ["line:2"]}, (213.0, True, None, "line:2")),
        ({"events": ["line:3"]}, (1096.0, False, None, "censored_last_contact")),
        ({"events": ["line_end"], "origin": "line:1"}, (153.0, True, None, "line_end")),
        ({"events": ["local_therapy"]}, (121.0, True, None, "local_therapy")),
        ({"events": ["sequencing"]}, (59.0, True, None, "sequencing")),
        ({"events": ["death"], "stop_at": ["line:2"]}, (213.0, False, None, "censored_line:2")),
        ({"events": ["death"], "stop_at": ["line:2", "line:1"]}, (29.0, False, None, "censored_line:1")),
        ({"events": ["death"], "censor": ["last_assessment"]}, (90.0, False, None, "censored_last_assessment")),
        (
            {"events": ["death"], "censor": ["last_assessment"], "origin": "line:1"},
            (61.0, False, None, "censored_last_assessment"),
        ),
        ({"events": ["death"], "censor": ["origin"]}, (0.5, False, None, "censored_origin")),
        (
            {"events": ["line:3"], "censor": ["last_assessment", "last_contact"]},
            (1096.0, False, None, "censored_last_contact"),
        ),
    ],
)
def test_custom__reads_every_source(choices, expected):
    """Scans: SD on 2020-05-01, PD on 2020-07-01 in line 1, PD on 2020-11-01 in line 2; embolisation on 2020-06-01."""
    tables = make_tables(
        patients=[patient()],
        treatments=[*TWO_LINES, line(1, start="2020-06-01", intent="local_only", regimen_class="locoregional_liver")],
        assessments=[scan("2020-05-01", "SD"), scan("2020-07-01", "PD"), scan("2020-11-01", "PD")],
        samples=[specimen(date_sequencing_report="2020-03-31")],
    )
    assert outcome(tables, **choices) == expected


def test_custom__an_open_origin_sees_progressions_on_or_after_it_only():
    tables = make_tables(
        patients=[patient(date_advanced="2020-08-01")],
        treatments=[line(1, date_progression="2020-07-01"), line(2, start="2020-09-01", date_progression="2020-12-01")],
        assessments=[scan("2020-07-02", "PD")],
    )
    assert outcome(tables, events=["progression"]) == (122.0, True, None, "pd_recorded")
    assert outcome(tables, events=["next_line"]) == (31.0, True, None, "next_line")
    without_lines = make_tables(patients=[patient()], assessments=[scan("2020-05-01", "PD")])
    assert outcome(without_lines, events=["progression"]) == (90.0, True, None, "pd_radiological")


def test_custom__without_any_censoring_date_there_is_no_outcome():
    tables = make_tables(patients=[patient()])
    assert reason(tables, events=["death"], censor=["last_assessment"]) == "no_end_date"


def test_custom__where_death_counts_its_date_must_be_known():
    tables = make_tables(patients=[patient(vital_status="dead")])
    assert reason(tables, events=["death"]) == "death_date_missing"
    assert reason(tables, events=["line:1"], competing=["death"]) == "death_date_missing"
    assert outcome(tables, events=["line:1"]) == (1096.0, False, None, "censored_last_contact")
    assert derive(tables, events=["line:1"]).table["flags"].tolist() == ["death_date_missing"]


def test_custom__names_the_columns_there_are():
    with pytest.raises(AnalysisError, match="must name a date column of patients, found 'date_relaps'"):
        derive(with_relapse("2020-05-01"), events=["column:date_relaps"])


def test_custom__bounds_come_from_the_date_that_decided():
    tables = make_tables(patients=[died() | {"date_death": "2021-02"}])
    row = derive(tables, events=["death"]).table.iloc[0]
    assert (row["time_days"], row["time_min"], row["time_max"]) == (380.0, 366.0, 393.0)


def test_origin__may_be_a_column_with_or_without_prefix():
    tables = with_relapse("2020-05-01")
    plain, prefixed = (
        derive(tables, events=["death"], origin=text) for text in ("date_relapse", "column:date_relapse")
    )
    assert plain.table["time_days"].tolist() == prefixed.table["time_days"].tolist() == [1006.0]
    assert reason(with_relapse(None), events=["death"], origin="column:date_relapse") == "date_relapse_missing"


BUILT_IN = {
    "os": {"events": ["death"]},
    "ttnt": {"origin": "line:1", "events": ["next_line", "death"]},
    "ttp": {
        "origin": "line:1", "events": ["progression"], "competing": ["death"], "stop_at": ["next_line"],
        "censor": ["last_assessment", "origin"],
    },
    "pfs": {
        "origin": "line:1", "events": ["progression", "death"], "stop_at": ["next_line"],
        "censor": ["last_assessment", "origin"],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", BUILT_IN)
def test_golden_cohort__built_in_endpoints_can_be_declared_as_data(reference, name):
    tables = build_linear(read_linear(reference))
    own, mine = derive(tables, name=name).table, derive(tables, **BUILT_IN[name]).table
    columns = ["patient_id", "time_days", "event", "competing", "origin_date", "end_date", "time_min", "time_max"]
    pd.testing.assert_frame_equal(own[columns], mine[columns])
