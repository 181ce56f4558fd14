"""Timelines of a cBioPortal study folder: what happened to a patient, in days from a day 0 (DOMAIN 1.17).

TREATMENT, SURGERY and radiotherapy become ``drugs``, STATUS assessments and follow-up, IMAGING ``imaging``, LAB_TEST
``biomarkers``, SPECIMEN and SEQUENCING dates of samples. Day 0 is what the study chose, usually the diagnosis. For a
patient without dates it stays an offset: days after 1970-01-01 with ``time_base = "offset"``, which outputs write as
days, never as dates. For a patient whose diagnosis has a calendar date, offsets are counted from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.cells import flag_words, fold, vocabulary
from netgen.clinical.files import as_raw_table
from netgen.clinical.regimens import DrugBook, load_drugs
from netgen.clinical.rows import counted
from netgen.clinical.table_parser import ParseOptions, parse_table
from netgen.clinical.timeline_dates import Clock, follow_up, read_clock, set_sample_dates
from netgen.clinical.timeline_events import name_treatment, read_events, status_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgen.clinical.files import RawTable
    from netgen.errors import Findings

_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_THERAPIES: Final = ("treatment", "surgery", "radiation")


@dataclass(frozen=True, kw_only=True)
class Timelines:
    """What the timelines of a folder give.

    Attributes
    ----------
    drugs, assessments, imaging, biomarkers
        Tables of the schema.
    patients, samples
        The tables given, with what the timelines say of follow-up and of specimens.
    unread
        EVENT_TYPE -> events passed over.
    files
        File and number of events read.
    """

    drugs: pd.DataFrame
    assessments: pd.DataFrame
    imaging: pd.DataFrame
    biomarkers: pd.DataFrame
    patients: pd.DataFrame
    samples: pd.DataFrame
    unread: dict[str, int]
    files: tuple[tuple[Path, int], ...]


def find_timeline_files(folder: Path) -> list[Path]:
    """Return the timeline files of a study folder, sorted by name.

    Parameters
    ----------
    folder
        Study folder.

    Returns
    -------
    list of Path
        Those of meta files with datatype TIMELINE, and ``data_timeline*.txt``; a file that a meta file names and that
        does not exist is reported where the other files of the folder are read.
    """
    found = set(folder.glob("data_timeline*.txt"))
    for meta in sorted(folder.glob("meta_*.txt")):
        pairs = _read_meta(meta)
        if pairs.get("genetic_alteration_type") == "CLINICAL" and pairs.get("datatype") == "TIMELINE":
            found.add(folder / pairs.get("data_filename", ""))
    return sorted(path for path in found if path.is_file())


def _read_meta(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines) if value}


def read_timelines(
    folder: Path,
    *,
    patients: pd.DataFrame,
    samples: pd.DataFrame,
    paths: Sequence[Path] | None = None,
    book: DrugBook | None = None,
    findings: Findings,
) -> Timelines:
    """Return the tables that the timelines of a folder make.

    Parameters
    ----------
    folder
        Study folder; without timelines the tables are empty.
    patients, samples
        Canonical tables of the folder.
    paths
        Its timeline files, if they are known already; None = look for them.
    book
        The drug dictionary; None = the bundled one.
    findings
        Receives what cannot be read, with file and line; types of events that are not read, unknown statuses and
        procedures, events without day or patient, with counts.

    Returns
    -------
    Timelines
        Empty files give empty tables.
    """
    book = book or load_drugs()
    clock = read_clock(patients)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in ("drugs", "assessments", "imaging", "biomarkers")}
    dates: list[pd.DataFrame] = []
    unread: dict[str, int] = {}
    files = []
    for path in find_timeline_files(folder) if paths is None else sorted(paths):
        events, ignored = read_events(path, patients=set(patients["patient_id"].dropna()), findings=findings)
        unread = {name: unread.get(name, 0) + ignored.get(name, 0) for name in {**unread, **ignored}}
        if events is None:
            continue
        files.append((path, len(events.frame)))
        made, known = _make_tables(events, book, clock, findings)
        dates.append(known)
        for name, frame in made.items():
            parts[name].append(frame)
    filled = [part for part in dates if len(part)]
    known = pd.concat(filled, ignore_index=True) if filled else _no_dates()
    tables = {name: _stack(frames, schema.TABLES[name]) for name, frames in parts.items()}
    return Timelines(
        **tables,
        patients=follow_up(patients, known, clock, findings=findings),
        samples=set_sample_dates(samples, known, clock, findings=findings),
        unread=dict(sorted(unread.items())),
        files=tuple(files),
    )


def _no_dates() -> pd.DataFrame:
    kinds = {"patient_id": "string", "sample_id": "string", "row": "Int64", "day": "float64", "meaning": "string"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in (kinds | {"file": "string"}).items()})


def _stack(frames: list[pd.DataFrame], table: schema.Table) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return schema.empty(table)
    date = "date_start" if "date_start" in table.names else "date"
    frame = schema.conform(pd.concat(filled, ignore_index=True), table)
    return frame.sort_values(["patient_id", date, "file", "row"], kind="stable", ignore_index=True)


def _make_tables(
    events: RawTable, book: DrugBook, clock: Clock, findings: Findings
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the tables of one file, and its dated events: patient_id, day, meaning, sample_id, file, row."""
    frame = events.frame.assign(row=events.rows.to_numpy())
    wanted = {
        "drugs": _drugs(frame, book),
        "assessments": _assessments(frame, events.file, findings),
        "imaging": _imaging(frame, events.file, findings),
        "biomarkers": _biomarkers(frame),
    }
    tables = {}
    for name, part in wanted.items():
        if not len(part):
            continue
        raw = as_raw_table(part.drop(columns="row"), file=events.file, rows=part["row"])
        mapping = {column: column for column in part.columns if column not in ("patient_id", "row")}
        parsed = parse_table(
            raw, schema.TABLES[name], mapping=mapping, options=ParseOptions(foreign=True), findings=findings
        )
        tables[name] = clock.place(parsed.table)
    return tables, _dates(frame, events.file)


