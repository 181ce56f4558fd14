"""A table of results as HTML: what each column means, an en dash for what is missing, warnings beside their row.

Without a script it is a plain table. ``report.js`` makes the headings buttons that sort, adds a box that filters, and
marks a patient wherever the page shows it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from netgen.errors import CODES
from netgen.report.page.markup import Markup, join, tag, text

if TYPE_CHECKING:
    from collections.abc import Mapping

Format = Callable[[Any], str]

LIMIT: Final = 200
TALL: Final = 25  # rows beyond which a table scrolls under its heading
MISSING: Final = tag("span", "\N{EN DASH}", class_="na", role="img", aria_label="not available")
_NO_NUMBER: Final = re.compile(r"-?|.*\bnan\b.*", re.IGNORECASE | re.DOTALL)


def render_table(
    frame: pd.DataFrame,
    *,
    columns: Mapping[str, str] | None,
    caption: str | Markup,
    id: str,  # noqa: A002  # the name in HTML
    formats: Mapping[str, Format] | None = None,
    labels: Mapping[str, str] | None = None,
    sort: Mapping[str, str] | None = None,
    warnings_column: str | None = None,
    row_patient: str | None = None,
    limit: int = LIMIT,
    source: str = "",
) -> Markup:
    """Return a table of results: all columns of the frame in their order, the first one heads its row.

    Missing values are an en dash that is read out as "not available". A missing number reaches its format as NaN,
    because a median that is not reached and an open limit are words; what the format returns as "", "-" or with a
    "nan" is the dash.

    Parameters
    ----------
    frame
        One row per line of the table. Cells may be markup.
    columns
        Name -> meaning, as declared beside the result; names that the frame does not have are ignored.
    caption
        What the table shows.
    id
        Anchor of the table, unique in the page.
    formats
        Name -> function that writes a value; numbers arrive as ``int`` or ``float``.
    labels
        Name -> heading; otherwise the name with blanks.
    sort
        Shown column -> column of numbers or text to sort it by, which is not shown itself.
    warnings_column
        Column of codes joined by ";" or blanks; each is shown with its sentence.
    row_patient
        Column with the patient of the row: the row is marked together with this patient elsewhere in the page.
    limit
        Most rows shown; the rest is counted below the table.
    source
        File with all rows, named below the table; "" = none.

    Returns
    -------
    Markup
        The table, and below it how many rows are not shown, and what the columns mean.

    Raises
    ------
    KeyError
        If a column of formats, labels, sort, warnings or patients is not in the frame.
    TypeError
        If a column holds floats and has no format.
    """
    formats, labels, sort, columns = formats or {}, labels or {}, sort or {}, columns or {}
    named = [*formats, *labels, *sort, *sort.values(), *filter(None, [warnings_column, row_patient])]
    if absent := sorted(set(named) - set(frame.columns)):
        raise KeyError(f"table {id}: no column {', '.join(absent)}; it has {', '.join(map(str, frame.columns))}")
    part = frame.head(limit)
    shown = [
        _Column(
            heading=labels.get(name, str(name).replace("_", " ")),
            meaning=columns.get(name, ""),
            number=_is_number(part[sort.get(name, name)]),
            cells=_warned(part[name]) if name == warnings_column else _written(part[name], formats.get(name)),
            keys=_keys(part[sort.get(name, name)], composed=name in sort),
        )
        for name in frame.columns
        if name in sort or name not in sort.values()
    ]
    patients = [None] * len(part) if row_patient is None else _patients(part[row_patient])
    rows = [_row(index, shown, patient) for index, patient in enumerate(patients)]
    table = tag(
        "table",
        tag("caption", tag("span", caption), id=f"{id}-caption"),
        tag("thead", tag("tr", [_heading(column) for column in shown])),
        tag("tbody", join(rows, "\n")),
        class_="data",
    )
    tall = " tall" if len(part) > TALL else ""
    scroll = tag("div", table, class_=f"scroll{tall}", role="region", aria_labelledby=f"{id}-caption")
    return tag("div", scroll, _below(len(frame), len(part), source), _meanings(shown), class_="table", id=id)


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A column as it is shown; ``keys`` are what the script sorts by, None = the text of the cell."""

    heading: str
    meaning: str
    number: bool
    cells: list[Markup]
    keys: list[str | None]


