"""Cohorts of the tests of penalised models, and the partial likelihood from its definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from netgen.association.penalised import PenalisedModel, fit_penalised
from netgen.association.riskset import RiskSets, build_risk_sets

GENES = ["MEN1", "DAXX", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2", "RB1"]
QUICK = {"seed": 1, "small": True, "n_lambda": 20, "n_repeats": 3, "bootstrap": 0, "n_outer_repeats": 0}


def naive_loglik(eta, risk: RiskSets, weights=None) -> float:
    """Breslow log partial likelihood from its definition."""
    w = np.ones(len(eta)) if weights is None else np.asarray(weights, dtype=float)
    total = 0.0
    for i in np.flatnonzero(risk.event):
        here = at_risk(risk, i)
        total += w[i] * (eta[i] - np.log(np.sum(w[here] * np.exp(eta[here]))))
    return float(total)


def naive_score(eta, risk: RiskSets, X) -> np.ndarray:
    """Score of the Breslow log partial likelihood from its definition."""
    total = np.zeros(X.shape[1])
    for i in np.flatnonzero(risk.event):
        here = at_risk(risk, i)
        share = np.exp(eta[here] - eta[here].max())
        total += X[i] - share @ X[here] / share.sum()
    return total


def at_risk(risk: RiskSets, i: int) -> np.ndarray:
    """Patients at risk when patient i fails."""
    t = risk.time[i]
    return np.flatnonzero((risk.stratum == risk.stratum[i]) & (risk.entry < t) & (risk.time >= t))


def small_study(seed: int, *, n: int = 40, p: int = 5, entry: bool = True, strata: bool = True) -> tuple[Any, RiskSets]:
    """A random cohort with tied days; the first column is a number, the others are 0/1."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=n), rng.random((n, p - 1)) < 0.35]).astype(float)
    time = np.ceil(rng.exponential(12, n))
    event = rng.random(n) < 0.7
    event[:3] = True
    risk = build_risk_sets(
        time,
        event,
        entry=np.floor(time * rng.random(n) * 0.8) if entry else None,
        strata=rng.integers(0, 2, n) if strata else None,
    )
    return X, risk


def cohort(seed: int, *, n: int = 60, entry: bool = True, strata: bool = True) -> tuple[np.ndarray, RiskSets]:
    """A random cohort with tied days; the first column is a number, the others are 0/1."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(5, 1, n), rng.random((n, 4)) < 0.3]).astype(float)
    time = np.ceil(rng.exponential(15, n) * np.exp(-X[:, 1])) + 1
    risk = build_risk_sets(
        time,
        rng.random(n) < 0.7,
        entry=np.floor(time * rng.random(n) * 0.5) if entry else None,
        strata=rng.integers(0, 2, n) if strata else None,
    )
    return X, risk


def fit_golden(golden: pd.DataFrame, **changes: Any) -> PenalisedModel:
    """Overall survival of the golden cohort with Ki-67 as covariate; two settings unless told otherwise."""
    options = {"covariates": golden[["ki67_pct"]]} | QUICK | changes
    return fit_penalised(golden["os_days"], golden["os_event"] == 1, golden[GENES].astype("Int8"), **options)


def simulate(seed: int, n: int, p: int, *, beta: float = 0.0, freq: float = 0.3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outcomes and genes; only the first gene matters."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"S{i:03d}" for i in range(n)], dtype="string")
    genes = pd.DataFrame(rng.random((n, p)) < freq, index=index, columns=[f"G{j:03d}" for j in range(p)]).astype("Int8")
    time = np.ceil(rng.exponential(500 * np.exp(-beta * genes["G000"].to_numpy(float)))) + 1
    clinical = pd.DataFrame({"time": time, "event": rng.random(n) < 0.7, "age": rng.normal(60, 10, n)}, index=index)
    return clinical, genes
