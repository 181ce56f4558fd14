"""Cox models of several covariates: estimates, tests, robust covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.cox_residuals import cox_residuals
from netgen.association.direct_likelihood import evaluate_directly, risk_matrix
from netgen.association.newton import CONVERGED, maximise
from netgen.association.partial_likelihood import Design, Evaluation, build_design, evaluate, standardise
from netgen.association.riskset import RiskSets, build_risk_sets
from netgen.association.tails import chi2_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties

SEPARATED_SE: Final = 10.0  # a standard error of the contrast lowest - highest value beyond this is no estimate


@dataclass(frozen=True, kw_only=True)
class CoxFit:
    """A fitted Cox model of p covariates.

    Attributes
    ----------
    names
        Names of the covariates.
    coef, se
        (p,) log hazard ratios per unit and model-based standard errors; NaN unless ``status`` is ``converged``.
    covariance
        (p, p) inverse information.
    robust_se, robust_covariance
        The same from the sums of the dfbeta residuals over clusters; NaN without clusters.
    loglik_null, loglik
        Log partial likelihood at 0 and at its supremum.
    lr_chi2, score_chi2, wald_chi2, lr_p, score_p, wald_p
        Tests of all coefficients on ``df`` degrees of freedom; Wald by the robust covariance if there is one. LR and
        score also hold for a monotone likelihood.
    robust_score_chi2, robust_score_p
        Score test with the covariance of the clusters' score residuals.
    df, n, events, iterations
        Degrees of freedom, patients, events, Newton steps.
    status
        ``converged``; ``monotone``: some coefficient is infinite; ``singular``: covariates are collinear or constant
        within the risk sets; ``no_events``.
    ties
        Handling of ties.
    martingale, score_residuals
        (n,) and (n, p) residuals in the row order given; NaN unless converged.
    risk, x, weights
        What was fitted: outcomes, (n, p) covariates, case weights (None = 1).
    """

    names: tuple[str, ...]
    coef: NDArray[np.float64]
    se: NDArray[np.float64]
    covariance: NDArray[np.float64]
    robust_se: NDArray[np.float64]
    robust_covariance: NDArray[np.float64]
    loglik_null: float
    loglik: float
    lr_chi2: float
    score_chi2: float
    wald_chi2: float
    lr_p: float
    score_p: float
    wald_p: float
    robust_score_chi2: float
    robust_score_p: float
    df: int
    n: int
    events: int
    iterations: int
    status: str
    ties: Ties
    martingale: NDArray[np.float64]
    score_residuals: NDArray[np.float64]
    risk: RiskSets
    x: NDArray[np.float64]
    weights: NDArray[np.float64] | None


def fit_cox(
    x: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
    cluster: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> CoxFit:
    """Fit a Cox model by Newton's method.

    Missing values are the caller's business: use complete cases and count the others.

    Parameters
    ----------
    x
        (n, p) or (n,) covariates.
    time
        (n,) days from the origin to the event or censoring.
    event
        (n,) True if the event happened.
    entry
        (n,) days to the start of observation; None = observed from the origin.
    strata
        (n,) labels; each stratum has its own baseline hazard.
    ties
        ``efron`` or ``breslow``.
    cluster
        (n,) labels of rows that belong together, e.g. patients with several lines; None = no robust covariance.
    weights
        (n,) case weights, > 0; None = 1.
    names
        Names of the covariates; None = x1, x2, ...

    Returns
    -------
    CoxFit
        Estimates, tests and status; a model that cannot be estimated is a result with a status, not an exception.

    Raises
    ------
    ValueError
        If a value is not finite, an entry is not before its exit, or a weight is not positive.

    Notes
    -----
    1. Covariates are centred and scaled; Newton steps are halved while the log likelihood falls.
    2. Converged: score below 1e-8 and a negligible step. Monotone: the log likelihood no longer rises although the
       step does not vanish, or the standard error of a contrast over the whole range of a covariate exceeds 10. With
       delayed entry a monotone model is maximised again by ``direct_likelihood``, if the cohort is not too large.
    3. Robust covariance: sum over clusters of the outer products of weighted dfbeta residuals.

    Witness: R ``coxph``, ``tests/reference/cox``; naive likelihood in ``tests/naive.py``.
    """
    covariates = np.asarray(x, dtype=np.float64)
    covariates = covariates[:, None] if covariates.ndim == 1 else covariates
    w = None if weights is None else np.asarray(weights, dtype=np.float64)
    if not np.isfinite(covariates).all():
        raise ValueError("covariates must be finite numbers; use complete cases and count the others")
    if w is not None and not (w > 0).all():
        raise ValueError("weights must be positive; leave patients of weight 0 out")
    risk = build_risk_sets(time, event, entry=entry, strata=strata)
    p = covariates.shape[1]
    labels = tuple(names) if names is not None else tuple(f"x{j + 1}" for j in range(p))
    z, scale = standardise(covariates)
    design = build_design(risk, z, ties=ties, weights=w)
    found = _estimate(design, scale)
    if found.status == "monotone" and np.isfinite(risk.entry).any():
        members = risk_matrix(design, risk)
        found = found if members is None else _estimate(design, scale, members)
    out = {"martingale": np.full(len(covariates), np.nan), "score": np.full(covariates.shape, np.nan)}
    if found.status == "converged":
        out["martingale"], out["score"] = cox_residuals(design, risk, found.coef * scale)
        out["score"] *= scale
    robust, robust_score = np.full((p, p), np.nan), float("nan")
    if cluster is not None and found.status in {"converged", "monotone"}:
        null_score = cox_residuals(design, risk, np.zeros(p))[1] * scale
        robust, robust_score = _robust(found.covariance, out["score"], null_score, w, cluster)
    wald = _quadratic(found.coef, found.covariance if cluster is None else robust)
    lr = 2 * (found.loglik - found.loglik_null)
    return CoxFit(
        names=labels,
        coef=found.coef,
        se=np.sqrt(np.diag(found.covariance)),
        covariance=found.covariance,
        robust_se=np.sqrt(np.diag(robust)),
        robust_covariance=robust,
        loglik_null=found.loglik_null,
        loglik=found.loglik,
        lr_chi2=lr,
        score_chi2=found.score_chi2,
        wald_chi2=wald,
        lr_p=float(chi2_p(lr, p)),
        score_p=float(chi2_p(found.score_chi2, p)),
        wald_p=float(chi2_p(wald, p)),
        robust_score_chi2=robust_score,
        robust_score_p=float(chi2_p(robust_score, p)),
        df=p,
        n=len(covariates),
        events=int(risk.event.sum()),
        iterations=found.iterations,
        status=found.status,
        ties=ties,
        martingale=out["martingale"],
        score_residuals=out["score"],
        risk=risk,
        x=covariates,
        weights=w,
    )


class _Found(NamedTuple):
    """Outcome of the search, on the original scale of the covariates."""

    status: str
    coef: NDArray[np.float64]
    covariance: NDArray[np.float64]
    loglik_null: float
    loglik: float
    score_chi2: float
    iterations: int


def _estimate(design: Design, scale: NDArray[np.float64], members: NDArray[np.float64] | None = None) -> _Found:
    """Maximise the likelihood of one model and judge what was found; with ``members`` no risk set is a difference."""

    def likelihood(coef: NDArray[np.float64], _: object = None) -> Evaluation:
        return evaluate(design, coef) if members is None else evaluate_directly(design, members, coef)

    p = len(scale)
    nothing, square = np.full(p, np.nan), np.full((p, p), np.nan)
    if len(design.term_slot) == 0:
        return _Found("no_events", nothing, square, np.nan, np.nan, np.nan, 0)
    null = likelihood(np.zeros((1, p)))
    null_loglik = float(null.loglik[0])
    if _is_singular(null.information[0], design.term_weight.sum()):
        return _Found("singular", nothing, square, null_loglik, np.nan, np.nan, 0)
    score_chi2 = float(null.score[0] @ np.linalg.solve(null.information[0], null.score[0]))
    reach = np.ptp(design.covariates, axis=1)
    search = maximise(likelihood, np.zeros((1, p)), reach)
    loglik = float(search.at.loglik[0])
    if search.state[0] == CONVERGED:
        covariance = np.linalg.inv(search.at.information[0])
        if (np.sqrt(np.diag(covariance)) * reach < SEPARATED_SE).all():
            coef, covariance = search.coef[0] / scale, covariance / np.outer(scale, scale)
            return _Found("converged", coef, covariance, null_loglik, loglik, score_chi2, search.iterations)
    return _Found("monotone", nothing, square, null_loglik, loglik, score_chi2, search.iterations)


def _is_singular(information: NDArray[np.float64], events: float) -> bool:
    """Whether standardised covariates are collinear or constant in the risk sets: an eigenvalue next to nothing."""
    values = np.linalg.eigvalsh(information)
    return bool(values[0] <= 1e-9 * max(values[-1], events))


def _quadratic(vector: NDArray[np.float64], covariance: NDArray[np.float64]) -> float:
    """Quadratic form v' C^- v; NaN if anything is NaN."""
    if np.isnan(vector).any() or np.isnan(covariance).any():
        return float("nan")
    return float(vector @ np.linalg.pinv(covariance, hermitian=True) @ vector)


def _robust(
    covariance: NDArray[np.float64],
    score: NDArray[np.float64],
    null_score: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    cluster: ArrayLike,
) -> tuple[NDArray[np.float64], float]:
    """Covariance from the clusters' dfbeta residuals, and the score statistic with the clusters' covariance."""
    group = np.unique(np.asarray(cluster), return_inverse=True)[1]
    w = np.ones((len(score), 1)) if weights is None else weights[:, None]
    sums, null_sums = (
        np.stack([np.bincount(group, column) for column in (w * r).T]).astype(np.float64) for r in (score, null_score)
    )
    dfbeta = covariance @ sums
    return dfbeta @ dfbeta.T, _quadratic(null_sums.sum(axis=1), null_sums @ null_sums.T)
