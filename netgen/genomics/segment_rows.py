"""Tables of segments as rows: columns by their many names, positions, ratios and copies.

Column names are matched without case, blanks and punctuation. Positions are 1-based and closed, as DNAcopy writes them,
unless the caller says otherwise; they leave here 0-based and half-open.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.errors import InputError
from netgen.genomics.alleles import CHROMOSOME_LENGTHS, normalize_chromosome
from netgen.genomics.cna_genes import SEGMENT_COLUMNS
from netgen.genomics.gene_spans import CHROMOSOMES
from netgen.genomics.sequencing_file import DROPPED
from netgen.genomics.textfile import is_null, read_lines, split_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netgen.errors import Findings

# What a column holds -> its names in lower case without punctuation, the preferred one first.
SEGMENT_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "sample": ("id", "sample", "sampleid", "samplename", "tumorsamplebarcode", "sid"),
    "chrom": ("chrom", "chromosome", "chr", "chromosomename"),
    "start": ("locstart", "start", "startposition", "startpos", "startbp", "chromstart", "segmentstart"),
    "end": ("locend", "end", "endposition", "endpos", "endbp", "chromend", "segmentend", "stop"),
    "log2": ("segmean", "segmentmean", "log2", "log2ratio", "meanlog2", "log2copyratio", "meanlog2copyratio", "mean"),
    "total": ("tcnem", "tcn", "cn", "totalcn", "totalcopynumber", "copynumber", "ntot", "totalcnv"),
    "minor": ("lcnem", "lcn", "nminor", "minorcn", "minorcopynumber", "minorallelecopynumber", "cn2"),
    "major": ("nmajor", "majorcn", "majorcopynumber", "majorallelecopynumber", "cn1"),
}  # fmt: skip
_REASONS: Final = {
    "other_contig": "on other contigs", "position": "without a position", "off_chromosome": "past the chromosome's end",
    "no_value": "without a ratio or copies",
}  # fmt: skip
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_SHOWN: Final = 20  # bad segments reported one by one


@dataclass(frozen=True, kw_only=True)
class SegmentFile:
    """Segments of one file, before genes.

    Attributes
    ----------
    table
        ``cna_genes.SEGMENT_COLUMNS``.
    samples
        Samples of the file, sorted, those without a usable segment included.
    fields
        Line of each segment of ``table`` as fields, for columns that only one format has.
    header
        Column names in lower case without punctuation.
    n_records
        Segments read.
    dropped
        ``sequencing_file.DROPPED``: segments left out.
    """

    table: pd.DataFrame
    samples: tuple[str, ...]
    fields: tuple[list[str], ...]
    header: tuple[str, ...]
    n_records: int
    dropped: pd.DataFrame


@dataclass
class _Rows:
    """Segments as they are read, and what was left out."""

    values: list[tuple[str, str, int, int, float, float, float, int]] = field(default_factory=list)
    fields: list[list[str]] = field(default_factory=list)
    samples: set[str] = field(default_factory=set)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    shown: int = 0


def parse_segments(
    path: Path, *, findings: Findings, default_sample: str, build: str | None = None, zero_based: bool = False
) -> SegmentFile:
    """Return the segments of a table.

    Parameters
    ----------
    path
        Tab-separated; lines that begin with ``#`` before the header are comments.
    findings
        Collects segments without a position or a value, and positions outside their chromosome.
    default_sample
        Sample of a file without a sample column.
    build
        Build, to check the ends of chromosomes; None = the longer of both builds counts.
    zero_based
        Positions are 0-based and half-open, as CNVkit writes them.

    Returns
    -------
    SegmentFile
        Segments on chromosomes 1-22, X and Y that have a ratio or copies.

    Raises
    ------
    InputError
        If columns are missing (E_COLUMN_MISSING).
    """
    lines = read_lines(path)
    start = next((place for place, line in enumerate(lines) if line.strip() and not is_comment(line)), 0)
    header = tuple(re.sub(r"[^a-z0-9]", "", name.casefold()) for name in lines[start].split("\t"))
    columns = _columns(header, path, start + 1)
    rows = _Rows()
    limits = _limits(build)
    for place, fields in enumerate(split_fields(lines[start + 1 :]), start=start + 2):
        if any(fields):
            _add_segment(rows, fields, columns, place, default_sample, limits, path, findings, zero_based=zero_based)
    if not rows.samples:
        rows.samples.add(default_sample)
    table = pd.DataFrame(rows.values, columns=list(SEGMENT_COLUMNS)).astype(SEGMENT_COLUMNS)
    repeated = table.drop(columns="row").duplicated().to_numpy()
    if repeated.any():
        findings.add("W_DUP_IDENTICAL", f"{repeated.sum()} segments are given twice, one is kept.", file=str(path))
    _report_overlaps(table[~repeated], path, findings)
    lost = sorted(rows.dropped.items())
    _report_dropped(rows, path, findings)
    dropped = pd.DataFrame([(*key, count) for key, count in lost], columns=list(DROPPED)).astype(DROPPED)
    return SegmentFile(
        table=table[~repeated].reset_index(drop=True),
        samples=tuple(sorted(rows.samples)),
        fields=tuple(fields for fields, again in zip(rows.fields, repeated, strict=True) if not again),
        header=header,
        n_records=len(rows.values) + sum(rows.dropped.values()),
        dropped=dropped,
    )


def is_comment(line: str) -> bool:
    """Tell a comment from PURPLE's header, which begins with ``#chromosome``.

    Parameters
    ----------
    line
        A line of a table.

    Returns
    -------
    bool
        True for a comment.
    """
    return line.startswith("#") and not line.casefold().startswith("#chr")


def _columns(header: Sequence[str], path: Path, line: int) -> dict[str, int]:
    """Return what each column holds -> its place."""
    found = {}
    for what, spellings in SEGMENT_NAMES.items():
        name = next((one for one in spellings if one in header), None)
        if name is not None:
            found[what] = header.index(name)
    missing = [name for name in ("chrom", "start", "end") if name not in found]
    if not missing and not {"log2", "total"} & set(found) and not {"minor", "major"} <= set(found):
        missing = ["seg.mean or the copies"]
    if missing:
        raise InputError(
            "E_COLUMN_MISSING",
            f"A table of segments needs ID, chrom, loc.start, loc.end and seg.mean or copies, found no "
            f"{', no '.join(missing)}.",
            fix="Name the columns as DNAcopy does, or give the copies as tcn.em, cn or nMajor and nMinor.",
            file=str(path),
            row=line,
        )
    return found


def _add_segment(
    rows: _Rows,
    fields: Sequence[str],
    columns: Mapping[str, int],
    line: int,
    default_sample: str,
    limits: Mapping[str, int],
    path: Path,
    findings: Findings,
    *,
    zero_based: bool,
) -> None:
    """Append one segment, or count why it cannot be used."""

    def cell(what: str) -> str:
        place = columns.get(what, len(fields))
        return fields[place] if place < len(fields) else ""

    written = cell("sample").strip("\"'")
    sample = default_sample if is_null(written) else written
    rows.samples.add(sample)
    chrom = normalize_chromosome(cell("chrom").strip("\"'")) or ""
    start, end = _position(cell("start")), _position(cell("end"))
    values = _values({what: _number(cell(what)) for what in ("log2", "total", "minor", "major")})
    reason, code, message = "", "", ""
    if chrom not in CHROMOSOMES:
        reason = "other_contig"
    elif not (np.isfinite(start) and np.isfinite(end) and 0 <= start <= end):
        reason, code, message = "position", "E_VALUE", "A segment needs a start and an end behind it"
    elif end > limits[chrom]:
        reason, code = "off_chromosome", "E_RANGE"
        message = f"A segment must end on its chromosome ({limits[chrom]} bases)"
    elif np.isnan(values[0]) and np.isnan(values[1]):
        reason = "no_value"
    if code and rows.shown < _SHOWN:
        rows.shown += 1
        findings.add(
            code,
            f"{message}, found {chrom}:{cell('start')}-{cell('end')}.",
            fix="Mend or remove the segment; check the genome build.",
            file=str(path),
            row=line,
            column="end",
            value=cell("end"),
            rule="V22",
        )
    if reason:
        rows.dropped[sample, reason] += 1
        return
    first = int(start) if zero_based else max(int(start) - 1, 0)
    rows.values.append((sample, chrom, first, max(int(end), first + 1), *values, line))
    rows.fields.append(list(fields))


def _report_dropped(rows: _Rows, path: Path, findings: Findings) -> None:
    """Say how many segments were left out, by reason; refuse a file of which none is left."""
    if not rows.dropped:
        return
    counts: Counter[str] = Counter()
    for (_, reason), count in rows.dropped.items():
        counts[_REASONS[reason]] += count
    listed = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
    if not rows.values:
        raise InputError(
            "E_FILE_FORMAT",
            f"Segments with a position and a value are needed, found none: {listed}.",
            fix="Check the columns chrom, loc.start, loc.end and seg.mean.",
            file=str(path),
        )
    findings.add("I_ROWS_IGNORED", f"Segments were left out: {listed}.", file=str(path))


def _report_overlaps(table: pd.DataFrame, path: Path, findings: Findings) -> None:
    """Report segments of one sample that overlap by more than a base: their values contradict each other."""
    place = ["sample_id", "chrom"]
    ordered = table.sort_values([*place, "start", "end"])
    groups = [ordered[name] for name in place]
    before = ordered.groupby(place)["end"].cummax().groupby(groups).shift()
    over = ordered[(before - ordered["start"]) > 1]
    if len(over):
        first = over.iloc[0]
        findings.add(
            "W_SEGMENT_OVERLAP",
            f"Segments of one sample should not overlap, but {len(over)} of {over['sample_id'].nunique()} sample(s) do "
            f"(first: {first['sample_id']}, chromosome {first['chrom']}).",
            fix="Give one segmentation per sample. A gene that is lost by one and gained by another is left missing.",
            file=str(path),
            row=int(first["row"]),
        )


def _values(found: Mapping[str, float]) -> tuple[float, float, float]:
    """Return ratio, copies and copies of the rarer allele."""
    minor, major, total = found["minor"], found["major"], found["total"]
    if np.isnan(total):
        total = minor + major
    if not np.isnan(major) and not np.isnan(minor):
        minor = min(minor, major)
    # Estimates of a deleted segment may lie a little below zero.
    total = max(total, 0.0) if total > -0.5 else float("nan")
    return found["log2"], total, float(max(np.floor(minor + 0.5), 0.0))


def _limits(build: str | None) -> dict[str, int]:
    tables = [CHROMOSOME_LENGTHS[build]] if build in CHROMOSOME_LENGTHS else list(CHROMOSOME_LENGTHS.values())
    return {chrom: max(table[chrom] for table in tables) for chrom in CHROMOSOMES}


def _number(text: str) -> float:
    """Return a finite number, NaN for anything else."""
    try:
        value = float(text)
    except ValueError:
        return float("nan")
    return value if np.isfinite(value) else float("nan")


def _position(text: str) -> float:
    """Return a position, with or without separators between thousands; NaN for anything else."""
    return _number(text.replace(",", "") if _THOUSANDS.fullmatch(text) else text)
