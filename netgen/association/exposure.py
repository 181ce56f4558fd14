"""Who ever received a class of treatment: first exposure with death competing (DOMAIN 3.13 b), and starts of lines.

The share of patients ever exposed grows with follow-up and with survival, so that groups which differ in them differ
in it. The cumulative incidence at a fixed time does not depend on follow-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from netgen.association.cumulative_incidence import cumulative_incidence, incidence_at
from netgen.association.line_history import UNKNOWN_CLASS
from netgen.association.mean_cumulative import mean_cumulative
from netgen.association.therapy_tables import (
    DAYS_PER_MONTH,
    EXPOSURE_COLUMNS,
    HORIZONS_MONTHS,
    STARTS_COLUMNS,
    frame_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from netgen.association.line_history import LineHistory
    from netgen.association.therapy_tables import Labels

EXPOSED, DIED = 1, 2
AT_ONCE = 0.5  # days, the time-zero rule (DOMAIN 2.9)
HORIZONS = np.array(HORIZONS_MONTHS) * DAYS_PER_MONTH


class FirstExposure(NamedTuple):
    """Time from advanced disease to the first exposure, death or the end of follow-up, (n,); NaN = not followed."""

    time: NDArray[np.float64]
    cause: NDArray[np.int64]
    early: NDArray[np.bool_]


def first_exposure(history: LineHistory, regimen_class: str) -> FirstExposure:
    """Return when each patient was first exposed to a class.

    Parameters
    ----------
    history
        Lines of n patients.
    regimen_class
        A class of treatment.

    Returns
    -------
    FirstExposure
        ``cause``: 0 censored, 1 exposed, 2 died without it. ``early``: exposed before advanced disease was dated. Times
        of 0 and below are half a day.
    """
    own = history.lines.loc[history.lines["regimen_class"] == regimen_class]
    first = np.full(len(history.patients), np.inf)
    np.minimum.at(first, own["place"].to_numpy(), own["start"].to_numpy())
    first = first - history.origin
    followed = history.end - history.origin
    time = np.where(np.isfinite(first), first, followed)
    cause = np.where(np.isfinite(first), EXPOSED, np.where(history.dead, DIED, 0))
    known = np.isfinite(followed) & (followed >= 0)
    return FirstExposure(np.where(known, np.maximum(time, AT_ONCE), np.nan), cause, known & (first < 0))


def tabulate_exposure(history: LineHistory, groupings: Sequence[Labels]) -> pd.DataFrame:
    """Return the cumulative incidence of the first exposure to every class that occurs.

    Parameters
    ----------
    history
        Lines of the patients.
    groupings
        Groupings of the same patients.

    Returns
    -------
    DataFrame
        ``EXPOSURE_COLUMNS``.
    """
    rows: list[dict[str, Any]] = []
    for name in sorted(set(history.lines["regimen_class"]) - {UNKNOWN_CLASS}):
        found = first_exposure(history, name)
        known = ~np.isnan(found.time)
        for groups in groupings:
            for group in groups.order:
                own = groups.labels == group
                use = own & known
                head = {
                    "grouping": groups.name, "regimen_class": name, "group": group, "n": int(use.sum()),
                    "n_exposed": int((use & (found.cause == EXPOSED)).sum()),
                    "n_before_origin": int((use & found.early).sum()),
                    "n_died_unexposed": int((use & (found.cause == DIED)).sum()),
                    "unrestricted_n": int((own & ~known).sum()),
                }  # fmt: skip
                rows += [head | at for at in _at_horizons(found.time[use], found.cause[use])]
    return frame_of(rows, EXPOSURE_COLUMNS)


def _at_horizons(time: NDArray[np.float64], cause: NDArray[np.int64]) -> list[dict[str, float]]:
    """Incidence of exposure at every horizon; NaN behind the end of follow-up."""
    n_risk = (time[None] >= HORIZONS[:, None]).sum(axis=1)
    value, lo, hi = (np.zeros(len(HORIZONS)), *(np.full(len(HORIZONS), np.nan) for _ in range(2)))
    over = False
    if (cause > 0).any():
        curve = cumulative_incidence(time, cause)
        over = bool(curve.survival[-1] <= 0)
        if EXPOSED in curve.cause:
            found, row = incidence_at(curve, HORIZONS), int(np.flatnonzero(curve.cause == EXPOSED)[0])
            value, lo, hi = found.incidence[row], found.lo[row], found.hi[row]
    told = (n_risk > 0) | over
    return [
        {"horizon_months": months, "horizon_days": float(day), "n_risk": int(n), "cif": value[i] if told[i] else np.nan,
         "cif_lo": lo[i] if told[i] else np.nan, "cif_hi": hi[i] if told[i] else np.nan}
        for i, (months, day, n) in enumerate(zip(HORIZONS_MONTHS, HORIZONS, n_risk, strict=True))
    ]  # fmt: skip


def tabulate_starts(history: LineHistory, groupings: Sequence[Labels]) -> pd.DataFrame:
    """Return the mean number of lines begun by each horizon.

    Parameters
    ----------
    history
        Lines of the patients.
    groupings
        Groupings of the same patients.

    Returns
    -------
    DataFrame
        ``STARTS_COLUMNS``. Lines begun before advanced disease was dated count from its first half day.
    """
    followed = history.end - history.origin
    known = np.isfinite(followed) & (followed >= 0)
    place = history.lines["place"].to_numpy()
    starts = np.maximum(history.lines["start"].to_numpy() - history.origin[place], AT_ONCE)
    followed = np.maximum(followed, AT_ONCE)
    rows: list[dict[str, Any]] = []
    for groups in groupings:
        for group in groups.order:
            use = known & (groups.labels == group)
            rank = np.cumsum(use) - 1
            mine = use[place]
            for estimate in ("all_patients", "while_alive"):
                found = mean_cumulative(
                    rank[place[mine]], starts[mine], followed[use], history.dead[use], HORIZONS,
                    while_alive=estimate == "while_alive",
                )  # fmt: skip
                rows += [
                    {"grouping": groups.name, "group": group, "estimate": estimate, "n": int(use.sum()),
                     "n_starts": int(mine.sum()), "horizon_months": months, "horizon_days": float(HORIZONS[i]),
                     "n_risk": int(found.n_risk[i]), "mean": found.mean[i], "std_err": found.std_err[i],
                     "lo": found.lo[i], "hi": found.hi[i]}
                    for i, months in enumerate(HORIZONS_MONTHS)
                ]  # fmt: skip
    return frame_of(rows, STARTS_COLUMNS)
