"""The Cox partial likelihood of several covariates, with its derivatives.

Sums over risk sets are running sums (``risk_sums.py``). One evaluation serves a batch of models that share
covariates and differ in one column of their own: the model of each gene beside the same clinical covariates. A single
model is a batch of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from netgen.association.risk_sums import sum_hazards, sum_terms
from netgen.association.running_sums import RunningSums, plan_running_sums, row_dots

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        (n,) case weights, or (b, n) for the models of a batch: see ``batch_design.py``.
    dead
        (n,) bool.
    slot
        (n,) last slot at risk.
    exits
        Running sum over the patients by their last slot, read off at the terms.
    late, entries
        Places of the patients who enter after the first slot of their stratum, and the running sum by first slot.
    tied, layers
        Places of the patients who fail in slots with several terms: the first death of each such slot, slots with most
        deaths first, then the second of each, and so on; where each of these layers starts.
    term_slot, term_share, term_weight
        (T,) slot of each term; (T,) or (b, T) share l/d of the tied deaths that it has lost, deaths it stands for.
    term_later, term_tied
        Terms that have lost a share, and which slot of the first layer they belong to.
    hazard
        Running sums over the terms.
    members
        (T, n) 1 for who is at risk in a term, 0 for who is not: sums are taken over them, not by running sums. None =
        running sums; see ``sum_directly`` in ``batch_design.py``.
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
    layers: NDArray[np.intp]
    term_slot: NDArray[np.intp]
    term_share: NDArray[np.float64]
    term_weight: NDArray[np.float64]
    term_later: NDArray[np.intp]
    term_tied: NDArray[np.intp]
    hazard: Hazard
    members: NDArray[np.float64] | None = None


class Hazard(NamedTuple):
    """How increments of the terms are summed over the terms of which a patient is at risk.

    Attributes
    ----------
    order
        (N,) term in each place of the running sum, -1 = empty.
    until_exit, until_entry
        The sums over the terms up to the last slot of each place of ``Design.rows``, and up to the entry of ``late``.
    tied, first
        Slot with several terms of each patient of ``Design.tied``, and where its terms begin in ``term_later``.
    """

    order: NDArray[np.intp]
    until_exit: RunningSums
    until_entry: RunningSums | None
    tied: NDArray[np.intp]
    first: NDArray[np.intp]


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
    tied, layers, tied_slot = _layers(slot, np.flatnonzero(dead & (terms[slot] > 1)), terms)
    later = np.flatnonzero(nth)
    rank = np.zeros(risk.n_slots, dtype=np.intp)
    rank[tied_slot] = np.arange(len(tied_slot))
    return Design(
        rows=rows,
        covariates=np.ascontiguousarray(covariates[rows].T),
        weights=w,
        dead=dead,
        slot=slot,
        exits=exits.read_at(term_slot),
        late=late,
        entries=None if entries is None else entries.read_at(term_slot),
        tied=tied,
        layers=layers,
        term_slot=term_slot,
        term_share=nth / deaths[term_slot],
        term_weight=weight[term_slot] / terms[term_slot],
        term_later=later,
        term_tied=rank[term_slot[later]],
        hazard=_plan_hazard(blocks, term_slot, later, slot, np.where(late < 0, 0, start[late]), slot[tied]),
    )


def _plan_hazard(
    strata: NDArray[np.intp],
    term_slot: NDArray[np.intp],
    later: NDArray[np.intp],
    exit_slot: NDArray[np.intp],
    late_start: NDArray[np.intp],
    tied_slot: NDArray[np.intp],
) -> Hazard:
    """Plan running sums over the terms from the first slot of a stratum on: ``plan_running_sums`` in a mirror."""
    end = int(strata[-1])
    order, plan = plan_running_sums(end - 1 - term_slot, end - strata[::-1])
    slots, first = np.unique(term_slot[later], return_index=True)
    entry = plan.read_at(np.minimum(end - late_start, end - 1)) if len(late_start) else None
    return Hazard(order, plan.read_at(end - 1 - exit_slot), entry, np.searchsorted(slots, tied_slot), first)


def _layers(
    slot: NDArray[np.intp], tied: NDArray[np.intp], deaths: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Order tied deaths by their number within the slot, then by slots with most deaths; starts of layers; slots."""
    tied = tied[np.lexsort((slot[tied], -deaths[slot[tied]]))]
    new = np.append(True, slot[tied][1:] != slot[tied][:-1])[: len(tied)]
    start = np.flatnonzero(new)
    nth = np.arange(len(tied)) - start[np.cumsum(new) - 1]
    order = np.argsort(nth, kind="stable")
    layers = np.searchsorted(nth[order], np.arange(nth.max(initial=-1) + 2))
    return tied[order], layers, slot[tied[start]]


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
        Efron or Breslow, as the design was built; with case weights as R's ``coxph``. The log likelihood is -inf where
        hazards at risk are no positive finite number: beyond the digits of a number, or cancelled by late entries.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        by_terms = design.entries is not None and design.members is None
        found = (_evaluate_by_terms if by_terms else _evaluate_by_patients)(design, coef, own)
    return found._replace(loglik=np.where(np.isfinite(found.loglik), found.loglik, -np.inf))


