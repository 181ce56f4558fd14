"""Legend and footer of an oncoprint: what occurs in the figure, in a stated order, drawn with the true cell shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.plots.oncoprint_glyphs import (
    CLASS_TEXT,
    EDGE_COLOR,
    GERMLINE_EDGE,
    ZORDER,
    Rectangles,
    add_hatch_box,
    add_rectangles,
    first_class,
    glyphs_of,
)
from netgen.plots.oncoprint_order import CLASSES
from netgen.plots.oncoprint_table import ALTERED, NOT_PROFILED, WILD_TYPE
from netgen.plots.oncoprint_tracks import BINS, shade
from netgen.plots.style import GREY, NORMAL, SMALL, text_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from netgen.plots.oncoprint_tracks import Track

LINE: Final = 9.5
SWATCH: Final = (5.0, 7.0)  # width and height of a cell in the legend
RAMP: Final = 40.0
FOOT_LINE: Final = 7.0


class Item(NamedTuple):
    """One entry: its place, text, and what stands before it (``class``, ``color`` or ``ramp``)."""

    x: float
    line: int
    text: str
    kind: str
    value: str | tuple[str, str]


class Legend(NamedTuple):
    """Titles (line, text), entries, and the number of lines."""

    titles: list[tuple[int, str]]
    items: list[Item]
    n_lines: int


def classes_shown(cells: pd.DataFrame) -> list[str]:
    """Return what occurs in the cells, in the order of the legend.

    Parameters
    ----------
    cells
        ``status`` and ``classes``.

    Returns
    -------
    list of str
        Alteration classes in the order of ``CLASSES``, then wild type, then not profiled.
    """
    pairs = cells[["status", "classes"]].drop_duplicates()
    found = {name for text in pairs["classes"] for name in str(text).split(";")}
    found |= {first_class(str(row.classes), str(row.status)) for row in pairs.itertuples()}
    found |= set(pairs["status"]) - {ALTERED}
    return [name for name in (*CLASSES, WILD_TYPE, NOT_PROFILED) if name in found]


def plan_legend(cells: pd.DataFrame, tracks: Sequence[Track], page: float, margin: float) -> Legend:
    """Return the entries with their places: one block per line or more, alterations first, then each track.

    Parameters
    ----------
    cells, tracks
        What is drawn.
    page, margin
        Width of the page and its margin, in points.

    Returns
    -------
    Legend
        Entries that do not fit on a line go to the next.
    """
    blocks: list[tuple[str, list[tuple[str, str, str | tuple[str, str]]]]] = [
        ("Alterations", [(CLASS_TEXT[name], "class", name) for name in classes_shown(cells)])
    ]
    for track in tracks:
        entries: list[tuple[str, str, str | tuple[str, str]]] = []
        if track.ramp is not None:
            first, second, lo, hi = track.ramp
            entries.append((f"{lo} \N{EN DASH} {hi}" if lo != hi else lo, "ramp", (first, second)))
        entries += [(text, "color" if text != "NA" else "missing", color) for text, color in track.entries]
        blocks.append((track.name, entries))
    start = margin + max(text_width(title, NORMAL, "bold") for title, _ in blocks) + 6
    titles, items, line = [], [], 0
    for title, found in blocks:
        titles.append((line, title))
        x = start
        for text, kind, value in found:
            wide = (RAMP if kind == "ramp" else SWATCH[0]) + 2.5 + text_width(text)
            if x > start and x + wide > page - margin:
                line, x = line + 1, start
            items.append(Item(x, line, text, kind, value))
            x += wide + 8
        line += 1
    return Legend(titles, items, line)


def draw_legend(page: Axes, legend: Legend, top: float, margin: float, palette: Mapping[str, str]) -> None:
    """Draw the legend below ``top``.

    Parameters
    ----------
    page
        Axes in points, y from below.
    legend
        From ``plan_legend``.
    top, margin
        Upper edge and left margin in points.
    palette
        Colours of the classes.
    """
    for line, title in legend.titles:
        page.text(margin, top - (line + 0.5) * LINE, title, va="center", fontweight="bold")
    for item in legend.items:
        y = top - (item.line + 0.5) * LINE
        wide = RAMP if item.kind == "ramp" else SWATCH[0]
        _draw_swatch(page, item, y, palette)
        page.text(item.x + wide + 2.5, y, item.text, va="center")


def _box(x: float, y: float, wide: float, high: float) -> Rectangles:
    """Return one rectangle from its left edge and its middle height."""
    return Rectangles(*(np.array([value]) for value in (x, x + wide, y + high / 2, y - high / 2)))


def _draw_swatch(page: Axes, item: Item, y: float, palette: Mapping[str, str]) -> None:
    wide, high = SWATCH
    name = f"legend {item.text}"
    if item.kind == "ramp":
        assert isinstance(item.value, tuple)
        for number in range(BINS):
            color = shade(item.value, (number + 0.5) / BINS)
            box = _box(item.x + number * RAMP / BINS, y, RAMP / BINS * (1.04 if number < BINS - 1 else 1), high)
            add_rectangles(page, box, color, name=name)
        return
    assert isinstance(item.value, str)
    if item.kind == "color":
        add_rectangles(page, _box(item.x, y, wide, high), item.value, name=name)
    elif item.kind == "missing":
        add_rectangles(page, _box(item.x, y, wide, 0.12 * high), item.value, name=name)
    else:
        plain = item.value in {WILD_TYPE, NOT_PROFILED}
        status = item.value if plain else WILD_TYPE if item.value == "germline" else ALTERED
        for glyph in glyphs_of("" if plain else item.value, status):
            color = EDGE_COLOR if glyph.name == GERMLINE_EDGE else palette[glyph.name]
            middle = y + high / 2 - high * (glyph.top + glyph.bottom) / 2
            box = _box(item.x, middle, wide, high * (glyph.bottom - glyph.top))
            add_rectangles(page, box, color, name=name, zorder=ZORDER[glyph.name])
            if glyph.name == NOT_PROFILED:
                add_hatch_box(page, (item.x, y - high / 2, wide, high), name=name)


def wrap(sentences: Sequence[str], width: float, size: float = SMALL) -> list[str]:
    """Return sentences as lines that fit.

    Parameters
    ----------
    sentences
        Set one behind the other.
    width
        Points.
    size
        Of the type, in points.

    Returns
    -------
    list of str
        A word longer than a line has a line of its own.
    """
    lines: list[str] = []
    for word in " ".join(sentences).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def draw_footer(page: Axes, lines: Sequence[str], top: float, margin: float) -> None:
    """Write the footer below ``top``.

    Parameters
    ----------
    page
        Axes in points, y from below.
    lines
        From ``wrap``.
    top, margin
        Upper edge and left margin in points.
    """
    for number, text in enumerate(lines):
        page.text(margin, top - (number + 0.5) * FOOT_LINE, text, va="center", fontsize=SMALL, color=GREY)
