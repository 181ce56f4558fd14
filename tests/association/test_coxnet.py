"""The elastic-net Cox path against glmnet, against a generic optimiser, and against its own optimality conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association import coxnet_columns, coxnet_path
from netgen.association.cox_model import fit_cox
from netgen.association.coxnet import fit_coxnet
from netgen.association.riskset import RiskSets, build_risk_sets
from tests.association.cox_definitions import naive_efron, numeric_slope
from tests.association.penalised_cases import naive_loglik, naive_score, small_study

if TYPE_CHECKING:
    from pathlib import Path

CASES = [
    ("simA2", alpha, standardize, stratified, truncated)
    for alpha in (1.0, 0.5)
    for standardize, stratified, truncated in (
        (True, False, False), (False, False, False), (True, True, False), (True, False, True), (True, True, True),
    )
] + [("simA2.adj", alpha, True, False, False) for alpha in (1.0, 0.5)]  # fmt: skip


# ---------------------------------------------------------------- definitions, as loops


def naive_fit(X, risk: RiskSets, lam: float, alpha: float, v) -> np.ndarray:
    """Elastic net by bounded optimisation of positive and negative parts."""
    from scipy.optimize import minimize

    n, p = X.shape

    def objective(parts):
        b, size = parts[:p] - parts[p:], parts[:p] + parts[p:]
        eta = X @ b
        slope = -naive_score(eta, risk, X) / n + lam * (1 - alpha) * v * b
        value = -naive_loglik(eta, risk) / n + lam * np.sum(v * (alpha * size + (1 - alpha) / 2 * b**2))
        return value, np.concatenate([slope + lam * alpha * v, -slope + lam * alpha * v])

    start = np.full(2 * p, 0.01)
    options = {"maxiter": 5000, "maxfun": 50000, "ftol": 1e-15, "gtol": 1e-9}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * (2 * p), options=options)
    return found.x[:p] - found.x[p:]


def kkt_residual(X, risk: RiskSets, b, lam: float, alpha: float, v) -> float:
    """Largest violation of the optimality conditions, from the definition of the score."""
    slope = naive_score(X @ b, risk, X) / len(X) - lam * (1 - alpha) * v * b
    active = np.abs(slope - lam * alpha * v * np.sign(b))
    return float(np.max(np.where(b != 0, active, np.maximum(np.abs(slope) - lam * alpha * v, 0))))


# ---------------------------------------------------------------- foreign results


@pytest.fixture(scope="module")
def sim(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "simA2.csv")


def columns_of(sim: pd.DataFrame, case: str) -> tuple[pd.DataFrame, np.ndarray | None]:
    genes = sim[[f"G{j:03d}" for j in range(1, 81)]].fillna(0)
    genes = genes.loc[:, genes.sum() >= 3]
    if case == "simA2":
        return genes, None
    return pd.concat([sim[["age", "stage"]], genes], axis=1), np.r_[0, 0, np.ones(genes.shape[1])]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("case", "alpha", "standardize", "stratified", "truncated"), CASES)
def test_fit_coxnet__equals_glmnet_path(
    monkeypatch, reference, sim, case, alpha, standardize, stratified, truncated, compiled
):
    monkeypatch.setattr(coxnet_path, "_LARGE", 0 if compiled else np.inf)
    table = pd.read_csv(reference / "glmnet" / "glmnet_path.csv")
    table = table[(table["id"] == case) & (table["alpha"] == alpha) & (table["standardize"] == standardize)]
    table = table[(table["stratified"] == stratified) & (table["left_truncated"] == truncated)]
    X, factor = columns_of(sim, case)
    risk = build_risk_sets(
        sim["time"], sim["event"] == 1,
        entry=sim["entry"] if truncated else None, strata=sim["origin"] if stratified else None,
    )  # fmt: skip
    lambdas = np.sort(table["lambda"].unique())[::-1]
    path = fit_coxnet(X, risk, lambdas=lambdas, alpha=alpha, penalty_factor=factor, standardize=standardize)
    assert len(lambdas) == 12
    assert path.lambda_max == pytest.approx(table["lambda_max"].iloc[0], abs=1e-9)
    for i, lam in enumerate(lambdas):
        rows = table[table["lambda"] == lam]
        expected = rows[rows["term"] != "(none)"].set_index("term")["coef"].reindex(X.columns, fill_value=0.0)
        np.testing.assert_allclose(path.coef[i], expected, atol=1e-6)
        assert path.loglik[i] == pytest.approx(rows["loglik_breslow"].iloc[0], rel=1e-8)
        assert path.deviance_ratio[i] == pytest.approx(rows["dev_ratio"].iloc[0], abs=1e-7)
        assert path.n_nonzero[i] == rows["df"].iloc[0]


@pytest.mark.parametrize(
    ("model", "terms", "strata"),
    [("lung.1", ["age", "sex", "ph.ecog"], None), ("veteran.2.strata_celltype", ["trt", "karno"], "celltype")],
)
def test_fit_coxnet__unpenalised_columns_equal_coxph_breslow(reference, model, terms, strata):
    table = pd.read_csv(reference / "cox" / "cox.csv")
    table = table[(table["id"] == model) & (table["ties"] == "breslow")].set_index("term")
    data = pd.read_csv(reference / "inputs" / f"{model.split('.')[0]}.csv").dropna(subset=terms)
    event = data["status"] == data["status"].max()
    risk = build_risk_sets(data["time"], event, strata=None if strata is None else data[strata])
    path = fit_coxnet(data[terms], risk, penalty_factor=np.zeros(len(terms)))
    np.testing.assert_allclose(path.null_coef, table.loc[terms, "coef"], rtol=1e-7)
    np.testing.assert_allclose(path.coef[-1], table.loc[terms, "coef"], rtol=1e-7)
    assert path.loglik_null == pytest.approx(table["loglik1"].iloc[0], abs=1e-8)
    assert path.loglik_zero == pytest.approx(table["loglik0"].iloc[0], abs=1e-8)


# ---------------------------------------------------------------- own definitions


@pytest.mark.parametrize("alpha", [1.0, 0.5, 0.0])
@pytest.mark.parametrize(("entry", "strata"), [(False, False), (True, False), (False, True), (True, True)])
def test_fit_coxnet__agrees_with_bounded_optimisation(alpha, entry, strata):
    X, risk = small_study(11, entry=entry, strata=strata)
    v = np.array([0.0, 1.0, 0.5, 2.0, 1.5])
    path = fit_coxnet(X, risk, lambdas=[0.05, 0.01], alpha=alpha, penalty_factor=v)
    np.testing.assert_allclose(path.penalty_factor, v)
    for coef, lam in zip(path.coef, path.lambdas, strict=True):
        np.testing.assert_allclose(coef, naive_fit(X, risk, lam, alpha, v), atol=2e-5)


@given(
    seed=st.integers(0, 10_000),
    alpha=st.sampled_from([1.0, 0.9, 0.5, 0.05, 0.0]),
    share=st.floats(0.02, 1.1),
    entry=st.booleans(),
    strata=st.booleans(),
)
def test_fit_coxnet__meets_the_optimality_conditions(seed, alpha, share, entry, strata):
    X, risk = small_study(seed, n=30, p=6, entry=entry, strata=strata)
    v = np.array([0, 1, 1, 0.3, 2, 1.0])
    top = fit_coxnet(X, risk, lambdas=[], alpha=alpha, penalty_factor=v).lambda_max * max(alpha, 1e-3)
    lam = share * top / max(alpha, 0.05)
    path = fit_coxnet(X, risk, lambdas=[lam], alpha=alpha, penalty_factor=v)
    assert path.kkt[0] <= 1e-7
    assert kkt_residual(X, risk, path.coef[0], lam, alpha, path.penalty_factor) <= 1e-7


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_fit_coxnet__lambda_max_is_the_smallest_penalty_without_selection(alpha):
    X, risk = small_study(5)
    v = np.array([0, 1, 1, 1, 1.0])
    top = fit_coxnet(X, risk, alpha=alpha, penalty_factor=v).lambda_max
    path = fit_coxnet(X, risk, lambdas=[2 * top, top * (1 + 1e-9), top * (1 - 1e-3)], alpha=alpha, penalty_factor=v)
    assert path.n_nonzero.tolist() == [1, 1, 2]
    np.testing.assert_allclose(path.coef[:2], [path.null_coef, path.null_coef], atol=1e-12)


def test_fit_coxnet__default_sequence_runs_from_lambda_max():
    X, risk = small_study(5)
    path = fit_coxnet(X, risk, n_lambda=7, lambda_min_ratio=0.1)
    np.testing.assert_allclose(path.lambdas, path.lambda_max * 10 ** (-np.arange(7) / 6))
    assert (np.diff(path.loglik) > 0).all()


@pytest.mark.parametrize("alpha", [1.0, 0.4, 0.0])
def test_fit_coxnet__weights_repeat_patients(alpha):
    X, risk = small_study(3)
    weights = np.random.default_rng(1).integers(1, 4, len(X))
    rows = np.repeat(np.arange(len(X)), weights)
    repeated = build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])
    for standardize in (False, True):
        options = {"lambdas": [0.03, 0.005], "alpha": alpha, "standardize": standardize}
        weighted, plain = fit_coxnet(X, risk, weights=weights, **options), fit_coxnet(X[rows], repeated, **options)
        np.testing.assert_allclose(weighted.coef, plain.coef, atol=1e-7)
        np.testing.assert_allclose(weighted.loglik, plain.loglik, rtol=1e-10)


def test_fit_coxnet__standardised_fit_is_the_fit_of_standardised_columns():
    X, risk = small_study(8)
    X[:, 0] *= 50
    sd = X.std(axis=0)
    given_scale = fit_coxnet(X, risk, lambdas=[0.05, 0.02], standardize=True)
    divided = fit_coxnet(X / sd, risk, lambdas=[0.05, 0.02])
    np.testing.assert_allclose(given_scale.coef, divided.coef / sd, atol=1e-8)


@pytest.mark.parametrize("strata", [False, True])
def test_fit_coxnet__ridge_with_more_columns_than_patients(strata):
    X, risk = small_study(21, n=25, p=60, strata=strata)
    v = np.r_[0.0, np.linspace(0.5, 2, 59)]
    path = fit_coxnet(X, risk, lambdas=[0.5, 0.1], alpha=0, penalty_factor=v, rescale_penalty_factors=False)
    for coef, lam in zip(path.coef, path.lambdas, strict=True):
        assert kkt_residual(X, risk, coef, lam, 0.0, v) <= 1e-7


def test_fit_coxnet__lasso_with_more_columns_than_patients():
    X, risk = small_study(22, n=40, p=400)
    path = fit_coxnet(X, risk)
    assert len(path.lambdas) == 100
    assert (path.kkt <= 1e-7).all()
    assert path.n_nonzero[0] == 0
    assert path.n_nonzero[-1] > 10


def test_fit_coxnet__a_far_penalty_needs_no_path():
    X, risk = small_study(9, n=60, p=30)
    path = fit_coxnet(X, risk, lambda_min_ratio=0.01)
    alone = fit_coxnet(X, risk, lambdas=path.lambdas[-1:])
    np.testing.assert_allclose(alone.coef[0], path.coef[-1], atol=1e-6)


def test_fit_coxnet__sorts_penalties_decreasingly():
    X, risk = small_study(9)
    up, down = fit_coxnet(X, risk, lambdas=[0.01, 0.05]), fit_coxnet(X, risk, lambdas=[0.05, 0.01])
    assert up.lambdas.tolist() == [0.05, 0.01]
    np.testing.assert_array_equal(up.coef, down.coef)


def test_fit_coxnet__order_of_rows_and_unit_of_time_do_not_matter():
    X, risk = small_study(13)
    rows = np.random.default_rng(0).permutation(len(X))
    moved = build_risk_sets(
        risk.time[rows] * 7, risk.event[rows], entry=risk.entry[rows] * 7, strata=risk.stratum[rows]
    )
    np.testing.assert_allclose(fit_coxnet(X, risk).coef, fit_coxnet(X[rows], moved).coef, atol=1e-7)
    stretched = build_risk_sets(risk.time * 30.4375, risk.event, entry=risk.entry * 30.4375, strata=risk.stratum)
    np.testing.assert_array_equal(fit_coxnet(X, risk).coef, fit_coxnet(X, stretched).coef)


def test_fit_coxnet__one_of_two_identical_genes_is_enough():
    X, risk = small_study(14)
    single, double = fit_coxnet(X, risk, lambdas=[0.02]), fit_coxnet(np.hstack([X, X[:, 1:]]), risk, lambdas=[0.02])
    assert double.kkt[0] <= 1e-7
    together = double.coef[0, :5] + np.r_[0, double.coef[0, 5:]]
    np.testing.assert_allclose(together, single.coef[0], atol=1e-6)


def test_fit_coxnet__elastic_net_shares_between_identical_genes():
    X, risk = small_study(14)
    path = fit_coxnet(np.column_stack([X, X[:, 2]]), risk, lambdas=[0.005], alpha=0.5)
    assert path.coef[0, 2] != 0
    assert path.coef[0, 2] == pytest.approx(path.coef[0, 5], abs=1e-6)


def test_fit_coxnet__columns_that_tell_nothing_get_zero():
    X, risk = small_study(15)
    path = fit_coxnet(np.column_stack([X, np.ones(len(X))]), risk, penalty_factor=np.r_[np.ones(5), 0])
    assert (path.coef[:, 5] == 0).all()
    flat = fit_coxnet(np.ones((len(X), 2)), risk)
    assert flat.lambdas.tolist() == [0.0]
    assert (flat.coef == 0).all()


def test_fit_coxnet__without_columns_is_the_null_model():
    X, risk = small_study(15)
    path = fit_coxnet(X[:, :0], risk)
    assert path.coef.shape == (1, 0)
    assert path.loglik[0] == pytest.approx(naive_loglik(np.zeros(len(X)), risk))


def test_fit_coxnet__gene_without_events_has_a_finite_penalised_coefficient():
    X, risk = small_study(16, strata=False)
    spared = np.zeros(len(X))
    spared[np.flatnonzero(~risk.event)[:5]] = 1
    path = fit_coxnet(np.column_stack([X, spared]), risk, lambda_min_ratio=0.01)
    assert (path.kkt <= 1e-7).all()
    assert -10 < path.coef[-1, -1] < -1


@pytest.mark.parametrize("alpha", [1.0, 0.0])
@pytest.mark.parametrize(("entry", "strata"), [(False, False), (True, True)])
def test_fit_coxnet__a_separating_unpenalised_column_does_not_drift_along_the_path(alpha, entry, strata):
    X, risk = small_study(23, p=8, entry=entry, strata=strata)
    X[:, 1] = ~risk.event & (np.arange(len(X)) % 2 == 0)
    path = fit_coxnet(X, risk, alpha=alpha, penalty_factor=[0, 0, 1, 1, 1, 1, 1, 1])
    assert (path.kkt <= 1e-9).all()
    assert -30 < path.null_coef[1] < -12
    assert np.ptp(path.coef[:, 1]) < 2


@pytest.mark.parametrize("seed", [0, 1, 6, 14])
def test_fit_coxnet__a_large_ridge_beside_a_separating_column(seed):
    X, risk = small_study(seed, p=8)
    X[:, 1] = ~risk.event & (np.arange(len(X)) % 2 == 0)
    path = fit_coxnet(X, risk, alpha=0, lambdas=[1e4], penalty_factor=[0, 0, 1, 1, 1, 1, 1, 1])
    assert path.kkt[0] <= 1e-9
    np.testing.assert_allclose(path.coef[0, :2], path.null_coef[:2], rtol=0.01)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"X": np.ones((3, 2))}, "one row per patient"),
        ({"X": np.full((40, 5), np.nan)}, "finite numbers; leave out incomplete rows"),
        ({"penalty_factor": [1, 1]}, "one finite number >= 0 per column"),
        ({"penalty_factor": [-1, 1, 1, 1, 1]}, "one finite number >= 0 per column"),
        ({"alpha": 1.5}, r"alpha must be between 0 \(ridge\) and 1 \(lasso\), found 1.5"),
        ({"weights": np.zeros(40)}, "one number > 0 per patient"),
        ({"risk": build_risk_sets(np.arange(1, 41), np.zeros(40, bool))}, "at least one event, found none"),
    ],
)
def test_fit_coxnet__refuses_what_cannot_be_fitted(change, text):
    X, risk = small_study(1)
    with pytest.raises(ValueError, match=text):
        fit_coxnet(**({"X": X, "risk": risk} | change))


def test_fit_coxnet__says_when_the_wanted_accuracy_is_out_of_reach():
    X, risk = small_study(1)
    with pytest.raises(ArithmeticError, match=r"lambda = 0.01 stopped at a gradient of .* needed 1e-30"):
        fit_coxnet(X, risk, lambdas=[0.01], penalty_factor=[1, 1, 1, 1, 1], tol=1e-30)


# ---------------------------------------------------------------- Efron's ties, weights, sparse columns


@pytest.mark.parametrize("alpha", [1.0, 0.5, 0.0])
@pytest.mark.parametrize(("entry", "strata"), [(False, False), (True, True)])
def test_fit_coxnet__efron_with_weights_meets_the_optimality_conditions(alpha, entry, strata):
    X, risk = small_study(11, entry=entry, strata=strata)
    v, weights = np.array([0.0, 1.0, 0.5, 2.0, 1.5]), np.random.default_rng(5).uniform(0.5, 2, len(X))
    path = fit_coxnet(X, risk, lambdas=[0.05, 0.01], alpha=alpha, penalty_factor=v, weights=weights, ties="efron")
    for b, lam, loglik in zip(path.coef, path.lambdas, path.loglik, strict=True):
        assert loglik == pytest.approx(naive_efron(X @ b, risk, weights), rel=1e-10)
        slope = (
            numeric_slope(lambda c: naive_efron(X @ c, risk, weights), b) / weights.sum() - lam * (1 - alpha) * v * b
        )
        wrong = np.where(
            b != 0, np.abs(slope - lam * alpha * v * np.sign(b)), np.maximum(np.abs(slope) - lam * alpha * v, 0)
        )
        assert wrong.max() < 1e-7


def test_fit_coxnet__unpenalised_efron_equals_fit_cox():
    X, risk = small_study(12, n=80)
    weights = np.random.default_rng(5).uniform(0.5, 2, len(X))
    cox = fit_cox(X, risk.time, risk.event, entry=risk.entry, strata=risk.stratum, weights=weights, ties="efron")
    path = fit_coxnet(X, risk, penalty_factor=np.zeros(5), weights=weights, ties="efron")
    np.testing.assert_allclose(path.null_coef, cox.coef, atol=1e-8)
    assert path.loglik_null == pytest.approx(cox.loglik, rel=1e-12)


def test_fit_coxnet__unpenalised_efron_equals_coxph(reference):
    table = pd.read_csv(reference / "cox" / "cox.csv")
    table = table[(table["id"] == "veteran.2.strata_celltype") & (table["ties"] == "efron")].set_index("term")
    data = pd.read_csv(reference / "inputs" / "veteran.csv")
    risk = build_risk_sets(data["time"], data["status"] == 1, strata=data["celltype"])
    path = fit_coxnet(data[["trt", "karno"]], risk, penalty_factor=np.zeros(2), ties="efron")
    np.testing.assert_allclose(path.null_coef, table.loc[["trt", "karno"], "coef"], rtol=1e-7)
    assert path.loglik_null == pytest.approx(table["loglik1"].iloc[0], abs=1e-8)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_fit_coxnet__weight_2_for_everybody_changes_nothing(ties):
    X, risk = small_study(14)
    plain = fit_coxnet(X, risk, ties=ties)
    double = fit_coxnet(X, risk, ties=ties, weights=np.full(len(X), 2.0))
    np.testing.assert_allclose(double.lambdas, plain.lambdas, rtol=1e-12)
    np.testing.assert_allclose(double.coef, plain.coef, atol=1e-7)
    np.testing.assert_allclose(double.deviance_ratio, plain.deviance_ratio, atol=1e-9)


@pytest.mark.parametrize("standardize", [False, True])
def test_fit_coxnet__sparse_columns_give_the_path_of_written_out_ones(monkeypatch, standardize):
    X, risk = small_study(24, n=150, p=30)
    X[:, 1:] *= np.random.default_rng(1).random((150, 29)) < 0.3
    dense = fit_coxnet(X, risk, n_lambda=20, standardize=standardize)
    monkeypatch.setattr(coxnet_columns, "_SMALL", 0)
    monkeypatch.setattr(coxnet_columns, "_BLOCK", 1000)
    for product in (0, 10**9):
        monkeypatch.setattr(coxnet_columns, "_SPARSE_GRAM", product)
        sparse = fit_coxnet(X, risk, n_lambda=20, standardize=standardize)
        np.testing.assert_allclose(sparse.coef, dense.coef, atol=1e-6)
        assert (sparse.kkt <= 1e-9).all()
