"""What ``describe_cohort`` returns: one frozen result with tidy tables whose columns never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from netgen.clinical.flow import Flow
    from netgen.errors import Findings

ALL: Final = "all"  # the column of everybody
UNGROUPED: Final = "not grouped"  # who has no group, where others have one
MISSING: Final = "missing"
HEADER: Final = "patients"  # the variable whose row counts the patients

# Columns of table1.tsv, in order, with their meaning. NA = does not apply, cannot be computed, or masked.
TABLE1_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups",
    "group": "the group; all = everybody, not grouped = who has no group",
    "variable": "what is described; patients = the size of the group",
    "label": "the same for people",
    "unit": "unit of a number",
    "kind": "count, number, category, multiple (a patient may have several levels) or followup",
    "level": "level of a category, statistic of a number, or missing",
    "n": "patients with the level; for a number patients with a value; for missing patients without one",
    "denominator": "patients with a value; of missing and patients: all of the group",
    "percent": "100 n / denominator",
    "median": "median",
    "q1": "lower quartile, interpolated as in R's quantile",
    "q3": "upper quartile",
    "mean": "mean",
    "sd": "standard deviation, n - 1",
    "min": "smallest value",
    "max": "largest value",
    "median_lo": "lower 95 % limit of a median follow-up",
    "median_hi": "its upper limit; NA = not reached",
    "smd": "largest absolute standardised difference between two groups; repeated in every row of the variable",
    "smd_pair": "the two groups that differ by it, and whether it is not finite",
    "p": "test that the groups do not differ, only if asked for; not adjusted for the number of variables",
    "p_method": "exact, monte_carlo, or asymptotic (numbers in more than 2,000 patients)",
    "masked": "small or complementary: the counts are withheld; blank = shown",
    "text": "the cell as printed",
}

MISSINGNESS_COLUMNS: Final[dict[str, str]] = {
    "grouping": "what forms the groups",
    "group": "the group; all = everybody",
    "variable": "what is described",
    "label": "the same for people",
    "n_group": "patients of the group",
    "n_missing": "patients without a value, those whose value is unknown included",
    "n_unknown": "of these: recorded as unknown",
    "percent": "100 n_missing / n_group",
    "masked": "small or complementary: the counts are withheld; blank = shown",
}

SELECTION_COLUMNS: Final[dict[str, str]] = {
    "variable": "what is compared; os = overall survival from its origin, without delayed entry",
    "label": "the same for people",
    "level": "level of a category, or statistic of a number",
    "kind": "count, number, category, multiple or survival",
    "n_sequenced": "sequenced patients with the level; of os: with follow-up",
    "n_not_sequenced": "the same of patients who were not sequenced",
    "sequenced": "the cell as printed",
    "not_sequenced": "the cell as printed",
    "smd": "absolute standardised difference",
    "p": "exact or Monte-Carlo test of the variable; of os the primary p-value",
    "p_method": "exact, monte_carlo, asymptotic, or lr (Cox likelihood ratio)",
    "p_holm": "adjusted by Holm over the baseline variables; of os as p",
    "clear": "a clear difference, by the rule of W_SELECTION",
    "chi2": "log-rank statistic of os",
    "p_logrank": "its chi-square p-value",
    "hr": "hazard ratio of os, sequenced : not sequenced",
    "hr_lo": "lower 95 % limit",
    "hr_hi": "upper 95 % limit",
    "note": "how to read it",
}

# The boxes of the flow figure: one row per step, and one per reason somebody was left out for.
FLOW_COLUMNS: Final[dict[str, str]] = {
    "step": "the box",
    "after": "the box it follows, blank for the first",
    "reason": "why patients (or rows) were left out on the way to this box; blank = the box itself",
    "n": "how many",
    "text": "the number as printed",
}


@dataclass(frozen=True, kw_only=True)
class DescribeResult:
    """Everything one run of ``describe_cohort`` found.

    Attributes
    ----------
    table1
        One row per variable, level and group, ``TABLE1_COLUMNS``.
    missingness
        One row per variable and group, ``MISSINGNESS_COLUMNS``.
    followup
        Median follow-up overall and by group, ``survival_results.FOLLOWUP_COLUMNS``; no row without survival.
    selection
        Sequenced against not sequenced patients, ``SELECTION_COLUMNS``; no row if all or none were sequenced.
    tmb
        Mutational burden of every profiled sample, ``genomics.tmb.TMB_COLUMNS``; empty if small cells are masked.
    boxes
        What the flow figure draws, ``FLOW_COLUMNS``.
    exclusions
        patient_id, step, reason: everybody left out on the way; empty if small cells are masked.
    flow
        Attrition, with exact counts.
    findings
        Warnings of reading and description.
    plan
        The options resolved, and what was not recorded.
    """

    table1: pd.DataFrame
    missingness: pd.DataFrame
    followup: pd.DataFrame
    selection: pd.DataFrame
    tmb: pd.DataFrame
    boxes: pd.DataFrame
    exclusions: pd.DataFrame
    flow: Flow
    findings: Findings
    plan: Mapping[str, Any]
