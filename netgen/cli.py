"""The command line: parse, call one function of the library, write, exit.

Exit status 0 = done, 1 = the data or the request cannot be used (one message per problem, nothing written), 2 = misuse
of the command line. Only click and the message catalogue are imported before a command runs, so that ``--help`` is
instant.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from netgen.cli_actionability import actionability, knowledge, rules
from netgen.cli_annotate import annotate
from netgen.cli_clinical import describe, response, survival, therapy
from netgen.cli_export import export
from netgen.cli_lollipop import lollipop
from netgen.cli_options import (
    PATH,
    cohort_options,
    command_line,
    log,
    output_options,
    outputs,
    read,
    split_commas,
)
from netgen.errors import AnalysisError, InputError, NetgenError, SchemaError
from netgen.research_use import RESEARCH_USE
from netgen.study_rules import FEATURES


class _Group(click.Group):
    """A group whose commands turn expected failures into messages and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's own signature
        """Run the command; a bug keeps its traceback."""
        try:
            return super().invoke(ctx)
        except NetgenError as error:
            lines = _messages(error)
        except PermissionError as error:  # may befall any file; anything else the system says is a bug
            lines = [f"E_FILE_MISSING: {error.filename}: {error.strerror}. Ask for access, or name another file."]
        for line in lines:
            click.echo(line, err=True)
        raise click.exceptions.Exit(1)


def _messages(error: NetgenError) -> list[str]:
    if isinstance(error, SchemaError):
        items = error.findings.of("E")
        head = f"{len(items)} problem{'s' if len(items) != 1 else ''} must be mended before netgen can go on:"
        return [head, *[str(item) for item in items]]
    if isinstance(error, InputError | AnalysisError):
        return [str(error.finding)]
    return [str(error)]


@click.group(cls=_Group, epilog=RESEARCH_USE, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="netgen")
def main() -> None:
    """Relate tumour alterations to patient outcomes, from the files a laboratory and a clinic have.

    COHORT is one of: demo; a study.toml; a cBioPortal study folder; a one-sheet spreadsheet (.xlsx, .csv, .tsv).
    For a quick look give --variants and --clinical instead.
    """


@main.command(epilog=RESEARCH_USE)
@cohort_options
@click.option("--out", type=PATH, default=Path("netgen_associate"), show_default=True, help="Folder for the results.")
@click.option("--force", is_flag=True, help="Replace the files of an earlier run.")
@click.option("--endpoint", "endpoints", multiple=True, help="os, pfs, ... (repeatable).")
@click.option("--features", type=click.Choice(FEATURES))
@click.option("--policy", type=click.Choice(["union", "primary", "metastasis", "earliest", "latest", "largest_panel"]),
              help="Which samples of a patient count.")  # fmt: skip
@click.option("--strata", help="Patient column that stratifies, or none.  [default: origin_group3]")
@click.option("--adjust", multiple=True, help="Patient column to adjust for (repeatable).")
@click.option("--genes", multiple=True, help="Only these genes (repeatable, or comma-separated).")
@click.option("--min-altered", type=click.IntRange(min=1), help="Smallest group that is tested.")
@click.option("--entry-rule", type=click.Choice(["auto", "none", "sequencing_report", "sample_collection", "custom"]),
              help="Delayed entry.")  # fmt: skip
