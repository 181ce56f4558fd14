"""Both entry analyses side by side, from literal tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.entry_comparison import ENTRY_COMPARISON_COLUMNS, compare_entry


def associations(*rows):
    names = ["endpoint", "feature", "n_profiled", "events_altered", "events_unaltered", "hr", "p_primary", "status"]
    return pd.DataFrame(rows, columns=names).assign(hr_lo=lambda t: t["hr"] / 2, hr_hi=lambda t: t["hr"] * 2)


def km(*rows):
    names = ["endpoint", "grouping", "group", "n", "events", "median", "median_lo", "median_hi", "t0_conditional"]
    return pd.DataFrame(rows, columns=names)


LATE = associations(
    ("os", "TP53", 30, 5, 10, 3.0, 0.01, "tested"), ("os", "ATRX", 30, 0, 15, np.nan, np.nan, "too_few_altered"),
    ("pfs", "TP53", 28, 6, 12, 1.5, 0.3, "tested"),
)  # fmt: skip
NAIVE = associations(("os", "TP53", 34, 7, 12, 2.0, 0.04, "tested"), ("os", "MEN1", 34, 4, 15, 0.8, 0.7, "tested"))
KM_LATE = km(
    ("os", "all", "all", 30, 15, 275, 90, 838, 71), ("os", "TP53", "altered", 6, 5, 90, 30, 200, 80),
    ("pfs", "all", "all", 28, 18, 200, 100, np.nan, 0),
)  # fmt: skip
KM_NAIVE = km(("os", "all", "all", 34, 19, 682, 453, 1071, 0))


def test_compare_entry__puts_both_analyses_of_a_feature_in_one_row():
    row = compare_entry(LATE, NAIVE).set_index(["endpoint", "feature"]).loc[("os", "TP53")]
    assert row[["n_entry", "events_entry", "n_naive", "events_naive"]].tolist() == [30, 15, 34, 19]
    assert row[["hr_entry", "hr_lo_entry", "hr_hi_entry", "p_primary_entry"]].tolist() == [3, 1.5, 6, 0.01]
    assert row[["hr_naive", "hr_lo_naive", "hr_hi_naive", "p_primary_naive"]].tolist() == [2, 1, 4, 0.04]
    assert (row["status_entry"], row["status_naive"], row["hr_ratio"]) == ("tested", "tested", 1.5)
    assert row[["median_entry", "median_naive"]].isna().all()


def test_compare_entry__medians_of_everybody():
    out = compare_entry(LATE, NAIVE, km_with_entry=KM_LATE, km_without=KM_NAIVE)
    row = out.set_index(["endpoint", "feature"]).loc[("os", "all")]
    assert row[["n_entry", "events_entry", "n_naive", "events_naive"]].tolist() == [30, 15, 34, 19]
    assert row[["median_entry", "median_lo_entry", "median_hi_entry", "t0_entry"]].tolist() == [275, 90, 838, 71]
    assert row[["median_naive", "median_lo_naive", "median_hi_naive", "t0_naive"]].tolist() == [682, 453, 1071, 0]
    assert row[["hr_entry", "hr_naive", "hr_ratio", "status_entry"]].isna().all()


def test_compare_entry__keeps_what_only_one_analysis_has_and_sorts():
    out = compare_entry(LATE, NAIVE, km_with_entry=KM_LATE, km_without=KM_NAIVE)
    assert list(out.columns) == list(ENTRY_COMPARISON_COLUMNS)
    assert list(zip(out["endpoint"], out["feature"], strict=True)) == [
        ("os", "all"), ("os", "ATRX"), ("os", "MEN1"), ("os", "TP53"), ("pfs", "all"), ("pfs", "TP53"),
    ]  # fmt: skip
    rows = out.set_index(["endpoint", "feature"])
    assert rows.loc[("os", "ATRX"), "status_entry"] == "too_few_altered"
    assert rows.loc[("os", "ATRX"), ["n_naive", "status_naive", "hr_ratio"]].isna().all()
    assert rows.loc[("os", "MEN1"), ["n_entry", "status_entry", "hr_ratio"]].isna().all()
    assert rows.loc[("pfs", "all"), ["n_naive", "median_naive"]].isna().all()


def test_compare_entry__does_not_depend_on_row_order():
    backwards = compare_entry(LATE[::-1], NAIVE[::-1], km_with_entry=KM_LATE[::-1], km_without=KM_NAIVE[::-1])
    pd.testing.assert_frame_equal(backwards, compare_entry(LATE, NAIVE, km_with_entry=KM_LATE, km_without=KM_NAIVE))


def test_compare_entry__of_nothing_has_the_columns_and_types():
    empty = compare_entry(LATE[:0], NAIVE[:0], km_with_entry=KM_LATE[:0], km_without=KM_NAIVE[:0])
    assert len(empty) == 0
    full = compare_entry(LATE, NAIVE)
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    one = compare_entry(LATE, NAIVE[:0])
    assert one.dtypes.to_dict() == full.dtypes.to_dict()


def test_compare_entry__a_gene_may_be_called_all():
    """The row of everybody is told apart by its place, not by its name."""
    gene = associations(("os", "all", 30, 5, 10, 3.0, 0.01, "tested"))
    out = compare_entry(gene, gene, km_with_entry=KM_LATE[:1], km_without=KM_NAIVE)
    assert out["median_entry"].tolist()[0] == 275
    assert out["hr_entry"].tolist()[1] == 3
    assert len(out) == 2


def test_compare_entry__refuses_a_feature_twice():
    with pytest.raises(ValueError, match="os TP53 has several"):
        compare_entry(pd.concat([LATE, LATE[:1]]), NAIVE)
