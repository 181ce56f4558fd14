"""The oncoprint in the report: each cell says in words what it shows, each column is linked to its patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.plots.oncoprint import plot_oncoprint
from netgen.plots.oncoprint_glyphs import CLASS_TEXT
from netgen.plots.oncoprint_layout import TRACK, TRACK_GAP, plan_layout
from netgen.plots.oncoprint_table import ALTERED, NOT_PROFILED
from netgen.plots.oncoprint_tracks import level_name, make_tracks, track_name
from netgen.plots.oncoprint_values import BURDEN
from netgen.plots.style import WIDTHS_MM
from netgen.report.page.figure_card import Box, Mark, draw_marks, embed, scale_of
from netgen.report.page.tables import render_table
from netgen.report.summary import months

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from matplotlib.figure import Figure

    from netgen.plots.oncoprint_layout import Layout
    from netgen.plots.oncoprint_table import OncoprintTable
    from netgen.report.page.figure_card import Scale
    from netgen.report.page.markup import Child, Markup

MOST: Final = 4000  # cells with words of their own, or columns linked to their patients
MANY: Final = 50_000  # cells; more are drawn as an image
UNKNOWN: Final = "not known"
NARROW: Final = 0.5  # points; narrower columns need a third decimal


def embed_oncoprint(
    table: OncoprintTable,
    *,
    title: str,
    description: str,
    width: str | float = "double",
    palette: str = "colorblind",
    key: str = "",
    note: Child = None,
    source: str = "",
) -> Markup:
    """Return an oncoprint whose cells tell patient, gene and alterations, with the alterations as a table below.

    Parameters
    ----------
    table
        From ``build_oncoprint``.
    title, description
        Heading, and what is to be seen.
    width, palette
        As in ``plot_oncoprint``.
    key
        Id of the figure, unique in the page; from the content if blank.
    note
        What must be said below the figure.
    source
        File with all cells, named below the table.

    Returns
    -------
    Markup
        A ``<figure>``. With more than ``MOST`` cells only those that are altered have words; with more than ``MOST`` of
        these, none have. Columns are linked to their patients if there are at most ``MOST``.
    """
    figure = plot_oncoprint(table, width=width, palette=palette, rasterize=len(table.cells) > MANY)
    mm = WIDTHS_MM[width] if isinstance(width, str) else width
    layout = plan_layout(table, make_tracks(table), mm)
    digits = 2 if layout.column >= NARROW else 3
    linked = len(table.patients) <= MOST
    marks = oncoprint_marks(table, figure, layout) if linked else []
    return embed(
        figure,
        title=title,
        description=description,
        key=key,
        note=note,
        table=_alterations(table, key or "oncoprint", source),
        overlay=draw_marks(marks, digits),
        digits=digits,
    )


def oncoprint_marks(table: OncoprintTable, figure: Figure, layout: Layout) -> list[Mark]:
    """Return the column of each patient, with what its cells, tracks and bars show in words.

    Parameters
    ----------
    table
        What is drawn.
    figure
        The drawing: axes ``cells`` and, if they are there, ``tracks`` and ``tmb``.
    layout
        Where rows and columns stand, in units of the cells.

    Returns
    -------
    list of Mark
        In the order of the columns.
    """
    axes = {str(ax.get_label()): scale_of(ax) for ax in figure.axes}
    cells, left = axes["cells"], layout.columns.left
    strips = list(zip(cells.across(left).tolist(), cells.across(left + layout.columns.width).tolist(), strict=True))
    tips: list[list[tuple[Box, str]]] = [[] for _ in strips]

    def tell(place: int, edges: tuple[float, float], words: str) -> None:
        (x0, x1), (y0, y1) = strips[place], edges
        tips[place].append((Box(x0, y0, x1 - x0, y1 - y0), words))

    shown = table.cells if len(table.cells) <= MOST else table.cells.loc[table.cells["status"] == ALTERED]
    if len(shown) <= MOST:
        tops = dict(zip(dict.fromkeys(table.cells["gene"]), layout.tops.tolist(), strict=True))
        for row in shown.to_dict("records"):
            top = tops[row["gene"]]
            tell(int(row["position"]), _edges(cells, top, top + 1), cell_text(row))
        for name, edges in _strips(table, axes):
            for place, row in enumerate(table.patients.to_dict("records")):
                tell(place, edges, f"{row['patient_id']}, {track_text(table, name, row)}")
    last = axes.get("tracks", cells).box
    high = last.y + last.height - cells.box.y
    names = table.patients["patient_id"].astype(str)
    return [
        Mark(patient, Box(x0, cells.box.y, x1 - x0, high), own)
        for patient, (x0, x1), own in zip(names, strips, tips, strict=True)
    ]


def _strips(table: OncoprintTable, axes: Mapping[str, Scale]) -> Iterator[tuple[str, tuple[float, float]]]:
    """Give the tracks, and the burden if it is drawn, with their upper and lower edges."""
    if "tmb" in axes:
        box = axes["tmb"].box
        yield BURDEN, (box.y, box.y + box.height)
    place = 0.0
    for track in make_tracks(table):
        yield track.key, _edges(axes["tracks"], place, place + track.height * TRACK)
        place += track.height * TRACK + TRACK_GAP


def _edges(scale: Scale, top: float, bottom: float) -> tuple[float, float]:
    first, last = scale.down([top, bottom])
    return float(first), float(last)


def cell_text(row: Mapping[Any, Any]) -> str:
    """Return what a cell shows in words.

    Parameters
    ----------
    row
        Row of ``OncoprintTable.cells``.

    Returns
    -------
    str
        Patient and gene, then its alterations, "no alteration", or "not profiled" with the reason.
    """
    return f"{row['patient_id']}, {row['gene']}: {alteration_text(row)}"


def alteration_text(row: Mapping[Any, Any]) -> str:
    """Return the alterations of a cell in words.

    Parameters
    ----------
    row
        Row of ``OncoprintTable.cells``.

    Returns
    -------
    str
        One item per alteration: its name and its class. A germline variant stands behind "not profiled" or "no
        alteration": it does not make a cell altered.
    """
    labels, classes = (str(row[name]).split(";") for name in ("labels", "classes"))
    words = [_item(label, name) for label, name in zip(labels, classes, strict=True) if name]
    if row["status"] == NOT_PROFILED:
        words.insert(0, "not profiled" + (f" ({row['reason'].replace('_', ' ')})" if row["reason"] else ""))
    elif row["status"] != ALTERED:
        words.insert(0, "no alteration")
    return "; ".join(words or ["altered"])


def _item(label: str, name: str) -> str:
    """Return an alteration with its class, once where its name is its class."""
    kind = CLASS_TEXT.get(name, name)
    kind = kind[:1].lower() + kind[1:]
    return kind if label.lower().replace("_", " ") in {name.replace("_", " "), kind} else f"{label} ({kind})"


def track_text(table: OncoprintTable, key: str, row: Mapping[Any, Any]) -> str:
    """Return what a track shows of a patient in words.

    Parameters
    ----------
    table
        What is drawn.
    key
        Name of the track, or ``tmb_per_mb``.
    row
        Row of ``OncoprintTable.patients``.

    Returns
    -------
    str
        Name and value; "not known" if it is missing.
    """
    if key in table.endpoints:
        days, event = row[f"{key}_days"], row[f"{key}_event"]
        known = "" if pd.isna(days) else f"{months(float(days))} months, {'event' if event else 'censored'}"
        return f"{key.upper()}: {known or UNKNOWN}"
    value, name = row[key], "mutations per Mb" if key == BURDEN else track_name(key)
    if pd.isna(value):
        shown = UNKNOWN
    elif isinstance(value, (bool, np.bool_)):
        shown = "yes" if value else "no"
    else:
        shown = f"{value:.3g}" if isinstance(value, (float, np.floating)) else level_name(key, str(value))
    return f"{name}: {shown}"


def _alterations(table: OncoprintTable, key: str, source: str) -> Markup:
    """Return the alterations shown, one row per patient and gene."""
    rows = table.cells.loc[table.cells["classes"] != ""].sort_values(["position", "gene"], kind="stable")
    frame = rows[["patient_id", "origin", "gene"]].assign(
        alterations=pd.Series(
            [alteration_text(row) for row in rows.to_dict("records")], index=rows.index, dtype="string"
        )
    )
    labels = {"patient_id": "Patient", "origin": "Origin", "gene": "Gene", "alterations": "Alterations"}
    return render_table(
        frame.reset_index(drop=True), columns=None, caption="Alterations shown, by patient", id=f"{key}-alterations",
        labels=labels, row_patient="patient_id", source=source,
    )  # fmt: skip
