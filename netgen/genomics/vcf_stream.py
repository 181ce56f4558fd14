"""The bytes and lines of a VCF, plain, gzip or bgzip, block by block: any file takes the memory of one block."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from netgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

_BLOCK: Final = 1 << 16


def decompressed(path: Path) -> Generator[bytes]:
    """Yield the content of a plain or gzip file; a bgzip file is a row of gzip members.

    Parameters
    ----------
    path
        The file.

    Yields
    ------
    bytes
        Blocks of any size, none of them empty.

    Raises
    ------
    InputError
        If the compression is damaged or breaks off (E_FILE_FORMAT).
    """
    try:
        with path.open("rb") as handle:
            block = handle.read(_BLOCK)
            if block.startswith(b"\x1f\x8b"):
                yield from _members(block, iter(lambda: handle.read(_BLOCK), b""))
                return
            while block:
                yield block
                block = handle.read(_BLOCK)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error


def _members(block: bytes, more: Iterator[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(wbits=31)
    while block:
        content = member.decompress(block)
        if content:
            yield content
        block = member.unused_data
        if member.eof:
            block = block.lstrip(b"\0")  # padding between members
            while not block:
                following = next(more, None)
                if following is None:
                    return
                block = following.lstrip(b"\0")
            member = zlib.decompressobj(wbits=31)
        else:
            block = next(more, b"")
    raise EOFError("the compressed content breaks off")


def text_lines(blocks: Iterable[bytes]) -> Iterator[str]:
    """Yield lines without their ends; what is no UTF-8 is replaced by U+FFFD.

    Parameters
    ----------
    blocks
        Content of a file.

    Yields
    ------
    str
        One line, LF or CRLF removed.
    """
    parts: list[bytes] = []
    for block in blocks:
        cut = block.rfind(b"\n")
        if cut < 0:
            parts.append(block)
            continue
        yield from _split(b"".join([*parts, block[:cut]]))
        parts = [block[cut + 1 :]]
    last = b"".join(parts)
    if last:
        yield from _split(last)


def unreadable(path: Path, error: Exception | str, row: int | None = None) -> InputError:
    """Return the error for a file that is no VCF, or a damaged one.

    Parameters
    ----------
    path
        The file.
    error
        What the library says.
    row
        Line, if known.

    Returns
    -------
    InputError
        E_FILE_FORMAT.
    """
    return InputError(
        "E_FILE_FORMAT",
        f"A VCF is needed, but this file cannot be read: {error}.",
        fix="Check it with bcftools view; is it complete, and is the header that of a VCF?",
        file=str(path),
        row=row,
    )


def _split(content: bytes) -> list[str]:
    text = content.decode("utf-8", errors="replace")
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
    return text.split("\n")
