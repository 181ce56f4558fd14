"""The oncoprint of a cohort: its numbers against the association run, its files, and the command."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest
from click.testing import CliRunner

import netgen as ng
from netgen.cli import RESEARCH_USE, main
from netgen.errors import AnalysisError
from netgen.plots.oncoprint_table import CELL_COLUMNS, GENE_COLUMNS
from netgen.report.write import MARK, list_files
from tests.demo_run import demo_cohort, demo_result

TABLES = {"oncoprint.tsv", "oncoprint_genes.tsv", "oncoprint_patients.tsv", "provenance.json"}
FIGURES = {"oncoprint.pdf", "oncoprint.svg", "oncoprint.png"}
# DOMAIN appendix A: altered / profiled of the embedded cohort.
DEMO = {
    "MEN1": "14/34 (41 %)", "TSC2": "9/23 (39 %)*", "TP53": "10/34 (29 %)", "ARID1A": "7/34 (21 %)",
    "ATRX": "5/34 (15 %)", "SETD2": "3/34 (9 %)", "DAXX": "2/23 (9 %)*", "RB1": "2/34 (6 %)",
}  # fmt: skip


def read(folder, name):
    return pd.read_csv(folder / name, sep="\t", keep_default_na=False)


def labels(table):
    rows = table.genes[table.genes["origin"] == "all"]
    return dict(zip(rows["gene"], rows["label"], strict=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The demo oncoprint as files."""
    out = tmp_path_factory.mktemp("oncoprint") / "out"
    ng.write_oncoprint(demo_cohort(), out, command="netgen oncoprint demo")
    return out


def test_build_oncoprint__demo_frequencies_in_order():
    found = labels(ng.build_oncoprint(demo_cohort()))
    assert found == DEMO
    assert list(found) == list(DEMO)


def test_build_oncoprint__agrees_with_the_association_run():
    table = ng.build_oncoprint(demo_cohort())
    assert table.matrix_hash == demo_result().matrix_hash
    tested = demo_result().table.query("endpoint == 'os'").set_index("feature")
    own = table.genes[table.genes["origin"] == "all"].set_index("gene")
    for gene in own.index:
        assert (
            own.loc[gene, ["n_altered", "n_profiled"]].tolist()
            == tested.loc[gene, ["n_altered", "n_profiled"]].tolist()
        )


def test_build_oncoprint__genes_as_given_and_one_nobody_was_sequenced_for():
    table = ng.build_oncoprint(demo_cohort(), genes=["RB1", "XYZ9", "MEN1"])
    assert labels(table) == {"RB1": "2/34 (6 %)", "XYZ9": "N/P", "MEN1": "14/34 (41 %)"}
    assert list(labels(table)) == ["RB1", "XYZ9", "MEN1"]
    with pytest.raises(AnalysisError, match="E_GENE_UNKNOWN"):
        ng.build_oncoprint(demo_cohort(), genes=["XYZ9"])


def test_build_oncoprint__genes_under_their_current_symbols():
    assert list(labels(ng.build_oncoprint(demo_cohort(), genes=["tp53", "MLL2", " men1 "]))) == [
        "TP53",
        "KMT2D",
        "MEN1",
    ]


def test_build_oncoprint__pathways_only_if_named():
    cohort = demo_cohort()
    settings = dataclasses.replace(cohort.study.association, pathways={"mTOR": ("TSC2", "PTEN")})
    cohort = dataclasses.replace(cohort, study=dataclasses.replace(cohort.study, association=settings))
    assert "mTOR" not in labels(ng.build_oncoprint(cohort))
    named = labels(ng.build_oncoprint(cohort, genes=["mTOR", "MEN1"]))
    assert list(named) == ["mTOR", "MEN1"]
    assert named["MEN1"] == DEMO["MEN1"]


def test_build_oncoprint__top_and_features():
    assert list(labels(ng.build_oncoprint(demo_cohort(), top=3))) == ["MEN1", "TSC2", "TP53"]
    lof = labels(ng.build_oncoprint(demo_cohort(), features="lof"))
    assert lof["TP53"] == "2/34 (6 %)"  # two truncating of ten
    for wrong in ({"top": 0}, {"features": "nonsense"}, {"tracks": ["nonsense"]}):
        with pytest.raises(AnalysisError, match="E_CONFIG"):
            ng.build_oncoprint(demo_cohort(), **wrong)


