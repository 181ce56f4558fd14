"""Westfall-Young max-T against complete enumeration, and what must not change it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from netgen.association.max_t import max_t, min_p
from netgen.association.permutation import martingale_residuals, permutation_logrank, scan_permutation
from netgen.association.riskset import build_risk_sets


def cohort(seed, n, m, n_strata=1):
    """Outcomes with ties and delayed entry, and genes altered in about 40 %."""
    rng = np.random.default_rng(seed)
    time = rng.integers(2, 9, n).astype(float)
    entry = np.where(rng.random(n) < 0.3, np.floor(time / 2), -np.inf)
    risk = build_risk_sets(time, rng.random(n) < 0.7, entry=entry, strata=rng.integers(0, n_strata, n))
    return risk, (rng.random((m, n)) < 0.4).astype(np.int8)


def list_sums(risk, genes):
    """Statistics of every permutation of the patients of a stratum, and of the data; genes without gaps."""
    groups = [np.flatnonzero(risk.stratum == stratum) for stratum in np.unique(risk.stratum)]
    residuals = martingale_residuals(risk)
    sums = []
    for parts in itertools.product(*(itertools.permutations(group) for group in groups)):
        moved = np.empty(len(residuals), dtype=int)
        for group, part in zip(groups, parts, strict=True):
            moved[group] = part
        sums.append([residuals[moved][gene == 1].sum() for gene in genes])
    return np.array(sums), np.array([residuals[gene == 1].sum() for gene in genes])


def expected_by_listing(risk, genes):
    """Max-T by the definition."""
    sums, observed = list_sums(risk, genes)
    mean, sd = sums.mean(axis=0), sums.std(axis=0)
    family = sd > 1e-9
    t, all_t = np.abs(observed - mean)[family] / sd[family], np.abs(sums - mean)[:, family] / sd[family]
    p = np.full(len(genes), np.nan)
    p[family] = [(all_t.max(axis=1) >= one - 1e-9).mean() for one in t]
    return p


def expected_min_p(risk, genes):
    """Min-P by the definition."""
    sums, observed = list_sums(risk, genes)
    far, own = np.abs(sums - sums.mean(axis=0)), np.abs(observed - sums.mean(axis=0))
    family = np.flatnonzero(sums.std(axis=0) > 1e-9)
    single = np.array([[(far[:, g] >= one - 1e-9).mean() for one in far[:, g]] for g in family])
    p = np.full(len(genes), np.nan)
    for g in family:
        p[g] = (single.min(axis=0) <= (far[:, g] >= own[g] - 1e-9).mean() + 1e-9).mean()
    return p


@pytest.mark.parametrize("seed", range(4))
def test_min_p__equals_complete_enumeration(seed):
    risk, genes = cohort(seed, 7, 4, n_strata=1 + seed % 2)
    np.testing.assert_allclose(min_p(risk, genes, seed=1), expected_min_p(risk, genes), atol=1e-12)


@pytest.mark.parametrize("seed", [0, 1, 3, 6, 11])
def test_min_p__by_random_relabelings_is_not_below_complete_enumeration_and_near_it(seed):
    """Cohorts of 7 patients have few different statistics: shares that tie exactly must not be put in an order."""
    risk, genes = cohort(seed, 7, 3)
    exact = expected_min_p(risk, genes)
    drawn = min_p(risk, genes, seed=1, n_draws=4_000)
    assert (drawn >= exact - 4 * np.sqrt(exact * (1 - exact) / 4_000) - 0.02).all()
    assert (drawn <= exact + 0.06).all()


def test_min_p__does_not_depend_on_blocks(monkeypatch):
    risk, genes = cohort(1, 20, 6)
    whole = min_p(risk, genes, seed=2, n_draws=500)
    monkeypatch.setattr("netgen.association.max_t._CELLS", 900)
    np.testing.assert_array_equal(min_p(risk, genes, seed=2, n_draws=500), whole)


def test_min_p__a_rare_gene_does_not_hide_a_clear_one():
    """One long survivor has a large negative residual: |t| of the gene altered in it alone is large by chance."""
    time = np.append(np.arange(1.0, 30), 900.0)
    risk = build_risk_sets(time, np.append(np.ones(29, dtype=bool), False))
    genes = np.zeros((4, 30), dtype=np.int8)
    genes[0, :9] = 1
    genes[1, 12], genes[2, 17], genes[3, 22] = 1, 1, 1
    assert min_p(risk, genes, seed=1)[0] < max_t(risk, genes, seed=1)[0]
    assert min_p(risk, genes, seed=1)[0] < 0.01


@pytest.mark.parametrize("seed", range(6))
def test_max_t__equals_complete_enumeration(seed):
    risk, genes = cohort(seed, 7, 4, n_strata=1 + seed % 2)
    np.testing.assert_allclose(max_t(risk, genes, seed=1), expected_by_listing(risk, genes), atol=1e-12)


@pytest.mark.parametrize("method", [max_t, min_p])
@pytest.mark.parametrize("seed", range(4))
def test_family__genes_of_another_panel_keep_their_own_exact_p(method, seed):
    """Two patients are not profiled for the last two genes. A family of one gene is that gene's exact test."""
    risk, genes = cohort(seed, 8, 4)
    genes[2:, :2] = -1
    alone = scan_permutation(risk, genes, seed=1).p
    single = np.concatenate([method(risk, gene[None], seed=1, n_draws=50_000) for gene in genes])
    known = ~np.isnan(single)
    np.testing.assert_allclose(single[known], alone[known], atol=1e-12)
    family = method(risk, genes, seed=1, n_draws=50_000)  # 40,320 relabelings: all of them
    assert (family[known] >= alone[known] - 1e-12).all()
    if method is min_p:
        assert (family[known] <= np.minimum(1, known.sum() * alone[known]) + 1e-12).all()  # Bonferroni


