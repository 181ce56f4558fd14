"""Cross-validation against cv.glmnet and against its definition."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association import coxnet_folds
from netgen.association.coxnet import fit_coxnet
from netgen.association.penalised_cv import (
    assign_folds,
    count_folds,
    cross_validate,
)
from netgen.association.riskset import RiskSets, build_risk_sets
from tests.association.cox_definitions import naive_efron
from tests.association.penalised_cases import cohort

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def sim(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "simA2.csv")


def genes_of(sim: pd.DataFrame) -> pd.DataFrame:
    genes = sim[[f"G{j:03d}" for j in range(1, 81)]].fillna(0)
    return genes.loc[:, genes.sum() >= 3]


def naive_deviance(eta, risk: RiskSets) -> float:
    """Twice the distance of the Breslow log partial likelihood from its saturated value, from the definition."""
    total = 0.0
    for i in np.flatnonzero(risk.event):
        same = risk.stratum == risk.stratum[i]
        here = same & (risk.entry < risk.time[i]) & (risk.time >= risk.time[i])
        tied = np.sum(same & risk.event & (risk.time == risk.time[i]))
        total += -np.log(tied) - eta[i] + np.log(np.exp(eta[here]).sum())
    return 2 * total


# ---------------------------------------------------------------- foreign results


@pytest.mark.parametrize("alpha", [1.0, 0.5])
@pytest.mark.parametrize(("stratified", "truncated"), [(False, False), (True, False), (False, True)])
def test_cross_validate__equals_cv_glmnet(reference, sim, alpha, stratified, truncated):
    table = pd.read_csv(reference / "glmnet" / "glmnet_cv.csv")
    table = table[(table["alpha"] == alpha) & (table["stratified"] == stratified)]
    table = table[table["left_truncated"] == truncated].reset_index(drop=True)
    risk = build_risk_sets(
        sim["time"], sim["event"] == 1,
        entry=sim["entry"] if truncated else None, strata=sim["origin"] if stratified else None,
    )  # fmt: skip
    X = genes_of(sim)
    path = fit_coxnet(X, risk, lambdas=table["lambda"], alpha=alpha, standardize=True)
    cv = cross_validate(X, risk, sim["fold5"], path=path, standardize=True, criterion="van_houwelingen", tol=1e-9)
    # glmnet's plain Cox code leaves coefficients off by up to 1e-6; its code for strata and start-stop data does not
    tolerance = 1e-7 if stratified or truncated else 1e-6
    assert len(table) == 40
    np.testing.assert_allclose(cv.mean, table["cvm"], atol=tolerance)
    np.testing.assert_allclose(cv.se, table["cvsd"], atol=tolerance)
    assert cv.lambdas[cv.index_min] == table["lambda_min"].iloc[0]
    assert cv.lambdas[cv.index_1se] == table["lambda_1se"].iloc[0]


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_cross_validate__equals_cv_glmnet_when_that_is_precise(reference, sim, alpha):
    table = pd.read_csv(reference / "glmnet" / "glmnet_cv_precise.csv")
    table = table[table["alpha"] == alpha]
    risk = build_risk_sets(sim["time"], sim["event"] == 1)
    X = genes_of(sim)
    path = fit_coxnet(X, risk, lambdas=table["lambda"], alpha=alpha, standardize=True)
    cv = cross_validate(X, risk, sim["fold5"], path=path, standardize=True, criterion="van_houwelingen", tol=1e-9)
    np.testing.assert_allclose(cv.mean, table["cvm"], atol=1e-7)
    np.testing.assert_allclose(cv.se, table["cvsd"], atol=1e-7)


# ---------------------------------------------------------------- folds


def test_count_folds__is_a_quarter_of_the_events_within_3_and_10():
    assert [count_folds(n) for n in (0, 10, 15, 16, 23, 39, 40, 43, 1000)] == [3, 3, 3, 4, 5, 9, 10, 10, 10]


@given(seed=st.integers(0, 10_000), n_folds=st.integers(3, 10), n=st.integers(20, 80))
def test_assign_folds__spreads_strata_and_events_evenly(seed, n_folds, n):
    rng = np.random.default_rng(seed)
    stratum, event = rng.choice(["lung", "thymic", "dp"], n), rng.random(n) < 0.6
    folds = assign_folds(stratum, event, n_folds=n_folds, n_repeats=2, seed=seed)
    assert folds.shape == (2, n)
    for split in folds:
        sizes = np.bincount(split, minlength=n_folds)
        assert sizes.max() - sizes.min() <= 1
        for label in set(stratum):
            for happened in (True, False):
                cell = np.bincount(split[(stratum == label) & (event == happened)], minlength=n_folds)
                assert cell.max() - cell.min() <= 1


def test_assign_folds__depends_on_the_seed_and_the_repeat_alone():
    stratum, event = np.repeat(["a", "b"], 20), np.tile([True, False], 20)
    options = {"n_folds": 5, "seed": 1}
    two, four = (assign_folds(stratum, event, n_repeats=r, **options) for r in (2, 4))
    np.testing.assert_array_equal(two, four[:2])
    assert (four[0] != four[1]).any()
    other = assign_folds(stratum, event, n_repeats=2, n_folds=5, seed=2)
    assert (other != two).any()


# ---------------------------------------------------------------- criteria by definition


@pytest.mark.parametrize(("entry", "strata"), [(False, False), (True, True)])
def test_cross_validate__pooled_criterion_equals_its_definition(entry, strata):
    X, risk = cohort(4, entry=entry, strata=strata)
    folds = assign_folds(risk.stratum, risk.event, n_folds=4, n_repeats=3, seed=9)
    path = fit_coxnet(X, risk, lambdas=[0.1, 0.03, 0.01], penalty_factor=[0, 1, 1, 1, 1])
    cv = cross_validate(X, risk, folds, path=path, tol=1e-9)
    expected, null = np.empty((3, 3)), np.empty(3)
    for r, split in enumerate(folds):
        eta, eta_null = np.empty((3, len(X))), np.empty(len(X))
        for fold in range(4):
            train, test = split != fold, split == fold
            part = build_risk_sets(
                risk.time[train], risk.event[train], entry=risk.entry[train], strata=risk.stratum[train]
            )
            fit = fit_coxnet(X[train], part, lambdas=path.lambdas, penalty_factor=[0, 1, 1, 1, 1])
            eta[:, test] = fit.coef @ (X[test] - X.mean(axis=0)).T
            eta_null[test] = (X[test] - X.mean(axis=0)) @ fit.null_coef
        expected[r] = [naive_deviance(e, risk) / risk.event.sum() for e in eta]
        null[r] = naive_deviance(eta_null, risk) / risk.event.sum()
    np.testing.assert_allclose(cv.deviance, expected, rtol=1e-8)
    np.testing.assert_allclose(cv.null_deviance, null, rtol=1e-8)
    np.testing.assert_allclose(cv.mean, expected.mean(axis=0), rtol=1e-8)
    np.testing.assert_allclose(cv.se, expected.std(axis=0, ddof=1), rtol=1e-6)
    assert cv.index_min == expected.mean(axis=0).argmin()
    limit = expected.mean(axis=0).min() + expected.std(axis=0, ddof=1)[cv.index_min]
    assert cv.index_1se == next(i for i in range(3) if expected.mean(axis=0)[i] <= limit)


def test_cross_validate__drops_rare_genes_within_the_fold():
    X, risk = cohort(6)
    folds = np.tile(np.arange(len(X)) % 3, (2, 1))
    X[:, 4] = 0
    X[[0, 3, 6, 9, 1, 2], 4] = 1  # altered: 4 in fold 0, so 2 in its training patients; 5 in the two others
    path = fit_coxnet(X, risk, lambdas=[0.001], penalty_factor=[0, 1, 1, 1, 1])
    kept = cross_validate(X, risk, folds, path=path)
    dropped = cross_validate(X, risk, folds, path=path, min_altered=3)
    without = X.copy()
    without[:, 4] = 0
    flat = fit_coxnet(without, risk, lambdas=[0.001], penalty_factor=[0, 1, 1, 1, 1])
    blind = cross_validate(without, risk, folds, path=flat)
    held_out = folds[0] == 0
    assert np.abs(kept.eta_min[0, held_out] - dropped.eta_min[0, held_out]).max() > 0.01
    np.testing.assert_allclose(dropped.eta_min[0, held_out], blind.eta_min[0, held_out], atol=1e-9)
    np.testing.assert_allclose(dropped.eta_min[0, ~held_out], kept.eta_min[0, ~held_out], atol=1e-9)


def test_cross_validate__rare_wild_type_is_as_rare_as_altered():
    X, risk = cohort(6)
    folds = np.tile(np.arange(len(X)) % 3, (2, 1))
    path = fit_coxnet(X, risk, lambdas=[0.01, 0.001], penalty_factor=[0, 1, 1, 1, 1])
    fewest = int(X[:, 1:].sum(axis=0).min())
    plain = cross_validate(X, risk, folds, path=path, min_altered=fewest)
    turned = cross_validate(np.column_stack([X[:, 0], 1 - X[:, 1:]]), risk, folds, path=path, min_altered=fewest)
    np.testing.assert_allclose(plain.deviance, turned.deviance, atol=1e-5)
    assert np.abs(plain.deviance - cross_validate(X, risk, folds, path=path).deviance).max() > 0.01


def test_cross_validate__null_model_is_a_valid_choice():
    rng = np.random.default_rng(0)
    X, risk = cohort(3, n=80)
    X[:, 1:] = rng.random((80, 4)) < 0.3  # unrelated to the outcome
    path = fit_coxnet(X, risk, penalty_factor=[0, 1, 1, 1, 1])
    folds = assign_folds(risk.stratum, risk.event, n_folds=10, n_repeats=5, seed=1)
    cv = cross_validate(X, risk, folds, path=path)
    assert cv.index_1se == 0
    assert path.n_nonzero[cv.index_1se] == 1


def test_cross_validate__pooled_needs_two_repeats():
    X, risk = cohort(6)
    path = fit_coxnet(X, risk, lambdas=[0.1])
    with pytest.raises(ValueError, match="at least 2 repeats"):
        cross_validate(X, risk, np.arange(len(X)) % 3, path=path)
    with pytest.raises(ValueError, match=r"one number per patient \(60\), found 59"):
        cross_validate(X, risk, np.zeros((2, 59), int), path=path)
    with pytest.raises(ValueError, match="a training fold has no event"):
        cross_validate(X, risk, np.tile(risk.event.astype(int), (2, 1)), path=path)


@pytest.mark.parametrize("criterion", ["pooled", "van_houwelingen"])
def test_cross_validate__own_or_shared_second_derivatives_give_the_same(monkeypatch, criterion):
    X, risk = cohort(7)
    path = fit_coxnet(X, risk, n_lambda=20, penalty_factor=[0, 1, 1, 1, 1])
    folds = assign_folds(risk.stratum, risk.event, n_folds=4, n_repeats=2, seed=3)
    options = {"path": path, "min_altered": 14, "standardize": True, "criterion": criterion}
    together = cross_validate(X, risk, folds, **options)
    monkeypatch.setattr(coxnet_folds, "_FEW", 0)
    alone = cross_validate(X, risk, folds, **options)  # shared, as with many columns
    np.testing.assert_allclose(together.deviance, alone.deviance, atol=1e-6)
    np.testing.assert_allclose(together.se, alone.se, atol=1e-6)
    np.testing.assert_allclose(together.eta_min, alone.eta_min, atol=1e-5)
    assert (together.index_min, together.index_1se) == (alone.index_min, alone.index_1se)


@pytest.mark.parametrize("criterion", ["pooled", "van_houwelingen"])
def test_cross_validate__case_weights_repeat_patients(criterion):
    X, risk = cohort(8)
    weights = np.random.default_rng(2).integers(1, 4, len(X))
    rows = np.repeat(np.arange(len(X)), weights)
    repeated = build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])
    folds = assign_folds(risk.stratum, risk.event, n_folds=4, n_repeats=2, seed=3)
    options = {"lambdas": [0.1, 0.03, 0.01], "penalty_factor": [0, 1, 1, 1, 1]}
    weighted_path, path = fit_coxnet(X, risk, weights=weights, **options), fit_coxnet(X[rows], repeated, **options)
    judged = {"criterion": criterion, "tol": 1e-9, "standardize": True}
    weighted = cross_validate(X, risk, folds, path=weighted_path, weights=weights, **judged)
    plain = cross_validate(X[rows], repeated, folds[:, rows], path=path, **judged)
    np.testing.assert_allclose(weighted.deviance, plain.deviance, rtol=1e-7)
    np.testing.assert_allclose(weighted.eta_min, plain.eta_min[:, np.searchsorted(rows, np.arange(len(X)))], atol=1e-6)


def test_cross_validate__efron_pooled_criterion_equals_its_definition():
    X, risk = cohort(4)
    folds = assign_folds(risk.stratum, risk.event, n_folds=4, n_repeats=2, seed=9)
    path = fit_coxnet(X, risk, lambdas=[0.03], penalty_factor=[0, 1, 1, 1, 1], ties="efron")
    cv = cross_validate(X, risk, folds, path=path, tol=1e-9)
    saturated = -sum(math.lgamma(d + 1) for d in risk.n_events)  # d tied patients alone: d factors d, d-1, .. 1 over d
    for r, split in enumerate(folds):
        eta = np.empty(len(X))
        for fold in range(4):
            train, test = split != fold, split == fold
            part = build_risk_sets(
                risk.time[train], risk.event[train], entry=risk.entry[train], strata=risk.stratum[train]
            )
            fit = fit_coxnet(X[train], part, lambdas=[0.03], penalty_factor=[0, 1, 1, 1, 1], ties="efron")
            eta[test] = (X[test] - X.mean(axis=0)) @ fit.coef[0]
        expected = 2 * (saturated - naive_efron(eta, risk)) / risk.event.sum()
        np.testing.assert_allclose(cv.deviance[r, 0], expected, rtol=1e-8)
