"""The flow accounts for everyone, and refuses numbers that do not add up."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from netgen.clinical.flow import Flow, FlowStep, add_step, start_flow

NOBODY = pd.DataFrame({"patient_id": [], "step": [], "reason": []}, dtype="string")


def left_out(**reasons):
    return pd.DataFrame({"patient_id": list(reasons), "reason": list(reasons.values())}, dtype="string")


def test_step__counts_must_add_up():
    with pytest.raises(ValueError, match="10 came in, 7 went on and 2 were left out"):
        FlowStep(name="eligible", n_in=10, n_out=7, excluded={"ki67_missing": 2})


def test_step__refuses_negative_counts():
    with pytest.raises(ValueError, match="a count is negative"):
        FlowStep(name="eligible", n_in=1, n_out=-1, excluded={"ki67_missing": 2})


def test_flow__a_step_starts_with_what_the_one_before_passed_on():
    steps = (FlowStep(name="rows", n_in=5, n_out=5), FlowStep(name="patients", after="rows", n_in=4, n_out=4))
    with pytest.raises(ValueError, match="4 came in, but rows passed on 5"):
        Flow(steps=steps, exclusions=NOBODY)


def test_flow__refuses_unknown_predecessors_and_repeated_names():
    first = FlowStep(name="rows", n_in=5, n_out=5)
    with pytest.raises(ValueError, match="follows 'nothing'"):
        Flow(steps=(first, FlowStep(name="b", after="nothing", n_in=5, n_out=5)), exclusions=NOBODY)
    with pytest.raises(ValueError, match="two steps are called rows"):
        Flow(steps=(first, FlowStep(name="rows", after="rows", n_in=5, n_out=5)), exclusions=NOBODY)


def test_flow__lists_whom_it_counts():
    listed = pd.DataFrame({"patient_id": ["A"], "step": ["b"], "reason": ["r"]}, dtype="string")
    steps = (FlowStep(name="a", n_in=5, n_out=5), FlowStep(name="b", after="a", n_in=5, n_out=3, excluded={"r": 2}))
    with pytest.raises(ValueError, match="the listed patients are not the counted ones"):
        Flow(steps=steps, exclusions=listed)


def test_add_step__builds_a_flow_with_branches():
    flow = start_flow("screened rows", 12)
    flow = add_step(flow, "patients", excluded={"duplicate_identical": 2})
    flow = add_step(flow, "eligible", excluded=left_out(P3="ki67_missing", P1="ki67_missing", P2="origin_missing"))
    flow = add_step(flow, "os", excluded=left_out(P4="death_date_missing"))
    flow = add_step(flow, "pfs", excluded=left_out(P4="line_not_started", P5="line_not_started"), after="eligible")
    assert [(step.name, step.after, step.n_in, step.n_out) for step in flow.steps] == [
        ("screened rows", "", 12, 12),
        ("patients", "screened rows", 12, 10),
        ("eligible", "patients", 10, 7),
        ("os", "eligible", 7, 6),
        ("pfs", "eligible", 7, 5),
    ]
    assert flow.steps[2].excluded == {"ki67_missing": 2, "origin_missing": 1}
    assert flow.exclusions.astype(str).to_numpy().tolist() == [
        ["P1", "eligible", "ki67_missing"],
        ["P2", "eligible", "origin_missing"],
        ["P3", "eligible", "ki67_missing"],
        ["P4", "os", "death_date_missing"],
        ["P4", "pfs", "line_not_started"],
        ["P5", "pfs", "line_not_started"],
    ]


def test_add_step__does_not_change_the_flow_it_is_given():
    flow = start_flow("rows", 3)
    add_step(flow, "patients", excluded=left_out(P1="r"))
    assert len(flow.steps) == 1
    assert len(flow.exclusions) == 0


def test_add_step__refuses_who_was_left_out_before():
    flow = add_step(start_flow("patients", 5), "eligible", excluded=left_out(P1="ki67_missing"))
    with pytest.raises(ValueError, match="left out twice: P1"):
        add_step(flow, "os", excluded=left_out(P1="death_date_missing"))
    twice = pd.DataFrame({"patient_id": ["P2", "P2"], "reason": ["a", "b"]})
    with pytest.raises(ValueError, match="left out twice: P2"):
        add_step(flow, "os", excluded=twice)


def test_add_step__refuses_to_lose_more_than_there_are():
    with pytest.raises(ValueError, match="a count is negative"):
        add_step(start_flow("patients", 1), "eligible", excluded={"ki67_missing": 2})


def test_add_step__refuses_an_unknown_predecessor():
    with pytest.raises(ValueError, match="which is no step before it"):
        add_step(start_flow("patients", 1), "os", after="eligible")


def test_to_json__is_stable_and_complete():
    flow = start_flow("patients", 4)
    flow = add_step(flow, "eligible", excluded=left_out(P2="b_reason", P1="a_reason"))
    text = flow.to_json()
    assert json.loads(text) == {
        "steps": [
            {"name": "patients", "after": None, "n_in": 4, "n_out": 4, "excluded": {}},
            {"name": "eligible", "after": "patients", "n_in": 4, "n_out": 2,
             "excluded": {"a_reason": 1, "b_reason": 1}},
        ]
    }  # fmt: skip
    backwards = add_step(start_flow("patients", 4), "eligible", excluded=left_out(P1="a_reason", P2="b_reason"))
    assert backwards.to_json() == text
