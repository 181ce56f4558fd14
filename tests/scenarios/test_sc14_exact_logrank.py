"""SC14: five of eight patients die, three of them altered; every number worked by hand (DOMAIN 6)."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.cox import scan_cox
from netgen.association.cox_model import fit_cox
from netgen.association.cox_residuals import cox_residuals
from netgen.association.km import kaplan_meier, survival_quantile
from netgen.association.logrank import logrank_test, scan_logrank
from netgen.association.partial_likelihood import build_design
from netgen.association.riskset import build_risk_sets

TIME = np.array([2, 4, 5, 3, 6, 8, 9, 10])
EVENT = np.array([1, 1, 1, 1, 1, 0, 1, 0], dtype=bool)
ALTERED = np.array([1, 1, 1, 0, 0, 0, 0, 0])
GENES = ALTERED[None, :].astype(np.int8)


def test_sc14_logrank():
    test = logrank_test(TIME, EVENT, ALTERED)
    assert test.observed[1] - test.expected[1] == pytest.approx(1.805952, abs=5e-7)
    assert test.variance[1, 1] == pytest.approx(0.820679, abs=5e-7)
    assert (test.chi2, test.df, test.p) == pytest.approx((3.974105, 1, 0.046205), abs=5e-7)
    scan = scan_logrank(build_risk_sets(TIME, EVENT), GENES)
    assert (scan.chi2[0], scan.p[0]) == pytest.approx((test.chi2, test.p))


def test_sc14_residuals():
    """Null martingale residuals; their sum over the altered is observed - expected."""
    risk = build_risk_sets(TIME, EVENT)
    martingale, score = cox_residuals(build_design(risk, ALTERED[:, None].astype(float)), risk, np.zeros(1))
    expected = [0.875, 0.565476, 0.365476, 0.732143, 0.115476, -0.884524, -0.384524, -1.384524]
    assert martingale == pytest.approx(expected, abs=5e-7)
    assert martingale.sum() == pytest.approx(0)
    assert martingale[ALTERED == 1].sum() == score.sum() == pytest.approx(1.805952, abs=5e-7)


def test_sc14_cox():
    fit = fit_cox(ALTERED, TIME, EVENT)
    assert (fit.coef[0], fit.se[0]) == pytest.approx((2.001469, 1.167177), abs=1e-6)
    assert (fit.loglik_null, fit.loglik) == pytest.approx((-9.505991, -7.731371), abs=1e-6)
    scan = scan_cox(build_risk_sets(TIME, EVENT), GENES)
    assert (scan.coef[0], scan.se[0], scan.loglik[0]) == pytest.approx((fit.coef[0], fit.se[0], fit.loglik))
    assert scan.score_chi2[0] == pytest.approx(3.974105, abs=5e-7)  # no ties: the score test is the log-rank test


def test_sc14_medians():
    altered = ALTERED == 1
    medians = [survival_quantile(kaplan_meier(TIME[rows], EVENT[rows])).estimate for rows in (altered, ~altered)]
    assert medians == [4, 9]
