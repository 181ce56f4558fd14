"""Gene names of a knowledge snapshot: what wins over what, and where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen.errors import Findings
from netgen.genomics.gene_history import gene_names_of
from netgen.genomics.genes import normalize_genes
from netgen.genomics.panels import read_panel
from tests.genomics.test_hotspots import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.genomics.gene_names import GeneNames

GENES = (
    "symbol\tprev_symbol\talias_symbol\tentrez_id\tbuild\tchrom\tstart\tend\n"
    "ZZEF9\tOLDZ\tSHARED\t900001\tGRCh37\t1\t1000\t2000\n"
    "ZZEF8\t\tSHARED|ZZEF9\t900002\thg19\tchr2\t5000\t6000\n"
    "KMT2D\tMLL2\tALR\t8085\tGRCh37\t12\t49412758\t49453557\n"
    "IRF4\tMUM1\t\t3662\tGRCh37\t6\t391739\t411447\n"
)
ALIASES = "alias\tentrez_gene_id\nNICK\t900002\nLOST\t12345678\nMLL3\t900001\nzzef8\t900002\n"


@pytest.fixture
def names(tmp_path: Path) -> GeneNames:
    return gene_names_of(snapshot(tmp_path, genes=("hgnc.txt", GENES), gene_aliases=("aliases.txt", ALIASES)))


def resolve(names: GeneNames, *symbols: str, entrez: int | None = None, **place: object) -> tuple[list[str], list[str]]:
    """Return genes ("" = none) and the codes of the findings."""
    findings = Findings()
    positions = pd.DataFrame([place] * len(symbols)).convert_dtypes() if place else None
    ids = None if entrez is None else pd.Series([entrez] * len(symbols), dtype="Int64")
    column = pd.Series(symbols, dtype="string")
    found = normalize_genes(column, ids, names=names, positions=positions, findings=findings)
    return found.gene.fillna("").tolist(), [item.code for item in findings if item.code != "I_SYMBOL_RENAMED"]


def test_gene_names_of__no_snapshot_gives_the_bundled_names_once() -> None:
    assert gene_names_of(None) is gene_names_of(None)
    assert resolve(gene_names_of(None), "MLL3", "OLDZ") == (["KMT2C", "OLDZ"], [])


def test_gene_names_of__former_and_other_names_become_current(names: GeneNames) -> None:
    assert resolve(names, "OLDZ", "nick", "ALR") == (["ZZEF9", "ZZEF8", "KMT2D"], [])


def test_gene_names_of__a_current_symbol_stays_itself(names: GeneNames) -> None:
    """ZZEF9 is also another name of ZZEF8, and MLL3 a bundled name that the list would give to ZZEF9."""
    assert resolve(names, "ZZEF9", "ZZEF8", "MLL3") == (["ZZEF9", "ZZEF8", "KMT2C"], [])


def test_gene_names_of__a_name_of_several_genes_needs_an_id_or_a_position(names: GeneNames) -> None:
    assert resolve(names, "SHARED") == ([""], ["W_ALIAS_AMBIGUOUS"])
    assert resolve(names, "SHARED", entrez=900001) == (["ZZEF9"], [])
    assert resolve(names, "SHARED", build="GRCh37", chrom="2", pos=5500) == (["ZZEF8"], [])


def test_gene_names_of__the_bundled_table_wins_where_it_knows_of_two_genes(names: GeneNames) -> None:
    assert resolve(names, "MUM1") == ([""], ["W_ALIAS_AMBIGUOUS"])


def test_gene_names_of__an_id_wins_over_the_symbol(names: GeneNames) -> None:
    assert resolve(names, "KMT2D", entrez=900001) == (["ZZEF9"], ["W_GENE_CONFLICT"])


def test_gene_names_of__a_name_whose_id_no_table_has_is_not_used(names: GeneNames) -> None:
    assert resolve(names, "LOST") == (["LOST"], [])


def test_read_panel__uses_the_names_of_the_snapshot(names: GeneNames, tmp_path: Path) -> None:
    """Otherwise ZZEF9 would look not profiled in a sample whose panel lists OLDZ."""
    path = tmp_path / "panel.bed"
    path.write_text("chr1\t0\t1000\tOLDZ_ex1\n")
    assert read_panel(path, findings=Findings()).genes == ("OLDZ",)
    assert read_panel(path, findings=Findings(), names=names).genes == ("ZZEF9",)


@pytest.mark.shared
def test_gene_names_of__cbioportal(shared: Path, tmp_path: Path) -> None:
    """The examples of DOMAIN 1.4.6, and two that only the complete lists have: FAM46C (54855) and C10orf2 (two ids)."""
    import gzip

    folder = shared / "data" / "kb_genes_panels"
    texts = {
        kind: (f"{kind}.json", gzip.decompress((folder / name).read_bytes()).decode())
        for kind, name in (("genes", "genes.json.gz"), ("gene_aliases", "genesaliases.json.gz"))
    }
    names = gene_names_of(snapshot(tmp_path, **texts))
    old = ("MLL3", "MLL2", "PARK2", "C11orf30", "FAM123B", "MRE11A", "WHSC1", "FAM46C", "C10orf2")
    assert resolve(names, *old) == (
        ["KMT2C", "KMT2D", "PRKN", "EMSY", "AMER1", "MRE11", "NSD2", "TENT5C", ""],
        ["W_ALIAS_AMBIGUOUS"],
    )
    assert resolve(names, "C10orf2", entrez=56652) == (["TWNK"], [])
