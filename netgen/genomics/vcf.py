"""Read a VEP-annotated VCF into the variants table.

VCF 4.x, plain, gzip or bgzip, and BCF, through pysam. One row per alternative allele that the tumour carries; variants
are keyed by fully trimmed alleles (``alleles``). Read here: genotype, AD, DP and AF of the tumour, FILTER, and VEP's
``CSQ``. Not read here: allele counts in the fields of single callers, SnpEff and bcftools annotations, structural
variants; such records are counted under their reason.

=================== =====================================================================================
no_alternative      the record has no alternative allele
symbolic            ``<DEL>``, breakends, ``*``: not a small variant
no_call             no tumour carries the allele (0/0, ./., another allele; ./1 is a call)
no_consequence      no entry of CSQ speaks of the allele
gene_...            the consequence lies in no gene, or in one that cannot be resolved (``genes``)
malformed           the record cannot be interpreted (E_VALUE)
=================== =====================================================================================
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netgen import schema
from netgen.errors import InputError
from netgen.genomics.genes import normalize_genes
from netgen.genomics.textfile import is_lfs_pointer
from netgen.genomics.vcf_header import RawHeader, detect_build, find_tumour_columns, name_sample, read_raw_header
from netgen.genomics.vcf_lines import pysam_records, text_records, unreadable
from netgen.genomics.vcf_records import VcfRows, objects, read_record, rows_to_frame
from netgen.genomics.vep import parse_csq_format

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    import pysam

    from netgen.errors import Findings
    from netgen.genomics.gene_names import GeneNames
    from netgen.genomics.vep import CsqFormat


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
    samples
        Tumour samples of the file, with or without variants.
    build
        GRCh37 or GRCh38; None if the header does not say.
    n_records
        Records in the file.
    n_dropped
        Reason -> alleles (of one sample) that gave no row; records for ``no_alternative`` and ``malformed``.
    """

    path: Path
    variants: pd.DataFrame
    samples: tuple[str, ...]
    build: str | None
    n_records: int
    n_dropped: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class _Scan:
    """One file before its rows become a table."""

    path: Path
    rows: VcfRows
    samples: tuple[str, ...]
    build: str | None
    n_records: int


def read_vcf(
    path: Path,
    *,
    findings: Findings,
    sample_id: str | None = None,
    tumour: str | None = None,
    known_samples: Collection[str] = (),
    names: GeneNames | None = None,
) -> VcfFile:
    """Return the variants that the tumours of a VCF carry.

    Missing values: ``.`` in any field. Filtered records are kept with their FILTER.

    Parameters
    ----------
    path
        VCF, gzip or bgzip VCF, or BCF.
    findings
        Collects E_VCF_TUMOUR_UNKNOWN (with the columns), E_VCF_NOT_ANNOTATED, W_BUILD_UNKNOWN, malformed records, and
        what ``genes.normalize_genes`` reports.
    sample_id
        Sample that the tumour is; None = from column or file name (``vcf_header.name_sample``).
    tumour
        Column of the tumour; None = from the header (``vcf_header.find_tumour_columns``).
    known_samples
        Tumour samples of the study.
    names
        Gene names; the bundled ones if None. Give them once for many files.

    Returns
    -------
    VcfFile
        Variants, samples, build, and what was left out. Without tumour or annotation it has no variants.

    Raises
    ------
    InputError
        If the file is missing (E_FILE_MISSING) or no VCF that can be read (E_FILE_FORMAT).

    Notes
    -----
    1. VAF = AD[alt] / (AD[ref] + AD[alt]) where AD has one value per allele; else the tumour's AF; else missing.
    2. Without a GT field every allele counts as carried.
    3. The class follows from the most severe term of the chosen consequence (``vep``, ``classes``).
    """
    scan = _scan(path, findings, sample_id=sample_id, tumour=tumour, known_samples=known_samples)
    return _to_files([scan], findings, names)[0]


