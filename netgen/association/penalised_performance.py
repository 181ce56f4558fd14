"""What a penalised model is worth beside the clinical covariates: concordance, calibration slope, deviance, verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.calibration import fit_slopes
from netgen.association.concordance import count_concordance, estimate_uno_c
from netgen.association.concordance_resampling import bound_concordance, concordance_values
from netgen.association.optimism import correct_optimism
from netgen.association.resampled_models import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from netgen.association.coxnet import CoxnetPath
    from netgen.association.nested_cv import Predictions
    from netgen.association.optimism import Bootstrap
    from netgen.association.penalised_cv import CrossValidation
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

NO_IMPROVEMENT: Final = "no alteration improved prediction over clinical covariates"
COLUMNS: Final = ("metric", "model", "value", "lo", "hi", "status", "note")
HONEST: Final = (
    ("nested", "nested C"),
    ("corrected", "optimism-corrected C"),
    ("out_of_fold", "out-of-fold C"),
)
_Z95: Final = 1.959963984540054
_N_LIMITS: Final = 1000  # resamples of the patients behind the limits of nested predictions
_APPARENT: Final = "patients the model was fitted to: optimistic"
_FLAT: Final = "not_available: the linear predictor does not vary"


class Row(NamedTuple):
    """One row of the performance table; NaN = not available, the note says why."""

    metric: str
    model: str
    value: float
    lo: float = float("nan")
    hi: float = float("nan")
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What performance is computed from.

    Attributes
    ----------
    risk
        Outcomes of n patients.
    cv
        Cross-validation that chose the penalties.
    apparent
        (3, n) linear predictors of the models, by ``MODELS``, for the patients they were fitted to.
    bootstrap
        Models of resamples; None = not made.
    nested
        Nested predictions; None = not made, or not possible.
    seed
        Of the limits of nested predictions.
    """

    risk: RiskSets
    cv: CrossValidation
    apparent: Floats
    bootstrap: Bootstrap | None
    nested: Predictions | None
    seed: int


def list_performance(evidence: Evidence) -> list[Row]:
    """Return concordance, calibration slope and deviance of the gene models and of the clinical-only model.

    Parameters
    ----------
    evidence
        Predictions, honest and otherwise.

    Returns
    -------
    list[Row]
        Harrell's C apparent, out of fold, corrected for optimism and nested, and the gain over the clinical model;
        Uno's C; calibration slopes; cross-validated deviance.
    """
    rows = [*_apparent_rows(evidence), *_out_of_fold_rows(evidence)]
    if evidence.bootstrap is not None:
        rows += _corrected_rows(evidence, evidence.bootstrap)
    if evidence.nested is not None:
        rows += _nested_rows(evidence, evidence.nested)
    return [*rows, *_uno_rows(evidence), *_deviance_rows(evidence.cv)]


