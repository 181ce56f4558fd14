"""Therapeutic algorithms: the primary endpoint of LINEAR first, then what is secondary or describes (DOMAIN 3.13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.association.line_history import ABSENT
from netgen.association.therapy import SURVIVAL_TEXT
from netgen.association.therapy_tables import EVERYBODY
from netgen.plots.regimen_look import look_of
from netgen.plots.swimmer import order_as_drawn
from netgen.report.page import therapy_courses as courses
from netgen.report.page import therapy_disease as disease
from netgen.report.page.association_cells import bullets, fold, paragraph, sentence
from netgen.report.page.document import Section
from netgen.report.page.figures import embed, embed_swimmer
from netgen.report.page.markup import join, tag
from netgen.report.page.share_cells import whole
from netgen.report.page.therapy_cells import FOLDER, named, of_grouping, slug
from netgen.report.page.therapy_classes import describe_line, tabulate_reach
from netgen.report.table_one_html import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgen.association.therapy import TherapyResult
    from netgen.plots.oncoprint_table import OncoprintTable
    from netgen.report.page.markup import Markup
    from netgen.report.study_report import ReportResults

NOT_AVAILABLE: Final = "not_available"
EXPOSURE: Final = (
    "Cumulative incidence of the first exposure, with death as a competing event: a plain share of exposed patients"
    " depends on how long they were followed."
)
TIMES: Final = "From the start of the line. Nothing is tested with fewer than 6 patients or 5 events."
PATHWAY: Final = "Not adjusted for the number of steps."
AS_DRAWN: Final = "In the order of the oncoprint; patients who were not sequenced come last."
SEQUENCES: Final = (
    "States are the classes of the first lines. Where follow-up ended, a further line is unknown and not absent: the"
    " primary distance uses the positions known in both patients. Other distances are sensitivity analyses."
)


def render(results: ReportResults) -> Section | None:
    """Return the section.

    Parameters
    ----------
    results
        What the report shows.

    Returns
    -------
    Section or None
        None if nobody has a line of treatment.
    """
    result = results.therapy
    if result is None:
        return None
    body = [
        bullets(_plan(result)),
        *_lines(result),
        *_sequences(result),
        *_transitions(result),
        *_each(result, "Exposure to each class", EXPOSURE, courses.tabulate_exposure),
        *_numbers(result),
        *_each(result, "Times by line", TIMES, courses.tabulate_times, notes=_notes(result.line_endpoints, "endpoint")),
        *_swimmer(result, results.oncoprint),
        *_pathway(result),
        *_evolution(result),
    ]
    note = "Primary: the class of first-line treatment. Key secondary: the whole sequence. All else describes."
    return Section(id="therapy", title="Therapeutic algorithms", body=join(body), note=note)


def _plan(result: TherapyResult) -> list[str]:
    """Say what was fixed before the data were seen."""
    plan = result.plan
    margin = whole(100 * float(plan["margin"]))
    reading = "Proportions of two groups are called equivalent only if the whole 90 % interval of their difference lies"
    reading += f" within {margin} percentage points, a margin that must be fixed before the data are seen."
    return [
        f"Primary: {plan['primary']}.",
        f"Key secondary: {plan['key_secondary']}.",
        f"Classes: {plan['merge_rule']}.",
        reading,
        sentence(f"Delayed entry: {plan['entry_rule']}"),
    ]


def _lines(result: TherapyResult) -> list[Markup | None]:
    """Return the classes of every line: the primary endpoint first, then later lines, and who could receive them."""
    numbers = sorted({int(line) for line in result.algorithm_tables["line"]})
    parts: list[Markup | None] = []
    for line in numbers:
        if line == numbers[0]:
            parts.append(tag("h3", "Primary endpoint: class of first-line treatment"))
        elif line == numbers[1]:
            parts.append(tag("h3", "Class of treatment at later lines"))
        for grouping in result.plan["by"]:
            parts += describe_line(result, grouping, line)
    meanings = "; ".join(f"{words(name)}: {text}" for name, text in ABSENT.items())
    tables = [tabulate_reach(result, grouping) for grouping in result.plan["by"]]
    return [*parts, tag("h3", "Who received each line"), paragraph(sentence(meanings)), *tables]


def _sequences(result: TherapyResult) -> list[Markup | None]:
    """Return the tests of whole sequences, the alluvial figures, and the sequence of every patient."""
    return [
        tag("h3", "Whole sequence of treatment"),
        paragraph(SEQUENCES),
        courses.tabulate_sequence_tests(result),
        fold(f"Sequence of every patient ({len(result.algorithm_sequences)})", courses.tabulate_sequences(result)),
    ]


def _transitions(result: TherapyResult) -> list[Markup | None]:
    """Return the alluvial figure of each grouping with its counts, and the tests that enough patients allow."""
    if not len(result.transitions):
        return []
    n = len(result.transition_tests)
    tested = int((result.transition_tests["status"] == "tested").sum())
    text = f"A transition is tested only where at least {result.plan['transition_min_n']} patients made it:"
    figures = [_alluvial(result, grouping) for grouping in result.plan["by"]]
    table = courses.tabulate_transition_tests(result)
    return [tag("h3", "From line to line"), paragraph(f"{text} {tested} of {n}."), *figures, table]


def _alluvial(result: TherapyResult, grouping: str) -> Markup | None:
    from netgen.plots.alluvial import plot_alluvial

    rows = of_grouping(result.transitions, grouping)
    if not (rows["count"] > 0).any():
        return None
    order = [words(group) for group in result.plan["by"][grouping]]
    panels = plot_alluvial(rows.assign(group=rows["group"].map(words)), order=order)
    return embed(
        panels[0], title=f"Lines of treatment by {words(grouping)}", description=_describe_flows(rows),
        key=f"therapy-alluvial-{slug(result, grouping)}", kind="alluvial",
        table=courses.tabulate_transitions(result, grouping),
        note="A block is a class of treatment or the reason why there was no further line; heights are shares of the"
        " patients of a group.",
    )  # fmt: skip


def _describe_flows(rows: pd.DataFrame) -> str:
    """Tell the first column of the figure to who cannot see it: classes of first-line treatment in each group."""
    first = rows.loc[rows["from_line"] == rows["from_line"].min()]
    parts = []
    for group, own in first.groupby("group", sort=False):
        counts = own.groupby("from_class", sort=False)["count"].sum()
        told = ", ".join(f"{look_of(str(name)).name} {count}" for name, count in counts.items())
        parts.append(f"{words(str(group))}: {told}")
    return f"First column: {'; '.join(parts)}. What followed is in the table below."


def _each(
    result: TherapyResult, title: str, text: str, tabulate: Callable[[TherapyResult, str], Markup], *,
    notes: pd.DataFrame | None = None,
) -> list[Markup | None]:  # fmt: skip
    """Return a heading, what must be said, and one table per grouping; ``notes`` has item, line, note and status."""
    tables = [tabulate(result, grouping) for grouping in result.plan["by"]]
    if notes is None:
        return [tag("h3", title), paragraph(text), *tables]
    absent = (notes["status"] == NOT_AVAILABLE).to_numpy(dtype=bool)
    counted = fold("Who is counted", bullets(_say(notes[~absent])))
    return [tag("h3", title), paragraph(text), bullets(_say(notes[absent])), *tables, counted]


def _notes(frame: pd.DataFrame, item: str) -> pd.DataFrame:
    """Return item, line, note and status of the rows of everybody."""
    rows = frame.loc[frame["grouping"] == EVERYBODY].rename(columns={item: "item"})
    return rows.reindex(columns=["item", "line", "note", "status"]).astype({"line": "Int64"})


def _say(notes: pd.DataFrame) -> list[str]:
    """Say each note once; with the lines it holds for where they differ."""
    texts = []
    for name, own in notes.groupby("item", sort=False):
        several = own["note"].nunique() > 1
        for note, part in own.groupby("note", sort=False):
            lines = ", ".join(f"{line}" for line in part["line"].dropna().unique()) if several else ""
            texts.append(f"{named(name)}{f', line {lines}' if lines else ''}: {note}.")
    return texts


def _numbers(result: TherapyResult) -> list[Markup | None]:
    """Return the numbers of lines, with the means that allow for follow-up beside them."""
    starts = [courses.tabulate_starts(result, grouping) for grouping in result.plan["by"]]
    return [
        tag("h3", "Number of lines"),
        tag("p", tag("code", "W_LINES_SURVIVAL"), " ", SURVIVAL_TEXT, class_="caveat"),
        courses.tabulate_counts(result),
        *starts,
    ]


def _swimmer(result: TherapyResult, drawn: OncoprintTable | None) -> list[Markup | None]:
    """Return the course of every patient, in the order of the oncoprint if there is one."""
    if not len(result.timeline):
        return []
    grouping, groups = next(iter(result.plan["by"].items()))
    labels = result.algorithm_sequences.set_index("patient_id")[grouping]
    n = result.timeline["patient_id"].nunique()
    figure = embed_swimmer(
        result.timeline, title="Courses of treatment", key="therapy-swimmer",
        groups=labels.map(words, na_action="ignore"), group_order=[words(group) for group in groups],
        description=f"One row per patient ({n}) from advanced disease: bars are lines of treatment, markers are"
        " responses, progressions and the end of follow-up.",
        order=None if drawn is None else order_as_drawn(drawn.patients["patient_id"], result.timeline),
        source=f"{FOLDER}/timeline.tsv",
        note=f"By {words(grouping)}, within a group the longest follow-up first." if drawn is None else AS_DRAWN,
    )  # fmt: skip
    return [tag("h3", "Courses of the patients"), figure]


def _pathway(result: TherapyResult) -> list[Markup | None]:
    times = [courses.tabulate_times(result, grouping, pathway=True) for grouping in result.plan["by"]]
    ends = result.pathway_times.assign(note="until " + result.pathway_times["note"].astype("string"))
    notes = pd.concat([_notes(result.pathway, "item"), _notes(ends, "endpoint")], ignore_index=True)
    return [*_each(result, "Diagnostic pathway", PATHWAY, disease.tabulate_pathway, notes=notes), *times]


def _evolution(result: TherapyResult) -> list[Markup | None]:
    """Return new lesions, paired Ki-67 and migration of grades; one pair per patient."""
    text = "One pair of samples per patient. Each p-value is that of the pairs of one group."
    parts = _each(
        result, "Evolution of the disease", text, disease.tabulate_evolution, notes=_notes(result.evolution, "item")
    )
    if len(result.grade_migration):
        parts += [disease.tabulate_migration(result, grouping) for grouping in result.plan["by"]]
    if len(result.ki67_pairs):
        parts.append(fold(f"Pairs of Ki-67 ({len(result.ki67_pairs)})", disease.tabulate_pairs(result)))
    return parts
