"""MOAlmanac: entries of the flat list and of the normalised form by hand, and the real files recounted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from netgen.actionability.import_moalmanac import PARTS, import_moalmanac
from netgen.errors import InputError
from netgen.knowledge.oncotree import load_oncotree, read_tree_json
from netgen.knowledge.snapshot import SnapshotFile

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.actionability.imported import ImportedTable
    from netgen.knowledge.oncotree import OncoTree

TREE = load_oncotree()


def source(path: Path) -> SnapshotFile:
    return SnapshotFile(
        kind="moalmanac", path=path, source="MOAlmanac", version="v", date="2026-05-15", licence="GPL-2.0", sha256=""
    )


def parts(folder: Path, *names: str) -> list[SnapshotFile]:
    """Tables beside ``statements.json``, as the manifest lists them; all of them unless named."""
    return [replace(source(folder / f"{name}.json"), kind="moalmanac_part") for name in names or PARTS]


def entry(**cells: Any) -> dict[str, Any]:
    return {
        "feature_type": "Somatic Variant", "gene": "BRAF", "protein_change": "", "variant_annotation": "", "exon": "",
        "disease": "Non-Small Cell Lung Cancer", "oncotree_term": "Non-Small Cell Lung Cancer",
        "oncotree_code": "NSCLC", "context": "Metastatic", "therapy_name": "Drug A + Drug B", "therapy_sensitivity": 1,
        "therapy_resistance": "", "favorable_prognosis": "", "predictive_implication": "Guideline", "assertion_id": 1,
        "citation": "Doe 2020", "url": "https://example.org", "last_updated": "2024-01-02", "_deprecated": False,
        **cells,
    }  # fmt: skip


def flat(folder: Path, *entries: dict[str, Any], tree: OncoTree = TREE) -> ImportedTable:
    path = folder / "moa.json"
    path.write_text(json.dumps(list(entries)), encoding="utf-8")
    return import_moalmanac(source(path), tree)


def specs(table: ImportedTable) -> list[tuple[Any, ...]]:
    """Return kind, genes, origin and the fields that are set, of each rule."""
    out = []
    for rule in table.rules:
        fields = {key: value for key, value in vars(rule.alteration).items() if value not in ((), None, "", "any")}
        out.append((fields.pop("kind"), rule.genes, rule.origin, fields))
    return out


def test_import_moalmanac__an_assertion(tmp_path: Path) -> None:
    table = flat(tmp_path, entry(protein_change="p.V600E"))
    (rule,) = table.rules
    assert (rule.id, rule.genes, rule.alteration.changes) == ("MOA:1", ("BRAF",), ("V600E",))
    assert (rule.include, rule.therapy, rule.direction, rule.level) == (
        ("NSCLC",), ("Drug A + Drug B",), "sensitivity", "NX",
    )  # fmt: skip
    detail = table.details.loc["MOA:1"]
    assert detail[["rows", "disease", "native_level", "condition", "citation", "url"]].tolist() == [
        "1", "Non-Small Cell Lung Cancer", "Guideline", "Metastatic", "Doe 2020", "https://example.org",
    ]  # fmt: skip
    assert table.records == 1


BASES = {"chromosome": "7", "start_position": "140453136", "reference_allele": "A", "alternate_allele": "T"}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, [("any_oncogenic", ("BRAF",), "somatic", {})]),
        ({"protein_change": "p.V600"}, [("codon", ("BRAF",), "somatic", {"codons": ("V600",)})]),
        (
            {"protein_change": "p.V600E", **BASES},
            [
                ("exact_hgvsp", ("BRAF",), "somatic", {"changes": ("V600E",)}),
                ("exact_genomic", ("BRAF",), "somatic", {"changes": ("GRCh37:7:140453136:A:T",)}),
            ],
        ),
        (
            {"gene": "EGFR", "variant_annotation": "Deletion", "exon": 19},
            [("exon_class", ("EGFR",), "somatic",
              {"exon": 19, "first": 729, "last": 761, "change_types": ("inframe_del", "delins")})],
        ),
        (
            {"gene": "EGFR", "variant_annotation": "Insertion", "exon": "20"},
            [("exon_class", ("EGFR",), "somatic",
              {"exon": 20, "first": 762, "last": 823, "change_types": ("inframe_ins",)})],
        ),
        (
            {"gene": "MET", "variant_annotation": "Splice Site", "exon": "14"},
            [("splice_event", ("MET",), "somatic", {"exon": 14})],
        ),
        (
            {"gene": "KIT", "exon": "11"},
            [("exon_class", ("KIT",), "somatic", {"exon": 11, "first": 550, "last": 592})],
        ),
        (
            {"gene": "PTEN", "variant_annotation": "Nonsense"},
            [("codon_range", ("PTEN",), "somatic", {"first": 1, "last": 100_000, "change_types": ("nonsense",)})],
        ),
        (
            {"feature_type": "Germline Variant", "gene": "BRCA2", "pathogenic": "1"},
            [("any_oncogenic", ("BRCA2",), "germline", {})],
        ),
        (
            {"feature_type": "Copy Number", "gene": "ERBB2", "direction": "Amplification"},
            [("amplification", ("ERBB2",), "somatic", {})],
        ),
        ({"feature_type": "Copy Number", "direction": "Deletion"}, [("homdel", ("BRAF",), "somatic", {})]),
        (
            {"feature_type": "Rearrangement", "gene1": "BCR", "gene2": "ABL1", "rearrangement_type": "Fusion"},
            [("fusion", ("ABL1",), "somatic", {"partners": ("BCR",)})],
        ),
        (
            {"feature_type": "Rearrangement", "gene1": "ALK", "gene2": "", "rearrangement_type": ""},
            [("fusion", ("ALK",), "somatic", {})],
        ),
        (
            {"feature_type": "Microsatellite Stability", "status": "MSI-High"},
            [("biomarker_status", (), "either", {"marker": "MSI", "results": ("MSI-H",)})],
        ),
        (
            {"feature_type": "Mutational Burden", "classification": "High", "mutations_per_mb": "10"},
            [("biomarker_threshold", (), "either", {"marker": "TMB", "at_least": 10.0})],
        ),
    ],
)  # fmt: skip
def test_import_moalmanac__features(tmp_path: Path, cells: dict[str, Any], expected: list[tuple[Any, ...]]) -> None:
    assert specs(flat(tmp_path, entry(**cells))) == expected


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"_deprecated": True}, "deprecated"),
        ({"therapy_sensitivity": ""}, "no_direction"),
        ({"therapy_sensitivity": "", "adverse_event_risk": "1"}, "toxicity"),
        ({"therapy_sensitivity": 1, "therapy_resistance": 1}, "ambiguous"),
        ({"feature_type": "Aneuploidy", "event": "Whole genome doubling"}, "genome_wide"),
        ({"feature_type": "Mutational Signature", "cosmic_signature": "SBS3"}, "genome_wide"),
        ({"feature_type": "Knockdown", "technique": "shRNA"}, "experiment"),
        ({"feature_type": "Mutational Burden", "classification": "High", "minimum_mutations": "178"}, "threshold"),
        ({"feature_type": "Rearrangement", "gene1": "CCND1", "gene2": "", "locus": "t(11;14)"}, "unread"),
        ({"variant_annotation": "Internal Tandem Duplication (ITD)"}, "unread"),
        ({"protein_change": "p.?"}, "unread"),
        ({"gene": ""}, "incomplete"),
        ({"feature_type": "Silencing"}, "unread"),
    ],
)
def test_import_moalmanac__what_is_not_applied_is_listed(tmp_path: Path, cells: dict[str, Any], reason: str) -> None:
    table = flat(tmp_path, entry(protein_change="p.V600E"), entry(assertion_id=2, **cells))
    assert table.rejected[["id", "row", "reason"]].to_dict("records") == [{"id": "MOA:2", "row": 2, "reason": reason}]
    assert table.details["record"].tolist() == ["MOA:1"]


@pytest.mark.parametrize(
    ("cells", "direction", "therapy"),
    [
        ({"therapy_sensitivity": 0}, "reduced", ("Drug A + Drug B",)),
        ({"therapy_sensitivity": "", "therapy_resistance": 1}, "resistance", ("Drug A + Drug B",)),
        ({"therapy_sensitivity": "", "favorable_prognosis": 1, "therapy_name": ""}, "prognostic_good", ()),
        ({"therapy_sensitivity": "", "favorable_prognosis": 0, "therapy_name": ""}, "prognostic_poor", ()),
        ({"therapy_sensitivity": "", "diagnostic": 1, "therapy_name": ""}, "diagnostic", ()),
    ],
)
def test_import_moalmanac__directions(
    tmp_path: Path, cells: dict[str, Any], direction: str, therapy: tuple[str, ...]
) -> None:
    (rule,) = flat(tmp_path, entry(**cells)).rules
    assert (rule.direction, rule.therapy) == (direction, therapy)


@pytest.mark.parametrize(
    ("disease", "term", "code", "include"),
    [
        ("Any solid tumor", "Any solid tumor", "", ("SOLID",)),
        ("", "Any solid tumor", "", ("SOLID",)),
        ("Liver Metastases", "Any solid tumor", "", ("?",)),
        ("Lung Cancer", "Non-Small Cell Lung Cancer", "NSCLC", ("NSCLC",)),
        ("Lung Cancer", "Leukemia", "AML", ("?",)),  # it contradicts itself
        ("Testicular Germ Cell Tumors", "Testicular Germ Cell Tumors", "TGCT", ("TESTIS",)),  # code of another tumour
        ("", "Pancreatic Adenocarcinoma", "PAAD", ("PAAD",)),
        ("", "", "", ("?",)),
        ("Pancreatic Cancer", "", "", ("PANCREAS",)),
    ],
)
@pytest.mark.shared
def test_import_moalmanac__tumour_types(
    tmp_path: Path, shared: Path, disease: str, term: str, code: str, include: tuple[str, ...]
) -> None:
    tree = read_tree_json(shared / "data" / "kb_oncotree" / "oncotree_2025_10_03.json")
    table = flat(tmp_path, entry(disease=disease, oncotree_term=term, oncotree_code=code), tree=tree)
    assert table.rules[0].include == include


@pytest.mark.parametrize(
    ("content", "needed"),
    [
        ({"feature_type": "x"}, "A list of assertions"),
        ([], "A list of assertions"),
        ([1], "A list of assertions"),
        ([{"id": 1}], "feature_type or proposition_id"),
    ],
)
def test_import_moalmanac__another_file_is_refused(tmp_path: Path, content: object, needed: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=needed):
        import_moalmanac(source(path), TREE)


# ---------------------------------------------------------------- the normalised form


def biomarker(number: int, name: str, genes: list[int], **extensions: Any) -> dict[str, Any]:
    listed = [{"name": key, "value": value} for key, value in {"_present": True, **extensions}.items()]
    return {"id": number, "type": "CategoricalVariant", "name": name, "genes": genes, "extensions": listed}


def normalised(folder: Path, *biomarkers: dict[str, Any], **proposition: Any) -> ImportedTable:
    tables = {
        "biomarkers": list(biomarkers),
        "genes": [{"id": 0, "name": "BRAF"}, {"id": 1, "name": "ABL1"}, {"id": 2, "name": "BCR"}],
        "diseases": [{"id": 0, "name": "Non-Small Cell Lung Cancer", "primary_coding_id": "oncotree:NSCLC"},
                     {"id": 1, "name": "Any solid tumor", "primary_coding_id": "ncit:C132146"}],
        "therapies": [{"id": 0, "name": "Drug A"}, {"id": 1, "name": "Drug B"}],
        "therapy_groups": [{"id": 0, "membershipOperator": "AND", "therapies": [1, 0]}],
        "documents": [{"id": "doc:a", "agent_id": "fda", "name": "Label", "status": "Active", "urls": ["url:a"],
                       "publication_date": "2025-01-02"}],
        "agents": [{"id": "fda", "name": "Food and Drug Administration"}],
        "strengths": [{"id": 0, "name": "Approval"}],
        "urls": [{"id": "url:a", "url": "https://example.org/label"}],
        "propositions": [{"id": 0, "predicate": "predictSensitivityTo", "biomarkers": [one["id"] for one in biomarkers],
                          "conditionQualifier_id": 0, "therapy_id": 0, "therapy_group_id": None, **proposition}],
        "statements": [{"id": 9, "proposition_id": 0, "reportedIn": ["doc:a"], "direction": "supports",
                        "strength_id": 0}],
    }  # fmt: skip
    assert set(tables) == {*PARTS, "statements"}
    for name, content in tables.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return import_moalmanac(source(folder / "statements.json"), TREE, parts(folder))


V600E = biomarker(4, "BRAF p.V600E", [0], biomarker_type="Somatic Variant", protein_change="p.V600E")


def test_import_moalmanac__a_normalised_statement(tmp_path: Path) -> None:
    table = normalised(tmp_path, V600E, therapy_id=None, therapy_group_id=0)
    assert specs(table) == [("exact_hgvsp", ("BRAF",), "somatic", {"changes": ("V600E",)})]
    detail = table.details.loc["MOA:statement:9"]
    assert detail[["rows", "oncotree", "therapy", "native_level", "citation", "url"]].tolist() == [
        "1", "NSCLC", "Drug B + Drug A", "Approval (Food and Drug Administration)", "Label", "https://example.org/label",
    ]  # fmt: skip


def test_import_moalmanac__biomarkers_of_a_proposition_are_all_needed(tmp_path: Path) -> None:
    burden = biomarker(5, "TMB-H", [], biomarker_type="Tumor mutational burden", minimum_mutations_per_megabase=10)
    table = normalised(tmp_path, V600E, burden, conditionQualifier_id=1)
    assert table.details[["part", "parts", "oncotree"]].to_numpy().tolist() == [[1, 2, "SOLID"], [2, 2, "SOLID"]]


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ({"biomarker_type": "Somatic Variant", "requires_oncogenic": True}, ("any_oncogenic", ("BRAF",), {})),
        ({"biomarker_type": "Somatic Variant", "requires_oncogenic": False}, ("any_mutation", ("BRAF",), {})),
        ({"biomarker_type": "Protein expression", "marker": "PD-L1", "unit": "Tumor Proportion Score (TPS)",
          "equality": ">=", "value": 0.01}, ("biomarker_threshold", (), {"marker": "PDL1_TPS", "at_least": 1.0})),
        ({"biomarker_type": "Protein expression", "marker": "PD-L1", "unit": "Combined Positive Score (CPS)",
          "equality": ">=", "value": 10}, ("biomarker_threshold", (), {"marker": "PDL1_CPS", "at_least": 10.0})),
        ({"biomarker_type": "Mismatch Repair", "status": "Deficient"},
         ("biomarker_status", (), {"marker": "MMR", "results": ("deficient",)})),
        ({"biomarker_type": "Protein expression", "unit": "status", "equality": "=", "value": "Positive",
          "marker": "Human epidermal growth factor receptor 2 (HER2)"},
         ("expression", (), {"marker": "HER2", "results": ("3+", "positive")})),
        ({"biomarker_type": "Protein expression", "marker": "CD30", "value": "Positive"}, "expression"),
        ({"biomarker_type": "Wild type"}, "absence"),
        ({"biomarker_type": "Somatic Variant", "protein_change": "p.V600E", "_present": False}, "absence"),
        ({"biomarker_type": "Copy Number (arm level)", "arm": "q"}, "genome_wide"),
    ],
)  # fmt: skip
def test_import_moalmanac__normalised_biomarkers(tmp_path: Path, extensions: dict[str, Any], expected: Any) -> None:
    table = normalised(tmp_path, biomarker(4, "a name", [0], **extensions))
    if isinstance(expected, str):
        assert table.rejected["reason"].tolist() == [expected]
    else:
        assert [(kind, genes, fields) for kind, genes, _, fields in specs(table)] == [expected]


def test_import_moalmanac__a_broken_reference_is_listed(tmp_path: Path) -> None:
    table = normalised(tmp_path, V600E, therapy_id=99)
    assert table.rejected[["reason", "text"]].to_numpy().tolist() == [["incomplete", "therapies 99"]]


def test_import_moalmanac__statements_without_their_tables_are_refused(tmp_path: Path) -> None:
    normalised(tmp_path, V600E)
    (tmp_path / "diseases.json").unlink()
    with pytest.raises(InputError, match="E_FILE_MISSING"):
        import_moalmanac(source(tmp_path / "statements.json"), TREE, parts(tmp_path))


def test_import_moalmanac__a_table_that_the_manifest_does_not_list_is_not_read(tmp_path: Path) -> None:
    """What has no checksum could have changed unseen."""
    normalised(tmp_path, V600E)
    listed = parts(tmp_path, *[name for name in PARTS if name not in {"diseases", "urls"}])
    elsewhere = parts(tmp_path / "older", "diseases", "urls")
    with pytest.raises(InputError, match=r"E_KNOWLEDGE: .* found no diseases.json, urls.json") as raised:
        import_moalmanac(source(tmp_path / "statements.json"), TREE, [*listed, *elsewhere])
    assert "kind moalmanac_part" in raised.value.finding.fix


# ---------------------------------------------------------------- the real files


@pytest.mark.shared
def test_import_moalmanac__real_list_recounted(shared: Path) -> None:
    path = shared / "data" / "kb_moalmanac" / "molecular-oncology-almanac.json"
    items = json.loads(path.read_text(encoding="utf-8"))
    table = import_moalmanac(source(path), read_tree_json(shared / "data/kb_oncotree/oncotree_2025_10_03.json"))
    kinds = Counter(item["feature_type"] for item in items if not item["_deprecated"])
    reasons = Counter(table.rejected["reason"])
    assert table.records == len(items) == 1018
    assert reasons["deprecated"] == sum(item["_deprecated"] for item in items)
    assert reasons["experiment"] == kinds["Knockdown"]
    assert reasons["genome_wide"] == kinds["Mutational Signature"] + kinds["Aneuploidy"]
    assert reasons["threshold"] == sum(
        item["feature_type"] == "Mutational Burden" and not item["mutations_per_mb"] for item in items
    )
    assert reasons["toxicity"] == sum(str(item.get("adverse_event_risk")) == "1" for item in items)
    assert reasons["no_direction"] == 0
    assert reasons["unread"] == sum(bool(item.get("locus")) and not item["gene2"] for item in items)
    assert len(table.rejected) + table.details["record"].nunique() == len(items)
    named = {f"MOA:{item['assertion_id']}": item for item in items}
    exact = [rule for rule in table.rules if rule.alteration.kind == "exact_hgvsp"]
    assert len(exact) > 300
    for rule in exact:
        assert named[rule.id]["protein_change"] == f"p.{rule.alteration.changes[0]}"


@pytest.mark.shared
def test_import_moalmanac__real_statements_recounted(shared: Path) -> None:
    folder = shared / "data" / "kb_moalmanac" / "referenced"
    table = import_moalmanac(source(folder / "statements.json"), TREE, parts(folder))
    statements, propositions, documents, biomarkers = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("statements", "propositions", "documents", "biomarkers")
    )
    needed = {item["id"]: item["biomarkers"] for item in propositions}
    gone = {item["id"] for item in documents if item["status"] == "Deprecated"}
    names = {item["id"]: item["name"] for item in biomarkers}
    assert table.records == len(statements) == 1944
    active = [item for item in statements if item["reportedIn"][0] not in gone]
    assert Counter(table.rejected["reason"])["deprecated"] == len(statements) - len(active)
    shown = set(table.details["record"])
    for item in active:
        asked = {names[one] for one in needed[item["proposition_id"]]}
        if asked & {"ER positive", "PR positive", "CD20 +", "Wild type ALK", "FLT3-ITD", "5q deletion"}:
            assert f"MOA:statement:{item['id']}" not in shown
        elif asked <= {
            "BRAF p.V600E",
            "v::ALK",
            "EGFR p.L858R",
            "MSI-H",
            "TMB-H (>= 10 mutations / Mb)",
            "HER2-positive",
        }:
            assert f"MOA:statement:{item['id']}" in shown
