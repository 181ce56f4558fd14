"""Scaled Schoenfeld residuals, for plots of how the log hazard ratio of a feature changes over follow-up.

One point per event, at the transformed time; their smooth is the course of the log hazard ratio. Strata and delayed
entry are those of the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.cox_model import CoxFit, fit_cox
from netgen.association.describe_groups import PH_EVENTS
from netgen.association.proportional_hazards import Transform, proportional_hazards_test
from netgen.association.tails import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.analysis_set import AnalysisSet
    from netgen.association.counts import Ties

# Columns of the table behind the Schoenfeld plots, in order, with their meaning.
SCHOENFELD_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "os, pfs ...",
    "feature": "gene or pathway",
    "time_days": "time of one event",
    "g": "its transformed time; by default 1 - S(t-), S the Kaplan-Meier curve of all profiled patients",
    "residual": "scaled Schoenfeld residual plus the log hazard ratio",
    "smooth": "natural spline through the residuals: the log hazard ratio at this time; NA with fewer than 20 events",
    "smooth_lo": "its lower 95 % limit",
    "smooth_hi": "its upper 95 % limit",
}
SMOOTH_EVENTS: Final = 20  # fewer events and a smooth says nothing (DOMAIN 3.9)
SMOOTH_DF: Final = 4


class Smooth(NamedTuple):
    """Smoothed residuals with pointwise limits, each (D,)."""

    fit: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]


def schoenfeld_residuals(
    analysis: AnalysisSet,
    features: Sequence[str],
    *,
    ties: Ties = "efron",
    transform: Transform = "km",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the points and smooths of the proportional-hazards plots.

    Parameters
    ----------
    analysis
        Outcomes, strata, delayed entry and genes; covariates have no part in it, as in ``ph_p``.
    features
        Features to plot.
    ties
        ``efron`` or ``breslow``.
    transform
        Time axis: ``km``, ``rank``, ``identity`` or ``log``.
    level
        Of the pointwise limits.

    Returns
    -------
    pd.DataFrame
        ``SCHOENFELD_COLUMNS``, sorted by feature and time. Events in strata in which nobody or everybody is altered are
        left out: they say nothing about the hazard ratio. A feature with fewer than 10 events, or without a finite
        estimate, has no rows.

    Raises
    ------
    ValueError
        If a feature is not in the analysis set, or ``transform`` is unknown.

    Notes
    -----
    Witness: R ``cox.zph`` and ``plot.cox.zph``, ``tests/reference/zph/schoenfeld.csv``.

    References
    ----------
    Grambsch PM, Therneau TM. Proportional hazards tests and diagnostics based on weighted residuals. Biometrika
    81:515-526 (1994).
    """
    wanted = sorted(set(features))
    place = analysis.features.get_indexer(pd.Index(wanted, dtype="string"))
    if (place < 0).any():
        missing = [name for name, at in zip(wanted, place, strict=True) if at < 0]
        raise ValueError(f"features must be in the analysis set; it has no {', '.join(missing)}")
    parts = []
    for name, row in zip(wanted, place, strict=True):
        fit = _fit(analysis, analysis.genes[row], ties)
        if fit is not None:
            parts.append(_points(fit, transform, level).assign(feature=name))
    out = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(SCHOENFELD_COLUMNS))
    out["endpoint"] = analysis.endpoint
    types = {name: "string" if name in {"endpoint", "feature"} else "float64" for name in SCHOENFELD_COLUMNS}
    return out[list(SCHOENFELD_COLUMNS)].astype(types)


def smooth_residuals(g: ArrayLike, residual: ArrayLike, variance: float, *, level: float = 0.95) -> Smooth:
    """Return a natural cubic spline with four degrees of freedom through scaled Schoenfeld residuals.

    Parameters
    ----------
    g
        (D,) transformed event times.
    residual
        (D,) scaled residuals.
    variance
        Of one residual.
    level
        Of the pointwise limits.

    Returns
    -------
    Smooth
        At the points; NaN where the times are too few to tell four degrees of freedom apart.

    Notes
    -----
    The smooth of R's ``plot.cox.zph``: interior knots at the thirds of the points and of 40 equidistant places,
    linear beyond the first and last. R draws two standard errors, here it is the normal quantile.
    """
    x, y = np.asarray(g, dtype=np.float64), np.asarray(residual, dtype=np.float64)
    nothing = np.full(len(x), np.nan)
    if len(x) == 0 or np.ptp(x) == 0:
        return Smooth(nothing, nothing, nothing)
    basis = _natural_spline((x - x.min()) / np.ptp(x))
    if np.linalg.matrix_rank(basis) < SMOOTH_DF:
        return Smooth(nothing, nothing, nothing)
    q, _ = np.linalg.qr(basis)
    fit = q @ (q.T @ y)
    half = normal_quantile(level) * np.sqrt(variance * (q * q).sum(axis=1))
    return Smooth(fit, fit - half, fit + half)


def _natural_spline(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Basis (D, 4) of the natural cubic splines with R's knots for points in 0 .. 1."""
    places = np.append(np.linspace(0, 1, 40), x)
    knots = np.array([0.0, *np.quantile(places, [1 / 3, 2 / 3]), 1.0])
    cubes = np.maximum(x[:, None] - knots, 0) ** 3
    d = (cubes[:, :-1] - cubes[:, -1:]) / (knots[-1] - knots[:-1])
    return np.column_stack([np.ones(len(x)), x, d[:, 0] - d[:, 2], d[:, 1] - d[:, 2]])


def _fit(analysis: AnalysisSet, status: NDArray[np.int8], ties: Ties) -> CoxFit | None:
    """Cox model of one feature; None with too few events or without a finite estimate."""
    use = status >= 0
    altered = (status[use] == 1).astype(np.float64)
    if analysis.event[use].sum() < PH_EVENTS or altered.min(initial=1) == altered.max(initial=0):
        return None
    fit = fit_cox(
        altered,
        analysis.time[use],
        analysis.event[use],
        entry=None if analysis.entry is None else analysis.entry[use],
        strata=None if analysis.stratum is None else analysis.stratum[use],
        ties=ties,
    )
    return fit if fit.status == "converged" else None


def _points(fit: CoxFit, transform: Transform, level: float) -> pd.DataFrame:
    """One row per informative event, by time."""
    found = proportional_hazards_test(fit, transform=transform)
    points = pd.DataFrame(
        {"time_days": found.event_time, "g": found.event_g + found.g_mean, "residual": found.residuals[:, 0]}
    )
    points = points.dropna(subset="residual").sort_values(["time_days", "residual"], ignore_index=True)
    smooth = Smooth(*[np.full(len(points), np.nan)] * 3)
    if len(points) >= SMOOTH_EVENTS:
        smooth = smooth_residuals(points["g"], points["residual"], float(found.variance[0, 0]), level=level)
    return points.assign(smooth=smooth.fit, smooth_lo=smooth.lo, smooth_hi=smooth.hi)
