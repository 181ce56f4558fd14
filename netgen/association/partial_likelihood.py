"""The Cox partial likelihood of several covariates, with its derivatives and residuals.

Sums over risk sets are running sums (``running_sums.py``). One evaluation serves a batch of models that share
covariates and differ in one column of their own: the model of each gene beside the same clinical covariates. A single
model is a batch of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from netgen.association.running_sums import RunningSums, plan_running_sums, sum_from_last

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.counts import Ties
    from netgen.association.riskset import RiskSets


@dataclass(frozen=True, kw_only=True)
class Design:
    """Patients that are ever at risk, in the order of summation, and the terms of the likelihood.

    Attributes
    ----------
    rows
        (n,) row of ``RiskSets`` of each place; some places are empty (weight 0, not dead) and repeat a patient.
    covariates
        (q, n) shared covariates, as given; centre and scale them for accuracy.
    weights
        (n,) case weights.
    dead
        (n,) bool.
    slot
        (n,) last slot at risk.
    exits
        Running sum over the patients by their last slot.
    late, entries
        Places of the patients who enter after the first slot of their stratum, and the running sum by first slot.
    tied, tied_first
        Places of the patients who fail in a slot with several terms, in slot order; where each such slot starts.
    term_slot, term_share, term_weight
        (T,) slot of each term, share l/d of the tied deaths that it has lost, deaths it stands for.
    term_later, term_tied
        Terms that have lost a share, and which of the tied slots they belong to.
    """

    rows: NDArray[np.intp]
    covariates: NDArray[np.float64]
    weights: NDArray[np.float64]
    dead: NDArray[np.bool_]
    slot: NDArray[np.intp]
    exits: RunningSums
    late: NDArray[np.intp]
    entries: RunningSums | None
    tied: NDArray[np.intp]
    tied_first: NDArray[np.intp]
    term_slot: NDArray[np.intp]
    term_share: NDArray[np.float64]
    term_weight: NDArray[np.float64]
    term_later: NDArray[np.intp]
    term_tied: NDArray[np.intp]


class Evaluation(NamedTuple):
    """Log partial likelihood (b,), score (b, p) and information (b, p, p) of a batch; own column first, if any."""

    loglik: NDArray[np.float64]
    score: NDArray[np.float64]
    information: NDArray[np.float64]


class TermMoments(NamedTuple):
    """Per term of a batch: total weight at risk (b, T), means (p, b, T), second moments (p (p + 1) / 2, b, T)."""

    total: NDArray[np.float64]
    mean: NDArray[np.float64]
    second: NDArray[np.float64]


def build_design(
    risk: RiskSets, covariates: NDArray[np.float64], *, ties: Ties = "efron", weights: NDArray[np.float64] | None = None
) -> Design:
    """Return patients and likelihood terms in the order in which they are summed.

    Parameters
    ----------
    risk
        Outcomes of n patients.
    covariates
        (n, q) shared covariates, finite; q may be 0.
    ties
        ``efron`` or ``breslow``.
    weights
        (n,) case weights, > 0; None = 1.

    Returns
    -------
    Design
        Patients who are in no risk set of an event are left out: they do not enter the likelihood.
    """
    used = np.flatnonzero(risk.stop > risk.start)
    slots = np.arange(risk.n_slots)
    blocks = np.searchsorted(risk.slot_stratum, np.arange(risk.n_strata + 1))
    order, exits = plan_running_sums(risk.stop[used] - 1, blocks)
    real = order >= 0
    rows = used[np.maximum(order, 0)] if len(used) else used
    w = np.where(real, 1.0 if weights is None else weights[rows], 0.0)
    dead = real & risk.event[rows]
    slot, start = risk.stop[rows] - 1, risk.start[rows]
    late = np.flatnonzero(real & (start > blocks[risk.stratum[rows]]))
    entries = None
    if len(late):
        late_order, entries = plan_running_sums(start[late] - 1, blocks)
        late = np.where(late_order >= 0, late[np.maximum(late_order, 0)], -1)
    deaths = np.bincount(slot[dead], minlength=risk.n_slots)
    weight = np.bincount(slot[dead], weights=w[dead], minlength=risk.n_slots)
    terms = deaths if ties == "efron" else np.minimum(deaths, 1)
    term_slot = np.repeat(slots, terms)
    nth = np.arange(len(term_slot)) - np.repeat(np.cumsum(terms) - terms, terms)
    tied = np.flatnonzero(dead & (terms[slot] > 1))
    tied = tied[np.argsort(slot[tied], kind="stable")]
    tied_slot, tied_first = np.unique(slot[tied], return_index=True)
    later = np.flatnonzero(nth)
    return Design(
        rows=rows,
        covariates=np.ascontiguousarray(covariates[rows].T),
        weights=w,
        dead=dead,
        slot=slot,
        exits=exits,
        late=late,
        entries=entries,
        tied=tied,
        tied_first=tied_first,
        term_slot=term_slot,
        term_share=nth / deaths[term_slot],
        term_weight=weight[term_slot] / terms[term_slot],
        term_later=later,
        term_tied=np.searchsorted(tied_slot, term_slot[later]),
    )


def standardise(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return columns with mean 0 and standard deviation 1, and the standard deviations they had.

    Parameters
    ----------
    x
        (n, p) numbers.

    Returns
    -------
    tuple[NDArray[np.float64], NDArray[np.float64]]
        (n, p) standardised columns, (p,) scale; a constant column becomes 0 with scale 1.
    """
    if len(x) == 0:
        return x, np.ones(x.shape[1])
    scale = x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    return (x - x.mean(axis=0)) / scale, scale


