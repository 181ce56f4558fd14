"""Cox models of every gene beside the same covariates, e.g. age, sex and stage."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.batch_design import restrict_design, sum_directly, take_models
from netgen.association.counts import SHARED_GENES, coverage_patterns
from netgen.association.cox import MONOTONE_MINUS, MONOTONE_PLUS, OK, STATUSES, CoxScan, scan_cox
from netgen.association.direct_likelihood import MAX_CELLS
from netgen.association.newton import CONVERGED, FLAT, Maximum, maximise, solve_each
from netgen.association.partial_likelihood import (
    Design,
    build_design,
    evaluate,
    linear_predictor,
    standardise,
)
from netgen.association.risk_sums import sum_hazards, sum_terms
from netgen.association.riskset import RiskSets, build_risk_sets
from netgen.association.running_sums import row_dots
from netgen.association.tails import chi2_p

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from netgen.association.counts import Ties

BLOCK_BYTES: Final = 1 << 19  # of one (genes, patients) array: a few of them stay in the cache of one core
FEW_CELLS: Final = 400_000  # terms x patients up to which summing every risk set by itself is faster than differences
DOUBTFUL_SE: Final = 10.0  # of a contrast over the whole range of covariates: next to separated
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
    2. The model without the gene once per set of profiled patients; the score test of the gene is taken there. Genes
       whose set is shared by fewer than 8 are fitted in blocks, too, with weight 0 for who is not profiled; with
       delayed entry they are fitted one set after the other.
    3. Newton's method for blocks of genes at once, from the unadjusted coefficient of the gene plus what adjustment
       changes in the first step from 0, and the covariates' linear response to it.
    4. With delayed entry differences of running sums are rounding error near a separated maximum. Small cohorts, and
       models that look separated in larger ones, are fitted with every risk set summed by itself.

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
    job = _Job(risk, genes, covariates, plain, ties, threads, code, value)
    common = np.bincount(pattern, minlength=1)[pattern] >= SHARED_GENES
    common |= bool((risk.entry > -np.inf).any())  # differences of sums lose digits to who is not profiled
    for group in np.unique(pattern[common]):
        _fit_pattern(job, wanted[pattern == group])
    _fit_scattered(job, wanted[~common])
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


class _Job(NamedTuple):
    """What is fitted, and the results: ``code`` and ``value`` are filled in, each block of genes has its own rows."""

    risk: RiskSets
    genes: NDArray[np.int8]
    covariates: NDArray[np.float64]
    plain: CoxScan
    ties: Ties
    threads: int
    code: NDArray[np.intp]
    value: dict[str, NDArray[np.float64]]

    def run(self, fit: Callable[[NDArray[np.intp]], None], rows: NDArray[np.intp], n: int) -> None:
        """Call ``fit`` for blocks of the genes ``rows`` with n patients."""
        size = max(1, BLOCK_BYTES // (8 * max(n, 1)))
        blocks = [rows[first : first + size] for first in range(0, len(rows), size)]
        if self.threads > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(fit, blocks))
        else:
            for block in blocks:
                fit(block)


def _fit_pattern(job: _Job, rows: NDArray[np.intp]) -> None:
    """Fit the genes ``rows``, which share their profiled patients."""
    use, risk = np.flatnonzero(job.genes[rows[0]] >= 0), job.risk
    if len(use) < len(risk.time):
        risk = build_risk_sets(risk.time[use], risk.event[use], entry=risk.entry[use], strata=risk.stratum[use])
    z, _ = standardise(job.covariates[use])
    design = _independent_design(risk, z, job.ties)
    design, null = _fit_shared_null(design, risk)
    job.value["loglik_null"][rows] = null.at.loglik[0]
    if null.state[0] != CONVERGED:
        job.code[rows] = NO_COVARIATES
        return
    model, unadjusted = _null_model(design, null.coef, null.at.information), _null_model(*_without_covariates(design))
    exact = cache(lambda: sum_directly(design, risk, MAX_CELLS))

    def fit(block: NDArray[np.intp]) -> None:
        own = job.genes[np.ix_(block, use[design.rows])].astype(np.float64)
        _fit_block(job, model, unadjusted, own, block, exact)

    job.run(fit, rows, len(design.rows))


def _fit_scattered(job: _Job, rows: NDArray[np.intp]) -> None:
    """Fit the genes ``rows``, each with its own profiled patients."""
    if len(rows) == 0:
        return
    z, _ = standardise(job.covariates)
    whole = _independent_design(job.risk, z, job.ties)
    middle = _fit_null(whole, np.zeros((1, len(whole.covariates))))
    start = middle.coef if middle.state[0] == CONVERGED else np.zeros_like(middle.coef)

    def fit(block: NDArray[np.intp]) -> None:
        cells = job.genes[np.ix_(block, whole.rows)]
        design = restrict_design(whole, cells >= 0, job.ties)
        at_zero = evaluate(design, np.zeros((len(block), start.shape[1]))).information
        deaths = design.term_weight.sum(axis=1)
        same = np.array([len(_independent(*pair)) == start.shape[1] for pair in zip(at_zero, deaths, strict=True)])
        for row in block[~same]:
            _fit_pattern(job._replace(threads=1), np.array([row]))
        if same.any():
            fit_rest(block[same], cells[same], take_models(design, np.flatnonzero(same)))

    def fit_rest(block: NDArray[np.intp], cells: NDArray[np.int8], design: Design) -> None:
        null = _fit_null(design, np.repeat(start, len(block), axis=0))
        job.value["loglik_null"][block] = null.at.loglik
        found = np.flatnonzero(null.state == CONVERGED)
        job.code[block[null.state != CONVERGED]] = NO_COVARIATES
        if len(found) == 0:
            return
        design = take_models(design, found)
        model = _null_model(design, null.coef[found], null.at.information[found])
        own = (cells[found] == 1).astype(np.float64)
        unadjusted = _null_model(*_without_covariates(design, len(found)))
        _fit_block(job, model, unadjusted, own, block[found], lambda: design)

    job.run(fit, rows, len(whole.rows))


def _independent_design(risk: RiskSets, z: NDArray[np.float64], ties: Ties) -> Design:
    """Patients and terms with the covariates that say something beside those before them."""
    design = sum_directly(build_design(risk, z, ties=ties), risk, FEW_CELLS)
    at_zero = evaluate(design, np.zeros((1, z.shape[1]))).information[0]
    return replace(design, covariates=design.covariates[_independent(at_zero, design.term_weight.sum())])


def _without_covariates(design: Design, n_models: int = 1) -> tuple[Design, NDArray[np.float64], NDArray[np.float64]]:
    """Return the arguments of ``_null_model`` for no covariate."""
    bare = replace(design, covariates=np.empty((0, len(design.rows))))
    return bare, np.zeros((n_models, 0)), np.zeros((n_models, 0, 0))


def _independent(information: NDArray[np.float64], deaths: float) -> list[int]:
    """Covariates that are not constant within the risk sets, nor a combination of those before them."""
    kept: list[int] = []
    for j in range(len(information)):
        cross = information[kept, j]
        rest = information[j, j] - cross @ np.linalg.solve(information[np.ix_(kept, kept)], cross)
        if rest > SINGULAR_SHARE * max(information[j, j], deaths):
            kept.append(j)
    return kept


def _fit_null(design: Design, start: NDArray[np.float64]) -> Maximum:
    """Fit the models without the gene, which may have no covariate left."""
    if start.shape[1] == 0:
        return Maximum(start, evaluate(design, start), np.full(len(start), CONVERGED), 0)
    reach = np.ptp(design.covariates, axis=1)
    return maximise(lambda coef, part: evaluate(take_models(design, part), coef), start, reach)


def _fit_shared_null(design: Design, risk: RiskSets) -> tuple[Design, Maximum]:
    """Fit the one model without the gene; return the design that it takes."""
    start = np.zeros((1, len(design.covariates)))
    null = _fit_null(design, start)
    if null.state[0] != CONVERGED or _is_weak(null.at.information, np.ptp(design.covariates, axis=1))[0]:
        exact = sum_directly(design, risk, MAX_CELLS)
        if exact is not design:
            return exact, _fit_null(exact, start)
    return design, null


def _is_weak(information: NDArray[np.float64], reach: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell of each (p, p) information whether a contrast over the reach of the covariates is hardly known."""
    if len(reach) == 0:
        return np.zeros(len(information), dtype=np.bool_)
    return np.asarray(np.linalg.eigvalsh(information / np.outer(reach, reach))[:, 0] < DOUBTFUL_SE**-2)


