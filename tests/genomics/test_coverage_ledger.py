"""The coverage ledger: literal cases, and the alteration matrix as its witness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.errors import Findings
from netgen.genomics.copynumber import CopyNumber
from netgen.genomics.coverage import ProfileEvidence, StudyCoverage, resolve_profiles
from netgen.genomics.coverage_ledger import LEDGER_COLUMNS, build_coverage
from netgen.genomics.matrix import build_alteration_matrix
from netgen.genomics.panels import Panel, whole_panel
from netgen.genomics.study_genomics import read_study_genomics
from tests.genomics.naive_matrix import GENES, call_frame, naive_matrix, studies, table

if TYPE_CHECKING:
    from pathlib import Path

P1 = Panel(panel_id="P1", name="p1", genes=("ATRX", "TP53"), source="bed")
HOT = Panel(panel_id="HOT", name="hot spots", genes=("BRAF", "TP53"), partial=frozenset({"BRAF"}), source="panel_file")
VARIANTS = table(
    "variants",
    [
        {"sample_id": "A1", "gene": "TP53", "variant_class": "Missense_Mutation"},
        {"sample_id": "B1", "gene": "BRAF", "variant_class": "Missense_Mutation", "hotspot": True},
    ],
)


def people(*pairs: tuple[str, str], **changes: Any) -> pd.DataFrame:
    return table("samples", [{"sample_id": one, "patient_id": two, **changes} for one, two in pairs])


def ledger(coverage: StudyCoverage, samples: pd.DataFrame, **options: Any) -> pd.DataFrame:
    return build_coverage(
        samples=samples, profiles=coverage.profiles, panels=coverage.panels, panel_genes=coverage.panel_genes, **options
    )


def rows(found: pd.DataFrame, profile: str = "mutations") -> list[tuple[str, ...]]:
    """Return patient, gene, status, reason, panel and source of one profile."""
    own = found[found["profile"] == profile].drop(columns=["sample_id", "profile"])
    return list(own.fillna("").itertuples(index=False, name=None))


def test_build_coverage__has_a_row_per_patient_sample_gene_and_profile() -> None:
    """A1 is on the BED panel, B1 on the hot-spot panel of the sample table, C1 nowhere, D has no sample."""
    evidence = ProfileEvidence(sample_panels=pd.Series({"B1": "HOT"}, dtype="string"))
    coverage = resolve_profiles(evidence, variants=VARIANTS, panels=[HOT], declared=P1, findings=Findings())
    found = ledger(coverage, people(("A1", "A"), ("B1", "B"), ("C1", "C")), patients=["A", "B", "C", "D"])
    assert list(found.columns) == list(LEDGER_COLUMNS)
    assert len(found) == 4 * 3 * 3
    assert rows(found) == [
        ("A", "ATRX", "profiled", "", "P1", "bed"),
        ("A", "BRAF", "not_profiled", "gene_not_on_panel", "P1", "bed"),
        ("A", "TP53", "profiled", "", "P1", "bed"),
        ("B", "ATRX", "not_profiled", "gene_not_on_panel", "HOT", "sample_table"),
        ("B", "BRAF", "partial", "partial_coverage", "HOT", "sample_table"),
        ("B", "TP53", "profiled", "", "HOT", "sample_table"),
        ("C", "ATRX", "not_profiled", "not_sequenced", "", ""),
        ("C", "BRAF", "not_profiled", "not_sequenced", "", ""),
        ("C", "TP53", "not_profiled", "not_sequenced", "", ""),
        ("D", "ATRX", "not_profiled", "not_sequenced", "", ""),
        ("D", "BRAF", "not_profiled", "not_sequenced", "", ""),
        ("D", "TP53", "not_profiled", "not_sequenced", "", ""),
    ]
    assert set(found.loc[found["patient_id"] == "D", "sample_id"].isna()) == {True}
    assert {row[3] for row in rows(found, "cna")} == {"profile_missing", "not_sequenced"}


def test_build_coverage__a_hot_spot_panel_covers_hot_spots_alone() -> None:
    """BRAF of the hot-spot panel: enough for the feature hotspot, a gap with a reason for loss of function."""
    evidence = ProfileEvidence(sample_panels=pd.Series({"B1": "HOT", "B2": "HOT"}, dtype="string"))
    coverage = resolve_profiles(evidence, variants=VARIANTS[1:], panels=[HOT], findings=Findings())
    samples = people(("B1", "B"), ("B2", "E"))
    assert [row[2] for row in rows(ledger(coverage, samples, genes=["BRAF"]))] == ["partial", "partial"]
    tables = {"profiles": coverage.profiles, "panels": coverage.panels, "panel_genes": coverage.panel_genes}
    status = {
        name: build_alteration_matrix(
            samples=samples, variants=VARIANTS[1:], genes=["BRAF"], feature_type=name, **tables
        ).status.tolist()
        for name in ("hotspot", "lof", "any_nonsyn")
    }
    assert status == {"hotspot": [[1, 0]], "lof": [[-1, -1]], "any_nonsyn": [[1, -1]]}


def test_build_coverage__says_what_names_each_panel() -> None:
    """The matrix knows S1, a case list S2, the MAF's own line S3; S4 has variants and the declared exome."""
    variants = table("variants", [{"sample_id": "S4", "gene": "TP53", "variant_class": "Silent"}])
    matrix = pd.DataFrame({"sample_id": ["S1"], "mutations": ["P1"]}, dtype="string")
    evidence = ProfileEvidence(panel_matrix=matrix, case_lists={"mutations": ["S2"]}, sequenced_samples=["S2", "S3"])
    copy_number = CopyNumber(
        table=table("copy_number", [{"sample_id": "S1", "gene": "TP53", "value": 0.0}]),
        samples=("S1",),
        genes=("TP53",),
    )
    found = resolve_profiles(
        evidence, variants=variants, copy_number=copy_number, panels=[P1], findings=Findings()
    ).profiles
    assert dict(zip(found["sample_id"], found["mutations_source"], strict=True)) == {
        "S1": "panel_matrix", "S2": "case_list", "S3": "sequenced_samples", "S4": "file",
    }  # fmt: skip
    assert found["cna_source"].fillna("").tolist() == ["file", "", "", ""]


