"""Stacked bars of the best level of evidence: what share of the profiled patients of each group has which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.plots.style import GREY, SMALL, Width, framed, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

COLUMNS: Final = ("group", "level", "n")
NONE: Final = "none"
NOT_PROFILED: Final = "not_profiled"
# Level -> (colour, words of the legend), best first: from dark blue to pale yellow (ColorBrewer YlGnBu), which keep
# their order of lightness with any colour vision and in grey. "None" is grey, not the next shade of the scale.
LEVEL_STYLE: Final[dict[str, tuple[str, str]]] = {
    "N1": ("#253494", "N1 approval"),
    "N2": ("#2C7FB8", "N2 guideline"),
    "N3A": ("#41B6C4", "N3A clinical evidence"),
    "N3B": ("#7FCDBB", "N3B other tumour type"),
    "N3C": ("#C7E9B4", "N3C case series"),
    "N4": ("#FFFFCC", "N4 biological"),
    NONE: ("#E4E4E4", "no level"),
    NOT_PROFILED: ("#FFFFFF", "not profiled"),
}
DARK: Final = ("N1", "N2")  # segments with white letters
HATCH: Final = "//////"
LEAST_LABELLED: Final = 5.0  # per cent; lower segments have no room for their number
BAR: Final = 0.66
STRIP: Final = (106.0, 113.0)  # where patients who are not profiled are shown, above the scale
LEGEND_ROW_MM: Final = 2.9


def plot_actionability(
    counts: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    order: Sequence[str] | None = None,
    annotation: str = "",
    width: Width = "single",
) -> Axes:
    """Draw the best level of evidence per patient as stacked bars, in per cent of the profiled patients of each group.

    Patients who are not profiled have no part in the per cent: they are a hatched strip above, as long as their share
    of all patients of the group, with their number.

    Parameters
    ----------
    counts
        One row per group and level: ``group``, ``level`` (N1 to N4, none, not_profiled), ``n``; rows of 0 patients may
        be left out. ``association.actionable_patients.count_levels`` makes it.
    ax
        Axes to draw on; made if None.
    title
        Heading, left-aligned.
    order
        Groups from left to right; as they appear if None.
    annotation
        Text below the groups, for example the test.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    Axes
        The axes; ``ax.figure`` is the figure.

    Raises
    ------
    ValueError
        If a column is missing, a level is unknown, or there is nobody.
    """
    _check(counts)
    names = list(order) if order is not None else [str(name) for name in counts["group"].unique()]
    table = counts.groupby(["group", "level"], observed=True)["n"].sum().unstack(fill_value=0)
    numbers = table.reindex(index=names, columns=list(LEVEL_STYLE), fill_value=0).to_numpy(dtype=np.float64)
    profiled, absent = numbers[:, :-1].sum(axis=1), numbers[:, -1]
    shown = [level for level, n in zip(LEVEL_STYLE, numbers.sum(axis=0), strict=True) if n > 0]
    columns = 3 if width == "single" else 4
    rows = -(-len(shown) // columns)
    with styled():
        ax = framed(ax, width, title, above=LEGEND_ROW_MM * rows + 2.0, body=54.0)
        _stack(ax, numbers[:, :-1], profiled)
        if absent.any():
            _set_apart(ax, absent, profiled)
        labels = [f"{name}\n{count:.0f} profiled" for name, count in zip(names, profiled, strict=True)]
        ax.set_xticks(np.arange(len(names)), labels)
        ax.tick_params(axis="x", length=0)
        ax.set_xlim(-0.6, len(names) - 0.4)
        ax.set_ylim(0, STRIP[1] + 1 if absent.any() else 100)
        ax.set_yticks([0, 20, 40, 60, 80, 100])
        ax.spines["left"].set_bounds(0, 100)
        ax.set_ylabel("Profiled patients, %", y=50 / ax.get_ylim()[1])
        ax.set_xlabel(annotation, labelpad=1.5)
        _explain(ax, shown, columns)
    return ax


def _stack(ax: Axes, numbers: NDArray[np.float64], profiled: NDArray[np.float64]) -> None:
    """Draw the levels of the profiled patients, best at the bottom."""
    place, base = np.arange(len(profiled)), np.zeros(len(profiled))
    for level, n in zip(LEVEL_STYLE, numbers.T, strict=False):
        share = np.where(profiled > 0, 100 * n / np.maximum(profiled, 1), 0.0)
        if not n.any():
            continue
        color = LEVEL_STYLE[level][0]
        ax.bar(
            place,
            share,
            bottom=base,
            width=BAR,
            color=color,
            edgecolor=GREY,
            lw=np.where(n > 0, 0.25, 0.0),
            label=level,
        )
        for i in np.flatnonzero(share >= LEAST_LABELLED).tolist():
            text = f"{n[i]:.0f}" if level == NONE else f"{level}: {n[i]:.0f}"
            ink = "white" if level in DARK else "black"
            ax.text(i, base[i] + share[i] / 2, text, ha="center", va="center", fontsize=SMALL, color=ink)
        base = base + share


def _set_apart(ax: Axes, absent: NDArray[np.float64], profiled: NDArray[np.float64]) -> None:
    """Draw who is not profiled above the scale: a strip as long as their share of the group."""
    low, high = STRIP
    for i in np.flatnonzero(absent).tolist():
        length = BAR * absent[i] / (absent[i] + profiled[i])
        ax.bar(
            i - BAR / 2, high - low, bottom=low, width=length, align="edge", color="white", edgecolor=GREY, lw=0.25,
            hatch=HATCH, label=NOT_PROFILED,
        )  # fmt: skip
        ax.text(
            i - BAR / 2 + length + 0.02, (low + high) / 2, f"{absent[i]:.0f} not profiled", ha="left", va="center",
            fontsize=SMALL,
        )  # fmt: skip


def _explain(ax: Axes, shown: Sequence[str], columns: int) -> None:
    """Add a legend of the levels that occur, in their order."""
    from matplotlib.patches import Patch

    keys = [
        Patch(
            facecolor=LEVEL_STYLE[level][0], edgecolor=GREY, lw=0.25, label=LEVEL_STYLE[level][1],
            hatch=HATCH if level == NOT_PROFILED else None,
        )
        for level in shown
    ]  # fmt: skip
    ax.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.6, borderpad=0,
        handlelength=1.0, handleheight=1.0, handletextpad=0.5, columnspacing=0.8, labelspacing=0.3,
    )  # fmt: skip


def _check(counts: pd.DataFrame) -> None:
    missing = [name for name in COLUMNS if name not in counts.columns]
    if missing:
        raise ValueError(f"counts needs the columns {', '.join(COLUMNS)}, found no {', '.join(missing)}.")
    unknown = sorted(set(counts["level"].astype(str)) - set(LEVEL_STYLE))
    if unknown:
        raise ValueError(f"levels are {', '.join(LEVEL_STYLE)}, found {', '.join(unknown)}.")
    if not counts["n"].sum() > 0:
        raise ValueError("counts needs at least one patient, found none.")
