"""Curves of groups as tables; with delayed entry a curve begins where enough patients are at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.group_curves import (
    CURVE_COLUMNS,
    KM_COLUMNS,
    Outcomes,
    condition_on,
    conditional_start,
    group_curve,
    groupings_of,
    survival_since,
    tabulate_curves,
)
from netgen.association.km import survival_quantile
from tests.association.linear_set import GENES, analysis_of, read_linear


@pytest.fixture(scope="module")
def table(reference):
    return read_linear(reference)


def late(table):
    """Return the outcomes of the golden cohort with entry at sequencing."""
    return Outcomes(
        table["os_days"].to_numpy(float), table["os_event"].to_numpy() == 1, table["seq_day"].to_numpy(float)
    )


def naive_start(time, event, entry):
    """Walk day by day: at risk on day t are those with entry < t <= exit."""
    bound = max(3, 0.1 * len(time))
    days = range(1, int(max(time)) + 1)
    at_risk = {t: sum(e < t <= x for e, x in zip(entry, time, strict=True)) for t in days}
    if max(at_risk.values()) < bound:
        return float("nan")
    peak = next(t for t in days if at_risk[t] == max(at_risk.values()))
    if all(at_risk[int(t)] >= bound for t, d in zip(time, event, strict=True) if d and t <= peak):
        return 0.0
    return float(max(t for t in days if t < peak and at_risk[t] < bound))


def test_conditional_start__without_delayed_entry_is_0():
    assert conditional_start(Outcomes(np.array([1.0, 2.0]), np.array([True, False]), None)) == 0


def test_conditional_start__of_the_golden_cohort(table):
    """The first death (P23, day 43) has 3 at risk; the bound is 3.4.

    Behind it P18 (entered on day 10) and P14 (19) are left; P15 follows on day 63, P24 on day 71: then there are four.
    """
    outcomes = late(table)
    assert 0.1 * len(table) == pytest.approx(3.4)
    entered = sorted(table.loc[(table["os_days"] > 43), "seq_day"])
    assert entered[3] == 71
    assert conditional_start(outcomes) == naive_start(*outcomes) == 71


def test_conditional_start__an_early_event_among_enough_needs_no_condition():
    outcomes = Outcomes(np.array([5.0, 8, 9, 10]), np.array([True] * 4), np.array([1.0, 2, 3, 4]))
    assert conditional_start(outcomes) == 0


def test_conditional_start__a_small_tail_does_not_count():
    outcomes = Outcomes(np.arange(10, 20.0), np.ones(10, dtype=bool), np.zeros(10))
    assert conditional_start(outcomes) == 0


def test_conditional_start__never_enough():
    outcomes = Outcomes(np.array([2.0, 4, 6]), np.array([True] * 3), np.array([0.0, 2, 4]))
    assert np.isnan(conditional_start(outcomes))
    curve, start = group_curve(outcomes)
    assert (curve.n, len(curve.time)) == (0, 0)
    assert np.isnan(start)
    assert np.isnan(survival_quantile(curve)).all()
    at = survival_since(curve, start, [1, 3])
    assert np.isnan([at.survival, at.lo, at.hi]).all()


def test_conditional_start__of_nobody():
    none = np.empty(0)
    assert np.isnan(conditional_start(Outcomes(none, none.astype(bool), none)))


def test_conditional_start__equals_a_walk_day_by_day():
    rng = np.random.default_rng(10)
    seen = set()
    for _ in range(200):
        n = int(rng.integers(4, 15))
        entry = rng.integers(0, 12, n).astype(float)
        time = entry + rng.integers(1, 12, n)
        event = rng.random(n) < 0.6
        start, wanted = conditional_start(Outcomes(time, event, entry)), naive_start(time, event, entry)
        assert start == pytest.approx(wanted, nan_ok=True)
        seen.add("nan" if np.isnan(start) else start > 0)
    assert seen == {"nan", True, False}


def test_group_curve__is_conditional_on_being_alive_at_the_start(table):
    curve, start = group_curve(late(table))
    assert start == 71
    assert (curve.n, curve.events) == (33, 22)  # without P23, who died on day 43
    rows = table[table["os_days"] > 71]
    dead = sorted(rows.loc[rows["os_event"] == 1, "os_days"].unique())
    survival = 1.0
    for day in dead:
        risk = (np.maximum(rows["seq_day"], 71) < day) & (rows["os_days"] >= day)
        survival *= 1 - ((rows["os_days"] == day) & (rows["os_event"] == 1)).sum() / risk.sum()
    assert curve.survival[-1] == pytest.approx(survival, abs=1e-12)
    assert survival_quantile(curve).estimate > 105  # the unconditional median (DOMAIN 2.10)


def test_condition_on__keeps_who_is_followed_beyond_the_day():
    outcomes = Outcomes(np.array([5.0, 8, 9, 12]), np.array([True, False, True, True]), np.array([0.0, 2, 3, 10]))
    seen = condition_on(outcomes, 8)
    assert (seen.time.tolist(), seen.event.tolist(), seen.entry.tolist()) == ([9, 12], [True, True], [8, 10])
    assert condition_on(outcomes._replace(entry=None), 8).entry.tolist() == [8, 8]
    assert condition_on(outcomes, 0) is outcomes
    assert len(condition_on(outcomes, np.inf).time) == 0


def test_survival_since__says_nothing_before_the_start(table):
    curve, start = group_curve(late(table))
    at = survival_since(curve, start, [30, 71, 365])
    assert np.isnan(at.survival).tolist() == [True, False, False]
    assert at.survival[1] == 1


def test_groupings_of__everybody_origins_and_features(table):
    analysis = analysis_of(table)
    groupings = list(groupings_of(analysis, np.array([0, 1])))
    assert [grouping.name for grouping in groupings] == ["all", "origin", "MEN1", "DAXX"]
    sizes = {group: int(members.sum()) for group, members in groupings[3].groups.items()}
    assert sizes == {"altered": 2, "wild type": 21}  # the 11 others were not profiled


def test_tabulate_curves__rows_of_km_tsv(table):
    analysis = analysis_of(table)
    km, curves = tabulate_curves(analysis, groupings_of(analysis, np.array([GENES.index("TP53")])))
    assert list(km.columns) == list(KM_COLUMNS)
    assert list(curves.columns) == list(CURVE_COLUMNS)
    rows = km.set_index(["grouping", "group"])
    # DOMAIN, Appendix B
    whole = rows.loc[("all", "all")]
    assert whole[["n", "events", "median", "median_lo", "median_hi"]].tolist() == [34, 23, 682, 453, 1071]
    assert whole["s_12m"] == pytest.approx(0.735294, abs=1e-6)
    assert (whole["followup_median"], whole["followup_lo"], whole["followup_hi"]) == (1437, 816, 1950)
    assert rows.loc["origin", "median"].to_dict() == {"duodenopancreatic": 1013, "lung": 1071, "thymic": 387}
    assert rows.loc["origin", "n"].to_dict() == {"duodenopancreatic": 14, "lung": 12, "thymic": 8}
    assert np.isnan(rows.loc[("origin", "lung"), "median_hi"])
    assert rows.loc["TP53", "median"].to_dict() == {"altered": 394.5, "wild type": 1041}
    assert whole["n_risk_12m"] == (table["os_days"] >= 365.25).sum()
    assert set(km["t0_conditional"]) == {0}
    assert set(km["entry_rule"]) == {"none"}


def test_tabulate_curves__steps_begin_at_1(table):
    analysis = analysis_of(table)
    _, curves = tabulate_curves(analysis, groupings_of(analysis, np.array([], dtype=int)))
    own = curves[curves["group"] == "thymic"]
    assert own["time_days"].tolist() == [0, *sorted(table.loc[table["origin"] == "thymic", "os_days"])]
    assert own["survival"].tolist() == pytest.approx([1 - i / 8 for i in range(9)])
    assert own["n_risk"].tolist() == [8, 8, 7, 6, 5, 4, 3, 2, 1]
    assert own.iloc[0][["n_event", "n_censor", "lo", "hi"]].tolist() == [0, 0, 1, 1]


def test_tabulate_curves__with_delayed_entry(table):
    analysis = analysis_of(table, entry=True)
    km, curves = tabulate_curves(analysis, groupings_of(analysis, np.array([GENES.index("RB1")])))
    rows = km.set_index(["grouping", "group"])
    assert rows.loc[("all", "all"), "t0_conditional"] == 71
    at_risk = ((table["seq_day"] < 365.25) & (table["os_days"] >= 365.25)).sum()
    assert rows.loc[("all", "all"), "n_risk_12m"] == at_risk
    assert rows.loc[("all", "all"), ["n", "events", "n_curve", "events_curve"]].tolist() == [34, 23, 33, 22]
    few = rows.loc[("RB1", "altered")]  # two patients: never three at risk
    assert few[["n", "events", "n_curve", "events_curve"]].tolist() == [2, 2, 0, 0]
    assert np.isnan(few[["median", "s_12m", "s_lo_12m", "s_24m", "t0_conditional"]].astype(float)).all()
    assert not ((curves["grouping"] == "RB1") & (curves["group"] == "altered")).any()
    assert (curves["grouping"] == "RB1").any()


def test_tabulate_curves__follow_up_is_conditional_where_few_early_ones_are_censored(table):
    """The only patient under observation leaves on day 3: the censoring curve would be 0 from then on."""
    lines = [(3, 0, 1), (50, 0, 10), (60, 1, 10), (70, 0, 12), (80, 0, 14), (90, 1, 16)]
    few = pd.DataFrame(lines, columns=["os_days", "os_event", "seq_day"])
    cohort = table.iloc[: len(few)].drop(columns=list(few)).reset_index(drop=True).join(few)
    km, _ = tabulate_curves(analysis_of(cohort, entry=True), groupings_of(analysis_of(cohort), np.array([], dtype=int)))
    whole = km.set_index("grouping").loc["all"]
    # from day 12, when three of the others are in: 50 (5 at risk), 70 (3), 80 (2) are censored; S 0.8, 0.533, 0.267
    assert whole["followup_median"] == 80
    assert whole["t0_conditional"] == 0  # nobody dies early


def test_tabulate_curves__of_nothing(table):
    km, curves = tabulate_curves(analysis_of(table), [])
    assert (len(km), len(curves)) == (0, 0)
    assert list(curves.columns) == list(CURVE_COLUMNS)
    assert isinstance(km, pd.DataFrame)
