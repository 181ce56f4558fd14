"""The small fonts that ship: what the generator writes, glyphs of DejaVu Sans, another name, the licence beside."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

import netgen.data
from netgen.plots.forest import DASH, LEFT, RIGHT, SIGNS
from netgen.plots.make_fonts import LICENCE, RANGES, SOURCES, main
from netgen.plots.style import FONT, FONT_FILES

SHIPPED = Path(netgen.data.__file__).parent / "fonts"
WHOLE = Path(mpl.get_data_path()) / "fonts" / "ttf"
styles = pytest.mark.parametrize("style", list(SOURCES))


def outlines(font, codes):
    """Return character -> outline and width."""
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    found = {}
    for code in codes:
        pen = DecomposingRecordingPen(glyphs)
        glyphs[names[code]].draw(pen)
        found[code] = pen.value, glyphs[names[code]].width
    return found


def kerning(font, codes):
    """Return pairs of characters -> shift, among the characters alone."""
    names = font.getBestCmap()
    of = {names[code]: code for code in codes}
    pairs = font["kern"].kernTables[0].kernTable
    return {(of[a], of[b]): value for (a, b), value in pairs.items() if a in of and b in of}


def test_make_fonts__writes_what_ships(tmp_path, capsys):
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "5 files\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FONT_FILES.values(), LICENCE])
    assert sorted(path.name for path in SHIPPED.iterdir()) == sorted([*FONT_FILES.values(), LICENCE])
    for name in FONT_FILES.values():
        made, shipped = TTFont(tmp_path / name), TTFont(SHIPPED / name)
        assert made.getBestCmap() == shipped.getBestCmap()
        assert outlines(made, made.getBestCmap()) == outlines(shipped, shipped.getBestCmap())
        assert [str(record) for record in made["name"].names] == [str(record) for record in shipped["name"].names]


@styles
def test_make_fonts__glyphs_are_those_of_dejavu_sans(style):
    small, whole = TTFont(SHIPPED / FONT_FILES[style]), TTFont(WHOLE / SOURCES[style])
    codes = {code for first, last in RANGES for code in range(first, last + 1)} & set(whole.getBestCmap())
    assert set(small.getBestCmap()) == codes
    assert len(codes) > 400
    assert outlines(small, codes) == outlines(whole, codes)
    assert kerning(small, codes) == kerning(whole, codes)
    for table in ("hhea", "OS/2"):  # height of a line
        for field in ("ascent", "descent", "sTypoAscender", "sTypoDescender", "usWeightClass"):
            assert getattr(small[table], field, None) == getattr(whole[table], field, None)


@styles
def test_make_fonts__hold_what_our_figures_print(style):
    codes = TTFont(SHIPPED / FONT_FILES[style]).getBestCmap()
    printed = (
        SIGNS
        + DASH
        + LEFT
        + RIGHT
        + "".join(map(chr, range(32, 127)))
        + "±·≤≥µéöüßŁΔβ\N{MULTIPLICATION SIGN}\N{MINUS SIGN}"
    )
    assert [character for character in printed if ord(character) not in codes] == []


@styles
def test_make_fonts__are_small_and_lack_layout_tables(style):
    path = SHIPPED / FONT_FILES[style]
    assert path.stat().st_size < 100_000
    assert {"GSUB", "GPOS", "GDEF", "MATH"}.isdisjoint(TTFont(path).keys())


@styles
def test_make_fonts__bear_another_name_and_keep_the_notices(style):
    table = TTFont(SHIPPED / FONT_FILES[style])["name"]
    assert [table.getDebugName(number) for number in (1, 2, 6)] == [FONT, style, f"NetgenSans-{style}"]
    for number in (1, 3, 4, 6):
        assert not any(word in table.getDebugName(number) for word in ("Bitstream", "Vera", "Arev", "Tavmjong"))
    assert table.getDebugName(0) == TTFont(WHOLE / SOURCES[style])["name"].getDebugName(0)
    assert "Copyright (c) 2003 by Bitstream" in table.getDebugName(0)
    assert (SHIPPED / LICENCE).read_bytes() == (WHOLE / LICENCE).read_bytes()
