"""Levels: DOMAIN 4.1, word for word."""

from __future__ import annotations

import pytest

from netgen.actionability.levels import APPROXIMATE, COUNTED, LEVELS, approximate, best_level, is_counted


@pytest.mark.parametrize(
    ("levels", "best"),
    [
        (["N3B", "N3C"], "N3B"),
        (["N4", "N3A", "N2"], "N2"),
        (["N3C", "N4"], "N3C"),
        (["NR1", "N4"], "N4"),
        (["NR2", "NR1"], "NR1"),
        (["NX", "NPx", "NDx"], "NDx"),
        (["NX"], "NX"),
        ([], "NX"),
    ],
)
def test_best_level__follows_the_order_of_the_specification(levels, best):
    assert best_level(levels) == best
    assert best_level(reversed(levels)) == best


def test_best_level__refuses_a_word_that_is_no_level():
    with pytest.raises(ValueError, match="found '1', 'N5'"):
        best_level(["N1", "N5", "1"])


def test_order__is_therapy_then_resistance_then_no_therapy():
    assert list(LEVELS) == ["N1", "N2", "N3A", "N3B", "N3C", "N4", "NR1", "NR2", "NDx", "NPx", "NX"]


def test_is_counted__from_n1_to_n3b_by_sensitivity_alone():
    assert [level for level in LEVELS if is_counted(level, "sensitivity")] == ["N1", "N2", "N3A", "N3B"]
    assert COUNTED == ("N1", "N2", "N3A", "N3B")
    for direction in ("resistance", "reduced", "diagnostic", "prognostic_poor", "predisposition", "context_dependent"):
        assert not any(is_counted(level, direction) for level in LEVELS)


@pytest.mark.parametrize(
    ("level", "oncokb", "escat", "amp", "civic"),
    [
        ("N1", "~1", "~I-A/B", "~I-A", "~A"),
        ("N2", "~2", "~I-II", "~I-A", "~A"),
        ("N3A", "~3A", "~II-A/II-B", "~I-B or II-C", "~B"),
        ("N3B", "~3B", "~III-A", "~II-C", "~A/B other disease"),
        ("N3C", "", "~III", "~II-D", "~C"),
        ("N4", "~4", "~III-B/IV", "~II-D", "~D"),
        ("NX", "", "~X", "~III", "~E"),
    ],
)
def test_approximate__is_the_table_of_the_specification(level, oncokb, escat, amp, civic):
    assert dict(APPROXIMATE[level]) == {"oncokb": oncokb, "escat": escat, "amp": amp, "civic": civic}


def test_approximate__every_equivalent_is_marked_as_approximate():
    assert APPROXIMATE.keys() == LEVELS.keys()
    for row in APPROXIMATE.values():
        assert all(text == "" or text.startswith("~") for text in row.values())


def test_approximate__an_agnostic_approval_has_the_basket_tier_of_escat():
    assert approximate("N1", "escat", agnostic=True) == "~I-C"
    assert approximate("N1", "escat") == "~I-A/B"
    assert approximate("N1", "oncokb", agnostic=True) == "~1"
    assert approximate("N4", "escat", agnostic=True) == "~III-B/IV"
