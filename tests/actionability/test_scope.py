"""Scope by ancestry, and qualifiers: DOMAIN 4.2 and the scope column of SC22, worked out by hand."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen.actionability.rules import AlterationSpec, Rule
from netgen.actionability.scope import (
    NEN_CODES,
    SCOPES,
    check_qualifiers,
    is_neuroendocrine,
    match_imported_scope,
    match_scope,
)
from netgen.knowledge.oncotree import load_oncotree, read_tree_json

if TYPE_CHECKING:
    from pathlib import Path

TREE = load_oncotree()


def with_qualifiers(**qualifiers):
    return Rule(
        id="T", alteration=AlterationSpec(kind="lof"), direction="sensitivity", level="N4", qualifiers=qualifiers
    )


@pytest.mark.parametrize(
    ("code", "include", "exclude", "expected"),
    [
        # descendants are in scope, and the code itself
        ("ALUCA", ["LNET"], [], "in_scope"),
        ("LUAD", ["NSCLC"], [], "in_scope"),
        ("PANET", ["PANET"], [], "in_scope"),
        ("SCLC", ["LNET"], [], "in_scope"),
        # the traps: siblings by ancestry, whatever the main type
        ("LUCA", ["NSCLC"], [], "out_of_scope"),
        ("ALUCA", ["NSCLC"], [], "out_of_scope"),
        ("LUNE", ["NSCLC"], [], "out_of_scope"),
        ("TNET", ["THYC"], [], "out_of_scope"),
        ("TNET", ["TET"], [], "out_of_scope"),
        ("PANET", ["PAAD"], [], "out_of_scope"),
        ("PANET", ["THME"], [], "out_of_scope"),
        # never the reverse: a code that is broader than the rule's
        ("LNET", ["SCLC"], [], "uncertain"),
        ("LUNG", ["SCLC"], [], "uncertain"),
        ("LUNG", ["NSCLC"], [], "uncertain"),
        ("BOWEL", ["SBWDNET", "PANET"], [], "uncertain"),
        # agnostic; a named code beats it
        ("SBWDNET", ["SOLID"], [], "agnostic"),
        ("NETNOS", ["SOLID"], [], "agnostic"),
        ("PANET", ["SOLID", "PANET"], [], "in_scope"),
        ("LYMPH", ["SOLID"], [], "out_of_scope"),
        ("MYELOID", ["SOLID"], [], "out_of_scope"),
        # exclusions win, and a type above one cannot be told
        ("COADREAD", ["SOLID"], ["COADREAD"], "excluded"),
        ("COAD", ["SOLID"], ["COADREAD"], "excluded"),
        ("SBWDNET", ["SOLID"], ["COADREAD"], "agnostic"),
        ("BOWEL", ["SOLID"], ["COADREAD"], "uncertain"),
        ("SCLC", ["LNET"], ["SCLC"], "excluded"),
        ("ALUCA", ["LNET"], ["SCLC"], "in_scope"),
        ("LNET", ["LNET"], ["SCLC"], "uncertain"),
        ("LUCA", ["NSCLC"], ["LNET"], "excluded"),
        # nothing to go by
        ("", ["SOLID"], [], "uncertain"),
        (None, ["PANET"], [], "uncertain"),
        ("NO_SUCH_CODE", ["SOLID"], [], "uncertain"),
        ("PANET", ["?"], [], "uncertain"),
        ("PANET", [], [], "uncertain"),
        ("PANET", ["?", "NSCLC"], [], "out_of_scope"),
    ],
)
def test_match_scope__goes_by_ancestry(code, include, exclude, expected):
    assert match_scope(TREE, code, include, exclude) == expected


def test_match_scope__reads_former_codes():
    tree = SimpleNamespace(renamed={"OLD": "LUCA"})

    class Tree:
        renamed = tree.renamed

        def __contains__(self, code):
            return code in TREE

        def lineage(self, code):
            return TREE.lineage(code)

        def is_within(self, code, ancestor):
            return TREE.is_within(code, ancestor)

    assert match_scope(Tree(), "OLD", ["LNET"]) == "in_scope"
    assert match_scope(Tree(), "LUCA", ["OLD"]) == "in_scope"
    assert match_scope(Tree(), "NEWER", ["LNET"]) == "uncertain"


def test_match_scope__agrees_with_a_loop_over_the_tree():
    """For every pair of nodes: in scope below, uncertain above, else out of scope."""
    parents = dict(zip(TREE.nodes.index, TREE.nodes["parent"], strict=True))

    def above(code):
        found = []
        while parents[code]:
            code = parents[code]
            found.append(code)
        return found

    for code in list(parents)[::3]:
        for wanted in list(parents)[::4]:
            if code == wanted or wanted in above(code):
                expected = "in_scope"
            elif code in above(wanted):
                expected = "uncertain"
            else:
                expected = "out_of_scope"
            assert match_scope(TREE, code, [wanted]) == expected, (code, wanted)


@pytest.mark.parametrize(
    ("code", "include", "expected"),
    [
        ("LUCA", ["LUNG"], "uncertain"),
        ("ALUCA", ["LUNG", "NSCLC"], "uncertain"),
        ("LUNE", ["NSCLC"], "out_of_scope"),
        ("PANET", ["PANCREAS"], "uncertain"),
        ("TNET", ["THYMUS"], "uncertain"),
        ("SBWDNET", ["BOWEL"], "uncertain"),
        ("PANET", ["PANET"], "in_scope"),
        ("ALUCA", ["LNET"], "in_scope"),
        ("ALUCA", ["LUNG", "LNET"], "in_scope"),
        ("LUCA", ["SOLID"], "agnostic"),
        ("LUCA", ["LUNG", "SOLID"], "agnostic"),
        ("LUAD", ["LUNG"], "in_scope"),
        ("LNET", ["LUNG"], "uncertain"),
        ("LUNG", ["LUNG"], "uncertain"),  # may be a carcinoid
        ("LUNG", ["LUNG", "SOLID"], "agnostic"),
        ("PANCREAS", ["PANCREAS"], "uncertain"),
        ("NSCLC", ["LUNG"], "in_scope"),
        ("PAAD", ["PANCREAS"], "in_scope"),
    ],
)
def test_match_imported_scope__a_broad_organ_never_reaches_a_neuroendocrine_tumour(code, include, expected):
    assert match_imported_scope(TREE, code, include) == expected


@pytest.mark.parametrize("code", ["LUCA", "ALUCA", "LUNE", "LNET", "TNET", "PANET", "SBWDNET", "SWDNET", "NETNOS"])
@pytest.mark.parametrize("wanted", ["NSCLC", "LUAD", "PAAD", "THYC", "TET", "COADREAD", "LUNG", "PANCREAS", "THYMUS"])
def test_match_imported_scope__no_path_gives_a_net_the_level_of_another_disease(code, wanted):
    assert match_imported_scope(TREE, code, [wanted]) not in {"in_scope", "agnostic"}


def test_is_neuroendocrine__holds_for_nodes_and_not_for_organs():
    assert is_neuroendocrine(TREE, "LUCA")
    assert is_neuroendocrine(TREE, "SCLC")
    assert not is_neuroendocrine(TREE, "LUNG")
    assert not is_neuroendocrine(TREE, "NSCLC")
    assert not is_neuroendocrine(TREE, None)
    assert not is_neuroendocrine(TREE, "SOLID")


# Names with these words that are no neuroendocrine neoplasm: other small-cell tumours, a negation, an adenocarcinoma.
OTHERS = {"NSCLC", "NSCLCPD", "SCGBM", "SCOS", "SCCO", "GCCAP"}
WORDS = re.compile(r"neuroendocrine|carcinoid|small cell|merkel|paragangl|pheochromo|medullary thyroid", re.IGNORECASE)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["oncotree_2025_10_03", "oncotree_2021_11_02", "oncotree_legacy_1.1"])
def test_nen_codes__are_those_whose_names_say_so_in_every_tree(shared: Path, name):
    tree = read_tree_json(shared / "data" / "kb_oncotree" / f"{name}.json")
    named = {code for code, text in tree.nodes["name"].items() if WORDS.search(text)} - OTHERS
    assert named == {code for code in tree.nodes.index if is_neuroendocrine(tree, code)}
    assert named == NEN_CODES & set(tree.nodes.index)


@pytest.mark.shared
def test_match_scope__blood_of_the_legacy_tree_is_not_solid(shared: Path):
    tree = read_tree_json(shared / "data" / "kb_oncotree" / "oncotree_legacy_1.1.json")
    assert match_scope(tree, "BLOOD", ["SOLID"]) == "out_of_scope"
    assert match_scope(tree, "PANET", ["SOLID"]) == "agnostic"


@pytest.mark.parametrize(
    ("qualifiers", "patient", "met", "flags"),
    [
        ({}, {}, True, []),
        ({"who_grade": ("G3",)}, {"who_grade": "G3"}, True, []),
        ({"who_grade": ["G2", "G3"]}, {"who_grade": "G1"}, False, ["qualifier_unmet:who_grade"]),
        ({"who_grade": ("G3",)}, {"who_grade": pd.NA}, None, ["qualifier_unknown:who_grade"]),
        ({"who_grade": ("G3",)}, {}, None, ["qualifier_unknown:who_grade"]),
        ({"who_grade": "G3"}, {"who_grade": "G3"}, True, []),
        ({"ki67_min": 20}, {"ki67_pct": 20.0}, True, []),
        ({"ki67_min": 20}, {"ki67_pct": 19.9}, False, ["qualifier_unmet:ki67_min"]),
        ({"ki67_min": 20}, {"ki67_pct": float("nan")}, None, ["qualifier_unknown:ki67_min"]),
        ({"ki67_max": 55}, {"ki67_pct": 55.0}, True, []),
        ({"ki67_max": 55}, {"ki67_pct": 60.0}, False, ["qualifier_unmet:ki67_max"]),
        # ">20": 20 to 100 and no value; "15-25": the middle does not decide
        ({"ki67_min": 20}, {"ki67_pct": float("nan"), "ki67_low": 20.0, "ki67_high": 100.0}, True, []),
        ({"ki67_min": 20}, {"ki67_pct": 20.0, "ki67_low": 15.0, "ki67_high": 25.0}, None,
         ["qualifier_unknown:ki67_min"]),
        ({"ki67_min": 20}, {"ki67_low": 5.0, "ki67_high": 10.0}, False, ["qualifier_unmet:ki67_min"]),
        ({"ki67_min": 20}, {"ki67_low": 25.0}, None, ["qualifier_unknown:ki67_min"]),
        ({"functional": "any"}, {}, True, []),
        ({"functional": "non_functional"}, {"functional_status": "functional"}, False, ["qualifier_unmet:functional"]),
        ({"functional": "non_functional"}, {"functional_status": "unknown"}, None, ["qualifier_unknown:functional"]),
        ({"biallelic": False}, {"biallelic": ""}, True, []),
        ({"biallelic": True}, {"biallelic": "probable"}, True, []),
        ({"biallelic": True}, {"biallelic": ""}, None, ["qualifier_unknown:biallelic"]),
        ({"prior_alkylator": True}, {"prior_alkylator": True}, True, []),
        ({"prior_alkylator": True}, {"prior_alkylator": False}, False, ["qualifier_unmet:prior_alkylator"]),
        ({"prior_alkylator": False}, {"prior_alkylator": False}, True, []),
        ({"prior_alkylator": True}, {"prior_alkylator": pd.NA}, None, ["qualifier_unknown:prior_alkylator"]),
        # a label condition is printed and never judged, whatever is known
        ({"line_min": 2}, {}, True, ["condition_not_evaluated:line 2 or later"]),
        ({"condition": "no alternative; after\nprogression"}, {}, True,
         ["condition_not_evaluated:no alternative, after progression"]),
        # unmet beats unknown; a key that nobody knows is never met
        ({"who_grade": ("G3",), "ki67_min": 20}, {"who_grade": "G1"}, False,
         ["qualifier_unmet:who_grade", "qualifier_unknown:ki67_min"]),
        ({"moon": "full"}, {"moon": "full"}, None, ["qualifier_unknown:moon"]),
    ],
)  # fmt: skip
def test_check_qualifiers__tells_met_unmet_and_unknown(qualifiers, patient, met, flags):
    assert check_qualifiers(with_qualifiers(**qualifiers), patient) == (met, flags)


def test_check_qualifiers__reads_a_row_of_a_table():
    table = pd.DataFrame({
        "who_grade": pd.array(["G3", pd.NA], dtype="string"), "ki67_pct": [30.0, float("nan")],
    }, index=["P1", "P2"])  # fmt: skip
    rule = with_qualifiers(who_grade=("G3",), ki67_min=20)
    assert check_qualifiers(rule, table.loc["P1"].to_dict()) == (True, [])
    assert check_qualifiers(rule, table.loc["P2"].to_dict())[0] is None


def test_scopes__are_the_documented_words():
    assert SCOPES == ("in_scope", "agnostic", "out_of_scope", "excluded", "uncertain")
