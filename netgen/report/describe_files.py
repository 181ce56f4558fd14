"""Everything ``netgen describe`` leaves behind, in one folder written at once, and what it prints."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.describe_results import ALL, HEADER, MISSING
from netgen.errors import CODES
from netgen.report.run_record import record_run
from netgen.report.summary import months
from netgen.report.table_one_html import render_table_one, words
from netgen.report.write import output_folder, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgen.association.describe_results import DescribeResult
    from netgen.cohort import Cohort

TABLES: Final = ("table1", "missingness", "followup", "selection")
FORMATS: Final = ("svg", "pdf", "png")
# Rows of Table 1 that the terminal shows: one per variable.
SHOWN: Final = {
    "age_at_diagnosis": "median (IQR)", "sex": "female", "ki67_pct": "median (IQR)", "who_grade": "G3",
    "lines_received": "median (IQR)", "sequencing": "sequenced", "death": "yes",
}  # fmt: skip
WIDTH: Final = 106


def write_describe(
    result: DescribeResult,
    cohort: Cohort,
    out: Path,
    *,
    force: bool = False,
    figures: bool = True,
    command: str = "",
) -> None:
    """Write Table 1, the other tables, the flow and the provenance of a description into a folder.

    If small cells are masked, nothing that was written names a patient or holds an exact small count.

    Parameters
    ----------
    result
        A finished description.
    cohort
        What it was run on.
    out
        The folder; it appears complete or not at all.
    force
        Replace the results in a folder that is not empty.
    figures
        Draw the flow (SVG, PDF and PNG).
    command
        The command line, for the provenance.

    Raises
    ------
    AnalysisError
        ``E_OUTPUT_EXISTS`` if the folder holds something and ``force`` is off.
    """
    masked = result.plan["mask_below"] is not None
    with output_folder(out, force=force) as folder:
        for name in TABLES:
            write_table(getattr(result, name), folder / f"{name}.tsv")
        if len(result.tmb):
            write_table(result.tmb, folder / "tmb.tsv")
        title = cohort.study.title or cohort.study.id
        (folder / "table1.html").write_text(render_table_one(result, title=title), encoding="utf-8")
        if masked:
            write_json(
                {"steps": _masked_steps(result.boxes), "masked_below": result.plan["mask_below"]}, folder / "flow.json"
            )
        else:
            (folder / "flow.json").write_text(result.flow.to_json(), encoding="utf-8")
            write_table(result.exclusions, folder / "exclusions.tsv")
        write_table(_warnings(result, masked=masked), folder / "warnings.tsv")
        if figures:
            draw_flow(result, folder)
        write_json(_provenance(result, cohort, command), folder / "provenance.json")


def draw_flow(result: DescribeResult, folder: Path) -> list[str]:
    """Draw the flow of patients.

    Parameters
    ----------
    result
        A finished description.
    folder
        Where SVG, PDF and PNG go.

    Returns
    -------
    list of str
        Names of the figures without extension.
    """
    from netgen.plots.flow import plot_flow
    from netgen.plots.style import save_figure

    axes = plot_flow(flow_labels(result.boxes), title="Flow of patients")
    figure: Any = axes.figure  # never a SubFigure: we made it
    save_figure(figure, folder / "flow", FORMATS)
    return ["flow"]


def flow_labels(boxes: pd.DataFrame) -> pd.DataFrame:
    """Return the boxes of the flow with names for people.

    Parameters
    ----------
    boxes
        ``FLOW_COLUMNS``.

    Returns
    -------
    DataFrame
        What ``plot_flow`` reads: endpoints in capitals, underscores as blanks.
    """
    return boxes.assign(
        step=boxes["step"].map(_step_words), after=boxes["after"].map(_step_words), reason=boxes["reason"].map(words)
    )


def _step_words(name: str) -> str:
    endpoint, colon, rest = name.partition(":")
    return f"{endpoint.upper()}:{rest}" if colon else words(name)


def _masked_steps(boxes: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the steps of ``flow.json`` with numbers as printed: they do not add up, and are not meant to."""
    out: dict[str, dict[str, Any]] = {}
    for row in boxes.to_dict("records"):
        if row["reason"] == "":
            out[row["step"]] = {
                "name": row["step"],
                "after": row["after"] or None,
                "n_out": row["text"],
                "excluded": {},
            }
        else:
            out[row["step"]]["excluded"][row["reason"]] = row["text"]
    return list(out.values())


def _warnings(result: DescribeResult, *, masked: bool) -> pd.DataFrame:
    """Warnings of reading and description; of a masked table only their kind: messages name patients and values."""
    frame = result.findings.to_frame()
    frame = frame.loc[frame["severity"] == "W"]
    if masked:
        codes = sorted(set(frame["code"]))
        return pd.DataFrame({"code": codes, "message": [CODES[code] for code in codes]}, dtype="string")
    return frame[["code", "file", "row", "column", "value", "rule", "patient_id", "message", "fix"]]


