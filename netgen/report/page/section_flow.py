"""Flow of patients: the figure, how many were left out at every step and why, and on demand who (DOMAIN 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.report.describe_files import flow_labels
from netgen.report.page.document import Section
from netgen.report.page.figures import embed
from netgen.report.page.markup import Markup, join, tag
from netgen.report.page.tables import render_table
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    import pandas as pd

    from netgen.association.describe_results import DescribeResult
    from netgen.errors import Findings
    from netgen.report.study_report import ReportResults

LEFT_OUT_COLUMNS: Final[dict[str, str]] = {
    "step": "the step they did not reach",
    "reason": "why",
    "text": "patients; rows as long as they are not yet patients",
    "warnings": "the warning that belongs to the reason",
}
LEFT_OUT_LABELS: Final = {"step": "Step", "reason": "Reason", "text": "n", "warnings": "Warnings"}
PATIENT_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "the patient",
    "step": "the step that was not reached",
    "reason": "why",
}
# Reason -> the warning that tells more of it, where it was given.
REASON_WARNINGS: Final = {
    "duplicate_identical": "W_DUP_IDENTICAL", "duplicate_conflict": "W_DUP_EXCLUDED", "time_zero": "W_TIME_ZERO",
    "entry_after_exit": "W_ENTRY_AFTER_EXIT", "death_date_missing": "W_DEATH_DATE_MISSING",
}  # fmt: skip
ELIGIBLE: Final = "eligible"


def render(results: ReportResults) -> Section | None:
    """Return the section.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        The figure, a table of reasons with their counts, and the list of patients in a fold.
    """
    from netgen.plots.flow import plot_flow

    found = results.description
    labelled = flow_labels(found.boxes)
    figure = embed(plot_flow(labelled), title="Flow of patients", description=_describe(labelled), key="flow-figure")
    body = [tag("p", _summary(found.boxes)), figure, *_left_out(found), _who(found), _undecided(found.findings)]
    note = "At every step, who came in is who went on plus who was left out."
    return Section(id="flow", title="Flow of patients", body=join(body), note=note)


def _summary(boxes: pd.DataFrame) -> str:
    """Say in one sentence how many rows were read and how many patients are eligible."""
    steps = boxes.loc[boxes["reason"] == ""]
    first = steps.iloc[0]
    eligible = steps.loc[steps["step"] == ELIGIBLE, "text"]
    text = f"Rows of patients that were read: {first['text']}."
    return f"{text} Eligible patients: {eligible.iloc[0]}." if len(eligible) else text


def _describe(labelled: pd.DataFrame) -> str:
    """Tell the flow to who cannot see the figure."""
    parts = []
    for step, rows in labelled.groupby("step", sort=False):
        out = rows.loc[rows["reason"] == ""].iloc[0]
        reasons = [f"{row.reason} {row.text}" for row in rows.loc[rows["reason"] != ""].itertuples()]
        parts.append(f"{step}: {out['text']}" + (f" (left out: {', '.join(reasons)})" if reasons else ""))
    return "; ".join(parts) + "."


def _left_out(found: DescribeResult) -> list[Markup]:
    """Return the table of reasons with their counts, in the order of the steps."""
    reasons = found.boxes.loc[found.boxes["reason"] != ""].reset_index(drop=True)
    if len(reasons) == 0:
        return [tag("p", "Nobody was left out at any step.")]
    said = found.findings.codes()
    codes = [REASON_WARNINGS.get(reason, "") for reason in reasons["reason"]]
    table = flow_labels(reasons)[["step", "reason", "text", "n"]].assign(
        warnings=[code if code in said else "" for code in codes]
    )
    return [
        render_table(
            table, columns=LEFT_OUT_COLUMNS, labels=LEFT_OUT_LABELS, sort={"text": "n"},
            caption="Who was left out, by step and reason", id="flow-reasons", warnings_column="warnings",
        )
    ]  # fmt: skip


def _who(found: DescribeResult) -> Markup | None:
    """Return the patients who were left out, folded; nothing where nobody is named."""
    if found.plan["mask_below"] is not None:
        return tag("p", "Small counts are withheld; nobody is listed.")
    listed = found.exclusions
    if len(listed) == 0:
        return None
    steps = flow_labels(listed.assign(after=""))["step"]
    table = listed[list(PATIENT_COLUMNS)].assign(step=steps, reason=listed["reason"].map(words))
    count = listed["patient_id"].nunique()
    return tag(
        "details",
        tag("summary", f"The patients who were left out ({count})"),
        render_table(
            table, columns=PATIENT_COLUMNS, labels={"patient_id": "Patient", "step": "Step", "reason": "Reason"},
            caption="Patients who were left out", id="flow-patients", row_patient="patient_id",
            source="description/exclusions.tsv",
        ),
    )  # fmt: skip


def _undecided(findings: Findings) -> Markup | None:
    """Say which branches were counted without delayed entry because it is not decided."""
    items = [item for item in findings if item.code == "W_ENTRY_UNDECIDED"]
    lines = [tag("li", tag("code", item.code), f" {item.message} {item.fix}".rstrip()) for item in items]
    return tag("ul", lines, class_="caveats") if lines else None
