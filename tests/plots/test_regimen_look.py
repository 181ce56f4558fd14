"""One look per class of treatment, told apart without colour as well."""

from __future__ import annotations

from netgen.association.line_history import ABSENT
from netgen.plots.regimen_look import LOOKS, in_order, look_of
from netgen.schema import REGIMEN_CLASSES


def test_looks__every_class_and_end_state_has_one_of_its_own():
    assert set(REGIMEN_CLASSES) <= set(LOOKS)
    assert set(ABSENT) <= set(LOOKS)
    assert len({(look.color, look.hatch) for look in LOOKS.values()}) == len(LOOKS)
    assert len({look.name for look in LOOKS.values()}) == len({look.short for look in LOOKS.values()}) == len(LOOKS)


def test_looks__a_class_of_ones_own_is_shown_by_its_name():
    assert look_of("my_drug").name == "my drug"
    assert look_of("my_drug").short == "my_d"


def test_looks__ink_is_read_on_the_colour():
    assert look_of("dead").ink == "#FFFFFF"
    assert look_of("off_therapy").ink == "#000000"


def test_in_order__puts_end_states_last():
    assert in_order(["dead", "my_drug", "prrt", "ssa", "ssa"]) == ["ssa", "prrt", "my_drug", "dead"]
