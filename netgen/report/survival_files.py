"""Everything ``netgen survival`` leaves behind, in one folder written at once, and what it prints."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.competing import READING
from netgen.errors import CODES
from netgen.report.figures import FORMATS, risk_table
from netgen.report.run_record import record_run
from netgen.report.summary import DAYS_PER_MONTH, P_METHODS, months, p_text, ratio
from netgen.report.write import file_name, output_folder, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.axes import Axes

    from netgen.association.survival_results import SurvivalResult
    from netgen.cohort import Cohort

TABLES: Final = ("group_tests", "km", "followup", "endpoints", "exclusions")
MOST_RATIOS: Final = 3  # hazard ratios printed in a figure
COMPETING_TABLES: Final = ("competing", "incidence")


def write_survival(
    result: SurvivalResult,
    cohort: Cohort,
    out: Path,
    *,
    force: bool = False,
    figures: bool = True,
    command: str = "",
) -> None:
    """Write tables, figures, plan and provenance of a comparison into a folder.

    Parameters
    ----------
    result
        A finished comparison.
    cohort
        What it was run on.
    out
        The folder; it appears complete or not at all.
    force
        Replace the results in a folder that is not empty.
    figures
        Draw Kaplan-Meier and cumulative incidence figures (PDF and PNG).
    command
        The command line, for the provenance.

    Raises
    ------
    AnalysisError
        ``E_OUTPUT_EXISTS`` if the folder holds something and ``force`` is off.
    """
    with output_folder(out, force=force) as folder:
        for name in TABLES:
            write_table(getattr(result, name), folder / f"{name}.tsv")
        if len(result.competing):
            for name in COMPETING_TABLES:
                write_table(getattr(result, name), folder / f"{name}.tsv")
        write_table(_warnings(result), folder / "warnings.tsv")
        (folder / "flow.json").write_text(result.flow.to_json(), encoding="utf-8")
        write_json(result.plan, folder / "analysis_plan.json")
        if figures:
            draw_survival(result, folder / "figures")
        write_json(_provenance(result, cohort, command), folder / "provenance.json")


def _warnings(result: SurvivalResult) -> pd.DataFrame:
    """Warnings of reading and analysis, then those that stand beside a row of ``group_tests.tsv``."""
    frame = result.findings.to_frame()
    frame = frame.loc[frame["severity"] == "W"].assign(item="")
    beside = [
        {"code": code, "item": f"{row.endpoint}:{row.grouping}:{row.group}",
         "message": row.reading if code == "W_NO_EQUIVALENCE" else CODES[code]}
        for row in result.group_tests.itertuples()
        for code in str(row.warnings).split(";")
        if code in CODES and code != "W_SMALL"  # said once per comparison among the findings
    ]  # fmt: skip
    both = pd.concat([frame, pd.DataFrame(beside, columns=["code", "item", "message"])], ignore_index=True)
    return both[["code", "item", "file", "row", "column", "value", "rule", "patient_id", "message", "fix"]]


def _provenance(result: SurvivalResult, cohort: Cohort, command: str) -> dict[str, Any]:
    plan = result.plan
    options = {key: plan[key] for key in ("requested", "by", "strata", "reference", "horizons_days")}
    return record_run(cohort, result.findings, command=command, options=options, seed=plan["requested"]["seed"])


def draw_survival(result: SurvivalResult, folder: Path) -> list[str]:
    """Draw a Kaplan-Meier figure per endpoint and grouping, and one of cumulative incidence where an event competes.

    Parameters
    ----------
    result
        A finished comparison.
    folder
        Where PDF and PNG go.

    Returns
    -------
    list of str
        Names of the figures without extension.
    """
    from netgen.plots.incidence import plot_incidence
    from netgen.plots.km import plot_km
    from netgen.plots.style import save_figure

    names = []
    for kind, steps in (("km", result.curves), ("incidence", result.incidence)):
        for key, own in steps.groupby(["endpoint", "grouping", "entry_rule"], sort=False):
            endpoint, grouping, entry = (str(part) for part in key)
            rows = own.reset_index(drop=True)
            if grouping == "all" and kind == "km":
                continue
            title = endpoint.upper() + ("" if grouping == "all" else f" by {grouping}")
            late = "" if entry == "none" else "\ndelayed entry"
            if kind == "km":
                competes = bool((result.competing["endpoint"] == endpoint).any())
                label = "Without event, competing events censored" if competes else "Survival probability"
                text = _km_text(result, key)
                axes = plot_km(rows, risk_table(rows), title=title, ylabel=label, annotation=(text + late).strip())
            else:
                first = rows.loc[rows["cause"] == 1]
                axes = plot_incidence(
                    rows, risk_table(first), title=title, annotation=(_gray_text(result, key) + late).strip()
                )
            name = file_name("_".join([kind, endpoint, grouping, *([] if entry == "none" else [entry])]))
            save_figure(_figure(axes), folder / name, FORMATS)
            names.append(name)
    return names


def _figure(axes: Axes) -> Any:  # noqa: ANN401  # a Figure, never a SubFigure: we made it
    return axes.figure


def _own(frame: pd.DataFrame, key: tuple[object, ...]) -> pd.DataFrame:
    """Rows of one endpoint, grouping and entry rule."""
    mask = (frame["endpoint"] == key[0]) & (frame["grouping"] == key[1]) & (frame["entry_rule"] == key[2])
    return frame.loc[mask]


def _km_text(result: SurvivalResult, key: tuple[object, ...]) -> str:
    """Hazard ratios and the primary p-value of a comparison."""
    rows = _own(result.group_tests, key)
    tested = rows.loc[rows["status"] == "tested"]
    if not len(tested):
        return ""
    lines = [f"p = {p_text(float(tested['p_primary'].iloc[0]))}"]
    for row in tested.to_dict("records") if len(tested) <= MOST_RATIOS else []:  # more would hide the curves
        name = "HR" if len(tested) == 1 else f"HR {row['group']}"
        lines.append(f"{name} {_interval(row, 'hr')}")
    return "\n".join(lines)


def _gray_text(result: SurvivalResult, key: tuple[object, ...]) -> str:
    """Gray's p-value of each cause."""
    rows = _own(result.competing, key)
    tests = rows.loc[rows["gray_p"].notna(), ["cause_name", "gray_p"]].drop_duplicates("cause_name")
    return "\n".join(f"Gray p, {row['cause_name']}: {p_text(row['gray_p'])}" for row in tests.to_dict("records"))


