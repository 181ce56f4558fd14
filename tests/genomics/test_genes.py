from __future__ import annotations

import csv
import gzip
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.data import load_table
from netgen.errors import Findings
from netgen.genomics.gene_names import find_genes_at
from netgen.genomics.genes import (
    canonical_symbol,
    is_excel_date,
    load_gene_names,
    normalize_gene_list,
    normalize_genes,
)


def normalize(symbols, entrez=None, positions=None, **options):
    """Normalise lists; return (symbols, reasons, findings)."""
    findings = Findings()
    ids = None if entrez is None else pd.Series(entrez, dtype="Int64")
    if positions is not None:
        positions = pd.DataFrame(positions, columns=["build", "chrom", "pos"]).astype({"pos": "Int64"})
    out = normalize_genes(pd.Series(symbols, dtype="string"), ids, findings=findings, positions=positions, **options)
    return [None if pd.isna(gene) else gene for gene in out.gene], out.reason.tolist(), findings


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("MLL", "KMT2A"), ("MLL2", "KMT2D"), ("MLL3", "KMT2C"), ("PARK2", "PRKN"), ("C11orf30", "EMSY"),
        ("FAM123B", "AMER1"), ("MRE11A", "MRE11"), ("WHSC1", "NSD2"), ("WHSC1L1", "NSD3"), ("H3F3A", "H3-3A"),
        ("FAM175A", "ABRAXAS1"), ("HIST1H3B", "H3C2"), ("SEPT9", "SEPTIN9"), ("MARCH1", "MARCHF1"),
        ("MARC1", "MTARC1"), ("SEP15", "SELENOF"), ("HER2", "ERBB2"),
    ],
)  # fmt: skip
def test_normalize_genes__stale_symbols_become_current(old, new):
    assert normalize([old])[:2] == ([new], [""])


def test_normalize_genes__trims_and_uppercases_but_keeps_open_reading_frames():
    genes, _, findings = normalize([" kmt2c ", "c9ORF72", "CXorf38", "Men1\u00a0", "novel1"])
    assert genes == ["KMT2C", "C9orf72", "CXorf38", "MEN1", "NOVEL1"]
    assert len(findings) == 0


def test_normalize_genes__renaming_is_said_once():
    _, _, findings = normalize(["MLL3", "MLL3", "PARK2", "KMT2C"])
    (note,) = findings
    assert note.code == "I_SYMBOL_RENAMED"
    assert "2 gene symbols" in note.message
    assert "MLL3 -> KMT2C, PARK2 -> PRKN" in note.message


def test_normalize_genes__blank_symbols_have_a_reason_and_no_finding():
    genes, reasons, findings = normalize(["", "NA", "Unknown", ".", None])
    assert genes == [None] * 5
    assert reasons == ["gene_missing"] * 5
    assert len(findings) == 0


def test_normalize_genes__entrez_wins_over_the_symbol():
    genes, _, findings = normalize(["LOC12345", None, "BRCA1", "TP53"], [7157, 4221, 7157, 0])
    assert genes == ["TP53", "MEN1", "TP53", "TP53"]
    (conflict,) = [item for item in findings if item.code == "W_GENE_CONFLICT"]
    assert "1 row" in conflict.message  # an unknown symbol contradicts nothing
    assert "BRCA1 with id 7157 is TP53" in conflict.message
    assert conflict.row == 3


def test_normalize_genes__returns_known_ids():
    findings = Findings()
    out = normalize_genes(
        pd.Series(["MEN1", "MADEUP", "MADEUP"]), pd.Series([None, 77, None], dtype="Int64"), findings=findings
    )
    assert out.entrez_gene_id.tolist() == [4221, 77, pd.NA]


def test_normalize_genes__ambiguous_alias_is_left_unresolved_unless_id_or_position_decides():
    genes, reasons, findings = normalize(
        ["MLL4", "MLL4", "MLL4", "MLL4"],
        [0, 9757, 0, 0],
        [(None, None, None), (None, None, None), ("GRCh37", "12", 49420000), ("GRCh37", "1", 49420000)],
    )
    assert genes == [None, "KMT2B", "KMT2D", None]
    assert reasons == ["gene_ambiguous", "", "", "gene_ambiguous"]
    (warning,) = [item for item in findings if item.code == "W_ALIAS_AMBIGUOUS"]
    assert "KMT2B or KMT2D: 2 rows" in warning.message
    assert warning.row == 1


