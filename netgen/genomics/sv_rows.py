"""Events of a VCF as rows of the table ``fusions``: current symbols, notation, and what is counted instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen import schema
from netgen.genomics.genes import normalize_genes
from netgen.genomics.sv_info import parse_info, read_int

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames
    from netgen.genomics.vcf_structural import SvEvent

_ORDER: Final = {1: "gene1_gene2", 2: "gene2_gene1"}


def finish_events(
    events: Sequence[SvEvent],
    *,
    build: str | None,
    path: Path,
    findings: Findings,
    names: GeneNames | None,
    dropped: dict[tuple[str, str], int],
) -> pd.DataFrame:
    """Return the events that touch a gene as rows; count and report the others.

    Parameters
    ----------
    events
        Events of one file, genes as written.
    build, path, findings, names, dropped
        See ``vcf_structural.assemble_events``.

    Returns
    -------
    DataFrame
        Table ``fusions`` of ``netgen.schema``, in the order of the file.
    """
    touching = [event for event in events if (event.gene1 or event.gene2) and not event.intronic]
    frame = schema.conform(pd.DataFrame([_row(event, build, path) for event in touching]), schema.FUSIONS)
    for name in ("gene1", "gene2"):
        frame[name] = normalize_genes(
            frame[name], findings=findings, names=names, file=str(path), rows=frame["row"], column="INFO"
        ).gene
    known = frame["gene1"].notna() | frame["gene2"].notna()
    _count(events, touching, known.tolist(), dropped)
    _report(events, frame[known], path=path, findings=findings)
    return schema.conform(write_notation(frame[known]), schema.FUSIONS)


def write_notation(fusions: pd.DataFrame) -> pd.DataFrame:
    """Return fusions with ``notation`` written where the orientation is stated.

    An orientation without two different genes is taken back.

    Parameters
    ----------
    fusions
        Table ``fusions`` with current symbols.

    Returns
    -------
    DataFrame
        A copy.
    """
    one, two = fusions["gene1"], fusions["gene2"]
    pair = one.notna() & two.notna() & (one != two).fillna(value=False)
    orientation = fusions["orientation"].where(pair)
    forward, backward = orientation.eq("gene1_gene2"), orientation.eq("gene2_gene1")
    notation = (one + "::" + two).where(forward.fillna(value=False))
    notation = notation.mask(backward.fillna(value=False), two + "::" + one)
    return fusions.assign(orientation=orientation, notation=notation.astype("string"))


def _row(event: SvEvent, build: str | None, path: Path) -> dict[str, object]:
    record, (one, two) = event.record, event.junction
    info = parse_info(record.info)
    split, pairs = record.split_reads, record.pair_reads
    if split is None and pairs is None:
        split, pairs = read_int(info.get("SR", "")), read_int(info.get("PE", ""))
    return {
        "sample_id": record.sample_id,
        "gene1": event.gene1,
        "gene2": event.gene2,
        "sv_class": event.sv_class,
        "status": event.status or "SOMATIC",
        "frame": event.frame,
        "orientation": _ORDER.get(event.five_prime),
        "build": build,
        "chrom1": one.chrom,
        "pos1": one.pos,
        "chrom2": two.chrom if two else None,
        "pos2": two.pos if two else None,
        "dna_support": None if event.rna else True,
        "rna_support": True if event.rna else None,
        "split_reads": split,
        "pair_reads": pairs,
        "filter": record.filter,
        "event_info": record.id or record.alt,
        "file": str(path),
        "row": record.row,
    }


def _count(
    events: Sequence[SvEvent], touching: Sequence[SvEvent], known: Sequence[bool], dropped: dict[tuple[str, str], int]
) -> None:
    """Count the events that give no row."""
    kept = {id(event) for event, usable in zip(touching, known, strict=True) if usable}
    for event in events:
        if id(event) not in kept:
            key = (event.record.sample_id, "intronic" if event.intronic else "no_gene")
            dropped[key] = dropped.get(key, 0) + 1


def _report(events: Sequence[SvEvent], rows: pd.DataFrame, *, path: Path, findings: Findings) -> None:
    nameless = sum(event.gene1 is None and event.gene2 is None for event in events)
    if nameless:
        findings.add(
            "W_SV_NO_GENE",
            f"{nameless} of {len(events)} structural variants have no breakpoint in a gene that the file names: they"
            " count for none.",
            fix="Annotate the file (VEP, SnpEff) if it is not; breakpoints between genes need nothing.",
            file=str(path),
        )
    several = sum(event.several for event in events)
    if several:
        findings.add(
            "I_FUSION_GENES",
            f"{several} structural variants name several genes for one breakpoint: the first proper symbol was used.",
            file=str(path),
        )
    assumed = sum(not event.status for event in events)
    if assumed and len(rows):
        findings.add(
            "I_STATUS_ASSUMED_SOMATIC",
            f"{assumed} structural variants have no status and were taken as somatic.",
            file=str(path),
            column="INFO",
        )
