"""Lollipop figure: protein changes along a protein, as high as the number of patients who have them.

Drawn only where the length of the protein is known; a change that lies beyond it, or says no position, is counted and
not drawn.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.plots.labels import write_names
from netgen.plots.oncoprint_glyphs import CLASS_TEXT, MUTATIONS, PALETTES
from netgen.plots.oncoprint_table import mutation_class
from netgen.plots.style import GREY, MM, NORMAL, PALETTE, SMALL, Width, framed, styled, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = ("position", "label", "class", "n")
MARKERS: Final[dict[str, str]] = {
    "truncating": "s", "splice": "D", "inframe": "^", "promoter": "v", "missense": "o", "other": "P",
}  # fmt: skip
TINTS: Final = tuple(PALETTE[place] for place in (5, 4, 3, 2, 0, 1))
BACKBONE: Final = "#C9C9C9"
HEAD: Final = 2.2  # radius of a mark in points
NAMED: Final = 15  # changes that are named, the most frequent first
_POSITION: Final = re.compile(r"p\.\(?[A-Z*]?[a-z]{0,2}(\d+)")
_CODING: Final = re.compile(r"c\.(\d+)[+-]\d")  # a splice site: the codon of the nearest base of the exon


def tabulate_lollipop(
    detail: pd.DataFrame, gene: str, protein_lengths: pd.DataFrame
) -> tuple[pd.DataFrame, int, dict[str, int]]:
    """Return the protein changes of a gene, the length of its protein, and what cannot be drawn.

    Parameters
    ----------
    detail
        Alterations: ``patient_id``, ``gene``, ``kind``, ``variant_class``, ``label`` (p.R175H); ``AlterationMatrix.
        detail``. Only mutations are drawn; one that a patient has in several samples counts once.
    gene
        Symbol.
    protein_lengths
        ``gene``, ``aa`` (amino acids).

    Returns
    -------
    tuple
        One row per residue and class, sorted: ``position``, ``label`` (the changes, joined), ``class`` (of the
        oncoprint), ``n`` (patients); the length; and reason -> number of patients with a change that is left out.

    Raises
    ------
    ValueError
        If the length of the protein is not known.
    """
    lengths = protein_lengths.loc[protein_lengths["gene"] == gene, "aa"]
    if not len(lengths):
        raise ValueError(f"the length of the protein of {gene} is not known.")
    length = int(lengths.iloc[0])
    rows = detail.loc[(detail["gene"] == gene) & (detail["kind"] == "mutation")]
    rows = rows.drop_duplicates(["patient_id", "variant_class", "label"])
    rows = rows.assign(position=_positions(rows["label"]))
    rows["class"] = mutation_class(rows["variant_class"])
    left_out = {
        "no position": rows.loc[rows["position"].isna()],
        f"beyond residue {length}": rows.loc[rows["position"].gt(length).fillna(value=False)],
    }
    rows = rows.loc[rows["position"].between(1, length).fillna(value=False)]
    return (
        _count(rows),
        length,
        {reason: part["patient_id"].nunique() for reason, part in left_out.items() if len(part)},
    )


def _count(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per residue and class: patients, and the changes from the most to the least frequent."""
    keys = ["position", "class"]
    n = rows.groupby(keys)["patient_id"].nunique().rename("n")
    each = rows.groupby([*keys, "label"])["patient_id"].nunique().rename("one").reset_index()
    each = each.sort_values([*keys, "one", "label"], ascending=[True, True, False, True], kind="stable")
    label = each.groupby(keys)["label"].agg(_join).rename("label")
    out = pd.concat([label, n], axis=1).reset_index().sort_values(keys, kind="stable", ignore_index=True)
    return out.astype({"position": "int64", "n": "int64", "label": "string", "class": "string"})[list(COLUMNS)]


def _join(labels: pd.Series) -> str:
    """Join the changes of a residue: p.R248W and p.R248Q are p.R248W/Q; more than three are counted."""
    first, *others = (str(one) for one in labels)
    stem = re.match(r"p\.[A-Z*]\d+", first)
    short = [one.removeprefix(stem.group()) if stem else one for one in others]
    rest = f"+{len(short) - 2}" if len(short) > 2 else ""
    return "/".join([first, *short[:2]]) + rest


