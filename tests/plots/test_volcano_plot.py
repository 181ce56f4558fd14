"""Volcano figure: marks recomputed from the table, names of the smallest p, words for what is not shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from netgen.plots.style import save_figure
from netgen.plots.volcano import COLUMNS, MOST_LOG2, NAMED, plot_volcano
from tests.demo_run import demo_result

TABLE = pd.DataFrame(
    [
        ("ATRX", 5, 4.0, 0.001, 0.01, "tested"),
        ("MEN1", 20, 0.5, 0.1, 0.2, "tested"),
        ("HUGE", 3, 1000.0, 0.01, 0.04, "tested"),
        ("RB1", 2, np.nan, np.nan, np.nan, "too_few_altered"),
        ("KRAS", 1, np.nan, np.nan, np.nan, "too_few_altered"),
        ("ODD", 4, np.nan, 0.5, 0.6, "tested"),
        ("NONE", 0, np.nan, np.nan, np.nan, "none_altered"),
    ],
    columns=list(COLUMNS),
)


def marks(axes, label):
    return [one for one in axes.collections if one.get_label() == label]


def test_plot_volcano__marks_stand_at_log2_of_the_ratio_and_minus_log10_of_p():
    axes = plot_volcano(TABLE)
    (lower,), (higher,) = marks(axes, "lower"), marks(axes, "higher")
    assert lower.get_offsets().tolist() == [pytest.approx([-1, 1])]
    assert higher.get_offsets().tolist() == [pytest.approx([2, 3])]


def test_plot_volcano__area_is_the_number_of_altered_patients():
    axes = plot_volcano(TABLE)
    small, large = marks(axes, "higher")[0].get_sizes()[0], marks(axes, "lower")[0].get_sizes()[0]
    assert large / small == pytest.approx(20 / 5)


def test_plot_volcano__filled_if_q_is_below_the_level():
    axes = plot_volcano(TABLE)
    assert to_hex(marks(axes, "lower")[0].get_facecolors()[0]) == "#ffffff"
    assert to_hex(marks(axes, "higher")[0].get_facecolors()[0]) != "#ffffff"


def test_plot_volcano__a_ratio_beyond_the_axis_is_a_mark_at_its_edge():
    (beyond,) = marks(plot_volcano(TABLE), "beyond")
    assert beyond.get_offsets().tolist() == [pytest.approx([MOST_LOG2, 2])]


def test_plot_volcano__counts_what_is_not_shown_by_reason():
    text = [text.get_text() for text in plot_volcano(TABLE).texts][-1]
    assert text.startswith("3 tested; not shown: ")
    assert {"2 too few altered", "1 none altered", "1 not estimable"} == set(text.partition("shown: ")[2].split(", "))


def test_plot_volcano__names_the_smallest_p_without_overlap():
    rng = np.random.default_rng(1)
    n = 60
    p = np.sort(rng.uniform(0.0001, 1, n))
    table = pd.DataFrame({"feature": [f"GENE{k}" for k in range(n)], "n_altered": rng.integers(3, 40, n),
                          "hr": np.exp(rng.normal(0, 0.5, n)), "p": p, "q": p, "status": "tested"})  # fmt: skip
    axes = plot_volcano(table)
    axes.figure.canvas.draw()
    names = [text for text in axes.texts if text.get_text().startswith("GENE")]
    assert 0 < len(names) <= NAMED
    assert {text.get_text() for text in names} <= {f"GENE{k}" for k in range(NAMED)}
    boxes = [Text.get_window_extent(text) for text in names]  # without the line to the mark
    for i, one in enumerate(boxes):
        for two in boxes[:i]:
            assert min(one.x1, two.x1) - max(one.x0, two.x0) < 1 or min(one.y1, two.y1) - max(one.y0, two.y0) < 1


def test_plot_volcano__nothing_tested_says_so():
    axes = plot_volcano(TABLE.iloc[3:5])
    assert [text.get_text() for text in axes.texts] == ["0 tested; not shown: 2 too few altered"]
    with pytest.raises(ValueError, match="found no q"):
        plot_volcano(TABLE.drop(columns="q"))


def test_plot_volcano__same_bytes_each_time(tmp_path):
    one, two = (save_figure(plot_volcano(TABLE).figure, tmp_path / name, ["pdf", "svg"]) for name in ("a", "b"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


@pytest.mark.mpl_image_compare(filename="volcano.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_volcano__image():
    rows = demo_result().table.query("endpoint == 'os'")
    return plot_volcano(rows.assign(p=rows["p_primary"], q=rows["q_bh"]), title="OS: altered against wild type").figure
