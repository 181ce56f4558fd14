"""Mean number of lines begun by a given day, with death and the end of follow-up taken into account.

A count of lines is small because a patient died early, because follow-up was short, or because little was given. The
mean cumulative function keeps these apart as far as that can be done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from netgen.association.tails import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class MeanCumulative(NamedTuple):
    """Mean number of events by the given days, (h,), with standard error and normal limits, and who is at risk."""

    mean: NDArray[np.float64]
    std_err: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    n_risk: NDArray[np.int64]


def mean_cumulative(
    patient: ArrayLike,
    start: ArrayLike,
    end: ArrayLike,
    dead: ArrayLike,
    times: ArrayLike,
    *,
    while_alive: bool = False,
    level: float = 0.95,
) -> MeanCumulative:
    """Estimate the mean number of recurrent events per patient.

    Parameters
    ----------
    patient
        (m,) who had each event: positions in ``end``.
    start
        (m,) days of the events; one on the last day of a patient counts.
    end
        (n,) last day of observation.
    dead
        (n,) observation ended with death.
    times
        (h,) days, any order.
    while_alive
        Of patients who live on: deaths are censorings. Otherwise the mean over all patients, who have no further event
        once they are dead.
    level
        Coverage of the limits, which are normal on the log scale.

    Returns
    -------
    MeanCumulative
        NaN at days behind the last day on which somebody is at risk.

    Raises
    ------
    ValueError
        If an event lies after the end of the patient's observation, or a number is missing.

    Notes
    -----
    Sum over days u <= t of S(u-) dN(u)/Y(u), Y at risk (end >= u), S the Kaplan-Meier estimate of survival (1 with
    ``while_alive``: Nelson's estimate, variance of Lawless and Nadeau). The variance is the infinitesimal jackknife.
    Witness: loops and delete-one jackknife in ``tests/association/test_mean_cumulative.py``.

    References
    ----------
    Ghosh D, Lin DY. Nonparametric analysis of recurrent events and death. Biometrics 56:554-562 (2000).
    Lawless JF, Nadeau C. Some simple robust methods for the analysis of recurrent events. Technometrics 37:158 (1995).
    """
    who, day = np.asarray(patient, dtype=np.intp), np.asarray(start, dtype=np.float64)
    last, died = np.asarray(end, dtype=np.float64), np.asarray(dead, dtype=bool)
    wanted = np.asarray(times, dtype=np.float64)
    if not (np.isfinite(day).all() and np.isfinite(last).all() and (day <= last[who]).all()):
        raise ValueError("events must be dated, and lie within the observation of their patients")
    steps = np.unique(np.concatenate([day, last[died]]))
    mean, variance = np.zeros(len(steps) + 1), np.zeros(len(steps) + 1)
    survival, of_survival, of_mean = 1.0, np.zeros(len(last)), np.zeros(len(last))
    for j, now in enumerate(steps):
        at_risk = (last >= now).astype(np.float64)
        events = np.bincount(who[day == now], minlength=len(last))
        n = at_risk.sum()
        rate = events.sum() / n
        mean[j + 1] = mean[j] + survival * rate
        of_mean += of_survival * rate + survival * (events - at_risk * rate) / n
        variance[j + 1] = (of_mean**2).sum()
        if not while_alive:
            deaths = died & (last == now)
            hazard = deaths.sum() / n
            of_survival = of_survival * (1 - hazard) - survival * (deaths - at_risk * hazard) / n
            survival *= 1 - hazard
    place = np.searchsorted(steps, wanted, side="right")
    n_risk = (last[None] >= wanted[:, None]).sum(axis=1)
    told = (n_risk > 0) | ((survival <= 0) & (wanted >= last.max(initial=0)))
    value, se = np.where(told, mean[place], np.nan), np.where(told, np.sqrt(variance[place]), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.exp(normal_quantile(level) * se / value)
    known = value > 0
    return MeanCumulative(
        value,
        se,
        np.where(known, value / factor, np.nan),
        np.where(known, value * factor, np.nan),
        n_risk.astype(np.int64),
    )
