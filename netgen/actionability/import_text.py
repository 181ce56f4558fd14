"""Molecular profiles as curators write them: ``EGFR Exon 19 Deletion``, ``BCR::ABL1 Fusion AND ABL1 T315I``.

The names of CIViC are free text under conventions (civic-docs, ``docs/model/variants/name.rst``): a feature (a gene, a
fusion, a factor), a variant of it, and AND, OR and NOT between them. What is read here is what can be read with
certainty; ``Non-V600``, ``Loss``, ``e13-e20`` or ``Wildtype`` are refused with the reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from netgen.actionability.import_specs import (
    DELETIONS,
    HER2_POSITIVE,
    INSERTIONS,
    TRUNCATIONS,
    WHOLE_GENE,
    exact_change,
    fusion_of,
    in_exon,
    is_known_gene,
    marker_status,
    one_gene,
    skipped_exon,
)
from netgen.actionability.imported import UnrepresentableError
from netgen.actionability.rules import AlterationSpec

if TYPE_CHECKING:
    from netgen.actionability.imported import Alternative

Part = tuple["Alternative", ...]

# Words for a whole gene. A "Mutation" is read as one known to be oncogenic: a variant of unknown significance is not
# what was studied. A "Rearrangement" is read as the fusions among them.
_KINDS: Final[dict[str, str]] = {
    "amplification": "amplification",
    "biallelic inactivation": "biallelic_lof",
    "biallelic loss-of-function": "biallelic_lof",
    "deleterious mutation": "lof",
    "deletion": "homdel",
    "fusion": "fusion",
    "homozygous deletion": "homdel",
    "inactivating mutation": "lof",
    "loss of function": "lof",
    "loss-of-function": "lof",
    "loss-of-function mutation": "lof",
    "mutation": "any_oncogenic",
    "oncogenic mutation": "any_oncogenic",
    "pathogenic mutation": "any_oncogenic",
    "rearrangement": "fusion",
}
_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "frameshift": ("frameshift",),
    "frameshift mutation": ("frameshift",),
    "frameshift truncation": ("frameshift",),
    "missense mutation": ("missense",),
    "nonsense": ("nonsense",),
    "nonsense mutation": ("nonsense",),
    "truncating mutation": TRUNCATIONS,
    "truncation": TRUNCATIONS,
}
_ACTIVATING: Final = AlterationSpec(kind="functional_class", function="activating")
_WHOLE: Final[dict[str, AlterationSpec]] = {
    **{word: AlterationSpec(kind=kind) for word, kind in _KINDS.items()},
    **{
        word: AlterationSpec(kind="codon_range", first=WHOLE_GENE[0], last=WHOLE_GENE[1], change_types=types)
        for word, types in _TYPES.items()
    },
    "activating mutation": _ACTIVATING,
    "gain-of-function": _ACTIVATING,
    "gain-of-function mutation": _ACTIVATING,
}
_EXON_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "deletion": DELETIONS,
    "in-frame deletion": DELETIONS,
    "frameshift": ("frameshift",),
    "in-frame insertion": INSERTIONS,
    "insertion": INSERTIONS,
    "missense mutation": ("missense",),
    "mutation": (),
}
_FACTORS: Final[dict[str, tuple[str, str]]] = {
    "dmmr": ("MMR", "deficient"),
    "microsatellite instability high": ("MSI", "MSI-H"),
    "mismatch repair deficient": ("MMR", "deficient"),
    "mismatch repair deficiency": ("MMR", "deficient"),
    "msi high": ("MSI", "MSI-H"),
    "msi-h": ("MSI", "MSI-H"),
}
_MGMT: Final = frozenset({"promoter hypermethylation", "promoter methylation"})
_ABSENT: Final = ("wildtype", "wild type", "wild-type", "non-", "not ")
_EXPRESSION: Final = ("expression", "methylation", "phosphorylation", "loss", "copy", "gain", "serum level", "nuclear")
_HGVS: Final = re.compile(r"\s*\((?:c|g|n|m)\.[^()]*\)")
_EXON: Final = re.compile(r"exon (\d+)(?:\s*(?:-|or)\s*(\d+))? (.+)")
_FUSED: Final = re.compile(r"([A-Za-z0-9.-]+)::([A-Za-z0-9.-]+)\s*(.*)")
_DASHED: Final = re.compile(r"([A-Za-z0-9]+)-([A-Za-z0-9]+)(?: fusion)?", re.IGNORECASE)
_RESIDUE: Final = re.compile(r"([A-Z]\d+)([A-Z])((?:/[A-Z])+)")
_CHANGE: Final = re.compile(r"(?:p\.)?[A-Z*]\d+\S*")


def read_profile(text: str, origin: str = "somatic") -> tuple[Part, ...]:
    """Return the parts of a molecular profile, all of which are needed.

    Parameters
    ----------
    text
        Name of the profile.
    origin
        somatic, germline or either: what the source says of the whole profile.

    Returns
    -------
    tuple of tuple
        Parts, each a tuple of alternatives.

    Raises
    ------
    UnrepresentableError
        If it cannot be read with certainty, or asks for what no alteration shows.

    Examples
    --------
    >>> [one.alteration.codons for part in read_profile("KRAS G12 or G13") for one in part]
    [('G12',), ('G13',)]
    """
    plain = _HGVS.sub("", " ".join(text.split()))
    if not plain:
        raise UnrepresentableError("incomplete", text)
    if re.search(r"\bNOT\b", plain):
        raise UnrepresentableError("absence", text)
    parts: list[Part] = []
    for item in _split(plain, "AND", text):
        choices = _split(_unwrap(item), "OR", text)
        read = [_read_variant(_unwrap(choice), origin) for choice in choices]
        if len(read) == 1:
            parts.extend(read[0])
        elif all(len(one) == 1 for one in read):
            parts.append(tuple(alternative for one in read for alternative in one[0]))
        else:
            raise UnrepresentableError("ambiguous", text)
    return tuple(parts)


def _split(text: str, operator: str, whole: str) -> list[str]:
    """Split at an operator outside parentheses; both operators on one level are ambiguous."""
    depth, found, start = 0, [], 0
    for match in re.finditer(r"[()]|\b(AND|OR)\b", text):
        if match[0] in "()":
            depth += 1 if match[0] == "(" else -1
        elif depth == 0 and match[0] == operator:
            found.append(text[start : match.start()].strip())
            start = match.end()
    found.append(text[start:].strip())
    if operator == "AND" and len(found) > 1 and any(len(_split(item, "OR", whole)) > 1 for item in found):
        raise UnrepresentableError("ambiguous", whole)
    if depth or (operator == "OR" and any(re.search(r"\bAND\b", item) for item in found)):
        raise UnrepresentableError("ambiguous", whole)
    return found


def _unwrap(text: str) -> str:
    return text[1:-1].strip() if text.startswith("(") and text.endswith(")") else text


def _read_variant(text: str, origin: str) -> tuple[Part, ...]:
    """Read a feature and its variant."""
    factor = _FACTORS.get(text.casefold())
    if factor:
        return ((marker_status(factor[0], factor[1]),),)
    if text.casefold().startswith(("tmb", "tumor mutational burden", "tumour mutational burden")):
        raise UnrepresentableError("threshold", text)
    fused = _FUSED.fullmatch(text)
    if fused:
        return ((_read_fusion(fused[1], fused[2], fused[3], text),),)
    gene, _, words = text.partition(" ")
    if not words:
        raise UnrepresentableError("unread", text)
    return _read_words(gene, words, origin)


def _read_fusion(five: str, three: str, words: str, text: str) -> Alternative:
    """Read a fusion feature, about its named partners; exons of a breakpoint are more than netgen can tell."""
    if words.casefold() not in ("", "fusion", "rearrangement"):
        raise UnrepresentableError("unread", text)
    return fusion_of(five, three) if three == "v" else fusion_of(three, five)


def _read_words(gene: str, words: str, origin: str) -> tuple[Part, ...]:
    """Read what is said of one gene."""
    lower = words.casefold()
    if lower in _WHOLE:
        return ((one_gene(gene, origin, _WHOLE[lower]),),)
    exon = _EXON.fullmatch(lower)
    if exon:
        return ((*_read_exon(gene, exon, origin, f"{gene} {words}"),),)
    if gene == "ERBB2" and lower == "overexpression":
        return ((marker_status("HER2", *HER2_POSITIVE, kind="expression"),),)
    if gene == "MGMT" and lower in _MGMT:
        return ((marker_status("MGMT", "deficient"),),)
    _refuse(gene, lower)
    return _read_changes(gene, words, origin)


def _refuse(gene: str, lower: str) -> None:
    """Raise for words that say what no alteration shows."""
    if lower.startswith(_ABSENT):
        raise UnrepresentableError("absence", f"{gene} {lower}")
    if any(word in lower for word in _EXPRESSION):
        raise UnrepresentableError("expression", f"{gene} {lower}")


def _read_exon(gene: str, exon: re.Match[str], origin: str, text: str) -> Part:
    first, last = int(exon[1]), int(exon[2] or exon[1])
    if exon[3].startswith("skipping") and first == last:
        return (skipped_exon(gene, first, origin),)
    whole = exon[3] == "deletion" and last > first  # several exons are lost as one deletion of the gene
    if exon[3] not in _EXON_WORDS or whole or not first <= last < first + 10:
        raise UnrepresentableError("unread", text)
    return tuple(in_exon(gene, number, _EXON_WORDS[exon[3]], origin) for number in range(first, last + 1))


def _read_changes(gene: str, words: str, origin: str) -> tuple[Part, ...]:
    """Read protein changes: one, several of which any will do (``or``, ``/``), or several together (``and``)."""
    together = [item.strip() for item in words.split(" and ")]
    parts = []
    for item in together:
        spread = _RESIDUE.sub(lambda m: "/".join(m[1] + one for one in [m[2], *m[3][1:].split("/")]), item)
        choices = [one.strip() for one in re.split(r"\s+or\s+|/|,\s*", spread)]
        if not all(_CHANGE.fullmatch(one) for one in choices):
            return _read_old_fusion(gene, words)
        parts.append(tuple(exact_change(gene, one, origin) for one in choices))
    return tuple(parts)


def _read_old_fusion(gene: str, words: str) -> tuple[Part, ...]:
    """Read ``NPM1-ALK`` as a variant of ALK, if both are known genes: ``FLT3-ITD`` and ``AR-V7`` are no fusions."""
    dashed = _DASHED.fullmatch(words)
    names = {dashed[1].upper(), dashed[2].upper()} if dashed else set()
    partner = names - {gene.upper()}
    if len(names) != 2 or len(partner) != 1 or not all(is_known_gene(one) for one in partner):
        raise UnrepresentableError("unread", f"{gene} {words}")
    return ((fusion_of(gene, partner.pop()),),)
