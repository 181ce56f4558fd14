from __future__ import annotations

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.errors import Findings
from netgen.genomics.notation import parse_alterations
from netgen.schema import COPY_NUMBER, FUSIONS, VARIANTS, conform


def parse(*cells, **options):
    findings = Findings()
    column = pd.Series(list(cells), index=[f"P{place}" for place in range(1, len(cells) + 1)], dtype="string")
    return parse_alterations(column, findings=findings, file="form.xlsx", **options), findings


def one_variant(item):
    parsed, findings = parse(item)
    assert findings.of("E") == []
    (row,) = parsed.variants.astype(object).where(parsed.variants.notna(), None).to_dict("records")
    return row


def test_parse_alterations__the_example_of_the_specification():
    parsed, findings = parse(
        "MEN1 p.R460* (vaf=0.41); DAXX trunc; CDKN2A homdel; EML4::ALK; BRCA2 p.S1982Rfs*22 (germline)"
    )
    assert len(findings) == 0
    columns = ["sample_id", "gene", "variant_class", "hgvsp_short", "vaf", "mutation_status", "flags", "row"]
    men1, daxx = parsed.variants[columns].itertuples(index=False, name=None)
    assert men1 == ("P1", "MEN1", "Nonsense_Mutation", "p.R460*", 0.41, "somatic", pd.NA, 2)
    assert daxx[:4] == ("P1", "DAXX", "Nonsense_Mutation", pd.NA)
    assert daxx[6] == "effect_unspecified"
    assert parsed.copy_number[["sample_id", "gene", "value"]].to_numpy().tolist() == [["P1", "CDKN2A", -2.0]]
    fusion = ["sample_id", "gene1", "gene2", "sv_class", "status", "frame", "event_info"]
    assert parsed.fusions[fusion].iloc[0].tolist() == ["P1", "EML4", "ALK", "FUSION", "SOMATIC", "Unknown", "EML4::ALK"]
    germline = ["gene", "variant_class", "hgvsp_short", "mutation_status"]
    assert parsed.germline[germline].iloc[0].tolist() == ["BRCA2", "Frame_Shift_Del", "p.S1982Rfs*22", "germline"]


def test_parse_alterations__blank_is_not_profiled_and_none_is():
    parsed, findings = parse("none", "", None, "NA", "None", "MEN1 mut", "-")
    assert parsed.profiled == ("P1", "P5", "P6")
    assert parsed.not_profiled == ("P2", "P3", "P4", "P7")
    assert parsed.variants["sample_id"].tolist() == ["P6"]
    assert len(findings) == 0


def test_parse_alterations__tables_conform_to_the_schema():
    for cell in ("none", "MEN1 p.R460*; MYC amp; EML4::ALK; VHL p.R167Q (germline)"):
        parsed, _ = parse(cell)
        for frame, table in (
            (parsed.variants, VARIANTS),
            (parsed.germline, VARIANTS),
            (parsed.copy_number, COPY_NUMBER),
            (parsed.fusions, FUSIONS),
        ):
            pd.testing.assert_frame_equal(frame, conform(frame, table))


@pytest.mark.parametrize(
    ("item", "gene", "variant_class", "change", "flags"),
    [
        ("TP53 p.(Arg175His)", "TP53", "Missense_Mutation", "p.R175H", None),
        ("TP53 p.R175H (vus)", "TP53", "Missense_Mutation", "p.R175H", "vus"),
        ("MEN1 splice", "MEN1", "Splice_Site", None, "effect_unspecified"),
        ("MEN1 mut", "MEN1", "Missense_Mutation", None, "effect_unspecified"),
        ("MEN1 MUT (vus)", "MEN1", "Missense_Mutation", None, "effect_unspecified;vus"),
        ("MET ex14skip", "MET", "Splice_Site", None, "ex14skip"),
        ("EGFR ex19del", "EGFR", "In_Frame_Del", None, "ex19del"),
        ("EGFR ex20ins", "EGFR", "In_Frame_Ins", None, "ex20ins"),
        ("MLL3 p.Q100*", "KMT2C", "Nonsense_Mutation", "p.Q100*", None),
        ("c11orf30 mut", "EMSY", "Missense_Mutation", None, "effect_unspecified"),
        ("BRCA2 p.A10=", "BRCA2", "Silent", "p.A10=", None),
    ],
)
def test_parse_alterations__small_variants(item, gene, variant_class, change, flags):
    row = one_variant(item)
    assert (row["gene"], row["variant_class"]) == (gene, variant_class)
    assert (row["hgvsp_short"], row["flags"]) == (change, flags)