def evaluate(design: Design, coef: NDArray[np.float64], own: NDArray[np.float64] | None = None) -> Evaluation:
    """Return log partial likelihood, score and information of a batch of models.

    Parameters
    ----------
    design
        Patients and terms.
    coef
        (b, p) coefficients; if ``own`` is given the first is that of the own column.
    own
        (b, n) a column of each model's own, patients as in ``design.rows``.

    Returns
    -------
    Evaluation
        Efron or Breslow, as the design was built; with case weights as R's ``coxph``.
    """
    eta = linear_predictor(design, coef, own)
    moments = term_moments(design, eta, own)
    p, weight, deaths = coef.shape[1], design.term_weight, design.weights * design.dead
    loglik = eta @ deaths - np.log(moments.total) @ weight
    died = np.empty((p, len(coef)))
    died[p - len(design.covariates) :] = (design.covariates @ deaths)[:, None]
    if own is not None:
        died[0] = own @ deaths
    score = died - moments.mean @ weight
    weighted = moments.mean * weight
    plain = moments.second @ weight
    information = np.empty((p, p, len(coef)))
    for k, (i, j) in enumerate(_pairs(p)):
        information[i, j] = plain[k] - np.einsum("bt,bt->b", weighted[i], moments.mean[j])
        information[j, i] = information[i, j]
    return Evaluation(loglik, score.T, information.transpose(2, 0, 1))


