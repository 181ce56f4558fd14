"""Lines of therapy from drug records, by the rules L0-L8 of DOMAIN 2.8.

Only where a source gives no lines. The result is a ``treatments`` table with a reason for every line, to be written,
edited and read again as any other; the rules themselves are in ``lines_rules``, the drugs in ``regimens``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen import schema
from netgen.clinical.days import canonical, to_dates, to_days
from netgen.clinical.lines_rules import EARLY_DAYS, Dose, Line, LineRules, Patient, group_lines, is_relapse
from netgen.clinical.lines_table import fill_row, local_rows
from netgen.clinical.origin import find_advanced
from netgen.clinical.regimens import LOCAL_CLASSES, Drug, DrugBook, find_drugs, load_drugs, nearest_names
from netgen.clinical.rows import counted, row_finding, show_day, sort_findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netgen.errors import Finding, Findings

# Columns of derived lines beside those of the schema.
DERIVED_COLUMNS: Final[dict[str, str]] = {
    "derivation_reason": "the rules that made the line, in order",
    "number_in_intent": "1, 2, 3 ... among the lines of its intent; local procedures have their own",
    "rechallenge": "all its drugs belong to one earlier line",
    "maintenance": "holds a declared maintenance",
    "background_ssa": "a somatostatin analogue was given beside it",
    "curative": "not for advanced disease",
    "derivation_flags": "further facts: advanced_unknown, curative_reclassified, end_inferred, intent_assumed,"
    " local_therapy, mixed_class, substitution, continued, unknown_drug",
}


@dataclass(frozen=True, kw_only=True)
class _Person:
    """Dates and facts of one patient; missing dates are NaN."""

    advanced: float
    death: float
    functional: bool
    offset: bool
    progressions: tuple[float, ...]


def derive_lines(
    drugs: pd.DataFrame,
    patients: pd.DataFrame,
    assessments: pd.DataFrame | None = None,
    *,
    rules: LineRules | None = None,
    book: DrugBook | None = None,
    findings: Findings,
) -> pd.DataFrame:
    """Return the lines of treatment that drug records make.

    Parameters
    ----------
    drugs
        Canonical ``drugs``. Rows without patient, drug or start are left out and counted.
    patients
        Canonical ``patients``; patients who are not there have no known date of advanced disease, death or function.
    assessments
        Canonical ``assessments``: progressions. None = there are none.
    rules
        Parameters; None = the defaults.
    book
        The drug dictionary; None = the bundled one.
    findings
        Receives ``W_DRUG_UNKNOWN`` once per unknown name, ``W_EVENT_UNDATED``, ``I_ROWS_IGNORED`` for supportive drugs,
        ``W_CURATIVE_RECLASS``, ``W_LINE_OVERLAP``, ``W_ADVANCED_UNKNOWN`` and ``E_DATE_ORDER``.

    Returns
    -------
    DataFrame
        Canonical ``treatments`` with ``DERIVED_COLUMNS``, ``file`` and ``row`` of the record that begins the line,
        sorted by patient and line number. Palliative lines are numbered 1, 2, 3 ... by start; curative lines and local
        procedures follow, so that a number is unique within a patient.

    Notes
    -----
    L0: drugs from 14 days before the date of advanced disease on are palliative, earlier ones curative, unless the
    tumour progressed, or became advanced, within 183 days of their end. Without a date of advanced disease all are
    palliative. L1-L5, L7: ``lines_rules.group_lines``. L6: local procedures are rows of their own, intent local_only;
    ``EndpointSpec.censor_at_local`` makes them end the follow-up for progression. L8: a line ends on the last day of
    its drugs, the day before the next line, or at death. A record without end lasts until then; if the drug has a later
    record, or is a radioligand, it is one administration. Witness: SC18 and ``tests/clinical/test_lines.py``.
    """
    rules, book = rules or LineRules(), book or load_drugs()
    records = canonical({"drugs": drugs}, "drugs")
    for name in ("file", "row"):
        if name not in records.columns:
            records[name] = pd.Series(pd.NA, index=records.index, dtype="string" if name == "file" else "Int64")
    records = records.sort_values(["patient_id", "date_start", "drug", "date_end", "file", "row"], kind="stable")
    records = records.reset_index(drop=True)
    usable = _report_unusable(records, findings)
    doses, unknown = _read_doses(records[usable], book, findings)
    people = _read_people(patients, assessments)
    pairs = tuple((_keys_of(one, book), _keys_of(two, book)) for one, two in rules.maintenance)
    rows: list[dict[str, object]] = []
    told: list[Finding] = []
    nobody = _Person(advanced=math.nan, death=math.nan, functional=False, offset=False, progressions=())
    for patient_id, own in doses.items():
        person = people.get(patient_id, nobody)
        patient = Patient(progressions=person.progressions, functional=person.functional, maintenance=pairs)
        lines, local = _lines_of(own, person, patient, rules, records, told)
        rows += _rows_of(patient_id, lines, local, person, records, unknown.get(patient_id, ()))
    findings.extend(sort_findings(told))
    _tell_unknown_origin(rows, findings)
    return _as_table(rows)


def _report_unusable(records: pd.DataFrame, findings: Findings) -> pd.Series:
    """Return which records have patient, drug and start; report the others and ends before their start."""
    undated = (records["date_start"].isna() & records["drug"].notna()).to_numpy(dtype=bool)
    if undated.any():
        first = row_finding(
            records,
            int(np.flatnonzero(undated)[0]),
            code="W_EVENT_UNDATED",
            message=f"A drug needs its first day; {counted(int(undated.sum()), 'record')} without it left out of the"
            " lines.",
            fix="Give date_start.",
            column="date_start",
        )
        findings.extend([replace(first, patient_id="")])
    early = (records["date_end"] < records["date_start"]).to_numpy(dtype=bool, na_value=False)
    findings.extend(
        row_finding(
            records,
            int(place),
            code="E_DATE_ORDER",
            message="A drug must not end before it starts.",
            fix="Correct one of the two dates.",
            column="date_end",
            rule="V12",
        )
        for place in np.flatnonzero(early)
    )
    return records[["patient_id", "drug", "date_start"]].notna().all(axis=1) & ~early


def _read_doses(
    records: pd.DataFrame, book: DrugBook, findings: Findings
) -> tuple[dict[str, list[Dose]], dict[str, list[tuple[float, str]]]]:
    """Return the records of each patient by drug, and when unknown drugs were given."""
    doses: dict[str, list[Dose]] = {}
    unknown: dict[str, list[tuple[float, str]]] = {}
    names: dict[str, int] = {}
    n_supportive = 0
    start, end = to_days(records["date_start"]), to_days(records["date_end"])
    columns = (records[name] for name in ("patient_id", "drug", "drug_class", "intent", "background_ssa"))
    for place, (patient_id, text, given, intent, background) in enumerate(zip(*columns, strict=True)):
        found, missing = find_drugs(text, book)
        if missing and not pd.isna(given):
            kind = "local" if given in LOCAL_CLASSES else "drug"
            found += tuple(Drug(name=name.casefold(), kind=kind, drug_class=given) for name in missing)
            missing = ()
        n_supportive += sum(drug.kind == "supportive" for drug in found)
        for name in missing:
            names[name] = names.get(name, 0) + 1
            unknown.setdefault(patient_id, []).append((start[place], name))
        last = math.inf if math.isnan(end[place]) else float(end[place])
        doses.setdefault(patient_id, [])
        doses[patient_id] += [
            Dose(
                drug=drug,
                start=float(start[place]),
                end=last,
                row=int(records.index[place]),
                intent="" if pd.isna(intent) else intent,
                background=None if pd.isna(background) else bool(background),
            )
            for drug in found
            if drug.kind != "supportive"
        ]
    _tell_names(names, n_supportive, book, findings)
    return {name: _close_administrations(own) for name, own in sorted(doses.items())}, unknown


def _close_administrations(doses: list[Dose]) -> list[Dose]:
    """Let a record without end last for its day if the drug has a later one, or is a radioligand or a procedure."""
    last: dict[str, float] = {}
    for dose in doses:
        last[dose.drug.key] = max(last.get(dose.drug.key, -math.inf), dose.start)
    return [
        replace(dose, end=dose.start)
        if math.isinf(dose.end)
        and (dose.drug.kind == "local" or dose.drug.drug_class == "prrt" or dose.start < last[dose.drug.key])
        else dose
        for dose in doses
    ]


def _tell_names(names: Mapping[str, int], n_supportive: int, book: DrugBook, findings: Findings) -> None:
    for name, n in sorted(names.items()):
        near = nearest_names(name, book)
        findings.add(
            "W_DRUG_UNKNOWN",
            f"{name!r} is not in the drug dictionary; {counted(n, 'record')} of it left out of the lines.",
            fix=(f"Nearest: {', '.join(near)}. " if near else "")
            + "Correct the name, give drug_class, or add it to a drug file.",
            column="drug",
            value=name,
        )
    if n_supportive:
        findings.add("I_ROWS_IGNORED", f"{counted(n_supportive, 'record')} of supportive drugs make no line.")


def _read_people(patients: pd.DataFrame, assessments: pd.DataFrame | None) -> dict[str, _Person]:
    """Return what the rules need of every patient."""
    unique = canonical({"patients": patients}, "patients").drop_duplicates("patient_id").reset_index(drop=True)
    advanced = find_advanced(unique)[0].day
    death = to_days(unique["date_death"])
    functional = (unique["functional_status"] == "functional").to_numpy(dtype=bool, na_value=False)
    offset = (unique["time_base"] == "offset").to_numpy(dtype=bool, na_value=False)
    days: dict[str, set[float]] = {}
    if assessments is not None:
        seen = canonical({"assessments": assessments}, "assessments")
        rows = (seen["overall_response"] == "PD").fillna(value=False) & ~seen["is_baseline"].fillna(value=False)
        seen = seen[(rows & seen["date"].notna()).to_numpy(dtype=bool)]
        for patient_id, day in zip(seen["patient_id"], to_days(seen["date"]), strict=True):
            days.setdefault(patient_id, set()).add(float(day))
    return {
        name: _Person(
            advanced=float(advanced[place]),
            death=float(death[place]),
            functional=bool(functional[place]),
            offset=bool(offset[place]),
            progressions=tuple(sorted(days.get(name, ()))),
        )
        for place, name in enumerate(unique["patient_id"])
    }


def _lines_of(
    doses: Sequence[Dose],
    person: _Person,
    patient: Patient,
    rules: LineRules,
    records: pd.DataFrame,
    told: list[Finding],
) -> tuple[list[tuple[str, Line]], list[Dose]]:
    """Return lines with their intent (palliative or blank = curative) and the local procedures beside them."""
    local = [dose for dose in doses if dose.drug.kind == "local" or dose.intent == "local_only"]
    lining = [dose for dose in doses if dose not in local] + (local if rules.local_as_line else [])
    early = [dose for dose in lining if _is_early(dose, person)]
    curative = group_lines(early, patient, rules)
    days = [*person.progressions, *([] if math.isnan(person.advanced) else [person.advanced])]
    again = [line for line in curative if is_relapse(line, days)]
    moved = {id(dose) for line in again for dose in line.doses}
    palliative = [dose for dose in lining if dose not in early or id(dose) in moved]
    lines = group_lines(palliative, patient, rules)
    for line in lines:
        if any(id(dose) in moved for dose in line.doses):
            line.flags.add("curative_reclassified")
            line.reasons.insert(0, "L0: curative, but progression within 6 months of its end")
    told += [_tell_line(line, records, person) for line in again]
    told += [_tell_overlap(line, records, person) for line in lines if line.carried]
    kept = [line for line in curative if line not in again]
    return [*(("palliative", line) for line in lines), *(("", line) for line in kept)], (
        [] if rules.local_as_line else local
    )


def _next_starts(lines: Sequence[Line], last: float) -> list[float]:
    """Return the start of the line behind each line; ``last`` behind the last one."""
    return [*(line.start for line in lines[1:]), last][: len(lines)]


def _is_early(dose: Dose, person: _Person) -> bool:
    """Tell whether a drug is curative as far as its intent or date says (L0)."""
    if dose.intent in ("adjuvant", "neoadjuvant"):
        return True
    return dose.intent != "palliative" and dose.start < person.advanced - EARLY_DAYS


def _tell_line(line: Line, records: pd.DataFrame, person: _Person) -> Finding:
    return row_finding(
        records,
        line.doses[0].row,
        code="W_CURATIVE_RECLASS",
        message=f"{_name(line)} from {show_day(line.start, offset=person.offset)} is curative, but the tumour"
        " progressed within 6 months of its end: it counts as a palliative line.",
        fix="Give the intent of the drug, and check date_advanced.",
        column="date_start",
    )


def _tell_overlap(line: Line, records: pd.DataFrame, person: _Person) -> Finding:
    names = "+".join(sorted({dose.drug.name for dose in line.carried}))
    return row_finding(
        records,
        line.carried[0].row,
        code="W_LINE_OVERLAP",
        message=f"{names} of the line before goes on for more than 28 days in the line from"
        f" {show_day(line.start, offset=person.offset)}: counted to both.",
        fix="Check its last day; if the new drug was added to it, all is well.",
        column="date_end",
    )


def _name(line: Line) -> str:
    return "+".join(sorted(drug.name for drug in line.regimen.values()))


def _keys_of(text: str, book: DrugBook) -> frozenset[str]:
    return frozenset(drug.key for drug in find_drugs(text, book)[0] if drug.kind != "supportive")


def _rows_of(
    patient_id: str,
    lines: Iterable[tuple[str, Line]],
    local: Sequence[Dose],
    person: _Person,
    records: pd.DataFrame,
    unknown: Sequence[tuple[float, str]],
) -> list[dict[str, object]]:
    """Return the rows of one patient: palliative lines, curative lines, local procedures."""
    rows: list[dict[str, object]] = []
    own = {kind: [line for intent, line in lines if intent == kind] for kind in ("palliative", "")}
    for intent, members in own.items():
        starts = _next_starts(members, math.nan)
        for place, (line, following) in enumerate(zip(members, starts, strict=True), 1):
            row = fill_row(line, following, person.death, records, local, intent=intent)
            flags = {*line.flags, *str(row["derivation_flags"]).split(";")} - {"", "rechallenge", "maintenance"}
            end = (
                row["date_end"] if isinstance(row["date_end"], float) and not math.isnan(row["date_end"]) else math.inf
            )
            if any(line.start <= day <= end for day, _ in unknown):
                flags.add("unknown_drug")
            if intent and math.isnan(person.advanced):
                flags.add("advanced_unknown")
            rows.append(row | {"number_in_intent": place, "derivation_flags": ";".join(sorted(flags))})
    rows += local_rows(local, records)
    return [{"patient_id": patient_id, "line_number": number} | row for number, row in enumerate(rows, 1)]


def _tell_unknown_origin(rows: Sequence[Mapping[str, object]], findings: Findings) -> None:
    n = len({row["patient_id"] for row in rows if "advanced_unknown" in str(row["derivation_flags"])})
    if n:
        findings.add(
            "W_ADVANCED_UNKNOWN",
            f"{counted(n)} with drugs, but without a date of advanced disease: every systemic drug counts as"
            " palliative.",
            fix="Give date_advanced; else adjuvant treatment passes for a first line.",
        )


def _as_table(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return the rows as a canonical table with the columns of the derivation."""
    names = [*schema.TREATMENTS.names, "date_start_precision", "date_end_precision", *DERIVED_COLUMNS, "file", "row"]
    frame = pd.DataFrame([dict(row) for row in rows], columns=names)
    for name in ("date_start", "date_end", "date_progression"):
        frame[name] = to_dates(frame[name].to_numpy(dtype=np.float64, na_value=np.nan))
    for name in ("rechallenge", "maintenance", "background_ssa", "curative"):
        frame[name] = frame[name].astype("boolean")
    for name in ("derivation_reason", "derivation_flags", "file"):
        frame[name] = frame[name].astype("string")
    for name in ("number_in_intent", "row"):
        frame[name] = frame[name].astype("Int64")
    frame["derivation_flags"] = frame["derivation_flags"].replace("", pd.NA)
    out = schema.conform(frame, schema.TREATMENTS)
    return out.sort_values(["patient_id", "line_number"], kind="stable", ignore_index=True)
