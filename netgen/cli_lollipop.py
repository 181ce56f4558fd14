"""The command about one protein: ``netgen lollipop``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from netgen.cli_options import PATH, cohort_options, command_line, log, output_options, outputs, read
from netgen.research_use import RESEARCH_USE
from netgen.study_rules import FEATURES

if TYPE_CHECKING:
    from collections.abc import Iterable


@click.command(epilog=RESEARCH_USE)
@cohort_options
@output_options("netgen_lollipop")
@click.option(
    "--gene",
    "genes",
    multiple=True,
    required=True,
    metavar="GENE=LENGTH",
    help="Gene and residues of its protein, e.g. TP53=393 (repeatable, or comma-separated).",
)
@click.option("--domains", type=PATH, help="Tab-separated file: gene, name, start, end (residues).")
@click.option("--features", type=click.Choice(FEATURES))
@click.option("--policy", type=click.Choice(["union", "primary", "metastasis", "earliest", "latest", "largest_panel"]),
              help="Which samples of a patient count.")  # fmt: skip
def lollipop(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Draw the protein changes of genes along their proteins, as high as the number of patients who have them."""
    out, force, figures, show = outputs(options)
    proteins = _read_lengths(options.pop("genes"))
    from netgen.report.lollipop_files import FORMATS, read_domains, write_lollipop

    domains = options.pop("domains")
    named = None if domains is None else read_domains(domains)
    cohort = read(options)
    tables = write_lollipop(
        cohort, proteins, out, domains=named, force=force, formats=FORMATS if figures else (), command=command_line(),
        **options,
    )  # fmt: skip
    log(cohort.findings, **show, as_json=False)
    if not show["quiet"]:
        for gene, table in tables.items():
            click.echo(f"{gene}: {int(table['n'].sum())} alterations at {table['position'].nunique()} residues.")
        click.echo(f"Results in {out}")


def _read_lengths(given: Iterable[str]) -> dict[str, int]:
    """Return gene -> length of ``GENE=LENGTH``."""
    out = {}
    for part in (text.strip() for item in given for text in item.split(",")):
        gene, equals, length = part.partition("=")
        if not (gene and equals and length.isdecimal()):
            raise click.BadParameter(f"{part!r} is not GENE=LENGTH, such as TP53=393", param_hint="--gene")
        out[gene.strip()] = int(length)
    return out
