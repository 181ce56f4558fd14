"""Endpoints of a line besides pfs: ttp, ttnt, ttf, ttd, dot and dor; one clinical situation per case.

Line 1 starts on 2020-03-01. Days from it: 2020-05-01 is 61, 2020-07-01 is 122, 2020-08-31 is 183, 2020-09-01 is 184,
2020-11-01 is 245, 2023-02-01 (last contact of the living) is 1067.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from netgen.association.km import kaplan_meier, survival_quantile
from netgen.association.logrank import logrank_test
from netgen.clinical.duration import DURATION_COLUMNS, summarize_duration
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import Findings
from tests.clinical.linear import build_linear, read_linear
from tests.clinical.literal import line, make_tables, patient, scan, specimen

ALIVE = [patient()]
DEAD = [patient(vital_status="dead", date_death="2020-11-01", date_last_contact="2020-10-01")]
TWO_LINES = [line(1), line(2, start="2020-09-01")]


def derive(name, tables, findings=None, data_cutoff=None, responses=None, **choices):
    spec = EndpointSpec(**{"name": name, "entry_rule": "none"} | choices)
    collector = Findings() if findings is None else findings
    return derive_endpoint(
        make_tables(**tables), spec, data_cutoff=data_cutoff, responses=responses, findings=collector
    )


def outcome(name, tables, **choices):
    """Time, event, code, reason and flags of the one patient."""
    endpoint = derive(name, tables, **choices)
    assert len(endpoint.excluded) == 0
    row = endpoint.table.iloc[0]
    code = None if pd.isna(row["competing"]) else int(row["competing"])
    return row["time_days"], bool(row["event"]), code, row["end_reason"], row["flags"]


def alive(lines, *scans):
    return {"patients": ALIVE, "treatments": lines, "assessments": list(scans)}


def dead(lines, *scans):
    return {"patients": DEAD, "treatments": lines, "assessments": list(scans)}


TTP = {
    "progression": (alive([line(1)], scan("2020-07-01", "PD")), (122.0, True, 1, "pd_radiological", "")),
    "progression before death": (dead([line(1)], scan("2020-07-01", "PD")), (122.0, True, 1, "pd_radiological", "")),
    "death without progression is censored and competes": (
        dead([line(1)], scan("2020-07-01", "SD")),
        (245.0, False, 2, "censored_death", ""),
    ),
    "progression and death on one day is a progression": (
        dead([line(1)], scan("2020-11-01", "PD")),
        (245.0, True, 1, "pd_radiological", ""),
    ),
    "no progression": (alive([line(1)], scan("2020-07-01", "SD")), (122.0, False, 0, "censored_last_assessment", "")),
    "death after the next line is none of its business": (
        dead(TWO_LINES, scan("2020-07-01", "SD")),
        (122.0, False, 0, "censored_new_therapy", ""),
    ),
}


@pytest.mark.parametrize("case", TTP)
def test_ttp__counts_progression_only(case):
    tables, expected = TTP[case]
    assert outcome("ttp", tables) == expected


TTNT = {
    "next line": (alive(TWO_LINES), {}, (184.0, True, None, "next_line", "")),
    "a line without treatment is no next line": (
        alive([line(1), line(2, start="2020-07-01", regimen_class="watch_and_wait"), line(3, start="2020-09-01")]),
        {},
        (184.0, True, None, "next_line", ""),
    ),
    "death before it counts": (dead([line(1)]), {}, (245.0, True, None, "death", "")),
    "death before it may compete": (dead([line(1)]), {"deaths": "competing"}, (245.0, False, 2, "censored_death", "")),
    "next line where death competes": (dead(TWO_LINES), {"deaths": "competing"}, (184.0, True, 1, "next_line", "")),
    "no next line": (alive([line(1)]), {}, (1067.0, False, None, "censored_last_contact", "")),
    "the next line lies behind the cut-off": (
        alive(TWO_LINES),
        {"data_cutoff": date(2020, 7, 1)},
        (122.0, False, None, "censored_cutoff", ""),
    ),
    "who died behind the cut-off was alive at it": (
        dead([line(1)]),
        {"data_cutoff": date(2020, 10, 15)},
        (228.0, False, None, "censored_cutoff", ""),
    ),
    "dead without a date": (
        {"patients": [patient(vital_status="dead")], "treatments": [line(1)]},
        {},
        (1067.0, False, None, "censored_last_contact", "death_date_missing"),
    ),
    "a contact before the line": (
        {"patients": [patient(date_last_contact="2020-02-15")], "treatments": [line(1)]},
        {},
        (0.5, False, None, "censored_last_contact", "time_zero"),
    ),
}


@pytest.mark.parametrize("case", TTNT)
def test_ttnt__is_the_start_of_the_next_line_or_death(case):
    tables, choices, expected = TTNT[case]
    assert outcome("ttnt", tables, **choices) == expected


def ended(reason, **values):
    return [line(1, date_end="2020-07-01", end_reason=reason, **values)]


ENDS = {
    "toxicity": (alive(ended("toxicity")), {}, (122.0, True, None, "stop_toxicity", "")),
    "no reason given": (alive(ended(None)), {}, (122.0, True, None, "stop_unknown", "")),
    "planned completion": (
        alive(ended("completion")),
        {},
        (122.0, True, None, "stop_completion", "planned_completion"),
    ),
    "completion may be censored": (
        alive(ended("completion")),
        {"completion": "censor"},
        (122.0, False, None, "censored_completion", "planned_completion"),
    ),
    "toxicity where completion is censored": (
        alive(ended("toxicity")),
        {"completion": "censor"},
        (122.0, True, None, "stop_toxicity", ""),
    ),
    "death during the line": (dead([line(1)]), {}, (245.0, True, None, "death", "line_end_unknown")),
    "death after a completion that is censored": (
        dead(ended("completion")),
        {"completion": "censor"},
        (122.0, False, None, "censored_completion", "planned_completion"),
    ),
    "ongoing": (alive([line(1, ongoing=True)]), {}, (1067.0, False, None, "censored_last_contact", "")),
    "ongoing at the cut-off": (
        alive([line(1, ongoing=True)]),
        {"data_cutoff": date(2020, 9, 1)},
        (184.0, False, None, "censored_cutoff", ""),
    ),
    "ended after the cut-off": (
        alive(ended("toxicity")),
        {"data_cutoff": date(2020, 5, 1)},
        (61.0, False, None, "censored_cutoff", ""),
    ),
    "neither ended nor ongoing": (
        alive([line(1)]),
        {},
        (1067.0, False, None, "censored_last_contact", "line_end_unknown"),
    ),
    "ongoing with an end: still ongoing": (
        alive([line(1, ongoing=True, date_end="2020-07-01")]),
        {},
        (1067.0, False, None, "censored_last_contact", "line_end_unknown"),
    ),
    "no end, but a next line: the day before it": (
        alive(TWO_LINES),
        {},
        (183.0, True, None, "stop_unknown", "line_end_unknown"),
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_ttf__is_the_end_of_the_line_for_any_reason(case):
    tables, choices, expected = ENDS[case]
    assert outcome("ttf", tables, **choices) == expected


@pytest.mark.parametrize("case", [name for name, (_, choices, _) in ENDS.items() if "completion" not in choices])
def test_dot__counts_the_first_and_the_last_day(case):
    tables, choices, expected = ENDS[case]
    assert outcome("ttd", tables, **choices) == expected
    assert outcome("dot", tables, **choices) == (expected[0] + 1, *expected[1:])


def test_ttf__a_planned_completion_may_be_left_out():
    endpoint = derive("ttf", alive(ended("completion")), completion="exclude")
    assert endpoint.excluded["reason"].tolist() == ["planned_completion"]
    assert len(derive("ttf", alive(ended("toxicity")), completion="exclude").table) == 1


def test_dot__of_one_day_is_one_day():
    assert outcome("dot", alive([line(1, date_end="2020-03-01")])) == (1.0, True, None, "stop_unknown", "")


def test_dot__an_end_before_the_start_is_an_error():
    findings = Findings()
    endpoint = derive("dot", alive([line(1, date_end="2020-02-29")]), findings=findings)
    assert endpoint.excluded["reason"].tolist() == ["negative_time"]
    assert [(item.code, item.value) for item in findings] == [("E_DATE_ORDER", "-1")]


def test_dot__bounds_count_both_days_too():
    row = derive("dot", alive([line(1, start="2020-03", date_end="2020-07-01", end_reason="toxicity")])).table.iloc[0]
    assert (row["time_days"], row["time_min"], row["time_max"]) == (109.0, 93.0, 123.0)


DOR = {
    "from the first response to progression": (
        alive([line(1)], scan("2020-05-01", "PR"), scan("2020-07-01", "CR"), scan("2020-09-01", "PD")),
        (123.0, True, None, "pd_radiological", ""),
    ),
    "to death": (dead([line(1)], scan("2020-05-02", "PR")), (183.0, True, None, "death", "")),
    "to the last assessment": (
        alive([line(1)], scan("2020-05-01", "PR"), scan("2020-07-01", "SD")),
        (61.0, False, None, "censored_last_assessment", ""),
    ),
    "never assessed again": (
        alive([line(1)], scan("2020-05-01", "PR")),
        (0.5, False, None, "censored_last_assessment", "time_zero"),
    ),
}


@pytest.mark.parametrize("case", DOR)
def test_dor__starts_with_the_response(case):
    tables, expected = DOR[case]
    assert outcome("dor", tables) == expected


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        (alive([line(1)], scan("2020-05-01", "SD")), "no_response"),
        (alive([line(1)]), "no_response"),
        (alive([line(1)], scan("2020-05-01", "PD"), scan("2020-07-01", "PR")), "no_response"),
        (alive(TWO_LINES, scan("2020-09-02", "PR")), "no_response"),
        (alive([line(1)], scan("2020-02-01", "PR", is_baseline=True)), "no_response"),
        (alive([line(1, best_response="PR")]), "response_date_missing"),
        (alive([line(1, best_response="PR")], scan("2020-05-01", "SD")), "no_response"),
        (alive([]), "line_not_started"),
    ],
)
def test_dor__leaves_out_who_did_not_respond_in_time(tables, reason):
    assert derive("dor", tables).excluded["reason"].tolist() == [reason]


def test_dor__takes_given_responses():
    """SC17 g: CR on day 50, CR on day 85, PD on day 120: 70 days; a confirmed response may start later."""
    begin = pd.Timestamp("2020-03-01")
    scans = [
        scan((begin + pd.Timedelta(days=d)).date().isoformat(), r) for d, r in ((50, "CR"), (85, "CR"), (120, "PD"))
    ]
    assert outcome("dor", alive([line(1)], *scans))[0] == 70
    given = pd.DataFrame(
        {
            "patient_id": ["P1"],
            "line_number": [1],
            "bor": ["CR"],
            "first_response_date": [begin + pd.Timedelta(days=85)],
        }
    )
    assert outcome("dor", alive([line(1)], *scans), responses=given)[0] == 35
    none = given.assign(bor="SD")
    assert derive("dor", alive([line(1)], *scans), responses=none).excluded["reason"].tolist() == ["no_response"]


def test_pfs__a_local_procedure_is_a_flag_or_ends_the_follow_up():
    local = line(1, start="2020-06-01", intent="local_only", regimen_class="locoregional_liver")
    tables = alive([line(1), local], scan("2020-05-01", "SD"), scan("2020-07-01", "PD"))
    assert outcome("pfs", tables) == (122.0, True, None, "pd_radiological", "local_therapy")
    censored = outcome("pfs", tables, censor_at_local=True)
    assert censored == (61.0, False, None, "censored_local_therapy", "local_therapy")
    real_world = outcome("pfs", tables, censor_at_local=True, censor_at="last_contact")
    assert real_world == (92.0, False, None, "censored_local_therapy", "local_therapy")
    before = alive([line(1), local | {"date_start": "2020-03-01"}], scan("2020-07-01", "PD"))
    assert outcome("pfs", before, censor_at_local=True) == (122.0, True, None, "pd_radiological", "")
    after = alive([line(1), local | {"date_start": "2020-07-01"}], scan("2020-07-01", "PD"))
    assert outcome("pfs", after, censor_at_local=True)[:2] == (122.0, True)


def test_line_2__has_every_endpoint_of_its_own():
    lines = [
        line(1, date_end="2020-06-01"),
        line(2, start="2020-07-01", date_end="2020-10-01"),
        line(3, start="2020-11-01"),
    ]
    tables = alive(lines, scan("2020-09-01", "PR"), scan("2020-10-15", "PD"))
    got = {
        name: outcome(name, tables, origin="line:2")[0] for name in ("pfs", "ttp", "ttnt", "ttf", "ttd", "dot", "dor")
    }
    assert got == {"pfs": 106, "ttp": 106, "ttnt": 123, "ttf": 92, "ttd": 92, "dot": 93, "dor": 44}
    assert derive("pfs", tables, origin="line:2").table["line_number"].tolist() == [2]


@pytest.mark.parametrize(("k", "entry"), [(1, 92.0), (2, 0.0)])
def test_entry__of_line_k_counts_from_its_start(k, entry):
    sample = specimen(date_sequencing_report="2020-06-01", sequencing_context="clinical")
    tables = {**alive(TWO_LINES), "samples": [sample]}
    endpoint = derive("ttnt", tables, origin=f"line:{k}", entry_rule="auto")
    assert endpoint.entry_rule == "sequencing_report"
    assert endpoint.table["entry_days"].tolist() == [entry]


def test_lines_of_sc18__give_its_numbers():
    """The five lines of SC18 as a table of treatments: TTP L1 249, TTNT L1 269, TTNT L2 422, DOT L2 218."""
    lines = [
        line(1, start="2020-01-10", date_end="2020-09-30", date_progression="2020-09-15"),
        line(2, start="2020-10-05", date_end="2021-05-10", regimen_class="chemo_alkylating"),
        line(3, start="2021-12-01", regimen_class="chemo_alkylating", date_progression="2022-02-20"),
        line(4, start="2022-03-01", regimen_class="chemo_platinum"),
        line(5, start="2022-08-01", regimen_class="prrt", date_end="2023-02-01"),
    ]
    tables = {"patients": [patient(date_advanced="2020-01-01")], "treatments": lines}
    assert outcome("ttp", tables)[:2] == (249.0, True)
    assert outcome("ttnt", tables)[:2] == (269.0, True)
    assert outcome("ttnt", tables, origin="line:2")[:2] == (422.0, True)
    assert outcome("dot", tables, origin="line:2")[:2] == (218.0, True)


def test_summarize_duration__describes_ended_lines_and_says_what_is_missing():
    people = [patient(f"P{i}") for i in range(1, 6)]
    ends = ["2020-03-10", "2020-03-20", "2020-03-30", "2020-04-09"]  # 10, 20, 30, 40 days
    lines = [line(1, f"P{i}", date_end=end) for i, end in enumerate(ends, 1)] + [line(1, "P5", ongoing=True)]
    endpoint = derive("dot", {"patients": people, "treatments": lines})
    findings = Findings()
    groups = pd.Series({"P1": "b", "P2": "b", "P3": "a", "P5": "a"})
    table = summarize_duration(endpoint, groups, findings=findings)
    assert list(table.columns) == list(DURATION_COLUMNS)
    assert table.to_numpy().tolist() == [
        ["all", 5, 4, 1, 25.0, 17.5, 32.5],
        ["a", 2, 1, 1, 30.0, 30.0, 30.0],
        ["b", 2, 2, 0, 15.0, 12.5, 17.5],
    ]
    assert [item.code for item in findings] == ["W_DOT_ONGOING"]
    assert "1 line of 5 without end" in next(iter(findings)).message


# ------------------------------------------------------------------------------------------- the golden cohort

GOLDEN = {
    "pfs": (31, 211.0, (67.0, 415.0), {"thymic": 121.0, "lung": 139.0, "duodenopancreatic": 264.5}, 0.666532, 0.716579),
    "ttp": (23, 368.0, (181.0, 509.0), None, 0.280871, 0.868980),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_cohort__progression_by_origin(reference, name):
    """Appendix B: events, median (log-log limits), medians by origin, log-rank."""
    events, median, limits, by_origin, chi2, p = GOLDEN[name]
    golden = read_linear(reference)
    table = derive_endpoint(build_linear(golden), EndpointSpec(name=name, entry_rule="none"), findings=Findings()).table
    origin = table["patient_id"].map(golden.set_index("patient_id")["origin"]).to_numpy(dtype=str)
    time, event = table["time_days"].to_numpy(), table["event"].to_numpy()
    assert (len(table), int(event.sum())) == (34, events)
    found = survival_quantile(kaplan_meier(time, event))
    assert (found.estimate, found.lo, found.hi) == (median, *limits)
    for group, expected in (by_origin or {}).items():
        own = origin == group
        assert survival_quantile(kaplan_meier(time[own], event[own])).estimate == expected
    test = logrank_test(time, event, origin)
    assert test.chi2 == pytest.approx(chi2, abs=1e-6)
    assert test.p == pytest.approx(p, abs=1e-6)


def test_golden_cohort__codes_of_ttp_are_the_types_of_the_file(reference):
    golden = read_linear(reference).sort_values("patient_id")
    spec = EndpointSpec(name="ttp", entry_rule="none")
    table = derive_endpoint(build_linear(golden), spec, findings=Findings()).table
    assert table["competing"].tolist() == golden["pfs_type"].tolist()
    assert table["event"].tolist() == (golden["pfs_type"] == 1).tolist()
    assert table["time_days"].tolist() == golden["pfs_days"].tolist()
    assert np.isnan(table["entry_days"]).all()
