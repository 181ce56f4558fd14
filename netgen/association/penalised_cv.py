"""Cross-validation of the penalised Cox model, and concordance of its predictions.

A fold of a small cohort holds too few events for a partial likelihood of its own. So the linear predictors of all
left-out patients are pooled into one partial likelihood, or (van Houwelingen) a fold is judged by what it adds to the
likelihood of the patients it was fitted without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from netgen.association.coxnet import breslow_loglik, fit_coxnet
from netgen.association.riskset import build_risk_sets
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from netgen.association.coxnet import CoxnetPath
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

Criterion = Literal["pooled", "van_houwelingen"]
SEED_TASK: Final = "penalised_cv:repeat{r}"  # name from which the seed of repeat r is derived
_DIGITS: Final = 10  # linear predictors that agree to this many decimals are tied


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


@dataclass(frozen=True, kw_only=True)
class Concordance:
    """Harrell's C with its pair counts; NaN if no pair is comparable."""

    value: float
    concordant: int
    discordant: int
    tied: int


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
    tol: float = 1e-7,
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
        Fit to all patients: its penalties, mixing and penalty factors are used.
    min_altered
        Penalised columns, which must be 0/1 then, with fewer ones or fewer zeros than this in the training fold get
        coefficient 0 there. 0 = keep all columns.
    standardize
        As in ``fit_coxnet``, by the training fold.
    criterion
        ``pooled``: one partial likelihood of all left-out linear predictors (columns centred at the mean of all
        patients). ``van_houwelingen``: sum over folds of the deviance of all patients less that of the training fold.
    tol
        As in ``fit_coxnet``.

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
    Deviance = 2 (saturated - loglik), saturated = - sum d log d. Witness: ``cvm`` and ``cvsd`` of R ``cv.glmnet`` in
    ``tests/reference/glmnet``; the pooled criterion by its definition in ``tests/association``.

    References
    ----------
    Dai, Breheny, arXiv 1905.10432, 2019 (cross-validated linear predictors); van Houwelingen et al., Stat Med
    25:3201, 2006.
    """
    matrix = np.asarray(X, dtype=np.float64)
    splits = np.atleast_2d(np.asarray(folds))
    if splits.shape[1] != len(matrix):
        raise ValueError(f"folds must hold one number per patient ({len(matrix)}), found {splits.shape[1]}")
    if criterion == "pooled" and len(splits) < 2:
        raise ValueError("the pooled criterion needs at least 2 repeats: its SE is the SD over repeats")
    n_fits = len(path.lambdas) + 1  # the last one is without penalised columns
    centred = matrix - matrix.mean(axis=0)
    deviance, fold_se = np.empty((len(splits), n_fits)), np.empty(n_fits)
    eta = np.empty((len(splits), n_fits, len(matrix)))
    for r, split in enumerate(splits):
        coefs = {
            fold: _fit_training(matrix, risk, split != fold, path, min_altered, standardize=standardize, tol=tol)
            for fold in np.unique(split)
        }
        for fold, coef in coefs.items():
            eta[r][:, split == fold] = coef @ centred[split == fold].T
        if criterion == "pooled":
            deviance[r] = _deviance(eta[r], risk) / risk.event.sum()
        else:
            deviance[r], fold_se = _van_houwelingen(centred, risk, split, coefs)
    mean = deviance.mean(axis=0)
    se = deviance.std(axis=0, ddof=1) if len(splits) > 1 else fold_se
    index_min = int(mean[:-1].argmin())
    index_1se = int(np.argmax(mean[:-1] <= mean[index_min] + se[index_min]))
    return CrossValidation(
        lambdas=path.lambdas,
        deviance=deviance[:, :-1],
        null_deviance=deviance[:, -1],
        mean=mean[:-1],
        se=se[:-1],
        index_min=index_min,
        index_1se=index_1se,
        eta_min=eta[:, index_min],
        eta_1se=eta[:, index_1se],
        eta_null=eta[:, -1],
        criterion=criterion,
    )


def count_concordance(eta: ArrayLike, risk: RiskSets) -> Concordance:
    """Return Harrell's C: how often the patient who dies first had the larger linear predictor.

    Parameters
    ----------
    eta
        (n,) linear predictors; a larger one means a larger hazard.
    risk
        Risk sets of the n patients.

    Returns
    -------
    Concordance
        C = (concordant + tied/2) / comparable pairs.

    Notes
    -----
    A pair is comparable at an event if the other patient is of the same stratum, at risk at that time (so with delayed
    entry both are), and does not have the event at that time. Witness: R ``survival::concordance`` in DOMAIN B.
    """
    score = np.round(np.asarray(eta, dtype=np.float64), _DIGITS)
    order = np.argsort(risk.stop, kind="stable")
    start, last, event, score = risk.start[order], risk.stop[order] - 1, risk.event[order], score[order]
    bounds = np.searchsorted(last, np.arange(risk.n_slots + 1))
    concordant = discordant = tied = 0
    for k in range(risk.n_slots):
        leaving = slice(bounds[k], bounds[k + 1])
        failed = score[leaving][event[leaving] & (start[leaving] <= k)]
        rest = slice(bounds[k + 1], None)
        others = [score[leaving][~event[leaving] & (start[leaving] <= k)], score[rest][start[rest] <= k]]
        ranked = np.sort(np.concatenate(others))
        below, upto = np.searchsorted(ranked, failed, "left"), np.searchsorted(ranked, failed, "right")
        concordant += int(below.sum())
        tied += int((upto - below).sum())
        discordant += int((len(ranked) - upto).sum())
    total = concordant + discordant + tied
    value = (concordant + tied / 2) / total if total else float("nan")
    return Concordance(value=value, concordant=concordant, discordant=discordant, tied=tied)


def estimate_uno_c(eta: ArrayLike, risk: RiskSets, *, tau: float | None = None) -> tuple[float, str]:
    """Return Uno's C, weighted for censoring, and the time it is truncated at or why it is not available.

    Parameters
    ----------
    eta
        (n,) linear predictors.
    risk
        Risk sets of the n patients.
    tau
        Only events before this time count, days; None = the last event time with max(2, 10 %) patients at risk.

    Returns
    -------
    tuple[float, str]
        The value, NaN if not available; and a note that starts with ``not_available`` then.

    Notes
    -----
    The censoring weights know neither delayed entry nor strata, so there is no value with either. Computed by
    ``sksurv.metrics.concordance_index_ipcw``.
    """
    if (risk.entry > 0).any():
        return float("nan"), "not_available: censoring weights do not allow for delayed entry"
    if risk.n_strata > 1:
        return float("nan"), "not_available: linear predictors of different strata cannot be compared"
    carried = risk.slot_time[risk.n_at_risk >= max(2.0, 0.1 * len(risk.time))]
    limit = tau if tau is not None else (float(carried.max()) if carried.size else 0.0)
    if not (risk.event & (risk.time < limit)).any():
        return float("nan"), "not_available: no event before the truncation time"
    from sksurv.metrics import concordance_index_ipcw
    from sksurv.util import Surv

    outcome = Surv.from_arrays(event=risk.event, time=risk.time)
    value = concordance_index_ipcw(outcome, outcome, np.asarray(eta, dtype=np.float64), tau=limit)[0]
    return float(value), f"events before {limit:g} days"


def _fit_training(
    matrix: Floats,
    risk: RiskSets,
    rows: NDArray[np.bool_],
    path: CoxnetPath,
    min_altered: int,
    *,
    standardize: bool,
    tol: float,
) -> Floats:
    """Coefficients (L + 1, p) of one training fold; the last row is without penalised columns."""
    if not risk.event[rows].any():
        raise ValueError("a training fold has no event; use fewer folds")
    altered = matrix[rows].sum(axis=0)
    keep = (path.penalty_factor == 0) | (np.minimum(altered, rows.sum() - altered) >= min_altered) | (min_altered == 0)
    fit = fit_coxnet(
        matrix[np.ix_(rows, keep)],
        _subset(risk, rows),
        alpha=path.alpha,
        lambdas=path.lambdas,
        penalty_factor=path.penalty_factor[keep],
        rescale_penalty_factors=False,
        standardize=standardize,
        tol=tol,
    )
    coef = np.zeros((len(path.lambdas) + 1, matrix.shape[1]))
    coef[:, keep] = np.vstack([fit.coef, fit.null_coef])
    return coef


def _subset(risk: RiskSets, rows: NDArray[np.bool_]) -> RiskSets:
    """Risk sets of some of the patients."""
    return build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])


def _deviance(eta: Floats, risk: RiskSets) -> Floats:
    """Deviance of (..., n) linear predictors."""
    saturated = -float(risk.n_events @ np.log(risk.n_events))
    return 2 * (saturated - breslow_loglik(eta, risk))


def _van_houwelingen(
    matrix: Floats, risk: RiskSets, split: NDArray[np.intp], coefs: dict[int, Floats]
) -> tuple[Floats, Floats]:
    """Return what each left-out fold adds to the deviance, per event, and the SE over folds."""
    added = np.empty((len(coefs), len(next(iter(coefs.values())))))
    events = np.empty(len(coefs))
    for k, (fold, coef) in enumerate(coefs.items()):
        eta, rows = coef @ matrix.T, split != fold
        added[k] = _deviance(eta, risk) - _deviance(eta[:, rows], _subset(risk, rows))
        events[k] = risk.event[~rows].sum()
    mean = added.sum(axis=0) / events.sum()
    used = events > 0
    spread = ((added[used] / events[used, None] - mean) ** 2 * events[used, None]).sum(axis=0) / events.sum()
    return mean, np.sqrt(spread / (used.sum() - 1))
