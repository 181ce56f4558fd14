"""The comparator of a penalised model: an ordinary Cox model of the clinical covariates (lifelines, Efron ties)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from lifelines import CoxPHFitter
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

UNBOUNDED: Final = 10.0  # a coefficient or SE per SD beyond this is not an estimate (DOMAIN 3.3)
_Z95: Final = 1.959963984540054
_COLUMNS: Final = ("term", "coef", "se", "hr", "hr_lo", "hr_hi", "p")
_PRECISE: Final = {"precision": 1e-12, "r_precision": 1e-14}


class ClinicalModel(NamedTuple):
    """Table of estimates, linear predictor of each patient (None without an estimate), and what went wrong."""

    table: pd.DataFrame
    eta: Floats | None
    notes: list[str]


def fit_clinical(covariates: pd.DataFrame, sd: pd.Series[Any], outcome: pd.DataFrame) -> ClinicalModel:
    """Return a Cox model of the clinical covariates alone.

    Nothing may be missing.

    Parameters
    ----------
    covariates
        Patients x covariates, centred and divided by their SD.
    sd
        What they were divided by.
    outcome
        Same patients: time (days), event, entry (-inf where there is none), stratum.

    Returns
    -------
    ClinicalModel
        Estimates per unit of the covariates as given, with 95 % Wald limits; NaN where monotone. Without covariates the
        table is empty.

    Notes
    -----
    Witness: R ``coxph`` in DOMAIN B (``tests/association/test_clinical_model.py``).
    """
    terms = list(covariates.columns)
    empty = pd.DataFrame(columns=list(_COLUMNS))
    if not terms:
        return ClinicalModel(empty, None, ["No clinical covariate was given: the comparator is a model without any."])
    from lifelines.exceptions import ConvergenceError

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitter = _fit(covariates, outcome)
        except ConvergenceError as error:
            why = str(error).splitlines()[0]
            return ClinicalModel(empty, None, [f"The clinical-only model has no finite estimate: {why}"])
    beta, se = fitter.params_.to_numpy(float), fitter.standard_errors_.to_numpy(float)
    notes = sorted({"Clinical-only model: " + str(item.message).strip().splitlines()[0] for item in caught})
    open_ended = (np.abs(beta) > UNBOUNDED) | (se > UNBOUNDED)
    if open_ended.any():
        names = ", ".join(np.array(terms)[open_ended])
        notes.append(f"Clinical-only model: no finite estimate for {names}, all events are on one side.")
    scale = np.where(open_ended, np.nan, sd.to_numpy(float))
    coef, se = beta / scale, se / scale
    table = pd.DataFrame({"term": pd.array(terms, dtype="string"), "coef": coef, "se": se})
    for name, shift in (("hr", 0.0), ("hr_lo", -_Z95), ("hr_hi", _Z95)):
        table[name] = exponentiate(coef + shift * se)
    table["p"] = np.where(open_ended, np.nan, fitter.summary["p"].to_numpy(float))
    return ClinicalModel(table, covariates.to_numpy(float) @ beta, notes)


def exponentiate(coef: Floats) -> Floats:
    """Return hazard ratios, NaN where they are too large to write down.

    Parameters
    ----------
    coef
        Log hazard ratios.

    Returns
    -------
    NDArray[np.float64]
        Same shape.
    """
    with np.errstate(over="ignore"):
        ratio = np.exp(coef)
    return np.where(np.isinf(ratio), np.nan, ratio)


def _fit(covariates: pd.DataFrame, outcome: pd.DataFrame) -> CoxPHFitter:
    """Fit with lifelines, on columns whose names cannot clash with the outcome's."""
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(covariates.to_numpy(float), columns=[f"x{j}" for j in range(covariates.shape[1])])
    frame = frame.assign(time=outcome["time"].to_numpy(), event=outcome["event"].to_numpy(bool))
    roles: dict[str, Any] = {}
    if (outcome["entry"] > 0).any():
        roles["entry_col"], frame["entry"] = "entry", outcome["entry"].clip(lower=0).to_numpy()
    if outcome["stratum"].nunique() > 1:
        roles["strata"], frame["stratum"] = ["stratum"], pd.factorize(outcome["stratum"], sort=True)[0]
    return CoxPHFitter().fit(frame, "time", "event", fit_options=dict(_PRECISE), **roles)
