"""Groups as they stood on a landmark day: who had responded by then."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.clinical.response import best_responses, is_response
from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from netgen.clinical.endpoints import Endpoint
    from netgen.cohort import Cohort
    from netgen.errors import Findings

RESPONDER: Final = "response"
OTHER: Final = "no response"
NAMES: Final = ("best_response", "bor", "response")


def respond_by(cohort: Cohort, endpoint: Endpoint, landmark: float, *, findings: Findings) -> pd.Series:
    """Return who had responded by the landmark.

    Patients who had not started the line by then are in no group.

    Parameters
    ----------
    cohort
        Treatments and assessments.
    endpoint
        Its origin dates are where the landmark is counted from; its line, or line 1, is what is responded to.
    landmark
        Days from the origin.
    findings
        Collects warnings about assessments.

    Returns
    -------
    Series
        Indexed by ``patient_id``: ``response`` (CR or PR) or ``no response``.

    Raises
    ------
    AnalysisError
        E_CONFIG if the endpoint has no dates, as a recorded one, or there is no assessment: a response that was only
        recorded has no date, and nothing says whether it was there on the landmark day.

    Notes
    -----
    What happened after the landmark is not looked at: assessments and progressions behind it are taken away, and
    responses without a date do not count. Unconfirmed responses, by ``clinical.response``.
    """
    limit = endpoint.table.set_index("patient_id")["origin_date"] + pd.to_timedelta(landmark, unit="D")
    if limit.isna().all() or len(cohort.assessments) == 0:
        raise AnalysisError(
            "E_CONFIG",
            f"responses on a landmark day need dated assessments and an origin; {endpoint.name} has none.",
            fix="Group by a variable that is known at the origin.",
        )
    line = 1 if endpoint.line is None else endpoint.line
    seen = cohort.assessments.loc[_until(cohort.assessments, "date", limit)]
    lines = cohort.treatments.loc[_until(cohort.treatments, "date_start", limit)].reset_index(drop=True)
    lines = lines.assign(best_response=pd.Series(pd.NA, index=lines.index, dtype="string"))
    lines.loc[~_until(lines, "date_progression", limit), "date_progression"] = pd.NaT
    known = dataclasses.replace(cohort, assessments=seen.reset_index(drop=True), treatments=lines)
    found = best_responses(known.clinical(), lines=[line], cutoff=cohort.study.data_cutoff, findings=findings)
    responded = is_response(found.set_index("patient_id")["bor"]).fillna(value=False).astype(bool)
    return responded.map({True: RESPONDER, False: OTHER}).astype("string")


def _until(frame: pd.DataFrame, column: str, limit: pd.Series) -> pd.Series:
    """Tell which rows are dated on or before the limit of their patient."""
    return (frame[column] <= frame["patient_id"].map(limit)).fillna(value=False).astype(bool)
