"""From a table of text to a table of the schema: one function, driven by the declaration of the table.

``parse_table`` maps the columns, parses each by its kind, checks identifiers, duplicates, values and the time base, and
keeps what it does not know as text. Columns ``file`` and ``row`` say where every row comes from, so that checks across
tables can name the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.cells import WORDY_NULLS, Cells, drop_nulls, flag_words, fold, read_cells, report_once, vocabulary
from netgen.clinical.columns import ColumnMap, map_columns, report_missing
from netgen.clinical.dates import parse_dates, parse_day_offsets
from netgen.clinical.identifiers import OnDuplicate, parse_identifiers, resolve_duplicates
from netgen.clinical.ki67 import parse_ki67
from netgen.clinical.kinds import parse_by_kind
from netgen.clinical.status import decode_vital_status
from netgen.clinical.units import DAYS_PER, find_unit
from netgen.data import load_yaml
from netgen.errors import Findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netgen.clinical.files import RawTable
    from netgen.schema import Column, Table

Mappings = Mapping[str, "str | Sequence[str]"]

_IDS: Final = {"patient_id": "patients", "sample_id": "samples"}
_KI67: Final = ("ki67_pct", "ki67_low", "ki67_high", "ki67_text")


@dataclass(frozen=True, kw_only=True)
class ParseOptions:
    """How to read what a table does not say itself.

    Attributes
    ----------
    date_order
        ``dmy`` or ``mdy`` for dates such as 03/04/2021.
    status_map
        Value of the vital-status column -> dead, alive or unknown.
    on_duplicate
        ``exclude`` leaves out ids whose rows contradict each other; otherwise they are an error.
    units
        Our column -> unit of the source: ``age_at_diagnosis = "days"``, ``tumour_purity = "percent"``,
        ``date_death_day = "months"``.
    constants
        Our column -> value for every row, written over what the source says.
    optional
        Required columns that may be blank in this table.
    source
        ``gdc``: ages over 130 are days.
    foreign
        The table was not made for netgen: a value outside our vocabulary is left missing with a warning (``W_VALUE``)
        even where the column has our name.
    """

    date_order: Literal["dmy", "mdy"] | None = None
    status_map: Mapping[str, str] | None = None
    on_duplicate: OnDuplicate = "error"
    units: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    source: str = ""
    foreign: bool = False


@dataclass(frozen=True, kw_only=True)
class ParsedTable:
    """A parsed table and what else was learnt.

    Attributes
    ----------
    table
        Conforms to the schema; extra columns behind, then ``file`` and ``row``.
    excluded
        Key columns and reason of what was left out as asked (``duplicate_conflict``).
    columns
        Which source column became which of ours.
    kept
        Positions of the rows of ``table`` in the raw table.
    ids
        patient_id (or the first key) of every row of the raw table, before duplicates were resolved.
    """

    table: pd.DataFrame
    excluded: pd.DataFrame
    columns: ColumnMap
    kept: NDArray[np.intp]
    ids: pd.Series


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What the steps of one table share."""

    raw: RawTable
    table: Table
    columns: ColumnMap
    options: ParseOptions
    findings: Findings

    def cells(self, name: str) -> Cells:
        """Return the source of one of our columns."""
        return read_cells(self.raw, self.columns.sources[name])

    def code(self, name: str) -> str:
        """Return E_VALUE, or W_VALUE where the column need not mean what we took it for."""
        by = self.columns.by.get(name)
        return "W_VALUE" if by == "synonym" or (by == "name" and self.options.foreign) else "E_VALUE"


