"""One family: every feature of one endpoint, tested or not, as the rows of ``associations.tsv``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.association.analysis_set import UNKNOWN
from netgen.association.counts import iter_gene_counts
from netgen.association.describe_groups import describe_features
from netgen.association.estimates import Estimates, attainable_p, estimate_features
from netgen.association.evalue import evalue, evalue_limit
from netgen.association.groups import GroupCounts, count_groups, decide_status
from netgen.association.heterogeneity import Heterogeneity, heterogeneity
from netgen.association.imbalance import THRESHOLD, check_imbalance
from netgen.association.max_t import min_p
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.plan import (
    ALPHA,
    DIAGNOSE_CELLS,
    EndpointPlan,
    choose_estimator,
    choose_min_altered,
    choose_mode,
)
from netgen.association.power import minimal_detectable_hr
from netgen.association.results import ASSOCIATION_COLUMNS, HETEROGENEITY_COLUMNS
from netgen.association.riskset import build_risk_sets
from netgen.provenance import derive_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.analysis_set import AnalysisSet
    from netgen.association.multiplicity import Method
    from netgen.study import AssociationSettings

LEVEL: Final = 0.95
LOW_COVERAGE: Final = 0.5
RARE_EVENTS: Final = 0.15  # below this share of events a hazard ratio is a risk ratio


@dataclass(frozen=True, kw_only=True)
class Family:
    """Results of one endpoint: its plan, association rows and heterogeneity rows."""

    plan: EndpointPlan
    rows: pd.DataFrame
    heterogeneity: pd.DataFrame


def plan_family(analysis: AnalysisSet, counts: GroupCounts, settings: AssociationSettings) -> EndpointPlan:
    """Return the resolved plan of a family; nothing has been tested yet.

    Parameters
    ----------
    analysis
        The analysis set.
    counts
        Its group counts.
    settings
        What the user asked for; None = decided here.

    Returns
    -------
    EndpointPlan
        Mode, estimator and p method from the worst feature that passes the minimum-altered rule.
    """
    mode = choose_mode(analysis.n, analysis.events, requested=settings.mode)
    min_altered = choose_min_altered(mode, analysis.n, requested=settings.min_altered)
    passed = decide_status(counts, min_altered) == "tested"
    adjusted = analysis.covariates is not None
    estimator, p_method = choose_estimator(
        mode, counts.events_altered[passed], counts.events_unaltered[passed], adjusted=adjusted
    )
    return EndpointPlan(
        endpoint=analysis.endpoint,
        mode=mode,
        n=analysis.n,
        events=analysis.events,
        strata=analysis.strata_name,
        adjust=settings.adjust,
        ties=settings.ties,
        min_altered=min_altered,
        estimator=estimator,
        p_method=p_method,
        permutations=settings.permutations,
        alpha=ALPHA,
        level=LEVEL,
        seed=settings.seed,
    )


def analyse_family(analysis: AnalysisSet, settings: AssociationSettings, *, threads: int = 1) -> Family:
    """Return one row per feature of an endpoint, and its heterogeneity across origins.

    A feature that cannot be tested keeps its row, with counts and a status; p-values and estimates are NaN.

    Parameters
    ----------
    analysis
        Outcomes, strata, covariates and genes.
    settings
        The user's options.
    threads
        Workers for the per-feature diagnostics; results do not depend on it.

    Returns
    -------
    Family
        Rows in the order of the features.
    """
    counts = count_groups(analysis)
    plan = plan_family(analysis, counts, settings)
    status = decide_status(counts, plan.min_altered)
    candidates = np.flatnonzero(status == "tested")
    estimates = estimate_features(analysis, candidates, counts, plan)
    status[candidates] = _final_status(estimates, plan)
    tested = status == "tested"
    frame = pd.concat(
        [_identity(analysis, counts, plan), _estimate_columns(len(status), candidates, estimates)], axis=1
    )
    frame["status"] = status
    frame.loc[~tested, _ESTIMATED] = np.nan
    frame.loc[~tested, "p_method"] = pd.NA
    if plan.p_method == "permutation":
        untried = np.flatnonzero(frame["min_attainable_p"].isna())
        frame.loc[untried, "min_attainable_p"] = attainable_p(analysis, untried)
    frame = pd.concat([frame, _adjust(frame, settings.prespecified)], axis=1)
    frame["p_minp"] = _min_p(analysis, frame, plan)
    frame["n_strata_informative"] = _informative_strata(analysis)
    closer = _features_to_diagnose(frame, settings.prespecified)
    frame = frame.join(describe_features(analysis, closer, tested=tested, ties=plan.ties, threads=threads))
    het = _heterogeneity(analysis, closer[tested[closer]], plan)
    frame = frame.join(_het_columns(het))
    frame = frame.join(_sensitivity(frame, plan))
    frame["warnings"] = _warnings(analysis, frame, plan)
    return Family(
        plan=plan,
        rows=frame.reindex(columns=list(ASSOCIATION_COLUMNS)),
        heterogeneity=_het_table(het, analysis),
    )


_ADJUSTMENTS: Final[dict[str, Method]] = {"q_bh": "bh", "q_by": "by", "p_holm": "holm"}
_ESTIMATED: Final = ["hr", "hr_lo", "hr_hi", "p_primary", "mc_lo", "mc_hi", "p_logrank_asymptotic", "p_firth_plr",
                     "n_permutations"]  # fmt: skip


def _final_status(estimates: Estimates, plan: EndpointPlan) -> NDArray[np.str_]:
    """Untestable if no arrangement reaches alpha; degenerate if the groups are never at risk together."""
    status = np.full(len(estimates.beta), "tested", dtype="U32")
    status[estimates.min_attainable_p > plan.alpha] = "untestable_discrete"
    status[estimates.mle_status == "not_informative"] = "degenerate"
    return status


def _identity(analysis: AnalysisSet, counts: GroupCounts, plan: EndpointPlan) -> pd.DataFrame:
    m = len(analysis.features)
    return pd.DataFrame(
        {
            "endpoint": analysis.endpoint,
            "line": pd.array([analysis.line] * m, dtype="Int64"),
            "origin_time": analysis.origin_time,
            "entry_rule": analysis.entry_rule,
            "analysis_set": analysis.label,
            "feature": analysis.features.astype("string"),
            "feature_type": analysis.feature_type,
            "n_total": analysis.n,
            "n_profiled": counts.n_profiled,
            "n_altered": counts.n_altered,
            "n_unaltered": counts.n_unaltered,
            "n_not_profiled": analysis.n - counts.n_profiled,
            "events_altered": counts.events_altered,
            "events_unaltered": counts.events_unaltered,
            "pt_years_altered": counts.years_altered,
            "pt_years_unaltered": counts.years_unaltered,
            "estimator": plan.estimator,
            "ties": plan.ties,
            "strata": plan.strata,
        }
    )


def _estimate_columns(m: int, rows: NDArray[np.intp], estimates: Estimates) -> pd.DataFrame:
    """Spread the estimates of the candidates over all m features."""
    values: dict[str, NDArray[Any]] = {
        "hr": np.exp(estimates.beta),
        "hr_lo": np.exp(estimates.beta_lo),
        "hr_hi": np.exp(estimates.beta_hi),
        "p_primary": estimates.p_primary,
        "mc_lo": estimates.mc_lo,
        "mc_hi": estimates.mc_hi,
        "min_attainable_p": estimates.min_attainable_p,
        "p_logrank_asymptotic": estimates.p_logrank,
        "p_firth_plr": estimates.p_firth,
        "n_permutations": estimates.n_permutations.astype(np.float64),
    }
    out: dict[str, Any] = {}
    for name, part in values.items():
        out[name] = np.full(m, np.nan)
        out[name][rows] = part
    for name, text in (("p_method", estimates.p_method), ("mle_status", estimates.mle_status)):
        column = pd.Series(pd.NA, index=range(m), dtype="string")
        column.iloc[rows] = text
        out[name] = column
    return pd.DataFrame(out)


def _adjust(frame: pd.DataFrame, prespecified: tuple[str, ...]) -> pd.DataFrame:
    """BH, BY and Holm within the confirmatory (pre-specified) and the exploratory family."""
    family = np.where(frame["feature"].isin(prespecified), "prespecified", "exploratory")
    out = pd.DataFrame({"family": family, **dict.fromkeys(_ADJUSTMENTS, np.nan), "m_family": 0}, index=frame.index)
    tested = (frame["status"] == "tested").to_numpy()
    for name in np.unique(family):
        rows = family == name
        p = np.where(tested, frame["p_primary"], np.nan)[rows]
        for column, method in _ADJUSTMENTS.items():
            out.loc[rows, column] = adjust_pvalues(p, method=method)
        out.loc[rows, "m_family"] = int(np.isfinite(p).sum())
    out["m_family"] = out["m_family"].astype("Int64")
    return out


def _min_p(analysis: AnalysisSet, frame: pd.DataFrame, plan: EndpointPlan) -> NDArray[np.float64]:
    """Min-P p-values within each family, where its p-values come from permutations too."""
    out = np.full(len(frame), np.nan)
    if plan.p_method != "permutation":
        return out
    risk = build_risk_sets(analysis.time, analysis.event, entry=analysis.entry, strata=analysis.stratum)
    for name in np.unique(frame["family"]):
        rows = np.flatnonzero(((frame["family"] == name) & (frame["status"] == "tested")).to_numpy())
        if len(rows):
            seed = derive_seed(f"min_p:{analysis.endpoint}:{name}", master=plan.seed)
            out[rows] = min_p(risk, analysis.genes[rows], seed=seed)
    return out


def _informative_strata(analysis: AnalysisSet) -> NDArray[np.int64]:
    """Strata in which altered and wild type are both at risk when somebody fails."""
    risk = build_risk_sets(analysis.time, analysis.event, entry=analysis.entry, strata=analysis.stratum)
    out = np.zeros(len(analysis.features), dtype=np.int64)
    for block in iter_gene_counts(risk, analysis.genes):
        both = (block.n_altered > 0) & (block.n_altered < block.n_total) & (block.d_total > 0)
        for stratum in range(risk.n_strata):
            out[block.rows] += both[:, risk.slot_stratum == stratum].any(axis=1)
    return out


def _features_to_diagnose(frame: pd.DataFrame, prespecified: tuple[str, ...]) -> NDArray[np.intp]:
    """Choose all features of a panel; of a large run those with p < alpha and the pre-specified ones."""
    if int(frame["n_total"].sum()) <= DIAGNOSE_CELLS:
        return np.arange(len(frame))
    keep = (frame["p_primary"] < ALPHA) | frame["feature"].isin(prespecified)
    return np.flatnonzero(keep.to_numpy())


def _heterogeneity(analysis: AnalysisSet, rows: NDArray[np.intp], plan: EndpointPlan) -> dict[int, Heterogeneity]:
    if analysis.origin is None:
        return {}
    known = analysis.origin != UNKNOWN
    out = {}
    for row in rows:
        use = known & (analysis.genes[row] >= 0)
        out[int(row)] = heterogeneity(
            analysis.time[use],
            analysis.event[use],
            analysis.genes[row, use] == 1,
            analysis.origin[use],
            entry=None if analysis.entry is None else analysis.entry[use],
            ties=plan.ties,
            method="firth" if plan.estimator == "firth" else "ml",
        )
    return out


def _het_columns(het: dict[int, Heterogeneity]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "het_p": {row: item.p for row, item in het.items()},
            "het_Q": {row: item.q for row, item in het.items()},
            "het_I2": {row: item.i2 for row, item in het.items()},
            "n_origins_estimable": {row: item.n_estimable for row, item in het.items()},
        }
    )


def _het_table(het: dict[int, Heterogeneity], analysis: AnalysisSet) -> pd.DataFrame:
    """One row per feature and origin, and a summary row with origin ``all`` behind them."""
    parts = []
    for row, item in het.items():
        summary = {"origin": "all", "Q": item.q, "Q_df": item.q_df, "Q_p": item.q_p, "I2": item.i2, "tau2": item.tau2}
        summary |= {"PLR_int": item.lr_chi2, "df": item.df, "p": item.p}
        table = pd.concat([item.table, pd.DataFrame([summary])], ignore_index=True)
        table["feature"] = analysis.features[row]
        parts.append(table)
    out = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    out["endpoint"] = analysis.endpoint
    return out.reindex(columns=list(HETEROGENEITY_COLUMNS))


def _sensitivity(frame: pd.DataFrame, plan: EndpointPlan) -> pd.DataFrame:
    """Give E-values of the estimate and of the limit nearest 1, and the HR that had 80 % power."""
    tested = frame["status"] == "tested"
    events = frame["events_altered"] + frame["events_unaltered"]
    rare = bool(plan.events / max(plan.n, 1) < RARE_EVENTS)
    out = pd.DataFrame(index=frame.index, columns=["evalue", "evalue_ci", "mdhr_80"], dtype="float64")
    for row in np.flatnonzero(tested.to_numpy()):
        item = frame.iloc[row]
        out.loc[row, "evalue"] = evalue(item["hr"], rare=rare)
        out.loc[row, "evalue_ci"] = evalue_limit(item["hr_lo"], item["hr_hi"], rare=rare)
        out.loc[row, "mdhr_80"] = minimal_detectable_hr(int(events.iloc[row]), item["n_altered"] / item["n_profiled"])
    return out


def _warnings(analysis: AnalysisSet, frame: pd.DataFrame, plan: EndpointPlan) -> pd.Series:
    """Codes of the warnings that belong beside each row, joined by ``;``."""
    tested = frame["status"] == "tested"
    excludes = (frame["hr_lo"] > 1) | (frame["hr_hi"] < 1)
    marks = {
        "W_LOW_COVERAGE": frame["n_profiled"] < LOW_COVERAGE * frame["n_total"],
        "W_MONOTONE": tested & (frame["mle_status"] == "monotone").fillna(value=False).astype(bool),
        "W_P_CI_DISCORDANT": tested & ((frame["p_primary"] <= plan.alpha) != excludes),
        "W_NON_PH": tested & (frame["ph_p"] < plan.alpha),
        "W_CENSORING_IMBALANCE": pd.Series(_imbalanced(analysis, frame, plan), index=frame.index),
    }
    codes = [np.where(mark, code, "") for code, mark in marks.items()]
    joined = [";".join(code for code in row if code) for row in zip(*codes, strict=True)]
    return pd.Series(joined, index=frame.index, dtype="string")


def _imbalanced(analysis: AnalysisSet, frame: pd.DataFrame, plan: EndpointPlan) -> NDArray[np.bool_]:
    """Compare entry wherever it is delayed, and censoring where the permutation test needs it alike in both groups."""
    out = np.zeros(len(frame), dtype=bool)
    permuted = frame["p_method"].isin(["exact", "monte_carlo"]).to_numpy()
    wanted = (frame["status"] == "tested").to_numpy() & (permuted | (analysis.entry is not None))
    if plan.mode != "small":
        wanted &= (frame["p_primary"] < plan.alpha).to_numpy()
    for row in np.flatnonzero(wanted):
        use = analysis.genes[row] >= 0
        found = check_imbalance(
            analysis.time[use],
            analysis.event[use],
            analysis.genes[row, use] == 1,
            entry=None if analysis.entry is None else analysis.entry[use],
            strata=None if analysis.stratum is None else analysis.stratum[use],
        )
        out[row] = found.imbalanced if permuted[row] else found.p_entry < THRESHOLD
    return out