@pytest.mark.parametrize(
    ("evidence", "options", "source"),
    [
        (ProfileEvidence(), {"declared": whole_panel("wes")}, "assay"),
        (ProfileEvidence(), {"declared": P1}, "bed"),
        (ProfileEvidence(), {"declared": HOT}, "panel_file"),
        (ProfileEvidence(), {"assume_profiled": True}, "assumed"),
        (ProfileEvidence(gene_panels={"mutations": "P1"}), {"panels": [P1]}, "meta_file"),
    ],
)
def test_build_coverage__says_what_was_declared(evidence: ProfileEvidence, options: Any, source: str) -> None:
    coverage = resolve_profiles(evidence, variants=VARIANTS[:1], findings=Findings(), **options)
    found = ledger(coverage, people(("A1", "A")), genes=["TP53"])
    assert [(row[2], row[5]) for row in rows(found)] == [("profiled", source)]


def test_build_coverage__legacy_fusions_have_the_source_of_the_mutations() -> None:
    fusions = table("fusions", [{"sample_id": "A1", "gene1": "ALK"}])
    evidence = ProfileEvidence(case_lists={"mutations": ["A1"]}, fusions_follow_mutations=True)
    coverage = resolve_profiles(evidence, variants=VARIANTS[:1], fusions=fusions, findings=Findings())
    found = ledger(coverage, people(("A1", "A")))
    assert rows(found, "structural_variants") == [
        ("A", "ALK", "profiled", "", "genes_of_structural_variants", "case_list"),
        ("A", "TP53", "profiled", "", "genes_of_structural_variants", "case_list"),
    ]


def test_build_coverage__a_ready_made_call_was_profiled() -> None:
    calls = pd.DataFrame({"MEN1": [1, 0], "ATRX": [-1, 0]}, index=["A1", "B1"], dtype="int8")
    coverage = resolve_profiles(ProfileEvidence(), variants=None, findings=Findings())
    samples = people(("A1", "A"), ("B1", "B"))
    samples.loc[1, ["sample_class"]] = "cfdna"
    found = ledger(coverage, samples, calls=calls, include_cfdna=True)
    assert rows(found) == [
        ("A", "ATRX", "not_profiled", "gene_not_on_panel", "", ""),
        ("A", "MEN1", "profiled", "", "", "gene_table"),
        ("B", "ATRX", "not_profiled", "cfdna_negative", "", "gene_table"),
        ("B", "MEN1", "not_profiled", "cfdna_negative", "", "gene_table"),
    ]


def test_build_coverage__a_missing_copy_number_was_not_measured() -> None:
    values = table(
        "copy_number",
        [{"sample_id": "A1", "gene": "ATRX", "value": None}, {"sample_id": "A1", "gene": "TP53", "value": 0.0}],
    )
    copy_number = CopyNumber(table=values, samples=("A1",), genes=("ATRX", "TP53"))
    coverage = resolve_profiles(ProfileEvidence(), variants=None, copy_number=copy_number, findings=Findings())
    found = ledger(coverage, people(("A1", "A")), copy_number=values)
    assert [row[1:4] for row in rows(found, "cna")] == [
        ("ATRX", "not_profiled", "profile_missing"),
        ("TP53", "profiled", ""),
    ]


