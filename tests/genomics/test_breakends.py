"""Breakends: what ALT and connection types join, which class follows, and which gene is five-prime."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.genomics.breakends import (
    End,
    Junction,
    classify_junction,
    find_five_prime,
    parse_breakend,
    read_connection,
)
from netgen.genomics.sv_info import parse_info
from netgen.genomics.sv_junctions import read_junction
from netgen.genomics.sv_mates import Breakpoint, join_mates


@pytest.mark.parametrize(
    ("alt", "own", "mate"),
    [
        ("G[chr2:200[", ("1", 100, "left"), ("2", 200, "right")),
        ("G]2:200]", ("1", 100, "left"), ("2", 200, "left")),
        ("]2:200]G", ("1", 100, "right"), ("2", 200, "left")),
        ("[2:200[GTTA", ("1", 100, "right"), ("2", 200, "right")),
        ("GACGT[chrM:7[", ("1", 100, "left"), ("M", 7, "right")),
        ("N]HLA-A*01:01:200]", ("1", 100, "left"), ("HLA-A*01:01", 200, "left")),
        ("G[<ctg1>:9[", ("1", 100, "left"), ("ctg1", 9, "right")),
        (".GATT", ("1", 100, "right"), None),
        ("GATT.", ("1", 100, "left"), None),
    ],
)
def test_parse_breakend__says_which_side_of_both_ends_is_kept(alt, own, mate):
    junction = parse_breakend("chr1", 100, alt)
    assert junction == Junction(End(*own), End(*mate) if mate else None)


@pytest.mark.parametrize("alt", ["<DEL>", "GATT", ".", "*", "G[2:200]", "G[2:x[", "G[2[", "[2:200[", "G[2:200[G", ""])
def test_parse_breakend__knows_nothing_else(alt):
    assert parse_breakend("1", 100, alt) is None


def test_read_connection__in_any_spelling():
    assert [read_connection(text) for text in ("3to5", "5TO3", "3' to 3'", "5-5")] == [
        ("left", "right"), ("right", "left"), ("left", "left"), ("right", "right"),
    ]  # fmt: skip
    assert [read_connection(text) for text in ("", "NtoN", "3to", "3to55")] == [None] * 4


@pytest.mark.parametrize(
    ("alt", "expected"),
    [
        ("G[1:200[", "DELETION"), ("G[1:50[", "DUPLICATION"), ("]1:200]G", "DUPLICATION"), ("]1:50]G", "DELETION"),
        ("G]1:200]", "INVERSION"), ("[1:50[G", "INVERSION"), ("G]2:200]", "TRANSLOCATION"), ("G.", "UNKNOWN"),
    ],
)  # fmt: skip
def test_classify_junction__by_chromosome_order_and_sides(alt, expected):
    junction = parse_breakend("1", 100, alt)
    assert junction is not None
    assert classify_junction(junction) == expected


def test_find_five_prime__tmprss2_erg_and_eml4_alk():
    """Both genes of TMPRSS2::ERG are on the reverse strand of 21, ERG at 39.8 Mb, TMPRSS2 at 42.9 Mb: a deletion.

    EML4 is on the forward strand of 2 at 42.5 Mb, ALK on the reverse strand at 29.4 Mb: an inversion that keeps what
    lies left of both breakpoints (``N]2:29446394]``).
    """
    assert find_five_prime("left", "-", "right", "-") == 2
    assert find_five_prime("left", "+", "left", "-") == 1
    assert find_five_prime("left", "+", "left", "+") == 0  # two heads: no fusion in sense
    assert find_five_prime("left", "", "left", "-") == find_five_prime("", "+", "left", "-") == 0


def test_find_five_prime__does_not_depend_on_which_end_is_named_first():
    turned = {0: 0, 1: 2, 2: 1}
    for one, two in itertools.product(itertools.product(["left", "right"], "+-"), repeat=2):
        assert find_five_prime(*two, *one) == turned[find_five_prime(*one, *two)]


@pytest.mark.parametrize(
    ("alt", "info", "expected"),
    [
        ("<DEL>", "END=150", (("1", 100, "left"), ("1", 150, "right"), "DEL")),
        ("<DEL:ME:ALU>", "SVLEN=-50", (("1", 100, "left"), ("1", 150, "right"), "DEL")),
        ("<DUP:TANDEM>", "END=150", (("1", 100, "right"), ("1", 150, "left"), "DUP")),
        ("<INV>", "END=150", (("1", 100, ""), ("1", 150, ""), "INV")),
        ("<INV>", "END=150;INV3", (("1", 100, "left"), ("1", 150, "left"), "INV")),
        ("<INV>", "END=150;CT=5to5", (("1", 100, "right"), ("1", 150, "right"), "INV")),
        ("<INV>", "END=150;STRANDS=--:9", (("1", 100, "right"), ("1", 150, "right"), "INV")),
        ("<TRA>", "CHR2=chr9;END=150;CT=3to5", (("1", 100, "left"), ("9", 150, "right"), "")),
        ("<BND>", "CHR2=9;POS2=150;END=101;CT=5to3", (("1", 100, "right"), ("9", 150, "left"), "")),
        ("<INS>", "END=100;SVLEN=500", (("1", 100, ""), ("1", 100, ""), "INS")),
        ("<DEL>", "END=.;IMPRECISE", (("1", 100, "left"), ("1", None, "right"), "DEL")),
        ("G" * 60, "SVTYPE=INS", (("1", 100, ""), ("1", 100, ""), "INS")),
    ],
)
def test_read_junction__of_symbols_and_bases(alt, info, expected):
    one, two, kind = expected
    assert read_junction("1", 100, "G", alt, parse_info(info)) == (Junction(End(*one), End(*two)), kind)


def test_read_junction__knows_no_other_symbol():
    for alt in ("<CNV>", "<FOO>", "<>"):
        assert read_junction("1", 100, "G", alt, {})[0] is None


def breakpoint_of(
    alt: str, pos: int = 100, chrom: str = "1", name: str = "", mates: str = "", event: str = ""
) -> Breakpoint:
    junction = parse_breakend(chrom, pos, alt)
    assert junction is not None
    return Breakpoint(name, tuple(filter(None, mates.split(","))), event, junction)


def test_join_mates__by_id_position_or_event():
    by_id = [breakpoint_of("G[2:9[", name="a", mates="b"), breakpoint_of("]1:100]T", 9, "2", name="b", mates="a")]
    assert join_mates(by_id) == [(0, 1)]
    one_sided = [by_id[0]._replace(mates=()), by_id[1]]
    assert join_mates(one_sided) == [(0, 1)]
    nameless = [one._replace(id="", mates=()) for one in by_id]
    assert join_mates([nameless[0], breakpoint_of("G[2:9[", 50), nameless[1]]) == [(0, 2), (1,)]
    inexact = [nameless[0]._replace(event="E"), breakpoint_of("]1:104]T", 12, "2", event="E")]
    assert join_mates(inexact) == [(0, 1)]


def test_join_mates__keeps_ends_apart_that_are_none():
    alone = [breakpoint_of("G[2:9[", name="a", mates="gone"), breakpoint_of("G.", name="s")]
    assert join_mates(alone) == [(0,), (1,)]
    # The two junctions of an inversion share an event and are two junctions.
    inversion = [breakpoint_of("G]1:900]", event="E"), breakpoint_of("[1:901[T", 101, event="E")]
    assert join_mates(inversion) == [(0,), (1,)]
    # Two calls of one junction are not mates of each other.
    assert join_mates([breakpoint_of("G[2:9["), breakpoint_of("G[2:9[")]) == [(0,), (1,)]
    assert join_mates([breakpoint_of("G[2:9[", name="a", mates="a")]) == [(0,)]


ends = st.tuples(st.integers(1, 3), st.integers(1, 4), st.sampled_from(["left", "right"]))


@settings(max_examples=30)
@given(st.lists(st.tuples(ends, ends), max_size=5), st.randoms(use_true_random=False))
def test_join_mates__pairs_survive_any_order(junctions, random):
    """Both records of each junction are written; whatever their order, as many pairs as junctions are found."""
    records = []
    for number, (one, two) in enumerate(junctions):
        first, second = (End(str(end[0]), end[1], end[2]) for end in (one, two))
        records += [
            Breakpoint(f"{number}a", (f"{number}b",), "", Junction(first, second)),
            Breakpoint(f"{number}b", (f"{number}a",), "", Junction(second, first)),
        ]
    random.shuffle(records)
    for given_ids in (records, [record._replace(id="", mates=()) for record in records]):
        groups = join_mates(given_ids)
        assert sorted(place for group in groups for place in group) == list(range(len(records)))
        assert len(groups) == len(junctions)
        for one, two in groups:
            assert given_ids[one].junction == Junction(*given_ids[two].junction[::-1])
