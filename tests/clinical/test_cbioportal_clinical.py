"""Clinical files of a study folder, written here line by line (SC24, the clinical part)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen.clinical.cbioportal_clinical import CbioportalClinical, find_clinical_files, read_cbioportal_clinical
from netgen.clinical.recorded_endpoints import RecordedSpec
from netgen.clinical.table_parser import ParseOptions
from netgen.errors import Findings, InputError
from tests.clinical.make_cells import values

if TYPE_CHECKING:
    from pathlib import Path

PATIENTS = """#Identifier\tSex\tOverall Survival (Months)\tOverall Survival Status\tVital\tMutations
#Text\tText\tText\tText\tText\tText
#STRING\tSTRING\tNUMBER\tSTRING\tSTRING\tNUMBER
#1\t1\t1\t1\t1\t1
PATIENT_ID\tSEX\tOS_MONTHS\tOS_STATUS\tVITAL_STATUS\tMUTATION_COUNT
P1\tMale\t12\t1:DECEASED\tDOD\t7
P2\tFemale\t24\tLIVING\tNED\t8
P3\tFemale\t[Not Available]\t0:LIVING\tNED\t9
P4\tMale\t36\t\tLost at follow up\t9
"""
SAMPLES = """#Sample\tPatient\tSite
SAMPLE_ID\tPATIENT_ID\tONCOTREE_CODE\tSAMPLE_TYPE\tMETASTATIC_SITE\tPRIMARY_SITE\tTMB_NONSYNONYMOUS\tMSI_TYPE\tGRADE_WHO
S1\tP1\tPANET\tPrimary\tNot Applicable\tPancreas\t1.5\tStable\t2
S2\tP1\tPANET\tMetastasis\tLiver\tPancreas\tNA\tInstable\t3
S3\tP2\tLUCA\tPrimary\tNA\tLung\t0.8\tNA\t1
N3\tP2\tLUCA\tNormal\tNA\tLung\tNA\tNA\tNA
S4\tP3\tLUCA\tPrimary\tNA\tColon\tNA\tNA\t2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data_clinical_patient.txt").write_text(PATIENTS)
    (tmp_path / "data_clinical_sample.txt").write_text(SAMPLES)
    return tmp_path


def read(folder: Path, **options: object) -> tuple[CbioportalClinical, Findings]:
    findings = Findings()
    return read_cbioportal_clinical(folder, findings=findings, **options), findings


def test_read_cbioportal_clinical__patients_and_recorded_survival(folder: Path) -> None:
    found, findings = read(folder)
    assert values(found.patients["patient_id"]) == ["P1", "P2", "P3", "P4"]
    assert values(found.patients["vital_status"]) == ["dead", "alive", "alive", "unknown"]
    assert values(found.patients["row"]) == [6, 7, 8, 9]
    os = found.recorded_endpoints
    assert values(os["time_days"]) == [365.0, 730.0, None, 1096.0]  # 730.5 is even at 730, 1095.75
    assert values(os["event"]) == [True, False, False, None]
    assert not findings.of("E")
    assert [(role, path.name) for role, path in found.files] == [
        ("patients", "data_clinical_patient.txt"), ("samples", "data_clinical_sample.txt"),
    ]  # fmt: skip


def test_read_cbioportal_clinical__computed_columns_are_ignored(folder: Path) -> None:
    found, findings = read(folder)
    assert "MUTATION_COUNT" not in found.patients.columns
    assert [item.column for item in findings if item.code == "I_COLUMN_IGNORED"] == ["MUTATION_COUNT"]


def test_read_cbioportal_clinical__samples_get_class_and_site(folder: Path) -> None:
    samples = read(folder)[0].samples.set_index("sample_id")
    assert samples["sample_class"].to_dict() == {
        "S1": "tumour", "S2": "tumour", "S3": "tumour", "N3": "normal", "S4": "tumour",
    }  # fmt: skip
    assert samples.loc["S2", "collection_site"] == "Liver"
    assert samples.loc["S1", "collection_site"] == "Pancreas"


def test_read_cbioportal_clinical__biomarkers_in_long_form(folder: Path) -> None:
    table = read(folder)[0].biomarkers
    rows = list(
        zip(table["sample_id"], table["biomarker"], values(table["value"]), values(table["result"]), strict=True)
    )
    assert rows == [
        ("S1", "MSI", None, "MSS"), ("S1", "TMB", 1.5, None), ("S2", "MSI", None, "MSI-H"), ("S3", "TMB", 0.8, None),
    ]  # fmt: skip
    assert values(table["patient_id"]) == ["P1", "P1", "P1", "P2"]
    assert values(table["unit"]) == [None, "mut/Mb", None, "mut/Mb"]
    assert values(table["row"]) == [3, 3, 4, 5]


