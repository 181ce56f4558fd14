"""Read a VCF into the variants table, and its structural records into events.

VCF 4.x, plain, gzip or bgzip, and BCF. One row per alternative allele that the tumour carries; variants are keyed by
fully trimmed alleles (``alleles``). Read here: genotype, reads and fraction of the tumour (``vcf_depths``), FILTER,
somatic or germline where it is stated (``vcf_status``), and the annotation field that the header announces
(``annotation``); what no annotator has seen is called from a reference sequence, if one is given (``consequences``).
Symbolic alleles and breakends become events (``vcf_structural``). The rest is counted under its reason:

=================== =====================================================================================
no_alternative      the record has no alternative allele
reference_block     a block of reference: ``<NON_REF>``, ``<*>``, or no alternative and END
spanning_deletion   ``*``: the allele belongs to a record above
not_an_allele       neither bases nor anything else that the format knows
no_call             a tumour does not carry the allele (0/0, ./., another allele; ./1 is a call)
no_consequence      nothing says what the allele does; such variants are in ``VcfFile.unannotated``
gene_...            the consequence lies in no gene, or in one that cannot be resolved (``genes``)
malformed           the record cannot be interpreted (E_VALUE)
=================== =====================================================================================
"""

from __future__ import annotations

import gc
import os
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from netgen.errors import Findings, InputError
from netgen.genomics.annotation import find_annotation
from netgen.genomics.oncomine import is_func_format
from netgen.genomics.textfile import foreign_format, is_lfs_pointer
from netgen.genomics.vcf_files import Batch, Scan, VcfFile, batches_to_files, make_batch
from netgen.genomics.vcf_header import (
    RawHeader,
    detect_build,
    fault_line,
    find_header_fault,
    read_contigs,
    read_descriptions,
    split_header,
)
from netgen.genomics.vcf_lines import FIXED, read_binary, read_text
from netgen.genomics.vcf_records import RecordLayout, VcfRows
from netgen.genomics.vcf_samples import find_tumour_columns, name_sample
from netgen.genomics.vcf_stream import decompressed, unreadable
from netgen.genomics.vcf_workers import spread

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import pysam

    from netgen.genomics.consequences import Reference
    from netgen.genomics.gene_names import GeneNames

__all__ = ["VcfFile", "read_vcf", "read_vcfs"]

_WORTH: Final = 1 << 23  # bytes: a second or two of reading, if they are compressed
# Lines that do not speak of the genome build.
_OF_FIELDS_AND_SAMPLES: Final = ("##INFO=", "##FORMAT=", "##FILTER=", "##tumor_sample=", "##normal_sample=")
_PARTS: Final = 16  # for each worker, so that none waits long for the last one
_MANY: Final = 64  # files that one worker reads in parts, too, to tell how far it has come


def read_vcf(
    path: Path,
    *,
    findings: Findings,
    sample_id: str | None = None,
    tumour: str | None = None,
    known_samples: Collection[str] = (),
    names: GeneNames | None = None,
    reference: Reference | None = None,
    transcripts: Collection[str] = (),
) -> VcfFile:
    """Return the variants and events that the tumours of a VCF carry.

    Missing values: ``.`` in any field. Filtered records are kept with their FILTER.

    Parameters
    ----------
    path
        VCF, gzip or bgzip VCF, or BCF.
    findings
        Collects E_VCF_TUMOUR_UNKNOWN (with the columns), E_VCF_NOT_ANNOTATED, W_BUILD_UNKNOWN, malformed records, and
        what ``genes.normalize_genes``, ``consequences`` and ``vcf_structural`` report.
    sample_id
        Sample that the tumour is; None = from column, header or file name (``vcf_samples.name_sample``).
    tumour
        Column of the tumour, or the sample that the header puts behind it; None = from the header
        (``vcf_samples.find_tumour_columns``).
    known_samples
        Tumour samples of the study.
    names
        Gene names; the bundled ones if None. Give them once for many files.
    reference
        What consequences of variants without any are called from; None = such variants give no row.
    transcripts
        Transcripts that the user prefers, with or without version.

    Returns
    -------
    VcfFile
        Variants, events, samples, build, and what was left out.

    Raises
    ------
    InputError
        If the file is missing (E_FILE_MISSING) or no VCF that can be read (E_FILE_FORMAT); if the reference cannot be
        used.

    Notes
    -----
    1. VAF = alt / (ref + alt) reads; the rules of the callers are in ``vcf_depths``.
    2. Without a GT field an allele counts as carried unless the tumour is said to have no read of it.
    3. The class follows from the most severe term of the chosen consequence (``transcripts``, ``classes``).
    """
    options = _Options(known_samples=known_samples, transcripts=frozenset(transcripts))
    with _collector_at_rest():
        scan = _scan(path, findings, options, sample_id=sample_id, tumour=tumour)
        return batches_to_files([make_batch([scan])], findings, names, reference)[0]


