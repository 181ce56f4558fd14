"""A batch of partial likelihoods in which every model has patients of its own, or risk sets are summed one by one.

Genes are profiled for different patients. Instead of a design for each gene, all share the one of all patients, and who
does not belong to a model has weight 0 in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.counts import Ties
    from netgen.association.partial_likelihood import Design
    from netgen.association.riskset import RiskSets


def restrict_design(design: Design, profiled: NDArray[np.bool_], ties: Ties) -> Design:
    """Return a design in which each model of a batch has patients of its own, a subset of those of the design.

    Parameters
    ----------
    design
        All patients, without case weights.
    profiled
        (b, n) True = the patient belongs to the model; patients as in ``design.rows``.
    ties
        As the design was built.

    Returns
    -------
    Design
        The others have weight 0, tied deaths are counted among the profiled, terms without a death have weight 0.
    """
    n_slots = int(design.term_slot[-1]) + 1 if len(design.term_slot) else 0
    dead = np.flatnonzero(design.dead)
    model, place = np.nonzero(profiled[:, dead])
    deaths = np.bincount(model * n_slots + design.slot[dead[place]], minlength=len(profiled) * n_slots)
    own = deaths.reshape(len(profiled), n_slots)[:, design.term_slot]
    nth = np.arange(len(design.term_slot)) - np.searchsorted(design.term_slot, design.term_slot)
    return replace(
        design,
        weights=design.weights * profiled,
        term_share=nth / np.maximum(own, 1),
        term_weight=(own if ties == "breslow" else nth < own).astype(np.float64),
    )


def take_models(design: Design, models: NDArray[np.intp]) -> Design:
    """Return the design of some models of a batch.

    Parameters
    ----------
    design
        Of all; unchanged if the models share their patients.
    models
        (a,) models wanted.

    Returns
    -------
    Design
        Rows of weights, shares and deaths in that order.
    """
    if design.weights.ndim == 1:
        return design
    return replace(
        design,
        weights=design.weights[models],
        term_share=design.term_share[models],
        term_weight=design.term_weight[models],
    )


def sum_directly(design: Design, risk: RiskSets, max_cells: int) -> Design:
    """Return a design whose risk sets are summed one by one.

    With delayed entry a risk set is a difference of two running sums, and near a separated maximum the difference is
    rounding error. Here nothing is subtracted but the shares of tied deaths.

    Parameters
    ----------
    design
        Patients and terms.
    risk
        The outcomes it was built from.
    max_cells
        Terms x patients up to which this is done.

    Returns
    -------
    Design
        Unchanged without delayed entry, where nothing is subtracted anyway, or if it is too large.
    """
    if design.entries is None or design.members is not None:
        return design
    if len(design.term_slot) * len(design.rows) > max_cells:
        return design
    slot = design.term_slot[:, None]
    at_risk = (risk.start[design.rows] <= slot) & (slot < risk.stop[design.rows])
    return replace(design, members=at_risk.astype(np.float64))
