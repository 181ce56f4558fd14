"""Response by line, group and alteration: denominators, families, clusters, classes, durations."""

from __future__ import annotations

import dataclasses
from functools import cache
from itertools import product
from math import comb

import numpy as np
import pandas as pd
import pytest

from netgen.association.multiplicity import adjust_pvalues
from netgen.association.response import response
from netgen.association.response_classes import class_rows
from netgen.association.response_results import (
    CLASS_COLUMNS,
    DURATION_COLUMNS,
    RESPONSE_COLUMNS,
    RESPONSE_STATUSES,
    ResponseResult,
)
from netgen.association.response_rows import ResponseSet, feature_rows, group_rows
from netgen.errors import AnalysisError, SchemaError
from tests.demo_run import demo_cohort

pytestmark = pytest.mark.repeats


@cache
def _found() -> ResponseResult:
    return response(demo_cohort(), lines=(1, 2, "all"))


def _rows(table: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    for name, value in wanted.items():
        table = table.loc[table[name] == value]
    return table


def _set(bor: list, genes: list, **choices: object) -> ResponseSet:
    """Patients of one line, in the order given."""
    base = {
        "line": "1", "denominator": "started", "confirmed": False, "patient": np.arange(len(bor)),
        "bor": np.array(bor, dtype=object), "stratum": None, "strata_name": "none",
        "genes": np.array(genes, dtype=np.int8), "features": pd.Index([f"G{i}" for i in range(len(genes))]),
        "feature_type": "altered", "seed": 1,
    }  # fmt: skip
    return ResponseSet(**(base | choices))


def test_response__has_the_declared_columns_and_statuses() -> None:
    found = _found()
    assert list(found.table.columns) == list(RESPONSE_COLUMNS)
    assert list(found.by_class.columns) == list(CLASS_COLUMNS)
    assert list(found.durations.columns) == list(DURATION_COLUMNS)
    assert set(found.table["status"]) <= set(RESPONSE_STATUSES)
    assert set(found.table["line"]) == {"1", "2", "all"}
    numbers = found.table.select_dtypes("float64")
    assert not np.isinf(numbers.to_numpy()).any()
    assert not (found.table["or"] == 0).any()


def test_response__keeps_who_was_never_assessed_in_the_denominator() -> None:
    table = _found().table
    first = _rows(table, line="1", kind="all", metric="ORR").set_index("denominator")
    started, evaluable = first.loc["started"], first.loc["evaluable"]
    assert started[["a", "n"]].tolist() == [5, 34]
    assert evaluable[["a", "n"]].tolist() == [5, 27]  # seven of the golden cohort have bor1 = NE
    assert set(_rows(table, kind="feature")["denominator"]) == {"started"}
    other = response(demo_cohort(), denominator="evaluable").table
    tp53 = _rows(other, kind="feature", metric="ORR", level="TP53").iloc[0]
    assert (tp53["denominator"], tp53["n"]) == ("evaluable", 27)


def test_response__adjusts_within_line_metric_and_family() -> None:
    table = response(demo_cohort(), prespecified=["TP53"]).table
    features = _rows(table, kind="feature")
    for _, own in features.groupby(["metric", "family"]):
        tested = own.loc[own["status"] == "tested"]
        assert set(own["m_family"]) == {len(tested)}
        assert tested["q_bh"].to_numpy() == pytest.approx(adjust_pvalues(tested["p_primary"].to_numpy(), method="bh"))
        assert own.loc[own["status"] != "tested", "q_bh"].isna().all()
    assert set(_rows(features, family="prespecified")["level"]) == {"TP53"}


def test_response__features_that_cannot_be_tested_keep_their_row() -> None:
    rows = _rows(_found().table, line="1", kind="feature", metric="ORR").set_index("level")
    assert rows.loc["DAXX", ["n", "a", "b", "status"]].tolist() == [23, 0, 2, "too_few_altered"]
    assert rows.loc["DAXX", ["p_primary", "or", "firth_or"]].isna().all()
    assert rows.loc["DAXX", "diff"] == pytest.approx(-4 / 21)
    assert (rows["status"] == "tested").sum() == 6
    fewer = _rows(response(demo_cohort(), min_altered=2).table, kind="feature", metric="ORR").set_index("level")
    assert fewer.loc["DAXX", "status"] == "tested"


def test_response__says_beside_a_p_above_the_level_what_it_does_not_say() -> None:
    tested = _found().table.loc[lambda frame: frame["status"] == "tested"]
    above = tested["p_primary"] > 0.05
    assert tested.loc[above, "warnings"].str.contains("W_NO_EQUIVALENCE").all()
    assert tested.loc[above, "reading"].str.startswith("Absence of a significant difference is not evidence").all()
    assert tested.loc[~above, "reading"].isna().all()


def test_response__of_all_lines_permutes_patients() -> None:
    rows = _rows(_found().table, line="all", kind="feature")
    tested = _rows(rows, status="tested")
    assert set(rows["metric"]) == {"ORR", "DCR"}
    assert tested["p_method"].str.startswith("cluster_").all()
    assert tested[["p_fisher", "or", "firth_or"]].isna().all(axis=None)
    whole = _rows(_found().table, line="all", kind="all", metric="ORR", denominator="started").iloc[0]
    lines = demo_cohort().treatments
    assert whole[["n", "n_patients"]].tolist() == [len(lines), lines["patient_id"].nunique()]
    classes = _rows(_found().table, line="all", kind="test", variable="regimen_class")
    assert set(classes["status"]) == {"changes_within_patient"}


@pytest.mark.parametrize("cluster", ["line", "none", ""])
def test_response__refuses_lines_as_if_they_were_patients(cluster: str) -> None:
    with pytest.raises(AnalysisError, match="E_CLUSTER_IGNORED"):
        response(demo_cohort(), lines=("all",), cluster=cluster)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lines": (7,)}, "nobody started line 7"),
        ({"lines": ("first",)}, "lines are 1, 2"),
        ({"lines": (0,)}, "lines are 1, 2"),
        ({"lines": ()}, "lines are 1, 2"),
        ({"by": "TP53"}, "come from a patient column"),
        ({"denominator": "everybody"}, "started or evaluable"),
        ({"column": "bor", "lines": (2,)}, "read as line 1"),
        ({"column": "bor"}, "'bor' is not one"),
    ],
)
def test_response__refuses_what_does_not_exist(options: dict, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        response(demo_cohort(), **options)


def test_response__refuses_unknown_options() -> None:
    with pytest.raises(SchemaError, match="E_CONFIG"):
        response(demo_cohort(), flavour="sweet")


def test_response__without_lines_names_the_column_to_read() -> None:
    cohort = demo_cohort()
    patients = cohort.patients.assign(BEST_RESPONSE=["PR"] * 10 + ["SD"] * 20 + [None] * 4)
    bare = dataclasses.replace(cohort, treatments=cohort.treatments.iloc[:0], patients=patients)
    with pytest.raises(AnalysisError, match="column = BEST_RESPONSE"):
        response(bare)
    found = response(bare, column="best_response")
    whole = _rows(found.table, kind="all", metric="ORR", denominator="started").iloc[0]
    assert whole[["a", "n"]].tolist() == [10, 30]
    assert set(found.exclusions["reason"]) == {"response_missing"}
    assert len(found.exclusions) == 4
    assert len(found.durations) == 0
    assert set(found.sizes["status"]) == {"no_baseline"}


def test_response__does_not_depend_on_the_order_of_rows() -> None:
    cohort = demo_cohort()
    mixed = {
        name: getattr(cohort, name).sample(frac=1, random_state=3).reset_index(drop=True)
        for name in ("patients", "treatments", "assessments", "variants")
    }
    once, again = (response(one, lines=(1, "all")) for one in (cohort, dataclasses.replace(cohort, **mixed)))
    for name in ("table", "by_class", "durations", "responses", "sizes", "exclusions"):
        pd.testing.assert_frame_equal(getattr(once, name), getattr(again, name))


def test_response__who_did_not_start_a_line_is_listed_and_flows() -> None:
    found = _found()
    second = _rows(found.exclusions, line="2")
    assert set(second["reason"]) == {"line_not_started"}
    assert (
        len(second) + int(_rows(found.table, line="2", kind="all", metric="ORR", denominator="started")["n"].iloc[0])
        == 34
    )


def test_response__durations_show_both_medians() -> None:
    rows = _found().durations.set_index(["endpoint", "line", "variable", "level"])
    second = rows.loc[("dot", 2, "all", "all")]
    lines = demo_cohort().treatments.loc[lambda frame: frame["line_number"] == 2]
    ended = lines.loc[lines["date_end"].notna()]
    days = (ended["date_end"] - ended["date_start"]).dt.days + 1
    assert second[["n", "n_ended", "n_ongoing"]].tolist() == [len(lines), len(ended), len(lines) - len(ended)]
    assert second["median_ended"] == days.median()
    assert second["warnings"] == "W_DOT_ONGOING"
    dor = rows.loc[("dor", 1, "all", "all")]
    assert dor[["n", "n_excluded"]].tolist() == [5, 29]
    assert np.isnan(dor["median_ended"])
    assert "W_DOT_ONGOING" in _found().findings.codes()


def test_feature_rows__test_within_strata_and_across_them() -> None:
    bor = ["PR", "PD", "PR", "PD", "PD", "PR", "PD", "PD", "PR", "PD", "PR", "PD"]
    gene = [1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0]
    origin = np.array(["a"] * 6 + ["b"] * 6)
    row = feature_rows(_set(bor, [gene], stratum=origin, strata_name="origin"), "ORR", 1)[0]
    sizes = []
    for name in "ab":
        own = [i for i in range(12) if origin[i] == name]
        sizes.append((6, sum(gene[i] for i in own), sum(bor[i] == "PR" for i in own)))
    weights = [{x: comb(m, x) * comb(n - m, k - x) for x in range(min(m, k) + 1)} for n, m, k in sizes]
    sums: dict[int, float] = {}
    for (x, u), (y, v) in product(*(part.items() for part in weights)):
        sums[x + y] = sums.get(x + y, 0) + u * v
    observed = sum(g == 1 and b == "PR" for g, b in zip(gene, bor, strict=True))
    p = sum(w for w in sums.values() if w <= sums[observed] * (1 + 1e-7)) / sum(sums.values())
    assert row["p_stratified"] == pytest.approx(p, abs=1e-12)
    assert row["strata"] == "origin"


def test_feature_rows__of_the_ordered_response_leave_out_who_was_not_evaluable() -> None:
    data = _set(["CR", "PR", "PD", "PD", "NE", "SD", "PR", "PD"], [[1, 1, 0, 0, 1, 1, 0, 0]])
    row = feature_rows(data, "BOR", 2)[0]
    assert row["n"] == 7
    # altered: CR, PR, SD; wild type: PD, PD, PR, PD: 3 x 4 pairs, one of them lost, one a tie
    assert row["superiority"] == pytest.approx((4 + 3.5 + 3) / 12)


@pytest.mark.parametrize(
    ("genes", "bor", "status"),
    [
        ([-1] * 8, ["PR", "PD"] * 4, "not_profiled"),
        ([1] * 8, ["PR", "PD"] * 4, "all_altered"),
        ([1, 1] + [0] * 6, ["PR", "PD"] * 4, "too_few_altered"),
        ([0, 0] + [1] * 6, ["PR", "PD"] * 4, "too_few_unaltered"),
        ([1, 0] * 4, ["PD"] * 8, "no_events"),
        ([1, 0] * 4, ["PR"] + ["PD"] * 7, "untestable_discrete"),
    ],
)
def test_feature_rows__say_why_a_feature_is_not_tested(genes: list, bor: list, status: str) -> None:
    assert feature_rows(_set(bor, [genes]), "ORR", 3)[0]["status"] == status


def test_feature_rows__low_coverage_is_said() -> None:
    row = feature_rows(_set(["PR", "PD"] * 8, [[1, 0, 1] + [-1] * 13]), "ORR", 1)[0]
    assert "W_LOW_COVERAGE" in row["warnings"]


def test_group_rows__of_one_group_are_described() -> None:
    rows = group_rows(_set(["PR", "PD"], [[1, 0]]), "ORR", "origin", np.array(["lung", "lung"]), ["lung"])
    assert [row["status"] for row in rows] == ["described", "one_group"]
    assert group_rows(_set(["PR"], [[1]]), "ORR", "origin", np.array([""]), []) == []


def test_class_rows__test_the_odds_ratios_of_the_classes_for_equality() -> None:
    cells = {"chemo_alkylating": (4, 1, 1, 5), "prrt": (1, 5, 3, 3), "ssa": (1, 1, 1, 1), "": (2, 0, 0, 2)}
    rows = [
        (name, 1 if i < 2 else 0, "PR" if i % 2 == 0 else "PD")
        for name, counts in cells.items()
        for i, n in enumerate(counts)
        for _ in range(n)
    ]
    data = _set([bor for *_, bor in rows], [[gene for _, gene, _ in rows]])
    found = class_rows(data, "ORR", np.array([name for name, *_ in rows])).set_index("regimen_class")
    assert found["status"].to_dict() == {
        "chemo_alkylating": "tested", "prrt": "tested", "ssa": "too_few_exposed", "unknown": "class_unknown",
        "all": "tested",
    }  # fmt: skip
    one, two = ({x: comb(m, x) * comb(n - m, k - x) for x in range(max(0, m + k - n), min(m, k) + 1)}
                for n, m, k in ((11, 5, 5), (12, 6, 4)))  # fmt: skip
    ways = {(x, y): one[x] * two[y] for x in one for y in two if x + y == 5}
    p = sum(w for w in ways.values() if w <= ways[4, 1] * (1 + 1e-7)) / sum(ways.values())
    assert found.loc["all", "interaction_p"] == pytest.approx(p, abs=1e-12)
    assert found.loc["all", ["n_classes", "m_family"]].tolist() == [2, 1]
    assert found.loc["prrt", ["n_exposed", "a", "b", "c", "d"]].tolist() == [12, 1, 5, 3, 3]


def test_class_rows__refuse_lines_of_one_patient_side_by_side() -> None:
    with pytest.raises(ValueError, match="within one line"):
        class_rows(_set(["PR"], [[1]], line="all"), "ORR", np.array(["ssa"]))
