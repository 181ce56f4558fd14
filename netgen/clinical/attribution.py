"""Which line an assessment belongs to, and which of several on one date counts (DOMAIN 1.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.days import find_places, to_days

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Of two assessments on one date the worse counts; one that says nothing never outweighs one that says something.
_WORSE: Final[dict[str, int]] = {"ND": 0, "NE": 1, "CR": 2, "PR": 3, "SD": 4, "NON_CR_NON_PD": 5, "PD": 6}


def is_palliative(treatments: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which lines count as palliative: intent palliative or blank.

    Parameters
    ----------
    treatments
        Canonical ``treatments``.

    Returns
    -------
    array
        (n,) bool.
    """
    mask = treatments["intent"].isna() | (treatments["intent"] == "palliative")
    return mask.to_numpy(dtype=bool, na_value=False)


def is_clinical(assessments: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which assessments rest on clinical judgement: modality clinical, or a clinician's word without imaging.

    Parameters
    ----------
    assessments
        Canonical ``assessments``.

    Returns
    -------
    array
        (n,) bool.
    """
    judged = (assessments["criteria"] == "clinician") & assessments["modality"].isna()
    return ((assessments["modality"] == "clinical") | judged).to_numpy(dtype=bool, na_value=False)


def attribute_lines(assessments: pd.DataFrame, treatments: pd.DataFrame) -> pd.Series:
    """Return the palliative line each assessment belongs to (Int64, same index), missing if it belongs to none.

    A recorded line number stands. Without one it is the line with the latest start before the date; such a date is
    never after the start of the next line. An assessment on the first day of a line belongs to the line before.

    Parameters
    ----------
    assessments
        Canonical ``assessments``.
    treatments
        Canonical ``treatments``; only palliative lines with a start are used.

    Returns
    -------
    Series
        Line numbers.
    """
    complete = (treatments["date_start"].notna() & treatments["line_number"].notna()).to_numpy(dtype=bool)
    lines = treatments[is_palliative(treatments) & complete]
    derived = pd.Series(pd.NA, index=assessments.index, dtype="Int64")
    if not len(lines):
        return assessments["line_number"].fillna(derived)
    ids = pd.Index(lines["patient_id"].unique())
    number = lines["line_number"].to_numpy(dtype=np.int64)
    owner, start = find_places(ids, lines["patient_id"]), to_days(lines["date_start"])
    order = np.lexsort((number, start, owner))
    place, day = find_places(ids, assessments["patient_id"]), to_days(assessments["date"])
    at = np.searchsorted(_sort_key(owner, start)[order], _sort_key(place, day), side="left") - 1
    found = (at >= 0) & (place >= 0) & ~np.isnan(day) & (owner[order][at] == place)
    derived[found] = number[order][at[found]]
    return assessments["line_number"].fillna(derived)


def _sort_key(place: NDArray[np.intp], day: NDArray[np.float64]) -> NDArray[np.int64]:
    """One integer that orders by patient, then day; a missing day comes first."""
    return place.astype(np.int64) * 10_000_000 + np.nan_to_num(day, nan=-4_000_000).astype(np.int64)


def resolve_same_day(assessments: pd.DataFrame) -> pd.DataFrame:
    """Return one assessment per patient, line and date, sorted by them.

    Where several share a date, RECIST 1.1 wins over other criteria; among equal criteria the worse response wins (PD,
    then NON_CR_NON_PD, SD, PR, CR), and an evaluable response wins over NE and ND. Of equal ones imaging wins over a
    clinical judgement.

    Parameters
    ----------
    assessments
        Canonical ``assessments``, lines attributed.

    Returns
    -------
    DataFrame
        The winning rows, index kept.
    """
    keys = pd.DataFrame(
        {
            "patient_id": assessments["patient_id"],
            "line_number": assessments["line_number"],
            "date": assessments["date"],
            "other": (assessments["criteria"] != "RECIST1.1").fillna(value=True).astype(bool),
            "better": -assessments["overall_response"].map(_WORSE).astype("float64").fillna(-1.0),
            "clinical": is_clinical(assessments),
        }
    )
    keys = keys.sort_values(list(keys.columns), kind="stable")
    first = ~keys.duplicated(["patient_id", "line_number", "date"])
    return assessments.loc[keys.index[first.to_numpy()]]
