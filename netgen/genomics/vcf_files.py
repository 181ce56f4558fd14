"""From the rows of many VCFs to their tables: consequences that nobody has told, gene names, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen import schema
from netgen.genomics.consequences import call_consequences
from netgen.genomics.genes import normalize_genes
from netgen.genomics.sequencing_file import DROPPED
from netgen.genomics.sv_annotation import entry_fields
from netgen.genomics.vcf_structural import assemble_events
from netgen.genomics.vcf_table import rows_to_frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from netgen.errors import Findings
    from netgen.genomics.consequences import Reference
    from netgen.genomics.gene_names import GeneNames
    from netgen.genomics.vcf_records import VcfRow, VcfRows
    from netgen.genomics.vcf_structural import SvRecord


@dataclass(frozen=True, kw_only=True)
class VcfFile:
    """What a VCF holds.

    Attributes
    ----------
    path
        The file.
    variants
        ``schema.VARIANTS`` in file order; ``row`` is the line in the file (for BCF the number of the record). Behind
        them ``exon_number`` (``14/21``) if an annotation gives it.
    unannotated
        The same columns, ``gene`` and ``variant_class`` missing: variants that the tumours carry and of which nothing
        says what they do.
    fusions
        ``schema.FUSIONS``: structural variants.
    samples
        Tumour samples of the file, with or without variants.
    build
        GRCh37 or GRCh38; None if the header does not say.
    n_records
        Records in the file.
    small, structural
        The file has records of small or of structural variants, whether a tumour carries them or not.
    oncomine
        The header announces ``FUNC``: the file comes from Ion Reporter.
    records
        Structural records behind ``fusions``, those of copy number (``cna_records``) among them.
    counts
        (sample, reason) -> alleles that gave no row; the sample is empty for whole records.
    """

    path: Path
    variants: pd.DataFrame
    unannotated: pd.DataFrame
    fusions: pd.DataFrame
    samples: tuple[str, ...]
    build: str | None
    n_records: int
    small: bool
    structural: bool
    oncomine: bool
    records: tuple[SvRecord, ...]
    counts: Mapping[tuple[str, str], int]

    @property
    def dropped(self) -> pd.DataFrame:
        """Return ``sample_id``, ``reason``, ``n``; whole records of a file of several samples have no sample."""
        lone = self.samples[0] if len(self.samples) == 1 else None
        rows = [(sample or lone, reason, n) for (sample, reason), n in sorted(self.counts.items())]
        return pd.DataFrame(rows, columns=list(DROPPED)).astype(DROPPED)

    @property
    def n_dropped(self) -> dict[str, int]:
        """Return reason -> alleles (of one sample) that gave no row; records where the reason is one of a record."""
        reasons = sorted({reason for _, reason in self.counts})
        return {one: sum(n for (_, reason), n in self.counts.items() if reason == one) for one in reasons}


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One file before its rows become tables; ``description`` is that of its annotation field in the header."""

    path: Path
    rows: VcfRows
    samples: tuple[str, ...]
    build: str | None
    n_records: int
    annotated: bool
    oncomine: bool
    description: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Files that were read together, with the rows of all as one table.

    Attributes
    ----------
    scans
        The files; their rows are in the table.
    counts
        (n_files,) rows of each.
    frame
        (n_rows,) what ``rows_to_frame`` gives, in the order of the files.
    untold
        The rows of which nothing says what they do.
    places
        Where these stand in the table.
    """

    scans: list[Scan]
    counts: NDArray[np.int64]
    frame: pd.DataFrame
    untold: list[VcfRow]
    places: NDArray[np.int64]


def make_batch(scans: list[Scan]) -> Batch:
    """Move the rows of files into one table, which is small to send from process to process.

    Parameters
    ----------
    scans
        Files that were read; they lose their rows.

    Returns
    -------
    Batch
        The files and their table.
    """
    rows = [row for scan in scans for row in scan.rows.rows]
    counts = np.array([len(scan.rows.rows) for scan in scans], dtype=np.int64)
    places = np.array([place for place, row in enumerate(rows) if row.chosen is None], dtype=np.int64)
    frame = rows_to_frame(
        rows,
        pd.array([scan.build for scan in scans], dtype="string").repeat(counts),
        pd.array([str(scan.path) for scan in scans], dtype="string").repeat(counts),
    )
    for scan in scans:
        scan.rows.rows.clear()
    return Batch(scans=scans, counts=counts, frame=frame, untold=[rows[place] for place in places], places=places)


def batches_to_files(
    batches: Sequence[Batch], findings: Findings, names: GeneNames | None, reference: Reference | None
) -> list[VcfFile]:
    """Return files with their parts of one table.

    Parameters
    ----------
    batches
        Files that were read; how they are divided makes no difference.
    findings
        Collects W_BUILD_UNKNOWN, E_VCF_NOT_ANNOTATED and what genes, consequences and events report.
    names
        Gene names; the bundled ones if None.
    reference
        What untold consequences are called from; None = they stay untold.

    Returns
    -------
    list of VcfFile
        In the order of the batches and their scans.
    """
    batch = _join(batches)
    for scan, count in zip(batch.scans, batch.counts, strict=True):
        _report(scan, int(count), findings, told=reference is not None)
    variants, untold = _make_tables(batch, findings, names, reference)
    none = schema.empty(schema.FUSIONS)
    return [
        VcfFile(
            path=scan.path,
            variants=part,
            unannotated=others,
            fusions=_events(scan, findings, names, none),
            samples=scan.samples,
            build=scan.build,
            n_records=scan.n_records,
            small="small" in scan.rows.kinds,
            structural="structural" in scan.rows.kinds,
            oncomine=scan.oncomine,
            records=tuple(scan.rows.events),
            counts=scan.rows.dropped,
        )
        for scan, part, others in zip(batch.scans, variants, untold, strict=True)
    ]


def _join(batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    starts = np.cumsum([0, *(len(batch.frame) for batch in batches)])
    return Batch(
        scans=[scan for batch in batches for scan in batch.scans],
        counts=np.concatenate([batch.counts for batch in batches]),
        frame=pd.concat([batch.frame for batch in batches], ignore_index=True),
        untold=[row for batch in batches for row in batch.untold],
        places=np.concatenate([batch.places + start for batch, start in zip(batches, starts[:-1], strict=True)]),
    )


def _make_tables(
    batch: Batch, findings: Findings, names: GeneNames | None, reference: Reference | None
) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    """Return variants, and what nothing is said of, of each file; also counts what is in neither."""
    frame, told = _tell(batch, reference, findings)
    part = frame if told.all() else frame[told]
    genes = normalize_genes(
        part["gene"],
        findings=findings,
        names=names,
        positions=part[["build", "chrom", "pos"]],
        file=str(batch.scans[0].path) if len(batch.scans) == 1 else "",
        rows=part["row"],
        column="SYMBOL",
    )
    reasons = np.full(len(frame), "no_consequence", dtype=object)
    reasons[told] = genes.reason.to_numpy(dtype=object)
    used = np.zeros(len(frame), dtype=bool)
    used[told] = genes.gene.notna().to_numpy(dtype=bool)
    owner = np.repeat(np.arange(len(batch.scans)), batch.counts)
    samples = frame["sample_id"].array
    for place in np.flatnonzero(~used):
        batch.scans[owner[place]].rows.drop(str(reasons[place]), str(samples[place]))
    columns = {"gene": genes.gene, "entrez_gene_id": genes.entrez_gene_id}
    kept = part.assign(**columns) if used[told].all() else part.assign(**columns)[used[told]]
    without = [] if part["exon_number"].notna().any() else ["exon_number"]
    variants = schema.conform(kept.drop(columns=without), schema.VARIANTS)
    untold = schema.conform(frame[~told].drop(columns="exon_number"), schema.VARIANTS)
    return _split(variants, owner[used], len(batch.scans)), _split(untold, owner[~told], len(batch.scans))


def _report(scan: Scan, n_rows: int, findings: Findings, *, told: bool) -> None:
    if not scan.annotated and not told and n_rows:
        findings.add(
            "E_VCF_NOT_ANNOTATED",
            "Consequences are needed to name genes, found no annotation (INFO field CSQ, ANN or BCSQ with its format).",
            fix="Give a reference sequence and gene models (FASTA and GFF), or annotate the file, e.g. with VEP.",
            file=str(scan.path),
            column="INFO",
        )
    if scan.build is None and (n_rows or scan.rows.events):
        findings.add(
            "W_BUILD_UNKNOWN",
            "The header names no genome build.",
            fix="Add contig lengths or a ##reference line, or state the build of the study.",
            file=str(scan.path),
        )


def _tell(batch: Batch, reference: Reference | None, findings: Findings) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Return the table, and which rows have a consequence: what nobody has told is called from a reference at once."""
    frame, places = batch.frame, batch.places
    told = np.ones(len(frame), dtype=bool)
    told[places] = False
    if reference is None or not len(places):
        return frame, told
    wanted = pd.DataFrame(
        {
            "chrom": pd.Series([row.chrom for row in batch.untold], dtype="string"),
            "pos": pd.Series([row.pos for row in batch.untold], dtype="int64"),
            "ref": pd.Series([row.ref for row in batch.untold], dtype="string"),
            "alt": pd.Series([row.alt for row in batch.untold], dtype="string"),
        }
    )
    found = call_consequences(wanted, reference=reference, findings=findings)
    rows = [row._replace(chosen=chosen) for row, chosen in zip(batch.untold, found, strict=True)]
    called = rows_to_frame(rows, frame["build"].array[places], frame["file"].array[places])
    order = np.argsort(np.concatenate([np.flatnonzero(told), places]))
    frame = pd.concat([frame[told], called], ignore_index=True).iloc[order].reset_index(drop=True)
    told[places] = [chosen is not None for chosen in found]
    return frame, told


def _split(table: pd.DataFrame, owner: np.ndarray, n_parts: int) -> list[pd.DataFrame]:
    """Return the rows of each file; the owners of the rows are sorted."""
    if table.empty:
        return [table.copy(deep=False) for _ in range(n_parts)]
    ends = np.searchsorted(owner, np.arange(n_parts), side="right")
    parts = []
    for start, stop in zip([0, *ends[:-1]], ends, strict=True):
        part = table.iloc[start:stop]
        part.index = pd.RangeIndex(stop - start)
        parts.append(part)
    return parts


def _events(scan: Scan, findings: Findings, names: GeneNames | None, none: pd.DataFrame) -> pd.DataFrame:
    """Return the events of a file; the given empty table if it has none."""
    if not scan.rows.events:
        return none.copy(deep=False)
    return assemble_events(
        scan.rows.events, layout=entry_fields(scan.description), build=scan.build, path=scan.path, findings=findings,
        names=names, dropped=scan.rows.dropped,
    )  # fmt: skip
