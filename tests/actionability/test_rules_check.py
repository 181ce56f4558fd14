"""Checking rules: one sound rule, and every way in which it can be spoilt."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from netgen.actionability.levels import LEVELS
from netgen.actionability.rules import DIRECTIONS, KIND, AlterationSpec, Rule, RuleSource, RuleTable
from netgen.actionability.rules_check import check_rules
from netgen.actionability.rules_file import read_rules
from netgen.errors import CODES, Findings
from netgen.knowledge.oncotree import OncoTree

TODAY = date(2026, 12, 1)
GENES = frozenset({"RET", "BRAF", "KRAS", "ETV6", "NTRK3"})
NODES = [
    ("LUNG", "Lung", ""), ("LNET", "Lung Neuroendocrine Tumor", "LUNG"), ("LUCA", "Lung Carcinoid", "LNET"),
    ("NSCLC", "Non-Small Cell Lung Cancer", "LUNG"), ("PANCREAS", "Pancreas", ""),
    ("PANET", "Pancreatic Neuroendocrine Tumor", "PANCREAS"),
]  # fmt: skip
TREE = OncoTree(
    nodes=pd.DataFrame(
        [(code, name, name, "", parent, 0 if not parent else 1) for code, name, parent in sorted(NODES)],
        columns=["code", "name", "main_type", "tissue", "parent", "level"],
    ).set_index("code"),
    renamed={"OLDLUCA": "LUCA"},
    source="made up", version="1", date="2026-01-01", licence="none",
)  # fmt: skip

SOUND = Rule(
    id="T-1",
    genes=("BRAF",),
    alteration=AlterationSpec(kind="exact_hgvsp", changes=("V600E",)),
    include=("SOLID",),
    exclude=("NSCLC",),
    therapy=("a + b",),
    direction="sensitivity",
    level="N1",
    level_out_of_scope="N3B",
    sources=(RuleSource(type="fda_label", id="one", date="2022-06-22"),),
    snapshot="2026-11",
    reviewed_by="A. Reader",
    expires="2027-05",
    file="rules.yaml",
    line=7,
)
UNVERIFIED = RuleSource(type="expert", id="two", verified=False)
N4 = replace(SOUND, level="N4", level_out_of_scope="NX")
MARKER = {"genes": (), "therapy": ("a",)}


def _check(*rules, genes=GENES, today=TODAY):
    findings = Findings()
    table = RuleTable(rules=rules, name="test", snapshot="2026-11", sha256="")
    check_rules(table, tree=TREE, known_genes=genes, today=today, findings=findings)
    return list(findings)


def _alter(rule=SOUND, **changes):
    """The rule with another alteration."""
    return replace(rule, alteration=AlterationSpec(**changes))


def _facts(found):
    return [(item.code, item.column, item.value) for item in found]


GOOD = [
    SOUND,
    N4,
    _alter(kind="exact_genomic", changes=("GRCh38:7:140753336:A:T",)),
    _alter(kind="codon", codons=("V600", "K601")),
    _alter(kind="codon_range", first=729, last=761, change_types=("inframe_del", "delins")),
    _alter(kind="domain", first=5, last=5),
    _alter(kind="exon_class", exon=20, change_types=("inframe_ins",)),
    _alter(kind="functional_class", function="activating"),
    _alter(kind="splice_event", exon=14),
    _alter(kind="splice_event", exon=14, first=963, last=1010),
    _alter(kind="exon_class", exon=19, first=729, last=761),
    _alter(kind="codon", codons=("V600",), change_types=("missense",)),
    _alter(kind="lof"),
    _alter(kind="biallelic_lof"),
    _alter(kind="any_oncogenic"),
    _alter(kind="any_mutation"),
    _alter(kind="amplification"),
    _alter(kind="homdel"),
    _alter(kind="fusion"),
    _alter(kind="fusion", partners=("ETV6",), place="three_prime", frame="in_frame_or_unknown"),
    _alter(replace(SOUND, **MARKER), kind="biomarker_threshold", marker="TMB", at_least=10.0),
    _alter(replace(SOUND, **MARKER), kind="biomarker_status", marker="MSI", results=("MSI-H",)),
    _alter(kind="expression", marker="HER2", results=("3+",)),
    replace(SOUND, level="NDx", direction="diagnostic", therapy=(), level_out_of_scope="NX"),
    replace(SOUND, level="NPx", direction="prognostic_poor", therapy=(), level_out_of_scope="NPx"),
    replace(SOUND, level="NX", direction="predisposition", therapy=(), level_out_of_scope="NX"),
    replace(SOUND, level="NX", therapy=(), level_out_of_scope="NX"),
    replace(SOUND, level="NX", direction="resistance", level_out_of_scope="NX"),
    replace(SOUND, level="NR1", direction="resistance", level_out_of_scope="NR2"),
    replace(SOUND, qualifiers={"who_grade": ("G2", "G3"), "ki67_min": 20.0, "ki67_max": 55.0, "line_min": 1}),
    replace(N4, expires=""),
    replace(SOUND, snapshot="2026", expires="2027-01"),
    replace(SOUND, sources=(RuleSource(type="paper", id="x", date="2016"),)),
    replace(SOUND, sources=(RuleSource(type="paper", id="x", date="2026-11-30"),)),
]


@pytest.mark.parametrize("rule", GOOD)
def test_check_rules__finds_nothing_in_a_sound_rule(rule):
    assert _check(rule) == []


def test_check_rules__the_sound_rules_cover_every_kind():
    assert {rule.alteration.kind for rule in GOOD} == set(KIND)


@pytest.mark.parametrize(
    ("rule", "key", "value"),
    [
        (replace(SOUND, id=""), "id", ""),
        (replace(SOUND, id="T 1"), "id", "T 1"),
        (replace(SOUND, genes=()), "gene", ""),
        (replace(SOUND, genes=("BRAF", "BRAFF")), "gene", "BRAFF"),
        (replace(SOUND, include=()), "scope.include", ""),
        (replace(SOUND, include=("LUCA", "LUCAX")), "scope.include", "LUCAX"),
        (replace(SOUND, include=("luca",)), "scope.include", "luca"),
        (replace(SOUND, include=("?",)), "scope.include", "?"),
        (replace(SOUND, include=("LUCA",), exclude=("SOLID",)), "scope.exclude", "SOLID"),
        (replace(SOUND, exclude=("OLDLUCA",)), "scope.exclude", "OLDLUCA"),
        (replace(SOUND, include=("NSCLC",)), "scope.exclude", "NSCLC"),
        (replace(SOUND, origin="tumour"), "origin", "tumour"),
        (replace(SOUND, direction="sensitive"), "direction", "sensitive"),
        (replace(SOUND, level="1"), "level", "1"),
        (replace(SOUND, level=""), "level", ""),
        (replace(SOUND, level="NR1", level_out_of_scope="NX"), "level", "NR1"),
        (replace(SOUND, direction="resistance", level_out_of_scope="NX"), "level", "N1"),
        (replace(SOUND, level_out_of_scope="N2"), "level_out_of_scope", "N2"),
        (replace(SOUND, level_out_of_scope="N3A"), "level_out_of_scope", "N3A"),
        (replace(N4, level_out_of_scope="N3B"), "level_out_of_scope", "N3B"),
        (replace(SOUND, level_out_of_scope="NR1"), "level_out_of_scope", "NR1"),
        (replace(SOUND, level_out_of_scope="none"), "level_out_of_scope", "none"),
        (replace(SOUND, therapy=()), "therapy", ""),
        (replace(N4, therapy=()), "therapy", ""),
        (replace(SOUND, direction="resistance", level="NR1", level_out_of_scope="NX", therapy=()), "therapy", ""),
        (replace(SOUND, direction="diagnostic", level="NDx", level_out_of_scope="NX"), "therapy", "a + b"),
        (replace(SOUND, qualifiers={"who_grade": ("G4",)}), "qualifiers.who_grade", "G4"),
        (replace(SOUND, qualifiers={"ki67_min": 120.0}), "qualifiers.ki67_min", "120.0"),
        (replace(SOUND, qualifiers={"ki67_min": 55.0, "ki67_max": 20.0}), "qualifiers.ki67_max", "20"),
        (replace(SOUND, qualifiers={"line_min": 0}), "qualifiers.line_min", "0"),
        (replace(SOUND, qualifiers={"functional": "yes"}), "qualifiers.functional", "yes"),
        (replace(SOUND, reviewed_by=""), "reviewed_by", ""),
        (replace(N4, reviewed_by=""), "reviewed_by", ""),
        (replace(N4, sources=()), "source", ""),
        (replace(SOUND, sources=(*SOUND.sources, RuleSource(type="paper", id=""))), "source", "paper"),
        (replace(SOUND, sources=(RuleSource(type="paper", id="x"),)), "source", "paper:x"),
        (replace(SOUND, expires=""), "expires", ""),
        (replace(SOUND, expires="2026-11"), "expires", "2026-11"),
        (replace(SOUND, expires="2025-01-01"), "expires", "2025-01-01"),
        (replace(SOUND, expires="05/2027"), "expires", "05/2027"),
        (replace(SOUND, expires="2027-02-29"), "expires", "2027-02-29"),
        (replace(SOUND, expires="2027-13"), "expires", "2027-13"),
        (replace(SOUND, expires="2027-00"), "expires", "2027-00"),
        (replace(N4, snapshot=""), "snapshot", ""),
        (replace(SOUND, snapshot="2026-11-00"), "snapshot", "2026-11-00"),
        (replace(SOUND, sources=(RuleSource(type="p", id="x", date="2026-12-01"),)), "source.date", "2026-12-01"),
        (replace(SOUND, sources=(RuleSource(type="p", id="x", date="22 June"),)), "source.date", "22 June"),
        (_alter(kind=""), "alteration.kind", ""),
        (_alter(kind="mutation"), "alteration.kind", "mutation"),
        (_alter(kind="exact_hgvsp"), "alteration.changes", ""),
        (_alter(kind="exact_hgvsp", changes=("Val600Glu",)), "alteration.changes", "Val600Glu"),
        (_alter(kind="exact_hgvsp", changes=("V600E", "p.V600E")), "alteration.changes", "p.V600E"),
        (_alter(kind="exact_genomic", changes=("7:140753336A>T",)), "alteration.changes", "7:140753336A>T"),
        (_alter(kind="codon", codons=("600",)), "alteration.codons", "600"),
        (_alter(kind="codon_range", first=729), "alteration.last", ""),
        (_alter(kind="codon_range", first=761, last=729), "alteration.last", "729"),
        (_alter(kind="domain", first=0, last=729), "alteration.first", "0"),
        (_alter(kind="exon_class", exon=19, change_types=("deletion",)), "alteration.change_types", "deletion"),
        (_alter(kind="splice_event"), "alteration.exon", ""),
        (_alter(kind="splice_event", exon=14, first=963), "alteration.last", "one of them"),
        (_alter(kind="exon_class", exon=14, last=963), "alteration.last", "one of them"),
        (_alter(kind="functional_class"), "alteration.function", ""),
        (_alter(kind="functional_class", function="gain"), "alteration.function", "gain"),
        (_alter(kind="lof", exon=3), "alteration.exon", "3"),
        (_alter(kind="amplification", codons=("V600", "K601")), "alteration.codons", "V600; K601"),
        (_alter(kind="fusion", place="left"), "alteration.place", "left"),
        (_alter(kind="fusion", frame="in_frame"), "alteration.frame", "in_frame"),
        (_alter(kind="fusion", partners=("ETV66",)), "alteration.partners", "ETV66"),
        (_alter(kind="biomarker_threshold", marker="TMB"), "alteration.at_least", ""),
        (_alter(kind="biomarker_threshold", marker="TMB", at_least=0.0), "alteration.at_least", "0.0"),
        (_alter(kind="biomarker_status", marker="msi", results=("MSI-H",)), "alteration.marker", "msi"),
        (_alter(kind="expression", results=("3+",)), "alteration.marker", ""),
        (_alter(kind="expression", marker="HER2", results=("3+", "4+")), "alteration.results", "4+"),
        (_alter(kind="expression", marker="CGA", results=("high",)), "alteration.results", "high"),
    ],
)
def test_check_rules__tells_what_is_wrong_with_one_key(rule, key, value):
    found = _check(rule)
    assert _facts(found) == [("E_RULE", key, value)]
    assert found[0].file == "rules.yaml"
    assert found[0].row == 7
    assert found[0].message.startswith("Rule T-1: " if rule.id == "T-1" else "Rule ")
    assert found[0].fix


def test_check_rules__tells_everything_at_once():
    spoilt = replace(
        _alter(kind="fusion", place="left"), genes=("X1",), include=("ABC",), level="N9", reviewed_by="", sources=()
    )
    assert {item.column for item in _check(spoilt, replace(SOUND, id="T-2", origin=""))} == {
        "alteration.place", "gene", "scope.include", "level", "reviewed_by", "source", "origin",
    }  # fmt: skip


def test_check_rules__ids_are_unique():
    found = _check(SOUND, replace(SOUND, id="T-2", line=20), replace(SOUND, line=30))
    assert _facts(found) == [("E_RULE", "id", "T-1")]
    assert found[0].row == 30
    assert "the rule on line 7 has it too" in found[0].message


def test_check_rules__a_table_needs_a_rule():
    assert _facts(_check()) == [("E_RULE", "rules", "")]


def test_check_rules__genes_are_left_alone_without_a_list_of_them():
    assert _check(replace(SOUND, genes=("WHATEVER",)), genes=None) == []


@pytest.mark.parametrize(
    ("rule", "fix"),
    [
        (replace(SOUND, genes=("BRAFF",)), "Did you mean BRAF?"),
        (replace(SOUND, include=("luca",)), "Write LUCA."),
        (replace(SOUND, include=("OLDLUCA",)), "Write LUCA."),
        (replace(SOUND, include=("PANETT",)), "PANET (Pancreatic Neuroendocrine Tumor)"),
        (replace(SOUND, level="n1"), "Write N1."),
        (_alter(kind="exact_hgvsp", changes=("Val600Glu",)), "Write V600E."),
    ],
)
def test_check_rules__says_what_was_probably_meant(rule, fix):
    assert fix in _check(rule)[0].fix


@pytest.mark.parametrize("level", ["N1", "N2", "N3A"])
def test_check_rules__a_proven_level_needs_a_source_that_was_looked_up(level):
    unverified = replace(SOUND, level=level, sources=(replace(SOUND.sources[0], verified=False),))
    assert _facts(_check(unverified)) == [
        ("E_RULE", "source", "fda_label:one"),
        ("W_RULE_UNVERIFIED", "source.verified", "false"),
    ]
    both = replace(SOUND, level=level, sources=(*SOUND.sources, UNVERIFIED))
    assert _facts(_check(both)) == [("W_RULE_UNVERIFIED", "source.verified", "false")]


@pytest.mark.parametrize("level", ["N3B", "N3C", "N4", "NX"])
def test_check_rules__a_lower_level_on_an_unverified_source_is_a_warning(level):
    found = _check(replace(SOUND, level=level, level_out_of_scope="NX", sources=(UNVERIFIED,)))
    assert _facts(found) == [("W_RULE_UNVERIFIED", "source.verified", "false")]
    assert "expert:two" in found[0].message


@pytest.mark.parametrize(
    ("expires", "today", "stale"),
    [
        ("2027-05", date(2027, 5, 31), False),
        ("2027-05", date(2027, 6, 1), True),
        ("2027-05-04", date(2027, 5, 4), False),
        ("2027-05-04", date(2027, 5, 5), True),
        ("2027", date(2027, 12, 31), False),
        ("2028-02", date(2028, 2, 29), False),
        ("2028-02", date(2028, 3, 1), True),
    ],
)
def test_check_rules__a_rule_is_stale_from_the_day_after_its_expiry(expires, today, stale):
    found = _check(replace(SOUND, expires=expires), today=today)
    assert _facts(found) == ([("W_RULE_STALE", "expires", expires)] if stale else [])


def test_check_rules__every_direction_takes_a_level_and_every_level_a_direction():
    assert {level for levels in DIRECTIONS.values() for level in levels} == set(LEVELS)


def test_check_rules__what_could_not_be_read_is_told_once(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(
        "netgen_rules: 1\nsnapshot: 2026-11\nreviewed_by: A. Reader\nexpires: 2027-05\nrules:\n"
        "  - {id: T-1, gene: RET, alteration: {kind: exon_class, exon: nine}, scope: {include: [LUCAS]},\n"
        "     therapy: [a], direction: sensitivity, level: [N1, N2], source: {type: p, id: x, date: 2016}}\n"
        "  - {id: T-2, gene: RET, alteration: fusion, scope: SOLID, therapy: [a], direction: sensitivity, level: N4,\n"
        "     source: {type: p, id: x, date: 2016}}\n",
        encoding="utf-8",
    )
    findings = Findings()
    table = read_rules(path, findings=findings)
    check_rules(table, tree=TREE, known_genes=GENES, today=TODAY, findings=findings)
    assert sorted((item.row, item.column) for item in findings) == [
        (6, "alteration.exon"), (6, "scope.include"), (7, "level"), (8, "alteration"), (8, "scope"),
    ]  # fmt: skip


def test_check_rules__its_codes_are_in_the_catalogue():
    assert {"E_RULE", "W_RULE_STALE", "W_RULE_UNVERIFIED"} <= CODES.keys()
