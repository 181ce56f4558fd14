"""Paired changes: all signs, R without ties, and the limits of the median."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom, rankdata

from netgen.association.signed_rank import signed_rank


@pytest.mark.parametrize(
    ("change", "statistic", "p"),
    [([1.1, 2.2, -0.3, 4.5, -1.7, 6.1, 3.3, 0.4], 31, 0.078125), ([5, 8, -3, 12, 20, 1, 15], 26, 0.046875)],
)
def test_signed_rank__agrees_with_r(change, statistic, p):
    found = signed_rank(change)  # R 4.2.2 wilcox.test
    assert found.statistic == statistic
    assert found.p == pytest.approx(p, abs=1e-12)
    assert found.method == "exact"


@pytest.mark.parametrize("change", [[1, 1, -1, 2, 3, 0, 2], [5, 5, 5, -5], [10, -10, 0, 0, 20, 20, 30, -5]])
def test_signed_rank__agrees_with_all_signs(change):
    moved = [x for x in change if x]
    ranks = rankdata(np.abs(moved))
    observed = sum(rank for rank, x in zip(ranks, moved, strict=True) if x > 0)
    sums = [sum(r for r, up in zip(ranks, signs, strict=True) if up)
            for signs in itertools.product([0, 1], repeat=len(moved))]  # fmt: skip
    tail = min(np.mean([s <= observed for s in sums]), np.mean([s >= observed for s in sums]))
    found = signed_rank(change)
    assert found.p == pytest.approx(min(2 * tail, 1))
    assert found.n == len(change)
    assert found.n_zero == change.count(0)


def test_signed_rank__limits_of_the_median_are_order_statistics():
    change = [3, 1, 4, 1, 5, 9, 2, 6, 5, 8]
    found = signed_rank(change)
    assert found.median == 4.5
    assert (found.lo, found.hi) == (1, 8)  # 2nd and 9th of 10: 2 P(X <= 1) = 0.0215, the 3rd would have 0.109
    assert 2 * binom.cdf(1, 10, 0.5) <= 0.05 < 2 * binom.cdf(2, 10, 0.5)


def test_signed_rank__has_no_limits_of_few_pairs():
    found = signed_rank([1, 2, 3, 4, 5])
    assert math.isnan(found.lo)
    assert found.p == pytest.approx(2 / 32)


def test_signed_rank__tests_nothing_that_did_not_change():
    found = signed_rank([0, 0])
    assert found.method == "none"
    assert math.isnan(found.p)
    assert found.median == 0
    assert math.isnan(signed_rank([]).median)


def test_signed_rank__uses_the_normal_distribution_only_where_it_is_as_good():
    change = np.random.default_rng(1).normal(0.05, 1, 360)
    near = signed_rank(change[:300])
    assert near.method == "exact"
    far = signed_rank(change)
    assert far.method == "normal"
    ranks = rankdata(np.abs(change))
    z = (ranks[change > 0].sum() - ranks.sum() / 2) / math.sqrt((ranks**2).sum() / 4)
    assert far.p == pytest.approx(math.erfc(abs(z) / math.sqrt(2)))


def test_signed_rank__refuses_a_missing_change():
    with pytest.raises(ValueError, match="finite"):
        signed_rank([1.0, np.nan])
