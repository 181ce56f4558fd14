"""Tables of the diagnostic pathway and of how the disease changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from netgen.association.therapy_tables import EVOLUTION_COLUMNS, MIGRATION_COLUMNS, PAIR_COLUMNS, PATHWAY_COLUMNS
from netgen.report.page.association_cells import each, number
from netgen.report.page.share_cells import percent, share_with_limits, whole
from netgen.report.page.tables import render_table
from netgen.report.page.therapy_cells import FOLDER, METHODS, side_by_side, status_text
from netgen.report.summary import months, p_text
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from netgen.association.therapy import TherapyResult
    from netgen.report.page.markup import Markup


def tabulate_pathway(result: TherapyResult, grouping: str) -> Markup:
    """Return the steps of the diagnosis.

    Parameters
    ----------
    result
        A finished comparison.
    grouping
        One of its groupings.

    Returns
    -------
    Markup
        One row per item and level, one column per group; the test is that of the item.
    """
    rows = result.pathway.assign(status=each(result.pathway, _freeman_halton))
    return side_by_side(
        result, rows, grouping, index=["item", "level"], key="proportion",
        cell=lambda own: share_with_limits(own, "count", "n", "proportion", "lo", "hi"),
        labels={"item": "Step", "level": "Level", "p": "p", "status": "Test"},
        meanings=PATHWAY_COLUMNS, meaning="patients with the level of those of whom it can be told, 95 % Wilson limits",
        formats={"p": p_text}, caption=f"Diagnostic pathway by {words(grouping)}", id="therapy-pathway",
        source="pathway.tsv",
    )  # fmt: skip


def _freeman_halton(row: Mapping[Hashable, Any]) -> str:
    if row["status"] == "tested":
        return f"Freeman-Halton, {METHODS.get(str(row['p_method']), str(row['p_method']))}"
    return status_text(row["status"])


def tabulate_evolution(result: TherapyResult, grouping: str) -> Markup:
    """Return how the disease changed; each p-value is that of the pairs of one group.

    Parameters
    ----------
    result
        A finished comparison.
    grouping
        One of its groupings.

    Returns
    -------
    Markup
        One row per item and line, one column per group.
    """
    rows = result.evolution.astype({"line": "Int64"})
    return side_by_side(
        result, rows, grouping, index=["item", "line"], key="value",
        cell=lambda rows: each(rows, _evolution), labels={"item": "What changed", "line": "Line"},
        meanings=EVOLUTION_COLUMNS, meaning="patients or pairs with the change, or its median, with 95 % limits",
        caption=f"Evolution of the disease by {words(grouping)}", id="therapy-evolution", source="evolution.tsv",
    )  # fmt: skip


def _evolution(row: Mapping[Hashable, Any]) -> str | None:
    """Write a share, or a median change with the test of the pairs."""
    if pd.isna(row["n"]) or not row["n"]:
        return None
    show = whole if row["item"] == "ki67_change" else percent
    middle, lo, hi = (show(number(row[name])) for name in ("value", "lo", "hi"))
    limits = f" ({lo} to {hi})" if lo and hi else ""
    if row["item"] == "ki67_change":
        test = "" if pd.isna(row["p"]) else f", p = {p_text(row['p'])}"
        return f"{middle}{limits}, {row['n']:.0f} pairs{test}" if middle else f"{row['n']:.0f} pairs"
    return f"{row['count']:.0f}/{row['n']:.0f}, {middle} %{limits}"


def tabulate_migration(result: TherapyResult, grouping: str) -> Markup:
    """Return how grades changed between the samples of a pair.

    Parameters
    ----------
    result
        A finished comparison.
    grouping
        One of its groupings.

    Returns
    -------
    Markup
        One row per pair of grades, one column per group.
    """
    return side_by_side(
        result, result.grade_migration, grouping, index=["grade_first", "grade_last"], key="count",
        cell=lambda rows: rows["count"].astype("Int64").astype("string"),
        labels={"grade_first": "First grade", "grade_last": "Last grade"}, meanings=MIGRATION_COLUMNS,
        meaning="patients", caption=f"Grade of the first and the last sample, patients, by {words(grouping)}",
        id="therapy-migration", source="grade_migration.tsv",
    )  # fmt: skip


def tabulate_pairs(result: TherapyResult) -> Markup:
    """Return the pairs of Ki-67.

    Parameters
    ----------
    result
        A finished comparison.

    Returns
    -------
    Markup
        One row per patient.
    """
    labels = {"patient_id": "Patient", "kind": "Samples", "ki67_first": "First Ki-67, %", "ki67_last": "Last Ki-67, %",
              "change": "Change, points", "days": "Months between", "grade_first": "First grade",
              "grade_last": "Last grade"}  # fmt: skip
    rows = result.ki67_pairs.assign(kind=result.ki67_pairs["kind"].map(words))
    numbers = dict.fromkeys(("ki67_first", "ki67_last", "change"), whole)
    return render_table(
        rows[list(labels)], columns=PAIR_COLUMNS, labels=labels, row_patient="patient_id", id="therapy-ki67-pairs",
        formats={**numbers, "days": lambda days: "" if math.isnan(days) else months(days)},
        caption="Ki-67 of two samples of a patient", source=f"{FOLDER}/ki67_pairs.tsv",
    )  # fmt: skip
