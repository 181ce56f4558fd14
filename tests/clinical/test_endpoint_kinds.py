"""Names of endpoints, requests, titles, and choices that contradict each other."""

from __future__ import annotations

import pytest

from netgen.clinical.endpoint_kinds import KINDS, parse_request, title_endpoint
from netgen.clinical.endpoint_list import list_endpoints, tabulate_endpoints
from netgen.clinical.endpoint_spec import EndpointSpec
from netgen.errors import AnalysisError
from netgen.study_rules import is_name
from tests.clinical.literal import line, make_tables, patient, scan


@pytest.mark.parametrize(
    ("text", "name", "kind", "origin"),
    [
        ("os", "os", "os", ""),
        ("PFS", "pfs", "pfs", ""),
        ("pfs@line:2", "pfs_line2", "pfs", "line:2"),
        ("TTNT @ line:3", "ttnt_line3", "ttnt", "line:3"),
        ("os@dx", "os_dx", "os", "dx"),
        ("os@column:date of surgery", "os_date_of_surgery", "os", "column:date of surgery"),
        ("my_name", "my_name", "my_name", ""),
    ],
)
def test_parse_request__takes_name_and_origin_apart(text, name, kind, origin):
    request = parse_request(text)
    assert request == (name, kind, origin)
    assert is_name(request.name)


@pytest.mark.parametrize("text", ["", "@line:2", "pfs@", "  @ "])
def test_parse_request__needs_a_name_and_an_origin(text):
    with pytest.raises(AnalysisError, match="requested as name or name@origin"):
        parse_request(text)


def test_titles__say_what_is_counted_and_from_when():
    assert title_endpoint("os", origin="dx") == "Overall survival from diagnosis"
    assert title_endpoint("pfs", origin="line:2") == "Progression-free survival from line 2"
    assert title_endpoint("ttnt", origin="line:1") == "Time to next treatment or death (TTNT-D) from line 1"
    assert title_endpoint("ttnt", origin="line:1", deaths="competing") == "Time to next treatment from line 1"
    assert title_endpoint("dor", origin="line:1") == "Duration of response in line 1"
    assert title_endpoint("os", origin="column:date_surgery") == "Overall survival from date_surgery"
    assert title_endpoint("custom", origin="advanced", name="relapse") == "relapse from advanced disease"
    assert title_endpoint("dfs", origin="recorded") == "dfs"
    assert all(title_endpoint(kind) for kind in KINDS)


def test_spec__kind_and_origin_follow_from_the_name_and_the_events():
    assert (EndpointSpec(name="pfs_line2", kind="pfs", origin="line:2").line) == 2
    assert EndpointSpec(name="ttnt").origin == "line:1"
    assert EndpointSpec(name="dss").origin == "advanced"
    mine = EndpointSpec(name="relapse", events=["death", "column:date_relapse"])
    assert (mine.kind, mine.origin, mine.events) == ("custom", "advanced", ("death", "column:date_relapse"))


def test_spec__competing_codes_belong_to_endpoints_with_a_competing_event():
    has = {name for name in KINDS if EndpointSpec(name=name).has_competing}
    assert has == {"dss", "ttp"}
    assert EndpointSpec(name="ttnt", deaths="competing").has_competing
    assert EndpointSpec(name="x", events=["progression"], competing=["death"]).has_competing
    assert not EndpointSpec(name="x", events=["progression", "death"]).has_competing
    assert not EndpointSpec(name="ttp", source="recorded").has_competing


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ({"name": "pfs", "origin": "advanced"}, "pfs must start with a line of treatment, found origin 'advanced'"),
        ({"name": "dot", "origin": "dx"}, "dot must start with a line"),
        ({"name": "ttp", "new_therapy": "event"}, "ttp counts progression only"),
        ({"name": "ttd", "completion": "exclude"}, "ttd counts every end of a line"),
        ({"name": "pfs", "events": ["death"]}, "pfs is defined already"),
        ({"name": "mine", "kind": "custom"}, "mine must name its events"),
        ({"name": "os", "censor": ["last_contact"]}, "censor belong to an endpoint of one's own"),
        ({"name": "x", "events": ["relapse"]}, "events cannot name 'relapse'"),
        ({"name": "x", "events": ["last_contact"]}, "events cannot name 'last_contact'"),
        ({"name": "x", "events": ["death:cancer"]}, "events cannot name 'death:cancer'"),
        ({"name": "x", "events": ["death"], "censor": ["death"]}, "censor cannot name 'death'"),
        ({"name": "x", "events": ["line_end"]}, "line_end needs a line"),
        ({"name": "x", "events": ["death"], "competing": ["death"]}, "death can have one role only"),
        ({"name": "ttnt", "deaths": "censor"}, "deaths must be one of event, competing"),
    ],
)
def test_spec__refuses_what_contradicts_itself(choices, text):
    with pytest.raises(AnalysisError, match=text) as caught:
        EndpointSpec(**choices)
    assert caught.value.finding.code == "E_CONFIG"


def test_list_endpoints__follows_what_the_tables_know():
    dead = patient("P2", vital_status="dead", date_death="2023-02-01", cause_of_death="tumour")
    lines = [line(1, date_end="2020-08-01"), line(2, start="2020-09-01", ongoing=True)]
    scans = [scan("2020-05-01", "PR"), scan("2020-07-01", "PD")]
    everything = make_tables(patients=[patient(), dead], treatments=lines, assessments=scans)
    found = list_endpoints(everything)
    assert [(spec.name, spec.origin) for spec in found] == [
        ("os", "advanced"),
        ("dss", "advanced"),
        *((name, f"line:{k}") for name in ("pfs", "ttp", "ttnt", "ttf", "ttd", "dot", "dor") for k in (1, 2)),
    ]
    table = tabulate_endpoints(found)
    assert table["request"].tolist()[:4] == ["os@advanced", "dss@advanced", "pfs@line:1", "pfs@line:2"]
    assert table.loc[table["competing"], "kind"].unique().tolist() == ["dss", "ttp"]
    unknown_cause = make_tables(patients=[patient(), dead | {"cause_of_death": "unknown"}])
    assert [spec.name for spec in list_endpoints(unknown_cause)] == ["os"]
    assert len(tabulate_endpoints([])) == 0
