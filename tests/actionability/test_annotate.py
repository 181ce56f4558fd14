"""Rules, tumour types and imports put together: what is loaded, what is refused, what becomes of a cohort's tables."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen import schema
from netgen.actionability.annotate import (
    Knowledge,
    annotate,
    check_rule_table,
    describe_snapshot,
    list_features,
    load_knowledge,
)
from netgen.actionability.import_moalmanac import PARTS
from netgen.actionability.imported import IMPORTED_COLUMNS
from netgen.actionability.rules import AlterationSpec, Rule, RuleTable
from netgen.errors import Findings, InputError, SchemaError
from netgen.genomics.features import HIT_COLUMNS as FEATURE_COLUMNS
from netgen.knowledge.oncotree import load_oncotree

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.actionability.annotate import Annotation

TODAY = date(2026, 11, 26)
TREE = load_oncotree()
TABLES = {
    "patients": schema.PATIENTS, "samples": schema.SAMPLES, "profiles": schema.PROFILES, "panels": schema.PANELS,
    "variants": schema.VARIANTS, "germline": schema.VARIANTS, "copy_number": schema.COPY_NUMBER,
    "fusions": schema.FUSIONS, "biomarkers": schema.BIOMARKERS, "imaging": schema.IMAGING,
    "treatments": schema.TREATMENTS,
}  # fmt: skip
MISSENSE = "Missense_Mutation"

# ---------------------------------------------------------------- files
RULES = """\
netgen_rules: 1
name: {name}
snapshot: 2026-11
reviewed_by: A. Reader
expires: 2027-05
rules:
  - id: MINE
    gene: {gene}
    alteration: {{kind: exact_hgvsp, changes: [G12C]}}
    scope: {{include: [LNET]}}
    therapy: [sotorasib]
    direction: sensitivity
    level: N1
    source: [{{type: paper, id: X, date: 2024-01-02}}, {{type: expert, id: a guess, verified: false}}]
"""
BROKEN = """\
netgen_rules: 1
name: broken
snapshot: 2026-11
reviewed_by: A. Reader
rules:
  - id: NO-SCOPE
    gene: KRAS
    alteration: {kind: exact_hgvsp, changes: [G12C]}
    scope: {include: [LUNGX]}
    therapy: [sotorasib]
    direction: sensitivity
    level: N4
    source: [{type: paper, id: X}]
  - id: NO-LEVEL
    gene: KRAS
    alteration: {kind: exact_hgvsp, changes: [G12D]}
    scope: {include: [LNET]}
    therapy: [sotorasib]
    direction: sensitivity
    level: N9
    source: [{type: paper, id: X}]