def _provenance(result: DescribeResult, cohort: Cohort, command: str) -> dict[str, Any]:
    inputs = [vars(item) for item in cohort.inputs if result.plan["mask_below"] is None]
    plan = dict(result.plan)
    return record_run(cohort, result.findings, command=command, options=plan, seed=plan["seed"], inputs=inputs)


def summarise_describe(result: DescribeResult) -> str:
    """Return a description as text: groups, main characteristics, follow-up, flow, selection.

    Parameters
    ----------
    result
        A finished description.

    Returns
    -------
    str
        Lines of at most about 110 characters.
    """
    lines = [*_characteristics(result.table1), "", *_followup(result.followup), "", *_flow(result.boxes)]
    lines += ["", *_selection(result), *_missing(result)]
    if result.plan["mask_below"] is not None:
        lines += _wrap(f"Counts below {result.plan['mask_below']} are withheld. {result.plan['mask_limits']}")
    return "\n".join(lines).rstrip() + "\n"


def _characteristics(table: pd.DataFrame) -> list[str]:
    """Put groups in columns, a few variables in rows."""
    groups = list(dict.fromkeys(table["group"]))
    cells = [("", *groups)]
    texts = {(row["variable"], row["level"], row["group"]): row for row in table.to_dict("records")}
    cells.append(("patients", *(str(texts[HEADER, "", group]["text"]) for group in groups)))
    for variable, level in SHOWN.items():
        if (variable, level, ALL) in texts:
            row = texts[variable, level, ALL]
            number = row["kind"] == "number"
            name = (
                f"{row['label']}{', ' + row['unit'] if row['unit'] else ''}, {level}"
                if number
                else f"{row['label']}: {level}"
            )
            cells.append((name, *(str(texts[variable, level, group]["text"]) for group in groups)))
    widths = [max(len(line[i]) for line in cells) for i in range(len(groups) + 1)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _followup(followup: pd.DataFrame) -> list[str]:
    if len(followup) == 0:
        return ["Follow-up: the cohort has no overall survival."]
    lines = ["Median follow-up (reverse Kaplan-Meier), months:"]
    for row in followup.to_dict("records"):
        line = f"  {row['group']}: {months(row['median'])} ({months(row['median_lo'])} to {months(row['median_hi'])})"
        lines.append(line + _alive(row))
    return lines


def _alive(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["shortest"]):
        return ""
    return f"; {row['n_censored']} alive, followed {months(row['shortest'])} to {months(row['longest'])}"


def _flow(boxes: pd.DataFrame) -> list[str]:
    """List the steps in order; a step that leaves nobody out only if it ends the flow."""
    lines = ["Flow:"]
    parents = set(boxes["after"])
    for name, rows in flow_labels(boxes).groupby("step", sort=False):
        out = rows.loc[rows["reason"] == ""].iloc[0]
        reasons = [f"{row.reason} {row.text}" for row in rows.loc[rows["reason"] != ""].itertuples()]
        own = boxes.loc[rows.index[0], "step"]
        if reasons or out["after"] == "" or own not in parents:
            lines += _wrap(f"{name}: {out['text']}" + (f" (left out: {', '.join(reasons)})" if reasons else ""))
    return lines


def _selection(result: DescribeResult) -> list[str]:
    """Sequenced against other patients."""
    table = result.selection
    if len(table) == 0:
        return [f"Sequenced against other patients: not compared ({result.plan['selection_status']})."]
    lines = ["Sequenced against other patients: see selection.tsv."]
    clear = [item for item in result.findings if item.code == "W_SELECTION"]
    if result.plan["mask_below"] is None:
        lines += [line for item in clear for line in _wrap(f"{item.code}: {item.message} {item.fix}")]
    elif clear:
        lines += _wrap(f"W_SELECTION: {CODES['W_SELECTION']}.")
    for row in table.loc[table["kind"] == "survival"].to_dict("records"):
        lines += _wrap(
            f"{row['label']} ({row['level']}): {row['sequenced']} against {row['not_sequenced']}. {row['note']}".strip()
        )
    return lines


def _missing(result: DescribeResult) -> list[str]:
    """Variables that many patients lack."""
    whole = result.missingness.loc[result.missingness["group"] == ALL]
    often = whole.loc[(whole["percent"] > 10) & (whole["percent"] < 100)]
    if len(often) == 0:
        return []
    names = [f"{row.label} ({row.percent:.0f} %)" for row in often.itertuples()]
    return _wrap(f"{MISSING.capitalize()} in more than 10 % of the patients: {', '.join(names)}.")


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, width=WIDTH, initial_indent="  ", subsequent_indent="    ")