def test_max_t__by_random_relabelings_is_near_complete_enumeration():
    risk, genes = cohort(3, 8, 3)
    exact = expected_by_listing(risk, genes)  # 40,320 permutations
    drawn = max_t(risk, genes, seed=5, n_draws=10_000)
    assert (np.abs(drawn - exact) < 4 * np.sqrt(exact * (1 - exact) / 10_000) + 1e-4).all()
    assert not np.array_equal(drawn, max_t(risk, genes, seed=6, n_draws=10_000))


@pytest.mark.parametrize("seed", range(4))
def test_max_t__of_one_gene_is_its_exact_permutation_p(seed):
    risk, genes = cohort(seed, 7, 1, n_strata=2)
    single = permutation_logrank(martingale_residuals(risk), genes[0] == 1, risk.stratum, seed=1)
    if single.min_attainable_p < 1:
        assert max_t(risk, genes, seed=1)[0] == pytest.approx(single.p, abs=1e-12)
    else:
        assert np.isnan(max_t(risk, genes, seed=1)[0])


def test_max_t__is_never_below_the_p_of_the_gene_alone_and_keeps_its_order():
    risk, genes = cohort(11, 7, 6)
    family = max_t(risk, genes, seed=1)
    alone = scan_permutation(risk, genes, seed=1).p
    known = ~np.isnan(family)
    assert known.any()
    assert (family[known] >= alone[known] - 1e-12).all()
    assert max_t(risk, genes[:3], seed=1)[0] <= family[0]  # a larger family is stricter


def test_max_t__gains_nothing_from_a_copy_and_ignores_genes_that_cannot_move():
    """Bonferroni would double the p-value of two identical genes."""
    risk, genes = cohort(2, 30, 3)
    once = max_t(risk, genes, seed=4, n_draws=500)
    still = np.array([np.zeros(30), np.ones(30), np.full(30, -1)], dtype=np.int8)
    twice = max_t(risk, np.concatenate([genes, genes[:1], still[:2]]), seed=4, n_draws=500)
    assert twice[0] == twice[3]
    assert np.isnan(twice[4:]).all()
    np.testing.assert_allclose(twice[:3], once, atol=4 * np.sqrt(0.25 / 500) * np.sqrt(2))
    assert np.isnan(max_t(risk, still, seed=1)).all()


@pytest.mark.parametrize("n_strata", [1, 3])
def test_max_t__does_not_depend_on_the_order_of_patients_or_on_blocks(monkeypatch, n_strata):
    risk, genes = cohort(6, 40, 12, n_strata)
    genes[4:8, :10] = -1
    whole = max_t(risk, genes, seed=9, n_draws=300)
    order = np.random.default_rng(1).permutation(40)
    turned = build_risk_sets(risk.time[order], risk.event[order], entry=risk.entry[order], strata=risk.stratum[order])
    np.testing.assert_array_equal(max_t(turned, genes[:, order], seed=9, n_draws=300), whole)
    monkeypatch.setattr("netgen.association.max_t._CELLS", 40 * 12_000)  # all relabelings, all genes at once
    np.testing.assert_array_equal(max_t(risk, genes, seed=9, n_draws=300), whole)
    monkeypatch.setattr("netgen.association.max_t._CELLS", 40 * 300)
    np.testing.assert_array_equal(max_t(risk, genes, seed=9, n_draws=300), whole)


def test_max_t__controls_the_family_also_beside_a_real_effect():
    """200 families of 4 null genes beside one that shortens survival; at most 10 % may have a null gene at p <= 0.1.

    The bound is the binomial mean plus three standard deviations.
    """
    rng = np.random.default_rng(20)
    wrong = found = 0
    for k in range(200):
        genes = (rng.random((5, 40)) < 0.4).astype(np.int8)
        genes[2] = np.where(rng.random(40) < 0.8, genes[1], genes[2])  # correlated
        time = np.ceil(rng.exponential(100, 40) * np.where(genes[0] == 1, 0.1, 1.0))
        p = max_t(build_risk_sets(time, rng.random(40) < 0.8), genes, seed=k, n_draws=199)
        wrong += (p[1:] <= 0.1).any()
        found += p[0] <= 0.1
    assert wrong <= 200 * 0.1 + 3 * np.sqrt(200 * 0.1 * 0.9)
    assert found > 180


def test_min_p__of_scattered_coverage_is_still_a_test_of_every_gene():
    risk, genes = cohort(1, 7, 6)
    genes[np.arange(6), np.arange(6)] = -1  # every patient lacks another gene
    p, alone = min_p(risk, genes, seed=1), scan_permutation(risk, genes, seed=1).p
    known = ~np.isnan(p)
    assert known.sum() > 3
    assert (p[known] >= alone[known] - 1e-12).all()


def test_max_t__of_no_gene_is_empty_and_wants_one_column_per_patient():
    risk, genes = cohort(1, 6, 2)
    assert len(max_t(risk, genes[:0], seed=1)) == 0
    with pytest.raises(ValueError, match=r"shape \(m, 6\)"):
        max_t(risk, genes[:, :4], seed=1)
