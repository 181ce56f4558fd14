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

# Columns of associations.tsv, in order; see docs/reference for their meaning.
ASSOCIATION_COLUMNS: Final[tuple[str, ...]] = (
    "endpoint", "line", "origin_time", "entry_rule", "analysis_set", "feature", "feature_type", "family",
    "n_total", "n_profiled", "n_altered", "n_unaltered", "n_not_profiled",
    "events_altered", "events_unaltered", "pt_years_altered", "pt_years_unaltered",
    "median_altered", "median_altered_lo", "median_altered_hi",
    "median_unaltered", "median_unaltered_lo", "median_unaltered_hi",
    "km_12m_altered", "km_12m_unaltered", "km_24m_altered", "km_24m_unaltered",
    "hr", "hr_lo", "hr_hi", "estimator", "ties", "strata", "n_strata_informative",
    "p_primary", "p_method", "n_permutations", "mc_lo", "mc_hi", "min_attainable_p",
    "p_logrank_asymptotic", "p_firth_plr", "ph_p",
    "rmst_tau", "rmst_diff", "rmst_diff_lo", "rmst_diff_hi",
    "q_bh", "q_by", "p_holm", "m_family",
    "het_p", "het_Q", "het_I2", "n_origins_estimable",
    "evalue", "evalue_ci", "mdhr_80", "mle_status", "status", "warnings",
)  # fmt: skip

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

HETEROGENEITY_COLUMNS: Final[tuple[str, ...]] = (
    "endpoint", "feature", "origin", "n", "n_altered", "events_altered", "events_unaltered", "beta", "se", "hr", "hr_lo",
    "hr_hi", "estimable", "monotone_mle", "status", "Q", "Q_df", "Q_p", "I2", "tau2", "PLR_int", "df", "p",
)  # fmt: skip


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
    exclusions
        endpoint, patient_id, step, reason: everybody who is not in an analysis set.
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
    exclusions: pd.DataFrame
    skipped: pd.DataFrame
    findings: Findings
    flow: Flow
    plan: Mapping[str, Any]
    models: Mapping[str, PenalisedModel]
    matrix_hash: str
