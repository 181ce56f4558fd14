"""Kaplan-Meier curves with delayed entry, their confidence limits, quantiles and values at landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from netgen.association.tails import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ConfType = Literal["log-log", "log", "plain", "arcsin"]

HALF_TOLERANCE: Final = 1e-8  # a curve this close to a quantile's level is on it (DOMAIN 3.1)


@dataclass(frozen=True, kw_only=True)
class KaplanMeier:
    """A curve with one row per distinct exit time (event or censoring), in order of time.

    Attributes
    ----------
    time
        (r,) days.
    n_risk, n_event, n_censor, n_enter
        (r,) at risk just before, events at, censored at the time, and entries since the exit time before
        (all patients of the first risk set in the first row): n_risk[i+1] = n_risk[i] - n_event[i] - n_censor[i] +
        n_enter[i+1].
    survival, std_err
        (r,) S(t) just after the time and its Greenwood standard error; NaN where S is 0.
    lo, hi
        (r,) pointwise limits; NaN where the transformation is not defined (S = 0; S = 1 for log-log).
    n, events
        Patients and events.
    conf_type, level
        How ``lo`` and ``hi`` were made.
    """

    time: NDArray[np.float64]
    n_risk: NDArray[np.float64]
    n_event: NDArray[np.float64]
    n_censor: NDArray[np.float64]
    n_enter: NDArray[np.float64]
    survival: NDArray[np.float64]
    std_err: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    n: int
    events: int
    conf_type: ConfType
    level: float


class Quantile(NamedTuple):
    """A survival quantile in days with its limits; NaN = not reached."""

    estimate: float
    lo: float
    hi: float


class SurvivalAt(NamedTuple):
    """Survival at given times: arrays of one length."""

    time: NDArray[np.float64]
    survival: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    std_err: NDArray[np.float64]
    n_risk: NDArray[np.float64]


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    conf_type: ConfType = "log-log",
    level: float = 0.95,
) -> KaplanMeier:
    """Estimate a survival curve.

    Missing values are the caller's business: all arguments must be finite (``entry`` may be -inf).

    Parameters
    ----------
    time
        (n,) days from the origin to the event or censoring.
    event
        (n,) True if the event happened.
    entry
        (n,) days from the origin to the start of observation; None = observed from the origin. A patient is at risk
        at t when entry < t <= time.
    conf_type
        Transformation the limits are normal on: ``log-log``, ``log``, ``plain`` or ``arcsin``.
    level
        Coverage of the pointwise limits.

    Returns
    -------
    KaplanMeier
        One row per distinct exit time.

    Raises
    ------
    ValueError
        If a time is not finite, an entry is not before its exit, or ``conf_type`` is unknown.

    Notes
    -----
    S(t) = prod (1 - d/n); var S = S^2 sum d/(n (n - d)) (Greenwood). A censored patient is still at risk for the events
    of the same day. With delayed entry a small early risk set can bring S to 0 for good; whether to print such a curve
    is decided elsewhere (DOMAIN 2.10). Witness: R ``survfit``, ``tests/reference/km``; loops in ``tests/naive.py``.
    """
    t, d = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=bool)
    e = np.full(t.shape, -np.inf) if entry is None else np.asarray(entry, dtype=np.float64)
    if not np.isfinite(t).all() or np.isnan(e).any():
        raise ValueError("times and entries must be finite numbers")
    if (e >= t).any():
        raise ValueError("every entry must be before its exit; leave the others out and count them")
    times, row = np.unique(t, return_inverse=True)
    n_event = np.bincount(row[d], minlength=len(times)).astype(np.float64)
    n_exit = np.bincount(row, minlength=len(times)).astype(np.float64)
    n_enter = np.bincount(np.searchsorted(times, e, side="right"), minlength=len(times)).astype(np.float64)
    n_risk = np.cumsum(n_enter) - np.cumsum(n_exit) + n_exit
    survival = np.cumprod(1 - n_event / n_risk, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_se = np.sqrt(np.cumsum(n_event / (n_risk * (n_risk - n_event))))
        std_err = survival * log_se
    lo, hi = _limits(survival, std_err, conf_type, normal_quantile(level))
    return KaplanMeier(
        time=times,
        n_risk=n_risk,
        n_event=n_event,
        n_censor=n_exit - n_event,
        n_enter=n_enter,
        survival=survival,
        std_err=std_err,
        lo=lo,
        hi=hi,
        n=len(t),
        events=int(d.sum()),
        conf_type=conf_type,
        level=level,
    )


def _limits(
    survival: NDArray[np.float64], std_err: NDArray[np.float64], conf_type: ConfType, z: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper limits as R's ``survfit`` computes them."""
    with np.errstate(divide="ignore", invalid="ignore"):
        s = np.where(survival > 0, survival, np.nan)
        half = z * std_err / s  # on the scale of log S
        if conf_type == "plain":
            return np.maximum(s - s * half, 0), np.minimum(s + s * half, 1)
        if conf_type == "log":
            return s * np.exp(-half), np.minimum(s * np.exp(half), 1)
        if conf_type == "log-log":
            s = np.where(s < 1, s, np.nan)
            width = half / np.log(s)
            return np.exp(np.log(s) * np.exp(-width)), np.exp(np.log(s) * np.exp(width))
        if conf_type == "arcsin":
            angle, width = np.arcsin(np.sqrt(s)), 0.5 * half * np.sqrt(s / (1 - s))
            return np.sin(np.maximum(0, angle - width)) ** 2, np.sin(np.minimum(np.pi / 2, angle + width)) ** 2
    raise ValueError(f"conf_type must be log-log, log, plain or arcsin, got {conf_type!r}")


