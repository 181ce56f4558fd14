"""Lines of treatment of the embedded demo cohort, laid out in days from advanced disease.

The table ``demo/linear_syn34.csv`` gives one row per patient. The lines and scans planned here are such that the
endpoint rules give back ``pfs_days``, ``pfs_type`` and ``bor1`` exactly:

1. Progression (type 1) is a scan and the progression date of line 1. Where the table has no evaluable response, it is a
   clinical progression without an evaluable scan.
2. Death without progression (type 2) ends line 1; no further line exists.
3. Censoring (type 0) falls on the last evaluable scan; a next line, if any, begins later and without progression.

Nothing is drawn at random: ``draw`` hashes its arguments, so the files are the same on every machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

PLANNED_DAYS = {"PLAT": 126, "PRRT": 168}  # regimens with a planned end: 6 cycles of 3 weeks, 4 cycles 8 weeks apart
FIRST_SCAN, SCAN_EVERY, LAST_GAP = 56, 84, 14

Row = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line in days from advanced disease; ``stop`` is progression, death or the last evaluable scan."""

    number: int
    drug_class: str
    start: int
    stop: int
    outcome: str  # progression | clinical | death | censored
    end: int | None
    end_reason: str
    response: str
    scans: tuple[tuple[int, str], ...]


def draw(n: int, *key: object) -> int:
    """Return a whole number from 0 to n - 1 that depends on the key only.

    Parameters
    ----------
    n
        How many values are possible.
    *key
        What the number is for, for example a patient and a word.

    Returns
    -------
    int
        The same number for the same key, always.
    """
    text = "/".join(str(part) for part in key)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % n


def plan_lines(row: Row) -> list[Line]:
    """Lay out the lines of treatment of one patient.

    Parameters
    ----------
    row
        One row of ``linear_syn34.csv``.

    Returns
    -------
    list of Line
        In order; line 1 agrees with ``l1_day``, ``pfs_days``, ``pfs_type`` and ``bor1``.
    """
    lines = [_first_line(row)]
    later = [row[name] for name in ("l2", "l3") if row[name] != "none"]
    for number, drug_class in enumerate(later, start=2):
        lines.append(_later_line(row, number, drug_class, lines[-1].stop, has_next=number <= len(later)))
    return lines


def _first_line(row: Row) -> Line:
    start, length = int(row["l1_day"]), int(row["pfs_days"])
    seen = row["bor1"] != "NE"
    outcome = {"0": "censored", "1": "progression" if seen else "clinical", "2": "death"}[row["pfs_type"]]
    line = _close(row, 1, row["l1"], start, start + length, outcome)
    if not seen:
        scans = [(start + FIRST_SCAN, "NE")] if outcome == "clinical" and length > FIRST_SCAN + 7 else []
    else:
        scans = _scans(start, start + length, row["bor1"])
        if outcome != "death":
            scans.append((start + length, "PD" if outcome == "progression" else "SD"))
    return replace(line, response=row["bor1"], scans=tuple(scans))


def _later_line(row: Row, number: int, drug_class: str, before: int, *, has_next: bool) -> Line:
    """Begin some weeks after the line before; progress if a line follows or much time is left."""
    key, last = row["patient_id"], int(row["os_days"])
    start = before + min(14 + draw(21, key, "gap", number), (last - before) // 3)
    left = last - start
    if has_next:
        stop, outcome = start + left * (40 + draw(20, key, "stop", number)) // 100, "progression"
    elif row["os_event"] == "0":
        stop, outcome = last - draw(20, key, "stop", number), "censored"
    elif left > 150:
        stop, outcome = start + left * (55 + draw(20, key, "stop", number)) // 100, "progression"
    else:
        stop, outcome = last, "death"
    scans = _scans(start, stop, "PR" if draw(5, key, "response", number) == 0 else "SD")
    best = scans[-1][1] if scans else ("PD" if outcome == "progression" else "NE")
    if outcome in ("progression", "censored"):
        scans.append((stop, "PD" if outcome == "progression" else best))
    return replace(_close(row, number, drug_class, start, stop, outcome), response=best, scans=tuple(scans))


def _close(row: Row, number: int, drug_class: str, start: int, stop: int, outcome: str) -> Line:
    """Say when and why a line ends: as planned, at progression, at death, or not yet."""
    planned = start + PLANNED_DAYS.get(drug_class, 10**6)
    follows = number < 3 and row[f"l{number + 1}"] != "none"
    end: int | None = stop
    reason = {"clinical": "progression", "censored": "physician_choice"}.get(outcome, outcome)
    if planned < stop:
        end, reason = planned, "completion"
    elif outcome == "censored" and not follows:
        end, reason = None, ""
    return Line(
        number=number, drug_class=drug_class, start=start, stop=stop, outcome=outcome, end=end, end_reason=reason,
        response="", scans=(),
    )  # fmt: skip


def _scans(start: int, stop: int, best: str) -> list[tuple[int, str]]:
    """Put scans on a schedule before ``stop``; a response is seen from the second scan, or from the first of two."""
    days = range(start + FIRST_SCAN, stop - LAST_GAP, SCAN_EVERY)
    if best not in ("PR", "SD"):
        return []
    late = best == "PR" and len(days) > 2
    return [(day, "SD" if late and i == 0 else best) for i, day in enumerate(days)]
