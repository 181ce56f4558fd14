"""Lines of treatment as a table to edit and to read again as ``treatments``."""

from __future__ import annotations

from typing import Final

import pandas as pd

from netgen import schema
from netgen.clinical.dates import date_text

_PLACE: Final = ("file", "row", "time_base")
_DATES: Final = tuple(column.name for column in schema.TREATMENTS.columns if column.kind == "date")


def export_lines(treatments: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    """Return lines of treatment as they are written to a file: what ``treatments`` of a study reads back unchanged.

    Parameters
    ----------
    treatments
        Canonical ``treatments``, derived or given, with further columns such as ``derivation_reason``.
    patients
        Canonical ``patients``: whose dates are day offsets.

    Returns
    -------
    DataFrame
        Dates as ISO text of their precision; day offsets in columns ``<date>_day``, whole numbers. Columns without
        content are left out, and so are ``file`` and ``row``, which mean the source and not the new file.

    Notes
    -----
    Edit lines, keep palliative lines numbered 1, 2, 3 ... and name the file as ``treatments`` of the source in place of
    ``drugs``: lines are then as given. Witness: ``tests/sources/test_drugs_table.py``, same endpoints.
    """
    frame = schema.conform(treatments, schema.TREATMENTS)
    ids = patients.loc[(patients["time_base"] == "offset").fillna(value=False), "patient_id"]
    offset = frame["patient_id"].isin(ids).to_numpy(dtype=bool, na_value=False)
    out: dict[str, pd.Series] = {}
    for name in map(str, frame.columns):
        if name in _PLACE or (name.removesuffix("_precision") in _DATES and name not in _DATES):
            continue
        if name in _DATES:
            text = date_text(frame[name], frame[f"{name}_precision"])
            days = date_text(frame[name], frame[f"{name}_precision"], offset=True)
            out[name], out[f"{name}_day"] = text.mask(offset), days.where(offset).astype("Int64")
        else:
            out[name] = frame[name]
    table = pd.DataFrame(out)
    keep = [name for name in table.columns if table[name].notna().any() or name in ("patient_id", "line_number")]
    return table[keep].sort_values(["patient_id", "line_number"], kind="stable", ignore_index=True)
