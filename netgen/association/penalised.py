"""A penalised Cox model of the alterations, beside clinical covariates that are not penalised.

The model answers one question: do alterations predict the outcome better than the clinical covariates alone? "No" is
a valid answer. Its predictions are for judging that question, never advice for a patient.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from netgen.association.coxnet import breslow_hazard, fit_coxnet
from netgen.association.penalised_cv import (
    SEED_TASK,
    assign_folds,
    count_concordance,
    count_folds,
    cross_validate,
    estimate_uno_c,
)
from netgen.association.riskset import build_risk_sets
from netgen.errors import AnalysisError, Findings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.coxnet import CoxnetPath
    from netgen.association.penalised_cv import Criterion, CrossValidation
    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]

MIN_EVENTS: Final = 10
MIN_EVENTS_SELECTION: Final = 20
FEATURES_PER_EVENT: Final = 10
UNBOUNDED: Final = 10.0  # a coefficient or SE per SD beyond this is not an estimate (DOMAIN 3.3)
_Z95: Final = 1.959963984540054
NO_IMPROVEMENT: Final = "no alteration improved prediction over clinical covariates"


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
        metric, model (``genes_min``, ``genes_1se``, ``clinical``), value, status, note.
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
        tables = ("coefficients", "path", "cv", "performance", "baseline", "clinical", "lost_features")
        lost = self.lost_patients["reason"].value_counts().sort_index()
        return {
            "status": self.status,
            "verdict": self.verdict,
            "notes": list(self.notes),
            "n": self.n,
            "n_events": self.n_events,
            "settings": dict(self.settings),
            **{name: _records(getattr(self, name)) for name in tables},
            "lost_patients": {str(reason): int(count) for reason, count in lost.items()},
        }


@dataclass(frozen=True, kw_only=True)
class _Data:
    """Complete rows, sorted by patient: outcome, covariates (centred, SD 1; what they were), genes (0/1)."""

    outcome: pd.DataFrame
    covariates: pd.DataFrame
    mean: pd.Series[Any]
    sd: pd.Series[Any]
    genes: pd.DataFrame
    lost_patients: pd.DataFrame
    lost_features: pd.DataFrame
    notes: tuple[str, ...]


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
        Repeats of the cross-validation; None = by ``small``.
    criterion
        As in ``cross_validate``.
    findings
        Collects W_HIGH_DIM; None = the notes alone tell it.

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
    outcome = _gather(time, event, entry, strata, fold_strata)
    data = _prepare(outcome, features, covariates, min_altered, min_profiled)
    n_events = int(data.outcome["event"].sum())
    notes = _guard(data, n_events, findings)
    used_alpha = alpha if n_events >= MIN_EVENTS_SELECTION else 0.0
    risk = _risk(data.outcome)
    X = np.hstack([data.covariates.to_numpy(float), data.genes.to_numpy(float)])
    penalised = np.arange(X.shape[1]) >= data.covariates.shape[1]
    n_lambda = n_lambda or (50 if small else 100)
    path = fit_coxnet(X, risk, alpha=used_alpha, penalty_factor=penalised.astype(float), n_lambda=n_lambda)
    n_folds, repeats = count_folds(n_events), n_repeats or (20 if small else 5)
    folds = assign_folds(data.outcome["fold"], risk.event, n_folds=n_folds, n_repeats=repeats, seed=seed)
    cv = cross_validate(X, risk, folds, path=path, min_altered=min_altered, criterion=criterion)
    if cv.index_min == len(cv.lambdas) - 1 and penalised.any():
        notes.append("The best penalty is the smallest one tried.")
    clinical, eta_clinical, trouble = _fit_clinical(data, X @ path.null_coef)
    performance = _performance(X, risk, path, cv, eta_clinical)
    if not penalised.any():
        performance = performance[performance["model"] == "clinical"].reset_index(drop=True)
    return PenalisedModel(
        status="ok" if penalised.any() else "clinical_only",
        verdict=_verdict(path, cv, penalised, performance),
        notes=(*data.notes, *notes, *trouble),
        n=len(X),
        n_events=n_events,
        settings={
            "alpha": used_alpha, "alpha_requested": alpha, "ties": "breslow", "criterion": criterion,
            "n_folds": n_folds, "n_repeats": repeats, "seed": seed, "seed_task": SEED_TASK, "small": small,
            "min_altered": min_altered, "min_profiled": min_profiled, "lambda_max": path.lambda_max,
            "strata": sorted(set(data.outcome["stratum"])), "delayed_entry": bool((risk.entry > 0).any()),
            "lambda_min": float(cv.lambdas[cv.index_min]), "lambda_1se": float(cv.lambdas[cv.index_1se]),
        },
        coefficients=_coefficients(data, path, cv, penalised),
        path=_path_table(data, path),
        cv=_cv_table(path, cv, penalised),
        performance=performance,
        baseline=_baseline(data, X, risk, path, cv),
        clinical=clinical,
        lost_patients=data.lost_patients,
        lost_features=data.lost_features,
    )  # fmt: skip


def _gather(
    time: pd.Series[Any],
    event: pd.Series[Any],
    entry: pd.Series[Any] | None,
    strata: pd.Series[Any] | None,
    fold_strata: pd.Series[Any] | None,
) -> pd.DataFrame:
    """Outcome of every patient in the order of their ids: time, event, entry, stratum, fold, reason to leave out."""
    index = pd.Index(time.index.astype("string").sort_values(), name="patient_id")
    one = pd.Series("all", index=index, dtype="string")
    stratum = one if strata is None else _match(strata, index).astype("string")
    table = pd.DataFrame(
        {
            "time": _match(time, index).astype("float64"),
            "event": _match(event, index).astype("boolean"),
            "entry": -np.inf
            if entry is None
            else _match(entry, index).astype("Float64").to_numpy(float, na_value=-np.inf),
            "stratum": stratum,
            "fold": stratum if fold_strata is None else _match(fold_strata, index).astype("string"),
        },
        index=index,
    )
    unusable = {
        "no_outcome": ~np.isfinite(table["time"]) | table["event"].isna(),
        "time_not_positive": table["time"] <= 0,
        "entry_after_exit": table["entry"] >= table["time"],
        "stratum_missing": table["stratum"].isna() | table["fold"].isna(),
    }
    table["reason"] = np.select([mask.to_numpy(bool) for mask in unusable.values()], list(unusable), default="")
    return table


def _match(table: Any, index: pd.Index) -> Any:  # noqa: ANN401  # a Series or a DataFrame, returned as it came
    """Rows of the given patients, NA where there are none."""
    keyed = table.set_axis(table.index.astype("string"), axis=0)
    if not keyed.index.is_unique or not index.is_unique:
        raise ValueError("every table must have one row per patient_id")
    return keyed.reindex(index)


def _prepare(
    outcome: pd.DataFrame,
    features: pd.DataFrame,
    covariates: pd.DataFrame | None,
    min_altered: int,
    min_profiled: float,
) -> _Data:
    """Leave out, in this order: patients without outcome or covariates, features, patients with a gap, features."""
    clinical = pd.DataFrame(index=outcome.index) if covariates is None else _match(covariates, outcome.index)
    genes = _match(features, outcome.index)[sorted(features.columns)].astype("Float64")
    if not features.columns.is_unique:
        raise ValueError("features must have one column per gene")
    if not (genes.isna() | genes.isin([0, 1])).to_numpy().all():
        raise ValueError("features must hold 1 (altered), 0 (wild type) or NA (not profiled)")
    reason = outcome["reason"].copy()
    reason[(reason == "") & clinical.isna().any(axis=1)] = "covariate_missing"
    lost, rows = [], reason == ""
    for _ in range(2):
        judged = _judge(genes[rows], min_altered, min_profiled)
        lost.append(judged[judged["reason"] != ""])
        genes = genes[judged.index[judged["reason"] == ""]]
        reason[rows & genes.isna().any(axis=1)] = "not_profiled"
        rows = reason == ""
    encoded, notes = _encode(clinical[rows], outcome.loc[rows, "stratum"])
    mean, sd = encoded.mean(), encoded.std(ddof=1)
    return _Data(
        outcome=outcome[rows],
        covariates=(encoded - mean) / sd,
        mean=mean,
        sd=sd,
        genes=genes[rows].astype("float64"),
        lost_patients=reason[~rows].astype("string").rename_axis("patient_id").reset_index(),
        lost_features=pd.concat(lost).sort_index().rename_axis("feature").reset_index(),
        notes=notes,
    )


def _judge(genes: pd.DataFrame, min_altered: int, min_profiled: float) -> pd.DataFrame:
    """Count the altered of each gene and say why it cannot be used, if so (DOMAIN 3.6, 3.11)."""
    profiled, altered = genes.notna().sum(), genes.sum().astype("int64")
    why = {
        "not_profiled": profiled == 0,
        "low_coverage": profiled < min_profiled * len(genes) - 1e-9,
        "all_altered": altered == profiled,
        "too_few_altered": altered < min_altered,
        "too_few_unaltered": profiled - altered < min_altered,
    }
    reason = np.select([mask.to_numpy(bool) for mask in why.values()], list(why), default="")
    counts = pd.DataFrame({"reason": reason, "n_profiled": profiled, "n_altered": altered}, index=genes.columns)
    return counts.astype({"reason": "string", "n_profiled": "Int64", "n_altered": "Int64"})


def _encode(covariates: pd.DataFrame, stratum: pd.Series[Any]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Covariates as numbers; a column that the others and the strata determine leaves, with a note."""
    columns: dict[str, pd.Series[Any]] = {}
    for name, values in covariates.items():
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            columns[str(name)] = values.astype("float64")
        else:
            dummies = pd.get_dummies(values.astype("string"), prefix=str(name), prefix_sep="=", dtype=float)
            columns |= {str(level): dummies[level] for level in dummies.columns[1:]}
    table = pd.DataFrame(columns, index=covariates.index)
    within = (table - table.groupby(stratum.to_numpy()).transform("mean")).to_numpy(float)
    kept: list[str] = []
    basis = np.empty((len(table), 0))
    for j, name in enumerate(table.columns):
        rest = within[:, j] - basis @ (basis.T @ within[:, j])
        if np.linalg.norm(rest) > 1e-8 * float(np.linalg.norm(table[name])):
            kept.append(name)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    dropped = [name for name in table.columns if name not in kept]
    note = f"Covariates without information of their own were left out: {', '.join(dropped)}."
    return table[kept], (note,) if dropped else ()


