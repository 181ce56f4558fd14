"""Columns of the tables of ``netgen therapy``, declared once with their meaning; and two small helpers to fill them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.line_history import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

ALPHA: Final = 0.05
EVERYBODY: Final = "all"  # the grouping without groups: described, never tested
HORIZONS_MONTHS: Final = (12, 24, 36)
DAYS_PER_MONTH: Final = 30.4375


class Labels(NamedTuple):
    """One grouping of the patients of a history: its name, (n,) labels ("" = in no group), groups in table order."""

    name: str
    labels: NDArray[np.str_]
    order: tuple[str, ...]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Return who has a group, (n,)."""
        return np.asarray(self.labels != "")


# algorithm_tables.tsv: one row per grouping and line.
TABLE_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups",
    "line": "line of treatment",
    "endpoint": "primary (first line), else secondary",
    "n_at_risk": "patients who received the line before; for line 1 everybody with a group",
    "n": "patients who received the line and whose class is known: the table",
    "n_class_unknown": "patients who received the line with an unrecorded class",
    **{f"n_{reason}": f"did not receive it: {text}" for reason, text in ABSENT.items()},
    "n_unrecorded": "a later line is recorded, this one is not",
    "table": "counts as JSON: group -> class -> patients, after merging",
    "merged": "classes of fewer than 2 patients that are counted as other, joined by ;",
    "p": "Freeman-Halton test",
    "p_method": "exact, monte_carlo or none",
    "n_draws": "tables drawn, 0 if exact",
    "mc_lo": "95 % interval of a Monte-Carlo p",
    "mc_hi": "its upper end",
    "min_attainable_p": "smallest p that a table with these margins can give",
    "p_holm": "Holm, across the lines of the grouping",
    "x2": "Pearson's statistic",
    "df": "its degrees of freedom",
    "v": "Cramer's V",
    "v_lo": "lower 95 % bootstrap limit",
    "v_hi": "upper limit",
    "v_bc": "bias-corrected V",
    "v_bc_lo": "lower 95 % bootstrap limit",
    "v_bc_hi": "upper limit",
    "v_mde_80": "smallest V that had 80 % power in a chi-square test of this size; above 1 = none had",
    "residuals": "adjusted residuals as JSON: group -> class -> value",
    "differences": "two groups: second minus first proportion as JSON: class -> [difference, lower, upper]",
    "status": "tested, one_group, one_class or nobody",
    "warnings": "codes joined by ;",
    "reading": "what a p above the level does not say",
}

# algorithm_classes.tsv: one row per grouping, line, group and class.
CLASS_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups",
    "line": "line of treatment",
    "group": "the group",
    "regimen_class": "class after merging",
    "n": "patients of the group in the table",
    "count": "of them with the class",
    "proportion": "count / n",
    "lo": "lower 95 % limit (Wilson)",
    "hi": "upper limit",
    "residual": "adjusted residual of the cell",
}

# algorithm_differences.tsv: one row per grouping of two groups, line and class.
DIFFERENCE_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the two groups",
    "line": "line of treatment",
    "regimen_class": "class after merging",
    "group": "the group",
    "reference": "the group it is compared with",
    "count": "patients of the group with the class",
    "n": "patients of the group in the table",
    "count_reference": "patients of the reference with the class",
    "n_reference": "patients of the reference in the table",
    "difference": "proportion of the group minus that of the reference",
    "lo": "lower 95 % limit (Newcombe)",
    "hi": "upper limit",
    "mdd_80": "smallest difference that had 80 % power at the proportion of both groups together",
    "p_fisher": "Fisher's exact test of the class against all others, not adjusted",
    "margin": "largest difference that was declared unimportant",
    "equivalence_lo": "lower 90 % limit",
    "equivalence_hi": "upper 90 % limit",
    "p_tost": "two one-sided tests: equivalence is claimed at 0.05 if it is not above",
    "within_margin": "the whole 90 % interval lies within the margin",
    "reading": "the interval in words",
}

# algorithm_reach.tsv: one row per grouping, line and group.
REACH_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups",
    "line": "line of treatment",
    "group": "the group",
    "n_at_risk": "patients who received the line before; for line 1 everybody of the group",
    "n_received": "of them received this line",
    **{f"n_{reason}": f"did not: {text}" for reason, text in ABSENT.items()},
    "n_unrecorded": "a later line is recorded, this one is not",
}

