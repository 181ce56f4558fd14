"""Pathway features: the Kleene OR over the member genes of each patient.

Altered if any member is; otherwise wild type only if every member was profiled and is wild type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.errors import AnalysisError
from netgen.genomics.kleene import ALTERED, REASON, WILD_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

NA_POLICIES: Final = ("strict", "majority")


def check_pathways(pathways: Mapping[str, Sequence[str]], genes: Sequence[str]) -> None:
    """Raise if a pathway has no member or the name of a gene.

    Parameters
    ----------
    pathways
        Name -> member genes.
    genes
        Gene features of the same matrix.

    Raises
    ------
    AnalysisError
        With the offending names (E_CONFIG).
    """
    hollow = sorted(name for name, members in pathways.items() if not len(members))
    if hollow:
        raise AnalysisError("E_CONFIG", f"A pathway needs at least one gene, found none in {', '.join(hollow)}.")
    clash = sorted(set(pathways) & set(genes))
    if clash:
        raise AnalysisError(
            "E_CONFIG",
            f"A pathway must not have the name of a gene feature, found {', '.join(clash)}.",
            fix="Rename the pathway.",
        )


def score_pathways(
    score: NDArray[np.uint8], genes: pd.Index, pathways: Mapping[str, Sequence[str]], *, na_policy: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the score of every pathway in every patient.

    Parameters
    ----------
    score
        (n_genes, n_patients) scores (``kleene``).
    genes
        What the rows are; holds every member.
    pathways
        Name -> member genes.
    na_policy
        ``strict``: unaltered with any member not profiled is not profiled (``member_not_profiled``, or
        ``not_sequenced`` if that is the reason of every member). ``majority``: wild type if more than half of the
        members are.

    Returns
    -------
    tuple
        (n_pathways, n_patients) scores in the order of the names sorted, and the number of cells of each that only
        ``majority`` calls wild type.
    """
    out = np.empty((len(pathways), score.shape[1]), dtype=np.uint8)
    assumed = np.zeros(len(pathways), dtype=np.int64)
    for place, name in enumerate(sorted(pathways)):
        members = score[genes.get_indexer(pd.Index(sorted(set(pathways[name]))))]
        best, worst = members.max(axis=0), members.min(axis=0)
        unknown = np.where(best == REASON["not_sequenced"], best, np.uint8(REASON["member_not_profiled"]))
        row = np.where((best == ALTERED) | (worst >= WILD_TYPE), best, unknown)
        if na_policy == "majority":
            mostly = (row < WILD_TYPE) & (2 * (members == WILD_TYPE).sum(axis=0) > len(members))
            row[mostly] = WILD_TYPE
            assumed[place] = mostly.sum()
        out[place] = row
    return out, assumed
