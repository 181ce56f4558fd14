"""Lines of treatment and why there was no further one, patient by patient."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from netgen.association.line_history import build_history
from tests.association.therapy_cases import TREATMENTS, small_cohort


def test_history__tells_why_there_is_no_further_line(tmp_path):
    history = build_history(small_cohort(tmp_path))
    assert history.patients.tolist() == ["A", "B", "C", "D", "E", "F"]
    assert history.n_lines.tolist() == [2, 1, 1, 1, 0, 2]
    assert history.absent.tolist() == ["dead", "off_therapy", "ongoing", "lost", "dead", "dead"]
    assert history.dead.tolist() == [True, False, False, False, True, True]
    assert history.end[0] - history.origin[0] == 366  # 2020 has 366 days


def test_history__states_are_none_only_where_treatment_is_over(tmp_path):
    history = build_history(small_cohort(tmp_path))
    assert history.states(3).tolist() == [
        ["ssa", "mtor_inhibitor", "none"],
        ["ssa", "none", "none"],
        ["chemo_alkylating", "missing", "missing"],
        ["prrt", "missing", "missing"],
        ["none", "none", "none"],
        ["chemo_platinum", "missing", "none"],
    ]
    padded = history.states(3, padded=True)
    assert padded[2].tolist() == ["chemo_alkylating", "none", "none"]
    assert padded[5].tolist() == ["chemo_platinum", "unknown", "none"]


@pytest.mark.parametrize(("last_contact", "reason"), [("2021-12-31", "off_therapy"), ("2021-12-30", "lost")])
def test_history__off_therapy_begins_with_183_days(tmp_path, last_contact, reason):
    patients = f"""
        patient_id,origin,date_diagnosis,date_advanced,date_last_contact,vital_status
        B,thymic,2020-01-01,2020-01-01,{last_contact},alive
    """
    treatments = "\n".join(line for line in TREATMENTS.splitlines() if "patient_id" in line or " B," in line)
    history = build_history(small_cohort(tmp_path, patients=patients, treatments=treatments))
    assert history.absent.tolist() == [reason]  # the line ended on 2021-07-01


def test_history__ends_with_the_cut_off(tmp_path):
    history = build_history(small_cohort(tmp_path, data_cutoff="2020-06-05"))
    assert history.n_lines.tolist() == [1, 1, 1, 1, 0, 2]  # line 2 of A begins later
    assert history.dead.tolist() == [False, False, False, False, True, False]
    assert history.absent.tolist() == ["lost", "ongoing", "ongoing", "ongoing", "dead", "ongoing"]


def test_history__does_not_depend_on_the_order_of_rows(tmp_path):
    cohort = small_cohort(tmp_path)
    turned = dataclasses.replace(
        cohort, patients=cohort.patients.iloc[::-1], treatments=cohort.treatments.sample(frac=1, random_state=2)
    )
    one, other = build_history(cohort), build_history(turned)
    assert one.lines.equals(other.lines)
    assert (one.states(3) == other.states(3)).all()
    assert np.array_equal(one.end, other.end, equal_nan=True)


def test_history__passes_over_curative_lines(tmp_path):
    extra = "    E,1,neoadjuvant,cisplatin,chemo_platinum,2020-01-05,2020-01-20,false,completion\n"
    history = build_history(small_cohort(tmp_path, treatments=TREATMENTS.rstrip() + "\n" + extra))
    assert history.n_lines.tolist() == [2, 1, 1, 1, 0, 2]
    assert history.classes(1)[4] == ""
