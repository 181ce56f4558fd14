"""Cox models of every gene beside the same covariates, e.g. age, sex and stage."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.counts import coverage_patterns
from netgen.association.cox import MONOTONE_MINUS, MONOTONE_PLUS, OK, STATUSES, CoxScan, scan_cox
from netgen.association.newton import CONVERGED, FLAT, Maximum, maximise, solve_each
from netgen.association.partial_likelihood import (
    Design,
    build_design,
    evaluate,
    linear_predictor,
    standardise,
    sum_terms,
    term_moments,
)
from netgen.association.riskset import RiskSets, build_risk_sets
from netgen.association.tails import chi2_p

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.counts import Ties

BLOCK_BYTES: Final = 1 << 19  # of one (genes, patients) array: a few of them stay in the cache of one core
SINGULAR_SHARE: Final = 1e-9  # of its information that a column must have beside the others
SINGULAR, NO_COVARIATES = len(STATUSES), len(STATUSES) + 1
ADJUSTED_STATUSES: Final[tuple[str, ...]] = (
    *STATUSES,
    "singular",  # the gene is a combination of the covariates
    "covariates_not_estimable",  # the model without the gene has no finite maximum
)


def scan_cox_adjusted(
    risk: RiskSets,
    genes: NDArray[np.int8],
    covariates: NDArray[np.float64],
    *,
    ties: Ties = "efron",
    threads: int = 1,
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
        (n, q) numbers, indicator columns for categories. A column that is constant within the risk sets of a gene's
        profiled patients, or a combination of others, is left out of its model.
    ties
        ``efron`` or ``breslow``.
    threads
        Workers; the result does not depend on it.

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
        _fit_pattern(risk, genes, covariates, wanted[pattern == group], plain.coef, ties, threads, code, value)
    lr, wald = 2 * (value["loglik"] - value["loglik_null"]), (value["coef"] / value["se"]) ** 2
    return replace(
        plain,
        status=np.array(ADJUSTED_STATUSES)[code],
        coef=value["coef"],
        se=value["se"],
        loglik_null=value["loglik_null"],
        loglik=value["loglik"],
        lr_chi2=lr,
        score_chi2=value["score_chi2"],
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
    threads: int,
    code: NDArray[np.intp],
    value: dict[str, NDArray[np.float64]],
) -> None:
    """Fit the genes ``rows``, which share their profiled patients; results go into ``code`` and ``value``."""
    use = np.flatnonzero(genes[rows[0]] >= 0)
    if len(use) < len(risk.time):
        risk = build_risk_sets(risk.time[use], risk.event[use], entry=risk.entry[use], strata=risk.stratum[use])
    z, _ = standardise(covariates[use])
    design = build_design(risk, z[:, _independent(build_design(risk, z, ties=ties))], ties=ties)
    null = _fit_null(design)
    value["loglik_null"][rows] = null.at.loglik[0]
    if null.state[0] != CONVERGED:
        code[rows] = NO_COVARIATES
        return
    model = _Null(design, null.coef[0], null.at.information[0], *_null_moments(design, null.coef))
    size = max(1, BLOCK_BYTES // (8 * len(design.rows)))

    def fit(block: NDArray[np.intp]) -> None:
        own = genes[np.ix_(block, use[design.rows])].astype(np.float64)
        _fit_block(model, own, np.nan_to_num(unadjusted[block]), block, code, value)

    blocks = [rows[first : first + size] for first in range(0, len(rows), size)]
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fit, blocks))  # every block has rows of its own in ``code`` and ``value``
    else:
        for block in blocks:
            fit(block)


def _independent(design: Design) -> list[int]:
    """Covariates that are not constant within the risk sets, nor a combination of those before them."""
    information = evaluate(design, np.zeros((1, len(design.covariates)))).information[0]
    kept: list[int] = []
    for j in range(len(information)):
        cross = information[kept, j]
        rest = information[j, j] - cross @ np.linalg.solve(information[np.ix_(kept, kept)], cross)
        if rest > SINGULAR_SHARE * max(information[j, j], design.term_weight.sum()):
            kept.append(j)
    return kept


def _fit_null(design: Design) -> Maximum:
    """Fit the model without the gene, which may have no covariate left."""
    start = np.zeros((1, len(design.covariates)))
    if start.shape[1] == 0:
        return Maximum(start, evaluate(design, start), np.array([CONVERGED]), 0)
    return maximise(lambda coef, _: evaluate(design, coef), start, np.ptp(design.covariates, axis=1))


class _Null(NamedTuple):
    """The model without the gene.

    Coefficients (q,), information (q, q), relative hazards (1, n), their sums (1, T) and mean covariates (q, T).
    """

    design: Design
    coef: NDArray[np.float64]
    information: NDArray[np.float64]
    relative: NDArray[np.float64]
    total: NDArray[np.float64]
    mean: NDArray[np.float64]


def _null_moments(
    design: Design, coef: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Relative hazards of the patients, their sums and the mean covariates over the risk set of every term."""
    eta = linear_predictor(design, coef)
    moments = term_moments(design, eta)
    return np.exp(eta) * design.weights, moments.total, moments.mean[:, 0]


def _fit_block(
    null: _Null,
    own: NDArray[np.float64],
    unadjusted: NDArray[np.float64],
    rows: NDArray[np.intp],
    code: NDArray[np.intp],
    value: dict[str, NDArray[np.float64]],
) -> None:
    """Score test at the model without the gene, then Newton's method."""
    score, information, cross = _score_at_null(null, own)
    response = np.linalg.solve(null.information, cross.T).T
    free = information - (cross * response).sum(axis=1)
    singular = free <= SINGULAR_SHARE * information
    code[rows[singular]] = SINGULAR
    if singular.all():
        return
    fit = ~singular
    rows, own = rows[fit], own[fit]
    value["score_chi2"][rows] = score[fit] ** 2 / free[fit]
    start = np.column_stack([unadjusted[fit], null.coef - unadjusted[fit, None] * response[fit]])
    reach = np.append(1.0, np.ptp(null.design.covariates, axis=1))
    search = maximise(lambda coef, part: evaluate(null.design, coef, own[part]), start, reach)
    value["loglik"][rows] = search.at.loglik
    flat = (search.state == FLAT) & (code[rows] == OK)
    code[rows[flat]] = np.where(search.coef[flat, 0] > 0, MONOTONE_PLUS, MONOTONE_MINUS)
    ok = code[rows] == OK
    value["coef"][rows[ok]] = search.coef[ok, 0]
    found = search.at.information[ok]
    cross = found[:, 0, 1:]
    value["se"][rows[ok]] = (found[:, 0, 0] - (cross * solve_each(found[:, 1:, 1:], cross)).sum(axis=1)) ** -0.5


def _score_at_null(
    null: _Null, own: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Score (b,), information (b,) about the gene and (b, q) about gene and covariates, at coefficient 0."""
    design, weight = null.design, null.design.term_weight
    altered = null.relative * own
    values = ((k, altered * column) for k, column in enumerate([np.ones(1), *design.covariates]))
    sums = sum_terms(design, values, (1 + len(null.coef), len(own))) / null.total
    mean = sums[0]
    score = own @ (design.weights * design.dead) - mean @ weight
    information = (mean * (1 - mean)) @ weight
    cross = ((sums[1:] - mean * null.mean[:, None, :]) @ weight).T
    return score, information, cross
