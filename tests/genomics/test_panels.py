"""Panels from BED, cBioPortal gene panel files and gene lists."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.panels import Panel, gene_of_region, panel_tables, read_panel, whole_panel

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "gene"),
    [
        ("TP53", "TP53"),
        ("TP53_ex5", "TP53"),
        ("TP53_exon_5_of_11", "TP53"),
        ("chr17:TP53:NM_000546.5", "TP53"),
        ("chr17:7577498-7577608:TP53", "TP53"),
        ("TP53;EXON", "TP53"),
        ("NM_000546_TP53_exon_5", "TP53"),
        ("ENST00000269305.9|TP53|5", "TP53"),
        ("TP53.chr17.7577498.7577608", "TP53"),
        ("AMPL7153034;GENE_ID=TP53;Pool=1", "TP53"),
        ("Target_5_BRCA1", "BRCA1"),
        ("TERT_promoter", "TERT"),
        ("HLA-A_ex2", "HLA-A"),
        ("E2F1", "E2F1"),
        ("ID1", "ID1"),
        ("rs1042522", None),
        ("chr1_100_200", None),
        ("exon 5", None),
        ("NM_000546.5", None),
        (".", None),
    ],
)
def test_gene_of_region__finds_the_symbol(name: str, gene: str | None) -> None:
    assert gene_of_region(name) == gene


def test_read_panel__reads_bed_and_counts_overlaps_once(tmp_path: Path) -> None:
    text = (
        "track name=demo\n#comment\nbrowser position chr1\n"
        "chr1\t0\t600000\tMTOR_ex1\n"
        "chr1\t500000\t1000000\tMTOR_ex2\n"
        "chr17\t100\t500100\tchr17:TP53:NM_000546\n"
        "chr2\t0\t500000\trs12345\n"
    )
    findings = Findings()
    panel = read_panel(write(tmp_path, "tumour.v2.bed", text), findings=findings)
    assert panel.panel_id == "tumour"
    assert panel.genes == ("MTOR", "TP53")
    assert panel.size_mb == pytest.approx(2.0)
    assert panel.genes_mode == "list"
    assert [(one.code, one.message[:17]) for one in findings] == [("I_ROWS_IGNORED", "1 of 4 regions na")]


def test_read_panel__reads_blank_separated_and_zipped_bed(tmp_path: Path) -> None:
    path = tmp_path / "p.bed.gz"
    path.write_bytes(gzip.compress(b"1 100 200 KRAS\n1 150 300 KRAS\r\n"))
    panel = read_panel(path, findings=Findings(), panel_id="mine")
    assert (panel.panel_id, panel.genes) == ("mine", ("KRAS",))
    assert panel.size_mb == pytest.approx(200 / 1e6)


def test_read_panel__reads_gene_columns_of_vendors(tmp_path: Path) -> None:
    ion = "chr1\t10\t20\tAMPL1\t.\tGENE_ID=NRAS;Pool=2\n"
    agilent = "chr17\t10\t20\tref|TP53,ref|NM_000546,ref|WRAP53,ens|ENST00000269305\n"
    assert read_panel(write(tmp_path, "ion.bed", ion), findings=Findings()).genes == ("NRAS",)
    assert read_panel(write(tmp_path, "a.bed", agilent), findings=Findings()).genes == ("TP53", "WRAP53")


def test_read_panel__reports_regions_that_end_before_they_start(tmp_path: Path) -> None:
    findings = Findings()
    path = write(tmp_path, "p.bed", "chr1\t10\t20\tKRAS\nchr1\t30\t30\tKRAS\nchr1\tx\t40\tKRAS\n")
    assert read_panel(path, findings=findings).size_mb == pytest.approx(1e-5)
    assert [(one.code, one.row) for one in findings] == [("E_VALUE", 2), ("E_VALUE", 3)]


def test_read_panel__reads_a_cbioportal_gene_panel(tmp_path: Path) -> None:
    text = "stable_id: P1\ndescription: A panel\ngene_list:\tTP53\tPARK2\tATRX\n"
    panel = read_panel(write(tmp_path, "data_gene_panel_x.txt", text), findings=Findings())
    assert (panel.panel_id, panel.name) == ("P1", "A panel")
    assert panel.genes == ("ATRX", "PRKN", "TP53")
    assert panel.size_mb is None


def test_read_panel__refuses_a_gene_panel_without_genes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs stable_id and gene_list, found no gene_list"):
        read_panel(write(tmp_path, "p.txt", "stable_id: P1\n"), findings=Findings())


@pytest.mark.parametrize(
    "text", ["TP53\nATRX\n\nTP53\n", "TP53\tATRX\n", "Hugo_Symbol\nATRX\nTP53\n", "# x\nTP53, ATRX"]
)
def test_read_panel__reads_gene_lists(tmp_path: Path, text: str) -> None:
    assert read_panel(write(tmp_path, "genes.txt", text), findings=Findings()).genes == ("ATRX", "TP53")


def test_read_panel__takes_listed_exons_as_partial_coverage(tmp_path: Path) -> None:
    text = "gene\texons\nKRAS\t2;3\nTP53\t\n"
    panel = read_panel(write(tmp_path, "hot.tsv", text), findings=Findings())
    _, genes = panel_tables([panel])
    assert genes[["gene", "partial"]].to_numpy().tolist() == [["KRAS", True], ["TP53", False]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "file is empty"),
        (b"\n\n", "file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git-LFS pointer"),
        (b"PK\x03\x04\x00\x00", "binary data"),
        (b"chr1\t10\t20\n", "needs gene symbols, found none"),
    ],
)
def test_read_panel__refuses_what_is_no_panel(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "panel.bed"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_panel(path, findings=Findings())


def test_read_panel__refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E_FILE_MISSING"):
        read_panel(tmp_path / "absent.bed", findings=Findings())


@pytest.mark.parametrize(("name", "assay"), [("wes", "wes"), ("WXS", "wes"), ("Whole Genome", "wgs"), ("WGS", "wgs")])
def test_whole_panel__knows_exomes_and_genomes(name: str, assay: str) -> None:
    panel = whole_panel(name)
    assert panel is not None
    assert (panel.panel_id, panel.assay_type, panel.genes_mode) == (name, assay, "all")
    assert whole_panel("IMPACT468") is None


def test_panel_tables__sorts_by_key() -> None:
    panels, genes = panel_tables(
        [
            Panel(panel_id="B", name="b", genes=("TP53",), size_mb=1.5, profiles=("mutations", "cna")),
            Panel(panel_id="A", name="a", genes=("TP53", "ATRX")),
        ]
    )
    assert panels["panel_id"].tolist() == ["A", "B"]
    assert panels["profiles"].fillna("").tolist() == ["", "mutations;cna"]
    assert genes[["panel_id", "gene"]].to_numpy().tolist() == [["A", "ATRX"], ["A", "TP53"], ["B", "TP53"]]


@pytest.mark.shared
@pytest.mark.parametrize(("name", "count"), [("impact341", 341), ("impact410", 410)])
def test_read_panel__reads_impact(shared: Path, name: str, count: int) -> None:
    path = shared / "data" / "cbio_odg_msk_2017" / "odg_msk_2017" / f"data_gene_panel_{name}.txt"
    panel = read_panel(path, findings=Findings())
    assert panel.panel_id == name.upper()
    assert len(panel.genes) == count
    assert {"TP53", "ATRX", "AMER1"} <= set(panel.genes)  # AMER1 is listed as FAM123B


def test_read_panel__counts_one_chromosome_however_it_is_spelled(tmp_path: Path) -> None:
    """Unsorted, overlapping, with and without chr: 0-300, 250-400 and 900-1000 are 500 bases."""
    text = "chr1\t900\t1000\tKRAS\n1\t250\t400\tKRAS\nchr1\t0\t300\tKRAS\nchrM\t0\t10\tMT-ND1\nMT\t5\t20\tMT-ND1\n"
    panel = read_panel(write(tmp_path, "p.bed", text), findings=Findings())
    assert panel.size_mb == pytest.approx(520 / 1e6)


def test_read_panel__passes_over_a_line_of_column_names(tmp_path: Path) -> None:
    panel = read_panel(write(tmp_path, "p.bed", "chrom\tstart\tend\tgene\nchr1\t0\t300\tKRAS\n"), findings=Findings())
    assert (panel.genes, panel.size_mb, panel.source) == (("KRAS",), pytest.approx(3e-4), "bed")


def test_read_panel__a_gene_listed_as_a_whole_is_not_partial(tmp_path: Path) -> None:
    text = "gene\texons\nKRAS\t2\nTP53\t5\nTP53\t\nPARK2\t1\n"
    panel = read_panel(write(tmp_path, "hot.tsv", text), findings=Findings())
    assert (panel.genes, panel.partial) == (("KRAS", "PRKN", "TP53"), frozenset({"KRAS", "PRKN"}))
