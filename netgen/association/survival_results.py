"""What ``survival`` returns: one frozen result with tidy tables whose columns never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from netgen.clinical.flow import Flow
    from netgen.errors import Findings

# Columns of group_tests.tsv, in order, with their meaning. Times are days; NA = not estimated, see status.
GROUP_TEST_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "os, pfs, ttp ...",
    "line": "treatment line of the endpoint",
    "origin_time": "where the clock starts: advanced, dx, line:1, recorded ...",
    "entry_rule": "delayed entry: none, sequencing_report, sample_collection, custom",
    "analysis_set": "all, or landmark:<days>",
    "grouping": "column, column with cut points, or gene that forms the groups",
    "group": "the group of the row",
    "reference": "the group it is compared with",
    "k": "groups in the test of the endpoint and grouping; its columns are repeated in every row",
    "n": "patients in the test",
    "events": "events in the test",
    "n_group": "patients of the group",
    "n_reference": "patients of the reference",
    "events_group": "events of the group",
    "events_reference": "events of the reference",
    "strata": "variable that stratifies tests and estimates, or none",
    "chi2": "log-rank statistic of the k groups",
    "df": "its degrees of freedom",
    "p_asymptotic": "its chi-square p-value",
    "p_perm": "permutation log-rank of the k groups; NA in a large cohort with enough events in every group",
    "perm_method": "exact or monte_carlo",
    "n_permutations": "relabelings counted or drawn",
    "mc_lo": "95 % interval of a Monte-Carlo p",
    "mc_hi": "its upper end",
    "min_attainable_p": "the smallest p that two groups of this size can give",
    "p_model": "test of all groups in the model of the hazard ratios",
    "p_primary": "the p-value to read: permutation where there is one, else p_model",
    "p_method": "exact, monte_carlo, or lr (Cox likelihood ratio)",
    "estimator": "firth or cox",
    "ties": "efron or breslow",
    "hr": "hazard ratio, group : reference",
    "hr_lo": "lower 95 % limit: profile penalised likelihood (firth) or Wald (cox); NA = open",
    "hr_hi": "upper 95 % limit",
    "p_hr": "test of this hazard ratio: penalised likelihood ratio (firth) or likelihood ratio (cox)",
    "ph_p": "Grambsch-Therneau test of proportional hazards of all groups; NA with fewer than 10 events",
    "rmst_tau": "horizon of the restricted means, common to the groups",
    "rmst_t0": "day from which they count: with delayed entry all are conditional on survival to it",
    "rmst_diff": "restricted mean, group minus reference",
    "rmst_diff_lo": "lower 95 % limit, approximate in small cohorts",
    "rmst_diff_hi": "upper 95 % limit",
    "mdhr_80": "smallest hazard ratio above 1 of this group against the reference that had 80 % power",
    "status": "tested, or why not",
    "warnings": "codes joined by ;",
    "reading": "what a p above the level does not say",
}

GROUP_STATUSES: Final[dict[str, str]] = {
    "tested": "tested",
    "one_group": "fewer than two groups of at least 3 patients",
    "too_few": "fewer than 6 patients in all",
    "no_events": "no event in any group",
    "too_few_events": "fewer than 5 events in all",
    "too_few_patients": "fewer than 3 patients in the group",
    "degenerate": "no event time has two groups at risk",
}


# Columns of followup.tsv, in order, with their meaning. Times are days.
FOLLOWUP_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "os, pfs ...",
    "entry_rule": "delayed entry",
    "grouping": "what forms the groups; all = everybody",
    "group": "the group",
    "n": "patients",
    "n_censored": "patients with neither the event nor a competing one",
    "median": "median follow-up by the reverse Kaplan-Meier estimate; NA = not reached",
    "median_lo": "its lower 95 % limit",
    "median_hi": "its upper 95 % limit; NA = not reached",
    "shortest": "shortest follow-up of the censored",
    "longest": "longest follow-up of the censored",
}


@dataclass(frozen=True, kw_only=True)
class SurvivalResult:
    """Everything one run of ``survival`` found.

    Attributes
    ----------
    group_tests
        One row per endpoint, grouping and group against its reference, ``GROUP_TEST_COLUMNS``.
    km
        One row per endpoint, grouping and group, ``KM_COLUMNS``; the grouping ``all`` is everybody.
    curves
        Kaplan-Meier steps behind the figures, ``CURVE_COLUMNS`` and entry_rule.
    competing
        One row per endpoint with a competing event, grouping, group, cause and horizon, ``COMPETING_COLUMNS``.
    incidence
        Steps of the cumulative incidence, ``INCIDENCE_COLUMNS``.
    followup
        One row per endpoint, grouping and group, ``FOLLOWUP_COLUMNS``.
    endpoints
        One row per endpoint and patient with follow-up, with the rule that decided it.
    exclusions
        endpoint, grouping, patient_id, step, reason: everybody who is in no comparison.
    findings
        Warnings of reading and analysis.
    flow
        Attrition from the rows read to the groups of each endpoint.
    plan
        The options resolved before anything was computed.
    """

    group_tests: pd.DataFrame
    km: pd.DataFrame
    curves: pd.DataFrame
    competing: pd.DataFrame
    incidence: pd.DataFrame
    followup: pd.DataFrame
    endpoints: pd.DataFrame
    exclusions: pd.DataFrame
    findings: Findings
    flow: Flow
    plan: Mapping[str, Any]
