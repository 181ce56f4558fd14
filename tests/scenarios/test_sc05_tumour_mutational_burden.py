"""SC05: what counts in the tumour mutational burden, and its exact limits."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen import schema
from netgen.actionability.alterations import gather_alterations
from netgen.actionability.matching import match_rules
from netgen.actionability.rules_file import read_rules
from netgen.errors import Findings
from netgen.genomics.filters import apply_variant_policy
from netgen.genomics.tmb import estimate_tmb
from netgen.knowledge.oncotree import load_oncotree


def variants():
    """8 nonsynonymous, 2 silent, 1 intronic and a germline frameshift; a tumour-only sample with a common missense."""
    rows = [("S1", "Missense_Mutation")] * 8 + [("S1", "Silent")] * 2 + [("S1", "Intron"), ("S1", "Frame_Shift_Del")]
    frame = pd.DataFrame(rows, columns=["sample_id", "variant_class"])
    frame["gene"] = [f"G{i}" for i in range(11)] + ["BRCA2"]
    frame["mutation_status"] = ["Somatic"] * 11 + ["Germline"]
    frame["vaf"] = [0.3] * 11 + [0.49]
    frame["pos"] = range(100, 112)
    frame["gnomad_af"] = float("nan")
    frame.loc[12] = {"sample_id": "S2", "variant_class": "Missense_Mutation", "gene": "TP53", "gnomad_af": 0.012,
                     "mutation_status": "Unknown", "vaf": 0.5, "pos": 300}  # fmt: skip
    frame = frame.assign(chrom="1", ref="A", alt="C")
    return schema.conform(frame, schema.VARIANTS)


def table(size=1.2, scheme="nonsilent", findings=None):
    normal = pd.Series([True, False], index=["S1", "S2"], dtype="boolean")
    kept = apply_variant_policy(variants(), matched_normal=normal, findings=Findings())
    assert list(kept.germline["gene"]) == ["BRCA2"]
    profiles = schema.conform(pd.DataFrame({"sample_id": ["S1", "S2"], "mutations": "P"}), schema.PROFILES)
    panels = schema.conform(pd.DataFrame({"panel_id": ["P"], "size_mb": [size]}), schema.PANELS)
    found = Findings() if findings is None else findings
    return estimate_tmb(kept.somatic, profiles, panels, matched_normal=normal, scheme=scheme, findings=found).set_index(
        "sample_id"
    )


def test_sc05_nonsilent_burden_has_eight_mutations_over_the_panel():
    row = table().loc["S1"]
    assert (row["n_counted"], row["tmb"]) == (8, pytest.approx(8 / 1.2))
    assert (row["tmb_lo"], row["tmb_hi"]) == pytest.approx((2.88, 13.14), abs=0.005)
    assert row["status"] == "ok"
    assert not row["tmb_high"]


def test_sc05_all_coding_mutations_are_ten():
    assert table(scheme="coding_all").loc["S1", "tmb"] == pytest.approx(10 / 1.2)


def test_sc05_the_common_variant_of_the_tumour_only_sample_does_not_count():
    found = Findings()
    row = table(findings=found).loc["S2"]
    assert (row["n_counted"], row["tmb"], row["tmb_lo"]) == (0, 0, 0)
    assert row["warnings"] == "W_TMB_TUMOUR_ONLY"
    assert [item.code for item in found] == ["W_TMB_TUMOUR_ONLY"]


@pytest.mark.parametrize(
    ("size", "status", "high", "code"),
    [(0.5, "panel_small", None, "W_TMB_PANEL_SMALL"), (0.8, "ok", True, "W_TMB_PANEL_SMALL"), (1.2, "ok", False, "")],
)
def test_sc05_small_panels_give_no_status(size, status, high, code):
    """DOMAIN 4.6: 8 mutations over 0.8 Mb are 10.0 (4.3-19.7), high from 10 on; below 0.667 Mb nothing is said."""
    row = table(size).loc["S1"]
    assert (row["status"], row["warnings"]) == (status, code)
    assert pd.isna(row["tmb_high"]) if high is None else bool(row["tmb_high"]) == high
    if size == 0.8:
        assert (row["tmb_lo"], row["tmb_hi"]) == pytest.approx((4.3, 19.7), abs=0.05)


def test_sc05__the_rule_of_germline_brca_is_hit_by_the_germline_variant_alone():
    samples = schema.conform(pd.DataFrame({"sample_id": ["S1"], "patient_id": ["P1"]}), schema.SAMPLES)
    normal = pd.Series([True, False], index=["S1", "S2"], dtype="boolean")
    kept = apply_variant_policy(variants(), matched_normal=normal, findings=Findings())
    patients = pd.DataFrame({"oncotree_code": ["PANET"]}, index=["P1"], dtype="string")
    rules = read_rules(findings=Findings()).rules

    def hits(somatic, germline):
        found = gather_alterations(samples, somatic, germline, None, None, findings=Findings())
        return match_rules(found, patients, rules, load_oncotree())

    told = hits(kept.somatic, kept.germline)
    rule = told.loc[told["row"] == 41]
    assert (set(rule["origin"]), set(rule["level"])) == ({"germline"}, {"N3B"})
    acquired = kept.germline.assign(mutation_status="Somatic")
    other = hits(pd.concat([kept.somatic, acquired], ignore_index=True), None)
    assert set(other.loc[other["row"] == 41, "level"]) == {"NX"}  # told, without any evidence