def _heading(column: _Column) -> Markup:
    kind = "num" if column.number else None
    return tag("th", column.heading, scope="col", title=column.meaning or None, class_=kind)


def _row(index: int, shown: list[_Column], patient: str | None) -> Markup:
    """Return one row; its first cell is its heading."""
    first, *rest = shown
    cells = [tag("th", first.cells[index], scope="row", data_sort=first.keys[index])]
    for column in rest:
        kind = "num" if column.number else None
        cells.append(tag("td", column.cells[index], class_=kind, data_sort=column.keys[index]))
    return tag("tr", cells, data_patient=patient)


def _written(values: pd.Series, write: Format | None) -> list[Markup]:
    """Each value as text."""
    number = _is_number(values)
    return [_cell(value, write, number=number, name=str(values.name)) for value in values]


def _cell(value: Any, write: Format | None, *, number: bool, name: str) -> Markup:  # noqa: ANN401  # any cell
    if isinstance(value, Markup):
        return value
    missing = bool(pd.isna(value))
    if missing and not (number and write):
        return MISSING
    if write:
        shown = write(math.nan if missing else _plain(value))
    elif isinstance(value, (float, np.floating)):
        raise TypeError(f"column {name} holds floats: give it a format")
    else:
        shown = _plain_text(value)
    return MISSING if _NO_NUMBER.fullmatch(shown) else text(shown)


def _plain(value: Any) -> Any:  # noqa: ANN401  # any cell
    return value.item() if isinstance(value, np.generic) else value


def _plain_text(value: Any) -> str:  # noqa: ANN401  # any cell
    """Yes and no for truth, the day for dates, digits for integers, text as it is."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return str(value)


def _warned(values: pd.Series) -> list[Markup]:
    """Each cell of codes as a list of code and sentence; empty without a warning."""
    cells = []
    for value in values:
        codes = [] if pd.isna(value) else [code for code in re.split(r"[;\s]+", str(value)) if code]
        lines = [tag("li", tag("code", code), f" {CODES[code]}" if code in CODES else None) for code in codes]
        cells.append(tag("ul", lines, class_="warnings") if lines else join([]))
    return cells


def _keys(values: pd.Series, *, composed: bool) -> list[str | None]:
    """Return what to sort by: numbers in full, the text of another column, else nothing; blank = missing."""
    if not composed and not _is_number(values):
        return [None] * len(values)
    return ["" if pd.isna(value) else str(_plain(value)) for value in values]


def _patients(values: pd.Series) -> list[str | None]:
    return [None if pd.isna(value) else str(value) for value in values]


def _is_number(values: pd.Series) -> bool:
    return is_numeric_dtype(values) and not is_bool_dtype(values)


def _below(total: int, shown: int, source: str) -> Markup | None:
    """Say what the table leaves out, and where it is."""
    place = [tag("a", source, href=source)] if source else []
    if total == 0:
        return tag("p", "No rows.", class_="rows")
    if shown < total:
        where = [" All are in ", *place, "."] if place else None
        return tag("p", f"The first {shown:,} of {total:,} rows are shown.", where, class_="rows")
    return tag("p", "From ", place, ".", class_="rows") if place else None


def _meanings(shown: list[_Column]) -> Markup | None:
    """Explain the columns, folded, for those who have no pointer to rest on a heading."""
    lines = [tag("div", tag("dt", item.heading), tag("dd", item.meaning)) for item in shown if item.meaning]
    if not lines:
        return None
    return tag("details", tag("summary", "What the columns mean"), tag("dl", lines), class_="columns")
