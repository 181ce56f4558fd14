"""SnpEff's ``ANN``: the annotation format 1.0 that SnpEff and others write.

The fields are named in the header (``Functional annotations: 'Allele | Annotation | ...'``), and ``Allele`` is the
alternative allele as the record writes it. Everything else is as in ``CSQ`` (``vep``): same entries, same choice. It
has no canonical or MANE flag, so the user's list, the biotype and the severity decide; of equal entries the first is
told, for the format puts the canonical transcript before the others.

An allele of the form ``G-C`` (SnpEff's cancer mode: the tumour's allele against the germline's) is no allele of the
record and is passed over; the entry for ``G`` itself stands beside it. A region between two genes (``A-B``) is no gene.

References
----------
"Variant annotations in VCF format", version 1.0 (Cingolani and others, 2015).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from netgen.genomics.vep import choose_consequence, place_fields

if TYPE_CHECKING:
    from netgen.genomics.transcripts import Consequence
    from netgen.genomics.vep import CsqFormat

_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "allele": ("Allele",), "terms": ("Annotation", "Consequence"), "symbol": ("Gene_Name",), "feature": ("Feature_ID",),
    "biotype": ("Transcript_BioType", "BioType"), "exon": ("Rank", "Rank / total"), "hgvsc": ("HGVS.c",),
    "hgvsp": ("HGVS.p",),
}  # fmt: skip
_FORMAT: Final = re.compile(r"Functional annotations:\s*'?([^\"]+)")
_BETWEEN: Final = frozenset({"intergenic_region", "intergenic_variant", "conserved_intergenic_variant"})


@lru_cache(maxsize=256)
def parse_ann_format(description: str) -> CsqFormat | None:
    """Return the fields that the header announces.

    Parameters
    ----------
    description
        Description of the INFO field ``ANN``.

    Returns
    -------
    CsqFormat or None
        None if it announces no fields, or not those that are needed (Allele, Annotation, Gene_Name).
    """
    match = _FORMAT.search(description)
    return place_fields(match.group(1), _FIELDS, snpeff=True) if match else None


def choose_annotation(
    ann: str, layout: CsqFormat, *, ref: str, alts: tuple[str, ...], number: int, transcripts: frozenset[str]
) -> Consequence | None:
    """Return the consequence that is told of one allele; parameters as in ``vep.choose_consequence``.

    Parameters
    ----------
    ann
        Value of ``ANN``: entries joined by commas.
    layout
        Where the fields stand.
    ref, alts
        Alleles of the record.
    number
        Which alternative allele, from 1.
    transcripts
        Transcripts that the user prefers.

    Returns
    -------
    Consequence or None
        None if no entry speaks of the allele.
    """
    chosen = choose_consequence(ann, layout, ref=ref, alts=alts, number=number, transcripts=transcripts)
    if chosen is None:
        return None
    if chosen.terms in _BETWEEN:
        return replace(chosen, symbol="", transcript_id=None)
    if chosen.exon and "intron" in chosen.terms:  # Rank counts introns there
        return replace(chosen, exon=None)
    return chosen
