"""Firth-penalised logistic regression: finite odds ratios where a cell of a table is empty.

The penalised log likelihood is l + log det(I) / 2. Tests and limits of one coefficient maximise it over the others with
that coefficient fixed, and the penalty keeps the information of *all* coefficients, as R's logistf does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.tails import chi2_p, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

STATUSES: Final[dict[str, str]] = {
    "ok": "estimated",
    "no_variation": "everybody has the same outcome, or nobody is left",
    "singular": "a covariate is constant, or a combination of others",
    "not_converged": "the penalised likelihood could not be maximised",
}
GRADIENT: Final = 1e-9
MAX_STEP: Final = 5.0
SMALLEST_STEP: Final = 1e-12
MAX_ITERATIONS: Final = 200
OPEN: Final = 60.0  # a limit farther from the estimate is open
ROUNDING: Final = 1e-13


@dataclass(frozen=True, kw_only=True)
class FirthLogisticFit:
    """A fitted model of p covariates and an intercept; NaN where ``status`` is not ``ok``.

    Attributes
    ----------
    status
        One of ``STATUSES``.
    n, events
        Patients, and those with the outcome.
    intercept
        Log odds where all covariates are 0.
    coef, se
        (p,) log odds ratios per unit; standard errors from the unpenalised information.
    lo, hi
        (p,) limits by profile penalised likelihood; NaN where open.
    plr_chi2, p
        (p,) penalised likelihood-ratio test of each coefficient, 1 df.
    pen_loglik
        Penalised log likelihood at the maximum.
    level
        Of the limits.
    """

    status: str
    n: int
    events: int
    intercept: float
    coef: NDArray[np.float64]
    se: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    plr_chi2: NDArray[np.float64]
    p: NDArray[np.float64]
    pen_loglik: float
    level: float


class _Point(NamedTuple):
    b: NDArray[np.float64]
    value: float
    gradient: NDArray[np.float64]
    information: NDArray[np.float64]


class _Data(NamedTuple):
    """Design with intercept (r, p + 1), outcome (r,), and how many patients a row stands for (r,)."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]


def fit_firth_logistic(
    outcome: ArrayLike,
    X: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    level: float = 0.95,
) -> FirthLogisticFit:
    """Fit a penalised logistic model with an intercept.

    Parameters
    ----------
    outcome
        (n,) True if it happened.
    X
        (n, p) covariates, without missing values and without the intercept.
    weight
        (n,) patients that a row stands for, whole numbers; None = 1 each.
    level
        Of the limits.

    Returns
    -------
    FirthLogisticFit
        Does not depend on the order of rows.

    Raises
    ------
    ValueError
        If the shapes do not fit, a value is missing, or a weight is negative.

    Notes
    -----
    1. Score U = X'(w (y - p) + h (1/2 - p)), h the diagonal of the hat matrix; Newton steps with the information,
       halved until the penalised likelihood rises.
    2. A limit of coefficient j solves 2 [l* - max l*(b_j fixed)] = chi2.

    Witness: a general optimiser in ``tests/association/test_firth_logistic.py``, and the closed form of a 2 x 2 table.

    References
    ----------
    Heinze G, Schemper M. A solution to the problem of separation in logistic regression. Stat Med 21:2409-2419 (2002).
    """
    y, x = np.asarray(outcome, dtype=np.float64), np.asarray(X, dtype=np.float64)
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    if x.ndim != 2 or len(x) != len(y) or w.shape != y.shape or not np.isfinite(x).all() or not (w >= 0).all():
        raise ValueError("need one finite row of covariates, an outcome and a weight >= 0 per patient")
    used = w > 0
    data = _Data(np.column_stack([np.ones(used.sum()), x[used]]), y[used], w[used])
    n, events = round(float(data.weight.sum())), round(float(data.weight @ data.y))
    if n == 0 or events in {0, n}:
        return _no_fit(n, events, x.shape[1], level, "no_variation")
    if np.linalg.matrix_rank(data.x) < data.x.shape[1]:
        return _no_fit(n, events, x.shape[1], level, "singular")
    top = _maximise(data, np.zeros(data.x.shape[1]), np.arange(data.x.shape[1]))
    if top is None:
        return _no_fit(n, events, x.shape[1], level, "not_converged")
    spread = np.sqrt(np.diag(np.linalg.inv(top.information)))
    root = normal_quantile(level)
    places: Sequence[int] = range(1, data.x.shape[1])
    chi2 = np.array([_drop(data, top, j, 0.0) for j in places])
    lo, hi = (np.array([_limit(data, top, j, sign * root, spread[j]) for j in places]) for sign in (-1, 1))
    return FirthLogisticFit(
        status="ok", n=n, events=events, intercept=float(top.b[0]), coef=top.b[1:], se=spread[1:], lo=lo, hi=hi,
        plr_chi2=chi2, p=chi2_p(chi2), pen_loglik=top.value, level=level,
    )  # fmt: skip


