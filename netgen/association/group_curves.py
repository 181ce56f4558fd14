"""Kaplan-Meier curves of groups, as tables: ``km.tsv`` and the frame behind every figure.

With delayed entry a small early risk set can bring the curve to 0 for good. Where an event happens with fewer than
max(3, 10 %) at risk, the curve is conditional on survival to t0, the first time after which the risk set stays at that
size until the tail, and t0 is printed (DOMAIN 2.10).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.km import (
    KaplanMeier,
    Quantile,
    SurvivalAt,
    kaplan_meier,
    reverse_kaplan_meier_median,
    survival_at,
    survival_quantile,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray

    from netgen.association.analysis_set import AnalysisSet

DAYS_PER_MONTH: Final = 30.4375
HORIZONS: Final = {months: months * DAYS_PER_MONTH for months in (12, 24, 36)}
EARLY_RISK: Final = 3
EARLY_SHARE: Final = 0.1
TAIL: Final = 5  # fewer at risk and the curve is drawn dotted

KM_COLUMNS: Final = (
    "endpoint", "grouping", "group", "n", "events", "median", "median_lo", "median_hi",
    *(f"{name}_{months}m" for months in HORIZONS for name in ("s", "s_lo", "s_hi", "n_risk")),
    "followup_median", "followup_lo", "followup_hi", "entry_rule", "t0_conditional", "n_curve", "events_curve",
)  # fmt: skip
CURVE_COLUMNS: Final = (
    "endpoint", "grouping", "group", "time_days", "survival", "lo", "hi", "n_risk", "n_event", "n_censor",
)  # fmt: skip


class Outcomes(NamedTuple):
    """Days, True/False, and days of delayed entry (None = from the origin) of some patients."""

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    entry: NDArray[np.float64] | None


def outcomes_of(analysis: AnalysisSet, use: NDArray[np.bool_]) -> Outcomes:
    """Return the outcomes of some patients.

    Parameters
    ----------
    analysis
        The analysis set.
    use
        (n,) True for the patients wanted.

    Returns
    -------
    Outcomes
        In the order of the analysis set.
    """
    entry = None if analysis.entry is None else analysis.entry[use]
    return Outcomes(analysis.time[use], analysis.event[use], entry)


def conditional_start(outcomes: Outcomes) -> float:
    """Return t0 of the conditional curve: 0 where the unconditional one may be shown.

    Parameters
    ----------
    outcomes
        Of one group.

    Returns
    -------
    float
        Days; NaN if the risk set never reaches the bound.

    Notes
    -----
    At risk at t: entry < t <= exit. Bound = max(3, 10 % of the group). If an event happens with fewer at risk on the
    way to the largest risk set, t0 is the entry that brings the risk set to the bound for good. The tail, where the
    risk set shrinks for want of patients, does not count.
    """
    if outcomes.entry is None:
        return 0.0
    bound = max(EARLY_RISK, EARLY_SHARE * len(outcomes.time))
    changes = np.unique(np.concatenate([outcomes.entry, outcomes.time]))
    entered = np.searchsorted(np.sort(outcomes.entry), changes, side="right")
    at_risk = entered - np.searchsorted(np.sort(outcomes.time), changes, side="right")  # from this change to the next
    peak = int(np.argmax(at_risk)) if len(at_risk) else 0
    if len(at_risk) == 0 or at_risk[peak] < bound:
        return float("nan")
    curve = kaplan_meier(outcomes.time, outcomes.event, entry=outcomes.entry)
    if not ((curve.n_event > 0) & (curve.n_risk < bound) & (curve.time <= changes[peak])).any():
        return 0.0
    return float(changes[np.flatnonzero(at_risk[:peak] < bound)[-1] + 1])


def condition_on(outcomes: Outcomes, start: float) -> Outcomes:
    """Return the outcomes of those who are alive and followed beyond a day; nobody is at risk before it.

    Parameters
    ----------
    outcomes
        Of some patients.
    start
        Day; 0 changes nothing. Who enters later keeps the entry.

    Returns
    -------
    Outcomes
        Times still from the origin.
    """
    if start == 0:
        return outcomes
    use = outcomes.time > start
    entry = np.full(int(use.sum()), start) if outcomes.entry is None else np.maximum(outcomes.entry[use], start)
    return Outcomes(outcomes.time[use], outcomes.event[use], entry)


def group_curve(outcomes: Outcomes) -> tuple[KaplanMeier, float]:
    """Return the curve of a group and the t0 it is conditional on.

    Parameters
    ----------
    outcomes
        Of the group.

    Returns
    -------
    tuple
        The curve, and t0 in days: 0 = unconditional; NaN = the risk set never reaches the bound, and the curve is that
        of nobody.
    """
    start = conditional_start(outcomes)
    seen = condition_on(outcomes, np.inf if np.isnan(start) else start)
    return kaplan_meier(seen.time, seen.event, entry=seen.entry), start


def survival_since(curve: KaplanMeier, start: float, times: ArrayLike) -> SurvivalAt:
    """Return survival and limits at given times, and nothing where the curve says nothing.

    Parameters
    ----------
    curve, start
        From ``group_curve``.
    times
        Days.

    Returns
    -------
    SurvivalAt
        NaN (with the number at risk left as it is) before ``start``, and everywhere if ``start`` is NaN.
    """
    at = survival_at(curve, times)
    told = at.time >= start
    return at._replace(
        survival=np.where(told, at.survival, np.nan), lo=np.where(told, at.lo, np.nan), hi=np.where(told, at.hi, np.nan)
    )


class Grouping(NamedTuple):
    """A name, and for each group its label and (n,) who belongs to it; a patient may be in no group."""

    name: str
    groups: dict[str, NDArray[np.bool_]]


def group_by(name: str, labels: NDArray[np.str_]) -> Grouping:
    """Return the grouping of everybody by a label.

    Parameters
    ----------
    name
        Of the grouping.
    labels
        (n,) one per patient.

    Returns
    -------
    Grouping
        Groups in sorted order.
    """
    return Grouping(name, {str(group): labels == group for group in np.unique(labels)})


def tabulate_curves(analysis: AnalysisSet, groupings: Iterable[Grouping]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ``km.tsv`` rows and curve steps of every group of every grouping.

    Parameters
    ----------
    analysis
        The analysis set.
    groupings
        Who is in which group.

    Returns
    -------
    tuple of DataFrame
        ``KM_COLUMNS``, one row per group; ``n_curve`` and ``events_curve`` are those who are left at t0.
        ``CURVE_COLUMNS``, one row per exit time, from t0 with survival 1. Empty groups are left out; one that never
        has enough patients at risk has no steps.
    """
    rows: list[dict[str, object]] = []
    steps: list[pd.DataFrame] = []
    for grouping, groups in groupings:
        for group, members in groups.items():
            if not members.any():
                continue
            outcomes = outcomes_of(analysis, members)
            curve, start = group_curve(outcomes)
            head = {"endpoint": analysis.endpoint, "grouping": grouping, "group": group}
            seen = {"t0_conditional": start, "n_curve": curve.n, "events_curve": curve.events}
            rows.append({**head, **_summary(outcomes, curve, start), "entry_rule": analysis.entry_rule, **seen})
            steps.append(_steps(curve, start).assign(**head))
    km = pd.DataFrame(rows, columns=list(KM_COLUMNS))
    curves = pd.concat(steps, ignore_index=True) if steps else pd.DataFrame()
    return km, curves.reindex(columns=list(CURVE_COLUMNS))


