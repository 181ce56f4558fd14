"""Best overall response of every patient to every line, from assessments or as recorded (DOMAIN 2.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.attribution import is_palliative
from netgen.clinical.course import PD_WINDOW, Course, find_assessments, find_course, find_progression
from netgen.clinical.days import canonical, find_places, to_dates
from netgen.clinical.endpoints import find_cutoff
from netgen.clinical.response_rules import (
    CONFIRM_DAYS,
    CONTROL,
    RESPONSE,
    SD_MIN_DAYS,
    best_response,
    confirmed_response,
    has_partial_after_complete,
)
from netgen.clinical.rows import counted, warn_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from netgen.errors import Findings

# Columns of the table of responses, in order, with their meaning; one row per patient and line that started.
BEST_RESPONSE_COLUMNS: Final[dict[str, str]] = {
    "patient_id": "patient",
    "line_number": "line of treatment",
    "date_start": "start of the line",
    "bor": "best overall response in use: unconfirmed or confirmed, as asked for; no assessment = NE",
    "bor_unconfirmed": "best response without confirmation",
    "bor_confirmed": "best response with confirmation; as recorded where there is no assessment",
    "bor_recorded": "best_response of the line as recorded; blank = none",
    "source": "assessments, recorded or none: what bor rests on",
    "n_assessments": "assessments between the start of the line and window_end, NE included, ND not",
    "first_response_date": "date of the first CR or PR (confirmed: first of a confirming pair); blank = none",
    "date_progression": "first progression of the line",
    "window_end": "last day on which an assessment counts; blank = open",
    "window_end_reason": "progression, next_line, cutoff or open",
    "flags": "joined by ;",
}

FLAGS: Final[dict[str, str]] = {
    "pr_after_cr": "a partial response follows a complete one, which RECIST calls a progression",
    "bor_conflict": "the recorded best response differs from the derived one, which counts",
    "confirmation_unknown": "recorded response: nothing says whether it was confirmed",
    "no_assessment": "no assessment and no recorded response: NE",
}


@dataclass(frozen=True, kw_only=True)
class _Rules:
    confirmed: bool
    confirm_days: int
    sd_min_days: int
    accept_sd: bool
    clinical_pd: bool


def best_responses(
    tables: Mapping[str, pd.DataFrame],
    *,
    lines: Sequence[int] | None = None,
    confirmed: bool = False,
    confirm_days: int = CONFIRM_DAYS,
    sd_min_days: int = SD_MIN_DAYS,
    accept_sd: bool = False,
    clinical_pd: bool = True,
    cutoff: date | None = None,
    findings: Findings,
) -> pd.DataFrame:
    """Return the best overall response of every patient to every palliative line that started.

    Nobody who started a line is left out: without assessment and without recorded response it is NE.

    Parameters
    ----------
    tables
        Canonical tables; ``patients``, ``treatments`` and ``assessments`` are read.
    lines
        Line numbers; None = every line that occurs.
    confirmed
        Whether ``bor`` and ``first_response_date`` need confirmation.
    confirm_days
        Days from a response to its confirmation.
    sd_min_days
        Stable disease counts from this day of the line on.
    accept_sd
        Stable disease between a partial response and its confirmation is accepted.
    clinical_pd
        A progression seen only clinically ends the search.
    cutoff
        Administrative end of observation of the study; that of the patient counts if earlier.
    findings
        Receives W_ASSESS_DUP, W_BOR_CONFLICT and W_RESP_PR_AFTER_CR, once each with counts.

    Returns
    -------
    DataFrame
        ``BEST_RESPONSE_COLUMNS``, sorted by line and patient; independent of the order of rows. It is what
        ``derive_endpoint`` takes as ``responses`` for the duration of response.

    Notes
    -----
    1. Assessments of the line from its start to the first of progression, next line and cut-off, that day included; of
       several on a day one counts (``attribution.resolve_same_day``). A progression seen up to 28 days after the next
       line began belongs to this line, on the day the next began (DOMAIN 2.3).
    2. ``response_rules`` makes one word of them. If there is none, ``best_response`` of the line counts.
    3. A progression that was recorded but not assessed ends the search and is no response.

    Witness: DOMAIN SC17, a loop in ``tests/clinical/test_response.py``.

    References
    ----------
    Eisenhauer EA et al. New response evaluation criteria in solid tumours: revised RECIST guideline (version 1.1). Eur
    J Cancer 45:228-247 (2009).
    """
    patients = canonical(tables, "patients").drop_duplicates("patient_id")
    patients = patients.sort_values("patient_id", kind="stable").reset_index(drop=True)
    treatments = canonical(tables, "treatments")
    if lines is None:
        numbers = treatments.loc[is_palliative(treatments), "line_number"].dropna()
        lines = sorted({int(number) for number in numbers if number >= 1})
    rules = _Rules(
        confirmed=confirmed, confirm_days=confirm_days, sd_min_days=sd_min_days, accept_sd=accept_sd,
        clinical_pd=clinical_pd,
    )  # fmt: skip
    parts = [_of_line(tables, patients, int(k), rules, find_cutoff(patients, cutoff), findings) for k in lines]
    out = pd.concat(parts, ignore_index=True) if parts else _frame([])
    _tell(out, findings)
    return out


def _of_line(
    tables: Mapping[str, pd.DataFrame],
    patients: pd.DataFrame,
    line: int,
    rules: _Rules,
    cutoff: NDArray[np.float64],
    findings: Findings,
) -> pd.DataFrame:
    """Best responses to one line."""
    treatments, assessments = canonical(tables, "treatments"), canonical(tables, "assessments")
    ids = pd.Index(patients["patient_id"])
    course = find_course(treatments, ids, line)
    seen, n_lost = find_assessments(assessments, treatments, ids, line)
    if n_lost:
        warn_once(
            findings, "W_ASSESS_DUP",
            f"response: {counted(n_lost, 'assessment')} set aside for another of the same date (RECIST first, then the"
            " worse).", fix="Keep one assessment per date.",
        )  # fmt: skip
    progressed = _progression_day(course, seen, clinical_pd=rules.clinical_pd)
    limits = np.vstack([progressed, course.stop.day, np.where(np.isinf(cutoff), np.nan, cutoff)])
    rows = _rows_inside(course, seen, np.fmin.reduce(limits))
    recorded = _recorded(treatments, ids, line)
    started = ~np.isnan(course.start.day) & ~(course.start.day > cutoff)
    return _frame(
        [
            {
                "patient_id": ids[place],
                "line_number": line,
                "date_start": course.start.day[place],
                "date_progression": progressed[place],
                **_window(limits[:, place]),
                **_decide(*rows.get(place, ([], [])), recorded[place], course.start.day[place], rules),
            }
            for place in np.flatnonzero(started).tolist()
        ]
    )


def _progression_day(course: Course, seen: pd.DataFrame, *, clinical_pd: bool) -> NDArray[np.float64]:
    found = find_progression(
        course, seen, clinical_pd=clinical_pd, beyond_next_line=False, pd_date_from_end=False
    )  # fmt: skip
    return found.radiological.filled(found.clinical).filled(found.recorded).day


def _rows_inside(
    course: Course, seen: pd.DataFrame, limit: NDArray[np.float64]
) -> dict[int, tuple[list[float], list[str]]]:
    """Days since the start of the line and responses of each patient (by place) within the window."""
    own = seen[((seen["line"] == course.line) & (seen["response"] != "ND")).to_numpy(dtype=bool)]
    place, day = own["place"].to_numpy(dtype=np.intp), own["day"].to_numpy(dtype=np.float64)
    start, stop, end = course.start.day[place], course.stop.day[place], limit[place]
    response = own["response"].to_numpy(dtype=object)
    late = (response == "PD") & (day > stop) & (day <= stop + PD_WINDOW)
    day = np.where(late, stop, day)
    inside = (day >= start) & ~(day > end)
    out: dict[int, tuple[list[float], list[str]]] = {}
    for i in np.flatnonzero(inside)[np.lexsort((late[inside], day[inside], place[inside]))].tolist():
        days, words = out.setdefault(int(place[i]), ([], []))
        if not (late[i] and words and words[-1] == "PD"):
            days.append(float(day[i] - start[i]))
            words.append(str(response[i]))
    return out


def _recorded(treatments: pd.DataFrame, ids: pd.Index, line: int) -> list[str]:
    """Return the recorded best response per patient; blank where there is none."""
    rows = is_palliative(treatments) & (treatments["line_number"] == line).to_numpy(dtype=bool, na_value=False)
    rows &= treatments["best_response"].notna().to_numpy() & (treatments["best_response"] != "ND").to_numpy(
        dtype=bool, na_value=False
    )
    own = treatments.loc[rows].sort_values(["patient_id", "best_response"], kind="stable")
    out = [""] * len(ids)
    for place, value in zip(find_places(ids, own["patient_id"]).tolist(), own["best_response"], strict=True):
        if place >= 0 and not out[place]:
            out[place] = str(value)
    return out


def _window(limits: NDArray[np.float64]) -> dict[str, object]:
    if np.isnan(limits).all():
        return {"window_end": np.nan, "window_end_reason": "open"}
    which = int(np.nanargmin(limits))
    return {"window_end": limits[which], "window_end_reason": ("progression", "next_line", "cutoff")[which]}


def _decide(days: list[float], words: list[str], recorded: str, start: float, rules: _Rules) -> dict[str, object]:
    """Best response of one patient with its source and flags."""
    flags = []
    if words:
        source, plain = "assessments", best_response(days, words, sd_min_days=rules.sd_min_days)
        strict, first = confirmed_response(
            days, words, confirm_days=rules.confirm_days, sd_min_days=rules.sd_min_days, accept_sd=rules.accept_sd
        )
        if not rules.confirmed:
            first = next((day for day, word in zip(days, words, strict=True) if word in RESPONSE), None)
        if has_partial_after_complete(words):
            flags.append("pr_after_cr")
        if recorded and recorded != (strict if rules.confirmed else plain):
            flags.append("bor_conflict")
    else:
        source, first = ("recorded" if recorded else "none"), None
        plain = strict = recorded or "NE"
        if plain in RESPONSE:
            flags.append("confirmation_unknown")
        if not recorded:
            flags.append("no_assessment")
    return {
        "bor": strict if rules.confirmed else plain,
        "bor_unconfirmed": plain,
        "bor_confirmed": strict,
        "bor_recorded": recorded or pd.NA,
        "source": source,
        "n_assessments": len(words),
        "first_response_date": np.nan if first is None else start + first,
        "flags": ";".join(flags),
    }


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Rows with day numbers as a table with dates."""
    frame = pd.DataFrame(rows, columns=list(BEST_RESPONSE_COLUMNS))
    for name in ("date_start", "first_response_date", "date_progression", "window_end"):
        frame[name] = to_dates(frame[name].to_numpy(dtype=np.float64))
    text = ("patient_id", "bor", "bor_unconfirmed", "bor_confirmed", "bor_recorded", "source", "window_end_reason",
            "flags")  # fmt: skip
    return frame.astype({**dict.fromkeys(text, "string"), "line_number": "Int64", "n_assessments": "Int64"})


