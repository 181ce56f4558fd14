"""The properties of STYLE for every estimator: what must not matter does not, and what must scale does.

An estimator is a function of a study that returns numbers with two attributes: the power of the time unit they carry,
and the factor they change by when every patient stands there twice (None: nothing simple can be said).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.association.concordance import count_concordance
from netgen.association.cox import scan_cox
from netgen.association.cox_adjusted import scan_cox_adjusted
from netgen.association.cox_model import fit_cox
from netgen.association.coxnet import fit_coxnet
from netgen.association.cumulative_incidence import cumulative_incidence
from netgen.association.firth import scan_firth, scan_firth_adjusted
from netgen.association.firth_model import fit_firth
from netgen.association.heterogeneity import heterogeneity
from netgen.association.influence import dfbeta_residuals, find_influential
from netgen.association.km import kaplan_meier, survival_quantile
from netgen.association.logrank import logrank_test, scan_logrank
from netgen.association.permutation import martingale_residuals, permutation_logrank, scan_permutation
from netgen.association.permutation_groups import permutation_groups
from netgen.association.profile_likelihood import profile_intervals
from netgen.association.proportional_hazards import proportional_hazards_test
from netgen.association.riskset import build_risk_sets
from netgen.association.rmst import rmst_difference
from netgen.association.schoenfeld import schoenfeld_residuals
from tests.association.arrays import array_set

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
TOLERANCE = 1e-6  # of numbers that an iteration ends at
SOME = settings(max_examples=5)


class Study(NamedTuple):
    """Outcomes with ties, genes with gaps (-1), groups, covariates, names; ``unit``: how long a day is."""

    time: np.ndarray
    event: np.ndarray
    entry: np.ndarray | None
    strata: np.ndarray | None
    genes: np.ndarray
    group: np.ndarray
    covariates: np.ndarray
    patient: np.ndarray
    unit: float = 1.0

    @property
    def risk(self):
        return build_risk_sets(self.time, self.event, entry=self.entry, strata=self.strata)

    @property
    def late(self) -> dict[str, Any]:
        return {"entry": self.entry, "strata": self.strata}

    def take(self, rows) -> Study:
        """The study of some rows, in their order; a row taken twice is a patient twice."""
        parts = [None if part is None else part[rows] for part in self[:4]]
        return Study(
            *parts, self.genes[:, rows], self.group[rows], self.covariates[rows], self.patient[rows], self.unit
        )


class Number(NamedTuple):
    """A result: values, the power of the time unit, the factor if every patient stands there twice (None: not said)."""

    value: Any
    unit: int = 0
    twice: float | None = None


@st.composite
def studies(draw, *, min_size=12, max_size=20):
    n = draw(st.integers(min_size, max_size))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    time = rng.integers(1, 11, n).astype(float)
    entry = np.minimum(rng.integers(-4, 6, n), time - 1)
    genes = rng.choice([-1, 0, 0, 1], (3, n)).astype(np.int8)
    genes[0] = rng.integers(0, 2, n)  # one that everybody was profiled for
    covariates = np.column_stack([rng.integers(0, 6, n), rng.integers(0, 2, n)]).astype(float)
    names = np.array([f"P{i:03d}" for i in range(n)])
    event = rng.random(n) < 0.75
    return Study(time, event, entry, rng.integers(0, 2, n), genes, rng.integers(0, 3, n), covariates, names)


# ---------------------------------------------------------------- estimators


def survival(study: Study):
    km = kaplan_meier(study.time, study.event, entry=study.entry)
    alive = km.survival > 0
    return {
        "time": Number(km.time, 1, 1),
        "survival": Number(km.survival, 0, 1),
        "variance": Number(np.where(alive, km.std_err, 0) ** 2, 0, 0.5),
        "median": Number(survival_quantile(km), 1),
        "quartile": Number(survival_quantile(km, 0.25).estimate, 1, 1),
    }


def restricted_mean_survival(study: Study):
    kms = []
    for altered in (1, 0):
        rows = np.flatnonzero(study.genes[0] == altered)
        part = study.take(rows)
        kms.append(kaplan_meier(part.time, part.event, entry=part.entry) if len(rows) else None)
    if None in kms:
        return {}
    found = rmst_difference(*kms, 6 * study.unit)
    return {
        "difference": Number(found.difference, 1, 1),
        "variance": Number(found.difference_se**2, 2, 0.5),
        "z": Number(found.z**2, 0, 2),
    }


def incidence(study: Study):
    cause = np.where(study.event, 1 + study.covariates[:, 1].astype(int), 0)
    curve = cumulative_incidence(study.time, cause, entry=study.entry)
    return {
        "time": Number(curve.time, 1, 1),
        "incidence": Number(curve.incidence, 0, 1),
        "variance": Number(curve.std_err**2, 0, 0.5),
        "lo": Number(curve.lo),
    }


def logrank(study: Study):
    found = logrank_test(study.time, study.event, study.group, **study.late)
    return {
        "oe": Number(np.sort(found.observed - found.expected), 0, 2),
        "chi2": Number(found.chi2),
        "p": Number(found.p),
        "peto": Number(logrank_test(study.time, study.event, study.group, **study.late, rho=1.0).chi2),
    }


def logrank_scan(study: Study):
    found = scan_logrank(study.risk, study.genes)
    return {"oe": Number(found.observed - found.expected, 0, 2), "chi2": Number(found.chi2)}


def permutation(study: Study):
    residuals = martingale_residuals(study.risk)
    found = permutation_logrank(residuals, study.genes[0] == 1, study.strata, seed=5)
    return {"statistic": Number(found.statistic, 0, 2), "p": Number(found.p), "least": Number(found.min_attainable_p)}


def permutation_drawn(study: Study):
    found = permutation_logrank(
        martingale_residuals(study.risk), study.genes[0] == 1, study.strata, seed=5, max_exact=1, max_draws=500
    )
    return {"p": Number(found.p), "draws": Number(found.n_permutations)}


def permutation_scan(study: Study):
    found = scan_permutation(study.risk, study.genes, seed=5)
    return {"statistic": Number(found.statistic, 0, 2), "p": Number(found.p), "least": Number(found.min_attainable_p)}


def permutation_of_groups(study: Study):
    residuals = martingale_residuals(study.risk)
    found = permutation_groups(residuals, study.group, study.strata, seed=5, max_draws=500)
    return {"statistic": Number(found.statistic), "p": Number(found.p)}


def cox(study: Study, ties="efron", weights=None):
    fit = fit_cox(study.covariates, study.time, study.event, **study.late, ties=ties, weights=weights)
    profile = profile_intervals(fit)
    dfbeta = dfbeta_residuals(fit).dfbeta
    return {
        "status": Number(fit.status, 0, 1),
        "coef": Number(fit.coef, 0, 1),
        "variance": Number(fit.covariance, 0, 0.5),
        "lr": Number(fit.lr_chi2, 0, 2),
        "score": Number(fit.score_chi2, 0, 2),
        "wald": Number(fit.wald_chi2, 0, 2),
        "term": Number(profile.lr_chi2, 0, 2),
        "limits": Number(np.r_[profile.lo, profile.hi]),
        "dfbeta": Number(np.sort(np.abs(dfbeta), axis=None)),
    }


def cox_breslow(study: Study):
    return cox(study, "breslow")


def scanned(scan, *, doubles: bool):
    two, half, one = (2, 0.5, 1) if doubles else (None, None, None)
    return {
        "status": Number(scan.status, 0, 1),
        "coef": Number(scan.coef, 0, one),
        "variance": Number(scan.se**2, 0, half),
        "lr": Number(scan.lr_chi2, 0, two),
        "score": Number(scan.score_chi2, 0, two),
    }


def cox_scan(study: Study):
    return scanned(scan_cox(study.risk, study.genes), doubles=False)


def cox_scan_breslow(study: Study):
    return scanned(scan_cox(study.risk, study.genes, ties="breslow"), doubles=True)


def cox_scan_adjusted(study: Study):
    return scanned(scan_cox_adjusted(study.risk, study.genes, study.covariates, ties="breslow"), doubles=True)


def penalised_scan(scan):
    names = ("status", "coef", "se", "lo", "hi", "plr_chi2", "p")
    return {name: Number(getattr(scan, name)) for name in names}


def firth_scan(study: Study):
    return penalised_scan(scan_firth(study.risk, study.genes))


def firth_scan_adjusted(study: Study):
    return penalised_scan(scan_firth_adjusted(study.risk, study.genes[:1], study.covariates[:, :1]))


def firth_model(study: Study):
    return penalised_scan(fit_firth(study.covariates, study.time, study.event, **study.late, profile=[0]))


def by_origin(study: Study, method="firth"):
    found = heterogeneity(
        study.time, study.event, study.genes[0] == 1, study.group, entry=study.entry, ties="breslow", method=method
    )
    double = 2 if method == "ml" else None
    rows = found.table.sort_values(["n", "n_altered", "beta"])
    return {
        "beta": Number(found.beta, 0, 1 if double else None),
        "rows": Number(rows["beta"], 0, 1 if double else None),
        "counts": Number(rows[["n", "n_altered", "events_altered"]].to_numpy(dtype=float), 0, 2),
        "q": Number(found.q, 0, double),
        "lr": Number(found.lr_chi2, 0, double),
        "p": Number(found.p),
    }


def by_origin_ml(study: Study):
    return by_origin(study, "ml")


def hazards_proportional(study: Study):
    fit = fit_cox(study.covariates, study.time, study.event, **study.late, ties="breslow")
    if fit.status != "converged":
        return {"status": Number(fit.status, 0, 1)}
    transforms = ("km", "rank", "identity", "log")
    return {name: Number(proportional_hazards_test(fit, transform=name).chi2, 0, 2) for name in transforms}


def concordance(study: Study):
    found = count_concordance(study.covariates[:, 0], study.risk)
    return {"value": Number(found.value, 0, 1), "pairs": Number(found.concordant, 0, 4)}


def elastic_net(study: Study, weights=None):
    path = fit_coxnet(
        study.covariates, study.risk, alpha=0.7, lambdas=[0.1, 0.02], standardize=True, tol=1e-11, weights=weights
    )
    return {"coef": Number(path.coef, 0, 1), "lambda_max": Number(path.lambda_max, 0, 1)}


def analysis_of(study: Study):
    genes = pd.DataFrame(study.genes.T, columns=["A", "B", "C"]).replace({-1: np.nan})
    return array_set(study.time, study.event, genes, **study.late, patients=study.patient)


def influence(study: Study):
    table = find_influential(analysis_of(study), ["A", "B", "C"])
    names = ("feature", "patient_id", "dfbeta", "dfbetas", "hr_without", "flips")
    return {name: Number(table[name].astype("string") if name == "flips" else table[name]) for name in names} | {
        "time": Number(table["time_days"], 1)
    }


def schoenfeld(study: Study):
    table = schoenfeld_residuals(analysis_of(study), ["A", "B", "C"], ties="breslow")
    return {name: Number(table[name]) for name in ("feature", "g", "residual")} | {
        "time": Number(table["time_days"], 1)
    }


ALL = [
    survival, restricted_mean_survival, incidence, logrank, logrank_scan, permutation, permutation_drawn,
    permutation_scan, permutation_of_groups, cox, cox_breslow, cox_scan, cox_scan_breslow, cox_scan_adjusted,
    firth_scan, firth_scan_adjusted, firth_model, by_origin, by_origin_ml, hazards_proportional, concordance,
    elastic_net, influence, schoenfeld,
]  # fmt: skip
every = pytest.mark.parametrize("estimator", ALL, ids=lambda estimator: estimator.__name__)


def same(estimator, one: Study, two: Study) -> None:
    """Assert that both studies give the same numbers; times differ by the units of the studies."""
    first, second = estimator(one), estimator(two)
    assert list(first) == list(second)
    for name, number in first.items():
        equal(number.value, second[name].value, (two.unit / one.unit) ** number.unit, f"{estimator.__name__}: {name}")


def equal(one, two, factor: float, message: str) -> None:
    """Assert ``one * factor == two``, or equality of text."""
    a, b = np.asarray(one), np.asarray(two)
    if a.dtype.kind in "biuf":
        np.testing.assert_allclose(a * factor, b, rtol=TOLERANCE, atol=TOLERANCE, err_msg=message)
    else:
        assert a.tolist() == b.tolist(), message


# ---------------------------------------------------------------- properties


@every
@SOME
@given(study=studies(), random=st.randoms(use_true_random=False))
def test_row_order_does_not_matter(estimator, study, random):
    order = list(range(len(study.time)))
    random.shuffle(order)
    same(estimator, study, study.take(order))


@every
@SOME
@given(study=studies(), unit=st.sampled_from([2.0, 1 / 30.4375, 1 / 7]))
def test_the_unit_of_time_scales_times_and_nothing_else(estimator, study, unit):
    same(estimator, study, study._replace(time=study.time * unit, entry=study.entry * unit, unit=unit))


@every
@SOME
@given(study=studies())
def test_labels_of_strata_and_groups_do_not_matter(estimator, study):
    """Monte-Carlo tests draw for one stratum after the other, in the order of the labels, so these keep their order.

    An analysis numbers its strata by their first patient (``AnalysisSet.stratum``) before it permutes.
    """
    drawn = estimator in {permutation_drawn, permutation_of_groups}
    strata = np.array(["lung", "thymic"] if drawn else ["thymic", "lung"])[study.strata]
    same(estimator, study, study._replace(strata=strata, group=np.array(["c", "a", "b"])[study.group]))


@every
@SOME
@given(study=studies())
def test_one_stratum_is_no_stratum(estimator, study):
    n = len(study.time)
    same(estimator, study._replace(strata=None), study._replace(strata=np.full(n, "all")))


@every
@SOME
@given(study=studies())
def test_entry_at_the_origin_or_before_is_no_delayed_entry(estimator, study):
    n = len(study.time)
    for entry in (np.zeros(n), np.full(n, -np.inf), np.full(n, -3.0)):
        same(estimator, study._replace(entry=None), study._replace(entry=entry))


@pytest.mark.parametrize("estimator", [e for e in ALL if e is not cox], ids=lambda estimator: estimator.__name__)
@SOME
@given(study=studies())
def test_every_patient_twice(estimator, study):
    """Same estimates, half the variance, twice the chi-square - under Breslow's handling of ties."""
    doubled(estimator, study, study.take(np.tile(np.arange(len(study.time)), 2)))


