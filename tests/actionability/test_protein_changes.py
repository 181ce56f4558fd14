from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.actionability.protein_changes import FACTS, TRUNCATING, parse_protein_change, parse_protein_changes
from netgen.actionability.rules import CHANGE_TYPES
from netgen.genomics.protein import RESIDUES

THREE = {one: three for three, one in RESIDUES.items()}
CODED = "ACDEFGHIKLMNPQRSTVWY"


def facts(text):
    parsed = parse_protein_change(text)
    assert parsed is not None
    return tuple(getattr(parsed, name) for name in FACTS)


@pytest.mark.parametrize(
    ("spellings", "expected"),
    [
        ("p.Val600Glu V600E p.(V600E) p.V600E p.V600>E p.V600delinsE NP_004324.2:p.(Val600Glu) v600e",
         ("V600E", "V", 600, 600, "missense")),
        ("p.R460* R460X p.Arg460Ter p.Arg460* p.R460X", ("R460*", "R", 460, 460, "nonsense")),
        ("p.S1982Rfs*22 p.Ser1982ArgfsTer22 S1982RfsX22 p.(Ser1982Argfs*22)",
         ("S1982Rfs*22", "S", 1982, 1982, "frameshift")),
        ("p.S1982fs S1982fs p.Ser1982fs p.S1982fs*?", ("S1982fs", "S", 1982, 1982, "frameshift")),
        ("p.X1010_splice D1010_splice p.D1010_splice", ("X1010_splice", "", 1010, 1010, "splice")),
        ("p.E746_A750del E746_A750delELREA p.Glu746_Ala750del", ("E746_A750del", "E", 746, 750, "inframe_del")),
        ("p.F508del p.Phe508del F508delF F508-", ("F508del", "F", 508, 508, "inframe_del")),
        ("DVIWN123- p.D123_N127del p.Asp123_Asn127del", ("D123_N127del", "D", 123, 127, "inframe_del")),
        ("p.E746_A750delinsIP p.E746_A750>IP p.Glu746_Ala750delinsIlePro",
         ("E746_A750delinsIP", "E", 746, 750, "delins")),
        ("p.V600_K601delinsEN p.VK600EN p.V600_K601>EN", ("V600_K601delinsEN", "V", 600, 601, "delins")),
        ("p.G776delinsVC p.G776>VC", ("G776delinsVC", "G", 776, 776, "delins")),
        ("p.A767_V769dup A767_V769dupASV p.Ala767_Val769dup", ("A767_V769dup", "A", 767, 769, "inframe_ins")),
        ("p.D770_N771insSVD p.Asp770_Asn771insSerValAsp", ("D770_N771insSVD", "D", 770, 771, "inframe_ins")),
        ("p.M1? p.Met1?", ("M1?", "M", 1, 1, "start_loss")),
        ("p.M1V p.Met1Val", ("M1V", "M", 1, 1, "start_loss")),
        ("p.0 p.0?", ("0", "", None, None, "start_loss")),
        ("p.*394Rext*9 p.Ter394ArgextTer9", ("*394Rext*9", "*", 394, 394, "stop_loss")),
        ("p.*394R p.Ter394Arg X394R", ("*394R", "*", 394, 394, "stop_loss")),
        ("p.= p.(=)", ("=", "", None, None, "silent")),
        ("p.A380= p.Ala380= A380A p.Ala380%3D", ("A380=", "A", 380, 380, "silent")),
        ("p.Y123_K124ins*", ("Y123_K124ins*", "Y", 123, 124, "nonsense")),
        ("p.K100delinsE*", ("K100delinsE*", "K", 100, 100, "nonsense")),
        ("p.V600", ("V600", "V", 600, 600, "other")),
        # A position that begins like 1 is not the start.
        ("p.M11V p.Met11Val", ("M11V", "M", 11, 11, "missense")),
    ],
)  # fmt: skip
def test_parse_protein_change__spellings_of_one_change_are_one(spellings, expected):
    for text in spellings.split():
        assert facts(text) == expected, text


@pytest.mark.parametrize("text", ["", "p.?", "NA", "c.1799T>A", "-124", "promoter", "p."])
def test_parse_protein_change__what_is_none_is_none(text):
    assert parse_protein_change(text) is None


def test_parse_protein_changes__is_the_single_reading_of_every_row():
    texts = pd.Series(["p.V600E", None, "promoter", "R460X", "p.V600E", "p.="], index=list("abcdef"), dtype="string")
    table = parse_protein_changes(texts)
    assert table.index.tolist() == texts.index.tolist()
    assert table["change"].tolist() == ["V600E", "", "", "R460*", "V600E", "="]
    assert table["first_aa"].tolist() == [600, pd.NA, pd.NA, 460, 600, pd.NA]
    assert table["change_type"].tolist() == ["missense", "", "", "nonsense", "missense", "silent"]
    assert table.dtypes.astype(str).to_dict() == {
        "change": "string", "ref_aa": "string", "first_aa": "Int64", "last_aa": "Int64", "change_type": "string",
    }  # fmt: skip


def test_parse_protein_changes__of_no_rows_has_the_columns():
    table = parse_protein_changes(pd.Series([], dtype="string"))
    assert list(table) == list(FACTS)
    assert len(table) == 0


def test_truncating__are_types_of_rules():
    assert set(CHANGE_TYPES) >= TRUNCATING


RESIDUE = st.sampled_from(CODED)


@st.composite
def changes(draw):
    """One change: its facts, and one-letter and three-letter texts that say it."""
    first = draw(st.integers(2, 4000))
    ref, end = draw(RESIDUE), draw(RESIDUE)
    alt = draw(RESIDUE.filter(lambda one: one != ref))
    more = draw(st.text(CODED, min_size=2, max_size=5))
    last = first + draw(st.integers(1, 30))
    tail = draw(st.integers(2, 99))
    span = f"{ref}{first}_{end}{last}"
    ways = {
        "missense": (f"{ref}{first}{alt}", [], first),
        "nonsense": (f"{ref}{first}*", [f"{ref}{first}X"], first),
        "frameshift": (f"{ref}{first}{alt}fs*{tail}", [f"{ref}{first}{alt}fsX{tail}"], first),
        "splice": (f"X{first}_splice", [f"{ref}{first}_splice"], first),
        "inframe_del": (f"{span}del", [f"{span}del{ref}{more}"], last),
        "inframe_ins": (f"{span}dup", [f"{span}dup{ref}{more}"], last),
        "delins": (f"{span}delins{more}", [f"{span}>{more}"], last),
    }
    kind = draw(st.sampled_from(sorted(ways)))
    text, others, last = ways[kind]
    return (text, "" if kind == "splice" else ref, first, last, kind), [text, *others]


def in_three_letters(text):
    """Write residues with three letters; words of the notation are lower case, so every capital is a residue."""
    return "".join("Ter" if sign == "*" else THREE[sign] if sign in CODED else sign for sign in text)


@given(changes(), st.sampled_from(["{}", "p.{}", "p.({})", "NP_1.1:p.{}", "ENSP0001:p.({})", " p.{} "]), st.data())
def test_parse_protein_change__any_spelling_of_a_change_parses_to_the_same_row(change, frame, data):
    expected, texts = change
    text = data.draw(st.sampled_from(texts))
    long = "X" not in text and data.draw(st.booleans())
    assert facts(frame.format(in_three_letters(text) if long else text)) == expected


@given(changes())
def test_parse_protein_change__reading_what_was_read_changes_nothing(change):
    expected, _ = change
    assert facts(expected[0]) == facts(f"p.{facts(expected[0])[0]}")
