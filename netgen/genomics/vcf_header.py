"""What the header of a VCF tells: genome build, the tumour column, the name of the sample, the number of its lines."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from netgen.genomics.alleles import CHROMOSOME_LENGTHS, normalize_build, normalize_chromosome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

_BOM: Final = b"\xef\xbb\xbf"
_CHUNK: Final = 1 << 14
_COLUMNS: Final = b"\n#CHROM"
_HEADER_LIMIT: Final = 1 << 28
_TUMOUR_NAMES: Final = frozenset({"tumor", "tumour"})
_NORMAL_NAMES: Final = frozenset({"normal", "germline", "blood"})
_GENERIC: Final = _TUMOUR_NAMES | {"sample", "sample1", "unknown", "default"}
_BUILD_WORD: Final = re.compile(
    r"(?<![a-z0-9])(GRCh3[78](?:[-_]?lite)?|hg19|hg38|b37|b38|human_?g1k_?v37|hs37d5)(?![0-9])", re.IGNORECASE
)
_ENDING: Final = re.compile(r"\.(vcf|bcf)(\.b?gz)?$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class RawHeader:
    """The header as text.

    Attributes
    ----------
    lines
        ``##`` lines; empty for BCF.
    columns
        Sample columns; empty if the file has none (or is BCF).
    n_lines
        Lines up to and including ``#CHROM``.
    """

    lines: tuple[str, ...]
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
    data = bytearray()
    end = -1
    for chunk in _decompressed(path):
        begin = max(len(data) - len(_COLUMNS), 0)
        data += chunk
        start = data.find(_COLUMNS, begin)
        end = data.find(b"\n", start + 1) if start >= 0 else -1
        if end >= 0 or len(data) > _HEADER_LIMIT or not data.lstrip(_BOM).startswith(b"#"):
            break
    if b"\n#CHROM" not in data or not data.lstrip(_BOM).startswith(b"#"):
        return RawHeader(lines=(), columns=(), n_lines=0)
    head = data[: end if end >= 0 else len(data)].decode("utf-8-sig", errors="replace")
    *lines, last = [line.removesuffix("\r") for line in head.rstrip("\n").split("\n")]
    return RawHeader(lines=tuple(lines), columns=tuple(last.split("\t")[9:]), n_lines=len(lines) + 1)


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
        GRCh37 or GRCh38: the build whose chromosome lengths fit (chromosomes 1-22, X, Y), else the one that the
        ``##reference``, ``##assembly``, ``##contig`` or ``##VEP`` lines name; None if neither says, or several are
        named.
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
        if re.match(r"##(reference|assembly|contig|VEP|genome|GATKCommandLine)\b", line, re.IGNORECASE):
            named |= {normalize_build(word) for word in _BUILD_WORD.findall(line)} - {None}
    return named.pop() if len(named) == 1 else None


def find_tumour_columns(
    columns: Sequence[str],
    lines: Iterable[str],
    *,
    tumour: str | None = None,
    known_samples: Collection[str] = (),
) -> list[str]:
    """Return the columns that hold tumours.

    Parameters
    ----------
    columns
        Sample columns of the file.
    lines
        ``##`` lines.
    tumour
        Column that the caller names.
    known_samples
        Tumour samples of the study.

    Returns
    -------
    list of str
        Empty if it cannot be told.

    Notes
    -----
    In this order: the column the caller names; ``##tumor_sample=``; columns named as samples of the study; the only
    column; the other of two if ``##normal_sample=`` names one; a column TUMOR (TUMOUR); the other of two if one is
    called NORMAL; a column ``<tumour>_<normal>`` that begins with a sample of the study.
    """
    if tumour is not None:
        return [tumour] if tumour in columns else []
    stated = _header_value(lines, r"tumou?r_sample")
    if stated in columns:
        return [str(stated)]
    known = [column for column in columns if column in set(known_samples)]
    if known or len(columns) == 1:
        return known or list(columns)
    named = [column for column in columns if column.casefold() in _TUMOUR_NAMES]
    if len(named) == 1:
        return named
    normals = [column for column in columns if column.casefold() in _NORMAL_NAMES]
    stated = _header_value(lines, r"normal_sample")
    if stated in columns:
        normals = [str(stated)]
    if len(columns) == 2 and len(normals) == 1:
        return [column for column in columns if column not in normals]
    return [column for column in columns if _prefix(column, known_samples)]


def name_sample(column: str, path: Path, known_samples: Collection[str]) -> str:
    """Return the sample that a tumour column stands for.

    Parameters
    ----------
    column
        Name of the column, empty if the file has none.
    path
        The file.
    known_samples
        Samples of the study.

    Returns
    -------
    str
        The column itself if it is a sample; the sample that it begins with (``<tumour>_<normal>``); the sample that
        the file is named after; else the column, or for a generic name (TUMOR) the file name without its endings.
    """
    known = set(known_samples)
    if column in known:
        return column
    prefix = _prefix(column, known)
    if prefix:
        return prefix
    stem = _ENDING.sub("", path.name)
    for candidate in (stem, stem.split(".")[0]):
        if candidate in known:
            return candidate
    return stem if column.casefold() in _GENERIC | {""} else column


def _prefix(column: str, known_samples: Collection[str]) -> str:
    """Return the longest sample that a column ``<tumour>_<normal>`` begins with."""
    return max((one for one in known_samples if column.startswith(f"{one}_")), key=len, default="")


def _header_value(lines: Iterable[str], key: str) -> str | None:
    for line in lines:
        match = re.fullmatch(rf"##{key}=(.+)", line.strip(), re.IGNORECASE)
        if match:
            return match.group(1).strip()
    return None


def _decompressed(path: Path) -> Iterable[bytes]:
    """Yield the content of a plain or gzip file, member by member for bgzip."""
    with path.open("rb") as handle:
        chunk = handle.read(_CHUNK)
        if not chunk.startswith(b"\x1f\x8b"):
            while chunk:
                yield chunk
                chunk = handle.read(_CHUNK)
            return
        member = zlib.decompressobj(wbits=31)
        while chunk:
            yield member.decompress(chunk)
            chunk = member.unused_data or handle.read(_CHUNK)
            if member.eof and chunk:
                member = zlib.decompressobj(wbits=31)
