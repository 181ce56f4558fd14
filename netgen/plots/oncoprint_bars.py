"""Bars of an oncoprint: altered genes per patient and mutational burden above, altered patients per gene on the right.

A gene of a patient counts once, under the first of its classes in the legend, so that the bar of a gene is as long as
its number of altered patients.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.tmb import HIGH
from netgen.plots.oncoprint_glyphs import Rectangles, add_rectangles, first_class
from netgen.plots.oncoprint_order import SOMATIC
from netgen.plots.oncoprint_tracks import MISSING
from netgen.plots.oncoprint_values import BURDEN
from netgen.plots.style import GREY, SMALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from netgen.plots.oncoprint_glyphs import Columns

BURDEN_COLOR: Final = "#5A5A5A"
BASE: Final = 0.02  # of the height: a burden of 0 is a line at the foot, not nothing
FLOOR: Final = -2  # exponent of the lowest foot
SIDE_PAD: Final = 0.08  # of a row, above and below its bar


def first_classes(cells: pd.DataFrame, n_rows: int) -> NDArray[np.intp]:
    """Return the class that each cell counts under.

    Parameters
    ----------
    cells
        Gene by gene, each with every position: ``status``, ``classes``.
    n_rows
        Number of genes.

    Returns
    -------
    ndarray of intp
        (n_rows, n_patients): place in ``SOMATIC``, -1 if the cell is not altered.
    """
    code, kinds = pd.factorize(cells["status"] + "|" + cells["classes"])
    places = []
    for kind in kinds:
        status, _, classes = str(kind).partition("|")
        name = first_class(classes, status)
        places.append(SOMATIC.index(name) if name else -1)
    return np.array(places, dtype=np.intp)[code].reshape(n_rows, -1)


def draw_counts(ax: Axes, first: NDArray[np.intp], columns: Columns, span: float, colors: Mapping[str, str]) -> None:
    """Draw the number of altered genes of each patient, stacked by class.

    Parameters
    ----------
    ax
        Axes over the cells.
    first
        From ``first_classes``.
    columns, span
        Where the patients stand, and the width, in data units.
    colors
        Of the classes.
    """
    most = max(int((first >= 0).sum(axis=0).max()), 1)
    ax.set_xlim(0, span)
    ax.set_ylim(0, most)
    left, right = columns.left, columns.left + columns.width
    for name, base, end in _stack(first, axis=0):
        add_rectangles(ax, _keep(Rectangles(left, right, end, base)), colors[name], name=name)
    show_axis(ax, "left", [0, most])
    ax.set_ylabel("Altered\ngenes", rotation=0, ha="right", va="center", labelpad=3)


def draw_side(
    ax: Axes, first: NDArray[np.intp], tops: NDArray[np.float64], colors: Mapping[str, str], pad: float
) -> None:
    """Draw the number of altered patients of each gene, stacked by class.

    Parameters
    ----------
    ax
        Axes on the right of the cells, with their limits in y.
    first
        From ``first_classes``.
    tops
        Upper edges of the rows.
    colors
        Of the classes.
    pad
        Free part of a row above and below its cells.
    """
    longest = max(int((first >= 0).sum(axis=1).max()), 1)
    ax.set_xlim(0, longest)
    free = pad + SIDE_PAD
    for name, base, end in _stack(first, axis=1):
        add_rectangles(ax, _keep(Rectangles(base, end, tops + free, tops + 1 - free)), colors[name], name=name)
    show_axis(ax, "top", [0, longest])
    ax.set_xlabel("Patients", labelpad=2)
    ax.xaxis.set_label_position("top")


def draw_burden(ax: Axes, patients: pd.DataFrame, columns: Columns, span: float) -> None:
    """Draw the mutational burden of each patient on a log scale.

    A burden of 0 is a line at the foot, one that is not known a dash.

    Parameters
    ----------
    ax
        Axes over the cells.
    patients
        In the order of the columns, with ``BURDEN``.
    columns, span
        Where the patients stand, and the width, in data units.
    """
    values = patients[BURDEN].to_numpy(dtype=np.float64, na_value=np.nan)
    low, high = burden_limits(values)
    positive = values > 0
    height = np.full(len(values), BASE)
    height[positive] = np.maximum((np.log10(values[positive]) - low) / (high - low), BASE)
    left, right = columns.left, columns.left + columns.width
    known = np.isfinite(values)
    foot = np.zeros(int(known.sum()))
    add_rectangles(ax, Rectangles(left[known], right[known], height[known], foot), BURDEN_COLOR, name="tmb")
    if not known.all():
        middle = np.full(int((~known).sum()), 0.5)
        dash = Rectangles(left[~known], right[~known], middle + BASE, middle - BASE)
        add_rectangles(ax, dash, MISSING, name="tmb missing")
    ax.set_xlim(0, span)
    ax.set_ylim(0, 1)
    powers = np.arange(low, high + 1)
    shown = [low, high] if len(powers) > 3 else powers.tolist()
    show_axis(ax, "left", [(one - low) / (high - low) for one in shown], [f"{10.0**one:,g}" for one in shown])
    limit = (math.log10(HIGH) - low) / (high - low)
    ax.axhline(limit, color=GREY, lw=0.4, ls=(0, (2, 2)), zorder=0)
    ax.set_ylabel("TMB\n(/Mb)", rotation=0, ha="right", va="center", labelpad=3)


def burden_limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the log scale as powers of ten: the smallest positive value stands above the lower end.

    Parameters
    ----------
    values
        Mutations per Mb; 0 and NaN are left out.

    Returns
    -------
    tuple of float
        Exponents of 10. The scale always has ``HIGH``, at which a line is drawn, and does not go below 0.01.
    """
    positive = values[values > 0]
    low, high = (float(positive.min()), float(positive.max())) if len(positive) else (HIGH, HIGH)
    least = max(math.ceil(math.log10(min(low, HIGH)) - 1e-9) - 1, FLOOR)
    return float(least), float(math.ceil(math.log10(max(high, HIGH)) - 1e-9))


def show_axis(axes: Axes, side: str, places: list[float], texts: list[str] | None = None) -> None:
    """Show one axis with a few marks.

    Parameters
    ----------
    axes
        Whose.
    side
        ``left`` or ``top``.
    places
        Of the marks, in data units.
    texts
        Their labels; None = the numbers.
    """
    labels = [f"{place:,}" for place in places] if texts is None else texts
    axes.spines[side].set_visible(True)
    if side == "top":
        axes.xaxis.tick_top()
        axes.set_xticks(places, labels)
    else:
        axes.set_yticks(places, labels)
    axes.tick_params(labelsize=SMALL, length=2, pad=1.5)


def _stack(first: NDArray[np.intp], axis: int) -> list[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
    """Return name, lower and upper ends of stacked bars, in the order of the legend."""
    out = []
    base = np.zeros(first.shape[1 - axis])
    for place, name in enumerate(SOMATIC):
        count = (first == place).sum(axis=axis)
        if count.any():
            out.append((name, base, base + count))
            base = base + count
    return out


def _keep(rectangles: Rectangles) -> Rectangles:
    """Leave out rectangles without area."""
    left, right, top, bottom = rectangles
    some = (left != right) & (top != bottom)
    return Rectangles(left[some], right[some], top[some], bottom[some])
