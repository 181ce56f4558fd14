"""Restricted means against R ``survfit``, DOMAIN Appendix B and areas worked by hand."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest

from netgen.association.km import kaplan_meier
from netgen.association.rmst import default_tau, restricted_mean, rmst_difference
from tests.association.golden_models import close, read_input

TOLERANCE = 1e-11  # sums of the same terms; differences of two means lose a digit


def test_restricted_mean__equals_survfit(reference):
    expected = pd.read_csv(reference / "rmst" / "rmst.csv")
    for (name, formula, tau), rows in expected.groupby(["id", "formula", "tau"]):
        columns, by = re.fullmatch(r"Surv\((.*)\) ~ (.*)", formula).groups()
        columns, table = columns.split(", "), read_input(reference, name)
        parts = [table if by == "1" else table[table[by].astype(str) == g.split("=")[1]] for g in rows["group"]]
        kms = [
            kaplan_meier(part[columns[-2]], part[columns[-1]], entry=part[columns[0]] if len(columns) == 3 else None)
            for part in parts
        ]
        found = [restricted_mean(km, tau) for km in kms]
        close([item.mean for item in found], rows["rmst"], TOLERANCE)
        close([item.se for item in found], rows["se"], TOLERANCE)
        if len(kms) == 2:
            pair = rmst_difference(kms[1], kms[0], tau)
            close(
                [pair.difference, pair.difference_se, pair.z, pair.p],
                rows.iloc[0][["diff_2_minus_1", "diff_se", "z", "p"]],
                TOLERANCE,
            )


@pytest.mark.parametrize(
    ("gene", "difference", "lo", "hi"), [("TP53", -193.533, -371.389, -15.677), ("MEN1", 18.092, -151.176, 187.360)]
)
def test_rmst_difference__equals_appendix_b(reference, gene, difference, lo, hi):
    cohort = read_input(reference, "linear_syn34")
    altered = cohort[gene] == 1
    kms = [kaplan_meier(cohort.loc[rows, "os_days"], cohort.loc[rows, "os_event"]) for rows in (altered, ~altered)]
    found = rmst_difference(*kms, 730)
    assert found.difference == pytest.approx(difference, abs=5e-4)  # printed with three decimals
    assert (found.difference_lo, found.difference_hi) == pytest.approx((lo, hi), abs=5e-4)
    if gene == "TP53":
        assert (found.group.mean, found.group.se) == pytest.approx((399.400, 79.961), abs=5e-4)
        assert (found.reference.mean, found.reference.se) == pytest.approx((592.933, 42.904), abs=5e-4)


def test_restricted_mean__is_an_area_by_hand():
    """S = 1 to day 2, 2/3 to day 4, 1/3 to day 6, then 0; up to day 5: 2 + 4/3 + 1/3."""
    km = kaplan_meier([2, 4, 6], [True, True, True])
    found = restricted_mean(km, 5)
    assert found.mean == pytest.approx(2 + 4 / 3 + 1 / 3)
    # areas behind the deaths 5/3 and 1/3; Greenwood terms 1/(3 x 2) and 1/(2 x 1)
    assert found.se == pytest.approx(math.sqrt((5 / 3) ** 2 / 6 + (1 / 3) ** 2 / 2))


def test_restricted_mean__without_events_is_tau():
    found = restricted_mean(kaplan_meier([900, 1000], [False, False]), 730)
    assert (found.mean, found.se) == (730, 0)


def test_restricted_mean__when_everybody_dies_before_tau_is_the_mean():
    assert restricted_mean(kaplan_meier([2, 4, 9], [True] * 3), 100).mean == pytest.approx(5)


def test_rmst_difference__two_groups_without_events_cannot_be_tested():
    km = kaplan_meier([900, 1000], [False, False])
    found = rmst_difference(km, km, 730)
    assert found.difference == 0
    assert np.isnan([found.z, found.p]).all()
    assert (found.ratio, found.ratio_lo, found.ratio_hi) == (1, 1, 1)


def test_rmst_difference__ratio_has_limits_on_the_log_scale():
    a, b = kaplan_meier([2, 4, 6], [True] * 3), kaplan_meier([3, 5, 8], [True, False, True])
    found = rmst_difference(a, b, 6)
    assert found.ratio == pytest.approx(found.group.mean / found.reference.mean)
    assert found.ratio_lo * found.ratio_hi == pytest.approx(found.ratio**2)


def test_default_tau__smallest_group_decides_in_whole_months():
    """20 patients: two at risk up to day 190; 5 patients: two up to day 400. 190 days are six months and a bit."""
    first, second = [*range(10, 200, 10), 900], [100, 200, 300, 400, 500]
    assert default_tau([first, second]) == 6 * 30.4375


def test_default_tau__needs_ten_percent_of_a_large_group():
    """100 patients, one exit a day: ten are at risk up to day 91."""
    assert default_tau([range(1, 101)]) == 2 * 30.4375


def test_default_tau__counts_late_entries_only_when_they_are_in():
    """The patients who exit on days 300 and 400 enter on days 250 and 350: two are at risk on day 100 only."""
    time = [100, 200, 300, 400]
    assert default_tau([time], entries=[[0, 0, 250, 350]]) == 3 * 30.4375
    assert default_tau([time]) == 9 * 30.4375


def test_default_tau__a_group_of_one_has_none():
    assert math.isnan(default_tau([[100, 200], [50]]))


def test_restricted_mean__counts_from_the_day_a_curve_is_conditional_on():
    """Alive on day 10: S = 1 to day 12, 2/3 to day 14, 1/3 to day 16; from 10 to 15: 2 + 4/3 + 1/3."""
    km = kaplan_meier([12, 14, 16], [True] * 3, entry=[10, 10, 10])
    found, plain = restricted_mean(km, 15, start=10), restricted_mean(kaplan_meier([2, 4, 6], [True] * 3), 5)
    assert (found.mean, found.se) == pytest.approx((plain.mean, plain.se))
    assert (found.start, found.tau, plain.start) == (10, 15, 0)
    assert restricted_mean(km, 15).mean == pytest.approx(10 + plain.mean)


def test_rmst_difference__start_shifts_both_groups_alike():
    a, b = kaplan_meier([12, 14, 16], [True] * 3, entry=[10] * 3), kaplan_meier([13, 19], [True] * 2, entry=[10] * 2)
    late, plain = rmst_difference(a, b, 16, start=10), rmst_difference(a, b, 16)
    assert (late.difference, late.difference_se, late.p) == pytest.approx(
        (plain.difference, plain.difference_se, plain.p)
    )
    assert late.ratio == pytest.approx((plain.group.mean - 10) / (plain.reference.mean - 10))


def test_restricted_mean__refuses_a_curve_that_is_not_conditional():
    km = kaplan_meier([2, 14], [True, True])
    with pytest.raises(ValueError, match="conditional on survival to day 10; it has exits before"):
        restricted_mean(km, 15, start=10)
    with pytest.raises(ValueError, match="tau must be after day 10, got 10"):
        restricted_mean(km, 10, start=10)


def test_restricted_mean__refuses_tau_zero():
    with pytest.raises(ValueError, match="tau must be positive"):
        restricted_mean(kaplan_meier([1, 2], [True, True]), 0)
