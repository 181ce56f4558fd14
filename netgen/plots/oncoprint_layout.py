"""Where the parts of an oncoprint stand: all lengths in points, computed before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from netgen.errors import AnalysisError
from netgen.plots.oncoprint_blocks import row_tops
from netgen.plots.oncoprint_glyphs import Columns
from netgen.plots.oncoprint_table import ALL, percent_text
from netgen.plots.style import MM, NORMAL, POINT, SMALL, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.plots.oncoprint_table import OncoprintTable
    from netgen.plots.oncoprint_tracks import Track

MARGIN: Final = 3.0
GROUP_GAP: Final = 4.0
TOP_BAR: Final = 30.0
BURDEN: Final = 21.0  # height of the bars of the mutational burden, above the others
BURDEN_GAP: Final = 5.0
TITLE: Final = 9.5  # height of the title of a block of rows
TRACK: Final = 6.4  # height of one row of a track
TRACK_GAP: Final = 1.4
HEADING: Final = 8.0  # one level of origin headings
WIDEST_COLUMN: Final = 11.0
LEAST_MATRIX: Final = 40.0
IDS: Final = 60  # patient ids are written for at most so many
ID_SIZE: Final = 4.6


class Heading(NamedTuple):
    """The name of a group above its columns: text, its left end, level from below, and the ends of the group."""

    text: str
    x: float
    level: int
    left: float
    right: float


class TextColumn(NamedTuple):
    """A column of numbers right of the cells: heading, place, alignment and one text per row."""

    heading: str
    x: float
    align: str
    texts: list[str]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Lengths in points; ``x`` from the left edge of the page, heights of the parts from above to below.

    Attributes
    ----------
    page
        Width of the figure.
    left
        Left edge of the cells.
    cells
        Width of the cells.
    column
        Width of one column, gap included.
    columns
        Columns in data units (1 = one column).
    span
        Width of the cells in data units.
    row
        Height of a row.
    rows
        Height of all rows in rows, titles of blocks included.
    tops
        (n_genes,) upper edge of each row, in rows.
    titles
        Title of each block, and the upper edge of its first row.
    headings
        Names of the groups; empty if there is one.
    levels
        Levels the headings take.
    numbers
        Columns of numbers.
    side
        Left edge and width of the bar on the right.
    bar
        Height of the bars above the cells.
    burden
        Height of the bars of the mutational burden, with the gap below them; 0 = none.
    header
        Height above the first row.
    ids
        Height of the patient ids; 0 = none.
    """

    page: float
    left: float
    cells: float
    column: float
    columns: Columns
    span: float
    row: float
    rows: float
    tops: NDArray[np.float64]
    titles: list[tuple[str, float]]
    headings: list[Heading]
    levels: int
    numbers: list[TextColumn]
    side: tuple[float, float]
    bar: float
    burden: float
    header: float
    ids: float


def plan_layout(table: OncoprintTable, tracks: Sequence[Track], width_mm: float) -> Layout:
    """Return where everything stands.

    Parameters
    ----------
    table
        What is drawn.
    tracks
        Its tracks.
    width_mm
        Width of the figure.

    Returns
    -------
    Layout
        The height follows from the number of rows.

    Raises
    ------
    AnalysisError
        ``E_CONFIG`` if names and numbers leave no room for the cells.
    """
    page = width_mm * MM / POINT
    genes = list(dict.fromkeys(table.genes["gene"]))
    row = min(10.0, max(6.0, 320 / len(genes)))
    tops = row_tops(table.blocks, len(genes), TITLE / row)
    names = [*(text_width(gene) for gene in genes), *(text_width(track.name) for track in tracks), 30.0]
    left = MARGIN + max(names) + 4
    numbers, wide = _number_columns(table)
    side = 40.0 if page > 300 else 24.0
    most = int(table.genes.loc[table.genes["origin"] == ALL, "n_altered"].max())
    room = page - left - wide - side - 8 - MARGIN - text_width(f"{most:,}", SMALL) / 2  # of the last tick label
    if room < LEAST_MATRIX:
        least = (page - room + LEAST_MATRIX) * POINT / MM
        raise AnalysisError(
            "E_CONFIG",
            f"these names and numbers need a width of at least {least:.0f} mm, found {width_mm:g} mm.",
            fix="Choose a wider figure.",
        )
    sizes = _group_sizes(table)
    gaps = GROUP_GAP * (len(sizes) - 1)
    column = min(WIDEST_COLUMN, (room - gaps) / len(table.patients))
    cells = column * len(table.patients) + gaps
    high = max(text_width(item.heading, SMALL) for item in numbers) + 3
    burden = BURDEN + BURDEN_GAP if table.burden else 0.0
    bar = TOP_BAR
    headings = _place_headings(table, sizes, column, left, left + cells + numbers[0].x)
    if any(heading.x < heading.left - 0.1 for heading in headings):  # over the headings of the numbers there is room
        bar = max(TOP_BAR, high - 3 - burden)
        headings = _place_headings(table, sizes, column, left, page - MARGIN)
    levels = max((heading.level for heading in headings), default=-1) + 1
    moved = [item._replace(x=left + cells + item.x) for item in numbers]
    return Layout(
        page=page,
        left=left,
        cells=cells,
        column=column,
        columns=_columns(sizes, column),
        span=cells / column,
        row=row,
        rows=float(tops[-1]) + 1,
        tops=tops,
        titles=_titles(table, tops),
        headings=headings,
        levels=levels,
        numbers=moved,
        side=(left + cells + wide + 8, side),
        bar=bar,
        burden=burden,
        header=max(bar + burden + 5 + (HEADING * levels + 3 if levels else 0), high),
        ids=_ids_height(table, column),
    )


