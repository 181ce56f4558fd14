"""A cohort as a study folder: what cBioPortal's validator wants, and what netgen reads back."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner

import netgen as ng
from netgen.cli import main
from netgen.errors import AnalysisError
from netgen.genomics.panel_files import read_panel_file
from netgen.study import AssociationSettings
from tests.demo_run import demo_cohort
from tests.report.cbioportal_rules import broken_rules, pairs, table
from tests.study_files import cbioportal, panel, write_files

if TYPE_CHECKING:
    from pathlib import Path

KEYS = ["sample_id", "gene", "chrom", "pos", "ref", "alt", "variant_class", "hgvsp_short"]
SHARED = {
    "es_0": "cbio_study_es_0/study_es_0",
    "panet": "cbio_panet_arcnet_2017/panet_arcnet_2017",
    "lung": "cbio_lung_msk_2017/lung_msk_2017",
    "glioma": "cbio_odg_msk_2017/odg_msk_2017",
}


def same_rows(left: pd.DataFrame, right: pd.DataFrame, columns: list[str]) -> bool:
    first, second = (
        frame[columns].astype("string").fillna("").sort_values(columns).reset_index(drop=True)
        for frame in (left, right)
    )
    return bool(first.equals(second))


def outcome(cohort: ng.Cohort, name: str) -> pd.DataFrame:
    settings = AssociationSettings(entry_rule="none")
    table = ng.build_endpoint(cohort, name, settings).table
    return table[["patient_id", "time_days", "event"]].set_index("patient_id")


def check_round_trip(cohort: ng.Cohort, again: ng.Cohort) -> None:
    plain = AssociationSettings()
    assert ng.build_matrix(again, plain).hash == ng.build_matrix(cohort, plain).hash
    for name in ("sex", "age_at_diagnosis", "origin", "who_grade", "ki67_pct", "smoking", "vital_status", "ecog_ps"):
        assert same_rows(cohort.patients, again.patients, ["patient_id", name]), name
    for name in ("patient_id", "sample_class", "sample_type", "panel_id"):
        assert same_rows(cohort.samples, again.samples, ["sample_id", name]), name
    assert same_rows(cohort.variants, again.variants, KEYS)
    assert same_rows(cohort.copy_number, again.copy_number, ["sample_id", "gene", "value"])
    somatic = cohort.fusions[cohort.fusions["status"] != "GERMLINE"]
    assert same_rows(somatic, again.fusions, ["sample_id", "gene1", "gene2", "sv_class", "frame", "orientation"])
    data_types = ["sample_id", "mutations", "cna", "structural_variants"]
    listed = cohort.profiles[cohort.profiles["sample_id"].isin(cohort.samples["sample_id"])]
    renamed = listed[data_types].replace({r"[^A-Za-z0-9._-]": "_"}, regex=True)
    assert same_rows(renamed, again.profiles, data_types)
    genes = cohort.panel_genes.assign(panel_id=cohort.panel_genes["panel_id"].str.replace(":", "_"))
    assert same_rows(genes, again.panel_genes, ["panel_id", "gene", "partial"])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "study"
    ng.write_cbioportal(demo_cohort(), folder)
    return folder


@pytest.fixture(scope="module")
def demo_again(demo: Path) -> ng.Cohort:
    return ng.read_cohort(demo)


# ---------------------------------------------------------------- the demo
def test_write_cbioportal__keeps_the_rules_of_the_validator(demo: Path) -> None:
    assert broken_rules(demo) == []


def test_write_cbioportal__the_demo_is_read_back(demo_again: ng.Cohort) -> None:
    check_round_trip(demo_cohort(), demo_again)


@pytest.mark.parametrize("name", ["os", "dss", "pfs", "pfs@line:2", "ttp", "ttnt"])
def test_write_cbioportal__endpoints_of_the_demo_are_read_back(demo_again: ng.Cohort, name: str) -> None:
    recorded = name.replace("@line:", "_line")
    pd.testing.assert_frame_equal(outcome(demo_cohort(), name), outcome(demo_again, recorded))


def test_write_cbioportal__lines_and_assessments_keep_their_days(demo_again: ng.Cohort) -> None:
    demo = demo_cohort()
    diagnosis = demo.patients.set_index("patient_id")["date_diagnosis"]
    for name, column in (("treatments", "date_start"), ("assessments", "date"), ("imaging", "date")):
        before, after = getattr(demo, name), getattr(demo_again, name)
        days = (before[column] - before["patient_id"].map(diagnosis)).dt.days
        counted = pd.DataFrame({"patient_id": before["patient_id"], "day": days})
        offsets = pd.DataFrame({"patient_id": after["patient_id"], "day": (after[column] - pd.Timestamp(0)).dt.days})
        assert same_rows(counted, offsets, ["patient_id", "day"]), name
    assert set(demo_again.patients["time_base"]) == {"offset"}
    both = ["patient_id", "line_number", "regimen_class"]
    assert same_rows(demo.treatments, demo_again.treatments, both)


def test_write_cbioportal__no_absolute_date_is_written(demo: Path) -> None:
    date = re.compile(r"\b(19|20)\d\d-\d\d-\d\d\b")
    for path in demo.rglob("*.txt"):
        assert not date.search(path.read_text(encoding="utf-8")), path.name


def test_write_cbioportal__says_what_is_in_a_study(demo: Path) -> None:
    study = pairs(demo / "meta_study.txt")
    assert (study["type_of_cancer"], study["reference_genome"]) == ("mixed", "hg38")
    header, rows, _ = table(demo / "data_clinical_patient.txt")
    assert (header[:3], len(rows)) == (["PATIENT_ID", "OS_STATUS", "OS_MONTHS"], 34)
    assert pairs(demo / "data_gene_panel_A.txt")["stable_id"] == "A"
    assert len(pairs(demo / "case_lists" / "cases_sequenced.txt")["case_list_ids"].split("\t")) == 34
    assert not (demo / "data_cna.txt").exists()


# ---------------------------------------------------------------- what the demo does not have
PATIENTS = """
    PATIENT_ID SEX OS_STATUS OS_MONTHS MUTATION_COUNT VISITED SURNAME SAMPLE_TYPE WORDS
    P1 Male 1:DECEASED 10 3 2020-03-01 Rossi a "quo
    P2 Female LIVING 20 4 NA Bianchi b =1+1
    P3 Male 0:LIVING NA 5 NA NA NA NA
    """
SAMPLES = """
    PATIENT_ID SAMPLE_ID ONCOTREE_CODE SEX WORDS
    P1 S1 PANET x y
    P2 S2 PANET x y
    P3 S3 PANET x y
    """
MATRIX = """
    SAMPLE_ID mutations cna structural_variants
    S1 PA PA PA
    S2 wgs PA NA
    S3 NA NA NA
    """
META = "cancer_study_identifier: tiny\ngenetic_alteration_type: {}\ndatatype: {}\nstable_id: {}\ndata_filename: {}\n"
EXTRA = {
    "data_gene_panel_PA.txt": panel("PA", "MEN1", "TP53", "ALK"),
    "meta_cna.txt": META.format("COPY_NUMBER_ALTERATION", "DISCRETE_LONG", "cna", "data_cna.txt"),
    "data_cna.txt": "Hugo_Symbol\tSample_Id\tValue\nMEN1\tS1\t-2\nTP53\tS2\t-1.5\nALK\tS2\tNA\n",
    "meta_sv.txt": META.format("STRUCTURAL_VARIANT", "SV", "structural_variants", "data_sv.txt"),
    "data_sv.txt": "Sample_Id\tSite1_Hugo_Symbol\tSite2_Hugo_Symbol\tSV_Status\tClass\tEvent_Info\n"
    "S1\tEML4\tALK\tSOMATIC\tINVERSION\tEML4::ALK\nS1\tMEN1\t\tGERMLINE\tDELETION\t\n",
}


@pytest.fixture
def tiny(tmp_path: Path) -> ng.Cohort:
    files = cbioportal(PATIENTS, SAMPLES, (("S1", "MEN1"), ("S2", "RB1")), matrix=MATRIX)
    return ng.read_cohort(write_files(tmp_path / "tiny", {**files, **EXTRA}))


def test_write_cbioportal__every_profile_is_read_back(tiny: ng.Cohort, tmp_path: Path) -> None:
    names = ng.write_cbioportal(tiny, tmp_path / "out")
    assert broken_rules(tmp_path / "out") == []
    check_round_trip(tiny, ng.read_cohort(tmp_path / "out"))
    assert {"data_cna.txt", "data_sv.txt", "data_gene_panel_wgs.txt", "case_lists/cases_sv.txt"} <= set(names)
    header, rows, _ = table(tmp_path / "out" / "data_cna.txt")
    assert (header, rows) == (
        ["Hugo_Symbol", "S1", "S2"],
        [["ALK", "0", "NA"], ["MEN1", "-2", "0"], ["TP53", "0", "-1.5"]],
    )


def test_write_cbioportal__leaves_out_what_must_not_be_shared_and_says_so(tiny: ng.Cohort, tmp_path: Path) -> None:
    ng.write_cbioportal(tiny, tmp_path / "out")
    header, rows, _ = table(tmp_path / "out" / "data_clinical_patient.txt")
    assert {"MUTATION_COUNT", "VISITED", "SURNAME", "SAMPLE_TYPE"}.isdisjoint(header)
    assert [row[header.index("SAMPLE_TYPE_ORIGINAL")] for row in rows] == ["a", "b", "NA"]
    assert [row[header.index("WORDS")] for row in rows] == ["'quo", "'=1+1", "NA"]
    assert table(tmp_path / "out" / "data_clinical_sample.txt")[0][-2:] == ["SEX_ORIGINAL", "SAMPLE_WORDS"]
    assert table(tmp_path / "out" / "not_exported.tsv")[1] == [
        ["VISITED", "It holds absolute dates."],
        ["SURNAME", "It looks like a name, a birth date or a record number."],
        ["germline", "1 germline structural variants are not exported."],
    ]


def test_write_cbioportal__germline_only_if_asked_for(tiny: ng.Cohort, tmp_path: Path) -> None:
    germline = tiny.variants.head(1).assign(gene="TP53", mutation_status="GERMLINE")
    cohort = dataclasses.replace(tiny, germline=germline)
    ng.write_cbioportal(cohort, tmp_path / "a")
    ng.write_cbioportal(cohort, tmp_path / "b", germline=True)
    counts = [len(table(tmp_path / name / file)[1])
              for name in "ab" for file in ("data_mutations.txt", "data_sv.txt")]  # fmt: skip
    assert counts == [2, 1, 3, 2]


def test_write_cbioportal__one_build_keeps_its_positions(tiny: ng.Cohort, tmp_path: Path) -> None:
    variants = pd.concat([tiny.variants, tiny.variants.head(1).assign(gene="ATRX", build="GRCh38")], ignore_index=True)
    ng.write_cbioportal(dataclasses.replace(tiny, variants=variants), tmp_path / "out")
    header, rows, _ = table(tmp_path / "out" / "data_mutations.txt")
    places = {row[0]: [row[header.index(name)] for name in ("NCBI_Build", "Start_Position")] for row in rows}
    assert places == {"ATRX": ["", ""], "MEN1": ["GRCh37", "64572018"], "RB1": ["GRCh37", "48941648"]}
    assert broken_rules(tmp_path / "out") == []
    assert "1 variants are not on GRCh37" in (tmp_path / "out" / "not_exported.tsv").read_text()


def test_write_cbioportal__indels_have_the_positions_of_a_maf(tiny: ng.Cohort, tmp_path: Path) -> None:
    """An insertion before base 101 lies between 100 and 101; a deletion of 101 and 102 spans both."""
    row = tiny.variants.head(1)
    variants = pd.concat([
        row.assign(gene="A", pos=101, ref="-", alt="T"), row.assign(gene="B", pos=101, ref="AC", alt="-"),
        row.assign(gene="C", pos=101, ref="AC", alt="GT"), row.assign(gene="D", pos=101, ref="ACG", alt="T"),
    ], ignore_index=True)  # fmt: skip
    ng.write_cbioportal(dataclasses.replace(tiny, variants=variants), tmp_path / "out")
    header, rows, _ = table(tmp_path / "out" / "data_mutations.txt")
    wanted = ("Start_Position", "End_Position", "Variant_Type", "Reference_Allele", "Tumor_Seq_Allele2")
    assert [[row[header.index(name)] for name in wanted] for row in rows] == [
        ["100", "101", "INS", "-", "T"],
        ["101", "102", "DEL", "AC", "-"],
        ["101", "102", "DNP", "AC", "GT"],
        ["101", "103", "DEL", "ACG", "T"],
    ]


def test_write_cbioportal__refuses_a_cohort_without_samples(tiny: ng.Cohort, tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="E_NO_PATIENTS: a study of cBioPortal needs samples"):
        ng.write_cbioportal(dataclasses.replace(tiny, samples=tiny.samples.head(0)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_read_panel_file__reads_what_netgen_writes_beside_the_three_keys(tmp_path: Path) -> None:
    path = tmp_path / "p.txt"
    path.write_text(
        "stable_id: P\ndescription: hot spots\nassay_type: pcr\nsize_mb: 0.1\nprofiles: mutations;cna\n"
        "partial_genes: TP53\ngene_list: TP53\tRB1\n"
    )
    found = read_panel_file(path, findings=ng.Findings())
    assert (found.genes, found.partial, found.assay_type) == (("RB1", "TP53"), {"TP53"}, "pcr")
    assert (found.size_mb, found.profiles, found.genes_mode) == (0.1, ("mutations", "cna"), "list")


# ---------------------------------------------------------------- real studies
@pytest.mark.shared
@pytest.mark.parametrize("name", SHARED)
def test_write_cbioportal__real_studies_are_read_back(name: str, shared: Path, tmp_path: Path) -> None:
    cohort = ng.read_cohort(shared / "data" / SHARED[name])
    ng.write_cbioportal(cohort, tmp_path / "out")
    assert broken_rules(tmp_path / "out") == []
    again = ng.read_cohort(tmp_path / "out")
    check_round_trip(cohort, again)
    columns = ["patient_id", "endpoint", "time_days", "event"]
    assert same_rows(cohort.recorded_endpoints, again.recorded_endpoints, columns)


# ---------------------------------------------------------------- the command
@pytest.mark.usefixtures("tiny")
def test_export__writes_the_study_once(tmp_path: Path) -> None:
    given, out = str(tmp_path / "tiny"), str(tmp_path / "portal")
    done = CliRunner().invoke(main, ["export", given, "--to", "cbioportal", "--out", out, "--quiet"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert broken_rules(tmp_path / "portal") == []
    again = CliRunner().invoke(main, ["export", given, "--to", "cbioportal", "--out", out])
    assert again.exit_code == 1
    forced = CliRunner().invoke(main, ["export", given, "--to", "cbioportal", "--out", out, "--force"])
    assert "files of 3 patients and 3 samples" in forced.stdout
    assert CliRunner().invoke(main, ["export", given, "--to", "excel"]).exit_code == 2
