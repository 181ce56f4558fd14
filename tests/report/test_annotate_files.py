"""``netgen annotate``: every alteration that counts, with its level, and nothing else."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner

import netgen as ng
from netgen.cli import main
from netgen.data import demo_folder
from netgen.errors import AnalysisError
from netgen.genomics.maf import read_maf
from netgen.genomics.vcf import read_vcf
from netgen.report.annotate_files import add_best_level, write_annotation
from tests.demo_run import demo_cohort


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the command printed of the demo cohort, and its folder."""
    out = tmp_path_factory.mktemp("annotate") / "out"
    words = ["annotate", "demo", "--formats", "maf,vcf", "--out", str(out)]
    return CliRunner().invoke(main, words, catch_exceptions=False), out


def table(folder, name):
    return pd.read_csv(folder / name, sep="\t", keep_default_na=False)


def test_annotate__writes_the_variants_that_count_and_counts_the_others(run):
    answer, out = run
    assert answer.exit_code == 0
    assert len(table(out, "variants.tsv")) == len(demo_cohort().variants)
    qc = table(out, "variant_qc.tsv")
    assert qc.groupby("reason")["n"].sum().to_dict() == demo_cohort().variant_qc.groupby("reason")["n"].sum().to_dict()
    assert "Left out: 29 filter, 11 population." in answer.output


def test_annotate__levels_are_those_of_the_hits(run):
    hits = table(run[1], "actionability.tsv")
    assert (hits["research_use"] != "").all()
    variants = table(run[1], "variants.tsv")
    own = variants.loc[(variants["sample_id"] == "P01-T") & (variants["gene"] == "TSC2")].iloc[0]
    told = hits.loc[(hits["sample_id"] == "P01-T") & (hits["gene"] == "TSC2") & (hits["direction"] == "sensitivity")]
    assert set(told["level"]) == {own["best_level"]} == {"N4"}
    assert own["therapies"] == "everolimus"
    unknown = variants.loc[variants["gene"] == "SETD2", "best_level"]
    assert set(unknown) == {"NA"}


def test_annotate__the_ledger_says_who_was_not_sequenced_for_what(run):
    ledger = table(run[1], "coverage.tsv")
    matrix = ng.build_matrix(demo_cohort())
    row = matrix.status[matrix.features.get_loc("TSC2")]
    unprofiled = set(matrix.patients[row < 0])
    mutations = ledger.loc[(ledger["gene"] == "TSC2") & (ledger["profile"] == "mutations")]
    assert set(mutations.loc[mutations["status"] == "not_profiled", "patient_id"]) == unprofiled
    assert len(unprofiled) == 11


def test_annotate__maf_and_vcf_hold_the_same_variants(run):
    _, out = run
    key = ["sample_id", "gene", "chrom", "pos", "ref", "alt", "variant_class"]
    wanted = demo_cohort().variants[key].sort_values(key, ignore_index=True)
    maf = read_maf(out / "variants.maf", findings=ng.Findings()).variants[key].sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(maf, wanted)
    copy = out / "P01-T.annotated.vcf"
    assert "NETGEN_BEST_LEVEL=N4" in copy.read_text(encoding="utf-8")
    given = demo_folder() / "vcf" / "P01-T.vcf.gz"
    before, after = (read_vcf(path, findings=ng.Findings()).variants for path in (given, copy))
    pd.testing.assert_frame_equal(before[key], after[key])


def test_annotate__two_hits_of_one_variant_give_the_best_level_and_its_therapies():
    variants = demo_cohort().variants.head(2)
    first = variants.iloc[0]
    place = {"sample_id": first["sample_id"], "gene": first["gene"], "file": first["file"], "row": first["row"]}
    altered = pd.DataFrame([{"alteration_id": 7, **place}])
    hits = pd.DataFrame(
        [(7, "N4", "a", "sensitivity"), (7, "N3B", "c", "sensitivity"), (7, "N3B", "b", "sensitivity"),
         (7, "N1", "d", "resistance")],
        columns=["alteration_id", "level", "therapy", "direction"],
    )  # fmt: skip

    class Given:
        alterations = altered

    Given.hits = hits
    found = add_best_level(variants, Given)
    assert found[["best_level", "therapies"]].fillna("").to_numpy().tolist() == [["N3B", "b;c"], ["", ""]]


def test_annotate__an_unknown_format_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(AnalysisError, match="tsv, maf, vcf, found xlsx"):
        write_annotation(demo_cohort(), tmp_path / "out", formats=["xlsx"])
    assert not (tmp_path / "out").exists()


def test_annotate__a_single_file_needs_no_table_of_patients(tmp_path):
    given = demo_folder() / "vcf" / "P01-T.vcf.gz"
    words = ["annotate", str(given), "--assay", "wes", "--oncotree", "PANET", "--out", str(tmp_path / "out")]
    answer = CliRunner().invoke(main, words, catch_exceptions=False)
    assert answer.exit_code == 0
    rows = table(tmp_path / "out", "variants.tsv")
    assert set(rows["sample_id"]) == {"P01-T"}
    record = json.loads((tmp_path / "out" / "provenance.json").read_text(encoding="utf-8"))
    assert [item["role"] for item in record["inputs"]] == ["vcf"]
    assert set(table(tmp_path / "out", "coverage.tsv")["source"]) == {"assay", "NA"}


def test_annotate__a_file_that_cannot_be_read_stops_everything(tmp_path):
    bad = tmp_path / "bad.vcf"
    bad.write_text("##fileformat=VCFv4.2\nno header\n", encoding="utf-8")
    answer = CliRunner().invoke(main, ["annotate", str(bad), "--out", str(tmp_path / "out")])
    assert answer.exit_code == 1
    assert "E_FILE_FORMAT" in answer.output
    assert not (tmp_path / "out").exists()
