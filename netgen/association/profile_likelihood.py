"""Profile-likelihood intervals and likelihood-ratio tests of single coefficients of a Cox model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.newton import maximise
from netgen.association.partial_likelihood import Design, Evaluation, build_design, evaluate, standardise
from netgen.association.tails import chi2_p, normal_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.cox_model import CoxFit

MAX_STEPS: Final = 60
MAX_REACH: Final = 50.0  # a limit whose linear predictor differs by more than this over the covariate's range is open
TOLERANCE: Final = 1e-9  # on twice the log likelihood


@dataclass(frozen=True, kw_only=True)
class ProfileIntervals:
    """Profile results of p coefficients.

    Attributes
    ----------
    lo, hi
        (p,) limits of the log hazard ratios; NaN where the limit is open.
    lr_chi2, lr_p
        (p,) likelihood-ratio test of dropping the covariate, 1 df.
    level
        Coverage.
    """

    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    lr_chi2: NDArray[np.float64]
    lr_p: NDArray[np.float64]
    level: float


def profile_intervals(fit: CoxFit, *, level: float = 0.95) -> ProfileIntervals:
    """Return profile-likelihood limits of every coefficient of a fitted Cox model.

    Parameters
    ----------
    fit
        A model with status ``converged``.
    level
        Coverage.

    Returns
    -------
    ProfileIntervals
        NaN throughout if the model did not converge.

    Notes
    -----
    A limit is where twice the log likelihood, maximised over the other coefficients, has fallen by the chi-square
    quantile. Newton's method on its square root, which is nearly linear, held between the estimate and the farthest
    value known to be inside. Witness: ``tests/reference/cox/cox_profile_ci.csv``.
    """
    p = len(fit.coef)
    if fit.status != "converged":
        nan = np.full(p, np.nan)
        return ProfileIntervals(lo=nan, hi=nan, lr_chi2=nan, lr_p=nan, level=level)
    z, scale = standardise(fit.x)
    design = build_design(fit.risk, z, ties=fit.ties, weights=fit.weights)
    best, se = fit.coef * scale, fit.se * scale
    dropped = _profile(design, np.tile(best, (p, 1)), np.arange(p), np.zeros(p))
    chi2 = 2 * (fit.loglik - dropped.loglik)
    limits = [_limit(design, best, se, fit.loglik, sign * normal_quantile(level)) / scale for sign in (-1, 1)]
    return ProfileIntervals(lo=limits[0], hi=limits[1], lr_chi2=chi2, lr_p=chi2_p(chi2), level=level)


def _limit(
    design: Design, best: NDArray[np.float64], se: NDArray[np.float64], top: float, target: float
) -> NDArray[np.float64]:
    """Values at which the signed root of the profile deviance of each coefficient is ``target``."""
    p = len(best)
    reach = np.maximum(np.ptp(design.covariates, axis=1), 1e-300)
    column, side = np.arange(p), np.sign(target)
    value = best + target * se
    others = np.tile(best, (p, 1))
    inside, outside = best.copy(), np.full(p, side * np.inf)
    for _ in range(MAX_STEPS):
        at = _profile(design, others, column, value)
        deviance = np.maximum(2 * (top - at.loglik), 1e-300)
        root = side * np.sqrt(deviance)
        error = root - target
        if (np.abs(deviance - target**2) < TOLERANCE).all():
            return value
        within = side * error < 0
        inside, outside = np.where(within, value, inside), np.where(within, outside, value)
        slope = -at.score[column, column] / root
        moved = value - error / slope
        between = (side * (moved - inside) > 0) & (side * (outside - moved) > 0)
        middle = np.where(np.isfinite(outside), (inside + outside) / 2, value + 2 * (value - best))
        value = np.where(between, moved, middle)
        value = best + np.clip(value - best, -2 * MAX_REACH / reach, 2 * MAX_REACH / reach)
    done = np.abs(deviance - target**2) < 1e3 * TOLERANCE
    return np.where(done, value, np.nan)


def _profile(
    design: Design, others: NDArray[np.float64], column: NDArray[np.intp], value: NDArray[np.float64]
) -> Evaluation:
    """Maximise p models over all but one coefficient each; ``others`` has the start and receives the maximum."""
    rows = np.arange(len(column))
    others[rows, column] = value

    def restricted(coef: NDArray[np.float64], part: NDArray[np.intp]) -> Evaluation:
        at = evaluate(design, coef)
        fixed = np.arange(len(part)), column[part]
        at.score[fixed] = 0.0
        at.information[fixed[0], fixed[1], :] = 0.0
        at.information[fixed[0], :, fixed[1]] = 0.0
        at.information[fixed[0], fixed[1], fixed[1]] = 1.0
        return at

    search = maximise(restricted, others, np.ptp(design.covariates, axis=1))
    others[:] = search.coef
    return evaluate(design, search.coef)
