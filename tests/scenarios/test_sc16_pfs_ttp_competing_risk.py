"""SC16: progression-free survival, time to progression, and the incidence of progression with death competing.

t = 3 PD, 5 death, 5 PD, 8+, 10 PD, 12+ (DOMAIN 6).
"""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.cumulative_incidence import cumulative_incidence, incidence_at
from netgen.association.km import kaplan_meier, survival_at, survival_quantile
from netgen.clinical.endpoints import EndpointSpec, derive_endpoint
from netgen.errors import Findings
from tests.clinical.literal import line, make_tables, patient, scan

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


def histories():
    """The six patients as dates: line 1 on 1 March 2021, what follows n days later."""
    people, lines, scans = [], [], []
    for number, (days, cause) in enumerate(zip(TIME, CAUSE, strict=True), 1):
        name, end = f"P{number}", f"2021-03-{1 + days:02d}"
        died = {"vital_status": "dead", "date_death": end} if cause == 2 else {}
        people.append(patient(name, date_last_contact=end, **died))
        lines.append(line(1, name, start="2021-03-01"))
        if cause != 2:
            scans.append(scan(end, "PD" if cause == 1 else "SD", name))
    return make_tables(patients=people, treatments=lines, assessments=scans)


def derive(name):
    return derive_endpoint(histories(), EndpointSpec(name=name, entry_rule="none"), findings=Findings()).table


def test_sc16_from_dates_to_progression_free_survival():
    table = derive("pfs")
    assert table["time_days"].tolist() == TIME
    assert table["event"].tolist() == (CAUSE > 0).tolist()
    assert table["competing"].isna().all()
    km = kaplan_meier(table["time_days"], table["event"])
    assert survival_at(km, AT).survival == pytest.approx([5 / 6, 1 / 2, 1 / 4], abs=1e-12)
    assert survival_quantile(km).estimate == 7.5


def test_sc16_from_dates_to_time_to_progression():
    table = derive("ttp")
    assert table["time_days"].tolist() == TIME
    assert table["event"].tolist() == (CAUSE == 1).tolist()
    assert table["competing"].tolist() == CAUSE.tolist()
    assert table["end_reason"].tolist() == [
        "pd_radiological", "censored_death", "pd_radiological", "censored_last_assessment", "pd_radiological",
        "censored_last_assessment",
    ]  # fmt: skip
    km = kaplan_meier(table["time_days"], table["event"])
    assert survival_at(km, AT).survival == pytest.approx([5 / 6, 2 / 3, 1 / 3], abs=1e-12)


def test_sc16_from_dates_to_incidences_that_add_up():
    table, pfs = derive("ttp"), derive("pfs")
    curve = cumulative_incidence(table["time_days"], table["competing"].to_numpy(dtype=np.int64))
    progression, death = incidence_at(curve, AT).incidence
    assert progression == pytest.approx([1 / 6, 1 / 3, 7 / 12], abs=1e-12)
    assert death == pytest.approx([0, 1 / 6, 1 / 6], abs=1e-12)
    every = np.arange(0, 14, 0.5)
    free = survival_at(kaplan_meier(pfs["time_days"], pfs["event"]), every).survival
    assert incidence_at(curve, every).incidence.sum(axis=0) + free == pytest.approx(1, abs=1e-12)
