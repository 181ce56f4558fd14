"""Cox models of one binary covariate, for all genes at once.

The partial likelihood of a binary gene is a sum over event times of log(1 + x (e^b - 1)), x = share of the altered
among those at risk, so Newton's method runs on the counts of ``counts.py`` for a whole block of genes. Genes whose
likelihood has no finite maximum are known from the counts, before any iteration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.counts import GeneCounts, Ties, TieTerms, iter_gene_counts, tie_terms
from netgen.association.tails import chi2_p

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.riskset import RiskSets

STATUSES: Final[tuple[str, ...]] = (
    "ok",
    "no_data",  # no profiled patient
    "none_altered",
    "all_altered",
    "no_events",  # no profiled patient has the event
    "not_informative",  # altered and wild type are never at risk together when somebody fails
    "monotone_plus",  # whenever both are at risk only altered fail: log HR = +infinity
    "monotone_minus",  # only wild type fail: log HR = -infinity
)
OK, NO_DATA, NONE_ALTERED, ALL_ALTERED, NO_EVENTS, NOT_INFORMATIVE, MONOTONE_PLUS, MONOTONE_MINUS = range(8)
MONOTONE: Final[frozenset[str]] = frozenset({"monotone_plus", "monotone_minus"})

SCORE_TOLERANCE: Final = 1e-9
STEP_TOLERANCE: Final = 1e-10
ROUNDING: Final = 1e-13  # a step of this size is noise, whatever is left of a score summed over very many events
MAX_STEP: Final = 2.0
MAX_LOG_HR: Final = 50.0
MAX_ITERATIONS: Final = 100


@dataclass(frozen=True, kw_only=True)
class CoxScan:
    """Cox results of m genes, in the row order of the gene matrix; NaN where the status does not define a number.

    Attributes
    ----------
    ties
        Handling of ties.
    status
        (m,) text, one of ``STATUSES``.
    n, n_altered, events, events_altered
        (m,) patients profiled, altered among them, their events.
    coef, se
        (m,) log hazard ratio altered : wild type and its standard error; NaN unless ``ok``.
    loglik_null, loglik
        (m,) log partial likelihood at 0 and at its supremum.
    lr_chi2, score_chi2, wald_chi2, lr_p, score_p, wald_p
        (m,) tests on 1 df. LR and score also hold for monotone genes; Wald is NaN there.
    """

    ties: Ties
    status: NDArray[np.str_]
    n: NDArray[np.intp]
    n_altered: NDArray[np.intp]
    events: NDArray[np.intp]
    events_altered: NDArray[np.intp]
    coef: NDArray[np.float64]
    se: NDArray[np.float64]
    loglik_null: NDArray[np.float64]
    loglik: NDArray[np.float64]
    lr_chi2: NDArray[np.float64]
    score_chi2: NDArray[np.float64]
    wald_chi2: NDArray[np.float64]
    lr_p: NDArray[np.float64]
    score_p: NDArray[np.float64]
    wald_p: NDArray[np.float64]


def scan_cox(risk: RiskSets, genes: NDArray[np.int8], *, ties: Ties = "efron") -> CoxScan:
    """Fit a Cox model with one binary covariate to every gene.

    Patients who are not profiled for a gene (-1) are left out of that gene's risk sets. Strata and delayed entry are
    those of ``risk``.

    Parameters
    ----------
    risk
        Outcomes of n patients.
    genes
        (m, n) gene-major status: 1 altered, 0 wild type, -1 not profiled; columns in the row order of ``risk``.
    ties
        ``efron`` or ``breslow``.

    Returns
    -------
    CoxScan
        One entry per gene; no gene is dropped, ``status`` says why a number is missing.

    Notes
    -----
    1. Status from the counts alone, at the event times where altered and wild type are both at risk: nobody fails ->
       ``not_informative``; only altered fail -> ``monotone_plus``; only wild type -> ``monotone_minus``.
    2. Start at log of the ratio of observed to expected events, then Newton steps of at most 2, halved into the
       interval known to hold the root, until the score is below 1e-9 and the step below 1e-10.
    3. Monotone genes: LR chi-square is that of the limit of the likelihood, computed exactly.

    Witness: ``tests/reference/genes``, R ``coxph`` gene by gene; naive likelihood in ``tests/naive.py``.
    """
    m = len(genes)
    count = {name: np.zeros(m, dtype=np.intp) for name in ("n", "n_altered", "events", "events_altered")}
    value = {name: np.full(m, np.nan) for name in ("coef", "se", "loglik_null", "lr_chi2", "score_chi2")}
    code = np.zeros(m, dtype=np.intp)
    for block in iter_gene_counts(risk, genes):
        rows = block.rows
        count["n"][rows], count["n_altered"][rows] = block.patients, block.altered
        count["events"][rows], count["events_altered"][rows] = block.events, block.events_altered
        code[rows] = classify(block)
        for name, numbers in _fit_block(tie_terms(block, ties), code[rows], block.events_altered).items():
            value[name][rows] = numbers
    wald = (value["coef"] / value["se"]) ** 2
    return CoxScan(
        ties=ties,
        status=np.array(STATUSES)[code],
        n=count["n"],
        n_altered=count["n_altered"],
        events=count["events"],
        events_altered=count["events_altered"],
        coef=value["coef"],
        se=value["se"],
        loglik_null=value["loglik_null"],
        loglik=value["loglik_null"] + value["lr_chi2"] / 2,
        lr_chi2=value["lr_chi2"],
        score_chi2=value["score_chi2"],
        wald_chi2=wald,
        lr_p=chi2_p(value["lr_chi2"]),
        score_p=chi2_p(value["score_chi2"]),
        wald_p=chi2_p(wald),
    )


def classify(counts: GeneCounts) -> NDArray[np.intp]:
    """Return for each gene of a block whether its partial likelihood has a finite maximum, and if not why.

    Parameters
    ----------
    counts
        Event-slot counts.

    Returns
    -------
    NDArray[np.intp]
        (m,) index into ``STATUSES``. Slots where only altered or only wild type are at risk say nothing.
    """
    m = len(counts.rows)
    gene, slot = counts.deaths
    row = gene if len(counts.n_total) > 1 else np.zeros_like(gene)
    beside_wild_type = counts.n_altered[gene, slot] < counts.n_total[row, slot]
    plus = np.bincount(gene[beside_wild_type], minlength=m) > 0  # an altered patient fails beside wild type
    beside_altered = ((counts.n_altered > 0) * counts.d_total).sum(axis=1)
    minus = beside_altered > counts.events_altered  # a wild type patient fails beside altered
    code = np.select([plus & minus, plus, minus], [OK, MONOTONE_PLUS, MONOTONE_MINUS], NOT_INFORMATIVE)
    code[counts.events == 0] = NO_EVENTS
    code[counts.altered == counts.patients] = ALL_ALTERED
    code[counts.altered == 0] = NONE_ALTERED
    code[counts.patients == 0] = NO_DATA
    return code


def _fit_block(
    terms: TieTerms, code: NDArray[np.intp], observed: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Estimates of one block; ``observed`` = altered events."""
    x = terms.altered / terms.total
    expected, square = _sums(x, terms.weight)
    fitted = np.isin(code, (OK, MONOTONE_PLUS, MONOTONE_MINUS))
    out = {name: np.full(len(code), np.nan) for name in ("coef", "se", "lr_chi2", "score_chi2")}
    out["loglik_null"] = np.broadcast_to(-(terms.weight * np.log(terms.total)).sum(axis=1), len(code))
    out["score_chi2"][fitted] = (observed - expected)[fitted] ** 2 / (expected - square)[fitted]
    with np.errstate(divide="ignore"):
        odds = (terms.total - terms.altered) / terms.altered  # infinite where no altered is at risk
    ok = np.flatnonzero(code == OK)
    part = slice(None) if len(ok) == len(code) else ok
    weight = terms.weight[ok] if len(terms.weight) > 1 else terms.weight
    events = np.broadcast_to(weight.sum(axis=1), len(ok))
    start = np.log(observed[ok] * (events - expected[ok]) / (expected[ok] * (events - observed[ok])))
    coef, information = _solve(odds[part], weight, observed[ok], np.clip(start, -5, 5))
    out["coef"][ok], out["se"][ok] = coef, 1 / np.sqrt(information)
    out["lr_chi2"][ok] = 2 * (observed[ok] * coef - log_ratio(x[part], weight, coef))
    for row in np.flatnonzero((code == MONOTONE_PLUS) | (code == MONOTONE_MINUS)):
        w = terms.weight[row if len(terms.weight) > 1 else 0]
        share = x[row] if code[row] == MONOTONE_PLUS else np.where(odds[row] > 1e-9, 1 - x[row], 0.0)
        out["lr_chi2"][row] = -2 * (w[share > 0] * np.log(share[share > 0])).sum()
    return out


