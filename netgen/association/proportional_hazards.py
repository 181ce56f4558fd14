"""Test of proportional hazards by Grambsch and Therneau, and the residuals for its plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from netgen.association.km import kaplan_meier
from netgen.association.partial_likelihood import build_design, linear_predictor, standardise, term_moments
from netgen.association.tails import chi2_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.association.cox_model import CoxFit

Transform = Literal["km", "rank", "identity", "log"]


@dataclass(frozen=True, kw_only=True)
class ProportionalHazards:
    """Score tests of a coefficient that changes with g(time), per term and for all together.

    Attributes
    ----------
    names
        Terms, then ``GLOBAL``.
    chi2, df, p
        Tests in the order of ``names``.
    transform
        What g is.
    event_time, event_g
        (D,) time and centred g of every event, sorted by stratum and time.
    g_mean
        What was subtracted from g.
    residuals
        (D, p) scaled Schoenfeld residuals plus the coefficients: their smooth against g is the coefficient's course.
        NaN where the covariate is the same in the whole stratum of the event: such events say nothing about it.
    variance
        (p, p) mean covariance of one row of ``residuals``, from the information.
    """

    names: tuple[str, ...]
    chi2: NDArray[np.float64]
    df: NDArray[np.intp]
    p: NDArray[np.float64]
    transform: Transform
    event_time: NDArray[np.float64]
    event_g: NDArray[np.float64]
    g_mean: float
    residuals: NDArray[np.float64]
    variance: NDArray[np.float64]


def proportional_hazards_test(
    fit: CoxFit, *, transform: Transform = "km", terms: Sequence[Sequence[int]] | None = None
) -> ProportionalHazards:
    """Test whether the hazard ratios of a fitted Cox model change with time.

    Parameters
    ----------
    fit
        A model with status ``converged``.
    transform
        g(time): ``km`` = 1 - S(t-), S the Kaplan-Meier curve of everybody; ``rank``, ``identity`` or ``log``.
    terms
        Columns that belong to one term, e.g. the indicators of a category; None = every column is a term.

    Returns
    -------
    ProportionalHazards
        Chi-square tests.

    Raises
    ------
    ValueError
        If the model did not converge, or ``transform`` is unknown.

    Notes
    -----
    Score test of adding x g(t) to the model, g centred at its mean over the events: R's ``cox.zph`` since survival 3.0,
    not the older approximation. With few events (DOMAIN 3.9: below 10) the caller reports no test.

    Residuals are scaled by the mean information per event, the events of strata without variation of the covariate not
    counted. R does the same, but shows the events of a stratum without any variation at the coefficient itself.

    Witness: ``tests/reference/zph``.

    References
    ----------
    Grambsch PM, Therneau TM. Biometrika 1994;81:515-526. Therneau TM, survival vignette "Cox models" (2020).
    """
    if fit.status != "converged":
        raise ValueError(f"proportional hazards can only be tested in a converged model, status is {fit.status!r}")
    risk, p = fit.risk, len(fit.coef)
    z, scale = standardise(fit.x)
    design = build_design(risk, z, ties=fit.ties, weights=fit.weights)
    moments = term_moments(design, linear_predictor(design, (fit.coef * scale)[None, :]))
    mean = moments.mean[:, 0]
    g = _transformed(fit, transform)
    g_mean = float(g[risk.event].mean())
    g -= g_mean
    dead = np.flatnonzero(design.dead)
    dead = dead[np.argsort(design.slot[dead], kind="stable")]
    patient, slot = design.rows[dead], design.slot[dead]
    g_slot = np.zeros(risk.n_slots)
    g_slot[slot] = g[patient]
    g_term = g_slot[design.term_slot]
    information = _information(mean, moments.second[:, 0], design.term_weight, g_term)
    score = z[patient].T @ (design.weights[dead] * g[patient]) - mean @ (design.term_weight * g_term)
    columns = [[j] for j in range(p)] if terms is None else [list(term) for term in terms]
    chi2 = np.array([_score_test(score, information, term) for term in [*columns, list(range(p))]])
    df = np.array([*(len(term) for term in columns), p])
    centre = np.stack([np.bincount(design.term_slot, row) for row in mean]) / np.bincount(design.term_slot)
    schoenfeld = z[patient] - centre[:, slot].T
    residuals, variance = _scaled(schoenfeld, information[:p, :p], fit, risk.stratum[patient], scale)
    return ProportionalHazards(
        names=(*("+".join(fit.names[j] for j in term) for term in columns), "GLOBAL"),
        chi2=chi2,
        df=df,
        p=chi2_p(chi2, df),
        transform=transform,
        event_time=risk.time[patient],
        event_g=g[patient],
        g_mean=g_mean,
        residuals=residuals + fit.coef,
        variance=variance,
    )


def _scaled(
    schoenfeld: NDArray[np.float64],
    information: NDArray[np.float64],
    fit: CoxFit,
    stratum: NDArray[np.intp],
    scale: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Residuals (D, p) times their mean covariance (p, p), both on the scale of the covariates."""
    varies = np.array([np.ptp(fit.x[fit.risk.stratum == s], axis=0) > 0 for s in range(fit.risk.n_strata)])
    events = np.bincount(stratum, minlength=fit.risk.n_strata)
    jointly = np.einsum("s,sj,sk->jk", events, varies, varies)
    per_event = information / np.where(jointly > 0, jointly, 1)
    out = np.full(schoenfeld.shape, np.nan)
    for s in np.unique(stratum):
        rows, columns = np.flatnonzero(stratum == s), np.flatnonzero(varies[s])
        block = schoenfeld[np.ix_(rows, columns)].T
        out[np.ix_(rows, columns)] = np.linalg.solve(per_event[np.ix_(columns, columns)], block).T / scale[columns]
    return out, np.linalg.inv(per_event) / np.outer(scale, scale)


