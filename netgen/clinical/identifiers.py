"""Identifiers and duplicates: what names a patient or sample, and what becomes of rows that share a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from netgen.clinical.cells import drop_nulls, flag_words, report, report_once

if TYPE_CHECKING:
    from netgen.clinical.cells import Cells
    from netgen.errors import Findings
    from netgen.schema import Table

OnDuplicate = Literal["error", "exclude"]

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9._-]+")
_PLACE: Final = ("file", "row")  # where a row stands is no content


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A table without duplicate keys, which of the given rows it holds, and who was left out.

    ``kept`` are positions in the table that was given; ``excluded`` has the key columns and a reason.
    """

    table: pd.DataFrame
    kept: np.ndarray
    excluded: pd.DataFrame


def parse_identifiers(cells: Cells, *, findings: Findings, shared_with: str = "") -> pd.Series:
    """Return identifiers as text: ``007`` stays ``007``.

    Blanks around an identifier are removed (``I_STRIP``); null tokens are missing.

    Parameters
    ----------
    cells
        The column.
    findings
        Receives ``E_ID_SYNTAX`` per identifier with other characters than ``A-Z a-z 0-9 . _ -``, ``W_ID_CASE`` per pair
        that differs only in case, ``I_STRIP`` once.
    shared_with
        What the identifier names, for messages.

    Returns
    -------
    pandas.Series
        dtype "string".
    """
    ids = drop_nulls(cells.text)
    stripped = (ids.notna() & (ids != cells.text)).to_numpy(dtype=bool, na_value=False)
    report_once(
        cells, stripped, findings, code="I_STRIP", message="Blanks around an identifier in {n} rows were removed."
    )
    odd = flag_words(ids, lambda word: not _IDENTIFIER.fullmatch(word))
    report(
        cells,
        odd,
        findings,
        code="E_ID_SYNTAX",
        need="an identifier of letters, digits, dots, hyphens and underscores",
        fix="Rename it in every file of the study.",
    )
    _warn_case(cells, ids, findings, shared_with)
    return ids


def _warn_case(cells: Cells, ids: pd.Series, findings: Findings, what: str) -> None:
    unique = pd.Series(ids.dropna().unique(), dtype="string")
    twins = unique[unique.str.casefold().duplicated(keep=False)]
    for _, group in twins.groupby(twins.str.casefold(), sort=True):
        names = sorted(group)
        findings.add(
            "W_ID_CASE",
            f"{' and '.join(names)} differ only in case: they count as different{f' {what}' if what else ''}.",
            fix="If they are the same, give them one spelling.",
            file=cells.file,
            column=cells.name,
            value=names[-1],
        )


def resolve_duplicates(
    frame: pd.DataFrame, table: Table, *, findings: Findings, on_duplicate: OnDuplicate = "error"
) -> Resolved:
    """Return one row per key (rule V02).

    Rows of one key that do not contradict each other are one row: identical, or one fills gaps of the other
    (``W_DUP_IDENTICAL``). Rows that differ in a field are a conflict. Rows without key stay as they are.

    Parameters
    ----------
    frame
        Parsed table; columns ``file`` and ``row`` say where a row stands and are not compared.
    table
        Its declaration. A table without key is returned unchanged.
    findings
        Receives ``W_DUP_IDENTICAL``, and ``E_DUP_CONFLICT`` or ``W_DUP_EXCLUDED`` with the key and the fields.
    on_duplicate
        ``exclude``: all rows of a key in conflict are left out and counted.

    Returns
    -------
    Resolved
        Rows in their order, numbered from 0.
    """
    key = list(table.key)
    frame = frame.reset_index(drop=True)
    repeated = frame[frame[key].notna().all(axis=1) & frame.duplicated(key, keep=False)] if key else frame.iloc[:0]
    content = [name for name in frame.columns if name not in {*key, *_PLACE}]
    distinct = repeated.drop_duplicates([*key, *content])
    differing = distinct[distinct.duplicated(key, keep=False)]
    out = frame.copy() if len(differing) else frame
    conflicts: dict[str, list[str]] = {}
    for _, group in differing.groupby(key, sort=True):
        fields = [column for column in content if group[column].dropna().nunique() > 1]
        if fields:
            conflicts[_name(group, key).iloc[0]] = fields
        else:
            _fill_gaps(out, group, content)
    names = _name(repeated, key)
    keep = np.ones(len(frame), dtype=bool)
    keep[repeated.index[names.duplicated()]] = False
    excluded = repeated[names.isin(conflicts) & ~names.duplicated()] if on_duplicate == "exclude" else repeated.iloc[:0]
    keep[excluded.index] = False
    _report_groups(repeated, names, key, conflicts, findings, on_duplicate)
    left_out = excluded.loc[:, key].sort_values(key).astype("string").reset_index(drop=True)
    return Resolved(
        table=out[keep].reset_index(drop=True),
        kept=np.flatnonzero(keep),
        excluded=left_out.assign(reason=pd.Series("duplicate_conflict", index=left_out.index, dtype="string")),
    )


def _name(frame: pd.DataFrame, key: list[str]) -> pd.Series:
    """Return the key of every row as one text."""
    text = pd.Series("", index=frame.index, dtype="string")
    for name in key:
        text = text + frame[name].astype("string") + " "
    return text.str.rstrip()


def _fill_gaps(table: pd.DataFrame, group: pd.DataFrame, content: list[str]) -> None:
    """Write into the first row of a group what only the others hold."""
    for name in content:
        known = group[name].dropna()
        if pd.isna(group[name].iloc[0]) and len(known):
            table.loc[group.index[0], name] = known.iloc[0]


def _report_groups(
    repeated: pd.DataFrame,
    names: pd.Series,
    key: list[str],
    conflicts: dict[str, list[str]],
    findings: Findings,
    on_duplicate: OnDuplicate,
) -> None:
    """Report the rows of each key, keys in order."""
    lines = (
        repeated["row"].astype("Int64") if "row" in repeated else pd.Series(pd.NA, index=repeated.index, dtype="Int64")
    )
    files = repeated["file"] if "file" in repeated else pd.Series("", index=repeated.index, dtype="string")
    owners = repeated["patient_id"] if "patient_id" in repeated else pd.Series("", index=repeated.index, dtype="string")
    line, file, owner = (part.to_numpy(dtype=object) for part in (lines, files, owners))
    conflict = "W_DUP_EXCLUDED" if on_duplicate == "exclude" else "E_DUP_CONFLICT"
    for name, places in sorted(names.groupby(names).indices.items()):
        fields = conflicts.get(str(name), [])
        rows = [int(line[place]) for place in places if not pd.isna(line[place])]
        head = f"{name} has {len(places)} rows" + (f" (rows {', '.join(map(str, rows))})" if rows else "")
        tail = f"that differ in {', '.join(fields)}" if fields else "that do not contradict each other; one was kept"
        findings.add(
            conflict if fields else "W_DUP_IDENTICAL",
            f"{head} {tail}.",
            fix="Correct the rows, or leave such ids out: --on-duplicate exclude." if fields else "",
            file=str(file[places[0]]),
            row=rows[-1] if rows else None,
            column=", ".join(fields) or key[0],
            value=name,
            rule="V26" if key == ["sample_id"] and "patient_id" in fields else "V02",
            patient_id=str(owner[places[0]]),
        )
