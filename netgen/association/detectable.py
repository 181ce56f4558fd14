"""What a table of this size could have shown: smallest effects with 80 % power.

A comparison that finds nothing says little if only huge effects could have been found.
"""

from __future__ import annotations

import math
from typing import Final

from netgen.association.tails import normal_quantile

ALPHA: Final = 0.05
POWER: Final = 0.80
_STEPS: Final = 80


def detectable_v(n: int, rows: int, columns: int, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """Return the smallest Cramer's V that the chi-square test of a table finds with the given power.

    Parameters
    ----------
    n
        Patients.
    rows, columns
        Filled rows and columns.
    alpha
        Level of the test.
    power
        Wanted power.

    Returns
    -------
    float
        NaN without two rows and columns; above 1 where no table of this size could be found with this power.

    Notes
    -----
    The statistic of a table with Cramer's V is noncentral chi-square with noncentrality n V^2 (min(rows, columns) - 1).

    References
    ----------
    Cohen J. Statistical power analysis for the behavioral sciences, chapter 7 (1988).
    """
    from scipy.stats import chi2, ncx2

    if min(rows, columns) < 2 or n < 1:
        return math.nan
    df = (rows - 1) * (columns - 1)
    critical = float(chi2.isf(alpha, df))
    low, high = 0.0, 10.0 * (critical + 10)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if float(ncx2.sf(critical, df, middle)) >= power else (middle, high)
    return math.sqrt(high / n / (min(rows, columns) - 1))


def detectable_difference(
    n_1: int, n_2: int, proportion: float, *, alpha: float = ALPHA, power: float = POWER
) -> float:
    """Return the smallest difference between two proportions that is found with the given power.

    Parameters
    ----------
    n_1, n_2
        Patients of the groups.
    proportion
        Of both groups together.
    alpha
        Level of the two-sided test.
    power
        Wanted power.

    Returns
    -------
    float
        (z_alpha/2 + z_power) sqrt(p (1 - p)(1/n_1 + 1/n_2)), the normal approximation; NaN if a group is empty or
        everybody is alike.
    """
    if n_1 < 1 or n_2 < 1 or not 0 < proportion < 1:
        return math.nan
    z = normal_quantile(1 - alpha) + normal_quantile(2 * power - 1)
    return z * math.sqrt(proportion * (1 - proportion) * (1 / n_1 + 1 / n_2))
