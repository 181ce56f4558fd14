"""Risk sets worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.association.riskset import build_risk_sets


def test_build_risk_sets__a_censored_patient_is_at_risk_on_its_last_day():
    risk = build_risk_sets([5, 5, 3, 8], [True, False, True, False])
    assert risk.slot_time.tolist() == [3, 5]
    assert risk.n_at_risk.tolist() == [4, 3]
    assert risk.n_events.tolist() == [1, 1]
    assert risk.stop.tolist() == [2, 2, 1, 2]


def test_build_risk_sets__entry_is_open():
    risk = build_risk_sets([4, 6, 9], [True, True, True], entry=[0, 4, 5])
    assert risk.n_at_risk.tolist() == [1, 2, 1]  # the patient who enters on day 4 is not at risk on day 4
    assert risk.start.tolist() == [0, 1, 1]


def test_build_risk_sets__strata_are_blocks_of_slots_in_label_order():
    risk = build_risk_sets([4, 4, 6, 2], [True, True, True, True], strata=["lung", "dp", "lung", "dp"])
    assert risk.slot_stratum.tolist() == [0, 0, 1, 1]
    assert risk.slot_time.tolist() == [2, 4, 4, 6]
    assert risk.n_at_risk.tolist() == [2, 1, 2, 1]
    assert risk.event_slot.tolist() == [2, 1, 3, 0]


def test_build_risk_sets__a_patient_censored_before_the_first_event_is_never_at_risk():
    risk = build_risk_sets([1, 3, 4], [False, True, False])
    assert (risk.start[0], risk.stop[0]) == (0, 0)
    assert risk.n_at_risk.tolist() == [2]


def test_build_risk_sets__without_events_has_no_slots():
    risk = build_risk_sets([1, 3], [False, False])
    assert risk.n_slots == 0
    assert risk.n_strata == 1


def test_build_risk_sets__sc10_risk_sets_of_delayed_entry():
    """DOMAIN SC10: number at risk 5, 6, 6, 4, 3, 2 at days 4, 6, 7, 9, 10, 12."""
    risk = build_risk_sets([4, 6, 8, 9, 12, 15, 10, 7], [1, 1, 0, 1, 1, 0, 1, 1], entry=[0, 3, 1, 5, 2, 6, 0, 4])
    assert risk.slot_time.tolist() == [4, 6, 7, 9, 10, 12]
    assert risk.n_at_risk.tolist() == [5, 6, 6, 4, 3, 2]


def test_build_risk_sets__refuses_entry_on_or_after_exit():
    with pytest.raises(ValueError, match="every entry must be before its exit"):
        build_risk_sets([4, 6], [True, True], entry=[4, 0])


@pytest.mark.parametrize("time", [[1, np.nan], [1, np.inf]])
def test_build_risk_sets__refuses_missing_times(time):
    with pytest.raises(ValueError, match="finite"):
        build_risk_sets(time, [True, True])
