"""Gray's test: cmprsk, the log-rank test where nothing competes, and its level under the hypothesis."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.gray import gray_test
from netgen.association.logrank import logrank_test

INPUTS = {"pbc": ("pbc_trial", "time", "status"), "simA2": ("simA2", "time", "comp"),
          "linear": ("linear_syn34", "pfs_days", "pfs_type")}  # fmt: skip


def read(reference, name):
    """Return table, time and cause of an id such as ``pbc.stage``, and its group."""
    head, _, group = name.partition(".")
    file, time, cause = INPUTS[head]
    table = pd.read_csv(reference / "inputs" / f"{file}.csv").dropna(subset=[group or "origin"])
    return table, table[time], table[cause], table[group or "origin"]


def test_gray_test__equals_cmprsk(reference):
    expected = pd.read_csv(reference / "gray" / "gray_test.csv")
    assert len(expected) == 6
    for row in expected.itertuples():
        _, time, cause, group = read(reference, row.id)
        found = gray_test(time, cause, group, of=row.cause)
        assert found.chi2 == pytest.approx(row.stat, rel=1e-10)
        assert found.p == pytest.approx(row.p, rel=1e-10)
        assert found.df == row.df
        assert found.events.sum() == (cause == row.cause).sum()


def test_gray_test__equals_cmprsk_with_strata_and_weights(reference):
    expected = pd.read_csv(reference / "gray" / "options.csv", keep_default_na=False)
    assert len(expected) == 16
    for row in expected.itertuples():
        table, time, cause, group = read(reference, row.id)
        strata = None if row.strata == "none" else table[row.strata]
        found = gray_test(time, cause, group, of=row.cause, strata=strata, rho=row.rho)
        assert found.chi2 == pytest.approx(row.stat, rel=1e-9)
        assert found.df == row.df


def test_gray_test__scores_are_those_of_the_log_rank_test_where_nothing_competes(reference):
    """With one cause S and 1 - F are the same and R is the number at risk."""
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv")
    gray = gray_test(table["os_days"], table["os_event"], table["origin"])
    logrank = logrank_test(table["os_days"], table["os_event"] == 1, table["origin"])
    np.testing.assert_allclose(gray.score, logrank.observed - logrank.expected, atol=1e-10)


def test_gray_test__does_not_depend_on_row_order_or_on_what_groups_are_called(reference):
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv")
    first = gray_test(table["pfs_days"], table["pfs_type"], table["origin"])
    other = table.sample(frac=1, random_state=3)
    renamed = other["origin"].map({"thymic": "z", "lung": "a", "duodenopancreatic": "m"})
    again = gray_test(other["pfs_days"], other["pfs_type"], renamed)
    assert again.chi2 == pytest.approx(first.chi2, rel=1e-12)
    assert first.score.sum() == pytest.approx(0, abs=1e-12)


def test_gray_test__holds_its_level():
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(400):
        first, second, lost = rng.exponential(1, 80), rng.exponential(1.5, 80), rng.exponential(2, 80)
        time = np.ceil(np.minimum(np.minimum(first, second), lost) * 30)
        cause = np.where(lost < np.minimum(first, second), 0, np.where(first < second, 1, 2))
        hits += gray_test(time, cause, np.arange(80) % 2).p < 0.05
    assert 8 <= hits <= 34  # 20 expected, standard deviation 4.4


def test_gray_test__with_one_group_or_without_events_says_nothing():
    one = gray_test([1, 2, 3], [1, 2, 0], ["a", "a", "a"])
    assert (one.df, np.isnan(one.chi2), np.isnan(one.p)) == (0, True, True)
    none = gray_test([1, 2, 3], [2, 2, 0], ["a", "a", "b"])
    assert (none.df, np.isnan(none.p)) == (0, True)


def test_gray_test__refuses_missing_times():
    with pytest.raises(ValueError, match="times must be finite"):
        gray_test([1, np.nan], [1, 0], ["a", "b"])