# exposure.tsv: one row per grouping, class, group and horizon.
EXPOSURE_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups; all = everybody",
    "regimen_class": "class of treatment",
    "group": "the group",
    "n": "patients with a date of advanced disease and follow-up",
    "n_exposed": "ever exposed during follow-up: depends on its length",
    "n_before_origin": "of them exposed before advanced disease was dated: counted at half a day",
    "n_died_unexposed": "died without exposure",
    "horizon_months": "months from advanced disease",
    "horizon_days": "the same in days",
    "n_risk": "alive, unexposed and followed just before the horizon",
    "cif": "cumulative incidence of the first exposure, death competing; NA behind the end of follow-up",
    "cif_lo": "lower 95 % limit",
    "cif_hi": "upper limit",
    "unrestricted_n": "patients left out: no date of advanced disease, or no follow-up behind it",
}

# line_counts.tsv: one row per grouping and group.
COUNT_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups",
    "group": "the group",
    "n": "patients of the group",
    "n_0": "without any line; not part of the test",
    "n_1": "one line",
    "n_2": "two lines",
    "n_3": "three lines",
    "n_4plus": "four or more",
    "median": "median of those with a line",
    "q1": "first quartile",
    "q3": "third quartile",
    "kw_chi2": "Kruskal-Wallis statistic of the groups, corrected for ties",
    "kw_df": "its degrees of freedom",
    "kw_p_asymptotic": "its chi-square p",
    "kw_p": "share of the relabelings that are at least as extreme",
    "kw_method": "exact, monte_carlo or none",
    "kw_draws": "relabelings drawn, 0 if exact",
    "kw_mc_lo": "95 % interval of a Monte-Carlo p",
    "kw_mc_hi": "its upper end",
    "warnings": "codes joined by ;",
}

# line_starts.tsv: one row per grouping, group, estimate and horizon.
STARTS_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups; all = everybody",
    "group": "the group",
    "estimate": "all_patients: the dead have no further line; while_alive: deaths are censorings",
    "n": "patients with a date of advanced disease and follow-up",
    "n_starts": "lines begun during follow-up",
    "horizon_months": "months from advanced disease",
    "horizon_days": "the same in days",
    "n_risk": "under observation just before the horizon",
    "mean": "mean number of lines begun per patient; NA behind the end of follow-up",
    "std_err": "its standard error",
    "lo": "lower 95 % limit",
    "hi": "upper limit",
}

# line_endpoints.tsv and pathway_times.tsv: one row per grouping, endpoint, line and group.
TIME_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups; all = everybody",
    "endpoint": "pfs, ttf, ttnt ... ; or an interval of the diagnostic pathway",
    "line": "line of treatment with which time starts",
    "group": "the group",
    "n": "patients analysed",
    "events": "events",
    "n_zero": "times of 0 days, set to half a day",
    "median": "Kaplan-Meier median, days; NA = not reached",
    "median_lo": "lower 95 % limit",
    "median_hi": "upper limit; NA = not reached",
    "chi2": "log-rank statistic of the groups",
    "df": "its degrees of freedom",
    "p_asymptotic": "its chi-square p",
    "p_perm": "permutation of the labels",
    "perm_method": "exact or monte_carlo",
    "n_permutations": "relabelings counted or drawn",
    "status": "tested, described (everybody), or why not",
    "note": "what is counted, or what is missing",
}

# algorithm_sequences.tsv: one row per patient; line columns are added up to the last line compared.
SEQUENCE_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "n_lines": "lines received",
    "absent": "why there is no further line: " + "; ".join(f"{key}, {text}" for key, text in ABSENT.items()),
    "sequence": "states joined by >; none = no such line, missing = nobody knows yet",
    "status": "compared, or why not",
}

# permanova.json as a table: one row per grouping, distance and scale.
SEQUENCE_TEST_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups",
    "distance": "observed_mismatch, hamming or optimal_matching",
    "tails": "missing: only positions known in both; none: absent lines are a state of their own",
    "role": "primary or sensitivity",
    "scale": "squared (as vegan::adonis2) or unsquared (as TraMineR::dissassoc)",
    "n": "patients compared",
    "f": "pseudo-F",
    "r2": "share of the variation between groups",
    "p": "permutation p",
    "permutations": "relabelings drawn",
    "dispersion_f": "F of the distances to the centroids of the groups",
    "dispersion_p": "permutation p of equal dispersion",
    "dispersion_means": "group -> mean distance to the centroid, as JSON",
    "status": "tested, or why not",
    "warnings": "codes joined by ;",
    "reading": "what a p above the level does not say",
}

