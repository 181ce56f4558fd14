"""Newton's method for a batch of concave log likelihoods, with step halving and a test for an infinite maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from netgen.association.partial_likelihood import Evaluation

RUNNING, CONVERGED, FLAT = range(3)

STEP_TOLERANCE: Final = 1e-8  # change of the linear predictor; after such a step the score is 0 up to rounding
FLAT_GAIN: Final = 1e-11  # a step that promises less than this leads nowhere,
FLAT_STEP: Final = 1e-3  # and if it is longer than this the maximum is at infinity
MAX_STEP: Final = 5.0  # change of the linear predictor
MAX_ITERATIONS: Final = 100
MAX_HALVINGS: Final = 20


class Maximum(NamedTuple):
    """Coefficients (m, p) with value, score and information there, how each search ended (m,), and the steps made."""

    coef: NDArray[np.float64]
    at: Evaluation
    state: NDArray[np.intp]
    iterations: int


def maximise(
    objective: Callable[[NDArray[np.float64], NDArray[np.intp]], Evaluation],
    start: NDArray[np.float64],
    reach: NDArray[np.float64],
    *,
    at: Evaluation | None = None,
) -> Maximum:
    """Maximise m concave log likelihoods of p coefficients.

    Parameters
    ----------
    objective
        Given coefficients (a, p) and the models they belong to (a,), the log likelihoods and their derivatives.
    start
        (m, p) starting values.
    reach
        (m, p) or (p,) range of each covariate: a step times the reach is the largest change of a linear predictor.
    at
        Evaluation at ``start`` if there is one already; it is overwritten.

    Returns
    -------
    Maximum
        ``state`` is ``CONVERGED``, or ``FLAT``: the log likelihood does not rise any more although the steps do not
        become small, so there is no finite maximum; the value is then the supremum to about 1e-10. Value and
        information are those before the last step of less than 1e-8, which changes them by less than rounding and
        1e-8 of themselves.
    """
    coef = start.copy()
    reach = np.broadcast_to(reach, start.shape)
    state = np.full(len(start), RUNNING)
    at = objective(coef, np.arange(len(start))) if at is None else at
    iterations = 0
    while (state == RUNNING).any() and iterations < MAX_ITERATIONS:
        active = np.flatnonzero(state == RUNNING)
        score = at.score[active]
        step = solve_each(at.information[active], score)
        size = np.abs(step * reach[active]).max(axis=1)
        last = size < STEP_TOLERANCE
        coef[active[last]] += step[last]
        state[active[last]] = CONVERGED
        state[active[((score * step).sum(axis=1) < 2 * FLAT_GAIN) & (size > FLAT_STEP)]] = FLAT
        moving = state[active] == RUNNING
        step *= np.minimum(1.0, MAX_STEP / np.maximum(size, MAX_STEP))[:, None]
        stuck = _advance(objective, coef, at, active[moving], step[moving])
        stuck_size = size[np.searchsorted(active, stuck)]
        state[stuck] = np.where(stuck_size < FLAT_STEP, CONVERGED, FLAT)  # rounding hides what is left of the rise
        iterations += 1
    state[state == RUNNING] = FLAT
    return Maximum(coef, at, state, iterations)


def solve_each(matrices: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve a batch of symmetric systems, in the least-squares sense where one is singular.

    Parameters
    ----------
    matrices
        (m, p, p).
    vectors
        (m, p).

    Returns
    -------
    NDArray[np.float64]
        (m, p).
    """
    try:
        return np.asarray(np.linalg.solve(matrices, vectors[..., None])[..., 0])
    except np.linalg.LinAlgError:
        return np.asarray((np.linalg.pinv(matrices, hermitian=True) @ vectors[..., None])[..., 0])


def _advance(
    objective: Callable[[NDArray[np.float64], NDArray[np.intp]], Evaluation],
    coef: NDArray[np.float64],
    at: Evaluation,
    rows: NDArray[np.intp],
    step: NDArray[np.float64],
) -> NDArray[np.intp]:
    """Move ``rows`` by their steps, halved until the log likelihood does not fall; return those that cannot move.

    ``coef`` and ``at`` are updated.
    """
    for _ in range(MAX_HALVINGS):
        if len(rows) == 0:
            break
        trial = coef[rows] + step
        new = objective(trial, rows)
        better = new.loglik >= at.loglik[rows] - 1e-12 * (1 + np.abs(at.loglik[rows]))
        good = rows[better]
        coef[good] = trial[better]
        for old, values in zip(at, new, strict=True):
            old[good] = values[better]
        rows, step = rows[~better], step[~better] / 2
    return rows
