"""Smallest effects with 80 % power: the power at the effect that is returned, and a formula worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2, ncx2

from netgen.association.detectable import detectable_difference, detectable_v


@pytest.mark.parametrize(("n", "rows", "columns"), [(34, 3, 6), (34, 2, 6), (8, 3, 4), (500, 2, 2)])
def test_detectable_v__has_the_power_it_promises(n, rows, columns):
    v = detectable_v(n, rows, columns)
    df = (rows - 1) * (columns - 1)
    power = ncx2.sf(chi2.isf(0.05, df), df, n * v**2 * (min(rows, columns) - 1))
    assert power == pytest.approx(0.80, abs=1e-9)


def test_detectable_v__of_a_fourfold_table_is_that_of_a_normal_deviate():
    assert detectable_v(100, 2, 2) == pytest.approx((1.959964 + 0.841621) / 10, abs=1e-4)


def test_detectable_v__is_found_in_80_of_100_large_tables():
    v, n = detectable_v(400, 2, 2), 400
    cells = np.array([[1 + v, 1 - v], [1 - v, 1 + v]]) / 4
    rng = np.random.default_rng(1)
    drawn = rng.multinomial(n, cells.ravel(), size=4000).reshape(-1, 2, 2)
    row, column = drawn.sum(axis=2, keepdims=True), drawn.sum(axis=1, keepdims=True)
    x2 = ((drawn - row * column / n) ** 2 / (row * column / n)).sum(axis=(1, 2))
    assert (x2 > chi2.isf(0.05, 1)).mean() == pytest.approx(0.80, abs=0.03)


def test_detectable_difference__by_hand():
    # n = 14 and 20, p = 0.25: 2.801585 * sqrt(0.1875 * (1/14 + 1/20))
    assert detectable_difference(14, 20, 0.25) == pytest.approx(
        2.801585 * math.sqrt(0.1875 * (1 / 14 + 1 / 20)), abs=1e-6
    )


def test_detectable__nothing_where_nothing_can_be_compared():
    assert math.isnan(detectable_v(10, 1, 4))
    assert math.isnan(detectable_v(0, 2, 2))
    assert math.isnan(detectable_difference(0, 5, 0.2))
    assert math.isnan(detectable_difference(5, 5, 0.0))
