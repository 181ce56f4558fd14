"""A column parsed by its declaration in the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.clinical.units import DAYS_PER
from netgen.clinical.values import (
    parse_booleans,
    parse_categories,
    parse_fractions,
    parse_integers,
    parse_lists,
    parse_numbers,
    parse_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from netgen.clinical.cells import Cells
    from netgen.errors import Findings
    from netgen.schema import Column


def parse_by_kind(
    cells: Cells, *, column: Column, findings: Findings, code: str, units: Mapping[str, str]
) -> pd.Series:
    """Return a column parsed by its declaration: number, whole number, truth value, list, category or text.

    Dates, statuses and Ki-67 have parsers of their own.

    Parameters
    ----------
    cells
        The column.
    column
        Its declaration.
    findings
        Receives what cannot be read.
    code
        ``E_VALUE`` or ``W_VALUE``.
    units
        Our column name -> unit that the source uses, where it is not ours.

    Returns
    -------
    pandas.Series
        Of the type of the declaration.
    """
    if column.unit == "fraction":
        return parse_fractions(cells, findings=findings, unit=units.get(column.name), code=code)
    if column.kind == "float":
        values = parse_numbers(cells, findings=findings, code=code, percent=column.unit == "%")
        unit = units.get(column.name, column.unit)
        return values * DAYS_PER[unit] / DAYS_PER["years"] if column.unit == "years" and unit in DAYS_PER else values
    if column.kind in {"int", "bool"}:
        integer = column.kind == "int"
        return (
            parse_integers(cells, findings=findings, code=code)
            if integer
            else parse_booleans(cells, column=column.name, findings=findings, code=code)
        )
    if column.values:
        return parse_categories(cells, column=column, findings=findings, code=code)
    if column.kind == "list":
        return parse_lists(cells, column=column.name)
    return parse_text(cells, column=column.name)
