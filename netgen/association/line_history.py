"""The treatment history of every patient: which lines, and why there was no further one (DOMAIN 3.13 a, e)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.clinical.attribution import is_palliative
from netgen.clinical.days import canonical, find_places, to_days
from netgen.clinical.endpoints import find_cutoff
from netgen.clinical.origin import find_origin
from netgen.clinical.overall_survival import find_survival

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.cohort import Cohort

OFF_THERAPY_DAYS: Final = 183  # six months of follow-up without treatment: there will be no further line
NONE: Final = "none"
MISSING: Final = "missing"
UNKNOWN_CLASS: Final = "unknown"

# Why a patient did not receive a further line.
ABSENT: Final[dict[str, str]] = {
    "dead": "died before a further line",
    "ongoing": "the line is ongoing at the end of follow-up",
    "off_therapy": f"alive and off treatment for at least {OFF_THERAPY_DAYS} days",
    "lost": f"follow-up ended within {OFF_THERAPY_DAYS} days of the last treatment, or nothing says when",
}
# What these reasons say about the next state: there is none, or nobody knows yet.
STATE_OF: Final[dict[str, str]] = {"dead": NONE, "off_therapy": NONE, "ongoing": MISSING, "lost": MISSING}


@dataclass(frozen=True, kw_only=True)
class LineHistory:
    """Lines of n patients, up to the data cut-off.

    Attributes
    ----------
    patients
        Ids, sorted.
    lines
        One row per palliative line that has begun: patient_id, place (in ``patients``), line, regimen, regimen_class
        (``unknown`` if not recorded), start, end (day numbers, NaN = not known), ongoing. Sorted by patient and line.
    origin
        (n,) day of advanced disease; NaN = not known.
    end
        (n,) last day of observation: death, last contact or cut-off.
    dead
        (n,) died, not later than the cut-off.
    n_lines
        (n,) lines received.
    absent
        (n,) why there is no line behind the last one: a key of ``ABSENT``.
    """

    patients: pd.Index
    lines: pd.DataFrame
    origin: NDArray[np.float64]
    end: NDArray[np.float64]
    dead: NDArray[np.bool_]
    n_lines: NDArray[np.int64]
    absent: NDArray[np.str_]

    def received(self, line: int) -> NDArray[np.bool_]:
        """Return who received a line, (n,)."""
        return np.isin(np.arange(len(self.patients)), self.lines.loc[self.lines["line"] == line, "place"])

    def classes(self, line: int) -> NDArray[np.str_]:
        """Return the class of a line, (n,); "" where it was not received."""
        rows = self.lines.loc[self.lines["line"] == line]
        out = np.full(len(self.patients), "", dtype=f"U{max([1, *rows['regimen_class'].str.len()])}")
        out[rows["place"].to_numpy()] = rows["regimen_class"].to_numpy(dtype=str)
        return out

    def states(self, max_line: int, *, padded: bool = False) -> NDArray[np.str_]:
        """Return the class at lines 1 .. ``max_line``, (n, max_line); absent lines as ``none`` or ``missing``."""
        columns = []
        for line in range(1, max_line + 1):
            own = self.classes(line)
            later = np.array([NONE if padded else STATE_OF[reason] for reason in self.absent], dtype="U7")
            gap = (own == "") & (self.n_lines >= line)  # a later line is recorded, this one is not
            state = np.where(gap, MISSING, np.where(own == "", later, own))
            columns.append(np.where((state == UNKNOWN_CLASS) & ~np.bool_(padded), MISSING, state))
        return np.column_stack(columns) if columns else np.zeros((len(self.patients), 0), dtype="U1")


def build_history(cohort: Cohort) -> LineHistory:
    """Return the lines of every patient of a cohort and the end of their observation.

    Parameters
    ----------
    cohort
        The cohort.

    Returns
    -------
    LineHistory
        Independent of the order of rows. Lines without a number or start, of curative intent, or begun after the
        cut-off or death are not in it.

    Notes
    -----
    No further line: ``dead``; else ``ongoing`` (marked so, or ending after the last contact); else ``off_therapy`` if
    the last line (without any: advanced disease) ended at least 183 days before the last contact; else ``lost``.
    Without date of death or last contact the end of observation is not known: taken as the start of the last line,
    everybody would be under observation just as long as lines begin.
    """
    patients = cohort.patients.drop_duplicates("patient_id").sort_values("patient_id", kind="stable", ignore_index=True)
    patients = canonical({"patients": patients}, "patients")
    ids = pd.Index(patients["patient_id"], dtype="string")
    survival, cutoff = find_survival(patients), find_cutoff(patients, cohort.study.data_cutoff)
    died = survival.death.day <= cutoff
    alive = np.where(survival.death.day > cutoff, cutoff, np.minimum(survival.contact.day, cutoff))  # NaN stays NaN
    end = np.where(died, survival.death.day, alive)
    dead = died | (survival.undated & ~(survival.contact.day > cutoff))
    origin = find_origin(cohort.clinical(), patients, "advanced", None).dated.day
    lines = _lines(cohort.treatments, ids, np.where(died, end, cutoff))
    begun = np.full(len(ids), np.nan)
    np.fmax.at(begun, lines["place"].to_numpy(), lines["start"].to_numpy())
    end = np.where(dead, end, np.maximum(end, begun))  # a line that begins is a contact, but no follow-up by itself
    n_lines = np.bincount(lines["place"], minlength=len(ids))
    absent = _absent(lines, origin, end, dead)
    return LineHistory(
        patients=ids, lines=lines, origin=origin, end=end, dead=dead, n_lines=n_lines.astype(np.int64), absent=absent
    )


def _lines(treatments: pd.DataFrame, ids: pd.Index, latest: NDArray[np.float64]) -> pd.DataFrame:
    """Palliative lines that began by the given day, one row per patient and number."""
    table = canonical({"treatments": treatments}, "treatments")
    table = table.loc[is_palliative(table) & table["line_number"].notna().to_numpy(dtype=bool)].reset_index(drop=True)
    frame = pd.DataFrame(
        {
            "patient_id": table["patient_id"],
            "place": find_places(ids, table["patient_id"]),
            "line": table["line_number"].astype("int64"),
            "regimen": table["regimen"],
            "regimen_class": table["regimen_class"].fillna(UNKNOWN_CLASS),
            "start": to_days(table["date_start"]),
            "end": to_days(table["date_end"]),
            "ongoing": table["ongoing"].fillna(value=False).astype(bool),
        }
    )
    frame = frame.loc[(frame["place"] >= 0) & frame["start"].notna()]
    frame = frame.loc[frame["start"].to_numpy() <= latest[frame["place"]]]
    frame = frame.sort_values(["patient_id", "line", "start", "regimen_class"], kind="stable")
    return frame.drop_duplicates(["patient_id", "line"]).reset_index(drop=True)


def _absent(
    lines: pd.DataFrame, origin: NDArray[np.float64], end: NDArray[np.float64], dead: NDArray[np.bool_]
) -> NDArray[np.str_]:
    """Why there is no line behind the last one."""
    last = lines.drop_duplicates("patient_id", keep="last")
    place = last["place"].to_numpy()
    off = origin.copy()
    off[place] = last["end"].to_numpy(dtype=np.float64)
    ongoing = np.zeros(len(origin), dtype=bool)
    ongoing[place] = last["ongoing"].to_numpy(dtype=bool) | (last["end"].to_numpy(dtype=np.float64) > end[place])
    return np.select([dead, ongoing, end - off >= OFF_THERAPY_DAYS], ["dead", "ongoing", "off_therapy"], default="lost")
