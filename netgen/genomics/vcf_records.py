"""From the fields of a VCF record to rows: which alleles a tumour carries, with how many reads, and what they do.

A sample carries an allele that its genotype names (``0/1``, ``./1``, ``.|1``, a hemizygous ``1``); ``0/0``, ``./.``, a
genotype that is announced but missing, and other alleles are no calls. Where FORMAT has no genotype (Strelka, callers
without sample columns) the record is the call, unless the tumour is said to have no read of the allele; so it is for a
structural allele whose genotype is ``.`` (GRIDSS).

Alleles are small variants (bases), structural ones (``<DEL>``, breakends; also bases, if the caller states SVTYPE, an
allele has more than 50 and no annotator has said what they do), the reference (``<NON_REF>``, ``<*>`` of gVCFs),
or ``*``. A reference symbol beside a real allele is no allele; a record of nothing else is a block of reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from netgen.genomics.sv_info import read_int, read_support
from netgen.genomics.vcf_depths import (
    NO_PLAN,
    NOTHING,
    Plan,
    has_reads,
    plan_format,
    read_depths,
    read_info_depths,
    split_sample,
)
from netgen.genomics.vcf_status import is_somatic, read_status
from netgen.genomics.vcf_structural import SvRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.genomics.annotation import Annotation
    from netgen.genomics.transcripts import Consequence

_BASES: Final = re.compile(r"[ACGTNacgtn]+")
_BREAKEND: Final = re.compile(r"[^\[\]]*[\[\]][^\[\]]+[\[\]][^\[\]]*|\.[ACGTNacgtn]+|[ACGTNacgtn]+\.")
_CONTIG: Final = re.compile(r"[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*|<[^<>\s]+>")  # VCF 4.3, 1.4.7
_TWO_MARKS: Final = re.compile(r"[/|]{2}|[/|]$")  # of a genotype, without an allele between or behind them
_NO_ALLELE: Final = frozenset({"none", "reference"})
_REFERENCE: Final = frozenset({"<NON_REF>", "<*>", "<X>"})
_DIGITS: Final = 11  # of a position: 10 or fewer
_LONG: Final = 50  # bases beside the anchor, with which callers of structural variants begin
_FRAGMENTS: Final = ("VF", "BVF")  # of GRIDSS: all that supports a breakpoint, or a single breakend


@dataclass(frozen=True, kw_only=True)
class RecordLayout:
    """What all records of one file share.

    Attributes
    ----------
    samples
        Tumours that are read.
    places
        Fields of their columns; empty if the file has no sample columns.
    normal
        Field of the matched normal; None if it is not known.
    lone
        INFO speaks of one sample.
    annotation
        The annotation field; None if the header announces none.
    transcripts
        Transcripts that the user prefers.
    """

    samples: tuple[str, ...]
    places: tuple[int, ...]
    normal: int | None
    lone: bool
    annotation: Annotation | None
    transcripts: frozenset[str] = frozenset()


class VcfRow(NamedTuple):
    """One allele in one sample, as written.

    Attributes
    ----------
    sample_id, chrom, pos, ref, alt, filter, row
        Sample, record, line of the file; ``filter`` is None for ``.``.
    chosen
        What the allele does; None if the file does not say.
    t_ref_count, t_alt_count, vaf
        Reads and fraction; None if the file does not give them.
    mutation_status
        Somatic or germline; None if the file does not say (``vcf_status``).
    """

    sample_id: str
    chrom: str
    pos: int
    ref: str
    alt: str
    filter: str | None
    row: int
    chosen: Consequence | None
    t_ref_count: int | None
    t_alt_count: int | None
    vaf: float | None
    mutation_status: str | None


_row: Final = VcfRow._make


@dataclass
class VcfRows:
    """What grows record by record: small variants, structural ones, and what was left out.

    Attributes
    ----------
    rows, events
        Small variants and structural records.
    kinds
        Kinds of the alleles that were met, carried or not: small, structural.
    dropped
        (sample, reason) -> alleles; the sample is empty for whole records.
    oddities
        Line and what is odd about it: what cannot be read as it is written, but need not stop anybody.
    """

    rows: list[VcfRow] = field(default_factory=list)
    events: list[SvRecord] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    dropped: dict[tuple[str, str], int] = field(default_factory=dict)
    oddities: list[tuple[int, str]] = field(default_factory=list)

    def drop(self, reason: str, sample: str = "", count: int = 1) -> None:
        """Count something that gives no row."""
        self.dropped[sample, reason] = self.dropped.get((sample, reason), 0) + count


class _Record(NamedTuple):
    """One line: fixed columns, annotation, INFO without it, and the columns of the tumours."""

    line: int
    name: str
    chrom: str
    pos: int
    alleles: tuple[str, ...]
    filter: str | None
    annotation: str
    info: str
    plan: Plan
    calls: list[list[str]]


def read_record(fields: Sequence[str], line: int, layout: RecordLayout, rows: VcfRows) -> None:
    """Add a row for each allele that a tumour carries.

    Parameters
    ----------
    fields
        Columns of the record.
    line
        Where it stands.
    layout
        What all records of the file share.
    rows
        Grows.

    Raises
    ------
    ValueError
        If the record cannot be interpreted.
    """
    chrom, pos, name, ref, alt, _, kept, info = fields[:8]
    if not (chrom and ref and alt and pos.isdecimal() and len(pos) < _DIGITS):
        raise ValueError(_fault(pos))
    if not layout.samples:
        return
    alleles, kinds = _alleles(ref, alt)
    if kinds[0] in _NO_ALLELE and set(kinds) <= _NO_ALLELE:
        rows.drop("reference_block" if "reference" in kinds or "END=" in info else "no_alternative")
        return
    annotation, info = split_info(info, layout.annotation.field) if layout.annotation is not None else ("", info)
    plan = plan_format(fields[8]) if layout.places else NO_PLAN
    calls = [split_sample(fields[place], plan) for place in layout.places] if layout.places else [[""]]
    filtered = None if kept in {".", ""} else kept
    if ";" in kept and "" in kept.split(";"):
        filtered = ";".join(part for part in kept.split(";") if part) or None
        rows.oddities.append((line, f"FILTER {kept[:20]!r} has an empty name"))
    record = _Record(line, name, chrom, int(pos), alleles, filtered, annotation, info, plan, calls)
    for number, kind in enumerate(kinds, start=1):
        if kind == "small" and (annotation or not _is_long(record, number)):
            rows.kinds.add(kind)
            _add_variants(record, number, layout, rows)
        elif kind in {"small", "structural"}:
            rows.kinds.add("structural")
            _add_events(record, number, layout, rows, fields)
        elif kind != "reference":
            _leave_out(record, number, kind, rows)
    if not _is_contig(chrom):
        rows.oddities.append((line, f"CHROM {chrom[:20]!r} is no name of a contig"))


def _fault(pos: str) -> str:
    if pos.isdecimal() and len(pos) < _DIGITS:
        return "CHROM, REF and ALT must not be empty"
    return f"POS must be a whole number, found {pos[:20]!r}"


@lru_cache(maxsize=1 << 14)  # most are one base for another
def _alleles(ref: str, alt: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return reference and alternative alleles, and the kinds of the latter."""
    alts = alt.split(",")
    return (ref, *alts), tuple(allele_kind(ref, one) for one in alts)


