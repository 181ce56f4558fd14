"""Commands about levels of evidence: what is actionable in a cohort, and whether rules and knowledge can be used."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from netgen.cli_options import (
    PATH,
    cohort_options,
    command_line,
    finish,
    output_options,
    outputs,
    read,
    split_commas,
)
from netgen.research_use import RESEARCH_USE

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.errors import Findings


@click.command(epilog=RESEARCH_USE)
@cohort_options
@output_options("netgen_actionability")
@click.option("--rules", type=PATH, help="Rule table, YAML or TSV.  [default: of the study, or the one that ships]")
@click.option(
    "--by",
    multiple=True,
    default=("origin",),
    show_default=True,
    help="Patient column whose groups are compared; origin: in three and in two groups (repeatable).",
)
@click.option(
    "--restrict", is_flag=True, help="Compare groups on the markers that were looked for in all of their patients."
)
@click.option(
    "--oncokb-token-env",
    metavar="NAME",
    default="",
    help="Ask OncoKB, with the token in this environment variable: genes, changes and OncoTree codes leave this "
    "machine, identifiers do not.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Master seed.")  # fmt: skip
def actionability(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Levels of evidence per alteration and patient, and their distribution across origins with exact limits."""
    out, force, figures, show = outputs(options)
    if options["oncokb_token_env"]:
        from netgen.actionability.oncokb_http import read_token

        read_token(options["oncokb_token_env"])  # a token given in place of a name must not reach the provenance
    from netgen.association.actionability import assess_actionability as run
    from netgen.report.actionability_files import summarise_actionability, write_actionability

    cohort = read(options)
    options["by"] = split_commas(options["by"])
    result = run(cohort, **options)
    write_actionability(result, cohort, out, force=force, figures=figures, command=command_line())
    finish(result, lambda: summarise_actionability(result), out, **show)


@click.group()
def rules() -> None:
    """Rule tables of actionability."""


@rules.command("check")
@click.argument("file", type=PATH, required=False)
@click.option("--knowledge", type=PATH, help="Folder of a knowledge snapshot with the complete OncoTree and genes.")
def check_rule_file(file: Path | None, knowledge: Path | None) -> None:
    """Report everything wrong with the rule table FILE, or with the one that ships; exit status 1 if it has errors."""
    from netgen.actionability.annotate import check_rule_table

    table, findings = check_rule_table(file, knowledge, today=datetime.now(tz=UTC).date())
    _report(findings, f"{len(table.rules)} rules of {table.name}, snapshot {table.snapshot}" if table else "")


@click.group()
def knowledge() -> None:
    """Knowledge snapshots: folders of dated files with a manifest.json."""


@knowledge.command("check")
@click.argument("folder", type=PATH)
def check_knowledge(folder: Path) -> None:
    """Report everything wrong with the knowledge snapshot in FOLDER; exit status 1 if it has errors."""
    from netgen.actionability.annotate import describe_snapshot
    from netgen.knowledge.snapshot import check_snapshot

    today = datetime.now(tz=UTC).date()
    findings = check_snapshot(folder, today=today)
    lines = [] if findings.of("E") else describe_snapshot(folder, findings, today=today)
    _report(findings, "\n".join(lines))


def _report(findings: Findings, text: str) -> None:
    """Print findings, then what was read; exit with status 1 if an error is among them."""
    from netgen.report.findings_files import render_findings

    if text:
        click.echo(text)
    click.echo(render_findings(findings, errors_only=False))
    if findings.of("E"):
        sys.exit(1)
