"""Glyphs of an oncoprint: the geometry of cBioPortal, drawn as one compound path per class.

A cell is 1 x 1 with y from the top. Copy number fills it, a structural variant takes the middle 60 %, a mutation the
middle third. Several mutations in one cell are stacked, each with its own band, and stand on what lies behind them, so
that every alteration is seen. Cells that touch are merged into runs: a figure of 20,000 patients stays small and true
to scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.plots.oncoprint_order import CLASSES
from netgen.plots.oncoprint_table import ALTERED, NOT_PROFILED, WILD_TYPE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    from numpy.typing import NDArray

MUTATIONS: Final = CLASSES[:6]
CLASS_TEXT: Final[dict[str, str]] = {
    "truncating": "Truncating mutation",
    "splice": "Splice mutation",
    "inframe": "In-frame mutation",
    "promoter": "Promoter mutation",
    "missense": "Missense mutation",
    "other": "Other or unspecified",
    "fusion": "Structural variant",
    "germline": "Germline variant",
    "amplification": "Amplification",
    "homozygous_deletion": "Deep deletion",
    WILD_TYPE: "No alteration",
    NOT_PROFILED: "Not profiled",
}
PALETTES: Final[dict[str, dict[str, str]]] = {
    "colorblind": {
        "truncating": "#000000",
        "splice": "#E69F00",
        "inframe": "#F0E442",
        "promoter": "#56B4E9",
        "missense": "#009E73",
        "other": "#7A7A7A",
        "fusion": "#CC79A7",
        "germline": "#FFFFFF",
        "amplification": "#D55E00",
        "homozygous_deletion": "#0072B2",
        WILD_TYPE: "#E4E4E4",
        NOT_PROFILED: "#FFFFFF",
    },
    "cbioportal": {
        "truncating": "#000000",
        "splice": "#E5802B",
        "inframe": "#993404",
        "promoter": "#00B7CE",
        "missense": "#008000",
        "other": "#CF58BC",
        "fusion": "#8B00C9",
        "germline": "#FFFFFF",
        "amplification": "#FF0000",
        "homozygous_deletion": "#0000FF",
        WILD_TYPE: "#BEBEBE",
        NOT_PROFILED: "#FFFFFF",
    },
}
HATCH: Final = "#A0A0A0"
SPACING: Final = 2.4  # points between two lines of the hatching, along the row
GERMLINE_EDGE: Final = "germline edge"  # dark lines beside the white stripe, seen on light cells too
EDGE_COLOR: Final = "#333333"
ZORDER: Final[dict[str, float]] = {
    NOT_PROFILED: 0.5,
    WILD_TYPE: 1.0,
    "amplification": 2.0,
    "homozygous_deletion": 2.0,
    "fusion": 5.0,
    **dict.fromkeys(MUTATIONS, 6.0),
    GERMLINE_EDGE: 6.5,
    "germline": 7.0,
}
_SEVERAL: Final = (0.22, 0.78)  # where two or more mutations are stacked
_BETWEEN: Final = 0.06  # of a cell, between stacked mutations


class Glyph(NamedTuple):
    """A rectangle over the width of a cell; ``top`` and ``bottom`` are fractions of its height, from the top."""

    name: str
    top: float
    bottom: float


class Rectangles(NamedTuple):
    """Rectangles in data units, one entry each."""

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    top: NDArray[np.float64]
    bottom: NDArray[np.float64]


class Columns(NamedTuple):
    """Where the columns stand: left edges, width without the gap, and whether a column touches the one before."""

    left: NDArray[np.float64]
    width: float
    touches: NDArray[np.bool_]


def glyphs_of(classes: str, status: str) -> list[Glyph]:
    """Return the glyphs of one cell, from back to front.

    Parameters
    ----------
    classes
        Classes of its alterations joined by ``;``, from most to least severe.
    status
        altered, wild type or not profiled.

    Returns
    -------
    list of Glyph
        The background first.

    Notes
    -----
    Geometry of cBioPortal's oncoprintjs (``rules/geneticrules.ts``): copy number the full cell, structural variant
    20-80 %, mutation the middle third, germline a white stripe of 8 % at 46 %.
    """
    names = classes.split(";") if classes else ["other"] if status == ALTERED else []
    out = [Glyph(NOT_PROFILED if status == NOT_PROFILED else WILD_TYPE, 0.0, 1.0)]
    out += [Glyph(name, 0.0, 1.0) for name in ("homozygous_deletion", "amplification") if name in names]
    out += [Glyph("fusion", 0.2, 0.8)] if "fusion" in names else []
    mutations = [name for name in names if name in MUTATIONS]
    if len(mutations) == 1:
        out.append(Glyph(mutations[0], 1 / 3, 2 / 3))
    elif mutations:
        step = (_SEVERAL[1] - _SEVERAL[0] + _BETWEEN) / len(mutations)
        gap = min(_BETWEEN, step / 3)
        tops = [_SEVERAL[0] + step * number for number in range(len(mutations))]
        out += [Glyph(name, top, top + step - gap) for name, top in zip(mutations, tops, strict=True)]
    if "germline" in names:
        out += [Glyph(GERMLINE_EDGE, 0.42, 0.58), Glyph("germline", 0.46, 0.54)]
    return out


def first_class(classes: str, status: str) -> str:
    """Return the class under which a cell is counted in the bars.

    Parameters
    ----------
    classes, status
        As ``glyphs_of``.

    Returns
    -------
    str
        The first somatic class in the order of the legend; empty if the cell is not altered.
    """
    if status != ALTERED:
        return ""
    present = set(classes.split(";"))
    return next((name for name in CLASSES if name in present and name != "germline"), "other")


def cell_layers(cells: pd.DataFrame, columns: Columns, pad: float, tops: NDArray[np.float64]) -> dict[str, Rectangles]:
    """Return the rectangles of all cells by class.

    Parameters
    ----------
    cells
        Gene by gene, each with every position: ``position``, ``status``, ``classes``.
    columns
        Where the positions stand.
    pad
        Free part of a row above and below its cells.
    tops
        Upper edges of the rows, which are 1 high.

    Returns
    -------
    dict
        Name -> rectangles. Cells that touch and are alike are one rectangle.
    """
    n = len(columns.left)
    code, kinds = pd.factorize(cells["status"] + "|" + cells["classes"])
    found: dict[Glyph, list[NDArray[np.intp]]] = {}
    for number, kind in enumerate(kinds):
        status, _, classes = str(kind).partition("|")
        where = np.flatnonzero(code == number)
        for glyph in glyphs_of(classes, status):
            found.setdefault(glyph, []).append(where)
    layers: dict[str, list[Rectangles]] = {}
    for glyph, parts in found.items():
        rows, first, last = _runs(np.sort(np.concatenate(parts)), n, columns.touches)
        base, high = tops[rows] + pad, 1 - 2 * pad
        layers.setdefault(glyph.name, []).append(
            Rectangles(
                left=columns.left[first],
                right=columns.left[last] + columns.width,
                top=base + high * glyph.top,
                bottom=base + high * glyph.bottom,
            )
        )
    return {name: Rectangles(*map(np.concatenate, zip(*parts, strict=True))) for name, parts in layers.items()}


def _runs(
    where: NDArray[np.intp], n: int, touches: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Row, first and last position of each run of touching cells; ``where`` = row * n + position, sorted."""
    position = where % n
    new = np.ones(len(where), dtype=bool)
    new[1:] = (np.diff(where) != 1) | ~touches[position[1:]]
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(where)) - 1
    return where[first] // n, position[first], position[last]


