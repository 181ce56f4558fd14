"""Tests of proportional hazards against R ``cox.zph`` and DOMAIN Appendix B."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netgen.association.cox_model import fit_cox
from netgen.association.proportional_hazards import proportional_hazards_test
from tests.association.golden_models import close, fit_reference_model, read_input

TOLERANCE = 1e-8  # R's own coefficients of ``veteran.1`` are 5e-11 off, which the identity transform magnifies


def test_proportional_hazards__equals_cox_zph(reference):
    expected = pd.read_csv(reference / "zph" / "cox_zph.csv")
    for (name, ties), models in expected.groupby(["id", "ties"]):
        fit = fit_reference_model(reference, name, ties)
        for transform, rows in models.groupby("transform"):
            found = proportional_hazards_test(fit, transform=transform)
            assert list(found.names) == rows["term"].tolist()
            close(found.chi2, rows["chisq"], TOLERANCE)
            close(found.df, rows["df"], TOLERANCE)
            close(found.p, rows["p"], TOLERANCE)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_proportional_hazards__with_case_weights_equals_cox_zph(reference, ties):
    rows = pd.read_csv(reference / "cox" / "weights.csv").query("ties == @ties")
    table = read_input(reference, "veteran_lt")
    fit = fit_cox(
        table[["trt", "karno"]],
        table["time"],
        table["status"],
        entry=table["entry"],
        strata=table["celltype"],
        weights=1 + (np.arange(1, len(table) + 1) % 4) / 2,
        ties=ties,
    )
    close(proportional_hazards_test(fit).chi2[:-1], rows["zph_km_chisq"], TOLERANCE)


def test_proportional_hazards__residuals_equal_cox_zph(reference):
    expected = pd.read_csv(reference / "zph" / "scaled_residuals_lung.csv")
    found = proportional_hazards_test(fit_reference_model(reference, "lung.1", "efron"))
    close(found.event_time, expected["time"], TOLERANCE)
    close(
        found.event_g - found.event_g[0], expected["g"] - expected["g"].iloc[0], TOLERANCE
    )  # R does not centre g here
    for j, column in enumerate(["age", "sex", "ph.ecog"]):  # the order within tied days is nobody's
        ours = pd.Series(found.residuals[:, j]).groupby(found.event_time).sum()
        close(ours, expected[column].groupby(expected["time"]).sum(), TOLERANCE)


@pytest.mark.parametrize(("gene", "chi2"), [("TP53", 0.1278), ("ATRX", 0.1558), ("MEN1", 0.5215)])
def test_proportional_hazards__equals_appendix_b(reference, gene, chi2):
    cohort = read_input(reference, "linear_syn34")
    fit = fit_cox(cohort[gene], cohort["os_days"], cohort["os_event"])
    assert proportional_hazards_test(fit).chi2[0] == pytest.approx(chi2, abs=5e-5)  # printed with four decimals


def test_proportional_hazards__one_term_of_all_columns_is_the_global_test(reference):
    fit = fit_reference_model(reference, "veteran.1", "efron")
    found = proportional_hazards_test(fit, terms=[[1, 2, 3], list(range(7))])
    assert found.names == ("celltypesmallcell+celltypeadeno+celltypelarge", "+".join(fit.names), "GLOBAL")
    assert found.df.tolist() == [3, 7, 7]
    assert found.chi2[1] == found.chi2[2]


def test_proportional_hazards__sees_crossing_hazards():
    """Altered die early and then no more; wild type die late."""
    time = np.r_[1:21, 100:120, 41:61, 61:81]
    event = np.r_[np.ones(20), np.zeros(20), np.ones(40)]
    found = proportional_hazards_test(fit_cox(np.repeat([1.0, 0.0], 40), time, event))
    assert found.p[0] < 1e-6


def test_proportional_hazards__refuses_a_monotone_model():
    with pytest.raises(ValueError, match="status is 'monotone'"):
        proportional_hazards_test(fit_cox([1.0, 0.0], [1, 2], [1, 0]))


def test_proportional_hazards__refuses_an_unknown_transform(reference):
    with pytest.raises(ValueError, match="transform must be km, rank, identity or log"):
        proportional_hazards_test(fit_reference_model(reference, "lung.5.sex", "efron"), transform="sqrt")


def test_proportional_hazards_test__has_no_answer_from_one_informative_time():
    # the altered are at risk at the first event time alone
    fit = fit_cox(np.array([[1.0], [1.0], [0.0], [0.0], [0.0]]), [2, 2, 2, 3, 4], [True, False, True, True, True])
    assert fit.status == "converged"
    assert np.isnan(proportional_hazards_test(fit).p).all()
