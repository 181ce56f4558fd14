"""Variants of unknown significance and germline rules without a germline call (DOMAIN 4.4 steps 6 and 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from netgen.actionability.guards import VUS_COLUMNS, list_vus
from netgen.actionability.matching import match_rules
from netgen.knowledge.oncotree import load_oncotree
from tests.actionability.naive_matching import biomarker, fusion, mutation, patients, rule, table

if TYPE_CHECKING:
    import pandas as pd

TREE = load_oncotree()
EVERY = [
    rule("LOF", "TSC2", "lof"),
    rule("ONC", "TSC2", "any_oncogenic"),
    rule("GAIN", "TSC2", "functional_class", function="activating"),
    rule("LOSS", "TSC2", "functional_class", function="inactivating"),
]


def hits_of(alteration: dict[str, Any], *rules: Any, code: str = "PANET") -> pd.DataFrame:
    return match_rules(table(alteration), patients(code), rules, TREE, precedence=False)


@pytest.mark.parametrize(
    ("alteration", "expected"),
    [
        (mutation("TSC2", "A100V"), set()),
        (mutation("TSC2", "A100V", lof=True), set()),
        (mutation("TSC2", "A100_P101del", lof=True), set()),
        (mutation("TSC2", "A100V", hotspot=True), {"ONC"}),
        (mutation("TSC2", "A100V", oncogenic="likely oncogenic"), {"ONC"}),
        (mutation("TSC2", "A100V", function="inactivating"), {"LOF", "ONC", "LOSS"}),
        (mutation("TSC2", "A100V", function="activating"), {"ONC", "GAIN"}),
        (mutation("TSC2", "Q1503*"), {"LOF", "ONC", "LOSS"}),
        (mutation("TSC2", "Q1503*", flags="germline;vus"), set()),
        (mutation("TSC2", "Q1503*", flags="not_vus"), {"LOF", "ONC", "LOSS"}),
    ],
)
def test_guard__a_missense_change_needs_somebody_to_vouch_for_it(alteration, expected):
    assert set(hits_of(alteration, *EVERY)["rule_id"]) == expected


def test_guard__an_exact_or_codon_rule_needs_nobody():
    rules = [rule("EXACT", "TSC2", "exact_hgvsp", changes=("A100V",)), rule("CODON", "TSC2", "codon", codons=("A100",))]
    assert set(hits_of(mutation("TSC2", "A100V"), *rules)["rule_id"]) == {"EXACT", "CODON"}


def test_guard__a_truncation_is_oncogenic_in_a_gene_that_tumours_lose():
    for gene, n in (("MEN1", 1), ("KRAS", 0)):
        assert len(hits_of(mutation(gene, "Q61*"), rule("R", gene, "any_oncogenic"))) == n


# ---------------------------------------------------------------- origin

GERMLINE = rule("G", "VHL", "any_oncogenic", origin="germline", include=("PANET",), therapy=("belzutifan",))
SOMATIC = rule("S", "VHL", "lof", include=("PANET",), therapy=("belzutifan",), level="N4")
EITHER = rule("E", "VHL", "lof", origin="either", therapy=(), direction="diagnostic", level="NDx")
TRUNCATED = {"gene": "VHL", "change": "R161*"}


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("germline", {("G", "N1", "belzutifan"), ("E", "NDx", "")}),
        ("somatic", {("G", "NX", ""), ("S", "N4", "belzutifan"), ("E", "NDx", "")}),
        ("unknown", {("G", "NX", ""), ("S", "N4", "belzutifan"), ("E", "NDx", "")}),
    ],
)
def test_origin__a_germline_rule_needs_a_germline_call(origin, expected):
    hits = hits_of(mutation(**TRUNCATED, origin=origin), GERMLINE, SOMATIC, EITHER)
    assert set(zip(hits["rule_id"], hits["level"], hits["therapy"], strict=True)) == expected
    suggested = hits["flags"].str.contains("germline_confirmation_suggested")
    assert suggested.eq(origin != "germline").all()


def test_origin__confirmation_is_suggested_for_that_alteration_only():
    rows = table(mutation(**TRUNCATED), mutation("VHL", "R200L", hotspot=False), mutation("TSC2", "Q1503*"))
    hits = match_rules(rows, patients(), [GERMLINE, SOMATIC, rule("T", "TSC2", "lof")], TREE)
    flags = hits.groupby("alteration_id")["flags"].unique().map(list).to_dict()
    assert flags == {0: ["germline_confirmation_suggested"], 2: [""]}


def test_origin__a_germline_rule_of_another_tumour_type_suggests_nothing():
    assert hits_of(mutation(**TRUNCATED), GERMLINE, code="LUCA").empty
    travels = rule("G", "BRCA2", "lof", origin="germline", include=("PAAD",), level_out_of_scope="N3B")
    hits = hits_of(mutation("BRCA2", "S1982fs"), travels)
    assert list(zip(hits["level"], hits["scope_match"], strict=True)) == [("NX", "out_of_scope")]
    assert list(hits["flags"]) == ["germline_confirmation_suggested"]


# ---------------------------------------------------------------- unknown significance


def vus(*rows: dict[str, Any], rules: list[Any], code: str = "PANET") -> list[tuple[str, str]]:
    frame = table(*rows)
    found = list_vus(frame, match_rules(frame, patients(code), rules, TREE), rules)
    assert tuple(found.columns) == VUS_COLUMNS
    return list(zip(found["alteration"], found["reason"], strict=True))


def test_list_vus__names_what_no_rule_could_be_applied_to():
    rows = [
        mutation("TSC2", "A100V"),
        mutation("TSC2", "Q1503*"),
        mutation("KRAS", "Q61*"),
        mutation("KRAS", "G12D", hotspot=True),
        mutation("KRAS", "G12C"),
        mutation("KRAS", "", variant_class="Missense_Mutation", alteration="Missense_Mutation 12:25398285"),
        mutation(
            "KRAS", "", variant_class="In_Frame_Del", change_type="inframe_del", exon=3, alteration="exon 3 deletion"
        ),
        mutation("KRAS", "", variant_class="Missense_Mutation", change_type="missense", exon=2, alteration="exon 2"),
        mutation("TSC2", "D1010N", flags="possible_exon_skip"),
        mutation("KRAS", "G13="),
        mutation("MUC16", "A1V"),
        fusion("KRAS", "UBE2L3"),
        {"gene": "KRAS", "kind": "amplification"},
        biomarker("MSI", "MSS"),
    ]
    rules = [
        rule("L", "TSC2", "lof"),
        rule("K", "KRAS", "exact_hgvsp", changes=("G12C",)),
        rule("M", (), "biomarker_status", marker="MSI", results=("MSI-H",)),
    ]
    assert vus(*rows, rules=rules) == [
        ("Missense_Mutation 12:25398285", "change_not_stated"),
        ("exon 2", "change_not_stated"),
        ("exon 3 deletion", "not_curated"),
        ("p.G12D", "oncogenic_without_rule"),
        ("p.Q61*", "truncating_without_rule"),
        ("p.A100V", "not_curated"),
        ("p.D1010N", "possible_exon_skip"),
    ]


KINASE = {"place": "three_prime", "frame": "in_frame_or_unknown"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (fusion("RET", "KIF5B", place="three_prime", frame="in_frame"), []),
        (fusion("RET", "KIF5B"), []),
        (fusion("RET", "KIF5B", place="three_prime", frame="out_of_frame"), [("KIF5B::RET", "out_of_frame")]),
        (fusion("RET", "KIF5B", place="five_prime", alteration="RET::KIF5B"), [("RET::KIF5B", "wrong_orientation")]),
        (fusion("RET", "RET", alteration="RET-intragenic"), [("RET-intragenic", "fusion_without_rule")]),
        (fusion("FGFR3", "BAIAP2L1", place="five_prime"), [("BAIAP2L1::FGFR3", "fusion_without_rule")]),
        (fusion("TSC2", "PKD1"), []),
        (fusion("KIF5B", "MUC16", frame="out_of_frame"), []),
    ],
)
def test_list_vus__fusions_that_no_rule_takes_are_listed_with_the_reason(row, expected):
    rules = [
        rule("RET", "RET", "fusion", **KINASE),
        rule("FGFR", "FGFR3", "fusion", partners=("TACC3",)),
        rule("TSC", "TSC2", "lof"),
    ]
    assert vus(row, rules=rules) == expected


def test_list_vus__a_fusion_whose_other_gene_has_a_hit_is_not_of_unknown_significance():
    braf = fusion("BRAF", "NTRK3", place="five_prime", alteration="BRAF::NTRK3", event=7)
    ntrk3 = fusion("NTRK3", "BRAF", place="three_prime", alteration="BRAF::NTRK3", event=7)
    assert vus(braf, ntrk3, rules=[rule("F", ("BRAF", "NTRK3"), "fusion", **KINASE)]) == []
    assert vus(braf, rules=[rule("F", ("BRAF", "NTRK3"), "fusion", **KINASE)]) == [("BRAF::NTRK3", "wrong_orientation")]


def test_list_vus__an_intronic_change_that_may_skip_an_exon_is_listed():
    near = mutation(
        "TSC2", "", variant_class="Intron", change_type="other", flags="possible_exon_skip", alteration="c.1-3"
    )
    far = mutation("TSC2", "", variant_class="Intron", change_type="other", alteration="c.1-90")
    assert vus(near, far, rules=[rule("L", "TSC2", "lof")]) == [("c.1-3", "possible_exon_skip")]


def test_list_vus__a_hit_out_of_scope_is_a_hit():
    scoped = [rule("K", "KRAS", "exact_hgvsp", changes=("G12C",), include=("NSCLC",))]
    assert vus(mutation("KRAS", "G12C"), rules=scoped, code="PANET") == []


def test_list_vus__is_sorted_by_patient_and_keeps_the_allele_fraction():
    rows = table(mutation("TSC2", "A9V", patient_id="P2", vaf=0.3), mutation("TSC2", "A1V", patient_id="P1", vaf=0.1))
    rules = [rule("L", "TSC2", "lof")]
    found = list_vus(rows, match_rules(rows, patients(), rules, TREE), rules)
    assert list(zip(found["patient_id"], found["vaf"], strict=True)) == [("P1", 0.1), ("P2", 0.3)]
