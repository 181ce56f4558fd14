"""SC13: none of the carriers died. Maximum likelihood has no estimate; Firth and the exact test do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from netgen.association.cox import scan_cox
from netgen.association.firth import scan_firth
from netgen.association.imbalance import check_imbalance
from netgen.association.logrank import scan_logrank
from netgen.association.permutation import scan_permutation
from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def linear(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


def test_sc13_golden_setd2(linear: pd.DataFrame) -> None:
    time, event, genes = linear["os_days"], linear["os_event"] == 1, linear[["SETD2"]].T.to_numpy().astype(np.int8)
    risk, stratified = build_risk_sets(time, event), build_risk_sets(time, event, strata=linear["origin"])

    cox = scan_cox(risk, genes)
    assert cox.status.tolist() == ["monotone_minus"]
    assert np.isnan([cox.coef[0], cox.se[0], cox.wald_p[0]]).all()  # never printed

    breslow = scan_firth(risk, genes, ties="breslow")
    assert breslow.coef[0] == pytest.approx(-2.861092, abs=1e-6)
    assert breslow.hr[0] == pytest.approx(0.0572, abs=5e-5)
    assert breslow.hr_hi[0] == pytest.approx(0.477274, abs=5e-7)
    assert breslow.hr_lo[0] == pytest.approx(0.000434, abs=1e-6)  # the profile equation gives 0.00043453
    assert (breslow.plr_chi2[0], breslow.p[0]) == pytest.approx((8.709325, 0.003166), abs=1e-6)
    efron = scan_firth(risk, genes, ties="efron")
    assert (efron.coef[0], efron.p[0]) == pytest.approx((-2.863715, 0.003103), abs=1e-6)

    plain, within = scan_permutation(risk, genes, seed=1), scan_permutation(stratified, genes, seed=1)
    assert plain.p[0] == pytest.approx(1 / 5984, abs=1e-9)
    assert (within.p[0], within.n_permutations[0]) == (pytest.approx(2 / 220, abs=1e-9), 220)
    assert scan_logrank(stratified, genes).p[0] == pytest.approx(0.031772, abs=1e-6)

    balance = check_imbalance(time, event, linear["SETD2"] == 1)
    assert balance.p_censoring == pytest.approx(0.061054, abs=1e-6)
    assert balance.imbalanced  # W_CENSORING_IMBALANCE


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_sc13_tiny(ties: str) -> None:
    risk = build_risk_sets([2, 4, 5, 7, 8, 9], [1, 1, 1, 0, 0, 0])
    genes = np.array([[1, 1, 1, 0, 0, 0]], dtype=np.int8)
    scan = scan_firth(risk, genes, ties=ties)
    assert scan.status[0] == "monotone_plus"
    assert scan.coef[0] == pytest.approx(2.565241, abs=1e-6)
    assert scan.hr_lo[0] == pytest.approx(1.16972, abs=5e-6)
    assert scan.hr_hi[0] == pytest.approx(1783.01, abs=5e-3)
    assert scan.p[0] == pytest.approx(0.035265, abs=1e-6)
    test = scan_permutation(risk, genes, seed=1)
    # all three events in the group of three, or none: 2 of C(6, 3) = 20
    assert (test.method[0], test.p[0]) == ("exact", pytest.approx(0.1))
