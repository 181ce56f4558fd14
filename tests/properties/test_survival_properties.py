"""What must hold for any cohort: naive loops agree, and what should not matter does not."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netgen.association.cox import scan_cox
from netgen.association.cox_adjusted import scan_cox_adjusted
from netgen.association.cox_model import fit_cox
from netgen.association.km import kaplan_meier, survival_quantile
from netgen.association.logrank import logrank_test, scan_logrank
from netgen.association.riskset import build_risk_sets
from netgen.association.rmst import restricted_mean
from tests import naive


class Cohort(NamedTuple):
    """Outcomes with many ties, genes with gaps (-1), two covariates."""

    time: np.ndarray
    event: np.ndarray
    entry: np.ndarray
    strata: np.ndarray
    genes: np.ndarray
    covariates: np.ndarray

    @property
    def risk(self):
        return build_risk_sets(self.time, self.event, entry=self.entry, strata=self.strata)


@st.composite
def cohorts(draw, *, min_size=4, max_size=25, n_genes=4):
    n = draw(st.integers(min_size, max_size))
    column = st.lists(st.integers(0, 9), min_size=n, max_size=n)
    time = np.array(draw(column)) + 1.0
    entry = np.minimum(np.array(draw(column)) - 4.0, time - 1)
    event = np.array(draw(column)) < 7
    genes = np.array([[(v > 5) - (v == 0) for v in draw(column)] for _ in range(n_genes)], dtype=np.int8)
    strata = np.array(draw(column)) % 2
    return Cohort(time, event, entry, strata, genes, np.column_stack([draw(column), draw(column)]).astype(float))


def profiled(cohort: Cohort, gene: int) -> tuple[naive.Outcome, list[int]]:
    use = cohort.genes[gene] >= 0
    y = naive.outcome(cohort.time[use], cohort.event[use], cohort.entry[use], cohort.strata[use])
    return y, cohort.genes[gene, use].tolist()


NUMBERS = ("coef", "se", "lr_chi2", "score_chi2", "wald_p")


def same(a, b, *, rtol=1e-8, atol=1e-8):
    for name in NUMBERS:
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=rtol, atol=atol)
    assert a.status.tolist() == b.status.tolist()


@given(cohorts())
def test_kaplan_meier__equals_the_loop(cohort):
    km = kaplan_meier(cohort.time, cohort.event, entry=cohort.entry)
    rows = np.array(naive.kaplan_meier(naive.outcome(cohort.time, cohort.event, cohort.entry))).reshape(-1, 5)
    at = km.n_event > 0
    found = np.column_stack([km.time, km.n_risk, km.n_event, km.survival, km.std_err])[at]
    np.testing.assert_allclose(found, rows, atol=1e-12)
    balance = km.n_risk[:-1] - km.n_event[:-1] - km.n_censor[:-1] + km.n_enter[1:]
    assert balance.tolist() == km.n_risk[1:].tolist()


@given(cohorts(), st.integers(1, 12))
def test_restricted_mean__equals_the_area_day_by_day(cohort, tau):
    km = kaplan_meier(cohort.time, cohort.event, entry=cohort.entry)
    expected = naive.restricted_mean(naive.outcome(cohort.time, cohort.event, cohort.entry), tau)
    assert restricted_mean(km, tau).mean == pytest.approx(expected)


@given(cohorts(), st.sampled_from([0.0, 1.0, 0.5]))
def test_logrank__equals_the_loop(cohort, rho):
    scan = scan_logrank(cohort.risk, cohort.genes)
    for gene in range(len(cohort.genes)):
        y, x = profiled(cohort, gene)
        np.testing.assert_allclose(
            (scan.observed[gene], scan.expected[gene], scan.variance[gene]), naive.logrank(y, x), atol=1e-12
        )
        if len(set(x)) == 2:
            test = logrank_test(y.time, y.event, x, entry=y.entry, strata=y.stratum, rho=rho)
            observed, expected, variance = naive.logrank(y, x, rho)
            np.testing.assert_allclose(
                (test.observed[1], test.expected[1], test.variance[1, 1]), (observed, expected, variance), atol=1e-12
            )
            assert math.isnan(test.chi2) == (variance < 1e-12)


@given(cohorts(), st.sampled_from(["efron", "breslow"]))
def test_scan_cox__maximises_the_naive_likelihood(cohort, ties):
    scan = scan_cox(cohort.risk, cohort.genes, ties=ties)
    for gene in range(len(cohort.genes)):
        y, x = profiled(cohort, gene)
        columns = [[v] for v in x]

        def loglik(beta, columns=columns, y=y):
            return naive.log_partial_likelihood([beta], columns, y, ties)

        plus, minus = naive.is_informative(y, x)
        if len(set(x)) == 2 and any(y.event):
            expected = {(True, True): "ok", (True, False): "monotone_plus", (False, True): "monotone_minus"}
            assert scan.status[gene] == expected.get((plus, minus), "not_informative")
        if plus or minus:
            assert scan.loglik_null[gene] == pytest.approx(loglik(0.0))
            far = {(True, False): 30.0, (False, True): -30.0}.get((plus, minus), scan.coef[gene])
            assert scan.loglik[gene] == pytest.approx(loglik(far), abs=1e-9)
        if plus and minus:
            top = loglik(scan.coef[gene])
            assert all(top >= loglik(scan.coef[gene] + step) for step in (-0.01, 0.01))
            curvature = naive.second_derivative(loglik, scan.coef[gene])
            assert scan.se[gene] == pytest.approx(1 / math.sqrt(-curvature), rel=1e-5)


@settings(max_examples=15)  # the derivative-free search of the twin is slow
@given(cohorts(min_size=12), st.sampled_from(["efron", "breslow"]))
def test_fit_cox__maximises_the_naive_likelihood(cohort, ties):
    fit = fit_cox(cohort.covariates, cohort.time, cohort.event, entry=cohort.entry, strata=cohort.strata, ties=ties)
    assume(fit.status == "converged")
    y = naive.outcome(cohort.time, cohort.event, cohort.entry, cohort.strata)
    x = cohort.covariates.tolist()
    assert fit.loglik == pytest.approx(naive.log_partial_likelihood(fit.coef, x, y, ties))
    assert fit.loglik_null == pytest.approx(naive.log_partial_likelihood([0, 0], x, y, ties))
    np.testing.assert_allclose(naive.cox(x, y, ties), fit.coef, atol=1e-5)


@given(cohorts(), st.randoms(use_true_random=False))
def test_row_order_does_not_matter(cohort, random):
    order = list(range(len(cohort.time)))
    random.shuffle(order)
    moved = Cohort(*(part[order] for part in cohort[:4]), cohort.genes[:, order], cohort.covariates[order])
    same(scan_cox(cohort.risk, cohort.genes), scan_cox(moved.risk, moved.genes))
    a, b = scan_logrank(cohort.risk, cohort.genes), scan_logrank(moved.risk, moved.genes)
    np.testing.assert_allclose(a.chi2, b.chi2, atol=1e-12)
    one, two = (kaplan_meier(c.time, c.event, entry=c.entry) for c in (cohort, moved))
    np.testing.assert_array_equal(one.survival, two.survival)
    assert str(survival_quantile(one)) == str(survival_quantile(two))
    same(
        scan_cox_adjusted(cohort.risk, cohort.genes, cohort.covariates),
        scan_cox_adjusted(moved.risk, moved.genes, moved.covariates),
        rtol=1e-6,
        atol=1e-6,
    )


@given(cohorts(), st.sampled_from([1 / 30.4375, 7.0, 1e-3]))
def test_the_unit_of_time_does_not_change_a_hazard_ratio(cohort, unit):
    scaled = cohort._replace(time=cohort.time * unit, entry=cohort.entry * unit)
    same(scan_cox(cohort.risk, cohort.genes), scan_cox(scaled.risk, scaled.genes))


@given(cohorts())
def test_every_patient_twice_keeps_the_breslow_estimate_and_halves_its_variance(cohort):
    twice = Cohort(
        *(np.tile(part, 2) for part in cohort[:4]), np.tile(cohort.genes, 2), np.tile(cohort.covariates, (2, 1))
    )
    a, b = (scan_cox(c.risk, c.genes, ties="breslow") for c in (cohort, twice))
    np.testing.assert_allclose(a.coef, b.coef, atol=1e-8)
    np.testing.assert_allclose(a.se**2 / 2, b.se**2, rtol=1e-7)
    np.testing.assert_allclose(a.lr_chi2 * 2, b.lr_chi2, atol=1e-8)


@given(cohorts())
def test_a_case_weight_of_two_is_the_patient_twice_under_breslow(cohort):
    x = cohort.covariates
    weighted = fit_cox(x, cohort.time, cohort.event, ties="breslow", weights=np.full(len(x), 2.0))
    twice = fit_cox(np.tile(x, (2, 1)), np.tile(cohort.time, 2), np.tile(cohort.event, 2), ties="breslow")
    assert weighted.status == twice.status
    np.testing.assert_allclose(weighted.coef, twice.coef, atol=1e-7)
    np.testing.assert_allclose(weighted.se, twice.se, rtol=1e-6)


@given(cohorts(), st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_patients_who_are_not_profiled_change_nothing(cohort, times):
    """Added patients with events, in every stratum, but -1 for all genes."""
    k = len(times)
    more = Cohort(
        np.append(cohort.time, times),
        np.append(cohort.event, np.ones(k, bool)),
        np.append(cohort.entry, np.full(k, -1.0)),
        np.append(cohort.strata, np.arange(k) % 2),
        np.hstack([cohort.genes, np.full((len(cohort.genes), k), -1, np.int8)]),
        np.vstack([cohort.covariates, np.ones((k, 2))]),
    )
    a, b = scan_cox(cohort.risk, cohort.genes), scan_cox(more.risk, more.genes)
    same(a, b)
    assert a.n.tolist() == b.n.tolist()
    np.testing.assert_allclose(
        scan_logrank(cohort.risk, cohort.genes).chi2, scan_logrank(more.risk, more.genes).chi2, atol=1e-10
    )
    same(
        scan_cox_adjusted(cohort.risk, cohort.genes, cohort.covariates),
        scan_cox_adjusted(more.risk, more.genes, more.covariates),
    )


@given(cohorts())
def test_the_names_of_strata_do_not_matter(cohort):
    renamed = cohort._replace(strata=np.array(["thymic", "lung"])[cohort.strata])
    same(scan_cox(cohort.risk, cohort.genes), scan_cox(renamed.risk, renamed.genes))
    constant = cohort._replace(strata=np.full(len(cohort.time), "all"))
    plain = build_risk_sets(cohort.time, cohort.event, entry=cohort.entry)
    same(scan_cox(constant.risk, cohort.genes), scan_cox(plain, cohort.genes))


@given(cohorts())
def test_altered_and_wild_type_exchanged_change_the_sign(cohort):
    flipped = np.where(cohort.genes < 0, cohort.genes, 1 - cohort.genes).astype(np.int8)
    a, b = scan_cox(cohort.risk, cohort.genes), scan_cox(cohort.risk, flipped)
    np.testing.assert_allclose(a.coef, -b.coef, atol=1e-8)
    np.testing.assert_allclose(a.lr_chi2, b.lr_chi2, atol=1e-9)
    np.testing.assert_allclose(a.score_chi2, b.score_chi2, atol=1e-9)
