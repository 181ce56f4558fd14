"""Discrete copy number per gene, in its wide form (genes x samples) and its long form (one row per gene and sample).

The wide form is ``data_cna.txt`` of cBioPortal or ``all_thresholded.by_genes.txt`` of GISTIC, the long one
``DISCRETE_LONG``, the answer of cBioPortal's API, or a hand-made list. Zeros are not kept: a gene of the file without a
row in the table is 0 in the samples of the file. A missing value is kept, because it means that this gene was not
measured in this sample.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import InputError
from netgen.genomics.cna_cells import CnaCells, one_per_cell
from netgen.genomics.cna_values import CellParser, refuse_other_scales
from netgen.genomics.genes import normalize_genes
from netgen.genomics.sequencing_file import SequencingFile
from netgen.genomics.textfile import is_null, read_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

# Column names in lower case without blanks, underscores and hyphens.
_SYMBOLS: Final = ("hugosymbol", "gene", "genesymbol", "hugogenesymbol")
_ENTREZ: Final = ("entrezgeneid", "locusid")
_SAMPLES: Final = ("sampleid", "samples", "sample", "tumorsamplebarcode")
_VALUES: Final = ("value", "cna", "alteration", "copynumberalteration")
_GISTIC: Final = re.compile(r"\|(?:ENSG\d|chr).*")  # SNORA12|ENSG00000212464.1
_NO_SAMPLE: Final = frozenset({*_SYMBOLS, *_ENTREZ, "cytoband", ""})


@dataclass(frozen=True, kw_only=True)
class CopyNumber:
    """What a copy-number file says.

    Attributes
    ----------
    table
        Table ``copy_number`` of ``netgen.schema``: values other than 0, missing ones included, sorted.
    samples, genes
        Samples and genes of the file, sorted.
    kind
        ``copy_number_wide`` or ``copy_number_long``.
    n_records
        Rows read.
    """

    table: pd.DataFrame
    samples: tuple[str, ...]
    genes: tuple[str, ...]
    kind: str = "copy_number_wide"
    n_records: int = 0


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Header of a file: column names as written and reduced, its line, and whether the form is long."""

    header: list[str]
    names: list[str]
    line: int
    is_long: bool

    @property
    def samples(self) -> list[int]:
        """Places of the sample columns of the wide form."""
        return [place for place, name in enumerate(self.names) if name not in _NO_SAMPLE]

    def first(self, spellings: Sequence[str]) -> int | None:
        """Return the place of the first of some columns that the file has."""
        return next((self.names.index(name) for name in spellings if name in self.names), None)


def read_copy_number(path: Path, *, findings: Findings, names: GeneNames | None = None) -> CopyNumber:
    """Return the discrete copy numbers of a file, wide or long.

    Parameters
    ----------
    path
        Tab-separated; a table with a sample and a value column is long, any other is wide.
    findings
        Collects ragged rows, values outside the vocabulary (kept as missing), rows without a gene, sample columns of
        one name, and genes that several rows describe.
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    CopyNumber
        Values other than 0, and which samples and genes the file covers.

    Raises
    ------
    InputError
        If there is no gene column or no sample (E_COLUMN_MISSING); if the file holds log2 ratios or total copy numbers
        (E_FILE_FORMAT).

    Notes
    -----
    Several rows of one gene and sample (a gene under two names, exons listed one by one): a known value wins over a
    missing one, of known ones the most extreme, and a loss against a gain of the same size leaves the cell missing.
    Cells that differ give W_GENE_CONFLICT.
    """
    layout, rows = _open(path, findings)
    genes = _resolve_genes(rows, layout, path, findings, names)
    if layout.is_long:
        cells, found = _read_long(rows, layout, genes, path, findings)
    else:
        found = {layout.header[place] for place in layout.samples}
        cells = _read_wide(rows, layout, genes, path, findings)
    return CopyNumber(
        table=one_per_cell(cells, path, findings),
        samples=tuple(sorted(found)),
        genes=tuple(sorted({gene for gene in genes if gene is not None})),
        kind="copy_number_long" if layout.is_long else "copy_number_wide",
        n_records=len(rows),
    )


