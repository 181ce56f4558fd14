"""The golden cohort as an analysis set, straight from its table of outcomes and genes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen.association.analysis_set import AnalysisSet

if TYPE_CHECKING:
    from pathlib import Path

GENES = ("MEN1", "DAXX", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2", "RB1")


def read_linear(reference: Path) -> pd.DataFrame:
    """Return the golden cohort as it is in the file."""
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


def analysis_of(
    table: pd.DataFrame,
    endpoint: str = "os",
    *,
    strata: bool = True,
    entry: bool = False,
    covariates: tuple[str, ...] = (),
    genes: tuple[str, ...] = GENES,
) -> AnalysisSet:
    """Return outcomes and genes of the table; ``entry``: delayed entry at sequencing, ``strata``: by origin."""
    event = table["os_event"] if endpoint == "os" else table["pfs_type"] > 0
    origin = table["origin"].to_numpy(dtype=str)
    return AnalysisSet(
        patient_id=pd.Index(table["patient_id"], dtype="string"),
        time=table[f"{endpoint}_days"].to_numpy(dtype=np.float64),
        event=event.to_numpy(dtype=bool),
        entry=table["seq_day"].to_numpy(dtype=np.float64) if entry else None,
        strata=origin if strata else None,
        strata_name="origin_group3" if strata else "none",
        origin=origin,
        covariates=table[list(covariates)].astype(float) if covariates else None,
        genes=table[list(genes)].fillna(-1).to_numpy().T.astype(np.int8),
        features=pd.Index(genes, dtype="string"),
        feature_type="any_nonsyn",
        endpoint=endpoint,
        line=None if endpoint == "os" else 1,
        origin_time="advanced" if endpoint == "os" else "line:1",
        entry_rule="sequencing_report" if entry else "none",
        excluded=pd.DataFrame({"patient_id": [], "endpoint": [], "reason": []}, dtype="string"),
    )