def _guard(data: _Data, n_events: int, findings: Findings | None) -> list[str]:
    """Refuse too few events; say what few events or many features mean."""
    n, lost = len(data.outcome), len(data.lost_patients)
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


def _risk(outcome: pd.DataFrame) -> RiskSets:
    """Risk sets of the patients that are used."""
    event = outcome["event"].to_numpy(bool)
    return build_risk_sets(outcome["time"], event, entry=outcome["entry"], strata=outcome["stratum"].to_numpy(str))


def _fit_clinical(data: _Data, fallback: Floats) -> tuple[pd.DataFrame, Floats, list[str]]:
    """Clinical-only Cox model (lifelines, Efron ties), its linear predictors, and what went wrong with it."""
    terms = list(data.covariates.columns)
    empty = pd.DataFrame(columns=["term", "coef", "se", "hr", "hr_lo", "hr_hi", "p"])
    if not terms:
        return empty, fallback, ["No clinical covariate was given: the comparator is a model without any."]
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    frame = pd.DataFrame(data.covariates.to_numpy(float), columns=[f"x{j}" for j in range(len(terms))])
    outcome = data.outcome.reset_index(drop=True)
    frame = frame.assign(time=outcome["time"], event=outcome["event"].to_numpy(bool))
    roles: dict[str, Any] = {}
    if (outcome["entry"] > 0).any():
        roles["entry_col"], frame["entry"] = "entry", outcome["entry"].clip(lower=0)
    if outcome["stratum"].nunique() > 1:
        roles["strata"], frame["stratum"] = ["stratum"], pd.factorize(outcome["stratum"], sort=True)[0]
    fitter = CoxPHFitter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitter.fit(frame, "time", "event", fit_options={"precision": 1e-12, "r_precision": 1e-14}, **roles)
        except ConvergenceError as error:
            return empty, fallback, [f"The clinical-only model has no finite estimate: {str(error).splitlines()[0]}"]
    beta, se = fitter.params_.to_numpy(float), fitter.standard_errors_.to_numpy(float)
    trouble = sorted({"Clinical-only model: " + str(item.message).strip().splitlines()[0] for item in caught})
    open_ended = (np.abs(beta) > UNBOUNDED) | (se > UNBOUNDED)
    if open_ended.any():
        names = ", ".join(np.array(terms)[open_ended])
        trouble.append(f"Clinical-only model: no finite estimate for {names}, all events are on one side.")
    sd = data.sd.to_numpy(float)
    table = pd.DataFrame({"term": pd.array(terms, dtype="string"), "coef": np.where(open_ended, np.nan, beta / sd)})
    table["se"] = np.where(open_ended, np.nan, se / sd)
    for name, shift in (("hr", 0.0), ("hr_lo", -_Z95), ("hr_hi", _Z95)):
        table[name] = _hazard_ratio(table["coef"].to_numpy() + shift * table["se"].to_numpy())
    table["p"] = np.where(open_ended, np.nan, fitter.summary["p"].to_numpy(float))
    return table, data.covariates.to_numpy(float) @ beta, trouble