def _drugs(frame: pd.DataFrame, book: DrugBook) -> pd.DataFrame:
    """Treatments, operations and radiotherapy; a biopsy is a diagnostic procedure."""
    rows = frame[frame["kind"].isin(_THERAPIES) & ~_is_biopsy(frame)]
    cells = ({str(name): str(cell) for name, cell in row.items()} for row in rows.fillna("").to_dict("records"))
    names = [name_treatment(row, book) or None for row in cells]
    classes = vocabulary("regimen_class")
    given = rows["subtype"].map(lambda word: classes.get(fold(word), pd.NA), na_action="ignore")
    out = pd.DataFrame({
        "patient_id": rows["patient_id"],
        "drug": pd.Series(names, index=rows.index, dtype="string"),
        "drug_class": given.astype("string"),
        "date_start_day": rows["start_date"],
        "date_end_day": rows["stop_date"],
        "ongoing": rows["ongoing"],
        "intent": rows["intent"],
        "end_reason": rows["reason_for_termination"],
        "row": rows["row"],
    })  # fmt: skip
    return out[out["drug"].notna()]


def _is_biopsy(frame: pd.DataFrame) -> pd.Series:
    found = pd.Series(data=False, index=frame.index)
    for name in ("event_type_detailed", "surgery_details", "procedure", "subtype"):
        found |= flag_words(frame[name], lambda word: "biopsy" in word.casefold())
    return (frame["kind"] == "surgery").astype(bool) & found


def _assessments(frame: pd.DataFrame, file: str, findings: Findings) -> pd.DataFrame:
    rows = frame[frame["kind"] == "status"]
    words = status_words()
    meant = [words.get(fold(word), ("", "", "")) if pd.notna(word) else ("", "", "") for word in rows["status"]]
    unknown = rows[np.array([not meaning for meaning, _, _ in meant], dtype=bool)]
    _tell_words(unknown["status"], unknown["row"], "status", file, findings)
    out = pd.DataFrame({
        "patient_id": rows["patient_id"],
        "date_day": rows["start_date"],
        "overall_response": pd.Series([response for _, response, _ in meant], index=rows.index, dtype="string"),
        "criteria": pd.Series([criteria or None for *_, criteria in meant], index=rows.index, dtype="string"),
        "row": rows["row"],
    })  # fmt: skip
    return out[out["overall_response"] != ""]


def _imaging(frame: pd.DataFrame, file: str, findings: Findings) -> pd.DataFrame:
    biopsy = (frame["kind"] == "biopsy") | _is_biopsy(frame)
    rows = frame[(frame["kind"] == "imaging") | biopsy]
    text = rows["diagnostic_type"].fillna(rows["subtype"]).mask(biopsy[rows.index], "biopsy")
    words, ours = vocabulary("modality"), schema.IMAGING.column("modality").values
    found = text.map(lambda word: words.get(fold(word), pd.NA), na_action="ignore").astype("string")
    known = found.isin(ours).to_numpy(dtype=bool, na_value=False)
    _tell_words(text[~known], rows["row"][~known], "procedure", file, findings)
    out = pd.DataFrame({
        "patient_id": rows["patient_id"],
        "date_day": rows["start_date"],
        "modality": found,
        "tracer": rows["tracer"],
        "result": rows["result"].where(flag_words(rows["result"], lambda word: fold(word) in vocabulary("result"))),
        "result_text": rows["result"],
        "row": rows["row"],
    })  # fmt: skip
    return out[known]


def _biomarkers(frame: pd.DataFrame) -> pd.DataFrame:
    rows = frame[(frame["kind"] == "lab") & frame["test"].notna()]
    number = pd.Series(flag_words(rows["result"], lambda word: bool(_NUMBER.fullmatch(word))), index=rows.index)
    return pd.DataFrame({
        "patient_id": rows["patient_id"],
        "biomarker": rows["test"],
        "value": rows["result"].where(number),
        "result": rows["result"].mask(number),
        "unit": rows["unit"],
        "date_day": rows["start_date"],
        "row": rows["row"],
    })  # fmt: skip


def _dates(frame: pd.DataFrame, file: str) -> pd.DataFrame:
    """Return every dated event with what it says about the patient or a sample; last days count as events, too."""
    words = status_words()
    status = frame["status"].map(lambda word: words.get(fold(word), ("", "", ""))[0], na_action="ignore")
    meaning = status.where(frame["kind"] == "status", frame["kind"]).fillna("event")
    days = [pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
            for name in ("start_date", "stop_date")]  # fmt: skip
    twice = pd.concat([frame[["patient_id", "sample_id", "row"]]] * 2, ignore_index=True)
    meanings = [*meaning, *["event"] * len(frame)]
    out = twice.assign(day=np.concatenate(days), meaning=pd.array(meanings, dtype="string"), file=file)
    return out[out["day"].notna()].reset_index(drop=True)


def _tell_words(words: pd.Series, lines: pd.Series, what: str, file: str, findings: Findings) -> None:
    """Report each distinct unknown word once, with its number and first line."""
    text = words.fillna("(blank)")
    for word in sorted(text.unique()):
        same = (text == word).to_numpy(dtype=bool)
        findings.add(
            "W_VALUE",
            f"{counted(int(same.sum()), 'event')} with the {what} {word!r} not read.",
            fix=f"It is none of the {what} words we know.",
            file=file,
            row=int(lines[same].iloc[0]),
            value=word,
        )
