"""SC22: what the bundled rules say about alterations as a pathologist types them, in the tumour type of the patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen import schema
from netgen.actionability.alterations import gather_alterations
from netgen.actionability.biomarkers import gather_biomarkers
from netgen.actionability.levels import RESEARCH_USE, best_level, is_counted
from netgen.actionability.matching import list_vus, match_rules
from netgen.actionability.precedence import summarize_therapies
from netgen.actionability.rules_file import read_rules
from netgen.errors import Findings
from netgen.genomics.notation import parse_alterations
from netgen.genomics.tmb import estimate_tmb
from netgen.knowledge.oncotree import load_oncotree

if TYPE_CHECKING:
    from netgen.actionability.rules import Rule

TREE = load_oncotree()
NOT_EVALUATED = "condition_not_evaluated"


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    findings = Findings()
    table = read_rules(findings=findings)
    assert [item.message for item in findings if item.code.startswith("E")] == []
    return table.rules


def annotate(
    code: str,
    rules: Any,
    cell: str = "none",
    *,
    markers: list[dict[str, Any]] | None = None,
    lines: list[dict[str, Any]] | None = None,
    findings: Findings | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return alterations, hits and variants of unknown significance of one patient, from what was typed."""
    found = Findings() if findings is None else findings
    sample = {"sample_id": "S1", "patient_id": "P1", "date_collection": "2024-06-01", "matched_normal": True}
    samples = schema.conform(pd.DataFrame([sample]), schema.SAMPLES)
    parsed = parse_alterations(pd.Series([cell], index=["S1"]), findings=found)
    altered = gather_alterations(
        samples, parsed.variants, parsed.germline, parsed.copy_number, parsed.fusions, findings=found
    )
    rows = [{"patient_id": "P1", "sample_id": "S1", **marker} for marker in markers or []]
    sizes = [row.pop("panel_size_mb", float("nan")) for row in rows]
    biomarkers = schema.conform(pd.DataFrame(rows), schema.BIOMARKERS).assign(panel_size_mb=sizes)
    treatments = schema.conform(pd.DataFrame([{"patient_id": "P1", **line} for line in lines or []]), schema.TREATMENTS)
    measured = gather_biomarkers(samples, biomarkers, None, None, treatments, findings=found)
    alterations = pd.concat([altered, measured], ignore_index=True) if len(measured) else altered
    alterations["alteration_id"] = range(len(alterations))
    patients = pd.DataFrame({"oncotree_code": [code]}, index=["P1"], dtype="string")
    hits = match_rules(alterations, patients, rules, TREE)
    assert not [item for item in found if item.code.startswith("E")]
    return alterations, hits, list_vus(alterations, hits, rules)


def levels(hits: pd.DataFrame) -> dict[int, set[str]]:
    """Return row of the starter list -> levels."""
    return {int(row): set(group["level"]) for row, group in hits.groupby("row")}


def counted(hits: pd.DataFrame) -> bool:
    return any(is_counted(level, way) for level, way in zip(hits["level"], hits["direction"], strict=True))


def scopes(hits: pd.DataFrame, row: int) -> set[str]:
    return set(hits.loc[hits["row"] == row, "scope_match"])


def flagged(hits: pd.DataFrame, flag: str) -> bool:
    return any(flag in text.split(";") for text in hits["flags"])


def tmb(value: float, size: float) -> list[dict[str, Any]]:
    return [{"biomarker": "TMB", "value": value, "unit": "mut/Mb", "panel_size_mb": size}]


# ---------------------------------------------------------------- the table of SC22, row by row


def test_sc22_lung_carcinoid_with_kras_g12c_gets_no_level_of_lung_cancer(rules):
    _, hits, _ = annotate("LUCA", rules, "KRAS p.G12C")
    assert levels(hits)[36] == {"N3B"}
    assert scopes(hits, 36) == {"out_of_scope"}
    assert set(hits.loc[hits["row"] == 36, "level_in_scope"]) == {"N1"}
    assert "N1" not in set(hits["level"])


