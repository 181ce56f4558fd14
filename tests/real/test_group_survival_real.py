"""Comparison of groups on public cohorts, read in place; numbers from R.

R: survival 3.5-3, ``survdiff``, ``coxph`` (Efron), ``cox.zph``, ``survfit(...)$table`` with rmean; times of 0 set to
0.5.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import netgen as ng
from netgen.association.group_survival import survival
from netgen.study_of import QuickLook

pytestmark = pytest.mark.shared

EXAMPLE = Path(__file__).parents[2] / "examples" / "three_origins" / "study.toml"


def test_laml__by_subtype_and_by_gene_equal_r(shared):
    folder = shared / "data" / "tcga_laml_maftools"
    quick = QuickLook(
        variants=(folder / "tcga_laml.maf.gz",),
        clinical=folder / "tcga_laml_annot.tsv",
        assay="wes",
        time="days_to_last_followup",
        event="Overall_Survival_Status",
        unit="days",
    )
    found = survival(
        ng.read_cohort(quick=quick), by=["FAB_classification", "TP53"], endpoints=["os"], permutations=2000
    )
    tests = found.group_tests
    # M1 and M2 are the largest subtypes of the 200, with 44 patients: the first of them
    subtype = tests.loc[tests["grouping"] == "FAB_classification"].iloc[0]
    assert (subtype["k"], subtype["n"], subtype["reference"], subtype["estimator"]) == (8, 187, "M1", "firth")
    assert subtype["chi2"] == pytest.approx(16.80512321, rel=1e-8)
    assert subtype["ph_p"] == pytest.approx(0.004715532945, rel=1e-8)
    gene = tests.loc[tests["grouping"] == "TP53"].iloc[0]
    assert (gene["n"], gene["n_group"], gene["estimator"], gene["p_method"]) == (182, 14, "cox", "lr")
    assert gene["chi2"] == pytest.approx(20.25407064, rel=1e-8)
    assert [gene["hr"], gene["hr_lo"], gene["hr_hi"]] == pytest.approx(
        [3.538271566, 1.989437541, 6.292917176], rel=1e-8
    )
    assert [gene["p_primary"], gene["ph_p"]] == pytest.approx([0.0001894188482, 0.2680246858], rel=1e-7)
    assert (gene["rmst_tau"], gene["rmst_diff"]) == pytest.approx((426.125, 191.3750000 - 318.47580884), rel=1e-8)
    reasons = found.exclusions.groupby(["grouping", "reason"]).size().to_dict()
    assert reasons[("FAB_classification", "group_missing")] == 1
    assert reasons[("TP53", "not_profiled")] == 6
    assert reasons[("TP53", "time_invalid")] == 12


def test_three_origins__equal_r(shared, monkeypatch):
    monkeypatch.setenv("NETGEN_SHARED", str(shared))
    tests = survival(ng.read_cohort(EXAMPLE), by="origin", endpoints=["os"], permutations=2000).group_tests
    three, two = (tests.loc[tests["grouping"] == f"origin_group{k}"].iloc[0] for k in (3, 2))
    assert (three["n"], three["events"], three["estimator"]) == (507, 52, "firth")  # 9 events in one group
    assert [three["chi2"], three["ph_p"]] == pytest.approx([9.003051799, 0.08761427128], rel=1e-8)
    assert (two["estimator"], two["reference"]) == ("cox", "thoracic")
    assert two["chi2"] == pytest.approx(9.00256921, rel=1e-8)
    assert [two["hr"], two["hr_lo"], two["hr_hi"]] == pytest.approx([2.474479138, 1.342636632, 4.560464731], rel=1e-8)
    assert [two["p_primary"], two["ph_p"]] == pytest.approx([0.006648150286, 0.03935110534], rel=1e-7)
    assert "W_NON_PH" in two["warnings"]
