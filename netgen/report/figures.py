"""Figures of ``netgen associate``: each from the tidy frames of the result, nothing is estimated here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.plots.cooccurrence import order_pairs, plot_cooccurrence
from netgen.plots.forest import plot_forest
from netgen.plots.km import plot_km
from netgen.plots.model import plot_calibration, plot_cv, plot_path, plot_stability
from netgen.plots.schoenfeld import plot_schoenfeld
from netgen.plots.style import save_figure
from netgen.plots.volcano import plot_volcano
from netgen.report.summary import DAYS_PER_MONTH, p_text, ratio
from netgen.report.write import file_name

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from netgen.association.penalised import PenalisedModel
    from netgen.association.results import AssociationResult
    from netgen.plots.style import Width

MOST: Final = 30  # Kaplan-Meier figures per endpoint, the smallest p first
FORMATS: Final = ("pdf", "png")
STEPS: Final = (1, 2, 3, 6, 12, 24, 36, 60, 120)  # months between two columns of the numbers at risk
COLUMNS: Final = 8  # at most so many
LEAST: Final = 8  # tested features of a volcano figure
FEW: Final = 14  # genes of a co-occurrence figure of one column's width


def draw_association(result: AssociationResult, folder: Path) -> list[str]:
    """Draw a Kaplan-Meier figure per tested feature, one per origin grouping, a forest and a volcano per endpoint.

    A volcano figure needs at least eight tested features; pairs of genes make one co-occurrence figure.

    Parameters
    ----------
    result
        A finished run.
    folder
        Where PDF and PNG go.

    Returns
    -------
    list of str
        Names of the figures without extension.
    """
    names = []
    for endpoint in result.plan["endpoints"]:
        rows = result.table.loc[result.table["endpoint"] == endpoint]
        curves = result.curves.loc[result.curves["endpoint"] == endpoint]
        tested = rows.loc[rows["status"] == "tested"].sort_values(["p_primary", "feature"], kind="stable")
        drawn = tested.loc[tested["feature"].isin(curves["grouping"])]  # without delayed entry, all of them
        for _, row in drawn.head(MOST).iterrows():
            axes = _km(curves, str(row["feature"]), f"{endpoint.upper()} by {row['feature']}", _annotation(row))
            names.append(_save(axes, folder, f"km_{endpoint}_{row['feature']}"))
        if (curves["grouping"] == "origin").any():
            names.append(_save(_km(curves, "origin", f"{endpoint.upper()} by origin", ""), folder, f"km_{endpoint}"))
        if len(tested):
            frame = forest_rows(rows.loc[rows["n_altered"] > 0], result.heterogeneity)
            axes = plot_forest(frame, title=f"{endpoint.upper()}: altered against wild type", q_label="q (BH)")
            names.append(_save(axes, folder, f"forest_{endpoint}"))
        if volcano := draw_volcano(rows, title=f"{endpoint.upper()}: altered against wild type"):
            names.append(_save(volcano, folder, f"volcano_{endpoint}"))
        names += _draw_residuals(result, rows, folder)
    if pairs := draw_pairs(result.cooccurrence, title="Genes altered together"):
        names.append(_save(pairs, folder, "cooccurrence"))
    for endpoint, model in result.models.items():
        names += _draw_model(model, endpoint, folder)
    return names


def draw_volcano(rows: pd.DataFrame, *, title: str = "") -> Axes | None:
    """Draw the volcano figure of an endpoint.

    Parameters
    ----------
    rows
        Rows of ``associations.tsv`` of one endpoint.
    title
        Heading.

    Returns
    -------
    Axes or None
        None with fewer than eight tested features: the table says more.
    """
    if int((rows["status"] == "tested").sum()) < LEAST:
        return None
    return plot_volcano(rows.assign(p=rows["p_primary"], q=rows["q_bh"]), title=title)


def draw_pairs(pairs: pd.DataFrame, *, title: str = "") -> Axes | None:
    """Draw which genes are altered together.

    Parameters
    ----------
    pairs
        Rows of ``cooccurrence.tsv``.
    title
        Heading.

    Returns
    -------
    Axes or None
        None if no pair was tested.
    """
    if not (pairs["status"] == "tested").any():
        return None
    width: Width = "single" if len(order_pairs(pairs)) <= FEW else "double"
    return plot_cooccurrence(pairs, title=title, width=width)


def _draw_residuals(result: AssociationResult, rows: pd.DataFrame, folder: Path) -> list[str]:
    """Draw the Schoenfeld residuals that the result holds."""
    names = []
    frame = result.schoenfeld.loc[result.schoenfeld["endpoint"] == rows["endpoint"].iloc[0]]
    for feature, residuals in frame.groupby("feature", sort=True):
        row = rows.loc[rows["feature"] == feature].iloc[0]
        title, note = f"{row['endpoint'].upper()} by {feature}", f"PH test p = {p_text(row['ph_p'])}"
        axes = plot_schoenfeld(residuals, float(np.log(row["hr"])), title=title, annotation=note)
        names.append(_save(axes, folder, f"schoenfeld_{row['endpoint']}_{feature}"))
    return names


def _draw_model(model: PenalisedModel, endpoint: str, folder: Path) -> list[str]:
    """Draw how the penalised model was chosen and what it is worth."""
    chosen = {"min": model.settings["lambda_min"], "1-SE": model.settings["lambda_1se"]}
    head = endpoint.upper()
    figures = {
        "path": plot_path(model.path, chosen, title=f"{head}: coefficient path"),
        "cv": plot_cv(model.cv, chosen, title=f"{head}: cross-validation"),
    }
    if model.stability is not None:
        often, threshold = model.stability.table.head(MOST), model.stability.settings["threshold"]
        figures["stability"] = plot_stability(often, threshold, title=f"{head}: stability selection")
    if len(model.calibration):
        figures["calibration"] = plot_calibration(model.calibration, title=f"{head}: calibration")
    return [_save(axes, folder, f"model_{endpoint}_{name}") for name, axes in figures.items()]


def _km(curves: pd.DataFrame, grouping: str, title: str, annotation: str) -> Axes:
    own = curves.loc[curves["grouping"] == grouping].reset_index(drop=True)
    return plot_km(own, risk_table(own), title=title, annotation=annotation)


def _save(axes: Axes, folder: Path, name: str) -> str:
    figure: Figure = axes.figure  # type: ignore[assignment]  # never a SubFigure: we made it
    save_figure(figure, folder / file_name(name), FORMATS)
    return name


def _annotation(row: pd.Series) -> str:
    return f"HR {ratio(row['hr'])} ({ratio(row['hr_lo'])}-{ratio(row['hr_hi'])})\np = {p_text(row['p_primary'])}"


def risk_table(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers at risk at whole months, read off the steps of the curves.

    Parameters
    ----------
    curves
        Steps of one grouping: ``group, time_days, n_risk, n_event``.

    Returns
    -------
    DataFrame
        ``group, time_days, n_risk, cum_events``, the same times for all groups, at most eight: patients at risk just
        before a time, events up to and including it.
    """
    last = float(curves["time_days"].max()) / DAYS_PER_MONTH
    step = next((step for step in STEPS if last / step <= COLUMNS - 1), STEPS[-1])
    times = np.arange(0, last + 1e-9, step) * DAYS_PER_MONTH
    parts = []
    for group, rows in curves.groupby("group", sort=True):
        exits = rows["time_days"].to_numpy()
        upcoming = np.searchsorted(exits, times, side="left")
        past = np.searchsorted(exits, times, side="right")
        at_risk = np.append(rows["n_risk"].to_numpy(), 0.0)[upcoming]
        events = np.append(0.0, rows["n_event"].cumsum().to_numpy())[past]
        parts.append(pd.DataFrame({"group": group, "time_days": times, "n_risk": at_risk, "cum_events": events}))
    return pd.concat(parts, ignore_index=True)


