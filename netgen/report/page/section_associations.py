"""Alterations and outcome: per endpoint the tests with their warnings beside them, and what they could have shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from netgen.plots.forest import plot_forest
from netgen.plots.schoenfeld import plot_schoenfeld
from netgen.report.figures import MOST, draw_volcano, forest_rows
from netgen.report.page.association_cells import (
    TO,
    endpoint_findings,
    fold,
    name_endpoint,
    paragraph,
    sentence,
    stop,
    warn,
)
from netgen.report.page.association_tables import (
    count_untested,
    tabulate_influence,
    tabulate_methods,
    tabulate_power,
    tabulate_survival,
    tabulate_tests,
    tabulate_untested,
)
from netgen.report.page.bias import state_biases
from netgen.report.page.document import Section
from netgen.report.page.figures import beside, embed, embed_km
from netgen.report.page.markup import join, tag
from netgen.report.summary import P_METHODS, months, p_text, ratio
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from netgen.association.results import AssociationResult
    from netgen.report.page.markup import Markup
    from netgen.report.study_report import ReportResults

LONGEST: Final = 40  # characters of a name in the forest plot; the table has it in full
OPEN: Final = 3  # Kaplan-Meier figures in view per endpoint; the rest, up to MOST, are folded
FAMILIES: Final = {
    "prespecified": "Pre-specified features: Holm's p is the one to read",
    "exploratory": "Exploratory features: q (Benjamini-Hochberg) is the one to read",
}
MEANINGS: Final = {
    "any_nonsyn": "any non-synonymous alteration", "lof": "a loss of function", "driver": "a known driver alteration",
    "hotspot": "a hotspot mutation", "altered": "altered in the table given",
}  # fmt: skip
POLICIES: Final = {
    "union": "altered in any of the patient's samples", "primary": "in the primary tumour",
    "metastasis": "in a metastasis", "earliest": "in the earliest sample", "latest": "in the latest sample",
    "largest_panel": "in the sample with the largest panel",
}  # fmt: skip
ENTRIES: Final = {
    "none": "no delayed entry", "sequencing_report": "at risk from the sequencing report",
    "sample_collection": "at risk from the sample collection", "custom": "at risk from the recorded entry",
}  # fmt: skip
NOTE: Final = "An association is not a cause, and a p-value above alpha is not evidence that there is none."


def render(results: ReportResults) -> Section | None:
    """Return the section, or nothing if genes were not related to any outcome.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        Per endpoint: what was analysed and how, tests, figures, what had 80 % power, what was not tested; at the end
        what may bias all of it.
    """
    result = results.association
    if result is None:
        return None
    body = [_definition(result), *(_endpoint(result, name) for name in result.plan["endpoints"])]
    body += [tag("h3", "What may bias these associations", id="associations-bias")]
    body += [_biases(state_biases(result, results.cohort))]
    return Section(id="associations", title="Alterations and outcome", body=join(body), note=NOTE)


def _biases(texts: list[str]) -> Markup:
    """Return the statements with the kind of bias in bold."""
    parts = [text.partition(": ") for text in texts]
    return tag("ul", [tag("li", tag("strong", f"{kind}:"), f" {stop(rest)}") for kind, _, rest in parts])


def _definition(result: AssociationResult) -> Markup:
    """Say what altered means."""
    plan = result.plan
    kinds = " and ".join(str(part).replace("_", " ") for part in plan["components"])
    return paragraph(
        f"Altered means {MEANINGS.get(plan['feature_type'], plan['feature_type'])}"
        + (f", from {kinds}" if kinds else "")
        + f", {POLICIES.get(plan['policy'], plan['policy'])}.",
        "Patients who were not profiled for a feature have no part in its tests.",
    )


def _endpoint(result: AssociationResult, name: str) -> Markup:
    """One endpoint from heading to untested features."""
    plan, place = result.plan["endpoints"][name], f"associations-{name}"
    rows = result.table.loc[result.table["endpoint"] == name]
    tested = rows.loc[rows["status"] == "tested"]
    said = endpoint_findings(result, name)
    parts = [
        tag("h3", name_endpoint(name, str(plan["origin_time"])), id=place),
        _cohort(result, name, plan),
        None if tested.empty else _method(tested, plan),
        warn((item.code, item.message.partition(": ")[2] or item.message) for item in said),
    ]
    if tested.empty:
        parts.append(paragraph("No feature could be tested.", class_="none"))
    else:
        parts += [*_tests(tested, place), _forest(rows, result, name), _volcano(rows, name)]
        parts += _curves(result, tested, name)
        parts += [
            tag("h4", "What these tests could have shown"),
            tabulate_power(
                tested, alpha=plan["alpha"], id=f"{place}-power", caption="Smallest hazard ratios with 80 % power"
            ),
            *_details(result, rows, tested, place),
        ]
    return join([*parts, *_untested(result, rows, name, place)])


def _cohort(result: AssociationResult, name: str, plan: Mapping[str, Any]) -> Markup:
    """Patients, events, median; strata, covariates and entry."""
    km = result.km
    whole = km.loc[(km["endpoint"] == name) & (km["grouping"] == "all")].iloc[0]
    given = ""
    if whole["t0_conditional"] > 0:
        given = f", conditional on survival to {months(whole['t0_conditional'])} months"
    limits = f"95 % CI {months(whole['median_lo'])}{TO}{months(whole['median_hi'])}"
    reached = f"median {months(whole['median'])} months ({limits}){given}."
    facts = [
        ENTRIES.get(plan["entry_rule"], plan["entry_rule"]),
        "no strata" if plan["strata"] == "none" else f"stratified by {words(str(plan['strata']))}",
        *([f"adjusted for {', '.join(words(str(column)) for column in plan['adjust'])}"] if plan["adjust"] else []),
    ]
    return paragraph(
        f"{plan['n']} patients, {plan['events']} events; {reached}",
        sentence("; ".join(facts)),
        _landmark(result, name),
    )


def _landmark(result: AssociationResult, name: str) -> str:
    """Say that the clock starts at a landmark, if it does."""
    labels = result.table.loc[result.table["endpoint"] == name, "analysis_set"].dropna().unique()
    days = [str(label).partition(":")[2] for label in labels if str(label).startswith("landmark:")]
    return f"Only patients still at risk on day {days[0]} are analysed, from that day on." if days else ""


def _method(tested: pd.DataFrame, plan: Mapping[str, Any]) -> Markup:
    """Say how p-values and hazard ratios came about."""
    methods = sorted({P_METHODS.get(str(name), str(name)) for name in tested["p_method"].dropna()})
    estimator = "Firth-penalised Cox" if plan["estimator"] == "firth" else f"{plan['ties'].capitalize()} Cox"
    limits = "profile penalised-likelihood" if plan["estimator"] == "firth" else "Wald"
    return paragraph(
        f"p by {' or '.join(methods)} test.",
        f"Hazard ratios (altered : unaltered) by {estimator} with {limits} 95 % limits.",
    )


def _tests(tested: pd.DataFrame, place: str) -> list[Markup]:
    """One table per family: pre-specified features first."""
    parts = []
    for family, title in FAMILIES.items():
        own = tested.loc[tested["family"] == family]
        if len(own):
            m = int(own["m_family"].iloc[0])
            caption = f"{title}; {m} {'tests' if m > 1 else 'test'} in the family"
            parts.append(tabulate_tests(own, id=f"{place}-{family}", caption=caption))
    return parts


def _forest(rows: pd.DataFrame, result: AssociationResult, name: str) -> Markup:
    """Hazard ratios of tested features, with their origins below."""
    shown = rows.loc[rows["status"] == "tested"].sort_values(["p_primary", "feature"], kind="stable").head(MOST)
    frame = forest_rows(shown, result.heterogeneity)
    frame["feature"] = frame["feature"].map(_clip)
    axes = plot_forest(frame, q_label="q (BH)")
    left_out = int((rows["status"] == "tested").sum()) - len(shown)
    described = f"Hazard ratios of {len(shown)} features, the smallest p first, each with those of the origins below."
    if left_out:
        described += f" {left_out} more tested features are in the table."
    return embed(axes, title=f"{name.upper()}: altered against wild type", description=described, kind="forest")


def _volcano(rows: pd.DataFrame, name: str) -> Markup | None:
    """Hazard ratio against p of all tested features, if they are many."""
    axes = draw_volcano(rows)
    described = "Hazard ratio against p of every tested feature; larger marks have more altered patients."
    title = f"{name.upper()}: effect and evidence"
    return embed(axes, title=title, description=described, kind="volcano") if axes else None


def _clip(name: str) -> str:
    """Return a name that leaves room for the plot."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."


