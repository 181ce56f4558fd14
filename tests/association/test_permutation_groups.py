"""The k-group permutation test against all relabelings listed, and the two-group test."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from netgen.association.permutation import martingale_residuals, permutation_logrank
from netgen.association.permutation_groups import permutation_groups
from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from pathlib import Path


def relabelings(group: np.ndarray, stratum: np.ndarray) -> list[np.ndarray]:
    """Every distinct arrangement of the labels within strata."""
    rows = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]
    per_stratum = [sorted(set(itertools.permutations(group[r].tolist()))) for r in rows]
    out = []
    for parts in itertools.product(*per_stratum):
        labels = group.copy()
        for r, part in zip(rows, parts, strict=True):
            labels[r] = part
        out.append(labels)
    return out


@pytest.mark.parametrize("n_strata", [1, 2])
def test_permutation_groups__agrees_with_all_relabelings(n_strata: int) -> None:
    rng = np.random.default_rng(3)
    n = 9
    stratum = np.arange(n) % n_strata
    r = martingale_residuals(build_risk_sets(rng.integers(1, 9, n), rng.random(n) < 0.8, strata=stratum))
    group = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    everything = np.array([[r[labels == g].sum() for g in range(3)] for labels in relabelings(group, stratum)])
    covariance = np.cov(everything.T, bias=True)  # the mean of U over all relabelings is 0
    inverse = np.linalg.pinv(covariance, rcond=1e-9)
    quadratic = np.einsum("ij,jk,ik->i", everything, inverse, everything)
    u = np.array([r[group == g].sum() for g in range(3)])
    exact = (quadratic >= u @ inverse @ u - 1e-9).mean()
    test = permutation_groups(r, group, stratum, seed=1)
    assert test.statistic == pytest.approx(u @ inverse @ u)
    assert test.method == "monte_carlo"
    assert test.p == pytest.approx(exact, abs=4 * np.sqrt(exact / 400))
    assert test.mc_lo < test.p <= test.mc_hi
    assert np.isnan(test.min_attainable_p)


def test_permutation_groups__two_groups_are_the_two_group_test() -> None:
    time, event = [2, 4, 5, 3, 6, 8, 9, 10], [1, 1, 1, 1, 1, 0, 1, 0]
    r = martingale_residuals(build_risk_sets(time, event))
    altered = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    test, two = permutation_groups(r, altered, seed=1), permutation_logrank(r, altered, seed=1)
    assert (test.method, test.p) == ("exact", pytest.approx(6 / 56))
    assert test.min_attainable_p == two.min_attainable_p
    variance = (r**2).sum() / 7 * 3 * 5 / 8  # sum r^2 / (n - 1) * m (1 - m / n)
    assert test.statistic == pytest.approx(two.statistic**2 / variance)


def test_permutation_groups__names_and_rows_change_nothing(reference: Path) -> None:
    linear = pd.read_csv(reference / "inputs" / "linear_syn34.csv")
    r = martingale_residuals(build_risk_sets(linear["os_days"], linear["os_event"] == 1))
    plain = permutation_groups(r, linear["origin"], seed=5)
    order = np.random.default_rng(1).permutation(len(r))
    renamed = linear["origin"].map({"thymic": "a", "lung": "b", "duodenopancreatic": "c"})
    again = permutation_groups(r[order], renamed.to_numpy(dtype=str)[order], seed=5)
    assert again.statistic == pytest.approx(plain.statistic)
    assert (again.p, again.n_permutations) == (plain.p, plain.n_permutations)
    # with three groups of 8 to 14 the permutation p is near the chi-square p of its own statistic
    assert plain.p == pytest.approx(stats.chi2.sf(plain.statistic, 2), abs=0.02)


def test_permutation_groups__one_group_or_no_events_say_nothing() -> None:
    r = martingale_residuals(build_risk_sets([1, 2, 3, 4], [1, 1, 0, 1]))
    assert permutation_groups(r, ["a"] * 4, seed=1).p == 1.0
    flat = permutation_groups([0.0] * 6, [0, 0, 1, 1, 2, 2], seed=1)
    assert (flat.p, flat.statistic) == (1.0, 0.0)


def test_permutation_groups__refuses_missing_residuals() -> None:
    with pytest.raises(ValueError, match="leave out who has no group"):
        permutation_groups([np.nan, 1.0], ["a", "b"], seed=1)
