"""Waterfall figure: the best change of the tumour size of every patient, from growth to shrinkage.

Bars are coloured by the best overall response, which the size does not decide alone: a new lesion (marked by a star) is
a progression whatever the sum of diameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.plots.style import GREY, SMALL, Width, framed, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLUMNS: Final = ("patient_id", "best_change_pct", "bor", "new_lesion")
# Best response -> colour and words, from best to worst; told apart with any colour vision.
BOR_STYLE: Final[dict[str, tuple[str, str]]] = {
    "CR": ("#0072B2", "complete response"),
    "PR": ("#56B4E9", "partial response"),
    "SD": ("#E69F00", "stable disease"),
    "NON_CR_NON_PD": ("#F0E442", "non-CR/non-PD"),
    "PD": ("#D55E00", "progression"),
    "NE": ("#BDBDBD", "not evaluable"),
}
GROWTH: Final = 20.0  # per cent, RECIST 1.1
SHRINKAGE: Final = -30.0
CEILING: Final = 100.0  # per cent; higher bars are cut there and labelled
MOST_NAMES: Final = 60  # bars whose patient is named below
LEGEND_MM: Final = 7.0


def plot_waterfall(
    sizes: pd.DataFrame, ax: Axes | None = None, *, title: str = "", note: str = "", width: Width = "double"
) -> Axes:
    """Draw the best percentage change of the sum of diameters as bars.

    Patients without a change are not drawn; say in ``note`` how many.

    Parameters
    ----------
    sizes
        One row per patient: ``patient_id``, ``best_change_pct``, ``bor``, ``new_lesion``. Bars are ordered by the
        change, equal ones by patient.
    ax
        Axes to draw on; made if None.
    title
        Heading, left-aligned.
    note
        Small text below the axis.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    Axes
        The axes; ``ax.figure`` is the figure.

    Raises
    ------
    ValueError
        If a column is missing, or no row has a change.
    """
    missing = [name for name in COLUMNS if name not in sizes.columns]
    if missing:
        raise ValueError(f"sizes needs the columns {', '.join(COLUMNS)}, found no {', '.join(missing)}.")
    rows = sizes.loc[sizes["best_change_pct"].notna()]
    if not len(rows):
        raise ValueError("sizes needs at least one row with a change, found none.")
    rows = rows.sort_values(["best_change_pct", "patient_id"], ascending=[False, True], kind="stable")
    change = rows["best_change_pct"].to_numpy(dtype=np.float64)
    bor = rows["bor"].fillna("NE").astype(str).tolist()
    with styled():
        ax = framed(ax, width, title, above=LEGEND_MM, body=58.0)
        place = np.arange(len(rows))
        ax.bar(place, np.minimum(change, CEILING), color=[BOR_STYLE[word][0] for word in bor], width=0.8, zorder=2)
        for level in (GROWTH, SHRINKAGE):
            ax.axhline(level, color=GREY, lw=0.5, ls=(0, (4, 3)), zorder=1)
        ax.axhline(0, color="black", lw=0.5, zorder=3)
        _mark(ax, change, rows["new_lesion"].fillna(value=False).to_numpy(dtype=bool))
        _axes(ax, change, rows["patient_id"].astype(str).tolist(), note)
        _legend(ax, bor, starred=bool(rows["new_lesion"].fillna(value=False).any()))
    return ax


def _mark(ax: Axes, change: np.ndarray, lesion: np.ndarray) -> None:
    """Put a star on bars of patients with a new lesion, and the number on bars that are cut."""
    for i, value in enumerate(change.tolist()):
        top = min(value, CEILING)
        text = f"{value:+.0f}" if value > CEILING else ""
        text += "*" if lesion[i] else ""
        if text:
            above = top >= 0
            ax.annotate(
                text, (i, top), (0, 1 if above else -1), textcoords="offset points", ha="center",
                va="bottom" if above else "top", fontsize=SMALL,
            )  # fmt: skip


def _axes(ax: Axes, change: np.ndarray, names: list[str], note: str) -> None:
    ax.set_xlim(-0.8, len(names) - 0.2)
    low, high = min(float(change.min()), SHRINKAGE) - 12, min(max(float(change.max()), GROWTH), CEILING) + 12
    ax.set_ylim(low, high)
    ax.set_ylabel("Best change of the sum of diameters, %")
    ax.spines["bottom"].set_visible(False)
    if len(names) <= MOST_NAMES:
        ax.set_xticks(np.arange(len(names)), names, rotation=90, fontsize=SMALL)
        ax.tick_params(axis="x", length=0, pad=1)
    else:
        ax.set_xticks([])
    if note:
        ax.text(1.0, 0.99, note, transform=ax.transAxes, ha="right", va="top", fontsize=SMALL, color=GREY)


def _legend(ax: Axes, bor: list[str], *, starred: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    used = [word for word in BOR_STYLE if word in bor]
    handles: list[Patch | Line2D] = [Patch(color=BOR_STYLE[word][0]) for word in used]
    names = [BOR_STYLE[word][1] for word in used]
    if starred:
        handles.append(Line2D([], [], ls="none", marker=(6, 2, 0), color="black", ms=4))
        names.append("new lesion")
    ax.legend(
        handles, names, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(names), borderaxespad=0.3, borderpad=0,
        handlelength=1.0, handleheight=1.0, handletextpad=0.5, columnspacing=1.4,
    )  # fmt: skip
