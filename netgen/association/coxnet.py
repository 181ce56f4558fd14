"""Elastic-net Cox regression: the whole path of penalties, with strata, delayed entry and unpenalised columns.

The smooth part is replaced by its exact second-order model on a working set of columns; coordinate descent decides
which columns enter that model, a linear solve finds their values, and a line search on the true objective makes every
step go down. The curvature is kept while it still serves: a gradient costs a hundredth of a Hessian.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

_MAX_STEPS: Final = 200  # Newton steps per penalty; a handful are used
_RIDGE_ALPHA: Final = 1e-3  # below this mixing, lambda_max is that of this mixing (as glmnet)
_STALE: Final = 0.25  # a step that reduces the gradient less than this renews the curvature
_CHEAP: Final = 30  # columns up to which the curvature is always renewed
_SHORTEST: Final = 1e-10  # step length at which the line search gives up
_FLOOR: Final = 1e-15  # added to a curvature that may be 0
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
class _Layout:
    """Rows that are ever at risk, ordered by the slot of their exit, and where strata begin and end."""

    rows: Rows  # (m,) into the caller's rows
    weight: Floats  # (m,)
    event: Floats  # (m,) weight of the row's event, 0 if censored
    exits: Rows  # (K,) first row that leaves in each slot
    late: Rows  # rows that enter after the first slot of their stratum, by slot
    late_first: Rows  # first of ``late`` in each of late_slot
    late_slot: Rows
    blocks: tuple[tuple[int, int], ...]  # slots of each stratum
    block_first: Rows  # first row of each stratum
    row_block: Rows  # (m,)
    start: Rows  # (m,) position in the cumulative hazard, which has one leading 0 per stratum
    stop: Rows
    d: Floats  # (K,) weighted events
    total: float  # weight of all rows, those never at risk included


@dataclass(frozen=True, kw_only=True)
class _Point:
    """The partial likelihood at one linear predictor."""

    eta: Floats  # (m,)
    loglik: float
    share: Floats  # (m,) weighted relative hazards, up to a factor per stratum
    risk: Floats  # (K,) their sums over risk sets
    residual: Floats  # (m,) martingale residuals, the gradient with respect to eta
    curvature: Floats  # (m,) expected events


@dataclass(frozen=True, kw_only=True)
class _Problem:
    """What is minimised: columns (p, m) centred and scaled, penalty factors, mixing."""

    G: Floats
    layout: _Layout
    v: Floats
    alpha: float


@dataclass(frozen=True, kw_only=True)
class _Curve:
    """Second-order model of the mean negative log-likelihood on a working set of columns, taken at ``point``."""

    columns: Rows  # (a,)
    G: Floats  # (a, m) the columns
    M: Floats  # (a, K) their risk-set means times sqrt(d)
    H: Floats  # (a, a)
    point: _Point


@dataclass(frozen=True, kw_only=True)
class _State:
    """A fit: coefficients, gradient of the mean negative log-likelihood, and what the next fit starts from."""

    lam: float
    coef: Floats
    gradient: Floats
    point: _Point
    curve: _Curve


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
    matrix, factor = _check(X, risk, penalty_factor, alpha=alpha, rescale=rescale_penalty_factors)
    layout = _lay_out(risk, weights)
    columns, scale = _columns(matrix, layout, weights, standardize=standardize)
    G, v, back = _reduce(columns, factor, alpha)
    problem = _Problem(G=G, layout=layout, v=v, alpha=alpha)
    with np.errstate(divide="ignore", invalid="ignore"):  # a trial step may be absurd: the line search turns it down
        null = _fit_unpenalised(problem, tol)
    lambda_max = float(np.max(np.abs(null.gradient[v > 0]) / v[v > 0], initial=0.0)) / max(alpha, _RIDGE_ALPHA)
    sequence = _sequence(lambdas, lambda_max, n_lambda, lambda_min_ratio or _default_ratio(alpha, risk, len(v)))
    with np.errstate(divide="ignore", invalid="ignore"):
        fits = list(_walk(problem, replace(null, lam=lambda_max), sequence, tol))
    coef = np.dot(np.array([fit.coef for fit in fits]).reshape(len(sequence), len(v)), back) / scale
    loglik = np.array([fit.point.loglik for fit in fits])
    zero = _evaluate(layout, np.zeros(len(layout.rows))).loglik
    saturated = -float(layout.d @ np.log(layout.d))
    return CoxnetPath(
        lambdas=sequence,
        coef=coef,
        null_coef=np.dot(null.coef, back) / scale,
        loglik=loglik,
        loglik_null=null.point.loglik,
        loglik_zero=zero,
        deviance_ratio=(loglik - zero) / (saturated - zero) if saturated > zero else np.zeros(len(sequence)),
        n_nonzero=np.count_nonzero(coef, axis=1),
        kkt=np.array([np.max(_violation(problem, fit), initial=0.0) for fit in fits]),
        lambda_max=lambda_max,
        alpha=float(alpha),
        penalty_factor=factor,
    )


def breslow_loglik(eta: ArrayLike, risk: RiskSets) -> Floats:
    """Return the Breslow log partial likelihood of given linear predictors.

    Parameters
    ----------
    eta
        (..., n) linear predictors; only differences within a stratum matter.
    risk
        Risk sets of the n patients.

    Returns
    -------
    NDArray[np.float64]
        One value per linear predictor: the shape of ``eta`` without its last axis.
    """
    layout = _lay_out(risk, None)
    return _loglik(layout, np.asarray(eta, dtype=np.float64)[..., layout.rows])[0]


def breslow_hazard(eta: ArrayLike, risk: RiskSets) -> Floats:
    """Return the Breslow cumulative baseline hazard after each slot of the risk sets.

    Parameters
    ----------
    eta
        (n,) linear predictors; the baseline is a patient whose linear predictor is 0.
    risk
        Risk sets of the n patients.

    Returns
    -------
    NDArray[np.float64]
        (K,) cumulative hazard, starting anew in each stratum.
    """
    layout = _lay_out(risk, None)
    step = layout.d / _risk_sums(layout, np.exp(np.asarray(eta, dtype=np.float64)[layout.rows]))
    return np.concatenate([np.cumsum(step[a:b]) for a, b in layout.blocks])


def _check(
    X: ArrayLike, risk: RiskSets, penalty_factor: ArrayLike | None, *, alpha: float, rescale: bool
) -> tuple[Floats, Floats]:
    """Columns and penalty factors as floats, or ValueError."""
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
    if risk.n_slots == 0:
        raise ValueError("a Cox model needs at least one event, found none")
    return matrix, factor * (len(factor) / factor.sum()) if rescale and factor.any() else factor


def _lay_out(risk: RiskSets, weights: ArrayLike | None) -> _Layout:
    """Order the rows that are ever at risk by exit slot."""
    weight = np.ones(len(risk.time)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != risk.time.shape or not (weight > 0).all():
        raise ValueError("weights must hold one number > 0 per patient; leave patients out instead of weighting by 0")
    rows = np.flatnonzero(risk.start < risk.stop)
    rows = rows[np.argsort(risk.stop[rows], kind="stable")]
    last, start = risk.stop[rows] - 1, risk.start[rows]
    _, first, block_of = np.unique(risk.slot_stratum, return_index=True, return_inverse=True)
    bounds = np.append(first, risk.n_slots)
    row_block = block_of[last]
    event = np.where(risk.event[rows], weight[rows], 0.0)
    late = np.flatnonzero(start > first[row_block])
    late = late[np.argsort(start[late], kind="stable")]
    late_slot, late_first = np.unique(start[late] - 1, return_index=True)
    return _Layout(
        rows=rows,
        weight=weight[rows],
        event=event,
        exits=np.searchsorted(last, np.arange(risk.n_slots)),
        late=late,
        late_first=late_first,
        late_slot=late_slot,
        blocks=tuple((int(a), int(b)) for a, b in pairwise(bounds)),
        block_first=np.searchsorted(row_block, np.arange(len(first))),
        row_block=row_block,
        start=start + row_block,
        stop=last + 1 + row_block,
        d=np.bincount(last, weights=event, minlength=risk.n_slots).astype(np.float64),
        total=float(weight.sum()),
    )


def _columns(matrix: Floats, layout: _Layout, weights: ArrayLike | None, *, standardize: bool) -> tuple[Floats, Floats]:
    """Centred columns as rows (p, m), and what they were divided by."""
    share = np.ones(len(matrix)) if weights is None else np.asarray(weights, dtype=np.float64)
    share = share / share.sum()
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


def _risk_sums(layout: _Layout, values: Floats) -> Floats:
    """Sum (..., m) values over the K risk sets: those still to leave less those still to enter."""
    total = np.add.reduceat(values, layout.exits, axis=-1)
    if layout.late.size:
        total[..., layout.late_slot] -= np.add.reduceat(values[..., layout.late], layout.late_first, axis=-1)
    for a, b in layout.blocks:
        total[..., a:b] = total[..., a:b][..., ::-1].cumsum(axis=-1)[..., ::-1]
    return total


def _loglik(layout: _Layout, eta: Floats) -> tuple[Floats, Floats, Floats]:
    """Log-likelihood of (..., m) linear predictors, relative hazards and their risk-set sums."""
    centred = eta - np.maximum.reduceat(eta, layout.block_first, axis=-1)[..., layout.row_block]
    share = layout.weight * np.exp(centred)
    risk = _risk_sums(layout, share)
    return centred @ layout.event - np.log(risk) @ layout.d, share, risk


def _evaluate(layout: _Layout, eta: Floats) -> _Point:
    """Log-likelihood, its gradient and curvature at a linear predictor (m,)."""
    loglik, share, risk = _loglik(layout, eta)
    hazard = np.zeros(len(layout.d) + len(layout.blocks))
    step = layout.d / risk
    for j, (a, b) in enumerate(layout.blocks):
        step[a:b].cumsum(out=hazard[a + j + 1 : b + j + 1])
    curvature = share * (hazard[layout.stop] - hazard[layout.start])
    return _Point(
        eta=eta, loglik=float(loglik), share=share, risk=risk, residual=layout.event - curvature, curvature=curvature
    )


def _fit_unpenalised(problem: _Problem, tol: float) -> _State:
    """Fit the columns with penalty factor 0 alone."""
    zero = np.zeros(len(problem.v))
    point = _evaluate(problem.layout, np.zeros(len(problem.layout.rows)))
    curve = _model(problem, point, np.flatnonzero(problem.v == 0))
    coef, point, curve = _settle(problem, curve, zero, point, lam=0.0, tol=tol)
    return _State(lam=0.0, coef=coef, gradient=_gradient(problem.layout, problem.G, point), point=point, curve=curve)


def _walk(problem: _Problem, state: _State, sequence: Floats, tol: float) -> Iterator[_State]:
    """Fit each penalty from the one before; wide gaps are bridged."""
    floor = state.lam * 0.01
    for lam in sequence:
        while state.lam * _WARM_RATIO > max(lam, floor):
            state = _fit(problem, state, state.lam * _WARM_RATIO, 1e-4)
        state = _fit(problem, state, float(lam), tol)
        yield state


def _fit(problem: _Problem, state: _State, lam: float, tol: float) -> _State:
    """Fit one penalty on the columns that the strong rule keeps; columns that violate optimality join."""
    strong = np.abs(state.gradient) >= problem.alpha * problem.v * (2 * lam - state.lam)
    curve = _choose(problem, state.curve, strong | (state.coef != 0) | (problem.v == 0))
    coef, point = state.coef, state.point
    while True:
        coef, point, curve = _settle(problem, curve, coef, point, lam=lam, tol=tol)
        gradient = _gradient(problem.layout, problem.G, point)
        state = _State(lam=lam, coef=coef, gradient=gradient, point=point, curve=curve)
        outside = _violation(problem, state) > tol
        outside[curve.columns] = False
        if not outside.any():
            return state
        curve = _extend(problem, curve, np.flatnonzero(outside))


def _settle(
    problem: _Problem, curve: _Curve, coef: Floats, point: _Point, *, lam: float, tol: float
) -> tuple[Floats, _Point, _Curve]:
    """Minimise over the working set; the second-order model is renewed when it no longer serves."""
    v = problem.v[curve.columns]
    l1, l2 = lam * problem.alpha * v, lam * (1 - problem.alpha) * v
    b = coef[curve.columns]
    g = _gradient(problem.layout, curve.G, point)
    gap = _gap(g + l2 * b, b, l1).max(initial=0.0)
    for _ in range(_MAX_STEPS):
        if gap <= tol:
            break
        Q = curve.H + np.diag(l2) if problem.alpha < 1 else curve.H
        target = _solve_quadratic(Q, g - curve.H @ b, b, l1, slack=0.01 * tol)
        b, point = _line_search(problem.layout, curve, point, b, target, g, l1, l2)
        g = _gradient(problem.layout, curve.G, point)
        before, gap = gap, _gap(g + l2 * b, b, l1).max(initial=0.0)
        if gap > max((_STALE if len(b) > _CHEAP else 0.0) * before, tol):
            curve = _model(problem, point, curve.columns)
    else:
        raise ArithmeticError(f"the Cox fit at lambda = {lam:.6g} stopped at a gradient of {gap:.2g}, needed {tol:.2g}")
    coef = np.zeros(len(problem.v))
    coef[curve.columns] = b
    return coef, point, curve


def _line_search(
    layout: _Layout, curve: _Curve, point: _Point, b: Floats, target: Floats, g: Floats, l1: Floats, l2: Floats
) -> tuple[Floats, _Point]:
    """Go from b towards target as far as the true objective falls enough."""

    def penalty(x: Floats) -> float:
        return float(l1 @ np.abs(x) + l2 @ (x * x) / 2)

    step = target - b
    move = step @ curve.G
    paid = penalty(b)
    now = paid - point.loglik / layout.total
    slope = float(g @ step) + penalty(target) - paid
    t, new = 1.0, target
    while t > _SHORTEST:
        trial = _evaluate(layout, point.eta + t * move)
        if penalty(new) - trial.loglik / layout.total <= now + 1e-4 * t * slope + 1e-14 * abs(now):
            return new, trial
        t /= 2
        new = b + t * step
    return b, point


def _solve_quadratic(Q: Floats, c: Floats, b: Floats, l1: Floats, *, slack: float) -> Floats:
    """Minimise x'Qx/2 + c'x + sum l1 |x| from b: coordinate descent for what enters, a linear solve for the values."""
    b = _solve_support(Q, c, b, l1)
    for _ in range(_MAX_STEPS):
        q = Q @ b + c
        entering = ((b == 0) & (np.abs(q) > l1 + slack)).nonzero()[0]
        if not entering.size:
            break
        for j in entering:
            excess = abs(q[j]) - l1[j]
            if excess > 0:
                b[j] = -np.sign(q[j]) * excess / (Q[j, j] + _FLOOR)
                q += Q[j] * b[j]
        b = _solve_support(Q, c, b, l1)
    return b


def _solve_support(Q: Floats, c: Floats, b: Floats, l1: Floats) -> Floats:
    """Minimise over the non-zero coefficients; one that would change sign is stopped at 0 and leaves."""
    b = b.copy()
    support = ((b != 0) | (l1 == 0)).nonzero()[0]
    jitter = 1e-12 * Q.diagonal().max(initial=0.0) + _FLOOR  # columns may be collinear
    while support.size:
        here, sign = b[support], np.sign(b[support])
        matrix = Q[support[:, None], support]
        matrix.flat[:: support.size + 1] += jitter
        target = np.linalg.solve(matrix, -c[support] - l1[support] * sign)
        crossing = ((l1[support] > 0) & (target * sign <= 0)).nonzero()[0]
        if not crossing.size:
            b[support] = target
            break
        t = here[crossing] / (here[crossing] - target[crossing])
        b[support] = here + t.min() * (target - here)
        b[support[crossing[t.argmin()]]] = 0.0
        support = np.delete(support, crossing[t.argmin()])
    return b


def _model(problem: _Problem, point: _Point, columns: Rows) -> _Curve:
    """Second-order model at a point for the given columns."""
    m, K = len(point.eta), len(point.risk)
    none = _Curve(
        columns=np.empty(0, dtype=np.intp), G=np.empty((0, m)), M=np.empty((0, K)), H=np.empty((0, 0)), point=point
    )
    return _extend(problem, none, columns)


def _extend(problem: _Problem, curve: _Curve, columns: Rows) -> _Curve:
    """Add columns to a second-order model, at the point where it was taken."""
    layout, point = problem.layout, curve.point
    G = problem.G[columns]
    M = _risk_sums(layout, G * point.share) * (np.sqrt(layout.d) / point.risk)
    bent = G * point.curvature
    cross = (bent @ curve.G.T - M @ curve.M.T) / layout.total
    own = (bent @ G.T - M @ M.T) / layout.total
    return _Curve(
        columns=np.concatenate([curve.columns, columns]),
        G=np.vstack([curve.G, G]),
        M=np.vstack([curve.M, M]),
        H=np.block([[curve.H, cross.T], [cross, own]]),
        point=point,
    )


def _choose(problem: _Problem, curve: _Curve, keep: NDArray[np.bool_]) -> _Curve:
    """Bring the working set to the columns to keep; a few idle ones may stay."""
    stay = keep[curve.columns]
    if len(stay) > 1.5 * stay.sum() + 20:
        curve = replace(
            curve, columns=curve.columns[stay], G=curve.G[stay], M=curve.M[stay], H=curve.H[np.ix_(stay, stay)]
        )
    missing = keep.copy()
    missing[curve.columns] = False
    return _extend(problem, curve, np.flatnonzero(missing)) if missing.any() else curve


def _gradient(layout: _Layout, G: Floats, point: _Point) -> Floats:
    """Gradient of the mean negative log-likelihood for the given columns."""
    return np.asarray(-(G @ point.residual) / layout.total)


def _gap(gradient: Floats, b: Floats, l1: Floats) -> Floats:
    """Distance from optimality of each coefficient; ``gradient`` includes the ridge part."""
    inside = np.maximum(np.abs(gradient) - l1, 0.0)
    return np.asarray(np.where(b != 0, np.abs(gradient + l1 * np.sign(b)), inside))


def _violation(problem: _Problem, state: _State) -> Floats:
    """Distance from optimality of every coefficient of a fit."""
    l1, l2 = state.lam * problem.alpha * problem.v, state.lam * (1 - problem.alpha) * problem.v
    return _gap(state.gradient + l2 * state.coef, state.coef, l1)
