"""Withholding small counts before a table is shared (DESIGN 8, ``--small-cell-mask``).

A count of 1 to 4 may single out a patient. It is printed as "<5", and further counts of the same variable are withheld
until no withheld one follows from the others by addition. What this does not do: a withheld count can still be narrowed
down to a range; variables that tell the same in two ways, and several tables of the same patients (other groupings, an
earlier data cut-off), are not looked at together; and statistics of at least five patients (medians, means) are shown
as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.association.describe_results import ALL, HEADER, MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

SMALL: Final = "small"
COMPLEMENTARY: Final = "complementary"
WITHHELD: Final = "withheld"  # printed instead of a count that is not small
LIMITS: Final = (
    "Withheld counts do not follow from the others of the same variable by addition; they can still be narrowed down "
    "to a range, and several tables of the same patients may give them away together."
)
_STATISTICS: Final = ("percent", "median", "q1", "q3", "mean", "sd", "min", "max", "median_lo", "median_hi")


def withhold(counts: NDArray[np.int64], below: int, *, total: bool) -> NDArray[np.str_]:
    """Return which counts of a block are withheld, and why.

    The sum of every column is taken as known, and with a total column the rows add up to it.

    Parameters
    ----------
    counts
        (levels, groups) counts; with ``total`` the last column is the sum of the others.
    below
        Counts from 1 to ``below`` - 1 are small.
    total
        Whether the last column is the total.

    Returns
    -------
    NDArray[np.str_]
        The same shape: ``small``, ``complementary`` or blank.

    Notes
    -----
    A withheld count can be computed from the others exactly if its cell is a bridge of the graph whose nodes are the
    rows and columns and whose edges are the withheld cells (without a total: if it is alone in its column). While
    there is such a cell, a positive count in its column or row is withheld, too: first one whose row and column both
    have a withheld count, then the smallest. Zeros are shown.
    """
    out = np.where((counts > 0) & (counts < below), SMALL, "").astype(f"U{len(COMPLEMENTARY)}")
    while True:
        exposed = [cell for cell in np.argwhere(out != "").tolist() if _follows(out, cell, total=total)]
        free = (counts > 0) & (out == "")
        beside = [cell for item in exposed for cell in _beside(free, item, total=total)]
        beside = beside or (np.argwhere(free).tolist() if exposed else [])
        if not beside:
            return out
        hidden = out != ""
        lines = hidden.any(axis=1)[:, None] * int(total) + hidden.any(axis=0)[None, :]
        row, column = min(beside, key=lambda cell: (-lines[cell[0], cell[1]], counts[cell[0], cell[1]], cell))
        out[row, column] = COMPLEMENTARY


def _beside(free: NDArray[np.bool_], cell: list[int], *, total: bool) -> list[list[int]]:
    """Cells that may be withheld beside another: in its column and, with a total, in its row."""
    row, column = cell
    own = [[row, j] for j in np.flatnonzero(free[row]).tolist()] if total else []
    return [*([i, column] for i in np.flatnonzero(free[:, column]).tolist()), *own]


def _follows(withheld: NDArray[np.str_], cell: list[int], *, total: bool) -> bool:
    """Tell whether a withheld count can be computed from the others."""
    hidden = withheld != ""
    row, column = cell
    if not total:
        return bool(hidden[:, column].sum() == 1)
    rest = hidden.copy()
    rest[row, column] = False
    seen_rows, seen_columns = np.zeros(rest.shape[0], dtype=bool), np.zeros(rest.shape[1], dtype=bool)
    seen_rows[row] = True
    while True:  # grow what is connected with the row
        columns = seen_columns | rest[seen_rows].any(axis=0)
        rows = seen_rows | rest[:, columns].any(axis=1)
        if (columns == seen_columns).all() and (rows == seen_rows).all():
            return not bool(columns[column])
        seen_rows, seen_columns = rows, columns


def mask_table(table: pd.DataFrame, below: int) -> pd.DataFrame:
    """Return a table of characteristics without small counts.

    Parameters
    ----------
    table
        ``TABLE1_COLUMNS`` of one grouping.
    below
        Counts from 1 to ``below`` - 1 are withheld.

    Returns
    -------
    DataFrame
        The same rows; ``masked`` says which were changed. A withheld count is missing, and so are all percentages and
        denominators that would give it away, and the difference and p of its variable. Smallest and largest values are
        never shown. A group that is small itself is withheld as a whole, and with it the column of everybody.
    """
    out = table.copy()
    sizes = out.loc[out["variable"] == HEADER].set_index("group")["n"]
    groups = [str(group) for group in sizes.index if group != ALL]
    gone = [group for group in groups if 0 < sizes[group] < below]
    gone = [*gone, ALL] if gone or sizes[ALL] < below else []
    for name, rows in out.groupby("variable", sort=False):
        if name != HEADER:
            _mask_variable(out, rows, below, [group for group in (*groups, ALL) if group not in gone])
    for group in gone:
        mark = SMALL if sizes[group] < below else COMPLEMENTARY
        _withhold_rows(out, out.index[out["group"] == group], mark, below)
    return out


def _mask_variable(out: pd.DataFrame, rows: pd.DataFrame, below: int, groups: list[str]) -> None:
    """Withhold what must be of one variable, in place."""
    if not groups:
        return
    kind = str(rows["kind"].iloc[0])
    index: list[int] = rows.index.tolist()
    where = {
        (str(level), str(group)): place for level, group, place in zip(rows["level"], rows["group"], index, strict=True)
    }
    levels = [level for level in dict.fromkeys(level for level, _ in where) if level != MISSING]
    n, denominator = (dict(zip(where, rows[name].tolist(), strict=True)) for name in ("n", "denominator"))
    known = np.array([denominator[levels[0], group] for group in groups])
    gone = np.array([n.get((MISSING, group), 0) for group in groups])
    total = len(groups) > 1 and groups[-1] == ALL
    if kind == "category":
        counts = np.array([[*(n[level, group] for level in levels), n.get((MISSING, group), 0)] for group in groups]).T
        marks = withhold(counts, below, total=total)
    else:
        marks = withhold(np.array([known, gone]), below, total=total)
    hidden_missing = dict(zip(groups, marks[-1] != "", strict=True))
    for j, group in enumerate(groups):
        if (MISSING, group) in where and marks[-1, j]:
            _withhold_rows(out, [where[MISSING, group]], marks[-1, j], below)
        for i, level in enumerate(levels):
            place = where[level, group]
            if kind == "category" and marks[i, j]:
                _withhold_rows(out, [place], marks[i, j], below)
            elif kind != "category" and marks[0, j]:
                _withhold_number(out, place, str(marks[0, j]), below)
            elif hidden_missing[group]:
                _withhold_share(out, place)
    if kind == "multiple":
        _mask_levels(out, where, levels, groups, below)
    _clear_comparison(out, rows)


def _mask_levels(
    out: pd.DataFrame, where: dict[tuple[str, str], int], levels: list[str], groups: list[str], below: int
) -> None:
    """Levels that do not add up: having and not having one are the two counts of a block of their own."""
    for level in levels:
        places = [where[level, group] for group in groups]
        if out.loc[places, "masked"].ne("").any():
            _withhold_rows(out, places, COMPLEMENTARY, below)
            continue
        having = out.loc[places, "n"].to_numpy(dtype=np.int64)
        known = out.loc[places, "denominator"].fillna(out.loc[places, "n"]).to_numpy(dtype=np.int64)
        marks = withhold(np.array([having, known - having]), below, total=len(groups) > 1 and groups[-1] == ALL)
        for place, own, mark in zip(places, having, (marks != "").any(axis=0), strict=True):
            if mark:
                _withhold_rows(out, [place], SMALL if 0 < own < below else COMPLEMENTARY, below)


def _withhold_rows(out: pd.DataFrame, places: Iterable[int], mark: str, below: int) -> None:
    """Replace counts and everything that follows from them."""
    where = list(places)
    out.loc[where, ["n", "denominator"]] = pd.NA
    out.loc[where, list(_STATISTICS)] = np.nan
    out.loc[where, "masked"] = mark
    out.loc[where, "text"] = f"<{below}" if mark == SMALL else WITHHELD


def _withhold_number(out: pd.DataFrame, place: int, mark: str, below: int) -> None:
    """Statistics of few values go with their count; of many, only the count goes."""
    if mark == SMALL:
        _withhold_rows(out, [place], mark, below)
    else:
        out.loc[place, ["n", "denominator"]] = pd.NA
        out.loc[place, "masked"] = mark


def _withhold_share(out: pd.DataFrame, place: int) -> None:
    """Keep the count, but not the denominator that tells how many are missing."""
    out.loc[place, "denominator"] = pd.NA
    out.loc[place, "percent"] = np.nan
    out.loc[place, "text"] = str(out.loc[place, "text"]).partition(" (")[0]


def _clear_comparison(out: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Leave out the difference and p of a variable with withheld counts, and all smallest and largest values."""
    if out.loc[rows.index, "masked"].ne("").any():
        out.loc[rows.index, ["smd", "p"]] = np.nan
        out.loc[rows.index, ["smd_pair", "p_method"]] = ""
    ranges = rows.index[(rows["level"] == "range") & (rows["kind"] == "number")]
    out.loc[ranges, ["min", "max"]] = np.nan
    out.loc[ranges, "text"] = WITHHELD


