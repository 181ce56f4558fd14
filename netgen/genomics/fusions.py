"""Structural variants of a cBioPortal study: ``data_sv`` in its present and older spellings.

One row per event and sample, with its one or two genes. Five-prime and three-prime are not inferred from the order of
columns (DOMAIN 1.6). The orientation is stated by, in this order,

1. the text of the event (``sv_names``): ``FIVE::THREE``, ``Protein fusion: in frame (FIVE-THREE)``;
2. the connection type together with the strands of both genes (``breakends``), where the file gives strands, in
   columns of their own or in the descriptions of the sites (``Intron of TP53(-): 41bp after exon 3``). Connection types
   speak of the reference, as DELLY's do: without strands they say nothing of genes.

A site without a symbol is named by its Entrez id, by the text of the event, or by its description. The deprecated
``data_fusions`` is read in ``sv_legacy``; names of fusions are read in ``sv_names``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd

from netgen.genomics.breakends import find_five_prime, read_connection, read_strand
from netgen.genomics.gene_names import canonical_symbol, load_gene_names
from netgen.genomics.sv_columns import SV_COLUMNS, SV_EXTRAS, read_columns
from netgen.genomics.sv_legacy import read_legacy_fusions
from netgen.genomics.sv_names import Fusion, format_fusion, parse_fusion, partner_of
from netgen.genomics.sv_table import finish_table, resolve_sites

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.breakends import Strand
    from netgen.genomics.gene_names import GeneNames

__all__ = [
    "Fusion",
    "format_fusion",
    "parse_fusion",
    "partner_of",
    "read_legacy_fusions",
    "read_structural_variants",
]

_SITE: Final = re.compile(r"(?P<place>[^()]*?)(?P<gene>[A-Za-z][\w.@-]*)\((?P<strand>[+-])\)")
_OUTSIDE: Final = re.compile(r"\s*(?:IGR|intergenic|promoter|upstream|downstream)\b", re.IGNORECASE)
_KEPT: Final[dict[str, str]] = {  # read here, kept under the names of the specification
    "ensembl1": "site1_ensembl_transcript_id", "ensembl2": "site2_ensembl_transcript_id", "site1": "site1_description",
    "site2": "site2_description", "connection": "connection_type", "annotation": "annotation", "comments": "comments",
}  # fmt: skip


def read_structural_variants(path: Path, *, findings: Findings, names: GeneNames | None = None) -> pd.DataFrame:
    """Return the structural variants of a ``data_sv`` file.

    Parameters
    ----------
    path
        Tab-separated, header matched whatever its case and underscores (``sv_columns.SV_COLUMNS``).
    findings
        Collects ragged rows, rows without sample or gene, repeated rows, sites with an Ensembl id alone, a status that
        is not given, and what ``normalize_genes`` says of symbols.
    names
        Gene names; the bundled ones if None.

    Returns
    -------
    DataFrame
        Table ``fusions`` of ``netgen.schema``; further columns of the specification behind it, in lower case. A blank
        status is somatic; a blank class or frame is read from the event's text. An annotation that is no more than
        ``FIVE::THREE`` becomes the orientation.

    Raises
    ------
    InputError
        If a needed column is absent (E_COLUMN_MISSING): the sample, and of each site symbol, Entrez id or Ensembl id.
    """
    needed = [("sample_id",), *[(f"gene{side}", f"entrez{side}", f"ensembl{side}") for side in "12"]]
    frame, extra = read_columns(path, SV_COLUMNS | SV_EXTRAS, needed=needed, findings=findings)
    told = frame["annotation"].mask(frame["annotation"].str.fullmatch(r"\S+::\S+").fillna(value=False))
    frame = frame.assign(event_info=frame["event"].fillna(told).fillna(frame["comments"]))
    table = names if names is not None else load_gene_names()
    frame = _name_sites(frame, table)
    _report_ensembl(frame, path, findings)
    frame = resolve_sites(frame, path, findings, table)
    frame["orientation"] = pd.Series([_orient(row, table) for row in _sites(frame)], index=frame.index, dtype="string")
    kept = frame[[*_KEPT, *SV_EXTRAS]].assign(annotation=told).rename(columns=_KEPT).dropna(axis="columns", how="all")
    used = ["strand1", "strand2", "entrez1", "entrez2", "event", *_KEPT, *SV_EXTRAS]
    return finish_table(frame.drop(columns=used).join(kept).join(extra), path, findings)


class _Sites(NamedTuple):
    """What a row says of its two sites."""

    genes: tuple[str | None, str | None]
    described: tuple[str | None, str | None]  # genes that the descriptions name
    strands: tuple[Strand, Strand]
    connection: str
    texts: tuple[str, ...]


def _sites(frame: pd.DataFrame) -> list[_Sites]:
    columns = ["gene1", "gene2", "site1", "site2", "strand1", "strand2", "connection", "event", "annotation"]
    out = []
    for one, two, site1, site2, strand1, strand2, connection, *texts in (
        frame[columns].fillna("").astype(str).itertuples(index=False, name=None)
    ):
        found = [_SITE.search(site) if not _OUTSIDE.match(site) else None for site in (site1, site2)]
        strands = [read_strand(text or (match["strand"] if match else "")) for text, match in
                   zip((strand1, strand2), found, strict=True)]  # fmt: skip
        described = [match["gene"] if match else None for match in found]
        out.append(
            _Sites(
                (one or None, two or None),
                (described[0], described[1]),
                (strands[0], strands[1]),
                connection,
                tuple(texts),
            )
        )
    return out


def _name_sites(frame: pd.DataFrame, names: GeneNames) -> pd.DataFrame:
    """Name the sites that have neither symbol nor Entrez id by the text of the event, else by their description."""
    genes: list[tuple[str | None, str | None]] = []
    blank = [(frame[f"gene{side}"].isna() & frame[f"entrez{side}"].isna()).to_numpy(dtype=bool) for side in "12"]
    for place, row in enumerate(_sites(frame)):
        one, two = row.genes
        fusion = next(filter(None, (parse_fusion(text, names) for text in row.texts)), None)
        if blank[0][place] and blank[1][place] and fusion is not None:
            one, two = fusion.gene1, fusion.gene2
        elif blank[0][place] and two is not None:
            one = _partner(two, fusion, names) or row.described[0]
        elif blank[1][place] and one is not None:
            two = _partner(one, fusion, names) or row.described[1]
        genes.append((one, two))
    return frame.assign(
        gene1=pd.Series([pair[0] for pair in genes], index=frame.index, dtype="string"),
        gene2=pd.Series([pair[1] for pair in genes], index=frame.index, dtype="string"),
    )


def _partner(gene: str, fusion: Fusion | None, names: GeneNames) -> str | None:
    """Other gene of a fusion that names this one."""
    pair = (fusion.gene1, fusion.gene2) if fusion else (None, None)
    for mine, other in (pair, pair[::-1]):
        if mine and _current(mine, names) == _current(gene, names):
            return other
    return None


def _orient(row: _Sites, names: GeneNames) -> str | None:
    """Which gene is the five-prime partner, None where that is not stated."""
    genes = [_current(gene, names) for gene in row.genes]
    if None in genes or genes[0] == genes[1]:
        return None
    for text in row.texts:
        fusion = parse_fusion(text, names)
        if fusion is not None and fusion.orientation and fusion.gene2 is not None:
            written = [_current(gene, names) for gene in (fusion.gene1, fusion.gene2)]
            forward = sum(one == two for one, two in zip(written, genes, strict=True))
            backward = sum(one == two for one, two in zip(written, genes[::-1], strict=True))
            if forward != backward:
                return "gene1_gene2" if forward > backward else "gene2_gene1"
    sides = read_connection(row.connection)
    five = find_five_prime(sides[0], row.strands[0], sides[1], row.strands[1]) if sides else 0
    if not five:
        return None
    named = [_current(text, names) if text else gene for text, gene in zip(row.described, genes, strict=True)]
    if sorted(map(str, named)) != sorted(map(str, genes)):
        return None
    return "gene1_gene2" if named[five - 1] == genes[0] else "gene2_gene1"


def _current(gene: str | None, names: GeneNames) -> str | None:
    symbol = canonical_symbol(gene) if gene else None
    return names.preferred.get(symbol.upper(), symbol) if symbol else None


def _report_ensembl(frame: pd.DataFrame, path: Path, findings: Findings) -> None:
    """Say how many sites are named by an Ensembl id alone."""
    alone = [
        frame[f"ensembl{side}"].notna() & frame[f"gene{side}"].isna() & frame[f"entrez{side}"].isna() for side in "12"
    ]
    count = int(alone[0].sum() + alone[1].sum())
    if count:
        findings.add(
            "W_GENE_UNRESOLVED",
            f"{count} site(s) of structural variants are named by an Ensembl id alone and stay without a gene.",
            fix="Add Site1_Hugo_Symbol and Site2_Hugo_Symbol, or the Entrez ids.",
            file=str(path),
            row=int(frame.loc[alone[0] | alone[1], "row"].iloc[0]),
        )
