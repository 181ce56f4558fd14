"""Comparison of groups end to end: golden numbers, groups of every kind, guards, who is left out."""

from __future__ import annotations

import dataclasses
import itertools
import re

import numpy as np
import pandas as pd
import pytest

import netgen as ng
from netgen.association.competing import COMPETING_COLUMNS, INCIDENCE_COLUMNS
from netgen.association.group_effects import estimate_effects
from netgen.association.group_survival import survival
from netgen.association.patient_groups import expand_request
from netgen.association.survival_results import FOLLOWUP_COLUMNS, GROUP_STATUSES, GROUP_TEST_COLUMNS
from netgen.errors import AnalysisError, SchemaError
from netgen.report.survival_files import summarise_survival
from tests.linear_study import read_linear, write_linear

FEW = {"permutations": 500}


@pytest.fixture(scope="module")
def cohort():
    return ng.read_cohort("demo")


@pytest.fixture(scope="module")
def by_origin(cohort):
    return survival(cohort, by="origin", endpoints=["os", "pfs", "ttp"], permutations=20_000)


def test_survival__origins_in_three_and_in_two_groups_give_the_golden_numbers(by_origin):
    km = by_origin.km.set_index(["endpoint", "grouping", "group"])
    for group, n, events, median, lo, hi in (
        ("thymic", 8, 8, 387, 90, 945),
        ("lung", 12, 6, 1071, 146, np.nan),
        ("duodenopancreatic", 14, 9, 1013, 431, np.nan),
    ):
        row = km.loc[("os", "origin_group3", group)]
        np.testing.assert_equal(
            row[["n", "events", "median", "median_lo", "median_hi"]].tolist(), [n, events, median, lo, hi]
        )
    assert km.loc[("os", "all", "all"), ["followup_median", "followup_lo", "followup_hi"]].tolist() == [1437, 816, 1950]
    tests = by_origin.group_tests.drop_duplicates(["endpoint", "grouping"]).set_index(["endpoint", "grouping"])
    for endpoint, grouping, chi2, df, p in (
        ("os", "origin_group3", 6.439505, 2, 0.039965),
        ("os", "origin_group2", 0.236817, 1, 0.626515),
        ("pfs", "origin_group3", 0.666532, 2, 0.716579),
        ("ttp", "origin_group3", 0.280871, 2, 0.868980),
    ):
        row = tests.loc[(endpoint, grouping)]
        assert [row["chi2"], row["df"], row["p_asymptotic"]] == pytest.approx([chi2, df, p], abs=1e-6)
    medians = [km.loc[("pfs", "origin_group3", group), "median"] for group in ("thymic", "lung", "duodenopancreatic")]
    assert medians == [121, 139, 264.5]


def test_estimate_effects__cox_gives_the_golden_hazard_ratio(reference):
    golden = read_linear(reference)
    found = estimate_effects(
        golden["os_days"],
        golden["os_event"] == 1,
        np.where(golden["origin"] == "duodenopancreatic", "duodenopancreatic", "thoracic"),
        groups=("thoracic", "duodenopancreatic"),
        reference="thoracic",
        estimator="cox",
    )
    assert np.exp([found.beta[0], found.lo[0], found.hi[0]]) == pytest.approx([0.813095, 0.350535, 1.886041], abs=1e-6)


def test_survival__large_cohorts_get_cox_where_every_group_has_ten_events(reference, tmp_path):
    small = survival(
        ng.read_cohort("demo"), by="origin_group2", endpoints=["os"], mode="large", **FEW
    ).group_tests.iloc[0]
    assert (small["estimator"], small["p_method"]) == ("firth", "monte_carlo")  # 9 events in one group
    golden = read_linear(reference)
    four = pd.concat([golden.assign(patient_id=golden["patient_id"] + tag) for tag in "abcd"], ignore_index=True)
    cohort = ng.read_cohort(write_linear(tmp_path, four))
    large = survival(cohort, by="origin_group2", endpoints=["os"], ties="breslow").group_tests.iloc[0]
    assert (large["estimator"], large["p_method"], large["n"]) == ("cox", "lr", 136)
    assert np.isnan(large["p_perm"])
    # four of everybody leave the Breslow estimate as it is: R coxph(ties = "breslow") of the 34 gives -0.2075625665
    assert np.log(large["hr"]) == pytest.approx(-0.2075625665, abs=1e-8)


