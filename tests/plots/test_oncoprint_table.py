"""Tables of an oncoprint, worked out by hand on cohorts of a few patients."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.errors import AnalysisError
from netgen.plots.oncoprint_table import CELL_COLUMNS, GENE_COLUMNS, percent_text, share_text, tabulate_oncoprint
from tests.plots.oncoprint_cases import make_matrix, make_patients

IDS = "P1 P2 P3 P4"


@pytest.fixture
def table():
    matrix = make_matrix({"TP53": "MT . M .", "ATRX": ". F ? ?"}, IDS)
    return tabulate_oncoprint(matrix, make_patients(IDS, "lung lung thymic thymic"))


def test_tabulate_oncoprint__cells_by_hand(table):
    expected = [
        ("TP53", "P3", "thymic", 0, "altered", "", "missense", "M0"),
        ("TP53", "P4", "thymic", 1, "wild type", "", "", ""),
        ("TP53", "P1", "lung", 2, "altered", "", "truncating;missense", "T1;M0"),
        ("TP53", "P2", "lung", 3, "wild type", "", "", ""),
        ("ATRX", "P3", "thymic", 0, "not profiled", "gene_not_on_panel", "", ""),
        ("ATRX", "P4", "thymic", 1, "not profiled", "gene_not_on_panel", "", ""),
        ("ATRX", "P1", "lung", 2, "wild type", "", "", ""),
        ("ATRX", "P2", "lung", 3, "altered", "", "fusion", "F0"),
    ]
    assert list(table.cells.columns) == list(CELL_COLUMNS)
    assert list(table.cells.itertuples(index=False, name=None)) == expected[:8]


def test_tabulate_oncoprint__counts_by_hand(table):
    columns = ["gene", "row", "origin", "n_altered", "n_profiled", "n_total", "label"]
    assert list(table.genes.columns) == list(GENE_COLUMNS)
    assert list(table.genes[columns].itertuples(index=False, name=None)) == [
        ("TP53", 1, "all", 2, 4, 4, "2/4 (50 %)"),
        ("TP53", 1, "thymic", 1, 2, 2, "1/2 (50 %)"),
        ("TP53", 1, "lung", 1, 2, 2, "1/2 (50 %)"),
        ("ATRX", 2, "all", 1, 2, 4, "1/2 (50 %)*"),
        ("ATRX", 2, "thymic", 0, 0, 2, "N/P"),
        ("ATRX", 2, "lung", 1, 2, 2, "1/2 (50 %)"),
    ]


def test_tabulate_oncoprint__exact_limits():
    """R: binom.test(0, 3)$conf.int = 0, 0.7075982; binom.test(2, 5)$conf.int = 0.05274495, 0.85336720."""
    matrix = make_matrix({"A": ". . .", "B": ". . ."}, "P1 P2 P3")
    none = tabulate_oncoprint(matrix, make_patients("P1 P2 P3")).genes.iloc[0]
    assert (none["fraction_lo"], none["fraction_hi"]) == (0, pytest.approx(0.7075982, abs=1e-7))
    ids = "P1 P2 P3 P4 P5"
    some = tabulate_oncoprint(make_matrix({"A": "M M . . ."}, ids), make_patients(ids)).genes.iloc[0]
    assert (some["fraction_lo"], some["fraction_hi"]) == pytest.approx((0.05274495, 0.85336720), abs=1e-7)
    unseen = tabulate_oncoprint(make_matrix({"A": "? ?"}, "P1 P2"), make_patients("P1 P2")).genes.iloc[0]
    assert unseen[["fraction", "fraction_lo", "fraction_hi"]].isna().all()


def test_tabulate_oncoprint__peers_a5_missing_is_not_wild_type():
    """G1 = altered, NA, NA, NA: 1 of 1 profiled. ComplexHeatmap prints 25 %."""
    genes = tabulate_oncoprint(make_matrix({"G1": "M ? ? ?"}, IDS), make_patients(IDS)).genes
    assert genes["label"].tolist() == ["1/1 (100 %)*"]


def test_tabulate_oncoprint__peers_a6_reordered_patients_keep_their_cells():
    """marsilea reorders the cells, not the bars: here everything hangs on patient and position."""
    first = tabulate_oncoprint(make_matrix({"A": "M . T"}, "S1 S2 S3"), make_patients("S1 S2 S3"))
    again = tabulate_oncoprint(make_matrix({"A": "T . M"}, "S3 S2 S1"), make_patients("S3 S2 S1"))
    pd.testing.assert_frame_equal(first.cells, again.cells)
    assert first.cells["patient_id"].tolist() == ["S3", "S1", "S2"]


def test_tabulate_oncoprint__peers_a7_unaltered_patients_are_kept():
    """4 samples, 2 altered. PyComplexHeatmap draws 2; marsilea raises for S4."""
    table = tabulate_oncoprint(make_matrix({"A": "M M . ."}, IDS), make_patients(IDS))
    assert table.patients["patient_id"].tolist() == ["P1", "P2", "P3", "P4"]
    assert table.genes["n_profiled"].tolist() == [4]


def test_tabulate_oncoprint__patient_without_a_row_is_kept():
    table = tabulate_oncoprint(make_matrix({"A": "M . ."}, "P1 P2 P3"), make_patients("P1 P2", "lung thymic"))
    assert table.origins == ("thymic", "lung", "unknown")
    assert table.patients["patient_id"].tolist() == ["P2", "P1", "P3"]


def test_tabulate_oncoprint__one_variant_in_two_samples_counts_once():
    matrix = make_matrix({"TP53": "M ."}, "A B")
    twice = pd.concat([matrix.detail, matrix.detail.assign(sample_id="A-M", row=2)], ignore_index=True)
    cells = tabulate_oncoprint(dataclasses.replace(matrix, detail=twice), make_patients("A B")).cells
    assert cells["classes"].tolist() == ["missense", ""]


def test_tabulate_oncoprint__germline_is_marked_and_not_counted():
    matrix = make_matrix({"MEN1": "T . ."}, "P1 P2 P3")
    germline = pd.DataFrame({"patient_id": ["P3", "P9"], "gene": ["MEN1", "MEN1"], "label": ["p.R1*", "p.R2*"]})
    table = tabulate_oncoprint(matrix, make_patients("P1 P2 P3"), germline=germline)
    assert table.cells[["patient_id", "status", "classes"]].to_numpy().tolist() == [
        ["P1", "altered", "truncating"],
        ["P3", "wild type", "germline"],
        ["P2", "wild type", ""],
    ]
    assert table.genes["n_altered"].tolist() == [1]
    assert any("not counted" in text for text in table.footer)


def test_tabulate_oncoprint__pathway_says_which_gene():
    matrix = make_matrix({"mTOR": "M ."}, "P1 P2")
    detail = matrix.detail.assign(gene="PTEN", label="p.R1;x")
    cells = tabulate_oncoprint(dataclasses.replace(matrix, detail=detail), make_patients("P1 P2")).cells
    assert cells["labels"].tolist() == ["PTEN p.R1,x", ""]


@given(st.randoms())
def test_tabulate_oncoprint__order_of_input_rows_is_irrelevant(random):
    cells = {"TP53": "MT . M . TS ?", "ATRX": ". F ? ? . .", "MEN1": "A D M . . M"}
    ids = "P1 P2 P3 P4 P5 P6"
    matrix, patients = make_matrix(cells, ids), make_patients(ids, "lung lung thymic thymic lung other")
    rows, columns = list(range(len(patients))), list(range(len(matrix.detail)))
    random.shuffle(rows)
    random.shuffle(columns)
    first = tabulate_oncoprint(matrix, patients)
    again = tabulate_oncoprint(dataclasses.replace(matrix, detail=matrix.detail.take(columns)), patients.take(rows))
    for name in ("cells", "genes", "patients"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))


def test_tabulate_oncoprint__no_split_sorts_across_origins(table):
    matrix = make_matrix({"TP53": ". M"}, "P1 P2")
    patients = make_patients("P1 P2", "thymic lung")
    assert tabulate_oncoprint(matrix, patients).cells["patient_id"].tolist() == ["P1", "P2"]
    joined = tabulate_oncoprint(matrix, patients, split=False)
    assert (joined.cells["patient_id"].tolist(), joined.split) == (["P2", "P1"], False)
    assert table.split


def test_tabulate_oncoprint__endpoint_and_column_tracks_follow_the_patients():
    matrix = make_matrix({"A": ". M ."}, "P1 P2 P3")
    patients = make_patients("P1 P2 P3", ki67_pct=[1.0, 2.0, np.nan])
    os = pd.DataFrame({"patient_id": ["P3", "P2"], "time_days": [30.0, 20.0], "event": [True, False]})
    table = tabulate_oncoprint(matrix, patients, tracks=["ki67_pct", "os"], endpoints={"os": os})
    assert table.patients["patient_id"].tolist() == ["P2", "P1", "P3"]
    assert table.patients["ki67_pct"].tolist()[:2] == [2.0, 1.0]
    assert table.patients["os_days"].fillna(-1).tolist() == [20.0, -1, 30.0]
    assert table.patients["os_event"].fillna(value=False).tolist() == [False, False, True]


@pytest.mark.parametrize("track", ["nonsense", "date_diagnosis"])
def test_tabulate_oncoprint__refuses_what_is_no_track(track):
    patients = make_patients("P1", date_diagnosis=[pd.Timestamp("2020-01-01")], sex=["male"])
    with pytest.raises(AnalysisError, match=f"E_CONFIG.*{track}.*Use one of sex"):
        tabulate_oncoprint(make_matrix({"A": "M"}, "P1"), patients, tracks=[track])


def test_tabulate_oncoprint__refuses_absent_genes():
    with pytest.raises(AnalysisError, match=r"E_GENE_UNKNOWN.*XYZ"):
        tabulate_oncoprint(make_matrix({"A": "M"}, "P1"), make_patients("P1"), genes=["A", "XYZ"])
    empty = make_matrix({}, "P1")
    with pytest.raises(AnalysisError, match=r"E_GENE_UNKNOWN.*at least one gene"):
        tabulate_oncoprint(empty, make_patients("P1"))


def test_tabulate_oncoprint__footer_says_what_was_counted(table):
    text = " ".join(table.footer)
    for part in ("structural variant", "(altered;", "any sample of a patient counts", "n = 4", "* where not all",
                 "Matrix 0123456789ab.", "Research use only"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("altered", "profiled", "text"),
    [(12, 31, "39 %"), (1, 8, "13 %"), (0, 9, "0 %"), (3, 100, "3 %"), (2, 73, "2.7 %"), (1, 20_000, "<0.1 %"),
     (0, 0, "N/P"), (7, 7, "100 %"), (1, 1000, "0.1 %")],
)  # fmt: skip
def test_percent_text(altered, profiled, text):
    assert percent_text(altered, profiled) == text


def test_share_text__asterisk_only_where_somebody_was_not_profiled():
    assert share_text(12, 31, 34) == "12/31 (39 %)*"
    assert share_text(12, 31, 31) == "12/31 (39 %)"
    assert share_text(0, 0, 31) == "N/P"
