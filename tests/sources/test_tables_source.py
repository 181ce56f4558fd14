"""A ``tables`` source: files in any column naming become canonical tables, and whoever is left out is counted."""

from __future__ import annotations

import pandas as pd
import pytest

import netgen as ng
from netgen.errors import Findings, SchemaError
from netgen.study_of import QuickLook
from tests.study_files import maf, panel, write_files

PATIENTS = """
    ID,site,type,batch,os_months,os_status
    P1,lung,NET,1,10,dead
    P2,lung,NEC,1,20,alive
    P3,thymic,NET,,30,dead
    P4,thymic, NET ,2,40,alive
    """
OS = """
    [endpoints.os]
    time = "os_months"
    event = "os_status"
    unit = "months"
    """
SOURCE = """
    [[source]]
    kind = "tables"
    [source.patients]
    file = "patients.csv"
    columns = { patient_id = "ID", origin = "site" }
    """


@pytest.fixture
def read(tmp_path):
    """Return a function that writes files and reads the study of ``toml``."""

    def read_files(toml, files=None, **reading):
        write_files(tmp_path, {"patients.csv": PATIENTS, **(files or {}), "study.toml": toml + OS})
        return ng.read_cohort(tmp_path / "study.toml", **reading)

    return read_files


def problems(read, *args, **kwargs):
    """Return code, place and message of every error."""
    with pytest.raises(SchemaError) as caught:
        read(*args, **kwargs)
    return [(item.code, item.file, item.row, item.message) for item in caught.value.findings.of("E")]


def steps(cohort):
    return {step.name: (step.n_in, step.n_out, step.excluded) for step in cohort.flow.steps}


def cells(cohort):
    """Return the matrix as text: gene -> one letter per patient, 1 altered, 0 wild type, - not profiled."""
    frame = ng.build_matrix(cohort).to_frame()
    return {gene: "".join("-" if pd.isna(cell) else str(cell) for cell in frame[gene]) for gene in frame}


def test_tables__columns_are_mapped(read):
    patients = read(SOURCE).patients
    assert list(patients["patient_id"]) == ["P1", "P2", "P3", "P4"]
    assert list(patients["origin"]) == ["lung", "lung", "thymic", "thymic"]
    assert list(patients["origin_group2"].unique()) == ["thoracic"]


def test_tables__set_gives_a_constant_to_every_patient(read):
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\n    set = { oncotree_code = "LUCA", centre = "Lyon" }')
    cohort = read(toml)
    assert set(cohort.patients["oncotree_code"]) == {"LUCA"}
    assert set(cohort.patients["centre"]) == {"Lyon"}


def test_tables__recorded_endpoints_become_days(read):
    recorded = read(SOURCE).recorded_endpoints.set_index("patient_id")
    assert recorded["time_days"].to_dict() == {"P1": 304, "P2": 609, "P3": 913, "P4": 1218}  # round(months * 30.4375)
    assert recorded["event"].to_dict() == {"P1": True, "P2": False, "P3": True, "P4": False}


def test_tables__where_keeps_rows_and_counts_the_others(read):
    cohort = read(SOURCE + 'where = { type = ["NET"] }\n    where_present = ["batch"]')
    assert list(cohort.patients["patient_id"]) == ["P1", "P4"]
    assert steps(cohort) == {
        "screened": (4, 4, {}),
        "selected": (4, 2, {"not_selected": 2}),
        "de-duplicated": (2, 2, {}),
        "valid": (2, 2, {}),
        "eligible": (2, 2, {}),
    }


def test_tables__what_other_tables_say_of_patients_not_selected_goes_with_them(read):
    samples = "sample_id,patient_id\nT1,P1\nT2,P2\nT4,P4\n"
    cohort = read(SOURCE + 'where = { type = "NET" }\n    [source.samples]\n    file = "s.csv"', {"s.csv": samples})
    assert list(cohort.samples["sample_id"]) == ["T1", "T4"]
    assert (problems(read, SOURCE + '[source.samples]\n    file = "s.csv"', {"s.csv": samples + "T9,P9\n"})) == [
        ("E_FOREIGN_KEY", "s.csv", 5, "A row of samples must belong to a patient of the table of patients, found P9.")
    ]


@pytest.mark.parametrize(
    ("where", "code", "message"),
    [
        ('where = { typ = "NET" }', "E_COLUMN_MISSING", "There is no column 'typ'. It is to select rows."),
        ('where_present = ["batches"]', "E_COLUMN_MISSING", "There is no column 'batches'. It is to select rows."),
        ('where = { type = "SCLC" }', "E_CONFIG", "must keep some rows, they keep none of 4."),
    ],
)
def test_tables__a_selection_that_selects_nothing_is_an_error(read, where, code, message):
    ((found, file, _, text),) = problems(read, SOURCE + where)
    assert (found, file) == (code, "patients.csv")
    assert message in text


