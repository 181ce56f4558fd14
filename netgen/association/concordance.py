"""Concordance of predictions with outcomes: Harrell's C, and Uno's C where censoring can be weighted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from netgen.association.riskset import RiskSets

_DIGITS: Final = 10  # linear predictors that agree to this many decimals are tied
_PAIRS: Final = 1_000_000  # pairs that are compared at once


@dataclass(frozen=True, kw_only=True)
class Concordance:
    """Harrell's C with its pair counts; NaN if no pair is comparable."""

    value: float
    concordant: int
    discordant: int
    tied: int


def count_concordance(eta: ArrayLike, risk: RiskSets) -> Concordance:
    """Return Harrell's C: how often the patient who dies first had the larger linear predictor.

    Parameters
    ----------
    eta
        (n,) linear predictors; a larger one means a larger hazard.
    risk
        Risk sets of the n patients.

    Returns
    -------
    Concordance
        C = (concordant + tied/2) / comparable pairs.

    Notes
    -----
    A pair is comparable at an event if the other patient is of the same stratum, at risk at that time (so with delayed
    entry both are), and does not have the event at that time. Witness: R ``survival::concordance`` in DOMAIN B.
    """
    score = np.round(np.asarray(eta, dtype=np.float64), _DIGITS)
    failed = np.flatnonzero(risk.event)
    concordant = discordant = tied = 0
    size = max(1, _PAIRS // max(len(score), 1))
    for first in range(0, len(failed), size):
        rows = failed[first : first + size, None]
        slot = risk.event_slot[rows]
        comparable = (risk.start <= slot) & (slot < risk.stop) & ~(risk.event & (risk.event_slot == slot))
        above, below = score[rows] > score, score[rows] < score
        concordant += int(np.count_nonzero(comparable & above))
        discordant += int(np.count_nonzero(comparable & below))
        tied += int(np.count_nonzero(comparable & ~above & ~below))
    total = concordant + discordant + tied
    value = (concordant + tied / 2) / total if total else float("nan")
    return Concordance(value=value, concordant=concordant, discordant=discordant, tied=tied)


def estimate_uno_c(eta: ArrayLike, risk: RiskSets, *, tau: float | None = None) -> tuple[float, str]:
    """Return Uno's C, weighted for censoring, and the time it is truncated at or why it is not available.

    Parameters
    ----------
    eta
        (n,) linear predictors.
    risk
        Risk sets of the n patients.
    tau
        Only events before this time count, days; None = the last event time with max(2, 10 %) patients at risk.

    Returns
    -------
    tuple[float, str]
        The value, NaN if not available; and a note that starts with ``not_available`` then.

    Notes
    -----
    The censoring weights know neither delayed entry nor strata, so there is no value with either. Computed by
    ``sksurv.metrics.concordance_index_ipcw``.
    """
    if (risk.entry > 0).any():
        return float("nan"), "not_available: censoring weights do not allow for delayed entry"
    if risk.n_strata > 1:
        return float("nan"), "not_available: linear predictors of different strata cannot be compared"
    carried = risk.slot_time[risk.n_at_risk >= max(2.0, 0.1 * len(risk.time))]
    limit = tau if tau is not None else (float(carried.max()) if carried.size else 0.0)
    if not (risk.event & (risk.time < limit)).any():
        return float("nan"), "not_available: no event before the truncation time"
    from sksurv.metrics import concordance_index_ipcw
    from sksurv.util import Surv

    outcome = Surv.from_arrays(event=risk.event, time=risk.time)
    value = concordance_index_ipcw(outcome, outcome, np.asarray(eta, dtype=np.float64), tau=limit)[0]
    return float(value), f"events before {limit:g} days"
