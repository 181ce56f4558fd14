"""Timelines of a cBioPortal study folder: what becomes of each event, and what is counted instead."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import netgen as ng
from netgen.errors import SchemaError
from tests.study_files import cbioportal, write_files

PATIENTS = """
    PATIENT_ID OS_STATUS OS_MONTHS
    P1 1:DECEASED 20
    P2 0:LIVING 30
    """
SAMPLES = """
    PATIENT_ID SAMPLE_ID ONCOTREE_CODE
    P1 S1 PANET
    P2 S2 PANET
    """
CALLS = (("S1", "MEN1"), ("S2", "TP53"))
TREATMENT = """
    PATIENT_ID|START_DATE|STOP_DATE|EVENT_TYPE|TREATMENT_TYPE|SUBTYPE|AGENT
    P1|10|200|TREATMENT|Medical Therapy|Chemotherapy|CAPTEM
    P1|210||TREATMENT|Medical Therapy|Targeted Therapy|everolimus
    P1|230|240|TREATMENT|Radiation Therapy|XRT|
    P2|-20|90|Treatment|Medical Therapy|Chemotherapy|somethingnew
    P2|120|300|Treatment|Medical Therapy||lanreotide
    """
STATUS = """
    PATIENT_ID|START_DATE|STOP_DATE|EVENT_TYPE|STATUS
    P1|205||STATUS|radiographic_progression
    P1|600||STATUS|DECEASED
    P2|250||STATUS|Partial Response
    P2|400||STATUS|Last follow up
    P2|410||STATUS|feeling fine
    """
OTHER = """
    PATIENT_ID|START_DATE|STOP_DATE|EVENT_TYPE|DIAGNOSTIC_TYPE|TEST|RESULT|UNIT|SAMPLE_ID|EVENT_TYPE_DETAILED
    P1|-5||IMAGING|MRI||positive|||
    P1|-4||IMAGING|Ouija||||||
    P1|3||LAB_TEST||CGA|120.5|ug/L||
    P2|3||LAB_TEST||MMR|proficient|||
    P1|1||SPECIMEN|||||S1
    P2|8||SEQUENCING|||||S2
    P2|9||SEQUENCING|||||S9
    P1|0||SURGERY||||||liver biopsy
    P1|30||SURGERY||||||liver resection
    P2|50||ECOG||||||
    P2|51||ECOG||||||
    P9|1||STATUS||||||
    P1|||LAB_TEST||CGA|1|ug/L||
    """


def table(text: str) -> str:
    lines = [line.strip().split("|") for line in text.strip().splitlines()]
    return (
        "\n".join("\t".join([*cells, *[""] * (len(lines[0]) - len(cells))][: len(lines[0])]) for cells in lines) + "\n"
    )


def write(tmp_path: Path, *, patients: str = PATIENTS, **timelines: str) -> Path:
    files = cbioportal(patients, SAMPLES, CALLS, sequenced="S1 S2")
    extra = {f"data_timeline_{name}.txt": table(text) for name, text in timelines.items()}
    return write_files(tmp_path / "tiny", {**files, **extra})


def days(values: pd.Series) -> list[int | None]:
    return [None if pd.isna(value) else (value - pd.Timestamp(0)).days for value in values]


@pytest.fixture
def cohort(tmp_path: Path) -> ng.Cohort:
    return ng.read_cohort(write(tmp_path, treatment=TREATMENT, status=STATUS, other=OTHER))


def test_timelines__treatments_become_lines_and_events(cohort: ng.Cohort) -> None:
    lines = cohort.treatments
    rows = list(zip(lines["patient_id"], lines["regimen"], lines["regimen_class"], lines["intent"], days(lines["date_start"]), days(lines["date_end"]), strict=True))  # fmt: skip  # noqa: E501
    assert rows == [
        ("P1", "capecitabine+temozolomide", "chemo_alkylating", "palliative", 10, 200),
        ("P1", "everolimus", "mtor_inhibitor", "palliative", 210, 600),
        ("P1", "surgery", "surgery", "local_only", 30, 30),
        ("P1", "radiotherapy", "radiotherapy", "local_only", 230, 240),
        ("P2", "somethingnew", "chemo_other", "palliative", -20, 90),
        ("P2", "lanreotide", "ssa", "palliative", 120, 300),
    ]
    assert lines["row"].tolist() == [2, 3, 10, 4, 5, 6]


def test_timelines__statuses_become_assessments_and_follow_up(cohort: ng.Cohort) -> None:
    seen = cohort.assessments
    assert list(zip(seen["patient_id"], seen["overall_response"], days(seen["date"]), strict=True)) == [
        ("P1", "PD", 205),
        ("P2", "PR", 250),
    ]
    people = cohort.patients.set_index("patient_id")
    assert people["time_base"].tolist() == ["offset", "offset"]
    assert days(people["date_death"]) == [600, None]
    assert days(people["date_last_contact"]) == [600, 410]  # the unread status of day 410 was an event, too
    assert people["date_diagnosis"].isna().all()  # day 0 is not taken for the diagnosis


def test_timelines__imaging_laboratory_and_specimens(cohort: ng.Cohort) -> None:
    scans = cohort.imaging
    assert list(zip(scans["modality"], scans["result"].fillna(""), days(scans["date"]), strict=True)) == [
        ("MRI", "positive", -5),
        ("biopsy", "", 0),
    ]
    markers = cohort.biomarkers
    assert markers["biomarker"].tolist() == ["CGA", "MMR_IHC"]
    assert markers["value"].dropna().tolist() == [120.5]
    assert markers["result"].dropna().tolist() == ["proficient"]
    samples = cohort.samples.set_index("sample_id")
    assert days(samples["date_collection"]) == [1, None]
    assert days(samples["date_sequencing_report"]) == [None, 8]


def test_timelines__what_is_not_read_is_counted(cohort: ng.Cohort) -> None:
    told = {(item.code, item.value): item for item in cohort.findings if "timeline" in item.file}
    assert "2 events of type ECOG" in told["I_ROWS_IGNORED", "ECOG"].message
    assert told["W_VALUE", "feeling fine"].row == 6
    assert told["W_VALUE", "Ouija"].row == 3
    assert told["W_PATIENT_UNLINKED", ""].message.startswith("1 event of patients")
    assert told["W_EVENT_UNDATED", ""].row == 14
    [sample] = [item for item in cohort.findings if item.code == "W_PATIENT_UNLINKED" and item.column == "SAMPLE_ID"]
    assert "S9" in sample.message
    [inferred] = [item for item in cohort.findings if item.code == "W_FOLLOW_UP_INFERRED"]
    assert "1 patient " in inferred.message


def test_timelines__are_among_the_inputs(cohort: ng.Cohort) -> None:
    found = {Path(item.path).name: item.n_rows for item in cohort.inputs if item.role == "timeline"}
    assert found == {"data_timeline_treatment.txt": 5, "data_timeline_status.txt": 5, "data_timeline_other.txt": 9}


def test_timelines__offsets_count_from_a_dated_diagnosis(tmp_path: Path) -> None:
    patients = """
        PATIENT_ID DATE_DIAGNOSIS VITAL_STATUS DATE_DEATH DATE_LAST_CONTACT
        P1 2020-01-01 dead 2021-08-23 2021-08-23
        P2 2019-03-01 alive NA 2021-03-01
        """
    cohort = ng.read_cohort(
        write(tmp_path, patients=patients, treatment=TREATMENT.replace("|-20|", "|20|"), status=STATUS)
    )
    lines = cohort.treatments
    assert lines["date_start"].tolist()[:2] == [pd.Timestamp("2020-01-11"), pd.Timestamp("2020-07-29")]
    assert set(cohort.patients["time_base"]) == {"calendar"}
    assert cohort.patients["date_last_contact"].tolist() == [pd.Timestamp("2021-08-23"), pd.Timestamp("2021-03-01")]


def test_timelines__dates_without_diagnosis_and_offsets_are_mixed_time(tmp_path: Path) -> None:
    patients = """
        PATIENT_ID VITAL_STATUS DATE_LAST_CONTACT
        P1 alive 2021-08-23
        P2 alive NA
        """
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(write(tmp_path, patients=patients, treatment=TREATMENT))
    [item] = caught.value.findings.of("E")
    assert (item.code, item.patient_id) == ("E_TIME_MIXED", "P1")


def test_timelines__malformed_rows_are_named_with_their_line(tmp_path: Path) -> None:
    broken = TREATMENT.replace("P1|10|", "P1|soon|").replace("P2|120|300", "P2|120|100")
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(write(tmp_path, treatment=broken))
    assert [(item.code, item.row) for item in caught.value.findings.of("E") if "timeline" in item.file] == [
        ("E_VALUE", 2),
        ("E_DATE_ORDER", 6),
    ]


def test_timelines__a_file_without_days_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(write(tmp_path, treatment=TREATMENT.replace("START_DATE", "BEGIN")))
    assert "E_COLUMN_MISSING" in caught.value.findings.codes()


def test_timelines__header_only_files_give_empty_tables(tmp_path: Path) -> None:
    header = TREATMENT.strip().splitlines()[0]
    cohort = ng.read_cohort(write(tmp_path, treatment=header))
    assert not len(cohort.treatments)
    assert not len(cohort.assessments)
    assert set(cohort.patients["time_base"]) == {"calendar"}


def test_timelines__an_unlisted_file_named_by_a_meta_file_is_reported(tmp_path: Path) -> None:
    folder = write(tmp_path)
    meta = "genetic_alteration_type: CLINICAL\ndatatype: TIMELINE\ndata_filename: data_missing.txt\n"
    (folder / "meta_timeline_x.txt").write_text(meta)
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(folder)
    assert [item.code for item in caught.value.findings.of("E")] == ["E_FILE_MISSING"]
