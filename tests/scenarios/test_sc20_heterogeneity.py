"""SC20: an origin with an infinite estimate. Firth sees the heterogeneity that maximum likelihood hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from netgen.association.heterogeneity import Heterogeneity, heterogeneity

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def linear(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


def run(linear: pd.DataFrame, gene: str, method: str = "firth") -> Heterogeneity:
    return heterogeneity(linear["os_days"], linear["os_event"] == 1, linear[gene] == 1, linear["origin"], method=method)


def test_sc20_tp53_firth(linear: pd.DataFrame) -> None:
    result = run(linear, "TP53")
    rows = result.table.set_index("origin")
    want = {
        "thymic": (-0.116703, -1.855660, 1.334067),
        "lung": (3.663853, 1.255377, 8.584673),
        "duodenopancreatic": (0.358054, -1.110594, 1.690271),
    }
    for origin, numbers in want.items():
        row = rows.loc[origin]
        assert (row["beta"], np.log(row["hr_lo"]), np.log(row["hr_hi"])) == pytest.approx(numbers, abs=1e-6), origin
    assert rows["monotone_mle"].to_dict() == {"thymic": False, "lung": True, "duodenopancreatic": False}
    assert rows["estimable"].all()
    assert (result.q, result.q_p) == pytest.approx((3.699223, 0.157298), abs=1e-6)
    assert result.i2 == pytest.approx(0.459, abs=5e-4)
    assert (result.lr_chi2, result.df) == (pytest.approx(7.565829, abs=1e-6), 2)
    assert result.p == pytest.approx(0.022756, abs=1e-6)


def test_sc20_tp53_maximum_likelihood_hides_it(linear: pd.DataFrame) -> None:
    result = run(linear, "TP53", method="ml")
    assert (result.beta, result.se) == pytest.approx((0.663209, 0.484978), abs=1e-6)
    assert result.lr_chi2 == pytest.approx(9.231112, abs=1e-6)
    assert result.q == pytest.approx(0.2336, abs=5e-5)


def test_sc20_men1(linear: pd.DataFrame) -> None:
    result = run(linear, "MEN1")
    assert result.q == pytest.approx(3.097426, abs=1e-6)
    assert result.i2 == pytest.approx(0.354, abs=5e-4)
    assert (result.lr_chi2, result.p) == pytest.approx((3.715771, 0.156002), abs=1e-6)
    assert run(linear, "MEN1", method="ml").lr_chi2 == pytest.approx(3.557934, abs=1e-6)


def test_sc20_atrx(linear: pd.DataFrame) -> None:
    result = run(linear, "ATRX")
    assert (result.lr_chi2, result.p) == pytest.approx((0.705624, 0.702709), abs=1e-6)
    assert run(linear, "ATRX", method="ml").lr_chi2 == pytest.approx(0.717594, abs=1e-6)
