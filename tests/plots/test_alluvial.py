"""Alluvial figure: blocks first, recounted from the rows; then one image."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from netgen.plots.alluvial import GAP, plot_alluvial, stack_blocks
from netgen.plots.style import new_figure

COLUMNS = ["group", "from_line", "from_class", "to", "count"]
FLOWS = pd.DataFrame(
    [
        ("thymic", 1, "chemo_alkylating", "prrt", 2), ("thymic", 1, "chemo_alkylating", "dead", 2),
        ("thymic", 1, "ssa", "prrt", 1), ("thymic", 1, "ssa", "off_therapy", 1), ("thymic", 1, "ssa", "lost", 0),
        ("thymic", 2, "prrt", "mtor_inhibitor", 1), ("thymic", 2, "prrt", "ongoing", 2),
        ("lung", 1, "chemo_platinum", "tki_antiangiogenic", 40), ("lung", 1, "chemo_platinum", "dead", 1),
        ("lung", 2, "tki_antiangiogenic", "lost", 40),
    ],
    columns=COLUMNS,
)  # fmt: skip


def blocks_of(ax):
    """Return count of a block by column and state, from its height."""
    found = {}
    for patch in ax.patches:
        if str(patch.get_label()).startswith("_block"):
            _, column, state = patch.get_label().split(" ")
            found[int(column), state] = patch.get_height()
    return found


def test_alluvial__heights_are_shares_of_the_group():
    thymic, lung = plot_alluvial(FLOWS)
    assert blocks_of(thymic) == pytest.approx(
        {(0, "ssa"): 2 / 6, (0, "chemo_alkylating"): 4 / 6, (1, "prrt"): 3 / 6, (1, "off_therapy"): 1 / 6,
         (1, "dead"): 2 / 6, (2, "mtor_inhibitor"): 1 / 6, (2, "ongoing"): 2 / 6}
    )  # fmt: skip
    assert blocks_of(lung)[0, "chemo_platinum"] == 1
    assert thymic.get_title(loc="left") == "thymic (n = 6)"


def test_alluvial__blocks_hang_from_the_top_in_the_order_of_legends():
    blocks = stack_blocks(FLOWS.loc[(FLOWS["group"] == "thymic") & (FLOWS["count"] > 0)])
    first = [block for block in blocks if block.column == 1]
    assert [block.state for block in first] == ["prrt", "off_therapy", "dead"]
    assert first[0].bottom + first[0].height == 1
    assert first[1].bottom + first[1].height == pytest.approx(first[0].bottom - GAP)
    assert sum(block.patients for block in first) == 6


def test_alluvial__ribbons_have_the_height_of_their_patients():
    ax = plot_alluvial(FLOWS, order=["thymic"])[0]
    ribbons = [patch for patch in ax.patches if not str(patch.get_label()).startswith("_block") and patch.get_alpha()]
    heights = sorted(patch.get_path().vertices[0][1] - patch.get_path().vertices[-2][1] for patch in ribbons)
    assert heights == pytest.approx(sorted(n / 6 for n in (2, 2, 1, 1, 1, 2)))


def test_alluvial__text_lies_within_its_block():
    for ax in plot_alluvial(FLOWS, width="single", title="Lines"):
        renderer = FigureCanvasAgg(ax.figure).get_renderer()
        boxes = [p.get_window_extent(renderer) for p in ax.patches if str(p.get_label()).startswith("_block")]
        for text in ax.texts:
            own = text.get_window_extent(renderer)
            assert any(box.x0 <= own.x0 and own.x1 <= box.x1 and box.y0 <= own.y0 and own.y1 <= box.y1 for box in boxes)


def test_alluvial__blocks_without_room_for_text_are_hatched():
    lung = plot_alluvial(FLOWS, order=["lung"])[0]
    assert not any("1" in text.get_text().split() for text in lung.texts)  # the one death is too small for text
    tki = FLOWS.assign(count=FLOWS["count"].where(FLOWS["to"] != "tki_antiangiogenic", 1)).replace({"count": {1: 1}})
    rows = tki.loc[(tki["group"] == "lung") & (tki["from_line"] == 1)].assign(count=[1, 80])
    hatched = [patch.get_hatch() for patch in plot_alluvial(rows)[0].patches if patch.get_hatch()]
    assert hatched == ["xxx"]


def test_alluvial__long_names_of_groups_are_cut():
    name = "a group of patients whose name is by far too long for its panel of the figure"
    long = FLOWS.replace({"group": {"thymic": name}})
    for ax in plot_alluvial(long, width="single"):
        renderer = FigureCanvasAgg(ax.figure).get_renderer()
        title = ax._left_title
        assert title.get_window_extent(renderer).width <= ax.get_window_extent().width
        assert ax.get_title(loc="left").endswith(("(n = 6)", "(n = 41)"))


def test_alluvial__draws_on_given_axes():
    fig = new_figure("double", 80)
    axes = [fig.add_axes((0.05 + 0.5 * i, 0.1, 0.4, 0.8)) for i in range(2)]
    assert plot_alluvial(FLOWS, axes) == axes
    with pytest.raises(ValueError, match="one panel per group"):
        plot_alluvial(FLOWS, axes[:1])


def test_alluvial__refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="found no count"):
        plot_alluvial(FLOWS.drop(columns="count"))
    with pytest.raises(ValueError, match="at least one row"):
        plot_alluvial(FLOWS.assign(count=0))


@pytest.mark.mpl_image_compare(filename="alluvial.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_alluvial__image():
    return plot_alluvial(FLOWS, title="Lines of treatment")[0].figure
