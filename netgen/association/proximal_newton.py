"""Elastic-net Cox fits by proximal Newton steps.

The smooth part is replaced by a second-order model (``active_set.py`` minimises it), and a line search on the true
objective makes every step go down. The second derivatives are kept while they still serve: a gradient costs a
hundredth of them. Arrays have an axis of weightings, of length 1, as those of ``breslow.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.active_set import Metric, share_metric, solve_models
from netgen.association.breslow import Layout, Point, evaluate_likelihood, sum_terms
from netgen.association.coxnet_columns import Columns, combine, cross, iter_blocks, project, take

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Flags = NDArray[np.bool_]

MAX_STEPS: Final = 200  # Newton steps per penalty; a handful are used
SHORTEST: Final = 1e-10  # step length at which the line search gives up
FLOOR: Final = 1e-15  # added to a curvature that may be 0
JITTER: Final = 1e-12  # times the largest curvature: a pull to where a step begins, for columns may be collinear
_CHEAP: Final = 30  # columns up to which the second derivatives are always renewed
_STALE: Final = 0.7  # a step that reduces the gradient less than this renews the second derivatives
_FREE_STEPS: Final = 2  # per penalty; later ones are put down to stale second derivatives


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is minimised by a fit.

    Attributes
    ----------
    columns
        (p, m) columns.
    layout
        Patients with their weighting, on an axis of length 1.
    pooled
        The same without that axis.
    l1, l2
        (1, p) slopes of the lasso and ridge penalty per unit of lambda.
    """

    columns: Columns
    layout: Layout
    pooled: Layout
    l1: Floats
    l2: Floats


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Second derivatives of the mean negative log-likelihood on a working set of columns, at one point.

    ``which`` (a,) numbers of the columns; ``columns`` (a, m) themselves; ``M`` (a, T) their means over the risk set of
    each term times sqrt(d); ``H`` (a, a); ``point`` the likelihood where they were taken.
    """

    which: Rows
    columns: Columns
    M: Floats
    H: Floats
    point: Point


@dataclass(kw_only=True)
class Fits:
    """Where a fit is: coefficients (1, p), likelihood, second derivatives, and what their age has cost."""

    coef: Floats
    point: Point
    curve: Curve
    metric: Metric | None = None
    metric_of: tuple[object, float] | None = None
    excess: float = 0.0


def pose_problem(columns: Columns, layout: Layout, l1: Floats, l2: Floats) -> Problem:
    """Return a problem with one weighting.

    Parameters
    ----------
    columns
        (p, m) columns.
    layout
        Patients with one weighting, without an axis of weightings.
    l1, l2
        (p,) slopes of the lasso and ridge penalty per unit of lambda.

    Returns
    -------
    Problem
        B = 1.
    """
    alone = replace(
        layout,
        weight=layout.weight[None],
        event=layout.event[None],
        d=layout.d[None],
        idle=layout.idle[None],
        total=layout.total[None],
        tied=None if layout.tied is None else layout.tied._replace(share=layout.tied.share[None]),
    )
    return Problem(columns=columns, layout=alone, pooled=layout, l1=l1[None], l2=l2[None])


def minimise(problem: Problem, fits: Fits, *, lam: float, tol: float, max_steps: int = MAX_STEPS) -> bool:
    """Minimise over the working set; ``fits`` is brought up to date.

    Parameters
    ----------
    problem
        What is minimised.
    fits
        Start; coefficients are 0 outside the working set.
    lam
        Penalty.
    tol
        Largest violation of the optimality conditions of the working set that ends the search.
    max_steps
        Steps after which it ends all the same.

    Returns
    -------
    bool
        True if ``tol`` was reached.
    """
    which, total = fits.curve.which, problem.layout.total
    l1, l2 = lam * problem.l1[:, which], lam * problem.l2[:, which]
    b, before = fits.coef[:, which], np.inf
    for turn in range(max_steps + 1):
        g = mean_gradient(fits.point.residual, fits.curve.columns, total) + l2 * b
        gap = float(find_gap(g, b, l1).max(initial=0.0))
        if turn == max_steps or not gap > tol:
            break
        if turn and _is_old(fits, gap / before, turn):
            fits.curve = _bend(problem, _here(fits.point), which, fits.curve.columns)
            fits.excess = 0.0
        before = gap
        b = _step(problem, fits, b, g, l1, l2, lam=lam, tol=tol)
    fits.coef[:, which] = b
    return gap <= tol


def start_fits(problem: Problem, which: Rows, coef: Floats | None = None) -> Fits:
    """Return fits with given coefficients and a working set.

    Parameters
    ----------
    problem
        What is minimised.
    which
        (a,) numbers of the columns in the working set.
    coef
        (1, p) coefficients, 0 outside the working set; None = all 0.

    Returns
    -------
    Fits
        Second derivatives are those at the coefficients.
    """
    start = np.zeros(problem.l1.shape) if coef is None else coef.copy()
    point = evaluate_likelihood(problem.layout, combine(problem.columns, start))
    curve = _bend(problem, _here(point), which, take(problem.columns, which))
    return Fits(coef=start, point=point, curve=curve)


def add_columns(problem: Problem, curve: Curve, which: Rows) -> Curve:
    """Return second derivatives of more columns, at the point where the others were taken.

    Parameters
    ----------
    problem
        What is minimised.
    curve
        Second derivatives to be extended.
    which
        Numbers of columns that are not in its working set.

    Returns
    -------
    Curve
        The new columns come last.
    """
    new = _bend(problem, curve.point, which, take(problem.columns, which))
    a = len(curve.which)
    H = np.empty((a + len(which), a + len(which)))
    H[:a, :a], H[a:, a:] = curve.H, new.H
    H[a:, :a] = cross(new.columns, curve.columns, curve.point.curvature) - new.M @ curve.M.T
    H[a:, :a] /= problem.pooled.total
    H[:a, a:] = H[a:, :a].T
    everything = np.concatenate([curve.which, which])
    return Curve(
        which=everything,
        columns=take(problem.columns, everything),
        M=np.concatenate([curve.M, new.M]),
        H=H,
        point=curve.point,
    )


def keep_columns(problem: Problem, curve: Curve, keep: Flags, wanted: Flags) -> Curve:
    """Return second derivatives whose working set holds the columns to keep; a few idle ones may stay.

    Parameters
    ----------
    problem
        What is minimised.
    curve
        Second derivatives so far.
    keep
        (p,) columns to keep.
    wanted
        (p,) columns to take in as well if any is taken in: they are about to be needed.

    Returns
    -------
    Curve
        At the point where ``curve`` was taken.
    """
    stay = (keep | wanted)[curve.which]
    if len(stay) > 1.5 * stay.sum() + 20:
        curve = Curve(
            which=curve.which[stay],
            columns=take(curve.columns, np.flatnonzero(stay)),
            M=curve.M[stay],
            H=curve.H[np.ix_(stay, stay)],
            point=curve.point,
        )
    missing = keep.copy()
    missing[curve.which] = False
    if not missing.any():
        return curve
    missing |= wanted
    missing[curve.which] = False
    return add_columns(problem, curve, np.flatnonzero(missing))


def mean_gradient(residual: Floats, columns: Columns, total: Floats) -> Floats:
    """Return the gradient of the mean negative log-likelihood for columns.

    Parameters
    ----------
    residual
        (B, m) martingale residuals, one row per weighting.
    columns
        (p, m) columns.
    total
        (B,) weight of all patients.

    Returns
    -------
    NDArray[np.float64]
        (B, p).
    """
    return np.asarray(-project(columns, residual) / total[:, None])


def find_gap(gradient: Floats, b: Floats, l1: Floats) -> Floats:
    """Return the distance from optimality of each coefficient.

    Parameters
    ----------
    gradient
        (..., p) gradient of the smooth part, the ridge penalty included.
    b
        (..., p) coefficients.
    l1
        (..., p) slopes of the lasso penalty.

    Returns
    -------
    NDArray[np.float64]
        (..., p).
    """
    inside = np.maximum(np.abs(gradient) - l1, 0.0)
    return np.asarray(np.where(b != 0, np.abs(gradient + l1 * np.sign(b)), inside))


def find_still(diagonal: Floats, g: Floats, penalty: Floats, tol: float) -> Flags:
    """Return which coefficients nothing holds any more.

    Where an unpenalised column separates the events its coefficient is infinite. It stops once the gradient has
    vanished; else it would drift with every step that is made for the sake of the others.

    Parameters
    ----------
    diagonal
        (..., a) second derivatives of the smooth part.
    g
        (..., a) its gradient.
    penalty
        (..., a) 0 where a column is not penalised.
    tol
        Gradient that counts as none; a second derivative of ten times that as well.

    Returns
    -------
    NDArray[np.bool_]
        (..., a) True = to be left alone.
    """
    return np.asarray((penalty == 0) & (np.abs(g) <= tol) & (diagonal <= 10 * tol))


def _step(
    problem: Problem, fits: Fits, b: Floats, g: Floats, l1: Floats, l2: Floats, *, lam: float, tol: float
) -> Floats:
    """One step of a fit that is not at its optimum yet."""
    curve, ridge = fits.curve, l2.mean(axis=0)
    mark = (curve, lam if ridge.any() else 0.0)
    if (
        fits.metric is None
        or fits.metric_of is None
        or fits.metric_of[0] is not mark[0]
        or fits.metric_of[1] != mark[1]
    ):
        many = np.count_nonzero(b) > 0.5 * b.size and 2 * len(curve.which) < problem.layout.weight.shape[1]
        fits.metric = share_metric(curve.H + np.diag(ridge), invert=bool(many and len(curve.which) > _CHEAP))
        fits.metric_of = mark
    frozen = find_still(curve.H.diagonal(), g, l1 + l2, tol)
    target = solve_models(fits.metric, np.zeros(1, dtype=np.intp), g, b, l1, frozen=frozen, slack=0.01 * tol)
    return _line_search(problem, fits, b, target - b, g, l1, l2)


def _line_search(problem: Problem, fits: Fits, b: Floats, step: Floats, g: Floats, l1: Floats, l2: Floats) -> Floats:
    """Go from b along a step as far as the true objective falls enough; the likelihood is updated."""

    def penalty(x: Floats) -> float:
        return float((l1 * np.abs(x) + l2 * x * x / 2).sum())

    start, move = fits.point.eta, combine(fits.curve.columns, step)
    target, total, t = b + step, problem.layout.total, 1.0
    now = penalty(b) - float(fits.point.loglik[0] / total[0])
    lasso = float((l1 * (np.abs(target) - np.abs(b))).sum())
    slope = float((g * step).sum()) + lasso + float((l2 * step * step).sum()) / 2
    while t > SHORTEST:
        ahead = target if t == 1 else b + t * step
        trial = evaluate_likelihood(problem.layout, start + t * move)
        if penalty(ahead) - float(trial.loglik[0] / total[0]) <= now + 1e-4 * t * min(slope, 0.0) + 1e-14 * abs(now):
            fits.point = trial
            return ahead
        t /= 2
    return b


def _is_old(fits: Fits, shrunk: float, turn: int) -> bool:
    """Say whether new second derivatives pay: what stale ones have cost is as much (in rough nanoseconds)."""
    curve, (a, m) = fits.curve, fits.curve.columns.values.shape
    if a <= _CHEAP:
        return True
    if turn > _FREE_STEPS:
        fits.excess += 15.0 * m + 1.4 * getattr(curve.columns.values, "nnz", a * m / 5) + 0.1 * a * a
    renewal = 0.025 * a * a * (m + curve.M.shape[1]) + 5.0 * a * m + 0.05 * a**3
    return fits.excess >= renewal or shrunk > _STALE


def _here(point: Point) -> Point:
    """Return the likelihood of the one weighting, without an axis of weightings."""
    return Point(*(part[0] for part in point))


def _bend(problem: Problem, point: Point, which: Rows, columns: Columns) -> Curve:
    """Second derivatives at a point for columns whose values are at hand."""
    M = np.empty((len(which), len(problem.pooled.d)))
    root = np.sqrt(problem.pooled.d) / point.risk
    for part, values in iter_blocks(columns):
        M[part] = sum_terms(problem.pooled, values * point.share) * root
    H = (cross(columns, columns, point.curvature) - M @ M.T) / problem.pooled.total
    return Curve(which=which, columns=columns, M=M, H=H, point=point)
