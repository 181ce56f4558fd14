"""The blocks of an Illumina CombinedVariantOutput file: ``[Name]``, then lines padded with tabs.

Cells are trimmed; ``NA`` is blank. Blank lines, a lone ``NA`` (an empty block) and the vendor's remarks on beta
features are passed over. Spreadsheets add a byte-order mark, drop tabs at the end of a line and leave empty lines; such
files are read all the same.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.errors import InputError
from netgen.genomics.textfile import read_lines

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence
    from pathlib import Path

    from netgen.errors import Findings

BANNER: Final = re.compile(r"(?:DRAGEN )?TruSight Oncology 500\b.*Combined Variant Output", re.IGNORECASE)
_LIMIT: Final = 1 << 28
_NAME: Final = re.compile(r"\[(.+)\]")
_REMARK: Final = re.compile(r"\bBETA FEATURE", re.IGNORECASE)


class Line(NamedTuple):
    """One line of a table: its place in the file, and column -> cell."""

    row: int
    cells: dict[str, str]


class Section(NamedTuple):
    """One block.

    Attributes
    ----------
    name, row
        Name as written, and the line where it stands.
    rows
        Line and cells of what is in it.
    ended
        Whether anything follows its header or its name, be it ``NA``: False only where the file breaks off.
    """

    name: str
    row: int
    rows: list[tuple[int, list[str]]]
    ended: bool


def read_sections(path: Path) -> tuple[str, dict[str, Section]]:
    """Return the first line of a file and its blocks.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    tuple of str and dict
        Banner; name of a block in lower case -> block. A name that comes twice is one block.

    Raises
    ------
    InputError
        If the file is not text, or has no block [Analysis Details] (E_FILE_FORMAT).
    """
    lines = read_lines(path, limit=_LIMIT)
    sections: dict[str, Section] = {}
    current: Section | None = None
    for row, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        named = _NAME.fullmatch(cells[0])
        if named and not any(cells[1:]):
            current = sections.get(named[1].casefold(), Section(named[1], row, [], ended=False))
            sections[named[1].casefold()] = current
        elif current is not None and any(cells):
            empty = cells[0] == "NA" and not any(cells[1:])
            if not empty and not _REMARK.search(cells[0]):
                current.rows.append((row, cells))
            if empty or len(current.rows) > 1:
                sections[current.name.casefold()] = current = current._replace(ended=True)
    if "analysis details" not in sections:
        raise InputError(
            "E_FILE_FORMAT",
            "A TSO500 Combined Variant Output with the block [Analysis Details] is needed, found"
            f" {', '.join(f'[{section.name}]' for section in sections.values()) or 'no block'}.",
            fix="Give the *_CombinedVariantOutput.tsv file as the software wrote it.",
            file=str(path),
        )
    return lines[0].split("\t")[0].strip(), sections


def read_values(section: Section | None) -> dict[str, str]:
    """Return the keys and values of a block.

    Parameters
    ----------
    section
        Block of keys and values; None = the file has none.

    Returns
    -------
    dict of str to str
        Key in lower case -> value; keys without one have no entry.
    """
    pairs = {cells[0].casefold(): [*cells, ""][1] for _, cells in (section.rows if section else [])}
    return {key: value for key, value in pairs.items() if value not in {"", "NA"}}


def read_number(text: str, *, default: float = math.nan) -> float:
    """Return the number in a cell.

    Parameters
    ----------
    text
        The cell.
    default
        What a blank stands for.

    Returns
    -------
    float
        Infinity for what is no number.
    """
    if not text:
        return default
    try:
        return float(text)
    except ValueError:
        return math.inf


def read_table(
    section: Section | None, needed: Sequence[str], path: Path, findings: Findings, dropped: Counter[str]
) -> list[Line]:
    """Return the lines of a block that is a table.

    Parameters
    ----------
    section
        The block; None = the file has none, which gives no line.
    needed
        Columns without which it cannot be read, as the vendor spells them.
    path
        The file.
    findings
        Collects lines that break off (E_ROW_TRUNCATED).
    dropped
        Counts those as ``malformed``.

    Returns
    -------
    list of Line
        ``NA`` and blanks are "". A line may lack cells at its end, but none of the first seven columns that are needed.

    Raises
    ------
    InputError
        If a column is absent (E_COLUMN_MISSING), or the file breaks off within the block (E_FILE_FORMAT).
    """
    if section is None or (section.ended and not section.rows):
        return []
    if not section.ended:
        raise InputError(
            "E_FILE_FORMAT",
            f"The block [{section.name}] needs rows, or NA for none; the file ends before.",
            fix="Copy the file again.",
            file=str(path),
            row=section.row,
        )
    (row, header), *rest = section.rows
    spelled = {name.casefold(): name for name in needed}
    columns = [spelled.get(name.casefold(), name) for name in header]
    absent = [name for name in needed if name not in columns]
    if absent:
        raise InputError(
            "E_COLUMN_MISSING",
            f"[{section.name}] needs the columns {', '.join(absent)}, found {', '.join(filter(None, header))}.",
            fix="Give the file as the software wrote it.",
            file=str(path),
            row=row,
        )
    shortest = max(columns.index(name) for name in needed[:7]) + 1
    lines = []
    for place, cells in rest:
        if len(cells) < shortest:
            _report_short(section, place, len(cells), shortest, path, findings)
            dropped["malformed"] += 1
            continue
        padded = [*cells, *[""] * (len(columns) - len(cells))]
        named = {name: cell for name, cell in zip(columns, padded, strict=False) if name}
        lines.append(Line(place, {name: "" if cell == "NA" else cell for name, cell in named.items()}))
    return lines


def _report_short(section: Section, row: int, found: int, needed: int, path: Path, findings: Findings) -> None:
    findings.add(
        "E_ROW_TRUNCATED",
        f"A row of [{section.name}] needs {needed} cells or more, found {found}; it was left out.",
        fix="Copy the file again.",
        file=str(path),
        row=row,
    )
