"""How near a text is to the codes and names of OncoTree: only to suggest, never to decide.

A clinic writes "thymic carcinoid", "pancreas NET" or "LUCAA". Codes are compared by spelling (``difflib``); names half
by spelling, half by the words they share, where a rare word ("pancreatic") weighs more than a common one ("carcinoma").
"""

from __future__ import annotations

import math
import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# What clinics write and OncoTree calls otherwise: suggested first, never taken. PNET is a code of another disease.
ABBREVIATIONS: Final[dict[str, tuple[str, ...]]] = {
    "CRC": ("COADREAD",),
    "DNET": ("SBWDNET",),
    "LCNEC": ("LUNE",),
    "MTC": ("THME",),
    "NEC": ("NECNOS",),
    "NET": ("NETNOS",),
    "PANNEC": ("PANEC",),
    "PANNET": ("PANET",),
    "PDAC": ("PAAD",),
    "PNEC": ("PANEC",),
    "PNET": ("PANET",),
    "PPGL": ("PHC", "PGNG"),
    "SINET": ("SBWDNET",),
    "THYMIC CARCINOID": ("TNET",),
    "TYPICAL CARCINOID": ("LUCA",),
}
_SAME_WORDS: Final = {
    "net": "neuroendocrine tumor", "nec": "neuroendocrine carcinoma", "nen": "neuroendocrine",
    "duodenal": "small bowel", "duodenum": "small bowel", "ileal": "small bowel", "ileum": "small bowel",
    "jejunal": "small bowel", "jejunum": "small bowel", "intestine": "bowel", "appendiceal": "appendix",
    "gastric": "stomach", "pancreas": "pancreatic", "rectal": "rectum", "renal": "kidney", "thymus": "thymic",
}  # fmt: skip
_SMALL_WORDS: Final = frozenset({"and", "in", "nos", "of", "the", "type", "with"})


def fold_name(text: str) -> str:
    """Return a name without case, surplus blanks and the British spelling of "tumour".

    Parameters
    ----------
    text
        As written.

    Returns
    -------
    str
        What names are compared by.
    """
    return " ".join(text.casefold().replace("tumour", "tumor").split())


def rank_codes(names: Mapping[str, str], text: str) -> list[str]:
    """Return all codes, the one nearest to the text first, ties by code.

    Parameters
    ----------
    names
        Code -> name.
    text
        A misspelt code, or words.

    Returns
    -------
    list of str
        Every code once.
    """
    key = text.strip().upper()
    alike = _name_likeness(names, _words(text))
    score = {code: max(_ratio(key, code), alike[code]) for code in names}
    return sorted(score, key=lambda code: (-score[code], code))


def _name_likeness(names: Mapping[str, str], wanted: list[str]) -> dict[str, float]:
    words_of = {code: _words(name) for code, name in names.items()}
    counts = Counter(word for words in words_of.values() for word in set(words))
    weight = {word: math.log(1 + len(names) / (counts[word] or 1)) for word in {*counts, *wanted}}
    found = {}
    for code, words in words_of.items():
        shared = math.fsum(weight[word] for word in set(words) & set(wanted))
        both = math.fsum(weight[word] for word in [*set(words), *set(wanted)])
        spelling = _ratio(" ".join(sorted(wanted)), " ".join(sorted(words)))
        found[code] = 0.5 * spelling + (shared / both if both else 0.0)
    return found


def _words(text: str) -> list[str]:
    """Return the words that tell tumours apart, in the singular, abbreviations spelled out."""
    words = re.findall(r"[a-z0-9]+", fold_name(text))
    spelled = " ".join(_SAME_WORDS.get(word, word) for word in words).split()
    return [word.removesuffix("s") for word in spelled if word not in _SMALL_WORDS]


def _ratio(left: str, right: str) -> float:
    return SequenceMatcher(None, left, right, autojunk=False).ratio()
