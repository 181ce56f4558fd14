"""From rows of cells to a named table of text: comments, header, blank and broken rows.

What a sheet and a delimited file have in common after their bytes are read. Rules, in order:

1. Rows before the header that are blank or start with ``#`` are passed over (cBioPortal writes four of them, but any
   number occurs); so are the ``#`` rows directly behind the header (help text of the one-sheet form). A ``#`` further
   down is data.
2. The header is the row that ``header_row`` names, else the first row that is left. Where it has gaps and the row below
   has none, it is the upper level of a two-level header and the lower level gives the names.
3. Blank rows are passed over. A row with fewer fields than the header, or with text beyond the last one, cannot be
   trusted: it is left out and reported (``E_ROW_TRUNCATED``).
4. Cells lose their outer blanks and no-break spaces; what is then empty is missing. Other null tokens stay text,
   because whether ``NA`` is missing depends on the column.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.errors import Findings

Record = tuple[int, list[str]]  # line of the file or row of the sheet (from 1), cells

_LOOK_AHEAD: Final = 25
_EXCEL_ERRORS: Final = frozenset({"#n/a", "#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!"})
_ODD_SPACES: Final = re.compile("[\u00a0\u2007\u202f\u200b\ufeff]")
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?%?")


@dataclass(frozen=True, kw_only=True)
class Header:
    """Where the header stands: its names, its last line, and the index of the first record behind it."""

    names: list[str]
    line: int
    body: int
    comments: tuple[str, ...]


def clean_text(text: str) -> str:
    """Return the text without outer blanks, with plain spaces for no-break ones.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The text in which labels that look the same are the same.
    """
    return _ODD_SPACES.sub(" ", text).strip()


def is_comment(cell: str) -> bool:
    """Tell whether a row with this first cell is a comment; Excel's error values are not.

    Parameters
    ----------
    cell
        First cell, or the whole line.

    Returns
    -------
    bool
        True if it starts with ``#``, also behind a quote.
    """
    head = cell.lstrip(' "\ufeff')
    return head.startswith("#") and head.strip().casefold() not in _EXCEL_ERRORS


def is_blank(cells: Sequence[str]) -> bool:
    """Tell whether no cell of a row holds text.

    Parameters
    ----------
    cells
        Cells of one row.

    Returns
    -------
    bool
        True also for a row without cells.
    """
    return not any(cells) or not any(clean_text(cell) for cell in cells)


def find_header(records: Sequence[Record], *, header_row: int | None, label: str) -> Header:
    """Return the header of a table by the rules at the top of this module.

    Parameters
    ----------
    records
        The first rows of the table, at least ``header_row`` of them if there are so many.
    header_row
        Line of the header as the user gives it (from 1); None = the first row that is no comment.
    label
        File name for messages.

    Returns
    -------
    Header
        Names as written, with outer blanks removed; gaps are empty.

    Raises
    ------
    InputError
        If there is no such row, or the first row is a title rather than a header.
    """
    places = [place for place, (_, cells) in enumerate(records) if not is_blank(cells)]
    if header_row is None:
        places = [place for place in places if not is_comment(records[place][1][0])]
        if places:
            _refuse_title(records, places, label)
    else:
        places = [place for place in places if records[place][0] == header_row]
    if not places:
        wanted = "Need a header row" if header_row is None else f"Need a header in row {header_row}"
        raise InputError("E_FILE_FORMAT", f"{wanted}, found none.", fix="Name the header row (header_row).", file=label)
    first = places[0]
    names = [clean_text(cell) for cell in records[first][1]]
    if names and header_row is not None:
        names[0] = names[0].lstrip("#").lstrip()
    last = first
    if first + 1 < len(records) and _is_upper_level(names, records[first + 1][1]):
        if header_row is None:
            _refuse_upper_level(records[first][0], label)
        last = first + 1
        names = _join_levels(names, [clean_text(cell) for cell in records[last][1]])
    body = last + 1
    while body < len(records) and records[body][1] and is_comment(records[body][1][0]):
        body += 1
    comments = [cells for _, cells in (*records[:first], *records[last + 1 : body]) if cells and is_comment(cells[0])]
    return Header(names=names, line=records[last][0], body=body, comments=tuple("\t".join(cells) for cells in comments))


def _refuse_title(records: Sequence[Record], places: list[int], label: str) -> None:
    """Stop if the first row has one cell and a later one has several: a title, not a header."""
    widths = [sum(bool(clean_text(cell)) for cell in records[place][1]) for place in places[:_LOOK_AHEAD]]
    if widths[0] > 1 or max(widths) <= 1 or not clean_text(records[places[0]][1][0]):
        return
    line = records[places[next(i for i, width in enumerate(widths) if width > 1)]][0]
    raise InputError(
        "E_FILE_FORMAT",
        f"Need column names in the first row, found one cell above rows with {max(widths)}: it looks like a title.",
        fix=f"Name the header row, for example header_row = {line}.",
        file=label,
        row=records[places[0]][0],
    )


def _is_upper_level(upper: list[str], lower: list[str]) -> bool:
    """Tell whether a row with gaps stands above the names proper: merged cells of a two-level header."""
    below = [clean_text(cell) for cell in lower]
    filled, named = sum(map(bool, upper)), sum(map(bool, below))
    text = not any(_NUMBER.fullmatch(cell) for cell in below)
    return 0 < 2 * filled <= named and text and len(set(filter(None, below))) == named


def _refuse_upper_level(line: int, label: str) -> None:
    raise InputError(
        "E_FILE_FORMAT",
        "Need a name for every column, found a first row with gaps above a full row of text.",
        fix=f"If it is a header of two levels, name its first row: header_row = {line}.",
        file=label,
        row=line,
    )


def _join_levels(upper: list[str], lower: list[str]) -> list[str]:
    """Names of the lower level; where it is blank, those of the upper one."""
    above = upper + [""] * (len(lower) - len(upper))
    return [low or high for low, high in zip(lower, above, strict=False)]


def check_fields(
    records: Sequence[Record], n_names: int, *, label: str, cut_off: bool, findings: Findings
) -> list[Record]:
    """Return the records that have as many fields as the header, padded or cut to it; report the others.

    Parameters
    ----------
    records
        Rows behind the header that are not blank.
    n_names
        Number of fields of the header.
    label
        File name for messages.
    cut_off
        The file does not end with a line end, so a short last row was cut off.
    findings
        Receives ``E_ROW_TRUNCATED`` for each row that is left out.

    Returns
    -------
    list of Record
        Rows of exactly ``n_names`` cells.

    Raises
    ------
    InputError
        If every row has one field more than the header: the first column has no name.
    """
    widths = [_width(cells, n_names) for _, cells in records]
    if len(records) > 1 and all(width == n_names + 1 for width in widths):
        raise InputError(
            "E_FILE_FORMAT",
            f"Need a name for every column: the header has {n_names} fields and every row {n_names + 1}.",
            fix="Name the first column (a table written by R with row names lacks it).",
            file=label,
        )
    good = []
    for (line, cells), width in zip(records, widths, strict=True):
        if width == n_names:
            good.append((line, cells[:n_names]))
            continue
        ends = cut_off and width < n_names and line == records[-1][0]
        findings.add(
            "E_ROW_TRUNCATED",
            f"Need {n_names} fields as in the header, found {width}."
            + (" The file ends in the middle of this row." if ends else ""),
            fix="Get the complete file." if ends else "Check the separators of this row; it was left out.",
            file=label,
            row=line,
        )
    return good


def _width(cells: list[str], n_names: int) -> int:
    """Return the number of fields of a row; empty ones beyond the header do not count."""
    width = len(cells)
    while width > n_names and not clean_text(cells[width - 1]):
        width -= 1
    return width


def name_columns(names: Sequence[str], filled: Sequence[bool]) -> tuple[list[str | None], frozenset[str]]:
    """Return a unique name for every column to keep (None = drop), and the names that the header repeats.

    A column without name is dropped if it is empty and called ``unnamed_<position>`` otherwise. The second column of
    a name gets the suffix ``_2`` and so on: which of them is meant is decided where a name is used.

    Parameters
    ----------
    names
        Names of the header; blank = none.
    filled
        Whether each column holds text.

    Returns
    -------
    tuple
        Names in order, and the repeated ones.
    """
    counts = Counter(filter(None, names))
    taken = set(counts)
    seen: Counter[str] = Counter()
    out: list[str | None] = []
    for place, (name, has_text) in enumerate(zip(names, filled, strict=True), 1):
        if not name:
            out.append(_free(f"unnamed_{place}", taken) if has_text else None)
            continue
        seen[name] += 1
        out.append(name if seen[name] == 1 else _free(f"{name}_{seen[name]}", taken))
    return out, frozenset(name for name, count in counts.items() if count > 1)


def _free(name: str, taken: set[str]) -> str:
    """Return the name, with a suffix if it is taken."""
    wanted = name
    while wanted in taken:
        wanted += "_"
    taken.add(wanted)
    return wanted


class Tidied(NamedTuple):
    """Cells of one column, coded: what each distinct word becomes.

    A table of 250,000 rows has a hundred million cells and few words: nothing is expanded before it is needed.
    """

    codes: NDArray[np.int32]
    words: NDArray[np.object_]  # text without outer blanks, or NA
    missing_word: NDArray[np.bool_]
    changed_word: NDArray[np.bool_]

    @property
    def values(self) -> NDArray[np.object_]:
        """(n,) texts, NA where missing."""
        return np.asarray(self.words[self.codes])

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(n,) which cells are missing."""
        return np.asarray(self.missing_word[self.codes])

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(n,) which cells lost blanks."""
        return np.asarray(self.changed_word[self.codes])


def tidy_column(codes: NDArray[np.int32], words: Sequence[str]) -> Tidied:
    """Return the cells of one column without outer blanks; what is then empty is missing.

    Parameters
    ----------
    codes
        (n,) index into ``words``; -1 = empty.
    words
        Distinct texts of the column.

    Returns
    -------
    Tidied
        The column, coded.
    """
    cleaned = [clean_text(word) for word in words]
    texts = np.empty(len(words) + 1, dtype=object)
    texts[:-1] = [word or pd.NA for word in cleaned]
    texts[-1] = pd.NA  # code -1 is the last
    missing = np.array([not word for word in cleaned] + [True])
    changed = np.array([bool(new) and new != old for new, old in zip(cleaned, words, strict=True)] + [False])
    return Tidied(codes, texts, missing, changed)
