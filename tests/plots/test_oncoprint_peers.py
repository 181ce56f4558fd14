"""The oncoprint against the cases in which other programs fail, and against the printed rules.

Each test names the program and the case; expectations follow from the rule, worked out by hand.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import PathPatch

import netgen as ng
from netgen.errors import AnalysisError
from netgen.genomics.matrix import build_alteration_matrix
from netgen.plots.oncoprint import plot_oncoprint
from netgen.plots.oncoprint_bars import burden_limits
from netgen.plots.oncoprint_blocks import Block, group_rows, row_tops
from netgen.plots.oncoprint_glyphs import glyphs_of
from netgen.plots.oncoprint_order import SOMATIC
from netgen.plots.oncoprint_table import tabulate_oncoprint
from netgen.plots.style import save_figure
from tests.demo_run import demo_cohort, demo_result
from tests.plots.oncoprint_cases import make_matrix, make_patients
from tests.scenarios.test_sc03_two_samples_one_patient import sc03


def axes_of(fig, label):
    return next((axes for axes in fig.axes if axes.get_label() == label), None)


def boxes(axes, name):
    """Rectangles of an artist as rows of left, right, low, high in data units."""
    found = [
        child.get_path().vertices.reshape(-1, 5, 2)
        for child in axes.get_children()
        if isinstance(child, PathPatch) and child.get_label() == name
    ]
    if not found:
        return np.empty((0, 4))
    points = np.concatenate(found)
    low, high = points.min(axis=1), points.max(axis=1)
    return np.column_stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]])


def middles(fig):
    """Middle of each column of the cells, from left to right."""
    cells = axes_of(fig, "cells")
    back = np.concatenate([boxes(cells, name) for name in ("wild type", "not profiled")])
    first = back[back[:, 2] == back[:, 2].min()]
    return np.sort(first[:, :2].mean(axis=1))


def texts(fig):
    return [text.get_text() for axes in fig.axes for text in axes.texts]


def printed(cells, ids, **more):
    return tabulate_oncoprint(make_matrix(cells, ids), make_patients(ids), **more)


def whole(table):
    return table.genes[table.genes["origin"] == "all"].set_index("gene")


# --- SC03 ------------------------------------------------------------------------------------------------------------


def test_sc03__four_columns_are_printed_and_the_cell_that_no_panel_covers_is_apart():
    patients = pd.DataFrame({"patient_id": pd.Series(list("ABCD"), dtype="string")})
    fig = plot_oncoprint(tabulate_oncoprint(build_alteration_matrix(**sc03()), patients))
    assert len(middles(fig)) == 4
    assert len(boxes(axes_of(fig, "cells"), "not profiled")) == 1
    assert len(boxes(axes_of(fig, "cells"), "wild type")) == 7
    assert {"1/3 (33 %)", "1/4 (25 %)", "*", *"ABCD"} <= set(texts(fig))


# --- ComplexHeatmap --------------------------------------------------------------------------------------------------


def test_complexheatmap__missing_is_not_unaltered():
    """G1 = (MUT, NA, NA, NA): 1 of 1 profiled is 100 %; ComplexHeatmap labels it 25 %."""
    table = printed({"G1": "M ? ? ?"}, "S1 S2 S3 S4")
    assert whole(table).loc["G1", ["n_altered", "n_profiled", "n_total", "fraction"]].tolist() == [1, 1, 4, 1.0]
    fig = plot_oncoprint(table)
    assert "1/1 (100 %)" in texts(fig)
    assert not any("25 %" in text for text in texts(fig))
    assert len(boxes(axes_of(fig, "cells"), "not profiled")) == 3


def test_complexheatmap__number_of_types_does_not_break_the_staircase():
    """A: one hit in S1-S8; B: three types in S9, S10. ComplexHeatmap prints S9 S10 S1 ... S8."""
    ids = " ".join(f"S{k:02d}" for k in range(1, 13))
    cells = {"A": "M " * 8 + ". . . .", "B": ". " * 8 + "MAF MAF . ."}
    table = printed({name: text.strip() for name, text in cells.items()}, ids)
    assert table.patients["patient_id"].tolist() == ids.split()
    fig = plot_oncoprint(table)
    hit = boxes(axes_of(fig, "cells"), "missense")
    row_a, row_b = hit[hit[:, 3] < 1], hit[hit[:, 2] > 1]
    assert row_a[:, 1].max() < row_b[:, 0].min()  # no column of B stands before one of A


def test_complexheatmap__rank_of_genes_agrees_with_their_percentages():
    """A: three hits in one patient; B: one hit in two. ComplexHeatmap ranks by alterations, A first (#147)."""
    table = printed({"A": "MTS . .", "B": ". M M"}, "S1 S2 S3")
    assert list(whole(table).index) == ["B", "A"]
    assert whole(table)["n_altered"].tolist() == [2, 1]


# --- marsilea, PyComplexHeatmap, ggoncoplot, maftools ----------------------------------------------------------------


def bar_heights(fig, label, names):
    found = np.concatenate([boxes(axes_of(fig, label), name) for name in names])
    return [float(sum(box[3] - box[2] for box in found if box[0] <= x <= box[1])) for x in middles(fig)]


def test_marsilea__bars_follow_the_order_of_the_patients():
    """Given S1 S2 S3 with 0, 2, 1 altered genes; the order is S2 S3 S1. marsilea reorders the cells alone."""
    burden = pd.DataFrame({"patient_id": ["S1", "S2", "S3"], "tmb": [100.0, 10.0, 1.0]})
    table = printed({"A": ". M M", "B": ". M ."}, "S1 S2 S3", burden=burden)
    assert table.patients["patient_id"].tolist() == ["S2", "S3", "S1"]
    fig = plot_oncoprint(table)
    assert bar_heights(fig, "top", SOMATIC) == [2, 1, 0]
    assert bar_heights(fig, "tmb", ["tmb"]) == pytest.approx([2 / 3, 1 / 3, 1])  # log10 between 0.1 and 100


def test_marsilea__a_sample_without_event_is_kept():
    """S4 has no event: marsilea raises ValueError."""
    fig = plot_oncoprint(printed({"A": "M T M ."}, "S1 S2 S3 S4"))
    assert len(middles(fig)) == 4
    assert "3/4 (75 %)" in texts(fig)


def test_pycomplexheatmap__four_samples_in_four_drawn():
    """Two of four are altered: PyComplexHeatmap draws two columns and fills missing cells with 0."""
    fig = plot_oncoprint(printed({"A": "M . . ?", "B": ". T . ?"}, "S1 S2 S3 S4"))
    assert len(middles(fig)) == 4
    assert texts(fig).count("1/3 (33 %)") == 2


def test_ggoncoplot__the_denominator_does_not_shrink_to_the_samples_with_a_mutation():
    """1 of 4 profiled is 25 %; ggoncoplot counts on samples with any mutation: 1 of 2, 50 %."""
    table = printed({"A": "M . . .", "B": ". M . ."}, "S1 S2 S3 S4")
    assert whole(table)["label"].tolist() == ["1/4 (25 %)", "1/4 (25 %)"]


def test_maftools__one_gene_and_one_patient_are_enough():
    """maftools needs two genes."""
    fig = plot_oncoprint(printed({"A": "M"}, "S1"))
    assert "1/1 (100 %)" in texts(fig)
    assert len(middles(fig)) == 1


def test_comut__three_alterations_in_a_cell_stay_three():
    """CoMut prints more than two as "Multiple", maftools and ggoncoplot as Multi_Hit."""
    fig = plot_oncoprint(printed({"A": "TMS ."}, "S1 S2"))
    drawn = {name: boxes(axes_of(fig, "cells"), name) for name in ("truncating", "splice", "missense")}
    assert {name: len(found) for name, found in drawn.items()} == {"truncating": 1, "splice": 1, "missense": 1}
    assert drawn["truncating"][0, 3] <= drawn["splice"][0, 2]  # the most severe above
    assert drawn["splice"][0, 3] <= drawn["missense"][0, 2]


def test_glyphs_of__of_two_mutations_the_more_severe_is_above_and_neither_hides_the_other():
    first, second = (glyph for glyph in glyphs_of("truncating;missense", "altered") if glyph.name != "wild type")
    assert (first.name, second.name) == ("truncating", "missense")
    assert first.bottom < second.top
    assert first.bottom - first.top == pytest.approx(second.bottom - second.top)


def test_tabulate_oncoprint__an_empty_cohort_is_told():
    with pytest.raises(AnalysisError, match=r"E_NO_PATIENTS.*at least one patient"):
        tabulate_oncoprint(make_matrix({"A": ""}, ""), make_patients(""))


# --- staircase -------------------------------------------------------------------------------------------------------

ORDER = ["F", "A", "D", "T", "S", "I", "P", "M", "O"]  # structural variant, copy number, mutation by severity


def naive_place(text):
    """Rank of a cell as PEERS 3.1 states it, one list per kind."""
    if text == "?":
        return (2,)
    if text == ".":
        return (1,)
    kinds = ("F", "AD", "TSIPMO")
    return (0, *(min([ORDER.index(one) for one in text if one in kind], default=99) for kind in kinds))


CELL = st.sampled_from([".", "?", "M", "T", "A", "D", "F", "MT", "MAF", "S", "O"])


@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=9)))
def test_staircase__no_column_that_should_precede_another_follows_it(columns):
    ids = [f"P{k}" for k in range(len(columns))]
    genes = [f"G{k}" for k in range(len(columns[0]))]
    matrix = make_matrix({gene: " ".join(c[k] for c in columns) for k, gene in enumerate(genes)}, " ".join(ids))
    order = tabulate_oncoprint(matrix, make_patients(" ".join(ids)), genes=genes).patients["patient_id"].tolist()
    key = {name: ([naive_place(text) for text in column], name) for name, column in zip(ids, columns, strict=True)}
    for place, name in enumerate(order):
        for later in order[place + 1 :]:
            assert key[name] < key[later]


