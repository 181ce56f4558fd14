"""Figures of the penalised model: coefficient path, cross-validation, selection probabilities, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from netgen.plots.style import (
    DASHES,
    DOTTED,
    GREY,
    MM,
    NORMAL,
    PALETTE,
    POINT,
    SMALL,
    Width,
    framed,
    styled,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

LABELLED: Final = 8  # terms of a path that are named: those with the largest coefficients at the smallest penalty
BAR_MM: Final = 3.6  # height of a row of the selection figure
MARK: Final = "_mark"  # label of the lines at the two chosen penalties


def plot_path(
    path: pd.DataFrame, chosen: Mapping[str, float], ax: Axes | None = None, *, title: str = "", width: Width = "single"
) -> Axes:
    """Draw the coefficient of every term against the penalty, the smallest penalty on the right.

    Parameters
    ----------
    path
        Non-zero coefficients: ``lambda`` (> 0), ``term``, ``coef`` (log hazard ratio); a missing pair is 0.
    chosen
        Name -> penalty of the vertical lines, for example ``{"min": 0.05, "1-SE": 0.1}``.
    ax
        Axes to draw on; made if None.
    title
        Heading, left-aligned.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    Axes
        One line per term, its label the term; the largest ones are named at their right end.
    """
    wide = path.pivot_table(index="lambda", columns="term", values="coef", fill_value=0.0).sort_index(ascending=False)
    last = wide.iloc[-1].abs() if len(wide) else wide.sum()
    named = sorted(last.sort_values(ascending=False, kind="stable").index[:LABELLED])
    with styled():
        ax = framed(ax, width, title)
        ax.axhline(0, color=GREY, linewidth=0.5)
        for term in wide.columns:
            look = _look(named.index(term)) if term in named else {"color": GREY, "linewidth": 0.5}
            ax.plot(wide.index, wide[term], label=str(term), **look)
        _name_ends(ax, wide[named])
        _penalty_axis(ax, wide.index.to_numpy(float), chosen)
        ax.set_ylabel("Log hazard ratio")
    return ax


def plot_cv(
    cv: pd.DataFrame, chosen: Mapping[str, float], ax: Axes | None = None, *, title: str = "", width: Width = "single"
) -> Axes:
    """Draw the cross-validated deviance against the penalty, with the number of selected terms above.

    Parameters
    ----------
    cv
        One row per penalty: ``lambda``, ``mean`` (deviance per event), ``se`` (between-repeat), ``n_nonzero``.
    chosen
        Name -> penalty of the vertical lines.
    ax
        Axes to draw on; made if None.
    title
        Heading, left-aligned.
    width
        Width of the figure that is made.

    Returns
    -------
    Axes
        Mean as a line, one SE on both sides as a band.
    """
    rows = cv.sort_values("lambda", ascending=False)
    penalty, mean, se = (rows[name].to_numpy(float) for name in ("lambda", "mean", "se"))
    with styled():
        ax = framed(ax, width, title, above=2.6)
        ax.fill_between(penalty, mean - se, mean + se, color=PALETTE[0], alpha=0.2, linewidth=0, label="_band")
        ax.plot(penalty, mean, color=PALETTE[0], label="mean")
        _penalty_axis(ax, penalty, chosen)
        ax.set_ylabel("Cross-validated deviance per event")
        for place in np.unique(np.linspace(0, len(rows) - 1, min(len(rows), 9)).round().astype(int)):
            ax.annotate(
                str(int(rows["n_nonzero"].iloc[place])), (penalty[place], 1.0), (0, 2), ha="center", va="bottom",
                xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=SMALL, color=GREY,
            )  # fmt: skip
    return ax


def plot_stability(
    table: pd.DataFrame, threshold: float, ax: Axes | None = None, *, title: str = "", width: Width = "single"
) -> Axes:
    """Draw how often each term was selected in half-samples, the most stable on top.

    Parameters
    ----------
    table
        ``term``, ``probability`` (0 to 1), ``selected`` (probability at or above the threshold).
    threshold
        The probability from which a term counts as stably selected.
    ax
        Axes to draw on; made if None, high enough for all terms.
    title
        Heading, left-aligned.
    width
        Width of the figure that is made.

    Returns
    -------
    Axes
        One horizontal bar per term; selected ones are filled, the others outlined.
    """
    rows = table.sort_values(["probability", "term"], ascending=[True, False], kind="stable").reset_index(drop=True)
    names = [str(term) for term in rows["term"]]
    with styled():
        ax = framed(ax, width, title, body=max(25.0, BAR_MM * len(rows)), left=_name_mm(names))
        chosen = rows["selected"].to_numpy(bool)
        colours = np.where(chosen, PALETTE[0], "#FFFFFF")
        ax.barh(range(len(rows)), rows["probability"], height=0.7, color=colours, edgecolor=PALETTE[0], linewidth=0.5)
        ax.axvline(threshold, color=PALETTE[1], linewidth=0.75, linestyle=DASHES[1], label=MARK)
        ax.set_yticks(range(len(rows)), names)
        ax.tick_params(axis="y", length=0)
        ax.set_xlim(0, 1)
        ax.set_ylim(-0.6, max(len(rows), 1) - 0.4)
        ax.set_xlabel(f"Share of half-samples in which selected (line: {threshold:g})")
    return ax


def plot_calibration(table: pd.DataFrame, ax: Axes | None = None, *, title: str = "", width: Width = "single") -> Axes:
    """Draw observed against predicted risk at one horizon, group by group.

    Parameters
    ----------
    table
        One row per group: ``predicted``, ``observed``, ``lo``, ``hi`` (risks, 0 to 1), ``n``, ``horizon_days``.
    ax
        Axes to draw on; made if None.
    title
        Heading, left-aligned.
    width
        Width of the figure that is made.

    Returns
    -------
    Axes
        Points with intervals, and the line on which prediction and observation agree.
    """
    predicted, observed, lo, hi = (table[name].to_numpy(float) for name in ("predicted", "observed", "lo", "hi"))
    top = min(1.0, float(np.nanmax([*predicted, *observed, *hi, 0.1])) * 1.08)
    with styled():
        ax = framed(ax, width, title)
        ax.plot([0, top], [0, top], color=GREY, linewidth=0.5, linestyle=DOTTED, label="_ideal")
        ax.vlines(predicted, lo, hi, color=PALETTE[0], linewidth=0.75, label="_interval")
        ax.plot(predicted, observed, "o", color=PALETTE[0], markersize=2.5, label="observed")
        for x, y, n in zip(predicted, observed, table["n"], strict=True):
            ax.annotate(f"n = {int(n)}", (x, y), (3, -5), textcoords="offset points", fontsize=SMALL, color=GREY)
        months = float(table["horizon_days"].iloc[0]) / 30.4375
        ax.set_xlabel(f"Predicted risk at {months:.0f} months")
        ax.set_ylabel("Observed risk (Kaplan-Meier)")
        ax.set_xlim(0, top)
        ax.set_ylim(0, top)
    return ax


def _penalty_axis(ax: Axes, penalty: Any, chosen: Mapping[str, float]) -> None:  # noqa: ANN401  # (L,) floats
    """Logarithmic axis that falls to the right, with a line and its name at each chosen penalty."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    usable = np.asarray(penalty, dtype=float)
    usable = usable[np.isfinite(usable) & (usable > 0)]
    marks = {name: value for name, value in chosen.items() if np.isfinite(value) and value > 0}
    ax.set_xlabel("Penalty (lambda)")
    if not len(usable) and not marks:  # nothing was penalised
        ax.set_xticks([])
        return
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    if len(usable):
        margin = 1.0 if usable.max() > usable.min() else 2.0
        ax.set_xlim(float(usable.max() * margin), float(usable.min() / margin))
    places: dict[float, list[str]] = {}
    for name, value in marks.items():
        places.setdefault(value, []).append(name)
    for (value, names), style in zip(sorted(places.items()), DASHES[1:], strict=False):
        ax.axvline(value, color=PALETTE[1], linewidth=0.75, linestyle=style, label=MARK)
        ax.annotate(
            " = ".join(names), (value, 0.0), (2, 2), xycoords=("data", "axes fraction"), textcoords="offset points",
            fontsize=SMALL, color=PALETTE[1], rotation=90, ha="left", va="bottom",
        )  # fmt: skip


def _look(place: int) -> dict[str, Any]:
    """Colour, and dashes when the colours come round again."""
    return {"color": PALETTE[place % len(PALETTE)], "linestyle": DASHES[place % len(DASHES)], "linewidth": 1.0}


def _name_ends(ax: Axes, wide: pd.DataFrame) -> None:
    """Write the terms at the right end of their lines, pushed apart so that no two overlap."""
    if wide.empty:
        return
    ends = wide.iloc[-1].sort_values(kind="stable")
    colour = {str(term): _look(place)["color"] for place, term in enumerate(wide.columns)}
    low, high = ax.get_ylim()
    step = (high - low) * 0.055
    at = -np.inf
    for term, value in ends.items():
        at = max(float(value), at + step)
        ax.annotate(
            str(term), (1.0, at), (2, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            fontsize=SMALL, va="center", color=colour[str(term)],
        )  # fmt: skip


def _name_mm(names: list[str]) -> float:
    """Room that the longest name needs left of the axes, mm."""
    return max([text_width(name, NORMAL) for name in names], default=0.0) * POINT / MM + 4.0
