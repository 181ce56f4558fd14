"""The Cox partial likelihood as a function of the linear predictor, with Breslow's or Efron's ties.

A model with any number of columns needs no more than this: value, gradient and curvature with respect to the linear
predictor of each patient. Several weightings of the same patients are evaluated together: a training fold is such a
weighting, by 0 and 1, a bootstrap sample another, by counts. ``partial_likelihood.py`` is for few columns and knows
the whole information.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]


class Tied(NamedTuple):
    """Efron's terms: a slot has one for each of its events, the l-th without the share l/d of the tied hazards.

    ``dead`` (T,) places of the events, by slot; ``slot`` (T,) their slots and those of the terms; ``first`` (K,) of
    these in each slot; ``share`` (..., T), 0 beyond the events that have a weight.
    """

    dead: Rows
    slot: Rows
    first: Rows
    share: Floats


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Patients who are ever at risk, ordered by the slot of their exit, and where strata begin and end.

    Attributes
    ----------
    rows
        (m,) row of ``RiskSets`` of each place.
    exits
        (K,) first place that leaves in each slot.
    late
        Places that enter after the first slot of their stratum, by slot.
    late_first, late_slot
        First of ``late`` in each slot with late entries, and that slot.
    blocks
        First slot of each stratum and one past its last.
    block_first
        First place of each stratum.
    row_block
        (m,) stratum of each place.
    start, stop
        (m,) where the exposure begins and ends in the cumulative hazard, which has one leading 0 per stratum.
    weight
        (..., m) weights, one row per weighting; 0 = left out.
    event
        (..., m) weight of the patient's event, 0 if censored.
    d
        (..., T) weighted events of each term of the likelihood. Breslow: one term per slot, T = K.
    idle
        (..., T) 1 where nobody with a weight fails: such terms say nothing, and their risk sets may be empty.
    tied
        Efron's terms; None = Breslow, or no slot with two events.
    total
        (...) weight of all patients, those never at risk included.
    """

    rows: Rows
    exits: Rows
    late: Rows
    late_first: Rows
    late_slot: Rows
    blocks: tuple[tuple[int, int], ...]
    block_first: Rows
    row_block: Rows
    start: Rows
    stop: Rows
    weight: Floats
    event: Floats
    d: Floats
    idle: Floats
    total: Floats
    tied: Tied | None = None


class Point(NamedTuple):
    """The partial likelihood at one linear predictor per weighting.

    ``eta`` (..., m); ``loglik`` (...); ``share`` (..., m) weighted relative hazards, up to a factor per stratum, and
    ``risk`` (..., T) their sums over the risk set of each term; ``residual`` (..., m) martingale residuals, the
    gradient with respect to eta; ``curvature`` (..., m) expected events.
    """

    eta: Floats
    loglik: Floats
    share: Floats
    risk: Floats
    residual: Floats
    curvature: Floats


def lay_out(risk: RiskSets, weights: ArrayLike | None = None, *, ties: Ties = "breslow") -> Layout:
    """Return the patients who are ever at risk, in the order in which risk sets are summed.

    Parameters
    ----------
    risk
        Risk sets of n patients.
    weights
        (..., n) non-negative weights, one row per weighting; None = one weighting by 1.
    ties
        ``breslow`` or ``efron``. Efron's d is the number of tied patients with a weight, their weight is shared evenly
        among the d terms, as R ``coxph`` does.

    Returns
    -------
    Layout
        Patients in no risk set of an event are left out.
    """
    given = np.ones(len(risk.time)) if weights is None else np.asarray(weights, dtype=np.float64)
    rows = np.flatnonzero(risk.start < risk.stop)
    rows = rows[np.argsort(risk.stop[rows], kind="stable")]
    last, start = risk.stop[rows] - 1, risk.start[rows]
    _, first, block_of = np.unique(risk.slot_stratum, return_index=True, return_inverse=True)
    row_block = block_of[last]
    late = np.flatnonzero(start > first[row_block])
    late = late[np.argsort(start[late], kind="stable")]
    late_slot, late_first = np.unique(start[late] - 1, return_index=True)
    exits = np.searchsorted(last, np.arange(risk.n_slots))
    weight = given[..., rows]
    event = np.where(risk.event[rows], weight, 0.0)
    d = np.add.reduceat(event, exits, axis=-1)
    tied = None
    if ties == "efron" and (risk.n_events > 1).any():
        tied, d = _share_ties(np.flatnonzero(risk.event[rows]), last, weight, d)
    return Layout(
        rows=rows,
        exits=exits,
        late=late,
        late_first=late_first,
        late_slot=late_slot,
        blocks=tuple((int(a), int(b)) for a, b in pairwise(np.append(first, risk.n_slots))),
        block_first=np.searchsorted(row_block, np.arange(len(first))),
        row_block=row_block,
        start=start + row_block,
        stop=last + 1 + row_block,
        weight=weight,
        event=event,
        d=d,
        idle=(d == 0).astype(np.float64),
        total=np.asarray(given.sum(axis=-1)),
        tied=tied,
    )


