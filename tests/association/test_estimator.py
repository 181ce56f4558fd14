"""The scikit-learn estimator against glmnet, scikit-survival and the functions behind it, and inside scikit-learn."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from netgen.association.concordance import count_concordance
from netgen.association.coxnet import fit_coxnet
from netgen.association.estimator import PenalisedCox
from tests.association.penalised_cases import at_risk, cohort

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.association.riskset import RiskSets

QUICK = {"n_lambda": 15, "n_repeats": 2, "n_folds": 3}


def outcome(time, event, *, entry=None, strata=None) -> np.ndarray:
    """Structured array as of scikit-survival, with the fields that it does not know where they are given."""
    fields = [("event", "?"), ("time", "f8")]
    fields += [] if entry is None else [("entry", "f8")]
    fields += [] if strata is None else [("strata", "U8")]
    y = np.empty(len(time), dtype=fields)
    y["event"], y["time"] = event, time
    if entry is not None:
        y["entry"] = entry
    if strata is not None:
        y["strata"] = strata
    return y


def outcome_of(risk: RiskSets) -> np.ndarray:
    return outcome(risk.time, risk.event, entry=risk.entry, strata=risk.stratum.astype(str))


@pytest.fixture(scope="module")
def sim(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "simA2.csv")


def genes_of(sim: pd.DataFrame) -> pd.DataFrame:
    genes = sim[[f"G{j:03d}" for j in range(1, 81)]].fillna(0)
    return genes.loc[:, genes.sum() >= 3]


# ---------------------------------------------------------------- foreign results


@pytest.mark.parametrize(
    ("case", "alpha", "standardize", "stratified", "truncated"),
    [
        ("simA2", 1.0, True, False, False),
        ("simA2", 0.5, False, False, False),
        ("simA2", 1.0, True, True, False),
        ("simA2", 1.0, True, False, True),
        ("simA2", 0.5, True, True, True),
        ("simA2.adj", 1.0, True, False, False),
    ],
)
def test_penalised_cox__equals_glmnet_path(reference, sim, case, alpha, standardize, stratified, truncated):
    table = pd.read_csv(reference / "glmnet" / "glmnet_path.csv")
    table = table[(table["id"] == case) & (table["alpha"] == alpha) & (table["standardize"] == standardize)]
    table = table[(table["stratified"] == stratified) & (table["left_truncated"] == truncated)]
    X = genes_of(sim) if case == "simA2" else pd.concat([sim[["age", "stage"]], genes_of(sim)], axis=1)
    y = outcome(
        sim["time"], sim["event"] == 1,
        entry=sim["entry"] if truncated else None, strata=sim["origin"] if stratified else None,
    )  # fmt: skip
    lambdas = np.sort(table["lambda"].unique())[::-1]
    model = PenalisedCox(
        alpha=alpha, lambdas=lambdas, penalty="min", n_repeats=2, n_folds=3, standardize=standardize, tol=1e-9,
        unpenalised=None if case == "simA2" else ["age", "stage"],
    ).fit(X, y)  # fmt: skip
    terms = list(model.feature_names_in_)
    for coef, lam in zip(model.coef_path_, model.lambdas_, strict=True):
        rows = table[(table["lambda"] == lam) & (table["term"] != "(none)")].set_index("term")
        np.testing.assert_allclose(coef, rows["coef"].reindex(terms, fill_value=0.0), atol=1e-6)
    at = list(lambdas).index(model.lambda_min_)
    np.testing.assert_array_equal(model.coef_, model.coef_path_[at])
    assert len(lambdas) == 12


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_penalised_cox__equals_scikit_survival(sim, alpha):
    from sksurv.linear_model import CoxnetSurvivalAnalysis
    from sksurv.util import Surv

    X, y = genes_of(sim).to_numpy()[:, :25], Surv.from_arrays(sim["event"] == 1, sim["time"])
    model = PenalisedCox(alpha=alpha, penalty="min", **QUICK).fit(X, y)
    peer = CoxnetSurvivalAnalysis(
        alphas=model.lambdas_, l1_ratio=alpha, tol=1e-13, max_iter=10**6, fit_baseline_model=True
    ).fit(X, y)
    np.testing.assert_allclose(model.coef_path_, peer.coef_.T, atol=2e-5)  # its tolerance is on the objective
    np.testing.assert_allclose(model.predict(X), peer.predict(X, alpha=model.lambda_), atol=2e-5)
    times = np.quantile(sim["time"], [0.1, 0.3, 0.5, 0.8])
    for mine, theirs in (
        (model.predict_cumulative_hazard, peer.predict_cumulative_hazard_function),
        (model.predict_survival_function, peer.predict_survival_function),
    ):
        curves = np.array([curve(times) for curve in theirs(X, alpha=model.lambda_)])
        np.testing.assert_allclose(mine(X, times), curves, atol=2e-5)


def test_penalised_cox__score_equals_scikit_survival_without_ties():
    from sksurv.metrics import concordance_index_censored

    rng = np.random.default_rng(1)
    X = rng.normal(size=(120, 3))
    y = outcome(rng.exponential(np.exp(-X[:, 0])), rng.random(120) < 0.7)
    model = PenalisedCox(penalty=0.02).fit(X, y)
    expected = concordance_index_censored(y["event"], y["time"], model.predict(X))[0]
    assert model.score(X, y) == pytest.approx(expected, abs=1e-12)


# ---------------------------------------------------------------- what it is made of


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_penalised_cox__is_fit_coxnet_with_strata_entry_and_factors(ties):
    X, risk = cohort(4)
    model = PenalisedCox(penalty=0.03, unpenalised=[0], penalty_factor=[9, 1, 2, 1, 1], ties=ties)
    model.fit(X, outcome_of(risk))
    path = fit_coxnet(X, risk, lambdas=[0.03], penalty_factor=[0, 1, 2, 1, 1], ties=ties)
    np.testing.assert_allclose(model.coef_, path.coef[0], atol=1e-5)
    np.testing.assert_allclose(model.predict(X), (X - X.mean(axis=0)) @ model.coef_)
    assert model.score(X, outcome_of(risk)) == count_concordance(X @ model.coef_, risk).value
    assert (model.lambda_min_, model.lambda_1se_, model.cv_) == (None, None, None)
    assert model.lambda_ == 0.03


def test_penalised_cox__strata_may_be_given_beside_y():
    X, risk = cohort(4)
    plain = outcome(risk.time, risk.event, entry=risk.entry)
    labels = np.array(["lung", "dp"])[risk.stratum]
    one = PenalisedCox(penalty=0.03).fit(X, plain, strata=labels)
    two = PenalisedCox(penalty=0.03).fit(X, outcome(risk.time, risk.event, entry=risk.entry, strata=labels))
    np.testing.assert_array_equal(one.coef_, two.coef_)
    assert one.score(X, plain, strata=labels) == count_concordance(X @ one.coef_, risk).value
    assert set(one.last_time_) == {"lung", "dp"}
    assert np.abs(one.coef_ - PenalisedCox(penalty=0.03).fit(X, plain).coef_).max() > 1e-3


def test_penalised_cox__missing_entry_is_observed_from_the_origin():
    X, risk = cohort(4, entry=False, strata=False)
    y = outcome(risk.time, risk.event)
    late = outcome(risk.time, risk.event, entry=np.full(60, np.nan))
    np.testing.assert_array_equal(
        PenalisedCox(penalty=0.03).fit(X, y).coef_, PenalisedCox(penalty=0.03).fit(X, late).coef_
    )


def test_penalised_cox__penalty_names_its_choice():
    X, risk = cohort(4)
    y = outcome_of(risk)
    low, high = (PenalisedCox(penalty=name, **QUICK).fit(X, y) for name in ("min", "1se"))
    assert low.lambda_ == low.lambda_min_ <= low.lambda_1se_ == high.lambda_
    assert (low.lambda_min_, low.lambda_1se_) == (high.lambda_min_, high.lambda_1se_)
    for model in (low, high):
        at = list(model.lambdas_).index(model.lambda_)
        np.testing.assert_array_equal(model.coef_, model.coef_path_[at])
    assert low.lambdas_[low.cv_.index_min] == low.lambda_min_
    assert low.cv_.deviance.shape == (2, 15)


# ---------------------------------------------------------------- baseline


def naive_hazard(model: PenalisedCox, X, risk: RiskSets, stratum: int, t: float) -> float:
    """Breslow's cumulative hazard of the average patient up to t, event by event."""
    eta, total = X @ model.coef_ - X.mean(axis=0) @ model.coef_, 0.0
    for i in np.flatnonzero(risk.event & (risk.stratum == stratum) & (risk.time <= t)):
        total += 1 / np.exp(eta[at_risk(risk, i)]).sum()
    return total


