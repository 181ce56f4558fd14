"""Gene names of a knowledge snapshot: the bundled ones, extended by its gene tables and lists of other names."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from netgen.genomics.alleles import normalize_build, normalize_chromosome
from netgen.genomics.gene_names import load_gene_names
from netgen.knowledge.gene_symbols import read_gene_aliases, read_gene_spans, read_gene_table

if TYPE_CHECKING:
    from netgen.genomics.gene_names import GeneNames
    from netgen.knowledge.snapshot import Snapshot


@cache
def gene_names_of(snapshot: Snapshot | None) -> GeneNames:
    """Return the gene names that a study uses.

    Read once per snapshot and process; do not change what you get.

    Parameters
    ----------
    snapshot
        Its files of the kinds ``genes`` and ``gene_aliases`` count; None, or one without such files, gives the bundled
        names.

    Returns
    -------
    GeneNames
        For every reader of variants, panels and gene lists.

    Raises
    ------
    InputError
        E_FILE_FORMAT if such a file is not what its kind says.

    Notes
    -----
    1. A current symbol is itself, whatever else it was once; its other meanings only matter where a position decides.
    2. A former or other name that means one gene becomes its current symbol. One that means several is ambiguous.
    3. The bundled table wins over the snapshot: it knows what a list of names does not say (MUM1 is IRF4 or PWWP3A).
    4. Another name given with an id alone takes the symbol that the gene tables have for it; without one it is not
       used.
    """
    tables = () if snapshot is None else snapshot.of("genes")
    lists = () if snapshot is None else snapshot.of("gene_aliases")
    if not tables and not lists:
        return load_gene_names()
    genes = [read_gene_table(file.path) for file in tables]
    spans = [_normalize_spans(read_gene_spans(file.path)) for file in tables]
    positions = pd.concat(spans, ignore_index=True) if spans else None
    known = load_gene_names(pd.concat(genes, ignore_index=True)) if genes else load_gene_names()
    aliases = [_name_by_id(read_gene_aliases(file.path), known) for file in lists]
    return load_gene_names(pd.concat([*genes, *aliases], ignore_index=True), gene_positions=positions)


def _name_by_id(aliases: pd.DataFrame, names: GeneNames) -> pd.DataFrame:
    """Give names without a symbol the one of their id; leave out those that are current symbols of that gene."""
    ids = pd.to_numeric(aliases["entrez_gene_id"], errors="coerce")
    by_id = ids.map(names.symbol_of).astype("string")
    symbol = aliases["symbol"].where(aliases["symbol"] != "", by_id)
    out = aliases.assign(symbol=symbol)[symbol.notna()]
    return out[out["alias"].str.upper() != out["symbol"].str.upper()]


def _normalize_spans(spans: pd.DataFrame) -> pd.DataFrame:
    """Bring builds and chromosomes into one spelling; a gene of another assembly or of no chromosome is left out."""
    out = spans.assign(build=spans["build"].map(normalize_build), chrom=spans["chrom"].map(normalize_chromosome))
    return out.dropna(subset=["build", "chrom"]).reset_index(drop=True)
