"""What the penalised model leaves out, and why; covariates as columns; wrong input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from netgen.association.penalised import fit_penalised
from tests.association.penalised_cases import GENES, QUICK, fit_golden, simulate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def golden(reference: Path) -> pd.DataFrame:
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv").set_index("patient_id")
    table.index = table.index.astype("string")
    return table


# ---------------------------------------------------------------- attrition


def test_fit_penalised__lists_features_it_left_out(golden):
    lost = fit_golden(golden).lost_features
    expected = [["DAXX", "low_coverage", 23, 2], ["RB1", "too_few_altered", 34, 2], ["TSC2", "low_coverage", 23, 9]]
    assert lost.to_numpy().tolist() == expected
    assert lost.columns.tolist() == ["feature", "reason", "n_profiled", "n_altered"]


def test_fit_penalised__lists_patients_it_left_out():
    clinical, genes = simulate(2, 60, 4)
    clinical["entry"] = 0.0
    clinical["site"] = pd.Series(["a", "b"] * 30, index=clinical.index, dtype="string")
    clinical.loc["S001", "time"] = np.nan
    clinical.loc["S002", "time"] = 0.0
    clinical.loc["S003", "entry"] = clinical.loc["S003", "time"]
    clinical.loc["S004", "site"] = pd.NA
    clinical.loc["S005", "age"] = np.nan
    genes.loc["S006", "G001"] = pd.NA
    genes = genes.drop(index="S007")  # nothing known about this patient's genes
    model = fit_penalised(
        clinical["time"], clinical["event"], genes, covariates=clinical[["age"]], strata=clinical["site"],
        entry=clinical["entry"], **QUICK,
    )  # fmt: skip
    assert model.lost_patients.to_numpy().tolist() == [
        ["S001", "no_outcome"], ["S002", "time_not_positive"], ["S003", "entry_after_exit"],
        ["S004", "stratum_missing"], ["S005", "covariate_missing"], ["S006", "not_profiled"],
        ["S007", "not_profiled"],
    ]  # fmt: skip
    assert model.n == 53
    assert model.to_dict()["lost_patients"]["not_profiled"] == 2


def test_fit_penalised__genes_are_judged_again_on_complete_patients():
    clinical, genes = simulate(3, 60, 3)
    genes["G002"] = pd.array([1] * 4 + [0] * 56, dtype="Int8")
    genes.loc[["S000", "S001"], "G001"] = pd.NA  # takes two of the four altered patients away
    genes["WT"] = pd.array([0] * 60, dtype="Int8")
    genes["ALL"] = pd.array([1] * 60, dtype="Int8")
    genes["MOST"] = pd.array([0] * 2 + [1] * 58, dtype="Int8")
    genes["NEVER"] = pd.array([pd.NA] * 60, dtype="Int8")
    genes["HALF"] = pd.array([pd.NA, 1] * 30, dtype="Int8")
    model = fit_penalised(clinical["time"], clinical["event"], genes, **QUICK)
    lost = model.lost_features.set_index("feature")
    assert lost["reason"].to_dict() == {
        "ALL": "all_altered", "G002": "too_few_altered", "HALF": "low_coverage", "MOST": "too_few_unaltered",
        "NEVER": "not_profiled", "WT": "too_few_altered",
    }  # fmt: skip
    assert lost.loc["G002", ["n_profiled", "n_altered"]].tolist() == [58, 2]
    assert model.n == 58


def test_fit_penalised__four_fifths_profiled_is_enough():
    clinical, genes = simulate(4, 50, 3)
    genes.loc[genes.index[:10], "G001"] = pd.NA
    genes.loc[genes.index[:11], "G002"] = pd.NA
    model = fit_penalised(clinical["time"], clinical["event"], genes, **QUICK)
    assert model.lost_features["feature"].tolist() == ["G002"]
    assert model.n == 40


def test_fit_penalised__text_becomes_one_column_per_level_but_the_first(golden):
    model = fit_golden(golden, covariates=golden[["ki67_pct", "sex", "origin"]].astype({"origin": "string"}))
    terms = model.coefficients.loc[~model.coefficients["penalised"], "term"]
    assert terms.tolist() == ["ki67_pct", "sex=M", "origin=lung", "origin=thymic"]
    assert model.clinical["term"].tolist() == terms.tolist()


def test_fit_penalised__drops_covariates_that_strata_determine(golden):
    covariates = golden[["ki67_pct", "origin"]].assign(twice=golden["ki67_pct"] * 2 + 1, one=1)
    model = fit_golden(golden, covariates=covariates, strata=golden["origin"])
    assert model.clinical["term"].tolist() == ["ki67_pct"]
    expected = "Covariates without information of their own were left out: origin=lung, origin=thymic, twice, one."
    assert expected in model.notes


def test_fit_penalised__refuses_features_that_are_not_binary(golden):
    with pytest.raises(ValueError, match=r"1 \(altered\), 0 \(wild type\) or NA"):
        fit_penalised(golden["os_days"], golden["os_event"] == 1, golden[["ki67_pct"]], **QUICK)


def test_fit_penalised__refuses_a_patient_twice(golden):
    twice = pd.concat([golden, golden.iloc[:1]])
    with pytest.raises(ValueError, match="one row per patient_id"):
        fit_penalised(golden["os_days"], golden["os_event"] == 1, twice[GENES].astype("Int8"), **QUICK)


def test_fit_penalised__refuses_a_gene_twice(golden):
    twice = golden[["TP53", "ATRX", "TP53"]].astype("Int8")
    with pytest.raises(ValueError, match="one column per gene"):
        fit_penalised(golden["os_days"], golden["os_event"] == 1, twice, **QUICK)
