"""Which alterations each kind of rule is about, and what a hit says: DOMAIN 1.4-1.6 and 4.2-4.4, by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from netgen.actionability.matching import HIT_COLUMNS, match_rules
from netgen.actionability.rules import KINDS, RuleSource
from netgen.knowledge.oncotree import load_oncotree
from tests.actionability.naive_matching import biomarker, fusion, mutation, patients, rule, table

TREE = load_oncotree()
ROS1 = {"place": "three_prime", "frame": "in_frame_or_unknown"}
EX19 = {"first": 729, "last": 761, "change_types": ("inframe_del", "delins")}
SPLICE = {"variant_class": "Splice_Site", "change_type": "splice", "lof": True, "exon_skip": False}


def match(alteration: dict[str, Any], *rules: Any, code: str | None = "PANET", **person: Any) -> pd.DataFrame:
    return match_rules(table(alteration), patients(code, **person), rules, TREE)


def only(alteration: dict[str, Any], one: Any, **options: Any) -> pd.Series:
    hits = match(alteration, one, **options)
    assert len(hits) == 1
    return hits.iloc[0]


WHOLE = {"first": 1, "last": 100_000}
CASES = [
    # kind, gene, fields, alteration, whether the rule is about it
    ("exact_hgvsp", "BRAF", {"changes": ("V600E",)}, mutation("BRAF", "V600E"), True),
    ("exact_hgvsp", "BRAF", {"changes": ("p.Val600Glu",)}, mutation("BRAF", "V600E"), True),
    ("exact_hgvsp", "BRAF", {"changes": ("V600E",)}, mutation("BRAF", "V600K"), False),
    ("exact_hgvsp", "BRAF", {"changes": ("V600E",)}, mutation("KRAS", "V600E"), False),
    ("exact_hgvsp", "BRAF", {"changes": ("V600E",)}, mutation("BRAF", "V600_K601delinsE"), False),
    ("exact_hgvsp", "BRCA2", {"changes": ("S1982fs",)}, mutation("BRCA2", "S1982Rfs*22"), True),
    ("exact_hgvsp", "BRCA2", {"changes": ("S1982Rfs*22",)}, mutation("BRCA2", "S1982fs"), True),
    ("exact_hgvsp", "BRCA2", {"changes": ("S1982Rfs*22",)}, mutation("BRCA2", "S1982Kfs*5"), False),
    ("exact_hgvsp", "BRAF", {"changes": ("",)}, mutation("BRAF"), False),
    ("exact_genomic", "BRAF", {"changes": ("GRCh38:7:140753336:A:T",)},
     mutation("BRAF", genomic="GRCh38:7:140753336:A:T"), True),
    ("exact_genomic", "BRAF", {"changes": ("GRCh38:7:140753336:A:T",)},
     mutation("BRAF", genomic="GRCh37:7:140753336:A:T"), False),
    ("codon", "BRAF", {"codons": ("K601", "V600")}, mutation("BRAF", "V600K"), True),
    ("codon", "BRAF", {"codons": ("V600",)}, mutation("BRAF", "V600_K601delinsE"), True),
    ("codon", "BRAF", {"codons": ("V600",)}, mutation("BRAF", "V600*"), False),
    ("codon", "BRAF", {"codons": ("V600",)}, mutation("BRAF", "V600fs"), False),
    ("codon", "BRAF", {"codons": ("V600",)}, mutation("BRAF", "L600E"), False),
    ("codon", "BRAF", {"codons": ("V600",)}, mutation("BRAF", "K601E"), False),
    ("codon_range", "EGFR", EX19, mutation("EGFR", "E746_A750del"), True),
    ("codon_range", "EGFR", EX19, mutation("EGFR", "L747_T751delinsP"), True),
    ("codon_range", "EGFR", EX19, mutation("EGFR", "L747P"), False),
    ("codon_range", "EGFR", EX19, mutation("EGFR", "V740_K770del"), False),
    ("codon_range", "EGFR", EX19, mutation("EGFR", "L700_T710del"), False),
    ("codon_range", "EGFR", EX19, mutation("EGFR", change_type="inframe_del"), False),
    ("exon_class", "EGFR", {"exon": 19, **EX19}, mutation("EGFR", exon=19, change_type="inframe_del"), True),
    ("exon_class", "EGFR", {"exon": 19, **EX19}, mutation("EGFR", "E746_A750del", exon=20), False),
    ("exon_class", "EGFR", {"exon": 19, **EX19}, mutation("EGFR", "E746_A750del"), True),
    ("exon_class", "EGFR", {"exon": 19, "change_types": ("inframe_del",)}, mutation("EGFR", "E746_A750del"), False),
    ("codon_range", "PTEN", {**WHOLE, "change_types": ("nonsense",)}, mutation("PTEN", "R130*"), True),
    ("codon_range", "PTEN", {**WHOLE, "change_types": ("nonsense",)}, mutation("PTEN", change_type="nonsense"), False),
    ("codon_range", "PTEN", {"first": -5, "last": 9}, mutation("PTEN", change_type="missense"), False),
    ("exon_class", "PTEN", {"exon": 5, "first": -5, "last": 9}, mutation("PTEN", change_type="missense"), False),
    ("domain", "POLE", {"first": 268, "last": 471}, mutation("POLE", "P286R"), True),
    ("domain", "POLE", {"first": 268, "last": 471}, mutation("POLE", "R1000Q"), False),
    ("domain", "POLE", {"first": 268, "last": 471}, mutation("POLE", "P286="), False),
    ("functional_class", "KIT", {"function": "activating"}, mutation("KIT", "L576P", function="activating"), True),
    ("functional_class", "KIT", {"function": "activating"}, mutation("KIT", "L576P"), False),
    ("functional_class", "KIT", {"function": "activating"}, mutation("KIT", "L576P", hotspot=True), False),
    ("functional_class", "KIT", {"function": "activating"}, mutation("KIT", "L576P", oncogenic="Oncogenic"), False),
    ("functional_class", "KIT", {"function": "activating"}, mutation("KIT", "L576P", function="inactivating"), False),
    ("functional_class", "VHL", {"function": "inactivating"}, mutation("VHL", "R161*"), True),
    ("lof", "TSC2", {}, mutation("TSC2", "Q1503*"), True),
    ("lof", "TSC2", {}, mutation("TSC2", "A100V"), False),
    ("lof", "TSC2", {}, mutation("TSC2", "A100V", lof=True, hotspot=True, oncogenic="Oncogenic"), False),
    ("lof", "TSC2", {}, mutation("TSC2", "R611Q", function="inactivating"), True),
    ("lof", "TSC2", {}, mutation("TSC2", "Q1503*", lof=False, flags="lof_cterm"), False),
    ("lof", "TSC2", {}, mutation("TSC2", "Q1503*", flags="vus"), False),
    ("lof", "TSC2", {}, {"gene": "TSC2", "kind": "homdel"}, True),
    ("lof", "TSC2", {}, {"gene": "TSC2", "kind": "amplification"}, False),
    ("lof", "TSC2", {}, fusion("TSC2", "PKD1", lof=True), True),
    ("lof", "TSC2", {}, fusion("TSC2", "PKD1"), False),
    ("biallelic_lof", "TSC2", {}, mutation("TSC2", "Q1503*", biallelic="yes"), True),
    ("biallelic_lof", "TSC2", {}, mutation("TSC2", "Q1503*"), False),
    ("biallelic_lof", "TSC2", {}, {"gene": "TSC2", "kind": "homdel"}, True),
    ("any_oncogenic", "TP53", {}, mutation("TP53", "R213*"), True),
    ("any_oncogenic", "TP53", {}, {"gene": "TP53", "kind": "homdel"}, True),
    ("any_oncogenic", "TP53", {}, mutation("TP53", "R175H"), False),
    ("any_oncogenic", "TP53", {}, mutation("TP53", "R175H", hotspot=True), True),
    ("any_oncogenic", "TP53", {}, mutation("TP53", "R175H", oncogenic="Likely Oncogenic"), True),
    ("any_oncogenic", "TP53", {}, mutation("TP53", "R175H", oncogenic="Likely Neutral"), False),
    ("any_oncogenic", "TP53", {}, mutation("TP53", "R175H", function="inactivating"), True),
    ("any_oncogenic", "KRAS", {}, mutation("KRAS", "Q61*"), False),
    ("any_oncogenic", "KRAS", {}, {"gene": "KRAS", "kind": "amplification"}, False),
    ("any_mutation", "KRAS", {}, mutation("KRAS", "A146P"), True),
    ("any_mutation", "KRAS", {}, mutation("KRAS", variant_class="Missense_Mutation", change_type="other"), True),
    ("any_mutation", "KRAS", {}, mutation("KRAS", "A146="), False),
    ("any_mutation", "KRAS", {}, mutation("KRAS", variant_class="Intron", change_type="other"), False),
    ("any_mutation", "KRAS", {}, mutation("KRAS", change_type="promoter"), False),
    ("any_mutation", "TERT", {}, mutation("TERT", change_type="promoter"), True),
    ("any_mutation", "KRAS", {}, {"gene": "KRAS", "kind": "amplification"}, False),
    ("splice_event", "MET", {"exon": 14}, mutation("MET", exon=14, **SPLICE), True),
    ("splice_event", "MET", {"exon": 14}, mutation("MET", exon=10, **SPLICE), False),
    ("splice_event", "MET", {"exon": 14}, mutation("MET", exon=14, **{**SPLICE, "exon_skip": None}), False),
    ("splice_event", "MET", {"exon": 14},
     mutation("MET", exon=14, **{**SPLICE, "variant_class": "Splice_Region"}), False),
    ("splice_event", "MET", {"exon": 14}, mutation("MET", exon=14, exon_skip=True, change_type="delins"), True),
    ("splice_event", "MET", {"exon": 14}, {"gene": "MET", "kind": "amplification"}, False),
    ("amplification", "ERBB2", {}, {"gene": "ERBB2", "kind": "amplification"}, True),
    ("amplification", "ERBB2", {}, mutation("ERBB2", "S310F"), False),
    ("homdel", "CDKN2A", {}, {"gene": "CDKN2A", "kind": "homdel"}, True),
    ("homdel", "CDKN2A", {}, mutation("CDKN2A", "R80*"), False),
    ("fusion", "ALK", ROS1, fusion("ALK", "EML4", place="three_prime", frame="in_frame"), True),
    ("fusion", "ALK", ROS1, fusion("ALK", "EML4"), True),
    ("fusion", "ALK", ROS1, fusion("ALK", "EML4", place="five_prime"), False),
    ("fusion", "ALK", ROS1, fusion("ALK", "EML4", frame="out_of_frame"), False),
    ("fusion", "ALK", {}, fusion("ALK", "EML4", place="five_prime", frame="out_of_frame"), True),
    ("fusion", "ALK", {}, fusion("ALK", "ALK"), False),
    ("fusion", "ALK", {}, fusion("ALK", ""), True),
    ("fusion", "FGFR3", {"partners": ("TACC3",)}, fusion("FGFR3", "TACC3"), True),
    ("fusion", "FGFR3", {"partners": ("TACC3",)}, fusion("FGFR3", "BAIAP2L1"), False),
    ("fusion", "ALK", {}, mutation("ALK", "F1174L", hotspot=True), False),
    ("expression", "ERBB2", {"marker": "HER2", "results": ("3+",)}, biomarker("HER2", "3+"), True),
    ("expression", "ERBB2", {"marker": "HER2", "results": ("3+",)}, biomarker("HER2", "2+"), False),
    ("expression", "ERBB2", {"marker": "HER2", "results": ("3+",)}, {"gene": "ERBB2", "kind": "amplification"}, False),
    ("biomarker_status", (), {"marker": "MSI", "results": ("MSI-H",)}, biomarker("MSI", "MSI-H"), True),
    ("biomarker_status", (), {"marker": "MSI", "results": ("MSI-H",)}, biomarker("MSI", "MSS"), False),
    ("biomarker_status", (), {"marker": "MSI", "results": ("MSI-H",)}, biomarker("MMR", "MSI-H"), False),
    ("biomarker_threshold", (), {"marker": "TMB", "at_least": 10.0}, biomarker("TMB", value=10.0), True),
    ("biomarker_threshold", (), {"marker": "TMB", "at_least": 10.0}, biomarker("TMB", value=9.99), False),
    ("biomarker_threshold", (), {"marker": "TMB", "at_least": 10.0}, biomarker("TMB", "high"), False),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "gene", "fields", "alteration", "expected"), CASES)
def test_match_rules__kind(kind, gene, fields, alteration, expected):
    assert len(match(alteration, rule("R", gene, kind, **fields))) == int(expected)


def test_every_kind_has_a_case_that_matches_and_one_that_does_not():
    assert {(case[0], case[4]) for case in CASES} == {(kind, holds) for kind in KINDS for holds in (True, False)}


def test_match_rules__shows_what_a_fusion_leaves_open():
    one = rule("R", "ALK", "fusion", **ROS1)
    assert only(fusion("ALK", "EML4"), one)["flags"] == "frame_unknown;orientation_unknown"
    assert only(fusion("ALK", "EML4", place="three_prime", frame="in_frame"), one)["flags"] == ""
    assert only(fusion("ALK", ""), rule("R", "ALK", "fusion"))["flags"] == "partner_unknown"


def test_match_rules__shows_that_loss_of_both_copies_is_probable():
    one = rule("R", "TSC2", "biallelic_lof")
    assert only(mutation("TSC2", "Q1503*", biallelic="probable"), one)["flags"] == "biallelic_probable"


def test_match_rules__finds_a_fusion_by_either_partner():
    rows = table(fusion("NTRK3", "ETV6", event=0), fusion("ETV6", "NTRK3", event=0))
    one = rule("R", ("NTRK1", "NTRK3"), "fusion")
    assert list(match_rules(rows, patients(), [one], TREE)["gene"]) == ["NTRK3"]
    assert list(match_rules(rows, patients(), [rule("R", "ETV6", "fusion")], TREE)["gene"]) == ["ETV6"]


# ---------------------------------------------------------------- scope and qualifiers


@pytest.mark.parametrize(
    ("include", "exclude", "code", "scope", "level", "flags"),
    [
        (("LNET",), (), "ALUCA", "in_scope", "N1", ""),
        (("NSCLC",), (), "LUAD", "in_scope", "N1", ""),
        (("NSCLC",), (), "LUCA", "out_of_scope", "N3B", ""),
        (("NSCLC",), (), "LUNE", "out_of_scope", "N3B", ""),
        (("SOLID",), (), "PANET", "agnostic", "N1", ""),
        (("SOLID",), ("COADREAD",), "COAD", "out_of_scope", "NX", "scope_excluded"),
        (("SCLC",), (), "LNET", "uncertain", "NX", "tumour_type_too_broad"),
        (("SOLID",), (), None, "uncertain", "NX", "tumour_type_missing"),
        (("SOLID",), (), "", "uncertain", "NX", "tumour_type_missing"),
    ],
)
def test_match_rules__scope(include, exclude, code, scope, level, flags):
    one = rule(
        "R", "KRAS", "exact_hgvsp", changes=("G12C",), include=include, exclude=exclude, level_out_of_scope="N3B"
    )
    hit = only(mutation("KRAS", "G12C"), one, code=code)
    assert (hit["scope_match"], hit["level"], hit["flags"]) == (scope, level, flags)
    assert hit["level_in_scope"] == "N1"


def test_match_rules__takes_the_tumour_type_of_the_sample_before_that_of_the_patient():
    one = rule("R", "KRAS", "exact_hgvsp", changes=("G12C",), include=("NSCLC",))
    rows = table(
        mutation("KRAS", "G12C", oncotree_code="LUAD", sample_id="A"),
        mutation("KRAS", "G12C", oncotree_code=None, sample_id="B"),
    )
    hits = match_rules(rows, patients("LUCA"), [one], TREE)
    assert list(hits["oncotree_code"]) == ["LUAD", "LUCA"]
    assert list(hits["scope_match"]) == ["in_scope", "out_of_scope"]


def test_match_rules__is_uncertain_about_a_patient_that_is_not_in_the_table():
    hits = match_rules(table(mutation("KRAS", "G12C")), patients(patient_id="P2"),
                       [rule("R", "KRAS", "any_mutation")], TREE)  # fmt: skip
    assert list(hits["scope_match"]) == ["uncertain"]


@pytest.mark.parametrize(
    ("grade", "scope", "level", "flags"),
    [
        ("G3", "in_scope", "N3A", ""),
        ("G1", "out_of_scope", "NX", "qualifier_unmet:who_grade"),
        (None, "uncertain", "NX", "qualifier_unknown:who_grade"),
    ],
)
def test_match_rules__counts_the_grade_as_scope(grade, scope, level, flags):
    one = rule("R", "ATRX", "lof", include=("PANET",), level="N3A", qualifiers={"who_grade": ["G3"]})
    hit = only(mutation("ATRX", "R1426*"), one, who_grade=grade)
    assert (hit["scope_match"], hit["level"], hit["flags"]) == (scope, level, flags)


def test_match_rules__an_unknown_grade_does_not_make_another_tumour_type_uncertain():
    one = rule("R", "ATRX", "lof", include=("PANET",), level="N3A", qualifiers={"who_grade": ["G3"]})
    assert only(mutation("ATRX", "R1426*"), one, code="LUCA")["scope_match"] == "out_of_scope"


def test_match_rules__has_no_hit_where_a_qualifier_of_the_alteration_is_unmet():
    both = rule("R", "TSC2", "lof", qualifiers={"biallelic": True})
    assert only(mutation("TSC2", "Q1503*", biallelic="yes"), both)["level"] == "N1"
    assert only(mutation("TSC2", "Q1503*"), both)["scope_match"] == "uncertain"
    after = rule("R", (), "biomarker_threshold", marker="TMB", at_least=10.0, qualifiers={"prior_alkylator": True})
    assert only(biomarker("TMB", value=14.0, flags="therapy_induced_TMB"), after)["level"] == "N1"
    assert only(biomarker("TMB", value=14.0, flags="prior_alkylator_unknown"), after)["scope_match"] == "uncertain"
    assert match(biomarker("TMB", value=14.0), after).empty


def test_match_rules__prints_a_condition_and_does_not_judge_it():
    one = rule("R", "KRAS", "any_mutation", qualifiers={"condition": "after platinum; fit", "line_min": 2})
    hit = only(mutation("KRAS", "G12C"), one)
    assert hit["level"] == "N1"
    assert hit["flags"] == ("condition_not_evaluated:after platinum, fit;condition_not_evaluated:line 2 or later")


# ---------------------------------------------------------------- what a hit says


def test_match_rules__one_row_per_therapy_with_sources_and_frameworks():
    one = rule(
        "R", "KRAS", "any_mutation", row=36, therapy=("a", "b"), native={"fda": "full"}, snapshot="2026-11", note="n",
        sources=(RuleSource(type="label", id="L:1", date="2021"), RuleSource(type="paper", id="doi", verified=False)),
    )  # fmt: skip
    hits = match(mutation("KRAS", "G12C", vaf=0.25), one)
    assert tuple(hits.columns) == HIT_COLUMNS
    assert list(hits["therapy"]) == ["a", "b"]
    first = hits.iloc[0]
    assert first["sources"] == "label:L:1 (2021); paper:doi"
    assert (first["row"], first["vaf"], first["snapshot"], first["note"]) == (36, 0.25, "2026-11", "n")
    assert (first["native_fda"], first["native_escat"], first["native_oncokb"]) == ("full", "", "")
    assert (first["approx_oncokb"], first["approx_escat"]) == ("~1", "~I-C")  # N1 by an agnostic rule
    assert (first["kind"], first["specificity"], first["direction"]) == ("any_mutation", 10, "sensitivity")
    assert first["flags"] == ""


def test_match_rules__marks_a_rule_without_a_verified_source():
    one = rule("R", "KRAS", "any_mutation", level="N4", sources=(RuleSource(type="expert", id="e", verified=False),))
    assert only(mutation("KRAS", "G12C"), one)["flags"] == "source_unverified"


def test_match_rules__a_rule_without_therapy_has_one_row():
    one = rule("R", "KRAS", "any_mutation", therapy=(), level="NDx", direction="diagnostic")
    assert only(mutation("KRAS", "G12C"), one)["therapy"] == ""


def test_match_rules__keeps_the_flags_of_the_alteration():
    hit = only(mutation("KRAS", "G12C", flags="tumour_only;possible_germline"), rule("R", "KRAS", "any_mutation"))
    assert hit["flags"] == "possible_germline;tumour_only"


def test_match_rules__without_alterations_or_rules_has_the_columns_and_no_rows():
    for rows, rules in ((table(mutation("KRAS", "G12C"))[:0], [rule("R", "KRAS", "lof")]),
                        (table(mutation("KRAS", "G12C")), [])):  # fmt: skip
        hits = match_rules(rows, patients(), rules, TREE)
        assert tuple(hits.columns) == HIT_COLUMNS
        assert hits.empty


def test_match_rules__refuses_numbers_and_patients_that_stand_twice():
    rows = table(mutation("KRAS", "G12C", alteration_id=7), mutation("KRAS", "G12D", alteration_id=7))
    with pytest.raises(ValueError, match="alteration_id must be unique; 7"):
        match_rules(rows, patients(), [], TREE)
    twice = pd.concat([patients("PANET"), patients("LUCA")])
    with pytest.raises(ValueError, match="patient_id must be unique; P1"):
        match_rules(rows[:1], twice, [], TREE)
