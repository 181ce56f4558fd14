"""What the methods text is made of: sentences that carry their references, and the names of things in words.

A sentence is plain text; ``methods`` turns it into Markdown and ``page.section_methods`` into HTML, each with its own
escaping. Nothing here looks at results.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from netgen import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

MOST_NAMES: Final = 20  # names that are listed; the others are counted
# Columns whose meaning in the schema does not read well inside a sentence.
_COLUMNS: Final[dict[str, str]] = {
    "origin_group3": "site of origin",
    "origin_group2": "site of origin in two groups",
    "histology_group": "histological group",
    "regimen_class": "class of treatment",
    "actionable": "actionable alteration",
    "best_level": "best level of evidence",
    "origin": "primary tumour site",
    "ki67_pct": "Ki-67 index",
    "ecog_ps": "ECOG performance status",
    "sex": "sex",
}
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth")


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One statement and the keys of its references in ``netgen/data/references.tsv``; it ends with a full stop."""

    text: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A heading and what stands below it."""

    title: str
    sentences: tuple[Sentence, ...]


def say(text: str, *cites: str) -> Sentence:
    """Return a sentence.

    Parameters
    ----------
    text
        Without markup; white space of any kind becomes one blank, and a full stop is added where there is none.
    *cites
        Keys of references.

    Returns
    -------
    Sentence
        The same, tidied.
    """
    flat = " ".join(text.split())
    return Sentence(text=flat if flat.endswith(".") else flat + ".", cites=cites)


def listed(names: Iterable[str], *, most: int = MOST_NAMES) -> str:
    """Return names as a list in a sentence.

    Parameters
    ----------
    names
        In the order in which they are to stand.
    most
        So many are named, the others are counted.

    Returns
    -------
    str
        ``a, b and c``, or ``a, b and 7 more``; blank for none.

    Examples
    --------
    >>> listed(["MEN1", "ATRX", "DAXX"]), listed("abcdef", most=3)
    ('MEN1, ATRX and DAXX', 'a, b, c and 3 more')
    """
    items = list(names)
    if len(items) > most + 1:
        items = [*items[:most], f"{len(items) - most} more"]
    return items[0] if len(items) == 1 else " and ".join([", ".join(items[:-1]), items[-1]]) if items else ""


def count(n: int, one: str, several: str = "") -> str:
    """Return a number with its noun.

    Parameters
    ----------
    n
        How many.
    one, several
        The noun; blank = with an s.

    Returns
    -------
    str
        ``1 patient``, ``12,000 patients``.
    """
    return f"{n:,} {one if n == 1 else several or one + 's'}"


def name_column(name: str) -> str:
    """Return a column, a column with cut points, or a gene in words.

    Parameters
    ----------
    name
        ``origin_group3``, ``ki67_pct:20,55``, ``TP53``, or a column of the user's.

    Returns
    -------
    str
        For a sentence; a name that nobody knows stays as it is.
    """
    column, _, cuts = name.partition(":")
    known = {item.name: item.meaning for item in schema.PATIENTS.columns}
    words = _COLUMNS.get(column, known.get(column, column))
    return f"{words} (cut at {listed(cuts.split(','))})" if cuts else words


def name_line(number: int) -> str:
    """Return a line of treatment as an adjective.

    Parameters
    ----------
    number
        1, 2, 3 ...

    Returns
    -------
    str
        ``first-line``, or ``line-7`` beyond the fifth.
    """
    return f"{_ORDINALS[number - 1]}-line" if number <= len(_ORDINALS) else f"line-{number}"


def share(texts: Mapping[str, Iterable[Sentence]], write_names: Callable[[Iterable[str]], str]) -> Iterator[Sentence]:
    """Yield the sentences of several endpoints; what is true of several is said once.

    Parameters
    ----------
    texts
        Name -> its sentences. ``{names}`` in them is where the names go (``for OS``), blank if the sentence is true of
        all; at ``{all}`` they always stand.
    write_names
        Turns names into words.

    Yields
    ------
    Sentence
        In the order of the first endpoint, those of the others where they belong.
    """
    said: dict[Sentence, list[str]] = {}
    order: list[Sentence] = []
    for name, sentences in texts.items():
        own, place = list(sentences), 0
        for sentence in own:
            if sentence in said:
                place = order.index(sentence) + 1
            else:
                while place < len(order) and order[place] not in own:  # what the others say here comes first
                    place += 1
                order.insert(place, sentence)
                place += 1
            said.setdefault(sentence, []).append(name)
    for sentence in order:
        names = f" for {write_names(said[sentence])}"
        shown = sentence.text.replace("{all}", names)
        yield say(shown.replace("{names}", "" if len(said[sentence]) == len(texts) else names), *sentence.cites)


def levels_of(values: pd.Series) -> list[str]:
    """Return the different texts of a column, sorted, missing ones left out.

    Parameters
    ----------
    values
        A column of text.

    Returns
    -------
    list of str
        Each once.
    """
    return sorted({str(value) for value in values.dropna()})


def any_in(frame: pd.DataFrame, *columns: str) -> bool:
    """Tell whether a table holds a value in one of some columns: whether something was computed at all.

    Parameters
    ----------
    frame
        A table of results.
    *columns
        Of its columns.

    Returns
    -------
    bool
        False for a table without rows.
    """
    return any(bool(frame[name].notna().any()) for name in columns)
