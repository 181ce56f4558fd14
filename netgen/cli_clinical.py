"""Commands about groups of patients: survival, treatment, response, description."""

from __future__ import annotations

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
from netgen.study_rules import FEATURES

if TYPE_CHECKING:
    from pathlib import Path


@click.command(epilog=RESEARCH_USE)
@cohort_options
@output_options("netgen_survival")
@click.option(
    "--by",
    multiple=True,
    default=("origin",),
    show_default=True,
    help="Patient column (origin: in three and in two groups; ki67_pct:30,55: cut), or gene (repeatable).",
)
@click.option(
    "--endpoint", "endpoints", multiple=True, help="os, pfs, ttp, pfs@line:2 ... (repeatable, or comma-separated)."
)
@click.option("--strata", help="Patient column that stratifies, or none.  [default: none]")
@click.option("--reference", help="Group that the others are compared with.  [default: the largest]")
@click.option("--horizons", help="Days of the printed survival and incidence, comma-separated.")
@click.option("--tau", type=click.FloatRange(min=1), help="Horizon of the restricted means, days.")
@click.option(
    "--entry-rule",
    type=click.Choice(["auto", "none", "sequencing_report", "sample_collection", "custom"]),
    help="Delayed entry.",
)
@click.option("--landmark", type=click.IntRange(min=1), help="Start the clock at this many days.")
@click.option("--permutations", type=click.IntRange(min=1), help="Largest number of Monte-Carlo permutations.")
@click.option("--seed", type=click.IntRange(min=0), help="Master seed.")  # fmt: skip
def survival(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Compare an endpoint between groups: curves, log-rank, hazard ratios, restricted means, competing risks."""
    out, force, figures, show = outputs(options)
    from netgen.association.group_survival import survival as run
    from netgen.report.survival_files import summarise_survival, write_survival

    cohort = read(options, sequencing="optional")
    if options["horizons"] is not None:
        options["horizons"] = [_number(text, "--horizons") for text in split_commas([options["horizons"]])]
    options["endpoints"] = split_commas(options["endpoints"]) or None
    result = run(cohort, **options)
    write_survival(result, cohort, out, force=force, figures=figures, command=command_line())
    finish(result, lambda: summarise_survival(result), out, **show)


@click.command(epilog=RESEARCH_USE)
@cohort_options
@output_options("netgen_response")
@click.option(
    "--line",
    "lines",
    multiple=True,
    default=("1",),
    show_default=True,
    help="Treatment line, or all: every line, the patient as cluster (repeatable).",
)
@click.option("--by", multiple=True, default=("origin",), show_default=True, help="Patient column (repeatable).")
@click.option("--confirmed", is_flag=True, help="Responses need confirmation.")
@click.option("--denominator", type=click.Choice(["started", "evaluable"]), default="started", show_default=True)
@click.option("--response-column", "column", help="Patient column with the best response, without treatment records.")
@click.option("--confirm-days", type=click.IntRange(min=1), default=28, show_default=True)
@click.option("--sd-min-days", type=click.IntRange(min=0), default=42, show_default=True)
@click.option("--accept-sd", is_flag=True, help="Stable disease may stand between a response and its confirmation.")
@click.option("--genes", multiple=True, help="Only these genes (repeatable, or comma-separated).")
@click.option("--features", type=click.Choice(FEATURES))
@click.option("--strata", help="Patient column that stratifies, or none.  [default: origin_group3]")
@click.option("--min-altered", type=click.IntRange(min=1), help="Smallest group that is tested.")
@click.option("--seed", type=click.IntRange(min=0), help="Master seed.")  # fmt: skip
def response(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Best response, ORR, DCR and duration: by line, origin, treatment class and alteration."""
    out, force, figures, show = outputs(options)
    from netgen.association.response import response as run
    from netgen.report.response_files import summarise_response, write_response

    cohort = read(options, sequencing="optional")
    options["lines"] = tuple(int(line) if line.isdigit() else line for line in split_commas(options["lines"]))
    options["by"] = split_commas(options["by"])
    options["genes"] = split_commas(options["genes"])
    result = run(cohort, **options)
    write_response(result, cohort, out, force=force, figures=figures, command=command_line())
    finish(result, lambda: summarise_response(result), out, **show)


@click.command(epilog=RESEARCH_USE)
@cohort_options
@output_options("netgen_therapy")
@click.option(
    "--by",
    multiple=True,
    default=("origin_group3", "origin_group2"),
    show_default=True,
    help="Patient column (repeatable).",
)
@click.option("--max-line", type=click.IntRange(min=1), default=3, show_default=True, help="Last line compared.")
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.2,
    show_default=True,
    help="Equivalence margin of differences in proportions; must be fixed beforehand.",
)
@click.option("--permutations", type=click.IntRange(min=1), default=9999, show_default=True)
@click.option("--order", type=PATH, help="File with one patient per line: the order of the swimmer plot.")
@click.option("--seed", type=click.IntRange(min=0), help="Master seed.")  # fmt: skip
def therapy(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Compare the therapeutic algorithms of groups: classes by line, sequences, exposure, times, transitions."""
    out, force, figures, show = outputs(options)
    from netgen.association.therapy import therapy as run
    from netgen.report.therapy_files import summarise_therapy, write_therapy

    order = options.pop("order")
    patients = None if order is None else _read_order(order)
    cohort = read(options, sequencing="optional")
    options["by"] = split_commas(options["by"])
    result = run(cohort, **options)
    write_therapy(result, cohort, out, force=force, figures=figures, order=patients, command=command_line())
    finish(result, lambda: summarise_therapy(result), out, **show)


@click.command(epilog=RESEARCH_USE)
@cohort_options
@output_options("netgen_describe")
@click.option(
    "--by",
    default="origin",
    show_default=True,
    help="Columns of Table 1: origin, origin2, a patient column, ki67:30,55 (cut), or a gene.",
)
@click.option("--extra", multiple=True, help="Patient column that Table 1 shows as well (repeatable).")
@click.option("--endpoint", "endpoints", multiple=True, help="Endpoints of the flow diagram (repeatable).")
@click.option("--table1-p", "tests", is_flag=True, help="Print p-values in Table 1.")
@click.option("--small-cell-mask", is_flag=True, help="Show counts of 1 to 4 as <5, for sharing.")
@click.option("--permutations", type=click.IntRange(min=1), default=100_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), help="Master seed.")  # fmt: skip
def describe(**options: Any) -> None:  # noqa: ANN401  # click hands over every option by name
    """Table 1, missing values, follow-up, sequenced against not sequenced, and the flow diagram."""
    out, force, figures, show = outputs(options)
    from netgen.association.describe import describe_cohort
    from netgen.report.describe_files import summarise_describe, write_describe

    cohort = read(options)
    mask = 5 if options.pop("small_cell_mask") else None
    options["endpoints"] = split_commas(options["endpoints"]) or None
    options["extra"] = split_commas(options["extra"])
    result = describe_cohort(cohort, mask_below=mask, **options)
    write_describe(result, cohort, out, force=force, figures=figures, command=command_line())
    finish(result, lambda: summarise_describe(result), out, **show)


def _read_order(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} cannot be read as text", param_hint="--order") from error
    return [line.strip() for line in lines if line.strip()]


def _number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a number", param_hint=option) from error
