"""Drugs used whatever the genotype: their level is shown, and nobody is called actionable for it (DOMAIN 4.7).

Most neuroendocrine tumours are positive on receptor imaging, which selects patients for 177Lu-DOTATATE. Counting it
would call three quarters of a cohort actionable without any look at the tumour's genome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.actionability.context_drugs import annotate_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from netgen.actionability.rules import Rule

EXPRESSION: Final = "expression"  # imaging and staining: no alteration of a gene
APPROVED: Final = "approved"


def find_context_drugs(therapies: Iterable[str]) -> frozenset[str]:
    """Return the therapies that have an approval for neuroendocrine tumours irrespective of a genomic biomarker.

    Parameters
    ----------
    therapies
        As rules write them.

    Returns
    -------
    frozenset of str
        Those with the class ``approved`` in ``context_drugs.list_context``.
    """
    frame = pd.DataFrame({"regimen": sorted(set(therapies))}, dtype="string")
    return frozenset(frame.loc[(annotate_lines(frame) == APPROVED).to_numpy(dtype=bool), "regimen"])


def is_context_rule(rule: Rule) -> bool:
    """Tell whether a rule is about such drugs only.

    Parameters
    ----------
    rule
        A rule.

    Returns
    -------
    bool
        True for a rule of expression whose therapies are all drugs used irrespective of a genomic biomarker. A rule
        about the same drug for an altered gene stands for itself, and so does MGMT for temozolomide, which no label
        names.
    """
    if rule.alteration.kind != EXPRESSION or not rule.therapy:
        return False
    return find_context_drugs(rule.therapy) == frozenset(rule.therapy)


def is_context(hits: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which hits are about such drugs.

    Parameters
    ----------
    hits
        ``actionability.matching.HIT_COLUMNS``.

    Returns
    -------
    NDArray[np.bool_]
        True for an expression hit whose therapy is used irrespective of a genomic biomarker.
    """
    shown = hits["kind"].eq(EXPRESSION) & hits["therapy"].ne("")
    drugs = find_context_drugs(hits.loc[shown.to_numpy(dtype=bool, na_value=False), "therapy"])
    return (shown & hits["therapy"].isin(list(drugs))).to_numpy(dtype=bool, na_value=False)