def test_tables__every_file_is_listed_with_its_rows(read):
    files = {
        "s.csv": "sample_id,patient_id,panel_id\nT1,P1,A\n",
        "a.txt": panel("A", "MEN1"),
        "x.maf": maf(("T1", "MEN1")),
        "m.csv": "ID,TP53\nP2,1\n",
        "scans.csv": "patient_id,date,overall_response\n",
    }
    toml = SOURCE.replace(
        'kind = "tables"',
        'kind = "tables"\nvariants = "x.maf"\npanel = "a.txt"\nsamples = "s.csv"\nassessments = "scans.csv"\n'
        'alterations = { file = "m.csv", layout = "matrix" }',
    )
    inputs = read(toml, files).inputs
    assert [(item.role, item.path.rsplit("/", 1)[1], item.n_rows) for item in inputs] == [
        ("patients", "patients.csv", 4),
        ("samples", "s.csv", 1),
        ("assessments", "scans.csv", 0),
        ("panel", "a.txt", 1),
        ("maf", "x.maf", 1),
        ("alterations", "m.csv", 1),
    ]
    assert all(len(item.sha256) == 64 for item in inputs)


def test_matrix__is_three_valued(read):
    matrix = "ID,MEN1,TP53\nP1,1,0\nP2,0,NA\nP3,,1\n"
    cohort = read(SOURCE + '[source.alterations]\n    file = "m.csv"\n    layout = "matrix"', {"m.csv": matrix})
    assert cells(cohort) == {"MEN1": "10--", "TP53": "0-1-"}


def test_matrix__of_patients_is_given_to_their_samples(read):
    files = {
        "m.csv": "patient,MEN1\nP1,1\nP2,0\nP3,1\nP9,1\n",
        "s.csv": "sample_id,patient_id\nT1,P1\nT2a,P2\nT2b,P2\n",
    }
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nsamples = "s.csv"')
    cohort = read(toml + '[source.alterations]\n    file = "m.csv"\n    layout = "matrix"', files)
    assert cohort.calls is not None
    assert cohort.calls["MEN1"].to_dict() == {"T1": 1, "T2a": 0, "T2b": 0}
    assert cells(cohort) == {"MEN1": "10--"}
    (lost,) = [item for item in cohort.findings if item.code == "W_PATIENT_UNLINKED"]
    assert lost.message == "2 of 4 gene calls belong to no patient with a sample (P3 ...)."


def test_matrix__of_samples_is_taken_by_sample(read):
    files = {"m.csv": "sample,MEN1\nT2a,0\nT2b,1\n", "s.csv": "sample_id,patient_id\nT2a,P2\nT2b,P2\n"}
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nsamples = "s.csv"')
    cohort = read(toml + '[source.alterations]\n    file = "m.csv"\n    layout = "matrix"', files)
    assert cohort.calls is not None
    assert cohort.calls["MEN1"].to_dict() == {"T2a": 0, "T2b": 1}
    assert cells(cohort) == {"MEN1": "-1--"}


CARRIERS = '[source.alterations]\n    file = "c.csv"\n    layout = "carriers"\n    gene_column = "symbol"\n    '


def test_carriers__of_the_patients_in_whom_a_column_is_filled(read):
    carriers = "ID,symbol\nP1,MEN1\nP4,TP53\nP1,MEN1\n"
    cohort = read(SOURCE + CARRIERS + 'profiled = "batch"', {"c.csv": carriers})
    assert cells(cohort) == {"MEN1": "10-0", "TP53": "00-1"}


def test_carriers__of_all_patients(read):
    cohort = read(
        SOURCE + CARRIERS + 'profiled = "all"\n    genes = ["MEN1", "DAXX"]', {"c.csv": "ID,symbol\nP1,MEN1\n"}
    )
    assert cells(cohort) == {"DAXX": "0000", "MEN1": "1000"}


@pytest.mark.parametrize(
    ("profiled", "code", "message"),
    [
        ("", "E_NO_PANEL", "does not say who was sequenced"),
        ('profiled = "sequenced"', "E_COLUMN_MISSING", "profiled must name a patient column; 'sequenced' is not one."),
        ('profiled = "batch"', "E_FOREIGN_KEY", "A carrier must be among the profiled, P3 is not"),
    ],
)
def test_carriers__must_say_who_was_sequenced(read, profiled, code, message):
    ((found, file, _, text),) = problems(read, SOURCE + CARRIERS + profiled, {"c.csv": "ID,symbol\nP3,MEN1\n"})
    assert (found, file) == (code, "c.csv")
    assert message in text


