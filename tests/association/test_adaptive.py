"""The adaptive lasso against its definition, on simulated truth, and with left-out patients who must not matter."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.adaptive import SEED_TASK, adaptive_factors, cross_validate_adaptive
from netgen.association.coxnet import CoxnetPath, fit_coxnet
from netgen.association.penalised_cv import CrossValidation, assign_folds, count_folds, cross_validate
from netgen.association.riskset import RiskSets, build_risk_sets
from netgen.provenance import derive_seed
from tests.association.penalised_cases import at_risk, cohort, naive_loglik, naive_score

V = np.array([0, 1, 1, 1, 2.0])


def part_of(risk: RiskSets, rows) -> RiskSets:
    return build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])


def fit(X, risk: RiskSets, *, seed: int = 1, **options) -> tuple[CoxnetPath, np.ndarray]:
    factor = adaptive_factors(X, risk, seed=seed, **options)
    return fit_coxnet(X, risk, penalty_factor=factor, rescale_penalty_factors=False, n_lambda=30), factor


def split(risk: RiskSets, n_repeats: int = 2) -> np.ndarray:
    return assign_folds(risk.stratum, risk.event, n_folds=3, n_repeats=n_repeats, seed=5)


def simulated(seed: int, *, n: int = 400, p: int = 15) -> tuple[np.ndarray, RiskSets]:
    """Three alterations matter; the truth is (1.2, -1.2, 0.8, 0, ...)."""
    rng = np.random.default_rng(seed)
    X = (rng.random((n, p)) < 0.3).astype(float)
    time = np.ceil(1000 * rng.exponential(1, n) * np.exp(-X[:, :3] @ [1.2, -1.2, 0.8]))
    return X, build_risk_sets(time, rng.random(n) < 0.8)


# ---------------------------------------------------------------- definitions


@pytest.mark.parametrize("gamma", [1.0, 0.5, 2.0])
def test_adaptive_factors__are_inverse_to_the_ridge_with_the_best_penalty(gamma):
    X, risk = cohort(4)
    factor = adaptive_factors(X, risk, penalty_factor=V, gamma=gamma, seed=7)
    ridge = fit_coxnet(X, risk, alpha=0, n_lambda=20, penalty_factor=V, rescale_penalty_factors=False)
    folds = assign_folds(
        risk.stratum, risk.event, n_folds=count_folds(int(risk.event.sum())), n_repeats=2,
        seed=derive_seed(SEED_TASK, master=7),
    )  # fmt: skip
    best = cross_validate(X, risk, folds, path=ridge).index_min
    b = ridge.coef[best]
    slope = naive_score(X @ b, risk, X) / len(X)
    np.testing.assert_allclose(slope, ridge.lambdas[best] * V * b, atol=1e-6)  # it is the ridge
    assert 0 < best < 19
    weight = np.abs(b[1:]) ** -gamma / np.mean(np.abs(b[1:]) ** gamma) ** -1
    np.testing.assert_allclose(factor, np.r_[0, V[1:] * weight], rtol=1e-3)


def test_adaptive_factors__a_coefficient_of_average_size_counts_one():
    X, risk = simulated(1)
    factor = adaptive_factors(X, risk, seed=1)
    assert np.mean(1 / factor) == pytest.approx(1)
    assert factor[:3].max() < 1 < np.median(factor[3:])


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_adaptive_lasso__meets_its_optimality_conditions(alpha):
    X, risk = cohort(4)
    factor = adaptive_factors(X, risk, penalty_factor=V, seed=1)
    path = fit_coxnet(X, risk, alpha=alpha, penalty_factor=factor, rescale_penalty_factors=False, n_lambda=10)
    np.testing.assert_array_equal(path.penalty_factor, factor)
    for b, lam in zip(path.coef, path.lambdas, strict=True):
        slope = naive_score(X @ b, risk, X) / len(X) - lam * (1 - alpha) * factor * b
        limit = lam * alpha * factor
        active = b != 0
        np.testing.assert_allclose(slope[active], (limit * np.sign(b))[active], atol=1e-7)
        assert (np.abs(slope[~active]) <= limit[~active] + 1e-7).all()
    assert 2 <= np.count_nonzero(path.coef[5]) <= 5


def test_adaptive_lasso__is_a_lasso_of_scaled_columns():
    X, risk = cohort(4)
    path, factor = fit(X, risk)
    scaled = fit_coxnet(X / factor, risk, lambdas=path.lambdas)
    np.testing.assert_allclose(path.coef, scaled.coef / factor, atol=1e-6)


def test_adaptive_factors__a_constant_column_stays_out_and_finite():
    X, risk = cohort(4)
    X[:, 3] = 1.0
    path, factor = fit(X, risk)
    assert np.isfinite(factor).all()
    assert factor[3] == pytest.approx(1e4 * np.mean(1 / factor), rel=1e-3)
    assert not path.coef[:, 3].any()


def test_adaptive_factors__standardised_do_not_depend_on_the_units_of_columns():
    X, risk = cohort(4)
    unit = np.array([1, 10, 1, 0.01, 1.0])
    one, two = (adaptive_factors(columns, risk, standardize=True, seed=1) for columns in (X, X * unit))
    np.testing.assert_allclose(one, two, rtol=1e-4)
    raw = [adaptive_factors(columns, risk, seed=1) for columns in (X, X * unit)]
    assert np.abs(raw[0] / raw[1] - 1).max() > 0.5


def test_adaptive_factors__nothing_to_penalise_is_nothing_to_adapt():
    X, risk = cohort(4)
    np.testing.assert_array_equal(adaptive_factors(X, risk, penalty_factor=np.zeros(5), seed=1), np.zeros(5))
    np.testing.assert_array_equal(adaptive_factors(np.ones((60, 2)), risk, seed=1), np.ones(2))


def test_adaptive_factors__refuses_a_power_of_zero():
    X, risk = cohort(4)
    with pytest.raises(ValueError, match="gamma must be above 0, found 0"):
        adaptive_factors(X, risk, gamma=0, seed=1)


# ---------------------------------------------------------------- truth


def test_adaptive_lasso__finds_the_truth_with_less_noise_and_less_shrinkage_than_the_lasso():
    truth = np.array([1.2, -1.2, 0.8])
    noise, error = np.zeros(2), np.zeros(2)
    for seed in range(3):
        X, risk = simulated(seed, p=12)
        folds = assign_folds(risk.stratum, risk.event, n_folds=3, n_repeats=2, seed=seed)
        path, _ = fit(X, risk)
        cv = cross_validate_adaptive(X, risk, folds, path=path, seed=1)
        plain = fit_coxnet(X, risk, n_lambda=30)
        plain_cv = cross_validate(X, risk, folds, path=plain)
        for k, b in enumerate([path.coef[cv.index_1se], plain.coef[plain_cv.index_1se]]):
            assert (b[:3] != 0).all()
            noise[k] += np.count_nonzero(b[3:])
            error[k] += np.abs(b[:3] - truth).sum()
    assert noise[0] <= 0.5 * noise[1]
    assert noise[0] <= 3  # one of 9 per study
    assert error[0] < error[1]


# ---------------------------------------------------------------- cross-validation


def naive_efron(eta, risk: RiskSets) -> float:
    """Efron's log partial likelihood from its definition."""
    total = 0.0
    for s, t in zip(risk.slot_stratum, risk.slot_time, strict=True):
        dead = np.flatnonzero(risk.event & (risk.stratum == s) & (risk.time == t))
        here, died = np.exp(eta[at_risk(risk, dead[0])]).sum(), np.exp(eta[dead]).sum()
        total += eta[dead].sum() - sum(np.log(here - k / len(dead) * died) for k in range(len(dead)))
    return float(total)


