"""What a penalised model is fitted to: complete patients, usable alterations, and a reason for everything left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.riskset import RiskSets

    Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ModelData:
    """Complete rows, sorted by patient.

    Attributes
    ----------
    outcome
        time (days), event, entry (-inf where there is none), stratum, fold (label to spread over folds).
    covariates
        Centred, SD 1.
    mean, sd
        What the covariates were.
    genes
        1 altered, 0 wild type.
    lost_patients, lost_features
        patient_id, reason; and feature, reason, n_profiled, n_altered.
    notes
        What a reader must know of the covariates.
    """

    outcome: pd.DataFrame
    covariates: pd.DataFrame
    mean: pd.Series[Any]
    sd: pd.Series[Any]
    genes: pd.DataFrame
    lost_patients: pd.DataFrame
    lost_features: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def terms(self) -> list[str]:
        """Names of the columns: covariates, then genes."""
        return [*self.covariates.columns, *self.genes.columns]

    @property
    def unit(self) -> Floats:
        """What a coefficient is divided by to be per unit of the column as given."""
        return np.concatenate([self.sd.to_numpy(float), np.ones(self.genes.shape[1])])

    @property
    def penalised(self) -> NDArray[np.bool_]:
        """True for columns that are penalised: the genes."""
        return np.arange(len(self.terms)) >= self.covariates.shape[1]

    @property
    def n_events(self) -> int:
        """Events among the complete patients."""
        return int(self.outcome["event"].sum())

    def to_matrix(self) -> Floats:
        """Return covariates and genes side by side.

        Returns
        -------
        NDArray[np.float64]
            Patients x terms.
        """
        return np.hstack([self.covariates.to_numpy(float), self.genes.to_numpy(float)])

    def to_risk_sets(self) -> RiskSets:
        """Return the outcome as risk sets.

        Returns
        -------
        RiskSets
            Patients in the same order.
        """
        table = self.outcome
        event, strata = table["event"].to_numpy(bool), table["stratum"].to_numpy(str)
        return build_risk_sets(table["time"], event, entry=table["entry"], strata=strata)


def gather_outcome(
    time: pd.Series[Any],
    event: pd.Series[Any],
    entry: pd.Series[Any] | None,
    strata: pd.Series[Any] | None,
    fold_strata: pd.Series[Any] | None,
) -> pd.DataFrame:
    """Return the outcome of every patient in the order of their ids, with the reason for leaving one out.

    Parameters
    ----------
    time
        Days from the origin to the event or censoring, by patient.
    event
        True if the event happened.
    entry
        Days from the origin to the start of observation; None = no delayed entry.
    strata
        Labels with their own baseline hazard; None = one stratum.
    fold_strata
        Labels to spread evenly over folds; None = ``strata``.

    Returns
    -------
    pd.DataFrame
        Indexed by patient_id: time, event, entry, stratum, fold, reason (empty = usable).

    Raises
    ------
    ValueError
        If an index repeats a patient.
    """
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


def prepare_data(
    outcome: pd.DataFrame,
    features: pd.DataFrame,
    covariates: pd.DataFrame | None,
    min_altered: int,
    min_profiled: float,
) -> ModelData:
    """Return complete rows: nothing is imputed, and what is left out keeps a reason.

    Parameters
    ----------
    outcome
        From ``gather_outcome``.
    features
        Patients x genes: 1 altered, 0 wild type, NA not profiled.
    covariates
        Numbers, truth values or text; None = no covariates.
    min_altered
        Fewest altered, and fewest unaltered, patients of a gene.
    min_profiled
        Smallest share of patients in whom a gene must be profiled.

    Returns
    -------
    ModelData
        Rows sorted by patient, genes by name.

    Raises
    ------
    ValueError
        If an index repeats a patient, a gene has two columns, or a feature holds something else than 0, 1 and NA.

    Notes
    -----
    Left out in this order: patients without outcome or covariates, genes, patients with a gap in the genes left, and
    genes again, judged on the patients left.
    """
    clinical = pd.DataFrame(index=outcome.index) if covariates is None else _match(covariates, outcome.index)
    genes = _match(features, outcome.index)[sorted(features.columns)]
    if not features.columns.is_unique:
        raise ValueError("features must have one column per gene")
    if not (genes.isna() | genes.isin([0, 1])).to_numpy().all():
        raise ValueError("features must hold 1 (altered), 0 (wild type) or NA (not profiled)")
    genes = genes.astype("Int8")  # a byte per cell: of a large cohort this table is most of the memory
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
    return ModelData(
        outcome=outcome[rows],
        covariates=(encoded - mean) / sd,
        mean=mean,
        sd=sd,
        genes=genes[rows].astype("int8"),
        lost_patients=reason[~rows].astype("string").rename_axis("patient_id").reset_index(),
        lost_features=pd.concat(lost).sort_index().rename_axis("feature").reset_index(),
        notes=notes,
    )


def _match(table: Any, index: pd.Index) -> Any:  # noqa: ANN401  # a Series or a DataFrame, returned as it came
    """Rows of the given patients, NA where there are none."""
    keyed = table.set_axis(table.index.astype("string"), axis=0)
    if not keyed.index.is_unique or not index.is_unique:
        raise ValueError("every table must have one row per patient_id")
    return keyed.reindex(index)


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
