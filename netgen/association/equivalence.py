"""Are two proportions alike within a margin that was stated before: the 90 % interval and two one-sided tests.

A large p-value of a test for a difference does not say that there is none. To claim that two proportions agree, the
whole interval of their difference must lie within the margin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.association.proportions import newcombe

if TYPE_CHECKING:
    from collections.abc import Callable

LEVEL: Final = 0.90
ALPHA: Final = 0.05
_Z_MAX: Final = 8.0  # a p-value of 6e-16
_STEPS: Final = 60


class Equivalence(NamedTuple):
    """Difference of two proportions, its 90 % limits, p of the two one-sided tests, and whether it is within."""

    difference: float
    lo: float
    hi: float
    p: float
    within: bool


def equivalence_test(count_1: int, n_1: int, count_2: int, n_2: int, *, margin: float) -> Equivalence:
    """Test whether two proportions differ by less than a margin.

    Parameters
    ----------
    count_1, n_1
        How many of how many in the first group.
    count_2, n_2
        The same in the second group.
    margin
        Largest difference without importance, between 0 and 1, stated beforehand.

    Returns
    -------
    Equivalence
        Of the first minus the second proportion; NaN if a group is empty.

    Raises
    ------
    ValueError
        If the margin is not between 0 and 1.

    Notes
    -----
    Newcombe's interval. p is the smallest level at which the interval of coverage 1 - 2 p lies within the margin, so
    that p <= 0.05 and the 90 % interval always agree. Witness: the interval at that level in the tests.

    References
    ----------
    Schuirmann DJ. A comparison of the two one-sided tests procedure and the power approach. J Pharmacokinet Biopharm
    15:657-680 (1987).
    """
    if not 0 < margin < 1:
        raise ValueError(f"the margin must be between 0 and 1, got {margin}")
    if n_1 == 0 or n_2 == 0:
        nan = float("nan")
        return Equivalence(nan, nan, nan, nan, within=False)

    def limits(z: float) -> tuple[float, float]:
        from scipy.special import ndtr

        level = 2 * float(ndtr(z)) - 1
        found = newcombe(count_1, n_1, count_2, n_2, level=level)
        return float(found.lo), float(found.hi)

    found = newcombe(count_1, n_1, count_2, n_2, level=LEVEL)
    difference, lo, hi = float(found.estimate), float(found.lo), float(found.hi)
    low = _one_sided(lambda z: limits(z)[0], lambda z: limits(z)[1], difference, -margin)
    high = _one_sided(lambda z: -limits(z)[1], lambda z: -limits(z)[0], -difference, -margin)
    return Equivalence(difference, lo, hi, max(low, high), within=-margin < lo and hi < margin)


def _one_sided(
    lower: Callable[[float], float], upper: Callable[[float], float], estimate: float, bound: float
) -> float:
    """P-value of "the truth is not above the bound": the z at which a limit meets the bound, found by halving."""
    from scipy.special import ndtr

    above = estimate > bound
    a, b = 1e-12, _Z_MAX
    for _ in range(_STEPS):
        z = (a + b) / 2
        reached = lower(z) <= bound if above else upper(z) >= bound
        a, b = (a, z) if reached else (z, b)
    return float(ndtr(-b) if above else ndtr(b))
