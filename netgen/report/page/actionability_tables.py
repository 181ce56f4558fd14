"""Tables about actionability: patients, hits, targets not covered, imported assertions, drugs of any genotype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.actionability.context_drugs import APPROVED_CLASSES, CONTEXT_COLUMNS, list_context
from netgen.actionability.levels import COUNTED, RESEARCH_USE, RESISTANCE
from netgen.association.actionability import LINE_COLUMNS
from netgen.association.actionable_context import is_context
from netgen.association.actionable_coverage import COVERAGE_COLUMNS
from netgen.association.actionable_patients import PATIENT_LEVEL_COLUMNS, therapeutic_hits
from netgen.report.actionability_columns import HIT_MEANINGS, IMPORTED_MEANINGS, VUS_MEANINGS
from netgen.report.page.association_cells import each
from netgen.report.page.share_cells import percent
from netgen.report.page.tables import render_table
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgen.association.actionability import ActionabilityResult
    from netgen.report.page.markup import Markup

FOLDER: Final = "actionability"
ALL: Final = "all"
NOT_PROFILED: Final = "not profiled"
FRAMEWORKS: Final = {"oncokb": "OncoKB", "escat": "ESCAT", "amp": "AMP", "civic": "CIViC"}
NATIVE: Final = {"oncokb": "OncoKB", "escat": "ESCAT", "fda": "FDA approval"}
SCOPES: Final = {
    "in_scope": "in scope", "agnostic": "any solid tumour", "out_of_scope": "another tumour type",
    "uncertain": "uncertain",
}  # fmt: skip
PATIENT_LABELS: Final = {
    "patient_id": "Patient", "origin_group3": "Origin", "oncotree_code": "Tumour type", "best_level": "Best level",
    "actionable": "Actionable", "best_gene": "Gene", "best_alteration": "Alteration", "best_scope": "Evidence is",
    "best_therapy": "Therapies of the rules", "best_rules": "Rules", "resistance": "Resistance",
    "context": "Not counted", "other_levels": "No therapy", "flags": "Flags",
}  # fmt: skip
HIT_LABELS: Final = {
    "patient_id": "Patient", "gene": "Gene", "alteration": "Alteration", "level": "Level", "scope_match": "Evidence is",
    "direction": "Direction", "therapy": "Therapy of the rule", "stated": "Level as stated",
    "approximate": "Approximately", "rule_id": "Rule", "sources": "Sources", "snapshot": "Snapshot", "note": "Note",
    "flags": "Flags",
}  # fmt: skip
HIT_COLUMNS: Final = {
    **HIT_MEANINGS,
    "stated": "level in the words of the source of the rule: OncoKB level, ESCAT tier, kind of FDA approval",
    "approximate": "rough equivalents in other frameworks, never an assignment by those who keep them",
}
COVERAGE_LABELS: Final = {
    "marker": "Marker", "best_level": "Best possible level", "what": "Needs", "n_profiled": "Covered",
    "n_not_covered": "Not covered", "n_total": "Patients", "reasons": "Why not",
}  # fmt: skip
VUS_LABELS: Final = {
    "patient_id": "Patient", "sample_id": "Sample", "gene": "Gene", "alteration": "Alteration",
    "vaf": "Allele fraction, %", "reason": "Why no rule applies",
}  # fmt: skip
IMPORTED_LABELS: Final = {
    "patient_id": "Patient", "gene": "Gene", "alteration": "Alteration", "imported_source": "Source",
    "imported_version": "Version", "imported_licence": "Licence", "imported_id": "Id", "imported_disease": "Disease",
    "imported_scope_match": "For this tumour", "imported_therapy": "Therapies named",
    "imported_direction": "Says", "imported_level": "Level of the source", "imported_citation": "Citation",
}  # fmt: skip
CONTEXT_LABELS: Final = {
    "drug": "Drug", "approved_class": "Use", "setting": "Setting", "agency": "Agency", "date": "Date",
    "selection": "Selection", "source": "Source",
}  # fmt: skip


def split_hits(hits: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the hits by what they mean for the counts; every hit of a level is in one part.

    Parameters
    ----------
    hits
        ``actionability.matching.HIT_COLUMNS``.

    Returns
    -------
    dict
        ``counted`` (N1 to N3B that count), ``resistance``, ``context`` (drugs used whatever the genotype) and
        ``other`` (shown and never counted: N3C, N4, sensitivity that resistance takes back or whose tumour type is
        uncertain, levels without a therapy). Rows of level NX are in none.
    """
    giving = therapeutic_hits(hits)
    counts = pd.Series(hits.index.isin(giving.index[giving["level"].isin(COUNTED)]), index=hits.index)
    resists = hits["direction"].eq("resistance").fillna(value=False) & hits["level"].isin(RESISTANCE)
    context = pd.Series(is_context(hits), index=hits.index)
    other = ~(counts | resists | context) & hits["level"].ne("NX")
    parts = {
        "counted": counts,
        "resistance": resists & ~counts,
        "context": context & ~counts & ~resists,
        "other": other,
    }
    return {name: hits.loc[mask.to_numpy(dtype=bool)].reset_index(drop=True) for name, mask in parts.items()}


