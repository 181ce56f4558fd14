"""Compiled coordinate descent against the Newton steps in NumPy, compiled and as plain Python."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.association import coordinate_descent, coxnet_columns, coxnet_folds, coxnet_path
from netgen.association.breslow import evaluate_likelihood, lay_out
from netgen.association.coxnet import fit_coxnet
from netgen.association.coxnet_columns import hold_columns
from netgen.association.coxnet_folds import fit_folds
from netgen.association.riskset import build_risk_sets
from tests.association.penalised_cases import small_study

KERNELS = (
    "sum_column", "add_column", "evaluate", "miss", "objective", "prolong", "bend", "sweep", "admit", "fit_penalty",
)  # fmt: skip


def fit_both(X, risk, **options):
    """One path in NumPy, one compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coxnet_path, "_LARGE", np.inf)
        plain = fit_coxnet(X, risk, **options)
        patch.setattr(coxnet_path, "_LARGE", 0)
        return plain, fit_coxnet(X, risk, **options)


def run_as_python(monkeypatch) -> None:
    """Replace compiled functions by what they were compiled from."""
    for name in KERNELS:
        monkeypatch.setattr(coordinate_descent, name, getattr(coordinate_descent, name).py_func)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    alpha=st.sampled_from([1.0, 0.9, 0.5, 0.05, 0.0]),
    entry=st.booleans(),
    strata=st.booleans(),
    standardize=st.booleans(),
    ties=st.sampled_from(["breslow", "efron"]),
    weighted=st.booleans(),
)
def test_fit_coxnet__compiled_equals_newton_steps(seed, alpha, entry, strata, standardize, ties, weighted):
    X, risk = small_study(seed, n=60, p=9, entry=entry, strata=strata)
    options: dict[str, Any] = {
        "alpha": alpha, "standardize": standardize, "ties": ties, "n_lambda": 15,
        "penalty_factor": [0, 1, 0.5, 2, 1, 1, 1, 1, 1],
        "weights": np.random.default_rng(seed).uniform(0.5, 2, len(X)) if weighted else None,
    }  # fmt: skip
    plain, compiled = fit_both(X, risk, **options)
    assert (compiled.kkt <= 1e-9).all()
    np.testing.assert_array_equal(compiled.lambdas, plain.lambdas)
    np.testing.assert_allclose(compiled.coef, plain.coef, atol=1e-6)
    np.testing.assert_allclose(compiled.loglik, plain.loglik, rtol=1e-8)


@pytest.mark.parametrize("seed", [1, 2])
def test_fit_coxnet__compiled_with_more_columns_than_patients(monkeypatch, seed):
    X, risk = small_study(seed, n=50, p=300)
    X[:, 1:] *= np.random.default_rng(1).random((50, 299)) < 0.4
    monkeypatch.setattr(coxnet_columns, "_SMALL", 0)  # sparse
    plain, compiled = fit_both(X, risk, lambda_min_ratio=0.1)
    assert compiled.n_nonzero[-1] > 10
    assert (compiled.kkt <= 1e-9).all()
    np.testing.assert_allclose(compiled.coef @ X.T, plain.coef @ X.T, atol=1e-5)


def test_fit_coxnet__compiled_reaches_a_far_penalty_without_a_path():
    X, risk = small_study(9, n=60, p=30)
    plain, compiled = fit_both(X, risk, lambdas=[0.003])
    np.testing.assert_allclose(compiled.coef, plain.coef, atol=1e-6)


@pytest.mark.parametrize("entry", [False, True])
def test_fit_coxnet__compiled_leaves_a_separating_column_alone(entry):
    X, risk = small_study(23, p=8, entry=entry)
    X[:, 1] = ~risk.event & (np.arange(len(X)) % 2 == 0)
    plain, compiled = fit_both(X, risk, penalty_factor=[0, 0, 1, 1, 1, 1, 1, 1])
    assert (compiled.kkt <= 1e-9).all()
    assert (compiled.coef[:, 1] < -12).all()
    np.testing.assert_allclose(np.delete(compiled.coef, 1, 1), np.delete(plain.coef, 1, 1), atol=1e-5)


def test_fit_coxnet__runs_compiled_repeat_to_the_last_digit():
    X, risk = small_study(5, n=80, p=20)
    np.testing.assert_array_equal(fit_both(X, risk)[1].coef, fit_both(X, risk)[1].coef)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("sparse", [False, True])
def test_fit_coxnet__compiled_equals_its_source_run_as_python(monkeypatch, ties, sparse):
    X, risk = small_study(6, n=40, p=12)
    if sparse:
        monkeypatch.setattr(coxnet_columns, "_SMALL", 0)
        X[:, 1:] *= np.random.default_rng(2).random((40, 11)) < 0.5
    compiled = fit_both(X, risk, ties=ties, n_lambda=8)[1]
    run_as_python(monkeypatch)
    np.testing.assert_allclose(fit_both(X, risk, ties=ties, n_lambda=8)[1].coef, compiled.coef, atol=1e-9)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("entry", [False, True])