def _solve(
    odds: NDArray[np.float64], weight: NDArray[np.float64], observed: NDArray[np.float64], start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Root of the score of each gene and the information there; rows leave as soon as they have converged."""
    coef, information = start.copy(), np.full(len(start), np.nan)
    low, high = np.full(len(start), -MAX_LOG_HR), np.full(len(start), MAX_LOG_HR)
    active = np.arange(len(start))
    scratch = np.empty_like(odds)
    for _ in range(MAX_ITERATIONS):
        if len(active) == 0:
            return coef, information
        b = coef[active]
        ratio = np.exp(b)
        q = np.add(odds, ratio[:, None], out=scratch[: len(active)])
        np.divide(1.0, q, out=q)
        first, second = _sums(q, weight)
        score = observed[active] - ratio * first
        info = information[active] = ratio * first - ratio**2 * second
        low[active], high[active] = np.where(score > 0, b, low[active]), np.where(score < 0, b, high[active])
        step = np.clip(score / info, -MAX_STEP, MAX_STEP)
        moving = np.abs(step) > STEP_TOLERANCE * (1 + np.abs(b))
        moving |= (np.abs(score) > SCORE_TOLERANCE) & (np.abs(step) > ROUNDING)
        inside = (b + step > low[active]) & (b + step < high[active])
        coef[active] = np.where(moving, np.where(inside, b + step, (low[active] + high[active]) / 2), b)
        if not moving.all():
            active, odds = active[moving], odds[moving]
            weight = weight[moving] if len(weight) > 1 else weight
    raise ArithmeticError("Newton's method did not converge for a gene whose likelihood has a finite maximum")


def _sums(q: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted sums of q and of its square over the terms."""
    if len(weight) == 1 and (weight == 1).all():
        return q @ np.ones(q.shape[1]), np.einsum("ij,ij->i", q, q)
    weighted = q * weight
    return weighted.sum(axis=1), np.einsum("ij,ij->i", weighted, q)


def log_ratio(x: NDArray[np.float64], weight: NDArray[np.float64], coef: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logs of hazards at risk at b relative to those at 0, summed over the terms of each gene.

    Parameters
    ----------
    x
        (m, T) share of the altered among those at risk in each term.
    weight
        (m, T), or (1, T) for all genes: deaths each term stands for.
    coef
        (m,) log hazard ratios b.

    Returns
    -------
    NDArray[np.float64]
        (m,) sum of weight log(1 + x (e^b - 1)); terms of weight 1 are multiplied before the logarithm.
    """
    r = x * np.expm1(coef)[:, None]
    r += 1.0
    if not (len(weight) == 1 and (weight == 1).all()):
        return np.asarray((weight * np.log(r)).sum(axis=1))
    factors, largest = 1, np.abs(coef).max(initial=0.0)
    while r.shape[1] > 16 and 2 * factors * largest < 600:  # a product of factors within exp(+-largest) stays finite
        half = r.shape[1] // 2
        rest = r[:, 2 * half :]
        r[:, :half] *= r[:, half : 2 * half]
        r = r[:, :half] if rest.size == 0 else np.concatenate([r[:, :half], rest], axis=1)
        factors *= 2
    return np.asarray(np.log(r).sum(axis=1))
