"""Reading rule files: literal files in, rules out, and every fault told where it stands."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from itertools import pairwise

import pytest
import yaml

from netgen.actionability.rules import KIND, RULE_KEYS, AlterationSpec, Rule, RuleSource
from netgen.actionability.rules_file import read_rules
from netgen.errors import Findings, InputError

WHOLE = """\
netgen_rules: 1
name: two rules
snapshot: 2026-11
reviewed_by: A. Reader
expires: 2027-05
rules:
  - id: T-RET-01
    row: 1
    gene: RET
    alteration: {kind: fusion, partners: any, frame: in_frame_or_unknown}
    scope: {include: [SOLID], exclude: []}
    therapy: [selpercatinib]
    direction: sensitivity
    level: N1
    level_out_of_scope: N3B
    native: {oncokb: null, fda: accelerated}
    source:
      - {type: fda_label, id: "ind:one", date: 2022-09-21, url: "https://example.org/a"}
      - {type: expert, id: residues, verified: false}
    note: >-
      after earlier
      treatment
  - id: T-TMB-01
    gene:
    alteration:
      kind: biomarker_threshold
      marker: TMB
      at_least: 10
    origin: either
    qualifiers: {who_grade: [G2, G3], ki67_min: 20, line_min: 2, biallelic: false, prior_alkylator: true,
                 condition: no other choice}
    scope: {include: PANET}
    therapy: [a, b + c]
    direction: sensitivity
    level: N4
    source: {type: paper, id: X, date: 2016}
    snapshot: 2026-10-01
    reviewed_by: B. Reader
    expires: 2026-12-31
