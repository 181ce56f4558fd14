"""What is actionable in a cohort: levels of evidence per alteration and patient, and their distribution by origin.

Nothing is estimated here: the rules are applied (``netgen.actionability``), who was looked at for what is established
(``actionable_coverage``), and patients are counted with exact limits (``actionability_by_origin``).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from netgen.actionability.annotate import describe_knowledge
from netgen.actionability.context_drugs import annotate_lines
from netgen.association.actionability_by_origin import GROUPINGS, distribute
from netgen.association.actionable_by_marker import distribute_markers
from netgen.association.actionable_coverage import cover_markers, find_profiled, summarize_coverage
from netgen.association.actionable_patients import count_levels, summarize_patients
from netgen.association.patient_groups import expand_request
from netgen.derive import annotate_cohort
from netgen.errors import AnalysisError, Findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from netgen.actionability.annotate import Annotation
    from netgen.cohort import Cohort

# Patient columns that other analyses may ask for by name.
LEVEL_COLUMNS: Final = ("actionable", "best_level")
LINE_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "line_number": "line of treatment",
    "regimen": "drugs joined by +",
    "approved_class": "why the drugs are used in neuroendocrine tumours whatever the genotype; never counted",
}


@dataclass(frozen=True, kw_only=True)
class ActionabilityResult:
    """Everything one run of ``actionability`` found.

    Attributes
    ----------
    hits
        One row per alteration, rule and therapy, ``actionability.matching.HIT_COLUMNS``.
    patients
        One row per patient, ``actionable_patients.PATIENT_LEVEL_COLUMNS``.
    by_origin
        Actionable patients by cut-off and origin, ``actionability_by_origin.ORIGIN_COLUMNS``.
    by_marker
        The same per marker, each with its own denominators, ``actionable_by_marker.MARKER_ORIGIN_COLUMNS``.
    levels
        Best level per patient, counted by origin, ``actionable_patients.LEVEL_COUNT_COLUMNS``.
    coverage
        In how many patients each target was covered, and why not, ``actionable_coverage.COVERAGE_COLUMNS``.
    vus
        Variants of genes with rules that no rule could be applied to, ``actionability.guards.VUS_COLUMNS``.
    imported
        Assertions of imported sources that match, never counted, ``actionability.imported.IMPORTED_COLUMNS``.
    lines
        Lines of treatment with drugs used irrespective of the genotype, ``LINE_COLUMNS``.
    findings
        Warnings of reading and analysis.
    plan
        The options as resolved, and the versions of rules, tumour types and imports.
    """

    hits: pd.DataFrame
    patients: pd.DataFrame
    by_origin: pd.DataFrame
    by_marker: pd.DataFrame
    levels: pd.DataFrame
    coverage: pd.DataFrame
    vus: pd.DataFrame
    imported: pd.DataFrame
    lines: pd.DataFrame
    findings: Findings
    plan: Mapping[str, Any]


def assess_actionability(
    cohort: Cohort,
    *,
    rules: Path | None = None,
    knowledge: Path | None = None,
    by: Sequence[str] = GROUPINGS,
    restrict: bool = False,
    oncokb_token_env: str = "",
    seed: int | None = None,
) -> ActionabilityResult:
    """Return the levels of evidence of a cohort and their distribution.

    Parameters
    ----------
    cohort
        The cohort; ``oncotree_code`` says for which tumour type evidence must hold, and is never guessed.
    rules
        A rule table; None = that of the study, of the snapshot, or the one that ships.
    knowledge
        Folder of a knowledge snapshot; None = that of the study, or none.
    by
        Patient columns whose groups are compared; ``origin`` = the origins in three and in two groups.
    restrict
        Compare groups on the markers that were looked for in all of them.
    oncokb_token_env
        Name of the environment variable that holds a token for OncoKB, whose service is then asked: genes, changes and
        OncoTree codes leave the machine. Blank = nobody is asked.
    seed
        Master seed of Monte-Carlo tests; None = that of the study.

    Returns
    -------
    ActionabilityResult
        Tables with fixed columns.

    Raises
    ------
    SchemaError
        If a rule cannot be used, or a tumour type does not resolve.
    AnalysisError
        E_CONFIG if a grouping is not a patient column.

    Notes
    -----
    Witness: SC22 and SC23 in ``tests/scenarios``.

    Examples
    --------
    >>> import netgen as ng
    >>> result = ng.assess_actionability(ng.read_cohort("demo"))
    >>> sorted(result.patients["best_level"].dropna().unique())
    ['N4', 'NX']
    """
    findings = Findings(list(cohort.findings))
    groupings = _resolve_groupings(cohort, by)
    annotation = annotate_cohort(
        cohort, rules=rules, knowledge=knowledge, oncokb_token_env=oncokb_token_env, findings=findings
    )
    patients = annotation.patients.set_index("patient_id")
    coverage = _cover(cohort, annotation)
    summary = summarize_patients(annotation.hits, patients, find_profiled(coverage))
    master = cohort.study.association.seed if seed is None else seed
    by_origin = distribute(annotation.hits, patients, coverage, by=groupings, restrict=restrict, seed=master)
    _report_mismatch(by_origin, findings, restrict=restrict)
    lines = cohort.treatments.assign(approved_class=annotate_lines(cohort.treatments))
    lines = lines.sort_values(["patient_id", "line_number"], kind="stable")
    first = groupings[0] if groupings else None
    return ActionabilityResult(
        hits=annotation.hits,
        patients=summary,
        by_origin=by_origin,
        by_marker=distribute_markers(annotation.hits, patients, coverage, by=groupings, seed=master),
        levels=pd.concat([count_levels(summary, patients, name) for name in groupings], ignore_index=True),
        coverage=summarize_coverage(coverage, None if first is None else patients[first]),
        vus=annotation.vus,
        imported=annotation.imported,
        lines=lines.loc[lines["approved_class"] != "", list(LINE_COLUMNS)].reset_index(drop=True),
        findings=findings,
        plan={
            "by": list(groupings), "restrict": restrict, "seed": master, **describe_knowledge(annotation.knowledge),
        },
    )  # fmt: skip


def add_levels(cohort: Cohort, names: Iterable[str], *, findings: Findings | None = None) -> Cohort:
    """Return the cohort with the levels of evidence as patient columns, if one of them is asked for.

    Parameters
    ----------
    cohort
        The cohort.
    names
        Columns that an analysis asks for.
    findings
        Collects warnings; None = not wanted.

    Returns
    -------
    Cohort
        With ``actionable`` (yes, no; missing = not looked for) and ``best_level`` behind the columns of ``patients``; a
        column of that name in the data stays as it is. The same cohort if nothing is to be added.
    """
    wanted = set(names) & set(LEVEL_COLUMNS) - set(cohort.patients.columns)
    if not wanted:
        return cohort
    annotation = annotate_cohort(cohort, findings=findings)
    patients = annotation.patients.set_index("patient_id")
    summary = summarize_patients(annotation.hits, patients, find_profiled(_cover(cohort, annotation)))
    found = summary.set_index("patient_id").reindex(cohort.patients["patient_id"])
    told = found["actionable"].map({True: "yes", False: "no"})
    columns = {"actionable": told.astype("string").array, "best_level": found["best_level"].astype("string").array}
    free = {name: column for name, column in columns.items() if name not in cohort.patients}
    return dataclasses.replace(cohort, patients=cohort.patients.assign(**free))


def _cover(cohort: Cohort, annotation: Annotation) -> Any:  # noqa: ANN401  # MarkerCoverage
    altered = annotation.alterations
    return cover_markers(
        annotation.knowledge.rules.rules,
        annotation.knowledge.tree,
        annotation.patients.set_index("patient_id"),
        samples=annotation.samples,
        profiles=cohort.profiles,
        panels=cohort.panels,
        panel_genes=cohort.panel_genes,
        biomarkers=altered[altered["kind"] == "biomarker"],
        alterations=altered,
        hits=annotation.hits,
        calls=cohort.calls,
    )


def _resolve_groupings(cohort: Cohort, by: Sequence[str]) -> tuple[str, ...]:
    names = expand_request(by, cohort.patients.columns)
    unknown = [name for name in names if name not in cohort.patients.columns]
    if unknown:
        raise AnalysisError(
            "E_CONFIG",
            f"groups need a patient column, found {', '.join(unknown)}.",
            fix=f"Use one of {', '.join(sorted(map(str, cohort.patients.columns)))}.",
        )
    return tuple(names)


def _report_mismatch(by_origin: pd.DataFrame, findings: Findings, *, restrict: bool) -> None:
    """Say once per grouping that its groups were looked at for different things."""
    told = "are compared on the markers they have in common only" if restrict else "are not compared as they are"
    fix = "" if restrict else "Use --restrict to compare them on the markers that they have in common."
    rows = by_origin.loc[by_origin["warnings"].str.contains("W_PANEL_MISMATCH").fillna(value=False)]
    for row in rows.drop_duplicates("grouping").itertuples():
        findings.add(
            "W_PANEL_MISMATCH",
            f"{row.grouping}: the groups were not looked at for the same markers, and {told}.",
            fix=fix,
            value=row.grouping,
        )
