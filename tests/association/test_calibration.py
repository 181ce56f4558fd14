"""Calibration slope against Cox models one by one; observed and predicted risk by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association.calibration import COLUMNS, compare_observed, fit_slopes, tabulate_groups
from netgen.association.cox_model import fit_cox
from netgen.association.km import kaplan_meier, survival_at
from netgen.association.riskset import build_risk_sets
from tests.association.penalised_cases import cohort


@given(seed=st.integers(0, 10_000), entry=st.booleans(), strata=st.booleans())
def test_fit_slopes__are_cox_coefficients(seed, entry, strata):
    X, risk = cohort(seed, n=40, entry=entry, strata=strata)
    etas = np.random.default_rng(seed).normal(size=(3, 40)) * np.array([[0.1], [1.0], [30.0]]) + X[:, 1]
    weights = np.random.default_rng(seed + 1).integers(1, 4, (3, 40)).astype(float)
    outcome = {"time": risk.time, "event": risk.event, "entry": risk.entry, "strata": risk.stratum}
    for given_weights in (None, weights):
        found = fit_slopes(etas, risk, given_weights)
        for b, slope in enumerate(found):
            w = None if given_weights is None else given_weights[b]
            fit = fit_cox(etas[b], **outcome, ties="breslow", weights=w)
            if fit.status == "converged":
                assert slope == pytest.approx(fit.coef[0], rel=1e-6, abs=1e-9)


def test_fit_slopes__weights_of_zero_leave_patients_out():
    X, risk = cohort(41, n=60)
    weights = (np.arange(60) % 3 > 0).astype(float)
    rows = weights > 0
    part = build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])
    np.testing.assert_allclose(fit_slopes(X[:, 0][None], risk, weights[None]), fit_slopes(X[rows, 0][None], part))


def test_fit_slopes__are_missing_where_there_is_none():
    risk = build_risk_sets(np.arange(1, 21), np.ones(20, dtype=bool))
    etas = np.stack([np.zeros(20), -np.arange(20.0), np.sin(np.arange(20)), np.full(20, np.nan)])
    found = fit_slopes(etas, risk)
    assert np.isnan(found).tolist() == [True, True, False, True]
    assert fit_slopes(etas[:1], risk).shape == (1,)


def test_fit_slopes__end_where_late_entries_separate_the_events():
    """The likelihood rises until the small risk sets before the late entries are lost in rounding."""
    entry = np.repeat([0.0, 5.5], 5)
    time = np.array([1.0, 2.0, 3.0, 20.0, 20.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    risk = build_risk_sets(time, time < 20, entry=entry)
    etas = np.stack([np.repeat([0.0, 1.0], 5), np.arange(10.0) % 3])
    assert np.isnan(fit_slopes(etas, risk)).tolist() == [True, False]


def test_fit_slopes__of_a_model_in_its_own_patients_is_one():
    X, risk = cohort(42, n=60)
    coef = fit_cox(X, risk.time, risk.event, entry=risk.entry, strata=risk.stratum, ties="breslow").coef
    assert fit_slopes((X @ coef)[None], risk)[0] == pytest.approx(1.0, abs=1e-7)


def test_compare_observed__is_kaplan_meier_over_the_mean_prediction():
    risk = build_risk_sets([1, 2, 3, 4, 5], [True, False, True, False, False])
    found = compare_observed(np.array([0.2, 0.3, 0.4, 0.5, 0.1]), risk, 3)
    assert found.observed == pytest.approx(1 - 4 / 5 * 2 / 3)
    assert found.predicted == pytest.approx(0.3)
    assert found.ratio == pytest.approx(found.observed / 0.3)
    at = survival_at(kaplan_meier(risk.time, risk.event), [3])
    assert (found.lo, found.hi) == pytest.approx((1 - at.hi[0], 1 - at.lo[0]))
    assert (found.ratio_lo, found.ratio_hi) == pytest.approx((found.lo / 0.3, found.hi / 0.3))
    assert np.isnan(compare_observed(np.zeros(5), risk, 3).ratio)


def big(n_events: int, n: int = 400):
    rng = np.random.default_rng(7)
    event = np.zeros(n, dtype=bool)
    event[:n_events] = True
    risk = build_risk_sets(np.ceil(rng.exponential(400, n)) + 1, event)
    return risk, {"genes_1se": rng.random(n), "clinical": np.round(rng.random(n), 0)}


@pytest.mark.parametrize(("n_events", "n_groups"), [(99, 0), (100, 5), (199, 5), (200, 10)])
def test_tabulate_groups__needs_a_hundred_events(n_events, n_groups):
    risk, predicted = big(n_events)
    table = tabulate_groups(predicted, risk, 365.0)
    assert table.columns.tolist() == list(COLUMNS)
    assert (table["model"] == "genes_1se").sum() == n_groups
    if n_groups:
        assert table.loc[table["model"] == "clinical", "group"].tolist() == [1, 2]  # two predictions, two groups
        assert (table["horizon_days"] == 365).all()


def test_tabulate_groups__observed_risk_is_that_of_the_group():
    risk, predicted = big(250)
    values = predicted["genes_1se"]
    table = tabulate_groups({"genes_1se": values}, risk, 365.0)
    assert table["n"].tolist() == [40] * 10
    assert (np.diff(table["predicted"]) > 0).all()
    third = np.argsort(values)[80:120]
    at = survival_at(kaplan_meier(risk.time[third], risk.event[third]), [365.0])
    row = table.iloc[2]
    assert row["predicted"] == pytest.approx(values[third].mean())
    assert (row["observed"], row["lo"], row["hi"]) == pytest.approx((1 - at.survival[0], 1 - at.hi[0], 1 - at.lo[0]))
