"""Flow figure: every box and number once, nothing overlaps, text stays in its box; then one image."""

from __future__ import annotations

from itertools import combinations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, Rectangle

from netgen.plots.flow import plot_flow, wrap
from netgen.plots.style import MM, NORMAL, POINT, new_figure, text_width

COLUMNS = ["step", "after", "reason", "text"]
TRUNK = [
    ("screened rows", "", "", "1203"),
    ("de-duplicated patients", "screened rows", "", "1180"),
    ("de-duplicated patients", "screened rows", "identical row", "23"),
    ("eligible", "de-duplicated patients", "", "212"),
    ("eligible", "de-duplicated patients", "Ki-67 not above 20 %", "820"),
    ("eligible", "de-duplicated patients", "differentiation missing", "133"),
    ("eligible", "de-duplicated patients", "Ki-67 range straddles the threshold, and nobody could say more", "15"),
]


def branch(name):
    return [
        (f"{name}: with follow-up", "eligible", "", "200"),
        (f"{name}: with follow-up", "eligible", "status missing", "12"),
        (f"{name}: profiled for a feature", f"{name}: with follow-up", "", "150"),
        (f"{name}: profiled for a feature", f"{name}: with follow-up", "not profiled", "50"),
    ]


def frame(*branches):
    return pd.DataFrame([*TRUNK, *(row for name in branches for row in branch(name))], columns=COLUMNS)


@pytest.fixture(autouse=True)
def _no_figures_left():
    yield
    assert plt.get_fignums() == []


def boxes(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def assert_sound(ax):
    """Boxes lie on the axes without overlap, and every text lies in exactly one of them."""
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    whole = ax.get_window_extent()
    found = [patch.get_window_extent() for patch in boxes(ax)]
    for box in found:
        assert whole.x0 - 0.5 <= box.x0 <= box.x1 <= whole.x1 + 0.5
        assert whole.y0 - 0.5 <= box.y0 <= box.y1 <= whole.y1 + 0.5
    for a, b in combinations(found, 2):
        assert a.x1 <= b.x0 + 0.01 or b.x1 <= a.x0 + 0.01 or a.y1 <= b.y0 + 0.01 or b.y1 <= a.y0 + 0.01
    for text in ax.texts:
        own = text.get_window_extent(renderer)
        inside = [b for b in found if b.x0 <= own.x0 and own.x1 <= b.x1 and b.y0 <= own.y0 and own.y1 <= b.y1]
        assert len(inside) == 1, text.get_text()


@pytest.mark.parametrize(
    "names", [(), ("OS",), ("OS", "PFS"), ("OS", "PFS", "TTP"), ("OS", "PFS", "TTP", "DSS", "TTNT")]
)
def test_plot_flow__shows_every_box_and_reason_without_overlap(names):
    rows = frame(*names)
    ax = plot_flow(rows, title="Flow")
    assert_sound(ax)
    words = " ".join(text.get_text() for text in ax.texts)
    for row in rows.itertuples():
        assert (f"{row.reason}: {row.text}" if row.reason else f"n = {row.text}") in words
    excluded = rows.loc[rows["reason"] != "", "step"].nunique()
    assert len(boxes(ax)) == (rows["reason"] == "").sum() + excluded
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == (rows["reason"] == "").sum() - 1 + excluded


def test_plot_flow__is_as_wide_as_two_columns_and_as_high_as_its_text():
    few, many = plot_flow(frame("OS")), plot_flow(frame("OS", "PFS", "TTP", "DSS", "TTNT"))
    for ax in (few, many):
        assert ax.figure.get_size_inches()[0] / MM == pytest.approx(183)
    assert many.figure.get_size_inches()[1] > few.figure.get_size_inches()[1]


def test_plot_flow__wraps_long_lists_of_long_reasons():
    reasons = [("end", "start", f"reason number {i} with rather many words that say why " * 4, "1") for i in range(40)]
    rows = [("start", "", "", "40"), ("end", "start", "", "0"), *reasons, ("end", "start", "x" * 400, "1")]
    ax = plot_flow(pd.DataFrame(rows, columns=COLUMNS), width="single")
    assert_sound(ax)


@settings(max_examples=15)
@given(st.data())
def test_plot_flow__of_any_tree_is_sound(data):
    rows = [("s0", "", "", "9")]
    for i in range(1, data.draw(st.integers(2, 9))):
        after = f"s{data.draw(st.integers(0, i - 1))}"
        rows.append((f"s{i}", after, "", "9"))
        rows += [(f"s{i}", after, f"reason {k}", "1") for k in range(data.draw(st.integers(0, 3)))]
    ax = plot_flow(pd.DataFrame(rows, columns=COLUMNS))
    assert_sound(ax)


def test_plot_flow__draws_on_the_axes_it_is_given():
    given_axes = new_figure("double", 200).add_axes((0, 0, 1, 1))
    assert plot_flow(frame("OS"), given_axes) is given_axes
    assert_sound(given_axes)


def test_plot_flow__refuses_axes_that_are_too_low():
    low = new_figure("double", 30).add_axes((0, 0, 1, 1))
    with pytest.raises(ValueError, match="mm of height, the axes have 30"):
        plot_flow(frame("OS"), low)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "", "x", "1")], "exactly one row without a reason"),
        ([("a", "", "", "1"), ("a", "", "", "2")], "exactly one row without a reason"),
        ([("a", "", "", "1"), ("b", "c", "", "1")], "follows 'c', which is no step before it"),
        ([("a", "b", "", "1"), ("b", "", "", "1")], "follows 'b', which is no step before it"),
    ],
)
def test_plot_flow__refuses_rows_that_are_no_flow(rows, message):
    with pytest.raises(ValueError, match=message):
        plot_flow(pd.DataFrame(rows, columns=COLUMNS))


def test_plot_flow__refuses_missing_columns():
    with pytest.raises(ValueError, match="found no after"):
        plot_flow(frame("OS").drop(columns="after"))


@given(st.text("abc W\u00e9", max_size=80), st.floats(3, 60))
def test_wrap__keeps_every_character_and_the_width(text, width):
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    wide = width * MM / POINT
    assert all(text_width(line, NORMAL) <= wide + 1e-6 or len(line) == 1 for line in lines)


@pytest.mark.mpl_image_compare(filename="flow.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_flow__looks_as_approved():
    return plot_flow(frame("OS", "PFS"), title="Flow of patients").figure
