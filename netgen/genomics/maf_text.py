"""The text layer of a MAF: comments, header, line ends, encoding, ragged rows.

Two ways lead to the same columns. The fast way is ``pyarrow.csv`` on the wanted columns only. A file that it cannot
read - a row with another number of fields, Latin-1, bare carriage returns, quoted CSV - goes the slow way, line by
line, where every bad row is reported with its line number and left out. Nothing is ever shifted.

No cell is taken for missing here: a gene may be called ``NA``.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from array import array
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, cast

import numpy as np

from netgen.errors import InputError
from netgen.genomics.coded import Coded, as_objects, take

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from netgen.errors import Findings

NO_NUMBER: Final = int(np.iinfo(np.int64).min)
NUMBER_NULLS: Final = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", ".", "-", "?", "na")
_DAMAGED: Final = (EOFError, OSError, zlib.error)  # what a cut or broken gzip file raises
_HEAD: Final = 1 << 26  # comments and header must end within 64 MB
_REPORTED: Final = 50  # bad rows reported one by one
_BOM: Final = b"\xef\xbb\xbf"
_SEQUENCED: Final = re.compile(r"#+\s*(?:sequenced|seq)_samples\s*:?\s*(.*)", re.IGNORECASE | re.DOTALL)
# What a file that is not text begins with -> what it is.
_MAGIC: Final[dict[bytes, str]] = {
    b"PK\x03\x04": "a ZIP archive or an XLSX workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"BCF": "a BCF file",
    b"version https://git-lfs": "a Git LFS pointer (the data were not downloaded)",
    b"##fileformat=VCF": "a VCF file",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a delimited file is laid out.

    Attributes
    ----------
    header
        Column names as written.
    n_skip
        Physical lines up to and including the header.
    delimiter
        Tab, comma or semicolon.
    plain
        False if the file must be read line by line.
    carriage_returns
        True if lines end in a bare carriage return.
    compressed
        True for gzip (also bgzip).
    sequenced_samples
        Samples named by a ``#sequenced_samples:`` comment, in order; None if there is no such comment.
    """

    header: tuple[str, ...]
    n_skip: int
    delimiter: str
    plain: bool
    carriage_returns: bool
    compressed: bool
    sequenced_samples: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class TextColumns:
    """Columns of a file by position in the header.

    Attributes
    ----------
    columns
        Text columns; no value is missing, blanks are empty texts.
    integers
        Columns that were read as whole numbers, ``NO_NUMBER`` where blank or a null token. A column that was asked for
        as integers but is not clean is among ``columns`` instead.
    lines
        File line of each row.
    n_bad
        Rows left out because they do not fit the header.
    """

    columns: dict[int, Coded]
    integers: dict[int, NDArray[np.int64]]
    lines: NDArray[np.int64]
    n_bad: int


def sniff_layout(path: Path) -> Layout:
    """Return comments, header and layout of a delimited file.

    Parameters
    ----------
    path
        Plain or gzip-compressed text.

    Returns
    -------
    Layout
        What was found before the first data row.

    Raises
    ------
    InputError
        E_FILE_MISSING; E_FILE_FORMAT for an empty file or one that is not text.
    """
    if not path.is_file():
        raise InputError("E_FILE_MISSING", "The file does not exist.", file=str(path))
    with path.open("rb") as handle:
        compressed = handle.read(2) == b"\x1f\x8b"
    head = _read_head(path, compressed=compressed)
    _refuse_other_formats(head, path)
    bare, newlines = len(re.findall(rb"\r(?!\n|\Z)", head)), head.count(b"\n")
    carriage_returns = bare > newlines + 1 if newlines else bare > 0  # one per line at most is a stray, not a line end
    lines, n_skip = _head_lines(head, carriage_returns=carriage_returns)
    if n_skip == 0:
        raise InputError("E_FILE_FORMAT", "A table with a header is needed, found no header line.", file=str(path))
    header_line = lines[-1]
    delimiter = next((mark for mark in "\t,;" if mark in header_line), "\t")
    quoted = '"' in header_line
    names = next(csv.reader([header_line], delimiter=delimiter)) if quoted else header_line.split(delimiter)
    while len(names) > 1 and not names[-1].strip():
        names = names[:-1]
    return Layout(
        header=tuple(name.strip().removeprefix("#") for name in names),
        n_skip=n_skip,
        delimiter=delimiter,
        plain=not bare and not quoted and delimiter == "\t" and len(names) == len(header_line.split(delimiter)),
        carriage_returns=carriage_returns,
        compressed=compressed,
        sequenced_samples=_sequenced(lines[:-1]),
    )


