"""The analysis plan: mode, smallest group and estimator follow from counts, by rule and for a whole family."""

from __future__ import annotations

import json

import numpy as np
import pytest

from netgen.association.plan import EndpointPlan, choose_estimator, choose_min_altered, choose_mode


@pytest.mark.parametrize(
    ("n", "events", "mode"),
    [(34, 23, "small"), (99, 99, "small"), (100, 49, "small"), (100, 50, "large"), (5000, 49, "small")],
)
def test_choose_mode__is_small_below_100_patients_or_50_events(n, events, mode):
    assert choose_mode(n, events) == mode
    assert choose_mode(n, events, requested="auto") == mode


@pytest.mark.parametrize("mode", ["small", "large"])
def test_choose_mode__as_requested(mode):
    assert choose_mode(34, 23, requested=mode) == mode


@pytest.mark.parametrize(
    ("mode", "n", "smallest"),
    [
        ("small", 34, 3),
        ("small", 5000, 3),
        ("large", 100, 5),
        ("large", 500, 5),
        ("large", 501, 6),
        ("large", 10_000, 100),
    ],
)
def test_choose_min_altered__is_3_or_the_larger_of_5_and_1_percent(mode, n, smallest):
    assert choose_min_altered(mode, n) == smallest
    assert choose_min_altered(mode, n, requested=7) == 7


@pytest.mark.parametrize(
    ("mode", "altered", "unaltered", "adjusted", "estimator", "p_method"),
    [
        ("small", [50], [50], False, "firth", "permutation"),
        ("small", [50], [50], True, "firth", "penalised_lr"),
        ("large", [10, 50], [50, 10], False, "cox", "lr"),
        ("large", [10, 50], [50, 10], True, "cox", "lr"),
        ("large", [9, 50], [50, 50], False, "firth", "permutation_or_penalised_lr"),
        ("large", [50, 50], [50, 9], False, "firth", "permutation_or_penalised_lr"),
        ("large", [9, 50], [50, 50], True, "firth", "penalised_lr"),
        ("large", [], [], False, "cox", "lr"),
    ],
)
def test_choose_estimator__the_worst_feature_decides_for_all(mode, altered, unaltered, adjusted, estimator, p_method):
    counts = np.array(altered, dtype=np.int64), np.array(unaltered, dtype=np.int64)
    assert choose_estimator(mode, *counts, adjusted=adjusted) == (estimator, p_method)


def test_plan__is_plain():
    plan = EndpointPlan(
        endpoint="os", mode="small", n=34, events=23, strata="origin", adjust=("age",), ties="efron", min_altered=3,
        estimator="firth", p_method="permutation", permutations=10, alpha=0.05, level=0.95, seed=1,
    )  # fmt: skip
    assert json.loads(json.dumps(plan.to_dict()))["adjust"] == ["age"]
