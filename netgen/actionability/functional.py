"""Curated effects of single changes: which are known to activate or to inactivate their gene.

The table ``netgen/data/functional_variants.tsv`` names an exact change (``M918T``, ``X1010_splice``) or a codon
(``G469``: any substitution there). An exact change goes before its codon. What is not in the table has no known effect:
nothing is inferred from neighbouring changes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.actionability.protein_changes import parse_protein_change
from netgen.data import load_table

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE: Final = "functional_variants.tsv"
_CODON: Final = re.compile(r"[A-Z]\d+")


def load_functions() -> dict[str, str]:
    """Return the curated effects that ship with netgen.

    Returns
    -------
    dict of str to str
        See :func:`index_functions`.
    """
    return index_functions(load_table(TABLE))


def index_functions(table: pd.DataFrame) -> dict[str, str]:
    """Return curated effects by gene and change.

    Parameters
    ----------
    table
        Columns ``gene``, ``change`` (an exact change in any spelling, or a codon) and ``function``.

    Returns
    -------
    dict of str to str
        ``"BRAF V600E"`` or ``"BRAF G469"`` -> ``activating`` or ``inactivating``.

    Raises
    ------
    ValueError
        If a text is neither a change nor a codon, or one change has two effects.
    """
    out: dict[str, str] = {}
    for gene, text, function in zip(table["gene"], table["change"], table["function"], strict=True):
        parsed = None if _CODON.fullmatch(text) else parse_protein_change(text)
        if parsed is None and not _CODON.fullmatch(text):
            raise ValueError(f"{gene} {text!r} is neither a protein change nor a codon")
        key = f"{gene} {parsed.change if parsed else text}"
        if out.setdefault(key, function) != function:
            raise ValueError(f"{key} is given as {out[key]} and as {function}")
    return out


def annotate_function(variants: pd.DataFrame, functions: Mapping[str, str] | None = None) -> pd.Series:
    """Return the curated effect of each variant.

    Parameters
    ----------
    variants
        Columns ``gene``, ``change``, ``ref_aa``, ``first_aa``, ``change_type`` (``protein_changes.FACTS``).
    functions
        Effects of :func:`index_functions`; those that ship if None.

    Returns
    -------
    Series of "string"
        ``activating``, ``inactivating`` or "" (not curated); a codon speaks for substitutions only. Same index.
    """
    known = load_functions() if functions is None else functions
    gene = variants["gene"].fillna("")
    listed = gene.isin({key.split(" ")[0] for key in known}).to_numpy(dtype=bool)
    rows = variants[listed]
    exact = (rows["gene"] + " " + rows["change"]).map(known).astype("string")
    codon = rows["gene"] + " " + rows["ref_aa"] + rows["first_aa"].astype("string")
    by_codon = codon.map(known).astype("string").where(rows["change_type"] == "missense")
    out = pd.Series("", index=variants.index, dtype="string")
    out[listed] = exact.fillna(by_codon).fillna("")
    return out
