"""Tail probabilities and quantiles of the normal and chi-square distributions; NaN in, NaN out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


SMALLEST_P: Final = 1e-300  # what underflows is not certain


def chi2_p(statistic: ArrayLike, df: ArrayLike = 1) -> NDArray[np.float64]:
    """Return the upper tail probability of a chi-square statistic, with full relative precision when tiny.

    Parameters
    ----------
    statistic
        Chi-square values, any shape.
    df
        Degrees of freedom, broadcast against ``statistic``.

    Returns
    -------
    NDArray[np.float64]
        p-values, never 0: one below 1e-300 is 1e-300. NaN where the statistic is NaN or ``df`` is 0.
    """
    from scipy.special import chdtrc, erfc

    x, k = np.maximum(np.asarray(statistic, dtype=np.float64), 0), np.asarray(df, dtype=np.float64)
    if (k == 1).all():
        return np.maximum(erfc(np.sqrt(x / 2)), SMALLEST_P)
    tail = np.where((k > 0) & ~np.isnan(x), chdtrc(np.maximum(k, 1), x), np.nan)
    return np.maximum(tail, SMALLEST_P)


def normal_p(z: ArrayLike) -> NDArray[np.float64]:
    """Return the two-sided p-value of a standard normal statistic.

    Parameters
    ----------
    z
        Standardised values, any shape.

    Returns
    -------
    NDArray[np.float64]
        p-values; NaN where ``z`` is NaN.
    """
    from scipy.special import ndtr

    return np.asarray(2 * ndtr(-np.abs(np.asarray(z, dtype=np.float64))))


def normal_quantile(level: float) -> float:
    """Return z such that a two-sided interval estimate +- z se covers with probability ``level``.

    Parameters
    ----------
    level
        Coverage, between 0 and 1, e.g. 0.95.

    Returns
    -------
    float
        Normal quantile, 1.959964 for 0.95.

    Raises
    ------
    ValueError
        If ``level`` is not between 0 and 1.
    """
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    return float(ndtri(0.5 + level / 2))