# --- agreement with the tests, and text of the file ------------------------------------------------------------------


def test_oncoprint__percent_and_n_equal_those_of_the_associations_of_the_same_hash():
    table, result = ng.build_oncoprint(demo_cohort()), demo_result()
    assert table.matrix_hash == result.matrix_hash
    tested = result.table[result.table["endpoint"] == "os"].set_index("feature")
    own = whole(table)
    shown = tested.loc[own.index]
    assert own["n_altered"].tolist() == shown["n_altered"].tolist()
    assert own["n_profiled"].tolist() == shown["n_profiled"].tolist()
    for label, k, n in zip(own["label"], shown["n_altered"], shown["n_profiled"], strict=True):
        numbers = re.fullmatch(r"(\d+)/(\d+) \((\d+) %\)\*?", label)
        assert numbers is not None
        assert [int(one) for one in numbers.groups()] == [k, n, int(np.floor(100 * k / n + 0.5))]


@pytest.mark.parametrize("rasterize", [False, True])
def test_pdf__holds_text_as_text_in_embedded_truetype(rasterize, tmp_path):
    for tool in ("pdffonts", "pdftotext"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} (poppler) is not installed")
    table = ng.build_oncoprint(demo_cohort())
    (path,) = save_figure(plot_oncoprint(table, rasterize=rasterize), tmp_path / "o", ["pdf"])
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert fonts
    for line in fonts:
        assert "TrueType" in line
        assert re.search(r"\s(yes|no)\s+(yes|no)\s+(yes|no)\s", line)[1] == "yes"  # emb
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    assert {*whole(table).index, "14/34 (41 %)"} <= {line.strip() for line in text.splitlines()}


