"""Sums over the patients at risk in every term of a partial likelihood, and over the terms of every patient."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from netgen.association.running_sums import sum_from_last

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from netgen.association.partial_likelihood import Design


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
    in extended precision, so that a hazard ratio near infinity costs no digits. With ``members`` nothing is subtracted.
    """
    sums = np.empty((*shape, len(design.term_slot)))
    tied = np.empty((*shape, len(design.tied)))
    for number, array in values:
        if design.members is not None:
            sums[number] = array @ design.members.T
        elif design.entries is None:
            sums[number] = sum_from_last(design.exits, array)
        elif own is not None:
            sums[number] = _sum_between(design, array * own) + _sum_between(design, array * (1 - own))
        else:
            sums[number] = _sum_between(design, array.astype(np.longdouble))
        tied[number] = array[:, design.tied]
    if len(design.tied):
        sums[..., design.term_later] -= design.term_share[..., design.term_later] * _add_layers(design, tied)
    return sums


def sum_hazards(design: Design, increments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sums of any increments over the terms of which each patient is at risk.

    Parameters
    ----------
    design
        Patients and terms.
    increments
        (b, T), e.g. deaths over total hazard at risk.

    Returns
    -------
    NDArray[np.float64]
        (b, n), patients as in ``design.rows``.

    Notes
    -----
    The transpose of ``sum_terms``: sum over patients of values times this = sum over terms of increments times
    ``sum_terms`` of the values. It saves the sums of products of covariates over the risk sets. Late entries are
    subtracted in extended precision, or not at all with ``members``.
    """
    sums = _sum_until_exit(design, increments) if design.members is None else increments @ design.members
    if len(design.tied):
        lost = increments[:, design.term_later] * design.term_share[..., design.term_later]
        sums[:, design.tied] -= np.add.reduceat(lost, design.hazard.first, axis=1)[:, design.hazard.tied]
    return np.asarray(sums)


def _sum_until_exit(design: Design, increments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return running sums up to the exit of each patient, less those up to the entry."""
    plan = design.hazard
    padded = np.concatenate([increments, np.zeros((len(increments), 1))], axis=1)[:, plan.order]
    if plan.until_entry is None:
        return np.asarray(sum_from_last(plan.until_exit, padded))
    exact = padded.astype(np.longdouble)
    wide = sum_from_last(plan.until_exit, exact)
    real = np.flatnonzero(design.late >= 0)
    wide[:, design.late[real]] -= sum_from_last(plan.until_entry, exact)[:, real]
    return np.asarray(wide.astype(np.float64))


def _sum_between(design: Design, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over those who have not left, less those who have not entered."""
    assert design.entries is not None
    late = np.where(design.late >= 0, values[:, design.late], 0)
    return np.asarray(sum_from_last(design.exits, values) - sum_from_last(design.entries, late))


def _add_layers(design: Design, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the tied deaths of each slot and spread the sums over the terms that lose a share of them."""
    total = values[..., : design.layers[1]]
    for first, end in pairwise(design.layers[1:]):
        total[..., : end - first] += values[..., first:end]
    return total[..., design.term_tied]
