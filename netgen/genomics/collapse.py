"""From samples to patients: which samples speak for a patient.

The unit of analysis is the patient. ``union`` lets every included sample speak; the other policies choose one sample
by stated criteria, so that the choice depends on no row order and on no random draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMNS: Final = ["sample_id", "patient_id", "sample_type", "date_collection", "oncotree_code"]
POLICIES: Final = ("union", "primary", "metastasis", "earliest", "latest", "largest_panel")
# Lower is better. A sample whose lesion is not stated stands between the stated ones.
_TYPE_RANK: Final[dict[str, dict[str, int]]] = {
    "primary": {"primary": 0, "local_recurrence": 1, "unknown": 2, "metastasis": 3},
    "metastasis": {"metastasis": 0, "local_recurrence": 1, "unknown": 2, "primary": 3},
}
# The order of the criteria; a policy that is about time or panel puts that one first.
_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "primary": ("oncotree", "sample_type", "time", "panel"),
    "metastasis": ("oncotree", "sample_type", "time", "panel"),
    "earliest": ("oncotree", "time", "sample_type", "panel"),
    "latest": ("oncotree", "time", "sample_type", "panel"),
    "largest_panel": ("oncotree", "panel", "sample_type", "time"),
}


def include_samples(samples: pd.DataFrame, *, patients: pd.Index, include_cfdna: bool) -> pd.DataFrame:
    """Return the samples that can speak for a patient, sorted by ``sample_id``.

    Parameters
    ----------
    samples
        Table ``samples`` of ``netgen.schema``.
    patients
        Patient ids of the analysis; samples of others are left out.
    include_cfdna
        Keep cell-free DNA. Without it such samples do not count at all.

    Returns
    -------
    DataFrame
        ``sample_id, patient_id, sample_type, date_collection, oncotree_code, negative_unknown``. Normal samples are
        left out; a sample of unstated class is a tumour. ``negative_unknown`` is True for cell-free DNA without a
        stated tumour fraction (``tumour_purity``): its negatives say nothing.
    """
    table = samples.reindex(columns=[*_COLUMNS, "sample_class", "tumour_purity"])
    cfdna = table["sample_class"].isin(["cfdna"]).to_numpy(dtype=bool)
    keep = table["patient_id"].isin(patients).to_numpy(dtype=bool)
    keep &= ~table["sample_class"].isin(["normal"]).to_numpy(dtype=bool)
    if not include_cfdna:
        keep &= ~cfdna
    out = table[_COLUMNS].assign(negative_unknown=cfdna & table["tumour_purity"].isna().to_numpy(dtype=bool))
    return out[keep].sort_values("sample_id", kind="stable").reset_index(drop=True)


def choose_samples(
    included: pd.DataFrame,
    *,
    policy: str,
    profiled: NDArray[np.bool_],
    panel_size: NDArray[np.float64],
    oncotree: pd.Series | None = None,
) -> NDArray[np.bool_]:
    """Tell which samples speak for their patient.

    Parameters
    ----------
    included
        Result of :func:`include_samples`, n rows sorted by ``sample_id``.
    policy
        One of ``POLICIES``.
    profiled
        (n,) True where at least one data type of the feature was profiled.
    panel_size
        (n,) size of the mutation panel, any increasing measure; 0 = none.
    oncotree
        Code of each patient, indexed by ``patient_id``; None = no code is known.

    Returns
    -------
    ndarray
        (n,) True = chosen.

    Notes
    -----
    ``union`` chooses all. The other policies choose one sample per patient, the first by: profiled at all; OncoTree
    code equal to the patient's (then: one of them unknown, then: different); sample type; collection date (missing
    last); panel size; ``sample_id``. ``primary`` and ``metastasis`` prefer that lesion and fall back to the others;
    ``earliest``, ``latest`` and ``largest_panel`` put their own criterion right after the OncoTree code and prefer
    primaries afterwards.
    """
    if policy == "union" or included.empty:
        return np.ones(len(included), dtype=bool)
    keys: dict[str, NDArray[np.float64]] = {
        "oncotree": _oncotree_rank(included, oncotree),
        "sample_type": _type_rank(included["sample_type"], policy),
        "time": _time_rank(included["date_collection"], latest=policy == "latest"),
        "panel": -panel_size,
    }
    patient, _ = pd.factorize(included["patient_id"])
    criteria = [*(keys[name] for name in reversed(_ORDER[policy])), ~profiled, patient]
    order = np.lexsort(criteria)  # stable, so the last criterion is the sample_id
    chosen = np.zeros(len(included), dtype=bool)
    first = np.r_[True, patient[order][1:] != patient[order][:-1]]
    chosen[order[first]] = True
    return chosen


def _oncotree_rank(included: pd.DataFrame, oncotree: pd.Series | None) -> NDArray[np.float64]:
    if oncotree is None:
        return np.zeros(len(included))
    wanted = included["patient_id"].map(oncotree)
    unknown = (included["oncotree_code"].isna() | wanted.isna()).to_numpy(dtype=bool)
    same = (included["oncotree_code"] == wanted).fillna(value=False).to_numpy(dtype=bool)
    rank = np.full(len(included), 2.0)
    rank[unknown] = 1.0
    rank[same] = 0.0
    return rank


def _type_rank(sample_type: pd.Series, policy: str) -> NDArray[np.float64]:
    rank = _TYPE_RANK.get(policy, _TYPE_RANK["primary"])
    return np.asarray(sample_type.map(rank).fillna(rank["unknown"]), dtype=np.float64)


def _time_rank(date: pd.Series, *, latest: bool) -> NDArray[np.float64]:
    days = (pd.to_datetime(date) - pd.Timestamp(0)) / pd.Timedelta(days=1)
    values = days.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(values), np.inf, -values if latest else values)
