"""Facts of a run that answer items of reporting checklists: what was found, and the penalised model.

As ``checklist_facts``: blank = the run says nothing about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from netgen.report.methods import compose_methods
from netgen.report.methods_endpoints import name_endpoint
from netgen.report.methods_words import any_in, count, listed, name_column
from netgen.report.page.bias import state_biases
from netgen.report.summary import p_text, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from netgen.association.penalised import PenalisedModel
    from netgen.report.study_report import ReportResults

MOST: Final = 8  # features that are named
_MODELS: Final = {"genes_1se": "the model at the 1-SE penalty", "clinical": "clinical covariates alone"}


def _tested(results: ReportResults) -> dict[str, pd.DataFrame]:
    """Return the tested rows of every endpoint that has any."""
    if results.association is None:
        return {}
    table = results.association.table
    rows = table.loc[table["status"] == "tested"].sort_values(["p_primary", "feature"], kind="stable")
    return {str(name): own for name, own in rows.groupby("endpoint", sort=True)}


def _models(results: ReportResults) -> dict[str, PenalisedModel]:
    return {} if results.association is None else dict(sorted(results.association.models.items()))


def _join(parts: list[str]) -> str:
    return f"{'; '.join(parts)}." if parts else ""


def _candidates(results: ReportResults) -> str:
    """Return every feature: tested, and not tested by reason."""
    if results.association is None:
        return ""
    parts = []
    for name, rows in results.association.table.groupby("endpoint", sort=True):
        tested = rows.loc[rows["status"] == "tested", "feature"]
        others = rows.loc[rows["status"] != "tested", "status"].value_counts().sort_index()
        why = ", ".join(f"{n} {str(status).replace('_', ' ')}" for status, n in others.items())
        which = f" ({listed(sorted(tested))})" if len(tested) else ""
        told = f"{count(len(rows), 'feature')}, {len(tested)} tested{which}"
        parts.append(f"{name_endpoint(str(name))}: {told}" + (f", not tested: {why}" if why else ""))
    adjust = results.association.plan["requested"]["adjust"]
    if adjust:
        parts.append(f"covariates: {listed(map(name_column, adjust))}")
    return _join(parts)


def _sample_size(results: ReportResults) -> str:
    """Return which hazard ratios had 80% power."""
    parts = []
    for name, rows in _tested(results).items():
        known = rows["mdhr_80"].dropna()
        if len(known):
            n = results.association.plan["endpoints"][name]["events"] if results.association else 0
            parts.append(
                f"{name_endpoint(name)}, {n} events: the smallest hazard ratio with 80% power is between"
                f" {ratio(float(known.min()))} and {ratio(float(known.max()))}, by the frequency of the alteration"
            )
    return _join(parts)


def _univariable(results: ReportResults) -> str:
    """Return hazard ratios with limits and p-values, smallest p first; of every endpoint without covariates."""
    parts = []
    for name, rows in _tested(results).items():
        adjust = results.association.plan["endpoints"][name]["adjust"] if results.association else ()
        if not adjust:
            parts.append(f"{name_endpoint(name)}: {_effects(rows)}")
    return " ".join(parts)


def _multivariable(results: ReportResults) -> str:
    """Return the same adjusted for covariates; blank if nothing was adjusted for."""
    parts = []
    for name, rows in _tested(results).items():
        adjust = results.association.plan["endpoints"][name]["adjust"] if results.association else ()
        if adjust:
            parts.append(f"{name_endpoint(name)}, adjusted for {listed(map(name_column, adjust))}: {_effects(rows)}")
    return " ".join(parts)


def _effects(rows: pd.DataFrame) -> str:
    """Return the first rows, and how many more there are."""
    told = "; ".join(_effect(row) for row in rows.head(MOST).to_dict("records"))
    return f"{told}; and {len(rows) - MOST} more in associations.tsv." if len(rows) > MOST else f"{told}."


def _effect(row: Mapping[Any, Any]) -> str:
    hr, lo, hi, p = (float(row[key]) for key in ("hr", "hr_lo", "hr_hi", "p_primary"))
    return f"{row['feature']} HR {ratio(hr)} ({ratio(lo)} to {ratio(hi)}), p = {p_text(p)}"


def _relations(results: ReportResults) -> str:
    """Return how frequencies relate to the site of origin; blank if that was not tested."""
    if results.association is None:
        return ""
    rows = results.association.frequencies
    tested = rows.loc[rows["status"] == "tested"]
    if not len(tested):
        return ""
    least = tested.sort_values(["p", "feature"], kind="stable").iloc[0]
    return (
        f"Frequencies by site of origin were tested for {count(len(tested), 'feature')}; smallest p ="
        f" {p_text(float(least['p']))} ({least['feature']})."
    )


def _frequencies(results: ReportResults) -> str:
    """Return how often the most frequent features are altered, of the patients profiled."""
    if results.association is None:
        return ""
    rows = results.association.frequencies
    whole = rows.loc[(rows["origin"] == "all") & (rows["n_altered"] > 0)]
    whole = whole.sort_values(["frequency", "feature"], ascending=[False, True], kind="stable")
    told = [f"{row.feature} {row.n_altered}/{row.n_profiled}" for row in whole.itertuples()]
    return f"Altered / profiled: {listed(told, most=MOST)}." if told else ""


def _interactions(results: ReportResults) -> str:
    """Return which interactions and subgroups were looked at."""
    if results.association is None:
        return ""
    found = results.association
    parts = []
    if any_in(found.table, "het_p"):
        parts.append(f"interaction of alteration and site of origin ({int(found.table['het_p'].notna().sum())} tests)")
    if any_in(found.gene_treatment, "interaction_p"):
        n = int(found.gene_treatment["interaction_p"].notna().sum())
        parts.append(f"interaction of alteration and class of treatment ({n} tests)")
    text = listed(parts)
    return f"{text[:1].upper()}{text[1:]}; effects within subgroups are exploratory." if parts else ""


def _further(results: ReportResults) -> str:
    """Return the checks and sensitivity analyses that were run."""
    parts = []
    found = results.association
    if found is not None:
        if any_in(found.table, "ph_p"):
            parts.append("proportional hazards")
        if any_in(found.table, "rmst_diff"):
            parts.append("restricted mean survival")
        if len(found.influence):
            parts.append("influence of single patients")
        if len(found.truncation):
            parts.append("dependence of survival on the time of entry")
        if len(found.entry_comparison):
            parts.append("analyses with and without delayed entry")
        if any_in(found.table, "evalue"):
            parts.append("E-values")
        if found.models:
            parts.append("internal validation of the penalised model")
    if results.therapy is not None and len(results.therapy.sequence_tests):
        parts.append("other distances between sequences of treatment")
    return f"Examined: {listed(parts)}." if parts else ""


def _absolute(results: ReportResults) -> str:
    """Say where survival at fixed times stands; blank without associations."""
    if results.association is None or not any_in(results.association.table, "km_12m_altered", "km_24m_altered"):
        return ""
    return "Survival at 12 and 24 months of altered and unaltered patients is in associations.tsv."


def _limitations(results: ReportResults) -> str:
    """Return what may bias the associations."""
    return "" if results.association is None else " ".join(state_biases(results.association, results.cohort))


def _model_aim(results: ReportResults) -> str:
    """Say that a model was developed, and not validated in other patients."""
    names = list(_models(results))
    told = listed(name_endpoint(name) for name in names)
    return f"A model of {told} was developed and validated internally." if names else ""


def _model_predictors(results: ReportResults) -> str:
    """Return which predictors entered each model."""
    parts = []
    for name, model in _models(results).items():
        rows = model.coefficients
        genes, others = (rows.loc[rows["penalised"] == flag, "term"] for flag in (True, False))
        told = f"{count(len(genes), 'alteration')}" + (f"; {listed(map(str, others))}" if len(others) else "")
        parts.append(f"{name_endpoint(name)}: {told}")
    return _join(parts)


def _model_size(results: ReportResults) -> str:
    """Return patients and events of each model."""
    models = _models(results)
    parts = [
        f"{name_endpoint(name)}: {count(item.n, 'patient')}, {item.n_events} events" for name, item in models.items()
    ]
    return _join(parts)


def _model_lost(results: ReportResults) -> str:
    """Return who and what was left out of each model."""
    models = _models(results)
    return _join(
        [
            f"{name_endpoint(name)}: {count(len(item.lost_patients), 'patient')} and"
            f" {count(len(item.lost_features), 'feature')} left out of the model"
            for name, item in models.items()
        ]
    )


def _methods(results: ReportResults) -> list[str]:
    for item in compose_methods(results):
        if item.title == "Penalised model":
            return [sentence.text for sentence in item.sentences]
    return []


def _model_methods(results: ReportResults) -> str:
    """Return how the models were built."""
    return " ".join(text for text in _methods(results) if not text.startswith("Predictions"))


def _model_measures(results: ReportResults) -> str:
    """Return how predictions were judged."""
    return " ".join(text for text in _methods(results) if text.startswith("Predictions"))


def _model_predictions(results: ReportResults) -> str:
    """Say how predictions for validation came about; blank if no patient was left out of a fit."""
    used = [item.settings for item in _models(results).values()]
    if not any(item["n_outer_repeats"] or item["bootstrap"] for item in used):
        return ""
    return "Patients were predicted by models that were fitted, and whose penalty was chosen, without them."


def _model_coefficients(results: ReportResults) -> str:
    """Say where coefficients and baseline hazard are, and how many are not 0."""
    parts = []
    for name, model in _models(results).items():
        genes = model.coefficients.loc[model.coefficients["penalised"]]
        kept = int((genes["coef_1se"] != 0).sum())
        parts.append(f"{name_endpoint(name)}: {count(kept, 'alteration')} with a coefficient at the 1-SE penalty")
    return f"{_join(parts)} Coefficients and baseline hazard are in model.json." if parts else ""


def _model_performance(results: ReportResults) -> str:
    """Return the verdict on each model, and its nested concordance with limits where there is one."""
    parts = []
    for name, model in _models(results).items():
        rows = model.performance
        known = rows.loc[
            (rows["metric"] == "harrell_c_nested") & rows["lo"].notna() & rows["model"].isin(list(_MODELS))
        ]
        told = [
            f"nested C of {_MODELS[row['model']]} {row['value']:.3f} ({row['lo']:.3f} to {row['hi']:.3f})"
            for row in known.to_dict("records")
        ]
        parts.append("; ".join([f"{name_endpoint(name)}: {model.verdict.rstrip('.')}", *told]))
    return _join(parts)


def _model_limits(results: ReportResults) -> str:
    """Return what a reader must know of each model."""
    notes = [note for model in _models(results).values() for note in model.notes]
    return " ".join(dict.fromkeys(note if note.endswith(".") else f"{note}." for note in notes))


FACTS: Final[dict[str, Callable[[ReportResults], str]]] = {
    fact.__name__.removeprefix("_"): fact
    for fact in (
        _candidates, _sample_size, _univariable, _multivariable, _relations, _frequencies, _interactions,
        _further, _absolute, _limitations, _model_aim, _model_predictors, _model_size, _model_lost,
        _model_methods, _model_measures, _model_predictions, _model_coefficients, _model_performance,
        _model_limits,
    )
}  # fmt: skip
