"""Patients by origin, in the order of tables and figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen.association.analysis_set import UNKNOWN
from netgen.association.patient_groups import ORDERS

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Origins:
    """Patients by origin: names in order, and the code of each patient."""

    names: tuple[str, ...]
    code: NDArray[np.intp]

    def count(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Patients per origin among those of a mask."""
        return np.bincount(self.code[mask], minlength=len(self.names)).astype(np.int64)


def group_origins(patients: pd.DataFrame, by: str, ids: pd.Index) -> Origins:
    """Return the origin of each patient.

    Parameters
    ----------
    patients
        Indexed by ``patient_id``.
    by
        A column of it; a missing value is the origin ``unknown``.
    ids
        Patients, in the order wanted.

    Returns
    -------
    Origins
        Known origins in their usual order, others alphabetically, ``unknown`` last.

    Raises
    ------
    ValueError
        If there is no such column.
    """
    if by not in patients:
        raise ValueError(f"patients has no column {by!r}; found {', '.join(map(str, patients.columns))}.")
    label = patients[by].astype("string").reindex(ids).fillna(UNKNOWN)
    present = set(label)
    usual = [name for name in ORDERS.get(by, ()) if name in present]
    rest = sorted(present.difference(usual, [UNKNOWN]))
    names = (*usual, *rest, *([UNKNOWN] if UNKNOWN in present else []))
    return Origins(names=names, code=pd.Index(names).get_indexer(pd.Index(label)))
