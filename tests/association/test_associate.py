"""``associate``: options are checked, families stay apart, and whatever has no answer says why."""

from __future__ import annotations

import numpy as np
import pytest

import netgen as ng
from netgen.association.results import ASSOCIATION_COLUMNS, STATUSES
from netgen.errors import AnalysisError, SchemaError
from tests.demo_run import demo_cohort, demo_result
from tests.linear_study import read_linear, write_linear


def run(**options):
    return ng.associate(demo_cohort(), **{"endpoints": ["os"], "model": False} | options)


def test_associate__each_endpoint_is_a_family():
    result = demo_result()
    assert list(result.table.columns) == list(ASSOCIATION_COLUMNS)
    assert result.table["endpoint"].value_counts().to_dict() == {"os": 20, "pfs": 20}
    assert result.plan["families"] == 2
    assert set(result.table["m_family"]) == {6}
    assert set(result.endpoints["endpoint"]) == {"os", "pfs"}
    assert set(result.table["status"]) <= set(STATUSES)


def test_associate__takes_one_endpoint_by_name_in_any_case():
    result = run(endpoints=None, endpoint="OS", genes="TP53")
    assert (set(result.table["endpoint"]), list(result.table["feature"])) == ({"os"}, ["TP53"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_alterd": 3}, "E_CONFIG: [min_alterd]: unknown key 'min_alterd'. Did you mean min_altered?"),
        (
            {"features": "any"},
            "E_CONFIG: [features]: features must be one of any_nonsyn, lof, driver, hotspot, altered",
        ),
        ({"permutations": 0}, "E_CONFIG: [permutations]: permutations must be at least 1, found 0."),
    ],
)
def test_associate__options_are_checked(options, message):
    with pytest.raises(SchemaError) as caught:
        run(**options)
    assert str(caught.value).startswith(message)


def test_associate__leaves_the_findings_of_the_cohort_alone():
    before = len(demo_cohort().findings)
    assert "W_SMALL" in run(genes=["TP53"]).findings.codes()
    assert len(demo_cohort().findings) == before


def test_associate__a_prespecified_gene_that_nobody_was_tested_for_is_listed():
    result = run(prespecified=["TP53", "MLL3"])
    (row,) = result.skipped[result.skipped["item"] == "KMT2C"].itertuples()
    assert (row.endpoint, row.kind, row.code, row.n) == ("os", "feature", "not_profiled", 0)
    assert row.reason.startswith("pre-specified, but no patient")
    assert result.table.set_index("feature")["family"].value_counts().to_dict() == {
        "exploratory": 19,
        "prespecified": 1,
    }


def test_associate__landmark_restarts_the_clock_and_names_the_set():
    result = run(landmark=365, genes=["TP53"])
    assert set(result.table["analysis_set"]) == {"landmark:365"}
    assert result.plan["endpoints"]["os"]["n"] == 25  # S(365) = 0.735294 = 25/34, nobody censored before
    assert len(result.exclusions) == 9


def test_associate__without_anybody_there_is_no_analysis():
    with pytest.raises(AnalysisError, match="E_ENDPOINT_UNAVAILABLE: no patient has follow-up for os"):
        run(landmark=5000)


def test_associate__covariates_missing_in_some_are_counted(reference, tmp_path):
    table = read_linear(reference).astype({"ki67_pct": float})
    table.loc[table["patient_id"].isin(["P03", "P07"]), "ki67_pct"] = np.nan
    cohort = ng.read_cohort(write_linear(tmp_path, table))
    result = ng.associate(cohort, endpoints=["os"], adjust=["ki67_pct"], model=False)
    assert result.plan["endpoints"]["os"]["n"] == 32
    assert result.exclusions.to_numpy().tolist() == [
        ["os", "P03", "covariates", "covariate_missing"], ["os", "P07", "covariates", "covariate_missing"],
    ]  # fmt: skip
    table["ki67_pct"] = np.nan
    empty = ng.read_cohort(write_linear(tmp_path / "empty", table))
    with pytest.raises(AnalysisError, match="no patient has follow-up and all covariates for os"):
        ng.associate(empty, endpoints=["os"], adjust=["ki67_pct"], model=False)


def test_associate__too_few_events_for_a_model_is_a_reason_not_a_failure(reference, tmp_path):
    table = read_linear(reference)
    table["os_event"] = table["os_event"].where(table["os_days"] < 300, 0)
    result = ng.associate(ng.read_cohort(write_linear(tmp_path, table)), endpoints=["os"])
    assert table["os_event"].sum() < 10
    assert dict(result.models) == {}
    (row,) = result.skipped[result.skipped["kind"] == "model"].itertuples()
    assert (row.item, row.code, row.n) == ("os", "E_TOO_FEW_EVENTS_MODEL", table["os_event"].sum())
