"""Is delayed entry independent of survival? Every left-truncated estimate assumes it.

Patients who are sequenced because they get worse enter shortly before they die. Then survival is biased down, hazard
ratios of biomarkers go towards 1, and no standard correction helps: the reader has to be told (DOMAIN 2.10).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.conditional_tau import PairSums, bootstrap_se, count_pairs
from netgen.association.cox_model import fit_cox
from netgen.association.tails import normal_p, normal_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from netgen.errors import Findings

DAYS_PER_MONTH: Final = 30.4375
TAU: Final = 0.2
P: Final = 0.1
N_BOOTSTRAP: Final = 1000
BOOTSTRAP_PATIENTS: Final = 2000  # more, and the standard error is the jackknife's, which is then the same number

# Columns of truncation.tsv, in order, with their meaning. NA = not estimated, see note.
TRUNCATION_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "os, pfs ...",
    "n": "patients with an entry time",
    "n_late": "of these with an entry after the origin",
    "n_pairs": "comparable pairs: at risk together when the first of the two has the event",
    "tau": "conditional Kendall tau of entry and survival; below 0: who enters later dies earlier",
    "tau_lo": "its lower 95 % limit",
    "tau_hi": "its upper 95 % limit",
    "tau_p": "test of tau = 0",
    "n_bootstrap": "resamples behind its standard error; 0 = infinitesimal jackknife",
    "entry_hr_per_month": "hazard ratio per month (30.4375 days) of later entry, left-truncated Cox model",
    "entry_lo": "its lower 95 % limit",
    "entry_hi": "its upper 95 % limit",
    "entry_p": "Wald test of the hazard ratio",
    "dependent": "|tau| > 0.2, or one of the two p < 0.1",
    "note": "why a number is missing, and who was left out",
}


@dataclass(frozen=True, kw_only=True)
class TruncationCheck:
    """Dependence of survival on the time of entry.

    Attributes
    ----------
    n, n_late, n_without_entry
        Patients with an entry time, those of them who enter after the origin, and patients without an entry time, who
        have no part in this.
    n_pairs, tau, tau_se, tau_lo, tau_hi, tau_p
        Comparable pairs and conditional Kendall's tau with standard error, limits and p; NaN without such pairs.
    n_bootstrap
        Resamples behind ``tau_se``; 0 = infinitesimal jackknife.
    entry_coef, entry_se, entry_lo, entry_hi, entry_p
        Log hazard ratio per month of later entry, its limits and Wald p; NaN if the model has no estimate.
    level
        Coverage of the limits.
    dependent
        The verdict: W_DEPENDENT_TRUNCATION.
    note
        What is missing and why; "" = nothing.
    """

    n: int
    n_late: int
    n_without_entry: int
    n_pairs: int
    tau: float
    tau_se: float
    tau_lo: float
    tau_hi: float
    tau_p: float
    n_bootstrap: int
    entry_coef: float
    entry_se: float
    entry_lo: float
    entry_hi: float
    entry_p: float
    level: float
    dependent: bool
    note: str


def check_truncation(
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    seed: int,
    n_bootstrap: int = N_BOOTSTRAP,
    level: float = 0.95,
) -> TruncationCheck:
    """Compare the survival of patients who enter early and late.

    Patients without an entry time (-inf: observed from the origin whatever happened) are left out and counted.

    Parameters
    ----------
    time
        (n,) days from the origin to the event or censoring.
    event
        (n,) True if the event happened.
    entry
        (n,) days from the origin to the start of observation, before ``time``.
    strata
        (n,) labels: pairs are formed, patients resampled and hazards compared within strata; None = one stratum.
    seed
        Of the bootstrap, from ``provenance.derive_seed``.
    n_bootstrap
        Resamples; 0 = none, the infinitesimal jackknife instead.
    level
        Coverage of the limits.

    Returns
    -------
    TruncationCheck
        Dependent if ``|tau|`` > 0.2 or one of the two p-values is below 0.1 (DOMAIN 2.10). Does not depend on the order
        of the rows.

    Raises
    ------
    ValueError
        If a time is not finite, or an entry is NaN or not before its exit.

    Notes
    -----
    1. Conditional Kendall's tau (``conditional_tau``); its p is normal with the bootstrap standard error. With more
       than 2,000 patients the standard error is the infinitesimal jackknife: exact, n log n, and what the bootstrap
       comes to (docstring of ``PairSums``). In small cohorts it is too small, hence the bootstrap there.
    2. Cox model (Efron) of the entry time in months, left-truncated at that time: a covariate known at entry.

    Witness: pair by pair and R ``concordance`` and ``coxph`` in ``tests/association/test_truncation.py``; DOMAIN, SC31.

    References
    ----------
    Martin EC, Betensky RA. J Am Stat Assoc 2005;100:484-492.
    """
    t, d, e = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=bool), np.asarray(entry, dtype=np.float64)
    if not np.isfinite(t).all() or np.isnan(e).any() or (e >= t).any():
        raise ValueError("times must be finite, and every entry before its exit; leave the others out and count them")
    known = np.isfinite(e)
    label = np.zeros(len(t), dtype=np.intp) if strata is None else np.unique(strata, return_inverse=True)[1]
    rows = np.lexsort((e, d, t, label))
    rows = rows[known[rows]]
    t, d, e, labels = t[rows], d[rows], e[rows], label[rows]
    pairs = count_pairs(t, d, e, strata=labels)
    draws = n_bootstrap if len(t) <= BOOTSTRAP_PATIENTS else 0
    se, used = _tau_se(pairs, t, d, e, labels, seed, draws)
    slope = _fit_entry(t, d, e, labels)
    z = normal_quantile(level)
    tau_p, entry_p = float(normal_p(pairs.tau / se)) if se > 0 else float("nan"), slope.p
    return TruncationCheck(
        n=len(t),
        n_late=int((e > 0).sum()),
        n_without_entry=int((~known).sum()),
        n_pairs=pairs.n_pairs,
        tau=pairs.tau,
        tau_se=se,
        tau_lo=max(pairs.tau - z * se, -1.0) if se > 0 else float("nan"),
        tau_hi=min(pairs.tau + z * se, 1.0) if se > 0 else float("nan"),
        tau_p=tau_p,
        n_bootstrap=used,
        entry_coef=slope.coef,
        entry_se=slope.se,
        entry_lo=slope.coef - z * slope.se,
        entry_hi=slope.coef + z * slope.se,
        entry_p=entry_p,
        level=level,
        dependent=bool(abs(pairs.tau) > TAU or tau_p < P or entry_p < P),
        note="; ".join(_notes(int((~known).sum()), pairs, se, slope.status)),
    )


def tabulate_truncation(endpoint: str, check: TruncationCheck) -> pd.DataFrame:
    """Return the row of ``truncation.tsv``.

    Parameters
    ----------
    endpoint
        Name of the endpoint.
    check
        From ``check_truncation``.

    Returns
    -------
    DataFrame
        One row, ``TRUNCATION_COLUMNS``.
    """
    values = asdict(check) | {
        "endpoint": endpoint,
        "entry_hr_per_month": _exp(check.entry_coef),
        "entry_lo": _exp(check.entry_lo),
        "entry_hi": _exp(check.entry_hi),
    }
    row = pd.DataFrame([values]).reindex(columns=list(TRUNCATION_COLUMNS))
    counts = dict.fromkeys(("n", "n_late", "n_pairs", "n_bootstrap"), "Int64")
    return row.astype({**counts, "endpoint": "string", "note": "string", "dependent": "boolean"})


def warn_dependent(endpoint: str, check: TruncationCheck, *, findings: Findings) -> None:
    """Add W_DEPENDENT_TRUNCATION if the check says so.

    Parameters
    ----------
    endpoint
        Name of the endpoint.
    check
        From ``check_truncation``.
    findings
        Receives the warning with the numbers behind it.
    """
    if not check.dependent:
        return
    facts = []
    if np.isfinite(check.tau):
        p = f", p = {check.tau_p:.3g}" if np.isfinite(check.tau_p) else ""
        facts.append(f"conditional Kendall tau {check.tau:.3f} in {check.n_pairs} pairs{p}")
    if np.isfinite(check.entry_coef):
        facts.append(f"hazard ratio per month of later entry {_exp(check.entry_coef):.3f}, p = {check.entry_p:.3g}")
    worse = check.tau < 0 if abs(check.tau) > 0 else check.entry_coef > 0
    findings.add(
        "W_DEPENDENT_TRUNCATION",
        f"{endpoint}: patients who enter later live {'shorter' if worse else 'longer'} ({'; '.join(facts)}). Delayed "
        "entry assumes that they do not; it does not remove this bias.",
        fix="Report the analyses with and without delayed entry side by side (report_both = true).",
    )


class _Slope(NamedTuple):
    """Cox coefficient of entry per month with its standard error and Wald p, and the status of the model."""

    coef: float
    se: float
    p: float
    status: str


def _fit_entry(
    time: NDArray[np.float64], event: NDArray[np.bool_], entry: NDArray[np.float64], strata: NDArray[np.intp]
) -> _Slope:
    """Fit the entry time in a model truncated at it."""
    if len(time) < 2 or entry.min() == entry.max():
        return _Slope(np.nan, np.nan, np.nan, "singular")
    fit = fit_cox(entry / DAYS_PER_MONTH, time, event, entry=entry, strata=strata, ties="efron")
    return _Slope(float(fit.coef[0]), float(fit.se[0]), fit.wald_p, fit.status)


def _tau_se(
    pairs: PairSums,
    time: NDArray[np.float64],
    event: NDArray[np.bool_],
    entry: NDArray[np.float64],
    strata: NDArray[np.intp],
    seed: int,
    draws: int,
) -> tuple[float, int]:
    """Return the standard error of tau and the resamples behind it; NaN and 0 if nothing can be resampled."""
    if not pairs.n_pairs:
        return float("nan"), 0
    if draws:
        return bootstrap_se(time, event, entry, strata=strata, seed=seed, draws=draws)
    return pairs.jackknife_se, 0


def _notes(without: int, pairs: PairSums, se: float, status: str) -> list[str]:
    reasons = {
        "singular": "entry does not vary among those at risk together: no hazard ratio",
        "monotone": "the hazard ratio of entry is infinite",
        "no_events": "no events",
    }
    out = [f"{without} without an entry time left out"] if without else []
    if not pairs.n_pairs:
        out.append("no two patients are at risk together when one has the event: no tau")
    elif not se > 0:
        out.append("tau does not vary between resamples: no p")
    return out + ([reasons[status]] if status in reasons else [])


def _exp(value: float) -> float:
    return float(np.exp(value))
