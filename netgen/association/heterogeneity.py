"""Does the effect of an alteration differ between origins? Per-origin estimates, interaction test, Cochran's Q.

The interaction test compares the model with one effect per origin to the model with one common effect. Q uses Firth
estimates: with maximum likelihood an origin whose estimate is infinite has no weight, and Q hides the heterogeneity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from netgen.association.cox import MONOTONE, CoxScan, scan_cox
from netgen.association.firth import FirthScan, fit_common, scan_firth
from netgen.association.riskset import RiskSets, build_risk_sets
from netgen.association.tails import chi2_p, normal_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties

Method = Literal["firth", "ml"]

COLUMNS: Final[tuple[str, ...]] = (
    "origin", "n", "n_altered", "events_altered", "events_unaltered", "beta", "se", "hr", "hr_lo", "hr_hi", "estimable",
    "monotone_mle", "status",
)  # fmt: skip

# Printed beside the tests of up to three origins.
LOW_POWER: Final = "Q and I2 have almost no power; a non-significant test is not evidence that effects are equal."


@dataclass(frozen=True, kw_only=True)
class Heterogeneity:
    """Effects of one alteration by origin; NaN where fewer than two origins are estimable.

    Attributes
    ----------
    method, ties, level
        ``firth`` or ``ml``, handling of ties, confidence level.
    table
        One row per origin, sorted, ``COLUMNS``. estimable: altered and unaltered are at risk together when somebody has
        the event; monotone_mle: the maximum-likelihood estimate is infinite; status: as ``cox.STATUSES``.
    n_estimable
        Estimable origins.
    beta, se, lo, hi, p_common
        Common log hazard ratio, stratified by origin, with its limits and test.
    q, q_df, q_p, i2, tau2
        Cochran's Q over the origins with a finite estimate, its test, I2 = max(0, (Q - df) / Q) as a fraction, and the
        variance between origins of DerSimonian and Laird.
    lr_chi2, df, p
        Interaction test on ``n_estimable - 1`` df: by penalised likelihood (PLR_int) or likelihood ratio.
    """

    method: Method
    ties: Ties
    level: float
    table: pd.DataFrame
    n_estimable: int
    beta: float
    se: float
    lo: float
    hi: float
    p_common: float
    q: float
    q_df: int
    q_p: float
    i2: float
    tau2: float
    lr_chi2: float
    df: int
    p: float


def heterogeneity(
    time: ArrayLike,
    event: ArrayLike,
    altered: ArrayLike,
    origin: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    ties: Ties = "efron",
    method: Method = "firth",
    level: float = 0.95,
) -> Heterogeneity:
    """Estimate an alteration's effect in every origin and test whether the effects differ.

    Missing values are the caller's business: only profiled patients with a known origin belong here.

    Parameters
    ----------
    time, event
        (n,) outcomes, as in ``riskset.build_risk_sets``.
    altered
        (n,) True if altered.
    origin
        (n,) labels.
    entry
        (n,) start of observation; None = observed from the origin of time.
    ties
        ``efron`` or ``breslow``.
    method
        ``firth`` for small cohorts; ``ml`` (ordinary Cox models) for large ones.
    level
        Of the confidence limits: profile penalised likelihood, or Wald for ``ml``.

    Returns
    -------
    Heterogeneity
        Origins without an estimate keep their row; ``status`` says why.

    Notes
    -----
    1. PLR_int = 2 [sum_o max l*_o(b_o) - max_b sum_o l*_o(b)]: every origin keeps its own penalty log I_o / 2, in both
       models. (The stratified Firth model has one penalty, log of the sum of the I_o, and is not nested.)
    2. Q = sum w (b_o - b)^2 with w = 1 / SE^2.

    An effect that is significant in one origin is no evidence for a difference: read the interaction test, not the
    smallest p. Witness: DOMAIN SC11, SC20, Appendix B.

    References
    ----------
    DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 7:177-188 (1986).
    """
    status = np.asarray(altered, dtype=bool).astype(np.int8)
    labels = np.asarray(origin)
    origins, code = np.unique(labels, return_inverse=True)
    risk = build_risk_sets(time, event, entry=entry)
    genes = np.where(
        code == np.arange(len(origins))[:, None], status, np.int8(-1)
    )  # an origin per row, the rest not in it
    stratified = build_risk_sets(time, event, entry=entry, strata=code)
    fit = _fit_firth if method == "firth" else _fit_ml
    table, common, lr_chi2 = fit(risk, genes, stratified, status[None, :], ties, level)
    table["origin"] = pd.array(origins.astype(str), dtype="string")
    table = table[list(COLUMNS)]
    n_estimable = int(table["estimable"].sum())
    several = n_estimable > 1
    df = max(n_estimable - 1, 0)
    chi2 = max(lr_chi2, 0.0) if several else float("nan")
    q, q_df, i2, tau2 = _cochran(table["beta"].to_numpy(), table["se"].to_numpy())
    return Heterogeneity(
        method=method,
        ties=ties,
        level=level,
        table=table,
        n_estimable=n_estimable,
        **common,
        q=q,
        q_df=q_df,
        q_p=float(chi2_p(q, q_df)),
        i2=i2,
        tau2=tau2,
        lr_chi2=chi2,
        df=df,
        p=float(chi2_p(chi2, df)),
    )


def _fit_firth(
    risk: RiskSets, genes: NDArray[np.int8], stratified: RiskSets, status: NDArray[np.int8], ties: Ties, level: float
) -> tuple[pd.DataFrame, dict[str, float], float]:
    """Rows by origin, common effect, interaction chi-square."""
    by_origin = scan_firth(risk, genes, ties=ties, level=level)
    common = scan_firth(stratified, status, ties=ties, level=level)
    effect = {name: float(getattr(common, name)[0]) for name in ("se", "lo", "hi")}
    effect |= {"beta": float(common.coef[0]), "p_common": float(common.p[0])}
    restricted = fit_common(risk, genes, ties=ties)[1]
    lr_chi2 = 2 * (float(np.nansum(by_origin.pen_loglik)) - restricted)
    return _table(by_origin, by_origin.lo, by_origin.hi), effect, lr_chi2


def _fit_ml(
    risk: RiskSets, genes: NDArray[np.int8], stratified: RiskSets, status: NDArray[np.int8], ties: Ties, level: float
) -> tuple[pd.DataFrame, dict[str, float], float]:
    """Return the same from ordinary Cox models; an infinite estimate is NaN, its likelihood the supremum."""
    by_origin = scan_cox(risk, genes, ties=ties)
    common = scan_cox(stratified, status, ties=ties)
    z = normal_quantile(level)
    beta, se = float(common.coef[0]), float(common.se[0])
    effect = {"beta": beta, "se": se, "lo": beta - z * se, "hi": beta + z * se, "p_common": float(common.lr_p[0])}
    lr_chi2 = float(np.nansum(by_origin.lr_chi2) - common.lr_chi2[0])
    half = z * by_origin.se
    return _table(by_origin, by_origin.coef - half, by_origin.coef + half), effect, lr_chi2


def _table(scan: FirthScan | CoxScan, lo: NDArray[np.float64], hi: NDArray[np.float64]) -> pd.DataFrame:
    """Columns of the table but the origin, a row per origin."""
    monotone = np.isin(scan.status, sorted(MONOTONE))
    return pd.DataFrame(
        {
            "n": pd.array(scan.n, dtype="Int64"),
            "n_altered": pd.array(scan.n_altered, dtype="Int64"),
            "events_altered": pd.array(scan.events_altered, dtype="Int64"),
            "events_unaltered": pd.array(scan.events - scan.events_altered, dtype="Int64"),
            "beta": scan.coef,
            "se": scan.se,
            "hr": np.exp(scan.coef),
            "hr_lo": np.exp(lo),
            "hr_hi": np.exp(hi),
            "estimable": pd.array(monotone | (scan.status == "ok"), dtype="boolean"),
            "monotone_mle": pd.array(monotone, dtype="boolean"),
            "status": pd.array(scan.status.astype(str), dtype="string"),
        }
    )


def _cochran(beta: NDArray[np.float64], se: NDArray[np.float64]) -> tuple[float, int, float, float]:
    """Q, its degrees of freedom, I2 and tau2 over the finite estimates."""
    known = ~np.isnan(beta)
    df = int(known.sum()) - 1
    if df < 1:
        return float("nan"), 0, float("nan"), float("nan")
    b, w = beta[known], 1 / se[known] ** 2
    mean = (w * b).sum() / w.sum()
    q = float((w * (b - mean) ** 2).sum())
    i2 = max(0.0, (q - df) / q) if q > 0 else 0.0
    tau2 = max(0.0, (q - df) / float(w.sum() - (w**2).sum() / w.sum()))
    return q, df, i2, tau2
