"""Values per patient that an oncoprint shows beside its cells: columns, endpoints, allele fractions, burden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Column = pd.api.extensions.ExtensionArray | NDArray[np.float64]

VAF: Final = "vaf"
BURDEN: Final = "tmb_per_mb"  # mutations per Mb, NaN = none that can be trusted


def track_columns(
    table: pd.DataFrame,
    tracks: Sequence[str],
    endpoints: Mapping[str, pd.DataFrame],
    detail: pd.DataFrame,
) -> dict[str, Column]:
    """Return the columns behind the tracks.

    Parameters
    ----------
    table
        One row per patient, indexed by ``patient_id``.
    tracks
        A column of ``table``, an endpoint, ``vaf`` (median over the alterations drawn) or ``vaf:GENE`` (of one gene).
    endpoints
        Name -> table with ``patient_id, time_days, event``.
    detail
        Alterations behind the rows that are drawn: ``patient_id, sample_id, gene, label, vaf``.

    Returns
    -------
    dict
        Name -> values in the order of ``table``; ``os`` gives ``os_days`` and ``os_event``.

    Raises
    ------
    AnalysisError
        ``E_CONFIG`` for a track that is none of these, or holds dates.
    """
    columns: dict[str, Column] = {}
    for name in tracks:
        if name in endpoints:
            own = endpoints[name].drop_duplicates("patient_id").set_index("patient_id").reindex(table.index)
            columns[f"{name}_days"] = own["time_days"].array
            columns[f"{name}_event"] = own["event"].astype("boolean").array
        elif name in table.columns and not pd.api.types.is_datetime64_any_dtype(table[name]):
            columns[name] = table[name].array
        elif name == VAF or name.startswith(f"{VAF}:"):
            columns[name] = median_vaf(detail, table.index, name.partition(":")[2]).to_numpy()
        else:
            _refuse(table, name, endpoints)
    return columns


def median_vaf(detail: pd.DataFrame, patients: pd.Index, gene: str = "") -> pd.Series:
    """Return the median variant allele fraction of the alterations of each patient.

    Parameters
    ----------
    detail
        ``patient_id, sample_id, gene, label, vaf``; an alteration listed twice for a sample counts once.
    patients
        Whose.
    gene
        Only alterations of this gene; blank = of all.

    Returns
    -------
    Series
        float64, indexed by ``patients``; NaN without an alteration that has one.

    Raises
    ------
    AnalysisError
        ``E_CONFIG`` if the gene is not among the alterations.
    """
    if gene and gene not in set(detail["gene"]):
        raise AnalysisError("E_CONFIG", f"no alteration of {gene} is drawn, so there is no allele fraction of it.")
    rows = detail.loc[detail["gene"] == gene] if gene else detail
    rows = rows.drop_duplicates(["patient_id", "sample_id", "gene", "label"])
    values: pd.Series = rows["vaf"].astype("float64").groupby(rows["patient_id"].to_numpy()).median()
    return values.reindex(patients)


def burden_column(burden: pd.DataFrame | None, patients: pd.Index) -> pd.Series | None:
    """Return the mutational burden of each patient.

    Parameters
    ----------
    burden
        ``patient_id, tmb`` (mutations per Mb, NaN = not to be trusted); None = none is wanted.
    patients
        Whose.

    Returns
    -------
    Series or None
        float64, indexed by ``patients``; None if nobody has one.
    """
    if burden is None or not burden["tmb"].notna().any():
        return None
    values: pd.Series = burden.drop_duplicates("patient_id").set_index("patient_id")["tmb"].reindex(patients)
    return values.astype("float64")


def _refuse(table: pd.DataFrame, name: str, endpoints: Mapping[str, pd.DataFrame]) -> None:
    known = [str(one) for one in table if table[one].notna().any() and one not in {"file", "row"}]
    usable = [one for one in known if not pd.api.types.is_datetime64_any_dtype(table[one])]
    raise AnalysisError(
        "E_CONFIG",
        f"a track is a column of the patient table with text or numbers, an endpoint, vaf or vaf:GENE; found {name!r}.",
        fix=f"Use one of {', '.join([*endpoints, *usable])}.",
    )
