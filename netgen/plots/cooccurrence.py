"""Co-occurrence figure: a triangle of gene pairs, coloured by log odds, with the exact p-value as stars.

Every pair is counted in the patients profiled for both genes. A cell holds the number altered in both, so that an empty
intersection is read as such; a pair that was not tested is hatched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.plots.oncoprint_glyphs import ZORDER, Rectangles, add_hatch, add_rectangles
from netgen.plots.oncoprint_legend import wrap
from netgen.plots.oncoprint_table import NOT_PROFILED
from netgen.plots.oncoprint_tracks import shade
from netgen.plots.style import GREY, MM, NORMAL, POINT, SMALL, WIDTHS_MM, Width, new_figure, styled, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

COLUMNS: Final = (
    "gene_a", "gene_b", "n_profiled", "both", "a_only", "b_only", "log2_or", "direction", "p_primary", "q_bh",
    "status",
)  # fmt: skip
EXCLUSIVE, NONE, TOGETHER = "#2166AC", "#F7F7F7", "#B35806"  # told apart with any colour vision
CEILING: Final = 3.0  # |log2 odds ratio| of the darkest colours
BINS: Final = 12  # shades on each side
STARS: Final = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
MOST: Final = 30  # genes
WIDEST: Final = 22.0  # points of a cell
LEAST_TEXT: Final = 9.0  # points of a cell that has a number
GAP: Final = 0.04  # of a cell
FDR: Final = 0.1
RAMP: Final = 60.0  # points
UNTESTED: Final = "#FFFFFF"
DARK: Final = {"exclusive": 8, "cooccurring": 10, "equal": BINS, "not tested": BINS}  # shades that need white type
TALLEST_MM: Final = 170.0
MARGIN: Final = 4.0
NOTE_LINE: Final = 7.0


def plot_cooccurrence(
    pairs: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    order: Sequence[str] | None = None,
    width: Width = "single",
) -> Axes:
    """Draw which genes are altered together, and which instead of each other.

    Parameters
    ----------
    pairs
        One row per pair: ``gene_a``, ``gene_b``, ``n_profiled`` (patients profiled for both), ``both``, ``a_only``,
        ``b_only``, ``log2_or``, ``direction`` (cooccurring, exclusive or none: observed against expected),
        ``p_primary`` (exact, within strata), ``q_bh``, ``status``.
    ax
        Axes to draw on, in a figure of its final size; made if None.
    title
        Heading, left-aligned.
    order
        Genes from above to below; None = by the number of altered patients, at most 30.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    Axes
        Unit = one cell, y from above. Rectangles are labelled ``cooccurring``, ``exclusive``, ``equal`` and
        ``not tested``.

    Raises
    ------
    ValueError
        If a column is missing, or there are not two genes.

    Notes
    -----
    With 0.5 added to each count, two rare genes that never meet have an odds ratio above 1. A cell whose odds ratio and
    direction disagree has no colour.
    """
    missing = [name for name in COLUMNS if name not in pairs.columns]
    if missing:
        raise ValueError(f"pairs needs the columns {', '.join(COLUMNS)}, found no {', '.join(missing)}.")
    genes = list(order) if order is not None else order_pairs(pairs)
    if len(genes) < 2:
        raise ValueError("a co-occurrence figure needs at least two genes.")
    cells = _lay_out(pairs, genes)
    with styled():
        left = max(text_width(gene) for gene in genes[1:]) + 4 + MARGIN
        below = max(text_width(gene) for gene in genes[:-1]) + 5
        if ax is None:
            ax = _make_axes(len(genes) - 1, width, left, below, titled=bool(title))
        cell = _cell_points(ax, len(genes) - 1)
        if title:
            ax.set_title(title, loc="left", x=(MARGIN - left) / (cell * (len(genes) - 1)), pad=5)
        _draw(ax, cells, cell, len(genes) - 1)
        _name(ax, genes)
        known = pd.concat([pairs["gene_a"], pairs["gene_b"]]).nunique()
        more = f" {len(genes)} of {known} genes." if len(genes) < known else ""
        _legend(ax, cells, cell, len(genes) - 1, more)
    return ax


def order_pairs(pairs: pd.DataFrame) -> list[str]:
    """Return the genes of the pairs, the most often altered first.

    Parameters
    ----------
    pairs
        ``gene_a, gene_b, both, a_only, b_only``.

    Returns
    -------
    list of str
        At most ``MOST``; the number of altered patients of a gene is the largest over its pairs, ties by name.
    """
    sides = [
        pd.DataFrame({"gene": pairs[f"gene_{side}"], "n": pairs["both"] + pairs[f"{side}_only"]}) for side in ("a", "b")
    ]
    counts = pd.concat(sides).groupby("gene")["n"].max().reset_index()
    ranked = counts.sort_values(["n", "gene"], ascending=[False, True], kind="stable")
    return [str(gene) for gene in ranked["gene"].head(MOST)]


def _lay_out(pairs: pd.DataFrame, genes: Sequence[str]) -> pd.DataFrame:
    """Give the pairs of the genes with ``row`` and ``column`` in the lower triangle, from 0."""
    place = {gene: number for number, gene in enumerate(genes)}
    a, b = (pairs[name].map(place) for name in ("gene_a", "gene_b"))
    cells = pairs.assign(row=np.fmax(a, b) - 1, column=np.fmin(a, b)).loc[a.notna() & b.notna()]
    tested = cells["status"].eq("tested") & cells["log2_or"].notna()
    sign = pd.Series(np.sign(cells["log2_or"].fillna(0.0)), index=cells.index).map({1: "cooccurring", -1: "exclusive"})
    kind = sign.where(sign.eq(cells["direction"]), "equal").where(tested, "not tested")
    return cells.assign(kind=kind).sort_values(["row", "column"], kind="stable", ignore_index=True)


def _make_axes(n: int, width: Width, left: float, below: float, *, titled: bool) -> Axes:
    wide = WIDTHS_MM[width] * MM / POINT
    above = 16.0 if titled else 5.0
    below += (3 if width == "single" else 2) * NOTE_LINE + MARGIN
    cell = min(WIDEST, (wide - left - MARGIN) / n, (TALLEST_MM * MM / POINT - above - below) / n)
    high = above + max(cell * n, 52.0) + below
    fig = new_figure(width, high * POINT / MM)
    across = cell * n
    return fig.add_axes((left / wide, 1 - (above + across) / high, across / wide, across / high))


def _cell_points(ax: Axes, n: int) -> float:
    size = ax.figure.get_size_inches()  # type: ignore[union-attr]
    return float(size[0]) * float(ax.get_position().width) / POINT / n


def _draw(ax: Axes, cells: pd.DataFrame, cell: float, n: int) -> None:
    ax.set_xlim(0, n)
    ax.set_ylim(n, 0)
    strength = np.clip(cells["log2_or"].to_numpy(dtype=np.float64, na_value=np.nan) / CEILING, -1, 1)
    steps = np.ceil(np.abs(np.nan_to_num(strength)) * BINS).astype(int)
    steps[cells["kind"].isin(["equal", "not tested"]).to_numpy()] = 0
    for kind, step in sorted(set(zip(cells["kind"], steps.tolist(), strict=True))):
        box = _boxes(cells.loc[(cells["kind"] == kind) & (steps == step)])
        if kind == "not tested":
            add_rectangles(ax, box, UNTESTED, name="not tested", zorder=ZORDER[NOT_PROFILED])
            add_hatch(ax, box, (cell * n, cell * n), name="hatch")
        else:
            end = TOGETHER if kind == "cooccurring" else EXCLUSIVE
            add_rectangles(ax, box, shade((NONE, end), step / BINS), name=kind)
    if cell < LEAST_TEXT:
        return
    for row, step in zip(cells.to_dict("records"), steps, strict=True):
        ink = "#FFFFFF" if step > DARK[row["kind"]] else "#000000"
        star = stars(float(row["p_primary"])) if row["kind"] != "not tested" else ""
        x, y = row["column"] + 0.5, row["row"] + 0.5
        if row["kind"] != "not tested":
            ax.text(x, y + (0.16 if star else 0), f"{int(row['both'])}", ha="center", va="center", fontsize=SMALL,
                    color=ink)  # fmt: skip
        if star:
            ax.text(x, y - 0.14, star, ha="center", va="center", fontsize=NORMAL, color=ink, fontweight="bold")


def stars(p: float) -> str:
    """Return the stars of a p-value.

    Parameters
    ----------
    p
        Between 0 and 1, or NaN.

    Returns
    -------
    str
        ``*`` below 0.05, ``**`` below 0.01, ``***`` below 0.001, else empty.
    """
    return next((text for limit, text in STARS if p < limit), "")


def _boxes(rows: pd.DataFrame) -> Rectangles:
    column, row = (rows[name].to_numpy(dtype=np.float64) for name in ("column", "row"))
    return Rectangles(column + GAP, column + 1 - GAP, row + GAP, row + 1 - GAP)


def _name(ax: Axes, genes: Sequence[str]) -> None:
    n = len(genes) - 1
    ax.set_yticks(np.arange(n) + 0.5, genes[1:], fontstyle="italic")
    ax.set_xticks(np.arange(n) + 0.5, genes[:-1], rotation=90, fontstyle="italic")
    ax.tick_params(length=0, pad=2)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _legend(ax: Axes, cells: pd.DataFrame, cell: float, n: int, more: str) -> None:
    """Draw the ramp in the empty corner or right of it, and say below what numbers and stars are."""
    shades = [shade((NONE, EXCLUSIVE), k / BINS) for k in range(BINS, 0, -1)]
    shades += [shade((NONE, TOGETHER), k / BINS) for k in range(1, BINS + 1)]
    start, step = n - RAMP / cell if n * cell >= 2 * RAMP else n + 8 / cell, RAMP / cell / len(shades)
    top, high = 10 / cell, 6 / cell
    for number, color in enumerate(shades):
        edge = np.array([start + number * step])
        box = Rectangles(edge, edge + step, np.array([top]), np.array([top + high]))
        add_rectangles(ax, box, color, name="ramp").set_clip_on(False)
    ax.text(start + RAMP / cell / 2, top - 2 / cell, "log2 odds ratio", ha="center", va="bottom", fontsize=SMALL)
    marks = (f"\N{MINUS SIGN}{CEILING:g}\nexclusive", "0", f"{CEILING:g}\ntogether")
    for place, text in zip((0.0, 0.5, 1.0), marks, strict=True):
        ax.text(
            start + place * RAMP / cell, top + high + 1.5 / cell, text, va="top", fontsize=SMALL,
            ha=("left", "center", "right")[int(2 * place)],
        )  # fmt: skip
    tested = cells["kind"] != "not tested"
    lo, hi = (int(one) for one in cells["n_profiled"].agg(["min", "max"])) if len(cells) else (0, 0)
    n_low = int((cells.loc[tested, "q_bh"] < FDR).sum())
    counted = f"{hi}" if lo == hi else f"{lo} to {hi}"
    counts = f"{int(tested.sum())} pairs tested, {int((~tested).sum())} hatched: not tested"
    notes = [
        f"{counts}; each in the {counted} patients profiled for both. Number: altered in both.",
        f"Exact p, not adjusted: * < 0.05, ** < 0.01, *** < 0.001. q < {FDR:g}: {n_low}.{more}",
    ]
    figure = ax.figure
    size = figure.get_size_inches() / POINT  # type: ignore[union-attr]
    lines = wrap(notes, float(size[0]) - 2 * MARGIN)
    for number, text in enumerate(reversed(lines)):
        y = (MARGIN + NOTE_LINE * number) / size[1]
        figure.text(MARGIN / size[0], y, text, fontsize=SMALL, color=GREY)
