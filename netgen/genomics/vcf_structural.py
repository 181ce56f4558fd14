"""Structural variants of a VCF: symbolic and breakend records of one file become events, one row per event and sample.

Bases that the caller calls structural are read as a deletion or an insertion.

1. A record that speaks of copy number is none (``sv_info``): counted as ``copy_number``.
2. The two records of a junction are one event (``sv_mates``).
3. Class: FUSION for callers of fusions in RNA; TRANSLOCATION between chromosomes; else the symbolic ALT, SVTYPE, or the
   geometry of the breakends (``breakends``).
4. Genes: those that INFO names, else those that the annotation has at the two ends (``sv_annotation``). ``gene1`` is
   the gene of the first end: the record's own of a fusion in RNA, else the lower position.
5. Orientation: as the caller of a fusion in RNA states it; else from the strands of both genes and the ends that the
   junction keeps; else not stated. An ``<INV>`` that does not say which of its two junctions was seen states none.
6. Events without a gene (``no_gene``) and events within one intron, which touch no exon (``intronic``), give no row.

The caller's filter is kept; the variant policy decides (``sv_policy``).
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.genomics.breakends import Junction, classify_junction, find_five_prime
from netgen.genomics.sv_annotation import find_fused_genes, find_gene_at, find_genes_of_interval
from netgen.genomics.sv_info import is_copy_number, is_rna, parse_info, read_info_genes
from netgen.genomics.sv_junctions import CLASS_OF, read_junction, span_of
from netgen.genomics.sv_mates import Breakpoint, join_mates
from netgen.genomics.sv_names import read_frame
from netgen.genomics.sv_rows import finish_events

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from netgen.errors import Findings
    from netgen.genomics.breakends import End
    from netgen.genomics.gene_names import GeneNames
    from netgen.genomics.sv_annotation import TouchedGene

_NO_ALLELE: Final = frozenset({"*", "<*>", "<NON_REF>", "<X>", "."})
_REPORTED: Final = 20  # records reported one by one
_AUTOSOMES: Final = frozenset(str(number) for number in range(1, 23))


class SvRecord(NamedTuple):
    """One symbolic or breakend allele that one tumour carries.

    Attributes
    ----------
    sample_id, row
        Tumour and line of the file.
    id, chrom, pos, ref, alt, filter
        The fixed columns as written; ``id`` is empty and ``filter`` None for ``.``.
    info
        The INFO column as written.
    annotation
        Value of the annotation field (``CSQ`` ...); empty if the record has none.
    split_reads, pair_reads
        Reads across the junction and pairs around it in the tumour (``sv_info.read_support``); None if not given.
    status
        ``SOMATIC``, ``GERMLINE`` (a matched normal carries the allele), or empty: as INFO says.
    """

    sample_id: str
    row: int
    id: str
    chrom: str
    pos: int
    ref: str
    alt: str
    filter: str | None
    info: str
    annotation: str = ""
    split_reads: int | None = None
    pair_reads: int | None = None
    status: str = ""


class SvEvent(NamedTuple):
    """One event of one sample, with genes as written.

    Attributes
    ----------
    record, mate
        Its records; ``mate`` is None if it has one only.
    junction
        Both ends in the order of ``gene1`` and ``gene2``.
    sv_class, frame, status, rna
        Class, effect on the frame, SOMATIC, GERMLINE or empty, and whether it was seen in RNA.
    gene1, gene2
        Genes at the ends; None if there is none.
    five_prime
        1 or 2: which of them is the five-prime partner; 0 = not stated.
    intronic
        True if both ends lie in one intron.
    several
        True if one of several genes of a breakpoint was taken.
    """

    record: SvRecord
    mate: SvRecord | None
    junction: Junction
    sv_class: str
    frame: str
    status: str
    rna: bool
    gene1: str | None
    gene2: str | None
    five_prime: int
    intronic: bool
    several: bool


class _Read(NamedTuple):
    record: SvRecord
    info: dict[str, str]
    junction: Junction
    kind: str  # DEL, DUP, INS, INV, or empty for a breakend


def assemble_events(
    records: Sequence[SvRecord],
    *,
    layout: Sequence[str] = (),
    build: str | None,
    path: Path,
    findings: Findings,
    names: GeneNames | None = None,
    dropped: dict[tuple[str, str], int] | None = None,
) -> pd.DataFrame:
    """Return the events of a file that touch a gene: mates joined, one row per event and sample.

    Parameters
    ----------
    records
        Symbolic and breakend records of one file, in its order.
    layout
        Names of the fields of one annotation entry, in order: ``sv_annotation.entry_fields`` of the description that
        the header gives of the annotation field (``CSQ``, ``ANN``, ``BCSQ``); empty if the file has none.
    build
        GRCh37, GRCh38 or None.
    path
        The file.
    findings
        Collects W_SV_UNREADABLE, W_SV_NO_GENE, I_FUSION_GENES, I_STATUS_ASSUMED_SOMATIC and what ``normalize_genes``
        says of symbols.
    names
        Gene names; the bundled ones if None.
    dropped
        Grows: (sample_id, reason) -> number that gave no row. Reasons: ``copy_number`` and ``sv_unreadable`` (records),
        ``no_gene`` and ``intronic`` (events).

    Returns
    -------
    DataFrame
        Table ``fusions`` of ``netgen.schema``.
    """
    counts = {} if dropped is None else dropped
    events = join_events(records, layout=layout, path=path, findings=findings, names=names, dropped=counts)
    return finish_events(events, build=build, path=path, findings=findings, names=names, dropped=counts)


def join_events(
    records: Sequence[SvRecord],
    *,
    layout: Sequence[str] = (),
    path: Path,
    findings: Findings,
    names: GeneNames | None = None,
    dropped: dict[tuple[str, str], int],
) -> list[SvEvent]:
    """Return every event of a file, with or without a gene.

    Parameters
    ----------
    records, layout, path, findings, names, dropped
        See :func:`assemble_events`.

    Returns
    -------
    list of SvEvent
        Sample by sample, in the order of the file.
    """
    by_sample: dict[str, list[_Read]] = defaultdict(list)
    problems: list[tuple[SvRecord, str]] = []
    for record in records:
        read = _read(record, problems)
        if isinstance(read, str):
            dropped[(record.sample_id, read)] = dropped.get((record.sample_id, read), 0) + 1
        else:
            by_sample[record.sample_id].append(read)
    _report(problems, path, findings)
    out: list[SvEvent] = []
    for reads in by_sample.values():
        ends = [read for read in reads if not read.kind]
        groups = [tuple(ends[place] for place in group) for group in join_mates([_breakpoint(one) for one in ends])]
        groups += [(read,) for read in reads if read.kind]
        groups.sort(key=lambda group: group[0].record.row)
        out.extend(_event(group, layout, names) for group in groups)
    return out


def _read(record: SvRecord, problems: list[tuple[SvRecord, str]]) -> _Read | str:
    """Read one record, or say why it gives no event."""
    if record.alt.upper() in _NO_ALLELE:
        return "symbolic"
    info = parse_info(record.info)
    junction, kind = read_junction(record.chrom, record.pos, record.ref, record.alt, info)
    if is_copy_number(record.alt, info, span_of(junction), (record.split_reads or 0) + (record.pair_reads or 0)):
        return "copy_number"
    if junction is None:
        problems.append((record, "its ALT is neither a breakend nor a symbol that is known, and it is left out"))
        return "sv_unreadable"
    if kind and junction.two is not None and _order(junction.two) < _order(junction.one):
        problems.append((record, f"it ends at {junction.two.pos}, before it begins"))
    return _Read(record, info, junction, kind)


def _report(problems: Sequence[tuple[SvRecord, str]], path: Path, findings: Findings) -> None:
    for record, problem in problems[:_REPORTED]:
        findings.add(
            "W_SV_UNREADABLE",
            f"A structural variant with two ends in order is needed, found {record.alt} at"
            f" {record.chrom}:{record.pos}: {problem}.",
            fix="Check ALT and END.",
            file=str(path),
            row=record.row,
            value=record.alt,
        )
    if len(problems) > _REPORTED:
        findings.add(
            "W_SV_UNREADABLE",
            f"{len(problems) - _REPORTED} further structural variants have such problems.",
            file=str(path),
        )


def _breakpoint(read: _Read) -> Breakpoint:
    mates = read.info.get("MATEID") or read.info.get("PARID") or ""
    return Breakpoint(
        read.record.id,
        tuple(name for name in mates.split(",") if name not in {"", "."}),
        read.info.get("EVENT", ""),
        read.junction,
    )


def _event(group: tuple[_Read, ...], layout: Sequence[str], names: GeneNames | None) -> SvEvent:
    """Make an event of one record, or of the two records of a junction."""
    rna = any(is_rna(read.info) for read in group)
    told = [read_info_genes(read.info, names, read.record.id) for read in group]
    later = _order(group[-1].junction.one) < _order(group[0].junction.one)
    if (told[-1].ordered and not told[0].ordered) if rna else later:
        group, told = group[::-1], told[::-1]
    first, mate = group[0], group[1] if len(group) == 2 else None
    junction = Junction(first.junction.one, mate.junction.one) if mate else first.junction
    one, two, five, intronic = _annotated(first, mate, layout)
    gene1, gene2 = told[0].one, told[0].two or (told[1].one if mate else None)
    if gene1 is None and gene2 is None:
        gene1, gene2 = (gene.symbol if gene else None for gene in (one, two))
    else:
        five, intronic = (1 if told[0].ordered else 0), False
    event = SvEvent(
        record=first.record, mate=mate.record if mate else None, junction=junction,
        sv_class=_class(first, junction, rna=rna), frame=_frame(first.info), status=_status(group), rna=rna,
        gene1=gene1, gene2=gene2, five_prime=five, intronic=intronic,
        several=any(genes.several for genes in told),
    )  # fmt: skip
    swap = not rna and mate is None and junction.two is not None and _order(junction.two) < _order(junction.one)
    return _turn(event) if swap else event


def _turn(event: SvEvent) -> SvEvent:
    """Exchange the two ends."""
    one, two = event.junction
    turned = Junction(two, one) if two is not None else event.junction
    five = {1: 2, 2: 1}.get(event.five_prime, 0)
    return event._replace(junction=turned, gene1=event.gene2, gene2=event.gene1, five_prime=five)


def _annotated(
    first: _Read, mate: _Read | None, layout: Sequence[str]
) -> tuple[TouchedGene | None, TouchedGene | None, int, bool]:
    """Genes of both ends by the annotation, which of them is five-prime, and whether both lie in one intron."""
    value = first.record.annotation
    if first.kind and first.kind != "INS":
        found = find_genes_of_interval(value, layout)
        one, two, intronic, placed = found.one, found.two, found.intronic, found.placed
    else:
        one = find_gene_at(value, layout)
        two = find_gene_at(mate.record.annotation, layout) if mate else one if first.kind == "INS" else None
        placed = True
        intronic = one is not None and one == two and bool(one.intron)
        if one is None and two is None:
            fused = find_fused_genes(value, layout)
            one, two, placed = fused.one, fused.two, False
    ends = Junction(first.junction.one, mate.junction.one if mate else first.junction.two)
    if one is None or two is None or not placed or one.symbol == two.symbol or ends.two is None:
        return one, two, 0, intronic
    return one, two, find_five_prime(ends.one.side, one.strand, ends.two.side, two.strand), intronic


def _class(read: _Read, junction: Junction, *, rna: bool) -> str:
    if rna:
        return "FUSION"
    if junction.two is not None and junction.one.chrom != junction.two.chrom:
        return "TRANSLOCATION"
    stated = read.kind or read.info.get("SVTYPE", "").upper().split(":")[0]
    return CLASS_OF.get(stated) or classify_junction(junction)


def _frame(info: dict[str, str]) -> str:
    return read_frame(info.get("FRAME_STATUS") or info.get("FRAME") or info.get("READING_FRAME") or "")


def _status(group: tuple[_Read, ...]) -> str:
    for read in group:
        if read.record.status:
            return read.record.status
        if "SOMATIC" in read.info:
            return "SOMATIC"
        if "GERMLINE" in read.info:
            return "GERMLINE"
    return ""


def _order(end: End) -> tuple[int, str, float]:
    """Place of an end in the genome; one that is not known is last."""
    name = end.chrom or "~"
    return (int(name) if name in _AUTOSOMES else 99, name, math.inf if end.pos is None else end.pos)
