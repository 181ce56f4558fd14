"""Tables of a penalised model: coefficients, path, cross-validation, baseline hazards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from netgen.association.breslow import breslow_hazard
from netgen.association.clinical_model import exponentiate

if TYPE_CHECKING:
    from netgen.association.coxnet import CoxnetPath
    from netgen.association.penalised_cv import CrossValidation
    from netgen.association.penalised_data import ModelData


def tabulate_coefficients(data: ModelData, path: CoxnetPath, cv: CrossValidation) -> pd.DataFrame:
    """Return the coefficients at both penalties, per unit of the columns as given.

    Parameters
    ----------
    data
        What the model was fitted to.
    path
        Fit to all patients.
    cv
        Its cross-validation.

    Returns
    -------
    pd.DataFrame
        One row per term: term, penalised, n_altered, mean, sd, coef_min, coef_1se, hr_min, hr_1se.
    """
    blank = np.full(data.genes.shape[1], np.nan)
    table = pd.DataFrame({"term": pd.array(data.terms, dtype="string"), "penalised": data.penalised})
    table["n_altered"] = pd.array([*[pd.NA] * len(data.sd), *data.genes.sum().astype(int)], dtype="Int64")
    table["mean"] = np.concatenate([data.mean.to_numpy(float), blank])
    table["sd"] = np.concatenate([data.sd.to_numpy(float), blank])
    table["coef_min"], table["coef_1se"] = path.coef[cv.index_min] / data.unit, path.coef[cv.index_1se] / data.unit
    for name in ("min", "1se"):
        table[f"hr_{name}"] = exponentiate(table[f"coef_{name}"].to_numpy())
    return table


def tabulate_path(data: ModelData, path: CoxnetPath) -> pd.DataFrame:
    """Return the non-zero coefficients along the path.

    Parameters
    ----------
    data
        What the model was fitted to.
    path
        Fit to all patients.

    Returns
    -------
    pd.DataFrame
        lambda, term, coef.
    """
    names = pd.array(data.terms, dtype="string")
    i, j = np.nonzero(path.coef)
    return pd.DataFrame({"lambda": path.lambdas[i], "term": names[j], "coef": path.coef[i, j] / data.unit[j]})


def tabulate_cv(data: ModelData, path: CoxnetPath, cv: CrossValidation) -> pd.DataFrame:
    """Return the cross-validated deviance of each penalty.

    Parameters
    ----------
    data
        What the model was fitted to.
    path
        Fit to all patients.
    cv
        Its cross-validation.

    Returns
    -------
    pd.DataFrame
        lambda, mean, se, n_nonzero (penalised terms), deviance_ratio, kkt, choice.
    """
    table = pd.DataFrame({"lambda": cv.lambdas, "mean": cv.mean, "se": cv.se})
    table["n_nonzero"] = np.count_nonzero(path.coef[:, data.penalised], axis=1)
    table["deviance_ratio"], table["kkt"] = path.deviance_ratio, path.kkt
    table["choice"] = pd.array([""] * len(table), dtype="string")
    table.loc[cv.index_min, "choice"] = "min"
    table.loc[cv.index_1se, "choice"] = "min;1se" if cv.index_1se == cv.index_min else "1se"
    return table


def tabulate_baseline(data: ModelData, path: CoxnetPath, cv: CrossValidation) -> pd.DataFrame:
    """Return the Breslow cumulative baseline hazards of the two models.

    Parameters
    ----------
    data
        What the model was fitted to.
    path
        Fit to all patients.
    cv
        Its cross-validation.

    Returns
    -------
    pd.DataFrame
        One row per stratum and event time: stratum, time_days, n_at_risk, n_events, cumhaz_min, cumhaz_1se.
    """
    X, risk = data.to_matrix(), data.to_risk_sets()
    labels = np.unique(data.outcome["stratum"].to_numpy(str))
    table = pd.DataFrame({"stratum": pd.array(labels[risk.slot_stratum], dtype="string"), "time_days": risk.slot_time})
    table["n_at_risk"], table["n_events"] = risk.n_at_risk.astype(int), risk.n_events.astype(int)
    for name, index in (("cumhaz_min", cv.index_min), ("cumhaz_1se", cv.index_1se)):
        table[name] = breslow_hazard(X @ path.coef[index], risk)
    return table


def list_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dicts of plain Python values, missing as None.

    Parameters
    ----------
    table
        Any table.

    Returns
    -------
    list[dict[str, Any]]
        One dict per row.
    """
    plain = table.astype("object").where(table.notna(), None)
    return [
        {str(name): value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
        for row in plain.to_dict("records")
    ]