def test_build_oncoprint__tracks():
    table = ng.build_oncoprint(demo_cohort())
    assert table.tracks == (
        "sex", "age_at_diagnosis", "ki67_pct", "sstr_imaging", "fdg_pet", "class_line_1", "best_response", "os",
    )  # fmt: skip
    joined = ng.build_oncoprint(demo_cohort(), by_origin=False)
    assert joined.tracks[0] == "origin_group3"
    assert not joined.split
    assert ng.build_oncoprint(demo_cohort(), tracks=()).tracks == ()
    days = table.patients.set_index("patient_id")["os_days"]
    assert days.sort_index().tolist() == ng.build_endpoint(demo_cohort(), "os").table["time_days"].tolist()


def test_build_oncoprint__germline_variants_are_marked():
    cohort = demo_cohort()
    row = cohort.variants[cohort.variants["gene"] == "MEN1"].iloc[[0]]
    silent = row.assign(variant_class="Silent", gene="TP53")
    germline = pd.concat([row.assign(gene="ATRX"), silent], ignore_index=True)
    table = ng.build_oncoprint(dataclasses.replace(cohort, germline=germline))
    marked = table.cells[table.cells["classes"].str.contains("germline")]
    owner = cohort.samples.set_index("sample_id").loc[row["sample_id"].item(), "patient_id"]
    assert marked[["gene", "patient_id"]].to_numpy().tolist() == [["ATRX", owner]]
    assert labels(table) == DEMO


def test_write_oncoprint__writes_every_file(folder):
    assert set(list_files(folder)) == TABLES | FIGURES | {MARK}


def test_write_oncoprint__tables_say_what_is_drawn(folder):
    cells, genes = read(folder, "oncoprint.tsv"), read(folder, "oncoprint_genes.tsv")
    assert list(cells.columns) == list(CELL_COLUMNS)
    assert list(genes.columns) == list(GENE_COLUMNS)
    assert len(cells) == 8 * 34
    patients = read(folder, "oncoprint_patients.tsv")
    assert patients["patient_id"].tolist() == cells["patient_id"].tolist()[:34]
    assert {"sex", "ki67_pct", "best_response", "os_days", "os_event"} <= set(patients.columns)
    whole = genes[genes["origin"] == "all"].set_index("gene")
    counted = cells.groupby("gene")["status"].value_counts().unstack(fill_value=0)
    assert counted["altered"].to_dict() == whole["n_altered"].to_dict()
    assert (34 - counted["not profiled"]).to_dict() == whole["n_profiled"].to_dict()
    assert set(cells.loc[cells["status"] == "not profiled", "reason"]) == {"gene_not_on_panel"}
    svg = (folder / "oncoprint.svg").read_text()
    assert all(label.rstrip("*") + "</text>" in svg for label in whole["label"])


def test_write_oncoprint__provenance(folder):
    found = json.loads((folder / "provenance.json").read_text())
    assert found["command"] == "netgen oncoprint demo"
    assert found["matrix_hash"] == demo_result().matrix_hash
    assert found["options"]["features"] == "any_nonsyn"
    assert found["matrix_hash"][:12] in (folder / "oncoprint.svg").read_text()


@pytest.mark.parametrize("wrong", [{"palette": "rainbow"}, {"width": 30}, {"formats": ["docx"]}, {"tracks": ["x"]}])
def test_write_oncoprint__nothing_is_left_of_a_request_that_fails(wrong, tmp_path):
    with pytest.raises(AnalysisError, match="E_CONFIG"):
        ng.write_oncoprint(demo_cohort(), tmp_path / "out", **wrong)
    assert list(tmp_path.iterdir()) == []


def test_write_oncoprint__same_bytes_again(folder, tmp_path):
    ng.write_oncoprint(demo_cohort(), tmp_path / "out")
    for name in sorted(FIGURES | TABLES - {"provenance.json"}):
        assert (tmp_path / "out" / name).read_bytes() == (folder / name).read_bytes(), name


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def invoke(*args):
        return CliRunner().invoke(main, ["oncoprint", *args], catch_exceptions=False)

    return invoke


