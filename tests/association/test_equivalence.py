"""Equivalence: the p-value is the level at which Newcombe's interval touches the margin."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association.equivalence import equivalence_test
from netgen.association.proportions import newcombe


@given(st.integers(1, 60), st.integers(1, 60), st.data(), st.sampled_from([0.1, 0.2, 0.3]))
def test_equivalence__p_and_interval_agree(n_1, n_2, data, margin):
    x_1, x_2 = data.draw(st.integers(0, n_1)), data.draw(st.integers(0, n_2))
    found = equivalence_test(x_1, n_1, x_2, n_2, margin=margin)
    interval = newcombe(x_1, n_1, x_2, n_2, level=0.90)
    assert (found.lo, found.hi) == (float(interval.lo), float(interval.hi))
    assert found.within == (-margin < found.lo and found.hi < margin)
    if abs(found.p - 0.05) > 1e-9:
        assert (found.p < 0.05) == found.within
    if abs(found.difference) > margin + 1e-9:
        assert found.p > 0.5


@pytest.mark.parametrize(("x_1", "n_1", "x_2", "n_2"), [(50, 100, 50, 100), (3, 14, 5, 20), (40, 90, 30, 80)])
def test_equivalence__p_is_where_the_interval_touches_the_margin(x_1, n_1, x_2, n_2):
    found = equivalence_test(x_1, n_1, x_2, n_2, margin=0.2)
    touching = newcombe(x_1, n_1, x_2, n_2, level=1 - 2 * found.p)
    assert max(float(touching.hi), -float(touching.lo)) == pytest.approx(0.2, abs=1e-9)


def test_equivalence__is_the_same_whichever_group_comes_first():
    one, other = equivalence_test(0, 14, 4, 20, margin=0.3), equivalence_test(4, 20, 0, 14, margin=0.3)
    assert one.p == pytest.approx(other.p)
    assert (one.lo, one.hi) == pytest.approx((-other.hi, -other.lo))


def test_equivalence__of_a_difference_as_large_as_the_margin_is_a_coin_toss():
    assert equivalence_test(0, 14, 4, 20, margin=0.2).p == pytest.approx(0.5, abs=1e-6)


def test_equivalence__beyond_the_margin_is_ever_less_likely():
    assert equivalence_test(90, 100, 50, 100, margin=0.2).p > 0.99


def test_equivalence__says_nothing_of_an_empty_group():
    found = equivalence_test(0, 0, 3, 9, margin=0.2)
    assert math.isnan(found.p)
    assert not found.within


@pytest.mark.parametrize("margin", [0, 1, -0.1, 2])
def test_equivalence__needs_a_margin_between_0_and_1(margin):
    with pytest.raises(ValueError, match="margin"):
        equivalence_test(1, 2, 1, 2, margin=margin)