def _share_ties(dead: Rows, last: Rows, weight: Floats, d: Floats) -> tuple[Tied, Floats]:
    """Efron's terms, and the weighted events of each."""
    slot = last[dead]
    first = np.searchsorted(slot, np.arange(d.shape[-1]))
    count = np.add.reduceat((weight[..., dead] > 0).astype(np.float64), first, axis=-1).take(slot, axis=-1)
    nth = np.arange(len(slot)) - first[slot]
    alive = nth < count
    share = np.where(alive, nth / np.maximum(count, 1.0), 0.0)
    per_term = np.where(alive, d.take(slot, axis=-1) / np.maximum(count, 1.0), 0.0)
    return Tied(dead=dead, slot=slot, first=first, share=share), per_term


def take_weightings(layout: Layout, which: Rows | NDArray[np.bool_]) -> Layout:
    """Return a layout with some of its weightings.

    Parameters
    ----------
    layout
        Layout with one axis of weightings.
    which
        Weightings to keep.

    Returns
    -------
    Layout
        The same patients.
    """
    return replace(
        layout,
        weight=layout.weight[which],
        event=layout.event[which],
        d=layout.d[which],
        idle=layout.idle[which],
        total=layout.total[which],
        tied=None if layout.tied is None else layout.tied._replace(share=layout.tied.share[which]),
    )


def sum_at_risk(layout: Layout, values: Floats) -> Floats:
    """Return the sums of any values over the patients at risk in every slot.

    Parameters
    ----------
    layout
        Patients.
    values
        (..., m) one value per place.

    Returns
    -------
    NDArray[np.float64]
        (..., K); those still to leave less those still to enter, slot by slot, so that a small late risk set keeps its
        digits.
    """
    total = np.add.reduceat(values, layout.exits, axis=-1)
    if layout.late.size:
        total[..., layout.late_slot] -= np.add.reduceat(values[..., layout.late], layout.late_first, axis=-1)
    for a, b in layout.blocks:
        total[..., a:b] = total[..., a:b][..., ::-1].cumsum(axis=-1)[..., ::-1]
    return total


def sum_terms(layout: Layout, values: Floats) -> Floats:
    """Return the sums of any values over the risk set of every term of the likelihood.

    Parameters
    ----------
    layout
        Patients.
    values
        (..., m) one value per place; a further axis may stand between those of weightings and places.

    Returns
    -------
    NDArray[np.float64]
        (..., T): sums at risk, under Efron less the share of the tied events that a term has lost.
    """
    total = sum_at_risk(layout, values)
    if layout.tied is None:
        return total
    slot, first, share = layout.tied.slot, layout.tied.first, layout.tied.share
    lost = np.add.reduceat(values.take(layout.tied.dead, axis=-1), first, axis=-1)
    if values.ndim > share.ndim:
        share = share[..., None, :]
    return np.asarray(total.take(slot, axis=-1) - share * lost.take(slot, axis=-1))


def evaluate_likelihood(layout: Layout, eta: Floats) -> Point:
    """Return the log partial likelihood with its gradient and curvature.

    Parameters
    ----------
    layout
        Patients and their weightings.
    eta
        (..., m) linear predictors, one row per weighting.

    Returns
    -------
    Point
        One entry per weighting.
    """
    loglik, share, risk = _loglik(layout, eta)
    step = layout.d / risk
    if layout.tied is not None:
        lost = np.add.reduceat(step * layout.tied.share, layout.tied.first, axis=-1).take(layout.tied.slot, axis=-1)
        step = np.add.reduceat(step, layout.tied.first, axis=-1)
    hazard = np.zeros((*step.shape[:-1], step.shape[-1] + len(layout.blocks)))
    for j, (a, b) in enumerate(layout.blocks):
        step[..., a:b].cumsum(axis=-1, out=hazard[..., a + j + 1 : b + j + 1])
    exposure = hazard.take(layout.stop, axis=-1) - hazard.take(layout.start, axis=-1)
    if layout.tied is not None:
        exposure[..., layout.tied.dead] -= lost
    curvature = share * exposure
    return Point(eta, loglik, share, risk, layout.event - curvature, curvature)


