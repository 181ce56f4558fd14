"""``netgen report``: every analysis of a study, in one page that opens anywhere, with the tables behind it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from netgen import __version__
from netgen.actionability.levels import RESEARCH_USE
from netgen.association.actionability import assess_actionability
from netgen.association.associate import associate
from netgen.association.describe import describe_cohort
from netgen.association.group_survival import survival
from netgen.association.response import response
from netgen.association.sequenced import is_sequenced, why_unread
from netgen.association.therapy import therapy
from netgen.derive import build_endpoint
from netgen.errors import AnalysisError, SchemaError
from netgen.report.actionability_files import USE, write_actionability
from netgen.report.association_files import write_association
from netgen.report.describe_files import write_describe
from netgen.report.oncoprint_files import FORMATS, build_oncoprint, write_oncoprint
from netgen.report.reference import RESULTS
from netgen.report.response_files import write_response
from netgen.report.run_record import record_run
from netgen.report.survival_files import write_survival
from netgen.report.therapy_files import write_therapy
from netgen.report.write import output_folder, write_json, write_table
from netgen.study import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from netgen.association.actionability import ActionabilityResult
    from netgen.association.describe_results import DescribeResult
    from netgen.association.response_results import ResponseResult
    from netgen.association.results import AssociationResult
    from netgen.association.survival_results import SurvivalResult
    from netgen.association.therapy import TherapyResult
    from netgen.cohort import Cohort
    from netgen.plots.oncoprint_table import OncoprintTable
    from netgen.report.page.document import Section

SECTIONS: Final = (
    "flow", "table1", "endpoints", "oncoprint", "associations", "heterogeneity", "entry", "model", "survival",
    "actionability", "therapy", "response", "methods", "checklists", "glossary", "provenance",
)  # fmt: skip
# The study cannot do such a thing; the report says so in place of the section. Everything else must be decided first.
ABSENT: Final = ("E_ENDPOINT_UNAVAILABLE", "E_NO_VARIANTS", "E_NO_PANEL")

# Sheet of the workbook -> analysis, attribute of its result, command and file under which the columns are explained.
SHEETS: Final[dict[str, tuple[str, str, str, str]]] = {
    "table1": ("description", "table1", "describe", "table1.tsv"),
    "missingness": ("description", "missingness", "describe", "missingness.tsv"),
    "associations": ("association", "table", "associate", "associations.tsv"),
    "heterogeneity": ("association", "heterogeneity", "associate", "heterogeneity.tsv"),
    "frequencies": ("association", "frequencies", "associate", "frequencies.tsv"),
    "cooccurrence": ("association", "cooccurrence", "associate", "cooccurrence.tsv"),
    "group_tests": ("survival", "group_tests", "survival", "group_tests.tsv"),
    "followup": ("survival", "followup", "survival", "followup.tsv"),
    "competing": ("survival", "competing", "survival", "competing.tsv"),
    "algorithm_tables": ("therapy", "algorithm_tables", "therapy", "algorithm_tables.tsv"),
    "algorithm_classes": ("therapy", "algorithm_classes", "therapy", "algorithm_classes.tsv"),
    "line_endpoints": ("therapy", "line_endpoints", "therapy", "line_endpoints.tsv"),
    "response": ("response", "table", "response", "response.tsv"),
    "response_by_class": ("response", "by_class", "response", "response_by_class.tsv"),
    "actionability": ("actionability", "hits", "actionability", "actionability.tsv"),
    "actionability_patients": ("actionability", "patients", "actionability", "actionability_patients.tsv"),
    "actionability_by_origin": ("actionability", "by_origin", "actionability", "actionability_by_origin.tsv"),
    "targets_covered": ("actionability", "coverage", "actionability", "targets_covered.tsv"),
}


@dataclass(frozen=True, kw_only=True)
class ReportResults:
    """What the report shows.

    Attributes
    ----------
    cohort
        As read.
    association, survival, therapy, response, actionability
        Finished analyses; None = the study has nothing for it.
    description
        Table 1, follow-up, flow.
    oncoprint
        What the oncoprint shows; None = nobody was sequenced.
    skipped
        Analysis -> why there is none.
    run_id
        Hash of inputs, configuration and version: the same for the same run.
    command
        The command line.
    """

    cohort: Cohort
    association: AssociationResult | None
    survival: SurvivalResult | None
    therapy: TherapyResult | None
    response: ResponseResult | None
    description: DescribeResult
    actionability: ActionabilityResult | None
    oncoprint: OncoprintTable | None
    skipped: Mapping[str, str]
    run_id: str
    command: str


def gather_results(
    cohort: Cohort, *, threads: int = 1, command: str = "", endpoints: Sequence[str] | None = None
) -> ReportResults:
    """Run every analysis that a study allows.

    Parameters
    ----------
    cohort
        The cohort.
    threads
        Workers; the results do not depend on it.
    command
        The command line, for the provenance.
    endpoints
        Endpoints; None = those of the study that can be derived.

    Returns
    -------
    ReportResults
        With the reason for every analysis that is missing.

    Raises
    ------
    AnalysisError
        What has to be decided first, such as E_ENTRY_UNDECIDED.
    """
    skipped: dict[str, str] = {}
    wanted = tuple(endpoints or cohort.study.association.endpoints)
    usable = [name for name in wanted if _try(skipped, f"endpoint {name}", partial(build_endpoint, cohort, name))]
    sequenced = is_sequenced(cohort)
    if not usable:
        skipped |= dict.fromkeys(("associations", "survival"), "No endpoint can be derived.")
    if not sequenced:
        unread = [item.message for item in why_unread(cohort)] or ["Nobody was sequenced."]
        skipped |= dict.fromkeys(("associations", "oncoprint", "actionability"), unread[0])

    def run(name: str, analysis: Callable[[], Any], *, wanted: bool = True) -> Any:  # noqa: ANN401
        return _try(skipped, name, analysis) if wanted else None

    related = bool(sequenced and usable)
    several = cohort.patients["origin_group3"].nunique() > 1
    if usable and not several:
        skipped["survival by origin"] = "Fewer than two origins are known: there are no groups to compare."
    return ReportResults(
        cohort=cohort,
        association=run("associations", lambda: associate(cohort, threads=threads, endpoints=usable), wanted=related),
        survival=run(
            "survival", lambda: survival(cohort, by="origin" if several else [], endpoints=usable), wanted=bool(usable)
        ),
        therapy=run("therapy", lambda: therapy(cohort)),
        response=run("response", lambda: response(cohort)),
        description=describe_cohort(cohort, endpoints=usable or None),
        actionability=run("actionability", lambda: assess_actionability(cohort), wanted=sequenced),
        oncoprint=run("oncoprint", lambda: build_oncoprint(cohort), wanted=sequenced),
        skipped=skipped,
        run_id=_identify(cohort),
        command=command,
    )


def _try(skipped: dict[str, str], name: str, analysis: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Run an analysis; note why the study cannot have it."""
    try:
        return analysis()
    except AnalysisError as error:
        if error.finding.code not in ABSENT:
            raise
        skipped[name] = error.finding.message
    except SchemaError as error:  # of rules or tumour types: the other analyses do not rest on them
        if name != "actionability":
            raise
        skipped[name] = " ".join(item.message for item in error.findings.of("E"))
    return None