class _Null(NamedTuple):
    """The model without the gene, of all genes of a block (k = 1) or one of each (k = b).

    Coefficients (k, q), information (k, q, q), relative hazards (k, n), expected and observed less expected deaths
    (k, n), sums of the relative hazards (k, T) and mean covariates (q, k, T).
    """

    design: Design
    coef: NDArray[np.float64]
    information: NDArray[np.float64]
    relative: NDArray[np.float64]
    expected: NDArray[np.float64]
    residual: NDArray[np.float64]
    total: NDArray[np.float64]
    mean: NDArray[np.float64]


def _null_model(design: Design, coef: NDArray[np.float64], information: NDArray[np.float64]) -> _Null:
    """Collect what the score tests of all genes need of the model with coefficients (k, q)."""
    relative = np.exp(linear_predictor(design, coef)) * design.weights
    values = ((j, relative * column) for j, column in enumerate([np.ones(1), *design.covariates]))
    sums = sum_terms(design, values, (1 + coef.shape[1], len(coef)))
    total = np.where(design.term_weight > 0, sums[0], 1.0)
    expected = relative * sum_hazards(design, design.term_weight / total)
    residual = design.weights * design.dead - expected
    return _Null(design, coef, information, relative, expected, residual, total, sums[1:] / total)


def _fit_block(
    job: _Job,
    null: _Null,
    unadjusted: _Null,
    own: NDArray[np.float64],
    rows: NDArray[np.intp],
    exact: Callable[[], Design],
) -> None:
    """Score test at the model without the gene, then Newton's method; ``exact`` gives a design without differences."""
    code, value = job.code, job.value
    score, information, cross = _score_at_null(null, own)
    response = np.asarray(np.linalg.solve(null.information, cross[..., None])[..., 0], dtype=np.float64)
    free = information - (cross * response).sum(axis=1)
    singular = free <= SINGULAR_SHARE * information
    code[rows[singular]] = SINGULAR
    if singular.all():
        return
    fit = np.flatnonzero(~singular)
    first_step = score / np.where(singular, 1.0, free)
    start = _start(job, null, unadjusted, own, rows, first_step, response)[fit]
    rows, own = rows[fit], own[fit]
    value["score_chi2"][rows] = score[fit] ** 2 / free[fit]
    search = _fit_genes(take_models(null.design, fit), own, start, code[rows] == OK, exact)
    value["loglik"][rows] = search.at.loglik
    flat = (search.state == FLAT) & (code[rows] == OK)
    code[rows[flat]] = np.where(search.coef[flat, 0] > 0, MONOTONE_PLUS, MONOTONE_MINUS)
    ok = code[rows] == OK
    value["coef"][rows[ok]] = search.coef[ok, 0]
    found = search.at.information[ok]
    cross = found[:, 0, 1:]
    value["se"][rows[ok]] = (found[:, 0, 0] - (cross * solve_each(found[:, 1:, 1:], cross)).sum(axis=1)) ** -0.5


