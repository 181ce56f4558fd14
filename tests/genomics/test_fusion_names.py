"""Names of fusions: every spelling that is met, and what is none."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.errors import Findings
from netgen.genomics.gene_names import load_gene_names
from netgen.genomics.notation import parse_alterations
from netgen.genomics.sv_names import (
    CLASSES,
    Fusion,
    choose_gene,
    format_fusion,
    parse_fusion,
    partner_of,
    read_class,
    read_frame,
)

STATED = "gene1_gene2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EML4::ALK", ("EML4", "ALK", STATED, "Unknown", "")),
        ("EML4::ALK fusion", ("EML4", "ALK", STATED, "Unknown", "FUSION")),
        ("ALK-EML4 fusion", ("ALK", "EML4", "", "Unknown", "FUSION")),
        ("EML4--ALK", ("EML4", "ALK", "", "Unknown", "")),
        ("EML4/ALK", ("EML4", "ALK", "", "Unknown", "")),
        ("EML4 - ALK", ("EML4", "ALK", "", "Unknown", "")),
        ("KIAA1549:BRAF", ("KIAA1549", "BRAF", "", "Unknown", "")),
        ("SND1_BRAF_CUSTOM", None),
        ("Gene fusion EML4-ALK", ("EML4", "ALK", "", "Unknown", "FUSION")),
        ("EML4-ALK (in frame)", ("EML4", "ALK", "", "In_frame", "")),
        ("EWSR1-FLI1 Fusion - Archer", ("EWSR1", "FLI1", "", "Unknown", "FUSION")),
        ("Protein fusion: in frame (FGFR3-TACC3)", ("FGFR3", "TACC3", STATED, "In_frame", "FUSION")),
        ("Protein fusion: out of frame (TMPRSS2-ERG)", ("TMPRSS2", "ERG", STATED, "Out_of_frame", "FUSION")),
        ("Protein fusion: mid-exon (MCPH1-KMT2C)", ("MCPH1", "KMT2C", STATED, "Unknown", "FUSION")),
        ("Transcript fusion (TMPRSS2-ERG)", ("TMPRSS2", "ERG", STATED, "Unknown", "FUSION")),
        ("EML4-ALK.E6bA20.AB374362", ("EML4", "ALK", STATED, "Unknown", "")),
        ("PIEZO1-NCOA4.K16B10.COSF509", ("PIEZO1", "NCOA4", "", "Unknown", "")),
        ("EML4 (NM_019063) - ALK (NM_004304) fusion", ("EML4", "ALK", "", "Unknown", "FUSION")),
        ("Transversion involving KMT2C and LOC647309", ("KMT2C", "LOC647309", "", "Unknown", "")),
        ("FGFR2 fusion with BICC1", ("FGFR2", "BICC1", "", "Unknown", "FUSION")),
        ("PPARG/AC016683.6;PAX8", ("PPARG", "PAX8", "", "Unknown", "")),
        ("AC016683.6;PAX8/PPARG", ("PAX8", "PPARG", "", "Unknown", "")),
        ("IGH@-BCL2", ("IGH@", "BCL2", "", "Unknown", "")),
        ("NRG1 fusion", ("NRG1", None, "", "Unknown", "FUSION")),
        ("ALK rearrangement", ("ALK", None, "", "Unknown", "")),
        ("MEN1 deletion", ("MEN1", None, "", "Unknown", "DELETION")),
    ],
)
def test_parse_fusion__spellings(text, expected):
    assert parse_fusion(text) == (None if expected is None else as_fusion(*expected))


def as_fusion(gene1, gene2, orientation, frame, sv_class):
    return Fusion(gene1=gene1, gene2=gene2, orientation=orientation, frame=frame, sv_class=sv_class)


@pytest.mark.parametrize(
    ("text", "gene", "frame", "sv_class"),
    [
        ("MLL2-intragenic", "MLL2", "Unknown", ""),
        ("MET-intragenic - Archer", "MET", "Unknown", ""),
        ("PTEN-interganic", "PTEN", "Unknown", ""),
        ("MET::MET", "MET", "Unknown", ""),
        ("MET-MET exon 14 skipping", "MET", "Unknown", ""),
        ("MET exon 14 skipping", "MET", "Unknown", ""),
        ("CBL Deletion of 1 exon: in frame", "CBL", "In_frame", "DELETION"),
        ("ASXL1 Duplication within transcript: mid-exon", "ASXL1", "Unknown", "DUPLICATION"),
        ("FLT3-ITD", "FLT3", "Unknown", "DUPLICATION"),
        ("FGFR1 ITD", "FGFR1", "Unknown", "DUPLICATION"),
        ("EGFR-vIII", "EGFR", "Unknown", "DELETION"),
        ("NKX2-1-intragenic", "NKX2-1", "Unknown", ""),
    ],
)
def test_parse_fusion__within_one_gene(text, gene, frame, sv_class):
    assert parse_fusion(text) == Fusion(gene1=gene, gene2=gene, frame=frame, sv_class=sv_class)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("HLA-DRB1 fusion", ("HLA-DRB1", None)),
        ("MYB-HLA-A", ("MYB", "HLA-A")),
        ("HLA-A-B2M", ("HLA-A", "B2M")),
        ("HLA-A::HLA-B", ("HLA-A", "HLA-B")),
        ("HLA-A-HLA-B", ("HLA-A", "HLA-B")),
        ("NKX2-1-ALK", ("NKX2-1", "ALK")),
        ("ALK-NKX2-1", ("ALK", "NKX2-1")),
        ("H3-3A-NTRK2", ("H3-3A", "NTRK2")),
        ("SNAP25-AS1-ALK", ("SNAP25-AS1", "ALK")),
        ("RP11-123A4.1-ALK", ("RP11-123A4.1", "ALK")),
        ("PD-L1-ALK", ("PD-L1", "ALK")),
        ("MT-ND1-ALK", ("MT-ND1", "ALK")),
    ],
)
def test_parse_fusion__symbols_with_a_hyphen_stay_whole(text, pair):
    fusion = parse_fusion(text)
    assert fusion is not None
    assert (fusion.gene1, fusion.gene2) == pair


@pytest.mark.parametrize(
    "text",
    ["", "NA", "HLA-A", "NKX2-1", "H3-3A", "MT-ND1", "PD-L1", "SNAP25-AS1", "TP53", "AR-V7", "1-Mar", "Mar-01",
     "A-B-C", "EML4::ALK::RET", "Fusion", "Fusion in frame", "Antisense fusion", "Deletion within transcript: mid-exon",
     "Duplication of 5 exons: out of frame", "TP53 (NM_000546)", "TERT c.-124C>T", "5-10"],
)  # fmt: skip
def test_parse_fusion__what_names_no_fusion(text):
    assert parse_fusion(text) is None


def test_parse_fusion__a_larger_table_knows_more_symbols():
    table = pd.DataFrame({"alias": ["FAM-X"], "symbol": ["FAM-X"], "entrez_gene_id": ["1"], "kind": ["current"]})
    names = load_gene_names(table)
    assert parse_fusion("FAM-X", names) is None
    fusion = parse_fusion("FAM-X-ALK", names)
    assert fusion is not None
    assert (fusion.gene1, fusion.gene2) == ("FAM-X", "ALK")


symbols = st.sampled_from(
    [
        "EML4",
        "ALK",
        "HLA-A",
        "HLA-DRB1",
        "NKX2-1",
        "H3-3A",
        "C11orf95",
        "SNAP25-AS1",
        "RP11-123A4.1",
        "AC016683.6",
        "T",
        "RET",
    ]
)


@st.composite
def fusions(draw):
    one, two = draw(symbols), draw(st.one_of(st.none(), symbols))
    stated = draw(st.booleans()) and two is not None and two != one
    return Fusion(
        gene1=one,
        gene2=two,
        orientation=STATED if stated else "",
        frame=draw(st.sampled_from(["In_frame", "Out_of_frame", "Frameshift", "Unknown"])),
        sv_class=draw(st.sampled_from(["", *CLASSES])),
    )


@settings(max_examples=30)
@given(fusions())
def test_format_fusion__is_read_back(fusion):
    assert parse_fusion(format_fusion(fusion)) == fusion


pieces = st.sampled_from(
    ["EML4", "HLA", "-", "::", "/", ";", " ", "fusion", "(", ")", "in frame", "ITD", ".E6A20", "1", "é"]
)


@settings(max_examples=30)
@given(st.lists(pieces, max_size=9).map("".join))
def test_parse_fusion__whatever_is_written_comes_back_as_it_was_read(text):
    fusion = parse_fusion(text)
    assert fusion is None or parse_fusion(format_fusion(fusion)) == fusion


def test_format_fusion__writes_the_five_prime_partner_first():
    fusion = Fusion(gene1="ALK", gene2="EML4", orientation="gene2_gene1")
    assert format_fusion(fusion) == "EML4::ALK"
    assert format_fusion(Fusion(gene1="MEN1", gene2="MEN1", frame="In_frame")) == "MEN1-intragenic in frame"
    assert format_fusion(Fusion(gene1="NRG1")) == "NRG1 rearrangement"


@pytest.mark.parametrize(
    ("gene", "name", "partner"),
    [
        ("ALK", "EML4-ALK fusion", "EML4"),
        ("EML4", "EML4-ALK fusion", "ALK"),
        ("BRAF", "KIAA1549:BRAF", "KIAA1549"),
        ("HLA-A", "HLA-A::MYB", "MYB"),
        ("TACC3", "Protein fusion: in frame (FGFR3-TACC3)", "FGFR3"),
        ("KMT2C", "Transversion involving KMT2C and LOC647309", "LOC647309"),
        ("X-Y-Z", "X-Y-Z-ALK fusion", "ALK"),  # the gene itself says where its name ends
        ("MLL2", "MLL2-intragenic", "MLL2"),
        ("CBL", "CBL Deletion of 1 exon: in frame", "CBL"),
        ("TP53", "unrelated", None),
        ("RET", "EML4-ALK fusion", None),
    ],
)
def test_partner_of__the_other_gene(gene, name, partner):
    assert partner_of(gene, name) == partner


@pytest.mark.parametrize(
    ("text", "frame"),
    [("in frame ", "In_frame"), ("INFRAME", "In_frame"), ("Out of frame", "Out_of_frame"), ("Frameshift", "Frameshift"),
     ("mid-exon", "Unknown"), ("nan", "Unknown"), ("", "Unknown")],
)  # fmt: skip
def test_read_frame__of_texts(text, frame):
    assert read_frame(text) == frame


@pytest.mark.parametrize(
    ("text", "sv_class"),
    [("MEN1 deletion", "DELETION"), ("Fusion", "FUSION"), ("translocation fusion", "TRANSLOCATION"), ("ITD", ""),
     ("FLT3 ITD", "DUPLICATION"), ("", "")],
)  # fmt: skip
def test_read_class__of_texts(text, sv_class):
    assert read_class(text) == sv_class


def test_choose_gene__of_several_at_one_breakpoint():
    assert choose_gene(["AC016683.6", "PAX8"]) == "PAX8"
    assert choose_gene(["LOC1234", "RP11-1A2.3"]) == "LOC1234"
    assert choose_gene(["PAX8", "TTF1"]) == "PAX8"
    assert choose_gene(["", "NA"]) is None
    assert choose_gene(["NOVEL9", "TP53"], load_gene_names()) == "TP53"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("EML4::ALK", ["EML4", "ALK", "FUSION", STATED, "EML4::ALK"]),
        ("MLL::AF9 fusion", ["KMT2A", "AF9", "FUSION", STATED, "KMT2A::AF9"]),
        ("ALK-EML4", ["ALK", "EML4", "FUSION", "", ""]),
        ("ETV6/NTRK3 fusion", ["ETV6", "NTRK3", "FUSION", "", ""]),
        ("NKX2-1--ALK", ["NKX2-1", "ALK", "FUSION", "", ""]),
        ("HLA-DRB1 fusion", ["HLA-DRB1", "", "FUSION", "", ""]),
        ("MET-intragenic", ["MET", "MET", "FUSION", "", ""]),
        ("FLT3-ITD", ["FLT3", "FLT3", "DUPLICATION", "", ""]),
    ],
)
def test_parse_alterations__fusions_of_a_cell(item, expected):
    findings = Findings()
    parsed = parse_alterations(pd.Series([item], index=["S1"]), findings=findings)
    assert findings.of("E") == []
    names = ["gene1", "gene2", "sv_class", "orientation", "notation"]
    assert parsed.fusions[names].fillna("").to_numpy().tolist() == [expected]


@pytest.mark.parametrize("item", ["HLA-A", "MEN1 deletion", "MET ex14skip", "TERT c.-124C>T", "AR-V7", "A-B-C"])
def test_parse_alterations__what_is_no_fusion_of_a_cell(item):
    assert parse_alterations(pd.Series([item], index=["S1"]), findings=Findings()).fusions.empty
