"""What happened to each patient, as bars and markers in days from advanced disease: the frame of the swimmer plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.association.therapy_tables import TIMELINE_COLUMNS
from netgen.clinical.attribution import attribute_lines, is_palliative, resolve_same_day
from netgen.clinical.days import canonical, find_places, to_days

if TYPE_CHECKING:
    from netgen.association.line_history import LineHistory
    from netgen.cohort import Cohort

RESPONSES: Final = ("CR", "PR")


def tabulate_timeline(cohort: Cohort, history: LineHistory) -> pd.DataFrame:
    """Return lines as bars, and responses, progressions and the end of follow-up as markers.

    Parameters
    ----------
    cohort
        The cohort.
    history
        Lines of its patients.

    Returns
    -------
    DataFrame
        ``TIMELINE_COLUMNS``, sorted by patient, kind and day. Days count from advanced disease, without it from the
        start of line 1; patients with neither have no rows.

    Notes
    -----
    A bar ends with the line; where that is not recorded, with the next line or the follow-up (``end_known`` False).
    Response: first CR or PR of a line. Progression: first PD of a line, assessed or recorded, biochemical ones aside.
    """
    start = history.origin.copy()
    first = history.lines.drop_duplicates("place").set_index("place")["start"]
    start = np.where(np.isnan(start), first.reindex(range(len(start))).to_numpy(dtype=np.float64), start)
    parts = [_bars(history), *_events(cohort, history), _ends(history)]
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else parts[0]
    frame = frame.assign(
        patient_id=history.patients.to_numpy()[frame["place"].to_numpy(dtype=np.intp)],
        start_days=frame["start"] - start[frame["place"].to_numpy(dtype=np.intp)],
        end_days=frame["stop"] - start[frame["place"].to_numpy(dtype=np.intp)],
    )
    frame = frame.loc[frame["start_days"].notna()].reindex(columns=list(TIMELINE_COLUMNS))
    frame = frame.astype(
        {"patient_id": "string", "kind": "string", "line": "Int64", "regimen_class": "string", "end_known": "boolean",
         "label": "string", "start_days": "float64", "end_days": "float64"}
    )  # fmt: skip
    return frame.sort_values(["patient_id", "kind", "start_days", "line"], kind="stable", ignore_index=True)


def _bars(history: LineHistory) -> pd.DataFrame:
    lines = history.lines
    following = lines.groupby("place")["start"].shift(-1).to_numpy(dtype=np.float64)
    last = np.where(np.isnan(following), history.end[lines["place"].to_numpy()], following)
    known = lines["end"].notna().to_numpy() & ~lines["ongoing"].to_numpy()
    stop = np.where(known, lines["end"].to_numpy(dtype=np.float64), last)
    stop = np.fmax(np.where(np.isnan(last), stop, np.fmin(stop, last)), lines["start"].to_numpy())  # NaN: its start
    return pd.DataFrame(
        {"place": lines["place"].to_numpy(), "kind": "bar", "line": lines["line"].to_numpy(),
         "regimen_class": lines["regimen_class"].to_numpy(), "start": lines["start"].to_numpy(), "stop": stop,
         "end_known": known, "label": ""}
    )  # fmt: skip


def _events(cohort: Cohort, history: LineHistory) -> list[pd.DataFrame]:
    """First response and first progression of each line."""
    treatments = canonical(cohort.clinical(), "treatments")
    seen = canonical(cohort.clinical(), "assessments")
    seen = resolve_same_day(seen.assign(line_number=attribute_lines(seen, treatments)))
    seen = seen.assign(day=to_days(seen["date"]))
    charted = treatments.loc[
        is_palliative(treatments)
        & (treatments["progression_type"] != "biochemical").fillna(value=True).to_numpy(dtype=bool)
    ]
    progressed = pd.concat(
        [
            seen.loc[seen["overall_response"] == "PD", ["patient_id", "line_number", "day"]],
            charted[["patient_id", "line_number"]].assign(day=to_days(charted["date_progression"])),
        ],
        ignore_index=True,
    )
    responded = seen.loc[
        seen["overall_response"].isin(RESPONSES), ["patient_id", "line_number", "day", "overall_response"]
    ]
    return [
        _first(responded.rename(columns={"overall_response": "label"}), "response", history),
        _first(progressed.assign(label=""), "progression", history),
    ]


def _first(rows: pd.DataFrame, kind: str, history: LineHistory) -> pd.DataFrame:
    """Earliest row of each patient and line, up to the end of observation."""
    rows = rows.assign(place=find_places(history.patients, rows["patient_id"]))
    rows = rows.loc[(rows["place"] >= 0) & rows["day"].notna() & rows["line_number"].notna()]
    rows = rows.loc[~(rows["day"].to_numpy() > history.end[rows["place"].to_numpy()])]
    rows = rows.sort_values(["place", "line_number", "day", "label"], kind="stable")
    rows = rows.drop_duplicates(["place", "line_number"])
    return pd.DataFrame(
        {"place": rows["place"].to_numpy(dtype=np.intp), "kind": kind, "line": rows["line_number"].to_numpy(),
         "start": rows["day"].to_numpy(), "stop": np.nan, "label": rows["label"].to_numpy()}
    )  # fmt: skip


def _ends(history: LineHistory) -> pd.DataFrame:
    """Death, an arrow for treatment that goes on, or the last contact."""
    place = np.flatnonzero(np.isfinite(history.end))
    kind = np.select([history.dead, history.absent == "ongoing"], ["death", "ongoing"], default="followed")
    return pd.DataFrame({"place": place, "kind": kind[place], "start": history.end[place], "stop": np.nan, "label": ""})
