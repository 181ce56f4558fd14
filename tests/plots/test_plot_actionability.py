"""Stacked bars of levels of evidence: heights, numbers, who is not profiled, and the legend."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from netgen.plots.actionability import LEVEL_STYLE, NOT_PROFILED, STRIP, plot_actionability
from netgen.plots.style import new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

NUMBERS = {
    "thymic": {"N1": 1, "N3B": 1, "N4": 1, "none": 5, "not_profiled": 2},
    "lung": {"N1": 1, "N3B": 2, "N3C": 1, "none": 8},
    "duodenopancreatic": {"N1": 2, "N2": 1, "N3A": 2, "N3B": 1, "N4": 2, "none": 6, "not_profiled": 1},
}
COUNTS = pd.DataFrame(
    [(group, level, n) for group, own in NUMBERS.items() for level, n in own.items()], columns=["group", "level", "n"]
)


def _bars(axes: Axes, level: str) -> dict[int, Rectangle]:
    """Bars of one level by place of the group; those without patients are left out."""
    found = [bar for container in axes.containers if container.get_label() == level for bar in container]
    return {round(bar.get_x() + 0.33): bar for bar in found if bar.get_height() > 0}


def _texts(axes: Axes) -> list[str]:
    return sorted(text.get_text() for text in axes.texts)


def test_plot_actionability__stacks_per_cent_of_the_profiled_in_the_order_of_levels() -> None:
    axes = plot_actionability(COUNTS)
    for place, own in enumerate(NUMBERS.values()):
        profiled = sum(n for level, n in own.items() if level != NOT_PROFILED)
        base = 0.0
        for level in LEVEL_STYLE:
            if level == NOT_PROFILED or level not in own:
                continue
            bar = _bars(axes, level)[place]
            assert (bar.get_y(), bar.get_height()) == pytest.approx((base, 100 * own[level] / profiled))
            assert to_hex(bar.get_facecolor()).upper() == LEVEL_STYLE[level][0]
            base += 100 * own[level] / profiled
        assert base == pytest.approx(100)


def test_plot_actionability__writes_numbers_and_denominators() -> None:
    axes = plot_actionability(COUNTS, order=["lung", "thymic"], annotation="p = 0.64")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["lung\n12 profiled", "thymic\n8 profiled"]
    assert _texts(axes) == ["2 not profiled", "5", "8", "N1: 1", "N1: 1", "N3B: 1", "N3B: 2", "N3C: 1", "N4: 1"]
    assert axes.get_xlabel() == "p = 0.64"


def test_plot_actionability__sets_patients_apart_who_are_not_profiled() -> None:
    axes = plot_actionability(COUNTS)
    strips = _bars(axes, NOT_PROFILED)
    assert sorted(strips) == [0, 2]
    assert all((bar.get_y(), bar.get_y() + bar.get_height()) == STRIP and bar.get_hatch() for bar in strips.values())
    whole = _bars(axes, "none")[0].get_width()
    assert strips[0].get_width() == pytest.approx(whole * 2 / 10)
    assert strips[2].get_width() == pytest.approx(whole * 1 / 15)
    assert max(axes.get_yticks()) == 100
    assert not _bars(plot_actionability(COUNTS[COUNTS["level"] != NOT_PROFILED]), NOT_PROFILED)


def test_plot_actionability__a_group_of_which_nobody_is_profiled_has_no_bar() -> None:
    counts = pd.DataFrame({"group": ["lung", "thymic"], "level": ["N1", NOT_PROFILED], "n": [3, 4]})
    axes = plot_actionability(counts)
    assert list(_bars(axes, "N1")) == [0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["lung\n3 profiled", "thymic\n0 profiled"]
    assert _texts(axes) == ["4 not profiled", "N1: 3"]


@pytest.mark.parametrize("width", ["single", "double"])
def test_plot_actionability__legend_has_the_levels_that_occur_and_stays_inside(width) -> None:
    axes = plot_actionability(COUNTS, title="Best level", width=width)
    assert isinstance(axes.figure, Figure)
    legend = axes.get_legend()
    words = [text.get_text() for text in legend.get_texts()]
    assert words == [words_of for _, words_of in LEVEL_STYLE.values()]
    renderer = FigureCanvasAgg(axes.figure).get_renderer()
    box, whole = legend.get_window_extent(renderer), axes.figure.bbox
    assert box.x1 <= whole.x1
    assert box.y1 <= axes._left_title.get_window_extent(renderer).y0
    assert axes._left_title.get_window_extent(renderer).y1 <= whole.y1
    few = plot_actionability(COUNTS[COUNTS["level"].isin(["N3B", "none"])]).get_legend()
    assert [text.get_text() for text in few.get_texts()] == ["N3B other tumour type", "no level"]


def test_plot_actionability__levels_get_lighter_from_best_to_worst() -> None:
    def lightness(color: str) -> float:
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    values = [lightness(LEVEL_STYLE[level][0]) for level in ("N1", "N2", "N3A", "N3B", "N3C", "N4")]
    assert all(worse - better > 0.05 for better, worse in pairwise(values))


def test_plot_actionability__draws_on_given_axes() -> None:
    ax = new_figure("double", 80).add_axes((0.1, 0.2, 0.5, 0.5))
    assert plot_actionability(COUNTS, ax) is ax


def test_plot_actionability__refuses_what_it_cannot_draw() -> None:
    with pytest.raises(ValueError, match="found no n"):
        plot_actionability(COUNTS.drop(columns="n"))
    with pytest.raises(ValueError, match="found N9"):
        plot_actionability(COUNTS.assign(level="N9"))
    with pytest.raises(ValueError, match="at least one patient"):
        plot_actionability(COUNTS.assign(n=0))


def test_plot_actionability__is_the_same_bytes_each_time(tmp_path) -> None:
    written = [save_figure(plot_actionability(COUNTS).figure, tmp_path / name, ("png", "svg")) for name in ("a", "b")]
    assert [path.read_bytes() for path in written[0]] == [path.read_bytes() for path in written[1]]


@pytest.mark.mpl_image_compare(filename="actionability.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_actionability__image():
    return plot_actionability(COUNTS, title="Best level of evidence", annotation="N1 to N3B: p = 0.642").figure
