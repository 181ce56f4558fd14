"""Confidence limits of proportions and of differences between them.

Small groups have proportions of 0 and 1, where estimate +- 1.96 standard errors is nonsense. These limits stay within
0 .. 1 and have a width also there. Everything is vectorised and needs no ``scipy.stats``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netgen.association.tails import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class Proportions:
    """Estimates with limits, any shape; NaN where nobody was observed.

    Attributes
    ----------
    estimate
        Proportion, or difference of two.
    lo, hi
        Confidence limits.
    """

    estimate: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]


def clopper_pearson(count: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Proportions:
    """Return proportions with exact limits: they cover at least as often as promised.

    Parameters
    ----------
    count
        How many of ``n``; whole numbers, any shape.
    n
        Denominators, broadcast against ``count``; 0 gives NaN.
    level
        Confidence level; half of the rest lies on each side.

    Returns
    -------
    Proportions
        The lower limit of 0 is 0, the upper limit of n is 1.

    Raises
    ------
    ValueError
        If a count is not a whole number between 0 and its denominator, or the level is not between 0 and 1.

    Notes
    -----
    Witness: ``tests/reference/binom``, R ``binom.test``.

    References
    ----------
    Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of the binomial. Biometrika
    26:404-413 (1934).
    """
    from scipy.special import betaincinv

    x, size = _check(count, n, level)
    tail = (1 - level) / 2
    lo = np.where(x > 0, betaincinv(np.maximum(x, 1), size - x + 1, tail), 0.0)
    hi = np.where(x < size, betaincinv(x + 1, np.maximum(size - x, 1), 1 - tail), 1.0)
    return _known(_share(x, size), lo, hi, size)


def wilson(count: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Proportions:
    """Return proportions with score limits: they cover as often as promised on average.

    Parameters
    ----------
    count
        How many of ``n``; whole numbers, any shape.
    n
        Denominators, broadcast against ``count``; 0 gives NaN.
    level
        Confidence level.

    Returns
    -------
    Proportions
        Limits without continuity correction.

    Raises
    ------
    ValueError
        If a count is not a whole number between 0 and its denominator, or the level is not between 0 and 1.

    Notes
    -----
    Witness: ``tests/reference/binom``, R ``prop.test(correct = FALSE)``.

    References
    ----------
    Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc 22:209-212 (1927).
    """
    x, size = _check(count, n, level)
    z2 = normal_quantile(level) ** 2
    centre = (x + z2 / 2) / (size + z2)
    half = np.sqrt(z2 * x * (size - x) / np.maximum(size, 1) + z2**2 / 4) / (size + z2)
    lo = np.where(x > 0, centre - half, 0.0)
    hi = np.where(x < size, centre + half, 1.0)
    return _known(_share(x, size), lo, hi, size)


def newcombe(
    count_1: ArrayLike, n_1: ArrayLike, count_2: ArrayLike, n_2: ArrayLike, *, level: float = 0.95
) -> Proportions:
    """Return differences between two independent proportions, first minus second, with hybrid score limits.

    Parameters
    ----------
    count_1, n_1
        How many of how many in the first group; whole numbers, any shape.
    count_2, n_2
        The same in the second group; all four are broadcast against each other. A denominator of 0 gives NaN.
    level
        Confidence level; 0.90 for the two one-sided tests of equivalence at 0.05.

    Returns
    -------
    Proportions
        ``estimate`` is the difference; limits without continuity correction, within -1 .. 1.

    Raises
    ------
    ValueError
        If a count is not a whole number between 0 and its denominator, or the level is not between 0 and 1.

    Notes
    -----
    With Wilson limits l, u: d - sqrt((p1 - l1)^2 + (u2 - p2)^2) to d + sqrt((u1 - p1)^2 + (p2 - l2)^2), method 10 of
    the paper. Witnesses: DOMAIN SC21 and the paper's Table II.

    References
    ----------
    Newcombe RG. Interval estimation for the difference between independent proportions: comparison of eleven methods.
    Stat Med 17:873-890 (1998).
    """
    first, second = wilson(count_1, n_1, level=level), wilson(count_2, n_2, level=level)
    difference = first.estimate - second.estimate
    down = np.hypot(first.estimate - first.lo, second.hi - second.estimate)
    up = np.hypot(first.hi - first.estimate, second.estimate - second.lo)
    return Proportions(estimate=difference, lo=difference - down, hi=difference + up)


def _check(count: ArrayLike, n: ArrayLike, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return counts and denominators in one shape."""
    x, size = np.broadcast_arrays(np.asarray(count, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if not ((x >= 0) & (x <= size) & (x == np.round(x)) & (size == np.round(size))).all():
        raise ValueError("counts must be whole numbers between 0 and their denominator")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    return x, size


def _share(x: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(x / np.maximum(size, 1))


def _known(
    estimate: NDArray[np.float64], lo: NDArray[np.float64], hi: NDArray[np.float64], size: NDArray[np.float64]
) -> Proportions:
    """Nobody observed: nothing known."""
    parts = (np.where(size > 0, part, np.nan) for part in (estimate, lo, hi))
    return Proportions(**dict(zip(("estimate", "lo", "hi"), parts, strict=True)))