def read_text_columns(
    path: Path,
    layout: Layout,
    text: Sequence[int],
    *,
    integers: Sequence[int] = (),
    findings: Findings,
    threads: int | None = None,
) -> TextColumns:
    """Return some columns of a file.

    Rows with another number of fields than the header are reported and left out; surplus fields that are all blank are
    ignored. Blank lines are passed over.

    Parameters
    ----------
    path, layout
        The file and what ``sniff_layout`` said of it.
    text, integers
        Positions of the columns to read as text, and as whole numbers where possible.
    findings
        Collects E_ROW_TRUNCATED and W_ENCODING.
    threads
        1 for a single thread; None for all.

    Returns
    -------
    TextColumns
        One entry per good row, in file order.

    Raises
    ------
    InputError
        E_FILE_FORMAT for a damaged compressed file.
    """
    try:
        if layout.plain:
            found = _read_fast(path, layout, text, integers, threads=threads)
            if found is None:
                found = _read_fast(path, layout, [*text, *integers], (), threads=threads)
            if found is not None:
                return found
        return _read_slowly(path, layout, [*text, *integers], findings=findings)
    except _DAMAGED as error:
        raise _damaged(path, error) from error


def _read_fast(
    path: Path,
    layout: Layout,
    text: Sequence[int],
    integers: Sequence[int],
    *,
    threads: int | None,
) -> TextColumns | None:
    """Read with pyarrow; None if a row does not fit, a number is none, or the text is not UTF-8."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    types = {str(place): pa.string() for place in text} | {str(place): pa.int64() for place in integers}
    try:
        with pa.input_stream(str(path), compression="gzip" if layout.compressed else None) as stream:
            table = arrow_csv.read_csv(
                stream,
                read_options=arrow_csv.ReadOptions(
                    column_names=[str(place) for place in range(len(layout.header))],
                    skip_rows=layout.n_skip,
                    use_threads=threads != 1,
                    block_size=1 << 21,
                ),
                parse_options=arrow_csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
                convert_options=arrow_csv.ConvertOptions(
                    include_columns=list(types),
                    column_types=types,
                    strings_can_be_null=False,
                    null_values=list(NUMBER_NULLS),
                ),
            )
    except pa.ArrowInvalid:
        return None

    def encode_column(place: int) -> Coded:
        """Encode a whole column: twice as fast as reading it as a dictionary, block by block."""
        whole = table.column(str(place)).dictionary_encode().combine_chunks()
        return Coded(whole.indices.to_numpy(), whole.dictionary.to_numpy(zero_copy_only=False))

    with ThreadPoolExecutor(max_workers=1 if threads == 1 else None) as pool:
        columns = dict(zip(text, pool.map(encode_column, text), strict=True))
    numbers = {place: table.column(str(place)).fill_null(NO_NUMBER).to_numpy() for place in integers}
    lines = np.arange(layout.n_skip + 1, layout.n_skip + 1 + table.num_rows, dtype=np.int64)
    return _without_blank_rows(TextColumns(columns=columns, integers=numbers, lines=lines, n_bad=0))


def _without_blank_rows(found: TextColumns) -> TextColumns:
    """Drop rows in which every column is blank: pyarrow makes one of an empty line, so that lines are counted right."""
    rows = np.arange(len(found.lines))
    for column in found.columns.values():
        blank = np.array([not value.strip() for value in column.values] + [True], dtype=bool)
        rows = rows[blank[column.codes[rows]]]
        if not rows.size:
            return found
    for numbers in found.integers.values():
        rows = rows[numbers[rows] == NO_NUMBER]
    keep = np.ones(len(found.lines), dtype=bool)
    keep[rows] = False
    return TextColumns(
        columns={place: take(column, keep) for place, column in found.columns.items()},
        integers={place: numbers[keep] for place, numbers in found.integers.items()},
        lines=found.lines[keep],
        n_bad=0,
    )


def _read_slowly(path: Path, layout: Layout, wanted: Sequence[int], *, findings: Findings) -> TextColumns:
    """Read line by line, reporting each row that does not fit."""
    width = len(layout.header)
    codes = {place: array("i") for place in wanted}
    values: dict[int, dict[str, int]] = {place: {} for place in wanted}
    lines, bad = array("q"), 0
    for number, text in _numbered_lines(path, layout, findings=findings):
        fields = _split(text, layout)
        if not any(field.strip() for field in fields):
            continue
        if len(fields) < width or any(field.strip() for field in fields[width:]):
            bad += 1
            if bad <= _REPORTED:
                _report_bad_row(number, len(fields), width, findings=findings, file=str(path))
            continue
        lines.append(number)
        for place in wanted:
            seen = values[place]
            codes[place].append(seen.setdefault(fields[place], len(seen)))
    if bad > _REPORTED:
        message = f"Rows need as many fields as the header, found {bad} that do not; the first {_REPORTED} are listed."
        findings.add("E_ROW_TRUNCATED", message, file=str(path))
    return TextColumns(
        columns={place: Coded(np.array(codes[place], dtype=np.int32), as_objects(values[place])) for place in wanted},
        integers={},
        lines=np.array(lines, dtype=np.int64),
        n_bad=bad,
    )


def _report_bad_row(number: int, found: int, width: int, *, findings: Findings, file: str) -> None:
    findings.add(
        "E_ROW_TRUNCATED",
        f"The header has {width} fields, this row has {found}.",
        fix="Complete or remove the row; its values may stand in the wrong columns, so it was not read.",
        file=file,
        row=number,
    )


def _split(text: str, layout: Layout) -> list[str]:
    if '"' in text and (layout.delimiter != "\t" or text.startswith('"') or '\t"' in text):
        return next(csv.reader([text], delimiter=layout.delimiter))
    return text.split(layout.delimiter)


def _numbered_lines(path: Path, layout: Layout, *, findings: Findings) -> Iterator[tuple[int, str]]:
    """Yield line number and text of everything below the header."""
    number, latin = 0, 0
    with _open(path, compressed=layout.compressed) as stream:
        for block in stream:
            pieces = block.rstrip(b"\n").split(b"\r") if layout.carriage_returns else [block.rstrip(b"\r\n")]
            for piece in pieces:
                number += 1
                if number <= layout.n_skip:
                    continue
                raw = piece.replace(b"\r", b"")  # a stray carriage return inside a line is no data
                try:
                    yield number, raw.decode()
                except UnicodeDecodeError:
                    latin = latin or number
                    yield number, raw.decode("latin-1")
    if latin:
        findings.add(
            "W_ENCODING",
            "Text should be UTF-8; lines that are not were read as Latin-1.",
            fix="Save the file as UTF-8 if a name looks wrong.",
            file=str(path),
            row=latin,
        )


@contextmanager
def _open(path: Path, *, compressed: bool) -> Iterator[IO[bytes]]:
    with cast("IO[bytes]", gzip.open(path, "rb") if compressed else path.open("rb")) as stream:
        yield stream


def _read_head(path: Path, *, compressed: bool) -> bytes:
    """Return enough of a file to hold its comments and header."""
    try:
        with _open(path, compressed=compressed) as stream:
            head = stream.read(1 << 22)
            return head if _head_lines(head, carriage_returns=False)[1] else head + stream.read(_HEAD)
    except _DAMAGED as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: BaseException) -> InputError:
    return InputError("E_FILE_FORMAT", f"A complete file is needed, found a damaged one: {error}.", file=str(path))


def _refuse_other_formats(head: bytes, path: Path) -> None:
    kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")
    if not head.strip():
        kind = "an empty file"
    elif not kind and b"\0" in head[:4096]:
        kind = "a binary file or UTF-16 text"
    if kind:
        raise InputError(
            "E_FILE_FORMAT", f"A MAF (tab-separated text) is needed, found {kind}.", fix="Give the MAF itself.",
            file=str(path),
        )  # fmt: skip


def _head_lines(head: bytes, *, carriage_returns: bool) -> tuple[list[str], int]:
    """Return the comment lines and the header of a file, and the number of physical lines they take (0 = no header)."""
    raw = head.removeprefix(_BOM)
    found: list[str] = []
    for number, line in enumerate(raw.split(b"\r" if carriage_returns else b"\n"), start=1):
        text = line.replace(b"\r", b"").decode(errors="replace")
        if not text.strip():
            continue
        found.append(text)
        if not text.startswith("#") or "tumor_sample_barcode" in text.lower():
            return found, number
    return found, 0


def _sequenced(comments: Sequence[str]) -> tuple[str, ...] | None:
    for comment in comments:
        match = _SEQUENCED.match(comment)
        if match:
            return tuple(dict.fromkeys(name for name in re.split(r"[\s,;]+", match.group(1)) if name))
    return None
