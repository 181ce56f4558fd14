"""The look of all figures: the same bytes, editable text, widths of journals."""

from __future__ import annotations

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from netgen.plots.style import DASHES, PALETTE, WIDTHS_MM, format_p, new_figure, save_figure, styled, text_width


def draw():
    figure = new_figure("single", 40)
    with styled():
        axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
        axes.plot([0, 1, 2], [1, 0, 3], ls=DASHES[1])
        axes.fill_between([0, 1], [0, 1], [1, 2], alpha=0.2)
        axes.set_xlabel("time")
    return figure


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
    before = mpl.rcParams["font.size"]
    with styled():
        assert mpl.rcParams["pdf.fonttype"] == 42
        assert 5 <= mpl.rcParams["font.size"] <= 7
    assert mpl.rcParams["font.size"] == before


def test_palette__has_distinct_colours():
    assert len(set(PALETTE)) == len(PALETTE) == 8


def test_text_width__grows_with_text_and_size():
    assert text_width("") == 0
    assert text_width("MM") > text_width("M") > 0
    assert text_width("MEN1", 12) == pytest.approx(2 * text_width("MEN1", 6), rel=0.01)


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
