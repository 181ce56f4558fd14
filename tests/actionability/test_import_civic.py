"""CIViC: tables of releases, old and new, and GKS JSON; small files by hand, and the real assertions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from netgen.actionability.import_civic import import_civic
from netgen.errors import InputError
from netgen.knowledge.oncotree import load_oncotree
from netgen.knowledge.snapshot import SnapshotFile

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.actionability.imported import ImportedTable

TREE = load_oncotree()
# Headers of civic-v2, server/app/tsv_formatters.
EVIDENCE = (
    "molecular_profile", "molecular_profile_id", "disease", "doid", "phenotypes", "therapies",
    "therapy_interaction_type", "evidence_type", "evidence_direction", "evidence_level", "significance",
    "evidence_statement", "citation_id", "source_type", "asco_abstract_id", "citation", "nct_ids", "rating",
    "evidence_status", "evidence_id", "variant_origin", "last_review_date", "evidence_civic_url",
    "molecular_profile_civic_url", "is_flagged",
)  # fmt: skip
ASSERTION = (
    "molecular_profile", "molecular_profile_id", "disease", "doid", "phenotypes", "therapies", "assertion_type",
    "assertion_direction", "significance", "acmg_codes", "amp_category", "nccn_guideline", "nccn_guideline_version",
    "regulatory_approval", "fda_companion_test", "assertion_summary", "assertion_description", "assertion_id",
    "evidence_item_ids", "last_review_date", "assertion_civic_url", "evidence_items_civic_url",
    "molecular_profile_civic_url", "is_flagged",
)  # fmt: skip
USUAL = {
    "molecular_profile": "EGFR L858R", "disease": "Lung Non-small Cell Carcinoma", "therapies": "Afatinib",
    "evidence_type": "Predictive", "evidence_direction": "Supports", "evidence_level": "B",
    "significance": "Sensitivity/Response", "citation_id": "123", "source_type": "PubMed",
    "citation": "Doe et al., 2020",
    "evidence_status": "accepted", "evidence_id": "7", "variant_origin": "Somatic",
    "last_review_date": "2023-01-09 21:46:24 UTC", "evidence_civic_url": "https://civicdb.org/links/evidence_items/7",
}  # fmt: skip


def source(path: Path) -> SnapshotFile:
    return SnapshotFile(
        kind="civic", path=path, source="CIViC", version="nightly", date="2025-05-01", licence="CC0", sha256=""
    )


def release(folder: Path, *rows: dict[str, str], header: tuple[str, ...] = EVIDENCE, **cells: str) -> ImportedTable:
    path = folder / "release.tsv"
    lines = ["\t".join(header)]
    for row in rows or ({},):
        lines.append("\t".join({**USUAL, **cells, **row}.get(name, "") for name in header))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return import_civic(source(path), TREE)


def test_import_civic__an_evidence_item(tmp_path: Path) -> None:
    table = release(tmp_path)
    (rule,) = table.rules
    assert (rule.id, rule.genes, rule.alteration.changes) == ("EID7", ("EGFR",), ("L858R",))
    assert (rule.include, rule.direction, rule.level, rule.level_out_of_scope) == (
        ("NSCLC",),
        "sensitivity",
        "NX",
        "NX",
    )
    assert rule.origin == "somatic"
    detail = table.details.loc["EID7"]
    assert detail["rows"] == "2"
    assert detail["native_level"] == "B"
    assert detail["citation"] == "Doe et al., 2020 (PMID:123)"
    assert detail["url"] == "https://civicdb.org/links/evidence_items/7"
    assert rule.sources[0].date == "2023-01-09"
    assert (table.source, table.version, table.licence, table.records) == ("CIViC", "nightly", "CC0", 1)


@pytest.mark.parametrize(
    ("kind", "significance", "direction"),
    [
        ("Predictive", "Resistance", "resistance"),
        ("Predictive", "Reduced Sensitivity", "reduced"),
        ("PREDICTIVE", "SENSITIVITYRESPONSE", "sensitivity"),
        ("Diagnostic", "Positive", "diagnostic"),
        ("Prognostic", "Better Outcome", "prognostic_good"),
        ("PROGNOSTIC", "POOR_OUTCOME", "prognostic_poor"),
        ("Predisposing", "Predisposition", "predisposition"),
    ],
)
def test_import_civic__directions(tmp_path: Path, kind: str, significance: str, direction: str) -> None:
    table = release(tmp_path, evidence_type=kind, significance=significance)
    assert [rule.direction for rule in table.rules] == [direction]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"evidence_direction": "Does Not Support"}, "disputed"),
        ({"evidence_status": "submitted"}, "not_accepted"),
        ({"significance": "Adverse Response"}, "toxicity"),
        ({"significance": "N/A"}, "no_direction"),
        ({"evidence_type": "Functional", "significance": "Gain of Function"}, "no_direction"),
        ({"evidence_type": "Oncogenic", "significance": "Oncogenicity"}, "no_direction"),
        ({"evidence_type": "Diagnostic", "significance": "Negative"}, "no_direction"),
        ({"molecular_profile": "BRAF Non-V600"}, "absence"),
        ({"molecular_profile": "CD274 Expression"}, "expression"),
    ],
)
def test_import_civic__what_is_not_applied_is_listed(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    table = release(tmp_path, **cells)
    assert table.rules == ()
    assert table.rejected[["id", "row", "reason"]].to_dict("records") == [{"id": "EID7", "row": 2, "reason": reason}]


@pytest.mark.parametrize(
    ("interaction", "therapy"),
    [
        ("Combination", ("Dabrafenib + Trametinib",)),
        ("COMBINATION", ("Dabrafenib + Trametinib",)),
        ("Sequential", ("Dabrafenib then Trametinib",)),
        ("Substitutes", ("Dabrafenib", "Trametinib")),
    ],
)
def test_import_civic__therapies(tmp_path: Path, interaction: str, therapy: tuple[str, ...]) -> None:
    table = release(tmp_path, therapies="Dabrafenib,Trametinib", therapy_interaction_type=interaction)
    assert table.rules[0].therapy == therapy


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [("Somatic", "somatic"), ("Rare Germline", "germline"), ("COMMON_GERMLINE", "germline"), ("Unknown", "either")],
)
def test_import_civic__origin_of_the_variant(tmp_path: Path, origin: str, wanted: str) -> None:
    assert release(tmp_path, variant_origin=origin).rules[0].origin == wanted


def test_import_civic__an_unknown_disease_is_kept_unresolved(tmp_path: Path) -> None:
    table = release(tmp_path, {"disease": "Cancer"}, {"disease": "", "evidence_id": "8"})
    assert [rule.include for rule in table.rules] == [("?",), ("?",)]
    assert table.details["oncotree"].tolist() == ["?", "?"]


def test_import_civic__a_complex_profile_has_its_parts(tmp_path: Path) -> None:
    table = release(tmp_path, molecular_profile="BCR::ABL1 Fusion AND ABL1 T315I")
    assert table.details[["record", "part", "parts"]].to_numpy().tolist() == [["EID7", 1, 2], ["EID7", 2, 2]]


def test_import_civic__an_assertion(tmp_path: Path) -> None:
    row = {
        "assertion_type": "Predictive", "assertion_direction": "Supports", "amp_category": "Tier I - Level A",
        "assertion_id": "6",
    }  # fmt: skip
    table = release(tmp_path, row, header=ASSERTION)
    assert [(rule.id, rule.origin) for rule in table.rules] == [("AID6", "either")]
    assert table.details["native_level"].tolist() == ["Tier I - Level A"]


def test_import_civic__releases_before_2023_have_gene_and_variant(tmp_path: Path) -> None:
    old = {"molecular_profile": "gene", "therapies": "drugs", "significance": "clinical_significance"}
    header = (*(old.get(name, name) for name in EVIDENCE), "variant")
    row = {"gene": "EGFR", "variant": "EXON 19 DELETION", "drugs": "Erlotinib",
           "clinical_significance": "Sensitivity/Response"}  # fmt: skip
    table = release(tmp_path, row, header=header)
    assert [(rule.genes, rule.alteration.kind, rule.therapy) for rule in table.rules] == [
        (("EGFR",), "exon_class", ("Erlotinib",))
    ]


def test_import_civic__quoted_fields_and_short_rows(tmp_path: Path) -> None:
    path = tmp_path / "quoted.tsv"
    cells = {**USUAL, "evidence_statement": '"A ""quoted""\tstatement\nof two lines"'}
    good = "\t".join(cells.get(name, "") for name in EVIDENCE)
    path.write_text("\n".join(["\t".join(EVIDENCE), good, "EGFR L858R\t33\tMelanoma", good]) + "\n", encoding="utf-8")
    table = import_civic(source(path), TREE)
    assert table.details["rows"].tolist() == ["2", "5"]
    assert table.rejected[["row", "reason"]].to_dict("records") == [{"row": 4, "reason": "incomplete"}]
    assert table.records == 3


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("name\tmolecular_profile_id\tsummary\n", "disease"),
        ("feature_id\tdisease\n1\tx\n", "Evidence or assertion summaries"),
        ("[1, 2]", "GKS / VA-Spec"),
        ('{"type": "Gene"}', "GKS / VA-Spec"),
        ("[", "JSON document"),
    ],
)
def test_import_civic__another_file_is_refused(tmp_path: Path, text: str, needed: str) -> None:
    path = tmp_path / "other"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=needed):
        import_civic(source(path), TREE)


# ---------------------------------------------------------------- GKS


def gks(**cells: Any) -> dict[str, Any]:
    proposition = {
        "type": "VariantTherapeuticResponseProposition", "predicate": "predictsSensitivityTo",
        "subjectVariant": {"name": "KRAS G12C"}, "geneContextQualifier": {"name": "KRAS"},
        "alleleOriginQualifier": {"name": "somatic"}, "conditionQualifier": {"name": "Lung Adenocarcinoma"},
        "objectTherapeutic": {"name": "Sotorasib"}, **cells.pop("proposition", {}),
    }  # fmt: skip
    return {"id": "civic.eid:1", "type": "Statement", "direction": "supports", "proposition": proposition, **cells}


def gks_table(folder: Path, *statements: dict[str, Any]) -> ImportedTable:
    path = folder / "gks.json"
    path.write_text(json.dumps(list(statements)), encoding="utf-8")
    return import_civic(source(path), TREE)


def test_import_gks__evidence_is_a_record_of_its_own_and_counted_once(tmp_path: Path) -> None:
    evidence = gks(id="civic.eid:5")
    lines = [{"hasEvidenceItems": [evidence, evidence]}]
    table = gks_table(
        tmp_path, gks(id="civic.aid:3", hasEvidenceLines=lines), gks(id="civic.aid:4", hasEvidenceLines=lines)
    )
    assert table.details["record"].tolist() == ["AID3", "EID5", "AID4"]
    assert table.details["rows"].tolist() == ["1", "2", "3"]
    assert table.records == 3


@pytest.mark.parametrize(
    ("item", "therapy"),
    [
        ({"therapies": [{"name": "b"}, {"name": "a"}], "groupType": {"name": "CombinationTherapy"}}, ("a + b",)),
        ({"therapies": [{"name": "b"}, {"name": "a"}], "membershipOperator": "OR"}, ("b", "a")),
        (
            {"therapies": [{"name": "b"}, {"name": "a"}],
             "extensions": [{"name": "civic_therapy_interaction_type", "value": "SUBSTITUTES"}]},
            ("b", "a"),
        ),
        ({}, ()),
    ],
)  # fmt: skip
def test_import_gks__therapies(tmp_path: Path, item: dict[str, Any], therapy: tuple[str, ...]) -> None:
    assert gks_table(tmp_path, gks(proposition={"objectTherapeutic": item})).rules[0].therapy == therapy


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (gks(direction="disputes"), "disputed"),
        (gks(proposition={"predicate": "isOncogenicFor"}), "no_direction"),
        (gks(proposition={"subjectVariant": {"name": "KRAS Wildtype"}}), "absence"),
        ({"id": "civic.eid:1", "type": "Statement", "direction": "supports", "proposition": "?"}, "no_direction"),
    ],
)
def test_import_gks__what_is_not_applied_is_listed(tmp_path: Path, statement: dict[str, Any], reason: str) -> None:
    table = gks_table(tmp_path, statement)
    assert table.rules == ()
    assert table.rejected["reason"].tolist() == [reason]


@pytest.mark.shared
def test_import_gks__the_four_real_assertions_and_their_evidence(shared: Path) -> None:
    path = shared / "data" / "kb_civic_fragment" / "civic_aid6.json"
    items = json.loads(path.read_text(encoding="utf-8"))
    evidence = [one for item in items for line in item["hasEvidenceLines"] for one in line["hasEvidenceItems"]]
    table = import_civic(source(path), TREE)
    assert table.records == len(items) + len({one["id"] for one in evidence}) == 22
    assert table.rejected.empty
    exact = {rule.id: rule for rule in table.rules}
    assert exact["AID6"].alteration.changes == ("L858R",)
    assert exact["AID6/2"].alteration.changes == ("GRCh37:7:55259515:T:G",)
    assert exact["AID7"].therapy == ("Dabrafenib + Trametinib",)
    assert exact["AID20"].direction == "prognostic_poor"
    assert exact["AID9"].genes == ("ACVR1",)
    assert exact["EID7159"].alteration.kind == "any_oncogenic"  # "BRAF Mutation"
    levels = table.details["native_level"]
    assert (levels["AID6"], levels["EID2997"], levels["EID982"]) == ("TIER_I_LEVEL_A", "A", "B")
