"""Counting ranks in the beginning of a list, for many queries at once, in O((n + q) log n).

The list is split by the bits of its ranks from the highest to the lowest (a wavelet matrix); every query follows the
bits of its own rank and adds up what goes the other way. Each bit is a handful of array operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ranks = NDArray[np.intp]


def count_below(ranks: Ranks, weights: Floats, ends: Ranks, query: Ranks) -> tuple[Floats, Floats]:
    """Return, for each query, the weight of the first ``ends`` items with a smaller rank, and with the same rank.

    Parameters
    ----------
    ranks
        (n,) ranks >= 0 of the items.
    weights
        (n,) their weights.
    ends
        (q,) how many items from the beginning count.
    query
        (q,) rank each query compares with.

    Returns
    -------
    tuple[NDArray[np.float64], NDArray[np.float64]]
        (q,) weights of smaller and of equal ranks.

    Notes
    -----
    Witness: sums over all pairs (``tests/association/test_concordance.py``).
    """
    first, last = np.zeros(len(query), dtype=np.intp), np.asarray(ends, dtype=np.intp)
    below = np.zeros(len(query))
    largest = max(int(ranks.max(initial=0)), int(query.max(initial=0)))
    for bit in reversed(range(largest.bit_length())):
        high = (ranks >> bit) & 1 == 1
        lows = np.append(0, np.cumsum(~high))  # items that go to the front
        low_weight = np.append(0.0, np.cumsum(np.where(high, 0.0, weights)))
        up = (query >> bit) & 1 == 1
        below += np.where(up, low_weight[last] - low_weight[first], 0.0)
        first, last = (np.where(up, lows[-1] + place - lows[place], lows[place]) for place in (first, last))
        order = np.argsort(high, kind="stable")
        ranks, weights = ranks[order], weights[order]
    sums = np.append(0.0, np.cumsum(weights))
    return below, sums[last] - sums[first]
