"""The methods section of a run, in words a journal would take, from what was executed and nothing else.

``compose_methods`` puts the sentences together from plans and result tables: a clause of something that was not run
does not exist. ``write_methods`` makes Markdown of them; ``page.section_methods`` makes HTML of the same sentences.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from netgen import __version__
from netgen.data import load_table
from netgen.report.methods_association import describe_associations, describe_beyond, describe_survival_estimate
from netgen.report.methods_cohort import (
    describe_description,
    describe_gene_status,
    describe_missing,
    describe_patients,
)
from netgen.report.methods_endpoints import describe_endpoints, describe_entry, list_derived
from netgen.report.methods_groups import (
    describe_actionability,
    describe_groups,
    describe_response,
    describe_therapy,
)
from netgen.report.methods_model import describe_models
from netgen.report.methods_words import Paragraph, Sentence, listed, say
from netgen.research_use import RESEARCH_USE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from netgen.report.study_report import ReportResults

# Heading -> what writes its sentences, in order.
_PARTS: Final[dict[str, tuple[Callable[[ReportResults], Iterator[Sentence]], ...]]] = {
    "Patients": (describe_patients, describe_description),
    "Endpoints": (describe_endpoints, lambda results: describe_entry(results) if list_derived(results) else iter(())),
    "Sequencing and gene status": (describe_gene_status,),
    "Missing data": (describe_missing,),
    "Survival": (describe_survival_estimate,),
    "Associations with outcome": (describe_associations, describe_beyond),
    "Penalised model": (describe_models,),
    "Comparison of groups": (describe_groups,),
    "Therapeutic algorithms": (describe_therapy,),
    "Response": (describe_response,),
    "Actionability": (describe_actionability,),
    "Software": (lambda results: iter([_software(results)]),),
}
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>&|~#])")


def compose_methods(results: ReportResults) -> list[Paragraph]:
    """Return the methods as paragraphs of sentences.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    list of Paragraph
        Those that have something to say, in the order of a paper. The same run gives the same text.
    """
    found = [
        Paragraph(title=title, sentences=tuple(sentence for part in parts for sentence in part(results)))
        for title, parts in _PARTS.items()
    ]
    return [paragraph for paragraph in found if paragraph.sentences]


def list_references(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Return works with their DOI.

    Parameters
    ----------
    keys
        Of ``netgen/data/references.tsv``.

    Returns
    -------
    list of tuple
        Citation and DOI ("" = the work has none), in the same order.

    Raises
    ------
    KeyError
        If there is no such reference.
    """
    table = load_table("references.tsv").set_index("key")
    return [(str(table.loc[key, "citation"]), str(table.loc[key, "doi"])) for key in keys]


def number_references(paragraphs: Sequence[Paragraph]) -> dict[str, int]:
    """Return the number of every reference, from 1 in the order in which the text first cites it.

    Parameters
    ----------
    paragraphs
        Of ``compose_methods``.

    Returns
    -------
    dict
        Key -> number.
    """
    cited = dict.fromkeys(key for part in paragraphs for sentence in part.sentences for key in sentence.cites)
    return {key: number for number, key in enumerate(cited, 1)}


def cite(sentence: Sentence, numbers: dict[str, int]) -> tuple[str, str]:
    """Return a sentence without its full stop, and its references as numbers.

    Parameters
    ----------
    sentence
        The sentence.
    numbers
        Of ``number_references``.

    Returns
    -------
    tuple of str
        ``("Survival was estimated ...", "1, 2")``; the second is blank without references.
    """
    marks = sorted({numbers[key] for key in sentence.cites})
    return sentence.text.removesuffix("."), ", ".join(str(number) for number in marks)


def write_methods(results: ReportResults) -> str:
    """Return the methods section as Markdown.

    Parameters
    ----------
    results
        A finished run.

    Returns
    -------
    str
        Headings, paragraphs and a numbered list of the references that are cited. Text of the user's (titles, names of
        genes and columns) cannot become markup.

    Notes
    -----
    DOMAIN 5.4. Without delayed entry the word for it does not occur.
    """
    paragraphs = compose_methods(results)
    numbers = number_references(paragraphs)
    study = results.cohort.study
    lines = [f"# Methods: {escape_markdown(study.title or study.id)}", ""]
    if study.label:
        lines += [f"**{escape_markdown(study.label)}**", ""]
    for part in paragraphs:
        lines += [f"## {part.title}", "", " ".join(_markdown(item, numbers) for item in part.sentences), ""]
    if numbers:
        lines += ["## References", ""]
        lines += [f"{number}. {text}" for number, text in enumerate(map(_reference, list_references(numbers)), 1)]
        lines.append("")
    return "\n".join([*lines, RESEARCH_USE, ""])


def escape_markdown(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    Parameters
    ----------
    text
        Any text, hostile or not.

    Returns
    -------
    str
        One line, with a backslash before every character that has a meaning.

    Examples
    --------
    >>> escape_markdown("<img src=x>\n# a_b")
    '\\<img src=x\\> \\# a\\_b'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _markdown(sentence: Sentence, numbers: dict[str, int]) -> str:
    text, marks = cite(sentence, numbers)
    return f"{escape_markdown(text)} [{marks}]." if marks else f"{escape_markdown(text)}."


def _reference(item: tuple[str, str]) -> str:
    citation, doi = item
    link = doi.replace("<", "%3C").replace(">", "%3E")
    return f"{escape_markdown(citation)}. https://doi.org/{link}" if doi else f"{escape_markdown(citation)}."


def _software(results: ReportResults) -> Sentence:
    """Name the version and the master seed of every analysis that was run."""
    seeds = {results.cohort.study.association.seed}
    for found in (results.association, results.survival, results.response):
        if found is not None:
            seeds.add(found.plan["requested"]["seed"])
    for other in (results.therapy, results.actionability, results.description):
        if other is not None:
            seeds.add(other.plan["seed"])
    told = f"seed {min(seeds)}" if len(seeds) == 1 else f"seeds {listed(str(seed) for seed in sorted(seeds))}"
    return say(
        f"Analyses used netgen {__version__}, {told}; random numbers do not depend on the order or number of threads"
    )
