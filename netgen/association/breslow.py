"""The Breslow partial likelihood as a function of the linear predictor.

A model with any number of columns needs no more than this: value, gradient and curvature with respect to the linear
predictor of each patient. Several weightings of the same patients are evaluated together, and a training fold is such a
weighting, by 0 and 1. ``partial_likelihood.py`` is for few columns: it knows Efron's ties and the whole information.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]


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
        (..., K) weighted events.
    idle
        (..., K) 1 where nobody with a weight fails: such slots say nothing, and their risk sets may be empty.
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


class Point(NamedTuple):
    """The partial likelihood at one linear predictor per weighting.

    ``eta`` (..., m); ``loglik`` (...); ``share`` (..., m) weighted relative hazards, up to a factor per stratum, and
    ``risk`` (..., K) their sums over risk sets; ``residual`` (..., m) martingale residuals, the gradient with respect
    to eta; ``curvature`` (..., m) expected events.
    """

    eta: Floats
    loglik: Floats
    share: Floats
    risk: Floats
    residual: Floats
    curvature: Floats


def lay_out(risk: RiskSets, weights: ArrayLike | None = None) -> Layout:
    """Return the patients who are ever at risk, in the order in which risk sets are summed.

    Parameters
    ----------
    risk
        Risk sets of n patients.
    weights
        (..., n) non-negative weights, one row per weighting; None = one weighting by 1.

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
    )


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


def evaluate_breslow(layout: Layout, eta: Floats) -> Point:
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
    hazard = np.zeros((*step.shape[:-1], step.shape[-1] + len(layout.blocks)))
    for j, (a, b) in enumerate(layout.blocks):
        step[..., a:b].cumsum(axis=-1, out=hazard[..., a + j + 1 : b + j + 1])
    curvature = share * (hazard.take(layout.stop, axis=-1) - hazard.take(layout.start, axis=-1))
    return Point(eta, loglik, share, risk, layout.event - curvature, curvature)


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
    layout = lay_out(risk)
    return _loglik(layout, np.asarray(eta, dtype=np.float64)[..., layout.rows])[0]


def breslow_hazard(eta: ArrayLike, risk: RiskSets) -> Floats:
    """Return the Breslow cumulative baseline hazard after each slot of the risk sets.

    Parameters
    ----------
    eta
        (n,) linear predictors; the baseline is a patient whose linear predictor is 0.
    risk
        Risk sets of the n patients.

    Returns
    -------
    NDArray[np.float64]
        (K,) cumulative hazard, starting anew in each stratum.
    """
    layout = lay_out(risk)
    step = layout.d / sum_at_risk(layout, np.exp(np.asarray(eta, dtype=np.float64)[layout.rows]))
    return np.concatenate([np.cumsum(step[a:b]) for a, b in layout.blocks])


def _loglik(layout: Layout, eta: Floats) -> tuple[Floats, Floats, Floats]:
    """Log-likelihood of (..., m) linear predictors, relative hazards and their risk-set sums."""
    centred = eta - np.maximum.reduceat(eta, layout.block_first, axis=-1).take(layout.row_block, axis=-1)
    share = layout.weight * np.exp(centred)
    fine = np.longdouble if layout.late.size else np.float64  # a small risk set is the rest of a long sum
    risk = sum_at_risk(layout, share.astype(fine, copy=False)).astype(np.float64, copy=False)
    risk += layout.idle
    loglik = np.einsum("...i,...i->...", centred, layout.event) - np.einsum("...k,...k->...", np.log(risk), layout.d)
    return loglik, share, risk
