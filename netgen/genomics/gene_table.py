"""Ready-made gene calls: a matrix of patients by genes, or a list of carriers.

Both become the same wide table of *calls*: one row per sample, one column per gene, 1 altered, 0 profiled and not
altered, -1 not profiled. Such calls are what an analyst already decided; there are no variants behind them.

The frames come from the caller, all text; nothing is read from disk here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.classes import NONSYN, class_from_protein_change, normalize_protein_change, settle_class
from netgen.genomics.gene_history import gene_names_of
from netgen.genomics.genes import normalize_gene_list, normalize_genes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

ALTERED: Final = frozenset({"1", "1.0", "true", "yes", "y", "mut", "mutated", "mutant", "altered", "positive", "pos"})
WILD_TYPE: Final = frozenset(
    {"0", "0.0", "false", "no", "n", "wt", "wild type", "wild-type", "wildtype", "unaltered", "negative", "neg"}
)
NOT_PROFILED: Final = frozenset(
    {"", "na", "n/a", "nan", "null", "none", ".", "-", "?", "nd", "-1", "not profiled", "not tested", "#n/a"}
)


def parse_matrix(
    frame: pd.DataFrame,
    id_column: str,
    *,
    gene_columns: Sequence[str] | None = None,
    findings: Findings,
    file: str = "",
    rows: pd.Series | None = None,
    names: GeneNames | None = None,
) -> pd.DataFrame:
    """Return gene calls from a matrix of samples by genes.

    A blank or null cell is not profiled. A cell with protein changes (``Q546H G1049R``) is altered. A cell that is
    none of these is an error and not profiled.

    Parameters
    ----------
    frame
        All text, one row per sample; ``gene_columns`` hold ``ALTERED``, ``WILD_TYPE`` or ``NOT_PROFILED`` words.
    id_column
        Column of the sample (or patient) identifier.
    gene_columns
        Columns that are genes; all but ``id_column`` if None. Stale symbols become current ones; an ending ``_mut``
        goes.
    findings
        Collects E_VALUE, E_DUP_CONFLICT, W_DUP_IDENTICAL, E_COLUMN_CLASH and what ``normalize_genes`` says.
    file, rows
        Where the rows stand: file, and source line per row (default: position from 2, below a header).
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    DataFrame
        int8 values 1, 0, -1; index ``sample_id`` ("string", sorted), columns genes (sorted).

    Notes
    -----
    Witness: literal matrices in ``tests/genomics/test_gene_table.py``.
    """
    columns = [name for name in frame.columns if name != id_column] if gene_columns is None else list(gene_columns)
    lines = _lines(frame, rows)
    genes = _gene_of_column(columns, findings=findings, file=file, names=names)
    values = np.column_stack(
        [_decode_cells(frame[column], lines, column, findings=findings, file=file) for column in genes]
        or [np.empty((len(frame), 0), dtype=np.int8)]
    )
    calls = pd.DataFrame(values, columns=pd.Index(list(genes.values()), dtype="string", name="gene"), dtype="int8")
    calls.index = pd.Index(frame[id_column].astype("string").str.strip(), name="sample_id")
    return _one_row_each(calls, lines, id_column, findings=findings, file=file)


def parse_carriers(
    frame: pd.DataFrame,
    id_column: str,
    gene_column: str,
    *,
    profiled_ids: Iterable[str],
    genes: Iterable[str] | None = None,
    findings: Findings,
    file: str = "",
    rows: pd.Series | None = None,
    names: GeneNames | None = None,
) -> pd.DataFrame:
    """Return gene calls from a list with one row per altered sample and gene.

    Who is not in the list is wild type only if profiled: a list of carriers says nothing of that, so the caller must.

    Parameters
    ----------
    frame
        All text; rows without a gene or without an identifier are errors.
    id_column, gene_column
        Columns of the identifier and of the gene.
    profiled_ids
        Samples (or patients) that were profiled.
    genes
        Genes that were profiled; None = the genes of the list.
    findings
        Collects E_VALUE, E_FOREIGN_KEY (a carrier who was not profiled), W_GENE_NOT_ON_PANEL and what
        ``normalize_genes`` says.
    file, rows
        Where the rows stand: file, and source line per row (default: position from 2, below a header).
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    DataFrame
        int8 values 1, 0, -1; index ``sample_id`` ("string", sorted), columns genes (sorted). A gene outside ``genes``
        is 1 in its carriers and not profiled in everyone else.

    Notes
    -----
    Witness: literal lists in ``tests/genomics/test_gene_table.py``.
    """
    names = names if names is not None else gene_names_of(None)
    lines = pd.Series(_lines(frame, rows), index=frame.index, dtype="Int64")
    ids = frame[id_column].astype("string").str.strip()
    ids = ids.mask(ids.str.lower().isin(NOT_PROFILED))
    resolved = normalize_genes(
        frame[gene_column], findings=findings, names=names, file=file, rows=lines, column=gene_column
    )
    _report_blank(ids, lines, id_column, findings=findings, file=file)
    _report_blank(
        resolved.gene.mask(resolved.reason != "gene_missing", "x"), lines, gene_column, findings=findings, file=file
    )
    index = pd.Index(sorted({str(item).strip() for item in profiled_ids}), dtype="string", name="sample_id")
    good = (ids.notna() & resolved.gene.notna()).to_numpy(dtype=bool)
    pairs = pd.DataFrame({"sample_id": ids[good], "gene": resolved.gene[good], "row": lines[good]})
    pairs = _drop_unprofiled(pairs, index, id_column, findings=findings, file=file)
    panel = None if genes is None else set(normalize_gene_list(genes, findings=findings, names=names, file=file))
    carried = {str(gene) for gene in pairs["gene"]}
    columns = pd.Index(sorted(carried | panel if panel is not None else carried), dtype="string", name="gene")
    values = np.zeros((len(index), len(columns)), dtype=np.int8)
    if panel is not None:
        _report_off_panel(pairs[~pairs["gene"].isin(panel)], gene_column, findings=findings, file=file)
        values[:, ~columns.isin(panel)] = -1
    values[index.get_indexer(pd.Index(pairs["sample_id"])), columns.get_indexer(pd.Index(pairs["gene"]))] = 1
    return pd.DataFrame(values, index=index, columns=columns)


def _lines(frame: pd.DataFrame, rows: pd.Series | None) -> NDArray[np.int64]:
    return np.arange(2, len(frame) + 2) if rows is None else rows.to_numpy(dtype=np.int64)


def _gene_of_column(columns: list[str], *, findings: Findings, file: str, names: GeneNames | None) -> dict[str, str]:
    """Map each usable gene column to its current symbol."""
    stems = pd.Series([column.strip() for column in columns], dtype="string").str.replace(r"(?i)_mut$", "", regex=True)
    resolved = normalize_genes(stems, findings=findings, names=names, file=file, column="header")
    out: dict[str, str] = {}
    for column, gene in zip(columns, resolved.gene, strict=True):
        if pd.isna(gene):
            continue
        if gene in out.values():
            findings.add(
                "E_COLUMN_CLASH",
                f"A gene may have one column, found two for {gene}: {_first(out, gene)} and {column}.",
                fix="Remove one of them; the first was read.",
                file=file,
                column=column,
            )
            continue
        out[column] = str(gene)
    return out


def _first(columns: dict[str, str], gene: str) -> str:
    return next(column for column, name in columns.items() if name == gene)


def _decode_cells(
    cells: pd.Series, lines: NDArray[np.int64], column: str, *, findings: Findings, file: str
) -> NDArray[np.int8]:
    """Turn the cells of one gene into 1, 0, -1; report each distinct value that is none of them."""
    codes, texts = pd.factorize(cells.astype("string").fillna(""))
    values = [str(text).strip() for text in texts]
    states = [_state(value) for value in values]
    first = np.unique(codes, return_index=True)[1]
    count = np.bincount(codes, minlength=len(values))
    for code in np.flatnonzero([state is None for state in states]):
        findings.add(
            "E_VALUE",
            f"A cell must be 1 (altered), 0 (wild type) or blank (not profiled), found {values[code]!r} "
            f"({count[code]} rows).",
            fix="Correct the cell; it was read as not profiled.",
            file=file,
            row=int(lines[first[code]]),
            column=column,
            value=values[code],
        )
    return np.array([-1 if state is None else state for state in states], dtype=np.int8)[codes]


def _state(text: str) -> int | None:
    """Return 1, 0 or -1 for a cell, None if it is none of them; protein changes that alter the gene are 1."""
    word = text.lower()
    for state, words in ((1, ALTERED), (0, WILD_TYPE), (-1, NOT_PROFILED)):
        if word in words:
            return state
    changes = [normalize_protein_change(part) for part in text.split()]
    implied = [settle_class(class_from_protein_change(change) or "") if change else "" for change in changes]
    return 1 if implied and all(name in NONSYN for name in implied) else None


def _one_row_each(
    calls: pd.DataFrame, lines: NDArray[np.int64], id_column: str, *, findings: Findings, file: str
) -> pd.DataFrame:
    """Drop rows without id and repeated ids: identical rows once, contradicting ones not at all."""
    ids = pd.Series(calls.index, dtype="string")
    ids = ids.mask(ids.str.lower().isin(NOT_PROFILED))
    _report_blank(ids, pd.Series(lines), id_column, findings=findings, file=file)
    repeated = ids.duplicated(keep=False) & ids.notna()
    kept = [int(place) for place in np.flatnonzero((ids.notna() & ~repeated).to_numpy(dtype=bool))]
    for name, places in sorted(ids[repeated].groupby(ids[repeated]).groups.items()):
        distinct = np.unique(calls.to_numpy()[places], axis=0)
        same = len(distinct) == 1
        if same:
            kept.append(int(places[0]))
        state = "are alike; one is kept" if same else "differ; none is kept"
        findings.add(
            "W_DUP_IDENTICAL" if same else "E_DUP_CONFLICT",
            f"{name} should have one row, found {len(places)} that {state}.",
            fix="" if same else "Keep one of them, or give each sample its own name.",
            file=file,
            row=int(lines[places[1]]),
            column=id_column,
            value=str(name),
        )
    out = calls.iloc[kept]
    out.index = pd.Index(ids.iloc[kept], dtype="string", name="sample_id")
    return out.sort_index().sort_index(axis=1)


def _drop_unprofiled(
    pairs: pd.DataFrame, profiled: pd.Index, id_column: str, *, findings: Findings, file: str
) -> pd.DataFrame:
    known = pairs["sample_id"].isin(profiled).to_numpy(dtype=bool)
    for name, group in pairs[~known].groupby("sample_id"):
        findings.add(
            "E_FOREIGN_KEY",
            f"A carrier must be among the profiled, {name} is not ({', '.join(sorted(set(group['gene'])))}).",
            fix="Correct the identifier, or add it to the profiled.",
            file=file,
            row=int(group["row"].iloc[0]),
            column=id_column,
            value=str(name),
        )
    return pairs[known]


def _report_off_panel(pairs: pd.DataFrame, gene_column: str, *, findings: Findings, file: str) -> None:
    for gene, group in pairs.groupby("gene"):
        findings.add(
            "W_GENE_NOT_ON_PANEL",
            f"{gene} is not among the profiled genes but has {len(group)} carriers: it is profiled in them only.",
            file=file,
            row=int(group["row"].iloc[0]),
            column=gene_column,
            value=str(gene),
            rule="V21",
        )


def _report_blank(values: pd.Series, lines: pd.Series, column: str, *, findings: Findings, file: str) -> None:
    blank = np.flatnonzero(values.isna().to_numpy())
    if blank.size:
        findings.add(
            "E_VALUE",
            f"Every row needs {column}, found {blank.size} without.",
            fix="Fill it in or remove the rows.",
            file=file,
            row=int(lines.iloc[int(blank[0])]),
            column=column,
        )
