"""Standardised differences between two groups: how far apart they are, whatever the number of patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def difference_of_numbers(first: ArrayLike, second: ArrayLike) -> float:
    """Return the absolute standardised difference of a number.

    Missing values are the caller's business.

    Parameters
    ----------
    first, second
        (n,) and (m,) values of the two groups.

    Returns
    -------
    float
        |m1 - m2| / sqrt((s1^2 + s2^2) / 2), s with n - 1. 0 if all values are equal; infinite if both groups are
        constant and differ; NaN with fewer than two values in a group.
    """
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if min(len(x), len(y)) < 2:
        return float("nan")
    apart = abs(float(x.mean() - y.mean()))
    spread = float(np.sqrt((x.var(ddof=1) + y.var(ddof=1)) / 2))
    if spread == 0:
        return 0.0 if apart == 0 else float("inf")
    return apart / spread


def difference_of_levels(first: ArrayLike, second: ArrayLike) -> float:
    """Return the standardised difference of a category.

    Parameters
    ----------
    first, second
        (k,) counts of the levels in the two groups.

    Returns
    -------
    float
        sqrt((p - q)' S^- (p - q)): p, q the shares of all levels but one, S the mean of their covariance matrices. For
        two levels |p - q| / sqrt((p (1 - p) + q (1 - q)) / 2). NaN if a group is empty or the difference lies where
        neither group varies: it has no finite value.

    References
    ----------
    Yang D, Dalton JE. A unified approach to measuring the effect size between two groups using SAS. SAS Global Forum
    2012, paper 335.
    """
    counts = np.array([first, second], dtype=np.float64)
    counts = counts[:, counts.sum(axis=0) > 0]
    if (counts.sum(axis=1) == 0).any() or counts.shape[1] == 0:
        return float("nan")
    p, q = (counts / counts.sum(axis=1, keepdims=True))[:, 1:]
    apart = p - q
    mean = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    inverse = np.linalg.pinv(mean, rcond=1e-10, hermitian=True)
    if not np.allclose(mean @ inverse @ apart, apart, atol=1e-9):
        return float("inf")
    return float(np.sqrt(max(0.0, float(apart @ inverse @ apart))))
