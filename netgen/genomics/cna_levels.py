"""From a segment's copies or log2 ratio to a copy-number value: the thresholds, and where they come from.

**Copies** (a tumour cell's, as FACETS, ASCAT, PURPLE or CNVkit ``call`` estimate them; ploidy 2):
fewer than 0.5: -2; fewer than 1.5: -1; fewer than 2.5: 0; fewer than 6: 1; 6 and more: 2. Six copies are three times
the ploidy: the limit of molecular tumour boards for an amplification of a diploid tumour [1]_, of PureCN [2]_ and of
PURPLE [3]_. Fewer than 0.5 is PURPLE's homozygous deletion.

**log2 ratios** (where no copies are given): up to -1.1: -2; up to -0.25: -1; up to 0.2: 0; below 1.0: 1; 1.0 and
more: 2. The first three limits are those of CNVkit ``call`` [4]_, made for about half of the cells being tumour.
CNVkit's last limit (0.7) stands for four copies, which is a gain; an amplification needs twice the normal signal, which
at 50 % purity is six copies. Ratios are **not** corrected for purity, even where it is known: low purity hides events.

Two guards for ratios, both netgen's own choice: neighbouring deep losses that together are longer than 20 Mb count as
-1 (a pure tumour that lost one copy of an arm comes close to the limit; a cell does not survive the loss of both); and
on X and Y every limit lies one unit further out, because neither the sex of the patient nor that of the reference is
known. For the same reason one copy of X, or none of Y, is not called a loss. An amplification may have any length.

References
----------
.. [1] PMC4830395, table 2 (focal amplification: 6 copies and more for diploid tumours; homozygous deletion: 0 copies).
.. [2] PureCN issue 241: amplifications from 6 copies (focal) or 7 (broad).
.. [3] PURPLE, driver catalogue: amplification above 3 times the ploidy; homozygous deletion below 0.5 copies.
.. [4] CNVkit ``call``, ``cnvlib.call.absolute_threshold``: -1.1, -0.25, 0.2, 0.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

DEEP_COPIES: Final = 0.5
LOSS_COPIES: Final = 1.5
GAIN_COPIES: Final = 2.5
AMPLIFIED_COPIES: Final = 6.0
DEEP_LOG2: Final = -1.1
LOSS_LOG2: Final = -0.25
GAIN_LOG2: Final = 0.2
AMPLIFIED_LOG2: Final = 1.0
LONGEST_DEEP: Final = 20_000_000  # bases
_ROUNDING: Final = 1e-9


def call_levels(segments: pd.DataFrame) -> NDArray[np.float64]:
    """Return the copy-number value of each segment.

    Parameters
    ----------
    segments
        ``sample_id``, ``chrom``, ``start``, ``end`` (bases, 0-based, half-open), ``log2``, ``total_copy_number``; in
        any order. Missing copies fall back to the ratio.

    Returns
    -------
    ndarray of float
        -2, -1, 0, 1, 2; NaN where neither copies nor a ratio is given.

    Notes
    -----
    Witnesses: ``tests/genomics/test_segments.py``.
    """
    copies = segments["total_copy_number"].to_numpy(dtype=np.float64)
    ratio = segments["log2"].to_numpy(dtype=np.float64)
    chrom = segments["chrom"].to_numpy(dtype=str)
    by_ratio = np.isnan(copies) & ~np.isnan(ratio)
    levels = np.where(by_ratio, _from_log2(ratio, chrom), _from_copies(copies, chrom))
    deep = by_ratio & (levels == -2.0)
    return np.where(deep & (_run_lengths(segments, deep) > LONGEST_DEEP), -1.0, levels)


def _from_copies(copies: NDArray[np.float64], chrom: NDArray[np.str_]) -> NDArray[np.float64]:
    limits = np.array([DEEP_COPIES, LOSS_COPIES, GAIN_COPIES, AMPLIFIED_COPIES])
    levels = np.searchsorted(limits, copies, side="right") - 2.0
    levels = np.where((chrom == "X") & (levels == -1.0) | (chrom == "Y") & (levels < 0.0), 0.0, levels)
    return np.where(np.isnan(copies), np.nan, levels)


def _from_log2(ratio: NDArray[np.float64], chrom: NDArray[np.str_]) -> NDArray[np.float64]:
    sex = np.isin(chrom, ["X", "Y"])
    # A value on a limit belongs to the more extreme side, whatever its last binary digit; on 0.2 it is still 0.
    size = np.where(sex, np.maximum(np.abs(ratio) - 1.0, 0.0), np.abs(ratio)) + _ROUNDING
    ratio = np.sign(ratio) * size
    levels = np.select(
        [ratio <= DEEP_LOG2, ratio <= LOSS_LOG2, ratio >= AMPLIFIED_LOG2, ratio > GAIN_LOG2 + 2 * _ROUNDING],
        [-2.0, -1.0, 2.0, 1.0],
        default=0.0,
    )
    return np.where(np.isnan(ratio), np.nan, levels)


def _run_lengths(segments: pd.DataFrame, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return for each chosen segment how long the run of chosen neighbours is that it belongs to; 0 for others."""
    place = ["sample_id", "chrom"]
    frame = segments[[*place, "start", "end"]].reset_index(drop=True).assign(chosen=chosen)
    frame = frame.sort_values([*place, "start", "end"])
    same = (frame[place] == frame[place].shift()).all(axis=1) & (frame["chosen"] == frame["chosen"].shift())
    runs = frame.groupby((~same).cumsum())
    length = (runs["end"].transform("max") - runs["start"].transform("min")).where(frame["chosen"], 0)
    return length.sort_index().to_numpy(dtype=np.float64)
