"""SC15, last part: the golden cohort in months with two decimals is read back as the same days (DOMAIN 6)."""

from __future__ import annotations

import pandas as pd
import pytest

import netgen as ng
from tests.linear_study import read_linear, write_linear

pytestmark = pytest.mark.repeats


@pytest.fixture(scope="module")
def cohorts(reference, tmp_path_factory):
    table = read_linear(reference)
    return table, {
        unit: ng.read_cohort(write_linear(tmp_path_factory.mktemp(unit), table, unit=unit))
        for unit in ("days", "months")
    }


@pytest.mark.parametrize("endpoint", ["os", "pfs"])
def test_sc15_months_give_back_the_days_of_all_34(cohorts, endpoint):
    table, read = cohorts
    expected = dict(zip(table["patient_id"], table[f"{endpoint}_days"], strict=True))
    for cohort in read.values():
        found = ng.build_endpoint(cohort, endpoint).table.set_index("patient_id")["time_days"]
        assert found.to_dict() == expected
        assert len(found) == 34


def test_sc15_the_unit_changes_no_result(cohorts):
    _, read = cohorts
    days, months = (ng.associate(cohort, endpoints=["os", "pfs"], model=False).table for cohort in read.values())
    pd.testing.assert_frame_equal(days, months, check_exact=True)
    assert days.set_index(["endpoint", "feature"]).loc[("os", "ATRX"), "p_primary"] == pytest.approx(
        0.012012987, abs=1e-9
    )
