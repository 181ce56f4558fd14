"""Order of an oncoprint: Python's own sort of tuples is the witness of the memo sort."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from netgen.plots.oncoprint_order import BIT, CLASSES, order_genes, order_groups, order_patients, rank_cells

SV = ["fusion"]
CNA = ["amplification", "homozygous_deletion"]
MUTATION = ["truncating", "splice", "inframe", "promoter", "missense", "other"]


def bits(*names):
    return sum(BIT[name] for name in names)


def place(status, classes):
    return int(rank_cells(np.array([[status]], dtype=np.int8), np.array([[classes]], dtype=np.int32))[0, 0])


def naive_key(status, classes):
    """The comparator as PEERS states it, one list per block."""
    have = {name for name in CLASSES if classes & BIT[name]}
    if status < 0:
        return (2,)
    blocks = (SV, CNA, MUTATION, ["germline"])
    return (1 - status, *(min([b.index(n) for n in b if n in have], default=len(b)) for b in blocks))


@st.composite
def cohorts(draw):
    n_genes, n_patients = draw(st.integers(1, 6)), draw(st.integers(1, 12))
    cell = st.one_of(
        st.just((0, 0)),
        st.just((-1, 0)),
        st.just((0, BIT["germline"])),
        st.integers(1, 2 ** len(CLASSES) - 1).filter(lambda b: b != BIT["germline"]).map(lambda b: (1, b)),
    )
    cells = draw(st.lists(st.lists(cell, min_size=n_patients, max_size=n_patients), min_size=n_genes, max_size=n_genes))
    groups = draw(st.lists(st.integers(0, 2), min_size=n_patients, max_size=n_patients))
    table = np.array(cells)
    ids = [f"P{k}" for k in range(n_patients)]
    return table[..., 0].astype(np.int8), table[..., 1].astype(np.int32), ids, np.array(groups)


@given(cohorts())
def test_order_patients__staircase(case):
    status, classes, ids, groups = case
    order = order_patients(status, classes, ids, groups)
    keys = [
        (groups[p], [naive_key(status[g, p], classes[g, p]) for g in range(len(status))], ids[p])
        for p in range(len(ids))
    ]
    assert [keys[p] for p in order] == sorted(keys)


@given(cohorts(), st.randoms())
def test_order_patients__order_of_input_is_irrelevant(case, random):
    status, classes, ids, groups = case
    shuffled = list(range(len(ids)))
    random.shuffle(shuffled)
    first = [ids[p] for p in order_patients(status, classes, ids, groups)]
    again = order_patients(status[:, shuffled], classes[:, shuffled], [ids[p] for p in shuffled], groups[shuffled])
    assert [ids[shuffled[p]] for p in again] == first


def test_order_patients__peers_a5_three_types_in_one_gene_do_not_break_the_staircase():
    """Gene A: one hit in S01-S08; gene B: three types in S09, S10. ComplexHeatmap puts S09 S10 first."""
    names = [f"S{k:02d}" for k in range(1, 13)]
    status = np.zeros((2, 12), dtype=np.int8)
    classes = np.zeros((2, 12), dtype=np.int32)
    status[0, :8], classes[0, :8] = 1, bits("missense")
    status[1, 8:10], classes[1, 8:10] = 1, bits("missense", "amplification", "fusion")
    assert [names[p] for p in order_patients(status, classes, names)] == names


def test_order_patients__beyond_52_genes_the_last_gene_still_decides():
    status = np.ones((80, 2), dtype=np.int8)
    status[79, 0] = 0
    classes = np.where(status == 1, bits("missense"), 0).astype(np.int32)
    assert order_patients(status, classes, ["A", "B"]).tolist() == [1, 0]


def test_order_patients__id_is_the_last_key():
    nothing = np.zeros((1, 3), dtype=np.int8)
    assert order_patients(nothing, nothing.astype(np.int32), ["P3", "P1", "P2"]).tolist() == [1, 2, 0]


def test_order_patients__group_stands_before_genes():
    status = np.array([[1, 0]], dtype=np.int8)
    classes = np.array([[bits("truncating"), 0]], dtype=np.int32)
    assert order_patients(status, classes, ["A", "B"], np.array([1, 0])).tolist() == [1, 0]


def test_rank_cells__priority_of_classes():
    ranked = [place(1, bits(name)) for name in (*SV, *CNA, *MUTATION)]
    assert ranked == sorted(set(ranked))


def test_rank_cells__not_profiled_stands_behind_wild_type_behind_altered():
    assert place(1, bits("other")) < place(0, bits("germline")) < place(0, 0) < place(-1, 0)
    assert place(-1, bits("germline")) == place(-1, 0)


def test_rank_cells__a_second_hit_of_a_lower_class_changes_nothing():
    """TP53 with two hits stands where TP53 with its first hit stands."""
    assert place(1, bits("truncating", "missense")) == place(1, bits("truncating"))
    assert place(1, bits("truncating")) < place(1, bits("missense"))


def counts(*rows):
    return pd.DataFrame(rows, columns=["feature", "n_altered", "n_profiled"])


def test_order_genes__frequency_among_the_profiled_then_number_then_name():
    table = counts(("B", 2, 10), ("A", 2, 10), ("HALF", 5, 10), ("THIRD", 2, 6), ("MORE", 4, 20), ("NONE", 0, 20))
    assert order_genes(table) == ["HALF", "THIRD", "MORE", "A", "B"]
    assert order_genes(table, top=2) == ["HALF", "THIRD"]


def test_order_genes__a_gene_seen_in_one_patient_only_does_not_lead():
    assert order_genes(counts(("ODD", 1, 1), ("TP53", 30, 100), ("RB1", 5, 100))) == ["TP53", "RB1", "ODD"]


def test_order_genes__as_given():
    table = counts(("A", 1, 10), ("B", 5, 10))
    assert order_genes(table, ["A", "B", "A"], top=1) == ["A", "B"]


def test_order_genes__nobody_altered():
    assert order_genes(counts(("B", 0, 3), ("A", 0, 3), ("C", 0, 0))) == ["A", "B"]
    assert order_genes(counts(("B", 0, 0), ("A", 0, 0))) == ["A", "B"]


def test_order_groups__declared_then_by_name_then_unknown():
    labels = pd.Series(["zebra", None, "duodenopancreatic", "colon", "thymic"], dtype="string")
    assert order_groups(labels) == ["thymic", "duodenopancreatic", "colon", "zebra", "unknown"]
