"""Rules about the order of dates and about life and death: V04-V10, V29 of DOMAIN 1.16.

A partial date violates an order only if every day it may stand for does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.clinical.attribution import is_palliative
from netgen.clinical.days import Dated, find_places, pick_first, read_dates
from netgen.clinical.endpoints import find_cutoff
from netgen.clinical.lines_rules import EARLY_DAYS
from netgen.clinical.rows import sort_findings
from netgen.clinical.validate_base import (
    ALL_DATES,
    REPORTS,
    Rule,
    certainly_before,
    find_rows,
    is_offset,
    patient_dates,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from netgen.clinical.validate_base import Clinical
    from netgen.errors import Finding

EARLY_COLLECTION: Final = 90  # days before diagnosis
_BEFORE_DEATH: Final = (
    ("patients", "date_diagnosis"),
    ("patients", "date_advanced"),
    ("treatments", "date_start"),
    ("treatments", "date_end"),
    ("treatments", "date_progression"),
    ("assessments", "date"),
    ("imaging", "date"),
)
_ORDER_FIX: Final = "Correct one of the two dates."


def _check_order(data: Clinical) -> list[Finding]:
    """V04: birth, diagnosis, advanced disease and line 1 follow each other; specimens are not much older."""
    out: list[Finding] = []
    frame = data.patients
    for earlier, later in (("birth_date", "date_diagnosis"), ("date_diagnosis", "date_advanced")):
        first, second = read_dates(frame, earlier), read_dates(frame, later)
        out += find_rows(
            data, "patients", certainly_before(second, first), code="E_DATE_ORDER", rule="V04", column=later,
            message=f"{later} must not be before {earlier} ({{earlier}}), found {{value}}.", fix=_ORDER_FIX,
            facts={"earlier": first.day},
        )  # fmt: skip
    lines = data.tables["treatments"]
    grace, moved = _derived(lines)
    start = Dated(*(part + grace for part in read_dates(lines, "date_start")))
    known = patient_dates(data, lines, "date_advanced")
    known = known.filled(patient_dates(data, lines, "date_diagnosis"))
    out += find_rows(
        data, "treatments", _is_first_line(data, lines) & ~moved & certainly_before(start, known), code="E_DATE_ORDER",
        rule="V04", column="date_start",
        message="The first line must not start before advanced disease or, if that is blank, diagnosis ({known}),"
        " found {value}.",
        fix=f"{_ORDER_FIX} A line given with curative intent has intent neoadjuvant or adjuvant.",
        facts={"known": known.day},
    )  # fmt: skip
    samples = data.tables["samples"]
    diagnosis = patient_dates(data, samples, "date_diagnosis")
    early = read_dates(samples, "date_collection").high < diagnosis.low - EARLY_COLLECTION
    out += find_rows(
        data, "samples", early, code="W_COLLECTION_EARLY", rule="V04", column="date_collection",
        message=f"date_collection lies more than {EARLY_COLLECTION} days before diagnosis ({{diagnosis}}): {{value}}.",
        fix="Check that the specimen is of this tumour.", facts={"diagnosis": diagnosis.day},
    )  # fmt: skip
    return sort_findings(out)


def _derived(lines: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Days that a derived line may start before advanced disease, and lines that were curative when they were given."""
    if "derivation_reason" not in lines.columns:
        return np.zeros(len(lines)), np.zeros(len(lines), dtype=bool)
    flags = lines["derivation_flags"].astype("string").fillna("")
    moved = flags.str.contains("curative_reclassified", regex=False).to_numpy(dtype=bool)
    return np.where(lines["derivation_reason"].notna(), EARLY_DAYS, 0).astype(np.float64), moved


def _is_first_line(data: Clinical, lines: pd.DataFrame) -> np.ndarray:
    """Palliative line with the smallest number of each patient."""
    place = find_places(data.ids, lines["patient_id"])
    number = lines["line_number"].to_numpy(dtype=np.float64, na_value=np.nan)
    usable = is_palliative(lines) & ~np.isnan(number)
    rows = pick_first(np.where(usable, place, -1), len(data.ids), [number, read_dates(lines, "date_start").day])
    first = np.zeros(len(lines), dtype=bool)
    first[rows[rows >= 0]] = True
    return first


def _check_death_dated(data: Clinical) -> list[Finding]:
    """V05: the dead have a date of death, unless the source records survival without dates."""
    frame = data.patients
    mask = (frame["vital_status"] == "dead") & frame["date_death"].isna() & ~frame["patient_id"].isin(data.recorded)
    return find_rows(
        data, "patients", mask.to_numpy(dtype=bool, na_value=False), code="W_DEATH_DATE_MISSING", rule="V05",
        column="date_death", message="A dead patient needs date_death, found none: excluded from overall survival.",
        fix="Give the date; the month or the year is enough.",
    )  # fmt: skip


def _check_alive(data: Clinical) -> list[Finding]:
    """V06: the living have no date of death."""
    frame = data.patients
    mask = (frame["vital_status"] == "alive") & frame["date_death"].notna()
    return find_rows(
        data, "patients", mask.to_numpy(dtype=bool, na_value=False), code="E_VITAL_CONTRADICTION", rule="V06",
        column="date_death", message="A patient who is alive must not have a date of death, found {value}.",
        fix="Set vital_status to dead, or remove date_death.",
    )  # fmt: skip


