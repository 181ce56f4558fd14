"""One source column as text, and what every parser of it needs: null tokens, folded words, findings with their line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.grid import clean_text
from netgen.data import load_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from netgen.clinical.files import RawTable
    from netgen.errors import Findings

# DOMAIN 1.0, and what public clinical files add that can mean nothing else.
NULLS: Final = frozenset({
    "", "na", "n/a", "nan", "null", "none", ".", "-", "?", "[not available]", "[not applicable]", "[pending]",
    "[discrepancy]", "[completed]", "[null]", "[not evaluated]", "#n/a", "not available", "not applicable", "<na>",
})  # fmt: skip
# Text of extra columns may mean something by these: no alteration, no syndrome, wild type.
WORDY_NULLS: Final = frozenset({"none", "-", "."})
# Values of a category, but nothing for a number, date or truth value.
UNKNOWNS: Final = frozenset({
    "unknown", "unk", "uk", "[unknown]", "[not reported]", "not reported", "not done", "not recorded", "nd", "pending",
    "missing", "indeterminate", "not documented",
})  # fmt: skip

_COUNTED: Final = re.compile(r"\{n\} (\w+)s\b")
_RUNS: Final = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")
_APOSTROPHES: Final = re.compile("['\u2019`]")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER: Final = re.compile(r"[^\w]+|_+")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """One source column: its text (dtype "string"), the line of each value, its name, and how decimals are written."""

    text: pd.Series
    rows: pd.Series
    name: str
    file: str = ""
    decimal_comma: bool = False


def read_cells(raw: RawTable, sources: Sequence[str]) -> Cells:
    """Return one column of a table, or the first value that is not null of several columns.

    Parameters
    ----------
    raw
        The table.
    sources
        Names of its columns, most important first.

    Returns
    -------
    Cells
        Text as written; the names are joined by ``/``.
    """
    text = raw.frame[sources[0]]
    for name in sources[1:]:
        text = text.mask(is_null(text), raw.frame[name])
    return Cells(
        text=text.astype("string"),
        rows=raw.rows,
        name="/".join(sources),
        file=raw.file,
        decimal_comma=raw.decimal_comma,
    )


def by_word(text: pd.Series, function: Callable[[str], object], *, missing: object = None) -> NDArray[np.object_]:
    """Return ``function`` of every cell, called once per distinct text.

    Parameters
    ----------
    text
        Text cells.
    function
        Maps one text without outer blanks to anything.
    missing
        What a missing cell gives.

    Returns
    -------
    numpy.ndarray
        (n,) objects.
    """
    codes, words = pd.factorize(text)
    out = np.empty(len(words) + 1, dtype=object)
    for place, word in enumerate(words):
        out[place] = function(clean_text(str(word)))
    out[-1] = missing
    return out[codes]


def flag_words(text: pd.Series, function: Callable[[str], bool], *, missing: bool = False) -> NDArray[np.bool_]:
    """Return a truth value for every cell, decided once per distinct text.

    Parameters
    ----------
    text
        Text cells.
    function
        Decides about one text without outer blanks.
    missing
        What a missing cell gives.

    Returns
    -------
    numpy.ndarray
        (n,) bool.
    """
    return by_word(text, function, missing=missing).astype(bool)


def as_text(values: NDArray[np.object_] | list[object], index: pd.Index) -> pd.Series:
    """Return objects as a text column; None and NA are missing.

    Parameters
    ----------
    values
        (n,) texts.
    index
        (n,) index of the column.

    Returns
    -------
    pandas.Series
        dtype "string".
    """
    return pd.Series(np.asarray(values, dtype=object), index=index, dtype="string")


def is_null(text: pd.Series, *, unknown: bool = False, keep: frozenset[str] = frozenset()) -> NDArray[np.bool_]:
    """Return which cells are missing or hold a null token.

    Parameters
    ----------
    text
        Text cells.
    unknown
        ``unknown`` and its like count as null, too: for numbers, dates and truth values.
    keep
        Tokens that are data in this column.

    Returns
    -------
    numpy.ndarray
        (n,) True = null.
    """
    tokens = (NULLS | UNKNOWNS if unknown else NULLS) - keep
    return flag_words(text, lambda word: word.casefold() in tokens, missing=True)


def drop_nulls(text: pd.Series, *, unknown: bool = False, keep: frozenset[str] = frozenset()) -> pd.Series:
    """Return the text without outer blanks, null tokens as missing.

    Parameters
    ----------
    text
        Text cells.
    unknown
        ``unknown`` and its like count as null, too.
    keep
        Tokens that are data in this column.

    Returns
    -------
    pandas.Series
        dtype "string", same index.
    """
    tokens = (NULLS | UNKNOWNS if unknown else NULLS) - keep
    words = by_word(text, lambda word: pd.NA if word.casefold() in tokens else word, missing=pd.NA)
    return as_text(words, text.index)


def fold(word: str) -> str:
    """Return the word for comparison: lower case; runs of blanks, hyphens and underscores are one blank.

    Parameters
    ----------
    word
        Any text.

    Returns
    -------
    str
        ``"Complete_Response"`` and ``"complete response"`` are the same.
    """
    return _RUNS.sub(" ", clean_text(word).casefold()).strip()


def fold_name(name: str) -> str:
    """Return a column name for comparison: lower case, words joined by ``_``, camelCase split.

    Parameters
    ----------
    name
        Any column name.

    Returns
    -------
    str
        ``"patientId"``, ``"PATIENT_ID"`` and ``"Patient ID"`` are the same.
    """
    plain = _CAMEL.sub("_", _APOSTROPHES.sub("", clean_text(name)))
    return _OTHER.sub("_", plain).strip("_").casefold()


@cache
def vocabulary(name: str) -> dict[str, str]:
    """Return the words of one column of ``value_map.yaml``: folded word -> our value.

    Parameters
    ----------
    name
        Column, or one of ``vital_status``, ``event_status``, ``truth``.

    Returns
    -------
    dict
        Empty if the column has no table of its own. Not to be changed.
    """
    groups = load_yaml("value_map.yaml").get(name, {})
    words = {fold(word): value for value, synonyms in groups.items() for word in synonyms}
    return words | {fold(value): value for value in groups}


def report(
    cells: Cells,
    bad: NDArray[np.bool_],
    findings: Findings,
    *,
    code: str,
    need: str,
    fix: str = "",
    rule: str = "",
) -> None:
    """Report every marked cell: what is needed, what was found and on which line.

    Parameters
    ----------
    cells
        The column.
    bad
        (n,) cells to report.
    findings
        Receives one finding per cell.
    code
        Message code.
    need
        What is needed, without the word "need": ``"a number"``.
    fix
        What to do.
    rule
        Number of the validation rule.
    """
    for place in np.flatnonzero(bad):
        value, line = cells.text.iloc[place], cells.rows.iloc[place]
        findings.add(
            code,
            f"Need {need}, found {value!r}.",
            fix=fix,
            file=cells.file,
            row=None if pd.isna(line) else int(line),
            column=cells.name,
            value=value,
            rule=rule,
        )


def report_words(
    cells: Cells, bad: NDArray[np.bool_], findings: Findings, *, code: str, need: str, fix: str = ""
) -> None:
    """Report each distinct text of the marked cells once, with its number and its first line.

    Parameters
    ----------
    cells
        The column.
    bad
        (n,) cells to report.
    findings
        Receives one finding per distinct text, in the order in which they are met.
    code
        Message code.
    need
        What is needed, without the word "need".
    fix
        What to do.
    """
    for word in cells.text[bad].unique():
        same = bad & (cells.text == word).to_numpy(dtype=bool, na_value=False)
        report_once(cells, same, findings, code=code, message=f"Need {need}, found '{{value}}' in {{n}} rows.", fix=fix)


def report_once(
    cells: Cells, bad: NDArray[np.bool_], findings: Findings, *, code: str, message: str, fix: str = ""
) -> None:
    """Report marked cells in one finding that names the first line.

    In the message ``{n} rows`` becomes ``1 row`` or ``3 rows``, and ``{value}`` the first of them.

    Parameters
    ----------
    cells
        The column.
    bad
        (n,) cells to report; nothing is reported if there is none.
    findings
        Receives at most one finding.
    code
        Message code.
    message
        What was found.
    fix
        What to do.
    """
    places = np.flatnonzero(bad)
    if not len(places):
        return
    line, value = cells.rows.iloc[places[0]], cells.text.iloc[places[0]]
    shown = "" if pd.isna(value) else str(value)
    findings.add(
        code,
        (_COUNTED.sub(r"1 \1", message) if len(places) == 1 else message)
        .replace("{n}", str(len(places)))
        .replace("{value}", shown),
        fix=fix,
        file=cells.file,
        row=None if pd.isna(line) else int(line),
        column=cells.name,
        value=shown,
    )
