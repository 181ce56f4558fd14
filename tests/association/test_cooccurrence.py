"""Pairs of genes: counts, exact tests within strata, what is left out."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from netgen.association.cooccurrence import (
    COOCCURRENCE_COLUMNS,
    COOCCURRENCE_STATUSES,
    count_pairs,
    scan_cooccurrence,
)
from netgen.association.multiplicity import adjust_pvalues

N = 90


@pytest.fixture(scope="module")
def genes() -> np.ndarray:
    rng = np.random.default_rng(4)
    status = (rng.random((6, N)) < np.array([0.3, 0.4, 0.2, 0.5, 0.03, 0.3])[:, None]).astype(np.int8)
    status[1, :25] = -1
    status[3, 20:60] = -1
    status[5] = -1
    status[5, :5] = 1
    return status


NAMES = ["TP53", "MEN1", "ATRX", "DAXX", "RARE", "FEW"]
STRATA = np.repeat(["lung", "pancreas", "thymus"], [30, 40, 20])


def naive(a: np.ndarray, b: np.ndarray, strata: np.ndarray) -> dict[str, float]:
    """Exact tests by permuting gene a within strata: probabilities by combinations, convolved in a dictionary."""
    sums, expected = {0: 1.0}, 0.0
    use = (a >= 0) & (b >= 0)
    for s in np.unique(strata):
        part = use & (strata == s)
        n, r, k = int(part.sum()), int((a[part] == 1).sum()), int((b[part] == 1).sum())
        if n:
            expected += r * k / n
        own = {
            x: math.comb(r, x) * math.comb(n - r, k - x) / math.comb(n, k)
            for x in range(max(0, r + k - n), min(r, k) + 1)
        }
        new: dict[int, float] = {}
        for (x, p), (y, q) in itertools.product(sums.items(), own.items()):
            new[x + y] = new.get(x + y, 0.0) + p * q
        sums = new
    both = int(((a == 1) & (b == 1) & use).sum())
    return {
        "expected_both": expected,
        "p_primary": sum(p for p in sums.values() if p <= sums[both] * (1 + 1e-7)),
        "p_cooccurring": sum(p for x, p in sums.items() if x >= both),
        "p_exclusive": sum(p for x, p in sums.items() if x <= both),
    }


def test_scan_cooccurrence__rows_equal_naive_permutations_within_strata(genes: np.ndarray) -> None:
    table = scan_cooccurrence(genes, NAMES, strata=STRATA, strata_name="origin").table
    assert list(table.columns) == list(COOCCURRENCE_COLUMNS)
    assert set(table["status"]) <= set(COOCCURRENCE_STATUSES)
    tested = table[table["status"] == "tested"]
    pairs = set(zip(tested["gene_a"], tested["gene_b"], strict=True))
    assert set(itertools.combinations(sorted(NAMES[:4]), 2)) <= pairs
    for row in tested.to_dict("records"):
        a, b = (genes[NAMES.index(row[name])] for name in ("gene_a", "gene_b"))
        for name, value in naive(a, b, STRATA).items():
            assert row[name] == pytest.approx(value, rel=1e-10)
        use = (a >= 0) & (b >= 0)
        cells = [int(((a == x) & (b == y) & use).sum()) for x, y in ((1, 1), (1, 0), (0, 1), (0, 0))]
        assert [row[name] for name in ("both", "a_only", "b_only", "neither")] == cells
        assert (row["n_total"], row["n_profiled"]) == (N, use.sum())
        both, a_only, b_only, neither = (cell + 0.5 for cell in cells)
        assert row["log2_or"] == pytest.approx(math.log2(both * neither / (a_only * b_only)))
        square = [cells[:2], cells[2:]]
        assert row["p_fisher"] == pytest.approx(stats.fisher_exact(square)[1])
        assert row["p_fisher_cooccurring"] == pytest.approx(stats.fisher_exact(square, alternative="greater")[1])
        assert row["p_fisher_exclusive"] == pytest.approx(stats.fisher_exact(square, alternative="less")[1])
        assert row["direction"] == ("cooccurring" if row["both"] > row["expected_both"] else "exclusive")


def test_scan_cooccurrence__genes_of_one_origin_are_no_partners() -> None:
    rng = np.random.default_rng(9)
    origin = np.repeat(["a", "b"], 100)
    status = (rng.random((2, 200)) < np.where(origin == "a", 0.8, 0.05)).astype(np.int8)
    row = scan_cooccurrence(status, ["X", "Y"], strata=origin, strata_name="origin").table.iloc[0]
    assert row["p_fisher"] < 1e-6
    assert row["p_primary"] > 0.05
    assert row["n_strata_informative"] == 2


def test_scan_cooccurrence__the_family_is_adjusted_without_the_untestable(genes: np.ndarray) -> None:
    few = np.zeros((1, N), dtype=np.int8)
    few[0, :3] = 1
    table = scan_cooccurrence(
        np.vstack([genes[:4], few]), [*NAMES[:4], "Z"], strata=STRATA, strata_name="origin", alpha=0.005
    ).table
    tested = table["status"] == "tested"
    np.testing.assert_allclose(table.loc[tested, "q_bh"], adjust_pvalues(table.loc[tested, "p_primary"]))
    assert (table["m_family"] == tested.sum()).all()
    untestable = table[table["status"] == "untestable_discrete"]
    assert len(untestable) > 0
    assert (untestable["min_attainable_p"] > 0.005).all()
    assert untestable["p_primary"].notna().all()
    assert untestable["q_bh"].isna().all()


def test_scan_cooccurrence__says_why_a_pair_or_gene_is_not_tested(genes: np.ndarray) -> None:
    status = genes.copy()
    status[2, 60:] = 1
    status[4, :] = -1
    status[4, 86:] = 1  # four altered and nobody else profiled
    result = scan_cooccurrence(status, NAMES)
    why = {(row.gene_a, row.gene_b): row.status for row in result.table.itertuples()}
    assert why["FEW", "MEN1"] == "too_few_jointly_profiled"  # none profiled for both
    assert why["ATRX", "FEW"] == "too_few_jointly_profiled"  # five
    assert why["DAXX", "RARE"] == "too_few_jointly_profiled"
    assert why["ATRX", "TP53"] == "tested"
    low = result.table.set_index(["gene_a", "gene_b"])["warnings"]
    assert (low["FEW", "MEN1"], low["ATRX", "TP53"]) == ("W_LOW_COVERAGE", "")
    lenient = scan_cooccurrence(status, NAMES, min_joint=0).table
    assert lenient["status"].isin(["too_few_altered", "too_few_unaltered"]).any()


def test_scan_cooccurrence__rare_genes_are_listed_beside(genes: np.ndarray) -> None:
    status = genes.copy()
    status[4] = 0
    status[5] = -1
    result = scan_cooccurrence(status, NAMES)
    assert result.skipped["gene"].tolist() == ["FEW", "RARE"]
    assert result.skipped["n_profiled"].tolist() == [0, N]
    assert result.skipped["n_altered"].tolist() == [0, 0]
    assert result.skipped["reason"].tolist() == ["not_profiled", "too_few_altered"]
    assert not result.table[["gene_a", "gene_b"]].isin(["FEW", "RARE"]).any().any()


def test_scan_cooccurrence__order_of_patients_and_genes_changes_nothing(genes: np.ndarray) -> None:
    first = scan_cooccurrence(genes, NAMES, strata=STRATA, strata_name="origin").table
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(6), rng.permutation(N)
    second = scan_cooccurrence(
        genes[rows][:, columns], [NAMES[i] for i in rows], strata=STRATA[columns], strata_name="origin"
    ).table
    pd.testing.assert_frame_equal(first, second)


def test_scan_cooccurrence__an_unprofiled_patient_changes_the_total_only(genes: np.ndarray) -> None:
    first = scan_cooccurrence(genes, NAMES, strata=STRATA).table
    more = np.hstack([genes, np.full((6, 1), -1, dtype=np.int8)])
    second = scan_cooccurrence(more, NAMES, strata=[*STRATA, "lung"]).table
    pd.testing.assert_frame_equal(first.drop(columns="n_total"), second.drop(columns="n_total"))
    assert (second["n_total"] == N + 1).all()


def test_scan_cooccurrence__no_pair_gives_an_empty_table(genes: np.ndarray) -> None:
    result = scan_cooccurrence(genes[:1], NAMES[:1])
    assert list(result.table.columns) == list(COOCCURRENCE_COLUMNS)
    assert len(result.table) == 0


def test_count_pairs__equals_a_loop(genes: np.ndarray) -> None:
    counts = count_pairs(genes, STRATA)
    for s, name in enumerate(np.unique(STRATA)):
        part = genes[:, name == STRATA]
        for i, j in itertools.product(range(6), repeat=2):
            joint = (part[i] >= 0) & (part[j] >= 0)
            assert counts.n[s, i, j] == joint.sum()
            assert counts.both[s, i, j] == (joint & (part[i] == 1) & (part[j] == 1)).sum()
            assert counts.first[s, i, j] == (joint & (part[i] == 1)).sum()


def test_scan_cooccurrence__refuses_what_does_not_fit(genes: np.ndarray) -> None:
    with pytest.raises(ValueError, match="one different name per row"):
        scan_cooccurrence(genes, ["A"] * 6)
    with pytest.raises(ValueError, match="one stratum label per patient"):
        scan_cooccurrence(genes, NAMES, strata=["a"])
