"""The command that reads sequencing files alone: ``netgen annotate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from netgen.cli_options import PATH, command_line, log, read, sequencing_options, split_commas
from netgen.research_use import RESEARCH_USE

COHORTS: Final = (".toml", ".xlsx")


@click.command(epilog=RESEARCH_USE)
@click.argument("inputs", nargs=-1, required=True, type=PATH)
@sequencing_options
@click.option("--rules", type=PATH, help="Rule table, YAML or TSV.  [default: of the study, or the one that ships]")
@click.option("--formats", multiple=True, help="Of small variants: tsv (always), maf, vcf (repeatable, or "
              "comma-separated).")  # fmt: skip
@click.option("--out", type=PATH, default=Path("netgen_annotate"), show_default=True, help="Folder for results.")
@click.option("--force", is_flag=True, help="Replace the files of an earlier run.")
@click.option("--threads", type=click.IntRange(min=1), help="Workers; the results do not depend on it.")
@click.option("--quiet", is_flag=True, help="Print nothing but problems.")
@click.option("--verbose", is_flag=True, help="Print every warning and log message.")
def annotate(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Put what INPUTS hold into one table per kind of alteration, with consequence, hot spot and level of evidence.

    INPUTS are sequencing files of any kind (VCF, BCF, MAF, TSO500, FoundationOne, Oncomine, segments, CNVkit,
    structural variants), folders of them, or one cohort (demo, study.toml, a study folder, a spreadsheet).
    """
    out, force = options.pop("out"), options.pop("force")
    show = {name: options.pop(name) for name in ("quiet", "verbose")}
    from netgen.report.write import check_target

    check_target(out, force=force)
    from netgen.report.annotate_files import render_annotation, write_annotation

    inputs = options.pop("inputs")
    named = _is_cohort(inputs)
    options |= {"cohort": str(inputs[0])} if named else {"variants": inputs}
    rules, formats = options.pop("rules"), split_commas(options.pop("formats"))
    cohort = read(options)
    variants = write_annotation(
        cohort, out, formats=formats or ("tsv",), rules=rules, force=force, command=command_line()
    )
    log(cohort.findings, **show, as_json=False)
    if not show["quiet"]:
        click.echo(render_annotation(cohort, variants, out))


def _is_cohort(inputs: tuple[Path, ...]) -> bool:
    """Tell whether the only input names a cohort; a folder of files is read as one."""
    first = inputs[0]
    return len(inputs) == 1 and (str(first) == "demo" or first.suffix.lower() in COHORTS or first.is_dir())
