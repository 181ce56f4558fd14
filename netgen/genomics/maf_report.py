"""What is said about the rows of a MAF as a whole: samples, builds, positions, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.genomics.alleles import are_off_chromosome, normalize_build
from netgen.genomics.classes import NONSYN
from netgen.genomics.coded import Coded, first_rows, take, used_values
from netgen.genomics.maf_text import NO_NUMBER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.errors import Findings

_LISTED: Final = 20


def report_samples(raw: Coded, sample: Coded, *, lines: NDArray[np.int64], findings: Findings, file: str) -> None:
    """Report rows without a sample, and sample names with blanks around them.

    Parameters
    ----------
    raw, sample
        Samples as written and cleaned.
    lines, findings, file
        Source lines; collects E_VALUE and I_STRIP.
    """
    absent = np.flatnonzero(~sample.present)
    if absent.size:
        findings.add(
            "E_VALUE",
            f"Every row needs a sample, found {absent.size} without one.",
            fix="Fill in the sample or remove the rows.",
            file=file,
            row=int(lines[absent[0]]),
            column="Tumor_Sample_Barcode",
        )
    padded = sorted(str(value) for value in raw.values if value.strip() and value != value.strip())
    if padded:
        message = f"Blanks around {len(padded)} sample names were removed, first {padded[0]!r}."
        findings.add("I_STRIP", message, file=file, column="Tumor_Sample_Barcode")


def report_builds(
    written: Coded,
    builds: Coded,
    *,
    located: NDArray[np.bool_],
    fallback: str | None,
    lines: NDArray[np.int64],
    findings: Findings,
    file: str,
) -> None:
    """Report builds that are not known, mixed, or not stated where there are positions.

    Parameters
    ----------
    written, builds
        Builds as written and normalised.
    located
        (n,) True where a row has a chromosome.
    fallback
        The build the caller gives for rows without one.
    lines, findings, file
        Source lines; collects E_VALUE, E_BUILD_MIXED and W_BUILD_UNKNOWN.
    """
    first, count = first_rows(written)
    for code in np.flatnonzero(count):
        if normalize_build(str(written.values[code])) is not None:
            continue
        findings.add(
            "E_VALUE",
            f"The build must be GRCh37 or GRCh38 (or hg19, 37, hg38 ...), found {written.values[code]} in"
            f" {int(count[code])} rows.",
            fix="Lift these variants over, or correct the label.",
            file=file,
            row=int(lines[first[code]]),
            column="NCBI_Build",
            value=str(written.values[code]),
        )
    seen = used_values(builds)
    if len(seen) > 1:
        message = f"One build is needed, found {' and '.join(seen)} in one file."
        findings.add("E_BUILD_MIXED", message, fix="Lift one part over.", file=file, column="NCBI_Build")
    silent = np.flatnonzero(~written.present & located)
    if silent.size and fallback is None:
        taken = f" They were taken as {seen[0]}, like the other rows." if len(seen) == 1 else ""
        findings.add(
            "W_BUILD_UNKNOWN",
            f"{silent.size} rows with positions do not state their genome build.{taken}",
            fix='State it in the study (genome = "GRCh37" or "GRCh38").',
            file=file,
            row=int(lines[silent[0]]),
            column="NCBI_Build",
        )


def report_positions(
    build: Coded,
    chrom: Coded,
    pos: NDArray[np.int64],
    *,
    used: NDArray[np.bool_],
    lines: NDArray[np.int64],
    findings: Findings,
    file: str,
) -> None:
    """Report variants that lie outside their chromosome.

    Parameters
    ----------
    build, chrom, pos
        Where each row lies; ``pos`` is 1-based after trimming, ``NO_NUMBER`` = unknown.
    used
        (n,) True for the rows that become variants; the others are not looked at.
    lines, findings, file
        Source lines; collects E_RANGE with rule V22.
    """
    here = np.where(pos == NO_NUMBER, 1, pos)
    off = np.flatnonzero(
        used & are_off_chromosome(build.codes, list(build.values), chrom.codes, list(chrom.values), here)
    )
    for row in off[:_LISTED]:
        place = f"{chrom.values[chrom.codes[row]]}:{pos[row]} on {build.values[build.codes[row]]}"
        findings.add(
            "E_RANGE",
            f"A position must lie within its chromosome, found {place}"
            f"{f' (one of {off.size} such rows)' if off.size > _LISTED else ''}.",
            fix="Check the build and the position.",
            file=file,
            row=int(lines[row]),
            column="Start_Position",
            value=int(pos[row]),
            rule="V22",
        )


def report_dropped(
    reason: NDArray[np.uint8],
    lost: NDArray[np.bool_],
    *,
    classes: Coded,
    lines: NDArray[np.int64],
    reasons: Sequence[str],
    findings: Findings,
    file: str,
) -> None:
    """Report rows that were left out and rows without an alternative allele.

    Parameters
    ----------
    reason
        (n,) index into ``reasons``; 0 = used.
    lost
        (n,) True where alleles are given but none differs from the reference.
    classes
        MAF classes.
    lines, reasons, findings, file
        Source lines; collects W_ALLELE_MISSING, W_VARIANT_CLASS_UNKNOWN, W_GENE_UNRESOLVED and I_ROWS_IGNORED.
    """
    changeless = reason == reasons.index("no_change")
    alleleless = np.flatnonzero((lost & (reason == 0)) | changeless)
    if alleleless.size:
        kept = int((lost & (reason == 0)).sum())
        findings.add(
            "W_ALLELE_MISSING",
            f"An allele that differs from the reference is needed, {alleleless.size} rows have none: {kept} are kept"
            f" for their protein or coding change, {int(changeless.sum())} without one are left out.",
            fix="Fill in Reference_Allele and Tumor_Seq_Allele2, or the protein change.",
            file=file,
            row=int(lines[alleleless[0]]),
        )
    classless = np.flatnonzero(reason == reasons.index("no_class"))
    if classless.size:
        findings.add(
            "W_VARIANT_CLASS_UNKNOWN",
            f"{classless.size} rows have no variant class and none follows from consequence or protein change: they are"
            " left out. Their samples still count as seen, so such genes look unaltered there.",
            fix="Annotate these variants.",
            file=file,
            row=int(lines[classless[0]]),
            column="Variant_Classification",
        )
    _report_geneless(reason == reasons.index("gene_missing"), classes, lines=lines, findings=findings, file=file)


def _report_geneless(
    rows: NDArray[np.bool_], classes: Coded, *, lines: NDArray[np.int64], findings: Findings, file: str
) -> None:
    """Warn of rows that alter a protein but name no known gene; pass over the others (intergenic and the like)."""
    coding = np.array([value in NONSYN for value in classes.values] + [False], dtype=bool)[classes.codes]
    for code, which, fate in (
        ("W_GENE_UNRESOLVED", np.flatnonzero(rows & coding), "left out although they alter a protein"),
        ("I_ROWS_IGNORED", np.flatnonzero(rows & ~coding), "passed over"),
    ):
        if which.size:
            found = ", ".join(used_values(take(classes, which))) or "none"
            findings.add(
                code,
                f"{which.size} rows name no gene that is known and were {fate} (classes: {found}).",
                fix="Fill in the symbol." if code[0] == "W" else "",
                file=file,
                row=int(lines[which[0]]),
                column="Hugo_Symbol",
            )
