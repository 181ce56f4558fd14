"""Figures with a place for each patient: courses of treatment (swimmer) and changes of tumour size (waterfall).

The place of a patient is linked to the same patient elsewhere in the page, and says in words what is drawn there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.plots.regimen_look import look_of
from netgen.plots.swimmer import MARKERS, order_by_follow_up, plot_swimmer
from netgen.plots.waterfall import BOR_STYLE, plot_waterfall
from netgen.report.page.figure_card import Box, Mark, draw_marks, embed, scale_of
from netgen.report.page.tables import render_table
from netgen.report.summary import months

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgen.report.page.markup import Child, Markup

MOST: Final = 150  # rows of a swimmer figure
TO: Final = "\N{EN DASH}"
BAR: Final = 0.5  # half the distance of two patients


def embed_swimmer(
    timeline: pd.DataFrame,
    *,
    title: str,
    description: str,
    order: Sequence[str] | None = None,
    groups: pd.Series | None = None,
    group_order: Sequence[str] = (),
    most: int = MOST,
    key: str = "",
    note: Child = None,
    table: Markup | None = None,
    source: str = "",
) -> Markup:
    """Return the courses of the patients, each row linked to its patient and told in words.

    Parameters
    ----------
    timeline
        As ``plot_swimmer`` reads it.
    title, description
        Heading, and what is to be seen.
    order
        Patients from top to bottom; None = by group, the longest follow-up first.
    groups
        Group of each patient, indexed by ``patient_id``.
    group_order
        Groups in their order.
    most
        Rows that are drawn; more patients are left out and counted in the heading.
    key
        Id of the figure, unique in the page; from the content if blank.
    note
        What must be said below the figure.
    table
        The numbers behind it, folded; None = the courses in words.
    source
        File with the courses, named below their table.

    Returns
    -------
    Markup
        A ``<figure>``.
    """
    known = set(timeline["patient_id"])
    wanted = order_by_follow_up(timeline, groups, group_order) if order is None else [str(one) for one in order]
    patients = [one for one in wanted if one in known]
    shown = patients[:most]
    axes = plot_swimmer(timeline, order=shown, groups=groups)
    scale = scale_of(axes)
    told = {str(name): course_text(rows) for name, rows in timeline.groupby("patient_id")}
    named = {one: "" if groups is None or pd.isna(groups.get(one)) else str(groups[one]) for one in shown}
    right = scale.box.x + scale.box.width
    marks = []
    for place, patient in enumerate(shown):
        top, bottom = (float(y) for y in scale.down([place - BAR, place + BAR]))
        box = Box(0.0, top, right, bottom - top)
        group = f" ({named[patient]})" if named[patient] else ""
        marks.append(Mark(patient, box, [(box, f"{patient}{group}: {told[patient]}")]))
    cut = f": the first {len(shown)} of {len(patients)} patients" if len(shown) < len(patients) else ""
    return embed(
        axes,
        title=title + cut,
        description=description,
        key=key,
        note=note,
        table=table or _courses(shown, named, told, key or "swimmer", source),
        overlay=draw_marks(marks),
    )


def _courses(shown: list[str], named: Mapping[str, str], told: Mapping[str, str], key: str, source: str) -> Markup:
    """Return the courses in words, one row per patient."""
    frame = pd.DataFrame(
        {
            "patient_id": shown,
            "group": [named[patient] for patient in shown],
            "course": [told[patient] for patient in shown],
        },
        dtype="string",
    )
    if not any(named.values()):
        frame = frame.drop(columns="group")
    labels = {"patient_id": "Patient", "group": "Group", "course": "Course, months from the origin"}
    return render_table(
        frame,
        columns=None,
        caption="Courses of treatment",
        id=f"{key}-courses",
        labels={name: label for name, label in labels.items() if name in frame},
        row_patient="patient_id",
        source=source,
    )


def course_text(rows: pd.DataFrame) -> str:
    """Return the course of one patient in words.

    Parameters
    ----------
    rows
        Of the timeline of the patient.

    Returns
    -------
    str
        Lines of treatment, then responses, progressions and the end in order of time; months from the origin.
    """
    bars = rows.loc[rows["kind"] == "bar"].sort_values(["start_days", "line"], kind="stable")
    points = rows.loc[rows["kind"] != "bar"].sort_values("start_days", kind="stable")
    words = []
    for row in bars.to_dict("records"):
        line = "" if pd.isna(row["line"]) else f"line {int(row['line'])} "
        start, end = months(float(row["start_days"])), months(float(row["end_days"]))
        words.append(f"{line}{look_of(str(row['regimen_class'])).name}, months {start}{TO}{end}")
    for row in points.to_dict("records"):
        name = str(row["label"] if row["kind"] == "response" else row["kind"])
        if name in MARKERS:
            words.append(f"{MARKERS[name][2]} at month {months(float(row['start_days']))}")
    return "; ".join(words) if words else "no treatment and no event recorded"


def embed_waterfall(
    sizes: pd.DataFrame, *, title: str, description: str, plot_note: str = "", key: str = "", note: Child = None,
    table: Markup | None = None,
) -> Markup:  # fmt: skip
    """Return the waterfall of tumour sizes, each bar linked to its patient and told in words.

    Parameters
    ----------
    sizes
        As ``plot_waterfall`` reads it, one row per patient.
    title, description
        Heading, and what is to be seen.
    plot_note
        Small text in the drawing, for example how many patients are not drawn.
    key
        Id of the figure, unique in the page; from the content if blank.
    note
        What must be said below the figure.
    table
        The numbers behind it, folded.

    Returns
    -------
    Markup
        A ``<figure>``.
    """
    rows = sizes.loc[sizes["best_change_pct"].notna()]
    rows = rows.sort_values(["best_change_pct", "patient_id"], ascending=[False, True], kind="stable")
    axes = plot_waterfall(rows, note=plot_note)
    scale = scale_of(axes)
    marks = []
    for place, row in enumerate(rows.to_dict("records")):
        left, right = (float(x) for x in scale.across([place - BAR, place + BAR]))
        box = Box(left, scale.box.y, right - left, scale.page[1] - scale.box.y)
        bor = BOR_STYLE["NE" if pd.isna(row["bor"]) else str(row["bor"])][1]
        lesion = ", new lesion" if not pd.isna(row["new_lesion"]) and row["new_lesion"] else ""
        words = f"{row['patient_id']}: {float(row['best_change_pct']):+.0f} %, best response: {bor}{lesion}"
        marks.append(Mark(str(row["patient_id"]), box, [(box, words)]))
    return embed(axes, title=title, description=description, key=key, note=note, table=table, overlay=draw_marks(marks))
