"""Everything ``netgen response`` leaves behind, in one folder written at once, and what it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.errors import CODES
from netgen.report.figures import FORMATS
from netgen.report.run_record import record_run
from netgen.report.summary import months, p_text, ratio
from netgen.report.write import file_name, output_folder, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.axes import Axes

    from netgen.association.response_results import ResponseResult
    from netgen.cohort import Cohort
    from netgen.plots.style import Width

# Attribute of the result -> file; those with rows only are written, except the first.
TABLES: Final = {
    "table": "response.tsv",
    "responses": "best_responses.tsv",
    "by_class": "response_by_class.tsv",
    "durations": "response_durations.tsv",
    "sizes": "waterfall.tsv",
    "exclusions": "exclusions.tsv",
}
P_METHODS: Final = {
    "fisher": "Fisher exact",
    "freeman_halton_exact": "Freeman-Halton exact",
    "freeman_halton_monte_carlo": "Freeman-Halton Monte-Carlo",
    "cluster_exact": "exact permutation of patients",
    "cluster_monte_carlo": "Monte-Carlo permutation of patients",
    "wilcoxon_exact": "exact Wilcoxon",
    "wilcoxon_monte_carlo": "Monte-Carlo Wilcoxon",
}
MOST_FEATURES: Final = 15


def write_response(
    result: ResponseResult, cohort: Cohort, out: Path, *, force: bool = False, figures: bool = True, command: str = ""
) -> None:
    """Write tables, figures, plan and provenance of a response analysis into a folder.

    Parameters
    ----------
    result
        A finished analysis.
    cohort
        What it was run on.
    out
        The folder; it appears complete or not at all.
    force
        Replace the results in a folder that is not empty.
    figures
        Draw best responses by group, and the waterfall where sizes are known (PDF and PNG).
    command
        The command line, for the provenance.

    Raises
    ------
    AnalysisError
        ``E_OUTPUT_EXISTS`` if the folder holds something and ``force`` is off.
    """
    with output_folder(out, force=force) as folder:
        for name, file in TABLES.items():
            frame = getattr(result, name)
            if len(frame) or name in {"table", "exclusions"}:
                write_table(frame, folder / file)
        write_table(_warnings(result), folder / "warnings.tsv")
        (folder / "flow.json").write_text(result.flow.to_json(), encoding="utf-8")
        write_json(result.plan, folder / "analysis_plan.json")
        if figures:
            draw_response(result, folder / "figures")
        write_json(_provenance(result, cohort, command), folder / "provenance.json")


def _warnings(result: ResponseResult) -> pd.DataFrame:
    """Warnings of reading and analysis, then those that stand beside a row of ``response.tsv``."""
    frame = result.findings.to_frame()
    frame = frame.loc[frame["severity"] == "W"].assign(item="")
    rows = result.table.loc[result.table["warnings"].fillna("") != ""]
    beside = [
        {"code": code, "item": f"line {row.line}:{row.metric}:{row.denominator}:{row.variable}:{row.level}",
         "message": row.reading if code == "W_NO_EQUIVALENCE" else CODES[code]}
        for row in rows.itertuples()
        for code in str(row.warnings).split(";")
    ]  # fmt: skip
    parts = [frame, pd.DataFrame(beside, columns=["code", "item", "message"])]
    both = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    columns = ["code", "item", "file", "row", "column", "value", "rule", "patient_id", "message", "fix"]
    return both.reindex(columns=columns)


def _provenance(result: ResponseResult, cohort: Cohort, command: str) -> dict[str, Any]:
    names = ("requested", "lines", "by", "confirmed", "confirm_days", "sd_min_days", "accept_sd", "denominator",
             "column", "min_exposed")  # fmt: skip
    options = {key: result.plan[key] for key in names}
    seed = result.plan["requested"]["seed"]
    return record_run(
        cohort, result.findings, command=command, options=options, seed=seed, matrix_hash=result.matrix_hash
    )


def draw_response(result: ResponseResult, folder: Path) -> list[str]:
    """Draw the best responses of each line by each grouping, and a waterfall per line where sizes are known.

    Parameters
    ----------
    result
        A finished analysis.
    folder
        Where PDF and PNG go.

    Returns
    -------
    list of str
        Names of the figures without extension.
    """
    from netgen.plots.response_bars import plot_response_bars
    from netgen.plots.style import save_figure
    from netgen.plots.waterfall import plot_waterfall

    names = []
    for line in (item for item in result.plan["lines"] if item != "all"):
        own = result.responses.loc[result.responses["line_number"] == int(line)]
        kind = "Confirmed best" if result.plan["confirmed"] else "Best"
        for grouping in result.plan["by"]:
            known = own.loc[own[grouping].notna()].rename(columns={grouping: "group"})
            if not len(known):
                continue
            counts = known.groupby(["group", "bor"], sort=False).size().rename("n").reset_index()
            order = _levels(result, line, grouping)
            wide: Width = "double" if len(order) > 4 else "single"
            axes = plot_response_bars(
                counts, title=f"{kind} response to line {line} by {grouping}", order=order, width=wide,
                annotation=_orr_text(result, line, grouping),
            )  # fmt: skip
            names.append(file_name(f"bor_line{line}_{grouping}"))
            save_figure(_figure(axes), folder / names[-1], FORMATS)
        sizes = result.sizes.loc[result.sizes["line_number"] == int(line)]
        measured = int((sizes["status"] == "measured").sum())
        if measured:
            note = f"{len(sizes) - measured} of {len(sizes)} patients without two measurements are not shown"
            axes = plot_waterfall(sizes, title=f"Best change of tumour size, line {line}", note=note)
            names.append(f"waterfall_line{line}")
            save_figure(_figure(axes), folder / names[-1], FORMATS)
    return names


def _figure(axes: Axes) -> Any:  # noqa: ANN401  # a Figure, never a SubFigure: we made it
    return axes.figure


def _rows(result: ResponseResult, line: str, kind: str, *, denominator: str = "") -> pd.DataFrame:
    """Rows of one line and kind, of the denominator asked for."""
    wanted = denominator or result.plan["denominator"]
    table = result.table
    return table.loc[(table["line"] == line) & (table["kind"] == kind) & (table["denominator"] == wanted)]


def _levels(result: ResponseResult, line: str, grouping: str) -> list[str]:
    rows = _rows(result, line, "group", denominator="started")
    return [str(level) for level in rows.loc[rows["variable"] == grouping, "level"].drop_duplicates()]


def _orr_text(result: ResponseResult, line: str, grouping: str) -> str:
    """P-values of response and disease control between the groups."""
    rows = _rows(result, line, "test")
    rows = rows.loc[(rows["variable"] == grouping) & (rows["status"] == "tested")]
    return ", ".join(f"{row['metric']} p = {p_text(row['p_primary'])}" for row in rows.to_dict("records"))


def summarise_response(result: ResponseResult) -> str:
    """Return an analysis as text: per line the rates by group, the tests, the alterations, durations.

    Parameters
    ----------
    result
        A finished analysis.

    Returns
    -------
    str
        Lines of at most about 110 characters.
    """
    lines: list[str] = []
    for line in result.plan["lines"]:
        lines += [*_line(result, str(line)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _line(result: ResponseResult, line: str) -> list[str]:
    whole = _rows(result, line, "all").set_index("metric")
    first = whole.loc["ORR"]
    what = "All lines, the patient as cluster" if line == "all" else f"Line {line}"
    how = "confirmed" if result.plan["confirmed"] else "unconfirmed"
    base = "all who started" if result.plan["denominator"] == "started" else "evaluable patients only (sensitivity)"
    count = f"{first['n']} lines of {first['n_patients']} patients" if line == "all" else f"{first['n']} patients"
    out = [f"{what}: {count}; {how} best response; denominator: {base}"]
    out += [f"  {metric} {_share(whole.loc[metric].to_dict())}" for metric in ("ORR", "DCR")]
    other = "evaluable" if result.plan["denominator"] == "started" else "started"
    side = _rows(result, line, "all", denominator=other)
    out += [f"  {row['metric']} {_share(row)} [{other}: sensitivity]" for row in side.to_dict("records")]
    for grouping in result.plan["by"]:
        out += _grouping(result, line, grouping)
    out += _features(result, line)
    own = result.table.loc[(result.table["line"] == line) & (result.table["status"] == "tested")]
    if (own["p_primary"] > result.plan["alpha"]).any():
        out.append("  Absence of a significant difference is not evidence of similarity: read the limits.")
    return [*out, *_durations(result, line)]


def _share(row: Mapping[Any, Any]) -> str:
    """Write x/n and the rate with its limits."""
    total = int(row["a"]) + int(row["b"])
    text = f"{row['a']}/{total}"
    if pd.isna(row["rate"]):
        return text
    out = f"{text} = {100 * row['rate']:.1f} %"
    if pd.notna(row["cp_lo"]):
        out += f" ({100 * row['cp_lo']:.1f}-{100 * row['cp_hi']:.1f}"
        out += (
            f"; Wilson {100 * row['wilson_lo']:.1f}-{100 * row['wilson_hi']:.1f})"
            if pd.notna(row["wilson_lo"])
            else ")"
        )
    return out


def _grouping(result: ResponseResult, line: str, grouping: str) -> list[str]:
    rows = _rows(result, line, "group")
    rows = rows.loc[rows["variable"] == grouping]
    out = [f"  By {grouping}:"] if len(rows) else []
    for level, own in rows.groupby("level", sort=False):
        shares = ", ".join(f"{row['metric']} {_share({**row, 'wilson_lo': None})}" for row in own.to_dict("records"))
        out.append(f"    {level}: {shares}")
    tests = _rows(result, line, "test")
    for row in tests.loc[tests["variable"] == grouping].to_dict("records"):
        if row["status"] == "tested":
            method = P_METHODS.get(row["p_method"], row["p_method"])
            out.append(f"    {row['metric']}: {method} p = {p_text(row['p_primary'])}{_difference(row)}")
        elif len(rows):
            out.append(f"    {row['metric']}: not tested: {row['status']}")
    return out


def _difference(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["diff_lo"]):
        return ""
    return f"; difference {100 * row['diff']:.1f} ({100 * row['diff_lo']:.1f} to {100 * row['diff_hi']:.1f}) points"


def _features(result: ResponseResult, line: str) -> list[str]:
    """Write tested alterations with the smallest p first, and how many were not tested."""
    rows = _rows(result, line, "feature")
    rows = rows.loc[rows["metric"].isin(["ORR", "DCR"])]
    if not len(rows):
        return []
    tested = rows.loc[rows["status"] == "tested"].sort_values(["metric", "p_primary", "level"], kind="stable",
                                                              ascending=[False, True, True])  # fmt: skip
    out = [f"  By alteration: {len(tested)} tests of {len(rows)}; the others in response.tsv, with the reason"]
    for _, own in tested.groupby("metric", sort=False):
        for row in own.head(MOST_FEATURES).to_dict("records"):
            odds = f", OR {_interval(row, 'or')}" if row["or_status"] == "ok" else ""
            odds += f", Firth OR {_interval(row, 'firth')}" if pd.notna(row["firth_or"]) else ""
            out.append(
                f"    {row['metric']} {row['level']}: {row['a']}/{row['a'] + row['b']} against"
                f" {row['c']}/{row['c'] + row['d']}{odds}, p = {p_text(row['p_primary'])}, q = {p_text(row['q_bh'])}"
            )
    return out


def _interval(row: Mapping[Any, Any], name: str) -> str:
    value = row["firth_or"] if name == "firth" else row[name]
    return f"{ratio(value)} ({ratio(row[f'{name}_lo'])}-{ratio(row[f'{name}_hi'])})"


def _durations(result: ResponseResult, line: str) -> list[str]:
    frame = result.durations
    out = []
    for row in frame.loc[(frame["line"].astype(str) == line) & (frame["variable"] == "all")].to_dict("records"):
        limits = f"{months(row['km_median_lo'])}-{months(row['km_median_hi'])}"
        km = f"Kaplan-Meier median {months(row['km_median'])} months ({limits})"
        if row["endpoint"] == "dot":
            out.append(
                f"  Duration of treatment: {km}; of the {row['n_ended']} lines that ended {months(row['median_ended'])}"
                f" ({row['n_ongoing']} ongoing left out: too short)"
            )
        elif row["n"]:
            out.append(f"  Duration of response: {row['n']} responders, {row['n_ended']} ended; {km}")
    return out
