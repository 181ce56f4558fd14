"""What a coding change (``35G>A``, ``904+1G>A``, ``2235_2249del15``) says of alleles, lengths and splice sites."""

from __future__ import annotations

import re
from typing import Final

from netgen.genomics.alleles import trim_allele

_SUBSTITUTION: Final = re.compile(r"(?:c\.)?[\d_+*-]+([ACGT]+)>([ACGT]+)", re.IGNORECASE)
_END: Final = re.compile(r"([*-]?\d{1,9})(?:([+-])(\d{1,9}))?", re.ASCII)
_CHANGE: Final = re.compile(
    r"(?P<first>\d{1,9})(?:_(?P<last>\d{1,9}))?(?P<what>del|dup|ins|>)(?P<bases>[ACGT]+|\d{1,9})?",
    re.IGNORECASE | re.ASCII,
)
_COMPLEMENT: Final = str.maketrans("ACGT", "TGCA")


def substituted_alleles(coding: str, pos: int, strand: str) -> tuple[int, str | None, str | None]:
    """Return position and alleles of a substitution on the strand of the genome.

    Parameters
    ----------
    coding
        Coding change, with or without ``c.``.
    pos
        1-based position of its first base on the genome.
    strand
        Strand of the gene, ``+`` or ``-``.

    Returns
    -------
    tuple of int, str or None, str or None
        Trimmed alleles; ``pos`` as it is and no alleles if the change is no substitution of as many bases.

    Examples
    --------
    >>> substituted_alleles("35G>A", 25398284, "-")
    (25398284, 'C', 'T')
    """
    match = _SUBSTITUTION.fullmatch(coding)
    if match is None or strand not in {"+", "-"} or len(match[1]) != len(match[2]):
        return pos, None, None
    ref, alt = match[1].upper(), match[2].upper()
    if strand == "-":
        ref, alt = ref.translate(_COMPLEMENT)[::-1], alt.translate(_COMPLEMENT)[::-1]
    return trim_allele(pos, ref, alt)


def is_deep_intronic(coding: str) -> bool:
    """Tell whether a coding change keeps to one end of an intron, more than two bases off the exon.

    Parameters
    ----------
    coding
        Coding change, with or without ``c.``.

    Returns
    -------
    bool
        False for a change that touches an exon or a canonical splice site, and for one that spans an exon.

    Examples
    --------
    >>> is_deep_intronic("375+5G>A"), is_deep_intronic("375+2T>C"), is_deep_intronic("375-9_500+7del")
    (True, False, False)
    """
    ends = _END.findall(re.split(r"[A-Za-z>]", coding.removeprefix("c."))[0])
    anchors = {(base, sign) for base, sign, _ in ends}
    return len(anchors) == 1 and all(size and int(size) > 2 for _, _, size in ends)


def stand_in_alleles(coding: str) -> tuple[str, str]:
    """Return runs of N as long as the bases that a coding change takes away and puts in.

    Parameters
    ----------
    coding
        Coding change, with or without ``c.``; numbers may stand for bases (``del112``).

    Returns
    -------
    tuple of str
        Both empty if the change is no deletion, duplication, insertion or replacement. They tell an insertion from a
        deletion (``classes.settle_class``) and are no alleles.

    Examples
    --------
    >>> stand_in_alleles("1322_1325>AT"), stand_in_alleles("4835_4835delT")
    (('NNNN', 'NN'), ('N', ''))
    """
    match = _CHANGE.search(coding)
    if match is None:
        return "", ""
    bases = match["bases"] or ""
    size = int(bases) if bases.isdecimal() else len(bases)
    span = abs(int(match["last"] or match["first"]) - int(match["first"])) + 1
    what = match["what"].lower()
    gone, come = {"del": (size or span, 0), "dup": (0, size or span), "ins": (0, size), ">": (span, size)}[what]
    return "N" * min(gone, 1000), "N" * min(come, 1000)
