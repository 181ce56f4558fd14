"""Genes of a snapshot, in the layouts they come in."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from netgen.errors import InputError
from netgen.knowledge.gene_symbols import read_gene_aliases, read_gene_spans, read_gene_symbols, read_gene_table

if TYPE_CHECKING:
    from pathlib import Path

HGNC = (
    "hgnc_id\tsymbol\tname\tstatus\talias_symbol\tprev_symbol\tentrez_id\n"
    'HGNC:13726\tKMT2C\tlysine methyltransferase 2C\tApproved\t"KIAA1506|HALR"\t"MLL3"\t58508\n'
    "HGNC:7010\tMEN1\tmenin 1\tApproved\t\t\t4221\n"
    "HGNC:1\tGONE\twithdrawn\tEntry Withdrawn\tOLD\t\t\n"
    "HGNC:2\t\tnone\tApproved\t\t\t9\n"
)


def write(folder: Path, text: str, name: str = "table.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_read_gene_table__takes_every_name_of_the_hgnc_table(tmp_path: Path) -> None:
    path = write(tmp_path, HGNC)
    assert read_gene_symbols(path) == {"KMT2C", "MEN1"}
    assert read_gene_table(path).to_numpy().tolist() == [
        ["KMT2C", "KMT2C", "58508", "current"],
        ["MEN1", "MEN1", "4221", "current"],
        ["MLL3", "KMT2C", "58508", "previous"],
        ["KIAA1506", "KMT2C", "58508", "alias"],
        ["HALR", "KMT2C", "58508", "alias"],
    ]


def test_read_gene_table__takes_a_custom_download_and_gene_info(tmp_path: Path) -> None:
    download = "Approved symbol\tPrevious symbols\tAlias symbols\tNCBI Gene ID(supplied by NCBI)\nPRKN\tPARK2\tPDJ, AR-JP\t5071\nX~withdrawn\t\t\t\n"  # noqa: E501  # one table
    names = read_gene_table(write(tmp_path, download))
    assert names[["alias", "kind"]].to_numpy().tolist() == [
        ["PRKN", "current"], ["PARK2", "previous"], ["PDJ", "alias"], ["AR-JP", "alias"],
    ]  # fmt: skip
    info = "#tax_id\tGeneID\tSymbol\tSynonyms\n9606\t5071\tPRKN\tPARK2|PDJ\n9606\t1\tA1BG\t-\n"
    names = read_gene_table(write(tmp_path, info))
    assert names[["alias", "entrez_gene_id"]].to_numpy().tolist() == [
        ["PRKN", "5071"], ["A1BG", "1"], ["PARK2", "5071"], ["PDJ", "5071"],
    ]  # fmt: skip


def test_read_gene_table__takes_packed_json_and_no_made_up_ids(tmp_path: Path) -> None:
    path = tmp_path / "genes.json.gz"
    rows = b'[{"entrezGeneId": 4221, "hugoGeneSymbol": "MEN1"}, {"entrezGeneId": -3510, "hugoGeneSymbol": "MIR-124A"}]'
    path.write_bytes(gzip.compress(rows))
    assert read_gene_symbols(path) == {"MEN1", "MIR-124A"}
    assert read_gene_table(path)["entrez_gene_id"].tolist() == ["4221", ""]


@pytest.mark.parametrize("text", ["gene_id\tname\n1\tx\n", '[{"id": 1}]', "[not json", "", "[" * 100_000, "[1, 2]"])
def test_read_gene_symbols__says_what_a_gene_table_needs(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="needs a column of symbols") as caught:
        read_gene_symbols(write(tmp_path, text, "genes"))
    assert caught.value.finding.fix.startswith("Use the complete HGNC table")


def test_read_gene_symbols__refuses_a_damaged_archive(tmp_path: Path) -> None:
    path = tmp_path / "genes.json.gz"
    path.write_bytes(gzip.compress(b'[{"hugoGeneSymbol": "MEN1"}]')[:-9])
    with pytest.raises(InputError, match="the file cannot be read"):
        read_gene_symbols(path)


def test_read_gene_spans__takes_positions_where_the_table_has_them(tmp_path: Path) -> None:
    assert read_gene_spans(write(tmp_path, HGNC)).empty
    text = (
        "symbol\tbuild\tchromosome\tstart\tend\nMEN1\thg19\tchr11\t64570986\t64578766\nX1\thg19\t1\t\t\nX2\t\t1\t5\t6\n"
    )
    assert read_gene_spans(write(tmp_path, text)).to_numpy().tolist() == [["MEN1", "hg19", "chr11", 64570986, 64578766]]


def test_read_gene_aliases__takes_ids_or_symbols(tmp_path: Path) -> None:
    text = '[{"gene_alias": "MLL3", "entrez_gene_id": "58508"}, {"gene_alias": "X", "entrez_gene_id": ""}]'
    assert read_gene_aliases(write(tmp_path, text, "a.json")).to_numpy().tolist() == [["MLL3", "", "58508", "alias"]]
    text = "hugo_symbol\talias\tentrez_id\nABL1\tc-ABL\t25\n"
    assert read_gene_aliases(write(tmp_path, text)).to_numpy().tolist() == [["c-ABL", "ABL1", "25", "alias"]]
    with pytest.raises(InputError, match="needs a column of names and one of symbols or ids; found alias, name"):
        read_gene_aliases(write(tmp_path, "alias\tname\nMLL3\tx\n"))


@pytest.mark.shared
def test_read_gene_symbols__of_cbioportal(shared: Path) -> None:
    """46,056 genes and 66,841 other names; KMT2C has the id 58508, MLL3 is one of its names."""
    folder = shared / "data" / "kb_genes_panels"
    found = read_gene_symbols(folder / "genes.json.gz")
    assert len(found) == 46_056
    assert {"MEN1", "KMT2C", "PRKN"} <= found
    assert "MLL3" not in found
    aliases = read_gene_aliases(folder / "genesaliases.json.gz")
    assert len(aliases) == 66_841
    assert aliases.loc[aliases["alias"] == "MLL3", "entrez_gene_id"].tolist() == ["58508"]