def read_vcfs(
    paths: Sequence[Path],
    *,
    findings: Findings,
    sample_ids: Mapping[Path, str] | None = None,
    known_samples: Collection[str] = (),
    names: GeneNames | None = None,
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
    known_samples, names
        As in :func:`read_vcf`.

    Returns
    -------
    list of VcfFile
        One for each file that can be read, in the order of ``paths``.
    """
    given = sample_ids or {}
    scans = []
    for path in paths:
        try:
            scans.append(_scan(path, findings, sample_id=given.get(path), tumour=None, known_samples=known_samples))
        except InputError as error:
            findings.extend([error.finding])
    return _to_files(scans, findings, names)


def _scan(
    path: Path,
    findings: Findings,
    *,
    sample_id: str | None,
    tumour: str | None,
    known_samples: Collection[str],
) -> _Scan:
    _check_file(path)
    raw = read_raw_header(path)
    rows, n_records = VcfRows(), 0
    with _open(path) as handle:
        columns = list(handle.header.samples)
        picked, samples = _pick_tumours(columns, raw, path, tumour, sample_id, known_samples, findings)
        layout = _csq_layout(handle.header)
        contigs = {name: int(contig.length or 0) for name, contig in handle.header.contigs.items()}
        build = detect_build(contigs, raw.lines or str(handle.header).splitlines())
        if raw.n_lines:
            records = text_records(path, raw.n_lines, len(columns), picked, rows, findings)
        else:
            records = pysam_records(handle, path, picked, rows, findings)
        for record in records:
            n_records += 1
            if layout is not None and samples:
                read_record(record, samples, layout, rows)
    n_records += rows.dropped.get("malformed", 0)
    if layout is None and n_records:
        _report_unannotated(path, findings)
    if build is None and rows.rows:
        findings.add(
            "W_BUILD_UNKNOWN",
            "The header names no genome build.",
            fix="Add contig lengths or a ##reference line, or state the build of the study.",
            file=str(path),
        )
    return _Scan(path=path, rows=rows, samples=tuple(samples), build=build, n_records=n_records)


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


@contextmanager
def _open(path: Path) -> Iterator[pysam.VariantFile]:
    """Open a VCF by file descriptor: an index beside it is not loaded, which is what makes small files slow."""
    import pysam

    before = pysam.set_verbosity(0)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with _handle(path, descriptor) as handle:
            yield handle
    finally:
        os.close(descriptor)
        pysam.set_verbosity(before)


def _handle(path: Path, descriptor: int) -> pysam.VariantFile:
    import pysam

    try:
        try:
            return pysam.VariantFile(descriptor)
        except TypeError:  # pysam cannot say what is wrong with a descriptor; by path it can
            return pysam.VariantFile(str(path))
    except (ValueError, OSError, NotImplementedError, KeyError) as error:
        raise unreadable(path, error) from error


def _pick_tumours(
    columns: Sequence[str],
    raw: RawHeader,
    path: Path,
    tumour: str | None,
    sample_id: str | None,
    known_samples: Collection[str],
    findings: Findings,
) -> tuple[list[int], list[str]]:
    """Return places of the tumour columns and the samples they are; both empty if unknown (reported)."""
    known = {*known_samples, *([sample_id] if sample_id else [])}
    if not columns and tumour is None:
        name = sample_id or name_sample("", path, known)
        if sample_id or name in known:
            return [], [name]
    picked = find_tumour_columns(columns, raw.lines, tumour=tumour, known_samples=known)
    samples = [name_sample(column, path, known) for column in picked]
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
        row=raw.n_lines or None,
        value=";".join(columns),
    )
    return [], []


def _csq_layout(header: pysam.VariantHeader) -> CsqFormat | None:
    if "CSQ" not in header.info:
        return None
    return parse_csq_format(str(header.info["CSQ"].description or ""))


def _report_unannotated(path: Path, findings: Findings) -> None:
    findings.add(
        "E_VCF_NOT_ANNOTATED",
        "Consequences are needed to name genes, found no VEP annotation (INFO field CSQ with its Format).",
        fix="Annotate the file with VEP (--vcf --symbol --hgvs --canonical --mane).",
        file=str(path),
        column="INFO",
    )


def _to_files(scans: Sequence[_Scan], findings: Findings, names: GeneNames | None) -> list[VcfFile]:
    """Return the files with their parts of one table."""
    rows = [row for scan in scans for row in scan.rows.rows]
    counts = [len(scan.rows.rows) for scan in scans]
    build = np.repeat(objects([scan.build for scan in scans]), counts)
    frame = rows_to_frame(rows, build, np.repeat(objects([str(scan.path) for scan in scans]), counts))
    genes = normalize_genes(
        frame["gene"],
        findings=findings,
        names=names,
        positions=frame[["build", "chrom", "pos"]],
        file=str(scans[0].path) if len(scans) == 1 else "",
        rows=frame["row"],
        column="SYMBOL",
    )
    table = schema.conform(frame.assign(gene=genes.gene, entrez_gene_id=genes.entrez_gene_id), schema.VARIANTS)
    used = genes.gene.notna().to_numpy(dtype=bool)
    reasons = genes.reason.to_numpy(dtype=object)
    files = []
    for scan, start, stop in zip(scans, np.cumsum(counts) - counts, np.cumsum(counts), strict=True):
        for reason in reasons[start:stop][~used[start:stop]]:
            scan.rows.drop(str(reason))
        files.append(
            VcfFile(
                path=scan.path,
                variants=table.iloc[start:stop][used[start:stop]].reset_index(drop=True),
                samples=scan.samples,
                build=scan.build,
                n_records=scan.n_records,
                n_dropped=dict(sorted(scan.rows.dropped.items())),
            )
        )
    return files
