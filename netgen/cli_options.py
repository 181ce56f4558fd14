"""What the commands share: the options that name a cohort, reading it, and what is printed beside results."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from netgen.errors import Findings, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netgen.cohort import Cohort

PATH: Final = click.Path(path_type=Path)
OPTION_OF: Final = {"time": "time_column", "event": "event_column"}  # field of a quick look -> name of its option


def _with(command: Callable[..., None], decorators: Iterable[Callable[..., Any]]) -> Callable[..., None]:
    for decorate in reversed(list(decorators)):
        command = decorate(command)
    return command


def cohort_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the argument and the options that name a cohort.

    Parameters
    ----------
    command
        A function that takes them by name.

    Returns
    -------
    Callable
        The same, decorated.
    """
    named = [
        click.argument("cohort", required=False),
        click.option("--variants", multiple=True, type=PATH,
                     help="Quick look: sequencing files of any kind, or folders of them."),
        click.option("--clinical", type=PATH,
                     help="Quick look: one table with a row per patient; without it every sample is a patient."),
    ]  # fmt: skip
    columns = [
        click.option("--patient-id", metavar="COLUMN", help="Quick look: column that holds the patient."),
        click.option("--sample-id", metavar="COLUMN", help="Quick look: column that holds the sample."),
        click.option("--time", "time_column", metavar="COLUMN", help="Quick look: time of the endpoint."),
        click.option("--event", "event_column", metavar="COLUMN", help="Quick look: status of the endpoint."),
        click.option("--unit", type=click.Choice(["days", "months", "years"]), help="Quick look: unit of --time."),
        click.option("--date-order", type=click.Choice(["dmy", "mdy"]), help="How 03/04/2020 is to be read."),
        click.option("--status-map", multiple=True, metavar="VALUE=STATUS", help="e.g. 1=dead,2=alive (repeatable)."),
        click.option("--on-duplicate", type=click.Choice(["error", "exclude"]), help="Conflicting patient rows."),
        click.option("--skip-invalid", is_flag=True, help="Leave out patients with E_ findings, and count them."),
    ]
    return _with(sequencing_options(_with(command, columns)), named)


def sequencing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how sequencing files are read and what was sequenced.

    Parameters
    ----------
    command
        A function that takes them by name.

    Returns
    -------
    Callable
        The same, decorated.
    """
    return _with(
        command,
        [
            click.option("--panel", type=PATH, help="Genes or regions that were sequenced."),
            click.option("--assay", type=click.Choice(["wes", "wgs"]), help="What was sequenced: exome or genome."),
            click.option("--assume-profiled", is_flag=True, help="Genes seen anywhere count as sequenced."),
            click.option("--genome", type=click.Choice(["GRCh37", "GRCh38"]), help="Build of files that state none."),
            click.option("--fasta", type=PATH, help="Genome sequence, for variants without a consequence."),
            click.option(
                "--gff", type=PATH, help="Gene models (GFF3 of Ensembl or GENCODE), for them and for segments."
            ),
            click.option("--oncotree", metavar="CODE", help="Tumour type of patients without one, e.g. PANET."),
            click.option(
                "--knowledge",
                type=PATH,
                help="Folder of a knowledge snapshot: gene names, hot spots, tumour types, rules, other sources.",
            ),
            click.option(
                "--excel-dates", type=click.Choice(["error", "unresolved"]), help="Symbols turned into dates."
            ),
            click.option("--filters", type=click.Choice(["pass", "any"]), help="Which FILTER values count."),
        ],
    )


def output_options(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what adds the options that say where results go and what is printed.

    Parameters
    ----------
    default
        Folder for results, if none is given.

    Returns
    -------
    Callable
        A decorator of commands.
    """

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for decorate in reversed(
            [
                click.option("--out", type=PATH, default=Path(default), show_default=True, help="Folder for results."),
                click.option("--force", is_flag=True, help="Replace the files of an earlier run."),
                click.option("--no-figures", is_flag=True, help="Tables only."),
                click.option("--quiet", is_flag=True, help="Print nothing but problems."),
                click.option("--verbose", is_flag=True, help="Print every warning and log message."),
            ]
        ):
            command = decorate(command)
        return command

    return add


