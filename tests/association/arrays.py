"""An analysis set made from plain columns, for tests of what stands behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from netgen.association.analysis_set import AnalysisSet


def array_set(
    time, event, genes: pd.DataFrame, *, entry=None, strata=None, covariates=None, patients=None
) -> AnalysisSet:
    """Return the analysis set of patients with genes 0/1/NA in columns, in the order given."""
    n = len(genes)
    names = [f"P{i:05d}" for i in range(n)] if patients is None else patients
    return AnalysisSet(
        patient_id=pd.Index(names, dtype="string"),
        time=np.asarray(time, dtype=float),
        event=np.asarray(event, dtype=bool),
        entry=None if entry is None else np.asarray(entry, dtype=float),
        strata=None if strata is None else np.asarray(strata).astype(str),
        strata_name="none" if strata is None else "origin",
        origin=None,
        covariates=None if covariates is None else pd.DataFrame(covariates),
        genes=genes.fillna(-1).to_numpy().T.astype(np.int8),
        features=pd.Index(genes.columns, dtype="string"),
        feature_type="any_nonsyn",
        endpoint="os",
        line=None,
        origin_time="advanced",
        entry_rule="none" if entry is None else "sequencing_report",
        excluded=pd.DataFrame(columns=["patient_id", "endpoint", "reason"]),
    )
