"""Type I error and coverage as figures: one panel per cohort size, one row per design, one mark per method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.calibration.reading import pool_coverage
from benchmarks.calibration.scenarios import SCENARIOS
from netgen.plots.style import GREY, PALETTE, new_figure, save_figure, styled

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

# Column of the rates -> label, colour, marker; the last is drawn on top.
TESTS: Final = {
    "logrank": ("log-rank chi-square", PALETTE[4], "s"),
    "wald": ("Wald", PALETTE[5], "v"),
    "lr": ("likelihood ratio", PALETTE[2], "^"),
    "firth": ("penalised likelihood ratio (Firth)", PALETTE[3], "D"),
    "default": ("netgen's default", PALETTE[0], "o"),
}
LIMITS: Final = {
    "cox": ("Wald, finite estimates", PALETTE[5], "v"),
    "firth": ("profile penalised likelihood (Firth)", PALETTE[3], "D"),
    "default": ("netgen's default", PALETTE[0], "o"),
}
TITLES: Final = {scenario.name: scenario.title for scenario in SCENARIOS}


def draw_type1(rates: pd.DataFrame, stem: Path) -> None:
    """Draw the share of p <= 0.05 under the null."""
    null = rates[rates["hr"] == 1]
    _draw(null, stem, TESTS, "rate_{}_0.05", 0.05, "share of p ≤ 0.05 under no effect", low=0.0, high=0.16)


def draw_coverage(rates: pd.DataFrame, stem: Path) -> None:
    """Draw the coverage of 95 % intervals, over the cohorts of all true hazard ratios of a design."""
    label = "coverage of 95 % intervals, over all true hazard ratios"
    _draw(pool_coverage(rates), stem, LIMITS, "cover_{}", 0.95, label, low=0.86, high=1.0)


def _draw(
    rates: pd.DataFrame, stem: Path, marks: dict[str, tuple[str, str, str]], column: str, nominal: float, label: str,
    *, low: float, high: float,
) -> None:  # fmt: skip
    """One panel per cohort size."""
    with styled():
        figure = new_figure("double", 118)
        sizes = sorted(rates["n"].unique())
        axes = figure.subplots(
            1,
            len(sizes),
            sharey=False,
            gridspec_kw={"left": 0.24, "right": 0.975, "bottom": 0.1, "top": 0.87, "wspace": 0.16},
        )
        for ax, n in zip(axes, sizes, strict=True):
            _panel(ax, rates[rates["n"] == n], marks, column, nominal, low=low, high=high, first=n == sizes[0])
            ax.set_title(f"n = {n:,}")
        figure.supxlabel(label, fontsize=6, x=0.59, y=0.02)
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(
            handles,
            names,
            loc="upper center",
            ncols=len(marks),
            bbox_to_anchor=(0.55, 0.99),
            handletextpad=0.2,
            columnspacing=1.5,
        )
    save_figure(figure, stem, ["png"])


def _panel(
    ax: Axes, rates: pd.DataFrame, marks: dict[str, tuple[str, str, str]], column: str, nominal: float, *,
    low: float, high: float, first: bool,
) -> None:  # fmt: skip
    """Rows from top to bottom: scenarios, within them the number of altered patients. Open marks are off the scale."""
    from matplotlib.ticker import MultipleLocator

    place, ticks = 0.0, []
    error = 1.96 * np.sqrt(nominal * (1 - nominal) / rates["sets"].min())
    ax.axvspan(nominal - error, nominal + error, color="#E8E8E8", lw=0)
    ax.axvline(nominal, color=GREY, lw=0.6)
    for scenario in TITLES:
        rows = rates[rates["scenario"] == scenario].sort_values("altered")
        if place:
            ax.axhline(place - 0.6, color="#D0D0D0", lw=0.3)
        if first:
            ax.text(
                -0.2,
                place + (len(rows) - 1) / 2,
                TITLES[scenario],
                transform=ax.get_yaxis_transform(),
                ha="right",
                va="center",
            )
        for _, row in rows.iterrows():
            ticks.append((place, f"{row['altered']:g}"))
            shifts = np.linspace(-0.28, 0.28, len(marks))  # so that no mark hides another
            for shift, (name, (label, color, marker)) in zip(shifts, marks.items(), strict=True):
                value = row[column.format(name)]
                inside = min(max(value, low), high)
                ax.plot(
                    inside,
                    place + shift,
                    marker=marker,
                    ms=2.4,
                    mfc=color if inside == value else "white",
                    mec=color,
                    mew=0.6,
                    ls="",
                    label=label if len(ticks) == 1 else None,
                    clip_on=False,
                    zorder=3,
                )
            place += 1
        place += 0.7
    ax.set_xlim(low, high)
    ax.xaxis.set_major_locator(MultipleLocator(0.05))
    ax.set_ylim(place - 1.0, -0.7)
    ax.set_yticks([y for y, _ in ticks], [text for _, text in ticks])
    if first:
        ax.text(-0.02, 1.005, "altered", transform=ax.transAxes, ha="right", va="bottom")
