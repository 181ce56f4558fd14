"""The alteration matrix of features that rules define: rows that rules name, and the three values around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

import netgen as ng
from netgen.errors import Findings
from netgen.genomics.features import DATA_TYPES, HIT_COLUMNS, RULE_BASED, select_hits
from netgen.genomics.matrix import REASONS, AlterationMatrix, build_alteration_matrix
from netgen.study import AssociationSettings
from tests.demo_run import demo_cohort
from tests.genomics.naive_matrix import GENES, naive_matrix, studies, table
from tests.study_files import write_files

if TYPE_CHECKING:
    from pathlib import Path


def rule_hits(*rows: dict[str, Any]) -> pd.DataFrame:
    """Rows as rules name them."""
    whole = [{"kind": "mutation", "label": "p.V600E", "variant_class": "Missense_Mutation", **row} for row in rows]
    frame = pd.DataFrame(whole, columns=[*HIT_COLUMNS, "certain"])
    frame["certain"] = frame["certain"].isna() | (frame["certain"] == True)  # noqa: E712
    text = {name: "string" for name in HIT_COLUMNS if name not in {"vaf", "row"}}
    return frame.astype({**text, "vaf": "float64", "row": "Int64"})


def study(**tables: Any) -> dict[str, Any]:
    """Samples A1 and B1 on panel P (BRAF, KRAS), C1 on no panel; tables given by name replace the defaults."""
    ids = ("A1", "B1", "C1")
    default = {
        "samples": table("samples", [{"sample_id": name, "patient_id": name[0]} for name in ids]),
        "profiles": table("profiles", [{"sample_id": "A1", "mutations": "P"}, {"sample_id": "B1", "mutations": "P"}]),
        "panels": table("panels", [{"panel_id": "P", "genes_mode": "list"}]),
        "panel_genes": table("panel_genes", [{"panel_id": "P", "gene": gene} for gene in ("BRAF", "KRAS")]),
        "variants": table("variants", []),
    }
    return {**default, **tables}


def cells(matrix: AlterationMatrix) -> dict[str, list[int]]:
    """Gene -> status of A, B, C."""
    return dict(zip(matrix.features, matrix.status.tolist(), strict=True))


def build(feature_type: str, hits: pd.DataFrame | None, **more: Any) -> AlterationMatrix:
    given = {**study(), **more}
    return build_alteration_matrix(**given, rule_hits=hits, feature_type=feature_type)


# ---------------------------------------------------------------- both features


@pytest.mark.parametrize("feature_type", RULE_BASED)
def test_rule_hits__make_a_gene_altered_and_leave_the_rest_as_it_was_profiled(feature_type: str) -> None:
    matrix = build(feature_type, rule_hits({"sample_id": "A1", "gene": "BRAF"}))
    assert cells(matrix) == {"BRAF": [1, 0, -1], "KRAS": [0, 0, -1]}
    assert [REASONS[code] for code in matrix.reason[:, 2]] == ["not_sequenced", "not_sequenced"]
    assert matrix.feature_type == feature_type


@pytest.mark.parametrize("feature_type", RULE_BASED)
def test_rule_hits__without_any_nobody_is_altered(feature_type: str) -> None:
    for hits in (None, rule_hits()):
        assert cells(build(feature_type, hits)) == {"BRAF": [0, 0, -1], "KRAS": [0, 0, -1]}


@pytest.mark.parametrize("feature_type", ["any_nonsyn", "lof", "hotspot", "altered"])
def test_rule_hits__have_no_say_in_other_features(feature_type: str) -> None:
    hits = rule_hits({"sample_id": "A1", "gene": "BRAF"})
    assert build(feature_type, hits).hash == build(feature_type, None).hash


@pytest.mark.parametrize("feature_type", RULE_BASED)
def test_rule_hits__change_the_hash_and_their_order_does_not(feature_type: str) -> None:
    one = {"sample_id": "A1", "gene": "BRAF"}
    two = {"sample_id": "B1", "gene": "KRAS", "label": "p.G12C"}
    hashes = [build(feature_type, rule_hits(*rows)).hash for rows in ((), (one,), (one, two), (two, one))]
    assert len(set(hashes)) == 3
    assert hashes[2] == hashes[3]


@pytest.mark.parametrize("feature_type", RULE_BASED)
def test_rule_hits__of_one_alteration_are_listed_once(feature_type: str) -> None:
    """The same alteration may meet several rules, and be annotated as a driver as well."""
    hit = {"sample_id": "A1", "gene": "BRAF", "file": "x.maf", "row": 2}
    annotated = {
        "sample_id": "A1", "gene": "BRAF", "variant_class": "Missense_Mutation", "hgvsp_short": "p.V600E",
        "cbp_driver": "Putative_Driver", "file": "x.maf", "row": 2,
    }  # fmt: skip
    once = build(feature_type, rule_hits(hit), variants=table("variants", [annotated]))
    twice = build(feature_type, rule_hits(hit, hit), variants=table("variants", [annotated]))
    assert twice.hash == once.hash
    for matrix in (once, twice):
        assert matrix.detail[["sample_id", "feature", "label", "file", "row"]].to_numpy().tolist() == [
            ["A1", "BRAF", "p.V600E", "x.maf", 2]
        ]
    other = rule_hits(hit, {**hit, "label": "p.G469A", "row": 3})
    assert build(feature_type, other).detail["label"].tolist() == ["p.V600E", "p.G469A"]


@pytest.mark.parametrize("feature_type", RULE_BASED)
def test_rule_hits__beyond_the_panel_stay_altered_and_are_told(feature_type: str) -> None:
    findings = Findings()
    matrix = build(feature_type, rule_hits({"sample_id": "A1", "gene": "RET"}), findings=findings)
    assert cells(matrix) == {"BRAF": [0, 0, -1], "KRAS": [0, 0, -1], "RET": [1, -1, -1]}
    assert REASONS[matrix.reason[2, 1]] == "gene_not_on_panel"
    assert "W_GENE_NOT_ON_PANEL" in findings.codes()


@pytest.mark.parametrize("feature_type", RULE_BASED)
def test_rule_hits__of_samples_that_do_not_speak_change_nothing(feature_type: str) -> None:
    normal = table(
        "samples",
        [{"sample_id": "A1", "patient_id": "A"}, {"sample_id": "A0", "patient_id": "A", "sample_class": "normal"}],
    )
    findings = Findings()
    hits = rule_hits({"sample_id": "A0", "gene": "BRAF"}, {"sample_id": "Z9", "gene": "KRAS"})
    matrix = build(feature_type, hits, samples=normal, findings=findings)
    assert cells(matrix) == {"BRAF": [0], "KRAS": [0]}
    assert "W_PATIENT_UNLINKED" in findings.codes()


# ---------------------------------------------------------------- driver


@settings(max_examples=50)
@given(given=studies())
def test_driver__is_annotated_or_named_by_a_rule(given: dict[str, Any]) -> None:
    """With every altering mutation named by a rule, a cell is altered if it is a driver or has such a mutation."""
    given = {**given, "calls": {}}
    tables = {**given, "calls": None}
    hits = select_hits("any_nonsyn", ["mutations"], variants=given["variants"], copy_number=None, fusions=None).assign(
        certain=True
    )
    built = build_alteration_matrix(**tables, rule_hits=hits, genes=GENES, feature_type="driver")
    annotated = naive_matrix(given, feature_type="driver", genes=GENES)
    altering = naive_matrix(given, feature_type="any_nonsyn", genes=GENES)
    for key, (status, reason) in annotated.items():
        patient, gene = key
        row, column = built.features.get_loc(gene), built.patients.get_loc(patient)
        found = int(built.status[row, column]), REASONS[built.reason[row, column]]
        assert found == ((1, "") if altering[key][0] == 1 else (status, reason))


def test_driver__an_altering_mutation_without_rule_or_annotation_stays_open() -> None:
    rows = [
        {"sample_id": name, "gene": "BRAF", "variant_class": "Missense_Mutation", "hgvsp_short": text}
        for name, text in (("A1", "p.V600E"), ("B1", "p.A3T"))
    ]
    matrix = build("driver", rule_hits({"sample_id": "A1", "gene": "BRAF"}), variants=table("variants", rows))
    assert cells(matrix) == {"BRAF": [1, -1, -1], "KRAS": [0, 0, -1]}
    assert REASONS[matrix.reason[0, 1]] == "feature_not_carried"
    passenger = table("variants", [{**row, "cbp_driver": "Putative_Passenger"} for row in rows])
    annotated = build("driver", rule_hits({"sample_id": "A1", "gene": "BRAF"}), variants=passenger)
    assert cells(annotated)["BRAF"] == [1, 0, -1]


# ---------------------------------------------------------------- actionable


@settings(max_examples=50)
@given(given=studies())
def test_actionable__with_every_alteration_named_is_altered(given: dict[str, Any]) -> None:
    """If rules name all that counts as altered, the two features have the same cells."""
    tables = {**given, "calls": None}
    rows = {name: given[name] for name in ("variants", "copy_number", "fusions")}
    hits = select_hits("altered", DATA_TYPES, **rows).assign(certain=True)
    actionable = build_alteration_matrix(**tables, rule_hits=hits, genes=GENES, feature_type="actionable")
    altered = build_alteration_matrix(**tables, genes=GENES, feature_type="altered")
    assert actionable.components == altered.components
    np.testing.assert_array_equal(actionable.status, altered.status)
    np.testing.assert_array_equal(actionable.reason, altered.reason)


def test_actionable__a_mutation_that_no_rule_names_is_wild_type() -> None:
    rows = [{"sample_id": "A1", "gene": "KRAS", "variant_class": "Missense_Mutation", "cbp_driver": "Putative_Driver"}]
    matrix = build("actionable", rule_hits({"sample_id": "B1", "gene": "BRAF"}), variants=table("variants", rows))
    assert cells(matrix) == {"BRAF": [0, 1, -1], "KRAS": [0, 0, -1]}


def test_actionable__is_not_wild_type_where_the_study_s_other_assays_are_missing() -> None:
    profiles = [{"sample_id": "A1", "mutations": "P", "cna": "P"}, {"sample_id": "B1", "mutations": "P"}]
    hits = rule_hits({"sample_id": "B1", "gene": "BRAF"})
    matrix = build("actionable", hits, profiles=table("profiles", profiles))
    assert matrix.components == ("mutations", "cna")
    assert cells(matrix) == {"BRAF": [0, 1, -1], "KRAS": [0, -1, -1]}
    assert REASONS[matrix.reason[1, 1]] == "profile_missing"


# ---------------------------------------------------------------- through a cohort

HEADER = "patient_id,origin,oncotree_code,panel,alterations,germline_findings\n"
MUTATIONS = """\
P1,pancreatic,PANET,wes,BRAF p.V600E,
P2,lung,LUCA,wes,KRAS p.G12C,
P3,pancreatic,PANET,wes,TSC2 p.A3T,
P4,pancreatic,PANET,wes,TSC2 p.R1459*,
P5,lung,LUCA,wes,EGFR p.L858R,
P6,pancreatic,PANET,wes,none,VHL p.R161*
P7,lung,LUCA,,,
P8,lung,,wes,BRAF p.V600E,
"""
OTHER = "Q1,pancreatic,PANET,wes,ETV6::NTRK3,\nQ2,pancreatic,PANET,wes,ERBB2 amp; BRAF p.V600E,\n"
WANTED = ("BRAF", "EGFR", "ERBB2", "ETV6", "KRAS", "NTRK3", "TSC2", "VHL")


def read(folder: Path, rows: str) -> ng.Cohort:
    return ng.read_cohort(write_files(folder, {"form.csv": HEADER + rows}) / "form.csv")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> ng.Cohort:
    """Eight patients, each with one situation."""
    return read(tmp_path_factory.mktemp("few"), MUTATIONS)


def altered_in(cohort: ng.Cohort, feature_type: str) -> dict[str, set[str]]:
    """Gene -> patients in whom it is altered; genes of nobody left out."""
    chosen = AssociationSettings(features=feature_type, genes=WANTED)
    matrix = ng.build_matrix(cohort, chosen)
    found = {gene: set(matrix.patients[row == 1]) for gene, row in zip(matrix.features, matrix.status, strict=True)}
    return {gene: own for gene, own in found.items() if own}


def test_build_matrix__actionable_counts_n1_to_n3b_of_the_patient_s_own_tumour(few: ng.Cohort) -> None:
    # BRAF V600E N1, KRAS G12C and EGFR L858R N3B. A variant of unknown significance, everolimus at N4, a germline
    # variant and an alteration in a tumour of unknown type do not count.
    assert altered_in(few, "actionable") == {"BRAF": {"P1"}, "KRAS": {"P2"}, "EGFR": {"P5"}}


def test_build_matrix__driver_counts_mutations_with_a_rule_at_any_level(few: ng.Cohort) -> None:
    # TSC2 p.R1459* is loss of function (N4); the tumour type does not matter for what a change does
    found = altered_in(few, "driver")
    assert found == {"BRAF": {"P1", "P8"}, "KRAS": {"P2"}, "EGFR": {"P5"}, "TSC2": {"P4"}}


def test_build_matrix__who_was_not_sequenced_or_has_no_tumour_type_is_not_wild_type(few: ng.Cohort) -> None:
    # P7 was not sequenced; whether BRAF V600E of P8 is actionable depends on a tumour type that is not known
    matrix = ng.build_matrix(few, AssociationSettings(features="actionable", genes=("BRAF", "TSC2")))
    assert cells(matrix) == {"BRAF": [1, 0, 0, 0, 0, 0, -1, -1], "TSC2": [0, 0, 0, 0, 0, 0, -1, 0]}
    assert matrix.hash != ng.build_matrix(few, AssociationSettings(features="driver", genes=("BRAF", "TSC2"))).hash


def test_build_matrix__actionable_fusions_and_amplifications(tmp_path: Path) -> None:
    # The partner of a fusion is no target, and amplification of ERBB2 is not the criterion of a label.
    cohort = read(tmp_path, MUTATIONS + OTHER)
    assert altered_in(cohort, "actionable") == {
        "BRAF": {"P1", "Q2"}, "KRAS": {"P2"}, "EGFR": {"P5"}, "NTRK3": {"Q1"},
    }  # fmt: skip
    matrix = ng.build_matrix(cohort, AssociationSettings(features="actionable", genes=WANTED))
    assert matrix.components == DATA_TYPES
    ntrk3 = dict(zip(matrix.patients, matrix.status[matrix.features.get_loc("NTRK3")].tolist(), strict=True))
    assert (ntrk3["P1"], ntrk3["P7"], ntrk3["Q1"]) == (0, -1, 1)
    assert altered_in(cohort, "driver")["BRAF"] == {"P1", "P8", "Q2"}
    assert "NTRK3" not in altered_in(cohort, "driver")  # drivers are mutations


def test_build_matrix__drivers_of_the_demo_are_the_genes_with_rules() -> None:
    # DOMAIN appendix A without ARID1A, which has a rule on deletions only: its mutations may be drivers or not
    chosen = AssociationSettings(features="driver")
    matrix = ng.build_matrix(demo_cohort(), chosen)
    altered = dict(zip(matrix.features, (matrix.status == 1).sum(axis=1).tolist(), strict=True))
    assert {gene: n for gene, n in altered.items() if n} == {
        "ATRX": 5, "DAXX": 2, "MEN1": 14, "RB1": 2, "SETD2": 3, "TP53": 10, "TSC2": 9,
    }  # fmt: skip
    arid1a = matrix.status[matrix.features.get_loc("ARID1A")]
    assert (int((arid1a == -1).sum()), int((arid1a == 0).sum())) == (7, 27)
    assert int((matrix.status[matrix.features.get_loc("TSC2")] == -1).sum()) == 11


def test_build_matrix__nothing_of_the_demo_is_actionable() -> None:
    matrix = ng.build_matrix(demo_cohort(), AssociationSettings(features="actionable"))
    assert int((matrix.status == 1).sum()) == 0
    assert int((matrix.status == -1).sum()) == 2 * 11  # DAXX and TSC2 are not on panel B
    assert len(matrix.features) == 20
