"""From an XLSX workbook to rows of text, bounded and without surprises.

Typed cells become text that means the same: dates ISO 8601 (openpyxl knows the 1900 and the 1904 system), numbers the
shortest decimal that gives them back, percent-formatted numbers with their ``%``, truth values ``TRUE`` and
``FALSE``; text stays as it is, so ``007`` typed as text keeps its zeros. A formula counts with the value the
spreadsheet stored; one without a stored value is reported. Declared dimensions are ignored, because some writers
declare ``A1``.
"""

from __future__ import annotations

import difflib
import io
import zipfile
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final, cast

from netgen.clinical.values import number_text
from netgen.errors import InputError

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet
    from openpyxl.worksheet.worksheet import Worksheet

    from netgen.clinical.grid import Record
    from netgen.errors import Findings

    AnyCell = Cell | MergedCell | EmptyCell | ReadOnlyCell

MAX_UNPACKED: Final = 1 << 30  # bytes of the workbook after decompression
MAX_RATIO: Final = 500  # unpacked to packed size of a part larger than _SMALL
_SMALL: Final = 1 << 24
_PROLOG: Final = 1 << 16
_OTHER_KINDS: Final = {
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
    "content.xml": "an OpenDocument file",
}


def read_sheet(data: bytes, *, sheet: str | int | None, label: str, findings: Findings) -> list[Record]:
    """Return the rows of one sheet as text with their row numbers.

    Missing cells are empty text; a row ends with its last cell.

    Parameters
    ----------
    data
        Content of the workbook.
    sheet
        Name, or number from 1; None = the first sheet that is visible and not empty.
    label
        File name for messages.
    findings
        Receives ``I_SHEET`` if a choice among sheets was made and ``E_VALUE`` for formulas without a stored value.

    Returns
    -------
    list of Record
        Row number from 1 and cells.

    Raises
    ------
    InputError
        If the file is no workbook, is too large when unpacked, or has no such sheet.
    """
    formulas = _check_archive(data, label)
    workbook = _open(data, label, values=True)
    try:
        title = _choose_sheet(workbook, sheet, label, findings)
        records = _rows(_worksheet(workbook, title))
    finally:
        workbook.close()
    if formulas:
        _report_formulas(data, title, records, label, findings)
    return records


def sheet_names(data: bytes, *, label: str) -> list[str]:
    """Return the names of the sheets of a workbook, in order.

    Parameters
    ----------
    data
        Content of the workbook.
    label
        File name for messages.

    Returns
    -------
    list of str
        Names as written.
    """
    _check_archive(data, label)
    workbook = _open(data, label, values=True)
    try:
        return [str(item.title) for item in workbook.worksheets]
    finally:
        workbook.close()


