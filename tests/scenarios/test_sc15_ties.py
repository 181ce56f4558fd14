"""SC15: tied deaths under Efron and Breslow; months with two decimals give back the days (DOMAIN 6)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from netgen.association.cox import scan_cox
from netgen.association.cox_model import fit_cox
from netgen.association.riskset import build_risk_sets

DAYS_PER_MONTH = 30.4375
TIME = np.array([1, 1, 2, 2, 3, 4])
EVENT = np.array([1, 1, 1, 0, 1, 0])
ALTERED = np.array([1, 1, 0, 1, 0, 0])


@pytest.mark.parametrize(("ties", "coef"), [("efron", 1.227145), ("breslow", np.log(3))])
def test_sc15_ties(ties, coef):
    assert fit_cox(ALTERED, TIME, EVENT, ties=ties).coef[0] == pytest.approx(coef, abs=1e-6)
    scan = scan_cox(build_risk_sets(TIME, EVENT), ALTERED[None, :].astype(np.int8), ties=ties)
    assert scan.coef[0] == pytest.approx(coef, abs=1e-6)


def test_sc15_exact_ties_lie_beyond_efron():
    """The discrete likelihood, written out: two of three altered and three wild type die on day 1.

    It is not offered; 1.231942 shows that Efron (1.227145) comes closer to it than Breslow (1.098612).
    """

    def loglik(b: float) -> float:
        r = np.exp(b)
        first = r**2 / (3 * r**2 + 9 * r + 3)  # pairs of six: 3 altered, 9 mixed, 3 wild type
        return np.log(first) + np.log(1 / (r + 3)) + np.log(1 / 2)

    found = optimize.minimize_scalar(lambda b: -loglik(b), bounds=(0, 3), method="bounded", options={"xatol": 1e-9})
    assert found.x == pytest.approx(1.231942, abs=1e-6)


@pytest.mark.parametrize(
    ("columns", "ties", "coef"),
    [
        (["TP53"], "efron", [0.901922]),
        (["TP53", "ki67"], "efron", [0.871320, 0.143608]),
        (["TP53", "ki67"], "breslow", [0.872125, 0.144404]),
    ],
)
def test_sc15_golden_cohort(reference, columns, ties, coef):
    cohort = pd.read_csv(reference / "inputs" / "linear_syn34.csv").assign(ki67=lambda table: table["ki67_pct"] / 10)
    fit = fit_cox(cohort[columns], cohort["os_days"], cohort["os_event"], ties=ties)
    assert fit.coef == pytest.approx(coef, abs=1e-6)


def test_sc15_months_with_two_decimals_are_the_same_days(reference):
    days = pd.read_csv(reference / "inputs" / "linear_syn34.csv")["os_days"].to_numpy()
    months = np.round(days / DAYS_PER_MONTH, 2)
    assert np.round(months * DAYS_PER_MONTH).astype(int).tolist() == days.tolist()
