"""Table 1: counts and statistics from the golden csv by pandas, differences by hand, tests by enumeration and R."""

from __future__ import annotations

import math
from itertools import combinations, permutations, product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kruskal

import netgen as ng
from netgen.association.baseline_variables import Variable
from netgen.association.describe import describe_cohort
from netgen.association.describe_results import MISSINGNESS_COLUMNS, TABLE1_COLUMNS
from netgen.association.standardised_difference import difference_of_levels, difference_of_numbers
from netgen.association.table_one import (
    Columns,
    GroupTests,
    kruskal_wallis,
    tabulate_characteristics,
    tabulate_missingness,
)
from netgen.errors import AnalysisError

CLASSES = {
    "SSA": "ssa", "PRRT": "prrt", "ALKYL": "chemo_alkylating", "PLAT": "chemo_platinum", "MTORI": "mtor_inhibitor",
    "TKI": "tki_antiangiogenic",
}  # fmt: skip
NO_TESTS = GroupTests(tests=False, seed=1)


@pytest.fixture(scope="module")
def golden(reference):
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv", keep_default_na=False, na_values=["NA"])
    return table.assign(sex=table["sex"].map({"F": "female", "M": "male"}))


@pytest.fixture(scope="module")
def demo():
    return describe_cohort(ng.read_cohort("demo"), tests=True).table1


def cell(table, variable, level, group="all"):
    rows = table[(table["variable"] == variable) & (table["level"] == level) & (table["group"] == group)]
    assert len(rows) == 1, (variable, level, group)
    return rows.iloc[0]


def groups_of(golden):
    return [("all", golden), *golden.groupby("origin")]


def of_series(values, kind="category", **more):
    ids = pd.Index([f"P{i}" for i in range(len(values))], dtype="string")
    dtype = "float64" if kind == "number" else "string"
    return Variable(name="v", label="V", kind=kind, values=pd.Series(values, index=ids, dtype=dtype), **more)


def columns_of(labels):
    ids = pd.Index([f"P{i}" for i in range(len(labels))], dtype="string")
    order = tuple(dict.fromkeys(label for label in labels if label is not None))
    return Columns(grouping="g", labels=pd.Series(labels, index=ids, dtype="string"), order=order)


# ---------------------------------------------------------------- the golden cohort


def test_table1__has_the_declared_columns(demo):
    assert list(demo.columns) == list(TABLE1_COLUMNS)
    assert list(dict.fromkeys(demo["group"])) == ["thymic", "lung", "duodenopancreatic", "all"]


def test_table1__counts_the_patients_of_appendix_a(demo):
    for group, n in (("thymic", 8), ("lung", 12), ("duodenopancreatic", 14), ("all", 34)):
        assert cell(demo, "patients", "", group)["n"] == n
    assert cell(demo, "death", "yes")["n"] == 23
    ki67 = cell(demo, "ki67_pct", "mean (SD)")
    assert ki67["mean"] == pytest.approx(35.911765, abs=1e-6)
    assert ki67["sd"] == pytest.approx(10.0102, abs=1e-4)


@pytest.mark.parametrize(("variable", "column"), [("age_at_diagnosis", "age"), ("ki67_pct", "ki67_pct")])
def test_table1__numbers_are_those_of_the_csv(demo, golden, variable, column):
    for group, own in groups_of(golden):
        values = own[column]
        row = cell(demo, variable, "median (IQR)", group)
        assert [row["q1"], row["median"], row["q3"]] == pytest.approx(values.quantile([0.25, 0.5, 0.75]).tolist())
        row = cell(demo, variable, "mean (SD)", group)
        assert (row["mean"], row["sd"]) == pytest.approx((values.mean(), values.std()))
        row = cell(demo, variable, "range", group)
        assert (row["min"], row["max"], row["n"]) == (values.min(), values.max(), len(own))


def test_table1__categories_are_those_of_the_csv(demo, golden):
    for group, own in groups_of(golden):
        for variable, column in (("sex", "sex"), ("panel", "panel")):
            for level, n in own[column].value_counts().items():
                row = cell(demo, variable, level, group)
                assert (row["n"], row["denominator"]) == (n, len(own))
                assert row["percent"] == pytest.approx(100 * n / len(own))
                assert row["text"] == f"{n} ({100 * n / len(own):.1f})"
        assert cell(demo, "death", "yes", group)["n"] == own["os_event"].sum()


def test_table1__classes_and_numbers_of_lines_are_those_of_the_csv(demo, golden):
    for group, own in groups_of(golden):
        for line in (1, 2, 3):
            wanted = own[f"l{line}"].map({**CLASSES, "none": f"no line {line}"}).value_counts()
            rows = demo[(demo["variable"] == f"class_line_{line}") & (demo["group"] == group) & (demo["n"] > 0)]
            assert dict(zip(rows["level"], rows["n"], strict=True)) == wanted.to_dict()
        received = own[["l1", "l2", "l3"]].ne("none").sum(axis=1)
        row = cell(demo, "lines_received", "median (IQR)", group)
        assert row["median"] == received.median()


