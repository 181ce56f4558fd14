"""SC02: identical rows are one patient, rows that differ are a conflict (the reader's part)."""

from __future__ import annotations

import pytest

from netgen import schema
from netgen.clinical.table_parser import ParseOptions, parse_table
from netgen.errors import Findings, SchemaError
from tests.clinical.make_cells import raw_table, values
from tests.clinical.parsing import parse_patients

RAW = raw_table(
    patient_id=["P01", "P02", "P01", "P02", "P03"],
    sex=["f", "m", "f", "m", "f"],
    vital_status=["alive", "dead", "alive", "dead", "alive"],
    date_death=[None, "2021-05-01", None, "2021-06-01", None],
)


def test_sc02_identical_rows_are_kept_once_and_a_conflict_stops_the_run() -> None:
    findings = Findings()
    table = parse_patients(RAW, findings=findings)
    assert values(table["patient_id"]) == ["P01", "P02", "P03"]
    identical, conflict = findings
    assert (identical.code, identical.value, identical.row) == ("W_DUP_IDENTICAL", "P01", 4)
    assert (conflict.code, conflict.value, conflict.column) == ("E_DUP_CONFLICT", "P02", "date_death")
    assert "P02" in conflict.message
    assert "date_death" in conflict.message
    with pytest.raises(SchemaError, match="P02 has 2 rows"):
        findings.raise_errors()


def test_sc02_on_request_the_conflict_is_excluded_and_counted() -> None:
    findings = Findings()
    parsed = parse_table(RAW, schema.PATIENTS, options=ParseOptions(on_duplicate="exclude"), findings=findings)
    assert values(parsed.table["patient_id"]) == ["P01", "P03"]
    assert parsed.excluded["reason"].value_counts().to_dict() == {"duplicate_conflict": 1}
    assert values(parsed.excluded["patient_id"]) == ["P02"]
    findings.raise_errors()
    assert findings.codes() == {"W_DUP_IDENTICAL", "W_DUP_EXCLUDED"}
