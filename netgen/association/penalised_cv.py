"""Cross-validation of the penalised Cox model.

A fold of a small cohort holds too few events for a partial likelihood of its own. So the linear predictors of all
left-out patients are pooled into one partial likelihood, or (van Houwelingen) a fold is judged by what it adds to the
likelihood of the patients it was fitted without.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from netgen.association.breslow import cox_loglik, lay_out, saturated_loglik
from netgen.association.coxnet import fit_coxnet
from netgen.association.coxnet_folds import fit_folds
from netgen.association.coxnet_path import is_large
from netgen.association.riskset import build_risk_sets
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties
    from netgen.association.coxnet import CoxnetPath
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

Criterion = Literal["pooled", "van_houwelingen"]
_FINE, _COARSE = 1e-7, 1e-6  # largest violation of the optimality conditions in a fold
SEED_TASK: Final = "penalised_cv:repeat{r}"  # name from which the seed of repeat r is derived
_TOGETHER: Final = 100_000  # columns x patients up to which the folds of all repeats are fitted together


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """How well models with each penalty predict patients they were not fitted to.

    Attributes
    ----------
    lambdas
        (L,) penalties, decreasing.
    deviance
        (R, L) deviance per event of each repeat; smaller is better.
    null_deviance
        (R,) the same for the unpenalised columns alone.
    mean, se
        (L,) mean over repeats; SD over repeats (with one repeat: the SE over folds, as ``cv.glmnet``).
    index_min, index_1se
        Penalty with the smallest mean; largest penalty whose mean is within one ``se`` of it.
    eta_min, eta_1se, eta_null
        (R, n) linear predictors of the left-out patients at those penalties and without penalised columns.
    criterion
        What ``deviance`` is.
    """

    lambdas: Floats
    deviance: Floats
    null_deviance: Floats
    mean: Floats
    se: Floats
    index_min: int
    index_1se: int
    eta_min: Floats
    eta_1se: Floats
    eta_null: Floats
    criterion: Criterion


def count_folds(n_events: int) -> int:
    """Return the number of folds for a number of events: a quarter of it, at least 3, at most 10.

    Parameters
    ----------
    n_events
        Events among the patients to be split.

    Returns
    -------
    int
        3 to 10.
    """
    return min(max(n_events // 4, 3), 10)


def assign_folds(stratum: ArrayLike, event: ArrayLike, *, n_folds: int, n_repeats: int, seed: int) -> NDArray[np.intp]:
    """Return random folds in which strata and events are spread evenly.

    Parameters
    ----------
    stratum
        (n,) labels, for example the origin.
    event
        (n,) True if the event happened.
    n_folds, n_repeats
        Folds per split; splits.
    seed
        Master seed; each repeat uses its own, derived by ``SEED_TASK``.

    Returns
    -------
    NDArray[np.intp]
        (n_repeats, n) fold numbers 0 .. n_folds-1.

    Notes
    -----
    Within each repeat the patients are shuffled, sorted by (stratum, event), and dealt out in turn. So the folds of a
    stratum and event differ by at most one patient, and so do whole folds. The order of rows matters: sort them by a
    key first.
    """
    _, cell = np.unique(np.asarray(stratum), return_inverse=True)
    cell = 2 * cell + np.asarray(event, dtype=bool)
    folds = np.empty((n_repeats, len(cell)), dtype=np.intp)
    for r in range(n_repeats):
        rng = np.random.default_rng(derive_seed(SEED_TASK.format(r=r), master=seed))
        order = rng.permutation(len(cell))
        order = order[np.argsort(cell[order], kind="stable")]
        folds[r, order] = rng.permutation(n_folds)[np.arange(len(cell)) % n_folds]
    return folds


def cross_validate(
    X: ArrayLike,
    risk: RiskSets,
    folds: ArrayLike,
    *,
    path: CoxnetPath,
    min_altered: int = 0,
    standardize: bool = False,
    criterion: Criterion = "pooled",
    tol: float | None = None,
    weights: ArrayLike | None = None,
    threads: int = 1,
) -> CrossValidation:
    """Return cross-validated deviances for the penalties of a path, and the two customary choices.

    Nothing may be missing in ``X``. Fits of the training folds use the path's penalties and its penalty factors as
    they are, so that a penalty means the same in every fold.

    Parameters
    ----------
    X
        (n, p) columns, rows in the order of ``risk``.
    risk
        Risk sets of the n patients.
    folds
        (R, n) fold numbers, one row per repeat; (n,) is one repeat.
    path
        Fit to all patients: its penalties, mixing, penalty factors and ties are used.
    min_altered
        Penalised columns, which must be 0/1 then, with fewer ones or fewer zeros than this in the training fold get
        coefficient 0 there. 0 = keep all columns.
    standardize
        As in ``fit_coxnet``, by the training fold.
    criterion
        ``pooled``: one partial likelihood of all left-out linear predictors (columns centred at the mean of all
        patients). ``van_houwelingen``: sum over folds of the deviance of all patients less that of the training fold.
    tol
        As in ``fit_coxnet``. None = 1e-7, for large jobs 1e-6: the criterion is flat at its minimum and moves by less
        than 1e-4, far within its SE.
    weights
        (n,) positive case weights, as ``path`` was fitted with; None = 1. Deviances are then per weight of events.
    threads
        Workers; the result does not depend on it.

    Returns
    -------
    CrossValidation
        Deviances per event, both choices, and the left-out linear predictors there.

    Raises
    ------
    ValueError
        If the pooled criterion has fewer than 2 repeats (its SE is the SD over repeats), shapes disagree, or a
        training fold has no event.

    Notes
    -----
    Deviance = 2 (saturated - loglik); with Breslow's ties saturated = - sum d log d. Witness: ``cvm`` and ``cvsd`` of
    R ``cv.glmnet`` in ``tests/reference/glmnet``; the pooled criterion by its definition in ``tests/association``.

    References
    ----------
    Dai, Breheny, arXiv 1905.10432, 2019 (cross-validated linear predictors); van Houwelingen et al., Stat Med
    25:3201, 2006.
    """
    matrix, splits = np.asarray(X, dtype=np.float64), np.atleast_2d(np.asarray(folds))
    if splits.shape[1] != len(matrix):
        raise ValueError(f"folds must hold one number per patient ({len(matrix)}), found {splits.shape[1]}")
    if criterion == "pooled" and len(splits) < 2:
        raise ValueError("the pooled criterion needs at least 2 repeats: its SE is the SD over repeats")
    if tol is None:
        tol = _COARSE if is_large(matrix.shape, sum(len(np.unique(split)) for split in splits)) else _FINE
    n_fits = len(path.lambdas) + 1  # the last one is without penalised columns
    case = np.ones(len(matrix)) if weights is None else np.asarray(weights, dtype=np.float64)
    n_events = case[risk.event].sum()
    judge = partial(_deviance, ties=path.ties)
    mean_column = np.average(matrix, axis=0, weights=case)
    deviance, fold_se = np.empty((len(splits), n_fits)), np.empty(n_fits)
    kept_coefs = []
    fits = _iter_fits(matrix, risk, splits, path, min_altered, case, standardize=standardize, tol=tol, threads=threads)
    for r, (split, coefs) in enumerate(zip(splits, fits, strict=True)):
        if criterion == "pooled":
            deviance[r] = judge(_predict(matrix, mean_column, split, coefs), risk, case) / n_events
        else:
            deviance[r], fold_se = _van_houwelingen(matrix, risk, split, coefs, case, judge)
        kept_coefs.append(coefs)
    mean = deviance.mean(axis=0)
    se = deviance.std(axis=0, ddof=1) if len(splits) > 1 else fold_se
    index_min = int(mean[:-1].argmin())
    index_1se = int(np.argmax(mean[:-1] <= mean[index_min] + se[index_min]))
    chosen = [index_min, index_1se, n_fits - 1]
    eta = np.stack(
        [
            _predict(matrix, mean_column, split, coefs[:, chosen])
            for split, coefs in zip(splits, kept_coefs, strict=True)
        ]
    )
    return CrossValidation(
        lambdas=path.lambdas,
        deviance=deviance[:, :-1],
        null_deviance=deviance[:, -1],
        mean=mean[:-1],
        se=se[:-1],
        index_min=index_min,
        index_1se=index_1se,
        eta_min=eta[:, 0],
        eta_1se=eta[:, 1],
        eta_null=eta[:, 2],
        criterion=criterion,
    )


def _predict(matrix: Floats, mean: Floats, split: NDArray[np.intp], coefs: Floats) -> Floats:
    """Return linear predictors (models, n) of the left-out patients, of columns centred at the mean of all patients."""
    eta = np.empty((coefs.shape[1], len(matrix)))
    for fold, coef in zip(np.unique(split), coefs, strict=True):
        rows = split == fold
        eta[:, rows] = coef @ matrix[rows].T - (coef @ mean)[:, None]
    return eta


def _iter_fits(
    matrix: Floats,
    risk: RiskSets,
    splits: NDArray[np.intp],
    path: CoxnetPath,
    min_altered: int,
    case: Floats,
    *,
    standardize: bool,
    tol: float,
    threads: int,
) -> Iterator[Floats]:
    """Coefficients (folds, L + 1, p) of the training folds of each split; the last ones are without penalised columns.

    Little data: the folds of all splits together. Else: those of one split.
    """
    training = [split != np.unique(split)[:, None] for split in splits]
    if any(not risk.event[rows].any() for part in training for rows in part):
        raise ValueError("a training fold has no event; use fewer folds")
    kept = [_kept(matrix, part, path, min_altered) for part in training]
    wide_ridge = path.alpha == 0 and matrix.shape[1] > len(matrix)  # it has a form of its own in fit_coxnet
    several = _fit_alone if wide_ridge else partial(_fit_together, threads=threads)
    fit = partial(several, path=path, standardize=standardize, tol=tol)
    if matrix.size <= _TOGETHER:
        coefs = fit(matrix, risk, np.concatenate(training) * case, np.concatenate(kept))
        yield from np.split(coefs, np.cumsum([len(part) for part in training])[:-1])
        return
    for part, keep in zip(training, kept, strict=True):
        yield fit(matrix, risk, part * case, keep)


def _kept(matrix: Floats, training: NDArray[np.bool_], path: CoxnetPath, min_altered: int) -> NDArray[np.bool_]:
    """(folds, p) columns with enough altered and unaltered patients in the training fold, and unpenalised ones."""
    if min_altered == 0:
        return np.ones((len(training), matrix.shape[1]), dtype=bool)
    altered = training @ matrix
    rarer = np.minimum(altered, training.sum(axis=1)[:, None] - altered)
    return np.asarray((path.penalty_factor == 0) | (rarer >= min_altered))


def _fit_together(
    matrix: Floats,
    risk: RiskSets,
    weights: Floats,
    kept: NDArray[np.bool_],
    *,
    path: CoxnetPath,
    standardize: bool,
    tol: float,
    threads: int,
) -> Floats:
    """Coefficients (B, L + 1, p) of several weightings; one by one if in step with each other is not accurate."""
    try:
        return fit_folds(
            matrix,
            risk,
            weights,
            lambdas=path.lambdas,
            alpha=path.alpha,
            penalty_factor=path.penalty_factor,
            kept=kept,
            standardize=standardize,
            tol=tol,
            ties=path.ties,
            threads=threads,
        )
    except ArithmeticError:
        return _fit_alone(matrix, risk, weights, kept, path=path, standardize=standardize, tol=tol)


def _fit_alone(
    matrix: Floats,
    risk: RiskSets,
    weights: Floats,
    kept: NDArray[np.bool_],
    *,
    path: CoxnetPath,
    standardize: bool,
    tol: float,
) -> Floats:
    """Return the same, each weighting fitted by itself."""
    coef = np.zeros((len(weights), len(path.lambdas) + 1, matrix.shape[1]))
    for k, (weight, keep) in enumerate(zip(weights, kept, strict=True)):
        rows = weight > 0
        fit = fit_coxnet(
            matrix[np.ix_(rows, keep)],
            _subset(risk, rows),
            alpha=path.alpha,
            lambdas=path.lambdas,
            penalty_factor=path.penalty_factor[keep],
            rescale_penalty_factors=False,
            standardize=standardize,
            weights=weight[rows],
            ties=path.ties,
            tol=tol,
        )
        coef[k][:, keep] = np.vstack([fit.coef, fit.null_coef])
    return coef


def _subset(risk: RiskSets, rows: NDArray[np.bool_]) -> RiskSets:
    """Risk sets of some of the patients."""
    return build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])


def _deviance(eta: Floats, risk: RiskSets, case: Floats, *, ties: Ties) -> Floats:
    """Deviance of (..., n) linear predictors."""
    saturated = saturated_loglik(lay_out(risk, case, ties=ties))
    return np.asarray(2 * (saturated - cox_loglik(eta, risk, ties=ties, weights=case)))


def _van_houwelingen(
    matrix: Floats,
    risk: RiskSets,
    split: NDArray[np.intp],
    coefs: Floats,
    case: Floats,
    judge: Callable[[Floats, RiskSets, Floats], Floats],
) -> tuple[Floats, Floats]:
    """Return what each left-out fold adds to the deviance, per event, and the SE over folds."""
    added, events = np.empty(coefs.shape[:2]), np.empty(len(coefs))
    for k, (fold, coef) in enumerate(zip(np.unique(split), coefs, strict=True)):
        eta, rows = coef @ matrix.T, split != fold
        added[k] = judge(eta, risk, case) - judge(eta[:, rows], _subset(risk, rows), case[rows])
        events[k] = case[risk.event & ~rows].sum()
    mean = added.sum(axis=0) / events.sum()
    used = events > 0
    spread = ((added[used] / events[used, None] - mean) ** 2 * events[used, None]).sum(axis=0) / events.sum()
    return mean, np.sqrt(spread / (used.sum() - 1))
