"""The adaptive lasso for Cox models: terms that a ridge finds strong are penalised less.

The ridge is part of the model. It is made anew within every training fold, so that its weights know nothing of the
patients who are left out.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.breslow import cox_loglik, lay_out, saturated_loglik
from netgen.association.coxnet import fit_coxnet
from netgen.association.penalised_cv import CrossValidation, assign_folds, count_folds, cross_validate
from netgen.association.riskset import build_risk_sets
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.counts import Ties
    from netgen.association.coxnet import CoxnetPath
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

SEED_TASK: Final = "adaptive_ridge"  # name from which the seed of the ridge's folds is derived
N_LAMBDA: Final = 20  # penalties of the ridge, over four decades
N_REPEATS: Final = 2  # repeats of the ridge's cross-validation
FAINTEST: Final = 1e-4  # ridge coefficients below this share of the average one count as this


def adaptive_factors(
    X: ArrayLike,
    risk: RiskSets,
    *,
    penalty_factor: ArrayLike | None = None,
    gamma: float = 1.0,
    stratum_labels: ArrayLike | None = None,
    min_altered: int = 0,
    standardize: bool = False,
    ties: Ties = "breslow",
    seed: int,
    tol: float = 1e-7,
) -> NDArray[np.float64]:
    """Return penalty factors that are inverse to the coefficients of a ridge.

    Nothing may be missing in ``X``. Use them with ``rescale_penalty_factors=False``.

    Parameters
    ----------
    X
        (n, p) columns, rows in the order of ``risk``, sorted by patient: the ridge's folds depend on the order of rows.
    risk
        Risk sets of the n patients.
    penalty_factor
        (p,) multipliers of the penalty of the ridge, and of the factors; 0 = unpenalised. None = all 1.
    gamma
        Power of the coefficients.
    stratum_labels
        (n,) labels to spread evenly over the ridge's folds. None = the strata of ``risk``.
    min_altered
        As in ``cross_validate``, within the ridge's folds.
    standardize
        As in ``fit_coxnet``, for the ridge; its coefficients count per SD then.
    ties
        As in ``fit_coxnet``.
    seed
        Master seed; that of the ridge's folds is derived by ``SEED_TASK``.
    tol
        As in ``fit_coxnet``.

    Returns
    -------
    NDArray[np.float64]
        (p,) factors: 0 where a column is not penalised, 1 where its coefficient is average.

    Raises
    ------
    ValueError
        If gamma is not positive, or ``fit_coxnet`` or ``cross_validate`` find fault with their arguments.

    Notes
    -----
    1. The ridge's penalty is the best of 20, over four decades, by its own cross-validation: pooled linear predictors,
       2 repeats, folds as in ``count_folds``.
    2. v_j = u_j mean(|b|^gamma) / |b_j|^gamma over the penalised columns, u = ``penalty_factor``. The mean makes the
       factors comparable between training folds, whose ridges shrink differently.
    3. A coefficient of less than 1e-4 of the mean counts as that, so that a factor stays finite.

    References
    ----------
    Zou, JASA 101:1418, 2006; Zhang, Lu, Biometrika 94:691, 2007 (Cox models).
    """
    if not gamma > 0:
        raise ValueError(f"gamma must be above 0, found {gamma}")
    matrix = np.asarray(X, dtype=np.float64)
    ridge = fit_coxnet(
        matrix,
        risk,
        alpha=0.0,
        n_lambda=N_LAMBDA,
        penalty_factor=penalty_factor,
        rescale_penalty_factors=False,
        standardize=standardize,
        ties=ties,
        tol=tol,
    )
    penalised = ridge.penalty_factor > 0
    if ridge.lambda_max == 0:
        return ridge.penalty_factor
    labels = risk.stratum if stratum_labels is None else stratum_labels
    folds = assign_folds(
        labels,
        risk.event,
        n_folds=count_folds(int(risk.event.sum())),
        n_repeats=N_REPEATS,
        seed=derive_seed(SEED_TASK, master=seed),
    )
    cv = cross_validate(matrix, risk, folds, path=ridge, min_altered=min_altered, standardize=standardize, tol=tol)
    size = np.abs(ridge.coef[cv.index_min]) * (matrix.std(axis=0) if standardize else 1.0)
    size = np.maximum(size, FAINTEST * size[penalised].mean()) ** gamma
    factor = ridge.penalty_factor.copy()
    factor[penalised] *= size[penalised].mean() / size[penalised]
    return factor


def cross_validate_adaptive(
    X: ArrayLike,
    risk: RiskSets,
    folds: ArrayLike,
    *,
    path: CoxnetPath,
    penalty_factor: ArrayLike | None = None,
    gamma: float = 1.0,
    stratum_labels: ArrayLike | None = None,
    min_altered: int = 0,
    standardize: bool = False,
    seed: int,
    tol: float = 1e-7,
) -> CrossValidation:
    """Return the cross-validation of an adaptive lasso whose ridge is made within each training fold.

    Nothing may be missing in ``X``.

    Parameters
    ----------
    X
        (n, p) columns, rows in the order of ``risk``.
    risk
        Risk sets of the n patients.
    folds
        (R, n) fold numbers, one row per repeat; at least 2 repeats.
    path
        Fit to all patients with ``adaptive_factors``: its penalties, mixing and ties are used; its factors are not.
    penalty_factor, gamma, stratum_labels
        As in ``adaptive_factors``.
    min_altered
        As in ``cross_validate``.
    standardize
        As in ``fit_coxnet``, by the training fold.
    seed
        As in ``adaptive_factors``.
    tol
        As in ``fit_coxnet``.

    Returns
    -------
    CrossValidation
        Pooled criterion, as in ``cross_validate``.

    Raises
    ------
    ValueError
        If there are fewer than 2 repeats, shapes disagree, or a training fold has too few events for folds of its own.

    Notes
    -----
    Witness: a loop over folds (``tests/association``), and that outcomes of left-out patients do not matter.
    """
    matrix, splits = np.asarray(X, dtype=np.float64), np.atleast_2d(np.asarray(folds))
    if splits.shape[1] != len(matrix) or len(splits) < 2:
        raise ValueError(f"folds must hold at least 2 repeats of {len(matrix)} patients, found shape {splits.shape}")
    base = np.ones(matrix.shape[1]) if penalty_factor is None else np.asarray(penalty_factor, dtype=np.float64)
    labels = risk.stratum if stratum_labels is None else np.asarray(stratum_labels)
    centred = matrix - matrix.mean(axis=0)
    eta = np.empty((len(splits), len(path.lambdas) + 1, len(matrix)))
    for r, split in enumerate(splits):
        for fold in np.unique(split):
            rows = split != fold
            keep = (base == 0) | _is_common(matrix[rows], min_altered)
            factors = partial(
                adaptive_factors,
                penalty_factor=base[keep],
                gamma=gamma,
                stratum_labels=labels[rows],
                min_altered=min_altered,
                ties=path.ties,
                seed=seed,
            )
            part = build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])
            coef = _fit_fold(matrix[np.ix_(rows, keep)], part, path, factors, standardize=standardize, tol=tol)
            eta[r][:, ~rows] = coef @ centred[np.ix_(~rows, keep)].T
    return _choose(eta, risk, path)


def _is_common(columns: Floats, min_altered: int) -> Flags:
    """Tell which columns have enough ones and zeros."""
    ones = columns.sum(axis=0)
    return np.asarray((min_altered == 0) | (np.minimum(ones, len(columns) - ones) >= min_altered))


def _fit_fold(
    X: Floats, risk: RiskSets, path: CoxnetPath, factors: Callable[..., Floats], *, standardize: bool, tol: float
) -> Floats:
    """Coefficients (L + 1, p) of one training fold, with its own ridge; the last are without penalised columns."""
    fit = fit_coxnet(
        X,
        risk,
        alpha=path.alpha,
        lambdas=path.lambdas,
        penalty_factor=factors(X, risk, standardize=standardize, tol=tol),
        rescale_penalty_factors=False,
        standardize=standardize,
        ties=path.ties,
        tol=tol,
    )
    return np.vstack([fit.coef, fit.null_coef])


def _choose(eta: Floats, risk: RiskSets, path: CoxnetPath) -> CrossValidation:
    """Judge the left-out linear predictors (R, L + 1, n) by their pooled partial likelihoods."""
    saturated = saturated_loglik(lay_out(risk, ties=path.ties))
    deviance = 2 * (saturated - cox_loglik(eta, risk, ties=path.ties)) / risk.event.sum()
    mean, se = deviance[:, :-1].mean(axis=0), deviance[:, :-1].std(axis=0, ddof=1)
    index_min = int(mean.argmin())
    index_1se = int(np.argmax(mean <= mean[index_min] + se[index_min]))
    return CrossValidation(
        lambdas=path.lambdas,
        deviance=deviance[:, :-1],
        null_deviance=deviance[:, -1],
        mean=mean,
        se=se,
        index_min=index_min,
        index_1se=index_1se,
        eta_min=eta[:, index_min],
        eta_1se=eta[:, index_1se],
        eta_null=eta[:, -1],
        criterion="pooled",
    )
