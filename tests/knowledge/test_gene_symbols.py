"""Gene symbols of a snapshot, in the two layouts they come in."""

from __future__ import annotations

import gzip

import pytest

from netgen.errors import InputError
from netgen.knowledge.gene_symbols import read_gene_symbols


def test_read_gene_symbols__of_the_hgnc_table(tmp_path):
    path = tmp_path / "hgnc.txt"
    path.write_text("hgnc_id\tsymbol\tname\nHGNC:7010\tMEN1\tmenin 1\nHGNC:2681\tDAXX\tx\nHGNC:1\t\tnone\n")
    assert read_gene_symbols(path) == {"MEN1", "DAXX"}


def test_read_gene_symbols__of_packed_json(tmp_path):
    path = tmp_path / "genes.json.gz"
    path.write_bytes(gzip.compress(b'[{"entrezGeneId": 4221, "hugoGeneSymbol": "MEN1"}]'))
    assert read_gene_symbols(path) == {"MEN1"}


@pytest.mark.parametrize("text", ["gene_id\tname\n1\tx\n", '[{"id": 1}]', "[not json", ""])
def test_read_gene_symbols__says_what_a_gene_table_needs(tmp_path, text):
    path = tmp_path / "genes"
    path.write_text(text)
    with pytest.raises(InputError, match="needs a column of symbols"):
        read_gene_symbols(path)


@pytest.mark.shared
def test_read_gene_symbols__of_cbioportal(shared):
    found = read_gene_symbols(shared / "data" / "kb_genes_panels" / "genes.json.gz")
    assert len(found) > 40_000
    assert {"MEN1", "KMT2C", "PRKN"} <= found
    assert "MLL3" not in found
