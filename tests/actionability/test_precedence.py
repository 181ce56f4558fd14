"""Rules that compete for one alteration and one therapy; resistance beside sensitivity (DOMAIN 4.4 steps 4, 5, 8)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from netgen.actionability.matching import match_rules
from netgen.actionability.precedence import THERAPY_COLUMNS, add_flag, summarize_therapies
from netgen.knowledge.oncotree import load_oncotree
from tests.actionability.naive_matching import fusion, mutation, patients, rule, table

TREE = load_oncotree()
ANY = rule("ANY", "BRAF", "any_oncogenic", level="N1")
CODON = rule("CODON", "BRAF", "codon", codons=("K601",), level="N4")
EXACT = rule("EXACT", "BRAF", "exact_hgvsp", changes=("K601E",), level="N3A")
K601E = mutation("BRAF", "K601E", hotspot=True)


def held(*rules: Any, rows: Any = (K601E,), code: str | None = "PANET") -> set[tuple[str, str, str]]:
    """Return rule, therapy and level of the hits that hold."""
    hits = match_rules(table(*rows), patients(code), rules, TREE)
    return set(zip(hits["rule_id"], hits["therapy"], hits["level"], strict=True))


def test_precedence__the_more_specific_rule_holds_even_if_its_level_is_worse():
    assert held(ANY, CODON) == {("CODON", "x", "N4")}
    assert held(ANY, CODON, EXACT) == {("EXACT", "x", "N3A")}
    assert held(ANY) == {("ANY", "x", "N1")}


def test_precedence__says_which_rules_were_overridden():
    hits = match_rules(table(K601E), patients(), [ANY, CODON, EXACT], TREE)
    assert list(hits["flags"]) == ["overrides:ANY;overrides:CODON"]


def test_precedence__can_be_left_out():
    hits = match_rules(table(K601E), patients(), [ANY, CODON, EXACT], TREE, precedence=False)
    assert list(hits["rule_id"]) == ["ANY", "EXACT", "CODON"]  # best level first
    assert list(hits["flags"]) == ["", "", ""]


def test_precedence__other_therapies_and_other_alterations_are_left_alone():
    other = rule("OTHER", "BRAF", "any_oncogenic", therapy=("x", "y"))
    assert held(other, EXACT) == {("EXACT", "x", "N3A"), ("OTHER", "y", "N1")}
    rows = (K601E, mutation("BRAF", "G469A", hotspot=True))
    hits = match_rules(table(*rows), patients(), [ANY, EXACT], TREE)
    assert set(zip(hits["alteration_id"], hits["rule_id"], strict=True)) == {(0, "EXACT"), (1, "ANY")}


def test_precedence__a_therapy_in_other_letters_is_the_same_therapy():
    assert held(rule("ANY", "BRAF", "any_oncogenic", therapy=("X ",)), EXACT) == {("EXACT", "x", "N3A")}


def test_precedence__rules_without_therapy_do_not_compete():
    one = rule("DX", "BRAF", "any_oncogenic", therapy=(), direction="diagnostic", level="NDx")
    two = rule("PX", "BRAF", "exact_hgvsp", changes=("K601E",), therapy=(), direction="prognostic_poor", level="NPx")
    assert held(one, two) == {("DX", "", "NDx"), ("PX", "", "NPx")}


def test_precedence__kinds_of_different_families_do_not_compete():
    lof, deleted = rule("LOF", "CDKN2A", "lof", level="N4"), rule("DEL", "CDKN2A", "homdel", level="N3C")
    oncogenic = rule("ONC", "CDKN2A", "any_oncogenic", level="N3A")
    rows = ({"gene": "CDKN2A", "kind": "homdel"},)
    assert held(deleted, oncogenic, rows=rows) == {("ONC", "x", "N3A"), ("DEL", "x", "N3C")}
    assert held(lof, deleted, oncogenic, rows=rows) == {("LOF", "x", "N4"), ("DEL", "x", "N3C")}


def test_precedence__of_equal_specificity_an_approval_elsewhere_and_a_case_series_here_both_stay():
    label = rule("LABEL", "ALK", "fusion", include=("NSCLC",), level_out_of_scope="N3B")
    series = rule("SERIES", "ALK", "fusion", include=("LNET",), level="N3C")
    assert held(label, series, rows=(fusion("ALK", "EML4"),), code="ALUCA") == {
        ("LABEL", "x", "N3B"),
        ("SERIES", "x", "N3C"),
    }


# ---------------------------------------------------------------- explicit exclusions

AGNOSTIC = rule("AGNOSTIC", "BRAF", "exact_hgvsp", changes=("K601E",))
ABROAD = rule("ABROAD", "BRAF", "exact_hgvsp", changes=("K601E",), include=("MEL",), level_out_of_scope="N3B")


def test_exclusion__in_scope_beats_agnostic_and_out_of_scope_evidence():
    for direction, level in (("resistance", "NR1"), ("sensitivity", "NX")):
        refusal = rule("NO", "BRAF", "exact_hgvsp", changes=("K601E",), include=("COADREAD",), direction=direction,
                       level=level)  # fmt: skip
        assert held(AGNOSTIC, ABROAD, refusal, code="COAD") == {("NO", "x", level)}
        assert ("AGNOSTIC", "x", "N1") in held(AGNOSTIC, ABROAD, refusal, code="PANET")


def test_exclusion__holds_against_a_more_specific_agnostic_rule():
    refusal = rule("NO", "BRAF", "codon", codons=("K601",), include=("COADREAD",), level="NX")
    assert held(AGNOSTIC, refusal, code="COAD") == {("NO", "x", "NX")}


def test_exclusion__yields_to_a_more_specific_rule_of_the_same_tumour_type():
    refusal = rule("NO", "BRAF", "codon", codons=("K601",), include=("COADREAD",), level="NX")
    here = rule("HERE", "BRAF", "exact_hgvsp", changes=("K601E",), include=("COAD",), level="N3C")
    assert held(AGNOSTIC, refusal, here, code="COAD") == {("HERE", "x", "N3C")}


def test_exclusion__weaker_evidence_in_scope_is_no_exclusion():
    here = rule("HERE", "BRAF", "exact_hgvsp", changes=("K601E",), include=("COAD",), level="N4")
    assert held(AGNOSTIC, here, code="COAD") == {("AGNOSTIC", "x", "N1"), ("HERE", "x", "N4")}


def test_uncertain_scope__overrides_nothing():
    narrow = rule("NARROW", "BRAF", "exact_hgvsp", changes=("K601E",), include=("SCLC",), level="N1")
    assert held(ANY, narrow, code="LNET") == {("ANY", "x", "N1"), ("NARROW", "x", "NX")}
    assert held(ANY, narrow, code="PANET") == {("NARROW", "x", "NX")}  # out of scope: a rule that says NX here


# ---------------------------------------------------------------- resistance

RESPONDS = rule("FUS", "NTRK3", "fusion", therapy=("laro", "repo"))
RESISTS = rule(
    "RES", "NTRK3", "exact_hgvsp", changes=("G623R",), therapy=("laro",), direction="resistance", level="NR2"
)


def both(**resistant: Any) -> pd.DataFrame:
    rows = table(fusion("NTRK3", "ETV6"), mutation("NTRK3", "G623R", **resistant))
    people = pd.concat([patients("SBWDNET"), patients("SBWDNET", "P2")])
    return match_rules(rows, people, [RESPONDS, RESISTS], TREE)


def levels(hits: pd.DataFrame) -> dict[tuple[str, str], str]:
    found = summarize_therapies(hits)
    assert tuple(found.columns) == THERAPY_COLUMNS
    return dict(zip(zip(found["patient_id"], found["therapy"], strict=True), found["level"], strict=True))


def test_resistance__both_hits_are_shown_and_flagged_and_the_therapy_is_resistant():
    hits = both()
    shown = set(zip(hits["rule_id"], hits["therapy"], hits["level"], hits["flags"], strict=True))
    assert shown == {
        ("FUS", "laro", "N1", "resistance_cooccurrence"),
        ("FUS", "repo", "N1", ""),
        ("RES", "laro", "NR2", "resistance_cooccurrence"),
    }
    assert levels(hits) == {("P1", "laro"): "NR2", ("P1", "repo"): "N1"}


def test_resistance__found_in_a_later_sample_counts_for_the_patient():
    assert levels(both(sample_id="S2"))["P1", "laro"] == "NR2"


def test_resistance__of_another_patient_changes_nothing():
    hits = both(patient_id="P2")
    assert set(hits["flags"]) == {""}
    assert levels(hits) == {("P1", "laro"): "N1", ("P1", "repo"): "N1", ("P2", "laro"): "NR2"}


def test_resistance__that_does_not_hold_for_the_tumour_type_takes_nothing_away():
    elsewhere = rule("RES", "NTRK3", "exact_hgvsp", changes=("G623R",), therapy=("laro",), direction="resistance",
                     level="NR2", include=("NSCLC",))  # fmt: skip
    rows = table(fusion("NTRK3", "ETV6"), mutation("NTRK3", "G623R"))
    hits = match_rules(rows, patients(), [RESPONDS, elsewhere], TREE)
    assert set(hits["flags"]) == {""}
    assert levels(hits) == {("P1", "laro"): "N1", ("P1", "repo"): "N1"}


def test_summarize_therapies__takes_the_better_level_then_the_better_scope():
    label = rule("LABEL", "ALK", "fusion", include=("NSCLC",), level="N1", level_out_of_scope="N3B")
    series = rule("SERIES", "ALK", "fusion", include=("LNET",), level="N3C")
    same = rule("HERE", "ALK", "fusion", include=("ALUCA",), level="N3B")
    rows = table(fusion("ALK", "EML4"))
    for rules, winner in (([label, series], "LABEL"), ([label, series, same], "HERE")):
        found = summarize_therapies(match_rules(rows, patients("ALUCA"), rules, TREE))
        assert list(zip(found["rule_id"], found["level"], found["resistance"], strict=True)) == [(winner, "N3B", False)]


def test_summarize_therapies__leaves_out_what_has_no_therapy():
    one = rule("DX", "BRAF", "any_oncogenic", therapy=(), direction="diagnostic", level="NDx")
    assert summarize_therapies(match_rules(table(K601E), patients(), [one], TREE)).empty


def test_add_flag__adds_once_and_keeps_order():
    flags = pd.Series(["", "b", "a;c"], dtype="string")
    once = add_flag(flags, pd.Series([True, True, False]).to_numpy(), "a")
    assert list(once) == ["a", "a;b", "a;c"]
    assert list(add_flag(once, pd.Series([True, False, True]).to_numpy(), "a")) == ["a", "a;b", "a;c"]
