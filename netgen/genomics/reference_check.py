"""Whether variants agree with a genome sequence (V22), and on which build they are where their files do not say.

A variant on another build than it claims meets a wrong base three times in four; on its own build it meets none. From a
handful of variants on the two cannot be confused, so a file is judged as a whole.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.fasta import link_fasta
from netgen.genomics.vcf_header import detect_build

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from netgen.errors import Findings

WRONG_BUILD: Final = 0.2  # of the bases of a file differ: it is on another build
ENOUGH: Final = 5  # variants from which a file is judged as a whole
_UNKNOWN: Final = -1


def check_reference(variants: pd.DataFrame, fasta: Path, *, findings: Findings) -> pd.DataFrame:
    """Return the variants, with the build of a genome sequence where none is stated and the bases agree.

    Variants of another build than that of the sequence, insertions, and rows without a position are not compared.
    Nothing is dropped.

    Parameters
    ----------
    variants
        ``schema.VARIANTS``.
    fasta
        Genome sequence, plain or bgzip, with or without index. Its build is told by the lengths of its chromosomes.
    findings
        Receives W_REF_MISMATCH (single rows differ) and E_BUILD_MIXED (a file states the build of the sequence but
        disagrees with it), one per file.

    Returns
    -------
    DataFrame
        The same rows, in their order.

    Raises
    ------
    InputError
        If the sequence is missing (E_FILE_MISSING) or cannot be indexed (E_FILE_FORMAT).

    Notes
    -----
    1. A file of which a fifth or more of the compared bases differ, of five at the least, is on another build.
    2. A file without a build that agrees (fewer than a fifth differ, five or more compared) is on that of the sequence.

    Witness: a sequence written for the test in ``tests/genomics/test_reference_check.py``.
    """
    with TemporaryDirectory() as folder:
        link = link_fasta(fasta, Path(folder), list(variants["chrom"].dropna().unique()))
        build = detect_build(link.lengths, ())
        stated = variants["build"]
        asked = variants["pos"].notna() & variants["chrom"].notna() & variants["ref"].notna() & (variants["ref"] != "-")
        if build is not None:
            asked &= stated.isna() | (stated == build)
        rows = np.flatnonzero(asked.to_numpy(dtype=bool, na_value=False))
        agrees = _compare(variants.iloc[rows], link.path, link.lengths)
    out = stated.copy()
    files = variants["file"].iloc[rows].fillna("")
    for name, places in files.groupby(files, sort=True).indices.items():
        known = places[agrees[places] != _UNKNOWN]
        differ = known[agrees[known] == 0]
        wrong = len(known) >= ENOUGH and len(differ) >= WRONG_BUILD * len(known)
        silent = rows[known[out.iloc[rows[known]].isna().to_numpy(dtype=bool)]]
        if len(differ) and not (wrong and len(silent) == len(known)):
            first = variants.iloc[rows[differ[0]]]
            _report(first, len(differ), len(known), wrong=wrong, file=str(name), findings=findings)
        if build is not None and not wrong and len(known) >= ENOUGH:
            out.iloc[silent] = build
    return variants.assign(build=out)


def _compare(variants: pd.DataFrame, path: Path, contigs: Collection[str]) -> NDArray[np.int8]:
    """Return 1 where the sequence has the reference allele, 0 where it has another, -1 where it has no such contig."""
    import pysam

    keys = variants[["chrom", "pos", "ref"]]
    code = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    answers = []
    with pysam.FastaFile(str(path)) as sequence:
        for chrom, pos, ref in keys.drop_duplicates().itertuples(index=False, name=None):
            if chrom not in contigs:
                answers.append(_UNKNOWN)
                continue
            start = int(pos) - 1
            inside = 0 <= start <= sequence.get_reference_length(chrom) - len(ref)
            found = sequence.fetch(chrom, start, start + len(ref)).upper() if inside else ""
            answers.append(int(found == ref.upper()))
    return np.array(answers, dtype=np.int8)[code] if answers else np.empty(0, dtype=np.int8)


def _report(row: pd.Series, n_differ: int, n: int, *, wrong: bool, file: str, findings: Findings) -> None:
    place = f"{row['chrom']}:{row['pos']}"
    findings.add(
        "E_BUILD_MIXED" if wrong else "W_REF_MISMATCH",
        f"{n_differ} of {n} reference alleles differ from the genome sequence, first {row['ref']} at {place}"
        + (": the variants are on another build." if wrong else "."),
        fix="State the build of the file, or give the FASTA on which its variants were called."
        if wrong
        else "Check these rows; their alleles or positions are wrong.",
        file=file,
        row=None if pd.isna(row["row"]) else int(row["row"]),
        column="ref",
        value=row["ref"],
        rule="V22",
    )
