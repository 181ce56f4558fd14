"""Text columns as codes into their distinct values: a million rows are cleaned by cleaning a few thousand texts.

A MAF repeats itself: 10,000 samples, 20,000 genes, ten classes in a million rows. ``Coded`` keeps each distinct text
once and an integer per row; code -1 is a missing value. Functions return new columns, nothing is changed in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Coded:
    """One text column: ``codes`` (n,) index ``values``; -1 is missing. Not every value need occur."""

    codes: NDArray[np.int32]
    values: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def present(self) -> NDArray[np.bool_]:
        """True where there is a value."""
        out: NDArray[np.bool_] = self.codes >= 0
        return out


def encode(texts: Iterable[str | None]) -> Coded:
    """Return texts as a coded column; None is missing.

    Parameters
    ----------
    texts
        One text per row.

    Returns
    -------
    Coded
        Values in order of first occurrence.
    """
    codes, values = pd.factorize(np.array(list(texts), dtype=object))
    return Coded(codes.astype(np.int32), as_objects(values))


def missing(n: int) -> Coded:
    """Return a column of ``n`` missing values.

    Parameters
    ----------
    n
        Number of rows.

    Returns
    -------
    Coded
        A column without values.
    """
    return Coded(np.full(n, -1, dtype=np.int32), np.empty(0, dtype=object))


def recode(column: Coded, function: Callable[[str], str | None]) -> Coded:
    """Return the column with every distinct value replaced by ``function(value)``; None makes it missing.

    Parameters
    ----------
    column
        The column.
    function
        Called once per distinct value.

    Returns
    -------
    Coded
        Values that became equal share one code.
    """
    return replace_values(column, [function(value) for value in column.values])


def replace_values(column: Coded, values: Sequence[str | None]) -> Coded:
    """Return the column with its distinct values replaced, in order; None makes a value missing.

    Parameters
    ----------
    column
        The column.
    values
        One replacement per entry of ``column.values``.

    Returns
    -------
    Coded
        Values that became equal share one code.
    """
    distinct = dict.fromkeys(values)
    distinct.pop(None, None)
    if len(distinct) == len(values):
        return Coded(column.codes, as_objects(distinct))
    places = dict(zip(distinct, range(len(distinct)), strict=True))
    lookup = np.array([places.get(value, -1) for value in values] + [-1], dtype=np.int32)  # the last answers code -1
    return Coded(lookup[column.codes], as_objects(places))


def replace_some(column: Coded, changes: Mapping[int, str | None]) -> Coded:
    """Return the column with a few of its distinct values replaced; None makes a value missing.

    Unlike :func:`replace_values`, values that became equal keep their own codes: cheap where few of many change.

    Parameters
    ----------
    column
        The column.
    changes
        Place in ``column.values`` -> new value.

    Returns
    -------
    Coded
        The changed column.
    """
    values = column.values.copy()
    lookup = np.arange(len(values) + 1, dtype=np.int32)
    lookup[-1] = -1  # answers code -1
    for place, value in changes.items():
        if value is None:
            lookup[place] = -1
        else:
            values[place] = value
    return Coded(lookup[column.codes] if (lookup[:-1] < 0).any() else column.codes, values)


def used_values(column: Coded) -> list[str]:
    """Return the distinct values that occur, sorted.

    Parameters
    ----------
    column
        The column.

    Returns
    -------
    list of str
        Without the values that no row has.
    """
    count = np.bincount(column.codes + 1, minlength=len(column.values) + 1)[1:]
    return sorted(str(column.values[code]) for code in np.flatnonzero(count))


def take(column: Coded, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Coded:
    """Return some rows of a column.

    Parameters
    ----------
    column
        The column.
    rows
        Mask or positions.

    Returns
    -------
    Coded
        The rows, with the same values.
    """
    return Coded(column.codes[rows], column.values)


def coalesce(first: Coded, second: Coded) -> Coded:
    """Return ``first`` with its missing rows filled from ``second``.

    Parameters
    ----------
    first, second
        Columns of the same length.

    Returns
    -------
    Coded
        The filled column.
    """
    gaps = ~first.present & second.present
    if not gaps.any():
        return first
    codes = np.where(gaps, second.codes + len(first.values), first.codes).astype(np.int32)
    merged = Coded(codes, np.concatenate([first.values, second.values]))
    return recode(merged, lambda value: value)


def pair(first: Coded, second: Coded) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct pairs of values of two columns.

    Parameters
    ----------
    first, second
        Columns of the same length.

    Returns
    -------
    tuple of arrays
        The pair of each row (n,), and for each pair its code in ``first`` and in ``second`` (-1 = missing).
    """
    width = len(second.values) + 1
    keys = (first.codes.astype(np.int64) + 1) * width + second.codes + 1
    rows, pairs = pd.factorize(keys)
    return rows, pairs // width - 1, pairs % width - 1


def decode(column: Coded) -> pd.api.extensions.ExtensionArray:
    """Return the column as a pandas array of dtype "string".

    Parameters
    ----------
    column
        The column.

    Returns
    -------
    ExtensionArray
        Texts, ``pd.NA`` where missing.
    """
    return pd.arrays.StringArray(column.values).take(column.codes, allow_fill=True)


def texts(column: Coded) -> NDArray[np.object_]:
    """Return the column as an array of texts, None where missing.

    Parameters
    ----------
    column
        The column.

    Returns
    -------
    ndarray of object
        Shape (n,).
    """
    lookup: NDArray[np.object_] = np.append(column.values, [None])
    return lookup[column.codes]


def first_rows(column: Coded) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return, for every distinct value, its first row and the number of its rows.

    Parameters
    ----------
    column
        The column.

    Returns
    -------
    tuple of arrays
        First row (-1 if the value does not occur) and count, each of the length of ``column.values``.
    """
    first = np.full(len(column.values), -1, dtype=np.intp)
    rows = np.flatnonzero(column.present)
    first[column.codes[rows][::-1]] = rows[::-1]
    return first, np.bincount(column.codes[rows], minlength=len(column.values))


def as_objects(values: Iterable[str | None]) -> NDArray[np.object_]:
    """Return texts as a one-dimensional array of Python objects.

    Parameters
    ----------
    values
        The texts.

    Returns
    -------
    ndarray of object
        Shape (number of texts,).
    """
    items = list(values)
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out
