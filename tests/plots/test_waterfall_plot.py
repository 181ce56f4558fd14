"""Waterfall and best-response figures: bars, marks and labels."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from netgen.plots.response_bars import plot_response_bars
from netgen.plots.style import save_figure
from netgen.plots.waterfall import BOR_STYLE, CEILING, plot_waterfall

SIZES = pd.DataFrame(
    {
        "patient_id": ["d", "a", "c", "b", "e"],
        "best_change_pct": [-45.0, 12.0, -45.0, 160.0, None],
        "bor": ["PR", "SD", "PD", "PD", "NE"],
        "new_lesion": [False, False, True, True, False],
    }
)


def test_plot_waterfall__orders_bars_from_growth_to_shrinkage() -> None:
    axes = plot_waterfall(SIZES, title="Change")
    bars = sorted(axes.patches, key=lambda bar: bar.get_x())
    assert [bar.get_height() for bar in bars] == [CEILING, 12, -45, -45]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["b", "a", "c", "d"]
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars] == [
        BOR_STYLE[word][0].upper() for word in ("PD", "SD", "PD", "PR")
    ]


def test_plot_waterfall__stars_new_lesions_and_writes_the_number_of_a_cut_bar() -> None:
    axes = plot_waterfall(SIZES)
    marks = {round(text.xy[0]): text.get_text() for text in axes.texts if hasattr(text, "xy")}
    assert marks == {0: "+160*", 2: "*"}
    assert [line.get_ydata()[0] for line in axes.lines] == [20, -30, 0]


def test_plot_waterfall__names_only_responses_that_occur() -> None:
    labels = [text.get_text() for text in plot_waterfall(SIZES).get_legend().get_texts()]
    assert labels == ["partial response", "stable disease", "progression", "new lesion"]


def test_plot_waterfall__refuses_what_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="found no bor"):
        plot_waterfall(SIZES.drop(columns="bor"))
    with pytest.raises(ValueError, match="at least one row"):
        plot_waterfall(SIZES.iloc[4:])


COUNTS = pd.DataFrame(
    {"group": ["lung", "lung", "thymic", "thymic"], "bor": ["SD", "PR", "NE", "CR"], "n": [3, 1, 2, 2]}
)


def test_plot_response_bars__stack_to_a_hundred_per_cent() -> None:
    axes = plot_response_bars(COUNTS, order=["thymic", "lung"])
    tops: dict[int, float] = {}
    for bar in axes.patches:
        place = round(bar.get_x() + bar.get_width() / 2)
        tops[place] = max(tops.get(place, 0), bar.get_y() + bar.get_height())
    assert tops == pytest.approx({0: 100, 1: 100})
    assert [label.get_text() for label in axes.get_xticklabels()] == ["thymic\nn = 4", "lung\nn = 4"]
    assert sorted(text.get_text() for text in axes.texts) == ["1", "2", "2", "3"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "complete response", "partial response", "stable disease", "not evaluable",
    ]  # fmt: skip


def test_plot_response_bars__refuses_unknown_responses_and_nobody() -> None:
    with pytest.raises(ValueError, match="found XX"):
        plot_response_bars(COUNTS.assign(bor="XX"))
    with pytest.raises(ValueError, match="found no n"):
        plot_response_bars(COUNTS.drop(columns="n"))
    with pytest.raises(ValueError, match="at least one patient"):
        plot_response_bars(COUNTS.assign(n=0))


def test_figures_of_response__are_the_same_bytes_each_time(tmp_path) -> None:
    written = [save_figure(plot_waterfall(SIZES).figure, tmp_path / name, ("png", "pdf")) for name in ("one", "two")]
    assert [path.read_bytes() for path in written[0]] == [path.read_bytes() for path in written[1]]
