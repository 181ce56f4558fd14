"""Adjusted p-values against R and the step formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association.multiplicity import METHODS, adjust_pvalues

if TYPE_CHECKING:
    from pathlib import Path


def naive(p: list[float], method: str) -> np.ndarray:
    """The step formulas of DOMAIN 3.7, one test at a time."""
    m, order = len(p), np.argsort(p, kind="stable")
    harmonic = sum(1 / k for k in range(1, m + 1))
    out = np.empty(m)
    for i in range(1, m + 1):
        if method == "holm":
            out[order[i - 1]] = max(min(1, (m - j + 1) * p[order[j - 1]]) for j in range(1, i + 1))
        else:
            factor = harmonic if method == "by" else 1
            out[order[i - 1]] = min(min(1, factor * m * p[order[j - 1]] / j) for j in range(i, m + 1))
    return out


@pytest.mark.parametrize(("method", "name"), [("bh", "BH"), ("by", "BY"), ("holm", "holm")])
def test_adjust_pvalues__equals_r(reference: Path, method: str, name: str) -> None:
    expected = pd.read_csv(reference / "p_adjust" / "p_adjust.csv")
    expected = expected[expected["method"] == name].sort_values("index")
    assert expected["p"].isna().any()
    np.testing.assert_allclose(adjust_pvalues(expected["p"], method=method), expected["adjusted"], rtol=1e-12)


@pytest.mark.parametrize("method", sorted(METHODS))
@given(p=st.lists(st.floats(0, 1), max_size=12))
def test_adjust_pvalues__follows_the_step_formulas(method: str, p: list[float]) -> None:
    np.testing.assert_allclose(adjust_pvalues(p, method=method), naive(p, method), rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_adjust_pvalues__a_test_that_was_not_done_costs_nothing(method: str) -> None:
    p = [0.01, 0.02, np.nan, 0.03, 0.5]
    adjusted = adjust_pvalues(p, method=method)
    assert np.isnan(adjusted).tolist() == [False, False, True, False, False]
    np.testing.assert_array_equal(adjusted[[0, 1, 3, 4]], adjust_pvalues([0.01, 0.02, 0.03, 0.5], method=method))


def test_adjust_pvalues__an_empty_family() -> None:
    assert adjust_pvalues([]).tolist() == []
    assert np.isnan(adjust_pvalues([np.nan, np.nan])).all()


def test_adjust_pvalues__refuses_what_is_no_probability() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust_pvalues([0.2, 1.2])
    with pytest.raises(ValueError, match="method must be one of bh, by, holm, got 'bonferroni'"):
        adjust_pvalues([0.2], method="bonferroni")
