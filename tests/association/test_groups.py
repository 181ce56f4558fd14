"""Counts by group, over the profiled patients only, and the status that says whether a feature can be tested."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from netgen.association.groups import GroupCounts, count_groups, decide_status
from netgen.association.results import STATUSES
from tests.association.linear_set import GENES, analysis_of, read_linear


def test_count_groups__equals_a_walk_over_the_table(reference):
    table = read_linear(reference)
    counts = count_groups(analysis_of(table))
    for i, gene in enumerate(GENES):
        rows = table[table[gene].notna()]
        altered = rows[rows[gene] == 1]
        assert counts.n_profiled[i] == len(rows)
        assert (counts.n_altered[i], counts.n_unaltered[i]) == (len(altered), len(rows) - len(altered))
        assert counts.events_altered[i] == altered["os_event"].sum()
        assert counts.events[i] == rows["os_event"].sum()
        assert counts.years_altered[i] == pytest.approx(altered["os_days"].sum() / 365.25)
        assert counts.years_unaltered[i] == pytest.approx(rows[rows[gene] == 0]["os_days"].sum() / 365.25)
    # DOMAIN, Appendix B
    assert dict(zip(GENES, counts.n_altered.tolist(), strict=True)) == {
        "MEN1": 14, "DAXX": 2, "ATRX": 5, "TP53": 10, "TSC2": 9, "ARID1A": 7, "SETD2": 3, "RB1": 2,
    }  # fmt: skip
    assert counts.n_profiled[[1, 4]].tolist() == [23, 23]


def test_count_groups__delayed_entry_shortens_the_years_at_risk(reference):
    table = read_linear(reference)
    counts = count_groups(analysis_of(table, entry=True))
    years = (table["os_days"] - table["seq_day"]).sum() / 365.25
    assert counts.years_altered[0] + counts.years_unaltered[0] == pytest.approx(years)


def test_count_groups__blocks_of_features_are_put_together(reference, monkeypatch):
    analysis = analysis_of(read_linear(reference))
    whole = count_groups(analysis)
    monkeypatch.setattr("netgen.association.groups._BLOCK", 3 * analysis.n)
    parts = count_groups(analysis)
    for field in dataclasses.fields(GroupCounts):
        np.testing.assert_array_equal(getattr(parts, field.name), getattr(whole, field.name))


def test_count_groups__without_features(reference):
    counts = count_groups(analysis_of(read_linear(reference), genes=()))
    assert len(counts.n_profiled) == len(decide_status(counts, 3)) == 0


def status_of(profiled, altered, events_altered, events_unaltered, min_altered=3):
    numbers = [np.array([value]) for value in (profiled, altered, events_altered, events_unaltered)]
    zero = np.zeros(1)
    counts = GroupCounts(
        n_profiled=numbers[0], n_altered=numbers[1], events_altered=numbers[2], events_unaltered=numbers[3],
        years_altered=zero, years_unaltered=zero,
    )  # fmt: skip
    return str(decide_status(counts, min_altered)[0])


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ((20, 3, 1, 4), "tested"),
        ((20, 17, 1, 4), "tested"),
        ((0, 0, 0, 0), "not_profiled"),
        ((20, 3, 0, 0), "no_events"),
        ((20, 20, 9, 0), "all_altered"),
        ((20, 2, 1, 4), "too_few_altered"),
        ((20, 0, 0, 9), "too_few_altered"),
        ((20, 18, 1, 4), "too_few_unaltered"),
        ((4, 2, 1, 2), "too_few_altered"),  # both groups are too small: the altered are named
        ((20, 3, 1, 3), "too_few_events"),
    ],
)
def test_decide_status__first_rule_that_forbids_a_test(counts, status):
    assert status_of(*counts) == status
    assert status in STATUSES


def test_decide_status__follows_the_requested_smallest_group():
    assert status_of(20, 2, 1, 4, min_altered=2) == "tested"
    assert status_of(20, 5, 1, 4, min_altered=6) == "too_few_altered"


def test_decide_status__has_room_for_what_a_test_may_find():
    status = decide_status(
        GroupCounts(**{field.name: np.zeros(1, dtype=np.int64) for field in dataclasses.fields(GroupCounts)}), 3
    )
    for name in STATUSES:
        status[0] = name
        assert status[0] == name
    assert pd.Series(status).astype("string").iloc[0] == list(STATUSES)[-1]
