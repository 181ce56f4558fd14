"""Clinical tracks below an oncoprint: categories, numbers and the time of an endpoint.

Each track becomes a list of coloured layers and the entries of its legend. A missing value is a thin dash, which is
neither a category nor "no alteration".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.plots.oncoprint_order import UNKNOWN, order_groups
from netgen.plots.regimen_look import LOOKS
from netgen.plots.style import DAYS_PER, PALETTE
from netgen.plots.waterfall import BOR_STYLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.plots.oncoprint_table import OncoprintTable

NAMES: Final[dict[str, str]] = {
    "actionable": "Actionable",
    "age_at_diagnosis": "Age (years)",
    "best_level": "Best level",
    "best_response": "Best response",
    "class_line_1": "Line 1",
    "class_line_2": "Line 2",
    "class_line_3": "Line 3",
    "ecog_ps": "ECOG PS",
    "fdg_pet": "FDG PET",
    "ki67_pct": "Ki-67 (%)",
    "mitotic_count_2mm2": "Mitoses / 2 mm²",
    "netpet": "NETPET",
    "oncotree_code": "OncoTree",
    "origin": "Origin",
    "origin_group2": "Origin",
    "origin_group3": "Origin",
    "sstr_imaging": "SSTR imaging",
    "stage_at_diagnosis": "Stage",
    "vaf": "Median VAF",
    "vital_status": "Vital status",
    "who_grade": "WHO grade",
}
# Light tints (Paul Tol), told apart from each other and from the alterations above them.
TINTS: Final = ("#77AADD", "#EE8866", "#EEDD88", "#FFAABB", "#99DDFF", "#44BB99", "#BBCC33", "#AAAA00")
STEPS: Final = ("#F3E6D8", "#E3BE96", "#C98F55", "#9C5F2B", "#663710", "#3B1D05")  # ordered categories
RAMPS: Final = (
    ("#EAF1F8", "#08457E"),
    ("#F3ECF5", "#6A2C7A"),
    ("#FBEFE3", "#A4490F"),
    ("#EAF5EC", "#12602F"),
)
ORDERED: Final = frozenset({"best_level", "who_grade", "stage_at_diagnosis", "ecog_ps"})
# Levels with a colour of their own wherever they occur, in the order of the legend.
SCAN: Final[dict[str, str]] = {"positive": "#4477AA", "equivocal": "#A9C4DE", "negative": "#E9EEF4"}
LOOKED_UP: Final[dict[str, dict[str, str]]] = {
    "best_response": {word: color for word, (color, _) in BOR_STYLE.items()},
    "fdg_pet": SCAN,
    "sstr_imaging": SCAN,
}
MISSING: Final = "#9A9A9A"
TIME, EVENT = "#9DB4C8", "#1A1A1A"
BINS: Final = 24
MOST: Final = 7  # categories with a colour of their own
BAR_HEIGHT: Final = 2.6  # rows of a bar track
_TICK: Final = 0.09  # of the height of a bar track
_UNIT: Final = "months"


class Layer(NamedTuple):
    """Columns painted alike: positions, and top and bottom of each as fractions of the track."""

    color: str
    position: NDArray[np.intp]
    top: NDArray[np.float64]
    bottom: NDArray[np.float64]


class Track(NamedTuple):
    """One track: printed name, height in rows, layers, entries of the legend, and ends of the ramp if it has one."""

    key: str
    name: str
    height: float
    layers: list[Layer]
    entries: list[tuple[str, str]]
    ramp: tuple[str, str, str, str] | None = None  # two colours, two texts


def make_tracks(table: OncoprintTable) -> list[Track]:
    """Return the tracks of a table in their order.

    Parameters
    ----------
    table
        Which tracks, and their values.

    Returns
    -------
    list of Track
        Colours are given in the order of the tracks; origin has the colours it has in all figures.
    """
    out = []
    ramps = tints = 0
    for key in table.tracks:
        if key in table.endpoints:
            out.append(_time_track(key, table.patients[f"{key}_days"], table.patients[f"{key}_event"]))
        elif _is_number(table.patients[key]) and key not in ORDERED:
            out.append(_number_track(key, table.patients[key], RAMPS[ramps % len(RAMPS)]))
            ramps += 1
        else:
            track = _category_track(key, table.patients[key], tints)
            tints += 0 if key.startswith("origin") or key in ORDERED or key in LOOKED_UP else len(track.entries)
            out.append(track)
    return out


def track_name(key: str) -> str:
    """Return the name of a track as it is printed.

    Parameters
    ----------
    key
        Column or endpoint.

    Returns
    -------
    str
        ``ki67_pct`` is ``Ki-67 (%)``; others lose their underscores.
    """
    text = key.replace("_", " ")
    if key.startswith("vaf:"):
        return f"VAF, {key[4:]}"
    return NAMES.get(key, text[:1].upper() + text[1:])


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _full(color: str, where: NDArray[np.bool_]) -> Layer:
    position = np.flatnonzero(where)
    return Layer(color, position, np.zeros(len(position)), np.ones(len(position)))


def _dash(where: NDArray[np.bool_], height: float = 1.0) -> list[Layer]:
    position = np.flatnonzero(where)
    if not len(position):
        return []
    half = 0.06 / height
    return [Layer(MISSING, position, np.full(len(position), 0.5 - half), np.full(len(position), 0.5 + half))]


def _missing(layers: list[Layer]) -> list[tuple[str, str]]:
    return [("NA", MISSING)] if layers else []


def _category_track(key: str, values: pd.Series, offset: int) -> Track:
    text = _texts(values)
    levels = _levels(key, text.dropna())
    shown = levels if len(levels) <= MOST + 1 else _frequent(text, levels)
    colors = _colors(key, shown, offset)
    entries = list(zip(shown, colors, strict=True))
    layers = [_full(color, text.eq(level).fillna(value=False).to_numpy(dtype=bool)) for level, color in entries]
    rest = [level for level in levels if level not in shown]
    if rest:
        layers.append(_full("#C9C9C9", text.isin(rest).to_numpy(dtype=bool)))
        entries.append((f"{len(rest)} others", "#C9C9C9"))
    dash = _dash(text.isna().to_numpy(dtype=bool))
    named = [(level_name(key, level), color) for level, color in entries]
    return Track(key, track_name(key), 1.0, [*layers, *dash], [*named, *_missing(dash)])


def level_name(key: str, level: str) -> str:
    """Return a level of a track as the legend prints it.

    Parameters
    ----------
    key
        The track.
    level
        As in the data.

    Returns
    -------
    str
        Classes of treatment have the words they have in all figures; others stay as they are.
    """
    if key.startswith("class_line_") and level in LOOKS:
        return LOOKS[level].name
    return level.replace("_", " ") if key == "best_response" else level


def _texts(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values):
        return values.astype("boolean").map({True: "yes", False: "no"}).astype("string")
    if _is_number(values):
        return values.map(lambda value: f"{value:g}", na_action="ignore").astype("string")
    return values.astype("string")


def _levels(key: str, text: pd.Series) -> list[str]:
    if key.startswith("origin"):
        return order_groups(text)
    found = {str(value) for value in text.unique()}
    if key in LOOKED_UP or key.startswith("class_line_"):
        known = [name for name in LOOKED_UP.get(key, LOOKS) if name in found]
        return [*known, *sorted(found.difference(known))]
    return sorted(found)


def _frequent(text: pd.Series, levels: Sequence[str]) -> list[str]:
    counts = text.value_counts()
    ranked = sorted(levels, key=lambda level: (-int(counts[level]), level))[:MOST]
    return [level for level in levels if level in ranked]


def _colors(key: str, levels: Sequence[str], offset: int) -> list[str]:
    if key.startswith("origin"):
        known = [name for name in levels if name != UNKNOWN]
        return [MISSING if name == UNKNOWN else PALETTE[known.index(name) % len(PALETTE)] for name in levels]
    if key in LOOKED_UP:
        return [LOOKED_UP[key].get(level, "#C9C9C9") for level in levels]
    if key in ORDERED and 1 < len(levels) <= len(STEPS):
        places = np.linspace(0, len(STEPS) - 1, len(levels)).round().astype(int)
        steps = STEPS[::-1] if key == "best_level" else STEPS  # the best level comes first and is darkest
        return [steps[place] for place in places]
    return [TINTS[(offset + number) % len(TINTS)] for number in range(len(levels))]


def _number_track(key: str, values: pd.Series, ramp: tuple[str, str]) -> Track:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(numbers)
    dash = _dash(~known)
    if not known.any():
        return Track(key, track_name(key), 1.0, dash, _missing(dash))
    lo, hi = float(numbers[known].min()), float(numbers[known].max())
    place = np.zeros(len(numbers), dtype=int)
    if hi > lo:
        place[known] = np.minimum(((numbers[known] - lo) / (hi - lo) * BINS).astype(int), BINS - 1)
    layers = [_full(shade(ramp, (one + 0.5) / BINS), known & (place == one)) for one in np.unique(place[known])]
    first, last = (f"{end:.0f}" if hi - lo >= 10 else f"{end:.3g}" for end in (lo, hi))
    return Track(key, track_name(key), 1.0, [*layers, *dash], _missing(dash), (*ramp, first, last))


def shade(ramp: tuple[str, str], part: float) -> str:
    """Return a colour between two.

    Parameters
    ----------
    ramp
        Two colours as ``#RRGGBB``.
    part
        0 = the first, 1 = the second.

    Returns
    -------
    str
        ``#RRGGBB``.
    """
    first, second = (np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) for color in ramp)
    mixed = np.rint(first + (second - first) * part).astype(int)
    return "#" + "".join(f"{value:02X}" for value in mixed)


def _time_track(key: str, days: pd.Series, event: pd.Series) -> Track:
    """Return bars as high as the time of the patient, with a dark end where the event was observed."""
    time = days.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(time)
    dash = _dash(~known, BAR_HEIGHT)
    name = f"{key.upper()} ({_UNIT})"
    longest = float(time[known].max()) if known.any() else 0.0
    if longest <= 0:
        return Track(key, name, BAR_HEIGHT, dash, _missing(dash))
    position = np.flatnonzero(known)
    top = 1 - time[known] / longest
    bar = Layer(TIME, position, top, np.ones(len(position)))
    died = event.fillna(value=False).to_numpy(dtype=bool)[known]
    end = np.minimum(top[died], 1 - _TICK)  # an event on the first days is seen, too
    tick = Layer(EVENT, position[died], end, end + _TICK)
    entries = [(f"bar: time, longest {longest / DAYS_PER[_UNIT]:.1f} {_UNIT}", TIME), ("dark end: event", EVENT)]
    return Track(key, name, BAR_HEIGHT, [bar, tick, *dash], [*entries, *_missing(dash)])
