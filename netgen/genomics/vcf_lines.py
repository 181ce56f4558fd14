"""The records of a VCF as lists of fields, from its text or, for BCF, through pysam.

pysam opens every file and judges its header. Text is then split line by line here, which is several times faster than
building a record object for each line. A record of a BCF is taken in the form of a line of text, so that there is one
way to read records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.genomics.vcf_records import read_record
from netgen.genomics.vcf_stream import text_lines, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pysam

    from netgen.errors import Findings
    from netgen.genomics.vcf_records import RecordLayout, VcfRows

FIXED: Final = 8
_REPORTED: Final = 20  # malformed records reported one by one


def read_text(
    blocks: Iterable[bytes], n_header: int, n_columns: int, layout: RecordLayout, rows: VcfRows, path: Path,
    findings: Findings,
) -> int:  # fmt: skip
    """Read the records of a text VCF.

    Parameters
    ----------
    blocks
        Content behind the header.
    n_header
        Lines of the header.
    n_columns
        Sample columns of the header.
    layout
        What all records of the file share.
    rows
        Grows.
    path
        The file, for messages.
    findings
        Collects the first malformed lines one by one.

    Returns
    -------
    int
        Records read, malformed ones included; blank lines are none.

    Raises
    ------
    InputError
        If the file ends in the middle of its compression (E_FILE_FORMAT).
    """
    width = FIXED if n_columns == 0 else FIXED + 1 + n_columns
    n_records = 0
    for number, text in enumerate(text_lines(blocks), start=n_header + 1):
        if not text or text.isspace():
            continue
        n_records += 1
        fields = text.split("\t")
        if len(fields) < width:
            report_malformed(rows, findings, path, number, f"{width} columns are needed, found {len(fields)}")
            continue
        before = len(rows.rows)
        try:
            read_record(fields, number, layout, rows)
        except ValueError as error:
            del rows.rows[before:]
            report_malformed(rows, findings, path, number, str(error))
    _report_oddities(rows, findings, path)
    return n_records


def read_binary(handle: pysam.VariantFile, layout: RecordLayout, rows: VcfRows, path: Path, findings: Findings) -> int:
    """Read the records of an open BCF; a line is the number of the record.

    Parameters
    ----------
    handle
        Open file.
    layout, rows, path, findings
        As in :func:`read_text`.

    Returns
    -------
    int
        Records read.

    Raises
    ------
    InputError
        If htslib cannot go on (E_FILE_FORMAT).
    """
    number = 0
    for number, text in enumerate(_texts(handle, path), start=1):
        before = len(rows.rows)
        try:
            read_record(text.rstrip("\n").split("\t"), number, layout, rows)
        except ValueError as error:
            del rows.rows[before:]
            report_malformed(rows, findings, path, number, str(error))
    _report_oddities(rows, findings, path)
    return number


def _texts(handle: pysam.VariantFile, path: Path) -> Iterator[str]:
    number = 0
    try:
        for number, record in enumerate(handle, start=1):  # noqa: B007  # named in the error
            yield str(record)
    except (OSError, ValueError) as error:
        raise unreadable(path, error, row=number + 1) from error


def _report_oddities(rows: VcfRows, findings: Findings, path: Path) -> None:
    for line, problem in rows.oddities[:_REPORTED]:
        findings.add(
            "W_VCF_RECORD", f"A record that the format allows is needed, but {problem}.",
            fix="Check the caller; the other alleles of the record are read.", file=str(path), row=line,
        )  # fmt: skip
    if len(rows.oddities) > _REPORTED:
        findings.add("W_VCF_RECORD", f"{len(rows.oddities) - _REPORTED} further records are odd.", file=str(path))


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
    if rows.dropped["", "malformed"] <= _REPORTED:
        findings.add(
            "E_VALUE",
            f"The record cannot be interpreted: {problem}.",
            fix="Mend or remove the record.",
            file=str(path),
            row=line,
        )
