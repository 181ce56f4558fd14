"""Exact tests of tables against R, DOMAIN and plain enumeration."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.association.exact_tables import exact_odds_ratio, scan_tables, sum_distribution, zelen_test
from netgen.association.freeman_halton import freeman_halton

if TYPE_CHECKING:
    from pathlib import Path

P_NAMES = ["p", "p_greater", "p_less"]
LIMITS = ["or", "lo", "hi"]


def read(reference: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(reference / "fisher" / name)


def table_of(cells: str, rows: int, columns: int) -> np.ndarray:
    return np.array([int(cell) for cell in cells.split()]).reshape(rows, columns)


def naive_freeman_halton(table: np.ndarray) -> tuple[float, float, float]:
    """p, smallest attainable p, sum of all probabilities; every table with the margins in a loop."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    factorial = math.factorial

    def fill(left: tuple[int, ...], rest: list[int]):
        if not rest:
            yield []
            return
        for first in itertools.product(*(range(k + 1) for k in left)):
            if sum(first) == rest[0]:
                for more in fill(tuple(k - x for k, x in zip(left, first, strict=True)), rest[1:]):
                    yield [first, *more]

    fixed = math.prod(map(factorial, [*rows.tolist(), *columns.tolist()]))
    n = factorial(int(table.sum()))
    every = [
        fixed / (n * math.prod(factorial(x) for column in t for x in column))
        for t in fill(tuple(rows.tolist()), columns.tolist())
    ]
    observed = fixed / (n * math.prod(factorial(x) for x in table.ravel().tolist()))
    p, least = (sum(q for q in every if q <= bound * (1 + 1e-7)) for bound in (observed, min(every)))
    return p, least, sum(every)


@pytest.mark.parametrize("name", ["fisher.csv", "rxc.csv"])
def test_freeman_halton__equals_r(reference: Path, name: str) -> None:
    for row in read(reference, name).itertuples():
        test = freeman_halton(table_of(row.cells_rowmajor, row.nrow, row.ncol), seed=1)
        assert (test.method, test.p) == ("exact", pytest.approx(row.p, rel=1e-9))


@pytest.mark.parametrize(
    ("table", "p"),
    [
        ([[5, 1, 2], [1, 6, 5], [0, 3, 9]], 0.00706910),  # SC21
        ([[4, 2, 7], [1, 3, 0], [2, 3, 3], [1, 1, 1], [0, 2, 2], [0, 1, 1]], 0.592366),  # SC21, first line
        ([[0, 14], [4, 16]], 0.126057),  # SC21, two groups
        ([[2, 6], [3, 9], [6, 8]], 0.642226),  # SC23
        ([[3, 5], [0, 12], [2, 12]], 0.062611),  # SC27
    ],
)
def test_freeman_halton__equals_the_specification(table: list[list[int]], p: float) -> None:
    assert freeman_halton(table, seed=1).p == pytest.approx(p, abs=5e-7)


# SC21 (ii) from the cohort itself.
@pytest.mark.parametrize(("line", "n", "p"), [("l1", 34, 0.592366), ("l2", 23, 0.216114), ("l3", 8, 1.0)])
def test_freeman_halton__sc21_lines_of_the_cohort(reference: Path, line: str, n: int, p: float) -> None:
    cohort = pd.read_csv(reference / "inputs" / "linear_syn34.csv", keep_default_na=False)
    treated = cohort[cohort[line] != "none"]
    test = freeman_halton(pd.crosstab(treated["origin"], treated[line]), seed=1)
    assert (test.n, test.method, test.p) == (n, "exact", pytest.approx(p, abs=5e-7))


def test_freeman_halton__sc21_two_groups(reference: Path) -> None:
    cohort = pd.read_csv(reference / "inputs" / "linear_syn34.csv", keep_default_na=False)
    group = cohort["origin"] == "duodenopancreatic"
    assert freeman_halton(pd.crosstab(group, cohort["l1"]), seed=1).p == pytest.approx(0.597660, abs=5e-7)