@pytest.mark.parametrize(
    ("item", "variant_class", "flags"),
    [
        ("ATM c.1236-2A>G", "Splice_Site", None),
        ("ATM c.1235+1G>T", "Splice_Site", None),
        ("ATM c.1235+5G>T", "Intron", None),
        ("TERT c.-124C>T", "5'Flank", None),
        ("MEN1 c.-39G>A", "5'UTR", None),
        ("MEN1 c.*12G>A", "3'UTR", None),
        ("BRCA1 c.68_69del", "Frame_Shift_Del", None),
        ("BRCA1 c.68delAG", "Frame_Shift_Del", None),
        ("EGFR c.2235_2249del", "In_Frame_Del", None),
        ("BRCA1 c.68delAGT", "In_Frame_Del", None),
        ("BRCA1 c.5266dup", "Frame_Shift_Ins", None),
        ("BRCA1 c.5266_5268dup", "In_Frame_Ins", None),
        ("KIT c.1669_1674delinsC", "Frame_Shift_Del", None),
        ("NPM1 c.860_863insTCTG", "Frame_Shift_Ins", None),
        ("TP53 c.524G>A", "Missense_Mutation", "effect_unspecified"),
    ],
)
def test_parse_alterations__coding_changes_by_position_and_length(item, variant_class, flags):
    row = one_variant(item)
    assert row["variant_class"] == variant_class
    assert row["hgvsc"] == item.split()[1]
    assert row["flags"] == flags


@pytest.mark.parametrize(
    ("item", "five", "three"),
    [
        ("EML4::ALK", "EML4", "ALK"),
        ("EML4::ALK fusion", "EML4", "ALK"),
        ("ALK-EML4", "ALK", "EML4"),
        ("ETV6--NTRK3", "ETV6", "NTRK3"),
        ("ETV6/NTRK3 fusion", "ETV6", "NTRK3"),
        ("NRG1 fusion", "NRG1", None),
        ("HLA-DRB1 fusion", "HLA-DRB1", None),
        ("MLL::AF9", "KMT2A", "AF9"),
    ],
)
def test_parse_alterations__fusions(item, five, three):
    parsed, findings = parse(item)
    assert findings.of("E") == []
    row = parsed.fusions.iloc[0]
    assert row["gene1"] == five
    assert (None if pd.isna(row["gene2"]) else row["gene2"]) == three


def test_parse_alterations__qualifiers_of_fusions():
    parsed, _ = parse("EML4::ALK (out_of_frame); RET fusion (germline)")
    assert parsed.fusions["frame"].tolist() == ["Out_of_frame", "Unknown"]
    assert parsed.fusions["status"].tolist() == ["SOMATIC", "GERMLINE"]


def test_parse_alterations__column_of_germline_findings():
    parsed, _ = parse("BRCA2 p.S1982Rfs*22; VHL mut", germline=True)
    assert parsed.variants.empty
    assert parsed.germline["gene"].tolist() == ["BRCA2", "VHL"]


@pytest.mark.parametrize(
    "item",
    ["MEN1", "MEN1 banana", "MEN1 p.banana", "MEN1 p.R460* (vaf=2)", "MEN1 p.R460* (vaf=x)", "MEN1 p.R460* (loud)",
     "9GENE mut", "MEN1 p.R460* p.R461*", "CDKN2A homdel (germline)", "MEN1 c.banana", "TMB 12 high"],
)  # fmt: skip
def test_parse_alterations__what_cannot_be_read_is_reported_and_the_rest_counts(item):
    parsed, findings = parse("none", f"DAXX trunc; {item}; ATRX mut")
    (error,) = findings
    assert (error.code, error.row, error.column, error.value) == ("E_ALTERATION_SYNTAX", 3, "alterations", item)
    assert parsed.variants["gene"].tolist() == ["DAXX", "ATRX"]
    assert parsed.profiled == ("P1", "P2")


def test_parse_alterations__rows_of_the_caller_are_reported():
    _, findings = parse("MEN1", rows=pd.Series([17]))
    assert findings.items[0].row == 17


def test_parse_alterations__date_instead_of_a_gene():
    parsed, findings = parse("1-Mar p.A5T; MEN1 mut")
    assert [(item.code, item.row) for item in findings] == [("E_GENE_EXCEL_DATE", 2)]
    assert parsed.variants["gene"].tolist() == ["MEN1"]


def test_parse_alterations__amplified_and_deleted_at_once():
    parsed, findings = parse("MYC amp; MYC homdel; MYC amp", "MYC amp; MYC amp")
    assert [(item.code, item.value, item.row) for item in findings] == [("E_DUP_CONFLICT", "MYC", 2)]
    assert parsed.copy_number["value"].tolist() == [2.0, 2.0]


def test_parse_alterations__line_breaks_separate_and_fractions_may_be_percent():
    parsed, _ = parse("MEN1 p.R460* (vaf=41%)\nDAXX trunc")
    assert parsed.variants["vaf"].tolist() == pytest.approx([0.41, float("nan")], nan_ok=True)


@given(st.lists(st.text("MEN1TP53 pc.R460*;()=,:-/vafexdlinsmuthog0\n", max_size=30), max_size=4))
def test_parse_alterations__reads_or_reports_whatever_is_typed(cells):
    parsed, findings = parse(*cells)
    items = sum(len([item for item in re.split(r"[;\n]", cell) if item.strip()]) for cell in cells)
    assert len(parsed.profiled) + len(parsed.not_profiled) == len(cells)
    refused = sum(item.code == "E_ALTERATION_SYNTAX" for item in findings)
    assert len(parsed.variants) + len(parsed.germline) + len(parsed.fusions) + refused <= items
