"""Flags of a MAF row: an exon that is skipped or changed, a truncation near the end of the protein."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.genomics.classes import skipped_exon
from netgen.genomics.coded import Coded, as_objects, pair, recode, replace_values, take

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.errors import Findings

_EXON_FLAG: Final = re.compile(r"(?:^|;)ex\d+(?:del|ins|skip)(?:;|$)")


def read_exon_flags(written: Coded) -> Coded:
    """Return the flag of each row whose class names a skipped exon (``exon14skip`` is ``ex14skip``), else missing.

    Parameters
    ----------
    written
        Variant class as written.

    Returns
    -------
    Coded
        Flags.
    """
    return recode(written, lambda text: None if skipped_exon(text) is None else f"ex{skipped_exon(text)}skip")


def name_exon(flags: Coded) -> NDArray[np.bool_]:
    """Return which rows have a flag that names an exon and its fate (``ex14skip``, ``ex19del``), a change of its own.

    Parameters
    ----------
    flags
        Flags joined by ``;``.

    Returns
    -------
    ndarray of bool
        Shape (n,).
    """
    named = np.array([bool(_EXON_FLAG.search(value)) for value in flags.values] + [False], dtype=bool)
    out: NDArray[np.bool_] = named[flags.codes]
    return out


def join_flags(first: Coded, second: Coded) -> Coded:
    """Return the flags of both columns, joined by ``;``, each once.

    Parameters
    ----------
    first, second
        Flags, missing where there are none.

    Returns
    -------
    Coded
        The joined column.
    """
    if not second.present.any():
        return first
    rows, firsts, seconds = pair(first, second)
    given = [
        f"{first.values[one] if one >= 0 else ''};{second.values[two] if two >= 0 else ''}"
        for one, two in zip(firsts, seconds, strict=True)
    ]
    joined = [";".join(dict.fromkeys(item for item in text.split(";") if item)) or None for text in given]
    return replace_values(Coded(rows.astype(np.int32), as_objects(given)), joined)


def flag_late_truncations(classes: Coded, position: Coded, *, findings: Findings, file: str) -> NDArray[np.bool_]:
    """Return which truncations lie in the last 2.5 % of the protein, where the file says so.

    Parameters
    ----------
    classes
        MAF classes; nonsense and frameshift rows are looked at.
    position
        Position and length of the protein, as in ``452/460``.
    findings, file
        Collects I_LOF_CTERM.

    Returns
    -------
    ndarray of bool
        Shape (n,).
    """
    truncating = np.isin(
        classes.codes,
        [
            place
            for place, name in enumerate(classes.values)
            if name in {"Nonsense_Mutation", "Frame_Shift_Del", "Frame_Shift_Ins"}
        ],
    )
    rows = np.flatnonzero(truncating & position.present)
    late = np.array([_is_late(str(value)) for value in position.values] + [False], dtype=bool)
    out = np.zeros(len(classes), dtype=bool)
    out[rows] = late[take(position, rows).codes]
    if out.any():
        findings.add(
            "I_LOF_CTERM",
            f"{int(out.sum())} truncations lie in the last 2.5 % of their protein and are not called loss of function.",
            file=file,
        )
    return out


def _is_late(text: str) -> bool:
    match = re.match(r"(?:\?-)?(\d+)(?:-[\d?]+)?/(\d+)$", text.strip())
    return bool(match) and int(match.group(1)) > 0.975 * int(match.group(2))  # type: ignore[union-attr]  # it matched
