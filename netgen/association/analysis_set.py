"""The analysis set: outcomes, strata, covariates and genes of the same patients in the same order.

Tables meet here on ``patient_id``, once. Everything behind this point works on arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.clinical.endpoints import Endpoint
    from netgen.genomics.matrix import AlterationMatrix

UNKNOWN = "unknown"
SAME = 1e-9  # share of its spread below which a covariate is a combination of the others, up to rounding


@dataclass(frozen=True, kw_only=True)
class AnalysisSet:
    """Arrays of n patients (sorted by ``patient_id``) and m features.

    Attributes
    ----------
    patient_id
        (n,) identifiers.
    time, event
        (n,) days and True/False.
    entry
        (n,) days of delayed entry, -inf from the origin; None if nobody enters late.
    strata
        (n,) labels of the stratification, or None.
    strata_name
        The variable, or "none".
    origin
        (n,) labels across which effects are compared, or None.
    covariates
        (n, c) numeric columns to adjust for, or None; categories as 0/1 columns without the first level.
    genes
        (m, n) 1 altered, 0 wild type, -1 not profiled.
    features, feature_type
        (m,) names and their common definition.
    endpoint, line, origin_time, entry_rule
        Of the endpoint.
    excluded
        patient_id, endpoint, reason: patients of the endpoint left out here.
    label
        Which patients: "all", or "landmark:<days>".
    """

    patient_id: pd.Index
    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    entry: NDArray[np.float64] | None
    strata: NDArray[np.str_] | None
    strata_name: str
    origin: NDArray[np.str_] | None
    covariates: pd.DataFrame | None
    genes: NDArray[np.int8]
    features: pd.Index
    feature_type: str
    endpoint: str
    line: int | None
    origin_time: str
    entry_rule: str
    excluded: pd.DataFrame
    label: str = "all"

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.time)

    @property
    def events(self) -> int:
        """Number of events."""
        return int(self.event.sum())

    @property
    def stratum(self) -> NDArray[np.intp] | None:
        """(n,) strata numbered by their first patient, so that no result depends on what they are called."""
        return None if self.strata is None else pd.factorize(self.strata)[0]


def build_analysis_set(
    endpoint: Endpoint,
    patients: pd.DataFrame,
    matrix: AlterationMatrix,
    *,
    strata: str = "none",
    origin: str = "origin_group3",
    adjust: tuple[str, ...] = (),
    label: str = "all",
) -> AnalysisSet:
    """Return the analysis set of one endpoint.

    A patient without a stratum label forms the stratum ``unknown``; one without a covariate is left out and counted
    (complete cases); one who was never sequenced stays, not profiled for every feature.

    Parameters
    ----------
    endpoint
        One row per patient with follow-up.
    patients
        Patient table with the strata and covariate columns.
    matrix
        Alterations.
    strata
        Column whose values stratify, or "none".
    origin
        Column whose groups are compared; ignored where it is absent or has one value.
    adjust
        Covariate columns.
    label
        Name of the set.

    Returns
    -------
    AnalysisSet
        Sorted by ``patient_id``.

    Raises
    ------
    AnalysisError
        ``E_CONFIG`` if a named column does not exist, or a covariate is the same in everybody or follows from the
        strata and the other covariates.
    """
    table = endpoint.table.sort_values("patient_id", kind="stable").reset_index(drop=True)
    rows = patients.set_index("patient_id").reindex(table["patient_id"])
    labels = None if strata == "none" else _labels(rows, strata)
    covariates, complete = _covariates(rows, adjust, labels)
    excluded = pd.DataFrame(
        {
            "patient_id": table.loc[~complete, "patient_id"].astype("string"),
            "endpoint": endpoint.name,
            "reason": "covariate_missing",
        }
    ).reset_index(drop=True)
    table, rows = table.loc[complete].reset_index(drop=True), rows.loc[complete]
    labels = None if labels is None else _several(labels[complete])
    entry = table["entry_days"].to_numpy(dtype=np.float64)
    late = np.isfinite(entry)
    return AnalysisSet(
        patient_id=pd.Index(table["patient_id"], dtype="string"),
        time=table["time_days"].to_numpy(dtype=np.float64),
        event=table["event"].to_numpy(dtype=bool),
        entry=np.where(late, entry, -np.inf) if late.any() else None,
        strata=labels,
        strata_name="none" if labels is None else strata,
        origin=_several(_labels(rows, origin)) if origin in rows.columns else None,
        covariates=covariates,
        genes=_align(matrix, table["patient_id"]),
        features=matrix.features,
        feature_type=matrix.feature_type,
        endpoint=endpoint.name,
        line=endpoint.line,
        origin_time=endpoint.origin,
        entry_rule=endpoint.entry_rule,
        excluded=excluded,
        label=label,
    )


def _labels(rows: pd.DataFrame, column: str) -> NDArray[np.str_]:
    if column not in rows.columns:
        raise AnalysisError(
            "E_CONFIG",
            f"strata need a patient column; {column!r} is not one.",
            fix=f"Use none or one of {_usable(rows)}.",
        )
    return rows[column].astype("string").fillna(UNKNOWN).to_numpy(dtype=str)


def _usable(rows: pd.DataFrame) -> str:
    """Name the columns that hold anything a model could use."""
    names = [str(name) for name in rows.columns if rows[name].notna().any()]
    return ", ".join(name for name in names if not name.endswith("_precision") and name not in {"file", "row"})


def _several(labels: NDArray[np.str_]) -> NDArray[np.str_] | None:
    """Labels with one value only stratify nothing."""
    return labels if len(np.unique(labels)) > 1 else None


def _align(matrix: AlterationMatrix, patient_id: pd.Series) -> NDArray[np.int8]:
    """Columns of the matrix in the order of the patients; -1 for those it does not hold."""
    place = matrix.patients.get_indexer(pd.Index(patient_id, dtype="string"))
    genes = np.take(matrix.status, np.maximum(place, 0), axis=1)
    genes[:, place < 0] = -1
    return genes


def _covariates(
    rows: pd.DataFrame, adjust: tuple[str, ...], strata: NDArray[np.str_] | None
) -> tuple[pd.DataFrame | None, NDArray[np.bool_]]:
    """Numeric design columns of the patients who have all covariates, and who these are.

    Categories give one 0/1 column per level but the first; a level that none of these patients has gives none, and
    neither does one that the strata and the columns before it determine.
    """
    for name in adjust:
        if name not in rows.columns:
            raise AnalysisError(
                "E_CONFIG",
                f"adjust needs a patient column; {name!r} is not one.",
                fix=f"Use some of {_usable(rows)}.",
            )
    complete = rows[list(adjust)].notna().all(axis=1).to_numpy(dtype=bool)
    if not adjust:
        return None, complete
    parts = [_design(rows.loc[complete, name]) for name in adjust]
    design = pd.concat(parts, axis=1).reset_index(drop=True)
    adds = _adds(design.to_numpy(), None if strata is None else strata[complete])
    for name, own in zip(adjust, np.split(adds, np.cumsum([part.shape[1] for part in parts])[:-1]), strict=True):
        if not own.any():
            raise AnalysisError(
                "E_CONFIG",
                f"adjust gains nothing from {name!r}: the strata and the other covariates determine it.",
                fix="Leave it out.",
            )
    return design.loc[:, adds], complete


def _adds(columns: NDArray[np.float64], strata: NDArray[np.str_] | None) -> NDArray[np.bool_]:
    """Tell which columns differ within strata from every combination of the columns before them.

    As many columns as patients always follow from each other: too few patients are for the models to tell.
    """
    group = np.zeros(len(columns), dtype=np.intp) if strata is None else pd.factorize(strata)[0]
    if columns.shape[1] >= len(columns) - len(np.unique(group)):
        return np.ones(columns.shape[1], dtype=bool)
    within = columns - pd.DataFrame(columns).groupby(group).transform("mean").to_numpy()
    basis = np.zeros((len(columns), 0))
    adds = np.zeros(columns.shape[1], dtype=bool)
    for j, column in enumerate(within.T):
        rest = column - basis @ (basis.T @ column)
        size = np.linalg.norm(rest)
        adds[j] = size > SAME * np.linalg.norm(columns[:, j] - columns[:, j].mean())
        if adds[j] and size:
            basis = np.column_stack([basis, rest / size])
    return adds


def _design(values: pd.Series) -> pd.DataFrame:
    if values.nunique() == 1:
        raise AnalysisError(
            "E_CONFIG",
            f"adjust needs a column that varies; {values.name!r} is {values.iloc[0]} in all {len(values)} patients.",
            fix="Leave it out.",
        )
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return values.astype("Float64").astype("float64").to_frame()
    return pd.get_dummies(values.astype("string"), prefix=str(values.name), drop_first=True, dtype=float)