def test_survival__permutation_p_of_two_groups_is_the_exact_one_of_associate(cohort):
    row = survival(cohort, by="ATRX", endpoints=["os"], strata="origin_group3", **FEW).group_tests.iloc[0]
    assert (row["perm_method"], row["p_method"]) == ("exact", "exact")
    assert row["p_perm"] == pytest.approx(0.012012987, abs=1e-9)
    assert np.log(row["hr"]) == pytest.approx(1.888854, abs=1e-5)
    assert row["p_hr"] == pytest.approx(0.003948, abs=1e-6)
    assert row["chi2"] == pytest.approx(11.104699, abs=1e-6)
    assert row["strata"] == "origin_group3"


def test_survival__monte_carlo_interval_holds_the_share_of_relabelings_that_are_as_extreme(cohort):
    """TP53 and OS, enumerated here by another route is too long: the k-group test is drawn twice with other seeds."""
    first, second = (
        survival(cohort, by="origin_group3", endpoints=["os"], permutations=4000, seed=seed).group_tests.iloc[0]
        for seed in (1, 2)
    )
    assert first["perm_method"] == "monte_carlo"
    assert first["mc_lo"] < second["p_perm"] < first["mc_hi"]
    assert second["mc_lo"] < first["p_perm"] < second["mc_hi"]


def test_survival__tables_have_their_columns_and_statuses(by_origin):
    assert by_origin.group_tests.columns.tolist() == list(GROUP_TEST_COLUMNS)
    assert by_origin.competing.columns.tolist() == list(COMPETING_COLUMNS)
    assert by_origin.incidence.columns.tolist() == list(INCIDENCE_COLUMNS)
    assert by_origin.followup.columns.tolist() == list(FOLLOWUP_COLUMNS)
    assert set(by_origin.group_tests["status"]) <= set(GROUP_STATUSES)
    assert set(by_origin.competing["endpoint"]) == {"ttp"}


def test_survival__incidences_and_event_free_survival_sum_to_one(by_origin):
    pfs = by_origin.curves.loc[(by_origin.curves["endpoint"] == "pfs") & (by_origin.curves["group"] == "lung")]
    ttp = by_origin.incidence.loc[by_origin.incidence["group"] == "lung"]
    both = ttp.pivot(index="time_days", columns="cause", values="incidence").sum(axis=1)
    np.testing.assert_allclose(pfs.set_index("time_days")["survival"] + both, 1, atol=1e-12)


def test_survival__who_died_without_progression_was_not_lost_to_follow_up(by_origin):
    """Reverse Kaplan-Meier of TTP: 3 patients are censored, 8 died."""
    rows = by_origin.followup.loc[by_origin.followup["group"] == "all"].set_index("endpoint")
    row = rows.loc["ttp"]
    assert row["n_censored"] == 3
    assert row["median"] == rows.loc["pfs", "median"]


def test_survival__p_above_the_level_carries_the_sentence_with_the_interval(by_origin):
    rows = by_origin.group_tests
    above = rows["p_primary"] > 0.05
    assert above.any()
    assert (rows["warnings"].str.contains("W_NO_EQUIVALENCE") == above).all()
    for row in rows[above].itertuples():
        assert f"(95 % CI {row.hr_lo:.3g} to {row.hr_hi:.3g})" in row.reading
        assert f"above {row.mdhr_80:.2f}" in row.reading
    text = summarise_survival(by_origin).lower() + " ".join(rows["reading"]).lower()
    assert not re.search(r"no difference|\bsimilar\b", text)


