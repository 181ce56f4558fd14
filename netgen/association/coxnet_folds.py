"""Elastic-net Cox fits of many training folds with few columns, all at once.

A training fold is a weighting of the patients by 0 and 1, so all folds share risk sets and columns, and one step of the
arrays is a Newton step of every fold. With few columns there is no working set to choose: the second-order model holds
them all. Results are those of ``fit_coxnet`` for each fold alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.breslow import Layout, Point, evaluate_breslow, lay_out, sum_at_risk, take_weightings
from netgen.association.proximal_newton import FLOOR, JITTER, MAX_STEPS, SHORTEST, find_gap, hold_still, mean_gradient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Flags = NDArray[np.bool_]

_CELLS: Final = 200_000  # folds x columns x patients that are fitted together: they fit into the cache


@dataclass(frozen=True, kw_only=True)
class _Folds:
    """B fits that share columns (p, m), centred: weightings, kept columns and slopes per unit of lambda (B, p)."""

    G: Floats
    layout: Layout
    kept: Flags
    l1: Floats
    l2: Floats


class _Quadratic(NamedTuple):
    """Second-order models of A fits, x'Qx/2 + c'x + sum l1 |x| over the kept columns: (A, p, p), then (A, p)."""

    Q: Floats
    c: Floats
    l1: Floats
    kept: Flags


def fit_folds(
    X: Floats,
    risk: RiskSets,
    training: Flags,
    *,
    lambdas: Floats,
    alpha: float,
    penalty_factor: Floats,
    kept: Flags,
    standardize: bool,
    tol: float,
) -> Floats:
    """Return the coefficients of every training fold for a sequence of penalties, and without penalised columns.

    Nothing may be missing in ``X``. Columns constant in a training fold get coefficient 0 there, up to rounding.

    Parameters
    ----------
    X
        (n, p) columns, rows in the order of ``risk``.
    risk
        Risk sets of all n patients.
    training
        (B, n) patients each fit is made with; each needs an event.
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

    Returns
    -------
    NDArray[np.float64]
        (B, L + 1, p); the last penalty stands for the fit without penalised columns.

    Raises
    ------
    ArithmeticError
        If a fit does not reach ``tol``.

    Notes
    -----
    Witness: ``fit_coxnet`` on the patients of each fold (``tests/association``).
    """
    scale = X.std(axis=0) if standardize else np.ones(X.shape[1])
    scale = np.where(scale > 0, scale, 1.0)
    columns = (X - X.mean(axis=0)) / scale
    coef = np.empty((len(training), len(lambdas) + 1, X.shape[1]))
    size = max(1, _CELLS // max(X.size, 1))
    for first in range(0, len(training), size):
        part = slice(first, first + size)
        sd = [columns[rows].std(axis=0) for rows in training[part]] if standardize else np.ones(kept[part].shape)
        layout = lay_out(risk, training[part])
        folds = _Folds(
            G=np.ascontiguousarray(columns[layout.rows].T),
            layout=layout,
            kept=kept[part],
            l1=alpha * penalty_factor * np.array(sd),
            l2=(1 - alpha) * penalty_factor * np.array(sd) ** 2,
        )
        with np.errstate(divide="ignore", invalid="ignore"):  # a trial step may be absurd: it is turned down
            for k, fitted in enumerate(_walk(folds, penalty_factor == 0, lambdas, tol)):
                coef[part, k - 1] = fitted  # the unpenalised fit comes first and goes last
    return coef / scale


def _walk(folds: _Folds, free: Flags, lambdas: Floats, tol: float) -> Iterator[Floats]:
    """Fit without penalised columns, then each penalty from the one before."""
    coef = np.zeros(folds.kept.shape)
    point = evaluate_breslow(folds.layout, np.zeros(folds.layout.weight.shape))
    yield _minimise(folds, coef, point, folds.kept & free, 0.0, tol).copy()
    for lam in lambdas:
        yield _minimise(folds, coef, point, folds.kept, float(lam), tol).copy()


def _minimise(folds: _Folds, coef: Floats, point: Point, kept: Flags, lam: float, tol: float) -> Floats:
    """Newton steps of all fits that are not at their optimum yet; ``coef`` and ``point`` are brought up to date."""
    l1, l2 = lam * folds.l1, lam * folds.l2
    todo = np.arange(len(coef))
    for _ in range(MAX_STEPS):
        b = coef[todo]
        g = mean_gradient(point.residual[todo], folds.G, folds.layout.total[todo])
        gap = np.where(kept[todo], find_gap(g + l2[todo] * b, b, l1[todo]), 0.0).max(axis=1, initial=0.0)
        far = gap > tol
        if not far.any():
            return coef
        todo, b, g = todo[far], b[far], g[far]
        layout, here = take_weightings(folds.layout, todo), Point(*(part[todo] for part in point))
        H, slope = hold_still(_curvature(folds.G, layout, here), g, l1[todo] + l2[todo], tol)
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
    means = sum_at_risk(layout, G * point.share[:, None, :])
    means *= (np.sqrt(layout.d) / point.risk)[:, None, :]
    bent = (G * point.curvature[:, None, :]) @ G.T
    return np.asarray((bent - means @ means.transpose(0, 2, 1)) / layout.total[:, None, None])


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
        trial = evaluate_breslow(part, point.eta[todo] + t * move[todo])
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
