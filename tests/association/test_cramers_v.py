"""Cramer's V: DOMAIN SC21, R, and how often the bootstrap limits cover."""

from __future__ import annotations

import math

import numpy as np
import pytest

from netgen.association.cramers_v import adjusted_residuals, cramers_v

TABLE = [[5, 1, 2], [1, 6, 5], [0, 3, 9]]  # DOMAIN SC21 (i)


def test_cramers_v__agrees_with_domain():
    found = cramers_v(TABLE, seed=1)
    assert found.x2 == pytest.approx(16.177778, abs=1e-6)
    assert found.df == 4
    assert found.v == pytest.approx(0.502770, abs=1e-6)
    assert found.v_bc == pytest.approx(0.448604, abs=1e-6)


def test_cramers_v__limits_hold_the_estimate():
    for table in (TABLE, [[4, 2, 1, 1, 0, 0], [2, 3, 3, 1, 2, 1], [7, 3, 0, 1, 2, 1]], [[1, 1, 1, 1], [1, 1, 1, 1]]):
        found = cramers_v(table, seed=1)
        assert 0 <= found.v_lo <= found.v <= found.v_hi <= 1
        assert 0 <= found.v_bc_lo <= found.v_bc <= found.v_bc_hi <= 1


def test_cramers_v__is_one_where_rows_determine_columns():
    found = cramers_v([[7, 0, 0], [0, 9, 0], [0, 0, 5]], seed=1)
    assert found.v == pytest.approx(1.0)
    assert found.v_bc <= 1


def test_cramers_v__passes_over_empty_rows_and_columns():
    padded = [[5, 1, 0, 2], [0, 0, 0, 0], [1, 6, 0, 5], [0, 3, 0, 9]]
    assert cramers_v(padded, seed=3) == cramers_v(TABLE, seed=3)


@pytest.mark.parametrize("table", [[[1, 2, 3]], [[1], [2]], [[0, 0], [3, 4]], [[]]])
def test_cramers_v__says_nothing_of_one_row_or_column(table):
    found = cramers_v(table, seed=1)
    assert math.isnan(found.v)
    assert math.isnan(found.v_bc_hi)
    assert found.draws == 0


def test_cramers_v__depends_on_the_seed_alone():
    assert cramers_v(TABLE, seed=5) == cramers_v(TABLE, seed=5)
    assert cramers_v(TABLE, seed=5).v_hi != cramers_v(TABLE, seed=6).v_hi


def test_cramers_v__limits_of_the_corrected_v_cover():
    # 150 tables of three groups of LINEAR's size, drawn from known probabilities; true V by its definition.
    shares = np.array([[0.6, 0.2, 0.1, 0.1], [0.2, 0.2, 0.4, 0.2], [0.5, 0.1, 0.1, 0.3]])
    sizes = np.array([8, 12, 14])
    joint = shares * (sizes / sizes.sum())[:, None]
    expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    true = math.sqrt(((joint - expected) ** 2 / expected).sum() / 2)
    rng = np.random.default_rng(7)
    hits = 0
    for i in range(150):
        table = [rng.multinomial(n, share) for n, share in zip(sizes, shares, strict=True)]
        found = cramers_v(table, seed=i, draws=300)
        hits += found.v_bc_lo <= true <= found.v_bc_hi
    assert hits >= 0.90 * 150


def test_adjusted_residuals__agree_with_r():
    # R 4.2.2, chisq.test(t, correct = FALSE)$stdres, column by column
    frozen = [3.660834523, -1.169410692, -2.104939246, -1.321156518, 1.772517470, -0.590839157, -1.632993162,
              -0.730296743, 2.190890230]  # fmt: skip
    assert adjusted_residuals(TABLE).T.ravel() == pytest.approx(frozen, abs=1e-8)


def test_adjusted_residuals__are_missing_where_a_row_holds_everything():
    assert np.isnan(adjusted_residuals([[3, 4], [0, 0]])).all()
