"""Everything ``netgen therapy`` leaves behind, in one folder written at once, and what it prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.report.figures import FORMATS
from netgen.report.run_record import record_run
from netgen.report.summary import months, p_text
from netgen.report.write import file_name, output_folder, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from netgen.association.therapy import TherapyResult
    from netgen.cohort import Cohort

TABLES: Final = (
    "algorithm_tables", "algorithm_classes", "algorithm_differences", "algorithm_reach", "algorithm_sequences",
    "exposure", "line_counts", "line_starts", "line_endpoints", "transitions", "transition_tests", "pathway",
    "pathway_times", "evolution", "ki67_pairs", "grade_migration", "timeline", "exclusions",
)  # fmt: skip
SHOWN: Final = 24  # months of the horizon that is printed
METHODS: Final = {"exact": "exact", "monte_carlo": "Monte-Carlo"}
NOT_FOLLOWED: Final = "not known, nobody has a date of advanced disease and a follow-up"
MOST_SWIMMERS: Final = 150  # patients in the swimmer figure, the first of the order


def write_therapy(
    result: TherapyResult,
    cohort: Cohort,
    out: Path,
    *,
    force: bool = False,
    figures: bool = True,
    order: Sequence[str] | None = None,
    command: str = "",
) -> None:
    """Write tables, figures, plan and provenance of a comparison of therapeutic algorithms into a folder.

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
        Draw alluvial and swimmer figures (PDF and PNG).
    order
        Patients of the swimmer figure from top to bottom, for example those of the oncoprint; None = by group and
        length of follow-up.
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
        write_json(sequence_report(result), folder / "permanova.json")
        write_table(_warnings(result), folder / "warnings.tsv")
        write_json(result.plan, folder / "analysis_plan.json")
        if figures:
            draw_therapy(result, folder / "figures", order=order)
        write_json(_provenance(result, cohort, command), folder / "provenance.json")


def sequence_report(result: TherapyResult) -> dict[str, Any]:
    """Return the tests of whole sequences for ``permanova.json``.

    Parameters
    ----------
    result
        A finished comparison.

    Returns
    -------
    dict
        ``tests``, one entry per grouping, distance and scale; and what the scales are.
    """
    tests = [
        {**row, "dispersion_means": json.loads(row["dispersion_means"])}
        for row in result.sequence_tests.to_dict("records")
    ]
    return {
        "scales": {
            "squared": "sums of squared distances, as vegan::adonis2 (Anderson 2001)",
            "unsquared": "sums of distances, as TraMineR::dissassoc",
        },
        "distances": result.plan["distances"],
        "optimal_matching": result.plan["optimal_matching"],
        "tests": tests,
    }


def _warnings(result: TherapyResult) -> pd.DataFrame:
    frame = result.findings.to_frame()
    return frame.loc[frame["severity"] == "W"].drop(columns="severity").reset_index(drop=True)


def _provenance(result: TherapyResult, cohort: Cohort, command: str) -> dict[str, Any]:
    options = {key: result.plan[key] for key in ("by", "max_line", "margin", "permutations")}
    return record_run(cohort, result.findings, command=command, options=options, seed=result.plan["seed"])


def draw_therapy(result: TherapyResult, folder: Path, *, order: Sequence[str] | None = None) -> list[str]:
    """Draw an alluvial figure per grouping, and the courses of the patients in the groups of the first.

    Parameters
    ----------
    result
        A finished comparison.
    folder
        Where PDF and PNG go.
    order
        Patients of the swimmer figure from top to bottom.

    Returns
    -------
    list of str
        Names of the figures without extension.
    """
    from netgen.plots.alluvial import plot_alluvial
    from netgen.plots.style import save_figure
    from netgen.plots.swimmer import order_by_follow_up, plot_swimmer

    names = []
    for grouping, groups in result.plan["by"].items():
        rows = result.transitions.loc[result.transitions["grouping"] == grouping]
        if len(rows):
            panels = plot_alluvial(rows, order=groups, title=f"Lines of treatment by {grouping}")
            names.append(file_name(f"alluvial_{grouping}"))
            save_figure(_figure(panels[0]), folder / names[-1], FORMATS)
    if len(result.timeline):
        grouping, groups = next(iter(result.plan["by"].items()))
        labels = result.algorithm_sequences.set_index("patient_id")[grouping]
        wanted = order_by_follow_up(result.timeline, labels, groups) if order is None else list(order)
        title = "Courses of treatment"
        if len(wanted) > MOST_SWIMMERS:
            title += f": the first {MOST_SWIMMERS} of {len(wanted)} patients"
        axes = plot_swimmer(
            result.timeline, order=wanted[:MOST_SWIMMERS], groups=labels if order is None else None, title=title
        )
        names.append("swimmer")
        save_figure(_figure(axes), folder / names[-1], FORMATS)
    return names


