"""Every step that made a penalised model, repeated on reweighted patients: filter, cross-validation, choice of penalty.

A bootstrap resample is a weighting of the patients by whole numbers, an outer training set one by 0 and 1. So both are
the same computation, and with few columns all fits of all weightings are made together by ``fit_folds``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.association.breslow import evaluate_likelihood, lay_out, saturated_loglik
from netgen.association.coxnet import fit_coxnet
from netgen.association.coxnet_folds import fit_folds
from netgen.association.penalised_cv import assign_folds
from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.association.counts import Ties
    from netgen.association.penalised_cv import Criterion
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

MODELS: Final = ("genes_min", "genes_1se", "clinical")
_TOLERANCE: Final = 0.01  # of the smallest penalty: how far a fit may be from its optimum
_FEW_LATE: Final = 20  # weightings together with delayed entry: a fit that fails, rare else, is then found sooner
_PARTS: Final = 5  # into which weightings are split to find it
_FEW: Final = 30  # columns up to which fits are made together,
_SMALL: Final = 10_000  # if columns x patients are no more than this
_CELLS: Final = 4_000_000  # coefficients that are kept at once
_RIDGE_ALPHA: Final = 1e-3  # as fit_coxnet: lambda_max of a ridge is that of this mixing


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is made of patients.

    Attributes
    ----------
    X
        (n, p) columns.
    risk
        Risk sets of the n patients.
    fold_label
        (n,) labels to spread over folds.
    lambda_low
        Smallest penalty that is tried.
    lambda_high
        Smallest penalty at which the model of all patients has no alteration.
    alpha
        Mixing.
    penalty_factor
        (p,) multipliers of the penalty, as they are; 0 = clinical covariate.
    min_altered
        Fewest altered, and unaltered, patients of a gene in what is fitted.
    n_folds
        Folds of the cross-validation.
    n_repeats
        Its repeats, at least 2.
    n_lambda
        Penalties between ``lambda_high`` and ``lambda_low``.
    criterion
        As in ``cross_validate``.
    ties
        ``breslow`` or ``efron``.
    threads
        Workers; the models do not depend on it.
    """

    X: Floats
    risk: RiskSets
    fold_label: NDArray[np.str_]
    lambda_low: float
    lambda_high: float
    alpha: float
    penalty_factor: Floats
    min_altered: int
    n_folds: int
    n_repeats: int
    n_lambda: int
    criterion: Criterion
    ties: Ties = "breslow"
    threads: int = 1


class Repeated(NamedTuple):
    """What each weighting gave: coefficients (B, 3, p) in the order of ``MODELS``, penalties (B, 2), whether it did.

    ``usable`` (B,) is False, and the rest NaN, where a weighting has one event time or a training fold without event,
    or where a fit did not converge.
    """

    coef: Floats
    lambdas: Floats
    usable: NDArray[np.bool_]


