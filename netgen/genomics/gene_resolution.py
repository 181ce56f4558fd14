"""Which gene each row means, from symbol, NCBI gene id and position.

The rules of DOMAIN 1.4.6, applied once per distinct pair of symbol and id, then per row where a position can help:

1. A gene id that is known wins over the symbol.
2. A stale symbol becomes the current one. A symbol that may mean several genes, and a date that a spreadsheet made of a
   symbol, mean nothing by themselves.
3. Where the position contradicts, the position wins (spans are known for the genes that are often confused).
4. What is left without a gene says why: ``gene_missing``, ``gene_excel_date``, ``gene_ambiguous``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.coded import Coded, as_objects, pair, take, texts
from netgen.genomics.gene_names import GeneNames, canonical_symbol, find_genes_at, is_excel_date

if TYPE_CHECKING:
    from numpy.typing import NDArray

REASONS: Final = ("", "gene_missing", "gene_excel_date", "gene_ambiguous")


@dataclass(frozen=True, kw_only=True)
class Positions:
    """Where each row lies: build and chromosome as coded columns, 1-based position (0 = unknown)."""

    build: Coded
    chrom: Coded
    pos: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The gene of each row.

    Attributes
    ----------
    gene
        Current symbols; missing where ``reason`` is not 0.
    reason
        (n,) index into ``REASONS``.
    conflict
        (n,) True where symbol, id and position name different genes.
    by_position
        (n,) True where the position decided.
    """

    gene: Coded
    reason: NDArray[np.uint8]
    conflict: NDArray[np.bool_]
    by_position: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What symbol and id say: the gene (or none and why), and the genes among which a position may choose."""

    gene: str | None
    reason: int = 0
    choices: tuple[str, ...] = ()
    conflict: bool = False


def resolve_genes(
    symbol: Coded, entrez: NDArray[np.int64], *, names: GeneNames, positions: Positions | None = None
) -> Resolution:
    """Return the current symbol of every row, or the reason why there is none.

    Parameters
    ----------
    symbol
        Symbols as written; missing allowed.
    entrez
        (n,) NCBI gene ids, 0 = none.
    names
        Lookup tables.
    positions
        Where the rows lie, if known.

    Returns
    -------
    Resolution
        One entry per row.
    """
    id_values, ids = pd.factorize(entrez)
    coded_ids = Coded(id_values.astype(np.int32), as_objects(str(number) for number in ids))
    rows, symbol_codes, id_codes = pair(symbol, coded_ids)
    verdicts = [
        _judge(symbol.values[code] if code >= 0 else "", int(ids[number]), names)
        for code, number in zip(symbol_codes, id_codes, strict=True)
    ]
    genes = [verdict.gene for verdict in verdicts]
    gene = _spread(genes, rows)
    reason = np.array([verdict.reason for verdict in verdicts], dtype=np.uint8)[rows]
    conflict = np.array([verdict.conflict for verdict in verdicts], dtype=bool)[rows]
    by_position = np.zeros(len(rows), dtype=bool)
    if positions is not None:
        gene, by_position = _ask_positions(verdicts, rows, gene, names, positions)
        conflict |= by_position & (reason == 0)
        reason = np.where(by_position, 0, reason).astype(np.uint8)
    return Resolution(gene=gene, reason=reason, conflict=conflict, by_position=by_position)


def _judge(symbol: str, entrez: int, names: GeneNames) -> _Verdict:
    """Apply rules 1 and 2 to one pair of symbol and id."""
    by_id = names.symbol_of.get(entrez)
    name = canonical_symbol(symbol)
    if name is None:
        return _Verdict(by_id, 0 if by_id else REASONS.index("gene_missing"))
    if is_excel_date(symbol):
        family = tuple(sorted(names.excel_genes))
        return _Verdict(by_id, 0, family) if by_id else _Verdict(None, REASONS.index("gene_excel_date"), family)
    key = name.upper()
    by_symbol, others = names.preferred.get(key), names.candidates.get(key, ())
    if by_symbol is None and others:
        return _Verdict(by_id, 0, others) if by_id else _Verdict(None, REASONS.index("gene_ambiguous"), others)
    current = by_symbol or name
    choices = (*others, current) if others else ()
    if current in names.excel_genes:
        choices = tuple(sorted(names.excel_genes))  # symbols of this family were "repaired" wrongly more than once
    if by_id is None or by_id == current:
        return _Verdict(current, 0, choices)
    clash = current in names.entrez_of and by_id not in others
    return _Verdict(by_id, 0, (current, by_id, *others) if clash else choices, conflict=clash)


def _spread(genes: list[str | None], rows: NDArray[np.intp]) -> Coded:
    """Turn one gene per distinct pair into a coded column."""
    values = sorted({gene for gene in genes if gene is not None})
    number = {gene: place for place, gene in enumerate(values)}
    codes = np.array([-1 if gene is None else number[gene] for gene in genes], dtype=np.int32)
    return Coded(codes[rows] if len(genes) else np.empty(0, dtype=np.int32), as_objects(values))


def _ask_positions(
    verdicts: list[_Verdict], rows: NDArray[np.intp], gene: Coded, names: GeneNames, positions: Positions
) -> tuple[Coded, NDArray[np.bool_]]:
    """Apply rule 3: let the position choose among the genes that a row may mean."""
    groups: dict[tuple[str, ...], int] = {}
    group_of = np.array([groups.setdefault(v.choices, len(groups)) if v.choices else -1 for v in verdicts], dtype=int)
    group = np.where(positions.pos > 0, group_of[rows], -1) if len(verdicts) else np.empty(0, dtype=int)
    asked = np.flatnonzero(group >= 0)
    build = texts(take(positions.build, asked))
    chrom = texts(take(positions.chrom, asked))
    codes = gene.codes.copy()
    number = {value: place for place, value in enumerate(gene.values)}
    for choices, code in groups.items():
        mine = np.flatnonzero(group[asked] == code)
        spans = names.spans[names.spans["gene"].isin(choices)]
        here = positions.pos[asked[mine]]
        for row, found in zip(asked[mine], find_genes_at(spans, build[mine], chrom[mine], here), strict=True):
            if found is not None:
                codes[row] = number.setdefault(found, len(number))
    return Coded(codes, as_objects(number)), codes != gene.codes
