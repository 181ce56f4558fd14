"""Competing risks by group: the rows of ``competing.tsv`` and the steps behind its figure.

Where a second kind of event ends the wait for the first, three questions have three answers: how many have had it (the
cumulative incidence), does the group change its rate (the cause-specific hazard ratio), does it change the share who
will have had it (Gray's test, the subdistribution hazard ratio).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.cause_specific import estimate_causes
from netgen.association.cumulative_incidence import CumulativeIncidence, cumulative_incidence, incidence_at
from netgen.association.fine_gray import fit_fine_gray
from netgen.association.gray import gray_test
from netgen.association.group_curves import Outcomes, condition_on, conditional_start
from netgen.association.plan import SPARSE_EVENTS
from netgen.association.tails import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.association.analysis_set import AnalysisSet
    from netgen.association.group_effects import Estimator
    from netgen.association.group_tests import GroupedSet, GroupPlan
    from netgen.study import AssociationSettings

MIN_FINE_GRAY: Final = 10  # events of the cause (DOMAIN 3.10)
# What the codes 1 and 2 of an endpoint mean.
CAUSES: Final[dict[str, tuple[str, str]]] = {
    "ttp": ("progression", "death without progression"),
    "dss": ("death from the tumour", "other death"),
    "ttnt": ("next treatment", "death before it"),
}
OTHER_CAUSES: Final = ("event", "competing event")
READING: Final = (
    "Cause-specific HR: effect on the rate of an event among those who have had none yet (aetiology)."
    " Subdistribution HR: effect on the share who will have had it (risk prediction)."
)
REVERSAL: Final = (
    " They point in opposite directions: the rate of {cause} and the share who reach it are different questions,"
    " because {other} (cause-specific HR {hr}) takes patients away before {cause}."
)

# Columns of competing.tsv, in order, with their meaning. Times are days; NA = not estimated.
COMPETING_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "ttp, dss ...: endpoints with a competing event",
    "line": "treatment line of the endpoint",
    "origin_time": "where the clock starts",
    "entry_rule": "delayed entry",
    "analysis_set": "all, or landmark:<days>",
    "grouping": "what forms the groups; all = everybody",
    "group": "the group",
    "reference": "the group that hazard ratios compare with; they are NA in its own rows",
    "cause": "1 = the event of the endpoint, 2 = the competing event",
    "cause_name": "the cause in words",
    "n": "patients of the group",
    "events": "their events of the cause",
    "horizon_days": "day of the incidence",
    "n_risk": "at risk just before it",
    "cif": "cumulative incidence up to and including it (Aalen-Johansen)",
    "cif_lo": "lower 95 % limit (log-log)",
    "cif_hi": "upper 95 % limit",
    "t0_conditional": "day the incidence is conditional on; 0 without delayed entry",
    "cs_hr": "cause-specific hazard ratio, group : reference",
    "cs_hr_lo": "lower 95 % limit: profile penalised likelihood (firth) or Wald (cox); NA = open",
    "cs_hr_hi": "upper 95 % limit",
    "cs_p": "its test",
    "cs_estimator": "firth or cox",
    "sd_hr": "subdistribution hazard ratio (Fine-Gray, Breslow ties)",
    "sd_hr_lo": "lower 95 % limit (Wald, sandwich)",
    "sd_hr_hi": "upper 95 % limit",
    "sd_p": "its Wald test",
    "sd_status": "ok, or why there is none",
    "gray_chi2": "Gray's statistic of all groups",
    "gray_df": "its degrees of freedom",
    "gray_p": "its p-value",
    "gray_status": "ok, or why there is none",
    "interpretation": "what the two hazard ratios say",
}

# Steps behind the figure of cumulative incidence.
INCIDENCE_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "ttp, dss ...",
    "entry_rule": "delayed entry",
    "grouping": "what forms the groups; all = everybody",
    "group": "the group",
    "cause": "1 = the event, 2 = the competing event",
    "cause_name": "the cause in words",
    "time_days": "every day on which somebody leaves; the first row is where the curve begins",
    "incidence": "cumulative incidence just after it",
    "lo": "lower 95 % limit",
    "hi": "upper 95 % limit",
    "n_risk": "at risk just before it",
    "n_event": "events of the cause on it",
    "n_censor": "censored on it",
}


class Curve(NamedTuple):
    """Incidences of a group, the day they are conditional on, and the outcomes seen from there on."""

    incidence: CumulativeIncidence
    start: float
    seen: Outcomes
    cause: NDArray[np.int64]


def name_causes(endpoint: str) -> dict[int, str]:
    """Return what the codes of an endpoint mean.

    Parameters
    ----------
    endpoint
        Its name; ``ttp_line2`` is a ``ttp``.

    Returns
    -------
    dict
        Code -> words.
    """
    return dict(enumerate(CAUSES.get(endpoint.partition("_")[0], OTHER_CAUSES), start=1))


def compare_causes(
    grouped: GroupedSet,
    cause: NDArray[np.int64],
    plan: GroupPlan,
    settings: AssociationSettings,
    *,
    horizons: Sequence[float],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare the causes of one endpoint between groups.

    Parameters
    ----------
    grouped
        Patients in groups.
    cause
        (n,) 0 = censored, 1 = the event, 2 = the competing event.
    plan
        From ``plan_groups``; nothing is compared unless its status is tested.
    settings
        Ties.
    horizons
        Days of the incidences.

    Returns
    -------
    tuple of DataFrame
        ``COMPETING_COLUMNS``, one row per group, cause and horizon; ``INCIDENCE_COLUMNS``.

    Notes
    -----
    Cause-specific hazard ratios are Firth estimates in small mode and wherever a group has fewer than 10 events of any
    cause. With a cause that nobody had there are incidences only. Gray's test needs right-censored data; the Fine-Gray
    model at least 10 events of the cause and no strata. Neither replaces the other: all are printed side by side.

    The limits are those of the Aalen-Johansen estimator, which also exist with delayed entry; ``cmprsk::cuminc`` has
    the same incidences and another estimate of their variance.
    """
    names = name_causes(grouped.analysis.endpoint)
    both = all((cause[grouped.use] == code).any() for code in names)
    compared = _comparisons(grouped, cause, plan, settings) if plan.status == "tested" and both else {}
    rows, steps = [], []
    for group in grouped.order:
        members = grouped.labels == group
        curve = _curve(grouped.analysis, cause, members)
        for code, name in names.items():
            head: dict[str, Any] = {"grouping": grouped.name, "group": group, "cause": code, "cause_name": name}
            own = head | _identity(grouped.analysis) | {"reference": grouped.reference}
            own |= {"n": int(members.sum()), "events": int((cause[members] == code).sum())}
            own |= compared.get((group, code), {})
            rows += [own | found for found in _at(curve, code, horizons)]
            steps.append(_steps(curve, code).assign(**head, **_identity(grouped.analysis)))
    table = pd.DataFrame(rows).reindex(columns=list(COMPETING_COLUMNS))
    return table, pd.concat(steps, ignore_index=True).reindex(columns=list(INCIDENCE_COLUMNS))


