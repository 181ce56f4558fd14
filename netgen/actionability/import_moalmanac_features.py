"""Features of the Molecular Oncology Almanac as alterations: both its released list and its newer, normalised form.

A feature is a dictionary with the keys of the released list: feature_type, gene, protein_change, variant_annotation,
exon, direction, gene1, gene2, locus, status ... The normalised form adds requires_oncogenic, marker, unit, equality,
value, and _present, which is false where a biomarker must be absent. Positions are on GRCh37.

A variant of a gene without further detail is read as one known to be oncogenic; only where the source says that it need
not be (``requires_oncogenic`` false) as any. "Splice Site" of a whole gene finds splice changes that name a residue.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from netgen.actionability.import_specs import (
    DELETIONS,
    HER2_POSITIVE,
    INSERTIONS,
    WHOLE_GENE,
    exact_change,
    fusion_of,
    in_exon,
    in_range,
    marker_status,
    marker_value,
    of_kind,
    one_gene,
    skipped_exon,
)
from netgen.actionability.imported import UnrepresentableError
from netgen.actionability.rules import AlterationSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgen.actionability.imported import Alternative

    Feature = Mapping[str, Any]

_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "Deletion": DELETIONS,
    "Frameshift": ("frameshift",),
    "Insertion": INSERTIONS,
    "Missense": ("missense",),
    "Nonsense": ("nonsense",),
    "Splice Site": ("splice",),
}
_EXON_ONLY: Final = ("Deletion", "Insertion")  # of a whole gene they are something else
_STATES: Final[dict[tuple[str, str], tuple[str, tuple[str, ...]]]] = {
    ("Homologous Recombination", "deficient"): ("HRD", ("high",)),
    ("Microsatellite Stability", "msi-high"): ("MSI", ("MSI-H",)),
    ("Microsatellite Stability", "microsatellite instability-high (msi-h)"): ("MSI", ("MSI-H",)),
    ("Microsatellite Stability", "microsatellite stable (mss)"): ("MSI", ("MSS",)),
    ("Mismatch Repair", "deficient"): ("MMR", ("deficient",)),
    ("Mismatch Repair", "proficient"): ("MMR", ("proficient",)),
}
# HER2-low is 1+, or 2+ without amplification; a result in words says it itself.
_HER2: Final[dict[str, tuple[str, ...]]] = {
    "low": ("1+", "low"),
    "negative": ("0", "1+", "low", "negative"),
    "positive": HER2_POSITIVE,
}
_PDL1: Final[dict[str, tuple[str, float]]] = {
    "Combined Positive Score (CPS)": ("PDL1_CPS", 1.0),
    "Tumor Proportion Score (TPS)": ("PDL1_TPS", 100.0),
}
_BASE: Final = re.compile(r"[ACGT]")


def read_feature(feature: Feature) -> tuple[Alternative, ...]:
    """Return the alternatives of a feature, any of which meets it.

    Parameters
    ----------
    feature
        As the module says.

    Returns
    -------
    tuple of Alternative
        At least one.

    Raises
    ------
    UnrepresentableError
        If netgen cannot show it of a patient, or it cannot be read with certainty.
    """
    kind = _text(feature, "feature_type")
    if feature.get("_present") is False:
        raise UnrepresentableError("absence", describe(feature))
    if kind in _REFUSED:
        raise UnrepresentableError(_REFUSED[kind], describe(feature))
    reader = _READERS.get(kind)
    if reader is None:
        raise UnrepresentableError("unread", describe(feature))
    return reader(feature)


def describe(feature: Feature) -> str:
    """Return what a feature says, in a few words of its own.

    Parameters
    ----------
    feature
        As :func:`read_feature`.

    Returns
    -------
    str
        Its name, else its type and the values that are filled.
    """
    if feature.get("name"):
        return f"{feature['feature_type']}: {feature['name']}"
    shown = (
        "gene", "gene1", "gene2", "rearrangement_type", "locus", "protein_change", "variant_annotation", "exon",
        "direction", "status", "classification", "minimum_mutations", "cosmic_signature", "technique", "event",
    )  # fmt: skip
    values = [_text(feature, "feature_type"), *(_text(feature, key) for key in shown)]
    return " ".join(value for value in values if value)


def _read_variant(feature: Feature) -> tuple[Alternative, ...]:
    """Read a somatic or germline variant: the most specific thing that is said."""
    gene, origin = _gene(feature), "germline" if feature["feature_type"] == "Germline Variant" else "somatic"
    change = _text(feature, "protein_change")
    genomic = _genomic(feature, gene, origin)
    if change:
        return (exact_change(gene, change, origin), *genomic)
    if genomic:
        return genomic
    kind, exon = (_text(feature, key) for key in ("variant_annotation", "exon"))
    if _text(feature, "cdna_change") or _name_says(feature, "TKD"):
        raise UnrepresentableError("unread", describe(feature))
    if kind == "Activating mutation" or _name_says(feature, "activating"):
        return (one_gene(gene, origin, AlterationSpec(kind="functional_class", function="activating")),)
    if kind and (kind not in _TYPES or (kind in _EXON_ONLY and not exon)):
        raise UnrepresentableError("unread", describe(feature))
    return (_read_class(feature, gene, kind, exon.partition("/")[0], origin),)


def _read_class(feature: Feature, gene: str, kind: str, exon: str, origin: str) -> Alternative:
    """Read a type of variant, an exon, both or neither."""
    if exon:
        return _read_exon(gene, exon, kind, origin)
    if kind:
        return in_range(gene, *WHOLE_GENE, _TYPES[kind], origin)
    return of_kind("any_mutation" if feature.get("requires_oncogenic") is False else "any_oncogenic", gene, origin)


def _read_exon(gene: str, exon: str, kind: str, origin: str) -> Alternative:
    if not exon.isdecimal():
        raise UnrepresentableError("unread", f"{gene} exon {exon}")
    if kind == "Splice Site":
        return skipped_exon(gene, int(exon), origin)
    return in_exon(gene, int(exon), _TYPES[kind] if kind else (), origin)


def _genomic(feature: Feature, gene: str, origin: str) -> tuple[Alternative, ...]:
    """Return a substitution of one base; the others are found by their protein change."""
    chrom, at, ref, alt = (
        _text(feature, key) for key in ("chromosome", "start_position", "reference_allele", "alternate_allele")
    )
    if not (chrom and at.isdecimal() and _BASE.fullmatch(ref) and _BASE.fullmatch(alt)):
        return ()
    spec = AlterationSpec(kind="exact_genomic", changes=(f"GRCh37:{chrom}:{at}:{ref}:{alt}",))
    return (one_gene(gene, origin, spec),)


def _read_copies(feature: Feature) -> tuple[Alternative, ...]:
    kinds = {"Amplification": "amplification", "Deletion": "homdel"}
    kind = kinds.get(_text(feature, "direction"))
    if kind is None:
        return _refuse_unread(feature)
    return (of_kind(kind, _gene(feature, "genome_wide")),)


def _read_rearrangement(feature: Feature) -> tuple[Alternative, ...]:
    """Read a fusion, a translocation or an unspecified rearrangement: of each, the fusions of the gene."""
    genes = [text for text in (_text(feature, "gene1"), _text(feature, "gene2")) if text]
    if not genes:
        raise UnrepresentableError("genome_wide", describe(feature))
    if len(genes) == 1 and _text(feature, "locus"):
        return _refuse_unread(feature)  # the locus names the partner
    return (fusion_of(*reversed(genes)),)


def _read_state(feature: Feature) -> tuple[Alternative, ...]:
    key = _text(feature, "feature_type"), _text(feature, "status").casefold()
    if key not in _STATES:
        return _refuse_unread(feature)
    marker, results = _STATES[key]
    return (marker_status(marker, *results),)


def _read_burden(feature: Feature) -> tuple[Alternative, ...]:
    limit = feature.get("mutations_per_mb") or feature.get("minimum_mutations_per_megabase")
    try:
        return (marker_value("TMB", float(limit or "")),)
    except (TypeError, ValueError):
        raise UnrepresentableError("threshold", describe(feature)) from None


def _read_protein(feature: Feature) -> tuple[Alternative, ...]:
    """Read HER2 and PD-L1; of other proteins netgen has no results."""
    marker, sign = _text(feature, "marker"), _text(feature, "equality")
    if "(HER2)" in marker and _text(feature, "value").casefold() in _HER2 and sign == "=":
        return (marker_status("HER2", *_HER2[_text(feature, "value").casefold()], kind="expression"),)
    score = _PDL1.get(_text(feature, "unit")) if marker == "PD-L1" and sign == ">=" else None
    if score is None:
        raise UnrepresentableError("expression", describe(feature))
    limit = round(float(feature["value"]) * score[1], 6)
    return (marker_value(score[0], limit),)


_REFUSED: Final = {
    "Aneuploidy": "genome_wide",
    "Copy Number (arm level)": "genome_wide",
    "Knockdown": "experiment",
    "Mutational Signature": "genome_wide",
    "Wild type": "absence",
}
_READERS: Final[dict[str, Callable[[Feature], tuple[Alternative, ...]]]] = {
    "Copy Number": _read_copies,
    "Germline Variant": _read_variant,
    "Homologous Recombination": _read_state,
    "Microsatellite Stability": _read_state,
    "Mismatch Repair": _read_state,
    "Mutational Burden": _read_burden,
    "Protein expression": _read_protein,
    "Rearrangement": _read_rearrangement,
    "Somatic Variant": _read_variant,
    "Tumor mutational burden": _read_burden,
}


def _refuse_unread(feature: Feature) -> tuple[Alternative, ...]:
    raise UnrepresentableError("unread", describe(feature))


def _gene(feature: Feature, reason: str = "incomplete") -> str:
    gene = _text(feature, "gene")
    if not gene:
        raise UnrepresentableError(reason, describe(feature))
    return gene


def _name_says(feature: Feature, word: str) -> bool:
    return word in _text(feature, "name").split()


def _text(feature: Feature, key: str) -> str:
    value = feature.get(key)
    return "" if value is None else str(value).strip()
