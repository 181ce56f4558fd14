"""Nested predictions against a naive loop, and predicted survival against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association import resampled_models
from netgen.association.coxnet import fit_coxnet
from netgen.association.nested_cv import INNER_TASK, OUTER_TASK, predict_apparent, predict_nested, predict_survival
from netgen.association.penalised_cv import assign_folds
from netgen.association.riskset import build_risk_sets
from netgen.provenance import derive_seed
from tests.association.penalised_cases import cohort
from tests.association.test_resampled_models import naive_models, recipe_of


def test_predict_nested__nobody_is_predicted_by_a_choice_that_saw_them():
    X, risk = cohort(31, n=60, entry=True, strata=True)
    recipe = recipe_of(X, risk, min_altered=3)
    made = predict_nested(recipe, n_repeats=2, seed=8)
    outer = assign_folds(recipe.fold_label, risk.event, n_folds=3, n_repeats=2, seed=derive_seed(OUTER_TASK, master=8))
    np.testing.assert_array_equal(made.split, outer)
    training = (outer[:, None] != np.arange(3)[:, None]).reshape(6, 60)
    lambdas = resampled_models._grid(recipe, training.astype(float))
    for r, k in np.ndindex(2, 3):
        seed = derive_seed(INNER_TASK.format(r=r, k=k), master=8)
        coef, _ = naive_models(recipe, (outer[r] != k).astype(int), seed, lambdas)
        inside = outer[r] == k
        np.testing.assert_allclose(made.eta[r][:, inside], coef @ (X - X.mean(axis=0))[inside].T, atol=5e-3)
    assert made.label == "nested cross-validation, 2 x 3 outer folds"


def test_predict_nested__changing_a_left_out_outcome_changes_no_prediction_of_its_fold():
    X, risk = cohort(32, n=60, entry=False, strata=False)
    recipe = recipe_of(X, risk, min_altered=3)
    made = predict_nested(recipe, n_repeats=1, seed=8)
    inside = np.flatnonzero((made.split[0] == 1) & risk.event)
    time = risk.time.copy()
    time[inside] = risk.time[inside[::-1]] + 500.0  # the folds stay: they look at the event, not at the time
    other = resampled_models.Recipe(**(recipe.__dict__ | {"risk": build_risk_sets(time, risk.event)}))
    again = predict_nested(other, n_repeats=1, seed=8)
    here = made.split[0] == 1
    np.testing.assert_allclose(again.eta[0][:, here], made.eta[0][:, here], atol=2e-3)
    assert np.abs(again.eta[0][:, ~here] - made.eta[0][:, ~here]).max() > 0.01


def test_predict_nested__says_nothing_if_a_training_set_cannot_be_fitted():
    X, risk = cohort(33, n=30, entry=False, strata=False)
    event = np.zeros(30, dtype=bool)
    event[:2] = True  # one is left out: one event time is no model
    recipe = recipe_of(X, risk)
    rare = resampled_models.Recipe(**(recipe.__dict__ | {"risk": build_risk_sets(risk.time, event), "n_folds": 3}))
    assert predict_nested(rare, n_repeats=1, seed=1) is None


@pytest.mark.parametrize(("entry", "strata"), [(False, False), (True, True)])
def test_predict_survival__is_the_breslow_curve_of_the_training_part(entry, strata):
    X, risk = cohort(34, n=60, entry=entry, strata=strata)
    recipe = recipe_of(X, risk, min_altered=3)
    made = predict_nested(recipe, n_repeats=2, seed=3)
    times = np.array([2.0, 6.0, 11.0, 400.0])
    found = predict_survival(made, X, risk, times)
    assert found.shape == (2, 4, 60, 4)
    for r, m, i in [(0, 0, 5), (1, 1, 17), (0, 2, 40), (1, 3, 59)]:
        k = made.split[r, i]
        train = made.split[r] != k
        coef = made.coef[r, k, m] if m < 3 else np.zeros(5)
        eta = (X - X.mean(axis=0)) @ coef
        same = train & (risk.stratum == risk.stratum[i]) if m < 3 else train
        for j, t in enumerate(times):
            hazard, survival = 0.0, 1.0
            for day in np.unique(risk.time[same & risk.event & (risk.time <= t)]):
                here = same & (risk.entry < day) & (risk.time >= day)
                died = np.count_nonzero(same & risk.event & (risk.time == day))
                hazard += died / np.exp(eta[here]).sum()
                survival *= 1 - died / here.sum()
            expected = np.exp(-hazard * np.exp(eta[i])) if m < 3 else survival
            if t > risk.time[same].max():
                assert np.isnan(found[r, m, i, j])
            else:
                assert found[r, m, i, j] == pytest.approx(expected, rel=1e-9)


def test_predict_apparent__knows_everybody():
    X, risk = cohort(35, n=60, entry=False, strata=False)
    path = fit_coxnet(X, risk, lambdas=[0.1, 0.02], penalty_factor=[0, 1, 1, 1, 1])
    coef = np.stack([*path.coef, path.null_coef])
    made = predict_apparent(X, coef)
    np.testing.assert_allclose(made.eta[0], coef @ (X - X.mean(axis=0)).T)
    found = predict_survival(made, X, risk, np.array([5.0]))
    assert np.corrcoef(found[0, 0, :, 0], made.eta[0, 0])[0, 1] < -0.9
    assert np.ptp(found[0, 3]) == 0
