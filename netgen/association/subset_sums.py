"""How many relabelings give a sum at least as extreme: exact counts without listing the relabelings.

A relabeling chooses ``size`` of the values of each stratum; its sum is the total over strata. The sums of all
relabelings are written as pairs of lists, every sum being one element of the left list plus one of the right list, so
that 2e7 relabelings cost two lists of a few thousand numbers, one sort and one binary search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

TOLERANCE: Final = 1e-9  # sums closer than this are equal (DOMAIN 3.2)
COUNTED: Final = 25.0  # up to this log number of relabelings a share is a ratio of whole numbers: 1 in 20 is 0.05


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a relabeling chooses: ``size`` of ``values`` in each stratum, then ``offset`` is added.

    Strata in which the labels cannot change the sum (nobody or everybody is altered, or all values are equal) are part
    of the offset. ``size`` is at most half of the values: a stratum with more altered chooses its unaltered patients,
    with the sign turned.
    """

    stratum: tuple[int, ...]
    values: tuple[NDArray[np.float64], ...]
    size: tuple[int, ...]
    offset: float

    @property
    def log_count(self) -> float:
        """Natural logarithm of the number of relabelings."""
        return sum(_log_comb(len(v), k) for v, k in zip(self.values, self.size, strict=True))

    @property
    def count(self) -> int:
        """Number of relabelings."""
        return math.prod(math.comb(len(v), k) for v, k in zip(self.values, self.size, strict=True))


def build_choices(groups: Sequence[NDArray[np.float64]], n_altered: Sequence[int]) -> Choices:
    """Return the choices of a gene.

    Parameters
    ----------
    groups
        Values of the profiled patients of each stratum.
    n_altered
        Altered patients among them.

    Returns
    -------
    Choices
        Only the strata in which labels matter.
    """
    kept: list[tuple[int, NDArray[np.float64], int]] = []
    offset = 0.0
    for s, (values, m) in enumerate(zip(groups, n_altered, strict=True)):
        if m == 0:
            continue
        if m == len(values):
            offset += float(values.sum())
        elif np.ptp(values) <= TOLERANCE:
            offset += float(values[0]) * m
        elif 2 * m > len(values):
            offset += float(values.sum())
            kept.append((s, -values, len(values) - m))
        else:
            kept.append((s, values, m))
    stratum, kept_values, size = zip(*kept, strict=True) if kept else ((), (), ())
    return Choices(stratum=stratum, values=kept_values, size=size, offset=offset)


def count_extreme(choices: Choices, thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each threshold t the number of relabelings with ``|sum| >= t - 1e-9``.

    Parameters
    ----------
    choices
        What a relabeling chooses.
    thresholds
        (g,) values of t, >= 0.

    Returns
    -------
    NDArray[np.int64]
        (g,) counts out of ``choices.count``.
    """
    reach = thresholds - TOLERANCE
    counts = np.zeros(len(reach), dtype=np.int64)
    for left, right in _pairs(choices):
        long, short = (left, right) if len(left) >= len(right) else (right, left)
        long, short = np.sort(long), np.sort(short) + choices.offset
        for g, t in enumerate(reach):
            if t <= 0:
                counts[g] += len(long) * len(short)
                continue
            above = np.searchsorted(long, t - short, side="left")
            below = np.searchsorted(long, -t - short, side="right")
            counts[g] += len(long) * len(short) - above.sum() + below.sum()
    return counts


def min_attainable_p(choices: Choices) -> float:
    """Return the smallest p-value the design allows: the share of relabelings with the largest ``|sum|``.

    Needs no enumeration. In each stratum the largest sum takes the largest values; it is attained as often as the
    values tied with the smallest of them can be chosen. The smallest sum likewise; both tails count if they tie.

    Parameters
    ----------
    choices
        What a relabeling chooses.

    Returns
    -------
    float
        In (0, 1]; 1 if all relabelings give the same sum.
    """
    top, log_top = _extreme(choices.values, choices.size)
    bottom, log_bottom = _extreme([-v for v in choices.values], choices.size)
    high, low = top + choices.offset, choices.offset - bottom
    if high - low <= TOLERANCE:
        return 1.0
    ways = [log_top] if high > -low + TOLERANCE else [log_bottom] if -low > high + TOLERANCE else [log_top, log_bottom]
    if choices.log_count < COUNTED:
        return sum(round(math.exp(log_ways)) for log_ways in ways) / choices.count
    return min(1.0, sum(math.exp(log_ways - choices.log_count) for log_ways in ways))


def _extreme(groups: Sequence[NDArray[np.float64]], sizes: Sequence[int]) -> tuple[float, float]:
    """Largest sum, and the logarithm of the number of relabelings that attain it."""
    total, log_ways = 0.0, 0.0
    for values, k in zip(groups, sizes, strict=True):
        largest = np.partition(values, len(values) - k)[len(values) - k :]
        edge = largest.min()
        beyond = int((values > edge + TOLERANCE).sum())
        tied = int((values >= edge - TOLERANCE).sum()) - beyond
        total += float(largest.sum())
        log_ways += _log_comb(tied, k - beyond)
    return total, log_ways


def _pairs(choices: Choices) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield pairs of lists whose pairwise sums, over all pairs, are the sums of all relabelings, without the offset."""
    parts = sorted(zip(choices.values, choices.size, strict=True), key=lambda part: math.comb(len(part[0]), part[1]))
    if not parts:
        yield np.zeros(1), np.zeros(1)
        return
    values, k = parts.pop()
    if math.comb(len(values), k) <= math.prod(math.comb(len(v), m) for v, m in parts):
        sides = [_subset_sums(values, k)[k], np.zeros(1)]
        for v, m in reversed(parts):
            sides.sort(key=len)
            sides[0] = _outer(sides[0], _subset_sums(v, m)[m])
        yield sides[0], sides[1]
        return
    rest = np.zeros(1)
    for v, m in parts:
        rest = _outer(rest, _subset_sums(v, m)[m])
    half = len(values) // 2
    left, right = _subset_sums(values[:half], k), _subset_sums(values[half:], k)
    for j in range(max(0, k - len(right) + 1), min(k, len(left) - 1) + 1):
        small, large = sorted((left[j], right[k - j]), key=len)
        yield _outer(small, rest), large


def _subset_sums(values: NDArray[np.float64], most: int) -> list[NDArray[np.float64]]:
    """Return the sums of all subsets of size 0, 1, ... min(most, n), by size, joining the sums of two halves."""
    if len(values) <= 1:
        return [np.zeros(1), values][: 1 + min(most, len(values))]
    half = len(values) // 2
    left, right = _subset_sums(values[:half], most), _subset_sums(values[half:], most)
    return [
        np.concatenate(
            [_outer(left[j], right[k - j]) for j in range(max(0, k - len(right) + 1), min(k, len(left) - 1) + 1)]
        )
        for k in range(min(most, len(values)) + 1)
    ]


def _outer(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """All sums of one element of each."""
    return np.add.outer(a, b).ravel()


def _log_comb(n: int, k: int) -> float:
    """Logarithm of the binomial coefficient; exact to rounding where the coefficient is a float."""
    if min(k, n - k) < 64 or n < 512:
        return math.log(math.comb(n, k))
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
