"""The penalised model on tables: guard rails, both penalties, the verdict, invariances."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from netgen.association.coxnet import fit_coxnet
from netgen.association.penalised import fit_penalised
from netgen.association.penalised_performance import NO_IMPROVEMENT, state_verdict
from netgen.association.riskset import build_risk_sets
from netgen.errors import AnalysisError, Findings
from tests.association.penalised_cases import GENES, QUICK, fit_golden, simulate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def golden(reference: Path) -> pd.DataFrame:
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv").set_index("patient_id")
    table.index = table.index.astype("string")
    return table


# ---------------------------------------------------------------- foreign results


def test_fit_penalised__coefficients_are_those_of_the_unscaled_columns(golden):
    model = fit_golden(golden, strata=golden["origin"], entry=golden["seq_day"])
    risk = build_risk_sets(golden["os_days"], golden["os_event"] == 1, entry=golden["seq_day"], strata=golden["origin"])
    terms = ["ki67_pct", "ARID1A", "ATRX", "MEN1", "SETD2", "TP53"]
    chosen = [model.settings["lambda_1se"], model.settings["lambda_min"]]
    direct = fit_coxnet(golden[terms], risk, lambdas=chosen, penalty_factor=[0, 1, 1, 1, 1, 1])
    assert model.coefficients["term"].tolist() == terms
    assert model.coefficients["penalised"].tolist() == [False] + [True] * 5
    assert model.coefficients["n_altered"].tolist() == [pd.NA, 7, 5, 14, 3, 10]
    np.testing.assert_allclose(model.coefficients["coef_1se"], direct.coef[0], atol=1e-6)
    np.testing.assert_allclose(model.coefficients["coef_min"], direct.coef[1], atol=1e-6)
    np.testing.assert_allclose(model.coefficients["hr_min"], np.exp(direct.coef[1]), atol=1e-6)


# ---------------------------------------------------------------- guard rails


def test_fit_penalised__refuses_fewer_than_ten_events():
    clinical, genes = simulate(5, 40, 3)
    clinical["event"] = np.arange(40) < 9
    text = (
        r"E_TOO_FEW_EVENTS_MODEL: .*at least 10 events at different times, found 9 at \d times in 40 patients.*0 left"
    )
    with pytest.raises(AnalysisError, match=text):
        fit_penalised(clinical["time"], clinical["event"], genes, **QUICK)


def test_fit_penalised__counts_events_of_complete_patients():
    clinical, genes = simulate(5, 40, 3)
    clinical["event"] = np.arange(40) < 10
    clinical.loc["S000", "age"] = np.nan
    with pytest.raises(AnalysisError, match=r"found 9 .* in 39 patients with complete data \(1 left out\)"):
        fit_penalised(clinical["time"], clinical["event"], genes, covariates=clinical[["age"]], **QUICK)


def test_fit_penalised__refuses_one_distinct_event_time():
    clinical, genes = simulate(5, 40, 3)
    with pytest.raises(AnalysisError, match="at 1 times in 40 patients"):
        fit_penalised(clinical["time"] * 0 + 100, clinical["event"], genes, **QUICK)


def test_fit_penalised__is_a_ridge_with_fewer_than_twenty_events():
    clinical, genes = simulate(6, 40, 5)
    clinical["event"] = np.arange(40) < 19
    model = fit_penalised(clinical["time"], clinical["event"], genes, **QUICK)
    assert (model.settings["alpha"], model.settings["alpha_requested"]) == (0.0, 1.0)
    assert (model.coefficients["coef_1se"] != 0).all()
    assert "19 events, fewer than 20: ridge only, no alteration is selected." in model.notes
    clinical["event"] = np.arange(40) < 20
    assert fit_penalised(clinical["time"], clinical["event"], genes, **QUICK).settings["alpha"] == 1.0


def test_fit_penalised__warns_of_more_than_ten_features_per_event():
    clinical, genes = simulate(7, 40, 201)
    clinical["event"] = np.arange(40) < 20
    findings = Findings()
    model = fit_penalised(clinical["time"], clinical["event"], genes, findings=findings, **QUICK)
    assert findings.codes() == {"W_HIGH_DIM"}
    assert "201 alterations for 20 events: selection is unstable." in model.notes
    fewer = Findings()
    fit_penalised(clinical["time"], clinical["event"], genes.drop(columns="G000"), findings=fewer, **QUICK)
    assert len(fewer) == 0


# ---------------------------------------------------------------- verdict


def test_sc12__nothing_testable_leaves_the_clinical_model(golden):
    model = fit_golden(golden, min_altered=20)
    assert model.status == "clinical_only"
    assert model.verdict == "no alteration could be tested: the model holds the clinical covariates only"
    assert model.coefficients["term"].tolist() == ["ki67_pct"]
    assert len(model.lost_features) == 8
    assert set(model.performance["model"]) == {"clinical"}
    json.dumps(model.to_dict(), allow_nan=False)


def test_fit_penalised__null_model_is_a_result():
    clinical, genes = simulate(8, 80, 6)
    model = fit_penalised(clinical["time"], clinical["event"], genes, covariates=clinical[["age"]], **QUICK)
    assert model.verdict == NO_IMPROVEMENT == "no alteration improved prediction over clinical covariates"
    assert (model.coefficients.loc[1:, "coef_1se"] == 0).all()
    assert (model.coefficients.loc[1:, "hr_1se"] == 1).all()
    assert model.coefficients.loc[0, "coef_1se"] != 0


def test_fit_penalised__finds_a_strong_alteration():
    clinical, genes = simulate(9, 200, 8, beta=1.5)
    model = fit_penalised(clinical["time"], clinical["event"], genes, covariates=clinical[["age"]], **QUICK)
    table = model.coefficients.set_index("term")
    assert 0.5 < table.loc["G000", "coef_1se"] < 1.5
    assert table["coef_1se"].drop("age").abs().idxmax() == "G000"
    c = model.performance.set_index(["metric", "model"])["value"]
    assert c["harrell_c_out_of_fold", "genes_1se"] > c["harrell_c_out_of_fold", "clinical"] + 0.05
    assert c["delta_c_out_of_fold", "genes_1se"] == pytest.approx(
        c["harrell_c_out_of_fold", "genes_1se"] - c["harrell_c_out_of_fold", "clinical"]
    )
    assert c["cv_deviance", "genes_min"] < c["cv_deviance", "clinical"]
    assert "entered the model at the 1-SE penalty (out-of-fold C 0." in model.verdict


def test_state_verdict__says_when_selected_alterations_do_not_predict():
    path = SimpleNamespace(coef=np.array([[0.1, 0.0, 0.2]]), alpha=1.0)
    cv = SimpleNamespace(
        index_1se=0, index_min=0, mean=np.array([5.0]), se=np.array([0.1]), null_deviance=np.array([6.0])
    )
    performance = pd.DataFrame(
        {"metric": "harrell_c_out_of_fold", "model": ["genes_1se", "clinical"], "value": [0.61, 0.62]}
    )
    text = state_verdict(path, cv, np.array([False, True, True]), performance)
    assert text == (
        "1 alteration entered the model but did not predict better than clinical covariates "
        "(out-of-fold C 0.610, clinical covariates alone 0.620)"
    )


@pytest.mark.parametrize(("null", "improved"), [(5.1, False), (5.2, True)])
def test_state_verdict__a_ridge_must_beat_the_clinical_model_by_one_se(null, improved):
    path = SimpleNamespace(coef=np.array([[0.1, 0.2]]), alpha=0.0)
    cv = SimpleNamespace(
        index_1se=0, index_min=0, mean=np.array([5.0]), se=np.array([0.15]), null_deviance=np.array([null])
    )
    performance = pd.DataFrame(
        {"metric": "harrell_c_out_of_fold", "model": ["genes_1se", "clinical"], "value": [0.66, 0.62]}
    )
    text = state_verdict(path, cv, np.array([True, True]), performance)
    assert (text != NO_IMPROVEMENT) == improved
    assert ("2 alterations (ridge, none selected)" in text) == improved


# ---------------------------------------------------------------- tables


def test_fit_penalised__tables_agree_with_each_other(golden):
    model = fit_golden(golden)
    chosen = model.cv.set_index("choice")["lambda"]
    assert chosen["min"] == model.settings["lambda_min"]
    assert chosen["1se"] == model.settings["lambda_1se"]
    assert chosen["1se"] > chosen["min"]
    assert (np.diff(model.cv["lambda"]) < 0).all()
    assert (model.cv["kkt"] <= 1e-7).all()
    here = model.path[model.path["lambda"] == chosen["min"]].set_index("term")["coef"]
    expected = model.coefficients.set_index("term")["coef_min"]
    pd.testing.assert_series_equal(here, expected[expected != 0], check_names=False, check_index_type=False)
    lambda_row = model.cv[model.cv["choice"] == "min"].iloc[0]
    assert lambda_row["n_nonzero"] == (expected.drop("ki67_pct") != 0).sum()
    deviance = model.performance.set_index(["metric", "model"])["value"]["cv_deviance"]
    assert deviance["genes_min"] == pytest.approx(lambda_row["mean"])


def test_fit_penalised__baseline_is_the_hazard_of_an_average_patient_without_alteration(golden):
    model = fit_golden(golden, strata=golden["origin"])
    table = model.coefficients.set_index("term")
    data = golden.sort_index()
    eta = (data["ki67_pct"] - data["ki67_pct"].mean()) * table.loc["ki67_pct", "coef_min"]
    for gene in table.index.drop("ki67_pct"):
        eta = eta + data[gene] * table.loc[gene, "coef_min"]
    lung = data["origin"] == "lung"
    hazard, expected = 0.0, []
    for day in sorted(data.loc[lung & (data["os_event"] == 1), "os_days"].unique()):
        here = lung & (data["os_days"] >= day)
        died = lung & (data["os_days"] == day) & (data["os_event"] == 1)
        hazard += died.sum() / np.exp(eta[here]).sum()
        expected.append([day, here.sum(), died.sum(), hazard])
    found = model.baseline[model.baseline["stratum"] == "lung"]
    np.testing.assert_allclose(found[["time_days", "n_at_risk", "n_events", "cumhaz_min"]], expected, rtol=1e-8)


def test_to_dict__is_json_without_patients(golden):
    model = fit_golden(golden, strata=golden["origin"])
    text = json.dumps(model.to_dict(), allow_nan=False)
    assert not any(patient in text for patient in golden.index)
    back = json.loads(text)
    assert back["settings"]["seed"] == 1
    assert back["settings"]["strata"] == ["duodenopancreatic", "lung", "thymic"]
    assert back["coefficients"][1]["mean"] is None
    assert next(row for row in back["performance"] if row["metric"] == "uno_c_apparent")["status"] == "not_available"


# ---------------------------------------------------------------- invariances


def test_fit_penalised__order_of_rows_and_genes_gives_identical_bytes(golden):
    moved = golden.iloc[np.random.default_rng(3).permutation(len(golden))]
    options = {"strata": golden["origin"], "entry": golden["seq_day"]}
    plain = fit_golden(golden, **options)
    other = fit_penalised(
        golden["os_days"].iloc[::-1], moved["os_event"] == 1, moved[GENES[::-1]].astype("Int8"),
        covariates=moved[["ki67_pct"]], strata=golden["origin"], entry=moved["seq_day"], **QUICK,
    )  # fmt: skip
    assert json.dumps(plain.to_dict()) == json.dumps(other.to_dict())


def test_fit_penalised__patients_are_matched_by_id_whatever_the_text_type(golden):
    features = golden[GENES].astype("Int8").set_axis(golden.index.astype(object))
    by_object = fit_penalised(
        golden["os_days"], golden["os_event"] == 1, features, covariates=golden[["ki67_pct"]], **QUICK
    )
    assert json.dumps(by_object.to_dict()) == json.dumps(fit_golden(golden).to_dict())


def test_fit_penalised__unit_of_time_does_not_matter(golden):
    options = {"strata": golden["origin"], "covariates": golden[["ki67_pct"]], **QUICK}
    features, event = golden[GENES].astype("Int8"), golden["os_event"] == 1
    days = fit_penalised(golden["os_days"], event, features, entry=golden["seq_day"], **options)
    weeks = fit_penalised(golden["os_days"] / 7, event, features, entry=golden["seq_day"] / 7, **options)
    for name in ("coefficients", "cv", "performance", "path"):
        pd.testing.assert_frame_equal(getattr(days, name), getattr(weeks, name), check_exact=True)
    np.testing.assert_allclose(days.clinical["coef"], weeks.clinical["coef"], rtol=1e-9)
    np.testing.assert_allclose(days.baseline["time_days"], weeks.baseline["time_days"] * 7)


def test_fit_penalised__the_seed_decides_the_folds(golden):
    same, again, other = fit_golden(golden), fit_golden(golden), fit_golden(golden, seed=2)
    pd.testing.assert_frame_equal(same.cv, again.cv, check_exact=True)
    assert (same.cv["mean"] != other.cv["mean"]).any()


def test_fit_penalised__small_mode_repeats_twenty_times(golden):
    changes = {"n_repeats": None, "n_lambda": None, "covariates": None}
    small, large = fit_golden(golden, **changes), fit_golden(golden, **changes, small=False)
    assert (small.settings["n_repeats"], len(small.cv)) == (20, 50)
    assert (large.settings["n_repeats"], len(large.cv)) == (5, 100)
    assert small.settings["n_folds"] == 5  # 23 events


def test_fit_penalised__van_houwelingen_needs_one_repeat_only(golden):
    model = fit_golden(golden, criterion="van_houwelingen", n_repeats=1)
    assert model.settings["criterion"] == "van_houwelingen"
    assert (model.cv["se"] > 0).all()
    notes = model.performance.set_index(["metric", "model"])["note"]
    assert notes["harrell_c_out_of_fold", "clinical"] == "mean of 1 repeats"
