"""The clinical-only comparator against R, and when it has no estimate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from netgen.association.clinical_model import exponentiate
from netgen.association.cox_model import fit_cox
from netgen.association.penalised import fit_penalised
from tests.association.penalised_cases import QUICK, fit_golden, simulate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def golden(reference: Path) -> pd.DataFrame:
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv").set_index("patient_id")
    table.index = table.index.astype("string")
    return table


@pytest.mark.parametrize(
    ("roles", "c", "estimates"),
    [({}, 0.658696, None), ({"entry": "seq_day"}, 0.694539, None),
     ({"strata": "origin"}, 0.647260, [[0.630864, 0.488423], [0.142607, 0.245135]])],
)  # fmt: skip
def test_fit_penalised__clinical_model_equals_coxph(golden, roles, c, estimates):
    covariates = pd.DataFrame({"TP53": golden["TP53"], "ki67": golden["ki67_pct"] / 10})
    roles = {name: golden[column] for name, column in roles.items()}
    model = fit_golden(golden, covariates=covariates, **roles)
    performance = model.performance.set_index(["metric", "model"])["value"]
    assert performance["harrell_c_apparent", "clinical"] == pytest.approx(c, abs=1e-6)
    if estimates is not None:
        np.testing.assert_allclose(model.clinical[["coef", "se"]], estimates, atol=1e-6)
        assert model.clinical["hr_lo"].iloc[0] == pytest.approx(np.exp(0.630864 - 1.959964 * 0.488423), abs=1e-5)


def test_fit_penalised__without_covariates_compares_with_an_empty_model(golden):
    model = fit_golden(golden, covariates=None)
    assert model.clinical.empty
    assert "No clinical covariate was given: the comparator is a model without any." in model.notes
    c = model.performance.set_index(["metric", "model"])["value"]
    assert c["harrell_c_apparent", "clinical"] == 0.5
    assert c["harrell_c_out_of_fold", "clinical"] == 0.5


def test_fit_penalised__says_when_the_clinical_model_is_monotone():
    clinical, genes = simulate(10, 60, 3)
    clinical["spared"] = (~clinical["event"]) & (np.arange(60) < 40)
    model = fit_penalised(clinical["time"], clinical["event"], genes, covariates=clinical[["spared"]], **QUICK)
    assert "Clinical-only model: no finite estimate for spared, all events are on one side." in model.notes
    assert model.clinical[["coef", "se", "hr", "hr_lo", "hr_hi", "p"]].isna().all(axis=None)
    json.dumps(model.to_dict(), allow_nan=False)


def test_exponentiate__is_nan_where_the_ratio_cannot_be_written_down():
    np.testing.assert_array_equal(
        exponentiate(np.array([0.0, np.log(2), 1e4, -1e4, np.nan])), [1, 2, np.nan, 0, np.nan]
    )


def test_fit_penalised__estimates_the_other_covariates_of_a_monotone_clinical_model():
    # patients who can never fail weigh nothing in any risk set: the others decide about age
    clinical, genes = simulate(10, 60, 3)
    clinical["spared"] = (~clinical["event"]) & (np.arange(60) < 40)
    columns = clinical[["age", "spared"]]
    model = fit_penalised(clinical["time"], clinical["event"], genes, covariates=columns, **QUICK)
    table = model.clinical.set_index("term")
    rest = clinical[~clinical["spared"]]
    fit = fit_cox(rest["age"], rest["time"], rest["event"])
    assert np.isnan(table.loc["spared", "coef"])
    assert (table.loc["age", "coef"], table.loc["age", "se"]) == pytest.approx((fit.coef[0], fit.se[0]), rel=1e-4)
    assert table.loc["age", "p"] == pytest.approx(fit.wald_p, rel=1e-3)