def tabulate_hits(hits: pd.DataFrame, *, id: str, caption: str) -> Markup:  # noqa: A002  # the name in HTML
    """Return alterations with the rules that hold for them.

    Parameters
    ----------
    hits
        Rows of ``actionability.tsv``.
    id
        Anchor of the table.
    caption
        What it shows.

    Returns
    -------
    Markup
        One row per alteration, rule and therapy, with rule, source and date.
    """
    rows = hits.assign(
        stated=_frameworks(hits, "native", NATIVE),
        approximate=_frameworks(hits, "approx", FRAMEWORKS),
        scope_match=hits["scope_match"].map(SCOPES).fillna(hits["scope_match"]),
        direction=hits["direction"].map(words, na_action="ignore"),
        sources=_spaced(hits["sources"]),
        flags=_spaced(hits["flags"]),
    )
    return render_table(
        rows[list(HIT_LABELS)], columns=HIT_COLUMNS, labels=HIT_LABELS, caption=f"{caption} {RESEARCH_USE}", id=id,
        row_patient="patient_id", source=f"{FOLDER}/actionability.tsv",
    )  # fmt: skip


def tabulate_patients(result: ActionabilityResult) -> Markup:
    """Return the best level of every patient and what it rests on.

    Parameters
    ----------
    result
        A finished analysis.

    Returns
    -------
    Markup
        One row per patient; who was not looked at has no level, and the cell says so.
    """
    rows = result.patients
    shown = rows.assign(
        origin_group3=rows["origin_group3"].map(words, na_action="ignore"),
        best_level=rows["best_level"].fillna(NOT_PROFILED),
        best_scope=rows["best_scope"].map(SCOPES, na_action="ignore"),
        **{name: _spaced(rows[name]) for name in ("best_therapy", "best_rules", "resistance", "other_levels", "flags")},
        context=_spaced(rows["context"]),
    )
    return render_table(
        shown[list(PATIENT_LABELS)], columns=PATIENT_LEVEL_COLUMNS, labels=PATIENT_LABELS,
        caption=f"Best level of evidence of every patient. {RESEARCH_USE}", id="actionability-patients",
        row_patient="patient_id", source=f"{FOLDER}/actionability_patients.tsv",
    )  # fmt: skip


def tabulate_coverage(result: ActionabilityResult) -> Markup | None:
    """Return the targets that were not looked for in everybody.

    Parameters
    ----------
    result
        A finished analysis.

    Returns
    -------
    Markup or None
        Markers that could give a level, not covered in nobody or in some; None if all were covered in everybody.
    """
    rows = result.coverage
    rows = rows.loc[(rows["group"] == ALL) & (rows["best_level"] != "NX") & (rows["n_not_covered"] > 0)]
    if not len(rows):
        return None
    rows = rows.sort_values(["n_not_covered", "best_level", "marker"], ascending=[False, True, True], kind="stable")
    shown = rows.assign(reasons=rows["reasons"].map(_reasons))
    return render_table(
        shown[list(COVERAGE_LABELS)], columns=COVERAGE_COLUMNS, labels=COVERAGE_LABELS,
        caption="Targets that were not covered in everybody", id="actionability-coverage",
        source=f"{FOLDER}/targets_covered.tsv",
    )  # fmt: skip