def test_read_cbioportal_clinical__facts_of_the_samples_are_lifted_if_they_agree(folder: Path) -> None:
    found, findings = read(folder)
    assert values(found.patients["oncotree_code"]) == ["PANET", "LUCA", "LUCA", None]
    assert values(found.patients["origin"]) == ["pancreatic", "lung", None, None]
    assert values(found.patients["who_grade"]) == [None, "G1", "G2", None]
    warned = {item.column: item.message for item in findings if item.code == "W_VALUE"}
    assert "P1" in warned["GRADE_WHO"]
    assert "Colon" in warned["PRIMARY_SITE"]


def test_read_cbioportal_clinical__constants_win_over_what_is_lifted(folder: Path) -> None:
    found, _ = read(folder, options=ParseOptions(constants={"origin": "thymic", "sequencing_context": "clinical"}))
    assert values(found.patients["origin"]) == ["thymic"] * 4
    assert values(found.samples["sequencing_context"]) == ["clinical"] * 5


def test_read_cbioportal_clinical__named_endpoints_win(folder: Path) -> None:
    spec = RecordedSpec(name="os", time=("OS_MONTHS",), event="VITAL_STATUS", unit="days")
    found, _ = read(folder, specs=[spec])
    assert values(found.recorded_endpoints["time_days"]) == [12.0, 24.0, None, 36.0]
    assert values(found.recorded_endpoints["event"]) == [True, False, False, False]


def test_read_cbioportal_clinical__without_patient_file(folder: Path) -> None:
    (folder / "data_clinical_patient.txt").unlink()
    found, findings = read(folder)
    assert values(found.patients["patient_id"]) == ["P1", "P2", "P3"]
    assert values(found.patients["oncotree_code"]) == ["PANET", "LUCA", "LUCA"]
    assert len(found.samples) == 5
    assert not findings.of("E")


def test_read_cbioportal_clinical__without_sample_file(folder: Path) -> None:
    (folder / "data_clinical_sample.txt").unlink()
    found, findings = read(folder)
    assert len(found.patients) == 4
    assert found.samples.empty
    assert found.biomarkers.empty
    assert not findings.of("E")


def test_read_cbioportal_clinical__conflicting_patients_are_excluded_on_request(folder: Path) -> None:
    path = folder / "data_clinical_patient.txt"
    path.write_text(PATIENTS + "P2\tMale\t24\tLIVING\tNED\t8\n")
    _, findings = read(folder)
    assert [item.value for item in findings.of("E")] == ["P2"]
    found, findings = read(folder, options=ParseOptions(on_duplicate="exclude"))
    assert values(found.patients["patient_id"]) == ["P1", "P3", "P4"]
    assert values(found.recorded_endpoints["patient_id"]) == ["P1", "P3", "P4"]
    assert found.excluded.to_dict("records") == [{"patient_id": "P2", "reason": "duplicate_conflict"}]
    assert not findings.of("E")


def test_find_clinical_files__meta_files_decide(folder: Path) -> None:
    (folder / "meta_clinical.txt").write_text(
        "genetic_alteration_type: CLINICAL\ndatatype: PATIENT_ATTRIBUTES\ndata_filename: people.txt"
    )
    findings = Findings()
    found = find_clinical_files(folder, findings=findings)
    assert found["patients"].name == "data_clinical_patient.txt"
    assert [(item.code, item.file) for item in findings] == [("E_FILE_MISSING", "meta_clinical.txt")]
    (folder / "people.txt").write_text(PATIENTS)
    findings = Findings()
    assert find_clinical_files(folder, findings=findings)["patients"].name == "people.txt"
    assert not len(findings)


def test_find_clinical_files__a_folder_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found neither"):
        find_clinical_files(tmp_path, findings=Findings())


def test_read_cbioportal_clinical__row_order_changes_only_the_order(folder: Path) -> None:
    first, _ = read(folder)
    head, rows = SAMPLES.splitlines()[:2], SAMPLES.splitlines()[2:]
    (folder / "data_clinical_sample.txt").write_text("\n".join([*head, *rows[::-1]]) + "\n")
    second, _ = read(folder)
    for name in ("patients", "biomarkers", "recorded_endpoints"):
        left, right = getattr(first, name), getattr(second, name)
        pd.testing.assert_frame_equal(left.drop(columns="row"), right.drop(columns="row"))
