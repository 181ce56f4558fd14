"""Dynamic AUC and Brier score from their definitions, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.riskset import build_risk_sets
from netgen.association.time_dependent import (
    brier_grid,
    brier_scores,
    dynamic_auc,
    explain_unavailable,
    integrate_brier,
)


def study(seed: int, n: int = 150):
    """Times that differ, so that no convention on ties matters; scores and survival curves that predict."""
    rng = np.random.default_rng(seed)
    time = rng.permutation(np.arange(1, n + 1)) * 10.0
    event = rng.random(n) < 0.6
    score = np.round(rng.normal(size=n) - time / (5 * n), 1)
    return build_risk_sets(time, event), score, rng


def test_dynamic_auc__counts_pairs_of_cases_and_controls():
    risk, score, _ = study(3, 40)
    t = 205.0
    above = total = 0.0
    for i in np.flatnonzero(risk.event & (risk.time <= t)):
        free = np.prod([1 - 1 / np.sum(risk.time >= c) for c in risk.time[~risk.event & (risk.time < risk.time[i])]])
        for j in np.flatnonzero(risk.time > t):
            above += ((score[i] > score[j]) + 0.5 * (score[i] == score[j])) / free
            total += 1 / free
    assert dynamic_auc(score, risk, t) == pytest.approx(above / total, rel=1e-12)


def test_brier_scores__by_hand():
    # event at 1, censored at 2, event at 3, alive at 4. G(1-) = 1, G(2) = 2/3, G(3-) = 2/3
    risk = build_risk_sets([1, 2, 3, 4], [True, False, True, False])
    survival = np.array([[0.5], [0.5], [0.8], [0.9]])
    np.testing.assert_allclose(brier_scores(survival, risk, np.array([2.5])), [(0.25 + 0.06 + 0.015) / 4])
    # the first case is above the one control, the second, which counts 1.5, is tied with it
    assert dynamic_auc(np.array([3.0, 0, 2, 2]), risk, 3) == pytest.approx((1 + 1.5 / 2) / 2.5)


def test_brier_scores__events_come_before_censorings_of_the_same_day():
    risk = build_risk_sets([1, 1, 2, 3], [True, False, True, False])
    # G(1-) = 1, G(2-) = 2/3: one of the three who are left after the event of day 1 is censored
    survival = np.array([[1.0], [0.0], [1.0], [0.0]])
    np.testing.assert_allclose(brier_scores(survival, risk, np.array([2.0])), [(1 + 1.5 + 1.5) / 4])


def test_integrate_brier__is_the_mean_over_time():
    assert integrate_brier(np.array([0.1, 0.2, 0.2]), np.array([0.0, 1, 3])) == pytest.approx((0.15 + 0.4) / 3)


def test_explain_unavailable__says_what_is_missing():
    time = np.arange(1, 31)
    risk = build_risk_sets(time, np.arange(30) > 3)
    assert explain_unavailable(risk, 20) == ""
    assert explain_unavailable(risk, 27) == ""  # 3 of 30 left
    assert explain_unavailable(risk, 28) == "not_available: 2 of 30 patients observed beyond 28 days"
    assert explain_unavailable(risk, 4) == "not_available: no event up to 4 days"
    late = build_risk_sets(time, np.arange(30) > 3, entry=np.r_[0.5, np.zeros(29)])
    assert explain_unavailable(late, 20) == "not_available: censoring weights do not allow for delayed entry"


def test_brier_grid__begins_at_the_first_event():
    risk = build_risk_sets([1, 5, 9], [False, True, True])
    np.testing.assert_allclose(brier_grid(risk, 8, n_times=4), [5, 6, 7, 8])
    assert len(brier_grid(risk, 5)) == 0
