"""The demo cohort end to end - VCFs, panels, dates, spreadsheets - gives the numbers of DOMAIN, Appendix B."""

from __future__ import annotations

import numpy as np
import pytest

import netgen as ng
from tests.demo_run import demo_cohort, demo_result

TESTED = ["ARID1A", "ATRX", "MEN1", "SETD2", "TP53", "TSC2"]


def rows_of(endpoint):
    table = demo_result().table
    return table[table["endpoint"] == endpoint].set_index("feature")


def curve_of(endpoint, grouping):
    km = demo_result().km
    return km[(km["endpoint"] == endpoint) & (km["grouping"] == grouping)].set_index("group")


@pytest.fixture(scope="module")
def unstratified():
    result = ng.associate(demo_cohort(), endpoints=["os"], strata="none", model=False)
    return result.table.set_index("feature")


@pytest.fixture(scope="module")
def from_two():
    """Return the rows if two altered patients are enough."""
    result = ng.associate(demo_cohort(), endpoints=["os"], min_altered=2, model=False)
    return result.table.set_index("feature")


def test_demo__overall_survival():
    plan = demo_result().plan["endpoints"]["os"]
    assert (plan["n"], plan["events"], plan["mode"], plan["origin_time"], plan["entry_rule"]) == (
        34, 23, "small", "advanced", "none",
    )  # fmt: skip
    whole = curve_of("os", "all").loc["all"]
    assert whole[["median", "median_lo", "median_hi"]].tolist() == [682, 453, 1071]
    assert whole[["followup_median", "followup_lo", "followup_hi"]].tolist() == [1437, 816, 1950]
    # S at 12, 24, 36 months of 30.4375 days; no death lies between those days and 365, 730, 1095
    assert whole[["s_12m", "s_24m", "s_36m"]].tolist() == pytest.approx([0.735294, 0.490484, 0.314728], abs=1e-6)


def test_demo__medians_of_the_origins_are_midpoints_where_the_curve_rests_on_a_half():
    origins = curve_of("os", "origin")
    assert origins[["n", "events"]].to_numpy().tolist() == [[14, 9], [12, 6], [8, 8]]
    assert origins["median"].to_dict() == {"thymic": 387, "lung": 1071, "duodenopancreatic": 1013}
    assert origins["median_lo"].to_dict() == {"thymic": 90, "lung": 146, "duodenopancreatic": 431}
    assert origins["median_hi"].isna().to_dict() == {"thymic": False, "lung": True, "duodenopancreatic": True}
    assert origins.loc["thymic", "median_hi"] == 945


def test_demo__progression_free_survival():
    plan = demo_result().plan["endpoints"]["pfs"]
    assert (plan["n"], plan["events"], plan["origin_time"]) == (34, 31, "line:1")
    whole = curve_of("pfs", "all").loc["all"]
    assert whole[["median", "median_lo", "median_hi"]].tolist() == [211, 67, 415]
    assert curve_of("pfs", "origin")["median"].to_dict() == {"thymic": 121, "lung": 139, "duodenopancreatic": 264.5}


def test_demo__genes_of_the_panels_are_read_through_the_vcfs():
    rows = rows_of("os")
    counts = rows.loc[[*TESTED, "DAXX", "RB1"], ["n_profiled", "n_altered", "events_altered", "events_unaltered"]]
    assert counts.to_numpy().tolist() == [
        [34, 7, 4, 19], [34, 5, 5, 18], [34, 14, 8, 15], [34, 3, 0, 23], [34, 10, 9, 14], [23, 9, 8, 11],
        [23, 2, 2, 17], [34, 2, 2, 21],
    ]  # fmt: skip
    others = rows.drop([*TESTED, "DAXX", "RB1"])
    assert set(others["n_altered"]) == {0}
    assert set(others["status"]) == {"too_few_altered"}


@pytest.mark.parametrize(
    ("endpoint", "gene", "p"),
    [
        ("os", "ATRX", 0.012012987),
        ("os", "SETD2", 0.009090909),
        ("os", "ARID1A", 0.724094358),
        ("os", "TSC2", 0.070738851),
        ("os", "TP53", 0.18445767),
        ("pfs", "ATRX", 0.064772727),
        ("pfs", "SETD2", 0.013636364),
        ("pfs", "ARID1A", 0.10713394),
    ],
)
def test_demo__exact_p_stratified_by_origin(endpoint, gene, p):
    row = rows_of(endpoint).loc[gene]
    assert (row["p_primary"], row["p_method"]) == (pytest.approx(p, abs=6e-9), "exact")


