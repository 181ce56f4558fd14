"""Dates as day numbers: exact arithmetic, missing as NaN, and the interval a partial date may stand for.

A day number counts days from 1970-01-01, so the offsets of a de-identified data set are day numbers already. A date
known to the month or the year carries its whole month or year as interval; a step that narrows the interval by the
other dates of the patient (``clamp``) writes it to the companions ``<name>_earliest`` and ``<name>_latest``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from netgen.clinical.dates import date_bounds
from netgen.schema import TABLES, conform, empty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray


class Dated(NamedTuple):
    """Dates of n rows as day numbers: the day in use and the earliest and latest it may stand for; NaN = no date."""

    day: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def at(self, rows: NDArray[np.intp]) -> Dated:
        """Return the dates of the given rows; -1 gives no date."""
        none = rows < 0
        if len(self.day) == 0:
            return Dated(*(np.full(len(rows), np.nan) for _ in self))
        return Dated(*(np.where(none, np.nan, part[rows]) for part in self))

    def only(self, mask: NDArray[np.bool_]) -> Dated:
        """Return the dates where ``mask`` holds and no date elsewhere."""
        return Dated(*(np.where(mask, part, np.nan) for part in self))

    def filled(self, other: Dated) -> Dated:
        """Return the dates with those of ``other`` where there is none."""
        gap = np.isnan(self.day)
        return Dated(*(np.where(gap, theirs, own) for own, theirs in zip(self, other, strict=True)))


def exact(day: NDArray[np.float64]) -> Dated:
    """Return day numbers that are known to the day.

    Parameters
    ----------
    day
        (n,) day numbers.

    Returns
    -------
    Dated
        All three parts are the same.
    """
    return Dated(day, day, day)


def not_before(dated: Dated, start: Dated) -> Dated:
    """Return the dates, those before a start moved to it.

    Parameters
    ----------
    dated
        (n,) dates.
    start
        (n,) earliest dates; NaN = no limit.

    Returns
    -------
    Dated
        (n,) dates.
    """
    moved = zip(dated, start, strict=True)
    return Dated(*(np.where(part < earliest, earliest, part) for part, earliest in moved))


def to_days(dates: pd.Series) -> NDArray[np.float64]:
    """Return day numbers since 1970-01-01; NaT gives NaN.

    Parameters
    ----------
    dates
        datetime64[ns] at midnight.

    Returns
    -------
    array
        (n,) float64.
    """
    values = dates.to_numpy(dtype="datetime64[D]")
    days = values.astype(np.int64).astype(np.float64)
    days[np.isnat(values)] = np.nan
    return days


def to_dates(days: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Return datetime64[ns] of day numbers; NaN gives NaT.

    Parameters
    ----------
    days
        (n,) day numbers.

    Returns
    -------
    array
        (n,) datetime64[ns].
    """
    missing = ~np.isfinite(days)
    values = np.where(missing, 0.0, days).astype(np.int64).astype("datetime64[D]").astype("datetime64[ns]")
    values[missing] = np.datetime64("NaT", "ns")
    return values


def day_of(moment: date | pd.Timestamp) -> float:
    """Return the day number of one calendar date.

    Parameters
    ----------
    moment
        A calendar date.

    Returns
    -------
    float
        Days since 1970-01-01.
    """
    return float(np.datetime64(moment.strftime("%Y-%m-%d"), "D").astype(np.int64))


def read_dates(frame: pd.DataFrame, column: str) -> Dated:
    """Return a date column with the interval of each date.

    Parameters
    ----------
    frame
        A table.
    column
        One of its date columns.

    Returns
    -------
    Dated
        (n,) dates.

    Notes
    -----
    The interval is the one of ``<column>_earliest`` and ``<column>_latest`` if a step before wrote them, else the month
    or year that ``<column>_precision`` names; a blank precision is the day.
    """
    day = to_days(frame[column])
    if f"{column}_earliest" in frame.columns:
        return Dated(day, to_days(frame[f"{column}_earliest"]), to_days(frame[f"{column}_latest"]))
    low, high = date_bounds(frame[column], frame[f"{column}_precision"])
    return Dated(day, to_days(low), to_days(high))


def is_partial(frame: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Return which dates of a column are known only to the month or year.

    Parameters
    ----------
    frame
        A table.
    column
        One of its date columns, with companion.

    Returns
    -------
    array
        (n,) bool; False where there is no date.
    """
    partial = frame[f"{column}_precision"].isin(["month", "year"]) & frame[column].notna()
    return partial.to_numpy(dtype=bool, na_value=False)


def canonical(tables: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """Return a table with all its declared columns, rows numbered from 0; empty if the study has none.

    Parameters
    ----------
    tables
        Tables by name.
    name
        One of ``netgen.schema.TABLES``.

    Returns
    -------
    DataFrame
        A new frame; extra columns are kept.
    """
    table = TABLES[name]
    if name not in tables:
        return empty(table)
    frame = tables[name]
    wanted = [*table.names, *(f"{item.name}_precision" for item in table.columns if item.kind == "date")]
    if set(wanted) <= set(frame.columns):
        return frame.reset_index(drop=True)
    return conform(frame, table)


def find_places(ids: pd.Index, keys: pd.Series) -> NDArray[np.intp]:
    """Return the position of each key in ``ids``; -1 where it is not there.

    Parameters
    ----------
    ids
        Unique ids.
    keys
        Ids to find.

    Returns
    -------
    array
        (len(keys),) positions.
    """
    return ids.get_indexer(pd.Index(keys))


def pick_first(places: NDArray[np.intp], n: int, keys: Sequence[NDArray[np.float64]]) -> NDArray[np.intp]:
    """Return, for each of n places, the row that comes first by ``keys`` (most important first), or -1.

    Parameters
    ----------
    places
        (r,) place of each row, -1 = none.
    n
        Number of places.
    keys
        (r,) arrays to order by, NaN last.

    Returns
    -------
    array
        (n,) row numbers.
    """
    order = np.lexsort((*reversed(list(keys)), places))
    sorted_places = places[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = sorted_places[1:] != sorted_places[:-1]
    rows = np.full(n, -1, dtype=np.intp)
    first &= sorted_places >= 0
    rows[sorted_places[first]] = order[first]
    return rows


def smallest(places: NDArray[np.intp], values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return the smallest value at each of n places; NaN where there is none.

    Parameters
    ----------
    places
        (r,) place of each value, -1 = none.
    values
        (r,) values, NaN = none.
    n
        Number of places.

    Returns
    -------
    array
        (n,) values.
    """
    usable = (places >= 0) & ~np.isnan(values)
    out = pd.Series(values[usable]).groupby(places[usable]).min()
    result = np.full(n, np.nan)
    result[out.index.to_numpy(dtype=np.intp)] = out.to_numpy()
    return result


def largest(places: NDArray[np.intp], values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return the largest value at each of n places; NaN where there is none.

    Parameters
    ----------
    places
        (r,) place of each value, -1 = none.
    values
        (r,) values, NaN = none.
    n
        Number of places.

    Returns
    -------
    array
        (n,) values.
    """
    return -smallest(places, -values, n)
