"""Lasso steps of several fits that share a matrix of second derivatives.

Training folds differ by a tenth of their patients, and so little do their second derivatives. Fits that take the
derivatives of all patients for their own make slightly worse steps, and share the work: a fit is left with a small
linear system, of the columns it does not use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Flags = NDArray[np.bool_]
    Solver = Callable[[Floats], Floats]

_ROUNDS: Final = 12  # of entering and leaving; a step need not be exact, the fit goes on
_ENTERING: Final = 8  # rounds in which columns may still enter
_SURE_ROUNDS: Final = 200  # of the slower way, if the sets have not settled
_PULL: Final = 1e-10  # times the largest second derivative: columns may be collinear
_PULL_INVERSE: Final = 1e-7  # the same where the whole matrix is inverted
_LARGE: Final = 64  # size from which the routine for positive definite matrices is worth its import


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Second derivatives (a, a) shared by several fits; ``inverse`` (a, a) if it helps; what was solved last, by fit.

    Attributes
    ----------
    Q
        Second derivatives of the smooth part, the ridge penalty included.
    inverse
        Inverse of Q, or None.
    known
        By fit: the columns in use, and how to solve by the part of Q, or of ``inverse``, that they need.
    """

    Q: Floats
    inverse: Floats | None
    known: dict[int, tuple[bytes, Solver]] = field(default_factory=dict)


def share_metric(Q: Floats, *, invert: bool) -> Metric:
    """Return second derivatives ready to be used by several fits.

    Parameters
    ----------
    Q
        (a, a) second derivatives.
    invert
        Invert the whole matrix: right if most columns are in use, and they are fewer than patients.

    Returns
    -------
    Metric
        A little more than Q, so that collinear columns have a solution.
    """
    held = Q.copy()
    held.flat[:: len(Q) + 1] += (_PULL_INVERSE if invert else _PULL) * Q.diagonal().max(initial=0.0) + 1e-15
    return Metric(Q=held, inverse=_invert(held) if invert else None)


def solve_models(
    metric: Metric, fits: Rows, gradient: Floats, b: Floats, l1: Floats, *, frozen: Flags, slack: float
) -> Floats:
    """Return the minimum of the second-order model of each fit, lasso penalty included, or a point close to it.

    Parameters
    ----------
    metric
        Second derivatives of a columns.
    fits
        (R,) numbers of the fits, under which their linear systems are remembered.
    gradient
        (R, a) gradient of the smooth part at ``b``.
    b
        (R, a) where the model was taken.
    l1
        (R, a) slopes of the lasso penalty.
    frozen
        (R, a) coefficients that stay as they are.
    slack
        A slope that exceeds ``l1`` by this makes a column enter.

    Returns
    -------
    NDArray[np.float64]
        (R, a) coefficients.

    Notes
    -----
    Primal-dual active sets: solve for the columns in use with the signs they have, drop those that changed sign, take
    in those whose slope exceeds the penalty; repeat (Hintermueller, Ito, Kunisch, SIAM J Optim 13:865, 2002).
    """
    x, todo = b.copy(), np.arange(len(b))
    used, sign = ((b != 0) | (l1 == 0)) & ~frozen, np.sign(b)
    for turn in range(_ROUNDS):
        S, s, slope = used[todo], sign[todo], l1[todo]
        fixed = np.where(S | frozen[todo], 0.0, -b[todo])
        right = -gradient[todo] - np.where(S, slope * s, 0.0)
        step, q = (_solve_rest if metric.inverse is not None else _solve_used)(metric, fits[todo], S, right, fixed)
        there = b[todo] + step
        leaving = S & (slope > 0) & (there * s <= 0)
        there[leaving | ~(S | frozen[todo])] = 0.0
        x[todo] = there
        entering = ~S & ~frozen[todo] & (np.abs(q) > slope + slack) & (turn < _ENTERING)
        used[todo] = (S & ~leaving) | entering
        sign[todo] = np.where(entering, -np.sign(q), np.where(leaving, 0.0, s))
        todo = todo[(leaving | entering).any(axis=1)]
        if not len(todo):
            return x
    for k in todo:
        free = (~frozen[k]).nonzero()[0]
        held = metric.Q[free[:, None], free]
        x[k] = b[k]
        x[k, free] = _solve_surely(held, gradient[k, free] - held @ b[k, free], b[k, free], l1[k, free], slack)
    return x


