"""Structural variants of VCFs: events, classes, genes, orientation and counts, on real files and on built records."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.errors import Findings
from netgen.genomics.features import is_disruptive
from netgen.genomics.filters import FilterSettings
from netgen.genomics.sv_annotation import entry_fields
from netgen.genomics.sv_info import is_copy_number, parse_info, read_info_genes, read_support
from netgen.genomics.sv_policy import apply_fusion_policy
from netgen.genomics.vcf_structural import SvRecord, assemble_events, join_events
from tests.genomics.sv_vcf import read_records

CSQ = entry_fields(
    "Consequence annotations from Ensembl VEP."
    " Format: Allele|Consequence|SYMBOL|Feature|BIOTYPE|EXON|INTRON|STRAND|CANONICAL"
)
ANN = entry_fields(
    "Functional annotations: 'Allele | Annotation | Annotation_Impact | Gene_Name | Gene_ID | Feature_Type '"
)

# Worked out with awk: BND records with both ids of a pair in the file, chromosomes and brackets of each pair, symbols
# by ALT; only what the tumour carries by GT or, in the first file, by reads (2 of its 229 pairs have none).
# (file, tumour column, classes, copy number, pairs)
FILES = [
    ("colo829.manta_somaticSV.vcf.gz", 1,
     {"TRANSLOCATION": 173, "INVERSION": 54, "DELETION": 90, "DUPLICATION": 34, "INSERTION": 7}, 0, 227),
    ("colo829.delly2_filtered.chr1.vcf.gz", 0, {"DELETION": 8, "DUPLICATION": 1, "INVERSION": 1}, 0, 0),
    ("hts_specs.simple.vcf", 0, {}, 0, 0),
    ("hts_specs.sv44.vcf", 0, {"DELETION": 2, "DUPLICATION": 1, "INSERTION": 1, "UNKNOWN": 1}, 1, 1),
    ("scout.fusions_arriba_starfusion_fusioncatcher.vcf.gz", 0, {"FUSION": 5}, 0, 0),
    ("scout.manta_vep94_cancer.vcf.gz", 1, {"TRANSLOCATION": 12, "DUPLICATION": 1, "INVERSION": 1}, 0, 0),
    ("scout.tumor_only.cnvkit_manta.vcf.gz", 0, {"DELETION": 1}, 29, 0),
    ("vcf2maf.test_delly.vcf", 0, {"TRANSLOCATION": 3, "INVERSION": 2, "DUPLICATION": 3}, 0, 0),
    ("vcfpy.example-4.1-sv.vcf", 0, {"DELETION": 3, "INSERTION": 1}, 0, 0),
]  # fmt: skip


def record(alt: str, info: str = "SVTYPE=BND", **cells: Any) -> SvRecord:
    base: dict[str, Any] = {
        "sample_id": "T", "row": 9, "id": "", "chrom": "1", "pos": 100, "ref": "G", "filter": "PASS", **cells,
    }  # fmt: skip
    return SvRecord(alt=alt, info=info, **base)


def assemble(
    *records: SvRecord, layout: tuple[str, ...] = CSQ
) -> tuple[pd.DataFrame, Findings, dict[tuple[str, str], int]]:
    findings, dropped = Findings(), {}
    table = assemble_events(
        records, layout=layout, build="GRCh38", path=Path("x.vcf"), findings=findings, dropped=dropped
    )
    return table, findings, dropped


def csq(symbol: str, terms: str = "intron_variant", exon: str = "", intron: str = "2/9", strand: str = "1") -> str:
    return f"x|{terms}|{symbol}|T-{symbol}|protein_coding|{exon}|{intron}|{strand}|YES"


# ---------------------------------------------------------------- real files
@pytest.mark.shared
@pytest.mark.parametrize(("name", "column", "classes", "copy_number", "pairs"), FILES)
def test_join_events__of_real_files(shared, name, column, classes, copy_number, pairs):
    path = shared / "data" / "vcf_structural" / name
    records, layout = read_records(path, column)
    findings, dropped = Findings(), {}
    events = join_events(records, layout=layout, path=path, findings=findings, dropped=dropped)
    assert Counter(event.sv_class for event in events) == classes
    assert dropped == ({("T", "copy_number"): copy_number} if copy_number else {})
    assert sum(event.mate is not None for event in events) == pairs
    assert len(records) == len(events) + pairs + copy_number


@pytest.mark.shared
def test_assemble_events__fusions_in_rna(shared):
    """GENEA is the five-prime partner; DV are pairs and RV split reads; FRAME_STATUS is nan where it is not known."""
    path = shared / "data" / "vcf_structural" / "scout.fusions_arriba_starfusion_fusioncatcher.vcf.gz"
    records, layout = read_records(path, 0)
    findings = Findings()
    table = assemble_events(records, layout=layout, build=None, path=path, findings=findings)
    assert table["notation"].tolist() == [
        "EML4::ALK", "VPS72::TMOD4", "YIPF5::CNOT4", "SMG1::NPIPB5", "MED30::SLC30A8",
    ]  # fmt: skip
    assert table["frame"].tolist() == ["In_frame", "Unknown", "Unknown", "Frameshift", "Unknown"]
    names = ["gene1", "chrom1", "pos1", "gene2", "chrom2", "pos2", "orientation", "split_reads", "pair_reads", "row"]
    assert table.loc[0, names].tolist() == ["EML4", "2", 42295516, "ALK", "2", 29223528, "gene1_gene2", 0, 4, 30]
    assert table["rna_support"].tolist() == [True] * 5
    assert table["dna_support"].isna().all()
    assert findings.codes() == {"I_STATUS_ASSUMED_SOMATIC"}


@pytest.mark.shared
def test_assemble_events__manta_with_vep(shared):
    """A tandem duplication from intron 13 of PLCH2 to intron 4 of TP73, both on the forward strand.

    VEP lists dozens of genes; exons 14-19 of 19 of PLCH2 and 1-4 of 14 of TP73 are covered, all others as a whole. The
    end of the first copy (TP73, exons 1-4) is joined to the beginning of the second (PLCH2, exons 14-19). The mates of
    the breakends are not in this file.
    """
    path = shared / "data" / "vcf_structural" / "scout.manta_vep94_cancer.vcf.gz"
    records, layout = read_records(path, 1)
    dropped: dict[tuple[str, str], int] = {}
    table = assemble_events(records, layout=layout, build="GRCh37", path=path, findings=Findings(), dropped=dropped)
    first = table.iloc[0]
    assert first[["gene1", "pos1", "gene2", "pos2"]].tolist() == ["PLCH2", 2428516, "TP73", 3626065]
    assert first[["notation", "sv_class", "status", "filter"]].tolist() == [
        "TP73::PLCH2", "DUPLICATION", "SOMATIC", "PASS",
    ]  # fmt: skip
    assert first[["pair_reads", "split_reads"]].tolist() == [8, 9]  # PR 23,8 and SR 40,9
    genes = table["gene1"].fillna(table["gene2"])
    assert genes.tolist()[1:] == [
        "PANK4", "PANK4", "SNAP25-AS1", "MACROD2", "MACROD2", "GS1-600G8.5", "GLRA2", "GLRA2",
    ]  # fmt: skip
    assert dropped == {("T", "no_gene"): 5}
    passed = apply_fusion_policy(table)
    assert passed.kept["row"].tolist() == [134, 135, 136, 145]
    assert passed.qc.to_dict("records") == [{"sample_id": "T", "reason": "filter", "n": 5}]
    assert len(apply_fusion_policy(table, settings=FilterSettings(filters="any")).kept) == 9


@pytest.mark.shared
def test_join_events__end_before_pos_is_reported(shared):
    path = shared / "data" / "vcf_structural" / "vcfpy.example-4.1-sv.vcf"
    records, _ = read_records(path, 0)
    findings = Findings()
    events = join_events(records, path=path, findings=findings, dropped={})
    assert [(item.code, item.row) for item in findings] == [("W_SV_UNREADABLE", records[0].row)]
    assert "it ends at 2827680, before it begins" in findings.items[0].message
    assert [end.pos for end in events[0].junction if end] == [2827680, 2827693]


# ---------------------------------------------------------------- genes and orientation
def test_assemble_events__mates_are_one_event_with_both_genes():
    """EML4 (forward strand) keeps its left, ALK (reverse strand) its left: EML4::ALK, whichever record comes first."""
    one = record("G]2:900]", "SVTYPE=BND;MATEID=b;SOMATIC", id="a", chrom="2", pos=200, annotation=csq("EML4"), row=5)
    two = record("C]2:200]", "SVTYPE=BND;MATEID=a;SOMATIC", id="b", chrom="2", pos=900, row=6,
                 annotation=csq("ALK", strand="-1"))  # fmt: skip
    for pair in ((one, two), (two, one)):
        table, findings, dropped = assemble(*pair)
        assert table[["gene1", "gene2", "notation", "sv_class", "pos1", "pos2", "row"]].values.tolist() == [
            ["EML4", "ALK", "EML4::ALK", "INVERSION", 200, 900, 5]
        ]
        assert (len(findings), dropped) == (0, {})


def test_assemble_events__without_strands_no_orientation():
    one = record("G]2:900]", "SVTYPE=BND;SOMATIC", annotation=csq("EML4", strand=""))
    two = record("C]1:100]", "SVTYPE=BND;SOMATIC", chrom="2", pos=900, annotation=csq("ALK", strand="-1"))
    table, _, _ = assemble(one, two)
    assert table[["gene1", "gene2"]].values.tolist() == [["EML4", "ALK"]]
    assert table[["orientation", "notation"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("alt", "first", "second", "expected"),
    [  # interval 100-900: A begins inside it or ends in it according to exons and strand
        ("<DEL>", csq("A", exon="4-7/7"), csq("B", exon="1-2/9"), ("A", "B", "A::B")),
        ("<DEL>", csq("A", exon="4-7/7"), csq("B", exon="3-9/9", strand="-1"), ("A", "B", None)),
        ("<DEL>", csq("A", exon="1-2/7", strand="-1"), csq("B", exon="3-9/9", strand="-1"), ("A", "B", "B::A")),
        ("<DUP>", csq("A", exon="4-7/7"), csq("B", exon="1-2/9"), ("A", "B", "B::A")),
        ("<INV>", csq("A", exon="4-7/7"), csq("B", exon="1-2/9"), ("A", "B", None)),
        ("<DEL>", csq("A", exon="2-3/7"), csq("B", exon="1-9/9"), ("A", "A", None)),
        ("<DEL>", csq("B", exon="1-9/9"), csq("A", exon="4-7/7"), ("A", None, None)),
        ("<DEL>", csq("B", "transcript_ablation"), csq("A", exon="4-7/7"), ("A", None, None)),
    ],
)
def test_assemble_events__genes_of_an_interval(alt, first, second, expected):
    table, _, _ = assemble(record(alt, "SVTYPE=X;END=900;SOMATIC", annotation=f"{first},{second}"))
    one, two, notation = table.loc[0, ["gene1", "gene2", "notation"]]
    assert tuple(None if pd.isna(cell) else cell for cell in (one, two, notation)) == expected


def test_assemble_events__exons_between_two_breakpoints_of_one_gene_are_disrupted_introns_are_not():
    inside = record("<DEL>", "END=900;SOMATIC", annotation=csq("MEN1", exon="3-4/10", intron="2-4/9"))
    intron = record("<DEL>", "END=900;SOMATIC", annotation=csq("MEN1", "intron_variant&feature_truncation"))
    table, _, dropped = assemble(inside, intron)
    assert table[["gene1", "gene2", "sv_class"]].values.tolist() == [["MEN1", "MEN1", "DELETION"]]
    assert is_disruptive(table).tolist() == [True]
    assert dropped == {("T", "intronic"): 1}
    mates = [
        record("G]1:900]", "SOMATIC", annotation=csq("MEN1")),
        record("G]1:100]", "SOMATIC", pos=900, annotation=csq("MEN1")),
    ]
    assert assemble(*mates)[2] == {("T", "intronic"): 1}
    assert assemble(mates[0], mates[1]._replace(annotation=csq("MEN1", intron="3/9")))[0]["gene2"].tolist() == ["MEN1"]


def test_assemble_events__neighbours_are_not_touched():
    near = f"{csq('NEAR', 'upstream_gene_variant')},x|intergenic_variant|||||||"
    _, findings, dropped = assemble(record("G[2:9[", "SOMATIC", annotation=near))
    assert dropped == {("T", "no_gene"): 1}
    assert findings.codes() == {"W_SV_NO_GENE"}


def test_assemble_events__a_gene_pair_of_snpeff_has_no_order():
    value = "x|gene_fusion|HIGH|EML4&ALK|ENSG1&ENSG2|gene_variant,x|upstream_gene_variant|LOW|EML4|ENSG1|transcript"
    table, _, _ = assemble(record("G]2:900]", "SOMATIC", annotation=value), layout=ANN)
    assert table[["gene1", "gene2"]].values.tolist() == [["EML4", "ALK"]]
    assert table["orientation"].isna().all()


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ("GENEA=EML4;GENEB=ALK;FOUND_IN=arriba", ("EML4", "ALK", True, False)),
        ("GENEA=EML4;GENEB=ALK", ("EML4", "ALK", False, False)),
        ("GENE5=EML4;GENE3=ALK", ("EML4", "ALK", True, False)),
        ("FUSION=EML4::ALK", ("EML4", "ALK", True, False)),
        ("FUSION=EML4--ALK", ("EML4", "ALK", False, False)),
        ("SVTYPE=Fusion;FUSION_NAME=EML4--ALK", ("EML4", "ALK", True, False)),
        ("GENE_NAME=AC016683.6,PAX8", ("PAX8", None, False, True)),
        ("GENE_NAME=RET;GENE_ID=ENSG00000165731", ("RET", None, False, False)),
        ("GENE_ID=ENSG00000165731", (None, None, False, False)),
        ("GENEA=nan;GENEB=ALK;TOOL_HITS=1", (None, "ALK", False, False)),
        ("SVTYPE=BND", (None, None, False, False)),
    ],
)
def test_read_info_genes__of_callers(info, expected):
    assert read_info_genes(parse_info(info)) == expected


def test_assemble_events__ids_of_fusions_in_rna_name_genes_and_order():
    """Ion Torrent writes two records, ``_1`` at the five-prime gene; each names its own gene."""
    name = "EML4-ALK.E6aA20.AB374361_"
    one = record("G]2:900]", "SVTYPE=Fusion;READ_COUNT=120;GENE_NAME=EML4", id=f"{name}1", chrom="2", pos=2000, row=5)
    two = record("C]2:2000]", "SVTYPE=Fusion;READ_COUNT=120;GENE_NAME=ALK", id=f"{name}2", chrom="2", pos=900, row=6)
    for pair in ((one, two), (two, one)):
        table, _, _ = assemble(*pair)
        assert table[["gene1", "gene2", "notation", "sv_class", "pos1", "pos2"]].values.tolist() == [
            ["EML4", "ALK", "EML4::ALK", "FUSION", 2000, 900]
        ]
    alone, _, _ = assemble(two)
    assert alone["gene1"].tolist() == ["ALK"]
    assert alone[["gene2", "orientation"]].isna().all(axis=None)
    nameless, _, _ = assemble(one._replace(info="SVTYPE=Fusion"))
    assert nameless["notation"].tolist() == ["EML4::ALK"]


def test_assemble_events__current_symbols_and_status():
    rows = [
        record("G[2:9[", "GENEA=MLL;GENEB=ALK;FOUND_IN=arriba"),
        record("G[3:9[", "GENEA=TP53;GENEB=ALK;GERMLINE"),
        record("G[4:9[", "GENEA=TP53;GENEB=ALK;SOMATIC", status="GERMLINE"),
    ]
    table, findings, _ = assemble(*rows)
    assert table["gene1"].tolist() == ["KMT2A", "TP53", "TP53"]
    assert table["notation"].fillna("").tolist() == ["KMT2A::ALK", "", ""]
    assert table["status"].tolist() == ["SOMATIC", "GERMLINE", "GERMLINE"]
    assert findings.codes() == {"I_STATUS_ASSUMED_SOMATIC", "I_SYMBOL_RENAMED"}


def test_assemble_events__samples_are_kept_apart():
    one = record("G[2:9[", "SVTYPE=BND;MATEID=b;GENE_NAME=RET", id="a")
    two = record("]1:100]C", "SVTYPE=BND;MATEID=a;GENE_NAME=KIF5B", id="b", chrom="2", pos=9)
    table, _, _ = assemble(one, two, one._replace(sample_id="U"))
    assert table[["sample_id", "gene1", "gene2"]].fillna("").values.tolist() == [
        ["T", "RET", "KIF5B"], ["U", "RET", ""],
    ]  # fmt: skip


# ---------------------------------------------------------------- what is no event
@pytest.mark.parametrize(
    ("alt", "info", "span", "reads", "expected"),
    [
        ("<CNV>", "", 10, 9, True), ("<CN0>", "", 10, 9, True), ("<DEL>", "SVTYPE=CNV", 10, 9, True),
        ("<CNV:TR>", "", 10, 0, True), ("<DEL>", "SVCLAIM=D", 10, 9, True),
        ("<DEL>", "SVCLAIM=DJ", 2_000_000, 0, False),
        ("<DUP>", "FOLD_CHANGE_LOG=0.8;PROBES=19", 4896, 0, True), ("<DEL>", "IMPRECISE", 999_999, 0, False),
        ("<DEL>", "IMPRECISE", 1_000_000, 0, True), ("<DEL>", "IMPRECISE", 1_000_000, 3, False),
        ("<DEL>", "PE=3", 1_000_000, 0, False), ("<DEL>", "HOMLEN=4", 1_000_000, 0, False),
        ("<INV>", "", 2_000_000, 0, False), ("G[1:9[", "FOLD_CHANGE=2", 2_000_000, 0, False),
    ],
)  # fmt: skip
def test_is_copy_number__depth_without_a_junction(alt, info, span, reads, expected):
    assert is_copy_number(alt, parse_info(info), span, reads) is expected


def test_assemble_events__what_cannot_be_read_is_counted_and_said():
    bad = [record("<FOO>", "", row=row) for row in range(1, 24)]
    table, findings, dropped = assemble(*bad, record("<*>", ""), record("*", ""))
    assert table.empty
    assert dropped == {("T", "sv_unreadable"): 23, ("T", "symbolic"): 2}
    assert [item.row for item in findings] == [*range(1, 21), None]
    assert "3 further" in findings.items[-1].message


def test_assemble_events__tolerates_odd_info():
    table, findings, _ = assemble(
        record(
            "<DEL>", "IMPRECISE;SVTYPE=DEL;END=900;CIPOS=.,145006;BND_DEPTH=38C;GENE_NAME=TP53;SOMATIC;NOTE=a b%3Dc"
        ),
        record("<DEL>", "SVTYPE=DEL;GENE_NAME=TP53;SOMATIC"),
    )
    assert table["pos2"].fillna(0).tolist() == [900, 0]
    assert len(findings) == 0
    assert parse_info("A=1;B;C=x%3Dy;.") == {"A": "1", "B": "", "C": "x=y"}


def test_read_support__of_callers():
    assert read_support({"PR": "23,8", "SR": "40,9"}) == (9, 8)  # Manta
    assert read_support({"PR": "36,1"}) == (None, 1)
    assert read_support({"DR": "0", "DV": "184", "RR": "289", "RV": "172"}) == (172, 184)  # DELLY
    assert read_support({"SR": "5", "PE": "."}) == (5, None)
    assert read_support({"PR": "10,4,7"}, 2) == (None, 7)


infos = st.lists(
    st.sampled_from(
        ["END=5", "END=x", "SVLEN=-9", "CHR2=9", "POS2=7", "CT=3to5", "INV3", "INV5", "STRANDS=+-", "MATEID=a",
         "MATEID=.,", "EVENT=e", "SVTYPE=BND", "SVTYPE=Fusion", "GENEA=EML4", "GENEB=ALK,RET", "GENE_NAME=RET",
         "SVCLAIM=D", "=", "SR=-1"]
    ),
    max_size=5,
).map(";".join)  # fmt: skip
alts = st.one_of(
    st.sampled_from(["<DEL>", "<DUP>", "<INV>", "<INS>", "<TRA>", "<CNV>", "<", "G[2:5[", "]1:5]G", ".G", "[", "*"]),
    st.text("GN[]<>:.12ADEL", max_size=8),
)
drawn = st.builds(
    record, alts, infos, id=st.sampled_from(["", "a", "b"]), chrom=st.sampled_from(["1", "chr2", "."]),
    pos=st.integers(0, 9), annotation=st.sampled_from(["", csq("MEN1"), "|||", csq("A&B", exon="1-2/")]),
)  # fmt: skip


@settings(max_examples=30)
@given(st.lists(drawn, max_size=5))
def test_assemble_events__every_record_is_in_a_row_or_counted_or_a_mate(records):
    table, _, dropped = assemble(*records)
    events = len(table) + dropped.get(("T", "no_gene"), 0) + dropped.get(("T", "intronic"), 0)
    others = sum(dropped.values()) - dropped.get(("T", "no_gene"), 0) - dropped.get(("T", "intronic"), 0)
    assert events <= len(records) - others <= 2 * events
