"""Tables of the section about response: rates by group, their comparison, alterations, drug classes, durations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.response_results import DURATION_COLUMNS, RESPONSE_COLUMNS, RESPONSE_STATUSES
from netgen.clinical.response import BEST_RESPONSE_COLUMNS
from netgen.clinical.tumour_size import SIZE_COLUMNS
from netgen.report.page.association_cells import each, number, plain_months
from netgen.report.page.share_cells import points, share_with_limits, spread, warnings_with_reading, with_limits
from netgen.report.page.tables import render_table
from netgen.report.response_files import P_METHODS
from netgen.report.summary import months, p_text, ratio
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from netgen.association.response_results import ResponseResult
    from netgen.report.page.markup import Markup

FILE: Final = "response/response.tsv"
ALL: Final = "all"
DENOMINATORS: Final = {"started": "all who started", "evaluable": "evaluable only (sensitivity)"}
RATE: Final = "patients with the outcome of those in the denominator, per cent, 95 % Clopper-Pearson limits"
POINTS: Final = f"{RESPONSE_COLUMNS['diff']}, percentage points, with 95 % limits (Newcombe)"
ODDS: Final = (
    "conditional maximum-likelihood odds ratio with exact 95 % limits; where that is 0 or infinite, the"
    " Firth-penalised one with profile limits, marked as such"
)
OVERALL_LABELS: Final = {
    "metric": "Outcome", "denominator": "Denominator", "share": "Rate (exact 95 % limits)",
    "wilson": "Rate, % (Wilson limits)",
}  # fmt: skip
TEST_LABELS: Final = {
    "variable": "Groups", "metric": "Outcome", "compared": "Compared", "difference": "Difference, points (95 % limits)",
    "odds": "Odds ratio (95 % limits)", "p_primary": "p", "method": "Test", "warnings": "Warnings",
}  # fmt: skip
DURATION_LABELS: Final = {
    "endpoint": "Duration", "variable": "Groups", "level": "Group", "n": "n", "n_ended": "Ended",
    "n_ongoing": "Ongoing", "ended": "Median of those ended, months (quartiles)",
    "median": "Kaplan-Meier median, months (95 % limits)", "warnings": "Warnings",
}  # fmt: skip
DURATIONS: Final = {"dot": "of treatment", "dor": "of response"}
PATIENT_LABELS: Final = {
    "patient_id": "Patient", "line_number": "Line", "bor": "Best response", "bor_unconfirmed": "Unconfirmed",
    "bor_confirmed": "Confirmed", "source": "Source", "n_assessments": "Assessments",
    "first_response_date": "First response", "date_progression": "Progression", "best_change_pct": "Best change, %",
    "flags": "Flags",
}  # fmt: skip


def name_group(value: str) -> str:
    """Return a group or variable for people; all is everybody.

    Parameters
    ----------
    value
        As in the tables.

    Returns
    -------
    str
        Words.
    """
    return "all patients" if value == ALL else words(value)


def tabulate_overall(rows: pd.DataFrame, *, id: str, caption: str) -> Markup:  # noqa: A002  # the name in HTML
    """Return response and disease control of a line, for both denominators.

    Parameters
    ----------
    rows
        Rows of kind all of one line.
    id, caption
        Anchor of the table, and what it shows.

    Returns
    -------
    Markup
        With exact and Wilson limits.
    """
    shown = rows.assign(
        denominator=rows["denominator"].map(DENOMINATORS),
        share=_share(rows),
        wilson=with_limits(rows, "rate", "wilson_lo", "wilson_hi"),
    )
    return render_table(
        shown[[*OVERALL_LABELS, "rate"]], columns={**RESPONSE_COLUMNS, "share": RATE, "wilson": "the same, Wilson"},
        labels=OVERALL_LABELS, sort={"share": "rate", "wilson": "rate"}, caption=caption, id=id, source=FILE,
    )  # fmt: skip


def tabulate_groups(rows: pd.DataFrame, *, id: str, caption: str, head: str) -> Markup:  # noqa: A002
    """Return the rates of the groups of one variable, outcomes side by side.

    Parameters
    ----------
    rows
        Rows of kind group of one line, variable and denominator.
    id, caption
        Anchor of the table, and what it shows.
    head
        Heading of the groups.

    Returns
    -------
    Markup
        One row per group.
    """
    wide = spread(rows.assign(share=_share(rows)), ["level"], "metric", "share", "rate")
    shown = wide.frame.assign(level=wide.frame["level"].map(name_group, na_action="ignore"))
    return render_table(
        shown, columns=dict.fromkeys(wide.groups, RATE), labels={"level": head, **wide.groups}, sort=wide.sort,
        caption=caption, id=id, source=FILE,
    )  # fmt: skip


def tabulate_tests(rows: pd.DataFrame, *, id: str, caption: str) -> Markup:  # noqa: A002
    """Return the comparison of groups, differences first; what was not tested says why.

    Parameters
    ----------
    rows
        Rows of kind test of one line and denominator.
    id, caption
        Anchor of the table, and what it shows.

    Returns
    -------
    Markup
        One row per variable and outcome.
    """
    shown = rows.assign(
        variable=rows["variable"].map(words, na_action="ignore"),
        compared=each(rows, _compared),
        difference=difference_text(rows),
        odds=each(rows, odds_text),
        method=each(rows, method_text),
        warnings=warnings_with_reading(rows),
    )
    return render_table(
        shown[[*TEST_LABELS, "diff", "or"]],
        columns={**RESPONSE_COLUMNS, "difference": POINTS, "odds": ODDS, "method": "test, or why there is none"},
        labels=TEST_LABELS, sort={"difference": "diff", "odds": "or"}, formats={"p_primary": p_text},
        caption=caption, id=id, source=FILE,
    )  # fmt: skip


def tabulate_durations(rows: pd.DataFrame, *, id: str, caption: str) -> Markup:  # noqa: A002
    """Return durations of treatment and response.

    Parameters
    ----------
    rows
        Rows of ``response_durations.tsv`` of one line.
    id, caption
        Anchor of the table, and what it shows.

    Returns
    -------
    Markup
        Both medians of the duration of treatment: of the lines that ended, and with ongoing lines as censored.
    """

    def km(row: Mapping[Hashable, Any]) -> str | None:
        if not row["n"]:
            return None
        middle, lo, hi = (months(number(row[f"km_median{end}"])) for end in ("", "_lo", "_hi"))
        return f"{middle} ({lo} to {hi})"

    shown = rows.assign(
        endpoint=rows["endpoint"].map(DURATIONS),
        variable=rows["variable"].map(name_group, na_action="ignore"),
        level=rows["level"].map(name_group, na_action="ignore"),
        ended=with_limits(rows, "median_ended", "q1_ended", "q3_ended", plain_months),
        median=each(rows, km),
    )
    meanings = {**DURATION_COLUMNS, "ended": DURATION_COLUMNS["median_ended"], "median": DURATION_COLUMNS["km_median"]}
    return render_table(
        shown[[*DURATION_LABELS, "median_ended", "km_median"]], columns=meanings, labels=DURATION_LABELS,
        sort={"ended": "median_ended", "median": "km_median"}, warnings_column="warnings", caption=caption, id=id,
        source="response/response_durations.tsv",
    )  # fmt: skip


def tabulate_patients(result: ResponseResult) -> Markup:
    """Return the best response of every patient and line.

    Parameters
    ----------
    result
        A finished analysis.

    Returns
    -------
    Markup
        One row per patient and line.
    """
    keys = ["patient_id", "line_number"]
    rows = result.responses.merge(result.sizes[[*keys, "best_change_pct"]], on=keys, how="left", validate="1:1")
    return render_table(
        rows.assign(flags=rows["flags"].map(words, na_action="ignore"))[list(PATIENT_LABELS)],
        columns={**SIZE_COLUMNS, **BEST_RESPONSE_COLUMNS}, labels=PATIENT_LABELS,
        formats={"best_change_pct": lambda value: points(value / 100)}, caption="Best response of every patient",
        id="response-patients", row_patient="patient_id", source="response/best_responses.tsv",
    )  # fmt: skip


def _share(rows: pd.DataFrame) -> pd.Series:
    own = rows.assign(total=rows["a"] + rows["b"])
    return share_with_limits(own, "a", "total", "rate", "cp_lo", "cp_hi")


def difference_text(rows: pd.DataFrame) -> pd.Series:
    """Return differences of two rates.

    Parameters
    ----------
    rows
        With ``diff`` and its limits.

    Returns
    -------
    Series
        Percentage points with 95 % limits; missing where two rates are not compared.
    """
    return with_limits(rows, "diff", "diff_lo", "diff_hi", points)


def odds_text(row: Mapping[Hashable, Any]) -> str | None:
    """Return the exact odds ratio, or Firth's where that is 0 or infinite.

    Parameters
    ----------
    row
        With ``or_status``, ``or`` and ``firth_or`` and their limits.

    Returns
    -------
    str or None
        Estimate and 95 % limits; None without an odds ratio.
    """
    if pd.isna(row["or_status"]):
        return None
    stem, head, value = ("or", "", row["or"]) if row["or_status"] == "ok" else ("firth", "Firth ", row["firth_or"])
    if pd.isna(value):
        return None
    lo, hi = (ratio(number(row[f"{stem}_{end}"])) for end in ("lo", "hi"))
    return f"{head}{ratio(number(value))} ({lo} to {hi})"


def _compared(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["reference"]):
        return "all groups"
    return f"{words(str(row['level']))} against {words(str(row['reference']))}"


def method_text(row: Mapping[Hashable, Any]) -> str:
    """Return which test was done, or why none.

    Parameters
    ----------
    row
        With ``status`` and ``p_method``.

    Returns
    -------
    str
        Words.
    """
    if row["status"] != "tested":
        return f"Not tested: {status_text(row['status'])}"
    return P_METHODS.get(str(row["p_method"]), words(str(row["p_method"])))


def status_text(name: str) -> str:
    """Return the status of a row in words.

    Parameters
    ----------
    name
        As in the tables.

    Returns
    -------
    str
        Its meaning; the name itself if none is declared.
    """
    return RESPONSE_STATUSES.get(str(name), words(str(name)))