def test_sc22_pancreatic_net_with_braf_v600e_takes_the_agnostic_rule_only(rules):
    _, hits, _ = annotate("PANET", rules, "BRAF p.Val600Glu")
    assert levels(hits)[7] == {"N1"}
    assert scopes(hits, 7) == {"agnostic"}
    assert 9 not in levels(hits)


def test_sc22_atypical_carcinoid_with_braf_g469a_is_not_v600e(rules):
    _, hits, _ = annotate("ALUCA", rules, "BRAF p.G469A")
    assert levels(hits)[9] == {"N4"}
    assert 7 not in levels(hits)
    assert not counted(hits)


def test_sc22_thymic_net_with_kit_l576p_is_no_thymic_carcinoma(rules):
    _, hits, _ = annotate("TNET", rules, "KIT p.L576P")
    assert levels(hits) == {46: {"NX"}}
    assert scopes(hits, 46) == {"out_of_scope"}
    assert not counted(hits)


def test_sc22_tsc2_missense_is_of_unknown_significance(rules):
    _, hits, vus = annotate("PANET", rules, "TSC2 p.A100V")
    assert hits.empty
    assert list(zip(vus["gene"], vus["alteration"], vus["reason"], strict=True)) == [("TSC2", "p.A100V", "not_curated")]


def test_sc22_tsc2_truncation_is_shown_and_not_counted(rules):
    _, hits, vus = annotate("PANET", rules, "TSC2 p.Q1503*")
    assert levels(hits)[18] == {"N4"}
    assert not counted(hits)
    assert vus.empty


def test_sc22_somatic_vhl_suggests_confirmation_in_the_germline(rules):
    _, hits, _ = annotate("PANET", rules, "VHL p.R167Q")
    somatic = hits[hits["row"] == 16]
    assert set(somatic["level"]) == {"N4"}
    assert flagged(somatic, "germline_confirmation_suggested")
    assert levels(hits)[15] == {"NX"}  # withheld
    assert not counted(hits)


def test_sc22_germline_vhl_in_a_pancreatic_net_has_the_label(rules):
    _, hits, _ = annotate("PANET", rules, "VHL p.R167Q (germline)")
    assert levels(hits)[15] == {"N1"}
    assert scopes(hits, 15) == {"in_scope"}
    assert 16 not in levels(hits)
    assert not flagged(hits, "germline_confirmation_suggested")


def test_sc22_germline_vhl_in_a_lung_carcinoid_has_no_level(rules):
    _, hits, _ = annotate("LUCA", rules, "VHL p.R167Q (germline)")
    assert set(hits["level"]) == {"NX"}
    assert scopes(hits, 15) == {"out_of_scope"}


def test_sc22_dll3_in_a_lung_net_recorded_too_broadly_is_uncertain(rules):
    _, hits, _ = annotate("LNET", rules, markers=[{"biomarker": "DLL3_IHC", "result": "positive"}])
    assert levels(hits) == {45: {"NX"}}
    assert scopes(hits, 45) == {"uncertain"}
    assert flagged(hits, "tumour_type_too_broad")
    assert not counted(hits)


def test_sc22_ntrk3_fusion_and_its_resistance(rules):
    _, hits, _ = annotate("SBWDNET", rules, "ETV6::NTRK3")
    assert {row: levels(hits)[row] for row in (3, 4, 5)} == {3: {"N1"}, 4: {"N1"}, 5: {"N1"}}
    _, hits, _ = annotate("SBWDNET", rules, "ETV6::NTRK3; NTRK3 p.G623R")
    found = summarize_therapies(hits).set_index("therapy")
    assert found["level"].to_dict() == {"entrectinib": "NR2", "larotrectinib": "NR2", "repotrectinib": "N1"}
    assert set(hits.loc[hits["row"].isin([3, 4, 5]), "level"]) == {"N1"}  # both are shown
    both = hits[hits["therapy"].isin(["larotrectinib", "entrectinib"])]
    assert both["flags"].str.contains("resistance_cooccurrence").all()
    assert not flagged(hits[hits["therapy"] == "repotrectinib"], "resistance_cooccurrence")


