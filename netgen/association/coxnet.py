"""Elastic-net Cox regression: the whole path of penalties, with strata, delayed entry and unpenalised columns.

Each penalty starts from the fit before it, on the columns that the sequential strong rule keeps; ``proximal_newton.py``
makes the steps. ``coxnet_folds.py`` fits many training folds of few columns at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.breslow import Layout, Point, evaluate_breslow, lay_out
from netgen.association.proximal_newton import (
    Curve,
    Problem,
    add_columns,
    find_gap,
    keep_columns,
    mean_gradient,
    minimise,
    take_columns,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

_RIDGE_ALPHA: Final = 1e-3  # below this mixing, lambda_max is that of this mixing (as glmnet)
_WARM_RATIO: Final = 0.6  # wider gaps between penalties are bridged by unreported fits


@dataclass(frozen=True, kw_only=True)
class CoxnetPath:
    """Coefficients along decreasing penalties.

    Attributes
    ----------
    lambdas
        (L,) penalties, decreasing.
    coef
        (L, p) coefficients on the scale of the columns as given.
    null_coef
        (p,) the fit without penalised columns.
    loglik, loglik_null, loglik_zero
        Breslow log partial likelihood: (L,), at ``null_coef``, at all coefficients 0.
    deviance_ratio
        (L,) share of the deviance at all coefficients 0 that is explained.
    n_nonzero
        (L,) coefficients that are not 0, unpenalised ones included.
    kkt
        (L,) largest violation of the optimality conditions, on the scale that was penalised.
    lambda_max
        Smallest penalty at which all penalised coefficients are 0.
    alpha, penalty_factor
        Mixing, and (p,) factors as applied.
    """

    lambdas: Floats
    coef: Floats
    null_coef: Floats
    loglik: Floats
    loglik_null: float
    loglik_zero: float
    deviance_ratio: Floats
    n_nonzero: NDArray[np.intp]
    kkt: Floats
    lambda_max: float
    alpha: float
    penalty_factor: Floats


@dataclass(frozen=True, kw_only=True)
class _State:
    """A fit: coefficients, gradient of the mean negative log-likelihood, largest violation, where to go on from."""

    lam: float
    coef: Floats
    gradient: Floats
    kkt: float
    point: Point
    curve: Curve


def fit_coxnet(
    X: ArrayLike,
    risk: RiskSets,
    *,
    alpha: float = 1.0,
    lambdas: ArrayLike | None = None,
    n_lambda: int = 100,
    lambda_min_ratio: float | None = None,
    penalty_factor: ArrayLike | None = None,
    rescale_penalty_factors: bool = True,
    standardize: bool = False,
    weights: ArrayLike | None = None,
    tol: float = 1e-9,
) -> CoxnetPath:
    """Return the elastic-net Cox coefficients for a sequence of penalties.

    Nothing may be missing in ``X``. Constant columns get coefficient 0. With a separating unpenalised column the
    coefficient stops where the gradient vanishes; the caller sees it by its size.

    Parameters
    ----------
    X
        (n, p) columns, rows in the order of ``risk``.
    risk
        Risk sets of the n patients, with strata and delayed entry.
    alpha
        Mixing: 1 lasso, 0 ridge.
    lambdas
        Penalties; sorted decreasingly. None = ``n_lambda`` values, log-spaced from ``lambda_max``; the single value 0
        if there is nothing to penalise.
    n_lambda
        Number of penalties of the default sequence.
    lambda_min_ratio
        Smallest over largest penalty of the default sequence; None = 1e-4 for ridge, 0.01 with 10 events per column or
        more, else 0.05.
    penalty_factor
        (p,) non-negative multipliers v of the penalty; 0 = unpenalised. None = all 1.
    rescale_penalty_factors
        Multiply v by p / sum(v), as glmnet does. False = use v as it is.
    standardize
        Penalise coefficients of columns divided by their population SD; coefficients are returned on the given scale.
    weights
        (n,) positive patient weights; None = all 1.
    tol
        Largest violation of the optimality conditions that ends a fit.

    Returns
    -------
    CoxnetPath
        One row per penalty.

    Raises
    ------
    ValueError
        If shapes disagree, a value is not finite, a weight is not positive, a factor is negative, or there is no event.
    ArithmeticError
        If a fit does not reach ``tol``.

    Notes
    -----
    1. Minimised: -(1/W) l(b) + lambda sum_j v_j (alpha |b_j| + (1 - alpha)/2 b_j^2); l = Breslow log partial
       likelihood summed over strata, W = sum of weights.
    2. lambda_max = max_j |score_j| / (W v_j alpha) at the fit of the unpenalised columns alone.
    3. Going down the penalties: columns that pass the sequential strong rule and all non-zero ones form the working
       set; every fit ends with a check of all columns, and violators join.
    4. Witness: R glmnet (``tests/reference/glmnet``) and a proximal-gradient twin (``tests/association``).

    References
    ----------
    Simon, Friedman, Hastie, Tibshirani, J Stat Softw 39(5), 2011; Tibshirani et al., JRSS B 74:245, 2012 (strong
    rules); Lee, Sun, Saunders, SIAM J Optim 24:1420, 2014 (proximal Newton steps).
    """
    matrix, factor, weight = _check(X, risk, penalty_factor, weights, alpha=alpha, rescale=rescale_penalty_factors)
    layout = lay_out(risk, weight)
    columns, scale = _columns(matrix, layout, weight, standardize=standardize)
    G, v, back = _reduce(columns, factor, alpha)
    problem = Problem(G=G, layout=layout, v=v, alpha=alpha)
    with np.errstate(divide="ignore", invalid="ignore"):  # a trial step may be absurd: the line search turns it down
        null = _fit_unpenalised(problem, tol)
        lambda_max = float(np.max(np.abs(null.gradient[v > 0]) / v[v > 0], initial=0.0)) / max(alpha, _RIDGE_ALPHA)
        sequence = _sequence(lambdas, lambda_max, n_lambda, lambda_min_ratio or _default_ratio(alpha, risk, len(v)))
        walk = _walk(problem, replace(null, lam=lambda_max), sequence, tol)
        fits = [(fit.coef, fit.point.loglik, fit.kkt) for fit in walk]
    coef = np.dot(np.array([fit[0] for fit in fits]).reshape(len(sequence), len(v)), back) / scale
    loglik = np.array([fit[1] for fit in fits])
    zero = float(evaluate_breslow(layout, np.zeros(len(layout.rows))).loglik)
    saturated = -float(layout.d @ np.log(layout.d))
    return CoxnetPath(
        lambdas=sequence,
        coef=coef,
        null_coef=np.dot(null.coef, back) / scale,
        loglik=loglik,
        loglik_null=float(null.point.loglik),
        loglik_zero=zero,
        deviance_ratio=(loglik - zero) / (saturated - zero) if saturated > zero else np.zeros(len(sequence)),
        n_nonzero=np.count_nonzero(coef, axis=1),
        kkt=np.array([fit[2] for fit in fits]),
        lambda_max=lambda_max,
        alpha=float(alpha),
        penalty_factor=factor,
    )


def _check(
    X: ArrayLike,
    risk: RiskSets,
    penalty_factor: ArrayLike | None,
    weights: ArrayLike | None,
    *,
    alpha: float,
    rescale: bool,
) -> tuple[Floats, Floats, Floats]:
    """Columns, penalty factors and patient weights as floats, or ValueError."""
    matrix = np.asarray(X, dtype=np.float64)
    if matrix.ndim != 2 or len(matrix) != len(risk.time):
        raise ValueError(f"X must have one row per patient ({len(risk.time)}), found shape {matrix.shape}")
    factor = np.ones(matrix.shape[1]) if penalty_factor is None else np.array(penalty_factor, dtype=np.float64)
    if factor.shape != (matrix.shape[1],) or not np.isfinite(factor).all() or (factor < 0).any():
        raise ValueError("penalty_factor must hold one finite number >= 0 per column")
    if not np.isfinite(matrix).all():
        raise ValueError("X must hold finite numbers; leave out incomplete rows and count them")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be between 0 (ridge) and 1 (lasso), found {alpha}")
    weight = np.ones(len(matrix)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != risk.time.shape or not (weight > 0).all():
        raise ValueError("weights must hold one number > 0 per patient; leave patients out instead of weighting by 0")
    if risk.n_slots == 0:
        raise ValueError("a Cox model needs at least one event, found none")
    return matrix, factor * (len(factor) / factor.sum()) if rescale and factor.any() else factor, weight


def _columns(matrix: Floats, layout: Layout, weight: Floats, *, standardize: bool) -> tuple[Floats, Floats]:
    """Centred columns as rows (p, m), and what they were divided by."""
    share = weight / weight.sum()
    mean = share @ matrix
    constant = np.ptp(matrix, axis=0) == 0
    scale = np.ones(matrix.shape[1])
    if standardize:
        scale = np.sqrt(share @ (matrix - mean) ** 2)
        scale[constant] = 1.0
    G = np.ascontiguousarray((matrix[layout.rows] - mean).T) / scale[:, None]
    G[constant] = 0.0
    return G, scale


def _reduce(G: Floats, factor: Floats, alpha: float) -> tuple[Floats, Floats, Floats | float]:
    """Turn a ridge with more columns than rows into one with as many columns as rows; coef = reduced coef @ back.

    The ridge solution lies in the span of the rows, so an orthonormal basis of that span carries the same penalty.
    """
    penalised = np.flatnonzero(factor > 0)
    if alpha > 0 or len(penalised) <= G.shape[1]:
        return G, factor, 1.0
    free = np.flatnonzero(factor == 0)
    root = np.sqrt(factor[penalised])
    basis, size, rows = np.linalg.svd(G[penalised] / root[:, None], full_matrices=False)
    back = np.zeros((len(free) + len(size), len(factor)))
    back[np.arange(len(free)), free] = 1.0
    back[len(free) :, penalised] = (basis / root[:, None]).T
    v = np.repeat([0.0, 1.0], [len(free), len(size)])
    return np.vstack([G[free], size[:, None] * rows]), v, back


def _default_ratio(alpha: float, risk: RiskSets, p: int) -> float:
    """Smallest over largest penalty: small enough to overfit, large enough to stay finite."""
    if alpha == 0:
        return 1e-4
    return 0.01 if risk.event.sum() >= 10 * p else 0.05


def _sequence(lambdas: ArrayLike | None, lambda_max: float, n_lambda: int, ratio: float) -> Floats:
    """Decreasing penalties, given or log-spaced."""
    if lambdas is not None:
        return np.sort(np.asarray(lambdas, dtype=np.float64).ravel())[::-1]
    if lambda_max == 0:  # nothing is penalised, or nothing of it varies among patients at risk
        return np.zeros(1)
    return np.asarray(lambda_max * ratio ** np.linspace(0, 1, n_lambda))


def _fit_unpenalised(problem: Problem, tol: float) -> _State:
    """Fit the columns with penalty factor 0 alone."""
    zero = np.zeros(len(problem.v))
    point = evaluate_breslow(problem.layout, np.zeros(len(problem.layout.rows)))
    curve = take_columns(problem, point, np.flatnonzero(problem.v == 0))
    return _judge(problem, *minimise(problem, curve, zero, point, lam=0.0, tol=tol), lam=0.0)[0]


def _walk(problem: Problem, state: _State, sequence: Floats, tol: float) -> Iterator[_State]:
    """Fit each penalty from the one before; wide gaps are bridged."""
    floor = state.lam * 0.01
    for lam in sequence:
        while state.lam * _WARM_RATIO > max(lam, floor):
            state = _fit(problem, state, state.lam * _WARM_RATIO, 1e-4)
        state = _fit(problem, state, float(lam), tol)
        yield state


def _fit(problem: Problem, state: _State, lam: float, tol: float) -> _State:
    """Fit one penalty on the columns that the strong rule keeps; columns that violate optimality join."""
    strong = np.abs(state.gradient) >= problem.alpha * problem.v * (2 * lam - state.lam)
    curve = keep_columns(problem, state.curve, strong | (state.coef != 0) | (problem.v == 0))
    while True:
        fitted = minimise(problem, curve, state.coef, state.point, lam=lam, tol=tol)
        state, gap = _judge(problem, *fitted, lam=lam)
        outside = gap > tol
        outside[state.curve.columns] = False
        if not outside.any():
            return state
        curve = add_columns(problem, state.curve, np.flatnonzero(outside))


def _judge(problem: Problem, coef: Floats, point: Point, curve: Curve, *, lam: float) -> tuple[_State, Floats]:
    """Return a fit with the gradient of all columns, and the distance from optimality of each."""
    gradient = mean_gradient(point.residual, problem.G, problem.layout.total)
    l1, l2 = lam * problem.alpha * problem.v, lam * (1 - problem.alpha) * problem.v
    gap = find_gap(gradient + l2 * coef, coef, l1)
    kkt = float(gap.max(initial=0.0))
    return _State(lam=lam, coef=coef, gradient=gradient, kkt=kkt, point=point, curve=curve), gap