def forest_rows(rows: pd.DataFrame, heterogeneity: pd.DataFrame) -> pd.DataFrame:
    """Return the frame ``plot_forest`` reads: each feature, tested ones by p first, with its origins below.

    Parameters
    ----------
    rows
        Rows of ``associations.tsv`` of one endpoint.
    heterogeneity
        Rows of ``heterogeneity.tsv``.

    Returns
    -------
    DataFrame
        See ``plot_forest``.
    """
    last = rows["status"] != "tested"
    order = rows.assign(last=last).sort_values(["last", "p_primary", "feature"], kind="stable")
    parts = []
    for _, row in order.iterrows():
        texts = {"feature": row["feature"], "status": row["status"], "note": _note(row)}
        numbers = {"level": 0, "n_profiled": row["n_profiled"], "p": row["p_primary"], "q": row["q_bh"]}
        parts.append({**_cells(row), **texts, **numbers})
        own = heterogeneity.loc[
            (heterogeneity["endpoint"] == row["endpoint"])
            & (heterogeneity["feature"] == row["feature"])
            & (heterogeneity["origin"] != "all")
        ]
        for _, item in own.iterrows():
            texts = {"feature": item["origin"], "note": ""}
            texts["status"] = "tested" if item["estimable"] else item["status"]
            numbers = {"level": 1, "n_profiled": item["n"], "p": np.nan, "q": np.nan}
            parts.append({**_cells(item), **texts, **numbers})
    return pd.DataFrame(parts)


def _cells(row: pd.Series) -> dict[str, object]:
    return {key: row[key] for key in ("n_altered", "events_altered", "hr", "hr_lo", "hr_hi")}


def _note(row: pd.Series) -> str:
    """Say beside the number what a reader must know of it."""
    return "Maximum-likelihood HR is infinite; Firth estimate shown." if "W_MONOTONE" in str(row["warnings"]) else ""
