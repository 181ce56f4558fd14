"""Calibration of a penalised model: slope, observed against predicted risk at a horizon, groups by predicted risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.breslow import evaluate_likelihood, lay_out, sum_terms
from netgen.association.km import kaplan_meier, survival_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.breslow import Layout
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

MIN_EVENTS_GROUPS: Final = 100  # fewer events: no table of groups (DOMAIN 3.11)
COLUMNS: Final = ("model", "group", "n", "predicted", "observed", "lo", "hi", "horizon_days")
_MAX_STEPS: Final = 100
_BOUND: Final = 20.0  # a slope per SD of the linear predictor beyond this is none: the events are separated
_FLAT: Final = 1e-8  # spread of a linear predictor below which it says nothing
_SHORT: Final = 1e-12  # a step that is not halved any more


class ObservedExpected(NamedTuple):
    """Risk at a horizon: observed (Kaplan-Meier, with limits), mean predicted, and their ratio with limits."""

    observed: float
    lo: float
    hi: float
    predicted: float
    ratio: float
    ratio_lo: float
    ratio_hi: float


def fit_slopes(etas: Floats, risk: RiskSets, weights: Floats | None = None) -> Floats:
    """Return the Cox coefficient of each linear predictor: 1 = calibrated, below 1 = too extreme.

    Parameters
    ----------
    etas
        (B, n) linear predictors.
    risk
        Risk sets of the n patients.
    weights
        (B, n) patient weights; None = 1.

    Returns
    -------
    NDArray[np.float64]
        (B,) slopes, Breslow ties; NaN where the predictor is constant, separates the events, or is NaN.

    Notes
    -----
    Newton steps, halved while the log-likelihood falls. Witness: ``fit_cox`` one by one
    (``tests/association/test_calibration.py``).
    """
    w = np.ones(etas.shape) if weights is None else weights
    mean = (w * etas).sum(axis=1) / w.sum(axis=1)
    sd = np.sqrt((w * (etas - mean[:, None]) ** 2).sum(axis=1) / w.sum(axis=1))
    slopes = np.full(len(etas), np.nan)
    todo = np.flatnonzero(sd > _FLAT)
    if not len(todo):
        return slopes
    z = (etas[todo] - mean[todo, None]) / sd[todo, None]
    slopes[todo] = _maximise(lay_out(risk, w[todo]), z) / sd[todo]
    return slopes


def _maximise(layout: Layout, scores: Floats) -> Floats:
    """(B,) coefficient of (B, n) scores with SD 1, one per weighting; NaN where it is not finite."""
    z = scores[:, layout.rows]
    beta, information = np.zeros(len(z)), np.zeros(len(z))
    step = np.zeros(len(z))
    with np.errstate(divide="ignore", invalid="ignore"):  # a trial step may be absurd: it is halved
        point = evaluate_likelihood(layout, beta[:, None] * z)
        for _ in range(_MAX_STEPS):
            share = sum_terms(layout, point.share * z) / point.risk
            information = (point.curvature * z * z).sum(axis=1) - (layout.d * share**2).sum(axis=1)
            step = np.clip((point.residual * z).sum(axis=1) / np.maximum(information, 1e-12), -2, 2)
            step[np.abs(beta) > _BOUND] = 0.0
            if not (np.abs(step) > 1e-9).any():
                break
            there = evaluate_likelihood(layout, (beta + step)[:, None] * z)
            while (worse := _is_worse(there.loglik, point.loglik, step)).any():
                step = np.where(worse, step / 2, step)
                there = evaluate_likelihood(layout, (beta + step)[:, None] * z)
            beta, point = beta + step, there
    return np.where((np.abs(step) <= 1e-6) & (np.abs(beta) <= _BOUND) & (information > 1e-9), beta, np.nan)


def _is_worse(there: Floats, here: Floats, step: Floats) -> NDArray[np.bool_]:
    """Whether a step has to be halved: the likelihood falls, or a risk set of late entries vanished in rounding."""
    better = np.isfinite(there) & (there >= here - 1e-10 * np.abs(here))
    return ~better & (np.abs(step) > _SHORT)


def compare_observed(predicted: Floats, risk: RiskSets, horizon: float) -> ObservedExpected:
    """Return the observed risk at a horizon beside the mean predicted risk of the same patients.

    Parameters
    ----------
    predicted
        (n,) predicted risks at the horizon.
    risk
        Outcomes without delayed entry: patients who are observed late are a selection that no marginal risk describes.
    horizon
        Days.

    Returns
    -------
    ObservedExpected
        Limits of the observed risk by the log-log transformation; those of the ratio take the prediction as given.
    """
    at = survival_at(kaplan_meier(risk.time, risk.event), [horizon])
    observed, lo, hi = 1 - float(at.survival[0]), 1 - float(at.hi[0]), 1 - float(at.lo[0])
    mean = float(predicted.mean())
    ratios = [value / mean if mean > 0 else float("nan") for value in (observed, lo, hi)]
    return ObservedExpected(observed, lo, hi, mean, *ratios)


def tabulate_groups(predicted: dict[str, Floats], risk: RiskSets, horizon: float) -> pd.DataFrame:
    """Return observed and mean predicted risk in groups of increasing predicted risk.

    Parameters
    ----------
    predicted
        Model -> (n,) predicted risks at the horizon.
    risk
        Outcomes without delayed entry.
    horizon
        Days.

    Returns
    -------
    pd.DataFrame
        model, group (1 = lowest risk), n, predicted, observed, lo, hi (95 % log-log), horizon_days. Ten groups with 200
        events, five with 100; no rows with fewer. Patients with one prediction stay together.
    """
    rows: list[tuple[object, ...]] = []
    n_events = int(risk.event.sum())
    for model, values in predicted.items() if n_events >= MIN_EVENTS_GROUPS else ():
        n_groups = 10 if n_events >= 2 * MIN_EVENTS_GROUPS else 5
        edges = np.unique(np.quantile(values, np.arange(1, n_groups) / n_groups))
        group = np.searchsorted(edges, values, side="left")
        for number, code in enumerate(np.unique(group)):
            inside = group == code
            at = survival_at(kaplan_meier(risk.time[inside], risk.event[inside]), [horizon])
            observed = (1 - float(at.survival[0]), 1 - float(at.hi[0]), 1 - float(at.lo[0]))
            rows.append((model, number + 1, int(inside.sum()), float(values[inside].mean()), *observed, horizon))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"model": "string", "group": "Int64", "n": "Int64"} | dict.fromkeys(COLUMNS[3:], "float64"))