def read_vcfs(
    paths: Sequence[Path],
    *,
    findings: Findings,
    sample_ids: Mapping[Path, str] | None = None,
    tumours: Mapping[Path, str] | None = None,
    known_samples: Collection[str] = (),
    names: GeneNames | None = None,
    reference: Reference | None = None,
    transcripts: Collection[str] = (),
    threads: int | None = None,
) -> list[VcfFile]:
    """Return the variants of many VCFs, faster than one by one: the rows of all files become one table once.

    Parameters
    ----------
    paths
        Files.
    findings
        As in :func:`read_vcf`; also collects the files that cannot be read, so that all are reported in one pass.
    sample_ids
        File -> sample that its tumour is; files that are not named here are resolved as in :func:`read_vcf`.
    tumours
        File -> column of its tumour; likewise.
    known_samples, names
        As in :func:`read_vcf`.
    reference
        As in :func:`read_vcf`; the consequences of all files are called at once.
    transcripts
        As in :func:`read_vcf`.
    threads
        Processes that read (``vcf_workers``); None = 1. Few or small files are read by one, whatever is asked for. The
        result does not depend on it.

    Returns
    -------
    list of VcfFile
        One for each file that can be read, in the order of ``paths``.
    """
    given, columns = sample_ids or {}, tumours or {}
    options = _Options(known_samples=known_samples, transcripts=frozenset(transcripts))
    wanted = [_Wanted(path, given.get(path), columns.get(path)) for path in paths]
    workers = threads or 1
    shared = workers > 1 and _worth_workers(paths)
    n_parts = _PARTS * workers if shared else _PARTS if len(wanted) >= _MANY else 1
    size = max(-(-len(wanted) // n_parts), 1)
    parts = [wanted[start : start + size] for start in range(0, len(wanted), size)] or [[]]
    with _collector_at_rest():
        batches = []
        for batch, found in spread(partial(_read_part, options=options), parts, workers if shared else 1):
            batches.append(batch)
            findings.extend(found)
        return batches_to_files(batches, findings, names, reference)


def _worth_workers(paths: Sequence[Path]) -> bool:
    """Tell whether files are so large that a worker, which needs a second to start, saves time."""
    return sum(path.stat().st_size for path in paths if path.is_file()) > _WORTH


class _Wanted(NamedTuple):
    """A file, and what the caller says of its tumour."""

    path: Path
    sample_id: str | None
    tumour: str | None


def _read_part(part: Sequence[_Wanted], *, options: _Options) -> tuple[Batch, Findings]:
    """Read some of many files, here or in a worker; what cannot be read is reported."""
    findings = Findings()
    scans = []
    with _collector_at_rest():
        for one in part:
            try:
                scans.append(_scan(one.path, findings, options, sample_id=one.sample_id, tumour=one.tumour))
            except InputError as error:
                findings.extend([error.finding])
        return make_batch(scans), findings


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep the garbage collector from walking, again and again, rows that are all still needed: a sixth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What the reading of all files shares."""

    known_samples: Collection[str]
    transcripts: frozenset[str]


def _scan(path: Path, findings: Findings, options: _Options, *, sample_id: str | None, tumour: str | None) -> Scan:
    _check_file(path)
    with closing(decompressed(path)) as blocks:
        raw, rest = split_header(blocks)
        with _open(path, raw) as handle:
            return _read(path, handle, raw, chain([rest], blocks), findings, options, sample_id, tumour)


def _read(
    path: Path, handle: pysam.VariantFile, raw: RawHeader, blocks: Iterator[bytes], findings: Findings,
    options: _Options, sample_id: str | None, tumour: str | None,
) -> Scan:  # fmt: skip
    """Read the records of an open file; ``blocks`` is its text behind the header, not used for BCF."""
    rows = VcfRows()
    columns, lines = (raw.columns, raw.lines) if raw.n_lines else _binary_header(handle, path)
    picked, samples = _pick_tumours(
        columns, lines, path, tumour=tumour, sample_id=sample_id, known_samples=options.known_samples,
        findings=findings, row=raw.n_lines or None,
    )  # fmt: skip
    descriptions = _descriptions(tuple(line for line in lines if line.startswith("##INFO=")))
    annotation = find_annotation(descriptions)
    layout = RecordLayout(
        samples=tuple(samples),
        places=tuple(FIXED + 1 + place for place in picked),
        normal=FIXED + 2 - picked[0] if len(columns) == 2 and len(picked) == 1 else None,
        lone=len(columns) < 2,
        annotation=annotation,
        transcripts=options.transcripts,
    )
    if raw.n_lines:
        n_records = read_text(blocks, raw.n_lines, len(columns), layout, rows, path=path, findings=findings)
    else:
        n_records = read_binary(handle, layout, rows, path, findings)
    return Scan(
        path=path,
        rows=rows,
        samples=tuple(samples),
        build=_build(tuple(line for line in lines if not line.startswith(_OF_FIELDS_AND_SAMPLES))),
        n_records=n_records,
        annotated=annotation is not None,
        oncomine=is_func_format(descriptions.get("FUNC", "")),
        description=descriptions.get(annotation.field, "") if annotation is not None else "",
    )


@lru_cache(maxsize=16)  # the files of a cohort share most lines of their headers
def _descriptions(lines: tuple[str, ...]) -> Mapping[str, str]:
    return read_descriptions(lines)


@lru_cache(maxsize=16)
def _build(lines: tuple[str, ...]) -> str | None:
    return detect_build(read_contigs(lines), lines)


def _binary_header(handle: pysam.VariantFile, path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return sample columns and lines of the header of a BCF."""
    try:
        return tuple(handle.header.samples), tuple(str(handle.header).splitlines())
    except UnicodeDecodeError as error:
        raise unreadable(path, error) from error


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise InputError("E_FILE_MISSING", "There is no such file.", fix="Check the path.", file=str(path))
    with path.open("rb") as handle:
        head = handle.read(64)
    if not head:
        raise InputError("E_FILE_FORMAT", "The file is empty.", fix="Run the caller again.", file=str(path))
    if is_lfs_pointer(head):
        raise InputError(
            "E_FILE_FORMAT", "A VCF is needed, found a Git-LFS pointer.", fix="Fetch it: git lfs pull.", file=str(path)
        )
    foreign = foreign_format(head)
    if foreign:
        raise InputError(
            "E_FILE_FORMAT", f"A VCF (plain, gzip or bgzip) or BCF is needed, found {foreign}.",
            fix="Unpack it, and compress it with bgzip if it should be compressed.", file=str(path),
        )  # fmt: skip


@contextmanager
def _open(path: Path, raw: RawHeader) -> Iterator[pysam.VariantFile]:
    """Open a VCF by file descriptor: an index beside it is not loaded, which is what makes small files slow."""
    import pysam

    before = pysam.set_verbosity(0)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with _handle(path, descriptor, raw) as handle:
            yield handle
    finally:
        os.close(descriptor)
        pysam.set_verbosity(before)


def _handle(path: Path, descriptor: int, raw: RawHeader) -> pysam.VariantFile:
    import pysam

    try:
        try:
            return pysam.VariantFile(descriptor)
        except TypeError:  # pysam cannot say what is wrong with a descriptor; by path it can
            return pysam.VariantFile(str(path))
    except (ValueError, OSError, NotImplementedError, KeyError) as error:
        raise unreadable(path, find_header_fault(raw) or str(error), row=fault_line(raw)) from error


def _pick_tumours(
    columns: Sequence[str],
    lines: Sequence[str],
    path: Path,
    *,
    tumour: str | None,
    sample_id: str | None,
    known_samples: Collection[str],
    findings: Findings,
    row: int | None,
) -> tuple[list[int], list[str]]:
    """Return places of the tumour columns and the samples they are; both empty if unknown (reported)."""
    known = {*known_samples, *([sample_id] if sample_id else [])}
    if not columns and tumour is None:
        name = sample_id or name_sample("", path, known)
        if sample_id or name in known:
            return [], [name]
    if sample_id is not None and tumour is None and len(columns) == 1:
        tumour = columns[0]  # the caller says what the only column is
    picked = find_tumour_columns(columns, lines, tumour=tumour, known_samples=known)
    samples = [name_sample(column, path, known, lines) for column in picked]
    if sample_id is not None and len(picked) == 1:
        samples = [sample_id]
    if picked and len(set(samples)) == len(samples):
        return [columns.index(column) for column in picked], samples
    wanted = f"the tumour column {tumour}" if tumour else "a column that is known to be the tumour"
    findings.add(
        "E_VCF_TUMOUR_UNKNOWN",
        f"{wanted[0].upper()}{wanted[1:]} is needed, found {', '.join(columns) if columns else 'no sample columns'}.",
        fix="Name the sample (sample_id) or the column, or add ##tumor_sample= to the header.",
        file=str(path),
        row=row,
        value=";".join(columns),
    )
    return [], []
