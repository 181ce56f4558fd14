"""Whether a number of the report stands in a table beside it: the same value, in the digits and unit it is shown in.

Independent of the formatters of the report: a shown number says which decimal or which power of ten it is rounded to,
and the value behind it has to lie within half of that. Of a table that is shown, only those rows of its source count
that hold the names in the row and over the column.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.page_reader import ShownTable

# What a number may have been converted to, if it says so: days to months, shares to per cent.
UNITS = {"month": 1 / 30.4375, "%": 100.0, "per cent": 100.0, "points": 100.0}
# Numbers by themselves: not in a name (TP53, p.R460*, origin_group3, 1-SE, 177Lu).
NUMBER = re.compile(
    r"(?<![\w.*])(?:(?<![\w)])[+-])?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]\d+)?(?![\w*])(?!\.\d)(?!-[A-Za-z])"
)
TOLD = re.compile(r"([+-]?(\d+(?:\.\d+)?))")  # in a text, with and without what may be a sign
DATE = re.compile(r"\b\d{4}-\d{2}(-\d{2})?\b")
LEVEL = re.compile(r"\b(80|90|95) ?%")  # of confidence and power: words of the method, no results
LONG = 20  # numbers in a list of JSON that are no longer facts but a curve

# Files that a table shows numbers of besides the one it names.
MORE = {
    "associations-*-influence": "associations/associations.tsv",  # the hazard ratio of all patients
    "associations-*-untested": "associations/associations.tsv",  # how many are altered
    "heterogeneity-*-tests": "associations/associations.tsv",  # how many origins have an estimate
    "response-patients": "response/waterfall.tsv",  # the best change of the sum of diameters
}


def numbers(text: str) -> list[str]:
    """Return the numbers in a text as they are written, without dates and levels of confidence."""
    return NUMBER.findall(DATE.sub(" ", LEVEL.sub(" ", text)))


def is_shown(number: str, values: frozenset[float], context: str) -> bool:
    """Tell whether a written number is one of the values, rounded; the words around it tell the unit."""
    plain = number.replace(",", "")
    parts = re.fullmatch(r"[+-]?\d+(?:\.(\d+))?(?:e([+-]\d+))?", plain)
    half = 0.5 * 10.0 ** (int(parts[2] or 0) - len(parts[1] or "")) * (1 + 1e-9)
    wanted = float(plain)
    units = {1.0, *(unit for word, unit in UNITS.items() if word in context.lower())}
    return any(abs(wanted - value * unit) <= half for value in values for unit in units)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a file: its cells, those that name it, the numbers it holds or that follow, and those in its texts."""

    cells: frozenset[str]
    names: frozenset[str]
    places: frozenset[tuple[str, str]]
    values: frozenset[float]
    told: frozenset[str]

    def shows(self, number: str, context: str) -> bool:
        return number in self.told or is_shown(number, self.values, context)


@cache
def read_rows(path: Path) -> tuple[Row, ...]:
    """Return the rows of a TSV; of a JSON file, one row per dictionary in it."""
    if path.suffix == ".json":
        return tuple(_row(dict(enumerate(facts))) for facts in _facts(json.loads(path.read_text(encoding="utf-8"))))
    names, *lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    rows = [dict(zip(names, line, strict=True)) for line in lines]
    if path.name == "lines_irrespective_of_genotype.tsv":  # shown per regimen: lines, and patients
        rows += _counted(rows, "regimen", "patient_id")
    return tuple(_row(row, DERIVED.get(path.name)) for row in rows)


def _facts(value):
    """Each dictionary with all that is in it, but for long lists."""
    if isinstance(value, dict):
        yield [str(item) for item in _leaves(value)]
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _facts(item)


def _leaves(value):
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)] if len(value) <= LONG else []
    return [value]


def _row(cells, derive=None):
    found = {name: _float(cell) for name, cell in cells.items()}
    values = [*found.values(), *(derive(found) if derive else [])]
    texts = [cell for name, cell in cells.items() if math.isnan(found[name])]
    return Row(
        cells=frozenset(cells.values()),
        names=frozenset(_plain(cell) for name, cell in cells.items() if name != "note"),
        places=frozenset((name, cell) for name, cell in cells.items() if name in PLACES.values()),
        values=frozenset(value for value in values if math.isfinite(value)),
        told=frozenset(number for cell in texts for written in TOLD.findall(cell) for number in written),
    )


def _plain(text):
    """Compare names as a reader does."""
    return WHOLE.get(found := text.lower().replace("_", " "), found)


def _float(text):
    try:
        return float(text)
    except ValueError:
        return math.nan


def _counted(rows, name, unit):
    units = {(row[name], row[unit]) for row in rows}
    patients, lines = Counter(item for item, _ in units), Counter(row[name] for row in rows)
    return [{name: item, "lines": str(lines[item]), "patients": str(patients[item])} for item in lines]


