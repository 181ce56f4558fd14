"""Limits of proportions and of differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from netgen.association.proportions import clopper_pearson, newcombe, wilson

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("make", "name"), [(clopper_pearson, "exact"), (wilson, "wilson")])
def test_limits__equal_those_of_r(reference: Path, make, name: str) -> None:
    golden = pd.read_csv(reference / "binom" / "binom.csv")
    result = make(golden["x"], golden["n"])
    np.testing.assert_allclose(result.estimate, golden["est"], rtol=1e-14)
    np.testing.assert_allclose(result.lo, golden[f"{name}_lower95"], atol=1e-12)
    np.testing.assert_allclose(result.hi, golden[f"{name}_upper95"], atol=1e-12)


def test_clopper_pearson__each_tail_holds_half_of_the_rest() -> None:
    x, n = np.array([1, 7, 33]), 34
    result = clopper_pearson(x, n, level=0.9)
    np.testing.assert_allclose(stats.binom.sf(x - 1, n, result.lo), 0.05)
    np.testing.assert_allclose(stats.binom.cdf(x, n, result.hi), 0.05)


def test_limits__of_sc23() -> None:
    exact, score = clopper_pearson([2, 3, 6], [8, 12, 14]), wilson([2, 3, 6], [8, 12, 14])
    np.testing.assert_allclose(100 * exact.lo, [3.2, 5.5, 17.7], atol=0.05)
    np.testing.assert_allclose(100 * exact.hi, [65.1, 57.2, 71.1], atol=0.05)
    np.testing.assert_allclose(100 * score.lo, [7.1, 8.9, 21.4], atol=0.05)
    np.testing.assert_allclose(100 * score.hi, [59.1, 53.2, 67.4], atol=0.05)


# Newcombe 1998, Table II, method 10.
@pytest.mark.parametrize(
    ("counts", "limits"),
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0)),
    ],
)
def test_newcombe__equals_the_paper(counts: tuple[int, ...], limits: tuple[float, float]) -> None:
    result = newcombe(*counts)
    assert (result.lo, result.hi) == pytest.approx(limits, abs=5e-5)


def test_newcombe__of_sc21() -> None:
    result = newcombe([7, 0], [14, 14], [6, 4], [20, 20])
    np.testing.assert_allclose(result.estimate, [0.2, -0.2])
    np.testing.assert_allclose(result.lo, [-0.119, -0.416], atol=5e-4)
    np.testing.assert_allclose(result.hi, [0.479, 0.046], atol=5e-4)


def test_limits__nobody_observed_is_nothing_known() -> None:
    for result in (clopper_pearson(0, 0), wilson(0, 0), newcombe(0, 0, 3, 5)):
        assert np.isnan([result.estimate, result.lo, result.hi]).all()


@pytest.mark.parametrize("counts", [(-1, 3), (4, 3), (1.5, 3)])
def test_limits__refuse_what_is_no_count(counts: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="whole numbers between 0 and their denominator"):
        wilson(*counts)


def test_limits__refuse_a_level_of_95() -> None:
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 95"):
        clopper_pearson(1, 3, level=95)
