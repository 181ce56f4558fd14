"""Adjusted p-values of one family of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Method = Literal["bh", "by", "holm"]

# Our name -> the name in statsmodels, and what the adjusted p-values control.
METHODS: Final[dict[str, tuple[str, str]]] = {
    "bh": ("fdr_bh", "false discovery rate, independent or positively dependent tests (Benjamini-Hochberg)"),
    "by": ("fdr_by", "false discovery rate, any dependence (Benjamini-Yekutieli)"),
    "holm": ("holm", "probability of any false finding, any dependence (Holm)"),
}


def adjust_pvalues(p: ArrayLike, *, method: Method = "bh") -> NDArray[np.float64]:
    """Return adjusted p-values.

    A missing p-value is no test: it is not counted in the size m of the family and stays missing.

    Parameters
    ----------
    p
        (k,) p-values of one family; NaN where there is no test.
    method
        A key of ``METHODS``.

    Returns
    -------
    NDArray[np.float64]
        (k,) in the order given.

    Raises
    ------
    ValueError
        If a p-value is outside 0 .. 1, or the method is unknown.

    Notes
    -----
    BH: q_(i) = min over j >= i of min(1, m p_(j) / j). BY: the same times 1 + 1/2 + ... + 1/m. Holm: max over j <= i of
    min(1, (m - j + 1) p_(j)). Discrete p-values, as of exact tests, make all three conservative.
    Witness: ``tests/reference/p_adjust``, R ``p.adjust``.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    values = np.asarray(p, dtype=np.float64)
    known = ~np.isnan(values)
    if ((values[known] < 0) | (values[known] > 1)).any():
        raise ValueError("p-values must be between 0 and 1")
    adjusted = np.full(values.shape, np.nan)
    if known.any():
        from statsmodels.stats.multitest import multipletests

        adjusted[known] = multipletests(values[known], method=METHODS[method][0])[1]
    return adjusted
