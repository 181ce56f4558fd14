"""Many sequencing files of any kind as one: each is read by its own reader, and all come out in one shape."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import Findings, InputError
from netgen.genomics.allfusions import read_allfusions
from netgen.genomics.cna_records import copy_number_of_records
from netgen.genomics.cnvkit import read_cnvkit
from netgen.genomics.copynumber import read_copy_number_file
from netgen.genomics.foundationone import read_foundationone
from netgen.genomics.gene_spans import read_gene_spans
from netgen.genomics.maf import read_maf
from netgen.genomics.oncomine_events import list_hotspots, read_oncomine_events
from netgen.genomics.recognise import recognise
from netgen.genomics.segments import read_segments
from netgen.genomics.sequencing_file import DROPPED, SequencingFile
from netgen.genomics.sv_files import read_fusions_file, read_sv_file
from netgen.genomics.tso500 import read_tso500
from netgen.genomics.vcf import read_vcfs
from netgen.progress import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from netgen.genomics.consequences import Reference
    from netgen.genomics.gene_names import GeneNames
    from netgen.genomics.gene_spans import GeneSpans
    from netgen.genomics.genes import ExcelPolicy
    from netgen.genomics.vcf import VcfFile

_READERS: Final[dict[str, Callable[..., SequencingFile]]] = {
    "tso500": read_tso500,
    "allfusions": read_allfusions,
    "foundationone": read_foundationone,
    "structural_variants": read_sv_file,
    "legacy_fusions": read_fusions_file,
    "copy_number": read_copy_number_file,
}
COPY_NUMBER: Final = "copy_number"  # reason that records of copy number are counted under where genes have no place
_SEGMENTS: Final[dict[str, Callable[..., SequencingFile]]] = {"segments": read_segments, "cnvkit": read_cnvkit}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How sequencing files are read, the same for all of them.

    Attributes
    ----------
    known_samples
        Tumour samples of the study.
    names
        Gene names.
    build
        Build of files that state none.
    reference
        Sequence and gene models for variants without a consequence.
    transcripts
        Transcripts that the user prefers.
    positions
        BED files or gene models that say where genes lie, for segments; the first that names genes counts.
    excel_dates
        See ``maf.read_maf``.
    threads
        Workers of a large MAF, and of many VCFs.
    """

    names: GeneNames
    known_samples: Collection[str] = ()
    build: str | None = None
    reference: Reference | None = None
    transcripts: frozenset[str] = frozenset()
    positions: tuple[Path, ...] = ()
    excel_dates: ExcelPolicy = "error"
    threads: int | None = field(default=None, compare=False)


def read_sequencing_files(paths: Sequence[Path], reading: Reading, *, findings: Findings) -> list[SequencingFile]:
    """Return what each of many files holds.

    Parameters
    ----------
    paths
        Files of any kind (``recognise.KINDS``).
    reading
        How they are read.
    findings
        Collects what the readers report, and the files that cannot be read: all are looked at in one pass. Not
        W_BUILD_UNKNOWN where ``reading`` states the build.

    Returns
    -------
    list of SequencingFile
        One for each file that can be read, in the order of ``paths``.
    """
    own = Findings()
    try:
        found = _read_all(dict.fromkeys(paths), reading, own)
    finally:
        findings.extend(item for item in own if reading.build is None or item.code != "W_BUILD_UNKNOWN")
    return [found[path] for path in paths if path in found]


def _read_all(paths: Iterable[Path], reading: Reading, findings: Findings) -> dict[Path, SequencingFile]:
    """Return what each file that can be read holds."""
    kinds: dict[Path, str] = {}
    for path in paths:
        try:
            kinds[path] = recognise(path)
        except InputError as error:
            findings.extend([error.finding])
    vcfs = read_vcfs(
        [path for path, kind in kinds.items() if kind == "vcf"], findings=findings, known_samples=reading.known_samples,
        names=reading.names, reference=reading.reference, transcripts=reading.transcripts, threads=reading.threads,
    )  # fmt: skip
    placed = any(kind in _SEGMENTS for kind in kinds.values()) or any(vcf.n_dropped.get(COPY_NUMBER) for vcf in vcfs)
    spans = _find_spans(reading, findings) if placed else None
    found = {vcf.path: _of_vcf(vcf, reading, spans, findings) for vcf in vcfs}
    for path, kind in kinds.items():
        if kind != "vcf":
            try:
                found[path] = _read(path, kind, reading, spans, findings)
                tell("reading files", len(found), len(kinds))
            except InputError as error:
                findings.extend([error.finding])
    return found


