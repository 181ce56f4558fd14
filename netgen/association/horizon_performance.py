"""What predictions are worth at given times: dynamic AUC, Brier score, observed against predicted risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.calibration import compare_observed, tabulate_groups
from netgen.association.nested_cv import predict_survival
from netgen.association.penalised_performance import Row
from netgen.association.resampled_models import MODELS
from netgen.association.time_dependent import (
    brier_grid,
    brier_scores,
    dynamic_auc,
    explain_unavailable,
    integrate_brier,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from netgen.association.counts import Ties
    from netgen.association.nested_cv import Predictions
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

HORIZONS: Final = (365.0, 730.0, 1095.0)  # 12, 24 and 36 months in days (DOMAIN 3.11)
REFERENCE: Final = "km"
_ALL: Final = (*MODELS, REFERENCE)
_STRATA: Final = "not_available: linear predictors of different strata cannot be compared"
_BEYOND: Final = "not_available: a training set, or a stratum of one, is not followed up to {h:g} days"


def judge_horizons(
    made: Predictions, X: Floats, risk: RiskSets, horizons: Sequence[float], *, ties: Ties = "breslow"
) -> tuple[list[Row], pd.DataFrame]:
    """Return performance at each horizon, and the calibration table at the last one that can be judged.

    Parameters
    ----------
    made
        Predictions; nested ones are honest, those of the patients the models were fitted to are labelled so.
    X
        (n, p) columns.
    risk
        Outcomes of the n patients.
    horizons
        Days.
    ties
        As the models were fitted.

    Returns
    -------
    tuple[list[Row], pd.DataFrame]
        ``auc_<h>d``, ``brier_<h>d``; ``ibs`` (Brier score integrated from the first event to the last usable horizon)
        and ``ibs_gain`` (1 - ibs / ibs of Kaplan-Meier); ``observed_risk_<h>d``, ``predicted_risk_<h>d``,
        ``observed_expected_<h>d`` at that horizon; means over repeats. Model ``km`` is the reference. And the table of
        ``tabulate_groups``.

    Notes
    -----
    1. Strata have their own baseline in the predicted survival; the weights for censoring are those of all patients.
    2. The AUC ranks linear predictors, as C does, and is not available with strata: predicted risks also differ by the
       baseline of the outer fold, which is lower for those left out because they failed.
    """
    times = np.sort(np.asarray(horizons, dtype=np.float64))
    survival = predict_survival(made, X, risk, times, ties=ties)
    reasons = [explain_unavailable(risk, h) for h in times]
    for j, h in enumerate(times):
        if not reasons[j] and np.isnan(survival[..., j]).any():
            reasons[j] = _BEYOND.format(h=h)
    usable = [j for j, reason in enumerate(reasons) if not reason]
    rows: list[Row] = []
    for j, h in enumerate(times):
        rows += _at_horizon(survival[..., j], made, risk, float(h), reasons[j])
    if not usable:
        why = reasons[-1] if reasons else "not_available: no horizon was given"
        rows += [Row("ibs", model, np.nan, note=why) for model in _ALL]
        rows += [Row("observed_expected", model, np.nan, note=why) for model in MODELS]
        return rows, tabulate_groups({}, risk, float("nan"))
    last = usable[-1]
    grid = brier_grid(risk, float(times[last]))
    rows += _integrated(predict_survival(made, X, risk, grid, ties=ties), grid, risk, made.label)
    mean_risk = dict(zip(MODELS, 1 - survival[:, :3, :, last].mean(axis=0), strict=True))
    rows += _observed_rows(mean_risk, risk, float(times[last]), made.label)
    return rows, tabulate_groups(mean_risk, risk, float(times[last]))


def _at_horizon(survival: Floats, made: Predictions, risk: RiskSets, h: float, reason: str) -> Iterator[Row]:
    """AUC of the linear predictors, and Brier score of (R, 4, n) survival probabilities."""
    for m, model in enumerate(_ALL):
        auc, brier, note, auc_note = np.nan, np.nan, reason, reason
        if not reason:
            times, note = np.array([h]), made.label
            brier = float(np.mean([brier_scores(one[:, None], risk, times) for one in survival[:, m]]))
            auc_note = made.label if risk.n_strata == 1 else _STRATA
            if model != REFERENCE and risk.n_strata == 1:
                auc = float(np.mean([dynamic_auc(eta, risk, h) for eta in made.eta[:, m]]))
        if model != REFERENCE:
            yield Row(f"auc_{h:g}d", model, auc, note=auc_note)
        yield Row(f"brier_{h:g}d", model, brier, note=note)


def _integrated(survival: Floats, grid: Floats, risk: RiskSets, label: str) -> Iterator[Row]:
    """Integrated Brier score of each model, and the share of the reference's that it saves."""
    if not len(grid):
        why = "not_available: the first event is at the horizon"
        yield from (Row("ibs", model, np.nan, note=why) for model in _ALL)
        return
    scores = np.array([[integrate_brier(brier_scores(one, risk, grid), grid) for one in part] for part in survival])
    mean = scores.mean(axis=0)
    for m, model in enumerate(_ALL):
        note = f"from {grid[0]:g} to {grid[-1]:g} days; {label}"
        yield Row("ibs", model, float(mean[m]), note=note)
        if model != REFERENCE:
            yield Row("ibs_gain", model, float(1 - mean[m] / mean[-1]), note=f"over Kaplan-Meier, {note}")


def _observed_rows(predicted: dict[str, Floats], risk: RiskSets, h: float, label: str) -> Iterable[Row]:
    """Observed and mean predicted risk, and their ratio."""
    for model, values in predicted.items():
        found = compare_observed(values, risk, h)
        yield Row(f"observed_risk_{h:g}d", model, found.observed, found.lo, found.hi, "Kaplan-Meier")
        yield Row(f"predicted_risk_{h:g}d", model, found.predicted, note=f"mean; {label}")
        note = f"limits take the prediction as given; {label}"
        yield Row(f"observed_expected_{h:g}d", model, found.ratio, found.ratio_lo, found.ratio_hi, note)
