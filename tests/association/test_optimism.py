"""Optimism by the bootstrap, against a naive loop, and where nothing is to be found."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association import resampled_models
from netgen.association.calibration import fit_slopes
from netgen.association.concordance import count_concordance
from netgen.association.optimism import SEED_TASK, bootstrap_models, correct_optimism, draw_resamples
from netgen.association.riskset import build_risk_sets
from netgen.provenance import derive_seed
from tests.association.penalised_cases import cohort
from tests.association.test_resampled_models import copy_rows, naive_models, recipe_of


def test_bootstrap_models__equals_a_naive_loop_over_duplicated_rows():
    X, risk = cohort(21, n=50, entry=True, strata=True)
    recipe = recipe_of(X, risk, min_altered=3)
    found = bootstrap_models(recipe, n_resamples=6, seed=17)
    draws, seeds = [], []
    for b in range(6):
        seeds.append(derive_seed(SEED_TASK.format(b=b), master=17))
        rows = np.random.default_rng(seeds[-1]).integers(0, 50, 50)
        draws.append([np.count_nonzero(rows == i) for i in range(50)])
    lambdas = resampled_models._grid(recipe, np.array(draws, dtype=float))
    for b, (times, seed) in enumerate(zip(draws, seeds, strict=True)):
        coef, _ = naive_models(recipe, np.array(times), seed, lambdas)
        matrix, copies, _ = copy_rows(recipe, times)
        resample = [count_concordance(matrix @ one, copies).value for one in coef]
        everybody = [count_concordance(X @ one, risk).value for one in coef]
        np.testing.assert_allclose(found.c_resample[b], resample, atol=2e-3)  # a tie more or less
        np.testing.assert_allclose(found.c_all[b], everybody, atol=2e-3)
        np.testing.assert_allclose(found.slope_resample[b], fit_slopes(coef @ matrix.T, copies), rtol=0.02)
        np.testing.assert_allclose(found.slope_all[b], fit_slopes(coef @ X.T, risk), rtol=0.02)


def test_draw_resamples__each_has_its_own_seed():
    few, many = draw_resamples(20, 3, 5), draw_resamples(20, 6, 5)
    np.testing.assert_array_equal(few[0], many[0][:3])
    assert few[1] == many[1][:3]
    assert (many[0].sum(axis=1) == 20).all()
    assert len({tuple(w) for w in many[0]}) == 6
    assert draw_resamples(20, 0, 5)[0].shape == (0, 20)


def test_correct_optimism__by_hand():
    found = correct_optimism(0.70, np.array([0.8, 0.7, 0.6, np.nan]), np.array([0.6, 0.6, 0.6, 0.5]))
    assert found.optimism == pytest.approx(0.1)
    assert found.value == pytest.approx(0.6)
    assert (found.lo, found.hi) == pytest.approx((0.505, 0.695))  # percentiles 0.605 and 0.795, mean 0.7 moved to 0.6
    assert found.note == "apparent less optimism 0.1000; 3 of 4 bootstrap resamples"


def test_correct_optimism__of_ratios_is_a_median():
    found = correct_optimism(1.2, np.array([1.0, 1.0, 1.0]), np.array([0.7, 0.9, 500.0]), ratio=True)
    assert found.value == pytest.approx(1.1)
    assert found.lo < 1.1 < found.hi


def test_correct_optimism__needs_half_of_the_resamples():
    found = correct_optimism(0.7, np.array([0.8, np.nan, np.nan]), np.array([0.6, 0.6, 0.6]))
    assert np.isnan([found.value, found.lo, found.hi]).all()
    assert found.note == "not_available: 1 of 3 bootstrap resamples give a value"
    assert np.isnan(correct_optimism(np.nan, np.ones(3), np.ones(3)).value)


def test_bootstrap_models__corrects_a_model_of_noise_towards_a_coin():
    apparent, corrected = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X = np.column_stack([rng.normal(size=80), rng.random((80, 4)) < 0.4]).astype(float)
        risk = build_risk_sets(np.ceil(rng.exponential(500, 80)), rng.random(80) < 0.6)
        recipe = recipe_of(X, risk, min_altered=3)
        models = resampled_models.repeat_models(recipe, np.ones((1, 80)), [seed])
        c = count_concordance(X @ models.coef[0, 0], risk).value
        made = bootstrap_models(recipe, n_resamples=40, seed=seed)
        apparent.append(c)
        corrected.append(correct_optimism(c, made.c_resample[:, 0], made.c_all[:, 0]).value)
    assert np.mean(apparent) > 0.55
    assert abs(np.mean(corrected) - 0.5) < 0.6 * (np.mean(apparent) - 0.5)
    assert np.mean(corrected) < np.mean(apparent) - 0.02
