"""Rows of the treatments table of derived lines: dates, ends (L8) and local procedures (L6)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from netgen.clinical.regimens import classify_regimen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.clinical.lines_rules import Dose, Line


def fill_row(
    line: Line, following: float, death: float, records: pd.DataFrame, local: Sequence[Dose], *, intent: str
) -> dict[str, object]:
    """Return one line as a row; dates are day numbers.

    Parameters
    ----------
    line
        The line.
    following
        Start of the next line of the same kind; NaN = none.
    death
        Day of death; NaN = none.
    records
        The table of drugs.
    local
        Local procedures of the patient.
    intent
        palliative, or blank for a curative line, whose intent comes from the records or from surgery.

    Returns
    -------
    dict
        Columns of ``treatments`` and of the derivation, ``number_in_intent`` apart.
    """
    end, reason, precision, ongoing = _find_end(line, following, death, records)
    flags = set()
    if reason:
        flags.add("end_inferred")
    if len({name for name in line.classes if name != "ssa"}) > 1:
        flags.add("mixed_class")
    if any(line.start < dose.start <= (math.inf if math.isnan(end) else end) for dose in local):
        flags.add("local_therapy")
    purpose = intent or _find_intent(line, local)
    if not intent and not any(dose.intent for dose in line.doses):
        flags.add("intent_assumed")
    reasons = [*line.reasons, *_background_reason(line), *([reason] if reason else [])]
    first = line.doses[0]
    return {
        "intent": purpose,
        "regimen": "+".join(sorted(drug.name for drug in line.regimen.values())),
        "regimen_class": first.drug.drug_class if first.drug.kind == "local" else classify_regimen(line.classes),
        "date_start": line.start,
        "date_start_precision": _cell(records, first.row, "date_start_precision"),
        "date_end": end,
        "date_end_precision": precision,
        "ongoing": ongoing,
        "end_reason": _end_reason(line, end, death, records),
        "date_progression": math.nan,
        "derivation_reason": "; ".join(reasons),
        "rechallenge": "rechallenge" in line.flags,
        "maintenance": "maintenance" in line.flags,
        "background_ssa": bool(line.background),
        "curative": not intent,
        "derivation_flags": ";".join(sorted(flags)),
        "file": _cell(records, first.row, "file"),
        "row": _cell(records, first.row, "row"),
    }


def local_rows(local: Sequence[Dose], records: pd.DataFrame) -> list[dict[str, object]]:
    """Return the local procedures as rows with intent local_only (L6), by start.

    Parameters
    ----------
    local
        Local procedures of one patient.
    records
        The table of drugs.

    Returns
    -------
    list of dict
        As of ``fill_row``.
    """
    ordered = sorted(local, key=lambda dose: (dose.start, dose.drug.name, dose.row))
    return [
        {
            "intent": "local_only",
            "regimen": dose.drug.name,
            "regimen_class": dose.drug.drug_class,
            "date_start": dose.start,
            "date_start_precision": _cell(records, dose.row, "date_start_precision"),
            "date_end": math.nan if math.isinf(dose.end) else dose.end,
            "date_end_precision": _cell(
                records,
                dose.row,
                "date_end_precision" if not pd.isna(records["date_end"].iloc[dose.row]) else "date_start_precision",
            ),
            "end_reason": _cell(records, dose.row, "end_reason"),
            "date_progression": math.nan,
            "derivation_reason": "L6: a local procedure is an event, not a line",
            "number_in_intent": place,
            "rechallenge": False,
            "maintenance": False,
            "background_ssa": False,
            "curative": False,
            "derivation_flags": "",
            "file": _cell(records, dose.row, "file"),
            "row": _cell(records, dose.row, "row"),
        }
        for place, dose in enumerate(ordered, 1)
    ]


def _find_end(
    line: Line, following: float, death: float, records: pd.DataFrame
) -> tuple[float, str, object, bool | None]:
    """Return the end of a line by L8, why it is not that of its drugs, its precision, and whether it is ongoing."""
    members = (*line.doses, *line.carried)
    last = max(members, key=lambda dose: (dose.end, dose.start))
    ends = {"the day before the next line": following - 1, "death": death}
    why, limit = min(
        ((name, day) for name, day in ends.items() if not math.isnan(day)), key=lambda item: item[1],
        default=("", math.inf),
    )  # fmt: skip
    if limit < last.end:
        return limit, f"L8: ends with {why}", "day", None
    if math.isinf(last.end):
        open_rows = [dose.row for dose in members if math.isinf(dose.end)]
        going = [_cell(records, row, "ongoing") for row in open_rows]
        return math.nan, "", pd.NA, True if any(value is not pd.NA and bool(value) for value in going) else None
    named = "date_end_precision" if not pd.isna(records["date_end"].iloc[last.row]) else "date_start_precision"
    return last.end, "", _cell(records, last.row, named), None


def _end_reason(line: Line, end: float, death: float, records: pd.DataFrame) -> object:
    """Return the recorded reason of the drugs that end the line, if they agree; death where death ends it."""
    given = {
        _cell(records, dose.row, "end_reason") for dose in (*line.doses, *line.carried) if dose.end == end
    } - {pd.NA}  # fmt: skip
    if len(given) == 1:
        return given.pop()
    return "death" if end == death and line.last > death else pd.NA


def _find_intent(line: Line, local: Sequence[Dose]) -> str:
    """Return the intent of a curative line: as recorded, before the first surgery neoadjuvant, else adjuvant."""
    given = [dose.intent for dose in line.doses if dose.intent in ("neoadjuvant", "adjuvant")]
    if given:
        return given[0]
    operations = [dose.start for dose in local if dose.drug.drug_class == "surgery"]
    return "neoadjuvant" if operations and line.start < min(operations) else "adjuvant"


def _background_reason(line: Line) -> list[str]:
    names = sorted({dose.drug.name for dose in line.background})
    return [f"L5: {'+'.join(names)} is background"] if names else []


def _cell(records: pd.DataFrame, row: int, name: str) -> object:
    value = records[name].iloc[row]
    return pd.NA if pd.isna(value) else value