def test_table1__exact_tests_are_those_of_r(demo):
    # R 4.2.2: fisher.test(table(d$sex, d$origin)), of l1, panel and os_event
    for variable, p in (
        ("sex", 0.2557852603),
        ("class_line_1", 0.5923662072),
        ("panel", 1.0),
        ("death", 0.05226395341),
    ):
        rows = demo[demo["variable"] == variable]
        assert set(rows["p_method"]) - {""} == {"exact"}
        assert rows["p"].dropna().iloc[0] == pytest.approx(p, abs=1e-9)


def test_table1__without_tests_has_no_p():
    assert describe_cohort(ng.read_cohort("demo")).table1["p"].isna().all()


def test_table1__of_two_origins_adds_the_columns_up(demo):
    two = describe_cohort(ng.read_cohort("demo"), by="origin2").table1
    assert list(dict.fromkeys(two["group"])) == ["thoracic", "duodenopancreatic", "all"]
    counts = demo[demo["kind"] == "category"]
    for row in counts[counts["group"] == "thymic"].itertuples():
        both = row.n + cell(demo, row.variable, row.level, "lung")["n"]
        assert cell(two, row.variable, row.level, "thoracic")["n"] == both


def test_table1__can_be_split_by_a_gene():
    table = describe_cohort(ng.read_cohort("demo"), by="DAXX").table1
    sizes = {group: cell(table, "patients", "", group)["n"] for group in table["group"].unique()}
    assert sizes == {"wild type": 21, "altered": 2, "not grouped": 11, "all": 34}


def test_table1__refuses_an_unknown_column():
    with pytest.raises(AnalysisError, match="no patient column is called shoe_size"):
        describe_cohort(ng.read_cohort("demo"), extra=["shoe_size"])


# ---------------------------------------------------------------- missing values


def test_tabulate__missing_and_unknown_have_a_row_and_no_part_in_percentages():
    variable = of_series(["a", "b", "unknown", None, "a", None])
    columns = columns_of(["x", "x", "x", "x", "y", None])
    table = tabulate_characteristics([variable], columns, NO_TESTS)
    texts = {(row.level, row.group): row.text for row in table[table["variable"] == "v"].itertuples()}
    assert texts == {
        ("a", "x"): "1 (50.0)", ("a", "y"): "1 (100.0)", ("a", "not grouped"): "-", ("a", "all"): "2 (66.7)",
        ("b", "x"): "1 (50.0)", ("b", "y"): "0 (0.0)", ("b", "not grouped"): "-", ("b", "all"): "1 (33.3)",
        ("missing", "x"): "2 (50.0)", ("missing", "y"): "0 (0.0)", ("missing", "not grouped"): "1 (100.0)",
        ("missing", "all"): "3 (50.0)",
    }  # fmt: skip
    missing = tabulate_missingness([variable], columns)
    assert list(missing.columns) == list(MISSINGNESS_COLUMNS)
    assert missing.set_index("group")[["n_group", "n_missing", "n_unknown"]].T.to_dict("list") == {
        "x": [4, 2, 1], "y": [1, 0, 0], "not grouped": [1, 1, 0], "all": [6, 3, 1],
    }  # fmt: skip


def test_tabulate__levels_and_missing_add_up_to_the_group():
    table = describe_cohort(ng.read_cohort("demo")).table1
    sizes = table[table["variable"] == "patients"].set_index("group")["n"]
    sums = table[table["kind"] == "category"].groupby(["variable", "group"])["n"].sum()
    assert len(sums) > 0
    assert all(n == sizes[group] for (_, group), n in sums.items())


def test_tabulate__a_patient_with_several_levels_counts_in_each():
    variable = of_series(["liver;bone", "liver", None, "bone"], kind="multiple", levels=("liver", "bone"))
    table = tabulate_characteristics([variable], columns_of(["x", "x", "x", "y"]), NO_TESTS)
    rows = {(row.level, row.group): (row.n, row.denominator) for row in table[table["variable"] == "v"].itertuples()}
    assert rows["liver", "x"] == (2, 2)
    assert rows["bone", "x"] == (1, 2)
    assert rows["bone", "all"] == (2, 3)
    assert rows["missing", "x"] == (1, 3)


def test_tabulate__a_variable_that_nobody_has_is_only_in_the_missingness():
    variable = of_series([None, "unknown"])
    columns = columns_of(["x", "y"])
    assert set(tabulate_characteristics([variable], columns, NO_TESTS)["variable"]) == {"patients"}
    assert tabulate_missingness([variable], columns)["n_missing"].tolist() == [1, 1, 2]


