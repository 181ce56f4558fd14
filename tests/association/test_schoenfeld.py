"""Schoenfeld points and smooths against R ``cox.zph`` and ``plot.cox.zph``, and by definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.cox_model import fit_cox
from netgen.association.proportional_hazards import proportional_hazards_test
from netgen.association.schoenfeld import SCHOENFELD_COLUMNS, schoenfeld_residuals, smooth_residuals
from tests.association.arrays import array_set
from tests.association.golden_models import close, read_input

TOLERANCE = 1e-8


def study(reference, name, **changes):
    """Return the analysis set of one reference cohort with strata and delayed entry."""
    table = read_input(reference, name)
    if name == "simA2":
        table = table.rename(columns={"time": "os_days", "event": "os_event", "entry": "seq_day"})
    genes = [column for column in table if column in {"MEN1", "ATRX", "TP53", "TSC2", "SETD2", "G001", "ZONE_STRATUM"}]
    return array_set(
        table["os_days"], table["os_event"], table[genes], entry=table["seq_day"], strata=table["origin"], **changes
    )


@pytest.mark.parametrize(
    ("name", "feature"),
    [("linear_syn34", "TP53"), ("linear_syn34", "ATRX"), ("linear_syn34", "MEN1"), ("simA2", "G001")],
)
def test_schoenfeld_residuals__with_strata_and_delayed_entry_equal_cox_zph(reference, name, feature):
    expected = pd.read_csv(reference / "zph" / "schoenfeld.csv").query("id == @feature")
    expected = expected.sort_values(["time", "residual"], ignore_index=True)
    found = schoenfeld_residuals(study(reference, name), [feature])
    assert tuple(found.columns) == tuple(SCHOENFELD_COLUMNS)
    assert set(found["feature"]) == {feature}
    for ours, theirs in (("time_days", "time"), ("g", "g"), ("residual", "residual")):
        close(found[ours], expected[theirs], TOLERANCE)
    for ours, theirs in (("smooth", "smooth"), ("smooth_lo", "lo"), ("smooth_hi", "hi")):
        close(found[ours], expected[theirs], 1e-7)


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
@pytest.mark.parametrize("feature", ["MEN1", "ATRX", "TP53", "TSC2", "ARID1A", "ZONE_STRATUM", "G001"])
def test_proportional_hazards__with_strata_and_delayed_entry_equals_cox_zph(reference, feature, transform):
    expected = pd.read_csv(reference / "zph" / "cox_zph_strata_entry.csv").query("id == @feature")
    expected = expected[expected["transform"] == transform].iloc[0]
    if feature in {"ZONE_STRATUM", "G001"}:
        table, columns = read_input(reference, "simA2"), ("time", "event", "entry")
    else:
        table, columns = read_input(reference, "linear_syn34"), ("os_days", "os_event", "seq_day")
    table = table.dropna(subset=[feature])
    time, event, entry = (table[column] for column in columns)
    fit = fit_cox(table[feature], time, event, entry=entry, strata=table["origin"])
    found = proportional_hazards_test(fit, transform=transform)
    close([found.chi2[0], found.p[0]], expected[["chisq", "p"]], TOLERANCE)


def test_schoenfeld_residuals__leave_out_a_stratum_in_which_nobody_is_altered(reference):
    """R scales likewise, but shows the silent events at the coefficient itself."""
    expected = pd.read_csv(reference / "zph" / "schoenfeld_constant_stratum.csv")
    table = read_input(reference, "linear_syn34")
    table = table[(table["origin"] != "thymic") | (table["TP53"] == 0)]
    fit = fit_cox(table["TP53"], table["os_days"], table["os_event"], entry=table["seq_day"], strata=table["origin"])
    found = proportional_hazards_test(fit)
    thymic = (expected["stratum"] == 3).to_numpy()
    assert thymic.sum() == 6
    close(found.residuals[~thymic, 0], expected.loc[~thymic, "residual"], TOLERANCE)
    assert np.isnan(found.residuals[thymic]).all()
    close(found.variance[0, 0], expected["var"].iloc[0], TOLERANCE)
    close(expected.loc[thymic, "residual"], np.full(6, fit.coef[0]), TOLERANCE)
    points = schoenfeld_residuals(
        array_set(table["os_days"], table["os_event"], table[["TP53"]], entry=table["seq_day"], strata=table["origin"]),
        ["TP53"],
    )
    assert len(points) == len(expected) - 6
    assert points["smooth"].isna().all()  # 15 events speak: no smooth


def test_proportional_hazards__residuals_in_r_scale_where_a_covariate_varies_in_some_strata_only():
    """Worked by hand in two strata: constant in one, so only the other's six events carry information."""
    time, x, strata = np.tile(np.arange(1.0, 7), 2), np.r_[np.ones(6), 1, 0, 1, 0, 1, 0], np.repeat([1, 2], 6)
    found = proportional_hazards_test(fit_cox(x, time, np.ones(12), strata=strata))
    fit = fit_cox(x[6:], time[6:], np.ones(6))
    alone = proportional_hazards_test(fit)
    close(found.variance, 6 * fit.covariance, 1e-9)
    close(found.residuals[6:], alone.residuals, 1e-9)
    assert np.isnan(found.residuals[:6]).all()


def test_schoenfeld_residuals__a_feature_without_a_finite_estimate_has_no_rows(reference):
    analysis = study(reference, "linear_syn34")
    assert schoenfeld_residuals(analysis, ["SETD2"]).empty  # no carrier has the event
    both = schoenfeld_residuals(analysis, ["TP53", "SETD2", "MEN1"])
    assert both["feature"].unique().tolist() == ["MEN1", "TP53"]
    assert both.groupby("feature")["time_days"].is_monotonic_increasing.all()


def test_schoenfeld_residuals__fewer_than_ten_events_have_no_rows(reference):
    table = read_input(reference, "linear_syn34").nsmallest(9, "os_days")
    analysis = array_set(table["os_days"], table["os_event"], table[["MEN1"]])
    assert schoenfeld_residuals(analysis, ["MEN1"]).empty


def test_schoenfeld_residuals__name_an_unknown_feature(reference):
    with pytest.raises(ValueError, match="it has no KRAS"):
        schoenfeld_residuals(study(reference, "linear_syn34"), ["KRAS"])


def test_smooth_residuals__goes_through_a_straight_line():
    g = np.linspace(3, 9, 25)
    found = smooth_residuals(g, 2 * g - 1, 1.0)
    close(found.fit, 2 * g - 1, 1e-10)
    close(found.hi - found.fit, found.fit - found.lo, 1e-12)
    assert ((found.hi - found.lo) > 0).all()


def test_smooth_residuals__four_times_are_needed():
    g = np.repeat([1.0, 2.0, 3.0], 10)
    assert np.isnan(smooth_residuals(g, g, 1.0).fit).all()
    assert np.isnan(smooth_residuals(np.ones(30), g, 1.0).fit).all()
