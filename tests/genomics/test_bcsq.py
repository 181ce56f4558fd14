"""BCSQ: entries, alleles, and protein changes worked out by hand from the residues."""

from __future__ import annotations

import pytest

from netgen.genomics.bcsq import BcsqEntry, choose_bcsq, join_entries, parse_bcsq, protein_change, to_consequence
from netgen.genomics.classes import normalize_protein_change


@pytest.mark.parametrize(
    ("change", "terms", "expected"),
    [
        ("600V>600E", "missense", "p.V600E"),
        ("60S", "synonymous", "p.S60="),
        ("210S>210*", "stop_gained", "p.S210*"),
        ("475*", "stop_retained", "p.*475="),
        ("260*>260G", "stop_lost", "p.*260Gext*?"),
        ("260*>260CL", "stop_lost&inframe_insertion", "p.*260Cext*?"),
        ("1M>1V", "start_lost&splice_region", "p.M1?"),
        ("1M", "synonymous&start_lost", "p.M1?"),
        ("", "start_lost", "p.M1?"),
        ("", "splice_acceptor", None),
        ("12YV", "synonymous", None),
        # frameshifts: L stays, R is the first to differ; T T I Q H and the stop as the sixth
        ("1LRLFFY*>1LTTIQH*", "frameshift", "p.R2Tfs*6"),
        ("157SSHLMCVLTPDESVLWC*>157SSHLMSLCFGV", "frameshift", "p.C162Sfs*?"),
        ("11VVRTY>11*", "stop_gained&frameshift", "p.V11*"),
        ("40L*>40K", "stop_lost&frameshift", "p.L40Kfs*?"),
        # the brief form names the last residue: 94 - 25 + 1 = 70
        ("25E..329>25G..94", "frameshift", "p.E25Gfs*70"),
        ("25EPPPK..329>25EPSSQ..94", "frameshift", "p.P27Sfs*68"),
        ("25EP..329>25EP..94", "frameshift", None),
        # in frame
        ("508VA>508V", "inframe_deletion", "p.A509del"),
        ("745KELREA>745K", "inframe_deletion", "p.E746_A750del"),
        ("39SL*>39*", "inframe_deletion&stop_retained", "p.S39_L40del"),
        ("353P>353QKK", "inframe_insertion", "p.P353delinsQKK"),
        ("89K>89KKKEKG", "inframe_insertion", "p.K89delinsKKKEKG"),  # the next residue is not known
        ("10AAG>10AAAG", "inframe_insertion", "p.A11dup"),
        ("10KGT>10KGTKGT", "inframe_insertion", "p.K10_T12dup"),
        ("10KGT>10KQGT", "inframe_insertion", "p.K10_G11insQ"),
        ("132EE>132D*", "stop_gained", "p.E132_E133delinsD*"),
        ("353PA>353PP", "missense&inframe_altering", "p.A354P"),
        ("5A>5A", "synonymous", None),
        ("nonsense", "missense", None),
    ],
)
def test_protein_change__as_hgvs_spells_it(change: str, terms: str, expected: str | None) -> None:
    assert protein_change(change, terms) == expected
    assert expected is None or normalize_protein_change(expected) == expected


MISSENSE = "missense|ABC|T1|protein_coding|+|2V>2I|103G>A"
OTHER = "stop_gained|ABC|T1|protein_coding|+|2V>2*|103G>T"


def test_parse_bcsq__takes_stars_and_references_away() -> None:
    value = f"@107,*{MISSENSE},intron|ABC||NMD"
    assert parse_bcsq(value) == [
        BcsqEntry("missense", "ABC", "T1", "protein_coding", "+", "2V>2I", "103G>A"),
        BcsqEntry("intron", "ABC", "", "NMD", "", "", ""),
    ]
    assert parse_bcsq("") == parse_bcsq(".") == parse_bcsq("@107") == []


def test_join_entries__puts_a_transcript_together() -> None:
    splice = "splice_region&feature_elongation|ABC|T1|protein_coding"
    alone = "splice_region|ABC|T2|protein_coding"
    joined = join_entries(parse_bcsq(f"{splice},{alone},{MISSENSE},intron|ABC||NMD,{splice}"))
    assert [(one.terms, one.transcript_id) for one in joined] == [
        ("missense&splice_region&feature_elongation", "T1"),
        ("intron", ""),
        ("splice_region", "T2"),
    ]


def test_choose_bcsq__matches_alleles_by_their_change() -> None:
    def chosen(value: str, ref: str, alts: tuple[str, ...], number: int) -> str | None:
        found = choose_bcsq(value, ref=ref, alts=alts, number=number, transcripts=frozenset())
        return found.terms if found else None

    value = f"{MISSENSE},{OTHER}"
    assert chosen(value, "G", ("A", "T"), 1) == "missense"
    assert chosen(value, "G", ("A", "T"), 2) == "stop_gained"
    assert chosen(value, "G", ("A", "T", "C"), 3) is None
    assert chosen(value, "G", ("A",), 1) == "missense"  # split after it was annotated
    assert chosen(MISSENSE, "TG", ("TA",), 1) == "missense"
    assert chosen(OTHER, "GG", ("G",), 1) == "stop_gained"  # moved after it was annotated: all entries are its own
    assert chosen("5_prime_utr|ABC|T1|protein_coding", "G", ("A", "T"), 2) == "5_prime_utr"
    compound = "missense|ABC|T1|protein_coding|+|3R>3Q|107G>A+108T>A"
    assert chosen(compound, "T", ("A",), 1) == "missense"
    assert chosen("@107", "T", ("A",), 1) is None


def test_choose_bcsq__prefers_as_any_annotation() -> None:
    value = "missense|ABC|T1|protein_coding|+|2V>2I|103G>A,stop_gained|ABC|T2|NMD|+|9V>9*|103G>A,intron|XYZ||lncRNA"
    chosen = choose_bcsq(value, ref="G", alts=("A",), number=1, transcripts=frozenset())
    assert chosen is not None
    assert (chosen.symbol, chosen.transcript_id, chosen.hgvsp) == ("ABC", "T1", "p.V2I")
    listed = choose_bcsq(value, ref="G", alts=("A",), number=1, transcripts=frozenset({"T2"}))
    assert listed is not None
    assert (listed.transcript_id, listed.hgvsp) == ("T2", "p.V9*")


@pytest.mark.parametrize(
    ("terms", "protein", "expected"),
    [
        ("stop_gained&frameshift", "9TYVVRTY>9TST*", "frameshift"),
        ("stop_gained&frameshift", "11VVRTY>11*", "stop_gained"),
        ("stop_gained&frameshift&splice_region", "", "frameshift&splice_region"),
        ("frameshift", "9TYVVRTY>9TST*", "frameshift"),
    ],
)
def test_to_consequence__a_stop_in_a_shifted_frame_is_a_frameshift(terms: str, protein: str, expected: str) -> None:
    assert to_consequence(BcsqEntry(terms, "ABC", "T1", "protein_coding", "+", protein, "")).terms == expected
