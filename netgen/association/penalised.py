"""A penalised Cox model of the alterations, beside clinical covariates that are not penalised.

The model answers one question: do alterations predict the outcome better than the clinical covariates alone? "No" is
a valid answer. Its predictions are for judging that question, never advice for a patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from netgen.association.adaptive import adaptive_factors, cross_validate_adaptive
from netgen.association.clinical_model import fit_clinical
from netgen.association.coxnet import fit_coxnet
from netgen.association.horizon_performance import HORIZONS
from netgen.association.penalised_cv import SEED_TASK, assign_folds, count_folds, cross_validate
from netgen.association.penalised_data import gather_outcome, prepare_data
from netgen.association.penalised_evidence import HUGE, describe_evidence, gather_evidence
from netgen.association.penalised_performance import state_verdict
from netgen.association.penalised_tables import (
    list_records,
    tabulate_baseline,
    tabulate_coefficients,
    tabulate_cv,
    tabulate_path,
)
from netgen.association.stability import select_stably
from netgen.errors import AnalysisError, Findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from netgen.association.counts import Ties
    from netgen.association.coxnet import CoxnetPath
    from netgen.association.penalised_cv import Criterion, CrossValidation
    from netgen.association.penalised_data import ModelData
    from netgen.association.stability import StabilitySelection

MIN_EVENTS: Final = 10
MIN_EVENTS_SELECTION: Final = 20
FEATURES_PER_EVENT: Final = 10
ADAPTIVE_RATIO: Final = 1e-3  # smallest over largest penalty: weights differ by orders of magnitude
TABLES: Final = ("coefficients", "path", "cv", "performance", "calibration", "baseline", "clinical", "lost_features")


@dataclass(frozen=True, kw_only=True)
class PenalisedModel:
    """A penalised Cox model, how it was chosen, and what it is worth.

    Attributes
    ----------
    status
        ``ok``, or ``clinical_only`` if no alteration could be tested.
    verdict
        One sentence: whether alterations improved prediction over the clinical covariates.
    notes
        What a reader must know beside the numbers, one sentence each.
    n, n_events
        Patients and events in the model.
    settings
        Options as used, with the chosen penalties.
    coefficients
        One row per term: term, penalised, n_altered, mean and sd (of covariates), coef_min, coef_1se, hr_min, hr_1se;
        per unit of the column as given, per alteration for genes. 0 = not selected.
    path
        Non-zero coefficients along the path: lambda, term, coef.
    cv
        One row per penalty: lambda, mean, se (between-repeat SE), n_nonzero (penalised terms), deviance_ratio, kkt,
        choice (``min``, ``1se``, ``min;1se`` or empty).
    performance
        metric, model (``genes_min``, ``genes_1se``, ``clinical``, or ``km``), value, lo, hi, status, note.
    calibration
        model, group, n, predicted, observed, lo, hi, horizon_days; no rows with fewer than 100 events.
    stability
        How often each alteration is selected in half-samples; None if nothing can be selected.
    baseline
        stratum, time_days, n_at_risk, n_events, cumhaz_min, cumhaz_1se: Breslow cumulative hazard of a patient without
        alteration and with average covariates.
    clinical
        The clinical-only model, Efron ties: term, coef, se, hr, hr_lo, hr_hi, p (95 % limits); NaN where monotone.
    lost_patients, lost_features
        patient_id, reason; and feature, reason, n_profiled, n_altered.
    """

    status: str
    verdict: str
    notes: tuple[str, ...]
    n: int
    n_events: int
    settings: dict[str, Any]
    coefficients: pd.DataFrame
    path: pd.DataFrame
    cv: pd.DataFrame
    performance: pd.DataFrame
    calibration: pd.DataFrame
    stability: StabilitySelection | None
    baseline: pd.DataFrame
    clinical: pd.DataFrame
    lost_patients: pd.DataFrame
    lost_features: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Return the model without patient identifiers, in types that JSON knows; missing is None.

        Returns
        -------
        dict[str, Any]
            Keys as the attributes, tables as lists of rows; patients left out are counted by reason.
        """
        lost = self.lost_patients["reason"].value_counts().sort_index()
        return {
            "status": self.status,
            "verdict": self.verdict,
            "notes": list(self.notes),
            "n": self.n,
            "n_events": self.n_events,
            "settings": dict(self.settings),
            **{name: list_records(getattr(self, name)) for name in TABLES},
            "stability": self.stability and self.stability.to_dict(),
            "lost_patients": {str(reason): int(count) for reason, count in lost.items()},
        }


