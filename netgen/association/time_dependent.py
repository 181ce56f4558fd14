"""Prediction at given times: dynamic AUC, Brier score and its integral, weighted for censoring by scikit-survival."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

MIN_AT_RISK: Final = 2.0
MIN_SHARE_AT_RISK: Final = 0.1


def as_outcome(risk: RiskSets) -> Any:  # noqa: ANN401  # scikit-survival has no types
    """Return the outcomes as scikit-survival reads them.

    Events come before censorings of the same day. scikit-survival weighs an event by the probability of being
    uncensored at its time, not just before it, so a censoring is put one rounding step after its day.

    Parameters
    ----------
    risk
        Outcomes; delayed entry and strata are lost.

    Returns
    -------
    structured array
        Fields event and time.
    """
    from sksurv.util import Surv

    return Surv.from_arrays(event=risk.event, time=np.where(risk.event, risk.time, np.nextafter(risk.time, np.inf)))


def explain_unavailable(risk: RiskSets, horizon: float) -> str:
    """Return why prediction at a horizon cannot be judged, or nothing.

    Parameters
    ----------
    risk
        Outcomes.
    horizon
        Days.

    Returns
    -------
    str
        A reason that starts with ``not_available``, or an empty text.
    """
    if (risk.entry > 0).any():
        return "not_available: censoring weights do not allow for delayed entry"
    left = int((risk.time > horizon).sum())
    if left < max(MIN_AT_RISK, MIN_SHARE_AT_RISK * len(risk.time)):
        return f"not_available: {left} of {len(risk.time)} patients observed beyond {horizon:g} days"
    if not (risk.event & (risk.time <= horizon)).any():
        return f"not_available: no event up to {horizon:g} days"
    return ""


def dynamic_auc(score: Floats, risk: RiskSets, time: float) -> float:
    """Return the cumulative/dynamic AUC: how often a patient with an event up to t scores above one beyond t.

    Parameters
    ----------
    score
        (n,) larger = more at risk.
    risk
        Outcomes of the same patients; the censoring weights are theirs.
    time
        Days; ``explain_unavailable`` must have no objection.

    Returns
    -------
    float
        Ties count one half.

    References
    ----------
    Uno et al., JASA 102:527, 2007; Hung, Chiang, Can J Stat 38:8, 2010. ``sksurv.metrics.cumulative_dynamic_auc``.
    """
    from sksurv.metrics import cumulative_dynamic_auc

    outcome = as_outcome(risk)
    return float(cumulative_dynamic_auc(outcome, outcome, score, [time])[0][0])


def brier_scores(survival: Floats, risk: RiskSets, times: Floats) -> Floats:
    """Return the Brier score at each time.

    Parameters
    ----------
    survival
        (n, T) predicted survival probabilities.
    risk
        Outcomes of the same patients; the censoring weights are theirs.
    times
        (T,) days; ``explain_unavailable`` must have no objection to the last.

    Returns
    -------
    NDArray[np.float64]
        (T,) mean weighted squared distance between the prediction and being alive; 0.25 = a coin.

    References
    ----------
    Graf et al., Stat Med 18:2529, 1999. ``sksurv.metrics.brier_score``.
    """
    from sksurv.metrics import brier_score

    outcome = as_outcome(risk)
    return np.asarray(brier_score(outcome, outcome, survival, times)[1], dtype=np.float64)


def integrate_brier(scores: Floats, times: Floats) -> float:
    """Return the mean of a Brier score over time, by the trapezoid rule.

    Parameters
    ----------
    scores
        (T,) Brier scores.
    times
        (T,) days, increasing, at least two.

    Returns
    -------
    float
        Integral over the span of times.
    """
    return float(np.trapezoid(scores, times) / (times[-1] - times[0]))


def brier_grid(risk: RiskSets, horizon: float, *, n_times: int = 100) -> Floats:
    """Return the times over which the Brier score is integrated: from the first event to a horizon.

    Parameters
    ----------
    risk
        Outcomes.
    horizon
        Last time, days.
    n_times
        Number of times.

    Returns
    -------
    NDArray[np.float64]
        Evenly spaced; empty if no event comes before the horizon.
    """
    first = float(risk.slot_time.min(initial=np.inf))
    return np.linspace(first, horizon, n_times) if first < horizon else np.empty(0)
