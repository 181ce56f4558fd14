"""SC26: what 23 deaths can show, and how strong a confounder would have to be."""

from __future__ import annotations

import math

import pytest

from netgen.association.evalue import evalue, evalue_limit
from netgen.association.power import detection_power, events_needed, minimal_detectable_hr, power_sentence


def test_sc26_minimal_detectable_hr() -> None:
    assert minimal_detectable_hr(23, 10 / 34) == pytest.approx(3.6041, abs=5e-5)
    assert minimal_detectable_hr(23, 10 / 34, alpha=0.05 / 6) == pytest.approx(4.9159, abs=5e-5)
    assert minimal_detectable_hr(23, 5 / 34) == pytest.approx(5.2040, abs=5e-5)
    assert minimal_detectable_hr(23, 14 / 34) == pytest.approx(3.2771, abs=5e-5)
    assert minimal_detectable_hr(23, 0.25) == pytest.approx(3.8539, abs=5e-5)


def test_sc26_power_and_events() -> None:
    assert detection_power(2, 23, 0.25) == pytest.approx(0.3013, abs=5e-5)
    assert events_needed(2, 0.25) == pytest.approx(87.13, abs=5e-3)
    assert math.ceil(events_needed(2, 0.25)) == 88


def test_sc26_mandatory_sentence() -> None:
    sentence = power_sentence(23, 0.25)
    assert (
        "only hazard ratios above 3.85 (or below 0.26) had 80 % power; smaller effects cannot be excluded." in sentence
    )


def test_sc26_evalue() -> None:
    assert evalue(2.4643) == pytest.approx(3.120107, abs=5e-7)
    assert evalue_limit(1.0561, 8.0) == pytest.approx(1.238668, abs=5e-7)
    assert evalue(5.05) == pytest.approx(5.397200, abs=5e-7)
    assert evalue(1.857761, rare=True) == pytest.approx(3.120107, abs=2e-6)  # RR of HR 2.4643
    assert evalue_limit(0.8, 3.0) == 1.0