def test_survival__numbers_are_cut_at_the_points_given(cohort):
    found = survival(cohort, by="ki67_pct:30,45", endpoints=["os"], **FEW)
    ki67 = cohort.patients["ki67_pct"]
    sizes = [(ki67 <= 30).sum(), ((ki67 > 30) & (ki67 <= 45)).sum(), (ki67 > 45).sum()]
    rows = found.km.loc[found.km["grouping"] == "ki67_pct:30,45"]
    assert rows["group"].tolist() == ["up to 30", "over 30 to 45", "over 45"]
    assert rows["n"].tolist() == sizes


def test_survival__who_was_not_sequenced_for_the_gene_is_left_out_and_counted(cohort):
    found = survival(cohort, by="TSC2", endpoints=["os"], **FEW)
    row = found.group_tests.iloc[0]
    assert (row["group"], row["reference"], row["n_group"], row["n_reference"]) == ("altered", "wild type", 9, 14)
    assert row["chi2"] == pytest.approx(4.470248, abs=1e-6)
    left = found.exclusions.loc[found.exclusions["step"] == "group"]
    assert (len(left), set(left["reason"])) == (11, {"not_profiled"})
    step = next(step for step in found.flow.steps if step.name.endswith("by TSC2"))
    assert (step.n_in, step.n_out, step.excluded) == (34, 23, {"not_profiled": 11})


def test_survival__small_groups_are_shown_and_not_tested(cohort):
    found = survival(cohort, by="DAXX", endpoints=["os"], **FEW)  # 2 of 23 altered
    row = found.group_tests.set_index("group").loc["altered"]
    assert row["status"] == "one_group"
    assert np.isnan(row["p_primary"])
    assert found.km.loc[found.km["grouping"] == "DAXX", "n"].tolist() == [21, 2]
    small = survival(cohort, by="histology", endpoints=["os"], **FEW).group_tests.set_index("group")
    assert small.loc["thymic_carcinoid_nos", "status"] == "too_few_patients"
    assert (small["k"] == 3).all()  # of 14, 10 and 6 patients


def test_survival__without_any_event_there_are_curves_and_no_test(reference, tmp_path):
    study = write_linear(tmp_path, read_linear(reference).assign(os_event=0))
    found = survival(ng.read_cohort(study), by="origin", endpoints=["os"])
    assert set(found.group_tests["status"]) == {"no_events"}
    assert found.group_tests[["chi2", "hr", "p_primary"]].isna().all(axis=None)
    assert (found.curves["survival"] == 1).all()


def test_survival__a_group_without_events_has_a_firth_estimate_and_says_so(reference, tmp_path):
    table = read_linear(reference)
    table.loc[table["origin"] == "thymic", "os_event"] = 0
    found = survival(ng.read_cohort(write_linear(tmp_path, table)), by="origin3", endpoints=["os"], **FEW).group_tests
    assert found["chi2"].iloc[0] == pytest.approx(3.022531, abs=1e-6)  # DOMAIN SC11
    row = found.set_index("group").loc["thymic"]
    assert 0 < row["hr"] < 1
    assert "W_MONOTONE" in row["warnings"]


def test_survival__delayed_entry_conditions_curves_and_tests(cohort):
    found = survival(cohort, by="TP53", endpoints=["os"], entry_rule="sequencing_report", report_both=True, **FEW)
    both = found.group_tests.set_index("entry_rule")
    assert both.index.tolist() == ["sequencing_report", "none"]
    assert both.loc["none", "chi2"] == pytest.approx(4.676765, abs=1e-6)
    # R: score test of coxph(Surv(seq_day, os_days, os_event) ~ TP53, ties = "exact"), the log-rank test with late entry
    assert both.loc["sequencing_report", "chi2"] == pytest.approx(9.7224893682, abs=1e-8)
    assert np.log(both.loc["sequencing_report", "hr"]) == pytest.approx(1.316333, abs=1e-5)
    whole = found.km.loc[(found.km["grouping"] == "all") & (found.km["entry_rule"] == "sequencing_report")].iloc[0]
    assert whole["t0_conditional"] > 0
    assert both.loc["sequencing_report", "rmst_t0"] > 0
    late = survival(cohort, by="TP53", endpoints=["ttp"], entry_rule="sequencing_report", **FEW).competing
    assert set(late["gray_status"].dropna()) == {"delayed_entry"}


