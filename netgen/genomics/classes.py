"""Effect classes of variants: the MAF vocabulary, what counts as altering or truncating, and other spellings.

Three questions are answered here, each from a table in ``netgen/data``:

- which MAF class a spelling in a file stands for (``variant_classes.tsv``);
- which MAF class a Sequence Ontology consequence becomes (``so_terms.tsv``, semantics of vcf2maf);
- which classes make a gene altered or truncated (DOMAIN 1.4.2).

A class that ends in ``*`` is not final: ``Frame_Shift_*`` and ``In_Frame_*`` need the alleles to say insertion or
deletion, ``Indel_*`` also whether the reading frame is kept. ``settle_class`` decides.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from netgen.data import load_table
from netgen.genomics.protein import class_from_protein_change, normalize_protein_change

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "CLASSES",
    "CLASS_RANK",
    "NONSYN",
    "PROMOTER_GENES",
    "TRUNC",
    "class_from_protein_change",
    "classify_consequence",
    "consequence_rank",
    "is_altering",
    "is_truncating",
    "most_severe",
    "normalize_class",
    "normalize_protein_change",
    "settle_class",
    "skipped_exon",
]

# From most to least severe; the order also decides which of two reports of one variant is kept.
CLASSES: Final[tuple[str, ...]] = (
    "Nonsense_Mutation", "Frame_Shift_Del", "Frame_Shift_Ins", "Splice_Site", "Nonstop_Mutation",
    "Translation_Start_Site", "In_Frame_Del", "In_Frame_Ins", "Missense_Mutation", "Splice_Region", "Silent", "5'UTR",
    "3'UTR", "RNA", "Intron", "5'Flank", "3'Flank", "Targeted_Region", "IGR", "Unknown",
)  # fmt: skip
CLASS_RANK: Final[dict[str, int]] = {name: rank for rank, name in enumerate(CLASSES)}
# What makes a gene altered by default: the classes that change the protein (as maftools).
NONSYN: Final = frozenset(CLASSES[:9])
# Candidates for loss of function. Nonstop is not one.
TRUNC: Final = frozenset(
    {"Nonsense_Mutation", "Frame_Shift_Del", "Frame_Shift_Ins", "Splice_Site", "Translation_Start_Site"}
)
# Promoter changes of these genes count as altering although their class is not coding.
PROMOTER_GENES: Final = frozenset({"TERT"})
_SKIPPED: Final = re.compile(r"ex(?:on)?[ _-]?(\d+)[ _-]?skip(?:ped|ping)?", re.IGNORECASE)
_NULLS: Final = frozenset({"", "NA", "N/A", "NAN", "NULL", "NONE", ".", "-", "?"})


def is_altering(variant_class: pd.Series, gene: pd.Series) -> NDArray[np.bool_]:
    """Return which variants alter their gene: a protein-changing class, or a promoter change of TERT.

    A missing class or gene is not altering.

    Parameters
    ----------
    variant_class
        MAF classes, "string".
    gene
        Current symbols, same rows.

    Returns
    -------
    ndarray of bool
        Shape (rows,).
    """
    coding = variant_class.isin(NONSYN).to_numpy(dtype=bool)
    promoter = variant_class.eq("5'Flank") & gene.isin(PROMOTER_GENES)
    return coding | promoter.to_numpy(dtype=bool, na_value=False)


def is_truncating(variant_class: pd.Series) -> NDArray[np.bool_]:
    """Return which variants are candidates for loss of function by their class.

    A truncation near the end of the protein carries the flag ``lof_cterm``, which the caller looks at.

    Parameters
    ----------
    variant_class
        MAF classes, "string"; a missing class is not truncating.

    Returns
    -------
    ndarray of bool
        Shape (rows,).
    """
    return variant_class.isin(TRUNC).to_numpy(dtype=bool)


def normalize_class(text: str) -> str | None:
    """Return the MAF class that a spelling stands for.

    Compared without regard to case and punctuation: ``nonframeshift.deletion`` and ``Nonframeshift-Deletion`` are one.

    Parameters
    ----------
    text
        Class as written: a MAF class, a known synonym, or one or more Sequence Ontology terms.

    Returns
    -------
    str or None
        A class of ``CLASSES``, a ``*`` class for ``settle_class``, the empty text for a blank or null token, or None
        for a spelling that is not known.
    """
    if text in CLASS_RANK:
        return text
    if text.strip().upper() in _NULLS:
        return ""
    if skipped_exon(text) is not None:
        return "Splice_Site"
    known = _spellings().get(_squeeze(text))
    if known is not None:
        return known
    terms = [term for term in re.split(r"[&,;]", text) if term.strip()]
    if terms and all(_term(term) in _terms() for term in terms):
        return _terms()[most_severe("&".join(terms))][1]
    parts = {_spellings().get(_squeeze(term)) for term in terms}  # "nonsynonymous SNV;nonsynonymous SNV"
    return parts.pop() if len(parts) == 1 else None


def skipped_exon(text: str) -> int | None:
    """Return the exon that a class says is skipped.

    Parameters
    ----------
    text
        Class as written.

    Returns
    -------
    int or None
        Number of the exon; None for any other class.

    Examples
    --------
    >>> skipped_exon("exon14skip")
    14
    """
    match = _SKIPPED.fullmatch(text.strip())
    return int(match.group(1)) if match else None


def settle_class(name: str, ref: str | None = None, alt: str | None = None) -> str:
    """Return the final MAF class of a ``*`` class, by the lengths of the alleles.

    Parameters
    ----------
    name
        A class; one without ``*`` is returned as it is.
    ref, alt
        Trimmed alleles, ``-`` for none; None where unknown.

    Returns
    -------
    str
        ``..._Ins`` if the alternative allele is longer, else ``..._Del`` (also where the alleles are unknown).

    Examples
    --------
    >>> settle_class("Indel_*", "CAT", "-")
    'In_Frame_Del'
    """
    if not name.endswith("*"):
        return name
    growth = len((alt or "").strip("-")) - len((ref or "").strip("-"))
    if name == "Indel_*":
        name = "Frame_Shift_*" if growth % 3 else "In_Frame_*"
    return name[:-1] + ("Ins" if growth > 0 else "Del")


def most_severe(terms: str) -> str:
    """Return the most severe of the consequences that ``&`` joins.

    Parameters
    ----------
    terms
        Sequence Ontology terms, or those of bcftools csq (a leading ``*`` is ignored).

    Returns
    -------
    str
        One term; the first of those of equal rank. A term that is not known ranks last.
    """
    names = [_term(term) for term in terms.split("&")]
    return min(names, key=consequence_rank)


def consequence_rank(term: str) -> int:
    """Return the severity of a consequence in Ensembl's order, 1 = most severe.

    Parameters
    ----------
    term
        A single term.

    Returns
    -------
    int
        The rank; one past the last rank for a term that is not known.
    """
    table = _terms()
    found = table.get(term)
    return found[0] if found else max(rank for rank, _ in table.values()) + 1


def classify_consequence(terms: str, ref: str, alt: str) -> str:
    """Return the MAF class of a consequence, as vcf2maf's GetVariantClassification decides.

    Parameters
    ----------
    terms
        Consequence terms joined by ``&``.
    ref, alt
        Alleles, trimmed or as in the VCF.

    Returns
    -------
    str
        A class of ``CLASSES``. A term that is not known, and a frameshift or protein-altering variant whose alleles
        have equal length, is ``Targeted_Region``.

    References
    ----------
    vcf2maf (mskcc/vcf2maf, Apache-2.0), function GetVariantClassification.

    Examples
    --------
    >>> classify_consequence("frameshift_variant&splice_region_variant", "CA", "C")
    'Frame_Shift_Del'
    """
    found = _terms().get(most_severe(terms))
    if found is None:
        return "Targeted_Region"
    name = found[1]
    if name.endswith("*") and len(ref.strip("-")) == len(alt.strip("-")):
        return "Targeted_Region"
    return settle_class(name, ref, alt)


def _squeeze(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _term(text: str) -> str:
    return text.strip().lstrip("*")


@cache
def _spellings() -> dict[str, str]:
    """Squeezed spelling -> class, from the table and the MAF list itself."""
    table = load_table("variant_classes.tsv")
    pairs = {_squeeze(spelling): name for spelling, name in zip(table["spelling"], table["maf_class"], strict=True)}
    return pairs | {_squeeze(name): name for name in CLASSES}


@cache
def _terms() -> dict[str, tuple[int, str]]:
    """Consequence term -> (rank, class)."""
    table = load_table("so_terms.tsv")
    return {
        term: (int(rank), name)
        for term, rank, name in zip(table["term"], table["rank"], table["maf_class"], strict=True)
    }
