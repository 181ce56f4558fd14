"""Firth-penalised Cox models of several covariates.

The penalised log likelihood is l + log det(I) / 2. Tests and limits of one coefficient maximise it over the others with
that coefficient fixed, and the penalty keeps the information of *all* covariates, as coxphf does. Genes one at a time
have the faster ``firth.scan_firth``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.firth_likelihood import Point, evaluate_penalised
from netgen.association.partial_likelihood import Design, build_design
from netgen.association.riskset import build_risk_sets
from netgen.association.tails import chi2_p, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties
    from netgen.association.riskset import RiskSets

STATUSES: Final[dict[str, str]] = {
    "ok": "estimated",
    "no_events": "no event",
    "singular": "a covariate is constant among those at risk, or a combination of others",
    "not_converged": "the penalised likelihood could not be maximised",
}
# All on covariates scaled to unit standard deviation.
GRADIENT: Final = 1e-9  # of the penalised likelihood at its maximum
MAX_STEP: Final = 1.0
SMALLEST_STEP: Final = 1e-10
LAST_STEP: Final = (
    1e-6  # a Newton step of a limit below this is the last: the error after it is of the order of its square
)
ROUNDING: Final = 1e-13  # relative error of the likelihood
MAX_ITERATIONS: Final = 60
OPEN: Final = 50.0  # a limit farther from the estimate is open


@dataclass(frozen=True, kw_only=True)
class FirthFit:
    """A fitted model of p covariates; NaN where ``status`` is not ``ok``.

    Attributes
    ----------
    ties, level
        Handling of ties, confidence level.
    status
        One of ``STATUSES``.
    n, events
        Patients and events.
    coef, se
        (p,) log hazard ratios per unit of the covariate; standard errors from the unpenalised information.
    covariance
        (p, p) inverse of the unpenalised information.
    lo, hi
        (p,) log hazard ratios, limits by profile penalised likelihood; NaN where open or not asked for.
    plr_chi2, p
        (p,) penalised likelihood-ratio test of each coefficient, 1 df; NaN if not asked for.
    pen_loglik, pen_loglik_null
        Penalised log partial likelihood of the model and with all coefficients 0.
    model_chi2, model_p
        Penalised likelihood-ratio test that all coefficients are 0, p df.
    """

    ties: Ties
    level: float
    status: str
    n: int
    events: int
    coef: NDArray[np.float64]
    se: NDArray[np.float64]
    covariance: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    plr_chi2: NDArray[np.float64]
    p: NDArray[np.float64]
    pen_loglik: float
    pen_loglik_null: float
    model_chi2: float
    model_p: float


def fit_firth(
    X: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
    level: float = 0.95,
    profile: bool | Sequence[int] = True,
) -> FirthFit:
    """Fit a Firth-penalised Cox model.

    Missing values are the caller's business: rows with one must have been left out and counted before.

    Parameters
    ----------
    X
        (n, p) covariates.
    time, event, entry, strata
        (n,) as in ``riskset.build_risk_sets``; strata have their own baseline, likelihoods and informations add up.
    ties
        ``efron`` or ``breslow``; the penalty uses the information of the same likelihood.
    level
        Of the confidence limits.
    profile
        Columns of ``X`` whose limits and test are wanted; True = all, False = none.

    Returns
    -------
    FirthFit
        Coefficients on the scale of ``X``.

    Raises
    ------
    ValueError
        If ``X`` is not a finite (n, p) array with p >= 1.

    Warnings
    --------
    With about as many covariates as events the penalised likelihood can have several ridges; estimate and limits are
    then those of the ridge that is reached from 0. Five events per covariate are the least to ask for.

    Notes
    -----
    1. Covariates are scaled to unit standard deviation.
    2. Quasi-Newton steps (BFGS from the information on) with the exact gradient U + tr(I^-1 dI/db) / 2, halved until
       the penalised likelihood rises, to a gradient below 1e-9.
    3. A limit of coefficient j solves 2 [l* - max l*(b_j fixed)] = chi2 by Newton steps on the signed root.

    Witness: ``tests/reference/firth`` (definition in R, equal to coxphf with Breslow ties).

    References
    ----------
    Heinze G, Schemper M. A solution to the problem of monotone likelihood in Cox regression. Biometrics 57:114-119
    (2001).
    """
    x = np.asarray(X, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] == 0 or not np.isfinite(x).all():
        raise ValueError(f"X must be a finite array of shape (patients, covariates), got shape {x.shape}")
    risk = build_risk_sets(time, event, entry=entry, strata=strata)
    if risk.n_slots == 0:
        return _no_fit(risk, x.shape[1], ties, level, "no_events")
    scale = x.std(axis=0)
    if (scale <= 1e-12 * (1 + np.abs(x).max(axis=0))).any():
        return _no_fit(risk, x.shape[1], ties, level, "singular")
    design = build_design(risk, (x - x.mean(axis=0)) / scale, ties=ties)
    null = evaluate_penalised(design, np.zeros(len(scale)))
    if null.value == -np.inf:
        return _no_fit(risk, len(scale), ties, level, "singular")
    everything = np.arange(len(scale))
    top = _maximise(design, null, everything)
    if top is None:
        return _no_fit(risk, len(scale), ties, level, "not_converged")
    terms = profile if not isinstance(profile, bool) else everything.tolist() if profile else []
    lo, hi, chi2 = _profile(design, top, terms, level)
    rescale = float(np.log(scale).sum())  # the determinant of the information on the scale of X
    covariance = np.linalg.inv(top.information) / np.outer(scale, scale)
    return FirthFit(
        ties=ties,
        level=level,
        status="ok",
        n=len(risk.time),
        events=int(risk.event.sum()),
        coef=top.b / scale,
        se=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        lo=lo / scale,
        hi=hi / scale,
        plr_chi2=chi2,
        p=chi2_p(chi2),
        pen_loglik=top.value + rescale,
        pen_loglik_null=null.value + rescale,
        model_chi2=2 * (top.value - null.value),
        model_p=float(chi2_p(2 * (top.value - null.value), len(scale))),
    )


def _no_fit(risk: RiskSets, p: int, ties: Ties, level: float, status: str) -> FirthFit:
    none = np.full(p, np.nan)
    return FirthFit(
        ties=ties,
        level=level,
        status=status,
        n=len(risk.time),
        events=int(risk.event.sum()),
        coef=none,
        se=none,
        covariance=np.full((p, p), np.nan),
        lo=none,
        hi=none,
        plr_chi2=none,
        p=none,
        pen_loglik=np.nan,
        pen_loglik_null=np.nan,
        model_chi2=np.nan,
        model_p=np.nan,
    )


def _maximise(design: Design, start: Point, free: NDArray[np.intp]) -> Point | None:
    """Maximum over the free coefficients from a point on, by quasi-Newton (BFGS) steps; None if it is not reached."""
    here = start
    for _ in range(MAX_ITERATIONS):
        if len(free) == 0 or np.abs(here.gradient[free]).max() < GRADIENT:
            return here
        step = np.zeros(len(here.b))
        step[free] = np.linalg.solve(here.curvature[np.ix_(free, free)], here.gradient[free])
        step *= min(1.0, MAX_STEP / np.abs(step).max())
        ahead = evaluate_penalised(design, here.b + step)
        while ahead.value < here.value - ROUNDING * (1 + abs(here.value)):
            step /= 2
            if np.abs(step).max() < SMALLEST_STEP:
                return None
            ahead = evaluate_penalised(design, here.b + step)
        curvature = _update(here.curvature, step, here.gradient - ahead.gradient, free)
        here = replace(ahead, curvature=curvature)
        if np.abs(step).max() < SMALLEST_STEP:
            return here
    return None


def _update(
    curvature: NDArray[np.float64], step: NDArray[np.float64], change: NDArray[np.float64], free: NDArray[np.intp]
) -> NDArray[np.float64]:
    """BFGS update of the curvature of the free coefficients by the fall of the gradient along a step."""
    s, y, block = step[free], change[free], curvature[np.ix_(free, free)]
    if s @ y <= 0:  # not concave along this step: nothing to learn
        return curvature
    moved = block @ s
    updated = curvature.copy()
    updated[np.ix_(free, free)] += np.outer(y, y) / (s @ y) - np.outer(moved, moved) / (s @ moved)
    return updated


def _profile(design: Design, top: Point, terms: Sequence[int], level: float) -> NDArray[np.float64]:
    """Lower limits, upper limits and test statistics (3, p) by profile penalised likelihood, of some coefficients."""
    root = normal_quantile(level)
    spread = np.sqrt(np.diag(np.linalg.inv(top.information)))
    out = np.full((3, len(top.b)), np.nan)
    for j in terms:
        null = _restricted(design, top, j, 0.0)
        if null is not None:
            out[2, j] = max(2 * (top.value - null.value), 0.0)
        out[0, j] = _limit(design, top, j, -root, spread[j])
        out[1, j] = _limit(design, top, j, root, spread[j])
    return out


def _restricted(design: Design, near: Point, j: int, value: float) -> Point | None:
    """Maximum with coefficient j fixed at a value, from the maximum at another value on; None if it is not reached."""
    free = np.delete(np.arange(len(near.b)), j)
    drift = -np.linalg.solve(near.curvature[np.ix_(free, free)], near.curvature[free, j]) * (value - near.b[j])
    for share in (1.0, 0.0):  # follow the tangent of the profile, or else move the one coefficient only
        b = near.b.copy()
        b[free] += share * drift
        b[j] = value
        start = evaluate_penalised(design, b)
        if start.value == -np.inf:
            continue
        found = _maximise(design, replace(start, curvature=near.curvature), free) or _maximise(design, start, free)
        if found is not None:
            return found
    return None


def _limit(design: Design, top: Point, j: int, root: float, spread: float) -> float:
    """Value of coefficient j at which the signed root of 2 [top - profile] equals ``root``; NaN if open.

    The search keeps the limit between ``inner``, a maximum that has not fallen far enough, and ``outer``. Where the
    likelihood of a tiny cohort has two ridges the bracket can close on a jump between them: it is opened again, and the
    higher ridge is followed.
    """
    side, target = np.sign(root), abs(root)
    end = top.b[j] + side * OPEN
    inner, outer, value = top, end, top.b[j] + root * spread
    for _ in range(MAX_ITERATIONS):
        point = _restricted(design, inner, j, value)
        step = np.inf
        if point is not None:
            drop = np.sqrt(max(2 * (top.value - point.value), 0.0))
            slope = abs(point.gradient[j])
            step = side * (target - drop) * drop / slope if slope > 0 and drop > 0 else np.inf
            if abs(step) < LAST_STEP:
                return float(value + step)
        if point is not None and drop < target:
            inner = point
        else:  # fallen too far, or out of numerical reach
            outer = value
        if abs(outer - inner.b[j]) < LAST_STEP:
            outer, step = end, side * spread
        inside = side * (value + step - inner.b[j]) > 0 and side * (outer - value - step) > 0
        value = value + step if inside else (inner.b[j] + outer) / 2
        if abs(value - end) < 1:
            break
    return float("nan")
