"""Names beside points that do not meet each other: the most important first, one that finds no room is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.plots.style import SMALL, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

GAP: Final = 1.5  # points between a mark and its name
STEPS: Final = (0.0, 5.0, 10.0, 16.0)  # points by which a name may move away
LINE: Final = 1.25  # height of a line of text in sizes of type
STICK: Final = 0.6  # half the width of a line that names keep off, points
FAR: Final = 3.0  # points; a name further away is tied to its mark by a line


class Spot(NamedTuple):
    """Where a name stands: box in points from the lower left corner of the axes, and whether it needs a line."""

    left: float
    low: float
    right: float
    high: float
    far: bool


def place_names(
    texts: Sequence[str],
    points: NDArray[np.float64],
    radii: NDArray[np.float64],
    size: tuple[float, float],
    *,
    font: float = SMALL,
    avoid: NDArray[np.float64],
) -> list[Spot | None]:
    """Return where the names go, in the order given: the first has the first choice.

    Parameters
    ----------
    texts
        Names.
    points
        (n, 2) marks they belong to, in points from the lower left corner of the axes.
    radii
        (n,) of these marks, points.
    size
        Width and height of the axes, points.
    font
        Size of the type.
    avoid
        (m, 4) boxes that no name may cover, their own marks among them: left, low, right, high in points.

    Returns
    -------
    list
        One spot per name, None where there is no room within the axes.
    """
    taken: list[tuple[float, float, float, float]] = []
    out: list[Spot | None] = []
    for text, (x, y), radius in zip(texts, points, radii, strict=True):
        found = None
        for spot in _candidates(float(x), float(y), float(radius), text_width(text, font), LINE * font):
            box = spot[:4]
            if _inside(box, size) and not _meets(box, avoid) and not _meets(box, np.array(taken).reshape(-1, 4)):
                found = spot
                taken.append(box)
                break
        out.append(found)
    return out


def write_names(
    ax: Axes,
    texts: Sequence[str],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    radii: NDArray[np.float64],
    *,
    others: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    italic: bool = False,
    sticks: bool = False,
) -> list[str]:
    """Write names beside marks.

    Parameters
    ----------
    ax
        Axes with their limits set, in a figure of its final size.
    texts, x, y, radii
        Names, the most important first; their marks in data units, with radii in points.
    others
        x, y and radii of all marks, which names keep off.
    italic
        Names of genes.
    sticks
        Each mark stands on a line from 0, which names keep off as well.

    Returns
    -------
    list of str
        The names that found room.
    """
    size, points = _in_points(ax, x, y)
    _, marks = _in_points(ax, others[0], others[1])
    avoid = np.column_stack([marks - others[2][:, None], marks + others[2][:, None]])
    if sticks:
        _, feet = _in_points(ax, others[0], np.zeros(len(marks)))
        half = np.array([STICK, 0.0])
        ground = feet[:1] * [0.0, 1.0] + [size[0], 0.0]
        below = np.column_stack([np.zeros((len(ground), 2)), ground])  # what is under 0
        avoid = np.concatenate([avoid, np.column_stack([feet - half, marks + half]), below])
    spots = place_names(texts, points, radii, size, avoid=avoid)
    written = []
    for text, (px, py), spot in zip(texts, points, spots, strict=True):
        if spot is None:
            continue
        middle = ((spot.left + spot.right) / 2, (spot.low + spot.high) / 2)
        arrow = {"arrowstyle": "-", "lw": 0.3, "color": "#6E6E6E", "shrinkA": 0, "shrinkB": 0} if spot.far else None
        ax.annotate(
            text, (px, py), middle, xycoords="axes points", textcoords="axes points", ha="center", va="center",
            fontsize=SMALL, fontstyle="italic" if italic else "normal", arrowprops=arrow, zorder=5,
        )  # fmt: skip
        written.append(text)
    return written


def _in_points(
    ax: Axes, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[tuple[float, float], NDArray[np.float64]]:
    """Size of the axes and places within them in points."""
    figure = ax.figure
    box = ax.get_position()
    wide, high = figure.get_size_inches()  # type: ignore[union-attr]  # a Figure: figures are made by this package
    size = (box.width * wide * 72, box.height * high * 72)
    share = ax.transLimits.transform(ax.transScale.transform(np.column_stack([x, y]).reshape(-1, 2)))
    return size, share * np.array(size)


def _candidates(x: float, y: float, radius: float, wide: float, high: float) -> list[Spot]:
    """Boxes around a mark, the best first: right, left, above, below, oblique, then the same further away."""
    out = []
    for step in STEPS:
        away = radius + GAP + step
        slant = 0.7 * away
        places = [
            (x + away, y - high / 2), (x - away - wide, y - high / 2), (x - wide / 2, y + away),
            (x - wide / 2, y - away - high), (x + slant, y + slant), (x - slant - wide, y + slant),
            (x + slant, y - slant - high), (x - slant - wide, y - slant - high),
        ]  # fmt: skip
        if step > FAR:
            places = places[2:]  # a line to the side would run through other marks
        out += [Spot(left, low, left + wide, low + high, step > FAR) for left, low in places]
    return out


def _inside(box: tuple[float, float, float, float], size: tuple[float, float]) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]


def _meets(box: tuple[float, float, float, float], others: NDArray[np.float64]) -> bool:
    left, low, right, high = box
    return bool(((others[:, 0] < right) & (others[:, 2] > left) & (others[:, 1] < high) & (others[:, 3] > low)).any())
