"""Table 1: what the patients of each group are like, with the missing in rows of their own (DOMAIN 5.2, 3.17)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.association.describe_results import (
    ALL,
    HEADER,
    MISSING,
    MISSINGNESS_COLUMNS,
    TABLE1_COLUMNS,
    UNGROUPED,
)
from netgen.association.freeman_halton import freeman_halton
from netgen.association.permutation_groups import permutation_groups
from netgen.association.standardised_difference import difference_of_levels, difference_of_numbers
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from netgen.association.baseline_variables import Variable

MANY: Final = 2000  # patients beyond whom numbers are not permuted and tables are drawn, not counted
EXACT_TABLES: Final = 2e6  # numbers handled in an exact test of one variable: a fraction of a second
DRAWS: Final = 100_000
NOT_FINITE: Final = ": not finite"  # behind a pair whose values do not overlap at all
MIN_COMPARED: Final = 2  # groups with a value, for a difference or a test


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns of a table of characteristics.

    Attributes
    ----------
    grouping
        What forms the groups.
    labels
        Indexed by ``patient_id``; missing = in no group.
    order
        Groups in their order; empty = everybody in one column.
    """

    grouping: str
    labels: pd.Series
    order: tuple[str, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """All columns: the groups, who has none, everybody."""
        none = (UNGROUPED,) if self.order and self.labels.isna().any() else ()
        return (*self.order, *none, ALL)

    def members(self, group: str) -> NDArray[np.bool_]:
        """Return who is in a column, in the order of ``labels``."""
        if group == ALL:
            return np.ones(len(self.labels), dtype=bool)
        if group == UNGROUPED:
            return self.labels.isna().to_numpy(dtype=bool)
        return (self.labels == group).to_numpy(dtype=bool, na_value=False)


@dataclass(frozen=True, kw_only=True)
class GroupTests:
    """Whether groups are tested, the draws of a permutation, and the master seed."""

    tests: bool
    seed: int
    draws: int = DRAWS


def tabulate_characteristics(variables: Sequence[Variable], columns: Columns, plan: GroupTests) -> pd.DataFrame:
    """Return one row per variable, level and group.

    A patient without a value counts in the row ``missing`` and in no percentage; "unknown" is no value. A variable that
    nobody has is left out.

    Parameters
    ----------
    variables
        Values, indexed by ``patient_id``.
    columns
        The groups.
    plan
        Whether p-values are wanted.

    Returns
    -------
    DataFrame
        ``TABLE1_COLUMNS``, in the order of variables, levels and groups.

    Notes
    -----
    1. Numbers: median (quartiles), mean (SD), range. Categories: n (percent of those with a value). A variable with
       several levels per patient: percent of the patients with a value, each level on its own.
    2. Differences: the largest of all pairs of groups; who has no group is in none. One that is not finite (no
       level in common) is missing, and said so beside the pair.
    3. Tests: Freeman-Halton (categories), exact where that takes little time, by random tables otherwise and in more
       than 2,000 patients; Kruskal-Wallis by permutation of the labels (numbers), by chi-square in more than 2,000.

    Witness: DOMAIN appendix A; scipy and loops in ``tests/association/test_table_one.py``.
    """
    rows = list(_header(columns))
    for variable in variables:
        if variable.known.notna().any():
            rows += _rows(variable, columns, plan)
    frame = pd.DataFrame(rows).reindex(columns=list(TABLE1_COLUMNS))
    text = ["grouping", "group", "variable", "label", "unit", "kind", "level", "smd_pair", "p_method", "masked", "text"]
    whole = ["n", "denominator"]
    numbers = [name for name in TABLE1_COLUMNS if name not in {*text, *whole}]
    return frame.fillna(dict.fromkeys(text, "")).astype(
        {**dict.fromkeys(text, "string"), **dict.fromkeys(whole, "Int64"), **dict.fromkeys(numbers, "float64")}
    )


def tabulate_missingness(variables: Sequence[Variable], columns: Columns) -> pd.DataFrame:
    """Return how many patients of each group have no value of each variable.

    Parameters
    ----------
    variables
        Values, indexed by ``patient_id``; those that nobody has are listed, too.
    columns
        The groups.

    Returns
    -------
    DataFrame
        ``MISSINGNESS_COLUMNS``.
    """
    rows = []
    for variable in variables:
        missing = variable.known.reindex(columns.labels.index).isna().to_numpy(dtype=bool)
        unknown = variable.unknown.reindex(columns.labels.index).to_numpy(dtype=bool)
        for group in columns.shown:
            own = columns.members(group)
            n, gone = int(own.sum()), int((own & missing).sum())
            rows.append(
                {
                    "grouping": columns.grouping, "group": group, "variable": variable.name, "label": variable.label,
                    "n_group": n, "n_missing": gone, "n_unknown": int((own & unknown).sum()),
                    "percent": _percent(gone, n), "masked": "",
                }
            )  # fmt: skip
    frame = pd.DataFrame(rows).reindex(columns=list(MISSINGNESS_COLUMNS))
    return frame.astype(dict.fromkeys(("n_group", "n_missing", "n_unknown"), "Int64"))


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else math.nan


def _count_text(n: int, percent: float) -> str:
    return f"{n}" if math.isnan(percent) else f"{n} ({percent:.1f})"


def _header(columns: Columns) -> Iterator[dict[str, Any]]:
    """Patients per column; the percentage is of everybody."""
    total = len(columns.labels)
    for group in columns.shown:
        n = int(columns.members(group).sum())
        yield {
            "grouping": columns.grouping, "group": group, "variable": HEADER, "label": "Patients", "kind": "count",
            "n": n, "denominator": total, "percent": _percent(n, total), "text": str(n),
        }  # fmt: skip


def _rows(variable: Variable, columns: Columns, plan: GroupTests) -> list[dict[str, Any]]:
    """All rows of one variable."""
    values = variable.known.reindex(columns.labels.index)
    head = {
        "grouping": columns.grouping, "variable": variable.name, "label": variable.label, "unit": variable.unit,
        "kind": variable.kind,
    }  # fmt: skip
    members = {group: columns.members(group) for group in columns.shown}
    make: Callable[..., list[dict[str, Any]]] = {
        "number": _number_rows, "category": _category_rows, "multiple": _multiple_rows,
    }[variable.kind]  # fmt: skip
    rows = make(variable, values, members, columns, plan)
    missing = values.isna().to_numpy(dtype=bool)
    if missing.any():
        for group, own in members.items():
            n, size = int((own & missing).sum()), int(own.sum())
            share = _percent(n, size)
            rows.append({"level": MISSING, "group": group, "n": n, "denominator": size, "percent": share,
                         "text": _count_text(n, share)})  # fmt: skip
    return [head | row for row in rows]


def _number_rows(
    variable: Variable, values: pd.Series, members: dict[str, NDArray[np.bool_]], columns: Columns, plan: GroupTests
) -> list[dict[str, Any]]:
    """Median and quartiles, mean and SD, range."""
    x = values.to_numpy(dtype=np.float64)
    known = {group: x[own & ~np.isnan(x)] for group, own in members.items()}
    beside = _compare_numbers(variable, known, columns, plan)
    rows: list[dict[str, Any]] = []
    for level in ("median (IQR)", "mean (SD)", "range"):
        for group, own in known.items():
            head = {"level": level, "group": group, "n": len(own), "denominator": len(own)}
            rows.append(head | _statistic(level, own, variable.digits) | beside)
    return rows


def _statistic(level: str, own: NDArray[np.float64], digits: int) -> dict[str, Any]:
    """Return the numbers of one row and their text; nothing of nobody."""
    if len(own) == 0:
        return {"text": "-"}
    if level == "median (IQR)":
        q1, median, q3 = (float(value) for value in np.quantile(own, [0.25, 0.5, 0.75]))
        text = f"{_short(median, digits)} ({_short(q1, digits)} to {_short(q3, digits)})"
        return {"median": median, "q1": q1, "q3": q3, "text": text}
    if level == "mean (SD)":
        sd = float(own.std(ddof=1)) if len(own) > 1 else math.nan
        spread = "-" if math.isnan(sd) else f"{sd:.{digits}f}"
        return {"mean": float(own.mean()), "sd": sd, "text": f"{own.mean():.{digits}f} ({spread})"}
    lo, hi = float(own.min()), float(own.max())
    return {"min": lo, "max": hi, "text": f"{_short(lo, digits)} to {_short(hi, digits)}"}


def _short(value: float, digits: int) -> str:
    """Round, without trailing zeros."""
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _category_rows(
    variable: Variable, values: pd.Series, members: dict[str, NDArray[np.bool_]], columns: Columns, plan: GroupTests
) -> list[dict[str, Any]]:
    """Patients per level, in percent of those with a value."""
    levels = variable.order()
    counts = {group: _count(values[own], levels) for group, own in members.items()}
    beside = _compare_levels(variable.name, counts, columns, plan)
    return [
        _count_row(level, group, int(own[i]), int(own.sum())) | beside
        for i, level in enumerate(levels)
        for group, own in counts.items()
    ]


def _multiple_rows(
    variable: Variable, values: pd.Series, members: dict[str, NDArray[np.bool_]], columns: Columns, plan: GroupTests
) -> list[dict[str, Any]]:
    """Patients with each level, compared level by level; levels do not add up."""
    sets = values.map(lambda text: frozenset(text.split(";")), na_action="ignore")
    rows = []
    for level in variable.order():
        has = np.array([False if pd.isna(item) else level in item for item in sets], dtype=bool)
        counts = {
            group: np.array([int((own & has).sum()), int((own & values.notna().to_numpy() & ~has).sum())])
            for group, own in members.items()
        }
        beside = _compare_levels(f"{variable.name}:{level}", counts, columns, plan)
        rows += [_count_row(level, group, int(own[0]), int(own.sum())) | beside for group, own in counts.items()]
    return rows


def _count(values: pd.Series, levels: Sequence[str]) -> NDArray[np.int64]:
    found = values.value_counts()
    return np.array([found.get(level, 0) for level in levels], dtype=np.int64)


def _count_row(level: str, group: str, n: int, known: int) -> dict[str, Any]:
    share = _percent(n, known)
    text = "-" if known == 0 else _count_text(n, share)
    return {"level": level, "group": group, "n": n, "denominator": known, "percent": share, "text": text}


def _compare_levels(
    name: str, counts: dict[str, NDArray[np.int64]], columns: Columns, plan: GroupTests
) -> dict[str, Any]:
    """Largest standardised difference, and the exact test."""
    own = {group: counts[group] for group in columns.order if counts[group].sum() > 0}
    out = _largest({pair: difference_of_levels(own[pair[0]], own[pair[1]]) for pair in combinations(own, 2)})
    if plan.tests and len(own) >= MIN_COMPARED:
        seed = derive_seed(f"describe:{columns.grouping}:{name}", master=plan.seed)
        table = np.column_stack(list(own.values()))
        found = freeman_halton(
            table, seed=seed, draws=plan.draws, max_tables=EXACT_TABLES if table.sum() <= MANY else 0
        )
        out |= {"p": found.p, "p_method": "" if found.method == "none" else found.method}
    return out


def _compare_numbers(
    variable: Variable, known: dict[str, NDArray[np.float64]], columns: Columns, plan: GroupTests
) -> dict[str, Any]:
    """Largest standardised difference, and Kruskal-Wallis."""
    own = {group: known[group] for group in columns.order if len(known[group])}
    out = _largest({pair: difference_of_numbers(own[pair[0]], own[pair[1]]) for pair in combinations(own, 2)})
    if plan.tests and len(own) >= MIN_COMPARED:
        seed = derive_seed(f"describe:{columns.grouping}:{variable.name}", master=plan.seed)
        p, method = kruskal_wallis(list(own.values()), seed=seed, draws=plan.draws)
        out |= {"p": p, "p_method": method}
    return out


def _largest(pairs: dict[tuple[str, str], float]) -> dict[str, Any]:
    known = {pair: value for pair, value in pairs.items() if not math.isnan(value)}
    if not known:
        return {}
    pair = max(known, key=lambda item: known[item])
    if math.isinf(known[pair]):
        return {"smd_pair": f"{pair[0]}, {pair[1]}{NOT_FINITE}"}
    return {"smd": known[pair], "smd_pair": f"{pair[0]}, {pair[1]}"}


def kruskal_wallis(groups: Sequence[NDArray[np.float64]], *, seed: int, draws: int = DRAWS) -> tuple[float, str]:
    """Test whether a number differs between groups, by permuting who is in which.

    Parameters
    ----------
    groups
        Values of each group, none missing.
    seed
        Of the draws.
    draws
        Relabelings drawn at most; two groups are counted out where possible.

    Returns
    -------
    tuple
        p, and ``exact``, ``monte_carlo`` or, in more than 2,000 patients, ``asymptotic`` (chi-square); NaN and "" if
        all values are equal.

    Notes
    -----
    The statistic is that of Kruskal and Wallis with correction for ties: U' V^- U of the mean ranks.
    """
    values = np.concatenate(groups)
    if len(np.unique(values)) < 2:
        return math.nan, ""
    from scipy.stats import kruskal, rankdata

    if len(values) > MANY:
        return float(kruskal(*groups).pvalue), "asymptotic"
    ranks = rankdata(values)
    labels = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    found = permutation_groups(ranks - ranks.mean(), labels, seed=seed, max_draws=draws)
    return found.p, found.method