def test_penalised_cox__cumulative_hazard_equals_its_definition():
    X, risk = cohort(4)
    model = PenalisedCox(penalty=0.03).fit(X, outcome_of(risk))
    strata = risk.stratum.astype(str)
    last = min(model.last_time_.values())
    times = np.array([0.0, 1.0, 7.0, 7.5, last])
    hazard = model.predict_cumulative_hazard(X, times, strata=strata)
    eta = model.predict(X)
    expected = [
        [naive_hazard(model, X, risk, s, t) * np.exp(e) for t in times] for s, e in zip(risk.stratum, eta, strict=True)
    ]
    np.testing.assert_allclose(hazard, expected, rtol=1e-9)
    assert (hazard[:, 0] == 0).all()
    survival = model.predict_survival_function(X, times, strata=strata)
    np.testing.assert_allclose(survival, np.exp(-np.array(expected)), rtol=1e-9)


def test_penalised_cox__survival_is_conditional_on_entry():
    X, risk = cohort(4)
    model = PenalisedCox(penalty=0.03).fit(X, outcome_of(risk))
    strata, last = risk.stratum.astype(str), min(model.last_time_.values())
    whole, at_six = (model.predict_survival_function(X, t, strata=strata) for t in ([3.0, 6.0, last], [6.0]))
    late = model.predict_survival_function(X, [3.0, 6.0, last], strata=strata, entry=np.full(60, 6.0))
    np.testing.assert_array_equal(late[:, :2], 1.0)
    np.testing.assert_allclose(late[:, 2:], whole[:, 2:] / at_six)