def _read(path: Path, kind: str, reading: Reading, spans: GeneSpans | None, findings: Findings) -> SequencingFile:
    if kind == "maf":
        return _read_maf(path, reading, findings)
    common = {"findings": findings, "known_samples": reading.known_samples, "names": reading.names}
    if kind in _SEGMENTS:
        return _SEGMENTS[kind](path, spans=spans, build=reading.build, **common)
    return _READERS[kind](path, **common)


def _read_maf(path: Path, reading: Reading, findings: Findings) -> SequencingFile:
    maf = read_maf(
        path, findings=findings, build=reading.build, names=reading.names, excel_dates=reading.excel_dates,
        threads=reading.threads,
    )  # fmt: skip
    listed = maf.sequenced_samples or ()
    return SequencingFile(
        path=path,
        kind="maf",
        samples=tuple(sorted({*maf.samples, *listed})),
        profiled={"mutations": maf.samples},
        listed=listed,
        variants=maf.variants,
        n_records=maf.n_rows,
        dropped=maf.dropped,
    )


def _of_vcf(vcf: VcfFile, reading: Reading, spans: GeneSpans | None, findings: Findings) -> SequencingFile:
    file = SequencingFile(
        path=vcf.path,
        kind="vcf",
        samples=vcf.samples,
        profiled=_profiled(vcf),
        variants=vcf.variants,
        fusions=vcf.fusions,
        build=vcf.build,
        n_records=vcf.n_records,
        dropped=vcf.dropped,
    )
    if vcf.oncomine:
        return _with_oncomine(file, reading, findings)
    return _with_copy_number(file, vcf, spans) if spans is not None and vcf.n_dropped.get(COPY_NUMBER) else file


def _profiled(vcf: VcfFile) -> dict[str, tuple[str, ...]]:
    """Return the data types that a VCF speaks of: one of structural variants only says nothing of small ones."""
    structural = len(vcf.fusions) > 0 or vcf.structural
    small = vcf.small or not structural
    return {"mutations": vcf.samples if small else (), "structural_variants": vcf.samples if structural else ()}


def _with_copy_number(file: SequencingFile, vcf: VcfFile, spans: GeneSpans) -> SequencingFile:
    """Add what the records of a caller by depth say of genes; without positions of genes they are counted only."""
    lost: dict[tuple[str, str], int] = {}
    table = copy_number_of_records(vcf.records, spans=spans, path=vcf.path, dropped=lost)
    rows = [(sample, reason, n) for (sample, reason), n in sorted(lost.items())]
    unused = pd.DataFrame(rows, columns=list(DROPPED)).astype(DROPPED)
    others = file.dropped[file.dropped["reason"] != COPY_NUMBER]
    return dataclasses.replace(
        file,
        profiled={**file.profiled, "cna": file.samples},
        genes={"cna": spans.genes},
        copy_number=table,
        dropped=pd.concat([others, unused], ignore_index=True),
    )


def _with_oncomine(file: SequencingFile, reading: Reading, findings: Findings) -> SequencingFile:
    """Add the copy numbers and fusions of an Oncomine assay, whose genotypes say nothing."""
    if len(file.samples) != 1:
        return file
    sample, build = file.samples[0], file.build or reading.build
    try:
        events = read_oncomine_events(file.path, sample, build=build, findings=findings, names=reading.names)
    except InputError as error:  # a BCF, which cannot be read as text
        findings.extend([error.finding])
        return file
    return dataclasses.replace(
        file,
        profiled={**file.profiled, **dict.fromkeys(events.profiled, (sample,))},
        genes={"cna": events.genes},
        variants=_with_hotspots(file),
        copy_number=events.copy_number,
        fusions=events.fusions,
        dropped=pd.concat([file.dropped, events.dropped], ignore_index=True),
    )


def _with_hotspots(file: SequencingFile) -> pd.DataFrame:
    """Return the variants of an Oncomine assay with its hot spots; of others it says nothing."""
    called = list_hotspots(file.path)
    keys = zip(file.variants["row"], file.variants["ref"], file.variants["alt"], strict=True)
    marked = pd.Series([key in called for key in keys], index=file.variants.index, dtype="boolean")
    return file.variants.assign(hotspot=file.variants["hotspot"].mask(marked, other=True))


def _find_spans(reading: Reading, findings: Findings) -> GeneSpans | None:
    """Return where genes lie by the first file that says it."""
    given = [*reading.positions, *([reading.reference.gff] if reading.reference is not None else [])]
    for path in given:
        try:
            return read_gene_spans(path, findings=findings, names=reading.names, build=reading.build)
        except InputError as error:
            if error.finding.code != "E_NO_GENE_POSITIONS":  # a list of genes is a panel, too
                raise
    return None
