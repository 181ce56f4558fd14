"""Methods: the text of ``methods.md`` in the page, each reference a link to its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgen.report.methods import cite, compose_methods, list_references, number_references
from netgen.report.page.document import Section
from netgen.report.page.markup import Markup, join, tag

if TYPE_CHECKING:
    from netgen.report.methods_words import Sentence
    from netgen.report.study_report import ReportResults

NOTE = "Written from what was run; what was not run is not mentioned. The same text is in methods.md."


def render(results: ReportResults) -> Section:
    """Return the methods of a run.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    Section
        Paragraphs, and the references that they cite.
    """
    paragraphs = compose_methods(results)
    numbers = number_references(paragraphs)
    parts = [
        join([tag("h3", part.title), tag("p", join([_sentence(item, numbers) for item in part.sentences], " "))])
        for part in paragraphs
    ]
    if numbers:
        works = [
            tag("li", _work(*work), id=f"reference-{number}") for number, work in enumerate(list_references(numbers), 1)
        ]
        parts.append(join([tag("h3", "References"), tag("ol", works, class_="references")]))
    return Section(id="methods", title="Methods", body=join(parts, "\n"), note=NOTE)


def _sentence(sentence: Sentence, numbers: dict[str, int]) -> Markup:
    text, marks = cite(sentence, numbers)
    if not marks:
        return join([text, "."])
    links = [tag("a", mark, href=f"#reference-{mark}") for mark in marks.split(", ")]
    return join([text, " [", join(links, ", "), "]."])


def _work(citation: str, doi: str) -> Markup:
    if not doi:
        return join([citation, "."])
    address = f"https://doi.org/{doi.replace('<', '%3C').replace('>', '%3E')}"
    return join([citation, ". ", tag("a", f"doi:{doi}", href=address)])