def _identity(analysis: AnalysisSet) -> dict[str, Any]:
    return {
        "endpoint": analysis.endpoint,
        "line": analysis.line,
        "origin_time": analysis.origin_time,
        "entry_rule": analysis.entry_rule,
        "analysis_set": analysis.label,
    }


def _curve(analysis: AnalysisSet, cause: NDArray[np.int64], members: NDArray[np.bool_]) -> Curve:
    """Incidences of a group, conditional like its survival curve where few are at risk early."""
    entry = None if analysis.entry is None else analysis.entry[members]
    all_of_it = Outcomes(analysis.time[members], cause[members] > 0, entry)
    start = conditional_start(all_of_it)
    day = np.inf if np.isnan(start) else start
    seen = condition_on(all_of_it, day)
    own = cause[members] if day == 0 else cause[members][all_of_it.time > day]
    return Curve(cumulative_incidence(seen.time, own, entry=seen.entry), start, seen, own)


def _at(curve: Curve, code: int, horizons: Sequence[float]) -> list[dict[str, float]]:
    """Incidence of a cause at every horizon; NaN before the day the curve is conditional on."""
    found = incidence_at(curve.incidence, horizons)
    row = np.flatnonzero(curve.incidence.cause == code)
    out = []
    for i, day in enumerate(horizons):
        told = day >= curve.start  # False if the curve is that of nobody
        values = [part[row[0], i] if len(row) else np.nan for part in (found.incidence, found.lo, found.hi)]
        if not len(row):
            values[0] = 0.0
        cif, lo, hi = values if told else (np.nan, np.nan, np.nan)
        at_risk = _at_risk(curve.seen, np.array([day]))[0]
        out.append(
            {"horizon_days": day, "n_risk": at_risk, "cif": cif, "cif_lo": lo, "cif_hi": hi,
             "t0_conditional": curve.start}
        )  # fmt: skip
    return out


def _at_risk(seen: Outcomes, times: NDArray[np.float64]) -> NDArray[np.intp]:
    """Patients with entry < t <= exit."""
    past = np.searchsorted(np.sort(seen.time), times, side="left")
    entered = len(seen.time) if seen.entry is None else np.searchsorted(np.sort(seen.entry), times, side="left")
    return np.asarray(entered - past)


