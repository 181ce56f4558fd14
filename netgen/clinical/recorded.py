"""Endpoints that the source gives ready-made (DOMAIN 1.17): taken as given, incomplete rows left out with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen.clinical.days import canonical
from netgen.clinical.rows import row_finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.errors import Finding, Findings


def read_recorded(tables: Mapping[str, pd.DataFrame], ids: pd.Index, name: str, *, findings: Findings) -> pd.DataFrame:
    """Return time, event and entry of a recorded endpoint for every patient.

    A status without a time, a time without a status and a time that is no duration are never completed: the patient is
    left out with the reason.

    Parameters
    ----------
    tables
        Canonical tables; ``recorded_endpoints`` is read.
    ids
        Unique patient ids, the order of the result.
    name
        Name of the endpoint.
    findings
        Receives W_TIME_INVALID for each time that is negative, infinite or not a number.

    Returns
    -------
    DataFrame
        time_days, event (bool), entry_days (NaN = none), reason ("" = usable). Reasons, first that applies:
        ``not_recorded``, ``duplicate_conflict``, ``status_missing``, ``time_missing``, ``time_invalid``.
    """
    table = canonical(tables, "recorded_endpoints")
    rows = table[(table["endpoint"] == name).to_numpy(dtype=bool, na_value=False)]
    rows = rows.drop_duplicates(["patient_id", "time_days", "event", "entry_days"]).reset_index(drop=True)
    twice = rows["patient_id"].duplicated(keep=False).to_numpy()
    at = pd.Index(rows["patient_id"])
    first = np.flatnonzero(~at.duplicated())
    place = np.append(first, -1)[at[first].get_indexer(ids)]
    absent = place < 0
    time = np.append(rows["time_days"].to_numpy(dtype=np.float64), np.nan)
    written = np.append(rows["time_text"].notna().to_numpy(dtype=bool), False)
    invalid = (np.isnan(time) & written) | np.isinf(time) | (time < 0)
    for row in np.flatnonzero(invalid[:-1] & rows["patient_id"].isin(ids).to_numpy(dtype=bool)):
        findings.extend([_invalid_time(rows, int(row), name)])
    event = np.append(rows["event"].to_numpy(dtype=np.float64, na_value=np.nan), np.nan)
    conditions = [absent, np.append(twice, False)[place], np.isnan(event[place])]
    conditions += [(np.isnan(time) & ~written)[place], invalid[place]]
    reasons = ["not_recorded", "duplicate_conflict", "status_missing", "time_missing", "time_invalid"]
    return pd.DataFrame(
        {
            "time_days": time[place],
            "event": event[place] == 1,
            "entry_days": np.append(rows["entry_days"].to_numpy(dtype=np.float64), np.nan)[place],
            "reason": np.select(conditions, reasons, default="").astype(object),
        }
    )


def _invalid_time(rows: pd.DataFrame, row: int, name: str) -> Finding:
    text = rows["time_text"].iloc[row]
    value = rows["time_days"].iloc[row] if pd.isna(text) else text
    return row_finding(
        rows,
        row,
        code="W_TIME_INVALID",
        message=f"The time of {name} must be a number of days, months or years from 0, found {value}.",
        fix="Correct the time; until then the patient is left out of this endpoint.",
        column="time_days",
        value=value,
        rule="V29",
    )