# With strata of their own the copies make no new ties: Efron's handling and log-rank variances double too.
OF_STRATA = {"coef": 1, "variance": 0.5, "lr": 2, "score": 2, "chi2": 2, "oe": 2, "peto": 2, "statistic": 2}


@pytest.mark.parametrize(
    "estimator",
    [logrank, logrank_scan, permutation, permutation_scan, cox, cox_scan, cox_scan_adjusted, concordance, elastic_net],
    ids=lambda estimator: estimator.__name__,
)
@SOME
@given(study=studies())
def test_the_same_patients_as_a_second_set_of_strata(estimator, study):
    n = len(study.time)
    again = study.take(np.tile(np.arange(n), 2))
    doubled(estimator, study, again._replace(strata=again.strata + 2 * np.repeat([0, 1], n)), OF_STRATA | {"pairs": 2})


def doubled(estimator, study: Study, twice: Study, factors: dict[str, float] | None = None) -> None:
    """Assert that every number changes by its factor."""
    once, both = estimator(study), estimator(twice)
    for name, number in once.items():
        factor = number.twice if factors is None else factors.get(name, number.twice)
        if factor is not None:
            equal(number.value, both[name].value, factor, f"{estimator.__name__}: {name}")


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@given(study=studies())
@SOME
def test_a_case_weight_of_two_keeps_the_estimates_and_halves_the_variance(ties, study):
    two = np.full(len(study.time), 2.0)
    once, weighted = cox(study, ties), cox(study, ties, weights=two)
    for name, number in once.items():
        if number.twice is not None:
            equal(number.value, weighted[name].value, number.twice, f"{ties}: {name}")
    for name, number in elastic_net(study).items():
        equal(number.value, elastic_net(study, weights=two)[name].value, 1, name)
    plain, heavy = (count_concordance(study.covariates[:, 0], study.risk, weights=w) for w in (None, two))
    equal(plain.value, heavy.value, 1, "concordance")


@pytest.mark.parametrize(
    "estimator",
    [
        logrank_scan,
        permutation_scan,
        cox_scan,
        cox_scan_adjusted,
        firth_scan,
        firth_scan_adjusted,
        influence,
        schoenfeld,
    ],
    ids=lambda estimator: estimator.__name__,
)
@SOME
@given(study=studies(), times=st.lists(st.integers(1, 12), min_size=1, max_size=6))
def test_patients_who_were_not_assayed_change_nothing(estimator, study, times):
    k = len(times)
    more = Study(
        np.append(study.time, times).astype(float),
        np.append(study.event, np.arange(k) % 3 > 0),
        np.append(study.entry, np.arange(k) % 2 - 1.0),
        np.append(study.strata, np.arange(k) % 3),
        np.hstack([study.genes, np.full((3, k), -1, np.int8)]),
        np.append(study.group, np.zeros(k, dtype=int)),
        np.vstack([study.covariates, np.full((k, 2), 9.0)]),
        np.append(study.patient, [f"Q{i}" for i in range(k)]),
    )
    same(estimator, study, more)
