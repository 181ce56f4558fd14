"""SC29: Ki-67 text decides eligibility (strictly above 20 %), and only exact values are covariates."""

from __future__ import annotations

import pandas as pd
import pytest

from netgen.clinical.ki67 import classify_ki67
from netgen.errors import Findings
from tests.clinical.make_cells import raw_table
from tests.clinical.parsing import parse_patients


@pytest.mark.parametrize(
    ("text", "eligibility", "covariate"),
    [
        ("20", "ineligible", 20.0),
        ("20.1", "eligible", 20.1),
        (">20", "eligible", None),
        ("20-25", "borderline", 22.5),
        ("25,5%", "eligible", 25.5),
        ("<=20", "ineligible", None),
        (None, "missing", None),
    ],
)
def test_sc29_entries(text: str | None, eligibility: str, covariate: float | None) -> None:
    findings = Findings()
    table = parse_patients(raw_table(patient_id=["P1"], ki67_pct=[text]), findings=findings)
    assert classify_ki67(table).tolist() == [eligibility]
    value = table["ki67_pct"].iloc[0]
    assert (None if pd.isna(value) else value) == covariate
    assert not len(findings)


def test_sc29_250_is_out_of_range() -> None:
    findings = Findings()
    table = parse_patients(raw_table(patient_id=["P1"], ki67_pct=["250"]), findings=findings)
    assert [(item.code, item.row, item.value) for item in findings] == [("E_RANGE", 2, "250")]
    assert classify_ki67(table).tolist() == ["missing"]
