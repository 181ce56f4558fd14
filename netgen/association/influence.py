"""Influential patients: how far one patient moves a hazard ratio.

In a small cohort one patient can make or break an association. Every patient is left out in turn and the model is
fitted again: for one binary feature that is a batch of pseudo-genes in which one patient each is not profiled. Large
cohorts, and models with covariates before their refits, have the one-step approximation: score residual times
covariance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.cox_model import fit_cox
from netgen.association.cox_residuals import cox_residuals
from netgen.association.firth import scan_firth
from netgen.association.firth_model import fit_firth
from netgen.association.partial_likelihood import build_design, evaluate, standardise
from netgen.association.riskset import build_risk_sets
from netgen.association.tails import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.association.analysis_set import AnalysisSet
    from netgen.association.counts import Ties
    from netgen.association.cox_model import CoxFit
    from netgen.association.plan import Estimator
    from netgen.association.riskset import RiskSets


# Columns of influence.tsv, in order, with their meaning.
INFLUENCE_COLUMNS: Final[dict[str, str]] = {
    "endpoint": "os, pfs ...",
    "feature": "gene or pathway",
    "patient_id": "the patient left out",
    "altered": "whether this patient is altered",
    "event": "whether this patient had the event",
    "time_days": "follow-up of this patient",
    "dfbeta": "log hazard ratio of all patients minus that without this patient; NA = not estimable without",
    "dfbetas": "dfbeta divided by the standard error with all patients",
    "hr_without": "hazard ratio without this patient, altered : unaltered",
    "flips": "without this patient the effect changes its sign, or its 95 % limits begin or cease to include 1",
    "method": "refit (the model fitted again without the patient) or one_step (approximation)",
}
AT_MOST: Final = 25  # patients listed per feature
CANDIDATE_SHARE: Final = 0.75  # covariates: patients beyond this share of the threshold by one step are refitted
CANDIDATES: Final = 2  # and at least this many
BLOCK_CELLS: Final = 1 << 24


class Dfbeta(NamedTuple):
    """Change of the p coefficients by each of n patients: (n, p), in units of the coefficients and of their SE."""

    dfbeta: NDArray[np.float64]
    dfbetas: NDArray[np.float64]


def dfbeta_residuals(fit: CoxFit) -> Dfbeta:
    """Return the approximate change of the coefficients by each patient of a Cox model.

    Parameters
    ----------
    fit
        A fitted model; strata, delayed entry, ties and case weights are those of the model.

    Returns
    -------
    Dfbeta
        Estimate minus (approximately) the estimate without the patient; NaN unless the model converged. A patient of
        weight w is left out with the whole weight.

    Notes
    -----
    Score residuals times the inverse information, as R's ``residuals(coxph, type = "dfbeta")`` and ``"dfbetas"``, which
    also multiply by the case weights. Witness: ``tests/reference/cox/dfbeta.csv``.
    """
    change = fit.score_residuals @ fit.covariance
    if fit.weights is not None:
        change = change * fit.weights[:, None]
    return Dfbeta(change, change / fit.se)


class _Effect(NamedTuple):
    """Log hazard ratio with limits, and the standard error with all patients."""

    beta: Any
    lo: Any
    hi: Any
    se: float


class _Patients(NamedTuple):
    """Profiled patients of one feature: places in the analysis set, status, covariates, outcomes."""

    place: NDArray[np.intp]
    status: NDArray[np.int8]
    x: NDArray[np.float64]
    risk: RiskSets


def find_influential(
    analysis: AnalysisSet,
    features: Sequence[str],
    *,
    estimator: Estimator = "firth",
    refit: bool = True,
    ties: Ties = "efron",
    level: float = 0.95,
    at_most: int = AT_MOST,
) -> pd.DataFrame:
    """List the patients whose removal changes the hazard ratio of a feature most.

    Parameters
    ----------
    analysis
        Outcomes, strata, delayed entry, covariates and genes.
    features
        Features to examine: those that were tested (small cohorts), or those of interest (large ones).
    estimator
        That of the family: ``firth`` (limits by profile penalised likelihood) or ``cox`` (Wald limits).
    refit
        True fits the Firth model again without each patient; False, and always with ``cox``, is the one-step
        approximation, in which limits move with the estimate.
    ties, level
        As in the family.
    at_most
        Patients listed per feature; at least 1.

    Returns
    -------
    pd.DataFrame
        ``INFLUENCE_COLUMNS``, sorted by feature, then by falling absolute dfbetas. Per feature the most influential
        patient, those with absolute dfbetas > 2 / sqrt(n profiled), those who flip the finding, and those without whom
        there is no estimate (first; dfbeta, dfbetas, hr_without and flips are NA). A feature without an estimate has no
        row.

    Raises
    ------
    ValueError
        If a feature is not in the analysis set.

    Notes
    -----
    1. Patients with the same stratum, entry and exit slots, event and status are interchangeable and are refitted once.
    2. With covariates the Firth model is fitted again without the patients whose one-step dfbetas is beyond three
       quarters of the threshold, and without the two that lead.

    One influential patient is a reason to look at the record, not to leave the patient out. Witness: naive refits in
    ``tests/association/test_influence.py``.

    References
    ----------
    Belsley DA, Kuh E, Welsch RE. Regression diagnostics (1980). Therneau TM, Grambsch PM. Modeling survival data,
    chapter 7 (2000).
    """
    wanted = sorted(set(features))
    place = analysis.features.get_indexer(pd.Index(wanted, dtype="string"))
    if (place < 0).any():
        missing = [name for name, at in zip(wanted, place, strict=True) if at < 0]
        raise ValueError(f"features must be in the analysis set; it has no {', '.join(missing)}")
    parts = []
    for name, row in zip(wanted, place, strict=True):
        people = _profiled(analysis, analysis.genes[row])
        full, coef = _fit(people, np.ones(len(people.place), dtype=bool), estimator, ties, level)
        if np.isnan(full.beta):
            continue
        without, method = _all_effects(people, full, coef, ties, level, refit=refit and estimator == "firth")
        table = _describe(analysis, people, full, without).assign(feature=name, method=method)
        parts.append(_select(table, len(people.place), max(at_most, 1)))
    out = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(INFLUENCE_COLUMNS))
    out["endpoint"] = analysis.endpoint
    types = dict.fromkeys(("endpoint", "feature", "patient_id", "method"), "string")
    types |= dict.fromkeys(("altered", "event", "flips"), "boolean")
    types |= dict.fromkeys(("time_days", "dfbeta", "dfbetas", "hr_without"), "float64")
    return out[list(INFLUENCE_COLUMNS)].astype(types)


def _profiled(analysis: AnalysisSet, status: NDArray[np.int8]) -> _Patients:
    """Profiled patients of one feature."""
    place = np.flatnonzero(status >= 0)
    columns = [(status[place] == 1).astype(np.float64)[:, None]]
    if analysis.covariates is not None:
        columns.append(analysis.covariates.to_numpy(dtype=np.float64)[place])
    risk = build_risk_sets(
        analysis.time[place],
        analysis.event[place],
        entry=None if analysis.entry is None else analysis.entry[place],
        strata=None if analysis.stratum is None else analysis.stratum[place],
    )
    return _Patients(place, status[place], np.hstack(columns), risk)


def _fit(
    people: _Patients, use: NDArray[np.bool_], estimator: Estimator, ties: Ties, level: float
) -> tuple[_Effect, NDArray[np.float64]]:
    """Effect estimated from some of the patients, and all coefficients of the model; NaN without an estimate."""
    risk = people.risk
    x, time, event = people.x[use], risk.time[use], risk.event[use]
    late: dict[str, Any] = {"entry": risk.entry[use], "strata": risk.stratum[use], "ties": ties}
    if estimator == "cox":
        cox = fit_cox(x, time, event, **late)
        half = normal_quantile(level) * cox.se[0]
        return _Effect(cox.coef[0], cox.coef[0] - half, cox.coef[0] + half, cox.se[0]), cox.coef
    if x.shape[1] == 1:
        scan = scan_firth(risk, np.where(use, people.status, np.int8(-1))[None, :], ties=ties, level=level)
        return _Effect(scan.coef[0], scan.lo[0], scan.hi[0], scan.se[0]), scan.coef
    fit = fit_firth(x, time, event, level=level, profile=[0], **late)
    return _Effect(fit.coef[0], fit.lo[0], fit.hi[0], fit.se[0]), fit.coef


def _all_effects(
    people: _Patients, full: _Effect, coef: NDArray[np.float64], ties: Ties, level: float, *, refit: bool
) -> tuple[_Effect, NDArray[np.str_]]:
    """Effects without each patient in turn, arrays (n,), and how each was found."""
    n, adjusted = len(people.place), people.x.shape[1] > 1
    if refit and not adjusted:
        return _leave_one_out(people, full, ties, level), np.full(n, "refit")
    change = _one_step(people, coef, ties)
    without = _Effect(full.beta - change, full.lo - change, full.hi - change, full.se)
    method = np.full(n, "one_step")
    if refit:
        size = np.abs(change) / full.se
        candidates = size > CANDIDATE_SHARE * _threshold(n)
        candidates[np.argsort(-np.round(size, 9), kind="stable")[:CANDIDATES]] = True
        for i in np.flatnonzero(candidates):
            again = _fit(people, np.arange(n) != i, "firth", ties, level)[0]
            without.beta[i], without.lo[i], without.hi[i] = again[:3]
        method = np.where(candidates, "refit", method)
    return without, method


def _leave_one_out(people: _Patients, full: _Effect, ties: Ties, level: float) -> _Effect:
    """Firth effects without each patient, by one scan of pseudo-genes."""
    risk, n = people.risk, len(people.place)
    kinds = np.column_stack([risk.start, risk.stop, risk.event, people.status])
    kinds[risk.start >= risk.stop] = -1  # in no risk set of an event: they do not count
    _, first, kind = np.unique(kinds, axis=0, return_index=True, return_inverse=True)
    values = np.empty((3, len(first)))
    step = max(BLOCK_CELLS // max(n, 1), 1)
    for at in range(0, len(first), step):
        out = first[at : at + step]
        genes = np.tile(people.status, (len(out), 1))
        genes[np.arange(len(out)), out] = -1
        scan = scan_firth(risk, genes, ties=ties, level=level)
        values[:, at : at + step] = scan.coef, scan.lo, scan.hi
    spread = values[:, kind.reshape(-1)]
    spread[:, risk.start >= risk.stop] = np.array(full[:3])[:, None]
    return _Effect(spread[0], spread[1], spread[2], full.se)


def _one_step(people: _Patients, coef: NDArray[np.float64], ties: Ties) -> NDArray[np.float64]:
    """Score residuals at the estimate times the inverse information: change of the first coefficient (n,)."""
    z, scale = standardise(people.x)
    design = build_design(people.risk, z, ties=ties)
    score = cox_residuals(design, people.risk, coef * scale)[1]
    information = evaluate(design, (coef * scale)[None, :]).information[0]
    return np.asarray(np.linalg.solve(information, score.T)[0] / scale[0])


def _threshold(n: int) -> float:
    """|dfbetas| from which a patient is influential (Belsley, Kuh and Welsch)."""
    return 2 / float(np.sqrt(n))


def _describe(analysis: AnalysisSet, people: _Patients, full: _Effect, without: _Effect) -> pd.DataFrame:
    """One row per profiled patient."""
    change = full.beta - without.beta
    known = ~np.isnan(change)
    sign = np.sign(without.beta) != np.sign(full.beta)
    crosses = _excludes_one(without) != _excludes_one(full)
    return pd.DataFrame(
        {
            "patient_id": analysis.patient_id[people.place],
            "altered": people.status == 1,
            "event": people.risk.event,
            "time_days": people.risk.time,
            "dfbeta": change,
            "dfbetas": change / full.se,
            "hr_without": np.exp(without.beta),
            "flips": pd.Series(sign | crosses, dtype="boolean").mask(~known),
        }
    )


def _excludes_one(effect: _Effect) -> Any:  # noqa: ANN401  # bool or array of them, as the effect
    """Whether the limits exclude a hazard ratio of 1; an open limit (NaN) excludes nothing on its side."""
    return np.greater(effect.lo, 0) | np.less(effect.hi, 0)


def _select(table: pd.DataFrame, n: int, at_most: int) -> pd.DataFrame:
    """Rows of one feature that are listed, most influential first."""
    size = table["dfbetas"].abs().round(9).fillna(np.inf)
    order = pd.DataFrame({"size": -size, "patient": table["patient_id"]}).sort_values(["size", "patient"]).index
    keep = (size > _threshold(n)).loc[order] | table["flips"].fillna(value=False).loc[order]
    keep.iloc[0] = True
    return table.loc[order][keep.to_numpy(dtype=bool)].head(at_most)