def test_variants__of_a_panel_make_its_other_genes_wild_type(read):
    files = {"x.maf": maf(("P1", "TP53"), ("P3", "MEN1")), "a.txt": panel("A", "MEN1", "TP53", "DAXX")}
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nvariants = ["*.maf"]\npanel = "a.txt"')
    assert cells(read(toml, files)) == {"DAXX": "0-0-", "MEN1": "0-1-", "TP53": "1-0-"}


def test_variants__of_an_exome_cover_the_samples_of_the_file_and_of_its_list(read):
    files = {"x.maf": maf(("P1", "TP53"), sequenced=("P1", "P2"))}
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nvariants = "x.maf"\nassay = "wes"')
    assert cells(read(toml, files)) == {"TP53": "10--"}


def test_variants__the_panel_of_a_sample_stands_in_the_sample_table(read):
    files = {
        "x.maf": maf(("T1", "TP53"), ("T2", "TP53")),
        "s.csv": "sample_id,patient_id,panel_id\nT1,P1,A\nT2,P2,B\nT3,P3,A\n",
        "a.txt": panel("A", "MEN1", "TP53"),
        "b.txt": panel("B", "TP53"),
    }
    toml = SOURCE.replace(
        'kind = "tables"', 'kind = "tables"\nvariants = "x.maf"\nsamples = "s.csv"\npanels = ["a.txt", "b.txt"]'
    )
    assert cells(read(toml, files)) == {"MEN1": "0-0-", "TP53": "110-"}


def test_variants__without_an_assay_name_the_three_remedies(read):
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nvariants = "x.maf"')
    with pytest.raises(SchemaError) as caught:
        read(toml, {"x.maf": maf(("P1", "TP53"))})
    (item,) = caught.value.findings.of("E")
    assert item.code == "E_NO_PANEL"
    assert "absent genes cannot be told from negative ones" in item.message
    assert all(remedy in item.fix for remedy in ("--assay wes or wgs", "--panel FILE", "--assume-profiled"))


def test_variants__genes_seen_anywhere_may_be_assumed_profiled(read):
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nvariants = "x.maf"\nassume_profiled = true')
    assert cells(read(toml, {"x.maf": maf(("P1", "TP53"), ("P2", "MEN1"))})) == {"MEN1": "01--", "TP53": "10--"}


@pytest.mark.parametrize("pattern", ["none.maf", "vcf/*.vcf"])
def test_variants__a_pattern_that_matches_nothing_is_an_error(read, pattern):
    toml = SOURCE.replace('kind = "tables"', f'kind = "tables"\nvariants = "{pattern}"')
    ((code, _, _, message),) = problems(read, toml)
    assert (code, message) == ("E_FILE_MISSING", f"no variant file matches {pattern!r}.")


def test_variants__a_folder_stands_for_the_sequencing_files_in_it(read):
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nvariants = "calls"\nassay = "wes"')
    cohort = read(toml, {"calls/x.maf": maf(("P1", "TP53")), "calls/notes.txt": "call me\n"})
    assert cohort.variants["gene"].tolist() == ["TP53"]
    (note,) = [item for item in cohort.findings if item.code == "I_FILE_IGNORED"]
    assert "1 files of the folder are no sequencing files: notes.txt" in note.message


def test_variants__a_folder_without_a_sequencing_file_is_an_error(read):
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nvariants = "calls"\nassay = "wes"')
    ((code, file, _, message),) = problems(read, toml, {"calls/notes.txt": "call me\n"})
    assert (code, message) == ("E_FILE_MISSING", "No sequencing file lies in this folder.")
    assert file.endswith("calls")


