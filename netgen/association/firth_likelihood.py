"""The Firth-penalised partial likelihood of several covariates at one point: l*(b) = l(b) + log det I(b) / 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.partial_likelihood import Design, linear_predictor
from netgen.association.risk_sums import sum_hazards, sum_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_CONDITION: Final = 1e12  # of the information; beyond, a covariate is constant or a combination of others
MAX_SPREAD: Final = 500.0  # of the linear predictor; beyond, hazards vanish beside each other


@dataclass(frozen=True, kw_only=True)
class Point:
    """The penalised likelihood at b: value, gradient (p,), unpenalised information and curvature (p, p).

    The curvature approximates minus the second derivative of the penalised likelihood, beginning with the information.
    Where the information is singular, or out of numerical reach, the value is -inf.
    """

    b: NDArray[np.float64]
    value: float
    gradient: NDArray[np.float64]
    information: NDArray[np.float64]
    curvature: NDArray[np.float64]


def evaluate_penalised(design: Design, b: NDArray[np.float64]) -> Point:
    """Return value, gradient and information of the penalised likelihood.

    Parameters
    ----------
    design
        Patients and terms, covariates centred and scaled.
    b
        (p,) coefficients.

    Returns
    -------
    Point
        The gradient is U + tr(I^-1 dI/db) / 2.

    Notes
    -----
    I is a sum over deaths of covariances of z over those at risk, so tr(I^-1 dI/db_r) is the sum of
    E[(z - m)' I^-1 (z - m) (z_r - m_r)] = E[a z_r] - E[a] m_r - 2 E[z_r z]' I^-1 m + 2 m' I^-1 m m_r with m = E[z],
    a = z' I^-1 z. Sums over deaths of products with E[.] are turned into sums over patients (``risk_sums.py``), so that
    only the means of z and a over the risk sets are needed.
    """
    eta = linear_predictor(design, b[None, :])[0]
    if eta.min(initial=0.0) < -MAX_SPREAD:
        return _outside(b)
    z, weight = design.covariates, design.term_weight
    relative = np.exp(eta) * design.weights
    sums = _sum_terms(design, relative * np.concatenate([np.ones((1, z.shape[1])), z]))
    increment, mean = weight / sums[0], sums[1:] / sums[0]
    hazard = sum_hazards(design, increment[None])[0]
    expected = relative * hazard
    information = (z * expected) @ z.T - (mean * weight) @ mean.T
    information = (information + information.T) / 2
    values = np.linalg.eigvalsh(information)
    if not np.isfinite(values).all() or values[0] * MAX_CONDITION <= values[-1]:
        return _outside(b)
    deaths = design.weights * design.dead
    inverse = np.linalg.inv(information)
    size, turned = (z * (inverse @ z)).sum(axis=0), inverse @ mean
    size_mean = _sum_terms(design, (relative * size)[None])[0] / sums[0]
    falls = np.concatenate([[2 * (mean * turned).sum(axis=0) - size_mean], turned])
    by_patient = sum_hazards(design, increment * falls)
    skew = z @ (relative * (size * hazard + by_patient[0] - 2 * (z * by_patient[1:]).sum(axis=0)))
    loglik = float(eta @ deaths - np.log(sums[0]) @ weight)
    return Point(
        b=b,
        value=loglik + float(np.log(values).sum()) / 2,
        gradient=z @ (deaths - expected) + skew / 2,
        information=information,
        curvature=information,
    )


def _sum_terms(design: Design, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the rows of values (r, n) over the patients at risk in every term, (r, T)."""
    return np.asarray(sum_terms(design, [(0, values)], (1, len(values)))[0])


def _outside(b: NDArray[np.float64]) -> Point:
    """Return a point where the penalised likelihood is -inf."""
    nothing = np.zeros((len(b), len(b)))
    return Point(b=b, value=-np.inf, gradient=np.zeros(len(b)), information=nothing, curvature=nothing)
