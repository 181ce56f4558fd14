"""Forest plot: artists first, then one image. The numbers are those of the demo cohort's reference results."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation

from netgen.plots.forest import COLUMNS, format_hr, plot_forest
from netgen.plots.style import new_figure

NAN = np.nan
FIRTH = "maximum-likelihood estimate is infinite"
PANEL = "on panel A only"
ROWS = [
    ("MEN1", 0, 14, 34, 8, 0.706, 0.291, 1.601, 0.4784, 0.574056, "tested", ""),
    ("ATRX", 0, 5, 34, 5, 5.170, 1.675, 14.077, 0.012012987, 0.036039, "tested", ""),
    ("TP53", 0, 10, 34, 9, 2.510, 1.059, 5.681, 0.18445767, 0.276687, "tested", ""),
    ("thymic", 1, 2, 8, 2, 0.889850, 0.156350, 3.796472, NAN, NAN, "tested", ""),
    ("lung", 1, 3, 12, 3, 39.011, 3.509, 5349.0, NAN, NAN, "monotone", FIRTH),
    ("duodenopancreatic", 1, 5, 14, 4, 1.430543, 0.329363, 5.421053, NAN, NAN, "tested", ""),
    ("TSC2", 0, 9, 23, 8, 2.808, 1.038, 7.598, 0.070738851, 0.141478, "tested", PANEL),
    ("SETD2", 0, 3, 34, 0, 0.0572, 0.000434, 0.477, 0.009090909, 0.036039, "monotone", FIRTH),
    ("DAXX", 0, 2, 23, 2, NAN, NAN, NAN, NAN, NAN, "too_few_altered", PANEL),
    ("RB1", 0, 2, 34, 2, NAN, NAN, NAN, NAN, NAN, "too_few_altered", ""),
]


@pytest.fixture
def table():
    return pd.DataFrame(ROWS, columns=list(COLUMNS))


def notes(axes):
    return [child for child in axes.texts if isinstance(child, Annotation)]


def row_of(axes, y):
    """Return the artists of one row by their label."""
    return {line.get_label(): line for line in axes.get_lines() if np.all(np.asarray(line.get_ydata()) == y)}


def cells(axes, y):
    return {note.get_text() for note in notes(axes) if note.xycoords == ("axes fraction", "data") and note.xy[1] == y}


def test_plot_forest__first_row_stands_on_top(table):
    axes = plot_forest(table)
    assert cells(axes, 9) == {"MEN1", "14/34", "8", "0.71 (0.29\N{EN DASH}1.60)", "0.478", "0.574"}
    assert cells(axes, 0) == {"RB1", "2/34", "2", "\N{EN DASH}"}


def test_plot_forest__draws_estimate_and_interval(table):
    row = row_of(plot_forest(table), 8)
    assert row["_estimate"].get_xdata().tolist() == [5.170]
    assert row["_interval"].get_xdata().tolist() == [1.675, 14.077]
    assert "_arrow" not in row


def test_plot_forest__axis_is_logarithmic_with_one_marked(table):
    axes = plot_forest(table)
    assert axes.get_xscale() == "log"
    assert axes.get_xlim() == (0.05, 20)
    one = next(line for line in axes.get_lines() if line.get_label() == "_one")
    assert list(one.get_xdata()) == [1, 1]
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "0.05",
        "0.1",
        "0.2",
        "0.5",
        "1",
        "2",
        "5",
        "10",
        "20",
    ]


def test_plot_forest__clips_an_interval_with_an_arrow(table):
    axes = plot_forest(table)
    setd2 = row_of(axes, 2)
    assert setd2["_interval"].get_xdata().tolist() == [0.05, 0.477]
    assert setd2["_arrow"].get_xdata().tolist() == [0.05]
    assert setd2["_arrow"].get_marker() == "<"
    assert setd2["_estimate"].get_xdata().tolist() == [0.0572]
    lung = row_of(axes, 5)
    assert lung["_interval"].get_xdata().tolist() == [3.509, 20]
    assert lung["_arrow"].get_marker() == ">"
    assert "_estimate" not in lung  # 39 is beyond the axis: the text says it
    assert "39.0 (3.51\N{EN DASH}>100)" in cells(axes, 5)


def test_plot_forest__says_why_a_row_has_no_estimate(table):
    axes = plot_forest(table)
    assert row_of(axes, 0) == {}
    reasons = {text.get_position()[1]: text.get_text() for text in axes.texts if not isinstance(text, Annotation)}
    assert reasons == {0: "not tested: too few altered", 1: "not tested: too few altered"}


def test_plot_forest__prints_an_unknown_status_as_it_is(table):
    table.loc[9, "status"] = "some_new_reason"
    axes = plot_forest(table)
    assert "some new reason" in {text.get_text() for text in axes.texts}


def test_plot_forest__columns_line_up(table):
    axes = plot_forest(table)
    places = {}
    for note in notes(axes):
        if note.xycoords == ("axes fraction", "data") and table.loc[9 - note.xy[1], "level"] == 0:
            places.setdefault((note.xy[0], note.xyann[0], note.get_ha()), []).append(note.get_text())
    assert {len(texts) for texts in places.values()} == {7}
    assert len(places) == 6
    headings = {note.get_text(): (note.xy[0], note.xyann[0]) for note in notes(axes) if note.get_fontweight() == "bold"}
    assert {(base, place) for base, place, _ in places} == set(headings.values())
    assert list(headings) == ["Feature", "Altered/profiled", "Events if altered", "HR (95% CI)", "p", "q"]


def test_plot_forest__indents_the_origins(table):
    names = {note.get_text(): note.xyann[0] for note in notes(plot_forest(table)) if note.get_ha() == "left"}
    assert names["thymic"] == names["duodenopancreatic"] > names["TP53"] == names["MEN1"]


def test_plot_forest__explains_notes_below(table):
    texts = {note.get_text() for note in notes(plot_forest(table))}
    assert {"lung†", "SETD2†", "TSC2‡", "DAXX‡", f"† {FIRTH}", f"‡ {PANEL}"} <= texts
    assert "RB1" in texts


def test_plot_forest__keeps_text_inside_and_apart(table):
    axes = plot_forest(table, title="Overall survival", q_label="q (BH)")
    FigureCanvasAgg(axes.figure).draw()
    frame = axes.figure.bbox
    boxes = [note.get_window_extent() for note in notes(axes)]
    for note, box in zip(notes(axes), boxes, strict=True):
        assert frame.x0 <= box.x0 <= box.x1 <= frame.x1, note.get_text()
        assert frame.y0 <= box.y0 <= box.y1 <= frame.y1, note.get_text()
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[i + 1 :]), notes(axes)[i].get_text()


def test_plot_forest__prints_missing_counts_as_a_dash(table):
    table["events_altered"] = table["events_altered"].astype("Int64")
    table.loc[9, "events_altered"] = pd.NA
    assert cells(plot_forest(table), 0) == {"RB1", "2/34", "\N{EN DASH}"}


def test_plot_forest__takes_limits(table):
    axes = plot_forest(table, limits=(0.5, 2))
    assert axes.get_xlim() == (0.5, 2)
    markers = {line.get_marker() for line in axes.get_lines() if line.get_label() == "_arrow"}
    assert markers == {"<", ">"}


def test_plot_forest__chooses_narrow_limits_for_narrow_intervals(table):
    assert plot_forest(table.iloc[[0]]).get_xlim() == (0.2, 2)
    assert plot_forest(table.iloc[[9]]).get_xlim() == (0.5, 2)


def test_plot_forest__draws_on_the_axes_it_is_given(table):
    figure = new_figure("double", 120)
    axes = figure.add_axes((0.4, 0.3, 0.3, 0.5))
    assert plot_forest(table, axes) is axes
    assert figure.axes == [axes]
    assert plt.get_fignums() == []


def test_plot_forest__refuses_unusable_input(table):
    with pytest.raises(ValueError, match="found no q"):
        plot_forest(table.drop(columns="q"))
    with pytest.raises(ValueError, match="at least one row"):
        plot_forest(table.iloc[:0])
    with pytest.raises(ValueError, match="with 1 between them, found 2 and 5"):
        plot_forest(table, limits=(2, 5))
    with pytest.raises(ValueError, match="leaves no room"):
        plot_forest(table.assign(feature="x" * 200))


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((2.81, 1.038, 7.598), "2.81 (1.04\N{EN DASH}7.60)"),
        ((0.0572, 0.000434, 0.477), "0.06 (<0.01\N{EN DASH}0.48)"),
        ((39.01, 3.509, 5349.0), "39.0 (3.51\N{EN DASH}>100)"),
        ((9.994, 9.996, 100.0), "9.99 (10.0\N{EN DASH}100.0)"),
        ((NAN, NAN, NAN), "\N{EN DASH}"),
        ((1.0, NAN, NAN), "1.00 (NA\N{EN DASH}NA)"),
    ],
)
def test_format_hr__prints_what_a_journal_prints(numbers, text):
    assert format_hr(*numbers) == text


@pytest.mark.mpl_image_compare(filename="forest.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_forest__image(table):
    return plot_forest(table, title="Overall survival by altered gene", q_label="q (BH)").figure
