"""Permutation log-rank tests against coin."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.data import simulate
from benchmarks.timing import Line, Missing, median_time, ratio_line, run_r, skipped_line, write_outcomes
from netgen.association.permutation import PermutationScan, scan_permutation

if TYPE_CHECKING:
    from netgen.association.riskset import RiskSets


def permute(risk: RiskSets, genes: np.ndarray, draws: int) -> PermutationScan:
    """Draw exactly so many relabelings for every gene: no exact count, no early stop."""
    return scan_permutation(risk, genes, seed=1, max_draws=draws, exceedances=draws + 1, max_exact=1)


def permutation(*, quick: bool) -> list[Line]:
    """Compare 1,000 relabelings of 500 genes at 2,000 patients."""
    n, m, draws, few = (300, 30, 200, 3) if quick else (2_000, 500, 1_000, 20)
    risk, genes = simulate(n, m, seed=4)
    work = f"{draws:,} permutations of {m} genes, {n:,} patients"
    ours = median_time(lambda: permute(risk, genes, draws))
    with tempfile.TemporaryDirectory() as folder:
        write_outcomes(Path(folder), risk, genes[:few])
        try:
            found = run_r("permutation.R", Path(folder), draws)
        except Missing as reason:
            return [skipped_line(work, "R coin", reason, ours=ours)]
        theirs = pd.read_csv(Path(folder) / "out.csv")["value"].to_numpy()
    note = check_agreement(permute(risk, genes[:few], draws).p, theirs, draws)
    scaled = found["work"] * m / few
    return [ratio_line(work, ours, found["coin"], scaled, floor=20, note=f"{note}; R on {few} genes, scaled")]


def check_agreement(ours: np.ndarray, theirs: np.ndarray, draws: int) -> str:
    """Raise if two Monte-Carlo p-values differ by more than chance explains (4.5 standard errors of the difference)."""
    middle = np.clip((ours + theirs) / 2, 2 / draws, 1 - 2 / draws)
    z = np.abs(ours - theirs) / np.sqrt(2 * middle * (1 - middle) / draws)
    if not z.max() <= 4.5:
        raise AssertionError(f"permutation p-values differ by {z.max():.1f} standard errors")
    return "p-values agree within 4.5 Monte-Carlo standard errors"
