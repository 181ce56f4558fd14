"""Day numbers, intervals of partial dates, and the group operations behind the endpoints."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from netgen.clinical.days import (
    canonical,
    day_of,
    find_places,
    largest,
    pick_first,
    read_dates,
    smallest,
    to_dates,
    to_days,
)
from netgen.schema import TREATMENTS
from tests.clinical.literal import make_table, patient


def test_days__round_trip_with_missing_dates_and_dates_before_1970():
    dates = pd.Series(pd.to_datetime(["1970-01-02", None, "1969-12-31", "2020-02-29"])).astype("datetime64[ns]")
    assert to_days(dates)[[0, 2, 3]].tolist() == [1.0, -1.0, 18321.0]
    assert np.isnan(to_days(dates)[1])
    pd.testing.assert_series_equal(pd.Series(to_dates(to_days(dates))), dates)


@pytest.mark.parametrize("moment", [date(2020, 2, 29), pd.Timestamp("2020-02-29")])
def test_day_of__takes_dates_and_timestamps(moment):
    assert day_of(moment) == 18321.0


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("2020-02-10", "2020-02-10", "2020-02-10"), ("2020-02", "2020-02-01", "2020-02-29"),
     ("2021", "2021-01-01", "2021-12-31")],
)  # fmt: skip
def test_read_dates__a_partial_date_stands_for_its_month_or_year(text, low, high):
    dated = read_dates(make_table("patients", patient(date_death=text)), "date_death")
    assert [str(to_dates(part)[0])[:10] for part in (dated.low, dated.high)] == [low, high]


def test_read_dates__uses_the_interval_a_step_before_wrote():
    table = make_table("patients", patient(date_death="2021"))
    table["date_death_earliest"] = pd.Timestamp("2021-03-01")
    table["date_death_latest"] = pd.Timestamp("2021-04-30")
    dated = read_dates(table, "date_death")
    assert (dated.low.tolist(), dated.high.tolist()) == ([18687.0], [18747.0])


def test_pick_first__by_keys_in_order_missing_last():
    places = np.array([1, 0, 1, -1, 1, 0])
    first = np.array([5.0, np.nan, 3.0, 0.0, 3.0, 9.0])
    second = np.array([0.0, 0.0, 2.0, 0.0, 1.0, 0.0])
    assert pick_first(places, 3, [first, second]).tolist() == [5, 4, -1]


def test_smallest_and_largest__ignore_missing_values_and_places():
    places, values = np.array([0, 0, 1, -1, 2]), np.array([4.0, 2.0, np.nan, 1.0, 7.0])
    assert smallest(places, values, 4)[[0, 2]].tolist() == [2.0, 7.0]
    assert largest(places, values, 4)[[0, 2]].tolist() == [4.0, 7.0]
    assert np.isnan(smallest(places, values, 4)[[1, 3]]).all()


def test_find_places__unknown_and_missing_keys_have_none():
    ids = pd.Index(pd.Series(["A", "B"], dtype="string"))
    assert find_places(ids, pd.Series(["B", "X", pd.NA], dtype="string")).tolist() == [1, -1, -1]


def test_canonical__completes_a_table_and_keeps_extra_columns():
    frame = pd.DataFrame({"patient_id": ["A"], "note": ["x"]}, index=[7])
    table = canonical({"treatments": frame}, "treatments")
    assert set(TREATMENTS.names) | {"note", "date_start_precision"} <= set(table.columns)
    assert table.index.tolist() == [0]
    assert len(canonical({}, "treatments")) == 0