def saturated_loglik(layout: Layout) -> Floats:
    """Return the supremum of the log partial likelihood over all linear predictors.

    Parameters
    ----------
    layout
        Patients and their weightings.

    Returns
    -------
    NDArray[np.float64]
        One value per weighting: tied events alone in their risk set. Breslow: - sum d log d.
    """
    alone = layout.d
    if layout.tied is not None:
        alone = np.add.reduceat(alone, layout.tied.first, axis=-1).take(layout.tied.slot, axis=-1)
        alone = alone * (1.0 - layout.tied.share)
    return np.asarray(-np.einsum("...k,...k->...", layout.d, np.log(np.where(layout.d > 0, alone, 1.0))))


def cox_loglik(eta: ArrayLike, risk: RiskSets, *, ties: Ties = "breslow", weights: ArrayLike | None = None) -> Floats:
    """Return the log partial likelihood of given linear predictors.

    Parameters
    ----------
    eta
        (..., n) linear predictors; only differences within a stratum matter.
    risk
        Risk sets of the n patients.
    ties
        ``breslow`` or ``efron``.
    weights
        (n,) non-negative case weights; None = 1.

    Returns
    -------
    NDArray[np.float64]
        One value per linear predictor: the shape of ``eta`` without its last axis.
    """
    layout = lay_out(risk, weights, ties=ties)
    return _loglik(layout, np.asarray(eta, dtype=np.float64)[..., layout.rows])[0]


def breslow_loglik(eta: ArrayLike, risk: RiskSets) -> Floats:
    """Return the Breslow log partial likelihood of given linear predictors.

    Parameters
    ----------
    eta
        (..., n) linear predictors; only differences within a stratum matter.
    risk
        Risk sets of the n patients.

    Returns
    -------
    NDArray[np.float64]
        One value per linear predictor: the shape of ``eta`` without its last axis.
    """
    return cox_loglik(eta, risk)


def breslow_hazard(
    eta: ArrayLike, risk: RiskSets, *, ties: Ties = "breslow", weights: ArrayLike | None = None
) -> Floats:
    """Return the cumulative baseline hazard after each slot of the risk sets.

    Parameters
    ----------
    eta
        (n,) linear predictors; the baseline is a patient whose linear predictor is 0.
    risk
        Risk sets of the n patients.
    ties
        ``breslow``, or ``efron``: the increment of tied events is that of Efron's terms, as R ``survfit`` does.
    weights
        (n,) non-negative case weights; None = 1.

    Returns
    -------
    NDArray[np.float64]
        (K,) cumulative hazard, starting anew in each stratum.
    """
    layout = lay_out(risk, weights, ties=ties)
    hazard = layout.weight * np.exp(np.asarray(eta, dtype=np.float64)[layout.rows])
    step = layout.d / (sum_terms(layout, hazard) + layout.idle)
    if layout.tied is not None:
        step = np.add.reduceat(step, layout.tied.first)
    return np.concatenate([np.cumsum(step[a:b]) for a, b in layout.blocks])


def _loglik(layout: Layout, eta: Floats) -> tuple[Floats, Floats, Floats]:
    """Log-likelihood of (..., m) linear predictors, relative hazards and their sums over the risk sets of terms."""
    centred = eta - np.maximum.reduceat(eta, layout.block_first, axis=-1).take(layout.row_block, axis=-1)
    share = layout.weight * np.exp(centred)
    fine = np.longdouble if layout.late.size else np.float64  # a small risk set is the rest of a long sum
    risk = sum_terms(layout, share.astype(fine, copy=False)).astype(np.float64, copy=False)
    risk += layout.idle
    loglik = np.einsum("...i,...i->...", centred, layout.event) - np.einsum("...k,...k->...", np.log(risk), layout.d)
    return loglik, share, risk
