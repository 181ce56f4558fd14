"""Elastic-net Cox regression: the whole path of penalties, with strata, delayed entry and unpenalised columns.

``coxnet_path.py`` walks from penalty to penalty, ``proximal_newton.py`` makes the steps. ``coxnet_folds.py`` fits many
training folds or bootstrap samples at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.breslow import evaluate_likelihood, lay_out, saturated_loglik
from netgen.association.coxnet_columns import Columns, hold_columns, iter_blocks
from netgen.association.coxnet_path import fit_unpenalised, is_large, walk_compiled, walk_path
from netgen.association.proximal_newton import pose_problem

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_RIDGE_ALPHA: Final = 1e-3  # below this mixing, lambda_max is that of this mixing (as glmnet)
_BLOCK: Final = 4_000_000  # cells that are looked at together


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
        Log partial likelihood: (L,), at ``null_coef``, at all coefficients 0.
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
    ties
        ``breslow`` or ``efron``.
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
    ties: Ties = "breslow"


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
    ties: Ties = "breslow",
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
        (n,) positive case weights; None = all 1. Only their ratios matter.
    ties
        ``breslow``, as glmnet and DOMAIN 3.11, or ``efron``, with case weights as R ``coxph``.
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
    1. Minimised: -(1/W) l(b) + lambda sum_j v_j (alpha |b_j| + (1 - alpha)/2 b_j^2); l = log partial likelihood
       summed over strata, W = sum of weights.
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
    layout = lay_out(risk, weight, ties=ties)
    mean, scale, varies = _moments(matrix, weight / weight.sum(), standardize=standardize)
    columns, v, back = _reduce(hold_columns(matrix, layout.rows, mean, scale, varies), factor, alpha)
    problem = pose_problem(columns, layout, alpha * v, (1 - alpha) * v)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a trial step may be absurd: it is turned down
        fits, null = fit_unpenalised(problem, tol=tol)
        steep = np.abs(null.gradient[0, v > 0]) / v[v > 0]
        lambda_max = float(np.max(steep, initial=0.0)) / max(alpha, _RIDGE_ALPHA)
        sequence = _sequence(lambdas, lambda_max, n_lambda, lambda_min_ratio or _default_ratio(alpha, risk, len(v)))
        compiled = back is None and is_large(matrix.shape, 1)
        walk = partial(walk_compiled, problem) if compiled else partial(walk_path, problem, fits)
        stops = [null, *walk(null, sequence, top=lambda_max, tol=tol)]
    for stop, lam in zip(stops, [0.0, *sequence], strict=True):
        if not stop.reached[0]:
            text = f"the Cox fit at lambda = {lam:.6g} stopped at a gradient of {stop.kkt[0]:.2g}, needed {tol:.2g}"
            raise ArithmeticError(text)
    scaled = np.array([stop.coef[0] for stop in stops])
    coef = np.where(varies, (scaled if back is None else scaled @ back) / scale, 0.0)
    loglik = np.array([stop.loglik[0] for stop in stops[1:]])
    zero = float(evaluate_likelihood(layout, np.zeros(len(layout.rows))).loglik)
    saturated = float(saturated_loglik(layout))
    return CoxnetPath(
        lambdas=sequence,
        coef=coef[1:],
        null_coef=coef[0],
        loglik=loglik,
        loglik_null=float(null.loglik[0]),
        loglik_zero=zero,
        deviance_ratio=(loglik - zero) / (saturated - zero) if saturated > zero else np.zeros(len(sequence)),
        n_nonzero=np.count_nonzero(coef[1:], axis=1),
        kkt=np.array([stop.kkt[0] for stop in stops[1:]]),
        lambda_max=lambda_max,
        alpha=float(alpha),
        penalty_factor=factor,
        ties=ties,
    )


def _check(
    X: ArrayLike,
    risk: RiskSets,
    penalty_factor: ArrayLike | None,
    weights: ArrayLike | None,
    *,
    alpha: float,
    rescale: bool,
) -> tuple[NDArray[Any], Floats, Floats]:
    """Columns as numbers of any type, penalty factors and patient weights, or ValueError."""
    matrix = np.asarray(X)
    if matrix.dtype.kind not in "buif":
        matrix = matrix.astype(np.float64)
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


def _moments(matrix: NDArray[Any], share: Floats, *, standardize: bool) -> tuple[Floats, Floats, Flags]:
    """Weighted means of the columns, what they are divided by, and which of them vary."""
    mean, scale = np.empty(matrix.shape[1]), np.ones(matrix.shape[1])
    varies = np.empty(matrix.shape[1], dtype=bool)
    step = max(1, _BLOCK // max(len(matrix), 1))
    for first in range(0, matrix.shape[1], step):
        part = slice(first, first + step)
        block = np.asarray(matrix[:, part], dtype=np.float64)
        mean[part], varies[part] = share @ block, np.ptp(block, axis=0) > 0
        if standardize:
            scale[part] = np.where(varies[part], np.sqrt(share @ (block - mean[part]) ** 2), 1.0)
    return mean, scale, varies


def _reduce(columns: Columns, factor: Floats, alpha: float) -> tuple[Columns, Floats, Floats | None]:
    """Turn a ridge with more columns than rows into one with as many columns as rows; coef = reduced coef @ back.

    The ridge solution lies in the span of the rows, so an orthonormal basis of that span carries the same penalty.
    """
    penalised = np.flatnonzero(factor > 0)
    if alpha > 0 or len(penalised) <= columns.values.shape[1]:
        return columns, factor, None
    G = np.concatenate([block for _, block in iter_blocks(columns)])
    free = np.flatnonzero(factor == 0)
    root = np.sqrt(factor[penalised])
    basis, size, rows = np.linalg.svd(G[penalised] / root[:, None], full_matrices=False)
    back = np.zeros((len(free) + len(size), len(factor)))
    back[np.arange(len(free)), free] = 1.0
    back[len(free) :, penalised] = (basis / root[:, None]).T
    v = np.repeat([0.0, 1.0], [len(free), len(size)])
    values = np.vstack([G[free], size[:, None] * rows])
    return Columns(values=values, offset=np.zeros(len(v)), scale=np.ones(len(v))), v, back


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
