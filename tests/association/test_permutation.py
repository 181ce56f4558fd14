"""The permutation log-rank test against frozen results, full enumeration and its own invariances."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from netgen.association.permutation import (
    PermutationScan,
    martingale_residuals,
    monte_carlo_interval,
    permutation_logrank,
    scan_permutation,
)
from netgen.association.riskset import RiskSets, build_risk_sets

if TYPE_CHECKING:
    from pathlib import Path

GENES = ["MEN1", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2", "DAXX", "RB1"]


@pytest.fixture(scope="module")
def linear(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


def status_matrix(frame: pd.DataFrame, genes: list[str]) -> np.ndarray:
    return frame[genes].T.fillna(-1).to_numpy().astype(np.int8)


def naive_residuals(time, event, entry, stratum) -> np.ndarray:
    """Event minus the sum of d/n over the event times at which the patient is at risk."""
    out = []
    for i in range(len(time)):
        peers = [j for j in range(len(time)) if stratum[j] == stratum[i]]
        exposure = 0.0
        for t in {time[j] for j in peers if event[j]}:
            if entry[i] < t <= time[i]:
                at_risk = sum(entry[j] < t <= time[j] for j in peers)
                exposure += sum(event[j] and time[j] == t for j in peers) / at_risk
        out.append(event[i] - exposure)
    return np.array(out)


def naive_p(residuals, altered, stratum) -> tuple[float, float, int]:
    """p, smallest possible p and number of relabelings by listing all of them."""
    groups = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]
    choices = [itertools.combinations(rows, int(altered[rows].sum())) for rows in groups]
    sums = np.array([sum(residuals[i] for part in parts for i in part) for parts in itertools.product(*choices)])
    observed = abs(residuals[altered].sum())
    largest = np.abs(sums).max()
    return (np.abs(sums) >= observed - 1e-9).mean(), (np.abs(sums) >= largest - 1e-9).mean(), len(sums)


def small_cohort(seed: int, n: int = 12, n_strata: int = 1) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    time = rng.integers(2, 9, n).astype(float)  # ties
    entry = np.where(rng.random(n) < 0.4, np.floor(time / 2), -np.inf)
    return time, rng.random(n) < 0.7, entry, rng.integers(0, n_strata, n), rng.random(n) < 0.4


def assert_same(a: PermutationScan, b: PermutationScan) -> None:
    for name, values in vars(a).items():
        np.testing.assert_array_equal(values, getattr(b, name), err_msg=name)


@pytest.mark.parametrize("seed", range(8))
def test_martingale_residuals__are_events_minus_nelson_aalen_increments(seed: int) -> None:
    time, event, entry, stratum, _ = small_cohort(seed, n_strata=2)
    residuals = martingale_residuals(build_risk_sets(time, event, entry=entry, strata=stratum))
    np.testing.assert_allclose(residuals, naive_residuals(time, event, entry, stratum), atol=1e-12)
    for s in np.unique(stratum):
        assert residuals[stratum == s].sum() == pytest.approx(0, abs=1e-12)


def test_martingale_residuals__of_the_profiled_do_not_see_the_others() -> None:
    time, event, entry, stratum, profiled = small_cohort(3, n_strata=2)
    residuals = martingale_residuals(build_risk_sets(time, event, entry=entry, strata=stratum), profiled)
    alone = build_risk_sets(time[profiled], event[profiled], entry=entry[profiled], strata=stratum[profiled])
    np.testing.assert_allclose(residuals[profiled], martingale_residuals(alone), atol=1e-12)
    assert np.isnan(residuals[~profiled]).all()


def test_scan_permutation__equals_all_relabelings_listed_by_r(reference: Path) -> None:
    cohort = pd.read_csv(reference / "inputs" / "simA1.csv")
    expected = pd.read_csv(reference / "perm_exact" / "perm_exact.csv")
    risk = build_risk_sets(cohort["time"], cohort["event"] == 1)
    scan = scan_permutation(risk, status_matrix(cohort, expected["gene"].tolist()), seed=1)
    assert set(scan.method) == {"exact"}
    np.testing.assert_allclose(scan.p, expected["p_two_sided_absU"], atol=1e-9, rtol=0)
    np.testing.assert_allclose(scan.statistic, expected["U"], atol=1e-9, rtol=0)
    np.testing.assert_array_equal(scan.n_permutations, expected["n_permutations"])


@pytest.mark.parametrize("seed", range(12))
def test_permutation_logrank__exact_equals_full_enumeration_within_strata(seed: int) -> None:
    time, event, entry, stratum, altered = small_cohort(seed, n=13, n_strata=1 + seed % 3)
    risk = build_risk_sets(time, event, entry=entry, strata=stratum)
    residuals = martingale_residuals(risk)
    test = permutation_logrank(residuals, altered, stratum, seed=1)
    p, smallest, _ = naive_p(naive_residuals(time, event, entry, stratum), altered, stratum)
    assert test.method == "exact"
    assert test.p == pytest.approx(p, abs=1e-12)
    assert test.min_attainable_p == pytest.approx(smallest, abs=1e-12)
    assert np.isnan(test.mc_lo)
    assert np.isnan(test.mc_hi)


# DOMAIN Appendix B: (endpoint, strata, entry) -> gene -> exact p
APPENDIX_B = [
    ("os_days", "os_event", None, None, {"ATRX": 0.026339055, "TSC2": 0.064206610, "SETD2": 1 / 5984, "DAXX": 0.292490,
                                         "RB1": 0.675579}),
    ("os_days", "os_event", "origin", None, {"ATRX": 0.012012987, "TP53": 0.18445767, "TSC2": 0.070738851,
                                             "ARID1A": 0.724094358, "SETD2": 2 / 220, "RB1": 0.8125}),
    ("pfs_days", "pfs_type", "origin", None, {"ATRX": 0.064772727, "SETD2": 0.013636364, "ARID1A": 0.10713394}),
    ("os_days", "os_event", None, "seq_day", {"ATRX": 0.11142976}),
]  # fmt: skip


@pytest.mark.parametrize(("time", "event", "strata", "entry", "expected"), APPENDIX_B)
def test_scan_permutation__reproduces_the_golden_cohort(linear, time, event, strata, entry, expected) -> None:
    risk = build_risk_sets(
        linear[time],
        linear[event] > 0,
        strata=None if strata is None else linear[strata],
        entry=None if entry is None else linear[entry],
    )
    scan = scan_permutation(risk, status_matrix(linear, list(expected)), seed=1)
    for gene, p, method, want in zip(expected, scan.p, scan.method, expected.values(), strict=True):
        assert method == "exact", gene
        assert p == pytest.approx(want, abs=1e-8 if gene not in {"DAXX", "RB1"} else 5e-7), gene


def test_scan_permutation__names_the_smallest_p_a_design_can_have(linear: pd.DataFrame) -> None:
    risk = build_risk_sets(linear["os_days"], linear["os_event"] == 1, strata=linear["origin"])
    scan = scan_permutation(risk, status_matrix(linear, ["DAXX", "RB1"]), seed=1)
    np.testing.assert_allclose(scan.min_attainable_p, [3 / 36, 0.03125], atol=1e-12)  # DAXX 0.083333


def test_scan_permutation__draws_where_relabelings_are_too_many(linear: pd.DataFrame) -> None:
    # MEN1 has C(34, 14) = 1.4e9 relabelings; the reference p are themselves from 2e5 draws (+- 0.002)
    risk = build_risk_sets(linear["os_days"], linear["os_event"] == 1)
    genes = status_matrix(linear, ["MEN1", "TP53"])
    exact = scan_permutation(risk, genes, seed=1, max_exact=2e9)
    assert exact.method.tolist() == ["exact", "exact"]
    np.testing.assert_allclose(exact.p, [0.3835, 0.0493], atol=0.002)
    scans = [scan_permutation(risk, genes, seed=seed, max_exact=2e7) for seed in range(20)]
    assert all(scan.method.tolist() == ["monte_carlo", "monte_carlo"] for scan in scans)
    inside = np.sum([(scan.mc_lo <= exact.p) & (exact.p <= scan.mc_hi) for scan in scans], axis=0)
    assert (inside >= 17).all()  # 20 intervals of 95 %


@pytest.mark.parametrize(("n", "m"), [(34, 5), (34, 31), (400, 2), (300, 3), (60, 4)])
@pytest.mark.parametrize("strata", [1, 3])
def test_scan_permutation__draws_agree_with_the_exact_test_within_their_interval(n: int, m: int, strata: int) -> None:
    rng = np.random.default_rng(11)
    time = rng.integers(1, 200, n)
    risk = build_risk_sets(time, rng.random(n) < 0.6, strata=np.arange(n) % strata)
    genes = np.zeros((20, n), dtype=np.int8)
    for row in genes:
        row[rng.choice(n, m, replace=False)] = 1
    exact = scan_permutation(risk, genes, seed=4, max_exact=1e8)
    drawn = scan_permutation(risk, genes, seed=4, max_exact=0, max_draws=20_000)
    assert set(exact.method) == {"exact"}
    assert set(drawn.method) <= {"monte_carlo"}
    np.testing.assert_array_equal(drawn.min_attainable_p, exact.min_attainable_p)
    inside = (drawn.mc_lo <= exact.p) & (exact.p <= drawn.mc_hi)
    assert inside.sum() >= 15  # 95 % intervals; genes share their draws
    assert np.abs(drawn.p - exact.p).max() < 0.06


def test_scan_permutation__stops_at_the_exceedance_asked_for() -> None:
    rng = np.random.default_rng(2)
    time, event = rng.integers(1, 500, 60), rng.random(60) < 0.7
    risk = build_risk_sets(time, event)
    genes = np.zeros((2, 60), dtype=np.int8)
    genes[0, ::2] = 1
    genes[1, np.argsort(time)[-30:]] = 1  # the longest followed: an extreme split
    scan = scan_permutation(risk, genes, seed=9, max_draws=5000, exceedances=100)
    stopped = scan.p[0] * scan.n_permutations[0]
    assert stopped == pytest.approx(100)  # p = h / l
    assert scan.n_permutations[0] < 5000
    assert scan.n_permutations[1] == 5000
    hits = scan.p[1] * 5001 - 1  # p = (1 + b) / (1 + B)
    assert hits == pytest.approx(round(hits), abs=1e-9)
    assert scan.p[1] >= 1 / 5001


def test_scan_permutation__a_longer_run_continues_the_same_draws() -> None:
    time, event = np.random.default_rng(2).integers(1, 500, 60), np.arange(60) % 3 > 0
    risk = build_risk_sets(time, event)
    genes = (np.arange(60) % 2 == 0).astype(np.int8)[None, :]
    runs = [scan_permutation(risk, genes, seed=9, exceedances=h) for h in (50, 400)]
    first = runs[0].n_permutations[0]
    assert first < runs[1].n_permutations[0]
    assert 50 / first == runs[0].p[0]


def test_monte_carlo_interval__fixed_draws_is_clopper_pearson() -> None:
    hits, draws = np.array([0, 3, 50, 200]), np.array([100, 100, 1000, 200])
    lo, hi = monte_carlo_interval(hits, draws, stopped=np.zeros(4, dtype=bool))
    for b, n, low, high in zip(hits, draws, lo, hi, strict=True):
        want = stats.binomtest(int(b), int(n)).proportion_ci(0.95, method="exact")
        assert (low, high) == pytest.approx((want.low, want.high), abs=1e-12)


def test_monte_carlo_interval__stopped_draws_invert_the_inverse_binomial() -> None:
    hits, draws = 400, 5000
    lo, hi = monte_carlo_interval([hits], [draws], stopped=[True])
    # P(at most 5000 draws | lo) = P(at least 400 hits in 5000) and P(at least 5000 draws | hi) = P(< 400 in 4999)
    assert stats.binom.sf(hits - 1, draws, lo[0]) == pytest.approx(0.025, rel=1e-8)
    assert stats.binom.cdf(hits - 1, draws - 1, hi[0]) == pytest.approx(0.025, rel=1e-8)


def test_monte_carlo_interval__every_draw_a_hit_reaches_one() -> None:
    lo, hi = monte_carlo_interval([400], [400], stopped=[True])
    assert hi[0] == 1.0
    assert stats.binom.sf(399, 400, lo[0]) == pytest.approx(0.025)


def scattered(seed: int, n: int = 90) -> tuple[RiskSets, np.ndarray]:
    rng = np.random.default_rng(seed)
    time = rng.integers(3, 60, n)
    entry = np.where(rng.random(n) < 0.3, rng.integers(0, 3, n), -np.inf)
    risk = build_risk_sets(time, rng.random(n) < 0.6, entry=entry, strata=rng.integers(0, 3, n))
    genes = (rng.random((12, n)) < np.linspace(0.02, 0.9, 12)[:, None]).astype(np.int8)
    genes[4:8, : n // 3] = -1  # not on one panel
    return risk, genes


def test_scan_permutation__row_order_changes_nothing() -> None:
    risk, genes = scattered(1)
    order = np.random.default_rng(0).permutation(len(risk.time))
    shuffled = build_risk_sets(risk.time[order], risk.event[order], entry=risk.entry[order], strata=risk.stratum[order])
    assert_same(scan_permutation(risk, genes, seed=3), scan_permutation(shuffled, genes[:, order], seed=3))


def test_scan_permutation__a_gene_does_not_depend_on_the_others() -> None:
    risk, genes = scattered(2)
    together = scan_permutation(risk, genes, seed=3)
    for row in range(len(genes)):
        alone = scan_permutation(risk, genes[row : row + 1], seed=3)
        for name, values in vars(alone).items():
            np.testing.assert_array_equal(values[0], getattr(together, name)[row], err_msg=f"{row} {name}")


def test_scan_permutation__gaps_of_their_own_and_small_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    risk, genes = scattered(2)
    genes[np.random.default_rng(4).random(genes.shape) < 0.1] = -1
    limits = {"seed": 3, "max_exact": 0, "max_draws": 5_000}
    together = scan_permutation(risk, genes, **limits)
    monkeypatch.setattr("netgen.association.permutation._SUMS", 1)  # one design at a time
    assert_same(scan_permutation(risk, genes, **limits), together)
    for row in (0, 5, 11):
        use = genes[row] >= 0
        known = build_risk_sets(risk.time[use], risk.event[use], entry=risk.entry[use], strata=risk.stratum[use])
        alone = scan_permutation(known, genes[row : row + 1, use], **limits)
        for name, values in vars(alone).items():
            np.testing.assert_array_equal(values[0], getattr(together, name)[row], err_msg=f"{row} {name}")


def test_scan_permutation__another_seed_draws_anew() -> None:
    risk, genes = scattered(2)
    one, other = (scan_permutation(risk, genes, seed=seed) for seed in (3, 4))
    drawn = one.method == "monte_carlo"
    assert drawn.any()
    assert (one.p[drawn] != other.p[drawn]).any()
    np.testing.assert_array_equal(one.p[~drawn], other.p[~drawn])


def test_scan_permutation__patients_not_profiled_are_as_good_as_absent() -> None:
    risk, genes = scattered(5)
    profiled = genes[5] >= 0
    alone = build_risk_sets(
        risk.time[profiled], risk.event[profiled], entry=risk.entry[profiled], strata=risk.stratum[profiled]
    )
    assert_same(scan_permutation(risk, genes[5:6], seed=3), scan_permutation(alone, genes[5:6, profiled], seed=3))


def test_scan_permutation__a_gene_on_no_panel_has_no_p() -> None:
    risk, genes = scattered(1)
    genes[0] = -1
    scan = scan_permutation(risk, genes, seed=3)
    assert scan.method[0] == ""
    assert np.isnan([scan.p[0], scan.statistic[0], scan.min_attainable_p[0], scan.mc_lo[0]]).all()
    assert scan.n_permutations[0] == 0


@pytest.mark.parametrize("value", [0, 1])
def test_scan_permutation__a_constant_gene_has_one_relabeling_and_p_one(value: int) -> None:
    risk, genes = scattered(1)
    genes[0] = value
    scan = scan_permutation(risk, genes[:1], seed=3)
    assert (scan.method[0], scan.p[0], scan.n_permutations[0], scan.min_attainable_p[0]) == ("exact", 1.0, 1, 1.0)
    assert scan.statistic[0] == pytest.approx(0, abs=1e-9)


def test_permutation_logrank__refuses_residuals_of_unprofiled_patients() -> None:
    with pytest.raises(ValueError, match="leave out who was not profiled"):
        permutation_logrank([0.5, np.nan], [True, False], seed=1)


@given(data=st.data(), n=st.integers(2, 9))
def test_permutation_logrank__p_is_between_the_smallest_attainable_and_one(data: st.DataObject, n: int) -> None:
    time = data.draw(st.lists(st.integers(1, 6), min_size=n, max_size=n))
    event = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    altered = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    test = permutation_logrank(martingale_residuals(build_risk_sets(time, event)), altered, seed=1)
    assert 0 < test.min_attainable_p <= test.p + 1e-12
    assert test.p <= 1
    swapped = permutation_logrank(martingale_residuals(build_risk_sets(time, event)), np.logical_not(altered), seed=1)
    assert swapped.p == pytest.approx(test.p)
