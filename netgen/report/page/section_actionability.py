"""Actionability: levels of evidence by origin and patient, what was not looked for, and what is never counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.actionability.levels import COUNTED, LEVELS, RESEARCH_USE, SENSITIVITY
from netgen.association.actionability_by_origin import MAIN, ORIGIN_COLUMNS, ORIGIN_STATUSES, RESISTANCE_ROW
from netgen.association.actionable_by_marker import MARKER_ORIGIN_COLUMNS, MARKER_ORIGIN_STATUSES
from netgen.association.actionable_patients import NONE, NOT_PROFILED
from netgen.report.page import actionability_tables as tables
from netgen.report.page.association_cells import bullets, fold, paragraph
from netgen.report.page.document import Section
from netgen.report.page.figures import embed
from netgen.report.page.markup import join, tag
from netgen.report.page.share_cells import share_with_limits, spread
from netgen.report.page.tables import render_table
from netgen.report.summary import p_text
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from netgen.association.actionability import ActionabilityResult
    from netgen.report.page.markup import Markup
    from netgen.report.study_report import ReportResults

ALL: Final = "all"
METHODS: Final = {"exact": "exact", "monte_carlo": "Monte-Carlo"}
CUTOFFS: Final = {
    "N1": "N1", "N3A": "N1 to N3A", "N3B": "N1 to N3B (actionable)", "any": "N1 to N4 (shown only)",
    RESISTANCE_ROW: "NR1 and NR2 (resistance)",
}  # fmt: skip
WITHOUT: Final = ", without mutational burdens that treatment may have induced"
ORIGIN_LABELS: Final = {"cutoff": "Levels", "p": "p", "warnings": "Warnings"}
MARKER_LABELS: Final = {
    "marker": "Marker", "n_not_covered": "Not covered", "p": "p", "q_bh": "q (BH)", "warnings": "Warnings",
}  # fmt: skip
SHARE: Final = "patients with such an alteration, of those looked at for one, per cent, 95 % Clopper-Pearson limits"
NOT_COUNTED: Final = (
    f"Actionable means evidence of therapeutic sensitivity at level {COUNTED[0]}, {COUNTED[1]}, {COUNTED[2]} or"
    f" {COUNTED[3]}. N3C, N4, diagnostic and prognostic levels are shown and never counted; resistance is shown apart."
)
IMPORTED: Final = (
    "What follows are assertions of other sources in their own terms, under their own licences. They are not rules of"
    " netgen, are in none of the counts above, and were not checked by it."
)
CONTEXT: Final = (
    "Some drugs are approved for neuroendocrine tumours, or in use for them, whatever the genotype. No alteration makes"
    " a patient actionable for such a drug by that label alone, and no count above contains them."
)


def render(results: ReportResults) -> Section | None:
    """Return the section.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        None if nobody was sequenced.
    """
    result = results.actionability
    if result is None:
        return None
    hits = tables.split_hits(result.hits)
    body = [
        tag("p", RESEARCH_USE, class_="caveat"),
        *_describe_rules(result),
        *(_by_origin(result, grouping) for grouping in result.plan["by"]),
        *_by_marker(result),
        tag("h3", "Patients"),
        tables.tabulate_patients(result),
        *_hits(hits),
        *_coverage(result),
        *_unknown(result),
        *_imported(result),
        *_context(result, hits["context"]),
    ]
    note = "Levels are about alterations and tumour types as a dated list of rules has them; none is a recommendation."
    return Section(id="actionability", title="Actionability", body=join(body), note=note)


def _describe_rules(result: ActionabilityResult) -> list[Markup | None]:
    """Say what was applied, and what the levels mean."""
    rules, tree = result.plan["rules"], result.plan["oncotree"]
    text = f"{rules['n']} rules of {rules['name']}, snapshot {rules['snapshot']}, were applied; tumour types by"
    text += f" OncoTree {tree['version']}. Public facts as of that date: incomplete, and different between regions."
    meanings = [f"{level}: {meaning}" for level, meaning in LEVELS.items()]
    return [paragraph(text, NOT_COUNTED), fold("What the levels mean", bullets(meanings))]


def _by_origin(result: ActionabilityResult, grouping: str) -> Markup:
    """Return the figure of one grouping, its numbers, and the counts at every cut-off with their comparison."""
    return join(
        [
            tag("h3", f"Best level by {words(grouping)}"),
            paragraph(*_readings(result, grouping)),
            _draw(result, grouping),
            _tabulate_origins(result, grouping),
        ]
    )


def _own(result: ActionabilityResult, grouping: str) -> pd.DataFrame:
    return result.by_origin.loc[result.by_origin["grouping"] == grouping]


def _readings(result: ActionabilityResult, grouping: str) -> list[str]:
    """Say the share of actionable patients and how the origins compare, or why they are not compared."""
    rows = _own(result, grouping)
    whole = rows.loc[(rows["cutoff"] == COUNTED[-1]) & (rows["analysis"] == MAIN) & (rows["origin"] == ALL)]
    texts = []
    for row in whole.to_dict("records"):
        share = share_with_limits(whole, "n_actionable", "n_profiled", "proportion", "cp_lo", "cp_hi").iloc[0]
        known = f"Actionable (N1 to N3B): {share} of the profiled patients."
        texts.append("Nobody was profiled." if pd.isna(share) else known)
        texts.append(_compare(row))
    return texts


def _compare(row: Mapping[Hashable, Any], meanings: Mapping[str, str] = ORIGIN_STATUSES) -> str:
    """Write the comparison of the origins, or why there is none."""
    status = str(row["status"])
    meaning = meanings.get(status, words(status))
    if status == "described":
        return "Described, not compared."
    if pd.isna(row["p"]):
        text = f"Not compared ({meaning})."
    else:
        left = "" if _blank(row["left_out"]) else f"; without {_listed(row['left_out'])}"
        said = "" if status == "tested" else f"; {meaning}"
        text = f"p = {p_text(row['p'])} (Freeman-Halton, {METHODS.get(str(row['p_method']), '')}{left}{said})."
    uneven = row.get("uneven_markers")
    if _blank(uneven):
        return text
    said = "Markers that not all have in common do not count" if row.get("restricted") else "Covered in some only"
    return f"{text} {said}: {_listed(uneven)}."


def _blank(value: Any) -> bool:  # noqa: ANN401  # a cell
    return value is None or pd.isna(value) or value == ""


def _listed(text: Any) -> str:  # noqa: ANN401  # a cell
    """Items joined by ; as a list in words."""
    return ", ".join(words(item) for item in str(text).split(";"))


def _draw(result: ActionabilityResult, grouping: str) -> Markup | None:
    """Return stacked bars of the best level; nothing without a patient."""
    from netgen.plots.actionability import plot_actionability

    counts = result.levels.loc[result.levels["grouping"] == grouping]
    if not counts["n"].sum():
        return None
    named = counts.assign(group=counts["group"].map(lambda name: words(str(name))))
    return embed(
        plot_actionability(named), title=f"Best level of evidence by {words(grouping)}",
        description=_describe_levels(named), key=f"actionability-levels-{_slug(result, grouping)}",
        kind="actionability", table=_tabulate_levels(named, _slug(result, grouping)),
        note="Per cent of the profiled patients of each group; patients who were not profiled are counted apart.",
    )  # fmt: skip


def _slug(result: ActionabilityResult, grouping: str) -> str:
    """Return the number of a grouping, for anchors: its name may be anything."""
    return f"{result.plan['by'].index(grouping) + 1}"


def _describe_levels(counts: pd.DataFrame) -> str:
    """Tell the bars to who cannot see them."""
    parts = []
    for group, rows in counts.groupby("group", sort=False):
        shown = [f"{words(str(row.level))} {row.n}" for row in rows.loc[rows["n"] > 0].itertuples()]
        parts.append(f"{group}: {', '.join(shown) or 'nobody'}")
    return "; ".join(parts) + "."


def _tabulate_levels(counts: pd.DataFrame, slug: str) -> Markup:
    """Return patients by best level, one column per group."""
    wide = counts.pivot_table(index="level", columns="group", values="n", sort=False, aggfunc="sum", observed=True)
    order = [level for level in (*SENSITIVITY, NONE, NOT_PROFILED) if level in wide.index]
    wide = wide.loc[order].reset_index()
    names = [f"group_{place}" for place in range(wide.shape[1] - 1)]
    labels = {"level": "Best level", **dict(zip(names, map(str, wide.columns[1:]), strict=True))}
    shown = wide.set_axis(["level", *names], axis="columns").assign(level=wide["level"].map(words))
    meanings = {"level": "best level of a patient", **dict.fromkeys(names, "patients of the group")}
    return render_table(
        shown.astype(dict.fromkeys(names, "Int64")), columns=meanings, labels=labels, caption="Patients by best level",
        id=f"actionability-counts-{slug}", source=f"{tables.FOLDER}/levels_by_origin.tsv",
    )  # fmt: skip


def _tabulate_origins(result: ActionabilityResult, grouping: str) -> Markup:
    """Return the shares at every cut-off, origins side by side, with their comparison, or why there is none."""
    rows = _own(result, grouping)
    names = rows["cutoff"].map(CUTOFFS) + rows["analysis"].map(lambda name: "" if name == MAIN else WITHOUT)
    return _side_by_side(
        rows.assign(cutoff=names), "cutoff", ORIGIN_LABELS, ORIGIN_STATUSES, meanings=ORIGIN_COLUMNS,
        caption=f"Patients with an alteration at these levels, by {words(grouping)}",
        id=f"actionability-origins-{_slug(result, grouping)}", file="actionability_by_origin.tsv",
    )  # fmt: skip


def _side_by_side(
    rows: pd.DataFrame, head: str, labels: Mapping[str, str], statuses: Mapping[str, str], *,
    meanings: Mapping[str, str], caption: str, id: str, file: str,  # noqa: A002  # the name in HTML
) -> Markup:  # fmt: skip
    """Return one row per cut-off or marker, one column per origin, and below it how the origins compare."""
    share = share_with_limits(rows, "n_actionable", "n_profiled", "proportion", "cp_lo", "cp_hi")
    wide = spread(rows.assign(share=share.fillna("nobody profiled")), [head], "origin", "share", "proportion")
    whole = rows.loc[rows["origin"] == ALL].set_index(head).loc[wide.frame[head]]
    beside = [name for name in ("n_not_covered", "p", "q_bh") if name in labels]
    warned = rows.groupby(head, sort=False)["warnings"].agg(_union)
    shown = wide.frame.assign(
        warnings=warned.loc[wide.frame[head]].to_numpy(dtype=object),
        **{name: whole[name].array for name in beside},
    )
    sizes = rows.groupby("origin")["n_total"].max()
    heads = {name: f"{words(origin)}, n = {sizes[origin]}" for name, origin in wide.groups.items()}
    order = [head, *wide.groups, *wide.sort.values(), *beside, "warnings"]
    said: dict[str, list[str]] = {}
    for name, row in zip(whole.index, whole.to_dict("records"), strict=True):
        said.setdefault(_compare(row, statuses), []).append(str(name))
    table = render_table(
        shown[order], columns={**meanings, **dict.fromkeys(heads, SHARE)}, labels={**labels, **heads}, sort=wide.sort,
        formats=dict.fromkeys([name for name in beside if name != "n_not_covered"], p_text),
        warnings_column="warnings", caption=f"{caption}. {RESEARCH_USE}", id=id, source=f"{tables.FOLDER}/{file}",
    )  # fmt: skip
    return join([table, bullets(f"{', '.join(names)}: {text}" for text, names in said.items())])


def _union(codes: pd.Series) -> str:
    """Return the codes of several rows, each once."""
    return ";".join(sorted({code for text in codes.dropna() for code in str(text).split(";") if code}))


def _by_marker(result: ActionabilityResult) -> list[Markup | None]:
    """Return the markers that were found at a counted level, each with its own denominators."""
    table = result.by_marker
    found = table.loc[(table["origin"] == ALL) & (table["n_actionable"] > 0), ["grouping", "marker"]]
    heading = tag("h3", "Markers at a counted level")
    if not len(found):
        return [heading, paragraph("No marker was found at a counted level (N1 to N3B).")]
    parts: list[Markup | None] = [heading]
    for grouping in result.plan["by"]:
        names = found.loc[found["grouping"] == grouping, "marker"]
        rows = table.loc[(table["grouping"] == grouping) & table["marker"].isin(names)]
        order = list(dict.fromkeys(_own(result, grouping)["origin"]))  # usual order of origins
        rows = rows.sort_values("origin", key=lambda names: pd.Series(names).map(order.index), kind="stable")
        parts.append(
            _side_by_side(
                rows.sort_values("marker", kind="stable"), "marker", MARKER_LABELS, MARKER_ORIGIN_STATUSES,
                meanings=MARKER_ORIGIN_COLUMNS,
                caption=f"Patients with a marker at a counted level, by {words(grouping)}",
                id=f"actionability-markers-{_slug(result, grouping)}", file="actionability_by_marker.tsv",
            )
        )  # fmt: skip
    return parts


def _hits(hits: dict[str, pd.DataFrame]) -> list[Markup | None]:
    """Return the hits that count, those of resistance, and those that are shown and never counted."""
    counted, resistance, other = (hits[name] for name in ("counted", "resistance", "other"))
    parts: list[Markup | None] = [tag("h3", "Alterations at a counted level")]
    if len(counted):
        parts.append(tables.tabulate_hits(counted, id="actionability-hits", caption="Alterations at levels N1 to N3B."))
    else:
        parts.append(paragraph("No alteration is at a counted level."))
    parts.append(tag("h3", "Resistance"))
    if len(resistance):
        caption = "Evidence of resistance, never counted as actionable."
        parts.append(tables.tabulate_hits(resistance, id="actionability-resistance", caption=caption))
    else:
        parts.append(paragraph("No alteration with evidence of resistance was found."))
    if len(other):
        caption = "Levels that are shown and never counted."
        table = tables.tabulate_hits(other, id="actionability-other", caption=caption)
        parts.append(fold(f"Alterations at levels that are not counted ({len(other)})", table))
    return parts


def _coverage(result: ActionabilityResult) -> list[Markup | None]:
    """Say which targets were not looked for: no finding there means nothing."""
    table = tables.tabulate_coverage(result)
    text = "Nothing is said of a patient about a target that was not covered."
    if table is None:
        text = "Every target that could give a level was covered in everybody."
    return [tag("h3", "Targets not covered"), paragraph(text), table]


def _unknown(result: ActionabilityResult) -> list[Markup | None]:
    heading, n = tag("h3", "Variants of unknown significance"), len(result.vus)
    if not n:
        return [heading, paragraph("No variant of a gene with rules was left without one.")]
    text = f"Variants in genes with rules to which no rule could be applied: {n}, none of them counted."
    return [heading, paragraph(text), tables.tabulate_vus(result)]


def _imported(result: ActionabilityResult) -> list[Markup | None]:
    """Return imported assertions, apart and labelled; nothing where nothing was imported."""
    if not result.plan["imports"] and not len(result.imported):
        return []
    sources = [
        f"{item['source']} {item['version']} ({item['date']}), licence {item['licence']}: {item['n']} assertions read,"
        f" {item['n_rejected']} rejected"
        for item in result.plan["imports"]
    ]
    table = tables.tabulate_imported(result) if len(result.imported) else None
    empty = None if table else paragraph("None of them is about an alteration of this cohort.")
    return [tag("h3", "Imported assertions, not counted"), paragraph(IMPORTED), bullets(sources), table, empty]


def _context(result: ActionabilityResult, hits: pd.DataFrame) -> list[Markup | None]:
    """Return the drugs that are used whatever the genotype: lines received, levels not counted, and the list."""
    caption = "Levels of drugs that are used whatever the genotype, never counted."
    shown = tables.tabulate_hits(hits, id="actionability-context-hits", caption=caption) if len(hits) else None
    return [
        tag("h3", "Drugs used irrespective of the genotype"),
        paragraph(CONTEXT),
        tables.tabulate_lines(result),
        fold(f"Levels that such drugs would have ({len(hits)})", shown),
        fold("The list of these drugs", tables.tabulate_context()),
    ]
