"""Counting relabelings without listing them, against listing them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from netgen.association.subset_sums import Choices, build_choices, count_extreme, min_attainable_p


def all_sums(groups: list[np.ndarray], n_altered: list[int]) -> np.ndarray:
    """The sum of every relabeling, one by one."""
    chosen = [
        [sum(subset) for subset in itertools.combinations(values, m)]
        for values, m in zip(groups, n_altered, strict=True)
    ]
    return np.array([sum(parts) for parts in itertools.product(*chosen)])


DESIGNS = [
    ([9], [4]),
    ([9], [7]),  # more altered than not: the unaltered are chosen
    ([10, 2], [5, 1]),  # one stratum holds nearly all relabelings and is split
    ([12, 5, 3], [3, 2, 1]),
    ([5, 5, 5], [2, 3, 2]),  # no stratum dominates
    ([6, 4, 3], [0, 4, 1]),  # nobody, everybody, somebody
    ([7, 3, 3, 2], [6, 2, 1, 1]),
]


@pytest.mark.parametrize(("sizes", "n_altered"), DESIGNS)
@pytest.mark.parametrize("tied", [False, True])
def test_count_extreme__is_the_count_over_all_relabelings(sizes: list[int], n_altered: list[int], tied: bool) -> None:
    rng = np.random.default_rng(5)
    groups = [rng.integers(-3, 4, n) / 4 if tied else rng.normal(size=n) for n in sizes]
    sums = np.abs(all_sums(groups, n_altered))
    choices = build_choices(groups, n_altered)
    thresholds = np.concatenate([[0.0], np.quantile(sums, [0.2, 0.5, 0.9, 1.0]), [sums.max() + 1]])
    naive = np.array([(sums >= t - 1e-9).mean() for t in thresholds])
    np.testing.assert_allclose(count_extreme(choices, thresholds) / choices.count, naive, atol=1e-12)


@pytest.mark.parametrize(("sizes", "n_altered"), DESIGNS)
@pytest.mark.parametrize("tied", [False, True])
def test_min_attainable_p__is_the_share_of_the_largest_sum(sizes: list[int], n_altered: list[int], tied: bool) -> None:
    rng = np.random.default_rng(6)
    groups = [rng.integers(-2, 3, n) / 2 if tied else rng.normal(size=n) for n in sizes]
    sums = np.abs(all_sums(groups, n_altered))
    naive = (sums >= sums.max() - 1e-9).mean()
    assert min_attainable_p(build_choices(groups, n_altered)) == pytest.approx(naive, rel=1e-12)


def test_min_attainable_p__counts_both_tails_when_they_tie() -> None:
    # 3 of (-2, -1, 0, 0, 1, 2): largest sum 3 = 2 + 1 + 0 in two ways, smallest -3 in two ways, of C(6, 3) = 20
    choices = build_choices([np.array([-2.0, -1, 0, 0, 1, 2])], [3])
    assert min_attainable_p(choices) == pytest.approx(4 / 20)


@pytest.mark.parametrize("sizes", [[(6, 3)], [(4, 1), (5, 1)], [(5, 1), (2, 1), (2, 1)]])
def test_min_attainable_p__of_one_in_twenty_is_not_above_five_percent(sizes: list[tuple[int, int]]) -> None:
    """A share computed from logarithms is 0.05 and a last digit, and the feature would be called untestable."""
    values = [np.sqrt(np.arange(1.0, n + 1)) for n, _ in sizes]
    assert min_attainable_p(build_choices(values, [k for _, k in sizes])) == 1 / 20


def test_build_choices__leaves_out_strata_in_which_labels_cannot_matter() -> None:
    groups = [np.array([1.0, 2.0]), np.array([5.0, 6.0]), np.array([0.5, 0.5, 0.5]), np.array([0.0, 1.0, 3.0])]
    choices = build_choices(groups, [0, 2, 2, 1])
    assert choices.stratum == (3,)
    assert choices.offset == 5 + 6 + 2 * 0.5
    assert choices.count == 3


def test_choices__log_count_agrees_with_count_for_many_patients() -> None:
    values = np.linspace(-1, 1, 2000)
    choices = build_choices([values, values[:40]], [700, 7])
    assert choices.log_count == pytest.approx(math.log(math.comb(2000, 700)) + math.log(math.comb(40, 7)), rel=1e-12)


def test_count_extreme__one_relabeling_only() -> None:
    choices = Choices(stratum=(), values=(), size=(), offset=-2.0)
    assert choices.count == 1
    assert count_extreme(choices, np.array([1.0, 2.0, 3.0])).tolist() == [1, 1, 0]
    assert min_attainable_p(choices) == 1.0