def _interval(row: Mapping[Any, Any], name: str) -> str:
    """Write a ratio with its limits."""
    return f"{ratio(row[name])} ({ratio(row[f'{name}_lo'])}-{ratio(row[f'{name}_hi'])})"


def summarise_survival(result: SurvivalResult) -> str:
    """Return a comparison as text: per endpoint and grouping the groups, the test, and how to read it.

    Parameters
    ----------
    result
        A finished comparison.

    Returns
    -------
    str
        Lines of at most about 110 characters.
    """
    lines: list[str] = []
    for item in result.plan["comparisons"]:
        key = (item["endpoint"], item["grouping"], item["entry_rule"])
        lines += [*_comparison(result, key, item), ""]
    return "\n".join(lines).rstrip() + "\n"


def _comparison(result: SurvivalResult, key: tuple[str, str, str], item: dict[str, Any]) -> list[str]:
    km, tests = _own(result.km, key), _own(result.group_tests, key)
    entry = "no delayed entry" if item["entry_rule"] == "none" else f"delayed entry at {item['entry_rule']}"
    lines = [f"{key[0].upper()} by {key[1]}: {int(km['n'].sum())} patients, {int(km['events'].sum())} events; {entry}"]
    lines += [f"  {line}" for line in _table(km, tests, item["reference"])]
    if item["status"] != "tested":
        return [*lines, f"  Not tested: {item['status']}."]
    first = tests.iloc[0]
    method = P_METHODS.get(str(first["p_method"]), str(first["p_method"]))
    lines.append(
        f"  {method} p = {p_text(float(first['p_primary']))}; log-rank chi2 {first['chi2']:.3f}, df {int(first['df'])},"
        f" asymptotic p = {p_text(float(first['p_asymptotic']))}"
    )
    for row in tests.loc[tests["reading"].fillna("") != ""].itertuples():
        lines += _wrap(f"{row.group}: {row.reading}")
    return lines + _competing_lines(_own(result.competing, key))


def _table(km: pd.DataFrame, tests: pd.DataFrame, reference: str) -> list[str]:
    """Group, patients, events, median and hazard ratio in columns."""
    tested = tests.loc[tests["status"] == "tested"].to_dict("records")
    ratios = {str(row["group"]): row for row in tested}
    head = ("group", "n", "events", "median (95 % CI), months", "HR (95 % CI)", "RMST difference, months")
    cells = [head]
    for row in km.to_dict("records"):
        group = str(row["group"])
        median = f"{months(row['median'])} ({months(row['median_lo'])}-{months(row['median_hi'])})"
        hr, rmst = ("reference" if group == reference else "-"), ""
        if group in ratios:
            hr, rmst = _interval(ratios[group], "hr"), _months_ci(ratios[group])
        cells.append((group, str(row["n"]), str(row["events"]), median, hr, rmst))
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _months_ci(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["rmst_diff"]):
        return "-"
    value, lo, hi, tau = (
        float(row[name]) / DAYS_PER_MONTH for name in ("rmst_diff", "rmst_diff_lo", "rmst_diff_hi", "rmst_tau")
    )
    return f"{value:.1f} ({lo:.1f} to {hi:.1f}) to {tau:.0f}"


def _competing_lines(rows: pd.DataFrame) -> list[str]:
    """One line per group and cause with both hazard ratios, and the sentences that explain them."""
    own = rows.drop_duplicates(["group", "cause"])
    own = own.loc[own["cs_hr"].notna()]
    lines: list[str] = []
    for row in own.to_dict("records"):
        sub = _interval(row, "sd_hr") if pd.notna(row["sd_hr"]) else "-"
        gray = f"; Gray p = {p_text(row['gray_p'])}" if pd.notna(row["gray_p"]) else ""
        lines.append(
            f"  {row['group']}, {row['cause_name']}: cause-specific HR {_interval(row, 'cs_hr')},"
            f" subdistribution HR {sub}{gray}"
        )
    if len(own):
        lines += _wrap(READING)
    reversed_ = own.loc[
        own["interpretation"].astype("string").str.contains("opposite directions", regex=False).fillna(value=False)
    ]
    for row in reversed_.to_dict("records"):
        lines += _wrap(f"{row['group']}: {row['interpretation'].removeprefix(READING).strip()}")
    return lines


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, width=106, initial_indent="  ", subsequent_indent="    ")
