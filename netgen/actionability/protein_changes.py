"""What a protein change says: residue, range and type, whatever the spelling.

``p.Val600Glu``, ``V600E``, ``p.(V600E)`` and ``p.V600>E`` are one change; ``*``, ``Ter`` and a final ``X`` one stop.
The spelling is settled by ``genomics.protein``; here a change is taken apart. Texts that mean the same get one form:

- a splice change is named by its residue alone: ``D1010_splice`` is ``X1010_splice``;
- a range and its replacement: ``E746_A750>IP`` is ``E746_A750delinsIP``, ``VV600KM`` is ``V600_V601delinsKM``, and one
  residue for one residue is a substitution;
- a first residue ``X`` that is replaced is the stop: ``X394R`` is ``*394R``.

A frameshift keeps what its text tells (``S1982fs``, ``S1982Rfs*22``): its residue and type are the same either way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import pandas as pd

from netgen.genomics.protein import normalize_protein_change

FACTS: Final = ("change", "ref_aa", "first_aa", "last_aa", "change_type")
# Types that end or empty the protein; whether a variant is loss of function is decided by its class as well.
TRUNCATING: Final = frozenset({"nonsense", "frameshift", "splice", "start_loss"})
_Parts = tuple[str, str, int | None, int | None, str]
_NOTHING: Final[_Parts] = ("", "", None, None, "")
_SUBSTITUTION: Final = re.compile(r"([A-WYZ])(\d+)([A-WYZ])")
_PARTS: Final = re.compile(r"(?P<ref>[A-Z*]*)(?P<first>\d+)(?:_(?P<end>[A-Z*]*)(?P<last>\d+))?(?P<what>.*)")
_REPLACED: Final = re.compile(r"(?:delins|>)([A-Z*]+)")
_LISTED: Final = re.compile(r"(del|dup)(?:[A-Z]+|\d+)")


@dataclass(frozen=True, kw_only=True)
class ProteinChange:
    """A protein change, taken apart.

    Attributes
    ----------
    change
        One spelling for all, without ``p.``: ``V600E``, ``X1010_splice``, ``E746_A750delinsIP``.
    ref_aa
        First residue that changes, one letter; "" if the text does not name it.
    first_aa, last_aa
        First and last residue, 1-based, inclusive; None if the text has no position. For an insertion, its neighbours.
    change_type
        One of ``rules.CHANGE_TYPES``; ``other`` if the text names a residue only, or an effect that is not read.
    """

    change: str
    ref_aa: str
    first_aa: int | None
    last_aa: int | None
    change_type: str


def parse_protein_change(text: str) -> ProteinChange | None:
    """Return a protein change taken apart, None if the text is none.

    Parameters
    ----------
    text
        As written, in any of the spellings of ``genomics.protein``.

    Returns
    -------
    ProteinChange or None
        Its parts.

    Notes
    -----
    The first that applies: unchanged (``=``) is silent; ``_splice``; ``fs``; ``0`` or a change of the first methionine
    is a loss of the start; a change of the stop, or ``ext``, is a loss of the stop; a stop in what is inserted is
    nonsense; a replaced range; ``del``; ``dup`` and ``ins``; another residue. Witnesses in
    ``tests/actionability/test_protein_changes.py``.

    Examples
    --------
    >>> parse_protein_change("p.(Glu746_Ala750delinsIlePro)").change
    'E746_A750delinsIP'
    >>> parse_protein_change("W424X").change_type
    'nonsense'
    """
    parts = _parse(text)
    if parts is _NOTHING:
        return None
    change, ref_aa, first, last, change_type = parts
    return ProteinChange(change=change, ref_aa=ref_aa, first_aa=first, last_aa=last, change_type=change_type)


def parse_protein_changes(texts: pd.Series) -> pd.DataFrame:
    """Return protein changes taken apart, one row per text; each distinct text is read once.

    Parameters
    ----------
    texts
        Changes as written, "string".

    Returns
    -------
    DataFrame
        Columns ``FACTS``, see :class:`ProteinChange`, and the index of ``texts``. A missing text, or one that is no
        protein change, has "" and missing positions.
    """
    codes, levels = pd.factorize(texts)
    parsed = [*(_parse(str(level)) for level in levels), _NOTHING]  # the last answers a missing text (code -1)
    out = {}
    for name, values in zip(FACTS, zip(*parsed, strict=True), strict=True):
        known = pd.array(values, dtype="Int64" if name in {"first_aa", "last_aa"} else "string")
        out[name] = known[codes]
    return pd.DataFrame(out, index=texts.index)


def _parse(text: str) -> _Parts:
    normal = normalize_protein_change(text)
    if normal is None:
        return _NOTHING
    core = normal[2:]
    plain = _SUBSTITUTION.fullmatch(core)
    if plain and plain[1] != plain[3] and not (plain[1] == "M" and plain[2] == "1"):
        place = int(plain[2])
        return core, plain[1], place, place, "missense"
    if core in {"0", "0?"}:
        return "0", "", None, None, "start_loss"
    match = _PARTS.match(core)
    if match is None:
        return core, "", None, None, "silent" if core.endswith("=") else "other"
    what = match["what"]
    if "splice" in what:
        return f"X{match['first']}_splice", "", int(match["first"]), int(match["last"] or match["first"]), "splice"
    return _settle(match["ref"], int(match["first"]), match["end"] or "", match["last"], what)


def _settle(ref: str, first: int, end: str, last_text: str | None, what: str) -> _Parts:
    """Bring range and replacement to one form, then name the type."""
    if ref == "X" and what and not what.startswith(("del", "=")):
        ref = "*"
    last = int(last_text) if last_text else first + max(len(ref) - 1, 0)
    if len(ref) > 1 and not last_text:
        ref, end = ref[0], ref[-1]
        what = f"delins{what}" if re.fullmatch(r"[A-Z*]+", what) else what
    replaced = _REPLACED.fullmatch(what)
    if replaced:
        single = first == last and len(replaced[1]) == 1
        what = replaced[1] if single else f"delins{replaced[1]}"
    what = _LISTED.sub(r"\1", what) if _LISTED.fullmatch(what) else re.sub(r"fs\*?\??$", "fs", what)
    span = f"{ref}{first}" if first == last else f"{ref}{first}_{end}{last}"
    return span + what, ref[:1], first, last, _type_of(ref, first, what)


def _type_of(ref: str, first: int, what: str) -> str:
    """Name the type of what happens from a residue on."""
    tests = (
        (what == "=" or (what != "" and what == ref), "silent"),
        ("fs" in what, "frameshift"),
        (ref == "M" and first == 1 and what != "", "start_loss"),
        (ref == "*" or "ext" in what, "stop_loss"),
        ("*" in what, "nonsense"),
        (what.startswith("delins"), "delins"),
        (what.startswith("del"), "inframe_del"),
        (what.startswith(("ins", "dup")), "inframe_ins"),
        (re.fullmatch("[A-Z]", what) is not None, "missense"),
    )
    return next((name for holds, name in tests if holds), "other")
