"""Everything ``netgen actionability`` leaves behind, in one folder written at once, and what it prints."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

from netgen.actionability.context_drugs import list_context
from netgen.actionability.levels import RESEARCH_USE, SENSITIVITY
from netgen.report.figures import FORMATS
from netgen.report.run_record import record_run
from netgen.report.summary import p_text
from netgen.report.write import file_name, output_folder, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from netgen.association.actionability import ActionabilityResult
    from netgen.cohort import Cohort

# Attribute of the result -> file; the last four are written if they have rows.
TABLES: Final = {
    "hits": "actionability.tsv",
    "patients": "actionability_patients.tsv",
    "by_origin": "actionability_by_origin.tsv",
    "by_marker": "actionability_by_marker.tsv",
    "coverage": "targets_covered.tsv",
    "levels": "levels_by_origin.tsv",
    "vus": "variants_of_unknown_significance.tsv",
    "imported": "imported_assertions.tsv",
    "lines": "lines_irrespective_of_genotype.tsv",
}
SOME: Final = ("levels", "vus", "imported", "lines")
USE: Final = "research_use"  # column that says so in every row of a level
MOST: Final = 12  # markers that are printed
WIDTH: Final = 106


def write_actionability(
    result: ActionabilityResult,
    cohort: Cohort,
    out: Path,
    *,
    force: bool = False,
    figures: bool = True,
    command: str = "",
) -> None:
    """Write tables, figures, plan and provenance of an analysis of actionability into a folder.

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
        Draw the best level per patient by origin (PDF and PNG).
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
            if name in SOME and not len(frame):
                continue
            write_table(frame.assign(**{USE: RESEARCH_USE}) if name in {"hits", "imported"} else frame, folder / file)
        write_table(list_context(), folder / "drugs_irrespective_of_genotype.tsv")
        write_table(result.findings.to_frame().loc[lambda frame: frame["severity"] == "W"], folder / "warnings.tsv")
        write_json({**result.plan, USE: RESEARCH_USE}, folder / "analysis_plan.json")
        if figures:
            draw_levels(result, folder / "figures")
        write_json(
            record_run(cohort, result.findings, command=command, options=result.plan, seed=result.plan["seed"]),
            folder / "provenance.json",
        )


