"""Risk sets as integers: who is at risk at which event time.

Every estimator of this package reads outcomes through ``RiskSets``. Distinct event times within strata are numbered
0 .. K-1 ("slots", ordered by stratum, then time). A patient is at risk in the slots ``start <= k < stop``: entry is
open, exit is closed (entry < t <= time), so delayed entry and strata cost nothing extra, and ties are exact because
they are decided on the times as given (integer days).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class RiskSets:
    """Outcomes of n patients in K slots; rows stay in the order given.

    Attributes
    ----------
    time, entry
        (n,) float days; ``entry`` is -inf where there is none.
    event
        (n,) bool, True = it happened.
    stratum
        (n,) codes 0 .. n_strata-1.
    start, stop
        (n,) first slot at risk and one past the last.
    slot_time, slot_stratum
        (K,) event time and stratum of each slot.
    n_at_risk, n_events
        (K,) patients at risk and events in each slot.
    """

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    entry: NDArray[np.float64]
    stratum: NDArray[np.intp]
    start: NDArray[np.intp]
    stop: NDArray[np.intp]
    slot_time: NDArray[np.float64]
    slot_stratum: NDArray[np.intp]
    n_at_risk: NDArray[np.float64]
    n_events: NDArray[np.float64]
    n_strata: int

    @property
    def n_slots(self) -> int:
        """Number of distinct event times over all strata."""
        return len(self.slot_time)

    @property
    def event_slot(self) -> NDArray[np.intp]:
        """Slot of each patient's own event; meaningless where ``event`` is False."""
        return self.stop - 1


def build_risk_sets(
    time: ArrayLike, event: ArrayLike, *, entry: ArrayLike | None = None, strata: ArrayLike | None = None
) -> RiskSets:
    """Return the risk sets of right-censored, possibly left-truncated, possibly stratified outcomes.

    Missing values are the caller's business: all arguments must be finite (``entry`` may be -inf). Rows whose entry is
    not before their exit must have been left out and counted before.

    Parameters
    ----------
    time
        (n,) days from the origin to the event or censoring, > 0.
    event
        (n,) True if the event happened.
    entry
        (n,) days from the origin to the start of observation; None = observed from the origin.
    strata
        (n,) labels; None = one stratum. Codes follow the sorted order of the labels.

    Returns
    -------
    RiskSets
        Slots ordered by stratum, then time.

    Raises
    ------
    ValueError
        If a time is not finite, or an entry is not before its exit.
    """
    t = np.asarray(time, dtype=np.float64)
    d = np.asarray(event, dtype=bool)
    e = np.full(t.shape, -np.inf) if entry is None else np.asarray(entry, dtype=np.float64)
    if not np.isfinite(t).all() or np.isnan(e).any():
        raise ValueError("times and entries must be finite numbers")
    if (e >= t).any():
        raise ValueError("every entry must be before its exit; leave the others out and count them")
    labels, stratum = np.unique(
        np.zeros(t.shape, dtype=np.intp) if strata is None else np.asarray(strata), return_inverse=True
    )
    slot_stratum, slot_time = _slots(t[d], stratum[d])
    first = np.searchsorted(slot_stratum, np.arange(len(labels) + 1))
    start = np.empty(t.shape, dtype=np.intp)
    stop = np.empty(t.shape, dtype=np.intp)
    for s in range(len(labels)):
        rows = stratum == s
        times = slot_time[first[s] : first[s + 1]]
        start[rows] = first[s] + np.searchsorted(times, e[rows], side="right")
        stop[rows] = first[s] + np.searchsorted(times, t[rows], side="right")
    n_slots = len(slot_time)
    change = np.bincount(start, minlength=n_slots + 1) - np.bincount(stop, minlength=n_slots + 1)
    return RiskSets(
        time=t,
        event=d,
        entry=e,
        stratum=stratum.astype(np.intp),
        start=start,
        stop=stop,
        slot_time=slot_time,
        slot_stratum=slot_stratum,
        n_at_risk=np.cumsum(change)[:n_slots].astype(np.float64),
        n_events=np.bincount(stop[d] - 1, minlength=n_slots).astype(np.float64),
        n_strata=len(labels),
    )


def _slots(time: NDArray[np.float64], stratum: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Distinct (stratum, time) pairs of the events, sorted."""
    order = np.lexsort((time, stratum))
    t, s = time[order], stratum[order]
    new = np.ones(len(t), dtype=bool)
    new[1:] = (t[1:] != t[:-1]) | (s[1:] != s[:-1])
    return s[new].astype(np.intp), t[new]
