"""Simulated cohorts and files that all peers get."""

from __future__ import annotations

from typing import Final

import numpy as np

from netgen.association.riskset import RiskSets, build_risk_sets

BLOCK: Final = 256  # genes drawn at a time, so that making the input takes little more memory than the input


def simulate(n: int, m: int, *, seed: int = 1, whole_days: bool = True) -> tuple[RiskSets, np.ndarray]:
    """Return outcomes of n patients (about 60 % events) and m genes, each altered in 1-20 %, independent of them."""
    rng = np.random.default_rng(seed)
    survival, censoring = rng.exponential(900, n), rng.exponential(1400, n)
    days = np.minimum(survival, censoring)
    genes = simulate_genes(rng, n, m)
    return build_risk_sets(np.ceil(days) if whole_days else days, survival <= censoring), genes


def simulate_genes(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
    """Return (m, n) statuses; every gene has altered patients."""
    genes = np.zeros((m, n), dtype=np.int8)
    for first in range(0, m, BLOCK):
        part = genes[first : first + BLOCK]
        part[:] = rng.random(part.shape, dtype=np.float32) < rng.uniform(0.01, 0.2, (len(part), 1))
    genes[:, :2] |= (genes.sum(axis=1, dtype=np.int64) < 2)[:, None].astype(np.int8)
    return genes


def simulate_model(n: int, p: int, *, delayed: bool, seed: int = 2) -> tuple[RiskSets, np.ndarray]:
    """Return outcomes that depend on ten of p binary columns (n, p); 3 strata and delayed entry on request.

    Times are all different: glmnet 4.1 mishandles an event and a censoring at the same time beyond 60 days.
    """
    rng = np.random.default_rng(seed)
    X = (rng.random((n, p)) < rng.uniform(0.05, 0.3, p)).astype(np.float64)
    effect = np.where(np.arange(p) < 10, 0.6 * (-1.0) ** np.arange(p), 0.0)
    entry = rng.uniform(0, 300, n) if delayed else np.zeros(n)
    stratum = rng.integers(0, 3, n) if delayed else np.zeros(n, dtype=int)
    survival = entry + rng.exponential(900, n) * np.exp(-X @ effect) * (1 + stratum)
    censoring = entry + rng.exponential(1400, n)
    time = np.minimum(survival, censoring)
    risk = build_risk_sets(time, survival <= censoring, entry=entry if delayed else None, strata=stratum)
    return risk, X
