"""The Cox partial likelihood summed over every risk set anew: slow, and exact where running sums are not.

With delayed entry a risk set is a difference of two running sums (``partial_likelihood.py``). When a likelihood is
separated the hazards of the patients part by more than the digits of a number, and the difference of the sums is
rounding error: the log likelihood then rises above its supremum. Here nothing is subtracted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.partial_likelihood import Design, Evaluation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.riskset import RiskSets

MAX_CELLS: Final = 4_000_000  # likelihood terms x patients up to which this is used


def risk_matrix(design: Design, risk: RiskSets) -> NDArray[np.float64] | None:
    """Return who counts how much in every term of the likelihood.

    Parameters
    ----------
    design
        Patients and terms.
    risk
        The outcomes it was built from.

    Returns
    -------
    NDArray[np.float64] | None
        (T, n) case weight of those at risk, tied deaths in part as ``term_share`` says, patients as in ``design.rows``;
        None if it would be too large.
    """
    if len(design.term_slot) * len(design.rows) > MAX_CELLS:
        return None
    slot = design.term_slot[:, None]
    at_risk = (risk.start[design.rows] <= slot) & (slot < risk.stop[design.rows])
    dies = design.dead & (risk.event_slot[design.rows] == slot)
    return np.asarray(at_risk * design.weights * (1 - dies * design.term_share[:, None]))


def evaluate_directly(design: Design, members: NDArray[np.float64], coef: NDArray[np.float64]) -> Evaluation:
    """Return log partial likelihood, score and information of one model.

    Parameters
    ----------
    design
        Patients and terms, without own columns.
    members
        (T, n) from ``risk_matrix``.
    coef
        (1, p) coefficients.

    Returns
    -------
    Evaluation
        A batch of one. Hazards are taken relative to the largest of each risk set.
    """
    eta = coef[0] @ design.covariates
    top = np.where(members > 0, eta, -np.inf).max(axis=1)
    share = members * np.exp(np.minimum(eta - top[:, None], 0.0))
    total = share.sum(axis=1)
    share /= total[:, None]
    mean = share @ design.covariates.T
    deaths = design.weights * design.dead
    loglik = eta @ deaths - design.term_weight @ (top + np.log(total))
    score = design.covariates @ deaths - design.term_weight @ mean
    spread = (design.covariates * (design.term_weight @ share)) @ design.covariates.T
    information = spread - (mean.T * design.term_weight) @ mean
    return Evaluation(np.array([loglik]), score[None, :], information[None, :, :])
