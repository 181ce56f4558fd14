"""Protein changes in one spelling: ``p.`` and one-letter residues, as in ``p.R175H``.

Real files write the same change as ``p.R175H``, ``R175H``, ``p.Arg175His`` or ``NP_000537.3:p.(Arg175His)``. What is
not a protein change (a splice coordinate, a promoter position, ``-888``, free text) is missing, not guessed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

RESIDUES: Final[dict[str, str]] = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Asx": "B", "Cys": "C", "Glu": "E", "Gln": "Q", "Glx": "Z",
    "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S",
    "Sec": "U", "Pyl": "O", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Xaa": "X", "Ter": "*",
}  # fmt: skip
_NULLS: Final = frozenset({"", "NA", "N/A", "NAN", "NULL", "NONE", ".", "-", "?", "P.?", "P.", "P.(?)"})
# Most values of a modern MAF are already right: a substitution that changes the residue, a frameshift, a splice change.
_PLAIN: Final = re.compile(
    r"p\.(?:([A-WYZ])\d+(?:(?!\1$)[A-WYZ*]|=|del|fs(?:\*\d+)?|[A-Z]fs\*\d+)|X\d+_splice|[A-Z]\d+_[A-Z]\d+del)"
)
_THREE_LETTER: Final = re.compile("|".join(RESIDUES))
_SHAPE: Final = re.compile(r"[A-Z*]+\d+.*|\d+(?:_\d+)?(?:del|ins|dup|>).*|=|0\??")
_SAME: Final = re.compile(r"([A-Z]+)(\d+)\1")
_GONE: Final = re.compile(r"([A-Z]+)(\d+)(_[A-Z]\d+)?-")
_LOWER: Final = re.compile(r"[a-z]\d+[a-z*]")


def normalize_protein_change(text: str) -> str | None:
    """Return a protein change as ``p.`` with one-letter residues.

    A blank, a null token or a text that is no protein change gives None.

    Parameters
    ----------
    text
        The change as written, with or without accession, prefix and parentheses.

    Returns
    -------
    str or None
        For example ``p.R175H``, ``p.K1033fs``, ``p.F2344Sfs*10``, ``p.X206_splice``, ``p.A380=``.

    Notes
    -----
    1. Only what follows the last ``p.`` (else the last colon) is read; parentheses around it go.
    2. Three-letter residues become one letter; a final ``X`` and ``fsX`` become ``*``.
    3. A residue "changed" to itself becomes ``=``; residues listed behind ``del`` are dropped (``E746_A750delELREA``).
    4. Residues for which nothing is left are a deletion: ``DVIWN123-`` is ``D123_N127del``.

    Idempotent; witnesses in ``tests/genomics/test_classes.py``.

    Examples
    --------
    >>> normalize_protein_change("NP_000537.3:p.(Arg175His)")
    'p.R175H'
    >>> normalize_protein_change("W424X")
    'p.W424*'
    """
    if _PLAIN.fullmatch(text):
        return text
    core = _core(text.strip().replace("%3D", "=").replace("%3d", "="))
    if core is None:
        return None
    if _LOWER.fullmatch(core):
        core = core.upper()
    core = _THREE_LETTER.sub(lambda match: RESIDUES[match.group()], core)
    core = re.sub(r"fs(?:[Xx]|\*)(\d+|\?)?$", lambda match: f"fs*{match.group(1)}" if match.group(1) else "fs", core)
    core = re.sub(r"^([A-Z]\d+)X$", r"\1*", core)
    core = re.sub(r"(\d)del[A-Z]+$", r"\1del", core)
    core = _name_deletion(core)
    core = _SAME.sub(r"\1\2=", core) if _SAME.fullmatch(core) else core
    return f"p.{core}" if _SHAPE.fullmatch(core) else None


def _name_deletion(core: str) -> str:
    """Write residues for which nothing is left as a deletion, from the first to the last; other changes stay."""
    found = _GONE.fullmatch(core)
    if found is None:
        return core
    residues, first, to = found[1], int(found[2]), found[3] or ""
    if len(residues) > 1 and not to:
        to = f"_{residues[-1]}{first + len(residues) - 1}"
    return f"{residues[0]}{first}{to}del"


def changed_protein_changes(texts: Iterable[str]) -> dict[int, str | None]:
    """Return what :func:`normalize_protein_change` makes of those texts that may not be in its form.

    Parameters
    ----------
    texts
        Changes as written.

    Returns
    -------
    dict of int to str or None
        Place of a text -> normalised change; texts that are plainly right have no entry.
    """
    plain = _PLAIN.fullmatch
    return {place: normalize_protein_change(text) for place, text in enumerate(texts) if not plain(text)}


def _core(text: str) -> str | None:
    """Cut accession, prefix and parentheses off; None if nothing about a protein is left."""
    if text.upper() in _NULLS:
        return None
    at = text.rfind("p.")
    if at >= 0:
        text = text[at + 2 :]
    elif re.search(r"(^|[:(])[cgmnr]\.", text):
        return None
    else:
        text = text[text.rfind(":") + 1 :]
    words = text.strip().strip("()").split()
    if not words:
        return None
    return re.sub(r"[();,]", "", words[0]) or None


def class_from_protein_change(change: str) -> str | None:
    """Return the variant class that a protein change implies, None if it implies none.

    Parameters
    ----------
    change
        Normalised change (:func:`normalize_protein_change`).

    Returns
    -------
    str or None
        A MAF class, or ``Frame_Shift_*`` / ``In_Frame_*`` where the alleles decide between insertion and deletion.

    Examples
    --------
    >>> class_from_protein_change("p.R460*")
    'Nonsense_Mutation'
    """
    core = change.removeprefix("p.")
    for pattern, name in _IMPLIED:
        if pattern.search(core):
            return name
    return None


_IMPLIED: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"=$", "Silent"),
        (r"fs", "Frame_Shift_*"),
        (r"_splice$", "Splice_Site"),
        (r"^\*|ext", "Nonstop_Mutation"),
        (r"^M1(?!\d)|^0", "Translation_Start_Site"),
        (r"\*$", "Nonsense_Mutation"),
        (r"delins|>", "In_Frame_*"),
        (r"del", "In_Frame_Del"),
        (r"ins|dup", "In_Frame_Ins"),
        (r"^[A-Z]\d+[A-Z]$", "Missense_Mutation"),
    )
)