def rectangles_path(rectangles: Rectangles) -> Path:
    """Return one path of many rectangles.

    Parameters
    ----------
    rectangles
        In data units.

    Returns
    -------
    Path
        Five vertices each.
    """
    from matplotlib.path import Path

    left, right, top, bottom = rectangles
    x = np.stack([left, right, right, left, left], axis=1)
    y = np.stack([bottom, bottom, top, top, bottom], axis=1)
    codes = np.tile(np.array([Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]), len(left))
    return Path(np.stack([x.ravel(), y.ravel()], axis=1), codes)


def add_rectangles(
    ax: Axes, rectangles: Rectangles, color: str, *, name: str, zorder: float = 1.0, rasterize: bool = False
) -> PathPatch:
    """Draw rectangles as one artist.

    ``add_patch`` would look at every segment to find the data limits; here the caller sets them.

    Parameters
    ----------
    ax
        Where; the limits are not touched.
    rectangles
        In data units.
    color
        Fill; there is no edge.
    name
        Label of the artist, for those who look for it.
    zorder
        Drawing order.
    rasterize
        Draw as an image in vector formats.

    Returns
    -------
    PathPatch
        The artist.
    """
    from matplotlib.patches import PathPatch

    patch = PathPatch(rectangles_path(rectangles), facecolor=color, edgecolor="none", linewidth=0, zorder=zorder)
    patch.set_transform(ax.transData)
    patch.set_snap(False)  # a thin cell keeps its true area
    patch.set_label(name)
    patch.set_rasterized(rasterize)
    ax.add_artist(patch)
    return patch


def add_hatch(
    ax: Axes, rectangles: Rectangles, size: tuple[float, float], *, name: str, rasterize: bool = False
) -> PathPatch:
    """Draw diagonal lines, seen only within the rectangles.

    Parameters
    ----------
    ax
        Where, with its limits set.
    rectangles
        In data units.
    size
        Width and height of the axes in points.
    name
        Label of the artist.
    rasterize
        Draw as an image in vector formats.

    Returns
    -------
    PathPatch
        The lines, one artist.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    wide, high = size
    start = np.arange(-high, wide, SPACING)
    x = np.stack([start, start + high], axis=1) / wide
    y = np.tile([0.0, 1.0], (len(start), 1))
    path = Path(np.stack([x.ravel(), y.ravel()], axis=1), np.tile([Path.MOVETO, Path.LINETO], len(start)))
    patch = PathPatch(path, facecolor="none", edgecolor=HATCH, linewidth=0.4, zorder=ZORDER[NOT_PROFILED] + 0.1)
    patch.set_transform(ax.transAxes)
    patch.set_label(name)
    patch.set_rasterized(rasterize)
    ax.add_artist(patch)
    patch.set_clip_path(rectangles_path(rectangles), ax.transData)
    return patch


def add_hatch_box(ax: Axes, box: tuple[float, float, float, float], *, name: str) -> None:
    """Hatch one box on axes whose unit is a point.

    Parameters
    ----------
    ax
        Axes in points.
    box
        Left, bottom, width and height.
    name
        Label of the artists.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    x, y, wide, high = box
    start = np.arange(x - high, x + wide, SPACING)
    points = np.stack([start, np.full(len(start), y), start + high, np.full(len(start), y + high)], axis=1)
    lines = Path(points.reshape(-1, 2), np.tile([Path.MOVETO, Path.LINETO], len(start)))
    frame = Path([(x, y), (x + wide, y), (x + wide, y + high), (x, y + high), (x, y)], closed=True)
    patch = PathPatch(lines, facecolor="none", edgecolor=HATCH, linewidth=0.4, zorder=2)
    patch.set_label(name)
    patch.set_transform(ax.transData)
    ax.add_artist(patch)
    patch.set_clip_path(frame, ax.transData)
