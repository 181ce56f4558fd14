"""The look of all figures: the same bytes, editable text, widths of journals."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zlib

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from PIL import Image

from netgen.plots.style import DASHES, FONT, PALETTE, WIDTHS_MM, format_p, new_figure, save_figure, styled, text_width


def draw():
    figure = new_figure("single", 40)
    with styled():
        axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
        axes.plot([0, 1, 2], [1, 0, 3], ls=DASHES[1])
        axes.fill_between([0, 1], [0, 1], [1, 2], alpha=0.2)
        axes.set_xlabel("time")
    return figure


def write(text, path, **style):
    """Draw one line of text and return the PDF."""
    figure = new_figure("single", 20)
    with styled():
        figure.text(0.1, 0.5, text, **style)
    return save_figure(figure, path, ["pdf"])[0].read_bytes()


def objects(pdf):
    """Return number -> (dictionary, unpacked stream) of a PDF."""
    found = {}
    for number, body in re.findall(rb"(\d+) 0 obj\n(.*?)\nendobj", pdf, re.DOTALL):
        head, _, stream = body.partition(b"\nstream\n")
        data = stream.removesuffix(b"\nendstream")
        found[int(number)] = head, zlib.decompress(data) if b"/FlateDecode" in head else data
    return found


def to_unicode(cmap):
    """Return code -> text of a ToUnicode stream with lines like ``<0061> <0062> [<0061> <0062>]``."""
    table = {}
    for first, texts in re.findall(rb"<(\w{4})> <\w{4}> \[(.*?)\]", cmap):
        for shift, text in enumerate(re.findall(rb"\w+", texts)):
            table[int(first, 16) + shift] = bytes.fromhex(text.decode()).decode("utf-16-be")
    return table


def text_of(pdf):
    """Return the text of a PDF as a viewer finds it: the codes of the page, read through ToUnicode of their font."""
    parts = objects(pdf)
    fonts = {
        name: to_unicode(parts[int(re.search(rb"/ToUnicode (\d+)", parts[int(number)][0])[1])][1])
        for head, _ in parts.values()
        for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", head)
    }
    page = next(data for _, data in parts.values() if re.search(rb"\bBT\n", data))
    out, table = [], {}
    for font, string, end in re.findall(rb"/(F\d+) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\)|\b(ET)\b", page, re.DOTALL):
        table = fonts[font] if font else table
        plain = re.sub(rb"\\(.)", lambda m: {b"n": b"\n", b"r": b"\r"}.get(m[1], m[1]), string, flags=re.DOTALL)
        out += [table[int.from_bytes(plain[i : i + 2])] for i in range(0, len(plain), 2)] if string else []
        out += "\n" if end else ""
    return "".join(out)


@pytest.mark.parametrize("suffix", ["pdf", "svg", "png"])
def test_save_figure__gives_the_same_bytes(tmp_path, suffix):
    first = save_figure(draw(), tmp_path / "a" / "figure", [suffix])
    second = save_figure(draw(), tmp_path / "b" / "figure", [suffix])
    assert first[0].name == f"figure.{suffix}"
    assert first[0].read_bytes() == second[0].read_bytes()


def test_save_figure__carries_no_date(tmp_path):
    pdf, svg, png = save_figure(draw(), tmp_path / "figure")
    assert b"CreationDate" not in pdf.read_bytes()
    assert "<dc:date>" not in svg.read_text(encoding="utf-8")
    assert b"tEXt" not in png.read_bytes()


def test_save_figure__keeps_text_as_text(tmp_path):
    pdf, svg = save_figure(draw(), tmp_path / "figure", ["pdf", "svg"])
    assert b"/CIDFontType2" in pdf.read_bytes()
    assert b"/Type3" not in pdf.read_bytes()
    assert re.search(r"<text[^>]*>time</text>", svg.read_text(encoding="utf-8"))


def test_save_figure__gives_the_same_bytes_in_another_process(tmp_path):
    save_figure(draw(), tmp_path / "before")  # this process has drawn something else before
    with styled():
        figure = new_figure("single", 30)
        figure.text(0.1, 0.5, "Ki-67 ≤ 20 %", weight="bold")
    here = [hashlib.sha256(path.read_bytes()).hexdigest() for path in save_figure(figure, tmp_path / "here")]
    program = """
import hashlib, pathlib, sys
from netgen.plots.style import new_figure, save_figure, styled
with styled():
    figure = new_figure("single", 30)
    figure.text(0.1, 0.5, "Ki-67 \\u2264 20 %", weight="bold")
for path in save_figure(figure, pathlib.Path(sys.argv[1]) / "there"):
    print(hashlib.sha256(path.read_bytes()).hexdigest())
