"""SC29: Ki-67 as pathologists write it, and who is strictly above 20 %."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.clinical.cells import Cells
from netgen.clinical.eligibility import EligibilityCriteria, select_eligible
from netgen.clinical.ki67 import parse_ki67
from netgen.errors import Findings
from netgen.schema import PATIENTS, conform

# As written: value in percent, why not eligible.
ENTRIES = {
    "20": (20.0, "ki67_not_above"),
    "20.1": (20.1, None),
    ">20": (np.nan, None),
    "20-25": (22.5, "ki67_borderline"),
    "25,5%": (25.5, None),
    "<=20": (np.nan, "ki67_not_above"),
    "250": (np.nan, "ki67_missing"),
    "": (np.nan, "ki67_missing"),
}


@pytest.fixture(scope="module")
def read():
    findings = Findings()
    text = pd.Series(list(ENTRIES), dtype="string").replace("", pd.NA)
    cells = Cells(text=text, rows=pd.Series(range(2, 2 + len(text))), name="Ki-67", file="clinical.csv")
    columns = parse_ki67(cells, findings=findings)
    return conform(columns.assign(patient_id=[f"P{i}" for i in range(len(text))]), PATIENTS), findings


def test_sc29_values(read):
    patients, findings = read
    assert patients["ki67_pct"].tolist() == pytest.approx([value for value, _ in ENTRIES.values()], nan_ok=True)
    assert [(item.code, item.row, item.value) for item in findings] == [("E_RANGE", 8, "250")]


def test_sc29_eligibility(read):
    patients, _ = read
    findings = Findings()
    eligible, excluded = select_eligible(patients, criteria=EligibilityCriteria(ki67_above=20.0), findings=findings)
    expected = {f"P{i}": reason for i, (_, reason) in enumerate(ENTRIES.values())}
    assert list(eligible) == [name for name, reason in expected.items() if reason is None]
    assert dict(excluded.itertuples(index=False, name=None)) == {k: v for k, v in expected.items() if v is not None}
    [item] = list(findings)
    assert (item.code, item.patient_id, item.value) == ("W_KI67_BORDERLINE", "P3", "20-25")
