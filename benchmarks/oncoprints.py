"""Oncoprints to PDF, from the alteration matrix."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.timing import Line, Missing, median_time, ratio_line, run_r, skipped_line
from netgen.genomics.matrix import AlterationMatrix
from netgen.plots.oncoprint import plot_oncoprint
from netgen.plots.oncoprint_table import tabulate_oncoprint
from netgen.plots.style import save_figure

KINDS = (
    ("mutation", "Missense_Mutation", "missense"),
    ("mutation", "Nonsense_Mutation", "truncating"),
    ("amplification", None, "amplification"),
    ("homozygous_deletion", None, "deletion"),
)


def oncoprint(*, quick: bool) -> list[Line]:
    """Compare with ComplexHeatmap: 50 genes x 500 patients, and 30 x 20,000 as vectors."""
    sizes = ((5, 40, 1.0),) if quick else ((50, 500, 1.0), (30, 20_000, 5.0))
    return [_draw(n_genes, n, floor) for n_genes, n, floor in sizes]


def simulate_matrix(n_genes: int, n: int, *, seed: int = 7) -> tuple[AlterationMatrix, pd.DataFrame]:
    """Return a matrix in which genes are altered in 2-40 % of the patients, and its cells as text for the peer."""
    rng = np.random.default_rng(seed)
    status = (rng.random((n_genes, n)) < np.geomspace(0.4, 0.02, n_genes)[:, None]).astype(np.int8)
    status[np.arange(n_genes), np.arange(n_genes) % n] = 1  # no gene without an alteration
    patients = pd.Index([f"P{i:05d}" for i in range(n)], dtype="string")
    genes = pd.Index([f"GENE{i:02d}" for i in range(n_genes)], dtype="string")
    row, column = np.nonzero(status)
    kind = rng.integers(0, len(KINDS), len(row))
    pick = [pd.array([KINDS[k][part] for k in kind], dtype="string") for part in range(3)]
    detail = pd.DataFrame(
        {
            "patient_id": patients[column],
            "sample_id": patients[column] + "-T",
            "feature": genes[row],
            "gene": genes[row],
            "kind": pick[0],
            "variant_class": pick[1],
            "label": pick[2],
        }
    ).astype("string")
    matrix = AlterationMatrix(
        status=status,
        reason=np.zeros(status.shape, dtype=np.uint8),
        patients=patients,
        features=genes,
        feature_type="altered",
        policy="union",
        components=("mutations", "cna"),
        detail=detail.assign(vaf=np.nan, file="simulated", row=1),
        discordance=pd.DataFrame(),
        hash="0" * 64,
    )
    cells = np.full(status.shape, "", dtype="U16")
    cells[row, column] = pick[2].to_numpy(dtype=str)
    return matrix, pd.DataFrame(cells, index=genes, columns=patients)


def _draw(n_genes: int, n: int, floor: float) -> Line:
    """Tabulate, draw and write one oncoprint; the peer gets the same cells."""
    matrix, cells = simulate_matrix(n_genes, n)
    people = pd.DataFrame({"patient_id": matrix.patients})
    table = tabulate_oncoprint(matrix, people, top=n_genes)
    drawn = table.cells.assign(classes=table.cells["classes"] != "").groupby("gene")["classes"].sum()
    if drawn.sort_index().tolist() != (cells != "").sum(axis=1).sort_index().tolist():
        raise AssertionError("the oncoprint draws other cells than the matrix holds")
    work = f"oncoprint to vector PDF, {n_genes} x {n:,}"
    with tempfile.TemporaryDirectory() as folder:

        def run() -> None:
            figure = plot_oncoprint(tabulate_oncoprint(matrix, people, top=n_genes))
            save_figure(figure, Path(folder) / "ours", ["pdf"])

        ours = median_time(run, 3)
        cells.to_csv(Path(folder) / "cells.tsv", sep="\t")
        try:
            found = run_r("oncoprint.R", Path(folder))
        except Missing as reason:
            return skipped_line(work, "R ComplexHeatmap", reason, ours=ours)
    return ratio_line(work, ours, found["ComplexHeatmap"], found["work"], floor=floor, note="altered cells counted")
