"""All cross-table rules that concern clinical tables (DOMAIN 1.16), reported in one pass.

The rules about variants, panels and genotypes (V20-V23, V26-V28, V30) are with the genomic tables; repeated patient
rows (V02) are settled when the table is read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.clinical.validate_base import CLINICAL_TABLES, Rule, gather
from netgen.clinical.validate_dates import DATE_RULES
from netgen.clinical.validate_lines import LINE_RULES
from netgen.clinical.validate_values import VALUE_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from netgen.errors import Finding, Findings

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted((*VALUE_RULES, *DATE_RULES, *LINE_RULES), key=lambda rule: rule.id)  # a stable sort keeps both V13 in order
)


def check_clinical(
    tables: Mapping[str, pd.DataFrame], *, findings: Findings, today: date, data_cutoff: date | None = None
) -> None:
    """Report every violation of every clinical rule, in the order of ``RULES``, then by patient.

    Parameters
    ----------
    tables
        Canonical tables, before or after clamping; absent ones are taken as empty. Columns ``file`` and ``row``, where
        a table carries them, go into the findings.
    findings
        Receives one finding per violation with rule, patient, column, value and a fix. What was found before is
        completed with the patient of its line, and not reported again for the same cell.
    today
        Date of the run, for V10.
    data_cutoff
        Cut-off of the study, for V09; ``date_data_cutoff`` of the patient counts as well.

    Notes
    -----
    Day offsets have no calendar: V03, V10 and the study's cut-off do not apply to patients with ``time_base`` offset.
    The outcome does not depend on the order of rows. Witness: one literal case per rule in
    ``tests/clinical/test_validate.py``.
    """
    data = gather(tables, today=today, data_cutoff=data_cutoff)
    _name_patients(findings, tables)
    told = {_cell(item) for item in findings}
    for rule in RULES:
        findings.extend(item for item in rule.check(data) if _cell(item) not in told)


def _name_patients(findings: Findings, tables: Mapping[str, pd.DataFrame]) -> None:
    """Complete findings that know only file and line with the patient of that line."""
    owners = _find_owners(tables) if any(item.row is not None for item in findings) else {}
    for place, item in enumerate(findings.items):
        if not item.patient_id and (item.file, item.row) in owners:
            findings.items[place] = replace(item, patient_id=owners[item.file, item.row])


def _cell(item: Finding) -> tuple[str, str, str, int | str]:
    """Name what a finding is about: its code and the cell, by line where that is known, else by patient and value."""
    if item.row is not None:
        return item.code, item.column, item.file, item.row
    return item.code, item.column, item.patient_id, item.value or item.message


def invalid_patients(findings: Findings, *, tables: Mapping[str, pd.DataFrame] | None = None) -> dict[str, str]:
    """Return the patients that an error concerns, with the first reason: what ``--skip-invalid`` leaves out.

    Parameters
    ----------
    findings
        All findings about the input.
    tables
        Canonical tables; with them, a finding that knows only file and line is traced to its patient.

    Returns
    -------
    dict of str to str
        patient_id -> reason, the code of the first E finding in lower case without ``E_``; sorted by patient.
    """
    owners = _find_owners(tables or {})
    reasons: dict[str, str] = {}
    for item in findings.of("E"):
        patient = item.patient_id or owners.get((item.file, item.row), "")
        if patient:
            reasons.setdefault(patient, item.code.removeprefix("E_").lower())
    return dict(sorted(reasons.items()))


def _find_owners(tables: Mapping[str, pd.DataFrame]) -> dict[tuple[str, int | None], str]:
    """Patient of each line of each file, as far as the tables know."""
    owners: dict[tuple[str, int | None], str] = {}
    for name in CLINICAL_TABLES:
        frame = tables.get(name)
        if frame is None or not {"patient_id", "file", "row"} <= set(frame.columns):
            continue
        known = frame[["file", "row", "patient_id"]].dropna()
        owners |= {(str(file), int(row)): str(who) for file, row, who in known.itertuples(index=False)}
    return owners


def describe_rules() -> pd.DataFrame:
    """Return the rules as a table for the documentation: id, severity, text."""
    return pd.DataFrame([(rule.id, rule.severity, rule.text) for rule in RULES], columns=["id", "severity", "text"])
