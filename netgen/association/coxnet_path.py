"""From penalty to penalty: a fit starts from the one before it, on the columns that the sequential strong rule keeps.

Small problems walk in NumPy, with Newton steps (``proximal_newton.py``), large ones in compiled code
(``coordinate_descent.py``), judged by NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.breslow import evaluate_likelihood
from netgen.association.coxnet_columns import combine
from netgen.association.proximal_newton import (
    MAX_STEPS,
    Fits,
    Problem,
    add_columns,
    find_gap,
    keep_columns,
    mean_gradient,
    minimise,
    start_fits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_WARM_RATIO: Final = 0.6  # wider gaps between penalties are bridged by unreported fits
_BRIDGE_TOL: Final = 1e-4  # accuracy of those
_FLOOR: Final = 0.01  # of the largest penalty: below it nothing is bridged
LEAP: Final = 2.0  # most that the change between two penalties is prolonged by for the next
_CELLS: Final = 2_000_000  # penalties x patients, or columns, that are judged together
_LARGE: Final = 1_000_000  # paths x (patients x columns + a constant): NumPy needs about a microsecond for each
_PER_PATH: Final = 65_000  # of the same, whatever the size
_AHEAD: Final = 3  # penalties for which new columns are taken in at a time


@dataclass(frozen=True, kw_only=True)
class Stop:
    """B fits at a penalty.

    Attributes
    ----------
    coef, gradient
        (B, p) coefficients, and gradient of the mean negative log-likelihood.
    loglik, kkt
        (B,) log-likelihood, and largest violation of the optimality conditions.
    reached
        (B,) True where the wanted accuracy was reached.
    """

    coef: Floats
    gradient: Floats
    loglik: Floats
    kkt: Floats
    reached: Flags


def fit_unpenalised(problem: Problem, *, tol: float, max_steps: int = MAX_STEPS) -> tuple[Fits, Stop]:
    """Fit the columns that are not penalised alone.

    Parameters
    ----------
    problem
        What is minimised.
    tol
        Largest violation of the optimality conditions.
    max_steps
        Newton steps per penalty.

    Returns
    -------
    tuple[Fits, Stop]
        Where to go on from, and the fit.
    """
    fits = start_fits(problem, np.flatnonzero((problem.l1 + problem.l2 == 0).any(axis=0)))
    reached = minimise(problem, fits, lam=1.0, tol=tol, max_steps=max_steps)
    return fits, _judge(problem, fits, 0.0, reached=reached)[0]


def is_large(shape: tuple[int, ...], count: int) -> bool:
    """Say whether paths are worth compiled code: NumPy would need more than about a second.

    Parameters
    ----------
    shape
        Patients and columns.
    count
        Paths.

    Returns
    -------
    bool
        True = large.
    """
    return count * (shape[0] * shape[1] + _PER_PATH) > _LARGE


def walk_path(
    problem: Problem, fits: Fits, first: Stop, lambdas: Floats, *, top: float, tol: float, max_steps: int = MAX_STEPS
) -> Iterator[Stop]:
    """Fit each penalty from the one before; wide gaps are bridged.

    Parameters
    ----------
    problem
        What is minimised.
    fits, first
        The fit without penalised columns.
    lambdas
        (L,) decreasing penalties.
    top
        Penalty from which that fit is the optimum.
    tol
        Largest violation of the optimality conditions, of all columns.
    max_steps
        Newton steps per penalty.

    Yields
    ------
    Stop
        One per penalty.
    """
    stop, here = first, top
    for i, lam in enumerate(lambdas):
        for bridge in _bridges(here, float(lam), top):
            stop = _fit(problem, fits, stop, here, bridge, bridge, _BRIDGE_TOL, max_steps)
            here = bridge
        ahead = float(lambdas[min(i + _AHEAD, len(lambdas) - 1)])
        stop = _fit(problem, fits, stop, here, float(lam), max(ahead, lam / 2), tol, max_steps)
        here = float(lam)
        yield stop


def walk_compiled(problem: Problem, first: Stop, lambdas: Floats, *, top: float, tol: float) -> Iterator[Stop]:
    """Fit each penalty of one weighting by compiled coordinate descent; NumPy judges, and mends what is not accurate.

    Parameters
    ----------
    problem
        What is minimised, with one weighting.
    first
        The fit without penalised columns.
    lambdas
        (L,) decreasing penalties.
    top
        Penalty from which that fit is the optimum.
    tol
        Largest violation of the optimality conditions, of all columns.

    Yields
    ------
    Stop
        One per penalty.
    """
    coefs = _descend(problem, first, lambdas, top, tol)
    size = max(1, _CELLS // max(problem.columns.values.shape))
    for start in range(0, len(lambdas), size):
        part = slice(start, start + size)
        for stop, lam in zip(_judge_all(problem, coefs[part], lambdas[part], tol), lambdas[part], strict=True):
            yield stop if stop.reached[0] else _mend(problem, stop, float(lam), tol)


def _descend(problem: Problem, first: Stop, lambdas: Floats, top: float, tol: float) -> Floats:
    """Coefficients (L, p); a start is what the last two penalties promise."""
    from netgen.association.coordinate_descent import fit_penalty, gather_cohort

    cohort = gather_cohort(problem.columns, problem.pooled)
    unit = cohort.unit
    b, gradient = first.coef[0] / unit, first.gradient[0] * unit
    l1, l2 = problem.l1[0] * unit, problem.l2[0] * unit**2
    coefs, before, here, gap = np.empty((len(lambdas), len(b))), b, top, 0.0
    for i, lam in enumerate(lambdas):
        for stage in (*_bridges(here, float(lam), top), float(lam)):
            screen = l1 * (2 * stage - here)
            ahead = b + (b - before) * min((here - stage) / gap, LEAP) if gap > 0 else b
            before, gap = b, here - stage
            b = np.where((b != 0) & (ahead * b > 0) & (before != 0), ahead, b)
            fit_penalty(
                cohort, b, gradient, stage * l1, stage * l2, screen, tol if stage == lam else _BRIDGE_TOL, MAX_STEPS
            )
            here = stage
        coefs[i] = b * unit
    return coefs


def _bridges(here: float, lam: float, top: float) -> list[float]:
    """Penalties that bridge a wide gap."""
    stages = []
    while here * _WARM_RATIO > max(lam, top * _FLOOR):
        here *= _WARM_RATIO
        stages.append(here)
    return stages


def _judge_all(problem: Problem, coefs: Floats, lambdas: Floats, tol: float) -> Iterator[Stop]:
    """Fits of one weighting at several penalties."""
    point = evaluate_likelihood(problem.layout, combine(problem.columns, coefs))
    gradient = mean_gradient(point.residual, problem.columns, problem.layout.total)
    l1, l2 = lambdas[:, None] * problem.l1, lambdas[:, None] * problem.l2
    kkt = find_gap(gradient + l2 * coefs, coefs, l1).max(axis=1, initial=0.0)
    for i in range(len(coefs)):
        part = slice(i, i + 1)
        yield Stop(
            coef=coefs[part],
            gradient=gradient[part],
            loglik=point.loglik[part],
            kkt=kkt[part],
            reached=kkt[part] <= tol,
        )


def _mend(problem: Problem, stop: Stop, lam: float, tol: float) -> Stop:
    """Fit one penalty from a fit that is nearly right."""
    which = np.flatnonzero(stop.coef[0] != 0)
    return _fit(problem, start_fits(problem, which, stop.coef), stop, lam, lam, lam, tol, MAX_STEPS)


def _fit(
    problem: Problem, fits: Fits, stop: Stop, last: float, lam: float, ahead: float, tol: float, max_steps: int
) -> Stop:
    """Fit one penalty on the columns that the strong rule keeps; columns that violate optimality join."""
    steep = np.abs(stop.gradient)
    keep = (fits.coef != 0) | (steep >= problem.l1 * (2 * lam - last))
    wanted = steep >= problem.l1 * (2 * ahead - last)
    fits.curve = keep_columns(problem, fits.curve, np.asarray(keep.any(axis=0)), np.asarray(wanted.any(axis=0)))
    while True:
        reached = minimise(problem, fits, lam=lam, tol=tol, max_steps=max_steps)
        stop, gap = _judge(problem, fits, lam, reached=reached)
        outside = np.asarray((gap > tol).any(axis=0))
        outside[fits.curve.which] = False
        if not outside.any():
            return stop
        fits.curve = add_columns(problem, fits.curve, np.flatnonzero(outside))


def _judge(problem: Problem, fits: Fits, lam: float, *, reached: bool) -> tuple[Stop, Floats]:
    """Return a fit with the gradient of all columns, and the distance from optimality of each."""
    gradient = mean_gradient(fits.point.residual, problem.columns, problem.layout.total)
    gap = find_gap(gradient + lam * problem.l2 * fits.coef, fits.coef, lam * problem.l1)
    stop = Stop(
        coef=fits.coef.copy(),
        gradient=gradient,
        loglik=fits.point.loglik.copy(),
        kkt=gap.max(axis=1, initial=0.0),
        reached=np.array([reached]),
    )
    return stop, gap
