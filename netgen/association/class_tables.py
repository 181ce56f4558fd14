"""Which class of treatment at which line: the tables of groups by classes (DOMAIN 3.13 a, h)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from netgen.association.cramers_v import adjusted_residuals, cramers_v
from netgen.association.detectable import detectable_difference, detectable_v
from netgen.association.equivalence import equivalence_test
from netgen.association.exact_tables import exact_odds_ratio
from netgen.association.freeman_halton import freeman_halton
from netgen.association.line_history import ABSENT, UNKNOWN_CLASS
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.proportions import newcombe, wilson
from netgen.association.therapy_tables import (
    CLASS_COLUMNS,
    DIFFERENCE_COLUMNS,
    REACH_COLUMNS,
    TABLE_COLUMNS,
    frame_of,
    no_equivalence,
)
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from netgen.association.equivalence import Equivalence
    from netgen.association.line_history import LineHistory
    from netgen.association.therapy_tables import Labels

MIN_CLASS: Final = 2  # classes of fewer patients of all groups together are merged
OTHER: Final = "other"


class ClassTables(NamedTuple):
    """The comparison of one grouping: one frame per table of ``therapy_tables``."""

    tables: pd.DataFrame
    classes: pd.DataFrame
    differences: pd.DataFrame
    reach: pd.DataFrame


class _Table(NamedTuple):
    """Counts (groups, classes) of one line."""

    groups: tuple[str, ...]
    classes: tuple[str, ...]
    counts: NDArray[np.int64]
    merged: tuple[str, ...]


def merge_rare(classes: NDArray[np.str_]) -> tuple[NDArray[np.str_], tuple[str, ...]]:
    """Return classes with those of fewer than two patients merged into ``other``, and which these were.

    The rule is stated before the data are seen and looks at all groups together. A single rare class is only renamed:
    no test statistic changes.

    Parameters
    ----------
    classes
        (n,) class of each patient.

    Returns
    -------
    tuple
        Classes, and the names that were merged, sorted.
    """
    names, counts = np.unique(classes, return_counts=True)
    rare = tuple(str(name) for name in names[counts < MIN_CLASS] if name != OTHER)
    wide = classes.astype(f"U{max(len(OTHER), classes.dtype.itemsize // 4)}")
    return np.where(np.isin(classes, rare), OTHER, wide), rare


def compare_classes(history: LineHistory, groups: Labels, *, max_line: int, margin: float, seed: int) -> ClassTables:
    """Compare the classes of treatment of groups, line by line.

    Parameters
    ----------
    history
        Lines of the patients.
    groups
        Groups of the same patients; who has none is left out.
    max_line
        Lines 1 to this.
    margin
        Largest difference of proportions without importance.
    seed
        Master seed.

    Returns
    -------
    ClassTables
        Tables with fixed columns.

    Notes
    -----
    1. Patients who received the line, by class; an unrecorded class is counted and left out.
    2. ``merge_rare``; Freeman-Halton test; Cramer's V; Holm across the lines.
    3. Two groups: second minus first proportion of each class, with Newcombe's 95 % limits; and for equivalence the
       90 % limits and the two one-sided tests.

    Witness: DOMAIN SC21.
    """
    rows, classes, differences, reach = [], [], [], []
    for line in range(1, max_line + 1):
        own_reach = _reach(history, groups, line)
        reach += own_reach
        table = _count(history, groups, line)
        task = f"therapy:{groups.name}:line{line}"
        row = _totals(own_reach) | {"grouping": groups.name, "line": line}
        row |= {"endpoint": "primary" if line == 1 else "secondary"}
        row |= _test(table, derive_seed(task, master=seed))
        known = int(table.counts.sum())
        row |= {"n": known, "n_class_unknown": row.pop("n_received") - known}
        cells, residuals = _cells(table, groups.name, line)
        compared = _differences(table, groups.name, line, margin)
        row |= _as_json(table, residuals, compared)
        rows.append(row)
        classes += cells
        differences += compared
    adjusted = adjust_pvalues([row["p"] for row in rows], method="holm")
    rows = [row | {"p_holm": float(p)} for row, p in zip(rows, adjusted, strict=True)]
    return ClassTables(
        frame_of(rows, TABLE_COLUMNS),
        frame_of(classes, CLASS_COLUMNS),
        frame_of(differences, DIFFERENCE_COLUMNS),
        frame_of(reach, REACH_COLUMNS),
    )


def _reach(history: LineHistory, groups: Labels, line: int) -> list[dict[str, Any]]:
    """Who could receive the line, who did, and why the others did not."""
    before = history.received(line - 1) if line > 1 else np.ones(len(history.patients), dtype=bool)
    got = history.received(line)
    gap = (
        ~got
        & (history.n_lines > 0)
        & (history.lines.groupby("place")["line"].max().reindex(range(len(got))).to_numpy() > line)
    )
    rows = []
    for group in groups.order:
        own = before & (groups.labels == group)
        row: dict[str, Any] = {"grouping": groups.name, "line": line, "group": group, "n_at_risk": int(own.sum())}
        row |= {"n_received": int((own & got).sum()), "n_unrecorded": int((own & gap).sum())}
        row |= {f"n_{reason}": int((own & ~got & ~gap & (history.absent == reason)).sum()) for reason in ABSENT}
        rows.append(row)
    return rows


def _totals(reach: list[dict[str, Any]]) -> dict[str, Any]:
    names = ["n_at_risk", "n_received", "n_unrecorded", *(f"n_{reason}" for reason in ABSENT)]
    return {name: sum(row[name] for row in reach) for name in names}


def _count(history: LineHistory, groups: Labels, line: int) -> _Table:
    """Count groups by classes, after merging."""
    own = history.classes(line)
    use = (own != "") & (own != UNKNOWN_CLASS) & groups.known
    merged, rare = merge_rare(own[use])
    names = sorted(set(merged.tolist()), key=lambda name: (name == OTHER, name))
    counts = np.array(
        [[int(((groups.labels[use] == group) & (merged == name)).sum()) for name in names] for group in groups.order],
        dtype=np.int64,
    ).reshape(len(groups.order), len(names))
    return _Table(groups.order, tuple(names), counts, rare)


def _test(table: _Table, seed: int) -> dict[str, Any]:
    """P-value, strength, and the warning that goes with a p above the level."""
    found, strength = freeman_halton(table.counts, seed=seed), cramers_v(table.counts, seed=seed)
    code, reading = no_equivalence(found.p, (strength.v_bc_lo, strength.v_bc_hi))
    filled = ((table.counts.sum(axis=axis) > 0).sum() for axis in (1, 0))
    least = detectable_v(int(table.counts.sum()), *map(int, filled))
    reading = reading.replace("95 % CI", "bias-corrected Cramer's V, 95 % CI") + (_read_power(least) if code else "")
    return {
        "p": found.p, "p_method": found.method, "n_draws": found.n_draws, "mc_lo": found.mc_lo, "mc_hi": found.mc_hi,
        "min_attainable_p": found.min_attainable_p, "x2": strength.x2, "df": strength.df, "v": strength.v,
        "v_lo": strength.v_lo, "v_hi": strength.v_hi, "v_bc": strength.v_bc, "v_bc_lo": strength.v_bc_lo,
        "v_bc_hi": strength.v_bc_hi, "merged": ";".join(table.merged), "status": _status(table), "warnings": code,
        "reading": reading, "v_mde_80": least,
    }  # fmt: skip


def _read_power(least: float) -> str:
    if least >= 1:
        return " A table of this size has 80 % power for no effect, however large."
    return f" Only V above {least:.2f} had 80 % power; smaller effects cannot be excluded."


def _status(table: _Table) -> str:
    if table.counts.sum() == 0:
        return "nobody"
    if (table.counts.sum(axis=1) > 0).sum() < 2:
        return "one_group"
    return "tested" if (table.counts.sum(axis=0) > 0).sum() > 1 else "one_class"


def _cells(table: _Table, name: str, line: int) -> tuple[list[dict[str, Any]], NDArray[np.float64]]:
    residuals = adjusted_residuals(table.counts) if table.counts.size else np.zeros(table.counts.shape)
    size = np.broadcast_to(table.counts.sum(axis=1, keepdims=True), table.counts.shape)
    share = wilson(table.counts, size)
    rows = [
        {"grouping": name, "line": line, "group": group, "regimen_class": label, "n": int(size[i, j]),
         "count": int(table.counts[i, j]), "proportion": float(share.estimate[i, j]), "lo": float(share.lo[i, j]),
         "hi": float(share.hi[i, j]), "residual": float(residuals[i, j])}
        for i, group in enumerate(table.groups)
        for j, label in enumerate(table.classes)
    ]  # fmt: skip
    return rows, residuals


def _differences(table: _Table, name: str, line: int, margin: float) -> list[dict[str, Any]]:
    """Second minus first group, class by class; nothing unless there are two groups."""
    if len(table.groups) != 2 or not (table.counts.sum(axis=1) > 0).all():
        return []
    (n_0, n_1), rows = table.counts.sum(axis=1).tolist(), []
    for j, label in enumerate(table.classes):
        a, b = (int(x) for x in table.counts[:, j])
        interval, equal = newcombe(b, n_1, a, n_0), equivalence_test(b, n_1, a, n_0, margin=margin)
        rows.append(
            {"grouping": name, "line": line, "regimen_class": label, "group": table.groups[1],
             "reference": table.groups[0], "count": b, "n": n_1, "count_reference": a, "n_reference": n_0,
             "difference": float(interval.estimate), "lo": float(interval.lo), "hi": float(interval.hi),
             "mdd_80": detectable_difference(n_1, n_0, (a + b) / (n_0 + n_1)),
             "p_fisher": exact_odds_ratio([[b, n_1 - b], [a, n_0 - a]]).p, "margin": margin,
             "equivalence_lo": equal.lo, "equivalence_hi": equal.hi, "p_tost": equal.p,
             "within_margin": equal.within, "reading": _read_equivalence(equal, margin)}
        )  # fmt: skip
    return rows


def _read_equivalence(equal: Equivalence, margin: float) -> str:
    where = "lies within" if equal.within else "does not lie within"
    verdict = (
        "equivalent within this margin (two one-sided tests at 0.05)" if equal.within else "equivalence is not shown"
    )
    return f"90 % CI {equal.lo:.3f} to {equal.hi:.3f} {where} +-{margin:g}: {verdict}."


def _as_json(table: _Table, residuals: NDArray[np.float64], compared: list[dict[str, Any]]) -> dict[str, str]:
    counts = {
        group: dict(zip(table.classes, row, strict=True))
        for group, row in zip(table.groups, table.counts.tolist(), strict=True)
    }
    cells = {
        group: {
            name: None if np.isnan(value) else round(float(value), 6)
            for name, value in zip(table.classes, row, strict=True)
        }
        for group, row in zip(table.groups, residuals, strict=True)
    }
    differences = {row["regimen_class"]: [round(row[key], 6) for key in ("difference", "lo", "hi")] for row in compared}
    return {"table": json.dumps(counts), "residuals": json.dumps(cells), "differences": json.dumps(differences)}
