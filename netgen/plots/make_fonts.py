"""Write the small fonts of the figures again: ``python -m netgen.plots.make_fonts netgen/data/fonts``.

A PDF embeds the glyphs it uses. Cutting them out of the whole of DejaVu Sans, as matplotlib does for every file and
every style, costs more than drawing the figure: the font has 6,000 glyphs and elaborate layout tables. The fonts
written here hold the characters a figure is likely to need, with the same outlines, widths, hints and kerning, so that
text looks the same and cutting takes milliseconds. Whatever else a text contains is drawn in DejaVu Sans itself.

Ligatures are left out, so that every letter of a PDF can be found and edited.

The licence of DejaVu Sans asks that a changed font has another name and keeps its notices: ``LICENSE_DEJAVU`` is copied
beside the fonts.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from netgen.plots.style import FONT, FONT_FILES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fontTools.ttLib import TTFont

LICENCE: Final = "LICENSE_DEJAVU"
# Style -> the file of matplotlib it is cut from.
SOURCES: Final[dict[str, str]] = {
    "Regular": "DejaVuSans.ttf",
    "Bold": "DejaVuSans-Bold.ttf",
    "Oblique": "DejaVuSans-Oblique.ttf",
    "BoldOblique": "DejaVuSans-BoldOblique.ttf",
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
    for style, whole in SOURCES.items():
        path = folder / FONT_FILES[style]
        small_font(source / whole, style).save(path)
        written.append(path)
    return [*written, Path(shutil.copyfile(source / LICENCE, folder / LICENCE))]


def small_font(source: Path, style: str) -> TTFont:
    """Return a part of a TrueType font under our own name.

    Parameters
    ----------
    source
        File of the whole font.
    style
        What ``source`` is: Regular, Bold, Oblique or BoldOblique.

    Returns
    -------
    TTFont
        The characters of ``RANGES`` with outlines, widths, hints and kerning; no ligatures.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options = Options(legacy_kern=True, glyph_names=True, notdef_outline=True, name_IDs=["*"])
    options.drop_tables = [*options.drop_tables, *LEFT_OUT]
    font = TTFont(source, recalcBBoxes=False, recalcTimestamp=False)  # recalculated boxes would shift some glyphs
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    subsetter.subset(font)
    _rename(font, style)
    return font


def _rename(font: TTFont, style: str) -> None:
    """Give the font its own name; keep the notices of copyright and licence (name identifiers 0, 13 and 14)."""
    table = font["name"]
    names = {number: table.getDebugName(number) for number in (0, 13, 14)}
    names |= {1: FONT, 2: style, 3: f"{FONT} {style}", 4: f"{FONT} {style}", 6: Path(FONT_FILES[style]).stem}
    names[5] = f"{table.getDebugName(5)}, characters of {table.getDebugName(4)}"
    table.names = []
    for number, text in sorted(names.items()):
        table.setName(text, number, 3, 1, 0x409)  # Windows, Unicode, English


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
