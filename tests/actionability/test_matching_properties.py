"""What must hold for any alterations and rules: the loop over all pairs, order, more or fewer rules, other patients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.actionability.guards import list_vus
from netgen.actionability.matching import match_rules
from netgen.actionability.rules import SPECIFICITY, Rule
from netgen.knowledge.oncotree import load_oncotree
from tests.actionability.naive_matching import biomarker, fusion, mutation, naive_hits, rule, table

TREE = load_oncotree()
GENES = ("TP53", "KRAS", "ALK")  # the first is a tumour suppressor
CODES = ("PANET", "PANET", "LUCA", "LNET", "COAD", None)
CHANGES = ("G12C", "G12D", "G12*", "G12fs", "G12_V14del", "V14delinsAB", "R213*", "V14=")
FIELDS = {
    "exact_hgvsp": {"changes": ("G12C", "R213*")},
    "exact_genomic": {"changes": ("GRCh38:1:1:A:T",)},
    "codon": {"codons": ("G12",)},
    "codon_range": {"first": 12, "last": 14, "change_types": ("inframe_del", "missense")},
    "domain": {"first": 10, "last": 20},
    "exon_class": {"exon": 14, "first": 12, "last": 12},
    "splice_event": {"exon": 14},
    "functional_class": {"function": "activating"},
    "expression": {"marker": "HER2", "results": ("3+",)},
    "biomarker_status": {"marker": "HER2", "results": ("3+", "2+")},
    "biomarker_threshold": {"marker": "TMB", "at_least": 10.0},
}  # fmt: skip
MEANINGS = [
    *[("sensitivity", level) for level in ("N1", "N4", "NX")],
    *[("resistance", level) for level in ("NR2", "NX")],
    ("reduced", "NR2"),
]
IDENTITY = ["alteration_id", "rule_id", "therapy", "scope_match", "level"]

origins = st.sampled_from(["somatic", "germline", "unknown"])
common = st.fixed_dictionaries(
    {"patient_id": st.sampled_from(["P1", "P2"]), "sample_id": st.sampled_from(["A", "B"]), "origin": origins}
)
mutations = st.builds(
    lambda gene, change, cells: mutation(gene, change, **cells),
    st.sampled_from(GENES[:2]),
    st.sampled_from(CHANGES),
    st.fixed_dictionaries(
        {},
        optional={
            "function": st.sampled_from(["activating", "inactivating"]),
            "hotspot": st.booleans(),
            "lof": st.booleans(),
            "oncogenic": st.sampled_from(["Oncogenic", "Likely Neutral"]),
            "biallelic": st.sampled_from(["yes", "probable"]),
            "genomic": st.just("GRCh38:1:1:A:T"),
            "exon": st.sampled_from([14, 15]),
            "exon_skip": st.sampled_from([True, False, None]),
            "variant_class": st.sampled_from(["Splice_Site", "Splice_Region", "Missense_Mutation"]),
            "flags": st.sampled_from(["vus", "tumour_only"]),
        },
    ),
).map(lambda row: {**row, "change_type": "splice"} if row.get("variant_class", "").startswith("Splice") else row)
fusions = st.builds(
    lambda gene, partner, place, frame, lof: fusion(gene, partner, place=place, frame=frame, lof=lof),
    st.sampled_from(GENES),
    st.sampled_from(["EML4", "ALK", ""]),
    st.sampled_from(["five_prime", "three_prime", "unknown"]),
    st.sampled_from(["in_frame", "out_of_frame", "unknown"]),
    st.booleans(),
)
copies = st.builds(lambda gene, kind: {"gene": gene, "kind": kind}, st.sampled_from(GENES),
                   st.sampled_from(["amplification", "homdel"]))  # fmt: skip
markers = st.builds(biomarker, st.sampled_from(["HER2", "TMB"]), st.sampled_from(["3+", "2+", "high"]),
                    st.sampled_from([None, 9.99, 10.0]))  # fmt: skip
rows_of = st.lists(
    st.builds(lambda row, cells: {**row, **cells}, st.one_of(mutations, mutations, fusions, copies, markers), common),
    min_size=2,
    max_size=8,
)


@st.composite
def rule_lists(draw: st.DrawFn) -> list[Rule]:
    """Draw rules of every kind with few therapies, so that they compete."""
    out = []
    for number in range(draw(st.integers(3, 10))):
        kind = draw(st.sampled_from(sorted(SPECIFICITY)))
        place = draw(st.sampled_from(["any", "three_prime"])) if kind == "fusion" else "any"
        frame = draw(st.sampled_from(["any", "in_frame_or_unknown"])) if kind == "fusion" else "any"
        direction, level = draw(st.sampled_from(MEANINGS))
        out.append(rule(
            f"R{number}", draw(st.sampled_from([GENES, GENES, ("KRAS",)])), kind, place=place, frame=frame,
            origin=draw(st.sampled_from(["either", "either", "somatic", "germline"])),
            include=(draw(st.sampled_from(["SOLID", "PANET", "LUCA", "BOWEL"])),),
            exclude=draw(st.sampled_from([(), (), ("COAD",)])),
            therapy=draw(st.sampled_from([("x",), ("x",), ("x", "y"), ()])),
            direction=direction, level=level,
            level_out_of_scope=draw(st.sampled_from(["N3B", "NX"])),
            qualifiers=draw(st.sampled_from([{}, {}, {"who_grade": ["G3"]}, {"biallelic": True}, {"condition": "c"}])),
            **FIELDS.get(kind, {}),
        ))  # fmt: skip
    return out


@st.composite
def peoples(draw: st.DrawFn) -> pd.DataFrame:
    """Draw the tumour types and grades of two patients."""
    codes = [draw(st.sampled_from(CODES)) for _ in range(2)]
    grades = [draw(st.sampled_from(["G1", "G3", None])) for _ in range(2)]
    return pd.DataFrame({"oncotree_code": codes, "who_grade": grades}, index=["P1", "P2"], dtype="string")


def keys(hits: pd.DataFrame, *names: str) -> set[tuple[Any, ...]]:
    return set(hits[list(names)].itertuples(index=False, name=None))


@settings(max_examples=120)
@given(rows=rows_of, people=peoples(), rules=rule_lists())
def test_hits_are_those_of_a_loop_over_all_pairs(rows, people, rules):
    frame = table(*rows)
    for precedence in (True, False):
        hits = match_rules(frame, people, rules, TREE, precedence=precedence)
        assert keys(hits, *IDENTITY) == naive_hits(frame, people, rules, TREE, precedence=precedence)
        assert not hits.duplicated(["alteration_id", "rule_id", "therapy"]).any()


@settings(max_examples=25)
@given(rows=rows_of, people=peoples(), rules=rule_lists(), seed=st.integers(0, 2**32 - 1))
def test_order_of_alterations_patients_and_rules_changes_nothing(rows, people, rules, seed):
    rng = np.random.default_rng(seed)
    frame = table(*rows)
    one = match_rules(frame, people, rules, TREE)
    shuffled = [rules[place] for place in rng.permutation(len(rules))]
    two = match_rules(frame.iloc[rng.permutation(len(frame))], people.iloc[::-1], shuffled, TREE)
    pd.testing.assert_frame_equal(one, two)


@settings(max_examples=25)
@given(rows=rows_of, people=peoples(), rules=rule_lists())
def test_rows_of_another_patient_change_nothing(rows, people, rules):
    frame = table(*rows)
    more = pd.concat([frame, frame.assign(patient_id="P3", alteration_id=frame["alteration_id"] + 100)])
    third = pd.concat([people, people.loc[["P1"]].rename({"P1": "P3"})])
    hits = match_rules(more, third, rules, TREE)
    pd.testing.assert_frame_equal(
        hits[hits["patient_id"] != "P3"].reset_index(drop=True), match_rules(frame, people, rules, TREE)
    )


@settings(max_examples=25)
@given(rows=rows_of, people=peoples(), rules=rule_lists())
def test_without_precedence_the_hits_are_the_union_over_the_rules(rows, people, rules):
    frame = table(*rows)
    whole = keys(match_rules(frame, people, rules, TREE, precedence=False), *IDENTITY)
    assert whole == set().union(*(keys(match_rules(frame, people, [one], TREE), *IDENTITY) for one in rules))


@settings(max_examples=25)
@given(rows=rows_of, people=peoples(), rules=rule_lists())
def test_removing_a_rule_adds_hits_only_where_it_held(rows, people, rules):
    """What it overrode may appear again: for an alteration and a therapy of which it had a hit, and nowhere else."""
    frame = table(*rows)
    before = match_rules(frame, people, rules, TREE)
    for gone in rules:
        after = match_rules(frame, people, [one for one in rules if one is not gone], TREE)
        added = keys(after, "alteration_id", "therapy", "rule_id") - keys(before, "alteration_id", "therapy", "rule_id")
        held = keys(before[before["rule_id"] == gone.id], "alteration_id", "therapy")
        contested = keys(match_rules(frame, people, [gone], TREE, precedence=False), "alteration_id", "therapy")
        assert {(alteration, therapy) for alteration, therapy, _ in added} <= contested
        overridden = {(alteration, therapy) for alteration, therapy, _ in added} - held
        assert all(_was_excluder(frame, people, rules, gone, place) for place in overridden)


def _was_excluder(frame, people, rules, gone, place) -> bool:
    """Tell whether the rule, itself overridden in its tumour type, had excluded evidence from elsewhere."""
    everything = match_rules(frame, people, rules, TREE, precedence=False)
    alteration, therapy = place
    own = everything[(everything["rule_id"] == gone.id) & (everything["alteration_id"] == alteration)]
    own = own[own["therapy"] == therapy]
    refuses = own["level"].eq("NX") | own["direction"].eq("resistance")
    return bool((own["scope_match"].eq("in_scope") & refuses).any())


@settings(max_examples=25)
@given(rows=rows_of, people=peoples(), rules=rule_lists(), change=st.sampled_from(["G12C", "G12D", "R213*"]))
def test_a_more_specific_rule_changes_no_hit_of_other_alterations(rows, people, rules, change):
    """Its own hits aside: flags of resistance may spread to other alterations of the patient, hits do not."""
    frame = table(*rows)
    specific = rule("NEW", ("KRAS", "TP53"), "exact_hgvsp", changes=(change,), origin="either")
    more = match_rules(frame, people, [*rules, specific], TREE)
    its_own = set(more.loc[more["rule_id"] == "NEW", "alteration_id"])
    less = match_rules(frame, people, rules, TREE)
    others = [hits[~hits["alteration_id"].isin(its_own)] for hits in (less, more)]
    assert keys(others[0], *IDENTITY) == keys(others[1], *IDENTITY)


@settings(max_examples=25)
@given(rows=rows_of, people=peoples(), rules=rule_lists())
def test_no_hit_has_a_level_in_scope_where_the_scope_does_not_hold(rows, people, rules):
    hits = match_rules(table(*rows), people, rules, TREE)
    inside = hits["scope_match"].isin(["in_scope", "agnostic"])
    assert hits.loc[~inside, "level"].isin(["N3B", "NX"]).all()
    assert (hits.loc[hits["scope_match"] == "uncertain", "level"] == "NX").all()


@settings(max_examples=25)
@given(rows=rows_of, people=peoples(), rules=rule_lists())
def test_a_mutation_or_fusion_is_hit_or_listed_never_both(rows, people, rules):
    frame = table(*rows)
    hits = match_rules(frame, people, rules, TREE)
    found = list_vus(frame, hits, rules)
    missed = frame[~frame["alteration_id"].isin(hits["alteration_id"]) & frame["kind"].isin(["mutation", "fusion"])]
    assert len(found) <= len(missed)
    assert keys(found, "patient_id", "sample_id", "gene", "alteration") <= keys(
        missed, "patient_id", "sample_id", "gene", "alteration"
    )
    coding = [one for one in rules if one.alteration.kind not in {"expression", "biomarker_status",
                                                                  "biomarker_threshold"}]  # fmt: skip
    genes = {gene for one in coding for gene in one.genes}
    assert set(found["gene"]) <= genes


@given(rows=rows_of, people=peoples(), rules=rule_lists())
@settings(max_examples=25)
def test_a_therapy_that_is_renamed_in_every_rule_is_renamed_in_every_hit(rows, people, rules):
    frame = table(*rows)
    renamed = [replace(one, therapy=tuple(f"new {name}" for name in one.therapy)) for one in rules]
    one, two = match_rules(frame, people, rules, TREE), match_rules(frame, people, renamed, TREE)
    pd.testing.assert_series_equal(one["therapy"].where(one["therapy"] == "", "new " + one["therapy"]), two["therapy"])
    pd.testing.assert_frame_equal(one.drop(columns="therapy"), two.drop(columns="therapy"))
