"""Competing risks and group tests of a real data set, every number against R."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from netgen.association.cause_specific import estimate_causes
from netgen.association.competing import compare_causes, name_causes
from netgen.association.group_tests import compare_groups, group_patients, plan_groups
from netgen.study import AssociationSettings
from tests.association.linear_set import analysis_of, read_linear

SETTINGS = AssociationSettings()
CAUSE_SPECIFIC = {"cs_beta": "beta", "cs_lo": "lo", "cs_hi": "hi"}
Z = 1.959963984540054
TESTS = {"beta": "hr", "lo": "hr_lo", "hi": "hr_hi"}


def grouped_pbc(reference, by, *, entry=None):
    """Return the trial in groups, and the causes; both causes are the event."""
    table = pd.read_csv(reference / "inputs" / "pbc_trial.csv").dropna(subset=[by]).reset_index(drop=True)
    labels = table[by].astype(int).astype(str).to_numpy(dtype=str)
    golden = analysis_of(read_linear(reference), strata=False)
    analysis = dataclasses.replace(
        golden,
        patient_id=pd.Index(table["id"].astype("string")),
        time=table["time"].to_numpy(dtype=float),
        event=(table["status"] > 0).to_numpy(),
        entry=entry,
        origin=None,
        genes=np.zeros((0, len(table)), dtype=np.int8),
        features=pd.Index([], dtype="string"),
    )
    levels = tuple(sorted(set(labels)))
    largest = max(levels, key=lambda level: (labels == level).sum())
    return group_patients(analysis, by, labels, levels, largest), table["status"].to_numpy()


def expected_rows(reference, by):
    """Return what R computed for one grouping; a blank group stands for all of them."""
    table = pd.read_csv(reference / "competing" / "pbc.csv", dtype={"group": "string"})
    return table[table["by"] == by]


@pytest.mark.parametrize("by", ["stage", "trt"])
def test_compare_causes__incidences_gray_and_fine_gray_equal_r(reference, by):
    grouped, cause = grouped_pbc(reference, by)
    table, _ = compare_causes(grouped, cause, plan_groups(grouped, SETTINGS), SETTINGS, horizons=[730, 1826])
    cells = {(row["group"], row["cause"], row["horizon_days"]): row for row in table.to_dict("records")}
    seen = 0
    for row in expected_rows(reference, by).query("cause > 0").to_dict("records"):
        quantity, _, day = row["quantity"].partition("@")
        group = grouped.reference if pd.isna(row["group"]) else row["group"]
        found = cells[group, row["cause"], float(day or 730)]
        if quantity in ("cif_lo", "cif_hi") and found["cif"] == 0:
            assert np.isnan(found[quantity])  # R prints 0 or NA where nobody had the event
        elif quantity == "sd_beta" and found["sd_status"] == "ok":
            assert np.log(found["sd_hr"]) == pytest.approx(row["value"], rel=1e-6), row
        elif quantity == "sd_se" and found["sd_status"] == "ok":
            assert np.log(found["sd_hr_hi"] / found["sd_hr"]) / Z == pytest.approx(row["value"], rel=1e-6), row
        elif quantity in ("cif", "cif_lo", "cif_hi", "gray_chi2", "gray_p"):
            assert found[quantity] == pytest.approx(row["value"], rel=1e-8), row
        else:
            continue
        seen += 1
    assert seen == {"stage": 4 * 2 * 2 * 3 + 4 + 6, "trt": 2 * 2 * 2 * 3 + 4 + 4}[by]


def test_compare_causes__without_events_of_a_cause_in_a_group_there_is_no_subdistribution_ratio(reference):
    """Nobody in stage 1 was transplanted: crr stops at a log hazard ratio far below 0, the estimate is infinite."""
    grouped, cause = grouped_pbc(reference, "stage")
    table, _ = compare_causes(grouped, cause, plan_groups(grouped, SETTINGS), SETTINGS, horizons=[730])
    row = table[(table["group"] == "1") & (table["cause"] == 1)].iloc[0]
    assert (row["sd_status"], row["cs_estimator"]) == ("ok", "firth")
    assert table.loc[(table["cause"] == 1) & table["sd_hr"].notna(), "group"].tolist() == ["1", "2", "4"]
    assert set(table.loc[table["cause"] == 2, "sd_status"].dropna()) == {"not_converged"}
    assert table.loc[table["cause"] == 2, "cs_hr"].notna().sum() == 3


@pytest.mark.parametrize(("by", "causes"), [("stage", (1,)), ("trt", (1, 2))])
def test_estimate_causes__equals_coxph(reference, by, causes):
    grouped, cause = grouped_pbc(reference, by)
    found = estimate_causes(
        grouped.analysis.time,
        cause,
        grouped.labels,
        groups=grouped.tested,
        reference=grouped.reference,
        estimator="cox",
    )
    assert list(found) == [1, 2]
    seen = 0
    for row in expected_rows(reference, by).to_dict("records"):
        if row["cause"] in causes and row["quantity"] in CAUSE_SPECIFIC:
            effects = found[row["cause"]]
            value = getattr(effects, CAUSE_SPECIFIC[row["quantity"]])[effects.groups.index(row["group"])]
            assert value == pytest.approx(row["value"], rel=1e-8), row
            seen += 1
    assert seen == {"stage": 9, "trt": 6}[by]


@pytest.mark.parametrize("by", ["stage", "trt"])
def test_compare_groups__equals_r(reference, by):
    expected = pd.read_csv(reference / "competing" / "pbc.csv", dtype={"group": "string"}).query(
        "by == @by and cause == 0"
    )
    grouped, _ = grouped_pbc(reference, by)
    plan = dataclasses.replace(plan_groups(grouped, SETTINGS), estimator="cox", permute=False)
    table = compare_groups(grouped, plan, SETTINGS, tau=1826.25).set_index("group")
    assert set(table["rmst_tau"]) == {1826.25}
    for row in expected.to_dict("records"):
        found = table.iloc[0] if pd.isna(row["group"]) else table.loc[row["group"]]
        quantity = {"lr_p": "p_model"}.get(row["quantity"], row["quantity"])
        if quantity in TESTS:
            value = np.log(found[TESTS[quantity]])
        elif quantity == "rmst_se":
            value = (found["rmst_diff_hi"] - found["rmst_diff"]) / Z
        else:
            value = found[quantity]
        assert value == pytest.approx(row["value"], rel=1e-7), row
    assert len(expected) >= 9


def test_compare_causes__with_a_cause_that_nobody_had_gives_incidences_only(reference):
    grouped, cause = grouped_pbc(reference, "trt")
    table, steps = compare_causes(
        grouped, np.minimum(cause, 1), plan_groups(grouped, SETTINGS), SETTINGS, horizons=[730]
    )
    assert table.loc[table["cause"] == 2, "cif"].tolist() == [0, 0]
    assert table.loc[table["cause"] == 1, "cif"].gt(0).all()
    assert table[["cs_hr", "sd_hr", "gray_p"]].isna().all(axis=None)
    assert (steps.loc[steps["cause"] == 2, "incidence"] == 0).all()


def test_compare_causes__delayed_entry_conditions_the_incidence_and_keeps_the_models(reference):
    grouped, cause = grouped_pbc(reference, "trt")
    entry = np.where(np.arange(len(cause)) % 3 == 0, -np.inf, np.minimum(grouped.analysis.time - 1, 400.0))
    late, _ = grouped_pbc(reference, "trt", entry=entry)
    plan = plan_groups(late, SETTINGS)
    table, steps = compare_causes(late, cause, plan, SETTINGS, horizons=[1826])
    assert set(table["gray_status"]) == {"delayed_entry"}
    assert table["gray_p"].isna().all()
    ratios = table.loc[table["group"] != late.reference]
    assert ratios.loc[ratios["cause"] == 1, "sd_status"].tolist() == ["ok"]
    members = (late.labels == late.order[0]) & (entry < 1826) & (late.analysis.time >= 1826)
    assert table["n_risk"].iloc[0] == members.sum()
    first = steps.loc[(steps["group"] == late.order[0]) & (steps["cause"] == 1)].iloc[0]
    assert (first["incidence"], first["time_days"]) == (0, table["t0_conditional"].iloc[0])


def test_name_causes__knows_what_competes():
    assert name_causes("ttp_line2") == {1: "progression", 2: "death without progression"}
    assert name_causes("dss")[2] == "other death"
    assert name_causes("time_to_surgery") == {1: "event", 2: "competing event"}