@pytest.mark.parametrize(
    ("keys", "column"),
    [
        ('layout = "matrix", id_column = "nope"', "nope"),
        ('layout = "matrix", genes = ["TP53", "XYZ9"]', "XYZ9"),
        ('layout = "carriers", profiled = "all"', "gene"),
        ('layout = "carriers", profiled = "all", gene_column = "symbol"', "symbol"),
        ('layout = "carriers", profiled = "all", gene_column = "TP53", id_column = "nope"', "nope"),
    ],
)
def test_alterations__a_column_that_is_not_there_is_named(read, keys, column):
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nalterations = { file = "g.csv", ' + keys + " }")
    ((code, file, _, message),) = problems(read, toml, {"g.csv": "ID,TP53\nP1,1\n"})
    assert (code, file) == ("E_COLUMN_MISSING", "g.csv")
    assert message.startswith(f"There is no column {column!r}. It is named under alterations.")


def test_samples__a_table_without_samples_is_an_error(read):
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nsamples = "s.csv"')
    ((code, file, _, message),) = problems(read, toml, {"s.csv": "patient_id,age\nP1,50\nP2,60\n"})
    assert (code, file) == ("E_COLUMN_MISSING", "s.csv")
    assert "'sample_id'" in message


def test_variants__of_samples_that_no_patient_has_are_reported_not_lost(read):
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nvariants = "x.maf"\nassay = "wes"')
    cohort = read(toml, {"x.maf": maf(("P1", "TP53"), ("X7", "TP53"))})
    findings = Findings()
    ng.build_matrix(cohort, findings=findings)
    (item,) = [item for item in findings if item.code == "W_PATIENT_UNLINKED"]
    assert (item.message, item.value) == ("1 alteration(s) of 1 sample(s) belong to no row of the sample table.", "X7")


def test_tables__a_table_of_samples_is_read_as_one_sample_per_patient(read):
    patients = "Tumor_Sample_Barcode,site,os_months,os_status\nT1,lung,10,dead\nT2,lung,20,alive\n"
    toml = '[[source]]\nkind = "tables"\nvariants = "x.maf"\nassay = "wes"\npatients = "patients.csv"\n'
    cohort = read(toml, {"patients.csv": patients, "x.maf": maf(("T1", "TP53"), ("T2", "MEN1"))})
    assert list(cohort.patients["patient_id"]) == list(cohort.samples["sample_id"]) == ["T1", "T2"]
    assert cells(cohort) == {"MEN1": "01", "TP53": "10"}
    assert any("one sample per patient" in item.message for item in cohort.findings.of("I"))


TWICE = """
    ID,site,sex,os_months,os_status
    P1,lung,male,10,dead
    P1,lung,male,10,dead
    P2,lung,male,20,alive
    P2,lung,female,20,alive
    P3,lung,male,30,dead
    """


def test_duplicates__identical_rows_are_one_patient_and_a_conflict_stops(read):
    assert problems(read, SOURCE, {"patients.csv": TWICE}) == [
        ("E_DUP_CONFLICT", "patients.csv", 5, "P2 has 2 rows (rows 4, 5) that differ in sex.")
    ]


def test_duplicates__a_conflict_may_be_left_out_with_everything_of_the_patient(read):
    files = {
        "patients.csv": TWICE,
        "s.csv": "sample_id,patient_id\nT1,P1\nT2,P2\n",
        "x.maf": maf(("T1", "TP53"), ("T2", "TP53")),
    }
    toml = SOURCE.replace('kind = "tables"', 'kind = "tables"\nvariants = "x.maf"\nassay = "wes"\nsamples = "s.csv"')
    cohort = read(toml, files, on_duplicate="exclude")
    assert list(cohort.patients["patient_id"]) == ["P1", "P3"]
    assert steps(cohort)["screened"] == (5, 5, {})
    counts = {"duplicate_conflict": 1, "duplicate_conflict_rows": 1, "duplicate_identical": 1}
    assert steps(cohort)["de-duplicated"] == (5, 2, counts)
    assert cohort.exclusions.to_numpy().tolist() == [["P2", "de-duplicated", "duplicate_conflict"]]
    assert list(cohort.variants["sample_id"]) == ["T1"]
    assert list(cohort.recorded_endpoints["patient_id"]) == ["P1", "P3"]
    assert {item.code for item in cohort.findings.of("W")} >= {"W_DUP_IDENTICAL", "W_DUP_EXCLUDED"}


def test_tables__a_table_without_patients_is_unusable_and_says_so(read):
    toml = '[[source]]\nkind = "tables"\npatients = "patients.csv"\n'
    found = problems(read, toml, {"patients.csv": "name,origin\nA,lung\n"})
    assert [(code, file) for code, file, _, _ in found] == [("E_COLUMN_MISSING", "patients.csv")]


def test_tables__variants_of_nobody_are_an_error_that_shows_both_kinds_of_ids(tmp_path):
    (tmp_path / "p.tsv").write_text("patient_id\tos_days\tos_status\nA\t10\t1:DECEASED\nB\t20\t0:LIVING\n")
    (tmp_path / "v.maf").write_text(
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\nTP53\tA-01\tMissense_Mutation\tp.R175H\n"
    )
    with pytest.raises(
        SchemaError, match=r"none of the 1 samples .* \(such as A-01\) .* \(whose samples are such as A\)"
    ):
        ng.read_cohort(quick=QuickLook(variants=(tmp_path / "v.maf",), clinical=tmp_path / "p.tsv", assay="wes"))