"""


def node(code: str, name: str, *children: dict[str, Any], history: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"code": code, "name": name, "history": list(history), "children": {one["code"]: one for one in children}}


def tree_text() -> str:
    """A tree of seven nodes, one of them with a former code."""
    lung = node(
        "LUNG", "Lung",
        node("LNET", "Lung Neuroendocrine Tumor", node("LUCA", "Lung Carcinoid", history=("CARCINOID",))),
        node("NSCLC", "Non-Small Cell Lung Cancer", node("LUAD", "Lung Adenocarcinoma")),
    )  # fmt: skip
    root = node(
        "TISSUE", "Tissue", lung, node("PANCREAS", "Pancreas", node("PANET", "Pancreatic Neuroendocrine Tumor"))
    )

    def name_parents(one: dict[str, Any], parent: str | None) -> None:
        one["parent"] = parent
        for child in one["children"].values():
            name_parents(child, one["code"])

    name_parents(root, None)
    return json.dumps({"TISSUE": root})


def civic_text() -> str:
    """One evidence item for EGFR L858R in non-small cell lung cancer, and one that is disputed."""
    cells = {
        "molecular_profile": "EGFR L858R", "disease": "Lung Non-small Cell Carcinoma", "therapies": "Afatinib",
        "evidence_type": "Predictive", "evidence_direction": "Supports", "evidence_level": "B",
        "significance": "Sensitivity/Response", "citation": "Doe et al., 2020", "evidence_status": "accepted",
        "evidence_id": "7", "variant_origin": "Somatic",
    }  # fmt: skip
    rows = [cells, {**cells, "evidence_id": "8", "evidence_direction": "Does Not Support"}]
    return "\n".join(["\t".join(cells), *("\t".join(row.values()) for row in rows)]) + "\n"


def moalmanac_text() -> str:
    """One assertion, in the flat list of MOAlmanac, for BRAF V600E in the same disease."""
    entry = {
        "feature_type": "Somatic Variant", "gene": "BRAF", "protein_change": "p.V600E", "variant_annotation": "",
        "exon": "", "disease": "Non-Small Cell Lung Cancer", "oncotree_term": "Non-Small Cell Lung Cancer",
        "oncotree_code": "NSCLC", "context": "", "therapy_name": "Dabrafenib", "therapy_sensitivity": 1,
        "therapy_resistance": "", "favorable_prognosis": "", "predictive_implication": "Guideline", "assertion_id": 1,
        "citation": "Doe 2020", "url": "https://example.org", "last_updated": "2024-01-02", "_deprecated": False,
    }  # fmt: skip
    return json.dumps([entry])


def snapshot(folder: Path, **files: tuple[str, str]) -> Path:
    """Write kind -> (name, text) with a manifest, and return the folder."""
    folder.mkdir()
    entries = []
    for kind, (name, text) in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        entries.append(
            {"kind": kind, "path": name, "source": f"source of {kind}", "version": f"{kind} 7", "date": "2026-06-01",
             "licence": "CC0", "sha256": hashlib.sha256(text.encode()).hexdigest()}
        )  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps({"netgen_knowledge": 1, "files": entries}), encoding="utf-8")
    return folder


def whole_snapshot(folder: Path, **files: tuple[str, str]) -> Path:
    return snapshot(
        folder,
        **{
            "oncotree": ("tree.json", tree_text()),
            "genes": ("genes.tsv", "symbol\nKRAS\nEGFR\nBRAF\n"),
            "rules": ("rules.yaml", RULES.format(name="of the snapshot", gene="KRAS")),
            "civic": ("civic.tsv", civic_text()),
            "moalmanac": ("moa.json", moalmanac_text()),
            **files,
        },
    )


def load(*where: Any, today: date = TODAY, **more: Any) -> tuple[Knowledge, Findings]:
    findings = Findings()
    return load_knowledge(*where, today=today, findings=findings, **more), findings


# ---------------------------------------------------------------- load_knowledge


def test_load_knowledge__without_a_file_is_what_ships() -> None:
    found, findings = load()
    assert (found.rules.name, found.imports, found.snapshot) == ("netgen starter list", (), None)
    assert not found.tree.complete
    assert findings.codes() == set()


def test_load_knowledge__of_a_user_s_table_has_its_rules_only(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES.format(name="mine", gene="KRAS"), encoding="utf-8")
    found, findings = load(path)
    assert [rule.id for rule in found.rules.rules] == ["MINE"]
    assert (found.rules.name, found.rules.sha256) == ("mine", hashlib.sha256(path.read_bytes()).hexdigest())
    assert findings.codes() == set()
    assert load(path, every_warning=True)[1].codes() == {"W_RULE_UNVERIFIED"}


def test_load_knowledge__of_a_stale_table_warns_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES.format(name="mine", gene="KRAS"), encoding="utf-8")
    assert load(path, today=date(2027, 5, 31))[1].codes() == set()  # a month is over on its last day
    found, findings = load(path, today=date(2027, 6, 1))
    assert findings.codes() == {"W_RULE_STALE"}
    assert len(found.rules.rules) == 1


def test_load_knowledge__refuses_a_table_with_every_error_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    with pytest.raises(SchemaError, match="Rule NO-SCOPE") as caught:
        load(path)
    told = [(item.code, item.file, item.row, item.column, item.value) for item in caught.value.findings.of("E")]
    assert told == [
        ("E_RULE", "rules.yaml", 6, "scope.include", "LUNGX"),
        ("E_RULE", "rules.yaml", 14, "level", "N9"),
    ]


def test_load_knowledge__of_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E_FILE_MISSING"):
        load(tmp_path / "rules.yaml")


def test_load_knowledge__of_a_snapshot_has_its_tree_rules_and_imports(tmp_path: Path) -> None:
    found, findings = load(None, whole_snapshot(tmp_path / "kb"))
    assert findings.codes() == set()
    assert found.rules.name == "of the snapshot"
    assert sorted(found.tree.nodes.index) == ["LNET", "LUAD", "LUCA", "LUNG", "NSCLC", "PANCREAS", "PANET"]
    assert (found.tree.source, found.tree.version, found.tree.date) == (
        "source of oncotree",
        "oncotree 7",
        "2026-06-01",
    )
    assert [(one.source, one.version, one.licence, one.records) for one in found.imports] == [
        ("source of civic", "civic 7", "CC0", 2), ("source of moalmanac", "moalmanac 7", "CC0", 1),
    ]  # fmt: skip
    assert found.snapshot is not None
    assert found.snapshot.folder == tmp_path / "kb"


def test_load_knowledge__a_named_rule_table_goes_before_that_of_the_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES.format(name="named", gene="KRAS"), encoding="utf-8")
    found, _ = load(path, whole_snapshot(tmp_path / "kb"))
    assert found.rules.name == "named"
    assert len(found.imports) == 2


def test_load_knowledge__checks_genes_against_the_symbols_of_the_snapshot(tmp_path: Path) -> None:
    folder = whole_snapshot(tmp_path / "kb", rules=("rules.yaml", RULES.format(name="typing error", gene="KRASS")))
    with pytest.raises(SchemaError, match=r"gene needs current gene symbols; found 'KRASS'\. Did you mean KRAS\?"):
        load(None, folder)
    path = tmp_path / "rules.yaml"  # without a list of symbols nothing is known of genes
    path.write_text(RULES.format(name="typing error", gene="KRASS"), encoding="utf-8")
    assert load(path)[0].rules.rules[0].genes == ("KRASS",)


def test_load_knowledge__refuses_a_snapshot_whose_file_was_changed(tmp_path: Path) -> None:
    folder = whole_snapshot(tmp_path / "kb")
    (folder / "rules.yaml").write_text(RULES.format(name="changed", gene="KRAS"), encoding="utf-8")
    with pytest.raises(SchemaError, match=r"E_KNOWLEDGE: .*checksum"):
        load(None, folder)


# ---------------------------------------------------------------- check_rule_table and describe_snapshot


def test_check_rule_table__of_the_bundled_rules_has_no_error() -> None:
    table, findings = check_rule_table(today=TODAY)
    assert table is not None
    assert table.name == "netgen starter list"
    assert findings.codes() == {"W_RULE_UNVERIFIED"}


def test_check_rule_table__says_everything_and_gives_no_table(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(BROKEN.replace("type: paper, id: X", "type: paper, id: X, verified: false"), encoding="utf-8")
    table, findings = check_rule_table(path, today=TODAY)
    assert table is None
    assert [item.code for item in findings.of("E")] == ["E_RULE", "E_RULE"]
    assert [item.row for item in findings.of("W")] == [6, 14]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [("none.yaml", None, "E_FILE_MISSING"), ("rules.txt", "x", "E_FILE_FORMAT"), ("r.yaml", "a: [", "E_FILE_FORMAT")],
)
def test_check_rule_table__of_a_file_that_is_no_table(tmp_path: Path, name: str, text: str | None, code: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    table, findings = check_rule_table(tmp_path / name, today=TODAY)
    assert table is None
    assert [item.code for item in findings] == [code]


def test_check_rule_table__takes_scope_codes_from_the_tree_of_the_snapshot(tmp_path: Path) -> None:
    folder = snapshot(tmp_path / "kb", oncotree=("tree.json", tree_text()))
    _, findings = check_rule_table(None, folder, today=TODAY)
    unknown = {item.value for item in findings.of("E") if item.column == "scope.include"}
    assert {"TNET", "GINET"} <= unknown
    assert "PANET" not in unknown


def test_describe_snapshot__has_a_line_per_file_with_what_cannot_be_represented(tmp_path: Path) -> None:
    findings = Findings()
    assert describe_snapshot(whole_snapshot(tmp_path / "kb"), findings, today=TODAY) == [
        "oncotree: source of oncotree oncotree 7, 2026-06-01, CC0",
        "genes: source of genes genes 7, 2026-06-01, CC0: 3 symbols",
        "rules: source of rules rules 7, 2026-06-01, CC0: 1 rules",
        "civic: source of civic civic 7, 2026-06-01, CC0: 1 assertions; 1 rows cannot be represented (1 disputed)",
        "moalmanac: source of moalmanac moalmanac 7, 2026-06-01, CC0: 1 assertions",
    ]
    assert findings.codes() == {"W_RULE_UNVERIFIED"}


def test_describe_snapshot__tells_every_file_that_is_not_what_it_says(tmp_path: Path) -> None:
    folder = whole_snapshot(
        tmp_path / "kb", genes=("genes.tsv", "colour\nred\n"), civic=("civic.tsv", "colour\nred\n"),
        rules=("rules.yaml", BROKEN), moalmanac=("moa.json", '{"a": 1}'),
    )  # fmt: skip
    findings = Findings()
    lines = describe_snapshot(folder, findings, today=TODAY)
    assert [line.partition(":")[0] for line in lines] == ["oncotree"]
    told = [(item.code, item.file.rpartition("/")[2]) for item in findings.of("E")]
    assert told == [("E_FILE_FORMAT", name) for name in ("genes.tsv", "civic.tsv", "moa.json")]
    rules_alone = Findings()
    describe_snapshot(snapshot(tmp_path / "kb2", rules=("rules.yaml", BROKEN)), rules_alone, today=TODAY)
    assert [(item.code, item.row) for item in rules_alone.of("E")] == [("E_RULE", 6), ("E_RULE", 14)]


def test_load_knowledge__normalised_tables_are_read_through_the_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "kb"
    tables = dict.fromkeys(PARTS, "[]")
    tables["statements"] = json.dumps([{"id": 1, "proposition_id": 0, "direction": "supports"}])
    snapshot(folder, **{f"moalmanac_part {name}": (f"{name}.json", text) for name, text in tables.items()})
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for entry in manifest["files"]:
        entry["kind"] = "moalmanac" if entry["path"] == "statements.json" else "moalmanac_part"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (table,) = load_knowledge(None, folder, today=TODAY, findings=Findings()).imports
    assert table.rejected["reason"].tolist() == ["incomplete"]  # it was read, and names a proposition that is not there
    assert len(describe_snapshot(folder, Findings(), today=TODAY)) == len(PARTS) + 1
    (folder / "urls.json").write_text("[ ]", encoding="utf-8")
    with pytest.raises(SchemaError, match="has the checksum"):
        load_knowledge(None, folder, today=TODAY, findings=Findings())


# ---------------------------------------------------------------- annotate


def cohort(**given: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """Tables by name; those that are not given are empty."""
    return {name: schema.conform(pd.DataFrame(given.get(name, [])), table) for name, table in TABLES.items()}


def one_variant(gene: str = "BRAF", change: str = "V600E", *, code: Any = "PANET", **patient: Any) -> dict[str, Any]:
    """Tables of one patient with one sample and one missense variant."""
    return cohort(
        patients=[{"patient_id": "P1", "oncotree_code": code, **patient}],
        samples=[{"sample_id": "S1", "patient_id": "P1"}],
        variants=[{"sample_id": "S1", "gene": gene, "variant_class": MISSENSE, "hgvsp_short": f"p.{change}"}],
    )


def run(tables: dict[str, pd.DataFrame], knowledge: Knowledge | None = None) -> tuple[Annotation, Findings]:
    findings = Findings()
    return annotate(tables, knowledge or BUNDLED, findings=findings), findings


BUNDLED = load_knowledge(today=TODAY, findings=Findings())


def test_annotate__a_tumour_type_that_does_not_resolve_is_an_error_once_per_spelling() -> None:
    tables = cohort(
        patients=[{"patient_id": f"P{i}", "oncotree_code": code} for i, code in enumerate(["LUCAA", "LUCAA", "PANET"])],
        samples=[{"sample_id": "S1", "patient_id": "P2", "oncotree_code": "pancreatic net"}],
    )
    with pytest.raises(SchemaError) as caught:
        run(tables)
    found = {item.value: item for item in caught.value.findings.of("E")}
    assert [item.code for item in found.values()] == ["E_ONCOTREE_UNKNOWN", "E_ONCOTREE_UNKNOWN"]
    assert sorted(found) == ["LUCAA", "pancreatic net"]
    assert "LUCA (Lung Carcinoid)" in found["LUCAA"].fix
    assert "PANET (Pancreatic Neuroendocrine Tumor)" in found["pancreatic net"].fix


def test_annotate__a_missing_tumour_type_is_told_and_leaves_every_rule_uncertain() -> None:
    tables = one_variant(code=pd.NA)
    tables["patients"] = schema.conform(
        pd.DataFrame({"patient_id": ["P1", "P2"], "oncotree_code": [pd.NA, "PANET"]}), schema.PATIENTS
    )
    annotation, findings = run(tables)
    (warning,) = [item for item in findings if item.code == "W_ONCOTREE_MISSING"]
    assert "1 of 2 patients" in warning.message
    v600e = annotation.hits[annotation.hits["row"] == 7]
    assert v600e["scope_match"].tolist() == ["uncertain"]
    assert set(annotation.hits["level"]) == {"NX"}
    assert annotation.hits["flags"].str.contains("tumour_type_missing").all()


def test_annotate__a_patient_whose_samples_all_have_a_tumour_type_is_not_missing_one() -> None:
    rows = [
        ("P1", "tumour", "LUCA"), ("P1", "normal", pd.NA),  # told by the tumour
        ("P2", "tumour", "LUCA"), ("P2", "tumour", pd.NA),  # one of two is open
    ]  # fmt: skip
    tables = cohort(
        patients=[{"patient_id": f"P{i}"} for i in (1, 2, 3)],
        samples=[
            {"sample_id": f"S{i}", "patient_id": patient, "sample_class": kind, "oncotree_code": code}
            for i, (patient, kind, code) in enumerate(rows)
        ],
    )
    (warning,) = [item for item in run(tables)[1] if item.code == "W_ONCOTREE_MISSING"]
    assert "2 of 3 patients" in warning.message
    sure = cohort(
        patients=[{"patient_id": "P1"}], samples=[{"sample_id": "S", "patient_id": "P1", "oncotree_code": "LUCA"}]
    )
    assert "W_ONCOTREE_MISSING" not in run(sure)[1].codes()


@pytest.mark.parametrize("text", ["luca", " LUCA ", "Lung Carcinoid", "LUCA (Lung Carcinoid)"])
def test_annotate__names_and_other_spellings_become_codes(text: str) -> None:
    tables = one_variant("KRAS", "G12C", code=text)
    tables["samples"] = tables["samples"].assign(oncotree_code=pd.array(["lung carcinoid"], dtype="string"))
    annotation, findings = run(tables)
    assert annotation.patients["oncotree_code"].tolist() == ["LUCA"]
    assert annotation.samples["oncotree_code"].tolist() == ["LUCA"]
    assert set(annotation.hits["oncotree_code"]) == {"LUCA"}
    assert findings.codes().isdisjoint({"E_ONCOTREE_UNKNOWN", "W_ONCOTREE_RENAMED", "W_ONCOTREE_MISSING"})


def test_annotate__a_former_code_is_replaced_and_told(tmp_path: Path) -> None:
    knowledge, _ = load(None, whole_snapshot(tmp_path / "kb"))
    annotation, findings = run(one_variant("KRAS", "G12C", code="carcinoid"), knowledge)
    assert annotation.hits[["rule_id", "oncotree_code", "scope_match", "level"]].to_numpy().tolist() == [
        ["MINE", "LUCA", "in_scope", "N1"]
    ]
    (renamed,) = [item for item in findings if item.code == "W_ONCOTREE_RENAMED"]
    assert "'carcinoid' is a former code and was taken as LUCA (Lung Carcinoid)" in renamed.message


def test_annotate__the_tumour_type_of_a_sample_goes_before_that_of_the_patient() -> None:
    tables = one_variant("KRAS", "G12C", code="LUCA")
    tables["samples"] = schema.conform(
        pd.DataFrame({"sample_id": ["S1", "S2"], "patient_id": ["P1", "P1"], "oncotree_code": [pd.NA, "LUAD"]}),
        schema.SAMPLES,
    )
    both = [tables["variants"], tables["variants"].assign(sample_id=pd.array(["S2"], dtype="string"))]
    annotation, _ = run({**tables, "variants": pd.concat(both, ignore_index=True)})
    row = annotation.hits[annotation.hits["row"] == 36]
    found = row.drop_duplicates("sample_id").set_index("sample_id")[["oncotree_code", "scope_match", "level"]]
    assert found.loc["S1"].tolist() == ["LUCA", "out_of_scope", "N3B"]
    assert found.loc["S2"].tolist() == ["LUAD", "in_scope", "N1"]


def test_annotate__a_mutation_without_its_change_is_told_and_listed() -> None:
    tables = one_variant("BRAF", "V600E")
    tables["variants"] = tables["variants"].assign(hgvsp_short=pd.array([pd.NA], dtype="string"))
    annotation, findings = run(tables)
    assert len(annotation.hits) == 0
    assert annotation.vus[["gene", "reason"]].to_numpy().tolist() == [["BRAF", "change_not_stated"]]
    assert "W_CHANGE_UNSTATED" in findings.codes()
    assert "W_CHANGE_UNSTATED" not in run(one_variant("BRAF", "V600E"))[1].codes()


def test_annotate__duodenal_tumours_are_told_once() -> None:
    tables = one_variant(code="SBWDNET", origin="duodenal")
    _, findings = run(tables)
    (warning,) = [item for item in findings if item.code == "W_ONCOTREE_DUODENUM"]
    assert "the origin of 1 patients" in warning.message
    assert "SBWDNET" in warning.fix
    assert "W_ONCOTREE_DUODENUM" not in run(one_variant(origin="pancreatic"))[1].codes()


def test_annotate__measured_biomarkers_and_an_estimated_burden_are_alterations_too() -> None:
    # eight missense variants on 0.8 Mb: 10.0 per Mb, high (DOMAIN 4.6)
    tables = cohort(
        patients=[{"patient_id": "P1", "oncotree_code": "PANET"}],
        samples=[
            {
                "sample_id": "S1",
                "patient_id": "P1",
                "matched_normal": True,
                "date_collection": pd.Timestamp("2020-01-01"),
            }
        ],
        profiles=[{"sample_id": "S1", "mutations": "A"}],
        panels=[{"panel_id": "A", "size_mb": 0.8}],
        variants=[
            {"sample_id": "S1", "gene": "ZZZ3", "variant_class": MISSENSE, "hgvsp_short": f"p.A{i}T"}
            for i in range(2, 10)
        ],
        biomarkers=[{"patient_id": "P1", "biomarker": "MSI", "result": "MSI-H"}],
        treatments=[
            {"patient_id": "P1", "line_number": 1, "regimen": "everolimus", "date_start": pd.Timestamp("2019-01-01")}
        ],
    )
    annotation, _ = run(tables)
    assert annotation.alterations["alteration_id"].tolist() == list(range(10))
    assert annotation.alterations["kind"].value_counts().to_dict() == {"mutation": 8, "biomarker": 2}
    assert dict(zip(annotation.hits["rule_id"], annotation.hits["level"], strict=True)) == {
        "NG-MSI-PEMB": "N1", "NG-TMB-PEMB": "N1",
    }  # fmt: skip


def test_annotate__imports_stand_apart_and_never_lend_an_adenocarcinoma_s_drug(tmp_path: Path) -> None:
    knowledge, _ = load(None, whole_snapshot(tmp_path / "kb"))
    for code, scope in (("LUCA", "out_of_scope"), ("LUAD", "in_scope")):
        annotation, _ = run(one_variant("EGFR", "L858R", code=code), knowledge)
        assert len(annotation.hits) == 0
        imported = annotation.imported
        assert list(imported) == list(IMPORTED_COLUMNS)
        assert imported[["imported_id", "imported_scope_match", "imported_therapy"]].to_numpy().tolist() == [
            ["EID7", scope, "Afatinib"]
        ]


def test_annotate__columns_of_the_oncokb_annotator_stand_apart_and_never_lend_a_level() -> None:
    tables = one_variant("KRAS", "G12C", code="LUCA")
    tables["variants"] = tables["variants"].assign(LEVEL_1=pd.array(["Sotorasib"], dtype="string"))
    annotation, _ = run(tables)
    imported = annotation.imported
    assert imported[["imported_level", "imported_therapy", "imported_scope_match"]].to_numpy().tolist() == [
        ["LEVEL_1", "Sotorasib", "uncertain"]
    ]
    counted = annotation.hits[annotation.hits["direction"] == "sensitivity"]
    assert set(counted["level"]) == {"N3B"}
    assert set(counted["scope_match"]) == {"out_of_scope"}


def test_annotate__without_alterations_every_table_is_empty_and_has_its_columns() -> None:
    annotation, findings = run(cohort(patients=[{"patient_id": "P1", "oncotree_code": "PANET"}]))
    assert [len(getattr(annotation, name)) for name in ("alterations", "hits", "vus", "imported")] == [0, 0, 0, 0]
    assert list(annotation.imported) == list(IMPORTED_COLUMNS)
    assert list_features(annotation, "actionable").columns.tolist() == [*FEATURE_COLUMNS, "certain"]
    assert findings.of("E") == []


def test_annotate__the_order_of_rows_changes_nothing() -> None:
    changes = [("S1", "BRAF", "V600E"), ("S1", "KRAS", "G12C"), ("S2", "KRAS", "G12C"), ("S2", "TSC2", "A3T")]
    tables = cohort(
        patients=[{"patient_id": "P1", "oncotree_code": "PANET"}, {"patient_id": "P2", "oncotree_code": "LUCA"}],
        samples=[{"sample_id": "S1", "patient_id": "P1"}, {"sample_id": "S2", "patient_id": "P2"}],
        variants=[
            {"sample_id": sample, "gene": gene, "variant_class": MISSENSE, "hgvsp_short": f"p.{change}"}
            for sample, gene, change in changes
        ],
    )
    first, _ = run(tables)
    second, _ = run({name: table.iloc[::-1].reset_index(drop=True) for name, table in tables.items()})
    for name in ("alterations", "hits", "vus", "imported"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
    assert first.vus[["patient_id", "gene", "alteration"]].to_numpy().tolist() == [["P2", "TSC2", "p.A3T"]]


# ---------------------------------------------------------------- list_features


def rule(name: str, gene: str, spec: AlterationSpec, include: str = "PANET", level: str = "N1", **more: Any) -> Rule:
    given = {"direction": "sensitivity", "therapy": (f"drug of {name}",), **more}
    return Rule(id=name, genes=(gene,) if gene else (), alteration=spec, include=(include,), level=level, **given)


def exact(change: str) -> AlterationSpec:
    return AlterationSpec(kind="exact_hgvsp", changes=(change,))


LOF = AlterationSpec(kind="lof")
FEW = (
    rule("V600E", "BRAF", exact("V600E"), "SOLID"),
    rule("G12C", "KRAS", exact("G12C"), "NSCLC", level_out_of_scope="N3B"),
    rule("L858R", "EGFR", exact("L858R"), "NSCLC"),  # out of scope NX
    rule("TSC2", "TSC2", LOF, level="N4"),
    rule("ANY", "MEN1", AlterationSpec(kind="any_mutation")),
    rule("AMP", "ERBB2", AlterationSpec(kind="amplification"), "SOLID"),
    rule("DEL", "CDKN2A", AlterationSpec(kind="homdel"), level="N3A"),
    rule("FUSION", "NTRK3", AlterationSpec(kind="fusion"), "SOLID"),
    rule("RESISTANT", "NTRK3", exact("G623R"), "SOLID", "NR2", direction="resistance"),
    rule("DIAGNOSTIC", "RB1", LOF, level="NDx", direction="diagnostic", therapy=()),
    rule("GERMLINE", "VHL", LOF, origin="germline"),
    rule("TOO-BROAD", "ATM", exact("R3008C"), "LUCA"),
    rule("TMB", "", AlterationSpec(kind="biomarker_threshold", marker="TMB", at_least=10), "SOLID"),
)


@pytest.fixture(scope="module")
def annotated() -> Annotation:
    """Two patients with one alteration for each rule of FEW; what is not named here has no hit."""
    stop, change = "Nonsense_Mutation", "hgvsp_short"
    rows = [
        ("BRAF", MISSENSE, "V600E"), ("KRAS", MISSENSE, "G12C"), ("EGFR", MISSENSE, "L858R"), ("TSC2", stop, "R611*"),
        ("MEN1", MISSENSE, "T541A"), ("NTRK3", MISSENSE, "G623R"), ("RB1", stop, "R320*"), ("TSC2", MISSENSE, "S1R"),
    ]  # fmt: skip
    tables = cohort(
        patients=[{"patient_id": "P1", "oncotree_code": "PANET"}, {"patient_id": "P2", "oncotree_code": "LUNG"}],
        samples=[{"sample_id": "S1", "patient_id": "P1"}, {"sample_id": "S2", "patient_id": "P2"}],
        variants=[
            *(
                {"sample_id": "S1", "gene": gene, "variant_class": kind, change: f"p.{text}", "vaf": 0.25,
                 "file": "x.maf", "row": place}
                for place, (gene, kind, text) in enumerate(rows, start=2)
            ),
            {"sample_id": "S2", "gene": "ATM", "variant_class": MISSENSE, change: "p.R3008C"},
        ],
        germline=[{"sample_id": "S1", "gene": "VHL", "variant_class": stop, change: "p.R161*"}],
        copy_number=[
            {"sample_id": "S1", "gene": "ERBB2", "value": 2}, {"sample_id": "S1", "gene": "CDKN2A", "value": -2},
            {"sample_id": "S2", "gene": "ERBB2", "value": 1},
        ],
        fusions=[{"sample_id": "S1", "gene1": "ETV6", "gene2": "NTRK3", "sv_class": "FUSION", "status": "SOMATIC"}],
        biomarkers=[{"patient_id": "P1", "biomarker": "TMB", "value": 12.0, "unit": "mut/Mb"}],
    )  # fmt: skip
    knowledge = Knowledge(rules=RuleTable(rules=FEW, name="few", snapshot="2026-11", sha256=""), tree=TREE)
    annotation, _ = run(tables, knowledge)
    assert set(annotation.hits["rule_id"]) == {one.id for one in FEW}  # each rule is met by something
    return annotation


def named(rows: pd.DataFrame) -> set[tuple[str, str, str]]:
    assert not rows.duplicated(["sample_id", "gene", "kind", "label"]).any()
    return set(rows[["gene", "kind", "label"]].itertuples(index=False, name=None))


def test_list_features__driver_is_a_somatic_mutation_with_a_rule_that_asks_for_more_than_any(
    annotated: Annotation,
) -> None:
    rows = list_features(annotated, "driver")
    assert list(rows) == [*FEATURE_COLUMNS, "certain"]
    assert rows["certain"].all()
    assert named(rows) == {
        ("BRAF", "mutation", "p.V600E"), ("KRAS", "mutation", "p.G12C"), ("EGFR", "mutation", "p.L858R"),
        ("TSC2", "mutation", "p.R611*"), ("NTRK3", "mutation", "p.G623R"), ("RB1", "mutation", "p.R320*"),
        ("ATM", "mutation", "p.R3008C"),
    }  # fmt: skip
    braf = rows.set_index("gene").loc["BRAF"]
    assert braf[["sample_id", "variant_class", "vaf", "file", "row"]].tolist() == ["S1", MISSENSE, 0.25, "x.maf", 2]


def test_list_features__actionable_is_a_somatic_alteration_at_a_counted_level(annotated: Annotation) -> None:
    rows = list_features(annotated, "actionable")
    assert named(rows[rows["certain"]]) == {
        ("BRAF", "mutation", "p.V600E"), ("KRAS", "mutation", "p.G12C"), ("MEN1", "mutation", "p.T541A"),
        ("ERBB2", "amplification", "amplification"), ("CDKN2A", "homozygous_deletion", "homozygous deletion"),
        ("NTRK3", "fusion", "ETV6::NTRK3"),
    }  # fmt: skip


def test_list_features__a_counted_level_is_that_of_the_patient_s_own_tumour(annotated: Annotation) -> None:
    levels = annotated.hits.set_index("rule_id")["level"]
    assert levels[["G12C", "L858R", "TOO-BROAD", "TSC2"]].tolist() == ["N3B", "NX", "NX", "N4"]
