"""Delayed entry at sequencing in the golden cohort: every estimator uses the same risk sets.

Numbers with six decimals are DOMAIN, Appendix B and SC31. The others are from R 4.2.2 with survival 3.5-3, glmnet 4.1-6
and, for Firth and the log-rank test of left-truncated data, the definitions in ``reference/make/golden_common.R``;
``Surv(seq_day, os_days, os_event)`` throughout. A curve conditional on day t0 is ``survfit(..., start.time = t0)``.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest

from netgen.association.concordance import count_concordance, estimate_uno_c
from netgen.association.cox import scan_cox
from netgen.association.cox_adjusted import scan_cox_adjusted
from netgen.association.cox_model import fit_cox
from netgen.association.coxnet import fit_coxnet
from netgen.association.describe_groups import describe_features
from netgen.association.firth import scan_firth
from netgen.association.firth_model import fit_firth
from netgen.association.group_curves import (
    Outcomes,
    condition_on,
    group_curve,
    groupings_of,
    outcomes_of,
    tabulate_curves,
)
from netgen.association.groups import count_groups
from netgen.association.heterogeneity import heterogeneity
from netgen.association.imbalance import check_imbalance
from netgen.association.km import KaplanMeier, kaplan_meier, reverse_kaplan_meier_median, survival_at, survival_quantile
from netgen.association.logrank import logrank_test, scan_logrank
from netgen.association.permutation import martingale_residuals, permutation_logrank, scan_permutation
from netgen.association.proportional_hazards import proportional_hazards_test
from netgen.association.riskset import RiskSets, build_risk_sets
from netgen.association.rmst import restricted_mean, rmst_difference
from netgen.provenance import derive_seed
from tests.association.linear_set import GENES, analysis_of, read_linear

TESTED = ("TP53", "ATRX", "MEN1", "TSC2")


class Cohort(NamedTuple):
    """The golden cohort as kernels read it."""

    time: np.ndarray
    event: np.ndarray
    entry: np.ndarray
    origin: np.ndarray
    ki67: np.ndarray
    genes: dict[str, np.ndarray]

    def outcomes(self) -> Outcomes:
        return Outcomes(self.time, self.event, self.entry)

    def risk(self, *, strata: bool = False) -> RiskSets:
        return build_risk_sets(self.time, self.event, entry=self.entry, strata=self.origin if strata else None)

    def profiled(self, gene: str) -> dict[str, np.ndarray]:
        """Outcomes of the patients who were profiled for a gene."""
        use = self.genes[gene] >= 0
        return {"time": self.time[use], "event": self.event[use], "entry": self.entry[use]}


@pytest.fixture(scope="module")
def table(reference):
    return read_linear(reference)


@pytest.fixture(scope="module")
def cohort(table):
    return Cohort(
        time=table["os_days"].to_numpy(float),
        event=table["os_event"].to_numpy() == 1,
        entry=table["seq_day"].to_numpy(float),
        origin=table["origin"].to_numpy(dtype=str),
        ki67=table["ki67_pct"].to_numpy(float) / 10,
        genes={gene: table[gene].fillna(-1).to_numpy(np.int8) for gene in GENES},
    )


def rows_of(cohort, *genes):
    return np.stack([cohort.genes[gene] for gene in genes])


def conditional(cohort, start, use=slice(None)) -> KaplanMeier:
    outcomes = Outcomes(cohort.time[use], cohort.event[use], cohort.entry[use])
    seen = condition_on(outcomes, start)
    return kaplan_meier(seen.time, seen.event, entry=seen.entry)


# Kaplan-Meier, at risk, medians


def test_delayed_entry__unconditional_curve_collapses(cohort):
    """DOMAIN 2.10: risk sets 3, 7, 7, 8 at the first deaths; S falls to 0.667 on day 43; median 105.

    Limits of the median as in R's ``summary(survfit)``; ``quantile(survfit)`` gives 105 as the lower one, because it
    sorts a lower limit that rises in between (0.054, 0.076, 0.079, 0.076).
    """
    curve = kaplan_meier(*cohort.outcomes()[:2], entry=cohort.entry)
    died = curve.n_event > 0
    assert curve.time[died][:5].tolist() == [43, 90, 105, 111, 146]
    assert curve.n_risk[died][:5].tolist() == [3, 7, 7, 8, 11]
    assert curve.survival[died][:5] == pytest.approx(
        [0.666666666667, 0.571428571429, 0.489795918367, 0.428571428571, 0.38961038961], abs=1e-11
    )
    assert survival_quantile(curve) == (105, 43, 576)
    assert survival_at(curve, [365.25, 730.5, 1095.75]).n_risk.tolist() == [23, 14, 7]


def test_delayed_entry__curve_conditional_on_180_days(cohort):
    curve = conditional(cohort, 180)
    assert (curve.n, curve.events) == (29, 18)
    assert survival_quantile(curve) == (838, 453, 1344)


def test_delayed_entry__curve_that_is_shown(cohort, table):
    """Of everybody: from day 71, when the fourth patient comes under observation."""
    curve, start = group_curve(cohort.outcomes())
    assert (start, curve.n, curve.events) == (71, 33, 22)
    assert survival_quantile(curve) == (275, 90, 838)
    analysis = analysis_of(table, entry=True)
    km, curves = tabulate_curves(analysis, groupings_of(analysis, np.array([], dtype=int)))
    row = km.set_index(["grouping", "group"]).loc[("all", "all")]
    assert row[["n", "events", "t0_conditional", "n_curve", "events_curve"]].tolist() == [34, 23, 71, 33, 22]
    assert row[["s_12m", "s_24m", "s_36m"]].tolist() == pytest.approx(
        [0.466951372491, 0.306241936826, 0.196505242797], abs=1e-11
    )
    assert row[["s_lo_12m", "s_hi_12m"]].tolist() == pytest.approx([0.1959055816357, 0.700642555359], abs=1e-11)
    assert row[["n_risk_24m", "n_risk_36m"]].tolist() == [14, 7]
    whole = curves[curves["grouping"] == "all"]
    at_risk = [((table["seq_day"] < t) & (table["os_days"] >= t)).sum() for t in whole["time_days"].iloc[1:]]
    assert whole["n_risk"].iloc[1:].tolist() == at_risk
    assert whole["time_days"].iloc[0] == 71


def test_delayed_entry__median_follow_up(cohort, table):
    assert reverse_kaplan_meier_median(cohort.time, cohort.event, entry=cohort.entry) == (1437, 816, 1950)
    analysis = analysis_of(table, entry=True)
    km, _ = tabulate_curves(analysis, [next(groupings_of(analysis, np.array([], dtype=int)))])
    assert km.iloc[0][["followup_median", "followup_lo", "followup_hi"]].tolist() == [1437, 816, 1950]


def test_delayed_entry__years_at_risk_begin_at_entry(table):
    counts = count_groups(analysis_of(table, entry=True, genes=("TP53",)))
    days = (table["os_days"] - table["seq_day"]).groupby(table["TP53"]).sum()
    assert counts.years_altered[0] == pytest.approx(days[1] / 365.25)
    assert counts.years_unaltered[0] == pytest.approx(days[0] / 365.25)


# log-rank and permutation


def test_delayed_entry__logrank(cohort):
    genes = rows_of(cohort, "TP53", "ATRX")
    assert scan_logrank(cohort.risk(), genes).chi2 == pytest.approx([9.72248936816, 4.9670350319], rel=1e-10)
    # no two deaths of one origin fall on one day: the log-rank test is the score test
    stratified = scan_logrank(cohort.risk(strata=True), genes)
    assert stratified.chi2 == pytest.approx([3.09363441784, 11.1631439058], rel=1e-10)
    one = logrank_test(cohort.time, cohort.event, cohort.genes["TP53"], entry=cohort.entry)
    assert one.chi2 == pytest.approx(9.72248936816, rel=1e-10)
    assert logrank_test(
        cohort.time, cohort.event, cohort.genes["TP53"], entry=cohort.entry, strata=cohort.origin
    ).chi2 == pytest.approx(3.09363441784, rel=1e-10)


def test_delayed_entry__logrank_of_three_origins(cohort):
    found = logrank_test(cohort.time, cohort.event, cohort.origin, entry=cohort.entry)
    assert found.groups == ("duodenopancreatic", "lung", "thymic")
    assert found.observed.tolist() == [9, 6, 8]
    assert found.expected == pytest.approx([9.14820908011, 10.01039371369, 3.84139720620], abs=1e-10)
    assert (found.chi2, found.df) == (pytest.approx(6.63742207567, rel=1e-10), 2)


def test_delayed_entry__exact_permutation(cohort):
    residuals = martingale_residuals(cohort.risk())
    assert residuals.sum() == pytest.approx(0, abs=1e-12)
    found = permutation_logrank(residuals, cohort.genes["ATRX"] == 1, seed=1)
    assert (found.method, found.p) == ("exact", pytest.approx(0.11142976, abs=5e-9))
    scan = scan_permutation(cohort.risk(), rows_of(cohort, "ATRX"), seed=1)
    assert scan.p[0] == pytest.approx(0.11142976, abs=5e-9)


def test_delayed_entry__drawn_permutation_agrees_with_the_exact_one(cohort):
    found = scan_permutation(
        cohort.risk(),
        rows_of(cohort, "ATRX"),
        seed=derive_seed("test"),
        max_exact=0,
        max_draws=40_000,
        exceedances=40_000,
    )
    assert found.method[0] == "monte_carlo"
    assert found.mc_lo[0] < 0.11142976 < found.mc_hi[0]
    assert found.mc_hi[0] - found.mc_lo[0] < 0.01


# Cox and Firth


@pytest.mark.parametrize(
    ("gene", "strata", "coef", "se", "score"),
    [
        ("TP53", False, 1.303615, 0.448303, 9.640560),
        ("TP53", True, 0.903589, 0.529434, 3.093634),
        ("ATRX", False, 1.254480, 0.581602, 5.092160),
        ("MEN1", False, -0.418045, 0.444997, 0.894411),
        ("TSC2", False, 1.061678, 0.538016, 4.190050),
        ("ATRX", True, 2.419149, 0.866596, 11.163144),
        ("MEN1", True, -0.472204, 0.531217, 0.801385),
        ("TSC2", True, 1.046210, 0.650071, 2.781072),
    ],
)
def test_delayed_entry__cox(cohort, gene, strata, coef, se, score):
    scan = scan_cox(cohort.risk(strata=strata), rows_of(cohort, gene))
    assert (scan.coef[0], scan.se[0], scan.score_chi2[0]) == pytest.approx((coef, se, score), abs=1e-6)
    use = cohort.genes[gene] >= 0
    labels = cohort.origin[use] if strata else None
    fit = fit_cox(cohort.genes[gene][use], **cohort.profiled(gene), strata=labels)
    assert (fit.coef[0], fit.se[0], fit.score_chi2) == pytest.approx((coef, se, score), abs=1e-6)
    assert fit.lr_chi2 == pytest.approx(scan.lr_chi2[0], abs=1e-8)


@pytest.mark.parametrize(
    ("strata", "coef", "se"),
    [
        (False, (1.26577496164, 0.142440080192), (0.45152957908, 0.223484183457)),
        (True, (0.882102727928, 0.171348735611), (0.535320491078, 0.231135472874)),
    ],
)
def test_delayed_entry__adjusted_cox(cohort, strata, coef, se):
    x = np.column_stack([cohort.genes["TP53"], cohort.ki67])
    labels = cohort.origin if strata else None
    fit = fit_cox(x, cohort.time, cohort.event, entry=cohort.entry, strata=labels)
    assert fit.coef == pytest.approx(coef, abs=1e-8)
    assert fit.se == pytest.approx(se, abs=1e-8)
    scan = scan_cox_adjusted(cohort.risk(strata=strata), rows_of(cohort, "TP53"), cohort.ki67[:, None])
    assert (scan.coef[0], scan.se[0]) == pytest.approx((coef[0], se[0]), abs=1e-8)


@pytest.mark.parametrize(
    ("gene", "strata", "coef", "se", "lo", "hi", "p"),
    [
        ("TP53", False, 1.31633252745, 0.447933700862, 0.429664165983, 2.17151947762, 0.00448246330577),
        ("TP53", True, 0.911880258407, 0.529299915907, -0.123954608714, 1.92734176326, 0.0828653729926),
        ("ATRX", False, 1.30515126381, 0.577079774249, 0.118368567927, 2.36862675279, 0.0324382800945),
        ("ATRX", True, 2.30129229674, 0.849302126279, 0.800161913908, 4.06499252815, 0.00278104689557),
    ],
)
def test_delayed_entry__firth(cohort, gene, strata, coef, se, lo, hi, p):
    """Efron; TP53 unstratified is DOMAIN, SC31: 1.316333, p 0.004482."""
    scan = scan_firth(cohort.risk(strata=strata), rows_of(cohort, gene))
    found = (scan.coef[0], scan.se[0], scan.lo[0], scan.hi[0], scan.p[0])
    assert found == pytest.approx((coef, se, lo, hi, p), abs=1e-6)
    labels = cohort.origin if strata else None
    fit = fit_firth(cohort.genes[gene][:, None], cohort.time, cohort.event, entry=cohort.entry, strata=labels)
    assert (fit.coef[0], fit.lo[0], fit.hi[0]) == pytest.approx((coef, lo, hi), abs=1e-6)


def test_delayed_entry__heterogeneity_rests_on_the_same_risk_sets(cohort):
    """Per origin the Firth estimates are those of the patients of that origin alone."""
    found = heterogeneity(cohort.time, cohort.event, cohort.genes["TP53"] == 1, cohort.origin, entry=cohort.entry)
    rows = found.table.set_index("origin")
    for origin in np.unique(cohort.origin):
        use = cohort.origin == origin
        alone = fit_firth(
            cohort.genes["TP53"][use][:, None], cohort.time[use], cohort.event[use], entry=cohort.entry[use]
        )
        assert rows.loc[origin, "beta"] == pytest.approx(alone.coef[0], abs=1e-6)


# proportional hazards

ZPH = {  # cox.zph: transform -> chi-square
    "TP53": {"km": 2.24961322057, "identity": 1.59740271885, "rank": 2.11570756407, "log": 3.25876185185},
    "ATRX": {"km": 2.32353385762, "identity": 0.499916534018, "rank": 0.804257162626, "log": 1.03631939006},
    "MEN1": {"km": 1.60941387335, "identity": 0.18987630313, "rank": 0.291095372908, "log": 1.21928632749},
    "TSC2": {"km": 0.331285814483, "identity": 0.869301009429, "rank": 0.902959231366, "log": 0.649715040917},
}
ZPH_STRATIFIED = {"TP53": 4.3118902838, "ATRX": 0.283546331578, "MEN1": 3.78173374598, "TSC2": 1.13988788222}


@pytest.mark.parametrize("gene", TESTED)
def test_delayed_entry__proportional_hazards(cohort, gene):
    use = cohort.genes[gene] >= 0
    x = cohort.genes[gene][use].astype(float)
    fit = fit_cox(x, **cohort.profiled(gene))
    for transform, chi2 in ZPH[gene].items():
        assert proportional_hazards_test(fit, transform=transform).chi2[0] == pytest.approx(chi2, rel=1e-7)
    stratified = fit_cox(x, **cohort.profiled(gene), strata=cohort.origin[use])
    assert proportional_hazards_test(stratified).chi2[0] == pytest.approx(ZPH_STRATIFIED[gene], rel=1e-7)


def test_delayed_entry__proportional_hazards_of_two_terms(cohort):
    x = np.column_stack([cohort.genes["TP53"], cohort.ki67])
    fit = fit_cox(x, cohort.time, cohort.event, entry=cohort.entry)
    expected = [2.5968428420362, 0.0473510733083, 2.7264343792216]
    assert proportional_hazards_test(fit).chi2 == pytest.approx(expected, rel=1e-7)
    stratified = fit_cox(x, cohort.time, cohort.event, entry=cohort.entry, strata=cohort.origin)
    expected = [6.589045925903, 0.500404111667, 7.733528571141]
    assert proportional_hazards_test(stratified).chi2 == pytest.approx(expected, rel=1e-7)


# restricted means, only conditional


def test_delayed_entry__restricted_mean_of_everybody_from_180_days(cohort):
    """R prints the mean counted from the origin: 581.9065274345 = 180 + 401.9."""
    found = restricted_mean(conditional(cohort, 180), 730, start=180)
    assert found.start + found.mean == pytest.approx(581.9065274345, abs=1e-9)
    assert found.se == pytest.approx(41.6970450382, abs=1e-9)


def test_delayed_entry__restricted_means_of_two_groups(cohort):
    altered = cohort.genes["TP53"] == 1
    pair = [conditional(cohort, 180, use) for use in (altered, ~altered)]
    found = rmst_difference(*pair, 730, start=180)
    assert (found.group.mean, found.group.se) == pytest.approx((219.625, 116.845317755), abs=1e-9)
    assert (found.reference.mean, found.reference.se) == pytest.approx((442.700670795, 40.2733568532), abs=1e-8)


@pytest.mark.parametrize(
    ("gene", "start", "tau", "difference", "lo", "hi"),
    [
        ("TP53", 255, 943.5625, -127.041596293, -371.226090314, 117.142897728),
        ("MEN1", 152, 1461, 385.793450893, 37.1883029294, 734.398598857),
        ("ATRX", 71, 273.9375, -35.326099537, -129.276388645, 58.6241895712),
        ("TSC2", 198, 547.875, -144.328036204, -284.151154794, -4.50491761444),
    ],
)
def test_delayed_entry__restricted_means_beside_each_gene(table, gene, start, tau, difference, lo, hi):
    """Both groups from the same day: the later of the two from which a group has three at risk."""
    analysis = analysis_of(table, entry=True, strata=False)
    row = describe_features(analysis, np.array([GENES.index(gene)]), tested=np.ones(8, dtype=bool)).iloc[0]
    assert (row["rmst_t0"], row["rmst_tau"]) == (start, tau)
    assert max(row["t0_altered"], row["t0_unaltered"]) == start
    found = row[["rmst_diff", "rmst_diff_lo", "rmst_diff_hi"]].tolist()
    assert found == pytest.approx([difference, lo, hi], abs=1e-7)


def test_delayed_entry__no_restricted_mean_where_a_group_is_never_seen(table):
    """Two carriers of RB1 are never three at risk."""
    analysis = analysis_of(table, entry=True, strata=False)
    row = describe_features(analysis, np.array([GENES.index("RB1")]), tested=np.ones(8, dtype=bool)).iloc[0]
    assert row[["rmst_t0", "rmst_tau", "rmst_diff", "rmst_diff_lo", "median_altered"]].isna().all()


# landmark


@pytest.mark.parametrize(
    ("landmark", "gene", "n", "events", "coef", "se", "score"),
    [
        (180, "TP53", 29, 18, 0.925026753072, 0.505486987471, 3.58677812099),
        (180, "MEN1", 29, 18, -0.802323538893, 0.528505408057, 2.42775698293),
        (365, "TP53", 25, 14, 0.658773639314, 0.594571979742, 1.27185675516),
        (365, "MEN1", 25, 14, -0.824088805726, 0.592026978961, 2.04925480871),
    ],
)
def test_delayed_entry__landmark_keeps_later_entries(cohort, landmark, gene, n, events, coef, se, score):
    """Time restarts at the landmark; who enters later is at risk from then on, as in the conditional curve."""
    seen = condition_on(cohort.outcomes(), landmark)
    use = cohort.time > landmark
    fit = fit_cox(cohort.genes[gene][use], seen.time - landmark, seen.event, entry=seen.entry - landmark)
    assert (fit.n, fit.events) == (n, events)
    assert (fit.coef[0], fit.se[0], fit.score_chi2) == pytest.approx((coef, se, score), abs=1e-7)
    shifted = kaplan_meier(seen.time - landmark, seen.event, entry=seen.entry - landmark)
    expected = {180: (658, 273, 1164), 365: (676, 317, 1104)}
    assert survival_quantile(shifted) == expected[landmark]
    on_the_old_clock = kaplan_meier(seen.time, seen.event, entry=seen.entry)
    assert survival_quantile(on_the_old_clock).estimate == expected[landmark][0] + landmark


# prediction


def test_delayed_entry__concordance(cohort):
    x = np.column_stack([cohort.genes["TP53"], cohort.ki67])
    fit = fit_cox(x, cohort.time, cohort.event, entry=cohort.entry)
    found = count_concordance(x @ fit.coef, cohort.risk())
    assert (found.concordant, found.discordant, found.tied) == (202, 88, 3)
    assert found.value == pytest.approx(0.694539, abs=1e-6)
    stratified = fit_cox(x, cohort.time, cohort.event, entry=cohort.entry, strata=cohort.origin)
    found = count_concordance(x @ stratified.coef, cohort.risk(strata=True))
    assert (found.concordant, found.discordant, found.tied) == (68, 31, 0)


def test_delayed_entry__censoring_weights_are_refused(cohort):
    value, note = estimate_uno_c(cohort.ki67, cohort.risk())
    assert np.isnan(value)
    assert note.startswith("not_available")


GLMNET_GENES = ("MEN1", "ATRX", "TP53", "ARID1A", "SETD2", "RB1")
GLMNET = {  # cox, alpha 1, standardize = FALSE, lambda 0.1, 0.05, 0.02; dense ranks of the days
    False: [
        [0, 0, 0.440404232012, 0, -0.433079016335, 0],
        [-0.593382269103, 0.789581718646, 0.892993064363, 0, -1.252661235956, 0],
        [-1.089642872506, 1.545929076918, 1.191047260915, 0.048508776968, -2.288483019528, -0.129135439434],
    ],
    True: [
        [0, 0.0891633105475, 0, 0, 0, 0],
        [-0.301617866477, 1.336723673293, 0.406899940061, 0, -0.233840661803, 0],
        [-0.801968655412, 2.005935302893, 0.777007625929, 0, -1.406957588418, 0],
    ],
}


@pytest.mark.parametrize("strata", [False, True])
def test_delayed_entry__penalised_model(cohort, strata):
    x = rows_of(cohort, *GLMNET_GENES).T.astype(float)
    path = fit_coxnet(x, cohort.risk(strata=strata), lambdas=[0.1, 0.05, 0.02])
    assert path.coef == pytest.approx(np.array(GLMNET[strata]), abs=1e-6)
    assert path.kkt.max() < 1e-7


def test_delayed_entry__penalised_model_without_penalty_is_breslow_cox(cohort):
    x = np.column_stack([cohort.genes["TP53"], cohort.ki67])
    path = fit_coxnet(x, cohort.risk(), penalty_factor=[0, 0])
    assert path.null_coef == pytest.approx([1.26549804885, 0.144722952602], abs=1e-7)
    assert path.loglik_zero == pytest.approx(-57.3081296358, abs=1e-8)


# what holds for all of them


def test_delayed_entry__from_the_origin_is_no_delayed_entry(cohort):
    """Entry at -inf, at 0 and none at all are the same patients at risk."""
    x = cohort.genes["TP53"].astype(float)
    fits = [fit_cox(x, cohort.time, cohort.event, entry=entry) for entry in (None, np.zeros(34), np.full(34, -np.inf))]
    assert len({(fit.coef[0], fit.se[0], fit.score_chi2) for fit in fits}) == 1
    curves = [kaplan_meier(cohort.time, cohort.event, entry=entry) for entry in (None, np.zeros(34))]
    assert curves[0].survival.tolist() == curves[1].survival.tolist()


def test_delayed_entry__a_patient_who_enters_on_the_day_of_an_event_is_not_at_risk_for_it(cohort):
    """Entry is open on the left: day 90, when P02 dies, does not count for somebody who enters on day 90."""
    entry = np.append(cohort.entry, 90.0)
    time, event = np.append(cohort.time, 5000.0), np.append(cohort.event, False)
    risk = build_risk_sets(time, event, entry=entry)
    curve = kaplan_meier(time, event, entry=entry)
    for t, n in ((90, 7), (105, 8)):
        assert curve.n_risk[curve.time == t] == n
        assert risk.n_at_risk[risk.slot_time == t] == n
    gene = np.append(cohort.genes["TP53"], 1)
    earlier = logrank_test(time, event, gene, entry=np.append(cohort.entry, 90.0))
    later = logrank_test(time, event, gene, entry=np.append(cohort.entry, 90.5))
    assert earlier.expected.tolist() == later.expected.tolist()


def test_delayed_entry__entry_of_the_carriers_is_compared(cohort):
    """R: ``wilcox.test(seq_day ~ TP53, exact = FALSE, correct = TRUE)``, p = 0.335."""
    found = check_imbalance(cohort.time, cohort.event, cohort.genes["TP53"], entry=cohort.entry)
    assert found.p_entry == pytest.approx(0.335067635622, abs=1e-9)


def test_delayed_entry__row_order_is_no_matter(table):
    analysis = analysis_of(table, entry=True, strata=False)
    order = np.random.default_rng(3).permutation(34)
    mixed = dataclasses.replace(
        analysis_of(table.iloc[order].reset_index(drop=True), entry=True, strata=False), patient_id=analysis.patient_id
    )
    rows = np.array([GENES.index(gene) for gene in TESTED])
    first, again = (describe_features(item, rows, tested=np.ones(8, dtype=bool)) for item in (analysis, mixed))
    assert first.to_numpy() == pytest.approx(again.to_numpy(), rel=1e-9, nan_ok=True)
    assert (
        outcomes_of(mixed, mixed.genes[3] == 1).time.sum() == outcomes_of(analysis, analysis.genes[3] == 1).time.sum()
    )
