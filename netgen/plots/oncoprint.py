"""The oncoprint: genes in rows, patients in columns, as cBioPortal draws it, on journal width and as vectors.

Everything is read from an ``OncoprintTable``; nothing is counted here that the table does not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.errors import AnalysisError
from netgen.plots.oncoprint_bars import draw_burden, draw_counts, draw_side, first_classes
from netgen.plots.oncoprint_glyphs import (
    EDGE_COLOR,
    GERMLINE_EDGE,
    PALETTES,
    ZORDER,
    Rectangles,
    add_hatch,
    add_rectangles,
    cell_layers,
)
from netgen.plots.oncoprint_layout import BURDEN_GAP, HEADING, ID_SIZE, MARGIN, TRACK, TRACK_GAP, Layout, plan_layout
from netgen.plots.oncoprint_legend import FOOT_LINE, LINE, draw_footer, draw_legend, plan_legend, wrap
from netgen.plots.oncoprint_table import ALL, NOT_PROFILED
from netgen.plots.oncoprint_tracks import make_tracks
from netgen.plots.style import NORMAL, POINT, SMALL, WIDTHS_MM, styled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from netgen.plots.oncoprint_table import OncoprintTable
    from netgen.plots.oncoprint_tracks import Track

ROW_GAP: Final = 1.0  # points between two rows
WIDEST_MM: Final = 2000.0


def plot_oncoprint(
    table: OncoprintTable,
    *,
    width: str | float = "double",
    palette: str = "colorblind",
    rasterize: bool = False,
    title: str = "",
) -> Figure:
    """Draw an oncoprint.

    A cell that was not profiled is hatched, wild type is plain grey; patients without any alteration are kept.

    Parameters
    ----------
    table
        Cells, counts and tracks, see ``tabulate_oncoprint``.
    width
        ``double`` (183 mm), ``single`` (89 mm) or a number of mm. The height follows from the number of rows.
    palette
        ``colorblind`` or ``cbioportal`` (its red, green and blue).
    rasterize
        Draw cells and tracks as an image within the vector file; text and bars stay vectors.
    title
        Heading, left-aligned.

    Returns
    -------
    Figure
        With the axes ``cells``, ``top`` (altered genes per patient), ``tmb`` (mutational burden, if known), ``side``
        (altered patients per gene), ``tracks`` (if there are any) and ``page`` (text and legend, in points), by label.

    Raises
    ------
    AnalysisError
        ``E_CONFIG`` if the width or palette is unknown, or the width leaves no room for the cells.

    Notes
    -----
    One compound path per class. In the bars a gene of a patient counts once, under the first of its classes in the
    legend, so that the bar of a gene is as long as its number of altered patients.
    """
    colors = _palette(palette)
    tracks = make_tracks(table)
    with styled():
        layout = plan_layout(table, tracks, _width_mm(width))
        legend = plan_legend(table.cells, tracks, layout.page, MARGIN)
        foot = wrap(table.footer, layout.page - 2 * MARGIN)
        heights = [
            MARGIN + (11.0 if title else 0.0),
            layout.header,
            layout.rows * layout.row,
            sum(track.height * TRACK + TRACK_GAP for track in tracks) + (3.0 if tracks else 0.0),
            layout.ids,
            5 + legend.n_lines * LINE,
            3 + len(foot) * FOOT_LINE + MARGIN,
        ]
        edges = sum(heights) - np.cumsum(heights)  # lower edge of each part
        fig, page = _make_page(layout.page, sum(heights))
        if title:
            page.text(MARGIN, sum(heights) - MARGIN - 4, title, va="center", fontweight="bold", fontsize=NORMAL + 1)
        _draw_cells(fig, table, layout, float(edges[2]), colors, rasterize=rasterize)
        _draw_bars(fig, table, layout, float(edges[2]), colors)
        _draw_texts(page, table, layout, float(edges[1]))
        if tracks:
            _draw_tracks(fig, page, tracks, layout, float(edges[3]), heights[3] - 3.0, rasterize=rasterize)
        if layout.ids:
            _draw_ids(page, table, layout, float(edges[3]))
        draw_legend(page, legend, float(edges[4]) - 5, MARGIN, colors)
        draw_footer(page, foot, float(edges[5]) - 3, MARGIN)
    return fig


def _width_mm(width: str | float) -> float:
    value = WIDTHS_MM.get(width, 0.0) if isinstance(width, str) else float(width)
    if not 0 < value <= WIDEST_MM:
        raise AnalysisError(
            "E_CONFIG",
            f"the width must be {', '.join(WIDTHS_MM)} or a number of mm up to {WIDEST_MM:g}, found {width!r}.",
        )
    return value


def _palette(name: str) -> dict[str, str]:
    if name not in PALETTES:
        raise AnalysisError("E_CONFIG", f"the palette must be one of {', '.join(PALETTES)}, found {name!r}.")
    return {**PALETTES[name], GERMLINE_EDGE: EDGE_COLOR}


def _make_page(wide: float, high: float) -> tuple[Figure, Axes]:
    """Return a figure and axes over all of it whose unit is a point."""
    from matplotlib.figure import Figure

    fig = Figure(figsize=(wide * POINT, high * POINT), facecolor="white")
    page = fig.add_axes((0, 0, 1, 1), label="page")
    page.set_xlim(0, wide)
    page.set_ylim(0, high)
    page.set_axis_off()
    return fig, page


def _add_axes(fig: Figure, box: tuple[float, float, float, float], label: str) -> Axes:
    """Return axes in a box of points: left, bottom, width, height."""
    wide, high = (inches / POINT for inches in fig.get_size_inches())
    left, bottom, across, up = box
    axes = fig.add_axes((left / wide, bottom / high, across / wide, up / high), label=label)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.patch.set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    return axes


def _draw_cells(
    fig: Figure,
    table: OncoprintTable,
    layout: Layout,
    bottom: float,
    colors: Mapping[str, str],
    *,
    rasterize: bool,
) -> None:
    size = (layout.cells, layout.rows * layout.row)
    axes = _add_axes(fig, (layout.left, bottom, *size), "cells")
    axes.set_xlim(0, layout.span)
    axes.set_ylim(layout.rows, 0)
    layers = cell_layers(table.cells, layout.columns, ROW_GAP / layout.row / 2, layout.tops)
    for name in sorted(layers, key=lambda name: (ZORDER[name], name)):
        add_rectangles(axes, layers[name], colors[name], name=name, zorder=ZORDER[name], rasterize=rasterize)
    if NOT_PROFILED in layers:
        add_hatch(axes, layers[NOT_PROFILED], size, name="hatch", rasterize=rasterize)


def _draw_bars(fig: Figure, table: OncoprintTable, layout: Layout, bottom: float, colors: Mapping[str, str]) -> None:
    """Draw the stacked bars above and on the right, and the burden above them."""
    first = first_classes(table.cells, len(layout.tops))
    base = bottom + layout.rows * layout.row + 3
    top = _add_axes(fig, (layout.left, base, layout.cells, layout.bar), "top")
    draw_counts(top, first, layout.columns, layout.span, colors)
    if layout.burden:
        box = (layout.left, base + layout.bar + BURDEN_GAP, layout.cells, layout.burden - BURDEN_GAP)
        draw_burden(_add_axes(fig, box, "tmb"), table.patients, layout.columns, layout.span)
    side = _add_axes(fig, (layout.side[0], bottom, layout.side[1], layout.rows * layout.row), "side")
    side.set_ylim(layout.rows, 0)
    draw_side(side, first, layout.tops, colors, ROW_GAP / layout.row / 2)


def _draw_texts(page: Axes, table: OncoprintTable, layout: Layout, top: float) -> None:
    """Write gene names, numbers and headings; ``top`` is the upper edge of the first row."""
    genes = table.genes.loc[table.genes["origin"] == ALL, "gene"]
    for row, gene in enumerate(genes):
        y = top - (layout.tops[row] + 0.5) * layout.row
        page.text(layout.left - 3, y, gene, ha="right", va="center", fontstyle="italic")
        for column in layout.numbers:
            text, star = column.texts[row].rstrip("*"), column.texts[row].endswith("*")
            page.text(column.x, y, text, ha="right", va="center", fontsize=SMALL)
            if star:
                page.text(column.x + 0.3, y, "*", ha="left", va="center", fontsize=SMALL)
    for column in layout.numbers:
        if column.heading == ALL:
            page.text(column.x, top + 3, ALL, fontsize=SMALL, ha="right", va="bottom")
        else:
            page.text(column.x - 6, top + 3, column.heading, fontsize=SMALL, ha="center", va="bottom", rotation=90)
    for title, edge in layout.titles:
        page.text(MARGIN, top - edge * layout.row + 1.5, title, va="bottom", fontweight="bold")
    base = top + 3 + layout.bar + 3 + layout.burden
    for heading in layout.headings:
        page.plot([heading.left, heading.right], [base, base], lw=0.8, color=EDGE_COLOR, solid_capstyle="butt")
        if heading.level:
            up = base + 1 + heading.level * HEADING
            page.plot([heading.left + 0.4] * 2, [base, up], lw=0.4, color=EDGE_COLOR)
        page.text(heading.x, base + 2 + heading.level * HEADING, heading.text, va="bottom", fontweight="bold")


def _draw_tracks(
    fig: Figure, page: Axes, tracks: Sequence[Track], layout: Layout, bottom: float, high: float, *, rasterize: bool
) -> None:
    axes = _add_axes(fig, (layout.left, bottom, layout.cells, high), "tracks")
    axes.set_xlim(0, layout.span)
    axes.set_ylim(high, 0)  # points from the top
    left, right = layout.columns.left, layout.columns.left + layout.columns.width
    place = 0.0
    for track in tracks:
        tall = track.height * TRACK
        for layer in track.layers:
            box = Rectangles(
                left[layer.position], right[layer.position], place + layer.top * tall, place + layer.bottom * tall
            )
            add_rectangles(axes, box, layer.color, name=track.key, rasterize=rasterize)
        page.text(layout.left - 3, bottom + high - place - tall / 2, track.name, ha="right", va="center")
        place += tall + TRACK_GAP


def _draw_ids(page: Axes, table: OncoprintTable, layout: Layout, top: float) -> None:
    middles = layout.left + (layout.columns.left + layout.columns.width / 2) * layout.column
    for x, name in zip(middles, table.patients["patient_id"], strict=True):
        page.text(float(x), top - 2, str(name), rotation=90, ha="center", va="top", fontsize=ID_SIZE)
