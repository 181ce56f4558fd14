"""Discrete copy number per gene, in its wide form (genes x samples) and its long form (one row per gene and sample).

Values are -2 homozygous deletion, -1.5 (counted as -2), -1, 0, 1, 2 amplification. Zeros are not kept: a gene of the
file without a row in the table is 0 in the samples of the file. A missing value is kept, because it means that this
gene was not measured in this sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.errors import InputError
from netgen.genomics.genes import normalize_genes
from netgen.genomics.textfile import is_null, read_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgen.errors import Findings

_SYMBOLS: Final = ("hugo_symbol", "gene", "gene_symbol")
_ENTREZ: Final = ("entrez_gene_id",)
_SAMPLES: Final = ("sample_id", "samples", "sample", "tumor_sample_barcode")
_VALUES: Final = ("value", "cna", "alteration")
_NO_SAMPLE: Final = frozenset({*_SYMBOLS, *_ENTREZ, "cytoband", "locus id", ""})
_WORDS: Final = {
    "amp": 2.0, "amplification": 2.0, "gain": 1.0, "diploid": 0.0, "neutral": 0.0, "shallowdel": -1.0, "hetloss": -1.0,
    "deepdel": -2.0, "homdel": -2.0, "deep deletion": -2.0, "homozygous_deletion": -2.0,
}  # fmt: skip
_ALLOWED: Final = frozenset({-2.0, -1.5, -1.0, 0.0, 1.0, 2.0})
_SHOWN: Final = 20  # bad cells reported one by one


@dataclass(frozen=True, kw_only=True)
class CopyNumber:
    """What a copy-number file says.

    Attributes
    ----------
    table
        Table ``copy_number`` of ``netgen.schema``: values other than 0, missing ones included, sorted.
    samples, genes
        Samples and genes of the file, sorted.
    """

    table: pd.DataFrame
    samples: tuple[str, ...]
    genes: tuple[str, ...]


@dataclass
class _Cells:
    """Cells of a file that are not zero, with the lines of the genes."""

    symbols: list[str | None]
    entrez: list[int]
    lines: list[int]
    sample: list[str]
    gene: list[int]
    value: list[float]


def read_copy_number(path: Path, *, findings: Findings) -> CopyNumber:
    """Return the discrete copy numbers of a file, wide or long.

    Parameters
    ----------
    path
        Tab-separated; a table with a sample and a value column is long, any other is wide.
    findings
        Collects ragged rows, values outside the vocabulary (kept as missing), rows without a gene, and genes that two
        rows describe differently.

    Returns
    -------
    CopyNumber
        Values other than 0, and which samples and genes the file covers.

    Raises
    ------
    InputError
        If there is no gene column or no sample (E_COLUMN_MISSING).
    """
    lines = read_lines(path)
    start = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")), 0)
    header = [name.strip() for name in lines[start].split("\t")]
    names = [name.casefold() for name in header]
    gene_columns = [name for name in (*_SYMBOLS, *_ENTREZ) if name in names]
    is_long = any(name in names for name in _SAMPLES) and any(name in names for name in _VALUES)
    samples = [place for place, name in enumerate(names) if name not in _NO_SAMPLE]
    if not gene_columns or not samples:
        raise InputError(
            "E_COLUMN_MISSING",
            f"A copy-number table needs Hugo_Symbol or Entrez_Gene_Id and samples, found {', '.join(header[:6])}.",
            fix="Add the column.",
            file=str(path),
            row=start + 1,
        )
    _report_nameless(header, path, start + 1, findings)
    rows = [(place + 1, lines[place].split("\t")) for place in range(start + 1, len(lines)) if lines[place].strip()]
    if is_long:
        cells, found = _read_long(rows, names, path, findings)
    else:
        found = sorted({header[place] for place in samples})
        cells = _read_wide(rows, header, samples, path, findings)
    table, genes = _to_table(cells, path, findings)
    return CopyNumber(table=table, samples=tuple(found), genes=genes)


def _read_wide(
    rows: Sequence[tuple[int, list[str]]], header: Sequence[str], samples: Sequence[int], path: Path, findings: Findings
) -> _Cells:
    names = [name.casefold() for name in header]
    cells = _Cells([], [], [], [], [], [])
    values: dict[str, float | None] = {}
    bad = _BadValues(path, findings)
    for line, row in rows:
        if len(row) < len(header):
            _report_ragged(findings, path, line, len(row), len(header))
            continue
        place = _add_gene(cells, names, row, line)
        for column in samples:
            text = row[column]
            if text == "0":
                continue
            if text not in values:
                values[text] = _parse_value(text)
            value = values[text]
            if value is None:
                bad.add(line, header[column], text)
            if value != 0.0:
                _add_cell(cells, header[column], place, value)
    return cells


def _read_long(
    rows: Sequence[tuple[int, list[str]]], names: Sequence[str], path: Path, findings: Findings
) -> tuple[_Cells, list[str]]:
    sample_column = next(names.index(name) for name in _SAMPLES if name in names)
    value_column = next(names.index(name) for name in _VALUES if name in names)
    cells = _Cells([], [], [], [], [], [])
    found: set[str] = set()
    bad = _BadValues(path, findings)
    for line, row in rows:
        if len(row) <= max(sample_column, value_column):
            _report_ragged(findings, path, line, len(row), len(names))
            continue
        sample = row[sample_column].strip()
        if is_null(sample):
            continue
        found.add(sample)
        place = _add_gene(cells, names, row, line)
        value = _parse_value(row[value_column])
        if value is None:
            bad.add(line, names[value_column], row[value_column])
        if value != 0.0:
            _add_cell(cells, sample, place, value)
    return cells, sorted(found)


def _add_gene(cells: _Cells, names: Sequence[str], row: Sequence[str], line: int) -> int:
    symbol = next((row[names.index(name)].strip() for name in _SYMBOLS if name in names), "")
    entrez = next((row[names.index(name)].strip() for name in _ENTREZ if name in names), "")
    cells.symbols.append(None if is_null(symbol) else symbol)
    cells.entrez.append(int(entrez) if entrez.isdecimal() else 0)
    cells.lines.append(line)
    return len(cells.lines) - 1


def _add_cell(cells: _Cells, sample: str, gene: int, value: float | None) -> None:
    cells.sample.append(sample)
    cells.gene.append(gene)
    cells.value.append(np.nan if value is None else value)


def _parse_value(token: str) -> float | None:
    """Return the value, NaN for a null token, None for anything else."""
    text = token.strip()
    if is_null(text):
        return float("nan")
    if text.casefold() in _WORDS:
        return _WORDS[text.casefold()]
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value in _ALLOWED else None


@dataclass
class _BadValues:
    """Reports the first bad values one by one and stops there; all of them become missing."""

    path: Path
    findings: Findings
    count: int = 0

    def add(self, line: int, column: str, token: str) -> None:
        self.count += 1
        if self.count <= _SHOWN:
            self.findings.add(
                "E_RANGE",
                "A copy-number value must be -2, -1.5, -1, 0, 1, 2 or missing.",
                fix="Mend the value, or leave it blank.",
                file=str(self.path),
                row=line,
                column=column,
                value=token[:40],
                rule="V16",
            )


def _to_table(cells: _Cells, path: Path, findings: Findings) -> tuple[pd.DataFrame, tuple[str, ...]]:
    rows = pd.Series(cells.lines, dtype="int64")
    resolved = normalize_genes(
        pd.Series(cells.symbols, dtype="string"),
        pd.Series(cells.entrez, dtype="Int64"),
        findings=findings,
        file=str(path),
        rows=rows,
        column="Hugo_Symbol",
    )
    lost = int(resolved.gene.isna().sum())
    if lost:
        findings.add("I_ROWS_IGNORED", f"{lost} rows have no usable gene and were left out.", file=str(path))
    genes = tuple(sorted({str(gene) for gene in resolved.gene.dropna()}))
    frame = pd.DataFrame(
        {
            "sample_id": pd.Series(cells.sample, dtype="string"),
            "gene": resolved.gene.take(cells.gene).reset_index(drop=True),
            "value": pd.Series(cells.value, dtype="float64"),
        }
    )
    return _one_per_cell(frame[frame["gene"].notna()], path, findings), genes


def _one_per_cell(frame: pd.DataFrame, path: Path, findings: Findings) -> pd.DataFrame:
    """Return one row per sample and gene; of rows that differ the most extreme one, known before missing."""
    keys = ["sample_id", "gene"]
    ordered = frame.assign(size=-frame["value"].abs()).sort_values([*keys, "size", "value"], na_position="last")
    twice = ordered.duplicated(keys, keep=False)
    if twice.any():
        differ = ordered[twice].groupby(keys)["value"].nunique(dropna=False).gt(1)
        if differ.any():
            sample, gene = differ[differ].index[0]
            findings.add(
                "W_GENE_CONFLICT",
                f"Two rows describe one gene differently in {int(differ.sum())} cells (first: {gene} in {sample}); "
                "the more extreme value is kept.",
                fix="Remove the row under the old symbol.",
                file=str(path),
                value=gene,
            )
    kept = ordered.drop_duplicates(keys).drop(columns="size")
    return schema.conform(kept, schema.COPY_NUMBER)


def _report_nameless(header: Sequence[str], path: Path, row: int, findings: Findings) -> None:
    nameless = [place + 1 for place, name in enumerate(header) if not name]
    if nameless:
        findings.add(
            "E_COLUMN_MISSING",
            f"Every column needs a name, found none for column {', '.join(map(str, nameless))}.",
            fix="Add the sample id, or remove the column.",
            file=str(path),
            row=row,
        )


def _report_ragged(findings: Findings, path: Path, row: int, found: int, needed: int) -> None:
    findings.add(
        "E_ROW_TRUNCATED",
        f"The header has {needed} columns, the row has {found}.",
        fix="Complete the row.",
        file=str(path),
        row=row,
    )
