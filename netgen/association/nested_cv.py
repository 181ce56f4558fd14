"""Nested cross-validation: predictions by models none of whose choices has seen the patient.

The outer folds are left out before anything is chosen; in each outer training set the whole recipe is repeated, inner
cross-validation included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.breslow import breslow_hazard
from netgen.association.penalised_cv import assign_folds
from netgen.association.resampled_models import MODELS, repeat_models
from netgen.association.riskset import build_risk_sets
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.counts import Ties
    from netgen.association.resampled_models import Recipe
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

OUTER_TASK: Final = "penalised_nested:outer"
INNER_TASK: Final = "penalised_nested:repeat{r}:fold{k}"


class Predictions(NamedTuple):
    """Linear predictors of patients, and the models that made them.

    ``eta`` (R, 3, n) by ``MODELS``; ``coef`` (R, K, 3, p) models of each part; ``split`` (R, n) part that predicts each
    patient; ``training`` (R, K, n) who each part was fitted to; ``centre`` (p,) columns of a patient with eta 0;
    ``label`` what kind of predictions these are.
    """

    eta: Floats
    coef: Floats
    split: NDArray[np.intp]
    training: NDArray[np.bool_]
    centre: Floats
    label: str


def predict_nested(recipe: Recipe, *, n_repeats: int, seed: int) -> Predictions | None:
    """Return predictions by nested cross-validation.

    Parameters
    ----------
    recipe
        How a model is made.
    n_repeats
        Repeats of the outer split.
    seed
        Master seed of outer and inner folds.

    Returns
    -------
    Predictions | None
        None if a training set cannot be fitted.

    Notes
    -----
    Linear predictors of all outer folds of a repeat are pooled; columns are centred at the mean of all. Pooling
    keeps the C of useless columns slightly below 0.5: who is left out pulls the training set the other way.
    Witness: a naive loop with ``fit_coxnet`` and ``cross_validate`` (``tests/association/test_nested_cv.py``).
    """
    options = {"n_folds": recipe.n_folds, "n_repeats": n_repeats}
    task = derive_seed(OUTER_TASK, master=seed)
    split = assign_folds(recipe.fold_label, recipe.risk.event, seed=task, **options)
    training = split[:, None] != np.arange(recipe.n_folds)[:, None]
    seeds = [derive_seed(INNER_TASK.format(r=r, k=k), master=seed) for r, k in np.ndindex(training.shape[:2])]
    found = repeat_models(recipe, training.reshape(-1, split.shape[1]).astype(np.float64), seeds)
    if not found.usable.all():
        return None
    coef = found.coef.reshape(*training.shape[:2], *found.coef.shape[1:])
    centre = recipe.X.mean(axis=0)
    eta = _predict(coef, split, recipe.X - centre)
    label = f"nested cross-validation, {n_repeats} x {recipe.n_folds} outer folds"
    return Predictions(eta, coef, split, training, centre, label)


def predict_apparent(X: Floats, coef: Floats) -> Predictions:
    """Return predictions of the patients that the models were fitted to.

    Parameters
    ----------
    X
        (n, p) columns.
    coef
        (3, p) models, in the order of ``MODELS``.

    Returns
    -------
    Predictions
        One repeat of one part that knows everybody.
    """
    split = np.zeros((1, len(X)), dtype=np.intp)
    centre, models = X.mean(axis=0), coef[None, None]
    training = np.ones((1, 1, len(X)), dtype=bool)
    label = "patients the model was fitted to: optimistic"
    return Predictions(_predict(models, split, X - centre), models, split, training, centre, label)


def _predict(coef: Floats, split: NDArray[np.intp], centred: Floats) -> Floats:
    """(R, 3, n) linear predictors."""
    eta = np.empty((len(split), len(MODELS), len(centred)))
    for r, k in np.ndindex(coef.shape[:2]):
        rows = split[r] == k
        eta[r][:, rows] = coef[r, k] @ centred[rows].T
    return eta


def predict_survival(made: Predictions, X: Floats, risk: RiskSets, times: Floats, *, ties: Ties = "breslow") -> Floats:
    """Return survival probabilities of each patient by the part that predicts them, and by Kaplan-Meier.

    Parameters
    ----------
    made
        Predictions.
    X
        (n, p) columns.
    risk
        Risk sets of the n patients.
    times
        (T,) days.
    ties
        As the models were fitted.

    Returns
    -------
    NDArray[np.float64]
        (R, 4, n, T) exp(-H(t) exp(eta)) of the three models with the Breslow baseline of the training part in the
        patient's stratum, then the Kaplan-Meier curve of the training part, strata ignored. NaN beyond the follow-up of
        that stratum, or of that part.

    Notes
    -----
    Witness: R ``survfit(coxph)`` (``tests/association/test_nested_cv.py``).
    """
    out = np.empty((len(made.eta), len(MODELS) + 1, len(X), len(times)))
    marginal = build_risk_sets(risk.time, risk.event, entry=risk.entry)
    for r, k in np.ndindex(made.coef.shape[:2]):
        rows, training = made.split[r] == k, made.training[r, k]
        for m, coef in enumerate(made.coef[r, k]):
            total = breslow_hazard((X - made.centre) @ coef, risk, ties=ties, weights=training)
            hazard = _at_times(total, 0.0, risk, training, times)
            out[r, m, rows] = np.exp(-hazard[risk.stratum[rows]] * np.exp(made.eta[r, m, rows])[:, None])
        total = breslow_hazard(np.zeros(len(X)), marginal, weights=training)
        survival = np.asarray(np.cumprod(1 - np.diff(total, prepend=0.0)), dtype=np.float64)
        out[r, len(MODELS), rows] = _at_times(survival, 1.0, marginal, training, times)[0]
    return out


def _at_times(curve: Floats, start: float, risk: RiskSets, training: NDArray[np.bool_], times: Floats) -> Floats:
    """(S, T) values of a curve over slots at each time; NaN beyond the last training patient of the stratum."""
    out = np.empty((risk.n_strata, len(times)))
    for s in range(risk.n_strata):
        here = risk.slot_stratum == s
        last = risk.time[(risk.stratum == s) & training].max(initial=0.0)
        at = np.searchsorted(risk.slot_time[here], times, side="right")
        out[s] = np.where(times <= last, np.append(start, curve[here])[at], np.nan)
    return out
