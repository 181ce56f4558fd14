"""Kruskal-Wallis: R, and all relabelings of small groups."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import kruskal

from netgen.association.line_counts import kruskal_wallis

VALUES = [1, 2, 2, 3, 1, 1, 2, 5, 3, 3, 4]
GROUPS = list("aaaabbbbccc")


def test_kruskal_wallis__agrees_with_r():
    found = kruskal_wallis(VALUES, GROUPS, seed=1)
    assert found.chi2 == pytest.approx(2.820512821, abs=1e-9)  # R 4.2.2 kruskal.test
    assert found.p_asymptotic == pytest.approx(0.244080690, abs=1e-9)
    assert found.df == 2


def test_kruskal_wallis__agrees_with_all_relabelings():
    values, groups = [1, 1, 2, 3, 1, 2, 2, 3], list("aaabbbcc")
    observed = kruskal(*(np.array(values)[[g == x for g in groups]] for x in "abc")).statistic
    hits = total = 0
    for a in itertools.combinations(range(8), 3):
        for b in itertools.combinations(sorted(set(range(8)) - set(a)), 3):
            c = sorted(set(range(8)) - set(a) - set(b))
            statistic = kruskal(*(np.array(values)[list(part)] for part in (a, b, c))).statistic
            hits += statistic >= observed - 1e-9
            total += 1
    found = kruskal_wallis(values, groups, seed=1)
    assert found.method == "exact"
    assert found.p == pytest.approx(hits / total)


def test_kruskal_wallis__draws_where_it_cannot_count():
    exact = kruskal_wallis(VALUES, GROUPS, seed=1)
    drawn = kruskal_wallis(VALUES, GROUPS, seed=1, max_steps=10)
    assert drawn.method == "monte_carlo"
    assert drawn.n_draws == 100_000
    assert drawn.mc_lo <= exact.p <= drawn.mc_hi
    assert drawn.p == pytest.approx(exact.p, abs=0.01)


def test_kruskal_wallis__does_not_depend_on_the_order_of_patients_or_the_names_of_groups():
    order = np.random.default_rng(3).permutation(len(VALUES))
    renamed = [{"a": "z", "b": "k", "c": "m"}[GROUPS[i]] for i in order]
    for steps in (10, 10**6):
        one = kruskal_wallis(VALUES, GROUPS, seed=1, max_steps=steps)
        assert kruskal_wallis(np.array(VALUES)[order], renamed, seed=1, max_steps=steps).p == pytest.approx(one.p)


@pytest.mark.parametrize(("values", "groups"), [([1, 2], ["a", "a"]), ([2, 2, 2], list("aab")), ([], [])])
def test_kruskal_wallis__says_nothing_of_one_group_or_one_value(values, groups):
    found = kruskal_wallis(values, groups, seed=1)
    assert found.method == "none"
    assert math.isnan(found.p)


def test_kruskal_wallis__refuses_a_missing_value():
    with pytest.raises(ValueError, match="finite"):
        kruskal_wallis([1, np.nan], ["a", "b"], seed=1)
