"""The order of an oncoprint: genes by frequency, patients by the typed memo sort.

Patients are compared gene by gene, top row first, as tuples. Weights such as 2^(n-i) lose precision beyond 52 genes,
and weights by the number of alterations break the staircase; neither is used here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Order of the legend: mutations, structural variants, germline, copy number.
CLASSES: Final[tuple[str, ...]] = (
    "truncating", "splice", "inframe", "promoter", "missense", "other", "fusion", "germline", "amplification",
    "homozygous_deletion",
)  # fmt: skip
BIT: Final[dict[str, int]] = {name: 1 << place for place, name in enumerate(CLASSES)}
# What is compared within a gene, in this order; within a block, the first class that the cell has.
BLOCKS: Final[tuple[tuple[str, ...], ...]] = (
    ("fusion",),
    ("amplification", "homozygous_deletion"),
    ("truncating", "splice", "inframe", "promoter", "missense", "other"),
    ("germline",),
)
SOMATIC: Final[tuple[str, ...]] = tuple(name for name in CLASSES if name != "germline")
ORIGINS: Final[tuple[str, ...]] = ("thymic", "lung", "duodenopancreatic", "duodenal", "pancreatic", "thoracic")
UNKNOWN: Final = "unknown"
SCARCE: Final = 0.1  # of the patients profiled for the best covered gene


def order_genes(counts: pd.DataFrame, genes: Sequence[str] | None = None, *, top: int | None = None) -> list[str]:
    """Return the genes in the order of the rows.

    Parameters
    ----------
    counts
        One row per gene: ``feature``, ``n_altered``, ``n_profiled``. A gene nobody was profiled for comes last.
    genes
        The rows as given, repetitions removed; None = by frequency among the profiled, then by number of altered
        patients, then by name. Genes with fewer than a tenth of the profiled patients of the best covered gene stand
        behind the others: one altered patient in whom alone a gene was looked at is not a frequency of 100 %.
    top
        Keep so many of the most frequent. Not used if ``genes`` is given.

    Returns
    -------
    list of str
        Without ``genes``: those altered in somebody; if nobody is altered, those somebody was profiled for; if there
        are none, all.
    """
    if genes is not None:
        return list(dict.fromkeys(genes))
    altered, profiled = counts["n_altered"], counts["n_profiled"]
    for keep in (altered > 0, profiled > 0):
        if keep.any():
            counts = counts.loc[keep]
            break
    fraction = counts["n_altered"] / counts["n_profiled"].where(counts["n_profiled"] > 0)
    scarce = counts["n_profiled"] < SCARCE * counts["n_profiled"].max()
    ranked = counts.assign(scarce=scarce, key=-fraction.fillna(-1.0), less=-counts["n_altered"])
    ranked = ranked.sort_values(["scarce", "key", "less", "feature"], kind="stable")
    return [str(name) for name in ranked["feature"].head(len(ranked) if top is None else top)]


def order_groups(labels: pd.Series, order: Sequence[str] = ORIGINS) -> list[str]:
    """Return the groups that occur, in the declared order.

    Parameters
    ----------
    labels
        Group of each patient; a missing one is ``unknown``.
    order
        The declared order. Groups it does not name follow by name, ``unknown`` last.

    Returns
    -------
    list of str
        Each group once.
    """
    found = {str(label) for label in labels.fillna(UNKNOWN).unique()}
    known = [name for name in order if name in found]
    return [*known, *sorted(found.difference(known, [UNKNOWN])), *sorted(found & {UNKNOWN})]


def rank_cells(status: NDArray[np.int8], classes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the place of each cell within its gene; smaller stands further to the left.

    Parameters
    ----------
    status
        1 altered, 0 wild type, -1 not profiled.
    classes
        Same shape: the classes of the cell as a sum of ``BIT``.

    Returns
    -------
    ndarray of int32
        Same shape. Not profiled cells share the largest value.

    Notes
    -----
    As cBioPortal's comparator: structural variant, then copy number (amplification, deep deletion), then mutation
    (truncating, splice, in-frame, promoter, missense, other), then germline; having an alteration stands before having
    none. Within a block the first class counts, so the number of hits in a gene does not move a patient. Altered stands
    before wild type, not profiled behind it.
    """
    levels, inverse = np.unique(classes, return_inverse=True)
    rank = np.zeros(len(levels), dtype=np.int32)
    span = 1
    for block in BLOCKS:
        place = np.full(len(levels), len(block), dtype=np.int32)
        for number, name in reversed(list(enumerate(block))):
            place[(levels & BIT[name]) > 0] = number
        rank = rank * (len(block) + 1) + place
        span *= len(block) + 1
    cell = rank[inverse.reshape(classes.shape)].astype(np.int32)
    out: NDArray[np.int32] = cell + np.int32(span) * (status != 1).astype(np.int32)
    out[status < 0] = 2 * span
    return out


def order_patients(
    status: NDArray[np.int8],
    classes: NDArray[np.int32],
    patients: Sequence[str] | pd.Index,
    groups: NDArray[np.intp] | None = None,
) -> NDArray[np.intp]:
    """Return the positions of the patients from left to right: group first, then gene by gene, then the id.

    Parameters
    ----------
    status
        (n_genes, n_patients), genes in the order of the rows: 1 altered, 0 wild type, -1 not profiled.
    classes
        Same shape, see ``rank_cells``.
    patients
        Ids, which decide between patients that are alike in every gene.
    groups
        Number of each patient's group in the declared order; None = one group.

    Returns
    -------
    ndarray of intp
        A permutation of the patients. It does not depend on the order in which they are given.

    Notes
    -----
    Lexicographic comparison of tuples, whatever the number of genes. Witness: Python's own sort of tuples in
    ``tests/plots/test_oncoprint_order.py``.
    """
    ids = pd.factorize(pd.Index(patients), sort=True)[0]
    ranks = rank_cells(status, classes)
    keys = [ids, *ranks[::-1]]
    if groups is not None:
        keys.append(groups)
    return np.lexsort(keys)
