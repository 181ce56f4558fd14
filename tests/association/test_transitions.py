"""What followed a line: counts by hand; no test of few patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.freeman_halton import freeman_halton
from netgen.association.line_history import LineHistory, build_history
from netgen.association.therapy_tables import Labels
from netgen.association.transitions import next_states, tabulate_transitions
from tests.association.therapy_cases import everybody, small_cohort


def test_transitions__name_the_next_class_or_why_there_is_none(tmp_path):
    history = build_history(small_cohort(tmp_path))
    assert next_states(history, 1).tolist() == ["mtor_inhibitor", "off_therapy", "ongoing", "lost", "", "unknown"]
    assert next_states(history, 2).tolist() == ["dead", "", "", "", "", "dead"]
    table = tabulate_transitions(history, [everybody(6)], max_line=3, seed=1).table
    own = table.loc[(table["from_line"] == 1) & (table["from_class"] == "ssa")]
    assert own[["to", "count", "n_from", "proportion"]].to_numpy().tolist() == [
        ["mtor_inhibitor", 1, 2, 0.5],
        ["off_therapy", 1, 2, 0.5],
    ]
    assert table.loc[table["from_line"] == 1, "count"].sum() == 5


def history_of(followed: list[str]) -> LineHistory:
    """Return patients with a first line of ssa, and a second one or none ("dead")."""
    n = len(followed)
    first = pd.DataFrame({"place": range(n), "line": 1, "regimen_class": "ssa", "start": 0.0})
    second = [i for i, name in enumerate(followed) if name != "dead"]
    later = pd.DataFrame({"place": second, "line": 2, "regimen_class": [followed[i] for i in second], "start": 9.0})
    lines = pd.concat([first, later], ignore_index=True).astype({"regimen_class": "string"})
    return LineHistory(
        patients=pd.Index([f"P{i:02}" for i in range(n)]), lines=lines, origin=np.zeros(n), end=np.full(n, 99.0),
        dead=np.ones(n, dtype=bool), n_lines=np.bincount(lines["place"], minlength=n), absent=np.full(n, "dead"),
    )  # fmt: skip


@pytest.mark.parametrize("n", [19, 20])
def test_transitions__are_tested_from_20_patients_on(n):
    followed = ["prrt"] * 10 + ["dead"] * (n - 10)
    labels = np.array(["a"] * 8 + ["b"] * (n - 8))
    test = tabulate_transitions(history_of(followed), [Labels("g", labels, ("a", "b"))], max_line=2, seed=1).tests.iloc[
        0
    ]
    assert test["n"] == n
    if n < 20:
        assert test["status"] == "too_few"
        assert np.isnan(test["p"])
    else:
        assert test["status"] == "tested"
        assert test["p"] == pytest.approx(freeman_halton([[0, 8], [10, 2]], seed=1).p)


def test_transitions__one_next_state_cannot_be_tested():
    labels = np.array(["a"] * 10 + ["b"] * 12)
    groups = [Labels("g", labels, ("a", "b"))]
    assert (
        tabulate_transitions(history_of(["prrt"] * 22), groups, max_line=2, seed=1).tests.iloc[0]["status"]
        == "one_state"
    )
    alone = [Labels("g", np.full(22, "a"), ("a",))]
    assert (
        tabulate_transitions(history_of(["prrt"] * 22), alone, max_line=2, seed=1).tests.iloc[0]["status"]
        == "one_group"
    )
