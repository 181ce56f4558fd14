"""Cox models of one binary covariate, for all genes at once.

The partial likelihood of a binary gene is a sum over event times of log(1 + x (e^b - 1)), x = share of the altered
among those at risk, so Newton's method runs on the counts of ``counts.py`` for a whole block of genes. Genes whose
likelihood has no finite maximum are known from the counts, before any iteration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.binary_likelihood import BinaryLikelihood, Block, Cumulants, build_likelihood, find_step
from netgen.association.counts import iter_gene_counts
from netgen.association.tails import chi2_p

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.counts import GeneCounts, Ties
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

LAST_STEP: Final = 1e-3  # the error after it is of the order of its fourth power, of the information of its third
NEAR: Final = 0.5  # up to here a step of fourth order from 0 is the better start
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
    2. Steps to the root of the third-order expansion of the score, of at most 2, halved into the interval known to hold
       the root, from 0 if the first step is short, else from the log of the ratio of observed to expected events. A
       step below 1e-3 is the last: its error is of the order of its fourth power.
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
        terms = build_likelihood(block, ties)
        code[rows] = classify(block, terms)
        value["loglik_null"][rows] = terms.null
        for name, numbers in _fit_block(terms.likelihood, code[rows]).items():
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


def classify(counts: GeneCounts, terms: Block) -> NDArray[np.intp]:
    """Return for each gene of a block whether its partial likelihood has a finite maximum, and if not why.

    Parameters
    ----------
    counts
        Event-slot counts.
    terms
        The likelihoods built from them.

    Returns
    -------
    NDArray[np.intp]
        (m,) index into ``STATUSES``. Times at which only altered or only wild type are at risk say nothing.
    """
    plus = terms.likelihood.observed > 0  # an altered patient fails beside wild type
    minus = terms.likelihood.deaths_beside_altered() > terms.likelihood.observed  # a wild type patient beside altered
    code = np.select([plus & minus, plus, minus], [OK, MONOTONE_PLUS, MONOTONE_MINUS], NOT_INFORMATIVE)
    code[counts.events == 0] = NO_EVENTS
    code[counts.altered == counts.patients] = ALL_ALTERED
    code[counts.altered == 0] = NONE_ALTERED
    code[counts.patients == 0] = NO_DATA
    return code


def _fit_block(model: BinaryLikelihood, code: NDArray[np.intp]) -> dict[str, NDArray[np.float64]]:
    """Estimates of one block."""
    out = {name: np.full(len(code), np.nan) for name in ("coef", "se", "lr_chi2", "score_chi2")}
    null = model.cumulants_at_zero()
    ok, fitted = code == OK, np.isin(code, (OK, MONOTONE_PLUS, MONOTONE_MINUS))
    out["score_chi2"][fitted] = null.score[fitted] ** 2 / null.information[fitted]
    finite = model.rows(ok)
    coef, information = _solve(finite, Cumulants(*(values[ok] for values in null)))
    out["coef"][ok], out["se"][ok] = coef, 1 / np.sqrt(information)
    out["lr_chi2"][ok] = 2 * finite.rise(coef)
    for sign in (MONOTONE_PLUS, MONOTONE_MINUS):
        rows = code == sign
        if rows.any():
            model_there = model.rows(rows)
            x = model_there.share
            share = np.where(x > 0, x, 1.0) if sign == MONOTONE_PLUS else 1 - x
            weight = 1.0 if model_there.weight is None else model_there.weight
            out["lr_chi2"][rows] = -2 * (weight * np.log(share)).sum(axis=1)
    return out


def _solve(model: BinaryLikelihood, null: Cumulants) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Root of the score of each gene and the information there; rows leave as soon as they have converged."""
    coef, information = _start(model, null), np.full(len(model.observed), np.nan)
    low, high = np.full(len(coef), -MAX_LOG_HR), np.full(len(coef), MAX_LOG_HR)
    active = np.arange(len(coef))
    for _ in range(MAX_ITERATIONS):
        if len(active) == 0:
            return coef, information
        b = coef[active]
        at = model.cumulants(b)
        low[active], high[active] = np.where(at.score > 0, b, low[active]), np.where(at.score < 0, b, high[active])
        step = find_step(at, MAX_STEP)
        moving = np.abs(step) > LAST_STEP
        inside = ~moving | ((b + step > low[active]) & (b + step < high[active]))
        coef[active] = np.where(inside, b + step, (low[active] + high[active]) / 2)
        information[active] = at.information + step * (at.third + step * at.fourth / 2)
        if moving.any():
            model = model.rows(moving)
        active = active[moving]
    raise ArithmeticError("Newton's method did not converge for a gene whose likelihood has a finite maximum")


def _start(model: BinaryLikelihood, null: Cumulants) -> NDArray[np.float64]:
    """Return the step of fourth order from 0, or where it is long the log odds ratio of observed to expected events."""
    step = find_step(null, MAX_STEP)
    far = np.abs(step) > NEAR
    if far.any():
        if model.weight is None:
            events = np.full(int(far.sum()), float(model.share.shape[1]))
        else:
            events = np.broadcast_to(model.weight.sum(axis=-1), len(far))[far]
        observed = model.observed[far]
        expected = observed - null.score[far]
        odds = observed * (events - expected) / (expected * (events - observed))
        step[far] = np.clip(np.log(odds), -5, 5)
    return step