def _steps(curve: Curve, code: int) -> pd.DataFrame:
    """Return the steps of one cause at every exit time, from the start on; none if the curve is that of nobody."""
    if np.isnan(curve.start):
        return pd.DataFrame(columns=["time_days"], dtype="float64")
    times = np.unique(curve.seen.time)
    found = incidence_at(curve.incidence, times)
    row = np.flatnonzero(curve.incidence.cause == code)

    def take(values: NDArray[np.float64], first: float) -> NDArray[np.float64]:
        return np.append(first, values[row[0]] if len(row) else np.full(len(times), first))

    place = np.searchsorted(times, curve.seen.time)
    n_event, n_censor = (np.bincount(place[curve.cause == c], minlength=len(times)) for c in (code, 0))
    return pd.DataFrame(
        {
            "time_days": np.append(curve.start, times),
            "incidence": take(found.incidence, 0.0),
            "lo": take(found.lo, np.nan),
            "hi": take(found.hi, np.nan),
            "n_risk": _at_risk(curve.seen, np.append(times[:1], times)),
            "n_event": np.append(0, n_event),
            "n_censor": np.append(0, n_censor),
        }
    )


def _comparisons(
    grouped: GroupedSet, cause: NDArray[np.int64], plan: GroupPlan, settings: AssociationSettings
) -> dict[tuple[str, int], dict[str, Any]]:
    """Hazard ratios and tests by group and cause."""
    analysis, use = grouped.analysis, grouped.use
    time, code, labels = analysis.time[use], cause[use], grouped.labels[use]
    entry = None if analysis.entry is None else analysis.entry[use]
    strata = None if analysis.stratum is None else analysis.stratum[use]
    effects = estimate_causes(
        time,
        code,
        labels,
        groups=grouped.tested,
        reference=grouped.reference,
        estimator=_estimator(plan, code, labels),
        ties=settings.ties,
        entry=entry,
        strata=strata,
    )
    out: dict[tuple[str, int], dict[str, Any]] = {}
    for c, found in effects.items():
        gray = _gray(time, code, labels, c, entry, strata)
        ratios = _subdistribution(time, code, labels, c, grouped, entry, strata)
        out[grouped.reference, c] = dict(gray)
        for j, group in enumerate(found.groups):
            hr, lo, hi = (float(np.exp(value[j])) for value in (found.beta, found.lo, found.hi))
            own = {"cs_hr": hr, "cs_hr_lo": lo, "cs_hr_hi": hi, "cs_p": float(found.p[j])}
            out[group, c] = own | {"cs_estimator": found.estimator} | ratios[group] | gray
    names = name_causes(analysis.endpoint)
    for (group, c), row in out.items():
        if group != grouped.reference:
            row["interpretation"] = _interpret(row, names[c], names[3 - c], out[group, 3 - c]["cs_hr"])
    return out


def _estimator(plan: GroupPlan, cause: NDArray[np.int64], labels: NDArray[np.str_]) -> Estimator:
    """Return firth where a group has too few events of any cause, so that the causes can be read side by side."""
    counts = [((cause == c) & (labels == group)).sum() for c in (1, 2) for group in np.unique(labels)]
    return "cox" if plan.estimator == "cox" and min(counts) >= SPARSE_EVENTS else "firth"


def _gray(
    time: NDArray[np.float64],
    cause: NDArray[np.int64],
    labels: NDArray[np.str_],
    of: int,
    entry: NDArray[np.float64] | None,
    strata: NDArray[np.intp] | None,
) -> dict[str, Any]:
    if entry is not None:
        return {"gray_status": "delayed_entry"}
    test = gray_test(time, cause, labels, of=of, strata=strata)
    return {
        "gray_chi2": test.chi2,
        "gray_df": test.df,
        "gray_p": test.p,
        "gray_status": "ok" if test.df else "degenerate",
    }


def _subdistribution(
    time: NDArray[np.float64],
    cause: NDArray[np.int64],
    labels: NDArray[np.str_],
    of: int,
    grouped: GroupedSet,
    entry: NDArray[np.float64] | None,
    strata: NDArray[np.intp] | None,
) -> dict[str, dict[str, Any]]:
    """Fine-Gray hazard ratios by group, or the reason why there are none."""
    others = [group for group in grouped.tested if group != grouped.reference]
    if strata is not None:
        return {group: {"sd_status": "stratified"} for group in others}
    if (cause == of).sum() < MIN_FINE_GRAY:
        return {group: {"sd_status": "too_few_events"} for group in others}
    x = np.column_stack([labels == group for group in others]).astype(np.float64)
    fit = fit_fine_gray(x, time, cause, of=of, entry=entry)
    half = normal_quantile(0.95) * fit.se
    values = {"sd_hr": fit.coef, "sd_hr_lo": fit.coef - half, "sd_hr_hi": fit.coef + half}
    return {
        group: {key: float(np.exp(value[j])) for key, value in values.items()}
        | {"sd_p": float(fit.p[j]), "sd_status": fit.status}
        for j, group in enumerate(others)
    }


def _interpret(row: dict[str, Any], cause: str, other: str, other_hr: float) -> str:
    """Say what the two ratios are, and why they may point in opposite directions."""
    text = READING
    if (row["cs_hr"] - 1) * (row.get("sd_hr", np.nan) - 1) < 0:
        text += REVERSAL.format(cause=cause, other=other, hr=f"{other_hr:.2f}")
    return text
