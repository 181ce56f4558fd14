"""Time to event from lists of sources: what may end the time, in a stated order (after CDISC ADTTE and admiral).

An endpoint names its sources of events and its sources of censoring. The earliest event wins; without one the latest
censoring date wins; among equal dates the source listed first wins. The name of the winning source is ``end_reason``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgen.clinical.days import Dated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Source:
    """One rule: its name (the ``end_reason``), the date it gives each patient (NaN = does not apply), its event code.

    ``competing`` is the code of endpoints with competing risks: 0 censored, 1 event, 2 competing event.
    """

    reason: str
    dated: Dated
    competing: int = 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What ended the time of each of n patients; ``dated`` is NaN where no source applied.

    Attributes
    ----------
    dated
        End date with its interval.
    event
        True = it happened, False = censored.
    reason
        ``end_reason``: the name of the source that decided, "" where none did.
    competing
        Code of the deciding source.
    """

    dated: Dated
    event: NDArray[np.bool_]
    reason: NDArray[np.object_]
    competing: NDArray[np.int64]


def decide_outcome(events: Sequence[Source], censors: Sequence[Source], *, cutoff: NDArray[np.float64]) -> Outcome:
    """Return the outcome of every patient by the stated order of sources.

    Parameters
    ----------
    events
        Sources of events; a date after the cut-off has not been observed and does not count.
    censors
        Sources of censoring, used where no event applies; a date after the cut-off does not count either.
    cutoff
        (n,) day of administrative censoring, +inf where there is none.

    Returns
    -------
    Outcome
        Earliest event, else latest censoring; ties go to the source listed first.

    Notes
    -----
    Witness: the loops of ``tests/properties/test_endpoint_properties.py``.
    """
    event_at, event_day = _extreme(events, cutoff, latest=False)
    censor_at, censor_day = _extreme(censors, cutoff, latest=True)
    happened = ~np.isnan(event_day)
    known = happened | ~np.isnan(censor_day)
    sources = [*events, *censors]
    chosen = np.where(happened, event_at, censor_at + len(events))
    day, low, high = (np.choose(chosen, [source.dated[part] for source in sources]) for part in range(3))
    names = np.array([source.reason for source in sources], dtype=object)
    codes = np.array([source.competing for source in sources], dtype=np.int64)
    return Outcome(
        dated=Dated(day, np.fmin(low, cutoff), np.fmin(high, cutoff)).only(known),
        event=happened,
        reason=np.where(known, names[chosen], ""),
        competing=codes[chosen],
    )


def censor_competing(outcome: Outcome) -> Outcome:
    """Return the outcome with competing events as censorings that keep their code, the cause-specific reading.

    Parameters
    ----------
    outcome
        Events with code 1 or 2.

    Returns
    -------
    Outcome
        ``event`` is True for code 1 only; the reason of a competing event becomes ``censored_<reason>``.
    """
    competing = outcome.event & (outcome.competing == 2)
    reason = np.where(competing, "censored_" + outcome.reason, outcome.reason)
    return replace(outcome, event=outcome.event & ~competing, reason=reason)


def _extreme(
    sources: Sequence[Source], cutoff: NDArray[np.float64], *, latest: bool
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Position of the winning source of each patient and its day; NaN where none applies."""
    if not sources:
        return np.zeros(len(cutoff), dtype=np.intp), np.full(len(cutoff), np.nan)
    days = np.stack([source.dated.day for source in sources])
    days = np.where(days <= cutoff, days, -np.inf if latest else np.inf)
    at = days.argmax(axis=0) if latest else days.argmin(axis=0)
    day = np.take_along_axis(days, at[None], axis=0)[0]
    return at, np.where(np.isfinite(day), day, np.nan)
