"""The command that hands a cohort over to another program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from netgen.cli_options import PATH, cohort_options, command_line, log, read
from netgen.research_use import RESEARCH_USE


@click.command(epilog=RESEARCH_USE)
@cohort_options
@click.option("--to", "target", type=click.Choice(["cbioportal"]), required=True, help="Format of the export.")
@click.option("--out", type=PATH, default=Path("netgen_export"), show_default=True, help="Folder for the study.")
@click.option("--germline", is_flag=True, help="Export germline variants as well; they identify their carriers.")
@click.option("--force", is_flag=True, help="Replace the files of an earlier run.")
@click.option("--quiet", is_flag=True, help="Print nothing but problems.")
@click.option("--verbose", is_flag=True, help="Print every warning and log message.")
def export(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Write the cohort as a study folder of cBioPortal, in days from the diagnosis."""
    out, force = options.pop("out"), options.pop("force")
    show = {name: options.pop(name) for name in ("quiet", "verbose")}
    from netgen.report.write import check_target

    check_target(out, force=force)
    from netgen.report.cbioportal_export import write_cbioportal

    del options["target"]  # one format so far
    germline = options.pop("germline")
    cohort = read(options, sequencing="optional")
    names = write_cbioportal(cohort, out, germline=germline, force=force, command=command_line())
    log(cohort.findings, **show, as_json=False)
    if not show["quiet"]:
        click.echo(
            f"{len(names)} files of {len(cohort.patients)} patients and {len(cohort.samples)} samples in {out}; what"
            f" has no place there is counted in {out / 'not_exported.tsv'}."
        )
