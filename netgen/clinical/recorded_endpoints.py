"""Ready-made endpoints: times and statuses as the source gives them, in days, one row per patient and endpoint.

Nothing is completed: a blank status stays missing (it is not "censored"), a time that is no finite number of at least
0 stays missing, and both are reported with their number. Such an endpoint cannot be re-derived
(``W_ENDPOINT_PRECOMPUTED``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.cells import drop_nulls, fold_name, read_cells, report_once
from netgen.clinical.columns import report_missing
from netgen.clinical.identifiers import resolve_duplicates
from netgen.clinical.recorded_pairs import RecordedSpec, find_recorded_endpoints, find_witness
from netgen.clinical.status import check_status_against, decode_events
from netgen.clinical.units import DAYS_PER, decide_unit
from netgen.clinical.values import parse_numbers, parse_times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgen.clinical.cells import Cells
    from netgen.clinical.files import RawTable
    from netgen.clinical.identifiers import OnDuplicate
    from netgen.errors import Findings

__all__ = ["RecordedSpec", "find_recorded_endpoints", "parse_recorded_endpoints"]


def parse_recorded_endpoints(
    raw: RawTable,
    *,
    patient_ids: pd.Series,
    specs: Sequence[RecordedSpec] | None = None,
    renamed: Mapping[str, str | Sequence[str]] | None = None,
    find_more: bool = True,
    on_duplicate: OnDuplicate = "error",
    findings: Findings,
) -> pd.DataFrame:
    """Return the endpoints that a table gives ready-made.

    Parameters
    ----------
    raw
        The table as written.
    patient_ids
        patient_id of every row of ``raw`` (same index); rows without one are left out.
    specs
        Endpoints whose columns the user names.
    renamed
        New name -> source column, as in the mapping of the table: the specs may use either.
    find_more
        Find further pairs of columns; an endpoint in ``specs`` wins over one that is found.
    on_duplicate
        What becomes of a patient whose rows differ, see :func:`netgen.clinical.identifiers.resolve_duplicates`.
    findings
        Receives ``E_COLUMN_MISSING``, ``E_TIME_UNIT``, ``E_STATUS_*``, ``W_TIME_INVALID``, ``W_ENDPOINT_INCOMPLETE``,
        ``W_ENDPOINT_PRECOMPUTED``.

    Returns
    -------
    pandas.DataFrame
        Conforms to ``schema.RECORDED_ENDPOINTS``, sorted by patient and endpoint.
    """
    wanted = [_with_source_names(spec, raw, renamed or {}, findings) for spec in specs or ()]
    chosen = [spec for spec in wanted if spec is not None]
    if find_more:
        named = {spec.name.casefold() for spec in specs or ()}
        chosen += [
            spec for spec in find_recorded_endpoints(raw, findings=findings, named=named) if spec.name not in named
        ]
    parts = [_read_endpoint(raw, spec, patient_ids, findings) for spec in chosen]
    tables = [part for part in parts if part is not None]
    if not tables:
        return schema.empty(schema.RECORDED_ENDPOINTS)
    frame = schema.conform(pd.concat(tables, ignore_index=True), schema.RECORDED_ENDPOINTS)
    frame = frame[frame["patient_id"].notna()]
    frame = frame.drop_duplicates(["patient_id", "endpoint", "time_days", "event", "entry_days"]).reset_index(drop=True)
    table = schema.RECORDED_ENDPOINTS
    unique = resolve_duplicates(frame, table, findings=findings, on_duplicate=on_duplicate).table
    return unique.sort_values(["patient_id", "endpoint"], kind="stable").reset_index(drop=True)


def _with_source_names(
    spec: RecordedSpec, raw: RawTable, renamed: Mapping[str, str | Sequence[str]], findings: Findings
) -> RecordedSpec | None:
    """Return the spec with columns of the table; None if one does not exist."""
    folded = {fold_name(str(name)): str(name) for name in raw.frame.columns}
    missing = False

    def find(name: str) -> list[str]:
        nonlocal missing
        wanted = renamed.get(name, name) if name not in raw.frame.columns else name
        names = [wanted] if isinstance(wanted, str) else list(wanted)
        found = [folded.get(fold_name(part), "") if part not in raw.frame.columns else part for part in names]
        for part, source in zip(names, found, strict=True):
            if not source:
                report_missing(raw, part, findings, why=f"The endpoint {spec.name} needs it.")
                missing = True
        return found

    time = tuple(source for name in spec.time for source in find(name))
    event = find(spec.event)
    entry = find(spec.entry) if spec.entry else [None]
    check = find(spec.check_against) if spec.check_against else [None]
    if missing:
        return None
    return RecordedSpec(
        name=spec.name.casefold(),
        time=time,
        event=event[0],
        unit=spec.unit,
        entry=entry[0],
        status_map=spec.status_map,
        check_against=check[0],
    )


def _read_endpoint(
    raw: RawTable, spec: RecordedSpec, patient_ids: pd.Series, findings: Findings
) -> pd.DataFrame | None:
    """Return one endpoint of every row; None if the unit of its time is not known."""
    times, statuses = read_cells(raw, spec.time), read_cells(raw, [spec.event])
    unit = decide_unit(times, unit=spec.unit, findings=findings)
    if unit is None:
        return None
    time_text, status_text = drop_nulls(times.text, unknown=True), drop_nulls(statuses.text)
    time_days = parse_times(times, unit=unit, findings=findings)
    event = decode_events(statuses, findings=findings, status_map=spec.status_map, endpoint=spec.name)
    for witness in find_witness(raw, spec):
        check_status_against(event, read_cells(raw, [witness]), name=spec.event, findings=findings)
    _report_gaps(spec, times, statuses, time_text, status_text, findings)
    findings.add(
        "W_ENDPOINT_PRECOMPUTED",
        f"{spec.name} is taken as given from {times.name} ({unit}) and {spec.event}:"
        f" {int((time_days.notna() & event.notna()).sum())} of {len(event)} rows are complete.",
        fix="It cannot be re-derived, and has no delayed entry unless a column gives it.",
        file=raw.file,
        column=times.name,
    )
    return pd.DataFrame(
        {
            "patient_id": patient_ids.to_numpy(),
            "endpoint": spec.name,
            "time_days": time_days.to_numpy(),
            "event": event.array,
            "entry_days": _read_entry(raw, spec, unit, findings),
            "time_text": time_text.array,
            "status_text": status_text.array,
            "file": raw.file,
            "row": raw.rows.array,
        }
    )


def _read_entry(raw: RawTable, spec: RecordedSpec, unit: str, findings: Findings) -> np.ndarray:
    """Return the delayed entry in days; entry before the origin is negative and stays so."""
    if spec.entry is None:
        return np.full(len(raw.frame), np.nan)
    values = parse_numbers(
        read_cells(raw, [spec.entry]), findings=findings, need="a finite entry time", code="W_TIME_INVALID"
    )
    return np.rint(values.to_numpy() * DAYS_PER[unit])


def _report_gaps(
    spec: RecordedSpec,
    times: Cells,
    statuses: Cells,
    time_text: pd.Series,
    status_text: pd.Series,
    findings: Findings,
) -> None:
    """Report rows with a status but no time, and the reverse."""
    has_time, has_status = time_text.notna().to_numpy(), status_text.notna().to_numpy()
    report_once(
        times,
        has_status & ~has_time,
        findings,
        code="W_TIME_INVALID",
        message=f"A status but no time for {spec.name} in {{n}} rows.",
    )
    report_once(
        statuses,
        has_time & ~has_status,
        findings,
        code="W_ENDPOINT_INCOMPLETE",
        message=f"A time but no status for {spec.name} in {{n}} rows: left out, not taken as censored.",
    )
