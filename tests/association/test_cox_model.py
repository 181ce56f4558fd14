"""Cox models of several covariates against R ``coxph``, DOMAIN and the other routes of this package."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.cox_model import fit_cox
from netgen.association.profile_likelihood import profile_intervals
from tests.association.golden_models import MODELS, close, fit_reference_model, read_input

TOLERANCE = 1e-9  # both maximise to the last digits; R's stopping rule leaves up to 5e-11 in ``veteran.1``


def test_fit_cox__equals_coxph(reference):
    expected = pd.read_csv(reference / "cox" / "cox.csv")
    for (name, ties), rows in expected.groupby(["id", "ties"]):
        fit = fit_reference_model(reference, name, ties)
        assert fit.status == "converged"
        assert list(fit.names) == rows["term"].tolist()
        clustered = MODELS[name].cluster is not None
        for column, found in (
            ("n", fit.n),
            ("nevent", fit.events),
            ("coef", fit.coef),
            ("se", fit.se),
            ("robust_se", fit.robust_se),
            ("z", fit.coef / (fit.robust_se if clustered else fit.se)),
            ("loglik0", fit.loglik_null),
            ("loglik1", fit.loglik),
            ("lr_chisq", fit.lr_chi2),
            ("lr_df", fit.df),
            ("lr_p", fit.lr_p),
            ("wald_chisq", fit.wald_chi2),
            ("wald_p", fit.wald_p),
            ("score_chisq", fit.score_chi2),
            ("score_p", fit.score_p),
            ("robust_score_chisq", fit.robust_score_chi2),
        ):
            close(np.broadcast_to(found, len(rows)), rows[column], TOLERANCE)


def test_fit_cox__martingale_residuals_equal_coxph(reference):
    expected = pd.read_csv(reference / "cox" / "cox_residuals.csv")
    for (name, ties), rows in expected.groupby(["id", "ties"]):
        fit = fit_reference_model(reference, name, ties)
        close(fit.martingale[rows["row"] - 1], rows["martingale"], TOLERANCE)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_fit_cox__case_weights_with_entry_strata_and_clusters_equal_coxph(reference, ties):
    rows = pd.read_csv(reference / "cox" / "weights.csv").query("ties == @ties")
    table = read_input(reference, "veteran_lt")
    fit = fit_cox(
        table[["trt", "karno"]],
        table["time"],
        table["status"],
        entry=table["entry"],
        strata=table["celltype"],
        weights=1 + (np.arange(1, len(table) + 1) % 4) / 2,
        cluster=table["prior"] + 10 * (table["age"] // 5),
        ties=ties,
    )
    for column, found in (
        ("coef", fit.coef),
        ("se", fit.se),
        ("robust_se", fit.robust_se),
        ("loglik0", fit.loglik_null),
        ("loglik1", fit.loglik),
        ("score_chisq", fit.score_chi2),
        ("wald_chisq", fit.wald_chi2),
        ("robust_score_chisq", fit.robust_score_chi2),
    ):
        close(np.broadcast_to(found, len(rows)), rows[column], TOLERANCE)


def test_fit_cox__residuals_sum_to_zero(reference):
    fit = fit_reference_model(reference, "heart.1", "efron")
    assert fit.martingale.sum() == pytest.approx(0, abs=1e-10)
    assert fit.score_residuals.sum(axis=0) == pytest.approx(np.zeros(4), abs=1e-8)


def test_fit_cox__equals_appendix_b(reference):
    """TP53 and Ki-67 per 10 %, stratified by origin."""
    cohort = read_input(reference, "linear_syn34")
    x = np.column_stack([cohort["TP53"], cohort["ki67_pct"] / 10])
    fit = fit_cox(x, cohort["os_days"], cohort["os_event"], strata=cohort["origin"])
    assert fit.coef == pytest.approx([0.630864, 0.142607], abs=1e-6)
    assert fit.se == pytest.approx([0.488423, 0.245135], abs=1e-6)
    assert (fit.loglik_null, fit.loglik) == pytest.approx((-40.929940, -39.860113), abs=1e-6)


def test_fit_cox__two_groups_equal_appendix_b(reference):
    """Duodenopancreatic against thoracic: HR 0.813095 (0.350535-1.886041)."""
    cohort = read_input(reference, "linear_syn34")
    fit = fit_cox(cohort["origin"] == "duodenopancreatic", cohort["os_days"], cohort["os_event"])
    limits = np.exp(fit.coef[0] + np.array([0, -1.959964, 1.959964]) * fit.se[0])
    assert limits == pytest.approx([0.813095, 0.350535, 1.886041], abs=1e-6)


def test_fit_cox__one_event_by_hand():
    """The first of two patients fails: the information at 0 is 1/4, so the score test is (1/2)^2 / (1/4) = 1."""
    fit = fit_cox([1.0, 0.0], [1, 2], [1, 0])
    assert fit.status == "monotone"
    assert fit.score_chi2 == pytest.approx(1)
    assert fit.loglik_null == pytest.approx(-np.log(2))
    assert fit.loglik == pytest.approx(0, abs=1e-9)
    assert np.isnan([*fit.coef, *fit.se, fit.wald_p]).all()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_fit_cox__monotone_does_not_depend_on_the_unit(scale):
    time, event = [2, 4, 5, 7, 8, 9], [1, 1, 1, 0, 0, 0]
    assert fit_cox(np.array([1, 1, 1, 0, 0, 0]) * scale, time, event).status == "monotone"
    assert fit_cox(np.array([1, 0, 1, 0, 1, 0]) * scale, time, event).status == "converged"


def test_fit_cox__monotone_with_delayed_entry_keeps_its_likelihood():
    """Only the altered die although wild-type patients are there alone before them: the limit is known by hand.

    Altered deaths on days 5 and 6 with 2 and 1 altered at risk: -log 2 - log 1. Wild-type deaths on days 1 and 2
    before any altered is under observation, with 4 and 3 at risk: -log 4 - log 3.
    """
    x = [1, 1, 0, 0, 0, 0]
    fit = fit_cox(x, [5, 6, 1, 2, 9, 9], [1, 1, 1, 1, 0, 0], entry=[3, 3, 0, 0, 0, 0])
    assert fit.status == "monotone"
    assert fit.loglik == pytest.approx(-np.log(2 * 4 * 3), abs=1e-5)


def test_fit_cox__collinear_covariates_are_singular():
    x = np.arange(6.0)
    fit = fit_cox(np.column_stack([x, 2 * x + 1]), [3, 1, 4, 2, 6, 5], [1] * 6)
    assert fit.status == "singular"
    assert np.isnan(fit.coef).all()


def test_fit_cox__a_covariate_that_is_constant_within_the_risk_sets_is_singular():
    assert fit_cox(np.ones(4), [3, 1, 4, 2], [1] * 4).status == "singular"
    strata = np.repeat([0.3, 0.7, 1.1], 7)
    assert fit_cox(strata, np.tile(np.arange(1, 8), 3), np.ones(21), strata=strata).status == "singular"


def test_fit_cox__without_events():
    fit = fit_cox([1.0, 0.0], [1, 2], [0, 0])
    assert fit.status == "no_events"
    assert np.isnan([fit.lr_chi2, *fit.coef]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": [np.nan, 1.0]}, "complete cases"),
        ({"x": [0.0, 1.0], "weights": [0, 1]}, "weights must be positive"),
        ({"x": [0.0, 1.0], "entry": [1, 0]}, "before its exit"),
    ],
)
def test_fit_cox__says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_cox(arguments.pop("x"), [1, 2], [1, 1], **arguments)


def test_profile_intervals__equal_refits_in_r(reference):
    """R finds the limits by root search to 1e-11 on refits with an offset."""
    expected = pd.read_csv(reference / "cox" / "cox_profile_ci.csv")
    for (name, ties), rows in expected.groupby(["id", "ties"]):
        found = profile_intervals(fit_reference_model(reference, name, ties))
        close(found.lo, rows["pl_lower95"], 1e-8)
        close(found.hi, rows["pl_upper95"], 1e-8)
        close(found.lr_chi2, rows["lr_chisq_term"], 1e-8)
        close(found.lr_p, rows["lr_p_term"], 1e-8)


def test_profile_intervals__of_a_monotone_model_are_missing():
    found = profile_intervals(fit_cox([1.0, 0.0], [1, 2], [1, 0]))
    assert np.isnan([*found.lo, *found.hi]).all()