def outputs(options: dict[str, Any]) -> tuple[Path, bool, bool, dict[str, bool]]:
    """Take what ``output_options`` added out of the options; refuse a folder in use before any work.

    Parameters
    ----------
    options
        Everything that click handed over.

    Returns
    -------
    tuple
        Folder, whether to replace an earlier run, whether to draw figures, what to print.
    """
    from netgen.report.write import check_target

    out, force, figures = options.pop("out"), options.pop("force"), not options.pop("no_figures")
    check_target(out, force=force)
    return out, force, figures, {name: options.pop(name) for name in ("quiet", "verbose")}


def finish(result: Any, text: Callable[[], str], out: Path, *, quiet: bool, verbose: bool) -> None:  # noqa: ANN401
    """Print warnings and the summary of a result of any command.

    Parameters
    ----------
    result
        Has ``findings``.
    text
        Makes the summary, if it is wanted.
    out
        Where the files are.
    quiet, verbose
        What the user asked for.
    """
    log(result.findings, quiet=quiet, verbose=verbose, as_json=False)
    if not quiet:
        click.echo(text())
        click.echo(f"Tables, figures and provenance are in {out}/.")


def command_line() -> str:
    """Return the command as typed, for the provenance."""
    return shlex.join(["netgen", *sys.argv[1:]])


def read(options: dict[str, Any], *, sequencing: str | None = None) -> Cohort:
    """Read the cohort that the options name, and take them out of the options.

    Parameters
    ----------
    options
        Everything that click handed over; what names the cohort is removed.
    sequencing
        optional: the command can do without genes; None = as the study says.

    Returns
    -------
    Cohort
        As read.

    Raises
    ------
    click.UsageError
        If no cohort is named, or one in two ways.
    """
    from netgen.cli_progress import ProgressLine
    from netgen.cohort import QuickLook, read_cohort
    from netgen.progress import listening

    quick = QuickLook(
        **{item.name: options.pop(OPTION_OF.get(item.name, item.name), item.default) for item in fields(QuickLook)}
    )
    settings = ("date_order", "on_duplicate", "skip_invalid", "excel_dates", "filters")
    reading = {name: options.pop(name, None) or None for name in settings}
    reading["status_map"] = _status_map(options.pop("status_map", ()))
    reading["sequencing"] = sequencing
    cohort = options.pop("cohort", None)
    if cohort is None and not quick.given:
        raise click.UsageError(
            "Name a COHORT (demo, study.toml, a study folder, a spreadsheet), or give --variants, with --clinical."
        )
    if cohort is not None and quick.files:
        given = ", ".join(f"--{name.replace('_', '-')}" for name in quick.files)
        raise click.UsageError(f"Give either a COHORT or the quick-look options, not both; found {given}.")
    with listening(ProgressLine()):
        return read_cohort(cohort, quick=quick, threads=options.get("threads") or os.cpu_count() or 1, **reading)


def _status_map(texts: tuple[str, ...]) -> dict[str, str]:
    """Read every ``1=dead,2=alive``; one that is not is misuse of the command line."""
    from netgen.clinical.status import read_status_map

    pairs: dict[str, str] = {}
    for text in texts:
        try:
            found = read_status_map(text)
        except InputError as error:
            message = f"{text!r} is not VALUE=STATUS. {error.finding.message}"
            raise click.BadParameter(message, param_hint="--status-map") from error
        if not all(found):
            raise click.BadParameter(f"{text!r} is not VALUE=STATUS", param_hint="--status-map")
        pairs |= found
    return pairs


def split_commas(values: Iterable[str]) -> tuple[str, ...]:
    """Return the parts of a repeatable, comma-separated option.

    Parameters
    ----------
    values
        As given.

    Returns
    -------
    tuple of str
        Without blanks.
    """
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def log(findings: Findings, *, quiet: bool, verbose: bool, as_json: bool) -> None:
    """Print warnings to stderr: every finding with ``--verbose``, else the first of each kind and how many follow.

    Parameters
    ----------
    findings
        Of reading and analysis.
    quiet, verbose, as_json
        What the user asked for.
    """
    if quiet or as_json:
        return
    from netgen.report.findings_files import render_by_kind

    lines = [str(item) for item in findings] if verbose else render_by_kind(findings.of("W"))
    for line in lines:
        click.echo(line, err=True)
