"""Best change of the sum of target diameters per line: what a waterfall figure shows (DOMAIN 2.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.attribution import attribute_lines
from netgen.clinical.days import canonical, to_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# Columns of the table of sizes, in order, with their meaning; one row per row of the table of responses.
SIZE_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "line_number": "line of treatment",
    "bor": "best overall response in use",
    "baseline_mm": "sum of diameters the line started from, mm",
    "baseline_day": "its day, counted from the start of the line",
    "best_mm": "smallest sum during the line, mm",
    "best_day": "its day, counted from the start of the line",
    "best_change_pct": "100 (best - baseline) / baseline: the largest shrinkage, or the smallest growth",
    "new_lesion": "a new lesion was seen during the line: progression whatever the sum",
    "status": "measured, or why not",
}
SIZE_STATUSES: Final[dict[str, str]] = {
    "measured": "both sums are there",
    "no_baseline": "no sum of diameters on or before the start of the line",
    "baseline_zero": "the sum at the start is 0: no percentage",
    "not_measured": "no sum of diameters during the line",
}


def best_changes(tables: Mapping[str, pd.DataFrame], responses: pd.DataFrame) -> pd.DataFrame:
    """Return the best percentage change of the sum of diameters in each line.

    Parameters
    ----------
    tables
        Canonical tables; ``assessments`` and ``treatments`` are read.
    responses
        From ``best_responses``: who started which line, and until when an assessment counts.

    Returns
    -------
    DataFrame
        ``SIZE_COLUMNS`` in the order of ``responses``.

    Notes
    -----
    1. Baseline: the last sum on or before the start of the line, one marked as baseline before others of that day.
    2. During the line: assessments after the baseline from the start of the line to ``window_end``, that day included,
       unless they are recorded for another line.
    """
    assessments, treatments = canonical(tables, "assessments"), canonical(tables, "treatments")
    rows = assessments.loc[assessments["date"].notna()]
    rows = rows.assign(own_line=attribute_lines(rows, treatments), day=to_days(rows["date"]))
    rows = rows.sort_values(["patient_id", "day", "is_baseline", "sum_diameters_mm"], kind="stable")
    groups = dict(tuple(rows.groupby("patient_id", sort=False)))
    start, end = to_days(responses["date_start"]), to_days(responses["window_end"])
    none = rows.iloc[:0]
    keys = responses[["patient_id", "line_number", "bor"]].to_dict("records")
    records = [
        {**key, **_change(groups.get(key["patient_id"], none), int(key["line_number"]), start[i], end[i])}
        for i, key in enumerate(keys)
    ]
    frame = pd.DataFrame(records, columns=list(SIZE_COLUMNS))
    numbers = ("baseline_mm", "baseline_day", "best_mm", "best_day", "best_change_pct")
    text = ("patient_id", "bor", "status")
    return frame.astype(
        {**dict.fromkeys(numbers, "float64"), **dict.fromkeys(text, "string"), "line_number": "Int64",
         "new_lesion": "boolean"}
    )  # fmt: skip


def _change(rows: pd.DataFrame, line: int, start: float, end: float) -> dict[str, object]:
    """Find the sums of one patient and line; ``rows`` are sorted by day."""
    day, size = rows["day"].to_numpy(dtype=np.float64), rows["sum_diameters_mm"].to_numpy(dtype=np.float64)
    other = (rows["own_line"] != line).to_numpy(dtype=bool, na_value=False)
    marked = rows["is_baseline"].to_numpy(dtype=bool, na_value=False)
    inside = (day >= start) & ~(day > end) & ~other & ~marked
    known = ~np.isnan(size)
    before = np.flatnonzero(known & (day <= start) & (marked | ~inside))
    lesions = rows["new_lesion"].to_numpy(dtype=bool, na_value=False)
    out: dict[str, object] = {"new_lesion": bool((lesions & inside).any())}
    if not len(before):
        return out | {"status": "no_baseline"}
    first = int(before[-1])
    out |= {"baseline_mm": size[first], "baseline_day": day[first] - start}
    during = _smallest(size, np.flatnonzero(known & inside))
    if during is None:
        return out | {"status": "not_measured"}
    out |= {"best_mm": size[during], "best_day": day[during] - start}
    if size[first] == 0:
        return out | {"status": "baseline_zero"}
    return out | {"best_change_pct": 100 * (size[during] - size[first]) / size[first], "status": "measured"}


def _smallest(size: NDArray[np.float64], places: NDArray[np.intp]) -> int | None:
    """First of the places with the smallest size."""
    return int(places[np.argmin(size[places])]) if len(places) else None
