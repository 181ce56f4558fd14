"""Stacked bars of the best overall response: what share of each group had which, nobody left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.plots.style import SMALL, Width, framed, styled
from netgen.plots.waterfall import BOR_STYLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

COLUMNS: Final = ("group", "bor", "n")
LEAST_LABELLED: Final = 5.0  # per cent; lower segments have no room for their number
LEGEND_MM: Final = 8.0
DARK: Final = ("CR", "PD")  # segments with white numbers


def plot_response_bars(
    counts: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    order: Sequence[str] | None = None,
    annotation: str = "",
    width: Width = "single",
) -> Axes:
    """Draw the best overall responses of groups as stacked bars with the numbers of patients.

    Parameters
    ----------
    counts
        One row per group and best response that occurs: ``group``, ``bor``, ``n``.
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
        If a column is missing, a response is unknown, or there is nobody.
    """
    _check(counts)
    names = list(order) if order is not None else [str(name) for name in counts["group"].unique()]
    table = counts.groupby(["group", "bor"], observed=True)["n"].sum().unstack(fill_value=0)
    table = table.reindex(index=names, columns=list(BOR_STYLE), fill_value=0)
    total = table.sum(axis=1).to_numpy(dtype=np.float64)
    with styled():
        ax = framed(ax, width, title, above=LEGEND_MM, body=52.0)
        place, base = np.arange(len(names)), np.zeros(len(names))
        for word in BOR_STYLE:
            n = table[word].to_numpy(dtype=np.float64)
            share = np.where(total > 0, 100 * n / np.maximum(total, 1), 0.0)
            if n.any():
                label = BOR_STYLE[word][1]
                ax.bar(place, share, bottom=base, width=0.66, color=BOR_STYLE[word][0], label=label, lw=0)
            for i in np.flatnonzero(share >= LEAST_LABELLED).tolist():
                color = "white" if word in DARK else "black"
                ax.text(i, base[i] + share[i] / 2, f"{n[i]:.0f}", ha="center", va="center", fontsize=SMALL, color=color)
            base = base + share
        labels = [f"{name}\nn = {count:.0f}" for name, count in zip(names, total, strict=True)]
        ax.set_xticks(place, labels)
        ax.tick_params(axis="x", length=0)
        ax.set_xlim(-0.6, len(names) - 0.4)
        ax.set_ylim(0, 100)
        ax.set_ylabel("Patients, %")
        ax.set_xlabel(annotation)
        columns = 3 if width == "single" else len(BOR_STYLE)
        ax.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.3, borderpad=0, handlelength=1.0,
            handleheight=1.0, handletextpad=0.5, columnspacing=1.2, labelspacing=0.3,
        )  # fmt: skip
    return ax


def _check(counts: pd.DataFrame) -> None:
    missing = [name for name in COLUMNS if name not in counts.columns]
    if missing:
        raise ValueError(f"counts needs the columns {', '.join(COLUMNS)}, found no {', '.join(missing)}.")
    unknown = sorted(set(counts["bor"].astype(str)) - set(BOR_STYLE))
    if unknown:
        raise ValueError(f"best responses are {', '.join(BOR_STYLE)}, found {', '.join(unknown)}.")
    if not counts["n"].sum() > 0:
        raise ValueError("counts needs at least one patient, found none.")
