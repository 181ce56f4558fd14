"""Restricted mean survival time: the area under a Kaplan-Meier curve up to tau."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.tails import normal_p, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.km import KaplanMeier

DAYS_PER_MONTH: Final = 30.4375


class RestrictedMean(NamedTuple):
    """Mean of the days lived between ``start`` and ``tau`` and its standard error."""

    tau: float
    mean: float
    se: float
    start: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RmstComparison:
    """Restricted means of a group and a reference group with their difference and ratio.

    Attributes
    ----------
    group, reference
        Restricted means up to the same tau.
    difference, difference_se, difference_lo, difference_hi
        group - reference in days, with normal limits.
    ratio, ratio_lo, ratio_hi
        group / reference, limits on the log scale; NaN where a mean is 0.
    z, p
        Normal test of the difference. Its type I error is inflated in small samples (DOMAIN 3.9).
    level
        Coverage of the limits.
    """

    group: RestrictedMean
    reference: RestrictedMean
    difference: float
    difference_se: float
    difference_lo: float
    difference_hi: float
    ratio: float
    ratio_lo: float
    ratio_hi: float
    z: float
    p: float
    level: float


def restricted_mean(km: KaplanMeier, tau: float, *, start: float = 0.0) -> RestrictedMean:
    """Return the mean of min(T, tau) and its Greenwood standard error.

    Parameters
    ----------
    km
        A curve. With delayed entry give the conditional curve (DOMAIN 2.10).
    tau
        Days, > ``start``. Beyond the last exit time the curve is continued at its last value; ``default_tau`` says how
        far the data carry.
    start
        The day on which the patients of the curve are all alive: the mean is then of the days lived between ``start``
        and ``tau`` by those who reached ``start``.

    Returns
    -------
    RestrictedMean
        Days.

    Raises
    ------
    ValueError
        If ``tau`` is not after ``start``, or the curve has exits up to ``start``: then it is not conditional on it.

    Notes
    -----
    RMST = integral of S from start to tau; var = sum over event times t_j <= tau of
    [integral of S from t_j to tau]^2 d_j / (n_j (n_j - d_j)); a term with n_j = d_j is 0, since S is 0 from there on.
    Witness: R ``survfit``, ``tests/reference/rmst``.
    """
    if not tau > start:
        raise ValueError(f"tau must be {'positive' if start == 0 else f'after day {start:g}'}, got {tau}")
    if start > 0 and (km.time <= start).any():
        raise ValueError(f"the curve must be conditional on survival to day {start:g}; it has exits before")
    inside = km.time <= tau
    time, d, n = km.time[inside], km.n_event[inside], km.n_risk[inside]
    area = np.append(1.0, km.survival[inside]) * np.diff(time, prepend=start, append=tau)
    after = np.cumsum(area[::-1])[::-1][1:]  # integral from each exit time to tau
    alive = n > d
    greenwood = np.zeros(len(time))
    greenwood[alive] = d[alive] / (n[alive] * (n[alive] - d[alive]))
    return RestrictedMean(float(tau), float(area.sum()), float(np.sqrt((after**2 * greenwood).sum())), float(start))


def rmst_difference(
    group: KaplanMeier, reference: KaplanMeier, tau: float, *, start: float = 0.0, level: float = 0.95
) -> RmstComparison:
    """Compare the restricted means of two groups.

    Parameters
    ----------
    group
        Curve of the group of interest, e.g. the altered.
    reference
        Curve of the group it is compared with, e.g. the wild type.
    tau
        Days, common to both.
    start
        As for ``restricted_mean``, common to both: curves conditional on different days cannot be compared.
    level
        Coverage of the limits.

    Returns
    -------
    RmstComparison
        Difference = group - reference.
    """
    a, b = restricted_mean(group, tau, start=start), restricted_mean(reference, tau, start=start)
    quantile = normal_quantile(level)
    difference, se = a.mean - b.mean, math.hypot(a.se, b.se)
    ratio = ratio_se = z = math.nan
    if a.mean > 0 and b.mean > 0:
        ratio, ratio_se = a.mean / b.mean, math.hypot(a.se / a.mean, b.se / b.mean)
    if se > 0:
        z = difference / se
    return RmstComparison(
        group=a,
        reference=b,
        difference=difference,
        difference_se=se,
        difference_lo=difference - quantile * se,
        difference_hi=difference + quantile * se,
        ratio=ratio,
        ratio_lo=ratio * math.exp(-quantile * ratio_se),
        ratio_hi=ratio * math.exp(quantile * ratio_se),
        z=z,
        p=float(normal_p(z)),
        level=level,
    )


def default_tau(times: Sequence[ArrayLike], *, entries: Sequence[ArrayLike] | None = None) -> float:
    """Return how far restricted means of several groups can be compared.

    Parameters
    ----------
    times
        One array of follow-up times (days) per group.
    entries
        One array of entry times per group; None = observed from the origin.

    Returns
    -------
    float
        Days: the smallest over the groups of the largest time with at least max(2, 10 %) of the group at risk,
        rounded down to a whole month of 30.4375 days. NaN if a group never has 2 at risk; 0 if the bound is within
        the first month.
    """
    bounds = [
        _reach(
            np.asarray(time, dtype=np.float64), None if entries is None else np.asarray(entries[g], dtype=np.float64)
        )
        for g, time in enumerate(times)
    ]
    shortest = min(bounds) if bounds and not np.isnan(bounds).any() else math.nan
    return shortest if math.isnan(shortest) else math.floor(shortest / DAYS_PER_MONTH) * DAYS_PER_MONTH


def _reach(time: NDArray[np.float64], entry: NDArray[np.float64] | None) -> float:
    """Largest time with at least max(2, 10 %) at risk."""
    exits = np.unique(time)
    at_risk = len(time) - np.searchsorted(np.sort(time), exits, side="left")
    if entry is not None:
        at_risk = at_risk - (len(time) - np.searchsorted(np.sort(entry), exits, side="left"))
    enough = exits[at_risk >= max(2.0, 0.1 * len(time))]
    return float(enough[-1]) if len(enough) else math.nan
