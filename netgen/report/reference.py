"""Reference pages made from the declarations in the code: tables, messages, columns of results. ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from netgen import schema
from netgen.actionability.context_drugs import CONTEXT_COLUMNS
from netgen.actionability.levels import LEVELS
from netgen.actionability.rules import DIRECTIONS, FILE_KEYS, KIND, RULE_KEYS
from netgen.association import describe_results as describe
from netgen.association import response_results as response
from netgen.association import therapy_tables as therapy
from netgen.association.actionability import LINE_COLUMNS
from netgen.association.actionability_by_origin import ORIGIN_COLUMNS, ORIGIN_STATUSES
from netgen.association.actionable_by_marker import MARKER_ORIGIN_COLUMNS
from netgen.association.actionable_coverage import COVERAGE_COLUMNS
from netgen.association.actionable_patients import LEVEL_COUNT_COLUMNS, PATIENT_LEVEL_COLUMNS
from netgen.association.competing import COMPETING_COLUMNS, INCIDENCE_COLUMNS
from netgen.association.cooccurrence import COOCCURRENCE_COLUMNS, COOCCURRENCE_STATUSES
from netgen.association.entry_comparison import ENTRY_COMPARISON_COLUMNS
from netgen.association.frequencies import FREQUENCY_COLUMNS, FREQUENCY_STATUSES
from netgen.association.gene_treatment import GENE_TREATMENT_COLUMNS, GENE_TREATMENT_STATUSES
from netgen.association.influence import INFLUENCE_COLUMNS
from netgen.association.results import ASSOCIATION_COLUMNS, HETEROGENEITY_COLUMNS, STATUSES
from netgen.association.schoenfeld import SCHOENFELD_COLUMNS
from netgen.association.survival_results import FOLLOWUP_COLUMNS, GROUP_STATUSES, GROUP_TEST_COLUMNS
from netgen.association.truncation import TRUNCATION_COLUMNS
from netgen.clinical.response import BEST_RESPONSE_COLUMNS
from netgen.clinical.tumour_size import SIZE_COLUMNS
from netgen.clinical.validate import describe_rules
from netgen.errors import CODES
from netgen.genomics.coverage_ledger import LEDGER_COLUMNS
from netgen.genomics.tmb import TMB_COLUMNS
from netgen.report.actionability_columns import HIT_MEANINGS, IMPORTED_MEANINGS, VUS_MEANINGS
from netgen.report.annotate_files import LEVEL_COLUMNS
from netgen.report.lollipop_files import LOLLIPOP_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTE = "<!-- Written by `make docs` from the code; do not edit. -->\n"


def render_tables() -> str:
    """Return the page of all tables and columns.

    Returns
    -------
    str
        Markdown.
    """
    parts = [f"# Tables\n\n{NOTE}"]
    for table in schema.TABLES.values():
        key = f" Key: {', '.join(table.key)}." if table.key else ""
        rows = [
            (
                f"`{column.name}`",
                column.kind,
                column.unit,
                _permitted(column),
                "yes" if column.required else "",
                column.meaning,
            )
            for column in table.columns
        ]
        parts.append(f"## {table.name}\n\nOne row per {table.row.removeprefix('one ')}.{key}\n")
        parts.append(_table(("column", "type", "unit", "permitted", "required", "meaning"), rows))
    return "\n".join(parts)


def _permitted(column: schema.Column) -> str:
    if column.values:
        return ", ".join(column.values)
    if column.low is not None or column.high is not None:
        low = "" if column.low is None else f"{column.low:g}"
        high = "" if column.high is None else f"{column.high:g}"
        return f"{low} .. {high}"
    return ""


def render_messages() -> str:
    """Return the page of all message codes and of the rules of ``netgen check``.

    Returns
    -------
    str
        Markdown.
    """
    rules = [(str(rule.id), str(rule.severity), str(rule.text)) for rule in describe_rules().itertuples()]
    return "\n".join(
        [
            f"# Messages\n\n{NOTE}",
            "E stops the command, W is printed beside the result, I is log only.\n",
            _table(("code", "when"), _named(dict(sorted(CODES.items())))),
            "\n## Rules across clinical tables\n",
            _table(("rule", "severity", "what"), rules),
        ]
    )


RULE_FILES: Final = (
    "A YAML file, or a tab-separated one whose columns are the dotted keys and whose lists are joined by `;`. "
    "`netgen rules check FILE` reports everything that is wrong with one.\n"
)
# Command -> the tables it writes: name and meaning of each column, or of each status.
RESULTS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "associate": {
        "associations.tsv": ASSOCIATION_COLUMNS,
        "Row statuses": STATUSES,
        "heterogeneity.tsv": HETEROGENEITY_COLUMNS,
        "truncation.tsv": TRUNCATION_COLUMNS,
        "entry_comparison.tsv": ENTRY_COMPARISON_COLUMNS,
        "cooccurrence.tsv": COOCCURRENCE_COLUMNS,
        "cooccurrence.tsv: statuses": COOCCURRENCE_STATUSES,
        "frequencies.tsv": FREQUENCY_COLUMNS,
        "frequencies.tsv: statuses": FREQUENCY_STATUSES,
        "gene_treatment.tsv": GENE_TREATMENT_COLUMNS,
        "gene_treatment.tsv: statuses": GENE_TREATMENT_STATUSES,
        "influence.tsv": INFLUENCE_COLUMNS,
        "schoenfeld.tsv": SCHOENFELD_COLUMNS,
    },
    "annotate": {"variants.tsv": LEVEL_COLUMNS, "coverage.tsv": LEDGER_COLUMNS, "actionability.tsv": HIT_MEANINGS},
    "lollipop": {"lollipop_GENE.tsv": LOLLIPOP_COLUMNS},
    "actionability": {
        "actionability.tsv": HIT_MEANINGS,
        "actionability_patients.tsv": PATIENT_LEVEL_COLUMNS,
        "actionability_by_origin.tsv": ORIGIN_COLUMNS,
        "actionability_by_origin.tsv: statuses": ORIGIN_STATUSES,
        "actionability_by_marker.tsv": MARKER_ORIGIN_COLUMNS,
        "levels_by_origin.tsv": LEVEL_COUNT_COLUMNS,
        "targets_covered.tsv": COVERAGE_COLUMNS,
        "variants_of_unknown_significance.tsv": VUS_MEANINGS,
        "imported_assertions.tsv": IMPORTED_MEANINGS,
        "lines_irrespective_of_genotype.tsv": LINE_COLUMNS,
        "drugs_irrespective_of_genotype.tsv": CONTEXT_COLUMNS,
    },
    "survival": {
        "group_tests.tsv": GROUP_TEST_COLUMNS,
        "group_tests.tsv: statuses": GROUP_STATUSES,
        "followup.tsv": FOLLOWUP_COLUMNS,
        "competing.tsv": COMPETING_COLUMNS,
        "incidence.tsv": INCIDENCE_COLUMNS,
    },
    "response": {
        "response.tsv": response.RESPONSE_COLUMNS,
        "response.tsv: statuses": response.RESPONSE_STATUSES,
        "best_responses.tsv": BEST_RESPONSE_COLUMNS,
        "response_by_class.tsv": response.CLASS_COLUMNS,
        "response_durations.tsv": response.DURATION_COLUMNS,
        "waterfall.tsv": SIZE_COLUMNS,
    },
    "describe": {
        "table1.tsv": describe.TABLE1_COLUMNS,
        "missingness.tsv": describe.MISSINGNESS_COLUMNS,
        "selection.tsv": describe.SELECTION_COLUMNS,
        "tmb.tsv": TMB_COLUMNS,
    },
    "therapy": {
        "algorithm_tables.tsv": therapy.TABLE_COLUMNS,
        "algorithm_classes.tsv": therapy.CLASS_COLUMNS,
        "algorithm_differences.tsv": therapy.DIFFERENCE_COLUMNS,
        "algorithm_reach.tsv": therapy.REACH_COLUMNS,
        "algorithm_sequences.tsv": therapy.SEQUENCE_COLUMNS,
        "permanova.json": therapy.SEQUENCE_TEST_COLUMNS,
        "exposure.tsv": therapy.EXPOSURE_COLUMNS,
        "line_counts.tsv": therapy.COUNT_COLUMNS,
        "line_starts.tsv": therapy.STARTS_COLUMNS,
        "line_endpoints.tsv": therapy.TIME_COLUMNS,
        "transitions.tsv": therapy.TRANSITION_COLUMNS,
        "transition_tests.tsv": therapy.TRANSITION_TEST_COLUMNS,
        "pathway.tsv": therapy.PATHWAY_COLUMNS,
        "evolution.tsv": therapy.EVOLUTION_COLUMNS,
        "ki67_pairs.tsv": therapy.PAIR_COLUMNS,
        "grade_migration.tsv": therapy.MIGRATION_COLUMNS,
        "timeline.tsv": therapy.TIMELINE_COLUMNS,
    },
}


def render_results() -> str:
    """Return the page of result columns and row statuses.

    Returns
    -------
    str
        Markdown.
    """
    parts = [f"# Results\n\n{NOTE}"]
    for command, tables in RESULTS.items():
        parts.append(f"# `netgen {command}`\n")
        for title, meanings in tables.items():
            head = "status" if title.endswith("tatuses") else "column"
            parts.append(f"## {title}\n\n{_table((head, 'meaning'), _named(meanings))}")
    return "\n".join(parts)


def render_rules() -> str:
    """Return the page of the keys and vocabularies of a rule table.

    Returns
    -------
    str
        Markdown.
    """
    kinds = [(f"`{name}`", kind.meaning, str(kind.specificity), _codes(kind.needs), _codes(kind.may))
             for name, kind in KIND.items()]  # fmt: skip
    directions = [(f"`{name}`", ", ".join(levels)) for name, levels in DIRECTIONS.items()]
    return "\n".join(
        [
            f"# Rule tables\n\n{NOTE}",
            RULE_FILES,
            f"## Keys of the file (YAML)\n\n{_table(('key', 'meaning'), _named(FILE_KEYS))}",
            f"## Keys of a rule\n\n{_table(('key', 'meaning'), _named(RULE_KEYS))}",
            f"## Kinds of alteration\n\n{_table(('kind', 'meaning', 'specificity', 'needs', 'may have'), kinds)}",
            f"## Levels\n\n{_table(('level', 'meaning'), _named(LEVELS))}",
            f"## Directions\n\n{_table(('direction', 'levels it may have'), directions)}",
        ]
    )


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _named(meanings: dict[str, str]) -> list[tuple[str, str]]:
    return [(f"`{name}`", meaning) for name, meaning in meanings.items()]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> None:
    """Write the pages into a folder.

    Parameters
    ----------
    arguments
        The folder.
    """
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"tables.md": render_tables(), "messages.md": render_messages(), "results.md": render_results(),
             "rules.md": render_rules()}  # fmt: skip
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