def groupings_of(analysis: AnalysisSet, features: NDArray[np.intp]) -> Iterator[Grouping]:
    """Give the groupings that are reported: everybody, the origins, and altered against wild type per feature.

    Parameters
    ----------
    analysis
        The analysis set.
    features
        Positions of the features.

    Yields
    ------
    Grouping
        One at a time: those of a large cohort would not fit into memory together.
    """
    yield Grouping("all", {"all": np.ones(analysis.n, dtype=bool)})
    if analysis.origin is not None:
        yield group_by("origin", analysis.origin)
    for row in features:
        status = analysis.genes[row]
        yield Grouping(str(analysis.features[row]), {"altered": status == 1, "wild type": status == 0})


def _summary(outcomes: Outcomes, curve: KaplanMeier, start: float) -> dict[str, float]:
    median, follow = survival_quantile(curve), _followup(outcomes)
    out: dict[str, float] = {
        "n": len(outcomes.time),
        "events": int(outcomes.event.sum()),
        "median": median.estimate,
        "median_lo": median.lo,
        "median_hi": median.hi,
        "followup_median": follow.estimate,
        "followup_lo": follow.lo,
        "followup_hi": follow.hi,
    }
    at = survival_since(curve, start, list(HORIZONS.values()))
    for i, months in enumerate(HORIZONS):
        out |= {f"s_{months}m": at.survival[i], f"s_lo_{months}m": at.lo[i], f"s_hi_{months}m": at.hi[i]}
        out[f"n_risk_{months}m"] = _at_risk(outcomes, at.time[i])
    return out


def _followup(outcomes: Outcomes) -> Quantile:
    """Median follow-up; like the survival curve, conditional where somebody is censored among few early ones."""
    start = conditional_start(outcomes._replace(event=~outcomes.event))
    seen = condition_on(outcomes, np.inf if np.isnan(start) else start)
    return reverse_kaplan_meier_median(seen.time, seen.event, entry=seen.entry)


def _at_risk(outcomes: Outcomes, time: float) -> int:
    entered = True if outcomes.entry is None else outcomes.entry < time
    return int((entered & (outcomes.time >= time)).sum())


def _steps(curve: KaplanMeier, start: float) -> pd.DataFrame:
    """Return the steps from t0 on; none if the curve is that of nobody."""
    if np.isnan(start):
        return pd.DataFrame(columns=["time_days"], dtype="float64")
    first = {"time_days": start, "survival": 1.0, "lo": 1.0, "hi": 1.0, "n_event": 0, "n_censor": 0}
    first["n_risk"] = float(curve.n_risk[0]) if len(curve.n_risk) else 0.0
    body = pd.DataFrame(
        {
            "time_days": curve.time,
            "survival": curve.survival,
            "lo": curve.lo,
            "hi": curve.hi,
            "n_risk": curve.n_risk,
            "n_event": curve.n_event,
            "n_censor": curve.n_censor,
        }
    )
    return pd.concat([pd.DataFrame([first]), body], ignore_index=True)
