"""Which column of a foreign table is which of ours.

For each of our columns, in this order: what the user says (``mapping``), a column of exactly our name (regardless of
case and punctuation), a synonym of ``column_map.yaml``. The first that applies wins; within one step two candidates
with different content are a clash, because choosing would be guessing. What is left over is kept under its own name.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from netgen.clinical.cells import fold_name
from netgen.data import load_yaml
from netgen.schema import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netgen.clinical.files import RawTable
    from netgen.errors import Findings

By = Literal["mapping", "name", "synonym"]

# Columns that hold identities. Ages, years of birth and offsets are no identities.
_PHI: Final = re.compile(
    r"(?:patients?_|full_|first_|last_|given_|family_|middle_|maiden_|birth_)?(?:sur|fore|family|first|last)?name|vorname"
    r"|nachname|nom|prenom|cognome|initials|date_of_birth|birth_?date|birth_?day|dob|geburtsdatum|mrn|medical_record\w*"
    r"|hospital_(?:number|id|no)|nhs_number|ssn|social_security\w*|e_?mail\w*|(?:tele)?phone\w*|mobile|address|street"
    r"|post_?code|zip(?:_?code)?|codice_fiscale|insurance_(?:number|id)"
)
_RESERVED: Final = ("file", "row", "time_base")


@dataclass(frozen=True, kw_only=True)
class ColumnMap:
    """Where our columns stand in a foreign table.

    Attributes
    ----------
    sources
        Our column -> source columns, of which the first value that is not null counts. ``<date column>_day`` is a
        column of day offsets.
    by
        Our column -> what decided it.
    extra
        Source column -> name under which it is kept; its own unless that is taken by one of ours.
    """

    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by: Mapping[str, By] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)


def map_columns(
    raw: RawTable, table: Table, *, mapping: Mapping[str, str | Sequence[str]] | None = None, findings: Findings
) -> ColumnMap:
    """Return which source columns hold the columns of a table.

    Parameters
    ----------
    raw
        The foreign table.
    table
        Our declaration.
    mapping
        Our column, or any other name to give a column -> source column, or a list of columns of which the first value
        that is not null counts.
    findings
        Receives ``I_COLUMN_MAPPED`` for each renamed column, ``E_COLUMN_MISSING`` for a named column that does not
        exist, ``E_COLUMN_CLASH`` for two candidates, ``E_CONFIG`` for a target that looks like a misspelt one of ours,
        ``W_PHI`` for columns that look like names, birth dates or record numbers.

    Returns
    -------
    ColumnMap
        Columns that are not there are absent.
    """
    targets = _targets(table)
    sources: dict[str, tuple[str, ...]] = {}
    by: dict[str, By] = {}
    extra: dict[str, str] = {}
    for target, wanted in (mapping or {}).items():
        found = _find_named(raw, [wanted] if isinstance(wanted, str) else list(wanted), target, findings)
        if target in targets and found:
            sources[target], by[target] = found, "mapping"
        elif target in targets:
            by[target] = "mapping"
        elif found:
            _check_target(target, targets, raw.file, findings)
            extra[found[0]] = target
    used = {name for names in sources.values() for name in names} | set(extra)
    steps: tuple[tuple[By, Mapping[str, Iterable[str]]], ...] = (
        ("name", {target: (target,) for target in targets}),
        ("synonym", _synonyms(table.name)),
    )
    for step, names in steps:
        for target, candidates in _candidates(raw, names, set(by), used).items():
            _check_clash(raw, target, candidates, findings)
            sources[target], by[target] = (candidates[0],), step
            used.add(candidates[0])
    _log(raw, sources, findings)
    _warn_identities(raw, findings)
    extra |= _keep_extra(raw, used, targets, set(extra.values()))
    return ColumnMap(sources=sources, by=by, extra=extra)


def _targets(table: Table) -> set[str]:
    """Return our columns and the day-offset forms of the dates."""
    return {name for column in table.columns for name in (column.name, *_offset_names(column.name, column.kind))}


def _offset_names(name: str, kind: str) -> tuple[str, ...]:
    return (f"{name}_day",) if kind == "date" else ()


@cache
def _synonyms(table: str) -> dict[str, tuple[str, ...]]:
    """Return the bundled synonyms of a table, with the short forms of day offsets (``diagnosis_day``)."""
    out = {target: tuple(words) for target, words in load_yaml("column_map.yaml").get(table, {}).items()}
    for column in TABLES[table].columns:
        if column.kind == "date":
            stem = column.name.removeprefix("date_")
            short = ("day",) if stem == "date" else (f"{stem}_day", f"day_{stem}")
            out[f"{column.name}_day"] = (*out.get(f"{column.name}_day", ()), *short)
    return out


def _find_named(raw: RawTable, wanted: list[str], target: str, findings: Findings) -> tuple[str, ...]:
    """Return the source columns that the user names; report those that do not exist or stand twice."""
    folded: dict[str, list[str]] = {}
    for name in raw.frame.columns:
        folded.setdefault(fold_name(str(name)), []).append(str(name))
    found = []
    for name in wanted:
        alike = folded.get(fold_name(name), [])
        if name in raw.repeated and f"{name}_2" in raw.frame:
            _check_clash(raw, target, [name, f"{name}_2"], findings)
        if name in raw.frame.columns:
            found.append(name)
        elif len(alike) == 1:
            found.append(alike[0])
        else:
            report_missing(raw, name, findings, why=f"It is named as {target}.")
    return tuple(found)


def report_missing(raw: RawTable, name: str, findings: Findings, *, why: str = "") -> None:
    """Report a column that does not exist, with the nearest names (``E_COLUMN_MISSING``).

    Parameters
    ----------
    raw
        The table.
    name
        The column that is needed.
    findings
        Receives one finding.
    why
        Why it is needed.
    """
    names = [str(column) for column in raw.frame.columns]
    lower = {column.casefold(): column for column in names}
    near = [lower[word] for word in difflib.get_close_matches(name.casefold(), list(lower), n=3, cutoff=0.6)]
    fix = f"Nearest: {', '.join(near)}." if near else f"Columns: {', '.join(names[:12])}{' ...' * (len(names) > 12)}."
    findings.add("E_COLUMN_MISSING", f"There is no column {name!r}. {why}".strip(), fix=fix, file=raw.file, column=name)


def _check_target(target: str, targets: set[str], file: str, findings: Findings) -> None:
    """Report a new name that looks like a misspelt one of ours."""
    near = difflib.get_close_matches(target, sorted(targets), n=1, cutoff=0.85)
    if near:
        findings.add(
            "E_CONFIG",
            f"{target!r} is none of our columns.",
            fix=f"Did you mean {near[0]!r}? To keep it as an extra column, choose a name that differs more.",
            file=file,
            column=target,
        )


def _candidates(
    raw: RawTable, names: Mapping[str, Iterable[str]], decided: set[str], used: set[str]
) -> dict[str, list[str]]:
    """Return, for every target that is not decided, the unused source columns with one of its names."""
    homes = {fold_name(word): target for target, words in names.items() if target not in decided for word in words}
    out: dict[str, list[str]] = {}
    for name in map(str, raw.frame.columns):
        target = homes.get(fold_name(name))
        if target is not None and name not in used:
            out.setdefault(target, []).append(name)
    for target, columns in out.items():
        columns.extend(f"{name}_2" for name in list(columns) if name in raw.repeated and f"{name}_2" in raw.frame)
        out[target] = list(dict.fromkeys(columns))
    return out


def _check_clash(raw: RawTable, target: str, candidates: list[str], findings: Findings) -> None:
    """Report candidates that differ; identical columns are one."""
    first = raw.frame[candidates[0]]
    if any(not raw.frame[name].equals(first) for name in candidates[1:]):
        _clash(raw, target, candidates, findings)


def _clash(raw: RawTable, target: str, candidates: list[str], findings: Findings) -> None:
    findings.add(
        "E_COLUMN_CLASH",
        f"Need one column for {target}, found {', '.join(candidates)}.",
        fix=f"Say which: columns = {{ {target} = {candidates[0]!r} }}.",
        file=raw.file,
        column=candidates[1],
    )


def _log(raw: RawTable, sources: Mapping[str, tuple[str, ...]], findings: Findings) -> None:
    for target, names in sources.items():
        if names != (target,):
            findings.add(
                "I_COLUMN_MAPPED", f"{' / '.join(names)} is read as {target}.", file=raw.file, column="/".join(names)
            )


def _warn_identities(raw: RawTable, findings: Findings) -> None:
    for name in map(str, raw.frame.columns):
        if _PHI.fullmatch(fold_name(name)) and raw.frame[name].notna().any():
            findings.add(
                "W_PHI",
                "The column looks like a name, birth date or record number.",
                fix="Remove it, or replace it by a pseudonym, before data are shared.",
                file=raw.file,
                column=name,
            )


def _keep_extra(raw: RawTable, used: set[str], targets: set[str], taken: set[str]) -> dict[str, str]:
    """Return the names of columns that are kept; a name of ours gets the suffix ``_original``."""
    ours = targets | {f"{name}_precision" for name in targets} | set(_RESERVED)
    out: dict[str, str] = {}
    for name in map(str, raw.frame.columns):
        if name in used:
            continue
        kept = f"{name}_original" if name in ours else name
        while kept in taken:
            kept += "_"
        taken.add(kept)
        out[name] = kept
    return out