def _hazard_ratio(coef: Floats) -> Floats:
    """Exponential, NaN where it is too large to write down."""
    with np.errstate(over="ignore"):
        ratio = np.exp(coef)
    return np.where(np.isinf(ratio), np.nan, ratio)


def _performance(
    X: Floats, risk: RiskSets, path: CoxnetPath, cv: CrossValidation, eta_clinical: Floats
) -> pd.DataFrame:
    """Concordance of the gene models and of the clinical-only model, apparent and out of fold."""
    apparent = {
        "genes_min": X @ path.coef[cv.index_min], "genes_1se": X @ path.coef[cv.index_1se], "clinical": eta_clinical,
    }  # fmt: skip
    left_out = {"genes_min": cv.eta_min, "genes_1se": cv.eta_1se, "clinical": cv.eta_null}
    deviance = {
        "genes_min": cv.deviance[:, cv.index_min], "genes_1se": cv.deviance[:, cv.index_1se],
        "clinical": cv.null_deviance,
    }  # fmt: skip
    fitted_to = "patients the model was fitted to: optimistic"
    rows: list[tuple[str, str, float, str]] = []
    out_of_fold = {name: np.array([count_concordance(e, risk).value for e in etas]) for name, etas in left_out.items()}
    for name, eta in apparent.items():
        rows.append(("harrell_c_apparent", name, count_concordance(eta, risk).value, fitted_to))
    for name, values in out_of_fold.items():
        rows.append(("harrell_c_out_of_fold", name, values.mean(), _spread(values, chosen=name != "clinical")))
    for name in ("genes_min", "genes_1se"):
        delta = out_of_fold[name] - out_of_fold["clinical"]
        rows.append(("delta_c_out_of_fold", name, delta.mean(), f"less the clinical model; {_spread(delta)}"))
    for name, eta in apparent.items():
        value, note = estimate_uno_c(eta, risk)
        rows.append(("uno_c_apparent", name, value, note if np.isnan(value) else f"{note}; {fitted_to}"))
    for name, values in deviance.items():
        note = f"per event, {cv.criterion}; {_spread(values, chosen=name != 'clinical')}"
        rows.append(("cv_deviance", name, values.mean(), note))
    table = pd.DataFrame(rows, columns=["metric", "model", "value", "note"])
    table.insert(3, "status", np.where(table["value"].isna(), "not_available", "ok"))
    return table.astype({"metric": "string", "model": "string", "status": "string", "note": "string"})


