"""Concordance of predictions with outcomes: Harrell's C with its standard error, and Uno's C.

A pair is comparable at an event if the other patient is of the same stratum, at risk at that time (so with delayed
entry both are), and does not have the event at that time. Pairs are counted in O(n log n): on the slots of the risk
sets "still there after slot k, less not yet there" is the beginning of two sorted lists, and ``rank_counts.py`` counts
ranks in such beginnings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from netgen.association.km import kaplan_meier
from netgen.association.rank_counts import count_below
from netgen.association.time_dependent import as_outcome

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Ranks = NDArray[np.intp]

TimeWeight = Literal["n", "S", "S/G", "n/G2"]
_DIGITS: Final = 10  # linear predictors that agree to this many decimals are tied


@dataclass(frozen=True, kw_only=True)
class Concordance:
    """Concordance with its standard error and pair counts; NaN if no pair is comparable.

    Attributes
    ----------
    value
        C = (concordant + tied/2) / (concordant + discordant + tied).
    se
        Infinitesimal-jackknife standard error.
    concordant, discordant, tied
        Comparable pairs, weighted; ``tied`` in the linear predictor.
    tied_time
        Pairs of events at the same time with different linear predictors: not comparable.
    """

    value: float
    se: float
    concordant: float
    discordant: float
    tied: float
    tied_time: float


class Influence(NamedTuple):
    """Concordance, and its derivative (n,) with respect to the weight of each patient."""

    value: float
    influence: Floats


def count_concordance(
    eta: ArrayLike,
    risk: RiskSets,
    *,
    weights: ArrayLike | None = None,
    timewt: TimeWeight = "n",
    tau: float | None = None,
) -> Concordance:
    """Return how often the patient who dies first had the larger linear predictor, by default Harrell's C.

    Parameters
    ----------
    eta
        (n,) linear predictors; a larger one means a larger hazard.
    risk
        Risk sets of the n patients.
    weights
        (n,) non-negative patient weights; None = 1. A weight of 2 is the patient twice; copies are no pair.
    timewt
        Weight of the pairs of an event time: ``n`` none (Harrell); ``S`` = n S(t-) / number at risk; ``S/G`` = n S(t-)
        / (number at risk G(t-)); ``n/G2`` = 1/G(t-)^2 (Uno). S, G: Kaplan-Meier curves of events and of censoring
        within the stratum, n its patients.
    tau
        Only events before this time count, days; None = all.

    Returns
    -------
    Concordance
        Counts weighted by patients and time.

    Raises
    ------
    ValueError
        If ``timewt`` is not ``n`` and there is delayed entry or a patient weight.

    Notes
    -----
    1. SE^2 = sum_i (w_i dC/dw_i)^2; weights by time are taken as given. Both as R does.
    2. Events come before censorings at the same time, so G(t-) counts censorings before t.
    3. Witness: R ``survival::concordance`` (``tests/reference/concordance``), DOMAIN B, and pairs one by one.

    References
    ----------
    Therneau, Watson, The concordance statistic and the Cox model, Mayo Clinic TR 85, 2015; Uno et al., Stat Med
    30:1105, 2011.
    """
    score, w = _rank(eta), _weigh(risk, weights)
    at = np.ones(risk.n_slots) if timewt == "n" else _time_weights(risk, timewt, weighted=weights is not None)
    at = at if tau is None else np.where(risk.slot_time < tau, at, 0.0)
    own, others = _count_pairs(score, risk, w, at)
    below, tied, above = (own @ w[risk.event]).tolist()
    value, influence = _differentiate(own, others, risk, w)
    return Concordance(
        value=value,
        se=float(np.sqrt(((w * influence) ** 2).sum())),
        concordant=below,
        discordant=above,
        tied=tied,
        tied_time=_count_tied_times(risk.event_slot[risk.event], score[risk.event], w[risk.event], at),
    )


def differentiate_concordance(eta: ArrayLike, risk: RiskSets, *, weights: ArrayLike | None = None) -> Influence:
    """Return Harrell's C and what one more unit of each patient's weight would change in it.

    Parameters
    ----------
    eta
        (n,) linear predictors.
    risk
        Risk sets of the n patients.
    weights
        (n,) non-negative patient weights; None = 1.

    Returns
    -------
    Influence
        Differences of two C have the difference of these as influence, hence a standard error.
    """
    w = _weigh(risk, weights)
    return Influence(*_differentiate(*_count_pairs(_rank(eta), risk, w, np.ones(risk.n_slots)), risk, w))


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
    ``sksurv.metrics.concordance_index_ipcw``. Witness: R ``concordance(timewt = "n/G2")`` without truncation.
    """
    if (risk.entry > 0).any():
        return float("nan"), "not_available: censoring weights do not allow for delayed entry"
    if risk.n_strata > 1:
        return float("nan"), "not_available: linear predictors of different strata cannot be compared"
    carried = risk.slot_time[risk.n_at_risk >= max(2.0, 0.1 * len(risk.time))]
    limit = tau if tau is not None else (float(carried.max()) if carried.size else 0.0)
    if not (risk.event & (risk.time < limit)).any():
        return float("nan"), "not_available: no event before the restriction time"
    from sksurv.metrics import concordance_index_ipcw

    outcome = as_outcome(risk)
    value = concordance_index_ipcw(outcome, outcome, np.asarray(eta, dtype=np.float64), tau=limit)[0]
    return float(value), f"events before {limit:g} days"


