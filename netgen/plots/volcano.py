"""Volcano figure: hazard ratio of every tested feature against its p-value, for one endpoint.

The area of a mark is the number of altered patients; a mark is filled where the adjusted p-value is below the level,
so that it is told without colour. What cannot be shown is counted in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from netgen.plots.forest import REASONS
from netgen.plots.labels import write_names
from netgen.plots.style import DOTTED, GREY, MM, PALETTE, SMALL, Width, framed, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

COLUMNS: Final = ("feature", "n_altered", "hr", "p", "q", "status")
NAMED: Final = 12  # features with the smallest p that are named, as far as there is room
MOST_LOG2: Final = 5.0  # hazard ratios beyond 32 or 1/32 stand at the edge, as triangles
SMALLEST, LARGEST = 1.6, 5.5  # radius of a mark in points
BLUE, RED = PALETTE[0], PALETTE[1]
ABOVE_MM: Final = 6.0
REASON: Final = {key: text.partition(": ")[2] or text for key, text in REASONS.items()}


def plot_volcano(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    level: float = 0.05,
    width: Width = "single",
) -> Axes:
    """Draw log2 hazard ratio against -log10 p of the features of one endpoint.

    Parameters
    ----------
    table
        One row per feature: ``feature``, ``n_altered``, ``hr`` (altered against wild type), ``p``, ``q`` (adjusted),
        ``status``; only rows with status tested and finite numbers are drawn.
    ax
        Axes to draw on, in a figure of its final size; made if None.
    title
        Heading, left-aligned.
    level
        Of the dotted line for p, and for q of filled marks.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    Axes
        One collection per kind of mark, its label ``lower``, ``higher`` (risk) or ``beyond``; names beside the marks
        with the smallest p.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise ValueError(f"table needs the columns {', '.join(COLUMNS)}, found no {', '.join(missing)}.")
    shown = _drawable(table)
    rows = table.loc[shown].sort_values(["p", "feature"], kind="stable")
    hr, p, q = (rows[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("hr", "p", "q"))
    x, y = np.log2(hr), -np.log10(p)
    altered = rows["n_altered"].to_numpy(dtype=np.float64)
    radius = _radii(altered, altered.max(initial=1.0))
    with styled():
        ax = framed(ax, width, title, body=58.0, above=ABOVE_MM)
        reach = _limits(ax, x, y, level)
        ax.axvline(0, color=GREY, lw=0.5, zorder=0)
        ax.axhline(-np.log10(level), color=GREY, lw=0.6, ls=DOTTED, zorder=0)
        _draw_marks(ax, np.clip(x, -reach, reach), y, np.abs(x) > reach, q < level, radius)
        named = slice(0, NAMED)
        at = np.clip(x, -reach, reach)
        write_names(
            ax, rows["feature"].astype(str).tolist()[named], at[named], y[named], radius[named],
            others=(at, y, radius), italic=True,
        )  # fmt: skip
        _legend(ax, altered, level)
        ax.set_xlabel("Hazard ratio, altered against wild type (log2 scale)", labelpad=1.5)
        ax.set_ylabel("-log10 p".replace("-", "\N{MINUS SIGN}"))
        _tell_rest(ax, table.loc[~shown], drawn=len(rows))
    return ax


def _drawable(table: pd.DataFrame) -> NDArray[np.bool_]:
    hr, p = (table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("hr", "p"))
    tested = table["status"].eq("tested").to_numpy(dtype=bool)
    with np.errstate(invalid="ignore"):
        return np.asarray(tested & np.isfinite(hr) & (hr > 0) & (p > 0))


def _radii(altered: NDArray[np.float64], most: float) -> NDArray[np.float64]:
    """Radius by number of altered patients: the area is proportional, down to a mark that can still be seen."""
    return np.asarray(np.maximum(LARGEST * np.sqrt(altered / most), SMALLEST))


def _limits(ax: Axes, x: NDArray[np.float64], y: NDArray[np.float64], level: float) -> float:
    """Set limits and ticks; return the largest log2 HR within them."""
    widest = float(np.abs(x).max(initial=0.0))
    reach = min(max(np.ceil(widest), 1.0), MOST_LOG2)
    ax.set_xlim(-reach * 1.18, reach * 1.18)
    ax.set_ylim(-0.04 * (top := 1.18 * max(float(y.max(initial=0.0)), -np.log10(level) * 1.1)), top)
    step = 1 if reach <= 3 else 2
    whole = [int(one) for one in np.arange(0, reach + 1e-9, step)]
    places = sorted({*whole, *(-one for one in whole)})
    ax.set_xticks(places, [f"{2**one}" if one >= 0 else f"1/{2**-one}" for one in places])
    return float(reach)


def _draw_marks(
    ax: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    beyond: NDArray[np.bool_],
    filled: NDArray[np.bool_],
    radius: NDArray[np.float64],
) -> None:
    kinds: list[tuple[str, NDArray[np.bool_], str, str]] = [
        ("lower", ~beyond & (x <= 0), "o", BLUE),
        ("higher", ~beyond & (x > 0), "o", RED),
        ("beyond", beyond & (x <= 0), "<", BLUE),
        ("beyond", beyond & (x > 0), ">", RED),
    ]
    for name, where, marker, color in kinds:
        if where.any():
            faces = [color if one else "#FFFFFF" for one in filled[where]]
            ax.scatter(
                x[where], y[where], s=(2 * radius[where]) ** 2, marker=marker, facecolors=faces, edgecolors=color,
                linewidths=0.7, label=name, zorder=3, clip_on=False,
            )  # fmt: skip


def _legend(ax: Axes, altered: NDArray[np.float64], level: float) -> None:
    from matplotlib.lines import Line2D

    if not len(altered):
        return
    most, least = int(altered.max()), int(altered.min())
    sizes = list(dict.fromkeys([least, most]))
    look: dict[str, Any] = {"ls": "none", "marker": "o", "mew": 0.7}
    handles = [
        Line2D([], [], ms=2 * float(_radii(np.array([float(n)]), most)[0]), mec=GREY, mfc="#FFFFFF", **look)
        for n in sizes
    ]
    names = [f"{n} altered" for n in sizes]
    handles.append(Line2D([], [], ms=5, mec=GREY, mfc=GREY, **look))
    names.append(f"q < {level:g}")
    ax.legend(
        handles, names, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(names), borderaxespad=0.3, borderpad=0,
        handletextpad=0.8, columnspacing=1.4, handlelength=1.6,
    )  # fmt: skip


def _tell_rest(ax: Axes, rest: pd.DataFrame, *, drawn: int) -> None:
    """Count what is not drawn, by reason, below the axis."""
    status = rest["status"].astype("string").fillna("not_estimable").replace("tested", "not_estimable")
    counts = status.value_counts()
    words = [f"{n:,} {REASON.get(str(name), str(name).replace('_', ' '))}" for name, n in counts.sort_index().items()]
    text = f"{drawn} tested" + (f"; not shown: {', '.join(words)}" if words else "")
    size = ax.figure.get_size_inches() * ax.get_position().height  # type: ignore[union-attr]
    ax.text(0, -9.3 * MM / float(size[1]), text, transform=ax.transAxes, va="center", fontsize=SMALL, color=GREY)