# --- burden ----------------------------------------------------------------------------------------------------------


def test_burden__missing_is_a_dash_and_zero_a_line_at_the_foot():
    burden = pd.DataFrame({"patient_id": ["S1", "S2", "S3"], "tmb": [10.0, 0.0, np.nan]})
    fig = plot_oncoprint(printed({"A": "M . ."}, "S1 S2 S3", burden=burden))
    bars, dash = boxes(axes_of(fig, "tmb"), "tmb"), boxes(axes_of(fig, "tmb"), "tmb missing")
    assert bars[:, 2].tolist() == [0, 0]
    assert bars[0, 3] == 1
    assert 0 < bars[1, 3] < 0.05
    assert dash[:, 2:].mean() == pytest.approx(0.5)
    assert [label.get_text() for label in axes_of(fig, "tmb").get_yticklabels()] == ["1", "10"]


def test_burden__nobody_with_a_value_has_no_bars():
    burden = pd.DataFrame({"patient_id": ["S1"], "tmb": [np.nan]})
    table = printed({"A": "M ."}, "S1 S2", burden=burden)
    assert not table.burden
    assert axes_of(plot_oncoprint(table), "tmb") is None


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([0.5, 3.0], (-1, 1)),
        ([1.0, 250.0], (-1, 3)),
        ([40.0], (0, 2)),
        ([0.0, np.nan], (0, 1)),
        ([0.1, 10], (-2, 1)),
        ([1e-4], (-2, 1)),
    ],
)
def test_burden_limits__powers_of_ten_around_the_values_and_ten(values, limits):
    assert burden_limits(np.array(values)) == limits


