"""Lists of sources: the earliest event wins, else the latest censoring, ties by the stated order."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.clinical.days import Dated, exact
from netgen.clinical.tte import Source, decide_outcome

NEVER = np.nan


def source(reason, *days, competing=0):
    return Source(reason=reason, dated=exact(np.array(days, dtype=float)), competing=competing)


def decide(events, censors, cutoff=np.inf):
    n = len((*events, *censors)[0].dated.day)
    out = decide_outcome(events, censors, cutoff=np.full(n, cutoff))
    return list(
        zip(out.dated.day.tolist(), out.event.tolist(), out.reason.tolist(), out.competing.tolist(), strict=True)
    )


def test_decide__earliest_event_else_latest_censoring():
    events = (source("pd", 30, NEVER, NEVER, competing=1), source("death", 20, 50, NEVER, competing=2))
    censors = (source("scan", 10, 10, 40), source("start", 0, 0, 0))
    assert decide(events, censors) == [(20, True, "death", 2), (50, True, "death", 2), (40, False, "scan", 0)]


def test_decide__ties_go_to_the_source_listed_first():
    pd, death = source("pd", 20, competing=1), source("death", 20, competing=2)
    assert decide((pd, death), ()) == [(20, True, "pd", 1)]
    assert decide((death, pd), ()) == [(20, True, "death", 2)]
    assert decide((), (source("a", 5), source("b", 5))) == [(5, False, "a", 0)]


def test_decide__nothing_after_the_cutoff_is_seen():
    events, censors = (source("death", 31, 30, competing=1),), (source("scan", 10, 10), source("contact", 31, 31))
    assert decide(events, censors, cutoff=30) == [(10, False, "scan", 0), (30, True, "death", 1)]


def test_decide__no_source_no_outcome():
    [(day, event, reason, _)] = decide((source("death", NEVER),), (source("contact", NEVER),))
    assert np.isnan(day)
    assert (event, reason) == (False, "")


def test_decide__carries_the_interval_of_the_source_that_decided():
    partial = Source(reason="pd", dated=Dated(*(np.array([day]) for day in (15.0, 1.0, 31.0))))
    out = decide_outcome((partial,), (source("start", 0),), cutoff=np.array([20.0]))
    assert [part.tolist() for part in out.dated] == [[15.0], [1.0], [20.0]]


def test_decide__time_to_progression_censors_deaths_as_competing():
    """SC16: 3 PD, 5 death, 5 PD, 8 censored, 10 PD, 12 censored."""
    pd = source("pd", 3, NEVER, 5, NEVER, 10, NEVER, competing=1)
    death = source("censored_death", NEVER, 5, NEVER, NEVER, NEVER, NEVER, competing=2)
    scan = source("censored_last_assessment", 2, 4, 4, 8, 8, 12)
    assert [row[1:] for row in decide((pd,), (death, scan))] == [
        (True, "pd", 1),
        (False, "censored_death", 2),
        (True, "pd", 1),
        (False, "censored_last_assessment", 0),
        (True, "pd", 1),
        (False, "censored_last_assessment", 0),
    ]


@pytest.mark.parametrize("n", [0, 1])
def test_decide__of_few_patients(n):
    assert len(decide((source("death", *[3.0] * n),), (source("contact", *[4.0] * n),))) == n
