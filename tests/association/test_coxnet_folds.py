"""Training folds fitted together against ``fit_coxnet`` on the patients of each fold alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.association import coxnet_folds
from netgen.association.coxnet import fit_coxnet
from netgen.association.coxnet_folds import fit_folds
from netgen.association.riskset import build_risk_sets
from tests.association.penalised_cases import small_study

LAMBDAS = np.array([0.2, 0.1, 0.05, 0.02])
FACTOR = np.array([0, 1, 0.5, 2, 1, 1.0])


def fit_alone(X, risk, rows, keep, *, lambdas, alpha, penalty_factor, standardize):
    """Coefficients of one fold; the last row is without penalised columns."""
    part = build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])
    fit = fit_coxnet(
        X[np.ix_(rows, keep)],
        part,
        lambdas=lambdas,
        alpha=alpha,
        penalty_factor=penalty_factor[keep],
        rescale_penalty_factors=False,
        standardize=standardize,
    )
    coef = np.zeros((len(lambdas) + 1, X.shape[1]))
    coef[:, keep] = np.vstack([fit.coef, fit.null_coef])
    return coef


def some_folds(X, seed, *, n_folds=5):
    """Training folds with an event each, and columns that each may use."""
    rng = np.random.default_rng(seed)
    training = np.array([rng.permutation(len(X)) % 3 > 0 for _ in range(n_folds)])
    training[:, :3] = True  # the first three patients have the event
    return training, rng.random((n_folds, X.shape[1])) < 0.9


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    alpha=st.sampled_from([1.0, 0.9, 0.5, 0.05, 0.0]),
    entry=st.booleans(),
    strata=st.booleans(),
    standardize=st.booleans(),
)
def test_fit_folds__equals_fits_of_each_fold_alone(seed, alpha, entry, strata, standardize):
    X, risk = small_study(seed, n=45, p=6, entry=entry, strata=strata)
    training, kept = some_folds(X, seed)
    options = {"lambdas": LAMBDAS, "alpha": alpha, "penalty_factor": FACTOR, "standardize": standardize}
    together = fit_folds(X, risk, training, kept=kept, tol=1e-9, **options)
    assert together.shape == (5, 5, 6)
    for coef, rows, keep in zip(together, training, kept, strict=True):
        alone = fit_alone(X, risk, rows, keep, **options)
        np.testing.assert_allclose(coef, alone, atol=2e-6)
        np.testing.assert_array_equal(coef != 0, alone != 0)


def test_fit_folds__columns_constant_in_a_fold_get_zero_there():
    X, risk = small_study(31, p=6)
    training, kept = some_folds(X, 1)
    X[:, 3], X[:, 5] = 0, 1
    X[np.flatnonzero(~training[2])[:4], 3] = 1
    options = {"lambdas": LAMBDAS, "alpha": 0.5, "penalty_factor": np.array([0, 1, 1, 0, 1, 0.0])}
    coef = fit_folds(X, risk, training, kept=kept | True, standardize=True, tol=1e-9, **options)
    np.testing.assert_allclose(coef[2, :, 3], 0, atol=1e-12)
    np.testing.assert_allclose(coef[:, :, 5], 0, atol=1e-12)
    alone = fit_alone(X, risk, training[2], kept[2] | True, standardize=True, **options)
    np.testing.assert_allclose(coef[2], alone, atol=1e-6)


def test_fit_folds__a_column_that_separates_in_a_fold_stops_where_it_does_alone():
    X, risk = small_study(36, n=60, p=6)
    training, kept = some_folds(X, 7)
    X[:, 1] = (np.arange(len(X)) % 4 == 1) & (~risk.event | ~training[1])  # only patients left out of fold 1 fail
    options = {"lambdas": LAMBDAS, "alpha": 1.0, "penalty_factor": np.array([0, 0, 1, 1, 1, 1.0]), "standardize": False}
    coef = fit_folds(X, risk, training, kept=kept | True, tol=1e-9, **options)
    assert (coef[1, :, 1] < -12).all()
    assert (np.abs(coef[[0, 2, 3, 4], :, 1]) < 5).all()
    alone = fit_alone(X, risk, training[1], kept[1] | True, **options)
    assert (alone[:, 1] < -12).all()  # it stands for minus infinity: where it stops depends on the steps
    np.testing.assert_allclose(np.delete(coef[1], 1, axis=1), np.delete(alone, 1, axis=1), atol=1e-5)


def test_fit_folds__parts_give_the_same_as_the_whole(monkeypatch):
    X, risk = small_study(32, p=6)
    training, kept = some_folds(X, 2)
    options = {"lambdas": LAMBDAS, "alpha": 1.0, "penalty_factor": FACTOR, "kept": kept, "standardize": False}
    whole = fit_folds(X, risk, training, tol=1e-9, **options)
    monkeypatch.setattr(coxnet_folds, "_CELLS", 2 * X.size)
    np.testing.assert_allclose(fit_folds(X, risk, training, tol=1e-9, **options), whole, rtol=0, atol=1e-12)


def test_fit_folds__a_far_first_penalty_needs_no_path():
    X, risk = small_study(33, n=60, p=6)
    training, kept = some_folds(X, 3)
    options = {"alpha": 1.0, "penalty_factor": FACTOR, "kept": kept, "standardize": False, "tol": 1e-9}
    walked = fit_folds(X, risk, training, lambdas=0.2 * 0.9 ** np.arange(45), **options)
    jumped = fit_folds(X, risk, training, lambdas=0.2 * 0.9 ** np.array([44]), **options)
    np.testing.assert_allclose(jumped[:, 0], walked[:, 44], atol=1e-6)


def heavy_tailed_study(seed):
    """A hazard that grows like a power of a log-normal number: full Newton steps overshoot."""
    rng = np.random.default_rng(seed)
    size = np.exp(1.5 * rng.normal(size=40))
    X = np.column_stack([size, rng.random((40, 3)) < 0.4]).astype(float)
    return X, build_risk_sets(np.ceil(200 * rng.exponential(size=40) / size**1.5), np.ones(40, bool))


@pytest.mark.parametrize("seed", range(6))
def test_fit_folds__shortens_steps_that_overshoot(seed):
    X, risk = heavy_tailed_study(seed)
    training, _ = some_folds(X, seed)
    kept = np.ones((5, 4), bool)
    options = {"lambdas": np.array([0.01]), "alpha": 1.0, "penalty_factor": np.array([0, 1, 1, 1.0])}
    together = fit_folds(X, risk, training, kept=kept, standardize=False, tol=1e-9, **options)
    for coef, rows in zip(together, training, strict=True):
        np.testing.assert_allclose(coef, fit_alone(X, risk, rows, kept[0], standardize=False, **options), atol=2e-6)


def test_fit_folds__a_large_ridge_beside_a_separating_column():
    X, risk = small_study(36, n=60, p=6)
    X[:, 1] = ~risk.event & (np.arange(len(X)) % 2 == 0)
    training, kept = some_folds(X, 8)
    options = {"lambdas": np.array([1e4]), "alpha": 0.0, "penalty_factor": np.array([0, 0, 1, 1, 1, 1.0])}
    coef = fit_folds(X, risk, training, kept=kept | True, standardize=False, tol=1e-9, **options)
    np.testing.assert_allclose(coef[:, 0, :2], coef[:, 1, :2], rtol=0.01)


def test_fit_folds__one_of_two_identical_genes_is_enough():
    X, risk = small_study(34)
    training, _ = some_folds(X, 4)
    twice = np.hstack([X, X[:, 1:]])
    options = {"lambdas": LAMBDAS, "alpha": 1.0, "standardize": False, "tol": 1e-9}
    single = fit_folds(X, risk, training, penalty_factor=np.ones(5), kept=np.ones((5, 5), bool), **options)
    double = fit_folds(twice, risk, training, penalty_factor=np.ones(9), kept=np.ones((5, 9), bool), **options)
    together = double[..., :5].copy()
    together[..., 1:] += double[..., 5:]
    np.testing.assert_allclose(together, single, atol=1e-5)


def test_fit_folds__without_columns_is_the_null_model():
    X, risk = small_study(35)
    training, _ = some_folds(X, 5)
    options = {"lambdas": LAMBDAS, "alpha": 1.0, "standardize": False, "tol": 1e-9}
    coef = fit_folds(X[:, :0], risk, training, penalty_factor=np.ones(0), kept=np.ones((5, 0), bool), **options)
    assert coef.shape == (5, 5, 0)


def test_fit_folds__says_when_the_wanted_accuracy_is_out_of_reach():
    X, risk = small_study(1, p=6)
    training, kept = some_folds(X, 6)
    options = {"lambdas": LAMBDAS, "alpha": 1.0, "penalty_factor": np.ones(6), "standardize": False}
    with pytest.raises(
        ArithmeticError, match=r"training folds at lambda = .* stopped at a gradient of .* needed 1e-30"
    ):
        fit_folds(X, risk, training, kept=kept, tol=1e-30, **options)


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("alpha", [1.0, 0.5])
@pytest.mark.parametrize("standardize", [False, True])
def test_fit_folds__counts_repeat_patients(monkeypatch, few, alpha, standardize):
    X, risk = small_study(37, n=60, p=6)
    counts = np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), size=4)
    if not few:
        monkeypatch.setattr(coxnet_folds, "_FEW", 0)
    options = {"lambdas": LAMBDAS, "alpha": alpha, "penalty_factor": FACTOR, "standardize": standardize}
    coef = fit_folds(X, risk, counts, kept=np.ones((4, 6), bool), tol=1e-9, **options)
    assert (counts == 0).any()
    for found, count in zip(coef, counts, strict=True):
        rows = np.repeat(np.arange(60), count)
        np.testing.assert_allclose(found, fit_alone(X, risk, rows, np.ones(6, bool), **options), atol=2e-6)


@pytest.mark.parametrize("few", [True, False])
def test_fit_folds__efron_equals_weighted_fits_alone(monkeypatch, few):
    X, risk = small_study(38, n=60, p=6)
    counts = np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), size=4)
    if not few:
        monkeypatch.setattr(coxnet_folds, "_FEW", 0)
    options = {"lambdas": LAMBDAS, "alpha": 1.0, "penalty_factor": FACTOR}
    coef = fit_folds(X, risk, counts, kept=np.ones((4, 6), bool), standardize=False, tol=1e-9, ties="efron", **options)
    for found, count in zip(coef, counts, strict=True):
        rows = count > 0
        part = build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])
        alone = fit_coxnet(X[rows], part, weights=count[rows], ties="efron", rescale_penalty_factors=False, **options)
        np.testing.assert_allclose(found[:-1], alone.coef, atol=2e-6)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    alpha=st.sampled_from([1.0, 0.5, 0.0]),
    entry=st.booleans(),
    standardize=st.booleans(),
)
def test_fit_folds__many_columns_equal_fits_of_each_fold_alone(seed, alpha, entry, standardize):
    X, risk = small_study(seed, n=90, p=35, entry=entry)
    X[:, 34] = X[:, 33]  # the same alteration twice
    training, kept = some_folds(X, seed)
    factor = np.r_[0.0, np.linspace(0.5, 2, 34)]
    options = {"lambdas": LAMBDAS, "alpha": alpha, "penalty_factor": factor, "standardize": standardize}
    together = fit_folds(X, risk, training, kept=kept, tol=1e-9, **options)
    for coef, rows, keep in zip(together, training, kept, strict=True):
        alone = fit_alone(X, risk, rows, keep, **options)
        np.testing.assert_allclose(coef @ X.T, alone @ X.T, atol=1e-4)


def test_fit_folds__refuses_weights_that_are_none():
    X, risk = small_study(1, p=6)
    options = {"lambdas": LAMBDAS, "alpha": 1.0, "penalty_factor": np.ones(6), "standardize": False, "tol": 1e-9}
    kept = np.ones((1, 6), bool)
    with pytest.raises(ValueError, match="finite numbers >= 0"):
        fit_folds(X, risk, np.full((1, len(X)), -1.0), kept=kept, **options)
    with pytest.raises(ValueError, match="a training fold has no event"):
        fit_folds(X, risk, ~risk.event[None], kept=kept, **options)
