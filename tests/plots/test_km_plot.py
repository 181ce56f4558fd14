"""Kaplan-Meier figure: artists first, with curves worked out here from the source rows, then one image."""

from __future__ import annotations

import csv
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation

from netgen.data import demo_folder
from netgen.plots.km import median_of_curve, plot_km
from netgen.plots.style import DASHES, PALETTE, new_figure

YEAR = 365.25


def product_limit(group, times, events):
    """Return the curve rows of one group from the definition, with log-log limits."""
    rows, survival, greenwood = [(group, 0.0, 1.0, 1.0, 1.0, len(times), 0, 0)], 1.0, 0.0
    for time in sorted(set(times)):
        at_risk = sum(t >= time for t in times)
        died = sum(t == time and e for t, e in zip(times, events, strict=True))
        left = sum(t == time and not e for t, e in zip(times, events, strict=True))
        survival *= 1 - died / at_risk
        lo = hi = 1.0 if survival == 1 else np.nan
        if 0 < survival < 1:
            greenwood += died / (at_risk * (at_risk - died))
            wide = 1.959964 * np.sqrt(greenwood) / abs(np.log(survival))
            lo, hi = survival ** np.exp(wide), survival ** np.exp(-wide)
        rows.append((group, float(time), survival, lo, hi, at_risk, died, left))
    return rows


def frames(groups, ticks):
    """Return curves and risk table of ``{group: (times, events)}``."""
    names = ["group", "time_days", "survival", "lo", "hi", "n_risk", "n_event", "n_censor"]
    curves = [row for group, (times, events) in groups.items() for row in product_limit(group, times, events)]
    table = [
        (
            group,
            float(tick),
            sum(t >= tick for t in times),
            sum(t <= tick and e for t, e in zip(times, events, strict=True)),
        )
        for group, (times, events) in groups.items()
        for tick in ticks
    ]
    return pd.DataFrame(curves, columns=names), pd.DataFrame(
        table, columns=["group", *names[1:2], "n_risk", "cum_events"]
    )


@pytest.fixture(scope="module")
def cohort():
    """Return overall survival of the demo cohort by origin: days and deaths."""
    groups = {}
    with (demo_folder() / "linear_syn34.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            times, events = groups.setdefault(row["origin"], ([], []))
            times.append(int(row["os_days"]))
            events.append(row["os_event"] == "1")
    return groups


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def notes(axes):
    return [child for child in axes.texts if isinstance(child, Annotation)]


SMALL = {"a": ([10, 20, 30, 40, 50, 60, 70, 80], [1, 1, 0, 1, 1, 1, 0, 1]), "b": ([15, 25, 35], [1, 0, 1])}


def test_plot_km__draws_the_steps_of_the_curve():
    axes = plot_km(*frames(SMALL, [0, 40]), unit="days")
    solid, tail = lines(axes)["_curve a"], lines(axes)["_tail a"]
    # by hand: 8 at risk, deaths at 10, 20, then 5 at risk at 40 -> 7/8, 6/8, 6/8 * 4/5
    assert solid.get_xdata().tolist() == [0, 10, 20, 30, 40]
    assert solid.get_ydata() == pytest.approx([1, 0.875, 0.75, 0.75, 0.6])
    assert tail.get_xdata().tolist() == [40, 50, 60, 70, 80]
    assert tail.get_ydata() == pytest.approx([0.6, 0.45, 0.3, 0.3, 0])
    assert {solid.get_drawstyle(), tail.get_drawstyle()} == {"steps-post"}


def test_plot_km__dots_a_group_that_never_has_five():
    axes = plot_km(*frames(SMALL, [0, 40]), unit="days")
    assert "_curve b" not in lines(axes)
    assert lines(axes)["_tail b"].get_xdata().tolist() == [0, 15, 25, 35]


def test_plot_km__has_no_tail_where_five_stay_at_risk():
    groups = {"a": ([10, 90, 90, 90, 90, 90], [1, 0, 0, 0, 0, 0])}
    axes = plot_km(*frames(groups, [0]), unit="days")
    assert [name for name in lines(axes) if name.startswith(("_curve", "_tail"))] == ["_curve a"]


def test_plot_km__marks_censored_patients():
    axes = plot_km(*frames(SMALL, [0, 40]), unit="days")
    ticks = lines(axes)["_censored a"]
    assert ticks.get_xdata().tolist() == [30, 70]
    assert ticks.get_ydata() == pytest.approx([0.75, 0.3])
    assert ticks.get_marker() == "|"


def test_plot_km__band_follows_the_limits():
    curves, table = frames({"a": SMALL["a"]}, [0])
    axes = plot_km(curves, table, unit="days")
    corners = np.vstack([path.vertices for band in axes.collections for path in band.get_paths()])
    for _, row in curves.dropna().iloc[1:].iterrows():
        heights = corners[np.isclose(corners[:, 0], row["time_days"]), 1]
        assert np.isclose(heights, row["lo"]).any()
        assert np.isclose(heights, row["hi"]).any()


def test_plot_km__numbers_stand_under_their_ticks(cohort):
    order = ["thymic", "lung", "duodenopancreatic"]
    ticks = [0, 2 * YEAR, 4 * YEAR]
    axes = plot_km(*frames(cohort, ticks), order=order)
    cells = [note for note in notes(axes) if note.get_text().endswith(")") and note.get_text()[0].isdigit()]
    found = {}
    for note in cells:
        found.setdefault(note.xyann[1], []).append((note.xy[0], note.get_text()))
    rows = [sorted(found[down]) for down in sorted(found, reverse=True)]
    # counted by hand from the source table: at risk at 0, 730.5 and 1461 days, deaths up to there
    assert rows == [
        [(0, "8 (0)"), (2 * YEAR, "3 (5)"), (4 * YEAR, "0 (8)")],
        [(0, "12 (0)"), (2 * YEAR, "4 (5)"), (4 * YEAR, "3 (6)")],
        [(0, "14 (0)"), (2 * YEAR, "7 (7)"), (4 * YEAR, "1 (8)")],
    ]
    names = [note for note in notes(axes) if note.get_text() in order]
    assert [note.get_text() for note in sorted(names, key=lambda note: -note.xyann[1])] == order
    assert [note.xyann[1] for note in names] == sorted(found, reverse=True)


def test_plot_km__prints_months_and_draws_days(cohort):
    axes = plot_km(*frames(cohort, [0, YEAR, 2 * YEAR]))
    assert axes.get_xticks().tolist() == [0, YEAR, 2 * YEAR]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "12", "24"]
    assert axes.get_xlabel() == "Time (months)"
    assert lines(axes)["_tail lung"].get_xdata()[-1] == 2357


