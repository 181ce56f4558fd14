"""The deprecated ``data_fusions`` of cBioPortal: one row for each gene of a fusion, which become one event.

The other gene is read from the fusion's name (``sv_names``). Rows of one sample are one event if they name the same two
genes and, genes aside, read the same (``MED12-FOXO4 fusion`` and ``FOXO4-MED12 fusion`` do); a gene that has two such
rows has two events.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd

from netgen.genomics.sv_columns import FUSION_COLUMNS, FUSION_EXTRAS, read_columns
from netgen.genomics.sv_names import parse_fusion, partner_of
from netgen.genomics.sv_table import drop_repeats, finish_table, resolve_sites

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

_MARKS: Final = frozenset({"ITD", "PTD", "KDD"})  # written in the column of genes beside the gene itself


def read_legacy_fusions(path: Path, *, findings: Findings, names: GeneNames | None = None) -> pd.DataFrame:
    """Return the fusions of a deprecated ``data_fusions`` file, one row per fusion and sample.

    Parameters
    ----------
    path
        Tab-separated, header matched whatever its case.
    findings
        Collects ragged rows, rows without sample or gene, repeated rows, and a status that is not given.
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    DataFrame
        Table ``fusions`` of ``netgen.schema``: genes in the order of the name; ``center``, ``method`` and ``comments``
        behind it.

    Raises
    ------
    InputError
        If a needed column is absent (E_COLUMN_MISSING).
    """
    needed = [("sample_id",), ("gene1", "entrez1"), ("event",)]
    frame, _ = read_columns(path, FUSION_COLUMNS | FUSION_EXTRAS, needed=needed, findings=findings)
    empty = [name for name in FUSION_EXTRAS if frame[name].isna().all()]
    frame = drop_repeats(frame.drop(columns=empty).rename(columns={"event": "event_info"}), path, findings)
    written = frame[["gene1", "event_info"]].fillna("").astype(str)
    read = [_read(gene, name, names) for gene, name in written.itertuples(index=False)]
    parts = pd.DataFrame(read, columns=list(_Read._fields), index=frame.index)
    other, alias = parts["partner"].astype("string"), frame["gene1"]
    frame = frame.assign(gene1=parts["gene"].astype("string").where(frame["gene1"].notna()))
    same = (other == frame["gene1"]).fillna(value=False)
    frame = resolve_sites(frame, path, findings, names, sides=("1",)).assign(gene2=other)
    frame = resolve_sites(frame, path, findings, names, sides=("2",))
    frame["gene2"] = frame["gene2"].mask(same, frame["gene1"])
    return finish_table(_join(frame, parts, alias).drop(columns="entrez1"), path, findings)


class _Read(NamedTuple):
    gene: str
    partner: str | None
    first: bool  # the row's gene stands first in the name
    stated: bool  # and that is its orientation
    rest: str  # the name without its genes


def _read(gene: str, name: str, names: GeneNames | None) -> _Read:
    """Read the name of a fusion from the side of one of its genes."""
    partner = partner_of(gene, name)
    fusion = parse_fusion(name, names)
    if fusion is not None and gene.upper() in _MARKS:
        gene = partner = fusion.gene1
    other = partner or gene
    places = [name.casefold().find(one.casefold()) for one in (gene, other)]
    stated = fusion is not None and bool(fusion.orientation) and other != gene
    genes = "|".join(re.escape(one) for one in sorted({gene, other}, key=len, reverse=True) if one)
    rest = re.sub(genes, "", name, flags=re.IGNORECASE) if genes else name
    return _Read(gene, partner, places[0] <= places[1], stated, " ".join(rest.casefold().split()))


def _join(frame: pd.DataFrame, parts: pd.DataFrame, written: pd.Series) -> pd.DataFrame:
    """Return one row per event, genes in the order of its name; ``written`` are the genes as they stand in the file."""
    keep = parts["first"] | frame["gene2"].isna()
    one, two = frame["gene1"].where(keep, frame["gene2"]), frame["gene2"].where(keep, frame["gene1"])
    pair = ["|".join(sorted(both)) for both in zip(one.fillna(""), two.fillna(""), strict=True)]
    five = one.fillna("").where(parts["stated"], "")
    key = pd.DataFrame({"sample": frame["sample_id"].fillna(""), "pair": pair, "five": five, "rest": parts["rest"]})
    number = key.assign(gene=written.fillna("")).groupby([*key, "gene"]).cumcount()
    order = key.assign(number=number, text=frame["event_info"].fillna(""), row=frame["row"])
    order = order.sort_values([*key, "number", "text", "row"], kind="stable")
    kept = order.index[~order.duplicated([*key, "number"])].sort_values()
    stated = pd.Series("gene1_gene2", index=frame.index, dtype="string").where(parts["stated"])
    return frame.assign(gene1=one, gene2=two, orientation=stated).loc[kept]
