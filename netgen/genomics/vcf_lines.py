"""The records of a VCF, from its text or through pysam, as ``vcf_records.Record``.

pysam opens every file and judges its header. Text is then read line by line here, which is several times faster than
building a record object for each line; BCF is read through pysam.
"""

from __future__ import annotations

import gzip
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from netgen.errors import InputError
from netgen.genomics.vcf_records import Call, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pysam

    from netgen.errors import Findings
    from netgen.genomics.vcf_records import VcfRows

_FIXED: Final = 8
_REPORTED: Final = 20  # malformed records reported one by one
_MISSING: Final = Call(None, None, None)


def text_records(
    path: Path, n_header: int, n_columns: int, picked: Sequence[int], rows: VcfRows, findings: Findings
) -> Iterator[Record]:
    """Yield the records of a text VCF.

    Parameters
    ----------
    path
        Plain or gzip/bgzip.
    n_header
        Lines up to and including ``#CHROM``.
    n_columns
        Sample columns of the header.
    picked
        Places of the tumours among them; empty if the file has none.
    rows
        Counts malformed lines.
    findings
        Collects the first of them one by one.

    Yields
    ------
    Record
        One for each line that can be interpreted; blank lines are passed over.

    Raises
    ------
    InputError
        If the file ends in the middle of its compression (E_FILE_FORMAT).
    """
    width = _FIXED if n_columns == 0 else _FIXED + 1 + n_columns
    for number, text in enumerate(_lines(path), start=1):
        if number <= n_header or not text.strip():
            continue
        fields = text.rstrip("\r\n").split("\t")
        problem = "" if len(fields) >= width else f"{width} columns are needed, found {len(fields)}"
        try:
            record = None if problem else _parse(fields, number, picked)
        except ValueError as error:
            record, problem = None, str(error)
        if record is None:
            report_malformed(rows, findings, path, number, problem)
        else:
            yield record


def pysam_records(
    handle: pysam.VariantFile, path: Path, picked: Sequence[int], rows: VcfRows, findings: Findings
) -> Iterator[Record]:
    """Yield the records of an open BCF; ``line`` is the number of the record.

    Parameters
    ----------
    handle
        Open file.
    path
        Its path, for messages.
    picked
        Places of the tumours among the samples; empty if the file has none.
    rows
        Counts malformed records.
    findings
        Collects the first of them one by one.

    Yields
    ------
    Record
        One for each record that can be interpreted.

    Raises
    ------
    InputError
        If htslib cannot go on (E_FILE_FORMAT).
    """
    number = 0
    try:
        for record in handle:
            number += 1
            try:
                yield _convert(record, number, picked)
            except (ValueError, KeyError, TypeError) as error:
                report_malformed(rows, findings, path, number, str(error))
    except OSError as error:
        raise unreadable(path, error, row=number + 1) from error


def report_malformed(rows: VcfRows, findings: Findings, path: Path, line: int, problem: str) -> None:
    """Count a record that cannot be interpreted, and report the first ones.

    Parameters
    ----------
    rows
        Counts.
    findings
        Collects E_VALUE.
    path, line
        Where it stands.
    problem
        What is wrong with it.
    """
    rows.drop("malformed")
    if rows.dropped["malformed"] <= _REPORTED:
        findings.add(
            "E_VALUE",
            f"The record cannot be interpreted: {problem}.",
            fix="Mend or remove the record.",
            file=str(path),
            row=line,
        )


def unreadable(path: Path, error: Exception, row: int | None = None) -> InputError:
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


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as handle:
        zipped = handle.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if zipped else path.open("rb") as stream:
            for line in stream:
                yield line.decode("utf-8", errors="replace")
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error


def _parse(fields: Sequence[str], line: int, picked: Sequence[int]) -> Record:
    chrom, pos, _, ref, alt, _, kept, info = fields[:_FIXED]
    if not pos.isdecimal():
        raise ValueError(f"POS must be a whole number, found {pos[:20]!r}")
    if not chrom or not ref or not alt:
        raise ValueError("CHROM, REF and ALT must not be empty")
    calls: tuple[Call | None, ...] = (None,)
    if picked:
        layout = _layout(fields[_FIXED])
        calls = tuple(_call(fields[_FIXED + 1 + place], layout) for place in picked)
    return Record(
        line, chrom, int(pos), ref, () if alt == "." else tuple(alt.split(",")), None if kept == "." else kept,
        _info(info, "CSQ"), calls,
    )  # fmt: skip


def _info(info: str, name: str) -> str:
    """Return the value of an INFO field, empty if absent."""
    mark = f"{name}="
    start = 0 if info.startswith(mark) else info.find(f";{mark}") + 1
    if not info.startswith(mark, start):
        return ""
    end = info.find(";", start)
    return info[start + len(mark) : end if end >= 0 else len(info)]


@lru_cache(maxsize=1024)
def _layout(layout: str) -> tuple[int, int, int]:
    """Return the places of GT, AD and AF in a FORMAT, -1 = absent."""
    names = layout.split(":")
    return tuple(names.index(name) if name in names else -1 for name in ("GT", "AD", "AF"))  # type: ignore[return-value]  # three of them


def _call(text: str, layout: tuple[int, int, int]) -> Call:
    genotype, depths, fractions = layout
    parts = text.split(":")
    return Call(
        _genotype(parts[genotype]) if 0 <= genotype < len(parts) else None,
        _numbers(parts[depths]) if 0 <= depths < len(parts) else None,
        _decimals(parts[fractions]) if 0 <= fractions < len(parts) else None,
    )


@lru_cache(maxsize=1024)
def _genotype(text: str) -> tuple[int | None, ...]:
    """Return allele numbers; VCF 4.4 may begin with a phasing mark."""
    return tuple(None if part == "." else int(part) for part in text.replace("|", "/").split("/") if part)


def _numbers(text: str) -> tuple[int | None, ...]:
    return tuple(None if part == "." else int(part) for part in text.split(","))


def _decimals(text: str) -> tuple[float | None, ...]:
    return tuple(None if part == "." else float(part) for part in text.split(","))


def _convert(record: pysam.VariantRecord, number: int, picked: Sequence[int]) -> Record:
    csq = record.info.get("CSQ", "")
    return Record(
        line=number,
        chrom=record.chrom,
        pos=record.pos,
        ref=record.ref,
        alts=tuple(record.alts or ()),
        filter=";".join(record.filter.keys()) or None,
        csq=csq if isinstance(csq, str) else ",".join(csq),
        calls=tuple(_convert_call(record.samples[place]) for place in picked) if picked else (None,),
    )


def _convert_call(sample: pysam.VariantRecordSample) -> Call:
    depths, fractions = sample.get("AD"), sample.get("AF")
    if isinstance(fractions, float):
        fractions = (fractions,)
    rounded = tuple(None if one is None else round(one, 6) for one in fractions) if fractions is not None else None
    if "GT" not in sample:
        return Call(None, depths if isinstance(depths, tuple) else None, rounded)
    return Call(tuple(sample["GT"] or ()), depths if isinstance(depths, tuple) else None, rounded)