def _spread(values: Floats, *, chosen: bool = True) -> str:
    """Say over how many repeats a mean was taken and how they scatter."""
    text = f"mean of {len(values)} repeats"
    text += f", between-repeat SD {values.std(ddof=1):.4f}" if len(values) > 1 else ""
    return text + ("; the penalty was chosen on the same folds" if chosen else "")


def _verdict(path: CoxnetPath, cv: CrossValidation, penalised: NDArray[np.bool_], performance: pd.DataFrame) -> str:
    """Say whether alterations improved prediction over the clinical covariates."""
    if not penalised.any():
        return "no alteration could be tested: the model holds the clinical covariates only"
    kept = int(np.count_nonzero(path.coef[cv.index_1se, penalised]))
    within = cv.null_deviance.mean() <= cv.mean[cv.index_min] + cv.se[cv.index_min]
    if kept == 0 or (path.alpha == 0 and within):
        return NO_IMPROVEMENT
    c = performance[performance["metric"] == "harrell_c_out_of_fold"].set_index("model")["value"]
    counted = f"{kept} alterations" if kept > 1 else "1 alteration"
    counted += " (ridge, none selected)" if path.alpha == 0 else ""
    text = f"out-of-fold C {c['genes_1se']:.3f}, clinical covariates alone {c['clinical']:.3f}"
    if c["genes_1se"] <= c["clinical"]:
        return f"{counted} entered the model but did not predict better than clinical covariates ({text})"
    return f"{counted} entered the model at the 1-SE penalty ({text})"


