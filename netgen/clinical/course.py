"""One line of treatment of every patient: when it began and ended, what followed, and when the tumour progressed.

All line-based endpoints read these: progression (DOMAIN 2.3) is decided here once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.attribution import attribute_lines, is_clinical, is_palliative, resolve_same_day
from netgen.clinical.days import Dated, find_places, pick_first, read_dates, smallest

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Numbered like lines, but no treatment begins: they end neither the follow-up for progression nor the line before.
UNTREATED: Final[tuple[str, ...]] = ("watch_and_wait", "best_supportive_care")
ADEQUATE: Final[tuple[str, ...]] = ("CR", "PR", "SD", "NON_CR_NON_PD")
PD_WINDOW: Final = 28  # days: two dates of one progression; a progression seen after the next line began (2.3, V13)


@dataclass(frozen=True, kw_only=True)
class Course:
    """Line k of n patients; dates are NaN where there is none.

    Attributes
    ----------
    line
        k.
    start, end
        First and last day of the line.
    stop
        Start of the next palliative line that is a treatment.
    lines
        Palliative lines with a start: place, number, start (start, start_low, start_high), treated, progression (day,
        low, high), kind.
    end_reason
        Why the line ended as recorded, "" = not said.
    ongoing
        The line is marked as ongoing.
    """

    line: int
    start: Dated
    end: Dated
    stop: Dated
    lines: pd.DataFrame
    end_reason: NDArray[np.object_]
    ongoing: NDArray[np.bool_]

    @property
    def ended_by_progression(self) -> NDArray[np.bool_]:
        """(n,) the line has ``end_reason`` progression."""
        ended: NDArray[np.bool_] = self.end_reason == "progression"
        return ended


@dataclass(frozen=True, kw_only=True)
class Progression:
    """First progression of n patients, split by how it was seen; at most one of the four dates is given.

    ``conflict``: recorded and assessed dates differ by more than 28 days, the earlier counts. ``moved``: seen up to 28
    days after the next line began, dated at its start. ``dropped``: seen later than that, not of this line.
    ``undated``: the line ended for progression and nothing dates it.
    """

    radiological: Dated
    clinical: Dated
    recorded: Dated
    line_end: Dated
    conflict: NDArray[np.bool_]
    moved: NDArray[np.bool_]
    dropped: NDArray[np.bool_]
    undated: NDArray[np.bool_]


def find_course(treatments: pd.DataFrame, ids: pd.Index, line: int) -> Course:
    """Return line ``line`` of every patient.

    Parameters
    ----------
    treatments
        Canonical ``treatments``; only palliative lines with a start count.
    ids
        Unique patient ids; the result is in this order.
    line
        Line number, from 1.

    Returns
    -------
    Course
        ``start`` is NaN for a patient without that line.
    """
    usable = is_palliative(treatments) & treatments["date_start"].notna().to_numpy(dtype=bool)
    frame = treatments[usable & treatments["line_number"].notna().to_numpy(dtype=bool)].reset_index(drop=True)
    place = find_places(ids, frame["patient_id"])
    number = frame["line_number"].to_numpy(dtype=np.int64)
    start, end = read_dates(frame, "date_start"), read_dates(frame, "date_end")
    seen = read_dates(frame, "date_progression")
    keys = [start.day, end.day, seen.day]
    own = pick_first(np.where(number == line, place, -1), len(ids), keys)
    treated = ~frame["regimen_class"].isin(UNTREATED).to_numpy(dtype=bool, na_value=False)
    after = pick_first(np.where((number > line) & treated, place, -1), len(ids), [start.day, number.astype(np.float64)])
    lines = pd.DataFrame(
        {
            "place": place,
            "number": number,
            "start": start.day,
            "start_low": start.low,
            "start_high": start.high,
            "treated": treated,
            "day": seen.day,
            "low": seen.low,
            "high": seen.high,
            "kind": frame["progression_type"].fillna("unknown").to_numpy(dtype=object),
        }
    )
    return Course(
        line=line,
        start=start.at(own),
        end=end.at(own),
        stop=start.at(after),
        lines=lines,
        end_reason=np.append(frame["end_reason"].fillna("").to_numpy(dtype=object), "")[own],  # -1 picks the "" behind
        ongoing=np.append(frame["ongoing"].to_numpy(dtype=bool, na_value=False), False)[own],
    )


def open_course(treatments: pd.DataFrame, ids: pd.Index, start: Dated) -> Course:
    """Return the time from any date on as if it were one line, so that progression can be looked for in it.

    Parameters
    ----------
    treatments
        Canonical ``treatments``.
    ids
        Unique patient ids; the result is in this order.
    start
        (n,) the dates.

    Returns
    -------
    Course
        Line 0; ``stop`` is the first start of a treated palliative line on or after the date, ``lines`` holds only the
        progressions on or after it.
    """
    course = find_course(treatments, ids, 0)
    behind = np.append(start.day, np.nan)
    lines = course.lines
    ahead = lines[lines["treated"] & (lines["start"] >= behind[lines["place"]])]
    first = pick_first(ahead["place"].to_numpy(), len(ids), [ahead["start"].to_numpy(), ahead["number"].to_numpy()])
    dated = Dated(*(ahead[name].to_numpy(dtype=np.float64) for name in ("start", "start_low", "start_high")))
    return replace(
        course, start=start, stop=dated.at(first), lines=lines[(lines["day"] >= behind[lines["place"]]).to_numpy()]
    )


def find_local_therapy(treatments: pd.DataFrame, ids: pd.Index, start: Dated) -> Dated:
    """Return the first local procedure after a date: a row of ``treatments`` with intent local_only (DOMAIN 2.8 L6).

    Parameters
    ----------
    treatments
        Canonical ``treatments``.
    ids
        Unique patient ids; the result is in this order.
    start
        (n,) dates; a procedure on the day itself belongs to what began then.

    Returns
    -------
    Dated
        NaN where there is none.
    """
    local = (treatments["intent"] == "local_only").to_numpy(dtype=bool, na_value=False)
    frame = treatments[local].reset_index(drop=True)
    place, dated = find_places(ids, frame["patient_id"]), read_dates(frame, "date_start")
    after = dated.day > np.append(start.day, np.nan)[place]
    return dated.at(pick_first(np.where(after, place, -1), len(ids), [dated.day]))


def find_assessments(
    assessments: pd.DataFrame, treatments: pd.DataFrame, ids: pd.Index, line: int
) -> tuple[pd.DataFrame, int]:
    """Return the assessments after baseline with their line, and how many shared a date with another and lost.

    Parameters
    ----------
    assessments, treatments
        Canonical tables.
    ids
        Unique patient ids.
    line
        The line of interest; other lines without treatment do not attract assessments.

    Returns
    -------
    frame
        place (position in ``ids``), line, day, low, high, response, clinical; one row per patient, line and date.
    n_lost
        Number of rows that lost (W_ASSESS_DUP).
    """
    treated = ~treatments["regimen_class"].isin(UNTREATED) | (treatments["line_number"] == line)
    lines = treatments[treated.to_numpy(dtype=bool, na_value=False)]
    seen = assessments[~assessments["is_baseline"].fillna(value=False).to_numpy(dtype=bool)]
    seen = seen[(seen["date"].notna() & seen["overall_response"].notna() & seen["patient_id"].isin(ids)).to_numpy()]
    seen = seen.assign(line_number=attribute_lines(seen, lines))
    kept = resolve_same_day(seen).reset_index(drop=True)
    dated = read_dates(kept, "date")
    frame = pd.DataFrame(
        {
            "place": find_places(ids, kept["patient_id"]),
            "line": kept["line_number"].to_numpy(dtype=np.float64, na_value=np.nan),
            "day": dated.day,
            "low": dated.low,
            "high": dated.high,
            "response": kept["overall_response"].to_numpy(dtype=object),
            "clinical": is_clinical(kept),
        }
    )
    return frame, len(seen) - len(kept)


def find_progression(
    course: Course, seen: pd.DataFrame, *, clinical_pd: bool, beyond_next_line: bool, pd_date_from_end: bool
) -> Progression:
    """Return the first progression of the line (DOMAIN 2.3, V13, V14).

    Parameters
    ----------
    course
        The line.
    seen
        Assessments of :func:`find_assessments`.
    clinical_pd
        A progression seen clinically counts.
    beyond_next_line
        Progressions during later lines count as well, and the start of the next line does not matter.
    pd_date_from_end
        A line that ended for progression without any date progressed on its last day.

    Returns
    -------
    Progression
        In the order of patients of ``course``.

    Notes
    -----
    1. Assessed: first PD of the line on or after its start. Recorded: ``date_progression`` after its start, unless
       biochemical, which never counts.
    2. Up to 28 days after the start of the next line: dated at that start. Later: not of this line.
    3. Both, within 28 days of each other: the assessment counts. Further apart: the earlier.
    """
    n = len(course.start.day)
    rows, lines = _progression_rows(course, seen, clinical_pd=clinical_pd, beyond_next_line=beyond_next_line)
    by_scan = pick_first(rows["place"].to_numpy(), n, [rows["day"].to_numpy(), rows["clinical"].to_numpy(dtype=float)])
    by_chart = pick_first(lines["place"].to_numpy(), n, [lines["day"].to_numpy()])
    scan_raw, chart_raw = _dated(rows).at(by_scan), _dated(lines).at(by_chart)
    stop = course.stop.only(np.full(n, not beyond_next_line))
    scan, chart = _within_line(scan_raw, stop), _within_line(chart_raw, stop)
    apart = np.abs(scan_raw.day - chart_raw.day)
    use_scan = ~np.isnan(scan.day) & (np.isnan(chart.day) | (apart <= PD_WINDOW) | (scan.day <= chart.day))
    use_chart = ~np.isnan(chart.day) & ~use_scan
    raw = np.fmin(scan_raw.day, chart_raw.day)
    undated = course.ended_by_progression & ~_has_any(course, seen) & ~np.isnan(course.start.day)
    at_end = _within_line(course.end.only(undated & pd_date_from_end & (course.end.day >= course.start.day)), stop)
    clinical_scan = np.append(rows["clinical"].to_numpy(dtype=bool), False)[by_scan]
    kind = np.append(lines["kind"].to_numpy(dtype=object), "")[by_chart]
    return Progression(
        radiological=scan.only(use_scan & ~clinical_scan).filled(chart.only(use_chart & (kind == "radiological"))),
        clinical=scan.only(use_scan & clinical_scan).filled(chart.only(use_chart & (kind == "clinical"))),
        recorded=chart.only(use_chart & (kind == "unknown")),
        line_end=at_end,
        conflict=apart > PD_WINDOW,
        moved=(use_scan & (scan.day < scan_raw.day)) | (use_chart & (chart.day < chart_raw.day)),
        dropped=~np.isnan(raw) & ~use_scan & ~use_chart,
        undated=undated,
    )


def _progression_rows(
    course: Course, seen: pd.DataFrame, *, clinical_pd: bool, beyond_next_line: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Assessed and recorded progressions that may count."""
    start = np.append(course.start.day, np.nan)
    rows, lines = seen, course.lines
    if beyond_next_line:
        rows, lines = rows[rows["line"] >= course.line], lines[lines["number"] >= course.line]
    else:
        rows, lines = rows[rows["line"] == course.line], lines[lines["number"] == course.line]
    rows = rows[(rows["response"] == "PD") & (rows["day"] >= start[rows["place"]])]
    lines = lines[(lines["place"] >= 0) & (lines["day"] > lines["start"]) & (lines["kind"] != "biochemical")]
    if not clinical_pd:
        rows, lines = rows[~rows["clinical"]], lines[lines["kind"] != "clinical"]
    return rows, lines


def _has_any(course: Course, seen: pd.DataFrame) -> NDArray[np.bool_]:
    """Which patients have any date of progression for the line, counted or not."""
    n = len(course.start.day)
    rows = seen[(seen["response"] == "PD") & (seen["line"] == course.line)]
    lines = course.lines[course.lines["number"] == course.line]
    by_scan = smallest(rows["place"].to_numpy(), rows["day"].to_numpy(), n)
    by_chart = smallest(lines["place"].to_numpy(), lines["day"].to_numpy(), n)
    return ~np.isnan(by_scan) | ~np.isnan(by_chart)


def _within_line(dated: Dated, stop: Dated) -> Dated:
    """Dates up to the next line; those up to 28 days after its start become its start, later ones go."""
    late = dated.day > stop.day
    near = late & (dated.day <= stop.day + PD_WINDOW)
    return stop.only(near).filled(dated.only(~late))


def _dated(frame: pd.DataFrame) -> Dated:
    return Dated(*(frame[name].to_numpy(dtype=np.float64) for name in ("day", "low", "high")))