def test_tabulate__without_groups_has_one_column():
    table = tabulate_characteristics([of_series([1.0, 2.0], kind="number")], columns_of([None, None]), NO_TESTS)
    assert set(table["group"]) == {"all"}
    assert cell(table, "v", "mean (SD)")["text"] == "1.5 (0.7)"


# ---------------------------------------------------------------- differences and tests


def test_difference__of_numbers_by_hand():
    # means 2 and 5, variances 1 and 4: 3 / sqrt(2.5)
    assert difference_of_numbers([1, 2, 3], [3, 5, 7]) == pytest.approx(3 / math.sqrt(2.5))
    assert difference_of_numbers([2, 2], [2, 2]) == 0
    assert difference_of_numbers([2, 2], [3, 3]) == math.inf
    assert math.isnan(difference_of_numbers([2], [3, 4]))


def test_difference__of_two_levels_is_that_of_shares():
    p, q = 0.75, 5 / 14  # female among thymic and duodenopancreatic patients of the golden cohort
    assert difference_of_levels([6, 2], [5, 9]) == pytest.approx((p - q) / math.sqrt((p * (1 - p) + q * (1 - q)) / 2))


def test_difference__of_three_levels_does_not_depend_on_their_order():
    first, second = np.array([5, 3, 2]), np.array([1, 4, 5])
    values = {round(difference_of_levels(first[list(o)], second[list(o)]), 10) for o in permutations(range(3))}
    # p - q = (0.4, -0.1), S = mean of [[.25, -.15], [-.15, .21]] and [[.09, -.04], [-.04, .24]], solved by hand
    s = np.array([[0.17, -0.095], [-0.095, 0.225]])
    determinant = 0.17 * 0.225 - 0.095**2
    inverse = np.array([[0.225, 0.095], [0.095, 0.17]]) / determinant
    apart = np.array([0.4, -0.1])
    assert np.allclose(inverse @ s, np.eye(2))
    assert values == {round(math.sqrt(apart @ inverse @ apart), 10)}


def test_difference__of_groups_without_a_common_level_is_infinite():
    assert difference_of_levels([6, 0], [0, 9]) == math.inf
    assert difference_of_levels([6, 2, 0], [0, 0, 14]) == math.inf
    assert difference_of_levels([6, 0], [3, 0]) == 0
    assert math.isnan(difference_of_levels([0, 0], [3, 1]))


def test_tabulate__says_that_a_difference_is_not_finite(demo):
    row = cell(demo, "carcinoid_type", "na")
    assert math.isnan(row["smd"])
    assert row["smd_pair"] == "thymic, duodenopancreatic: not finite"


def test_kruskal_wallis__of_two_groups_is_all_relabelings():
    x, y = np.array([1.0, 4, 4, 9]), np.array([2.0, 7, 8, 11, 12])
    values = np.concatenate([x, y])
    observed = kruskal(x, y).statistic
    extreme = total = 0
    for chosen in combinations(range(9), 4):
        rest = [i for i in range(9) if i not in chosen]
        extreme += kruskal(values[list(chosen)], values[rest]).statistic >= observed - 1e-9
        total += 1
    assert kruskal_wallis([x, y], seed=1) == (pytest.approx(extreme / total, abs=1e-12), "exact")


def test_kruskal_wallis__of_three_groups_is_near_all_relabelings():
    groups = [np.array([1.0, 4, 4]), np.array([2.0, 7, 8]), np.array([10.0, 11])]
    values, observed = np.concatenate(groups), kruskal(*groups).statistic
    extreme = total = 0
    for labels in product(range(3), repeat=8):
        if [labels.count(k) for k in range(3)] == [3, 3, 2]:
            code = np.array(labels)
            extreme += kruskal(*(values[code == k] for k in range(3))).statistic >= observed - 1e-9
            total += 1
    p, method = kruskal_wallis(groups, seed=1)
    assert (total, method) == (560, "monte_carlo")
    share = extreme / total
    assert abs(p - share) < 5 * share / math.sqrt(100)  # relative error of 1 / sqrt(exceedances), at least 100 of them


def test_kruskal_wallis__of_many_is_the_chi_square():
    rng = np.random.default_rng(5)
    groups = [rng.normal(size=1200), rng.normal(0.05, size=900)]
    assert kruskal_wallis(groups, seed=1) == (kruskal(*groups).pvalue, "asymptotic")


def test_kruskal_wallis__of_a_constant_is_no_test():
    p, method = kruskal_wallis([np.ones(3), np.ones(4)], seed=1)
    assert math.isnan(p)
    assert method == ""