def _titles(table: OncoprintTable, tops: NDArray[np.float64]) -> list[tuple[str, float]]:
    starts = np.cumsum([0, *(block.size for block in table.blocks)])
    return [(block.title, float(tops[start])) for block, start in zip(table.blocks, starts, strict=False)]


def _group_sizes(table: OncoprintTable) -> list[int]:
    if not table.split:
        return [len(table.patients)]
    counts = table.patients["group"].value_counts()
    return [int(counts[name]) for name in table.origins]


def _columns(sizes: Sequence[int], column: float) -> Columns:
    """Gaps between columns are drawn where they can be seen; otherwise the cells touch."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    gap = min(0.8, 0.14 * column) / column if column >= 2.2 else 0.0
    left: NDArray[np.float64] = np.arange(len(group)) + group * (GROUP_GAP / column) + gap / 2
    touches = np.zeros(len(group), dtype=bool)
    if gap == 0:
        touches[1:] = np.diff(group) == 0
    return Columns(left, 1 - gap, touches)


def _number_columns(table: OncoprintTable) -> tuple[list[TextColumn], float]:
    """Return the columns of numbers, placed from the right edge of the cells, and their width."""
    counts = table.genes
    texts = [str(text) for text in counts.loc[counts["origin"] == ALL, "label"]]
    stars = max(text_width(text[text.endswith("*") and -1 :], SMALL) if text.endswith("*") else 0.0 for text in texts)
    wide = max(text_width(text.rstrip("*"), SMALL) for text in texts)
    end = 5 + wide
    out = [TextColumn("all", end, "right", texts)]
    end += stars
    if len(table.origins) > 1:
        for name in table.origins:
            own = counts.loc[counts["origin"] == name]
            pairs = zip(own["n_altered"], own["n_profiled"], strict=True)
            texts = [percent_text(int(altered), int(profiled)) for altered, profiled in pairs]
            end += 5 + max(text_width(text, SMALL) for text in [*texts, "00 %"])
            out.append(TextColumn(name, end, "right", texts))
    return out, end


def _place_headings(
    table: OncoprintTable, sizes: Sequence[int], column: float, left: float, right: float
) -> list[Heading]:
    """Place the names over their groups, from the right; one that would meet its neighbour goes a level up."""
    if not table.split:
        return []
    ends = left + np.cumsum(sizes) * column + np.arange(len(sizes)) * GROUP_GAP
    out: list[Heading] = []
    limits: list[float] = []
    for name, size, end in reversed(list(zip(table.origins, sizes, ends, strict=True))):
        text = f"{name} (n = {size})"
        start = float(end) - size * column
        wide = text_width(text, NORMAL, "bold")
        x = max(min(start, right - wide), MARGIN)
        level = next((k for k, limit in enumerate(limits) if x + wide + 5 <= limit), len(limits))
        limits[level : level + 1] = [x]
        out.append(Heading(text, x, level, start, float(end)))
    return out[::-1]


def _ids_height(table: OncoprintTable, column: float) -> float:
    if len(table.patients) > IDS or column < ID_SIZE + 0.3:
        return 0.0
    return max(text_width(str(name), ID_SIZE) for name in table.patients["patient_id"]) + 4