def test_sc22_ret_mutation_is_no_fusion(rules):
    _, hits, _ = annotate("PANET", rules, "RET p.M918T")
    assert levels(hits) == {2: {"N3B"}}


def test_sc22_alk_fusion_in_an_atypical_carcinoid_has_the_label_elsewhere_and_the_series_here(rules):
    _, hits, _ = annotate("ALUCA", rules, "ALK-EML4")
    assert levels(hits) == {31: {"N3B", "N3C"}}
    assert best_level(hits["level"]) == "N3B"
    assert set(hits.loc[hits["level"] == "N3C", "scope_match"]) == {"in_scope"}
    assert set(hits["gene"]) == {"ALK"}
    assert flagged(hits, "orientation_unknown")


def test_sc22_met_exon_14_skipping_and_amplification(rules):
    for cell in ("MET c.3028+1G>A", "MET ex14skip", "MET p.X1010_splice"):
        _, hits, _ = annotate("PANET", rules, cell)
        assert levels(hits) == {33: {"N3B"}}, cell
    _, hits, _ = annotate("PANET", rules, "MET amp")
    assert hits.empty


def test_sc22_large_cell_carcinoma_with_egfr_deletion_is_shown_as_unusual(rules):
    _, hits, _ = annotate("LUNE", rules, "EGFR p.E746_A750del")
    assert levels(hits) == {34: {"N3B", "NDx"}}
    assert set(hits.loc[hits["level"] == "N3B", "therapy"]) == {"osimertinib"}
    assert set(hits.loc[hits["level"] == "NDx", "direction"]) == {"diagnostic"}


def test_sc22_erbb2_amplification_is_no_immunohistochemistry(rules):
    _, hits, _ = annotate("PANET", rules, "ERBB2 amp")
    assert hits.empty
    _, hits, _ = annotate("PANET", rules, markers=[{"biomarker": "HER2_IHC", "result": "3+"}])
    assert levels(hits) == {13: {"N1"}}


def test_sc22_nrg1_fusion_in_a_pancreatic_net_is_not_adenocarcinoma(rules):
    _, hits, _ = annotate("PANET", rules, "NRG1 fusion")
    assert levels(hits) == {37: {"N3B"}}
    assert scopes(hits, 37) == {"out_of_scope"}


def test_sc22_germline_brca2_is_a_target_elsewhere_and_a_predisposition_here(rules):
    _, hits, _ = annotate("PANET", rules, "BRCA2 p.S1982Rfs*22 (germline)")
    assert levels(hits)[41] == {"N3B"}
    assert set(hits.loc[hits["row"] == 43, "direction"]) == {"predisposition"}
    assert set(levels(hits)) == {41, 43}


@pytest.mark.parametrize(("value", "size", "expected"), [(9.99, 1.1, {}), (10.0, 1.1, {12: {"N1"}}), (12.0, 0.5, {})])
def test_sc22_mutational_burden_is_high_from_ten_on_and_needs_a_panel_of_size(rules, value, size, expected):
    findings = Findings()
    no_drug = [{"line_number": 1, "regimen": "lanreotide", "regimen_class": "ssa", "date_start": "2023-01-01"}]
    alterations, hits, _ = annotate("PANET", rules, markers=tmb(value, size), lines=no_drug, findings=findings)
    assert levels(hits) == expected
    assert ("W_TMB_PANEL_SMALL" in {item.code for item in findings}) is (size < 0.667)
    assert alterations["value"].isna().to_list() == [size < 0.667]


def test_sc22_mutational_burden_after_captem_keeps_its_level_with_a_flag(rules):
    line = {"line_number": 1, "regimen": "CAPTEM", "regimen_class": "chemo_alkylating", "date_start": "2023-01-01"}
    _, hits, _ = annotate("PANET", rules, markers=tmb(14.0, 1.3), lines=[line])
    label = hits[hits["row"] == 12]
    assert set(label["level"]) == {"N1"}
    assert flagged(label, "therapy_induced_TMB")
    assert levels(hits)[50] == {"NX"}  # it qualifies the hit and adds none of its own


