"""Alterations that imports speak of, put as netgen's alteration specs.

Each function makes one :class:`~netgen.actionability.imported.Alternative`, with the current symbol of the gene. What
netgen cannot show of a patient is refused with a reason.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from netgen.actionability.imported import Alternative, UnrepresentableError
from netgen.actionability.protein_changes import parse_protein_change
from netgen.actionability.rules import FAMILY, AlterationSpec
from netgen.genomics.gene_names import load_gene_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netgen.genomics.gene_names import GeneNames

WHOLE_GENE: Final = (1, 100_000)  # residues; the longest human protein, TTN, has 35,991
DELETIONS: Final = ("inframe_del", "delins")
INSERTIONS: Final = ("inframe_ins",)
IN_FRAME: Final = ("inframe_del", "inframe_ins", "delins")
TRUNCATIONS: Final = ("nonsense", "frameshift")
HER2_POSITIVE: Final = ("3+", "positive")  # overexpression: less is not certain
# Residues of exons that sources name, canonical transcripts; shared codons belong to both exons.
EXON_RESIDUES: Final[dict[tuple[str, int], tuple[int, int]]] = {
    ("BRAF", 15): (581, 620), ("EGFR", 18): (688, 728), ("EGFR", 19): (729, 761), ("EGFR", 20): (762, 823),
    ("EGFR", 21): (824, 875), ("ERBB2", 20): (770, 831), ("HRAS", 2): (1, 37), ("HRAS", 3): (38, 97),
    ("KIT", 9): (449, 514), ("KIT", 11): (550, 592), ("KIT", 13): (627, 664), ("KIT", 14): (664, 714),
    ("KIT", 17): (788, 828), ("KRAS", 2): (1, 37), ("KRAS", 3): (38, 97),
    ("KRAS", 4): (97, 150), ("MET", 14): (963, 1010), ("NRAS", 2): (1, 37), ("NRAS", 3): (38, 97),
    ("NRAS", 4): (97, 150), ("PDGFRA", 12): (552, 596), ("PDGFRA", 14): (631, 668), ("PDGFRA", 18): (814, 854),
}  # fmt: skip
_LISTS: Final = ("exact_hgvsp", "exact_genomic", "codon")
_CODON: Final = re.compile(r"(?:p\.)?([A-Z])(\d+)")
_SYMBOL: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Named like residues, but positions before the gene (chr5:1295228 and 1295250).
_PROMOTER: Final = frozenset({("TERT", "C228T"), ("TERT", "C250T"), ("TERT", "C228A"), ("TERT", "C250A")})


def name_gene(text: str) -> str:
    """Return the current symbol of a gene.

    Parameters
    ----------
    text
        Symbol, perhaps a former one or an alias.

    Returns
    -------
    str
        The symbol as it is if it is not known.

    Raises
    ------
    UnrepresentableError
        If the text is no symbol.
    """
    if not _SYMBOL.fullmatch(text):
        raise UnrepresentableError("incomplete" if not text else "unread", text)
    return _names().preferred.get(text.upper(), text)


def is_known_gene(text: str) -> bool:
    """Tell whether a text is a symbol of the bundled table of genes, current, former or alias.

    Parameters
    ----------
    text
        Symbol, in any case.

    Returns
    -------
    bool
        False for many a gene: the table holds genes of cancer panels.
    """
    return text.upper() in _names().preferred


def one_gene(gene: str, origin: str, spec: AlterationSpec) -> Alternative:
    """Return an alteration of one gene.

    Parameters
    ----------
    gene
        Symbol as written.
    origin
        somatic, germline or either; of a mutation, everything else is somatic.
    spec
        The alteration.

    Returns
    -------
    Alternative
        With the current symbol.
    """
    return Alternative((name_gene(gene),), spec, origin if FAMILY[spec.kind] == "mutation" else "somatic")


def of_kind(kind: str, gene: str, origin: str = "somatic") -> Alternative:
    """Return an alteration of a kind that needs nothing but the gene.

    Parameters
    ----------
    kind
        lof, biallelic_lof, any_oncogenic, any_mutation, amplification, homdel.
    gene, origin
        As :func:`one_gene`.

    Returns
    -------
    Alternative
        Of that kind.
    """
    return one_gene(gene, origin, AlterationSpec(kind=kind))


def exact_change(gene: str, text: str, origin: str = "somatic") -> Alternative:
    """Return one protein change, or any substitution at one residue where no change is named.

    Parameters
    ----------
    gene
        Symbol.
    text
        ``V600E``, ``p.V600E``, ``V600`` ...
    origin
        As :func:`one_gene`.

    Returns
    -------
    Alternative
        Of kind ``exact_hgvsp`` or ``codon``.

    Raises
    ------
    UnrepresentableError
        If the text is no protein change.
    """
    symbol = name_gene(gene)
    if (symbol, text) in _PROMOTER:
        raise UnrepresentableError("unread", f"{gene} {text}")
    codon = _CODON.fullmatch(text)
    if codon:
        return Alternative((symbol,), AlterationSpec(kind="codon", codons=("".join(codon.groups()),)), origin)
    parsed = parse_protein_change(text)
    if parsed is None or parsed.first_aa is None or not parsed.ref_aa or parsed.change_type in ("", "other", "silent"):
        raise UnrepresentableError("unread", f"{gene} {text}")
    return Alternative((symbol,), AlterationSpec(kind="exact_hgvsp", changes=(parsed.change,)), origin)


def in_range(
    gene: str, first: int, last: int, change_types: tuple[str, ...] = (), origin: str = "somatic"
) -> Alternative:
    """Return changes within a range of residues.

    Parameters
    ----------
    gene
        Symbol.
    first, last
        Residues, inclusive.
    change_types
        Types of change; none = any that alters the protein.
    origin
        As :func:`one_gene`.

    Returns
    -------
    Alternative
        Of kind ``codon_range``.
    """
    return one_gene(gene, origin, AlterationSpec(kind="codon_range", first=first, last=last, change_types=change_types))


def in_exon(gene: str, exon: int, change_types: tuple[str, ...] = (), origin: str = "somatic") -> Alternative:
    """Return changes within an exon, by its residues where the exon is not stated and they are known.

    Parameters
    ----------
    gene
        Symbol.
    exon
        Number of the exon.
    change_types
        Types of change; none = any that alters the protein.
    origin
        As :func:`one_gene`.

    Returns
    -------
    Alternative
        Of kind ``exon_class``.
    """
    first, last = EXON_RESIDUES.get((name_gene(gene), exon), (None, None))
    spec = AlterationSpec(kind="exon_class", exon=exon, first=first, last=last, change_types=change_types)
    return one_gene(gene, origin, spec)


def skipped_exon(gene: str, exon: int, origin: str = "somatic") -> Alternative:
    """Return the loss of an exon by a splice change.

    Parameters
    ----------
    gene
        Symbol.
    exon
        Number of the exon.
    origin
        As :func:`one_gene`.

    Returns
    -------
    Alternative
        Of kind ``splice_event``.
    """
    return one_gene(gene, origin, AlterationSpec(kind="splice_event", exon=exon))


def fusion_of(gene: str, partner: str = "") -> Alternative:
    """Return a fusion of a gene.

    Parameters
    ----------
    gene
        The gene that the statement is about.
    partner
        Its partner; blank or ``v`` = any. The order of the two is not taken for an orientation.

    Returns
    -------
    Alternative
        Of kind ``fusion``.
    """
    partners = () if partner in ("", "v") else (name_gene(partner),)
    return one_gene(gene, "somatic", AlterationSpec(kind="fusion", partners=partners))


def marker_status(marker: str, *results: str, kind: str = "biomarker_status") -> Alternative:
    """Return a result of a biomarker.

    Parameters
    ----------
    marker
        One of ``biomarker_words.MARKERS``.
    *results
        Results, any of them.
    kind
        ``biomarker_status`` or ``expression``.

    Returns
    -------
    Alternative
        Of that kind, of any origin.
    """
    return Alternative((), AlterationSpec(kind=kind, marker=marker, results=results), "either")


def marker_value(marker: str, at_least: float) -> Alternative:
    """Return a value of a biomarker at or above a limit.

    Parameters
    ----------
    marker
        One of ``biomarker_words.MARKERS``.
    at_least
        Inclusive; mutations per Mb for TMB, per cent for PDL1_TPS.

    Returns
    -------
    Alternative
        Of kind ``biomarker_threshold``, of any origin.
    """
    return Alternative((), AlterationSpec(kind="biomarker_threshold", marker=marker, at_least=at_least), "either")


def merge(part: Iterable[Alternative]) -> tuple[Alternative, ...]:
    """Return alternatives with exact changes, and codons, of the same genes and origin in one.

    Parameters
    ----------
    part
        Alternatives.

    Returns
    -------
    tuple of Alternative
        Each once, in the order in which they were first met.
    """
    found: dict[tuple[object, ...], Alternative] = {}
    for one in part:
        spec = one.alteration
        key: tuple[object, ...] = (one.genes, one.origin, spec.kind) if spec.kind in _LISTS else tuple(one)
        before = found.get(key, one).alteration
        spec = replace(
            spec,
            changes=tuple(dict.fromkeys((*before.changes, *spec.changes))),
            codons=tuple(dict.fromkeys((*before.codons, *spec.codons))),
        )
        found[key] = one._replace(alteration=spec)
    return tuple(found.values())


@cache
def _names() -> GeneNames:
    return load_gene_names()
