"""Sums over risk sets and over the terms of a patient against loops; models with patients of their own."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.batch_design import restrict_design, sum_directly, take_models
from netgen.association.partial_likelihood import build_design, evaluate
from netgen.association.risk_sums import sum_hazards, sum_terms
from netgen.association.riskset import build_risk_sets


def outcomes(seed, n=70, *, truncated):
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 15, n).astype(float)
    entry = np.floor(time * rng.uniform(0, 0.9, n)) if truncated else np.full(n, -np.inf)
    return time, rng.random(n) < 0.7, entry, rng.integers(0, 3, n)


def terms_by_loops(time, event, entry, stratum, ties):
    """Per term: the weight with which each patient counts, strata and times in order."""
    out = []
    for s in np.unique(stratum):
        for t in np.unique(time[event & (stratum == s)]):
            at_risk = (stratum == s) & (entry < t) & (t <= time)
            dead = at_risk & (time == t) & event
            for nth in range(dead.sum() if ties == "efron" else 1):
                out.append(at_risk - nth / dead.sum() * dead)
    return np.array(out)


@pytest.mark.parametrize(("truncated", "max_cells"), [(False, 0), (True, 0), (True, 10_000)])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_sum_terms__and_sum_hazards_equal_loops(ties, truncated, max_cells):
    time, event, entry, stratum = outcomes(1, truncated=truncated)
    risk = build_risk_sets(time, event, entry=entry, strata=stratum)
    design = sum_directly(build_design(risk, np.zeros((70, 0)), ties=ties), risk, max_cells)
    assert (design.members is not None) == (max_cells > 0)
    weights = terms_by_loops(time, event, entry, stratum, ties)
    rng = np.random.default_rng(2)
    values, increments = rng.random((2, 70)), rng.random((2, len(weights)))
    placed = values[:, design.rows] * design.weights
    np.testing.assert_allclose(sum_terms(design, [(0, placed)], (1, 2))[0], values @ weights.T, rtol=1e-12)
    found = np.zeros((2, 70))
    real = design.weights > 0
    found[:, design.rows[real]] = sum_hazards(design, increments)[:, real]
    np.testing.assert_allclose(found, increments @ weights, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("truncated", "max_cells"), [(False, 0), (True, 0), (True, 10_000)])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_restrict_design__each_model_is_that_of_its_own_patients(ties, truncated, max_cells):
    time, event, entry, stratum = outcomes(3, truncated=truncated)
    rng = np.random.default_rng(4)
    z, profiled = rng.normal(size=(70, 2)), rng.random((4, 70)) < 0.8
    profiled[3] = stratum == 0  # whole strata have no term
    risk = build_risk_sets(time, event, entry=entry, strata=stratum)
    whole = sum_directly(build_design(risk, z, ties=ties), risk, max_cells)
    batch = restrict_design(whole, profiled[:, whole.rows], ties)
    coef = np.array([[0.3, -0.5]])
    together = evaluate(batch, np.repeat(coef, 4, axis=0))
    for k, use in enumerate(profiled):
        risk = build_risk_sets(time[use], event[use], entry=entry[use], strata=stratum[use])
        alone = evaluate(build_design(risk, z[use], ties=ties), coef)
        part = evaluate(take_models(batch, np.array([k])), coef)
        for one, all_models, taken in zip(alone, together, part, strict=True):
            np.testing.assert_allclose(all_models[k], one[0], rtol=1e-10, atol=1e-10)
            np.testing.assert_allclose(taken[0], one[0], rtol=1e-10, atol=1e-10)


def test_sum_directly__leaves_a_cohort_without_delayed_entry_alone():
    time, event, entry, stratum = outcomes(5, truncated=False)
    risk = build_risk_sets(time, event, entry=entry, strata=stratum)
    design = build_design(risk, np.zeros((70, 0)))
    assert sum_directly(design, risk, 10_000) is design


@pytest.mark.parametrize(("truncated", "max_cells"), [(False, 0), (True, 0), (True, 10_000)])
def test_evaluate__hazards_beyond_the_digits_of_a_number_have_no_likelihood(truncated, max_cells):
    """With log hazards of -900 times the follow-up nothing is left at risk in the last risk sets; none is a warning."""
    time, event, entry, stratum = outcomes(6, truncated=truncated)
    risk = build_risk_sets(time, event, entry=entry, strata=stratum)
    design = sum_directly(build_design(risk, time[:, None]), risk, max_cells)
    assert np.isfinite(evaluate(design, np.array([[0.0], [-0.5]])).loglik).all()
    assert evaluate(design, np.array([[-900.0]])).loglik.tolist() == [-np.inf]
