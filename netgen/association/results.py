"""What ``associate`` returns: one frozen result with tidy tables whose columns never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from netgen.association.penalised import PenalisedModel
    from netgen.clinical.flow import Flow
    from netgen.errors import Findings

# Columns of associations.tsv, in order, with their meaning. Times are days; NA = not estimated, see status.
ASSOCIATION_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "os, pfs ...",
    "line": "treatment line of the endpoint",
    "origin_time": "where the clock starts: advanced, dx, line:1, recorded ...",
    "entry_rule": "delayed entry: none, sequencing_report, sample_collection, custom",
    "analysis_set": "all, or landmark:<days>",
    "feature": "gene or pathway",
    "feature_type": "what altered means: any_nonsyn, lof, driver, hotspot, altered",
    "family": "exploratory or prespecified: the family whose tests are adjusted together",
    "n_total": "patients of the analysis set",
    "n_profiled": "of these profiled for the feature: every denominator",
    "n_altered": "altered",
    "n_unaltered": "profiled and not altered",
    "n_not_profiled": "not profiled, in no test of this row",
    "events_altered": "events among the altered",
    "events_unaltered": "events among the unaltered",
    "pt_years_altered": "years at risk of the altered",
    "pt_years_unaltered": "years at risk of the unaltered",
    "median_altered": "Kaplan-Meier median of the altered; NA = not reached",
    "median_altered_lo": "its lower 95 % limit",
    "median_altered_hi": "its upper 95 % limit; NA = not reached",
    "median_unaltered": "Kaplan-Meier median of the unaltered",
    "median_unaltered_lo": "its lower 95 % limit",
    "median_unaltered_hi": "its upper 95 % limit",
    "t0_altered": "day the median and the curve of the altered are conditional on; 0 without delayed entry",
    "t0_unaltered": "the same of the unaltered",
    "km_12m_altered": "survival of the altered at 12 months",
    "km_12m_unaltered": "survival of the unaltered at 12 months",
    "km_24m_altered": "survival of the altered at 24 months",
    "km_24m_unaltered": "survival of the unaltered at 24 months",
    "hr": "hazard ratio, altered : unaltered",
    "hr_lo": "lower 95 % limit: profile penalised likelihood (firth) or Wald (cox); NA = open",
    "hr_hi": "upper 95 % limit",
    "estimator": "firth or cox, the same for the whole family",
    "ties": "efron or breslow",
    "strata": "variable that stratifies tests and estimates, or none",
    "n_strata_informative": "strata in which both groups are at risk when somebody has the event",
    "p_primary": "the p-value of the family",
    "p_method": "exact or monte_carlo (permutation log-rank), lr (Cox), penalised_lr (Firth)",
    "n_permutations": "relabelings counted or drawn",
    "mc_lo": "95 % interval of a Monte-Carlo p",
    "mc_hi": "its upper end",
    "min_attainable_p": "the smallest p this design can give",
    "p_logrank_asymptotic": "stratified chi-square log-rank, for comparison; not for small groups",
    "p_firth_plr": "Firth penalised likelihood-ratio p",
    "ph_p": "Grambsch-Therneau test of proportional hazards, without covariates",
    "rmst_tau": "horizon of the restricted means",
    "rmst_t0": "day from which they count: with delayed entry both are conditional on survival to it",
    "rmst_diff": "restricted mean survival, altered minus unaltered",
    "rmst_diff_lo": "lower 95 % limit, approximate in small cohorts",
    "rmst_diff_hi": "upper 95 % limit",
    "q_bh": "Benjamini-Hochberg within the family",
    "q_by": "Benjamini-Yekutieli within the family",
    "p_holm": "Holm within the family",
    "p_minp": "Westfall-Young min-P within the family: joint relabeling of patients, where p is by permutation",
    "m_family": "tests in the family",
    "het_p": "interaction test across origins, without covariates (penalised likelihood ratio, or likelihood ratio)",
    "het_Q": "Cochran's Q across origins",
    "het_I2": "I2 across origins, fraction",
    "n_origins_estimable": "origins with an estimate",
    "evalue": "E-value of the hazard ratio",
    "evalue_ci": "E-value of the limit nearest 1",
    "mdhr_80": "smallest hazard ratio above 1 that had 80 % power",
    "mle_status": "ok, monotone (infinite maximum-likelihood estimate) or not_informative",
    "status": "tested, or why not",
    "warnings": "codes joined by ;",
}

# Row statuses: "tested" rows form the family; every other status says why a feature has no p-value.
STATUSES: Final[dict[str, str]] = {
    "tested": "tested, member of the family",
    "not_profiled": "no patient of the analysis set was profiled",
    "all_altered": "every profiled patient is altered",
    "too_few_altered": "fewer altered patients than min_altered",
    "too_few_unaltered": "fewer unaltered patients than min_altered",
    "no_events": "no event in the analysis set",
    "too_few_events": "fewer than 5 events among the profiled",
    "untestable_discrete": "no arrangement of the data could reach the significance level",
    "degenerate": "no event time has both groups at risk",
}

# Columns of heterogeneity.tsv; the row with origin = all holds the tests across origins.
HETEROGENEITY_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "os, pfs ...",
    "feature": "gene or pathway",
    "origin": "origin, or all",
    "n": "profiled patients",
    "n_altered": "altered",
    "events_altered": "events among the altered",
    "events_unaltered": "events among the unaltered",
    "beta": "log hazard ratio in the origin",
    "se": "its standard error",
    "hr": "hazard ratio",
    "hr_lo": "lower 95 % limit",
    "hr_hi": "upper 95 % limit",
    "estimable": "both groups are at risk together when somebody has the event",
    "monotone_mle": "the maximum-likelihood estimate is infinite",
    "status": "why an origin has no estimate",
    "Q": "Cochran's Q",
    "Q_df": "its degrees of freedom",
    "Q_p": "its p-value",
    "I2": "fraction of the variation between origins",
    "tau2": "variance between origins (DerSimonian-Laird)",
    "PLR_int": "interaction statistic: penalised likelihood ratio, or likelihood ratio",
    "df": "its degrees of freedom",
    "p": "its p-value",
}


@dataclass(frozen=True, kw_only=True)
class AssociationResult:
    """Everything one run of ``associate`` found.

    Attributes
    ----------
    table
        One row per endpoint and feature, ``ASSOCIATION_COLUMNS``.
    heterogeneity
        One row per endpoint, feature and origin, and one summary row with origin ``all``.
    km
        One row per endpoint and group: events, median, survival at horizons.
    curves
        Kaplan-Meier steps behind the figures: endpoint, grouping, group, time_days, survival ...
    endpoints
        One row per endpoint and analysed patient, with the rule that decided it.
    truncation
        One row per endpoint with delayed entry: does survival depend on the time of entry.
    entry_comparison
        Both analyses of each feature, with and without delayed entry, if ``report_both`` was asked for.
    cooccurrence
        One row per pair of genes: altered together, or instead of each other, within strata.
    frequencies
        One row per feature and origin, and the test across origins in the row with origin ``all``.
    gene_treatment
        One row per feature and treatment class, for endpoints that start with a line.
    influence
        Patients whose removal changes the hazard ratio of a tested feature most.
    schoenfeld
        Scaled Schoenfeld residuals of features whose hazards are not proportional, and of the pre-specified ones.
    exclusions
        endpoint, patient_id, step, reason: everybody who is not in an analysis set.
    discordance
        patient_id, feature, sample_id, status: samples of one patient that differ.
    skipped
        item, code, reason, n: features and models without an estimate.
    findings
        Warnings of reading and analysis.
    flow
        Attrition from the rows read to each analysis set.
    plan
        The options resolved before anything was computed.
    models
        Endpoint -> penalised model, where one could be fitted.
    matrix_hash
        Content hash of the alteration matrix that every number rests on.
    """

    table: pd.DataFrame
    heterogeneity: pd.DataFrame
    km: pd.DataFrame
    curves: pd.DataFrame
    endpoints: pd.DataFrame
    truncation: pd.DataFrame
    entry_comparison: pd.DataFrame
    cooccurrence: pd.DataFrame
    frequencies: pd.DataFrame
    gene_treatment: pd.DataFrame
    influence: pd.DataFrame
    schoenfeld: pd.DataFrame
    exclusions: pd.DataFrame
    discordance: pd.DataFrame
    skipped: pd.DataFrame
    findings: Findings
    flow: Flow
    plan: Mapping[str, Any]
    models: Mapping[str, PenalisedModel]
    matrix_hash: str