"""

FIRST = Rule(
    id="T-RET-01", row=1, genes=("RET",), alteration=AlterationSpec(kind="fusion", frame="in_frame_or_unknown"),
    include=("SOLID",), therapy=("selpercatinib",), direction="sensitivity", level="N1", level_out_of_scope="N3B",
    native={"fda": "accelerated"},
    sources=(
        RuleSource(type="fda_label", id="ind:one", date="2022-09-21", url="https://example.org/a"),
        RuleSource(type="expert", id="residues", verified=False),
    ),
    note="after earlier treatment", snapshot="2026-11", reviewed_by="A. Reader", expires="2027-05",
    file="rules.yaml", line=7,
)  # fmt: skip
SECOND = Rule(
    id="T-TMB-01", alteration=AlterationSpec(kind="biomarker_threshold", marker="TMB", at_least=10.0), origin="either",
    qualifiers={"who_grade": ("G2", "G3"), "ki67_min": 20.0, "line_min": 2, "biallelic": False,
                "prior_alkylator": True, "condition": "no other choice"},
    include=("PANET",), therapy=("a", "b + c"), direction="sensitivity", level="N4",
    sources=(RuleSource(type="paper", id="X", date="2016"),),
    snapshot="2026-10-01", reviewed_by="B. Reader", expires="2026-12-31", file="rules.yaml", line=23,
)  # fmt: skip

BOMB = ", ".join(["*{0}"] * 10)  # each level ten times as large as the one before it
COLUMNS = [
    "id", "row", "gene", "alteration.kind", "alteration.marker", "alteration.at_least", "alteration.frame", "origin",
    "qualifiers.who_grade", "qualifiers.ki67_min", "qualifiers.line_min", "qualifiers.biallelic",
    "qualifiers.prior_alkylator", "qualifiers.condition", "scope.include", "therapy", "direction", "level",
    "level_out_of_scope", "native.fda", "source.type", "source.id", "source.date", "source.url", "source.verified",
    "note", "snapshot", "reviewed_by", "expires",
]  # fmt: skip
ROWS = [
    ["T-RET-01", "1", "RET", "fusion", "", "", "in_frame_or_unknown", "", "", "", "", "", "", "", "SOLID",
     "selpercatinib", "sensitivity", "N1", "N3B", "accelerated", "fda_label; expert", "ind:one;residues",
     "2022-09-21;", "https://example.org/a;", ";false", "after earlier treatment", "2026-11", "A. Reader", "2027-05"],
    ["T-TMB-01", "", "", "biomarker_threshold", "TMB", "10", "", "either", "G2;G3", "20", "2", "false", "TRUE",
     "no other choice", "PANET", "a; b + c", "sensitivity", "N4", "", "", "paper", "X", "2016", "", "", "",
     "2026-10-01", "B. Reader", "2026-12-31"],
]  # fmt: skip


def _write(folder, text, name="rules.yaml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _rule(*lines):
    """A file with one rule whose further lines are given."""
    return "\n".join(["netgen_rules: 1", "rules:", "  - id: T-1", *(f"    {line}" for line in lines), ""])


def _faults(path):
    findings = Findings()
    table = read_rules(path, findings=findings)
    return table, [(item.code, item.row, item.column, item.value, item.fix) for item in findings]


def test_read_rules__takes_every_part_of_a_yaml_rule(tmp_path):
    path = _write(tmp_path, WHOLE)
    findings = Findings()
    table = read_rules(path, findings=findings)
    assert list(findings) == []
    assert table.rules == (FIRST, SECOND)
    assert (table.name, table.snapshot) == ("two rules", "2026-11")
    assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_read_rules__does_not_depend_on_the_fast_parser(tmp_path, monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert read_rules(_write(tmp_path, WHOLE), findings=Findings()).rules == (FIRST, SECOND)
    with pytest.raises(InputError, match="at most 12 levels"):
        read_rules(_write(tmp_path, "rules: " + "[" * 50_000), findings=Findings())


def test_read_rules__takes_the_same_rules_from_a_table(tmp_path):
    text = "\n".join(["# a comment", "\t".join(COLUMNS), *("\t".join(row) for row in ROWS), "", ""])
    findings = Findings()
    table = read_rules(_write(tmp_path, text, "flat.tsv"), findings=findings)
    assert list(findings) == []
    assert table.rules == (replace(FIRST, file="flat.tsv", line=3), replace(SECOND, file="flat.tsv", line=4))
    assert (table.name, table.snapshot) == ("flat", "2026-11")


def test_read_rules__a_value_is_the_text_that_stands_in_the_file(tmp_path):
    text = _rule("gene: [NO, ON, 1.10, 007]", "snapshot: 2022-13-45", "note: !!python/object:os.system x")
    table, faults = _faults(_write(tmp_path, text))
    assert faults == []
    assert table.rules[0].genes == ("NO", "ON", "1.10", "007")
    assert table.rules[0].snapshot == "2022-13-45"
    assert table.rules[0].note == "x"


def test_read_rules__blank_values_leave_the_default(tmp_path):
    text = _rule("origin:", "native: null", "source: []", "therapy: [null]", "alteration: {kind: fusion, place: ''}")
    table, faults = _faults(_write(tmp_path, text))
    assert faults == []
    rule = table.rules[0]
    assert (rule.origin, rule.native, rule.sources, rule.therapy) == ("somatic", {}, (), ())
    assert rule.alteration == AlterationSpec(kind="fusion")
    assert (rule.level_out_of_scope, rule.snapshot, rule.row) == ("NX", "", None)


def test_read_rules__rules_may_share_a_value(tmp_path):
    text = (
        _rule("source: &label", "  - {type: fda_label, id: one, date: 2022-09-21}") + "  - {id: T-2, source: *label}\n"
    )
    table, faults = _faults(_write(tmp_path, text))
    assert faults == []
    assert table.rules[0].sources == table.rules[1].sources == (
        RuleSource(type="fda_label", id="one", date="2022-09-21"),
    )  # fmt: skip


def test_read_rules__a_doubled_key_is_an_error_at_every_depth(tmp_path):
    text = _rule("level: N1", "level: N4", "scope: {include: [A], include: [B]}", "source: [{id: a, id: b}]")
    table, faults = _faults(_write(tmp_path, text.replace("\nrules:", "\nname: x\nname: y\nrules:")))
    assert [fault[:4] for fault in faults] == [
        ("E_RULE", 3, "name", "name"),
        ("E_RULE", 7, "level", "level"),
        ("E_RULE", 8, "scope.include", "scope.include"),
        ("E_RULE", 9, "source.id", "source.id"),
    ]
    assert table.rules[0].level == "N1"
    assert table.rules[0].include == ("A",)


@pytest.mark.parametrize(
    ("line", "key", "near"),
    [
        ("theraphy: [a]", "theraphy", "Did you mean therapy?"),
        ("include: [SOLID]", "include", "Did you mean scope.include?"),
        ("Level: N1", "Level", "Did you mean level?"),
        ("alteration: {knd: lof}", "alteration.knd", "Did you mean alteration.kind?"),
        ("qualifiers: {ki67: 20}", "qualifiers.ki67", "Did you mean qualifiers.ki67_min?"),
        ("native: {civic: A}", "native.civic", "Valid keys: native.oncokb, native.escat, native.fda."),
        ("[a, b]: c", "?", "Valid keys: "),
        ("qualifiers: {condition: first, then second}", "qualifiers.then second", "Put a text that holds a comma into"),
    ],
)
def test_read_rules__an_unknown_key_is_told_with_the_nearest(tmp_path, line, key, near):
    _, faults = _faults(_write(tmp_path, _rule(line)))
    assert [fault[:3] for fault in faults] == [("E_RULE", 4, key)]
    assert faults[0][4].startswith(near)


def test_read_rules__tells_every_unreadable_value_in_one_pass(tmp_path):
    text = _rule(
        "row: one",
        "level: [N1, N2]",
        "alteration: fusion",
        "qualifiers: {ki67_min: '20 %', biallelic: perhaps, line_min: 1.5}",
        "therapy: {first: a}",
        "source: [{type: paper, id: x, verified: maybe}, text]",
    )
    table, faults = _faults(_write(tmp_path, text))
    assert {fault[1:4] for fault in faults} == {
        (4, "row", "one"),
        (5, "level", "N1; N2"),
        (6, "alteration", "fusion"),
        (7, "qualifiers.ki67_min", "20 %"),
        (7, "qualifiers.biallelic", "perhaps"),
        (7, "qualifiers.line_min", "1.5"),
        (8, "therapy", "a mapping"),
        (9, "source.verified", "maybe"),
        (9, "source", "text"),
    }
    assert {fault[0] for fault in faults} == {"E_RULE"}
    assert set(table.rules[0].unread) == {fault[2] for fault in faults}
    assert table.rules[0].sources == (RuleSource(type="paper", id="x", verified=False),)


def test_read_rules__messages_name_the_rule_or_its_line(tmp_path):
    text = _rule("level: [N1, N2]") + "  - level: [N3, N4]\n  - just text\n"
    findings = Findings()
    table = read_rules(_write(tmp_path, text), findings=findings)
    told = sorted(str(item) for item in findings)
    assert told[0] == (
        "E_RULE: rules.yaml:4 [level]: Rule T-1: level needs one value; found 'N1; N2'. Write one rule for each value."
    )
    assert "Rule on line 5: level needs one value" in told[1]
    assert "Rule on line 6: rules needs keys with values; found 'just text'" in told[2]
    assert len(table.rules) == 3


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("a: [1", "not valid YAML"),
        ("- id: x\n", "list of rules"),
        ("netgen_rules: 1\nrules: {id: x}\n", "list of rules"),
        ("# nothing\n", "list of rules"),
        ("netgen_rules: 1\nrules: []\n---\nrules: []\n", "not valid YAML"),
        ("rules: &x [*x]\n", "at most 12 levels"),
        ("rules:\n- &a [x]\n" + "".join(f"- &{y} [*{x}]\n" for x, y in pairwise("abcdefghijklm")), "at most 12 levels"),
        (
            "rules:\n- &a [x]\n" + "".join(f"- &{y} [{BOMB.format(x)}]\n" for x, y in pairwise("abcdefgh")),
            "1000000 values",
        ),
        ("rules: " + "[" * 500, "at most 12 levels"),
        ("rules: " + "[" * 50_000, "not valid YAML: .* nesting|at most 12 levels"),
        ("rules: \x07\n", "not valid YAML"),
        ("", "empty"),
    ],
)
def test_read_rules__refuses_what_is_no_rule_file(tmp_path, text, needed):
    with pytest.raises(InputError, match=needed):
        read_rules(_write(tmp_path, text), findings=Findings())


def test_read_rules__refuses_other_kinds_of_file_and_missing_ones(tmp_path):
    with pytest.raises(InputError, match=r"end in \.yaml, \.yml or \.tsv; found rules\.json"):
        read_rules(_write(tmp_path, "{}", "rules.json"), findings=Findings())
    with pytest.raises(InputError, match="no such file"):
        read_rules(tmp_path / "absent.yaml", findings=Findings())
    with pytest.raises(InputError, match="header with a column id"):
        read_rules(_write(tmp_path, "gene\tlevel\nRET\tN1\n", "rules.tsv"), findings=Findings())


@pytest.mark.parametrize("head", ["", "netgen_rules: 2\n", "netgen_rules: [1, 2]\n"])
def test_read_rules__needs_the_version_of_the_format(tmp_path, head):
    _, faults = _faults(_write(tmp_path, f"{head}rules:\n  - id: x\n"))
    assert [fault[:3] for fault in faults] == [("E_RULE", 1, "netgen_rules")]


def test_read_rules__tells_wrong_columns_and_rows_of_a_table(tmp_path):
    text = "id\tlevel\tlevel\tkind\t\nT-1\tN1\t\t\t\nT-2\tN2\n\nT-3\tN3A\t\t\t\n"
    table, faults = _faults(_write(tmp_path, text, "rules.tsv"))
    assert [fault[:3] for fault in faults] == [
        ("E_RULE", 1, "level"),
        ("E_RULE", 1, "kind"),
        ("E_RULE", 1, "column 5"),
        ("E_ROW_TRUNCATED", 3, ""),
    ]
    assert faults[1][4] == "Did you mean alteration.kind?"
    assert [(rule.id, rule.line, rule.level) for rule in table.rules] == [("T-1", 2, "N1"), ("T-3", 5, "N3A")]


def test_read_rules__sources_of_a_table_must_pair(tmp_path):
    text = "id\tsource.type\tsource.id\tsource.date\nT-1\tpaper;paper\ta;b\t2016\nT-2\tpaper\ta\t\n"
    table, faults = _faults(_write(tmp_path, text, "rules.tsv"))
    assert [fault[:4] for fault in faults] == [
        ("E_RULE", 2, "source", "source.type 2, source.id 2, source.date 1"),
    ]
    assert table.rules[0].sources == ()
    assert table.rules[1].sources == (RuleSource(type="paper", id="a"),)


def test_rule_keys__hold_every_field_of_an_alteration_and_every_key_of_a_kind():
    names = {key.removeprefix("alteration.") for key in RULE_KEYS if key.startswith("alteration.")}
    assert names == {part.name for part in fields(AlterationSpec)}
    assert {name for kind in KIND.values() for name in (*kind.needs, *kind.may)} == names - {"kind"}
