"""Groups of lines of treatment: by a column of the patient, or by the drug class of the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.association.patient_groups import ORDERS, find_groups
from netgen.clinical.attribution import is_palliative
from netgen.clinical.endpoints import Endpoint
from netgen.errors import AnalysisError, Findings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from netgen.cohort import Cohort

CLASS: Final = "regimen_class"


def find_line_groups(cohort: Cohort, lines: pd.DataFrame, name: str) -> tuple[NDArray[np.str_], list[str]]:
    """Return the group of each line.

    Parameters
    ----------
    cohort
        The patients.
    lines
        patient_id and line_number.
    name
        A patient column, ``column:cut,cut`` for a number, or ``regimen_class``.

    Returns
    -------
    labels
        (n,) groups in the order of ``lines``; blank = none.
    order
        Groups that occur, in the order of tables and figures.

    Raises
    ------
    AnalysisError
        E_CONFIG if the name is neither, or has too many groups.
    """
    if name == CLASS:
        labels = _classes(cohort.treatments, lines)
        return labels, sorted({label for label in labels.tolist() if label})
    if name.partition(":")[0] not in cohort.patients.columns:
        raise AnalysisError(
            "E_CONFIG",
            f"groups of response come from a patient column; {name!r} is not one.",
            fix="Use origin, sex or another column; alterations are tested anyway.",
        )
    none = pd.DataFrame()
    clock = Endpoint(name="response", line=None, origin="line", entry_rule="none", table=none, excluded=none)
    groups = find_groups(cohort, name, clock, cohort.study.association, findings=Findings())
    labels = groups.labels.reindex(lines["patient_id"]).fillna("").to_numpy(dtype=str)
    known = [*ORDERS.get(name, ()), *groups.order]
    return labels, [group for group in dict.fromkeys(known) if (labels == group).any()]


def _classes(treatments: pd.DataFrame, lines: pd.DataFrame) -> NDArray[np.str_]:
    """Regimen class of each line; blank where it is not given."""
    rows = treatments.loc[is_palliative(treatments) & treatments[CLASS].notna().to_numpy(dtype=bool)]
    rows = rows.sort_values(["patient_id", "line_number", CLASS], kind="stable")
    rows = rows.drop_duplicates(["patient_id", "line_number"])
    keys = pd.MultiIndex.from_frame(rows[["patient_id", "line_number"]])
    found = pd.Series(rows[CLASS].to_numpy(dtype=object), index=keys, dtype="string")
    wanted = pd.MultiIndex.from_frame(lines[["patient_id", "line_number"]])
    return found.reindex(wanted).fillna("").to_numpy(dtype=str)
