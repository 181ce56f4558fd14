"""Concordance against R, and against pairs counted one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association.concordance import count_concordance, differentiate_concordance, estimate_uno_c
from netgen.association.coxnet import fit_coxnet
from netgen.association.riskset import build_risk_sets
from tests.association.penalised_cases import cohort

if TYPE_CHECKING:
    from pathlib import Path

COLUMN = {"age": "age", "ecog": "ph.ecog", "karno": "karno", "bili": "bili"}
PAIRS = ["concordant", "discordant", "tied_x", "tied_y"]


@pytest.fixture(scope="module")
def syn34(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


def pairs_of(c) -> list[float]:
    return [c.concordant, c.discordant, c.tied, c.tied_time]


# ---------------------------------------------------------------- R


@pytest.mark.parametrize("timewt", ["n", "S", "S/G", "n/G2"])
def test_count_concordance__equals_r_on_the_golden_table(reference, timewt):
    table = pd.read_csv(reference / "concordance" / "concordance.csv")
    table = table[table["timewt"] == timewt]
    assert len(table) == (6 if timewt == "n" else 5)
    for row in table.itertuples():
        name, covariate, *_ = row.id.split(".")
        data = pd.read_csv(reference / "inputs" / f"{'pbc_trial' if name == 'pbc' else name}.csv")
        data = data[data[COLUMN[covariate]].notna()]
        risk = build_risk_sets(
            data["time"],
            data["status"] == (2 if name == "lung" and data["status"].max() == 2 else 1),
            entry=data["entry"] if name == "veteran_lt" else None,
            strata=data["sex"] if row.stratified else None,
        )
        eta = data[COLUMN[covariate]] * (-1 if covariate == "karno" else 1)
        c = count_concordance(eta, risk, timewt=timewt)
        assert (c.value, c.se) == pytest.approx((row.concordance, row.se), abs=1e-11)
        assert pairs_of(c) == pytest.approx([getattr(row, name) for name in PAIRS], rel=1e-11)


def test_count_concordance__equals_r_with_entry_strata_and_weights(reference, syn34):
    table = pd.read_csv(reference / "concordance" / "entry_strata.csv").set_index("case")
    eta = syn34["TP53"] * 0.630864 + syn34["ki67_pct"] * 0.0142607
    for case, row in table.iterrows():
        risk = build_risk_sets(
            syn34["os_days"],
            syn34["os_event"] == 1,
            entry=syn34["seq_day"] if "entry" in case else None,
            strata=syn34["origin"] if "strata" in case else None,
        )
        c = count_concordance(eta, risk, weights=1 + np.arange(1, 35) % 3 if "weights" in case else None)
        assert (c.value, c.se) == pytest.approx((row["concordance"], row["se"]), abs=1e-11)
        assert pairs_of(c) == row[PAIRS].tolist()


@pytest.mark.parametrize(
    ("columns", "value"),
    [({}, 0.658696), ({"entry": "seq_day"}, 0.694539), ({"strata": "origin"}, 0.647260)],
)
def test_count_concordance__equals_r_on_the_golden_cohort(syn34, columns, value):
    X = np.column_stack([syn34["TP53"], syn34["ki67_pct"] / 10])
    risk = build_risk_sets(
        syn34["os_days"], syn34["os_event"] == 1, **{role: syn34[name] for role, name in columns.items()}
    )
    c = count_concordance(X @ fit_coxnet(X, risk, penalty_factor=[0, 0]).null_coef, risk)
    assert c.value == pytest.approx(value, abs=1e-6)
    if not columns:
        assert (c.concordant, c.discordant, c.tied) == (300, 154, 6)


def test_estimate_uno_c__equals_r_n_over_g2_without_truncation(syn34):
    X = np.column_stack([syn34["TP53"], syn34["ki67_pct"] / 10])
    risk = build_risk_sets(syn34["os_days"], syn34["os_event"] == 1)
    value, note = estimate_uno_c(X @ fit_coxnet(X, risk, penalty_factor=[0, 0]).null_coef, risk, tau=5000)
    assert value == pytest.approx(0.664496, abs=1e-6)
    assert note == "events before 5000 days"


@pytest.mark.parametrize("tau", [None, 12.5, 30.0])
def test_estimate_uno_c__equals_scikit_survival(tau):
    sksurv = pytest.importorskip("sksurv.metrics")
    from sksurv.util import Surv

    rng = np.random.default_rng(4)
    time, event = rng.permutation(np.arange(1, 121)) / 2, rng.random(120) < 0.6  # no two at one time
    eta = np.round(rng.normal(size=120) - time / 40, 1)
    risk = build_risk_sets(time, event)
    value, note = estimate_uno_c(eta, risk, tau=tau)
    outcome, limit = Surv.from_arrays(event=event, time=time), float(note.split()[2])
    assert value == pytest.approx(sksurv.concordance_index_ipcw(outcome, outcome, eta, tau=limit)[0], abs=1e-12)


# ---------------------------------------------------------------- definition


@given(seed=st.integers(0, 10_000), entry=st.booleans(), strata=st.booleans())
def test_count_concordance__counts_comparable_pairs(seed, entry, strata):
    X, risk = cohort(seed, n=25, entry=entry, strata=strata)
    eta = np.round(X[:, 0]) + X[:, 1]
    counts = np.zeros(4)
    for i in np.flatnonzero(risk.event):
        for j in range(25):
            t = risk.time[i]
            alive = risk.time[j] > t or (risk.time[j] == t and not risk.event[j])
            if risk.stratum[i] == risk.stratum[j] and risk.entry[j] < t and alive:
                counts[:3] += eta[i] > eta[j], eta[i] < eta[j], eta[i] == eta[j]
            both = risk.stratum[i] == risk.stratum[j] and risk.time[j] == t and risk.event[j]
            counts[3] += both and i < j and eta[i] != eta[j]
    assert pairs_of(count_concordance(eta, risk)) == counts.tolist()


@given(seed=st.integers(0, 10_000), entry=st.booleans(), strata=st.booleans())
def test_count_concordance__a_weight_of_two_is_the_patient_twice(seed, entry, strata):
    X, risk = cohort(seed, n=25, entry=entry, strata=strata)
    eta, weights = np.round(X[:, 0]) + X[:, 1], np.random.default_rng(seed).integers(0, 4, 25)
    rows = np.repeat(np.arange(25), weights)
    copies = build_risk_sets(risk.time[rows], risk.event[rows], entry=risk.entry[rows], strata=risk.stratum[rows])
    weighted, doubled = count_concordance(eta, risk, weights=weights), count_concordance(eta[rows], copies)
    assert pairs_of(weighted) == pairs_of(doubled)
    assert weighted.value == pytest.approx(doubled.value, nan_ok=True)


@given(seed=st.integers(0, 10_000))
def test_differentiate_concordance__is_the_slope_in_each_weight(seed):
    X, risk = cohort(seed, n=25)
    eta, weights = np.round(X[:, 0]) + X[:, 1], 1.0 + np.random.default_rng(seed).random(25)
    value, influence = differentiate_concordance(eta, risk, weights=weights)
    assert value == pytest.approx(count_concordance(eta, risk, weights=weights).value)
    for i in range(25):
        step = np.eye(25)[i] * 1e-5
        above, below = (count_concordance(eta, risk, weights=weights + sign * step).value for sign in (1, -1))
        assert influence[i] == pytest.approx((above - below) / 2e-5, abs=1e-7)


def test_count_concordance__by_hand():
    # deaths at 1 and 3, censored at 2 and 4. Pairs: (1,2) (1,3) (1,4) (3,4); the scores order all but (1,3), tied
    risk = build_risk_sets([1, 2, 3, 4], [True, False, True, False])
    assert count_concordance([2, 1, 2, 1], risk).value == pytest.approx(3.5 / 4)
    assert count_concordance([0, 0, 0, 0], risk).value == 0.5
    nobody = build_risk_sets([1, 1], [True, True])
    c = count_concordance([1, 2], nobody)
    assert np.isnan([c.value, c.se]).all()
    assert pairs_of(c) == [0, 0, 0, 1]


def test_count_concordance__tau_leaves_later_events_out():
    risk = build_risk_sets([1, 2, 3, 4], [True, True, True, False])
    assert pairs_of(count_concordance([1, 2, 0, 3], risk))[:3] == [2, 4, 0]
    assert pairs_of(count_concordance([1, 2, 0, 3], risk, tau=2))[:3] == [1, 2, 0]


def test_count_concordance__weights_by_time_need_plain_outcomes():
    X, risk = cohort(3, entry=True, strata=False)
    with pytest.raises(ValueError, match="only without delayed entry and patient weights"):
        count_concordance(X[:, 0], risk, timewt="S")
    plain = build_risk_sets(risk.time, risk.event)
    with pytest.raises(ValueError, match="only without delayed entry and patient weights"):
        count_concordance(X[:, 0], plain, timewt="n/G2", weights=np.ones(60))


@pytest.mark.parametrize(
    ("entry", "strata", "text"),
    [(True, False, "not_available: censoring weights do not allow for delayed entry"),
     (False, True, "not_available: linear predictors of different strata cannot be compared")],
)  # fmt: skip
def test_estimate_uno_c__says_why_it_is_not_available(entry, strata, text):
    X, risk = cohort(2, entry=entry, strata=strata)
    value, note = estimate_uno_c(X[:, 0], risk)
    assert np.isnan(value)
    assert note == text


def test_estimate_uno_c__truncates_where_a_tenth_is_at_risk():
    time = np.arange(1, 41)
    risk = build_risk_sets(time, np.tile([True, True, True, False], 10))
    value, note = estimate_uno_c(-time, risk)
    assert note == "events before 37 days"  # at risk at 37: 4 of 40; at 38: 3
    assert value == pytest.approx(1.0)
    late = build_risk_sets([5, 5, 5], [True, True, False])
    assert estimate_uno_c([1, 2, 3], late)[1] == "not_available: no event before the restriction time"