def _check_archive(data: bytes, label: str) -> bool:
    """Refuse what is no workbook or grows beyond the bounds; tell whether a sheet has formulas."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
        names = {member.filename for member in members}
        if "xl/workbook.xml" not in names:
            found = next((text for part, text in _OTHER_KINDS.items() if part in names), "another kind of archive")
            raise InputError("E_FILE_FORMAT", f"Need an .xlsx workbook, found {found}.", fix=_SAVE_AS, file=label)
        packed_too_well = any(
            member.file_size > max(_SMALL, MAX_RATIO * max(member.compress_size, 1)) for member in members
        )
        if packed_too_well or sum(member.file_size for member in members) > MAX_UNPACKED:
            raise InputError(
                "E_FILE_FORMAT",
                f"Need a workbook of at most {MAX_UNPACKED >> 20} MB unpacked, found one that is larger or a zip bomb.",
                fix=_SAVE_AS,
                file=label,
            )
        formulas = False
        for member in members:
            if member.filename.endswith((".xml", ".rels")):
                formulas |= _scan(archive, member, label)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as problem:
        raise InputError("E_FILE_FORMAT", f"Need an intact workbook: {problem}.", fix=_SAVE_AS, file=label) from problem
    return formulas


_SAVE_AS: Final = "Save the table as .xlsx or as CSV."


def _scan(archive: zipfile.ZipFile, member: zipfile.ZipInfo, label: str) -> bool:
    """Refuse document type declarations (entity attacks); tell whether a sheet has formulas."""
    is_sheet = member.filename.startswith("xl/worksheets/")
    with archive.open(member) as part:
        chunk = part.read(_PROLOG)
        if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
            raise InputError("E_FILE_FORMAT", "A workbook with document type declarations is refused.", file=label)
        tail = b""
        while is_sheet and chunk:
            if b"<f>" in tail + chunk or b"<f " in tail + chunk:
                return True
            tail = chunk[-3:]
            chunk = part.read(1 << 20)
    return False


def _open(data: bytes, label: str, *, values: bool) -> Workbook:
    import openpyxl

    try:
        return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=values, keep_links=False)
    except Exception as problem:  # openpyxl lets errors of many libraries through for a damaged part
        raise InputError(
            "E_FILE_FORMAT", f"Need an intact workbook: {type(problem).__name__}.", fix=_SAVE_AS, file=label
        ) from problem


def _choose_sheet(workbook: Workbook, sheet: str | int | None, label: str, findings: Findings) -> str:
    """Title of the sheet that was asked for."""
    titles = [str(item.title) for item in workbook.worksheets]
    listing = ", ".join(repr(title) for title in titles)
    if sheet is None:
        return _first_sheet(workbook, listing, label, findings)
    if isinstance(sheet, int):
        if 1 <= sheet <= len(titles):
            return titles[sheet - 1]
        raise InputError(
            "E_FILE_FORMAT",
            f"Need a sheet number from 1 to {len(titles)}, got {sheet}.",
            fix=f"Sheets: {listing}.",
            file=label,
        )
    folded = {title.strip().casefold(): title for title in titles}
    title = sheet if sheet in titles else folded.get(sheet.strip().casefold())
    if title is None:
        near = difflib.get_close_matches(sheet, titles, n=1)
        raise InputError(
            "E_FILE_FORMAT",
            f"There is no sheet {sheet!r}.",
            fix=f"Did you mean {near[0]!r}? Sheets: {listing}." if near else f"Sheets: {listing}.",
            file=label,
        )
    return title


def _first_sheet(workbook: Workbook, listing: str, label: str, findings: Findings) -> str:
    filled = []
    for item in workbook.worksheets:
        rows = _worksheet(workbook, str(item.title)).iter_rows(max_row=50, values_only=True)
        if item.sheet_state == "visible" and any(value is not None for row in rows for value in row):
            filled.append(str(item.title))
    if not filled:
        raise InputError("E_FILE_FORMAT", "Need a sheet with text, found none.", fix=f"Sheets: {listing}.", file=label)
    if len(filled) > 1:
        findings.add(
            "I_SHEET", f"Sheet {filled[0]!r} was read.", fix=f"Name another with sheet = ...: {listing}.", file=label
        )
    return filled[0]


def _worksheet(workbook: Workbook, title: str) -> Worksheet:
    """Return a sheet of a read-only workbook without its declared dimensions."""
    sheet = workbook[title]
    cast("ReadOnlyWorksheet", sheet).reset_dimensions()
    return cast("Worksheet", sheet)


def _rows(worksheet: Worksheet) -> list[Record]:
    """Return the rows of a sheet as text."""
    return [(place, [cell_text(cell) for cell in row]) for place, row in enumerate(worksheet.iter_rows(), 1)]


def cell_text(cell: AnyCell) -> str:
    """Return the text of one typed cell; empty if it holds nothing.

    Parameters
    ----------
    cell
        Cell of openpyxl.

    Returns
    -------
    str
        Text that means the same.
    """
    value = cell.value
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        is_percent = "%" in (cell.number_format or "")
        return f"{number_text(round(value * 100, 10))}%" if is_percent else number_text(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _report_formulas(data: bytes, title: str, records: list[Record], label: str, findings: Findings) -> None:
    """Report formulas without a stored value: they would read as blank cells."""
    workbook = _open(data, label, values=False)
    try:
        worksheet = _worksheet(workbook, title)
        for (line, cells), row in zip(records, worksheet.iter_rows(), strict=True):
            for text, cell in zip(cells, row, strict=True):
                if not text and cell.value is not None:
                    findings.add(
                        "E_VALUE",
                        "Need a value, found a formula whose result is not stored in the file.",
                        fix="Open the workbook in a spreadsheet program, save it, and read it again.",
                        file=label,
                        row=line,
                        column=str(cell.coordinate),
                    )
    finally:
        workbook.close()
