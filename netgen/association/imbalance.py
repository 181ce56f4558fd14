"""Is the permutation test valid here? Its relabelings need altered patients to be followed like the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.logrank import logrank_test

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

THRESHOLD: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Imbalance:
    """Comparison of follow-up between altered and unaltered.

    Attributes
    ----------
    p_censoring
        Log-rank test of the times to censoring; NaN if nobody is censored while both groups are at risk.
    p_entry
        Wilcoxon test of the entry times; NaN without delayed entry or with one group.
    imbalanced
        True if either p is below 0.1: W_CENSORING_IMBALANCE.
    """

    p_censoring: float
    p_entry: float
    imbalanced: bool


def check_imbalance(
    time: ArrayLike,
    event: ArrayLike,
    altered: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> Imbalance:
    """Compare censoring and entry of altered and unaltered patients.

    Parameters
    ----------
    time, event
        (n,) outcomes of the profiled patients, as in ``riskset.build_risk_sets``.
    altered
        (n,) True if altered.
    entry
        (n,) start of observation; None = observed from the origin of time.
    strata
        (n,) labels: censoring is compared within strata.

    Returns
    -------
    Imbalance
        The two p-values and the verdict.
    """
    group = np.asarray(altered, dtype=bool)
    censored = ~np.asarray(event, dtype=bool)
    censoring = logrank_test(time, censored, group, entry=entry, strata=strata).p
    entering = _compare_entry(np.asarray(entry, dtype=np.float64), group) if entry is not None else float("nan")
    return Imbalance(
        p_censoring=censoring, p_entry=entering, imbalanced=bool(censoring < THRESHOLD or entering < THRESHOLD)
    )


def _compare_entry(entry: NDArray[np.float64], altered: NDArray[np.bool_]) -> float:
    """Two-sided Wilcoxon rank-sum p."""
    if altered.all() or not altered.any() or len(np.unique(entry)) == 1:
        return float("nan")
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(entry[altered], entry[~altered], alternative="two-sided").pvalue)
