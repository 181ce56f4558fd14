"""How a MAF is laid out: comments, header, delimiter, line ends, compression. What is no text is refused in words."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, cast

from netgen.errors import InputError
from netgen.genomics.textfile import foreign_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

DAMAGED: Final = (EOFError, OSError, zlib.error)  # what a cut or broken gzip file raises
_HEAD: Final = 1 << 26  # comments and header must end within 64 MB
_BOM: Final = b"\xef\xbb\xbf"
_SEQUENCED: Final = re.compile(r"#+\s*(?:sequenced|seq)_samples\s*:?\s*(.*)", re.IGNORECASE | re.DOTALL)
_GENOMIC: Final = {b"BCF": "a BCF file", b"##fileformat=VCF": "a VCF file"}


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


@contextmanager
def open_bytes(path: Path, *, compressed: bool) -> Iterator[IO[bytes]]:
    """Open a file for reading bytes, decompressed.

    Parameters
    ----------
    path
        The file.
    compressed
        True for gzip.

    Yields
    ------
    file object
        Binary.
    """
    with cast("IO[bytes]", gzip.open(path, "rb") if compressed else path.open("rb")) as stream:
        yield stream


def _read_head(path: Path, *, compressed: bool) -> bytes:
    """Return enough of a file to hold its comments and header."""
    try:
        with open_bytes(path, compressed=compressed) as stream:
            head = stream.read(1 << 22)
            return head if _head_lines(head, carriage_returns=False)[1] else head + stream.read(_HEAD)
    except DAMAGED as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: BaseException) -> InputError:
    """Return the error for a compressed file that is cut or broken.

    Parameters
    ----------
    path
        The file.
    error
        What decompressing it raised (``DAMAGED``).

    Returns
    -------
    InputError
        E_FILE_FORMAT.
    """
    return InputError("E_FILE_FORMAT", f"A complete file is needed, found a damaged one: {error}.", file=str(path))


def _refuse_other_formats(head: bytes, path: Path) -> None:
    kind = foreign_format(head) or next((kind for magic, kind in _GENOMIC.items() if head.startswith(magic)), "")
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
