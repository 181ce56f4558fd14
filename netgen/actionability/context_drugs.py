"""Drugs used in neuroendocrine tumours irrespective of a genomic alteration (DOMAIN 4.7).

Everolimus is approved for pancreatic, gastrointestinal and lung neuroendocrine tumours whatever their genotype, so that
a TSC2 mutation does not make it "actionable". The list annotates lines of treatment and is printed beside the levels of
evidence; no level and no count is ever taken from it. It ships as ``netgen/data/net_drugs.tsv``, each fact with its
source, or marked as not looked up.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from netgen.actionability.drug_names import find_drug_names
from netgen.data import load_table

if TYPE_CHECKING:
    import pandas as pd

# Best first: what a line is called if its drugs differ.
APPROVED_CLASSES: Final[dict[str, str]] = {
    "approved": "approved for a neuroendocrine tumour, irrespective of genotype",
    "established": "in use for neuroendocrine neoplasms, without a label that names them",
    "other_tumour": "approved for a neuroendocrine neoplasm of another origin only",
}
CONTEXT_COLUMNS: Final[dict[str, str]] = {
    "drug": "name; several that belong together joined by +",
    "approved_class": "one of APPROVED_CLASSES",
    "scope": "OncoTree codes of the setting, joined by ;",
    "exclude": "codes below those that the setting leaves out",
    "setting": "where it is used",
    "agency": "who approved it",
    "date": "when: YYYY-MM-DD or less; for an established drug, date of the evidence",
    "source": "where that was looked up",
    "url": "address",
    "verified": "False: written from general knowledge, not looked up",
    "selection": "what else the label asks for; never a gene",
}


def list_context() -> pd.DataFrame:
    """Return the drugs used in neuroendocrine tumours irrespective of a genomic alteration.

    Returns
    -------
    DataFrame
        ``CONTEXT_COLUMNS``: one row per drug and setting, in the order of the file; text, blank = "", and ``verified``
        as "bool".
    """
    table = load_table("net_drugs.tsv")[list(CONTEXT_COLUMNS)]
    return table.assign(verified=(table["verified"] == "yes").astype(bool))


def annotate_lines(lines: pd.DataFrame) -> pd.Series:
    """Return for each line of treatment whether its drugs are used in neuroendocrine tumours whatever the genotype.

    Parameters
    ----------
    lines
        ``schema.TREATMENTS``; the regimen is read, by any name of the drug dictionary.

    Returns
    -------
    Series
        ``approved_class``, "string" by the index of ``lines``: the best of ``APPROVED_CLASSES`` that one of its drugs
        has in any setting of the list, "" if none has one. Whether the setting is that of the patient is not judged.
    """
    texts = lines["regimen"].fillna("").astype("string")
    classes = {text: _classify(find_drug_names(text)) for text in texts.unique()}
    return texts.map(classes).astype("string").rename("approved_class")


def _classify(drugs: frozenset[str]) -> str:
    found = {name for needed, name in _by_drugs() if needed <= drugs}
    return next((name for name in APPROVED_CLASSES if name in found), "")


@cache
def _by_drugs() -> tuple[tuple[frozenset[str], str], ...]:
    table = load_table("net_drugs.tsv")
    pairs = zip(table["drug"], table["approved_class"], strict=True)
    return tuple((frozenset(drug.split("+")), name) for drug, name in pairs)
