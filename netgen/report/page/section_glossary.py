"""Glossary: the words of the report, and the codes that stand beside its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.report.glossary import list_codes, list_statuses, list_terms
from netgen.report.page.document import Section
from netgen.report.page.markup import Markup, join, tag

if TYPE_CHECKING:
    import pandas as pd

    from netgen.report.study_report import ReportResults

NOTE: Final = "Only what occurs in this report is explained. Codes begin with W for a warning, I for a note."


def render(results: ReportResults) -> Section:
    """Return the glossary of a run.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    Section
        Words, codes and statuses, each with its meaning.
    """
    parts = [
        ("Words", list_terms(results), False),
        ("Codes", list_codes(results), True),
        ("Why a row was not tested, and other statuses", list_statuses(results), True),
    ]
    body = [join([tag("h3", title), _define(frame, code=code)]) for title, frame, code in parts if len(frame)]
    return Section(id="glossary", title="Glossary", body=join(body, "\n"), note=NOTE)


def _define(frame: pd.DataFrame, *, code: bool) -> Markup:
    """Return terms with their meaning; ``code`` = the terms are codes, and have an anchor."""
    rows = []
    for term, meaning in frame.astype(str).itertuples(index=False):
        shown = tag("code", term) if code else term
        anchor = f"glossary-{term.lower().replace('_', '-')}" if code else None
        rows.append(join([tag("dt", shown, id=anchor), tag("dd", f"{meaning[:1].upper()}{meaning[1:].rstrip('.')}.")]))
    return tag("dl", rows, class_="definition")
