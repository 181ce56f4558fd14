"""PERMANOVA and dispersion against the definitions: loops over pairs, all relabelings, principal coordinates."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from netgen.association.permanova import dispersion_test, permanova


def distances(seed, n=9, dims=2):
    points = np.random.default_rng(seed).normal(size=(n, dims))
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2)), points


def pseudo_f(distance, labels, power):
    """Return F and R2 from the definition, pair by pair."""
    n, groups = len(labels), sorted(set(labels))
    total = sum(distance[i, j] ** power for i, j in itertools.combinations(range(n), 2)) / n
    within = 0.0
    for group in groups:
        own = [i for i in range(n) if labels[i] == group]
        within += sum(distance[i, j] ** power for i, j in itertools.combinations(own, 2)) / len(own)
    f = ((total - within) / (len(groups) - 1)) / (within / (n - len(groups)))
    return f, 1 - within / total


@pytest.mark.parametrize("squared", [True, False])
def test_permanova__agrees_with_loops_over_pairs(squared):
    distance, _ = distances(1)
    labels = list("aababbcca")
    found = permanova(distance, labels, seed=1, squared=squared, permutations=9)
    f, r2 = pseudo_f(distance, labels, 2 if squared else 1)
    assert found.f == pytest.approx(f)
    assert found.r2 == pytest.approx(r2)
    assert found.groups == ("a", "b", "c")
    assert found.sizes == (4, 3, 2)


def test_permanova__squared_euclidean_is_the_f_of_an_analysis_of_variance():
    values = np.array([1.0, 2.0, 4.0, 7.0, 7.5, 9.0])
    labels = list("xxyyzz")
    found = permanova(np.abs(values[:, None] - values[None]), labels, seed=1, permutations=9)
    means = {g: values[[x == g for x in labels]].mean() for g in "xyz"}
    between = sum(2 * (means[g] - values.mean()) ** 2 for g in "xyz") / 2
    within = sum((v - means[g]) ** 2 for v, g in zip(values, labels, strict=True)) / 3
    assert found.f == pytest.approx(between / within)


def test_permanova__p_is_the_share_of_all_relabelings():
    distance, _ = distances(3, n=7)
    labels = list("aaabbbb")
    observed = pseudo_f(distance, labels, 2)[0]
    every = [pseudo_f(distance, ["a" if i in own else "b" for i in range(7)], 2)[0]
             for own in itertools.combinations(range(7), 3)]  # fmt: skip
    exact = np.mean([f >= observed - 1e-9 for f in every])
    found = permanova(distance, labels, seed=4, permutations=9999)
    assert found.p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 9999))


def test_permanova__counts_identical_patients_as_the_loops_do():
    rows = np.array([[0, 1], [0, 1], [2, 1], [0, 0], [0, 1], [2, 1], [2, 2], [0, 0]])
    distance = (rows[:, None] != rows[None]).sum(axis=2).astype(float)
    labels = list("abababba")
    found = permanova(distance, labels, seed=1, permutations=9)
    assert (found.f, found.r2) == pytest.approx(pseudo_f(distance, labels, 2))


def test_permanova__does_not_depend_on_the_names_or_order_of_patients():
    distance, _ = distances(5)
    labels = np.array(list("aababbcca"))
    shuffled = np.random.default_rng(0).permutation(9)
    one = permanova(distance, labels, seed=2, permutations=99)
    other = permanova(distance[np.ix_(shuffled, shuffled)], labels[shuffled], seed=2, permutations=99)
    assert (one.f, one.r2) == pytest.approx((other.f, other.r2))


def test_permanova__says_why_nothing_was_tested():
    distance, _ = distances(1, n=3)
    assert permanova(distance, list("aaa"), seed=1).status == "one_group"
    assert permanova(distance, list("abc"), seed=1).status == "too_few"
    assert permanova(np.zeros((4, 4)), list("aabb"), seed=1).status == "constant"
    assert permanova(np.zeros((0, 0)), [], seed=1).status == "one_group"
    assert math.isnan(permanova(distance, list("aaa"), seed=1).p)


def test_permanova__gives_the_smallest_p_to_groups_that_are_points():
    distance = np.kron(np.array([[0, 1], [1, 0]]), np.ones((6, 6))).astype(float)
    found = permanova(distance, ["a"] * 6 + ["b"] * 6, seed=1, permutations=999)
    assert found.f == math.inf
    assert found.r2 == 1
    assert found.p <= 0.01


def test_permanova__refuses_distances_that_are_none():
    with pytest.raises(ValueError, match="symmetric"):
        permanova([[0, 1], [2, 0]], ["a", "b"], seed=1)
    with pytest.raises(ValueError, match="finite"):
        permanova([[0, np.nan], [np.nan, 0]], ["a", "b"], seed=1)
    with pytest.raises(ValueError, match="one label per row"):
        permanova([[0, 1], [1, 0]], ["a"], seed=1)


def to_centroids(distance, labels):
    """Return distances to the group centroids in principal coordinates, negative axes subtracted."""
    n = len(labels)
    centring = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * centring @ distance**2 @ centring)
    axes = vectors * np.sqrt(np.abs(values))
    out = np.zeros(n)
    for group in set(labels):
        own = [i for i in range(n) if labels[i] == group]
        offset = (axes[own] - axes[own].mean(axis=0)) ** 2
        out[own] = np.sqrt(np.abs((offset * np.sign(values)).sum(axis=1)))
    return out


def test_dispersion__agrees_with_principal_coordinates():
    rows = np.random.default_rng(2).integers(0, 4, size=(10, 3))
    distance = (rows[:, None] != rows[None]).sum(axis=2).astype(float)  # not Euclidean: negative eigenvalues
    labels = list("aaaabbbbbb")
    spread = to_centroids(distance, labels)
    found = dispersion_test(distance, labels, seed=1, permutations=9)
    means = [spread[:4].mean(), spread[4:].mean()]
    assert found.means == pytest.approx(means)
    between = 4 * (means[0] - spread.mean()) ** 2 + 6 * (means[1] - spread.mean()) ** 2
    within = ((spread[:4] - means[0]) ** 2).sum() + ((spread[4:] - means[1]) ** 2).sum()
    assert found.f == pytest.approx(between / (within / 8))


def test_dispersion__sees_a_group_that_spreads_and_not_one_that_is_moved():
    rng = np.random.default_rng(8)
    tight, wide, moved = rng.normal(size=(20, 2)), 6 * rng.normal(size=(20, 2)), rng.normal(size=(20, 2)) + 8
    labels = ["a"] * 20 + ["b"] * 20
    for other, small in ((wide, True), (moved, False)):
        points = np.vstack([tight, other])
        distance = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
        p = dispersion_test(distance, labels, seed=1, permutations=999).p
        assert (p <= 0.01) == small
        assert permanova(distance, labels, seed=1, permutations=999).p <= 0.01 or small


def test_dispersion__says_why_nothing_was_tested():
    assert dispersion_test(np.ones((4, 4)) - np.eye(4), list("aabb"), seed=1).status == "constant"
    assert dispersion_test(np.zeros((0, 0)), [], seed=1).status == "one_group"
