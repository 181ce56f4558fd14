"""Segments become genes: thresholds, the rule of more than half, formats, and the real files by awk."""

from __future__ import annotations

import gzip
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.actionability.biallelic import list_loh
from netgen.errors import Findings, InputError
from netgen.genomics.cna_genes import SEGMENT_COLUMNS, call_genes
from netgen.genomics.cna_levels import call_levels
from netgen.genomics.cna_records import copy_number_of_records
from netgen.genomics.cnvkit import read_cnvkit
from netgen.genomics.gene_spans import GeneSpans, genes_of_text, read_gene_spans
from netgen.genomics.segments import name_of_file, read_segments
from netgen.genomics.vcf_structural import SvRecord

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAN = float("nan")
# GRCh37 spans of genes (RefSeq), 1-based.
GENES = {
    "EGFR": ("7", 55086714, 55279321), "CDKN2A": ("9", 21967751, 21994490), "PDGFRA": ("4", 55095264, 55164414),
    "KIT": ("4", 55524095, 55606881), "KRAS": ("12", 25358180, 25403854), "TP53": ("17", 7571720, 7590868),
    "MYC": ("8", 128748314, 128753680), "ERBB2": ("17", 37844392, 37884915), "NRAS": ("1", 115247085, 115259515),
    "ETV6": ("12", 11802788, 12048325), "PTEN": ("10", 89623195, 89728532), "RB1": ("13", 48877883, 49056026),
    "ATRX": ("X", 76760356, 77041702),
}  # fmt: skip
SEG = "ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\n"


def write(folder: Path, text: str, name: str = "a.seg") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def spans(*rows: tuple[str, str, int, int], build: str | None = None) -> GeneSpans:
    return GeneSpans(table=pd.DataFrame(rows, columns=["gene", "chrom", "start", "end"]), build=build)


GRCH37 = spans(*((gene, chrom, start - 1, end) for gene, (chrom, start, end) in GENES.items()), build="GRCh37")


