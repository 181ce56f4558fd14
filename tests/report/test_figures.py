"""What the figures of ``netgen associate`` read: numbers at risk off the steps, rows of the forest in order of p."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import netgen as ng
from netgen.report import figures
from netgen.report.figures import COLUMNS, draw_association, forest_rows, risk_table
from tests.demo_run import demo_cohort, demo_result

MONTH = 30.4375


def steps(group, *rows):
    """Return curve steps: (time, at risk just before, events)."""
    frame = pd.DataFrame(rows, columns=["time_days", "n_risk", "n_event"])
    return frame.assign(group=group)


def test_risk_table__counts_patients_just_before_and_events_up_to_a_time():
    table = risk_table(steps("a", (0, 4, 0), (MONTH, 4, 1), (2 * MONTH, 3, 1), (3 * MONTH, 1, 0)))
    assert table["time_days"].tolist() == pytest.approx([0, MONTH, 2 * MONTH, 3 * MONTH])
    assert table["n_risk"].tolist() == [4, 4, 3, 1]
    assert table["cum_events"].tolist() == [0, 1, 2, 2]


def test_risk_table__has_the_same_times_for_all_groups_and_not_too_many():
    table = risk_table(pd.concat([steps("b", (0, 1, 0), (1000, 1, 1)), steps("a", (0, 2, 0), (50, 2, 2))]))
    times = table.groupby("group")["time_days"].apply(list)
    assert times["a"] == times["b"]
    assert len(times["a"]) <= COLUMNS
    assert table.loc[table["group"] == "a", "n_risk"].tolist()[0] == 2
    assert table.loc[table["group"] == "a", "n_risk"].tolist()[-1] == 0


def test_risk_table__agrees_with_the_outcomes():
    result = demo_result()
    curves = result.curves[(result.curves["endpoint"] == "os") & (result.curves["grouping"] == "origin")]
    outcomes = result.endpoints[result.endpoints["endpoint"] == "os"].merge(
        demo_cohort().patients[["patient_id", "origin_group3"]], on="patient_id"
    )
    for _, row in risk_table(curves.reset_index(drop=True)).iterrows():
        own = outcomes[outcomes["origin_group3"] == row["group"]]
        assert row["n_risk"] == (own["time_days"] >= row["time_days"]).sum()
        assert row["cum_events"] == ((own["time_days"] <= row["time_days"]) & own["event"]).sum()


def test_forest_rows__tested_first_by_p_each_with_its_origins():
    rows = demo_result().table[demo_result().table["endpoint"] == "os"]
    frame = forest_rows(rows[rows["n_altered"] > 0], demo_result().heterogeneity)
    features = frame[frame["level"] == 0]
    assert features["feature"].tolist() == ["SETD2", "ATRX", "TSC2", "TP53", "MEN1", "ARID1A", "DAXX", "RB1"]
    assert features["status"].tolist() == ["tested"] * 6 + ["too_few_altered"] * 2
    assert frame.iloc[0]["note"] == "Maximum-likelihood HR is infinite; Firth estimate shown."
    below = frame.iloc[1:4]
    assert below["feature"].tolist() == ["duodenopancreatic", "lung", "thymic"]
    assert (below["level"] == 1).all()
    assert below["p"].isna().all()


def test_draw_association__leaves_out_groups_that_have_no_curve(tmp_path):
    """With delayed entry the two carriers of RB1 are never three at risk: only the wild type is drawn."""
    result = ng.associate(
        demo_cohort(), endpoints=["os"], genes=["RB1", "TP53"], min_altered=2, entry_rule="sequencing_report",
        strata="none", model=False,
    )  # fmt: skip
    assert set(result.table["status"]) == {"tested"}
    rb1 = result.curves[result.curves["grouping"] == "RB1"]
    assert set(rb1["group"]) == {"wild type"}
    assert np.isfinite(result.curves["survival"]).all()
    names = draw_association(result, tmp_path)
    assert set(names) == {"km_os", "km_os_RB1", "km_os_TP53", "forest_os"}


def test_draw_association__volcano_of_eight_tested_features_and_pairs_of_genes(tmp_path, monkeypatch):
    for name in ("plot_km", "plot_forest", "plot_schoenfeld"):
        monkeypatch.setattr(figures, name, lambda *_, **__: Figure().subplots())
    result = dataclasses.replace(demo_result(), models={})
    names = draw_association(result, tmp_path)
    assert "cooccurrence" in names
    assert not any(name.startswith("volcano") for name in names)  # six features are tested
    more = result.table[result.table["status"] == "tested"]
    more = more[more["endpoint"] == "os"].iloc[:2].assign(feature=["X1", "X2"])
    eight = dataclasses.replace(result, table=pd.concat([result.table, more], ignore_index=True))
    names = draw_association(eight, tmp_path / "eight")
    assert [name for name in names if name.startswith("volcano")] == ["volcano_os"]
    assert (tmp_path / "eight" / "volcano_os.pdf").stat().st_size > 1000
    few = dataclasses.replace(result, cooccurrence=result.cooccurrence.assign(status="too_few_altered"))
    assert "cooccurrence" not in draw_association(few, tmp_path / "few")
