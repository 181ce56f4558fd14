"""Imports against patients: every part is needed, nothing is lent to neuroendocrine tumours, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen.actionability.diseases import UNRESOLVED, match_disease
from netgen.actionability.import_specs import exact_change, marker_value, of_kind
from netgen.actionability.imported import (
    IMPORTED_COLUMNS,
    ImportedTable,
    Statement,
    UnrepresentableError,
    build_table,
    match_imported,
    read_statements,
)
from netgen.actionability.imports import import_table
from netgen.actionability.scope import NEN_CODES, is_neuroendocrine
from netgen.knowledge.oncotree import OncoTree, load_oncotree, read_tree_json
from netgen.knowledge.snapshot import SnapshotFile
from tests.actionability.naive_matching import biomarker, mutation, patients, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TREE = load_oncotree()
REAL = {
    "civic": "kb_civic_fragment/civic_aid6.json",
    "moalmanac": "kb_moalmanac/molecular-oncology-almanac.json",
    "moalmanac normalised": "kb_moalmanac/referenced/statements.json",
    "cgi": "kb_cgi/cgi_biomarkers_per_variant.tsv",
}
LUNG_NEN = ("LUCA", "ALUCA", "LNET", "LUNE", "SCLC")


def source(path: Path, kind: str = "civic") -> SnapshotFile:
    named = {"source": "A source", "version": "v1", "date": "2025-01-31", "licence": "CC0", "sha256": ""}
    return SnapshotFile(kind=kind, path=path, **named)


def statement(name: str, *parts: Sequence[Any], **cells: Any) -> Statement:
    usual = {
        "rows": (1,), "disease": "Melanoma", "include": ("SOLID",), "therapy": ("x",), "direction": "sensitivity",
        "native_direction": "Sensitivity", "native_level": "B", "citation": "Doe 2020",
    }  # fmt: skip
    return Statement(id=name, parts=tuple(tuple(part) for part in parts), **{**usual, **cells})


def imported(path: Path, *statements: Statement) -> ImportedTable:
    nothing = read_statements([], lambda *_: [])[1]
    return build_table(source(path), statements, nothing, records=len(statements))


def ask(rows: Sequence[dict[str, Any]], one: ImportedTable, code: str | None = "PANET") -> pd.DataFrame:
    return match_imported(table(*rows), patients(code), one, TREE)


V600E = exact_change("BRAF", "V600E")


def test_match_imported__tells_source_level_and_scope(tmp_path: Path) -> None:
    one = imported(tmp_path / "f.tsv", statement("EID1", [V600E], include=("PANET",), therapy=("a", "b + c")))
    hits = ask([mutation("BRAF", "V600E"), mutation("BRAF", "V600K")], one)
    assert hits.to_dict("records") == [
        {
            "patient_id": "P1", "sample_id": "S1", "gene": "BRAF", "alteration": "p.V600E",
            "imported_source": "A source", "imported_version": "v1", "imported_licence": "CC0", "imported_id": "EID1",
            "imported_disease": "Melanoma", "imported_oncotree": "PANET", "imported_scope_match": "in_scope",
            "imported_therapy": "a; b + c", "imported_direction": "sensitivity", "imported_level": "B",
            "imported_citation": "Doe 2020",
        }
    ]  # fmt: skip
    assert tuple(hits.columns) == IMPORTED_COLUMNS


def test_match_imported__one_row_however_many_alternatives_match(tmp_path: Path) -> None:
    same = of_kind("any_mutation", "BRAF")
    one = imported(tmp_path / "f.tsv", statement("EID1", [V600E, same]), statement("EID2", [same]))
    assert ask([mutation("BRAF", "V600E")], one)["imported_id"].tolist() == ["EID1", "EID2"]
    assert [rule.id for rule in one.rules] == ["EID1", "EID1/2", "EID2"]


def test_build_table__a_name_that_comes_again_is_told_apart(tmp_path: Path) -> None:
    one = imported(tmp_path / "f.tsv", statement("EID1", [V600E]), statement("EID1", [V600E], therapy=("y",)))
    assert one.details["record"].tolist() == ["EID1", "EID1#2"]
    assert ask([mutation("BRAF", "V600E")], one)["imported_therapy"].tolist() == ["x", "y"]


def test_match_imported__all_parts_are_needed_in_one_sample(tmp_path: Path) -> None:
    both = statement("EID1", [V600E], [of_kind("amplification", "MET")])
    one = imported(tmp_path / "f.tsv", both)
    amplified = {"gene": "MET", "kind": "amplification", "alteration": "amplification", "origin": "somatic"}
    assert ask([mutation("BRAF", "V600E")], one).empty
    assert ask([amplified], one).empty
    assert ask([mutation("BRAF", "V600E"), amplified], one)["gene"].tolist() == ["BRAF", "MET"]
    assert ask([mutation("BRAF", "V600E"), {**amplified, "sample_id": "S2"}], one).empty
    assert ask([mutation("BRAF", "V600E"), {**amplified, "patient_id": "P2", "sample_id": "S1"}], one).empty


def test_match_imported__a_biomarker_without_a_sample_counts_for_every_sample(tmp_path: Path) -> None:
    one = imported(tmp_path / "f.tsv", statement("EID1", [V600E], [marker_value("TMB", 10.0)]))
    high = biomarker("TMB", "high", 12.0, sample_id=pd.NA)
    assert len(ask([mutation("BRAF", "V600E"), high], one)) == 2
    assert ask([mutation("BRAF", "V600E"), biomarker("TMB", "low", 9.9, sample_id=pd.NA)], one).empty
    assert ask([high], one).empty


def test_match_imported__germline_needs_a_germline_call(tmp_path: Path) -> None:
    inherited, somatic = (of_kind("lof", "BRCA2", origin) for origin in ("germline", "somatic"))
    one = imported(tmp_path / "f.tsv", statement("G", [inherited]), statement("S", [somatic]))
    found = {
        origin: ask([mutation("BRCA2", "S1982fs", origin=origin)], one)["imported_id"].tolist()
        for origin in ("germline", "somatic", "unknown")
    }
    assert found == {"germline": ["G"], "somatic": ["S"], "unknown": ["S"]}


def test_match_imported__the_type_of_the_sample_goes_before_that_of_the_patient(tmp_path: Path) -> None:
    one = imported(tmp_path / "f.tsv", statement("EID1", [V600E], include=("NSCLC",)))
    for code, scope in (("LUAD", "in_scope"), ("LUCA", "out_of_scope"), (pd.NA, "out_of_scope")):
        hits = ask([mutation("BRAF", "V600E", oncotree_code=code)], one, code="LUCA")
        assert hits["imported_scope_match"].tolist() == [scope]
    assert ask([mutation("BRAF", "V600E")], one, code=None)["imported_scope_match"].tolist() == ["uncertain"]


def test_match_imported__nothing_to_match_is_an_empty_table(tmp_path: Path) -> None:
    empty = imported(tmp_path / "f.tsv")
    full = imported(tmp_path / "f.tsv", statement("EID1", [V600E]))
    for hits in (ask([mutation("BRAF", "V600E")], empty), ask([mutation("KRAS", "G12C")], full)):
        assert tuple(hits.columns) == IMPORTED_COLUMNS
        assert hits.empty


def test_match_imported__the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    one = imported(tmp_path / "f.tsv", statement("B", [V600E]), statement("A", [of_kind("any_mutation", "KRAS")]))
    rows = [mutation("BRAF", "V600E"), mutation("KRAS", "G12C"), mutation("KRAS", "G12D", sample_id="S0")]
    pd.testing.assert_frame_equal(ask(rows, one), ask(rows[::-1], one))


def test_read_statements__lists_each_row_of_what_it_refuses() -> None:
    def refuse(name: str, _rows: tuple[int, ...], content: str) -> list[Statement]:
        raise UnrepresentableError("unread", f"{name} {content}")

    rejected = read_statements([("X", (3, 4), "text")], refuse)[1]
    assert rejected.to_dict("records") == [
        {"id": "X", "row": row, "reason": "unread", "text": "X text"} for row in (3, 4)
    ]


@pytest.mark.parametrize("name", ["Lung Cancer", "Lung Non-small Cell Carcinoma", "Lung Adenocarcinoma", "Cancer"])
@pytest.mark.parametrize("code", ["LUCA", "ALUCA", "LNET"])
def test_import__names_of_diseases_do_not_reach_a_lung_carcinoid(tmp_path: Path, name: str, code: str) -> None:
    header = ("molecular_profile", "disease", "therapies", "evidence_type", "evidence_direction", "significance")
    row = ("KRAS G12C", name, "Sotorasib", "Predictive", "Supports", "Sensitivity/Response")
    path = tmp_path / "evidence.tsv"
    path.write_text("\n".join("\t".join((*line, last)) for line, last in ((header, "evidence_id"), (row, "1"))) + "\n")
    hits = ask([mutation("KRAS", "G12C")], import_table(source(path), TREE), code=code)
    assert hits["imported_scope_match"].isin(["out_of_scope", "uncertain"]).tolist() == [True]


# ---------------------------------------------------------------- the real files


@pytest.fixture(scope="module", params=["complete", "bundled"])
def tree(request: pytest.FixtureRequest, shared: Path) -> OncoTree:
    if request.param == "bundled":
        return TREE
    return read_tree_json(shared / "data" / "kb_oncotree" / "oncotree_2025_10_03.json")


@pytest.fixture(scope="module", params=REAL)
def real(request: pytest.FixtureRequest, shared: Path, tree: OncoTree) -> ImportedTable:
    path, kind = shared / "data" / REAL[request.param], request.param.split()[0]
    listed = [source(one, "moalmanac_part") for one in sorted(path.parent.glob("*.json"))]
    return import_table(source(path, kind), tree, listed)


@pytest.mark.shared
def test_real_import__every_row_is_either_represented_or_refused(real: ImportedTable) -> None:
    shown = {int(row) for rows in real.details["rows"] for row in rows.split(";")}
    refused = real.rejected["row"].tolist()
    assert len(refused) == len(set(refused))
    assert not shown & set(refused)
    assert len(shown) + len(refused) == real.records
    assert set(real.details.index) == {rule.id for rule in real.rules}
    assert len(real.details) == len(real.rules)


@pytest.mark.shared
def test_real_import__a_neuroendocrine_tumour_is_in_scope_of_neuroendocrine_tumours_only(
    real: ImportedTable, tree: OncoTree
) -> None:
    for include in {rule.include for rule in real.rules}:
        own = any(item in tree and is_neuroendocrine(tree, item) for item in include)
        for code in sorted(NEN_CODES & set(tree.nodes.index)):
            scope = match_disease(tree, code, include)
            assert scope != "in_scope" or own, (code, include)
            assert scope != "agnostic" or "SOLID" in include, (code, include)


@pytest.mark.shared
@pytest.mark.parametrize("alteration", [mutation("KRAS", "G12C", function="activating"), mutation("EGFR", "L858R")])
def test_real_import__a_lung_carcinoid_borrows_nothing_from_lung_cancer(
    real: ImportedTable, tree: OncoTree, alteration: dict[str, Any]
) -> None:
    scopes = {}
    for code in (*LUNG_NEN, "LUAD"):
        hits = match_imported(table(alteration), patients(code), real, tree)
        lung = hits[hits["imported_disease"].str.contains("lung", case=False)]
        scopes[code] = set(lung["imported_scope_match"])
    assert all(scopes[code] <= {"out_of_scope", "uncertain"} for code in LUNG_NEN)
    if scopes["LUAD"]:  # the four assertions of the CIViC file say nothing of KRAS
        assert "in_scope" in scopes["LUAD"]


@pytest.mark.shared
def test_real_import__what_is_agnostic_says_any_solid_tumour(real: ImportedTable) -> None:
    agnostic = real.details[real.details["oncotree"].str.split(";").map(lambda codes: "SOLID" in codes)]
    assert set(agnostic["disease"].str.casefold()) <= {"any solid tumor", "solid tumors"}
    unplaced = real.details[real.details["disease"].isin(["Any cancer type", "Cancer"])]
    assert set(unplaced["oncotree"]) <= {UNRESOLVED}