def test_command__writes_what_was_asked_for(run, tmp_path):
    result = run("demo", "--genes", "MEN1,XYZ9", "--genes", "ATRX", "--tracks", "ki67_pct,os", "--no-split",
                 "--palette", "cbioportal", "--width", "single", "--formats", "svg", "--policy", "primary",
                 "--out", "o")  # fmt: skip
    assert result.exit_code == 0
    assert "3 gene(s) and 34 patient(s)" in result.stdout
    assert "Sequenced in nobody: XYZ9." in result.stdout
    assert set(list_files(tmp_path / "o")) == TABLES | {"oncoprint.svg", MARK}
    options = json.loads((tmp_path / "o" / "provenance.json").read_text())["options"]
    assert options == {
        "by_origin": False, "features": "any_nonsyn", "formats": ["svg"], "genes": ["MEN1", "XYZ9", "ATRX"],
        "palette": "cbioportal", "policy": "primary", "top": 30, "tracks": ["ki67_pct", "os"], "width": "single",
        "order": "given", "burden": False, "rasterized": [],
    }  # fmt: skip


def test_command__quiet_none_and_force(run, tmp_path):
    first = run("demo", "--tracks", "none", "--width", "120", "--formats", "png", "--out", "o", "--quiet")
    assert (first.exit_code, first.output) == (0, "")
    assert json.loads((tmp_path / "o" / "provenance.json").read_text())["options"]["tracks"] == []
    again = run("demo", "--out", "o")
    assert again.exit_code == 1
    assert "E_OUTPUT_EXISTS" in again.stderr
    assert run("demo", "--out", "o", "--force", "--formats", "png", "--top", "2", "--quiet").exit_code == 0
    assert len(read(tmp_path / "o", "oncoprint.tsv")) == 2 * 34


def test_command__help_has_the_research_use_sentence(run):
    result = run("--help")
    assert result.exit_code == 0
    assert RESEARCH_USE in " ".join(result.output.split())


def test_command__misuse_and_impossible_requests(run, tmp_path):
    assert run("demo", "--width", "wide").exit_code == 2
    assert run("demo", "--top", "0").exit_code == 2
    assert run().exit_code == 2
    for args in (["--width", "30"], ["--width", "nan"], ["--genes", "XYZ9"], ["--formats", "docx"]):
        result = run("demo", "--out", "o", *args)
        assert (result.exit_code, "E_" in result.stderr) == (1, True)
    assert not (tmp_path / "o").exists()


@pytest.mark.shared
def test_write_oncoprint__panel_gaps_of_a_real_study(shared, tmp_path):
    """IMPACT341 lacks ZFHX3 in MSK's lung study: every denominator is the number of patients on a panel that has it."""
    cohort = ng.read_cohort(shared / "data" / "cbio_lung_msk_2017" / "lung_msk_2017")
    table = ng.write_oncoprint(cohort, tmp_path / "out", genes=["TP53", "ZFHX3"], formats=["pdf"])
    rows = table.genes.set_index("gene")
    covered = cohort.panel_genes.loc[cohort.panel_genes["gene"] == "ZFHX3", "panel_id"]
    on_panel = cohort.profiles.loc[cohort.profiles["mutations"].isin(covered), "sample_id"]
    owner = cohort.samples.set_index("sample_id")["patient_id"]
    n = owner.reindex(on_panel).dropna().nunique()
    assert rows["n_profiled"].tolist() == [len(cohort.patients), n]
    assert n < len(cohort.patients)
    assert rows["label"].str.endswith("*").tolist() == [False, True]


def test_build_oncoprint__has_the_site_itself_as_a_track_beside_its_group():
    table = ng.build_oncoprint(demo_cohort(), genes=["MEN1"], tracks=["origin"])
    shown = table.patients.set_index("patient_id")
    site = demo_cohort().patients.set_index("patient_id").loc[shown.index]
    assert shown["origin"].tolist() == site["origin"].tolist()
    assert shown["group"].tolist() == site["origin_group3"].tolist()