def test_survival__delayed_entry_is_for_cohorts_defined_by_having_been_sequenced(cohort):
    """Clinical sequencing: whoever is compared by a gene had to live to be sequenced, the whole cohort had not."""
    clinical = dataclasses.replace(cohort, samples=cohort.samples.assign(sequencing_context="clinical"))
    part = dataclasses.replace(clinical, samples=clinical.samples[clinical.samples["patient_id"] != "P01"])
    rules = {
        (name, by): survival(item, by=by, endpoints=["os"], **FEW).group_tests["entry_rule"].iloc[0]
        for name, item in (("all sequenced", clinical), ("one never sequenced", part))
        for by in ("sex", "TP53")
    }
    assert rules == {
        ("all sequenced", "sex"): "sequencing_report",
        ("all sequenced", "TP53"): "sequencing_report",
        ("one never sequenced", "sex"): "none",
        ("one never sequenced", "TP53"): "sequencing_report",
    }


def test_survival__groups_formed_after_time_zero_need_a_landmark(cohort):
    with pytest.raises(AnalysisError, match="E_IMMORTAL_TIME"):
        survival(cohort, by="best_response", endpoints=["os"])
    with pytest.raises(AnalysisError, match="E_IMMORTAL_TIME"):
        survival(cohort, by="regimen_class", endpoints=["os"])
    found = survival(cohort, by="regimen_class", endpoints=["pfs"], **FEW)  # the class of line 1 is known at its start
    assert found.km.loc[found.km["grouping"] == "regimen_class", "n"].sum() == 34


def test_survival__landmark_restarts_time(cohort):
    found = survival(cohort, by="sex", endpoints=["os"], landmark=90, **FEW)
    assert found.group_tests["analysis_set"].tolist() == ["landmark:90"]
    assert found.km.loc[found.km["grouping"] == "all", "n"].tolist() == [32]
    assert found.exclusions["reason"].value_counts()["before_landmark"] == 2 * found.exclusions["grouping"].nunique()


def test_survival__responders_are_those_of_the_landmark_day(cohort):
    """Assessments after the landmark are not looked at: worked out here from the rows."""
    found = survival(cohort, by="best_response", endpoints=["pfs"], landmark=90, **FEW)
    start = cohort.treatments.loc[cohort.treatments["line_number"] == 1].set_index("patient_id")["date_start"]
    rows = cohort.assessments.loc[cohort.assessments["overall_response"].isin(["CR", "PR"])]
    day = (rows["date"] - rows["patient_id"].map(start)).dt.days
    early = set(rows.loc[(day >= 0) & (day <= 90), "patient_id"])
    analysed = set(found.endpoints["patient_id"])
    km = found.km.loc[found.km["grouping"] == "best_response"].set_index("group")["n"]
    assert km.sum() == len(analysed)
    assert km.get("response", 0) == len(early & analysed) > 0
    assert set(found.exclusions["reason"]) == {"before_landmark"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "origins"}, "neither. Did you mean origin"),
        ({"by": "ki67_pct"}, "is a number and forms no groups"),
        ({"by": "date_advanced"}, "is a date and forms no groups"),
        ({"by": "ki67_pct:30,20"}, "cut points are rising numbers"),
        ({"by": "sex:3"}, "cut points are rising numbers"),
        ({"by": "sex", "reference": "child"}, "no group is called 'child'"),
        ({"by": "sex", "strata": "sux"}, "strata need a patient column"),
        ({"by": "sex", "horizons": [-1]}, "horizons are positive"),
        ({"by": [" "]}, "a comparison needs groups"),
    ],
)
def test_survival__impossible_requests_say_what_is_needed(cohort, options, message):
    with pytest.raises(AnalysisError, match=re.escape(message)):
        survival(cohort, endpoints=["os"], **FEW, **options)


