"""Small text files of genomic sources, read whole: what is not text is refused in words, never by a traceback.

Lines end at LF or CRLF; a file with CR alone is split there. Text is UTF-8, with or without a byte-order mark, else
Latin-1. Gzip is recognised by content. Files above ``LIMIT`` bytes are refused.

Files that netgen writes come into being beside their place and are moved there whole; an input is never written over.
"""

from __future__ import annotations

import gzip
import os
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from netgen.errors import AnalysisError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LIMIT: Final = 4 << 30
NULLS: Final = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "null", "none", ".", "-", "?", "[not available]", "[not applicable]", "[pending]",
     "[discrepancy]", "[completed]", "[null]", "not available", "not applicable"}
)  # fmt: skip
_LFS: Final = b"version https://git-lfs"
_GZIP: Final = b"\x1f\x8b"
_CHUNK: Final = 1 << 20
# What a file that is no text of ours begins with -> what it is.
_FOREIGN: Final[dict[bytes, str]] = {
    b"PK\x03\x04": "a ZIP archive or an XLSX workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"version https://git-lfs": "a Git LFS pointer (the data were not downloaded)",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
    b"%PDF": "a PDF document",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x1f\x9d": "a file of the old compress (.Z)",
    b"x\x9c": "a zlib file",
    b"7z\xbc\xaf": "a 7-Zip archive",
}


def is_lfs_pointer(head: bytes) -> bool:
    """Tell whether the first bytes of a file are a Git-LFS pointer instead of data.

    Parameters
    ----------
    head
        At least the first 30 bytes.

    Returns
    -------
    bool
        True for a pointer.
    """
    return head.startswith(_LFS)


def foreign_format(head: bytes) -> str:
    """Return what a file is that is no text table, by its first bytes.

    Parameters
    ----------
    head
        At least the first 30 bytes.

    Returns
    -------
    str
        With its article; empty if it may be text, gzip or BCF.
    """
    return next((kind for magic, kind in _FOREIGN.items() if head.startswith(magic)), "")


def is_ignorable(name: str) -> bool:
    """Tell whether a file is debris of a spreadsheet or an operating system (``~$...``, ``._...``, hidden files).

    Parameters
    ----------
    name
        File name without folder.

    Returns
    -------
    bool
        True if it carries no data.
    """
    return name.startswith(("~$", ".", "__MACOSX")) or name.endswith(("~", ".swp"))


def read_lines(path: Path, *, limit: int = LIMIT) -> list[str]:
    """Return the lines of a text file without their line ends.

    Parameters
    ----------
    path
        File, plain or gzip.
    limit
        Largest size in bytes after decompression.

    Returns
    -------
    list of str
        Lines; the last one is not empty.

    Raises
    ------
    InputError
        If there is no such file (E_FILE_MISSING), or it is empty, binary, a Git-LFS pointer, damaged or too large
        (E_FILE_FORMAT).
    """
    data = _read_bytes(path, limit)
    if is_lfs_pointer(data):
        raise _refuse(path, "A table is needed, found a Git-LFS pointer.", "Fetch the file itself: git lfs pull.")
    if b"\x00" in data[:_CHUNK]:
        raise _refuse(path, "A text file is needed, found binary data.", "Export the table as tab-separated text.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\n" not in text.rstrip("\n"):
        text = text.replace("\r", "\n")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise _refuse(path, "The file is empty.", "Give the file with its rows, or leave it out.")
    return lines


def read_head(path: Path, size: int = 1 << 16) -> bytes:
    """Return the first bytes of a file, decompressed; nothing if it cannot be decompressed.

    Parameters
    ----------
    path
        File.
    size
        How many bytes.

    Returns
    -------
    bytes
        At most ``size`` bytes.
    """
    with path.open("rb") as handle:
        head = handle.read(size)
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, size)
    except zlib.error:  # whoever reads the file whole will say so
        return b""


def split_fields(lines: Iterable[str]) -> list[list[str]]:
    """Return the tab-separated fields of each line, trimmed.

    Parameters
    ----------
    lines
        Lines without line ends.

    Returns
    -------
    list of list of str
        One list per line.
    """
    return [[field.strip() for field in line.split("\t")] for line in lines]


def is_null(text: str) -> bool:
    """Tell whether a field holds no value.

    Parameters
    ----------
    text
        Field as written.

    Returns
    -------
    bool
        True for blanks and null tokens, whatever their case.
    """
    return text.strip().casefold() in NULLS


@contextmanager
def write_beside(path: Path, *, inputs: Iterable[Path] = ()) -> Iterator[Path]:
    """Give a new file to write beside ``path``; it takes that name when all is written, and goes if writing fails.

    Parameters
    ----------
    path
        Where the file is to be; an older one is replaced.
    inputs
        Files that must not be written over.

    Yields
    ------
    Path
        The file to write.

    Raises
    ------
    AnalysisError
        E_OUTPUT_PATH if ``path`` is one of the inputs or a folder, or if nothing can be written there.
    """
    if path.is_dir() or any(one.exists() and path.exists() and path.samefile(one) for one in inputs):
        what = "a folder" if path.is_dir() else "one of the input files, which are never changed"
        raise AnalysisError("E_OUTPUT_PATH", f"{path} is {what}.", fix="Name another output file.")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        raise AnalysisError(
            "E_OUTPUT_PATH", f"nothing can be written to {path.parent}: {error.strerror}.", fix="Name another folder."
        ) from error
    os.close(handle)
    work = Path(name)
    try:
        yield work
        work.chmod(0o644)  # mkstemp makes a file that only its owner may read
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)


@contextmanager
def open_output(work: Path, *, like: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing bytes; they are compressed with bgzip if ``like`` ends in .gz or .bgz.

    Parameters
    ----------
    work
        The file to write.
    like
        The name it will have.

    Yields
    ------
    file object
        Binary.
    """
    if like.suffix not in {".gz", ".bgz"}:
        with work.open("wb") as handle:
            yield handle
        return
    import pysam

    with pysam.BGZFile(str(work), "wb") as handle:
        yield handle


def _read_bytes(path: Path, limit: int) -> bytes:
    if not path.is_file():
        raise InputError("E_FILE_MISSING", "There is no such file.", fix="Check the path.", file=str(path))
    with path.open("rb") as handle:
        zipped = handle.read(2) == _GZIP
    try:
        with gzip.open(path, "rb") if zipped else path.open("rb") as handle:
            data = handle.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _refuse(path, f"The file cannot be read: {error}.", "Copy or decompress it again.") from error
    if len(data) > limit:
        raise _refuse(path, f"The file is larger than {limit} bytes.", "Split it.")
    return data


def _refuse(path: Path, message: str, fix: str) -> InputError:
    return InputError("E_FILE_FORMAT", message, fix=fix, file=str(path))