@given(
    st.integers(2, 3).flatmap(
        lambda r: st.integers(2, 4).flatmap(
            lambda c: st.lists(st.lists(st.integers(0, 3), min_size=c, max_size=c), min_size=r, max_size=r)
        )
    )
)
def test_freeman_halton__is_the_sum_over_all_tables(cells: list[list[int]]) -> None:
    table = np.array(cells)
    table = table[table.sum(axis=1) > 0][:, table[table.sum(axis=1) > 0].sum(axis=0) > 0]
    test = freeman_halton(cells, seed=1)
    if min(table.shape) < 2:
        assert math.isnan(test.p)
        return
    p, least, everything = naive_freeman_halton(table)
    assert everything == pytest.approx(1)
    assert (test.p, test.min_attainable_p) == (pytest.approx(p, rel=1e-9), pytest.approx(least, rel=1e-9))


def test_freeman_halton__every_table_of_the_specified_size_is_exact() -> None:
    # margins without symmetry are the most work
    rows, columns = np.repeat(range(4), [13, 14, 16, 17]), np.repeat(range(6), [8, 9, 10, 10, 11, 12])
    table = np.zeros((4, 6), dtype=int)
    np.add.at(table, (rows, np.random.default_rng(5).permutation(columns)), 1)
    exact, drawn = freeman_halton(table, seed=1), freeman_halton(table, seed=1, max_tables=0)
    assert (exact.method, drawn.method, drawn.n_draws) == ("exact", "monte_carlo", 100_000)
    assert abs(drawn.p - exact.p) < 4 * math.sqrt(exact.p * (1 - exact.p) / 100_000)
    assert drawn.mc_lo < drawn.p < drawn.mc_hi


@pytest.mark.parametrize("limit", [1e8, 0])
def test_freeman_halton__order_and_orientation_change_nothing(limit: float) -> None:
    table = np.array([[4, 3, 0, 1], [2, 5, 2, 0], [0, 1, 6, 3]])
    first = freeman_halton(table, seed=3, max_tables=limit, draws=2000)
    for other in (table.T, table[::-1], table[:, [2, 0, 3, 1]]):
        assert freeman_halton(other, seed=3, max_tables=limit, draws=2000).p == pytest.approx(first.p, rel=1e-12)


def test_freeman_halton__empty_rows_and_columns_are_dropped_and_named() -> None:
    test = freeman_halton([[2, 0, 6], [0, 0, 0], [3, 0, 9], [6, 0, 8]], seed=1)
    assert (test.dropped_rows, test.dropped_columns) == ((1,), (1,))
    assert test.p == pytest.approx(0.642226, abs=5e-7)


def test_freeman_halton__one_row_left_is_no_test() -> None:
    test = freeman_halton([[0, 0, 0], [3, 2, 9]], seed=1)
    assert (math.isnan(test.p), test.method, test.dropped_rows) == (True, "none", (0,))


@pytest.mark.parametrize("table", [[1, 2], [[1, -1], [2, 3]], [[0.5, 1], [2, 3]]])
def test_freeman_halton__refuses_what_is_no_table(table: list) -> None:
    with pytest.raises(ValueError, match="two dimensions and whole numbers"):
        freeman_halton(table, seed=1)


def test_exact_odds_ratio__p_values_equal_r(reference: Path) -> None:
    golden = read(reference, "fisher.csv")
    for row in golden[(golden["nrow"] == 2) & (golden["ncol"] == 2)].to_dict("records"):
        result = exact_odds_ratio(table_of(row["cells_rowmajor"], 2, 2))
        assert [getattr(result, name) for name in P_NAMES] == pytest.approx([row[name] for name in P_NAMES], rel=1e-9)
        # what uniroot's default tolerance leaves of R's estimates, see the README
        assert result.odds_ratio == pytest.approx(row["or"], rel=2e-4)
        assert (result.lo, result.hi) == pytest.approx((row["or_lower95"], row["or_upper95"]), rel=4e-3)


