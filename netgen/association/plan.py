"""The analysis plan: what will be computed, decided before anything is.

DOMAIN-level policy in one place: small or large mode, the smallest number of altered patients, which estimator and
which p-value a family gets. The plan is written to ``analysis_plan.json`` before the first number exists.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.counts import Ties

Estimator = Literal["firth", "cox"]
SMALL_N: Final = 100
SMALL_EVENTS: Final = 50
MIN_EVENTS: Final = 5
SPARSE_EVENTS: Final = 10  # fewer events than this in a group and the asymptotic Cox tests are not trusted
MIN_ALTERED_SMALL: Final = 3
MIN_ALTERED_LARGE: Final = 5
MIN_ALTERED_FRACTION: Final = 0.01
ALPHA: Final = 0.05
# Per-feature diagnostics (PH, RMST, heterogeneity) of every feature up to this many features x patients; beyond, only
# of those with p < 0.05 and of the pre-specified ones.
DIAGNOSE_CELLS: Final = 5_000_000


@dataclass(frozen=True, kw_only=True)
class EndpointPlan:
    """The resolved options of one endpoint's family.

    ``estimator`` is firth or cox; ``p_method`` is permutation, penalised_lr, lr, or permutation_or_penalised_lr (a
    large cohort with sparse features); ``stratified`` names the strata variable or "none".
    """

    endpoint: str
    mode: str
    n: int
    events: int
    strata: str
    adjust: tuple[str, ...]
    ties: Ties
    min_altered: int
    estimator: Estimator
    p_method: str
    permutations: int
    alpha: float
    level: float
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain values."""
        return asdict(self)


def choose_mode(n: int, events: int, *, requested: str = "auto") -> str:
    """Return small or large.

    Parameters
    ----------
    n, events
        Patients and events of the analysis set.
    requested
        auto, small or large.

    Returns
    -------
    str
        What was requested; for auto, small when n < 100 or events < 50.
    """
    if requested != "auto":
        return requested
    return "small" if n < SMALL_N or events < SMALL_EVENTS else "large"


def choose_min_altered(mode: str, n: int, *, requested: int | None = None) -> int:
    """Return the smallest group that is tested.

    Parameters
    ----------
    mode
        small or large.
    n
        Patients of the analysis set.
    requested
        What the user asked for; None = by the rule.

    Returns
    -------
    int
        By the rule 3 in small mode, max(5, 1 % of n) in large mode.
    """
    if requested is not None:
        return requested
    return MIN_ALTERED_SMALL if mode == "small" else max(MIN_ALTERED_LARGE, int(np.ceil(MIN_ALTERED_FRACTION * n)))


def choose_estimator(
    mode: str,
    events_altered: NDArray[np.int64],
    events_unaltered: NDArray[np.int64],
    *,
    adjusted: bool,
) -> tuple[Estimator, str]:
    """Return (estimator, p method) of a family from its worst feature, so that all its p-values are comparable.

    Parameters
    ----------
    mode
        small or large.
    events_altered, events_unaltered
        (m,) events in both groups of the features that pass the minimum-altered rule.
    adjusted
        Whether covariates were requested.

    Returns
    -------
    tuple
        ``firth``/``cox`` and ``permutation``/``penalised_lr``/``lr``/``permutation_or_penalised_lr``.
    """
    if mode == "small":
        return "firth", "penalised_lr" if adjusted else "permutation"
    dense = len(events_altered) == 0 or bool((np.minimum(events_altered, events_unaltered) >= SPARSE_EVENTS).all())
    if dense:
        return "cox", "lr"
    return "firth", "penalised_lr" if adjusted else "permutation_or_penalised_lr"
