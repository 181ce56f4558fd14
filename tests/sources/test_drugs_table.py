"""A study with drug records: lines are derived, written, edited and read again as treatments."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import netgen as ng
from netgen.clinical.endpoints import derive_endpoint, list_endpoints
from netgen.clinical.lines_export import export_lines
from netgen.errors import Findings
from netgen.report.write import write_table
from netgen.study import SourceSpec, Study, TableSpec
from tests.study_files import write_files

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "patients.csv": """
        patient_id,origin,date_diagnosis,date_advanced,date_last_contact,vital_status,date_death
        P1,lung,2019-01-10,2020-01-01,2023-03-01,alive,
        P2,pancreatic,2019-05,2020-03-01,2022-06-30,dead,2022-06-30
        P3,thymic,2020-01-01,2020-02-01,2021-02-01,alive,
        """,
    "drugs.csv": """
        patient_id,drug,date_start,date_end,ongoing
        P1,CAPTEM,2018-06-01,2018-09-01,
        P1,lanreotide,2020-01-10,2020-09-30,
        P1,everolimus,2020-10-05,2021-05-10,
        P1,TACE,2021-01-12,,
        P1,everolimus,2021-12-01,,yes
        P2,EP,2020-03,2020-07-15,
        P2,FOLFIRI,2020-08-20,,
        P3,sunitinib,2020-02-10,2020-12-01,
        """,
    "assessments.csv": """
        patient_id,date,overall_response
        P1,2020-06-01,SD
        P1,2020-09-15,PD
        P1,2021-02-01,PR
        P2,2020-06-01,SD
        P2,2020-08-10,PD
        P3,2020-08-01,PR
        """,
}


def study(folder: Path, *names: str) -> Study:
    tables = {name: TableSpec(file=folder / f"{name}.{'tsv' if name == 'treatments' else 'csv'}") for name in names}
    return Study(
        id="tiny",
        data_cutoff=date(2023, 6, 1),
        sequencing_context="research_retrospective",
        sources=(SourceSpec(kind="tables", tables=tables, assay="wes"),),
    )


def outcomes(cohort: ng.Cohort) -> pd.DataFrame:
    tables = cohort.clinical()
    parts = [derive_endpoint(tables, spec, findings=Findings()) for spec in list_endpoints(tables)]
    frames = [part.table.assign(asked=f"{part.name}@{part.origin}") for part in parts]
    return pd.concat(frames, ignore_index=True)


def as_offsets(frame: pd.DataFrame) -> pd.DataFrame:
    """Replace the dates of a table by days from 2020-01-01."""
    out = {}
    for name in frame:
        if name == "date" or (name.startswith("date_") and name != "date_precision"):
            days = (pd.to_datetime(frame[name], format="mixed") - pd.Timestamp("2020-01-01")).dt.days
            out[f"{name}_day"] = days.astype("Int64")
        else:
            out[name] = frame[name]
    return pd.DataFrame(out)


@pytest.fixture(params=["dates", "offsets"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    write_files(tmp_path, FILES)
    if request.param == "offsets":
        for name in FILES:
            as_offsets(pd.read_csv(tmp_path / name)).to_csv(tmp_path / name, index=False)
    return tmp_path


def test_drugs__make_the_lines_of_a_cohort(folder: Path) -> None:
    cohort = ng.read_cohort(study(folder, "patients", "drugs", "assessments"))
    lines = cohort.treatments
    assert list(zip(lines["patient_id"], lines["line_number"], lines["intent"], lines["regimen"], strict=True)) == [
        ("P1", 1, "palliative", "lanreotide"),
        ("P1", 2, "palliative", "everolimus"),
        ("P1", 3, "palliative", "everolimus"),
        ("P1", 4, "adjuvant", "capecitabine+temozolomide"),
        ("P1", 5, "local_only", "chemoembolisation"),
        ("P2", 1, "palliative", "cisplatin+etoposide"),
        ("P2", 2, "palliative", "fluorouracil+irinotecan"),
        ("P3", 1, "palliative", "sunitinib"),
    ]
    assert lines["ongoing"].fillna(value=False).tolist() == [False, False, True, *[False] * 5]
    assert lines["row"].tolist() == [3, 4, 6, 2, 5, 7, 8, 9]
    assert set(lines["file"]) == {"drugs.csv"}


def test_drugs__lines_written_and_read_back_give_the_same_endpoints(folder: Path) -> None:
    first = ng.read_cohort(study(folder, "patients", "drugs", "assessments"))
    write_table(export_lines(first.treatments, first.patients), folder / "treatments.tsv")
    again = ng.read_cohort(study(folder, "patients", "treatments", "assessments"))
    expected, found = outcomes(first), outcomes(again)
    assert set(expected["asked"]) >= {"os@advanced", "pfs@line:1", "ttp@line:2", "ttnt@line:1", "dot@line:3"}
    pd.testing.assert_frame_equal(found, expected)
    assert again.treatments["derivation_reason"].tolist() == first.treatments["derivation_reason"].tolist()


def test_drugs__an_edited_line_counts_as_edited(folder: Path) -> None:
    first = ng.read_cohort(study(folder, "patients", "drugs", "assessments"))
    lines = export_lines(first.treatments, first.patients)
    write_table(lines[~((lines["patient_id"] == "P2") & (lines["line_number"] == 2))], folder / "treatments.tsv")
    again = ng.read_cohort(study(folder, "patients", "treatments", "assessments"))
    table = outcomes(again)
    row = table[(table["asked"] == "ttnt@line:1") & (table["patient_id"] == "P2")].iloc[0]
    assert row["end_reason"] == "death"


def test_drugs__given_lines_win_and_it_is_said(folder: Path) -> None:
    first = ng.read_cohort(study(folder, "patients", "drugs", "assessments"))
    write_table(export_lines(first.treatments, first.patients).head(1), folder / "treatments.tsv")
    both = ng.read_cohort(study(folder, "patients", "treatments", "drugs", "assessments"))
    assert len(both.treatments) == 1
    [item] = [item for item in both.findings if item.code == "W_DRUGS_NOT_USED"]
    assert "1 rows" in item.message
    assert "8 drug records" in item.message


def test_drugs__the_order_of_rows_does_not_matter(folder: Path) -> None:
    first = ng.read_cohort(study(folder, "patients", "drugs", "assessments")).treatments
    frame = pd.read_csv(folder / "drugs.csv", dtype="string")
    frame.iloc[::-1].to_csv(folder / "drugs.csv", index=False)
    second = ng.read_cohort(study(folder, "patients", "drugs", "assessments")).treatments
    pd.testing.assert_frame_equal(first.drop(columns="row"), second.drop(columns="row"))
