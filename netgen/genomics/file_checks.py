"""Whether files repeat each other: the same content twice, or one sample in several files (before the variant policy).

A sample may well be in several files - one of substitutions, one of indels - and is then read from all of them. What is
reported is the overlap: variants that two files have in common count once, by the policy, and somebody should know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.errors import Findings
    from netgen.provenance import InputFile

_KEY: Final = ["build", "chrom", "pos", "ref", "alt"]
_NAMED: Final = ["gene", "hgvsp_short"]
_SHOWN: Final = 5  # samples named in a message


def check_repeated_files(inputs: Sequence[InputFile], *, findings: Findings) -> None:
    """Report files with the same content under two names, or given twice.

    Parameters
    ----------
    inputs
        Every file of a study, with its checksum; files without data rows are passed over.
    findings
        Receives W_FILE_REPEATED, one per content.

    Notes
    -----
    One file in two roles (a workbook with several sheets) is no repetition.
    """
    seen: dict[tuple[str, str], list[str]] = {}
    for item in inputs:
        if item.n_rows:
            seen.setdefault((item.role, item.sha256), []).append(item.path)
    for (role, _), paths in sorted(seen.items()):
        if len(paths) > 1:
            first, *others = sorted(paths)
            findings.add(
                "W_FILE_REPEATED",
                f"{len(paths)} files of the kind {role} hold the same content: {' and '.join([first, *others])}.",
                fix="Leave one of them out, or give the file that was meant: the same data may stand for two samples.",
                file=first,
                value=others[0],
            )


def check_repeated_samples(variants: pd.DataFrame, *, findings: Findings) -> None:
    """Report samples whose variants stand in several files.

    Parameters
    ----------
    variants
        ``schema.VARIANTS`` of all files, before the variant policy drops duplicates.
    findings
        Receives W_SAMPLE_REPEATED, one per pair of files.

    Notes
    -----
    Variants are the same by build, position and alleles, or where there is no position by gene and protein change.
    """
    several = variants.groupby("sample_id")["file"].transform("nunique") > 1
    rows = variants.loc[several.to_numpy(dtype=bool), ["sample_id", "file", *_KEY, *_NAMED]]
    located = rows["pos"].notna() & rows["chrom"].notna()
    parts = [(rows[located], _KEY), (rows[~located & rows["hgvsp_short"].notna()], _NAMED)]
    pairs = pd.concat([_pair_files(part, key) for part, key in parts], ignore_index=True)
    for (one, two), found in pairs.groupby(["file_x", "file_y"]):
        samples = sorted(found["sample_id"].unique())
        shown = ", ".join(samples[:_SHOWN]) + (" ..." if len(samples) > _SHOWN else "")
        findings.add(
            "W_SAMPLE_REPEATED",
            f"{one} and {two} share {len(found)} variants of {len(samples)} sample(s) ({shown}): each counts once.",
            fix="Leave one of the files out if it is an older version of the other.",
            file=str(one),
            value=str(two),
        )


def _pair_files(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Return sample and two files of every variant that both have, the files in alphabetical order."""
    once = rows[["sample_id", "file", *key]].drop_duplicates().astype("string").fillna("")
    both = once.merge(once, on=["sample_id", *key])
    return both.loc[both["file_x"] < both["file_y"], ["sample_id", "file_x", "file_y"]].astype("string")