def test_demo__exact_p_without_strata(unstratified):
    assert unstratified.loc["ATRX", "p_primary"] == pytest.approx(0.026339055, abs=1e-9)
    assert unstratified.loc["TSC2", "p_primary"] == pytest.approx(0.064206610, abs=1e-9)
    assert unstratified.loc["SETD2", "p_primary"] == pytest.approx(0.000167112, abs=1e-9)
    assert set(unstratified["strata"]) == {"none"}


@pytest.mark.parametrize(
    ("gene", "beta", "p"),
    [("MEN1", -0.312591, 0.505836), ("ATRX", 1.888854, 0.003948), ("TP53", 0.673969, 0.161338),
     ("TSC2", 0.996794, 0.061004), ("ARID1A", 0.314743, 0.598671), ("SETD2", -2.542940, 0.028983)],
)  # fmt: skip
def test_demo__firth_stratified_efron(gene, beta, p):
    row = rows_of("os").loc[gene]
    assert (row["estimator"], row["ties"], row["strata"]) == ("firth", "efron", "origin_group3")
    assert np.log(row["hr"]) == pytest.approx(beta, abs=1e-5)
    assert row["p_firth_plr"] == pytest.approx(p, abs=1e-6)


def test_demo__adjusted_p():
    rows = rows_of("os")
    assert rows.loc[["ATRX", "SETD2", "TP53", "TSC2", "ARID1A"], "q_bh"].tolist() == pytest.approx(
        [0.036039, 0.036039, 0.276687, 0.141478, 0.724094], abs=1e-6
    )
    assert rows.loc["MEN1", "q_bh"] == pytest.approx(0.574056, abs=2.5e-3)  # Appendix B drew MEN1's p
    assert rows.loc[["ATRX", "SETD2"], "q_by"].tolist() == pytest.approx([0.088295, 0.088295], abs=1e-6)
    assert rows.loc[["ATRX", "SETD2"], "p_holm"].tolist() == pytest.approx([0.060065, 0.054545], abs=1e-6)
    assert set(rows["m_family"]) == {6}


def test_demo__interaction_of_tp53_with_the_origin():
    row = rows_of("os").loc["TP53"]
    assert (row["het_p"], row["n_origins_estimable"]) == (pytest.approx(0.022756, abs=1e-6), 3)
    assert (row["het_Q"], row["het_I2"]) == (pytest.approx(3.699223, abs=1e-5), pytest.approx(0.459, abs=5e-4))


def test_demo__medians_of_tp53():
    row = rows_of("os").loc["TP53"]
    assert row[["median_altered", "median_altered_lo", "median_altered_hi"]].tolist() == [394.5, 43, 945]
    assert row[["median_unaltered", "median_unaltered_lo"]].tolist() == [1041, 532]
    assert np.isnan(row["median_unaltered_hi"])


def test_demo__two_carriers_are_too_few_and_keep_what_they_could_attain():
    rows = rows_of("os")
    assert rows.loc[["DAXX", "RB1"], "status"].tolist() == ["too_few_altered"] * 2
    assert rows.loc[["DAXX", "RB1"], "min_attainable_p"].tolist() == pytest.approx([0.083333, 0.03125], abs=1e-6)
    assert rows.loc[["DAXX", "RB1"], "p_primary"].isna().all()


def test_demo__two_carriers_on_request(from_two):
    assert (from_two.loc["DAXX", "status"], from_two.loc["RB1", "status"]) == ("untestable_discrete", "tested")
    assert from_two.loc["DAXX", "min_attainable_p"] == pytest.approx(0.083333, abs=1e-6)
    assert from_two.loc["RB1", "p_primary"] == pytest.approx(0.8125, abs=1e-9)


def test_demo__nobody_is_lost():
    result = demo_result()
    assert len(result.exclusions) == 0
    assert [step.n_out for step in result.flow.steps] == [34] * len(result.flow.steps)
    assert result.skipped["code"].value_counts().to_dict() == {"too_few_altered": 28}  # 14 genes, two endpoints
    assert {item.code for item in result.findings.of("W")} == {"W_SMALL"}
