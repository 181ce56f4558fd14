"""From a fitted penalised model to what it is worth: optimism, nested predictions, performance, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from netgen.association.horizon_performance import judge_horizons
from netgen.association.nested_cv import INNER_TASK, OUTER_TASK, predict_apparent, predict_nested
from netgen.association.optimism import SEED_TASK, bootstrap_models
from netgen.association.penalised_performance import Evidence, list_performance, tabulate_rows
from netgen.association.resampled_models import MODELS, Recipe, is_small
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from netgen.association.coxnet import CoxnetPath
    from netgen.association.penalised_cv import CrossValidation
    from netgen.association.penalised_data import ModelData

    Floats = NDArray[np.float64]

LIMITS_TASK: Final = "penalised_nested:limits"
# By size of the data: small, large, and so large that optimism is small and every resample takes a minute.
_INNER_REPEATS: Final = (3, 2, 2)  # of the cross-validation within a resample or an outer training set
_INNER_LAMBDAS: Final = 20  # penalties there
_RESAMPLES: Final = (200, 50, 0)
_OUTER_REPEATS: Final = (10, 2, 0)
HUGE: Final = 5_000_000  # cells from which resampling is only done if it is asked for


def describe_evidence(
    data: ModelData, bootstrap: int | None, n_outer_repeats: int | None, horizons: Sequence[float]
) -> dict[str, Any]:
    """Return how much will be resampled.

    Parameters
    ----------
    data
        What the model is fitted to.
    bootstrap, n_outer_repeats
        As asked for; None = by the size of the data.
    horizons
        Days.

    Returns
    -------
    dict[str, Any]
        bootstrap, n_outer_repeats, inner_repeats, inner_lambdas, horizons, and the names that seeds are derived from.
    """
    X = data.to_matrix()
    size = 0 if is_small(X) else 1 + int(X.size > HUGE)
    return {
        "bootstrap": _RESAMPLES[size] if bootstrap is None else bootstrap,
        "n_outer_repeats": _OUTER_REPEATS[size] if n_outer_repeats is None else n_outer_repeats,
        "inner_repeats": _INNER_REPEATS[size],
        "inner_lambdas": _INNER_LAMBDAS,
        "horizons": [float(h) for h in horizons],
        "seed_task_bootstrap": SEED_TASK,
        "seed_task_outer": OUTER_TASK,
        "seed_task_inner": INNER_TASK,
        "seed_task_limits": LIMITS_TASK,
    }


def gather_evidence(
    data: ModelData,
    path: CoxnetPath,
    cv: CrossValidation,
    eta_clinical: Floats | None,
    used: dict[str, Any],
    *,
    threads: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return the performance table, the calibration table, and what a reader must know of them.

    Parameters
    ----------
    data
        What the model was fitted to.
    path
        Fit to all patients.
    cv
        Its cross-validation.
    eta_clinical
        (n,) linear predictors of the clinical-only model; None = of the path without alterations.
    used
        Options as used, those of ``describe_evidence`` included.
    threads
        Workers; the results do not depend on it.

    Returns
    -------
    tuple[pd.DataFrame, pd.DataFrame, list[str]]
        As ``tabulate_rows`` and ``tabulate_groups``; notes. Without any alteration only the clinical model is judged.
    """
    X, risk, seed = data.to_matrix(), data.to_risk_sets(), used["seed"]
    recipe, notes = _write_recipe(data, path, used, threads), []
    coef = np.stack([path.coef[cv.index_min], path.coef[cv.index_1se], path.null_coef])
    apparent = predict_apparent(X, coef)
    etas = apparent.eta[0].copy()
    etas[2] = etas[2] if eta_clinical is None else eta_clinical
    made = bootstrap_models(recipe, n_resamples=used["bootstrap"], seed=seed) if used["bootstrap"] else None
    nested = predict_nested(recipe, n_repeats=used["n_outer_repeats"], seed=seed) if used["n_outer_repeats"] else None
    if nested is None and used["n_outer_repeats"]:
        notes.append("Nested cross-validation was not possible: an outer training set could not be fitted.")
    if made is None and nested is None and X.size > HUGE:
        notes.append("So many patients and alterations were not resampled; ask for it with bootstrap = 50.")
    evidence = Evidence(
        risk=risk,
        cv=cv,
        apparent=etas,
        bootstrap=made,
        nested=nested,
        seed=derive_seed(LIMITS_TASK, master=seed),
    )
    options = {"horizons": used["horizons"], "ties": used["ties"]}
    rows, calibration = judge_horizons(apparent if nested is None else nested, X, risk, **options)
    performance = tabulate_rows([*list_performance(evidence), *rows])
    if not data.penalised.any():
        performance = performance[performance["model"] == MODELS[2]].reset_index(drop=True)
        calibration = calibration[calibration["model"] == MODELS[2]].reset_index(drop=True)
    return performance, calibration, notes


def _write_recipe(data: ModelData, path: CoxnetPath, used: dict[str, Any], threads: int) -> Recipe:
    """How the model was made, for other weightings of the patients."""
    return Recipe(
        X=data.to_matrix(),
        risk=data.to_risk_sets(),
        fold_label=data.outcome["fold"].to_numpy(str),
        lambda_low=float(path.lambdas[-1]),
        lambda_high=path.lambda_max,
        alpha=path.alpha,
        penalty_factor=path.penalty_factor,
        min_altered=used["min_altered"],
        n_folds=used["n_folds"],
        n_repeats=used["inner_repeats"],
        n_lambda=used["inner_lambdas"],
        criterion=used["criterion"],
        ties=used["ties"],
        threads=threads,
    )
