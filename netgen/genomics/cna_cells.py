"""The cells of a copy-number file, one value per gene and sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.errors import Findings

_KEYS: Final = ["sample_id", "gene"]


@dataclass
class CnaCells:
    """Cells of a file: sample, gene, value (NaN = missing), line."""

    sample: list[str] = field(default_factory=list)
    gene: list[str] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    line: list[int] = field(default_factory=list)

    def add(self, sample: str, gene: str, value: float, line: int) -> None:
        """Append one cell."""
        self.sample.append(sample)
        self.gene.append(gene)
        self.value.append(value)
        self.line.append(line)


def one_per_cell(cells: CnaCells, path: Path, findings: Findings) -> pd.DataFrame:
    """Return one row per sample and gene, zeros left out.

    Parameters
    ----------
    cells
        Cells, several for a gene and sample allowed.
    path
        Where they come from.
    findings
        Collects W_DUP_IDENTICAL (cells with several rows) and W_GENE_CONFLICT (rows that differ).

    Returns
    -------
    DataFrame
        ``schema.COPY_NUMBER``, sorted by sample and gene.

    Notes
    -----
    A known value wins over a missing one, of known ones the most extreme (-1.5 counts as -2, of equals the first row);
    a loss and a gain of one size leave the cell missing.
    """
    frame = pd.DataFrame(
        {
            "sample_id": pd.Series(cells.sample, dtype="string"),
            "gene": pd.Series(cells.gene, dtype="string"),
            "value": pd.Series(cells.value, dtype="float64"),
            "row": pd.Series(cells.line, dtype="Int64"),
        }
    )
    size = -frame["value"].abs().replace(1.5, 2.0)
    ordered = frame.assign(size=size).sort_values([*_KEYS, "size", "row"], na_position="last")
    twice = ordered.duplicated(_KEYS, keep=False)
    kept = ordered.drop_duplicates(_KEYS)
    if twice.any():
        opposed = _report_repeated(ordered[twice], path, findings)
        kept = kept.assign(value=kept["value"].mask(pd.MultiIndex.from_frame(kept[_KEYS]).isin(opposed), np.nan))
    kept = kept[kept["value"] != 0.0].drop(columns="size")
    return schema.conform(kept.assign(method="discrete", file=str(path)), schema.COPY_NUMBER)


def _report_repeated(rows: pd.DataFrame, path: Path, findings: Findings) -> pd.MultiIndex:
    """Report cells that several rows describe; return those whose most extreme values are opposed."""
    groups = rows.groupby(_KEYS)["value"]
    low, high = groups.min(), groups.max()
    differ = low.index[(low != high) & low.notna()]
    opposed = low.index[(low <= -1.0) & (low.replace(-1.5, -2.0) == -high)]
    genes = rows["gene"].nunique()
    findings.add(
        "W_DUP_IDENTICAL",
        f"{len(low)} cells of {genes} gene(s) have several rows, one is kept; a known value wins over a missing one.",
        file=str(path),
        row=int(rows["row"].iloc[0]),
        value=str(rows["gene"].iloc[0]),
    )
    if len(differ):
        sample, gene = differ[0]
        findings.add(
            "W_GENE_CONFLICT",
            f"Several rows describe one gene differently in {len(differ)} cells (first: {gene} in {sample}); the most "
            f"extreme value is kept, and {len(opposed)} cells with a loss and a gain of one size are left missing.",
            fix="Keep one row per gene.",
            file=str(path),
            value=gene,
        )
    return pd.MultiIndex.from_tuples(list(opposed), names=_KEYS)
