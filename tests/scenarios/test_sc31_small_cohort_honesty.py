"""SC31: the golden cohort with entry at sequencing - what a reader of a small, informatively truncated cohort is told.

Files in, ``associate``, numbers out; every number is DOMAIN SC31 or Appendix B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import netgen as ng
from netgen.association.cox_model import fit_cox
from netgen.association.group_curves import Outcomes, condition_on
from netgen.association.km import kaplan_meier, survival_quantile
from tests.linear_study import GENES, read_linear
from tests.study_files import write_files

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

STUDY = """
    [study]
    sequencing_context = "clinical"
    [[source]]
    kind = "tables"
    patients = "patients.csv"
    alterations = {{ file = "genes.csv", layout = "matrix" }}
    [endpoints.os]
    time = "os_days"
    event = "os_event"
    entry = "seq_day"
    unit = "days"
    [association]
    endpoints = ["os"]
    entry_rule = "sequencing_report"
    model = false
    {extra}
    """


def read(folder: Path, table: pd.DataFrame, extra: str = "") -> ng.Cohort:
    columns = ["patient_id", "origin", "ki67_pct", "os_days", "os_event", "seq_day"]
    files = {
        "study.toml": STUDY.format(extra=extra),
        "patients.csv": table[columns].to_csv(index=False),
        "genes.csv": table[["patient_id", *GENES]].astype(dict.fromkeys(GENES, "Int64")).to_csv(index=False),
    }
    return ng.read_cohort(write_files(folder, files) / "study.toml")


@pytest.fixture(scope="module")
def golden(reference):
    return read_linear(reference)


@pytest.fixture(scope="module")
def study(golden, tmp_path_factory):
    return read(tmp_path_factory.mktemp("sc31"), golden)


@pytest.fixture(scope="module")
def unstratified(study):
    return ng.associate(study, strata="none")


@pytest.fixture(scope="module")
def both(golden, tmp_path_factory):
    """Both entry analyses, because the study file says so."""
    return ng.associate(read(tmp_path_factory.mktemp("both"), golden, "report_both = true"), strata="none")


def codes(result):
    return [item.code for item in result.findings.of("W")]


def test_sc31_small_cohort_is_said_to_be_one(unstratified):
    [item] = [item for item in unstratified.findings if item.code == "W_SMALL"]
    assert "n = 34, 23 events: exploratory" in item.message


def test_sc31_dependent_truncation_is_said(unstratified):
    [item] = [item for item in unstratified.findings if item.code == "W_DEPENDENT_TRUNCATION"]
    assert "tau -0.241 in 295 pairs" in item.message
    assert "p = 0.0741" in item.message


def test_sc31_truncation_table(unstratified):
    [row] = [row for _, row in unstratified.truncation.iterrows()]
    assert (row["endpoint"], row["n"], row["n_late"], row["n_pairs"]) == ("os", 34, 34, 295)
    assert row["tau"] == pytest.approx(-0.240678, abs=5e-7)
    assert np.log(row["entry_hr_per_month"]) == pytest.approx(0.096930, abs=5e-7)
    assert row["entry_p"] == pytest.approx(0.0741, abs=5e-5)
    assert bool(row["dependent"])


def test_sc31_unconditional_curve_is_refused(unstratified, golden):
    """Risk sets 3, 7, 7, 8 at the first deaths, the bound is 3.4: the curve begins with the fourth patient, day 71."""
    curve = unstratified.curves[unstratified.curves["grouping"] == "all"]
    assert curve.iloc[0][["time_days", "survival"]].tolist() == [71, 1]
    assert curve["time_days"].min() == 71  # nothing of the first death on day 43
    row = unstratified.km.set_index("grouping").loc["all"]
    assert row[["t0_conditional", "n", "events", "n_curve", "events_curve"]].tolist() == [71, 34, 23, 33, 22]
    first = sorted(golden.loc[golden["os_event"] == 1, "os_days"])[:4]
    at_risk = [int(((golden["seq_day"] < t) & (golden["os_days"] >= t)).sum()) for t in first]
    assert (first, at_risk) == ([43, 90, 105, 111], [3, 7, 7, 8])


def test_sc31_conditional_on_180_days(unstratified):
    """The outcomes that ``associate`` used, from day 180 on."""
    table = unstratified.endpoints
    used = Outcomes(*(table[name].to_numpy() for name in ("time_days", "event", "entry_days")))
    seen = condition_on(used, 180)
    curve = kaplan_meier(seen.time, seen.event, entry=seen.entry)
    assert (curve.n, curve.events) == (29, 18)
    assert survival_quantile(curve) == (838, 453, 1344)


def test_sc31_tp53(unstratified):
    row = unstratified.table.set_index("feature").loc["TP53"]
    assert (row["estimator"], row["ties"], row["entry_rule"]) == ("firth", "efron", "sequencing_report")
    assert (np.log(row["hr"]), row["p_firth_plr"]) == pytest.approx((1.316333, 0.004482), abs=1e-6)
    assert unstratified.table.set_index("feature").loc["ATRX", "p_primary"] == pytest.approx(0.11142976, abs=5e-9)


def test_sc31_tp53_by_maximum_likelihood(unstratified, golden):
    """The outcomes that ``associate`` used, with entry and without: 1.303615 (0.448303) and 0.901922."""
    used = unstratified.endpoints
    altered = golden.set_index("patient_id").loc[used["patient_id"], "TP53"].to_numpy(dtype=float)
    late = fit_cox(altered, used["time_days"], used["event"], entry=used["entry_days"])
    assert (late.coef[0], late.se[0]) == pytest.approx((1.303615, 0.448303), abs=1e-6)
    assert fit_cox(altered, used["time_days"], used["event"]).coef[0] == pytest.approx(0.901922, abs=1e-6)


def test_sc31_minimal_detectable_hazard_ratio_stands_beside_every_test(unstratified):
    tested = unstratified.table[unstratified.table["status"] == "tested"].set_index("feature")
    assert (tested["mdhr_80"] > 1).all()
    # Schoenfeld with 23 events, 10 of 34 altered: exp(2.801585 / sqrt(23 x 10/34 x 24/34)) = 3.60 (DOMAIN 3.15)
    assert tested.loc["TP53", "mdhr_80"] == pytest.approx(3.60, abs=0.005)


def test_sc31_one_analysis_without_the_request(unstratified):
    assert len(unstratified.entry_comparison) == 0


def test_sc31_both_analyses_on_request(both):
    rows = both.entry_comparison.set_index(["endpoint", "feature"])
    whole = rows.loc[("os", "all")]
    assert whole[["n_entry", "events_entry", "n_naive", "events_naive"]].tolist() == [34, 23, 34, 23]
    assert whole[["median_naive", "median_lo_naive", "median_hi_naive", "t0_naive"]].tolist() == [682, 453, 1071, 0]
    assert whole[["t0_entry", "median_entry"]].tolist() == [71, 275]
    tp53 = rows.loc[("os", "TP53")]
    assert np.log(tp53["hr_entry"]) == pytest.approx(1.316333, abs=1e-6)
    # Appendix B, Firth with Breslow's ties: 0.920067; two deaths of one day twice, so Efron's is a little apart
    assert np.log(tp53["hr_naive"]) == pytest.approx(0.920067, abs=0.01)
    assert tp53["hr_ratio"] == pytest.approx(tp53["hr_entry"] / tp53["hr_naive"])
    assert rows.loc[("os", "ATRX"), ["p_primary_entry", "p_primary_naive"]].tolist() == pytest.approx(
        [0.11142976, 0.026339055], abs=5e-9
    )
    assert set(rows.index.get_level_values("feature")) == {"all", *GENES}


def test_sc31_main_table_is_the_one_with_entry(both, unstratified):
    assert set(both.table["entry_rule"]) == {"sequencing_report"}
    assert both.table["hr"].tolist() == pytest.approx(unstratified.table["hr"].tolist(), nan_ok=True)
    assert codes(both).count("W_DEPENDENT_TRUNCATION") == 1
