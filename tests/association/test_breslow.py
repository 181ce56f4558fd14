"""The Cox partial likelihood, Breslow and Efron, against its definition, by hand, and weighting by weighting."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.breslow import (
    breslow_hazard,
    breslow_loglik,
    cox_loglik,
    evaluate_likelihood,
    lay_out,
    saturated_loglik,
    sum_at_risk,
    take_weightings,
)
from netgen.association.riskset import build_risk_sets
from tests.association.cox_definitions import naive_efron, numeric_slope
from tests.association.penalised_cases import at_risk, naive_loglik, small_study


def test_breslow_loglik__equals_the_definition():
    X, risk = small_study(17)
    eta = X @ np.array([[0.3, -1, 0.5, 0, 2.0], [0, 0, 0, 0, 0.0]]).T
    np.testing.assert_allclose(breslow_loglik(eta.T, risk), [naive_loglik(e, risk) for e in eta.T], rtol=1e-12)


def test_breslow_hazard__by_hand():
    # at risk 4, 3, 2 (third patient is censored at 3 after the event at 2, two fail at 5); second stratum: 2 then 1
    risk = build_risk_sets([1, 2, 3, 5, 5, 1, 4], [1, 1, 0, 1, 1, 1, 1], strata=["a"] * 5 + ["b"] * 2)
    flat = breslow_hazard(np.zeros(7), risk)
    np.testing.assert_allclose(flat, [1 / 5, 1 / 5 + 1 / 4, 1 / 5 + 1 / 4 + 2 / 2, 1 / 2, 3 / 2])
    np.testing.assert_allclose(breslow_hazard(np.full(7, np.log(2)), risk), flat / 2)


@pytest.mark.parametrize(("entry", "strata"), [(False, False), (True, False), (False, True), (True, True)])
def test_sum_at_risk__equals_the_definition(entry, strata):
    X, risk = small_study(18, entry=entry, strata=strata)
    layout = lay_out(risk)
    sums = sum_at_risk(layout, X[layout.rows].T)
    for i in np.flatnonzero(risk.event):
        np.testing.assert_allclose(sums[:, risk.event_slot[i]], X[at_risk(risk, i)].sum(axis=0), atol=1e-12)


@pytest.mark.parametrize(("entry", "strata"), [(False, False), (True, True)])
def test_evaluate_likelihood__derivatives_are_slopes_of_the_value(entry, strata):
    X, risk = small_study(19, entry=entry, strata=strata)
    layout = lay_out(risk, np.random.default_rng(2).uniform(0.5, 2, len(X)))
    eta, h = X[layout.rows, 0], 1e-5
    point = evaluate_likelihood(layout, eta)
    moved = [[evaluate_likelihood(layout, eta + s * h * e) for s in (1, -1)] for e in np.eye(len(eta))]
    np.testing.assert_allclose(point.residual, [(a.loglik - b.loglik) / (2 * h) for a, b in moved], atol=1e-8)
    # minus the second derivative is the expected events less the squared hazards of the event times
    squares = [point.share[i] ** 2 * risk_squares(risk, layout, point, i) for i in range(len(eta))]
    slopes = [-(a.residual[i] - b.residual[i]) / (2 * h) for i, (a, b) in enumerate(moved)]
    np.testing.assert_allclose(point.curvature - squares, slopes, atol=1e-8)


def risk_squares(risk, layout, point, i):
    """Sum of d / (risk-set sum)^2 over the slots in which place i is at risk."""
    slots = slice(risk.start[layout.rows[i]], risk.stop[layout.rows[i]])
    return (layout.d[slots] / point.risk[slots] ** 2).sum()


def test_evaluate_likelihood__a_weight_of_zero_leaves_a_patient_out():
    X, risk = small_study(20)
    eta = X @ np.array([0.4, -1, 0.5, 0, 1.0])
    training = np.random.default_rng(0).random((6, len(X))) < 0.6
    layout = lay_out(risk, training)
    together = evaluate_likelihood(layout, np.tile(eta[layout.rows], (6, 1)))
    for k, rows in enumerate(training):
        part = build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])
        assert together.loglik[k] == pytest.approx(naive_loglik(eta[rows], part), rel=1e-12)
        alone = evaluate_likelihood(lay_out(part), eta[rows][lay_out(part).rows])
        expected = np.zeros(len(X))
        expected[np.flatnonzero(rows)[lay_out(part).rows]] = alone.residual
        np.testing.assert_allclose(together.residual[k], expected[layout.rows], atol=1e-12)
    some = take_weightings(layout, np.array([4, 1]))
    again = evaluate_likelihood(some, np.tile(eta[layout.rows], (2, 1)))
    np.testing.assert_array_equal(again.loglik, together.loglik[[4, 1]])
    np.testing.assert_array_equal(some.total, training.sum(axis=1)[[4, 1]])


def test_evaluate_likelihood__a_small_risk_set_before_late_entries_keeps_its_digits():
    # two patients whose hazard is e^-25 of the others' are alone when one of them fails, before 30 others enter
    rng = np.random.default_rng(3)
    time, entry = np.r_[5, 400, rng.integers(20, 300, 30)], np.r_[0, 0, np.full(30, 10)]
    risk = build_risk_sets(time, np.r_[True, False, np.zeros(30, bool)], entry=entry)
    eta = np.r_[-25.0, -25.0 + np.log(3), rng.normal(size=30)]
    late = build_risk_sets(time, np.r_[True, False, np.ones(30, bool)], entry=entry)
    assert breslow_loglik(eta, risk) == pytest.approx(-np.log(4), abs=1e-12)
    assert breslow_loglik(eta, late) == pytest.approx(naive_loglik(eta, late), abs=1e-6)


@pytest.mark.parametrize(("entry", "strata"), [(False, False), (True, False), (False, True), (True, True)])
def test_cox_loglik__efron_with_weights_equals_the_definition(entry, strata):
    X, risk = small_study(17, entry=entry, strata=strata)
    weights = np.random.default_rng(4).uniform(0.3, 3, len(X))
    eta = X @ np.array([0.3, -1, 0.5, 0, 2.0])
    assert (risk.n_events > 1).any()
    for w in (None, weights):
        expected = naive_efron(eta, risk, w)
        assert cox_loglik(eta, risk, ties="efron", weights=w) == pytest.approx(expected, rel=1e-12)


def test_evaluate_likelihood__efron_derivatives_are_slopes_of_the_definition():
    X, risk = small_study(19)
    weights = np.random.default_rng(2).uniform(0.5, 2, len(X))
    layout = lay_out(risk, weights, ties="efron")
    eta = X[:, 0]
    point = evaluate_likelihood(layout, eta[layout.rows])
    slope = numeric_slope(lambda e: naive_efron(e, risk, weights), eta)
    np.testing.assert_allclose(point.residual, slope[layout.rows], atol=1e-8)
    idle = np.setdiff1d(np.arange(len(X)), layout.rows)
    np.testing.assert_allclose(slope[idle], 0, atol=1e-8)


def test_evaluate_likelihood__efron_counts_the_tied_patients_of_each_weighting():
    X, risk = small_study(20)
    eta = X @ np.array([0.4, -1, 0.5, 0, 1.0])
    counts = np.random.default_rng(0).integers(0, 3, (5, len(X)))
    layout = lay_out(risk, counts, ties="efron")
    together = evaluate_likelihood(layout, np.tile(eta[layout.rows], (5, 1)))
    np.testing.assert_allclose(together.loglik, [naive_efron(eta, risk, w) for w in counts], rtol=1e-12)
    some = evaluate_likelihood(take_weightings(layout, np.array([3, 0])), np.tile(eta[layout.rows], (2, 1)))
    np.testing.assert_array_equal(some.residual, together.residual[[3, 0]])


def test_saturated_loglik__is_approached_when_each_event_leads_its_risk_set():
    _, risk = small_study(21, entry=False, strata=False)
    eta = np.where(risk.event, -30.0 * risk.event_slot, -30.0 * risk.n_slots)
    for ties in ("breslow", "efron"):
        loglik = cox_loglik(eta, risk, ties=ties)
        assert saturated_loglik(lay_out(risk, ties=ties)) == pytest.approx(float(loglik), abs=1e-6)


def test_breslow_hazard__efron_by_hand():
    # two of three fail at day 2: 1/3 for the first, 1/2 for the second, who faces 3 - 2/2
    risk = build_risk_sets([2, 2, 5], [1, 1, 1])
    np.testing.assert_allclose(breslow_hazard(np.zeros(3), risk, ties="efron"), [1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 1])