# transitions.tsv: one row per grouping, group, step and pair of states.
TRANSITION_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups",
    "group": "the group",
    "from_line": "line",
    "from_class": "its class",
    "to": "class of the next line; or " + ", ".join(ABSENT) + ", unrecorded",
    "count": "patients",
    "n_from": "patients of the group with the first class",
    "proportion": "count / n_from",
}

# transition_tests.tsv: one row per grouping, step and first class.
TRANSITION_TEST_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups",
    "from_line": "line",
    "from_class": "its class",
    "n": "patients with it",
    "p": "Freeman-Halton test of group by next state",
    "p_method": "exact, monte_carlo or none",
    "status": "tested, too_few (fewer than 20 patients), one_group or one_state",
}

# pathway.tsv: one row per grouping, item, level and group.
PATHWAY_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups",
    "item": "step of the diagnostic pathway",
    "level": "yes, or one of several classes",
    "group": "the group",
    "n": "patients the item can be told of",
    "count": "of them with the level",
    "proportion": "count / n",
    "lo": "lower 95 % limit (Wilson)",
    "hi": "upper limit",
    "p": "Freeman-Halton test of the item between the groups",
    "p_method": "exact, monte_carlo or none",
    "status": "tested, described, or why not",
    "note": "denominator, or what is missing",
}

# evolution.tsv: one row per grouping, item and group.
EVOLUTION_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups; all = everybody",
    "item": "what changed",
    "line": "line of treatment",
    "group": "the group",
    "n": "patients (pairs) the item can be told of",
    "count": "of them with the item",
    "value": "proportion, or median change",
    "lo": "lower 95 % limit",
    "hi": "upper limit",
    "p": "exact Wilcoxon signed-rank test of the pairs",
    "status": "described, tested, or why not",
    "note": "denominator, or what is missing",
}

# ki67_pairs.tsv: one pair per patient.
PAIR_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "kind": "primary_metastasis, or first_last",
    "ki67_first": "Ki-67 of the primary, or of the first sample, %",
    "ki67_last": "Ki-67 of the metastasis, or of the last sample, %",
    "change": "last minus first, percentage points",
    "days": "days between the samples; NA = not dated",
    "grade_first": "grade recorded with the sample, else by Ki-67 alone",
    "grade_last": "likewise",
}

# grade_migration.tsv: one row per grouping, group and pair of grades.
MIGRATION_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups; all = everybody",
    "group": "the group",
    "grade_first": "grade of the first sample of the pair",
    "grade_last": "grade of the last sample",
    "count": "patients",
}

# timeline.tsv: what the swimmer figure draws, one row per bar or marker. Days from advanced disease.
TIMELINE_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "kind": "bar, response, progression, death, ongoing or followed",
    "line": "line of treatment",
    "regimen_class": "class of the line",
    "start_days": "first day of a bar, day of a marker",
    "end_days": "last day of a bar",
    "end_known": "the end of a bar is recorded",
    "label": "response (CR, PR), or blank",
}


def frame_of(rows: Iterable[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    """Return rows as a table with the declared columns.

    Parameters
    ----------
    rows
        Dictionaries; a key that is absent becomes missing.
    columns
        Names in order, with their meaning.

    Returns
    -------
    DataFrame
        Rows numbered from 0.
    """
    return pd.DataFrame(list(rows), columns=None).reindex(columns=list(columns))


def no_equivalence(p: float, interval: tuple[float, float]) -> tuple[str, str]:
    """Return W_NO_EQUIVALENCE and its sentence where a p-value is above the level.

    Parameters
    ----------
    p
        A p-value; NaN = no test, nothing to warn of.
    interval
        95 % limits of the effect.

    Returns
    -------
    tuple of str
        Code and sentence; both blank at or below the level.
    """
    if not p > ALPHA:
        return "", ""
    lo, hi = ("not estimated" if math.isnan(end) else f"{end:.3g}" for end in interval)
    text = f"Absence of a significant difference is not evidence of similarity (95 % CI {lo} to {hi})."
    return "W_NO_EQUIVALENCE", text
