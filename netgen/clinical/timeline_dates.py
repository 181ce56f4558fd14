"""Day offsets of timelines on the clock of each patient, and what they say of follow-up and specimens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.days import to_dates, to_days
from netgen.clinical.rows import counted

if TYPE_CHECKING:
    from netgen.errors import Findings

_DATES: Final = tuple(column.name for column in schema.PATIENTS.columns if column.kind == "date")
_SAMPLE_DATES: Final[dict[str, str]] = {"specimen": "date_collection", "sequencing": "date_sequencing_report"}


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Day 0 of every patient as a day number: 0 for offsets, the diagnosis where dates are calendar dates.

    ``mixed`` are patients with calendar dates but without a diagnosis, whose offsets cannot be placed.
    """

    zero: dict[str, float]
    offset: frozenset[str]
    mixed: frozenset[str]

    def place(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table of offsets with its dates on the clock of each patient; those that cannot be placed go."""
        out = table.drop(columns="time_base", errors="ignore")
        shift = out["patient_id"].map(self.zero).astype("float64").to_numpy()
        for name in [name for name in out.columns if pd.api.types.is_datetime64_any_dtype(out[name])]:
            out[name] = to_dates(to_days(out[name]) + shift)
        return out[~out["patient_id"].isin(list(self.mixed))].reset_index(drop=True)

    def day(self, known: pd.DataFrame) -> pd.Series:
        """Return the day numbers of dated events."""
        return known["day"].astype("float64") + known["patient_id"].map(self.zero).astype("float64")


def read_clock(patients: pd.DataFrame) -> Clock:
    """Return the day 0 of every patient.

    Parameters
    ----------
    patients
        Canonical ``patients``.

    Returns
    -------
    Clock
        Patients without any date have offsets.
    """
    dated = patients[list(_DATES)].notna().any(axis=1).to_numpy(dtype=bool)
    calendar = dated & (patients["time_base"] != "offset").to_numpy(dtype=bool, na_value=True)
    diagnosis = to_days(patients["date_diagnosis"])
    ids = patients["patient_id"]
    return Clock(
        zero=dict(zip(ids, np.where(calendar, diagnosis, 0.0), strict=True)),
        offset=frozenset(ids[~calendar].dropna()),
        mixed=frozenset(ids[calendar & np.isnan(diagnosis)].dropna()),
    )


def follow_up(patients: pd.DataFrame, known: pd.DataFrame, clock: Clock, *, findings: Findings) -> pd.DataFrame:
    """Return the patients with deaths, diagnoses, advanced disease and last contact of the timelines.

    Parameters
    ----------
    patients
        Canonical ``patients``.
    known
        Dated events: patient_id, day (offset), meaning.
    clock
        Day 0 of each patient.
    findings
        Receives ``E_TIME_MIXED`` for patients whose offsets cannot be placed, and ``W_FOLLOW_UP_INFERRED``.

    Returns
    -------
    DataFrame
        What was known stays; ``time_base`` of patients with offsets is offset. The last contact of a patient without
        one is the day of death, else the last event.
    """
    _tell_mixed(known, clock, findings)
    events = known[known["patient_id"].isin(list(clock.offset))]
    out = patients.copy()
    out["time_base"] = out["time_base"].mask(out["patient_id"].isin(events["patient_id"].unique()), "offset")
    ids = out["patient_id"]
    mine = ids.isin(list(clock.offset)).to_numpy(dtype=bool, na_value=False)
    for meaning, column in (("death", "date_death"), ("diagnosis", "date_diagnosis"), ("advanced", "date_advanced")):
        _fill(out, column, ids.map(events[events["meaning"] == meaning].groupby("patient_id")["day"].min()))
    dead = out["date_death"].notna() & out["vital_status"].isna() & mine
    out["vital_status"] = out["vital_status"].mask(dead, "dead")
    living = events[~events["meaning"].isin(["death", "sequencing", "lab"])]
    last = ids.map(living.groupby("patient_id")["day"].max())
    death = pd.Series(to_days(out["date_death"]), index=out.index)
    inferred = out["date_last_contact"].isna() & last.notna() & death.isna() & mine
    _fill(out, "date_last_contact", death.where(mine).fillna(last))
    seen = ids.map(events[events["meaning"] == "contact"].groupby("patient_id")["day"].max())
    inferred &= (seen < last).fillna(value=True) | seen.isna()
    if inferred.any():
        findings.add(
            "W_FOLLOW_UP_INFERRED",
            f"The last contact of {counted(int(inferred.sum()))} is the last event of the timelines: follow-up may have"
            " gone on.",
            fix="Give the last follow-up as an event of type STATUS.",
        )
    return out


def _tell_mixed(events: pd.DataFrame, clock: Clock, findings: Findings) -> None:
    for name in sorted(set(events["patient_id"]) & clock.mixed):
        first = events[events["patient_id"] == name].iloc[0]
        findings.add(
            "E_TIME_MIXED",
            f"Need dates or day offsets, found both for {name}.",
            fix="Give the date of diagnosis, from which the offsets are counted.",
            file=str(first["file"]),
            row=int(first["row"]),
            value=name,
            patient_id=name,
        )


def _fill(frame: pd.DataFrame, column: str, days: pd.Series) -> None:
    """Write days where a date column is blank."""
    blank = frame[column].isna() & days.notna()
    found = pd.Series(to_dates(days.to_numpy(dtype=np.float64, na_value=np.nan)), index=frame.index)
    frame[column] = frame[column].mask(blank, found)
    frame[f"{column}_precision"] = frame[f"{column}_precision"].mask(blank, "day")


def set_sample_dates(samples: pd.DataFrame, known: pd.DataFrame, clock: Clock, *, findings: Findings) -> pd.DataFrame:
    """Return the samples with the days of SPECIMEN and SEQUENCING events: collection and report.

    Parameters
    ----------
    samples
        Canonical ``samples``.
    known
        Dated events: patient_id, day (offset), meaning, sample_id.
    clock
        Day 0 of each patient.
    findings
        Receives ``W_PATIENT_UNLINKED`` for samples that the sample file does not have.

    Returns
    -------
    DataFrame
        Dates that were known stay; of several events of one sample the first counts.
    """
    events = known[known["sample_id"].notna()]
    events = events[events["meaning"].isin(list(_SAMPLE_DATES))]
    out = samples.copy()
    if not len(events):
        return out
    lost = sorted(set(events["sample_id"]) - set(samples["sample_id"]))
    if lost:
        findings.add(
            "W_PATIENT_UNLINKED",
            f"{counted(len(lost), 'sample')} of the timelines not in the sample file: {', '.join(lost[:5])}"
            f"{' ...' * (len(lost) > 5)}.",
            fix="Add them, or correct the names.",
            column="SAMPLE_ID",
        )
    days = clock.day(events)
    for meaning, column in _SAMPLE_DATES.items():
        rows = events["meaning"] == meaning
        _fill(out, column, out["sample_id"].map(days[rows].groupby(events.loc[rows, "sample_id"]).min()))
    return out
