"""Units of time: what a column name states, and how many days they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.clinical.cells import fold_name

if TYPE_CHECKING:
    from netgen.clinical.cells import Cells
    from netgen.errors import Findings

# Days of one unit (DOMAIN D3); times are rounded to whole days, ties to even as in R and Python.
DAYS_PER: Final[dict[str, float]] = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}
_UNIT_WORDS: Final[dict[str, str]] = {
    **dict.fromkeys(("day", "days"), "days"),
    **dict.fromkeys(("week", "weeks", "wk", "wks"), "weeks"),
    **dict.fromkeys(("month", "months", "mo", "mos", "mth", "mths"), "months"),
    **dict.fromkeys(("year", "years", "yr", "yrs"), "years"),
}


def find_unit(name: str) -> str | None:
    """Return the time unit that a column name states: days, weeks, months or years.

    Parameters
    ----------
    name
        Column name such as ``OS_MONTHS``, ``days_to_death``, ``Overall Survival (Months)``.

    Returns
    -------
    str or None
        None if it states none, or more than one.
    """
    units = {_UNIT_WORDS[word] for word in fold_name(name).split("_") if word in _UNIT_WORDS}
    return units.pop() if len(units) == 1 else None


def decide_unit(cells: Cells, *, unit: str | None, findings: Findings) -> str | None:
    """Return the unit of a time column: the one given, else the one its name states; otherwise ``E_TIME_UNIT``.

    Parameters
    ----------
    cells
        The column.
    unit
        days, weeks, months or years as the user gives it; None = not given.
    findings
        Receives ``E_TIME_UNIT`` if the unit is not known.

    Returns
    -------
    str or None
        None if it is not known: the times cannot be used.
    """
    wanted = unit.strip().casefold() if unit else None
    known = _UNIT_WORDS.get(wanted) if wanted else find_unit(cells.name)
    if known is None:
        found = f"the unit {unit!r}" if unit else "a name that states none"
        findings.add(
            "E_TIME_UNIT",
            f"Need the unit of this time column, found {found}.",
            fix='Name it: unit = "days", "weeks", "months" or "years".',
            file=cells.file,
            column=cells.name,
        )
    return known
