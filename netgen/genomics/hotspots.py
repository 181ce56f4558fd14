"""Which variants lie at mutational hot spots.

The kinds of hot spot and the kinds of variant that count at them are those of Genome Nexus (``HotspotFilter``):

- a residue: missense variants at it, whatever the new residue. The residue of the protein must be the same, so that a
  numbering of another transcript does not match by chance. At a stop codon: the loss of it.
- a stretch: in-frame insertions and deletions that overlap it.
- a splice site: splice variants named for its residue.

A truncation is never at a hot spot, although the published counts of a residue may contain some: where a truncation
falls says nothing about the gene (``lof`` is the feature for them).

References
----------
Chang MT et al. Cancer Discov 8:174-183 (2018). Genome Nexus, github.com/genome-nexus/genome-nexus, HotspotFilter.java,
commit 739a4cd.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.errors import AnalysisError, Findings
from netgen.genomics.classes import is_altering
from netgen.genomics.gene_history import gene_names_of
from netgen.genomics.genes import normalize_genes
from netgen.knowledge.hotspot_table import read_hotspots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.knowledge.snapshot import Snapshot

# Class of a variant -> the kind of hot spot at which it counts.
COUNTS_AT: Final[dict[str, str]] = {
    "Missense_Mutation": "residue",
    "Nonstop_Mutation": "residue",
    "In_Frame_Del": "indel",
    "In_Frame_Ins": "indel",
    "Splice_Site": "splice",
    "Splice_Region": "splice",
}
_CHANGE: Final = re.compile(r"p\.([A-Z*])(\d+)(?:_([A-Z*])(\d+))?")
_SPLICE: Final = re.compile(r"p\.[A-Z](\d+)_splice")
_INTRON: Final = re.compile(r"c\.(\d+)(?:_\d+)?[+-]\d+")


@dataclass(frozen=True, kw_only=True)
class Hotspots:
    """The hot spots of a snapshot.

    Attributes
    ----------
    places
        (gene, kind) -> first residue, last residue, reference residue ("" = any) of each.
    source
        Source, version and date, for methods and provenance.
    """

    places: Mapping[tuple[str, str], tuple[tuple[int, int, str], ...]]
    source: str

    @property
    def genes(self) -> frozenset[str]:
        """Return the genes that have any."""
        return frozenset(gene for gene, _ in self.places)


@cache
def hotspots_of(snapshot: Snapshot | None) -> Hotspots | None:
    """Return the hot spots of a knowledge snapshot.

    Parameters
    ----------
    snapshot
        Its file of the kind ``hotspots`` counts; symbols pass through its gene tables.

    Returns
    -------
    Hotspots or None
        None if there is no such file.

    Raises
    ------
    InputError
        E_FILE_FORMAT if the file is no table of hot spots.
    """
    files = () if snapshot is None else snapshot.of("hotspots")
    if not files:
        return None
    table = read_hotspots(files[0].path)
    genes = normalize_genes(table["gene"], names=gene_names_of(snapshot), findings=Findings(), excel_dates="unresolved")
    places: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
    columns = (genes.gene, *(table[name] for name in ("kind", "start", "end", "reference")))
    for gene, kind, start, end, reference in zip(*columns, strict=True):
        if not pd.isna(gene):
            places.setdefault((str(gene), str(kind)), []).append((int(start), int(end), str(reference)))
    return Hotspots(
        places={key: tuple(sorted(found)) for key, found in sorted(places.items())},
        source=f"{files[0].source} {files[0].version}, {files[0].date}",
    )


def mark_hotspots(variants: pd.DataFrame, hotspots: Hotspots | None) -> pd.DataFrame:
    """Return the variants with ``hotspot`` True, False or missing.

    A variant that the file calls a hot spot stays one. Missing: the gene has hot spots at which such a variant counts,
    but the row does not say which residue is meant; or the variant does not change a protein (the TERT promoter), of
    which a table of residues says nothing.

    Parameters
    ----------
    variants
        ``schema.VARIANTS``.
    hotspots
        None = the variants as they are.

    Returns
    -------
    DataFrame
        The same rows, in their order.

    Notes
    -----
    Rules in the module docstring. A splice variant without ``p.X125_splice`` is placed by its coding position: codon
    (c + 2) // 3, which is the residue that vcf2maf writes. Witness: literal rows in
    ``tests/genomics/test_hotspots.py``.
    """
    if hotspots is None or not len(variants):
        return variants
    told = variants["hotspot"].astype("boolean")
    found = pd.array(np.zeros(len(variants), dtype=bool), dtype="boolean")
    noncoding = variants["variant_class"].isin(["5'Flank"]) & is_altering(variants["variant_class"], variants["gene"])
    found[(noncoding | variants["gene"].isna()).to_numpy(dtype=bool)] = pd.NA
    rows = variants["gene"].isin(hotspots.genes) & variants["variant_class"].isin(list(COUNTS_AT))
    asked = variants.loc[rows, ["gene", "variant_class", "hgvsp_short", "hgvsc"]].fillna("")
    distinct = asked.drop_duplicates()
    answers = [_is_hotspot(hotspots, *map(str, key)) for key in distinct.itertuples(index=False, name=None)]
    if answers:
        code = asked.groupby(list(asked.columns), sort=False).ngroup()  # in the order in which they are met
        found[rows.to_numpy(dtype=bool)] = pd.array(answers, dtype="boolean")[code.to_numpy()]
    either = pd.Series(found, index=variants.index).mask(told.fillna(value=False), other=True)
    return variants.assign(hotspot=either.fillna(told))


def check_hotspots_known(variants: pd.DataFrame | None) -> None:
    """Refuse the feature ``hotspot`` where nothing says which variants lie at hot spots.

    Parameters
    ----------
    variants
        ``schema.VARIANTS``; None = no variants, of which nothing needs to be known.

    Raises
    ------
    AnalysisError
        E_CONFIG if there are variants that alter genes, and ``hotspot`` is missing in all rows.
    """
    if variants is None or ("hotspot" in variants and variants["hotspot"].notna().any()):
        return
    n = int(np.count_nonzero(is_altering(variants["variant_class"], variants["gene"])))
    if n:
        raise AnalysisError(
            "E_CONFIG",
            f"the feature hotspot needs to know the hot spots: none of the {n} variants says whether it lies at one.",
            fix="Name a knowledge snapshot with a file of the kind hotspots (--knowledge DIR), or give the variants a "
            "column hotspot.",
        )


def _is_hotspot(hotspots: Hotspots, gene: str, variant_class: str, change: str, coding: str) -> bool | None:
    """Tell of one variant of a gene with hot spots; None if the row does not say where it lies."""
    kind = COUNTS_AT[variant_class]
    places = hotspots.places.get((gene, kind), ())
    if not places:
        return False
    if kind == "splice":
        codon = _splice_codon(change, coding)
        return None if codon is None else any(start == codon for start, _, _ in places)
    found = _CHANGE.match(change)
    if found is None:
        return None
    first, start = found.group(1), int(found.group(2))
    last, end = (found.group(3), int(found.group(4))) if found.group(3) else (first, start)
    named = {start: first, end: last}
    if kind == "indel":
        return any(low <= end and start <= high for low, high, _ in places)
    if (variant_class == "Nonstop_Mutation") != (first == "*"):
        return False
    return any(start <= at <= end and named.get(at, residue) == residue for at, _, residue in places)


def _splice_codon(change: str, coding: str) -> int | None:
    if found := _SPLICE.match(change):
        return int(found.group(1))
    found = _INTRON.search(coding)
    return (int(found.group(1)) + 2) // 3 if found else None
