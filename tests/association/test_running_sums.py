"""Running sums over slots against a loop."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netgen.association.running_sums import plan_running_sums, sum_from_last


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.data())
def test_sum_from_last__equals_the_loop(slots_per_stratum, data):
    strata = np.append(0, np.cumsum(slots_per_stratum))
    slot = np.array(data.draw(st.lists(st.integers(0, strata[-1] - 1), max_size=150)), dtype=np.intp)
    values = np.random.default_rng(1).integers(0, 100, (2, len(slot))).astype(float)
    order, plan = plan_running_sums(slot, strata)
    assert sorted(order[order >= 0]) == list(range(len(slot)))
    placed = np.where(order >= 0, np.append(values, np.zeros((2, 1)), axis=1)[:, order], 0)
    found = sum_from_last(plan, placed)
    for k in range(strata[-1]):
        end = strata[strata > k].min()
        assert found[:, k].tolist() == values[:, (slot >= k) & (slot < end)].sum(axis=1).tolist()


def test_sum_from_last__keeps_the_digits_of_a_small_last_risk_set():
    """A sum over everybody that is reduced by those who leave would give 0 here."""
    values = np.append(np.full(99, 1e20), 1e-20)[None, :]
    order, plan = plan_running_sums(np.arange(100), np.array([0, 100]))
    assert plan.width > 1
    assert sum_from_last(plan, np.where(order >= 0, values[:, order], 0))[0, 99] == 1e-20