def test_survival__unknown_options_are_refused(cohort):
    with pytest.raises(SchemaError, match="E_CONFIG"):
        survival(cohort, endpointz=["os"])


def test_survival__reference_turns_the_ratio_round(cohort):
    ratios = [
        survival(cohort, by="sex", endpoints=["os"], reference=name, **FEW).group_tests["hr"].iloc[0]
        for name in ("female", "male")
    ]
    assert ratios[0] * ratios[1] == pytest.approx(1, rel=1e-8)


def test_survival__horizon_of_restricted_means_is_kept_within_the_data(cohort):
    bound = survival(cohort, by="sex", endpoints=["os"], **FEW).group_tests["rmst_tau"].iloc[0]
    found = survival(cohort, by="sex", endpoints=["os"], tau=bound + 300, **FEW)
    assert found.group_tests["rmst_tau"].iloc[0] == bound
    assert "W_TAU" in found.findings.codes()
    near = survival(cohort, by="TP53", endpoints=["os"], tau=730, **FEW)
    row = near.group_tests.iloc[0]
    assert [row["rmst_diff"], row["rmst_diff_lo"], row["rmst_diff_hi"]] == pytest.approx(
        [-193.533, -371.389, -15.677], abs=1e-3
    )
    assert "W_TAU" not in near.findings.codes()


def test_survival__does_not_depend_on_row_order(reference, tmp_path):
    table = read_linear(reference)
    runs = [
        survival(
            ng.read_cohort(write_linear(tmp_path / name, part)), by=["origin", "TP53"], endpoints=["os", "pfs"], **FEW
        )
        for name, part in (("a", table), ("b", table.sample(frac=1, random_state=4)))
    ]
    for name in ("group_tests", "km", "curves", "competing", "incidence", "followup"):
        pd.testing.assert_frame_equal(getattr(runs[0], name), getattr(runs[1], name))


def test_expand_request__short_words_stand_for_columns():
    found = expand_request(["origin", "ki67:30", "TP53", "origin2", "grade", "stage"], columns=["origin", "grade"])
    assert found == ["origin_group3", "origin_group2", "ki67_pct:30", "TP53", "grade", "stage_at_diagnosis"]


def test_survival__permutation_of_three_small_groups_agrees_with_all_relabelings(reference, tmp_path):
    """Nine patients in three groups: 1680 relabelings, counted here."""
    table = read_linear(reference).groupby("origin").head(3).reset_index(drop=True)
    found = survival(
        ng.read_cohort(write_linear(tmp_path, table)), by="origin3", endpoints=["os"], permutations=20_000
    ).group_tests.iloc[0]
    time, event = table["os_days"].to_numpy(), table["os_event"].to_numpy()
    hazard = [sum(event[time == t].sum() / (time >= t).sum() for t in set(time[time <= own])) for own in time]
    residual = event - np.array(hazard)
    labels = table["origin"].to_numpy()
    # with equal sizes U' V^- U is proportional to the sum of squares of U
    observed = sum(residual[labels == name].sum() ** 2 for name in set(labels))
    hits = total = 0
    for first in itertools.combinations(range(9), 3):
        rest = [i for i in range(9) if i not in first]
        for second in itertools.combinations(rest, 3):
            third = [i for i in rest if i not in second]
            squares = sum(residual[list(part)].sum() ** 2 for part in (first, second, third))
            hits, total = hits + (squares >= observed - 1e-9), total + 1
    assert total == 1680
    assert found["mc_lo"] <= hits / total <= found["mc_hi"]
