"""Does an outcome differ between groups: the rows of ``group_tests.tsv``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.association.group_curves import condition_on, conditional_start, outcomes_of
from netgen.association.group_effects import GroupEffects, estimate_effects
from netgen.association.imbalance import check_imbalance
from netgen.association.km import kaplan_meier
from netgen.association.logrank import logrank_test
from netgen.association.permutation import martingale_residuals
from netgen.association.permutation_groups import permutation_groups
from netgen.association.plan import ALPHA, MIN_EVENTS, choose_estimator, choose_mode
from netgen.association.power import minimal_detectable_hr
from netgen.association.riskset import build_risk_sets
from netgen.association.rmst import default_tau, rmst_difference
from netgen.association.survival_results import FOLLOWUP_COLUMNS, GROUP_TEST_COLUMNS
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.analysis_set import AnalysisSet
    from netgen.study import AssociationSettings

MIN_GROUP: Final = 3  # smaller groups are shown and not tested
MIN_PATIENTS: Final = 6  # fewer in all: curves only (DOMAIN 3.20)


@dataclass(frozen=True, kw_only=True)
class GroupedSet:
    """The patients of one endpoint in the groups of one grouping.

    Attributes
    ----------
    analysis
        Outcomes; everybody is in a group.
    name
        Of the grouping.
    labels
        (n,) group of every patient.
    order
        All groups, in the order of tables.
    tested
        Groups that are large enough to be tested, in the same order.
    reference
        One of ``tested``; "" if there are fewer than two.
    """

    analysis: AnalysisSet
    name: str
    labels: NDArray[np.str_]
    order: tuple[str, ...]
    tested: tuple[str, ...]
    reference: str

    @property
    def use(self) -> NDArray[np.bool_]:
        """(n,) True for the patients of the tested groups."""
        return np.isin(self.labels, np.asarray(self.tested, dtype=str))

    def events(self, group: str) -> int:
        """Return the events of a group."""
        return int(self.analysis.event[self.labels == group].sum())


@dataclass(frozen=True, kw_only=True)
class GroupPlan:
    """What is done with one grouping: small or large mode, firth or cox, and whether labels are permuted."""

    mode: str
    estimator: str
    permute: bool
    status: str


def plan_groups(grouped: GroupedSet, settings: AssociationSettings) -> GroupPlan:
    """Return what will be computed, from the counts alone.

    Parameters
    ----------
    grouped
        Patients in groups.
    settings
        Requested mode.

    Returns
    -------
    GroupPlan
        Firth and permutation in small mode, and in large mode where a group has fewer than 10 events; else Cox.
    """
    use = grouped.use
    n, events = int(use.sum()), int(grouped.analysis.event[use].sum())
    mode = choose_mode(n, events, requested=settings.mode)
    own = np.array([grouped.events(group) for group in grouped.tested], dtype=np.int64)
    estimator, _ = choose_estimator(mode, own, events - own, adjusted=False)
    rules = [
        ("too_few", grouped.analysis.n < MIN_PATIENTS),
        ("one_group", len(grouped.tested) < 2),
        ("no_events", events == 0),
        ("too_few_events", events < MIN_EVENTS),
    ]
    status = next((name for name, applies in rules if applies), "tested")
    return GroupPlan(mode=mode, estimator=estimator, permute=estimator == "firth", status=status)


def compare_groups(
    grouped: GroupedSet, plan: GroupPlan, settings: AssociationSettings, *, tau: float | None = None
) -> pd.DataFrame:
    """Compare the groups of one endpoint and grouping.

    Nobody is left out here who has a group; groups of fewer than three patients keep a row without a test.

    Parameters
    ----------
    grouped
        Patients in groups.
    plan
        From ``plan_groups``.
    settings
        Ties, permutations and seed.
    tau
        Horizon of the restricted means, days; None, or beyond what the data carry: as far as they carry.

    Returns
    -------
    DataFrame
        ``GROUP_TEST_COLUMNS``, one row per group that is not the reference, in the order of the groups.

    Notes
    -----
    1. Log-rank of the tested groups, stratified if there are strata, on truncated risk sets with delayed entry.
    2. Permutation of the labels within strata: exact for two groups where it can be counted, else Monte Carlo.
    3. One model with an indicator per group: Firth with profile limits, or Cox with Wald limits.
    4. RMST up to the common horizon, conditional on a common day with delayed entry.

    Witness: DOMAIN appendix B; R in ``tests/association/test_group_tests.py``.
    """
    head = _head(grouped, plan)
    if plan.status != "tested":
        return _frame([head | _counts(grouped, group) for group in _others(grouped)])
    overall, effects = _overall(grouped, plan, settings)
    means = _restricted_means(grouped, tau)
    rows = []
    for group in _others(grouped):
        row = head | overall | _counts(grouped, group)
        if group in grouped.tested and overall["status"] == "tested":
            row |= _effect(effects, effects.groups.index(group)) | means.get(group, {})
            row["mdhr_80"] = _detectable(row)
            row |= _remarks(grouped, group, row, effects)
        elif group not in grouped.tested:
            row["status"] = "too_few_patients"
        rows.append(row)
    return _frame(rows)


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows).reindex(columns=list(GROUP_TEST_COLUMNS))


def _others(grouped: GroupedSet) -> list[str]:
    """Every group but the reference; where nothing is tested every group, so that no grouping is without a row."""
    return [group for group in grouped.order if group != grouped.reference]


def _head(grouped: GroupedSet, plan: GroupPlan) -> dict[str, Any]:
    analysis, use = grouped.analysis, grouped.use
    return {
        "endpoint": analysis.endpoint,
        "line": analysis.line,
        "origin_time": analysis.origin_time,
        "entry_rule": analysis.entry_rule,
        "analysis_set": analysis.label,
        "grouping": grouped.name,
        "reference": grouped.reference,
        "k": len(grouped.tested),
        "n": int(use.sum()),
        "events": int(analysis.event[use].sum()),
        "strata": analysis.strata_name,
        "status": plan.status,
        "warnings": "W_SMALL" if plan.mode == "small" else "",
        "reading": "",
    }


def _counts(grouped: GroupedSet, group: str) -> dict[str, Any]:
    reference = grouped.reference
    return {
        "group": group,
        "n_group": int((grouped.labels == group).sum()),
        "n_reference": int((grouped.labels == reference).sum()),
        "events_group": grouped.events(group),
        "events_reference": grouped.events(reference),
    }


def _overall(
    grouped: GroupedSet, plan: GroupPlan, settings: AssociationSettings
) -> tuple[dict[str, Any], GroupEffects]:
    """Test all groups at once, and fit the model of the hazard ratios."""
    analysis, use = grouped.analysis, grouped.use
    seen, labels = outcomes_of(analysis, use), grouped.labels[use]
    strata = None if analysis.stratum is None else analysis.stratum[use]
    test = logrank_test(seen.time, seen.event, labels, entry=seen.entry, strata=strata)
    effects = estimate_effects(
        seen.time,
        seen.event,
        labels,
        groups=grouped.tested,
        reference=grouped.reference,
        estimator="firth" if plan.estimator == "firth" else "cox",
        ties=settings.ties,
        entry=seen.entry,
        strata=strata,
    )
    out = {
        "chi2": test.chi2, "df": test.df, "p_asymptotic": test.p, "p_model": effects.model_p,
        "p_primary": effects.model_p, "p_method": "lr", "estimator": effects.estimator, "ties": effects.ties,
        "ph_p": effects.ph_p, "status": "tested" if test.df else "degenerate",
    }  # fmt: skip
    if plan.permute and test.df:
        risk = build_risk_sets(seen.time, seen.event, entry=seen.entry, strata=strata)
        seed = derive_seed(f"survival:{analysis.endpoint}:{grouped.name}", master=settings.seed)
        found = permutation_groups(
            martingale_residuals(risk), labels, strata, seed=seed, max_draws=settings.permutations
        )
        out |= {
            "p_perm": found.p, "perm_method": found.method, "n_permutations": found.n_permutations,
            "mc_lo": found.mc_lo, "mc_hi": found.mc_hi, "min_attainable_p": found.min_attainable_p,
            "p_primary": found.p, "p_method": found.method,
        }  # fmt: skip
    return out, effects


def _effect(effects: GroupEffects, j: int) -> dict[str, float]:
    with np.errstate(over="ignore"):
        hr, lo, hi = (float(np.exp(value[j])) for value in (effects.beta, effects.lo, effects.hi))
    return {"hr": hr, "hr_lo": lo, "hr_hi": hi, "p_hr": float(effects.p[j])}


def _restricted_means(grouped: GroupedSet, tau: float | None) -> dict[str, dict[str, float]]:
    """Differences from the reference by group; empty where a group has too few patients at risk."""
    parts = {group: outcomes_of(grouped.analysis, grouped.labels == group) for group in grouped.tested}
    start = float(np.max([conditional_start(part) for part in parts.values()]))  # NaN if one of them is
    if np.isnan(start):
        return {}
    seen = {group: condition_on(part, start) for group, part in parts.items()}
    if min(len(part.time) for part in seen.values()) < 2:
        return {}
    entries = [np.full(len(part.time), -np.inf) if part.entry is None else part.entry for part in seen.values()]
    bound = default_tau([part.time for part in seen.values()], entries=entries)
    horizon = bound if tau is None else min(tau, bound)
    if not horizon > start:
        return {}
    curves = {group: kaplan_meier(part.time, part.event, entry=part.entry) for group, part in seen.items()}
    out = {}
    for group in grouped.tested:
        found = rmst_difference(curves[group], curves[grouped.reference], horizon, start=start)
        out[group] = {
            "rmst_tau": horizon, "rmst_t0": start, "rmst_diff": found.difference,
            "rmst_diff_lo": found.difference_lo, "rmst_diff_hi": found.difference_hi,
        }  # fmt: skip
    return out


def _detectable(row: dict[str, Any]) -> float:
    both = row["n_group"] + row["n_reference"]
    return minimal_detectable_hr(row["events_group"] + row["events_reference"], row["n_group"] / both)


def _remarks(grouped: GroupedSet, group: str, row: dict[str, Any], effects: GroupEffects) -> dict[str, str]:
    """Codes of the warnings that belong beside the row, and the sentence that goes with a p above the level."""
    pair = np.isin(grouped.labels, [group, grouped.reference])
    seen, analysis = outcomes_of(grouped.analysis, pair), grouped.analysis
    imbalance = check_imbalance(
        seen.time,
        seen.event,
        grouped.labels[pair] == group,
        entry=seen.entry,
        strata=None if analysis.stratum is None else analysis.stratum[pair],
    )
    excludes = row["hr_lo"] > 1 or row["hr_hi"] < 1
    none = row["events_group"] == 0 or row["events_reference"] == 0
    above = not row["p_primary"] <= ALPHA
    marks = {
        "W_MONOTONE": none or (effects.monotone and len(effects.groups) == 1),
        "W_P_CI_DISCORDANT": len(effects.groups) == 1 and above == excludes,
        "W_NON_PH": row["ph_p"] < ALPHA,
        "W_CENSORING_IMBALANCE": imbalance.imbalanced,
        "W_NO_EQUIVALENCE": above,
    }
    codes = [row["warnings"], *(code for code, applies in marks.items() if applies)]
    return {"warnings": ";".join(filter(None, codes)), "reading": _reading(row) if above else ""}


def _reading(row: dict[str, Any]) -> str:
    """W_NO_EQUIVALENCE in words, with the interval of the hazard ratio and what could have been seen."""
    lo, hi = (("open" if math.isnan(row[end]) else f"{row[end]:.3g}") for end in ("hr_lo", "hr_hi"))
    text = f"Absence of a significant difference is not evidence of similarity (95 % CI {lo} to {hi})."
    if not math.isfinite(row["mdhr_80"]):
        return text
    return text + (
        f" Only hazard ratios above {row['mdhr_80']:.2f} (or below {1 / row['mdhr_80']:.2f}) had 80 % power;"
        " smaller effects cannot be excluded."
    )


def group_patients(
    analysis: AnalysisSet, name: str, labels: NDArray[np.str_], order: tuple[str, ...], reference: str
) -> GroupedSet:
    """Return patients in groups, and which groups are large enough to be tested.

    Parameters
    ----------
    analysis
        Outcomes of patients who all have a group.
    name
        Of the grouping.
    labels
        (n,) their groups.
    order
        Groups in the order of tables; those that none of these patients has are left out.
    reference
        The group the others are compared with; if it is too small, the largest takes its place.

    Returns
    -------
    GroupedSet
        With ``reference`` blank where nothing can be compared.
    """
    present = tuple(group for group in order if (labels == group).any())
    size = {group: int((labels == group).sum()) for group in present}
    tested = tuple(group for group in present if size[group] >= MIN_GROUP)
    if len(tested) < 2:
        tested, reference = (), ""
    elif reference not in tested:
        reference = max(tested, key=lambda group: size[group])
    return GroupedSet(analysis=analysis, name=name, labels=labels, order=present, tested=tested, reference=reference)


def tabulate_followup(grouped: GroupedSet, km: pd.DataFrame, censored: NDArray[np.bool_]) -> pd.DataFrame:
    """Return median follow-up and the range of follow-up of the censored, by group.

    Parameters
    ----------
    grouped
        Patients in groups.
    km
        Rows of ``km.tsv`` of the same groups, with their reverse Kaplan-Meier medians.
    censored
        (n,) True for patients with neither the event nor a competing one.

    Returns
    -------
    DataFrame
        ``FOLLOWUP_COLUMNS``.
    """
    rows = []
    for row in km.to_dict("records"):
        own = grouped.labels == row["group"]
        open_ = grouped.analysis.time[own & censored]
        rows.append(
            {**{key: row[key] for key in ("endpoint", "entry_rule", "grouping", "group", "n")},
             "n_censored": len(open_), "median": row["followup_median"], "median_lo": row["followup_lo"],
             "median_hi": row["followup_hi"], "shortest": open_.min() if len(open_) else np.nan,
             "longest": open_.max() if len(open_) else np.nan}
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(FOLLOWUP_COLUMNS))
