"""Patients: Table 1 as journals print it, missing values, who was sequenced, mutational burden (DOMAIN 5.2, 2.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.describe_results import (
    ALL,
    HEADER,
    MISSING,
    MISSINGNESS_COLUMNS,
    SELECTION_COLUMNS,
    TABLE1_COLUMNS,
)
from netgen.association.small_cells import WITHHELD
from netgen.genomics.tmb import TMB_COLUMNS
from netgen.report.page.document import Section
from netgen.report.page.markup import Markup, join, tag
from netgen.report.page.tables import render_table
from netgen.report.summary import P_METHODS, p_text, ratio
from netgen.report.table_one_html import compare_groups, footnotes, words

if TYPE_CHECKING:
    from netgen.association.describe_results import DescribeResult
    from netgen.cohort import Cohort
    from netgen.report.study_report import ReportResults

DIFFERENCE: Final = "Difference"
FOLD: Final = 12  # rows of a table that is longer is folded
STATUSES: Final = {
    "size_unknown": "the size of the panel is not known",
    "not_profiled": "the sample was not profiled for mutations",
}
SELECTION_LABELS: Final = {
    "label": "Characteristic", "level": "Level or statistic", "sequenced": "Sequenced",
    "not_sequenced": "Not sequenced", "smd": DIFFERENCE, "p": "p", "p_holm": "p (Holm)", "warnings": "Warnings",
}  # fmt: skip
TMB_LABELS: Final = {
    "patient_id": "Patient", "sample_id": "Sample", "n_counted": "Mutations", "size_mb": "Panel, Mb",
    "tmb": "Per Mb (95 % CI)", "tmb_high": "High", "status": "Status", "warnings": "Warnings",
}  # fmt: skip
SOURCE: Final = "description/table1.tsv"


def render(results: ReportResults) -> Section | None:
    """Return the section.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        Table 1 with its footnotes, missing values, sequenced against other patients, and mutational burden.
    """
    found = results.description
    body = [
        _table_one(found),
        *(tag("p", note, class_="footnote") for note in footnotes(found)[:-1]),  # research use stands above the page
        *_missingness(found),
        *_selection(found),
        *_burden(found, results.cohort),
    ]
    return Section(id="table1", title="Patients", body=join(body), note="Characteristics at baseline, by group.")


def _table_one(found: DescribeResult) -> Markup:
    """Return Table 1: a row per level, under the name of its variable."""
    table = found.table1
    groups = list(dict.fromkeys(table["group"]))
    beside = [DIFFERENCE] if (table["smd_pair"].fillna("") != "").any() else []
    beside += ["p"] if found.plan["tests"] else []
    caption = tag("caption", tag("span", "Table 1. Characteristics of the patients"), id="table1-main-caption")
    body = tag("tbody", join(_body(table, groups, beside), "\n"))
    inner = tag("table", caption, tag("thead", _head(table, groups, beside)), body, class_="table-one")
    scroll = tag("div", inner, class_="scroll", role="region", aria_labelledby="table1-main-caption")
    source = tag("p", "From ", tag("a", SOURCE, href=SOURCE), ".", class_="rows")
    return tag("div", scroll, source, class_="table", id="table1-main")


def _head(table: pd.DataFrame, groups: list[str], beside: list[str]) -> Markup:
    sizes = table.loc[table["variable"] == HEADER].set_index("group")["text"]
    meanings = {DIFFERENCE: TABLE1_COLUMNS["smd"], "p": TABLE1_COLUMNS["p"]}
    cells = [tag("th", "Characteristic", scope="col")]
    for group in groups:
        name = "All" if group == ALL else words(group)
        cells.append(tag("th", name, tag("br"), f"n = {sizes[group]}", scope="col"))
    return tag("tr", cells, [tag("th", name, scope="col", title=meanings[name]) for name in beside])


def _body(table: pd.DataFrame, groups: list[str], beside: list[str]) -> list[Markup]:
    """Return the rows; a difference stands with the variable, or with the level where levels are compared."""
    lines = []
    for name, rows in table.groupby("variable", sort=False):
        if name == HEADER:
            continue
        first = rows.iloc[0]
        unit = f", {first['unit']}" if first["unit"] else ""
        several = first["kind"] == "multiple"
        compared = [""] * len(beside) if several else compare_groups(first, beside)
        lines.append(_row("variable", f"{first['label']}{unit}", [""] * len(groups), compared))
        for level, own in rows.groupby("level", sort=False):
            texts = own.set_index("group")["text"]
            cells = ["" if pd.isna(texts.get(group)) else str(texts[group]) for group in groups]
            compared = compare_groups(own.iloc[0], beside) if several and level != MISSING else [""] * len(beside)
            lines.append(_row("missing" if level == MISSING else "level", words(str(level)), cells, compared))
    return lines


def _row(kind: str, head: str, cells: list[str], compared: list[str]) -> Markup:
    return tag("tr", tag("th", head, scope="row"), [tag("td", cell) for cell in (*cells, *compared)], class_=kind)


def _missingness(found: DescribeResult) -> list[Markup]:
    """Return missing values per variable and group, of the variables that some patients lack."""
    table = found.missingness
    groups = list(dict.fromkeys(table["group"]))
    lacking = set(table.loc[table["n_missing"].fillna(1) > 0, "variable"])
    heading = tag("h3", "Missing values", id="table1-missing-values")
    if not lacking:
        return [heading, tag("p", "No variable has missing values.")]
    rows = []
    for name, own in table.loc[table["variable"].isin(lacking)].groupby("variable", sort=False):
        cells = own.set_index("group")
        whole = cells.loc[ALL, "n_missing"]
        counts = {group: _of(cells.loc[group, "n_missing"], cells.loc[group, "n_group"]) for group in groups}
        rows.append({"Variable": cells["label"].iloc[0] or name, **counts, "whole": whole})
    labels = {group: "All" if group == ALL else words(group) for group in groups}
    frame = pd.DataFrame(rows).astype({"whole": "Int64"})
    meaning = f"{MISSINGNESS_COLUMNS['n_missing']} / {MISSINGNESS_COLUMNS['n_group']}"
    return [
        heading,
        render_table(
            frame, columns={"Variable": MISSINGNESS_COLUMNS["variable"], **dict.fromkeys(groups, meaning)},
            labels=labels, sort={ALL: "whole"}, caption="Patients without a value / patients of the group",
            id="table1-missingness", source="description/missingness.tsv",
        ),
    ]  # fmt: skip


def _of(count: Any, total: Any) -> str:  # noqa: ANN401  # counts, or NA
    return WITHHELD if pd.isna(count) or pd.isna(total) else f"{count}/{total}"


def _selection(found: DescribeResult) -> list[Markup]:
    """Return the comparison of sequenced with other patients: who could be sequenced may not be like the rest."""
    table, heading = found.selection, tag("h3", "Sequenced and other patients", id="table1-selected")
    if len(table) == 0:
        return [heading, tag("p", f"Not compared: {found.plan['selection_status']}.")]
    marks = table["clear"].astype("boolean").fillna(value=False)
    infinite = table["smd"].isna() & marks & (table["kind"] != "survival")
    shown = table.assign(
        level=table["level"].map(_level), warnings=marks.map({True: "W_SELECTION", False: ""}), size=table["smd"],
        smd=table["smd"].map(ratio, na_action="ignore").astype("string").mask(infinite, "not finite"),
    )[[*SELECTION_LABELS, "size"]]  # fmt: skip
    said = [item for item in found.findings if item.code == "W_SELECTION"]
    masked = found.plan["mask_below"] is not None
    return [
        heading,
        render_table(
            shown, columns=SELECTION_COLUMNS, labels=SELECTION_LABELS,
            formats={"p": p_text, "p_holm": p_text}, sort={"smd": "size"}, warnings_column="warnings",
            caption="Patients who were sequenced and who were not", id="table1-selection",
            source="description/selection.tsv",
        ),
        *(tag("p", _survival(row)) for _, row in table.loc[table["kind"] == "survival"].iterrows()),
        *(tag("p", tag("code", item.code), f" {item.message} {item.fix}".rstrip(), class_="caveat")
          for item in said if not masked),
        tag("p", found.plan["selection_rule"], class_="footnote"),
    ]  # fmt: skip


def _level(value: str) -> str:
    """Return a level for people; what has none is blank, not missing."""
    return words(value) if value else join([])


def _survival(row: pd.Series) -> str:
    """Say how the survival of both differs, and how to read it; the table has room for the medians only."""
    if pd.isna(row["hr"]):
        return f"{row['label']}, sequenced against others: {row['note'] or 'no hazard ratio.'}"
    method = P_METHODS.get(str(row["p_method"]), str(row["p_method"]))
    return (
        f"{row['label']}, sequenced against others: hazard ratio {ratio(row['hr'])} ({ratio(row['hr_lo'])} to"
        f" {ratio(row['hr_hi'])}), {method} p = {p_text(row['p'])}; log-rank p = {p_text(row['p_logrank'])}."
        f" {row['note']}".rstrip()
    )


def _burden(found: DescribeResult, cohort: Cohort) -> list[Markup]:
    """Return the mutational burden of the samples that have one, and why the others have none."""
    table = found.tmb
    if len(table) == 0:
        return []
    heading = tag("h3", "Tumour mutational burden", id="table1-burden")
    known = table["tmb"].notna()
    without = table.loc[~known, "status"].value_counts().sort_index()
    lines = [tag("p", f"No burden for {n} of {len(table)} samples: {STATUSES.get(str(status), words(str(status)))}.")
             for status, n in without.items()]  # fmt: skip
    if not known.any():
        return [heading, *lines]
    own = table.loc[known]
    owner = cohort.samples.drop_duplicates("sample_id").set_index("sample_id")["patient_id"]
    limits = [f"{ratio(row['tmb'])} ({ratio(row['tmb_lo'])} to {ratio(row['tmb_hi'])})" for _, row in own.iterrows()]
    shown = own.assign(rate=own["tmb"], tmb=limits, patient_id=own["sample_id"].map(owner))
    rendered = render_table(
        shown[[*TMB_LABELS, "rate"]], columns={"patient_id": "the patient", **TMB_COLUMNS}, labels=TMB_LABELS,
        formats={"size_mb": ratio}, sort={"tmb": "rate"}, caption="Mutations per megabase", id="table1-tmb",
        warnings_column="warnings", row_patient="patient_id", source="description/tmb.tsv",
    )  # fmt: skip
    note = f"Counted: {', '.join(sorted(set(own['scheme'])))} ({TMB_COLUMNS['scheme']}). Limits: exact Poisson."
    if len(own) > FOLD:
        rendered = tag("details", tag("summary", f"The burden of {len(own)} samples"), rendered)
    return [heading, *lines, rendered, tag("p", note, class_="footnote")]
