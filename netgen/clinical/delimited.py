"""From bytes to the columns of a delimited text file: encoding, line ends, separator, quotes.

Encodings: UTF-8 with or without byte-order mark, UTF-16 with one (Excel's "Unicode text"), else Windows-1252, which
includes Latin-1. Line ends: LF, CRLF, bare CR; a CR inside lines that end with LF is dropped. Separators: tab,
semicolon, comma, decided on the header and the rows below it. Regular files are read by pyarrow; a file with ragged
rows or line breaks inside quotes takes the slower csv module, which keeps count of the lines.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.clinical.grid import Header, check_fields, find_header, is_blank, is_comment
from netgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from netgen.clinical.grid import Record
    from netgen.errors import Findings

SEPARATORS: Final = ("\t", ";", ",")
_SAMPLE: Final = 60
_EMPTY: Final = ' ,;\t"'  # a line of these alone is blank
_BLOCK: Final = 1 << 24


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Columns as codes and distinct words, with the line of each row."""

    header: Header
    coded: list[tuple[NDArray[np.int32], list[str]]]
    lines: NDArray[np.int64]
    n_blank: int = 0  # blank rows that were passed over


def decode(data: bytes, *, label: str, findings: Findings) -> str:
    """Return the text of a file; anything but UTF-8 is logged (``I_ENCODING``).

    Parameters
    ----------
    data
        Content of the file.
    label
        File name for messages.
    findings
        Receives ``I_ENCODING``.

    Returns
    -------
    str
        Text without byte-order mark.

    Raises
    ------
    InputError
        If the bytes are no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, encoding = data.decode("utf-16", errors="replace"), "UTF-16"
    elif b"\x00" in data:
        raise InputError("E_FILE_FORMAT", "Need a table of text, found binary data.", file=label)
    else:
        text, encoding = _decode_bytes(data)
    if encoding != "UTF-8":
        findings.add("I_ENCODING", f"Text is not UTF-8: read as {encoding}.", fix="Check accented letters.", file=label)
    return text


def _decode_bytes(data: bytes) -> tuple[str, str]:
    for codec, name in (("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")):
        try:
            return data.decode(codec), name
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "Latin-1"


def unify_line_ends(text: str, *, label: str, findings: Findings) -> str:
    """Return the text with LF as its only line end.

    A bare CR ends a line if there are more than two of them per LF (files of old Mac programs with a stray LF);
    otherwise it is damage inside the line and is removed (``I_STRIP``).

    Parameters
    ----------
    text
        Decoded text.
    label
        File name for messages.
    findings
        Receives ``I_STRIP``.

    Returns
    -------
    str
        Text in which line ``n`` is what an editor calls line ``n``.
    """
    text = text.replace("\r\n", "\n")
    n_cr = text.count("\r")
    if n_cr == 0:
        return text
    if n_cr > 2 * text.count("\n"):
        return text.replace("\r", "\n")
    findings.add("I_STRIP", f"{n_cr} carriage returns inside lines were removed.", file=label)
    return text.replace("\r", "")


def choose_separator(lines: Sequence[str]) -> str:
    """Return tab, semicolon or comma: the one that splits the header and most rows into the same number of fields.

    Parameters
    ----------
    lines
        The header and some rows below it.

    Returns
    -------
    str
        Tab if nothing splits the lines: a table of one column.
    """
    best, best_score = "\t", 0.0
    for separator in SEPARATORS:
        widths = [len(cells) for _, cells in _records(lines, separator, first_line=1) if not is_blank(cells)]
        if len(widths) > 1 and widths[0] == 1:  # a title above the table, or one column
            widths = widths[1:] if _share(widths[1:]) >= 0.8 else [1]
        if widths and widths[0] > 1 and widths[0] * _share(widths) > best_score:
            best, best_score = separator, widths[0] * _share(widths)
    return best


def _share(widths: Sequence[int]) -> float:
    """Return the share of rows that are as wide as the first."""
    return sum(width == widths[0] for width in widths) / len(widths)


def read_delimited(
    text: str, *, header_row: int | None, separator: str | None, label: str, findings: Findings
) -> tuple[Columns, str]:
    """Return the columns of a delimited text and its separator.

    Parameters
    ----------
    text
        Text with LF line ends.
    header_row
        Line of the header (from 1); None = the first line that is no comment.
    separator
        Separator as the user gives it; None = recognised.
    label
        File name for messages.
    findings
        Receives ``E_ROW_TRUNCATED`` and ``I_ROWS_IGNORED``.

    Returns
    -------
    tuple of Columns and str
        Cells as written: blanks and null tokens are the caller's business.
    """
    lines = text.split("\n")
    start = _first_line(lines) if header_row is None else max(header_row - 1, 0)
    mark = separator or choose_separator(lines[start : start + _SAMPLE])
    head: list[Record] = [(i, [line if is_comment(line) else ""]) for i, line in enumerate(lines[:start], 1)]
    try:
        head.extend(islice(_records(lines[start:], mark, first_line=start + 1), _SAMPLE))
        header = find_header(head, header_row=header_row, label=label)
        body_line = head[header.body][0] if header.body < len(head) else len(lines) + 1
        body = lines[body_line - 1 :]
        while body and not body[-1].strip(_EMPTY):
            body.pop()
        columns = _read_regular(body, body_line, header, mark)
        if columns is None:
            cut_off = not text.endswith("\n")
            columns = _read_tolerant(body, body_line, header, mark, label=label, cut_off=cut_off, findings=findings)
    except csv.Error as problem:
        raise InputError("E_FILE_FORMAT", f"Need a delimited table: {problem}.", file=label) from problem
    return columns, mark


def _first_line(lines: Sequence[str]) -> int:
    """Index of the first line that is neither blank nor a comment; 0 if there is none."""
    return next((i for i, line in enumerate(lines) if line.strip(_EMPTY) and not is_comment(line)), 0)


def _records(lines: Iterable[str], separator: str, *, first_line: int, quoted: bool = True) -> Iterable[Record]:
    """Rows of the csv module with the line each one starts on."""
    quoting: Any = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator, quoting=quoting)
    line = first_line
    for cells in reader:
        yield line, cells or [""]
        line = first_line + reader.line_num


def _read_regular(body: list[str], body_line: int, header: Header, separator: str) -> Columns | None:
    """Columns by pyarrow; None if the file is not regular."""
    n = len(header.names)
    if not body:
        empty: list[tuple[NDArray[np.int32], list[str]]] = [(np.empty(0, np.int32), []) for _ in range(n)]
        return Columns(header=header, coded=empty, lines=np.empty(0, np.int64))
    quoted = any('"' in line for line in body)
    if quoted and any(line.count('"') % 2 for line in body):
        return None
    import pyarrow as pa
    from pyarrow import csv as arrow

    names = [str(place) for place in range(n)]
    block = max(_BLOCK, 2 * max(map(len, body)))
    try:
        table = arrow.read_csv(
            pa.BufferReader("\n".join(body).encode()),
            read_options=arrow.ReadOptions(column_names=names, block_size=block),
            parse_options=arrow.ParseOptions(
                delimiter=separator, quote_char='"' if quoted else False, ignore_empty_lines=False
            ),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != len(body):
        return None
    coded = [_decode_dictionary(column) for column in table.unify_dictionaries().columns]
    lines = np.arange(body_line, body_line + len(body), dtype=np.int64)
    return Columns(header=header, coded=coded, lines=lines)


def _decode_dictionary(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    """Codes (-1 = empty) and words of a dictionary-encoded column."""
    combined = column.combine_chunks()
    array = combined.chunk(0) if hasattr(combined, "chunk") else combined
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes.astype(np.int32), array.dictionary.to_pylist()


def _read_tolerant(
    body: list[str],
    body_line: int,
    header: Header,
    separator: str,
    *,
    label: str,
    cut_off: bool,
    findings: Findings,
) -> Columns:
    """Columns by the csv module: ragged rows are reported, line breaks inside quotes kept."""
    n = len(header.names)
    records = list(_records(body, separator, first_line=body_line))
    n_quotes = sum(line.count('"') for line in body)
    if n_quotes:  # where quotes do not pair they are text, and must not swallow the rows between them
        plain = [
            (line, [_unquote(cell) for cell in cells])
            for line, cells in _records(body, separator, first_line=body_line, quoted=False)
        ]
        n_broken = _n_ragged(plain, n)
        if (n_broken == 0 and n > 1) or n_broken < _n_ragged(records, n) + n_quotes % 2:
            records = plain
    filled = [(line, cells) for line, cells in records if not is_blank(cells)]
    good = check_fields(filled, n, label=label, cut_off=cut_off, findings=findings)
    lines = np.array([line for line, _ in good], dtype=np.int64)
    coded = code_columns([cells for _, cells in good], n)
    return Columns(header=header, coded=coded, lines=lines, n_blank=len(records) - len(filled))


def _unquote(cell: str) -> str:
    """Return a cell without the pair of quotes around it."""
    inside = cell[1:-1]
    paired = len(cell) > 1 and cell.startswith('"') and cell.endswith('"') and '"' not in inside.replace('""', "")
    return inside.replace('""', '"') if paired else cell


def _n_ragged(records: Sequence[Record], n: int) -> int:
    return sum(len(cells) != n and not is_blank(cells) for _, cells in records)


def code_columns(rows: Sequence[Sequence[str]], n: int) -> list[tuple[NDArray[np.int32], list[str]]]:
    """Return each of ``n`` columns as codes and distinct words.

    Parameters
    ----------
    rows
        Rows of exactly ``n`` cells.
    n
        Number of columns.

    Returns
    -------
    list of tuple
        Codes (n rows,) and words per column; no code is negative.
    """
    out = []
    for place in range(n):
        codes, words = pd.factorize(np.array([cells[place] for cells in rows], dtype=object))
        out.append((codes.astype(np.int32), [str(word) for word in words]))
    return out