def test_build_coverage__normal_samples_and_cell_free_dna_have_no_rows() -> None:
    coverage = resolve_profiles(
        ProfileEvidence(file_samples=["A1", "A2", "A3"]), variants=VARIANTS[:0], declared=P1, findings=Findings()
    )
    samples = people(("A1", "A"), ("A2", "A"), ("A3", "A"))
    samples["sample_class"] = pd.array(["tumour", "normal", "cfdna"], dtype="string")
    assert set(ledger(coverage, samples)["sample_id"]) == {"A1"}
    assert set(ledger(coverage, samples, include_cfdna=True)["sample_id"]) == {"A1", "A3"}


@settings(max_examples=15)
@given(study=studies(), feature_type=st.sampled_from(["any_nonsyn", "hotspot", "lof"]), include_cfdna=st.booleans())
def test_build_coverage__explains_every_gap_of_the_matrix(
    study: dict[str, Any], feature_type: str, include_cfdna: bool
) -> None:
    """What the matrix does not know, no sample covers; the reason is the furthest that one of them got."""
    if feature_type != "any_nonsyn":
        study = {**study, "calls": {}}  # a plain call says nothing of loss of function and hot spots
    tables = {name: study[name] for name in ("samples", "profiles", "panels", "panel_genes", "copy_number")}
    found = build_coverage(**tables, calls=call_frame(study["calls"]), genes=GENES, include_cfdna=include_cfdna)
    matrix = build_alteration_matrix(
        **{**study, "calls": call_frame(study["calls"])}, genes=GENES, feature_type=feature_type,
        include_cfdna=include_cfdna,
    )  # fmt: skip
    expected = naive_matrix(study, feature_type=feature_type, include_cfdna=include_cfdna, genes=GENES)
    for (patient, gene), (status, reason) in expected.items():
        if status == 1 or reason == "feature_not_carried":
            continue
        own = found[(found["patient_id"] == patient) & (found["gene"] == gene)]
        assert (status, reason) == _collapse(own, matrix.components, hot=feature_type == "hotspot"), (patient, gene)


def _collapse(own: pd.DataFrame, components: tuple[str, ...], *, hot: bool) -> tuple[int, str]:
    order = ["not_sequenced", "gene_not_on_panel", "partial_coverage", "profile_missing", "cfdna_negative"]
    best = (-1, "not_sequenced")
    for _, sample in own.groupby(own["sample_id"].fillna("")):
        cells = sample.set_index("profile")[["status", "reason"]].to_dict("index")
        gaps = [
            cells[name]["reason"]
            for name in components
            if not (cells[name]["status"] == "profiled" or (hot and cells[name]["status"] == "partial"))
        ]
        if not gaps:
            return 0, ""
        hard = [reason for reason in gaps if reason != "cfdna_negative"]  # what was not looked at comes first
        best = max(best, (-1, (hard or gaps)[0]), key=lambda answer: order.index(answer[1]))
    return best


@pytest.mark.shared
def test_build_coverage__of_a_study_with_three_panels(shared: Path) -> None:
    """By awk: 22 samples, 4 on IMPACT341, 17 on 410, 1 on 468; EPHA7 is not on 341, MSH3 on 468 alone."""
    folder = shared / "data" / "cbio_odg_msk_2017" / "odg_msk_2017"
    study = read_study_genomics(folder, findings=Findings())
    ids = study.coverage.profiles["sample_id"]
    samples = table("samples", [{"sample_id": one, "patient_id": one.split("-T")[0]} for one in ids])
    found = ledger(study.coverage, samples, genes=["EPHA7", "MSH3", "TP53"])
    mutations = found[found["profile"] == "mutations"]
    assert mutations.groupby("gene")["status"].agg(lambda status: (status == "profiled").sum()).to_dict() == {
        "EPHA7": 18, "MSH3": 1, "TP53": 22,
    }  # fmt: skip
    assert set(mutations["source"]) == {"panel_matrix"}
    one = mutations[(mutations["patient_id"] == "P-0004812") & (mutations["gene"] == "MSH3")]
    assert one[["sample_id", "status", "reason", "panel_id"]].fillna("").to_numpy().tolist() == [
        ["P-0004812-T01-IM5", "not_profiled", "gene_not_on_panel", "IMPACT410"],
        ["P-0004812-T02-IM6", "profiled", "", "IMPACT468"],
    ]