def parse_table(
    raw: RawTable,
    table: Table,
    *,
    mapping: Mappings | None = None,
    options: ParseOptions | None = None,
    findings: Findings,
) -> ParsedTable:
    """Return a table of the schema from a table of text.

    Missing values stay missing. A value that cannot be read is missing and reported; a row is never dropped, except ids
    in conflict if the options ask for it.

    Parameters
    ----------
    raw
        The table as written.
    table
        What it should be.
    mapping
        Our column (or any other name to give a column) -> source column, or a list of which the first non-null counts.
    options
        How to read it; None = the defaults.
    findings
        Receives everything that is wrong, with file, line and column.

    Returns
    -------
    ParsedTable
        The table, who was excluded, and which column was which.
    """
    options = options or ParseOptions()
    columns = map_columns(raw, table, mapping=mapping, findings=findings)
    job = _Job(raw=raw, table=table, columns=columns, options=options, findings=findings)
    local = Findings()
    parts = _parse_columns(_Job(raw=raw, table=table, columns=columns, options=options, findings=local))
    findings.extend(local)
    _check_required(job)
    frame = schema.conform(pd.DataFrame(parts, index=raw.frame.index), table)
    frame = _add_extra(frame, job, local)
    frame["file"] = pd.Series(raw.file, index=frame.index, dtype="string")
    frame["row"] = raw.rows.to_numpy()
    frame["row"] = frame["row"].astype("Int64")
    resolved = resolve_duplicates(frame, table, findings=findings, on_duplicate=options.on_duplicate)
    _check(resolved.table, job, local)
    name = "patient_id" if "patient_id" in table.names else table.key[0]
    return ParsedTable(
        table=resolved.table, excluded=resolved.excluded, columns=columns, kept=resolved.kept, ids=frame[name]
    )


def _parse_columns(job: _Job) -> dict[str, pd.Series]:
    """Return our columns; dates with their precision, vital status after the dates it is compared with."""
    parts: dict[str, pd.Series] = {}
    job, still = _split_ongoing(job)
    parts |= _parse_dates(job)
    for column in job.table.columns:
        name = column.name
        if name in job.options.constants:
            parts[name] = _constant(job, column)
        elif name not in job.columns.sources or column.kind == "date" or name in _KI67:
            continue
        elif name == "vital_status":
            death = parts["date_death"].notna().to_numpy() if "date_death" in parts else None
            parts[name] = decode_vital_status(
                job.cells(name), findings=job.findings, has_death_date=death, status_map=job.options.status_map
            )
        elif name in _IDS:
            parts[name] = parse_identifiers(job.cells(name), findings=job.findings, shared_with=_IDS[name])
        else:
            units = job.options.units
            parts[name] = parse_by_kind(
                job.cells(name), column=column, findings=job.findings, code=job.code(name), units=units
            )
    if "ki67_pct" in job.table.names:
        parts |= _parse_ki67(job)
    if still.any():
        ongoing = parts.get("ongoing", pd.Series(pd.NA, index=still.index, dtype="boolean"))
        parts["ongoing"] = ongoing.mask(still, other=True).astype("boolean")
    return parts | _derive(job, parts)


