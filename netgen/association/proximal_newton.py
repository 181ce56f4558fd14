"""One elastic-net Cox fit: minimisation over a working set of columns by proximal Newton steps.

The smooth part is replaced by its exact second-order model; coordinate descent decides which columns enter, a linear
solve finds their values, and a line search on the true objective makes every step go down. The curvature is kept while
it still serves: a gradient costs a hundredth of a Hessian.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.breslow import Layout, Point, evaluate_breslow, sum_at_risk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

MAX_STEPS: Final = 200  # Newton steps per penalty; a handful are used
SHORTEST: Final = 1e-10  # step length at which the line search gives up
FLOOR: Final = 1e-15  # added to a curvature that may be 0
JITTER: Final = 1e-12  # times the largest curvature: a pull to where a step begins, for columns may be collinear
_STALE: Final = 0.25  # a step that reduces the gradient less than this renews the curvature
_CHEAP: Final = 30  # columns up to which the curvature is always renewed


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is minimised: columns (p, m) centred and scaled, patients, penalty factors (p,), mixing."""

    G: Floats
    layout: Layout
    v: Floats
    alpha: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Second-order model of the mean negative log-likelihood on a working set of columns, taken at ``point``.

    ``columns`` (a,); ``G`` (a, m) their values; ``M`` (a, K) their risk-set means times sqrt(d); ``H`` (a, a).
    """

    columns: Rows
    G: Floats
    M: Floats
    H: Floats
    point: Point


def minimise(
    problem: Problem, curve: Curve, coef: Floats, point: Point, *, lam: float, tol: float
) -> tuple[Floats, Point, Curve]:
    """Minimise over the working set; the second-order model is renewed when it no longer serves.

    Parameters
    ----------
    problem
        What is minimised.
    curve
        Working set with a second-order model, which may have been taken elsewhere.
    coef
        (p,) start; 0 outside the working set.
    point
        The likelihood there.
    lam
        Penalty.
    tol
        Largest violation of the optimality conditions of the working set that ends the search.

    Returns
    -------
    tuple[NDArray[np.float64], Point, Curve]
        Coefficients (p,), the likelihood there, and the last second-order model.

    Raises
    ------
    ArithmeticError
        If ``tol`` is not reached.
    """
    v = problem.v[curve.columns]
    l1, l2 = lam * problem.alpha * v, lam * (1 - problem.alpha) * v
    b = coef[curve.columns]
    g = mean_gradient(point.residual, curve.G, problem.layout.total)
    gap = find_gap(g + l2 * b, b, l1).max(initial=0.0)
    for _ in range(MAX_STEPS):
        if gap <= tol:
            break
        H, slope = hold_still(curve.H, g, l1 + l2, tol)
        Q = H + np.diag(l2) if problem.alpha < 1 else H
        target = _solve_quadratic(Q, slope - H @ b, b, l1, slack=0.01 * tol)
        b, point = _line_search(problem.layout, curve, point, b, target, g, l1, l2)
        g = mean_gradient(point.residual, curve.G, problem.layout.total)
        before, gap = gap, find_gap(g + l2 * b, b, l1).max(initial=0.0)
        if gap > max((_STALE if len(b) > _CHEAP else 0.0) * before, tol):
            curve = _bend(problem, point, curve.columns, curve.G)
    else:
        raise ArithmeticError(f"the Cox fit at lambda = {lam:.6g} stopped at a gradient of {gap:.2g}, needed {tol:.2g}")
    coef = np.zeros(len(problem.v))
    coef[curve.columns] = b
    return coef, point, curve


def take_columns(problem: Problem, point: Point, columns: Rows) -> Curve:
    """Return the second-order model of a working set at a point.

    Parameters
    ----------
    problem
        What is minimised.
    point
        The likelihood somewhere.
    columns
        (a,) working set.

    Returns
    -------
    Curve
        Taken at ``point``.
    """
    return _bend(problem, point, columns, problem.G[columns])


def add_columns(problem: Problem, curve: Curve, columns: Rows) -> Curve:
    """Return a second-order model with more columns, at the point where it was taken.

    Parameters
    ----------
    problem
        What is minimised.
    curve
        Model to be extended.
    columns
        Columns that are not in its working set.

    Returns
    -------
    Curve
        The new columns come last.
    """
    new = take_columns(problem, curve.point, columns)
    a = len(curve.columns)
    H = np.empty((a + len(columns), a + len(columns)))
    H[:a, :a], H[a:, a:] = curve.H, new.H
    H[a:, :a] = ((new.G * curve.point.curvature) @ curve.G.T - new.M @ curve.M.T) / problem.layout.total
    H[:a, a:] = H[a:, :a].T
    return Curve(
        columns=np.concatenate([curve.columns, columns]),
        G=np.concatenate([curve.G, new.G]),
        M=np.concatenate([curve.M, new.M]),
        H=H,
        point=curve.point,
    )


def keep_columns(problem: Problem, curve: Curve, keep: NDArray[np.bool_]) -> Curve:
    """Return a second-order model whose working set holds the columns to keep; a few idle ones may stay.

    Parameters
    ----------
    problem
        What is minimised.
    curve
        Model so far.
    keep
        (p,) columns to keep.

    Returns
    -------
    Curve
        At the point where ``curve`` was taken.
    """
    stay = keep[curve.columns]
    if len(stay) > 1.5 * stay.sum() + 20:
        curve = replace(
            curve, columns=curve.columns[stay], G=curve.G[stay], M=curve.M[stay], H=curve.H[np.ix_(stay, stay)]
        )
    missing = keep.copy()
    missing[curve.columns] = False
    return add_columns(problem, curve, np.flatnonzero(missing)) if missing.any() else curve


def mean_gradient(residual: Floats, G: Floats, total: Floats) -> Floats:
    """Return the gradient of the mean negative log-likelihood for columns.

    Parameters
    ----------
    residual
        (..., m) martingale residuals, one row per weighting.
    G
        (p, m) columns.
    total
        (...) weight of all patients.

    Returns
    -------
    NDArray[np.float64]
        (..., p).
    """
    return np.asarray(-(residual @ G.T) / total[..., None])


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


def hold_still(H: Floats, g: Floats, penalty: Floats, tol: float) -> tuple[Floats, Floats]:
    """Return a second-order model that leaves coefficients alone that nothing holds any more.

    Where an unpenalised column separates the events its coefficient is infinite. It stops once the gradient has
    vanished; else it would drift with every step that is made for the sake of the others.

    Parameters
    ----------
    H, g
        (..., a, a) second derivatives and (..., a) gradient of the smooth part.
    penalty
        (..., a) 0 where a column is not penalised.
    tol
        Gradient that counts as none; a second derivative of ten times that as well.

    Returns
    -------
    tuple[NDArray[np.float64], NDArray[np.float64]]
        The same, with coefficients apart whose Newton step is 0 then.
    """
    still = (penalty == 0) & (np.abs(g) <= tol) & (np.diagonal(H, axis1=-2, axis2=-1) <= 10 * tol)
    if not still.any():
        return H, g
    apart = still[..., :, None] | still[..., None, :]
    return np.where(apart, np.eye(H.shape[-1]), H), np.where(still, 0.0, g)


def _bend(problem: Problem, point: Point, columns: Rows, G: Floats) -> Curve:
    """Second-order model at a point for columns whose values are at hand."""
    M = sum_at_risk(problem.layout, G * point.share) * (np.sqrt(problem.layout.d) / point.risk)
    H = ((G * point.curvature) @ G.T - M @ M.T) / problem.layout.total
    return Curve(columns=columns, G=G, M=M, H=H, point=point)


def _line_search(
    layout: Layout, curve: Curve, point: Point, b: Floats, target: Floats, g: Floats, l1: Floats, l2: Floats
) -> tuple[Floats, Point]:
    """Go from b towards target as far as the true objective falls enough."""

    def penalty(x: Floats) -> float:
        return float(l1 @ np.abs(x) + l2 @ (x * x) / 2)

    step = target - b
    move = step @ curve.G
    paid = penalty(b)
    now = paid - point.loglik / layout.total
    slope = float(g @ step) + penalty(target) - paid
    t, new = 1.0, target
    while t > SHORTEST:
        trial = evaluate_breslow(layout, point.eta + t * move)
        if penalty(new) - trial.loglik / layout.total <= now + 1e-4 * t * slope + 1e-14 * abs(now):
            return new, trial
        t /= 2
        new = b + t * step
    return b, point


def _solve_quadratic(Q: Floats, c: Floats, b: Floats, l1: Floats, *, slack: float) -> Floats:
    """Minimise x'Qx/2 + c'x + sum l1 |x| from b: coordinate descent for what enters, a linear solve for the values."""
    b = _solve_support(Q, c, b, l1)
    for _ in range(MAX_STEPS):
        q = Q @ b + c
        entering = ((b == 0) & (np.abs(q) > l1 + slack)).nonzero()[0]
        if not entering.size:
            break
        for j in entering:
            excess = abs(q[j]) - l1[j]
            if excess > 0:
                b[j] = -np.sign(q[j]) * excess / (Q[j, j] + FLOOR)
                q += Q[j] * b[j]
        b = _solve_support(Q, c, b, l1)
    return b


def _solve_support(Q: Floats, c: Floats, b: Floats, l1: Floats) -> Floats:
    """Minimise over the non-zero coefficients; one that would change sign is stopped at 0 and leaves."""
    b = b.copy()
    support = ((b != 0) | (l1 == 0)).nonzero()[0]
    jitter = JITTER * Q.diagonal().max(initial=0.0) + FLOOR
    while support.size:
        here, sign = b[support], np.sign(b[support])
        matrix = Q[support[:, None], support]
        matrix.flat[:: support.size + 1] += jitter
        target = np.linalg.solve(matrix, jitter * here - c[support] - l1[support] * sign)
        crossing = ((l1[support] > 0) & (target * sign <= 0)).nonzero()[0]
        if not crossing.size:
            b[support] = target
            break
        t = here[crossing] / (here[crossing] - target[crossing])
        b[support] = here + t.min() * (target - here)
        b[support[crossing[t.argmin()]]] = 0.0
        support = np.delete(support, crossing[t.argmin()])
    return b
