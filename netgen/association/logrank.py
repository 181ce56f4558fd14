"""Log-rank tests: k groups at once, or altered against wild type for every gene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.counts import at_risk_counts, iter_gene_counts
from netgen.association.riskset import RiskSets, build_risk_sets
from netgen.association.tails import chi2_p

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BLOCK_BYTES: Final = 1 << 22  # larger than for Cox models: only a few arrays, by slots and not by deaths


@dataclass(frozen=True, kw_only=True)
class LogrankTest:
    """Comparison of k groups.

    Attributes
    ----------
    groups
        Labels, sorted.
    n, observed, expected
        (k,) patients, (weighted) observed and expected events.
    variance
        (k, k) covariance of observed - expected.
    chi2, df, p
        Test; ``df`` is the rank of ``variance``. With ``df`` 0 nothing can be tested: chi2 and p are NaN.
    rho, gamma
        Weight S(t-)^rho (1 - S(t-))^gamma: 0, 0 = log-rank; 1, 0 = Peto-Peto form of the Wilcoxon test; 0, 1 = late
        differences.
    """

    groups: tuple[object, ...]
    n: NDArray[np.intp]
    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    variance: NDArray[np.float64]
    chi2: float
    df: int
    p: float
    rho: float
    gamma: float


@dataclass(frozen=True, kw_only=True)
class LogrankScan:
    """Altered against wild type for m genes, in the row order of the gene matrix.

    Attributes
    ----------
    observed, expected, variance
        (m,) (weighted) events of the altered, expected events, hypergeometric variance of the difference.
    chi2, p
        (m,) test on 1 df; NaN where the variance is 0.
    rho, gamma
        Weight, as in ``LogrankTest``.
    """

    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    variance: NDArray[np.float64]
    chi2: NDArray[np.float64]
    p: NDArray[np.float64]
    rho: float
    gamma: float


def logrank_test(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
    gamma: float = 0.0,
) -> LogrankTest:
    """Compare the survival of k groups.

    Missing values are the caller's business: drop and count patients without a group before.

    Parameters
    ----------
    time
        (n,) days from the origin to the event or censoring.
    event
        (n,) True if the event happened.
    group
        (n,) labels.
    entry
        (n,) days to the start of observation; None = observed from the origin.
    strata
        (n,) labels; observed - expected and variances are added up over strata.
    rho, gamma
        Fleming-Harrington weight S(t-)^rho (1 - S(t-))^gamma, S the pooled Kaplan-Meier curve of the stratum.

    Returns
    -------
    LogrankTest
        Observed and expected per group and the quadratic form with a generalised inverse.

    Raises
    ------
    ValueError
        If a time is not finite, or an entry is not before its exit.

    Notes
    -----
    E = sum w d n_g/n; V = sum w^2 d (n - d)/(n - 1) (diag(n_g/n) - n_g n_h/n^2), 0 where n = 1. Equals R's
    ``survdiff``, and its definition where R refuses delayed entry; see ``tests/reference/logrank``.

    References
    ----------
    Harrington DP, Fleming TR. Biometrika 1982;69:553-566.
    Fleming TR, Harrington DP. Counting Processes and Survival Analysis, 1991, ch. 7 (gamma).
    """
    risk = build_risk_sets(time, event, entry=entry, strata=strata)
    labels, code = np.unique(np.asarray(group), return_inverse=True)
    k = len(labels)
    n_group = at_risk_counts(risk, code, np.arange(len(code)), k)
    weight = _fleming_harrington(risk, risk.n_at_risk[None], risk.n_events[None], rho, gamma)[0]
    share = n_group / risk.n_at_risk
    dead = risk.event
    observed = np.bincount(code[dead], weights=weight[risk.event_slot[dead]], minlength=k).astype(np.float64)
    expected = share @ (weight * risk.n_events)
    scaled = share * (weight**2 * _spread(risk.n_at_risk, risk.n_events))
    variance = np.diag(scaled.sum(axis=1)) - scaled @ share.T
    chi2, df = quadratic_form(observed - expected, variance)
    return LogrankTest(
        groups=tuple(labels.tolist()),
        n=np.bincount(code, minlength=k),
        observed=observed,
        expected=expected,
        variance=variance,
        chi2=chi2,
        df=df,
        p=float(chi2_p(chi2, df)),
        rho=rho,
        gamma=gamma,
    )


def scan_logrank(risk: RiskSets, genes: NDArray[np.int8], *, rho: float = 0.0, gamma: float = 0.0) -> LogrankScan:
    """Compare altered and wild-type patients by the log-rank test, gene by gene.

    Patients who are not profiled for a gene (-1) are in none of that gene's risk sets. Strata and delayed entry are
    those of ``risk``.

    Parameters
    ----------
    risk
        Outcomes of n patients.
    genes
        (m, n) gene-major status: 1 altered, 0 wild type, -1 not profiled; columns in the row order of ``risk``.
    rho, gamma
        Weight, as in ``logrank_test``; the Kaplan-Meier curve is that of the gene's profiled patients.

    Returns
    -------
    LogrankScan
        One entry per gene.

    Notes
    -----
    The formulas of ``logrank_test``. Witnesses: ``tests/reference/genes``, ``tests/reference/logrank``.
    """
    m = len(genes)
    observed, expected, variance = np.zeros(m), np.zeros(m), np.zeros(m)
    for block in iter_gene_counts(risk, genes, block_bytes=BLOCK_BYTES):
        n, d = block.n_total, block.d_total
        share = block.n_altered / np.maximum(n, 1)
        observed[block.rows] = block.events_altered
        spread = _spread(n, d)
        if rho != 0 or gamma != 0:
            weight = _fleming_harrington(risk, n, d, rho, gamma)
            gene, slot = block.deaths
            weights = weight[gene if len(weight) > 1 else 0, slot]
            observed[block.rows] = np.bincount(gene, weights=weights, minlength=len(block.rows))
            d, spread = weight * d, weight**2 * spread
        expected[block.rows] = _weighted(share, d)
        share *= 1 - share
        variance[block.rows] = _weighted(share, spread)
    chi2 = np.full(m, np.nan)
    tested = variance > 0
    chi2[tested] = (observed - expected)[tested] ** 2 / variance[tested]
    return LogrankScan(
        observed=observed, expected=expected, variance=variance, chi2=chi2, p=chi2_p(chi2), rho=rho, gamma=gamma
    )


def _weighted(x: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row sums of x times the weights, which all rows may share."""
    return np.asarray(x @ weight[0] if len(weight) == 1 else np.einsum("ij,ij->i", x, weight))


