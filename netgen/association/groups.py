"""Who is in which group: counts per feature, and the status that says whether it can be tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from netgen.association.plan import MIN_EVENTS
from netgen.association.results import STATUSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.association.analysis_set import AnalysisSet

DAYS_PER_YEAR: Final = 365.25
_BLOCK: Final = 1 << 24  # cells of the gene matrix looked at in one go


@dataclass(frozen=True, kw_only=True)
class GroupCounts:
    """Counts per feature, each (m,): profiled, altered, events by group, years at risk by group."""

    n_profiled: NDArray[np.int64]
    n_altered: NDArray[np.int64]
    events_altered: NDArray[np.int64]
    events_unaltered: NDArray[np.int64]
    years_altered: NDArray[np.float64]
    years_unaltered: NDArray[np.float64]

    @property
    def n_unaltered(self) -> NDArray[np.int64]:
        """Profiled and not altered."""
        return self.n_profiled - self.n_altered

    @property
    def events(self) -> NDArray[np.int64]:
        """Events among the profiled."""
        return self.events_altered + self.events_unaltered


def count_groups(analysis: AnalysisSet) -> GroupCounts:
    """Return the group counts of every feature; a patient who is not profiled for a feature counts nowhere in it.

    Parameters
    ----------
    analysis
        Outcomes and genes of the same patients.

    Returns
    -------
    GroupCounts
        In the order of ``analysis.features``.
    """
    weights = np.column_stack([np.ones(analysis.n), analysis.event, _days(analysis)]).astype(np.float64)
    m = len(analysis.features)
    altered, profiled = np.empty((m, 3)), np.empty((m, 3))
    step = max(1, _BLOCK // max(1, analysis.n))
    for first in range(0, m, step):
        block = analysis.genes[first : first + step]
        altered[first : first + step] = (block == 1).astype(np.float64) @ weights
        profiled[first : first + step] = (block >= 0).astype(np.float64) @ weights
    whole_altered, whole_profiled = altered.round().astype(np.int64), profiled.round().astype(np.int64)
    return GroupCounts(
        n_profiled=whole_profiled[:, 0],
        n_altered=whole_altered[:, 0],
        events_altered=whole_altered[:, 1],
        events_unaltered=whole_profiled[:, 1] - whole_altered[:, 1],
        years_altered=altered[:, 2] / DAYS_PER_YEAR,
        years_unaltered=(profiled[:, 2] - altered[:, 2]) / DAYS_PER_YEAR,
    )


def _days(analysis: AnalysisSet) -> NDArray[np.float64]:
    """Days at risk: whole or half, so that sums are exact in any order."""
    entry = np.zeros(analysis.n) if analysis.entry is None else np.maximum(analysis.entry, 0.0)
    return analysis.time - entry


def decide_status(counts: GroupCounts, min_altered: int) -> NDArray[np.str_]:
    """Return the row status of each feature before any test: ``tested`` or the first rule that forbids one.

    Parameters
    ----------
    counts
        Group counts.
    min_altered
        Smallest group on either side.

    Returns
    -------
    NDArray[np.str_]
        (m,) keys of ``results.STATUSES``.

    Notes
    -----
    Order: not_profiled, no_events, all_altered, too_few_altered, too_few_unaltered, too_few_events (fewer than 5).
    The text is wide enough for the statuses that a test can still give.
    """
    rules = [
        ("not_profiled", counts.n_profiled == 0),
        ("no_events", counts.events == 0),
        ("all_altered", counts.n_unaltered == 0),
        ("too_few_altered", counts.n_altered < min_altered),
        ("too_few_unaltered", counts.n_unaltered < min_altered),
        ("too_few_events", counts.events < MIN_EVENTS),
    ]
    status = np.select([rule for _, rule in rules], [name for name, _ in rules], default="tested")
    return status.astype(f"U{max(map(len, STATUSES))}")