def fit_penalised(
    time: pd.Series[Any],
    event: pd.Series[Any],
    features: pd.DataFrame,
    *,
    covariates: pd.DataFrame | None = None,
    entry: pd.Series[Any] | None = None,
    strata: pd.Series[Any] | None = None,
    fold_strata: pd.Series[Any] | None = None,
    alpha: float = 1.0,
    seed: int,
    small: bool,
    min_altered: int = 3,
    min_profiled: float = 0.8,
    n_lambda: int | None = None,
    n_repeats: int | None = None,
    criterion: Criterion = "pooled",
    ties: Ties = "breslow",
    adaptive: bool = False,
    bootstrap: int | None = None,
    n_outer_repeats: int | None = None,
    n_pairs: int | None = None,
    horizons: Sequence[float] = HORIZONS,
    threads: int = 1,
    findings: Findings | None = None,
) -> PenalisedModel:
    """Fit an elastic-net Cox model of alterations with unpenalised clinical covariates, and judge it.

    Patients are matched on the index, ``patient_id``; those of ``time`` are analysed. Nothing is imputed: a gene that
    was not profiled in enough patients leaves, then a patient with a gap left leaves; both are listed with reasons.

    Parameters
    ----------
    time
        Days from the origin to the event or censoring, > 0.
    event
        True if the event happened.
    features
        Patients x genes: 1 altered, 0 wild type, NA not profiled.
    covariates
        Numbers, truth values or text (text becomes one column per level but the first). None = no covariates.
    entry
        Days from the origin to the start of observation; missing = from the origin. None = no delayed entry.
    strata
        Labels with their own baseline hazard. None = one stratum.
    fold_strata
        Labels to spread evenly over folds. None = ``strata``.
    alpha
        Mixing: 1 lasso, 0 ridge. With fewer than 20 events it is 0 whatever is asked for.
    seed
        Master seed of the fold assignment.
    small
        Small mode: 20 repeats of the cross-validation instead of 5, 50 penalties instead of 100.
    min_altered
        Fewest altered, and fewest unaltered, patients of a gene; also within each training fold.
    min_profiled
        Smallest share of patients in whom a gene must be profiled.
    n_lambda
        Number of penalties; None = 50 in small mode, else 100.
    n_repeats
        Repeats of the cross-validation; None = 20 in small mode, else 5, 2 beyond 5 million cells.
    criterion
        As in ``cross_validate``.
    ties
        ``breslow`` (DOMAIN 3.11, and glmnet) or ``efron``.
    adaptive
        Penalise a gene the more, the smaller its ridge coefficient is (adaptive lasso); the ridge is fitted within each
        training fold. It is judged by its cross-validation only: no bootstrap and no nested cross-validation.
    bootstrap
        Resamples for the optimism; 0 = none. None = 200, 50 with more than 30 columns or 10,000 cells, 0 beyond 5
        million cells.
    n_outer_repeats
        Repeats of the nested cross-validation; 0 = none. None = 10, 2 with more than 30 columns or 10,000 cells, 0
        beyond 5 million cells.
    n_pairs
        Complementary pairs of half-samples for the stability selection; 0 = none. None = 50, 0 beyond 5 million cells.
        There is none of a ridge.
    horizons
        Days at which predictions are judged.
    threads
        Workers; the results do not depend on it.
    findings
        Collects W_HIGH_DIM and W_STABILITY_UNRELIABLE; None = the notes alone tell it.

    Returns
    -------
    PenalisedModel
        Coefficients at both penalties, cross-validation, performance beside the clinical-only model, attrition.

    Raises
    ------
    AnalysisError
        E_TOO_FEW_EVENTS_MODEL if complete patients have fewer than 10 events or one distinct event time.
    ValueError
        If an index repeats a patient, a gene has two columns, or a feature holds something else than 0, 1 and NA.

    Notes
    -----
    DOMAIN 3.11. Covariates are scaled to SD 1 and transformed back; genes are 0/1 as they are. 20 to 10 events: ridge
    only, no selection. The penalty ``lambda_1se`` is the default choice. Rows are sorted by patient before folds are
    drawn, so the order of rows does not matter. Witness: SC25 in ``tests/scenarios``.
    """
    outcome = gather_outcome(time, event, entry, strata, fold_strata)
    data = prepare_data(outcome, features, covariates, min_altered, min_profiled)
    notes = [*data.notes, *_guard(data, findings)]
    huge = len(data.outcome) * len(data.terms) > HUGE
    n_repeats = n_repeats or (20 if small else 2 if huge else 5)
    if n_pairs is None:
        n_pairs = 0 if huge else 50
        notes += ["No stability selection in a study of this size; ask for it with n_pairs = 50."] if huge else []
    used = {
        "alpha": alpha if data.n_events >= MIN_EVENTS_SELECTION else 0.0, "alpha_requested": alpha, "ties": ties,
        "criterion": criterion, "n_folds": count_folds(data.n_events), "n_repeats": n_repeats,
        "seed": seed, "seed_task": SEED_TASK, "small": small, "min_altered": min_altered, "min_profiled": min_profiled,
        "adaptive": adaptive and data.n_events >= MIN_EVENTS_SELECTION and alpha > 0,
    }  # fmt: skip
    if used["adaptive"] or not data.terms:
        bootstrap, n_outer_repeats = 0, 0
    used |= describe_evidence(data, bootstrap, n_outer_repeats, horizons)
    path, cv = _fit(data, used, n_lambda or (50 if small else 100), threads)
    any_gene = bool(data.penalised.any())
    if cv.index_min == len(cv.lambdas) - 1 and any_gene:
        notes.append("The best penalty is the smallest one tried.")
    clinical = fit_clinical(data.covariates, data.sd, data.outcome)
    performance, calibration, doubts = gather_evidence(data, path, cv, clinical.eta, used, threads=threads)
    stability = _select_stably(data, used, n_pairs, threads, findings)
    return PenalisedModel(
        status="ok" if any_gene else "clinical_only",
        verdict=state_verdict(path, cv, data.penalised, performance),
        notes=(*notes, *clinical.notes, *doubts),
        n=len(data.outcome),
        n_events=data.n_events,
        settings={**used, **_describe(data, path, cv)},
        coefficients=tabulate_coefficients(data, path, cv),
        path=tabulate_path(data, path),
        cv=tabulate_cv(data, path, cv),
        performance=performance,
        calibration=calibration,
        stability=stability,
        baseline=tabulate_baseline(data, path, cv),
        clinical=clinical.table,
        lost_patients=data.lost_patients,
        lost_features=data.lost_features,
    )


