"""A figure of the report: heading, drawing on a white card, what is beside it, and its numbers as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from netgen.report.page.markup import data_block, tag
from netgen.report.page.svg import DIGITS, figure_svg, shape
from netgen.report.page.svg_path import number

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from netgen.report.page.markup import Child, Markup

WIDE: Final = 300.0  # points; a wider drawing scrolls on a narrow screen before its type gets too small
NUMBERS: Final = "Numbers of this figure"


class Box(NamedTuple):
    """Left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


class Mark(NamedTuple):
    """The place of one patient in a drawing: a box (points, y from above), and the tips within it."""

    patient: str
    box: Box
    tips: Sequence[tuple[Box, str]]


class Scale(NamedTuple):
    """From data to the drawing: ``x`` and ``y`` are (offset, factor); ``box`` are the axes, ``page`` is the size."""

    x: tuple[float, float]
    y: tuple[float, float]
    box: Box
    page: tuple[float, float]

    def across(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the places of x values.

        Parameters
        ----------
        values
            In data units.

        Returns
        -------
        ndarray
            Points from the left edge of the drawing.
        """
        return self.x[0] + self.x[1] * np.asarray(values, dtype=np.float64)

    def down(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the places of y values.

        Parameters
        ----------
        values
            In data units.

        Returns
        -------
        ndarray
            Points from the upper edge of the drawing.
        """
        return self.y[0] + self.y[1] * np.asarray(values, dtype=np.float64)


def embed(
    drawn: Axes | Figure,
    *,
    title: str,
    description: str,
    key: str = "",
    kind: str = "",
    note: Child = None,
    table: Markup | None = None,
    overlay: Iterable[ET.Element] = (),
    data: Mapping[str, Any] | None = None,
    digits: int = DIGITS,
) -> Markup:
    """Return a figure of ``netgen.plots`` as part of the report.

    Parameters
    ----------
    drawn
        A figure, or axes of it.
    title
        Heading of the figure; draw it without a title of its own.
    description
        What is to be seen, for those who do not see it.
    key
        Id of the figure and beginning of the ids in it, unique in the page (``[a-z][a-z0-9-]*``); from the content if
        blank.
    kind
        Word for the style and the script, for example ``steps``.
    note
        What must be said of the figure, below it.
    table
        The numbers behind it, folded.
    overlay
        SVG elements on top of the drawing.
    data
        What the script reads.
    digits
        Decimals of coordinates, in points.

    Returns
    -------
    Markup
        A ``<figure>`` that shows the same with and without a script.
    """
    figure = figure_of(drawn)
    svg, key = figure_svg(figure, title=title, description=description, key=key, overlay=overlay, digits=digits)
    wide = " wide" if figure.get_size_inches()[0] * 72 > WIDE else ""
    return tag(
        "figure",
        tag("figcaption", title),
        tag("div", tag("div", svg, class_="drawing"), class_="card scroll"),
        tag("p", note, class_="note") if note else None,
        tag("details", tag("summary", NUMBERS), table) if table else None,
        data_block(dict(data), id=f"{key}-data") if data is not None else None,
        id=key,
        class_=f"figure{' ' + kind if kind else ''}{wide}",
    )


def beside(figures: Sequence[Markup]) -> Markup:
    """Return figures of single width beside each other, as many as the page has room for.

    Parameters
    ----------
    figures
        Made by ``embed`` and its kin.

    Returns
    -------
    Markup
        A ``<div>``.
    """
    return tag("div", figures, class_="figures")


def figure_of(drawn: Axes | Figure) -> Figure:
    """Return the figure of axes.

    Parameters
    ----------
    drawn
        Axes, or the figure itself.

    Returns
    -------
    Figure
        Never a part of a figure: figures of netgen have none.
    """
    figure: Figure = getattr(drawn, "figure", None) or drawn  # type: ignore[assignment]
    return figure


def scale_of(ax: Axes) -> Scale:
    """Return where the data of linear axes stand in the drawing.

    Parameters
    ----------
    ax
        Axes with their limits set.

    Returns
    -------
    Scale
        In points, y from above, as in the SVG.
    """
    wide, high = (float(inches) * 72 for inches in figure_of(ax).get_size_inches())
    place = ax.get_position()
    left, top = place.x0 * wide, (1 - place.y1) * high
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    right, bottom = place.x1 * wide, (1 - place.y0) * high
    across, up = (right - left) / (x1 - x0), (top - bottom) / (y1 - y0)
    box = Box(float(left), float(top), float(right - left), float(bottom - top))
    return Scale((float(left - across * x0), float(across)), (float(bottom - up * y0), float(up)), box, (wide, high))


def draw_marks(marks: Iterable[Mark], digits: int = DIGITS) -> list[ET.Element]:
    """Return the places of patients as elements that are seen when their patient is marked.

    Parameters
    ----------
    marks
        One per patient.
    digits
        Decimals of coordinates.

    Returns
    -------
    list of Element
        One group with one group per patient: ``data-patient``, a ``mark``, and boxes that say what they show.
    """
    whole = shape("g", class_="patients", fill="none", pointer_events="all")
    for mark in marks:
        group = shape("g", data_patient=mark.patient)
        group.append(_box(mark.box, digits, class_="mark"))
        if mark.tips:
            tips = shape("g", stroke="none")  # the look of a mark is not theirs
            for box, words in mark.tips:
                tip = _box(box, digits, class_="tip")
                tip.append(shape("title", words))
                tips.append(tip)
            group.append(tips)
        whole.append(group)
    return [whole] if len(whole) else []


def _box(box: Box, digits: int, **attributes: str) -> ET.Element:
    x, y, width, height = (number(value, digits) for value in box)
    return shape("rect", x=x, y=y, width=width, height=height, **attributes)