def test_normalize_genes__position_wins_over_a_wrong_repair():
    # paad_utsw: "repaired" symbols that are one off; the position tells
    genes, _, findings = normalize(["MARCH5", "SEPT10", "MARCH5"], None, [
        ("GRCh37", "2", 217142458), ("GRCh37", "17", 75484339), ("GRCh37", "10", 94060000),
    ])  # fmt: skip
    assert genes == ["MARCHF4", "SEPTIN9", "MARCHF5"]
    assert "W_GENE_CONFLICT" in findings.codes()


def test_normalize_genes__position_wins_over_a_wrong_id():
    genes, _, findings = normalize(["MLL2"], [9757], [("GRCh37", "12", 49425675)])
    assert genes == ["KMT2D"]
    assert "W_GENE_CONFLICT" in findings.codes()


@pytest.mark.parametrize(
    "text",
    ["1-Mar", "10-MAR", "2-Sep", "1-Dec", "17-Sep", "Mar-01", "Sep-2", "01-Mar-17", "44256", "43891.0", "2017-03-01",
     "2017-03-01 00:00:00", "3/1/2017", "1-set", "1. Mrz", "sept-2"],
)  # fmt: skip
def test_is_excel_date__sees_dates(text):
    assert is_excel_date(text)


@pytest.mark.parametrize(
    "text", ["MARCH1", "SEPT9", "DEC1", "HLA-A", "H3-3A", "NKX2-1", "7157", "PD-1", "MAR", "99999"]
)
def test_is_excel_date__lets_symbols_pass(text):
    assert not is_excel_date(text)


def test_normalize_genes__excel_date_is_one_error_per_symbol():
    genes, reasons, findings = normalize(["1-Mar", "TP53", "2-Sep", "1-Mar"])
    assert genes == [None, "TP53", None, None]
    assert reasons == ["gene_excel_date", "", "gene_excel_date", "gene_excel_date"]
    assert [(item.code, item.value, item.row) for item in findings] == [
        ("E_GENE_EXCEL_DATE", "1-Mar", 1),
        ("E_GENE_EXCEL_DATE", "2-Sep", 3),
    ]
    assert "in 2 rows" in findings.items[0].message


def test_normalize_genes__excel_dates_can_be_left_unresolved():
    _, _, findings = normalize(["1-Mar"], excel_dates="unresolved")
    assert [item.code for item in findings] == ["W_GENE_UNRESOLVED"]


def test_normalize_genes__id_or_position_resolves_an_excel_date():
    genes, _, findings = normalize(
        ["1-Mar", "17-Mar", "17-Sep", "1-Mar", "1-Mar", "1-Dec"],
        [55016, 0, 0, 0, 0, 50514],
        [
            (None, None, None),
            ("GRCh37", "5", 10413561),
            ("GRCh37", "7", 35872496),
            ("GRCh37", "1", 220986713),  # MTARC1, not MARCHF1: the day says nothing
            ("GRCh38", "1", 220813371),
            (None, None, None),
        ],
    )
    assert genes == ["MARCHF1", "MARCHF6", "SEPTIN7", "MTARC1", "MTARC1", "DELEC1"]
    assert findings.of("E") == []


def test_find_genes_at__prefers_the_gene_that_holds_the_position():
    spans = load_table("excel_genes.tsv").astype({"start": "int64", "end": "int64"})
    frame = pd.DataFrame(
        [
            ("GRCh37", "1", 220958000),
            ("GRCh37", "1", 220957000),
            (None, "5", 10413561),
            ("GRCh37", "5", 1),
            (None, None, 5),
        ],
        columns=["build", "chrom", "pos"],
    ).astype({"build": object, "chrom": object})
    frame = frame.where(frame.notna(), None)
    found = find_genes_at(spans, frame["build"].to_numpy(), frame["chrom"].to_numpy(), frame["pos"].to_numpy())
    # MTARC2 ends at 220,957,596 and MTARC1 begins at 220,960,038: between them both are near
    assert found == [None, "MTARC2", "MARCHF6", None, None]


