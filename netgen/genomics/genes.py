"""Gene symbols in one spelling, for variants, panels and gene lists alike.

Panels pass through the same function as variants: a panel that lists PARK2 has profiled PRKN. A date that a spreadsheet
made of a symbol (``1-Mar``) is an error unless gene id or position decides, because MARCHF1 and MTARC1 both become it;
one finding is given per distinct symbol. With ``excel_dates="unresolved"`` the rows are left out and counted instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from netgen.genomics.coded import Coded, decode, encode, first_rows, take, texts
from netgen.genomics.gene_history import gene_names_of
from netgen.genomics.gene_names import GeneNames, canonical_symbol, is_excel_date, load_gene_names
from netgen.genomics.gene_resolution import REASONS, Positions, Resolution, resolve_genes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from netgen.errors import Findings

__all__ = [
    "GeneNames",
    "NormalizedGenes",
    "canonical_symbol",
    "gene_names_of",
    "is_excel_date",
    "load_gene_names",
    "normalize_gene_list",
    "normalize_genes",
    "report_genes",
]

ExcelPolicy = Literal["error", "unresolved"]
_SHOWN: Final = 8  # names listed in one message


@dataclass(frozen=True, kw_only=True)
class NormalizedGenes:
    """Genes of a table, one row per row of the input, same index.

    Attributes
    ----------
    gene
        Current symbols, "string"; missing where ``reason`` says why.
    entrez_gene_id
        NCBI gene ids, "Int64": the one given if any, else the one known for the symbol.
    reason
        "" or gene_missing, gene_excel_date, gene_ambiguous, "string".
    """

    gene: pd.Series
    entrez_gene_id: pd.Series
    reason: pd.Series


def normalize_genes(
    symbols: pd.Series,
    entrez: pd.Series | None = None,
    *,
    findings: Findings,
    names: GeneNames | None = None,
    positions: pd.DataFrame | None = None,
    excel_dates: ExcelPolicy = "error",
    file: str = "",
    rows: pd.Series | None = None,
    column: str = "",
) -> NormalizedGenes:
    """Return current gene symbols for symbols as written.

    A blank or null symbol without a known id stays missing, with its reason.

    Parameters
    ----------
    symbols
        Symbols as written, text.
    entrez
        NCBI gene ids, integer or missing, same rows; 0 = none. A known id wins over the symbol.
    findings
        Collects E_GENE_EXCEL_DATE, W_ALIAS_AMBIGUOUS, W_GENE_CONFLICT, W_GENE_UNRESOLVED and I_SYMBOL_RENAMED.
    names
        Lookup tables; the bundled ones if None.
    positions
        ``build``, ``chrom``, ``pos`` of the rows (1-based), used where symbol and id do not decide.
    excel_dates
        "error": a date that nothing resolves is an error. "unresolved": its rows are left without a gene, with a
        warning that counts them.
    file, rows, column
        Where the symbols come from: file, source line per row (default: position from 1), column name.

    Returns
    -------
    NormalizedGenes
        One entry per row.

    Notes
    -----
    Rules in ``netgen.genomics.gene_resolution``; witnesses in ``tests/genomics/test_genes.py`` and scenario SC06.
    """
    names = names if names is not None else gene_names_of(None)
    symbol = encode(_texts(symbols))
    ids = np.zeros(len(symbol), dtype=np.int64) if entrez is None else entrez.fillna(0).to_numpy(dtype=np.int64)
    where = None if positions is None else _positions(positions)
    resolution = resolve_genes(symbol, ids, names=names, positions=where)
    lines = np.arange(1, len(symbol) + 1) if rows is None else rows.to_numpy(dtype=np.int64)
    report_genes(
        resolution,
        symbol,
        ids,
        lines,
        names=names,
        findings=findings,
        excel_dates=excel_dates,
        file=file,
        column=column,
    )
    known_ids = fill_entrez(resolution.gene, ids, names)
    return NormalizedGenes(
        gene=pd.Series(decode(resolution.gene), index=symbols.index, name="gene"),
        entrez_gene_id=pd.Series(
            pd.arrays.IntegerArray(known_ids, known_ids == 0), index=symbols.index, name="entrez_gene_id"
        ),
        reason=pd.Series(
            np.array(REASONS, dtype=object)[resolution.reason], index=symbols.index, name="reason", dtype="string"
        ),
    )


def normalize_gene_list(
    genes: Iterable[str],
    *,
    findings: Findings,
    names: GeneNames | None = None,
    excel_dates: ExcelPolicy = "error",
    file: str = "",
) -> list[str]:
    """Return the current symbols of a panel or a gene list: distinct, sorted.

    Blanks are passed over; a symbol that means several genes is left out with a warning.

    Parameters
    ----------
    genes
        Symbols as written.
    findings, names, excel_dates
        See :func:`normalize_genes`.
    file
        Where the list comes from.

    Returns
    -------
    list of str
        Current symbols.
    """
    column = pd.Series(list(genes), dtype="string")
    out = normalize_genes(column, findings=findings, names=names, excel_dates=excel_dates, file=file)
    return sorted({str(gene) for gene in out.gene.dropna()})


def fill_entrez(gene: Coded, entrez: NDArray[np.int64], names: GeneNames) -> NDArray[np.int64]:
    """Return the NCBI gene id of each row: the known one of its gene, else the one given; 0 where neither is known.

    Parameters
    ----------
    gene
        Current symbols.
    entrez
        (n,) ids as given, 0 = none.
    names
        Lookup tables.

    Returns
    -------
    ndarray of int64
        Shape (n,).
    """
    known = np.array([names.entrez_of.get(str(value), 0) for value in gene.values] + [0], dtype=np.int64)[gene.codes]
    return np.where(known > 0, known, np.maximum(entrez, 0))


def report_genes(
    resolution: Resolution,
    symbol: Coded,
    entrez: NDArray[np.int64],
    lines: NDArray[np.int64],
    *,
    names: GeneNames,
    findings: Findings,
    excel_dates: ExcelPolicy = "error",
    file: str = "",
    column: str = "",
) -> None:
    """Report what happened to gene symbols, one finding per distinct symbol or per kind.

    Parameters
    ----------
    resolution
        Result of ``resolve_genes``.
    symbol, entrez, lines
        Symbols and ids as given, and the source line of each row.
    names
        Lookup tables.
    findings, excel_dates, file, column
        See :func:`normalize_genes`.
    """
    for value, row, count in _by_symbol(symbol, resolution.reason == REASONS.index("gene_excel_date")):
        fix = "Give the NCBI gene id or the position, mend the symbol"
        findings.add(
            "E_GENE_EXCEL_DATE" if excel_dates == "error" else "W_GENE_UNRESOLVED",
            f"A gene symbol is needed, found the date {value} that a spreadsheet made of one, in {_rows(count)}.",
            fix=f'{fix}, or allow excel_dates = "unresolved".' if excel_dates == "error" else f"{fix}.",
            file=file,
            row=int(lines[row]),
            column=column,
            value=value,
        )
    for value, row, count in _by_symbol(symbol, resolution.reason == REASONS.index("gene_ambiguous")):
        meanings = " or ".join(names.names_behind(value.strip()))
        findings.add(
            "W_ALIAS_AMBIGUOUS",
            f"{value} may mean {meanings}: {_rows(count)} left without a gene.",
            fix="Give the NCBI gene id, the position or the current symbol.",
            file=file,
            row=int(lines[row]),
            column=column,
            value=value,
        )
    _report_conflicts(resolution, symbol, entrez, lines, findings=findings, file=file, column=column)
    _report_renamed(resolution, symbol, findings=findings, file=file, column=column)


def _report_conflicts(
    resolution: Resolution,
    symbol: Coded,
    entrez: NDArray[np.int64],
    lines: NDArray[np.int64],
    *,
    findings: Findings,
    file: str,
    column: str,
) -> None:
    rows = np.flatnonzero(resolution.conflict)
    if not rows.size:
        return
    written, chosen = texts(take(symbol, rows)), texts(take(resolution.gene, rows))
    cases = sorted({(str(w), int(i), str(c)) for w, i, c in zip(written, entrez[rows], chosen, strict=True)})
    listed = "; ".join(f"{w} with id {i or 'none'} is {c}" for w, i, c in cases[:_SHOWN])
    findings.add(
        "W_GENE_CONFLICT",
        f"Symbol, gene id and position should name one gene, but do not in {_rows(rows.size)}"
        f" ({len(cases)} different cases): {listed}{' ...' if len(cases) > _SHOWN else ''}.",
        fix="Position decided where it could, else the gene id. Check the symbol and id columns.",
        file=file,
        row=int(lines[rows[0]]),
        column=column,
        value=str(written[0]),
    )


def _report_renamed(resolution: Resolution, symbol: Coded, *, findings: Findings, file: str, column: str) -> None:
    """Say once which symbols were replaced by which, apart from upper and lower case."""
    canonical = [canonical_symbol(value) for value in symbol.values]
    pairs = {
        (str(symbol.values[old]).strip(), new) for old, new in _pairs(symbol, resolution.gene) if canonical[old] != new
    }
    if not pairs:
        return
    listed = ", ".join(f"{old} -> {new}" for old, new in sorted(pairs)[:_SHOWN])
    findings.add(
        "I_SYMBOL_RENAMED",
        f"{len(pairs)} gene symbols were replaced by the current ones:"
        f" {listed}{' ...' if len(pairs) > _SHOWN else ''}.",
        file=file,
        column=column,
    )


def _pairs(symbol: Coded, gene: Coded) -> set[tuple[int, str]]:
    """Distinct pairs of code of the symbol as written, and current symbol."""
    both = symbol.present & gene.present
    keys = np.unique(symbol.codes[both].astype(np.int64) * max(len(gene.values), 1) + gene.codes[both])
    return {(int(key // len(gene.values)), str(gene.values[key % len(gene.values)])) for key in keys}


def _by_symbol(symbol: Coded, rows: NDArray[np.bool_]) -> list[tuple[str, int, int]]:
    """Distinct symbols of some rows: (symbol, first row, number of rows), sorted by symbol."""
    places = np.flatnonzero(rows)
    if not places.size:
        return []
    first, count = first_rows(take(symbol, places))
    found = [(str(symbol.values[code]), int(places[first[code]]), int(count[code])) for code in np.flatnonzero(count)]
    return sorted(found)


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _positions(frame: pd.DataFrame) -> Positions:
    """Take build, chromosome and position from a table."""
    columns = [encode(_texts(frame[name])) for name in ("build", "chrom")]
    pos = frame["pos"].fillna(0).to_numpy(dtype=np.int64)
    return Positions(build=columns[0], chrom=columns[1], pos=pos)


def _texts(column: pd.Series) -> NDArray[np.object_]:
    """Return a column as text, None for missing."""
    out = column.astype("string").to_numpy(dtype=object, copy=True)
    out[column.isna().to_numpy()] = None
    return out
