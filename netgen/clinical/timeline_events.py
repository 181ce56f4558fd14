"""Events of a cBioPortal timeline file, row by row: what kind each is, and its cells under our names."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.cells import drop_nulls, fold, fold_name, vocabulary
from netgen.clinical.columns import report_missing
from netgen.clinical.files import RawTable, keep_rows, read_text_table
from netgen.clinical.regimens import DrugBook, find_drugs
from netgen.clinical.rows import counted
from netgen.data import load_table

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from netgen.errors import Findings

# Folded EVENT_TYPE -> what we make of it; any other type is counted and passed over.
EVENT_KINDS: Final[dict[str, str]] = {
    "treatment": "treatment", "treatments": "treatment", "surgery": "surgery", "surgeries": "surgery",
    "radiation": "radiation", "radiation therapy": "radiation", "radiotherapy": "radiation",
    "status": "status", "follow up": "status", "imaging": "imaging", "diagnostic": "imaging", "diagnostics": "imaging",
    "radiology": "imaging", "biopsy": "biopsy", "lab test": "lab", "labtest": "lab", "lab": "lab", "lab tests": "lab",
    "specimen": "specimen", "sample acquisition": "specimen", "sequencing": "sequencing",
}  # fmt: skip
REQUIRED: Final = ("PATIENT_ID", "START_DATE", "EVENT_TYPE")
_TEXT_COLUMNS: Final = (
    "treatment_type", "subtype", "agent", "status", "diagnostic_type", "result", "test", "unit", "sample_id",
    "event_type_detailed", "surgery_details", "procedure", "tracer", "reason_for_termination", "stop_date", "ongoing",
    "intent",
)  # fmt: skip


def read_events(path: Path, *, patients: Collection[str], findings: Findings) -> tuple[RawTable | None, dict[str, int]]:
    """Return the usable events of a file and how many of each type were passed over.

    Parameters
    ----------
    path
        A timeline file.
    patients
        Known patients.
    findings
        Receives ``E_COLUMN_MISSING``, ``I_ROWS_IGNORED`` with the number of each type that is not read,
        ``W_EVENT_UNDATED`` and ``W_PATIENT_UNLINKED`` with counts.

    Returns
    -------
    tuple
        A table of patient_id, start_date, event_type, kind and the columns of events in lower case, nulls missing; None
        if the file lacks a column. The type of event -> rows passed over.
    """
    raw = read_text_table(path, findings=findings)
    homes = {fold_name(str(name)): str(name) for name in reversed(list(raw.frame.columns))}
    missing = [name for name in REQUIRED if fold_name(name) not in homes]
    for name in missing:
        report_missing(raw, name, findings, why="A timeline needs it.")
    if missing:
        return None, {}
    names = [*(fold_name(name) for name in REQUIRED), *_TEXT_COLUMNS]
    empty = pd.Series(pd.NA, index=raw.frame.index, dtype="string")
    frame = pd.DataFrame({name: drop_nulls(raw.frame[homes[name]]) if name in homes else empty for name in names})
    frame["kind"] = frame["event_type"].map(lambda word: EVENT_KINDS.get(fold(word), ""), na_action="ignore")
    frame["kind"] = frame["kind"].astype("string").fillna("")
    events = replace(raw, frame=frame)
    return _usable(events, patients, findings), _count_unread(events, findings)


def _count_unread(events: RawTable, findings: Findings) -> dict[str, int]:
    """Count rows of types that we do not read."""
    unread = events.frame.loc[events.frame["kind"] == "", "event_type"].fillna("(blank)")
    counts = {str(name): int(n) for name, n in sorted(unread.value_counts().items())}
    for name, n in counts.items():
        findings.add(
            "I_ROWS_IGNORED",
            f"{counted(n, 'event')} of type {name} not read.",
            file=events.file,
            column="EVENT_TYPE",
            value=name,
        )
    return counts


def _usable(events: RawTable, patients: Collection[str], findings: Findings) -> RawTable:
    """Leave out events of unread types, of nobody and of no date; count the latter two."""
    frame = events.frame
    known = (frame["kind"] != "").to_numpy(dtype=bool)
    linked = frame["patient_id"].isin(list(patients)).to_numpy(dtype=bool, na_value=False)
    dated = frame["start_date"].notna().to_numpy(dtype=bool)
    for code, bad, text, fix in (
        ("W_PATIENT_UNLINKED", known & ~linked, "of patients that the patient file does not have", "Add the patients."),
        ("W_EVENT_UNDATED", known & linked & ~dated, "without START_DATE", "Give the day."),
    ):
        if bad.any():
            first = int(np.flatnonzero(bad)[0])
            findings.add(
                code,
                f"{counted(int(bad.sum()), 'event')} {text} left out.",
                fix=fix,
                file=events.file,
                row=int(events.rows.iloc[first]),
                column="PATIENT_ID" if code == "W_PATIENT_UNLINKED" else "START_DATE",
            )
    return keep_rows(events, known & linked & dated)


def name_treatment(row: dict[str, str], book: DrugBook) -> str:
    """Return what a treatment event names: its agent, else its subtype or type; radiotherapy and surgery by their type.

    Parameters
    ----------
    row
        Cells of the event, blank = "".
    book
        The drug dictionary.

    Returns
    -------
    str
        Text for the column ``drug``; blank if the event names nothing.
    """
    if row["kind"] in ("surgery", "radiation"):
        return {"surgery": "surgery", "radiation": "radiotherapy"}[row["kind"]]
    kind, agent = fold(row["treatment_type"]), row["agent"]
    for word, name in (("radiation", "radiotherapy"), ("radiotherapy", "radiotherapy"), ("surgery", "surgery")):
        if word in kind and not (agent and find_drugs(agent, book)[0]):
            return name
    return agent or row["subtype"] or row["treatment_type"]


@cache
def status_words() -> dict[str, tuple[str, str, str]]:
    """Return what a status means: folded word -> meaning, response, criteria.

    Returns
    -------
    dict
        Not to be changed.
    """
    words = {word: ("assessment", value, "") for word, value in vocabulary("overall_response").items()}
    table = load_table("timeline_status.tsv")
    rows = table.itertuples(index=False, name=None)
    return words | {fold(word): (meaning, response, criteria) for word, meaning, response, criteria in rows}
