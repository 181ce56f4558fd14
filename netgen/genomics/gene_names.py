"""What a gene is called: current symbols, stale ones, NCBI gene ids, and where the confusable genes lie.

The bundled tables are small (``gene_aliases.tsv``, ``excel_genes.tsv``); a complete HGNC table comes from a knowledge
snapshot (``gene_history.gene_names_of``) by the ``extra`` argument of :func:`load_gene_names`. Symbols are compared in
upper case; the only current human symbols with lower-case letters are those of open reading frames (``C11orf30``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.data import load_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIAS_COLUMNS: Final = ("alias", "symbol", "entrez_gene_id", "kind")
SPAN_COLUMNS: Final = ("gene", "build", "chrom", "start", "end")
# Cells that hold no gene. "Unknown" is what vcf2maf writes for intergenic variants.
NO_GENE: Final = frozenset(
    {"", "NA", "N/A", "NAN", "NULL", "NONE", ".", "-", "--", "---", "?", "UNKNOWN", "IGR", "INTERGENIC"}
)
# English, Italian, German and French abbreviations; longer ones first.
_MONTH: Final = (
    "(?:sept|mars|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|gen|mag|giu|lug|ago|set|ott|dic|mrz|mai|okt|dez)"
)
_DATE: Final = re.compile(
    rf"\d{{1,2}}[-. ]{{1,2}}{_MONTH}\.?(?:[-. ]\d{{2,4}})?|{_MONTH}\.?[-. ]\d{{1,4}}"
    r"|\d{4}-\d{2}-\d{2}(?:[ T][\d:.]+)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}",
    re.IGNORECASE,
)
_SERIALS: Final = range(36526, 51502)  # spreadsheet day numbers of 2000 to 2040
_ORF: Final = re.compile(r"(C(?:\d{1,2}|X|Y))ORF(\d+\w*)")


@dataclass(frozen=True, kw_only=True)
class GeneNames:
    """Names of genes, looked up by upper-case alias or by NCBI gene id.

    Attributes
    ----------
    preferred
        Alias -> current symbol, where one is meant.
    candidates
        Alias -> further symbols that it may mean; an alias without a preferred one is ambiguous.
    symbol_of, entrez_of
        NCBI gene id -> current symbol, and the reverse.
    spans
        Gene spans, columns ``SPAN_COLUMNS`` (1-based, inclusive), of genes that a position must tell apart.
    excel_genes
        Symbols that a spreadsheet turns into dates.
    """

    preferred: dict[str, str]
    candidates: dict[str, tuple[str, ...]]
    symbol_of: dict[int, str]
    entrez_of: dict[str, int]
    spans: pd.DataFrame
    excel_genes: frozenset[str]

    def names_behind(self, alias: str) -> tuple[str, ...]:
        """Every current symbol that an alias may mean, sorted."""
        key = alias.upper()
        return tuple(sorted({*self.candidates.get(key, ()), *([self.preferred[key]] if key in self.preferred else [])}))


def load_gene_names(extra: pd.DataFrame | None = None, gene_positions: pd.DataFrame | None = None) -> GeneNames:
    """Return the bundled gene names, extended by a larger table and by gene positions.

    Parameters
    ----------
    extra
        Columns ``alias``, ``symbol``, ``entrez_gene_id`` (text or integer, 0 or blank = none) and ``kind``: previous,
        alias, ambiguous or current. An alias of kind "current" or "previous" is preferred to kind "alias"; one with
        several preferred symbols is ambiguous.
    gene_positions
        Columns ``gene``, ``build``, ``chrom``, ``start``, ``end`` (1-based, inclusive).

    Returns
    -------
    GeneNames
        Lookup tables. The bundled rows win over ``extra`` where both name an alias.
    """
    bundled = load_table("gene_aliases.tsv")
    spans = load_table("excel_genes.tsv")
    excel = spans[spans["role"] == "excel"]
    aliases = [bundled, _span_ids(spans)]
    if extra is not None:
        known = set(bundled.loc[bundled["kind"] != "current", "alias"].str.upper())
        aliases.append(extra[~extra["alias"].astype("string").str.upper().isin(known)])
    table = pd.concat([part[list(ALIAS_COLUMNS)].astype("string") for part in aliases], ignore_index=True)
    preferred, candidates = _index_aliases(table)
    ids = pd.to_numeric(table["entrez_gene_id"], errors="coerce").fillna(0).astype("int64")
    entrez_of = {str(symbol): int(number) for symbol, number in zip(table["symbol"], ids, strict=True) if number > 0}
    parts = [spans[list(SPAN_COLUMNS)]]
    if gene_positions is not None and len(gene_positions):
        parts.append(gene_positions[list(SPAN_COLUMNS)])
    return GeneNames(
        preferred=preferred,
        candidates=candidates,
        symbol_of={number: symbol for symbol, number in entrez_of.items()},
        entrez_of=entrez_of,
        spans=pd.concat(parts, ignore_index=True).astype({"start": "int64", "end": "int64"}),
        excel_genes=frozenset(str(gene) for gene in excel["gene"]),
    )


def canonical_symbol(text: str) -> str | None:
    """Return a symbol trimmed and in upper case (``C11orf30`` keeps its ``orf``), None if there is none.

    Parameters
    ----------
    text
        Symbol as written.

    Returns
    -------
    str or None
        The symbol, not yet replaced by the current one.
    """
    name = text.replace("\u00a0", " ").strip()
    if name.upper() in NO_GENE:
        return None
    return _ORF.sub(r"\1orf\2", name.upper())


def is_excel_date(text: str) -> bool:
    """Return whether a symbol is a date or a day number that a spreadsheet made of a symbol.

    Parameters
    ----------
    text
        Symbol as written, for example ``1-Mar``, ``Mar-01``, ``17-Sep``, ``44256``.

    Returns
    -------
    bool
        True for a date.
    """
    name = text.strip()
    if name[:5].isdigit() and re.fullmatch(r"\d{5}(?:\.0+)?", name):
        return int(name[:5]) in _SERIALS
    return bool(_DATE.fullmatch(name))


def find_genes_at(
    spans: pd.DataFrame,
    build: NDArray[np.object_],
    chrom: NDArray[np.object_],
    pos: NDArray[np.int64],
    *,
    flank: int = 5000,
) -> list[str | None]:
    """Return, for each position, the one gene of ``spans`` that holds it.

    A gene that holds the position itself is preferred to one within ``flank`` bases of it. None, or several, give None.
    Without a build, any of the builds of ``spans`` may answer.

    Parameters
    ----------
    spans
        Columns ``gene``, ``build``, ``chrom``, ``start``, ``end`` (1-based, inclusive).
    build, chrom, pos
        Shape (n,): genome build (None = unknown), chromosome without ``chr``, 1-based position.
    flank
        Bases around a gene that still point to it.

    Returns
    -------
    list of str or None
        n symbols.
    """
    genes = sorted({str(gene) for gene in spans["gene"]})
    exact = _single_hit(spans, genes, build, chrom, pos, margin=0)
    close = _single_hit(spans, genes, build, chrom, pos, margin=flank)
    chosen = np.where(exact == -1, close, exact)
    return [genes[place] if place >= 0 else None for place in chosen]


def _single_hit(
    spans: pd.DataFrame,
    genes: list[str],
    build: NDArray[np.object_],
    chrom: NDArray[np.object_],
    pos: NDArray[np.int64],
    *,
    margin: int,
) -> NDArray[np.intp]:
    """Index into ``genes`` of the only gene around each position; -1 for none, -2 for several."""
    number = {gene: place for place, gene in enumerate(genes)}
    unknown = np.array([name is None for name in build], dtype=bool)
    hit = np.full(len(pos), -1, dtype=np.intp)
    for gene, span_build, span_chrom, start, end in spans[list(SPAN_COLUMNS)].itertuples(index=False):
        here = (chrom == span_chrom) & (unknown | (build == span_build))
        here &= (pos >= start - margin) & (pos <= end + margin)
        mine = number[str(gene)]
        hit[here] = np.where((hit[here] == -1) | (hit[here] == mine), mine, -2)
    return hit


def _span_ids(spans: pd.DataFrame) -> pd.DataFrame:
    """Turn the genes of the span table into current symbols with ids."""
    table = spans[["gene", "entrez_gene_id"]].drop_duplicates()
    return pd.DataFrame(
        {
            "alias": table["gene"],
            "symbol": table["gene"],
            "entrez_gene_id": table["entrez_gene_id"],
            "kind": np.full(len(table), "current", dtype=object),
        }
    )


def _index_aliases(table: pd.DataFrame) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Split aliases into those that mean one gene first of all, and the other genes that they may mean."""
    ranks = {"current": 0, "previous": 1, "alias": 2, "ambiguous": 3}
    meanings: dict[str, dict[int, set[str]]] = {}
    for alias, symbol, kind in zip(table["alias"], table["symbol"], table["kind"], strict=True):
        meanings.setdefault(str(alias).upper(), {}).setdefault(ranks.get(str(kind), 2), set()).add(str(symbol))
    preferred: dict[str, str] = {}
    candidates: dict[str, tuple[str, ...]] = {}
    for alias, by_rank in meanings.items():
        everything = set().union(*by_rank.values())
        best = by_rank[min(by_rank)]
        if len(best) == 1 and min(by_rank) < ranks["ambiguous"]:
            preferred[alias] = next(iter(best))
        others = everything - {preferred.get(alias, "")}
        if others:
            candidates[alias] = tuple(sorted(others))
    return preferred, candidates
