"""Firth logistic regression against its definition, a general optimiser and the closed form of a 2 x 2 table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from netgen.association.firth_logistic import firth_odds_ratio, fit_firth_logistic


def _penalised(b: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Log likelihood plus half the log determinant of the information, patient by patient."""
    value, information = 0.0, np.zeros((x.shape[1], x.shape[1]))
    for row, happened in zip(x, y, strict=True):
        eta = float(row @ b)
        p = 1 / (1 + np.exp(-eta))
        value += np.log(p if happened else 1 - p)
        information += p * (1 - p) * np.outer(row, row)
    return value + 0.5 * np.log(np.linalg.det(information))


def _profile(value: float, j: int, x: np.ndarray, y: np.ndarray) -> float:
    """Maximum of the penalised likelihood with coefficient j fixed."""
    free = [i for i in range(x.shape[1]) if i != j]

    def negative(part: np.ndarray) -> float:
        b = np.zeros(x.shape[1])
        b[free], b[j] = part, value
        return -_penalised(b, x, y)

    return -minimize(negative, np.zeros(len(free)), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).fun


@pytest.mark.parametrize("cells", [(2, 8, 3, 21), (0, 3, 5, 26), (4, 0, 3, 9), (0, 7, 6, 0), (50, 40, 30, 90)])
def test_firth_odds_ratio__is_half_a_patient_more_in_each_cell(cells: tuple[int, int, int, int]) -> None:
    a, b, c, d = cells
    fit = firth_odds_ratio(*cells)
    assert fit.coef[0] == pytest.approx(np.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5))), abs=1e-8)
    assert fit.intercept == pytest.approx(np.log((c + 0.5) / (d + 0.5)), abs=1e-8)
    assert (fit.n, fit.events) == (sum(cells), a + c)


@pytest.mark.parametrize("cells", [(2, 8, 3, 21), (0, 3, 5, 26), (4, 0, 3, 9)])
def test_firth_odds_ratio__limits_and_test_follow_the_profile_of_the_definition(cells: tuple) -> None:
    group = np.repeat([1, 1, 0, 0], cells)
    y = np.repeat([1, 0, 1, 0], cells)
    x = np.column_stack([np.ones(len(y)), group]).astype(float)
    fit = firth_odds_ratio(*cells)
    top = _penalised(np.array([fit.intercept, fit.coef[0]]), x, y)
    assert fit.plr_chi2[0] == pytest.approx(2 * (top - _profile(0.0, 1, x, y)), abs=1e-6)
    for end in (fit.lo[0], fit.hi[0]):
        assert 2 * (top - _profile(end, 1, x, y)) == pytest.approx(3.841458820694124, abs=1e-5)


def test_fit_firth_logistic__maximises_the_penalised_likelihood_of_two_covariates() -> None:
    rng = np.random.default_rng(5)
    z = np.column_stack([rng.integers(0, 2, 25), rng.normal(size=25)])
    y = (rng.random(25) < 0.4).astype(int)
    x = np.column_stack([np.ones(25), z])
    fit = fit_firth_logistic(y, z)
    free = minimize(lambda b: -_penalised(b, x, y), np.zeros(3), method="BFGS", options={"gtol": 1e-8})
    assert [fit.intercept, *fit.coef] == pytest.approx(free.x, abs=1e-5)
    assert fit.pen_loglik == pytest.approx(-free.fun, abs=1e-9)
    upper = brentq(lambda v: 2 * (-free.fun - _profile(v, 2, x, y)) - 3.841458820694124, fit.coef[1], fit.coef[1] + 8)
    assert fit.hi[1] == pytest.approx(upper, abs=1e-4)


def test_fit_firth_logistic__counts_a_weighted_row_as_so_many_patients() -> None:
    x, y, times = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 0, 1]), np.array([3, 1, 2, 4])
    once = fit_firth_logistic(y, x, weight=times)
    spread = fit_firth_logistic(np.repeat(y, times), np.repeat(x, times, axis=0))
    assert [once.coef[0], once.lo[0], once.hi[0]] == pytest.approx([spread.coef[0], spread.lo[0], spread.hi[0]])


def test_fit_firth_logistic__stays_finite_when_the_outcome_is_separated() -> None:
    fit = fit_firth_logistic([0, 0, 0, 1, 1, 1], [[1], [2], [3], [4], [5], [6]])
    assert fit.status == "ok"
    assert np.isfinite(fit.coef).all()
    assert fit.coef[0] > 0


@pytest.mark.parametrize(
    ("outcome", "x", "status"),
    [
        ([0, 0, 0], [[0], [1], [1]], "no_variation"),
        ([0, 1, 0], [[1], [1], [1]], "singular"),
        ([], np.zeros((0, 1)), "no_variation"),
    ],
)
def test_fit_firth_logistic__says_why_there_is_no_estimate(outcome: list, x: object, status: str) -> None:
    fit = fit_firth_logistic(outcome, x)
    assert fit.status == status
    assert np.isnan(fit.coef).all()


def test_fit_firth_logistic__refuses_missing_covariates() -> None:
    with pytest.raises(ValueError, match="one finite row"):
        fit_firth_logistic([0, 1], [[np.nan], [1]])
