"""Classes of treatment by line: the table, differences with their equivalence reading first, then the test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.line_history import ABSENT
from netgen.association.therapy_tables import CLASS_COLUMNS, DIFFERENCE_COLUMNS, REACH_COLUMNS
from netgen.report.page.association_cells import each, fold, number, paragraph, share
from netgen.report.page.markup import Markup, tag
from netgen.report.page.share_cells import decimals, percent, points, share_with_limits, spread, whole, with_limits
from netgen.report.page.tables import render_table
from netgen.report.page.therapy_cells import FOLDER, METHODS, named, of_grouping, slug, status_text
from netgen.report.summary import p_text
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from netgen.association.therapy import TherapyResult

SHARE: Final = "patients with the class of those who received the line, per cent, 95 % Wilson limits"
RESIDUAL: Final = "adjusted residual of the cell: beyond 2 or -2 it departs from what the margins let expect"
DIFFERENCE_LABELS: Final = {
    "regimen_class": "Class", "own": "", "other": "", "difference_text": "Difference, points (95 % limits)",
    "equivalence": "90 % limits, points", "verdict": "Equivalence reading", "mdd_80": "Detectable, points",
    "p_tost": "p (equivalence)", "p_fisher": "p (difference)",
}  # fmt: skip
REACH_LABELS: Final = {
    "line": "Line", "group": "Group", "n_at_risk": "Could receive it", "n_received": "Received it", "n_dead": "Died",
    "n_ongoing": "Line before ongoing", "n_off_therapy": "Off treatment", "n_lost": "Lost",
    "n_unrecorded": "Unrecorded",
}  # fmt: skip
ONLY_TWO: Final = "Differences and their equivalence reading are those of two groups; these are more."


def describe_line(result: TherapyResult, grouping: str, line: int) -> list[Markup | None]:
    """Return one line of one grouping: counts, differences with their reading, and only then the test.

    Parameters
    ----------
    result
        A finished comparison.
    grouping
        One of its groupings.
    line
        Line of treatment.

    Returns
    -------
    list
        Parts of the page; nothing if the line was not compared.
    """
    tables = of_grouping(result.algorithm_tables, grouping)
    found = tables.loc[tables["line"] == line].to_dict("records")
    if not found:
        return []
    row = found[0]
    differences = of_grouping(result.algorithm_differences, grouping)
    differences = differences.loc[differences["line"] == line]
    return [
        tag("h4", f"Line {line} by {words(grouping)}"),
        paragraph(_received(row), _merged(row)),
        *_classes(result, grouping, line),
        _differences(result, differences, grouping, line) if len(differences) else None,
        paragraph(ONLY_TWO) if not len(differences) and len(result.plan["by"][grouping]) > 2 else None,
        paragraph(_test(row)),
        tag("p", tag("code", str(row["warnings"])), " ", row["reading"], class_="caveat") if row["warnings"] else None,
    ]


def _received(row: Mapping[Hashable, Any]) -> str:
    """Say how many could receive the line, how many did, and why the others did not."""
    got = row["n"] + row["n_class_unknown"]
    absent = [f"{row[f'n_{reason}']} {words(reason)}" for reason in (*ABSENT, "unrecorded") if row[f"n_{reason}"]]
    text = f"{got} of {row['n_at_risk']} patients at risk of line {row['line']} received it"
    text += f"; the others: {', '.join(absent)}." if absent else "."
    return f"{text} The class of {row['n_class_unknown']} is not recorded." if row["n_class_unknown"] else text


def _merged(row: Mapping[Hashable, Any]) -> str:
    names = ", ".join(named(name) for name in str(row["merged"]).split(";") if name)
    return f"Counted as other, fewer than 2 patients in all: {names}." if names else ""


def _classes(result: TherapyResult, grouping: str, line: int) -> list[Markup | None]:
    """Return the classes with their shares, one column per group, and the residuals folded."""
    rows = of_grouping(result.algorithm_classes, grouping)
    rows = rows.loc[rows["line"] == line]
    if not len(rows):
        return []
    sizes = rows.groupby("group", sort=False)["n"].first()
    shares = spread(
        rows.assign(text=share_with_limits(rows, "count", "n", "proportion", "lo", "hi")), ["regimen_class"], "group",
        "text", "proportion",
    )  # fmt: skip
    heads = {name: f"{words(group)}, n = {sizes[group]}" for name, group in shares.groups.items()}
    key, meanings = f"{line}-{slug(result, grouping)}", {"regimen_class": CLASS_COLUMNS["regimen_class"]}
    table = render_table(
        shares.frame.assign(regimen_class=shares.frame["regimen_class"].map(named)), sort=shares.sort,
        columns={**meanings, **dict.fromkeys(heads, SHARE)}, labels={"regimen_class": "Class", **heads},
        caption=f"Class of line {line} by {words(grouping)}", id=f"therapy-classes-{key}",
        source=f"{FOLDER}/algorithm_classes.tsv",
    )  # fmt: skip
    if not rows["residual"].notna().any():
        return [table]
    cells = spread(rows.assign(copy=rows["residual"]), ["regimen_class"], "group", "residual", "copy")
    shown = cells.frame.drop(columns=list(cells.sort.values()))
    residuals = render_table(
        shown.assign(regimen_class=shown["regimen_class"].map(named)), formats=dict.fromkeys(cells.groups, decimals),
        columns={**meanings, **dict.fromkeys(heads, RESIDUAL)}, labels={"regimen_class": "Class", **heads},
        caption=f"Adjusted residuals of line {line}", id=f"therapy-residuals-{key}",
        source=f"{FOLDER}/algorithm_classes.tsv",
    )  # fmt: skip
    return [table, fold("Adjusted residuals", residuals)]


def _differences(result: TherapyResult, rows: pd.DataFrame, grouping: str, line: int) -> Markup:
    """Return the differences between two groups: interval and equivalence first, p last."""
    first = rows.iloc[0]
    margin = whole(100 * float(first["margin"]))
    shown = rows.assign(
        regimen_class=rows["regimen_class"].map(named),
        own=share(rows, "count", "n"),
        other=share(rows, "count_reference", "n_reference"),
        difference_text=with_limits(rows, "difference", "lo", "hi", points),
        equivalence=each(rows, _ninety),
        verdict=each(rows, _verdict),
    )
    meanings = {
        **DIFFERENCE_COLUMNS, "own": DIFFERENCE_COLUMNS["count"], "other": DIFFERENCE_COLUMNS["count_reference"],
        "difference_text": f"{DIFFERENCE_COLUMNS['difference']}, percentage points; 95 % limits by Newcombe",
        "equivalence": "90 % limits of the difference: equivalence needs all of them within the margin",
        "verdict": f"whether the 90 % limits lie within the margin of {margin} points",
        "mdd_80": f"{DIFFERENCE_COLUMNS['mdd_80']}, percentage points",
    }  # fmt: skip
    names = [words(str(first[name])) for name in ("group", "reference")]
    caption = f"Line {line}: {names[0]} against {names[1]}, margin {margin} percentage points"
    return render_table(
        shown[[*DIFFERENCE_LABELS, "difference", "equivalence_lo"]], columns=meanings,
        labels={**DIFFERENCE_LABELS, "own": names[0], "other": names[1]},
        formats={"mdd_80": percent, "p_tost": p_text, "p_fisher": p_text},
        sort={"difference_text": "difference", "equivalence": "equivalence_lo"}, caption=caption,
        id=f"therapy-differences-{line}-{slug(result, grouping)}", source=f"{FOLDER}/algorithm_differences.tsv",
    )  # fmt: skip


def _ninety(row: Mapping[Hashable, Any]) -> str | None:
    lo, hi = (points(number(row[f"equivalence_{end}"])) for end in ("lo", "hi"))
    return f"{lo} to {hi}" if lo and hi else None


def _verdict(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["within_margin"]) or pd.isna(row["equivalence_lo"]):
        return "cannot be told"
    return "equivalent within the margin" if row["within_margin"] else "equivalence is not shown"


def _test(row: Mapping[Hashable, Any]) -> str:
    """Write the test of the whole table, with the size of the effect before p."""
    if row["status"] != "tested":
        return f"Not tested: {status_text(row['status'])}."
    sizes = [
        f"{name} {decimals(number(row[key]))} ({decimals(number(row[f'{key}_lo']))} to"
        f" {decimals(number(row[f'{key}_hi']))})"
        for key, name in (("v", "Cramer's V"), ("v_bc", "bias-corrected"))
    ]
    how = METHODS.get(str(row["p_method"]), str(row["p_method"]))
    drawn = f", {row['n_draws']} tables" if row["n_draws"] else ""
    return (
        f"Size of the difference: {sizes[0]}, {sizes[1]}. Freeman-Halton test: p = {p_text(row['p'])} ({how}{drawn});"
        f" across the lines p = {p_text(row['p_holm'])} (Holm)."
    )


def tabulate_reach(result: TherapyResult, grouping: str) -> Markup | None:
    """Return who could receive each line, who did, and why the others did not.

    Parameters
    ----------
    result
        A finished comparison.
    grouping
        One of its groupings.

    Returns
    -------
    Markup or None
        One row per line and group; None without a line.
    """
    rows = of_grouping(result.algorithm_reach, grouping)
    if not len(rows):
        return None
    shown = rows.assign(group=rows["group"].map(words))
    return render_table(
        shown[list(REACH_LABELS)], columns=REACH_COLUMNS, labels=REACH_LABELS,
        caption=f"Who could receive a line and who did, by {words(grouping)}",
        id=f"therapy-reach-{slug(result, grouping)}", source=f"{FOLDER}/algorithm_reach.tsv",
    )  # fmt: skip
