"""Tables of courses of treatment: sequences, exposure, numbers of lines, times by line, transitions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.therapy_tables import (
    COUNT_COLUMNS,
    EXPOSURE_COLUMNS,
    SEQUENCE_COLUMNS,
    SEQUENCE_TEST_COLUMNS,
    STARTS_COLUMNS,
    TIME_COLUMNS,
    TRANSITION_COLUMNS,
    TRANSITION_TEST_COLUMNS,
)
from netgen.report.page.association_cells import each, number
from netgen.report.page.share_cells import (
    decimals,
    percent,
    share_with_limits,
    warnings_with_reading,
    whole,
    with_limits,
)
from netgen.report.page.tables import render_table
from netgen.report.page.therapy_cells import FOLDER, METHODS, named, side_by_side, status_text
from netgen.report.summary import months, p_text
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from netgen.association.therapy import TherapyResult
    from netgen.report.page.markup import Markup

SEQUENCE_LABELS: Final = {
    "grouping": "Groups", "distance": "Distance", "role": "Role", "scale": "Scale", "n": "Patients", "f": "Pseudo-F",
    "r2": "R2, %", "p": "p", "dispersion_p": "p (dispersion)", "status": "Status", "warnings": "Warnings",
}  # fmt: skip
SCALES: Final = {"squared": "squared, as adonis2", "unsquared": "unsquared, as dissassoc"}
TAILS: Final = {"missing": "", "none": ", absent lines as a state"}
COUNT_LABELS: Final = {
    "grouping": "Groups", "group": "Group", "n": "Patients", "n_0": "0", "n_1": "1", "n_2": "2", "n_3": "3",
    "n_4plus": "4 or more", "median_text": "Median (quartiles)", "kw_p": "p", "method": "Test", "warnings": "Warnings",
}  # fmt: skip


def tabulate_sequence_tests(result: TherapyResult) -> Markup:
    """Return the tests of whole sequences, the primary distance first.

    Parameters
    ----------
    result
        A finished comparison.

    Returns
    -------
    Markup
        One row per grouping, distance and scale.
    """
    rows = result.sequence_tests
    shown = rows.assign(
        grouping=rows["grouping"].map(words),
        distance=rows["distance"].map(named) + rows["tails"].map(TAILS),
        scale=rows["scale"].map(SCALES),
        status=rows["status"].map(status_text),
        warnings=warnings_with_reading(rows),
    )
    return render_table(
        shown[list(SEQUENCE_LABELS)], columns=SEQUENCE_TEST_COLUMNS, labels=SEQUENCE_LABELS,
        formats={"f": decimals, "r2": percent, "p": p_text, "dispersion_p": p_text},
        caption="Whole sequences (PERMANOVA)", id="therapy-permanova", source=f"{FOLDER}/permanova.json",
    )  # fmt: skip


def tabulate_sequences(result: TherapyResult) -> Markup:
    """Return the sequence of every patient.

    Parameters
    ----------
    result
        A finished comparison.

    Returns
    -------
    Markup
        One row per patient.
    """
    rows = result.algorithm_sequences
    groupings = list(result.plan["by"])
    names = {grouping: f"grouping_{place}" for place, grouping in enumerate(groupings)}
    shown = rows[["patient_id"]].assign(
        **{name: rows[grouping].map(words, na_action="ignore") for grouping, name in names.items()}
    )
    shown["n_lines"] = rows["n_lines"]
    shown["sequence"] = rows["sequence"].map(lambda text: " \N{RIGHTWARDS ARROW} ".join(map(named, text.split(">"))))
    shown["absent"] = rows["absent"].map(words, na_action="ignore")
    shown["status"] = rows["status"].map(status_text)
    heads = {name: _capital(words(one)) for one, name in names.items()}
    labels = {"patient_id": "Patient", **heads, "n_lines": "Lines", "sequence": "Sequence",
              "absent": "No further line because", "status": "Status"}  # fmt: skip
    return render_table(
        shown, columns=SEQUENCE_COLUMNS, labels=labels, row_patient="patient_id", id="therapy-sequences",
        caption="Sequence of classes of every patient", source=f"{FOLDER}/algorithm_sequences.tsv",
    )  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def tabulate_exposure(result: TherapyResult, grouping: str) -> Markup:
    """Return the cumulative incidence of the first exposure to each class, death competing.

    Parameters
    ----------
    result
        A finished comparison.
    grouping
        One of its groupings.

    Returns
    -------
    Markup
        One row per class and horizon, one column per group.
    """
    return side_by_side(
        result, result.exposure, grouping, index=["regimen_class", "horizon_months"], key="cif",
        cell=lambda rows: with_limits(rows, "cif", "cif_lo", "cif_hi", percent),
        labels={"regimen_class": "Class", "horizon_months": "Months"}, meanings=EXPOSURE_COLUMNS,
        meaning="cumulative incidence of the first exposure in per cent with 95 % limits, death competing",
        caption=f"Ever exposed by a given month, % (95 % limits), by {words(grouping)}", id="therapy-exposure",
        source="exposure.tsv",
    )  # fmt: skip


def tabulate_counts(result: TherapyResult) -> Markup:
    """Return how many lines patients received.

    Parameters
    ----------
    result
        A finished comparison.

    Returns
    -------
    Markup
        One row per group; the test is that of the grouping.
    """
    rows = result.line_counts
    shown = rows.assign(
        grouping=rows["grouping"].map(words),
        group=rows["group"].map(words),
        median_text=with_limits(rows, "median", "q1", "q3", whole),
        method=rows["kw_method"].map(lambda name: METHODS.get(str(name), str(name))),
    )
    meanings = {**COUNT_COLUMNS, "median_text": "median and quartiles of the patients with a line",
                "method": "Kruskal-Wallis test by relabeling"}  # fmt: skip
    return render_table(
        shown[[*COUNT_LABELS, "median"]], columns=meanings, labels=COUNT_LABELS, sort={"median_text": "median"},
        formats={"kw_p": p_text}, warnings_column="warnings", caption="Lines received, patients",
        id="therapy-line-counts", source=f"{FOLDER}/line_counts.tsv",
    )  # fmt: skip


def tabulate_starts(result: TherapyResult, grouping: str) -> Markup:
    """Return the mean number of lines begun, which allows for the length of follow-up.

    Parameters
    ----------
    result
        A finished comparison.
    grouping
        One of its groupings.

    Returns
    -------
    Markup
        One row per estimate and horizon, one column per group.
    """
    return side_by_side(
        result, result.line_starts, grouping, index=["estimate", "horizon_months"], key="mean",
        cell=lambda rows: with_limits(rows, "mean", "lo", "hi", decimals),
        labels={"estimate": "Estimate", "horizon_months": "Months"}, meanings=STARTS_COLUMNS,
        meaning="mean number of lines begun per patient with 95 % limits",
        caption=f"Mean number of lines begun by a given month, by {words(grouping)}", id="therapy-starts",
        source="line_starts.tsv",
    )  # fmt: skip


def tabulate_times(result: TherapyResult, grouping: str, *, pathway: bool = False) -> Markup:
    """Return median times by line, or of the intervals of the diagnosis.

    Parameters
    ----------
    result
        A finished comparison.
    grouping
        One of its groupings.
    pathway
        The intervals of the diagnosis.

    Returns
    -------
    Markup
        One row per endpoint and line, one column per group; the log-rank test behind.
    """
    frame = result.pathway_times if pathway else result.line_endpoints
    frame = frame.assign(test=each(frame, _log_rank))
    what = "Times of the diagnostic pathway" if pathway else "PFS, TTF and TTNT by line"
    index = ["endpoint"] if pathway else ["endpoint", "line"]
    return side_by_side(
        result, frame, grouping, index=index, key="median", cell=lambda rows: each(rows, _median),
        labels={"endpoint": "Time", **({} if pathway else {"line": "Line"}), "p_perm": "p", "test": "Log-rank test"},
        meanings={**TIME_COLUMNS, "test": "how the p-value was found, or why there is none"},
        meaning="events/patients, Kaplan-Meier median in months with 95 % limits; NR = not reached",
        formats={"p_perm": p_text}, caption=f"{what}, by {words(grouping)}: events/patients, median months",
        id="therapy-pathway-times" if pathway else "therapy-times",
        source="pathway_times.tsv" if pathway else "line_endpoints.tsv",
    )  # fmt: skip


def _median(row: Mapping[Hashable, Any]) -> str | None:
    """Write events of patients, and the median with its limits."""
    if pd.isna(row["n"]) or not row["n"]:
        return None
    middle, lo, hi = (months(number(row[f"median{end}"])) for end in ("", "_lo", "_hi"))
    return f"{row['events']:.0f}/{row['n']:.0f}, {middle} ({lo} to {hi})"


def _log_rank(row: Mapping[Hashable, Any]) -> str:
    if row["status"] == "tested":
        return f"permutation, {METHODS.get(str(row['perm_method']), str(row['perm_method']))}"
    return status_text(row["status"])


def tabulate_transitions(result: TherapyResult, grouping: str) -> Markup:
    """Return what followed each class.

    Parameters
    ----------
    result
        A finished comparison.
    grouping
        One of its groupings.

    Returns
    -------
    Markup
        One row per line, class and next state, one column per group: patients of those with the class.
    """
    rows = result.transitions.assign(none=math.nan)
    return side_by_side(
        result, rows, grouping, index=["from_line", "from_class", "to"], key="proportion",
        cell=lambda own: share_with_limits(own, "count", "n_from", "proportion", "none", "none"),
        labels={"from_line": "Line", "from_class": "Class", "to": "What followed"}, meanings=TRANSITION_COLUMNS,
        meaning="patients of the group with the class whom the next state followed",
        caption=f"Transitions by {words(grouping)}", id="therapy-transitions", source="transitions.tsv",
    )  # fmt: skip


def tabulate_transition_tests(result: TherapyResult) -> Markup | None:
    """Return the tests of transitions that enough patients made.

    Parameters
    ----------
    result
        A finished comparison.

    Returns
    -------
    Markup or None
        One row per grouping, line and class; None if nothing was tested.
    """
    rows = result.transition_tests.loc[result.transition_tests["status"] == "tested"]
    if not len(rows):
        return None
    shown = rows.assign(
        grouping=rows["grouping"].map(words), from_class=rows["from_class"].map(named),
        p_method=rows["p_method"].map(lambda name: METHODS.get(str(name), str(name))),
    )  # fmt: skip
    labels = {"grouping": "Groups", "from_line": "Line", "from_class": "Class", "n": "Patients", "p": "p",
              "p_method": "Freeman-Halton test"}  # fmt: skip
    return render_table(
        shown[list(labels)], columns=TRANSITION_TEST_COLUMNS, labels=labels, formats={"p": p_text},
        caption="Tests of transitions", id="therapy-transition-tests", source=f"{FOLDER}/transition_tests.tsv",
    )  # fmt: skip
