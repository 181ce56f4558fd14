"""SC16: progression-free survival, time to progression, and the incidence of progression with death competing.

t = 3 PD, 5 death, 5 PD, 8+, 10 PD, 12+ (DOMAIN 6).
"""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.cumulative_incidence import cumulative_incidence, incidence_at
from netgen.association.km import kaplan_meier, survival_at, survival_quantile

TIME = [3, 5, 5, 8, 10, 12]
CAUSE = np.array([1, 2, 1, 0, 1, 0])  # 1 = progression, 2 = death without progression
AT = [3, 5, 10]


def test_sc16_progression_free_survival():
    km = kaplan_meier(TIME, CAUSE > 0)
    assert survival_at(km, AT).survival == pytest.approx([5 / 6, 1 / 2, 1 / 4], abs=1e-12)
    assert survival_quantile(km).estimate == 7.5  # midpoint of 5 and 10


def test_sc16_time_to_progression_censors_deaths():
    km = kaplan_meier(TIME, CAUSE == 1)
    survival = survival_at(km, AT).survival
    assert survival == pytest.approx([5 / 6, 2 / 3, 1 / 3], abs=1e-12)
    assert 1 - survival[-1] == pytest.approx(0.6667, abs=5e-5)


def test_sc16_incidence_of_progression_counts_deaths_as_deaths():
    curve = cumulative_incidence(TIME, CAUSE)
    progression, death = incidence_at(curve, AT).incidence
    assert progression == pytest.approx([0.1667, 0.3333, 0.5833], abs=5e-5)
    assert death == pytest.approx([0, 0.1667, 0.1667], abs=5e-5)


def test_sc16_incidences_and_progression_free_survival_add_up_to_1():
    curve = cumulative_incidence(TIME, CAUSE)
    every = np.arange(0, 14, 0.5)
    total = (
        incidence_at(curve, every).incidence.sum(axis=0) + survival_at(kaplan_meier(TIME, CAUSE > 0), every).survival
    )
    assert total == pytest.approx(1, abs=1e-12)


def test_sc16_the_complement_of_kaplan_meier_is_too_high():
    incidence = incidence_at(cumulative_incidence(TIME, CAUSE), AT).incidence[0]
    complement = 1 - survival_at(kaplan_meier(TIME, CAUSE == 1), AT).survival
    assert (complement >= incidence - 1e-12).all()
    assert complement[-1] - incidence[-1] == pytest.approx(1 / 12, abs=1e-12)
