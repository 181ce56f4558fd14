"""Scaled Schoenfeld residuals against time, which tell whether the hazard ratio of a feature stays the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgen.plots.style import DASHES, DAYS_PER, GREY, PALETTE, Width, framed, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_schoenfeld(
    residuals: pd.DataFrame,
    coef: float,
    ax: Axes | None = None,
    *,
    title: str = "",
    annotation: str = "",
    width: Width = "single",
) -> Axes:
    """Draw the residuals of one feature, their smooth and the log hazard ratio that the model assumes throughout.

    Times are drawn evenly over the events (by the transformed time) and labelled in months.

    Parameters
    ----------
    residuals
        ``time_days``, ``g`` (transformed time), ``residual``, ``smooth``, ``smooth_lo``, ``smooth_hi`` (missing =
        no smooth), one row per event.
    coef
        The log hazard ratio of the model.
    ax
        Axes to draw on; made if None.
    title
        Heading, left-aligned.
    annotation
        Text in the upper right corner, for example the test of proportional hazards.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    Axes
        The axes; ``ax.figure`` is the figure.

    Raises
    ------
    ValueError
        If there are no residuals.
    """
    if residuals.empty:
        raise ValueError("there are no residuals to draw: fewer than 10 events, or no finite estimate")
    rows = residuals.sort_values(["g", "time_days"], kind="stable")
    place = rows["g"].to_numpy(float)
    with styled():
        ax = framed(ax, width, title)
        ax.axhline(0, color=GREY, linewidth=0.5)
        ax.axhline(coef, color=PALETTE[1], linewidth=0.75, linestyle=DASHES[1], label="model")
        ax.plot(place, rows["residual"], "o", color=GREY, markersize=1.8, label="residual")
        if rows["smooth"].notna().any():
            lo, hi = rows["smooth_lo"].to_numpy(float), rows["smooth_hi"].to_numpy(float)
            ax.fill_between(place, lo, hi, color=PALETTE[0], alpha=0.2, linewidth=0, label="_band")
            ax.plot(place, rows["smooth"], color=PALETTE[0], label="smooth")
        ticks = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), 6)).round().astype(int))
        months = rows["time_days"].to_numpy(float)[ticks] / DAYS_PER["months"]
        ax.set_xticks(place[ticks], [f"{month:.0f}" for month in months])
        ax.set_xlabel("Months (spaced by the events)")
        ax.set_ylabel("Log hazard ratio over time")
        ax.annotate(annotation, (1, 1), (-2, -2), xycoords="axes fraction", textcoords="offset points", ha="right",
                    va="top")  # fmt: skip
    return ax