def _identify(cohort: Cohort) -> str:
    """Return twelve hex digits that change with any input, setting or version."""
    facts = [__version__, describe(cohort.study), sorted([item.sha256 for item in cohort.inputs])]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:12]


def render_report(results: ReportResults) -> str:
    """Return the page.

    Parameters
    ----------
    results
        Of ``gather_results``.

    Returns
    -------
    str
        One HTML document that asks for nothing from anywhere.
    """
    from netgen.report.page.document import render_document

    rendered = (import_module(f"netgen.report.page.section_{name}").render(results) for name in SECTIONS)
    sections: list[Section] = [section for section in rendered if section is not None]
    study = results.cohort.study
    return render_document(
        study.title or study.id,
        sections,
        run_id=results.run_id,
        label=study.label,
        date="" if study.data_cutoff is None else f"data cut-off {study.data_cutoff.isoformat()}",
        absent=dict(results.skipped),
    )


def write_report(results: ReportResults, out: Path, *, force: bool = False, figures: bool = True) -> None:
    """Write the page, the methods, the workbook, and the tables and figures of every analysis into a folder.

    Parameters
    ----------
    results
        Of ``gather_results``.
    out
        The folder; it appears complete or not at all.
    force
        Replace the results in a folder that is not empty.
    figures
        Write the figures of the analyses as PDF and PNG, too; the page has its own.

    Raises
    ------
    AnalysisError
        ``E_OUTPUT_EXISTS`` if the folder holds something and ``force`` is off.
    """
    from netgen.plots.swimmer import order_as_drawn
    from netgen.report.checklists import fill_checklists
    from netgen.report.methods import write_methods
    from netgen.report.xlsx import write_workbook

    cohort, common = results.cohort, {"figures": figures, "command": results.command}
    writers: list[tuple[str, Any, Callable[..., None]]] = [
        ("associations", results.association, write_association),
        ("survival", results.survival, write_survival),
        ("therapy", results.therapy, write_therapy),
        ("response", results.response, write_response),
        ("description", results.description, write_describe),
        ("actionability", results.actionability, write_actionability),
    ]
    if results.therapy is not None and results.oncoprint is not None:
        order = order_as_drawn(results.oncoprint.patients["patient_id"], results.therapy.timeline)
        writers[2] = ("therapy", results.therapy, partial(write_therapy, order=order))
    with output_folder(out, force=force) as folder:
        for name, result, write in writers:
            if result is not None:
                write(result, cohort, folder / name, **common)
        if results.oncoprint is not None:
            write_oncoprint(cohort, folder / "oncoprint", formats=FORMATS if figures else (), command=results.command)
        (folder / "report.html").write_text(render_report(results), encoding="utf-8")
        write_table(fill_checklists(results), folder / "checklists.tsv")
        (folder / "methods.md").write_text(write_methods(results), encoding="utf-8")
        listed = list_tables(results)
        write_workbook(
            {name: frame for name, (frame, _) in listed.items()},
            folder / "tables.xlsx",
            columns={name: meaning for name, (_, meaning) in listed.items()},
        )
        write_json(
            record_run(
                cohort, cohort.findings, command=results.command, options={"endpoints": _endpoints(results)},
                run_id=results.run_id, skipped=dict(results.skipped), seed=cohort.study.association.seed,
            ),
            folder / "provenance.json",
        )  # fmt: skip


def _endpoints(results: ReportResults) -> list[str]:
    return [] if results.association is None else list(results.association.plan["endpoints"])


def list_tables(results: ReportResults) -> dict[str, tuple[pd.DataFrame, Mapping[str, str]]]:
    """Return the tables of the workbook that have rows, with the meaning of their columns.

    Parameters
    ----------
    results
        Of ``gather_results``.

    Returns
    -------
    dict
        Sheet -> table, and column -> meaning.
    """
    out: dict[str, tuple[pd.DataFrame, Mapping[str, str]]] = {}
    for sheet, (analysis, attribute, command, file) in SHEETS.items():
        result = getattr(results, analysis)
        frame = None if result is None else getattr(result, attribute)
        if frame is not None and len(frame):
            out[sheet] = (
                frame.assign(**{USE: RESEARCH_USE}) if sheet == "actionability" else frame,
                RESULTS[command][file],
            )
    return out
