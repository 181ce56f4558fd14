"""Co-occurrence triangle: cells, colours, numbers and stars recomputed from the table of pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import PathPatch

from netgen.plots.cooccurrence import CEILING, MOST, order_pairs, plot_cooccurrence, stars
from netgen.plots.style import save_figure
from tests.demo_run import demo_result

COLUMNS = ["gene_a", "gene_b", "n_profiled", "both", "a_only", "b_only", "log2_or", "direction", "p_primary", "q_bh",
           "status"]  # fmt: skip
PAIRS = pd.DataFrame(
    [
        ("A", "B", 40, 8, 7, 2, 3.5, "cooccurring", 0.0004, 0.002, "tested"),
        ("A", "C", 40, 0, 15, 6, -2.0, "exclusive", 0.03, 0.08, "tested"),
        ("A", "D", 30, 0, 12, 3, 0.7, "exclusive", 0.9, 0.9, "tested"),
        ("B", "C", 40, 1, 9, 5, -0.5, "exclusive", 1.0, 1.0, "tested"),
        ("B", "D", 30, 0, 8, 3, np.nan, "none", np.nan, np.nan, "untestable_discrete"),
        ("C", "D", 30, 1, 4, 2, 1.0, "cooccurring", 0.3, 0.5, "tested"),
    ],
    columns=COLUMNS,
)


def patches(axes, name):
    """(column, row, colour) of every cell of a kind."""
    out = []
    for patch in axes.get_children():
        if isinstance(patch, PathPatch) and patch.get_label() == name:
            for corners in patch.get_path().vertices.reshape(-1, 5, 2):
                column, row = np.floor(corners.mean(axis=0))
                out.append((int(column), int(row), patch.get_facecolor()[:3]))
    return out


def test_order_pairs__the_most_often_altered_gene_first():
    """A: 15 altered, B: 10, C: 6, D: 3, each the largest over its pairs."""
    assert order_pairs(PAIRS) == ["A", "B", "C", "D"]
    assert order_pairs(PAIRS.iloc[[5]]) == ["C", "D"]


def test_order_pairs__at_most_thirty():
    genes = [f"G{k:02d}" for k in range(35)]
    pairs = pd.DataFrame([(a, b, 0, 35 - i, 1) for i, a in enumerate(genes) for b in genes[i + 1 :]],
                         columns=["gene_a", "gene_b", "both", "a_only", "b_only"])  # fmt: skip
    assert order_pairs(pairs) == genes[:MOST]


def test_plot_cooccurrence__every_pair_has_its_cell_of_the_triangle():
    axes = plot_cooccurrence(PAIRS)
    kinds = {name: {cell[:2] for cell in patches(axes, name)} for name in
             ("cooccurring", "exclusive", "equal", "not tested")}  # fmt: skip
    assert kinds == {
        "cooccurring": {(0, 0), (2, 2)}, "exclusive": {(0, 1), (1, 1)}, "equal": {(0, 2)}, "not tested": {(1, 2)},
    }  # fmt: skip
    assert [label.get_text() for label in axes.get_yticklabels()] == ["B", "C", "D"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["A", "B", "C"]


def test_plot_cooccurrence__darker_with_the_odds_and_blue_if_exclusive():
    axes = plot_cooccurrence(PAIRS)
    together = {cell[:2]: cell[2] for cell in patches(axes, "cooccurring")}
    apart = {cell[:2]: cell[2] for cell in patches(axes, "exclusive")}
    assert sum(together[0, 0]) < sum(together[2, 2])
    assert sum(apart[0, 1]) < sum(apart[1, 1])
    assert together[0, 0][0] > together[0, 0][2]  # red above blue
    assert apart[0, 1][2] > apart[0, 1][0]


def test_plot_cooccurrence__two_rare_genes_that_never_meet_have_no_colour():
    """A and D: nobody has both, less than expected, yet the odds ratio with 0.5 added is above 1."""
    (cell,) = patches(plot_cooccurrence(PAIRS), "equal")
    assert max(cell[2]) - min(cell[2]) < 0.01
    assert min(cell[2]) > 0.95


def test_plot_cooccurrence__numbers_stars_and_the_note():
    axes = plot_cooccurrence(PAIRS)
    texts = [text.get_text() for text in axes.texts]
    assert sorted(text for text in texts if text.isdigit() and text != f"{CEILING:g}") == ["0", "0", "0", "1", "1", "8"]
    assert [text for text in texts if text.startswith("*")] == ["***", "*"]
    note = " ".join(text.get_text() for text in reversed(axes.figure.texts))
    assert "5 pairs tested, 1 hatched: not tested; each in the 30 to 40 patients profiled for both" in note
    assert "q < 0.1: 2." in note


@pytest.mark.parametrize(("p", "text"), [(0.05, ""), (0.049, "*"), (0.0099, "**"), (0.0009, "***"), (np.nan, "")])
def test_stars(p, text):
    assert stars(p) == text


def test_plot_cooccurrence__a_given_order_and_what_it_refuses():
    axes = plot_cooccurrence(PAIRS, order=["D", "A"])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A"]
    with pytest.raises(ValueError, match="at least two genes"):
        plot_cooccurrence(PAIRS, order=["A"])
    with pytest.raises(ValueError, match="found no q_bh"):
        plot_cooccurrence(PAIRS.drop(columns="q_bh"))


@pytest.mark.parametrize("width", ["single", "double"])
def test_plot_cooccurrence__fits_a_page(width):
    genes = [f"GENE{k:02d}" for k in range(MOST)]
    pairs = pd.DataFrame([(a, b, 100, 1, 40 - i, 3, 0.5, "cooccurring", 0.5, 0.9, "tested")
                          for i, a in enumerate(genes) for b in genes[i + 1 :]], columns=COLUMNS)  # fmt: skip
    figure = plot_cooccurrence(pairs, title="Pairs", width=width).figure
    assert figure.get_size_inches()[1] * 25.4 < 171
    figure.canvas.draw()
    for text in [*figure.texts, *figure.axes[0].get_yticklabels(), *figure.axes[0].get_xticklabels()]:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.x1


def test_plot_cooccurrence__same_bytes_each_time(tmp_path):
    one, two = (save_figure(plot_cooccurrence(PAIRS).figure, tmp_path / name, ["pdf", "svg"]) for name in ("a", "b"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


@pytest.mark.mpl_image_compare(filename="cooccurrence.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_cooccurrence__image():
    return plot_cooccurrence(demo_result().cooccurrence, title="Genes altered together").figure