def test_exact_odds_ratio__equals_r_solved_to_rounding(reference: Path) -> None:
    for row in read(reference, "precise.csv").to_dict("records"):
        result = exact_odds_ratio(table_of(row["cells_rowmajor"], 2, 2))
        assert (result.odds_ratio, result.lo, result.hi) == pytest.approx([row[name] for name in LIMITS], rel=1e-9)
        assert result.separated == (row["or"] in {0, math.inf})


def test_exact_odds_ratio__strata_equal_r(reference: Path) -> None:
    for row in read(reference, "stratified.csv").to_dict("records"):
        tables = np.array([table_of(cells, 2, 2) for cells in row["tables_rowmajor"].split(";")])
        result = exact_odds_ratio(tables)
        assert [getattr(result, name) for name in P_NAMES] == pytest.approx([row[name] for name in P_NAMES], rel=1e-9)
        assert (result.odds_ratio, result.lo, result.hi) == pytest.approx([row[name] for name in LIMITS], rel=1e-9)
        assert result.n_strata == len(tables)
        assert result.n_informative == sum(min(t.sum(axis=0).min(), t.sum(axis=1).min()) > 0 for t in tables)


def test_exact_odds_ratio__sc27() -> None:
    tp53, setd2 = exact_odds_ratio([[2, 8], [3, 21]]), exact_odds_ratio([[0, 3], [5, 26]])
    assert tp53.p == pytest.approx(0.618121, abs=5e-7)
    # printed from fisher.test, whose root is good to about 1e-4
    assert (tp53.odds_ratio, tp53.lo, tp53.hi) == pytest.approx((1.719089, 0.122244, 18.184630), rel=1e-4)
    assert (setd2.p, setd2.mid_p) == (pytest.approx(1), pytest.approx(0.694686, abs=5e-7))
    assert (setd2.odds_ratio, setd2.lo, setd2.separated) == (0, 0, True)


def test_exact_odds_ratio__limits_hold_the_tails_they_promise() -> None:
    result = exact_odds_ratio([[3, 9], [1, 21]], level=0.9)
    low, pmf = sum_distribution([[34]], [[12]], [[4]], log_odds=math.log(result.lo))
    assert pmf[0, 3 - low[0] :].sum() == pytest.approx(0.05)
    low, pmf = sum_distribution([[34]], [[12]], [[4]], log_odds=math.log(result.hi))
    assert pmf[0, : 4 - low[0]].sum() == pytest.approx(0.05)


def test_exact_odds_ratio__mid_p_averages_one_half() -> None:
    margins = (9, 5, 4)  # symmetric rows would tie; all outcomes weighted by their probability
    low, pmf = sum_distribution([[margins[0]]], [[margins[1]]], [[margins[2]]])
    size, row, column = margins
    every = [exact_odds_ratio([[a, row - a], [column - a, size - row - column + a]]) for a in range(5) if a >= low[0]]
    assert sum(q * e.mid_p for q, e in zip(pmf[0], every, strict=True)) == pytest.approx(0.5)


def test_exact_odds_ratio__a_table_with_an_empty_column_says_nothing() -> None:
    result = exact_odds_ratio([[0, 3], [0, 5]])
    assert np.isnan([result.p, result.mid_p, result.odds_ratio, result.lo, result.hi]).all()
    assert (result.n_informative, result.min_attainable_p, result.separated) == (0, 1, False)


def test_exact_odds_ratio__an_association_beyond_the_smallest_number_is_estimated() -> None:
    big = exact_odds_ratio([[3000, 2], [3, 9000]])
    assert big.p == 1e-300
    assert big.lo < big.odds_ratio < big.hi
    # with b the small cell, tables weigh close to r^b / b! (b + 1)!, r = 3000 * 9000 / odds ratio; the mean of b is 2
    r = 3000 * 9000 / big.odds_ratio
    weight = [r**b / (math.factorial(b) * math.factorial(b + 1)) for b in range(40)]
    assert sum(b * w for b, w in enumerate(weight)) / sum(weight) == pytest.approx(2, rel=5e-3)