def _guard(data: ModelData, findings: Findings | None) -> list[str]:
    """Refuse too few events; say what few events or many features mean."""
    n, n_events, lost = len(data.outcome), data.n_events, len(data.lost_patients)
    times = data.outcome.loc[data.outcome["event"], "time"].nunique()
    if n_events < MIN_EVENTS or times < 2:
        raise AnalysisError(
            "E_TOO_FEW_EVENTS_MODEL",
            f"A penalised model needs at least {MIN_EVENTS} events at different times, found {n_events} at {times} "
            f"times in {n} patients with complete data ({lost} left out).",
            fix="Choose an endpoint with more events, or covariates with fewer gaps.",
        )
    notes = []
    if n_events < MIN_EVENTS_SELECTION:
        notes.append(f"{n_events} events, fewer than {MIN_EVENTS_SELECTION}: ridge only, no alteration is selected.")
    if data.genes.shape[1] > FEATURES_PER_EVENT * n_events:
        text = f"{data.genes.shape[1]} alterations for {n_events} events: selection is unstable."
        notes.append(text)
        if findings is not None:
            findings.add("W_HIGH_DIM", text, fix="Restrict the genes to those with a prior reason.")
    return notes


def _fit(data: ModelData, used: dict[str, Any], n_lambda: int, threads: int) -> tuple[CoxnetPath, CrossValidation]:
    """Fit all patients, and the training folds, with the options as used."""
    X, risk = data.to_matrix(), data.to_risk_sets()
    factor = data.penalised.astype(float)
    split = {name: used[name] for name in ("n_folds", "n_repeats", "seed")}
    folds = assign_folds(data.outcome["fold"], risk.event, **split)
    fit = {"alpha": used["alpha"], "n_lambda": n_lambda, "ties": used["ties"]}
    if not used["adaptive"]:
        path = fit_coxnet(X, risk, penalty_factor=factor, **fit)
        return path, cross_validate(
            X, risk, folds, path=path, min_altered=used["min_altered"], criterion=used["criterion"], threads=threads
        )
    own = {"penalty_factor": factor, "stratum_labels": data.outcome["fold"], "seed": used["seed"]}
    weighed = adaptive_factors(X, risk, ties=used["ties"], min_altered=used["min_altered"], **own)
    path = fit_coxnet(
        X, risk, penalty_factor=weighed, rescale_penalty_factors=False, lambda_min_ratio=ADAPTIVE_RATIO, **fit
    )
    return path, cross_validate_adaptive(X, risk, folds, path=path, min_altered=used["min_altered"], **own)


def _select_stably(
    data: ModelData, used: dict[str, Any], n_pairs: int, threads: int, findings: Findings | None
) -> StabilitySelection | None:
    """Select in half-samples; half the patients, so half of ``min_altered`` altered ones are enough there."""
    if not n_pairs or used["alpha"] == 0 or not data.penalised.any():
        return None
    terms = [*(f"covariate {name}" for name in data.covariates.columns), *data.genes.columns]
    return select_stably(
        data.to_matrix(), data.to_risk_sets(), terms=terms, penalty_factor=data.penalised.astype(float),
        stratum_labels=data.outcome["fold"], alpha=used["alpha"], n_pairs=n_pairs,
        min_altered=(used["min_altered"] + 1) // 2, ties=used["ties"], seed=used["seed"], threads=threads,
        findings=findings,
    )  # fmt: skip


def _describe(data: ModelData, path: CoxnetPath, cv: CrossValidation) -> dict[str, Any]:
    """Return the settings that the data decided."""
    return {
        "lambda_max": path.lambda_max,
        "strata": sorted(set(data.outcome["stratum"])),
        "delayed_entry": bool((data.outcome["entry"] > 0).any()),
        "lambda_min": float(cv.lambdas[cv.index_min]),
        "lambda_1se": float(cv.lambdas[cv.index_1se]),
    }
