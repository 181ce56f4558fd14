"""Across origins and between genes: effects by origin, frequencies, genes altered together, genes and treatment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.association.cooccurrence import COOCCURRENCE_COLUMNS, COOCCURRENCE_STATUSES
from netgen.association.frequencies import FREQUENCY_COLUMNS, FREQUENCY_STATUSES
from netgen.association.gene_treatment import GENE_TREATMENT_COLUMNS, GENE_TREATMENT_STATUSES
from netgen.association.heterogeneity import LOW_POWER
from netgen.association.results import HETEROGENEITY_COLUMNS, STATUSES
from netgen.report.figures import draw_pairs
from netgen.report.page.association_cells import (
    FEW_ORIGINS,
    bullets,
    fold,
    interval,
    paragraph,
    share,
    value_text,
    without_blank,
)
from netgen.report.page.document import Section
from netgen.report.page.figures import embed
from netgen.report.page.markup import join, tag
from netgen.report.page.share_cells import percent, with_limits
from netgen.report.page.tables import render_table
from netgen.report.summary import p_text
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.association.results import AssociationResult
    from netgen.report.page.markup import Markup
    from netgen.report.study_report import ReportResults

ALL: Final = "all"
EXPLORATORY: Final = "Effects within one origin are exploratory and not adjusted; do not pick one that stands out."
SAME_CLASS: Final = "An effect in one class and none in another is no evidence of a difference; their interaction is."
POOLED: Final = "Origins differ in what is altered: pooled, genes of one origin look like partners."
EVENTS: Final = "events among the altered / among the unaltered"
ALTERED: Final = "patients altered, of those profiled for the feature"
# What an origin without an estimate lacks (statuses of heterogeneity.tsv).
ORIGIN_STATUSES: Final = {
    **STATUSES, "ok": "", "no_data": "nobody was profiled", "none_altered": "nobody is altered",
    "no_events": "no events", "not_informative": "both groups are never at risk together at an event",
    "monotone_plus": "maximum-likelihood HR infinite: Firth estimate",
    "monotone_minus": "maximum-likelihood HR 0: Firth estimate",
}  # fmt: skip
TEST_LABELS: Final = {
    "feature": "Feature", "n_origins": "Origins with an estimate", "p": "Interaction p", "Q": "Q", "Q_df": "df",
    "Q_p": "Q p", "I2": "I2", "tau2": "tau2",
}  # fmt: skip
TEST_COLUMNS: Final = {
    **HETEROGENEITY_COLUMNS,
    "p": "test of equal effects in all origins, without covariates: penalised likelihood ratio, or likelihood ratio",
    "n_origins": "origins in which both groups are at risk together when somebody has the event",
    "Q_df": "degrees of freedom of Q",
}
ORIGIN_LABELS: Final = {
    "feature": "Feature", "origin": "Origin", "altered": "Altered", "events": "Events alt/wt",
    "effect": "HR (95 % CI)", "status": "Note",
}  # fmt: skip
ORIGIN_COLUMNS: Final = {
    "feature": HETEROGENEITY_COLUMNS["feature"], "origin": "origin of the primary tumour", "altered": ALTERED,
    "events": EVENTS, "effect": "hazard ratio altered : unaltered within the origin; open = no finite limit",
    "status": "why an origin has no estimate, or what it rests on",
}  # fmt: skip
FREQUENCY_LABELS: Final = {
    "feature": "Feature", "p": "p", "q_bh": "q (BH)", "status": "Note", "warnings": "Warnings",
}  # fmt: skip
LIMIT_LABELS: Final = {
    "feature": "Feature", "origin": "Origin", "altered": "Altered", "exact": "Per cent (Clopper-Pearson)",
    "wilson": "Per cent (Wilson)", "status": "Note",
}  # fmt: skip
LIMIT_COLUMNS: Final = {
    "altered": ALTERED, "exact": "share altered with exact 95 % limits", "wilson": "the same with Wilson's limits",
    "status": "why the origin is not compared, or the feature not tested",
}  # fmt: skip
PAIR_LABELS: Final = {
    "pair": "Genes", "counts": "Both/first only/second only/neither", "expected_both": "Both expected",
    "log2_or": "log2 OR", "direction": "Direction", "p_primary": "p", "q_bh": "q (BH)", "p_fisher": "Fisher p, pooled",
    "warnings": "Warnings",
}  # fmt: skip
PAIR_COLUMNS: Final = {
    **COOCCURRENCE_COLUMNS,
    "pair": "the two genes of the pair",
    "counts": "altered in both, in the first only, in the second only, in neither, of the patients profiled for both",
}
TREATMENT_LABELS: Final = {
    "feature": "Feature", "regimen_class": "Class", "altered": "Altered", "events": "Events alt/wt",
    "effect": "HR (95 % CI)", "p": "p", "interaction_p": "Interaction p", "q_bh": "q (BH)", "status": "Note",
}  # fmt: skip
TREATMENT_COLUMNS: Final = {
    **GENE_TREATMENT_COLUMNS,
    "altered": "patients altered, of those with the class who are profiled",
    "events": EVENTS,
    "effect": f"{GENE_TREATMENT_COLUMNS['hr']}; open = no finite limit",
}


def render(results: ReportResults) -> Section | None:
    """Return the section, or nothing if genes were not analysed or there is nothing to compare.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        Effects across origins per endpoint, frequencies across origins, pairs of genes, genes within treatment classes.
    """
    result = results.association
    if result is None:
        return None
    parts = [*_effects(result), *_frequencies(result.frequencies), *_pairs(result), *_treatment(result.gene_treatment)]
    if not parts:
        return None
    return Section(id="heterogeneity", title="Origins, pairs of genes, and treatment", body=join(parts))


def _effects(result: AssociationResult) -> list[Markup | None]:
    """Effects by origin and their tests, per endpoint."""
    table, parts = result.heterogeneity, []
    for name in result.plan["endpoints"]:
        rows = table.loc[table["endpoint"] == name]
        if rows.empty:
            continue
        place, single = f"heterogeneity-{name}", rows.loc[rows["origin"] != ALL]
        n_origins = single.groupby("feature")["estimable"].sum().astype("Int64")
        tests = rows.loc[rows["origin"] == ALL].assign(n_origins=lambda own, n=n_origins: own["feature"].map(n))
        few = bool(tests["n_origins"].between(*FEW_ORIGINS).any())
        heading = f"Effects across origins: {name.upper()}"
        parts += [
            tag("h3", heading, id=place),
            paragraph(LOW_POWER if few else "", EXPLORATORY, class_="caution"),
            _across(tests, place),
            fold("Effects within each origin", _within(single, place)),
        ]
    return parts


def _across(tests: pd.DataFrame, place: str) -> Markup:
    own = tests.sort_values(["p", "feature"], kind="stable", ignore_index=True)
    own = own.assign(Q_df=own["Q_df"].astype("Float64").astype("Int64"))
    numbers = dict.fromkeys(("Q", "I2", "tau2"), value_text)
    return render_table(
        own[list(TEST_LABELS)], columns=TEST_COLUMNS, labels=TEST_LABELS, id=f"{place}-tests",
        caption="Do effects differ between origins?", formats={"p": p_text, "Q_p": p_text, **numbers},
        source="associations/heterogeneity.tsv",
    )  # fmt: skip


def _within(single: pd.DataFrame, place: str) -> Markup:
    own = single.assign(
        altered=share(single, "n_altered", "n"),
        events=share(single, "events_altered", "events_unaltered"),
        effect=interval(single, "hr", "hr_lo", "hr_hi"),
        status=single["status"].map(lambda code: ORIGIN_STATUSES.get(str(code), words(str(code)))),
    )
    sort = {"altered": "n_altered", "events": "events_altered", "effect": "hr"}
    return render_table(
        own[[*ORIGIN_LABELS, *sort.values()]], columns=ORIGIN_COLUMNS, labels=ORIGIN_LABELS, id=f"{place}-origins",
        caption="Hazard ratios within each origin", sort=sort, source="associations/heterogeneity.tsv",
    )  # fmt: skip


def _frequencies(table: pd.DataFrame) -> list[Markup | None]:
    """How often each feature is altered in each origin: one row per feature, one column per origin."""
    if table.empty:
        return []
    whole = table.loc[table["origin"] == ALL].set_index("feature")
    seen = whole.loc[whole["n_altered"] > 0].sort_values(["n_altered", "p"], ascending=[False, True], kind="stable")
    silent = len(whole) - len(seen)
    return [
        tag("h3", "Frequencies across origins", id="frequencies"),
        _frequency_table(table, seen),
        paragraph(f"Altered in nobody: {silent} of {len(whole)} features.") if silent else None,
        fold("Frequencies with their limits", _limits_table(table, list(seen.index))),
    ]


def _frequency_table(table: pd.DataFrame, seen: pd.DataFrame) -> Markup:
    columns, sort, names = {"feature": pd.Series(seen.index, index=seen.index)}, {}, {}
    for place, origin in enumerate([ALL, *(name for name in table["origin"].drop_duplicates() if name != ALL)]):
        own = table.loc[table["origin"] == origin].set_index("feature").reindex(seen.index)
        columns |= {f"in_{place}": share(own, "n_altered", "n_profiled") + own["frequency"].map(_in_brackets)}
        columns |= {f"by_{place}": own["frequency"]}
        sort[f"in_{place}"] = f"by_{place}"
        names[f"in_{place}"] = "everybody" if origin == ALL else words(str(origin))
    why = seen["status"].map(lambda code: "" if code == "tested" else words(str(code)))
    frame = pd.DataFrame({**columns, "p": seen["p"], "q_bh": seen["q_bh"], "status": why, "warnings": seen["warnings"]})
    frame, beside = without_blank(frame.reset_index(drop=True), "warnings")
    labels = {name: label for name, label in {**FREQUENCY_LABELS, **names}.items() if name in frame.columns}
    meaning = dict.fromkeys(names, "altered/profiled, and the same in per cent")
    return render_table(
        frame, columns={**FREQUENCY_COLUMNS, **meaning, "status": "why there is no test"}, labels=labels,
        id="frequencies-table", sort=sort, warnings_column=beside, formats={"p": p_text, "q_bh": p_text},
        caption="Share of patients altered, by origin; Freeman-Halton test across the origins that can be compared",
        source="associations/frequencies.tsv",
    )  # fmt: skip


def _in_brackets(value: float) -> str:
    """Return a proportion in per cent behind a count."""
    return "" if math.isnan(value) else f" ({percent(value)} %)"


def _limits_table(table: pd.DataFrame, features: list[str]) -> Markup | None:
    """Each frequency with both kinds of limits."""
    own = table.loc[table["feature"].isin(features)].reset_index(drop=True)
    if own.empty:
        return None
    shown = own.assign(
        altered=share(own, "n_altered", "n_profiled"),
        exact=with_limits(own, "frequency", "cp_lo", "cp_hi"),
        wilson=with_limits(own, "frequency", "wilson_lo", "wilson_hi"),
        origin=own["origin"].map(lambda name: "everybody" if name == ALL else words(str(name))),
        status=own["status"].map(lambda code: _note(str(code), FREQUENCY_STATUSES)),
    )
    sort = {"altered": "n_altered", "exact": "frequency"}
    return render_table(
        shown[[*LIMIT_LABELS, *sort.values()]], columns=LIMIT_COLUMNS, labels=LIMIT_LABELS, id="frequencies-limits",
        caption="Frequencies in per cent with 95 % limits", sort=sort, source="associations/frequencies.tsv",
    )  # fmt: skip


def _note(code: str, statuses: Mapping[str, str]) -> str:
    """Why a row was not tested; nothing for one that was."""
    return "" if code in {"tested", "compared"} else statuses.get(code, words(code))


def _pairs(result: AssociationResult) -> list[Markup | None]:
    """Genes altered together, or instead of each other: the tested pairs by p, and how many were not."""
    table = result.cooccurrence
    if table.empty:
        return []
    tested = table.loc[table["status"] == "tested"]
    counts = table.loc[table["status"] != "tested", "status"].value_counts().sort_index()
    why = [
        f"{n} {'pairs' if n > 1 else 'pair'}: {COOCCURRENCE_STATUSES.get(str(code), words(str(code)))}."
        for code, n in counts.items()
    ]
    names = table["strata"].dropna().unique()
    within = "" if not len(names) or names[0] == "none" else f" within strata of {words(str(names[0]))}"
    return [
        tag("h3", "Genes altered together", id="cooccurrence"),
        paragraph(f"Exact tests of pairs{within}, in the patients profiled for both genes.", POOLED if within else ""),
        _pair_figure(table),
        _pair_table(tested) if len(tested) else paragraph("No pair could be tested.", class_="none"),
        bullets(why),
    ]  # fmt: skip


def _pair_figure(table: pd.DataFrame) -> Markup | None:
    axes = draw_pairs(table)
    described = "One cell per pair of genes: altered together more often than expected, or less often."
    return embed(axes, title="Genes altered together", description=described, kind="pairs") if axes else None


def _pair_table(tested: pd.DataFrame) -> Markup:
    order = tested.sort_values(["p_primary", "gene_a", "gene_b"], kind="stable", ignore_index=True)
    four = order[["both", "a_only", "b_only", "neither"]].astype("Int64").astype("string")
    own = order.assign(
        pair=order["gene_a"].astype("string") + " and " + order["gene_b"].astype("string"),
        counts=four["both"] + "/" + four["a_only"] + "/" + four["b_only"] + "/" + four["neither"],
        direction=order["direction"].map(lambda value: words(str(value))),
    )
    m = int(order["m_family"].iloc[0])
    shown, beside = without_blank(own[[*PAIR_LABELS, "both"]], "warnings")
    labels = {name: label for name, label in PAIR_LABELS.items() if name in shown.columns}
    return render_table(
        shown, columns=PAIR_COLUMNS, labels=labels, id="cooccurrence-table",
        caption=f"Pairs of genes, {m} {'tests' if m > 1 else 'test'} in the family", sort={"counts": "both"},
        formats={**dict.fromkeys(("expected_both", "log2_or"), value_text),
                 **dict.fromkeys(("p_primary", "q_bh", "p_fisher"), p_text)},
        warnings_column=beside, source="associations/cooccurrence.tsv",
    )  # fmt: skip


def _treatment(table: pd.DataFrame) -> list[Markup | None]:
    """Effects within treatment classes and their interaction."""
    if table.empty:
        return []
    tested = table.loc[table["status"] == "tested"]
    counts = (
        table.loc[table["status"] != "tested"].groupby(["endpoint", "status"], sort=True).size().reset_index(name="n")
    )
    why = [
        f"{str(row['endpoint']).upper()}: {row['n']} not tested: {_note(str(row['status']), GENE_TREATMENT_STATUSES)}."
        for row in counts.to_dict("records")
    ]
    parts: list[Markup | None] = [tag("h3", "Genes and treatment", id="gene-treatment"), paragraph(SAME_CLASS)]
    for name, rows in tested.groupby("endpoint", sort=True):
        parts.append(_treatment_table(rows, str(name)))
    if tested.empty:
        parts.append(paragraph("No class was given to enough altered and unaltered patients.", class_="none"))
    return [*parts, bullets(why)]


def _treatment_table(rows: pd.DataFrame, name: str) -> Markup:
    own = rows.assign(
        altered=share(rows, "n_altered", "n_exposed"), events=share(rows, "events_altered", "events_unaltered"),
        effect=interval(rows, "hr", "hr_lo", "hr_hi"), status=rows["status"].map(lambda _: ""),
        regimen_class=rows["regimen_class"].map(lambda value: words(str(value))),
    )  # fmt: skip
    sort = {"altered": "n_altered", "effect": "hr"}
    line = rows["line"].dropna().astype(int).iloc[0]
    return render_table(
        own[[*[key for key in TREATMENT_LABELS if key != "status"], *sort.values()]], columns=TREATMENT_COLUMNS,
        labels={key: value for key, value in TREATMENT_LABELS.items() if key != "status"},
        id=f"gene-treatment-{name}", caption=f"{name.upper()}: effects within classes of line {line}", sort=sort,
        formats=dict.fromkeys(("p", "interaction_p", "q_bh"), p_text), source="associations/gene_treatment.tsv",
    )  # fmt: skip
