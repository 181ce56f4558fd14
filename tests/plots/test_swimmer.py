"""Swimmer figure: bars and markers first, at the places the rows give; then one image."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.plots.style import WIDTHS_MM, new_figure
from netgen.plots.swimmer import BAR, order_as_drawn, order_by_follow_up, plot_swimmer

MONTH = 30.4375
COLUMNS = ["patient_id", "kind", "line", "regimen_class", "start_days", "end_days", "end_known", "label"]
ROWS = [
    ("A", "bar", 1, "ssa", 30, 150, True, ""), ("A", "bar", 2, "prrt", 160, 400, True, ""),
    ("A", "response", 2, None, 250, np.nan, None, "PR"), ("A", "progression", 1, None, 150, np.nan, None, ""),
    ("A", "death", None, None, 500, np.nan, None, ""),
    ("B", "bar", 1, "chemo_platinum", 10, 900, False, ""), ("B", "ongoing", None, None, 900, np.nan, None, ""),
    ("B", "response", 1, None, 100, np.nan, None, "CR"),
    ("C", "bar", 1, "chemo_other", 20, 200, True, ""), ("C", "followed", None, None, 700, np.nan, None, ""),
]  # fmt: skip
TIMELINE = pd.DataFrame(ROWS, columns=COLUMNS).astype({"line": "Int64", "regimen_class": "string", "label": "string"})
GROUPS = pd.Series({"A": "thymic", "B": "lung", "C": "lung"}, dtype="string")


def bars_of(ax):
    return {
        tuple(patch.get_label().split(" ")[1:]): (patch.get_x(), patch.get_y() + BAR / 2, patch.get_width())
        for patch in ax.patches
        if str(patch.get_label()).startswith("_bar")
    }


def markers_of(ax):
    return {line.get_label().split(" ")[1]: (line.get_xdata().tolist(), list(line.get_ydata()))
            for line in ax.lines if line.get_label().startswith("_marker")}  # fmt: skip


def test_swimmer__bars_lie_where_the_rows_say():
    ax = plot_swimmer(TIMELINE)
    assert bars_of(ax) == {
        ("B", "1"): (10, 0, 890), ("C", "1"): (20, 1, 180), ("A", "1"): (30, 2, 120), ("A", "2"): (160, 2, 240),
    }  # fmt: skip
    assert [text.get_text() for text in ax.get_yticklabels()] == ["B", "C", "A"]  # longest follow-up first


def test_swimmer__markers_lie_where_the_rows_say():
    found = markers_of(plot_swimmer(TIMELINE))
    assert found == {
        "CR": ([100], [0]), "PR": ([250], [2]), "progression": ([150], [2]), "death": ([500], [2]),
        "ongoing": ([900], [0]), "followed": ([700], [1]),
    }  # fmt: skip


def test_order_as_drawn__follows_the_other_figure_then_follow_up():
    rest = [one for one in order_by_follow_up(TIMELINE) if one != "B"]
    assert order_as_drawn(["B", "nobody"], TIMELINE) == ["B", *rest]
    assert order_as_drawn([], TIMELINE) == order_by_follow_up(TIMELINE)


def test_swimmer__takes_the_order_of_another_figure():
    ax = plot_swimmer(TIMELINE, order=["A", "X", "B"])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["A", "B"]
    assert {key[0] for key in bars_of(ax)} == {"A", "B"}


def test_swimmer__groups_stand_together_and_are_named():
    assert order_by_follow_up(TIMELINE, GROUPS, ["thymic", "lung"]) == ["A", "B", "C"]
    assert order_by_follow_up(TIMELINE, GROUPS.drop("A")) == ["B", "C", "A"]
    ax = plot_swimmer(TIMELINE, groups=GROUPS, group_order=["thymic", "lung"])
    assert [text.get_text() for text in ax.texts] == ["thymic", "lung\n(n = 2)"]
    assert [text.get_text() for text in plot_swimmer(TIMELINE, groups=GROUPS.drop("C")).texts] == [
        "lung", "thymic", "no group",
    ]  # fmt: skip


def test_swimmer__classes_differ_in_hatching_where_they_share_a_colour():
    hatches = [patch.get_hatch() for patch in plot_swimmer(TIMELINE).patches if patch.get_hatch()]
    assert sorted(hatches) == sorted(["\\\\\\", "...", "///"])


def test_swimmer__the_axis_is_in_the_unit_asked_for():
    ax = plot_swimmer(TIMELINE, unit="months")
    assert ax.get_xlabel() == "Time from advanced disease (months)"
    ticks = dict(zip([text.get_text() for text in ax.get_xticklabels()], ax.get_xticks(), strict=True))
    assert ticks["12"] == pytest.approx(12 * MONTH)
    assert plot_swimmer(TIMELINE, unit="days").get_xticklabels()[1].get_text() == "100"


def test_swimmer__a_long_cohort_fits_a_page_and_drops_the_names():
    many = pd.concat([TIMELINE.assign(patient_id=TIMELINE["patient_id"] + str(i)) for i in range(50)])
    ax = plot_swimmer(many)
    assert len(ax.get_yticks()) == 0
    assert ax.figure.get_size_inches()[1] * 25.4 < 260
    assert ax.figure.get_size_inches()[0] * 25.4 == pytest.approx(WIDTHS_MM["double"])


def test_swimmer__draws_on_given_axes():
    ax = new_figure("single", 60).add_axes((0.2, 0.2, 0.7, 0.7))
    assert plot_swimmer(TIMELINE, ax, title="Courses") is ax
    assert ax.get_title(loc="left") == "Courses"


def test_swimmer__refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="found no label"):
        plot_swimmer(TIMELINE.drop(columns="label"))
    with pytest.raises(ValueError, match="unit"):
        plot_swimmer(TIMELINE, unit="weeks")
    with pytest.raises(ValueError, match="at least one patient"):
        plot_swimmer(TIMELINE, order=["X"])


@pytest.mark.mpl_image_compare(filename="swimmer.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_swimmer__image():
    return plot_swimmer(TIMELINE, groups=GROUPS, group_order=["thymic", "lung"], title="Courses of treatment").figure