def allele_kind(ref: str, alt: str) -> str:
    """Return what an alternative allele is.

    Parameters
    ----------
    ref, alt
        Alleles as written.

    Returns
    -------
    str
        small (bases), structural (symbolic or breakend), reference (``<NON_REF>``, ``<*>``), none (``.``),
        spanning_deletion (``*``), or not_an_allele.
    """
    if _BASES.fullmatch(alt) and _BASES.fullmatch(ref):
        return "small"
    if alt in _REFERENCE:
        return "reference"
    if alt in {".", "*", "<*:DEL>"}:
        return "none" if alt == "." else "spanning_deletion"
    if (alt.startswith("<") and alt.endswith(">")) or _BREAKEND.fullmatch(alt.strip()):
        return "structural"
    return "not_an_allele"


def split_info(info: str, name: str) -> tuple[str, str]:
    """Return the value of an INFO field, empty if absent, and INFO without the field.

    Parameters
    ----------
    info
        INFO as written.
    name
        The field.

    Returns
    -------
    tuple of str
        Value and rest.
    """
    mark = f"{name}="
    before, found, behind = info.partition(mark)
    if before and found and before[-1] != ";":  # the end of another name
        before, found, behind = info.partition(f";{mark}")
        before += ";"
    if not found:
        return "", info
    value, more, rest = behind.partition(";")
    return value, before + rest if more else before[:-1]


