"""Elastic-net Cox fits of many training folds or bootstrap samples, all at once.

A training fold is a weighting of the patients by 0 and 1, a bootstrap sample one by counts. With few columns one step
of the arrays is a step of every fit: there is no working set to choose, the second-order model of each fit holds all
columns. With many, each fit is a path of its own (``coxnet_path.py``), of the patients and columns that it uses.
Results are those of ``fit_coxnet`` for each weighting alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.breslow import Layout, Point, evaluate_likelihood, lay_out, sum_terms, take_weightings
from netgen.association.coxnet_columns import Columns, hold_columns
from netgen.association.coxnet_path import LEAP, fit_unpenalised, is_large, walk_compiled, walk_path
from netgen.association.proximal_newton import FLOOR, JITTER, MAX_STEPS, SHORTEST, find_gap, find_still, pose_problem
from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Flags = NDArray[np.bool_]

_FEW: Final = 30  # columns up to which each fit has its own second derivatives,
_SMALL: Final = 10_000  # if columns x patients are no more than this
_CELLS: Final = 200_000  # folds x columns x patients that are then fitted together: they fit into the cache
_CONSTANT: Final = 1e-12  # variance over mean square from which a column counts as constant


@dataclass(frozen=True, kw_only=True)
class _Folds:
    """B fits that share columns (p, m), centred: weightings, kept columns and slopes per unit of lambda (B, p)."""

    G: Floats
    layout: Layout
    kept: Flags
    l1: Floats
    l2: Floats


class _Options(NamedTuple):
    """How each fit is made: as the arguments of ``fit_folds``, and whether by compiled code."""

    alpha: float
    standardize: bool
    ties: Ties
    tol: float
    compiled: bool


class _Quadratic(NamedTuple):
    """Second-order models of A fits, x'Qx/2 + c'x + sum l1 |x| over the kept columns: (A, p, p), then (A, p)."""

    Q: Floats
    c: Floats
    l1: Floats
    kept: Flags


def fit_folds(
    X: Floats,
    risk: RiskSets,
    training: ArrayLike,
    *,
    lambdas: Floats,
    alpha: float,
    penalty_factor: Floats,
    kept: Flags,
    standardize: bool,
    tol: float,
    ties: Ties = "breslow",
    threads: int = 1,
) -> Floats:
    """Return the coefficients of every weighting for a sequence of penalties, and without penalised columns.

    Nothing may be missing in ``X``. Columns constant in a training fold get coefficient 0 there, up to rounding.

    Parameters
    ----------
    X
        (n, p) columns, rows in the order of ``risk``.
    risk
        Risk sets of all n patients.
    training
        (B, n) patients each fit is made with (True, False), or how often each counts: numbers >= 0, for example of a
        bootstrap sample; 0 = left out. Each fit needs an event with a weight.
    lambdas
        (L,) penalties, decreasing.
    alpha
        Mixing: 1 lasso, 0 ridge.
    penalty_factor
        (p,) multipliers of the penalty, used as they are; 0 = unpenalised.
    kept
        (B, p) columns each fit may use; the others get coefficient 0.
    standardize
        As in ``fit_coxnet``, by the training fold.
    tol
        Largest violation of the optimality conditions that ends a fit.
    ties
        ``breslow`` or ``efron``. With Efron's ties a count of 2 is a weight, not two patients, as in R ``coxph``.
    threads
        Workers; the result does not depend on it.

    Returns
    -------
    NDArray[np.float64]
        (B, L + 1, p); the last penalty stands for the fit without penalised columns.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, or a weighting has no event.
    ArithmeticError
        If a fit does not reach ``tol``.

    Notes
    -----
    Witness: ``fit_coxnet`` on the patients of each fold, and with repeated patients (``tests/association``).
    """
    weights = np.asarray(training, dtype=np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("training must hold finite numbers >= 0: how often each patient counts")
    if not (weights[:, risk.event] > 0).any(axis=1).all():
        raise ValueError("a training fold has no event; use fewer folds")
    if X.shape[1] <= _FEW and X.size <= _SMALL:
        size = max(1, _CELLS // max(X.size, 1))

        def fit_part(first: int) -> Floats:
            part = slice(first, first + size)
            layout, own = lay_out(risk, weights[part], ties=ties), kept[part]
            spread = _spread(X, weights[part]) if standardize else np.ones(own.shape)
            return _fit_few(X, layout, own, lambdas, alpha, penalty_factor, spread, tol)

        with ThreadPoolExecutor(threads) as pool:
            return np.concatenate(list(pool.map(fit_part, range(0, len(weights), size))))
    options = _Options(
        alpha=alpha, standardize=standardize, ties=ties, tol=tol, compiled=is_large(X.shape, len(weights))
    )
    columns = hold_columns(X, np.arange(len(X)), X.mean(axis=0), np.ones(X.shape[1]), np.ptp(X, axis=0) > 0)

    def fit_row(b: int) -> Floats:
        return _fit_one(columns, risk, weights[b], kept[b], penalty_factor, lambdas, options)

    with ThreadPoolExecutor(threads) as pool:
        return np.array(list(pool.map(fit_row, range(len(weights)))))


def _spread(X: Floats, weights: Floats) -> Floats:
    """Weighted population SD (B, p) of the columns."""
    centred = X - X.mean(axis=0)
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.sqrt(np.maximum(weights @ centred**2 / total - (weights @ centred / total) ** 2, 0.0)))


def _fit_one(
    columns: Columns, risk: RiskSets, weight: Floats, kept: Flags, factor: Floats, lambdas: Floats, options: _Options
) -> Floats:
    """One fit (L + 1, p), of the patients and columns that it uses."""
    rows = np.flatnonzero(weight > 0)
    part = build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])
    layout = lay_out(part, weight[rows], ties=options.ties)
    share = weight / layout.total
    here, used = _narrow(columns, kept, share, rows[layout.rows], standardize=options.standardize)
    v = factor[used]
    problem = pose_problem(here, layout, options.alpha * v, (1 - options.alpha) * v)
    fits, null = fit_unpenalised(problem, tol=options.tol)
    top = float(np.max(np.abs(null.gradient[0, problem.l1[0] > 0]) / problem.l1[0, problem.l1[0] > 0], initial=0.0))
    top = top if (problem.l1 > 0).any() else float(lambdas.max(initial=1.0))
    walk = partial(walk_compiled, problem) if options.compiled else partial(walk_path, problem, fits)
    stops = [*walk(null, lambdas, top=top, tol=options.tol), null]
    if not all(stop.reached[0] for stop in stops):
        raise ArithmeticError(f"a Cox fit of a training fold did not reach a gradient of {options.tol:.2g}")
    coef = np.zeros((len(stops), len(kept)))
    coef[:, used] = np.concatenate([stop.coef for stop in stops]) / here.scale
    return coef


def _narrow(columns: Columns, kept: Flags, share: Floats, rows: Rows, *, standardize: bool) -> tuple[Columns, Rows]:
    """Return those of the columns to keep that vary among the patients with a share, in units of their SD if wanted.

    The columns hold the rows asked for, and are copied once: of large cohorts they are most of the memory.
    """
    values = columns.values
    dense = isinstance(values, np.ndarray)
    square = np.einsum("ij,ij,j->i", values, values, share) if dense else values.multiply(values) @ share
    variance = square - (values @ share) ** 2
    used = np.flatnonzero(kept & (variance > _CONSTANT * square))
    scale = np.sqrt(variance[used]) if standardize else np.ones(len(used))
    part = values[np.ix_(used, rows)] if dense else values[used][:, rows]
    return Columns(values=part, offset=columns.offset[used], scale=scale), used


def _fit_few(
    X: Floats,
    layout: Layout,
    kept: Flags,
    lambdas: Floats,
    alpha: float,
    factor: Floats,
    spread: Floats,
    tol: float,
) -> Floats:
    """Fits (B, L + 1, p), each with second derivatives of its own."""
    l1, l2 = alpha * factor * spread, (1 - alpha) * factor * spread**2
    scale = X.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    G = np.ascontiguousarray(((X - X.mean(axis=0)) / scale)[layout.rows].T)
    folds = _Folds(G=G, layout=layout, kept=kept, l1=l1 / scale, l2=l2 / scale**2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a trial step may be absurd
        null, *fitted = _walk(folds, (l1 + l2 == 0).any(axis=0), lambdas, tol)
    return np.stack([*fitted, null], axis=1) / scale


def _walk(folds: _Folds, free: Flags, lambdas: Floats, tol: float) -> Iterator[Floats]:
    """Fit without penalised columns, then each penalty from what the last two promise."""
    coef = np.zeros(folds.kept.shape)
    point = evaluate_likelihood(folds.layout, np.zeros(folds.layout.weight.shape))
    yield _minimise(folds, coef, point, folds.kept & free, 0.0, tol).copy()
    before = coef
    for i, lam in enumerate(lambdas):
        if i > 1 and lambdas[i - 2] > lambdas[i - 1]:
            leap = min((lambdas[i - 1] - lam) / (lambdas[i - 2] - lambdas[i - 1]), LEAP)
            ahead = coef + leap * (coef - before)
            before, coef = coef, np.where((before != 0) & (ahead * coef > 0), ahead, coef)
            point = evaluate_likelihood(folds.layout, coef @ folds.G)
        yield _minimise(folds, coef, point, folds.kept, float(lam), tol).copy()


def _minimise(folds: _Folds, coef: Floats, point: Point, kept: Flags, lam: float, tol: float) -> Floats:
    """Newton steps of all fits that are not at their optimum yet; ``coef`` and ``point`` are brought up to date."""
    l1, l2 = lam * folds.l1, lam * folds.l2
    todo = np.arange(len(coef))
    for _ in range(MAX_STEPS):
        b = coef[todo]
        g = -(point.residual[todo] @ folds.G.T) / folds.layout.total[todo][:, None]
        gap = np.where(kept[todo], find_gap(g + l2[todo] * b, b, l1[todo]), 0.0).max(axis=1, initial=0.0)
        far = gap > tol
        if not far.any():
            return coef
        todo, b, g = todo[far], b[far], g[far]
        layout, here = take_weightings(folds.layout, todo), Point(*(part[todo] for part in point))
        H, slope = _hold_still(_curvature(folds.G, layout, here), g, l1[todo] + l2[todo], tol)
        Q = H + l2[todo][:, :, None] * np.eye(H.shape[1])
        model = _Quadratic(Q, slope - np.einsum("aij,aj->ai", H, b), l1[todo], kept[todo])
        target = _solve(model, b, 0.01 * tol)
        coef[todo], there = _line_search(folds.G, layout, here, b, target, g, l1[todo], l2[todo])
        for old, new in zip(point, there, strict=True):
            old[todo] = new
    text = f"the Cox fits of {len(todo)} training folds at lambda = {lam:.6g} stopped at a gradient of {gap.max():.2g}"
    raise ArithmeticError(f"{text}, needed {tol:.2g}")


def _curvature(G: Floats, layout: Layout, point: Point) -> Floats:
    """Second derivatives (A, p, p) of the mean negative log-likelihoods."""
    means = sum_terms(layout, G * point.share[:, None, :])
    means *= (np.sqrt(layout.d) / point.risk)[:, None, :]
    bent = (G * point.curvature[:, None, :]) @ G.T
    return np.asarray((bent - means @ means.transpose(0, 2, 1)) / layout.total[:, None, None])


def _hold_still(H: Floats, g: Floats, penalty: Floats, tol: float) -> tuple[Floats, Floats]:
    """Second-order models (A, p, p) and gradients that leave coefficients alone that nothing holds any more."""
    still = find_still(np.diagonal(H, axis1=-2, axis2=-1), g, penalty, tol)
    if not still.any():
        return H, g
    apart = still[..., :, None] | still[..., None, :]
    return np.where(apart, np.eye(H.shape[-1]), H), np.where(still, 0.0, g)


def _line_search(
    G: Floats, layout: Layout, point: Point, b: Floats, target: Floats, g: Floats, l1: Floats, l2: Floats
) -> tuple[Floats, Point]:
    """Go from b towards target, each fit as far as its true objective falls enough."""

    def penalty(x: Floats, rows: Rows) -> Floats:
        return np.asarray((l1[rows] * np.abs(x) + l2[rows] * x * x / 2).sum(axis=1))

    todo = np.arange(len(b))
    step = target - b
    move = step @ G
    paid = penalty(b, todo)
    now = paid - point.loglik / layout.total
    slope = (g * step).sum(axis=1) + penalty(target, todo) - paid
    new, reached, t = b.copy(), Point(*(part.copy() for part in point)), 1.0
    while len(todo) and t > SHORTEST:
        ahead = target[todo] if t == 1 else b[todo] + t * step[todo]
        part = take_weightings(layout, todo)
        trial = evaluate_likelihood(part, point.eta[todo] + t * move[todo])
        value = penalty(ahead, todo) - trial.loglik / part.total
        lower = value <= (now + 1e-4 * t * slope + 1e-14 * np.abs(now))[todo]
        new[todo[lower]] = ahead[lower]
        for old, found in zip(reached, trial, strict=True):
            old[todo[lower]] = found[lower]
        todo, t = todo[~lower], t / 2
    return new, reached


def _solve(model: _Quadratic, b: Floats, slack: float) -> Floats:
    """Minimise each model from b by exact steps on a support: one coefficient leaves at 0, or the steepest enters."""
    b = b.copy()
    support = model.kept & ((b != 0) | (model.l1 == 0))
    todo = np.arange(len(b))
    for _ in range(MAX_STEPS):
        part = _Quadratic(model.Q[todo], model.c[todo], model.l1[todo], model.kept[todo])
        here, held = b[todo], support[todo]
        target = _solve_support(part, here, held)
        stopped = _stop_at_zero(part, here, held, target)
        enters = _enter(part, here, held, slack, ~stopped)
        b[todo], support[todo] = here, held
        todo = todo[stopped | enters]
        if not len(todo):
            break
    return b


def _stop_at_zero(model: _Quadratic, b: Floats, support: Flags, target: Floats) -> Flags:
    """Bring b to target or to where its first coefficient would change sign, which then leaves; say where that was."""
    row = np.arange(len(b))
    crossing = support & (model.l1 > 0) & (target * np.sign(b) <= 0)
    t = np.where(crossing, b / (b - target), 2.0)
    first = t.argmin(axis=1)
    stopped: Flags = crossing[row, first]
    b[:] = np.where(stopped[:, None], b + t[row, first][:, None] * (target - b), target)
    b[stopped, first[stopped]], support[stopped, first[stopped]] = 0.0, False
    return stopped


def _enter(model: _Quadratic, b: Floats, support: Flags, slack: float, allowed: Flags) -> Flags:
    """Let the coefficient that violates optimality most enter, with its own best value; say where there was one."""
    q = np.einsum("aij,aj->ai", model.Q, b) + model.c
    excess = np.where(model.kept & ~support, np.abs(q) - model.l1, -np.inf)
    enters: Flags = allowed & (excess.max(axis=1) > slack)
    row = np.flatnonzero(enters)
    best = excess.argmax(axis=1)[row]
    b[row, best] = -np.sign(q[row, best]) * excess[row, best] / (model.Q[row, best, best] + FLOOR)
    support[row, best] = True
    return enters


def _solve_support(model: _Quadratic, b: Floats, support: Flags) -> Floats:
    """Minimum of each model over its support, the signs of b taken for granted; 0 elsewhere."""
    Q = np.where(support[:, :, None] & support[:, None, :], model.Q, 0.0)
    diagonal = np.einsum("aii->ai", Q)
    jitter = JITTER * diagonal.max(axis=1, initial=0.0)[:, None] + FLOOR
    diagonal += np.where(support, jitter, 1.0)
    right = np.where(support, jitter * b - model.c - model.l1 * np.sign(b), 0.0)
    return np.asarray(np.linalg.solve(Q, right[:, :, None])[:, :, 0])
