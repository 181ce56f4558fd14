"""Concordance of many predictions and weightings, against one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association import concordance_resampling
from netgen.association.concordance import count_concordance, differentiate_concordance
from netgen.association.concordance_resampling import bound_concordance, concordance_values, resample_concordance
from netgen.association.riskset import build_risk_sets
from tests.association.penalised_cases import cohort


def predictions(seed: int, shape: tuple[int, ...], X) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.round(rng.normal(size=(*shape, len(X))), 1) + X[:, 1]


@given(seed=st.integers(0, 10_000), entry=st.booleans(), strata=st.booleans(), few=st.booleans())
def test_concordance_values__are_those_of_each_prediction(seed, entry, strata, few):
    X, risk = cohort(seed, n=30, entry=entry, strata=strata)
    etas = predictions(seed, (6,), X)
    weights = np.random.default_rng(seed).integers(0, 3, (6, 30)).astype(float)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concordance_resampling, "_FEW_PAIRS", 10**6 if few else 0)
        patch.setattr(concordance_resampling, "_CELLS", 500)
        plain, weighted = concordance_values(etas, risk), concordance_values(etas, risk, weights)
    expected = [count_concordance(eta, risk).value for eta in etas]
    np.testing.assert_allclose(plain, expected)
    expected = [count_concordance(eta, risk, weights=w).value for eta, w in zip(etas, weights, strict=True)]
    np.testing.assert_allclose(weighted, expected)


def test_resample_concordance__averages_the_repeats_of_each_model(monkeypatch):
    X, risk = cohort(3, n=40)
    etas = predictions(3, (4, 3), X)
    weights = np.random.default_rng(3).integers(0, 3, (5, 40)).astype(float)
    monkeypatch.setattr(concordance_resampling, "_CELLS", 100)  # a few events at a time
    found = resample_concordance(etas, risk, weights)
    for b in range(5):
        each = [[count_concordance(eta, risk, weights=weights[b]).value for eta in repeat] for repeat in etas]
        np.testing.assert_allclose(found[b], np.mean(each, axis=0))


def test_bound_concordance__are_percentiles_over_resampled_patients():
    X, risk = cohort(4, n=40)
    etas = predictions(4, (2, 3), X)
    limits, gains, how = bound_concordance(etas, risk, n_resamples=50, seed=9)
    assert how == "bootstrap of 50 resamples of the patients"
    draws = np.random.default_rng(9).multinomial(40, np.full(40, 1 / 40), size=50)
    values = np.array(
        [[[count_concordance(eta, risk, weights=w).value for eta in repeat] for repeat in etas] for w in draws]
    ).mean(axis=1)
    np.testing.assert_allclose(limits, np.quantile(values, [0.025, 0.975], axis=0).T)
    np.testing.assert_allclose(gains[1], np.quantile(values[:, 1] - values[:, 2], [0.025, 0.975]))


def test_bound_concordance__of_many_pairs_comes_from_influences(monkeypatch):
    rng = np.random.default_rng(5)
    time = np.ceil(rng.exponential(50, 300))
    risk = build_risk_sets(time, rng.random(300) < 0.7)
    etas = rng.normal(size=(1, 2, 300)) - np.log(time) * np.array([1.0, 0.5])[:, None]
    slow, slow_gain, _ = bound_concordance(etas, risk, n_resamples=1000, seed=1)
    monkeypatch.setattr(concordance_resampling, "_MANY_PAIRS", 0)
    quick, gain, how = bound_concordance(etas, risk, n_resamples=1000, seed=1)
    assert how == "infinitesimal jackknife"
    c = [count_concordance(eta, risk) for eta in etas[0]]
    assert quick[0].mean() == pytest.approx(c[0].value)
    assert np.diff(quick[1]) == pytest.approx(2 * 1.959964 * c[1].se, rel=1e-6)
    influence = np.subtract(*(differentiate_concordance(eta, risk).influence for eta in etas[0]))
    assert np.diff(gain[0]) == pytest.approx(2 * 1.959964 * np.sqrt((influence**2).sum()), rel=1e-6)
    np.testing.assert_allclose(quick, slow, atol=0.01)
    np.testing.assert_allclose(gain, slow_gain, atol=0.01)
