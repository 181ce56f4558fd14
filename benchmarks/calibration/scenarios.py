"""Cohorts with one gene each, drawn with a known hazard ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.riskset import RiskSets, build_risk_sets

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAYS_PER_MONTH: Final = 30.4375
MEDIAN_MONTHS: Final = 24.0  # survival of wild type patients
STRATA: Final = (0.25, 0.35, 0.40)  # shares of the patients
STRATUM_HAZARD: Final = (2.0, 1.0, 0.5)  # relative to the hazard of MEDIAN_MONTHS
STRATUM_ODDS: Final = (4.0, 2.0, 1.0)  # of being among the altered: more often altered where survival is short


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """How follow-up comes about.

    Attributes
    ----------
    name, title
        Key, and what the page says.
    months
        Times in whole months (many ties) instead of whole days.
    strata
        Three strata with different hazards and different shares of altered; the analysis is stratified.
    entry
        Months of delayed entry, uniform: (from, to) of wild type and of altered patients; None = from the origin.
    follow_up
        Months from entry to censoring, uniform: (from, to) of wild type and of altered patients.
    fair
        Alteration is independent of entry and censoring: relabelings of the permutation test are equally likely.
    """

    name: str
    title: str
    months: bool = False
    strata: bool = False
    entry: tuple[tuple[float, float], tuple[float, float]] | None = None
    follow_up: tuple[tuple[float, float], tuple[float, float]] = ((12, 60), (12, 60))

    @property
    def fair(self) -> bool:
        """Whether altered and wild type patients enter and are censored alike."""
        return self.follow_up[0] == self.follow_up[1] and (self.entry is None or self.entry[0] == self.entry[1])


_LATE: Final = ((0.0, 24.0), (0.0, 24.0))
_SHORT: Final = ((6.0, 48.0), (6.0, 48.0))
SCENARIOS: Final = (
    Scenario(name="plain", title="whole days, one stratum"),
    Scenario(name="ties", title="times in whole months", months=True),
    Scenario(name="entry", title="delayed entry", entry=_LATE, follow_up=_SHORT),
    Scenario(name="strata", title="three strata, different baselines", strata=True),
    Scenario(name="all", title="months, entry and strata", months=True, strata=True, entry=_LATE, follow_up=_SHORT),
    Scenario(name="censored later", title="altered followed longer", follow_up=((6, 36), (36, 84))),
    Scenario(name="censored earlier", title="altered followed shorter", follow_up=((36, 84), (6, 36))),
    Scenario(name="entering later", title="altered enter later", entry=((0, 12), (12, 36)), follow_up=_SHORT),
)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """S cohorts of n patients, one gene each, as one set of arrays: a cohort is a stratum or several of its own.

    Attributes
    ----------
    risk
        Outcomes of the S n patients; strata are numbered cohort by cohort.
    genes
        (S, S n): gene s is profiled in the patients of cohort s only, so that the kernels fit each cohort by itself.
    delayed
        Whether entry is delayed.
    n
        Patients of a cohort.
    """

    risk: RiskSets
    genes: NDArray[np.int8]
    delayed: bool
    n: int


def simulate(
    scenario: Scenario, *, n: int, n_altered: int, log_hr: float, n_sets: int, rng: np.random.Generator
) -> Batch:
    """Return cohorts with exactly ``n_altered`` altered patients each.

    Parameters
    ----------
    scenario
        Follow-up.
    n, n_altered
        Patients of a cohort, altered among them.
    log_hr
        True log hazard ratio altered : wild type, within strata.
    n_sets
        Number of cohorts.
    rng
        Random numbers.

    Returns
    -------
    Batch
        Survival is exponential, so that survival from entry on, given survival to entry, is exponential again.
    """
    shares = STRATA if scenario.strata else (1.0,)
    stratum = np.searchsorted(np.cumsum(shares)[:-1], (np.arange(n) + 0.5) / n, side="right")
    odds = np.array(STRATUM_ODDS if scenario.strata else (1.0,))[stratum]
    hazard = np.array(STRATUM_HAZARD if scenario.strata else (1.0,))[stratum] * np.log(2) / MEDIAN_MONTHS
    keys = np.log(odds) + rng.gumbel(size=(n_sets, n))  # the largest are a weighted sample without replacement
    altered = np.zeros((n_sets, n), dtype=bool)
    np.put_along_axis(altered, np.argpartition(-keys, n_altered - 1, axis=1)[:, :n_altered], values=True, axis=1)
    entry = np.zeros((n_sets, n)) if scenario.entry is None else _uniform(scenario.entry, altered, rng)
    survival = entry + rng.exponential(size=(n_sets, n)) / (hazard * np.exp(log_hr * altered))
    censoring = entry + _uniform(scenario.follow_up, altered, rng)
    unit = 1.0 if scenario.months else DAYS_PER_MONTH
    time = np.ceil(np.minimum(survival, censoring) * unit)
    genes = np.full((n_sets, n_sets, n), -1, dtype=np.int8)
    genes[np.arange(n_sets), np.arange(n_sets)] = altered
    risk = build_risk_sets(
        time.ravel(),
        (survival <= censoring).ravel(),
        entry=None if scenario.entry is None else np.floor(entry * unit).ravel(),
        strata=(np.arange(n_sets)[:, None] * len(shares) + stratum).ravel(),
    )
    return Batch(risk=risk, genes=genes.reshape(n_sets, -1), delayed=scenario.entry is not None, n=n)


def _uniform(
    ranges: tuple[tuple[float, float], tuple[float, float]], altered: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Uniform months, from the second range for the altered."""
    low, high = (np.where(altered, ranges[1][end], ranges[0][end]) for end in (0, 1))
    return low + (high - low) * rng.random(altered.shape)