def _rank(eta: ArrayLike) -> Ranks:
    """Ranks 0, 1, ... of the linear predictors; ties share one."""
    return np.unique(np.round(np.asarray(eta, dtype=np.float64), _DIGITS), return_inverse=True)[1].astype(np.intp)


def _weigh(risk: RiskSets, weights: ArrayLike | None) -> Floats:
    return np.ones(len(risk.time)) if weights is None else np.asarray(weights, dtype=np.float64)


class _Ranked:
    """Weighted items sorted by a key, to be counted by score beyond a key."""

    def __init__(self, key: Ranks, score: Ranks, weight: Floats) -> None:
        order = np.argsort(-key, kind="stable")
        self.key, self.score, self.weight = -key[order], score[order], weight[order]
        self.sums = np.append(0.0, np.cumsum(self.weight))

    def beyond(self, key: Ranks, score: Ranks) -> Floats:
        """(3, q) weight of the items with a larger key and a score below, equal to and above each given one."""
        end = np.searchsorted(self.key, -key, side="left")
        below, equal = count_below(self.score, self.weight, end, score)
        return np.stack([below, equal, self.sums[end] - below - equal])


def _count_pairs(score: Ranks, risk: RiskSets, w: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Weight of the comparable patients below, tied with and above each event (3, D), and of events for each (3, n).

    Exits are ranked so that beyond 2k are those still at risk after the events of slot k; who has not entered by slot k
    is among them, and is taken off, and so are the patients of later strata.
    """
    exit_rank, entry_rank = 2 * risk.event_slot + ~risk.event, 2 * risk.start
    slot, failed = risk.event_slot[risk.event], score[risk.event]
    own = _Ranked(exit_rank, score, w).beyond(2 * slot, failed) - _Ranked(entry_rank, score, w).beyond(2 * slot, failed)
    events = _Ranked(2 * slot, failed, w[risk.event] * at[slot])
    return own * at[slot], events.beyond(entry_rank - 1, score) - events.beyond(exit_rank - 1, score)


def _differentiate(own: Floats, others: Floats, risk: RiskSets, w: Floats) -> tuple[float, Floats]:
    """C and its derivative with respect to each patient's weight; NaN if no pair is comparable."""
    below, tied, above = own @ w[risk.event]
    total = below + tied + above
    if not total > 0:
        return float("nan"), np.full(len(w), np.nan)
    value = (below + tied / 2) / total
    gain = (1 - value) * others[2] + (0.5 - value) * others[1] - value * others[0]  # events above are concordant
    gain[risk.event] += (1 - value) * own[0] + (0.5 - value) * own[1] - value * own[2]
    return float(value), gain / total


def _count_tied_times(slot: Ranks, score: Ranks, w: Floats, at: Floats) -> float:
    """Weight of the pairs of events in one slot that differ in score."""
    cells, cell = np.unique(np.stack([slot, score]), axis=1, return_inverse=True)

    def pairs(group: Ranks, factor: Floats) -> float:
        n = len(factor)
        return float(factor @ (np.bincount(group, w, n) ** 2 - np.bincount(group, w * w, n))) / 2

    return pairs(slot, at) - pairs(cell.ravel(), at[cells[0]])


def _time_weights(risk: RiskSets, timewt: TimeWeight, *, weighted: bool) -> Floats:
    """Weight of each slot."""
    if weighted or (risk.entry > 0).any():
        raise ValueError(f"pairs are weighted by {timewt!r} only without delayed entry and patient weights")
    weight = np.empty(risk.n_slots)
    for s in range(risk.n_strata):
        rows, here = risk.stratum == s, risk.slot_stratum == s
        km = kaplan_meier(risk.time[rows], risk.event[rows])
        stay = km.n_risk - km.n_event  # events come first
        leave = np.divide(km.n_censor, stay, out=np.zeros(len(stay)), where=stay > 0)
        before = np.searchsorted(km.time, risk.slot_time[here])
        survival, uncensored = (np.append(1.0, curve)[before] for curve in (km.survival, np.cumprod(1 - leave)))
        share = rows.sum() * survival / risk.n_at_risk[here]
        weight[here] = {"S": share, "S/G": share / uncensored, "n/G2": 1 / uncensored**2}[timewt]
    return weight