def test_penalised_cox__says_nothing_after_the_longest_follow_up():
    X, risk = cohort(4)
    model = PenalisedCox(penalty=0.03).fit(X, outcome_of(risk))
    longest = {s: risk.time[risk.stratum == s].max() for s in (0, 1)}
    assert model.last_time_ == {str(s): t for s, t in longest.items()}
    hazard = model.predict_cumulative_hazard(X, [min(longest.values()) + 0.5], strata=risk.stratum.astype(str))
    gone = np.array([longest[s] == min(longest.values()) for s in risk.stratum])
    np.testing.assert_array_equal(np.isnan(hazard[:, 0]), gone)


def test_penalised_cox__needs_the_strata_it_knows():
    X, risk = cohort(4)
    model = PenalisedCox(penalty=0.03).fit(X, outcome_of(risk))
    with pytest.raises(ValueError, match=r"the model has strata \(0, 1\)"):
        model.predict_cumulative_hazard(X, [1.0])
    with pytest.raises(ValueError, match=r"60 labels of the training data, found 60: \['7'\]"):
        model.predict_cumulative_hazard(X, [1.0], strata=np.full(60, 7))


# ---------------------------------------------------------------- properties


def test_penalised_cox__order_of_rows_does_not_matter():
    X, risk = cohort(4)
    X[:, 0] = X[:, 0].round(1)
    X, y = np.vstack([X, X[:3]]), np.concatenate([outcome_of(risk), outcome_of(risk)[:3]])  # with twins
    order = np.random.default_rng(3).permutation(len(X))
    one = PenalisedCox(penalty="min", **QUICK).fit(X, y)
    two = PenalisedCox(penalty="min", **QUICK).fit(X[order], y[order])
    np.testing.assert_array_equal(one.cv_.deviance, two.cv_.deviance)
    np.testing.assert_array_equal(one.coef_, two.coef_)
    pd.testing.assert_frame_equal(one.baseline_, two.baseline_)


def test_penalised_cox__unit_of_time_and_names_of_strata_do_not_matter():
    X, risk = cohort(4)
    y = outcome_of(risk)
    other = outcome(risk.time * 2, risk.event, entry=risk.entry * 2, strata=np.array(["z", "zz"])[risk.stratum])
    one, two = (PenalisedCox(penalty="min", **QUICK).fit(X, rows) for rows in (y, other))
    np.testing.assert_allclose(one.coef_, two.coef_, atol=1e-9)
    assert one.score(X, y) == two.score(X, other)


def test_penalised_cox__random_state_decides_the_folds():
    X, risk = cohort(4)
    y = outcome_of(risk)
    fits = [
        PenalisedCox(random_state=seed, **QUICK).fit(X, y).cv_.deviance
        for seed in (1, 1, 2, np.random.RandomState(5), np.random.RandomState(5))
    ]
    np.testing.assert_array_equal(fits[0], fits[1])
    np.testing.assert_array_equal(fits[3], fits[4])
    assert (fits[0] != fits[2]).any()
    assert (PenalisedCox(random_state=None, **QUICK).fit(X, y).cv_.deviance != fits[0]).any()


# ---------------------------------------------------------------- inside scikit-learn


