"""SC11: one origin without events keeps its row and takes no part in the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from netgen.association.cox import scan_cox
from netgen.association.heterogeneity import heterogeneity
from netgen.association.logrank import logrank_test
from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def cohort(reference: Path) -> pd.DataFrame:
    linear = pd.read_csv(reference / "inputs" / "linear_syn34.csv")
    return linear.assign(os_event=linear["os_event"].where(linear["origin"] != "thymic", 0))


def test_sc11_heterogeneity_on_two_origins(cohort: pd.DataFrame) -> None:
    result = heterogeneity(
        cohort["os_days"], cohort["os_event"] == 1, cohort["MEN1"] == 1, cohort["origin"], method="ml"
    )
    thymic = result.table.set_index("origin").loc["thymic"]
    assert (thymic["status"], thymic["n"], thymic["n_altered"]) == ("no_events", 8, 2)
    assert not thymic["estimable"]
    assert result.n_estimable == 2
    assert (result.df, result.lr_chi2) == (1, pytest.approx(3.188009, abs=1e-6))
    assert result.p == pytest.approx(0.074180, abs=1e-6)
    assert (result.q, result.q_p) == pytest.approx((3.082434, 0.079142), abs=1e-6)
    assert result.i2 == pytest.approx(0.676, abs=5e-4)


@pytest.mark.parametrize("without_thymic", [True, False])
def test_sc11_stratified_effect_does_not_see_the_origin(cohort: pd.DataFrame, without_thymic: bool) -> None:
    rows = cohort[cohort["origin"] != "thymic"] if without_thymic else cohort
    risk = build_risk_sets(rows["os_days"], rows["os_event"] == 1, strata=rows["origin"])
    scan = scan_cox(risk, rows[["MEN1"]].T.to_numpy().astype(np.int8))
    assert (scan.coef[0], scan.se[0]) == pytest.approx((-0.524732, 0.575506), abs=1e-6)


def test_sc11_group_test(cohort: pd.DataFrame) -> None:
    test = logrank_test(cohort["os_days"], cohort["os_event"] == 1, cohort["origin"])
    assert (test.chi2, test.df) == (pytest.approx(3.022531, abs=1e-6), 2)


def test_sc11_no_events_at_all(cohort: pd.DataFrame) -> None:
    result = heterogeneity(cohort["os_days"], np.zeros(len(cohort), dtype=bool), cohort["MEN1"] == 1, cohort["origin"])
    assert set(result.table["status"]) == {"no_events"}
    assert np.isnan([result.p, result.q_p, result.beta]).all()