def survival_quantile(km: KaplanMeier, q: float = 0.5) -> Quantile:
    """Return the time by which a share q has had the event, with Brookmeyer-Crowley limits.

    Parameters
    ----------
    km
        A curve.
    q
        Share with the event: 0.5 = median.

    Returns
    -------
    Quantile
        Days; NaN where the curve (or the limit) does not come down to 1 - q: not reached.

    Raises
    ------
    ValueError
        If ``q`` is not between 0 and 1.

    Notes
    -----
    The smallest t with S(t) < 1 - q; if S runs along 1 - q (tolerance 1e-8) from one event to the next, the midpoint
    of the two; if it does so up to the end of follow-up, the midpoint of that event and the end. The limits are the
    same rule on ``lo`` and ``hi``. This is R's ``quantile.survfit``; see ``tests/reference/km``.
    """
    if not 0 < q < 1:
        raise ValueError(f"q must be between 0 and 1, got {q}")
    return Quantile(_crossing(km, km.survival, q), _crossing(km, km.lo, q), _crossing(km, km.hi, q))


def _crossing(km: KaplanMeier, curve: NDArray[np.float64], q: float) -> float:
    """Time at which ``curve`` passes 1 - q; an undefined point of a limit passes nothing."""
    reached = np.flatnonzero(1 - curve >= q - HALF_TOLERANCE)
    passed = np.flatnonzero(1 - curve >= q + HALF_TOLERANCE)
    if len(reached) == 0:
        return float("nan")
    if len(passed):
        return float(km.time[reached[0]] + km.time[passed[0]]) / 2
    if abs(1 - curve[-1] - q) < HALF_TOLERANCE:  # on the level until the end
        return float(km.time[reached[0]] + km.time[-1]) / 2
    return float("nan")


def survival_at(km: KaplanMeier, times: ArrayLike) -> SurvivalAt:
    """Return survival, limits and number at risk at given times.

    Parameters
    ----------
    km
        A curve.
    times
        Days, any order.

    Returns
    -------
    SurvivalAt
        ``n_risk`` counts the patients at risk just before the time. Before the first exit time S, ``lo`` and ``hi``
        are 1; after the last one they stay at their last value and ``n_risk`` is 0.

    Notes
    -----
    As R's ``summary(survfit, times=, extend=TRUE)``: between two exit times the patients at risk are those of the next
    exit time, so patients who enter in between are counted already.
    """
    t = np.asarray(times, dtype=np.float64).ravel()
    at = np.searchsorted(km.time, t, side="right")
    upcoming = np.searchsorted(km.time, t, side="left")
    return SurvivalAt(
        time=t,
        survival=np.append(1.0, km.survival)[at],
        lo=np.append(1.0, km.lo)[at],
        hi=np.append(1.0, km.hi)[at],
        std_err=np.append(0.0, km.std_err)[at],
        n_risk=np.append(km.n_risk, 0.0)[upcoming],
    )


def reverse_kaplan_meier_median(
    time: ArrayLike, event: ArrayLike, *, entry: ArrayLike | None = None, level: float = 0.95
) -> Quantile:
    """Return the median follow-up: the median of the curve in which censoring is the event.

    Parameters
    ----------
    time
        (n,) days from the origin to death or last contact.
    event
        (n,) True if the patient died.
    entry
        (n,) days to the start of observation; None = observed from the origin.
    level
        Coverage of the log-log limits.

    Returns
    -------
    Quantile
        Median follow-up in days with limits; NaN = not reached.

    Notes
    -----
    DOMAIN 2.12. On a day with deaths and censorings the censored count as having failed among all at risk, as in R's
    ``survfit(Surv(time, 1 - event) ~ 1)``.
    """
    censored = ~np.asarray(event, dtype=bool)
    return survival_quantile(kaplan_meier(time, censored, entry=entry, level=level))
