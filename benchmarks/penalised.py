"""Penalised Cox paths and their cross-validation against glmnet and scikit-survival."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.data import simulate_model
from benchmarks.timing import (
    Line,
    Missing,
    check_equal,
    clock,
    median_time,
    ratio_line,
    run_r,
    skipped_line,
    version,
    write_outcomes,
)
from netgen.association.coxnet import CoxnetPath, fit_coxnet
from netgen.association.penalised_cv import CrossValidation, assign_folds, cross_validate

if TYPE_CHECKING:
    from netgen.association.riskset import RiskSets

N_LAMBDA, RATIO, FOLDS = 100, 0.05, 10
# Of glmnet and scikit-survival at their default thresholds, not of netgen: its optimality conditions hold to 1e-9.
TOLERANCE = 2e-3
THREADS = os.cpu_count() or 1  # as `netgen associate` uses; the peers have no such option, or not by default
CVM_TOLERANCE = 5e-3  # cv.glmnet stops at its default threshold and interpolates between penalties


def penalised(*, quick: bool) -> list[Line]:
    """Compare a path of 100 penalties and its 10-fold cross-validation, one stratum, no delayed entry."""
    sizes = ((300, 20),) if quick else ((2_000, 500), (20_000, 500))
    return [line for n, p in sizes for line in (*_against_glmnet(n, p, delayed=False), _against_coxnet(n, p))]


def penalised_entry(*, quick: bool) -> list[Line]:
    """Compare the same with three strata and delayed entry; the larger cohort: the first 20 penalties, no CV."""
    if quick:
        return _against_glmnet(300, 20, delayed=True, n_lambda=10)
    return [
        *_against_glmnet(2_000, 500, delayed=True),
        *_against_glmnet(20_000, 500, delayed=True, n_lambda=20, cv=False),
    ]


def fit_all(
    X: np.ndarray, risk: RiskSets, lambdas: np.ndarray, folds: np.ndarray
) -> tuple[CoxnetPath, CrossValidation]:
    """Fit path and folds as ``cv.glmnet`` does."""
    path = fit_coxnet(X, risk, lambdas=lambdas)
    return path, cross_validate(X, risk, folds, path=path, criterion="van_houwelingen", threads=THREADS)


def _penalties(X: np.ndarray, risk: RiskSets, n_lambda: int) -> np.ndarray:
    """The first of 100 log-spaced penalties from the largest to a twentieth of it."""
    largest = fit_coxnet(X, risk, n_lambda=1).lambda_max
    return largest * RATIO ** np.linspace(0, 1, N_LAMBDA)[:n_lambda]


def _against_glmnet(n: int, p: int, *, delayed: bool, n_lambda: int = N_LAMBDA, cv: bool = True) -> list[Line]:
    risk, X = simulate_model(n, p, delayed=delayed)
    lambdas = _penalties(X, risk, n_lambda)
    folds = assign_folds(risk.stratum, risk.event, n_folds=FOLDS, n_repeats=1, seed=1)
    name = "path and 10-fold CV" if cv else "path"
    design = ", three strata, delayed entry" if delayed else ""
    work = f"Cox lasso {name}, {n_lambda} penalties, {n:,} x {p}{design}"

    def run() -> object:
        return fit_all(X, risk, lambdas, folds) if cv else fit_coxnet(X, risk, lambdas=lambdas)

    with tempfile.TemporaryDirectory() as folder:
        write_outcomes(Path(folder), risk, X.T, fold=folds[0] + 1)
        np.savetxt(Path(folder) / "lambda.txt", lambdas, fmt="%.17g")
        try:
            found = run_r("penalised.R", Path(folder), "cv" if cv else "path", str(delayed).upper())
        except Missing as reason:
            return [skipped_line(work, "R glmnet", reason, ours=median_time(run))]
        coef = pd.read_csv(Path(folder) / "coef.csv").to_numpy().T
        cvm = pd.read_csv(Path(folder) / "cvm.csv")["cvm"].to_numpy() if cv else None
    note = check_equal("coefficients", fit_coxnet(X, risk, lambdas=lambdas).coef[: len(coef)], coef, TOLERANCE)
    if cvm is not None:
        note += "; " + check_equal(
            "CV deviances", fit_all(X, risk, lambdas, folds)[1].mean[: len(cvm)], cvm, CVM_TOLERANCE
        )
        note += f"; folds in {THREADS} threads"
    peer = f"{found['glmnet']} {'cv.glmnet' if cv else 'glmnet'}"
    return [ratio_line(work, median_time(run), peer, found["work"], floor=20 if delayed else 5, note=note)]


def _against_coxnet(n: int, p: int) -> Line:
    """Compare the path with scikit-survival's, which has neither strata nor delayed entry."""
    risk, X = simulate_model(n, p, delayed=False)
    work = f"Cox lasso path, {N_LAMBDA} penalties, {n:,} x {p}"
    try:
        label = f"{version('scikit-survival')} CoxnetSurvivalAnalysis"
    except Missing as reason:
        return skipped_line(work, "scikit-survival", reason)
    from sksurv.linear_model import CoxnetSurvivalAnalysis
    from sksurv.util import Surv

    lambdas = _penalties(X, risk, N_LAMBDA)
    y = Surv.from_arrays(risk.event, risk.time)
    peer = CoxnetSurvivalAnalysis(alphas=lambdas, l1_ratio=1.0, normalize=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clock(lambda: peer.fit(X, y))
        theirs = peer.coef_.T  # it may end early without saying so
        note = check_equal("coefficients", fit_coxnet(X, risk, lambdas=lambdas).coef[: len(theirs)], theirs, TOLERANCE)
        if len(theirs) < len(lambdas):
            note += f"; the peer stopped after {len(theirs)} of {len(lambdas)} penalties"
        seconds = median_time(lambda: peer.fit(X, y), 3)
    return ratio_line(work, median_time(lambda: fit_coxnet(X, risk, lambdas=lambdas)), label, seconds, note=note)
