"""Findings about rows of a table: where the row came from, whose it is, and how its date reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen.errors import Finding

if TYPE_CHECKING:
    from netgen.errors import Findings


def row_finding(
    frame: pd.DataFrame,
    position: int,
    *,
    code: str,
    message: str,
    fix: str = "",
    column: str = "",
    value: object = "",
    rule: str = "",
) -> Finding:
    """Return a finding about one row, with its patient, file and line if the table carries them.

    Parameters
    ----------
    frame
        Any canonical table; ``patient_id``, ``file`` and ``row`` are used where they exist.
    position
        Position of the row, from 0.
    code, message, fix, column, value, rule
        Parts of the finding, see :class:`netgen.errors.Finding`.

    Returns
    -------
    Finding
        ``row`` is None if the table does not know the line of the source: a position is not a line.
    """

    def cell(name: str) -> object:
        if name not in frame.columns:
            return None
        content = frame[name].iloc[position]
        return None if pd.isna(content) else content

    line = cell("row")
    return Finding(
        code=code,
        message=message,
        fix=fix,
        file=str(cell("file") or ""),
        row=None if line is None else int(str(line)),
        column=column,
        value="" if pd.isna(value) else str(value),  # type: ignore[call-overload]  # any scalar
        rule=rule,
        patient_id=str(cell("patient_id") or ""),
    )


def warn_once(findings: Findings, code: str, message: str, *, fix: str = "", rule: str = "") -> None:
    """Add a finding about the whole cohort unless the same sentence is there already.

    Parameters
    ----------
    findings
        The collector.
    code
        Code of the finding.
    message
        What is needed, what was found.
    fix
        What to do.
    rule
        Number of the cross-table rule.
    """
    if not any(item.code == code and item.message == message for item in findings):
        findings.add(code, message, fix=fix, rule=rule)


def show_day(day: float, *, precision: object = "day", offset: bool = False) -> str:
    """Return a day number as text: an ISO date with the precision it is known to, or ``day N`` for an offset.

    Parameters
    ----------
    day
        Day number; NaN gives an empty text.
    precision
        day, month or year.
    offset
        The dates of the patient are day offsets.

    Returns
    -------
    str
        ``2021-03-20``, ``2021-03``, ``2021`` or ``day 120``.
    """
    if np.isnan(day):
        return ""
    if offset:
        return f"day {int(day)}"
    text = str(np.datetime64(int(day), "D"))
    return {"month": text[:7], "year": text[:4]}.get("day" if pd.isna(precision) else str(precision), text)  # type: ignore[call-overload]


def counted(n: int, what: str = "patient") -> str:
    """Return ``1 patient`` or ``3 patients``.

    Parameters
    ----------
    n
        How many.
    what
        Singular of the noun.

    Returns
    -------
    str
        Number and noun.
    """
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def sort_findings(items: list[Finding]) -> list[Finding]:
    """Return findings sorted by patient, file, line, column, value and message.

    Parameters
    ----------
    items
        Findings.

    Returns
    -------
    list of Finding
        A new list.
    """
    return sorted(
        items, key=lambda item: (item.patient_id, item.file, item.row or 0, item.column, item.value, item.message)
    )