def _figure(axes: Any) -> Figure:  # noqa: ANN401  # the figure of axes we made, never a SubFigure
    figure: Figure = axes.figure
    return figure


def summarise_therapy(result: TherapyResult) -> str:
    """Return a comparison as text: lines by class, equivalence, exposure, numbers of lines, sequences, times.

    Parameters
    ----------
    result
        A finished comparison.

    Returns
    -------
    str
        Lines of at most about 120 characters.
    """
    lines: list[str] = []
    for grouping, groups in result.plan["by"].items():
        sizes = _own(result.line_counts, grouping).set_index("group")["n"]
        lines.append(f"By {grouping}: " + ", ".join(f"{group} {sizes[group]}" for group in groups))
        for row in _own(result.algorithm_tables, grouping).itertuples():
            lines += [f"  {text}" for text in _line(result, grouping, row)]
        lines += [f"  {text}" for text in _exposure(result, grouping)]
        lines += [f"  {text}" for text in _lines_received(result, grouping)]
        lines += [f"  {text}" for text in _sequences(result, grouping)]
        lines += [f"  {text}" for text in _times(result, grouping)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _own(frame: pd.DataFrame, grouping: str) -> pd.DataFrame:
    return frame.loc[frame["grouping"] == grouping]


def _line(result: TherapyResult, grouping: str, row: Any) -> list[str]:  # noqa: ANN401  # a row of the table
    """Return the table of one line, its test, and the differences between two groups."""
    absent = [f"{getattr(row, f'n_{name}')} {text}" for name, text in
              (("dead", "died"), ("ongoing", "ongoing"), ("off_therapy", "off treatment"), ("lost", "lost"))
              if getattr(row, f"n_{name}")]  # fmt: skip
    head = f"Line {row.line} ({row.endpoint}): {row.n + row.n_class_unknown} of {row.n_at_risk} at risk received it"
    lines = [head + (f"; {', '.join(absent)}" if absent else "")]
    classes = _own(result.algorithm_classes, grouping)
    classes = classes.loc[classes["line"] == row.line]
    if len(classes):
        wide = classes.pivot_table(index="group", columns="regimen_class", values="count", sort=False, observed=True)
        order = [group for group in result.plan["by"][grouping] if group in wide.index]
        cells = [("", *map(str, wide.columns))]
        cells += [(group, *(str(int(value)) for value in wide.loc[group])) for group in order]
        lines += [f"  {text}" for text in _columns(cells)]
    if row.merged:
        lines.append(f"  merged into other: {row.merged.replace(';', ', ')}")
    if row.status != "tested":
        return [*lines, f"  Not tested: {row.status}."]
    method = "exact" if row.p_method == "exact" else f"Monte-Carlo, {row.n_draws} tables"
    shown = row._asdict()
    v, v_bc = (_interval(shown, name, f"{name}_lo", f"{name}_hi") for name in ("v", "v_bc"))
    test = (
        f"  Freeman-Halton p = {p_text(row.p)} ({method}); Holm {p_text(row.p_holm)}; Cramer's V {v}, corrected {v_bc}"
    )
    compared = _own(result.algorithm_differences, grouping)
    lines += [
        f"  {item['regimen_class']}: {item['group']} {item['count']}/{item['n']}, {item['reference']}"
        f" {item['count_reference']}/{item['n_reference']}; difference {item['difference']:+.2f}"
        f" ({item['lo']:.2f} to {item['hi']:.2f}); {item['reading']}"
        for item in compared.loc[compared["line"] == row.line].to_dict("records")
    ]
    return [*lines, test, f"  {row.reading}"] if row.reading else [*lines, test]


def _columns(cells: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _lines_received(result: TherapyResult, grouping: str) -> list[str]:
    rows = _own(result.line_counts, grouping).to_dict("records")
    counts = "; ".join(f"{row['group']} {row['n_1']}/{row['n_2']}/{row['n_3']}/{row['n_4plus']}" for row in rows)
    lines = [f"Lines received (1/2/3/4+): {counts}"]
    first = rows[0]
    if first["kw_method"] != "none":
        lines.append(
            f"  Kruskal-Wallis chi2 {first['kw_chi2']:.3f}, df {first['kw_df']}, {METHODS[first['kw_method']]} p ="
            f" {p_text(first['kw_p'])}. Confounded by survival (W_LINES_SURVIVAL)."
        )
    starts = _own(result.line_starts, grouping)
    starts = starts.loc[(starts["horizon_months"] == SHOWN) & (starts["estimate"] == "all_patients")]
    means = [f"{row['group']} {_interval(row, 'mean', 'lo', 'hi')}" for row in starts.to_dict("records")]
    if not (starts["n"] > 0).any():
        means = [NOT_FOLLOWED]
    return [*lines, f"  Mean number of lines begun by {SHOWN} months: {'; '.join(means)}"]


def _exposure(result: TherapyResult, grouping: str) -> list[str]:
    rows = _own(result.exposure, grouping)
    lines = [f"First exposure within {SHOWN} months, % (cumulative incidence, death competing):"]
    if not (rows["n"] > 0).any():
        return [f"{lines[0]} {NOT_FOLLOWED}"]
    for name, own in rows.loc[rows["horizon_months"] == SHOWN].groupby("regimen_class", sort=False):
        shown = own.assign(**{key: 100 * own[key].astype("float64") for key in ("cif", "cif_lo", "cif_hi")})
        cells = [f"{row['group']} {_interval(row, 'cif', 'cif_lo', 'cif_hi', 0)}" for row in shown.to_dict("records")]
        lines.append(f"  {name}: {'; '.join(cells)}")
    return lines


def _interval(row: dict[Hashable, Any], value: str, lo: str, hi: str, digits: int = 2) -> str:
    """Return an estimate with its limits; a dash for what is not known."""
    a, b, c = ("-" if pd.isna(row[name]) else f"{row[name]:.{digits}f}" for name in (value, lo, hi))
    return a if b == "-" and c == "-" else f"{a} ({b}-{c})"


def _sequences(result: TherapyResult, grouping: str) -> list[str]:
    lines = ["Whole sequences (PERMANOVA):"]
    for row in _own(result.sequence_tests, grouping).to_dict("records"):
        squared = row["scale"] == "squared"
        if row["status"] != "tested":
            lines += [f"  {row['distance']}: not tested, {row['status']}"] * squared
            continue
        lines.append(
            f"  {row['distance']} ({row['role']}, tails {row['tails']}), {row['scale']} as"
            f" {'adonis2' if squared else 'dissassoc'}: F {row['f']:.3f}, R2 {row['r2']:.3f}, p = {p_text(row['p'])}"
            + (f"; dispersion p = {p_text(row['dispersion_p'])}" if squared else "")
        )
    return lines


def _times(result: TherapyResult, grouping: str) -> list[str]:
    lines = []
    rows = _own(result.line_endpoints, grouping)
    for (endpoint, line), group in rows.groupby(["endpoint", "line"], sort=False):
        parts = group.to_dict("records")
        head, status = f"{str(endpoint).upper()} line {line}", parts[0]["status"]
        if status == "not_available":
            lines.append(f"{head}: {parts[0]['note']}")
            continue
        medians = [
            f"{row['group']} {months(row['median'])} ({row['events']:.0f}/{row['n']})" for row in parts if row["n"]
        ]
        test = f"log-rank p = {p_text(parts[0]['p_perm'])}" if status == "tested" else f"not tested: {status}"
        lines.append("; ".join([f"{head}, median months (events/n): {', '.join(medians) or 'nobody'}", test]))
    return lines
