"""SC28: progression and death without it, by TP53, in the golden cohort."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import netgen as ng
from netgen.association.cause_specific import estimate_causes
from netgen.association.fine_gray import fit_fine_gray
from netgen.association.gray import gray_test
from netgen.association.group_survival import survival
from netgen.report.survival_files import summarise_survival


@pytest.fixture(scope="module")
def golden(reference):
    return pd.read_csv(reference / "inputs" / "linear_syn34.csv")


@pytest.fixture(scope="module")
def result():
    return survival(ng.read_cohort("demo"), by="TP53", endpoints=["ttp"], horizons=[180, 365], permutations=2000)


def test_sc28_cause_specific_hazard_ratios(golden):
    found = estimate_causes(
        golden["pfs_days"],
        golden["pfs_type"],
        np.where(golden["TP53"] == 1, "altered", "wild type"),
        groups=("wild type", "altered"),
        reference="wild type",
        estimator="cox",
    )
    assert [found[1].beta[0], found[1].se[0]] == pytest.approx([0.631306, 0.507088], abs=1e-6)
    assert [found[2].beta[0], found[2].se[0]] == pytest.approx([1.394140, 0.736589], abs=1e-6)


def test_sc28_gray_and_fine_gray(golden):
    outcome = (golden["pfs_days"], golden["pfs_type"], golden["TP53"])
    progression, death = gray_test(*outcome, of=1), gray_test(*outcome, of=2)
    assert [progression.chi2, progression.p] == pytest.approx([0.076067, 0.782699], abs=1e-6)
    assert [death.chi2, death.p] == pytest.approx([2.156352, 0.141981], abs=1e-6)
    fit = fit_fine_gray(golden["TP53"], golden["pfs_days"], golden["pfs_type"])
    assert fit.coef[0] == pytest.approx(-0.200452, abs=1e-6)


def test_sc28_the_command_gives_the_same_numbers(result):
    rows = result.competing.loc[result.competing["horizon_days"] == 180].set_index(["group", "cause"])
    assert rows.loc[("altered", 1), "gray_p"] == pytest.approx(0.782699, abs=1e-6)
    assert rows.loc[("altered", 2), "gray_p"] == pytest.approx(0.141981, abs=1e-6)
    assert np.log(rows.loc[("altered", 1), "sd_hr"]) == pytest.approx(-0.200452, abs=1e-6)
    # 8 deaths without progression: fewer than 10, so no subdistribution hazard ratio of the other cause
    assert rows.loc[("altered", 2), "sd_status"] == "too_few_events"
    assert (rows.loc["altered", "cs_estimator"] == "firth").all()
    assert rows.loc[("altered", 1), "cs_hr"] > 1 > rows.loc[("altered", 1), "sd_hr"]


def test_sc28_incidence_is_smaller_than_one_minus_kaplan_meier(result):
    whole = result.competing.loc[(result.competing["grouping"] == "all") & (result.competing["cause"] == 1)]
    assert whole["horizon_days"].tolist() == [180, 365]
    assert whole["cif"].tolist() == pytest.approx([0.264706, 0.411765], abs=1e-6)
    curve = result.curves.loc[result.curves["grouping"] == "all"]
    naive = [1 - curve.loc[curve["time_days"] <= day, "survival"].iloc[-1] for day in (180, 365)]
    assert naive == pytest.approx([0.291962, 0.478288], abs=1e-6)


def test_sc28_the_reversal_is_explained(result):
    row = result.competing.loc[(result.competing["group"] == "altered") & (result.competing["cause"] == 1)].iloc[0]
    assert "(aetiology)" in row["interpretation"]
    assert "(risk prediction)" in row["interpretation"]
    assert "opposite directions" in row["interpretation"]
    assert "death without progression" in row["interpretation"]
    text = " ".join(summarise_survival(result).split())
    assert "altered: They point in opposite directions" in text
    death = result.competing.loc[(result.competing["group"] == "altered") & (result.competing["cause"] == 2)].iloc[0]
    assert "opposite" not in death["interpretation"]