def segment_table(rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    """Segments from sample, chromosome, start, end, ratio, copies, minor copies."""
    numbered = [(*row, place) for place, row in enumerate(rows, start=2)]
    return pd.DataFrame(numbered, columns=list(SEGMENT_COLUMNS)).astype(SEGMENT_COLUMNS)


def called(table: pd.DataFrame) -> list[list[object]]:
    """Sample, gene and value of the rows of a table; None for a missing value."""
    rows = table[["sample_id", "gene", "value"]].itertuples(index=False, name=None)
    return [[sample, gene, None if np.isnan(value) else value] for sample, gene, value in rows]


# ---------------------------------------------------------------- levels
@pytest.mark.parametrize(
    ("copies", "level"),
    [(0, -2), (0.49, -2), (0.5, -1), (1, -1), (1.5, 0), (2, 0), (2.5, 1), (3, 1), (5.99, 1), (6, 2), (40, 2)],
)
def test_call_levels__copies(copies: float, level: float) -> None:
    assert call_levels(segment_table([("S1", "7", 0, 10, NAN, copies, NAN)])).tolist() == [level]


@pytest.mark.parametrize(
    ("ratio", "level"),
    [(-3, -2), (-1.1, -2), (-1.09, -1), (-0.25, -1), (-0.24, 0), (0, 0), (0.2, 0), (0.21, 1), (0.99, 1), (1.0, 2)],
)
def test_call_levels__ratios(ratio: float, level: float) -> None:
    """On X and Y every limit lies one unit further out."""
    assert call_levels(segment_table([("S1", "7", 0, 10, ratio, NAN, NAN)])).tolist() == [level]
    further = ratio + np.sign(ratio)
    assert call_levels(segment_table([("S1", "X", 0, 10, further, NAN, NAN)])).tolist() == [level]


def test_call_levels__copies_win_over_ratios() -> None:
    assert call_levels(segment_table([("S1", "7", 0, 10, 1.2, 5, NAN)])).tolist() == [1]


def test_call_levels__one_x_and_no_y_are_no_loss() -> None:
    rows = [("S1", chrom, 0, 10, NAN, copies, NAN) for chrom in "XY" for copies in (0, 1, 2, 8)]
    assert call_levels(segment_table(rows)).tolist() == [-2, 0, 0, 2, 0, 0, 0, 2]


def test_call_levels__a_deep_loss_of_most_of_an_arm_is_one_of_one_copy() -> None:
    """Two neighbours of 15 Mb each are one loss of 30 Mb; 15 Mb alone, and copies, are taken as they are."""
    mb = 1_000_000
    rows = [
        ("S1", "11", 0, 15 * mb, -1.2, NAN, NAN),
        ("S1", "11", 15 * mb, 30 * mb, -1.5, NAN, NAN),
        ("S1", "11", 30 * mb, 40 * mb, 0.0, NAN, NAN),
        ("S1", "11", 40 * mb, 55 * mb, -1.2, NAN, NAN),
        ("S2", "11", 0, 15 * mb, -1.2, NAN, NAN),
        ("S3", "11", 0, 30 * mb, NAN, 0, NAN),
    ]
    assert call_levels(segment_table(rows)).tolist() == [-1, -1, 0, -2, -2, -2]


# ---------------------------------------------------------------- genes
def test_call_genes__more_than_half_of_a_gene_decides() -> None:
    """Gene of 100 bases: 51 deep is deep, 50 is not, uncovered is missing, a gain of the rest is its value."""
    gene = pd.DataFrame({"gene": ["TP53"], "chrom": ["17"], "start": [100], "end": [200]})
    rows = [
        ("A", "17", 0, 151, NAN, 0, NAN), ("A", "17", 151, 300, NAN, 2, NAN),
        ("B", "17", 0, 150, NAN, 0, NAN), ("B", "17", 150, 300, NAN, 2, NAN),
        ("C", "17", 0, 150, NAN, 2, NAN),
        ("D", "17", 0, 110, NAN, 9, NAN), ("D", "17", 110, 300, NAN, 3, NAN),
        ("E", "17", 0, 300, NAN, 2, NAN),
        ("F", "17", 0, 130, NAN, 0, NAN), ("F", "17", 130, 160, NAN, 1, NAN), ("F", "17", 160, 300, NAN, 2, NAN),
    ]  # fmt: skip
    table = call_genes(segment_table(rows), gene)
    assert called(table) == [
        ["A", "TP53", -2], ["B", "TP53", 0], ["C", "TP53", None], ["D", "TP53", 1], ["F", "TP53", -1],
    ]  # fmt: skip
    assert table["partial"].tolist() == [False, True, False, True, True]
    assert table["total_copy_number"].fillna(-9).tolist() == [0, 2, -9, 3, 1]
    assert table["method"].fillna("").tolist() == ["copies", "copies", "", "copies", "copies"]
    assert table["row"].fillna(0).tolist() == [2, 5, 0, 8, 11]


def test_call_genes__introns_do_not_count_where_targets_are_known() -> None:
    """Two targets of 10 bases, far apart: a deletion of one and a bit of the other is the gene's."""
    gene = pd.DataFrame({"gene": ["PTEN"] * 2, "chrom": ["10"] * 2, "start": [100, 9000], "end": [110, 9010]})
    rows = [
        ("A", "10", 50, 200, -2, NAN, NAN),
        ("A", "10", 9009, 9100, -2, NAN, NAN),
        ("A", "10", 200, 9009, 0, NAN, NAN),
    ]
    table = call_genes(segment_table(rows), gene)
    assert called(table) == [["A", "PTEN", -2]]
    assert table["log2"].tolist() == [-2]


def test_call_genes__loss_of_an_allele_without_loss_of_copies_is_kept() -> None:
    gene = pd.DataFrame({"gene": ["TP53", "ATRX"], "chrom": ["17", "X"], "start": [100, 100], "end": [200, 200]})
    rows = [("A", "17", 0, 300, NAN, 2, 0), ("A", "X", 0, 300, NAN, 1, 0), ("B", "17", 0, 300, NAN, 2, 1)]
    table = call_genes(segment_table(rows), gene)
    assert called(table[table["value"].notna()]) == [["A", "TP53", 0]]
    assert list_loh(None, table).to_numpy().tolist() == [["A", "TP53"]]


def naive(segments: pd.DataFrame, genes: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Count base by base."""
    levels: dict[tuple[str, int], float] = {}
    for row, level in zip(segments.itertuples(), call_levels(segments), strict=True):
        levels.update({(row.sample_id, base): level for base in range(row.start, row.end)})
    out = {}
    for sample in segments["sample_id"].unique():
        for gene, targets in genes.groupby("gene"):
            bases = [base for row in targets.itertuples() for base in range(row.start, row.end)]
            seen = [levels[sample, base] for base in bases if (sample, base) in levels]
            reached = [v for v in (-2, -1, 1, 2) if sum(x * np.sign(v) >= abs(v) for x in seen) * 2 > len(bases)]
            value = max(reached, key=abs) if reached else 0.0
            out[sample, gene] = value if len(seen) * 2 > len(bases) else NAN
    return out


@st.composite
def segmentations(draw: st.DrawFn) -> list[tuple[object, ...]]:
    """Segments of two samples on one chromosome, with gaps, that do not overlap."""
    rows: list[tuple[object, ...]] = []
    for sample in ("A", "B"):
        cuts = sorted(draw(st.sets(st.integers(0, 60), min_size=2, max_size=7)))
        for start, end in pairwise(cuts):
            if draw(st.integers(0, 4)):
                rows.append((sample, "7", start, end, draw(st.sampled_from([-2, -0.5, 0, 0.5, 2])), NAN, NAN))
    return rows or [("A", "7", 0, 60, 0.0, NAN, NAN)]


TWO = pd.DataFrame({"gene": ["EGFR", "MET", "MET"], "chrom": ["7"] * 3, "start": [5, 30, 50], "end": [21, 37, 56]})


@settings(max_examples=12)
@given(segmentations(), st.randoms(use_true_random=False))
def test_call_genes__agrees_with_counting_bases_and_does_not_care_for_cuts_or_order(rows, random) -> None:
    table = call_genes(segment_table(rows), TWO)
    expected = naive(segment_table(rows), TWO)
    found = {(row.sample_id, row.gene): row.value for row in table.itertuples()}
    for key, value in expected.items():
        np.testing.assert_equal(found.get(key, 0.0), value)
    halves = []
    for row in rows:
        middle = (row[2] + row[3]) // 2
        parts = [(row[2], middle), (middle, row[3])] if row[2] < middle else [(row[2], row[3])]
        halves += [(*row[:2], *part, *row[4:]) for part in parts]
    random.shuffle(halves)
    again = call_genes(segment_table(halves), TWO)
    pd.testing.assert_frame_equal(again.drop(columns="row"), table.drop(columns="row"))


# ---------------------------------------------------------------- formats
HEADERS = {
    "dnacopy": SEG + "S1\tchr7\t55000000\t56000000\t20\t2.5\n",
    "dnacopy quoted": '"ID"\t"chrom"\t"loc.start"\t"loc.end"\t"num.mark"\t"seg.mean"\n'
    '"S1"\t"7"\t5.5e7\t5.6e+07\t20\t2.5\n',
    "gdc": "GDC_Aliquot\tSample\tChromosome\tStart\tEnd\tNum_Probes\tSegment_Mean\n"
    "x\tS1\t7\t55,000,000\t56000000\t9\t2.5\n",
    "facets": "ID\tchrom\tseg\tnum.mark\tnhet\tcnlr.median\tmafR\tstart\tend\tcf.em\ttcn.em\tlcn.em\n"
    "S1\t7\t3\t99\t9\t0.2\t0.1\t55000000\t56000000\t0.5\t9\t1\n",
    "purple": "#chromosome\tstart\tend\tcopyNumber\tminorAlleleCopyNumber\n7\t55000000\t56000000\t9.1\t0.9\n",
    "pcgr": "Chromosome\tStart\tEnd\tnMajor\tnMinor\nchr7\t55000000\t56000000\t8\t1\n",
}


@pytest.mark.parametrize("form", list(HEADERS))
def test_read_segments__reads_the_columns_of_many_tools(tmp_path: Path, form: str) -> None:
    path = write(tmp_path, HEADERS[form], "S1.seg")
    found = read_segments(path, findings=Findings(), spans=spans(("EGFR", "7", 55086713, 55279321)))
    assert (found.kind, found.samples, found.profiled, found.n_records) == ("segments", ("S1",), {"cna": ("S1",)}, 1)
    assert called(found.copy_number) == [["S1", "EGFR", 2.0]]
    assert found.copy_number["file"].tolist() == [str(path)]


def test_read_segments__positions_are_closed_and_those_of_cnvkit_half_open(tmp_path: Path) -> None:
    """A gene of the single base 100 (1-based)."""
    one = spans(("TP53", "17", 99, 100))
    seg = write(tmp_path, SEG + "S1\t17\t100\t100\t1\t2.5\nS2\t17\t101\t101\t1\t2.5\nS3\t17\t99\t99\t1\t2.5\n")
    table = read_segments(seg, findings=Findings(), spans=one).copy_number
    assert called(table) == [["S1", "TP53", 2], ["S2", "TP53", None], ["S3", "TP53", None]]
    for start, end, value in ((99, 100, 2.0), (100, 101, None)):
        cns = write(tmp_path, f"chromosome\tstart\tend\tgene\tlog2\n17\t{start}\t{end}\t-\t2.5\n", "S1.cns")
        assert called(read_cnvkit(cns, findings=Findings(), spans=one).copy_number) == [["S1", "TP53", value]]


def test_read_segments__chromosome_23_is_x(tmp_path: Path) -> None:
    path = write(tmp_path, SEG + "S1\t23\t76000000\t78000000\t1\t-3\n")
    assert ["S1", "ATRX", -2.0] in called(read_segments(path, findings=Findings(), spans=GRCH37).copy_number)


@pytest.mark.parametrize(("copies", "value"), [("-0.02", -2.0), ("-7", None), ("Inf", None), ("", None)])
def test_read_segments__copies_below_zero(tmp_path: Path, copies: str, value: float | None) -> None:
    """An estimate a little below zero is zero; nonsense is no value."""
    rows = f"17\t1\t9000000\t{copies}\n7\t1\t9\t2\n"
    path = write(tmp_path, f"chromosome\tstart\tend\tcopyNumber\n{rows}", "S1.tsv")
    table = read_segments(path, findings=Findings(), spans=spans(("TP53", "17", 99, 100))).copy_number
    assert called(table) == [["S1", "TP53", value]]


def test_read_segments__names_one_sample_only(tmp_path: Path) -> None:
    one = spans(("TP53", "17", 99, 100))
    path = write(tmp_path, SEG + "x\t17\t1\t300\t1\t2.5\n")
    assert read_segments(path, findings=Findings(), spans=one, sample_id="P1").samples == ("P1",)
    path = write(tmp_path, SEG + "x\t17\t1\t300\t1\t2.5\ny\t17\t1\t300\t1\t2.5\n")
    with pytest.raises(InputError, match="it holds 2"):
        read_segments(path, findings=Findings(), spans=one, sample_id="P1")


@pytest.mark.parametrize(
    ("name", "known", "sample"),
    [
        ("S1.call.cns", (), "S1"),
        ("S1.cns.gz", (), "S1"),
        ("S1-T.bwa.sorted.call.cns", (), "S1-T"),
        ("S1_T_hg19.seg", ("S1", "S1_T", "S1_TX"), "S1_T"),
        ("S10.seg", ("S1",), "S10"),
        ("T001-BRCA.grch37.cna.tsv", (), "T001-BRCA"),
    ],
)
def test_name_of_file__finds_the_sample(tmp_path: Path, name: str, known: tuple[str, ...], sample: str) -> None:
    assert name_of_file(tmp_path / name, known) == sample


def test_read_segments__counts_what_cannot_be_used(tmp_path: Path) -> None:
    rows = ["S1\tGL000192.1\t1\t9\t1\t0", "S1\t7\t9\t1\t1\t0", "S1\t7\t1\t999999999\t1\t0", "S1\t7\t1\t9\t1\tNA"]
    path = write(tmp_path, SEG + "\n".join([*rows, "S1\t17\t1\t300\t1\t2.5"]))
    findings = Findings()
    found = read_segments(path, findings=findings, spans=GRCH37)
    assert found.dropped.to_numpy().tolist() == [
        ["S1", "no_value", 1], ["S1", "off_chromosome", 1], ["S1", "other_contig", 1], ["S1", "position", 1],
    ]  # fmt: skip
    assert found.n_records == 5
    assert [(one.code, one.row) for one in findings] == [("E_VALUE", 3), ("E_RANGE", 4), ("I_ROWS_IGNORED", None)]
    with pytest.raises(InputError, match="found none: 1 on other contigs, 1 without a ratio"):
        read_segments(write(tmp_path, SEG + "\n".join(rows[::3])), findings=Findings(), spans=GRCH37)


def test_read_segments__refuses_what_it_cannot_place(tmp_path: Path) -> None:
    path = write(tmp_path, SEG + "S1\t17\t1\t300\t1\t2.5\n")
    with pytest.raises(InputError, match="positions of genes") as error:
        read_segments(path, findings=Findings())
    assert error.value.finding.code == "E_NO_GENE_POSITIONS"
    assert all(word in error.value.finding.fix for word in ("BED", "--gff", ".cns"))
    with pytest.raises(InputError, match="GRCh38 and GRCh37"):
        read_segments(path, findings=Findings(), spans=GRCH37, build="GRCh38")
    with pytest.raises(InputError, match=r"found no seg\.mean"):
        read_segments(write(tmp_path, "ID\tchrom\tstart\tend\nS1\t1\t1\t9\n"), findings=Findings(), spans=GRCH37)


# ---------------------------------------------------------------- CNVkit
CNS = "chromosome\tstart\tend\tgene\tlog2\tbaf\tcn\tcn1\tcn2\tdepth\tprobes\tweight\n"


def test_read_cnvkit__the_gene_column_suffices(tmp_path: Path) -> None:
    """RB1 lies in two segments, deep and shallow: the shallow value, partial. MLL2 is KMT2D."""
    rows = [
        "chr7\t0\t900\tEGFR,-,MET\t2.9\t\t15\t\t\t9\t4\t1",
        "chr13\t0\t500\tAntitarget,RB1\t-3\t\t0\t\t\t9\t4\t1",
        "chr13\t500\t900\tRB1,BRCA2\t-0.6\t\t1\t1\t0\t9\t4\t1",
        "chr12\t0\t900\tMLL2,ref|KRAS\t0.0\t0.9\t2\t2\t0\t9\t4\t1",
        "chr3\t0\t900\tVHL\t0.0\t0.5\t2\t1\t1\t9\t4\t1",
    ]
    path = write(tmp_path, CNS + "\n".join(rows), "P1.call.cns")
    findings = Findings()
    found = read_cnvkit(path, findings=findings)
    assert (found.kind, found.samples) == ("cnvkit", ("P1",))
    assert called(found.copy_number) == [
        ["P1", "BRCA2", -1], ["P1", "EGFR", 2], ["P1", "KRAS", 0], ["P1", "MET", 2], ["P1", "RB1", -1],
    ]  # fmt: skip
    assert found.copy_number["minor_copy_number"].fillna(-9).tolist() == [0, -9, 0, -9, 0]
    assert found.copy_number["partial"].tolist() == [False, False, False, False, True]
    partial = [one for one in findings if one.code == "W_CNA_PARTIAL"]
    assert ["RB1 in P1" in one.message for one in partial] == [True]
    assert read_cnvkit(path, findings=Findings()).genes["cna"] == ("BRCA2", "EGFR", "KRAS", "MET", "RB1", "VHL")


def test_read_cnvkit__reads_ratios_without_copies(tmp_path: Path) -> None:
    text = "chromosome\tstart\tend\tgene\tlog2\tdepth\tprobes\tweight\nchr7\t0\t900\tEGFR\t1.3\t9\t4\t1\n"
    found = read_cnvkit(write(tmp_path, text, "x.tsv"), findings=Findings(), sample_id="P1")
    assert called(found.copy_number) == [["P1", "EGFR", 2]]
    assert found.copy_number[["log2", "method"]].to_numpy().tolist() == [[1.3, "log2"]]


@pytest.mark.parametrize("name", ["P1.cnr", "P1.targetcoverage.cnn", "bins.tsv"])
def test_read_cnvkit__refuses_bins_and_names_the_segments(tmp_path: Path, name: str) -> None:
    text = "chromosome\tstart\tend\tgene\tdepth\tlog2\tweight\nchr7\t0\t900\tEGFR\t9\t1.3\t1\n"
    with pytest.raises(InputError, match=r"\.cns") as error:
        read_cnvkit(write(tmp_path, text, name), findings=Findings())
    assert error.value.finding.code == "E_FILE_FORMAT"


def test_read_cnvkit__needs_names_or_positions_of_genes(tmp_path: Path) -> None:
    path = write(
        tmp_path, "chromosome\tstart\tend\tgene\tlog2\tprobes\nchr7\t55000000\t56000000\t-\t1.3\t4\n", "P1.cns"
    )
    with pytest.raises(InputError, match="found neither"):
        read_cnvkit(path, findings=Findings())
    found = read_cnvkit(path, findings=Findings(), spans=GRCH37).copy_number
    assert called(found[found["value"].notna()]) == [["P1", "EGFR", 2]]


# ---------------------------------------------------------------- positions of genes
def test_read_gene_spans__bed(tmp_path: Path) -> None:
    """Overlapping targets merge; an old name is replaced; a gene on X and Y lies where most of it is."""
    rows = [
        "track name=x", "chr17\t100\t200\tTP53_ex1", "chr17\t150\t250\tTP53_ex2", "chr12\t10\t20\tMLL2",
        "chrX\t5\t50\tCRLF2", "chrY\t5\t40\tCRLF2", "chr1\t1\t9\trs123", "GL1\t1\t9\tRB1",
    ]  # fmt: skip
    found = read_gene_spans(write(tmp_path, "\n".join(rows), "p.bed"), findings=Findings(), build="GRCh38")
    assert found.table.to_numpy().tolist() == [
        ["CRLF2", "X", 5, 50], ["KMT2D", "12", 10, 20], ["TP53", "17", 100, 250],
    ]  # fmt: skip
    assert (found.genes, found.build) == (("CRLF2", "KMT2D", "TP53"), "GRCh38")
    with pytest.raises(InputError, match="found none in it"):
        read_gene_spans(write(tmp_path, "chr1\t1\t9\n", "q.bed"), findings=Findings())


def test_read_gene_spans__the_coding_sequence_of_a_gene_model(tmp_path: Path) -> None:
    rows = [
        "chr17\tx\tgene\t1\t900\t.\t+\t.\tID=gene:ENSG1;Name=TP53;biotype=protein_coding",
        "chr17\tx\tmRNA\t1\t900\t.\t+\t.\tID=transcript:T1;Parent=gene:ENSG1;biotype=protein_coding;tag=Ensembl_canonical",
        "chr17\tx\tCDS\t101\t200\t.\t+\t0\tID=CDS:P1;Parent=transcript:T1",
        "chr17\tx\tCDS\t301\t400\t.\t+\t0\tID=CDS:P1;Parent=transcript:T1",
        "chr17\tx\tmRNA\t1\t900\t.\t+\t.\tID=transcript:T2;Parent=gene:ENSG1;biotype=protein_coding",
        "chr17\tx\tCDS\t501\t600\t.\t+\t0\tID=CDS:P2;Parent=transcript:T2",
        "chr5\tx\tgene\t1\t900\t.\t+\t.\tID=gene:ENSG2;Name=MIR1;biotype=miRNA",
        "chr5\tx\tmiRNA\t1\t900\t.\t+\t.\tID=transcript:T3;Parent=gene:ENSG2;biotype=miRNA",
    ]
    path = tmp_path / "m.gff3.gz"
    path.write_bytes(gzip.compress(("##gff-version 3\n" + "\n".join(rows) + "\n").encode()))
    found = read_gene_spans(path, findings=Findings())
    assert found.table.to_numpy().tolist() == [["TP53", "17", 100, 200], ["TP53", "17", 300, 400]]


def test_genes_of_text__leaves_out_what_is_no_gene() -> None:
    assert genes_of_text("TP53_ex2,-,Background,CGH,NM_000546") == ["TP53"]
    assert genes_of_text("ref|RB1,ens|ENST00000267163,mRNA|BC040540") == ["RB1"]


# ---------------------------------------------------------------- real files
@pytest.mark.shared
def test_read_segments__odg_by_awk(shared: Path) -> None:
    """EGFR is amplified in one sample, CDKN2A gone in two, a third of PTEN in one; 271 lines are repeated."""
    path = shared / "data" / "cbio_odg_msk_2017" / "odg_msk_2017" / "odg_msk_2017_data_cna_hg19.seg"
    findings = Findings()
    found = read_segments(path, findings=findings, spans=GRCH37)
    assert (len(found.samples), found.n_records, len(found.dropped)) == (22, 1751, 0)
    table = found.copy_number
    deep = table[table["value"].abs() == 2]
    assert called(deep[deep["gene"].isin(["EGFR", "CDKN2A", "PTEN", "PDGFRA"])]) == [
        ["s_AO_odg_003_T", "CDKN2A", -2], ["s_AO_odg_003_T", "EGFR", 2], ["s_AO_odg_008_T", "CDKN2A", -2],
    ]  # fmt: skip
    assert table.loc[table["gene"].eq("EGFR") & table["value"].eq(2), "log2"].tolist() == [4.1063]
    assert table.loc[table["partial"] & table["gene"].eq("PTEN"), "sample_id"].tolist() == ["s_AO_odg_008_T"]
    repeated = [one for one in findings if one.code == "W_DUP_IDENTICAL"]
    assert [one.message[:3] for one in repeated] == ["271"]


@pytest.mark.shared
def test_read_segments__a_deletion_of_most_exons_is_one_of_the_gene(shared: Path) -> None:
    """PTEN of s_AO_odg_008_T: the laboratory says -2. Exons 3-8 of 9 are gone (coding parts of NM_000314)."""
    exons = [
        (89624226, 89624305), (89653781, 89653866), (89685269, 89685314), (89690802, 89690846), (89692769, 89693008),
        (89711874, 89712016), (89717609, 89717776), (89720650, 89720875), (89725043, 89725229),
    ]  # fmt: skip
    pten = spans(*(("PTEN", "10", start - 1, end) for start, end in exons), build="GRCh37")
    path = shared / "data" / "cbio_odg_msk_2017" / "odg_msk_2017" / "odg_msk_2017_data_cna_hg19.seg"
    table = read_segments(path, findings=Findings(), spans=pten).copy_number
    assert called(table[table["value"] == -2]) == [["s_AO_odg_008_T", "PTEN", -2]]


@pytest.mark.shared
def test_read_segments__gct_by_awk_and_beside_the_laboratory(shared: Path) -> None:
    """KIT is amplified in 4 samples (the laboratory: 4), KRAS in 39 (37, of which 36 are the same)."""
    folder = shared / "data" / "cbio_gct_msk_2016" / "gct_msk_2016"
    findings = Findings()
    found = read_segments(folder / "gct_msk_2016_data_cna_hg19.seg", findings=findings, spans=GRCH37)
    assert (len(found.samples), found.n_records) == (180, 9902)
    amplified = found.copy_number[found.copy_number["value"] == 2]
    assert sorted(amplified.loc[amplified["gene"] == "KIT", "sample_id"]) == [
        "P-0000654-T01-IM3", "P-0001339-T01-IM3", "P-0003153-T01-IM5", "P-0007011-T01-IM5",
    ]  # fmt: skip
    kras = set(amplified.loc[amplified["gene"] == "KRAS", "sample_id"])
    header, *lines = [line.split("\t") for line in (folder / "data_CNA.txt").read_text().splitlines()]
    row = next(line for line in lines if line[0] == "KRAS")
    laboratory = {sample for sample, value in zip(header, row, strict=True) if value == "2"}
    assert (len(kras), len(laboratory), len(kras & laboratory)) == (39, 37, 36)
    assert "W_SEGMENT_OVERLAP" in findings.codes()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "n_samples", "n_records", "values", "findings_expected"),
    [
        ("tcga_laml_maftools/TCGA.AB.3009.hg19.seg.txt", 1, 818, {}, []),
        ("cbio_study_es_0/study_es_0/data_cna_hg19.seg", 1, 9, {}, []),
        ("cbio_broken_study_files/data_seg_valid.seg", 2, 53, {}, [("W_DUP_IDENTICAL", None)]),
        ("cbio_broken_study_files/data_seg_end_before_start.seg", 2, 52, {},
         [("E_VALUE", 11), ("W_DUP_IDENTICAL", None)]),
        ("cbio_broken_study_files/data_seg_invalid_hg18.seg", 1, 2, {}, [("E_RANGE", 3)]),
        ("cbio_broken_study_files/data_seg_out_of_bounds.seg", 2, 52, {},
         [("E_VALUE", 36), ("E_RANGE", 41), ("W_DUP_IDENTICAL", None)]),
        # nMajor + nMinor: MYC 3 + 2, ERBB2 8 + 1, TP53 2 + 0.
        ("vcf_somatic_callers/pcgr/T001-BRCA.grch37.cna.tsv", 1, 252,
         {"ERBB2": (2, 9, 1), "MYC": (1, 5, 2), "TP53": (0, 2, 0)}, []),
    ],
)  # fmt: skip
def test_read_segments__real_files(
    shared: Path,
    file: str,
    n_samples: int,
    n_records: int,
    values: dict[str, tuple[float, float, float]],
    findings_expected: list[tuple[str, int | None]],
) -> None:
    findings = Findings()
    found = read_segments(shared / "data" / file, findings=findings, spans=GRCH37)
    assert (len(found.samples), found.n_records) == (n_samples, n_records)
    rows = found.copy_number[
        found.copy_number["gene"].isin(["ERBB2", "MYC", "TP53"]) & found.copy_number["value"].notna()
    ]
    columns = ["value", "total_copy_number", "minor_copy_number"]
    known = rows.set_index("gene")[columns]
    assert {gene: tuple(row) for gene, row in zip(known.index, known.to_numpy().tolist(), strict=True)} == values
    assert [(one.code, one.row) for one in findings if one.code != "I_ROWS_IGNORED"] == findings_expected


@pytest.mark.shared
def test_copy_number_of_records__cnvkit_in_a_vcf(shared: Path) -> None:
    """By eye: PTEN lies in gains of 0.40 to 0.83 and KRAS in one of 0.33; 91 % of ETV6 in one of 0.35, and 11 kb in one
    of 1.25, which is partial; losses on both sides of RB1 cover 15 % of it."""
    path = shared / "data" / "vcf_structural" / "scout.tumor_only.cnvkit_manta.vcf.gz"
    records = []
    with gzip.open(path, "rt") as handle:
        for line, text in enumerate(handle, start=1):
            fields = text.rstrip("\n").split("\t")
            if not text.startswith("#"):
                chrom, pos, name, ref, alt, _, passed, info = fields[:8]
                records.append(SvRecord("T", line, name, chrom, int(pos), ref, alt, passed, info))
    table = copy_number_of_records(records, spans=GRCH37, path=path)
    assert called(table) == [["T", "ETV6", 1], ["T", "KRAS", 1], ["T", "PTEN", 1]]
    assert table["partial"].tolist() == [True, False, False]


def test_copy_number_of_records__copies_filters_and_silence(tmp_path: Path) -> None:
    def record(row: int, alt: str, passed: str | None, info: str) -> SvRecord:
        return SvRecord("T", row, "", "chr7", 55000000, "N", alt, passed, info)

    lost: dict[tuple[str, str], int] = {}
    records = [
        record(1, "<CNV>", "PASS", "END=56000000;CN=8"),
        record(2, "<CN0>", "q10", "END=56000000"),
        record(3, "<CNV>", None, "END=56000000"),
    ]
    table = copy_number_of_records(records, spans=GRCH37, path=tmp_path / "x.vcf", dropped=lost)
    assert called(table) == [["T", "EGFR", 2]]
    assert lost == {("T", "filter"): 1, ("T", "copy_number_unstated"): 1}
