"""Models of reweighted patients against plain fits of duplicated rows, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association import resampled_models
from netgen.association.coxnet import fit_coxnet
from netgen.association.penalised_cv import assign_folds
from netgen.association.resampled_models import MODELS, Recipe, is_small, repeat_models
from netgen.association.riskset import build_risk_sets
from tests.association.penalised_cases import cohort, naive_loglik

FREE = [0, 1, 1, 1, 1]


def recipe_of(X, risk, **changes) -> Recipe:
    path = fit_coxnet(X, risk, penalty_factor=FREE, n_lambda=10, lambda_min_ratio=0.05)
    options = {
        "lambda_low": path.lambdas[-1], "lambda_high": path.lambda_max, "alpha": 1.0, "min_altered": 8, "n_folds": 3,
        "n_repeats": 2, "n_lambda": 8, "criterion": "pooled", "penalty_factor": path.penalty_factor,
    }  # fmt: skip
    return Recipe(X=X, risk=risk, fold_label=risk.stratum.astype(str), **(options | changes))


def copy_rows(recipe: Recipe, times) -> tuple[np.ndarray, object, np.ndarray]:
    """Columns, risk sets and patient number of each copy."""
    rows = np.repeat(np.arange(len(times)), times)
    risk = recipe.risk
    copies = build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])
    return recipe.X[rows], copies, rows


def naive_path(recipe: Recipe, times, lambdas) -> np.ndarray:
    """Coefficients (L + 1, p) of a fit to duplicated rows without rare columns."""
    X, risk, _ = copy_rows(recipe, times)
    count = X.sum(axis=0)
    keep = (recipe.penalty_factor == 0) | (np.minimum(count, len(X) - count) >= recipe.min_altered)
    path = fit_coxnet(
        X[:, keep], risk, lambdas=lambdas, alpha=recipe.alpha, penalty_factor=recipe.penalty_factor[keep],
        rescale_penalty_factors=False,
    )  # fmt: skip
    coef = np.zeros((len(lambdas) + 1, X.shape[1]))
    coef[:, keep] = np.vstack([path.coef, path.null_coef])
    return coef


def naive_models(recipe: Recipe, times, seed: int, lambdas) -> tuple[np.ndarray, np.ndarray]:
    """Every step on duplicated rows: folds of patients, fits, pooled deviance, both choices, final fits."""
    there = np.flatnonzero(times)
    split = np.full((recipe.n_repeats, len(times)), -1)
    split[:, there] = assign_folds(
        recipe.fold_label[there],
        recipe.risk.event[there],
        n_folds=recipe.n_folds,
        n_repeats=recipe.n_repeats,
        seed=seed,
    )
    X, risk, rows = copy_rows(recipe, times)
    centred = X - X.mean(axis=0)
    deviance = np.empty((recipe.n_repeats, len(lambdas)))
    for r in range(recipe.n_repeats):
        eta = np.empty((len(lambdas), len(X)))
        for k in range(recipe.n_folds):
            coef = naive_path(recipe, np.where(split[r] == k, 0, times), lambdas)[:-1]
            inside = split[r][rows] == k
            eta[:, inside] = coef @ centred[inside].T
        deviance[r] = [-2 * naive_loglik(one, risk) / risk.event.sum() for one in eta]
    mean, se = deviance.mean(axis=0), deviance.std(axis=0, ddof=1)
    best = mean.argmin()
    within = np.flatnonzero(mean <= mean[best] + se[best])[0]
    return naive_path(recipe, times, lambdas)[[best, within, -1]], lambdas[[best, within]]


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize(("entry", "strata"), [(False, False), (True, True)])
def test_repeat_models__are_those_of_duplicated_rows(monkeypatch, entry, strata, few):
    X, risk = cohort(11, n=60, entry=entry, strata=strata)
    recipe = recipe_of(X, risk)
    weights = np.random.default_rng(2).multinomial(60, np.full(60, 1 / 60), size=4)
    if not few:
        monkeypatch.setattr(resampled_models, "_SMALL", 0)  # one weighting at a time
    found = repeat_models(recipe, weights.astype(float), [1, 2, 3, 4])
    lambdas = resampled_models._grid(recipe, weights.astype(float))
    assert found.usable.all()
    assert found.coef.shape == (4, len(MODELS), 5)
    for b in range(4):
        coef, chosen = naive_models(recipe, weights[b], b + 1, lambdas)
        np.testing.assert_allclose(found.lambdas[b], chosen)
        np.testing.assert_allclose(found.coef[b], coef, atol=2e-3)


def test_repeat_models__grid_begins_where_no_resample_has_an_alteration():
    X, risk = cohort(12, n=60)
    recipe = recipe_of(X, risk, min_altered=0)
    weights = np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), size=6)
    top = []
    for times in weights:
        matrix, copies, _ = copy_rows(recipe, times)
        top.append(fit_coxnet(matrix, copies, penalty_factor=recipe.penalty_factor, rescale_penalty_factors=False))
    lambdas = resampled_models._grid(recipe, weights.astype(float))
    assert lambdas[0] == pytest.approx(max(recipe.lambda_high, *(path.lambda_max for path in top)), rel=1e-4)
    assert lambdas[-1] == pytest.approx(recipe.lambda_low)
    assert (np.diff(lambdas) < 0).all()
    assert lambdas[1] / lambdas[0] >= (recipe.lambda_low / recipe.lambda_high) ** (1 / 7) - 1e-12  # no coarser


def test_repeat_models__van_houwelingen_is_what_folds_add():
    X, risk = cohort(13, n=60)
    recipe = recipe_of(X, risk, criterion="van_houwelingen", min_altered=0, n_folds=2)
    times = np.random.default_rng(4).multinomial(60, np.full(60, 1 / 60), size=1)
    lambdas = resampled_models._grid(recipe, times.astype(float))
    there = np.flatnonzero(times[0])
    split = np.full((2, 60), -1)
    split[:, there] = assign_folds(recipe.fold_label[there], risk.event[there], n_folds=2, n_repeats=2, seed=7)
    added = np.zeros((2, len(lambdas)))
    for r, k in np.ndindex(2, 2):
        inside = np.where(split[r] == k, 0, times[0])
        coef = naive_path(recipe, inside, lambdas)[:-1]
        for sign, counts in ((1, times[0]), (-1, inside)):
            matrix, copies, _ = copy_rows(recipe, counts)
            added[r] += [-2 * sign * naive_loglik(matrix @ one, copies) for one in coef]
    mean, se = added.mean(axis=0), added.std(axis=0, ddof=1)
    best = mean.argmin()
    chosen = lambdas[[best, np.flatnonzero(mean <= mean[best] + se[best])[0]]]
    np.testing.assert_allclose(repeat_models(recipe, times.astype(float), [7]).lambdas[0], chosen)


def test_repeat_models__leaves_out_what_cannot_be_fitted():
    X, risk = cohort(14, n=60)
    recipe = recipe_of(X, risk)
    weights = np.ones((3, 60))
    weights[1, np.flatnonzero(risk.event)[1:]] = 0  # one event left
    found = repeat_models(recipe, weights, [1, 2, 3])
    assert found.usable.tolist() == [True, False, True]
    assert np.isnan(found.coef[1]).all()
    assert np.isfinite(found.coef[[0, 2]]).all()
    nothing = repeat_models(recipe, weights[1:2], [2])
    assert not nothing.usable.any()


def test_repeat_models__a_failing_weighting_does_not_take_others_along(monkeypatch):
    X, risk = cohort(15, n=60)
    recipe = recipe_of(X, risk)
    weights = np.random.default_rng(5).multinomial(60, np.full(60, 1 / 60), size=5).astype(float)
    whole = repeat_models(recipe, weights, range(5))
    select = resampled_models._select

    def fail(recipe, part, splits, lambdas):
        if (part == weights[3]).all(axis=1).any():
            raise ArithmeticError("did not converge")
        return select(recipe, part, splits, lambdas)

    monkeypatch.setattr(resampled_models, "_select", fail)
    found = repeat_models(recipe, weights, range(5))
    assert found.usable.tolist() == [True, True, True, False, True]
    np.testing.assert_allclose(found.coef[found.usable], whole.coef[found.usable], atol=1e-3)


def test_repeat_models__a_failing_model_without_alterations_leaves_the_grid_to_others(monkeypatch):
    X, risk = cohort(15, n=60)
    recipe = recipe_of(X, risk)
    weights = np.random.default_rng(5).multinomial(60, np.full(60, 1 / 60), size=5).astype(float)
    fit_all = resampled_models._fit_all

    def fail(recipe, part, lambdas):
        if (part == weights[3]).all(axis=1).any():
            raise ArithmeticError("did not converge")
        return fit_all(recipe, part, lambdas)

    others = resampled_models._grid(recipe, weights[[0, 1, 2, 4]])
    monkeypatch.setattr(resampled_models, "_fit_all", fail)
    np.testing.assert_allclose(resampled_models._grid(recipe, weights), others)
    assert repeat_models(recipe, weights, range(5)).usable.tolist() == [True, True, True, False, True]


def test_repeat_models__wide_ridge_is_that_of_duplicated_rows():
    rng = np.random.default_rng(6)
    X = np.column_stack([rng.normal(size=40), rng.random((40, 60)) < 0.4]).astype(float)
    risk = build_risk_sets(np.ceil(rng.exponential(20, 40)), rng.random(40) < 0.7)
    factor = np.r_[0.0, np.ones(60)]
    path = fit_coxnet(X, risk, alpha=0, penalty_factor=factor, n_lambda=5)
    recipe = recipe_of(X[:, :5], risk, alpha=0.0)
    recipe = Recipe(**(recipe.__dict__ | {
        "X": X, "penalty_factor": path.penalty_factor, "lambda_low": path.lambdas[-1], "lambda_high": path.lambda_max,
    }))  # fmt: skip
    times = rng.multinomial(40, np.full(40, 1 / 40), size=1)
    found = repeat_models(recipe, times.astype(float), [1])
    lambdas = resampled_models._grid(recipe, times.astype(float))
    place = np.flatnonzero(np.isclose(lambdas, found.lambdas[0, 0]))[0]
    np.testing.assert_allclose(found.coef[0, 0], naive_path(recipe, times[0], lambdas)[place], atol=1e-3)


def test_repeat_models__without_alterations_is_the_clinical_model():
    X, risk = cohort(16, n=60)
    path = fit_coxnet(X[:, :1], risk, penalty_factor=[0])
    recipe = recipe_of(X, risk)
    recipe = Recipe(**(recipe.__dict__ | {"X": X[:, :1], "penalty_factor": np.zeros(1), "lambda_low": 0.0}))
    found = repeat_models(recipe, np.ones((1, 60)), [1])
    np.testing.assert_allclose(found.coef[0, :, 0], path.null_coef[0], atol=1e-4)


def test_is_small__up_to_thirty_columns_and_ten_thousand_cells():
    assert is_small(np.empty((300, 30)))
    assert not is_small(np.empty((30, 31)))
    assert not is_small(np.empty((1001, 10)))
