"""SC14: seven patients by hand - residuals, exact p and the Firth estimate."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.firth import scan_firth
from netgen.association.firth_model import fit_firth
from netgen.association.permutation import martingale_residuals, permutation_logrank
from netgen.association.riskset import build_risk_sets

TIME = [2, 4, 5, 3, 6, 8, 9, 10]
EVENT = [1, 1, 1, 1, 1, 0, 1, 0]
ALTERED = [1, 1, 1, 0, 0, 0, 0, 0]


def test_sc14_martingale_residuals() -> None:
    residuals = martingale_residuals(build_risk_sets(TIME, EVENT))
    # order of the scenario: altered first, each group by time
    want = [0.875, 0.565476, 0.365476, 0.732143, 0.115476, -0.884524, -0.384524, -1.384524]
    np.testing.assert_allclose(residuals, want, atol=5e-7)
    assert residuals.sum() == pytest.approx(0, abs=1e-12)
    assert residuals[:3].sum() == pytest.approx(1.805952, abs=5e-7)  # O - E


def test_sc14_exact_p() -> None:
    test = permutation_logrank(martingale_residuals(build_risk_sets(TIME, EVENT)), ALTERED, seed=1)
    assert (test.method, test.n_permutations) == ("exact", 56)
    assert test.p == pytest.approx(6 / 56, abs=1e-12)
    assert test.statistic == pytest.approx(1.805952, abs=5e-7)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_sc14_firth(ties: str) -> None:
    scan = scan_firth(build_risk_sets(TIME, EVENT), np.array([ALTERED], dtype=np.int8), ties=ties)
    assert (scan.coef[0], scan.p[0]) == pytest.approx((1.752751, 0.061427), abs=1e-6)
    assert scan.hr_lo[0] == pytest.approx(0.919404, abs=1e-6)
    assert scan.hr_hi[0] == pytest.approx(60.854597, abs=1e-5)
    fit = fit_firth(np.array([ALTERED]).T, TIME, EVENT, ties=ties)
    assert (fit.coef[0], fit.p[0]) == pytest.approx((1.752751, 0.061427), abs=1e-6)
