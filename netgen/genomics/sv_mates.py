"""Mates: the two records of a junction become one event.

Tried in this order, each record once: the id in ``MATEID`` or ``PARID``; the record at the place that ALT points to,
if it points back; the only other record left of the same ``EVENT`` between the same chromosomes. A record whose mate is
not in the file (or does not belong to the sample) stays alone: its ALT still says where the other end lies. Records of
one ``EVENT`` that are different junctions stay different events.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netgen.genomics.breakends import End, Junction


class Breakpoint(NamedTuple):
    """What joins a record to its mate.

    Attributes
    ----------
    id, mates, event
        ID of the record, ids of its mates, and the id of its event; empty if not given.
    junction
        Both ends, the record's own first.
    """

    id: str
    mates: tuple[str, ...]
    event: str
    junction: Junction


def join_mates(breakpoints: Sequence[Breakpoint]) -> list[tuple[int, ...]]:
    """Return which records make one junction.

    Parameters
    ----------
    breakpoints
        Breakend records of one sample.

    Returns
    -------
    list of tuple
        Places in ``breakpoints``: two for a pair, one for a record that is alone; in the order of their first record.
    """
    mate: dict[int, int] = {}
    for find in (_by_id, _by_position, _by_event):
        free = [place for place in range(len(breakpoints)) if place not in mate]
        for one, two in find(breakpoints, free):
            if one != two and one not in mate and two not in mate:
                mate[one], mate[two] = two, one
    return [
        (place, mate[place]) if place in mate else (place,)
        for place in range(len(breakpoints))
        if mate.get(place, len(breakpoints)) > place
    ]


def _by_id(breakpoints: Sequence[Breakpoint], free: Sequence[int]) -> Iterator[tuple[int, int]]:
    place_of = {breakpoints[place].id: place for place in free if breakpoints[place].id}
    for place in free:
        yield from ((place, place_of[name]) for name in breakpoints[place].mates if name in place_of)


def _by_position(breakpoints: Sequence[Breakpoint], free: Sequence[int]) -> Iterator[tuple[int, int]]:
    waiting: dict[tuple[End, End], list[int]] = defaultdict(list)
    for place in free:
        one, two = breakpoints[place].junction
        if two is None:
            continue
        if waiting[(two, one)]:
            yield waiting[(two, one)].pop(0), place
        else:
            waiting[(one, two)].append(place)


def _by_event(breakpoints: Sequence[Breakpoint], free: Sequence[int]) -> Iterator[tuple[int, int]]:
    members: dict[tuple[str, frozenset[str | None]], list[int]] = defaultdict(list)
    for place in free:
        one, two = breakpoints[place].junction
        if breakpoints[place].event and two is not None:
            members[(breakpoints[place].event, frozenset((one.chrom, two.chrom)))].append(place)
    for places in members.values():
        if len(places) == 2 and _face(breakpoints[places[0]].junction, breakpoints[places[1]].junction):
            yield places[0], places[1]


def _face(one: Junction, two: Junction) -> bool:
    """Tell whether two junctions between the same chromosomes have their ends in opposite order and on one side."""
    if one.two is None or two.two is None:
        return False
    chroms = (one.one.chrom, one.two.chrom) == (two.two.chrom, two.one.chrom)
    return chroms and (one.one.side, one.two.side) == (two.two.side, two.one.side)