def _spread(n: NDArray[np.float64], d: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hypergeometric factor d (n - d)/(n - 1) of each slot; 0 with fewer than two at risk."""
    return np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)


def _fleming_harrington(
    risk: RiskSets, n: NDArray[np.float64], d: NDArray[np.float64], rho: float, gamma: float
) -> NDArray[np.float64]:
    """S(t-)^rho (1 - S(t-))^gamma at every slot (r, K), S the Kaplan-Meier curve of n at risk and d events (r, K)."""
    before = np.ones(n.shape)
    for s in range(risk.n_strata if rho != 0 or gamma != 0 else 0):
        slots = np.flatnonzero(risk.slot_stratum == s)
        stays = 1 - d[:, slots[:-1]] / np.maximum(n[:, slots[:-1]], 1)
        before[:, slots[1:]] = np.cumprod(stays, axis=1)
    return np.asarray(before**rho * (1 - before) ** gamma)


def quadratic_form(u: NDArray[np.float64], variance: NDArray[np.float64]) -> tuple[float, int]:
    """Return the quadratic form u' V^- u and the rank of V.

    Parameters
    ----------
    u
        (k,) scores, such as observed less expected events.
    variance
        (k, k) their covariance.

    Returns
    -------
    tuple[float, int]
        Statistic and degrees of freedom; NaN and 0 where V is 0.
    """
    values, vectors = np.linalg.eigh(variance)
    kept = values > 1e-10 * max(values.max(initial=0.0), 1e-12)
    if not kept.any():
        return float("nan"), 0
    return float(((vectors[:, kept].T @ u) ** 2 / values[kept]).sum()), int(kept.sum())