def test_evaluate__equals_the_likelihood_in_numpy(ties, entry):
    X, risk = small_study(8, n=60, entry=entry)
    weights = np.random.default_rng(1).integers(0, 3, 60).astype(float)
    layout = lay_out(risk, weights, ties=ties)
    columns = hold_columns(X, layout.rows, X.mean(axis=0), np.ones(5), np.ones(5, bool))
    cohort = coordinate_descent.gather_cohort(columns, layout)
    eta = 3 * np.random.default_rng(2).normal(size=len(layout.rows))
    expected = evaluate_likelihood(layout, eta)
    for run in (coordinate_descent.evaluate, coordinate_descent.evaluate.py_func):
        residual, curvature = np.empty(len(eta)), np.empty(len(eta))
        assert run(cohort, eta, residual, curvature) == pytest.approx(float(expected.loglik), rel=1e-12)
        np.testing.assert_allclose(residual, expected.residual, atol=1e-11)
        np.testing.assert_allclose(curvature, expected.curvature, atol=1e-11)


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_gather_cohort__holds_a_column_of_two_values_as_its_larger_ones(monkeypatch, centred, sparse):
    monkeypatch.setattr(coxnet_columns, "_SMALL", 0 if sparse else np.inf)
    risk = build_risk_sets(np.arange(1.0, 9), np.ones(8, bool))
    X = np.array([[0, 1, 0, 0, 1, 0, 1, 1], [0, 3, 0, 0, 0, 0, 0, 0], [5, 2, 0, 2, 1, 7, 1, 2]]).T.astype(float)
    layout, mean = lay_out(risk), X.mean(axis=0) if centred else np.zeros(3)
    columns = hold_columns(X, layout.rows, mean, np.array([1.0, 2.0, 1.0]), np.ones(3, bool))
    cohort = coordinate_descent.gather_cohort(columns, layout)
    assert cohort.ones.tolist() == [True, True, False]
    np.testing.assert_allclose(cohort.unit, [1, 2 / 3, 1])  # b = 1 of the second is 1 per 3 of its values
    assert cohort.place[: cohort.first[2]].tolist() == [1, 4, 6, 7, 1]


def test_fit_coxnet__numpy_mends_what_is_not_accurate(monkeypatch):
    X, risk = small_study(7, n=60, p=9)
    plain = fit_coxnet(X, risk, n_lambda=12)
    monkeypatch.setattr(coordinate_descent, "fit_penalty", lambda *_: -1)  # coefficients stay 0
    monkeypatch.setattr(coxnet_path, "_LARGE", 0)
    np.testing.assert_allclose(fit_coxnet(X, risk, n_lambda=12).coef, plain.coef, atol=1e-6)


@pytest.mark.parametrize("counts", [False, True])
@pytest.mark.parametrize("standardize", [False, True])
def test_fit_folds__compiled_equals_newton_steps(monkeypatch, counts, standardize):
    X, risk = small_study(37, n=90, p=35)
    rng = np.random.default_rng(3)
    training = rng.multinomial(90, np.full(90, 1 / 90), size=4) if counts else rng.random((4, 90)) < 0.8
    options: dict[str, Any] = {
        "lambdas": np.array([0.2, 0.1, 0.05]), "alpha": 0.9, "penalty_factor": np.r_[0, np.linspace(0.5, 2, 34)],
        "kept": rng.random((4, 35)) < 0.9, "standardize": standardize, "tol": 1e-9,
    }  # fmt: skip
    monkeypatch.setattr(coxnet_path, "_LARGE", np.inf)
    plain = fit_folds(X, risk, training, **options)
    monkeypatch.setattr(coxnet_path, "_LARGE", 0)
    np.testing.assert_allclose(fit_folds(X, risk, training, **options), plain, atol=1e-6)
    none = fit_folds(X, risk, training, **(options | {"kept": np.zeros((4, 35), bool)}))
    assert (none == 0).all()


def test_fit_coxnet__a_small_job_does_not_import_numba():
    code = (
        "import sys, numpy as np; from netgen.association.coxnet import fit_coxnet; "
        "from netgen.association.riskset import build_risk_sets; X = np.eye(40)[:, :5]; "
        "fit_coxnet(X, build_risk_sets(np.arange(1, 41), np.ones(40, bool))); print('numba' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_jit__compiles_without_a_place_for_compiled_code(monkeypatch):
    compile_now = numba.njit

    def refuse(**options):
        if options.pop("cache", False):
            raise RuntimeError("no locator available")
        return compile_now(**options)

    monkeypatch.setattr(numba, "njit", refuse)
    assert coordinate_descent._jit(lambda x: x + 1)(1) == 2


@pytest.mark.parametrize("large", [False, True])
def test_fit_folds__does_not_depend_on_the_number_of_threads(monkeypatch, large):
    X, risk = small_study(41, n=80, p=12)
    monkeypatch.setattr(coxnet_path, "_LARGE", 0 if large else np.inf)
    monkeypatch.setattr(coxnet_folds, "_FEW", 0 if large else 30)
    monkeypatch.setattr(coxnet_folds, "_CELLS", 3 * X.size)  # parts of three fits
    training = np.random.default_rng(4).random((10, 80)) < 0.8
    options: dict[str, Any] = {
        "lambdas": np.array([0.2, 0.1, 0.07, 0.05, 0.01]), "alpha": 1.0, "penalty_factor": np.ones(12),
        "kept": np.ones((10, 12), bool), "standardize": False, "tol": 1e-9,
    }  # fmt: skip
    one = fit_folds(X, risk, training, **options)
    assert np.count_nonzero(one) > 100
    np.testing.assert_array_equal(fit_folds(X, risk, training, threads=3, **options), one)
