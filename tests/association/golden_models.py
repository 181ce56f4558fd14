"""The models of ``tests/reference``: which columns of which input each ``id`` means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from netgen.association.cox_model import CoxFit, fit_cox

if TYPE_CHECKING:
    from pathlib import Path

CELLS = ["celltypesmallcell", "celltypeadeno", "celltypelarge"]


class Model(NamedTuple):
    """Input file, columns of time and event, covariates; strata, cluster ("row" = every row its own) and entry."""

    file: str
    time: str
    event: str
    covariates: list[str]
    strata: str | None = None
    cluster: str | None = None
    entry: str | None = None


LUNG = ("lung", "time", "status", ["age", "sex", "ph.ecog"])
MODELS = {
    "lung.1": Model(*LUNG),
    "lung.2.strata_inst": Model(*LUNG, strata="inst"),
    "lung.3.robust": Model(*LUNG, cluster="row"),
    "lung.4.cluster_inst": Model(*LUNG, cluster="inst"),
    "lung.5.sex": Model("lung", "time", "status", ["sex"]),
    "veteran.1": Model("veteran", "time", "status", ["trt", *CELLS, "karno", "age", "prior"]),
    "veteran.2.strata_celltype": Model("veteran", "time", "status", ["trt", "karno"], strata="celltype"),
    "veteran.3.lt": Model("veteran_lt", "time", "status", ["trt", "karno"], strata="celltype", entry="entry"),
    "heart.1": Model("heart", "stop", "event", ["age", "year", "surgery", "transplant1"], entry="start"),
    "heart.2.cluster": Model("heart", "stop", "event", ["age", "surgery", "transplant1"], cluster="id", entry="start"),
    "heart.3.strata": Model("heart", "stop", "event", ["age", "transplant1"], strata="surgery", entry="start"),
    "pbc.1": Model("pbc_trial", "time", "death", ["age", "log(bili)", "albumin", "edema"]),
    "simA2.cluster_panel": Model(
        "simA2", "time", "event", ["G001", "age", "stage"], strata="origin", cluster="patient", entry="entry"
    ),
}


def read_input(reference: Path, name: str) -> pd.DataFrame:
    """Return one input with the derived columns that the R formulas make."""
    table = pd.read_csv(reference / "inputs" / f"{name}.csv")
    if name.startswith("veteran"):
        for column in CELLS:
            table[column] = (table["celltype"] == column.removeprefix("celltype")).astype(float)
    if name == "pbc_trial":
        table["log(bili)"], table["death"] = np.log(table["bili"]), (table["status"] == 1).astype(int)
    if name == "heart":
        table["transplant1"] = table["transplant"].astype(float)
    return table


def complete_cases(reference: Path, name: str) -> pd.DataFrame:
    """Return the rows of a model's input without missing model variables, as R drops them."""
    model = MODELS[name]
    extra = [column for column in (model.strata, model.cluster) if column not in (None, "row")]
    return read_input(reference, model.file).dropna(subset=[*model.covariates, *extra])


def fit_reference_model(reference: Path, name: str, ties: str) -> CoxFit:
    """Fit the model that ``name`` stands for."""
    model, table = MODELS[name], complete_cases(reference, name)
    cluster = (
        np.arange(len(table)) if model.cluster == "row" else None if model.cluster is None else table[model.cluster]
    )
    return fit_cox(
        table[model.covariates],
        table[model.time],
        table[model.event],
        entry=None if model.entry is None else table[model.entry],
        strata=None if model.strata is None else table[model.strata],
        cluster=cluster,
        ties=ties,
        names=model.covariates,
    )


def close(found: object, expected: object, tolerance: float) -> None:
    """Assert equality relative to ``tolerance`` (absolute below 1), missing values in the same places."""
    np.testing.assert_allclose(
        np.asarray(found, dtype=float), np.asarray(expected, dtype=float), rtol=tolerance, atol=tolerance
    )