# --- blocks ----------------------------------------------------------------------------------------------------------


def test_group_rows__order_within_a_block_stays_and_others_come_last():
    rows, found = group_rows(["X", "B", "A", "P1"], {"P1": ["A", "B"], "P2": ["B", "Y"]}, rest="Other")
    assert rows == ["P1", "B", "A", "X"]
    assert found == (Block("P1", 3), Block("Other", 1))
    assert group_rows(["X"], {"P1": ["A"]}, rest="Other") == (["X"], ())


def test_row_tops__a_title_takes_room_above_each_block():
    assert row_tops((Block("a", 2), Block("b", 1)), 3, 0.5).tolist() == [0.5, 1.5, 3.0]
    assert row_tops((), 2, 0.5).tolist() == [0, 1]


def test_plot_oncoprint__blocks_have_titles_above_their_rows_and_everything_moves_with_them():
    table = printed(
        {"A": "M . .", "B": "M M .", "C": "M M M"}, "S1 S2 S3", blocks={"Repair": ["A", "B"]}, rest="Other genes"
    )
    assert whole(table).index.tolist() == ["B", "A", "C"]
    fig = plot_oncoprint(table)
    page = axes_of(fig, "page")
    height = {text.get_text(): text.get_position()[1] for text in page.texts}
    assert height["Repair"] > height["B"] > height["A"] > height["Other genes"] > height["C"]
    side = np.concatenate([boxes(axes_of(fig, "side"), name) for name in SOMATIC])
    cells = boxes(axes_of(fig, "cells"), "missense")
    rows = sorted(set(cells[:, 2:].mean(axis=1).round(6)))
    assert rows == pytest.approx(sorted(side[:, 2:].mean(axis=1)))
    assert rows[2] - rows[1] > rows[1] - rows[0] == pytest.approx(1)
    points = axes_of(fig, "cells").transData.transform([(0, y) for y in rows])[:, 1]
    names = page.transData.transform([(0, height[gene]) for gene in "BAC"])[:, 1]
    assert points == pytest.approx(names)


# --- allele fractions ------------------------------------------------------------------------------------------------


def vaf_table(tracks):
    matrix = make_matrix({"A": "MT . M", "B": "M . ."}, "S1 S2 S3")
    matrix.detail["vaf"] = [0.1, 0.3, 0.5, 0.8] if len(matrix.detail) == 4 else np.nan
    return matrix, tabulate_oncoprint(matrix, make_patients("S1 S2 S3"), tracks=tracks)


def test_vaf__median_over_the_alterations_drawn_or_of_one_gene():
    """A in S1: 0.1 and 0.3; A in S3: 0.5; B in S1: 0.8. S1: median of 0.1, 0.3, 0.8."""
    _, table = vaf_table(["vaf", "vaf:A"])
    own = table.patients.set_index("patient_id")
    assert own["vaf"].to_dict() == pytest.approx({"S1": 0.3, "S2": np.nan, "S3": 0.5}, nan_ok=True)
    assert own["vaf:A"].to_dict() == pytest.approx({"S1": 0.2, "S2": np.nan, "S3": 0.5}, nan_ok=True)
    assert {"Median VAF", "VAF, A"} <= set(texts(plot_oncoprint(table)))


def test_vaf__of_a_gene_that_is_not_drawn_is_refused():
    with pytest.raises(AnalysisError, match=r"E_CONFIG.*no alteration of XYZ"):
        vaf_table(["vaf:XYZ"])