def mask_missingness(missingness: pd.DataFrame, table: pd.DataFrame, below: int) -> pd.DataFrame:
    """Return the missingness table without small counts, in keeping with a masked table of the same patients.

    Parameters
    ----------
    missingness
        ``MISSINGNESS_COLUMNS``.
    table
        From ``mask_table``.
    below
        Counts from 1 to ``below`` - 1 are withheld.

    Returns
    -------
    DataFrame
        The same rows. Counts of unknown values are never shown; what the table withholds of a variable is withheld.
    """
    out = missingness.assign(n_unknown=pd.array([pd.NA] * len(missingness), dtype="Int64"))
    sizes = table.loc[table["variable"] == HEADER].set_index("group")["n"]
    for name, rows in out.groupby("variable", sort=False):
        own = table.loc[(table["variable"] == name) & (table["level"] == MISSING)].set_index("group")["masked"]
        shown = [group for group in rows["group"] if pd.notna(sizes[group])]
        if len(own):
            marks = own
        else:
            gone = rows.set_index("group").loc[shown, "n_missing"].to_numpy(dtype=np.int64)
            size = sizes[shown].to_numpy(dtype=np.int64)
            found = withhold(np.array([size - gone, gone]), below, total=len(shown) > 1 and shown[-1] == ALL)
            marks = pd.Series(found[1], index=shown, dtype="string")
        outside = ~rows["group"].isin(shown).to_numpy(dtype=bool)
        told = marks.reindex(rows["group"]).fillna("").to_numpy(dtype=str)
        out.loc[rows.index, "masked"] = np.where(outside, SMALL, told)
    hidden = out["masked"] != ""
    out.loc[hidden, "n_missing"] = pd.NA
    out.loc[hidden, "percent"] = np.nan
    out.loc[~out["group"].isin([group for group in sizes.index if pd.notna(sizes[group])]), "n_group"] = pd.NA
    return out


def round_down(n: int, below: int) -> str:
    """Return a count that adds up to nothing: rounded down to a multiple, or "<5".

    Parameters
    ----------
    n
        A count.
    below
        The multiple, and the bound of small counts.

    Returns
    -------
    str
        For flow diagrams, where every number is a difference of two others.
    """
    if n == 0:
        return "0"
    return f"<{below}" if n < below else f"{n - n % below}+" if n % below else str(n)
