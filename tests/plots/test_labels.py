"""Names beside points: none meets another, a mark or the edge; the first has the first choice."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.plots.labels import LINE, place_names, write_names
from netgen.plots.style import SMALL, framed, styled, text_width

SIZE = (200.0, 100.0)


def boxes_of(points, radius):
    return np.column_stack([points - radius, points + radius])


def meet(one, two):
    return one[0] < two[2] and one[2] > two[0] and one[1] < two[3] and one[3] > two[1]


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(0, 100)), min_size=1, max_size=25))
def test_place_names__none_meets_another_or_a_mark_or_leaves_the_axes(points):
    at = np.array(points)
    marks = boxes_of(at, 2.0)
    spots = place_names([f"GENE{k}" for k in range(len(at))], at, np.full(len(at), 2.0), SIZE, avoid=marks)
    found = [spot[:4] for spot in spots if spot is not None]
    assert not any(meet(one, two) for one, two in combinations(found, 2))
    assert not any(meet(one, mark) for one in found for mark in marks)
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] <= SIZE[0] and box[3] <= SIZE[1] for box in found)


def test_place_names__the_first_stands_right_of_its_mark_and_the_second_gives_way():
    at = np.array([[50.0, 50.0], [50.0, 50.0]])
    first, second = place_names(["ABC", "DEF"], at, np.full(2, 2.0), SIZE, avoid=boxes_of(at, 2.0))
    assert (first.left, (first.low + first.high) / 2) == (53.5, 50)
    assert first.right - first.left == pytest.approx(text_width("ABC", SMALL))
    assert first.high - first.low == LINE * SMALL
    assert second.right < 50


def test_place_names__no_room_is_no_name():
    at = np.array([[5.0, 5.0]])
    assert place_names(["ABC"], at, np.ones(1), (10.0, 10.0), avoid=boxes_of(at, 1.0)) == [None]


def test_write_names__keeps_off_the_lines_below_marks():
    with styled():
        ax = framed(None, "single", "")
    ax.set_xlim(0, 10)
    ax.set_ylim(-1, 10)
    x, y, radii = np.array([2.0, 2.5]), np.array([3.0, 9.0]), np.full(2, 2.0)
    assert write_names(ax, ["LOWER"], x[:1], y[:1], radii[:1], others=(x, y, radii), sticks=True) == ["LOWER"]
    box = ax.texts[0].get_window_extent()
    stick = ax.transData.transform((2.5, 0))[0]
    assert not box.x0 <= stick <= box.x1