@pytest.mark.parametrize(("unit", "text"), [("months", "12.7 months"), ("days", "387.0 days"), ("years", "1.1 years")])
def test_plot_km__median_is_the_midpoint_of_a_flat_half(cohort, unit, text):
    axes = plot_km(*frames(cohort, [0]), unit=unit)
    assert lines(axes)["_median thymic"].get_xdata().tolist() == [387, 387]
    labels = [item.get_text() for item in axes.get_legend().get_texts()]
    assert f"thymic (median {text})" in labels


def test_plot_km__says_that_a_median_is_not_reached():
    axes = plot_km(*frames({"a": ([10, 50, 60], [1, 0, 0])}, [0]))
    assert [item.get_text() for item in axes.get_legend().get_texts()] == ["a (median not reached)"]
    assert not any(name.startswith("_median") for name in lines(axes))


@pytest.mark.parametrize(
    ("survival", "median"),
    [([1, 0.75, 0.5, 0.25], 25), ([1, 0.6, 0.4, 0.2], 20), ([1, 0.9, 0.8, 0.7], np.nan), ([1, 0.8, 0.6, 0.5], 30)],
)
def test_median_of_curve__follows_survfit(survival, median):
    assert median_of_curve(np.array([0.0, 10, 20, 30]), np.array(survival)) == pytest.approx(median, nan_ok=True)


def test_plot_km__groups_differ_in_colour_and_dashes(cohort):
    axes = plot_km(*frames(cohort, [0]), order=["lung", "thymic", "duodenopancreatic"])
    handles = axes.get_legend().get_lines()
    assert [handle.get_color() for handle in handles] == list(PALETTE[:3])
    assert len({str(handle._unscaled_dash_pattern) for handle in handles}) == 3
    assert len(DASHES) >= 3


def test_plot_km__does_not_depend_on_row_order(cohort):
    curves, table = frames(cohort, [0, YEAR])
    order = list(cohort)
    one = plot_km(curves, table, order=order)
    other = plot_km(curves.iloc[::-1], table.sample(frac=1, random_state=1), order=order)
    for name, line in lines(one).items():
        assert np.array_equal(line.get_xydata(), lines(other)[name].get_xydata())
    assert {(n.get_text(), n.xy, n.xyann) for n in notes(one)} == {(n.get_text(), n.xy, n.xyann) for n in notes(other)}


