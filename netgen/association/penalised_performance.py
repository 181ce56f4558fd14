"""What a penalised model is worth beside the clinical covariates: concordance, deviance, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.association.concordance import count_concordance, estimate_uno_c

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.coxnet import CoxnetPath
    from netgen.association.penalised_cv import CrossValidation
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

NO_IMPROVEMENT: Final = "no alteration improved prediction over clinical covariates"
_TEXT: Final = ("metric", "model", "status", "note")


def tabulate_performance(
    X: Floats, risk: RiskSets, path: CoxnetPath, cv: CrossValidation, eta_clinical: Floats
) -> pd.DataFrame:
    """Return concordance and deviance of the gene models and of the clinical-only model.

    Parameters
    ----------
    X
        (n, p) columns of the model.
    risk
        Risk sets of the n patients.
    path
        Fit to all patients.
    cv
        Its cross-validation.
    eta_clinical
        (n,) linear predictors of the clinical-only model.

    Returns
    -------
    pd.DataFrame
        metric, model (``genes_min``, ``genes_1se``, ``clinical``), value, status, note: Harrell's C apparent and out of
        fold, the difference to the clinical model, Uno's C, and the cross-validated deviance.
    """
    apparent = {
        "genes_min": X @ path.coef[cv.index_min],
        "genes_1se": X @ path.coef[cv.index_1se],
        "clinical": eta_clinical,
    }
    rows = [*_concordance_rows(apparent, risk, cv), *_uno_rows(apparent, risk), *_deviance_rows(cv)]
    table = pd.DataFrame(rows, columns=["metric", "model", "value", "note"])
    table.insert(3, "status", np.where(table["value"].isna(), "not_available", "ok"))
    return table.astype(dict.fromkeys(_TEXT, "string"))


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
        From ``tabulate_performance``.

    Returns
    -------
    str
        A model that keeps no alteration at the 1-SE penalty, or a ridge whose best deviance is within one SE of the
        clinical model's, is ``NO_IMPROVEMENT``.
    """
    if not penalised.any():
        return "no alteration could be tested: the model holds the clinical covariates only"
    kept = int(np.count_nonzero(path.coef[cv.index_1se, penalised]))
    within = cv.null_deviance.mean() <= cv.mean[cv.index_min] + cv.se[cv.index_min]
    if kept == 0 or (path.alpha == 0 and within):
        return NO_IMPROVEMENT
    c = performance[performance["metric"] == "harrell_c_out_of_fold"].set_index("model")["value"]
    counted = f"{kept} alterations" if kept > 1 else "1 alteration"
    counted += " (ridge, none selected)" if path.alpha == 0 else ""
    text = f"out-of-fold C {c['genes_1se']:.3f}, clinical covariates alone {c['clinical']:.3f}"
    if c["genes_1se"] <= c["clinical"]:
        return f"{counted} entered the model but did not predict better than clinical covariates ({text})"
    return f"{counted} entered the model at the 1-SE penalty ({text})"


_Row = tuple[str, str, float, str]
_APPARENT: Final = "patients the model was fitted to: optimistic"


def _concordance_rows(apparent: dict[str, Floats], risk: RiskSets, cv: CrossValidation) -> list[_Row]:
    """Harrell's C, apparent and out of fold, and what the gene models add to the clinical one."""
    left_out = {"genes_min": cv.eta_min, "genes_1se": cv.eta_1se, "clinical": cv.eta_null}
    c = {name: np.array([count_concordance(e, risk).value for e in etas]) for name, etas in left_out.items()}
    rows: list[_Row] = []
    for name, eta in apparent.items():
        rows.append(("harrell_c_apparent", name, count_concordance(eta, risk).value, _APPARENT))
    for name, values in c.items():
        rows.append(("harrell_c_out_of_fold", name, values.mean(), _spread(values, chosen=name != "clinical")))
    for name in ("genes_min", "genes_1se"):
        delta = c[name] - c["clinical"]
        rows.append(("delta_c_out_of_fold", name, delta.mean(), f"less the clinical model; {_spread(delta)}"))
    return rows


def _uno_rows(apparent: dict[str, Floats], risk: RiskSets) -> list[_Row]:
    """Uno's C, where censoring can be weighted."""
    rows = []
    for name, eta in apparent.items():
        value, note = estimate_uno_c(eta, risk)
        rows.append(("uno_c_apparent", name, value, note if np.isnan(value) else f"{note}; {_APPARENT}"))
    return rows


def _deviance_rows(cv: CrossValidation) -> list[_Row]:
    """Cross-validated deviance."""
    deviance = {
        "genes_min": cv.deviance[:, cv.index_min],
        "genes_1se": cv.deviance[:, cv.index_1se],
        "clinical": cv.null_deviance,
    }
    rows = []
    for name, values in deviance.items():
        note = f"per event, {cv.criterion}; {_spread(values, chosen=name != 'clinical')}"
        rows.append(("cv_deviance", name, values.mean(), note))
    return rows


def _spread(values: Floats, *, chosen: bool = True) -> str:
    """Say over how many repeats a mean was taken and how they scatter."""
    text = f"mean of {len(values)} repeats"
    text += f", between-repeat SD {values.std(ddof=1):.4f}" if len(values) > 1 else ""
    return text + ("; the penalty was chosen on the same folds" if chosen else "")
