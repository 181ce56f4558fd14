"""What doubling the work costs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.data import simulate
from benchmarks.permutations import permute
from benchmarks.timing import Line, median_time, number_text
from netgen.association.cox import scan_cox
from netgen.association.cox_adjusted import scan_cox_adjusted
from netgen.association.firth import scan_firth
from netgen.association.logrank import scan_logrank
from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgen.association.riskset import RiskSets

MOST = 2.2


def growth(*, quick: bool) -> list[Line]:
    """Double patients, genes, permutations and strata; times are not rounded, so that event times double as well."""
    n, m = (200, 50) if quick else (4_000, 2_000)
    scans: dict[str, Callable[[RiskSets, np.ndarray], object]] = {
        "Cox": scan_cox,
        "Firth": scan_firth,
        "log-rank": scan_logrank,
        "adjusted Cox": lambda risk, genes: scan_cox_adjusted(risk, genes, _covariates(risk)),
        "1,000 permutations": lambda risk, genes: permute(risk, genes, 1_000),
    }
    lines = []
    for name, scan in scans.items():
        k = m if name in {"Cox", "Firth", "log-rank"} else m // 10
        once = _time(scan, n, k)
        lines.append(_line(f"{name}, {n:,} x {k:,}: twice the patients", once, _time(scan, 2 * n, k)))
        lines.append(_line(f"{name}, {n:,} x {k:,}: twice the genes", once, _time(scan, n, 2 * k)))
    once, twice = (_time(partial(permute, draws=draws), n, m // 10) for draws in (4_000, 8_000))
    lines.append(_line(f"permutations, {n:,} x {m // 10:,}: twice the 4,000 draws", once, twice))
    return [*lines, *_strata(n, m)]


def _time(scan: Callable[[RiskSets, np.ndarray], object], n: int, m: int) -> float:
    """Median seconds of a scan of n patients x m genes."""
    risk, genes = simulate(n, m, whole_days=False)
    return median_time(lambda: scan(risk, genes), 3)


def _strata(n: int, m: int) -> list[Line]:
    """Double the strata of the same patients."""
    plain, genes = simulate(n, m, whole_days=False)
    times = []
    for n_strata in (4, 8):
        labels = np.random.default_rng(8).integers(0, n_strata, n)
        risk = build_risk_sets(plain.time, plain.event, strata=labels)
        times.append(median_time(partial(scan_cox, risk, genes), 3))
    return [_line(f"Cox, {n:,} x {m:,}: twice the 4 strata", *times)]


def _line(work: str, once: float, twice: float) -> Line:
    """One doubling: the ratio of the times, and its exponent."""
    ratio = twice / once
    return Line(
        work=work,
        ours=f"{number_text(once)} s -> {number_text(twice)} s",
        result=f"{ratio:.2f} x",
        yardstick=f"at most {MOST} x",
        met=ratio <= MOST,
        note=f"exponent {np.log2(ratio):.2f}",
    )


def _covariates(risk: RiskSets) -> np.ndarray:
    """Two covariates."""
    return np.random.default_rng(3).normal(size=(len(risk.time), 2))