@pytest.mark.parametrize(
    ("entry", "strata", "ties"), [(False, False, "breslow"), (True, True, "breslow"), (True, True, "efron")]
)
def test_cross_validate_adaptive__equals_a_loop_over_folds(entry, strata, ties):
    X, risk = cohort(4, entry=entry, strata=strata)
    assert (risk.n_events > 1).sum() >= 3
    factor = adaptive_factors(X, risk, penalty_factor=V, ties=ties, seed=1)
    path = fit_coxnet(X, risk, penalty_factor=factor, rescale_penalty_factors=False, n_lambda=30, ties=ties)
    folds = split(risk)
    cv = cross_validate_adaptive(X, risk, folds, path=path, penalty_factor=V, seed=1)
    eta, null = np.empty((2, 30, 60)), np.empty((2, 60))
    for r in range(2):
        for k in range(3):
            train, out = folds[r] != k, folds[r] == k
            part = part_of(risk, train)
            factor = adaptive_factors(X[train], part, penalty_factor=V, ties=ties, seed=1)
            options = {"lambdas": path.lambdas, "rescale_penalty_factors": False, "tol": 1e-7, "ties": ties}
            here = fit_coxnet(X[train], part, penalty_factor=factor, **options)
            eta[r][:, out] = here.coef @ (X[out] - X.mean(axis=0)).T
            null[r, out] = (X[out] - X.mean(axis=0)) @ here.null_coef
    loglik = naive_efron if ties == "efron" else naive_loglik
    share = [np.log(np.arange(1, d + 1)).sum() if ties == "efron" else d * np.log(d) for d in risk.n_events.astype(int)]

    def deviance(e) -> float:
        return 2 * (-np.sum(share) - loglik(e, risk)) / risk.event.sum()

    expected = np.array([[deviance(e) for e in rows] for rows in eta])
    np.testing.assert_allclose(cv.deviance, expected, rtol=1e-9)
    np.testing.assert_allclose(cv.null_deviance, [deviance(e) for e in null], rtol=1e-9)
    mean, se = expected.mean(axis=0), expected.std(axis=0, ddof=1)
    np.testing.assert_allclose(cv.mean, mean)
    np.testing.assert_allclose(cv.se, se, atol=1e-9)
    assert cv.index_min == mean.argmin()
    assert cv.index_1se == next(i for i in range(30) if mean[i] <= mean.min() + se[cv.index_min])
    np.testing.assert_allclose(cv.eta_min, eta[:, cv.index_min])
    np.testing.assert_allclose(cv.eta_1se, eta[:, cv.index_1se])
    np.testing.assert_allclose(cv.eta_null, null)
    assert isinstance(cv, CrossValidation)
    assert cv.criterion == "pooled"