def _positions(labels: pd.Series) -> pd.Series:
    """Residue of each change, from the protein or, at a splice site, from the coding sequence; NA = not told."""
    text = labels.fillna("").astype("string")
    residue = pd.to_numeric(text.str.extract(_POSITION, expand=False)).astype("Int64")
    base = pd.to_numeric(text.str.extract(_CODING, expand=False)).astype("Int64")
    return residue.fillna((base + 2) // 3)


def plot_lollipop(
    changes: pd.DataFrame,
    length: int,
    ax: Axes | None = None,
    *,
    domains: pd.DataFrame | None = None,
    title: str = "",
    note: str = "",
    width: Width = "double",
) -> Axes:
    """Draw protein changes along the protein.

    Parameters
    ----------
    changes
        One row per residue and class: ``position``, ``label``, ``class`` (of the oncoprint: truncating, splice,
        inframe, promoter, missense, other), ``n`` (patients).
    length
        Residues of the protein.
    ax
        Axes to draw on, in a figure of its final size; made if None.
    domains
        ``name``, ``start``, ``end`` in residues; None = the protein is a plain bar.
    title
        Heading, left-aligned.
    note
        Small text below the axis.
    width
        Width of the figure that is made: single (89 mm) or double (183 mm).

    Returns
    -------
    Axes
        One collection of marks per class, its label the class; the most frequent changes are named.

    Raises
    ------
    ValueError
        If a column is missing, a position lies outside the protein, or a class is unknown.
    """
    _check(changes, length)
    rows = changes.sort_values(["n", "position", "label"], ascending=[False, True, True], kind="stable")
    x, n = (rows[name].to_numpy(dtype=np.float64) for name in ("position", "n"))
    kinds = rows["class"].astype(str).tolist()
    most = max(float(n.max(initial=1.0)), 1.0)
    with styled():
        ax = framed(ax, width, title, body=40.0, above=5.0)
        ax.set_xlim(1 - 0.01 * length, length * 1.01)
        ax.set_ylim(-0.13 * most, 1.3 * most)
        _draw_protein(ax, length, most, domains)
        ax.vlines(x, 0, n, color=GREY, lw=0.5, zorder=1)
        for name in MUTATIONS:
            own = np.array([kind == name for kind in kinds], dtype=bool)
            if own.any():
                ax.scatter(
                    x[own], n[own], s=(2 * HEAD) ** 2, marker=MARKERS[name], color=PALETTES["colorblind"][name],
                    edgecolors="black", linewidths=0.3, label=name, zorder=3,
                )  # fmt: skip
        radii = np.full(len(x), HEAD)
        texts = [label.removeprefix("p.") for label in rows["label"].astype(str)]
        write_names(ax, texts[:NAMED], x[:NAMED], n[:NAMED], radii[:NAMED], others=(x, n, radii), sticks=True)
        _axes(ax, length, int(most), note)
        _legend(ax, kinds)
    return ax


def _check(changes: pd.DataFrame, length: int) -> None:
    missing = [name for name in COLUMNS if name not in changes.columns]
    if missing:
        raise ValueError(f"changes needs the columns {', '.join(COLUMNS)}, found no {', '.join(missing)}.")
    outside = changes.loc[~changes["position"].between(1, length), "position"].tolist()
    if outside:
        raise ValueError(f"positions must lie between 1 and {length}, found {outside[0]}.")
    unknown = sorted(set(changes["class"]) - set(MUTATIONS))
    if unknown:
        raise ValueError(f"class must be one of {', '.join(MUTATIONS)}, found {unknown[0]}.")


def _draw_protein(ax: Axes, length: int, most: float, domains: pd.DataFrame | None) -> None:
    """Draw the protein below the axis of counts, with its domains and their names where there is room."""
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle((1, -0.085 * most), length - 1, 0.05 * most, facecolor=BACKBONE, lw=0, label="protein"))
    if domains is None:
        return
    size = ax.figure.get_size_inches()  # type: ignore[union-attr]
    per_residue = float(size[0]) * 72 * ax.get_position().width / (1.02 * length)
    for number, row in enumerate(domains.to_dict("records")):
        color, wide = TINTS[number % len(TINTS)], row["end"] - row["start"]
        ax.add_patch(
            Rectangle((row["start"], -0.11 * most), wide, 0.1 * most, facecolor=color, lw=0, label=str(row["name"]))
        )
        if text_width(str(row["name"]), SMALL) + 2 < wide * per_residue:
            ax.text(row["start"] + wide / 2, -0.06 * most, row["name"], ha="center", va="center", fontsize=SMALL)


def _axes(ax: Axes, length: int, most: int, note: str) -> None:
    step = next(one for one in (50, 100, 200, 500, 1000, 2000, 5000) if length / one <= 10 or one == 5000)
    marks = [1, *(one for one in range(step, length - step // 3, step)), length]
    ax.set_xticks(marks, [str(one) for one in marks])
    every = max(1, -(-most // 5))
    ax.set_yticks(range(0, most + 1, every))
    ax.spines["left"].set_bounds(0, most)
    ax.set_xlabel("Residue", fontsize=NORMAL)
    ax.set_ylabel("Patients")
    if note:
        high = float(ax.figure.get_size_inches()[1]) * ax.get_position().height  # type: ignore[union-attr]
        ax.text(0, -9.0 * MM / high, note, transform=ax.transAxes, va="center", fontsize=SMALL, color=GREY)


def _legend(ax: Axes, kinds: list[str]) -> None:
    from matplotlib.lines import Line2D

    used = [name for name in MUTATIONS if name in kinds]
    if not used:
        return
    look: dict[str, Any] = {"ls": "none", "ms": 2 * HEAD, "mec": "black", "mew": 0.3}
    handles = [Line2D([], [], marker=MARKERS[name], color=PALETTES["colorblind"][name], **look) for name in used]
    ax.legend(
        handles, [CLASS_TEXT[name] for name in used], loc="lower left", bbox_to_anchor=(0, 1), ncols=len(used),
        borderaxespad=0.3, borderpad=0, handletextpad=0.3, columnspacing=1.4, handlelength=1.2,
    )  # fmt: skip
