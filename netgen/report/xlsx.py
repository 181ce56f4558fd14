"""Tables as one workbook: a sheet per table, and a sheet that says what the columns mean.

Nothing in it runs: no macro, no formula, no link. Text that a spreadsheet could take for a formula is text, here and
after it was saved as CSV. The bytes depend on the tables alone: every date inside the file is fixed.
"""

from __future__ import annotations

import math
import re
import zipfile
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.research_use import RESEARCH_USE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from openpyxl import Workbook

MEANINGS: Final = "columns"  # name of the sheet that explains the others
LONGEST_NAME: Final = 31  # characters of the name of a sheet
MOST_ROWS: Final = 1_048_575  # below the header
MOST_CHARACTERS: Final = 32_767  # of a cell
EXACT: Final = 2**53  # larger whole numbers lose digits in a spreadsheet
FIRST_YEAR: Final = 1900  # a spreadsheet knows no earlier date
CUT: Final = " ... (cut: see the TSV)"
_WIDTHS: Final = (8, 40)  # characters of a column, least and most
_WIDTH_ROWS: Final = 200  # rows that are looked at for it
# What begins a formula: also the wide forms, which some spreadsheets read as the narrow ones.
_FORMULA: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_PLAIN_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_STRAY: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML cannot hold these
_STAMP: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first date a zip archive knows


