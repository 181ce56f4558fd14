"""SC32: groups by best response need a landmark; then who did not reach it is left out and counted."""

from __future__ import annotations

import pytest

import netgen as ng
from netgen.association.group_survival import survival
from netgen.errors import AnalysisError


def test_sc32_response_is_refused_without_a_landmark_and_compared_with_one():
    cohort = ng.read_cohort("demo")
    with pytest.raises(AnalysisError, match="E_IMMORTAL_TIME"):
        survival(cohort, by="best_response", endpoints=["os"])
    found = survival(cohort, by="best_response", endpoints=["os"], landmark=90, permutations=200)
    left = found.exclusions.loc[found.exclusions["grouping"] == "best_response"].set_index("patient_id")["reason"]
    assert left["P02"] == left["P23"] == "before_landmark"  # died on day 90 and on day 43
    assert found.endpoints["time_days"].max() == 2357 - 90