def _information(
    mean: NDArray[np.float64], second: NDArray[np.float64], weight: NDArray[np.float64], g: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(2 p, 2 p) information about the coefficients and their slopes on g, from the moments of every term."""
    p = len(mean)
    upper = np.triu_indices(p)
    covariance = np.empty((p, p, len(g)))
    covariance[upper] = second - mean[upper[0]] * mean[upper[1]]
    covariance[upper[::-1]] = covariance[upper]
    plain, first, square = (covariance @ (weight * g**power) for power in (0, 1, 2))
    return np.block([[plain, first], [first, square]])


def _transformed(fit: CoxFit, transform: Transform) -> NDArray[np.float64]:
    """g(time) of every patient's exit time."""
    time, risk = fit.risk.time, fit.risk
    if transform == "identity":
        return time.copy()
    if transform == "log":
        return np.log(time)
    if transform == "rank":
        _, inverse, count = np.unique(time, return_inverse=True, return_counts=True)
        return np.asarray((np.cumsum(count) - (count - 1) / 2)[inverse])
    if transform == "km":
        curve = kaplan_meier(time, risk.event, entry=risk.entry)
        return np.asarray(1 - np.append(1.0, curve.survival)[np.searchsorted(curve.time, time, side="left")])
    raise ValueError(f"transform must be km, rank, identity or log, got {transform!r}")


def _score_test(score: NDArray[np.float64], information: NDArray[np.float64], term: list[int]) -> float:
    """Chi-square of the g-slopes of one term, the coefficients themselves being free; NaN without information on them.

    One informative event time, for example, cannot tell a slope from a level.
    """
    p = len(score)
    keep = [*range(p), *(p + j for j in term)]
    u = np.concatenate([np.zeros(p), score[term]])
    block = information[np.ix_(keep, keep)]
    if np.linalg.matrix_rank(block, hermitian=True) < len(keep):
        return float("nan")
    return float(u @ np.linalg.solve(block, u))