def write_workbook(tables: Mapping[str, pd.DataFrame], path: Path, *, columns: Mapping[str, Mapping[str, str]]) -> None:
    """Write tables as a workbook: numbers as numbers, missing values blank, no cell that runs.

    Parameters
    ----------
    tables
        Name -> table, in the order of the sheets; an index is not written.
    path
        The file; its folder is made.
    columns
        Name of a table -> column -> meaning; a column without one has a blank meaning.

    Notes
    -----
    1. The header is frozen and has filters. The last sheet (``columns``) has one row per table and column.
    2. Text that begins with ``= + - @``, a tab or a line end, after blanks or not, gets an apostrophe in front, as in
       the TSV files; a lone minus and a number are data.
    3. A table of more rows, or a text of more characters, than a spreadsheet can hold is cut, and says so.
    4. Whole numbers beyond 2^53, infinite numbers and dates before 1900 are text.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    names = name_sheets([*tables, MEANINGS])
    for name, frame in zip(names, tables.values(), strict=False):
        _write_sheet(book, name, frame)
    _write_sheet(book, names[-1], _meanings(dict(zip(tables, names, strict=False)), tables, columns))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_save(book))


def name_sheets(names: Iterable[str]) -> list[str]:
    r"""Return names that a workbook accepts: short, without its special characters, and all different.

    Parameters
    ----------
    names
        As wanted.

    Returns
    -------
    list of str
        In the same order. ``[ ] : * ? / \`` become ``_``; names that differ only in case, or in what was cut, are
        numbered.
    """
    out: list[str] = []
    taken: set[str] = set()
    for name in names:
        base = re.sub(r"[\[\]:*?/\\]", "_", _STRAY.sub("_", name)).strip().strip("'") or "table"
        number, chosen = 1, base[:LONGEST_NAME]
        while chosen.casefold() in taken:
            number += 1
            tail = f"_{number}"
            chosen = base[: LONGEST_NAME - len(tail)] + tail
        taken.add(chosen.casefold())
        out.append(chosen)
    return out


def neutralise(text: str) -> str:
    r"""Return text that no spreadsheet runs, in this file or after it was saved as CSV.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        With an apostrophe in front if it could be read as a formula; without characters that no XML file may hold;
        cut to what a cell can hold.

    Examples
    --------
    >>> neutralise('=HYPERLINK("http://x")'), neutralise("-5"), neutralise("-"), neutralise("MEN1")
    ('\'=HYPERLINK("http://x")', '-5', '-', 'MEN1')
    """
    clean = _STRAY.sub("\N{REPLACEMENT CHARACTER}", text)
    if _could_run(clean):
        clean = "'" + clean
    return clean if len(clean) <= MOST_CHARACTERS else clean[: MOST_CHARACTERS - len(CUT)] + CUT


def _could_run(text: str) -> bool:
    """Tell whether text begins like a formula; a lone minus and a number are data."""
    if not (text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)):
        return False
    return text != "-" and _PLAIN_NUMBER.fullmatch(text) is None


def _meanings(
    names: Mapping[str, str], tables: Mapping[str, pd.DataFrame], columns: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """Return one row per sheet and column, notes on sheets that were cut, and what the numbers are not for."""
    rows = []
    for name, frame in tables.items():
        known = columns.get(name, {})
        rows += [(names[name], str(column), known.get(str(column), "")) for column in frame.columns]
        if len(frame) > MOST_ROWS:
            rows.append((names[name], "", f"cut: the first {MOST_ROWS} of {len(frame)} rows; all are in the TSV"))
    rows.append(("", "", RESEARCH_USE))
    return pd.DataFrame(rows, columns=["sheet", "column", "meaning"], dtype="string")


def _write_sheet(book: Workbook, name: str, frame: pd.DataFrame) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    sheet: Any = book.create_sheet(name)  # the stubs do not know what a write-only sheet has
    shown = frame.iloc[:MOST_ROWS]
    values = [list(_cells(shown.iloc[:, place])) for place in range(shown.shape[1])]
    header = [neutralise(str(column)) for column in frame.columns]
    sheet.freeze_panes = "A2"
    if header:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}{len(shown) + 1}"
    for place, (head, column) in enumerate(zip(header, values, strict=True), 1):
        sheet.column_dimensions[get_column_letter(place)].width = _width(head, column)
    top = []
    for head in header:
        cell = WriteOnlyCell(sheet, value=head)
        cell.data_type, cell.font, cell.alignment = "s", Font(bold=True), Alignment(vertical="top", wrap_text=True)
        top.append(cell)
    sheet.append(top)
    for row in zip(*values, strict=True):
        sheet.append([_typed(sheet, value) for value in row])


def _typed(sheet: Any, value: Any) -> Any:  # noqa: ANN401  # a sheet, and what a cell may hold
    """Return what is written: text is declared as text where openpyxl would take it for an error code, too."""
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, str) and value.startswith(("#", "=")):
        cell = WriteOnlyCell(sheet, value=value)
        cell.data_type = "s"
        return cell
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "yyyy-mm-dd"
        return cell
    return value


def _cells(values: pd.Series) -> Iterator[Any]:
    """Yield the values of a column as a cell may hold them; None = blank."""
    for value in values:
        if value is None or value is pd.NA or value is pd.NaT:
            yield None
        elif isinstance(value, (bool, np.bool_)):
            yield bool(value)
        elif isinstance(value, (int, np.integer)):
            yield int(value) if abs(int(value)) <= EXACT else str(int(value))
        elif isinstance(value, (float, np.floating)):
            yield _number(float(value))
        elif isinstance(value, datetime):
            yield _date(value)
        else:
            yield neutralise(str(value))


def _number(value: float) -> float | int | str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return neutralise(str(value))
    return value


def _date(value: datetime) -> datetime | str:
    """Return a day as a date; what a spreadsheet cannot hold, or has a time of day, as text."""
    midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
    if value.year >= FIRST_YEAR and midnight and value.tzinfo is None:
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  # a day, not a moment
    return value.date().isoformat() if midnight else value.isoformat()


def _width(head: str, values: list[Any]) -> int:
    longest = max((len(str(value)) for value in values[:_WIDTH_ROWS] if value is not None), default=0)
    least, most = _WIDTHS
    return min(max(least, len(head) + 3, longest + 1), most)  # 3: the arrow of the filter


def _save(book: Workbook) -> bytes:
    """Return the file, packed again with fixed dates."""
    loose, packed = BytesIO(), BytesIO()
    book.save(loose)
    with zipfile.ZipFile(loose) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _STAMP.sub(b"%04d-%02d-%02dT%02d:%02d:%02dZ" % _EPOCH, content)
            item = zipfile.ZipInfo(name, date_time=_EPOCH)
            item.compress_type, item.external_attr, item.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            target.writestr(item, content)
    return packed.getvalue()