def _fit_genes(
    design: Design,
    own: NDArray[np.float64],
    start: NDArray[np.float64],
    finite: NDArray[np.bool_],
    exact: Callable[[], Design],
) -> Maximum:
    """Fit the models of genes (b, n), and without differences again those that look separated.

    Of the gene that is news only if it is ``finite`` by its counts. A start without a likelihood is replaced by 0.
    """
    reach = np.append(1.0, np.ptp(design.covariates, axis=1))
    at = evaluate(design, start, own)
    lost = ~np.isfinite(at.loglik)
    if lost.any():
        start = np.where(lost[:, None], 0.0, start)
        at = evaluate(design, start, own)
    search = maximise(lambda coef, part: evaluate(take_models(design, part), coef, own[part]), start, reach, at=at)
    if design.entries is None or design.members is not None:
        return search
    weak = (search.state != CONVERGED) | _is_weak(search.at.information, reach)
    again = np.flatnonzero(_is_weak(search.at.information[:, 1:, 1:], reach[1:]) | (weak & finite))
    if len(again):
        direct, columns = exact(), own[again]
        new = maximise(lambda coef, part: evaluate(direct, coef, columns[part]), np.zeros_like(start[again]), reach)
        for old, values in zip((search.coef, *search.at, search.state), (new.coef, *new.at, new.state), strict=True):
            old[again] = values
    return search


def _start(
    job: _Job,
    null: _Null,
    unadjusted: _Null,
    own: NDArray[np.float64],
    rows: NDArray[np.intp],
    first_step: NDArray[np.float64],
    response: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(b, 1 + q) starting values: unadjusted coefficient, changed as much as its first step from 0; their response."""
    score = row_dots(own, unadjusted.residual)
    unadjusted_step = np.divide(job.plain.score_chi2[rows], score, out=np.zeros_like(score), where=score != 0)
    first = np.nan_to_num(job.plain.coef[rows]) + np.clip(first_step - unadjusted_step, -1, 1)
    return np.column_stack([first, null.coef - first[:, None] * response])


def _score_at_null(
    null: _Null, own: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Score (b,), information (b,) about the gene and (b, q) about gene and covariates, at coefficient 0."""
    design = null.design
    mean = sum_terms(design, [(0, null.relative * own)], (1, len(own)))[0] / null.total
    expected = null.expected * own
    weighted = mean * design.term_weight
    information = expected.sum(axis=1) - row_dots(weighted, mean)
    cross = expected @ design.covariates.T
    for j, covariate in enumerate(null.mean):
        cross[:, j] -= row_dots(weighted, covariate)
    return row_dots(own, null.residual), information, cross
