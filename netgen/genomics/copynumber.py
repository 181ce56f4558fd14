"""Discrete copy number per gene, in its wide form (genes x samples) and its long form (one row per gene and sample).

Values are -2 homozygous deletion, -1.5 (counted as -2), -1, 0, 1, 2 amplification. Zeros are not kept: a gene of the
file without a row in the table is 0 in the samples of the file. A missing value is kept, because it means that this
gene was not measured in this sample.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

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
    """Cells of a file: sample, gene, value (NaN = missing)."""

    sample: list[str] = field(default_factory=list)
    gene: list[str] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def add(self, sample: str, gene: str, value: float) -> None:
        self.sample.append(sample)
        self.gene.append(gene)
        self.value.append(value)


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
    rows = _whole_rows(rows, _needed(names, is_long=is_long), len(header), path, findings)
    genes = _resolve_genes(rows, names, path, findings)
    if is_long:
        cells, found = _read_long(rows, names, genes, path, findings)
    else:
        found = {header[place] for place in samples}
        cells = _read_wide(rows, header, samples, genes, path, findings)
    return CopyNumber(
        table=_one_per_cell(cells, path, findings),
        samples=tuple(sorted(found)),
        genes=tuple(sorted({gene for gene in genes if gene is not None})),
    )


def _needed(names: Sequence[str], *, is_long: bool) -> int:
    """Return how many fields a row must have: all in the wide form, those that are read in the long form."""
    if not is_long:
        return len(names)
    return 1 + max(names.index(name) for name in (*_SYMBOLS, *_ENTREZ, *_SAMPLES, *_VALUES) if name in names)


def _whole_rows(
    rows: Sequence[tuple[int, list[str]]], needed: int, n_columns: int, path: Path, findings: Findings
) -> list[tuple[int, list[str]]]:
    for line, row in rows:
        if len(row) < needed:
            _report_ragged(findings, path, line, len(row), n_columns)
    return [(line, row) for line, row in rows if len(row) >= needed]


def _resolve_genes(
    rows: Sequence[tuple[int, list[str]]], names: Sequence[str], path: Path, findings: Findings
) -> list[str | None]:
    """Return the current symbol of each row, None if it has none."""

    def column(spellings: Sequence[str]) -> list[str]:
        place = next((names.index(name) for name in spellings if name in names), None)
        return [""] * len(rows) if place is None else [row[place].strip() for _, row in rows]

    symbols = [None if is_null(text) else text for text in column(_SYMBOLS)]
    entrez = [int(text) if text.isdecimal() else 0 for text in column(_ENTREZ)]
    resolved = normalize_genes(
        pd.Series(symbols, dtype="string"),
        pd.Series(entrez, dtype="Int64"),
        findings=findings,
        file=str(path),
        rows=pd.Series([line for line, _ in rows], dtype="int64"),
        column="Hugo_Symbol",
    )
    lost = int(resolved.gene.isna().sum())
    if lost:
        findings.add("I_ROWS_IGNORED", f"{lost} rows have no usable gene and were left out.", file=str(path))
    return [None if pd.isna(gene) else str(gene) for gene in resolved.gene]


def _read_wide(
    rows: Sequence[tuple[int, list[str]]],
    header: Sequence[str],
    samples: Sequence[int],
    genes: Sequence[str | None],
    path: Path,
    findings: Findings,
) -> _Cells:
    """Return the cells that are not zero; of genes with several rows all cells."""
    several = {gene for gene, count in Counter(genes).items() if count > 1}
    cells, parser = _Cells(), _Parser(path, findings)
    for (line, row), gene in zip(rows, genes, strict=True):
        if gene is None:
            continue
        keep_zeros = gene in several
        for column in samples:
            text = row[column]
            if text == "0" and not keep_zeros:
                continue
            value = parser.parse(text, line, header[column])
            if value != 0.0 or keep_zeros:
                cells.add(header[column], gene, value)
    return cells


def _read_long(
    rows: Sequence[tuple[int, list[str]]],
    names: Sequence[str],
    genes: Sequence[str | None],
    path: Path,
    findings: Findings,
) -> tuple[_Cells, set[str]]:
    """Return the cells, and the samples of the file."""
    sample_column = next(names.index(name) for name in _SAMPLES if name in names)
    value_column = next(names.index(name) for name in _VALUES if name in names)
    cells, parser = _Cells(), _Parser(path, findings)
    found: set[str] = set()
    for (line, row), gene in zip(rows, genes, strict=True):
        sample = row[sample_column].strip()
        if is_null(sample):
            continue
        found.add(sample)
        if gene is not None:
            cells.add(sample, gene, parser.parse(row[value_column], line, names[value_column]))
    return cells, found


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
class _Parser:
    """Reads values; reports the first bad ones one by one; a bad value becomes missing."""

    path: Path
    findings: Findings
    known: dict[str, float | None] = field(default_factory=dict)
    n_bad: int = 0

    def parse(self, text: str, line: int, column: str) -> float:
        if text not in self.known:
            self.known[text] = _parse_value(text)
        value = self.known[text]
        if value is not None:
            return value
        self.n_bad += 1
        if self.n_bad <= _SHOWN:
            self.findings.add(
                "E_RANGE",
                "A copy-number value must be -2, -1.5, -1, 0, 1, 2 or missing.",
                fix="Mend the value, or leave it blank.",
                file=str(self.path),
                row=line,
                column=column,
                value=text[:40],
                rule="V16",
            )
        return float("nan")


def _one_per_cell(cells: _Cells, path: Path, findings: Findings) -> pd.DataFrame:
    """Return one row per sample and gene, zeros left out; of several rows the most extreme, known before missing."""
    keys = ["sample_id", "gene"]
    frame = pd.DataFrame(
        {
            "sample_id": pd.Series(cells.sample, dtype="string"),
            "gene": pd.Series(cells.gene, dtype="string"),
            "value": pd.Series(cells.value, dtype="float64"),
        }
    )
    ordered = frame.assign(size=-frame["value"].abs()).sort_values([*keys, "size", "value"], na_position="last")
    twice = ordered.duplicated(keys, keep=False)
    if twice.any():
        differ = ordered[twice].groupby(keys)["value"].nunique().gt(1)
        if differ.any():
            sample, gene = differ[differ].index[0]
            findings.add(
                "W_GENE_CONFLICT",
                f"Several rows describe one gene differently in {int(differ.sum())} cells (first: {gene} in {sample}); "
                "the most extreme value is kept.",
                fix="Keep one row per gene.",
                file=str(path),
                value=gene,
            )
    kept = ordered.drop_duplicates(keys).drop(columns="size")
    return schema.conform(kept[kept["value"] != 0.0], schema.COPY_NUMBER)


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
