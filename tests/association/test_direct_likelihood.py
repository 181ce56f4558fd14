"""The likelihood by risk sets anew: the same numbers as running sums, and right where those are not."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association import direct_likelihood
from netgen.association.cox_model import fit_cox
from netgen.association.direct_likelihood import evaluate_directly, risk_matrix
from netgen.association.partial_likelihood import build_design, evaluate
from netgen.association.riskset import build_risk_sets

# Eight patients: stratum, entry, time, event, gene, two covariates.
SEPARATED = np.array(
    [
        [0, 2, 3, 1, 0, 3, 0],
        [1, -3, 10, 1, 1, 6, 1],
        [0, -1, 2, 1, 0, 9, 1],
        [1, 1, 2, 1, 0, 9, 1],
        [0, 1, 2, 1, 0, 3, 0],
        [1, 1, 5, 0, 1, 7, 1],
        [1, 0, 3, 1, 0, 4, 0],
        [1, 3, 7, 1, 0, 1, 1],
    ],
    dtype=float,
)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_evaluate_directly__equals_running_sums(ties, weighted, seed):
    rng = np.random.default_rng(seed)
    time = rng.integers(2, 10, 40).astype(float)
    risk = build_risk_sets(
        time, rng.random(40) < 0.7, entry=np.floor(time * rng.random(40) * 0.9), strata=rng.integers(0, 3, 40)
    )
    weights = rng.integers(1, 4, 40).astype(float) if weighted else None
    design = build_design(risk, rng.normal(size=(40, 3)), ties=ties, weights=weights)
    members = risk_matrix(design, risk)
    for coef in (np.zeros((1, 3)), rng.normal(size=(1, 3))):
        for one, two in zip(evaluate_directly(design, members, coef), evaluate(design, coef), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-10)


def test_fit_cox__a_separated_likelihood_with_delayed_entry_stops_at_its_supremum():
    """Worked by hand.

    Stratum 0: on day 2 two patients die, nobody else is at risk; by Efron their part is at most -log 2, at equal
    hazards. Stratum 1: every death can have all of the hazard. Both are possible at once, so the supremum is -log 2.
    """
    stratum, entry, time, event = SEPARATED[:, :4].T
    fit = fit_cox(SEPARATED[:, 4:], time, event, entry=entry, strata=stratum)
    assert fit.status == "monotone"
    assert fit.loglik == pytest.approx(-np.log(2), abs=1e-9)


def test_fit_cox__a_large_separated_cohort_keeps_its_running_sums(monkeypatch):
    monkeypatch.setattr(direct_likelihood, "MAX_CELLS", 10)
    stratum, entry, time, event = SEPARATED[:, :4].T
    fit = fit_cox(SEPARATED[:, 4:], time, event, entry=entry, strata=stratum)
    assert fit.status == "monotone"
    assert np.isnan(fit.coef).all()
