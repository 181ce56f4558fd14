"""Run the calibration study and write its page and figures: ``make calibration``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pandas as pd

from benchmarks.calibration.figures import draw_coverage, draw_type1
from benchmarks.calibration.page import write_page
from benchmarks.calibration.study import list_cells, run_study
from netgen.provenance import MASTER_SEED


def main() -> None:
    """Parse the options, run, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of calibration.md and figures/")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of simulated cohorts")
    parser.add_argument("--seed", type=int, default=MASTER_SEED)
    parser.add_argument("--workers", type=int, default=None, help="processes; default: one per core")
    parser.add_argument("--table", type=Path, default=None, help="also write all rates here, as TSV")
    parser.add_argument("--reuse", type=Path, default=None, help="write page and figures from such a TSV")
    options = parser.parse_args()
    started = time.perf_counter()
    if options.reuse is None:
        rates = run_study(list_cells(scale=options.scale, seed=options.seed), workers=options.workers)
    else:
        rates = pd.read_csv(options.reuse, sep="\t")
    if options.table is not None:
        options.table.parent.mkdir(parents=True, exist_ok=True)
        rates.to_csv(options.table, sep="\t", index=False)
    draw_type1(rates, options.out / "figures" / "calibration_type1")
    draw_coverage(rates, options.out / "figures" / "calibration_coverage")
    write_page(rates, options.out / "calibration.md", seed=options.seed)
    print(f"{int(rates['sets'].sum()):,} cohorts in {time.perf_counter() - started:.0f} s -> {options.out}")


if __name__ == "__main__":
    main()
