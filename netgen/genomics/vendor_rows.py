"""What readers of vendors' reports share: read counts behind a rounded fraction, gene pairs, rows that become tables.

A report gives alterations that its laboratory has already filtered, with rounded numbers and without genotypes. Nothing
is worked out here that the report does not pin down: a read count is given only if exactly one count fits the fraction.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen import schema
from netgen.genomics.alleles import normalize_chromosome
from netgen.genomics.genes import normalize_genes
from netgen.genomics.sequencing_file import BIOMARKERS, DROPPED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames

Row = dict[str, object]
_DECIMALS: Final = 4  # of a fraction: TSO500 and Foundation Medicine write four
# Beginnings of gene names that a hyphen follows: HLA-A, NKX2-1, MT-ND1.
_HYPHENATED: Final = re.compile(r"HLA|NKX\d|MT|ERVK|H[1-4]|TRA|TRB", re.IGNORECASE)
_PLACE: Final = re.compile(r"([^:\s]+):(\d{1,10})(?:-\d+)?", re.ASCII)
_COUNT: Final = re.compile(r"\d{1,10}", re.ASCII)
_SYMBOL: Final = re.compile(r"[A-Za-z][A-Za-z0-9.;-]+")


def count_reads_of(fraction: float | None, depth: int | None) -> tuple[int | None, int | None]:
    """Return the reads with and without the alternative allele behind a fraction of four decimals.

    Parameters
    ----------
    fraction
        Variant allele fraction, rounded; None if not given.
    depth
        Reads at the position; None if not given.

    Returns
    -------
    tuple of int or None
        Reads with the allele and all others; both None unless exactly one count gives the fraction.

    Examples
    --------
    >>> count_reads_of(0.3967, 910), count_reads_of(0.312, 812), count_reads_of(0.5, 100_000)
    ((361, 549), (None, None), (None, None))
    """
    if fraction is None or not depth:
        return None, None
    half = 0.5 * 10**-_DECIMALS
    first, last = math.ceil((fraction - half) * depth - 1e-9), math.floor((fraction + half) * depth + 1e-9)
    if first != last or not 0 <= first <= depth:
        return None, None
    return first, depth - first


def read_count(text: str) -> int | None:
    """Return a count or position as a report writes it.

    Parameters
    ----------
    text
        Up to ten digits.

    Returns
    -------
    int or None
        None for anything else.
    """
    return int(text) if _COUNT.fullmatch(text) else None


def split_pair(text: str) -> tuple[str, str, bool] | None:
    """Return the two sides of a gene pair, and whether the first is known to be the 5' side.

    Illumina writes a hyphen where the direction of a fusion is known (``TPM3-NTRK1``) and a slash where it is not
    (``PPARG/PAX8``). Genes may have hyphens themselves.

    Parameters
    ----------
    text
        The pair as written; a side may list several genes, joined by ``;``.

    Returns
    -------
    tuple of str, str, bool or None
        None if the text is no pair.

    Examples
    --------
    >>> split_pair("NKX2-1-ALK"), split_pair("PPARG/AC016683.6;PAX8")
    (('NKX2-1', 'ALK', True), ('PPARG', 'AC016683.6;PAX8', False))
    """
    for joint, directed in (("/", False), ("-", True)):
        parts = text.split(joint)
        for place in range(1, len(parts)):
            one, two = joint.join(parts[:place]).strip(), joint.join(parts[place:]).strip()
            if _SYMBOL.fullmatch(one) and _SYMBOL.fullmatch(two) and not _HYPHENATED.fullmatch(one):
                return one, two, directed
    return None


def pick_gene(text: str) -> str:
    """Return the one gene that stands for a side of a fusion.

    Parameters
    ----------
    text
        Gene, or several genes that overlap the breakpoint, joined by ``;``.

    Returns
    -------
    str
        The first that is not the name of a clone (``AC016683.6``, ``RP11-458D21.5``); the first if all are.
    """
    listed = [part.strip() for part in text.split(";") if part.strip()]
    return next((name for name in listed if "." not in name), listed[0] if listed else "")


def read_place(text: str) -> tuple[str | None, int | None]:
    """Return chromosome and position of a breakpoint.

    Parameters
    ----------
    text
        ``chr2:29446394``, or a range ``chr21:42868152-42868305``, of which the first position is used.

    Returns
    -------
    tuple of str or None and int or None
        Chromosome without ``chr``, 1-based position; both None if the text is no place.
    """
    match = _PLACE.fullmatch(text.strip())
    return (normalize_chromosome(match[1]), int(match[2])) if match else (None, None)


def fusion_row(
    pair: tuple[str, str, bool], places: tuple[str, str], sample: str, *, reads: str = "", title: str = ""
) -> Row:
    """Return a fusion as a row of ``schema.FUSIONS``, class FUSION, frame unknown.

    Parameters
    ----------
    pair
        Both sides as written, and whether the first is the 5' side.
    places
        Both breakpoints as written.
    sample
        The sample.
    reads
        Number of reads that support it, as written.
    title
        What the event is called; blank = by its genes.

    Returns
    -------
    dict
        ``event_info`` begins with ``FIVE::THREE`` where the direction is known, with ``ONE/TWO`` where it is not.
    """
    one, two = pick_gene(pair[0]), pick_gene(pair[1])
    if not title:
        title = f"{one}{'::' if pair[2] else '/'}{two}" if one and two else f"{one or two} rearrangement"
    notes = [side for side in pair[:2] if ";" in side]
    notes += ["-".join(places)] if all(places) else []
    notes += [f"{reads} supporting reads"] if reads else []
    (chrom1, pos1), (chrom2, pos2) = (read_place(place) for place in places)
    return {
        "sample_id": sample, "gene1": one or None, "gene2": two or None, "sv_class": "FUSION", "status": "SOMATIC",
        "frame": "Unknown", "event_info": f"{title} ({'; '.join(notes)})" if notes else title,
        "orientation": "gene1_gene2" if pair[2] else None, "chrom1": chrom1, "pos1": pos1, "chrom2": chrom2,
        "pos2": pos2,
    }  # fmt: skip


def report_overlaps(sides: Sequence[str], path: Path, findings: Findings) -> None:
    """Tell which breakpoints lie in several genes, so that the choice of the first is no secret.

    Parameters
    ----------
    sides
        Sides of fusions as written.
    path
        The file.
    findings
        Receives I_FUSION_GENES, once per file.
    """
    several = sorted({side for side in sides if sum("." not in name for name in side.split(";")) > 1})
    if several:
        findings.add(
            "I_FUSION_GENES",
            f"{len(several)} breakpoint(s) lie in several genes, the first is used: {', '.join(several)}.",
            file=str(path),
            value=several[0],
        )


def name_sample_of(
    candidates: Sequence[str], *, sample_id: str | None = None, known_samples: Collection[str] = ()
) -> str:
    """Return the sample that a report speaks of.

    Parameters
    ----------
    candidates
        Names in the report and of the file, best first; blank ones are passed over.
    sample_id
        What the caller says.
    known_samples
        Samples of the study.

    Returns
    -------
    str
        ``sample_id``, else the first candidate that is a sample of the study, else the first candidate, else "".
    """
    if sample_id is not None:
        return sample_id
    known, named = set(known_samples), [name for name in candidates if name]
    return next((name for name in named if name in known), named[0] if named else "")


def variant_table(
    rows: Sequence[Row], path: Path, dropped: Counter[str], *, findings: Findings, names: GeneNames | None
) -> pd.DataFrame:
    """Return small variants as a table; rows without a usable gene are counted.

    Parameters
    ----------
    rows
        Columns of ``schema.VARIANTS``, perhaps ``exon_number``; absent values None.
    path
        The file.
    dropped
        Reason -> count; grows.
    findings, names
        See ``genes.normalize_genes``.

    Returns
    -------
    DataFrame
        ``schema.VARIANTS`` in the order of the rows.
    """
    if not rows:
        return _empty(schema.VARIANTS)
    frame = schema.conform(pd.DataFrame(list(rows)), schema.VARIANTS).assign(file=str(path))
    genes = normalize_genes(
        frame["gene"],
        findings=findings,
        names=names,
        positions=frame[["build", "chrom", "pos"]],
        file=str(path),
        rows=frame["row"],
        column="gene",
    )
    used = genes.gene.notna()
    dropped.update(Counter(str(reason) for reason in genes.reason[~used]))
    table = frame.assign(gene=genes.gene, entrez_gene_id=genes.entrez_gene_id)[used]
    if "exon_number" in table:
        table["exon_number"] = table["exon_number"].astype("string")
    return schema.conform(table, schema.VARIANTS)


def copy_number_table(
    rows: Sequence[Row], path: Path, dropped: Counter[str], *, findings: Findings, names: GeneNames | None
) -> pd.DataFrame:
    """Return copy numbers as a table, sorted by sample and gene; of two rows of one gene the more extreme is kept.

    Parameters
    ----------
    rows
        Columns of ``schema.COPY_NUMBER``.
    path
        The file.
    dropped
        Reason -> count; grows.
    findings, names
        See ``genes.normalize_genes``.

    Returns
    -------
    DataFrame
        ``schema.COPY_NUMBER``.
    """
    if not rows:
        return _empty(schema.COPY_NUMBER)
    frame = schema.conform(pd.DataFrame(list(rows)), schema.COPY_NUMBER)
    genes = normalize_genes(frame["gene"], findings=findings, names=names, file=str(path), column="gene")
    used = genes.gene.notna()
    dropped.update(Counter(str(reason) for reason in genes.reason[~used]))
    table = frame.assign(gene=genes.gene)[used]
    table = table.assign(size=-table["value"].abs()).sort_values(["sample_id", "gene", "size"], kind="stable")
    twice = table.duplicated(["sample_id", "gene"])
    dropped.update({"duplicate": int(twice.sum())} if twice.any() else {})
    return schema.conform(table[~twice].drop(columns="size"), schema.COPY_NUMBER)


def fusion_table(
    rows: Sequence[Row], path: Path, dropped: Counter[str], *, findings: Findings, names: GeneNames | None
) -> pd.DataFrame:
    """Return structural variants as a table; rows without any gene are counted.

    Parameters
    ----------
    rows
        Columns of ``schema.FUSIONS``.
    path
        The file.
    dropped
        Reason -> count; grows.
    findings, names
        See ``genes.normalize_genes``.

    Returns
    -------
    DataFrame
        ``schema.FUSIONS`` in the order of the rows.
    """
    if not rows:
        return _empty(schema.FUSIONS)
    frame = schema.conform(pd.DataFrame(list(rows)), schema.FUSIONS).assign(file=str(path))
    sides = {
        side: normalize_genes(
            frame[side], findings=findings, names=names, file=str(path), rows=frame["row"], column=side
        ).gene
        for side in ("gene1", "gene2")
    }
    used = sides["gene1"].notna() | sides["gene2"].notna()
    dropped.update({"gene_missing": int((~used).sum())} if not used.all() else {})
    table = frame.assign(**sides)[used]
    stated = (table["orientation"] == "gene1_gene2") & table["gene1"].notna() & table["gene2"].notna()
    notation = (table["gene1"] + "::" + table["gene2"]).where(stated.fillna(value=False))
    return schema.conform(table.assign(notation=notation), schema.FUSIONS)


def biomarker_table(rows: Sequence[Row]) -> pd.DataFrame:
    """Return results of a laboratory as a table.

    Parameters
    ----------
    rows
        Columns of ``sequencing_file.BIOMARKERS``, perhaps ``panel_size_mb``.

    Returns
    -------
    DataFrame
        ``BIOMARKERS``; ``panel_size_mb`` (float64) behind them if any row has it.
    """
    return schema.conform(pd.DataFrame(list(rows)), BIOMARKERS) if rows else _empty(BIOMARKERS)


def dropped_table(sample: str, dropped: Mapping[str, int]) -> pd.DataFrame:
    """Return what gave no row, by reason.

    Parameters
    ----------
    sample
        The sample.
    dropped
        Reason -> count.

    Returns
    -------
    DataFrame
        ``sample_id, reason, n``, sorted by reason.
    """
    rows = [(sample, reason, count) for reason, count in sorted(dropped.items()) if count]
    return pd.DataFrame(rows, columns=list(DROPPED)).astype(DROPPED)


@cache
def _template(table: schema.Table) -> pd.DataFrame:
    return schema.empty(table)


def _empty(table: schema.Table) -> pd.DataFrame:
    """Return a table without rows; most reports have one, and making it anew is slow."""
    return _template(table).copy()