def test_plot_km__begins_where_a_conditional_curve_begins():
    curves = pd.DataFrame(
        {
            "group": ["a"] * 3,
            "time_days": [180.0, 200.0, 300.0],
            "survival": [1, 0.9, 0.8],
            "lo": [1, 0.6, 0.5],
            "hi": [1, 0.98, 0.95],
            "n_risk": [10, 10, 9],
            "n_event": [0, 1, 1],
            "n_censor": [0, 0, 0],
        }
    )
    table = pd.DataFrame({"group": ["a"], "time_days": [180.0], "n_risk": [10], "cum_events": [0]})
    axes = plot_km(curves, table, unit="days")
    assert lines(axes)["_curve a"].get_xdata().tolist() == [180, 200, 300]
    begun = plot_km(curves.iloc[1:], table, unit="days")
    assert lines(begun)["_curve a"].get_xdata().tolist() == [0, 200, 300]


def test_plot_km__prints_fewer_times_where_numbers_would_touch(cohort):
    many = [30.4375 * month for month in range(0, 73, 3)]
    axes = plot_km(*frames(cohort, many))
    FigureCanvasAgg(axes.figure).draw()
    cells = [note for note in notes(axes) if note.get_text().endswith(")") and note.get_text()[0].isdigit()]
    rows = {}
    for note in cells:
        rows.setdefault(note.xyann[1], []).append(note.get_window_extent())
    assert len(rows) == 3
    for boxes in rows.values():
        boxes.sort(key=lambda box: box.x0)
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
        assert len(boxes) == len(axes.get_xticks())


def test_plot_km__keeps_all_text_inside_the_figure(cohort):
    axes = plot_km(*frames(cohort, [0, 2 * YEAR, 4 * YEAR]), title="Overall survival", annotation="p = 0.04")
    FigureCanvasAgg(axes.figure).draw()
    frame = axes.figure.bbox
    texts = [
        *axes.texts,
        axes.title,
        axes._left_title,
        axes.xaxis.label,
        axes.yaxis.label,
        *axes.get_legend().get_texts(),
    ]
    for text in texts:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0 <= box.x1 <= frame.x1, text.get_text()
        assert frame.y0 <= box.y0 <= box.y1 <= frame.y1, text.get_text()


def test_plot_km__annotation_avoids_a_high_curve():
    high = plot_km(*frames({"a": ([10, 90, 90, 90, 90, 90], [1, 0, 0, 0, 0, 0])}, [0]), annotation="p = 0.5")
    low = plot_km(*frames({"a": SMALL["a"]}, [0]), annotation="p = 0.5")
    place = [next(t for t in axes.texts if t.get_text() == "p = 0.5").get_position() for axes in (high, low)]
    assert place[0][1] < 0.5 < place[1][1]


def test_plot_km__draws_on_the_axes_it_is_given(cohort):
    figure = new_figure("double", 90)
    axes = figure.add_axes((0.3, 0.4, 0.6, 0.4))
    assert plot_km(*frames(cohort, [0, YEAR]), axes) is axes
    assert figure.axes == [axes]
    assert plt.get_fignums() == []


@pytest.mark.parametrize("frame", [0, 1])
def test_plot_km__names_a_missing_column(frame):
    both = list(frames(SMALL, [0]))
    both[frame] = both[frame].drop(columns="n_risk")
    with pytest.raises(ValueError, match="found no n_risk"):
        plot_km(*both)


def test_plot_km__refuses_unusable_input():
    curves, table = frames(SMALL, [0])
    with pytest.raises(ValueError, match="found 'weeks'"):
        plot_km(curves, table, unit="weeks")
    with pytest.raises(ValueError, match="found no row of b"):
        plot_km(curves, table[table["group"] == "a"])
    with pytest.raises(ValueError, match="at least one row with a time"):
        plot_km(curves.assign(time_days=np.nan), table)


@pytest.mark.mpl_image_compare(filename="km_origin.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_km__image(cohort):
    ticks = [year * YEAR for year in range(7)]
    order = ["thymic", "lung", "duodenopancreatic"]
    axes = plot_km(
        *frames(cohort, ticks), title="Overall survival by origin", annotation="log-rank p = 0.040", order=order
    )
    return axes.figure
