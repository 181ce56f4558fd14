"""Compact paths: worked by hand, and read back by another route."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.report.page.svg_path import compact_path, number


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("M 0 281.789031 L 518.740157 281.789031 L 518.740157 0 L 0 0 z", "m0 281.79h518.74v-281.79h-518.74z"),
        ("M 1 1 L 2.5 3.25", "m1 1l1.5 2.25"),
        ("M 1 1 L 1 4 L 1 9 L 3 9", "m1 1v8h2"),  # on in the same direction: one line
        ("M 1 1 L 1 9 L 1 4", "m1 1v8v-5"),  # back again: two
        ("M 5 5 L 5.001 5 L 5.002 5 L 7 5", "m5 5h2"),  # lines that rounding makes nothing
        ("M 5 5 L 5.001 5", "m5 5h0"),  # a dot stays a dot
        ("M 0 0 L 1 0 z M 3 3 L 4 3 z", "m0 0h1zm3 3h1z"),  # after z one stands at the start again
        ("M 0 0 Q 1 -1 2 0 C 3 1 -4 1 5 -0.004", "m0 0q1-1 2 0c1 1-6 1 3 0"),
        ("M 1e1 -2.5e-1 L 11 0", "m10-.25l1 .25"),
    ],
)
def test_compact_path__writes_rounded_relative_commands(path: str, expected: str) -> None:
    assert compact_path(path, 2) == expected


def test_compact_path__rounds_to_the_digits_asked_for() -> None:
    assert compact_path("M 0.123456 0 L 1.98765 0", 3) == "m.123 0h1.865"  # 1.988 - 0.123
    assert compact_path("M 0.123456 0 L 1.98765 0", 0) == "m0 0h2"


@pytest.mark.parametrize("path", ["M 0 0 A 1 1 0 0 1 2 2", "m 0 0 l 1 1", "M 0 0 <script>", "M 0 0 H 5"])
def test_compact_path__refuses_other_commands(path: str) -> None:
    with pytest.raises(ValueError, match="a path may have the commands M, L, Q, C and Z"):
        compact_path(path, 2)


@pytest.mark.parametrize("path", ["M 0 0 L 1", "M 0 0 C 1 1 2 2 z", "L"])
def test_compact_path__refuses_a_command_without_its_numbers(path: str) -> None:
    with pytest.raises(ValueError, match="each command of a path needs its numbers"):
        compact_path(path, 2)


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.0, 2, "0"),
        (-0.001, 2, "0"),
        (0.5, 2, ".5"),
        (-0.5, 2, "-.5"),
        (12.0, 2, "12"),
        (10.126, 2, "10.13"),
        (7.6, 0, "8"),
    ],
)
def test_number__is_as_short_as_can_be(value: float, digits: int, expected: str) -> None:
    assert number(value, digits) == expected


def read_back(path: str) -> list[tuple[int, int]]:
    """The points of a path of lines in hundredths, by adding up its steps as text."""
    points, x, y = [], 0, 0
    for command, numbers in re.findall(r"([mlhv])([^mlhvz]*)", path):
        steps = [round(float(step) * 100) for step in re.findall(r"-?[\d.]+", numbers)]
        x, y = (x + (0 if command == "v" else steps[0]), y + (0 if command == "h" else steps[-1]))
        points.append((x, y))
    return points


coordinates = st.floats(-50, 600).map(lambda value: round(value, 5))


@given(st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=12))
def test_compact_path__passes_through_every_rounded_point(points: list[tuple[float, float]]) -> None:
    path = "M " + " L ".join(f"{x} {y}" for x, y in points)
    kept = read_back(compact_path(path, 2))
    place = 0
    for x, y in ((round(x * 100), round(y * 100)) for x, y in points):
        if place + 1 < len(kept) and (x, y) == kept[place + 1]:
            place += 1
        x0, y0 = kept[place]
        x1, y1 = kept[min(place + 1, len(kept) - 1)]
        between = (x == x0 == x1 and min(y0, y1) <= y <= max(y0, y1)) or (
            y == y0 == y1 and min(x0, x1) <= x <= max(x0, x1)
        )
        assert (x, y) == (x0, y0) or between
    assert place == len(kept) - 1


@given(st.lists(st.tuples(coordinates, st.booleans()), min_size=1, max_size=15))
def test_compact_path__keeps_every_corner_of_a_step_curve(steps: list[tuple[float, bool]]) -> None:
    points = [(0.0, 0.0)]
    for value, across in steps:
        points.append((value, points[-1][1]) if across else (points[-1][0], value))
    kept = read_back(compact_path("M " + " L ".join(f"{x} {y}" for x, y in points), 2))
    rounded = [(round(x * 100), round(y * 100)) for x, y in points]
    assert kept[0] == rounded[0]
    assert kept[-1] == rounded[-1]
    assert {min(p[0] for p in kept), max(p[1] for p in kept)} == {
        min(p[0] for p in rounded),
        max(p[1] for p in rounded),
    }
