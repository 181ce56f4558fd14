"""Cumulative incidence figure: artists first, with incidences worked out here from the source rows, then one image."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation

from netgen.plots.incidence import plot_incidence
from netgen.plots.style import PALETTE, new_figure

CAUSES = ("progression", "death without progression")


def incidences(group, times, causes):
    """Return the rows of one group from the definition; limits are plus and minus 0.1."""
    rows, survival, sums = [], 1.0, {1: 0.0, 2: 0.0}
    for code, name in enumerate(CAUSES, start=1):
        rows.append((group, name, code, 0.0, 0.0, np.nan, np.nan, len(times), 0))
    for time in sorted(set(times)):
        at_risk = sum(t >= time for t in times)
        own = {c: sum(t == time and k == c for t, k in zip(times, causes, strict=True)) for c in (1, 2)}
        for code, name in enumerate(CAUSES, start=1):
            sums[code] += survival * own[code] / at_risk
            value = sums[code]
            rows.append((group, name, code, float(time), value, max(value - 0.1, 0), value + 0.1, at_risk, own[code]))
        survival *= 1 - sum(own.values()) / at_risk
    return rows


def frames(groups, ticks):
    """Return curves and risk table of ``{group: (times, causes)}``."""
    names = ["group", "cause_name", "cause", "time_days", "incidence", "lo", "hi", "n_risk", "n_event"]
    curves = [row for group, (times, causes) in groups.items() for row in incidences(group, times, causes)]
    table = [
        (
            group,
            float(tick),
            sum(t >= tick for t in times),
            sum(t <= tick and k == 1 for t, k in zip(times, causes, strict=True)),
        )
        for group, (times, causes) in groups.items()
        for tick in ticks
    ]
    return pd.DataFrame(curves, columns=names), pd.DataFrame(
        table, columns=["group", "time_days", "n_risk", "cum_events"]
    )


@pytest.fixture(scope="module")
def golden(reference):
    """Return curves and table of the golden cohort by TP53."""
    data = pd.read_csv(reference / "inputs" / "linear_syn34.csv")
    groups = {
        name: (
            data.loc[data["TP53"] == status, "pfs_days"].tolist(),
            data.loc[data["TP53"] == status, "pfs_type"].tolist(),
        )
        for name, status in (("wild type", 0), ("altered", 1))
    }
    return frames(groups, np.arange(0, 1220, 182.625))


@pytest.fixture(autouse=True)
def _no_figures_left():
    yield
    assert plt.get_fignums() == []


def artists(ax, start):
    return {line.get_label(): line for line in ax.lines if line.get_label().startswith(start)}


def test_plot_incidence__draws_a_line_per_group_and_cause(golden):
    curves, table = golden
    ax = plot_incidence(curves, table, title="TTP by TP53", annotation="Gray p 0.78")
    lines, tails = artists(ax, "_line"), artists(ax, "_tail")
    assert set(lines) == {f"_line {group} {cause}" for group in ("wild type", "altered") for cause in CAUSES}
    for (group, cause), rows in curves.groupby(["group", "cause_name"]):
        whole = np.concatenate(
            [part[f"_{kind} {group} {cause}"].get_ydata() for kind, part in (("line", lines), ("tail", tails))]
        )
        assert set(np.round(whole, 12)) == set(np.round(rows["incidence"], 12))
        assert lines[f"_line {group} {cause}"].get_color() == PALETTE[0 if group == "wild type" else 1]
        assert lines[f"_line {group} {cause}"].get_drawstyle() == "steps-post"
        reliable = rows.loc[rows["n_risk"] >= 5, "time_days"].max()
        assert lines[f"_line {group} {cause}"].get_xdata()[-1] == reliable
    assert len(ax.collections) == 2  # bands of the first cause
    styles = {lines[f"_line altered {cause}"].get_linestyle() for cause in CAUSES}
    assert len(styles) == 2


def test_plot_incidence__tells_the_tails_of_the_causes_apart(golden):
    ax = plot_incidence(*golden)
    tails = artists(ax, "_tail")
    patterns = {str(tails[f"_tail altered {cause}"]._unscaled_dash_pattern) for cause in CAUSES}
    assert len(patterns) == 2


def test_plot_incidence__writes_the_numbers_at_risk_below_their_ticks(golden):
    curves, table = golden
    ax = plot_incidence(curves, table)
    texts = [(text.xy[0], text.get_text()) for text in ax.texts if isinstance(text, Annotation)]
    for row in table.itertuples():
        if row.time_days in ax.get_xticks():
            assert (row.time_days, f"{row.n_risk} ({row.cum_events})") in texts


def test_plot_incidence__legend_fits_the_figure_whatever_the_names(golden):
    curves, table = golden
    for group in ("altered", "altered in a pathway with a long name"):
        renamed = [frame.replace({"altered": group}) for frame in (curves, table)]
        ax = plot_incidence(*renamed)
        canvas = FigureCanvasAgg(ax.figure)
        box = ax.get_legend().get_window_extent(canvas.get_renderer())
        assert box.x1 <= ax.figure.bbox.x1
        assert box.y1 <= ax.figure.bbox.y1
        assert {text.get_text() for text in ax.get_legend().get_texts()} - {""} == {"wild type", group, *CAUSES}


def test_plot_incidence__of_everybody_names_the_causes_only(golden):
    curves, table = golden
    ax = plot_incidence(curves[curves["group"] == "altered"], table[table["group"] == "altered"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(CAUSES)


def test_plot_incidence__draws_on_the_axes_it_is_given(golden):
    given = new_figure("double", 90).add_axes((0.2, 0.4, 0.7, 0.4))
    assert plot_incidence(*golden, given, unit="years", order=["altered", "wild type"]) is given
    assert given.get_xlabel() == "Time (years)"
    assert artists(given, "_line")[f"_line altered {CAUSES[0]}"].get_color() == PALETTE[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, t: (c.drop(columns="incidence"), t), "found no incidence"),
        (lambda c, t: (c, t.drop(columns="n_risk")), "found no n_risk"),
        (lambda c, t: (c.assign(time_days=np.nan), t), "at least one row with a time"),
        (lambda c, t: (c, t[t["group"] == "altered"]), "found no row of wild type"),
    ],
)
def test_plot_incidence__refuses_incomplete_frames(golden, change, message):
    with pytest.raises(ValueError, match=message):
        plot_incidence(*change(*golden))


def test_plot_incidence__refuses_an_unknown_unit(golden):
    with pytest.raises(ValueError, match="unit must be one of"):
        plot_incidence(*golden, unit="weeks")


@pytest.mark.mpl_image_compare(filename="incidence_tp53.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_incidence__looks_as_approved(golden):
    return plot_incidence(*golden, title="TTP by TP53", annotation="Gray p, progression: 0.78").figure