def repeat_models(recipe: Recipe, weights: Floats, seeds: Sequence[int]) -> Repeated:
    """Return the models that the recipe makes of each weighting.

    Parameters
    ----------
    recipe
        Columns, outcomes and options.
    weights
        (B, n) whole numbers >= 0: how often each patient is there.
    seeds
        (B,) seeds of the folds.

    Returns
    -------
    Repeated
        The models at both penalties and without alterations.

    Notes
    -----
    1. Copies of a patient stay in one fold, so that nobody is predicted by a model that knows them.
    2. All weightings share a grid of penalties, from the largest ``lambda_max`` of any of them down to ``lambda_low``;
       penalties above its own ``lambda_max`` leave a weighting without alterations, as they should.
    3. Witness: ``fit_coxnet`` on duplicated rows (``tests/association/test_resampled_models.py``).
    """
    out = Repeated(
        np.full((len(weights), len(MODELS), recipe.X.shape[1]), np.nan),
        np.full((len(weights), 2), np.nan),
        np.zeros(len(weights), dtype=bool),
    )
    splits = np.stack([_split(recipe, w, seed) for w, seed in zip(weights, seeds, strict=True)])
    able = np.flatnonzero([_can_be_fitted(recipe, w, split) for w, split in zip(weights, splits, strict=True)])
    if not len(able):
        return out
    lambdas = _grid(recipe, weights[able])
    fits = (recipe.n_folds * recipe.n_repeats + 1) * (len(lambdas) + 1) * recipe.X.shape[1]
    size = max(1, _CELLS // fits) if is_small(recipe.X) else 1
    size = min(size, _FEW_LATE) if (recipe.risk.entry > 0).any() else size
    for first in range(0, len(able), size):
        _fill(out, recipe, weights, splits, able[first : first + size], lambdas)
    return out


def _fill(out: Repeated, recipe: Recipe, weights: Floats, splits: Rows, part: Rows, lambdas: Floats) -> None:
    """Make the models of some weightings; if a fit fails, split them until only those that fail are left out."""
    try:
        coef, index = _select(recipe, weights[part], splits[part], lambdas)
    except ArithmeticError:
        if len(part) > 1:
            for some in np.array_split(part, min(len(part), _PARTS)):
                _fill(out, recipe, weights, splits, some, lambdas)
        return
    for b, coefs, chosen in zip(part, coef, index, strict=True):
        out.coef[b] = coefs[[*chosen, -1]]
        out.lambdas[b] = lambdas[chosen]
        out.usable[b] = True


def _split(recipe: Recipe, weight: Floats, seed: int) -> Rows:
    """(R, n) folds of the patients that are there, -1 elsewhere."""
    rows = np.flatnonzero(weight)
    split = np.full((recipe.n_repeats, len(weight)), -1)
    split[:, rows] = assign_folds(
        recipe.fold_label[rows],
        recipe.risk.event[rows],
        n_folds=recipe.n_folds,
        n_repeats=recipe.n_repeats,
        seed=seed,
    )
    return split


def _can_be_fitted(recipe: Recipe, weight: Floats, split: Rows) -> bool:
    """Whether there are two event times, and an event in every training fold."""
    events = recipe.risk.event & (weight > 0)
    inside = split[:, events]
    return len(np.unique(recipe.risk.time[events])) > 1 and bool((inside.max(axis=1) > inside.min(axis=1)).all())


def _grid(recipe: Recipe, weights: Floats) -> Floats:
    """Penalties for all weightings, spaced as those of all patients."""
    null = _fit_null(recipe, weights)
    layout = lay_out(recipe.risk, weights, ties=recipe.ties)
    columns = recipe.X - recipe.X.mean(axis=0)
    residual = evaluate_likelihood(layout, (null @ columns.T)[:, layout.rows]).residual
    free = recipe.penalty_factor == 0
    score = np.abs(residual @ columns[layout.rows]) / layout.total[:, None]
    score = np.where(_kept(recipe, weights) & ~free, score, 0.0)
    steep = score / np.where(free, 1.0, recipe.penalty_factor)
    top = float(steep[np.isfinite(steep)].max(initial=0.0))
    top = max(top / max(recipe.alpha, _RIDGE_ALPHA), recipe.lambda_high)
    if recipe.lambda_low <= 0:  # nothing is penalised
        return np.zeros(1)
    span = np.log(top / recipe.lambda_low)
    steps = span / np.log(max(recipe.lambda_high / recipe.lambda_low, 1 + 1e-9)) * (recipe.n_lambda - 1)
    return np.asarray(top * np.exp(-span * np.linspace(0, 1, max(int(np.ceil(min(steps, 1000))) + 1, 2))))


def _fit_null(recipe: Recipe, weights: Floats) -> Floats:
    """Coefficients (B, p) without alterations; NaN where a fit fails, which will fail again with alterations."""
    try:
        return _fit_all(recipe, weights, np.empty(0))[:, 0]
    except ArithmeticError:
        if len(weights) == 1:
            return np.full((1, recipe.X.shape[1]), np.nan)
        return np.concatenate([_fit_null(recipe, part) for part in np.array_split(weights, 2)])


def _select(recipe: Recipe, weights: Floats, splits: Rows, lambdas: Floats) -> tuple[Floats, Rows]:
    """Fits of whole weightings (B, L + 1, p), and the positions of both choices (B, 2)."""
    folds = np.arange(recipe.n_folds)
    training = weights[:, None, None] * (splits[:, :, None] != folds[:, None])  # (B, R, K, n)
    everything = np.concatenate([training.reshape(-1, weights.shape[1]), weights])
    coef = _fit_all(recipe, everything, lambdas)
    inner = coef[: -len(weights)].reshape(*training.shape[:3], *coef.shape[1:])
    if recipe.criterion == "pooled":
        deviance = _pooled(recipe, weights, splits, inner)
    else:
        deviance = _van_houwelingen(recipe, weights, training, inner)
    mean, se = deviance.mean(axis=1), deviance.std(axis=1, ddof=1)
    best = mean[:, :-1].argmin(axis=1)
    row = np.arange(len(best))
    within = mean[:, :-1] <= (mean[row, best] + se[row, best])[:, None]
    return coef[-len(weights) :], np.stack([best, within.argmax(axis=1)], axis=1)


def _pooled(recipe: Recipe, weights: Floats, splits: Rows, coef: Floats) -> Floats:
    """(B, R, L + 1) deviance per event of the left-out linear predictors."""
    eta = np.zeros((*splits.shape[:2], coef.shape[3], weights.shape[1]))
    for b, weight in enumerate(weights):
        centred = recipe.X - weight @ recipe.X / weight.sum()
        for r, k in np.ndindex(coef.shape[1:3]):
            rows = splits[b, r] == k
            eta[b, r][:, rows] = coef[b, r, k] @ centred[rows].T
    return _deviance(recipe, weights[:, None, None], eta)


def _van_houwelingen(recipe: Recipe, weights: Floats, training: Floats, coef: Floats) -> Floats:
    """(B, R, L + 1) what left-out folds add to the deviance, per event."""
    total = np.zeros((*coef.shape[:2], coef.shape[3]))
    events = (weights @ recipe.risk.event)[:, None, None]
    for k in range(coef.shape[2]):
        eta = coef[:, :, k] @ recipe.X.T
        here = training[:, :, k, None]
        total += events * _deviance(recipe, weights[:, None, None], eta)
        total -= (here @ recipe.risk.event) * _deviance(recipe, here, eta)
    return total / events


def _deviance(recipe: Recipe, weights: Floats, eta: Floats) -> Floats:
    """Deviance per event of (..., n) linear predictors under weightings that broadcast with them."""
    layout = lay_out(recipe.risk, weights, ties=recipe.ties)
    loglik = evaluate_likelihood(layout, eta[..., layout.rows]).loglik
    return np.asarray(2 * (saturated_loglik(layout) - loglik) / layout.d.sum(axis=-1))


def _kept(recipe: Recipe, weights: Floats) -> NDArray[np.bool_]:
    """(B, p) columns with enough altered and unaltered patients, and clinical covariates."""
    altered = weights @ recipe.X
    rarer = np.minimum(altered, weights.sum(axis=1)[:, None] - altered)
    return np.asarray((recipe.penalty_factor == 0) | (rarer >= recipe.min_altered))


def is_small(X: Floats) -> bool:
    """Return whether so few columns and cells are there that all fits are made together.

    Parameters
    ----------
    X
        (n, p) columns.

    Returns
    -------
    bool
        At most 30 columns and 10,000 cells.
    """
    return X.shape[1] <= _FEW and X.size <= _SMALL


def _fit_all(recipe: Recipe, weights: Floats, lambdas: Floats) -> Floats:
    """Coefficients (B, L + 1, p) of each weighting; the last ones are without alterations."""
    kept, tol = _kept(recipe, weights), float(np.clip(_TOLERANCE * recipe.lambda_low, 1e-6, 1e-4))
    if recipe.alpha == 0 and recipe.X.shape[1] > len(recipe.X):  # such a ridge has a form of its own in fit_coxnet
        pairs = zip(weights, kept, strict=True)
        return np.stack([_fit_wide_ridge(recipe, weight, keep, lambdas, tol) for weight, keep in pairs])
    return fit_folds(
        recipe.X,
        recipe.risk,
        weights,
        lambdas=lambdas,
        alpha=recipe.alpha,
        penalty_factor=recipe.penalty_factor,
        kept=kept,
        standardize=False,
        tol=tol,
        ties=recipe.ties,
        threads=recipe.threads,
    )


def _fit_wide_ridge(recipe: Recipe, weight: Floats, keep: NDArray[np.bool_], lambdas: Floats, tol: float) -> Floats:
    """Coefficients (L + 1, p) of one weighting."""
    rows, risk = weight > 0, recipe.risk
    fit = fit_coxnet(
        recipe.X[np.ix_(rows, keep)],
        build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows]),
        alpha=recipe.alpha,
        lambdas=lambdas,
        penalty_factor=recipe.penalty_factor[keep],
        rescale_penalty_factors=False,
        weights=weight[rows],
        ties=recipe.ties,
        tol=tol,
    )
    coef = np.zeros((len(lambdas) + 1, recipe.X.shape[1]))
    coef[:, keep] = np.vstack([fit.coef, fit.null_coef])
    return coef
