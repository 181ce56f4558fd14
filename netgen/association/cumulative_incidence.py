"""Cumulative incidence of competing events: the Aalen-Johansen estimator with delayed entry.

Where a second kind of event ends the wait for the first, 1 - Kaplan-Meier is no probability: it answers for a world in
which the second kind does not exist. The incidences here and the event-free survival sum to 1 at every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from netgen.association.tails import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ROUNDING: Final = 1e-12  # an incidence this close to 1 is 1


@dataclass(frozen=True, kw_only=True)
class CumulativeIncidence:
    """Incidences of c causes with one column per distinct time of an event of any cause, in order of time.

    Attributes
    ----------
    cause
        (c,) codes of the causes, sorted.
    time
        (r,) days.
    n_risk
        (r,) at risk just before the time.
    n_event
        (c, r) events of each cause at the time.
    survival
        (r,) probability of no event of any cause, just after the time.
    incidence, std_err
        (c, r) probability of an event of the cause up to and including the time, and its standard error.
    lo, hi
        (c, r) pointwise limits; NaN where the incidence is 0 (for log-log also where it is 1).
    n
        Patients.
    """

    cause: NDArray[np.int64]
    time: NDArray[np.float64]
    n_risk: NDArray[np.float64]
    n_event: NDArray[np.float64]
    survival: NDArray[np.float64]
    incidence: NDArray[np.float64]
    std_err: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    n: int


class IncidenceAt(NamedTuple):
    """Incidences at given times: arrays (causes, times)."""

    incidence: NDArray[np.float64]
    std_err: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]


def cumulative_incidence(
    time: ArrayLike,
    cause: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    conf_type: Literal["log-log", "log", "plain"] = "log-log",
    level: float = 0.95,
) -> CumulativeIncidence:
    """Estimate the cumulative incidence of every cause.

    Missing values are the caller's business: all arguments must be finite (``entry`` may be -inf).

    Parameters
    ----------
    time
        (n,) days from the origin to the first event or censoring.
    cause
        (n,) 0 = censored, else the code of the event that came first.
    entry
        (n,) days from the origin to the start of observation; None = observed from the origin. A patient is at risk
        at t when entry < t <= time.
    conf_type
        Transformation of the incidence on which the limits are normal.
    level
        Coverage of the pointwise limits.

    Returns
    -------
    CumulativeIncidence
        One column per distinct event time.

    Raises
    ------
    ValueError
        If a time is not finite, or an entry is not before its exit.

    Notes
    -----
    1. With n at risk at t, d events and d_k of cause k: C_k(t) = sum over u <= t of S(u-) d_k/n, S = prod (1 - d/n).
    2. Without delayed entry the variance is of Greenwood's form (Dinse & Larson 1986): with D = C_k(t) - C_k(u), the
       sum over u <= t of D^2 d/(n (n - d)) + S(u-)^2 d_k (n - d_k)/n^3 - 2 D S(u-) d_k/n^2.
    3. With delayed entry it is the infinitesimal jackknife: the sum of the squared influences of the patients. Without
       delayed entry both are the same number.

    Witness: R ``survfit`` of a multi-state outcome, ``tests/reference/aalen_johansen``; loops in
    ``tests/association/test_cumulative_incidence.py``.

    References
    ----------
    Aalen O, Johansen S. Scand J Stat 5:141-150 (1978).
    Dinse GE, Larson MG. A note on semi-Markov models for partially censored data. Biometrika 73:379-386 (1986).
    """
    t, k = np.asarray(time, dtype=np.float64), np.asarray(cause, dtype=np.int64)
    e = np.full(t.shape, -np.inf) if entry is None else np.asarray(entry, dtype=np.float64)
    if not np.isfinite(t).all() or np.isnan(e).any():
        raise ValueError("times and entries must be finite numbers")
    if (e >= t).any():
        raise ValueError("every entry must be before its exit; leave the others out and count them")
    codes = np.unique(k[k > 0])
    times, slot = np.unique(t[k > 0], return_inverse=True)
    n_event = np.zeros((len(codes), len(times)))
    np.add.at(n_event, (np.searchsorted(codes, k[k > 0]), slot), 1)
    n_risk = _count_below(e, times) - _count_below(t, times)
    survival = np.cumprod(1 - n_event.sum(axis=0) / n_risk)
    before = np.append(1.0, survival)[:-1]
    incidence = np.cumsum(before * n_event / n_risk, axis=1)
    late = not np.isneginf(e).all()
    variance = (
        _jackknife(t, k, e, codes, times, n_risk, n_event) if late else _greenwood(n_risk, n_event, incidence, before)
    )
    std_err = np.sqrt(variance)
    lo, hi = _limits(incidence, std_err, conf_type, normal_quantile(level))
    return CumulativeIncidence(
        cause=codes, time=times, n_risk=n_risk, n_event=n_event, survival=survival, incidence=incidence,
        std_err=std_err, lo=lo, hi=hi, n=len(t),
    )  # fmt: skip


def _count_below(values: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Patients whose value is below each time."""
    return np.searchsorted(np.sort(values), times, side="left").astype(np.float64)


