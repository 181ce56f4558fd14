"""How far apart are two sequences of treatments: distances between rows of states.

A state is a whole number; ``MISSING`` is a state nobody knows, because follow-up ended before it. All distances are
computed between distinct sequences once and spread over the patients who have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MISSING: Final = -1
INDEL: Final = 1.0
SUBSTITUTION: Final = 2.0


def mean_mismatch(states: ArrayLike) -> NDArray[np.float64]:
    """Return the share of positions in which two sequences differ, among those that are known in both.

    Parameters
    ----------
    states
        (n, k) states, ``MISSING`` = not known.

    Returns
    -------
    NDArray[np.float64]
        (n, n), symmetric; NaN where no position is known in both.

    Notes
    -----
    Witness: loops in ``tests/association/test_sequences.py``. Without missing states it is the Hamming distance
    divided by k.
    """
    unique, back = _distinct(states)
    known = unique != MISSING
    both = (known[:, None] & known[None]).sum(axis=2)
    differ = (known[:, None] & known[None] & (unique[:, None] != unique[None])).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(both > 0, differ / both, np.nan)
    return np.asarray(distance[np.ix_(back, back)])


def hamming(states: ArrayLike) -> NDArray[np.float64]:
    """Return the number of positions in which two sequences differ.

    Parameters
    ----------
    states
        (n, k) states, all of them known.

    Returns
    -------
    NDArray[np.float64]
        (n, n), symmetric.

    Raises
    ------
    ValueError
        If a state is missing.

    Examples
    --------
    >>> hamming([[0, 1, 2], [0, 2, 1], [0, 1, 2]])[0].tolist()
    [0.0, 2.0, 0.0]
    """
    unique, back = _distinct(states, complete=True)
    distance = (unique[:, None] != unique[None]).sum(axis=2).astype(np.float64)
    return np.asarray(distance[np.ix_(back, back)])


def optimal_matching(
    states: ArrayLike, *, indel: float = INDEL, substitution: float | ArrayLike = SUBSTITUTION
) -> NDArray[np.float64]:
    """Return the least cost of turning one sequence into another by inserting, deleting and substituting states.

    Parameters
    ----------
    states
        (n, k) states, all of them known.
    indel
        Cost of inserting or deleting a state.
    substitution
        Cost of substituting one state by another: one number, or (s, s) costs indexed by state, for example smaller
        between related classes. A substitution is never dearer than deleting and inserting.

    Returns
    -------
    NDArray[np.float64]
        (n, n); symmetric if the costs are.

    Raises
    ------
    ValueError
        If a state is missing or has no cost, or a cost is negative.

    Notes
    -----
    The recursion of Needleman and Wunsch, all pairs at once. With indel 1 and substitution 2 it is the number of
    states outside the longest common subsequence. Witness: hand-sized cases and loops in the tests, DOMAIN SC21.

    References
    ----------
    Abbott A, Tsay A. Sequence analysis and optimal matching methods in sociology. Sociol Methods Res 29:3-33 (2000).
    """
    unique, back = _distinct(states, complete=True)
    cost = _costs(unique, substitution)
    if indel < 0 or (cost < 0).any():
        raise ValueError("costs must be numbers >= 0")
    m, k = unique.shape
    before = np.broadcast_to(np.arange(k + 1) * indel, (m, m, k + 1)).copy()
    for i in range(k):
        now = np.empty_like(before)
        now[:, :, 0] = (i + 1) * indel
        for j in range(k):
            swap = before[:, :, j] + cost[unique[:, i][:, None], unique[:, j][None, :]]
            now[:, :, j + 1] = np.minimum(swap, np.minimum(before[:, :, j + 1], now[:, :, j]) + indel)
        before = now
    return np.asarray(before[:, :, k][np.ix_(back, back)])


def _distinct(states: ArrayLike, *, complete: bool = False) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Sequences without repetition, and the place of every patient's among them."""
    rows = np.asarray(states, dtype=np.int64)
    if rows.ndim != 2:
        raise ValueError("states need two dimensions, patients and positions")
    if complete and (rows < 0).any():
        raise ValueError("this distance needs every state: pad the sequences, or use mean_mismatch")
    unique, back = np.unique(rows, axis=0, return_inverse=True)
    return unique, back.ravel()


def _costs(unique: NDArray[np.int64], substitution: float | ArrayLike) -> NDArray[np.float64]:
    """Costs of substitutions, indexed by state."""
    size = int(unique.max(initial=-1)) + 1
    given = np.asarray(substitution, dtype=np.float64)
    if given.ndim == 0:
        return np.where(np.eye(size, dtype=bool), 0.0, given)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or len(given) < size:
        raise ValueError(f"substitution costs need one row and one column for each of the {size} states")
    return given
