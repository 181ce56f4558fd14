"""Effects by origin: what is estimated, what is tested, what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from netgen.association.firth import scan_firth
from netgen.association.heterogeneity import COLUMNS, heterogeneity
from netgen.association.results import HETEROGENEITY_COLUMNS
from netgen.association.riskset import build_risk_sets

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def linear(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


def run(frame: pd.DataFrame, gene: str, **settings):
    return heterogeneity(frame["os_days"], frame["os_event"] == 1, frame[gene] == 1, frame["origin"], **settings)


def test_heterogeneity__rows_are_the_firth_fits_of_each_origin(linear: pd.DataFrame) -> None:
    result = run(linear, "TP53", entry=linear["seq_day"])
    assert tuple(result.table.columns) == COLUMNS
    assert set(COLUMNS) <= set(HETEROGENEITY_COLUMNS)
    assert result.table["origin"].tolist() == ["duodenopancreatic", "lung", "thymic"]
    for row in result.table.to_dict("records"):
        part = linear[linear["origin"] == row["origin"]]
        risk = build_risk_sets(part["os_days"], part["os_event"] == 1, entry=part["seq_day"])
        fit = scan_firth(risk, part[["TP53"]].T.to_numpy().astype(np.int8))
        assert (row["beta"], row["se"]) == pytest.approx((fit.coef[0], fit.se[0]), abs=1e-9)
        assert (row["hr_lo"], row["hr_hi"]) == pytest.approx((fit.hr_lo[0], fit.hr_hi[0]), rel=1e-7)
        assert row["n"] == len(part)
        assert row["n_altered"] == part["TP53"].sum()
        assert row["events_altered"] == (part["TP53"] * part["os_event"]).sum()
        assert row["events_unaltered"] == ((1 - part["TP53"]) * part["os_event"]).sum()


def test_heterogeneity__q_is_the_weighted_sum_of_squares(linear: pd.DataFrame) -> None:
    result = run(linear, "TP53")
    b, w = result.table["beta"].to_numpy(), 1 / result.table["se"].to_numpy() ** 2
    mean = (w * b).sum() / w.sum()
    q = sum(w[o] * (b[o] - mean) ** 2 for o in range(3))
    assert (result.q, result.q_df) == (pytest.approx(q), 2)
    assert result.q_p == pytest.approx(stats.chi2.sf(q, 2))
    assert result.i2 == pytest.approx((q - 2) / q)
    assert result.tau2 == pytest.approx((q - 2) / (w.sum() - (w**2).sum() / w.sum()))


def test_heterogeneity__common_effect_is_stratified_by_origin(linear: pd.DataFrame) -> None:
    firth, ml = run(linear, "TP53"), run(linear, "TP53", method="ml")
    assert (firth.beta, firth.p_common) == pytest.approx((0.673969, 0.161338), abs=1e-6)
    assert (ml.beta, ml.se) == pytest.approx((0.663209, 0.484978), abs=1e-6)
    assert firth.lo < firth.beta < firth.hi
    assert ml.hi - ml.beta == pytest.approx(stats.norm.ppf(0.975) * ml.se)


@pytest.mark.parametrize("method", ["firth", "ml"])
def test_heterogeneity__identical_origins_do_not_differ(linear: pd.DataFrame, method: str) -> None:
    twice = pd.concat([linear.assign(origin="a"), linear.assign(origin="b")])
    result = run(twice, "MEN1", method=method)
    assert (result.lr_chi2, result.q) == pytest.approx((0, 0), abs=1e-9)
    assert (result.df, result.p) == (1, pytest.approx(1.0, abs=1e-5))
    assert (result.i2, result.tau2) == (0, 0)


def test_heterogeneity__an_origin_that_says_nothing_is_listed_and_left_out(linear: pd.DataFrame) -> None:
    # no thymic patient carries SETD2 and no duodenopancreatic one: only lung can be estimated
    result = run(linear, "SETD2")
    assert result.table["status"].tolist() == ["none_altered", "monotone_minus", "none_altered"]
    assert result.table["estimable"].tolist() == [False, True, False]
    assert result.table["monotone_mle"].tolist() == [False, True, False]
    assert result.n_estimable == 1
    assert np.isnan([result.q, result.q_p, result.i2, result.tau2, result.lr_chi2, result.p]).all()
    assert (result.q_df, result.df) == (0, 0)
    assert result.beta == pytest.approx(-2.542940, abs=1e-6)  # the common effect stands


def test_heterogeneity__without_events_nothing_is_estimated(linear: pd.DataFrame) -> None:
    result = run(linear.assign(os_event=0), "MEN1")
    assert set(result.table["status"]) == {"no_events"}
    assert result.n_estimable == 0
    assert np.isnan([result.beta, result.p, result.q]).all()


def test_heterogeneity__relabelling_origins_permutes_rows_only(linear: pd.DataFrame) -> None:
    plain = run(linear, "TP53")
    renamed = run(
        linear.assign(origin=linear["origin"].map({"thymic": "a", "lung": "b", "duodenopancreatic": "c"})), "TP53"
    )
    assert renamed.table["origin"].tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(renamed.table["beta"][::-1], plain.table["beta"], atol=1e-9)
    assert (renamed.p, renamed.q) == pytest.approx((plain.p, plain.q), abs=1e-9)


def test_heterogeneity__rows_of_maximum_likelihood_leave_an_infinite_estimate_blank(linear: pd.DataFrame) -> None:
    result = run(linear, "TP53", method="ml")
    lung = result.table.set_index("origin").loc["lung"]
    assert np.isnan(lung[["beta", "se", "hr", "hr_lo", "hr_hi"]].astype(float)).all()
    assert lung["estimable"]
    assert lung["monotone_mle"]
    assert (result.q_df, result.df) == (1, 2)


@pytest.mark.parametrize(
    ("late", "beta", "rows", "lr_chi2", "q"),
    [
        (True, 0.634824283538, [0.618953384518, 0.592059073785, 0.554502676942, 1.105103349409], 0.493614469901,
         0.529822662403),
        (False, 0.657429565791, [0.593523498444, 0.614645088141, 0.668584104512, 1.375059723291], 1.083470970645,
         1.21424803908),
    ],
)  # fmt: skip
def test_heterogeneity__by_maximum_likelihood_equals_interaction_models_of_coxph(
    reference: Path, late: bool, beta: float, rows: list[float], lr_chi2: float, q: float
) -> None:
    """R: coxph of G001:origin and of G001, both with strata(origin), with and without delayed entry."""
    table = pd.read_csv(reference / "inputs" / "simA2.csv").dropna(subset=["G001"])
    entry = table["entry"] if late else None
    found = heterogeneity(
        table["time"], table["event"] == 1, table["G001"] == 1, table["origin"], entry=entry, method="ml"
    )
    np.testing.assert_allclose(found.table["beta"], rows, atol=1e-9)
    assert found.beta == pytest.approx(beta, abs=1e-9)
    assert (found.lr_chi2, found.df) == (pytest.approx(lr_chi2, abs=1e-8), 3)
    assert (found.q, found.q_df) == (pytest.approx(q, abs=1e-8), 3)