def firth_odds_ratio(a: int, b: int, c: int, d: int, *, level: float = 0.95) -> FirthLogisticFit:
    """Return the penalised log odds ratio of a 2 x 2 table.

    Parameters
    ----------
    a, b
        First group, with and without the outcome.
    c, d
        Second group, with and without the outcome.
    level
        Of the limits.

    Returns
    -------
    FirthLogisticFit
        One coefficient: log{(a + .5)(d + .5) / ((b + .5)(c + .5))}. Everything NaN if a group or an outcome is empty.

    Notes
    -----
    A saturated model: the penalty adds half a patient to every cell. Witness: DOMAIN SC27.

    Examples
    --------
    >>> fit = firth_odds_ratio(2, 8, 3, 21)
    >>> round(float(np.exp(fit.coef[0])), 6), round(float(fit.p[0]), 6)
    (1.806723, 0.526514)
    """
    return fit_firth_logistic([1, 0, 1, 0], [[1], [1], [0], [0]], weight=[a, b, c, d], level=level)


def _no_fit(n: int, events: int, p: int, level: float, status: str) -> FirthLogisticFit:
    none = np.full(p, np.nan)
    return FirthLogisticFit(
        status=status, n=n, events=events, intercept=math.nan, coef=none, se=none, lo=none, hi=none, plr_chi2=none,
        p=none, pen_loglik=math.nan, level=level,
    )  # fmt: skip


def _evaluate(data: _Data, b: NDArray[np.float64]) -> _Point | None:
    """Penalised likelihood with gradient and information; None where the information is singular."""
    eta = data.x @ b
    p = 1 / (1 + np.exp(-eta))
    variance = data.weight * p * (1 - p)
    information = data.x.T @ (variance[:, None] * data.x)
    sign, logdet = np.linalg.slogdet(information)
    if sign <= 0 or not np.isfinite(logdet):
        return None
    loglik = float(data.weight @ (data.y * eta - np.logaddexp(0, eta)))
    hat = variance * np.einsum("ij,ji->i", data.x, np.linalg.solve(information, data.x.T))
    gradient = data.x.T @ (data.weight * (data.y - p) + hat * (0.5 - p))
    return _Point(b, loglik + logdet / 2, gradient, information)


def _maximise(data: _Data, start: NDArray[np.float64], free: NDArray[np.intp]) -> _Point | None:
    """Maximum over the free coefficients, from ``start`` on; None if it is not reached."""
    here = _evaluate(data, start)
    for _ in range(MAX_ITERATIONS):
        if here is None or len(free) == 0 or np.abs(here.gradient[free]).max() < GRADIENT:
            return here
        step = np.zeros(len(start))
        step[free] = np.linalg.solve(here.information[np.ix_(free, free)], here.gradient[free])
        step *= min(1.0, MAX_STEP / max(np.abs(step).max(), SMALLEST_STEP))
        ahead = _evaluate(data, here.b + step)
        while ahead is None or ahead.value < here.value - ROUNDING * (1 + abs(here.value)):
            step /= 2
            if np.abs(step).max() < SMALLEST_STEP:
                return here
            ahead = _evaluate(data, here.b + step)
        here = ahead
    return None


def _drop(data: _Data, top: _Point, j: int, value: float) -> float:
    """Twice the fall of the profile penalised likelihood from its maximum to coefficient j = value; inf if unknown."""
    start = top.b.copy()
    free = np.delete(np.arange(len(start)), j)
    start[free] -= np.linalg.solve(top.information[np.ix_(free, free)], top.information[free, j]) * (value - start[j])
    start[j] = value
    found = _maximise(data, start, free)
    if found is None:
        start[free] = top.b[free]
        found = _maximise(data, start, free)
    return math.inf if found is None else max(2 * (top.value - found.value), 0.0)


def _limit(data: _Data, top: _Point, j: int, root: float, spread: float) -> float:
    """Value of coefficient j at which the fall is root squared; NaN if open."""
    from scipy.optimize import brentq

    target, side = root**2, math.copysign(1.0, root)
    inner, step = top.b[j], side * spread
    while _drop(data, top, j, inner + step) < target:
        inner += step
        step *= 2
        if abs(inner - top.b[j]) > OPEN:
            return math.nan
    return float(brentq(lambda value: _drop(data, top, j, value) - target, inner, inner + step, xtol=1e-10))