def _curves(result: AssociationResult, tested: pd.DataFrame, name: str) -> list[Markup | None]:
    """Kaplan-Meier curves of tested features, the smallest p first; the first few in view."""
    curves = result.curves.loc[result.curves["endpoint"] == name]
    known = set(curves["grouping"].dropna())
    order = tested.sort_values(["p_primary", "feature"], kind="stable")
    drawn = order.loc[order["feature"].isin(known)].head(MOST)
    figures = [_km(curves, row, name) for row in drawn.to_dict("records")]
    if not figures:
        return []
    folded = beside(figures[OPEN:]) if figures[OPEN:] else None
    more = fold(f"{len(figures) - OPEN} more Kaplan-Meier curves", folded)
    rest = len(tested) - len(drawn)
    note = f"{rest} of {len(tested)} tested features are not drawn." if rest else ""
    return [tag("h4", "Kaplan-Meier curves"), beside(figures[:OPEN]), more, paragraph(note) if note else None]


def _km(curves: pd.DataFrame, row: Mapping[Any, Any], name: str) -> Markup:
    feature = str(row["feature"])
    own = curves.loc[curves["grouping"] == feature].reset_index(drop=True)
    effect = f"HR {ratio(row['hr'])} ({ratio(row['hr_lo'])}{TO}{ratio(row['hr_hi'])})"
    title = f"{name.upper()} by {feature}"
    described = (
        f"Kaplan-Meier curves of altered and wild type patients: {feature} is altered in {row['n_altered']} of "
        f"{row['n_profiled']}; {effect}; p {p_text(row['p_primary'])}."
    )
    note = f"{effect}\np = {p_text(row['p_primary'])}"
    return embed_km(own, title=title, annotation=note, description=described)


