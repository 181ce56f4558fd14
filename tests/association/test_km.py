"""Kaplan-Meier curves against R ``survfit`` and against values worked by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from netgen.association.km import kaplan_meier, reverse_kaplan_meier_median, survival_at, survival_quantile
from tests.association.golden_models import close, read_input

if TYPE_CHECKING:
    from pathlib import Path

TOLERANCE = 1e-12  # the same sums in the same precision; R's own rounding is of this order


def curves(reference: Path, table: str):
    """Yield (expected rows, curve) for every curve of a reference table."""
    expected = pd.read_csv(reference / "km" / f"{table}.csv")
    for (name, formula, conf_type, group), rows in expected.groupby(["id", "formula", "conf_type", "group"]):
        data = read_input(reference, name)
        columns, by = re.fullmatch(r"Surv\((.*)\) ~ (.*)", formula).groups()
        columns = columns.split(", ")
        if by != "1":
            data = data[data[by].astype(str) == group.split("=")[1]]
        entry = data[columns[0]] if len(columns) == 3 else None
        yield rows, kaplan_meier(data[columns[-2]], data[columns[-1]], entry=entry, conf_type=conf_type)


def test_kaplan_meier__equals_survfit_curves(reference):
    seen = 0
    for rows, km in curves(reference, "km_curve"):
        for column, found in (
            ("time", km.time),
            ("n_risk", km.n_risk),
            ("n_event", km.n_event),
            ("n_censor", km.n_censor),
            ("surv", km.survival),
            ("lower95", km.lo),
            ("upper95", km.hi),
        ):
            close(found, rows[column], TOLERANCE)
        close(km.std_err, (rows["surv"] * rows["std_err_log"]).where(rows["surv"] > 0), TOLERANCE)
        seen += 1
    assert seen == 24


def test_survival_quantile__equals_quantile_survfit(reference):
    for rows, km in curves(reference, "km_quantiles"):
        found = np.array([survival_quantile(km, q) for q in rows["prob"]])
        close(found, rows[["quantile", "lower95", "upper95"]], TOLERANCE)
        assert (rows["n"] == km.n).all()
        assert (rows["events"] == km.events).all()


def test_survival_at__equals_summary_survfit(reference):
    for rows, km in curves(reference, "km_landmarks"):
        found = survival_at(km, rows["time"])
        for column, values in (
            ("n_risk", found.n_risk),
            ("surv", found.survival),
            ("std_err", found.std_err),
            ("lower95", found.lo),
            ("upper95", found.hi),
        ):
            close(values, rows[column], TOLERANCE)


def test_reverse_kaplan_meier_median__equals_survfit_of_the_censorings(reference):
    expected = pd.read_csv(reference / "km" / "median_followup_reverse_km.csv").iloc[0]
    lung = read_input(reference, "lung")
    found = reverse_kaplan_meier_median(lung["time"], lung["status"])
    assert found == (expected["median"], expected["lower95"], expected["upper95"])


def test_kaplan_meier__with_delayed_entry_equals_sc10():
    """DOMAIN SC10."""
    km = kaplan_meier([4, 6, 8, 9, 12, 15, 10, 7], [1, 1, 0, 1, 1, 0, 1, 1], entry=[0, 3, 1, 5, 2, 6, 0, 4])
    at = survival_at(km, [4, 6, 7, 9, 10, 12])
    assert at.n_risk.tolist() == [5, 6, 6, 4, 3, 2]
    assert at.survival == pytest.approx([0.8, 0.666667, 0.555556, 0.416667, 0.277778, 0.138889], abs=5e-7)


def test_kaplan_meier__a_death_on_day_zero_counts_at_half_a_day():
    """DOMAIN SC09, after the time-zero rule."""
    km = kaplan_meier([0.5, 5, 8, 10], [True, True, False, True])
    assert survival_at(km, [0.5, 5, 10]).survival.tolist() == [0.75, 0.5, 0]
    assert survival_at(kaplan_meier([5, 8, 10], [True, False, True]), [5]).survival[0] == pytest.approx(
        0.6667, abs=5e-5
    )


@pytest.mark.parametrize(
    ("origin", "n", "events", "median", "lo", "hi"),
    [
        (None, 34, 23, 682, 453, 1071),
        ("thymic", 8, 8, 387, 90, 945),
        ("lung", 12, 6, 1071, 146, np.nan),
        ("duodenopancreatic", 14, 9, 1013, 431, np.nan),
    ],
)
def test_survival_quantile__equals_appendix_b(reference, origin, n, events, median, lo, hi):
    cohort = read_input(reference, "linear_syn34")
    cohort = cohort if origin is None else cohort[cohort["origin"] == origin]
    km = kaplan_meier(cohort["os_days"], cohort["os_event"])
    assert (km.n, km.events) == (n, events)
    close(survival_quantile(km), (median, lo, hi), 0)


def test_survival_at__and_follow_up_equal_appendix_b(reference):
    cohort = read_input(reference, "linear_syn34")
    found = survival_at(kaplan_meier(cohort["os_days"], cohort["os_event"]), [365, 730, 1095])
    assert found.survival == pytest.approx([0.735294, 0.490484, 0.314728], abs=5e-7)
    assert reverse_kaplan_meier_median(cohort["os_days"], cohort["os_event"]) == (1437, 816, 1950)


def test_survival_quantile__of_pfs_equals_sc16():
    """PD or death on days 3, 5, 5 and 10, censored on 8 and 12: S is 1/2 from day 5 to day 10."""
    km = kaplan_meier([3, 5, 5, 8, 10, 12], [1, 1, 1, 0, 1, 0])
    assert survival_at(km, [3, 5, 10]).survival == pytest.approx([0.8333, 0.5, 0.25], abs=5e-5)
    assert survival_quantile(km).estimate == 7.5


def test_kaplan_meier__entries_balance_the_risk_sets():
    km = kaplan_meier([4, 6, 8, 9], [True, False, True, True], entry=[0, 3, 4, 6])
    assert km.n_enter.tolist() == [2, 1, 1, 0]  # day 4: two in; the entries on days 4 and 6 count from the next exit on
    assert km.n_risk.tolist() == [2, 2, 2, 1]


def test_survival_quantile__takes_the_midpoint_of_a_flat_stretch():
    """Four deaths: S is 0.5 from day 2 to day 3."""
    assert survival_quantile(kaplan_meier([1, 2, 3, 4], [True] * 4)).estimate == 2.5


def test_survival_quantile__a_flat_end_is_half_way_to_the_last_follow_up():
    assert survival_quantile(kaplan_meier([1, 2, 7, 9], [True, True, False, False])).estimate == 5.5


def test_survival_quantile__not_reached_is_missing():
    median = survival_quantile(kaplan_meier([1, 2, 3], [True, False, False]))
    assert np.isnan([median.estimate, median.hi]).all()


def test_survival_quantile__sees_one_half_through_rounding():
    """24 patients, a death a day: S(12) is 23/24 22/23 ... 12/13, which is not quite 1/2 in floating point."""
    km = kaplan_meier(range(1, 25), [True] * 24)
    assert km.survival[11] != 0.5
    assert survival_quantile(km).estimate == 12.5


def test_survival_at__before_the_first_and_after_the_last_exit():
    km = kaplan_meier([5, 8], [True, False], conf_type="log")
    found = survival_at(km, [2, 5, 6, 20])
    assert found.survival.tolist() == [1, 0.5, 0.5, 0.5]
    assert found.n_risk.tolist() == [2, 2, 1, 0]


def test_kaplan_meier__limits_are_undefined_at_zero():
    km = kaplan_meier([1, 2], [True, True])
    assert km.survival[-1] == 0
    assert np.isnan([km.lo[-1], km.hi[-1], km.std_err[-1]]).all()


def test_kaplan_meier__without_events_stays_at_one():
    km = kaplan_meier([3, 5], [False, False])
    assert km.survival.tolist() == [1, 1]
    assert km.events == 0
    assert np.isnan(survival_quantile(km).estimate)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"time": [1, np.nan], "event": [1, 1]}, "finite"),
        ({"time": [1, 2], "event": [1, 1], "entry": [1, 0]}, "before its exit"),
        ({"time": [1, 2], "event": [1, 1], "conf_type": "logit"}, "conf_type must be"),
        ({"time": [1, 2], "event": [1, 1], "level": 95}, "level must be between 0 and 1"),
    ],
)
def test_kaplan_meier__says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        kaplan_meier(**arguments)


def test_survival_quantile__refuses_a_percentage():
    with pytest.raises(ValueError, match="between 0 and 1"):
        survival_quantile(kaplan_meier([1, 2], [True, True]), 50)
