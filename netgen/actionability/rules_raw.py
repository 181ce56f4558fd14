"""A rule file as text: each rule is dotted keys with the texts and the line they stand on; nothing is interpreted yet.

Both formats, YAML and tab-separated, are brought to this form; ``rules_file`` makes rules of it.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE: Final = "source"
LISTS: Final = frozenset(
    {"gene", "alteration.changes", "alteration.codons", "alteration.change_types", "alteration.partners",
     "alteration.results", "qualifiers.who_grade", "scope.include", "scope.exclude", "therapy"}
)  # fmt: skip


class Cell(NamedTuple):
    """The texts of one value, at least one, and the line of the file."""

    texts: tuple[str, ...]
    line: int


class RawRule(NamedTuple):
    """One rule as text: name for messages, line, dotted keys, sources, and the keys already told to be unreadable."""

    name: str
    line: int
    cells: dict[str, Cell]
    sources: list[dict[str, Cell]]
    unread: set[str]


class RawTable(NamedTuple):
    """A rule file as text: what stands at its top, and its rules in order."""

    head: dict[str, Cell]
    rules: list[RawRule]


def nearest_key(text: str, valid: Iterable[str]) -> str:
    """Return the sentence that names the valid key nearest to a wrong one.

    Parameters
    ----------
    text
        The key as written, dotted.
    valid
        Dotted keys.

    Returns
    -------
    str
        "Did you mean ...?", or the list of keys if none is near.
    """
    tails = {key.rpartition(".")[2]: key for key in reversed(list(valid))}
    tail = text.rpartition(".")[2].casefold()
    near = difflib.get_close_matches(text.casefold(), list(tails.values()), n=1, cutoff=0.8)
    near = near or [tails[name] for name in difflib.get_close_matches(tail, list(tails), n=1)]
    return f"Did you mean {near[0]}?" if near else f"Valid keys: {', '.join(valid)}."
