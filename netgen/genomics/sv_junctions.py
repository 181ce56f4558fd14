"""The junction of one record of a VCF, whichever way its ALT is written: breakend, symbol, or bases.

``<DEL>`` joins what lies left of POS to what lies right of END, ``<DUP>`` the reverse. An ``<INV>`` and a ``<TRA>`` or
``<BND>`` with ``CHR2`` say which ends are joined only by ``CT`` (DELLY), ``INV3`` and ``INV5`` (Manta) or ``STRANDS``
(LUMPY, SURVIVOR). The other end is at ``POS2``, ``END``, or ``SVLEN`` away.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from netgen.genomics.alleles import normalize_chromosome
from netgen.genomics.breakends import End, Junction, parse_breakend, read_connection
from netgen.genomics.sv_info import read_int

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.genomics.breakends import Side

CLASS_OF: Final = {"DEL": "DELETION", "DUP": "DUPLICATION", "INS": "INSERTION", "INV": "INVERSION"}
_JOINED: Final = frozenset({"BND", "TRA", "CTX", "ITX"})
_SIDES: Final[dict[str, tuple[Side, Side]]] = {"DEL": ("left", "right"), "DUP": ("right", "left")}
_ARMS: Final[dict[str, Side]] = {"+": "left", "-": "right"}
_BASES: Final = re.compile(r"[ACGTN]+", re.IGNORECASE)


def read_junction(chrom: str, pos: int, ref: str, alt: str, info: Mapping[str, str]) -> tuple[Junction | None, str]:
    """Return the junction of a record, and its symbol.

    Parameters
    ----------
    chrom, pos, ref, alt
        Columns of the record, as written.
    info
        Fields of INFO (``sv_info.parse_info``).

    Returns
    -------
    Junction or None
        The record's own end first; None if ALT is none that is known.
    str
        DEL, DUP, INS or INV; empty for breakends and translocations. Bases are a DEL or an INS.
    """
    here = normalize_chromosome(chrom)
    if alt.startswith("<"):
        kind = alt[1:].partition(":")[0].rstrip(">").upper()
        return _symbolic(End(here, pos), kind, info), kind if kind in CLASS_OF else ""
    if not _BASES.fullmatch(alt):
        return parse_breakend(chrom, pos, alt), ""
    if len(alt) >= len(ref):
        return Junction(End(here, pos), End(here, pos)), "INS"
    end = read_int(info.get("END", ""))
    return Junction(End(here, pos, "left"), End(here, pos + len(ref) - 1 if end is None else end, "right")), "DEL"


def span_of(junction: Junction | None) -> int | None:
    """Return the bases between both ends.

    Parameters
    ----------
    junction
        A junction.

    Returns
    -------
    int or None
        None between chromosomes, and where an end is not known.
    """
    if junction is None or junction.two is None or junction.one.chrom != junction.two.chrom:
        return None
    if junction.one.pos is None or junction.two.pos is None:
        return None
    return abs(junction.two.pos - junction.one.pos)


def _symbolic(one: End, kind: str, info: Mapping[str, str]) -> Junction | None:
    """Return the ends of a symbolic record; None if the symbol is not known."""
    if kind == "INS":
        return Junction(one, one)
    if kind not in CLASS_OF and kind not in _JOINED:
        return None
    chrom = normalize_chromosome(info["CHR2"]) if info.get("CHR2") else one.chrom
    end = read_int(info.get("POS2", "")) if kind in _JOINED else None
    end = read_int(info.get("END", "")) if end is None else end
    length = read_int(info.get("SVLEN", ""))
    if end is None and length is not None and one.pos is not None and kind in CLASS_OF:
        end = one.pos + abs(length)
    sides = _SIDES.get(kind) or _stated_sides(info)
    return Junction(one._replace(side=sides[0]), End(chrom, end, sides[1]))


def _stated_sides(info: Mapping[str, str]) -> tuple[Side, Side]:
    """Return the sides that INFO states, empty if it states none."""
    connection = read_connection(info.get("CT", ""))
    if connection:
        return connection
    if ("INV3" in info) != ("INV5" in info):
        return ("left", "left") if "INV3" in info else ("right", "right")
    strands = info.get("STRANDS", "")[:2]
    return (_ARMS[strands[0]], _ARMS[strands[1]]) if strands in {"+-", "-+", "++", "--"} else ("", "")
