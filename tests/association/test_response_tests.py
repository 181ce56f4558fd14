"""Comparisons of response rates against loops over all tables and relabelings."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy.stats import beta, norm, t

from netgen.association.response_tests import (
    compare_clustered,
    compare_ordered,
    compare_strata,
    compare_two,
    describe_cluster_rate,
    describe_rate,
    rank_responses,
)

SEED = 20260101


def _relabelings(scores: list, first: list) -> float:
    """Share of the ways to choose as many patients whose sum is as far from its mean as the observed one."""
    mean = len(first) * np.mean(scores)
    far = [abs(sum(scores[i] for i in chosen) - mean) for chosen in combinations(range(len(scores)), len(first))]
    observed = abs(sum(scores[i] for i in first) - mean)
    return float(np.mean([value >= observed - 1e-9 for value in far]))


def test_compare_two__two_sided_p_is_a_sum_over_tables() -> None:
    a, b, c, d = 2, 8, 3, 21
    weight = {x: comb(10, x) * comb(24, 5 - x) / comb(34, 5) for x in range(6)}
    found = compare_two(a, b, c, d)
    below = sum(w for w in weight.values() if w < weight[2] * (1 - 1e-7))
    ties = sum(w for w in weight.values() if abs(w / weight[2] - 1) < 1e-7)
    assert found["p_fisher"] == pytest.approx(below + ties, abs=1e-12)
    assert found["mid_p"] == pytest.approx(below + ties / 2, abs=1e-12)
    assert found["min_attainable_p"] == pytest.approx(min(weight.values()), abs=1e-12)
    assert found["diff"] == pytest.approx(0.2 - 0.125)
    assert found["or_status"] == "ok"


@pytest.mark.parametrize(("cells", "given"), [((0, 5, 6, 4), "or_hi"), ((5, 0, 4, 6), "or_lo")])
def test_compare_two__prints_no_zero_and_no_infinity(cells: tuple, given: str) -> None:
    found = compare_two(*cells)
    assert found["or_status"] == "separated"
    assert np.isnan(found["or"])
    assert np.isfinite(found[given])
    assert sum(np.isnan(found[end]) for end in ("or_lo", "or_hi")) == 1
    assert np.isfinite([found["firth_or"], found["firth_lo"], found["firth_hi"], found["p_firth"]]).all()
    assert np.isfinite([float(value) for value in found.values() if not isinstance(value, str)]).sum() >= 11


@pytest.mark.parametrize("cells", [(0, 0, 3, 4), (0, 5, 0, 4), (5, 0, 4, 0), (0, 0, 0, 0)])
def test_compare_two__an_empty_group_or_outcome_says_nothing(cells: tuple) -> None:
    found = compare_two(*cells)
    assert found["or_status"] == "not_informative"
    assert np.isnan([found[name] for name in ("or", "or_lo", "or_hi", "p_fisher", "firth_or", "p_firth")]).all()


def test_compare_strata__one_stratum_is_the_table_itself() -> None:
    one, two = compare_strata(((2, 8, 3, 21),)), compare_two(2, 8, 3, 21)
    assert one["p_stratified"] == pytest.approx(two["p_fisher"], abs=1e-12)
    assert one["or_stratified"] == pytest.approx(two["or"])
    assert one["n_strata_informative"] == 1
    assert np.isnan(one["het_p"])


def test_compare_ordered__counts_all_relabelings() -> None:
    first, second = [1, 2, 3, 1], [4, 3, 1, 0]
    values = np.repeat(range(4), np.add(first, second))
    labels = np.concatenate([[1] * a + [0] * b for a, b in zip(first, second, strict=True)])
    ranks = [(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values]
    mine = np.flatnonzero(labels == 1).tolist()
    found = compare_ordered(first, second, seed=SEED)
    assert found["p_method"] == "exact"
    assert found["n_permutations"] == comb(15, 7)
    assert found["p_wilcoxon"] == pytest.approx(_relabelings(ranks, mine), abs=1e-12)
    assert found["p_trend"] == pytest.approx(_relabelings(values.tolist(), mine), abs=1e-12)
    better = [(x > y) + (x == y) / 2 for x in values[labels == 1] for y in values[labels == 0]]
    assert found["superiority"] == pytest.approx(np.mean(better))
    assert found["min_attainable_p"] <= found["p_wilcoxon"]


def test_compare_ordered__does_not_depend_on_which_group_is_first() -> None:
    one, two = (
        compare_ordered(*pair, seed=SEED) for pair in (([0, 3, 2, 2], [5, 4, 1, 0]), ([5, 4, 1, 0], [0, 3, 2, 2]))
    )
    assert one["p_wilcoxon"] == pytest.approx(two["p_wilcoxon"], abs=1e-12)
    assert one["superiority"] == pytest.approx(1 - two["superiority"])


def test_compare_ordered__draws_where_the_arrangements_are_too_many() -> None:
    first, second = [200, 150, 180, 90], [210, 170, 150, 60]
    found = compare_ordered(first, second, seed=SEED)
    assert found["p_method"] == "monte_carlo"
    n, m = np.add(first, second), 620
    ranks = np.cumsum(n) - n + (n + 1) / 2
    spread = (n @ (ranks - ranks @ n / n.sum()) ** 2) / (n.sum() - 1) * m * (n.sum() - m) / n.sum()
    z = (np.asarray(first) @ ranks - m * (ranks @ n / n.sum())) / np.sqrt(spread)
    assert found["mc_lo"] - 0.005 < 2 * norm.sf(abs(z)) < found["mc_hi"] + 0.005
    assert found == compare_ordered(first, second, seed=SEED)


@pytest.mark.parametrize(("first", "second"), [([0, 0, 0, 0], [1, 2, 3, 4]), ([0, 3, 0, 0], [0, 4, 0, 0])])
def test_compare_ordered__without_two_groups_or_two_responses_there_is_no_p(first: list, second: list) -> None:
    found = compare_ordered(first, second, seed=SEED)
    assert np.isnan(found["p_wilcoxon"])
    assert found["p_method"] == ""


def test_rank_responses__gives_no_rank_to_who_was_not_evaluable() -> None:
    words = ["PD", "SD", "NON_CR_NON_PD", "PR", "CR", "NE", None]
    assert rank_responses(np.array(words, dtype=object)).tolist() == [0, 1, 1, 2, 3, -1, -1]


def test_compare_clustered__permutes_the_labels_of_patients() -> None:
    x, n = np.array([2, 0, 1, 0, 1, 3, 0]), np.array([3, 1, 2, 2, 1, 3, 1])
    altered = np.array([True, False, True, False, False, True, False])
    rate = x.sum() / n.sum()
    scores = (x - rate * n).tolist()
    found = compare_clustered(x, n, altered, seed=SEED)
    assert found.method == "exact"
    assert found.p == pytest.approx(_relabelings(scores, np.flatnonzero(altered).tolist()), abs=1e-12)


def test_compare_clustered__with_one_line_each_is_the_exact_test_of_the_table() -> None:
    """All relabelings of one line per patient are the tables of Fisher's test, ordered by distance."""
    y = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0])
    altered = np.array([True, True, False, False, False, False, False, False, True])
    weights = {k: comb(3, k) * comb(6, 3 - k) / comb(9, 3) for k in range(4)}
    found = compare_clustered(y, np.ones(9), altered, seed=SEED)
    assert found.p == pytest.approx(sum(w for k, w in weights.items() if abs(k - 1) >= 1), abs=1e-12)


