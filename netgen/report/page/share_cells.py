"""Cells for shares of patients: counts, per cent and limits, as the commands print them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from netgen.errors import CODES
from netgen.report.page.association_cells import TO, each, number
from netgen.report.page.markup import join, tag

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from netgen.report.page.markup import Markup

NO_EQUIVALENCE: Final = "W_NO_EQUIVALENCE"


def percent(value: float) -> str:
    """Return a proportion in per cent.

    Parameters
    ----------
    value
        Between 0 and 1; NaN = there is none.

    Returns
    -------
    str
        One decimal, without the sign; "" if there is none.
    """
    return "" if math.isnan(value) else f"{100 * value:.1f}"


def points(value: float) -> str:
    """Return a difference of two proportions in percentage points.

    Parameters
    ----------
    value
        Between -1 and 1; NaN = there is none.

    Returns
    -------
    str
        One decimal, with its sign unless that is nothing; "" if there is none.
    """
    shown = percent(value)
    if not shown or float(shown) == 0:
        return shown.lstrip("-")
    return shown if value < 0 else f"+{shown}"


def decimals(value: float) -> str:
    """Return a mean, a quartile or a statistic.

    Parameters
    ----------
    value
        A number; NaN = there is none.

    Returns
    -------
    str
        Two decimals; "" if there is none.
    """
    return "" if math.isnan(value) else f"{value:.2f}"


def whole(value: float) -> str:
    """Return a number without unneeded decimals, such as a median of counts.

    Parameters
    ----------
    value
        A number; NaN = there is none.

    Returns
    -------
    str
        At most two decimals; "" if there is none.
    """
    return decimals(value).rstrip("0").rstrip(".") if "." in decimals(value) else decimals(value)


def with_limits(rows: pd.DataFrame, value: str, lo: str, hi: str, show: Any = percent) -> pd.Series:  # noqa: ANN401
    """Return estimates with their limits, for example 37.5 (8.5 to 75.5).

    Parameters
    ----------
    rows
        Rows of a result table.
    value, lo, hi
        Its columns.
    show
        Formatter that returns "" for NaN.

    Returns
    -------
    Series
        Text; missing where there is no estimate, without brackets where there is no limit.
    """

    def cell(row: dict[Hashable, Any]) -> str | None:
        middle, low, high = (show(number(row[name])) for name in (value, lo, hi))
        if not middle:
            return None
        return f"{middle} ({low or 'open'}{TO}{high or 'open'})" if low or high else str(middle)

    return each(rows, cell)


def share_with_limits(rows: pd.DataFrame, count: str, n: str, value: str, lo: str, hi: str) -> pd.Series:
    """Return how many of how many, with the per cent and its limits, for example 3/8, 37.5 % (8.5 to 75.5).

    Parameters
    ----------
    rows
        Rows of a result table.
    count, n, value, lo, hi
        Its columns.

    Returns
    -------
    Series
        Text; missing where nobody is counted or a count is missing.
    """

    def cell(row: dict[Hashable, Any]) -> str | None:
        if pd.isna(row[count]) or pd.isna(row[n]) or not row[n]:
            return None
        head = f"{row[count]:.0f}/{row[n]:.0f}"
        share, low, high = (percent(number(row[name])) for name in (value, lo, hi))
        if not share:
            return head
        return f"{head}, {share} % ({low}{TO}{high})" if low and high else f"{head}, {share} %"

    return each(rows, cell)


class Spread(NamedTuple):
    """Groups side by side: the table, its columns with their group, and what each is sorted by."""

    frame: pd.DataFrame
    groups: dict[str, str]
    sort: dict[str, str]


def spread(rows: pd.DataFrame, index: Sequence[str], group: str, cell: str, key: str) -> Spread:
    """Return one column per group where the table has one row per group.

    Parameters
    ----------
    rows
        One row per group and combination of ``index``.
    index
        Columns that stay.
    group
        Column of the groups.
    cell
        Column shown for each group.
    key
        Column it is sorted by.

    Returns
    -------
    Spread
        Rows and groups in the order in which they come; a column has a number for a name, as a group may have any.
        A cell is missing where the group has no such row.
    """
    frame = rows[[*index]].drop_duplicates(ignore_index=True)
    groups, sort = {}, {}
    for place, name in enumerate(dict.fromkeys(rows[group])):
        shown, by = f"group_{place}", f"group_{place}_sort"
        own = rows.loc[rows[group] == name, [*index, cell, key]].rename(columns={cell: shown, key: by})
        frame = frame.merge(own, on=[*index], how="left", validate="one_to_one")
        groups[shown], sort[shown] = str(name), by
    return Spread(frame, groups, sort)


def warnings_with_reading(rows: pd.DataFrame) -> pd.Series:
    """Return the warnings of each row as a list, "no difference was shown" with the interval of the row.

    Parameters
    ----------
    rows
        With ``warnings`` (codes joined by ;) and ``reading``.

    Returns
    -------
    Series
        Markup; empty without a warning.
    """

    def cell(row: dict[Hashable, Any]) -> Markup:
        codes = [] if pd.isna(row["warnings"]) else [code for code in str(row["warnings"]).split(";") if code]
        said = "" if pd.isna(row["reading"]) else str(row["reading"])
        texts = [said if code == NO_EQUIVALENCE and said else CODES.get(code, "") for code in codes]
        items = [tag("li", tag("code", code), f" {text}") for code, text in zip(codes, texts, strict=True)]
        return tag("ul", items, class_="warnings") if items else join([])

    return pd.Series([cell(row) for row in rows.to_dict("records")], index=rows.index, dtype="object")
