"""Efron's partial likelihood with case weights, from its definition, as loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from netgen.association.riskset import RiskSets


def naive_efron(eta, risk: RiskSets, weights=None) -> float:
    """Log partial likelihood: tied events leave the risk set by and by, their weight is shared evenly (R ``coxph``)."""
    w = np.ones(len(eta)) if weights is None else np.asarray(weights, dtype=float)
    total = 0.0
    for stratum, t in {
        (int(s), float(t)) for s, t in zip(risk.stratum[risk.event], risk.time[risk.event], strict=True)
    }:
        same = risk.stratum == stratum
        dead = np.flatnonzero(same & risk.event & (risk.time == t) & (w > 0))
        here = np.flatnonzero(same & (risk.entry < t) & (risk.time >= t))
        at_risk, tied = np.sum(w[here] * np.exp(eta[here])), np.sum(w[dead] * np.exp(eta[dead]))
        total += np.sum(w[dead] * eta[dead])
        for k in range(len(dead)):
            total -= np.mean(w[dead]) * np.log(at_risk - k / len(dead) * tied)
    return float(total)


def numeric_slope(f, b, h: float = 1e-5) -> np.ndarray:
    """Central differences of a function of a vector."""
    return np.array([(f(b + h * e) - f(b - h * e)) / (2 * h) for e in np.eye(len(b))])
