"""SC12: nothing can be tested - a full table of reasons, a clinical-only model, and exit status 0 (DOMAIN 6)."""

from __future__ import annotations

import pandas as pd
import pytest
from click.testing import CliRunner

import netgen as ng
from netgen.cli import main
from tests.linear_study import GENES, read_linear, write_linear


@pytest.fixture(scope="module")
def cohort(reference, tmp_path_factory):
    return ng.read_cohort(write_linear(tmp_path_factory.mktemp("sc12"), read_linear(reference)))


@pytest.fixture(scope="module")
def result(cohort):
    return ng.associate(cohort, endpoints=["os"], min_altered=20, adjust=["ki67_pct"])


def test_sc12_no_row_is_tested_and_each_says_why(result):
    assert list(result.table["feature"]) == sorted(GENES)
    assert (result.table["status"] != "tested").all()
    assert result.table[["hr", "p_primary", "q_bh", "het_p"]].isna().all(axis=None)
    skipped = result.skipped[result.skipped["kind"] == "feature"]
    assert len(skipped) == 8
    assert dict(zip(skipped["item"], skipped["n"], strict=True)) == {
        "MEN1": 14, "DAXX": 2, "ATRX": 5, "TP53": 10, "TSC2": 9, "ARID1A": 7, "SETD2": 3, "RB1": 2,
    }  # fmt: skip
    assert set(skipped["code"]) == {"too_few_altered"}
    assert (skipped["reason"] == "fewer altered patients than min_altered").all()


def test_sc12_the_warning_is_printed(result):
    (item,) = [item for item in result.findings if item.code == "W_NO_TESTABLE_FEATURE"]
    assert item.message == "os: no feature can be tested; see skipped.tsv."


def test_sc12_the_model_is_the_clinical_one(result):
    model = result.models["os"]
    assert "clinical covariates only" in model.verdict
    assert list(model.coefficients["term"]) == ["ki67_pct"]


def test_sc12_counts_and_curves_are_there_all_the_same(result):
    assert result.table.set_index("feature").loc["TP53", "events_altered"] == 9
    assert result.table.set_index("feature").loc["TP53", "median_altered"] == 394.5
    assert result.km.set_index("grouping").loc["all", "median"] == 682


def test_sc12_the_command_ends_well(cohort, tmp_path):
    study, out = cohort.study.file, tmp_path / "out"
    args = ["associate", str(study), "--out", str(out), "--endpoint", "os", "--min-altered", "20", "--no-model"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    assert "No feature could be tested." in result.stdout
    assert len(pd.read_csv(out / "skipped.tsv", sep="\t")) == 8
    assert "W_NO_TESTABLE_FEATURE" in set(pd.read_csv(out / "warnings.tsv", sep="\t")["code"])


def test_sc12_a_gene_altered_in_all_profiled_patients(reference, tmp_path):
    table = read_linear(reference)
    table = table.assign(MEN1=1, TSC2=table["TSC2"].where(table["TSC2"].isna(), 1))
    result = ng.associate(ng.read_cohort(write_linear(tmp_path, table)), endpoints=["os"], model=False)
    rows = result.table.set_index("feature")
    assert rows.loc[["MEN1", "TSC2"], "status"].tolist() == ["all_altered", "all_altered"]
    assert rows.loc[["MEN1", "TSC2"], "n_altered"].tolist() == [34, 23]
    assert rows.loc["ATRX", "status"] == "tested"
