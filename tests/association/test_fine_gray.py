"""The Fine-Gray model: cmprsk, survival with and without delayed entry, and Cox where nothing competes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.cox_model import fit_cox
from netgen.association.fine_gray import fit_fine_gray


def read(reference, name, terms):
    """Return table and cause of the patients without a missing covariate."""
    file, cause = ("pbc_trial", "status") if name.startswith("pbc") else ("simA2", "comp")
    table = pd.read_csv(reference / "inputs" / f"{file}.csv").dropna(subset=list(terms))
    return table, table[cause]


def test_fine_gray__equals_cmprsk(reference):
    expected, seen = pd.read_csv(reference / "crr" / "crr.csv"), 0
    for name, rows in expected.groupby("id"):
        table, cause = read(reference, name, rows["term"])
        fit = fit_fine_gray(table[rows["term"]], table["time"], cause)
        assert (fit.status, fit.weights, fit.n) == ("ok", "cmprsk", rows["n"].iloc[0])
        np.testing.assert_allclose(fit.coef, rows["coef"], rtol=1e-7)
        np.testing.assert_allclose(fit.se, rows["se"], rtol=1e-7)
        np.testing.assert_allclose(fit.p, rows["p"], rtol=1e-5)
        assert fit.loglik == pytest.approx(rows["loglik"].iloc[0], abs=1e-9)
        assert fit.loglik_null == pytest.approx(rows["loglik_null"].iloc[0], abs=1e-9)
        seen += len(rows)
    assert seen == 9


def test_fine_gray__equals_survival_also_with_delayed_entry(reference):
    expected, seen = pd.read_csv(reference / "cox" / "finegray_coxph.csv"), 0
    for (name, late), rows in expected.groupby(["id", "left_truncated"]):
        table, cause = read(reference, name, rows["term"])
        entry = table["entry"] if late else None
        fit = fit_fine_gray(table[rows["term"]], table["time"], cause, entry=entry, weights="survival")
        np.testing.assert_allclose(fit.coef, rows["coef"], rtol=1e-10)
        np.testing.assert_allclose(fit.se, rows["robust_se"], rtol=1e-10)
        seen += len(rows)
    assert seen == 12


def test_fine_gray__is_cox_with_breslow_ties_where_nothing_competes(reference):
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv")
    x = table[["TP53", "ki67_pct"]]
    cox = fit_cox(x, table["os_days"], table["os_event"] == 1, ties="breslow", cluster=np.arange(len(table)))
    for weights in ("cmprsk", "survival"):
        fit = fit_fine_gray(x, table["os_days"], table["os_event"], weights=weights)
        np.testing.assert_allclose(fit.coef, cox.coef, rtol=1e-8)
        np.testing.assert_allclose(fit.se, cox.robust_se, rtol=1e-8)


def test_fine_gray__with_delayed_entry_is_cox_where_nothing_competes(reference):
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv")
    late = {"entry": table["seq_day"]}
    cox = fit_cox(
        table["TP53"], table["os_days"], table["os_event"] == 1, ties="breslow", cluster=range(len(table)), **late
    )
    fit = fit_fine_gray(table["TP53"], table["os_days"], table["os_event"], **late)
    assert fit.weights == "survival"
    np.testing.assert_allclose([fit.coef[0], fit.se[0]], [cox.coef[0], cox.robust_se[0]], rtol=1e-8)


def test_fine_gray__does_not_depend_on_row_order_or_on_units(reference):
    table = pd.read_csv(reference / "inputs" / "linear_syn34.csv")
    first = fit_fine_gray(table["ki67_pct"], table["pfs_days"], table["pfs_type"])
    other = table.sample(frac=1, random_state=5)
    again = fit_fine_gray(other["ki67_pct"] / 10 + 7, other["pfs_days"] / 30.4375, other["pfs_type"])
    np.testing.assert_allclose(again.coef / 10, first.coef, rtol=1e-9)
    np.testing.assert_allclose(again.se / 10, first.se, rtol=1e-9)


@pytest.mark.parametrize(
    ("x", "cause", "status"),
    [
        ([0, 1, 0, 1, 0, 1], [2, 2, 0, 2, 0, 0], "no_events"),
        ([1, 1, 1, 1, 1, 1], [1, 2, 0, 1, 1, 0], "singular"),
        ([1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0], "not_converged"),
    ],
)
def test_fine_gray__what_cannot_be_estimated_has_a_status(x, cause, status):
    fit = fit_fine_gray(np.array(x, dtype=float), [1, 2, 3, 4, 5, 6], cause)
    assert fit.status == status
    assert np.isnan([fit.coef[0], fit.se[0], fit.p[0], fit.loglik]).all()


def test_fine_gray__says_where_the_weights_of_delayed_entry_do_not_exist():
    """Nobody is at risk between day 3 and day 4: who enters then had no chance to be seen with the first two."""
    fit = fit_fine_gray([0.0, 1, 0, 1, 1], [2, 3, 8, 9, 10], [2, 1, 1, 1, 0], entry=[0, 0, 4, 4, 4])
    assert fit.status == "risk_set_empty"


def test_fine_gray__refuses_what_makes_no_sense():
    with pytest.raises(ValueError, match="not defined with delayed entry"):
        fit_fine_gray([0.0, 1], [2, 3], [1, 1], entry=[0, 0], weights="cmprsk")
    with pytest.raises(ValueError, match="every entry must be before its exit"):
        fit_fine_gray([0.0, 1], [2, 3], [1, 1], entry=[2, 0])
    with pytest.raises(ValueError, match="must be finite numbers"):
        fit_fine_gray([0.0, np.nan], [2, 3], [1, 1])
