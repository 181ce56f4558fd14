"""Write what netgen says of variants into the VCF they came from.

INFO fields (``vcf_info``) and their declarations are added and every other byte stays as it is, the line ends included.
Fields of an earlier run are replaced, so that writing twice is writing once.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen import schema
from netgen.genomics.alleles import normalize_chromosome, trim_allele
from netgen.genomics.textfile import open_output, write_beside
from netgen.genomics.vcf_info import PREFIX, declare, encode_value, info_columns, join_info
from netgen.genomics.vcf_stream import decompressed, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    Key = tuple[str | None, int, str, str]
    Values = dict[str, str]

_INFO: Final = 7
_OURS: Final = PREFIX.encode()
_DECLARED: Final = (b"##INFO=<ID=" + _OURS, b"##" + _OURS)
_NO_EXTRA: Final[dict[str, str]] = {}


def write_annotated_vcf(
    source: Path, variants: pd.DataFrame, path: Path, *, extra: Mapping[str, str] = _NO_EXTRA
) -> int:
    """Write a VCF again with what netgen says of its alleles.

    Parameters
    ----------
    source
        VCF, gzip or bgzip VCF, or BCF (which becomes text).
    variants
        ``schema.VARIANTS`` and perhaps further columns. Where ``file`` names the source, only those rows count.
    path
        The new file; it appears when it is complete.
    extra
        Further columns to write -> description for the header.

    Returns
    -------
    int
        Alternative alleles that got a value.

    Raises
    ------
    AnalysisError
        E_OUTPUT_PATH if ``path`` is the source or cannot be written.
    InputError
        E_FILE_FORMAT if the source breaks off.

    Notes
    -----
    An allele is found by chromosome, trimmed position and trimmed alleles; where netgen has moved it (left alignment),
    by its line, if the record has one alternative allele. Witnesses in ``tests/genomics/test_vcf_write.py``.
    """
    table = _rows_of(schema.conform(variants, schema.VARIANTS), source)
    columns = info_columns(table, extra)
    known = _gather(table, columns, by_line=bool(_is_from(table, source).any()))
    written = n_header = 0
    with write_beside(path, inputs=[source]) as work, open_output(work, like=path) as out:
        for number, line in enumerate(_lines(source), start=1):
            if line.startswith(b"#CHROM"):
                out.write(b"".join(item.encode() + _ending(line) for item in declare(columns)))
                n_header = number if _is_binary(source) else 0  # the rows of a BCF are numbered without its header
            if not line.startswith(b"#"):
                line, found = _annotate(line, number - n_header, known, columns)  # noqa: PLW2901
                written += found
            if not line.startswith(_DECLARED):
                out.write(line)
    return written


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is said of an allele: column -> encoded value, by key and, where the table is of the file, by line."""

    alleles: dict[Key, Values]
    lines: dict[int, Values]

    def find(self, chrom: str, pos: int, ref: str, alt: str, line: int | None) -> Values:
        """Return column -> value; empty if nothing is known."""
        key = (_chromosome(chrom), *trim_allele(pos, ref.upper(), alt.upper()))
        return self.alleles.get(key) or ({} if line is None else self.lines.get(line, {}))


def _gather(table: pd.DataFrame, columns: Iterable[str], *, by_line: bool) -> _Known:
    known = _Known(alleles={}, lines={})
    keys = zip(table["chrom"], table["pos"], table["ref"], table["alt"], strict=True)
    for key, line, values in zip(keys, table["row"], _encoded(table, columns), strict=True):
        if not any(pd.isna(part) for part in key):
            _merge(known.alleles.setdefault(key, {}), values)
        if by_line and not pd.isna(line):
            _merge(known.lines.setdefault(int(line), {}), values)
    return known


def _encoded(table: pd.DataFrame, columns: Iterable[str]) -> list[Values]:
    """Return column -> encoded value of each row, without the missing ones."""
    texts = {name: [encode_value(value) for value in table[name]] for name in columns}
    return [{name: texts[name][row] for name in texts if texts[name][row] != "."} for row in range(len(table))]


def _merge(old: Values, new: Values) -> None:
    """Add values of another sample to those of an allele, each once."""
    for name, value in new.items():
        known = old.get(name)
        if known is None:
            old[name] = value
        elif value not in known.split("|"):
            old[name] = f"{known}|{value}"


def _annotate(line: bytes, number: int, known: _Known, columns: Mapping[str, tuple[str, str]]) -> tuple[bytes, int]:
    """Return a record with its new fields and the number of its alleles that got any; other lines as they are."""
    ending = _ending(line)
    fields = line[: len(line) - len(ending)].split(b"\t")
    if len(fields) <= _INFO or not fields[1].isdigit():
        return line, 0
    chrom, pos, _, ref, alt = (field.decode("utf-8", errors="replace") for field in fields[:5])
    alts = alt.split(",")
    values = [known.find(chrom, int(pos), ref, one, number if len(alts) == 1 else None) for one in alts]
    new = [item.encode() for item in join_info(values, columns)]
    old = [item for item in fields[_INFO].split(b";") if not item.startswith(_OURS)]
    if not new and len(old) == fields[_INFO].count(b";") + 1:
        return line, 0
    kept = [item for item in old if item != b"."] if new else old
    fields[_INFO] = b";".join([*kept, *new]) or b"."
    return b"\t".join(fields) + ending, sum(bool(one) for one in values)


def _is_from(table: pd.DataFrame, source: Path) -> pd.Series:
    """Tell which rows name a file as theirs."""
    return table["file"].isin([str(source), str(source.resolve())])


def _rows_of(table: pd.DataFrame, source: Path) -> pd.DataFrame:
    mine = _is_from(table, source)
    return table[mine.to_numpy(dtype=bool)] if mine.any() else table


def _lines(source: Path) -> Iterator[bytes]:
    """Yield the lines of a VCF with their ends; those of a BCF as text."""
    if _is_binary(source):
        yield from _binary_lines(source)
        return
    rest = b""
    with closing(decompressed(source)) as blocks:
        for block in blocks:
            *lines, rest = (rest + block).split(b"\n")
            yield from (line + b"\n" for line in lines)
    if rest:
        yield rest


def _is_binary(source: Path) -> bool:
    """Tell whether a file is a BCF."""
    with closing(decompressed(source)) as blocks:
        return next(blocks, b"").startswith(b"BCF")


def _binary_lines(source: Path) -> Iterator[bytes]:
    import pysam

    before = pysam.set_verbosity(0)  # else htslib writes to stderr that there is no index, which is not needed
    try:
        with pysam.VariantFile(str(source)) as handle:
            yield from str(handle.header).encode().splitlines(keepends=True)
            for record in handle:
                yield str(record).encode()
    except (OSError, ValueError) as error:
        raise unreadable(source, error) from error
    finally:
        pysam.set_verbosity(before)


def _ending(line: bytes) -> bytes:
    if line.endswith(b"\r\n"):
        return b"\r\n"
    return b"\n" if line.endswith(b"\n") else b""


@lru_cache(maxsize=1024)
def _chromosome(name: str) -> str | None:
    return normalize_chromosome(name)
