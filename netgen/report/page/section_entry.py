"""Delayed entry: what was decided, whether it is believable, and the analyses with and without it side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.association.entry_comparison import ENTRY_COMPARISON_COLUMNS, EVERYBODY
from netgen.association.results import STATUSES
from netgen.association.truncation import TRUNCATION_COLUMNS
from netgen.report.page.association_cells import (
    TO,
    each,
    interval,
    median,
    name_endpoint,
    paragraph,
    plain_months,
    share,
    value_text,
    warn,
)
from netgen.report.page.document import Section
from netgen.report.page.markup import join, tag
from netgen.report.page.tables import render_table
from netgen.report.summary import months, p_text

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from netgen.association.results import AssociationResult
    from netgen.cohort import Cohort
    from netgen.report.page.markup import Markup
    from netgen.report.study_report import ReportResults

RULES: Final = {
    "sequencing_report": "the sequencing report", "sample_collection": "the sample collection",
    "custom": "the entry time given for each patient",
}  # fmt: skip
CONTEXTS: Final = {
    "clinical": "sequencing was part of clinical care",
    "research_retrospective": "archived tissue was sequenced for research",
}
MEANING: Final = (
    "A patient who had to live until then could not have died before: the time before entry is left out, and risk sets "
    "are left-truncated."
)
ASSUMPTION: Final = (
    "Delayed entry assumes that survival does not depend on the time of entry. Patients who are sequenced because they "
    "get worse break that; then survival is biased down, hazard ratios go towards 1, and no standard correction helps."
)
DECISIONS: Final = ("W_ENTRY_AFTER_EXIT", "W_ENTRY_UNKNOWN", "W_DEPENDENT_TRUNCATION")
BOTH: Final = (
    "Without delayed entry the time before sequencing counts as time at risk and survival looks too good; with it, "
    "survival is right only if entry is independent of it. Neither can be checked from the data alone."
)
ASK: Final = "The analysis without delayed entry was not asked for (report_both = true shows both)."
CHECK_LABELS: Final = {
    "endpoint": "Endpoint", "n": "Patients", "n_late": "Enter late", "n_pairs": "Comparable pairs",
    "kendall": "Conditional Kendall tau (95 % CI)", "tau_p": "p of tau",
    "hazard": "HR per month of later entry (95 % CI)", "entry_p": "p of HR", "dependent": "Dependent", "note": "Note",
}  # fmt: skip
CHECK_COLUMNS: Final = {
    **TRUNCATION_COLUMNS,
    "kendall": TRUNCATION_COLUMNS["tau"],
    "hazard": TRUNCATION_COLUMNS["entry_hr_per_month"],
}
BOTH_LABELS: Final = {
    "feature": "Feature", "n": "Patients", "events": "Events", "with_entry": "With: HR (95 % CI)",
    "p_primary_entry": "With: p", "without": "Without: HR (95 % CI)", "p_primary_naive": "Without: p",
    "hr_ratio": "HR with / without", "note": "Note",
}  # fmt: skip
BOTH_COLUMNS: Final = {
    **ENTRY_COMPARISON_COLUMNS,
    "feature": "gene or pathway",
    "n": "patients profiled for the feature, with / without delayed entry",
    "events": "events among them, with / without delayed entry",
    "with_entry": "hazard ratio altered : unaltered with delayed entry",
    "without": "the same as if everybody had been observed from the origin",
    "note": "why there is no test",
}
MEDIAN_LABELS: Final = {
    "endpoint": "Endpoint", "side": "Analysis", "n": "Patients", "events": "Events",
    "median": "Median, months (95 % CI)", "t0": "Given survival to, months",
}  # fmt: skip
MEDIAN_COLUMNS: Final = {
    "endpoint": "os, pfs ...",
    "n": "patients",
    "events": "events among them",
    "median": "Kaplan-Meier median with its 95 % limits; NR = not reached",
    "t0": "early risk sets are so small that the curve begins here: it is conditional on survival to this day",
}


def render(results: ReportResults) -> Section | None:
    """Return the section, or nothing if no analysis of genes has delayed entry.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        The decision, the check of independence (DOMAIN 2.10), and both analyses if the study asks for them.
    """
    result = results.association
    if result is None:
        return None
    late = {name: plan for name, plan in result.plan["endpoints"].items() if plan["entry_rule"] != "none"}
    if not late:
        return None
    body = [
        *(paragraph(text) for text in _decide(result, results.cohort, late)),
        _warn(result),
        *_check(result.truncation),
        *_curves(result, late),
        *_compare(result, late),
    ]
    return Section(id="entry", title="Delayed entry", body=join(body))


def _decide(result: AssociationResult, cohort: Cohort, late: Mapping[str, Any]) -> list[str]:
    """Say which rule was applied to what, who asked for it, and what it means."""
    asked, said = result.plan["requested"]["entry_rule"], []
    for rule in dict.fromkeys(plan["entry_rule"] for plan in late.values()):
        names = ", ".join(name.upper() for name, plan in late.items() if plan["entry_rule"] == rule)
        said.append(
            f"{names}: patients count as at risk from {RULES.get(rule, rule)} on, or from the origin if it is later."
        )
    context = CONTEXTS.get(str(cohort.study.sequencing_context or ""), "")
    stated = f"The study states the rule (entry_rule = {asked})"
    chosen = "The rule follows from the samples (entry_rule = auto)" if asked == "auto" else stated
    plain = [name.upper() for name, plan in result.plan["endpoints"].items() if plan["entry_rule"] == "none"]
    rest = f"{', '.join(plain)}: no delayed entry." if plain else ""
    return [" ".join(filter(None, [*said, f"{chosen}{f'; {context}' if context else ''}.", rest])), MEANING]


def _warn(result: AssociationResult) -> Markup | None:
    items = [item for item in result.findings.of("W") if item.code in DECISIONS]
    return warn(dict.fromkeys((item.code, f"{item.message} {item.fix}".strip()) for item in items))


def _check(table: pd.DataFrame) -> list[Markup]:
    """Show whether survival depends on the time of entry."""
    if table.empty:
        return []
    own = table.assign(
        endpoint=table["endpoint"].str.upper(),
        kendall=interval(table, "tau", "tau_lo", "tau_hi", value_text),
        hazard=interval(table, "entry_hr_per_month", "entry_lo", "entry_hi"),
    )
    sort = {"kendall": "tau", "hazard": "entry_hr_per_month"}
    return [
        tag("h3", "Does survival depend on the time of entry?", id="entry-check"),
        paragraph(ASSUMPTION),
        render_table(
            own[[*CHECK_LABELS, *sort.values()]], columns=CHECK_COLUMNS, labels=CHECK_LABELS, id="entry-dependence",
            caption="Dependence of entry and survival", formats={"tau_p": p_text, "entry_p": p_text}, sort=sort,
            source="associations/truncation.tsv",
        ),
    ]  # fmt: skip


def _curves(result: AssociationResult, late: Mapping[str, Any]) -> list[Markup]:
    """Say from when on curves are shown, where early risk sets are too small for more."""
    km, said = result.km, []
    for name in late:
        row = km.loc[(km["endpoint"] == name) & (km["grouping"] == EVERYBODY)].iloc[0]
        if row["t0_conditional"] > 0:
            limits = f"{months(row['median_lo'])}{TO}{months(row['median_hi'])}"
            said.append(
                f"{name.upper()}: early risk sets are so small that one event could bring the curve down for good. The "
                f"curve is conditional on survival to {months(row['t0_conditional'])} months: {row['n_curve']} "
                f"patients, {row['events_curve']} events, median {months(row['median'])} months (95 % CI {limits}). "
                "The unconditional curve is not shown."
            )
    return [tag("h3", "Curves", id="entry-curves"), *(paragraph(text) for text in said)] if said else []


def _compare(result: AssociationResult, late: Mapping[str, Any]) -> list[Markup]:
    """Both analyses side by side."""
    table = result.entry_comparison
    if table.empty:
        return [paragraph(ASK)]
    parts = [tag("h3", "With and without delayed entry", id="entry-both"), paragraph(BOTH)]
    parts.append(_medians(table.loc[table["feature"] == EVERYBODY]))
    for name in late:
        rows = table.loc[(table["endpoint"] == name) & (table["feature"] != EVERYBODY)]
        parts.append(_side_by_side(rows.loc[(rows[["status_entry", "status_naive"]] == "tested").any(axis=1)], name))
    return parts


def _medians(rows: pd.DataFrame) -> Markup:
    """Survival of everybody by either analysis."""
    parts = []
    for suffix, side in (("entry", "with delayed entry"), ("naive", "without")):
        names = {f"{key}_{suffix}": key for key in ("n", "events", "median", "median_lo", "median_hi", "t0")}
        parts.append(rows[["endpoint", *names]].rename(columns=names).assign(side=side))
    own = pd.concat(parts).sort_values("endpoint", kind="stable", ignore_index=True)
    shown = own.assign(
        endpoint=own["endpoint"].str.upper(), median=median(own, "median", "t0"), by=own["median"],
        t0=own["t0"].where(own["t0"] > 0),
    )  # fmt: skip
    return render_table(
        shown[[*MEDIAN_LABELS, "by"]], columns=MEDIAN_COLUMNS, labels=MEDIAN_LABELS, id="entry-medians",
        caption="Survival of everybody", formats={"t0": plain_months},
        sort={"median": "by"}, source="associations/entry_comparison.tsv",
    )  # fmt: skip


def _side_by_side(rows: pd.DataFrame, name: str) -> Markup:
    own = rows.assign(least=rows[["p_primary_entry", "p_primary_naive"]].min(axis=1))
    own = own.sort_values(["p_primary_entry", "least", "feature"], kind="stable", ignore_index=True)
    shown = own.assign(
        n=share(own, "n_entry", "n_naive"), events=share(own, "events_entry", "events_naive"),
        with_entry=interval(own, "hr_entry", "hr_lo_entry", "hr_hi_entry"),
        without=interval(own, "hr_naive", "hr_lo_naive", "hr_hi_naive"), note=each(own, _why),
    )  # fmt: skip
    sort = {"n": "n_entry", "events": "events_entry", "with_entry": "hr_entry", "without": "hr_naive"}
    return render_table(
        shown[[*BOTH_LABELS, *sort.values()]], columns=BOTH_COLUMNS, labels=BOTH_LABELS, id=f"entry-both-{name}",
        caption=f"{name_endpoint(name)}: tests with and without delayed entry", sort=sort,
        formats={"p_primary_entry": p_text, "p_primary_naive": p_text, "hr_ratio": value_text},
        source="associations/entry_comparison.tsv",
    )  # fmt: skip


def _why(row: Mapping[Hashable, Any]) -> str:
    """Say which analysis has no test, and why."""
    sides = (("with", row["status_entry"]), ("without", row["status_naive"]))
    return "; ".join(
        f"{side}: {'not analysed' if pd.isna(code) else STATUSES.get(str(code), str(code))}"
        for side, code in sides
        if pd.isna(code) or code != "tested"
    )