def test_describe_cluster_rate__by_the_formula() -> None:
    x, n = np.array([2, 0, 1, 0, 1]), np.array([2, 3, 1, 2, 2])
    p, groups, total = 4 / 10, 5, 10
    variance = groups / (groups - 1) * sum((a - p * b) ** 2 for a, b in zip(x, n, strict=True)) / total**2
    effect = max(1.0, variance / (p * (1 - p) / total))
    worth = total / effect * (t.ppf(0.975, total - 1) / t.ppf(0.975, groups - 1)) ** 2
    found = describe_cluster_rate(x, n)
    assert effect > 1
    assert found["rate"] == pytest.approx(p)
    assert found["cp_lo"] == pytest.approx(beta.ppf(0.025, p * worth, worth - p * worth + 1))
    assert found["cp_hi"] == pytest.approx(beta.ppf(0.975, p * worth + 1, worth - p * worth))


def test_describe_cluster_rate__of_nobody_responding_is_as_wide_as_that_of_the_patients() -> None:
    many, one = describe_cluster_rate([0, 0, 0], [3, 3, 3]), describe_rate(0, 3)
    assert (many["cp_lo"], many["cp_hi"]) == pytest.approx((one["cp_lo"], one["cp_hi"]))
    all_of_them = describe_cluster_rate([3, 3], [3, 3])
    assert (all_of_them["rate"], all_of_them["cp_hi"]) == (1, 1)


def test_describe_rate__of_nobody_is_unknown() -> None:
    assert np.isnan(list(describe_rate(0, 0).values())).all()
