"""Mutational hot spots of a knowledge snapshot, in the layout of cancerhotspots.org.

One row per hot spot of a protein: a residue (``V600``), a stretch in which in-frame insertions and deletions gather
(``27-42``), or the residue at a splice site (``X1010``, in version 1 ``Y126_splice``). The table is taken as published:
version 1 holds what has a q-value below 0.01, versions 2 and 3 what has one below 0.1. Rows without a q-value (the
three-dimensional clusters of 3dhotspots.org) are no hot spots here.

References
----------
Chang MT et al. Nat Biotechnol 34:155-163 (2016); Chang MT et al. Cancer Discov 8:174-183 (2018).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

# Column -> what it holds.
HOTSPOT_COLUMNS: Final[dict[str, str]] = {
    "gene": "symbol as written",
    "kind": "residue, indel or splice",
    "start": "first residue",
    "end": "last residue; the same but for a stretch",
    "reference": "residue of the protein there, one letter, * for the stop; blank for indel and splice",
    "q_value": "as published",
    "transcript_id": "transcript of the numbering",
}
_NEEDED: Final = ("hugo_symbol", "residue", "q-value")
_RESIDUE: Final = re.compile(r"([A-WYZ*])(\d+)")
_SPLICE: Final = re.compile(r"X(\d+)|[A-Z](\d+)_splice")
_STRETCH: Final = re.compile(r"[A-Z]?(\d+)(?:-(\d+))?")
_FIX: Final = "Use a table of cancerhotspots.org, for example v3_multi_type_residue.txt."


def read_hotspots(path: Path) -> pd.DataFrame:
    """Return the hot spots of a table of cancerhotspots.org.

    Parameters
    ----------
    path
        Tab-separated with Hugo_Symbol, Residue and Q-value; Indel_Size and Transcript_Id are used if they are there.

    Returns
    -------
    DataFrame
        ``HOTSPOT_COLUMNS``, in the order of the file.

    Raises
    ------
    InputError
        E_FILE_FORMAT if it is no such table, a residue cannot be read, or no row has a q-value.
    """
    raw = _read(path)
    q_value = pd.to_numeric(raw["q-value"], errors="coerce")
    raw = raw[q_value.notna()]
    if not len(raw):
        raise _refuse(path, "hot spots need a q-value, found none: these are no hot spots of cancerhotspots.org.")
    sized = raw["indel_size"].fillna("") != "" if "indel_size" in raw else pd.Series(data=False, index=raw.index)
    rows = []
    for line, text, indel in zip(raw.index + 2, raw["residue"], sized, strict=True):
        place = _place(str(text), indel=bool(indel))
        if place is None:
            raise _refuse(path, f"a residue such as V600, X1010 or 27-42 is needed, found {text!r}.", row=int(line))
        rows.append(place)
    out = pd.DataFrame(rows, columns=["kind", "start", "end", "reference"], index=raw.index)
    out = out.assign(
        gene=raw["hugo_symbol"].str.strip(), q_value=q_value, transcript_id=raw.get("transcript_id", default="")
    )
    text_columns = dict.fromkeys(("gene", "kind", "reference", "transcript_id"), "string")
    return out[list(HOTSPOT_COLUMNS)].astype({**text_columns, "start": "int64", "end": "int64"}).reset_index(drop=True)


def _place(text: str, *, indel: bool) -> tuple[str, int, int, str] | None:
    """Return kind, first and last residue, and reference residue."""
    text = text.strip()
    if found := _SPLICE.fullmatch(text):
        residue = int(found.group(1) or found.group(2))
        return "splice", residue, residue, ""
    if not indel and (found := _RESIDUE.fullmatch(text)):
        return "residue", int(found.group(2)), int(found.group(2)), found.group(1)
    if found := _STRETCH.fullmatch(text):
        first, last = int(found.group(1)), int(found.group(2) or found.group(1))
        return ("indel", first, last, "") if first <= last else None
    return None


def _read(path: Path) -> pd.DataFrame:
    try:
        raw = pd.read_csv(path, sep="\t", dtype="string", keep_default_na=False, encoding="utf-8-sig")
    except ValueError as error:
        raise _refuse(path, f"hot spots cannot be read: {' '.join(str(error).split())}.") from error
    raw.columns = pd.Index([str(name).strip().casefold() for name in raw.columns])
    if missing := [name for name in _NEEDED if name not in raw]:
        raise _refuse(path, f"hot spots need the columns {', '.join(_NEEDED)}; found no {' and no '.join(missing)}.")
    return raw


def _refuse(path: Path, found: str, *, row: int | None = None) -> InputError:
    return InputError("E_FILE_FORMAT", found, fix=_FIX, file=str(path), row=row)
