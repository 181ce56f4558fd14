"""What ``netgen associate`` leaves behind: tables, plan, flow, figures, and where the numbers come from."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import netgen as ng
from netgen.association.results import ASSOCIATION_COLUMNS, HETEROGENEITY_COLUMNS
from netgen.errors import AnalysisError
from netgen.report.association_files import write_association
from netgen.report.write import MARK, list_files
from tests.demo_run import demo_cohort, demo_result

TABLES = {
    "associations.tsv", "cooccurrence.tsv", "endpoints.tsv", "exclusions.tsv", "frequencies.tsv", "gene_treatment.tsv",
    "heterogeneity.tsv", "influence.tsv", "km.tsv", "sample_discordance.tsv", "skipped.tsv", "variant_qc.tsv",
    "warnings.tsv",
}  # fmt: skip
TEXTS = {"analysis_plan.json", "flow.json", "provenance.json"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The demo result as files, without figures."""
    out = tmp_path_factory.mktemp("associate") / "out"
    write_association(demo_result(), demo_cohort(), out, figures=False, command="netgen associate demo")
    return out


def table(folder, name):
    return pd.read_csv(
        folder / f"{name}.tsv", sep="\t", na_values=["NA"], keep_default_na=False, float_precision="round_trip"
    )


def test_write_association__writes_every_file(folder):
    assert set(list_files(folder)) == TABLES | TEXTS | {MARK}
    assert set((folder / MARK).read_text().splitlines()) == TABLES | TEXTS


def test_write_association__tables_come_back_as_they_were(folder):
    rows = table(folder, "associations")
    assert list(rows.columns) == list(ASSOCIATION_COLUMNS)
    assert len(rows) == 40
    for column in ("hr", "hr_lo", "hr_hi", "p_primary", "q_bh", "min_attainable_p", "median_altered", "n_altered"):
        expected = demo_result().table[column].astype(float).reset_index(drop=True)
        pd.testing.assert_series_equal(rows[column].astype(float), expected, check_exact=True, check_names=False)
    assert list(table(folder, "heterogeneity").columns) == list(HETEROGENEITY_COLUMNS)
    assert len(table(folder, "endpoints")) == 68
    assert len(table(folder, "exclusions")) == 0
    assert set(table(folder, "skipped")["code"]) == {"too_few_altered"}


def test_write_association__warnings_stand_beside_their_rows(folder):
    warnings = table(folder, "warnings")
    beside = warnings[warnings["item"] != ""]
    assert ("W_MONOTONE", "os:SETD2") in set(beside[["code", "item"]].itertuples(index=False, name=None))
    assert ("W_P_CI_DISCORDANT", "pfs:ATRX") in set(beside[["code", "item"]].itertuples(index=False, name=None))
    assert (warnings["message"].fillna("") != "").all()
    assert set(warnings.loc[warnings["item"] == "", "code"]) == {"W_SMALL"}


def test_write_association__the_plan_is_resolved(folder):
    plan = json.loads((folder / "analysis_plan.json").read_text())
    assert plan["endpoints"]["os"]["p_method"] == "permutation"
    assert plan["endpoints"]["pfs"]["origin_time"] == "line:1"
    assert (plan["families"], plan["matrix_hash"]) == (2, demo_result().matrix_hash)
    assert plan["requested"]["model"] is False


def test_write_association__the_flow_adds_up(folder):
    steps = json.loads((folder / "flow.json").read_text())["steps"]
    out = {step["name"]: step["n_out"] for step in steps}
    for step in steps:
        assert step["n_in"] == step["n_out"] + sum(step["excluded"].values())
        assert step["after"] is None or out[step["after"]] == step["n_in"]


def test_write_association__provenance_names_every_input(folder):
    found = json.loads((folder / "provenance.json").read_text())
    assert found["command"] == "netgen associate demo"
    assert found["environment"]["netgen"] == ng.__version__
    assert len(found["inputs"]) == 41
    assert all(len(item["sha256"]) == 64 for item in found["inputs"])
    assert found["configuration"]["id"] == "demo"
    assert (found["seed"], found["matrix_hash"]) == (20260101, demo_result().matrix_hash)
    assert found["warnings"] == ["W_SMALL"]


def test_write_association__options_of_the_run_are_those_in_the_provenance(tmp_path):
    result = ng.associate(demo_cohort(), endpoints=["os"], genes=["TP53"], seed=7, model=False)
    write_association(result, demo_cohort(), tmp_path / "out", figures=False)
    found = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert (found["seed"], found["options"]["genes"]) == (7, ["TP53"])


def test_write_association__same_result_same_bytes(folder, tmp_path):
    write_association(demo_result(), demo_cohort(), tmp_path / "again", figures=False)
    for name in sorted((TABLES | TEXTS) - {"provenance.json"}):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_write_association__refuses_a_folder_in_use(folder):
    before = (folder / "associations.tsv").read_bytes()
    with pytest.raises(AnalysisError, match="E_OUTPUT_EXISTS"):
        write_association(demo_result(), demo_cohort(), folder)
    assert (folder / "associations.tsv").read_bytes() == before


def test_write_association__draws_figures_for_what_was_tested(tmp_path):
    result = ng.associate(
        demo_cohort(), endpoints=["os"], genes=["TP53", "DAXX", "ATRX"], pathways={"a/b": ["TP53", "ATRX"]}, model=False
    )
    write_association(result, demo_cohort(), tmp_path / "out")
    names = {name for name in list_files(tmp_path / "out") if name.startswith("figures/")}
    stems = ("km_os", "km_os_TP53", "km_os_ATRX", "km_os_a_b", "forest_os", "cooccurrence")
    assert names == {f"figures/{stem}.{kind}" for stem in stems for kind in ("pdf", "png")}
    assert all((tmp_path / "out" / name).stat().st_size > 1000 for name in names)


def test_write_association__writes_the_model(tmp_path):
    result = ng.associate(demo_cohort(), endpoints=["os"], genes=["TP53", "ATRX", "MEN1"], model=True)
    write_association(result, demo_cohort(), tmp_path / "out", figures=False)
    assert set(result.models) == {"os"}
    names = {name for name in list_files(tmp_path / "out") if name.startswith("model/")}
    assert {"model/os/model.json", "model/os/cv.tsv", "model/os/performance.tsv"} <= names
    assert json.loads((tmp_path / "out" / "model" / "os" / "model.json").read_text())
