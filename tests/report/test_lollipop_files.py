"""``netgen lollipop``: counts are those of the matrix, and what is written is what is drawn."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner

import netgen as ng
from netgen.cli import main
from netgen.errors import AnalysisError, InputError
from netgen.report.lollipop_files import read_domains
from tests.demo_run import demo_cohort, demo_result


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the command printed, and its folder."""
    out = tmp_path_factory.mktemp("lollipop") / "out"
    domains = out.parent / "domains.tsv"
    domains.write_text("gene\tname\tstart\tend\nTP53\tDNA binding\t102\t292\n", encoding="utf-8")
    words = ["lollipop", "demo", "--gene", "TP53=393,MEN1=610", "--domains", str(domains), "--out", str(out)]
    return CliRunner().invoke(main, words, catch_exceptions=False), out


def test_lollipop__writes_a_figure_and_a_table_per_gene(run):
    answer, out = run
    assert answer.exit_code == 0
    names = {f"lollipop_{gene}.{kind}" for gene in ("TP53", "MEN1") for kind in ("pdf", "svg", "png", "tsv")}
    assert {path.name for path in out.iterdir() if not path.name.startswith(".")} == {*names, "provenance.json"}
    assert json.loads((out / "provenance.json").read_text(encoding="utf-8"))["matrix_hash"]


def test_lollipop__counts_patients_of_the_matrix_behind_the_associations(run):
    table = pd.read_csv(run[1] / "lollipop_TP53.tsv", sep="\t")
    detail = ng.build_matrix(demo_cohort()).detail
    own = detail.loc[(detail["gene"] == "TP53") & (detail["kind"] == "mutation")]
    residues = own.assign(residue=own["label"].str.extract(r"(\d+)")).drop_duplicates(["patient_id", "residue"])
    assert table["n"].sum() == len(residues) == len(own) - 1  # P22 has p.R248L and p.R248Q
    altered = demo_result().table.query("endpoint == 'os' and feature == 'TP53'")["n_altered"].item()
    shown = (run[1] / "lollipop_TP53.svg").read_text(encoding="utf-8")
    assert f"altered in {altered} of 34 patients" in shown
    assert demo_result().matrix_hash[:12] in shown


@pytest.mark.parametrize("given", ["TP53", "TP53=", "=393", "TP53=long"])
def test_lollipop__needs_the_length_of_the_protein(given, tmp_path):
    answer = CliRunner().invoke(main, ["lollipop", "demo", "--gene", given, "--out", str(tmp_path / "out")])
    assert answer.exit_code == 2
    assert "is not GENE=LENGTH" in answer.output


def test_lollipop__a_gene_that_nobody_was_sequenced_for_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(AnalysisError, match="NOTAGENE was sequenced in nobody"):
        ng.write_lollipop(demo_cohort(), {"NOTAGENE": 100}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("proteins", "formats", "text"),
    [({}, ("pdf",), "found no gene"), ({"TP53": 0}, ("pdf",), "TP53 = 0"), ({"TP53": 393}, ("gif",), "format gif")],
)
def test_lollipop__refuses_what_it_cannot_draw(proteins, formats, text, tmp_path):
    with pytest.raises(AnalysisError, match=text):
        ng.write_lollipop(demo_cohort(), proteins, tmp_path / "out", formats=formats)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("gene\tname\tstart\nTP53\tx\t1\n", "found no end"),
        ("gene\tname\tstart\tend\nTP53\tx\t1\tmany\n", "whole number"),
        ("", "table of domains"),
    ],
)
def test_read_domains__names_what_is_wrong(content, text, tmp_path):
    path = tmp_path / "domains.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=text):
        read_domains(path)