def _details(result: AssociationResult, rows: pd.DataFrame, tested: pd.DataFrame, place: str) -> list[Markup | None]:
    """Return what a careful reader opens."""
    name = str(rows["endpoint"].iloc[0])
    influence = result.influence.loc[result.influence["endpoint"] == name]
    return [
        fold("Survival, restricted means and proportional hazards", tabulate_survival(tested, id=f"{place}-survival"),
             *_residuals(result, rows, name)),
        fold("Tests in detail", tabulate_methods(tested, id=f"{place}-methods")),
        fold("Influential patients", tabulate_influence(influence, rows, id=f"{place}-influence")),
    ]  # fmt: skip


def _residuals(result: AssociationResult, rows: pd.DataFrame, name: str) -> list[Markup]:
    """Schoenfeld residuals that the result holds: of hazards that are not proportional."""
    frame = result.schoenfeld.loc[result.schoenfeld["endpoint"] == name]
    figures = []
    for feature, residuals in frame.groupby("feature", sort=True):
        row = rows.loc[rows["feature"] == feature].iloc[0]
        title, test = f"{name.upper()} by {feature}", f"PH test p = {p_text(row['ph_p'])}"
        axes = plot_schoenfeld(residuals, float(np.log(row["hr"])), annotation=test)
        described = f"Scaled Schoenfeld residuals of {feature} over time; {test}."
        figures.append(embed(axes, title=f"{title}, residuals", description=described, kind="schoenfeld"))
    return figures


def _untested(result: AssociationResult, rows: pd.DataFrame, name: str, place: str) -> list[Markup | None]:
    """Features without a test: counts by reason, and on demand each one."""
    skipped = result.skipped
    own = skipped.loc[(skipped["endpoint"] == name) & (skipped["kind"] == "feature")]
    if own.empty:
        return []
    least = result.plan["endpoints"][name]["min_altered"]
    return [
        tag("h4", "Not tested"),
        paragraph(f"A feature is tested if at least {least} patients are altered and as many are not (min_altered)."),
        count_untested(own),
        fold("Every feature that was not tested", tabulate_untested(own, rows, id=f"{place}-untested")),
    ]
