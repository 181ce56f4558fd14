"""Alterations of the Cancer Genome Interpreter: ``BRAF:V600E,V600K``, ``EGFR::consequence::inframe_deletion:729-761``.

The grammar, by type of alteration; ``;`` joins what is needed together, ``,`` what any of will do::

    MUT   GENE:item,item ...   item := "." any oncogenic | V600E | V600. any at the codon | .618. any at the residue
                                       | 729-761 range | :consequence::TYPE:WHERE | ::TYPE:WHERE | ::wildtype:.
    BIA   GENE:.               both alleles inactivated
    CNA   GENE:amp | GENE:del
    FUS   GENE__PARTNER | GENE__.
    EXPR  GENE:over | GENE:under | GENE:norm
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from netgen.actionability.import_specs import (
    HER2_POSITIVE,
    IN_FRAME,
    WHOLE_GENE,
    exact_change,
    fusion_of,
    in_range,
    marker_status,
    merge,
    of_kind,
)
from netgen.actionability.imported import UnrepresentableError

if TYPE_CHECKING:
    from netgen.actionability.imported import Alternative

_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "frameshift_variant": ("frameshift",),
    "inframe_deletion": ("inframe_del", "delins"),
    "inframe_insertion": ("inframe_ins",),
    "inframe_variant": IN_FRAME,
    "missense_variant": ("missense",),
    "stop_gained": ("nonsense",),
    "stop_lost": ("stop_loss",),
}
_COPIES: Final = {"amp": "amplification", "del": "homdel"}
_RANGE: Final = re.compile(r"(\d+)-(\d+)")
_POINT: Final = re.compile(r"([A-Z]?)(\d+)")
_CONSEQUENCE: Final = re.compile(r"(?::consequence)?::([a-z_]+):(.+)")
_SHORT: Final = re.compile(r"([A-Z])(\d+)([A-Z]{2,})")


def read_biomarker(alteration: str, kinds: str) -> tuple[tuple[tuple[Alternative, ...], ...], str]:
    """Return the parts of a biomarker, all of which are needed, and what of it could not be read.

    Parameters
    ----------
    alteration
        Column ``Alteration``.
    kinds
        Column ``Alteration type``: one type, or as many as there are parts.

    Returns
    -------
    tuple
        Parts, each a tuple of alternatives; the alternatives that were left out, joined by ",". Never is a whole part
        left out.

    Raises
    ------
    UnrepresentableError
        If a part has no alternative that can be read.
    """
    texts, names = alteration.split(";"), kinds.split(";")
    if len(texts) != len(names):
        raise UnrepresentableError("ambiguous", alteration)
    parts, left_out = [], []
    for text, kind in zip(texts, names, strict=True):
        part, left = _READERS.get(kind, _unknown)(text)
        parts.append(part)
        left_out.extend(left)
    return tuple(parts), ",".join(left_out)


def _unknown(text: str) -> tuple[tuple[Alternative, ...], list[str]]:
    raise UnrepresentableError("unread", text)


def _read_mutation(text: str) -> tuple[tuple[Alternative, ...], list[str]]:
    gene, _, items = text.partition(":")
    found: list[Alternative] = []
    left: list[str] = []
    reason = "unread"
    for item in items.split(","):
        try:
            found.append(_read_item(gene, item))
        except UnrepresentableError as error:
            left.append(item)
            reason = error.reason
    if not found:
        raise UnrepresentableError(reason, text)
    return merge(found), left


def _read_item(gene: str, item: str) -> Alternative:
    """Read one alternative of a mutation."""
    if item == ".":
        return of_kind("any_oncogenic", gene)
    if item.startswith(":wildtype"):
        raise UnrepresentableError("absence", f"{gene}{item}")
    typed = _CONSEQUENCE.fullmatch(item)
    if typed:
        return _read_consequence(gene, typed[1], typed[2])
    span = _RANGE.fullmatch(item)
    if span:
        return in_range(gene, int(span[1]), int(span[2]))
    if item.endswith("."):
        point = _POINT.fullmatch(item[:-1].lstrip("."))
        if not point:
            raise UnrepresentableError("unread", f"{gene}:{item}")
        return exact_change(gene, item[:-1]) if point[1] else in_range(gene, int(point[2]), int(point[2]))
    return exact_change(gene, item)


def _read_consequence(gene: str, name: str, where: str) -> Alternative:
    """Read a type of change and its place; splice sites and promoters have no residues."""
    types = _TYPES.get(name)
    span = _RANGE.fullmatch(where)
    point = _POINT.fullmatch(where.strip(".")) if where.endswith(".") else None
    if types is None or not (span or point or where == "."):
        raise UnrepresentableError("unread", f"{gene} {name} {where}")
    if span:
        return in_range(gene, int(span[1]), int(span[2]), types)
    if point:
        return in_range(gene, int(point[2]), int(point[2]), types)
    return in_range(gene, *WHOLE_GENE, types)


def _read_both_alleles(text: str) -> tuple[tuple[Alternative, ...], list[str]]:
    gene, _, what = text.partition(":")
    if what != ".":
        raise UnrepresentableError("unread", text)
    return (of_kind("biallelic_lof", gene),), []


def _read_copies(text: str) -> tuple[tuple[Alternative, ...], list[str]]:
    gene, _, what = text.partition(":")
    if what not in _COPIES:
        raise UnrepresentableError("unread", text)
    return (of_kind(_COPIES[what], gene),), []


def _read_fusion(text: str) -> tuple[tuple[Alternative, ...], list[str]]:
    gene, mark, partner = text.partition("__")
    if not mark:
        raise UnrepresentableError("unread", text)
    return (fusion_of(gene, "" if partner == "." else partner),), []


def _read_expression(text: str) -> tuple[tuple[Alternative, ...], list[str]]:
    if text != "ERBB2:over":
        raise UnrepresentableError("expression", text)
    return (marker_status("HER2", *HER2_POSITIVE, kind="expression"),), []


_READERS: Final = {
    "MUT": _read_mutation,
    "BIA": _read_both_alleles,
    "CNA": _read_copies,
    "FUS": _read_fusion,
    "EXPR": _read_expression,
}
