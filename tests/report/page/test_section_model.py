"""The penalised model in the report: verdict first, performance beside the clinical comparator, what was left out."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

import netgen as ng
from netgen.report.page.section_model import render
from netgen.report.summary import ratio
from tests.demo_run import demo_cohort, demo_result
from tests.report.page.association_run import EVIL, elements, model_result, rename
from tests.report.page.section_reader import Shown, results

DASH = "\N{EN DASH}"


def show(result):
    return Shown(render(results(demo_cohort(), association=result)))


def replaced(**parts):
    """The result with other parts of its model."""
    model = dataclasses.replace(model_result().models["os"], **parts)
    return dataclasses.replace(model_result(), models={"os": model})


@pytest.fixture(scope="module")
def page():
    return show(model_result())


def shown_number(value):
    """A value as the report prints it, worked out apart."""
    if pd.isna(value):
        return None
    return "0" if abs(value) < 1e-12 else f"-{ratio(-value)}" if value < 0 else ratio(value)


def test_render_model__nothing_without_an_analysis_or_a_model():
    assert render(results(demo_cohort())) is None
    assert render(results(demo_cohort(), association=demo_result())) is None


def test_render_model__the_verdict_comes_first(page):
    verdict = model_result().models["os"].verdict
    first = page.paragraphs[0]
    assert first == verdict[0].upper() + verdict[1:] + "."
    assert "clinical covariates" in first


def test_render_model__says_how_it_was_made(page):
    model = model_result().models["os"]
    said = " ".join(page.paragraphs)
    assert "34 patients, 23 events; lasso Cox model, 3 strata with their own baseline hazard." in said
    used = model.settings  # DOMAIN 3.11: floor(23 / 4) = 5 folds, 20 repeats in small mode
    assert (
        f"chosen by 5-fold cross-validation repeated 20 times: {ratio(used['lambda_1se'])} (1-SE rule, default)" in said
    )
    assert "Optimism was estimated in 12 bootstrap resamples that repeat every step." in said
    assert all(note in page.text for note in model.notes)
    assert "no advice for a patient" in render(results(demo_cohort(), association=model_result())).note


def test_render_model__performance_stands_beside_the_comparator(page):
    table = model_result().models["os"].performance.set_index(["metric", "model"])
    shown = page.rows("model-os-worth")
    names = {"Genes, 1-SE penalty (default)": "genes_1se", "Genes, best penalty": "genes_min",
             "Clinical covariates only": "clinical"}  # fmt: skip
    for label, metric in (
        ("Harrell's C, nested cross-validation", "harrell_c_nested"),
        ("Harrell's C, corrected for optimism (bootstrap)", "harrell_c_corrected"),
        ("Harrell's C, apparent: optimistic", "harrell_c_apparent"),
    ):
        for head, model in names.items():
            value, lo, hi = (shown_number(table.loc[(metric, model), part]) for part in ("value", "lo", "hi"))
            assert shown[label][head] == f"{value} ({lo} to {hi})"
    gain = shown["Gain in C over the clinical model, nested"]
    assert gain["Clinical covariates only"] == DASH
    assert gain["Genes, 1-SE penalty (default)"].startswith(
        shown_number(table.loc[("delta_c_nested", "genes_1se"), "value"])
    )


def test_render_model__every_measure_is_in_the_folded_table_with_its_note(page):
    table = model_result().models["os"].performance
    lines = page.tables["model-os-performance"][1:]
    assert len(lines) == len(table)
    assert [line[3] for line in lines] == [note or DASH for note in table["note"]]
    for line, row in zip(lines, table.itertuples(), strict=True):
        assert line[2].partition(" (")[0] == (shown_number(row.value) or DASH)
    assert any(line[0] == "Brier score at 365 days" for line in lines)


def test_render_model__coefficients_at_both_penalties(page):
    table = model_result().models["os"].coefficients.set_index("term")
    kept = table[(table["coef_min"] != 0) | (table["coef_1se"] != 0)]
    shown = page.rows("model-os-coefficients")
    assert set(shown) == set(kept.index)
    assert next(iter(shown)) == kept["coef_1se"].abs().idxmax()
    for term, row in kept.iterrows():
        cells = shown[term]
        assert cells["Altered"] == str(row["n_altered"])
        assert (cells["HR, 1-SE penalty"], cells["HR, best penalty"]) == (ratio(row["hr_1se"]), ratio(row["hr_min"]))
        assert cells["Coefficient, 1-SE"] == shown_number(row["coef_1se"])
    assert f"Not selected at either penalty: {len(table) - len(kept)} of {len(table)} terms." in page.paragraphs


def test_render_model__clinical_covariates_are_shown_although_not_penalised():
    shown = show(
        ng.associate(demo_cohort(), endpoints=["os"], adjust=["ki67_pct"], bootstrap=0, genes=["ATRX", "TP53"])
    )
    [term] = [name for name in shown.rows("model-os-coefficients") if "ki67" in name]
    assert shown.rows("model-os-coefficients")[term]["Penalised"] == "no"
    assert list(shown.rows("model-os-clinical")) == ["ki67_pct"]
    assert "Optimism was estimated" not in shown.text


def test_render_model__figures_of_choice_and_stability(page):
    figures = elements(page, "figure")
    assert len(figures) == 3  # cross-validation, path, stability
    assert all(
        f"OS: {name}" in page.text for name in ("cross-validation", "coefficient path", "selection probabilities")
    )
    assert "Fewer than 100 events (23): no groups of patients to plot calibration by." in page.paragraphs


def test_render_model__calibration_is_drawn_where_it_exists():
    groups = pd.DataFrame(
        {"model": "genes_1se", "group": [1, 2], "n": [50, 50], "predicted": [0.2, 0.6], "observed": [0.25, 0.5],
         "lo": [0.1, 0.4], "hi": [0.4, 0.6], "horizon_days": 365.0}
    )  # fmt: skip
    shown = show(replaced(calibration=groups))
    assert len(elements(shown, "figure")) == 4
    assert "no groups of patients to plot calibration by" not in shown.text


def test_render_model__stability_selection(page):
    selection = model_result().models["os"].stability
    shown = page.rows("model-os-stability")
    for row in selection.table.itertuples():
        assert shown[row.term]["Selected in"] == shown_number(row.probability)
        assert shown[row.term]["Reaches the threshold"] == ("yes" if row.selected else "no")
    assert f"{selection.settings['n_pairs']} pairs of half-samples; threshold 0.75" in page.text
    assert "W_STABILITY_UNRELIABLE" not in page.text


def test_render_model__unreliable_stability_is_said_beside_it():
    selection = dataclasses.replace(model_result().models["os"].stability, reliable=False)
    assert "W_STABILITY_UNRELIABLE half-samples have fewer than 8 events" in show(replaced(stability=selection)).text


def test_render_model__a_ridge_has_no_selection():
    settings = model_result().models["os"].settings | {"alpha": 0.0, "alpha_requested": 1.0}
    shown = show(replaced(stability=None, settings=settings))
    assert "model-os-stability" not in shown.tables
    assert "ridge Cox model for want of events" in " ".join(shown.paragraphs)


def test_render_model__says_who_and_what_was_left_out(page):
    assert page.rows("model-os-lost")["TSC2"] == {
        "Feature": "TSC2",
        "Why": "low coverage",
        "Profiled": "23",
        "Altered": "9",
    }
    assert "No patient was left out. 1 feature left out." in page.paragraphs


def test_render_model__patients_left_out_are_counted_by_reason_and_listed():
    lost = pd.DataFrame({"patient_id": ["P01", "P02", "P03"], "reason": ["covariate_missing"] * 2 + ["no_outcome"]})
    shown = show(
        replaced(lost_patients=lost.astype("string"), lost_features=model_result().models["os"].lost_features.head(0))
    )
    assert "3 patients left out (2 covariate missing, 1 no outcome). No feature was left out." in shown.paragraphs
    assert shown.patients == ["P01", "P02", "P03"]


def test_render_model__a_model_that_could_not_be_fitted_says_why():
    reason = "A penalised model needs at least 10 events at different times, found 4."
    row = {"endpoint": "os", "kind": "model", "item": "os", "code": "E_TOO_FEW_EVENTS_MODEL", "reason": reason, "n": 4}
    skipped = pd.concat([demo_result().skipped, pd.DataFrame([row])], ignore_index=True)
    shown = show(dataclasses.replace(demo_result(), skipped=skipped))
    assert f"E_TOO_FEW_EVENTS_MODEL There is no model. {reason}" in shown.text
    assert shown.headings == ["OS: Overall survival from advanced disease"]


def test_render_model__names_are_text_whatever_they_hold():
    shown = show(rename(model_result(), {"ATRX": EVIL}))
    assert elements(shown, "img") == []
    assert EVIL in shown.rows("model-os-coefficients")


def test_render_model__nothing_is_said_of_delayed_entry_that_is_not_there(page):
    assert "truncat" not in page.text.lower()
    assert "delayed entry" not in page.text
