"""One Cox model or log-rank test per gene."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.data import simulate
from benchmarks.timing import (
    Line,
    Missing,
    check_equal,
    clock,
    measure_apart,
    median_time,
    ratio_line,
    run_r,
    skipped_line,
    version,
    write_outcomes,
)
from netgen.association.cox import scan_cox
from netgen.association.cox_adjusted import scan_cox_adjusted
from netgen.association.firth import scan_firth
from netgen.association.logrank import scan_logrank
from netgen.association.riskset import RiskSets, build_risk_sets

if TYPE_CHECKING:
    from collections.abc import Callable

    # Fits the given genes one by one and returns one number per gene.
    Peer = Callable[[RiskSets, np.ndarray], np.ndarray]


def cox(*, quick: bool) -> list[Line]:
    """Compare unadjusted Cox models, 2,000 patients x 5,000 genes."""
    n, m, few = (400, 60, 3) if quick else (2_000, 5_000, 20)
    risk, genes = simulate(n, m)
    work = f"per-gene Cox, {n:,} x {m:,}"
    scan = scan_cox(risk, genes)
    ours = scan.coef, lambda: scan_cox(risk, genes)
    r = _against_r(work, "cox", risk, genes, *ours, n_genes=10 * few, floor=100, tolerance=1e-6)
    return r + [
        _against(work, name, peer, risk, genes, *ours, n_genes=few, floor=floor, tolerance=tolerance)
        for name, peer, floor, tolerance in (
            ("lifelines", _lifelines, 3_000, 1e-3),  # its default stopping rule is that loose (STATISTICS 3)
            ("statsmodels", _phreg, None, 1e-3),
            ("scikit-survival", _sksurv, None, 1e-5),
        )
    ]


def adjusted(*, quick: bool) -> list[Line]:
    """Compare Cox models of a gene and two covariates, three strata."""
    n, m, r_genes = (400, 60, 10) if quick else (2_000, 5_000, 100)
    plain, genes = simulate(n, m)
    rng = np.random.default_rng(3)
    age, sex = rng.normal(6, 1, n), rng.integers(0, 2, n)
    risk = build_risk_sets(plain.time, plain.event, strata=rng.integers(0, 3, n))
    design = np.column_stack([age, sex])
    scan = scan_cox_adjusted(risk, genes, design)
    work = f"per-gene Cox, two covariates, three strata, {n:,} x {m:,}"
    return _against_r(
        work, "adjusted", risk, genes, scan.coef, lambda: scan_cox_adjusted(risk, genes, design), n_genes=r_genes,
        floor=30, tolerance=1e-6, age=age, sex=sex,
    )  # fmt: skip


def logrank(*, quick: bool) -> list[Line]:
    """Compare log-rank tests, 10,000 patients x 20,000 genes."""
    n, m, few = (400, 60, 3) if quick else (10_000, 20_000, 10)
    risk, genes = simulate(n, m)
    work = f"per-gene log-rank, {n:,} x {m:,}"
    scan = scan_logrank(risk, genes)
    ours = scan.chi2, lambda: scan_logrank(risk, genes)
    return [
        *_against_r(work, "logrank", risk, genes, *ours, n_genes=5 * few, floor=500, tolerance=1e-6),
        _against(work, "statsmodels", _survdiff, risk, genes, *ours, n_genes=few, floor=None, tolerance=1e-6),
        _against(work, "lifelines", _logrank_test, risk, genes, *ours, n_genes=few, floor=None, tolerance=1e-6),
    ]


def large(*, quick: bool) -> list[Line]:
    """Time Cox and Firth models of 10,000 patients x 20,000 genes, and their memory beyond the input."""
    n, m = (400, 60) if quick else (10_000, 20_000)
    lines = []
    for name in ("cox", "firth"):
        found = measure_apart("benchmarks.large", name, n, m)
        work = f"{name.capitalize()}, all genes, {n:,} x {m:,}"
        gigabytes = found["bytes"] / 1e9
        lines.append(
            Line(
                work=work,
                ours=f"{found['seconds']:.3g} s, {gigabytes:.2f} GB",
                result=f"{found['seconds']:.3g} s, {gigabytes:.2f} GB",
                yardstick="within seconds (10), under 1 GB beyond the input",
                met=found["seconds"] <= 10 and gigabytes < 1,
                note=f"in a process of its own; {found['genes']:.0f} genes equal to a fit by definition to 1e-5",
            )
        )
    reason = "no peer here: coxphf, logistf and firthmodels are not among the packages"
    return [*lines, skipped_line(f"Firth, all genes, {n:,} x {m:,}", "coxphf", reason)]


def firth_by_definition(risk: RiskSets, gene: np.ndarray) -> float:
    """Return the maximiser of log partial likelihood + half log information (Efron), by minimisation of one number."""
    from scipy.optimize import minimize_scalar

    altered, total, observed = [], [], float(gene[risk.event].sum())
    for slot in range(risk.n_slots):
        here = (risk.start <= slot) & (slot < risk.stop)
        dead = risk.event & (risk.event_slot == slot)
        for share in np.arange(dead.sum()) / dead.sum():
            altered.append(gene[here].sum() - share * gene[dead].sum())
            total.append(here.sum() - share * dead.sum())
    a, t = np.array(altered), np.array(total)

    def loss(b: float) -> float:
        q = a * np.exp(b) / (t + a * np.expm1(b))
        return float(np.log(t + a * np.expm1(b)).sum() - observed * b - 0.5 * np.log((q * (1 - q)).sum()))

    return float(minimize_scalar(loss, bounds=(-8, 8), method="bounded", options={"xatol": 1e-9}).x)


def _against_r(
    work: str, kind: str, risk: RiskSets, genes: np.ndarray, values: np.ndarray, run: Callable[[], object], *,
    n_genes: int, floor: float, tolerance: float, **columns: np.ndarray,
) -> list[Line]:  # fmt: skip
    """Compare with a model per gene in R survival, on the first genes, scaled to all."""
    peer = {"logrank": "survdiff"}.get(kind, "coxph")
    with tempfile.TemporaryDirectory() as folder:
        write_outcomes(Path(folder), risk, genes[:n_genes], **columns)
        try:
            found = run_r("per_gene.R", Path(folder), kind)
        except Missing as reason:
            return [skipped_line(work, f"R {peer}", reason, ours=median_time(run))]
        theirs = pd.read_csv(Path(folder) / "out.csv")["value"].to_numpy()
    finite = np.isfinite(values[: len(theirs)])
    note = check_equal(peer, values[: len(theirs)][finite], theirs[finite], tolerance)
    note += f"; R on {len(theirs)} genes, scaled"
    scaled = found["work"] * len(genes) / len(theirs)
    return [ratio_line(work, median_time(run), f"{found['survival']} {peer}", scaled, floor=floor, note=note)]


def _against(
    work: str, name: str, peer: Peer, risk: RiskSets, genes: np.ndarray, values: np.ndarray,
    run: Callable[[], object], *, n_genes: int, floor: float | None, tolerance: float,
) -> Line:  # fmt: skip
    """Compare with a Python package on the first genes with a finite estimate, scaled to all."""
    try:
        label = version(name)
    except Missing as reason:
        return skipped_line(work, name, reason)
    some = np.flatnonzero(np.isfinite(values))[:n_genes]
    theirs = np.empty(0)

    def fit() -> None:
        nonlocal theirs
        theirs = peer(risk, genes[some])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clock(fit)  # imports what the peer needs
        note = check_equal("estimates", values[some], theirs, tolerance) + f"; peer on {len(some)} genes, scaled"
        scaled = median_time(fit, 3) * len(genes) / len(some)
    return ratio_line(work, median_time(run), label, scaled, floor=floor, note=note)


def _lifelines(risk: RiskSets, genes: np.ndarray) -> np.ndarray:
    from lifelines import CoxPHFitter

    frames = (pd.DataFrame({"t": risk.time, "d": risk.event, "g": gene.astype(float)}) for gene in genes)
    return np.array([CoxPHFitter().fit(frame, "t", "d").params_["g"] for frame in frames])


def _phreg(risk: RiskSets, genes: np.ndarray) -> np.ndarray:
    from statsmodels.duration.hazard_regression import PHReg

    columns = (gene[:, None].astype(float) for gene in genes)
    return np.array([PHReg(risk.time, x, status=risk.event, ties="efron").fit().params[0] for x in columns])


def _sksurv(risk: RiskSets, genes: np.ndarray) -> np.ndarray:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    y = Surv.from_arrays(risk.event, risk.time)
    return np.array(
        [CoxPHSurvivalAnalysis(ties="efron").fit(gene[:, None].astype(float), y).coef_[0] for gene in genes]
    )


def _survdiff(risk: RiskSets, genes: np.ndarray) -> np.ndarray:
    from statsmodels.duration.survfunc import survdiff

    return np.array([survdiff(risk.time, risk.event, gene)[0] for gene in genes])


def _logrank_test(risk: RiskSets, genes: np.ndarray) -> np.ndarray:
    from lifelines.statistics import logrank_test

    t, d = risk.time, risk.event
    return np.array([logrank_test(t[g == 1], t[g == 0], d[g == 1], d[g == 0]).test_statistic for g in genes])


def check_firth(risk: RiskSets, genes: np.ndarray, coef: np.ndarray) -> int:
    """Compare Firth estimates of a few genes with a fit by definition; return how many."""
    check_equal("Firth", coef, np.array([firth_by_definition(risk, gene) for gene in genes]), 1e-5)
    return len(genes)


def check_cox(risk: RiskSets, genes: np.ndarray, coef: np.ndarray) -> int:
    """Compare Cox estimates of a few genes with the general model of many covariates; return how many."""
    from netgen.association.cox_model import fit_cox

    fits = [fit_cox(gene[:, None].astype(float), risk.time, risk.event).coef[0] for gene in genes]
    check_equal("Cox", coef, np.array(fits), 1e-6)
    return len(genes)


SCANS = {"cox": (scan_cox, check_cox), "firth": (scan_firth, check_firth)}
