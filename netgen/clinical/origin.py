"""Time origins (DOMAIN 2.0): the day from which an endpoint counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from netgen.clinical.course import find_course
from netgen.clinical.days import Dated, canonical, exact, read_dates, to_days
from netgen.clinical.entry import find_sequencing
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class Origin(NamedTuple):
    """Origin of n patients, the reason of those without one, and which are known only to the year or were derived."""

    dated: Dated
    reason: str
    year_only: NDArray[np.bool_]
    from_diagnosis: NDArray[np.bool_]


def find_origin(tables: Mapping[str, pd.DataFrame], patients: pd.DataFrame, origin: str, line: int | None) -> Origin:
    """Return the time origin of every patient.

    Parameters
    ----------
    tables
        Canonical tables.
    patients
        Canonical ``patients``, unique ids; the order of the result.
    origin
        dx, advanced, line:k, sequencing (first report of a tumour sample) or ``column:NAME``, a date column of
        ``patients``; the prefix may be left out.
    line
        k of ``line:k``, else None.

    Returns
    -------
    Origin
        NaN where the patient has none. Advanced disease defaults to the diagnosis where metastases were synchronous;
        ``year_only`` marks diagnoses known only to the year.

    Raises
    ------
    AnalysisError
        E_CONFIG if ``origin`` names no date column.
    """
    ids, none = pd.Index(patients["patient_id"]), np.zeros(len(patients), dtype=bool)
    if line is not None:
        return Origin(find_course(canonical(tables, "treatments"), ids, line).start, "line_not_started", none, none)
    if origin == "sequencing":
        nowhere = np.full(len(ids), np.nan)
        return Origin(
            find_sequencing(canonical(tables, "samples"), ids, nowhere).report, "report_date_missing", none, none
        )
    if origin == "dx":
        year = (patients["date_diagnosis_precision"] == "year").to_numpy(dtype=bool, na_value=False)
        return Origin(read_dates(patients, "date_diagnosis"), "date_diagnosis_missing", year, none)
    if origin == "advanced":
        dated, filled = find_advanced(patients)
        return Origin(dated, "date_advanced_missing", none, filled)
    column = origin.removeprefix("column:")
    return Origin(read_date_column(patients, column, setting="origin"), f"{column}_missing", none, none)


def find_advanced(patients: pd.DataFrame) -> tuple[Dated, NDArray[np.bool_]]:
    """Return the date of advanced disease, and where it was taken from a diagnosis with synchronous metastases.

    Parameters
    ----------
    patients
        Canonical ``patients``.

    Returns
    -------
    tuple
        The dates, and where they are those of the diagnosis.
    """
    advanced, diagnosis = read_dates(patients, "date_advanced"), read_dates(patients, "date_diagnosis")
    synchronous = patients["synchronous_metastases"].fillna(value=False).to_numpy(dtype=bool)
    filled = synchronous & np.isnan(advanced.day) & ~np.isnan(diagnosis.day)
    return advanced.filled(diagnosis.only(filled)), filled


def read_date_column(patients: pd.DataFrame, column: str, *, setting: str) -> Dated:
    """Return any date column of ``patients`` that a setting names.

    Parameters
    ----------
    patients
        Canonical ``patients`` with its extra columns.
    column
        Name of the column.
    setting
        Name of the setting, for the message.

    Returns
    -------
    Dated
        Known to the day if the column has no precision companion.

    Raises
    ------
    AnalysisError
        E_CONFIG if there is no such column or it holds no dates.
    """
    dates = [str(name) for name in patients.columns if pd.api.types.is_datetime64_any_dtype(patients[name])]
    if column not in dates:
        raise AnalysisError(
            "E_CONFIG",
            f"{setting} must name a date column of patients, found {column!r}.",
            fix=f"Date columns are: {', '.join(dates)}.",
        )
    if f"{column}_precision" in patients.columns:
        return read_dates(patients, column)
    return exact(to_days(patients[column]))