def tabulate_vus(result: ActionabilityResult) -> Markup:
    """Return the variants of genes with rules that no rule could be applied to.

    Parameters
    ----------
    result
        A finished analysis.

    Returns
    -------
    Markup
        One row per variant.
    """
    rows = result.vus.assign(reason=result.vus["reason"].map(words, na_action="ignore"))
    return render_table(
        rows[list(VUS_LABELS)], columns=VUS_MEANINGS, labels=VUS_LABELS, formats={"vaf": percent},
        caption="Variants of unknown significance", id="actionability-vus", row_patient="patient_id",
        source=f"{FOLDER}/variants_of_unknown_significance.tsv",
    )  # fmt: skip


def tabulate_imported(result: ActionabilityResult) -> Markup:
    """Return what imported sources assert, in their own terms.

    Parameters
    ----------
    result
        A finished analysis.

    Returns
    -------
    Markup
        One row per alteration and assertion, each with source, version and licence.
    """
    rows = result.imported
    scope = rows["imported_scope_match"].map(SCOPES).fillna(rows["imported_scope_match"])
    return render_table(
        rows.assign(imported_scope_match=scope)[list(IMPORTED_LABELS)], columns=IMPORTED_MEANINGS,
        labels=IMPORTED_LABELS, caption=f"Assertions of imported sources, never counted. {RESEARCH_USE}",
        id="actionability-imported", row_patient="patient_id", source=f"{FOLDER}/imported_assertions.tsv",
    )  # fmt: skip


def tabulate_lines(result: ActionabilityResult) -> Markup | None:
    """Return how many lines of treatment had drugs that are used whatever the genotype.

    Parameters
    ----------
    result
        A finished analysis.

    Returns
    -------
    Markup or None
        One row per regimen; None without such a line.
    """
    rows = result.lines
    if not len(rows):
        return None
    counts = rows.groupby(["regimen", "approved_class"])["patient_id"].agg(n_lines="size", n_patients="nunique")
    shown = counts.reset_index().sort_values(["n_lines", "regimen"], ascending=[False, True], kind="stable")
    shown["approved_class"] = shown["approved_class"].map(APPROVED_CLASSES)
    return render_table(
        shown[["regimen", "n_lines", "n_patients", "approved_class"]],
        columns={**LINE_COLUMNS, "n_lines": "lines of treatment", "n_patients": "patients with such a line"},
        labels={"regimen": "Regimen", "n_lines": "Lines", "n_patients": "Patients", "approved_class": "Use"},
        caption="Regimens received that are used whatever the genotype", id="actionability-lines",
        source=f"{FOLDER}/lines_irrespective_of_genotype.tsv",
    )  # fmt: skip


def tabulate_context() -> Markup:
    """Return the list of drugs that are used in neuroendocrine tumours whatever the genotype.

    Returns
    -------
    Markup
        One row per drug and setting, each with its source; a fact that was not looked up says so.
    """
    rows = list_context()
    source = rows["source"].where(rows["verified"], "not looked up")
    shown = rows.assign(approved_class=rows["approved_class"].map(APPROVED_CLASSES), source=source)
    return render_table(
        shown[list(CONTEXT_LABELS)], columns=CONTEXT_COLUMNS, labels=CONTEXT_LABELS,
        caption="Drugs used in neuroendocrine tumours irrespective of the genotype", id="actionability-context",
        source=f"{FOLDER}/drugs_irrespective_of_genotype.tsv",
    )  # fmt: skip


def _frameworks(hits: pd.DataFrame, kind: str, names: Mapping[str, str]) -> pd.Series:
    """Levels in other frameworks, those there are, each with its name."""
    return each(
        hits, lambda row: ", ".join(f"{name} {row[f'{kind}_{key}']}" for key, name in names.items()
                                    if not pd.isna(row[f"{kind}_{key}"]) and row[f"{kind}_{key}"] != "")
    )  # fmt: skip


def _spaced(texts: pd.Series) -> pd.Series:
    """Items joined by ; with a blank behind it, so that lines can break."""
    return texts.astype("string").str.replace(r";\s*", "; ", regex=True)


def _reasons(text: str) -> str:
    """``gene_not_on_panel 34`` in words."""
    parts = [item.rpartition(" ") for item in str(text).split(";") if item]
    return "; ".join(f"{words(name)}: {count}" for name, _, count in parts)