def _check_after_death(data: Clinical) -> list[Finding]:
    """V07: nothing happens to a patient after death; a report of the laboratory may come later."""
    out: list[Finding] = []
    for names, code, message, fix in (
        (_BEFORE_DEATH, "E_DATE_ORDER", "{column} must not be after death ({{death}}), found {{value}}.", _ORDER_FIX),
        (REPORTS, "W_SEQ_AFTER_DEATH", "{column} of a report is after death ({{death}}): {{value}}.",
         "Normal for research on archived tissue; then set sequencing_context to research_retrospective."),
    ):  # fmt: skip
        for name, column in names:
            frame = data.tables[name]
            death = patient_dates(data, frame, "date_death")
            out += find_rows(
                data, name, certainly_before(death, read_dates(frame, column)), code=code, rule="V07", column=column,
                message=message.format(column=column), fix=fix, facts={"death": death.day},
            )  # fmt: skip
    return sort_findings(out)


def _check_last_contact(data: Clinical) -> list[Finding]:
    """V08: the last date known alive is not after death; the same day is normal."""
    frame = data.patients
    death, contact = read_dates(frame, "date_death"), read_dates(frame, "date_last_contact")
    return find_rows(
        data, "patients", certainly_before(death, contact), code="E_DATE_ORDER", rule="V08",
        column="date_last_contact", message="date_last_contact must not be after death ({death}), found {value}.",
        fix="date_last_contact is the last date known alive, not the date of the chart review.",
        facts={"death": death.day},
    )  # fmt: skip


def _check_cutoff(data: Clinical) -> list[Finding]:
    """V09: nothing but reports is dated after the data cut-off; what is, is censored there."""
    out: list[Finding] = []
    cutoff = find_cutoff(data.unique, data.data_cutoff)
    for name, column in ALL_DATES:
        if (name, column) in REPORTS or column == "date_data_cutoff":
            continue
        frame = data.tables[name]
        limit = np.append(cutoff, np.inf)[find_places(data.ids, frame["patient_id"])]
        out += find_rows(
            data, name, read_dates(frame, column).low > limit, code="W_AFTER_CUTOFF", rule="V09", column=column,
            message=f"{column} is after the data cut-off ({{cutoff}}): {{value}}. It is not observed.",
            fix="Correct the date or the cut-off, if one of them is wrong.", facts={"cutoff": limit},
        )  # fmt: skip
    return sort_findings(out)


def _check_future(data: Clinical) -> list[Finding]:
    """V10: no calendar date lies in the future."""
    out: list[Finding] = []
    for name, column in ALL_DATES:
        frame = data.tables[name]
        future = read_dates(frame, column).low > data.today
        if not future.any():
            continue
        out += find_rows(
            data, name, future & ~is_offset(data, frame), code="E_DATE_FUTURE", rule="V10", column=column,
            message=f"{column} must not be in the future ({{today}}), found {{value}}.", fix="Correct the date.",
            facts={"today": np.full(len(frame), data.today)},
        )  # fmt: skip
    return sort_findings(out)


def _check_followup(data: Clinical) -> list[Finding]:
    """V29: follow-up is not negative; follow-up of 0 days falls under the time-zero rule."""
    frame = data.patients
    contact, death = read_dates(frame, "date_last_contact"), read_dates(frame, "date_death")
    advanced, diagnosis = read_dates(frame, "date_advanced"), read_dates(frame, "date_diagnosis")
    alive = (frame["vital_status"] != "dead").to_numpy(dtype=bool, na_value=True)
    origin = Dated(*(np.fmax(one, other) for one, other in zip(advanced, diagnosis, strict=True)))
    out = find_rows(
        data, "patients", alive & certainly_before(contact, origin), code="E_DATE_ORDER", rule="V29",
        column="date_last_contact",
        message="Follow-up must not be negative: date_last_contact {value} is before diagnosis or advanced disease"
        " ({origin}).",
        fix=_ORDER_FIX, facts={"origin": origin.day},
    )  # fmt: skip
    end = contact.only(alive).filled(death.only(~alive))
    begin = advanced.filled(diagnosis)
    zero = (end.low == begin.high) & (end.high == begin.low)
    out += find_rows(
        data, "patients", zero, code="W_TIME_ZERO", rule="V29", column="date_last_contact",
        message="Follow-up is 0 days: it begins and ends on {origin}.",
        fix="Check the dates; the time-zero rule decides what is analysed (half a day by default).",
        facts={"origin": begin.day},
    )  # fmt: skip
    return sort_findings(out)


DATE_RULES: Final[tuple[Rule, ...]] = (
    Rule(id="V04", severity="E/W", check=_check_order,
         text="birth <= diagnosis <= advanced disease <= line 1; collection at most 90 days before diagnosis (W)"),
    Rule(id="V05", severity="W", check=_check_death_dated,
         text="the dead have a date of death"),
    Rule(id="V06", severity="E", check=_check_alive,
         text="the living have no date of death"),
    Rule(id="V07", severity="E/W", check=_check_after_death,
         text="nothing happens after death, except reports of the laboratory (W)"),
    Rule(id="V08", severity="E", check=_check_last_contact,
         text="last contact is not after death"),
    Rule(id="V09", severity="W", check=_check_cutoff,
         text="nothing but reports is after the data cut-off"),
    Rule(id="V10", severity="E", check=_check_future,
         text="no date is in the future"),
    Rule(id="V29", severity="E/W", check=_check_followup,
         text="follow-up is not negative; 0 days fall under the time-zero rule (W)"),
)  # fmt: skip