def test_sc22_descendants_of_the_scope_match(rules):
    _, hits, _ = annotate("LUAD", rules, "KRAS p.G12C")
    assert levels(hits)[36] == {"N1"}
    assert scopes(hits, 36) == {"in_scope"}
    _, hits, _ = annotate("ALUCA", rules, "TP53 p.R213*")  # rule 21 is scoped LNET among others
    assert levels(hits) == {21: {"NDx"}}
    assert scopes(hits, 21) == {"in_scope"}


def test_sc22_every_hit_has_source_and_snapshot(rules):
    cell = "KRAS p.G12C; BRAF p.V600E; TSC2 p.Q1503*; MEN1 trunc; EML4::ALK; MYC amp; CDKN2A homdel"
    _, hits, _ = annotate("PANET", rules, cell)
    assert len(hits)
    assert hits["sources"].str.fullmatch(r".+:.+").all()
    assert hits["snapshot"].eq("2026-11").all()
    assert hits["rule_id"].str.startswith("NG-").all()
    assert RESEARCH_USE == "Research use only - not a clinical decision tool."


# ---------------------------------------------------------------- around the table


@pytest.mark.parametrize("spelling", ["p.V600E", "p.(V600E)", "p.Val600Glu", "p.(Val600Glu)"])
def test_sc22_spellings_of_one_change_are_one_change(rules, spelling):
    _, hits, _ = annotate("PANET", rules, f"BRAF {spelling}")
    assert 7 in levels(hits)


def test_sc22_colorectal_cancer_is_excluded_by_the_label(rules):
    _, hits, _ = annotate("COAD", rules, "BRAF p.V600E")
    assert levels(hits)[7] == {"NX"}
    assert flagged(hits[hits["row"] == 7], "scope_excluded")
    assert not counted(hits)


@pytest.mark.parametrize("code", ["LNET", "LUCA", "ALUCA", "LUNE", "SCLC", "TNET", "PANET", "SBWDNET"])
@pytest.mark.parametrize(
    "cell", ["KRAS p.G12C", "EGFR p.L858R", "MET ex14skip", "CD74::ROS1", "ERBB2 p.A775_G776insYVMA"]
)
def test_sc22_no_neuroendocrine_tumour_gets_a_level_of_lung_cancer_in_scope(rules, code, cell):
    _, hits, _ = annotate(code, rules, cell)
    label = hits[hits["level_in_scope"] == "N1"]
    assert len(label)
    assert set(label["scope_match"]) == {"out_of_scope"}
    assert set(label["level"]) == {"N3B"}


def test_sc22_a_fusion_with_its_kinase_on_the_wrong_side_is_none(rules):
    assert levels(annotate("PANET", rules, "TPM3::NTRK1")[1]).keys() == {3, 4, 5}
    assert annotate("PANET", rules, "NTRK1::TPM3")[1].empty
    assert annotate("PANET", rules, "TPM3::NTRK1 (out_of_frame)")[1].empty
    for row in annotate("PANET", rules, "TPM3-NTRK1")[1]["flags"]:
        assert {"orientation_unknown", "frame_unknown"} <= set(row.split(";"))


def test_sc22_burden_by_count_over_the_panel(rules):
    samples = schema.conform(pd.DataFrame([{"sample_id": "S1", "patient_id": "P1"}]), schema.SAMPLES)
    variants = pd.DataFrame({"sample_id": ["S1"] * 11, "variant_class": ["Missense_Mutation"] * 11})
    profiles = schema.conform(pd.DataFrame({"sample_id": ["S1"], "mutations": "P"}), schema.PROFILES)
    panels = schema.conform(pd.DataFrame({"panel_id": ["P"], "size_mb": [1.1]}), schema.PANELS)
    table = estimate_tmb(variants, profiles, panels, findings=Findings())
    rows = gather_biomarkers(samples, None, None, table, None, findings=Findings())
    patients = pd.DataFrame({"oncotree_code": ["PANET"]}, index=["P1"], dtype="string")
    hits = match_rules(rows, patients, rules, TREE)
    assert levels(hits)[12] == {"N1"}
    assert scopes(hits, 50) == {"uncertain"}  # nothing is known of the treatment