def _greenwood(
    n: NDArray[np.float64], own: NDArray[np.float64], incidence: NDArray[np.float64], before: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Variance (c, r); sums of powers of C(t) - C(u) are taken apart into running sums over u."""
    d = own.sum(axis=0)
    weight = np.divide(d, n * (n - d), out=np.zeros_like(d), where=n > d)  # C does not move after the last n = d
    slope = 2 * before * own / n**2
    terms = (weight * incidence, weight * incidence**2, slope, slope * incidence, before**2 * own * (n - own) / n**3)
    once, twice, tilt, tilted, constant = (np.cumsum(term, axis=1) for term in terms)
    variance: NDArray[np.float64] = incidence**2 * np.cumsum(weight) - 2 * incidence * once + twice
    variance += constant - incidence * tilt + tilted
    return np.maximum(variance, 0)


def _jackknife(
    time: NDArray[np.float64],
    cause: NDArray[np.int64],
    entry: NDArray[np.float64],
    codes: NDArray[np.int64],
    times: NDArray[np.float64],
    n_risk: NDArray[np.float64],
    n_event: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Variance (c, r): squared derivatives of the incidences with respect to the patients' weights, added up."""
    out = np.empty_like(n_event)
    survival, of_survival = 1.0, np.zeros(len(time))
    of_incidence = np.zeros((len(codes), len(time)))
    for j, t in enumerate(times):
        at_risk = (entry < t) & (time >= t)
        own = ((time == t) & (cause == codes[:, None])).astype(np.float64)
        hazard = n_event[:, j] / n_risk[j]
        moved = (own - at_risk * hazard[:, None]) / n_risk[j]
        of_incidence += of_survival * hazard[:, None] + survival * moved
        of_survival = of_survival * (1 - hazard.sum()) - survival * moved.sum(axis=0)
        survival *= 1 - hazard.sum()
        out[:, j] = (of_incidence**2).sum(axis=1)
    return out


def _limits(
    p: NDArray[np.float64], std_err: NDArray[np.float64], conf_type: str, z: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper limits as R's ``survfit`` computes them."""
    known = (p > 0) & ((p < 1 - ROUNDING) | (conf_type != "log-log"))
    p, half = np.where(known, p, np.nan), z * np.where(known, std_err, np.nan)
    if conf_type == "plain":
        return np.maximum(p - half, 0), np.minimum(p + half, 1)
    if conf_type == "log":
        return p * np.exp(-half / p), np.minimum(p * np.exp(half / p), 1)
    if conf_type == "log-log":
        width = half / (p * np.log(p))
        return np.exp(np.log(p) * np.exp(-width)), np.exp(np.log(p) * np.exp(width))
    raise ValueError(f"conf_type must be log-log, log or plain, got {conf_type!r}")


def incidence_at(curve: CumulativeIncidence, times: ArrayLike) -> IncidenceAt:
    """Return incidences and limits at given times.

    Parameters
    ----------
    curve
        From ``cumulative_incidence``.
    times
        Days, any order.

    Returns
    -------
    IncidenceAt
        Arrays (causes, times); before the first event 0, with limits NaN.
    """
    at = np.searchsorted(curve.time, np.asarray(times, dtype=np.float64).ravel(), side="right")

    def take(values: NDArray[np.float64], first: float) -> NDArray[np.float64]:
        return np.column_stack([np.full(len(values), first), values])[:, at]

    return IncidenceAt(
        incidence=take(curve.incidence, 0.0),
        std_err=take(curve.std_err, 0.0),
        lo=take(curve.lo, np.nan),
        hi=take(curve.hi, np.nan),
    )