"""
    there = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert there.stdout.split() == here


def test_save_figure__embeds_every_font_as_truetype(tmp_path):
    parts = objects(write("MEN1 лёгкое", tmp_path / "figure"))  # the second word is not in the small font
    fonts = [head for head, _ in parts.values() if b"/Type /Font\n" in head or b"/Type /Font " in head]
    kinds = sorted(re.search(rb"/Subtype /(\w+)", head)[1] for head in fonts)
    assert kinds == [b"CIDFontType2", b"CIDFontType2", b"Type0", b"Type0"]
    described = [head for head, _ in parts.values() if b"/Type /FontDescriptor" in head]
    names = {re.search(rb"/FontName /[A-Z]{6}\+(\S+)", head)[1] for head in described}
    assert names == {b"NetgenSans-Regular", b"DejaVuSans"}
    for head in described:
        _, font = parts[int(re.search(rb"/FontFile2 (\d+) 0 R", head)[1])]
        assert font[:4] == b"\0\1\0\0"  # the mark of a TrueType file
        tables = {font[12 + 16 * i : 16 + 16 * i] for i in range(int.from_bytes(font[4:6]))}
        assert {b"glyf", b"loca", b"head", b"hhea", b"hmtx", b"maxp"} <= tables
        assert len(font) < 20_000  # the glyphs of the text, not the whole font


@pytest.mark.parametrize(
    "text",
    [
        "Overall survival",
        "office, profiled, first",
        "HR 2.81 (1.04\N{EN DASH}7.60) ‡ ≤ β",
        "Žižek Ωmega",
        "лёгкое & MEN1",
    ],
)
def test_save_figure__text_of_a_pdf_can_be_found(tmp_path, text):
    assert text_of(write(text, tmp_path / "figure")) == f"{text}\n"


@pytest.mark.parametrize(
    ("style", "name"),
    [
        ({}, b"Regular"),
        ({"weight": "bold"}, b"Bold"),
        ({"style": "italic"}, b"Oblique"),
        ({"style": "italic", "weight": "bold"}, b"BoldOblique"),
    ],
)
def test_save_figure__has_a_font_for_every_style(tmp_path, style, name):
    pdf = write("MEN1", tmp_path / "figure", **style)
    assert set(re.findall(rb"/FontName /[A-Z]{6}\+(\S+)", pdf)) == {b"NetgenSans-" + name}


def test_save_figure__svg_names_fonts_a_viewer_may_have(tmp_path):
    svg = save_figure(draw(), tmp_path / "figure", ["svg"])[0].read_text(encoding="utf-8")
    assert "'Netgen Sans', 'DejaVu Sans', sans-serif" in svg


def test_save_figure__png_has_the_resolution_of_print(tmp_path):
    with Image.open(save_figure(draw(), tmp_path / "figure", ["png"])[0]) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        assert image.size == (1051, 472)  # 89 mm and 40 mm at 300 per inch


def test_save_figure__keeps_dots_in_the_name(tmp_path):
    assert save_figure(draw(), tmp_path / "km.os", ["svg"])[0].name == "km.os.svg"


def test_save_figure__refuses_an_unknown_format(tmp_path):
    with pytest.raises(ValueError, match="pdf, png, svg, found jpg"):
        save_figure(draw(), tmp_path / "figure", ["jpg"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("width", ["single", "double"])
def test_new_figure__has_the_width_of_the_journal(width):
    figure = new_figure(width, 50)
    assert figure.get_size_inches() * 25.4 == pytest.approx([WIDTHS_MM[width], 50])
    assert plt.get_fignums() == []


def test_styled__gives_the_settings_back():
    assert mpl.get_backend()  # chosen on first use: the same before and after
    before = mpl.rcParams.copy()
    with styled():
        assert mpl.rcParams["pdf.fonttype"] == 42
        assert 5 <= mpl.rcParams["font.size"] <= 7
    assert mpl.rcParams == before


def test_styled__takes_another_font_and_keeps_ours_behind_it(tmp_path):
    figure = new_figure("single", 20)
    with styled("DejaVu Serif"):
        figure.text(0.1, 0.5, "MEN1")
        assert mpl.rcParams["font.family"] == ["DejaVu Serif", FONT, "sans-serif"]
    pdf = save_figure(figure, tmp_path / "figure", ["pdf"])[0].read_bytes()
    assert set(re.findall(rb"/FontName /[A-Z]{6}\+(\S+)", pdf)) == {b"DejaVuSerif"}


def test_palette__has_distinct_colours():
    assert len(set(PALETTE)) == len(PALETTE) == 8


def test_text_width__grows_with_text_and_size():
    assert text_width("") == 0
    assert text_width("MM") > text_width("M") > 0
    assert text_width("MEN1", 12) == pytest.approx(2 * text_width("MEN1", 6), rel=0.01)
    assert text_width("MEN1", weight="bold") > text_width("MEN1")


@pytest.mark.parametrize("text", ["At risk (events)", "AVATAR, Ty. LY", "0.08 (<0.01)", "β ≥ 3", "лёгкое"])
@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_text_width__is_that_of_dejavu_sans(text, weight):
    whole = FontProperties(family="DejaVu Sans", size=6, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, whole, ismath=False)
    assert text_width(text, 6, weight) == pytest.approx(width)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0361, "0.036"),
        (0.001, "0.001"),
        (0.000999, "<0.001"),
        (0.0, "<0.001"),
        (1.0, "1.000"),
        (float("nan"), "\N{EN DASH}"),
    ],
)
def test_format_p__prints_three_decimals(value, text):
    assert format_p(value) == text
