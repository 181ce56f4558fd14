"""SC11: nobody dies in one origin - the numbers behind it (DOMAIN 6)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.cox import scan_cox
from netgen.association.cox_adjusted import scan_cox_adjusted
from netgen.association.cox_model import fit_cox
from netgen.association.km import kaplan_meier, survival_quantile
from netgen.association.logrank import logrank_test
from netgen.association.riskset import build_risk_sets

GENES = ["MEN1", "DAXX", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2", "RB1"]


@pytest.fixture
def cohort(reference) -> pd.DataFrame:
    """The golden cohort with every thymic patient alive."""
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv")
    return table.assign(os_event=table["os_event"].where(table["origin"] != "thymic", 0))


def men1(table: pd.DataFrame):
    risk = build_risk_sets(table["os_days"], table["os_event"], strata=table["origin"])
    return scan_cox(risk, table[["MEN1"]].to_numpy().T.astype(np.int8))


def test_sc11_stratified_cox_is_that_of_the_other_origins(cohort):
    everybody, others = men1(cohort), men1(cohort[cohort["origin"] != "thymic"])
    assert (everybody.coef[0], everybody.se[0]) == pytest.approx((-0.524732, 0.575506), abs=1e-6)
    assert (others.coef[0], others.se[0]) == pytest.approx((everybody.coef[0], everybody.se[0]), abs=1e-12)


def test_sc11_thymic_has_no_events(cohort):
    found = men1(cohort[cohort["origin"] == "thymic"])
    assert (found.status[0], found.n[0], found.n_altered[0]) == ("no_events", 8, 2)


def test_sc11_interaction_of_two_origins(cohort):
    """Likelihood-ratio test of one hazard ratio per origin against a common one; Cochran's Q of the two."""
    common = men1(cohort)
    parts = [men1(cohort[cohort["origin"] == origin]) for origin in ("lung", "duodenopancreatic")]
    assert 2 * (sum(part.loglik[0] for part in parts) - common.loglik[0]) == pytest.approx(3.188009, abs=1e-6)
    coef, weight = (np.array([getattr(part, k)[0] for part in parts]) for k in ("coef", "se"))
    weight = weight**-2
    mean = (weight * coef).sum() / weight.sum()
    assert (weight * (coef - mean) ** 2).sum() == pytest.approx(3.082434, abs=1e-6)


def test_sc11_thymic_median_is_not_reached(cohort):
    thymic = cohort[cohort["origin"] == "thymic"]
    median = survival_quantile(kaplan_meier(thymic["os_days"], thymic["os_event"]))
    assert np.isnan([median.estimate, median.lo, median.hi]).all()


def test_sc11_logrank_of_the_origins(cohort):
    test = logrank_test(cohort["os_days"], cohort["os_event"], cohort["origin"])
    assert (test.chi2, test.df) == pytest.approx((3.022531, 2), abs=1e-6)


def test_sc11_nobody_dies_anywhere(cohort):
    risk = build_risk_sets(cohort["os_days"], np.zeros(len(cohort)), strata=cohort["origin"])
    genes = cohort[GENES].fillna(-1).to_numpy().T.astype(np.int8)
    assert set(scan_cox(risk, genes).status) == {"no_events"}
    assert set(scan_cox_adjusted(risk, genes, cohort[["age"]].to_numpy(dtype=float)).status) == {"no_events"}
    assert fit_cox(cohort["age"], cohort["os_days"], np.zeros(len(cohort))).status == "no_events"
    test = logrank_test(cohort["os_days"], np.zeros(len(cohort)), cohort["origin"])
    assert test.df == 0
    km = kaplan_meier(cohort["os_days"], np.zeros(len(cohort)))
    assert set(km.survival) == {1.0}
