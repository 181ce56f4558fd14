"""Stability selection against a loop over halves, against its bounds by hand, and on simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association import stability_halves
from netgen.association.coxnet import fit_coxnet
from netgen.association.riskset import RiskSets, build_risk_sets
from netgen.association.stability import (
    StabilitySelection,
    bound_false,
    bound_false_unimodal,
    draw_halves,
    select_stably,
)
from netgen.errors import Findings
from tests.association.penalised_cases import cohort

V = np.array([0, 1, 1, 1, 1.0])


def part_of(risk: RiskSets, rows) -> RiskSets:
    return build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])


def simulated(seed: int, *, n: int = 300, p: int = 12) -> tuple[np.ndarray, RiskSets]:
    """Two alterations with a hazard ratio of 4, the others do nothing."""
    rng = np.random.default_rng(seed)
    X = (rng.random((n, p)) < 0.3).astype(float)
    time = np.ceil(1000 * rng.exponential(1, n) * np.exp(-1.4 * X[:, :2].sum(axis=1)))
    return X, build_risk_sets(time, rng.random(n) < 0.8, strata=rng.integers(0, 3, n))


def refuse(*_args, **_options):
    raise ArithmeticError("the fits of some halves stopped")


def by_term(result: StabilitySelection) -> pd.DataFrame:
    return result.table.set_index("term")


# ---------------------------------------------------------------- definitions, as loops


def naive_support(X, risk, rows, lambdas, v, q: int, min_altered: int) -> np.ndarray:
    """What the lasso selects in one half: q terms, found penalty by penalty."""
    chosen = np.zeros(X.shape[1], dtype=bool)
    ones = X[rows].sum(axis=0)
    usable = (v == 0) | (np.minimum(ones, rows.sum() - ones) >= min_altered)
    fit = fit_coxnet(
        X[rows][:, usable], part_of(risk, rows), lambdas=lambdas, penalty_factor=v[usable],
        rescale_penalty_factors=False,
    )  # fmt: skip
    for coef in fit.coef:
        here = np.zeros(X.shape[1], dtype=bool)
        here[usable] = coef != 0
        here &= v > 0
        if here.sum() > q:
            return chosen
        chosen = here
        if here.sum() == q:
            return chosen
    return chosen


@pytest.mark.parametrize("q", [1, 2, 4])
@pytest.mark.parametrize("together", [True, False])
def test_select_stably__equals_a_loop_over_halves(monkeypatch, q, together):
    X, risk = cohort(4)
    if not together:
        monkeypatch.setattr(stability_halves, "fit_folds", refuse)
    labels = np.repeat(["lung", "dp", "thymic"], 20)
    result = select_stably(
        X, risk, penalty_factor=V, stratum_labels=labels, n_pairs=4, q=q, seed=3, threshold=0.6, min_altered=8
    )
    halves, v = draw_halves(labels, risk.event, 4, 3), V * 5 / 4
    tops = []
    for rows in halves:
        ones = X[rows].sum(axis=0)
        usable = (V == 0) | (np.minimum(ones, rows.sum() - ones) >= 8)
        options = {"penalty_factor": v[usable], "rescale_penalty_factors": False}
        tops.append(fit_coxnet(X[rows][:, usable], part_of(risk, rows), lambdas=[], **options).lambda_max)
    lambdas = np.geomspace(max(tops), max(tops) / 100, 100)
    expected = np.array([naive_support(X, risk, rows, lambdas, v, q, 8) for rows in halves])
    assert 0 < expected.sum() < 4 * 8 * q
    rows = by_term(result).loc[["x2", "x3", "x4", "x5"]]
    np.testing.assert_allclose(rows["probability"], expected.mean(axis=0)[1:])
    both = [expected[2 * k] & expected[2 * k + 1] for k in range(4)]
    np.testing.assert_allclose(rows["probability_both"], np.mean(both, axis=0)[1:])
    assert result.settings["q_mean"] == expected.sum(axis=1).mean()
    assert result.settings["expected_false_max"] == pytest.approx(expected.sum(axis=1).mean() ** 2 / (0.2 * 4))
    eligible = [np.minimum(X[r].sum(axis=0), (1 - X[r]).sum(axis=0)) >= 8 for r in halves]
    np.testing.assert_allclose(rows["share_eligible"], np.mean(eligible, axis=0)[1:])
    assert list(rows["selected"]) == [bool(p >= 0.6) for p in expected.mean(axis=0)[1:]]
    assert list(rows["n_altered"]) == list(X[:, 1:].sum(axis=0))


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("together", [True, False])
def test_select_stably__at_one_penalty_equals_a_loop_over_halves(monkeypatch, together, ties):
    X, risk = cohort(4)
    if not together:
        monkeypatch.setattr(stability_halves, "fit_folds", refuse)
    result = select_stably(X, risk, penalty_factor=V, n_pairs=3, lam=0.05, ties=ties, seed=3)
    halves = draw_halves(risk.stratum, risk.event, 3, 3)
    options = {"lambdas": [0.05], "penalty_factor": V, "ties": ties}
    fits = [fit_coxnet(X[rows], part_of(risk, rows), **options) for rows in halves]
    expected = np.array([fit.coef[0, 1:] != 0 for fit in fits])
    assert 0 < expected.sum() < expected.size
    np.testing.assert_allclose(by_term(result).loc[["x2", "x3", "x4", "x5"], "probability"], expected.mean(axis=0))
    assert result.settings["q"] is None
    assert result.settings["q_mean"] == pytest.approx(expected.sum(axis=1).mean())


# ---------------------------------------------------------------- halves


@given(seed=st.integers(0, 10_000), n=st.integers(9, 60))
def test_draw_halves__splits_every_origin_and_its_events_in_two(seed, n):
    rng = np.random.default_rng(seed)
    origin, event = rng.choice(["lung", "thymic", "dp"], n), rng.random(n) < 0.6
    halves = draw_halves(origin, event, 3, seed)
    assert halves.shape == (6, n)
    np.testing.assert_array_equal(halves[0::2], ~halves[1::2])
    for rows in halves:
        assert abs(2 * rows.sum() - n) <= 1
        for label in set(origin):
            for happened in (True, False):
                cell = (origin == label) & (event == happened)
                assert abs(2 * (rows & cell).sum() - cell.sum()) <= 1


def test_draw_halves__does_not_depend_on_the_names_of_the_strata():
    event = np.tile([True, False, True], 10)
    labels = np.array(["dp", "lung", "thymic", "dp", "lung"] * 6)
    renamed = pd.Series(labels).map({"dp": "z", "lung": "y", "thymic": "a"})
    np.testing.assert_array_equal(draw_halves(labels, event, 5, 1), draw_halves(renamed, event, 5, 1))
    assert (draw_halves(labels, event, 5, 1) != draw_halves(labels, event, 5, 2)).any()


# ---------------------------------------------------------------- bounds


def test_bound_false__by_hand():
    assert bound_false(2, 8, 0.75) == pytest.approx(1.0)  # 4 / (0.5 x 8)
    assert bound_false(10, 1000, 0.9) == pytest.approx(0.125)  # 100 / (0.8 x 1000)


def test_bound_false_unimodal__by_hand():
    # C(3/4, 50) = 1 / (2 (1/2 - 1/100)); C(9/10, 50) = 4 (1/10 + 1/100) / (1 + 1/50)
    assert bound_false_unimodal(2, 80, 0.75, 50) == pytest.approx(4 / 80 / 0.98)
    assert bound_false_unimodal(10, 1000, 0.9, 50) == pytest.approx(0.1 * 0.44 / 1.02)
    assert bound_false_unimodal(10, 1000, 0.895, 50) == pytest.approx(0.1 * 0.44 / 1.02)  # 0.9 is the next share
    assert np.isnan(bound_false_unimodal(6, 10, 0.9, 50))  # q/p above 1/sqrt(3)
    assert np.isnan(bound_false_unimodal(5, 10, 0.6, 50))  # 0.6 is below 1/2 + 1/100 + 3/4 1/4
    assert np.isnan(bound_false_unimodal(1, 100, 0.51, 50))  # shares start at 1/2 + 1/50


@pytest.mark.parametrize(("p", "expected"), [(1, 1), (5, 1), (8, 2), (18, 3), (80, 6)])
def test_select_stably__default_q_allows_one_false_selection(p, expected):
    X, risk = simulated(1, n=60, p=p)
    settings = select_stably(X, risk, n_pairs=1, seed=1).settings
    assert settings["q"] == expected
    assert expected == 1 or bound_false(expected, p, 0.75) <= 1 < bound_false(expected + 1, p, 0.75)


def test_select_stably__realised_q_is_never_above_q():
    X, risk = simulated(2)
    for q in (1, 3, 12):
        result = select_stably(X, risk, q=q, n_pairs=5, seed=1)
        assert 0.8 * q < result.settings["q_mean"] <= q
        assert result.table["probability"].sum() == pytest.approx(result.settings["q_mean"])


# ---------------------------------------------------------------- truth


def test_select_stably__finds_what_matters_and_little_else():
    false, bound = [], []
    for seed in range(6):
        X, risk = simulated(seed)
        result = select_stably(X, risk, seed=seed, min_altered=3)
        rows = by_term(result)
        assert (rows.loc[["x1", "x2"], "probability"] >= 0.95).all()
        false.append(int(rows.drop(index=["x1", "x2"])["selected"].sum()))
        bound.append(result.settings["expected_false_max"])
        assert rows.drop(index=["x1", "x2"])["probability"].mean() < 0.1
    assert np.mean(false) <= np.mean(bound) <= 1


def test_select_stably__false_selections_stay_below_the_bound_where_nothing_matters():
    false = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X = (rng.random((80, 10)) < 0.4).astype(float)
        risk = build_risk_sets(np.ceil(rng.exponential(500, 80)), rng.random(80) < 0.8)
        result = select_stably(X, risk, seed=1, n_pairs=25)
        false.append(int(result.table["selected"].sum()))
        assert result.settings["expected_false_max"] <= 0.8  # 2^2 / (0.5 x 10)
    assert np.mean(false) <= 0.8


# ---------------------------------------------------------------- properties


def test_select_stably__repeats_itself_and_follows_the_seed():
    X, risk = cohort(4)
    one, two, other = (select_stably(X, risk, penalty_factor=V, q=2, n_pairs=10, seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.settings == two.settings
    assert not one.table.equals(other.table)


def test_select_stably__ignores_the_order_of_rows_once_they_are_sorted_by_patient():
    X, risk = cohort(4)
    table = pd.DataFrame(X, columns=["ki67", "MEN1", "ATRX", "TP53", "RB1"])
    table = table.assign(patient=[f"P{i:02d}" for i in range(60)], time=risk.time, event=risk.event, entry=risk.entry)
    table["origin"] = np.where(risk.stratum == 0, "lung", "dp")

    def select(rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows.sort_values("patient")
        sets = build_risk_sets(rows["time"], rows["event"], entry=rows["entry"], strata=rows["origin"])
        return select_stably(
            rows[["ki67", "MEN1", "ATRX", "TP53", "RB1"]], sets, penalty_factor=V, n_pairs=10, seed=1
        ).table

    pd.testing.assert_frame_equal(select(table), select(table.sample(frac=1, random_state=3)))
    assert set(select(table)["term"]) == {"MEN1", "ATRX", "TP53", "RB1"}


def test_select_stably__ignores_the_names_of_strata_and_the_unit_of_time():
    X, risk = cohort(4)
    options = {"penalty_factor": V, "n_pairs": 10, "seed": 1}
    plain = select_stably(X, risk, **options)
    renamed = build_risk_sets(
        risk.time * 30, risk.event, entry=risk.entry * 30, strata=np.array(["z", "a"])[risk.stratum]
    )
    pd.testing.assert_frame_equal(select_stably(X, renamed, **options).table, plain.table)


def test_select_stably__sorts_by_probability_then_name():
    X, risk = simulated(3)
    table = select_stably(X, risk, terms=[f"G{12 - j:02d}" for j in range(12)], n_pairs=5, seed=1).table
    assert list(table.columns) == [
        "term", "probability", "probability_both", "share_eligible", "selected", "n_altered"
    ]  # fmt: skip
    keys = list(zip(-table["probability"], table["term"], strict=True))
    assert keys == sorted(keys)
    assert set(table["term"].iloc[:2]) == {"G12", "G11"}


# ---------------------------------------------------------------- what goes wrong is said


def test_select_stably__warns_of_few_events_in_a_half():
    X, risk = cohort(6)
    few = risk.event & (np.cumsum(risk.event) <= 15)
    small = build_risk_sets(risk.time, few)
    findings = Findings()
    result = select_stably(X, small, penalty_factor=V, n_pairs=3, seed=1, findings=findings)
    assert not result.reliable
    assert result.settings["min_events_half"] == 7
    assert [item.code for item in findings] == ["W_STABILITY_UNRELIABLE"]
    assert "as few as 7 events, fewer than 8" in findings.items[0].message
    assert findings.items[0].message in result.notes
    enough = select_stably(X, build_risk_sets(risk.time, risk.event), penalty_factor=V, n_pairs=3, seed=1)
    assert enough.reliable
    assert not any("unreliable" in note for note in enough.notes)


def test_select_stably__rare_alterations_are_named():
    X, risk = cohort(6)
    X[:, 4] = 0
    X[:5, 4] = 1  # 5 altered: one of the halves of a pair holds fewer than 3
    result = select_stably(X, risk, penalty_factor=V, n_pairs=20, min_altered=3, seed=1)
    row = by_term(result).loc["x5"]
    assert row["share_eligible"] <= 0.5
    assert row["probability"] <= row["share_eligible"]
    assert "Altered too rarely in half-samples to reach the threshold: x5." in result.notes


@pytest.mark.parametrize("how", [{"q": 1}, {"lam": 0.02}])
def test_select_stably__a_half_without_events_selects_nothing_and_is_counted(how):
    X, risk = cohort(6)
    one = np.zeros(60, dtype=bool)
    one[np.flatnonzero(risk.event)[2]] = True
    result = select_stably(X, build_risk_sets(risk.time, one), n_pairs=5, seed=1, **how)
    assert result.settings["n_halves_failed"] == 5
    assert result.settings["failures"] == {"no event": 5}
    assert result.settings["min_events_half"] == 0
    assert (result.table["probability"] <= 0.5).all()
    assert (result.table["probability_both"] == 0).all()
    assert "5 halves could not be fitted and select nothing: no event (5)." in result.notes


@pytest.mark.parametrize("how", [{"q": 1}, {"lam": 0.02}])
@pytest.mark.parametrize("together", [True, False])
def test_select_stably__a_fit_that_fails_costs_its_half_only(monkeypatch, how, together):
    X, risk = cohort(6)
    sane = select_stably(X, risk, penalty_factor=V, n_pairs=4, seed=1, **how)
    halves = draw_halves(risk.stratum, risk.event, 4, 1)
    fit_one, fit_all = stability_halves.fit_coxnet, stability_halves.fit_folds

    def fails_for_the_first(X, part, *, lambdas, **options):
        if len(lambdas) and np.array_equal(np.sort(part.time), np.sort(risk.time[halves[0]])):
            raise ArithmeticError("stopped at a gradient")
        return fit_one(X, part, lambdas=lambdas, **options)

    def fails_with_the_first(X, risk, training, **options):
        if not together or (training == halves[0]).all(axis=1).any():
            raise ArithmeticError("stopped at a gradient")
        return fit_all(X, risk, training, **options)

    monkeypatch.setattr(stability_halves, "fit_coxnet", fails_for_the_first)
    monkeypatch.setattr(stability_halves, "fit_folds", fails_with_the_first)
    result = select_stably(X, risk, penalty_factor=V, n_pairs=4, seed=1, **how)
    assert result.settings["failures"] == {"the fit did not converge": 1}
    lost = by_term(sane)["probability"] - by_term(result)["probability"]
    assert set(lost.round(9)) <= {0.0, 0.125}
    assert sane.settings["q_mean"] - result.settings["q_mean"] == pytest.approx(lost.sum())


def test_select_stably__nothing_varies_nothing_is_selected():
    _, risk = cohort(6)
    result = select_stably(np.zeros((60, 2)), risk, n_pairs=2, seed=1)
    assert list(result.table["probability"]) == [0, 0]
    assert result.settings["expected_false_max"] == 0


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"penalty_factor": np.zeros(5)}, "nothing is penalised"),
        ({"penalty_factor": [1, 1, 1, 1, -1]}, "one finite number >= 0 per column"),
        ({"alpha": 0}, "a ridge selects nothing"),
        ({"threshold": 0.5}, "threshold must be above 0.5"),
        ({"q": 6}, "between 1 and the 5 penalised terms, found 6"),
        ({"q": 1, "lam": 0.1}, "give q or lam, not both"),
        ({"lam": 0.0}, "lam must be above 0"),
        ({"n_pairs": 0}, "n_pairs must be at least 1"),
        ({"terms": ["a", "b", "c", "d", "a"]}, "5 different names, found 4"),
    ],
)
def test_select_stably__refuses_what_is_not_possible(changes, text):
    X, risk = cohort(6)
    with pytest.raises(ValueError, match=text):
        select_stably(X, risk, **({"n_pairs": 2, "seed": 1} | changes))


def test_select_stably__refuses_missing_values():
    X, risk = cohort(6)
    X[3, 2] = np.nan
    with pytest.raises(ValueError, match="finite numbers"):
        select_stably(X, risk, n_pairs=2, seed=1)
