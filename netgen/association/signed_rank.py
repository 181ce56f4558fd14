"""Paired measurements: the exact Wilcoxon signed-rank test, ties and zeros included, and the median change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MAX_EXACT: Final = 300  # pairs; beyond, the normal approximation has no error worth mentioning


@dataclass(frozen=True, kw_only=True)
class PairedChange:
    """Change within patients.

    Attributes
    ----------
    n, n_zero
        Pairs, and those without a change, which have no part in the test.
    median, lo, hi
        Median change with limits from the order statistics, which cover at least as often as promised; limits NaN
        where there are too few pairs for that.
    statistic
        Sum of the ranks of the increases.
    p
        Two-sided; NaN if nothing changed.
    method
        exact, normal or none.
    """

    n: int
    n_zero: int
    median: float
    lo: float
    hi: float
    statistic: float
    p: float
    method: str


def signed_rank(change: ArrayLike, *, level: float = 0.95) -> PairedChange:
    """Test whether paired measurements changed in one direction.

    Parameters
    ----------
    change
        (n,) later minus earlier value, one per patient; finite.
    level
        Coverage of the limits of the median.

    Returns
    -------
    PairedChange
        Independent of the order.

    Raises
    ------
    ValueError
        If a change is missing.

    Notes
    -----
    1. Zeros are left out (Wilcoxon); equal absolute changes share their mean rank. Every sign of every rank is equally
       likely; sums are counted by adding one rank after the other. p = twice the smaller tail, at most 1.
    2. Limits of the median: order statistics j and n - j + 1 with the largest j for which twice the binomial tail below
       j is at most 1 - level.

    Witness: all signs in ``tests/association/test_signed_rank.py``; R ``wilcox.test`` without ties.

    References
    ----------
    Wilcoxon F. Individual comparisons by ranking methods. Biometrics Bull 1:80-83 (1945).
    """
    from scipy.stats import rankdata

    d = np.sort(np.asarray(change, dtype=np.float64))
    if not np.isfinite(d).all():
        raise ValueError("one finite change per patient is needed")
    lo, hi = _median_limits(d, level)
    moved = d[d != 0]
    median = float(np.median(d)) if len(d) else math.nan
    common = {"n": len(d), "n_zero": len(d) - len(moved), "median": median, "lo": lo, "hi": hi}
    if not len(moved):
        return PairedChange(**common, statistic=math.nan, p=math.nan, method="none")  # type: ignore[arg-type]
    doubled = np.rint(2 * rankdata(np.abs(moved))).astype(np.int64)
    plus = int(doubled[moved > 0].sum())
    p, method = _exact(doubled, plus) if len(moved) <= MAX_EXACT else _normal(doubled, plus)
    return PairedChange(**common, statistic=plus / 2, p=p, method=method)  # type: ignore[arg-type]


def _exact(doubled: np.ndarray, plus: int) -> tuple[float, str]:
    """Twice the smaller tail over all signs."""
    share = np.zeros(int(doubled.sum()) + 1)
    share[0] = 1.0
    for rank in doubled.tolist():
        moved = np.zeros_like(share)
        moved[rank:] = share[: len(share) - rank]
        share = (share + moved) / 2
    return min(2 * float(min(share[: plus + 1].sum(), share[plus:].sum())), 1.0), "exact"


def _normal(doubled: np.ndarray, plus: int) -> tuple[float, str]:
    from netgen.association.tails import normal_p

    total = float(doubled.sum())
    spread = math.sqrt(float((doubled.astype(np.float64) ** 2).sum()) / 4)
    return float(normal_p((plus - total / 2) / spread)), "normal"


def _median_limits(d: np.ndarray, level: float) -> tuple[float, float]:
    from scipy.stats import binom

    n = len(d)
    below = 2 * binom.cdf(np.arange(n // 2 + 1) - 1, n, 0.5) if n else np.zeros(0)
    allowed = [j for j in range(1, len(below)) if 2 * binom.cdf(j - 1, n, 0.5) <= 1 - level]
    if not allowed:
        return math.nan, math.nan
    j = allowed[-1]
    return float(d[j - 1]), float(d[n - j])
