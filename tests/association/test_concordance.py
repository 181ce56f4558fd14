"""Concordance against R, and against pairs counted one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association import concordance
from netgen.association.concordance import count_concordance, estimate_uno_c
from netgen.association.coxnet import fit_coxnet
from netgen.association.riskset import build_risk_sets
from tests.association.penalised_cases import cohort

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def syn34(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


@pytest.mark.parametrize(
    ("columns", "concordant", "discordant", "tied", "value"),
    [({}, 300, 154, 6, 0.658696), ({"entry": "seq_day"}, None, None, None, 0.694539),
     ({"strata": "origin"}, None, None, None, 0.647260)],
)  # fmt: skip
def test_count_concordance__equals_r_on_the_golden_cohort(syn34, columns, concordant, discordant, tied, value):
    X = np.column_stack([syn34["TP53"], syn34["ki67_pct"] / 10])
    risk = build_risk_sets(
        syn34["os_days"], syn34["os_event"] == 1, **{role: syn34[name] for role, name in columns.items()}
    )
    c = count_concordance(X @ fit_coxnet(X, risk, penalty_factor=[0, 0]).null_coef, risk)
    assert c.value == pytest.approx(value, abs=1e-6)
    if concordant is not None:
        assert (c.concordant, c.discordant, c.tied) == (concordant, discordant, tied)


def test_estimate_uno_c__equals_r_n_over_g2_without_truncation(syn34):
    X = np.column_stack([syn34["TP53"], syn34["ki67_pct"] / 10])
    risk = build_risk_sets(syn34["os_days"], syn34["os_event"] == 1)
    value, note = estimate_uno_c(X @ fit_coxnet(X, risk, penalty_factor=[0, 0]).null_coef, risk, tau=5000)
    assert value == pytest.approx(0.664496, abs=1e-6)
    assert note == "events before 5000 days"


@given(seed=st.integers(0, 10_000), entry=st.booleans(), strata=st.booleans())
def test_count_concordance__counts_comparable_pairs(seed, entry, strata):
    X, risk = cohort(seed, n=25, entry=entry, strata=strata)
    eta = np.round(X[:, 0]) + X[:, 1]
    concordant = discordant = tied = 0
    for i in np.flatnonzero(risk.event):
        for j in range(25):
            t = risk.time[i]
            alive = risk.time[j] > t or (risk.time[j] == t and not risk.event[j])
            if risk.stratum[i] == risk.stratum[j] and risk.entry[j] < t and alive:
                concordant += eta[i] > eta[j]
                discordant += eta[i] < eta[j]
                tied += eta[i] == eta[j]
    c = count_concordance(eta, risk)
    assert (c.concordant, c.discordant, c.tied) == (concordant, discordant, tied)


def test_count_concordance__by_hand():
    # deaths at 1 and 3, censored at 2 and 4. Pairs: (1,2) (1,3) (1,4) (3,4); the scores order all but (1,3), tied
    risk = build_risk_sets([1, 2, 3, 4], [True, False, True, False])
    assert count_concordance([2, 1, 2, 1], risk).value == pytest.approx(3.5 / 4)
    assert count_concordance([0, 0, 0, 0], risk).value == 0.5
    nobody = build_risk_sets([1, 1], [True, True])
    assert np.isnan(count_concordance([1, 2], nobody).value)


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
    assert value == 1.0
    late = build_risk_sets([5, 5, 5], [True, True, False])
    assert estimate_uno_c([1, 2, 3], late)[1] == "not_available: no event before the truncation time"


def test_count_concordance__counts_in_parts_as_at_once(monkeypatch):
    X, risk = cohort(5)
    whole = count_concordance(X[:, 0], risk)
    monkeypatch.setattr(concordance, "_PAIRS", 7 * len(X))
    assert count_concordance(X[:, 0], risk) == whole
    assert whole.concordant + whole.discordant > 100