def _coefficients(data: _Data, path: CoxnetPath, cv: CrossValidation, penalised: NDArray[np.bool_]) -> pd.DataFrame:
    """Coefficients at both penalties, on the scale of the columns as given."""
    genes = data.genes.columns
    unit = np.concatenate([data.sd.to_numpy(float), np.ones(len(genes))])
    blank = np.full(len(genes), np.nan)
    table = pd.DataFrame({"term": pd.array([*data.covariates.columns, *genes], dtype="string"), "penalised": penalised})
    table["n_altered"] = pd.array([*[pd.NA] * len(data.sd), *data.genes.sum().astype(int)], dtype="Int64")
    table["mean"] = np.concatenate([data.mean.to_numpy(float), blank])
    table["sd"] = np.concatenate([data.sd.to_numpy(float), blank])
    table["coef_min"], table["coef_1se"] = path.coef[cv.index_min] / unit, path.coef[cv.index_1se] / unit
    for name in ("min", "1se"):
        table[f"hr_{name}"] = _hazard_ratio(table[f"coef_{name}"].to_numpy())
    return table


def _path_table(data: _Data, path: CoxnetPath) -> pd.DataFrame:
    """Non-zero coefficients along the path."""
    unit = np.concatenate([data.sd.to_numpy(float), np.ones(data.genes.shape[1])])
    names = pd.array([*data.covariates.columns, *data.genes.columns], dtype="string")
    i, j = np.nonzero(path.coef)
    return pd.DataFrame({"lambda": path.lambdas[i], "term": names[j], "coef": path.coef[i, j] / unit[j]})


def _cv_table(path: CoxnetPath, cv: CrossValidation, penalised: NDArray[np.bool_]) -> pd.DataFrame:
    """Cross-validated deviance of each penalty."""
    table = pd.DataFrame({"lambda": cv.lambdas, "mean": cv.mean, "se": cv.se})
    table["n_nonzero"] = np.count_nonzero(path.coef[:, penalised], axis=1)
    table["deviance_ratio"], table["kkt"] = path.deviance_ratio, path.kkt
    table["choice"] = pd.array([""] * len(table), dtype="string")
    table.loc[cv.index_min, "choice"] = "min"
    table.loc[cv.index_1se, "choice"] = "min;1se" if cv.index_1se == cv.index_min else "1se"
    return table


def _baseline(data: _Data, X: Floats, risk: RiskSets, path: CoxnetPath, cv: CrossValidation) -> pd.DataFrame:
    """Breslow cumulative baseline hazards of the two models, one row per stratum and event time."""
    labels = np.unique(data.outcome["stratum"].to_numpy(str))
    table = pd.DataFrame({"stratum": pd.array(labels[risk.slot_stratum], dtype="string"), "time_days": risk.slot_time})
    table["n_at_risk"], table["n_events"] = risk.n_at_risk.astype(int), risk.n_events.astype(int)
    for name, index in (("cumhaz_min", cv.index_min), ("cumhaz_1se", cv.index_1se)):
        table[name] = breslow_hazard(X @ path.coef[index], risk)
    return table


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts of plain Python values, missing as None."""
    plain = table.astype("object").where(table.notna(), None)
    return [
        {str(name): value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
        for row in plain.to_dict("records")
    ]
