"""Read one table of text from CSV, TSV or XLSX, recognised by content, not by name.

Everything is text: what a column means is decided where the table is parsed. What cannot be a table is refused with
the reason (a Git-LFS pointer, Excel's lock file, an old .xls, a web page, an empty file). More lenient than a strict
reader, because real files need it: comment lines in any number, a blank line before the header, CR in odd places,
trailing empty columns and rows, Latin-1. Stricter: a row with the wrong number of fields is never realigned.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.delimited import Columns, code_columns, decode, read_delimited, unify_line_ends
from netgen.clinical.grid import check_fields, find_header, is_blank, name_columns, tidy_column
from netgen.clinical.sheets import read_sheet
from netgen.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.errors import Findings

MAX_BYTES: Final = 2 << 30
_DECIMAL_COMMA: Final = re.compile(r"[-+]?\d+,\d+ ?%?")


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """A table as written: all text, with the line of every row.

    Attributes
    ----------
    frame
        Text cells (dtype "string", missing = blank cell), rows from 0; header names without outer blanks.
    rows
        Int64, same index: 1-based line of the file or row of the sheet.
    file
        Name for messages.
    header_line
        Line of the header.
    comments
        Comment lines around the header, as written.
    decimal_comma
        Numbers are written with a decimal comma.
    repeated
        Names that stand more than once in the header; the second column of a name is called ``<name>_2``.
    """

    frame: pd.DataFrame
    rows: pd.Series
    file: str
    header_line: int = 1
    comments: tuple[str, ...] = ()
    decimal_comma: bool = False
    repeated: frozenset[str] = frozenset()


def read_text_table(
    path: str | Path,
    *,
    findings: Findings,
    sheet: str | int | None = None,
    header_row: int | None = None,
    separator: str | None = None,
    name: str | None = None,
) -> RawTable:
    """Return the table that a file holds, as text.

    Blank cells are missing; other null tokens (``NA``, ``.``) stay text, because whether they are missing depends on
    the column. Rows with too few or too many fields are left out and reported.

    Parameters
    ----------
    path
        CSV, TSV or XLSX file, also gzip-compressed text.
    findings
        Receives ``E_ROW_TRUNCATED``, ``I_ENCODING``, ``I_LOCALE``, ``I_ROWS_IGNORED``, ``I_SHEET`` and ``I_STRIP``.
    sheet
        Sheet of a workbook: its name, or its number from 1; None = the first that holds text.
    header_row
        Line or row of the header, from 1. In a header of two levels: its first row; names are those of the second.
    separator
        Separator of a text file; None = tab, semicolon or comma, recognised.
    name
        What to call the file in messages; None = its name without folders.

    Returns
    -------
    RawTable
        The table and where each row stands.

    Raises
    ------
    InputError
        If the file does not exist or cannot hold a table.
    """
    path = Path(path)
    label = name or path.name
    data = _unpack(_read_bytes(path, label), label)
    _refuse_other_kinds(data, path.name, label)
    if data.startswith(b"PK\x03\x04"):
        records = read_sheet(data, sheet=sheet, label=label, findings=findings)
        return _finish(_columns_of_sheet(records, header_row, label, findings), label, findings, semicolons=False)
    if sheet is not None:
        raise InputError("E_FILE_FORMAT", f"Need a workbook with sheet {sheet!r}, found a text file.", file=label)
    text = unify_line_ends(decode(data, label=label, findings=findings), label=label, findings=findings)
    columns, mark = read_delimited(text, header_row=header_row, separator=separator, label=label, findings=findings)
    return _finish(columns, label, findings, semicolons=mark == ";")


def as_raw_table(frame: pd.DataFrame, *, file: str = "", rows: pd.Series | None = None) -> RawTable:
    """Return a frame of text as a table that was read; without ``rows`` the first one is on line 2.

    Parameters
    ----------
    frame
        Text cells; other types are written as text.
    file
        Name for messages.
    rows
        Line of each row.

    Returns
    -------
    RawTable
        Same cells, rows from 0.
    """
    text = frame.astype("string").reset_index(drop=True)
    lines = pd.Series(np.arange(len(text)) + 2) if rows is None else rows.reset_index(drop=True)
    return RawTable(frame=text, rows=lines.astype("Int64"), file=file)


def keep_rows(raw: RawTable, keep: NDArray[np.bool_]) -> RawTable:
    """Return the rows where ``keep`` is True, with their lines.

    Parameters
    ----------
    raw
        A table.
    keep
        (n,) which rows to keep.

    Returns
    -------
    RawTable
        Fewer rows, numbered from 0.
    """
    return RawTable(
        frame=raw.frame[keep].reset_index(drop=True),
        rows=raw.rows[keep].reset_index(drop=True),
        file=raw.file,
        header_line=raw.header_line,
        comments=raw.comments,
        decimal_comma=raw.decimal_comma,
        repeated=raw.repeated,
    )


def _read_bytes(path: Path, label: str) -> bytes:
    if path.is_dir():
        raise InputError("E_FILE_FORMAT", "Need a file, found a folder.", file=label)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError("E_FILE_FORMAT", f"Need a file of at most {MAX_BYTES >> 30} GB.", file=label)
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise InputError("E_FILE_MISSING", "There is no such file.", fix=f"Looked for {path}.", file=label) from problem
    except OSError as problem:
        raise InputError("E_FILE_MISSING", f"The file cannot be read: {problem.strerror}.", file=label) from problem


def _unpack(data: bytes, label: str) -> bytes:
    """Content of a gzip file up to the size limit; other data as they are."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as problem:
        raise InputError("E_FILE_FORMAT", f"Need an intact gzip file: {problem}.", file=label) from problem
    if len(content) > MAX_BYTES:
        raise InputError("E_FILE_FORMAT", f"Need at most {MAX_BYTES >> 30} GB after decompression.", file=label)
    return content