def tabulate_rows(rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as a table.

    Parameters
    ----------
    rows
        Of any metric.

    Returns
    -------
    pd.DataFrame
        metric, model, value, lo, hi (95 % limits, NaN where there are none), status (``ok``, ``not_available``), note.
    """
    table = pd.DataFrame(rows, columns=list(Row._fields))
    table["status"] = np.where(table["value"].isna(), "not_available", "ok")
    return table[list(COLUMNS)].astype(dict.fromkeys(("metric", "model", "status", "note"), "string"))


def state_verdict(
    path: CoxnetPath, cv: CrossValidation, penalised: NDArray[np.bool_], performance: pd.DataFrame
) -> str:
    """Return one sentence: whether alterations improved prediction over the clinical covariates.

    Parameters
    ----------
    path
        Fit to all patients.
    cv
        Its cross-validation.
    penalised
        (p,) True for alterations.
    performance
        From ``tabulate_rows``.

    Returns
    -------
    str
        A model that keeps no alteration at the 1-SE penalty, or a ridge whose best deviance is within one SE of the
        clinical model's, is ``NO_IMPROVEMENT``. Else the most honest C there is decides: nested, optimism-corrected,
        out of fold.
    """
    if not penalised.any():
        return "no alteration could be tested: the model holds the clinical covariates only"
    kept = int(np.count_nonzero(path.coef[cv.index_1se, penalised]))
    within = cv.null_deviance.mean() <= cv.mean[cv.index_min] + cv.se[cv.index_min]
    if kept == 0 or (path.alpha == 0 and within):
        return NO_IMPROVEMENT
    found = performance.set_index(["metric", "model"])
    suffix, name = next(
        (kind, name)
        for kind, name in HONEST
        if np.isfinite(found["value"].get(("harrell_c_" + kind, "genes_1se"), np.nan))
    )
    genes, clinical = (float(found["value"]["harrell_c_" + suffix, model]) for model in ("genes_1se", "clinical"))
    counted = f"{kept} alterations" if kept > 1 else "1 alteration"
    counted += " (ridge, none selected)" if path.alpha == 0 else ""
    text = f"{name} {genes:.3f}, clinical covariates alone {clinical:.3f}"
    gain = ("delta_c_" + suffix, "genes_1se")
    lo, hi = (float(found[side].get(gain, np.nan)) if side in found else float("nan") for side in ("lo", "hi"))
    if np.isfinite(lo):
        text += f", difference {genes - clinical:.3f}, 95 % limits {lo:.3f} to {hi:.3f}"
    if genes <= clinical:
        return f"{counted} entered the model but did not predict better than clinical covariates ({text})"
    if lo <= 0:
        return f"{counted} entered the model, but a better prediction than by clinical covariates is not shown ({text})"
    return f"{counted} entered the model at the 1-SE penalty ({text})"


def _apparent_rows(evidence: Evidence) -> Iterable[Row]:
    """Harrell's C of the patients the models were fitted to."""
    for model, eta in zip(MODELS, evidence.apparent, strict=True):
        c = count_concordance(eta, evidence.risk)
        lo, hi = _inside(c.value - _Z95 * c.se, c.value + _Z95 * c.se)
        yield Row("harrell_c_apparent", model, c.value, lo, hi, f"{_APPARENT}; limits by the infinitesimal jackknife")


def _out_of_fold_rows(evidence: Evidence) -> Iterable[Row]:
    """Harrell's C out of fold, and what the gene models add to the clinical one."""
    cv = evidence.cv
    etas = zip(MODELS, (cv.eta_min, cv.eta_1se, cv.eta_null), strict=True)
    c = {model: concordance_values(eta, evidence.risk) for model, eta in etas}
    for model, values in c.items():
        yield Row("harrell_c_out_of_fold", model, values.mean(), note=_spread(values, chosen=model != "clinical"))
    for model in MODELS[:2]:
        delta = c[model] - c["clinical"]
        yield Row("delta_c_out_of_fold", model, delta.mean(), note=f"less the clinical model; {_spread(delta)}")


def _corrected_rows(evidence: Evidence, made: Bootstrap) -> Iterable[Row]:
    """Harrell's C, its gain and the calibration slope less their optimism."""
    c = np.array([count_concordance(eta, evidence.risk).value for eta in evidence.apparent])
    for m, model in enumerate(MODELS):
        found = correct_optimism(c[m], made.c_resample[:, m], made.c_all[:, m])
        yield Row("harrell_c_corrected", model, found.value, *_inside(found.lo, found.hi), note=found.note)
    for m, model in enumerate(MODELS[:2]):
        parts = (values[:, m] - values[:, 2] for values in (made.c_resample, made.c_all))
        found = correct_optimism(c[m] - c[2], *parts)
        note = f"less the clinical model; {found.note}; limits: see the nested gain"
        yield Row("delta_c_corrected", model, found.value, note=note if np.isfinite(found.value) else found.note)
    slopes = fit_slopes(evidence.apparent, evidence.risk)
    for m, model in enumerate(MODELS):
        yield Row("calibration_slope_apparent", model, slopes[m], note=_APPARENT if np.isfinite(slopes[m]) else _FLAT)
        found = correct_optimism(slopes[m], made.slope_resample[:, m], made.slope_all[:, m], ratio=True)
        note = found.note if np.isfinite(slopes[m]) else _FLAT
        yield Row("calibration_slope_corrected", model, found.value, found.lo, found.hi, note)


def _nested_rows(evidence: Evidence, made: Predictions) -> Iterable[Row]:
    """Harrell's C of nested predictions, its gain over the clinical model, and Uno's C."""
    n_repeats = len(made.eta)
    c = concordance_values(made.eta.reshape(-1, made.eta.shape[2]), evidence.risk).reshape(n_repeats, -1)
    limits, gains, how = bound_concordance(made.eta, evidence.risk, n_resamples=_N_LIMITS, seed=evidence.seed)
    for m, model in enumerate(MODELS):
        note = f"{made.label}; {_spread(c[:, m], chosen=False)}; limits by {how}, models as they are"
        yield Row("harrell_c_nested", model, c[:, m].mean(), *_inside(*limits[m]), note=note)
    for m, model in enumerate(MODELS[:2]):
        delta = c[:, m] - c[:, 2]
        note = f"less the clinical model; {_spread(delta, chosen=False)}; limits by {how}, models as they are"
        yield Row("delta_c_nested", model, float(delta.mean()), float(gains[m, 0]), float(gains[m, 1]), note)
    for m, model in enumerate(MODELS):
        uno = [estimate_uno_c(eta, evidence.risk) for eta in made.eta[:, m]]
        yield Row("uno_c_nested", model, float(np.mean([value for value, _ in uno])), note=_join(uno[0][1], made.label))


def _uno_rows(evidence: Evidence) -> Iterable[Row]:
    """Uno's C, where censoring can be weighted."""
    for model, eta in zip(MODELS, evidence.apparent, strict=True):
        value, note = estimate_uno_c(eta, evidence.risk)
        yield Row("uno_c_apparent", model, value, note=_join(note, _APPARENT))


def _deviance_rows(cv: CrossValidation) -> Iterable[Row]:
    """Cross-validated deviance."""
    values = (cv.deviance[:, cv.index_min], cv.deviance[:, cv.index_1se], cv.null_deviance)
    for model, value in zip(MODELS, values, strict=True):
        note = f"per event, {cv.criterion}; {_spread(value, chosen=model != 'clinical')}"
        yield Row("cv_deviance", model, value.mean(), note=note)


def _join(note: str, label: str) -> str:
    """Say what kind of prediction it is, unless there is none."""
    return note if note.startswith("not_available") else f"{note}; {label}"


def _inside(lo: float, hi: float) -> tuple[float, float]:
    """Limits of a concordance, between 0 and 1."""
    return float(np.clip(lo, 0, 1)), float(np.clip(hi, 0, 1))


def _spread(values: Floats, *, chosen: bool = True) -> str:
    """Say over how many repeats a mean was taken and how they scatter."""
    text = f"mean of {len(values)} repeats"
    text += f", between-repeat SD {values.std(ddof=1):.4f}" if len(values) > 1 else ""
    return text + ("; the penalty was chosen on the same folds" if chosen else "")
