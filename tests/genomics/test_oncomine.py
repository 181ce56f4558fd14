"""Ion Reporter's FUNC, copy numbers and fusions.

No Oncomine VCF is public: the file here is SYNTHETIC, hand-written in the layout that parsers and the vendor's help
pages describe. The two values of FUNC marked "as published" are quoted in public parsers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from netgen.errors import Findings
from netgen.genomics.classes import classify_consequence
from netgen.genomics.oncomine import choose_func, is_func_format, is_hotspot, parse_func
from netgen.genomics.oncomine_events import OncomineEvents, read_oncomine_events

if TYPE_CHECKING:
    from pathlib import Path

# As published: KRAS G12D (chr12:25398284 C>T), and a position that two genes share (chr1:2488153 A>G).
KRAS = (
    "[{'origPos':'25398284','origRef':'C','normalizedRef':'C','gene':'KRAS','normalizedPos':'25398284',"
    "'normalizedAlt':'T','polyphen':'0.517','gt':'pos','codon':'GAT','coding':'c.35G>A','sift':'0.27',"
    "'transcript':'NM_033360.4','function':'missense','protein':'p.Gly12Asp','location':'exonic','origAlt':'T',"
    "'exon':'2','oncomineGeneClass':'Gain-of-Function','oncomineVariantClass':'Hotspot',"
    "'CLNREVSTAT1':'criteria_provided,_multiple_submitters,_no_conflicts'}]"
)
SHARED = (
    "[{'transcript':'NR_037844.2','gene':'TNFRSF14-AS1','location':'intronic_nc','CLNID1':'rs4870'},"
    "{'origPos':'2488153','origRef':'A','normalizedRef':'A','gene':'TNFRSF14','normalizedPos':'2488153',"
    "'normalizedAlt':'G','coding':'c.50A>G','transcript':'NM_003820.3','function':'missense','protein':'p.Lys17Arg',"
    "'location':'exonic','origAlt':'G','exon':'1'}]"
)
HEADER = """##fileformat=VCFv4.1
##INFO=<ID=FUNC,Number=.,Type=String,Description="Functional Annotations">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tT1
"""


def entry(**values: str) -> str:
    return "[{" + ",".join(f"'{key}':'{value}'" for key, value in values.items()) + "}]"


def test_choose_func__tells_a_published_hot_spot() -> None:
    found = choose_func(KRAS, ref="C", alts=("T",), number=1)
    assert found is not None
    assert (found.terms, found.symbol, found.transcript_id) == ("missense_variant", "KRAS", "NM_033360.4")
    assert (found.hgvsc, found.hgvsp, found.exon) == ("c.35G>A", "p.G12D", "2")
    assert is_hotspot(KRAS, ref="C", alt="T")
    assert not is_hotspot(KRAS, ref="C", alt="A")


def test_choose_func__prefers_the_allele_to_a_gene_that_only_lies_there() -> None:
    found = choose_func(SHARED, ref="A", alts=("G",), number=1)
    assert found is not None
    assert (found.symbol, found.hgvsp) == ("TNFRSF14", "p.K17R")
    other = choose_func(SHARED, ref="A", alts=("G", "C"), number=2)  # nothing is said of C but the place
    assert other is not None
    assert (other.symbol, other.terms) == ("TNFRSF14-AS1", "intron_variant")
    assert choose_func(KRAS, ref="C", alts=("A",), number=1) is None


def test_choose_func__compares_alleles_trimmed() -> None:
    value = entry(gene="EP300", origRef="CA", origAlt="C", function="frameshiftDeletion", location="exonic")
    found = choose_func(value, ref="GCA", alts=("GC",), number=1)
    assert found is not None
    assert classify_consequence(found.terms, "GCA", "GC") == "Frame_Shift_Del"


@pytest.mark.parametrize(
    ("values", "ref", "alt", "expected"),
    [
        ({"function": "missense"}, "A", "T", "Missense_Mutation"),
        ({"function": "nonsense"}, "A", "T", "Nonsense_Mutation"),
        ({"function": "stoploss"}, "A", "T", "Nonstop_Mutation"),
        ({"function": "synonymous"}, "A", "T", "Silent"),
        ({"function": "refallele"}, "A", "T", "Silent"),
        ({"function": "frameshiftInsertion"}, "A", "AT", "Frame_Shift_Ins"),
        ({"function": "frameshiftBlockSubstitution"}, "ATT", "GG", "Frame_Shift_Del"),
        ({"function": "nonframeshiftInsertion"}, "A", "ATTT", "In_Frame_Ins"),
        ({"function": "nonframeshiftDeletion"}, "ATTT", "A", "In_Frame_Del"),
        ({"function": "nonframeshiftBlockSubstitution"}, "GG", "TT", "Missense_Mutation"),
        ({"function": "nonframeshiftBlockSubstitution"}, "AAAA", "T", "In_Frame_Del"),
        ({"function": "nonframeshiftBlockSubstitution", "protein": "p.Gly12Ter"}, "GG", "TT", "Nonsense_Mutation"),
        ({"location": "splicesite_5", "coding": "c.904+1G>A"}, "G", "A", "Splice_Site"),
        ({"location": "splicesite_3"}, "G", "A", "Splice_Site"),
        ({"location": "splicesite_5", "coding": "c.904+5G>A"}, "G", "A", "Splice_Region"),
        ({"location": "intronic"}, "G", "A", "Intron"),
        ({"location": "utr_3"}, "G", "A", "3'UTR"),
        ({"location": "upstream"}, "G", "A", "5'Flank"),
        ({"location": "exonic", "function": "unknown"}, "G", "A", "Targeted_Region"),
    ],
)
def test_choose_func__maps_functions_to_classes(values: dict[str, str], ref: str, alt: str, expected: str) -> None:
    found = choose_func(entry(gene="G", **{"location": "exonic", **values}), ref=ref, alts=(alt,), number=1)
    assert found is not None
    assert classify_consequence(found.terms, ref, alt) == expected


@pytest.mark.parametrize(
    "value",
    [
        "", ".", "[", "[{'gene':'KRAS'", "[{'gene':'KRAS'},]", "[{'gene':}]", "{'gene':'KRAS'}", "[{'gene' 'KRAS'}]",
        "[{'gene':'KRAS','exon'}]", "__import__('os')", "[{'gene':open('x')}]", "[" * 100_000, "[{'a':['b']}]",
        "x" * ((1 << 20) + 1),
    ],
    ids=lambda value: value[:16],
)  # fmt: skip
def test_parse_func__evaluates_nothing(value: str) -> None:
    assert parse_func(value) is None
    assert choose_func(value, ref="C", alts=("T",), number=1) is None


def test_parse_func__reads_quotes_and_blanks() -> None:
    assert parse_func("""[{'a': "5'UTR", 'b': 'x\\'y', 'c': 12}, {}]""") == ({"a": "5'UTR", "b": "x'y", "c": "12"}, {})
    assert is_func_format("Functional Annotations")
    assert not is_func_format("Functional region")


# ---------------------------------------------------------------- copy numbers and fusions (synthetic)

CNV = (
    "chr1\t1\t{gene}\tA\t<CNV>\t.\t{filter}\tPRECISE=FALSE;SVTYPE=CNV;RAW_CN=3;CI={ci};FUNC=[{{'gene':'{gene}'}}]"
    "\tGT:GQ:CN\t./.:0:{cn}"
)
COPIES = {  # gene -> FILTER, copies, limits, value
    "MYC": ("PASS", "8.2", "0.05:6.4,0.95:9.9", 2.0),
    "EGFR": ("PASS", "4.6", "0.05:4.0,0.95:5.2", 2.0),
    "MET": ("PASS", "4.1", "0.05:3.9,0.95:4.4", 1.0),
    "RB1": ("PASS", "0.1", "0.05:0.0,0.95:0.4", -2.0),
    "PTEN": ("PASS", "1.0", "0.05:0.7,0.95:1.4", -1.0),
    "CDKN2A": ("PASS", "0.6", "0.05:0.3,0.95:1.1", None),
    "KIT": ("PASS", "2.0", "0.05:1.8,0.95:2.2", 0.0),
    "ALK": ("NOCALL", "7.0", "0.05:5.0,0.95:9.0", None),
    "BRAF": ("PASS", "7.0", ".", None),
}
FOUND = "{place}\t{id}\tG\t{alt}\t.\t{filter}\tSVTYPE={kind};READ_COUNT={reads};GENE_NAME={gene}\tGT\t./."
FUSIONS = [
    FOUND.format(place=place, id=name, alt=alt, filter=result, kind=kind, reads=reads, gene=gene)
    for place, name, alt, result, kind, reads, gene in (
        ("chr2\t42522656", "EML4-ALK.E13A20.COSF408_1", "G]chr2:29446394]", "PASS", "Fusion", 118, "EML4"),
        ("chr2\t29446394", "EML4-ALK.E13A20.COSF408_2", "G]chr2:42522656]", "PASS", "Fusion", 118, "ALK"),
        ("chr4\t1", "FGFR3-TACC3.F17T11_1", "G[chr4:2[", "FAIL", "Fusion", 0, "FGFR3"),
        ("chr4\t2", "FGFR3-TACC3.F17T11_2", "G[chr4:1[", "FAIL", "Fusion", 0, "TACC3"),
        ("chr7\t116411708", "MET-MET.M13M15.1_1", "G[chr7:116414934[", "PASS", "RNAExonVariant", 91, "MET"),
        ("chr7\t116414934", "MET-MET.M13M15.1_2", "]chr7:116411708]G", "PASS", "RNAExonVariant", 91, "MET"),
        ("chr1\t5", "NTRK1_5p3p", "<X>", "PASS", "5p3pAssays", 9, "NTRK1"),
        ("chr12\t6", "TBP", "<X>", "PASS", "ExprControl", 900, "TBP"),
    )
]


def read(tmp_path: Path, *rows: str) -> tuple[OncomineEvents, Findings]:
    path, findings = tmp_path / "T1.vcf", Findings()
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return read_oncomine_events(path, "T1", build="GRCh37", findings=findings), findings


def test_read_oncomine_events__asks_the_whole_interval_of_a_copy_number(tmp_path: Path) -> None:
    rows = [CNV.format(gene=g, filter=f, cn=cn, ci=ci) for g, (f, cn, ci, _) in COPIES.items()]
    found, findings = read(tmp_path, *rows)
    values = dict(zip(found.copy_number["gene"], found.copy_number["value"], strict=True))
    assert {gene: None if math.isnan(value) else value for gene, value in values.items()} == {
        gene: value for gene, (*_, value) in COPIES.items() if value != 0.0
    }
    assert found.profiled == ("cna",)
    assert found.copy_number.set_index("gene").loc["MYC", "total_copy_number"] == 8.2
    assert [(one.code, one.row) for one in findings] == [("W_COPY_NUMBER_EQUIVOCAL", 9)]
    assert findings.items[0].message.startswith("3 copy numbers")


def test_read_oncomine_events__joins_the_two_records_of_a_fusion(tmp_path: Path) -> None:
    found, findings = read(tmp_path, *FUSIONS)
    assert not list(findings)
    first, second = (row for _, row in found.fusions.iterrows())
    assert (first["notation"], first["orientation"], first["split_reads"]) == ("EML4::ALK", "gene1_gene2", 118)
    assert (first["chrom1"], first["pos1"], first["chrom2"], first["pos2"]) == ("2", 42522656, "2", 29446394)
    assert first["event_info"].endswith("118 supporting reads) EML4-ALK.E13A20.COSF408")
    assert (second["gene1"], second["gene2"], second["frame"]) == ("MET", "MET", "In_frame")
    assert second["event_info"].startswith("MET exon 14 skipping")
    assert dict(zip(found.dropped["reason"], found.dropped["n"], strict=True)) == {"assay_control": 2, "not_present": 1}
    assert found.profiled == ("structural_variants",)
    assert found.n_records == 8


def test_read_oncomine_events__keeps_half_of_a_fusion(tmp_path: Path) -> None:
    row = read(tmp_path, FUSIONS[1])[0].fusions.iloc[0]
    assert (row["gene1"], row["event_info"][:5]) == ("ALK", "ALK r")
    assert row[["gene2", "orientation", "notation"]].isna().all()


def test_read_oncomine_events__reports_annotations_that_break_off_once(tmp_path: Path) -> None:
    row = "chr12\t25398284\t.\tC\tT\t.\tPASS\tAF=0.1;FUNC=[{'gene':'KRAS'\tGT\t0/1"
    found, findings = read(tmp_path, row, row.replace("25398284", "25398285"), "chr1\t5")
    assert [(one.code, one.column, one.row) for one in findings] == [("E_VALUE", "FUNC", 4)]
    assert "2 record(s)" in findings.items[0].message
    assert found.n_records == 0
    assert found.profiled == ()
