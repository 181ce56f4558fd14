"""The penalised model on tables: attrition, guard rails, both penalties, the clinical comparator, the verdict."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from netgen.association.coxnet import fit_coxnet
from netgen.association.penalised import PenalisedModel, fit_penalised
from netgen.association.penalised_performance import NO_IMPROVEMENT, state_verdict
from netgen.association.riskset import build_risk_sets
from netgen.errors import AnalysisError, Findings

if TYPE_CHECKING:
    from pathlib import Path

GENES = ["MEN1", "DAXX", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2", "RB1"]
QUICK = {"seed": 1, "small": True, "n_lambda": 20, "n_repeats": 3}


@pytest.fixture(scope="module")
def golden(reference: Path) -> pd.DataFrame:
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv").set_index("patient_id")
    table.index = table.index.astype("string")
    return table


def fit_golden(golden: pd.DataFrame, **changes: Any) -> PenalisedModel:
    """Overall survival of the golden cohort with Ki-67 as covariate; two settings unless told otherwise."""
    options = {"covariates": golden[["ki67_pct"]]} | QUICK | changes
    return fit_penalised(golden["os_days"], golden["os_event"] == 1, golden[GENES].astype("Int8"), **options)


def simulate(seed: int, n: int, p: int, *, beta: float = 0.0, freq: float = 0.3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outcomes and genes; only the first gene matters."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"S{i:03d}" for i in range(n)], dtype="string")
    genes = pd.DataFrame(rng.random((n, p)) < freq, index=index, columns=[f"G{j:03d}" for j in range(p)]).astype("Int8")
    time = np.ceil(rng.exponential(500 * np.exp(-beta * genes["G000"].to_numpy(float)))) + 1
    clinical = pd.DataFrame({"time": time, "event": rng.random(n) < 0.7, "age": rng.normal(60, 10, n)}, index=index)
    return clinical, genes


# ---------------------------------------------------------------- foreign results


@pytest.mark.parametrize(
    ("roles", "c", "estimates"),
    [({}, 0.658696, None), ({"entry": "seq_day"}, 0.694539, None),
     ({"strata": "origin"}, 0.647260, [[0.630864, 0.488423], [0.142607, 0.245135]])],
)  # fmt: skip
def test_fit_penalised__clinical_model_equals_coxph(golden, roles, c, estimates):
    covariates = pd.DataFrame({"TP53": golden["TP53"], "ki67": golden["ki67_pct"] / 10})
    roles = {name: golden[column] for name, column in roles.items()}
    model = fit_golden(golden, covariates=covariates, **roles)
    performance = model.performance.set_index(["metric", "model"])["value"]
    assert performance["harrell_c_apparent", "clinical"] == pytest.approx(c, abs=1e-6)
    if estimates is not None:
        np.testing.assert_allclose(model.clinical[["coef", "se"]], estimates, atol=1e-6)
        assert model.clinical["hr_lo"].iloc[0] == pytest.approx(np.exp(0.630864 - 1.959964 * 0.488423), abs=1e-5)


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


# ---------------------------------------------------------------- attrition


def test_fit_penalised__lists_features_it_left_out(golden):
    lost = fit_golden(golden).lost_features
    expected = [["DAXX", "low_coverage", 23, 2], ["RB1", "too_few_altered", 34, 2], ["TSC2", "low_coverage", 23, 9]]
    assert lost.to_numpy().tolist() == expected
    assert lost.columns.tolist() == ["feature", "reason", "n_profiled", "n_altered"]


def test_fit_penalised__lists_patients_it_left_out():
    clinical, genes = simulate(2, 60, 4)
    clinical["entry"] = 0.0
    clinical["site"] = pd.Series(["a", "b"] * 30, index=clinical.index, dtype="string")
    clinical.loc["S001", "time"] = np.nan
    clinical.loc["S002", "time"] = 0.0
    clinical.loc["S003", "entry"] = clinical.loc["S003", "time"]
    clinical.loc["S004", "site"] = pd.NA
    clinical.loc["S005", "age"] = np.nan
    genes.loc["S006", "G001"] = pd.NA
    genes = genes.drop(index="S007")  # nothing known about this patient's genes
    model = fit_penalised(
        clinical["time"], clinical["event"], genes, covariates=clinical[["age"]], strata=clinical["site"],
        entry=clinical["entry"], **QUICK,
    )  # fmt: skip
    assert model.lost_patients.to_numpy().tolist() == [
        ["S001", "no_outcome"], ["S002", "time_not_positive"], ["S003", "entry_after_exit"],
        ["S004", "stratum_missing"], ["S005", "covariate_missing"], ["S006", "not_profiled"],
        ["S007", "not_profiled"],
    ]  # fmt: skip
    assert model.n == 53
    assert model.to_dict()["lost_patients"]["not_profiled"] == 2


def test_fit_penalised__genes_are_judged_again_on_complete_patients():
    clinical, genes = simulate(3, 60, 3)
    genes["G002"] = pd.array([1] * 4 + [0] * 56, dtype="Int8")
    genes.loc[["S000", "S001"], "G001"] = pd.NA  # takes two of the four altered patients away
    genes["WT"] = pd.array([0] * 60, dtype="Int8")
    genes["ALL"] = pd.array([1] * 60, dtype="Int8")
    genes["MOST"] = pd.array([0] * 2 + [1] * 58, dtype="Int8")
    genes["NEVER"] = pd.array([pd.NA] * 60, dtype="Int8")
    genes["HALF"] = pd.array([pd.NA, 1] * 30, dtype="Int8")
    model = fit_penalised(clinical["time"], clinical["event"], genes, **QUICK)
    lost = model.lost_features.set_index("feature")
    assert lost["reason"].to_dict() == {
        "ALL": "all_altered", "G002": "too_few_altered", "HALF": "low_coverage", "MOST": "too_few_unaltered",
        "NEVER": "not_profiled", "WT": "too_few_altered",
    }  # fmt: skip
    assert lost.loc["G002", ["n_profiled", "n_altered"]].tolist() == [58, 2]
    assert model.n == 58


def test_fit_penalised__four_fifths_profiled_is_enough():
    clinical, genes = simulate(4, 50, 3)
    genes.loc[genes.index[:10], "G001"] = pd.NA
    genes.loc[genes.index[:11], "G002"] = pd.NA
    model = fit_penalised(clinical["time"], clinical["event"], genes, **QUICK)
    assert model.lost_features["feature"].tolist() == ["G002"]
    assert model.n == 40


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


# ---------------------------------------------------------------- covariates


def test_fit_penalised__text_becomes_one_column_per_level_but_the_first(golden):
    model = fit_golden(golden, covariates=golden[["ki67_pct", "sex", "origin"]].astype({"origin": "string"}))
    terms = model.coefficients.loc[~model.coefficients["penalised"], "term"]
    assert terms.tolist() == ["ki67_pct", "sex=M", "origin=lung", "origin=thymic"]
    assert model.clinical["term"].tolist() == terms.tolist()


def test_fit_penalised__drops_covariates_that_strata_determine(golden):
    covariates = golden[["ki67_pct", "origin"]].assign(twice=golden["ki67_pct"] * 2 + 1, one=1)
    model = fit_golden(golden, covariates=covariates, strata=golden["origin"])
    assert model.clinical["term"].tolist() == ["ki67_pct"]
    expected = "Covariates without information of their own were left out: origin=lung, origin=thymic, twice, one."
    assert expected in model.notes


def test_fit_penalised__without_covariates_compares_with_an_empty_model(golden):
    model = fit_golden(golden, covariates=None)
    assert model.clinical.empty
    assert "No clinical covariate was given: the comparator is a model without any." in model.notes
    c = model.performance.set_index(["metric", "model"])["value"]
    assert c["harrell_c_apparent", "clinical"] == 0.5
    assert c["harrell_c_out_of_fold", "clinical"] == 0.5


def test_fit_penalised__says_when_the_clinical_model_is_monotone():
    clinical, genes = simulate(10, 60, 3)
    clinical["spared"] = (~clinical["event"]) & (np.arange(60) < 40)
    model = fit_penalised(clinical["time"], clinical["event"], genes, covariates=clinical[["spared"]], **QUICK)
    assert "Clinical-only model: no finite estimate for spared, all events are on one side." in model.notes
    assert model.clinical[["coef", "se", "hr", "hr_lo", "hr_hi", "p"]].isna().all(axis=None)
    json.dumps(model.to_dict(), allow_nan=False)


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


# ---------------------------------------------------------------- wrong input


def test_fit_penalised__refuses_features_that_are_not_binary(golden):
    with pytest.raises(ValueError, match=r"1 \(altered\), 0 \(wild type\) or NA"):
        fit_penalised(golden["os_days"], golden["os_event"] == 1, golden[["ki67_pct"]], **QUICK)


def test_fit_penalised__refuses_a_patient_twice(golden):
    twice = pd.concat([golden, golden.iloc[:1]])
    with pytest.raises(ValueError, match="one row per patient_id"):
        fit_penalised(golden["os_days"], golden["os_event"] == 1, twice[GENES].astype("Int8"), **QUICK)


def test_fit_penalised__refuses_a_gene_twice(golden):
    twice = golden[["TP53", "ATRX", "TP53"]].astype("Int8")
    with pytest.raises(ValueError, match="one column per gene"):
        fit_penalised(golden["os_days"], golden["os_event"] == 1, twice, **QUICK)


def test_fit_penalised__van_houwelingen_needs_one_repeat_only(golden):
    model = fit_golden(golden, criterion="van_houwelingen", n_repeats=1)
    assert model.settings["criterion"] == "van_houwelingen"
    assert (model.cv["se"] > 0).all()
    notes = model.performance.set_index(["metric", "model"])["note"]
    assert notes["harrell_c_out_of_fold", "clinical"] == "mean of 1 repeats"
