"""Cox models of every gene beside the same covariates, e.g. age, sex and stage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.counts import coverage_patterns
from netgen.association.cox import MONOTONE_MINUS, MONOTONE_PLUS, OK, STATUSES, CoxScan, scan_cox
from netgen.association.newton import CONVERGED, FLAT, maximise, solve_each
from netgen.association.partial_likelihood import Design, Evaluation, build_design, evaluate, standardise
from netgen.association.riskset import RiskSets, build_risk_sets
from netgen.association.tails import chi2_p

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.counts import Ties

BLOCK_BYTES: Final = 1 << 21  # of the weighted covariates of a block of genes
SINGULAR, NO_COVARIATES = len(STATUSES), len(STATUSES) + 1
ADJUSTED_STATUSES: Final[tuple[str, ...]] = (
    *STATUSES,
    "singular",  # the gene is a combination of the covariates
    "covariates_not_estimable",  # the model without the gene has no finite maximum
)


def scan_cox_adjusted(
    risk: RiskSets, genes: NDArray[np.int8], covariates: NDArray[np.float64], *, ties: Ties = "efron"
) -> CoxScan:
    """Fit, for every gene, a Cox model of the gene and the same covariates.

    Patients who are not profiled for a gene (-1) are left out of that gene's model. Strata and delayed entry are those
    of ``risk``. Covariates must be complete: leave patients without them out of ``risk`` and count them.

    Parameters
    ----------
    risk
        Outcomes of n patients.
    genes
        (m, n) gene-major status: 1 altered, 0 wild type, -1 not profiled; columns in the row order of ``risk``.
    covariates
        (n, q) numbers, indicator columns for categories.
    ties
        ``efron`` or ``breslow``.

    Returns
    -------
    CoxScan
        Coefficient of the gene; ``loglik_null`` is that of the model without it, and the LR, score and Wald tests are
        those of the gene given the covariates. ``status`` is one of ``ADJUSTED_STATUSES``.

    Raises
    ------
    ValueError
        If a covariate is missing or not finite, or the shape is wrong.

    Notes
    -----
    1. Status from the counts as in ``scan_cox``; also monotone if the iteration shows that the gene is separated
       given the covariates.
    2. The model without the gene once per set of profiled patients; the score test of the gene is taken there.
    3. Newton's method for blocks of genes at once, from the unadjusted coefficient of the gene and the covariates'
       linear response to it.

    Witness: ``tests/reference/genes``, R ``coxph`` gene by gene.
    """
    if covariates.ndim != 2 or len(covariates) != len(risk.time):
        raise ValueError(f"covariates must have shape ({len(risk.time)}, q), got {covariates.shape}")
    if not np.isfinite(covariates).all():
        raise ValueError("covariates must be finite numbers; use complete cases and count the others")
    if covariates.shape[1] == 0:
        return scan_cox(risk, genes, ties=ties)
    plain = scan_cox(risk, genes, ties=ties)
    code = np.array([STATUSES.index(status) for status in plain.status], dtype=np.intp)
    value = {name: np.full(len(genes), np.nan) for name in ("coef", "se", "loglik_null", "loglik", "score_chi2")}
    wanted = np.flatnonzero(np.isin(code, (OK, MONOTONE_PLUS, MONOTONE_MINUS)))
    pattern = coverage_patterns(genes[wanted])
    for group in np.unique(pattern):
        _fit_pattern(risk, genes, covariates, wanted[pattern == group], plain.coef, ties, code, value)
    lr, wald = 2 * (value["loglik"] - value["loglik_null"]), (value["coef"] / value["se"]) ** 2
    return replace(
        plain,
        status=np.array(ADJUSTED_STATUSES)[code],
        **value,
        lr_chi2=lr,
        wald_chi2=wald,
        lr_p=chi2_p(lr),
        score_p=chi2_p(value["score_chi2"]),
        wald_p=chi2_p(wald),
    )


def _fit_pattern(
    risk: RiskSets,
    genes: NDArray[np.int8],
    covariates: NDArray[np.float64],
    rows: NDArray[np.intp],
    unadjusted: NDArray[np.float64],
    ties: Ties,
    code: NDArray[np.intp],
    value: dict[str, NDArray[np.float64]],
) -> None:
    """Fit the genes ``rows``, which share their profiled patients; results go into ``code`` and ``value``."""
    use = np.flatnonzero(genes[rows[0]] >= 0)
    if len(use) < len(risk.time):
        risk = build_risk_sets(risk.time[use], risk.event[use], entry=risk.entry[use], strata=risk.stratum[use])
    z, _ = standardise(covariates[use])
    design = build_design(risk, z, ties=ties)
    start = np.zeros((1, z.shape[1]))
    reach = np.ptp(design.covariates, axis=1)
    null = maximise(lambda coef, _: evaluate(design, coef), start, reach)
    value["loglik_null"][rows] = null.at.loglik[0]
    if null.state[0] != CONVERGED:
        code[rows] = NO_COVARIATES
        return
    p = 1 + z.shape[1]
    size = max(1, BLOCK_BYTES // (8 * len(design.rows) * (1 + p + p * (p + 1) // 2)))
    for first in range(0, len(rows), size):
        block = rows[first : first + size]
        own = genes[np.ix_(block, use[design.rows])].astype(np.float64)
        start = np.column_stack([np.nan_to_num(unadjusted[block]), np.broadcast_to(null.coef[0], (len(block), p - 1))])
        _fit_block(design, own, start, reach, block, code, value)


def _fit_block(
    design: Design,
    own: NDArray[np.float64],
    start: NDArray[np.float64],
    reach: NDArray[np.float64],
    rows: NDArray[np.intp],
    code: NDArray[np.intp],
    value: dict[str, NDArray[np.float64]],
) -> None:
    """Score test at the model without the gene, then Newton's method from ``start``."""
    null = start * np.append(0.0, np.ones(len(reach)))
    at = evaluate(design, null, own)
    free = _information_of_gene(at)
    singular = free <= 1e-9 * at.information[:, 0, 0]
    code[rows[singular]] = SINGULAR
    fit = ~singular
    rows, own, start = rows[fit], own[fit], start[fit]
    value["score_chi2"][rows] = at.score[fit, 0] ** 2 / free[fit]
    start[:, 1:] -= start[:, :1] * solve_each(at.information[fit, 1:, 1:], at.information[fit, 0, 1:])
    search = maximise(lambda coef, part: evaluate(design, coef, own[part]), start, np.append(1.0, reach))
    value["loglik"][rows] = search.at.loglik
    flat = (search.state == FLAT) & (code[rows] == OK)
    code[rows[flat]] = np.where(search.coef[flat, 0] > 0, MONOTONE_PLUS, MONOTONE_MINUS)
    ok = code[rows] == OK
    value["coef"][rows[ok]] = search.coef[ok, 0]
    value["se"][rows[ok]] = 1 / np.sqrt(_information_of_gene(Evaluation(*(part[ok] for part in search.at))))


def _information_of_gene(at: Evaluation) -> NDArray[np.float64]:
    """Information about the first coefficient when the others are estimated too (Schur complement)."""
    cross, rest = at.information[:, 0, 1:], at.information[:, 1:, 1:]
    return np.asarray(at.information[:, 0, 0] - np.einsum("ij,ij->i", cross, solve_each(rest, cross)))