def _power(row):
    """What can be told of power: events, share altered, and by Schoenfeld's formula the detectable ratios."""
    share, events = row["n_altered"] / row["n_profiled"], row["events_altered"] + row["events_unaltered"]
    quantile = NormalDist().inv_cdf
    if not 0 < share < 1 or not events:
        return [share, events]
    beyond = (quantile(1 - 0.025 / row["m_family"]) + quantile(0.8)) / math.sqrt(events * share * (1 - share))
    return [share, events, 1 / row["mdhr_80"], math.exp(beyond)]


DERIVED = {
    "associations.tsv": _power,
    "group_tests.tsv": lambda row: [1 / row["mdhr_80"]],
    "oncoprint_genes.tsv": lambda row: [row["n_total"] - row["n_profiled"]],
    "response.tsv": lambda row: [row["a"] + row["b"], row["c"] + row["d"]],
    "response_by_class.tsv": lambda row: [row["a"] + row["b"], row["c"] + row["d"]],
}
PLACES = {"Line": "line", "Months": "horizon_months"}  # headings of numbers that are names: line 2, at 12 months
REMARKS = ("Note", "Warnings", "Status")  # headings of what is said of a row, and may not be said of all its numbers
WHOLE = dict.fromkeys(("all patients", "everybody"), "all")
GROUPINGS = {"thymic": "origin_group2", "thoracic": "origin_group3"}  # a group -> the other grouping


def unproven(table: ShownTable, folder: Path, source: str = "") -> list[tuple[str, str, str]]:
    """Return the numbers of a table that its source does not hold: (first cell, heading, number).

    A blank ``source`` is the file that the table names.
    """
    files = [source or table.source, *(file for pattern, file in MORE.items() if fnmatchcase(table.id, pattern))]
    rows = [_narrow(_of_grouping(read_rows(folder / file), table), table.id.split("-")) for file in files]
    faults = []
    for line, keys in zip(table.rows, table.keys, strict=True):
        words = [cell for heading, cell in zip(table.headings, line, strict=True) if heading not in REMARKS]
        own = [_at(_narrow(found, words), table.headings, line) for found in rows]
        for heading, cell, key in zip(table.headings, line, keys, strict=True):
            here = [row for found in own for row in _narrow(found, [_head(heading)])]
            context = f"{table.caption} {heading} {cell}"
            wrong = [] if any(cell in row.cells for row in here) else numbers(cell)
            faults += [(line[0], heading, one) for one in wrong if not any(row.shows(one, context) for row in here)]
            if not _sorted_by(key, here):
                faults.append((line[0], heading, f"sorted by {key}"))
    return faults


def _head(heading):
    """The name of a group without its size."""
    return re.sub(r",? n = .*", "", heading)


def _sorted_by(key, rows):
    wanted = _float(key or "")
    return math.isnan(wanted) or any(math.isclose(wanted, value, rel_tol=1e-12) for row in rows for value in row.values)


def _of_grouping(rows, table):
    """Two groupings of origins have a group in common: leave out the rows of the one that is not shown."""
    names = {_head(name) for name in (*table.headings, *(line[0] for line in table.rows))}
    others = [_plain(other) for group, other in GROUPINGS.items() if group in names]
    return [row for row in rows if others[0] not in row.names] if len(others) == 1 else list(rows)


def _at(rows, headings, line):
    """Keep the rows of the line of treatment, and of the time, that a row is about."""
    for heading, cell in zip(headings, line, strict=True):
        if heading in PLACES:
            rows = [row for row in rows if (PLACES[heading], cell) in row.places] or rows
    return rows


def _narrow(rows, words):
    """Keep the rows that hold each of the words that any row holds; results, also if not reached, are no words."""
    for word in words:
        if word and not numbers(word) and not word.startswith("NR"):
            rows = [row for row in rows if _plain(word) in row.names] or rows
    return rows


FOLDERS = {  # of a section, where its numbers are
    "flow": ("description",),
    "table1": ("description",),
    "endpoints": ("survival",),
    "oncoprint": ("oncoprint",),
    "associations": ("associations",),
    "heterogeneity": ("associations",),
    "entry": ("associations",),
    "model": ("associations",),
    "survival": ("survival",),
    "actionability": ("actionability",),
    "therapy": ("therapy",),
    "response": ("response",),
}
MANY = 60  # numbers in a dictionary of JSON that prove nothing any more


def untold(section: str, text: str, folder: Path) -> list[str]:
    """Return the numbers of a sentence, or of its parts between semicolons, that no single row holds all of."""
    rows = _all_rows(tuple(folder / name for name in FOLDERS[section]))
    if not _missing(text, rows):
        return []
    return [number for part in text.split(";") for number in _missing(part, rows)]


@cache
def _all_rows(folders):
    files = [path for folder in folders for path in sorted(folder.rglob("*.*")) if path.suffix in {".tsv", ".json"}]
    rows = [row for path in files if path.name != "provenance.json" for row in read_rows(path)]
    return [row for row in rows if len(row.values) <= MANY]


def _missing(text, rows):
    """Return what is missing from the row that holds most of the numbers of a text."""
    found = numbers(text)
    left = [[number for number in found if not row.shows(number, text)] for row in rows]
    return min(left, key=len, default=found)
