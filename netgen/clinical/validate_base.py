"""What every cross-table rule needs: the tables of one cohort, dates of the patient beside each row, and findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.days import Dated, canonical, day_of, find_places, read_dates
from netgen.clinical.rows import row_finding, show_day, sort_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from numpy.typing import NDArray

    from netgen.errors import Finding

CLINICAL_TABLES: Final = (
    "patients", "samples", "treatments", "assessments", "imaging", "biomarkers", "recorded_endpoints",
)  # fmt: skip
ALL_DATES: Final[tuple[tuple[str, str], ...]] = (
    ("patients", "birth_date"),
    ("patients", "date_diagnosis"),
    ("patients", "date_advanced"),
    ("patients", "date_last_contact"),
    ("patients", "date_death"),
    ("patients", "date_data_cutoff"),
    ("samples", "date_collection"),
    ("samples", "date_sequencing_report"),
    ("treatments", "date_start"),
    ("treatments", "date_end"),
    ("treatments", "date_progression"),
    ("assessments", "date"),
    ("imaging", "date"),
    ("biomarkers", "date"),
)
REPORTS: Final = (("samples", "date_sequencing_report"), ("biomarkers", "date"))  # may come after death or cut-off


@dataclass(frozen=True, kw_only=True)
class Clinical:
    """The clinical tables of a cohort, ready to be checked.

    Attributes
    ----------
    tables
        Canonical clinical tables by name; absent ones are empty.
    unique
        Patients, one row per id (the first).
    today
        Day number of the run.
    data_cutoff
        Cut-off of the study or None.
    """

    tables: dict[str, pd.DataFrame]
    unique: pd.DataFrame
    today: float
    data_cutoff: date | None

    @property
    def patients(self) -> pd.DataFrame:
        """The table of patients as given, with repeated ids."""
        return self.tables["patients"]

    @property
    def recorded(self) -> pd.Series:
        """Patients whose overall survival the source records, with or without dates."""
        table = self.tables["recorded_endpoints"]
        ids: pd.Series = table.loc[(table["endpoint"] == "os").fillna(value=False), "patient_id"]
        return ids

    @property
    def ids(self) -> pd.Index:
        """Unique patient ids."""
        ids: pd.Index = pd.Index(self.unique["patient_id"])
        return ids


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One cross-table rule: its number in DOMAIN 1.16, severity, text, and the function that finds violations."""

    id: str
    severity: str
    text: str
    check: Callable[[Clinical], list[Finding]]


def gather(tables: Mapping[str, pd.DataFrame], *, today: date, data_cutoff: date | None) -> Clinical:
    """Return the clinical tables of a cohort with what the rules look up.

    Parameters
    ----------
    tables
        Canonical tables.
    today
        Date of the run.
    data_cutoff
        Cut-off of the study.

    Returns
    -------
    Clinical
        Absent tables are empty.
    """
    used = {name: canonical(tables, name) for name in CLINICAL_TABLES}
    unique = used["patients"].drop_duplicates("patient_id").reset_index(drop=True)
    return Clinical(tables=used, unique=unique, today=day_of(today), data_cutoff=data_cutoff)


def patient_dates(data: Clinical, frame: pd.DataFrame, column: str) -> Dated:
    """Return a date of the patient beside each row of any table.

    Parameters
    ----------
    data
        The cohort.
    frame
        Any table with ``patient_id``.
    column
        Column of ``patients``.

    Returns
    -------
    Dated
        (n,) dates, none for an unknown patient.
    """
    return read_dates(data.unique, column).at(find_places(data.ids, frame["patient_id"]))


def patient_values(data: Clinical, frame: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of the patient beside each row of any table.

    Parameters
    ----------
    data
        The cohort.
    frame
        Any table with ``patient_id``.
    column
        Column of ``patients``.

    Returns
    -------
    Series
        (n,) values, missing for an unknown patient.
    """
    values = data.unique.set_index("patient_id")[column]
    return values.reindex(pd.Index(frame["patient_id"])).reset_index(drop=True)


def is_offset(data: Clinical, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows belong to a patient whose dates are day offsets.

    Parameters
    ----------
    data
        The cohort.
    frame
        Any table with ``patient_id``.

    Returns
    -------
    array
        (n,) bool.
    """
    return (patient_values(data, frame, "time_base") == "offset").to_numpy(dtype=bool, na_value=False)


def certainly_before(first: Dated, second: Dated) -> NDArray[np.bool_]:
    """Return where the first date lies before the second however the partial ones are read; a missing date never.

    Parameters
    ----------
    first
        (n,) dates.
    second
        (n,) dates.

    Returns
    -------
    array
        (n,) bool.
    """
    before: NDArray[np.bool_] = first.high < second.low
    return before


def find_rows(
    data: Clinical,
    name: str,
    mask: NDArray[np.bool_],
    *,
    code: str,
    rule: str,
    column: str,
    message: str,
    fix: str,
    facts: Mapping[str, NDArray[np.float64] | NDArray[np.object_]] | None = None,
    rows: pd.DataFrame | None = None,
) -> list[Finding]:
    """Return a finding for every masked row of a table.

    Parameters
    ----------
    data
        The cohort.
    name
        Table.
    mask
        (n,) rows that violate the rule.
    code, rule, column
        Parts of the finding.
    message
        Text; ``{value}`` is the cell and ``{name}`` a fact; day numbers are shown as dates.
    fix
        What to do.
    facts
        Name -> day number, or text, of each row.
    rows
        The rows, if not those of the table itself.

    Returns
    -------
    list of Finding
        Sorted by patient, place in the file, and text, whatever the order of rows.
    """
    frame = data.tables[name] if rows is None else rows
    places = np.flatnonzero(mask)
    if not len(places):
        return []
    offset = is_offset(data, frame)
    out = []
    for place in places:
        value = _show(frame, column, int(place), offset=bool(offset[place]))
        shown = {key: _show_fact(fact[place], offset=bool(offset[place])) for key, fact in (facts or {}).items()}
        text = message.format(value=value, **shown)
        out.append(
            row_finding(frame, int(place), code=code, message=text, fix=fix, column=column, value=value, rule=rule)
        )
    return sort_findings(out)


def _show_fact(fact: object, *, offset: bool) -> str:
    return show_day(fact, offset=offset) if isinstance(fact, float) else str(fact)


def _show(frame: pd.DataFrame, column: str, place: int, *, offset: bool) -> str:
    """Text of a cell; dates at the precision they are known to."""
    if column not in frame.columns or pd.isna(frame[column].iloc[place]):
        return ""
    cell = frame[column].iloc[place]
    if isinstance(cell, pd.Timestamp):
        day = float((cell - pd.Timestamp(0)).days)
        return show_day(day, precision=frame[f"{column}_precision"].iloc[place], offset=offset)
    return f"{cell:g}" if isinstance(cell, float) else str(cell)