def test_penalised_cox__works_in_pipelines_and_cross_validation():
    rng = np.random.default_rng(2)
    X = pd.DataFrame(rng.normal(5, 3, size=(150, 6)), columns=list("abcdef"))
    y = outcome(rng.exponential(np.exp(-0.4 * X["a"])), rng.random(150) < 0.8, strata=rng.choice(["l", "d"], 150))
    model = make_pipeline(StandardScaler(), PenalisedCox(**QUICK))
    scores = cross_val_score(model, X, y, cv=KFold(3, shuffle=True, random_state=1))
    assert (scores > 0.65).all()
    scaled = model.fit(X, y)[-1]
    raw = PenalisedCox(standardize=True, **QUICK).fit(X, y)
    np.testing.assert_allclose(scaled.coef_ / X.std(ddof=0), raw.coef_, atol=1e-5)
    assert list(raw.feature_names_in_) == list("abcdef")


def test_penalised_cox__grid_search_finds_a_useful_penalty():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(150, 6))
    y = outcome(rng.exponential(np.exp(-X[:, 0])), rng.random(150) < 0.8)
    search = GridSearchCV(PenalisedCox(penalty=0.1), {"penalty": [0.01, 0.1, 10.0], "alpha": [1.0, 0.5]}, cv=3)
    search.fit(X, y)
    assert search.best_params_["penalty"] < 10
    table = pd.DataFrame(search.cv_results_)
    assert (table.loc[table["param_penalty"] == 10, "mean_test_score"] == 0.5).all()  # the null model
    assert search.best_estimator_.score(X, y) > 0.65


def test_penalised_cox__clones_and_keeps_its_parameters():
    model = PenalisedCox(alpha=0.5, unpenalised=["age"], penalty_factor=[1, 1])
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert twin.set_params(alpha=0.9).alpha == 0.9
    assert model.alpha == 0.5
    assert "alpha=0.5" in repr(model)


class Ranked(PenalisedCox):
    """The estimator for outcomes that are plain numbers, as the checks of scikit-learn make them: their ranks are
    event times."""

    def fit(self, X, y, *, strata=None):
        return super().fit(X, rank(y), strata=strata)

    def score(self, X, y, *, strata=None):
        return super().score(X, rank(y), strata=strata)


def rank(y):
    if y is None:
        return None
    numbers = np.unique(np.asarray(y).real.astype(float), return_inverse=True)[1] + 1.0
    return outcome(numbers, np.ones(len(numbers), dtype=bool))


def name_of(check) -> str:
    return getattr(check, "func", check).__name__


def rules() -> list:
    """Checks of scikit-learn, but for that of array libraries, which runs only where SciPy is set up for them."""
    found = [check for _, check in estimator_checks_generator(Ranked(n_lambda=5, n_repeats=2, n_folds=3))]
    return [check for check in found if name_of(check) != "check_array_api_input"]


@pytest.mark.parametrize("check", rules(), ids=name_of)
def test_penalised_cox__follows_the_rules_of_scikit_learn(check):
    check(Ranked(n_lambda=5, n_repeats=2, n_folds=3))


# ---------------------------------------------------------------- what goes wrong is said


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (np.arange(60.0), r"y must be a structured array of an event .* found float64"),
        (np.zeros(60, dtype=[("event", "i4"), ("time", "f8")]), "y must be a structured array"),
        (np.zeros(60, dtype=[("time", "f8"), ("event", "?")]), "y must be a structured array"),
        (np.zeros(60, dtype=[("event", "?"), ("time", "f8"), ("age", "f8")]), "y must be a structured array"),
        (np.zeros(59, dtype=[("event", "?"), ("time", "f8")]), "one row per patient: 60, 59 and 59"),
        (None, "requires y to be passed, but the target y is None"),
        (outcome(np.ones(60), np.zeros(60, bool)), "at least one event"),
    ],
)
def test_penalised_cox__refuses_outcomes_it_cannot_read(y, text):
    X, _ = cohort(4)
    with pytest.raises(ValueError, match=text):
        PenalisedCox(penalty=0.1).fit(X, y)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"ties": "exact"}, "ties must be 'breslow' or 'efron', found 'exact'"),
        ({"penalty": "best"}, "penalty must be '1se', 'min' or a number above 0"),
        ({"penalty": 0}, "penalty must be '1se', 'min' or a number above 0"),
        ({"alpha": 2}, "alpha must be between 0"),
        ({"penalty_factor": [1, 1]}, r"one number per column \(5\)"),
        ({"unpenalised": ["age"]}, "not in X: 'age'"),
        ({"unpenalised": [5]}, "not in X: 5"),
    ],
)
def test_penalised_cox__refuses_options_it_does_not_have(options, text):
    X, risk = cohort(4)
    with pytest.raises(ValueError, match=text):
        PenalisedCox(**options).fit(X, outcome_of(risk))


def test_importing_netgen__does_not_import_scikit_learn():
    code = "import sys, netgen, netgen.association.penalised; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
