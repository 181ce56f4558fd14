"""Reporting checklists: what the run answers, and what is left for the authors (DOMAIN 5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.data import load_yaml
from netgen.report.checklists import CHECKLIST_COLUMNS, FILE, TO_COMPLETE, fill_checklists
from netgen.report.methods import list_references
from netgen.report.page.document import Section
from netgen.report.page.markup import Markup, join, tag
from netgen.report.page.tables import render_table

if TYPE_CHECKING:
    import pandas as pd

    from netgen.report.study_report import ReportResults

NOTE: Final = (
    f"Items that a run can answer are filled in; {TO_COMPLETE} marks what only the authors can say. The wording of the"
    " items is ours: read the checklists themselves before you submit one."
)
LABELS: Final = {"item": "Item", "topic": "Topic", "asks": "Asks", "mode": "Mode", "text": "Text"}


def render(results: ReportResults) -> Section:
    """Return the checklists that apply to a run.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    Section
        One table per checklist, every item in it.
    """
    filled, known = fill_checklists(results), load_yaml(FILE)
    parts = [
        _checklist(str(name), known[str(name)], own.reset_index(drop=True))
        for name, own in filled.groupby("checklist", sort=False)
    ]
    return Section(id="checklists", title="Reporting checklists", body=join(parts, "\n"), note=NOTE)


def _checklist(name: str, about: dict[str, str], rows: pd.DataFrame) -> Markup:
    ((citation, doi),) = list_references([about["reference"]])
    counts = ", ".join(f"{int((rows['mode'] == mode).sum())} {mode}" for mode in ("auto", "partial", "manual"))
    shown = rows.drop(columns="checklist").assign(text=[_text(str(text)) for text in rows["text"]])
    return join(
        [
            tag("h3", about["title"]),
            tag("p", f"{about['about']} ", citation, ". ", tag("a", f"doi:{doi}", href=f"https://doi.org/{doi}")),
            render_table(
                shown,
                columns=CHECKLIST_COLUMNS,
                caption=f"{about['title']}: {len(rows)} items, {counts}",
                id=f"checklist-{name}",
                labels=LABELS,
            ),
        ]
    )


def _text(text: str) -> Markup:
    """Return an answer with what is left to do in bold."""
    before, mark, after = text.partition(TO_COMPLETE)
    return join([before, tag("strong", mark) if mark else None, after])