def read_copy_number_file(
    path: Path,
    *,
    findings: Findings,
    sample_id: str | None = None,
    known_samples: Collection[str] = (),  # noqa: ARG001 - all readers of single files have it; here the file names its samples
    names: GeneNames | None = None,
) -> SequencingFile:
    """Return a discrete copy-number file in the shape of all sequencing files.

    Parameters
    ----------
    path, findings
        See :func:`read_copy_number`.
    sample_id
        What the only sample of the file is called in the study; None = as written.
    known_samples
        Not used: the file names its samples.
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    SequencingFile
        Kind ``copy_number_long`` or ``copy_number_wide``; every sample of the file is profiled for ``cna``, for all
        genes of the file.

    Raises
    ------
    InputError
        As :func:`read_copy_number`; and if ``sample_id`` is given for a file of several samples (E_VALUE).
    """
    found = read_copy_number(path, findings=findings, names=names)
    table, samples = found.table, found.samples
    if sample_id is not None:
        table, samples = rename_only_sample(table, samples, sample_id, path)
    return SequencingFile(
        path=path,
        kind=found.kind,
        samples=samples,
        profiled={"cna": samples},
        genes={"cna": found.genes},
        copy_number=table,
        n_records=found.n_records,
    )


def rename_only_sample(
    table: pd.DataFrame, samples: Sequence[str], sample_id: str, path: Path
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table whose only sample has another name.

    Parameters
    ----------
    table
        Column ``sample_id``.
    samples
        Samples of the file.
    sample_id
        The new name.
    path
        The file.

    Returns
    -------
    tuple of DataFrame and tuple of str
        The table and its sample.

    Raises
    ------
    InputError
        If the file has several samples (E_VALUE).
    """
    if len(samples) > 1:
        raise InputError(
            "E_VALUE",
            f"One sample is named for the file, but it holds {len(samples)} ({', '.join(samples[:4])} ...).",
            fix="Leave the sample out: the file names its samples.",
            file=str(path),
        )
    return table.assign(sample_id=pd.Series(sample_id, index=table.index, dtype="string")), (sample_id,)


def _open(path: Path, findings: Findings) -> tuple[_Layout, list[tuple[int, list[str]]]]:
    """Return the header and the whole rows with their lines."""
    lines = read_lines(path)
    start = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")), 0)
    header = [name.strip() for name in lines[start].split("\t")]
    names = [name.casefold().replace("_", "").replace(" ", "").replace("-", "") for name in header]
    layout = _Layout(header=header, names=names, line=start + 1, is_long=any(name in names for name in _SAMPLES))
    if layout.is_long and layout.first(_VALUES) is None:
        raise InputError(
            "E_COLUMN_MISSING",
            f"A copy-number table with a sample column needs a column Value, found {', '.join(header[:6])}.",
            fix="Add the column, with -2, -1, 0, 1 or 2 in each row.",
            file=str(path),
            row=start + 1,
        )
    if layout.first((*_SYMBOLS, *_ENTREZ)) is None or not layout.samples:
        raise InputError(
            "E_COLUMN_MISSING",
            f"A copy-number table needs Hugo_Symbol or Entrez_Gene_Id and samples, found {', '.join(header[:6])}.",
            fix="Add the column.",
            file=str(path),
            row=start + 1,
        )
    rows = [(place + 1, lines[place].split("\t")) for place in range(start + 1, len(lines)) if lines[place].strip()]
    _report_header(layout, path, findings)
    return layout, _whole_rows(rows, layout, path, findings)


def _whole_rows(
    rows: Sequence[tuple[int, list[str]]], layout: _Layout, path: Path, findings: Findings
) -> list[tuple[int, list[str]]]:
    """Return the rows with every field that is read: all in the wide form, genes, sample and value in the long form."""
    read = (*_SYMBOLS, *_ENTREZ, *_SAMPLES, *_VALUES)
    needed = len(layout.names)
    if layout.is_long:
        needed = 1 + max(layout.names.index(name) for name in read if name in layout.names)
    for line, row in rows:
        if len(row) < needed:
            _report_ragged(findings, path, line, len(row), len(layout.names))
    return [(line, row) for line, row in rows if len(row) >= needed]


def _resolve_genes(
    rows: Sequence[tuple[int, list[str]]], layout: _Layout, path: Path, findings: Findings, names: GeneNames | None
) -> list[str | None]:
    """Return the current symbol of each row, None if it has none."""

    def column(spellings: Sequence[str]) -> list[str]:
        place = layout.first(spellings)
        return [""] * len(rows) if place is None else [row[place].strip() for _, row in rows]

    symbols = [None if is_null(text) else _GISTIC.sub("", text) for text in column(_SYMBOLS)]
    entrez = [int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0 for text in column(_ENTREZ)]
    resolved = normalize_genes(
        pd.Series(symbols, dtype="string"),
        pd.Series(entrez, dtype="Int64"),
        findings=findings,
        names=names,
        file=str(path),
        rows=pd.Series([line for line, _ in rows], dtype="int64"),
        column="Hugo_Symbol",
    )
    lost = resolved.gene.isna()
    if lost.any():
        findings.add("I_ROWS_IGNORED", f"{lost.sum()} rows have no usable gene and were left out.", file=str(path))
        _report_unknown_ids(rows, lost & resolved.reason.eq("gene_missing"), entrez, path, findings)
    return [None if pd.isna(gene) else str(gene) for gene in resolved.gene]


def _report_unknown_ids(
    rows: Sequence[tuple[int, list[str]]], lost: pd.Series, entrez: Sequence[int], path: Path, findings: Findings
) -> None:
    """Report rows whose gene is given only as an NCBI gene id that no table knows."""
    unknown = [place for place, gone in enumerate(lost) if gone and entrez[place] > 0]
    if unknown:
        findings.add(
            "W_GENE_UNRESOLVED",
            f"{len(unknown)} rows give a gene only as an NCBI gene id that is not known here and were left out.",
            fix="Add the column Hugo_Symbol, or a knowledge snapshot with the complete gene table.",
            file=str(path),
            row=rows[unknown[0]][0],
            column="Entrez_Gene_Id",
            value=str(entrez[unknown[0]]),
        )


def _read_wide(
    rows: Sequence[tuple[int, list[str]]], layout: _Layout, genes: Sequence[str | None], path: Path, findings: Findings
) -> CnaCells:
    """Return the cells that are not zero; of genes with several rows all cells."""
    refuse_other_scales(Counter(row[column] for _, row in rows for column in layout.samples), path)
    several = {gene for gene, count in Counter(genes).items() if count > 1}
    cells, parser = CnaCells(), CellParser(path, findings)
    for (line, row), gene in zip(rows, genes, strict=True):
        if gene is None:
            continue
        keep_zeros = gene in several
        for column in layout.samples:
            text = row[column]
            if text == "0" and not keep_zeros:
                continue
            value = parser.parse(text, line, layout.header[column])
            if value != 0.0 or keep_zeros:
                cells.add(layout.header[column], gene, value, line)
    parser.finish()
    return cells


def _read_long(
    rows: Sequence[tuple[int, list[str]]], layout: _Layout, genes: Sequence[str | None], path: Path, findings: Findings
) -> tuple[CnaCells, set[str]]:
    """Return the cells, and the samples of the file."""
    sample_column = next(layout.names.index(name) for name in _SAMPLES if name in layout.names)
    value_column = next(layout.names.index(name) for name in _VALUES if name in layout.names)
    refuse_other_scales(Counter(row[value_column] for _, row in rows), path)
    cells, parser = CnaCells(), CellParser(path, findings)
    found: set[str] = set()
    lost = 0
    for (line, row), gene in zip(rows, genes, strict=True):
        sample = row[sample_column].strip()
        if is_null(sample):
            lost += 1
            continue
        found.add(sample)
        if gene is not None:
            cells.add(sample, gene, parser.parse(row[value_column], line, layout.header[value_column]), line)
    parser.finish()
    if lost:
        findings.add("I_ROWS_IGNORED", f"{lost} rows name no sample and were left out.", file=str(path))
    return cells, found


def _report_header(layout: _Layout, path: Path, findings: Findings) -> None:
    """Report columns without a name, and samples that two columns name."""
    nameless = [place + 1 for place, name in enumerate(layout.header) if not name]
    if nameless:
        findings.add(
            "E_COLUMN_MISSING",
            f"Every column needs a name, found none for column {', '.join(map(str, nameless))}.",
            fix="Add the sample id, or remove the column.",
            file=str(path),
            row=layout.line,
        )
    if layout.is_long:
        return
    counts = Counter(layout.header[place] for place in layout.samples)
    for sample in sorted(name for name, count in counts.items() if count > 1):
        findings.add(
            "E_DUP_CONFLICT",
            f"A sample needs one column, found {counts[sample]}.",
            fix="Remove or rename the further columns.",
            file=str(path),
            row=layout.line,
            column=sample,
            value=sample,
        )


def _report_ragged(findings: Findings, path: Path, row: int, found: int, needed: int) -> None:
    findings.add(
        "E_ROW_TRUNCATED",
        f"The header has {needed} columns, the row has {found}.",
        fix="Complete the row.",
        file=str(path),
        row=row,
    )
