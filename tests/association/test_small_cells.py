"""Withheld counts: none follows from what is shown, checked by linear algebra instead of a graph."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import netgen as ng
from netgen.association.describe import describe_cohort
from netgen.association.small_cells import mask_table, round_down, withhold
from netgen.association.table_one import Columns, GroupTests, tabulate_characteristics
from netgen.errors import AnalysisError
from tests.association.test_table_one import of_series


def determined(hidden, *, total):
    """Tell for each hidden cell whether the known sums fix it: its unit vector lies in the span of the equations."""
    cells = [tuple(cell) for cell in np.argwhere(hidden)]
    equations = [[float(column == j) for _, column in cells] for j in range(hidden.shape[1])]
    if total:
        last = hidden.shape[1] - 1
        equations += [
            [(1.0 if column < last else -1.0) * (row == i) for row, column in cells] for i in range(hidden.shape[0])
        ]
    a = np.array(equations)
    rank = np.linalg.matrix_rank(a)
    return [np.linalg.matrix_rank(np.vstack([a, np.eye(len(cells))[k]])) == rank for k in range(len(cells))]


@given(st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=2, max_size=5), st.booleans())
def test_withhold__no_small_count_can_be_computed_from_the_others(rows, total):
    counts = np.array(rows)
    counts = counts[:, counts.sum(axis=0) >= 5]  # smaller groups are withheld as a whole
    if counts.shape[1] == 0:
        return
    if total:
        counts = np.column_stack([counts, counts.sum(axis=1)])
    marks = withhold(counts, 5, total=total)
    assert ((marks == "small") == ((counts > 0) & (counts < 5))).all()
    assert (marks[counts == 0] == "").all()
    if (marks != "").any():
        assert not any(determined(marks != "", total=total))


def test_withhold__leaves_a_block_without_small_counts_alone():
    assert (withhold(np.array([[5, 0], [7, 20]]), 5, total=False) == "").all()


def test_withhold__takes_the_smallest_count_beside_a_small_one():
    assert withhold(np.array([[3], [9], [6]]), 5, total=False)[:, 0].tolist() == ["small", "", "complementary"]


def table_of(values, labels, kind="category"):
    ids = pd.Index([f"P{i}" for i in range(len(values))], dtype="string")
    order = tuple(dict.fromkeys(labels))
    columns = Columns(grouping="g", labels=pd.Series(labels, index=ids, dtype="string"), order=order)
    return tabulate_characteristics([of_series(values, kind)], columns, GroupTests(tests=True, seed=1))


def texts(table, variable="v"):
    own = table[table["variable"] == variable]
    return {(row.level, row.group): row.text for row in own.itertuples()}


def test_mask_table__hides_a_small_level_its_neighbour_and_the_comparison():
    table = mask_table(table_of(["a"] * 3 + ["b"] * 9 + ["a"] * 8 + ["b"] * 7, ["x"] * 12 + ["y"] * 15), 5)
    found = texts(table)
    assert found["a", "x"] == "<5"
    assert {found[key] for key in (("b", "x"), ("a", "y"), ("b", "y"))} == {"withheld"}
    assert (found["a", "all"], found["b", "all"]) == ("11 (40.7)", "16 (59.3)")
    own = table[table["variable"] == "v"]
    assert own.loc[own["group"] != "all", ["n", "denominator", "percent"]].isna().all(axis=None)
    assert own[["smd", "p"]].isna().all(axis=None)
    assert texts(table, "patients") == {("", "x"): "12", ("", "y"): "15", ("", "all"): "27"}


def test_mask_table__a_few_missing_values_take_denominators_with_them():
    values = ["a"] * 10 + ["b"] * 10 + ["c"] * 10 + [None] * 2 + ["a"] * 10 + ["b"] * 9 + ["c"] * 8 + [None] * 3
    found = texts(mask_table(table_of(values, ["x"] * 32 + ["y"] * 30), 5))
    assert found["missing", "x"] == found["missing", "y"] == "<5"
    shown = [text for (level, group), text in found.items() if group in "xy" and level != "missing"]
    assert all("(" not in text for text in shown)  # a percentage would tell the denominator
    assert "10" in shown


def test_mask_table__statistics_of_few_values_go_with_their_number():
    values = [1.0, 2.0, 3.0, *[np.nan] * 9, *np.arange(20.0)]
    found = texts(mask_table(table_of(values, ["x"] * 12 + ["y"] * 20, "number"), 5))
    assert found["median (IQR)", "x"] == found["mean (SD)", "x"] == "<5"
    assert found["median (IQR)", "y"] == "9.5 (4.8 to 14.2)"
    assert {found["range", group] for group in ("x", "y", "all")} <= {"withheld", "<5"}


def test_mask_table__a_small_group_goes_as_a_whole_and_the_total_with_it():
    table = mask_table(table_of(["a"] * 10 + ["b"] * 9 + ["a"] * 2, ["x"] * 19 + ["y"] * 2), 5)
    assert table.loc[table["group"].isin(["y", "all"]), ["n", "percent", "denominator"]].isna().all(axis=None)
    found = texts(table)
    assert (found["a", "x"], found["a", "y"], found["a", "all"]) == ("10 (52.6)", "<5", "withheld")


def test_describe__masked_tables_hold_no_small_count():
    found = describe_cohort(ng.read_cohort("demo"), mask_below=5)
    for frame, names in ((found.table1, ["n"]), (found.missingness, ["n_missing", "n_unknown"])):
        counts = frame[names].stack().astype(int)
        assert not counts.between(1, 4).any()
    assert found.exclusions.empty
    assert found.followup["n"].mod(5).eq(0).all()
    assert found.followup[["shortest", "longest"]].isna().all(axis=None)
    assert set(found.boxes["text"]) == {"30+"}
    # what Table 1 withholds of a variable, the missingness table withholds too
    rows = found.table1[(found.table1["level"] == "missing") & (found.table1["masked"] != "")]
    hidden = found.missingness[found.missingness["masked"] != ""]
    assert set(zip(rows["variable"], rows["group"], strict=True)) - {("followup", "all")} == set(
        zip(hidden["variable"], hidden["group"], strict=True)
    )


def test_describe__refuses_a_bound_that_hides_nothing():
    with pytest.raises(AnalysisError, match="mask_below must be at least 2"):
        describe_cohort(ng.read_cohort("demo"), mask_below=1)


def test_round_down__is_exact_only_for_multiples():
    assert [round_down(n, 5) for n in (0, 1, 4, 5, 34, 40)] == ["0", "<5", "<5", "5", "30+", "40"]