def test_normalize_gene_list__panels_speak_the_same_names():
    findings = Findings()
    genes = normalize_gene_list(["PARK2", "PRKN", "MLL2", " atrx", "", "CDKN2Ap16INK4A"], findings=findings)
    assert genes == ["ATRX", "CDKN2A", "KMT2D", "PRKN"]


def test_load_gene_names__a_larger_table_extends_the_bundled_one():
    extra = pd.DataFrame(
        {
            "alias": ["BCMO1", "MLL3", "OLD1", "OLD1"],
            "symbol": ["BCO1", "WRONG", "NEW1", "NEW2"],
            "entrez_gene_id": ["53630", "1", "2", "3"],
            "kind": ["previous", "previous", "alias", "alias"],
        }
    )
    names = load_gene_names(extra)
    genes, reasons, _ = normalize(["BCMO1", "MLL3", "OLD1"], names=names)
    assert genes == ["BCO1", "KMT2C", None]
    assert reasons == ["", "", "gene_ambiguous"]


def test_load_gene_names__positions_of_the_user_decide_too():
    extra = pd.DataFrame(
        {
            "alias": ["OLD1", "OLD1"],
            "symbol": ["NEW1", "NEW2"],
            "entrez_gene_id": ["2", "3"],
            "kind": ["alias", "alias"],
        }
    )
    spans = pd.DataFrame({"gene": ["NEW2"], "build": ["GRCh38"], "chrom": ["3"], "start": [100], "end": [200]})
    genes, _, _ = normalize(["OLD1"], None, [("GRCh38", "3", 150)], names=load_gene_names(extra, spans))
    assert genes == ["NEW2"]


@given(st.lists(st.sampled_from(["MLL3", "KMT2C", "1-Mar", "", "mll2", "C11orf30", "MLL4", "XYZ"]), max_size=8))
def test_normalize_genes__is_idempotent_and_independent_of_row_order(symbols):
    genes, _, _ = normalize(symbols)
    again, _, _ = normalize(genes)
    assert again == genes
    backwards, _, _ = normalize(symbols[::-1])
    assert backwards[::-1] == genes


def test_canonical_symbol__of_nothing_is_none():
    assert [canonical_symbol(text) for text in ("", "NA", "Unknown", "-")] == [None] * 4


@pytest.mark.shared
def test_gene_aliases__agree_with_hgnc_ids(shared):
    folder = shared / "data" / "kb_genes_panels"
    with gzip.open(folder / "genes.json.gz") as handle:
        current = {item["entrezGeneId"]: item["hugoGeneSymbol"] for item in json.load(handle)}
    with gzip.open(folder / "genesaliases.json.gz") as handle:
        aliases = json.load(handle)
    known: dict[str, set[int]] = {}
    for item in aliases:
        known.setdefault(item["gene_alias"].upper(), set()).add(int(item["entrez_gene_id"]))
    table = load_table("gene_aliases.tsv")
    checked = 0
    in_use = {name.upper() for name in current.values()}
    for alias, symbol, number, kind in table.itertuples(index=False):
        assert current[int(number)] == symbol
        if kind != "current":
            assert alias.upper() not in in_use, f"{alias} is a current symbol"
        if kind in {"previous", "alias"} and alias.upper() in known and alias not in {"SEPT2", "FLT3_ITD"}:
            assert int(number) in known[alias.upper()], alias
            checked += 1
    assert checked > 60
    for gene, number in load_table("excel_genes.tsv")[["gene", "entrez_gene_id"]].itertuples(index=False):
        assert current[int(number)] == gene


@pytest.mark.shared
def test_gene_aliases__agree_with_the_alias_table_of_gnomer(shared):
    path = shared / "data" / "gnomer_cbioportal_api" / "impact_alias_table.tsv"
    with path.open() as handle:
        theirs = {row["alias"].upper(): row["hugo_symbol"] for row in csv.DictReader(handle, delimiter="\t")}
    names = load_gene_names()
    table = load_table("gene_aliases.tsv")
    shared_aliases = [alias for alias in table.loc[table["kind"] != "current", "alias"] if alias.upper() in theirs]
    assert len(shared_aliases) > 30
    for alias in shared_aliases:
        theirs_now = names.preferred.get(theirs[alias.upper()].upper(), theirs[alias.upper()])
        assert theirs_now in names.names_behind(alias), alias
