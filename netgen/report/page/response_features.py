"""Tables of alterations and response: each outcome, what was tested within strata and classes, what was not tested."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from netgen.association.response_results import CLASS_COLUMNS, RESPONSE_COLUMNS
from netgen.association.response_rows import BOR
from netgen.report.page.association_cells import each
from netgen.report.page.response_tables import (
    ALL,
    FILE,
    ODDS,
    POINTS,
    RATE,
    difference_text,
    method_text,
    odds_text,
    status_text,
)
from netgen.report.page.share_cells import percent, share_with_limits, warnings_with_reading, with_limits
from netgen.report.page.tables import render_table
from netgen.report.summary import p_text, ratio
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    import pandas as pd

    from netgen.report.page.markup import Markup

FEATURE_LABELS: Final = {
    "level": "Alteration", "altered": "Altered", "unaltered": "Not altered",
    "difference": "Difference, points (95 % limits)", "odds": "Odds ratio (95 % limits)", "p_primary": "p",
    "q_bh": "q (BH)", "warnings": "Warnings",
}  # fmt: skip
FURTHER_LABELS: Final = {
    "level": "Alteration", "metric": "Outcome", "p_holm": "p (Holm)", "mid_p": "mid-p",
    "stratified": "Odds ratio within strata (exact limits)", "p_stratified": "p within strata",
    "het_p": "p (strata differ)", "strata": "Strata", "method": "Test", "min_attainable_p": "Smallest attainable p",
}  # fmt: skip
ORDERED_LABELS: Final = {
    "level": "Alteration", "n": "Evaluable", "superiority": "Probability of the better response, %", "p_primary": "p",
    "p_trend": "p (trend)", "q_bh": "q (BH)", "p_holm": "p (Holm)", "method": "Test", "warnings": "Warnings",
}  # fmt: skip
UNTESTED_LABELS: Final = {"level": "Alteration", "metric": "Outcomes", "n_altered": "Altered", "n": "Profiled",
                          "status": "Why not"}  # fmt: skip
CLASS_LABELS: Final = {
    "feature": "Alteration", "metric": "Outcome", "regimen_class": "Class", "altered": "Altered",
    "unaltered": "Not altered", "difference": "Difference, points (95 % limits)", "odds": "Odds ratio (95 % limits)",
    "p_fisher": "p", "interaction_p": "Interaction p", "q_bh": "q (BH)",
}  # fmt: skip
_CELL_MEANINGS: Final = {
    "altered": f"altered {RATE}",
    "unaltered": f"unaltered {RATE.replace(', 95 % Clopper-Pearson limits', '')}",
    "difference": POINTS,
    "odds": ODDS,
}


def tabulate_features(rows: pd.DataFrame, *, id: str, caption: str) -> Markup:  # noqa: A002
    """Return tested alterations and one outcome, the smallest p first.

    Parameters
    ----------
    rows
        Tested rows of kind feature of one line and metric (ORR or DCR).
    id, caption
        Anchor of the table, and what it shows.

    Returns
    -------
    Markup
        Rates of altered and unaltered patients, difference, odds ratios, p-values, warnings.
    """
    rows = rows.sort_values(["p_primary", "level"], kind="stable")
    sort = {"altered": "rate", "unaltered": "rate_ref", "difference": "diff", "odds": "or"}
    shown = rows.assign(**_cells(rows), warnings=warnings_with_reading(rows))
    return render_table(
        shown[[*FEATURE_LABELS, *sort.values()]], columns={**RESPONSE_COLUMNS, **_CELL_MEANINGS}, labels=FEATURE_LABELS,
        sort=sort, formats=dict.fromkeys(("p_primary", "q_bh"), p_text),
        caption=caption, id=id, source=FILE,
    )  # fmt: skip


def tabulate_further(rows: pd.DataFrame, *, id: str, caption: str) -> Markup:  # noqa: A002
    """Return what else was computed of tested alterations: the analysis within strata, and which test it was.

    Parameters
    ----------
    rows
        Tested rows of kind feature of one line, metrics ORR and DCR.
    id, caption
        Anchor of the table, and what it shows.

    Returns
    -------
    Markup
        One row per alteration and outcome.
    """
    shown = rows.assign(
        stratified=with_limits(rows, "or_stratified", "or_stratified_lo", "or_stratified_hi", _ratio),
        method=each(rows, method_text),
        strata=rows["strata"].map(words, na_action="ignore"),
    )
    meanings = {
        **RESPONSE_COLUMNS, "stratified": RESPONSE_COLUMNS["or_stratified"], "method": RESPONSE_COLUMNS["p_method"],
    }  # fmt: skip
    numbers = ("p_holm", "mid_p", "p_stratified", "het_p", "min_attainable_p")
    return render_table(
        shown[[*FURTHER_LABELS, "or_stratified"]], columns=meanings, labels=FURTHER_LABELS,
        sort={"stratified": "or_stratified"}, formats=dict.fromkeys(numbers, p_text), caption=caption, id=id,
        source=FILE,
    )  # fmt: skip


def tabulate_ordered(rows: pd.DataFrame, *, id: str, caption: str) -> Markup:  # noqa: A002
    """Return tested alterations and the ordered best response, the smallest p first.

    Parameters
    ----------
    rows
        Tested rows of kind feature and metric BOR of one line.
    id, caption
        Anchor of the table, and what it shows.

    Returns
    -------
    Markup
        One row per alteration.
    """
    rows = rows.sort_values(["p_primary", "level"], kind="stable")
    shown = rows.assign(method=each(rows, method_text), warnings=warnings_with_reading(rows))
    numbers = dict.fromkeys(("p_primary", "p_trend", "q_bh", "p_holm"), p_text)
    return render_table(
        shown[list(ORDERED_LABELS)], columns={**RESPONSE_COLUMNS, "method": RESPONSE_COLUMNS["p_method"]},
        labels=ORDERED_LABELS, formats={**numbers, "superiority": percent}, caption=caption, id=id, source=FILE,
    )  # fmt: skip


def tabulate_untested(rows: pd.DataFrame, *, id: str, caption: str) -> Markup:  # noqa: A002
    """Return alterations that were not tested, with the reason.

    Parameters
    ----------
    rows
        Rows of kind feature of one line whose status is not tested.
    id, caption
        Anchor of the table, and what it shows.

    Returns
    -------
    Markup
        One row per alteration and reason, with the outcomes it holds for.
    """
    rows = rows.assign(n_altered=rows["a"] + rows["b"], status=rows["status"].map(status_text))
    counts = rows.loc[rows["metric"] != BOR].drop_duplicates("level").set_index("level")
    shown = rows.groupby(["level", "status"], sort=True)["metric"].agg(", ".join).reset_index()
    shown = shown.assign(
        n_altered=counts["n_altered"].reindex(shown["level"]).array, n=counts["n"].reindex(shown["level"]).array
    )
    meanings = {**RESPONSE_COLUMNS, "metric": "outcomes it was not tested for", "n": "profiled patients of the line",
                "n_altered": "altered among these"}  # fmt: skip
    return render_table(
        shown[list(UNTESTED_LABELS)], columns=meanings, labels=UNTESTED_LABELS, caption=caption, id=id, source=FILE
    )


def tabulate_classes(rows: pd.DataFrame, *, id: str, caption: str) -> Markup:  # noqa: A002
    """Return effects of alterations within classes of treatment, and whether these differ.

    Parameters
    ----------
    rows
        Tested rows of ``response_by_class.tsv`` of one line.
    id, caption
        Anchor of the table, and what it shows.

    Returns
    -------
    Markup
        The row of all classes holds the interaction.
    """
    rows = rows.astype(dict.fromkeys(("a", "b", "c", "d"), "float64"))
    shown = rows.assign(
        **_cells(rows),
        regimen_class=rows["regimen_class"].map(lambda name: "interaction" if name == ALL else words(str(name))),
    )
    sort = {"altered": "rate", "unaltered": "rate_ref", "difference": "diff", "odds": "or"}
    return render_table(
        shown[[*CLASS_LABELS, *sort.values()]], columns={**CLASS_COLUMNS, **_CELL_MEANINGS}, labels=CLASS_LABELS,
        sort=sort, formats=dict.fromkeys(("p_fisher", "interaction_p", "q_bh"), p_text), caption=caption, id=id,
        source="response/response_by_class.tsv",
    )  # fmt: skip


def _cells(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Rates of altered and unaltered patients, their difference, and the odds ratio."""
    own = rows.assign(n_1=rows["a"] + rows["b"], n_2=rows["c"] + rows["d"], open=float("nan"))
    return {
        "altered": share_with_limits(own, "a", "n_1", "rate", "open", "open"),
        "unaltered": share_with_limits(own, "c", "n_2", "rate_ref", "open", "open"),
        "difference": difference_text(rows),
        "odds": each(rows, odds_text),
    }


def _ratio(value: float) -> str:
    return "" if math.isnan(value) else ratio(value)
