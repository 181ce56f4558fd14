"""Schoenfeld's formula: the three questions answer each other."""

from __future__ import annotations

import math

import pytest

from netgen.association.power import detection_power, events_needed, minimal_detectable_hr, power_sentence


def test_minimal_detectable_hr__by_hand() -> None:
    # 1.959964 + 0.841621 = 2.801585; 100 events, half altered: exp(2.801585 / sqrt(25)) = exp(0.560317)
    assert minimal_detectable_hr(100, 0.5) == pytest.approx(1.751228, abs=1e-6)


@pytest.mark.parametrize(("hr", "fraction", "alpha", "power"), [(2, 0.25, 0.05, 0.8), (0.4, 0.1, 0.01, 0.9)])
def test_events_needed__give_the_power_asked_for(hr: float, fraction: float, alpha: float, power: float) -> None:
    events = events_needed(hr, fraction, alpha=alpha, power=power)
    assert detection_power(hr, events, fraction, alpha=alpha) == pytest.approx(power)
    assert minimal_detectable_hr(events, fraction, alpha=alpha, power=power) == pytest.approx(max(hr, 1 / hr))


def test_detection_power__is_half_the_level_without_an_effect() -> None:
    assert detection_power(1.0, 50, 0.3) == pytest.approx(0.025)


def test_power__nothing_can_be_found_without_events_or_without_two_groups() -> None:
    assert math.isnan(minimal_detectable_hr(0, 0.3))
    assert math.isnan(minimal_detectable_hr(20, 0.0))
    assert math.isnan(minimal_detectable_hr(20, 1.0))
    assert math.isnan(minimal_detectable_hr(20, math.nan))
    assert events_needed(1.0, 0.3) == math.inf
    assert minimal_detectable_hr(1, 1e-9) == math.inf


def test_power_sentence__says_what_cannot_be_excluded() -> None:
    assert power_sentence(23, 10 / 34) == (
        "With 23 events and an altered fraction of 0.29, only hazard ratios above 3.60 (or below 0.28) had 80 % power; "
        "smaller effects cannot be excluded."
    )
    assert power_sentence(0, 0.2) == "With 0 events and an altered fraction of 0.20, no effect can be excluded."
