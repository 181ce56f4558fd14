"""Distances between sequences: hand-sized cases, and loops written from the definitions."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association.sequences import MISSING, hamming, mean_mismatch, optimal_matching

# states of DOMAIN SC21: 0 none, 1 PRRT, 2 ALKYL, 3 PLAT
P01, P02, P03, P04 = [1, 0, 0], [2, 0, 0], [3, 1, 0], [2, 1, 0]
known = st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=7)
open_ = st.lists(st.lists(st.integers(-1, 3), min_size=3, max_size=3), min_size=1, max_size=7)


def edit_cost(a, b, indel, swap):
    """Return the least cost of editing a into b, by trying every last step."""

    @cache
    def cost(i, j):
        if i == 0 or j == 0:
            return (i + j) * indel
        same = 0 if a[i - 1] == b[j - 1] else swap(a[i - 1], b[j - 1])
        return min(cost(i - 1, j - 1) + same, cost(i - 1, j) + indel, cost(i, j - 1) + indel)

    return cost(len(a), len(b))


def test_hamming__agrees_with_domain():
    found = hamming([P01, P02, P03, P04])
    assert found[0, 1] == 1
    assert found[0, 2] == 2
    assert found[2, 3] == 1
    assert (found == found.T).all()


def test_hamming__refuses_what_is_missing():
    with pytest.raises(ValueError, match="pad the sequences"):
        hamming([[0, MISSING]])


def test_mean_mismatch__counts_only_positions_known_in_both():
    found = mean_mismatch([[1, 2, MISSING], [1, 3, 0], [MISSING, 2, MISSING], [1, MISSING, MISSING]])
    assert found[0, 1] == 1 / 2
    assert found[0, 2] == 0
    assert found[1, 2] == 1
    assert np.isnan(found[2, 3])


@given(open_)
def test_mean_mismatch__agrees_with_loops(rows):
    found = mean_mismatch(rows)
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            both = [(x, y) for x, y in zip(a, b, strict=True) if MISSING not in (x, y)]
            wanted = sum(x != y for x, y in both) / len(both) if both else np.nan
            assert found[i, j] == pytest.approx(wanted, nan_ok=True)


@given(known)
def test_mean_mismatch__is_hamming_over_the_length_where_all_is_known(rows):
    assert mean_mismatch(rows) == pytest.approx(hamming(rows) / 3)


def test_optimal_matching__agrees_with_domain():
    found = optimal_matching([P01, P02, P03])
    assert found[1, 2] == 4
    assert found[0, 1] == 2  # one substitution, or one deletion and one insertion
    assert found[0, 2] == 2  # insert PLAT in front, delete one none


def test_optimal_matching__shifts_a_sequence_by_two_steps():
    assert optimal_matching([[1, 2, 3], [2, 3, 1]])[0, 1] == 2  # Hamming would say 3


@given(known)
def test_optimal_matching__agrees_with_the_recursion(rows):
    weights = np.array([[0, 1, 2, 0.5], [1, 0, 1.5, 3], [2, 1.5, 0, 0.2], [0.5, 3, 0.2, 0]])
    for indel, cost, swap in ((1.0, 2.0, lambda *_: 2.0), (0.7, weights, lambda x, y: weights[x, y])):
        found = optimal_matching(rows, indel=indel, substitution=cost)
        for i, a in enumerate(rows):
            for j, b in enumerate(rows):
                assert found[i, j] == pytest.approx(edit_cost(tuple(a), tuple(b), indel, swap))


def test_optimal_matching__refuses_costs_that_do_not_fit():
    with pytest.raises(ValueError, match="one row and one column"):
        optimal_matching([[0, 1, 2]], substitution=[[0, 1], [1, 0]])
    with pytest.raises(ValueError, match=">= 0"):
        optimal_matching([[0, 1]], indel=-1)


def test_distances__of_nobody_are_empty():
    assert hamming(np.zeros((0, 3), dtype=int)).shape == (0, 0)
    assert optimal_matching(np.zeros((0, 3), dtype=int)).shape == (0, 0)
