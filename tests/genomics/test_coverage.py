"""Who was profiled for what, from every kind of evidence (DOMAIN 1.3, 1.17)."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen.errors import Findings
from netgen.genomics.copynumber import CopyNumber
from netgen.genomics.coverage import ProfileEvidence, StudyCoverage, merge_coverage, resolve_profiles
from netgen.genomics.matrix import REASONS, build_alteration_matrix
from netgen.genomics.panels import Panel, whole_panel
from tests.genomics.naive_matrix import table

P1 = Panel(panel_id="P1", name="p1", genes=("ATRX", "TP53"))
VARIANTS = table(
    "variants",
    [
        {"sample_id": "S1", "gene": "TP53", "variant_class": "Missense_Mutation"},
        {"sample_id": "S2", "gene": "MEN1", "variant_class": "Silent"},
    ],
)


def mutations(coverage: StudyCoverage) -> dict[str, str | None]:
    cells = coverage.profiles.set_index("sample_id")["mutations"]
    return {sample: None if pd.isna(panel) else panel for sample, panel in cells.items()}


def genes(coverage: StudyCoverage, panel: str) -> list[str]:
    rows = coverage.panel_genes
    return rows.loc[rows["panel_id"] == panel, "gene"].tolist()


# ---------------------------------------------------------------- who, in order of priority
def test_resolve_profiles__believes_the_matrix_first() -> None:
    matrix = pd.DataFrame({"sample_id": ["S1", "S2", "S3"], "mutations": ["P1", None, "P1"]}, dtype="string")
    evidence = ProfileEvidence(panel_matrix=matrix, case_lists={"mutations": ["S1", "S2", "S3", "S4"]})
    findings = Findings()
    found = resolve_profiles(evidence, variants=VARIANTS, panels=[P1], findings=findings)
    assert mutations(found) == {"S1": "P1", "S2": None, "S3": "P1", "S4": "genes_of_mutations"}
    assert genes(found, "P1") == ["ATRX", "TP53"]
    assert [one.code for one in findings] == ["W_PROFILE_FROM_CASE_LIST"]


def test_resolve_profiles__takes_the_genes_of_the_file_for_a_case_list() -> None:
    findings = Findings()
    evidence = ProfileEvidence(case_lists={"mutations": ["S1", "S2", "S3"]})
    found = resolve_profiles(evidence, variants=VARIANTS, findings=findings, source="one")
    assert mutations(found) == dict.fromkeys(["S1", "S2", "S3"], "one:genes_of_mutations")
    assert genes(found, "one:genes_of_mutations") == ["MEN1", "TP53"]
    assert "A case list says that 3 samples were sequenced" in findings.items[0].message


def test_resolve_profiles__takes_the_line_of_a_maf_like_a_case_list() -> None:
    findings = Findings()
    found = resolve_profiles(
        ProfileEvidence(sequenced_samples=("S1", "S2", "S3")), variants=VARIANTS, findings=findings
    )
    assert mutations(found) == dict.fromkeys(["S1", "S2", "S3"], "genes_of_mutations")
    assert "The #sequenced_samples line says" in findings.items[0].message


def test_resolve_profiles__covers_every_gene_with_a_declared_assay() -> None:
    findings = Findings()
    found = resolve_profiles(
        ProfileEvidence(sequenced_samples=("S1", "S2", "S3")),
        variants=VARIANTS,
        declared=whole_panel("wgs"),
        findings=findings,
    )
    assert mutations(found) == dict.fromkeys(["S1", "S2", "S3"], "wgs")
    assert found.panels[["panel_id", "genes_mode"]].to_numpy().tolist() == [["wgs", "all"]]
    assert not findings.items


def test_resolve_profiles__gives_a_declared_panel_to_the_samples_of_the_files() -> None:
    evidence = ProfileEvidence(file_samples=("S1", "S2", "S9"))
    found = resolve_profiles(evidence, variants=VARIANTS, declared=P1, findings=Findings())
    assert mutations(found) == dict.fromkeys(["S1", "S2", "S9"], "P1")


def test_resolve_profiles__uses_the_panel_of_the_sample_table() -> None:
    evidence = ProfileEvidence(sample_panels=pd.Series({"S1": "P1", "S2": None, "S5": "P1"}, dtype="string"))
    findings = Findings()
    found = resolve_profiles(evidence, variants=VARIANTS, panels=[P1], declared=whole_panel("wes"), findings=findings)
    assert mutations(found) == {"S1": "P1", "S2": "wes", "S5": "P1"}
    assert found.profiles["cna"].isna().all()


def test_resolve_profiles__assumes_only_when_asked() -> None:
    findings = Findings()
    found = resolve_profiles(
        ProfileEvidence(file_samples=("S3",)), variants=VARIANTS, assume_profiled=True, findings=findings
    )
    assert mutations(found) == dict.fromkeys(["S1", "S2", "S3"], "assumed")
    assert genes(found, "assumed") == ["MEN1", "TP53"]
    assert not findings.items


def test_resolve_profiles__stops_without_any_evidence_and_names_the_remedies() -> None:
    findings = Findings()
    found = resolve_profiles(ProfileEvidence(), variants=VARIANTS, findings=findings)
    assert found.profiles.empty
    (finding,) = findings.items
    assert finding.code == "E_NO_PANEL"
    assert "2 sample(s) with variants (S1, S2)" in finding.message
    for remedy in ("--assay wes or wgs", "--panel FILE", "--assume-profiled"):
        assert remedy in finding.fix


def test_resolve_profiles__stops_for_samples_that_a_matrix_leaves_out() -> None:
    matrix = pd.DataFrame({"sample_id": ["S1"], "mutations": ["P1"]}, dtype="string")
    findings = Findings()
    resolve_profiles(ProfileEvidence(panel_matrix=matrix), variants=VARIANTS, panels=[P1], findings=findings)
    assert [(one.code, one.value) for one in findings] == [("E_NO_PANEL", "S2")]


def test_resolve_profiles__stops_for_panels_without_genes() -> None:
    matrix = pd.DataFrame({"sample_id": ["S1", "S2"], "mutations": ["IMPACT505", "WXS"]}, dtype="string")
    findings = Findings()
    found = resolve_profiles(ProfileEvidence(panel_matrix=matrix), variants=VARIANTS, findings=findings)
    assert [(one.code, one.value) for one in findings] == [("E_NO_PANEL", "IMPACT505")]
    assert found.panels["panel_id"].tolist() == ["WXS"]


# ---------------------------------------------------------------- other data types
def test_resolve_profiles__covers_the_genes_of_a_copy_number_file() -> None:
    copy_number = CopyNumber(
        table=table("copy_number", [{"sample_id": "S1", "gene": "TP53", "value": -2}]),
        samples=("S1", "S3"),
        genes=("ATRX", "TP53"),
    )
    evidence = ProfileEvidence(sequenced_samples=("S1", "S2"))
    found = resolve_profiles(evidence, variants=VARIANTS, copy_number=copy_number, findings=Findings())
    assert found.profiles[["sample_id", "cna"]].fillna("").to_numpy().tolist() == [
        ["S1", "genes_of_cna"], ["S2", ""], ["S3", "genes_of_cna"],
    ]  # fmt: skip
    assert genes(found, "genes_of_cna") == ["ATRX", "TP53"]


def test_resolve_profiles__gives_legacy_fusions_the_assay_of_the_mutations() -> None:
    fusions = table("fusions", [{"sample_id": "S1", "gene1": "ALK", "gene2": "EML4"}])
    matrix = pd.DataFrame({"sample_id": ["S1", "S2"], "mutations": ["P1", "P1"]}, dtype="string")
    evidence = ProfileEvidence(panel_matrix=matrix, fusions_follow_mutations=True)
    found = resolve_profiles(evidence, variants=VARIANTS, fusions=fusions, panels=[P1], findings=Findings())
    assert found.profiles["structural_variants"].tolist() == ["P1", "P1"]


def test_resolve_profiles__warns_when_nobody_says_who_was_tested_for_fusions() -> None:
    fusions = table("fusions", [{"sample_id": "S1", "gene1": "ALK", "gene2": "EML4"}])
    matrix = pd.DataFrame({"sample_id": ["S1", "S2"], "mutations": ["P1", "P1"]}, dtype="string")
    findings = Findings()
    found = resolve_profiles(
        ProfileEvidence(panel_matrix=matrix), variants=VARIANTS, fusions=fusions, panels=[P1], findings=findings
    )
    assert found.profiles["structural_variants"].fillna("").tolist() == ["genes_of_structural_variants", ""]
    assert genes(found, "genes_of_structural_variants") == ["ALK", "ATRX", "EML4", "MEN1", "TP53"]
    assert [one.code for one in findings] == ["W_SV_PROFILE_UNKNOWN"]


def test_resolve_profiles__gives_a_profile_its_own_panel() -> None:
    fusions = table("fusions", [{"sample_id": "S1", "gene1": "TP53", "gene2": "TP53"}])
    evidence = ProfileEvidence(
        case_lists={"structural_variants": ["S1", "S2"]},
        gene_panels={"structural_variants": "P1", "mutations": "P1"},
        sequenced_samples=("S1",),
    )
    found = resolve_profiles(evidence, variants=VARIANTS, fusions=fusions, panels=[P1], findings=Findings())
    assert found.profiles["structural_variants"].tolist() == ["P1", "P1"]
    assert mutations(found) == {"S1": "P1", "S2": "P1"}


@pytest.mark.parametrize(("profiles", "expected"), [((), [""]), (("mutations", "structural_variants"), ["P1"])])
def test_resolve_profiles__declares_a_panel_only_for_what_it_reports(
    profiles: tuple[str, ...], expected: list[str]
) -> None:
    declared = Panel(panel_id="P1", name="p1", genes=("TP53",), profiles=profiles)
    fusions = table("fusions", [])
    evidence = ProfileEvidence(case_lists={"structural_variants": ["S1"]} if profiles else {}, file_samples=("S1",))
    found = resolve_profiles(evidence, variants=VARIANTS[:1], fusions=fusions, declared=declared, findings=Findings())
    assert found.profiles["structural_variants"].fillna("").tolist() == expected


# ---------------------------------------------------------------- to the matrix
def test_resolve_profiles__feeds_the_matrix() -> None:
    """S3 was sequenced and has no variant: wild type. S4 is only in the sample table: not sequenced."""
    found = resolve_profiles(
        ProfileEvidence(case_lists={"mutations": ["S1", "S2", "S3"]}), variants=VARIANTS, findings=Findings()
    )
    matrix = build_alteration_matrix(
        samples=table("samples", [{"sample_id": f"S{n}", "patient_id": f"P{n}"} for n in range(1, 5)]),
        profiles=found.profiles,
        panels=found.panels,
        panel_genes=found.panel_genes,
        variants=VARIANTS,
    )
    assert list(matrix.features) == ["MEN1", "TP53"]
    assert matrix.status.tolist() == [[0, 0, 0, -1], [1, 0, 0, -1]]
    assert REASONS[matrix.reason[0, 3]] == "not_sequenced"


def test_merge_coverage__keeps_shared_panels_once() -> None:
    parts = [
        resolve_profiles(ProfileEvidence(file_samples=(one,)), variants=VARIANTS[:0], declared=P1, findings=Findings())
        for one in ("S2", "S1")
    ]
    found = merge_coverage(parts)
    assert mutations(found) == {"S1": "P1", "S2": "P1"}
    assert found.profiles["sample_id"].tolist() == ["S1", "S2"]
    assert found.panels["panel_id"].tolist() == ["P1"]
    assert genes(found, "P1") == ["ATRX", "TP53"]
    assert merge_coverage([]).profiles.empty
