"""Breakends: which ends of the reference a structural variant joins, and what follows for class and orientation.

A rearranged chromosome keeps the reference on one *side* of a breakpoint: ``left`` (positions up to it) or ``right``
(positions from it on). A junction joins two such ends. The notations of VCF and of callers say the same thing:

============  ==========  ===============  =====
ALT           CT (DELLY)  ends kept        class on one chromosome, first position lower
============  ==========  ===============  =====
``t[p[``      3to5        left, right      DELETION
``]p]t``      5to3        right, left      DUPLICATION
``t]p]``      3to3        left, left       INVERSION
``[p[t``      5to5        right, right     INVERSION
``t.``                    left, unknown
``.t``                    right, unknown
============  ==========  ===============  =====

The five-prime part of a gene is what lies left of the breakpoint if the gene is on the forward strand, and what lies
right of it on the reverse strand. A junction makes a fusion in sense where one end keeps the five-prime part of its
gene and the other the three-prime part; otherwise it has no five-prime partner.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from netgen.genomics.alleles import normalize_chromosome

Side = Literal["left", "right", ""]
Strand = Literal["+", "-", ""]

_PAIRED: Final = re.compile(
    r"(?P<before>[A-Za-z.*]*)(?P<open>[\[\]])(?P<at>[^\[\]]+)(?P<close>[\[\]])(?P<after>[A-Za-z.*]*)"
)
_SINGLE: Final = re.compile(r"\.[ACGTNacgtn]+|[ACGTNacgtn]+\.")
_CONNECTIONS: Final[dict[str, tuple[Side, Side]]] = {
    "3to5": ("left", "right"), "5to3": ("right", "left"), "3to3": ("left", "left"), "5to5": ("right", "right"),
}  # fmt: skip
_STRANDS: Final[dict[str, Strand]] = {"+": "+", "1": "+", "+1": "+", "-": "-", "-1": "-"}


class End(NamedTuple):
    """One end of a junction.

    Attributes
    ----------
    chrom
        Chromosome without ``chr``; None if not known.
    pos
        1-based position; None if not known.
    side
        Side of the position that is kept; empty if not known.
    """

    chrom: str | None
    pos: int | None
    side: Side = ""


class Junction(NamedTuple):
    """Two ends that are joined; ``two`` is None for a single breakend."""

    one: End
    two: End | None


def parse_breakend(chrom: str, pos: int, alt: str) -> Junction | None:
    """Return the junction that the ALT of a breakend record describes.

    Parameters
    ----------
    chrom, pos
        CHROM and POS of the record.
    alt
        ALT as written: ``t[p[``, ``t]p]``, ``]p]t``, ``[p[t``, ``t.`` or ``.t``.

    Returns
    -------
    Junction or None
        ``one`` is the record's own end. None if ALT is not written so.

    Examples
    --------
    >>> parse_breakend("2", 42295516, "N]2:29223528]").two
    End(chrom='2', pos=29223528, side='left')
    """
    here = normalize_chromosome(chrom)
    if _SINGLE.fullmatch(alt):
        return Junction(End(here, pos, "right" if alt.startswith(".") else "left"), None)
    found = _PAIRED.fullmatch(alt)
    if found is None or found["open"] != found["close"] or bool(found["before"]) == bool(found["after"]):
        return None
    contig, colon, position = found["at"].rpartition(":")
    if not colon or not (position.isascii() and position.isdecimal() and len(position) < 12):
        return None
    mate = End(normalize_chromosome(contig.strip("<>")), int(position), "right" if found["open"] == "[" else "left")
    return Junction(End(here, pos, "left" if found["before"] else "right"), mate)


def read_connection(text: str) -> tuple[Side, Side] | None:
    """Return the sides that a connection type keeps.

    Parameters
    ----------
    text
        ``3to5``, ``5to3``, ``3to3`` or ``5to5``, also written ``3' to 5'`` or ``3-5``; anything else is none.

    Returns
    -------
    tuple or None
        Sides of the first and the second end.

    Examples
    --------
    >>> read_connection("5' to 3'"), read_connection("NtoN")
    (('right', 'left'), None)
    """
    ends = re.fullmatch(r"([35])'?\s*(?:to|-|->|_)\s*([35])'?", text.strip(), re.IGNORECASE)
    return _CONNECTIONS[f"{ends[1]}to{ends[2]}"] if ends else None


def read_strand(text: str) -> Strand:
    """Return the strand of a gene: ``+``, ``-``, or empty if the text says neither.

    Parameters
    ----------
    text
        ``+``, ``-``, ``1``, ``-1``.

    Returns
    -------
    str
        Strand.
    """
    return _STRANDS.get(text.strip(), "")


def classify_junction(junction: Junction) -> str:
    """Return the class that a junction has by its geometry.

    Parameters
    ----------
    junction
        Two ends.

    Returns
    -------
    str
        TRANSLOCATION between chromosomes; DELETION, DUPLICATION or INVERSION on one; UNKNOWN where an end or a side is
        not known.
    """
    one, two = junction
    if two is None or one.chrom is None or two.chrom is None:
        return "UNKNOWN"
    if one.chrom != two.chrom:
        return "TRANSLOCATION"
    if not (one.side and two.side and one.pos is not None and two.pos is not None):
        return "UNKNOWN"
    if one.side == two.side:
        return "INVERSION"
    first = one if one.pos <= two.pos else two
    return "DELETION" if first.side == "left" else "DUPLICATION"


def find_five_prime(one: Side, strand1: Strand, two: Side, strand2: Strand) -> int:
    """Return which gene of a junction is the five-prime partner.

    Parameters
    ----------
    one, strand1
        Side kept at the first end, and strand of the gene there.
    two, strand2
        The same of the second end.

    Returns
    -------
    int
        1 or 2; 0 where a side or a strand is not known, or both ends keep the same part of their gene (no fusion in
        sense).

    Examples
    --------
    ``TMPRSS2`` and ``ERG`` are on the reverse strand, ``ERG`` to the left: the deletion between them keeps what lies
    left in ``ERG``, its three-prime part.

    >>> find_five_prime("left", "-", "right", "-"), find_five_prime("left", "+", "left", "+")
    (2, 0)
    """
    if not (one and two and strand1 and strand2):
        return 0
    head1 = (one == "left") == (strand1 == "+")
    head2 = (two == "left") == (strand2 == "+")
    return 0 if head1 == head2 else 1 if head1 else 2