def _derive(job: _Job, parts: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Return columns that follow from others: ages, and results of MSI and MMR in our words."""
    out: dict[str, pd.Series] = {}
    if {"biomarker", "result"} <= parts.keys():
        out["result"] = _name_results(parts["biomarker"], parts["result"])
    age = parts.get("age_at_diagnosis")
    if age is not None and job.options.source.casefold() == "gdc":
        age = out["age_at_diagnosis"] = _years_from_days(age, job)
    if {"birth_date", "date_diagnosis"} <= parts.keys():
        lived = (parts["date_diagnosis"] - parts["birth_date"]).dt.days / DAYS_PER["years"]
        out["age_at_diagnosis"] = lived if age is None else age.fillna(lived)
    return out


def _split_ongoing(job: _Job) -> tuple[_Job, pd.Series]:
    """Return the job with words such as ``ongoing`` taken out of the end dates, and where they stood."""
    nowhere = pd.Series(data=False, index=job.raw.frame.index)
    if "ongoing" not in job.table.names or "date_end" not in job.columns.sources:
        return job, nowhere
    words = {fold(word) for word in load_yaml("value_map.yaml")["still_ongoing"]}
    frame = job.raw.frame.copy()
    for name in job.columns.sources["date_end"]:
        says = flag_words(frame[name], lambda word: fold(word) in words)
        frame[name] = frame[name].mask(says)
        nowhere |= says
    return replace(job, raw=replace(job.raw, frame=frame)), nowhere


def _parse_dates(job: _Job) -> dict[str, pd.Series]:
    """Return the dates with their precision and, if the table has offsets, the time base of every row."""
    parts: dict[str, pd.Series] = {}
    index = job.raw.frame.index
    calendar, offset = np.zeros(len(index), dtype=bool), np.zeros(len(index), dtype=bool)
    names = [column.name for column in job.table.columns if column.kind == "date"]
    for name in names:
        values, precision = (
            pd.Series(pd.NaT, index=index, dtype="datetime64[ns]"),
            pd.Series(index=index, dtype="string"),
        )
        day = f"{name}_day"
        if day in job.columns.sources or day in job.options.constants:
            cells = _constant_cells(job, day) if day in job.options.constants else job.cells(day)
            unit = job.options.units.get(day) or find_unit(cells.name) or "days"
            values, precision = parse_day_offsets(cells, findings=job.findings, unit=unit)
            offset |= values.notna().to_numpy()
        if name in job.columns.sources or name in job.options.constants:
            cells = _constant_cells(job, name) if name in job.options.constants else job.cells(name)
            dates, known = parse_dates(cells, findings=job.findings, date_order=job.options.date_order)
            calendar |= dates.notna().to_numpy()
            values, precision = dates.fillna(values), known.fillna(precision)
        elif day not in job.columns.sources and day not in job.options.constants:
            continue
        parts[name], parts[f"{name}_precision"] = values, precision
    only_offsets = not any(name in job.columns.sources for name in names) and any(
        f"{name}_day" in job.columns.sources for name in names
    )
    if only_offsets or offset.any() or "time_base" in job.table.names:
        base = np.where(offset | (only_offsets & ~calendar), "offset", "calendar")
        parts["time_base"] = pd.Series(pd.array(base, dtype="string"), index=index)
    _report_mixed(job, calendar, offset)
    return parts


def _report_mixed(job: _Job, calendar: NDArray[np.bool_], offset: NDArray[np.bool_]) -> None:
    """Report patients of this table who have both dates and day offsets."""
    if not calendar.any() or not offset.any() or "patient_id" not in job.columns.sources:
        return
    ids = drop_nulls(job.cells("patient_id").text)
    both = set(ids[calendar].dropna()) & set(ids[offset].dropna())
    for name in sorted(both):
        place = int(np.flatnonzero(((ids == name) & offset).to_numpy(dtype=bool, na_value=False))[0])
        job.findings.add(
            "E_TIME_MIXED",
            f"Need dates or day offsets, found both for {name}.",
            fix="Give all dates of a patient in one form.",
            file=job.raw.file,
            row=int(job.raw.rows.iloc[place]),
            value=name,
            patient_id=name,
        )


def _parse_ki67(job: _Job) -> dict[str, pd.Series]:
    """Return the Ki-67 columns: from the text if there is one, bounds of their own columns first."""
    sources = [name for part in ("ki67_text", "ki67_pct") for name in job.columns.sources.get(part, ())]
    parts: dict[str, pd.Series] = {}
    if sources:
        code = job.code("ki67_text" if "ki67_text" in job.columns.sources else "ki67_pct")
        table = parse_ki67(read_cells(job.raw, sources), findings=job.findings, code=code)
        parts |= {str(name): table[name] for name in table}
    for name in ("ki67_low", "ki67_high"):
        if name in job.columns.sources:
            column = job.table.column(name)
            given = parse_by_kind(job.cells(name), column=column, findings=job.findings, code=job.code(name), units={})
            parts[name] = given.fillna(parts[name]) if name in parts else given
    return parts


def _name_results(biomarker: pd.Series, result: pd.Series) -> pd.Series:
    """Return results of MSI and MMR in our words; others as they are."""
    out = result
    for name, table in (("MSI", "msi_result"), ("MMR_IHC", "mmr_result")):
        words = vocabulary(table)
        ours = [pd.NA if pd.isna(word) else words.get(fold(word), word) for word in result]
        translated = pd.Series(pd.array(ours, dtype="string"), index=result.index)
        out = out.mask((biomarker == name).fillna(value=False), translated)
    return out


def _years_from_days(ages: pd.Series, job: _Job) -> pd.Series:
    """Return ages in years; those over 130 are days (GDC)."""
    days = (ages > 130).to_numpy(dtype=bool)
    message = "An age over 130 in {n} rows: read as days, as GDC writes them."
    report_once(job.cells("age_at_diagnosis"), days, job.findings, code="W_UNIT", message=message)
    return ages.mask(days, ages / DAYS_PER["years"])


def _constant_cells(job: _Job, name: str) -> Cells:
    """Return a column that holds the same value in every row; report what it writes over."""
    value = job.options.constants[name]
    if name in job.columns.sources:
        cells = job.cells(name)
        text = drop_nulls(cells.text)
        differs = (text.notna() & (text != value)).to_numpy(dtype=bool, na_value=False)
        message = f"{name} is set to {value}; the column said otherwise in {{n}} rows."
        report_once(cells, differs, job.findings, code="I_COLUMN_MAPPED", message=message)
    text = pd.Series(value, index=job.raw.frame.index, dtype="string")
    return Cells(text=text, rows=job.raw.rows, name=name, file=job.raw.file)


def _constant(job: _Job, column: Column) -> pd.Series:
    """Return a column of one value, parsed by its kind."""
    cells = _constant_cells(job, column.name)
    if column.kind == "date":
        return parse_dates(cells, findings=Findings(), date_order=job.options.date_order)[0]
    return parse_by_kind(cells, column=column, findings=job.findings, code="E_VALUE", units={})


def _check_required(job: _Job) -> None:
    """Report required columns that the table does not have."""
    decided = set(job.columns.by) | set(job.options.constants) | job.options.optional
    for column in job.table.columns:
        if column.required and not {column.name, f"{column.name}_day"} & decided:
            report_missing(job.raw, column.name, job.findings, why=f"The {job.table.name} table needs it.")


def _add_extra(frame: pd.DataFrame, job: _Job, local: Findings) -> pd.DataFrame:
    """Add the columns we do not know, and those of which a value fell outside our vocabulary, as text."""
    extra = dict(job.columns.extra)
    doubtful = {item.column for item in local if item.code == "W_VALUE"}
    for names in job.columns.sources.values():
        if "/".join(names) in doubtful:
            extra |= {name: name for name in names if name not in frame.columns}
    texts = {kept: drop_nulls(job.raw.frame[name], keep=WORDY_NULLS) for name, kept in extra.items()}
    return pd.concat([frame, pd.DataFrame(texts, index=frame.index)], axis=1) if texts else frame


def _check(frame: pd.DataFrame, job: _Job, local: Findings) -> None:
    """Check ranges, vocabularies and required values; say the source's name of a column and nothing twice."""
    found = Findings()
    schema.check_values(frame, job.table, found, file=job.raw.file, rows=frame["row"])
    reported = {(item.row, item.column) for item in local}
    decided = set(job.columns.sources) | set(job.options.constants)
    for item in found:
        names = job.columns.sources.get(item.column) or job.columns.sources.get(f"{item.column}_day", ())
        column = "/".join(names) or item.column
        if not item.value:
            needed = item.column not in job.options.optional and {item.column, f"{item.column}_day"} & decided
            if not needed or (item.row, column) in reported:
                continue
        job.findings.extend([replace(item, column=column)])
