"""Rules about lines of treatment and their progression: V11-V15 and V24 of DOMAIN 1.16."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.attribution import attribute_lines, is_palliative
from netgen.clinical.days import Dated, find_places, pick_first, read_dates
from netgen.clinical.rows import sort_findings
from netgen.clinical.validate_base import Rule, certainly_before, find_rows, patient_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.clinical.validate_base import Clinical
    from netgen.errors import Finding

WINDOW: Final = 28  # days: overlap of lines, progression after the next line, two dates of one progression
EARLY: Final = 42  # days: a response needs longer
_NUMBER_FIX: Final = "Number the palliative lines 1, 2, 3 ... in the order of their start."


def _check_numbers(data: Clinical) -> list[Finding]:
    """V11: palliative lines are numbered from 1 without gap or repeat, and each starts after the one before."""
    lines = _ordered(data)
    number = lines["line_number"].to_numpy(dtype=np.int64)
    same = (lines["patient_id"] == lines["patient_id"].shift()).to_numpy(dtype=bool, na_value=False)
    expected = lines.groupby("patient_id", sort=False).cumcount().to_numpy() + 1
    wrong = number != expected
    first_wrong = wrong & (pd.Series(wrong).groupby(lines["patient_id"], sort=False).cumsum().to_numpy() == 1)
    out = find_rows(
        data, "treatments", first_wrong, rows=lines, code="E_LINE_GAP", rule="V11", column="line_number",
        message="Palliative lines must be numbered 1, 2, 3 ..., found line {value} out of turn.", fix=_NUMBER_FIX,
    )  # fmt: skip
    start = read_dates(lines, "date_start")
    before = Dated(*(np.where(same, np.roll(part, 1), np.nan) for part in start))
    disordered: NDArray[np.bool_] = start.high <= before.low
    out += find_rows(
        data, "treatments", disordered, rows=lines, code="E_LINE_ORDER", rule="V11", column="date_start",
        message="A line must start after the one before ({before}), found {value}.", fix=_NUMBER_FIX,
        facts={"before": before.day},
    )  # fmt: skip
    return sort_findings(out)


def _check_ends(data: Clinical) -> list[Finding]:
    """V12: a line does not end before it starts, nor overlap the next by more than 28 days."""
    lines = data.tables["treatments"]
    start, end = read_dates(lines, "date_start"), read_dates(lines, "date_end")
    out = find_rows(
        data, "treatments", certainly_before(end, start), code="E_DATE_ORDER", rule="V12", column="date_end",
        message="date_end must not be before date_start ({start}), found {value}.", fix="Correct one of the two dates.",
        facts={"start": start.day},
    )  # fmt: skip
    ordered = _ordered(data)
    end, following = read_dates(ordered, "date_end"), _next_start(ordered)
    out += find_rows(
        data, "treatments", end.low - following.high > WINDOW, rows=ordered, code="W_LINE_OVERLAP", rule="V12",
        column="date_end",
        message=f"The line overlaps the next one (start {{following}}) by more than {WINDOW} days: it ends {{value}}.",
        fix="Check both lines; drugs given together are one line.", facts={"following": following.day},
    )  # fmt: skip
    return sort_findings(out)


def _check_progression(data: Clinical) -> list[Finding]:
    """V13: progression comes after the start of its line, and not long after the start of the next."""
    lines = data.tables["treatments"]
    start, seen = read_dates(lines, "date_start"), read_dates(lines, "date_progression")
    early: NDArray[np.bool_] = seen.high <= start.low
    out = find_rows(
        data, "treatments", early, code="E_PD_BEFORE_START", rule="V13", column="date_progression",
        message="Progression must be after the start of its line ({start}), found {value}.",
        fix="A progression on the first day belongs to the line before.", facts={"start": start.day},
    )  # fmt: skip
    ordered = _ordered(data)
    seen, following = read_dates(ordered, "date_progression"), _next_start(ordered)
    out += find_rows(
        data, "treatments", seen.low > following.high + WINDOW, rows=ordered, code="W_PD_AFTER_NEXT_LINE", rule="V13",
        column="date_progression",
        message=f"Progression is more than {WINDOW} days after the next line began ({{following}}): {{value}}. It is"
        " not counted for this line.",
        fix="Move it to the line during which it was seen.", facts={"following": following.day},
    )  # fmt: skip
    return sort_findings(out)


def _check_two_progressions(data: Clinical) -> list[Finding]:
    """V13: the recorded and the assessed progression of a line are within 28 days of each other (DOMAIN 2.3)."""
    lines = data.tables["treatments"]
    recorded = read_dates(lines, "date_progression")
    recorded = recorded.only((lines["progression_type"] != "biochemical").to_numpy(dtype=bool, na_value=True))
    assessed = _assessed_progression(data)
    apart = np.fmax(assessed.low - recorded.high, recorded.low - assessed.high)
    return find_rows(
        data, "treatments", apart > WINDOW, code="E_PD_CONFLICT", rule="V13", column="date_progression",
        message=f"Recorded and assessed progression must be within {WINDOW} days, found {{value}} and {{assessed}}.",
        fix="Correct one of them; otherwise the earlier would count.", facts={"assessed": assessed.day},
    )  # fmt: skip


def _check_progression_dated(data: Clinical) -> list[Finding]:
    """V14: a line that ended for progression has a date of it."""
    lines = data.tables["treatments"]
    ended = (lines["end_reason"] == "progression").to_numpy(dtype=bool, na_value=False)
    undated = lines["date_progression"].isna().to_numpy(dtype=bool) & np.isnan(_assessed_progression(data).day)
    return find_rows(
        data, "treatments", ended & undated, code="W_PD_DATE_MISSING", rule="V14", column="date_progression",
        message="A line that ended for progression needs its date or an assessment PD, found neither.",
        fix="Give date_progression; else it is censored, or dated at the end of the line with pd_date_from_end.",
    )  # fmt: skip


def _check_open_ends(data: Clinical) -> list[Finding]:
    """V15: a line is ongoing or has an end, not both, and the last line of a living patient has one of them."""
    lines = data.tables["treatments"]
    ongoing = lines["ongoing"].fillna(value=False).to_numpy(dtype=bool)
    ended = lines["date_end"].notna().to_numpy(dtype=bool)
    out = find_rows(
        data, "treatments", ongoing & ended, code="W_LINE_END_UNKNOWN", rule="V15", column="date_end",
        message="An ongoing line must have no end, found {value}.", fix="Set ongoing to false, or remove date_end.",
    )  # fmt: skip
    number = lines["line_number"].to_numpy(dtype=np.float64, na_value=np.nan)
    place = np.where(is_palliative(lines) & ~np.isnan(number), find_places(data.ids, lines["patient_id"]), -1)
    last = np.zeros(len(lines), dtype=bool)
    rows = pick_first(place, len(data.ids), [-number])
    last[rows[rows >= 0]] = True
    alive = (patient_values(data, lines, "vital_status") == "alive").to_numpy(dtype=bool, na_value=False)
    out += find_rows(
        data, "treatments", last & ~ended & ~ongoing & alive, code="W_LINE_END_UNKNOWN", rule="V15", column="date_end",
        message="The last line of a living patient needs date_end or ongoing, found neither.",
        fix="Give date_end, or set ongoing to true.",
    )  # fmt: skip
    return sort_findings(out)


def _check_early_progression(data: Clinical) -> list[Finding]:
    """V24: no response is recorded beside a progression within 42 days when there is no assessment."""
    lines = data.tables["treatments"]
    responded = lines["best_response"].isin(["CR", "PR"]).to_numpy(dtype=bool, na_value=False)
    early = read_dates(lines, "date_progression").high - read_dates(lines, "date_start").low <= EARLY
    assessed = lines["patient_id"].isin(data.tables["assessments"]["patient_id"]).to_numpy(dtype=bool, na_value=False)
    return find_rows(
        data, "treatments", responded & early & ~assessed, code="W_RESPONSE_SUSPECT", rule="V24",
        column="best_response",
        message=f"A response ({{value}}) is recorded with progression within {EARLY} days and without any assessment.",
        fix="Check best_response and date_progression.",
    )  # fmt: skip


def _ordered(data: Clinical) -> pd.DataFrame:
    """Palliative lines with a number, by patient, number and start."""
    lines = data.tables["treatments"]
    usable = is_palliative(lines) & lines["line_number"].notna().to_numpy(dtype=bool)
    usable &= lines["patient_id"].notna().to_numpy(dtype=bool)
    keys = ["patient_id", "line_number", "date_start"]
    return lines[usable].sort_values(keys, kind="stable").reset_index(drop=True)


def _next_start(ordered: pd.DataFrame) -> Dated:
    """Start of the line that follows in the order of numbers."""
    same = (ordered["patient_id"] == ordered["patient_id"].shift(-1)).to_numpy(dtype=bool, na_value=False)
    return Dated(*(np.where(same, np.roll(part, -1), np.nan) for part in read_dates(ordered, "date_start")))


def _assessed_progression(data: Clinical) -> Dated:
    """First assessed progression of each palliative line, beside the lines."""
    lines, seen = data.tables["treatments"], data.tables["assessments"]
    rows = (seen["overall_response"] == "PD").fillna(value=False) & ~seen["is_baseline"].fillna(value=False)
    progressed = seen[rows.to_numpy(dtype=bool)]
    keys = pd.MultiIndex.from_arrays([lines["patient_id"], lines["line_number"]])
    usable = np.flatnonzero(is_palliative(lines) & ~keys.duplicated())
    of = pd.MultiIndex.from_arrays([progressed["patient_id"], attribute_lines(progressed, lines)])
    place = np.append(usable, -1)[keys[usable].get_indexer(of)]
    dated = read_dates(progressed.reset_index(drop=True), "date")
    return dated.at(pick_first(place, len(lines), [dated.day]))


LINE_RULES: Final[tuple[Rule, ...]] = (
    Rule(id="V11", severity="E", check=_check_numbers,
         text="palliative lines are numbered 1, 2, 3 ... and start one after the other"),
    Rule(id="V12", severity="E/W", check=_check_ends,
         text="a line does not end before it starts, nor overlap the next by more than 28 days (W)"),
    Rule(id="V13", severity="E/W", check=_check_progression,
         text="progression is after the start of its line, at most 28 days after the start of the next (W)"),
    Rule(id="V13", severity="E", check=_check_two_progressions,
         text="recorded and assessed progression are within 28 days of each other"),
    Rule(id="V14", severity="W", check=_check_progression_dated,
         text="a line that ended for progression has a date of it"),
    Rule(id="V15", severity="W", check=_check_open_ends,
         text="a line is ongoing or has an end; the last line of a living patient has one of them"),
    Rule(id="V24", severity="W", check=_check_early_progression,
         text="no response beside a progression within 42 days when there is no assessment"),
)  # fmt: skip
