"""Small tables and columns of text for the tests of the clinical readers."""

from __future__ import annotations

import pandas as pd

from netgen.clinical.cells import Cells
from netgen.clinical.files import RawTable, as_raw_table


def cells(*texts: str | None, name: str = "column", decimal_comma: bool = False) -> Cells:
    """Return a column whose first value stands on line 2 of ``file.csv``."""
    text = pd.Series(list(texts), dtype="string")
    rows = pd.Series(range(2, len(text) + 2), dtype="Int64")
    return Cells(text=text, rows=rows, name=name, file="file.csv", decimal_comma=decimal_comma)


def raw_table(**columns: list[str | None]) -> RawTable:
    """Return a table of text whose first row stands on line 2 of ``file.csv``."""
    return as_raw_table(pd.DataFrame(columns, dtype="string"), file="file.csv")


def values(series: pd.Series) -> list[object]:
    """Return the values of a column, None for missing."""
    return [None if pd.isna(value) else value for value in series]
