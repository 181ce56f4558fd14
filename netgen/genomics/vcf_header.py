"""The header of a VCF as text: its lines, its sample columns, the genome build that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from netgen.genomics.alleles import CHROMOSOME_LENGTHS, normalize_build, normalize_chromosome
from netgen.genomics.vcf_stream import decompressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_BOM: Final = b"\xef\xbb\xbf"
_COLUMNS: Final = b"\n#CHROM"
_ID: Final = re.compile(r"[<,]ID=([^,>]+)")
_DESCRIPTION: Final = re.compile(r'[<,]Description="((?:[^"\\]|\\.)*)')
_LENGTH: Final = re.compile(r"[<,]length=([0-9]{1,18})\b")
_FIXED_NAMES: Final = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
_HEADER_LIMIT: Final = 1 << 28
_BUILD_WORD: Final = re.compile(
    r"(?<![a-z0-9])(GRCh3[78](?:[-_]?lite)?|hg19|hg38|b37|b38|human_?g1k_?v37|hs37d5)(?![0-9])", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class RawHeader:
    """The header as text.

    Attributes
    ----------
    lines
        ``##`` lines; empty for BCF.
    fixed
        Columns up to FORMAT, as the line ``#CHROM`` names them.
    columns
        Sample columns; empty if the file has none (or is BCF).
    n_lines
        Lines up to and including ``#CHROM``.
    """

    lines: tuple[str, ...]
    fixed: tuple[str, ...]
    columns: tuple[str, ...]
    n_lines: int


def read_raw_header(path: Path) -> RawHeader:
    """Return the header lines of a VCF without the help of a library.

    Parameters
    ----------
    path
        VCF, plain or gzip/bgzip.

    Returns
    -------
    RawHeader
        Empty if the file is not text or has no ``#CHROM`` line.
    """
    return split_header(decompressed(path))[0]


def split_header(blocks: Iterator[bytes]) -> tuple[RawHeader, bytes]:
    """Return the header of a VCF, and what was read behind it.

    Parameters
    ----------
    blocks
        Content of the file; advanced to the block in which the header ends.

    Returns
    -------
    tuple
        The header (as :func:`read_raw_header`), and the bytes behind it that were already taken from ``blocks``.
    """
    data = bytearray()
    end = -1
    for block in blocks:
        begin = max(len(data) - len(_COLUMNS), 0)
        data += block
        start = data.find(_COLUMNS, begin)
        end = data.find(b"\n", start + 1) if start >= 0 else -1
        if end >= 0 or len(data) > _HEADER_LIMIT or not data.lstrip(_BOM).startswith(b"#"):
            break
    if _COLUMNS not in data or not data.lstrip(_BOM).startswith(b"#"):
        return RawHeader(lines=(), fixed=(), columns=(), n_lines=0), b""
    head = data[: end if end >= 0 else len(data)].decode("utf-8-sig", errors="replace")
    *lines, last = [line.removesuffix("\r") for line in head.rstrip("\n").split("\n")]
    names = tuple(last.split("\t"))
    header = RawHeader(lines=tuple(lines), fixed=names[:9], columns=names[9:], n_lines=len(lines) + 1)
    return header, bytes(data[end + 1 :]) if end >= 0 else b""


def find_header_fault(header: RawHeader) -> str:
    """Return what is wrong with a header that the library refuses.

    Parameters
    ----------
    header
        Header as text.

    Returns
    -------
    str
        Empty if nothing is.
    """
    if not header.n_lines:
        return "it has no header that ends in a line #CHROM"
    stray = _stray_line(header)
    if stray is not None:
        return f"lines of the header begin with ##, found {header.lines[stray][:40]!r}"
    if header.fixed[:8] != _FIXED_NAMES:
        return f"the line #CHROM must name {', '.join(_FIXED_NAMES)}, separated by tabs"
    if len(header.fixed) > 8 and not header.columns:
        return "the line #CHROM announces FORMAT, but no sample"
    names = [name for name in header.columns if header.columns.count(name) > 1]
    return f"two sample columns are called {names[0]}" if names else ""


def fault_line(header: RawHeader) -> int | None:
    """Return the line of what :func:`find_header_fault` finds.

    Parameters
    ----------
    header
        Header as text.

    Returns
    -------
    int or None
        From 1; the line ``#CHROM`` unless another is at fault; None without a header.
    """
    stray = _stray_line(header)
    return header.n_lines or None if stray is None else stray + 1


def _stray_line(header: RawHeader) -> int | None:
    return next((place for place, line in enumerate(header.lines) if not line.startswith("##")), None)


def read_descriptions(lines: Iterable[str]) -> dict[str, str]:
    """Return the descriptions of the fields of INFO.

    Parameters
    ----------
    lines
        ``##`` lines.

    Returns
    -------
    dict
        ID -> Description, empty if there is none; the first of several.
    """
    out: dict[str, str] = {}
    for line in lines:
        name = _ID.search(line) if line.startswith("##INFO=") else None
        if name is not None:
            text = _DESCRIPTION.search(line)
            out.setdefault(name[1], text[1].replace('\\"', '"') if text is not None else "")
    return out


def read_contigs(lines: Iterable[str]) -> dict[str, int]:
    """Return the contigs of a header.

    Parameters
    ----------
    lines
        ``##`` lines.

    Returns
    -------
    dict
        ID -> length, 0 if it is not stated.
    """
    out: dict[str, int] = {}
    for line in lines:
        name = _ID.search(line) if line.startswith("##contig=") else None
        if name is not None:
            length = _LENGTH.search(line)
            out[name[1]] = int(length[1]) if length is not None else 0
    return out


def detect_build(contigs: Mapping[str, int], lines: Iterable[str]) -> str | None:
    """Return the genome build of a VCF.

    Parameters
    ----------
    contigs
        Contig -> length (0 = not stated).
    lines
        ``##`` lines.

    Returns
    -------
    str or None
        GRCh37 or GRCh38: the build whose chromosome lengths fit (chromosomes 1-22, X, Y), else the one that the lines
        ``##reference`` (CrossMap: ``##new_reference_genome``), ``##assembly``, ``##contig`` or ``##VEP`` name; None if
        neither says, or several are named.
    """
    fits = {
        build: sum(
            lengths.get(normalize_chromosome(name) or "") == length
            for name, length in contigs.items()
            if length and normalize_chromosome(name) != "M"
        )
        for build, lengths in CHROMOSOME_LENGTHS.items()
    }
    best = max(fits, key=lambda build: fits[build])
    if fits[best] > 0 and list(fits.values()).count(fits[best]) == 1:
        return best
    named = set()
    for line in lines:
        if re.match(
            r"##(reference|new_reference_genome|assembly|contig|VEP|genome|GATKCommandLine)\b", line, re.IGNORECASE
        ):
            named |= {normalize_build(word) for word in _BUILD_WORD.findall(line)} - {None}
    return named.pop() if len(named) == 1 else None
