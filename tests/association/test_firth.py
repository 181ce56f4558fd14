"""Firth-penalised Cox models against R, the definition written as loops, and each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from netgen.association.firth import fit_common, scan_firth, scan_firth_adjusted
from netgen.association.firth_likelihood import evaluate_penalised
from netgen.association.firth_model import fit_firth
from netgen.association.partial_likelihood import build_design
from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = {"coef": "coef", "se": "se", "plr_chi2": "plr_chisq", "lo": "pl_ci_lower", "hi": "pl_ci_upper"}
# The reference limits come from a root search to 1e-10, its coefficients from a numerical maximiser.
TOLERANCE = 1e-8


@pytest.fixture(scope="module")
def linear(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


def one_gene(x) -> np.ndarray:
    return np.asarray(pd.Series(x).fillna(-1), dtype=np.int8)[None, :]


def naive_penalised(b, X, time, event, entry, stratum, ties) -> float:
    """Log partial likelihood plus half the log determinant of its information, from the definition."""
    b, X = np.atleast_1d(b), np.asarray(X, dtype=float).reshape(len(time), -1)
    weight = np.exp(X @ b)
    loglik, information = 0.0, np.zeros((X.shape[1], X.shape[1]))
    for s in np.unique(stratum):
        for t in np.unique(time[event & (stratum == s)]):
            at_risk = (stratum == s) & (entry < t) & (t <= time)
            dead = at_risk & event & (time == t)
            for nth in range(dead.sum()):
                w = weight * at_risk
                if ties == "efron":
                    w = w - nth / dead.sum() * weight * dead
                mean = w @ X / w.sum()
                loglik -= np.log(w.sum())
                information += (X.T * w) @ X / w.sum() - np.outer(mean, mean)
            loglik += (X[dead] @ b).sum()
    sign, logdet = np.linalg.slogdet(information)
    return loglik + logdet / 2 if sign > 0 else -np.inf


def cohort(seed: int, n: int = 24, p: int = 1, n_strata: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    time = rng.integers(2, 12, n).astype(float)  # ties
    X = np.column_stack([rng.random(n) < 0.35, rng.normal(size=(n, p - 1))]).astype(float)
    entry = np.where(rng.random(n) < 0.4, np.floor(time / 2), -np.inf)
    return {
        "X": X, "time": time, "event": rng.random(n) < 0.7, "entry": entry, "stratum": rng.integers(0, n_strata, n)
    }  # fmt: skip


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("seed", range(6))
def test_scan_firth__maximises_the_penalised_likelihood_written_as_loops(seed: int, ties: str) -> None:
    data = cohort(seed, n_strata=1 + seed % 2)

    def naive(b: float) -> float:
        return naive_penalised(b, ties=ties, **data)

    risk = build_risk_sets(data["time"], data["event"], entry=data["entry"], strata=data["stratum"])
    scan = scan_firth(risk, one_gene(data["X"][:, 0]), ties=ties)
    best = optimize.minimize_scalar(lambda b: -naive(b), bounds=(-8, 8), method="bounded", options={"xatol": 1e-9})
    assert scan.coef[0] == pytest.approx(best.x, abs=1e-6)
    assert scan.pen_loglik[0] == pytest.approx(-best.fun, abs=1e-9)
    assert scan.pen_loglik_null[0] == pytest.approx(naive(0.0), abs=1e-9)
    assert scan.plr_chi2[0] == pytest.approx(2 * (-best.fun - naive(0.0)), abs=1e-9)
    assert scan.p[0] == pytest.approx(stats.chi2.sf(scan.plr_chi2[0], 1), abs=1e-12)
    for limit in (scan.lo[0], scan.hi[0]):
        assert 2 * (-best.fun - naive(limit)) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-7)
    assert scan.lo[0] < scan.coef[0] < scan.hi[0]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_evaluate_penalised__gradient_is_the_slope_of_the_likelihood_written_as_loops(ties: str) -> None:
    data = cohort(4, n=30, p=3, n_strata=2)
    design = build_design(
        build_risk_sets(data["time"], data["event"], entry=data["entry"], strata=data["stratum"]), data["X"], ties=ties
    )
    b = np.array([0.4, -0.3, 0.2])
    point = evaluate_penalised(design, b)
    slope = optimize.approx_fprime(b, lambda at: naive_penalised(at, ties=ties, **data), 1e-6)
    np.testing.assert_allclose(point.gradient, slope, atol=1e-4)
    shift = naive_penalised(b, ties=ties, **data) - naive_penalised(0 * b, ties=ties, **data)
    assert point.value - evaluate_penalised(design, 0 * b).value == pytest.approx(shift, abs=1e-10)


@pytest.mark.parametrize(
    "cohort_id", ["simA1", "simA2.right_censored_only", "simA2.left_truncated", "simA3.left_truncated"]
)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_scan_firth__equals_r_gene_by_gene(reference: Path, cohort_id: str, ties: str) -> None:
    expected = pd.read_csv(reference / "genes" / "genes.csv").query("id == @cohort_id")
    data = pd.read_csv(reference / "inputs" / f"{cohort_id.partition('.')[0]}.csv")
    entry = data["entry"] if cohort_id.endswith("left_truncated") else None
    genes = data[expected["gene"].tolist()].T.fillna(-1).to_numpy().astype(np.int8)
    scan = scan_firth(build_risk_sets(data["time"], data["event"] == 1, entry=entry), genes, ties=ties)
    np.testing.assert_array_equal(scan.status, expected["status"])
    np.testing.assert_array_equal(scan.n, expected["n_obs"])
    np.testing.assert_array_equal(scan.n_altered, expected["n_altered"])
    np.testing.assert_array_equal(scan.events_altered, expected["events_altered"])
    for ours, theirs in (
        COLUMNS | {"p": "plr_p", "pen_loglik": "pen_loglik", "pen_loglik_null": "pen_loglik_null"}
    ).items():
        want = expected[f"firth_{ties}_{theirs}"]
        np.testing.assert_allclose(getattr(scan, ours), want, rtol=0, atol=TOLERANCE, err_msg=ours)  # NaN meets NaN


def check_model(fit, expected: pd.DataFrame) -> None:
    assert fit.status == "ok"
    for ours, theirs in (COLUMNS | {"p": "plr_p"}).items():
        np.testing.assert_allclose(getattr(fit, ours), expected[theirs], rtol=0, atol=TOLERANCE, err_msg=ours)
    assert fit.pen_loglik == pytest.approx(expected["pen_loglik"].iloc[0], abs=TOLERANCE)
    assert fit.pen_loglik_null == pytest.approx(expected["pen_loglik_null"].iloc[0], abs=TOLERANCE)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_fit_firth__equals_r_on_veteran_large_cell(reference: Path, ties: str) -> None:
    expected = pd.read_csv(reference / "firth" / "firth.csv").query("id == 'veteran.large' and ties == @ties")
    data = pd.read_csv(reference / "inputs" / "veteran.csv").query("celltype == 'large'")
    check_model(fit_firth(data[["trt", "karno"]], data["time"], data["status"], ties=ties), expected)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_fit_firth__equals_r_with_strata_and_delayed_entry(reference: Path, ties: str) -> None:
    expected = pd.read_csv(reference / "firth" / "firth.csv").query("id == 'veteran_lt.strata' and ties == @ties")
    data = pd.read_csv(reference / "inputs" / "veteran_lt.csv")
    fit = fit_firth(
        data[["trt", "karno"]], data["time"], data["status"], entry=data["entry"], strata=data["celltype"], ties=ties
    )
    check_model(fit, expected)


@pytest.mark.shared
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_fit_firth__equals_the_published_breast_cancer_example(shared: Path, ties: str) -> None:
    expected = pd.read_csv(shared / "golden" / "expected" / "firth.csv").query("id == 'breast' and ties == @ties")
    data = pd.read_csv(shared / "golden" / "inputs" / "breast.csv")
    check_model(fit_firth(data[["T", "N", "G", "CD"]], data["TIME"], data["CENS"], ties=ties), expected)


# DOMAIN Appendix B: gene -> (Breslow beta, lo, hi, p unstratified), (Efron beta, p stratified by origin)
APPENDIX_B = {
    "MEN1": ((-0.347637, 0.291, 1.601, 0.410559), (-0.312591, 0.505836)),
    "ATRX": ((1.642779, 1.675, 14.077, 0.006100), (1.888854, 0.003948)),
    "TP53": ((0.920067, 1.059, 5.681, 0.037280), (0.673969, 0.161338)),
    "TSC2": ((1.032299, 1.038, 7.598, 0.042253), (0.996794, 0.061004)),
    "ARID1A": ((0.300540, 0.411, 3.643, 0.589948), (0.314743, 0.598671)),
    "SETD2": ((-2.861092, 0.000434, 0.477, 0.003166), (-2.542940, 0.028983)),
}


@pytest.mark.parametrize("gene", sorted(APPENDIX_B))
def test_scan_firth__reproduces_the_golden_cohort(linear: pd.DataFrame, gene: str) -> None:
    (beta, lo, hi, p), (beta_stratified, p_stratified) = APPENDIX_B[gene]
    time, event, x = linear["os_days"], linear["os_event"] == 1, one_gene(linear[gene])
    plain = scan_firth(build_risk_sets(time, event), x, ties="breslow")
    assert (plain.coef[0], plain.p[0]) == pytest.approx((beta, p), abs=1e-6)
    assert (plain.hr_lo[0], plain.hr_hi[0]) == pytest.approx((lo, hi), abs=6e-4)
    assert plain.hr[0] == pytest.approx(np.exp(beta), rel=1e-6)
    stratified = scan_firth(build_risk_sets(time, event, strata=linear["origin"]), x)
    assert (stratified.coef[0], stratified.p[0]) == pytest.approx((beta_stratified, p_stratified), abs=1e-6)


def test_scan_firth__with_delayed_entry(linear: pd.DataFrame) -> None:
    risk = build_risk_sets(linear["os_days"], linear["os_event"] == 1, entry=linear["seq_day"])
    scan = scan_firth(risk, one_gene(linear["TP53"]))  # SC31
    assert (scan.coef[0], scan.p[0]) == pytest.approx((1.316333, 0.004482), abs=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_fit_firth__of_one_gene_is_scan_firth(linear: pd.DataFrame, ties: str) -> None:
    genes = ["MEN1", "ATRX", "TP53", "ARID1A", "SETD2", "RB1"]
    risk = build_risk_sets(linear["os_days"], linear["os_event"] == 1, strata=linear["origin"])
    scan = scan_firth(risk, linear[genes].T.to_numpy().astype(np.int8), ties=ties)
    for row, gene in enumerate(genes):
        fit = fit_firth(linear[[gene]], linear["os_days"], linear["os_event"], strata=linear["origin"], ties=ties)
        for name in ("coef", "se", "lo", "hi", "plr_chi2", "p", "pen_loglik", "pen_loglik_null"):
            assert np.ravel(getattr(fit, name))[0] == pytest.approx(getattr(scan, name)[row], abs=1e-8), (gene, name)
        assert (fit.model_chi2, fit.model_p) == pytest.approx((scan.plr_chi2[row], scan.p[row]), abs=1e-8)


def test_scan_firth__says_why_a_gene_has_no_estimate() -> None:
    time, event = [1, 2, 3, 4, 5, 6], [0, 1, 1, 0, 0, 0]
    genes = np.array(
        [
            [0, 0, 0, 0, 0, 0],
            [1, 1, 1, 1, 1, 1],
            [-1, -1, -1, -1, -1, -1],
            [1, -1, -1, 0, 1, 0],  # no profiled patient has the event
            [1, 0, 0, 0, 0, 0],  # the carrier is gone before the first event
            [0, 1, 1, 0, 0, 0],
            [0, 0, 0, 1, 0, 0],
        ],
        dtype=np.int8,
    )
    scan = scan_firth(build_risk_sets(time, event), genes)
    assert scan.status.tolist() == [
        "none_altered", "all_altered", "no_data", "no_events", "not_informative", "monotone_plus", "monotone_minus",
    ]  # fmt: skip
    assert np.isnan(scan.coef[:5]).all()
    assert np.isfinite(np.stack([scan.coef, scan.se, scan.lo, scan.hi, scan.p])[:, 5:]).all()
    assert not scan.open_limit.any()


def test_scan_firth__patients_not_profiled_are_as_good_as_absent(linear: pd.DataFrame) -> None:
    known = linear.dropna(subset=["TSC2"])
    everyone = scan_firth(build_risk_sets(linear["os_days"], linear["os_event"] == 1), one_gene(linear["TSC2"]))
    profiled = scan_firth(build_risk_sets(known["os_days"], known["os_event"] == 1), one_gene(known["TSC2"]))
    for name in ("n", "events", "coef", "lo", "hi", "pen_loglik"):
        np.testing.assert_allclose(getattr(everyone, name), getattr(profiled, name), rtol=1e-12, err_msg=name)


def test_scan_firth__without_limits_leaves_them_out(linear: pd.DataFrame) -> None:
    risk = build_risk_sets(linear["os_days"], linear["os_event"] == 1)
    full, short = (scan_firth(risk, one_gene(linear["TP53"]), limits=limits) for limits in (True, False))
    assert short.coef[0] == full.coef[0]
    assert np.isnan(short.lo[0])


def test_scan_firth__level_widens_the_interval(linear: pd.DataFrame) -> None:
    risk = build_risk_sets(linear["os_days"], linear["os_event"] == 1)
    narrow, wide = (scan_firth(risk, one_gene(linear["TP53"]), level=level) for level in (0.9, 0.99))
    assert wide.lo[0] < narrow.lo[0] < narrow.hi[0] < wide.hi[0]


@given(data=st.data(), n=st.integers(4, 14))
def test_scan_firth__swapping_the_groups_turns_the_sign(data: st.DataObject, n: int) -> None:
    time = np.array(data.draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)), dtype=float)
    event = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    altered = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    risk = build_risk_sets(time, event)
    a, b = scan_firth(risk, one_gene(altered)), scan_firth(risk, one_gene(~altered))
    np.testing.assert_allclose(a.coef, -b.coef, atol=1e-7)
    np.testing.assert_allclose(a.lo, -b.hi, atol=1e-6)
    np.testing.assert_allclose(a.p, b.p, atol=1e-9)
    months = scan_firth(build_risk_sets(time * 30.4375, event), one_gene(altered))  # the unit of time has no part in it
    np.testing.assert_array_equal(months.coef, a.coef)
    if not np.isnan(a.coef[0]):
        assert a.lo[0] < a.coef[0] < a.hi[0]
        assert (a.lo[0] > 0 or a.hi[0] < 0) == (a.p[0] < 0.05)


def test_evaluate_penalised__has_no_value_out_of_numerical_reach() -> None:
    data = cohort(4, n=30, p=3)
    design = build_design(build_risk_sets(data["time"], data["event"]), data["X"])
    assert evaluate_penalised(design, np.array([0.0, 1e4, 0.0])).value == -np.inf
    constant = build_design(build_risk_sets(data["time"], data["event"]), data["X"] * [1, 0, 1])
    assert evaluate_penalised(constant, np.zeros(3)).value == -np.inf


def test_fit_firth__finds_limits_far_out() -> None:
    X = np.array([[0, 1, 3], [1, 2, 3], [2, 3, 0], [2, 2, 1], [2, 3, 2], [1, 0, 0]], dtype=float)
    time, event = np.arange(1.0, 7.0), np.array([0, 0, 1, 0, 0, 0], dtype=bool)  # one event, three covariates
    fit = fit_firth(X, time, event, profile=[0])

    def naive(b: np.ndarray) -> float:
        return naive_penalised(b, X, time, event, np.full(6, -np.inf), np.zeros(6), "efron")

    for limit in (fit.lo[0], fit.hi[0]):
        start = fit.coef[1:] - (limit - fit.coef[0]) / 3
        profile = optimize.minimize(
            lambda rest, fixed=limit: -naive(np.array([fixed, *rest])), start, method="Nelder-Mead",
            options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 4000},
        )  # fmt: skip
        assert 2 * (naive(fit.coef) + profile.fun) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-6)
    assert fit.lo[0] < -15


def test_fit_firth__scaling_a_covariate_scales_its_coefficient() -> None:
    data = cohort(8, n=40, p=2)
    fit = fit_firth(data["X"], data["time"], data["event"], entry=data["entry"])
    scaled = fit_firth(data["X"] * [1, 1000] + [0, 5], data["time"], data["event"], entry=data["entry"])
    for name in ("coef", "se", "lo", "hi"):
        np.testing.assert_allclose(getattr(scaled, name) * [1, 1000], getattr(fit, name), rtol=1e-6)
    np.testing.assert_allclose(scaled.plr_chi2, fit.plr_chi2, atol=1e-8)
    assert scaled.pen_loglik == pytest.approx(fit.pen_loglik + np.log(1000))


def test_fit_firth__profiles_only_the_columns_asked_for() -> None:
    data = cohort(8, n=40, p=3)
    every, one, none = (
        fit_firth(data["X"], data["time"], data["event"], profile=profile) for profile in (True, [1], False)
    )
    assert np.isfinite(every.lo).all()
    assert np.isnan(one.p).tolist() == [True, False, True]
    assert one.hi[1] == every.hi[1]
    assert np.isnan(none.hi).all()
    np.testing.assert_array_equal(none.coef, every.coef)


@pytest.mark.parametrize(
    ("X", "event", "status"),
    [
        ([[1, 2], [2, 1], [3, 5], [4, 4]], [0, 0, 0, 0], "no_events"),
        ([[1, 2], [2, 2], [3, 2], [4, 2]], [1, 1, 0, 1], "singular"),
        ([[1, 2], [2, 4], [3, 6], [5, 10]], [1, 1, 0, 1], "singular"),
        ([[1, 2], [2, 1], [0, 5], [0, 4]], [0, 0, 1, 1], "singular"),  # the first column is 0 when somebody fails
    ],
)
def test_fit_firth__says_why_there_is_no_fit(X, event, status) -> None:
    fit = fit_firth(X, [1, 2, 3, 4], event)
    assert fit.status == status
    assert np.isnan(np.concatenate([fit.coef, fit.se, fit.lo, fit.p, fit.covariance.ravel()])).all()
    assert (fit.n, fit.events) == (4, sum(event))


def test_fit_firth__refuses_missing_covariates() -> None:
    with pytest.raises(ValueError, match=r"X must be a finite array of shape \(patients, covariates\)"):
        fit_firth([[1.0], [np.nan]], [1, 2], [1, 1])


def test_scan_firth_adjusted__is_fit_firth_on_the_profiled(linear: pd.DataFrame) -> None:
    genes = ["TP53", "TSC2", "SETD2"]
    risk = build_risk_sets(linear["os_days"], linear["os_event"] == 1, strata=linear["origin"])
    design = linear[["ki67_pct"]].to_numpy(dtype=float) / 10
    scan = scan_firth_adjusted(risk, linear[genes].T.fillna(-1).to_numpy().astype(np.int8), design)
    assert scan.status.tolist() == ["ok", "ok", "monotone_minus"]
    for row, gene in enumerate(genes):
        use = linear[gene].notna()
        known = linear[use]
        fit = fit_firth(
            np.column_stack([known[gene], design[use]]), known["os_days"], known["os_event"], strata=known["origin"]
        )
        for name in ("coef", "se", "lo", "hi", "p"):
            assert getattr(scan, name)[row] == pytest.approx(getattr(fit, name)[0], abs=1e-9), (gene, name)
        assert 2 * (scan.pen_loglik[row] - scan.pen_loglik_null[row]) == pytest.approx(scan.plr_chi2[row])


def test_scan_firth_adjusted__a_covariate_equal_to_the_gene_is_singular(linear: pd.DataFrame) -> None:
    risk = build_risk_sets(linear["os_days"], linear["os_event"] == 1)
    genes = np.vstack([one_gene(linear["TP53"]), np.zeros((1, len(linear)), dtype=np.int8)])
    scan = scan_firth_adjusted(risk, genes, linear[["TP53"]].to_numpy(dtype=float))
    assert scan.status.tolist() == ["singular", "none_altered"]
    assert np.isnan(scan.coef).all()


def test_fit_common__restricts_separate_models_to_one_coefficient() -> None:
    first, second = cohort(1), cohort(2)
    time = np.concatenate([first["time"], second["time"]])
    event = np.concatenate([first["event"], second["event"]])
    x = np.concatenate([first["X"][:, 0], second["X"][:, 0]]).astype(np.int8)
    half = len(first["time"])
    genes = np.full((3, len(time)), -1, dtype=np.int8)
    genes[0, :half], genes[1, half:], genes[2] = x[:half], x[half:], 0  # the last row says nothing

    def naive(b: float) -> float:
        return sum(
            naive_penalised(b, part["X"], part["time"], part["event"], np.full(half, -np.inf), np.zeros(half), "efron")
            for part in (first, second)
        )

    best = optimize.minimize_scalar(lambda b: -naive(b), bounds=(-6, 6), method="bounded", options={"xatol": 1e-9})
    coef, value = fit_common(build_risk_sets(time, event), genes)
    assert coef == pytest.approx(best.x, abs=1e-6)
    assert value == pytest.approx(-best.fun, abs=1e-9)


def test_fit_common__nothing_to_fit() -> None:
    assert np.isnan(fit_common(build_risk_sets([1, 2], [1, 1]), np.zeros((1, 2), dtype=np.int8))).all()