def _solve_surely(Q: Floats, c: Floats, b: Floats, l1: Floats, slack: float) -> Floats:
    """Minimise x'Qx/2 + c'x + sum l1 |x| from b by steps that always go down: for models in which the sets cycle."""
    b = _go_to_support(Q, c, b, l1)
    for _ in range(_SURE_ROUNDS):
        q = Q @ b + c
        entering = ((b == 0) & (np.abs(q) > l1 + slack)).nonzero()[0]
        if not entering.size:
            break
        for j in entering:
            excess = abs(q[j]) - l1[j]
            if excess > 0:
                b[j] = -np.sign(q[j]) * excess / Q[j, j]
                q += Q[j] * b[j]
        b = _go_to_support(Q, c, b, l1)
    return b


def _go_to_support(Q: Floats, c: Floats, b: Floats, l1: Floats) -> Floats:
    """Minimise over the non-zero coefficients; one that would change sign is stopped at 0 and leaves."""
    b = b.copy()
    support = ((b != 0) | (l1 == 0)).nonzero()[0]
    while support.size:
        here, sign = b[support], np.sign(b[support])
        matrix = Q[support[:, None], support]
        target = here - _solver(matrix)(matrix @ here + c[support] + l1[support] * sign)
        crossing = ((l1[support] > 0) & (target * sign <= 0)).nonzero()[0]
        if not crossing.size:
            b[support] = target
            break
        t = here[crossing] / (here[crossing] - target[crossing])
        b[support] = here + t.min() * (target - here)
        b[support[crossing[t.argmin()]]] = 0.0
        support = np.delete(support, crossing[t.argmin()])
    return b


def _solve_used(metric: Metric, fits: Rows, used: Flags, right: Floats, fixed: Floats) -> tuple[Floats, Floats]:
    """Return steps by the systems of the columns in use, and the slopes of the model after them."""
    step = fixed.copy()
    rest = right - fixed @ metric.Q if fixed.any() else right
    for k, fit in enumerate(fits):
        S = used[k].nonzero()[0]
        if S.size:
            step[k, S] = _remember(metric, int(fit), used[k], metric.Q, S)(rest[k, S])
    return step, step @ metric.Q - right


def _solve_rest(metric: Metric, fits: Rows, used: Flags, right: Floats, fixed: Floats) -> tuple[Floats, Floats]:
    """Return the same by the inverse of the whole matrix and the systems of the columns not in use."""
    assert metric.inverse is not None
    step = right @ metric.inverse
    force = np.zeros_like(step)
    for k, fit in enumerate(fits):
        N = (~used[k]).nonzero()[0]
        if N.size:
            force[k, N] = _remember(metric, int(fit), used[k], metric.inverse, N)(fixed[k, N] - step[k, N])
    step += force @ metric.inverse
    return np.where(used, step, fixed), force


def _remember(metric: Metric, fit: int, used: Flags, matrix: Floats, part: Rows) -> Solver:
    """Solve by a part of a matrix; what was worked out for the last step serves if it is the same part."""
    key = used.tobytes()
    known = metric.known.get(fit)
    if known is None or known[0] != key:
        known = metric.known[fit] = (key, _solver(matrix[part[:, None], part]))
    return known[1]


def _solver(matrix: Floats) -> Solver:
    """Return a function that solves linear systems of a symmetric matrix that should be positive definite."""
    if len(matrix) >= _LARGE:
        from scipy.linalg.lapack import dpotrf, dpotrs

        factor, failed = dpotrf(matrix, lower=1, clean=0)
        if not failed:
            return lambda right: np.asarray(dpotrs(factor, right, lower=1)[0])
    inverse = _invert(matrix)
    return lambda right: np.asarray(inverse @ right)


def _invert(matrix: Floats) -> Floats:
    """Inverse of a symmetric matrix that should be positive definite."""
    if len(matrix) >= _LARGE:
        from scipy.linalg.lapack import dpotrf, dpotri

        factor, failed = dpotrf(matrix, lower=1)
        if not failed:
            half, failed = dpotri(factor, lower=1)
        if not failed:
            whole = np.tril(half)
            return np.asarray(whole + np.tril(half, -1).T)
    try:
        return np.asarray(np.linalg.inv(matrix))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.pinv(matrix))
