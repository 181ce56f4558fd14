"""First exposure to a class: worked by hand, and against the raw share where nobody is censored."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from netgen.association.exposure import first_exposure, tabulate_exposure, tabulate_starts
from netgen.association.line_history import build_history
from netgen.cohort import read_cohort
from tests.association.therapy_cases import everybody, small_cohort


def test_first_exposure__names_what_came_first(tmp_path):
    found = first_exposure(build_history(small_cohort(tmp_path)), "mtor_inhibitor")
    # A on 2020-06-10; B, C, D are followed to 2022-01-01 (731 days); E and F die without it.
    assert found.time.tolist() == [161, 731, 731, 731, 61, 517]
    assert found.cause.tolist() == [1, 0, 0, 0, 2, 2]


def test_first_exposure__before_advanced_disease_counts_at_half_a_day(tmp_path):
    history = build_history(small_cohort(tmp_path))
    lines = history.lines.assign(
        start=history.lines["start"] - [40, 0, 10, 0, 0, 0, 0]
    )  # A: 10 days before; B: that day
    found = first_exposure(dataclasses.replace(history, lines=lines), "ssa")
    assert found.time[:2].tolist() == [0.5, 0.5]
    assert found.early.tolist() == [True, False, False, False, False, False]


def test_exposure__incidence_by_hand(tmp_path):
    history = build_history(small_cohort(tmp_path))
    table = tabulate_exposure(history, [everybody(6)]).set_index(["regimen_class", "horizon_months"])
    # mtor_inhibitor: E dies on day 61 (6 at risk), A is exposed on day 161 (5 at risk): 5/6 * 1/5; F dies on 517.
    assert table.loc[("mtor_inhibitor", 12), "cif"] == pytest.approx(1 / 6)
    assert table.loc[("mtor_inhibitor", 24), "cif"] == pytest.approx(1 / 6)
    assert table.loc[("mtor_inhibitor", 12), "n_risk"] == 4
    assert table.loc[("mtor_inhibitor", 24), "n_risk"] == 3
    assert np.isnan(table.loc[("mtor_inhibitor", 36), "cif"])  # nobody is followed that long
    assert table.loc[("ssa", 12), "cif"] == pytest.approx(2 / 6)
    assert table.loc[("ssa", 12), "n_exposed"] == 2


def test_exposure__incidences_of_the_demo_stay_below_the_share_ever_exposed_and_rise():
    history = build_history(read_cohort("demo"))
    table = tabulate_exposure(history, [everybody(34)])
    for name, rows in table.groupby("regimen_class"):
        raw = (history.lines.loc[history.lines["regimen_class"] == name, "place"].nunique(), 34)
        assert rows["n_exposed"].iloc[0] == raw[0]
        assert rows["cif"].is_monotonic_increasing
    others = table.loc[table["horizon_months"] == 12].set_index("regimen_class")
    early = history.lines.assign(day=history.lines["start"] - history.origin[history.lines["place"]])
    early = early.loc[(early["regimen_class"] == "prrt") & (early["day"] <= 365.25)]
    assert others.loc["prrt", "cif"] == pytest.approx(early["place"].nunique() / 34, abs=0.02)  # one censored before


def test_starts__by_hand(tmp_path):
    history = build_history(small_cohort(tmp_path))
    table = tabulate_starts(history, [everybody(6)]).set_index(["estimate", "horizon_months"])
    # Five first lines on days 10 and 30 of 6 at risk; F again on day 135 and A on day 161, of 5 (S = 5/6).
    expected = 5 / 6 + 5 / 6 * 2 / 5
    assert table.loc[("all_patients", 12), "mean"] == pytest.approx(expected)
    assert table.loc[("while_alive", 12), "mean"] == pytest.approx(5 / 6 + 2 / 5)
    assert table.loc[("all_patients", 12), "n_starts"] == 7
