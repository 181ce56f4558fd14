"""The penalised model: its verdict first, then what it is worth beside clinical covariates, then how it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.plots.model import plot_calibration, plot_cv, plot_path, plot_stability
from netgen.report.figures import MOST
from netgen.report.page.association_cells import (
    bullets,
    fold,
    interval,
    name_endpoint,
    paragraph,
    sentence,
    value_text,
    warn,
)
from netgen.report.page.document import Section
from netgen.report.page.figures import beside, embed
from netgen.report.page.markup import join, tag
from netgen.report.page.tables import render_table
from netgen.report.summary import p_text
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    import pandas as pd

    from netgen.association.penalised import PenalisedModel
    from netgen.association.results import AssociationResult
    from netgen.association.stability import StabilitySelection
    from netgen.report.page.markup import Markup
    from netgen.report.study_report import ReportResults

NOTE: Final = (
    "The model answers one question: do alterations predict the outcome better than clinical covariates alone? No is a "
    "valid answer. Its predictions judge that question and are no advice for a patient."
)
MODELS: Final = {
    "genes_1se": "Genes, 1-SE penalty (default)", "genes_min": "Genes, best penalty",
    "clinical": "Clinical covariates only", "km": "Kaplan-Meier",
}  # fmt: skip
METRICS: Final = {
    "harrell_c_nested": "Harrell's C, nested cross-validation",
    "delta_c_nested": "Gain in C over the clinical model, nested",
    "harrell_c_corrected": "Harrell's C, corrected for optimism (bootstrap)",
    "delta_c_corrected": "Gain in C, corrected for optimism",
    "harrell_c_out_of_fold": "Harrell's C, out of fold",
    "delta_c_out_of_fold": "Gain in C, out of fold",
    "harrell_c_apparent": "Harrell's C, apparent: optimistic",
    "uno_c_nested": "Uno's C, nested",
    "uno_c_apparent": "Uno's C, apparent: optimistic",
    "calibration_slope_corrected": "Calibration slope, corrected for optimism",
    "calibration_slope_apparent": "Calibration slope, apparent: optimistic",
    "cv_deviance": "Cross-validated deviance per event",
    "ibs": "Integrated Brier score",
    "ibs_gain": "Share of the Kaplan-Meier Brier score saved",
}
HORIZON_METRICS: Final = {
    "auc": "AUC", "brier": "Brier score", "observed_risk": "Observed risk", "predicted_risk": "Predicted risk, mean",
    "observed_expected": "Observed / predicted risk",
}  # fmt: skip
HEADLINE: Final = (
    "harrell_c_nested", "delta_c_nested", "harrell_c_corrected", "delta_c_corrected", "harrell_c_apparent",
    "calibration_slope_corrected", "ibs",
)  # fmt: skip
PERFORMANCE_COLUMNS: Final = {
    "metric": "nested and corrected values are honest; apparent ones are of the patients the model was fitted to",
    "model": "which model is judged",
    "value": "estimate with its 95 % limits, where there are any",
    "note": "how it was computed, or why it is not available",
}
TERM_LABELS: Final = {
    "term": "Term", "kind": "Penalised", "n_altered": "Altered", "hr_1se": "HR, 1-SE penalty",
    "coef_1se": "Coefficient, 1-SE", "hr_min": "HR, best penalty", "coef_min": "Coefficient, best",
}  # fmt: skip
TERM_COLUMNS: Final = {
    "term": "gene, pathway or covariate",
    "kind": "genes are penalised, clinical covariates are not",
    "n_altered": "altered patients in the model",
    "hr_1se": "hazard ratio at the 1-SE penalty; 1.00 = not selected. Shrunken: no unbiased effect, hence no limits",
    "coef_1se": "log hazard ratio at the 1-SE penalty, per alteration or per unit of the covariate",
    "hr_min": "hazard ratio at the penalty with the best cross-validated deviance",
    "coef_min": "log hazard ratio at that penalty",
}
STABILITY_LABELS: Final = {
    "term": "Term", "probability": "Selected in", "probability_both": "in both halves", "share_eligible": "Eligible in",
    "selected": "Reaches the threshold", "n_altered": "Altered",
}  # fmt: skip
STABILITY_COLUMNS: Final = {
    "probability": "share of half-samples in which the term is selected",
    "probability_both": "share of pairs of halves in which both select it",
    "share_eligible": "share of half-samples with enough altered patients",
    "selected": "selected at least as often as the threshold",
    "n_altered": "altered patients in the model",
}
CLINICAL_LABELS: Final = {"term": "Covariate", "effect": "HR (95 % CI)", "p": "p"}
LOST_LABELS: Final = {"feature": "Feature", "reason": "Why", "n_profiled": "Profiled", "n_altered": "Altered"}
LOST_COLUMNS: Final = {
    "n_profiled": "patients profiled for it, of those with an outcome",
    "n_altered": "altered among them",
    "reason": "why it is not in the model",
}
RELIABILITY: Final = "W_STABILITY_UNRELIABLE"


def render(results: ReportResults) -> Section | None:
    """Return the section, or nothing if no penalised model was asked for.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        One part per endpoint: the model, or why there is none.
    """
    result = results.association
    if result is None:
        return None
    parts = []
    for name, plan in result.plan["endpoints"].items():
        heading = tag("h3", name_endpoint(name, str(plan["origin_time"])), id=f"model-{name}")
        if name in result.models:
            parts += [heading, _model(result.models[name], name)]
        elif said := _absent(result, name):
            parts += [heading, said]
    return Section(id="model", title="Penalised model", body=join(parts), note=NOTE) if parts else None


def _absent(result: AssociationResult, name: str) -> Markup | None:
    """Why an endpoint has no model."""
    rows = result.skipped.loc[(result.skipped["kind"] == "model") & (result.skipped["endpoint"] == name)]
    if rows.empty:
        return None
    return warn((str(row["code"]), f"There is no model. {row['reason']}") for row in rows.to_dict("records"))


def _model(model: PenalisedModel, name: str) -> Markup:
    """One model from verdict to attrition."""
    place = f"model-{name}"
    return join(
        [
            tag("p", tag("strong", sentence(model.verdict)), class_="verdict"),
            paragraph(*_facts(model)),
            bullets(sentence(note) for note in model.notes),
            tag("h4", "What it is worth beside clinical covariates alone"),
            _headline(model.performance, place),
            fold("All measures of performance", _performance(model.performance, place)),
            tag("h4", "Coefficients"),
            _coefficients(model.coefficients, place),
            fold("The comparator: clinical covariates alone", _clinical(model.clinical, place)),
            *_figures(model, name),
            _stability(model.stability, place),
            *_attrition(model, place),
        ]
    )


def _facts(model: PenalisedModel) -> list[str]:
    """Patients, events, kind of penalty, how it was chosen."""
    used = model.settings
    mixing = float(used["alpha"])
    kind = {0.0: "ridge", 1.0: "lasso"}.get(mixing, f"elastic net (mixing {value_text(mixing)})")
    kind = f"{'adaptive ' if used['adaptive'] else ''}{kind} Cox model"
    kind += "" if used["alpha"] == used["alpha_requested"] else " for want of events"
    n_strata = len(used["strata"])
    strata = "no strata" if n_strata < 2 else f"{n_strata} strata with their own baseline hazard"
    strata += ", delayed entry" if used["delayed_entry"] else ""
    chosen = f"{value_text(used['lambda_1se'])} (1-SE rule, default) and {value_text(used['lambda_min'])} (best)"
    folds = f"{used['n_folds']}-fold cross-validation repeated {used['n_repeats']} times"
    said = [
        f"{model.n} patients, {model.n_events} events; {kind}, {strata}.",
        f"The penalty was chosen by {folds}: {chosen}.",
    ]
    if used["bootstrap"]:
        said.append(f"Optimism was estimated in {used['bootstrap']} bootstrap resamples that repeat every step.")
    if used["n_outer_repeats"]:
        said.append(f"Nested cross-validation was repeated {used['n_outer_repeats']} times.")
    return said


def _metric(name: str) -> str:
    """Return a metric in words; its horizon, in days, stays as it is."""
    if name in METRICS:
        return METRICS[name]
    head, _, horizon = name.rpartition("_")
    return f"{HORIZON_METRICS[head]} at {horizon.removesuffix('d')} days" if head in HORIZON_METRICS else words(name)


def _headline(table: pd.DataFrame, place: str) -> Markup:
    """One row per measure, one column per model."""
    text = table.assign(shown=interval(table, "value", "lo", "hi", value_text))
    wide = text.pivot_table(index="metric", columns="model", values="shown", aggfunc="first", dropna=False)
    names = [name for name in MODELS if name in wide.columns]
    own = wide.reindex([name for name in HEADLINE if name in wide.index])[names]
    frame = own.reset_index(names="metric").assign(metric=lambda rows: rows["metric"].map(_metric))
    return render_table(
        frame.astype("string"), columns={"metric": PERFORMANCE_COLUMNS["metric"]}, id=f"{place}-worth",
        labels={"metric": "Measure", **{name: MODELS[name] for name in names}},
        caption="Performance of the model with genes and of its comparator, with 95 % limits",
        source=f"associations/model/{place.removeprefix('model-')}/performance.tsv",
    )  # fmt: skip


def _performance(table: pd.DataFrame, place: str) -> Markup:
    own = table.assign(
        metric=table["metric"].map(lambda name: _metric(str(name))),
        model=table["model"].map(lambda name: MODELS.get(str(name), str(name))),
        by=table["value"], value=interval(table, "value", "lo", "hi", value_text),
    )  # fmt: skip
    return render_table(
        own[["metric", "model", "value", "note", "by"]], columns=PERFORMANCE_COLUMNS, id=f"{place}-performance",
        caption="All measures", sort={"value": "by"},
        labels={"metric": "Measure", "model": "Model", "value": "Value (95 % limits)", "note": "Note"},
        source=f"associations/model/{place.removeprefix('model-')}/performance.tsv",
    )  # fmt: skip


def _coefficients(table: pd.DataFrame, place: str) -> Markup:
    """Terms that are in the model at either penalty, the largest first; the others are counted."""
    kept = (table["coef_min"] != 0) | (table["coef_1se"] != 0) | ~table["penalised"].astype(bool)
    own = table.loc[kept].assign(
        kind=table["penalised"].astype("boolean"), size=table["coef_1se"].abs(), last=table["coef_min"].abs()
    )
    own = own.sort_values(
        ["kind", "size", "last", "term"], ascending=[True, False, False, True], kind="stable", ignore_index=True
    )
    shown = render_table(
        own[list(TERM_LABELS)], columns=TERM_COLUMNS, labels=TERM_LABELS, id=f"{place}-coefficients",
        caption="Terms in the model at either penalty",
        formats=dict.fromkeys(("hr_1se", "coef_1se", "hr_min", "coef_min"), value_text),
        source=f"associations/model/{place.removeprefix('model-')}/coefficients.tsv",
    )  # fmt: skip
    left = int((~kept).sum())
    return join([shown, paragraph(f"Not selected at either penalty: {left} of {len(table)} terms.") if left else None])


def _clinical(table: pd.DataFrame, place: str) -> Markup | None:
    if table.empty:
        return None
    own = table.assign(effect=interval(table, "hr", "hr_lo", "hr_hi"))
    return render_table(
        own[[*CLINICAL_LABELS, "hr"]], columns={"effect": "hazard ratio per unit of the covariate"},
        labels=CLINICAL_LABELS, id=f"{place}-clinical", formats={"p": p_text},
        caption="Cox model of the clinical covariates, not penalised", sort={"effect": "hr"},
    )  # fmt: skip


def _figures(model: PenalisedModel, name: str) -> list[Markup | None]:
    """How the penalty was chosen, and how well predictions agree with what was seen."""
    chosen = {"min": model.settings["lambda_min"], "1-SE": model.settings["lambda_1se"]}
    head = name.upper()
    figures = [
        embed(plot_cv(model.cv, chosen), title=f"{head}: cross-validation", kind="model",
              description="Cross-validated deviance per event against the penalty, with one standard error between "
              "repeats; vertical lines at the best penalty and at the 1-SE penalty."),
        embed(plot_path(model.path, chosen), title=f"{head}: coefficient path", kind="model",
              description="Log hazard ratio of every term against the penalty, the smallest penalty on the right."),
    ]  # fmt: skip
    if len(model.calibration):
        figures.append(
            embed(plot_calibration(model.calibration), title=f"{head}: calibration", kind="model",
                  description="Observed against predicted risk in groups of patients, with 95 % limits.")
        )  # fmt: skip
    few = f"Fewer than 100 events ({model.n_events}): no groups of patients to plot calibration by."
    return [tag("h4", "How it was made"), beside(figures), None if len(model.calibration) else paragraph(few)]


def _stability(selection: StabilitySelection | None, place: str) -> Markup | None:
    """How often each alteration is selected in half-samples."""
    if selection is None:
        return None
    used, head = selection.settings, place.removeprefix("model-").upper()
    lead = (
        f"{used['n_pairs']} pairs of half-samples; threshold {value_text(used['threshold'])}; on average "
        f"{value_text(used['q_mean'])} of {used['n_terms']} terms are selected; at most "
        f"{value_text(used['expected_false_max'])} false selections are expected."
    )
    doubt = "half-samples have fewer than 8 events: do not rely on this selection"
    own = selection.table
    table = render_table(
        own[list(STABILITY_LABELS)], columns=STABILITY_COLUMNS, labels=STABILITY_LABELS, id=f"{place}-stability",
        caption="Selection in half-samples",
        formats=dict.fromkeys(("probability", "probability_both", "share_eligible"), value_text),
        source=f"associations/model/{place.removeprefix('model-')}/stability.tsv",
    )  # fmt: skip
    figure = embed(
        plot_stability(own.head(MOST), used["threshold"]), title=f"{head}: selection probabilities", kind="model",
        description="Share of half-samples in which each term is selected, with the threshold.",
    )  # fmt: skip
    return join(
        [
            tag("h4", "Stability selection"),
            None if selection.reliable else warn([(RELIABILITY, doubt)]),
            paragraph(lead),
            figure,
            table,
            bullets(sentence(note) for note in selection.notes),
        ]
    )


def _attrition(model: PenalisedModel, place: str) -> list[Markup | None]:
    """Patients and features that the model does without: nothing is imputed."""
    patients, features = model.lost_patients, model.lost_features
    counts = patients["reason"].value_counts().sort_index()
    why = ", ".join(f"{count} {words(str(reason))}" for reason, count in counts.items())
    text = f"{_counted(len(patients), 'patient')} left out ({why})." if len(patients) else "No patient was left out."
    shown = features.assign(reason=features["reason"].map(lambda reason: words(str(reason))))
    lost = render_table(
        shown[list(LOST_LABELS)], columns=LOST_COLUMNS, labels=LOST_LABELS, id=f"{place}-lost",
        caption="Features left out of the model", source=_file(place),
    ) if len(features) else None  # fmt: skip
    return [
        tag("h4", "Left out"),
        paragraph(
            text, f"{_counted(len(features), 'feature')} left out." if len(features) else "No feature was left out."
        ),
        fold("Features left out of the model", lost),
        _listed(patients, place),
    ]


def _file(place: str) -> str:
    return f"associations/model/{place.removeprefix('model-')}/model.json"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _listed(patients: pd.DataFrame, place: str) -> Markup | None:
    if patients.empty:
        return None
    shown = patients.assign(reason=patients["reason"].map(lambda reason: words(str(reason))))
    return fold(
        "Patients left out of the model",
        render_table(
            shown[["patient_id", "reason"]], columns=None, labels={"patient_id": "Patient", "reason": "Why"},
            id=f"{place}-lost-patients", caption="Patients left out of the model", row_patient="patient_id",
            source=_file(place),
        ),
    )  # fmt: skip
