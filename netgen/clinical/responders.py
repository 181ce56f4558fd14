"""Who responded to a line and when first: what the duration of response starts from (DOMAIN 2.7, unconfirmed rule)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.course import find_assessments, find_course, find_progression
from netgen.clinical.days import Dated, canonical, find_places, pick_first, read_dates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

RESPONSE: Final = ("CR", "PR")


def find_responses(
    tables: Mapping[str, pd.DataFrame], ids: pd.Index, line: int, *, clinical_pd: bool, cutoff: NDArray[np.float64]
) -> tuple[Dated, NDArray[np.bool_]]:
    """Return the first response of every patient to a line, and who responded by the record but without a date.

    Parameters
    ----------
    tables
        Canonical tables; ``treatments`` and ``assessments`` are read.
    ids
        Unique patient ids, the order of the result.
    line
        Line number.
    clinical_pd
        A progression seen only clinically ends the search.
    cutoff
        (n,) day of administrative censoring, +inf where there is none.

    Returns
    -------
    first
        First CR or PR from the start of the line up to the first progression, the next line and the cut-off; NaN for
        who has none.
    undated
        (n,) no assessment of the line, and ``best_response`` is CR or PR.
    """
    treatments, assessments = canonical(tables, "treatments"), canonical(tables, "assessments")
    course = find_course(treatments, ids, line)
    seen, _ = find_assessments(assessments, treatments, ids, line)
    found = find_progression(course, seen, clinical_pd=clinical_pd, beyond_next_line=False, pd_date_from_end=False)
    progressed = found.radiological.filled(found.clinical).filled(found.recorded)
    limit = np.fmin(np.fmin(progressed.day, course.stop.day), cutoff)
    own = seen[(seen["line"] == line).to_numpy(dtype=bool)]
    days, place = own["day"].to_numpy(), own["place"].to_numpy()
    inside = (days >= np.append(course.start.day, np.nan)[place]) & (days <= np.append(limit, np.nan)[place])
    rows = own[inside & own["response"].isin(RESPONSE).to_numpy(dtype=bool)]
    dated = Dated(*(rows[name].to_numpy(dtype=np.float64) for name in ("day", "low", "high")))
    first = dated.at(pick_first(rows["place"].to_numpy(), len(ids), [dated.day]))
    best = treatments[(treatments["line_number"] == line).to_numpy(dtype=bool, na_value=False)]
    best = best[best["best_response"].isin(RESPONSE).to_numpy(dtype=bool, na_value=False)]
    recorded = np.bincount(find_places(ids, best["patient_id"]) + 1, minlength=len(ids) + 1)[1:] > 0
    assessed = np.bincount(place + 1, minlength=len(ids) + 1)[1:] > 0
    return first, recorded & ~assessed & ~np.isnan(course.start.day)


def read_responses(responses: pd.DataFrame, ids: pd.Index, line: int) -> Dated:
    """Return the first responses to a line from a table of best overall responses.

    Parameters
    ----------
    responses
        patient_id, line_number, bor, first_response_date (missing for who did not respond); one row per patient and
        line. Precision companions of the date are used where they exist.
    ids
        Unique patient ids, the order of the result.
    line
        Line number.

    Returns
    -------
    Dated
        NaN for who has no CR or PR with a date.
    """
    wanted = (responses["line_number"] == line) & responses["bor"].isin(RESPONSE)
    rows = responses[wanted.to_numpy(dtype=bool, na_value=False)].reset_index(drop=True)
    if "first_response_date_precision" not in rows.columns:
        rows = rows.assign(first_response_date_precision=pd.Series("day", index=rows.index, dtype="string"))
    dated = read_dates(rows, "first_response_date")
    return dated.at(pick_first(find_places(ids, rows["patient_id"]), len(ids), [dated.day]))
