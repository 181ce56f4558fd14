"""Running sums over patients, from the last event slot of a stratum back to its first.

A plain running sum waits for every addition. Here the patients lie in short blocks; a product with a triangular matrix
sums within all blocks at once, and only the block totals are added up one after the other. Strata start new blocks, so
nothing is summed over strata and taken off again, and a small late risk set keeps its digits.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTHS: Final = (16, 8, 4, 2, 1)


class RunningSums(NamedTuple):
    """Where the sums are read off.

    ``width`` places per block; ``first`` (S + 1,) first block of each stratum; ``place`` (K,) last place that counts
    for each slot, -1 = none.
    """

    width: int
    first: NDArray[np.intp]
    place: NDArray[np.intp]

    def read_at(self, slots: NDArray[np.intp]) -> RunningSums:
        """Return the same sums read off at other slots, e.g. one slot several times."""
        return self._replace(place=self.place[slots])


def plan_running_sums(slot: NDArray[np.intp], strata: NDArray[np.intp]) -> tuple[NDArray[np.intp], RunningSums]:
    """Return an order of n patients in which running sums give, for every slot k, the sum over patients with slot >= k.

    Parameters
    ----------
    slot
        (n,) slot of each patient, 0 .. K-1.
    strata
        (S + 1,) first slot of every stratum, then K. Sums stay within the slots of one stratum.

    Returns
    -------
    tuple[NDArray[np.intp], RunningSums]
        (N,) patient in each place, -1 = empty; and how to read the sums.
    """
    n_strata, n_slots = len(strata) - 1, int(strata[-1])
    stratum = np.searchsorted(strata, slot, side="right") - 1
    size = np.bincount(stratum, minlength=n_strata)
    width = next(w for w in WIDTHS if w == 1 or w * n_strata * 4 <= len(slot))
    blocks = -(-size // width)
    first = np.append(0, np.cumsum(blocks))
    order = np.full(first[-1] * width, -1)
    place = np.full(n_slots, -1)
    for s in range(n_strata):
        members = np.flatnonzero(stratum == s)
        members = members[np.argsort(-slot[members], kind="stable")]
        order[first[s] * width : first[s] * width + len(members)] = members
        slots = np.arange(strata[s], strata[s + 1])
        beyond = len(members) - np.searchsorted(slot[members][::-1], slots, side="left")
        place[slots] = np.where(beyond > 0, first[s] * width + beyond - 1, -1)
    return order, RunningSums(width, first, place)


def sum_from_last(plan: RunningSums, values: NDArray[Any]) -> NDArray[Any]:
    """Return the sums of each row over the places that count for each slot.

    Parameters
    ----------
    plan
        From ``plan_running_sums``.
    values
        (r, N) values in that order, 0 in empty places; float64, or longdouble where digits are lost.

    Returns
    -------
    NDArray[np.float64]
        (r, K).
    """
    if values.shape[1] == 0:
        return np.zeros((len(values), len(plan.place)), dtype=values.dtype)
    blocks = values.reshape(len(values), -1, plan.width)
    if plan.width > 1:
        blocks = blocks @ _triangle(plan.width).astype(values.dtype, copy=False)
    before = np.zeros((len(values), blocks.shape[1], 1), dtype=values.dtype)
    for first, end in zip(plan.first[:-1], plan.first[1:], strict=True):
        if end - first > 1:
            np.cumsum(blocks[:, first : end - 1, -1], axis=1, out=before[:, first + 1 : end, 0])
    out = (blocks + before).reshape(len(values), -1)[:, plan.place]
    if (plan.place < 0).any():
        out[:, plan.place < 0] = 0
    return out


def row_dots(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the dot product of each row of a with the same row of b.

    Parameters
    ----------
    a, b
        (m, T), contiguous.

    Returns
    -------
    NDArray[np.float64]
        (m,).
    """
    return np.asarray(np.matmul(a[:, None, :], b[:, :, None])[:, 0, 0])


@cache
def _triangle(width: int) -> NDArray[np.float64]:
    """Ones on and above the diagonal: a row times this is its running sum."""
    return np.triu(np.ones((width, width)))