@click.option("--report-both", is_flag=True, default=None, help="Delayed entry: also without it, side by side.")
@click.option("--permutations", type=click.IntRange(min=1), help="Largest number of Monte-Carlo permutations.")
@click.option(
    "--landmark", type=click.IntRange(min=1), help="Start the clock at this many days; earlier exits are left out."
)
@click.option(
    "--min-profiled",
    type=click.FloatRange(0, 1),
    help="Penalised model: smallest share of patients profiled for a gene.  [default: 0.8]",
)
@click.option("--adaptive", is_flag=True, default=None, help="Penalised model: adaptive lasso.")
@click.option("--bootstrap", type=click.IntRange(min=0), help="Penalised model: resamples for the optimism; 0 = none.")
@click.option("--no-model", is_flag=True, help="Leave out the penalised Cox model.")
@click.option("--mode", type=click.Choice(["auto", "small", "large"]), help="Small- or large-cohort statistics.")
@click.option("--seed", type=click.IntRange(min=0), help="Master seed.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=None,
    help="Workers; the results do not depend on it.  [default: one per core]",
)
@click.option("--no-figures", is_flag=True, help="Tables only.")
@click.option("--json", "as_json", is_flag=True, help="Print a machine-readable summary.")
@click.option("--quiet", is_flag=True, help="Print nothing but problems.")
@click.option("--verbose", is_flag=True, help="Print every warning and log message.")
def associate(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Compare survival with and without each alteration, and fit the penalised Cox model."""
    out, force, figures = options.pop("out"), options.pop("force"), not options.pop("no_figures")
    show = {name: options.pop(name) for name in ("as_json", "quiet", "verbose")}
    from netgen.report.write import check_target

    check_target(out, force=force)
    from netgen.association.associate import associate as run
    from netgen.report.association_files import write_association
    from netgen.report.summary import render_association, summarize_association

    cohort = read(options)
    threads = options.pop("threads") or os.cpu_count() or 1
    model = False if options.pop("no_model") else None
    options["genes"] = split_commas(options["genes"])
    result = run(cohort, threads=threads, model=model, **options)
    write_association(result, cohort, out, force=force, figures=figures, command=command_line())
    log(result.findings, **show)
    if show["as_json"]:
        click.echo(json.dumps(summarize_association(result, out), sort_keys=True))
    elif not show["quiet"]:
        click.echo(render_association(result, cohort, out))


@main.command(epilog=RESEARCH_USE)
@cohort_options
@click.option("--out", type=PATH, default=Path("netgen_oncoprint"), show_default=True, help="Folder for the results.")
@click.option("--force", is_flag=True, help="Replace the files of an earlier run.")
@click.option("--genes", multiple=True, help="These rows, in this order (repeatable, or comma-separated).")
@click.option(
    "--top", type=click.IntRange(min=1), default=30, show_default=True, help="Else so many, most frequent first."
)
@click.option("--features", type=click.Choice(FEATURES))
@click.option("--policy", type=click.Choice(["union", "primary", "metastasis", "earliest", "latest", "largest_panel"]),
              help="Which samples of a patient count.")  # fmt: skip
@click.option("--order", type=click.Choice(["given", "frequency", "pathway", "relevance"]),
              help="Of the rows: as named, by frequency, by the pathways of the study, or by level of evidence.  "
              "[default: given if genes are named, else frequency]")  # fmt: skip
@click.option("--tracks", multiple=True, help="Below the genes: patient columns, endpoints, vaf, vaf:GENE, fdg_pet, "
              "sstr_imaging, netpet, class_line_1, best_response; or none (repeatable, or "
              "comma-separated).")  # fmt: skip
@click.option("--no-tmb", is_flag=True, help="Leave out the bars of the mutational burden.")
@click.option("--no-split", is_flag=True, help="Do not separate the patients by origin.")
@click.option("--palette", type=click.Choice(["colorblind", "cbioportal"]), default="colorblind", show_default=True)
@click.option("--width", default="double", show_default=True, help="double (183 mm), single (89 mm), or mm.")
@click.option("--formats", multiple=True, help="pdf, svg, png (repeatable, or comma-separated).  [default: all]")
@click.option("--rasterize/--vector", default=None, help="Cells as an image within PDF and SVG, or as vectors.  "
              "[default: an image in the PDF of more than 2,000 patients]")  # fmt: skip
@click.option("--quiet", is_flag=True, help="Print nothing but problems.")
def oncoprint(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Draw which patient has which alteration in which gene, with what was not profiled drawn apart."""
    out, force, quiet = options.pop("out"), options.pop("force"), options.pop("quiet")
    options["width"] = _parse_width(options["width"])
    from netgen.report.write import check_target

    check_target(out, force=force)
    from netgen.report.oncoprint_files import FORMATS, render_oncoprint, write_oncoprint

    cohort = read(options)
    genes, tracks, formats = (
        tuple(part.strip() for item in options.pop(name) for part in item.split(",") if part.strip())
        for name in ("genes", "tracks", "formats")
    )
    table = write_oncoprint(
        cohort,
        out,
        genes=genes,
        tracks=() if tracks == ("none",) else tracks or None,
        by_origin=not options.pop("no_split"),
        burden=not options.pop("no_tmb"),
        formats=formats or FORMATS,
        force=force,
        command=command_line(),
        **options,
    )
    log(cohort.findings, quiet=quiet, verbose=False, as_json=False)
    if not quiet:
        click.echo(render_oncoprint(table, out))


def _parse_width(text: str) -> str | float:
    if text in {"double", "single"}:
        return text
    try:
        return float(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not double, single or a number of mm", param_hint="--width") from error


@main.command()
@cohort_options
@click.option("--out", type=PATH, help="Folder for findings.tsv and findings.json.")
@click.option("--force", is_flag=True, help="Replace the files of an earlier run.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--quiet", is_flag=True, help="Print errors only.")
def check(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Validate everything and report all findings in one pass; exit status 1 if an error is among them."""
    out, force = options.pop("out"), options.pop("force")
    as_json, quiet = options.pop("as_json"), options.pop("quiet")
    if out is not None:
        from netgen.report.write import check_target

        check_target(out, force=force)
    from netgen.derive import check_cohort
    from netgen.report.findings_files import render_findings, write_findings

    findings = check_cohort(lambda: read(options))
    if out is not None:
        write_findings(findings, out, force=force)
    if as_json:
        click.echo(json.dumps(json.loads(findings.to_frame().to_json(orient="records"))))
    else:
        click.echo(render_findings(findings, errors_only=quiet))
    if findings.of("E"):
        sys.exit(1)


@main.command()
@click.argument("folder", type=PATH)
@click.option("--force", is_flag=True, help="Replace the files of an earlier run.")
def init(folder: Path, *, force: bool) -> None:
    """Write a commented study.toml, an empty and a filled spreadsheet template into FOLDER."""
    from netgen.report.starters import write_starter

    for name in write_starter(folder, force=force):
        click.echo(str(folder / name))


@main.command()
@click.argument("folder", type=PATH)
@click.option("--force", is_flag=True, help="Replace the files of an earlier run.")
def demo(folder: Path, *, force: bool) -> None:
    """Write the files of the embedded synthetic cohort into FOLDER, to see each format."""
    from netgen.report.starters import write_demo

    names = write_demo(folder, force=force)
    click.echo(f"{len(names)} files in {folder}; analyse them with: netgen associate {folder / 'study.toml'}")


@main.command(epilog=RESEARCH_USE)
@cohort_options
@output_options("netgen_report")
@click.option("--endpoint", "endpoints", multiple=True, help="os, pfs ... (repeatable, or comma-separated).")
@click.option("--threads", type=click.IntRange(min=1), help="Workers; the results do not depend on it.")
def report(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Run every analysis and write one self-contained page with its tables, figures and methods."""
    out, force, figures, show = outputs(options)
    from netgen.report.study_report import gather_results, write_report

    cohort = read(options, sequencing="optional")
    results = gather_results(
        cohort,
        threads=options["threads"] or os.cpu_count() or 1,
        command=command_line(),
        endpoints=split_commas(options["endpoints"]) or None,
    )
    write_report(results, out, force=force, figures=figures)
    log(cohort.findings, **show, as_json=False)
    if not show["quiet"]:
        for name, reason in results.skipped.items():
            click.echo(f"No {name}: {reason}")
        click.echo(f"Open {out / 'report.html'}; tables, figures, methods and provenance are beside it.")


for _command in (actionability, annotate, describe, export, knowledge, lollipop, response, rules, survival, therapy):
    main.add_command(_command)


if __name__ == "__main__":
    main()