def linear_predictor(
    design: Design, coef: NDArray[np.float64], own: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return x'b of each patient, shifted to a maximum of 0, which the likelihood does not see.

    Parameters
    ----------
    design
        Patients.
    coef
        (b, p) coefficients.
    own
        (b, n) own columns.

    Returns
    -------
    NDArray[np.float64]
        (b, n), patients as in ``design.rows``.
    """
    if own is None:
        eta = coef @ design.covariates
    else:
        eta = coef[:, 1:] @ design.covariates
        eta += coef[:, :1] * own
    return np.asarray(eta - eta.max(axis=1, keepdims=True, initial=-np.inf))


def term_moments(design: Design, eta: NDArray[np.float64], own: NDArray[np.float64] | None = None) -> TermMoments:
    """Return weighted means and second moments of the covariates over the risk set of every term.

    Parameters
    ----------
    design
        Patients and terms.
    eta
        (b, n) linear predictor.
    own
        (b, n) own columns.

    Returns
    -------
    TermMoments
        Arrays over the terms.
    """
    columns = _columns(design, own)
    p = len(columns)
    stack = np.empty((1 + p + p * (p + 1) // 2, *eta.shape))
    np.multiply(np.exp(eta), design.weights, out=stack[0])
    for i, column in enumerate(columns):
        np.multiply(stack[0], column, out=stack[1 + i])
    for k, (i, j) in enumerate(_pairs(p)):
        np.multiply(stack[1 + i], columns[j], out=stack[1 + p + k])
    if design.entries is None:
        sums = sum_terms(design, stack)
    elif own is not None:  # late entries are subtracted: apart, so that a near-infinite HR costs no digits
        sums = sum_terms(design, stack * (1 - own)) + sum_terms(design, stack * own)
    else:
        sums = sum_terms(design, stack.astype(np.longdouble)).astype(np.float64)
    total = sums[0].copy()
    sums /= total
    return TermMoments(total, sums[1 : 1 + p], sums[1 + p :])


def _columns(design: Design, own: NDArray[np.float64] | None) -> list[NDArray[np.float64]]:
    """Covariate columns, own first."""
    return ([] if own is None else [own]) + list(design.covariates)


def _pairs(p: int) -> list[tuple[int, int]]:
    """Index pairs i <= j of a symmetric matrix."""
    return [(i, j) for i in range(p) for j in range(i, p)]


def sum_terms(design: Design, stack: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sums of any values over the patients at risk in every term.

    Parameters
    ----------
    design
        Patients and terms.
    stack
        (c, b, n) values, 0 in empty places.

    Returns
    -------
    NDArray[np.float64]
        (c, b, T); tied deaths count in part, as ``term_share`` says.
    """
    values = stack.reshape(-1, stack.shape[-1])
    slots = sum_from_last(design.exits, values)
    if design.entries is not None:
        slots -= sum_from_last(design.entries, np.where(design.late >= 0, values[:, design.late], 0))
    if len(design.tied) == 0:
        return slots.reshape(*stack.shape[:2], -1)
    terms = slots[:, design.term_slot]
    deaths = np.add.reduceat(values[:, design.tied], design.tied_first, axis=1)
    terms[:, design.term_later] -= design.term_share[design.term_later] * deaths[:, design.term_tied]
    return terms.reshape(*stack.shape[:2], -1)


def residuals(
    design: Design, risk: RiskSets, coef: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return martingale and score residuals of one model.

    Parameters
    ----------
    design
        Patients and terms of the model, without own columns.
    risk
        The outcomes it was built from.
    coef
        (p,) coefficients.

    Returns
    -------
    tuple[NDArray[np.float64], NDArray[np.float64]]
        Martingale residuals (n,) and score residuals (n, p), unweighted, in the row order of ``risk``.

    Notes
    -----
    Efron: in the slot of the own event a patient has lost the share l/d by the l-th term, and the mean covariate is
    the average over the terms of the slot, as in R's ``residuals.coxph``.
    """
    eta = linear_predictor(design, coef[None, :])
    moments = term_moments(design, eta)
    mean = moments.mean[:, 0]
    hazard = design.term_weight / moments.total[0]
    x, relative, dead = design.covariates, np.exp(eta[0]), design.dead
    start, stop = risk.start[design.rows], risk.stop[design.rows]
    rates = np.vstack([hazard, hazard * mean])  # hazard, then hazard times mean covariates
    n_slots = risk.n_slots
    cumulative = np.cumsum(np.hstack([np.zeros((len(rates), 1)), _per_slot(design, rates, n_slots)]), axis=1)
    exposure = cumulative[:, stop] - cumulative[:, start]
    exposure[:, dead] -= _per_slot(design, rates * design.term_share, n_slots)[:, design.slot[dead]]
    exposure *= relative
    terms_in_slot = _per_slot(design, np.ones((1, len(hazard))), n_slots)
    centre = (_per_slot(design, mean, n_slots) / terms_in_slot)[:, design.slot]
    martingale, score = np.zeros(len(risk.time)), np.zeros((len(risk.time), len(x)))
    real = design.weights > 0
    martingale[design.rows[real]] = (dead - exposure[0])[real]
    score[design.rows[real]] = (dead * (x - centre) - (x * exposure[0] - exposure[1:])).T[real]
    return martingale, score


def _per_slot(design: Design, values: NDArray[np.float64], n_slots: int) -> NDArray[np.float64]:
    """Sum (r, T) values over the terms of every slot: (r, K)."""
    first = np.searchsorted(design.term_slot, np.arange(n_slots))
    return np.asarray(np.add.reduceat(values, first, axis=1)) if len(values) else np.zeros((0, n_slots))
