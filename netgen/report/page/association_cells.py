"""Cells and sentences that the sections about associations share; numbers go through ``netgen.report.summary``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.clinical.endpoint_kinds import title_endpoint
from netgen.report.page.markup import join, tag
from netgen.report.summary import months, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from netgen.association.results import AssociationResult
    from netgen.errors import Finding
    from netgen.report.page.markup import Markup

TO: Final = " to "
ZERO: Final = 1e-12  # differences below this are those of rounding
FEW_ORIGINS: Final = (2, 3)  # estimable origins, from and to, for which LOW_POWER is said (DOMAIN 3.8)


def name_endpoint(name: str, origin_time: str = "") -> str:
    """Return the heading of an endpoint.

    Parameters
    ----------
    name
        As in the tables, for example os.
    origin_time
        Where its clock starts, as in the tables.

    Returns
    -------
    str
        Its abbreviation and its name in words.
    """
    kind = name.partition(":")[0]
    words = title_endpoint(kind, origin=origin_time, name=name)
    return words if words == name else f"{name.upper()}: {words}"


def sentence(text: str) -> str:
    """Return a text that begins with a capital letter and ends with a full stop.

    Parameters
    ----------
    text
        One sentence, or several.

    Returns
    -------
    str
        The same words.
    """
    clean = stop(text)
    return clean[:1].upper() + clean[1:]


def stop(text: str) -> str:
    """Return a text that ends with a full stop.

    Parameters
    ----------
    text
        One sentence, or several.

    Returns
    -------
    str
        The same words, without blanks around them.
    """
    clean = text.strip()
    return clean if clean.endswith((".", "!", "?")) else f"{clean}."


def paragraph(*texts: str, class_: str | None = None) -> Markup:
    """Return one paragraph of several sentences.

    Parameters
    ----------
    *texts
        Sentences; empty ones are left out.
    class_
        Class of the paragraph.

    Returns
    -------
    Markup
        A ``p``.
    """
    return tag("p", join([text for text in texts if text], " "), class_=class_)


def bullets(texts: Iterable[str]) -> Markup | None:
    """Return a list of sentences.

    Parameters
    ----------
    texts
        Sentences.

    Returns
    -------
    Markup or None
        A ``ul``; None without any.
    """
    items = [tag("li", text) for text in texts]
    return tag("ul", items) if items else None


def fold(summary: str, *children: Markup | None) -> Markup | None:
    """Return what a reader opens when it is wanted.

    Parameters
    ----------
    summary
        What is inside.
    *children
        The inside; None is left out.

    Returns
    -------
    Markup or None
        A ``details``; None if nothing is inside.
    """
    inside = [child for child in children if child]
    return tag("details", tag("summary", summary), inside) if inside else None


def warn(items: Iterable[tuple[str, str]]) -> Markup | None:
    """Return warnings as a list: code and sentence.

    Parameters
    ----------
    items
        Code and message of each.

    Returns
    -------
    Markup or None
        A ``ul``; None without warnings.
    """
    rows = [tag("li", tag("strong", code), " ", stop(message)) for code, message in items]
    return tag("ul", rows, class_="warnings") if rows else None


def endpoint_findings(result: AssociationResult, endpoint: str) -> list[Finding]:
    """Return the warnings about a whole endpoint.

    Parameters
    ----------
    result
        A finished run.
    endpoint
        Name of the endpoint; the messages about it begin with it.

    Returns
    -------
    list of Finding
        In the order in which they were met.
    """
    heads = (f"{endpoint}: ", f"{endpoint} from ")
    return [item for item in result.findings.of("W") if item.message.startswith(heads)]


def each(rows: pd.DataFrame, cell: Callable[[dict[Hashable, Any]], str | None]) -> pd.Series:
    """Return a column of text, one cell per row.

    Parameters
    ----------
    rows
        Rows of a result table.
    cell
        Makes the text from a row; None = nothing to show.

    Returns
    -------
    Series
        "string", on the index of the rows.
    """
    return pd.Series([cell(row) for row in rows.to_dict("records")], index=rows.index, dtype="string")


def without_blank(frame: pd.DataFrame, column: str) -> tuple[pd.DataFrame, str | None]:
    """Return a table without a column of text that says nothing in any row, and the name of the column if it stays.

    Parameters
    ----------
    frame
        The table.
    column
        The column, such as ``warnings``.

    Returns
    -------
    tuple
        The table, and the name or None.
    """
    if frame[column].fillna("").eq("").all():
        return frame.drop(columns=column), None
    return frame, column


def share(rows: pd.DataFrame, part: str, whole: str) -> pd.Series:
    """Return counts of counts as text, for example 5/34.

    Parameters
    ----------
    rows
        Rows of a result table.
    part, whole
        Its columns.

    Returns
    -------
    Series
        Text; missing where a count is.
    """
    return each(
        rows, lambda row: None if pd.isna(row[part]) or pd.isna(row[whole]) else f"{row[part]:.0f}/{row[whole]:.0f}"
    )


def interval(
    rows: pd.DataFrame, value: str, lo: str, hi: str, show: Callable[[float], str] = ratio
) -> pd.Series:  # fmt: skip
    """Return estimates with their limits as text, for example 6.61 (1.90 to 22.98).

    Parameters
    ----------
    rows
        Rows of a result table.
    value, lo, hi
        Its columns.
    show
        Formatter; it says what a missing limit means (``open``, ``NR``).

    Returns
    -------
    Series
        Text; missing where there is no estimate, without brackets where there is no limit at all.
    """

    def cell(row: dict[Hashable, Any]) -> str | None:
        if pd.isna(row[value]):
            return None
        if pd.isna(row[lo]) and pd.isna(row[hi]) and show is not ratio:
            return show(float(row[value]))
        return f"{show(float(row[value]))} ({show(number(row[lo]))}{TO}{show(number(row[hi]))})"

    return each(rows, cell)


def median(rows: pd.DataFrame, value: str, curve: str) -> pd.Series:
    """Return medians with their limits in months as text.

    Parameters
    ----------
    rows
        Rows of a result table with the columns ``value``, ``value_lo`` and ``value_hi``, days.
    value
        Column of the medians; NaN = not reached.
    curve
        Column that is missing where there is no curve to read a median off.

    Returns
    -------
    Series
        Text with NR for what is not reached; missing without a curve.
    """

    def cell(row: dict[Hashable, Any]) -> str | None:
        if pd.isna(row[curve]):
            return None
        lo, hi = (months(number(row[f"{value}_{side}"])) for side in ("lo", "hi"))
        return f"{months(number(row[value]))} ({lo}{TO}{hi})"

    return each(rows, cell)


def plain_months(days: float) -> str:
    """Return a time as months where there is one.

    Parameters
    ----------
    days
        Days; NaN = there is none.

    Returns
    -------
    str
        As ``summary.months``; "" instead of NR, for this is no median.
    """
    return "" if math.isnan(days) else months(days)


def value_text(value: float) -> str:
    """Return a value that is no hazard ratio with the digits of one.

    Parameters
    ----------
    value
        Any number; NaN = there is none.

    Returns
    -------
    str
        As ``summary.ratio``; "" instead of ``open``. The sign of a negative number is kept.
    """
    if math.isnan(value):
        return ""
    if abs(value) < ZERO:
        return "0"
    return f"-{ratio(-value)}" if value < 0 else ratio(value)


def number(value: object) -> float:
    """Return a cell as a number.

    Parameters
    ----------
    value
        A number, or a missing value of any type.

    Returns
    -------
    float
        NaN if it is missing.
    """
    return float("nan") if pd.isna(value) else float(value)  # type: ignore[call-overload,arg-type]  # one cell