def _tell(frame: pd.DataFrame, findings: Findings) -> None:
    for code, flag, text, fix in (
        ("W_BOR_CONFLICT", "bor_conflict", "recorded another best response than the assessments give; these count",
         "Correct best_response, or the assessments."),
        ("W_RESP_PR_AFTER_CR", "pr_after_cr", "a partial after a complete response, which RECIST calls a progression",
         "Check the assessments."),
    ):  # fmt: skip
        rows = frame.loc[frame["flags"].str.split(";").map(lambda parts, flag=flag: flag in parts)]
        if len(rows):
            named = ", ".join(f"{row.patient_id} line {row.line_number}" for row in rows.head(5).itertuples())
            more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
            warn_once(findings, code, f"{counted(len(rows), 'line')} with {text}: {named}{more}.", fix=fix)


def is_response(bor: pd.Series) -> pd.Series:
    """Return which best responses are objective responses.

    Parameters
    ----------
    bor
        Best overall responses; missing counts as none.

    Returns
    -------
    Series
        bool.
    """
    return bor.isin(RESPONSE).astype(bool)


def is_control(bor: pd.Series) -> pd.Series:
    """Return which best responses are disease control.

    Parameters
    ----------
    bor
        Best overall responses; missing counts as none.

    Returns
    -------
    Series
        bool.
    """
    return bor.isin(CONTROL).astype(bool)