def test_exact_odds_ratio__refuses_what_is_no_table() -> None:
    with pytest.raises(ValueError, match="one 2 x 2 table of whole numbers"):
        exact_odds_ratio([[1, 2, 3], [1, 2, 3]])
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        exact_odds_ratio([[1, 2], [1, 2]], level=2)


def naive_strata(tables: np.ndarray) -> dict[tuple[int, ...], float]:
    """Probability of every arrangement of first cells, given the margins of the strata."""
    choices = []
    for (a, b), (c, d) in tables.tolist():
        n, r, k = a + b + c + d, a + b, a + c
        choices.append(
            [
                (s, math.comb(r, s) * math.comb(n - r, k - s) / math.comb(n, k))
                for s in range(max(0, r + k - n), min(r, k) + 1)
            ]
        )
    return {tuple(s for s, _ in way): math.prod(q for _, q in way) for way in itertools.product(*choices)}


TABLES = st.lists(
    st.lists(st.integers(0, 5), min_size=4, max_size=4).map(lambda c: [c[:2], c[2:]]), min_size=1, max_size=3
)


@given(TABLES)
def test_scan_tables__is_the_sum_over_all_arrangements(cells: list) -> None:
    tables = np.array(cells)
    every = naive_strata(tables)
    x = int(tables[:, 0, 0].sum())
    sums: dict[int, float] = {}
    for way, q in every.items():
        sums[sum(way)] = sums.get(sum(way), 0) + q
    scan = scan_tables(
        tables[None, :, 0, 0],
        tables.sum(axis=(1, 2))[None],
        tables[None, :, 0].sum(axis=-1),
        tables[None, :, :, 0].sum(axis=-1),
    )
    assert scan.expected[0] == pytest.approx(sum(s * q for s, q in sums.items()))
    if len(sums) == 1:
        assert np.isnan(scan.p[0])
        return
    near = 1 + 1e-7
    assert scan.p[0] == pytest.approx(sum(q for q in sums.values() if q <= sums[x] * near))
    assert scan.p_greater[0] == pytest.approx(sum(q for s, q in sums.items() if s >= x))
    assert scan.p_less[0] == pytest.approx(sum(q for s, q in sums.items() if s <= x))
    least = min(sums.values())
    assert scan.min_attainable_p[0] == pytest.approx(sum(q for q in sums.values() if q <= least * near))


@given(TABLES)
def test_zelen_test__is_the_share_of_all_arrangements_with_the_sum(cells: list) -> None:
    tables = np.array(cells)
    observed = tuple(tables[:, 0, 0].tolist())
    every = naive_strata(tables)
    with_sum = [q for way, q in every.items() if sum(way) == sum(observed)]
    result = zelen_test(tables)
    if result.n_informative < 2:
        assert math.isnan(result.p)
        return
    expected = sum(q for q in with_sum if q <= every[observed] * (1 + 1e-7)) / sum(with_sum)
    assert (result.p, result.n_tables) == (pytest.approx(expected), len(with_sum))


def test_scan_tables__many_sets_equal_one_at_a_time() -> None:
    rng = np.random.default_rng(2)
    tables = rng.integers(0, 30, size=(200, 3, 2, 2))
    tables[100:, 1] = 0  # a stratum without patients
    margins = tables.sum(axis=(2, 3)), tables[:, :, 0].sum(axis=-1), tables[:, :, :, 0].sum(axis=-1)
    scan = scan_tables(tables[:, :, 0, 0], *margins)
    for g in range(0, 200, 9):
        one = exact_odds_ratio(tables[g])
        assert (scan.p[g], scan.p_less[g], scan.mid_p[g]) == pytest.approx((one.p, one.p_less, one.mid_p), rel=1e-10)
        assert scan.n_informative[g] == one.n_informative


def test_scan_tables__refuses_impossible_margins() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        scan_tables([3], [10], [2], [5])
