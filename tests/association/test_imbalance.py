"""Follow-up of altered and unaltered patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from netgen.association.imbalance import check_imbalance

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def linear(reference: Path) -> pd.DataFrame:
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


def test_check_imbalance__tests_censoring_as_the_event(linear: pd.DataFrame) -> None:
    result = check_imbalance(linear["os_days"], linear["os_event"] == 1, linear["SETD2"] == 1)
    assert result.p_censoring == pytest.approx(0.061054, abs=1e-6)
    assert np.isnan(result.p_entry)
    assert result.imbalanced


def test_check_imbalance__compares_entry_by_ranks() -> None:
    time = np.arange(10.0, 30.0)
    entry = np.arange(20.0) / 4
    altered = np.arange(20) >= 15
    result = check_imbalance(time, np.arange(20) % 2 == 0, altered, entry=entry)
    # all 5 altered enter last: the most extreme of C(20, 5) = 15504 rankings, two-sided
    assert result.p_entry == pytest.approx(stats.mannwhitneyu(entry[15:], entry[:15]).pvalue)
    assert result.p_entry < 0.002
    assert result.imbalanced


def test_check_imbalance__is_quiet_where_the_groups_are_alike(linear: pd.DataFrame) -> None:
    result = check_imbalance(
        linear["os_days"],
        linear["os_event"] == 1,
        linear["MEN1"] == 1,
        entry=linear["seq_day"],
        strata=linear["origin"],
    )
    assert not result.imbalanced
    assert min(result.p_censoring, result.p_entry) > 0.1


def test_check_imbalance__nothing_to_compare() -> None:
    everybody_dies = check_imbalance([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0], entry=[0, 0, 0, 0])
    assert np.isnan([everybody_dies.p_censoring, everybody_dies.p_entry]).all()
    assert not everybody_dies.imbalanced
    one_group = check_imbalance([1, 2, 3, 4], [1, 0, 1, 0], [1, 1, 1, 1], entry=[0, 1, 2, 3])
    assert np.isnan([one_group.p_censoring, one_group.p_entry]).all()
