"""The one-sheet form: read, parsed, written, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest

from netgen import schema
from netgen.clinical.files import as_raw_table, read_text_table
from netgen.clinical.onesheet import OneSheet, OneSheetTables, parse_one_sheet, read_one_sheet
from netgen.clinical.onesheet_form import COLUMNS, LINE_FIELDS, N_LINES, values_of
from netgen.clinical.onesheet_template import write_template
from netgen.clinical.onesheet_wide import to_wide
from netgen.clinical.table_parser import ParseOptions
from netgen.errors import AnalysisError, Findings
from tests.clinical.make_cells import values

if TYPE_CHECKING:
    from pathlib import Path

FORM = """patient_id,sex,age_at_diagnosis,origin,ki67_pct,date_diagnosis,date_advanced,date_last_contact,vital_status,\
date_death,ecog_ps,fdg_pet,sstr_pet,panel,date_collection,sequencing_context,alterations,germline_findings,tmb,msi,notes,\
L1_regimen,L1_class,L1_start,L1_end,L1_best_response,L1_progression,L2_regimen,L2_class,L2_start,L2_end,\
L2_best_response,L2_progression
#pseudonym,list,years,list,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
P1,female,58,pancreatic,32,2020-02-11,2020-03,2023-05-02,dead,2023-05-19,1,positive,negative,net8,2020-02-11,clinical,\
MEN1 p.R460* (vaf=0.41); DAXX trunc,none,2.4,MSS,a note,CAPTEM,chemo_alkylating,2020-04-06,2020-12-14,PR,2021-02-01,\
177Lu-DOTATATE,prrt,2021-03-08,ongoing,SD,
P2,male,61.5,lung,20-25,2021,2021-06-30,2024-01-15,alive,,0,,equivocal,net8,,,none,,,,,everolimus,mtor_inhibitor,\
2021-08-02,,,,,,,,,
P3,female,47,thymic,>20,2019-09-01,2019-09-01,2020-04-11,unknown,,,,,,,,,,,,,,,,,,,,,,,,
"""


def parse(text: str, **options: object) -> tuple[OneSheetTables, Findings]:
    header, *lines = [line for line in text.splitlines() if line.strip()]
    rows = [line.split(",") for line in lines if not line.startswith("#")]
    frame = pd.DataFrame(rows, columns=header.split(",")).astype("string")
    frame = frame.mask(frame == "")
    findings = Findings()
    sheet = OneSheet(wide=as_raw_table(frame, file="form.csv"))
    return parse_one_sheet(sheet, findings=findings, **options), findings


@pytest.fixture
def form(tmp_path: Path) -> tuple[OneSheetTables, OneSheet, Findings]:
    path = tmp_path / "form.csv"
    path.write_text(FORM)
    findings = Findings()
    sheet = read_one_sheet(path, findings=findings)
    return parse_one_sheet(sheet, findings=findings), sheet, findings


Form = tuple[OneSheetTables, OneSheet, Findings]


def test_parse_one_sheet__tables_conform_to_the_schema(form: Form) -> None:
    tables = form[0].tables
    assert sorted(tables) == ["biomarkers", "imaging", "patients", "samples", "treatments"]
    for name, table in tables.items():
        expected = schema.conform(table, schema.TABLES[name])
        assert table.dtypes.to_dict() == expected.dtypes.to_dict()
    assert not [item for item in form[2] if item.severity == "E"]


def test_parse_one_sheet__help_row_is_no_patient_and_lines_are_those_of_the_file(form: Form) -> None:
    patients = form[0].tables["patients"]
    assert values(patients["patient_id"]) == ["P1", "P2", "P3"]
    assert values(patients["row"]) == [3, 4, 5]
    assert values(patients["notes"]) == ["a note", None, None]


def test_parse_one_sheet__a_patient_has_a_sample_if_something_says_so(form: Form) -> None:
    samples = form[0].tables["samples"]
    assert values(samples["sample_id"]) == ["P1-T", "P2-T"]
    assert values(samples["panel_id"]) == ["net8", "net8"]
    assert values(samples["sample_class"]) == ["tumour", "tumour"]
    assert values(samples["date_collection"]) == [pd.Timestamp("2020-02-11"), None]


def test_parse_one_sheet__blank_alterations_are_not_none(form: Form) -> None:
    alterations = form[0].alterations
    assert list(alterations.columns) == [
        "patient_id", "sample_id", "panel_id", "alterations", "germline_findings", "file", "row",
    ]  # fmt: skip
    assert values(alterations["alterations"]) == ["MEN1 p.R460* (vaf=0.41); DAXX trunc", "none"]
    assert values(alterations["germline_findings"]) == ["none", None]
    assert values(alterations["row"]) == [3, 4]


def test_parse_one_sheet__lines_of_treatment(form: Form) -> None:
    lines = form[0].tables["treatments"]
    assert list(zip(lines["patient_id"], lines["line_number"], strict=True)) == [("P1", 1), ("P1", 2), ("P2", 1)]
    assert values(lines["regimen_class"]) == ["chemo_alkylating", "prrt", "mtor_inhibitor"]
    assert values(lines["ongoing"]) == [None, True, None]
    assert values(lines["date_end"]) == [pd.Timestamp("2020-12-14"), None, None]
    assert values(lines["intent"]) == ["palliative"] * 3


def test_parse_one_sheet__pet_and_biomarkers(form: Form) -> None:
    imaging, biomarkers = form[0].tables["imaging"], form[0].tables["biomarkers"]
    found = set(zip(imaging["patient_id"], imaging["modality"], imaging["result"], strict=True))
    assert found == {("P1", "FDG_PET", "positive"), ("P1", "SSTR_PET", "negative"), ("P2", "SSTR_PET", "equivocal")}
    assert imaging["date"].isna().all()
    assert values(biomarkers["biomarker"]) == ["TMB", "MSI"]
    assert values(biomarkers["value"]) == [2.4, None]
    assert values(biomarkers["unit"]) == ["mut/Mb", None]
    assert values(biomarkers["result"]) == [None, "MSS"]
    assert values(biomarkers["sample_id"]) == ["P1-T", "P1-T"]


def test_to_wide__wide_to_tables_to_wide_changes_nothing(form: Form) -> None:
    tables, sheet, _ = form
    wide = to_wide(tables.tables, alterations=tables.alterations)
    original = sheet.wide.frame
    assert set(original.columns) <= set(wide.columns)
    pd.testing.assert_frame_equal(wide[list(original.columns)], original.reset_index(drop=True))
    assert all(wide[name].isna().all() for name in set(wide.columns) - set(original.columns))


def test_to_wide__tables_to_wide_to_tables_changes_nothing(form: Form) -> None:
    tables = form[0]
    wide = to_wide(tables.tables, alterations=tables.alterations)
    findings = Findings()
    again = parse_one_sheet(OneSheet(wide=as_raw_table(wide, file="form.csv")), findings=findings)
    for name, table in tables.tables.items():
        other = again.tables[name]
        assert len(other) == len(table), name
        pd.testing.assert_frame_equal(other.drop(columns="row"), table.drop(columns="row")[other.columns.drop("row")])
    pd.testing.assert_frame_equal(again.alterations.drop(columns="row"), tables.alterations.drop(columns="row"))


def test_to_wide__day_offsets_stand_in_columns_of_their_own() -> None:
    text = "patient_id,date_diagnosis_day,death_day,vital_status,L1_start_day,L1_end_day\nP1,0,512,dead,40,100\n"
    tables, findings = parse(text)
    assert not findings.of("E")
    wide = to_wide(tables.tables)
    row = {name: value for name, value in wide.iloc[0].items() if pd.notna(value)}
    assert row == {
        "patient_id": "P1", "vital_status": "dead", "date_diagnosis_day": "0", "date_death_day": "512",
        "L1_start_day": "40", "L1_end_day": "100",
    }  # fmt: skip
    again, _ = parse(wide.to_csv(index=False))
    pd.testing.assert_frame_equal(again.tables["treatments"], tables.tables["treatments"])


def test_to_wide__refuses_what_the_form_cannot_hold(form: Form) -> None:
    tables = dict(form[0].tables)
    twice = tables["samples"].assign(patient_id=pd.Series(["P1", "P1"], dtype="string"))
    with pytest.raises(AnalysisError, match="one entry of samples per patient, found more for P1"):
        to_wide({**tables, "samples": twice})
    other = tables["imaging"].assign(modality=pd.Series("CT", index=tables["imaging"].index, dtype="string"))
    with pytest.raises(AnalysisError, match="no column for imaging of CT"):
        to_wide({**tables, "imaging": other})


def test_parse_one_sheet__a_gap_in_the_lines_is_an_error() -> None:
    header = "patient_id,L1_regimen,L1_start,L2_regimen,L2_start,L3_regimen,L3_start\n"
    tables, findings = parse(header + "P1,a,2020-01-01,,,c,2021-01-01\nP2,a,2020-01-01,b,2020-06-01,c,2021-01-01\n")
    [item] = findings
    assert (item.code, item.row, item.column, item.patient_id) == ("E_LINE_GAP", 2, "L3_start", "P1")
    assert item.message == "Line 3 of P1 is filled, but line 2 is empty."
    assert len(tables.tables["treatments"]) == 5


def test_parse_one_sheet__a_missing_first_line_is_a_gap() -> None:
    _, findings = parse("patient_id,L1_start,L2_start\nP1,,2020-01-01\n")
    assert [(item.code, item.column) for item in findings] == [("E_LINE_GAP", "L2_start")]
    _, findings = parse("patient_id,L2_start\nP1,2020-01-01\n")
    assert [item.code for item in findings] == ["E_LINE_GAP"]


def test_parse_one_sheet__findings_name_the_column_of_the_form() -> None:
    header = "patient_id,sex,fdg_pet,tmb,msi,date_collection,L1_regimen,L1_class,L1_start,L2_regimen,L2_start\n"
    _, findings = parse(header + "P1,Femle,maybe,many,MSS,03/04/2020,a,magic,2020-13-01,b,\n")
    assert sorted((item.code, item.column, item.row) for item in findings) == [
        ("E_DATE_AMBIGUOUS", "date_collection", 2),
        ("E_DATE_SYNTAX", "L1_start", 2),
        ("E_VALUE", "L1_class", 2),
        ("E_VALUE", "L2_start", 2),
        ("E_VALUE", "fdg_pet", 2),
        ("E_VALUE", "sex", 2),
        ("E_VALUE", "tmb", 2),
    ]


def test_parse_one_sheet__not_done_is_no_result() -> None:
    tables, findings = parse("patient_id,fdg_pet,sstr_pet\nP1,not done,NA\nP2,Positive,\n")
    assert values(tables.tables["imaging"]["patient_id"]) == ["P2"]
    assert not len(findings)


def test_parse_one_sheet__duplicates_are_resolved_for_all_tables() -> None:
    text = "patient_id,sex,panel,alterations,L1_start\nP1,f,a,none,2020-01-01\nP1,f,a,none,2020-01-01\n"
    tables, findings = parse(text)
    assert len(tables.tables["patients"]) == len(tables.tables["samples"]) == len(tables.tables["treatments"]) == 1
    assert findings.codes() == {"W_DUP_IDENTICAL"}
    tables, _ = parse(text.replace("P1,f", "P1,m", 1), options=ParseOptions(on_duplicate="exclude"))
    assert len(tables.tables["patients"]) == len(tables.tables["samples"]) == len(tables.tables["treatments"]) == 0
    assert values(tables.excluded["patient_id"]) == ["P1"]


def test_parse_one_sheet__other_column_names_can_be_mapped() -> None:
    mapping = {"patient_id": "Patient", "L1_start": "first line", "alterations": "findings", "sex": "G"}
    tables, _ = parse("Patient,G,first line,findings\nP1,f,2020-01-01,KRAS p.G12D\n", mapping=mapping)
    assert values(tables.tables["patients"]["sex"]) == ["female"]
    assert values(tables.tables["treatments"]["date_start"]) == [pd.Timestamp("2020-01-01")]
    assert values(tables.alterations["alterations"]) == ["KRAS p.G12D"]


# ------------------------------------------------------------------ template


def test_write_template__empty_form_reads_as_no_patients(tmp_path: Path) -> None:
    path = write_template(tmp_path / "form.xlsx")
    findings = Findings()
    sheet = read_one_sheet(path, findings=findings)
    lines = [f"L{number}_{field}" for number in range(1, N_LINES + 1) for field in LINE_FIELDS]
    assert list(sheet.wide.frame.columns) == [*COLUMNS, *lines]
    assert len(COLUMNS) == 24
    assert len(LINE_FIELDS) == 6
    tables = parse_one_sheet(sheet, findings=findings)
    assert all(table.empty for table in tables.tables.values())
    assert not [item for item in findings if item.severity != "I"]


def test_write_template__filled_form_is_read_and_written_back_unchanged(tmp_path: Path) -> None:
    path = write_template(tmp_path / "form.xlsx", filled=True)
    findings = Findings()
    sheet = read_one_sheet(path, findings=findings)
    tables = parse_one_sheet(sheet, findings=findings)
    assert not findings.of("E")
    assert len(tables.tables["patients"]) == 3
    assert sheet.panels is not None
    assert values(sheet.panels.frame["panel_id"]) == ["net8"]
    wide = to_wide(tables.tables, alterations=tables.alterations)
    original = sheet.wide.frame
    filled = [name for name in original if original[name].notna().any()]
    pd.testing.assert_frame_equal(wide[filled], original[filled])


def test_write_template__lists_offer_the_vocabulary(tmp_path: Path) -> None:
    path = write_template(tmp_path / "form.xlsx")
    workbook = openpyxl.load_workbook(path)
    cohort, lists = workbook["cohort"], workbook["lists"]
    assert lists.sheet_state == "hidden"
    names = [cell.value for cell in cohort[1]]
    offered = {}
    for rule in cohort.data_validations.dataValidation:
        column = names[next(iter(rule.sqref.ranges)).min_col - 1]
        place = rule.formula1.split("!")[1].replace("$", "")
        offered[column] = tuple(row[0].value for row in lists[place])
        assert str(rule.sqref).endswith("1000")
        assert rule.allow_blank
    assert offered["sex"] == ("female", "male", "other", "unknown")
    assert offered["L2_class"] == schema.REGIMEN_CLASSES
    assert offered["L1_best_response"] == schema.RESPONSES
    assert offered["fdg_pet"] == ("positive", "negative", "equivocal")
    with_list = {name for name in COLUMNS if values_of(name)} | {
        f"L{number}_{field}" for number in range(1, N_LINES + 1) for field in ("class", "best_response")
    }
    assert set(offered) == with_list


def test_write_template__cells_are_text(tmp_path: Path) -> None:
    path = write_template(tmp_path / "form.xlsx", filled=True)
    sheet = openpyxl.load_workbook(path)["cohort"]
    assert {cell.number_format for row in sheet["A1:Z5"] for cell in row} == {"@"}
    assert sheet.column_dimensions["G"].number_format == "@"
    assert str(sheet["A2"].value).startswith("#")


def test_write_template__the_cohort_sheet_is_read_whatever_stands_first(tmp_path: Path) -> None:
    path = write_template(tmp_path / "form.xlsx", filled=True)
    workbook = openpyxl.load_workbook(path)
    workbook.move_sheet("panels", offset=-1)
    workbook.save(path)
    assert "sex" in read_one_sheet(path, findings=Findings()).wide.frame.columns
    assert "genes" in read_text_table(path, findings=Findings()).frame.columns