def draw_levels(result: ActionabilityResult, folder: Path) -> list[str]:
    """Draw the best level per patient, one figure per grouping.

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
    from netgen.plots.actionability import plot_actionability
    from netgen.plots.style import save_figure

    names = []
    for grouping, counts in result.levels.groupby("grouping", sort=False):
        if not counts["n"].sum():
            continue
        axes = plot_actionability(
            counts, title=f"Best level of evidence by {grouping}", annotation=_tested(result, str(grouping))
        )
        names.append(file_name(f"levels_{grouping}"))
        save_figure(axes.figure, folder / names[-1], FORMATS)  # type: ignore[arg-type]  # never a SubFigure
    return names


def summarise_actionability(result: ActionabilityResult) -> str:
    """Return an analysis as text: levels by origin, the markers found, what was not looked for.

    Parameters
    ----------
    result
        A finished analysis.

    Returns
    -------
    str
        Lines of at most about 110 characters.
    """
    rules, tree = result.plan["rules"], result.plan["oncotree"]
    lines = [f"{rules['n']} rules of {rules['name']}, snapshot {rules['snapshot']}; OncoTree {tree['version']}"]
    lines += [
        f"  beside them {item['source']} {item['version']}: {item['n']} assertions, not counted"
        for item in result.plan["imports"]
    ]
    for grouping in result.plan["by"]:
        lines += ["", *_levels(result, grouping)]
    lines += ["", *_markers(result), *_context(result), *_not_covered(result)]
    if len(result.vus):
        where = f"{result.vus['patient_id'].nunique()} patients"
        lines.append(f"{len(result.vus)} variants of unknown significance in {where}: no rule, none counted.")
    return "\n".join([*lines, "", RESEARCH_USE])


def _levels(result: ActionabilityResult, grouping: str) -> list[str]:
    """Write patients by best level, and how many count as actionable."""
    counts = result.levels.loc[result.levels["grouping"] == grouping]
    wide = counts.pivot_table(index="group", columns="level", values="n", sort=False, aggfunc="sum").astype(int)
    shown = [name for name in (*SENSITIVITY, "none", "not_profiled") if name in wide and wide[name].sum()]
    shares = {str(row["origin"]): row for row in _rows(result, grouping).to_dict("records")}
    width = max(len(grouping), *(len(str(name)) for name in wide.index))
    lines = [f"{grouping:<{width}}  " + "  ".join(f"{name:>4}" for name in shown) + "  actionable (N1 to N3B)"]
    for name, row in wide[shown].iterrows():
        cells = "  ".join(f"{value:>{max(4, len(str(level)))}}" for level, value in row.items())
        lines.append(f"{name!s:<{width}}  {cells}  {_share(shares[str(name)])}")
    lines.append(f"{'all':<{width}}  {_tested(result, grouping)}")
    return lines


def _rows(result: ActionabilityResult, grouping: str, cutoff: str = "N3B") -> pd.DataFrame:
    table = result.by_origin
    return table.loc[
        (table["grouping"] == grouping) & (table["cutoff"] == cutoff) & (table["analysis"] == "main")
    ]  # fmt: skip


def _share(row: Mapping[Any, Any]) -> str:
    """Write x/n, per cent and exact limits."""
    if not row["n_profiled"]:
        return "not profiled"
    share, low, high = (100 * row[name] for name in ("proportion", "cp_lo", "cp_hi"))
    return f"{row['n_actionable']}/{row['n_profiled']} = {share:.1f} % ({low:.1f}-{high:.1f})"


def _tested(result: ActionabilityResult, grouping: str) -> str:
    """Write the comparison of the groups, or why there is none."""
    rows = {str(row["origin"]): row for row in _rows(result, grouping).to_dict("records")}
    if "all" not in rows:
        return ""
    row = rows["all"]
    if row["status"] == "tested":
        return f"Freeman-Halton p = {p_text(row['p'])}"
    return f"not compared: {row['status'].replace('_', ' ')}"


def _markers(result: ActionabilityResult) -> list[str]:
    """Write the markers at a counted level, most frequent first."""
    table = result.by_marker
    if not len(table):
        return []
    whole = table.loc[(table["origin"] == "all") & (table["grouping"] == result.plan["by"][0])]
    found = whole.loc[whole["n_actionable"] > 0].sort_values(["n_actionable", "marker"], ascending=[False, True])
    if not len(found):
        return ["No marker at a counted level (N1 to N3B)."]
    lines = ["Markers at a counted level (N1 to N3B), of the patients looked at for each:"]
    lines += [f"  {row['marker']}: {_share(row)}" for row in found.head(MOST).to_dict("records")]
    if len(found) > MOST:
        lines.append(f"  and {len(found) - MOST} more in actionability_by_marker.tsv")
    return lines


def _context(result: ActionabilityResult) -> list[str]:
    """Say which drugs are shown with a level and not counted, because they are used whatever the genotype."""
    told = result.patients["context"].dropna().loc[lambda texts: texts != ""]
    drugs = told.str.split(";").explode().value_counts()
    return [f"Never counted, used whatever the genotype: {drug} in {count} patients" for drug, count in drugs.items()]


def _not_covered(result: ActionabilityResult) -> list[str]:
    """Say which targets were looked for in nobody, and in how many in part."""
    table = result.coverage.loc[(result.coverage["group"] == "all") & (result.coverage["best_level"] != "NX")]
    nobody = table.loc[table["n_profiled"] == 0, "marker"]
    partly = table.loc[(table["n_profiled"] > 0) & (table["n_not_covered"] > 0)]
    lines = []
    if len(nobody):
        more = f" and {len(nobody) - MOST} more" if len(nobody) > MOST else ""
        lines += _wrap(f"Not covered in anybody: {', '.join(nobody.head(MOST))}{more} (targets_covered.tsv).")
    if len(partly):
        told = ", ".join(f"{row.marker} in {row.n_not_covered}" for row in partly.head(MOST).itertuples())
        more = f" and {len(partly) - MOST} more" if len(partly) > MOST else ""
        lines += _wrap(f"Not covered in some patients: {told}{more}.")
    return lines


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, width=WIDTH, subsequent_indent="  ")
