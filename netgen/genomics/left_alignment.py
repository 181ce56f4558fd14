"""Variants in one place and spelling: trimmed, and moved to the left as far as the sequence allows.

Two callers may place one deletion in different copies of a repeat; with the sequence at hand they become one variant
(``alleles`` has the key that is made without it).
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from netgen.genomics.alleles import trim_alleles
from netgen.genomics.bcftools import left_align
from netgen.genomics.fasta import link_fasta, place_alleles
from netgen.genomics.vcf_header import detect_build

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.errors import Findings


def normalize_alleles(alleles: pd.DataFrame, *, fasta: Path, findings: Findings) -> pd.DataFrame:
    """Return variants trimmed and, where bases are only gained or only lost, left-aligned.

    Parameters
    ----------
    alleles
        ``chrom``, ``pos``, ``ref``, ``alt`` in VCF form or trimmed (``-`` for no bases); other columns stay. Rows whose
        ``build`` is another than that of the sequence, as far as both are known, stay as they are.
    fasta
        Genome sequence, plain or bgzip.
    findings
        Collects what does not agree with the sequence (W_REF_MISMATCH).

    Returns
    -------
    DataFrame
        Same rows, ``pos``, ``ref`` and ``alt`` fully trimmed (``alleles``). Rows with a missing value, alleles that are
        no bases, and what does not agree with the sequence stay as they are.

    Raises
    ------
    InputError
        If the sequence cannot be used.

    Notes
    -----
    Idempotent, independent of the order of the rows, equal to ``bcftools norm -f``: ``tests/genomics/test_norm.py``.
    """
    with TemporaryDirectory(prefix="netgen_norm_") as name:
        sequence = link_fasta(fasta, Path(name))
        foreign = _is_foreign(alleles, detect_build(sequence.lengths, ()))
        mine = place_alleles(alleles.assign(chrom=alleles["chrom"].mask(foreign)), sequence, findings=findings)
        placed = left_align(mine, sequence)
    pos, ref, alt = (placed[column].to_numpy(dtype=object) for column in ("pos", "ref", "alt"))
    trimmed = zip(("pos", "ref", "alt"), trim_alleles(pos.astype(np.int64), ref, alt), strict=True)
    return alleles.assign(**{column: _replace(alleles[column], placed["id"], new) for column, new in trimmed})


def _is_foreign(alleles: pd.DataFrame, build: str | None) -> NDArray[np.bool_]:
    """Tell which alleles are stated to lie on another build than the sequence."""
    if build is None or "build" not in alleles:
        return np.zeros(len(alleles), dtype=bool)
    return (alleles["build"] != build).to_numpy(dtype=bool, na_value=False)


def _replace(column: pd.Series, rows: pd.Series, new: NDArray[Any]) -> pd.Series:
    """Return a column with new values in some rows, by their number."""
    values = column.to_numpy(dtype=object, copy=True)
    values[rows.to_numpy()] = new
    return pd.Series(values, index=column.index, dtype=column.dtype)
