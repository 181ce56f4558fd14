"""One family on the golden cohort against DOMAIN, Appendix B; statuses, families and warnings by rule.

MEN1's exact p is counted here (Appendix B draws it: ~0.4784 +- 0.002), so its BH value is 6/5 of it.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from netgen.association.family import analyse_family, plan_family
from netgen.association.groups import count_groups
from netgen.association.results import ASSOCIATION_COLUMNS, HETEROGENEITY_COLUMNS, STATUSES
from netgen.study import AssociationSettings
from tests.association.linear_set import GENES, analysis_of, read_linear

TESTED = ["MEN1", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2"]
SETTINGS = AssociationSettings()


@pytest.fixture(scope="module")
def table(reference):
    return read_linear(reference)


@pytest.fixture(scope="module")
def overall(table):
    """The family of overall survival, stratified by origin."""
    return analyse_family(analysis_of(table), SETTINGS)


@pytest.fixture(scope="module")
def rows(overall):
    return overall.rows.set_index("feature")


@pytest.fixture(scope="module")
def unstratified(table):
    return analyse_family(analysis_of(table, strata=False), SETTINGS).rows.set_index("feature")


@pytest.fixture(scope="module")
def progression(table):
    return analyse_family(analysis_of(table, "pfs"), SETTINGS).rows.set_index("feature")


def test_family__plan_follows_the_policy(overall):
    plan = overall.plan
    assert (plan.mode, plan.n, plan.events, plan.min_altered) == ("small", 34, 23, 3)
    assert (plan.estimator, plan.p_method, plan.ties, plan.strata) == ("firth", "permutation", "efron", "origin_group3")


def test_family__has_every_column_and_every_feature(overall):
    assert list(overall.rows.columns) == list(ASSOCIATION_COLUMNS)
    assert list(overall.heterogeneity.columns) == list(HETEROGENEITY_COLUMNS)
    assert list(overall.rows["feature"]) == list(GENES)
    assert set(overall.rows["status"]) <= set(STATUSES)


def test_family__counts(rows):
    counts = rows[["n_total", "n_profiled", "n_altered", "events_altered", "events_unaltered"]]
    assert counts.to_dict("index") == {
        gene: dict(zip(counts.columns, values, strict=True))
        for gene, values in {
            "MEN1": (34, 34, 14, 8, 15), "DAXX": (34, 23, 2, 2, 17), "ATRX": (34, 34, 5, 5, 18),
            "TP53": (34, 34, 10, 9, 14), "TSC2": (34, 23, 9, 8, 11), "ARID1A": (34, 34, 7, 4, 19),
            "SETD2": (34, 34, 3, 0, 23), "RB1": (34, 34, 2, 2, 21),
        }.items()
    }  # fmt: skip
    assert (rows["n_not_profiled"] == rows["n_total"] - rows["n_profiled"]).all()
    assert (rows["n_unaltered"] == rows["n_profiled"] - rows["n_altered"]).all()


@pytest.mark.parametrize(
    ("gene", "p"),
    [("ATRX", 0.012012987), ("TP53", 0.18445767), ("TSC2", 0.070738851), ("ARID1A", 0.724094358), ("SETD2", 2 / 220)],
)
def test_family__exact_p_stratified(rows, gene, p):
    assert rows.loc[gene, "p_primary"] == pytest.approx(p, abs=2e-9)  # as many digits as Appendix B prints
    assert rows.loc[gene, "p_method"] == "exact"
    assert rows.loc[gene, ["mc_lo", "mc_hi"]].isna().all()


def test_family__exact_p_of_men1_is_within_the_error_of_the_drawn_one(rows):
    assert rows.loc["MEN1", "p_primary"] == pytest.approx(0.4784, abs=0.002)
    assert rows.loc["MEN1", "p_primary"] == pytest.approx(0.477882, abs=5e-7)


@pytest.mark.parametrize(
    ("gene", "p", "tolerance"),
    [("ATRX", 0.026339055, 1e-9), ("TSC2", 0.064206610, 1e-9), ("SETD2", 1 / 5984, 1e-12), ("TP53", 0.0493, 2e-3),
     ("ARID1A", 0.7444, 2e-3)],
)  # fmt: skip
def test_family__exact_p_unstratified(unstratified, gene, p, tolerance):
    assert unstratified.loc[gene, "p_primary"] == pytest.approx(p, abs=tolerance)


def test_family__a_p_that_is_drawn_comes_with_its_error(unstratified):
    """C(34, 14) = 1.4e9 relabelings of MEN1 are too many to count; Appendix B: ~0.3835."""
    men1 = unstratified.loc["MEN1"]
    assert men1["p_method"] == "monte_carlo"
    assert men1["mc_lo"] < 0.3835 < men1["mc_hi"]
    assert men1["mc_lo"] < men1["p_primary"] < men1["mc_hi"]
    assert men1["n_permutations"] <= SETTINGS.permutations


@pytest.mark.parametrize(
    ("gene", "beta", "p"),
    [("MEN1", -0.312591, 0.505836), ("ATRX", 1.888854, 0.003948), ("TP53", 0.673969, 0.161338),
     ("TSC2", 0.996794, 0.061004), ("ARID1A", 0.314743, 0.598671), ("SETD2", -2.542940, 0.028983)],
)  # fmt: skip
def test_family__firth_stratified_efron(rows, gene, beta, p):
    assert np.log(rows.loc[gene, "hr"]) == pytest.approx(beta, abs=1e-5)
    assert rows.loc[gene, "p_firth_plr"] == pytest.approx(p, abs=1e-6)
    assert rows.loc[gene, "hr_lo"] < rows.loc[gene, "hr"] < rows.loc[gene, "hr_hi"]


@pytest.mark.parametrize(
    ("gene", "beta", "hr", "lo", "hi", "p"),
    [("MEN1", -0.347637, 0.706, 0.291, 1.601, 0.410559), ("ATRX", 1.642779, 5.170, 1.675, 14.077, 0.006100),
     ("TP53", 0.920067, 2.510, 1.059, 5.681, 0.037280), ("TSC2", 1.032299, 2.808, 1.038, 7.598, 0.042253),
     ("ARID1A", 0.300540, 1.351, 0.411, 3.643, 0.589948), ("SETD2", -2.861092, 0.057, 0.000434, 0.477, 0.003166)],
)  # fmt: skip
def test_family__firth_unstratified_breslow(table, gene, beta, hr, lo, hi, p):
    settings = AssociationSettings(ties="breslow")
    found = analyse_family(analysis_of(table, strata=False, genes=(gene,)), settings).rows.iloc[0]
    assert np.log(found["hr"]) == pytest.approx(beta, abs=1e-5)
    assert found[["hr", "hr_lo", "hr_hi"]].tolist() == pytest.approx([hr, lo, hi], abs=6e-4)
    assert (found["p_firth_plr"], found["ties"]) == (pytest.approx(p, abs=1e-6), "breslow")


@pytest.mark.parametrize(
    ("gene", "p"),
    [("MEN1", 0.479465), ("ATRX", 0.000861), ("TP53", 0.164425), ("TSC2", 0.055730), ("ARID1A", 0.680122),
     ("SETD2", 0.031772)],
)  # fmt: skip
def test_family__asymptotic_logrank_stands_beside(rows, gene, p):
    assert rows.loc[gene, "p_logrank_asymptotic"] == pytest.approx(p, abs=6e-7)


def test_family__adjusted_p(rows):
    men1 = rows.loc["MEN1", "p_primary"]
    bh = {
        "MEN1": 6 / 5 * men1,
        "ATRX": 0.036039,
        "TP53": 0.276687,
        "TSC2": 0.141478,
        "ARID1A": 0.724094,
        "SETD2": 0.036039,
    }
    assert rows.loc[TESTED, "q_bh"].to_dict() == pytest.approx(bh, abs=1e-6)
    assert rows.loc["MEN1", "q_bh"] == pytest.approx(0.573459, abs=1e-6)
    assert rows.loc[["ATRX", "SETD2"], "q_by"].tolist() == pytest.approx([0.088295] * 2, abs=1e-6)
    assert rows.loc[["ATRX", "SETD2"], "p_holm"].tolist() == pytest.approx([0.060065, 0.054545], abs=1e-6)
    assert set(rows["m_family"]) == {6}
    assert set(rows["family"]) == {"exploratory"}
    assert rows.loc[["DAXX", "RB1"], ["q_bh", "q_by", "p_holm"]].isna().all(axis=None)


def test_family__too_few_altered_keep_their_counts_and_what_they_could_attain(rows):
    for gene, attainable in (("DAXX", 0.083333), ("RB1", 0.03125)):
        row = rows.loc[gene]
        assert row["status"] == "too_few_altered"
        assert row["min_attainable_p"] == pytest.approx(attainable, abs=1e-6)
        estimates = [
            "hr",
            "hr_lo",
            "hr_hi",
            "p_primary",
            "p_logrank_asymptotic",
            "p_firth_plr",
            "evalue",
            "mdhr_80",
            "het_p",
        ]
        assert row[estimates].isna().all()


def test_family__attainable_p_unstratified(unstratified):
    assert unstratified.loc["SETD2", "min_attainable_p"] == pytest.approx(1 / 5984, abs=1e-12)


def test_family__what_no_arrangement_can_show_is_untestable(table):
    rows = analyse_family(analysis_of(table), AssociationSettings(min_altered=2)).rows.set_index("feature")
    assert rows.loc["DAXX", "status"] == "untestable_discrete"
    assert rows.loc["DAXX", "min_attainable_p"] == pytest.approx(0.083333, abs=1e-6)
    assert rows.loc["DAXX", ["hr", "p_primary", "q_bh"]].isna().all()
    assert (rows.loc["RB1", "status"], rows.loc["RB1", "p_primary"]) == ("tested", pytest.approx(0.8125, abs=1e-12))
    assert set(rows["m_family"]) == {7}  # DAXX does not count


def test_family__medians_and_survival_of_the_groups(rows):
    tp53 = rows.loc["TP53"]
    columns = [f"median_{group}{end}" for group in ("altered", "unaltered") for end in ("", "_lo", "_hi")]
    assert tp53[columns[:5]].tolist() == [394.5, 43, 945, 1041, 532]  # Appendix B
    assert np.isnan(tp53[columns[5]])  # not reached
    altered = (rows.loc["SETD2", "km_12m_altered"], rows.loc["SETD2", "km_24m_altered"])
    assert altered == (1, 1)


def test_family__monotone_likelihood_is_marked_and_finite(rows):
    setd2 = rows.loc["SETD2"]
    assert (setd2["mle_status"], setd2["status"]) == ("monotone", "tested")
    assert 0 < setd2["hr_lo"] < setd2["hr"] < 1
    assert setd2["warnings"].split(";") == ["W_MONOTONE", "W_CENSORING_IMBALANCE"]


def test_family__heterogeneity_across_origins(rows, overall):
    assert rows.loc["TP53", "het_p"] == pytest.approx(0.022756, abs=1e-6)
    assert rows.loc["TP53", "het_Q"] == pytest.approx(3.699223, abs=1e-5)
    assert rows.loc["TP53", "het_I2"] == pytest.approx(0.459, abs=5e-4)
    assert rows.loc["MEN1", "het_p"] == pytest.approx(0.156002, abs=1e-6)
    assert rows.loc["ATRX", "het_p"] == pytest.approx(0.702709, abs=1e-6)
    tp53 = overall.heterogeneity[overall.heterogeneity["feature"] == "TP53"].set_index("origin")
    assert list(tp53.index) == ["duodenopancreatic", "lung", "thymic", "all"]
    betas = {"thymic": -0.116703, "lung": 3.663853, "duodenopancreatic": 0.358054}
    assert tp53.loc[list(betas), "beta"].to_dict() == pytest.approx(betas, abs=1e-5)
    assert (tp53.loc["lung", "monotone_mle"], tp53.loc["all", "PLR_int"]) == (True, pytest.approx(7.565829, abs=1e-5))


def test_family__proportional_hazards_and_restricted_means(unstratified, rows):
    chi2_1 = {"TP53": 0.7207, "ATRX": 0.6930, "MEN1": 0.4702}  # 1 - pchisq(.1278, .1558, .5215; 1)
    assert unstratified.loc[list(chi2_1), "ph_p"].to_dict() == pytest.approx(chi2_1, abs=1e-4)
    tp53 = rows.loc["TP53"]
    assert tp53["rmst_diff_lo"] < tp53["rmst_diff"] < tp53["rmst_diff_hi"]
    assert tp53["rmst_tau"] % 30.4375 == pytest.approx(0, abs=1e-9)


def test_family__minimal_detectable_hazard_ratio(rows):
    assert rows.loc["TP53", "mdhr_80"] == pytest.approx(3.6041, abs=5e-5)  # DOMAIN, SC26
    assert rows.loc["ATRX", "mdhr_80"] == pytest.approx(5.2040, abs=5e-5)
    assert (rows.loc[TESTED, "evalue"] >= 1).all()


@pytest.mark.parametrize(
    ("gene", "p", "logrank"),
    [("ATRX", 0.064772727, 0.008190), ("SETD2", 0.013636364, 0.022104), ("ARID1A", 0.10713394, 0.047302)],
)
def test_family__progression_free_survival(progression, gene, p, logrank):
    assert progression.loc[gene, "p_primary"] == pytest.approx(p, abs=1e-8)
    assert progression.loc[gene, "p_logrank_asymptotic"] == pytest.approx(logrank, abs=6e-7)
    assert (progression.loc[gene, "line"], progression.loc[gene, "origin_time"]) == (1, "line:1")


def test_family__p_and_interval_that_disagree_are_marked(progression, rows):
    assert "W_P_CI_DISCORDANT" in progression.loc["ATRX", "warnings"]
    assert "W_P_CI_DISCORDANT" not in rows.loc["ATRX", "warnings"]


def test_family__delayed_entry(table):
    rows = analyse_family(analysis_of(table, strata=False, entry=True), SETTINGS).rows.set_index("feature")
    assert rows.loc["ATRX", "p_primary"] == pytest.approx(0.11142976, abs=1e-8)
    assert rows.loc["ATRX", "entry_rule"] == "sequencing_report"
    # R survfit(..., start.time = 71), survival 3.5-3: from day 71 on both groups have enough patients at risk
    assert rows.loc["ATRX", ["rmst_t0", "rmst_tau"]].tolist() == [71, 273.9375]
    assert rows.loc["ATRX", "rmst_diff"] == pytest.approx(-35.326099537, abs=1e-7)


def test_family__firth_with_delayed_entry(table):
    """DOMAIN, SC31: Firth, Efron, delayed entry, not stratified: 1.316333, p 0.004482."""
    analysis = analysis_of(table, strata=False, entry=True, genes=("TP53",))
    row = analyse_family(analysis, SETTINGS).rows.iloc[0]
    assert (np.log(row["hr"]), row["p_firth_plr"]) == pytest.approx((1.316333, 0.004482), abs=1e-5)


def test_family__entry_that_differs_is_marked_whatever_the_test(table):
    """DOMAIN 3.5, delayed entry: the carriers of ATRX enter the day before they leave, the others on days 0 and 1."""
    analysis = analysis_of(table.assign(ki67=table["ki67_pct"] / 10), covariates=("ki67",), genes=("ATRX", "MEN1"))
    carrier = (table["ATRX"] == 1).to_numpy()
    entry = np.where(carrier, analysis.time - 1, np.arange(len(table)) % 2)
    late = analyse_family(dataclasses.replace(analysis, entry=entry), SETTINGS).rows.set_index("feature")
    assert set(late["p_method"]) == {"penalised_lr"}
    assert "W_CENSORING_IMBALANCE" in late.loc["ATRX", "warnings"]
    prompt = analyse_family(analysis, SETTINGS).rows
    assert not prompt["warnings"].str.contains("W_CENSORING_IMBALANCE").any()


def test_family__an_unknown_origin_is_not_compared_with_the_others(table):
    analysis = analysis_of(table, genes=("TP53", "MEN1"))
    named = np.where(analysis.origin == "lung", "unknown", analysis.origin)
    found = analyse_family(dataclasses.replace(analysis, origin=named), SETTINGS)
    lung_left_out = analysis_of(table[table["origin"] != "lung"].reset_index(drop=True), genes=("TP53", "MEN1"))
    expected = analyse_family(lung_left_out, SETTINGS)
    assert set(found.heterogeneity["origin"]) == {*table["origin"], "all"} - {"lung"}
    assert found.rows["n_origins_estimable"].tolist() == [2, 2]
    pd.testing.assert_frame_equal(found.heterogeneity, expected.heterogeneity)


@pytest.mark.parametrize(("ties", "p"), [("efron", 0.7790940370), ("breslow", 0.8122982511)])
def test_family__proportional_hazards_are_tested_in_the_model_with_these_ties(table, ties, p):
    """R 4.2, survival 3.5-3: cox.zph(coxph(Surv(round(os_days / 90) + 1, os_event) ~ ATRX, ties = ...))."""
    quarters = analysis_of(table.assign(os_days=(table["os_days"] / 90).round() + 1), strata=False, genes=("ATRX",))
    row = analyse_family(quarters, AssociationSettings(ties=ties)).rows.iloc[0]
    assert row["ph_p"] == pytest.approx(p, abs=1e-8)


def test_family__prespecified_features_are_adjusted_apart(table, rows):
    settings = AssociationSettings(prespecified=("MEN1", "DAXX", "ATRX", "NOT_ON_ANY_PANEL"))
    found = analyse_family(analysis_of(table), settings).rows.set_index("feature")
    assert found["family"].to_dict() == {
        gene: "prespecified" if gene in {"MEN1", "DAXX", "ATRX"} else "exploratory" for gene in GENES
    }
    assert found.loc[["MEN1", "DAXX", "ATRX"], "m_family"].tolist() == [2, 2, 2]
    assert found.loc[["TP53", "RB1"], "m_family"].tolist() == [4, 4]
    assert found.loc["ATRX", "p_holm"] == pytest.approx(2 * 0.012012987, abs=1e-8)
    assert found.loc["ATRX", "q_bh"] == pytest.approx(2 * 0.012012987, abs=1e-8)
    assert found.loc["SETD2", "p_holm"] == pytest.approx(4 * 2 / 220, abs=1e-12)
    pd.testing.assert_series_equal(found["p_primary"], rows["p_primary"])


def test_family__adjusted_for_a_covariate_uses_penalised_likelihood(table):
    analysis = analysis_of(table.assign(ki67=table["ki67_pct"] / 10), covariates=("ki67",))
    found = analyse_family(analysis, SETTINGS)
    assert (found.plan.estimator, found.plan.p_method) == ("firth", "penalised_lr")
    rows = found.rows.set_index("feature")
    tested = rows[rows["status"] == "tested"]
    assert list(tested.index) == ["MEN1", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2"]
    assert set(tested["p_method"]) == {"penalised_lr"}
    assert (tested["p_primary"] == tested["p_firth_plr"]).all()
    assert rows["min_attainable_p"].isna().all()
    large = analyse_family(analysis, AssociationSettings(mode="large", min_altered=10)).rows.set_index("feature")
    assert np.log(large.loc["TP53", "hr"]) == pytest.approx(0.630864, abs=0.1)  # ML, Appendix B; Firth is near it


def test_family__large_mode_is_cox_and_its_likelihood_ratio_test():
    rng = np.random.default_rng(7)
    n = 400
    table = pd.DataFrame(
        {
            "patient_id": [f"P{i:03d}" for i in range(n)],
            "origin": rng.choice(["lung", "thymic"], n),
            "os_days": rng.integers(1, 1000, n),
            "os_event": rng.random(n) < 0.7,
            "A": rng.random(n) < 0.3,
            "B": rng.random(n) < 0.1,
        }
    )
    analysis = analysis_of(table, genes=("A", "B"))
    found = analyse_family(analysis, SETTINGS)
    assert (found.plan.mode, found.plan.estimator, found.plan.p_method) == ("large", "cox", "lr")
    assert found.plan.min_altered == 5
    rows = found.rows
    assert set(rows["p_method"]) == {"lr"}
    assert rows[["min_attainable_p", "p_firth_plr", "mc_lo"]].isna().all(axis=None)
    assert set(rows["n_permutations"]) == {0}
    from tests.naive import cox, outcome

    y = outcome(table["os_days"], table["os_event"], strata=table["origin"])
    beta = cox(table[["A"]].to_numpy(dtype=float), y, "efron")
    assert np.log(rows.loc[0, "hr"]) == pytest.approx(float(beta[0]), abs=1e-5)


def test_family__large_mode_permutes_where_events_are_few(table):
    found = analyse_family(analysis_of(table), AssociationSettings(mode="large", min_altered=3))
    assert (found.plan.estimator, found.plan.p_method) == ("firth", "permutation_or_penalised_lr")
    rows = found.rows.set_index("feature")
    assert set(rows.loc[TESTED, "p_method"]) == {"exact"}  # fewer than ten events in a group of each
    assert rows.loc["ATRX", "p_primary"] == pytest.approx(0.012012987, abs=1e-9)


def test_family__too_many_covariates_are_refused(table):
    from netgen.errors import AnalysisError

    wide = table.assign(**{f"x{i}": np.arange(len(table)) % (i + 2) for i in range(5)})
    with pytest.raises(AnalysisError, match="E_TOO_MANY_COVARIATES: 6 parameters need at least 30 events; os has 23"):
        analyse_family(analysis_of(wide, covariates=tuple(f"x{i}" for i in range(5))), SETTINGS)


@pytest.mark.parametrize("column", ["os_event"])
def test_family__without_events_nothing_is_tested(table, column):
    found = analyse_family(analysis_of(table.assign(**{column: 0})), SETTINGS)
    assert set(found.rows["status"]) == {"no_events"}
    assert set(found.rows["m_family"]) == {0}
    assert set(found.rows["min_attainable_p"]) == {1.0}  # no arrangement differs from another


def test_family__altered_in_all_or_in_none_or_not_profiled(table):
    odd = table.assign(ALL=1, NONE=0, NOBODY=np.nan, SOME=np.where(np.arange(34) < 16, table["MEN1"], np.nan))
    rows = analyse_family(analysis_of(odd, genes=("ALL", "NONE", "NOBODY", "SOME")), SETTINGS).rows.set_index("feature")
    assert rows["status"].to_dict() == {
        "ALL": "all_altered", "NONE": "too_few_altered", "NOBODY": "not_profiled", "SOME": "tested",
    }  # fmt: skip
    assert rows["warnings"].str.contains("W_LOW_COVERAGE").to_dict() == {
        "ALL": False, "NONE": False, "NOBODY": True, "SOME": True,
    }  # fmt: skip
    assert np.isnan(rows.loc["NOBODY", "min_attainable_p"])


def test_family__without_features_is_empty_and_complete(table):
    found = analyse_family(analysis_of(table, genes=()), SETTINGS)
    assert list(found.rows.columns) == list(ASSOCIATION_COLUMNS)
    assert (len(found.rows), len(found.heterogeneity)) == (0, 0)


def test_family__of_many_features_only_striking_and_prespecified_ones_are_looked_at_closer(table, monkeypatch, rows):
    monkeypatch.setattr("netgen.association.family.DIAGNOSE_CELLS", 8 * 34 - 1)
    settings = AssociationSettings(prespecified=("MEN1",))
    found = analyse_family(analysis_of(table), settings).rows.set_index("feature")
    closer = found["median_unaltered"].notna()
    assert sorted(found.index[closer]) == ["ATRX", "MEN1", "SETD2"]  # p < 0.05, or named before
    same = ["hr", "p_primary", "het_p", "ph_p"]
    assert found.loc["ATRX", same].tolist() == pytest.approx(rows.loc["ATRX", same].tolist())
    assert found.loc["TP53", ["het_p", "ph_p", "rmst_diff"]].isna().all()
    assert found.loc["TP53", "p_primary"] == rows.loc["TP53", "p_primary"]


def test_family__plan_is_decided_before_anything_is_tested(table):
    analysis = analysis_of(table)
    plan = plan_family(analysis, count_groups(analysis), AssociationSettings(permutations=7, seed=3, ties="breslow"))
    assert (plan.permutations, plan.seed, plan.ties) == (7, 3, "breslow")


def test_family__does_not_depend_on_threads_or_on_names_of_strata(table, overall):
    analysis = analysis_of(table)
    renamed = dataclasses.replace(analysis, strata=np.char.replace(analysis.strata, "thymic", "a thymic"))
    for found in (analyse_family(analysis, SETTINGS, threads=4), analyse_family(renamed, SETTINGS)):
        pd.testing.assert_frame_equal(found.rows, overall.rows, check_exact=True)


def test_family__an_unprofiled_patient_changes_only_the_attrition(table, overall):
    extra = pd.concat([table, table.tail(1).assign(patient_id="P99", **dict.fromkeys(GENES, np.nan))])
    found = analyse_family(analysis_of(extra), SETTINGS).rows.set_index("feature")
    base = overall.rows.set_index("feature")
    assert (found["n_not_profiled"] == base["n_not_profiled"] + 1).all()
    same = ["n_profiled", "hr", "hr_lo", "hr_hi", "p_primary", "q_bh", "het_p", "median_altered", "min_attainable_p"]
    pd.testing.assert_frame_equal(found[same], base[same])
