"""What the penalised model says of its worth: performance rows, limits, horizons, calibration, verdict."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from netgen.association import penalised_evidence
from netgen.association.calibration import COLUMNS as CALIBRATION_COLUMNS
from netgen.association.concordance import count_concordance
from netgen.association.penalised import fit_penalised
from netgen.association.penalised_performance import COLUMNS, NO_IMPROVEMENT, state_verdict
from netgen.association.riskset import build_risk_sets
from tests.association.penalised_cases import GENES, fit_golden, simulate

if TYPE_CHECKING:
    from pathlib import Path

HONEST = {"bootstrap": 12, "n_outer_repeats": 2}
MODELS = {"genes_min", "genes_1se", "clinical"}


@pytest.fixture(scope="module")
def golden(reference: Path) -> pd.DataFrame:
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv").set_index("patient_id")
    table.index = table.index.astype("string")
    return table


@pytest.fixture(scope="module")
def plain(golden):
    return fit_golden(golden, **HONEST)


def numbers(model) -> pd.DataFrame:
    return model.performance.set_index(["metric", "model"])


# ---------------------------------------------------------------- rows


def test_fit_penalised__reports_every_kind_of_performance(plain):
    assert plain.performance.columns.tolist() == list(COLUMNS)
    found = plain.performance.groupby("metric")["model"].agg(set).to_dict()
    gains = {"genes_min", "genes_1se"}
    expected = {
        "harrell_c_apparent": MODELS, "harrell_c_out_of_fold": MODELS, "delta_c_out_of_fold": gains,
        "harrell_c_corrected": MODELS, "delta_c_corrected": gains, "calibration_slope_apparent": MODELS,
        "calibration_slope_corrected": MODELS, "harrell_c_nested": MODELS, "delta_c_nested": gains,
        "uno_c_nested": MODELS, "uno_c_apparent": MODELS, "cv_deviance": MODELS, "ibs": MODELS | {"km"},
        "ibs_gain": MODELS, "observed_risk_1095d": MODELS, "predicted_risk_1095d": MODELS,
        "observed_expected_1095d": MODELS,
    }  # fmt: skip
    for h in (365, 730, 1095):
        expected |= {f"auc_{h}d": MODELS, f"brier_{h}d": MODELS | {"km"}}
    assert found == expected
    assert (plain.performance["status"] == "ok").all()
    assert not plain.performance.duplicated(["metric", "model"]).any()


def test_fit_penalised__values_lie_within_their_limits(plain):
    table = plain.performance.dropna(subset=["lo"])
    assert set(table["metric"]) >= {"harrell_c_apparent", "harrell_c_corrected", "harrell_c_nested", "delta_c_nested"}
    assert ((table["lo"] <= table["value"]) & (table["value"] <= table["hi"])).all()
    c = table[table["metric"].str.startswith("harrell")]
    assert (c["lo"] >= 0).all()
    assert (c["hi"] <= 1).all()


def test_fit_penalised__apparent_limits_are_those_of_the_jackknife(golden, plain):
    table = plain.coefficients.set_index("term")["coef_min"]
    data = golden.sort_index()
    risk = build_risk_sets(data["os_days"], data["os_event"] == 1)
    c = count_concordance(sum(data[term] * coef for term, coef in table.items()), risk)
    row = numbers(plain).loc[("harrell_c_apparent", "genes_min")]
    assert (row["value"], row["lo"], row["hi"]) == pytest.approx(
        (c.value, c.value - 1.959964 * c.se, c.value + 1.959964 * c.se), abs=1e-6
    )


def test_fit_penalised__gains_are_differences_of_values(plain):
    value = numbers(plain)["value"]
    for kind in ("out_of_fold", "corrected", "nested"):
        for model in ("genes_min", "genes_1se"):
            gain = value[f"harrell_c_{kind}", model] - value[f"harrell_c_{kind}", "clinical"]
            assert value[f"delta_c_{kind}", model] == pytest.approx(gain)
    assert value["ibs_gain", "clinical"] == pytest.approx(1 - value["ibs", "clinical"] / value["ibs", "km"])
    ratio = value["observed_risk_1095d", "genes_min"] / value["predicted_risk_1095d", "genes_min"]
    assert value["observed_expected_1095d", "genes_min"] == pytest.approx(ratio)


def test_fit_penalised__observed_risk_is_that_of_the_cohort(plain):
    row = numbers(plain).loc[("observed_risk_1095d", "clinical")]
    assert row["value"] == pytest.approx(1 - 0.314728, abs=1e-6)  # S(1095) of DOMAIN B
    assert row["note"] == "Kaplan-Meier"


def test_fit_penalised__ipcw_metrics_are_not_available_with_delayed_entry(golden):
    model = fit_golden(golden, entry=golden["seq_day"], **HONEST)
    missing = model.performance[model.performance["status"] == "not_available"]
    assert missing["value"].isna().all()
    assert set(missing["note"]) == {"not_available: censoring weights do not allow for delayed entry"}
    assert set(missing["metric"]) >= {"auc_365d", "brier_1095d", "ibs", "uno_c_nested", "observed_expected"}
    value = numbers(model)["value"]
    assert np.isfinite(value["harrell_c_nested"]).all()
    assert np.isfinite(value["harrell_c_corrected"]).all()
    json.dumps(model.to_dict(), allow_nan=False)


def test_fit_penalised__strata_are_predicted_by_their_own_baseline_while_they_are_followed(golden):
    model = fit_golden(golden, strata=golden["origin"], **HONEST)
    table = numbers(model)
    assert np.isfinite(table.loc["brier_365d", "value"]).all()
    rank = table.loc[("auc_365d", "genes_min")]
    assert rank["status"] == "not_available"
    assert rank["note"] == "not_available: linear predictors of different strata cannot be compared"
    late = table.loc[("brier_1095d", "genes_min")]
    assert late["status"] == "not_available"
    assert late["note"] == "not_available: a training set, or a stratum of one, is not followed up to 1095 days"
    assert table.loc[("uno_c_nested", "genes_min"), "status"] == "not_available"


def test_fit_penalised__without_covariates_the_comparator_is_a_coin(golden):
    value = numbers(fit_golden(golden, covariates=None, **HONEST))["value"]
    metrics = ("auc_365d", "auc_1095d", "harrell_c_nested", "harrell_c_corrected", "uno_c_nested")
    assert [value[metric, "clinical"] for metric in metrics] == [0.5] * 5


def test_fit_penalised__horizons_beyond_follow_up_are_not_available(golden):
    model = fit_golden(golden, horizons=(365, 9000), n_outer_repeats=2)
    table = numbers(model)
    assert table.loc[("auc_9000d", "clinical"), "note"] == "not_available: 0 of 34 patients observed beyond 9000 days"
    assert table.loc[("auc_365d", "clinical"), "status"] == "ok"
    assert ("observed_expected_365d", "clinical") in table.index
    none = fit_golden(golden, horizons=())
    assert numbers(none).loc[("ibs", "km"), "note"] == "not_available: no horizon was given"


def test_fit_penalised__without_resampling_says_that_predictions_are_optimistic(golden):
    table = fit_golden(golden).performance
    assert not table["metric"].str.contains("nested|corrected").any()
    notes = table.loc[table["metric"] == "brier_730d", "note"]
    assert set(notes) == {"patients the model was fitted to: optimistic"}


def test_fit_penalised__clinical_model_alone_is_judged_alone(golden):
    model = fit_golden(golden, min_altered=20, **HONEST)
    assert set(model.performance["model"]) == {"clinical"}
    table = numbers(model)
    assert table.loc[("harrell_c_nested", "clinical"), "status"] == "ok"
    assert (
        table.loc[("harrell_c_corrected", "clinical"), "value"] < table.loc[("harrell_c_apparent", "clinical"), "value"]
    )


def test_fit_penalised__notes_that_nesting_was_not_possible(golden, monkeypatch):
    monkeypatch.setattr(penalised_evidence, "predict_nested", lambda *_, **__: None)
    model = fit_golden(golden, n_outer_repeats=2)
    assert "Nested cross-validation was not possible: an outer training set could not be fitted." in model.notes
    assert not model.performance["metric"].str.contains("nested").any()


def test_fit_penalised__settings_say_how_much_was_resampled(plain):
    assert {name: plain.settings[name] for name in ("bootstrap", "n_outer_repeats", "inner_repeats", "horizons")} == {
        "bootstrap": 12, "n_outer_repeats": 2, "inner_repeats": 3, "horizons": [365.0, 730.0, 1095.0],
    }  # fmt: skip
    data = SimpleNamespace(to_matrix=lambda: np.empty((2000, 40)))
    large = penalised_evidence.describe_evidence(data, None, None, (365,))
    assert (large["bootstrap"], large["n_outer_repeats"], large["inner_repeats"]) == (50, 2, 2)
    data = SimpleNamespace(to_matrix=lambda: np.empty((34, 6)))
    small = penalised_evidence.describe_evidence(data, None, None, (365,))
    assert (small["bootstrap"], small["n_outer_repeats"], small["inner_repeats"]) == (200, 10, 3)


def test_fit_penalised__efron_ties_go_through_every_step(golden):
    weeks = golden.assign(os_days=np.ceil(golden["os_days"] / 90))  # many ties
    breslow = fit_golden(weeks, **HONEST, horizons=(4,))
    efron = fit_golden(weeks, **HONEST, horizons=(4,), ties="efron")
    assert (breslow.settings["ties"], efron.settings["ties"]) == ("breslow", "efron")
    assert (breslow.coefficients["coef_min"] != efron.coefficients["coef_min"]).any()
    assert (efron.performance["status"] == "ok").all()
    assert not np.array_equal(numbers(breslow)["value"]["ibs"], numbers(efron)["value"]["ibs"])


def test_fit_penalised__order_of_rows_changes_no_resample(golden, plain):
    moved = golden.iloc[np.random.default_rng(3).permutation(len(golden))]
    other = fit_penalised(
        moved["os_days"], moved["os_event"] == 1, moved[GENES[::-1]].astype("Int8"), covariates=moved[["ki67_pct"]],
        seed=1, small=True, n_lambda=20, n_repeats=3, **HONEST,
    )  # fmt: skip
    assert json.dumps(plain.to_dict()) == json.dumps(other.to_dict())


# ---------------------------------------------------------------- calibration table


def test_fit_penalised__groups_need_a_hundred_events(plain):
    assert plain.calibration.columns.tolist() == list(CALIBRATION_COLUMNS)
    assert plain.calibration.empty
    clinical, genes = simulate(51, 240, 3, beta=1.0)
    model = fit_penalised(
        clinical["time"], clinical["event"], genes, covariates=clinical[["age"]], seed=1, small=False, n_lambda=20,
        n_repeats=2, bootstrap=0, n_outer_repeats=1,
    )  # fmt: skip
    assert 100 <= model.n_events < 200
    table = model.calibration
    assert set(table["model"]) == MODELS
    assert table.groupby("model")["n"].sum().eq(240).all()
    row = numbers(model).loc[(f"predicted_risk_{table['horizon_days'].iloc[0]:g}d", "genes_min")]
    genes_min = table[table["model"] == "genes_min"]
    mean = (genes_min["n"] * genes_min["predicted"]).sum() / 240
    assert mean == pytest.approx(row["value"])
    json.dumps(model.to_dict(), allow_nan=False)


# ---------------------------------------------------------------- verdict


def verdict_of(rows) -> str:
    path = SimpleNamespace(coef=np.array([[0.1, 0.3, 0.2]]), alpha=1.0)
    cv = SimpleNamespace(
        index_1se=0, index_min=0, mean=np.array([5.0]), se=np.array([0.1]), null_deviance=np.array([6.0])
    )
    table = pd.DataFrame(rows, columns=["metric", "model", "value", "lo", "hi"])
    return state_verdict(path, cv, np.array([False, True, True]), table)


OUT_OF_FOLD = [
    ("harrell_c_out_of_fold", "genes_1se", 0.70, np.nan, np.nan),
    ("harrell_c_out_of_fold", "clinical", 0.60, np.nan, np.nan),
]  # fmt: skip
CORRECTED = [
    ("harrell_c_corrected", "genes_1se", 0.66, 0.6, 0.7), ("harrell_c_corrected", "clinical", 0.61, 0.5, 0.7),
    ("delta_c_corrected", "genes_1se", 0.05, np.nan, np.nan),
]  # fmt: skip
NESTED = [
    ("harrell_c_nested", "genes_1se", 0.62, 0.5, 0.7), ("harrell_c_nested", "clinical", 0.61, 0.5, 0.7),
    ("delta_c_nested", "genes_1se", 0.01, -0.03, 0.05),
]  # fmt: skip


def test_state_verdict__uses_the_most_honest_figure():
    assert "(out-of-fold C 0.700, clinical covariates alone 0.600)" in verdict_of(OUT_OF_FOLD)
    assert verdict_of(OUT_OF_FOLD + CORRECTED) == (
        "2 alterations entered the model at the 1-SE penalty (optimism-corrected C 0.660, clinical covariates alone "
        "0.610)"
    )
    assert "(nested C 0.620, " in verdict_of(OUT_OF_FOLD + CORRECTED + NESTED)


def test_state_verdict__a_gain_that_may_be_none_is_not_shown():
    assert verdict_of(OUT_OF_FOLD + NESTED) == (
        "2 alterations entered the model, but a better prediction than by clinical covariates is not shown (nested C "
        "0.620, clinical covariates alone 0.610, difference 0.010, 95 % limits -0.030 to 0.050)"
    )


def test_state_verdict__a_gene_model_that_does_not_beat_the_clinical_one_says_so():
    worse = [
        ("harrell_c_nested", "genes_1se", 0.60, 0.5, 0.7),
        *NESTED[1:2],
        ("delta_c_nested", "genes_1se", -0.01, -0.1, 0.1),
    ]
    assert "entered the model but did not predict better than clinical covariates (nested C" in verdict_of(
        OUT_OF_FOLD + CORRECTED + worse
    )
    missing = [(metric, model, np.nan, np.nan, np.nan) for metric, model, *_ in NESTED]
    assert "(optimism-corrected C 0.660, " in verdict_of(OUT_OF_FOLD + CORRECTED + missing)


def test_fit_penalised__a_strong_alteration_beats_the_clinical_model_honestly():
    clinical, genes = simulate(9, 200, 4, beta=1.5)
    options = {"seed": 1, "small": True, "n_lambda": 20, "n_repeats": 3, "bootstrap": 10, "n_outer_repeats": 2}
    model = fit_penalised(clinical["time"], clinical["event"], genes, covariates=clinical[["age"]], **options)
    assert "entered the model at the 1-SE penalty (nested C 0." in model.verdict
    row = numbers(model).loc[("delta_c_nested", "genes_1se")]
    assert row["lo"] > 0.05
    value = numbers(model)["value"]
    assert value["auc_365d", "genes_1se"] > value["auc_365d", "clinical"] + 0.05
    assert value["ibs_gain", "genes_min"] > 0.02 > value["ibs_gain", "clinical"]


def test_fit_penalised__noise_does_not_beat_the_clinical_model():
    verdicts = []
    for seed in range(4):
        clinical, genes = simulate(60 + seed, 80, 5)
        options = {"seed": 1, "small": True, "n_lambda": 15, "n_repeats": 3, "bootstrap": 0, "n_outer_repeats": 2}
        model = fit_penalised(clinical["time"], clinical["event"], genes, covariates=clinical[["age"]], **options)
        verdicts.append(model.verdict)
        assert numbers(model).loc[("delta_c_nested", "genes_min"), "lo"] <= 0
    assert all(text == NO_IMPROVEMENT or "did not" in text or "not shown" in text for text in verdicts)


def test_describe_evidence__millions_of_cells_are_not_resampled_unless_asked_for():
    class Wide:
        """As many cells as a large cohort has, without holding them."""

        def to_matrix(self):
            return np.broadcast_to(0.0, (60_000, 100))

    used = penalised_evidence.describe_evidence(Wide(), None, None, ())
    assert (used["bootstrap"], used["n_outer_repeats"]) == (0, 0)
    asked = penalised_evidence.describe_evidence(Wide(), 20, 1, ())
    assert (asked["bootstrap"], asked["n_outer_repeats"]) == (20, 1)
