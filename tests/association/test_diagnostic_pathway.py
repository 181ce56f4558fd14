"""Steps of the diagnosis and their times, patient by patient."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.diagnostic_pathway import (
    NO_IMAGING,
    NO_SEQUENCING,
    NO_TYPES,
    find_items,
    tabulate_intervals,
    tabulate_pathway,
)
from netgen.association.freeman_halton import freeman_halton
from netgen.association.line_history import build_history
from netgen.association.therapy_tables import Labels
from tests.association.therapy_cases import everybody, small_cohort

IMAGING = """
    patient_id,date,modality,result
    A,2020-01-02,FDG_PET,positive
    A,2020-01-05,SSTR_PET,negative
    B,2020-01-02,FDG_PET,negative
    C,2020-01-02,SSTR_PET,equivocal
    D,2020-01-02,CT,
"""
SAMPLES = """
    sample_id,patient_id,sample_type,date_sequencing_report
    A1,A,primary,2020-03-01
    A2,A,metastasis,
    B1,B,primary,
    C1,C,unknown,
"""


def test_pathway__items_of_each_patient(tmp_path):
    cohort = small_cohort(tmp_path, imaging=IMAGING, samples=SAMPLES)
    items = {item.name: item.values.tolist() for item in find_items(cohort, build_history(cohort).patients)}
    assert items["fdg_pet"] == ["yes", "yes", "no", "no", "no", "no"]
    assert items["sstr_pet"] == ["yes", "no", "yes", "no", "no", "no"]
    assert items["both_pet"] == ["yes", "no", "no", "no", "no", "no"]
    assert items["fdg_positive"] == ["yes", "no", "", "", "", ""]
    assert items["sstr_positive"] == ["no", "", "", "", "", ""]
    assert items["netpet"] == ["P5", "", "", "", "", ""]
    assert items["metastasis_biopsy"] == ["yes", "no", "", "", "", ""]
    assert items["ngs"] == ["yes", "no", "no", "no", "no", "no"]


def test_pathway__is_tested_between_groups(tmp_path):
    cohort = small_cohort(tmp_path, imaging=IMAGING, samples=SAMPLES)
    groups = Labels("g", np.array(["x", "x", "x", "y", "y", "y"]), ("x", "y"))
    table = tabulate_pathway(cohort, build_history(cohort), [groups], seed=1)
    rows = table.loc[table["item"] == "fdg_pet"].set_index("group")
    assert rows["count"].tolist() == [2, 0]
    assert rows["n"].tolist() == [3, 3]
    assert rows.loc["x", "p"] == pytest.approx(freeman_halton([[1, 2], [3, 0]], seed=1).p)
    assert table.loc[table["item"] == "netpet", "status"].unique().tolist() == ["one_group"]


def test_pathway__without_data_says_what_is_missing(tmp_path):
    cohort = small_cohort(tmp_path)
    table = tabulate_pathway(cohort, build_history(cohort), [everybody(6)], seed=1)
    assert table["status"].unique().tolist() == ["not_available"]
    assert set(table["note"]) == {NO_IMAGING, NO_SEQUENCING, NO_TYPES}


def test_intervals__by_hand(tmp_path):
    cohort = small_cohort(tmp_path)
    table = tabulate_intervals(cohort, build_history(cohort), [everybody(6)], seed=1).set_index("endpoint")
    # To advanced disease: A 31 days, D 214, the others 0. To line 1: B, C, F 10 days, A 61, D 224; E died after 61.
    assert table.loc["diagnosis_to_advanced", ["n", "events", "n_zero"]].tolist() == [6, 6, 4]
    assert table.loc["diagnosis_to_advanced", "median"] == 0.5
    assert table.loc["diagnosis_to_line1", ["n", "events"]].tolist() == [6, 5]
    assert table.loc["diagnosis_to_line1", "median"] == 35.5  # S = 1/2 from day 10 to 61
    assert table.loc["diagnosis_to_metastasis", ["n", "events", "median"]].tolist() == [2, 2, (31 + 214) / 2]
