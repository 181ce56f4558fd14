"""The methods of a run: the penalised Cox model, as it was fitted and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from netgen.report.methods_endpoints import name_endpoints
from netgen.report.methods_words import Sentence, count, listed, name_column, say, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netgen.association.penalised import PenalisedModel
    from netgen.report.study_report import ReportResults

_CRITERIA: Final = {
    "pooled": ("one partial likelihood of all out-of-fold linear predictors", "pooled_cv"),
    "van_houwelingen": ("the deviance that each fold adds to the others", "coxnet"),
}
# Beginning of a metric -> what it is, and its reference.
_MEASURES: Final[dict[str, tuple[str, str]]] = {
    "harrell_c": ("Harrell's C", "optimism"),
    "uno_c": ("Uno's C", "uno_c"),
    "auc_": ("cumulative/dynamic areas under the curve", ""),
    "brier_": ("Brier scores", "brier"),
    "calibration_slope": ("calibration slopes", ""),
}


def describe_models(results: ReportResults) -> Iterator[Sentence]:
    """Yield how the penalised models were fitted, chosen and judged.

    Parameters
    ----------
    results
        A finished run.

    Yields
    ------
    Sentence
        None if no model was fitted.
    """
    found = results.association
    if found is not None:
        plans, adjust = found.plan["endpoints"], found.plan["requested"]["adjust"]
        texts = {
            name: _describe(model, adjust, str(plans[name]["strata"])) for name, model in sorted(found.models.items())
        }
        yield from share(texts, name_endpoints)


def _describe(model: PenalisedModel, adjust: tuple[str, ...], strata: str) -> Iterator[Sentence]:
    used = model.settings
    yield _penalty(model, adjust, strata)
    scaled = ", covariates scaled to unit variance" if adjust else ""
    few = count(used["min_altered"], "patient")
    yield say(
        f"Alterations entered as 0/1{scaled}; features profiled in fewer than {100 * used['min_profiled']:g}% of"
        f" patients, or altered or unaltered in fewer than {few}, were left out{{names}}, then patients with a missing"
        " value"
    )
    if model.status == "ok":
        yield from _choice(used)
    if model.stability is not None:
        made = model.stability.settings
        yield say(
            f"Stability selection{{names}} used {made['n_pairs']} complementary pairs of half-samples and a threshold"
            f" of {made['threshold']:g}",
            "stability", "stability_pairs",
        )  # fmt: skip
    yield from _performance(model)


def _penalty(model: PenalisedModel, adjust: tuple[str, ...], strata: str) -> Sentence:
    used = model.settings
    kind, key = {1.0: ("lasso", "lasso"), 0.0: ("ridge", "elastic_net")}.get(
        used["alpha"], (f"elastic-net (mixing {used['alpha']:g})", "elastic_net")
    )
    if used["adaptive"]:
        kind, key = f"adaptive {kind}", "adaptive_lasso"
    covariates = (
        f"beside {listed(map(name_column, adjust))} without penalty" if adjust else "without clinical covariates"
    )
    within = "" if strata == "none" or len(used["strata"]) < 2 else f", stratified by {name_column(strata)}"
    entry = ", with left-truncated risk sets" if used["delayed_entry"] else ""
    few = " (ridge because few events allow no selection)" if used["alpha"] != used["alpha_requested"] else ""
    return say(
        f"A {kind} Cox model of all alterations{few} was fitted{{all}}, {covariates}{within}{entry}, ties handled by"
        f" the method of {str(used['ties']).capitalize()}",
        key, "coxnet", str(used["ties"]),
    )  # fmt: skip


def _choice(used: Mapping[str, Any]) -> Iterator[Sentence]:
    criterion, key = _CRITERIA[used["criterion"]]
    yield say(
        f"The penalty{{names}} was chosen by {used['n_folds']}-fold cross-validation repeated {used['n_repeats']}"
        f" times, with {criterion} as criterion",
        key,
    )
    yield say("The largest penalty within one between-repeat standard error of the best one was taken{names}")
    if used["adaptive"]:
        yield say("Weights of the penalty{names} come from a ridge fit within each training fold", "adaptive_lasso")


def _performance(model: PenalisedModel) -> Iterator[Sentence]:
    """Say which measures have a value, and how their optimism was dealt with."""
    used, rows = model.settings, model.performance
    known = {str(name) for name in rows.loc[rows["status"] == "ok", "metric"]}
    measures = {start: told for start, told in _MEASURES.items() if any(name.startswith(start) for name in known)}
    if not measures:
        return
    how = []
    if used["bootstrap"] and any(name.endswith("_corrected") for name in known):
        how.append(f"corrected for optimism by {used['bootstrap']} bootstrap resamples that repeat every step")
    if used["n_outer_repeats"] and any(name.endswith("_nested") for name in known):
        how.append(f"estimated by nested cross-validation ({count(used['n_outer_repeats'], 'repeat')})")
    told = " and ".join(how) or "in the patients the model was fitted to and out of fold"
    yield say(
        f"Predictions{{names}} were judged beside those of the clinical covariates alone by"
        f" {listed(text for text, _ in measures.values())}, {told}",
        *[key for _, key in measures.values() if key],
    )
