"""E-values."""

from __future__ import annotations

import math

import pytest

from netgen.association.evalue import evalue, evalue_limit


def test_evalue__of_a_rare_outcome_takes_the_hazard_ratio_as_risk_ratio() -> None:
    assert evalue(2.0, rare=True) == pytest.approx(2 + math.sqrt(2))
    assert evalue(3.9, rare=True) == pytest.approx(7.263, abs=5e-4)  # VanderWeele & Ding 2017: RR 3.9 gives 7.26


@pytest.mark.parametrize("rare", [True, False])
def test_evalue__of_a_protective_effect_is_that_of_its_inverse(rare: bool) -> None:
    assert evalue(0.4, rare=rare) == pytest.approx(evalue(2.5, rare=rare))
    assert evalue(1.0, rare=rare) == 1.0


def test_evalue__of_a_missing_estimate_is_missing() -> None:
    assert math.isnan(evalue(math.nan))
    assert math.isnan(evalue_limit(math.nan, math.nan))


@pytest.mark.parametrize(
    ("lo", "hi", "nearest"),
    [
        (1.2, 9.0, 1.2),
        (0.1, 0.6, 0.6),
        (0.7, 3.0, 1.0),
        (1.5, math.nan, 1.5),
        (math.nan, 0.5, 0.5),
        (math.nan, 2.0, 1.0),
    ],
)
def test_evalue_limit__uses_the_limit_nearest_one_or_one_if_the_interval_contains_it(
    lo: float, hi: float, nearest: float
) -> None:
    assert evalue_limit(lo, hi) == pytest.approx(evalue(nearest))
