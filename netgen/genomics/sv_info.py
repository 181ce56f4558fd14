"""What the INFO column and the sample column of a structural record say: genes, kind of evidence, reads.

Genes of fusion callers. ``GENEA`` and ``GENEB`` (and the like, ``_PAIRS``) name both partners, ``FUSION`` and the like
(``_NAMES``) as one text, ``GENE_NAME`` and the like (``_OWN``) the gene at the record's own end. Callers of fusions in
RNA write the five-prime partner first, so there the order states the orientation, also that of a name in ID; otherwise
only field names that say so do.

Copy number in the form of structural variants. A record says something of depth and nothing of a junction, and is no
structural variant here, if

1. it is a ``<CNV>``, ``<CN0>``, ``<LOSS>`` or ``<GAIN>``, or SVTYPE is CNV;
2. it claims abundance alone (``SVCLAIM=D``, VCF 4.4);
3. it is a deletion or duplication with fields of a caller by depth (``FOLD_CHANGE``, ``PROBES`` ...);
4. it is a deletion or duplication of at least 1 Mb without any read, pair or breakpoint sequence across the junction.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from netgen.genomics.sv_names import choose_gene, parse_fusion
from netgen.genomics.textfile import is_null

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.genomics.gene_names import GeneNames

MEGABASE: Final = 1_000_000
_PAIRS: Final = (  # five-prime, three-prime where the names say so (ordered) or the caller is one of RNA
    ("GENE5", "GENE3", True), ("GENE_5P", "GENE_3P", True), ("FIVE_PRIME_GENE", "THREE_PRIME_GENE", True),
    ("GENEA", "GENEB", False), ("GENE_A", "GENE_B", False), ("GENE1", "GENE2", False), ("GENE_1", "GENE_2", False),
    ("LEFT_GENE", "RIGHT_GENE", False),
)  # fmt: skip
_NAMES: Final = ("FUSION", "FUSION_NAME", "FUSION_GENE", "FUSIONGENE", "GENE_PAIR", "GENES_FUSED")
_OWN: Final = ("GENE_NAME", "GENE", "SYMBOL", "GENE_SYMBOL", "GENE_ID")
_RNA: Final = frozenset({"FOUND_IN", "TOOL_HITS", "FFPM", "SPANNING_FRAGS", "JUNCTION_READS", "FRAME_STATUS"})
_DEPTH: Final = frozenset({"FOLD_CHANGE", "FOLD_CHANGE_LOG", "PROBES", "LOG2", "LOG2_RATIO", "CN_RATIO", "NSEG"})
_JUNCTION: Final = frozenset({"PRECISE", "HOMLEN", "HOMSEQ", "CIGAR", "CONSENSUS", "SVINSSEQ", "INSLEN", "MATEID"})
_SUPPORT: Final = ("PE", "SR", "SUPPORT", "SU", "RE", "READ_COUNT")
_COPY_NUMBER: Final = re.compile(r"<(?:CNV|CN\d*|LOSS|GAIN|DEPTH)(?:[:_].*)?>", re.IGNORECASE)
_ENSEMBL: Final = re.compile(r"ENS[GT]\d+.*")


class InfoGenes(NamedTuple):
    """Genes that INFO names.

    Attributes
    ----------
    one, two
        Symbols as written; None if not named. ``one`` is the gene at the record's own end.
    ordered
        True if ``one`` is stated to be the five-prime partner.
    several
        True if one of several genes of a breakpoint was taken.
    """

    one: str | None
    two: str | None
    ordered: bool
    several: bool


def parse_info(text: str) -> dict[str, str]:
    """Return the fields of an INFO column; a flag has the value "".

    Parameters
    ----------
    text
        INFO as written; ``.`` is empty.

    Returns
    -------
    dict
        Key in upper case -> value, percent-decoded.
    """
    out: dict[str, str] = {}
    for part in text.split(";"):
        key, _, value = part.partition("=")
        if key.strip() not in {"", "."}:
            out[key.strip().upper()] = unquote(value.strip()) if "%" in value else value.strip()
    return out


def read_info_genes(info: Mapping[str, str], names: GeneNames | None = None, record_id: str = "") -> InfoGenes:
    """Return the genes that INFO names.

    Parameters
    ----------
    info
        Fields of INFO.
    names
        Gene names, to choose among several; not asked if None.
    record_id
        ID of the record, which names the genes of a fusion in RNA (``EML4-ALK.E6aA20.AB374361_1``).

    Returns
    -------
    InfoGenes
        Of several genes of one breakpoint, that of ``sv_names.choose_gene``.
    """
    told = _told(info, names)
    fusion = parse_fusion(record_id, names) if is_rna(info) else None
    if told.two is not None or fusion is None or fusion.gene2 in {None, fusion.gene1}:
        return told
    if told.one not in {None, fusion.gene1}:
        return told
    return InfoGenes(fusion.gene1, fusion.gene2, ordered=True, several=told.several)


def is_rna(info: Mapping[str, str]) -> bool:
    """Tell whether a record is that of a caller of fusions in RNA.

    Parameters
    ----------
    info
        Fields of INFO.

    Returns
    -------
    bool
        True if SVTYPE is a fusion, or INFO has fields that only such callers write.
    """
    return "FUSION" in info.get("SVTYPE", "").upper() or not _RNA.isdisjoint(info)


def is_copy_number(alt: str, info: Mapping[str, str], span: int | None, reads: int) -> bool:
    """Tell whether a record speaks of copy number rather than of a junction.

    Parameters
    ----------
    alt
        ALT as written.
    info
        Fields of INFO.
    span
        Bases between both ends; None if not known.
    reads
        Reads and pairs of the tumour that support the junction.

    Returns
    -------
    bool
        By the rules of this module.
    """
    if _COPY_NUMBER.fullmatch(alt) or info.get("SVTYPE", "").upper().startswith("CNV"):
        return True
    if not alt.startswith(("<DEL", "<DUP")):
        return False
    claim = info.get("SVCLAIM", "").upper()
    if claim:
        return "J" not in claim
    if not _DEPTH.isdisjoint(info):
        return True
    supported = reads > 0 or any(read_int(info.get(key, "")) for key in _SUPPORT) or not _JUNCTION.isdisjoint(info)
    return span is not None and span >= MEGABASE and not supported


def read_support(fields: Mapping[str, str], number: int = 1) -> tuple[int | None, int | None]:
    """Return split reads and read pairs of one sample that support an allele.

    Parameters
    ----------
    fields
        FORMAT key -> value of the sample.
    number
        Which alternative allele, from 1.

    Returns
    -------
    tuple
        Split reads (Manta and others ``SR``, DELLY ``RV``) and pairs (``PR``, ``DV``, ``RP``, ``PE``); None if not
        given. ``SR`` and ``PR`` with several values have that of the reference first.
    """
    split = _count(fields, ("SR", "RV"), number)
    pairs = _count(fields, ("PR", "DV", "RP", "PE"), number)
    return split, pairs


def read_int(text: str) -> int | None:
    """Return a whole number, None for anything else (``.``, blank, ``38C``).

    Parameters
    ----------
    text
        As written; of several values the first.

    Returns
    -------
    int or None
        The number.
    """
    first = text.split(",", maxsplit=1)[0].strip()
    return int(first) if re.fullmatch(r"[+-]?[0-9]{1,18}", first) else None


def _told(info: Mapping[str, str], names: GeneNames | None) -> InfoGenes:
    """Return the genes that fields of INFO name."""
    for first, second, stated in _PAIRS:
        if first in info or second in info:
            one, two = _genes(info.get(first, "")), _genes(info.get(second, ""))
            pair = choose_gene(one, names), choose_gene(two, names)
            ordered = (stated or is_rna(info)) and None not in pair and pair[0] != pair[1]
            return InfoGenes(*pair, ordered, len(one) > 1 or len(two) > 1)
    for key in _NAMES:
        fusion = parse_fusion(info.get(key, ""), names)
        if fusion is not None:
            both = fusion.gene2 is not None and fusion.gene1 != fusion.gene2
            ordered = both and bool(fusion.orientation or is_rna(info))
            return InfoGenes(fusion.gene1, fusion.gene2, ordered=ordered, several=False)
    own = next((genes for key in _OWN if (genes := _genes(info.get(key, "")))), [])
    return InfoGenes(choose_gene(own, names), None, ordered=False, several=len(own) > 1)


def _count(fields: Mapping[str, str], keys: tuple[str, ...], number: int) -> int | None:
    for key in keys:
        values = fields.get(key, "").split(",")
        text = values[number] if len(values) > number else values[0] if len(values) == 1 else ""
        count = read_int(text)
        if count is not None and count >= 0:
            return count
    return None


def _genes(text: str) -> list[str]:
    """Symbols of a list; Ensembl ids are none."""
    parts = [part.strip() for part in re.split(r"[,;|/&]", text)]
    return [part for part in parts if not is_null(part) and not _ENSEMBL.fullmatch(part)]
