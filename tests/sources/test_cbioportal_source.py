"""A cBioPortal study folder: clinical files, calls, and what the folder says about who was sequenced for what."""

from __future__ import annotations

import pandas as pd
import pytest

import netgen as ng
from netgen.errors import SchemaError
from tests.study_files import cbioportal, panel, write_files

PATIENTS = """
    PATIENT_ID SEX OS_STATUS OS_MONTHS
    P1 Male 1:DECEASED 10
    P2 Female LIVING 20
    P3 Male 0:LIVING NA
    P4 Male DECEASED 5
    """
SAMPLES = """
    PATIENT_ID SAMPLE_ID ONCOTREE_CODE
    P1 S1 PANET
    P2 S2 PANET
    P3 S3 PANET
    P4 S4 PANET
    """
CALLS = (("S1", "MEN1"), ("S4", "TP53"))
MATRIX = """
    SAMPLE_ID mutations
    S1 PA
    S2 PA
    S3 NA
    S4 PB
    """
PANELS = {"data_gene_panel_PA.txt": panel("PA", "MEN1", "TP53"), "data_gene_panel_PB.txt": panel("PB", "TP53")}


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes a study folder."""

    def write(name="tiny", *, extra=None, **parts):
        files = cbioportal(PATIENTS, SAMPLES, CALLS, **parts)
        return write_files(tmp_path / name, {**files, **(extra or {})})

    return write


def read_toml(folder, text):
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return ng.read_cohort(folder / "study.toml")


def cells(cohort):
    frame = ng.build_matrix(cohort).to_frame()
    return {gene: "".join("-" if pd.isna(cell) else str(cell) for cell in frame[gene]) for gene in frame}


def test_cbioportal__a_folder_is_a_cohort(folder):
    cohort = ng.read_cohort(folder(matrix=MATRIX, extra=PANELS))
    assert list(cohort.patients["patient_id"]) == ["P1", "P2", "P3", "P4"]
    assert list(cohort.samples["oncotree_code"]) == ["PANET"] * 4
    assert set(cohort.variants["build"]) == {"GRCh37"}
    assert len(cohort.treatments) == 0


def test_cbioportal__the_panel_matrix_says_who_was_sequenced_for_what(folder):
    cohort = ng.read_cohort(folder(matrix=MATRIX, extra=PANELS))
    assert cells(cohort) == {"MEN1": "10--", "TP53": "00-1"}
    assert list(cohort.panels["panel_id"]) == ["PA", "PB"]


def test_cbioportal__recorded_survival_is_in_days_and_marked_as_given(folder):
    cohort = ng.read_cohort(folder(matrix=MATRIX, extra=PANELS))
    recorded = cohort.recorded_endpoints.set_index("patient_id")
    assert recorded["time_days"].fillna(-1).to_dict() == {"P1": 304, "P2": 609, "P3": -1, "P4": 152}
    assert recorded["event"].to_dict() == {"P1": True, "P2": False, "P3": False, "P4": True}
    assert "W_ENDPOINT_PRECOMPUTED" in cohort.findings.codes()
    endpoint = ng.build_endpoint(cohort, "os")
    assert list(endpoint.table["patient_id"]) == ["P1", "P2", "P4"]
    assert list(endpoint.excluded["patient_id"]) == ["P3"]


def test_cbioportal__a_case_list_says_who_was_sequenced(folder):
    cohort = ng.read_cohort(folder(sequenced="S1 S2 S4"))
    assert cells(cohort) == {"MEN1": "10-0", "TP53": "00-1"}
    assert "W_PROFILE_FROM_CASE_LIST" in cohort.findings.codes()


def test_cbioportal__without_either_the_assay_must_be_declared(folder):
    place = folder()
    with pytest.raises(SchemaError, match=r"E_NO_PANEL: .*Nothing says which genes were sequenced in 2 sample\(s\)"):
        ng.read_cohort(place)
    cohort = read_toml(place, '[[source]]\nkind = "cbioportal"\npath = "."\nassay = "wgs"\n')
    assert cells(cohort) == {"MEN1": "1--0", "TP53": "0--1"}


def test_cbioportal__a_panel_may_be_given_from_outside(folder):
    place = folder(sequenced="S1 S2 S3 S4", extra={"x.txt": panel("X", "MEN1", "TP53", "DAXX")})
    cohort = read_toml(place, '[[source]]\nkind = "cbioportal"\npath = "."\npanel = "x.txt"\n')
    assert cells(cohort) == {"DAXX": "0000", "MEN1": "1000", "TP53": "0001"}


def test_cbioportal__set_fills_in_what_the_folder_does_not_say(folder):
    place = folder(matrix=MATRIX, extra=PANELS)
    cohort = read_toml(
        place, '[[source]]\nkind = "cbioportal"\npath = "."\nset = { origin = "pancreatic", centre = "A" }\n'
    )
    assert set(cohort.patients["origin_group3"]) == {"duodenopancreatic"}
    assert set(cohort.patients["centre"]) == {"A"}


def test_cbioportal__every_file_read_is_listed(folder):
    cohort = ng.read_cohort(folder(matrix=MATRIX, sequenced="S1", extra=PANELS))
    assert sorted((item.role, item.path.rsplit("/", 1)[1], item.n_rows) for item in cohort.inputs) == [
        ("case_list", "cases_sequenced.txt", 1),
        ("clinical_patient", "data_clinical_patient.txt", 4),
        ("clinical_sample", "data_clinical_sample.txt", 4),
        ("maf", "data_mutations.txt", 2),
        ("panel", "data_gene_panel_PA.txt", 2),
        ("panel", "data_gene_panel_PB.txt", 1),
        ("panel_matrix", "data_gene_panel_matrix.txt", 4),
    ]


def test_cbioportal__two_folders_need_namespaces_and_keep_their_panels_apart(folder, tmp_path):
    folder("a", matrix=MATRIX, extra=PANELS)
    folder("b", sequenced="S1 S2 S3 S4")
    toml = '[[source]]\nkind = "cbioportal"\npath = "a"\n{}[[source]]\nkind = "cbioportal"\npath = "b"\n{}'
    with pytest.raises(SchemaError, match="the patient_id P1 occurs in more than one source") as caught:
        read_toml(tmp_path, toml.format("", ""))
    assert len(caught.value.findings.of("E")) == 8  # four patients, four samples
    cohort = read_toml(tmp_path, toml.format('namespace = "x"\n', 'namespace = "y"\n'))
    assert list(cohort.patients["patient_id"]) == [f"{name}.P{i}" for name in "xy" for i in (1, 2, 3, 4)]
    assert cells(cohort) == {"MEN1": "10--1000", "TP53": "00-10001"}


def test_cbioportal__what_is_wrong_is_said_of_the_source_and_the_patient(folder, tmp_path):
    folder("a", sequenced="S1")
    place = folder("b", sequenced="S1")
    bad = (place / "data_clinical_patient.txt").read_text().replace("DECEASED\t5", "DECEASED\t-5")
    (place / "data_clinical_patient.txt").write_text(bad)
    toml = '[[source]]\nkind = "cbioportal"\npath = "{}"\nnamespace = "{}"\n'
    cohort = read_toml(tmp_path, toml.format("a", "x") + toml.format("b", "y"))
    places = {(item.file, item.code) for item in cohort.findings if item.code == "W_TIME_INVALID"}
    assert ("source2/data_clinical_patient.txt", "W_TIME_INVALID") in places
    assert all(not item.patient_id or item.patient_id[:2] in {"x.", "y."} for item in cohort.findings)


def test_cbioportal__a_folder_without_clinical_files_is_refused(tmp_path):
    folder = write_files(tmp_path / "study", {"data_mutations.txt": "x\n"})
    with pytest.raises(SchemaError, match=r"E_FILE_MISSING: .*data_clinical_patient\.txt or data_clinical"):
        ng.read_cohort(folder)


def test_cbioportal__an_empty_folder_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SchemaError, match=r"E_FILE_FORMAT: .*meta_\* and data_\* files, found none"):
        ng.read_cohort(tmp_path / "empty")


def test_cbioportal__a_study_folder_inside_a_folder_is_found(folder, tmp_path):
    folder("unpacked/tiny", matrix=MATRIX, extra=PANELS)
    cohort = ng.read_cohort(tmp_path / "unpacked")
    assert cells(cohort) == {"MEN1": "10--", "TP53": "00-1"}


def test_cbioportal__meta_study_is_not_needed(folder):
    place = folder(matrix=MATRIX, extra=PANELS)
    (place / "meta_study.txt").unlink()
    assert cells(ng.read_cohort(place)) == {"MEN1": "10--", "TP53": "00-1"}
