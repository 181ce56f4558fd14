"""Best responses from a column of the patient table, for studies that record the response and not how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.cells import NULLS, fold, fold_name, vocabulary
from netgen.clinical.response import BEST_RESPONSE_COLUMNS
from netgen.clinical.response_rules import RESPONSE
from netgen.clinical.rows import counted, warn_once
from netgen.errors import AnalysisError
from netgen.schema import RESPONSES

if TYPE_CHECKING:
    from netgen.errors import Findings

MOST_SHOWN: Final = 5


def read_response_column(
    patients: pd.DataFrame, column: str, *, findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return recorded best responses as if they were to line 1.

    A blank cell is no patient of the denominator: nothing says that a treatment was begun. ``NE`` and ``not evaluable``
    are responses of patients who were treated.

    Parameters
    ----------
    patients
        The patient table.
    column
        Its column, in upper or lower case: CR, PR, SD, NON_CR_NON_PD, PD, NE, or words for them (``value_map.yaml``,
        best_response).
    findings
        Receives W_VALUE with the words that cannot be read.

    Returns
    -------
    responses
        ``BEST_RESPONSE_COLUMNS``, source ``recorded``, sorted by patient; no dates.
    left_out
        patient_id, reason: ``response_missing`` or ``response_unreadable``.

    Raises
    ------
    AnalysisError
        E_CONFIG if there is no such column, or none of its words is a response.
    """
    column = _find_column(patients, column)
    rows = patients.drop_duplicates("patient_id").sort_values("patient_id", kind="stable").reset_index(drop=True)
    words = rows[column].astype("string").str.strip().fillna("")
    known = {fold(value): value for value in RESPONSES} | {
        word: value for word, value in vocabulary("best_response").items() if value in RESPONSES
    }
    bor = words.map(lambda word: known.get(fold(word), ""))
    bor = bor.where(bor != "ND", "")  # not done: as good as blank
    blank = words.map(lambda word: word == "" or word.casefold() in NULLS or known.get(fold(word)) == "ND")
    strange = (bor == "") & ~blank
    _tell(words[strange], column, findings)
    if not (bor != "").any():
        raise AnalysisError(
            "E_CONFIG", f"no cell of {column!r} is a response.", fix=f"Write {', '.join(RESPONSES)} in it."
        )
    reason = pd.Series(np.where(strange, "response_unreadable", "response_missing"), index=rows.index)
    left_out = pd.DataFrame({"patient_id": rows["patient_id"], "reason": reason}).loc[bor == ""].astype("string")
    return _frame(rows.loc[bor != "", "patient_id"], bor[bor != ""]), left_out.reset_index(drop=True)


def name_response_columns(patients: pd.DataFrame) -> list[str]:
    """Return the columns of the patient table that look like a best response by their name.

    Parameters
    ----------
    patients
        The patient table.

    Returns
    -------
    list of str
        In the order of the table.
    """
    names = [(str(name), fold_name(str(name))) for name in patients.columns]
    return [name for name, folded in names if "response" in folded or "bor" in folded.split("_")]


def _find_column(patients: pd.DataFrame, column: str) -> str:
    """Return the name as the table has it."""
    if column in patients.columns:
        return column
    wanted = [str(name) for name in patients.columns if fold_name(str(name)) == fold_name(column)]
    if len(wanted) == 1:
        return wanted[0]
    near = name_response_columns(patients)
    raise AnalysisError(
        "E_CONFIG",
        f"best responses are read from a patient column; {column!r} is not one.",
        fix=f"Use {' or '.join(near)}." if near else "Name a column of the patient table.",
    )


def _frame(patient_id: pd.Series, bor: pd.Series) -> pd.DataFrame:
    n = len(bor)
    frame = pd.DataFrame({"patient_id": patient_id.to_numpy(), "bor": bor.to_numpy()}, dtype="string")
    for name in ("bor_unconfirmed", "bor_confirmed", "bor_recorded"):
        frame[name] = frame["bor"]
    for name in ("date_start", "first_response_date", "date_progression", "window_end"):
        frame[name] = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[ns]")
    frame = frame.assign(
        line_number=pd.array([1] * n, dtype="Int64"), n_assessments=pd.array([0] * n, dtype="Int64"),
        source=pd.array(["recorded"] * n, dtype="string"), window_end_reason=pd.array(["open"] * n, dtype="string"),
    )  # fmt: skip
    frame["flags"] = pd.array(np.where(frame["bor"].isin(RESPONSE), "confirmation_unknown", ""), dtype="string")
    return frame[list(BEST_RESPONSE_COLUMNS)]


def _tell(words: pd.Series, column: str, findings: Findings) -> None:
    if len(words):
        shown = sorted(set(words))
        more = f" and {len(shown) - MOST_SHOWN} more" if len(shown) > MOST_SHOWN else ""
        warn_once(
            findings,
            "W_VALUE",
            f"{column}: {counted(len(words))} with a word that is no response, left out: "
            + ", ".join(shown[:MOST_SHOWN]) + f"{more}.",
            fix=f"Write one of {', '.join(RESPONSES)}.",
        )  # fmt: skip
