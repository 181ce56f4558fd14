"""Survival statistics written down as loops, straight from their definitions. Slow, and meant to be read.

A patient is at risk at t when entry < t <= time; events happen before censorings of the same day.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import optimize


class Outcome(NamedTuple):
    """Lists of one length: times, events, entries (-inf = observed from the origin), stratum labels."""

    time: list[float]
    event: list[bool]
    entry: list[float]
    stratum: list[object]


def outcome(time, event, entry=None, strata=None) -> Outcome:
    n = len(time)
    return Outcome(
        [float(t) for t in time],
        [bool(d) for d in event],
        [-math.inf] * n if entry is None else [float(e) for e in entry],
        [0] * n if strata is None else list(strata),
    )


def event_times(y: Outcome, stratum: object) -> list[float]:
    return sorted({t for t, d, s in zip(y.time, y.event, y.stratum, strict=True) if d and s == stratum})


def at_risk(y: Outcome, t: float, stratum: object) -> list[int]:
    return [i for i in range(len(y.time)) if y.stratum[i] == stratum and y.entry[i] < t <= y.time[i]]


def failing(y: Outcome, t: float, stratum: object) -> list[int]:
    return [i for i in range(len(y.time)) if y.stratum[i] == stratum and y.time[i] == t and y.event[i]]


def kaplan_meier(y: Outcome) -> list[tuple[float, int, int, float, float]]:
    """(time, at risk, events, S, Greenwood standard error of S) at every event time."""
    rows, survival, variance = [], 1.0, 0.0
    for t in event_times(y, 0):
        n, d = len(at_risk(y, t, 0)), len(failing(y, t, 0))
        survival *= 1 - d / n
        variance = variance + d / (n * (n - d)) if n > d else math.inf
        rows.append((t, n, d, survival, survival * math.sqrt(variance) if survival > 0 else math.nan))
    return rows


def restricted_mean(y: Outcome, tau: float) -> float:
    """Area under the curve, day by day; times and tau are whole days."""
    steps = [(0.0, 1.0)] + [(t, s) for t, _, _, s, _ in kaplan_meier(y)]
    return sum(max((t, s) for t, s in steps if t <= day)[1] for day in range(int(tau)))


def logrank(y: Outcome, x, rho: float = 0.0) -> tuple[float, float, float]:
    """Observed, expected and variance of the events in the group x = 1."""
    observed = expected = variance = 0.0
    for s in set(y.stratum):
        survival = 1.0
        for t in event_times(y, s):
            risk, dead = at_risk(y, t, s), failing(y, t, s)
            n, n1, d, d1 = len(risk), sum(x[i] for i in risk), len(dead), sum(x[i] for i in dead)
            w = survival**rho
            observed += w * d1
            expected += w * d * n1 / n
            if n > 1:
                variance += w**2 * d * (n1 / n) * (1 - n1 / n) * (n - d) / (n - 1)
            survival *= 1 - d / n
    return observed, expected, variance


def log_partial_likelihood(beta, x, y: Outcome, ties: str) -> float:
    """Cox log partial likelihood; x is a list of covariate vectors."""
    eta = [sum(b * v for b, v in zip(beta, row, strict=True)) for row in x]
    total = 0.0
    for s in set(y.stratum):
        for t in event_times(y, s):
            dead = failing(y, t, s)
            everybody = sum(math.exp(eta[i]) for i in at_risk(y, t, s))
            tied = sum(math.exp(eta[i]) for i in dead)
            total += sum(eta[i] for i in dead)
            for nth in range(len(dead)):
                gone = nth / len(dead) if ties == "efron" else 0.0
                total -= math.log(everybody - gone * tied)
    return total


def cox(x, y: Outcome, ties: str) -> np.ndarray:
    """Coefficients that maximise the log partial likelihood, by a method that uses no derivatives of ours."""
    found = optimize.minimize(
        lambda beta: -log_partial_likelihood(beta, x, y, ties),
        np.zeros(len(x[0])),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000},
    )
    return found.x


def second_derivative(function, at: float, step: float = 1e-3) -> float:
    """Five-point formula; error of order step^4."""
    values = [function(at + k * step) for k in (-2, -1, 0, 1, 2)]
    return (-values[0] + 16 * values[1] - 30 * values[2] + 16 * values[3] - values[4]) / (12 * step**2)


def is_informative(y: Outcome, x) -> tuple[bool, bool]:
    """Does an altered patient fail beside wild type, does a wild-type patient fail beside altered?"""
    plus = minus = False
    for s in set(y.stratum):
        for t in event_times(y, s):
            risk, dead = at_risk(y, t, s), failing(y, t, s)
            if 0 < sum(x[i] for i in risk) < len(risk):
                plus |= any(x[i] == 1 for i in dead)
                minus |= any(x[i] == 0 for i in dead)
    return plus, minus
