"""Which drugs a regimen names, by the drug dictionary that ships (``netgen/data/drug_classes.tsv``).

For annotation only: words that are no names are passed over, and nothing is reported. Lines of treatment are derived
elsewhere, where every unknown name matters.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from netgen.data import load_table

_MARKS: Final = re.compile(r"\s*[+,;&|/\n]\s*|\s+(?:and|plus|with|und|et|ed?)\s+", re.IGNORECASE)
_LONGEST: Final = 4  # words of a name: "lutetium Lu 177 dotatate"
_SHORTEST: Final = 3  # a shorter word within a text is no name; an acronym of this length only as a whole part


class Names(NamedTuple):
    """Folded name -> drugs it stands for: of a whole text or part, and of words within one; drug -> class."""

    parts: dict[str, frozenset[str]]
    words: dict[str, frozenset[str]]
    classes: dict[str, str]


def find_drug_names(text: str) -> frozenset[str]:
    """Return the drugs that a text names.

    Parameters
    ----------
    text
        A drug, a regimen or several of them, with doses or without: ``CAPTEM``, ``TMZ 200 mg/m2 + everolimus``.

    Returns
    -------
    frozenset of str
        Names as the dictionary writes them; a regimen gives its drugs. Empty if there is none.
    """
    names = _load_names()
    found: set[str] = set()
    for part in (text, *_MARKS.split(text)):
        found |= names.parts.get(_fold(part), frozenset())
    words = re.findall(r"\w+", text.casefold())
    for size in range(1, _LONGEST + 1):
        for start in range(len(words) - size + 1):
            found |= names.words.get(_fold("".join(words[start : start + size])), frozenset())
    return frozenset(found)


def class_of(drug: str) -> str:
    """Return the class of a drug.

    Parameters
    ----------
    drug
        Name as ``find_drug_names`` gives it.

    Returns
    -------
    str
        One of ``schema.REGIMEN_CLASSES``; the empty text for a supportive drug and an unknown name.
    """
    return _load_names().classes.get(drug, "")


@cache
def _load_names() -> Names:
    """Return the dictionary. An acronym such as FAS, VIP or EP is a name only where nothing else stands beside it."""
    table = load_table("drug_classes.tsv")
    names = Names({}, {}, dict(zip(table["name"], table["class"], strict=True)))
    rows = [{str(key): str(cell) for key, cell in row.items()} for row in table.to_dict("records")]
    for row in sorted(rows, key=lambda row: row["kind"] == "regimen"):
        regimen = row["kind"] == "regimen"
        drugs = frozenset(row["drugs"].split("+")) if regimen else frozenset({row["name"]})
        for name in map(_fold, (row["name"], *row["synonyms"].split(";"))):
            names.parts[name] = drugs
            if len(name) >= _SHORTEST + regimen:
                names.words[name] = drugs
    names.parts.pop("", None)
    return names


def _fold(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
