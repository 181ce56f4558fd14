"""Levels of evidence: their order, which of them count, and what they roughly are in other frameworks.

A level says what is known about an alteration *in this patient's tumour type*. The equivalents in other frameworks are
one-way and approximate: each is written with a leading "~", and a level that a source states in its own framework is
kept beside them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RESEARCH_USE: Final = "Research use only - not a clinical decision tool."

# Best first: the six of therapeutic sensitivity, then resistance, then what names no therapy, then nothing.
LEVELS: Final[dict[str, str]] = {
    "N1": "approval that names this biomarker, in scope (tumour-agnostic approvals too)",
    "N2": "biomarker recognised by a guideline, in scope",
    "N3A": "prospective or controlled clinical evidence in scope, not standard",
    "N3B": "evidence of N1, N2 or N3A in another tumour type",
    "N3C": "case reports or series only, in scope",
    "N4": "preclinical or biological rationale, or inference along a pathway",
    "NR1": "resistance, standard",
    "NR2": "resistance, clinical evidence",
    "NDx": "diagnostic, no therapy",
    "NPx": "prognostic, no therapy",
    "NX": "no evidence",
}
SENSITIVITY: Final = ("N1", "N2", "N3A", "N3B", "N3C", "N4")
COUNTED: Final = ("N1", "N2", "N3A", "N3B")
RESISTANCE: Final = ("NR1", "NR2")
NO_THERAPY: Final = ("NDx", "NPx", "NX")
RANK: Final[Mapping[str, int]] = MappingProxyType({level: place for place, level in enumerate(LEVELS)})

FRAMEWORKS: Final = ("oncokb", "escat", "amp", "civic")
_EQUIVALENTS: Final[dict[str, tuple[str, str, str, str]]] = {
    "N1": ("~1", "~I-A/B", "~I-A", "~A"),
    "N2": ("~2", "~I-II", "~I-A", "~A"),
    "N3A": ("~3A", "~II-A/II-B", "~I-B or II-C", "~B"),
    "N3B": ("~3B", "~III-A", "~II-C", "~A/B other disease"),
    "N3C": ("", "~III", "~II-D", "~C"),
    "N4": ("~4", "~III-B/IV", "~II-D", "~D"),
    "NR1": ("~R1", "", "~I/II", "~A-B resistance"),
    "NR2": ("~R2", "", "~I/II", "~A-B resistance"),
    "NDx": ("~Dx", "", "~Dx", "~Diagnostic"),
    "NPx": ("~Px", "", "~Px", "~Prognostic"),
    "NX": ("", "~X", "~III", "~E"),
}
# level -> framework -> equivalent with its "~"; "" where the framework has none.
APPROXIMATE: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {level: MappingProxyType(dict(zip(FRAMEWORKS, row, strict=True))) for level, row in _EQUIVALENTS.items()}
)
_AGNOSTIC_ESCAT: Final = {"N1": "~I-C"}


def best_level(levels: Iterable[str]) -> str:
    """Return the best of several levels in the order of ``LEVELS``; of none, ``NX``.

    Parameters
    ----------
    levels
        Levels of one patient or one alteration, in any order.

    Returns
    -------
    str
        One of ``LEVELS``.

    Raises
    ------
    ValueError
        If one of them is not a level.
    """
    found = set(levels)
    unknown = sorted(found - LEVELS.keys())
    if unknown:
        raise ValueError(f"A level is one of {', '.join(LEVELS)}; found {', '.join(map(repr, unknown))}.")
    return min(found, key=RANK.__getitem__, default="NX")


def is_counted(level: str, direction: str) -> bool:
    """Tell whether a hit makes a patient count as actionable: N1 to N3B by therapeutic sensitivity.

    Parameters
    ----------
    level
        Level of the hit in the patient's tumour type.
    direction
        Direction of the rule.

    Returns
    -------
    bool
        False for every level from N3C on, and for every direction but ``sensitivity``.
    """
    return level in COUNTED and direction == "sensitivity"


def approximate(level: str, framework: str, *, agnostic: bool = False) -> str:
    """Return the approximate equivalent of a level in another framework.

    Parameters
    ----------
    level
        One of ``LEVELS``.
    framework
        One of ``FRAMEWORKS``.
    agnostic
        True if the rule applies because it holds for tumours of any tissue: ESCAT has a tier of its own for that.

    Returns
    -------
    str
        For example ``~3A``; the empty text where the framework has no equivalent.
    """
    if agnostic and framework == "escat" and level in _AGNOSTIC_ESCAT:
        return _AGNOSTIC_ESCAT[level]
    return APPROXIMATE[level][framework]
