"""What ``response`` returns: one frozen result with tidy tables whose columns never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from netgen.clinical.flow import Flow
    from netgen.errors import Findings

# Columns of response.tsv, in order, with their meaning. NA = not estimated, see status.
RESPONSE_COLUMNS: Final[dict[str, str]] = {
    "line": "line of treatment, or all: every line, the patient as cluster",
    "metric": "ORR (CR or PR), DCR (also SD and NON_CR_NON_PD), or BOR (ordered best response)",
    "denominator": "started: all who started the line, NE is no response; or evaluable: NE left out (sensitivity)",
    "confirmed": "responses need confirmation",
    "kind": "all, group, test (of the groups of a variable) or feature",
    "variable": "what forms the groups; the definition of altered for a feature",
    "level": "group, gene or pathway; of a test: the first group of two, or all",
    "reference": "the second group of a comparison of two",
    "n_total": "lines in the denominator; of a single line, patients",
    "n": "of these with a group, profiled for the feature or, for BOR, evaluable",
    "n_patients": "patients among n",
    "a": "first group (altered): with the outcome",
    "b": "first group: without",
    "c": "second group (unaltered): with the outcome",
    "d": "second group: without",
    "rate": "a / (a + b)",
    "cp_lo": "lower 95 % limit, Clopper-Pearson (all lines: with the effective number of lines)",
    "cp_hi": "upper 95 % limit",
    "wilson_lo": "lower 95 % limit, Wilson",
    "wilson_hi": "upper 95 % limit",
    "rate_ref": "c / (c + d)",
    "cp_lo_ref": "lower 95 % limit, Clopper-Pearson",
    "cp_hi_ref": "upper 95 % limit",
    "wilson_lo_ref": "lower 95 % limit, Wilson",
    "wilson_hi_ref": "upper 95 % limit",
    "diff": "rate - rate_ref",
    "diff_lo": "lower 95 % limit, Newcombe",
    "diff_hi": "upper 95 % limit",
    "or": "conditional maximum-likelihood odds ratio, first : second group; NA if separated",
    "or_lo": "exact lower 95 % limit; NA = open",
    "or_hi": "exact upper 95 % limit; NA = open",
    "or_status": "ok, separated (the estimate is 0 or infinite: read firth_or) or not_informative",
    "p_fisher": "two-sided Fisher exact p",
    "mid_p": "mid-p, secondary",
    "firth_or": "Firth-penalised logistic odds ratio",
    "firth_lo": "lower 95 % limit, profile penalised likelihood; NA = open",
    "firth_hi": "upper 95 % limit",
    "p_firth": "penalised likelihood-ratio p",
    "strata": "variable that stratifies, or none",
    "or_stratified": "common odds ratio within strata, conditional maximum likelihood; NA if separated",
    "or_stratified_lo": "exact lower 95 % limit; NA = open",
    "or_stratified_hi": "exact upper 95 % limit; NA = open",
    "p_stratified": "exact p within strata (exact Cochran-Mantel-Haenszel)",
    "n_strata_informative": "strata in which the margins leave more than one table",
    "het_p": "Zelen's exact test that the strata share one odds ratio; almost no power with few patients",
    "superiority": "BOR: probability that a patient of the first group does better than one of the second, ties half",
    "p_trend": "BOR: Cochran-Armitage permutation p",
    "p_primary": "the p-value to read",
    "p_method": "fisher, freeman_halton_exact, freeman_halton_monte_carlo, wilcoxon_exact, wilcoxon_monte_carlo,"
    " cluster_exact or cluster_monte_carlo",
    "n_permutations": "tables or relabelings drawn; relabelings counted for exact cluster and Wilcoxon tests",
    "mc_lo": "95 % interval of a Monte-Carlo p",
    "mc_hi": "its upper end",
    "min_attainable_p": "the smallest p_primary these margins allow",
    "family": "feature rows: exploratory or prespecified; adjusted within line, metric and family",
    "q_bh": "Benjamini-Hochberg within the family",
    "p_holm": "Holm within the family",
    "m_family": "tests in the family",
    "status": "tested, described, or why not",
    "warnings": "codes joined by ;",
    "reading": "what a p above the level does not say",
}  # fmt: skip

RESPONSE_STATUSES: Final[dict[str, str]] = {
    "tested": "tested; a feature is member of the family",
    "described": "a rate, nothing is compared",
    "not_profiled": "no patient was profiled",
    "all_altered": "every profiled patient is altered",
    "too_few_altered": "fewer altered patients than min_altered",
    "too_few_unaltered": "fewer unaltered patients than min_altered",
    "no_events": "nobody has the outcome, or everybody: the rates of the groups cannot differ",
    "untestable_discrete": "no arrangement of the data could reach the significance level",
    "one_group": "fewer than two groups",
    "changes_within_patient": "the group differs between the lines of a patient: no test with the patient as cluster",
}

# Columns of response_by_class.tsv; the row with regimen_class = all holds the interaction test.
CLASS_COLUMNS: Final[dict[str, str]] = {
    "line": "line of treatment",
    "metric": "ORR or DCR",
    "denominator": "started or evaluable",
    "feature": "gene or pathway",
    "regimen_class": "class received in the line, or all: the interaction test across the classes tested",
    "n_exposed": "patients with this class who are profiled for the feature",
    **{name: RESPONSE_COLUMNS[name] for name in ("a", "b", "c", "d", "rate", "rate_ref", "diff", "diff_lo", "diff_hi",
       "or", "or_lo", "or_hi", "or_status", "p_fisher", "firth_or", "firth_lo", "firth_hi")},
    "interaction_p": "Zelen's exact test that the classes share one odds ratio",
    "n_classes": "classes tested",
    "q_bh": "Benjamini-Hochberg of interaction_p within line and metric; p_fisher of a class is not adjusted",
    "m_family": "interaction tests in the family",
    "status": "tested, too_few_exposed, class_unknown, or too_few_classes",
}  # fmt: skip

# Columns of response_durations.tsv. Times are days. Nothing is tested: responders are known only after baseline.
DURATION_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "dot: duration of treatment, first and last day counted; dor: duration of response",
    "line": "line of treatment",
    "variable": "what forms the groups, or all",
    "level": "the group",
    "n": "lines that started (dot), or responders with a date (dor)",
    "n_ended": "lines that ended, or responses ended by progression or death",
    "n_ongoing": "censored",
    "median_ended": "dot: median of the lines that ended; too short, because ongoing lines are left out",
    "q1_ended": "first quartile",
    "q3_ended": "third quartile",
    "km_median": "Kaplan-Meier median, ongoing censored; NA = not reached",
    "km_median_lo": "its lower 95 % limit",
    "km_median_hi": "its upper 95 % limit; NA = not reached",
    "n_excluded": "of everybody who started the line, not in n: no duration, or no response",
    "warnings": "codes joined by ;",
}


@dataclass(frozen=True, kw_only=True)
class ResponseResult:
    """Everything one run of ``response`` found.

    Attributes
    ----------
    table
        One row per line, metric, denominator and group, test or feature, ``RESPONSE_COLUMNS``.
    by_class
        Effects of alterations within regimen classes, ``CLASS_COLUMNS``.
    durations
        Duration of treatment and of response, ``DURATION_COLUMNS``.
    responses
        One row per patient and line with the best responses, ``clinical.response.BEST_RESPONSE_COLUMNS``, and the
        groups of the patient.
    sizes
        Best change of the sum of diameters, ``clinical.tumour_size.SIZE_COLUMNS``.
    exclusions
        patient_id, line, step, reason: who is in no denominator.
    findings
        Warnings of reading and analysis.
    flow
        Attrition from the rows read to who started each line.
    plan
        The options resolved before anything was computed.
    matrix_hash
        Content hash of the alteration matrix; blank if nobody was sequenced.
    """

    table: pd.DataFrame
    by_class: pd.DataFrame
    durations: pd.DataFrame
    responses: pd.DataFrame
    sizes: pd.DataFrame
    exclusions: pd.DataFrame
    findings: Findings
    flow: Flow
    plan: Mapping[str, Any]
    matrix_hash: str
