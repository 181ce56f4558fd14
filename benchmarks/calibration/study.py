"""The cells of the study, run in parallel, and what is counted in each."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.stats import binom
from threadpoolctl import threadpool_limits

from benchmarks.calibration.measure import ESTIMATES, METHODS, measure
from benchmarks.calibration.scenarios import SCENARIOS, Scenario, simulate
from netgen.association.permutation import MAX_EXACT
from netgen.provenance import MASTER_SEED, derive_seed

if TYPE_CHECKING:
    from collections.abc import Iterable

LEVELS: Final = (0.05, 0.01)
# Patients -> altered patients, true hazard ratios, cohorts under the null and under each effect, exact up to, draws.
# Larger cohorts draw sooner and less than netgen does; p = (1 + b) / (1 + B) keeps its level with any B.
SIZES: Final = {
    34: ((3, 5, 10), (1.0, 2.0, 4.0), (4000, 1000), (MAX_EXACT, 20_000)),
    100: ((5, 10, 30), (1.0, 2.0, 4.0), (2000, 500), (1e6, 2_999)),
    1000: ((10, 30, 100), (1.0, 1.5), (1000, 500), (1e6, 999)),
}
_PATIENTS: Final = 850  # patients of the cohorts that are fitted at once
FLAG: Final = 0.001  # one-sided binomial p below which a rate is called different from nominal


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One design: follow-up, size, altered patients, true hazard ratio, number of cohorts."""

    scenario: Scenario
    n: int
    n_altered: int
    hr: float
    n_sets: int
    max_exact: float = MAX_EXACT
    max_draws: int = 20_000
    seed: int = MASTER_SEED


def list_cells(*, scale: float = 1.0, seed: int = MASTER_SEED) -> list[Cell]:
    """Return all designs; ``scale`` multiplies the number of cohorts (at least 20 each)."""
    return [
        Cell(
            scenario=scenario,
            n=n,
            n_altered=k,
            hr=hr,
            n_sets=max(20, round(scale * (null if hr == 1 else effect))),
            max_exact=max_exact,
            max_draws=max_draws,
            seed=seed,
        )
        for n, (altered, ratios, (null, effect), (max_exact, max_draws)) in SIZES.items()
        for scenario in SCENARIOS
        for k in altered
        for hr in ratios
    ]


def run_cell(cell: Cell) -> pd.DataFrame:
    """Return one row per cohort of a design (``measure``); depends on the design and its seed alone."""
    size = max(1, _PATIENTS // cell.n)
    parts = []
    for first in range(0, cell.n_sets, size):
        name = f"calibration:{cell.scenario.name}:{cell.n}:{cell.n_altered}:{cell.hr:g}:{first}"
        batch = simulate(
            cell.scenario,
            n=cell.n,
            n_altered=cell.n_altered,
            log_hr=np.log(cell.hr),
            n_sets=min(size, cell.n_sets - first),
            rng=np.random.default_rng(derive_seed(name, master=cell.seed)),
        )
        seed = derive_seed(f"{name}:permutation", master=cell.seed)
        parts.append(measure(batch, seed=seed, max_exact=cell.max_exact, max_draws=cell.max_draws))
    return pd.concat(parts, ignore_index=True)


def summarise(cell: Cell, table: pd.DataFrame) -> dict[str, object]:
    """Return the rates of one design, over the cohorts whose gene is tested.

    ``rate_<method>_<level>``: share with p at most the level; a missing p (Wald of an infinite estimate) rejects
    nothing. ``cover_<estimate>``: share of the intervals that hold the truth; an open limit is infinite; for ``cox``
    over the cohorts with a finite estimate. ``bias_<estimate>``: median log HR less the truth.
    """
    kept = table[table["tested"]]
    truth = np.log(cell.hr)
    out: dict[str, object] = {
        "scenario": cell.scenario.name,
        "n": cell.n,
        "altered": cell.n_altered,
        "hr": cell.hr,
        "sets": len(table),
        "tested": len(kept),
        "events": float((table["events_altered"] + table["events_unaltered"]).mean()),
        "infinite": float(np.isinf(kept["coef_cox"]).mean()),
        "small": float((table["mode"] == "small").mean()),
        "permuted": float((kept["p_method"] == "permutation").mean()),
        "warned": float(kept["warned"].mean()),
    }
    for method in METHODS:
        for level in LEVELS:
            out[f"rate_{method}_{level:g}"] = float((kept[f"p_{method}"] <= level + 1e-12).mean())
    calm = kept[~kept["warned"]]
    out["calm"] = len(calm)
    out["rate_calm_0.05"] = float((calm["p_default"] <= 0.05 + 1e-12).mean())
    for name in ESTIMATES:
        finite = kept[np.isfinite(kept[f"coef_{name}"])]
        inside = (finite[f"lo_{name}"] <= truth) & (truth <= finite[f"hi_{name}"])
        out[f"n_cover_{name}"] = len(finite)
        out[f"cover_{name}"] = float(inside.mean())
        out[f"bias_{name}"] = float(kept[f"coef_{name}"].median() - truth)
    return out


def is_above(rate: float, n: int, nominal: float) -> bool:
    """Whether a rate of n cohorts is above nominal beyond Monte-Carlo error (one-sided p < ``FLAG``)."""
    return bool(binom.sf(round(rate * n) - 1, n, nominal) < FLAG)


def is_below(rate: float, n: int, nominal: float) -> bool:
    """Whether a rate of n cohorts is below nominal beyond Monte-Carlo error (one-sided p < ``FLAG``)."""
    return bool(binom.cdf(round(rate * n), n, nominal) < FLAG)


def run_study(cells: Iterable[Cell], *, workers: int | None = None) -> pd.DataFrame:
    """Return one row of rates per design, in the order of ``cells``; the same for any number of workers."""
    cells = list(cells)
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        return pd.DataFrame(list(pool.map(_run, cells)))


def _run(cell: Cell) -> dict[str, object]:
    with threadpool_limits(1):
        return summarise(cell, run_cell(cell))
