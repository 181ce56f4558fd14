"""Figures of the penalised model and of Schoenfeld residuals: artists first, then one image each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.plots.model import plot_calibration, plot_cv, plot_path, plot_stability
from netgen.plots.schoenfeld import plot_schoenfeld

CHOSEN = {"min": 0.05, "1-SE": 0.1}
PATH = pd.DataFrame(
    [(0.1, "ATRX", 0.4), (0.05, "ATRX", 0.9), (0.05, "SETD2", -0.5), (0.01, "ATRX", 1.5), (0.01, "SETD2", -2.0)],
    columns=["lambda", "term", "coef"],
)
CV = pd.DataFrame(
    {
        "lambda": [0.2, 0.1, 0.05, 0.01],
        "mean": [3.6, 3.5, 3.4, 3.7],
        "se": [0.1, 0.1, 0.1, 0.2],
        "n_nonzero": [0, 1, 2, 2],
    }
)
STABILITY = pd.DataFrame(
    {"term": ["ATRX", "MEN1", "SETD2"], "probability": [0.83, 0.1, 0.76], "selected": [True, False, True]}
)
CALIBRATION = pd.DataFrame(
    {"predicted": [0.1, 0.3, 0.5], "observed": [0.12, 0.28, 0.44], "lo": [0.05, 0.2, 0.3], "hi": [0.2, 0.4, 0.6],
     "n": [50, 50, 51], "horizon_days": [730.5] * 3}
)  # fmt: skip
RESIDUALS = pd.DataFrame(
    {"time_days": np.arange(1, 25) * 30.4375, "g": np.linspace(0, 0.8, 24), "residual": np.cos(np.arange(24.0)),
     "smooth": np.linspace(1, -1, 24), "smooth_lo": np.linspace(0.5, -2, 24), "smooth_hi": np.linspace(1.5, 0, 24)}
)  # fmt: skip


def line(axes, label):
    return next(item for item in axes.get_lines() if item.get_label() == label)


def test_plot_path__a_term_that_is_not_listed_at_a_penalty_is_zero_there():
    drawn = line(plot_path(PATH, CHOSEN), "SETD2")
    assert drawn.get_xdata().tolist() == [0.1, 0.05, 0.01]
    assert drawn.get_ydata().tolist() == [0.0, -0.5, -2.0]


def test_plot_path__the_smallest_penalty_is_on_the_right_and_both_choices_are_named():
    axes = plot_path(PATH, CHOSEN)
    assert axes.get_xlim() == (0.1, 0.01)
    assert {text.get_text() for text in axes.texts} >= {"min", "1-SE", "ATRX", "SETD2"}


def test_plot_path__one_line_where_both_choices_are_the_same():
    axes = plot_path(PATH, {"min": 0.05, "1-SE": 0.05})
    assert [item.get_xdata()[0] for item in axes.get_lines() if item.get_label() == "_mark"] == [0.05]
    assert "min = 1-SE" in {text.get_text() for text in axes.texts}


def test_plot_path__a_null_model_is_an_empty_path():
    axes = plot_path(PATH.iloc[:0], CHOSEN)
    assert [item.get_label() for item in axes.get_lines()].count("_mark") == 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("penalties", "chosen", "marks"),
    [
        ([0.0, 0.0], {"min": 0.0, "1-SE": 0.0}, 0),
        ([0.0], {"min": float("nan"), "1-SE": float("nan")}, 0),
        ([0.1], {"min": 0.1, "1-SE": 0.1}, 1),
        ([], {"min": 0.0, "1-SE": 0.0}, 0),
        ([], CHOSEN, 2),
    ],
)
def test_penalty_axis__without_a_penalty_to_choose_from_is_drawn_without_a_complaint(penalties, chosen, marks):
    """A model in which no alteration was tested has no path, and a penalty of 0 has no place on a logarithmic axis."""
    cv = pd.DataFrame({"lambda": penalties, "mean": 3.5, "se": 0.1, "n_nonzero": 0}).astype({"n_nonzero": int})
    path = pd.DataFrame({"lambda": penalties, "term": "ATRX", "coef": 0.0})
    for axes in (plot_cv(cv, chosen), plot_path(path, chosen)):
        axes.figure.canvas.draw()
        assert [item.get_label() for item in axes.get_lines()].count("_mark") == marks


def test_plot_cv__draws_the_mean_and_writes_the_number_of_terms():
    axes = plot_cv(CV, CHOSEN)
    assert line(axes, "mean").get_ydata().tolist() == [3.6, 3.5, 3.4, 3.7]
    assert [text.get_text() for text in axes.texts if text.get_text().isdigit()] == ["0", "1", "2", "2"]


def test_plot_stability__the_most_stable_term_is_on_top_and_selected_bars_are_filled():
    axes = plot_stability(STABILITY, 0.75)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["MEN1", "SETD2", "ATRX"]
    filled = [bar.get_facecolor() != (1, 1, 1, 1) for bar in axes.patches]
    assert filled == [False, True, True]


def test_plot_calibration__axes_have_the_same_limits():
    axes = plot_calibration(CALIBRATION)
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_xlabel() == "Predicted risk at 24 months"
    assert line(axes, "observed").get_ydata().tolist() == [0.12, 0.28, 0.44]


def test_plot_schoenfeld__labels_times_in_months():
    axes = plot_schoenfeld(RESIDUALS, 0.3)
    assert [label.get_text() for label in axes.get_xticklabels()][::5] == ["1", "24"]
    assert line(axes, "model").get_ydata() == [0.3, 0.3]


def test_plot_schoenfeld__has_no_smooth_where_there_is_none():
    bare = RESIDUALS.assign(smooth=np.nan, smooth_lo=np.nan, smooth_hi=np.nan)
    assert "smooth" not in {item.get_label() for item in plot_schoenfeld(bare, 0.3).get_lines()}


def test_plot_schoenfeld__refuses_an_empty_frame():
    with pytest.raises(ValueError, match="no residuals to draw"):
        plot_schoenfeld(RESIDUALS.iloc[:0], 0.3)


@pytest.mark.mpl_image_compare(filename="model_path.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_path__image():
    return plot_path(PATH, CHOSEN, title="OS: coefficient path").figure


@pytest.mark.mpl_image_compare(filename="model_cv.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_cv__image():
    return plot_cv(CV, CHOSEN, title="OS: cross-validation").figure


@pytest.mark.mpl_image_compare(
    filename="model_stability.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150}
)
def test_plot_stability__image():
    return plot_stability(STABILITY, 0.75, title="OS: stability selection").figure


@pytest.mark.mpl_image_compare(
    filename="model_calibration.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150}
)
def test_plot_calibration__image():
    return plot_calibration(CALIBRATION, title="OS: calibration").figure


@pytest.mark.mpl_image_compare(filename="schoenfeld.png", style="default", tolerance=4, savefig_kwargs={"dpi": 150})
def test_plot_schoenfeld__image():
    return plot_schoenfeld(RESIDUALS, 0.3, title="OS by ATRX", annotation="PH test p = 0.021").figure
