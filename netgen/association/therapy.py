"""``therapy``: the therapeutic algorithms of groups of patients, compared (DOMAIN 3.13, primary endpoint of LINEAR).

The first-line class table is the primary comparison, the whole sequence the key secondary one. Everything else
describes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from netgen.association.actionability import add_levels
from netgen.association.class_tables import MIN_CLASS, ClassTables, compare_classes
from netgen.association.diagnostic_pathway import tabulate_intervals, tabulate_pathway
from netgen.association.disease_evolution import describe_evolution
from netgen.association.exposure import tabulate_exposure, tabulate_starts
from netgen.association.line_counts import kruskal_wallis
from netgen.association.line_endpoints import compare_line_endpoints
from netgen.association.line_history import OFF_THERAPY_DAYS, build_history
from netgen.association.patient_groups import OF_LINE, check_groups, expand_request, find_groups, is_genomic
from netgen.association.permanova import PERMUTATIONS
from netgen.association.sequence_tests import DISTANCES, compare_sequences, tabulate_sequences
from netgen.association.therapy_tables import COUNT_COLUMNS, EVERYBODY, Labels, frame_of
from netgen.association.timeline import tabulate_timeline
from netgen.association.transitions import MIN_TESTED, tabulate_transitions
from netgen.clinical.endpoints import Endpoint
from netgen.clinical.rows import counted
from netgen.errors import AnalysisError, Findings
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgen.association.line_history import LineHistory
    from netgen.cohort import Cohort

MARGIN: Final = 0.20
MAX_LINE: Final = 3
SURVIVAL_TEXT: Final = (
    "Numbers of lines are confounded by survival: who dies early receives few."
    " Read the mean number of lines begun by a fixed time beside them."
)


@dataclass(frozen=True, kw_only=True)
class TherapyResult:
    """Everything one run of ``therapy`` found; the columns of the tables are declared in ``therapy_tables``.

    Attributes
    ----------
    algorithm_tables
        One row per grouping and line: the table of groups by classes and its test.
    algorithm_classes, algorithm_differences, algorithm_reach
        The same in long form: proportions; differences between two groups with the equivalence reading; who could
        receive a line and why the others did not.
    exposure, line_counts, line_starts
        First exposure to each class; lines received; mean number of lines begun.
    line_endpoints
        PFS, TTF and TTNT by line.
    algorithm_sequences, sequence_tests
        States of every patient, and PERMANOVA with the dispersion.
    transitions, transition_tests
        What followed each class.
    pathway, pathway_times
        Steps of the diagnosis, and how long they took.
    evolution, ki67_pairs, grade_migration
        How the disease changed.
    timeline
        Bars and markers of every patient.
    exclusions
        patient_id, step, reason: who has no part in which comparison.
    findings
        Warnings of reading and analysis.
    plan
        The options resolved before anything was computed.
    """

    algorithm_tables: pd.DataFrame
    algorithm_classes: pd.DataFrame
    algorithm_differences: pd.DataFrame
    algorithm_reach: pd.DataFrame
    exposure: pd.DataFrame
    line_counts: pd.DataFrame
    line_starts: pd.DataFrame
    line_endpoints: pd.DataFrame
    algorithm_sequences: pd.DataFrame
    sequence_tests: pd.DataFrame
    transitions: pd.DataFrame
    transition_tests: pd.DataFrame
    pathway: pd.DataFrame
    pathway_times: pd.DataFrame
    evolution: pd.DataFrame
    ki67_pairs: pd.DataFrame
    grade_migration: pd.DataFrame
    timeline: pd.DataFrame
    exclusions: pd.DataFrame
    findings: Findings
    plan: Mapping[str, Any]


def therapy(
    cohort: Cohort,
    *,
    by: str | Sequence[str] = ("origin_group3", "origin_group2"),
    max_line: int = MAX_LINE,
    margin: float = MARGIN,
    permutations: int = PERMUTATIONS,
    seed: int | None = None,
    substitution_costs: Mapping[tuple[str, str], float] | None = None,
) -> TherapyResult:
    """Compare the therapeutic algorithms of groups of patients.

    A patient without a group is left out of the comparisons of that grouping and counted. Delayed entry is not applied:
    the cohort is not defined by having been sequenced.

    Parameters
    ----------
    cohort
        From ``read_cohort``.
    by
        What forms the groups: patient columns, ``column:cut,cut`` for numbers, or genes. ``origin`` stands for the
        origins in three and in two groups.
    max_line
        Lines compared, 1 to this.
    margin
        Largest difference between two proportions without importance; must be stated before the data are seen.
    permutations
        Relabelings of the sequence tests.
    seed
        Master seed; None = that of the study.
    substitution_costs
        Pairs of classes (or ``none``) whose substitution costs something else than 2 in optimal matching.

    Returns
    -------
    TherapyResult
        Tables with fixed columns.

    Raises
    ------
    AnalysisError
        E_CONFIG if an option is out of range or a group does not exist; E_ENDPOINT_UNAVAILABLE if no patient has a
        line of treatment.

    Examples
    --------
    >>> import netgen as ng
    >>> from netgen.association.therapy import therapy
    >>> found = therapy(ng.read_cohort("demo"), by="origin_group3", permutations=99)
    >>> [round(float(p), 6) for p in found.algorithm_tables["p"]]
    [0.592366, 0.216114, 1.0]
    """
    _check_options(max_line, margin, permutations)
    findings = Findings(list(cohort.findings))
    master = cohort.study.association.seed if seed is None else seed
    names = expand_request(by)
    cohort = add_levels(cohort, names, findings=findings)
    history = build_history(cohort)
    if not len(history.lines):
        raise AnalysisError(
            "E_ENDPOINT_UNAVAILABLE",
            "a comparison of treatment needs lines with a start; the study has none.",
            fix="Add a treatments table, or drugs from which lines can be derived.",
        )
    _check_follow_up(history, findings)
    groups = [_labels(cohort, history, name, findings) for name in names]
    everybody = Labels(EVERYBODY, np.full(len(history.patients), EVERYBODY), (EVERYBODY,))
    both = [everybody, *groups]
    with threadpool_limits(limits=1, user_api="blas"):
        classes = [compare_classes(history, item, max_line=max_line, margin=margin, seed=master) for item in groups]
        sequence_tests = compare_sequences(
            history, groups, max_line=max_line, permutations=permutations, seed=master, costs=substitution_costs
        )
        endpoints = compare_line_endpoints(cohort, history, both, max_line=max_line, seed=master, findings=findings)
        evolution = describe_evolution(cohort, history, both, max_line=max_line)
        steps = tabulate_transitions(history, groups, max_line=max_line, seed=master)
        sequences = tabulate_sequences(history, groups, max_line=max_line)
        result = TherapyResult(
            **_stack(classes),
            exposure=tabulate_exposure(history, both),
            line_counts=count_lines(history, groups, seed=master),
            line_starts=tabulate_starts(history, both),
            line_endpoints=endpoints,
            algorithm_sequences=sequences,
            sequence_tests=sequence_tests,
            transitions=steps.table,
            transition_tests=steps.tests,
            pathway=tabulate_pathway(cohort, history, both, seed=master),
            pathway_times=tabulate_intervals(cohort, history, both, seed=master),
            evolution=evolution.table,
            ki67_pairs=evolution.pairs,
            grade_migration=evolution.migration,
            timeline=tabulate_timeline(cohort, history),
            exclusions=_exclusions(cohort, history, groups, sequences),
            findings=findings,
            plan=_plan(groups, max_line, margin, permutations, master, substitution_costs),
        )
    _warn(result)
    return result


def count_lines(history: LineHistory, groupings: Sequence[Labels], *, seed: int) -> pd.DataFrame:
    """Return how many lines patients received, with the Kruskal-Wallis test of those who received any.

    Parameters
    ----------
    history
        Lines of the patients.
    groupings
        Groups of the same patients.
    seed
        Master seed.

    Returns
    -------
    DataFrame
        ``COUNT_COLUMNS``.
    """
    rows = []
    for groups in groupings:
        use = groups.known & (history.n_lines > 0)
        found = kruskal_wallis(
            history.n_lines[use], groups.labels[use], seed=derive_seed(f"therapy:{groups.name}:lines", master=seed)
        )
        test = {
            "kw_chi2": found.chi2, "kw_df": found.df, "kw_p_asymptotic": found.p_asymptotic, "kw_p": found.p,
            "kw_method": found.method, "kw_draws": found.n_draws, "kw_mc_lo": found.mc_lo, "kw_mc_hi": found.mc_hi,
            "warnings": "W_LINES_SURVIVAL",
        }  # fmt: skip
        for group in groups.order:
            own = history.n_lines[groups.labels == group]
            treated = own[own > 0]
            quartiles = np.quantile(treated, [0.25, 0.5, 0.75]) if len(treated) else np.full(3, np.nan)
            row = {"grouping": groups.name, "group": group, "n": len(own), "n_4plus": int((own >= 4).sum())}
            row |= {f"n_{k}": int((own == k).sum()) for k in range(4)}
            rows.append(row | dict(zip(("q1", "median", "q3"), quartiles.tolist(), strict=True)) | test)
    return frame_of(rows, COUNT_COLUMNS)


def _check_options(max_line: int, margin: float, permutations: int) -> None:
    for name, value, good, need in (
        ("max_line", max_line, 1 <= max_line <= 20, "a whole number from 1 to 20"),
        ("margin", margin, 0 < margin < 1, "between 0 and 1"),
        ("permutations", permutations, permutations >= 1, "at least 1"),
    ):
        if not good:
            raise AnalysisError("E_CONFIG", f"{name} must be {need}, found {value}.")


def _check_follow_up(history: LineHistory, findings: Findings) -> None:
    """Say how many treated patients nobody knows the end of observation of."""
    n = int(((history.n_lines > 0) & np.isnan(history.end)).sum())
    if n:
        findings.add(
            "W_NO_FOLLOW_UP",
            f"{counted(n)} with lines of treatment, but without a date of last contact or death: they have no part in"
            " the incidence of exposure and the mean number of lines.",
            fix="Give date_last_contact, and date_death of the dead.",
        )


def _labels(cohort: Cohort, history: LineHistory, name: str, findings: Findings) -> Labels:
    """Return the groups of the patients of the history."""
    if name.partition(":")[0] in OF_LINE:
        raise AnalysisError(
            "E_CONFIG", f"{name} is what is compared and forms no groups.", fix="Use by = origin, sex or a gene."
        )
    nothing = Endpoint(name="", line=None, origin="", entry_rule="none", table=pd.DataFrame(), excluded=pd.DataFrame())
    found = find_groups(cohort, name, nothing, cohort.study.association, findings=findings)
    check_groups(found, cohort)
    return Labels(found.name, found.labels.reindex(history.patients).fillna("").to_numpy(dtype=str), found.order)


def _stack(parts: Sequence[ClassTables]) -> dict[str, pd.DataFrame]:
    """Tables of all groupings, one below the other."""
    names = {"tables": "algorithm_tables", "classes": "algorithm_classes", "differences": "algorithm_differences",
             "reach": "algorithm_reach"}  # fmt: skip
    out = {}
    for short, name in names.items():
        frames = [getattr(part, short) for part in parts]
        filled = [frame for frame in frames if len(frame)]
        out[name] = pd.concat(filled, ignore_index=True) if filled else frames[0]
    return out


def _exclusions(
    cohort: Cohort, history: LineHistory, groupings: Sequence[Labels], sequences: pd.DataFrame
) -> pd.DataFrame:
    """Who was left out on reading, has no group, or no sequence."""
    columns = ["patient_id", "step", "reason"]
    frames = [cohort.exclusions.reindex(columns=columns)]
    frames += [
        pd.DataFrame({"patient_id": history.patients[~groups.known]}).assign(
            step=f"group:{groups.name}", reason="not_profiled" if is_genomic(cohort, groups.name) else "group_missing"
        )
        for groups in groupings
    ]
    left = sequences.loc[sequences["status"] != "compared", ["patient_id", "status"]]
    frames.append(left.rename(columns={"status": "reason"}).assign(step="sequences"))
    frame = pd.concat([item.astype("string") for item in frames], ignore_index=True)[columns]
    return frame.drop_duplicates().sort_values(columns, kind="stable", ignore_index=True)


def _plan(
    groupings: Sequence[Labels],
    max_line: int,
    margin: float,
    permutations: int,
    seed: int,
    costs: Mapping[tuple[str, str], float] | None,
) -> dict[str, Any]:
    return {
        "by": {groups.name: list(groups.order) for groups in groupings},
        "max_line": max_line,
        "margin": margin,
        "permutations": permutations,
        "seed": seed,
        "primary": "class of first-line treatment by group (Freeman-Halton)",
        "key_secondary": "whole sequence by group (PERMANOVA, mean mismatch over positions known in both, squared)",
        "merge_rule": f"classes of fewer than {MIN_CLASS} patients of all groups together are merged into other",
        "holm": "across the lines of a grouping",
        "off_therapy_days": OFF_THERAPY_DAYS,
        "transition_min_n": MIN_TESTED,
        "distances": {name: {"tails": tails, "role": role} for name, (tails, role) in DISTANCES.items()},
        "optimal_matching": {
            "indel": 1, "substitution": 2,
            "pairs": {" / ".join(pair): cost for pair, cost in sorted((costs or {}).items())},
        },
        "entry_rule": "none: the cohort is not defined by having been sequenced",
        "origin_time": "advanced",
    }  # fmt: skip


def _warn(result: TherapyResult) -> None:
    """Warnings about whole comparisons."""
    findings = result.findings
    findings.add("W_LINES_SURVIVAL", SURVIVAL_TEXT)
    for row in result.algorithm_tables.itertuples():
        if row.warnings:
            findings.add(
                "W_NO_EQUIVALENCE", f"class of line {row.line} by {row.grouping}: {row.reading}", value=row.grouping
            )
    for row in result.sequence_tests.itertuples():
        for code in str(row.warnings).split(";"):
            if code == "W_DISPERSION" and row.scale == "squared":
                findings.add(code, f"{row.distance} by {row.grouping}: p = {row.dispersion_p:.3g}; {row.reading}")
    small = result.algorithm_tables.loc[result.algorithm_tables["line"] == 1, "n"].max()
    if small < 100:
        findings.add("W_SMALL", f"n = {int(small)} patients with a first line: exploratory; estimates are imprecise.")
