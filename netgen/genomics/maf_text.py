"""The text layer of a MAF: columns, line ends, encoding, ragged rows.

Two ways lead to the same columns. The fast way is ``pyarrow.csv`` on the wanted columns only. A file that it cannot
read - a row with another number of fields, Latin-1, bare carriage returns, quoted CSV - goes the slow way, line by
line, where every bad row is reported with its line number and left out. Nothing is ever shifted.

No cell is taken for missing here: a gene may be called ``NA``.
"""

from __future__ import annotations

import csv
from array import array
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.genomics.coded import Coded, as_objects, take
from netgen.genomics.maf_layout import DAMAGED, damaged, open_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from netgen.errors import Findings
    from netgen.genomics.maf_layout import Layout

NO_NUMBER: Final = int(np.iinfo(np.int64).min)
NUMBER_NULLS: Final = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", ".", "-", "?", "na")
_REPORTED: Final = 50  # bad rows reported one by one


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
    except DAMAGED as error:
        raise damaged(path, error) from error


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

    with ThreadPoolExecutor(max_workers=1 if threads == 1 else None) as pool:
        columns = dict(zip(text, pool.map(_encode_arrow, [table.column(str(place)) for place in text]), strict=True))
    numbers = {place: table.column(str(place)).fill_null(NO_NUMBER).to_numpy() for place in integers}
    n_rows = table.num_rows
    del table
    pa.default_memory_pool().release_unused()  # what comes next is made by numpy, which does not share Arrow's pool
    lines = np.arange(layout.n_skip + 1, layout.n_skip + 1 + n_rows, dtype=np.int64)
    return _without_blank_rows(TextColumns(columns=columns, integers=numbers, lines=lines, n_bad=0))


def _encode_arrow(column: pa.ChunkedArray) -> Coded:
    """Encode a whole column: twice as fast as reading it as a dictionary, block by block."""
    import pyarrow.compute as pc

    if len(column) and pc.max(pc.binary_length(column)).as_py() == 0:  # blank throughout, as many columns of a MAF are
        return Coded(np.zeros(len(column), dtype=np.int32), as_objects([""]))
    whole = column.dictionary_encode().combine_chunks()
    return Coded(whole.indices.to_numpy(), whole.dictionary.to_numpy(zero_copy_only=False))


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
    with open_bytes(path, compressed=layout.compressed) as stream:
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
