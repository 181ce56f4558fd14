"""Files of imported knowledge, read whole: a tab-separated table as rows with their lines, or a JSON document."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from netgen.errors import InputError
from netgen.genomics.textfile import read_lines

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

LIMIT: Final = 1 << 29  # bytes; a release of CIViC has some 10 MB
_MISSHAPEN: Final = "_fields"


def read_rows(path: Path, needed: Collection[str]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a tab-separated table with a header, each with the line on which it begins.

    Parameters
    ----------
    path
        File; fields may be quoted, as in the releases of CIViC.
    needed
        Columns that must be there.

    Returns
    -------
    list of tuple
        Line from 1, and column -> text without surrounding blanks. A row with more or fewer fields than the header has
        the fields that are there under the header's names, and :func:`is_misshapen`.

    Raises
    ------
    InputError
        If the file is no text or no such table (E_FILE_FORMAT), or is missing (E_FILE_MISSING).
    """
    reader = csv.reader(read_lines(path, limit=LIMIT), delimiter="\t")
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        header = [name.strip() for name in next(reader)]
        missing = [name for name in needed if name not in header]
        if missing:
            refuse(path, f"The columns {', '.join(missing)} are needed, found {', '.join(header)[:300]}.")
        line = reader.line_num + 1
        for fields in reader:
            if any(field.strip() for field in fields):
                row = {name: field.strip() for name, field in zip(header, fields, strict=False)}
                if len(fields) != len(header):
                    row[_MISSHAPEN] = str(len(fields))
                rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        refuse(path, f"A tab-separated table is needed: {error} on line {reader.line_num}.")
    return rows


def is_misshapen(row: dict[str, str]) -> bool:
    """Tell whether a row has more or fewer fields than the header.

    Parameters
    ----------
    row
        Of :func:`read_rows`.

    Returns
    -------
    bool
        True if its fields may stand under the wrong names.
    """
    return _MISSHAPEN in row


def read_json(path: Path) -> object:
    """Return a JSON document.

    Parameters
    ----------
    path
        File, plain or gzip.

    Returns
    -------
    object
        What it holds.

    Raises
    ------
    InputError
        If the file is no JSON (E_FILE_FORMAT), or is missing (E_FILE_MISSING).
    """
    try:
        found: object = json.loads("\n".join(read_lines(path, limit=LIMIT)))
    except (json.JSONDecodeError, RecursionError) as error:
        refuse(path, f"A JSON document is needed: {error}.")
    return found


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list in a JSON document.

    Parameters
    ----------
    value
        What stands there; anything but a list holds none.

    Returns
    -------
    list of dict
        In order; what is no object is passed over.
    """
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def is_json(path: Path) -> bool:
    """Tell whether a file begins like a JSON document.

    Parameters
    ----------
    path
        File, plain or gzip.

    Returns
    -------
    bool
        True if its first character that is no blank opens a list or an object.

    Raises
    ------
    InputError
        If the file is missing (E_FILE_MISSING), empty or no text (E_FILE_FORMAT).
    """
    first = next((line.lstrip() for line in read_lines(path, limit=LIMIT) if line.strip()), "")
    return first.startswith(("[", "{"))


def refuse(path: Path, message: str) -> NoReturn:
    """Raise E_FILE_FORMAT for a file of a knowledge snapshot.

    Parameters
    ----------
    path
        File.
    message
        What is needed, what was found.

    Raises
    ------
    InputError
        Always.
    """
    raise InputError(
        "E_FILE_FORMAT", message, fix="Give the file as its source publishes it, or take it out of the manifest.",
        file=str(path),
    )  # fmt: skip