def _leave_out(record: _Record, number: int, kind: str, rows: VcfRows) -> None:
    rows.drop(kind)
    if kind == "not_an_allele":
        ref, alt = record.alleles[0][:20], record.alleles[number][:20]
        rows.oddities.append((record.line, f"ALT {alt!r} of REF {ref!r} is no allele"))


def _is_long(record: _Record, number: int) -> bool:
    """Tell whether bases are a structural variant: the caller says so, and they are many."""
    return max(len(record.alleles[0]), len(record.alleles[number])) > _LONG and "SVTYPE=" in record.info


@lru_cache(maxsize=1024)
def _is_contig(name: str) -> bool:
    return _CONTIG.fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _genotype(text: str) -> frozenset[int]:
    """Return the alleles that a genotype names; VCF 4.4 may begin with a phasing mark."""
    if _TWO_MARKS.search(text):
        raise ValueError(f"GT {text[:20]!r} is no genotype")
    return frozenset(int(part) for part in text.replace("|", "/").split("/") if part not in {".", ""})


def _carries(parts: list[str], plan: Plan, number: int) -> bool:
    """Tell whether a genotype names an allele; without one the record is the call."""
    if plan.genotype < 0:
        return True
    return number in _genotype(parts[plan.genotype])


def _add_variants(record: _Record, number: int, layout: RecordLayout, rows: VcfRows) -> None:
    """Add one small allele for each tumour that carries it."""
    line, _, chrom, pos, alleles, kept, _, info, plan, calls = record
    place: Any = ()  # chrom ... chosen of VcfRow
    for sample, parts in zip(layout.samples, calls, strict=True):
        depths = NOTHING
        carried = _carries(parts, plan, number)
        if carried:
            depths = read_depths(parts, plan, alleles, number)
            if depths is NOTHING and layout.lone:
                depths = read_info_depths(info, alleles, number)
            if depths is NOTHING and has_reads(parts, plan):
                rows.oddities.append((line, f"reads of {alleles[number][:20]!r} cannot be told from its call"))
            carried = plan.genotype >= 0 or not (depths.alt == 0 or (depths.alt is None and depths.vaf == 0))
        if not carried:
            rows.drop("no_call", sample)
            if number == 1 and plan.genotype >= 0 and max(_genotype(parts[plan.genotype]), default=0) >= len(alleles):
                rows.oddities.append((line, f"GT {parts[plan.genotype]!r} names an allele that is not there"))
            continue
        place = place or (chrom, pos, alleles[0], alleles[number], kept, line, _choose(record, number, layout))
        rows.rows.append(_row((sample, *place, *depths, read_status(info, parts[plan.status]))))


def _choose(record: _Record, number: int, layout: RecordLayout) -> Consequence | None:
    if layout.annotation is None or not record.annotation:
        return None
    alleles = record.alleles
    return layout.annotation.reader(
        record.annotation, ref=alleles[0], alts=alleles[1:], number=number, transcripts=layout.transcripts
    )


def _add_events(record: _Record, number: int, layout: RecordLayout, rows: VcfRows, fields: Sequence[str]) -> None:
    """Add one structural allele for each tumour that carries it."""
    status = "SOMATIC" if is_somatic(record.info) else ""
    plan = record.plan
    if layout.normal is not None and plan.genotype >= 0:
        germline = _carries(split_sample(fields[layout.normal], plan), plan, number)
        status = "GERMLINE" if germline else status
    names = fields[8].split(":") if layout.places else []
    for sample, parts in zip(layout.samples, record.calls, strict=True):
        values = dict(zip(names, parts, strict=False))  # an empty text stands behind the fields
        split, pairs = read_support(values, number)
        stated = [split, pairs, *(read_int(values.get(name, "")) for name in _FRAGMENTS)]
        attempted = parts[plan.genotype] not in {"", "."}
        if not (_carries(parts, plan, number) if attempted else any(stated) or stated == [None] * 4):
            rows.drop("no_call", sample)
            continue
        rows.events.append(
            SvRecord(
                sample, record.line, "" if record.name == "." else record.name, record.chrom, record.pos,
                record.alleles[0], record.alleles[number].strip(), record.filter, record.info, record.annotation,
                split, pairs, status,
            )
        )  # fmt: skip
