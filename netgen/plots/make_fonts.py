"""Write the small fonts of the figures again: ``python -m netgen.plots.make_fonts netgen/data/fonts``.

A PDF embeds the glyphs it uses. Cutting them out of the whole of DejaVu Sans, as matplotlib does for every file and every
style, costs more than drawing the figure: the font has 6,000 glyphs and elaborate layout tables. The fonts written here
hold the characters a figure is likely to need, with the same outlines, widths and kerning, so that text looks the same
and cutting takes milliseconds. Whatever else a text contains is drawn in DejaVu Sans itself.

Ligatures are left out, so that every letter of a PDF can be found and edited; instructions for screens of few pixels are
left out too, as matplotlib draws without them.

The licence of DejaVu Sans asks that a changed font is renamed and keeps its notices: ``LICENSE_DEJAVU`` is copied beside.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from netgen.plots.style import FONT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fontTools.ttLib import TTFont

LICENCE: Final = "LICENSE_DEJAVU"
# File of matplotlib and the style it holds.
SOURCES: Final[dict[str, str]] = {
    "DejaVuSans.ttf": "Regular",
    "DejaVuSans-Bold.ttf": "Bold",
    "DejaVuSans-Oblique.ttf": "Oblique",
}
# First and last character of each range: Latin, Greek, punctuation, super- and subscripts, signs.
RANGES: Final[tuple[tuple[int, int], ...]] = (
    (0x0020, 0x007E), (0x00A0, 0x017F), (0x0391, 0x03A1), (0x03A3, 0x03C9), (0x2010, 0x2015), (0x2018, 0x201E),
    (0x2020, 0x2022), (0x2026, 0x2026), (0x202F, 0x2030), (0x2032, 0x2033), (0x2039, 0x203A), (0x2070, 0x2071),
    (0x2074, 0x208E), (0x20AC, 0x20AC), (0x2122, 0x2122), (0x2190, 0x2195), (0x2202, 0x2202), (0x2206, 0x2206),
    (0x220F, 0x220F), (0x2211, 0x2212), (0x221A, 0x221A), (0x221E, 0x221E), (0x2229, 0x222B), (0x2248, 0x2248),
    (0x2260, 0x2260), (0x2264, 0x2265), (0x25A0, 0x25A1), (0x25CB, 0x25CB), (0x25CF, 0x25CF), (0x2713, 0x2713),
)  # fmt: skip
LEFT_OUT: Final = ("FFTM", "GDEF", "GPOS", "GSUB", "MATH")  # the table "kern" holds the same pairs as GPOS


def write_fonts(folder: Path) -> list[Path]:
    """Write the fonts and their licence.

    Parameters
    ----------
    folder
        Created if absent; files of the same names are replaced.

    Returns
    -------
    list of Path
        The files: one font per style, then the licence.
    """
    import matplotlib as mpl

    source = Path(mpl.get_data_path()) / "fonts" / "ttf"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, style in SOURCES.items():
        font = small_font(source / name, style)
        path = folder / f"{_plain(FONT)}-{style}.ttf"
        font.save(path)
        written.append(path)
    return [*written, Path(shutil.copyfile(source / LICENCE, folder / LICENCE))]


def small_font(source: Path, style: str) -> TTFont:
    """Return a part of a TrueType font under our own name.

    Parameters
    ----------
    source
        File of the whole font.
    style
        Regular, Bold or Oblique: what ``source`` is.

    Returns
    -------
    TTFont
        The characters of ``RANGES`` with outlines, widths and kerning; no ligatures, no instructions.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options = Options(hinting=False, legacy_kern=True, notdef_outline=True, name_IDs=["*"], name_languages=["*"])
    options.drop_tables = [*options.drop_tables, *LEFT_OUT]
    font = TTFont(source, recalcTimestamp=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    subsetter.subset(font)
    _rename(font, style)
    return font


def _rename(font: TTFont, style: str) -> None:
    """Give the font its own name; keep the notices of copyright and licence (name identifiers 0, 13 and 14)."""
    table = font["name"]
    notices = {number: table.getDebugName(number) for number in (0, 13, 14)}
    names = {
        1: FONT,
        2: style,
        3: f"{FONT} {style}",
        4: FONT if style == "Regular" else f"{FONT} {style}",
        5: f"{table.getDebugName(5)}, characters of DejaVu Sans {style}",
        6: _plain(FONT) if style == "Regular" else f"{_plain(FONT)}-{style}",
    }
    table.names = []
    for number, text in sorted({**notices, **names}.items()):
        if text:
            table.setName(text, number, 3, 1, 0x409)  # Windows, Unicode, English


def _plain(name: str) -> str:
    return name.replace(" ", "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the fonts into the folder named on the command line.

    Parameters
    ----------
    arguments
        Command-line arguments; those of the process if None.

    Returns
    -------
    int
        Exit status 0.
    """
    parser = argparse.ArgumentParser(prog="python -m netgen.plots.make_fonts", description="Write the small fonts.")
    parser.add_argument("folder", type=Path, help="folder to write; files of the same names are replaced")
    written = write_fonts(parser.parse_args(arguments).folder)
    sys.stdout.write(f"{len(written)} files\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