def test_cross_validate_adaptive__the_ridge_never_sees_who_is_left_out():
    X, risk = cohort(4)
    path, _ = fit(X, risk, penalty_factor=V)
    folds = split(risk)
    out = (folds[0] == 0) & (folds[1] == 0)
    assert out.sum() >= 4
    columns, time, event = X.copy(), risk.time.copy(), risk.event.copy()
    time[out] = risk.entry[out].clip(0) + 1 + 900 * np.arange(out.sum())  # other outcomes, in a mad order
    event[out] = ~event[out]
    changed = build_risk_sets(time, event, entry=risk.entry, strata=risk.stratum)
    options = {"penalty_factor": V, "seed": 1, "path": path}
    one, two = (cross_validate_adaptive(columns, sets, folds, **options) for sets in (risk, changed))
    np.testing.assert_array_equal(one.eta_null[:, out], two.eta_null[:, out])
    for r in range(2):
        eta = [_left_out(X, sets, folds[r] != 0, path) for sets in (risk, changed)]
        np.testing.assert_array_equal(*eta)
        np.testing.assert_array_equal(one.eta_min[r, folds[r] == 0], eta[0][one.index_min])
        np.testing.assert_array_equal(two.eta_min[r, folds[r] == 0], eta[1][two.index_min])
    whole = [adaptive_factors(X, sets, penalty_factor=V, seed=1) for sets in (risk, changed)]
    assert np.abs(whole[0][1:] / whole[1][1:] - 1).max() > 0.1  # a ridge of all patients would have told


def _left_out(X, risk: RiskSets, rows, path: CoxnetPath) -> np.ndarray:
    """Linear predictors of those who are not in a training fold, from that fold alone."""
    part = part_of(risk, rows)
    factor = adaptive_factors(X[rows], part, penalty_factor=V, seed=1)
    options = {"lambdas": path.lambdas, "rescale_penalty_factors": False, "tol": 1e-7}
    return fit_coxnet(X[rows], part, penalty_factor=factor, **options).coef @ (X - X.mean(axis=0))[~rows].T


def test_cross_validate_adaptive__drops_rare_genes_within_the_fold():
    X, risk = cohort(6)
    folds = np.tile(np.arange(60) % 3, (2, 1))
    X[:, 4] = 0
    X[[0, 3, 6, 9, 1, 2], 4] = 1  # altered: 4 in fold 0, so 2 in its training patients
    factor = adaptive_factors(X, risk, penalty_factor=V, seed=1)
    path = fit_coxnet(X, risk, lambdas=[1e-3], penalty_factor=factor, rescale_penalty_factors=False)
    without = X[:, :4]
    fewer = fit_coxnet(without, risk, lambdas=[1e-3], penalty_factor=factor[:4], rescale_penalty_factors=False)
    kept = cross_validate_adaptive(X, risk, folds, path=path, penalty_factor=V, seed=1)
    dropped = cross_validate_adaptive(X, risk, folds, path=path, penalty_factor=V, seed=1, min_altered=3)
    blind = cross_validate_adaptive(without, risk, folds, path=fewer, penalty_factor=V[:4], seed=1, min_altered=3)
    held_out = folds[0] == 0
    np.testing.assert_allclose(dropped.eta_min[:, held_out], blind.eta_min[:, held_out], atol=1e-12)
    assert np.abs(kept.eta_min - dropped.eta_min)[:, held_out].max() > 0.01
    assert np.abs(blind.eta_min - dropped.eta_min)[:, ~held_out].max() > 0.01  # elsewhere the gene is common enough


def test_cross_validate_adaptive__needs_two_repeats_of_all_patients():
    X, risk = cohort(4)
    path, _ = fit(X, risk)
    for folds in (np.zeros(60, int), np.zeros((2, 59), int)):
        with pytest.raises(ValueError, match="at least 2 repeats of 60 patients"):
            cross_validate_adaptive(X, risk, folds, path=path, seed=1)
