"""The Firth-penalised partial likelihood of several covariates at one point: l*(b) = l(b) + log det I(b) / 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.partial_likelihood import Design, evaluate, linear_predictor, term_moments

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
    E[(z - m)' I^-1 (z - m) (z_r - m_r)], m = E[z]. With a = z' I^-1 z that needs only the means of z, zz', a and a z.
    """
    eta = linear_predictor(design, b[None, :])
    if eta.min(initial=0.0) < -MAX_SPREAD:
        return _outside(b)
    plain = evaluate(design, b[None, :])
    information = plain.information[0]
    values = np.linalg.eigvalsh(information)
    if values[0] * MAX_CONDITION <= values[-1]:
        return _outside(b)
    value = float(plain.loglik[0]) + float(np.log(values).sum()) / 2
    gradient = plain.score[0] + design.term_weight @ _skewness(design, eta, np.linalg.inv(information)) / 2
    return Point(b=b, value=value, gradient=gradient, information=information, curvature=information)


def _outside(b: NDArray[np.float64]) -> Point:
    """Return a point where the penalised likelihood is -inf."""
    nothing = np.zeros((len(b), len(b)))
    return Point(b=b, value=-np.inf, gradient=np.zeros(len(b)), information=nothing, curvature=nothing)


def _skewness(design: Design, eta: NDArray[np.float64], inverse: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, p) E[(z - m)' I^-1 (z - m) (z - m)] over the risk set of every term."""
    p = len(inverse)
    size = (design.covariates * (inverse @ design.covariates)).sum(axis=0)
    moments = term_moments(design, eta, size[None, :])
    mean, size_mean = moments.mean[1:, 0].T, moments.mean[0, 0][:, None]
    products = moments.second[:, 0].T  # pairs of (a, z_1 .. z_p)
    size_z = products[:, 1 : 1 + p]
    second = np.empty((len(mean), p, p))
    second[:, *np.triu_indices(p)] = products[:, 1 + p :]
    second[:, *np.triu_indices(p)[::-1]] = products[:, 1 + p :]
    turned = mean @ inverse
    square = (turned * mean).sum(axis=1)[:, None]
    return np.asarray(size_z - mean * size_mean - 2 * (second * turned[:, None, :]).sum(axis=2) + 2 * mean * square)
