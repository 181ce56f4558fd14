"""Which variables may form groups from time zero, and which are decided later."""

from __future__ import annotations

import pytest

from netgen.clinical.immortal_time import check_immortal_time, explain_later, select_baseline
from netgen.errors import AnalysisError
from netgen.schema import PATIENTS

BASELINE = (
    "sex", "age_at_diagnosis", "origin", "origin_group3", "origin_group2", "histology_group", "who_grade", "ki67_pct",
    "ecog_ps", "smoking", "stage_at_diagnosis", "institution", "functional_status", "fdg_pet", "sstr_pet", "panel_id",
    "pd_l1_status", "TP53", "dna_damage_response", "prior_systemic_lines", "prior_response", "metastatic_sites",
    "synchronous_metastases", "carcinoid_type", "tmb", "patients.sex", "PDGFRA", "DOT1L", "EVER1",
)  # fmt: skip
LATER = (
    "best_response", "bor1", "bor", "response", "response_status", "responder", "orr", "ever_prrt", "ever:prrt",
    "received_prrt", "received PRRT", "prrt_ever", "n_lines", "number_of_lines", "treatment_sequence", "second_biopsy",
    "rebiopsy", "n_samples", "progression_type", "date_progression", "early_pd", "maintenance", "rechallenge",
    "end_reason", "vital_status", "cause_of_death", "pfs", "os_months", "treatment_duration", "n_cycles",
    "toxicity_grade", "assessments.overall_response", "treatments.n_cycles", "ki67_change", "acquired_resistance",
)  # fmt: skip


@pytest.mark.parametrize("variable", BASELINE)
@pytest.mark.parametrize("origin", ["advanced", "line:1"])
def test_explain_later__baseline_variables_pass(variable, origin):
    assert explain_later(variable, origin=origin) == ""
    check_immortal_time(variable, origin=origin, landmark=None)


@pytest.mark.parametrize("variable", LATER)
@pytest.mark.parametrize("origin", ["dx", "advanced", "line:1", "line:3", "sequencing"])
def test_explain_later__what_is_decided_later_needs_a_landmark(variable, origin):
    with pytest.raises(AnalysisError, match=f"cannot form groups from {origin}.*Set a landmark") as caught:
        check_immortal_time(variable, origin=origin, landmark=None)
    assert caught.value.finding.code == "E_IMMORTAL_TIME"
    check_immortal_time(variable, origin=origin, landmark=90.0)


@pytest.mark.parametrize(
    ("variable", "origin", "known"),
    [
        ("regimen_class", "line:1", True), ("treatments.regimen_class", "line:2", True),
        ("regimen_class", "advanced", False),
        ("class:line:1", "line:1", True), ("regimen_class@line:1", "line:2", True), ("l1_class", "line:1", True),
        ("L1", "line:1", True), ("line1_regimen", "line:1", True), ("l2_class", "line:1", False), ("l1", "dx", False),
        ("l2", "line:2", True), ("l3", "line:2", False), ("best_response@line:1", "line:2", True),
        ("best_response@line:1", "line:1", False), ("L1_best_response", "line:1", False),
        ("L1_best_response", "line:2", True),
    ],
)  # fmt: skip
def test_explain_later__a_line_is_known_once_it_began_and_its_response_once_the_next_began(variable, origin, known):
    assert (explain_later(variable, origin=origin) == "") is known


def test_select_baseline__of_the_patient_table():
    names = [name for name in PATIENTS.names if not name.startswith("date_")]
    left = set(names) - set(select_baseline(names, origin="advanced"))
    assert left == {"vital_status", "cause_of_death"}
