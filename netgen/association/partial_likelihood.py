"""The Cox partial likelihood of several covariates, with its derivatives.

Sums over risk sets are running sums (``running_sums.py``). One evaluation serves a batch of models that share
covariates and differ in one column of their own: the model of each gene beside the same clinical covariates. A single
model is a batch of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from netgen.association.running_sums import RunningSums, plan_running_sums, sum_from_last

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
        Running sum over the patients by their last slot, read off at the terms.
    late, entries
        Places of the patients who enter after the first slot of their stratum, and the running sum by first slot.
    tied, layers
        Places of the patients who fail in slots with several terms: the first death of each such slot, slots with most
        deaths first, then the second of each, and so on; where each of these layers starts.
    term_slot, term_share, term_weight
        (T,) slot of each term, share l/d of the tied deaths that it has lost, deaths it stands for.
    term_later, term_tied
        Terms that have lost a share, and which slot of the first layer they belong to.
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
    )


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
    values = _products(np.exp(eta) * design.weights, columns)
    sums = sum_terms(design, values, (1 + p + p * (p + 1) // 2, len(eta)), own)
    total = sums[0].copy()
    sums /= total
    return TermMoments(total, sums[1 : 1 + p], sums[1 + p :])


def _products(
    base: NDArray[np.float64], columns: list[NDArray[np.float64]]
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield (number, values): 0 the weights, then weights times each column, then times each pair of columns."""
    p, pair = len(columns), len(columns) + 1
    yield 0, base
    once, twice = np.empty_like(base), np.empty_like(base)
    for i in range(p):
        np.multiply(base, columns[i], out=once)
        yield 1 + i, once
        for j in range(i, p):
            np.multiply(once, columns[j], out=twice)
            yield pair, twice
            pair += 1


def _columns(design: Design, own: NDArray[np.float64] | None) -> list[NDArray[np.float64]]:
    """Covariate columns, own first."""
    return ([] if own is None else [own]) + list(design.covariates)


def _pairs(p: int) -> list[tuple[int, int]]:
    """Index pairs i <= j of a symmetric matrix."""
    return [(i, j) for i in range(p) for j in range(i, p)]


def sum_terms(
    design: Design,
    values: Iterable[tuple[int, NDArray[np.float64]]],
    shape: tuple[int, int],
    own: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return sums of any values over the patients at risk in every term.

    Parameters
    ----------
    design
        Patients and terms.
    values
        (number, (b, n) values), 0 in empty places; an array may be overwritten after its turn.
    shape
        How many arrays there are, and b.
    own
        (b, n) own columns, if the values depend on a coefficient of theirs.

    Returns
    -------
    NDArray[np.float64]
        (number of arrays, b, T); tied deaths count in part, as ``term_share`` says.

    Notes
    -----
    One array at a time is summed while it is in the cache. Late entries are subtracted: altered and wild type apart, or
    in extended precision, so that a hazard ratio near infinity costs no digits.
    """
    sums = np.empty((*shape, len(design.term_slot)))
    tied = np.empty((*shape, len(design.tied)))
    for number, array in values:
        if design.entries is None:
            sums[number] = sum_from_last(design.exits, array)
        elif own is not None:
            sums[number] = _sum_between(design, array * own) + _sum_between(design, array * (1 - own))
        else:
            sums[number] = _sum_between(design, array.astype(np.longdouble))
        tied[number] = array[:, design.tied]
    if len(design.tied):
        sums[..., design.term_later] -= design.term_share[design.term_later] * _add_layers(design, tied)
    return sums


def _sum_between(design: Design, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over those who have not left, less those who have not entered."""
    assert design.entries is not None
    late = np.where(design.late >= 0, values[:, design.late], 0)
    return sum_from_last(design.exits, values) - sum_from_last(design.entries, late)


def _add_layers(design: Design, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the tied deaths of each slot and spread the sums over the terms that lose a share of them."""
    total = values[..., : design.layers[1]]
    for first, end in pairwise(design.layers[1:]):
        total[..., : end - first] += values[..., first:end]
    return total[..., design.term_tied]
