"""Effect sizes and p-values of the testable features of one family, by the estimator the plan chose for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.counts import coverage_patterns
from netgen.association.cox import scan_cox
from netgen.association.cox_adjusted import scan_cox_adjusted
from netgen.association.firth import scan_firth, scan_firth_adjusted
from netgen.association.logrank import scan_logrank
from netgen.association.permutation import martingale_residuals, scan_permutation
from netgen.association.plan import SPARSE_EVENTS
from netgen.association.riskset import build_risk_sets
from netgen.association.subset_sums import build_choices, min_attainable_p
from netgen.association.tails import normal_quantile
from netgen.errors import AnalysisError
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.analysis_set import AnalysisSet
    from netgen.association.groups import GroupCounts
    from netgen.association.permutation import PermutationScan
    from netgen.association.plan import EndpointPlan
    from netgen.association.riskset import RiskSets

REFINE_P: Final = 0.01  # large cohorts: an asymptotic p below this with few altered events is refined by permutation
REFINE_EVENTS: Final = 20


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """Per tested feature, each (t,): log hazard ratio with limits, the p-values and how they came about.

    ``mle_status`` is ok, monotone or not_informative; limits are NaN where the profile is open. Permutation columns are
    NaN (0 draws) where the plan does not permute.
    """

    beta: NDArray[np.float64]
    beta_lo: NDArray[np.float64]
    beta_hi: NDArray[np.float64]
    p_primary: NDArray[np.float64]
    p_method: NDArray[np.str_]
    n_permutations: NDArray[np.int64]
    mc_lo: NDArray[np.float64]
    mc_hi: NDArray[np.float64]
    min_attainable_p: NDArray[np.float64]
    p_logrank: NDArray[np.float64]
    p_firth: NDArray[np.float64]
    mle_status: NDArray[np.str_]


def estimate_features(
    analysis: AnalysisSet, rows: NDArray[np.intp], counts: GroupCounts, plan: EndpointPlan
) -> Estimates:
    """Return estimates of the features ``rows`` under the plan.

    Patients who are not profiled for a feature have no part in it; strata and delayed entry are those of the analysis
    set.

    Parameters
    ----------
    analysis
        Outcomes and genes.
    rows
        (t,) features that pass the minimum-altered rules.
    counts
        Group counts of all features.
    plan
        Estimator, p method, ties, permutations and seed.

    Returns
    -------
    Estimates
        In the order of ``rows``.

    Raises
    ------
    AnalysisError
        ``E_TOO_MANY_COVARIATES`` if the model has more than one parameter per five events.
    """
    genes = analysis.genes[rows]
    risk = build_risk_sets(analysis.time, analysis.event, entry=analysis.entry, strata=analysis.stratum)
    cox = scan_cox(risk, genes, ties=plan.ties)
    status = np.where(np.char.startswith(cox.status, "monotone"), "monotone", cox.status)
    beta, lo, hi, p_model, p_firth = _model(analysis, genes, risk, plan)
    permuted = _permute(risk, genes, counts, rows, p_model, plan)
    use = permuted.method != ""
    asymptotic = "lr" if plan.estimator == "cox" else "penalised_lr"
    return Estimates(
        beta=beta,
        beta_lo=lo,
        beta_hi=hi,
        p_primary=np.where(use, permuted.p, p_model),
        p_method=np.where(use, permuted.method, asymptotic),
        n_permutations=permuted.n_permutations,
        mc_lo=permuted.mc_lo,
        mc_hi=permuted.mc_hi,
        min_attainable_p=permuted.min_attainable_p,
        p_logrank=scan_logrank(risk, genes).p,
        p_firth=p_firth,
        mle_status=status,
    )


def _model(
    analysis: AnalysisSet, genes: NDArray[np.int8], risk: RiskSets, plan: EndpointPlan
) -> tuple[NDArray[np.float64], ...]:
    """Log HR, limits, the model's p, and the Firth p (NaN if another estimator was used)."""
    design = None if analysis.covariates is None else analysis.covariates.to_numpy(dtype=np.float64)
    if design is not None and design.shape[1] + 1 > analysis.events / 5:
        raise AnalysisError(
            "E_TOO_MANY_COVARIATES",
            f"{design.shape[1] + 1} parameters need at least {5 * (design.shape[1] + 1)} events; "
            f"{analysis.endpoint} has {analysis.events}.",
            fix="Adjust for fewer covariates.",
        )
    if plan.estimator == "firth":
        if design is None:
            firth = scan_firth(risk, genes, ties=plan.ties, level=plan.level)
        else:
            firth = scan_firth_adjusted(risk, genes, design, ties=plan.ties, level=plan.level)
        return firth.coef, firth.lo, firth.hi, firth.p, firth.p
    cox = (
        scan_cox(risk, genes, ties=plan.ties)
        if design is None
        else scan_cox_adjusted(risk, genes, design, ties=plan.ties)
    )
    half = normal_quantile(plan.level) * cox.se
    return cox.coef, cox.coef - half, cox.coef + half, cox.lr_p, np.full(len(genes), np.nan)


def _permute(
    risk: RiskSets,
    genes: NDArray[np.int8],
    counts: GroupCounts,
    rows: NDArray[np.intp],
    p_model: NDArray[np.float64],
    plan: EndpointPlan,
) -> PermutationScan:
    """Permutation tests of the features that the plan permutes; the method of the others is blank."""
    if plan.p_method == "permutation":
        wanted = np.ones(len(rows), dtype=bool)
    elif plan.p_method == "permutation_or_penalised_lr":
        altered, unaltered = counts.events_altered[rows], counts.events_unaltered[rows]
        wanted = np.minimum(altered, unaltered) < SPARSE_EVENTS
        wanted |= (p_model < REFINE_P) & (altered < REFINE_EVENTS)
    else:
        wanted = np.zeros(len(rows), dtype=bool)
    masked = np.where(wanted[:, None], genes, np.int8(-1))
    return scan_permutation(
        risk, masked, seed=derive_seed(f"permutation:{plan.endpoint}", master=plan.seed), max_draws=plan.permutations
    )


def attainable_p(analysis: AnalysisSet, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the smallest p-value that a permutation test of each feature could give, without testing it.

    Parameters
    ----------
    analysis
        Outcomes and genes.
    rows
        (t,) features.

    Returns
    -------
    NDArray[np.float64]
        (t,) in the order of ``rows``; 1 where labels cannot matter, NaN where nobody was profiled.
    """
    risk = build_risk_sets(analysis.time, analysis.event, entry=analysis.entry, strata=analysis.stratum)
    genes = analysis.genes[rows]
    patterns = coverage_patterns(genes)
    out = np.full(len(rows), np.nan)
    for pattern in np.unique(patterns):
        same = np.flatnonzero(patterns == pattern)
        profiled = genes[same[0]] >= 0
        if not profiled.any():
            continue
        residuals = martingale_residuals(risk, profiled)
        members = [np.flatnonzero(profiled & (risk.stratum == stratum)) for stratum in range(risk.n_strata)]
        groups = [residuals[who] for who in members]
        for row in same:
            sizes = [int((genes[row, who] == 1).sum()) for who in members]
            out[row] = min_attainable_p(build_choices(groups, sizes))
    return out
