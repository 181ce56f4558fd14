"""Time the per-gene kernels against R survival and lifelines in one run, on the same data: ``make bench``.

Results are compared before anything is timed. Peers run on a subset of the genes and their time is scaled to all of
them; the number of genes they ran on is printed. A peer that is not installed is named and left out.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen.association.cox import scan_cox
from netgen.association.firth import scan_firth
from netgen.association.logrank import scan_logrank
from netgen.association.permutation import scan_permutation
from netgen.association.riskset import RiskSets, build_risk_sets

if TYPE_CHECKING:
    from collections.abc import Callable

R_GENES, LIFELINES_GENES, REPEATS = 300, 30, 5
HERE = Path(__file__).parent


def simulate(n: int, m: int, *, seed: int = 1) -> tuple[RiskSets, np.ndarray]:
    """Return outcomes of n patients in whole days (about 60 % events) and m genes, each altered in 1-20 %."""
    rng = np.random.default_rng(seed)
    survival, censoring = rng.exponential(900, n), rng.exponential(1400, n)
    days = np.ceil(np.minimum(survival, censoring))
    rate = rng.uniform(0.01, 0.2, m)
    genes = (rng.random((m, n)) < rate[:, None]).astype(np.int8)
    return build_risk_sets(days, survival <= censoring), genes


def median_time(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median wall time of several runs, after one that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def run_r(risk: RiskSets, genes: np.ndarray) -> tuple[pd.DataFrame, float, float, str] | None:
    """Return R's coefficients and log-rank statistics, seconds per gene for both, and the version; None without R."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        data = pd.DataFrame(genes[:R_GENES].T, columns=[f"g{i}" for i in range(min(R_GENES, len(genes)))])
        data.insert(0, "event", risk.event.astype(int))
        data.insert(0, "time", risk.time)
        data.to_csv(f"{folder}/data.csv", index=False)
        command = ["Rscript", str(HERE / "coxph.R"), f"{folder}/data.csv", str(data.shape[1] - 2), f"{folder}/out.csv"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"  R survival left out: {done.stderr.strip().splitlines()[-1]}")
            return None
        cox, logrank, version = done.stdout.split()
        table = pd.read_csv(f"{folder}/out.csv")
    return table, float(cox) / len(table), float(logrank) / len(table), version


def run_lifelines(risk: RiskSets, genes: np.ndarray) -> tuple[np.ndarray, float]:
    """Return lifelines' coefficients of the first genes and its seconds per gene."""
    from lifelines import CoxPHFitter

    frames = [
        pd.DataFrame({"t": risk.time, "d": risk.event, "g": gene.astype(float)}) for gene in genes[:LIFELINES_GENES]
    ]
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        coef = [CoxPHFitter().fit(frame, "t", "d").params_["g"] for frame in frames]
    return np.array(coef), (time.perf_counter() - started) / len(frames)


def compare(n: int, m: int) -> None:
    """Print netgen's times at n patients x m genes and the ratios to the peers."""
    risk, genes = simulate(n, m)
    print(f"\n{n:,} patients x {m:,} genes, {int(risk.event.sum()):,} events")
    scan, logrank = scan_cox(risk, genes), scan_logrank(risk, genes)
    cox = median_time(lambda: scan_cox(risk, genes))
    rank = median_time(lambda: scan_logrank(risk, genes))
    print(f"  netgen   Cox {cox:.3f} s   log-rank {rank:.3f} s", end="")
    print(f"   Firth with limits {median_time(lambda: scan_firth(risk, genes), 1):.2f} s")
    r = run_r(risk, genes)
    if r is not None:
        table, per_cox, per_rank, version = r
        ok = scan.status[: len(table)] == "ok"
        assert np.abs(scan.coef[: len(table)][ok] - table["coef"][ok]).max() < 1e-6, "Cox differs from R"
        assert np.abs(logrank.chi2[: len(table)] - table["chisq"]).max() < 1e-6, "log-rank differs from R"
        print(f"  R survival {version} on {len(table)} genes, scaled:", end="")
        print(f" coxph {per_cox * m:.1f} s ({per_cox * m / cox:.0f} x)", end="")
        print(f"   survdiff {per_rank * m:.1f} s ({per_rank * m / rank:.0f} x)")
    coef, per_gene = run_lifelines(risk, genes)
    ok = scan.status[: len(coef)] == "ok"
    assert np.abs(scan.coef[: len(coef)][ok] - coef[ok]).max() < 1e-3, "Cox differs from lifelines"
    print(f"  lifelines on {len(coef)} genes, scaled: {per_gene * m:.0f} s ({per_gene * m / cox:.0f} x)")


def main() -> None:
    """Run the comparisons."""
    compare(2_000, 500)
    compare(2_000, 5_000)
    risk, genes = simulate(10_000, 20_000)
    print("\n10,000 patients x 20,000 genes")
    print(f"  netgen   Cox {median_time(lambda: scan_cox(risk, genes), 1):.2f} s", end="")
    print(f"   log-rank {median_time(lambda: scan_logrank(risk, genes), 1):.2f} s")
    risk, genes = simulate(2_000, 500)
    draws = {"max_draws": 1_000, "exceedances": 1_001, "max_exact": 1}
    seconds = median_time(lambda: scan_permutation(risk, genes, seed=1, **draws), 1)
    print(f"\n1,000 permutations of 500 genes, 2,000 patients: {seconds:.2f} s")


if __name__ == "__main__":
    main()
