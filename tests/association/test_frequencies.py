"""Frequencies by origin: denominators, limits, tests, the panel guard."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.freeman_halton import freeman_halton
from netgen.association.frequencies import (
    FREQUENCY_COLUMNS,
    FREQUENCY_STATUSES,
    compare_frequencies,
    count_frequencies,
)
from netgen.association.multiplicity import adjust_pvalues
from netgen.association.proportions import clopper_pearson, wilson

ORIGIN = np.repeat(["thymic", "lung", "duodenopancreatic"], [8, 12, 14])


def sc23() -> np.ndarray:
    """2 of 8, 3 of 12 and 6 of 14 altered."""
    status = np.zeros((1, 34), dtype=np.int8)
    for first, number in ((0, 2), (8, 3), (20, 6)):
        status[0, first : first + number] = 1
    return status


def summary(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["origin"] == "all"].set_index("feature")


def test_sc23_actionable_by_origin() -> None:
    table = compare_frequencies(sc23(), ORIGIN, ["actionable"])
    assert list(table.columns) == list(FREQUENCY_COLUMNS)
    assert table["origin"].tolist() == ["duodenopancreatic", "lung", "thymic", "all"]
    assert table["n_altered"].tolist() == [6, 3, 2, 11]
    assert table["n_profiled"].tolist() == [14, 12, 8, 34]
    np.testing.assert_allclose(100 * table["cp_lo"][:3], [17.7, 5.5, 3.2], atol=0.05)
    np.testing.assert_allclose(100 * table["cp_hi"][:3], [71.1, 57.2, 65.1], atol=0.05)
    np.testing.assert_allclose(100 * table["wilson_lo"][:3], [21.4, 8.9, 7.1], atol=0.05)
    np.testing.assert_allclose(100 * table["wilson_hi"][:3], [67.4, 53.2, 59.1], atol=0.05)
    test = table.iloc[3]
    assert (test["status"], test["p_method"], test["warnings"]) == ("tested", "exact", "")
    assert test["p"] == pytest.approx(0.642226, abs=5e-7)


def test_sc23_an_origin_on_another_panel_is_not_compared() -> None:
    status = sc23()
    status[0, :8] = -1
    table = compare_frequencies(status, ORIGIN, ["actionable"])
    thymic = table[table["origin"] == "thymic"].iloc[0]
    assert (thymic["status"], thymic["compared"], thymic["n_profiled"]) == ("not_profiled", False, 0)
    assert thymic[["frequency", "cp_lo", "cp_hi", "wilson_lo", "wilson_hi"]].isna().all()
    test = summary(table).iloc[0]
    assert (test["left_out"], test["n_origins"], test["warnings"]) == ("thymic", 2, "W_PANEL_MISMATCH")
    assert test["p"] == pytest.approx(freeman_halton([[3, 6], [9, 8]], seed=1).p)


@pytest.mark.parametrize(("profiled", "status"), [(3, "low_coverage"), (4, "compared")])
def test_compare_frequencies__half_of_an_origin_must_be_profiled(profiled: int, status: str) -> None:
    genes = sc23()
    genes[0, profiled:8] = -1
    table = compare_frequencies(genes, ORIGIN, ["G"]).set_index("origin")
    assert table.loc["thymic", "status"] == status
    assert (table.loc["all", "left_out"] == "thymic") == (status == "low_coverage")
    assert table.loc["all", "n_profiled"] == 26 + profiled


def test_compare_frequencies__every_row_follows_from_its_counts() -> None:
    rng = np.random.default_rng(6)
    genes = (rng.random((20, 34)) < rng.random((20, 1))).astype(np.int8)
    genes[rng.random((20, 34)) < 0.2] = -1
    names = [f"G{i:02d}" for i in range(20)]
    table = compare_frequencies(genes, ORIGIN, names)
    assert set(table["status"]) <= set(FREQUENCY_STATUSES)
    for row in table.to_dict("records"):
        own = genes[names.index(row["feature"])]
        own = own if row["origin"] == "all" else own[row["origin"] == ORIGIN]
        assert (row["n_total"], row["n_profiled"], row["n_altered"]) == (len(own), (own >= 0).sum(), (own == 1).sum())
        exact, score = (make(row["n_altered"], row["n_profiled"]) for make in (clopper_pearson, wilson))
        assert (row["cp_lo"], row["cp_hi"]) == pytest.approx((float(exact.lo), float(exact.hi)))
        assert (row["wilson_lo"], row["wilson_hi"]) == pytest.approx((float(score.lo), float(score.hi)))
    for name, row in summary(table).iterrows():
        origins = table[(table["feature"] == name) & (table["origin"] != "all") & table["compared"]]
        if row["status"] == "tested":
            cells = [origins["n_altered"].to_list(), (origins["n_profiled"] - origins["n_altered"]).to_list()]
            assert row["p"] == pytest.approx(freeman_halton(cells, seed=1).p)
    tests = summary(table)
    tested = tests["status"] == "tested"
    np.testing.assert_allclose(tests.loc[tested, "q_bh"], adjust_pvalues(tests.loc[tested, "p"]))
    assert (tests["m_family"] == tested.sum()).all()
    assert tests.loc[~tested, "q_bh"].isna().all()


def test_compare_frequencies__says_why_a_feature_is_not_tested() -> None:
    genes = np.zeros((5, 34), dtype=np.int8)
    genes[0] = -1
    genes[1, 8:] = -1
    genes[1, :3] = 1
    genes[2, 0] = 1
    genes[3] = 1
    genes[4, :3] = 1
    names = ["none", "thymic_only", "rare", "everybody", "few"]
    table = summary(compare_frequencies(genes, ORIGIN, names, alpha=0.001))
    assert table["status"].to_dict() == {
        "none": "not_profiled", "thymic_only": "too_few_origins", "rare": "too_few_altered",
        "everybody": "too_few_unaltered", "few": "untestable_discrete",
    }  # fmt: skip
    assert table.loc["few", "p"] > 0.001
    assert table["q_bh"].isna().all()
    assert table["m_family"].tolist() == [0] * 5


def test_compare_frequencies__patients_of_unknown_origin_are_listed_and_not_compared() -> None:
    origin = np.where(ORIGIN == "thymic", "unknown", ORIGIN)
    table = compare_frequencies(sc23(), origin, ["G"]).set_index("origin")
    assert table.loc["unknown", ["status", "n_altered"]].tolist() == ["origin_unknown", 2]
    assert table.loc["all", ["left_out", "warnings", "n_profiled"]].tolist() == ["unknown", "", 34]
    assert table.loc["all", "p"] == pytest.approx(freeman_halton([[3, 6], [9, 8]], seed=1).p)


def test_compare_frequencies__order_changes_nothing_and_relabelling_permutes_rows() -> None:
    rng = np.random.default_rng(8)
    genes = rng.integers(-1, 2, size=(5, 34)).astype(np.int8)
    names = list("ABCDE")
    first = compare_frequencies(genes, ORIGIN, names)
    rows, columns = rng.permutation(5), rng.permutation(34)
    second = compare_frequencies(genes[rows][:, columns], ORIGIN[columns], [names[i] for i in rows])
    pd.testing.assert_frame_equal(first, second)
    renamed = compare_frequencies(genes, np.char.add("x", ORIGIN), names)
    np.testing.assert_array_equal(first["p"], renamed["p"])


def test_count_frequencies__refuses_labels_of_another_length() -> None:
    with pytest.raises(ValueError, match="one group label per patient"):
        count_frequencies(sc23(), ["a", "b"])
    with pytest.raises(ValueError, match="one different name per row"):
        compare_frequencies(sc23(), ORIGIN, ["A", "B"])