def _evaluate_by_patients(design: Design, coef: NDArray[np.float64], own: NDArray[np.float64] | None) -> Evaluation:
    """Evaluate with the expected deaths of every patient, which saves the second moments of every term."""
    eta = linear_predictor(design, coef, own)
    expected = np.exp(eta)
    expected *= design.weights
    columns, weight = _columns(design, own), design.term_weight
    mean = sum_terms(design, _products(expected, columns, pairs=False), (1 + len(columns), len(coef)), own)
    if weight.ndim == 2:
        mean[0][weight == 0] = 1.0  # a term that the model does not have
    loglik = _weigh(eta, design.weights * design.dead) - _weigh(np.log(mean[0]), weight)
    expected *= sum_hazards(design, weight / mean[0])
    mean = np.divide(mean[1:], mean[0], out=mean[1:])
    score, information = _sum_patients(design, expected, own)
    for i, row in enumerate(mean):
        weighted = row * weight
        for j in range(i, len(mean)):
            information[:, i, j] -= row_dots(weighted, mean[j])
            information[:, j, i] = information[:, i, j]
    return Evaluation(loglik, score, information)


def _evaluate_by_terms(design: Design, coef: NDArray[np.float64], own: NDArray[np.float64] | None) -> Evaluation:
    """Evaluate with moments of every term: with late entries sums over patients lose digits near infinite hazards."""
    eta = linear_predictor(design, coef, own)
    moments = term_moments(design, eta, own)
    p, weight, deaths = coef.shape[1], design.term_weight, design.weights * design.dead
    score, information = np.empty((len(coef), p)), np.empty((len(coef), p, p))
    pairs = iter(moments.second)
    for i, column in enumerate(_columns(design, own)):
        score[:, i] = (column * deaths).sum(axis=-1) - _weigh(moments.mean[i], weight)
        weighted = moments.mean[i] * weight
        for j in range(i, p):
            information[:, i, j] = _weigh(next(pairs), weight) - row_dots(weighted, moments.mean[j])
            information[:, j, i] = information[:, i, j]
    loglik = _weigh(eta, deaths) - _weigh(np.log(moments.total), weight)
    return Evaluation(loglik, score, information)


def _weigh(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row sums with weights that all rows share, or their own."""
    return np.asarray(values @ weights) if weights.ndim == 1 else row_dots(values, weights)


def _sum_patients(
    design: Design, expected: NDArray[np.float64], own: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score, and the upper part of the second moments of the covariates, as sums over patients of expected deaths."""
    z, b = design.covariates, len(expected)
    q, first = len(z), int(own is not None)
    residual = design.weights * design.dead - expected
    score, second = np.empty((b, first + q)), np.empty((b, first + q, first + q))
    i, j = np.triu_indices(q)
    score[:, first:] = residual @ z.T
    second[:, first + i, first + j] = expected @ (z[i] * z[j]).T
    if own is not None:
        altered = expected * own
        score[:, 0] = row_dots(residual, own)
        second[:, 0, 0] = row_dots(altered, own)
        second[:, 0, 1:] = altered @ z.T
    return score, second


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
    values = _products(np.exp(eta) * design.weights, columns)
    sums = sum_terms(design, values, (1 + p + p * (p + 1) // 2, len(eta)), own)
    total = sums[0].copy()
    if design.term_weight.ndim == 2:
        total[design.term_weight == 0] = 1.0  # a term that the model does not have
    sums /= total
    return TermMoments(total, sums[1 : 1 + p], sums[1 + p :])


def _products(
    base: NDArray[np.float64], columns: list[NDArray[np.float64]], *, pairs: bool = True
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield (number, values): 0 the weights, then weights times each column, then times each pair of columns."""
    p, pair = len(columns), len(columns) + 1
    yield 0, base
    once, twice = np.empty_like(base), np.empty_like(base)
    for i in range(p):
        np.multiply(base, columns[i], out=once)
        yield 1 + i, once
        for j in range(i, p if pairs else i):
            np.multiply(once, columns[j], out=twice)
            yield pair, twice
            pair += 1


def _columns(design: Design, own: NDArray[np.float64] | None) -> list[NDArray[np.float64]]:
    """Covariate columns, own first."""
    return ([] if own is None else [own]) + list(design.covariates)