def _refuse_other_kinds(data: bytes, file_name: str, label: str) -> None:
    """Raise InputError for files that hold no table, saying what they are."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    found = fix = ""
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        found = "an empty file"
    elif data.startswith(b"version https://git-lfs.github.com/spec/"):
        found, fix = "a Git-LFS pointer in place of the table", "Fetch the table: git lfs pull."
    elif file_name.startswith("~$") or (len(data) == 165 and 0 < data[0] < 55 and b"\x00" in data):
        found, fix = "the lock file of an open spreadsheet", "Name the table itself, not the ~$ file beside it."
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        found, fix = "an old .xls file or a workbook with a password", "Save it as .xlsx without a password."
    elif data.startswith(b"%PDF"):
        found = "a PDF"
    elif head.startswith((b"<!doctype html", b"<html")):
        found, fix = "a web page", "Download the file again: a login or error page was saved in its place."
    elif head.startswith((b"<?xml", b"{\\rtf")):
        found = "an XML or RTF document"
    if found:
        raise InputError("E_FILE_FORMAT", f"Need a CSV, TSV or XLSX table, found {found}.", fix=fix, file=label)


def _columns_of_sheet(
    records: list[tuple[int, list[str]]], header_row: int | None, label: str, findings: Findings
) -> Columns:
    """Columns of a sheet: short rows are complete, their last cells are empty."""
    while records and is_blank(records[-1][1]):
        records.pop()
    header = find_header(records, header_row=header_row, label=label)
    body = records[header.body :]
    filled = [record for record in body if not is_blank(record[1])]
    width = max([len(header.names), *(len(cells) for _, cells in filled)])
    names = header.names + [""] * (width - len(header.names))
    padded = [(line, cells + [""] * (width - len(cells))) for line, cells in filled]
    good = check_fields(padded, width, label=label, cut_off=False, findings=findings)
    lines = np.array([line for line, _ in good], dtype=np.int64)
    full = type(header)(names=names, line=header.line, body=header.body, comments=header.comments)
    return Columns(
        header=full,
        coded=code_columns([cells for _, cells in good], width),
        lines=lines,
        n_blank=len(body) - len(filled),
    )


def _finish(columns: Columns, label: str, findings: Findings, *, semicolons: bool) -> RawTable:
    """Named text columns without blank rows."""
    tidied = [tidy_column(codes, words) for codes, words in columns.coded]
    kept = np.zeros(columns.lines.shape, dtype=bool)
    for column in tidied:
        kept |= ~column.missing
    n_blank = columns.n_blank + int((~kept).sum())
    if n_blank:
        findings.add("I_ROWS_IGNORED", f"{n_blank} blank rows were passed over.", file=label)
    lines = columns.lines[kept]
    names, repeated = name_columns(columns.header.names, [not column.missing.all() for column in tidied])
    parts: dict[str, pd.Series] = {}
    for name, column in zip(names, tidied, strict=True):
        if name is None:
            continue
        values = column.values if kept.all() else column.values[kept]
        parts[name] = pd.Series(pd.array(values, dtype="string"))
        changed = np.flatnonzero(column.changed)
        if changed.size:
            n, first = changed.size, int(columns.lines[changed[0]])
            findings.add("I_STRIP", f"Blanks around {n} values were removed.", file=label, row=first, column=name)
    commas = _count_decimal_commas(columns) if semicolons else 0
    if commas:
        findings.add("I_LOCALE", f"Semicolons separate fields; {commas} values with a decimal comma.", file=label)
    return RawTable(
        frame=pd.DataFrame(parts, index=pd.RangeIndex(len(lines)), copy=False),
        rows=pd.Series(lines, dtype="Int64"),
        file=label,
        header_line=columns.header.line,
        comments=columns.header.comments,
        decimal_comma=commas > 0,
        repeated=repeated,
    )


def _count_decimal_commas(columns: Columns) -> int:
    """Count the distinct values of every column that are numbers with a decimal comma."""
    return sum(bool(_DECIMAL_COMMA.fullmatch(word.strip())) for _, words in columns.coded for word in words)
