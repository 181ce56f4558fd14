"""Martingale, score and deviance residuals of a Cox model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgen.association.partial_likelihood import Design, linear_predictor, term_moments

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from netgen.association.riskset import RiskSets


def cox_residuals(
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


def deviance_residuals(martingale: ArrayLike, event: ArrayLike) -> NDArray[np.float64]:
    """Return martingale residuals spread out until they look normal: the outliers of a Cox model.

    Parameters
    ----------
    martingale
        (n,) martingale residuals of rows with weight 1.
    event
        (n,) True if the event happened.

    Returns
    -------
    NDArray[np.float64]
        (n,) sign(M) sqrt(-2 [M + d log(d - M)]): positive = the event came earlier than expected.

    Notes
    -----
    Equals R's ``residuals(coxph, type = "deviance")``. Witness: ``tests/reference/cox/cox_residuals.csv``.
    """
    m, d = np.asarray(martingale, dtype=np.float64), np.asarray(event, dtype=bool)
    expected = np.where(d, 1 - m, 1.0)  # the log term only stands with an event
    return np.asarray(np.sign(m) * np.sqrt(np.maximum(-2 * (m + np.log(expected)), 0.0)))


def _per_slot(design: Design, values: NDArray[np.float64], n_slots: int) -> NDArray[np.float64]:
    """Sum (r, T) values over the terms of every slot: (r, K)."""
    first = np.searchsorted(design.term_slot, np.arange(n_slots))
    return np.asarray(np.add.reduceat(values, first, axis=1)) if len(values) else np.zeros((0, n_slots))
